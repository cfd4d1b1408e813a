//! Where to sign in to Entra, with the code and the time that is left, laid over whatever waits for it.
//!
//! ```text
//! ┌ ▸ Sign in to Entra ──────────────────────────┐
//! │ Open   https://microsoft.com/devicelogin     │
//! │ Code   F7QX-9KLM                             │
//! │ Good for 14:12                               │
//! └──────────────────────────────────────────────┘
//! ```

use jiff::Timestamp;
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use crate::{
    report::clean::wrap,
    tui::{
        host::SignIn,
        keys::{Action, Place},
        page::{Effect, Event, Page, Shared},
        widget::{frame::over, wait::span},
    },
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
        let columns = area.width.saturating_sub(4).min(76);
        let room = usize::from(columns).saturating_sub(11);
        let mut lines: Vec<(&str, String)> = Vec::new();
        for (at, line) in wrap(&theme.words(&self.sign_in.url), room).into_iter().enumerate() {
            lines.push((if at == 0 { "Open" } else { "" }, line));
        }
        if let Some(code) = &self.sign_in.code {
            lines.push(("Code", theme.words(code).into_owned()));
        }
        // This is about a person at this machine, not about the clouds' time.
        let left = self
            .sign_in
            .until
            .duration_since(shared.wall.unwrap_or(Timestamp::UNIX_EPOCH));
        lines.push(("Good for", span(left.as_secs())));
        let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX);
        let inner = over(theme, "Sign in to Entra", (columns, height), frame, area);
        for ((label, text), y) in lines.iter().zip(inner.y..inner.bottom()) {
            let row = Rect {
                x: inner.x + 1,
                y,
                width: inner.width.saturating_sub(2),
                height: 1,
            };
            frame.render_widget(
                Line::from(vec![
                    Span::styled(format!("{label:<9}"), theme.quiet()),
                    Span::styled(text.as_str(), theme.accent()),
                ]),
                row,
            );
        }
    }
}
