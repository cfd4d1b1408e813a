//! A document as one HTML page: no script, nothing loaded from anywhere, every text escaped.

use std::fmt::Write as _;

use super::{
    chain::{Chain, HTML},
    document::{Document, Line, Part, Span},
};
use crate::{report::clean::clean, secrets::redact};

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;\
background:#fff}code{font:.9em ui-monospace,monospace;background:#f2f2f2;padding:.1em .3em;overflow-wrap:anywhere}\
table{border-collapse:collapse}td,th{border:1px solid #bbb;padding:.3em .6em;text-align:left;vertical-align:top}\
.link,.seal{font:.75em ui-monospace,monospace;color:#595959;overflow-wrap:anywhere}h3{margin-top:2em}\
@media print{body{margin:0;max-width:none}h3{break-after:avoid}}";

/// The page. Sealed, with its links, where it is to be verified.
pub(super) fn write(document: &Document, sealed: bool) -> String {
    let mut chain = Chain::new(&HTML);
    let title = escaped(&document.title);
    chain.push(&format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n\
         <body>\n<h1>{title}</h1>\n"
    ));
    for part in &document.parts {
        match part {
            Part::Heading(level, line) => chain.push(&format!("<h{level}>{}</h{level}>\n", text(line))),
            Part::Say(line) => chain.push(&format!("<p>{}</p>\n", text(line))),
            Part::Steps(lines) => chain.push(&list("ol", lines)),
            Part::Points(lines) => chain.push(&list("ul", lines)),
            Part::Table(head, rows) => chain.push(&table(head, rows)),
            Part::Link => chain.link(false),
        }
    }
    if sealed {
        chain.seal()
    } else {
        chain.push("</body>\n</html>\n");
        chain.into_text()
    }
}

fn list(tag: &str, lines: &[Line]) -> String {
    let items: String = lines.iter().map(|line| format!("<li>{}</li>\n", text(line))).collect();
    format!("<{tag}>\n{items}</{tag}>\n")
}

fn table(head: &[&str], rows: &[Vec<Line>]) -> String {
    let mut out = String::from("<table>\n<tr>");
    for cell in head {
        let _ = write!(out, "<th>{}</th>", escaped(cell));
    }
    out.push_str("</tr>\n");
    for row in rows {
        out.push_str("<tr>");
        for cell in row {
            let _ = write!(out, "<td>{}</td>", text(cell));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</table>\n");
    out
}

fn text(line: &Line) -> String {
    let mut out = String::new();
    for span in &line.0 {
        let _ = match span {
            Span::Text(text) => write!(out, "{}", escaped(text)),
            Span::Code(text) => write!(out, "<code>{}</code>", escaped(text)),
            Span::Strong(text) => write!(out, "<strong>{}</strong>", escaped(text)),
            Span::Link(address) if address.starts_with("https://") => {
                write!(out, "<a href=\"{0}\" rel=\"noreferrer\">{0}</a>", escaped(address))
            }
            Span::Link(address) => write!(out, "{}", escaped(address)),
        };
    }
    out
}

/// Text in which nothing is markup.
fn escaped(text: &str) -> String {
    let text = redact(&clean(text));
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_becomes_markup() {
        let mut document = Document::new("</title><script>x</script>");
        document.say(Line::new().link("javascript:alert(1)").link("https://a/\" onload=\"x"));
        document.table(vec!["one"], vec![vec!["<b>&amp;\n".into()]]);
        let page = write(&document, false);
        assert!(!page.contains("<script") && !page.contains("<b>"), "{page}");
        assert!(
            page.contains("<p>javascript:alert(1)<a href=\"https://a/&quot; onload=&quot;x\""),
            "{page}"
        );
        assert!(page.contains("&lt;b&gt;&amp;amp;"), "{page}");
    }
}
