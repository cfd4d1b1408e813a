//! Users.

use std::ops::Bound;

use serde_json::{Value, json};

use super::{
    GraphError,
    cx::{Cx, Done, Reply},
    page::{Listing, plain},
};
use crate::sim::entra::state::{Entity, Kind, Props, Tenant};

/// How users are listed; only these properties are shown when nothing is selected.
pub static LISTING: Listing = Listing {
    of: "user",
    filter: &[
        "accountEnabled",
        "city",
        "companyName",
        "country",
        "createdDateTime",
        "creationType",
        "department",
        "displayName",
        "employeeId",
        "employeeType",
        "externalUserState",
        "givenName",
        "jobTitle",
        "mail",
        "mailNickname",
        "mobilePhone",
        "officeLocation",
        "onPremisesImmutableId",
        "otherMails",
        "postalCode",
        "preferredLanguage",
        "proxyAddresses",
        "state",
        "streetAddress",
        "surname",
        "usageLocation",
        "userPrincipalName",
        "userType",
    ],
    contains: false,
    shown: &[
        "businessPhones",
        "displayName",
        "givenName",
        "id",
        "jobTitle",
        "mail",
        "mobilePhone",
        "officeLocation",
        "preferredLanguage",
        "surname",
        "userPrincipalName",
    ],
    paged: true,
    exact: false,
};

const READ_ONLY: &[&str] = &[
    "id",
    "createdDateTime",
    "creationType",
    "deletedDateTime",
    "externalUserStateChangeDateTime",
    "proxyAddresses",
    "securityIdentifier",
];
/// Longest value of these properties.
const LONGEST: &[(&str, usize)] = &[
    ("givenName", 64),
    ("surname", 64),
    ("displayName", 256),
    ("userPrincipalName", 113),
    ("mailNickname", 64),
];

/// GET /users
pub fn list(cx: &mut Cx<'_>) -> Done {
    let (after, many) = LISTING.window(cx).unwrap_or((String::new(), usize::MAX));
    let users = &cx.world.entra.users;
    let seen = users
        .range::<str, _>((Bound::Excluded(after.as_str()), Bound::Unbounded))
        .map(|(_, user)| user)
        .filter(|e| cx.sees(e))
        .take(many)
        .map(public)
        .collect();
    LISTING.answer(cx, seen)
}

/// GET /users/{id or UPN}
pub fn get(cx: &mut Cx<'_>) -> Done {
    let id = named(cx, 0)?;
    let object = public(&cx.tenant().users[&id]);
    LISTING.one(cx, object)
}

/// Passwords are never shown.
pub fn public(user: &Entity) -> Value {
    let mut value = user.value();
    value["passwordProfile"] = Value::Null;
    value
}

fn named(cx: &Cx<'_>, param: usize) -> Result<String, GraphError> {
    let name = cx.param(param);
    let found = cx.world.entra.user(&name).filter(|(_, user)| cx.sees(user));
    found
        .map(|(id, _)| id.clone())
        .ok_or_else(|| GraphError::not_found(&name))
}

