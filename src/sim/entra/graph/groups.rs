//! Groups and their members.

use std::{collections::BTreeSet, ops::Bound};

use serde_json::{Value, json};

use super::{
    GraphError,
    cx::{Cx, Done, Reply},
    page::{Listing, plain},
    users,
};
use crate::sim::entra::state::{Entity, Kind, Props, Tenant};

static LISTING: Listing = Listing {
    of: "group",
    filter: &[
        "displayName",
        "mail",
        "mailEnabled",
        "mailNickname",
        "securityEnabled",
        "createdDateTime",
        "description",
        "groupTypes",
        "uniqueName",
    ],
    contains: false,
    shown: &[],
    paged: true,
    exact: false,
};

const READ_ONLY: &[&str] = &[
    "id",
    "createdDateTime",
    "deletedDateTime",
    "renewedDateTime",
    "securityIdentifier",
    "proxyAddresses",
    "mail",
];

/// GET /groups
pub fn list(cx: &mut Cx<'_>) -> Done {
    let seen = cx
        .world
        .entra
        .groups
        .values()
        .filter(|e| cx.sees(e))
        .map(Entity::value)
        .collect();
    LISTING.answer(cx, seen)
}

/// GET /groups/{id}
pub fn get(cx: &mut Cx<'_>) -> Done {
    let id = named(cx)?;
    let object = cx.tenant().groups[&id].value();
    LISTING.one(cx, object)
}

fn named(cx: &Cx<'_>) -> Result<String, GraphError> {
    let id = cx.param(0);
    cx.seen(&cx.world.entra.groups, &id).map(|_| id)
}

/// POST /groups
pub fn create(cx: &mut Cx<'_>) -> Done {
    cx.refuse_read_only(READ_ONLY)?;
    check(cx)?;
    let unified = cx
        .body
        .get("groupTypes")
        .is_some_and(|t| t.as_array().is_some_and(|t| t.contains(&json!("Unified"))));
    let flag = |name: &str| cx.body.get(name) == Some(&json!(true));
    if !unified && (flag("mailEnabled") || !flag("securityEnabled")) {
        return Err(GraphError::bad(
            "The service does not currently support writes of mail-enabled groups. Please ensure that the mail-enablement property is unset and the security-enablement property is set.",
        ));
    }
    let (now, body) = (cx.now(), cx.body.clone());
    let id = add(cx.tenant(), body, now);
    let object = cx.tenant().groups[&id].value();
    let name = object["displayName"].as_str().unwrap_or_default().to_owned();
    cx.audit("Add group", "Group", &id, &name);
    Reply::json(201, &object)
}

fn check(cx: &Cx<'_>) -> Result<(), GraphError> {
    if cx
        .text("mailNickname")
        .is_some_and(|n| n.is_empty() || n.contains(|c: char| "@()\\[]\";:.<>, ".contains(c) || !c.is_ascii()))
    {
        return Err(GraphError::bad(
            "Invalid value specified for property 'mailNickname' of resource 'Group'.",
        ));
    }
    if cx
        .text("displayName")
        .is_some_and(|n| n.is_empty() || n.chars().count() > 256)
    {
        return Err(GraphError::bad(
            "Invalid value specified for property 'displayName' of resource 'Group'.",
        ));
    }
    Ok(())
}

/// Puts a group into the tenant; gives the id.
pub fn add(tenant: &mut Tenant, mut props: Props, now: jiff::Timestamp) -> String {
    let name = props
        .get("displayName")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let id = tenant.ids.guid("group", &name);
    props.retain(|key, _| !key.contains('@'));
    let defaults = json!({
        "id": id, "deletedDateTime": null, "createdDateTime": now, "description": null, "groupTypes": [], "mail": null,
        "mailEnabled": false, "securityEnabled": true, "membershipRule": null, "onPremisesSyncEnabled": null,
        "proxyAddresses": [], "renewedDateTime": now, "visibility": null, "isAssignableToRole": null, "uniqueName": null,
    });
    if let Value::Object(defaults) = defaults {
        for (key, value) in defaults {
            props.entry(key).or_insert(value);
        }
    }
    tenant.groups.insert(id.clone(), Entity { props, made: now });
    tenant.members.insert(id.clone(), Vec::new());
    id
}

/// PATCH /groups/{id}
pub fn update(cx: &mut Cx<'_>) -> Done {
    let id = named(cx)?;
    cx.refuse_read_only(READ_ONLY)?;
    check(cx)?;
    let body = cx.body.clone();
    let group = cx.tenant().groups.get_mut(&id).expect("named sees it");
    group.props.extend(
        body.into_iter()
            .filter(|(key, _)| !key.contains('@'))
            .collect::<Props>(),
    );
    let name = group.text("displayName").to_owned();
    cx.audit("Update group", "Group", &id, &name);
    Reply::empty()
}

