//! Edits of a provisioning job's live schema: what is read is sent back whole, and only what is found wrong is changed.
//!
//! Graph replaces the whole schema with what it is sent, and documents it only in part. So it stays JSON here, and each
//! edit keeps what it took away: that is its undo.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{engine::step::Difference, profile::Filter};

/// One change of the user mapping.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "edit")]
pub enum Edit {
    /// A mapping is taken away.
    Drop {
        /// The rule it belongs to.
        rule: String,
        /// The mapping as it was.
        mapping: Value,
    },
    /// A mapping gets another source.
    Source {
        /// The rule it belongs to.
        rule: String,
        /// The attribute in AWS.
        target: String,
        /// The source as it was.
        before: Value,
        /// The attribute in Entra that it reads from now.
        now: String,
    },
}

impl Edit {
    /// The edit as a difference between what is there and what is wanted.
    pub fn difference(&self) -> Difference {
        match self {
            Self::Drop { mapping, .. } => {
                Difference::new(target_name(mapping), shown_source(&mapping["source"]), "not mapped")
            }
            Self::Source {
                target, before, now, ..
            } => Difference::new(target.clone(), shown_source(before), format!("[{now}]")),
        }
    }
}

/// The edits that a schema needs so that Identity Center accepts what is sent and knows each user by an id that never
/// changes. None when all is well.
///
/// Identity Center takes one phone number only, and the external id should be the object id. Sources: the Microsoft and
/// AWS provisioning tutorials for AWS IAM Identity Center.
pub fn wanted_edits(schema: &Value) -> Vec<Edit> {
    let mut edits = Vec::new();
    for rule in array(&schema["synchronizationRules"]) {
        let id = text(&rule["id"]).to_owned();
        for mappings in array(&rule["objectMappings"]).iter().filter(|mapping| is_user(mapping)) {
            let mappings = array(&mappings["attributeMappings"]);
            external_id_edits(&id, mappings, &mut edits);
            phone_edits(&id, mappings, &mut edits);
        }
    }
    edits
}

fn external_id_edits(rule: &str, mappings: &[Value], edits: &mut Vec<Edit>) {
    let external: Vec<&Value> = mappings
        .iter()
        .filter(|mapping| target_name(mapping).eq_ignore_ascii_case("externalId"))
        .collect();
    let from = |mapping: &Value, name: &str| source_name(mapping).eq_ignore_ascii_case(name);
    let has_object_id = external.iter().any(|mapping| from(mapping, "objectId"));
    for mapping in external.into_iter().filter(|mapping| from(mapping, "mailNickname")) {
        edits.push(if has_object_id {
            Edit::Drop {
                rule: rule.to_owned(),
                mapping: mapping.clone(),
            }
        } else {
            Edit::Source {
                rule: rule.to_owned(),
                target: target_name(mapping).to_owned(),
                before: mapping["source"].clone(),
                now: "objectId".into(),
            }
        });
    }
}

fn phone_edits(rule: &str, mappings: &[Value], edits: &mut Vec<Edit>) {
    let is_phone = |mapping: &&Value| target_name(mapping).to_ascii_lowercase().starts_with("phonenumbers");
    let mut left = mappings.iter().filter(is_phone).count();
    for source in ["facsimileTelephoneNumber", "mobile"] {
        for mapping in mappings.iter().filter(is_phone) {
            let spare = left > 1 && mapping["matchingPriority"].as_i64().unwrap_or(0) == 0;
            if spare && source_name(mapping).eq_ignore_ascii_case(source) {
                left -= 1;
                edits.push(Edit::Drop {
                    rule: rule.to_owned(),
                    mapping: mapping.clone(),
                });
            }
        }
    }
}

/// The attributes of a user in Entra that are mapped to attributes in AWS whose names begin like this: `phoneNumbers`.
pub fn user_sources(schema: &Value, begin: &str) -> Vec<String> {
    let begins = |mapping: &&Value| {
        target_name(mapping)
            .to_ascii_lowercase()
            .starts_with(&begin.to_ascii_lowercase())
    };
    array(&schema["synchronizationRules"])
        .iter()
        .flat_map(|rule| array(&rule["objectMappings"]))
        .filter(|mapping| is_user(mapping))
        .flat_map(|mapping| array(&mapping["attributeMappings"]))
        .filter(begins)
        .map(|mapping| source_name(mapping).to_owned())
        .collect()
}

