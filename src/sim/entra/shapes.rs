//! The property names and types of the Graph objects, and the check of what a client sends.
//!
//! Read from `assets/sim/graph-shapes.txt`, which is generated from Microsoft's own metadata.

use std::{collections::BTreeMap, sync::LazyLock};

use serde_json::{Map, Value};

/// The type of a property.
#[derive(Debug, Clone, PartialEq)]
pub enum Ty {
    /// Any text.
    Text,
    /// A GUID.
    Guid,
    /// A date and time.
    Time,
    /// True or false.
    Bool,
    /// A whole number.
    Int,
    /// Any object.
    Any,
    /// One of these words.
    Enum(Vec<&'static str>),
    /// A comma list of these words.
    Flags(Vec<&'static str>),
    /// A list.
    List(Box<Ty>),
    /// An object of a named type.
    Object(&'static str),
    /// May be null.
    Nullable(Box<Ty>),
}

/// The properties of one type.
pub type Shape = BTreeMap<&'static str, Ty>;

static SHAPES: LazyLock<BTreeMap<&'static str, Shape>> =
    LazyLock::new(|| parse(include_str!("../../../assets/sim/graph-shapes.txt")));

/// The properties of this type.
///
/// # Panics
/// If the type is not in the file: routes name types as constants.
pub fn shape(name: &str) -> &'static Shape {
    SHAPES
        .get(name)
        .unwrap_or_else(|| panic!("no shape {name} in graph-shapes.txt"))
}

/// Checks a body against a type: unknown names and wrong types are refused in the vendor's words.
///
/// # Errors
/// The sentence for the client.
pub fn check(name: &'static str, body: &Map<String, Value>) -> Result<(), String> {
    let shape = shape(name);
    let open = matches!(name, "user" | "group");
    for (key, value) in body {
        if key.contains('@') || (open && key.starts_with("extension_")) {
            continue;
        }
        let Some(ty) = shape.get(key.as_str()) else {
            return Err(format!(
                "The property '{key}' does not exist on type 'microsoft.graph.{name}'. Make sure to only use property names that are defined by the type or mark the type as open type."
            ));
        };
        check_value(key, ty, value)?;
    }
    Ok(())
}

fn check_value(key: &str, ty: &Ty, value: &Value) -> Result<(), String> {
    let wrong = |what: &str| {
        Err(format!(
            "Cannot convert the literal of property '{key}' to the expected type '{what}'."
        ))
    };
    match (ty, value) {
        (Ty::Nullable(_), Value::Null) | (Ty::Text, Value::String(_)) | (Ty::Bool, Value::Bool(_)) => Ok(()),
        (Ty::Nullable(inner), _) => check_value(key, inner, value),
        (Ty::Guid, Value::String(s)) if uuid::Uuid::parse_str(s).is_ok() => Ok(()),
        (Ty::Guid, _) => wrong("Edm.Guid"),
        (Ty::Time, Value::String(s)) if s.parse::<jiff::Timestamp>().is_ok() => Ok(()),
        (Ty::Time, _) => wrong("Edm.DateTimeOffset"),
        (Ty::Int, Value::Number(n)) if n.is_i64() || n.is_u64() => Ok(()),
        (Ty::Int, _) => wrong("Edm.Int32"),
        (Ty::Text, _) => wrong("Edm.String"),
        (Ty::Bool, _) => wrong("Edm.Boolean"),
        (Ty::Enum(words), Value::String(s)) if words.contains(&s.as_str()) => Ok(()),
        (Ty::Flags(words), Value::String(s)) if s.split(',').all(|w| words.contains(&w.trim())) => Ok(()),
        (Ty::Enum(words) | Ty::Flags(words), _) => wrong(&format!("one of {}", words.join(", "))),
        (Ty::List(inner), Value::Array(items)) => items.iter().try_for_each(|v| check_value(key, inner, v)),
        (Ty::List(_), _) => wrong("Collection"),
        (Ty::Object(name), Value::Object(map)) => check(name, map),
        (Ty::Any, Value::Object(_)) => Ok(()),
        (Ty::Object(_) | Ty::Any, _) => wrong("an object"),
    }
}

fn parse(text: &'static str) -> BTreeMap<&'static str, Shape> {
    let lines = text.lines().filter(|l| !l.starts_with('#') && !l.is_empty());
    lines
        .map(|line| {
            let (name, rest) = line.split_once(':').expect("a line is `name: properties`");
            let fields = rest.split(',').map(str::trim).filter(|f| !f.is_empty());
            let shape = fields.map(|f| {
                let (key, ty) = f.split_once(' ').expect("a property is `name type`");
                (key, parse_ty(ty))
            });
            (name, shape.collect())
        })
        .collect()
}

fn parse_ty(text: &'static str) -> Ty {
    if let Some(inner) = text.strip_suffix('?') {
        return Ty::Nullable(Box::new(parse_ty(inner)));
    }
    if let Some(inner) = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
        return Ty::List(Box::new(parse_ty(inner)));
    }
    let words = |t: &'static str| t.split('|').collect();
    match text {
        "s" => Ty::Text,
        "u" => Ty::Guid,
        "d" => Ty::Time,
        "b" => Ty::Bool,
        "i" => Ty::Int,
        "o" => Ty::Any,
        _ => match (text.strip_prefix('@'), text.get(..2), text.get(2..text.len() - 1)) {
            (Some(name), ..) => Ty::Object(name),
            (_, Some("e("), Some(list)) => Ty::Enum(words(list)),
            (_, Some("f("), Some(list)) => Ty::Flags(words(list)),
            _ => panic!("unknown type {text} in graph-shapes.txt"),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn says(name: &'static str, body: Value) -> Result<(), String> {
        check(name, body.as_object().unwrap())
    }

    #[test]
    fn the_file_is_whole() {
        for shape in SHAPES.values() {
            for ty in shape.values() {
                let mut ty = ty;
                while let Ty::List(inner) | Ty::Nullable(inner) = ty {
                    ty = inner;
                }
                if let Ty::Object(name) = ty {
                    assert!(name.starts_with("beta.") || SHAPES.contains_key(name), "{name}");
                }
            }
        }
        assert!(shape("servicePrincipal").contains_key("preferredTokenSigningKeyThumbprint"));
    }

    #[test]
    fn unknown_names_and_wrong_types_are_refused_at_any_depth() {
        assert!(
            says(
                "user",
                json!({"displayName": "x", "extension_ab_c": 1, "@odata.type": "t"})
            )
            .is_ok()
        );
        assert!(
            says("user", json!({"displayname": "x"}))
                .unwrap_err()
                .contains("'displayname' does not exist")
        );
        assert!(
            says("user", json!({"accountEnabled": "yes"}))
                .unwrap_err()
                .contains("Edm.Boolean")
        );
        assert!(says("application", json!({"web": {"redirectUrls": []}})).is_err());
        assert!(says("application", json!({"web": {"redirectUris": ["x"]}})).is_ok());
        assert!(
            says(
                "synchronizationJobRestartCriteria",
                json!({"resetScope": "Watermark, Escrows"})
            )
            .is_ok()
        );
        assert!(says("synchronizationJobRestartCriteria", json!({"resetScope": "Everything"})).is_err());
        assert!(
            says("appRoleAssignment", json!({"principalId": "not a guid"}))
                .unwrap_err()
                .contains("Edm.Guid")
        );
    }
}
