//! Claims: beta customClaimsPolicy (one for each application, behind the portal's blade) and claimsMappingPolicies.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{
    GraphError,
    cx::{Cx, Done, Reply},
    groups,
    page::{Listing, plain},
};
use crate::sim::entra::{
    claims,
    state::{Cloud, Entity},
};

/// Properties of a customClaimsPolicy.
pub const PROPERTIES: &[&str] = &[
    "id",
    "includeBasicClaimSet",
    "includeApplicationIdInIssuer",
    "audienceOverride",
    "groupFilter",
    "claims",
];

const GROUPS_MOST: usize = 50;
const CLAIM: &[&str] = &[
    "@odata.type",
    "name",
    "namespace",
    "tokenFormat",
    "samlAttributeNameFormat",
    "configurations",
];
const NAME_ID: &[&str] = &[
    "@odata.type",
    "nameIdFormat",
    "serviceProviderNameQualifier",
    "configurations",
];
const CONFIGURATION: &[&str] = &["@odata.type", "condition", "attribute", "transformations"];
const CONDITION: &[&str] = &["@odata.type", "userType", "memberOf"];

/// GET /beta/servicePrincipals/{id}/claimsPolicy
pub fn get(cx: &mut Cx<'_>) -> Done {
    let sp = target(cx)?;
    let stored = cx.tenant().claims.get(&sp).cloned();
    let default = cx.tenant().settings.claims_policy_before == "default";
    match stored {
        Some(policy) => Reply::json(200, &policy),
        None if default => {
            let id = cx.tenant().ids.guid("claims-policy", &sp);
            Reply::json(200, &claims::default_policy(&id))
        }
        None => Err(GraphError::not_found("claimsPolicy")),
    }
}

fn target(cx: &Cx<'_>) -> Result<String, GraphError> {
    if cx.world.entra.cloud != Cloud::Global {
        return Err(GraphError::new(
            400,
            "BadRequest",
            "Resource not found for the segment 'claimsPolicy'.",
        ));
    }
    cx.service_principal(0)
}

/// PUT /beta/servicePrincipals/{id}/claimsPolicy: creates, or replaces the whole.
pub fn put(cx: &mut Cx<'_>) -> Done {
    let sp = target(cx)?;
    check(cx)?;
    let new = !cx.tenant().claims.contains_key(&sp);
    let id = cx.tenant().ids.guid("claims-policy", &sp);
    let mut policy = json!({
        "includeBasicClaimSet": true, "includeApplicationIdInIssuer": false, "audienceOverride": null, "groupFilter": null, "claims": [],
    });
    store(cx, &sp, &id, &mut policy);
    Reply::json(if new { 201 } else { 200 }, &policy)
}

/// PATCH /beta/servicePrincipals/{id}/claimsPolicy: changes what is passed.
pub fn patch(cx: &mut Cx<'_>) -> Done {
    let sp = target(cx)?;
    check(cx)?;
    let Some(mut policy) = cx.tenant().claims.get(&sp).cloned() else {
        return Err(GraphError::not_found("claimsPolicy"));
    };
    let id = policy["id"].as_str().unwrap_or_default().to_owned();
    store(cx, &sp, &id, &mut policy);
    Reply::json(201, &policy)
}

fn store(cx: &mut Cx<'_>, sp: &str, id: &str, policy: &mut Value) {
    for (key, value) in cx.body.clone() {
        if !key.contains('@') {
            policy[key.as_str()] = value;
        }
    }
    policy["id"] = id.into();
    cx.tenant().claims.insert(sp.to_owned(), policy.clone());
    cx.audit("Update claims policy", "ServicePrincipal", sp, "claimsPolicy");
}

