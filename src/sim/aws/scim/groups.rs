//! SCIM groups.

use serde_json::{Value, json};

use super::{Given, MOST, Scim, ScimError, Verb, filter, scim_json};
use crate::sim::{
    aws::{
        directory::{Directory, ExternalId, Group, Record},
        model,
    },
    http::Response,
};

pub(super) const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

fn directory<'a>(scim: &'a mut Scim<'_>) -> &'a mut Directory {
    &mut scim.world.aws[scim.organization]
        .instance
        .as_mut()
        .expect("a tenant belongs to an instance")
        .directory
}

/// Members are always empty.
fn shown(id: &str, group: &Group) -> Value {
    let mut body = json!({
        "id": id,
        "schemas": [SCHEMA],
        "meta": Scim::meta("Group", group.record.created, group.record.updated),
        "displayName": group.display_name,
        "members": [],
    });
    if let (Some(external), Some(members)) = (&group.external_id, body.as_object_mut()) {
        members.insert("externalId".into(), json!(external.id));
    }
    body
}

pub(super) fn list(scim: &mut Scim<'_>) -> Given {
    let clauses = scim.filter(&["displayName", "externalId", "members.value", "id", "members"])?;
    let directory = directory(scim);
    for clause in clauses.iter().filter(|clause| clause.attribute.starts_with("members")) {
        if !directory.users.contains_key(&clause.value) {
            return Err(ScimError::not_found(&clause.value));
        }
    }
    let matches = |id: &String, group: &Group| {
        clauses.iter().all(|clause| match clause.attribute.as_str() {
            "displayName" => group.display_name.to_lowercase() == clause.value.to_lowercase(),
            "externalId" => group
                .external_id
                .as_ref()
                .is_some_and(|external| external.id == clause.value),
            "id" => *id == clause.value,
            _ => directory.membership(id, &clause.value).is_some(),
        })
    };
    let found = directory.groups.iter().filter(|(id, group)| matches(id, group));
    let items = found.map(|(id, group)| (id.clone(), shown(id, group))).collect();
    scim.list("ListGroups", items)
}

pub(super) fn get(scim: &mut Scim<'_>, id: &str) -> Given {
    let group = directory(scim).groups.get(id).ok_or_else(|| ScimError::not_found(id))?;
    Ok(scim_json(200, &shown(id, group)))
}

/// The user ids in a list of members.
fn members(value: Option<&Value>) -> Result<Vec<String>, ScimError> {
    let list = match value {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(list)) => list.clone(),
        Some(one) => vec![one.clone()],
    };
    let id = |member: &Value| member["value"].as_str().or_else(|| member.as_str()).map(str::to_owned);
    let ids: Option<Vec<String>> = list.iter().map(id).collect();
    ids.ok_or_else(ScimError::schema)
}

fn check(scim: &mut Scim<'_>, id: Option<&str>, group: &Group, added: &[String]) -> Result<(), ScimError> {
    let model = model::model("identitystore").expect("it is bundled");
    let wrong = model.check_shape("GroupDisplayName", &json!(group.display_name));
    if let Some(wrong) = wrong.first() {
        return Err(ScimError::invalid(
            wrong.replace("Value at ''", "Value at 'displayName'"),
        ));
    }
    let directory = directory(scim);
    match directory.group_taken(group, id) {
        Some("displayName") => return Err(ScimError::new(409, "Duplicate GroupDisplayName")),
        Some(what) => {
            return Err(ScimError::new(
                409,
                format!("A group with the same {what} already exists."),
            ));
        }
        None => {}
    }
    match added.iter().find(|user| !directory.users.contains_key(*user)) {
        Some(user) => Err(ScimError::not_found(user)),
        None => Ok(()),
    }
}

fn join(scim: &mut Scim<'_>, group: &str, users: Vec<String>) {
    let store = scim
        .org()
        .instance
        .as_ref()
        .map(|instance| instance.store_id.clone())
        .unwrap_or_default();
    for user in users {
        if directory(scim).membership(group, &user).is_none() {
            let id = Directory::new_id(&store, scim.world.ids.uuid());
            directory(scim).memberships.insert(id, (group.to_owned(), user));
        }
    }
}

