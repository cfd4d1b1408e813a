//! A profile as text: the values that are set, every other key as a comment with what stands in for it.

use std::fmt::Write;

use toml::{Table, Value as Toml};

use super::{
    fields::{self, Absent, Field, Section, Value},
    read::header,
};

/// How wide comments are.
const WIDTH: usize = 110;

/// The profile with these values, with a comment for every key.
pub fn render(table: &Table) -> String {
    let mut out =
        String::from("# A fedwiz profile. Lines that begin with `#` show what holds when nothing else is said.\n");
    for field in fields::of_table("") {
        out.push('\n');
        commented(&mut out, field, table.get(field.key()));
    }
    for section in fields::sections_of("") {
        one_section(&mut out, section, table.get(section.key()), section.key());
    }
    out
}

fn one_section(out: &mut String, section: &Section, found: Option<&Toml>, path: &str) {
    let tables: Vec<&Table> = match found {
        Some(Toml::Table(table)) => vec![table],
        Some(Toml::Array(items)) => items.iter().filter_map(Toml::as_table).collect(),
        _ => Vec::new(),
    };
    if tables.is_empty() {
        absent(out, section, path);
        return;
    }
    for (at, table) in tables.into_iter().enumerate() {
        out.push('\n');
        if at == 0 {
            comment(out, section.help);
        }
        let has_fields = fields::of_table(section.path).next().is_some();
        if has_fields {
            let _ = writeln!(out, "{}", heading(section, path));
        }
        for field in fields::of_table(section.path) {
            match (at, table.get(field.key())) {
                (0, value) => commented(out, field, value),
                (_, Some(value)) => assign(out, field.key(), value),
                (_, None) => {}
            }
        }
        for inner in fields::sections_of(section.path) {
            let place = format!("{path}.{}", inner.key());
            let value = table.get(inner.key());
            if at == 0 || value.is_some() {
                one_section(out, inner, value, &place);
            }
        }
    }
}

/// A section that is not there: its heading, too, is a comment wherever writing it would mean something.
fn absent(out: &mut String, section: &Section, path: &str) {
    out.push('\n');
    comment(out, section.help);
    let hidden = section.is_list() || section.optional;
    let has_fields = fields::of_table(section.path).next().is_some();
    if has_fields {
        let _ = writeln!(out, "{}{}", if hidden { "# " } else { "" }, heading(section, path));
    }
    for field in fields::of_table(section.path) {
        if hidden {
            let _ = writeln!(out, "# {} = {}", field.key(), field.example);
        } else {
            commented(out, field, None);
        }
    }
    if !hidden {
        for inner in fields::sections_of(section.path) {
            absent(out, inner, &format!("{path}.{}", inner.key()));
        }
    }
}

fn heading(section: &Section, path: &str) -> String {
    header(&if section.is_list() {
        format!("{path}[]")
    } else {
        path.to_owned()
    })
}

/// One key with its comment; a key that is not set stands in the comment.
fn commented(out: &mut String, field: &Field, value: Option<&Toml>) {
    comment(out, field.help);
    if let Value::Choice(words) = field.value {
        comment(out, &format!("One of: {}.", words.join(", ")));
    }
    match (value, field.absent) {
        (Some(value), _) => assign(out, field.key(), value),
        (None, Absent::Default(default)) => {
            let _ = writeln!(out, "# {} = {default}", field.key());
        }
        (None, Absent::Nothing | Absent::Required) => {
            let _ = writeln!(out, "# {} = {}", field.key(), field.example);
        }
    }
}

fn assign(out: &mut String, key: &str, value: &Toml) {
    let _ = match value {
        // Policies are read by people: keep their lines.
        Toml::String(text) if text.contains('\n') && !text.contains("'''") => {
            writeln!(out, "{key} = '''\n{}'''", text.trim_start_matches('\n'))
        }
        value => writeln!(out, "{key} = {value}"),
    };
}

fn comment(out: &mut String, text: &str) {
    let mut line = String::from("#");
    for word in text.split(' ') {
        if line.chars().count() + 1 + word.chars().count() > WIDTH {
            out.push_str(&line);
            out.push('\n');
            line = String::from("#");
        }
        line.push(' ');
        line.push_str(word);
    }
    out.push_str(&line);
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::tutorial::{minimal, tutorial};

    #[test]
    fn what_is_written_reads_back_as_it_was() {
        for table in [
            tutorial("contoso.onmicrosoft.com", "contoso.com"),
            minimal("contoso.com"),
        ] {
            let text = render(&table);
            let read: Table = toml::from_str(&text).unwrap();
            // Sections without a value are written as empty tables.
            let bare = |table: &Table| {
                let mut table = table.clone();
                table.retain(|_, value| value.as_table().is_none_or(|table| !table.is_empty()));
                let entra = table["entra"].as_table_mut().unwrap();
                entra.retain(|_, value| value.as_table().is_none_or(|table| !table.is_empty()));
                table
            };
            assert_eq!(bare(&read), bare(&table), "{text}");
        }
    }

    #[test]
    fn every_key_is_in_the_text() {
        let text = render(&tutorial("contoso.onmicrosoft.com", "contoso.com"));
        for field in fields::FIELDS {
            assert!(text.contains(&format!("{} = ", field.key())), "{}", field.path);
        }
    }
}