fn check(cx: &Cx<'_>) -> Result<(), GraphError> {
    let bad = |message: String| Err(GraphError::new(400, "BadRequest", message));
    for name in ["includeBasicClaimSet", "includeApplicationIdInIssuer"] {
        if cx.body.get(name).is_some_and(|v| !v.is_boolean()) {
            return bad(format!("Property '{name}' is a boolean."));
        }
    }
    let list = match cx.body.get("claims") {
        None => return Ok(()),
        Some(Value::Array(list)) => list,
        Some(_) => return bad("Property 'claims' is a collection.".into()),
    };
    let (mut names, mut name_ids, mut groups) = (BTreeSet::new(), 0, BTreeSet::new());
    for claim in list {
        let Some(claim) = claim.as_object() else {
            return bad("A claim is an object.".into());
        };
        match claim.get("@odata.type").and_then(Value::as_str) {
            Some("#microsoft.graph.samlNameIdClaim") => {
                only(claim, NAME_ID)?;
                name_ids += 1;
                let formats = [
                    json!(null),
                    json!("default"),
                    json!("unspecified"),
                    json!("emailAddress"),
                    json!("windowsDomainQualifiedName"),
                    json!("persistent"),
                ];
                if claim.get("nameIdFormat").is_some_and(|f| !formats.contains(f)) {
                    return bad("The nameIdFormat is not one of the known ones.".into());
                }
                configurations(claim, true, &mut groups)?;
            }
            Some("#microsoft.graph.customClaim") => {
                only(claim, CLAIM)?;
                let text = |name: &str| claim.get(name).and_then(Value::as_str).unwrap_or_default();
                let full = (text("namespace").to_owned(), text("name").to_owned());
                if full.1.is_empty() || full.1.contains('/') && full.0.is_empty() && !full.1.starts_with("http") {
                    return bad("A claim needs a name.".into());
                }
                if !names.insert(full.clone()) {
                    return bad(format!("The claim '{}' stands twice.", full.1));
                }
                let formats = claim.get("tokenFormat").and_then(Value::as_array);
                if !formats.is_some_and(|f| !f.is_empty() && f.iter().all(|f| f == "saml" || f == "jwt")) {
                    return bad(format!(
                        "The tokenFormat of claim '{}' is a list of 'saml' and 'jwt'.",
                        full.1
                    ));
                }
                configurations(claim, false, &mut groups)?;
            }
            other => return bad(format!("A claim cannot be of the type {other:?}.")),
        }
    }
    if name_ids > 1 {
        return bad("There is more than one samlNameIdClaim.".into());
    }
    if groups.len() > GROUPS_MOST {
        return bad(format!("The conditions name more than {GROUPS_MOST} groups."));
    }
    match groups.iter().find(|g| !cx.world.entra.groups.contains_key(*g)) {
        Some(group) => Err(GraphError::not_found(group)),
        None => Ok(()),
    }
}

fn only(object: &Map<String, Value>, known: &[&str]) -> Result<(), GraphError> {
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(GraphError::new(
            400,
            "BadRequest",
            format!("The property '{key}' does not exist on this type."),
        )),
        None => Ok(()),
    }
}

fn configurations(claim: &Map<String, Value>, name_id: bool, groups: &mut BTreeSet<String>) -> Result<(), GraphError> {
    let bad = |message: String| Err(GraphError::new(400, "BadRequest", message));
    let list = claim.get("configurations").and_then(Value::as_array);
    let Some(list) = list.filter(|l| !l.is_empty()) else {
        return bad("A claim needs at least one configuration.".into());
    };
    for configuration in list {
        let Some(configuration) = configuration.as_object() else {
            return bad("A configuration is an object.".into());
        };
        only(configuration, CONFIGURATION)?;
        if let Some(Value::Object(condition)) = configuration.get("condition") {
            only(condition, CONDITION)?;
            let kinds = [
                json!(null),
                json!("any"),
                json!("members"),
                json!("allGuests"),
                json!("aadGuests"),
                json!("externalGuests"),
            ];
            if condition.get("userType").is_some_and(|t| !kinds.contains(t)) {
                return bad("The userType of a condition is not one of the known ones.".into());
            }
            let members = condition.get("memberOf").and_then(Value::as_array);
            groups.extend(
                members
                    .into_iter()
                    .flatten()
                    .filter_map(|g| g.as_str().map(str::to_owned)),
            );
        }
        let attribute = configuration.get("attribute").unwrap_or(&Value::Null);
        let transformations = configuration
            .get("transformations")
            .and_then(Value::as_array)
            .is_some_and(|t| !t.is_empty());
        match attribute["@odata.type"].as_str() {
            Some("#microsoft.graph.sourcedAttribute") => {
                let id = attribute["id"].as_str().unwrap_or_default().to_lowercase();
                let source = attribute["source"].as_str().unwrap_or_default();
                let extension = attribute["isExtensionAttribute"] == true;
                let known = if name_id {
                    claims::NAME_ID_SOURCES
                } else {
                    claims::USER_SOURCES
                };
                if source == "user" && !extension && !known.contains(&id.as_str()) {
                    return bad(format!("'{id}' is not a source that claims can have here."));
                }
                if !["user", "application", "resource", "audience", "company"].contains(&source) {
                    return bad(format!("'{source}' is not a source."));
                }
            }
            Some("#microsoft.graph.valueBasedAttribute") if attribute["value"].is_string() => {}
            None if attribute.is_null() && transformations => {}
            _ => return bad("A configuration needs an attribute or a transformation.".into()),
        }
    }
    Ok(())
}

