//! The AWS side: STS, Organizations, sso-admin, Identity Store, CloudTrail, SCIM, and the Identity Center console.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    admin::{Clicked, Refused},
    http::{Request, Response},
    simulator::AwsAccess,
    weather::Refusal,
    world::{Ids, Outcome, World},
};

/// An AWS organization with IAM Identity Center.
#[derive(Debug, Clone, Default)]
pub struct Organization {
    /// The target's name.
    pub name: String,
}

/// What a scenario says about an organization.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Seed {
    /// The target's name.
    pub name: String,
}

/// The console actions of this side.
pub const ACTIONS: &[&str] = &[];

/// The organization a scenario describes.
pub fn build(seed: &Seed, _ids: &mut Ids, _now: Timestamp) -> Result<Organization, String> {
    Ok(Organization {
        name: seed.name.clone(),
    })
}

/// The AWS APIs.
pub fn handle(_world: &mut World, _request: &Request) -> Outcome {
    Response::empty(404).into()
}

/// The SCIM endpoint.
pub fn scim(_world: &mut World, _request: &Request) -> Outcome {
    Response::empty(404).into()
}

/// Whether a request to this side changes something.
pub fn is_write(request: &Request) -> bool {
    !request.is_get()
}

/// Whether a read meets copies that lag.
pub fn lags(request: &Request) -> bool {
    request.target().starts_with("AWSIdentityStore.")
}

/// How this side turns a request away.
pub fn refusal(_world: &mut World, _request: &Request, _refusal: Refusal) -> Response {
    Response::empty(503)
}

/// All live objects.
pub fn state(_org: &Organization, _now: Timestamp) -> Value {
    json!({})
}

/// What the console shows.
pub fn console_view(_org: &Organization) -> Value {
    json!({})
}

/// The `[[aws]]` tables of a profile that points here.
pub fn profile(_orgs: &[Organization]) -> Vec<toml::Value> {
    Vec::new()
}

/// Fake credentials.
pub fn access(org: &Organization) -> AwsAccess {
    AwsAccess {
        name: org.name.clone(),
        access_key: String::new(),
        secret_key: String::new(),
        region: String::new(),
    }
}

/// A click.
pub fn click(_world: &mut World, action: &str, _args: &Map<String, Value>) -> Clicked {
    Err(Refused::missing(format!("there is no console action {action}")))
}
