//! Text in a window that may begin left of it or end right of it.

use std::borrow::Cow;

use ratatui::{buffer::Buffer, layout::Rect, style::Style};
use unicode_segmentation::UnicodeSegmentation;

pub(super) use crate::report::clean::width;
use crate::report::clean::{clean_ascii, cut};

/// The text in at most so many columns, in ASCII if that is asked for.
pub(super) fn fit(text: &str, columns: usize, ascii: bool) -> String {
    let text = if ascii { clean_ascii(text) } else { Cow::Borrowed(text) };
    cut(&text, columns, ascii).into_owned()
}

/// Writes in a picture's own cells into the part of it that is seen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pen {
    pub area: Rect,
    pub offset: (usize, usize),
}

impl Pen {
    /// Where a cell of the picture is on the screen.
    fn spot(self, x: usize, y: usize) -> Option<(u16, u16)> {
        let (x, y) = (x.checked_sub(self.offset.0)?, y.checked_sub(self.offset.1)?);
        let seen = x < usize::from(self.area.width) && y < usize::from(self.area.height);
        seen.then(|| (self.area.x + x as u16, self.area.y + y as u16))
    }

    /// Writes a text. A wide character that would be cut at an edge of the window becomes a blank.
    pub(super) fn put(self, buf: &mut Buffer, x: usize, y: usize, text: &str, style: Style) {
        let mut at = x;
        for letter in text.graphemes(true) {
            let wide = width(letter);
            if wide == 0 {
                continue;
            }
            match (self.spot(at, y), self.spot(at + wide - 1, y)) {
                (Some((column, row)), Some(_)) => {
                    buf.set_stringn(column, row, letter, wide, style);
                }
                (Some((column, row)), None) | (None, Some((column, row))) => {
                    buf.set_stringn(column, row, " ", 1, style);
                }
                (None, None) => {}
            }
            at += wide;
        }
    }

    /// Clears a stretch.
    pub(super) fn fill(self, buf: &mut Buffer, x: usize, y: usize, wide: usize, style: Style) {
        for at in x..x + wide {
            if let Some(spot) = self.spot(at, y) {
                buf[spot].set_symbol(" ").set_style(style);
            }
        }
    }

    /// Puts another character in a cell and leaves its style.
    pub(super) fn swap(self, buf: &mut Buffer, x: usize, y: usize, symbol: &str) {
        if let Some(spot) = self.spot(x, y) {
            buf[spot].set_symbol(symbol);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(text: &str, x: usize, offset: usize) -> String {
        let area = Rect::new(0, 0, 6, 1);
        let mut buf = Buffer::empty(area);
        let pen = Pen {
            area,
            offset: (offset, 0),
        };
        pen.put(&mut buf, x, 0, text, Style::new());
        let mut line = String::new();
        let mut skip = 0;
        for x in 0..6 {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            let symbol = buf[(x, 0)].symbol();
            skip = width(symbol).saturating_sub(1);
            line.push_str(symbol);
        }
        line
    }

    #[test]
    fn a_wide_character_at_an_edge_is_not_split() {
        assert_eq!(seen("漢字漢", 0, 0), "漢字漢");
        assert_eq!(seen("漢字漢", 0, 1), " 字漢 ");
        assert_eq!(seen("漢字漢", 1, 0), " 漢字 ");
        assert_eq!(seen("abcdefgh", 0, 1), "bcdefg");
    }

    #[test]
    fn marks_stay_with_their_letter() {
        assert_eq!(seen("e\u{301}x", 1, 0), " e\u{301}x   ");
    }

    #[test]
    fn ascii_is_ascii_and_cut_with_a_mark() {
        assert_eq!(fit("漢字", 9, true), "<6F22><5~");
        assert_eq!(fit("identity source", 9, false), "identity…");
    }
}
