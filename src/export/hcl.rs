//! HCL, as `terraform fmt` writes it: two blanks for each level, and the equals signs of neighbouring one-line arguments below each
//! other. Nothing in a text is taken for a template: `${` and `%{` are escaped, and so is what acts on a terminal.

use std::fmt::Write as _;

use serde_json::Value;
use unicode_segmentation::UnicodeSegmentation;

use crate::{report::clean::acts, secrets::redact};

/// A name and a value in HCL, which may have several lines.
pub(super) type Pair = (String, String);

/// Lines with each argument, aligned.
pub(super) fn arguments(pairs: &[Pair], indent: usize) -> String {
    let mut out = String::new();
    for group in pairs.chunk_by(|one, other| !one.1.contains('\n') && !other.1.contains('\n')) {
        let columns = |pair: &Pair| pair.0.graphemes(true).count();
        let widest = group.iter().map(columns).max().unwrap_or(0);
        for pair in group {
            let blanks = " ".repeat(widest - columns(pair));
            let _ = writeln!(out, "{}{}{blanks} = {}", " ".repeat(indent), pair.0, pair.1);
        }
    }
    out
}

/// A list. More than one item stands on lines of its own.
pub(super) fn list(items: &[String], indent: usize) -> String {
    match items {
        [] => "[]".into(),
        [one] if !one.contains('\n') => format!("[{one}]"),
        several => {
            let inner = " ".repeat(indent + 2);
            let lines: String = several.iter().map(|item| format!("{inner}{item},\n")).collect();
            format!("[\n{lines}{}]", " ".repeat(indent))
        }
    }
}

/// A map.
pub(super) fn map(pairs: &[Pair], indent: usize) -> String {
    if pairs.is_empty() {
        return "{}".into();
    }
    let named: Vec<Pair> = pairs.iter().map(|(name, value)| (key(name), value.clone())).collect();
    format!("{{\n{}{}}}", arguments(&named, indent + 2), " ".repeat(indent))
}

/// A JSON document as an expression.
pub(super) fn json(value: &Value, indent: usize) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => quoted(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| json(item, indent + 2)).collect();
            list(&items, indent)
        }
        Value::Object(members) => {
            let pairs: Vec<Pair> = members
                .iter()
                .map(|(name, member)| (name.clone(), json(member, indent + 2)))
                .collect();
            map(&pairs, indent)
        }
    }
}

/// Text in quotation marks.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

/// Text as it stands between quotation marks.
pub(super) fn escaped(text: &str) -> String {
    let text = redact(text);
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '$' | '%' if rest.peek() == Some(&'{') => {
                out.push(c);
                out.push(c);
            }
            c if acts(c) => {
                let code = u32::from(c);
                let _ = if code > 0xffff {
                    write!(out, "\\U{code:08x}")
                } else {
                    write!(out, "\\u{code:04x}")
                };
            }
            c => out.push(c),
        }
    }
    out
}

/// A key of a map: bare where it is an identifier that means nothing else.
fn key(name: &str) -> String {
    const WORDS: &[&str] = &["for", "in", "if", "true", "false", "null"];
    let mut letters = name.chars();
    let begins = letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    if begins && letters.all(|c| c.is_ascii_alphanumeric() || c == '_') && !WORDS.contains(&name) {
        name.to_owned()
    } else {
        quoted(name)
    }
}

/// An identifier made of a name: small letters, digits and underscores.
pub(super) fn identifier(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
        } else if !out.ends_with('_') {
            out.push('_');
        }
    }
    let out = out.trim_matches('_');
    if out.starts_with(|c: char| c.is_ascii_alphabetic()) {
        out.to_owned()
    } else {
        format!("x_{out}").trim_end_matches('_').to_owned()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_in_a_text_is_a_template() {
        for (text, wanted) in [
            ("${file(\"/etc/passwd\")}", r#""$${file(\"/etc/passwd\")}""#),
            ("%{ if true }", r#""%%{ if true }""#),
            ("$${x}", r#""$$${x}""#),
            ("$ % $x", r#""$ % $x""#),
            ("a\nb\u{1b}\u{202e}\u{e0001}", r#""a\nb\u001b\u202e\U000e0001""#),
            (r"\", r#""\\""#),
        ] {
            assert_eq!(quoted(text), wanted);
        }
    }

    #[test]
    fn keys_are_bare_only_where_that_is_safe() {
        assert_eq!(
            map(
                &[
                    ("Team".into(), "1".into()),
                    ("fedwiz:managed-by".into(), "2".into()),
                    ("for".into(), "3".into()),
                    ("${x}".into(), "4".into()),
                ],
                0
            ),
            "{\n  Team                = 1\n  \"fedwiz:managed-by\" = 2\n  \"for\"               = 3\n  \"$${x}\"             = 4\n}"
        );
    }

    #[test]
    fn a_document_is_laid_out_like_a_person_would() {
        let policy = json!({ "A": [{ "B": "*", "Resource": ["x", "y"] }], "Version": "1" });
        insta::assert_snapshot!(json(&policy, 0), @r#"
        {
          A = [
            {
              B = "*"
              Resource = [
                "x",
                "y",
              ]
            },
          ]
          Version = "1"
        }
        "#);
    }

    #[test]
    fn identifiers_are_identifiers() {
        for (name, wanted) in [
            ("NikkiWolf@contoso.onmicrosoft.com", "nikkiwolf_contoso_onmicrosoft_com"),
            ("1 \u{e9}t\u{e9}", "x_1_t"),
            ("${x}", "x"),
            ("\u{e9}", "x"),
            ("a · b", "a_b"),
        ] {
            assert_eq!(identifier(name), wanted);
        }
    }
}
