//! Changing a user attribute by attribute, as UpdateUser and SCIM's PATCH do.

use serde_json::{Map, Value};

use super::{
    directory::User,
    identity_store::ENTERPRISE,
    model::{self, lower_first, upper_first},
};

/// SCIM's name of the enterprise extension.
pub(super) const SCIM_ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// Attributes with parts.
const COMPLEX: &[&str] = &["Name", "Emails", "Addresses", "PhoneNumbers", "Roles", "Photos"];

/// Attributes of a user, spelt as the Identity Store API spells them.
const SIMPLE: &[&str] = &[
    "UserName",
    "DisplayName",
    "NickName",
    "ProfileUrl",
    "UserType",
    "Title",
    "PreferredLanguage",
    "Locale",
    "Timezone",
    "Website",
    "Birthdate",
];

/// Spells the members of a value as the Identity Store API does: `givenName` to `GivenName`, at every depth.
pub(super) fn to_api(value: &Value) -> Value {
    respell(value, upper_first)
}

/// Spells the members of a value as SCIM does.
pub(super) fn to_scim(value: &Value) -> Value {
    respell(value, lower_first)
}

fn respell(value: &Value, spell: fn(&str) -> String) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (spell(name), respell(value, spell)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) => items.iter().map(|item| respell(item, spell)).collect(),
        plain => plain.clone(),
    }
}

/// Sets one attribute; no value, or null, removes it. Paths are spelt either way: `name.givenName`, `emails`,
/// `aws:identitystore:enterprise.department`.
pub(super) fn user(user: &mut User, path: &str, value: Option<&Value>) -> Result<(), String> {
    let value = value.filter(|value| !value.is_null());
    for extension in [ENTERPRISE, SCIM_ENTERPRISE] {
        if let Some(rest) = path.strip_prefix(extension) {
            return enterprise(&mut user.enterprise, rest.trim_start_matches(['.', ':']), value);
        }
    }
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    let first = upper_first(first);
    let removes_name = first == "UserName" && value.is_none();
    if removes_name || (!SIMPLE.contains(&first.as_str()) && !COMPLEX.contains(&first.as_str())) {
        return Err(format!("Attribute {path} cannot be set so."));
    }
    if rest.is_empty() {
        match value {
            Some(value) => user.attributes.insert(first, to_api(value)),
            None => user.attributes.remove(&first),
        };
        return Ok(());
    }
    if !COMPLEX.contains(&first.as_str()) {
        return Err(format!("Attribute {path} has no parts."));
    }
    let part = upper_first(rest);
    if first == "Name" {
        let name = user.attributes.entry("Name").or_insert_with(|| Map::new().into());
        set(name, part, value);
    } else {
        let list = user
            .attributes
            .entry(first)
            .or_insert_with(|| Vec::<Value>::new().into());
        let Some(items) = list.as_array_mut() else {
            return Err(format!("Attribute {path} is no list."));
        };
        if items.is_empty() {
            items.push(Map::new().into());
        }
        set(&mut items[0], part, value);
    }
    Ok(())
}

fn set(into: &mut Value, part: String, value: Option<&Value>) {
    if let Some(members) = into.as_object_mut() {
        match value {
            Some(value) => members.insert(part, to_api(value)),
            None => members.remove(&part),
        };
    }
}

fn enterprise(all: &mut Map<String, Value>, path: &str, value: Option<&Value>) -> Result<(), String> {
    match (path, value) {
        ("", Some(Value::Object(members))) => {
            for (name, value) in members {
                enterprise(all, &lower_first(name), Some(value))?;
            }
        }
        ("", _) => all.clear(),
        ("manager.value", Some(value)) | ("manager", Some(value @ Value::String(_))) => {
            all.insert("manager".into(), serde_json::json!({ "value": value }));
        }
        ("employeeNumber" | "costCenter" | "organization" | "division" | "department" | "manager", Some(value)) => {
            all.insert(path.to_owned(), value.clone());
        }
        (name, None) => {
            all.remove(name.split('.').next().unwrap_or(name));
        }
        _ => return Err(format!("Attribute {path} is not part of the enterprise extension.")),
    }
    Ok(())
}

/// Checks a user as a whole against the model of CreateUser, and what AWS wants beyond it.
pub(super) fn check_user(user: &User) -> Result<(), String> {
    let model = model::model("identitystore").expect("it is bundled");
    let mut body = user.attributes.clone();
    body.insert("IdentityStoreId".into(), "d-0000000000".into());
    let mut wrong = model.check("CreateUser", &Value::Object(body));
    let texts = user.enterprise.iter().map(|(name, value)| match value.get("value") {
        Some(inner) => (format!("{name}.value"), inner),
        None => (name.clone(), value),
    });
    for (name, value) in texts {
        let prefix = format!("Value at '{SCIM_ENTERPRISE}.{name}'");
        wrong.extend(
            model
                .check_shape("SensitiveStringType", value)
                .iter()
                .map(|w| w.replace("Value at ''", &prefix)),
        );
    }
    for (name, why) in [
        ("UserName", "userName"),
        ("DisplayName", "displayName"),
        ("Name", "name"),
    ] {
        if !user.attributes.contains_key(name) {
            wrong.push(format!(
                "Value at '{why}' failed to satisfy constraint: Member must not be null"
            ));
        }
    }
    for part in ["GivenName", "FamilyName"] {
        if user
            .attributes
            .get("Name")
            .is_some_and(|name| name.get(part).is_none_or(Value::is_null))
        {
            wrong.push(format!(
                "Value at 'name.{}' failed to satisfy constraint: Member must not be null",
                lower_first(part)
            ));
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn nikki() -> User {
        let attributes =
            json!({"UserName": "nikki", "DisplayName": "Nikki", "Name": {"GivenName": "Nikki", "FamilyName": "Wolf"}});
        User {
            attributes: attributes.as_object().unwrap().clone(),
            ..User::default()
        }
    }

    #[test]
    fn parts_lists_and_extensions_are_set_and_removed() {
        let mut nikki = nikki();
        user(&mut nikki, "name.familyName", Some(&json!("Wolfe"))).unwrap();
        user(
            &mut nikki,
            "emails",
            Some(&json!([{"value": "n@example.com", "primary": true}])),
        )
        .unwrap();
        user(&mut nikki, "title", Some(&json!("Boss"))).unwrap();
        user(&mut nikki, "title", None).unwrap();
        user(
            &mut nikki,
            "aws:identitystore:enterprise.department",
            Some(&json!("IT")),
        )
        .unwrap();
        assert_eq!(nikki.attributes["Name"]["FamilyName"], "Wolfe");
        assert_eq!(nikki.email(), Some("n@example.com"));
        assert!(!nikki.attributes.contains_key("Title"));
        assert_eq!(nikki.enterprise["department"], "IT");
        check_user(&nikki).unwrap();
    }

    #[test]
    fn the_user_name_stays_and_empty_parts_are_refused() {
        let mut nikki = nikki();
        assert!(user(&mut nikki, "userName", None).is_err());
        assert!(user(&mut nikki, "shoeSize", Some(&json!(40))).is_err());
        user(&mut nikki, "name.familyName", Some(&json!(""))).unwrap();
        let why = check_user(&nikki).unwrap_err();
        assert!(
            why.contains(
                "'name.familyName' failed to satisfy constraint: Member must have length greater than or equal to 1"
            ),
            "{why}"
        );
    }
}
