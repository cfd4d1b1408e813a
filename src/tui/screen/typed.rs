//! A list of what would happen, with what there is to know of the chosen line, over a question that a typed word answers.
//!
//! ```text
//!  2  Prepare AWS
//!   ▸ − Create the permission set: Ops      aws     remove
//!  …
//!   Step    aws.permission-set[Ops]
//!   Why     …
//!  Type `contoso` to take it away:  ▏
//! ```

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use super::plan::{Row, detail, draw_row};
use crate::tui::{
    keys::Action,
    page::{Event, Hit, Open, Shared},
    theme::Theme,
    widget::{
        field::Field,
        line::{columns, most, put, row},
        scroll::Scroll,
    },
};

/// Columns before what there is to know of the chosen line.
const INSET: usize = 2;

/// The list's place and what was typed so far.
#[derive(Debug)]
pub(super) struct Typed {
    field: Field,
    scroll: Scroll,
}

/// What an event says.
pub(super) enum Said {
    /// Nothing that matters beyond the list and what is being typed.
    Nothing,
    /// It is left.
    Back,
    /// This word is the answer.
    Word(String),
}

impl Default for Typed {
    fn default() -> Self {
        Self {
            field: Field::open(""),
            // Below the first heading.
            scroll: Scroll::at(1),
        }
    }
}

impl Typed {
    /// Takes an event, over a list of so many lines.
    pub(super) fn on(&mut self, event: &Event, lines: impl FnOnce() -> usize) -> Said {
        match event {
            Event::Act(Action::Back) => return Said::Back,
            Event::Act(Action::Choose) => return Said::Word(self.field.text().trim().to_owned()),
            Event::Key(key) => {
                self.field.key(key);
            }
            Event::Paste(text) => {
                self.field.paste(text);
            }
            _ => {
                self.scroll.on(event, lines());
            }
        }
        Said::Nothing
    }

    /// Draws what is said above a list, as far as it leaves the last row. Gives the first row below it.
    pub(super) fn draw_top(theme: &Theme, top: Vec<Line<'static>>, frame: &mut Frame<'_>, area: Rect) -> u16 {
        let last = area.bottom().saturating_sub(1);
        let mut y = area.y;
        for (line, at) in top.into_iter().zip(area.y..last) {
            put(theme, line, frame, row(area, at));
            y = at + 1;
        }
        y
    }

    /// Draws what is said above the list, the list, what there is to know of the chosen line, and the question in the last row.
    pub(super) fn draw(
        &self,
        shared: &Shared,
        open: &Open,
        (top, lines, question): (Vec<Line<'static>>, &[Row], &str),
        frame: &mut Frame<'_>,
        area: Rect,
    ) {
        let theme = &shared.theme;
        let room = columns(area).saturating_sub(INSET);
        let y = Self::draw_top(theme, top, frame, area);
        let last = area.bottom().saturating_sub(1);
        let details = match lines.get(self.scroll.at) {
            Some(Row::Node(node)) => detail(theme, open, *node, room),
            _ => Vec::new(),
        };
        let height = last.saturating_sub(y + 1);
        let below = u16::try_from(details.len()).unwrap_or(u16::MAX).min(height / 2);
        let list = Rect {
            y,
            height: height - below,
            ..area
        };
        for (at, place) in self.scroll.rows(theme, lines.len(), frame, list) {
            draw_row(shared, open, &lines[at], at == self.scroll.at, frame, place);
            shared.mark(place, Hit::Row(at));
        }
        let details = most(theme, details, usize::from(below), room, "");
        for (mut line, y) in details.into_iter().zip(list.bottom()..) {
            line.spans.insert(0, Span::raw(" ".repeat(INSET)));
            put(theme, line, frame, row(area, y));
        }
        self.field.ask(theme, question, frame, row(area, last));
    }
}
