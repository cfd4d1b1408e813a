//! Checks JSON against the AWS service models: unknown members, required members, types, lengths, patterns, enums.

use std::{cell::RefCell, collections::HashMap};

use fancy_regex::Regex;
use serde_json::Value;

/// The service models.
pub struct AwsContract {
    root: Value,
    patterns: RefCell<HashMap<String, Regex>>,
}

/// Errors that the services answer before any operation is reached, and so are in no operation's list.
const COMMON_ERRORS: &[&str] = &[
    "UnrecognizedClientException",
    "InvalidSignatureException",
    "ExpiredTokenException",
    "MissingAuthenticationTokenException",
    "UnknownOperationException",
    "SerializationException",
    "AccessDeniedException",
    "ThrottlingException",
    "InternalServerException",
    "InternalFailure",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "ValidationException",
];

impl AwsContract {
    /// The models, or `None` where they are not at hand.
    pub fn load() -> Option<Self> {
        super::slice("aws-slice.json").map(|root| Self {
            root,
            patterns: RefCell::default(),
        })
    }

    /// The service and operation that an `X-Amz-Target` names.
    pub fn operation(&self, target: &str) -> Option<(String, String)> {
        let (prefix, operation) = target.rsplit_once('.')?;
        let services = self.root["services"].as_object()?;
        let (name, service) = services.iter().find(|(_, service)| {
            service["target_prefix"].as_str().is_some_and(|known| {
                known == prefix || prefix.ends_with(&format!(".{known}")) || known.ends_with(prefix)
            })
        })?;
        service["operations"].get(operation)?;
        Some((name.clone(), operation.to_owned()))
    }

    /// What is wrong with a request body.
    pub fn request(&self, service: &str, operation: &str, body: &Value) -> Vec<String> {
        self.member(service, operation, "input", body)
    }

    /// What is wrong with a successful answer.
    pub fn answer(&self, service: &str, operation: &str, body: &Value) -> Vec<String> {
        self.member(service, operation, "output", body)
    }

    /// What is wrong with an error answer.
    pub fn error(&self, service: &str, operation: &str, body: &Value) -> Vec<String> {
        let Some(kind) = body["__type"]
            .as_str()
            .map(|kind| kind.rsplit('#').next().unwrap_or(kind))
        else {
            return vec![format!("an error without `__type`: {body}")];
        };
        let model = &self.root["services"][service];
        let listed = model["operations"][operation]["errors"]
            .as_array()
            .is_some_and(|errors| errors.iter().any(|e| e == kind));
        if !listed {
            return if COMMON_ERRORS.contains(&kind) {
                Vec::new()
            } else {
                vec![format!("{operation} does not answer {kind}")]
            };
        }
        let mut body = body.clone();
        if let Some(members) = body.as_object_mut() {
            members.remove("__type");
            // The services spell it either way; the models name one.
            if let Some(message) = members.remove("message") {
                members.entry("Message").or_insert(message);
            }
        }
        self.value(service, kind, &body, kind)
    }

    fn member(&self, service: &str, operation: &str, side: &str, body: &Value) -> Vec<String> {
        let model = &self.root["services"][service]["operations"][operation];
        if model.is_null() {
            return vec![format!("{service} has no operation {operation}")];
        }
        match model[side].as_str() {
            Some(shape) => self.value(service, shape, body, operation),
            None if body.as_object().is_none_or(serde_json::Map::is_empty) => Vec::new(),
            None => vec![format!("{operation} has no {side}, but got {body}")],
        }
    }

    fn value(&self, service: &str, shape: &str, value: &Value, at: &str) -> Vec<String> {
        let model = &self.root["services"][service]["shapes"][shape];
        if model["document"] == true {
            return Vec::new();
        }
        let mut wrong = Vec::new();
        match model["type"].as_str() {
            Some("structure") => self.structure(service, model, value, at, &mut wrong),
            Some("list") => match value.as_array() {
                Some(items) => {
                    bounds(model, items.len(), at, &mut wrong);
                    let member = member_shape(&model["member"]);
                    for (number, item) in items.iter().enumerate() {
                        wrong.extend(self.value(service, member, item, &format!("{at}[{number}]")));
                    }
                }
                None => wrong.push(format!("{at}: a list is wanted, not {value}")),
            },
            Some("map") => match value.as_object() {
                Some(entries) => {
                    for (key, item) in entries {
                        wrong.extend(self.value(service, member_shape(&model["key"]), &Value::from(key.as_str()), at));
                        wrong.extend(self.value(service, member_shape(&model["value"]), item, &format!("{at}.{key}")));
                    }
                }
                None => wrong.push(format!("{at}: a map is wanted, not {value}")),
            },
            Some("string") => match value.as_str() {
                Some(text) => self.string(model, text, at, &mut wrong),
                None => wrong.push(format!("{at}: a string is wanted, not {value}")),
            },
            Some("integer" | "long") => match value.as_i64() {
                Some(number) => {
                    if model["min"].as_i64().is_some_and(|min| number < min)
                        || model["max"].as_i64().is_some_and(|max| number > max)
                    {
                        wrong.push(format!("{at}: {number} is out of bounds"));
                    }
                }
                None => wrong.push(format!("{at}: a whole number is wanted, not {value}")),
            },
            Some("boolean") if !value.is_boolean() => wrong.push(format!("{at}: true or false is wanted, not {value}")),
            Some("timestamp") if !value.is_number() => {
                wrong.push(format!("{at}: epoch seconds are wanted, not {value}"))
            }
            Some(_) => {}
            None => wrong.push(format!("{at}: the model has no shape {shape}")),
        }
        wrong
    }

