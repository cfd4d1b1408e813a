//! Provisioning, the NameID and attribute-based access control as the profile says them.

use std::collections::BTreeMap;

use serde_json::Value;
use toml::{Table, Value as Toml};

use super::{
    draft::{Draft, table},
    found::Found,
};
use crate::{
    profile::{Cloud, Filter, NameId, shape, sources},
    steps::{
        claims_policy::{ACCESS_CONTROL, AWS_NAMESPACE, Slot, name_id_claim, same_claim, shown_claim, tag_claim},
        schema,
    },
};

/// Scope, notification mail and scoping filter.
pub(super) fn provisioning(found: &Found, draft: &mut Draft) {
    if found.job.is_none() {
        draft.note(
            "entra",
            found.name(),
            "has no provisioning job: people and groups in Identity Center are kept up by hand; `fedwiz plan` shows what \
             provisioning would take",
        );
        return;
    }
    let all = found
        .setting("SyncAll")
        .is_some_and(|all| all.eq_ignore_ascii_case("true"));
    let filters = filters(found, draft);
    let provisioning = table(vec![
        ("scope", all.then(|| "all".into())),
        ("notify", notify(found, draft).map(Toml::String)),
        ("filter", (!filters.is_empty()).then_some(Toml::Array(filters))),
    ]);
    if !provisioning.is_empty() {
        draft.table.insert("provisioning".into(), Toml::Table(provisioning));
    }
    let edits = schema::wanted_edits(&found.schema);
    if !edits.is_empty() {
        let fields: Vec<String> = edits.iter().map(|edit| edit.difference().field).collect();
        draft.note(
            "entra",
            found.name(),
            format!(
                "its attribute mappings differ from what fedwiz would set ({}): they stay as they are",
                fields.join(", ")
            ),
        );
    }
}

/// Who is told when provisioning fails. The service keeps it as JSON in a text.
fn notify(found: &Found, draft: &mut Draft) -> Option<String> {
    let settings: Value = serde_json::from_str(found.setting("SyncNotificationSettings")?).ok()?;
    let recipients = settings["Recipients"].as_str().filter(|text| !text.is_empty())?;
    if shape::mail(recipients).is_ok() {
        return Some(recipients.to_owned());
    }
    draft.note(
        "entra",
        found.name(),
        format!("tells `{recipients}` when provisioning fails, which the profile cannot hold: sending the settings anew drops it"),
    );
    None
}

/// The scoping filter's conditions, where all of them must hold.
fn filters(found: &Found, draft: &mut Draft) -> Vec<Toml> {
    let scope = schema::user_scope(&found.schema);
    let shown = schema::shown_scope(&scope);
    let clauses = scope["groups"][0]["clauses"].as_array().cloned().unwrap_or_default();
    let read = |clause: &Value| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Filter {
            attribute: text(&clause["sourceOperandName"]),
            operator: text(&clause["operatorName"]),
            value: text(&clause["targetOperand"]["values"][0]),
        }
    };
    let filters: Vec<Filter> = clauses.iter().map(read).collect();
    if filters.is_empty() {
        return Vec::new();
    }
    let holds = |filter: &Filter| shape::filter_attribute(&filter.attribute).is_ok();
    if schema::shown_scope(&schema::scope_of("", &filters)) != shown || !filters.iter().all(holds) {
        draft.note(
            "entra",
            found.name(),
            format!("has a scoping filter that the profile cannot say (`{shown}`): it stays as it is"),
        );
        return Vec::new();
    }
    let row = |filter: Filter| {
        Toml::Table(table(vec![
            ("attribute", Some(filter.attribute.into())),
            ("operator", Some(filter.operator.into())),
            ("value", (!filter.value.is_empty()).then(|| filter.value.into())),
        ]))
    };
    filters.into_iter().map(row).collect()
}

/// The source that a configuration of a claim reads.
fn source(configuration: &Value) -> Option<String> {
    let id = configuration["attribute"]["id"].as_str()?.to_ascii_lowercase();
    Some(format!("user.{id}"))
}

