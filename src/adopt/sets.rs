//! Permission sets and account assignments as the profile says them.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value as Toml};

use super::{
    draft::{Draft, Owned, list, table},
    found::Found,
    principals::Principals,
};
use crate::{
    clients::aws::{Boundary, CustomerPolicy, PermissionSet},
    profile::shape,
    steps::{accounts::MANAGEMENT, owners, permission_set::MARKER_TAG},
};

/// How long a session lasts when nobody says so.
const HOUR: &str = "PT1H";
/// What stands before the name of an AWS managed policy in its ARN.
const MANAGED: &str = ":iam::aws:policy/";

/// Puts the permission sets into the profile. Gives those that it names, by ARN.
pub(super) fn permission_sets(found: &Found, draft: &mut Draft) -> BTreeMap<String, String> {
    let mut known = BTreeMap::new();
    let mut rows = Vec::new();
    for set in &found.sets {
        if let Some(owner) = owners::of_set(&set.name, &set.tags) {
            draft.owned.push(Owned {
                side: "aws",
                kind: "permission set",
                object: set.name.clone(),
                owner,
            });
        }
        match permission_set(set, draft) {
            Ok(row) => {
                known.insert(set.arn.clone(), set.name.clone());
                rows.push(Toml::Table(row));
            }
            Err(why) => draft.note(
                "aws",
                set.name.clone(),
                format!("{why}: left out of the profile, with its assignments"),
            ),
        }
    }
    if !rows.is_empty() {
        draft.table.insert("permission_set".into(), Toml::Array(rows));
    }
    known
}

/// One permission set; or why the profile cannot say it.
fn permission_set(set: &PermissionSet, draft: &mut Draft) -> Result<Table, String> {
    let checked = |value: &str, check: shape::Check, what: &str| match check(value) {
        Ok(()) => Ok(()),
        Err(wrong) => Err(format!("its {what} is {}", wrong.what)),
    };
    checked(&set.name, shape::set_name, "name")?;
    checked(&set.session, shape::duration, "session duration")?;
    let optional = |value: &str, check: shape::Check, what: &str| {
        if value.is_empty() {
            return Ok(None);
        }
        checked(value, check, what).map(|()| Some(Toml::from(value)))
    };
    let description = optional(&set.description, shape::description, "description")?;
    let relay_state = optional(&set.relay_state, shape::relay_state, "relay state")?;
    let mut managed = Vec::new();
    for arn in &set.managed {
        let name = short(arn);
        checked(&name, shape::managed_policy, "AWS managed policy")?;
        managed.push(name);
    }
    let customer = |policy: &CustomerPolicy| {
        let path = (policy.path != "/").then(|| Toml::from(policy.path.as_str()));
        Toml::Table(table(vec![("name", Some(policy.name.as_str().into())), ("path", path)]))
    };
    let customers: Vec<Toml> = set.customer.iter().map(customer).collect();
    let boundary = set.boundary.as_ref().map(|boundary| {
        Toml::Table(match boundary {
            Boundary::Managed(arn) => table(vec![("managed_policy", Some(short(arn).into()))]),
            Boundary::Customer(policy) => table(vec![("customer_managed", Some(customer(policy)))]),
        })
    });
    let inline_policy = set.inline.as_deref().map(|text| {
        let file = format!("{}/{}.json", draft.folder, file_name(&set.name));
        draft.files.insert(file.clone(), pretty(text));
        Toml::from(file)
    });
    Ok(table(vec![
        ("name", Some(set.name.as_str().into())),
        ("description", description),
        (
            "session_duration",
            (set.session != HOUR).then(|| set.session.as_str().into()),
        ),
        ("relay_state", relay_state),
        ("inline_policy", inline_policy),
        ("managed_policies", list(managed)),
        ("tags", tags(set, draft)),
        (
            "customer_managed",
            (!customers.is_empty()).then_some(Toml::Array(customers)),
        ),
        ("boundary", boundary),
    ]))
}

