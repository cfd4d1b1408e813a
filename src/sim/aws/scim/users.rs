//! SCIM users.

use serde_json::{Map, Value, json};

use super::{Given, Operation, Scim, ScimError, Verb, filter, scim_json};
use crate::sim::aws::{
    directory::{Directory, ExternalId, Record, User},
    model,
    update::{self, SCIM_ENTERPRISE},
};

pub(super) const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

/// Attributes AWS does not take.
const UNSUPPORTED: &[&str] = &[
    "password",
    "ims",
    "photos",
    "entitlements",
    "x509Certificates",
    "groups",
];

/// Lists that take one value.
const SINGLE: &[&str] = &["emails", "addresses", "phoneNumbers", "roles"];

fn directory<'a>(scim: &'a mut Scim<'_>) -> &'a mut Directory {
    &mut scim.world.aws[scim.organization]
        .instance
        .as_mut()
        .expect("a tenant belongs to an instance")
        .directory
}

fn shown(id: &str, user: &User) -> Value {
    let mut body = update::to_scim(&Value::Object(user.attributes.clone()));
    let mut schemas = vec![SCHEMA];
    let Some(members) = body.as_object_mut() else {
        return body;
    };
    members.insert("id".into(), json!(id));
    members.insert("active".into(), json!(user.active));
    members.insert(
        "meta".into(),
        Scim::meta("User", user.record.created, user.record.updated),
    );
    if let Some(external) = &user.external_id {
        members.insert("externalId".into(), json!(external.id));
    }
    if !user.enterprise.is_empty() {
        schemas.push(SCIM_ENTERPRISE);
        members.insert(SCIM_ENTERPRISE.into(), Value::Object(user.enterprise.clone()));
    }
    members.insert("schemas".into(), json!(schemas));
    body
}

pub(super) fn list(scim: &mut Scim<'_>) -> Given {
    let clauses = scim.filter(&["userName", "externalId", "groups.value", "id", "manager"])?;
    let directory = directory(scim);
    let matches = |id: &String, user: &User| {
        clauses.iter().all(|clause| match clause.attribute.as_str() {
            "userName" => user.user_name().to_lowercase() == clause.value.to_lowercase(),
            "externalId" => user
                .external_id
                .as_ref()
                .is_some_and(|external| external.id == clause.value),
            "groups.value" => directory.membership(&clause.value, id).is_some(),
            "manager" => user
                .enterprise
                .get("manager")
                .is_some_and(|manager| manager["value"] == clause.value.as_str()),
            _ => *id == clause.value,
        })
    };
    let found = directory.users.iter().filter(|(id, user)| matches(id, user));
    let items = found.map(|(id, user)| (id.clone(), shown(id, user))).collect();
    scim.list("ListUsers", items)
}

pub(super) fn get(scim: &mut Scim<'_>, id: &str) -> Given {
    let user = directory(scim).users.get(id).ok_or_else(|| ScimError::not_found(id))?;
    Ok(scim_json(200, &shown(id, user)))
}

/// Fills a user from a body, keeping nothing else.
fn fill(user: &mut User, body: &Map<String, Value>, issuer: &str) -> Result<(), ScimError> {
    let schemas = body.get("schemas").and_then(Value::as_array);
    if !schemas.is_some_and(|schemas| schemas.iter().any(|schema| schema == SCHEMA)) {
        return Err(ScimError::schema());
    }
    for (name, value) in body.iter().filter(|(_, value)| !value.is_null()) {
        match name.as_str() {
            "schemas" | "id" | "meta" => {}
            name => set(user, name, Some(value), issuer)?,
        }
    }
    check(user)
}

/// Sets or removes one attribute.
fn set(user: &mut User, name: &str, value: Option<&Value>, issuer: &str) -> Result<(), ScimError> {
    if UNSUPPORTED.contains(&name) {
        return Err(ScimError::schema());
    }
    match (name, value) {
        ("active", Some(Value::Bool(active))) => user.active = *active,
        // Entra writes its booleans as words.
        ("active", Some(Value::String(word))) if word.eq_ignore_ascii_case("true") => user.active = true,
        ("active", Some(Value::String(word))) if word.eq_ignore_ascii_case("false") => user.active = false,
        ("active", _) => return Err(ScimError::schema()),
        ("externalId", Some(Value::String(id))) => {
            let model = model::model("identitystore").expect("it is bundled");
            if let Some(wrong) = model.check_shape("ExternalIdIdentifier", &json!(id)).first() {
                return Err(ScimError::invalid(
                    wrong.replace("Value at ''", "Value at 'externalId'"),
                ));
            }
            user.external_id = Some(ExternalId {
                issuer: issuer.to_owned(),
                id: id.clone(),
            });
        }
        ("externalId", None) => user.external_id = None,
        ("externalId", _) => return Err(ScimError::schema()),
        _ => update::user(user, name, value).map_err(|_| ScimError::schema())?,
    }
    Ok(())
}

fn check(user: &User) -> Result<(), ScimError> {
    for name in SINGLE {
        let list = user.attributes.get(&model::upper_first(name)).and_then(Value::as_array);
        if list.is_some_and(|list| list.len() > 1) {
            return Err(ScimError::invalid(format!(
                "List attribute {name} exceeds allowed limit of 1"
            )));
        }
    }
    let emails = user.attributes.get("Emails").and_then(Value::as_array);
    if emails.is_some_and(|emails| emails.iter().any(|email| email["Primary"] != true)) {
        return Err(ScimError::invalid("The email attribute must be primary"));
    }
    update::check_user(user).map_err(ScimError::invalid)
}

