//! The part of the walk that shows the graph, and how keys move through it.

use ratatui::{Frame, layout::Rect};

use super::{
    page::{Event, Hit, Open, Shared},
    screen::plan::{Row, draw_row, rows},
    widget::scroll::Scroll,
};

/// The graph on the screen.
#[derive(Debug, Default)]
pub struct GraphPane {
    scroll: Scroll,
}

impl GraphPane {
    /// The fold in focus, if what is in focus stands for many.
    pub fn chosen_fold(&self, _: &Open) -> Option<usize> {
        None
    }

    /// Opens or closes a fold.
    pub fn toggle(&mut self, _: usize) {}

    /// Moves through the graph. Says whether the event was for it.
    pub fn on(&mut self, event: &Event, open: &mut Open) -> bool {
        let rows = rows(open, |_| true);
        let at = rows
            .iter()
            .position(|row| matches!(row, Row::Node(node) if *node == open.focus));
        self.scroll.at = at.unwrap_or(0);
        if !self.scroll.on(event, rows.len()) {
            return false;
        }
        if let Some(Row::Node(node)) = rows.get(self.scroll.at) {
            open.focus = *node;
        }
        true
    }

    /// Draws it.
    pub fn draw(&self, shared: &Shared, open: &Open, frame: &mut Frame<'_>, area: Rect) {
        let rows = rows(open, |_| true);
        let at = rows
            .iter()
            .position(|row| matches!(row, Row::Node(node) if *node == open.focus));
        let mut scroll = self.scroll.clone();
        scroll.at = at.unwrap_or(0);
        for (at, y) in scroll.window(usize::from(area.height), rows.len()).zip(area.y..) {
            let row = Rect { y, height: 1, ..area };
            draw_row(shared, open, &rows[at], at == scroll.at, frame, row);
            if let Row::Node(node) = rows[at] {
                shared.mark(row, Hit::Row(node));
            }
        }
    }
}
