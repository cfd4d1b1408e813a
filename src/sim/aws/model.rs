//! The service models: what a request must look like before an operation is reached.
//!
//! Each service has a table in `model/`, one operation or shape a line. AWS ignores members it does not know; here they are
//! refused, so that a misspelt one does not pass a test.

use std::{collections::HashMap, sync::OnceLock};

use regex::Regex;
use serde_json::Value;

/// The shapes of one service's requests.
#[derive(Debug)]
pub struct Model {
    operations: HashMap<&'static str, Option<&'static str>>,
    shapes: HashMap<&'static str, Shape>,
}

#[derive(Debug)]
enum Shape {
    Structure {
        members: Vec<Member>,
        union: bool,
    },
    List {
        bounds: Bounds,
        member: &'static str,
    },
    Map {
        bounds: Bounds,
        key: &'static str,
        value: &'static str,
    },
    Text {
        bounds: Bounds,
        pattern: Option<Pattern>,
    },
    Enum(Vec<&'static str>),
    Integer(Bounds),
    Boolean,
    Timestamp,
    Document,
}

#[derive(Debug)]
struct Member {
    name: &'static str,
    required: bool,
    shape: &'static str,
}

#[derive(Debug, Default, Clone, Copy)]
struct Bounds {
    min: Option<i64>,
    max: Option<i64>,
}

#[derive(Debug)]
struct Pattern {
    text: &'static str,
    compiled: OnceLock<Regex>,
}

impl Pattern {
    /// AWS matches the whole value, and reads `\d` and `\w` as ASCII.
    fn matches(&self, value: &str) -> bool {
        let compile = || {
            let ascii = self.text.replace(r"\d", "[0-9]").replace(r"\w", "[0-9A-Za-z_]");
            Regex::new(&format!("^(?:{ascii})$")).expect("the tables hold valid patterns")
        };
        self.compiled.get_or_init(compile).is_match(value)
    }
}

/// The model of a service: `sso-admin`, `identitystore`, `organizations` or `cloudtrail`.
pub fn model(service: &str) -> Option<&'static Model> {
    static MODELS: OnceLock<HashMap<&'static str, Model>> = OnceLock::new();
    let models = MODELS.get_or_init(|| {
        [
            ("sso-admin", include_str!("model/sso-admin.txt")),
            ("identitystore", include_str!("model/identitystore.txt")),
            ("organizations", include_str!("model/organizations.txt")),
            ("cloudtrail", include_str!("model/cloudtrail.txt")),
        ]
        .into_iter()
        .map(|(name, table)| (name, Model::read(table)))
        .collect()
    });
    models.get(service)
}

