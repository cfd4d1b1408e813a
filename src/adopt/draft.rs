//! What was found, in the words of a profile.

use std::collections::BTreeMap;

use toml::{Table, Value as Toml};

use super::{found::Found, principals::Principals, sets, settings};
use crate::{
    clients::entra::applications::AWS_IDENTITY_CENTER,
    profile::{Cloud, Profile, ProfileError, write},
    steps::owners,
};

/// The profile that a federation comes to.
#[derive(Debug, Default)]
pub struct Draft {
    /// Its answers, with policies as names of files.
    pub table: Table,
    /// The files beside it: name and text.
    pub files: BTreeMap<String, String>,
    /// What the profile cannot say.
    pub notes: Vec<Note>,
    /// What somebody else looks after.
    pub owned: Vec<Owned>,
    /// The folder of the files, beside the profile.
    pub(super) folder: String,
}

/// Something that the profile cannot say, or that the operator should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// `entra` or `aws`.
    pub side: &'static str,
    /// The object's name.
    pub object: String,
    /// What is so.
    pub text: String,
}

/// Something that somebody else looks after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owned {
    /// `entra` or `aws`.
    pub side: &'static str,
    /// What kind of thing it is.
    pub kind: &'static str,
    /// Its name.
    pub object: String,
    /// Who.
    pub owner: String,
}

impl Draft {
    /// Says something about an object.
    pub(super) fn note(&mut self, side: &'static str, object: impl Into<String>, text: impl Into<String>) {
        self.notes.push(Note {
            side,
            object: object.into(),
            text: text.into(),
        });
    }

    /// The profile's text.
    pub fn text(&self) -> String {
        write::render(&self.table)
    }

    /// The profile, with its policies at hand before any file is written.
    pub fn profile(&self) -> Result<Profile, Box<ProfileError>> {
        let mut table = self.table.clone();
        let sets = table.get_mut("permission_set").and_then(Toml::as_array_mut);
        for set in sets.into_iter().flatten().filter_map(Toml::as_table_mut) {
            let file = set.get("inline_policy").and_then(Toml::as_str).map(str::to_owned);
            if let Some(text) = file.and_then(|file| self.files.get(&file)) {
                set.insert("inline_policy".into(), text.clone().into());
            }
        }
        let text = write::render(&table);
        Profile::parse(&text, "the new profile", std::path::Path::new("")).map_err(Box::new)
    }
}

/// A table from its entries, without those that are not there.
pub(super) fn table(entries: Vec<(&str, Option<Toml>)>) -> Table {
    let entries = entries
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), value?)));
    entries.collect()
}

/// A list of texts; none when it is empty.
pub(super) fn list(texts: Vec<String>) -> Option<Toml> {
    (!texts.is_empty()).then(|| Toml::Array(texts.into_iter().map(Toml::String).collect()))
}

/// The profile of what was found. `base` holds what the operator said: how to sign in, and where. Policies lie in `folder`,
/// beside the profile.
pub fn draft(found: &Found, base: Table, cloud: Cloud, folder: &str) -> Draft {
    let mut draft = Draft {
        table: base,
        folder: folder.to_owned(),
        ..Draft::default()
    };
    application(found, &mut draft);
    settings::provisioning(found, &mut draft);
    settings::name_id(found, cloud, &mut draft);
    let principals = Principals::of(found, &mut draft);
    let known = sets::permission_sets(found, &mut draft);
    sets::assignments(found, &principals, &known, &mut draft);
    settings::abac(found, &mut draft);
    let teaching = table(vec![("sign_in", Some(Toml::Boolean(false)))]);
    draft.table.insert("teaching".into(), Toml::Table(teaching));
    draft
}

fn application(found: &Found, draft: &mut Draft) {
    let gallery = found.principal.application_template_id.as_deref() == Some(AWS_IDENTITY_CENTER);
    let kind = (!gallery).then(|| Toml::from("non-gallery"));
    let application = table(vec![("name", Some(found.name().into())), ("kind", kind)]);
    if let Some(entra) = draft.table.get_mut("entra").and_then(Toml::as_table_mut) {
        entra.insert("application".into(), Toml::Table(application));
    }
    if let Some(owner) = owners::of_application(&found.principal.tags, found.principal.notes.as_deref()) {
        draft.owned.push(Owned {
            side: "entra",
            kind: "application",
            object: found.name().to_owned(),
            owner,
        });
    }
    for stranger in &found.strangers {
        draft.note(
            "entra",
            stranger.clone(),
            "is assigned to the application and is neither a user nor a group: the profile does not name it",
        );
    }
}