/// Makes the edits.
pub fn make(schema: &mut Value, edits: &[Edit]) {
    for edit in edits {
        match edit {
            Edit::Drop { rule, mapping } => each_user_mappings(schema, rule, |mappings| {
                mappings.retain(|found| !same_way(found, mapping));
            }),
            Edit::Source { rule, target, now, .. } => each_user_mappings(schema, rule, |mappings| {
                for mapping in mappings.iter_mut().filter(|mapping| target_name(mapping) == target) {
                    mapping["source"] = attribute(now);
                }
            }),
        }
    }
}

/// Takes the edits back. What somebody mapped to the same attribute in the meantime stays.
pub fn take_back(schema: &mut Value, edits: &[Edit]) {
    for edit in edits {
        match edit {
            Edit::Drop { rule, mapping } => each_user_mappings(schema, rule, |mappings| {
                let taken = |found: &Value| target_name(found) == target_name(mapping) && !is_external_id(found);
                if !mappings.iter().any(|found| taken(found) || same_way(found, mapping)) {
                    mappings.push(mapping.clone());
                }
            }),
            Edit::Source {
                rule,
                target,
                before,
                now,
            } => each_user_mappings(schema, rule, |mappings| {
                for mapping in mappings.iter_mut() {
                    if target_name(mapping) == target && source_name(mapping) == now {
                        mapping["source"] = before.clone();
                    }
                }
            }),
        }
    }
}

/// True when none of the edits is in force any more.
pub fn is_taken_back(schema: &Value, edits: &[Edit]) -> bool {
    let mut back = schema.clone();
    take_back(&mut back, edits);
    back == *schema
}

/// One attribute's mapping, or what a whole kind of object is mapped for, as it stood.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mapping {
    /// The rule it belongs to.
    pub rule: String,
    /// The kind of object: `User` or `Group`.
    pub object: String,
    /// The mapping of one attribute, whole; for the kind itself its `enabled` and `flowTypes`.
    pub mapping: Value,
}

impl Mapping {
    fn is_attribute(&self) -> bool {
        self.mapping["targetAttributeName"].is_string()
    }

    /// What to call it: `displayName`, and `Group displayName` for what is not a user's.
    fn field(&self) -> String {
        let name = if self.is_attribute() {
            target_name(&self.mapping)
        } else {
            "flows"
        };
        if self.object.eq_ignore_ascii_case("User") {
            name.to_owned()
        } else {
            format!("{} {name}", self.object)
        }
    }

    fn is_of(&self, other: &Self) -> bool {
        (&self.rule, self.field()) == (&other.rule, other.field())
    }

    fn shown(&self) -> String {
        if !self.is_attribute() {
            let on = if self.mapping["enabled"] == false { "off" } else { "on" };
            return format!("{on}, {}", text(&self.mapping["flowTypes"]));
        }
        let mut shown = shown_source(&self.mapping["source"]);
        let more = [
            ("matchingPriority", "matches"),
            ("flowType", "flows"),
            ("flowBehavior", ""),
        ];
        for (name, word) in more {
            match &self.mapping[name] {
                Value::Number(number) if number.as_i64() != Some(0) => shown.push_str(&format!(", {word} {number}")),
                Value::String(text) if !matches!(text.as_str(), "Always" | "FlowWhenChanged") => {
                    shown.push_str(&format!(", {text}"));
                }
                _ => {}
            }
        }
        shown
    }
}

/// All mappings of a schema.
pub fn mappings(schema: &Value) -> Vec<Mapping> {
    let mut all = Vec::new();
    for rule in array(&schema["synchronizationRules"]) {
        for object in array(&rule["objectMappings"]) {
            let of = |mapping: Value| Mapping {
                rule: text(&rule["id"]).to_owned(),
                object: text(&object["sourceObjectName"]).to_owned(),
                mapping,
            };
            all.push(of(
                json!({ "enabled": object["enabled"], "flowTypes": object["flowTypes"] }),
            ));
            all.extend(array(&object["attributeMappings"]).iter().cloned().map(of));
        }
    }
    all
}