/// POST /users
pub fn create(cx: &mut Cx<'_>) -> Done {
    cx.refuse_read_only(READ_ONLY)?;
    check(cx, None)?;
    check_password(&cx.body)?;
    let (now, body) = (cx.now(), cx.body.clone());
    let password = body["passwordProfile"]["password"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    cx.world.keep_secret(password);
    let id = add(cx.tenant(), body, now);
    let user = &cx.tenant().users[&id];
    let (name, object) = (user.text("userPrincipalName").to_owned(), public(user));
    cx.audit("Add user", "User", &id, &name);
    let selected = LISTING
        .shown
        .iter()
        .map(|k| ((*k).to_owned(), object[*k].clone()))
        .collect::<Props>();
    let mut shown = Value::Object(selected);
    shown["@odata.context"] = "https://graph.microsoft.com/v1.0/$metadata#users/$entity".into();
    Reply::json(201, &shown)
}

/// Puts a user into the tenant; gives the id.
pub fn add(tenant: &mut Tenant, props: Props, now: jiff::Timestamp) -> String {
    let upn = props
        .get("userPrincipalName")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_lowercase();
    let id = tenant.ids.guid("user", &upn);
    add_as(tenant, id, props, now)
}

/// Puts a user of this id into the tenant.
pub fn add_as(tenant: &mut Tenant, id: String, mut props: Props, now: jiff::Timestamp) -> String {
    let upn = props
        .get("userPrincipalName")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    props.retain(|key, _| !key.contains('@'));
    let defaults = json!({
        "id": id, "deletedDateTime": null, "businessPhones": [], "otherMails": [], "proxyAddresses": [], "imAddresses": [],
        "identities": [{ "signInType": "userPrincipalName", "issuer": tenant.domains[0].name, "issuerAssignedId": upn }],
        "createdDateTime": now, "userType": "Member", "creationType": null, "externalUserState": null, "mail": null,
        "givenName": null, "surname": null, "jobTitle": null, "mobilePhone": null, "officeLocation": null,
        "preferredLanguage": null, "department": null, "companyName": null, "employeeId": null, "usageLocation": null,
        "accountEnabled": true,
    });
    if let Value::Object(defaults) = defaults {
        for (key, value) in defaults {
            props.entry(key).or_insert(value);
        }
    }
    tenant.users.insert(id.clone(), Entity { props, made: now });
    id
}

fn check(cx: &Cx<'_>, own: Option<&str>) -> Result<(), GraphError> {
    let tenant = &cx.world.entra;
    for (name, longest) in LONGEST {
        if let Some(text) = cx.text(name)
            && text.chars().count() > *longest
        {
            return Err(GraphError::bad(format!(
                "Invalid value specified for property '{name}' of resource 'User'."
            )));
        }
    }
    for name in [
        "displayName",
        "mailNickname",
        "givenName",
        "surname",
        "department",
        "mail",
    ] {
        if cx.text(name) == Some("") {
            return Err(GraphError::bad(format!(
                "Invalid value specified for property '{name}' of resource 'User'."
            )));
        }
    }
    if cx
        .text("mailNickname")
        .is_some_and(|n| n.contains(|c: char| "@()\\[]\";:<>, ".contains(c)))
    {
        return Err(GraphError::bad(
            "Invalid value specified for property 'mailNickname' of resource 'User'.",
        ));
    }
    let Some(upn) = cx.text("userPrincipalName") else {
        return Ok(());
    };
    let (local, domain) = upn.rsplit_once('@').unwrap_or(("", upn));
    let Some(domain) = tenant
        .domains
        .iter()
        .find(|d| d.verified && d.name.eq_ignore_ascii_case(domain))
    else {
        let mut error = GraphError::bad(
            "The domain portion of the userPrincipalName property is invalid. You must use one of the verified domain names in your organization.",
        );
        error.detail = Some(("InvalidValue", "userPrincipalName"));
        return Err(error);
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || "'.-_!#^~".contains(c);
    if local.is_empty() || !local.chars().all(plain) {
        return Err(GraphError::bad("Property userPrincipalName is invalid."));
    }
    if domain.authentication == "Federated" && cx.text("onPremisesImmutableId").is_none() && own.is_none() {
        return Err(GraphError::bad(
            "A value for onPremisesImmutableId is required for a user in a federated domain.",
        ));
    }
    match tenant.user(upn) {
        Some((id, _)) if own != Some(id) => Err(GraphError::same_value("userPrincipalName")),
        _ => Ok(()),
    }
}

/// Eight characters of three kinds at least.
fn check_password(body: &Props) -> Result<(), GraphError> {
    let profile = &body["passwordProfile"];
    let password = profile["password"].as_str().unwrap_or_default();
    let kinds: [fn(&char) -> bool; 4] = [
        char::is_ascii_lowercase,
        char::is_ascii_uppercase,
        char::is_ascii_digit,
        char::is_ascii_punctuation,
    ];
    let held = kinds.iter().filter(|kind| password.chars().any(|c| kind(&c))).count();
    if held >= 3 && (8..=256).contains(&password.chars().count()) {
        return Ok(());
    }
    let mut error = GraphError::bad(
        "The specified password does not comply with password complexity requirements. Please provide a different password.",
    );
    error.detail = Some(("PasswordComplexity", "passwordProfile"));
    Err(error)
}

/// PATCH /users/{id}
pub fn update(cx: &mut Cx<'_>) -> Done {
    let id = named(cx, 0)?;
    cx.refuse_read_only(READ_ONLY)?;
    check(cx, Some(&id))?;
    if cx.body.contains_key("passwordProfile") {
        check_password(&cx.body)?;
    }
    let body = cx.body.clone();
    let user = cx.tenant().users.get_mut(&id).expect("named sees it");
    for (key, value) in body {
        match (user.props.get_mut(&key), value) {
            _ if key.contains('@') => {}
            (Some(Value::Object(old)), Value::Object(new)) => old.extend(new),
            (_, value) => {
                user.props.insert(key, value);
            }
        }
    }
    let name = user.text("userPrincipalName").to_owned();
    cx.audit("Update user", "User", &id, &name);
    Reply::empty()
}

/// DELETE /users/{id}
pub fn delete(cx: &mut Cx<'_>) -> Done {
    let id = named(cx, 0)?;
    if cx.caller.user.as_deref() == Some(id.as_str()) {
        return Err(GraphError::bad("You cannot delete yourself."));
    }
    let tenant = cx.tenant();
    let mut user = tenant.users.remove(&id).expect("named sees it");
    tenant.members.values_mut().for_each(|list| list.retain(|m| *m != id));
    tenant.managers.retain(|user, manager| *user != id && *manager != id);
    tenant.assignments.retain(|_, a| a.text("principalId") != id);
    let name = user.text("userPrincipalName").to_owned();
    // The name is free again at once.
    user.set("userPrincipalName", format!("{}{name}", id.replace('-', "")));
    cx.bin(Kind::User, &id, user);
    cx.audit("Delete user", "User", &id, &name);
    Reply::empty()
}

/// GET /users/{id}/manager
pub fn manager(cx: &mut Cx<'_>) -> Done {
    let id = named(cx, 0)?;
    let tenant = cx.tenant();
    let manager = tenant.managers.get(&id).and_then(|m| tenant.users.get(m)).map(public);
    let mut manager = manager.ok_or_else(|| GraphError::not_found("manager"))?;
    manager["@odata.type"] = "#microsoft.graph.user".into();
    LISTING.one(cx, manager)
}

/// GET /users/{id}/memberOf
pub fn member_of(cx: &mut Cx<'_>) -> Done {
    let id = named(cx, 0)?;
    let tenant = cx.tenant();
    let mut ids: Vec<String> = tenant.groups_of(&id).cloned().collect();
    ids.sort();
    let groups = ids.iter().filter_map(|g| tenant.groups.get(g)).map(|group| {
        let mut value = group.value();
        value["@odata.type"] = "#microsoft.graph.group".into();
        value
    });
    let groups = groups.collect();
    Listing {
        paged: true,
        ..plain("group")
    }
    .answer(cx, groups)
}
