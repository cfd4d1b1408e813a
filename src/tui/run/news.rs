//! What comes back from work that the loop does not wait for.

use std::sync::Arc;

use super::Stage;
use crate::{
    engine::guide::Answer,
    fault::Fault,
    report::clean::clean,
    tui::{
        host::{Choice, Federation, Folder, Known, SignIn},
        keys::Place,
        page::{Effect, Open},
        screen::{health::HealthPage, sign_in::SignInPage, start::Start, walk::Walk},
        upkeep::Heard,
    },
};

/// What comes back from work that the loop does not wait for.
pub(super) enum News {
    Opened(Result<Arc<dyn Federation>, Fault>),
    Clicked(u64, Result<Answer, Fault>),
    Read(u64, Result<Answer, Fault>),
    SignIn(Option<SignIn>),
    Said(String),
    Folder(Result<Folder, Fault>),
    Known(Vec<Known>),
    Found(String, Result<Vec<Choice>, Fault>),
    Upkeep(Heard),
}

impl Stage {
    pub(super) fn hear(&mut self, news: News) -> Vec<Effect> {
        match news {
            News::Opened(Ok(federation)) => {
                self.app.opened(Open::new(federation));
                let next: Effect = match std::mem::take(&mut self.app.shared.to_health) {
                    true => Effect::Show(Box::new(HealthPage::default())),
                    false => Effect::Show(Box::new(Start::default())),
                };
                vec![Effect::Home, Effect::Show(Box::new(Walk::default())), next]
            }
            News::Opened(Err(fault)) => {
                self.app.shared.to_health = false;
                self.say_fault(&fault);
                Vec::new()
            }
            News::Clicked(id, answer) => {
                self.app.clicked(id, answer);
                Vec::new()
            }
            News::Read(id, Ok(answer)) => {
                self.app.answer(id, answer);
                Vec::new()
            }
            News::SignIn(Some(sign_in)) => {
                self.app.shared.wall = Some((self.wall)());
                vec![Effect::Show(Box::new(SignInPage::new(sign_in)))]
            }
            News::SignIn(None) => {
                self.app.shared.wall = None;
                if self.app.place() == Place::SignIn {
                    self.app.back();
                }
                Vec::new()
            }
            News::Upkeep(heard) => {
                match self.app.shared.open.as_mut().and_then(|open| open.kept.hear(heard)) {
                    Some(Ok(said)) => self.app.shared.say = Some(clean(&said).into_owned()),
                    Some(Err(fault)) => self.say_fault(&fault),
                    None => {}
                }
                Vec::new()
            }
            News::Known(known) => {
                self.app.shared.known = known;
                Vec::new()
            }
            News::Folder(folder) => {
                self.app.shared.folder = Some(folder);
                Vec::new()
            }
            News::Found(key, found) => {
                self.app.shared.found = Some((key, found));
                Vec::new()
            }
            News::Said(text) => {
                self.app.shared.say = Some(clean(&text).into_owned());
                Vec::new()
            }
            News::Read(_, Err(fault)) => {
                self.say_fault(&fault);
                Vec::new()
            }
        }
    }

    pub(super) fn say_fault(&mut self, fault: &Fault) {
        let mut text = fault.what.to_string();
        for more in [&fault.why, &fault.hint] {
            if !more.is_empty() {
                text.push_str(": ");
                text.push_str(more);
            }
        }
        self.app.shared.say = Some(clean(&text).into_owned());
    }
}