/// What differs from these mappings. Nothing, where none were recorded.
pub fn mapping_differences(recorded: &[Mapping], schema: &Value) -> Vec<Difference> {
    if recorded.is_empty() {
        return Vec::new();
    }
    let now = mappings(schema);
    let mut differences = Vec::new();
    for was in recorded.iter().filter(|was| !now.contains(was)) {
        let is = now.iter().find(|is| is.is_of(was));
        let mut found = is.map_or_else(|| "not mapped".to_owned(), Mapping::shown);
        if found == was.shown() {
            found.push_str(", with another default or default behaviour");
        }
        differences.push(Difference::new(was.field(), found, was.shown()));
    }
    for is in now.iter().filter(|is| !recorded.iter().any(|was| was.is_of(is))) {
        differences.push(Difference::new(is.field(), is.shown(), "not mapped"));
    }
    differences
}

/// Makes the mappings those that were recorded, in their order.
pub fn put_mappings(schema: &mut Value, recorded: &[Mapping]) {
    if recorded.is_empty() {
        return;
    }
    for rule in array_mut(&mut schema["synchronizationRules"]) {
        let id = text(&rule["id"]).to_owned();
        for object in array_mut(&mut rule["objectMappings"]) {
            let kind = text(&object["sourceObjectName"]).to_owned();
            let of = |mapping: &&Mapping| mapping.rule == id && mapping.object == kind;
            let (attributes, flows): (Vec<&Mapping>, Vec<&Mapping>) =
                recorded.iter().filter(of).partition(|mapping| mapping.is_attribute());
            if attributes.is_empty() {
                continue;
            }
            object["attributeMappings"] = attributes.iter().map(|mapping| mapping.mapping.clone()).collect();
            for flow in flows {
                for name in ["enabled", "flowTypes"] {
                    object[name] = flow.mapping[name].clone();
                }
            }
        }
    }
}

/// The scope of the user mapping: the scoping filter, or nothing.
pub fn user_scope(schema: &Value) -> Value {
    array(&schema["synchronizationRules"])
        .iter()
        .flat_map(|rule| array(&rule["objectMappings"]))
        .find(|mapping| is_user(mapping))
        .map_or(Value::Null, |mapping| mapping["scope"].clone())
}

/// Sets the scope of the user mapping.
pub fn set_user_scope(schema: &mut Value, scope: &Value) {
    for mapping in array_mut(&mut schema["synchronizationRules"])
        .iter_mut()
        .flat_map(|rule| array_mut(&mut rule["objectMappings"]).iter_mut())
        .filter(|mapping| is_user(mapping))
    {
        mapping["scope"] = scope.clone();
    }
}

/// A scope in which all conditions must hold.
pub fn scope_of(name: &str, filters: &[Filter]) -> Value {
    let clauses: Vec<Value> = filters
        .iter()
        .map(|filter| {
            let values: Vec<&str> = Some(filter.value.as_str())
                .into_iter()
                .filter(|value| !value.is_empty())
                .collect();
            json!({
                "sourceOperandName": filter.attribute,
                "operatorName": filter.operator,
                "targetOperand": { "values": values },
            })
        })
        .collect();
    json!({
        "groups": [{ "name": name, "clauses": clauses }],
        "inputFilterGroups": [],
        "categoryFilterGroups": [],
    })
}

/// A scope as a line: `department EQUALS Sales`.
pub fn shown_scope(scope: &Value) -> String {
    let groups: Vec<String> = array(&scope["groups"])
        .iter()
        .map(|group| {
            let clauses: Vec<String> = array(&group["clauses"])
                .iter()
                .map(|clause| {
                    let values: Vec<&str> = array(&clause["targetOperand"]["values"]).iter().map(text).collect();
                    let (name, operator) = (text(&clause["sourceOperandName"]), text(&clause["operatorName"]));
                    format!("{name} {operator} {}", values.join(", ")).trim().to_owned()
                })
                .collect();
            clauses.join(" and ")
        })
        .filter(|group| !group.is_empty())
        .collect();
    if groups.is_empty() {
        "no filter".into()
    } else {
        groups.join(" or ")
    }
}

