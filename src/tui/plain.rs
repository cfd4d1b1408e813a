//! The last step of a picture for terminals that know ASCII only: names from the clouds, and vendors' words, hold other
//! characters too.

use std::borrow::Cow;

use ratatui::buffer::Buffer;

/// The nearest ASCII character.
fn nearest(c: char) -> char {
    match c {
        '·' | '–' | '—' | '─' | '•' => '-',
        '…' => '~',
        '⇄' | '→' | '▸' => '>',
        '←' => '<',
        '↑' => '^',
        '↓' => 'v',
        '×' => 'x',
        '‘' | '’' => '\'',
        '“' | '”' => '"',
        '│' => '|',
        _ => '?',
    }
}

/// The text in ASCII, one column for each column.
pub(super) fn ascii(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    text.chars()
        .map(|c| if c.is_ascii() { c } else { nearest(c) })
        .collect::<String>()
        .into()
}

/// Leaves nothing but ASCII in the picture.
pub(super) fn only_ascii(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if !cell.symbol().is_ascii() {
            let first = cell.symbol().chars().next().unwrap_or(' ');
            cell.set_char(if first.is_ascii() { first } else { nearest(first) });
        }
    }
}

#[cfg(test)]
mod tests {
    use ratatui::{buffer::Buffer, layout::Rect};

    use super::*;

    #[test]
    fn whatever_is_drawn_ends_as_ascii_in_the_same_columns() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 1));
        buffer.set_string(0, 0, "a · é 漢 …z", ratatui::style::Style::new());
        only_ascii(&mut buffer);
        let text: String = buffer.content.iter().map(|cell| cell.symbol()).collect();
        assert_eq!(text, "a - ? ?  ~z ");
        assert_eq!(ascii("fedwiz · 1/2"), "fedwiz - 1/2");
    }
}
