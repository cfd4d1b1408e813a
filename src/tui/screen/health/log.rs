//! What provisioning did, and what AWS refused, newest last.

use jiff::Timestamp;
use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use super::time;
use crate::{
    report::{
        clean::{cut, pad},
        overview::Refused,
        sync::{self, Entry, failing_now},
    },
    tui::{
        page::{Event, Hit, Open, Shared},
        upkeep::Seen,
        widget::{
            line::{columns, put, row},
            scroll::Scroll,
        },
    },
};

/// Which part of the log is shown.
#[derive(Debug, Default)]
pub(super) struct Log {
    scroll: Scroll,
    /// It stays where it is; else it goes on at its end.
    pub(super) held: bool,
    /// All of it, not only what fails now.
    pub(super) all: bool,
    /// Only what these words stand in.
    pub(super) filter: String,
}

/// A line of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Row {
    /// By Entra's provisioning log.
    Entry(Box<Entry>),
    /// By AWS's own.
    Refused(Refused),
}

impl Row {
    fn when(&self) -> Timestamp {
        match self {
            Self::Entry(entry) => entry.when,
            Self::Refused(refused) => refused.when,
        }
    }

    /// Whom it is about, as it can be asked for.
    pub(super) fn who(&self) -> String {
        match self {
            Self::Entry(entry) if entry.object.eq_ignore_ascii_case("group") => format!("group:{}", entry.subject),
            Self::Entry(entry) if entry.name.contains('@') => entry.name.clone(),
            Self::Entry(entry) => entry.subject.clone(),
            Self::Refused(_) => String::new(),
        }
    }

    /// What mends it.
    pub(super) fn fix(&self) -> &str {
        match self {
            Self::Entry(entry) => &entry.fix,
            Self::Refused(refused) => &refused.fix,
        }
    }

    fn result(&self) -> &str {
        match self {
            Self::Entry(entry) => &entry.result,
            Self::Refused(_) => "failure",
        }
    }

    fn fits(&self, filter: &str) -> bool {
        match self {
            Self::Entry(entry) => entry.fits(filter),
            Self::Refused(refused) => refused.fits(filter),
        }
    }
}

impl Log {
    pub(super) fn title(&self) -> String {
        let what = match (self.all, self.filter.is_empty()) {
            (false, _) => "What fails now (v shows all), UTC".to_owned(),
            (true, true) => "Provisioning log (v: only what fails), UTC".to_owned(),
            (true, false) => format!("Provisioning log with \"{}\", UTC", self.filter),
        };
        match self.held {
            true => format!("{what}, held (f)"),
            false => what,
        }
    }

    /// The entries that are shown, without AWS's.
    pub(super) fn entries(&self, seen: &Seen) -> Vec<Entry> {
        let entries = if self.all {
            seen.log.clone()
        } else {
            failing_now(&seen.log)
        };
        entries.into_iter().filter(|entry| entry.fits(&self.filter)).collect()
    }

    fn rows(&self, seen: &Seen) -> Vec<Row> {
        let entries = self.entries(seen).into_iter();
        let entries = entries.map(|entry| Row::Entry(Box::new(entry)));
        let refused = seen.overview.iter().flat_map(|overview| overview.refused.clone());
        let mut rows: Vec<Row> = entries
            .chain(refused.map(Row::Refused))
            .filter(|row| row.fits(&self.filter))
            .collect();
        rows.sort_by_key(Row::when);
        rows
    }

    /// How many lines there are.
    pub(super) fn count(&self, seen: &Seen) -> usize {
        self.rows(seen).len()
    }

    /// Whether this line is the chosen one.
    pub(super) fn is_at(&self, at: usize) -> bool {
        self.held && self.scroll.at == at
    }

    /// The line that is chosen: the last one, where it follows.
    pub(super) fn chosen(&self, seen: &Seen) -> Option<Row> {
        let rows = self.rows(seen);
        let last = rows.len().checked_sub(1)?;
        let at = if self.held { self.scroll.at.min(last) } else { last };
        rows.into_iter().nth(at)
    }

    /// Moves through it. Says whether it did.
    pub(super) fn on(&mut self, event: &Event, rows: usize) -> bool {
        if !self.held {
            self.scroll.at = rows.saturating_sub(1);
        }
        let moved = self.scroll.on(event, rows);
        if moved {
            self.held = self.scroll.at + 1 < rows || matches!(event, Event::Row(_));
        }
        moved
    }

    pub(super) fn draw(&self, shared: &Shared, open: &Open, focus: bool, frame: &mut Frame<'_>, area: Rect) {
        let theme = &shared.theme;
        let columns = columns(area);
        let Some(seen) = open.kept.seen() else { return };
        let rows = self.rows(seen);
        let fault = seen.overview.as_ref().and_then(|overview| overview.log.as_ref().err());
        if rows.is_empty() {
            let text = match (fault, self.all, self.filter.is_empty()) {
                (Some(fault), ..) => theme.words(&format!("The log cannot be read: {fault}")).into_owned(),
                (None, _, false) => "Nothing fits. / changes the words.".to_owned(),
                (None, true, true) => "The log is empty.".to_owned(),
                (None, false, true) => "Nothing fails. v shows the whole log.".to_owned(),
            };
            put(theme, Line::styled(text, theme.quiet()), frame, row(area, area.y));
            return;
        }
        let mut scroll = self.scroll.clone();
        if !self.held {
            scroll.at = rows.len() - 1;
        }
        // The time, the mark, and what was done.
        let names = (columns.saturating_sub(20) * 2 / 5).clamp(8, 40);
        for (at, place) in scroll.rows(theme, rows.len(), frame, area) {
            let one = &rows[at];
            let look = sync::look(one.result());
            let chosen = focus && at == scroll.at;
            let (action, name, text) = match one {
                Row::Entry(entry) => (entry.action.as_str(), entry.name.as_str(), entry.said()),
                Row::Refused(refused) => (refused.call.as_str(), "refused by AWS", refused.said()),
            };
            let name = pad(&cut(&theme.words(name), names, theme.ascii), names);
            let action = pad(&cut(&theme.words(action), 8, theme.ascii), 8);
            let text = if text.is_empty() { one.result().to_owned() } else { text };
            let shown = Line::from(vec![
                Span::styled(format!("{} ", time(one.when())), theme.quiet()),
                Span::styled(format!("{} ", theme.glyph(look)), theme.tone(look.tone)),
                Span::styled(format!("{action} "), theme.quiet()),
                Span::styled(name, if chosen { theme.focus() } else { theme.text() }),
                Span::styled(format!("  {}", theme.words(&text)), theme.tone(look.tone)),
            ]);
            put(theme, shown, frame, place);
            shared.mark(place, Hit::Row(at));
        }
    }
}
