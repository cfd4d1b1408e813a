//! The tenant as `/state` shows it, and what a profile and an environment need to sign in to it.

use serde_json::{Map, Value, json};

use super::{
    graph::service_principals::active_certificate,
    state::{Cloud, Entity, Tenant},
};

/// All live objects, sorted, without secrets, without what depends only on when they were made.
pub fn state(tenant: &Tenant) -> Value {
    let name = |id: &str| {
        let entity = tenant.users.get(id).or_else(|| tenant.groups.get(id));
        entity.map_or_else(|| id.to_owned(), label)
    };
    let mut users: Vec<Value> = tenant
        .users
        .iter()
        .map(|(id, user)| {
            let mut value = known(user, &["createdDateTime", "passwordProfile", "identities"]);
            if let Some(manager) = tenant.managers.get(id) {
                value["manager"] = name(manager).into();
            }
            value
        })
        .collect();
    let mut groups: Vec<Value> = tenant
        .groups
        .iter()
        .map(|(id, group)| {
            let mut value = known(group, &["createdDateTime", "renewedDateTime"]);
            let mut members: Vec<String> = tenant.members_of(id).iter().map(|m| name(m)).collect();
            members.sort();
            value["members"] = json!(members);
            value
        })
        .collect();
    users.sort_by_key(|u| u["userPrincipalName"].to_string());
    groups.sort_by_key(|g| g["displayName"].to_string());
    let applications: Vec<Value> = tenant
        .applications
        .values()
        .map(|app| {
            json!({
                "id": app.props["id"],
                "appId": app.props["appId"],
                "displayName": app.props["displayName"],
                "identifierUris": app.props["identifierUris"],
                "redirectUris": app.props["web"]["redirectUris"],
                "notes": app.props["notes"],
                "tags": app.props["tags"],
            })
        })
        .collect();
    let principals: Vec<Value> = tenant
        .service_principals
        .keys()
        .map(|sp| principal(tenant, sp, &name))
        .collect();
    let policies: Vec<Value> = tenant.mapping_policies.values().map(|p| known(p, &[])).collect();
    json!({
        "tenant": { "id": tenant.id, "displayName": tenant.name, "domains": tenant.domains.iter().map(|d| &d.name).collect::<Vec<_>>() },
        "users": users,
        "groups": groups,
        "applications": applications,
        "servicePrincipals": principals,
        "claimsMappingPolicies": policies,
    })
}

fn label(entity: &Entity) -> String {
    let upn = entity.text("userPrincipalName");
    if upn.is_empty() {
        entity.text("displayName").to_owned()
    } else {
        upn.to_owned()
    }
}

/// What is set, but for these properties.
fn known(entity: &Entity, but: &[&str]) -> Value {
    let set = |value: &Value| !(value.is_null() || value.as_array().is_some_and(Vec::is_empty));
    let kept = entity
        .props
        .iter()
        .filter(|(key, value)| !but.contains(&key.as_str()) && set(value));
    Value::Object(kept.map(|(k, v)| (k.clone(), v.clone())).collect::<Map<_, _>>())
}

