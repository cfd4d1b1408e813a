//! Text that came from outside, made harmless, measured and cut.
//!
//! Names, notes and vendors' messages may hold escape sequences, line breaks and marks that turn the direction of
//! writing. None of that reaches a terminal: what is not plain text is shown as its code, `‹1B›`, so that it is seen and
//! does nothing.

use std::{borrow::Cow, fmt::Write as _};

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// The mark of a cut.
pub const CUT: char = '…';

/// Whether a character acts on a terminal, or on the order of what stands around it, instead of being seen.
pub fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c,
            // Line and paragraph separators; marks, embeddings, overrides and isolates of direction.
            '\u{2028}' | '\u{2029}' | '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
            // Shown as nothing at all: two names that differ only by these look the same.
            | '\u{00AD}' | '\u{180E}' | '\u{200B}' | '\u{2060}'..='\u{2064}' | '\u{206A}'..='\u{206F}' | '\u{FEFF}'
            | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// The text on one line, with everything that acts replaced by its code. Line breaks and tabs become blanks.
pub fn clean(text: &str) -> Cow<'_, str> {
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    let mut blank = false;
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => {
                if !blank && !out.is_empty() {
                    out.push(' ');
                }
                blank = true;
                continue;
            }
            c if acts(c) => {
                let _ = write!(out, "‹{:02X}›", u32::from(c));
            }
            c => out.push(c),
        }
        blank = c == ' ';
    }
    Cow::Owned(out)
}

/// Like [`clean`], and in ASCII only: what ASCII cannot say is shown as its code, and our own marks by their likeness.
pub fn clean_ascii(text: &str) -> Cow<'_, str> {
    if text.is_ascii() && !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in clean(text).chars() {
        match c {
            c if c.is_ascii() => out.push(c),
            '…' => out.push_str("..."),
            '·' => out.push('-'),
            '–' | '—' | '−' | '─' => out.push('-'),
            '→' => out.push_str("->"),
            '⇄' => out.push_str("<->"),
            '›' => out.push('>'),
            '‹' => out.push('<'),
            '‘' | '’' => out.push('\''),
            '“' | '”' => out.push('"'),
            '≠' => out.push_str("!="),
            '×' => out.push('x'),
            '\u{00A0}' | '\u{202F}' => out.push(' '),
            c => {
                let _ = write!(out, "<{:02X}>", u32::from(c));
            }
        }
    }
    Cow::Owned(out)
}

/// How many columns the text takes on a terminal.
pub fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// The text in at most `columns` columns. What is cut is marked; marks that combine stay with their letter.
pub fn cut(text: &str, columns: usize, ascii: bool) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let mark = if ascii { "~" } else { "…" };
    if columns == 0 {
        return Cow::Borrowed("");
    }
    let mut out = head(text, columns - 1).to_owned();
    out.push_str(mark);
    Cow::Owned(out)
}

/// The same with the cut in the middle, where names begin alike and their ends tell them apart.
pub fn middle(text: &str, columns: usize, ascii: bool) -> Cow<'_, str> {
    let room = columns.saturating_sub(1);
    let end = room * 2 / 5;
    if width(text) <= columns || end < 2 {
        return cut(text, columns, ascii);
    }
    let mut rest = text;
    while width(rest) > end {
        let first = rest.graphemes(true).next().map_or(rest.len(), str::len);
        rest = &rest[first..];
    }
    let mark = if ascii { "~" } else { "…" };
    // The mark stands beside what is left of a word.
    let rest = rest.trim_start();
    Cow::Owned(format!("{}{mark}{rest}", head(text, room - end)))
}

/// The longest beginning that takes at most `columns` columns. What is seen as one letter stays one.
pub fn head(text: &str, columns: usize) -> &str {
    let mut used = 0;
    for (at, letter) in text.grapheme_indices(true) {
        used += width(letter);
        if used > columns {
            return &text[..at];
        }
    }
    text
}

/// The text filled up with blanks to `columns` columns. Longer text stays as it is.
pub fn pad(text: &str, columns: usize) -> String {
    let mut out = text.to_owned();
    out.extend(std::iter::repeat_n(' ', columns.saturating_sub(width(text))));
    out
}

