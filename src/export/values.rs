//! What stood before and what stands after, member by member, as text that may be shown.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::chain::hex;
use crate::secrets::redact;

/// Longer values are shown by their length and their hash.
const LONGEST: usize = 1500;

/// A member that has one value before and another, or none, after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Change {
    /// Where it stands: `attributes.Department`, `replies[0]`.
    pub(super) field: String,
    /// What was there; none when nothing was.
    pub(super) before: Option<String>,
    /// What is there; none when nothing is.
    pub(super) after: Option<String>,
}

/// What differs between two outputs, either of which may be missing.
pub(super) fn changes(before: Option<&Value>, after: Option<&Value>) -> Vec<Change> {
    let (before, after) = (members(before), members(after));
    let fields: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    fields
        .into_iter()
        .filter(|field| before.get(*field) != after.get(*field))
        .map(|field| Change {
            field: field.clone(),
            before: before.get(field).map(|value| shown(field, value)),
            after: after.get(field).map(|value| shown(field, value)),
        })
        .collect()
}

/// The leaves of a value by their path. What is null or empty says nothing.
fn members(value: Option<&Value>) -> BTreeMap<String, String> {
    fn walk(path: &str, value: &Value, into: &mut BTreeMap<String, String>) {
        match value {
            Value::Null => {}
            Value::Object(members) => {
                for (name, member) in members {
                    let path = if path.is_empty() {
                        name.clone()
                    } else {
                        format!("{path}.{name}")
                    };
                    walk(&path, member, into);
                }
            }
            Value::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    walk(&format!("{path}[{at}]"), item, into);
                }
            }
            Value::String(text) if text.is_empty() => {}
            Value::String(text) => drop(into.insert(path.to_owned(), text.clone())),
            other => drop(into.insert(path.to_owned(), other.to_string())),
        }
    }
    let mut found = BTreeMap::new();
    if let Some(value) = value {
        walk("", value, &mut found);
    }
    found
}

fn shown(field: &str, value: &str) -> String {
    let name = field.rsplit(['.', '[']).next().unwrap_or(field);
    let as_member = format!("\"{name}\":\"x\"");
    if redact(&as_member) != as_member {
        return "[redacted]".into();
    }
    if value.chars().count() > LONGEST {
        let hash = hex(value.as_bytes());
        return format!("{} characters, SHA-256 {hash}", value.chars().count());
    }
    redact(value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_differs_is_told() {
        let before = json!({ "a": 1, "b": { "c": "x" }, "d": ["one"], "e": null });
        let after = json!({ "a": 1, "b": { "c": "y" }, "d": ["one", "two"] });
        let told: Vec<_> = changes(Some(&before), Some(&after))
            .into_iter()
            .map(|change| (change.field, change.before, change.after))
            .collect();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            told,
            [
                ("b.c".to_owned(), some("x"), some("y")),
                ("d[1]".to_owned(), None, some("two"))
            ]
        );
        assert_eq!(changes(None, None), []);
    }

    #[test]
    fn what_has_a_secrets_name_is_not_shown_and_what_is_long_is_told_by_its_hash() {
        let output = json!({ "settings": { "SecretToken": "hunter2" }, "xml": "x".repeat(2000) });
        let told = changes(None, Some(&output));
        assert_eq!(told[0].after.as_deref(), Some("[redacted]"));
        assert!(
            told[1].after.as_ref().unwrap().starts_with("2000 characters, SHA-256 "),
            "{told:?}"
        );
    }
}
