//! `$batch`: up to twenty requests in one, each judged alone.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::{Value, json};

use super::{GraphError, RequestIds, answer, cx};
use crate::sim::{
    http::{Request, Response},
    world::World,
};

const MOST: usize = 20;

/// POST /$batch
pub fn handle(world: &mut World, request: &Request) -> Response {
    let ids = RequestIds::of(world, request);
    let response = match run(world, request) {
        Ok(body) => Response::json(200, &body),
        Err(error) => error.response(world.now, &ids.request, &ids.client),
    };
    ids.mark(response)
}

fn run(world: &mut World, request: &Request) -> Result<Value, GraphError> {
    cx::authenticate(world, request)?;
    let bad = |message: &str| GraphError::new(400, "BadRequest", message);
    let body: Value = request.json().map_err(|_| bad("Invalid batch payload format."))?;
    let items = body["requests"]
        .as_array()
        .ok_or_else(|| bad("Invalid batch payload format."))?;
    if items.len() > MOST {
        return Err(bad("Number of batch request steps exceeds the maximum value of 20."));
    }
    let mut statuses: BTreeMap<String, u64> = BTreeMap::new();
    let mut responses = Vec::new();
    for item in items {
        let id = item["id"]
            .as_str()
            .ok_or_else(|| bad("Every request in a batch needs an id."))?
            .to_owned();
        if statuses.contains_key(&id) {
            return Err(bad("The ids of the requests in a batch must differ."));
        }
        let after: Vec<&str> = item["dependsOn"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        if let Some(unknown) = after.iter().find(|a| !statuses.contains_key(**a)) {
            return Err(bad(&format!(
                "The request depends on '{unknown}', which does not come before it."
            )));
        }
        let answered = if after.iter().any(|a| statuses[*a] >= 400) {
            let error =
                json!({ "error": { "code": "FailedDependency", "message": "A request it depends on failed." } });
            json!({ "id": id, "status": 424, "headers": {}, "body": error })
        } else {
            one(world, request, item, &id)?
        };
        statuses.insert(id, answered["status"].as_u64().unwrap_or_default());
        responses.push(answered);
    }
    Ok(json!({ "responses": responses }))
}

fn one(world: &mut World, outer: &Request, item: &Value, id: &str) -> Result<Value, GraphError> {
    let bad = |message: &str| GraphError::new(400, "BadRequest", message);
    let method: Method = item["method"]
        .as_str()
        .and_then(|m| m.parse().ok())
        .ok_or_else(|| bad("A request in a batch needs a method."))?;
    let url = item["url"]
        .as_str()
        .filter(|u| u.starts_with('/'))
        .ok_or_else(|| bad("The url of a request in a batch is relative and begins with '/'."))?;
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let version = outer.segments().into_iter().next().unwrap_or_default();
    let mut headers = HeaderMap::new();
    for name in ["authorization", "host", "client-request-id"] {
        if let Some(value) = outer.headers.get(name) {
            headers.insert(HeaderName::from_static(name), value.clone());
        }
    }
    for (name, value) in item["headers"].as_object().into_iter().flatten() {
        if let (Ok(name), Some(Ok(value))) = (
            name.parse::<HeaderName>(),
            value.as_str().map(str::parse::<HeaderValue>),
        ) {
            headers.insert(name, value);
        }
    }
    let inner = Request {
        method,
        path: format!("/{version}{path}"),
        query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        headers,
        body: item.get("body").map(|b| Bytes::from(b.to_string())).unwrap_or_default(),
        ..outer.clone()
    };
    let ids = RequestIds::of(world, outer);
    let response = match answer(world, &inner) {
        Ok(cx::Reply::Now(response)) => response,
        Ok(cx::Reply::Later(_)) => {
            bad("This operation cannot be part of a batch.").response(world.now, &ids.request, &ids.client)
        }
        Err(error) => error.response(world.now, &ids.request, &ids.client),
    };
    let headers: BTreeMap<String, String> = response.headers.iter().cloned().collect();
    let mut answered = json!({ "id": id, "status": response.status, "headers": headers });
    if !response.body.is_empty() {
        answered["body"] = serde_json::from_slice(&response.body).unwrap_or_default();
    }
    Ok(answered)
}
