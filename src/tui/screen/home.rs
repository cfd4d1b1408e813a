//! The list of federations.
//!
//! ```text
//!  fedwiz connects Microsoft Entra ID with AWS IAM Identity Center.
//!
//!  ▸ contoso      stopped after 17 of 38 steps, 3 hours ago
//!    fabrikam     set up, 41 steps stand
//!    demo         simulated clouds: no account, no network, no keyring
//!    new …        make a federation
//! ```

use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
};

use crate::{
    report::clean::{clean, cut, pad, width, wrap},
    tui::{
        keys::{Action, Place},
        page::{Effect, Event, Hit, Page, Shared},
        screen::form::Form,
        widget::{
            line::{columns, put, row},
            scroll::Scroll,
        },
    },
};

/// The list of federations.
#[derive(Debug, Default)]
pub struct Home {
    scroll: Scroll,
}

const WELCOME: &str = "fedwiz connects Microsoft Entra ID with AWS IAM Identity Center: single sign-on, provisioning, attributes and \
                       assignments. Nothing is changed before you have seen the plan and agreed to it, and all of it can be taken back.";

impl Home {
    fn rows(shared: &Shared) -> Vec<(String, String)> {
        let known = shared
            .known
            .iter()
            .map(|known| (clean(&known.name).into_owned(), clean(&known.state).into_owned()));
        let new = (!shared.draft.fields.is_empty()).then(|| ("new".to_owned(), "make a federation".to_owned()));
        known.chain(new).collect()
    }

    fn form(shared: &mut Shared) -> Vec<Effect> {
        if shared.draft.fields.is_empty() {
            shared.say = Some("The demo has one federation: start `fedwiz` without `demo` to make your own.".into());
            return Vec::new();
        }
        vec![Effect::Show(Box::new(Form::new(shared.draft.clone())))]
    }
}

impl Page for Home {
    fn place(&self) -> Place {
        Place::Home
    }

    fn on(&mut self, shared: &mut Shared, event: &Event) -> Vec<Effect> {
        let rows = Self::rows(shared).len();
        let again = matches!(event, Event::Row(row) if *row == self.scroll.at);
        match event {
            Event::Act(Action::New) => return Self::form(shared),
            Event::Act(Action::Health) => match shared.known.get(self.scroll.at).map(|known| known.name.clone()) {
                Some(name) => {
                    shared.to_health = true;
                    return vec![Effect::Open(name)];
                }
                None => shared.say = Some("Choose a federation first, or make one.".into()),
            },
            _ if again || *event == Event::Act(Action::Choose) => {
                return match shared.known.get(self.scroll.at) {
                    Some(known) => vec![Effect::Open(known.name.clone())],
                    None => Self::form(shared),
                };
            }
            _ => {}
        }
        self.scroll.on(event, rows);
        Vec::new()
    }

    fn draw(&self, shared: &Shared, frame: &mut Frame<'_>, area: Rect) {
        let theme = &shared.theme;
        let columns = columns(area).saturating_sub(2).min(96);
        let mut y = area.y + u16::from(area.height > 12);
        let mut say = |text: &str, style: Style| {
            if area.height > 10 {
                for line in wrap(text, columns).into_iter().chain([String::new()]) {
                    put(theme, Line::styled(line, style), frame, inset(row(area, y)));
                    y += 1;
                }
            }
        };
        say(WELCOME, theme.text());
        let hint = match (shared.known.is_empty(), shared.draft.fields.is_empty()) {
            (true, false) => {
                "There is no federation on this machine yet. Press Enter: a form asks for the tenant and the AWS account, and shows \
                 the profile it will write. To try it first without any account, leave (q) and run `fedwiz demo`."
            }
            (false, _) => {
                "Choose a federation, and press Enter: what stands and what comes next is shown before anything happens."
            }
            (true, true) => "",
        };
        say(hint, theme.quiet());
        let rows = Self::rows(shared);
        let list = Rect {
            y,
            height: area.bottom().saturating_sub(y),
            ..area
        };
        let names = rows
            .iter()
            .map(|(name, _)| width(&theme.words(name)))
            .max()
            .unwrap_or(0);
        let names = names.min(columns / 2);
        for (at, place) in self.scroll.rows(theme, rows.len(), frame, list) {
            let (name, state) = &rows[at];
            let chosen = at == self.scroll.at;
            let name = pad(&cut(&theme.words(name), names, theme.ascii), names);
            let style = if chosen { theme.focus() } else { theme.strong() };
            let line = Line::from(vec![
                Span::styled(format!("{}{name}", theme.pointer(chosen)), style),
                Span::styled(format!("   {}", theme.words(state)), theme.quiet()),
            ]);
            put(theme, line, frame, inset(place));
            shared.mark(place, Hit::Row(at));
        }
    }
}

/// One column further in.
fn inset(row: Rect) -> Rect {
    Rect {
        x: row.x + 1,
        width: row.width.saturating_sub(1),
        ..row
    }
}
