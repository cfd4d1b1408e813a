//! SCIM bodies from target attributes: `name.givenName`, `emails[type eq "work"].value`, `urn:…:User:department`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::templates::SCIM_USER;

const CORE_USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// A new user.
pub fn user(attributes: &[(String, String)]) -> Value {
    let mut body = json!({ "schemas": [CORE_USER, SCIM_USER] });
    for (target, value) in attributes {
        put(&mut body, target, value);
    }
    body
}

fn put(body: &mut Value, target: &str, text: &str) {
    if let Some(name) = target.strip_prefix(SCIM_USER).and_then(|t| t.strip_prefix(':')) {
        body[SCIM_USER][name] = value(target, text);
    } else if let Some((list, kind, part)) = in_list(target) {
        if !body[list].is_array() {
            body[list] = json!([]);
        }
        let items = body[list].as_array_mut().expect("made above");
        let at = items.iter().position(|item| item["type"] == kind).unwrap_or_else(|| {
            items.push(json!({ "type": kind }));
            items.len() - 1
        });
        items[at][part] = text.into();
        if list == "emails" {
            items[at]["primary"] = (at == 0).into();
        }
    } else if let Some((outer, inner)) = target.split_once('.') {
        body[outer][inner] = text.into();
    } else {
        body[target] = value(target, text);
    }
}

/// `emails[type eq "work"].value` in its three parts.
fn in_list(target: &str) -> Option<(&str, &str, &str)> {
    let (list, rest) = target.split_once("[type eq \"")?;
    let (kind, part) = rest.split_once("\"].")?;
    Some((list, kind, part))
}

fn value(target: &str, text: &str) -> Value {
    match target {
        "active" => Value::Bool(text.eq_ignore_ascii_case("true")),
        _ if target.ends_with(":manager") => json!({ "value": text }),
        _ => text.into(),
    }
}

/// The values as they are compared with what was sent last.
pub fn values(attributes: &[(String, String)]) -> BTreeMap<String, Value> {
    attributes
        .iter()
        .map(|(target, text)| (target.clone(), value(target, text)))
        .collect()
}

/// The changes from what was sent last; nothing if there are none. What is no longer there is not sent.
pub fn changes(sent: &BTreeMap<String, Value>, attributes: &[(String, String)]) -> Option<Value> {
    let operations: Vec<Value> = attributes
        .iter()
        .map(|(target, text)| (target, value(target, text)))
        .filter(|(target, value)| sent.get(*target) != Some(value))
        .map(|(target, value)| {
            let op = if sent.contains_key(target) { "replace" } else { "add" };
            json!({ "op": op, "path": target, "value": value })
        })
        .collect();
    (!operations.is_empty()).then(|| patch(operations))
}

/// Switches a user off or on.
pub fn active(on: bool) -> Value {
    patch(vec![json!({ "op": "replace", "path": "active", "value": on })])
}

/// A new group.
pub fn group(attributes: &[(String, String)]) -> Value {
    let mut body = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"] });
    for (target, text) in attributes {
        body[target.as_str()] = text.as_str().into();
    }
    body
}

/// Members in or out of a group.
pub fn members(op: &str, targets: &[&str]) -> Value {
    let list: Vec<Value> = targets.iter().map(|id| json!({ "value": id })).collect();
    patch(vec![json!({ "op": op, "path": "members", "value": list })])
}

fn patch(operations: Vec<Value>) -> Value {
    let mut body = Map::new();
    body.insert("schemas".into(), json!([PATCH]));
    body.insert("Operations".into(), operations.into());
    Value::Object(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    }

    #[test]
    fn a_user_is_built_from_target_names() {
        let body = user(&pairs(&[
            ("userName", "n@t"),
            ("active", "True"),
            ("name.givenName", "Nikki"),
            ("emails[type eq \"work\"].value", "n@t"),
            ("addresses[type eq \"work\"].locality", "Berlin"),
            ("addresses[type eq \"work\"].country", "DE"),
            ("phoneNumbers[type eq \"work\"].value", "1"),
            ("phoneNumbers[type eq \"fax\"].value", "2"),
            (
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
                "Sales",
            ),
            (
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager",
                "m",
            ),
        ]));
        assert_eq!(
            body["emails"],
            json!([{ "type": "work", "value": "n@t", "primary": true }])
        );
        assert_eq!(
            body["addresses"],
            json!([{ "type": "work", "locality": "Berlin", "country": "DE" }])
        );
        assert_eq!(body["phoneNumbers"].as_array().unwrap().len(), 2);
        assert_eq!(
            body[SCIM_USER],
            json!({ "department": "Sales", "manager": { "value": "m" } })
        );
        assert_eq!(body["active"], true);
    }

    #[test]
    fn only_what_changed_is_sent_and_what_was_cleared_is_not() {
        let sent = values(&pairs(&[("userName", "n"), ("title", "Boss"), ("active", "True")]));
        assert!(changes(&sent, &pairs(&[("userName", "n"), ("active", "True")])).is_none());
        let body = changes(&sent, &pairs(&[("title", "Chief"), ("displayName", "N")])).unwrap();
        assert_eq!(
            body["Operations"],
            json!([{ "op": "replace", "path": "title", "value": "Chief" }, { "op": "add", "path": "displayName", "value": "N" }])
        );
    }
}
