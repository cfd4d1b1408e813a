//! The recycle bin.

use serde_json::Value;

use super::{
    GraphError,
    cx::{Cx, Done, Reply},
    page::{Listing, plain},
    users,
};
use crate::sim::entra::state::{Deleted, Kind};

const APP_ADMINS: &[&str] = &["Application Administrator", "Global Administrator"];
const USER_ADMINS: &[&str] = &["User Administrator", "Global Administrator"];
const GROUP_ADMINS: &[&str] = &["Groups Administrator", "User Administrator", "Global Administrator"];

/// GET /directory/deletedItems/microsoft.graph.application
pub fn applications(cx: &mut Cx<'_>) -> Done {
    list(cx, Kind::Application)
}

/// GET /directory/deletedItems/microsoft.graph.servicePrincipal
pub fn service_principals(cx: &mut Cx<'_>) -> Done {
    list(cx, Kind::ServicePrincipal)
}

/// GET /directory/deletedItems/microsoft.graph.user
pub fn users(cx: &mut Cx<'_>) -> Done {
    list(cx, Kind::User)
}

/// GET /directory/deletedItems/microsoft.graph.group
pub fn groups(cx: &mut Cx<'_>) -> Done {
    list(cx, Kind::Group)
}

fn list(cx: &mut Cx<'_>, kind: Kind) -> Done {
    let objects = cx
        .tenant()
        .deleted
        .values()
        .filter(|d| d.kind == kind)
        .map(shown)
        .collect();
    let filter = &["displayName", "appId", "userPrincipalName", "mail", "deletedDateTime"];
    Listing {
        filter,
        paged: true,
        ..plain(kind.word())
    }
    .answer(cx, objects)
}

fn shown(deleted: &Deleted) -> Value {
    match deleted.kind {
        Kind::User => users::public(&deleted.entity),
        _ => deleted.entity.value(),
    }
}

/// What lies there under this id, if the caller may touch its kind.
fn find(cx: &mut Cx<'_>, write: bool) -> Result<(String, Deleted), GraphError> {
    let id = cx.param(0);
    let found = cx
        .tenant()
        .deleted
        .get(&id)
        .cloned()
        .ok_or_else(|| GraphError::not_found(&id))?;
    let (read, change, roles): (&[&str], &[&str], &[&str]) = match found.kind {
        Kind::Application | Kind::ServicePrincipal => (
            &[
                "Application.Read.All",
                "Application.ReadWrite.All",
                "Application.ReadWrite.OwnedBy",
                "Directory.Read.All",
            ],
            &["Application.ReadWrite.All", "Application.ReadWrite.OwnedBy"],
            APP_ADMINS,
        ),
        Kind::User => (
            &["User.Read.All", "User.ReadWrite.All", "Directory.Read.All"],
            &["User.DeleteRestore.All", "User.ReadWrite.All"],
            USER_ADMINS,
        ),
        Kind::Group => (
            &["Group.Read.All", "Group.ReadWrite.All"],
            &["Group.ReadWrite.All"],
            GROUP_ADMINS,
        ),
    };
    if write {
        cx.need(change, roles)?;
        cx.mine(&found.entity).or_else(|e| {
            if matches!(found.kind, Kind::User | Kind::Group) {
                Ok(())
            } else {
                Err(e)
            }
        })?;
    } else {
        cx.need(read, &[])?;
    }
    Ok((id, found))
}

/// GET /directory/deletedItems/{id}
pub fn get(cx: &mut Cx<'_>) -> Done {
    let (_, found) = find(cx, false)?;
    let mut value = shown(&found);
    value["@odata.type"] = format!("#microsoft.graph.{}", found.kind.word()).into();
    Reply::json(200, &value)
}

/// DELETE /directory/deletedItems/{id}
pub fn purge(cx: &mut Cx<'_>) -> Done {
    let (id, found) = find(cx, true)?;
    let tenant = cx.tenant();
    tenant.deleted.remove(&id);
    match found.kind {
        Kind::User => tenant.purged.push(id.clone()),
        // Its service principal does not outlive it.
        Kind::Application => {
            let app_id = found.entity.text("appId").to_owned();
            let gone: Vec<String> = tenant
                .deleted
                .iter()
                .filter(|(_, d)| d.kind == Kind::ServicePrincipal && d.entity.text("appId") == app_id)
                .map(|(id, _)| id.clone())
                .collect();
            for sp in gone {
                tenant.deleted.remove(&sp);
                tenant.certificates.remove(&sp);
                tenant.claims.remove(&sp);
            }
        }
        Kind::ServicePrincipal => {
            tenant.certificates.remove(&id);
            tenant.claims.remove(&id);
        }
        Kind::Group => {}
    }
    cx.audit("Hard delete", found.kind.word(), &id, found.entity.text("displayName"));
    Reply::empty()
}

/// POST /directory/deletedItems/{id}/restore
pub fn restore(cx: &mut Cx<'_>) -> Done {
    let (id, mut found) = find(cx, true)?;
    let now = cx.now();
    found.entity.set("deletedDateTime", Value::Null);
    found.entity.made = now;
    if found.kind == Kind::User {
        let stem = id.replace('-', "");
        let old = found
            .entity
            .text("userPrincipalName")
            .strip_prefix(&stem)
            .unwrap_or_default()
            .to_owned();
        let name = cx.text("newUserPrincipalName").map_or(old, str::to_owned);
        if cx.tenant().user(&name).is_some() {
            return Err(GraphError::same_value("userPrincipalName"));
        }
        found.entity.set("userPrincipalName", name);
    }
    let mut value = shown(&found);
    value["@odata.type"] = format!("#microsoft.graph.{}", found.kind.word()).into();
    let tenant = cx.tenant();
    tenant.deleted.remove(&id);
    let app_id = found.entity.text("appId").to_owned();
    match found.kind {
        Kind::User => drop(tenant.users.insert(id.clone(), found.entity)),
        Kind::Group => drop(tenant.groups.insert(id.clone(), found.entity)),
        Kind::ServicePrincipal => drop(tenant.service_principals.insert(id.clone(), found.entity)),
        Kind::Application => {
            tenant.applications.insert(id.clone(), found.entity);
            // The service principal comes back with it, without its assignments.
            let principal = tenant
                .deleted
                .iter()
                .find(|(_, d)| d.kind == Kind::ServicePrincipal && d.entity.text("appId") == app_id);
            if let Some(sp) = principal.map(|(id, _)| id.clone())
                && let Some(mut deleted) = tenant.deleted.remove(&sp)
            {
                deleted.entity.set("deletedDateTime", Value::Null);
                deleted.entity.made = now;
                tenant.service_principals.insert(sp, deleted.entity);
            }
        }
    }
    cx.audit(
        "Restore",
        found.kind.word(),
        &id,
        value["displayName"].as_str().unwrap_or_default(),
    );
    Reply::json(200, &value)
}
