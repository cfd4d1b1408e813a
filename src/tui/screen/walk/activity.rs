//! What happened, newest last: when, to which step, and what.

use jiff::{Timestamp, tz::TimeZone};
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use crate::{
    report::{
        clean::pad,
        view::Activity,
        words::{State, Tone},
    },
    tui::{
        page::{Event, Hit, Open, Shared},
        widget::{
            line::{columns, put, row},
            name::in_room,
            scroll::Scroll,
        },
    },
};

/// What happened, and which part of it is shown.
#[derive(Debug, Default)]
pub(super) struct Log {
    scroll: Scroll,
    /// It stays where it is; else it goes on at its end.
    held: bool,
    /// Only what failed, waits, or needs a person.
    pub(super) filter: bool,
}

fn time(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%H:%M:%S").to_string()
}

fn matters(state: State) -> bool {
    matches!(state.look().tone, Tone::Bad | Tone::Call | Tone::Waiting | Tone::Doubt)
}

impl Log {
    /// The heading.
    pub(super) fn title(&self) -> &'static str {
        match (self.filter, self.held) {
            (true, _) => "Activity that matters (v shows all), UTC",
            (false, true) => "Activity (End goes on), UTC",
            (false, false) => "Activity, UTC",
        }
    }

    fn lines<'o>(&self, open: &'o Open) -> Vec<&'o Activity> {
        let lines = open.view.activity();
        lines.filter(|line| !self.filter || matters(line.state)).collect()
    }

    /// Goes on at its end again.
    pub(super) fn release(&mut self) {
        self.held = false;
        self.scroll.at = usize::MAX;
    }

    /// Moves through it. Gives the node of the line it came to.
    pub(super) fn on(&mut self, event: &Event, open: &Open) -> Option<usize> {
        let lines = self.lines(open);
        self.scroll.at = self.scroll.at.min(lines.len().saturating_sub(1));
        if !self.scroll.on(event, lines.len()) {
            return None;
        }
        self.held = self.scroll.at + 1 < lines.len();
        lines.get(self.scroll.at).map(|line| line.node)
    }

    /// Draws it.
    pub(super) fn draw(&self, shared: &Shared, open: &Open, focus: bool, frame: &mut Frame<'_>, area: Rect) {
        let theme = &shared.theme;
        let columns = columns(area);
        let lines = self.lines(open);
        if lines.is_empty() {
            let text = if self.filter {
                "Nothing failed, waits, or needs you. v shows all of it."
            } else {
                "Nothing has happened yet."
            };
            put(theme, Line::styled(text, theme.quiet()), frame, row(area, area.y));
            return;
        }
        let mut scroll = self.scroll.clone();
        if !self.held {
            scroll.at = lines.len() - 1;
        }
        // The time, the mark, and two blanks between name and what happened.
        let names = (columns.saturating_sub(13) * 2 / 5).clamp(8, 64);
        for (at, place) in scroll.rows(theme, lines.len(), frame, area) {
            let line = lines[at];
            let look = line.state.look();
            let chosen = focus && at == scroll.at;
            let name = pad(&in_room(theme, &open.view, line.node, names), names);
            let mut text = look.word.to_owned();
            if !line.text.is_empty() {
                text = format!("{text}: {}", theme.words(&line.text));
            }
            let shown = Line::from(vec![
                Span::styled(format!("{} ", time(line.at)), theme.quiet()),
                Span::styled(format!("{} ", theme.glyph(look)), theme.tone(look.tone)),
                Span::styled(name, if chosen { theme.focus() } else { theme.text() }),
                Span::styled(format!("  {text}"), theme.quiet()),
            ]);
            put(theme, shown, frame, place);
            shared.mark(place, Hit::Row(line.node));
        }
    }
}
