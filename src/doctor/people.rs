//! Rules about people and groups in scope.

use std::collections::BTreeMap;

use super::{
    evidence::{Entra, Evidence},
    finding::{Finding, Side},
};
use crate::steps::{
    people::{Person, lint, phones_of},
    schema,
};

/// AWS takes so many changes of members in one call.
/// <https://docs.aws.amazon.com/singlesignon/latest/developerguide/patchgroup.html>
const MEMBERS_AT_ONCE: usize = 100;

/// What is wrong with people and groups.
pub fn judge(evidence: &Evidence, findings: &mut Vec<Finding>) {
    let entra = &evidence.entra;
    lint_people(entra, findings);
    groups(evidence, findings);
    mapped_twice(entra, findings);
    for name in entra.expected.iter().filter(|_| entra.scope_known) {
        let detail = "has assignments in the profile and is not assigned to the application";
        findings.push(Finding::new("unassigned", Side::Entra, name, detail));
    }
}

fn lint_people(entra: &Entra, findings: &mut Vec<Finding>) {
    let mapped = entra
        .application
        .as_ref()
        .and_then(|app| app.schema.as_ref())
        .map(|schema| schema::user_sources(schema, "phoneNumbers"));
    let people: Vec<Person> = entra
        .people
        .iter()
        .map(|user| {
            let travels = |name: &str| {
                mapped
                    .as_ref()
                    .is_none_or(|mapped| mapped.iter().any(|source| source.eq_ignore_ascii_case(name)))
            };
            Person::found(user, phones_of(user).filter(|(name, _)| travels(name)).count())
        })
        .collect();
    let ids: BTreeMap<&str, &str> = entra
        .people
        .iter()
        .map(|user| (user.user_principal_name.as_str(), user.id.as_str()))
        .collect();
    let found = lint(&people, entra.guests_have_own_name_id);
    for one in entra.planned.iter().cloned().chain(found) {
        let mut finding = Finding::new(&one.rule, Side::Entra, &one.who, one.what);
        finding.id = ids.get(one.who.as_str()).map(|id| (*id).to_owned());
        findings.push(finding);
    }
}

fn groups(evidence: &Evidence, findings: &mut Vec<Finding>) {
    let mut by_name: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for group in &evidence.entra.groups {
        by_name.entry(group.name.to_lowercase()).or_default().push(&group.id);
        if !group.groups.is_empty() {
            let detail = format!("holds {}, whose people do not reach AWS by it", group.groups.join(", "));
            findings.push(Finding::new("nested-group", Side::Entra, &group.name, detail).id(&group.id));
        }
        let there = evidence.aws.groups.as_ref();
        let arrived = there.is_none_or(|there| there.iter().any(|known| known.display_name == group.name));
        if group.people > MEMBERS_AT_ONCE && !arrived {
            let detail = format!("has {} members and is not in AWS yet", group.people);
            findings.push(Finding::new("large-group", Side::Entra, &group.name, detail).id(&group.id));
        }
        let by_hand = there
            .into_iter()
            .flatten()
            .find(|known| !known.provisioned && known.display_name.to_lowercase() == group.name.to_lowercase());
        if let Some(known) = by_hand {
            let detail = format!("was made by hand in AWS, and {} of Entra has the same name", group.name);
            findings.push(Finding::new("duplicate-group", Side::Aws, &known.display_name, detail).id(&known.id));
        }
    }
    for (name, ids) in by_name.into_iter().filter(|(_, ids)| ids.len() > 1) {
        let detail = format!("is the name of {} groups in scope: {}", ids.len(), ids.join(", "));
        findings.push(Finding::new("duplicate-group", Side::Entra, name, detail));
    }
}

fn mapped_twice(entra: &Entra, findings: &mut Vec<Finding>) {
    let Some((app, found)) = entra
        .application
        .as_ref()
        .and_then(|app| Some((app, app.schema.as_ref()?)))
    else {
        return;
    };
    let name = app.principal.display_name.clone().unwrap_or_default();
    let mails = schema::user_sources(found, "emails");
    if mails.len() > 1 {
        let detail = format!("maps {} to the e-mail address", mails.join(", "));
        findings.push(Finding::new("several-mails", Side::Entra, &name, detail).id(&app.principal.id));
    }
    let external = schema::user_sources(found, "externalId");
    if !external.is_empty() && !external.iter().any(|source| source.eq_ignore_ascii_case("objectId")) {
        let detail = format!("maps {} to externalId", external.join(", "));
        findings.push(Finding::new("external-id", Side::Entra, name, detail).id(&app.principal.id));
    }
}