pub(super) fn create(scim: &mut Scim<'_>) -> Given {
    let (body, issuer) = (scim.body()?, scim.issuer());
    let schemas = body.get("schemas").and_then(Value::as_array);
    let known = ["schemas", "displayName", "externalId", "members", "id", "meta"];
    if !schemas.is_some_and(|schemas| schemas.iter().any(|schema| schema == SCHEMA))
        || body.keys().any(|name| !known.contains(&name.as_str()))
    {
        return Err(ScimError::schema());
    }
    let display_name = body
        .get("displayName")
        .and_then(Value::as_str)
        .ok_or_else(ScimError::schema)?
        .to_owned();
    let external_id = body.get("externalId").and_then(Value::as_str).map(str::to_owned);
    let users = members(body.get("members"))?;
    if users.len() > MOST {
        return Err(ScimError::invalid("A request can hold 100 membership changes at most"));
    }
    let record = Record::new(scim.now(), &issuer);
    let external_id = external_id.map(|id| ExternalId { issuer, id });
    let group = Group {
        display_name,
        description: None,
        external_id,
        record,
    };
    check(scim, None, &group, &users)?;
    let store = scim
        .org()
        .instance
        .as_ref()
        .map(|instance| instance.store_id.clone())
        .unwrap_or_default();
    let id = Directory::new_id(&store, scim.world.ids.uuid());
    let body = shown(&id, &group);
    directory(scim).groups.insert(id.clone(), group);
    join(scim, &id, users);
    Ok(scim_json(201, &body))
}

pub(super) fn patch(scim: &mut Scim<'_>, id: &str) -> Given {
    let mut group = directory(scim)
        .groups
        .get(id)
        .cloned()
        .ok_or_else(|| ScimError::not_found(id))?;
    let issuer = scim.issuer();
    let (mut joining, mut leaving) = (Vec::new(), Vec::new());
    for operation in scim.operations()? {
        let named: Vec<(String, Option<Value>)> = match (&operation.path, &operation.value) {
            (Some(path), value) => vec![(path.clone(), value.clone())],
            (None, Some(Value::Object(all))) => all
                .iter()
                .map(|(name, value)| (name.clone(), Some(value.clone())))
                .collect(),
            (None, _) => return Err(ScimError::schema()),
        };
        for (path, value) in named {
            let (attribute, clause, _) =
                filter::path(&path).ok_or_else(|| ScimError::invalid("Invalid Filter format"))?;
            match (attribute, operation.verb) {
                ("displayName", Verb::Add | Verb::Replace) => {
                    group.display_name = value
                        .as_ref()
                        .and_then(Value::as_str)
                        .ok_or_else(ScimError::schema)?
                        .to_owned();
                }
                ("externalId", Verb::Remove) => group.external_id = None,
                ("externalId", _) => {
                    let external = value
                        .as_ref()
                        .and_then(Value::as_str)
                        .ok_or_else(ScimError::schema)?
                        .to_owned();
                    group.external_id = Some(ExternalId {
                        issuer: issuer.clone(),
                        id: external,
                    });
                }
                ("members", Verb::Add) => joining.extend(members(value.as_ref())?),
                ("members", Verb::Remove) => match clause {
                    Some(clause) if clause.attribute == "value" => leaving.push(clause.value),
                    _ if value.is_some() => leaving.extend(members(value.as_ref())?),
                    _ => return Err(ScimError::invalid("Removing all members is not supported")),
                },
                ("members", Verb::Replace) => return Err(ScimError::invalid("Replacing members is not supported")),
                // Entra sends its own id of the group along.
                ("id", Verb::Add | Verb::Replace) => {}
                _ => return Err(ScimError::schema()),
            }
        }
    }
    if joining.len() + leaving.len() > MOST {
        return Err(ScimError::invalid("A request can hold 100 membership changes at most"));
    }
    check(scim, Some(id), &group, &joining)?;
    let now = scim.now();
    group.record.touch(now, &issuer);
    let directory = directory(scim);
    directory.groups.insert(id.to_owned(), group);
    directory
        .memberships
        .retain(|_, (g, user)| g != id || !leaving.contains(user));
    join(scim, id, joining);
    Ok(Response::empty(204))
}

pub(super) fn delete(scim: &mut Scim<'_>, id: &str) -> Given {
    match directory(scim).remove_group(id) {
        true => Ok(Response::empty(204)),
        false => Err(ScimError::not_found(id)),
    }
}
