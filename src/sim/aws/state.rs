//! The state of an organization: canonical, sorted, without secrets, without history.
//!
//! What a walk up and down must leave unchanged is all here; what it cannot but change (revisions, times, events, the
//! list of finished requests) is not.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    organization::{Instance, Organization},
    saml,
};

/// All live objects of an organization.
pub fn state(org: &Organization, now: Timestamp) -> Value {
    let due = |instance: &Instance| instance.operations.iter().any(|op| !op.over && op.due <= now);
    if org.instance.as_ref().is_some_and(due) {
        let mut settled = org.clone();
        settled.settle(now);
        return show(&settled);
    }
    show(org)
}

fn show(org: &Organization) -> Value {
    let accounts: BTreeMap<&str, Value> = org
        .accounts
        .values()
        .map(|a| {
            (
                a.id.as_str(),
                json!({"name": a.name, "parent": a.parent, "state": a.state}),
            )
        })
        .collect();
    json!({
        "organization": org.id,
        "partition": org.partition,
        "region": org.region,
        "management": org.management,
        "accounts": accounts,
        "delegates": org.delegates,
        "trusted": org.trusted,
        "instance": org.instance.as_ref().map(|instance| shown(org, instance)),
    })
}

fn shown(org: &Organization, instance: &Instance) -> Value {
    let name_of = |arn: &str| {
        instance
            .permission_sets
            .get(arn)
            .map_or(arn.to_owned(), |set| set.name.clone())
    };
    let principal = |kind: &str, id: &str| {
        let directory = &instance.directory;
        match kind {
            "USER" => directory.users.get(id).map(|user| format!("user:{}", user.user_name())),
            _ => directory
                .groups
                .get(id)
                .map(|group| format!("group:{}", group.display_name)),
        }
        .unwrap_or_else(|| format!("gone:{id}"))
    };
    let sets: BTreeMap<&str, Value> = instance
        .permission_sets
        .iter()
        .map(|(arn, set)| {
            let shown = json!({
                "arn": arn,
                "description": set.description,
                "session_duration": set.session_duration,
                "relay_state": set.relay_state,
                "inline_policy": set.inline_policy,
                "managed": set.managed.keys().collect::<Vec<_>>(),
                "customer_managed": set.customer_managed.iter().map(|(path, name)| format!("{path}{name}")).collect::<Vec<_>>(),
                "boundary": set.boundary,
                "tags": set.tags,
            });
            (set.name.as_str(), shown)
        })
        .collect();
    let mut assignments: Vec<String> = instance
        .assignments
        .iter()
        .map(|a| {
            format!(
                "{} {} {}",
                a.account,
                name_of(&a.permission_set),
                principal(&a.principal_type, &a.principal)
            )
        })
        .collect();
    assignments.sort();
    let mut provisioned: Vec<String> = instance
        .provisioned
        .keys()
        .map(|(set, account)| format!("{account} {}", name_of(set)))
        .collect();
    provisioned.sort();
    let under_way = instance.operations.iter().filter(|op| !op.over).count();
    let mut shown = json!({
        "arn": instance.arn,
        "identity_store": instance.store_id,
        "name": instance.display_name,
        "permission_sets_enabled": instance.permission_sets_enabled,
        "tags": instance.tags,
        "abac": instance.abac,
        "permission_sets": sets,
        "assignments": assignments,
        "provisioned": provisioned,
        "under_way": under_way,
        "directory": instance.directory.state(),
        "identity_source": saml::shown_source(&instance.source),
        "issuer_url": org.issuer_url(instance),
        "provisioning": instance.provisioning.as_ref().map(|p| json!({"tokens": p.tokens.len()})),
    });
    if let Some(key) = &instance.key {
        shown["key"] = json!(key.arn);
    }
    shown
}
