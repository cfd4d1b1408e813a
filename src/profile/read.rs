//! From text to [`Profile`]: walks the file along the field table, notes where everything stands, and fills in what is
//! left out.

use std::{
    collections::BTreeMap,
    ops::Range,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use toml::{
    Spanned, Table, Value as Toml,
    de::{DeTable, DeValue},
};

use super::{
    Profile, ProfileError, check,
    fields::{self, Absent, Field, Section, Value},
    shape::{Check, nearest_or},
    trouble::Trouble,
    words::nearest,
};

/// Where things stand in the file, by path: `people.user[1].upn`, `assignment[0].accounts[2]`.
pub(super) type Spans = BTreeMap<String, Range<usize>>;

impl Profile {
    /// Reads a profile from a file.
    pub fn load(path: &Path) -> Result<Self, ProfileError> {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| {
            let help = "Write one with `fedwiz init`, or name another with `--profile FILE`.";
            let trouble = Trouble::at(None, format!("the profile `{file}` cannot be read: {error}"), "", help);
            ProfileError::new(&file, "", vec![trouble])
        })?;
        let base = path.parent().map(Path::to_path_buf).unwrap_or_default();
        Self::parse(&text, &file, &base)
    }

    /// Reads a profile from its text. `file` is what to call it, and files it names are relative to `base`.
    pub fn parse(text: &str, file: &str, base: &Path) -> Result<Self, ProfileError> {
        let (document, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            let troubles = errors.into_iter().map(|error| syntax(&error)).collect();
            return Err(ProfileError::new(file, text, troubles));
        }
        let mut reader = Reader::default();
        let table = reader.table("", "", document.get_ref(), 0..0);
        if !reader.troubles.is_empty() {
            return Err(ProfileError::new(file, &masked(text, &reader.masked), reader.troubles));
        }
        let mut profile = Self::deserialize(Toml::Table(table)).map_err(|error| {
            let trouble = Trouble::at(None, error.message(), "", "");
            ProfileError::new(file, text, vec![trouble])
        })?;
        let troubles = check::check(&mut profile, &reader.spans, base);
        if troubles.is_empty() {
            Ok(profile)
        } else {
            Err(ProfileError::new(file, text, troubles))
        }
    }
}

fn syntax(error: &toml::de::Error) -> Trouble {
    let help = match error.message() {
        message if message.contains("duplicate key") => {
            "Each key may stand only once in a table. Remove one of the two."
        }
        _ => "The file is TOML: texts stand in quotes, lists in square brackets.",
    };
    Trouble::at(error.span(), error.message(), "here", help)
}

#[derive(Default)]
struct Reader {
    troubles: Vec<Trouble>,
    spans: Spans,
    /// Where somebody wrote a secret into the file: never shown, not even to say so.
    masked: Vec<Range<usize>>,
}

impl Reader {
    fn trouble(&mut self, span: &Range<usize>, message: String, label: impl Into<String>, help: impl Into<String>) {
        self.troubles
            .push(Trouble::at(Some(span.clone()), message, label, help));
    }

    /// Reads one table. `spec` is its path in the field table, `path` its place in this file.
    fn table(&mut self, spec: &str, path: &str, found: &DeTable<'_>, span: Range<usize>) -> Table {
        self.spans.insert(path.to_owned(), span.clone());
        for (key, value) in found {
            if !knows(spec, key.get_ref()) {
                self.unknown(spec, key, value);
            }
        }
        let mut table = Table::new();
        for field in fields::of_table(spec) {
            let place = join(path, field.key());
            let value = match found.get(field.key()) {
                Some(value) => self.field(field, &place, value),
                // Misspelt, and said so already.
                None if found.keys().any(|key| meant(spec, key.get_ref()) == Some(field.key())) => None,
                None => self.absent(field, path, &span),
            };
            if let Some(value) = value {
                table.insert(field.key().to_owned(), value);
            }
        }
        for section in fields::sections_of(spec) {
            let place = join(path, section.key());
            if let Some(value) = self.section(section, &place, found.get(section.key())) {
                table.insert(section.key().to_owned(), value);
            }
        }
        table
    }

