//! Who takes part: people and groups that are assigned in Entra and stand in AWS.

use std::collections::{BTreeMap, BTreeSet};

use toml::Value as Toml;

use super::{
    draft::{Draft, table},
    found::Found,
};
use crate::{
    clients::{aws::User as AwsUser, entra::users::User},
    profile::shape,
    steps::arrival::name_in_aws,
};

/// Those whom the profile names, by their ids in AWS.
pub(super) struct Principals {
    /// `user:…` or `group:…`, by the id in AWS.
    pub(super) named: BTreeMap<String, String>,
}

impl Principals {
    /// Puts people and groups into the profile.
    pub(super) fn of(found: &Found, draft: &mut Draft) -> Self {
        let mut named = BTreeMap::new();
        let users = people(found, draft, &mut named);
        let groups = groups(found, draft, &mut named);
        let people = table(vec![
            ("user", (!users.is_empty()).then_some(Toml::Array(users))),
            ("group", (!groups.is_empty()).then_some(Toml::Array(groups))),
        ]);
        if !people.is_empty() {
            draft.table.insert("people".into(), Toml::Table(people));
        }
        Self { named }
    }
}

/// The user in AWS of somebody in Entra: by the object id that provisioning put there, else by name.
fn in_aws<'f>(found: &'f Found, user: &User) -> Option<&'f AwsUser> {
    let by_id = || {
        found
            .users
            .iter()
            .find(|known| known.external_ids.iter().any(|(_, id)| *id == user.id))
    };
    let by_name = |name: &str| {
        let mut named = found.users.iter();
        named.find(|known| known.user_name.eq_ignore_ascii_case(name))
    };
    by_id()
        .or_else(|| by_name(&name_in_aws(&user.user_principal_name)))
        .or_else(|| by_name(user.mail.as_deref().filter(|mail| !mail.is_empty())?))
}

fn people(found: &Found, draft: &mut Draft, named: &mut BTreeMap<String, String>) -> Vec<Toml> {
    let mut rows = Vec::new();
    for user in &found.people {
        let upn = &user.user_principal_name;
        let Some(there) = in_aws(found, user) else {
            draft.note(
                "entra",
                upn.clone(),
                "is assigned to the application and not in Identity Center: left out of the profile; `fedwiz doctor` tells why",
            );
            continue;
        };
        if shape::upn(upn).is_err() {
            draft.note(
                "entra",
                upn.clone(),
                "has a sign-in name that the profile cannot hold: left out",
            );
            continue;
        }
        let by_hand = !there.is_provisioned();
        let names = (user.given_name.as_deref(), user.surname.as_deref());
        if by_hand && !matches!(names, (Some(given), Some(family)) if !given.is_empty() && !family.is_empty()) {
            draft.note(
                "entra",
                upn.clone(),
                "was made by hand in Identity Center and lacks a first or last name in Entra: left out of the profile",
            );
            continue;
        }
        if by_hand && there.user_name != *upn {
            draft.note(
                "aws",
                there.user_name.clone(),
                format!("was made by hand, and is not named {upn} to the letter: left out of the profile"),
            );
            continue;
        }
        named.insert(there.id.clone(), format!("user:{upn}"));
        rows.push(Toml::Table(person(user, there, by_hand)));
    }
    rows
}

/// A person as the profile names them. Where Identity Center's own values count, those are taken.
fn person(user: &User, there: &AwsUser, by_hand: bool) -> toml::Table {
    let good = |value: Option<&str>, check: shape::Check| {
        value
            .filter(|value| !value.is_empty() && check(value).is_ok())
            .map(Toml::from)
    };
    let values = if by_hand {
        [&there.given_name, &there.family_name, &there.display_name].map(|text| Some(text.as_str()))
    } else {
        [&user.given_name, &user.surname, &user.display_name].map(Option::as_deref)
    };
    let [given, family, shown] = values;
    table(vec![
        ("upn", Some(user.user_principal_name.as_str().into())),
        ("given_name", good(given, shape::short_name)),
        ("family_name", good(family, shape::short_name)),
        ("display_name", good(shown, shape::shown_name)),
        ("department", good(user.department.as_deref(), shape::short_name)),
        ("mail", good(user.mail.as_deref().filter(|_| !by_hand), shape::mail)),
        ("aws", by_hand.then(|| "manual".into())),
    ])
}

fn groups(found: &Found, draft: &mut Draft, named: &mut BTreeMap<String, String>) -> Vec<Toml> {
    let mut rows = Vec::new();
    let mut seen = BTreeSet::new();
    for (group, alone) in &found.groups {
        let name = group.display_name.clone().unwrap_or_default();
        let left_out = |why: &str| format!("{why}: left out of the profile");
        let there = found.aws_groups.iter().find(|known| known.display_name == name);
        let why = if !alone {
            Some("the tenant has several groups of that name, and Identity Center knows a group by its name")
        } else if group.security_enabled == Some(false) {
            Some("it is not a security group, so Entra does not provision it")
        } else if there.is_none() {
            Some("is assigned to the application and not in Identity Center")
        } else if shape::shown_name(&name).is_err() || !seen.insert(name.to_lowercase()) {
            Some("has a name that the profile cannot hold")
        } else {
            None
        };
        match (why, there) {
            (Some(why), _) => draft.note("entra", name, left_out(why)),
            (None, Some(there)) => {
                named.insert(there.id.clone(), format!("group:{name}"));
                rows.push(Toml::Table(table(vec![("name", Some(name.into()))])));
            }
            (None, None) => {}
        }
    }
    rows
}