/// The name of an AWS managed policy, with its path if it has one.
fn short(arn: &str) -> String {
    arn.split_once(MANAGED)
        .map_or_else(|| arn.to_owned(), |(_, name)| name.to_owned())
}

/// The tags that people set. AWS's own, and the mark of who made it, are not for a profile.
fn tags(set: &PermissionSet, draft: &mut Draft) -> Option<Toml> {
    let mut tags = Table::new();
    for (key, value) in &set.tags {
        if shape::tag_key(key).is_ok() && shape::tag_value(value).is_ok() {
            tags.insert(key.clone(), value.as_str().into());
        } else if !key.starts_with("aws:") && key != MARKER_TAG {
            draft.note(
                "aws",
                set.name.clone(),
                format!("has a tag `{key}` that the profile cannot hold: it stays as it is"),
            );
        }
    }
    (!tags.is_empty()).then_some(Toml::Table(tags))
}

/// A name as a file may be called on every system.
fn file_name(name: &str) -> String {
    let letter = |letter: char| match letter {
        '+' | '=' | ',' | '@' => '_',
        letter => letter,
    };
    name.chars().map(letter).collect()
}

fn pretty(policy: &str) -> String {
    serde_json::from_str::<serde_json::Value>(policy)
        .and_then(|policy| serde_json::to_string_pretty(&policy))
        .map_or_else(|_| policy.to_owned(), |text| text + "\n")
}

/// Puts the account assignments into the profile: one section for all accounts and sets that somebody has alike.
pub(super) fn assignments(found: &Found, principals: &Principals, sets: &BTreeMap<String, String>, draft: &mut Draft) {
    let mut held: BTreeMap<&str, BTreeMap<&str, BTreeSet<String>>> = BTreeMap::new();
    let mut outside: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for assignment in &found.assignments {
        let account = if assignment.account == found.instance.owner {
            MANAGEMENT.to_owned()
        } else {
            assignment.account.clone()
        };
        match (
            principals.named.get(assignment.principal.id()),
            sets.get(&assignment.permission_set),
        ) {
            (Some(who), Some(set)) => {
                held.entry(who).or_default().entry(set).or_default().insert(account);
            }
            (None, Some(set)) => *outside.entry((assignment.principal.id(), set)).or_default() += 1,
            (_, None) => {}
        }
    }
    let mut rows = Vec::new();
    for (who, sets) in held {
        let mut alike: BTreeMap<BTreeSet<String>, Vec<String>> = BTreeMap::new();
        for (set, accounts) in sets {
            alike.entry(accounts).or_default().push(set.to_owned());
        }
        for (accounts, sets) in alike {
            rows.push(Toml::Table(table(vec![
                ("principal", Some(who.into())),
                ("accounts", list(accounts.into_iter().collect())),
                ("permission_sets", list(sets)),
            ])));
        }
    }
    if !rows.is_empty() {
        draft.table.insert("assignment".into(), Toml::Array(rows));
    }
    for ((principal, set), many) in outside {
        let (name, why) = stranger(found, principal);
        let many = match many {
            1 => "1 account".to_owned(),
            many => format!("{many} accounts"),
        };
        draft.note(
            "aws",
            name,
            format!("has {set} in {many} and {why}: not in the profile, it stays as it is"),
        );
    }
}

/// Somebody whom the profile does not name: the name, and why not.
fn stranger(found: &Found, id: &str) -> (String, String) {
    if let Some(group) = found.aws_groups.iter().find(|group| group.id == id) {
        let why = match owners::of_group(&group.display_name) {
            Some(owner) => format!("is a group of {owner}"),
            None if group.provisioned => {
                "is a group that Entra provisions, and is not assigned to the application".into()
            }
            None => "is a group of Identity Center's own".into(),
        };
        return (group.display_name.clone(), why);
    }
    match found.users.iter().find(|user| user.id == id) {
        Some(user) if user.is_provisioned() => (
            user.user_name.clone(),
            "is not assigned to the application directly".to_owned(),
        ),
        Some(user) => (user.user_name.clone(), "is a user of Identity Center's own".to_owned()),
        None => (id.to_owned(), "is gone".to_owned()),
    }
}
