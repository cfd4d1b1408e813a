//! Where to sign in to Entra, with the code and the time that is left, laid over whatever waits for it.
//!
//! ```text
//! ┌ ▸ Sign in to Entra ──────────────────────────┐
//! │ Open   https://microsoft.com/devicelogin     │
//! │ Code   F7QX-9KLM                             │
//! │ Time   14:12 left; it goes on by itself …    │
//! └──────────────────────────────────────────────┘
//! ```

use jiff::Timestamp;
use ratatui::{Frame, layout::Rect};

use crate::tui::{
    host::SignIn,
    keys::{Action, Place},
    page::{Effect, Event, Page, Shared},
    widget::{frame::text_over, line::labelled, scroll::Scroll, wait::span},
};

/// Where to sign in.
#[derive(Debug)]
pub struct SignInPage {
    sign_in: SignIn,
}

impl SignInPage {
    /// With what a person needs for it.
    pub fn new(sign_in: SignIn) -> Self {
        Self { sign_in }
    }
}

impl Page for SignInPage {
    fn place(&self) -> Place {
        Place::SignIn
    }

    fn lies_over(&self) -> bool {
        true
    }

    fn on(&mut self, _: &mut Shared, event: &Event) -> Vec<Effect> {
        match event {
            Event::Act(Action::Back) => vec![Effect::Back],
            Event::Act(Action::Open) => vec![Effect::Browse(self.sign_in.url.clone())],
            Event::Act(Action::Copy) => {
                let (what, text) = match &self.sign_in.code {
                    Some(code) => ("code", code),
                    None => ("address", &self.sign_in.url),
                };
                vec![Effect::Copy(what.into(), text.clone())]
            }
            _ => Vec::new(),
        }
    }

    fn draw(&self, shared: &Shared, frame: &mut Frame<'_>, area: Rect) {
        let theme = &shared.theme;
        let lines = |columns| {
            let mut lines = labelled(theme, "Open", &self.sign_in.url, theme.accent(), columns);
            if let Some(code) = &self.sign_in.code {
                let style = theme.accent().patch(theme.strong());
                lines.extend(labelled(theme, "Code", code, style, columns));
            }
            // This is about a person at this machine, not about the clouds' time.
            let now = shared.wall.unwrap_or(Timestamp::UNIX_EPOCH);
            let left = self.sign_in.until.duration_since(now).as_secs();
            let left = match left {
                ..=0 => "over: go back, and begin again".to_owned(),
                left => format!("{} left; it goes on by itself once you have signed in", span(left)),
            };
            lines.extend(labelled(theme, "Time", &left, theme.text(), columns));
            lines
        };
        text_over(theme, "Sign in to Entra", 78, lines, &Scroll::default(), frame, area);
    }
}
