//! Texts in which no cut can hide: each has a mark at its beginning and one at its end, and between them letters of all
//! widths that no screen has of its own. Wherever such a text is drawn, it goes on to its end mark or to the mark of a cut.

use std::sync::Arc;

use fedwiz::{
    engine::{fact::Fact, recorder::Notice, signal::Signal},
    fault::Fault,
    profile::{Assignment, Group, Principal, Profile},
};
use serde_json::{Map, Value};

use super::film::Film;

/// The marks at both ends.
pub const BEGIN: char = '⟦';
pub const END: char = '⟧';

/// Wide letters, marks that combine, letters joined to one, letters that are written from right to left, and a mark that
/// would turn the direction of everything after it.
const WORDS: [&str; 6] = [
    "漢字仮名",
    "e\u{301}n\u{303}e\u{301}",
    "👩\u{200d}💻",
    "שלום",
    "\u{202e}가나다",
    "漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字",
];

/// Whether only such a text has this letter.
pub fn is_odd(symbol: &str) -> bool {
    let first = symbol.chars().next().unwrap_or(' ');
    first == BEGIN
        || first == END
        || symbol.contains(['\u{301}', '\u{303}', '\u{200d}'])
        || matches!(
            first,
            '漢' | '字' | '仮' | '名' | '가' | '나' | '다' | '\u{5d0}'..='\u{5ea}'
        )
}

/// A text about as long as this one, or longer.
pub fn long(text: &str) -> String {
    let words: Vec<&str> = WORDS.into_iter().cycle().take(3 + text.len() / 9).collect();
    format!("{BEGIN}{}{END}", words.join(" "))
}

/// People with such names, who have access too.
pub fn people(profile: &mut Profile) {
    let members: Vec<String> = profile.people.user.iter().map(|user| user.upn.clone()).collect();
    for (at, words) in [&WORDS[..2], &WORDS[2..5], &WORDS[3..]].into_iter().enumerate() {
        let name = format!("{BEGIN}{} {at}{END}", words.join(" "));
        profile.people.group.push(Group {
            name: name.clone(),
            create: true,
            members: members.clone(),
        });
        profile.assignment.push(Assignment {
            principal: Principal::Group(name),
            accounts: vec!["management".into()],
            permission_sets: vec![profile.permission_set[0].name.clone()],
        });
    }
    for user in &mut profile.people.user {
        user.display_name = Some(long(""));
    }
}

/// The film, told in such texts.
pub fn told(film: &Film) -> Film {
    let mut film = film.clone();
    film.name = long("");
    film.leads = long("");
    for take in &mut film.takes {
        for notice in &mut take.notices {
            match notice {
                Notice::Fact(event) => Arc::make_mut(event).fact = retold::<Fact>(&event.fact),
                Notice::Signal(event) => Arc::make_mut(event).signal = retold::<Signal>(&event.signal),
            }
        }
        let faults = take.outcome.failed.iter_mut().chain(&mut take.outcome.needs_person);
        for (_, fault) in faults {
            *fault = retold::<Fault>(fault);
        }
    }
    film
}

fn retold<T: serde::Serialize + serde::de::DeserializeOwned>(told: &T) -> T {
    let mut value = serde_json::to_value(told).unwrap();
    retell(&mut value);
    serde_json::from_value(value).unwrap()
}

/// What people read; the rest are names and numbers that programs read.
const READ: [&str; 19] = [
    "text",
    "why",
    "ends_when",
    "proof",
    "note",
    "hint",
    "title",
    "consequences",
    "way_back",
    "say",
    "values",
    "label",
    "url",
    "request_id",
    "found",
    "wanted",
    "field",
    "link",
    "code",
];

fn retell(value: &mut Value) {
    match value {
        Value::Object(object) => {
            let is_fault = object.contains_key("what") && object.contains_key("retry");
            retell_parts(object, is_fault);
        }
        Value::Array(values) => values.iter_mut().for_each(retell),
        _ => {}
    }
}

fn retell_parts(object: &mut Map<String, Value>, is_fault: bool) {
    for (key, value) in object {
        // What stands, and the arguments of a click, are for programs.
        if matches!(key.as_str(), "output" | "before" | "refs" | "args") {
            continue;
        }
        let read = READ.contains(&key.as_str()) || is_fault && key == "what";
        match value {
            Value::String(text) if read && !text.is_empty() => *text = long(text),
            Value::Array(texts) if read => texts.iter_mut().for_each(retell_text),
            value => retell(value),
        }
    }
}

fn retell_text(value: &mut Value) {
    match value {
        Value::String(text) => *text = long(text),
        Value::Array(texts) => texts.iter_mut().for_each(retell_text),
        value => retell(value),
    }
}
