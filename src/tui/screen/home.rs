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
    text::{Line, Span},
};

use crate::{
    report::clean::{clean, cut, pad, width, wrap},
    tui::{
        keys::{Action, Place},
        page::{Effect, Event, Hit, Page, Shared},
        screen::form::Form,
        widget::scroll::Scroll,
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
        let columns = usize::from(area.width).saturating_sub(4).min(96);
        let mut y = area.y + u16::from(area.height > 12);
        let mut put = |line: Line<'_>, frame: &mut Frame<'_>| -> Option<Rect> {
            let row = Rect {
                x: area.x + 2,
                y,
                width: area.width.saturating_sub(2),
                height: 1,
            };
            (y < area.bottom()).then(|| {
                frame.render_widget(line, row);
                y += 1;
                row
            })
        };
        if area.height > 10 {
            for line in wrap(WELCOME, columns) {
                put(Line::raw(line), frame);
            }
            put(Line::raw(""), frame);
        }
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
        if area.height > 10 {
            for line in wrap(hint, columns) {
                put(Line::styled(line, theme.quiet()), frame);
            }
            put(Line::raw(""), frame);
        }
        let rows = Self::rows(shared);
        let names = rows
            .iter()
            .map(|(name, _)| width(name))
            .max()
            .unwrap_or(0)
            .min(columns / 2);
        let height = usize::from(area.height).saturating_sub(11).max(3);
        for at in self.scroll.window(height, rows.len()) {
            let (name, state) = &rows[at];
            let chosen = at == self.scroll.at;
            let mark = if chosen { theme.either("▸ ", "> ") } else { "  " };
            let name = pad(&cut(&theme.words(name), names, theme.ascii), names);
            let state = cut(&theme.words(state), columns.saturating_sub(names + 5), theme.ascii).into_owned();
            let line = Line::from(vec![
                Span::styled(
                    format!("{mark}{name}"),
                    if chosen { theme.focus() } else { theme.strong() },
                ),
                Span::raw("   "),
                Span::styled(state, theme.quiet()),
            ]);
            if let Some(row) = put(line, frame) {
                shared.mark(row, Hit::Row(at));
            }
        }
    }
}