/// The text in lines of at most `columns` columns, broken at blanks, and inside a word only when it is longer than a
/// line. Nothing is lost.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    wrap_from(text, columns, columns)
}

/// Like [`wrap`], where the first line has `first` columns.
pub fn wrap_from(text: &str, first: usize, columns: usize) -> Vec<String> {
    let columns = columns.max(2);
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut room = first;
    for word in text.split_whitespace() {
        let mut word = word;
        let gap = usize::from(!line.is_empty());
        if width(&line) + gap + width(word) <= room {
            if gap == 1 {
                line.push(' ');
            }
            line.push_str(word);
            continue;
        }
        if !line.is_empty() || room < columns {
            lines.push(std::mem::take(&mut line));
            room = columns;
        }
        while width(word) > columns {
            let part = match head(word, columns) {
                // A letter wider than the line stands alone, too wide.
                "" => word.graphemes(true).next().unwrap_or(word),
                part => part,
            };
            lines.push(part.to_owned());
            word = &word[part.len()..];
        }
        line.push_str(word);
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_is_shown_and_does_nothing() {
        assert_eq!(clean("a\u{1b}[31mred\u{1b}[0m"), "a‹1B›[31mred‹1B›[0m");
        assert_eq!(clean("\u{9b}2J"), "‹9B›2J");
        assert_eq!(clean("safe\u{202e}gnp.exe"), "safe‹202E›gnp.exe");
        assert_eq!(clean("zero\u{200b}width"), "zero‹200B›width");
        assert_eq!(clean("two\r\nlines\tand tabs\u{7f}"), "two lines and tabs‹7F›");
        assert!(!clean("\u{0}\u{7}\u{8}\u{1b}]52;c;aGk=\u{7}").contains(acts));
    }

    #[test]
    fn plain_text_in_any_script_stays_as_it_is() {
        for text in [
            "Nikki Wolf",
            "ニッキー・ウルフ",
            "Zoë",
            "Zoe\u{308}",
            "नमस्ते",
            "می\u{200c}خواهم",
            "👩\u{200d}💻",
        ] {
            assert_eq!(clean(text), text);
            assert!(matches!(clean(text), Cow::Borrowed(_)));
        }
    }

    #[test]
    fn ascii_is_ascii() {
        assert_eq!(clean_ascii("Zoë · 5 → 6…"), "Zo<EB> - 5 -> 6...");
        assert!(clean_ascii("ニ\u{202e}").is_ascii());
    }

    #[test]
    fn a_cut_is_marked_and_never_too_wide() {
        assert_eq!(cut("identity source", 20, false), "identity source");
        assert_eq!(cut("identity source", 9, false), "identity…");
        assert_eq!(cut("identity source", 9, true), "identity~");
        assert_eq!(cut("漢字漢字", 5, false), "漢字…");
        assert_eq!(cut("漢字漢字", 4, false), "漢…");
        assert_eq!(cut("e\u{301}e\u{301}e\u{301}", 2, false), "e\u{301}…");
        assert_eq!(cut("👩\u{200d}💻👩\u{200d}💻", 3, false), "👩\u{200d}💻…");
        assert_eq!(cut("x", 0, false), "");
        for columns in 1..12 {
            assert!(width(&cut("aé漢字e\u{301}👩\u{200d}💻zz", columns, false)) <= columns);
        }
    }

    #[test]
    fn wrapping_loses_nothing() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap("漢字漢字漢", 4), ["漢字", "漢字", "漢"]);
        assert_eq!(wrap("", 4), [""]);
        assert_eq!(wrap_from("one two three", 3, 9), ["one", "two three"]);
        assert_eq!(wrap_from("one two", 0, 9), ["", "one two"]);
        for columns in 1..20 {
            let text = "GET /applications/7c1e0c10 answers 漢字 identifier e\u{301} set";
            let lines = wrap(text, columns);
            assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""));
            assert!(lines.iter().all(|line| width(line) <= columns.max(2)));
        }
    }

    #[test]
    fn padding_counts_columns() {
        assert_eq!(pad("漢", 4), "漢  ");
        assert_eq!(pad("e\u{301}", 3), "e\u{301}  ");
        assert_eq!(pad("long", 2), "long");
    }
}
