//! The keys of a screen, from the one table.
//!
//! ```text
//! ┌ ▸ Keys ──────────────────────────────────────────────┐
//! │ Enter     Show everything about the step in focus.   │
//! │ b         Set up or go on, after showing the plan.   │
//! └──────────────────────────────────────────────────────┘
//! ```

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use crate::{
    report::{
        clean::{pad, wrap},
        words::State,
    },
    tui::{
        keys::{self, Action, Place},
        page::{Effect, Event, Page, Shared},
        theme::Theme,
        widget::{frame::over, scroll::Scroll},
    },
};

/// The keys of a screen.
#[derive(Debug)]
pub struct Help {
    of: Place,
    scroll: Scroll,
}

/// Columns for the name of a key.
const KEY: usize = 10;

impl Help {
    /// The keys of this screen.
    pub fn of(place: Place) -> Self {
        Self {
            of: place,
            scroll: Scroll::default(),
        }
    }

    fn lines(&self, theme: &Theme, columns: usize) -> Vec<Line<'static>> {
        let room = columns.saturating_sub(KEY).max(10);
        let mut lines = Vec::new();
        for key in keys::keys(self.of) {
            for (at, text) in wrap(key.says, room).into_iter().enumerate() {
                let name = if at == 0 { key.name(theme.ascii) } else { "" };
                lines.push(Line::from(vec![
                    Span::styled(pad(name, KEY), theme.accent()),
                    Span::raw(text),
                ]));
            }
        }
        lines.push(Line::raw(""));
        lines.push(Line::styled("Marks of a step", theme.strong()));
        for state in State::all() {
            let look = state.look();
            lines.push(Line::from(vec![
                Span::styled(pad(theme.glyph(look), KEY), theme.tone(look.tone)),
                Span::raw(look.word),
            ]));
        }
        lines
    }
}

impl Page for Help {
    fn place(&self) -> Place {
        Place::Help
    }

    fn lies_over(&self) -> bool {
        true
    }

    fn on(&mut self, shared: &mut Shared, event: &Event) -> Vec<Effect> {
        if matches!(event, Event::Act(Action::Back | Action::Help)) {
            return vec![Effect::Back];
        }
        let lines = self.lines(&shared.theme, 72).len();
        self.scroll.on(event, lines);
        Vec::new()
    }

    fn draw(&self, shared: &Shared, frame: &mut Frame<'_>, area: Rect) {
        let columns = area.width.saturating_sub(4).min(78);
        let lines = self.lines(&shared.theme, usize::from(columns).saturating_sub(4));
        let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX);
        let inner = over(&shared.theme, "Keys", (columns, height), frame, area);
        let window = self.scroll.window(usize::from(inner.height), lines.len());
        for (line, y) in lines[window].iter().zip(inner.y..) {
            let row = Rect {
                x: inner.x + 1,
                y,
                width: inner.width.saturating_sub(2),
                height: 1,
            };
            frame.render_widget(line, row);
        }
    }
}
