//! `Paper`: where plain text goes. Everything written passes here, so that nothing acts on the terminal, lines fit, and
//! colour comes only when asked for.

use std::io;

use super::{
    clean::{clean, clean_ascii, pad, width, wrap, wrap_from},
    words::{Look, Tone},
};

/// How plain text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Style {
    /// How many columns there are; none when lines may be as long as they are.
    pub width: Option<usize>,
    /// ASCII only.
    pub ascii: bool,
    /// With colour.
    pub colour: bool,
}

impl Style {
    /// The glyph of a look.
    pub fn glyph(self, look: Look) -> &'static str {
        if self.ascii { look.ascii } else { look.glyph }
    }

    /// The text with nothing in it that acts, and in ASCII where that is asked for.
    pub fn text(self, text: &str) -> String {
        if self.ascii { clean_ascii(text) } else { clean(text) }.into_owned()
    }

    fn tint(self, text: &str, tone: Option<Tone>) -> String {
        let code = match tone.filter(|_| self.colour) {
            None => return text.to_owned(),
            Some(Tone::Quiet) => "2",
            Some(Tone::Busy) => "36",
            Some(Tone::Waiting) => "33",
            Some(Tone::Call) => "1;35",
            Some(Tone::Good) => "32",
            Some(Tone::Note) => "34",
            Some(Tone::Doubt) => "1;33",
            Some(Tone::Bad) => "1;31",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

/// A column of a line: its text, the columns it is filled up to, and its tone.
#[derive(Debug, Clone)]
pub(super) struct Span(pub String, pub usize, pub Option<Tone>);

impl Span {
    pub(super) fn plain(text: impl Into<String>) -> Self {
        Self(text.into(), 0, None)
    }
}

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Paper<W> {
    out: W,
    pub style: Style,
    /// Whether anything was written.
    pub used: bool,
}

impl<W: io::Write> Paper<W> {
    pub(super) fn new(out: W, style: Style) -> Self {
        Self {
            out,
            style,
            used: false,
        }
    }

    #[cfg(test)]
    pub(super) fn into_inner(self) -> W {
        self.out
    }

    /// One line that is never broken, because somebody will copy it.
    pub(super) fn unbroken(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{}", self.style.text(text))
    }

    /// An empty line.
    pub(super) fn blank(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }

    /// Text in one tone, wrapped, every line `indent` columns in.
    pub(super) fn say(&mut self, indent: usize, text: &str, tone: Option<Tone>) -> io::Result<()> {
        self.hang(indent, "", text, tone)
    }

    /// Like [`Paper::say`], with a mark before the first line.
    pub(super) fn hang(&mut self, indent: usize, mark: &str, text: &str, tone: Option<Tone>) -> io::Result<()> {
        let mark = self.style.text(mark);
        let text = self.style.text(text);
        let inner = indent + width(&mark);
        let lines = match self.style.width {
            Some(columns) => wrap(&text, columns.saturating_sub(inner).max(16)),
            None => vec![text],
        };
        for (number, line) in lines.iter().enumerate() {
            let lead = if number == 0 {
                format!("{:indent$}{mark}", "")
            } else {
                " ".repeat(inner)
            };
            let line = self.style.tint(line, tone);
            writeln!(self.out, "{}", format!("{lead}{line}").trim_end())?;
        }
        self.used = true;
        self.out.flush()
    }

    /// Columns, then text: beside them where it fits, below them, `indent` columns in, where it does not.
    pub(super) fn row(&mut self, spans: &[Span], text: &str, indent: usize) -> io::Result<()> {
        let mut head = String::new();
        let mut used = 0;
        for (number, Span(span, columns, tone)) in spans.iter().enumerate() {
            if number > 0 {
                head.push(' ');
                used += 1;
            }
            let span = self.style.text(span);
            let filled = if number + 1 == spans.len() && text.is_empty() {
                span.clone()
            } else {
                pad(&span, *columns)
            };
            used += width(&filled);
            head.push_str(&self.style.tint(&span, *tone));
            head.push_str(&filled[span.len()..]);
        }
        let text = self.style.text(text);
        let room = self.style.width.map(|columns| columns.saturating_sub(used + 1));
        let lines = match (self.style.width, room) {
            _ if text.is_empty() => Vec::new(),
            (None, _) | (_, None) => vec![text],
            (Some(_), Some(room)) if width(&text) <= room => vec![text],
            (Some(columns), _) => wrap_from(&text, 0, columns.saturating_sub(indent).max(16)),
        };
        let first = lines.first().map_or("", String::as_str);
        writeln!(self.out, "{}", format!("{head} {first}").trim_end())?;
        for line in lines.iter().skip(1) {
            writeln!(self.out, "{:indent$}{line}", "")?;
        }
        self.used = true;
        self.out.flush()
    }
}