static POLICIES: Listing = Listing {
    of: "claimsMappingPolicy",
    filter: &["displayName"],
    contains: false,
    shown: &[],
    paged: true,
    exact: false,
};

/// GET /policies/claimsMappingPolicies
pub fn policies(cx: &mut Cx<'_>) -> Done {
    let seen = cx
        .world
        .entra
        .mapping_policies
        .values()
        .filter(|e| cx.sees(e))
        .map(Entity::value)
        .collect();
    POLICIES.answer(cx, seen)
}

fn known(cx: &Cx<'_>, param: usize) -> Result<String, GraphError> {
    let id = cx.param(param);
    cx.seen(&cx.world.entra.mapping_policies, &id).map(|_| id)
}

/// GET /policies/claimsMappingPolicies/{id}
pub fn policy(cx: &mut Cx<'_>) -> Done {
    let id = known(cx, 0)?;
    let object = cx.tenant().mapping_policies[&id].value();
    POLICIES.one(cx, object)
}

/// POST /policies/claimsMappingPolicies
pub fn create_policy(cx: &mut Cx<'_>) -> Done {
    check_definition(cx)?;
    let (now, body) = (cx.now(), cx.body.clone());
    let name = cx.text("displayName").unwrap_or_default().to_owned();
    let id = cx.tenant().ids.guid("claims-mapping-policy", &name);
    let object = json!({
        "id": id, "deletedDateTime": null, "definition": body["definition"], "displayName": name,
        "description": body.get("description"), "isOrganizationDefault": false,
    });
    if let Value::Object(props) = object.clone() {
        cx.tenant()
            .mapping_policies
            .insert(id.clone(), Entity { props, made: now });
    }
    cx.audit("Add policy", "Policy", &id, &name);
    Reply::json(201, &object)
}

fn check_definition(cx: &Cx<'_>) -> Result<(), GraphError> {
    let Some(definition) = cx.body.get("definition") else {
        return Ok(());
    };
    let invalid = || GraphError::bad("Property has an invalid value.");
    let [Value::String(text)] = definition.as_array().map(Vec::as_slice).unwrap_or_default() else {
        return Err(invalid());
    };
    let parsed: Value = serde_json::from_str(text).map_err(|_| invalid())?;
    let policy = &parsed["ClaimsMappingPolicy"];
    if policy["Version"] != 1 {
        return Err(invalid());
    }
    for entry in policy["ClaimsSchema"].as_array().into_iter().flatten() {
        let target = entry["SamlClaimType"].is_string() || entry["JwtClaimType"].is_string();
        let source = entry["Source"].as_str().unwrap_or_default();
        let id = entry["ID"].as_str().unwrap_or_default().to_lowercase();
        let known = source != "user" || claims::USER_SOURCES.contains(&id.as_str()) || entry["ExtensionID"].is_string();
        let valued = entry["Value"].is_string();
        if !target || !(valued || (!source.is_empty() && known)) {
            return Err(invalid());
        }
    }
    Ok(())
}

