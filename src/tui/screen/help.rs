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
    style::Style,
    text::{Line, Span},
};

use crate::{
    engine::step::Executor,
    report::{
        clean::{pad, wrap},
        words::{self, State},
    },
    tui::{
        keys::{self, Action, Place},
        page::{Effect, Event, Page, Shared},
        theme::Theme,
        widget::{frame::text_over, scroll::Scroll},
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
        let mut put = |name: &str, style: Style, text: &str| {
            for (at, text) in wrap(text, room).into_iter().enumerate() {
                let name = if at == 0 { name } else { "" };
                lines.push(Line::from(vec![Span::styled(pad(name, KEY), style), Span::raw(text)]));
            }
        };
        // Two keys for the same stand in one line.
        let mut keys: Vec<(String, &str)> = Vec::new();
        for key in keys::keys(self.of) {
            let name = key.name(theme.ascii);
            match keys.iter_mut().find(|(_, says)| *says == key.says) {
                Some((names, _)) => *names = format!("{names} {name}"),
                None => keys.push((name.to_owned(), key.says)),
            }
        }
        for (names, says) in keys {
            put(&names, theme.accent(), says);
        }
        if matches!(
            self.of,
            Place::Walk | Place::Step | Place::Plan | Place::Guide | Place::Teardown
        ) {
            put("", theme.text(), "");
            put("Marks", theme.strong(), "of a step");
            for state in State::all() {
                let look = state.look();
                put(theme.glyph(look), theme.tone(look.tone), look.word);
            }
            put("", theme.text(), "");
            put("Who", theme.strong(), "carries a step out");
            for (executor, who) in EXECUTORS {
                put(words::executor(executor), theme.quiet(), who);
            }
        }
        if self.of == Place::Walk {
            put("", theme.text(), "");
            put(
                "Lines",
                theme.strong(),
                "of the graph, from what is needed to what needs it",
            );
            for (unicode, ascii, says) in LINES {
                put(theme.either(unicode, ascii), theme.quiet(), says);
            }
        }
        lines
    }
}

/// Who carries steps out, in words that can be looked up.
const EXECUTORS: [(Executor, &str); 5] = [
    (Executor::Graph, "fedwiz, by Microsoft Graph: Entra's API"),
    (Executor::Aws, "fedwiz, by the AWS API"),
    (Executor::Scim, "fedwiz, by the SCIM endpoint of Identity Center"),
    (Executor::Human, "you, with a guide"),
    (Executor::Wait, "nobody: it is waited for"),
];

/// Lines of the graph, with their likeness in ASCII.
const LINES: [(&str, &str, &str); 3] = [
    (
        "━━▶",
        "==>",
        "the longest way through: it sets how long all of it takes",
    ),
    ("──▶", "-->", "any other way"),
    ("──•──", "--o--", "several ways as one"),
];

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
        self.scroll.on_text(event, lines);
        Vec::new()
    }

    fn draw(&self, shared: &Shared, frame: &mut Frame<'_>, area: Rect) {
        let lines = |columns| self.lines(&shared.theme, columns);
        text_over(&shared.theme, "Keys", 78, lines, &self.scroll, frame, area);
    }
}