impl Model {
    fn read(table: &'static str) -> Self {
        let mut model = Self {
            operations: HashMap::new(),
            shapes: HashMap::new(),
        };
        for line in table.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let mut words = line.split(' ');
            let name = words.next().expect("a line has a first word");
            if name == "op" {
                let operation = words.next().expect("an operation has a name");
                let input = words.next().expect("an operation has an input or a dash");
                model.operations.insert(operation, (input != "-").then_some(input));
            } else {
                model
                    .shapes
                    .insert(name, Shape::read(line.split_once(' ').expect("a shape has a kind").1));
            }
        }
        model
    }

    /// Whether there is such an operation.
    pub fn has(&self, operation: &str) -> bool {
        self.operations.contains_key(operation)
    }

    /// What is wrong with the body of a request, in AWS's words.
    pub fn check(&self, operation: &str, body: &Value) -> Vec<String> {
        match self.operations.get(operation) {
            Some(Some(shape)) => self.check_shape(shape, body),
            _ if body.as_object().is_some_and(|members| members.is_empty()) => Vec::new(),
            _ => vec![format!("{operation} takes no input")],
        }
    }

    /// What is wrong with a value of this shape.
    pub fn check_shape(&self, shape: &str, value: &Value) -> Vec<String> {
        let mut wrong = Vec::new();
        self.value(shape, value, "", &mut wrong);
        wrong
    }

    fn value(&self, shape: &str, value: &Value, at: &str, wrong: &mut Vec<String>) {
        let failed =
            |constraint: String| format!("Value at '{at}' failed to satisfy constraint: Member must {constraint}");
        let of_type = |kind: &str| format!("Value at '{at}' must be {kind}");
        let Some(shape) = self.shapes.get(shape) else { return };
        match (shape, value) {
            (Shape::Document, _) | (Shape::Boolean, Value::Bool(_)) | (Shape::Timestamp, Value::Number(_)) => {}
            (Shape::Boolean, _) => wrong.push(of_type("a boolean")),
            (Shape::Timestamp, _) => wrong.push(of_type("a timestamp in seconds")),
            (Shape::Structure { members, union }, Value::Object(given)) => {
                let path = |name: &str| {
                    if at.is_empty() {
                        lower_first(name)
                    } else {
                        format!("{at}.{}", lower_first(name))
                    }
                };
                for member in members {
                    match given.get(member.name) {
                        None | Some(Value::Null) if member.required => wrong.push(format!(
                            "Value at '{}' failed to satisfy constraint: Member must not be null",
                            path(member.name)
                        )),
                        None | Some(Value::Null) => {}
                        Some(value) => self.value(member.shape, value, &path(member.name), wrong),
                    }
                }
                let unknown = given
                    .keys()
                    .filter(|key| members.iter().all(|member| member.name != key.as_str()));
                wrong.extend(unknown.map(|key| format!("Unknown member '{}'", path(key))));
                if *union && given.values().filter(|value| !value.is_null()).count() != 1 {
                    wrong.push(failed("have exactly one of its members set".into()));
                }
            }
            (Shape::Structure { .. }, _) => wrong.push(of_type("an object")),
            (Shape::List { bounds, member }, Value::Array(items)) => {
                wrong.extend(bounds.of_length(items.len(), "length").map(failed));
                for (n, item) in items.iter().enumerate() {
                    self.value(member, item, &format!("{at}.{}.member", n + 1), wrong);
                }
            }
            (Shape::List { .. }, _) => wrong.push(of_type("a list")),
            (
                Shape::Map {
                    bounds,
                    key,
                    value: each,
                },
                Value::Object(given),
            ) => {
                wrong.extend(bounds.of_length(given.len(), "size").map(failed));
                for (name, item) in given {
                    self.value(key, &Value::from(name.as_str()), at, wrong);
                    self.value(each, item, &format!("{at}.{name}"), wrong);
                }
            }
            (Shape::Map { .. }, _) => wrong.push(of_type("an object")),
            (Shape::Text { bounds, pattern }, Value::String(text)) => {
                wrong.extend(bounds.of_length(text.chars().count(), "length").map(failed));
                if let Some(pattern) = pattern
                    && !pattern.matches(text)
                {
                    wrong.push(failed(format!("satisfy regular expression pattern: {}", pattern.text)));
                }
            }
            (Shape::Text { .. } | Shape::Enum(_), value) if !value.is_string() => wrong.push(of_type("a string")),
            (Shape::Text { .. }, _) => {}
            (Shape::Enum(words), value) => {
                if !words.iter().any(|word| value == word) {
                    wrong.push(failed(format!("satisfy enum value set: [{}]", words.join(", "))));
                }
            }
            (Shape::Integer(bounds), value) => match value.as_i64() {
                Some(number) => {
                    if let Some(min) = bounds.min.filter(|&min| number < min) {
                        wrong.push(failed(format!("have value greater than or equal to {min}")));
                    }
                    if let Some(max) = bounds.max.filter(|&max| number > max) {
                        wrong.push(failed(format!("have value less than or equal to {max}")));
                    }
                }
                None => wrong.push(of_type("an integer")),
            },
        }
    }
}

impl Shape {
    /// Reads what follows the name: `string 1..32 /pattern/`, `list 0..50 Member`, `structure A!:X B:Y`.
    fn read(text: &'static str) -> Self {
        let (kind, rest) = text.split_once(' ').unwrap_or((text, ""));
        let (bounds, rest) = Bounds::read(rest);
        match kind {
            "structure" | "union" => {
                let member = |word: &'static str| {
                    let (name, shape) = word.split_once(':').expect("a member has a shape");
                    Member {
                        name: name.trim_end_matches('!'),
                        required: name.ends_with('!'),
                        shape,
                    }
                };
                Self::Structure {
                    members: rest.split_whitespace().map(member).collect(),
                    union: kind == "union",
                }
            }
            "list" => Self::List { bounds, member: rest },
            "map" => {
                let (key, value) = rest.split_once(' ').expect("a map has key and value");
                Self::Map { bounds, key, value }
            }
            "string" => {
                let text = rest.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
                Self::Text {
                    bounds,
                    pattern: text.map(|text| Pattern {
                        text,
                        compiled: OnceLock::new(),
                    }),
                }
            }
            "enum" => Self::Enum(rest.split('|').collect()),
            "integer" => Self::Integer(bounds),
            "boolean" => Self::Boolean,
            "timestamp" => Self::Timestamp,
            "document" => Self::Document,
            other => unreachable!("the tables hold no shape of kind {other}"),
        }
    }
}

