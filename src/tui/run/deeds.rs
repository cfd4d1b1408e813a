//! What pages want done: runs, orders, answers, copies. What takes time is done beside the loop, and comes back as news.

use std::{path::PathBuf, sync::Arc};

use super::{Stage, news::News};
use crate::{
    engine::{driver::Order, fact::Intent, guide::Answer},
    report::clean::clean,
    tui::{
        clipboard::Clipboard,
        host::Draft,
        keys::Place,
        operator::AtTheScreen,
        page::{Bring, Effect},
    },
};

impl Stage {
    pub(super) fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Show(page) => self.app.show(page),
                Effect::Instead(page) => self.app.instead(page),
                Effect::Back => {
                    self.app.back();
                    self.at_home();
                }
                Effect::Home => self.app.home(),
                Effect::Open(name) => self.open(name),
                Effect::Save(draft) => self.save(&draft),
                Effect::Start(intent) => self.start(intent, false),
                Effect::Agree => self.start(Intent::Up, true),
                Effect::Tell(order) => self.tell(order),
                Effect::List(folder) => self.list(folder),
                Effect::LookUp(draft, key, typed) => self.find_choices(draft, key, typed),
                Effect::Chosen(what) => {
                    let effects = self.app.chosen(what);
                    self.perform(effects);
                }
                Effect::Upkeep(target, deed) => self.keep_up(target, deed),
                Effect::Click(id) => self.click(id),
                Effect::Answer(id, answer, brought) => self.answer(id, answer, brought),
                Effect::Act(action) => {
                    let effects = self.app.act(action);
                    self.perform(effects);
                }
                Effect::Browse(page) => {
                    let opened = open::that_detached(&page).is_ok();
                    let how = if opened {
                        "opening"
                    } else {
                        "no browser here; the page is"
                    };
                    self.app.shared.say = Some(clean(&format!("{how} {page}")).into_owned());
                }
                Effect::Copy(what, text) => self.copy(what, text),
                Effect::Call(why) => {
                    if self.bell {
                        let _ = self.terminal.bell();
                    }
                    if self.notify {
                        let _ = self.terminal.notify(&why);
                    }
                }
                Effect::Suspend => {
                    if let Err(fault) = self.terminal.suspend() {
                        self.say_fault(&fault);
                    }
                }
                Effect::Redraw => {
                    let _ = self.terminal.forget();
                }
                Effect::Quit => {
                    self.quit = true;
                    if self.running.is_some() {
                        self.tell(Order::Stop);
                    }
                }
            }
        }
    }

    fn open(&mut self, name: String) {
        let (host, news) = (Arc::clone(&self.host), self.news.clone());
        self.app.shared.say = Some(format!("opening {name} …"));
        if self.running.is_none() {
            // It holds its journal. Who opens it again, or another one, is done with it.
            self.app.home();
            self.app.shared.open = None;
        }
        tokio::spawn(async move {
            let _ = news.send(News::Opened(host.open(&name).await));
        });
    }

    /// Finds out how the federations are, where that takes long.
    pub(super) fn look_up(&self) {
        let (host, news) = (Arc::clone(&self.host), self.news.clone());
        tokio::task::spawn_blocking(move || {
            if let Some(known) = host.known_in_full() {
                let _ = news.send(News::Known(known));
            }
        });
    }

    /// Says anew how the federations are, once their list is seen again.
    fn at_home(&mut self) {
        if self.app.place() == Place::Home {
            self.app.shared.known = self.host.known();
            self.look_up();
        }
    }

    fn save(&mut self, draft: &Draft) {
        match self.host.save(draft) {
            Ok(name) => {
                self.app.shared.known = self.host.known();
                self.look_up();
                self.app.back();
                self.open(name);
            }
            Err(fault) => self.say_fault(&fault),
        }
    }

    fn list(&self, folder: Option<PathBuf>) {
        let (host, news) = (Arc::clone(&self.host), self.news.clone());
        tokio::task::spawn_blocking(move || {
            let _ = news.send(News::Folder(host.folder(folder.as_deref())));
        });
    }

    fn find_choices(&self, draft: Draft, key: String, typed: String) {
        let (host, news) = (Arc::clone(&self.host), self.news.clone());
        tokio::spawn(async move {
            let found = host.look_up(&draft, &key, &typed).await;
            let _ = news.send(News::Found(key, found));
        });
    }

    fn start(&mut self, intent: Intent, agreed: bool) {
        let Some(open) = &self.app.shared.open else { return };
        if self.running.is_some() {
            self.app.shared.say = Some("Something is running already.".into());
            return;
        }
        let (operator, questions) = AtTheScreen::new();
        let running = open.federation.start(intent, agreed, Arc::new(operator));
        self.questions = Some(questions);
        self.running = Some(running);
        self.app.begins(intent);
    }

    fn tell(&self, order: Order) {
        if let Some(running) = &self.running {
            running.control.tell(order);
        }
    }

    fn click(&mut self, id: u64) {
        let console = self.app.shared.open.as_ref().and_then(|open| open.federation.console());
        let (Some(console), Some(question)) = (console, self.app.question(id)) else {
            return;
        };
        if question.clicking {
            return;
        }
        question.clicking = true;
        let (node, guide, news) = (question.asked.node.clone(), question.guide.clone(), self.news.clone());
        tokio::spawn(async move {
            let answer = console.ask(&node, &guide).await;
            let _ = news.send(News::Clicked(id, answer));
        });
    }

    /// Copies through the terminal, and to the clipboard of this machine where there is one. Says which way it went.
    fn copy(&mut self, what: String, text: String) {
        let way = match self.terminal.copy(&text) {
            Ok(()) => "through the terminal (OSC 52)".to_owned(),
            Err(error) => format!("not through the terminal ({error})"),
        };
        self.app.shared.say = Some(clean(&format!("copied {way}: {what}")).into_owned());
        let Some(clipboard) = Clipboard::here() else { return };
        let news = self.news.clone();
        tokio::spawn(async move {
            let other = match clipboard.put(&text).await {
                Ok(()) => format!("and with {}", clipboard.name()),
                Err(why) => format!("but not with {} ({why})", clipboard.name()),
            };
            let _ = news.send(News::Said(format!("copied {way} {other}: {what}")));
        });
    }

    fn answer(&self, id: u64, mut answer: Answer, brought: Vec<Bring>) {
        let (host, news) = (Arc::clone(&self.host), self.news.clone());
        tokio::task::spawn_blocking(move || {
            let read = move || {
                for Bring { key, value, entry } in brought {
                    answer.insert(key, host.bring(entry, value)?);
                }
                Ok(answer)
            };
            let _ = news.send(News::Read(id, read()));
        });
    }
}