/// PATCH /policies/claimsMappingPolicies/{id}
pub fn update_policy(cx: &mut Cx<'_>) -> Done {
    let id = known(cx, 0)?;
    cx.refuse_read_only(&["id", "deletedDateTime"])?;
    check_definition(cx)?;
    let body = cx.body.clone();
    cx.tenant()
        .mapping_policies
        .get_mut(&id)
        .expect("known sees it")
        .props
        .extend(body);
    cx.audit("Update policy", "Policy", &id, "");
    Reply::empty()
}

/// DELETE /policies/claimsMappingPolicies/{id}
pub fn delete_policy(cx: &mut Cx<'_>) -> Done {
    let id = known(cx, 0)?;
    let now = cx.now();
    let used = cx.tenant().assigned_policies.values().any(|list| list.contains(&id));
    if used {
        cx.ledger().violation(
            now,
            "deleted-while-referenced",
            format!("claims mapping policy {id} was deleted while it is assigned"),
        );
    }
    let tenant = cx.tenant();
    tenant
        .assigned_policies
        .values_mut()
        .for_each(|list| list.retain(|p| *p != id));
    tenant.mapping_policies.remove(&id);
    cx.audit("Delete policy", "Policy", &id, "");
    Reply::empty()
}

/// GET /policies/claimsMappingPolicies/{id}/appliesTo
pub fn applies_to(cx: &mut Cx<'_>) -> Done {
    let id = known(cx, 0)?;
    let tenant = cx.tenant();
    let mine = tenant.assigned_policies.iter().filter(|(_, list)| list.contains(&id));
    let objects = mine.filter_map(|(sp, _)| tenant.service_principals.get(sp)).map(|sp| {
        let mut value = sp.value();
        value["@odata.type"] = "#microsoft.graph.servicePrincipal".into();
        value
    });
    let objects = objects.collect();
    Listing {
        shown: &["id", "appId", "displayName"],
        ..plain("servicePrincipal")
    }
    .answer(cx, objects)
}

/// GET /servicePrincipals/{id}/claimsMappingPolicies
pub fn assigned(cx: &mut Cx<'_>) -> Done {
    let sp = cx.service_principal(0)?;
    let tenant = cx.tenant();
    let list = tenant.assigned_policies.get(&sp).into_iter().flatten();
    let objects = list
        .filter_map(|id| tenant.mapping_policies.get(id))
        .map(Entity::value)
        .collect();
    plain("claimsMappingPolicy").answer(cx, objects)
}

/// POST /servicePrincipals/{id}/claimsMappingPolicies/$ref
pub fn assign(cx: &mut Cx<'_>) -> Done {
    let sp = cx.service_principal(0)?;
    let policy = groups::reference(cx)?;
    let entity = cx.world.entra.mapping_policies.get(&policy);
    if !entity.is_some_and(|e| cx.settled(e)) {
        return Err(GraphError::not_found(&policy));
    }
    let list = cx.tenant().assigned_policies.entry(sp.clone()).or_default();
    if list.contains(&policy) {
        return Err(GraphError::bad(
            "One or more added object references already exist for the following modified properties: 'policies'.",
        ));
    }
    list.push(policy.clone());
    cx.audit("Add policy to service principal", "ServicePrincipal", &sp, &policy);
    Reply::empty()
}

/// DELETE /servicePrincipals/{id}/claimsMappingPolicies/{id}/$ref
pub fn unassign(cx: &mut Cx<'_>) -> Done {
    let (sp, policy) = (cx.service_principal(0)?, cx.param(1));
    let list = cx.tenant().assigned_policies.entry(sp.clone()).or_default();
    let before = list.len();
    list.retain(|p| *p != policy);
    if list.len() == before {
        return Err(GraphError::not_found(&policy));
    }
    cx.audit("Remove policy from service principal", "ServicePrincipal", &sp, &policy);
    Reply::empty()
}