impl Bounds {
    fn read(text: &'static str) -> (Self, &'static str) {
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        let range = word.split_once("..").filter(|(min, max)| {
            let number = |text: &str| text.is_empty() || text.parse::<i64>().is_ok();
            number(min) && number(max)
        });
        match range {
            Some((min, max)) => (
                Self {
                    min: min.parse().ok(),
                    max: max.parse().ok(),
                },
                rest,
            ),
            None => (Self::default(), text),
        }
    }

    fn of_length(self, length: usize, what: &str) -> Option<String> {
        let length = i64::try_from(length).unwrap_or(i64::MAX);
        if let Some(min) = self.min.filter(|&min| length < min) {
            return Some(format!("have {what} greater than or equal to {min}"));
        }
        self.max
            .filter(|&max| length > max)
            .map(|max| format!("have {what} less than or equal to {max}"))
    }
}

/// `UserName` to `userName`: how AWS's messages and SCIM spell members.
pub(super) fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    letters
        .next()
        .map(|first| first.to_lowercase().chain(letters).collect())
        .unwrap_or_default()
}

/// `userName` to `UserName`.
pub(super) fn upper_first(name: &str) -> String {
    let mut letters = name.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(service: &str, operation: &str, body: Value) -> Vec<String> {
        model(service).unwrap().check(operation, &body)
    }

    #[test]
    fn every_pattern_compiles() {
        for service in ["sso-admin", "identitystore", "organizations", "cloudtrail"] {
            for shape in model(service).unwrap().shapes.values() {
                if let Shape::Text {
                    pattern: Some(pattern), ..
                } = shape
                {
                    pattern.matches("x");
                }
            }
        }
    }

    #[test]
    fn a_good_request_passes() {
        let instance = "arn:aws:sso:::instance/ssoins-0123456789abcdef";
        let body = json!({"InstanceArn": instance, "Name": "RegionalAdmin", "SessionDuration": "PT1H",
            "RelayState": "https://us-east-1.console.aws.amazon.com/", "Tags": [{"Key": "fedwiz:managed-by", "Value": "x"}]});
        assert_eq!(check("sso-admin", "CreatePermissionSet", body), Vec::<String>::new());
        let body = json!({"IdentityStoreId": "d-0123456789", "UserName": "nikki@example.com", "DisplayName": "Nikki Wölf",
            "Name": {"GivenName": "Nikki", "FamilyName": "Wolf"}, "Emails": [{"Value": "n@example.com", "Primary": true}]});
        assert_eq!(check("identitystore", "CreateUser", body), Vec::<String>::new());
        assert_eq!(
            check("organizations", "DescribeOrganization", json!({})),
            Vec::<String>::new()
        );
    }

    #[test]
    fn each_kind_of_mistake_is_named() {
        let wrong = check(
            "sso-admin",
            "CreatePermissionSet",
            json!({"InstanceArn": "arn:aws:sso:::instance/x", "Name": "much too long a name for a permission set", "Colour": 1}),
        )
        .join("\n");
        assert!(
            wrong.contains("'instanceArn' failed to satisfy constraint: Member must satisfy regular expression"),
            "{wrong}"
        );
        assert!(
            wrong.contains("'name' failed to satisfy constraint: Member must have length less than or equal to 32")
        );
        assert!(wrong.contains("Unknown member 'colour'"));
        let missing = check("sso-admin", "DescribeInstance", json!({}));
        assert_eq!(
            missing,
            ["Value at 'instanceArn' failed to satisfy constraint: Member must not be null"]
        );
        let alternate = json!({"IdentityStoreId": "d-0123456789", "AlternateIdentifier": {}});
        assert!(check("identitystore", "GetUserId", alternate)[0].contains("exactly one"));
        let empty = json!({"IdentityStoreId": "d-0123456789", "Name": {"FamilyName": ""}});
        assert!(check("identitystore", "CreateUser", empty)[0].contains(
            "'name.familyName' failed to satisfy constraint: Member must have length greater than or equal to 1"
        ));
        let many = json!({"MaxResults": 21});
        assert!(check("organizations", "ListAccounts", many)[0].contains("less than or equal to 20"));
    }
}