    fn unknown(&mut self, spec: &str, key: &Spanned<std::borrow::Cow<'_, str>>, value: &Spanned<DeValue<'_>>) {
        let name = key.get_ref();
        let place = if spec.is_empty() {
            "a profile".to_owned()
        } else {
            format!("`{}`", header(spec))
        };
        let known: Vec<&str> = known(spec).collect();
        let message = format!("{place} has no key {}", quoted(name));
        if looks_secret(name) {
            self.masked.push(value.span());
            let help = "Secrets never stand in a profile: fedwiz asks for them, or reads them from the environment. Remove the line, \
                        and treat the secret as known to others.";
            self.trouble(&key.span(), message, "a secret?", help);
            return;
        }
        let elsewhere = fields::FIELDS
            .iter()
            .find(|field| field.key() == &**name && !field.table().is_empty());
        let help = match (nearest(name, known.iter().copied()), elsewhere) {
            (Some(near), _) => format!("Did you mean `{near}`?"),
            (None, Some(field)) => format!("`{name}` belongs in `{}`.", header(field.table())),
            (None, None) => format!("Known here: {}.", known.join(", ")),
        };
        self.trouble(&key.span(), message, "unknown key", help);
    }

    fn absent(&mut self, field: &Field, path: &str, span: &Range<usize>) -> Option<Toml> {
        match field.absent {
            Absent::Nothing => None,
            Absent::Default(literal) => Some(literal_value(literal)),
            Absent::Required => {
                let what = if path.is_empty() {
                    "the profile".to_owned()
                } else {
                    format!("`{path}`")
                };
                let message = format!("{what} lacks `{}`", field.key());
                let help = format!("{} For example: `{} = {}`.", field.help, field.key(), field.example);
                self.trouble(span, message, format!("`{}` is missing", field.key()), help);
                None
            }
        }
    }

    fn section(&mut self, section: &Section, path: &str, found: Option<&Spanned<DeValue<'_>>>) -> Option<Toml> {
        let Some(found) = found else {
            return match (section.is_list(), section.optional) {
                (true, _) if section.path == "aws[]" => Some(Toml::Array(vec![Toml::Table(self.table(
                    section.path,
                    "aws[0]",
                    &DeTable::new(),
                    0..0,
                ))])),
                (true, _) => Some(Toml::Array(Vec::new())),
                (false, true) => None,
                (false, false) => Some(Toml::Table(self.table(section.path, path, &DeTable::new(), 0..0))),
            };
        };
        match (section.is_list(), found.get_ref()) {
            (false, DeValue::Table(table)) => Some(Toml::Table(self.table(section.path, path, table, found.span()))),
            (true, DeValue::Array(items)) => {
                let mut list = Vec::new();
                for (at, item) in items.iter().enumerate() {
                    match item.get_ref() {
                        DeValue::Table(table) => {
                            let place = format!("{path}[{at}]");
                            list.push(Toml::Table(self.table(section.path, &place, table, item.span())));
                        }
                        other => self.kind(path, &item.span(), "a table", other),
                    }
                }
                Some(Toml::Array(list))
            }
            (true, DeValue::Table(_)) => {
                let help = format!("There may be several, so write `[[{path}]]` with two brackets.");
                self.trouble(
                    &found.span(),
                    format!("`{path}` is a list of tables"),
                    "a single table",
                    help,
                );
                None
            }
            (_, other) => {
                let wanted = if section.is_list() {
                    "a list of tables"
                } else {
                    "a table"
                };
                self.kind(path, &found.span(), wanted, other);
                None
            }
        }
    }

    fn field(&mut self, field: &Field, path: &str, found: &Spanned<DeValue<'_>>) -> Option<Toml> {
        let span = found.span();
        self.spans.insert(path.to_owned(), span.clone());
        match (field.value, found.get_ref()) {
            (Value::Text(check), DeValue::String(text)) => self.text(path, &span, text, check),
            (Value::Choice(words), DeValue::String(text)) => {
                if !words.contains(&&**text) {
                    let otherwise = format!("It may be {}.", listed(words));
                    let help = nearest_or(text, words.iter().copied(), &otherwise);
                    self.trouble(
                        &span,
                        format!("`{path}` cannot be {}", quoted(text)),
                        "not one of its choices",
                        help,
                    );
                    return None;
                }
                Some(Toml::String(text.to_string()))
            }
            (Value::Bool, DeValue::Boolean(value)) => Some(Toml::Boolean(*value)),
            (Value::List(check), DeValue::Array(items)) => self.list(path, items.iter(), check),
            (Value::Map(key_check, value_check), DeValue::Table(map)) => self.map(path, map, key_check, value_check),
            (wanted, other) => {
                let wanted = match wanted {
                    Value::Text(_) | Value::Choice(_) => "a text in quotes",
                    Value::Bool => "true or false, without quotes",
                    Value::List(_) => "a list of texts",
                    Value::Map(..) => "a table of texts",
                };
                self.kind(path, &span, wanted, other);
                None
            }
        }
    }

    fn text(&mut self, path: &str, span: &Range<usize>, text: &str, check: Check) -> Option<Toml> {
        match check(text) {
            Ok(()) => Some(Toml::String(text.to_owned())),
            Err(wrong) => {
                self.trouble(
                    span,
                    format!("`{path}` cannot be {}", quoted(text)),
                    wrong.what,
                    wrong.help,
                );
                None
            }
        }
    }