fn principal(tenant: &Tenant, id: &str, name: &dyn Fn(&str) -> String) -> Value {
    let sp = &tenant.service_principals[id];
    let mut assigned: Vec<String> = tenant
        .assigned_to(id)
        .map(|(principal, role)| format!("{} as {role}", name(principal)))
        .collect();
    assigned.sort();
    let active = active_certificate(tenant, id, jiff::Timestamp::MIN).map(|c| &c.subject);
    let mut claims = tenant.claims.get(id).cloned().unwrap_or_default();
    // No call takes a claims policy away again: one that says nothing is as good as none.
    let says = |claims: &Value| {
        let list = claims["claims"].as_array().is_some_and(|list| !list.is_empty());
        list || !claims["audienceOverride"].is_null() || !claims["groupFilter"].is_null()
    };
    if !says(&claims) {
        claims = Value::Null;
    }
    if let Some(claims) = claims.as_object_mut() {
        claims.remove("id");
    }
    let secrets: Map<String, Value> = tenant
        .secrets
        .get(id)
        .into_iter()
        .flatten()
        // Emptied is as good as never set.
        .filter(|(_, value)| !value.is_empty())
        .map(|(key, value)| {
            let shown = match key.as_str() {
                // Ports differ from one simulation to the next.
                "BaseAddress" => url::Url::parse(value).map_or_else(|_| value.clone(), |u| u.path().to_owned()),
                "SecretToken" => {
                    if value.is_empty() {
                        String::new()
                    } else {
                        "(set)".into()
                    }
                }
                _ => value.clone(),
            };
            (key.clone(), shown.into())
        })
        .collect();
    let jobs: Vec<Value> = tenant
        .jobs
        .get(id)
        .into_iter()
        .flatten()
        .map(|job| {
            let rules = job.schema["synchronizationRules"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            let mappings: Vec<String> = rules
                .iter()
                .flat_map(|r| r["objectMappings"].as_array().cloned().unwrap_or_default())
                .flat_map(|m| m["attributeMappings"].as_array().cloned().unwrap_or_default())
                .map(|a| {
                    format!(
                        "{} <- {}",
                        a["targetAttributeName"].as_str().unwrap_or_default(),
                        a["source"]["expression"].as_str().unwrap_or_default()
                    )
                })
                .collect();
            json!({
                "id": job.id,
                "schedule": format!("{:?}", job.schedule),
                "quarantine": job.quarantine.as_ref().map(|q| q.reason),
                "mappings": mappings,
            })
        })
        .collect();
    json!({
        "id": id,
        "displayName": sp.props["displayName"],
        "preferredSingleSignOnMode": sp.props["preferredSingleSignOnMode"],
        "loginUrl": sp.props["loginUrl"],
        "notificationEmailAddresses": sp.props["notificationEmailAddresses"],
        "samlSingleSignOnSettings": sp.props["samlSingleSignOnSettings"],
        "replyUrls": sp.props["replyUrls"],
        "notes": sp.props["notes"],
        "tags": sp.props["tags"],
        "certificates": tenant.certificates.get(id).map_or(0, Vec::len),
        "activeCertificate": active,
        "assigned": assigned,
        "claimsPolicy": claims,
        "claimsMappingPolicies": tenant.assigned_policies.get(id).cloned().unwrap_or_default(),
        "synchronization": { "secrets": secrets, "jobs": jobs },
    })
}

/// The recycle bin.
pub fn deleted(tenant: &Tenant) -> Value {
    let mut list: Vec<Value> = tenant
        .deleted
        .iter()
        .map(|(id, d)| json!({ "id": id, "kind": d.kind.word(), "displayName": d.entity.text("displayName") }))
        .collect();
    list.sort_by_key(|d| (d["kind"].to_string(), d["displayName"].to_string()));
    Value::Array(list)
}

/// The `[entra]` table of a profile that points here.
pub fn profile(tenant: &Tenant) -> toml::Table {
    let mut table = toml::Table::new();
    table.insert("tenant".into(), tenant.domains[0].name.clone().into());
    let cloud = match tenant.cloud {
        Cloud::Global => "global",
        Cloud::UsGovL4 => "us-gov-l4",
        Cloud::UsGovL5 => "us-gov-l5",
        Cloud::China => "china",
    };
    table.insert("cloud".into(), cloud.into());
    if let Some(client) = tenant.login.first() {
        table.insert("auth".into(), "client-secret".into());
        table.insert("client_id".into(), client.id.into());
    }
    table
}

/// What a client needs in its environment to sign in here.
pub fn env(tenant: &Tenant) -> Vec<(String, String)> {
    let Some(client) = tenant.login.first() else {
        return Vec::new();
    };
    let secret = client.secret.unwrap_or_default();
    vec![
        ("AZURE_TENANT_ID".into(), tenant.id.clone()),
        ("AZURE_CLIENT_ID".into(), client.id),
        ("AZURE_CLIENT_SECRET".into(), secret.clone()),
        ("FEDWIZ_CLIENT_SECRET".into(), secret),
    ]
}