/// DELETE /groups/{id}
pub fn delete(cx: &mut Cx<'_>) -> Done {
    let id = named(cx)?;
    let tenant = cx.tenant();
    let group = tenant.groups.remove(&id).expect("named sees it");
    tenant.members.remove(&id);
    tenant.members.values_mut().for_each(|list| list.retain(|m| *m != id));
    tenant.assignments.retain(|_, a| a.text("principalId") != id);
    let name = group.text("displayName").to_owned();
    if tenant.settings.group_recycle_bin {
        cx.bin(Kind::Group, &id, group);
    }
    cx.audit("Delete group", "Group", &id, &name);
    Reply::empty()
}

/// GET /groups/{id}/members
pub fn members(cx: &mut Cx<'_>) -> Done {
    let id = named(cx)?;
    let ids: BTreeSet<String> = cx.tenant().members_of(&id).iter().cloned().collect();
    objects(cx, &ids)
}

/// GET /groups/{id}/transitiveMembers
pub fn transitive_members(cx: &mut Cx<'_>) -> Done {
    let id = named(cx)?;
    let ids = all_members(cx.tenant(), &id);
    objects(cx, &ids)
}

/// Members of a group and of the groups in it, ordered.
pub fn all_members(tenant: &Tenant, group: &str) -> BTreeSet<String> {
    let (mut found, mut open) = (BTreeSet::new(), vec![group.to_owned()]);
    while let Some(next) = open.pop() {
        for member in tenant.members_of(&next) {
            if found.insert(member.clone()) && tenant.groups.contains_key(member) {
                open.push(member.clone());
            }
        }
    }
    found
}

fn objects(cx: &mut Cx<'_>, ids: &BTreeSet<String>) -> Done {
    let listing = Listing {
        paged: true,
        shown: users::LISTING.shown,
        ..plain("user")
    };
    let (after, many) = listing.window(cx).unwrap_or((String::new(), usize::MAX));
    let tenant = cx.tenant();
    let one = |id: &String| -> Option<Value> {
        let (mut value, kind) = match tenant.users.get(id) {
            Some(user) => (users::public(user), "user"),
            None => (tenant.groups.get(id)?.value(), "group"),
        };
        value["@odata.type"] = format!("#microsoft.graph.{kind}").into();
        Some(value)
    };
    let wanted = ids.range::<str, _>((Bound::Excluded(after.as_str()), Bound::Unbounded));
    let found = wanted.filter_map(one).take(many).collect();
    listing.answer(cx, found)
}

/// POST /groups/{id}/members/$ref
pub fn add_member(cx: &mut Cx<'_>) -> Done {
    let id = named(cx)?;
    let member = reference(cx)?;
    let tenant = &cx.world.entra;
    if !cx.settled(&tenant.groups[&id]) {
        return Err(GraphError::not_found(&id));
    }
    let entity = tenant.users.get(&member).or_else(|| tenant.groups.get(&member));
    if !entity.is_some_and(|e| cx.settled(e)) || member == id {
        return Err(GraphError::not_found(&member));
    }
    if tenant.members_of(&id).contains(&member) {
        return Err(GraphError::bad(
            "One or more added object references already exist for the following modified properties: 'members'.",
        ));
    }
    cx.tenant().members.entry(id.clone()).or_default().push(member.clone());
    cx.audit("Add member to group", "Group", &id, &member);
    Reply::empty()
}

/// The id at the end of `@odata.id`.
pub fn reference(cx: &Cx<'_>) -> Result<String, GraphError> {
    let link = cx.text("@odata.id").unwrap_or_default();
    let parsed = url::Url::parse(link).ok().filter(|u| u.has_host());
    let id = parsed
        .and_then(|u| u.path().rsplit('/').next().map(str::to_owned))
        .filter(|id| !id.is_empty());
    id.ok_or_else(|| GraphError::bad(format!("Invalid URL in '@odata.id': '{link}'.")))
}

/// DELETE /groups/{id}/members/{id}/$ref
pub fn remove_member(cx: &mut Cx<'_>) -> Done {
    let (id, member) = (named(cx)?, cx.param(1));
    let list = cx.tenant().members.entry(id.clone()).or_default();
    let before = list.len();
    list.retain(|m| *m != member);
    if list.len() == before {
        return Err(GraphError::not_found(&member));
    }
    cx.audit("Remove member from group", "Group", &id, &member);
    Reply::empty()
}