    fn list<'v, 'i: 'v>(
        &mut self,
        path: &str,
        items: impl Iterator<Item = &'v Spanned<DeValue<'i>>>,
        check: Check,
    ) -> Option<Toml> {
        let mut list: Vec<Toml> = Vec::new();
        for (at, item) in items.enumerate() {
            let (place, span) = (format!("{path}[{at}]"), item.span());
            self.spans.insert(place.clone(), span.clone());
            let DeValue::String(text) = item.get_ref() else {
                self.kind(&place, &span, "a text in quotes", item.get_ref());
                continue;
            };
            let twice = list
                .iter()
                .any(|there| there.as_str().is_some_and(|there| there.eq_ignore_ascii_case(text)));
            if twice {
                self.trouble(
                    &span,
                    format!("`{path}` names {} twice", quoted(text)),
                    "a second time",
                    "Remove one of the two.",
                );
            } else if let Some(value) = self.text(&place, &span, text, check) {
                list.push(value);
            }
        }
        Some(Toml::Array(list))
    }

    fn map(&mut self, path: &str, map: &DeTable<'_>, key_check: Check, value_check: Check) -> Option<Toml> {
        let mut table = Table::new();
        for (key, value) in map {
            let place = format!("{path}.{}", key.get_ref());
            self.spans.insert(place.clone(), value.span());
            let key_is_good = self.text(path, &key.span(), key.get_ref(), key_check).is_some();
            match value.get_ref() {
                DeValue::String(text) => {
                    let value = self.text(&place, &value.span(), text, value_check);
                    if let (true, Some(value)) = (key_is_good, value) {
                        table.insert(key.get_ref().to_string(), value);
                    }
                }
                other => self.kind(&place, &value.span(), "a text in quotes", other),
            }
        }
        Some(Toml::Table(table))
    }

    fn kind(&mut self, path: &str, span: &Range<usize>, wanted: &str, found: &DeValue<'_>) {
        let found = match found.type_str() {
            "string" => "a text",
            "integer" => "an integer",
            "float" => "a number",
            "boolean" => "true or false",
            "datetime" => "a date",
            "array" => "a list",
            _ => "a table",
        };
        self.trouble(
            span,
            format!("`{path}` must be {wanted}"),
            format!("this is {found}"),
            "",
        );
    }
}

/// The known key that an unknown one was probably meant to be.
fn meant(spec: &str, key: &str) -> Option<&'static str> {
    if knows(spec, key) {
        None
    } else {
        nearest(key, known(spec))
    }
}

fn looks_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["secret", "token", "password", "private_key", "access_key"]
        .iter()
        .any(|word| key.contains(word))
}

/// The text with what stands in these places replaced, byte for byte, so that all other places stay where they are.
fn masked(text: &str, places: &[Range<usize>]) -> String {
    let mut out = text.to_owned();
    for place in places {
        let mask: String = text[place.clone()]
            .chars()
            .flat_map(|c| std::iter::repeat_n(if c == '\n' { '\n' } else { '*' }, c.len_utf8()))
            .collect();
        out.replace_range(place.clone(), &mask);
    }
    out
}

fn knows(spec: &str, key: &str) -> bool {
    known(spec).any(|known| known == key)
}

fn known(spec: &str) -> impl Iterator<Item = &'static str> {
    fields::of_table(spec)
        .map(Field::key)
        .chain(fields::sections_of(spec).map(Section::key))
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

/// A section's heading the way it is written in the file.
pub(super) fn header(spec: &str) -> String {
    let bare = spec.replace("[]", "");
    if spec.ends_with("[]") {
        format!("[[{bare}]]")
    } else {
        format!("[{bare}]")
    }
}

/// The value of a TOML literal of the field table.
pub(super) fn literal_value(literal: &str) -> Toml {
    let mut table: Table = toml::from_str(&format!("x = {literal}")).expect("the field table holds TOML");
    table.remove("x").expect("the key was just written")
}

fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}

/// A value in backticks, cut short, without control characters.
pub(super) fn quoted(text: &str) -> String {
    let shown: String = text
        .chars()
        .take(60)
        .flat_map(|c| {
            if c.is_control() {
                c.escape_default().collect()
            } else {
                vec![c]
            }
        })
        .collect();
    let more = if text.chars().count() > 60 { "…" } else { "" };
    format!("`{shown}{more}`")
}

/// A path of the profile against the folder the profile lies in.
pub(super) fn resolve(base: &Path, path: &Path) -> PathBuf {
    if path.is_absolute() {
        path.to_path_buf()
    } else {
        base.join(path)
    }
}
