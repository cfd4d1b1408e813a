//! A document as Markdown. Text is escaped, so that no name of a directory becomes markup, and no HTML.

use std::fmt::Write as _;

use super::{
    chain::{Chain, MARKDOWN},
    document::{Document, Line, Part, Span},
};
use crate::{report::clean::clean, secrets::redact};

/// The document. Sealed, with its links, where it is to be verified.
pub(super) fn write(document: &Document, sealed: bool) -> String {
    let mut chain = Chain::new(&MARKDOWN);
    chain.push(&format!("# {}\n", escaped(&document.title)));
    for part in &document.parts {
        chain.push("\n");
        match part {
            Part::Heading(level, line) => {
                chain.push(&format!("{} {}\n", "#".repeat(usize::from(*level)), text(line)));
            }
            Part::Say(line) => chain.push(&format!("{}\n", text(line))),
            Part::Steps(lines) => {
                for (number, line) in lines.iter().enumerate() {
                    chain.push(&format!("{}. {}\n", number + 1, text(line)));
                }
            }
            Part::Points(lines) => {
                for line in lines {
                    chain.push(&format!("- {}\n", text(line)));
                }
            }
            Part::Table(head, rows) => {
                chain.push(&format!("| {} |\n|{}\n", head.join(" | "), " --- |".repeat(head.len())));
                for row in rows {
                    let cells: Vec<String> = row.iter().map(text).collect();
                    chain.push(&format!("| {} |\n", cells.join(" | ")));
                }
            }
            Part::Link => chain.link(false),
        }
    }
    if sealed {
        chain.push("\n");
        chain.seal()
    } else {
        chain.into_text()
    }
}

fn text(line: &Line) -> String {
    let mut out = String::new();
    for span in &line.0 {
        let _ = match span {
            Span::Text(text) => write!(out, "{}", escaped(text)),
            Span::Code(text) => write!(out, "{}", code(text)),
            Span::Strong(text) => write!(out, "**{}**", escaped(text)),
            Span::Link(address) => write!(out, "<{}>", address_only(address)),
        };
    }
    out
}

/// What Markdown takes for markup.
const MARKUP: &str = "\\`*_{}[]<>#|~&$^";

/// Text in which nothing is markup.
fn escaped(text: &str) -> String {
    let text = redact(&clean(text));
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if MARKUP.contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    // At the beginning of a line, a list, a heading or a rule would begin.
    if out.starts_with(['-', '+', '=']) {
        out.insert(0, '\\');
    }
    out
}

/// Code, between more backticks than there are in it. A pipe would end the cell of a table.
fn code(text: &str) -> String {
    let text = redact(&clean(text)).replace('|', "\\|");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let blank = if text.starts_with('`') || text.ends_with('`') || text.is_empty() {
        " "
    } else {
        ""
    };
    format!("{fence}{blank}{text}{blank}{fence}")
}

/// An address without what could end it.
fn address_only(address: &str) -> String {
    redact(&clean(address)).replace(['<', '>', ' '], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_becomes_markup() {
        let mut document = Document::new("A *b*\n# c");
        document.say("<script>alert(1)</script> [x](http://evil) `rm`");
        document.say(Line::new().text("- no list").code("a`b\u{1b}[2J"));
        document.table(vec!["one"], vec![vec![Line::new().text("a|b").code("c|d")]]);
        insta::assert_snapshot!(write(&document, false), @r"
        # A \*b\* \# c

        \<script\>alert(1)\</script\> \[x\](http://evil) \`rm\`

        \- no list``a`b‹1B›[2J``

        | one |
        | --- |
        | a\|b`c\|d` |
        ");
    }
}
