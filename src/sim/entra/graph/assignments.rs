//! App role assignments: who may sign in and who is provisioned.

use serde_json::{Value, json};

use super::{
    GraphError,
    cx::{Cx, Done, Reply},
    page::Listing,
};
use crate::sim::entra::state::{Entity, Tenant};

static LISTING: Listing = Listing {
    of: "appRoleAssignment",
    filter: &["resourceId"],
    contains: false,
    shown: &[],
    paged: true,
    exact: false,
};

/// Assigned with it where an application declares no roles.
const NO_ROLE: &str = "00000000-0000-0000-0000-000000000000";

/// GET /servicePrincipals/{id}/appRoleAssignedTo
pub fn list(cx: &mut Cx<'_>) -> Done {
    let sp = cx.service_principal(0)?;
    let mine = cx
        .world
        .entra
        .assignments
        .values()
        .filter(|a| a.text("resourceId") == sp && cx.sees(a));
    let mine = mine.map(Entity::value).collect();
    LISTING.answer(cx, mine)
}

/// POST /servicePrincipals/{id}/appRoleAssignedTo
pub fn create(cx: &mut Cx<'_>) -> Done {
    let sp = cx.service_principal(0)?;
    cx.refuse_read_only(&[
        "id",
        "createdDateTime",
        "principalType",
        "principalDisplayName",
        "resourceDisplayName",
        "deletedDateTime",
    ])?;
    let text = |name: &str| cx.text(name).unwrap_or_default().to_lowercase();
    let (principal, resource, role) = (text("principalId"), text("resourceId"), text("appRoleId"));
    let invalid = || GraphError::bad("Not a valid reference update.");
    let tenant = &cx.world.entra;
    let target = &tenant.service_principals[&sp];
    if resource != sp || !cx.settled(target) {
        return Err(invalid());
    }
    let group = tenant.groups.get(&principal);
    tenant
        .users
        .get(&principal)
        .or(group)
        .filter(|e| cx.settled(e))
        .ok_or_else(invalid)?;
    if let Some(group) = group {
        if !tenant.premium() {
            return Err(GraphError::bad(
                "Groups are not available for assignment due to the licence of your directory.",
            ));
        }
        if group.props.get("securityEnabled") != Some(&json!(true)) {
            return Err(invalid());
        }
    }
    let roles = target.props["appRoles"].as_array().cloned().unwrap_or_default();
    if !(roles.iter().any(|r| r["id"] == role.as_str() && r["isEnabled"] == true)
        || (roles.is_empty() && role == NO_ROLE))
    {
        let app = target.text("appDisplayName");
        return Err(GraphError::bad(format!(
            "Permission being assigned was not found on application '{app}'."
        )));
    }
    if tenant.assigned_to(&sp).any(|(p, r)| p == principal && r == role) {
        return Err(GraphError::bad(
            "Permission being assigned already exists on the object",
        ));
    }
    let now = cx.now();
    let object = assign(cx.tenant(), &sp, &principal, &role, now);
    let name = object["principalDisplayName"].as_str().unwrap_or_default().to_owned();
    cx.audit("Add app role assignment grant to user", "ServicePrincipal", &sp, &name);
    Reply::json(201, &object)
}

/// Makes an assignment; gives it as Graph shows it.
pub fn assign(tenant: &mut Tenant, sp: &str, principal: &str, role: &str, now: jiff::Timestamp) -> Value {
    let id = tenant.ids.opaque("assignment", &format!("{sp} {principal} {role}"));
    let (kind, subject) = match tenant.users.get(principal) {
        Some(user) => ("User", user),
        None => ("Group", &tenant.groups[principal]),
    };
    let object = json!({
        "id": id,
        "deletedDateTime": null,
        "appRoleId": role,
        "createdDateTime": now,
        "principalDisplayName": subject.text("displayName"),
        "principalId": principal,
        "principalType": kind,
        "resourceDisplayName": tenant.service_principals[sp].text("displayName"),
        "resourceId": sp,
    });
    if let Value::Object(props) = object.clone() {
        tenant.assignments.insert(id, Entity { props, made: now });
    }
    object
}

/// DELETE /servicePrincipals/{id}/appRoleAssignedTo/{id}
pub fn delete(cx: &mut Cx<'_>) -> Done {
    let (sp, id) = (cx.service_principal(0)?, cx.param(1));
    let found = cx
        .world
        .entra
        .assignments
        .get(&id)
        .is_some_and(|a| a.text("resourceId") == sp && cx.sees(a));
    if !found {
        return Err(GraphError::not_found(&id));
    }
    cx.tenant().assignments.remove(&id);
    cx.audit("Remove app role assignment from user", "ServicePrincipal", &sp, &id);
    Reply::empty()
}