/// The id of the first rule that has a mapping for this kind of object, `User` or `Group`.
pub fn rule_for<'a>(schema: &'a Value, object: &str) -> Option<&'a str> {
    array(&schema["synchronizationRules"])
        .iter()
        .find(|rule| {
            array(&rule["objectMappings"])
                .iter()
                .any(|mapping| text(&mapping["sourceObjectName"]).eq_ignore_ascii_case(object))
        })
        .and_then(|rule| rule["id"].as_str())
}

fn each_user_mappings(schema: &mut Value, rule: &str, change: impl Fn(&mut Vec<Value>)) {
    for found in array_mut(&mut schema["synchronizationRules"]) {
        if text(&found["id"]) != rule {
            continue;
        }
        for mapping in array_mut(&mut found["objectMappings"])
            .iter_mut()
            .filter(|mapping| is_user(mapping))
        {
            if let Some(mappings) = mapping["attributeMappings"].as_array_mut() {
                change(mappings);
            }
        }
    }
}

fn is_user(object_mapping: &Value) -> bool {
    text(&object_mapping["sourceObjectName"]).eq_ignore_ascii_case("User")
}

fn is_external_id(mapping: &Value) -> bool {
    target_name(mapping).eq_ignore_ascii_case("externalId")
}

/// True when two mappings carry the same attribute to the same place.
fn same_way(one: &Value, other: &Value) -> bool {
    target_name(one) == target_name(other) && source_name(one) == source_name(other)
}

/// A source that is one attribute of the user.
fn attribute(name: &str) -> Value {
    json!({ "expression": format!("[{name}]"), "name": name, "type": "Attribute", "parameters": [] })
}

fn target_name(mapping: &Value) -> &str {
    text(&mapping["targetAttributeName"])
}

/// The attribute a mapping reads from; empty for constants and functions.
fn source_name(mapping: &Value) -> &str {
    let source = &mapping["source"];
    let is_attribute = text(&source["type"]).eq_ignore_ascii_case("Attribute");
    match (is_attribute, source["name"].as_str(), source["expression"].as_str()) {
        (true, Some(name), _) if !name.is_empty() => name,
        (true, _, Some(expression)) => expression.trim_start_matches('[').trim_end_matches(']'),
        _ => "",
    }
}

