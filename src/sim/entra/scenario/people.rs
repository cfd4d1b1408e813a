//! Users, guests and groups.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    super::{
        graph::{groups, users},
        roles, shapes,
        state::{Deleted, Kind, Tenant},
    },
    shape::{Plan, User},
};

pub(super) fn people(tenant: &mut Tenant, plan: &Plan, old: Timestamp) -> Result<(), String> {
    let domain = tenant.domains[0].name.clone();
    let admin = User {
        upn: format!("admin@{domain}"),
        given_name: Some("Alex".into()),
        family_name: Some("Admin".into()),
        display_name: Some("Alex Admin".into()),
        roles: [
            "Application Administrator",
            "Cloud Application Administrator",
            "User Administrator",
            "Groups Administrator",
            "Reports Reader",
        ]
        .map(str::to_owned)
        .to_vec(),
        ..User::default()
    };
    for user in std::iter::once(&admin).chain(&plan.user) {
        if tenant.user(&user.upn).is_some() {
            return Err(format!("the user {} stands twice", user.upn));
        }
        person(tenant, user, old)?;
    }
    for user in plan.user.iter().filter(|u| u.manager.is_some()) {
        let manager = user.manager.as_deref().unwrap_or_default();
        let (user, manager) = (id_of(tenant, &user.upn)?, id_of(tenant, manager)?);
        tenant.managers.insert(user, manager);
    }
    for group in &plan.group {
        add_group(tenant, &group.name, old);
    }
    for many in &plan.many {
        for n in 1..=many.count {
            let upn = format!("{}@{domain}", many.upn.replace("{n}", &format!("{n:04}")));
            let user = User {
                given_name: Some(format!("Person {n:04}")),
                family_name: Some("Example".into()),
                department: many.department.clone(),
                upn,
                ..User::default()
            };
            let id = person(tenant, &user, old)?;
            if let Some(name) = &many.group {
                let group = group_id(tenant, name).unwrap_or_else(|| add_group(tenant, name, old));
                tenant.members.entry(group).or_default().push(id);
            }
        }
    }
    for group in &plan.group {
        let id = group_id(tenant, &group.name).expect("added above");
        for member in &group.members {
            let member = id_of(tenant, member)?;
            tenant.members.entry(id.clone()).or_default().push(member);
        }
    }
    // Only now: a deleted user is in nobody's list any more.
    for user in plan.user.iter().filter(|u| u.deleted) {
        let id = id_of(tenant, &user.upn)?;
        let mut entity = tenant.users.remove(&id).expect("found above");
        entity.set("deletedDateTime", old.to_string());
        entity.set("userPrincipalName", format!("{}{}", id.replace('-', ""), user.upn));
        tenant.deleted.insert(
            id,
            Deleted {
                kind: Kind::User,
                entity,
            },
        );
    }
    Ok(())
}

fn person(tenant: &mut Tenant, user: &User, old: Timestamp) -> Result<String, String> {
    let (given, family) = (user.given_name.clone(), user.family_name.clone());
    let full = match (&given, &family) {
        (Some(given), Some(family)) => Some(format!("{given} {family}")),
        _ => None,
    };
    let local: String = user
        .upn
        .split(['@', '#'])
        .next()
        .unwrap_or_default()
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect();
    let value = json!({
        "userPrincipalName": user.upn, "givenName": given, "surname": family,
        "displayName": user.display_name.clone().or(full), "department": user.department, "mail": user.mail,
        "mailNickname": local, "accountEnabled": !user.disabled, "userType": if user.guest { "Guest" } else { "Member" },
        "creationType": if user.guest { json!("Invitation") } else { Value::Null },
        "externalUserState": if user.guest { json!("Accepted") } else { Value::Null },
    });
    let Value::Object(mut props) = value else {
        unreachable!("made as an object")
    };
    props.extend(user.properties.clone());
    shapes::check("user", &props).map_err(|e| format!("user {}: {e}", user.upn))?;
    let id = match &user.id {
        Some(id) => users::add_as(tenant, id.clone(), props, old),
        None => users::add(tenant, props, old),
    };
    let held = user.roles.iter().map(|name| {
        roles::template(name)
            .map(str::to_owned)
            .ok_or_else(|| format!("user {}: there is no role {name}", user.upn))
    });
    let held = held.collect::<Result<Vec<_>, _>>()?;
    tenant.roles.insert(id.clone(), held);
    Ok(id)
}

fn add_group(tenant: &mut Tenant, name: &str, old: Timestamp) -> String {
    let nickname: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let value = json!({ "displayName": name, "mailNickname": nickname });
    let Value::Object(props) = value else {
        unreachable!("made as an object")
    };
    groups::add(tenant, props, old)
}

fn group_id(tenant: &Tenant, name: &str) -> Option<String> {
    tenant
        .groups
        .iter()
        .find(|(_, g)| g.text("displayName") == name)
        .map(|(id, _)| id.clone())
}

pub(super) fn id_of(tenant: &Tenant, name: &str) -> Result<String, String> {
    let user = tenant.user(name).map(|(id, _)| id.clone());
    user.or_else(|| group_id(tenant, name))
        .ok_or_else(|| format!("there is no user or group {name}"))
}
