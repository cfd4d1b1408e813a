//! Scoping filters: clauses hold together within a group, groups stand for each other.

use serde_json::Value;

/// Operators and whether they stand without a value.
pub static OPERATORS: &[(&str, bool)] = &[
    ("EQUALS", false),
    ("NOT EQUALS", false),
    ("INCLUDES", false),
    ("IS TRUE", true),
    ("IS FALSE", true),
    ("IS NULL", true),
    ("IS NOT NULL", true),
];

/// Whether an object with these attributes is let through.
pub fn lets_through(scope: &Value, attribute: &dyn Fn(&str) -> Option<String>) -> bool {
    let groups = scope["groups"].as_array().map(Vec::as_slice).unwrap_or_default();
    let holds = |clause: &Value| {
        let value = attribute(clause["sourceOperandName"].as_str().unwrap_or_default());
        let wanted: Vec<&str> = clause["targetOperand"]["values"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let same = |v: &String| wanted.iter().any(|w| w.eq_ignore_ascii_case(v));
        match clause["operatorName"]
            .as_str()
            .unwrap_or_default()
            .to_uppercase()
            .as_str()
        {
            "EQUALS" => value.as_ref().is_some_and(same),
            "NOT EQUALS" => !value.as_ref().is_some_and(same),
            "INCLUDES" => value.is_some_and(|v| wanted.iter().any(|w| v.contains(w))),
            "IS TRUE" => value.is_some_and(|v| v.eq_ignore_ascii_case("true")),
            "IS FALSE" => value.is_some_and(|v| v.eq_ignore_ascii_case("false")),
            "IS NULL" => value.is_none(),
            "IS NOT NULL" => value.is_some(),
            _ => false,
        }
    };
    groups.is_empty()
        || groups
            .iter()
            .any(|g| g["clauses"].as_array().is_some_and(|clauses| clauses.iter().all(holds)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn clauses_and_groups_combine() {
        let clause = |name: &str, op: &str, value: &str| json!({ "sourceOperandName": name, "operatorName": op, "targetOperand": { "values": [value] } });
        let scope = json!({ "groups": [
            { "name": "a", "clauses": [clause("department", "EQUALS", "Sales"), clause("city", "IS NOT NULL", "")] },
            { "name": "b", "clauses": [clause("department", "EQUALS", "IT")] },
        ]});
        let user = |department: &'static str, city: Option<&'static str>| {
            lets_through(&scope, &move |name| match name {
                "department" => Some(department.to_owned()),
                _ => city.map(str::to_owned),
            })
        };
        assert!(user("sales", Some("Berlin")) && user("IT", None));
        assert!(!user("Sales", None));
        assert!(lets_through(&Value::Null, &|_| None));
    }
}