fn taken(what: &str) -> ScimError {
    ScimError::new(409, format!("A user with the same {what} already exists."))
}

pub(super) fn create(scim: &mut Scim<'_>) -> Given {
    let (body, issuer) = (scim.body()?, scim.issuer());
    let record = Record::new(scim.now(), &issuer);
    let mut user = User {
        active: true,
        record,
        ..User::default()
    };
    fill(&mut user, &body, &issuer)?;
    if let Some(what) = directory(scim).taken(&user, None) {
        return Err(taken(what));
    }
    let store = scim
        .org()
        .instance
        .as_ref()
        .map(|instance| instance.store_id.clone())
        .unwrap_or_default();
    let id = Directory::new_id(&store, scim.world.ids.uuid());
    let body = shown(&id, &user);
    directory(scim).users.insert(id, user);
    Ok(scim_json(201, &body))
}

/// Stores a changed user.
fn store(scim: &mut Scim<'_>, id: &str, mut user: User) -> Given {
    if let Some(what) = directory(scim).taken(&user, Some(id)) {
        return Err(taken(what));
    }
    let (now, issuer) = (scim.now(), scim.issuer());
    user.record.touch(now, &issuer);
    let body = shown(id, &user);
    directory(scim).users.insert(id.to_owned(), user);
    Ok(scim_json(200, &body))
}

pub(super) fn put(scim: &mut Scim<'_>, id: &str) -> Given {
    let old = directory(scim)
        .users
        .get(id)
        .cloned()
        .ok_or_else(|| ScimError::not_found(id))?;
    let (body, issuer) = (scim.body()?, scim.issuer());
    let mut user = User {
        active: true,
        record: old.record,
        ..User::default()
    };
    fill(&mut user, &body, &issuer)?;
    store(scim, id, user)
}

pub(super) fn patch(scim: &mut Scim<'_>, id: &str) -> Given {
    let mut user = directory(scim)
        .users
        .get(id)
        .cloned()
        .ok_or_else(|| ScimError::not_found(id))?;
    let issuer = scim.issuer();
    for operation in scim.operations()? {
        apply(&mut user, &operation, &issuer)?;
    }
    check(&user)?;
    store(scim, id, user)
}

fn apply(user: &mut User, operation: &Operation, issuer: &str) -> Result<(), ScimError> {
    let removes = operation.verb == Verb::Remove;
    let value = if removes {
        None
    } else {
        Some(operation.value.as_ref().ok_or_else(ScimError::schema)?)
    };
    let Some(path) = &operation.path else {
        let members = value.and_then(Value::as_object).ok_or_else(ScimError::schema)?;
        for (name, value) in members {
            let one = Operation {
                verb: operation.verb,
                path: Some(name.clone()),
                value: Some(value.clone()),
            };
            apply(user, &one, issuer)?;
        }
        return Ok(());
    };
    if removes && (path == "userName" || path == "active") {
        return Err(ScimError::invalid(format!("{path} cannot be removed")));
    }
    let (attribute, clause, part) = filter::path(path).ok_or_else(|| ScimError::invalid("Invalid Filter format"))?;
    let Some(clause) = clause else {
        return set(user, path, value, issuer);
    };
    if !SINGLE.contains(&attribute) {
        return Err(ScimError::schema());
    }
    let list = user
        .attributes
        .entry(model::upper_first(attribute))
        .or_insert_with(|| json!([]));
    let items = list.as_array_mut().ok_or_else(ScimError::schema)?;
    let key = model::upper_first(&clause.attribute);
    let at = items.iter().position(|item| match &item[&key] {
        Value::String(text) => *text == clause.value,
        Value::Bool(flag) => flag.to_string() == clause.value.to_lowercase(),
        _ => false,
    });
    match (at, part, value) {
        (Some(at), None, None) => drop(items.remove(at)),
        (Some(at), Some(part), None) => drop(
            items[at]
                .as_object_mut()
                .and_then(|item| item.remove(&model::upper_first(part))),
        ),
        (None, _, None) => {}
        (at, part, Some(value)) => {
            let at = at.unwrap_or_else(|| {
                let mut item = Map::new();
                item.insert(key, json!(clause.value));
                if attribute == "emails" {
                    item.insert("Primary".into(), json!(true));
                }
                items.push(item.into());
                items.len() - 1
            });
            match part {
                Some("primary") if value.is_string() => {
                    items[at]["Primary"] = json!(value == "True" || value == "true")
                }
                Some(part) => items[at][&model::upper_first(part)] = value.clone(),
                None => items[at] = update::to_api(value),
            }
        }
    }
    if items
        .iter()
        .all(|item| item.get("Value").is_none() && attribute != "addresses")
        || items.is_empty()
    {
        user.attributes.remove(&model::upper_first(attribute));
    }
    Ok(())
}

pub(super) fn delete(scim: &mut Scim<'_>, id: &str) -> Given {
    match directory(scim).remove_user(id) {
        true => Ok(crate::sim::http::Response::empty(204)),
        false => Err(ScimError::not_found(id)),
    }
}
