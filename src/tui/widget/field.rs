//! A line that is typed into: open text, or a secret of which only length and checksum are shown.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::{
    Frame,
    layout::{Constraint, Flex, Layout, Position, Rect},
    text::Line,
};
use secrecy::SecretString;
use tui_input::{Input, InputRequest};
use unicode_segmentation::UnicodeSegmentation;
use zeroize::Zeroizing;

use super::line::put;
use crate::{
    report::clean::{cut, pad, width},
    tui::theme::Theme,
};

/// A line that is typed into.
#[derive(Debug, Clone)]
pub enum Field {
    /// Open text.
    Open(Input),
    /// A secret: never drawn, wiped when it goes away.
    Hidden(Hidden),
}

/// A secret that is being typed or pasted, and whether letter by letter.
#[derive(Clone, Default)]
pub struct Hidden(Zeroizing<String>, bool);

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hidden")
    }
}

impl Field {
    /// Open text that begins with this.
    pub fn open(text: &str) -> Self {
        Self::Open(Input::new(text.to_owned()))
    }

    /// A secret that is not there yet.
    pub fn hidden() -> Self {
        // A string that grows leaves its old self behind: room for the longest token from the start.
        Self::Hidden(Hidden(Zeroizing::new(String::with_capacity(16 * 1024)), false))
    }

    /// Takes a key. Says whether the text is another one.
    pub fn key(&mut self, event: &KeyEvent) -> bool {
        let control = event.modifiers.contains(KeyModifiers::CONTROL);
        let alt = event.modifiers.contains(KeyModifiers::ALT);
        match self {
            Self::Open(input) => {
                let request = match event.code {
                    KeyCode::Char('a') if control => InputRequest::GoToStart,
                    KeyCode::Char('e') if control => InputRequest::GoToEnd,
                    KeyCode::Char('u') if control => InputRequest::DeleteLine,
                    KeyCode::Char('k') if control => InputRequest::DeleteTillEnd,
                    KeyCode::Char('w') if control => InputRequest::DeletePrevWord,
                    KeyCode::Char('b') if alt => InputRequest::GoToPrevWord,
                    KeyCode::Char('f') if alt => InputRequest::GoToNextWord,
                    KeyCode::Char(c) if !control && !alt => InputRequest::InsertChar(c),
                    KeyCode::Backspace => InputRequest::DeletePrevChar,
                    KeyCode::Delete => InputRequest::DeleteNextChar,
                    KeyCode::Left => InputRequest::GoToPrevChar,
                    KeyCode::Right => InputRequest::GoToNextChar,
                    KeyCode::Home => InputRequest::GoToStart,
                    KeyCode::End => InputRequest::GoToEnd,
                    _ => return false,
                };
                input.handle(request).is_some_and(|changed| changed.value)
            }
            Self::Hidden(hidden) => {
                match event.code {
                    KeyCode::Char('u') if control => hidden.0.clear(),
                    KeyCode::Char(c) if !control && !alt => hidden.0.push(c),
                    KeyCode::Backspace => {
                        hidden.0.pop();
                    }
                    _ => return false,
                }
                hidden.1 = true;
                true
            }
        }
    }

    /// Takes text from the clipboard, on one line: line breaks inside are left out, and what acts on a terminal, too.
    pub fn paste(&mut self, text: &str) {
        if let Self::Hidden(hidden) = self {
            hidden.1 = false;
        }
        for c in text.trim().chars().filter(|c| !c.is_control()) {
            match self {
                Self::Open(input) => {
                    input.handle(InputRequest::InsertChar(c));
                }
                Self::Hidden(hidden) => hidden.0.push(c),
            }
        }
    }

    /// The open text; nothing for a secret.
    pub fn text(&self) -> &str {
        match self {
            Self::Open(input) => input.value(),
            Self::Hidden(_) => "",
        }
    }

