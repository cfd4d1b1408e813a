//! A document: headings, text, lists, values and tables, told without any format.

/// A stretch of text of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Span {
    /// Plain text, also from outside.
    Text(String),
    /// Something to be typed or copied as it is.
    Code(String),
    /// What must not be missed.
    Strong(String),
    /// An address to open.
    Link(String),
}

/// A line of text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Line(pub(super) Vec<Span>);

impl Line {
    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) fn text(mut self, text: impl Into<String>) -> Self {
        self.0.push(Span::Text(text.into()));
        self
    }

    pub(super) fn code(mut self, text: impl Into<String>) -> Self {
        self.0.push(Span::Code(text.into()));
        self
    }

    pub(super) fn strong(mut self, text: impl Into<String>) -> Self {
        self.0.push(Span::Strong(text.into()));
        self
    }

    pub(super) fn link(mut self, address: impl Into<String>) -> Self {
        self.0.push(Span::Link(address.into()));
        self
    }

    /// Text of ours, in which what stands between backticks is code.
    pub(super) fn ours(mut self, text: &str) -> Self {
        for (at, part) in text.split('`').enumerate() {
            if !part.is_empty() {
                let part = part.to_owned();
                self.0.push(if at % 2 == 0 {
                    Span::Text(part)
                } else {
                    Span::Code(part)
                });
            }
        }
        self
    }
}

impl From<&str> for Line {
    fn from(text: &str) -> Self {
        Self::new().text(text)
    }
}

impl From<String> for Line {
    fn from(text: String) -> Self {
        Self::new().text(text)
    }
}

/// A part of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// A heading; 2 stands below the title.
    Heading(u8, Line),
    /// A paragraph.
    Say(Line),
    /// Steps to be followed in order.
    Steps(Vec<Line>),
    /// Points in no order.
    Points(Vec<Line>),
    /// A heading and rows.
    Table(Vec<&'static str>, Vec<Vec<Line>>),
    /// A link of the hash chain.
    Link,
}

/// A document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Document {
    pub(super) title: String,
    pub(super) parts: Vec<Part>,
}

impl Document {
    pub(super) fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            parts: Vec::new(),
        }
    }

    pub(super) fn heading(&mut self, level: u8, line: impl Into<Line>) {
        self.parts.push(Part::Heading(level, line.into()));
    }

    pub(super) fn say(&mut self, line: impl Into<Line>) {
        self.parts.push(Part::Say(line.into()));
    }

    pub(super) fn steps(&mut self, lines: Vec<Line>) {
        if !lines.is_empty() {
            self.parts.push(Part::Steps(lines));
        }
    }

    pub(super) fn points(&mut self, lines: Vec<Line>) {
        if !lines.is_empty() {
            self.parts.push(Part::Points(lines));
        }
    }

    pub(super) fn table(&mut self, head: Vec<&'static str>, rows: Vec<Vec<Line>>) {
        if !rows.is_empty() {
            self.parts.push(Part::Table(head, rows));
        }
    }

    pub(super) fn chain_link(&mut self) {
        self.parts.push(Part::Link);
    }
}