fn shown_source(source: &Value) -> String {
    source["expression"]
        .as_str()
        .map_or_else(|| format!("[{}]", text(&source["name"])), str::to_owned)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("")
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn array_mut(value: &mut Value) -> &mut [Value] {
    value.as_array_mut().map_or(&mut [], Vec::as_mut_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapping(target: &str, source: &str) -> Value {
        json!({
            "targetAttributeName": target,
            "source": attribute(source),
            "matchingPriority": i32::from(target == "userName"),
            "flowBehavior": "FlowWhenChanged",
            "flowType": "Always",
        })
    }

    fn schema(users: Vec<Value>) -> Value {
        json!({
            "id": "job", "version": "6.0",
            "directories": [{ "name": "Azure Active Directory", "objects": [] }],
            "synchronizationRules": [{
                "id": "rule", "name": "USERGROUP_OUTBOUND_USERGROUP",
                "metadata": [{ "key": "somethingNew", "value": "kept" }],
                "objectMappings": [
                    { "sourceObjectName": "Group", "attributeMappings": [mapping("externalId", "mailNickname")] },
                    { "sourceObjectName": "User", "scope": null, "attributeMappings": users },
                ],
            }],
        })
    }

    fn old() -> Value {
        schema(vec![
            mapping("userName", "userPrincipalName"),
            mapping("externalId", "mailNickname"),
            mapping("phoneNumbers[type eq \"work\"].value", "telephoneNumber"),
            mapping("phoneNumbers[type eq \"mobile\"].value", "mobile"),
            mapping("phoneNumbers[type eq \"fax\"].value", "facsimileTelephoneNumber"),
        ])
    }

    #[test]
    fn an_old_default_gets_the_object_id_and_keeps_one_phone() {
        let mut schema = old();
        let edits = wanted_edits(&schema);
        assert_eq!(edits.len(), 3);
        make(&mut schema, &edits);
        assert!(wanted_edits(&schema).is_empty());
        let users = &schema["synchronizationRules"][0]["objectMappings"][1]["attributeMappings"];
        let targets: Vec<&str> = array(users).iter().map(target_name).collect();
        assert_eq!(
            targets,
            ["userName", "externalId", "phoneNumbers[type eq \"work\"].value"]
        );
        assert_eq!(users[1]["source"]["expression"], "[objectId]");
    }

    #[test]
    fn the_rest_of_the_schema_and_the_group_mapping_are_not_touched() {
        let before = old();
        let mut after = before.clone();
        make(&mut after, &wanted_edits(&before));
        assert_eq!(after["directories"], before["directories"]);
        assert_eq!(
            after["synchronizationRules"][0]["metadata"],
            before["synchronizationRules"][0]["metadata"]
        );
        assert_eq!(
            after["synchronizationRules"][0]["objectMappings"][0],
            before["synchronizationRules"][0]["objectMappings"][0]
        );
    }

    #[test]
    fn edits_can_be_taken_back() {
        let before = old();
        let edits = wanted_edits(&before);
        let mut schema = before.clone();
        make(&mut schema, &edits);
        assert!(!is_taken_back(&schema, &edits));
        take_back(&mut schema, &edits);
        assert!(is_taken_back(&schema, &edits));
        let sorted = |schema: &Value| {
            let mappings = &schema["synchronizationRules"][0]["objectMappings"][1]["attributeMappings"];
            let mut lines: Vec<String> = array(mappings).iter().map(Value::to_string).collect();
            lines.sort();
            lines
        };
        assert_eq!(sorted(&schema), sorted(&before));
    }

    #[test]
    fn a_schema_that_is_right_needs_nothing() {
        let schema = schema(vec![
            mapping("externalId", "objectId"),
            mapping("phoneNumbers[type eq \"work\"].value", "telephoneNumber"),
        ]);
        assert!(wanted_edits(&schema).is_empty());
    }

    #[test]
    fn only_what_is_found_is_changed() {
        // No external id mapped, an own choice for it, and a mobile number that is the only phone: all stay.
        assert!(
            wanted_edits(&schema(vec![mapping(
                "phoneNumbers[type eq \"mobile\"].value",
                "mobile"
            )]))
            .is_empty()
        );
        assert!(wanted_edits(&schema(vec![mapping("externalId", "employeeId")])).is_empty());
        assert!(wanted_edits(&json!({})).is_empty());
    }

    #[test]
    fn a_second_external_id_mapping_is_dropped_and_comes_back() {
        let mut schema = schema(vec![
            mapping("externalId", "objectId"),
            mapping("externalId", "mailNickname"),
        ]);
        let edits = wanted_edits(&schema);
        assert!(matches!(&edits[..], [Edit::Drop { .. }]), "{edits:?}");
        make(&mut schema, &edits);
        assert!(wanted_edits(&schema).is_empty());
        take_back(&mut schema, &edits);
        assert_eq!(wanted_edits(&schema).len(), 1);
    }

    #[test]
    fn a_scoping_filter_is_set_on_users_only_and_shown_in_a_line() {
        let mut schema = old();
        let scope = scope_of(
            "fedwiz:lab",
            &[
                Filter {
                    attribute: "department".into(),
                    operator: "EQUALS".into(),
                    value: "Sales".into(),
                },
                Filter {
                    attribute: "city".into(),
                    operator: "IS NOT NULL".into(),
                    value: String::new(),
                },
            ],
        );
        set_user_scope(&mut schema, &scope);
        assert_eq!(user_scope(&schema), scope);
        assert_eq!(shown_scope(&scope), "department EQUALS Sales and city IS NOT NULL");
        assert_eq!(shown_scope(&Value::Null), "no filter");
        assert!(schema["synchronizationRules"][0]["objectMappings"][0]["scope"].is_null());
        assert_eq!(rule_for(&schema, "Group"), Some("rule"));
    }
}
