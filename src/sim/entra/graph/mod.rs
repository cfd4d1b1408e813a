//! Microsoft Graph: who may ask, which operation it is, and what goes back.

pub(super) mod applications;
pub(super) mod assignments;
mod batch;
mod claims;
mod cx;
mod deleted;
pub(super) mod delta;
mod directory;
mod error;
pub(super) mod groups;
mod logs;
mod page;
mod routes;
pub(super) mod schema;
pub(super) mod service_principals;
mod synchronization;
pub(super) mod users;

pub use self::{cx::Cx, error::GraphError};

use serde_json::Value;

use self::{
    cx::Reply,
    routes::{Find, find},
};
use crate::sim::{
    http::{Request, Response},
    weather::Refusal,
    world::{Outcome, World},
};

/// Answers a request to Graph.
pub fn handle(world: &mut World, request: &Request) -> Outcome {
    let segments = request.segments();
    if request.method == http::Method::POST && segments.get(1).is_some_and(|s| s == "$batch") {
        return batch::handle(world, request).into();
    }
    let ids = RequestIds::of(world, request);
    match answer(world, request) {
        Ok(Reply::Now(response)) => ids.mark(response).into(),
        Ok(Reply::Later(work)) => Outcome::later(move |hub| async move { ids.mark(work(hub).await) }),
        Err(error) => ids.mark(error.response(world.now, &ids.request, &ids.client)).into(),
    }
}

/// How Graph turns a request away in bad weather.
pub fn refusal(world: &World, request: &Request, refusal: Refusal) -> Response {
    let ids = RequestIds::of(world, request);
    let error = match refusal {
        Refusal::Throttled(after) => GraphError::throttled(after),
        Refusal::Failed(503) => GraphError::new(503, "ServiceUnavailable", "The service is temporarily unavailable."),
        Refusal::Failed(504) => GraphError::new(504, "GatewayTimeout", "The gateway did not answer in time."),
        Refusal::Failed(status) => GraphError::new(status, "InternalServerError", "An unexpected error occurred."),
    };
    ids.mark(error.response(world.now, &ids.request, &ids.client))
}

/// Whether a request changes something: POST also carries reads.
pub fn is_write(request: &Request) -> bool {
    if request.is_get() {
        return false;
    }
    let last = request.path.rsplit('/').next().unwrap_or_default();
    match last {
        "validateCredentials" | "parseExpression" => false,
        "$batch" => {
            let body: Value = request.json().unwrap_or_default();
            let inner = body["requests"].as_array().cloned().unwrap_or_default();
            inner.iter().any(|r| r["method"].as_str() != Some("GET"))
        }
        _ => true,
    }
}

struct RequestIds {
    request: String,
    client: String,
}

impl RequestIds {
    fn of(world: &World, request: &Request) -> Self {
        let made = super::ids::Ids::new(world.seed).guid("request", &request.seq.to_string());
        let client = request
            .header("client-request-id")
            .map_or_else(|| made.clone(), str::to_owned);
        Self { request: made, client }
    }

    fn mark(&self, response: Response) -> Response {
        response
            .header("request-id", self.request.as_str())
            .header("client-request-id", self.client.as_str())
            .header(
                "x-ms-ags-diagnostic",
                "{\"ServerInfo\":{\"DataCenter\":\"Simulated\",\"Slice\":\"E\",\"Ring\":\"1\"}}",
            )
    }
}

/// Checks everything that comes before the operation itself, then does it.
fn answer(world: &mut World, request: &Request) -> Result<Reply, GraphError> {
    let caller = cx::authenticate(world, request)?;
    let (beta, segments) = cx::version(request)?;
    let (route, params) = match find(&request.method, &segments, beta) {
        Find::Hit(route, params) => (route, params),
        Find::OtherMethod => {
            return Err(GraphError::new(
                405,
                "Request_BadRequest",
                "Specified HTTP method is not allowed for the request target.",
            ));
        }
        Find::Nothing => {
            let first = segments.first().map(String::as_str).unwrap_or_default();
            return Err(GraphError::new(
                404,
                "BadRequest",
                format!("Resource not found for the segment '{first}'."),
            ));
        }
    };
    let mut cx = Cx::new(world, request, caller, beta, params);
    cx.permit(route)?;
    cx.check_query(route)?;
    cx.read_body(route)?;
    (route.run)(&mut cx)
}
