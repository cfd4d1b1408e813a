//! The Entra side: sign-in, Microsoft Graph, and the provisioning service.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    admin::{Clicked, Refused},
    http::{Request, Response},
    weather::Refusal,
    world::{Ids, Outcome, World},
};

/// A tenant.
#[derive(Debug, Clone, Default)]
pub struct Tenant {}

/// The console actions of this side.
pub const ACTIONS: &[&str] = &["entra.sign-in"];

/// The tenant a scenario's `[entra]` describes.
pub fn build(_table: &toml::Table, _ids: &mut Ids, _now: Timestamp) -> Result<Tenant, String> {
    Ok(Tenant::default())
}

/// Finishes a scenario once the AWS side is there (what refers to its SCIM tenant, certificates and so on).
pub fn settle(_world: &mut World, _table: &toml::Table) -> Result<(), String> {
    Ok(())
}

/// Starts what runs by itself (provisioning cycles of jobs that stand already).
pub fn begin(_world: &mut World) {}

/// The sign-in port.
pub fn login(_world: &mut World, _request: &Request) -> Outcome {
    Response::empty(404).into()
}

/// Microsoft Graph.
pub fn graph(_world: &mut World, _request: &Request) -> Outcome {
    Response::empty(404).into()
}

/// Whether a request to this side changes something.
pub fn is_write(request: &Request) -> bool {
    !request.is_get()
}

/// How this side turns a request away.
pub fn refusal(_world: &mut World, _request: &Request, refusal: Refusal) -> Response {
    match refusal {
        Refusal::Throttled(after) => Response::empty(429).header("retry-after", after.to_string()),
        Refusal::Failed(status) => Response::empty(status),
    }
}

/// All live objects.
pub fn state(_tenant: &Tenant) -> Value {
    json!({})
}

/// The recycle bin.
pub fn deleted(_tenant: &Tenant) -> Value {
    json!({})
}

/// The `[entra]` table of a profile that points here.
pub fn profile(_tenant: &Tenant) -> toml::Table {
    toml::Table::new()
}

/// What a client needs in its environment to sign in here.
pub fn env(_tenant: &Tenant) -> Vec<(String, String)> {
    Vec::new()
}

/// A click.
pub fn click(_world: &mut World, action: &str, _args: &Map<String, Value>) -> Clicked {
    Err(Refused::missing(format!("there is no console action {action}")))
}
