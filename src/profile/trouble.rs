//! What is wrong with a profile: each trouble with its place in the file, what was meant, and what to write.

use std::{fmt, ops::Range};

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// What is wrong, as a sentence.
    pub message: String,
    /// What stands under the caret.
    pub label: String,
    /// What to do.
    pub help: String,
    /// Where, in bytes; `None` when it is nowhere in particular.
    pub span: Option<Range<usize>>,
}

impl Trouble {
    /// Something that is wrong at a place.
    pub fn at(
        span: Option<Range<usize>>,
        message: impl Into<String>,
        label: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self {
            message: message.into(),
            label: label.into(),
            help: help.into(),
            span,
        }
    }
}

/// Everything that is wrong with one profile.
#[derive(Debug, Clone)]
pub struct ProfileError {
    /// The file's name, as it was given.
    pub file: String,
    /// The file's text.
    pub text: String,
    /// What is wrong, in the order of the file. Never empty.
    pub troubles: Vec<Trouble>,
}

impl ProfileError {
    pub(super) fn new(file: &str, text: &str, mut troubles: Vec<Trouble>) -> Self {
        troubles.sort_by_key(|trouble| trouble.span.as_ref().map_or(0, |span| span.start));
        Self {
            file: file.to_owned(),
            text: text.to_owned(),
            troubles,
        }
    }

    /// The troubles with the lines they are about, for a terminal this wide.
    pub fn render(&self, colour: bool, width: usize) -> String {
        let theme = if colour {
            GraphicalTheme::unicode()
        } else {
            GraphicalTheme::unicode_nocolor()
        };
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_width(width)
            .without_cause_chain();
        let source = NamedSource::new(&self.file, self.text.clone());
        let mut out = String::new();
        for trouble in &self.troubles {
            if !out.is_empty() {
                out.push('\n');
            }
            let shown = Shown {
                trouble,
                source: &source,
            };
            if handler.render_report(&mut out, &shown).is_err() {
                out.push_str(&trouble.message);
                out.push('\n');
            }
        }
        // The library leaves blanks at the ends of lines.
        let lines: Vec<&str> = out.lines().map(str::trim_end).collect();
        lines.join("\n")
    }
}

impl fmt::Display for ProfileError {
    /// One line: the first trouble, and how many more there are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self
            .troubles
            .first()
            .map_or("it cannot be used", |trouble| trouble.message.as_str());
        write!(f, "{}: {first}", self.file)?;
        match self.troubles.len() {
            0 | 1 => Ok(()),
            2 => f.write_str(", and one more error"),
            many => write!(f, ", and {} more errors", many - 1),
        }
    }
}

impl std::error::Error for ProfileError {}

struct Shown<'e> {
    trouble: &'e Trouble,
    source: &'e NamedSource<String>,
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.trouble.message)
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.trouble.message)
    }
}

impl std::error::Error for Shown<'_> {}

impl Diagnostic for Shown<'_> {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        (!self.trouble.help.is_empty()).then(|| Box::new(&self.trouble.help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.trouble.span.is_some().then_some(self.source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = self.trouble.span.clone()?;
        let label = (!self.trouble.label.is_empty()).then(|| self.trouble.label.clone());
        Some(Box::new(std::iter::once(LabeledSpan::new(
            label,
            span.start,
            span.end.saturating_sub(span.start),
        ))))
    }
}
