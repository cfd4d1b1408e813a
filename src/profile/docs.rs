//! `docs/profile.md`, from the field table.

use std::fmt::Write;

use super::{
    fields::{self, Absent, Field, Value},
    read::header,
};

/// The reference of all keys, as Markdown.
pub fn markdown() -> String {
    let mut out = String::from(
        "# The profile\n\n\
         A profile is a TOML file that says what to connect, who may sign in, and what they may do. `fedwiz init` writes one with\n\
         every key explained. It never holds a secret. Unknown keys, duplicates and impossible values are errors that name the\n\
         file, the line and what was probably meant.\n\n\
         This page is written from the same table that reads the file; a test keeps it up to date.\n\n",
    );
    rows(&mut out, "");
    for section in fields::SECTIONS {
        if fields::of_table(section.path).next().is_none() {
            continue;
        }
        let several = if section.is_list() {
            " Repeat the section for each."
        } else {
            ""
        };
        let _ = write!(out, "\n## `{}`\n\n{}{several}\n\n", header(section.path), section.help);
        rows(&mut out, section.path);
    }
    out
}

fn rows(out: &mut String, table: &str) {
    out.push_str("| key | may be | left out | meaning |\n| --- | --- | --- | --- |\n");
    for field in fields::of_table(table) {
        let _ = writeln!(
            out,
            "| `{}` | {} | {} | {} |",
            field.key(),
            may_be(field),
            left_out(field),
            field.help
        );
    }
}

fn may_be(field: &Field) -> String {
    match field.value {
        Value::Choice(words) => words
            .iter()
            .map(|word| format!("`{word}`"))
            .collect::<Vec<_>>()
            .join(", "),
        Value::Bool => "`true`, `false`".into(),
        Value::Text(_) | Value::List(_) | Value::Map(..) => format!("such as `{}`", field.example),
    }
}

fn left_out(field: &Field) -> String {
    match field.absent {
        Absent::Required => "an error".into(),
        Absent::Nothing => "nothing".into(),
        Absent::Default(default) => format!("`{default}`"),
    }
}
