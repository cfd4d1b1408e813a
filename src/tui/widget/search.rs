//! A list that is narrowed by typing: the words that were typed, and the line that is chosen.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use super::{
    field::Field,
    frame::over,
    line::{put, row},
    scroll::Scroll,
};
use crate::{
    report::{
        clean::{cut, pad, width},
        words::Tone,
    },
    tui::{
        keys::Action,
        page::{Event, Hit, Shared},
        theme::Theme,
    },
};

/// The most columns and rows of a list that lies over the middle.
const LARGEST: (u16, u16) = (90, 24);

/// What was typed, and where the list stands.
#[derive(Debug)]
pub struct Search {
    field: Field,
    scroll: Scroll,
}

/// One line of a list.
#[derive(Debug)]
pub struct Entry {
    /// A glyph before the name, where the list has them.
    pub mark: Option<(&'static str, Tone)>,
    /// What is chosen.
    pub name: String,
    /// What there is to say of it.
    pub about: String,
}

impl Search {
    /// For nothing yet, with this line chosen.
    pub fn at(at: usize) -> Self {
        Self {
            field: Field::open(""),
            scroll: Scroll::at(at),
        }
    }

    /// What was typed.
    pub fn typed(&self) -> &str {
        self.field.text()
    }

    /// Whether all words that were typed are in the text, in any order and case.
    pub fn finds(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let typed = self.typed().to_lowercase();
        typed.split_whitespace().all(|word| text.contains(word))
    }

    /// The line that is chosen.
    pub fn chosen(&self) -> usize {
        self.scroll.at
    }

    /// Chooses the last line at most, when there are fewer lines than before.
    pub fn keep_within(&mut self, lines: usize) {
        self.scroll.at = self.scroll.at.min(lines.saturating_sub(1));
    }

    /// Types, pastes or moves, as the event says. True when the chosen line was confirmed: by key, or by a click on the line
    /// that was chosen already.
    pub fn on(&mut self, event: &Event, lines: usize) -> bool {
        match event {
            Event::Act(Action::Choose) => return true,
            Event::Row(row) if *row == self.scroll.at => return true,
            Event::Key(key) => {
                if self.field.key(key) {
                    self.scroll = Scroll::default();
                }
            }
            Event::Paste(text) => {
                self.field.paste(text);
                self.scroll = Scroll::default();
            }
            _ => {
                self.scroll.on(event, lines);
            }
        }
        false
    }

    /// The frame over the middle, and what is inside of it.
    pub fn frame(theme: &Theme, title: &str, frame: &mut Frame<'_>, area: Rect) -> Rect {
        let size = (
            area.width.saturating_sub(4).min(LARGEST.0),
            area.height.saturating_sub(2).min(LARGEST.1),
        );
        over(theme, title, size, frame, area)
    }

    /// Draws what was typed.
    pub fn draw_field(&self, theme: &Theme, frame: &mut Frame<'_>, place: Rect) {
        self.field.draw(theme, true, frame, place);
    }

    /// Draws the lines: names in one column of at most so many cells, and what is said of them in the other.
    pub fn draw_list(&self, shared: &Shared, lines: &[Entry], most: usize, frame: &mut Frame<'_>, area: Rect) {
        let theme = &shared.theme;
        let names = lines.iter().map(|line| width(&theme.words(&line.name))).max();
        let names = names.unwrap_or(0).min(most);
        for (at, place) in self.scroll.rows(theme, lines.len(), frame, area) {
            let Entry { mark, name, about } = &lines[at];
            let chosen = at == self.scroll.at;
            let mut spans = vec![Span::raw(theme.pointer(chosen))];
            if let Some((glyph, tone)) = mark {
                spans.push(Span::styled(format!("{glyph} "), theme.tone(*tone)));
            }
            let style = if chosen { theme.focus() } else { theme.text() };
            let name = pad(&cut(&theme.words(name), names, theme.ascii), names);
            spans.push(Span::styled(name, style));
            spans.push(Span::styled(format!("  {}", theme.words(about)), theme.quiet()));
            put(theme, Line::from(spans), frame, place);
            shared.mark(place, Hit::Row(at));
        }
    }

    /// Says in the first row of a list why there is nothing in it.
    pub fn draw_nothing(theme: &Theme, said: &'static str, frame: &mut Frame<'_>, list: Rect) {
        put(theme, Line::styled(said, theme.quiet()), frame, row(list, list.y));
    }
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyEvent};

    use super::*;

    #[test]
    fn words_are_found_in_any_order_and_case() {
        let mut search = Search::at(0);
        assert!(search.finds("anything"));
        search.on(&Event::Paste("TOKEN  scim".into()), 9);
        assert!(search.finds("scim.token"));
        assert!(!search.finds("scim.job"));
    }

    #[test]
    fn the_first_line_is_chosen_after_typing_and_after_a_paste() {
        for event in [Event::Key(KeyEvent::from(KeyCode::Char('x'))), Event::Paste("x".into())] {
            let mut search = Search::at(4);
            assert!(!search.on(&event, 9));
            assert_eq!((search.chosen(), search.typed()), (0, "x"));
        }
    }

    #[test]
    fn the_second_click_on_a_line_confirms_it() {
        let mut search = Search::at(0);
        assert!(!search.on(&Event::Row(3), 9));
        assert!(search.on(&Event::Row(3), 9));
        assert!(search.on(&Event::Act(Action::Choose), 9));
        search.keep_within(2);
        assert_eq!(search.chosen(), 1);
    }
}