    fn structure(&self, service: &str, model: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
        let Some(given) = value.as_object() else {
            wrong.push(format!("{at}: an object is wanted, not {value}"));
            return;
        };
        let members = model["members"].as_object().expect("a structure has members");
        for required in model["required"].as_array().into_iter().flatten() {
            let name = required.as_str().expect("a member name");
            if given.get(name).is_none_or(Value::is_null) {
                wrong.push(format!("{at}: `{name}` is missing"));
            }
        }
        if model["union"] == true && given.len() != 1 {
            wrong.push(format!("{at}: exactly one member is wanted, not {}", given.len()));
        }
        for (name, item) in given {
            match members.get(name) {
                Some(_) if item.is_null() => {}
                Some(member) => wrong.extend(self.value(service, member_shape(member), item, &format!("{at}.{name}"))),
                None => wrong.push(format!("{at}: the model has no member `{name}`")),
            }
        }
    }

    fn string(&self, model: &Value, text: &str, at: &str, wrong: &mut Vec<String>) {
        bounds(model, text.chars().count(), at, wrong);
        if let Some(known) = model["enum"].as_array()
            && !known.iter().any(|value| value == text)
        {
            wrong.push(format!("{at}: `{text}` is none of {known:?}"));
        }
        if let Some(pattern) = model["pattern"].as_str() {
            let mut patterns = self.patterns.borrow_mut();
            let regex = patterns
                .entry(pattern.to_owned())
                .or_insert_with(|| Regex::new(&format!("^(?:{pattern})$")).expect("the model's pattern compiles"));
            if !regex.is_match(text).expect("the pattern can be tried") {
                wrong.push(format!("{at}: `{text}` does not match {pattern}"));
            }
        }
    }
}

fn member_shape(member: &Value) -> &str {
    member
        .as_str()
        .or_else(|| member["shape"].as_str())
        .expect("a member names its shape")
}

fn bounds(model: &Value, length: usize, at: &str, wrong: &mut Vec<String>) {
    let length = length as u64;
    if model["min"].as_u64().is_some_and(|min| length < min) || model["max"].as_u64().is_some_and(|max| length > max) {
        wrong.push(format!("{at}: a length of {length} is out of bounds"));
    }
}

#[test]
fn the_aws_validator_refuses_spoilt_samples() {
    let Some(contract) = AwsContract::load() else { return };
    let good =
        serde_json::json!({"InstanceArn": "arn:aws:sso:::instance/ssoins-1234567890abcdef", "Name": "RegionalAdmin"});
    assert_eq!(
        contract.request("sso-admin", "CreatePermissionSet", &good),
        Vec::<String>::new()
    );
    let spoilt = |change: fn(&mut Value)| {
        let mut body = good.clone();
        change(&mut body);
        contract.request("sso-admin", "CreatePermissionSet", &body)
    };
    assert!(
        spoilt(|b| b["Colour"] = "red".into())[0].contains("Colour"),
        "unknown property"
    );
    assert!(
        spoilt(|b| drop(b.as_object_mut().expect("object").remove("Name")))[0].contains("missing"),
        "missing member"
    );
    assert!(
        spoilt(|b| b["Name"] = "two words".into())[0].contains("match"),
        "pattern"
    );
    assert!(
        spoilt(|b| b["Name"] = "x".repeat(33).into())[0].contains("length"),
        "length"
    );
    assert!(spoilt(|b| b["Name"] = 7.into())[0].contains("string"), "type");
    assert!(
        spoilt(|b| b["SessionDuration"] = "12 hours".into())[0].contains("match"),
        "look-ahead pattern"
    );
    assert!(
        !contract.request("sso-admin", "CreatePermissionSets", &good).is_empty(),
        "unknown operation"
    );
    assert_eq!(
        contract.operation("SWBExternalService.CreatePermissionSet"),
        Some(("sso-admin".into(), "CreatePermissionSet".into()))
    );
    assert_eq!(contract.operation("SWBExternalService.Nothing"), None);
    let answer = serde_json::json!({"AccountAssignmentCreationStatus": {"Status": "DONE"}});
    assert!(
        contract.answer("sso-admin", "CreateAccountAssignment", &answer)[0].contains("none of"),
        "enum"
    );
    let error = serde_json::json!({"__type": "NoSuchException", "Message": "x"});
    assert!(
        !contract.error("sso-admin", "CreatePermissionSet", &error).is_empty(),
        "an error that the operation does not have"
    );
}