/// What people are called in an assertion.
pub(super) fn name_id(found: &Found, cloud: Cloud, draft: &mut Draft) {
    for policy in &found.mappings {
        let name = policy.display_name.as_deref().unwrap_or(&policy.id).to_owned();
        draft.note(
            "entra",
            name,
            "this claims mapping policy decides what assertions say: it stays, and the profile does not say what it says",
        );
    }
    let Some(claim) = found.claims.as_ref().and_then(|policy| Slot::NameId.of(policy)) else {
        return;
    };
    let configurations = claim["configurations"].as_array().cloned().unwrap_or_default();
    let said = match &configurations[..] {
        [all] => source(all).map(|members| NameId { members, guests: None }),
        [members, guests] => source(members).zip(source(guests)).map(|(members, guests)| NameId {
            members,
            guests: Some(guests),
        }),
        _ => None,
    };
    let fits = |said: &NameId| {
        shape::name_id(&said.members).is_ok()
            && said
                .guests
                .as_deref()
                .is_none_or(|guests| shape::name_id(guests).is_ok())
            && (said.guests.is_none() || cloud == Cloud::Global)
            && name_id_claim(said).is_ok_and(|wanted| same_claim(&wanted, &claim))
    };
    let Some(said) = said.filter(fits) else {
        draft.note(
            "entra",
            found.name(),
            format!(
                "has a NameID that the profile cannot say ({}): it stays as it is",
                shown_claim(&claim)
            ),
        );
        return;
    };
    let usual = said.guests.is_none() && said.members == "user.userprincipalname";
    if !usual {
        let rows = table(vec![
            ("members", Some(said.members.into())),
            ("guests", said.guests.map(Toml::String)),
        ]);
        draft.table.insert("name_id".into(), Toml::Table(rows));
    }
}

/// Attributes for access control, whichever way they travel.
pub(super) fn abac(found: &Found, draft: &mut Draft) {
    let mut by_saml = if found.mappings.is_empty() {
        saml_tags(found, draft)
    } else {
        BTreeMap::new()
    };
    let mut by_list = listed_tags(found, draft);
    // One way for all: what goes the other way only stays as it is.
    let both = !by_saml.is_empty() && by_saml == by_list;
    let (attributes, via) = if both {
        (by_saml, "both")
    } else if by_saml.is_empty() {
        (std::mem::take(&mut by_list), "identity-center")
    } else {
        by_saml.retain(|key, _| {
            let alone = !by_list.contains_key(key);
            if !alone {
                draft.note(
                    "aws",
                    format!("attribute {key}"),
                    "travels both ways, and others only one: the profile does not say it, and it stays as it is",
                );
            }
            alone
        });
        (by_saml, "saml")
    };
    if via == "saml" {
        for key in by_list.keys().filter(|key| !attributes.contains_key(*key)) {
            draft.note(
                "aws",
                format!("attribute {key}"),
                "is taken from what provisioning brought, others come with the sign-in: the profile does not say it, and it \
                 stays as it is",
            );
        }
    }
    if attributes.is_empty() {
        if found.abac.is_some() {
            draft.note(
                "aws",
                "attributes for access control",
                "are switched on, with none that the profile says: they stay as they are",
            );
        }
        return;
    }
    let attributes: Table = attributes.into_iter().map(|(key, value)| (key, value.into())).collect();
    let rows = table(vec![
        ("attributes", Some(Toml::Table(attributes))),
        ("via", Some(via.into())),
    ]);
    draft.table.insert("abac".into(), Toml::Table(rows));
}

/// The session tags that Entra sends, as far as the profile can say them.
fn saml_tags(found: &Found, draft: &mut Draft) -> BTreeMap<String, String> {
    let claims = found.claims.as_ref().and_then(|policy| policy["claims"].as_array());
    let mut tags = BTreeMap::new();
    for claim in claims.into_iter().flatten() {
        let name = claim["name"].as_str().unwrap_or_default();
        let inside = claim["namespace"].as_str().unwrap_or_default();
        let full = if inside.is_empty() {
            name.to_owned()
        } else {
            format!("{}/{name}", inside.trim_end_matches('/'))
        };
        let Some(key) = full.strip_prefix(&format!("{AWS_NAMESPACE}/{ACCESS_CONTROL}")) else {
            continue;
        };
        let source = source(&claim["configurations"][0]);
        let fits = |source: &String| {
            shape::abac_key(key).is_ok() && tag_claim(key, source).is_ok_and(|wanted| same_claim(&wanted, claim))
        };
        match source.filter(fits) {
            Some(source) => {
                tags.insert(key.to_owned(), source);
            }
            None => draft.note(
                "entra",
                format!("claim {ACCESS_CONTROL}{key}"),
                format!(
                    "comes {} and the profile cannot say that: it stays as it is",
                    shown_claim(claim)
                ),
            ),
        }
    }
    tags
}

/// The session tags that Identity Center takes from what provisioning brought, as far as the profile can say them.
fn listed_tags(found: &Found, draft: &mut Draft) -> BTreeMap<String, String> {
    let mut tags = BTreeMap::new();
    for (key, path) in found.abac.iter().flat_map(|abac| &abac.attributes) {
        let source = sources::SOURCES
            .iter()
            .find(|source| source.identity_center == Some(path.as_str()));
        match source.filter(|_| shape::abac_key(key).is_ok()) {
            Some(source) => {
                tags.insert(key.clone(), format!("user.{}", source.id));
            }
            None => draft.note(
                "aws",
                format!("attribute {key}"),
                format!("comes from {path}, which the profile cannot say: it stays as it is"),
            ),
        }
    }
    tags
}
