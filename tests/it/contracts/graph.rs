//! Checks Microsoft Graph requests and answers against the OpenAPI slice: path, method, body, status, answer.

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use serde_json::{Value, json};

/// The OpenAPI slice.
pub struct GraphContract {
    root: Value,
    compiled: RefCell<HashMap<String, Rc<jsonschema::Validator>>>,
}

impl GraphContract {
    /// The slice, or `None` where it is not at hand.
    pub fn load() -> Option<Self> {
        super::slice("msgraph-slice.openapi.json").map(|root| Self {
            root,
            compiled: RefCell::default(),
        })
    }

    /// The template of a path such as `/v1.0/users/42`, and whether its version is the one the slice wants.
    fn template(&self, path: &str) -> Result<String, String> {
        let (version, rest) = path
            .trim_start_matches('/')
            .split_once('/')
            .ok_or("a path without a version")?;
        let rest = format!("/{rest}");
        let paths = self.root["paths"].as_object().expect("paths");
        // A literal segment wins over a parameter.
        let template = paths
            .keys()
            .filter(|template| matches(template, &rest))
            .min_by_key(|template| template.matches('{').count())
            .ok_or_else(|| format!("the slice has no path {rest}"))?;
        let beta = paths[template]
            .as_object()
            .is_some_and(|item| item.values().any(|op| op["x-ms-api-version"] == "beta"));
        if (version == "beta") != beta {
            return Err(format!(
                "{rest} belongs to {}, not {version}",
                if beta { "beta" } else { "v1.0" }
            ));
        }
        Ok(template.clone())
    }

    /// What is wrong with a request. `path` is absolute and without its query.
    pub fn request(&self, method: &str, path: &str, query: &[(String, String)], body: Option<&Value>) -> Vec<String> {
        let template = match self.template(path) {
            Ok(template) => template,
            Err(wrong) => return vec![wrong],
        };
        let operation = &self.root["paths"][&template][method.to_lowercase()];
        if operation.is_null() {
            return vec![format!("{template} has no {method}")];
        }
        let mut wrong = Vec::new();
        let known: Vec<&str> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|p| p["name"].as_str())
            .collect();
        for (name, _) in query {
            if !known.contains(&name.as_str()) {
                wrong.push(format!("{method} {template} has no query parameter `{name}`"));
            }
        }
        let wanted = &operation["requestBody"];
        match body {
            // An empty object says nothing, and is what actions without parameters take.
            Some(body) if wanted.is_null() && body.as_object().is_some_and(serde_json::Map::is_empty) => {}
            Some(body) if wanted.is_null() => wrong.push(format!("{method} {template} takes no body, but got {body}")),
            Some(body) => {
                let schema = &wanted["content"]["application/json"]["schema"];
                wrong.extend(self.check(&format!("{method} {template} request"), schema, body));
            }
            None if wanted["required"] == true => wrong.push(format!("{method} {template} needs a body")),
            None => {}
        }
        wrong
    }

    /// What is wrong with an answer.
    pub fn answer(&self, method: &str, path: &str, status: u16, body: Option<&Value>) -> Vec<String> {
        let template = match self.template(path) {
            Ok(template) => template,
            // The request was refused as unknown: any OData error will do.
            Err(_) if status >= 400 => return Vec::new(),
            Err(wrong) => return vec![wrong],
        };
        let responses = &self.root["paths"][&template][method.to_lowercase()]["responses"];
        let class = format!("{}XX", status / 100);
        let Some(response) = responses.get(status.to_string()).or_else(|| responses.get(&class)) else {
            return if status == 405 {
                Vec::new()
            } else {
                vec![format!("{method} {template} does not answer {status}")]
            };
        };
        let schema = &response["content"]["application/json"]["schema"];
        match body {
            Some(body) if schema.is_null() => vec![format!(
                "{method} {template} answers {status} without a body, but got {body}"
            )],
            Some(body) => self.check(&format!("{method} {template} {status}"), schema, body),
            None if schema.is_null() || status == 204 => Vec::new(),
            None => vec![format!("{method} {template} {status} lacks its body")],
        }
    }

    fn check(&self, name: &str, schema: &Value, body: &Value) -> Vec<String> {
        let validator = Rc::clone(self.compiled.borrow_mut().entry(name.to_owned()).or_insert_with(|| {
            let whole = json!({"allOf": [schema], "components": self.root["components"]});
            let options = jsonschema::options()
                .with_draft(jsonschema::Draft::Draft202012)
                .should_validate_formats(true);
            Rc::new(options.build(&whole).expect("the slice's schema compiles"))
        }));
        validator
            .iter_errors(body)
            .map(|error| format!("{name}: {error} at {}", error.instance_path))
            .collect()
    }
}

fn matches(template: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(want), Some(have)) if want.starts_with('{') => {
                if have.is_empty() || have.starts_with('$') {
                    return false;
                }
            }
            (Some(want), Some(have)) if want == have => {}
            _ => return false,
        }
    }
}

#[test]
fn the_graph_validator_refuses_spoilt_samples() {
    let Some(contract) = GraphContract::load() else { return };
    let sp = "/v1.0/servicePrincipals/7b1c8f3e-0000-4000-8000-000000000001";
    let id = "8774f594-1d59-4279-b9d9-59ef09a23530";
    let good = json!({"principalId": id, "resourceId": id, "appRoleId": id});
    let assign = format!("{sp}/appRoleAssignedTo");
    assert_eq!(
        contract.request("POST", &assign, &[], Some(&good)),
        Vec::<String>::new()
    );
    let with = |key: &str, value: Value| {
        let mut body = good.clone();
        body[key] = value;
        contract.request("POST", &assign, &[], Some(&body))
    };
    assert!(!with("colour", "red".into()).is_empty(), "unknown property");
    assert!(!with("principalId", 7.into()).is_empty(), "type");
    assert!(!with("principalId", "not-a-guid".into()).is_empty(), "format");
    assert!(
        !contract
            .request("POST", &assign, &[], Some(&json!({"principalId": id})))
            .is_empty(),
        "missing member"
    );
    assert!(!contract.request("POST", &assign, &[], None).is_empty(), "missing body");
    assert!(
        !contract.request("PUT", &assign, &[], Some(&good)).is_empty(),
        "wrong method"
    );
    assert!(
        !contract.request("GET", "/v1.0/nowhere", &[], None).is_empty(),
        "wrong path"
    );
    assert!(
        !contract
            .request("GET", &format!("{sp}/claimsPolicy"), &[], None)
            .is_empty(),
        "beta path on v1.0"
    );
    assert!(
        !contract
            .request("GET", sp, &[("$colour".into(), "red".into())], None)
            .is_empty(),
        "unknown query parameter"
    );
    assert!(
        !contract.answer("POST", &assign, 200, Some(&good)).is_empty(),
        "undocumented status"
    );
    assert!(
        !contract
            .answer("POST", &assign, 201, Some(&json!({"principalId": 7})))
            .is_empty(),
        "spoilt answer"
    );
    assert!(
        !contract.answer("GET", sp, 404, Some(&json!({"oops": true}))).is_empty(),
        "not an OData error"
    );
    assert!(!contract.answer("GET", sp, 200, None).is_empty(), "missing answer body");
}
