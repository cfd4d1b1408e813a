//! A list or a text that is longer than the space it has: where it stands, and how keys and the wheel move it.

use std::{cell::Cell, ops::Range};

use crossterm::event::MouseEventKind;
use ratatui::{Frame, layout::Rect, text::Line};

use super::line;
use crate::tui::{keys::Action, page::Event, theme::Theme};

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
    pub fn window(&self, height: usize, lines: usize) -> Range<usize> {
        self.window_at(self.at, height, lines)
    }

    fn window_at(&self, at: usize, height: usize, lines: usize) -> Range<usize> {
        self.page.set(height);
        let at = at.min(lines.saturating_sub(1));
        let mut top = self.top.get().min(lines.saturating_sub(height));
        if at < top {
            top = at;
        } else if at >= top + height {
            top = at + 1 - height;
        }
        self.top.set(top);
        top..(top + height).min(lines)
    }

    /// The rows of an area with the number of the line that each shows. What is above and below them is marked beside them.
    pub fn rows(&self, theme: &Theme, lines: usize, frame: &mut Frame<'_>, area: Rect) -> Vec<(usize, Rect)> {
        let window = self.window(usize::from(area.height), lines);
        rows(theme, window, lines, frame, area)
    }

    /// The same with this line chosen, where the lines are others than they were at the last event.
    pub fn rows_at(
        &self,
        at: usize,
        theme: &Theme,
        lines: usize,
        frame: &mut Frame<'_>,
        area: Rect,
    ) -> Vec<(usize, Rect)> {
        let window = self.window_at(at, usize::from(area.height), lines);
        rows(theme, window, lines, frame, area)
    }

    /// The same for a text: no line of it is chosen, `at` is the first one shown.
    pub fn text_rows(&self, theme: &Theme, lines: usize, frame: &mut Frame<'_>, area: Rect) -> Vec<(usize, Rect)> {
        let height = usize::from(area.height);
        self.page.set(height);
        let top = self.at.min(lines.saturating_sub(height));
        rows(theme, top..(top + height).min(lines), lines, frame, area)
    }

    /// Moves a text, if the event says so: no further than that its last line is shown.
    pub fn on_text(&mut self, event: &Event, lines: usize) -> bool {
        let last = lines.saturating_sub(self.page.get().max(1));
        self.at = self.at.min(last);
        let moved = self.on(event, lines);
        self.at = self.at.min(last);
        moved
    }
}

/// The rows for these lines of a list, and beside them marks of what there is above and below.
fn rows(theme: &Theme, window: Range<usize>, lines: usize, frame: &mut Frame<'_>, area: Rect) -> Vec<(usize, Rect)> {
    if window.is_empty() || area.width < 3 {
        return Vec::new();
    }
    let (above, below) = (window.start > 0, window.end < lines);
    let last = area.y + u16::try_from(window.len() - 1).unwrap_or(0);
    let marks = match (above, below) {
        (true, true) if last == area.y => vec![(area.y, theme.either("↕", ":"))],
        _ => vec![
            (area.y, if above { theme.either("↑", "^") } else { "" }),
            (last, if below { theme.either("↓", "v") } else { "" }),
        ],
    };
    for (y, mark) in marks.into_iter().filter(|(_, mark)| !mark.is_empty()) {
        let beside = Rect {
            x: area.right() - 1,
            y,
            width: 1,
            height: 1,
        };
        line::put(theme, Line::styled(mark, theme.accent()), frame, beside);
    }
    window.zip(area.y..).map(|(at, y)| (at, line::row(area, y))).collect()
}

#[cfg(test)]
mod tests {
    use ratatui::{Terminal, backend::TestBackend};

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

    #[test]
    fn a_text_moves_at_once_and_stops_where_its_end_is_seen() {
        let theme = Theme::default();
        let mut terminal = Terminal::new(TestBackend::new(9, 4)).unwrap();
        let mut scroll = Scroll::default();
        let mut shown = |scroll: &Scroll| {
            let mut rows = Vec::new();
            let drawn = terminal.draw(|frame| rows = scroll.text_rows(&theme, 6, frame, frame.area()));
            drawn.unwrap();
            let marks: Vec<String> = (0..4)
                .map(|y| terminal.backend().buffer()[(8, y)].symbol().to_owned())
                .collect();
            (rows[0].0, rows.len(), marks.concat())
        };
        assert_eq!(shown(&scroll), (0, 4, "   ↓".into()));
        scroll.on_text(&Event::Act(Action::Down), 6);
        assert_eq!(shown(&scroll), (1, 4, "↑  ↓".into()));
        for _ in 0..9 {
            scroll.on_text(&Event::Act(Action::Down), 6);
        }
        assert_eq!(shown(&scroll), (2, 4, "↑   ".into()));
        scroll.on_text(&Event::Act(Action::Up), 6);
        assert_eq!(shown(&scroll), (1, 4, "↑  ↓".into()));
    }
}