    /// Whether nothing was typed.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Open(input) => input.value().trim().is_empty(),
            Self::Hidden(hidden) => hidden.0.trim().is_empty(),
        }
    }

    /// The value, as a secret either way.
    pub fn secret(&self) -> SecretString {
        match self {
            Self::Open(input) => input.value().trim().into(),
            Self::Hidden(hidden) => hidden.0.trim().into(),
        }
    }

    /// Draws a question, and itself with the cursor behind it. A question that is too long leaves room for twelve columns.
    pub fn ask(&self, theme: &Theme, question: &str, frame: &mut Frame<'_>, area: Rect) {
        let question = cut(question, usize::from(area.width).saturating_sub(12), theme.ascii).into_owned();
        let used = u16::try_from(width(&question)).unwrap_or(0);
        let [question_at, place] = Layout::horizontal([Constraint::Length(used), Constraint::Max(40)])
            .flex(Flex::Start)
            .areas(area);
        put(theme, Line::styled(question, theme.strong()), frame, question_at);
        self.draw(theme, true, frame, place);
    }

    /// Draws it; with the cursor, where it has the keys.
    pub fn draw(&self, theme: &Theme, focus: bool, frame: &mut Frame<'_>, area: Rect) {
        if area.is_empty() {
            return;
        }
        let columns = usize::from(area.width);
        let (shown, cursor) = match self {
            Self::Open(input) => {
                let before: String = input.value().chars().take(input.cursor()).collect();
                let cursor = if focus { width(&theme.words(&before)) } else { 0 };
                from_column(theme, &theme.words(input.value()), cursor, columns)
            }
            Self::Hidden(hidden) if hidden.0.is_empty() => (String::new(), 0),
            Self::Hidden(hidden) => {
                let text = hidden.0.trim();
                let mut shown = format!(
                    "{} {} characters",
                    theme.either("••••••", "******"),
                    text.chars().count()
                );
                // A checksum after each letter would tell the letters to whoever records the screen.
                if !(focus && hidden.1) {
                    shown.push_str(&format!(", checksum {:08x}", crc32fast::hash(text.as_bytes())));
                }
                let text = shown;
                let end = width(&text);
                (text, end)
            }
        };
        let style = if focus { theme.focus() } else { theme.accent() };
        let shown = cut(&shown, columns, theme.ascii);
        put(theme, Line::styled(pad(&shown, columns), style), frame, area);
        if focus {
            let x = area.x + u16::try_from(cursor.min(columns - 1)).unwrap_or(0);
            frame.set_cursor_position(Position::new(x, area.y));
        }
    }
}

/// The part of a text that has the cursor in it, and the cursor's column there. What is left out before it is marked.
fn from_column(theme: &Theme, text: &str, cursor: usize, columns: usize) -> (String, usize) {
    if cursor < columns {
        return (text.to_owned(), cursor);
    }
    // The mark, and the cell of the cursor itself.
    let from = (cursor + 2).saturating_sub(columns);
    let mut left_out = 0;
    let rest: String = text
        .graphemes(true)
        .skip_while(|letter| {
            let skip = left_out < from;
            left_out += if skip { width(letter) } else { 0 };
            skip
        })
        .collect();
    (format!("{}{rest}", theme.cut()), (cursor + 1).saturating_sub(left_out))
}

#[cfg(test)]
mod tests {
    use ratatui::{Terminal, backend::TestBackend};
    use secrecy::ExposeSecret;

    use super::*;

    fn typed(field: &mut Field, text: &str) {
        for c in text.chars() {
            field.key(&KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE));
        }
    }

    fn drawn(field: &Field) -> String {
        let mut terminal = Terminal::new(TestBackend::new(44, 1)).unwrap();
        terminal
            .draw(|frame| field.draw(&Theme::default(), true, frame, frame.area()))
            .unwrap();
        terminal.backend().to_string()
    }

    #[test]
    fn a_secret_is_never_drawn() {
        let mut field = Field::hidden();
        typed(&mut field, "s3cr3t-t0ken");
        field.paste(" pasted\u{1b}[31m ");
        let shown = drawn(&field);
        assert!(!shown.contains("s3cr3t") && !shown.contains("pasted"), "{shown}");
        assert!(shown.contains("characters, checksum"), "{shown}");
        assert!(!format!("{field:?}").contains("s3cr3t"));
        assert_eq!(field.secret().expose_secret(), "s3cr3t-t0kenpasted[31m");
    }

    #[test]
    fn text_is_edited_and_what_acts_is_left_out() {
        let mut field = Field::open("contoso");
        field.paste(".onmicrosoft\n.com\u{7}");
        field.key(&KeyEvent::new(KeyCode::Backspace, KeyModifiers::NONE));
        assert_eq!(field.text(), "contoso.onmicrosoft.co");
        field.key(&KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL));
        assert!(field.is_empty());
    }

    #[test]
    fn what_is_left_out_on_either_side_is_marked() {
        let mut field = Field::open(&"abcdefghij".repeat(6));
        let shown = drawn(&field);
        assert!(shown.starts_with("\"…") && shown.contains("ghij "), "{shown}");
        field.key(&KeyEvent::new(KeyCode::Home, KeyModifiers::NONE));
        let shown = drawn(&field);
        assert!(shown.starts_with("\"abc") && shown.contains("…\""), "{shown}");
    }

    #[test]
    fn wide_characters_keep_the_columns_straight() {
        let mut field = Field::open("");
        typed(&mut field, &"東京".repeat(20));
        let shown = drawn(&field);
        // A wide character takes two cells, and is never cut in the middle.
        assert!(shown.contains('京') || shown.contains('東'), "{shown}");
        let last = shown.trim_matches(['"', '\n']).chars().last();
        assert!(last.is_some_and(|c| width(&c.to_string()) == 1), "{shown}");
    }
}
