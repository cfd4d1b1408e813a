//! A list or a text that is longer than the space it has: where it stands, and how keys and the wheel move it.

use std::cell::Cell;

use crossterm::event::MouseEventKind;

use crate::tui::{keys::Action, page::Event};

/// Which line is chosen, and which one is drawn first.
#[derive(Debug, Clone, Default)]
pub struct Scroll {
    /// The line that is chosen.
    pub at: usize,
    top: Cell<usize>,
    page: Cell<usize>,
}

impl Scroll {
    /// With this line chosen.
    pub fn at(at: usize) -> Self {
        Self { at, ..Self::default() }
    }

    /// Moves it, if the event says so. Says whether it did.
    pub fn on(&mut self, event: &Event, lines: usize) -> bool {
        let last = lines.saturating_sub(1);
        let page = self.page.get().max(2) - 1;
        self.at = match event {
            Event::Act(Action::Up) => self.at.saturating_sub(1),
            Event::Act(Action::Down) => self.at + 1,
            Event::Act(Action::PageUp) => self.at.saturating_sub(page),
            Event::Act(Action::PageDown) => self.at + page,
            Event::Act(Action::First) => 0,
            Event::Act(Action::Last) => last,
            Event::Row(row) => *row,
            Event::Mouse(mouse) => match mouse.kind {
                MouseEventKind::ScrollUp => self.at.saturating_sub(3),
                MouseEventKind::ScrollDown => self.at + 3,
                _ => return false,
            },
            _ => return false,
        }
        .min(last);
        true
    }

    /// The lines to draw where `height` of `lines` fit: the chosen one is among them.
    pub fn window(&self, height: usize, lines: usize) -> std::ops::Range<usize> {
        self.page.set(height);
        let at = self.at.min(lines.saturating_sub(1));
        let mut top = self.top.get().min(lines.saturating_sub(height));
        if at < top {
            top = at;
        } else if at >= top + height {
            top = at + 1 - height;
        }
        self.top.set(top);
        top..(top + height).min(lines)
    }

    /// For a text without a chosen line: the lines to draw, `at` being the first of them.
    pub fn text_window(&mut self, height: usize, lines: usize) -> std::ops::Range<usize> {
        self.page.set(height);
        self.at = self.at.min(lines.saturating_sub(height));
        self.at..(self.at + height).min(lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chosen_line_is_always_drawn() {
        let mut scroll = Scroll::default();
        for event in [
            Event::Act(Action::Last),
            Event::Act(Action::PageUp),
            Event::Act(Action::Up),
            Event::Act(Action::First),
            Event::Act(Action::PageDown),
        ] {
            assert!(scroll.on(&event, 100));
            let window = scroll.window(7, 100);
            assert_eq!(window.len(), 7);
            assert!(window.contains(&scroll.at), "{event:?}");
        }
        assert_eq!(scroll.window(7, 3), 0..3);
    }
}
