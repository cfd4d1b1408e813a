//! The AWS side: STS, Organizations, sso-admin, Identity Store, CloudTrail, SCIM, and the Identity Center console.
//!
//! A request is taken as AWS takes it: the signature's form and key, the limits, the model, the caller's rights, then the
//! operation. One file for each service.

mod assignments;
mod cloudtrail;
pub mod console;
pub mod directory;
mod identity_store;
mod instances;
pub mod model;
pub mod organization;
mod organizations;
mod permission_sets;
pub mod saml;
mod scim;
mod seed;
mod state;
mod sts;
mod update;
mod wire;

use serde_json::{Map, Value};

use self::wire::{AwsError, Call, Given};
pub use self::{
    console::{ACTIONS, click, view as console_view},
    organization::Organization,
    saml::{Assertion, SignedIn, sign_in},
    scim::handle as scim,
    seed::{Seed, build},
    state::state,
};
use super::{
    http::{Port, Request, Response},
    simulator::AwsAccess,
    weather::Refusal,
    world::{Outcome, World},
};

/// All sso-admin calls together, a second.
const SSO_ADMIN_RATE: u32 = 20;

/// Calls of each Identity Store operation, a second.
const IDENTITY_STORE_RATE: u32 = 20;

/// LookupEvents, a second.
const CLOUDTRAIL_RATE: u32 = 2;

/// The AWS APIs.
pub fn handle(world: &mut World, request: &Request) -> Outcome {
    if request.header("x-amz-target").is_none() {
        return sts::handle(world, request).into();
    }
    let given = json_call(world, request);
    wire::answer(world, request, &given).into()
}

fn json_call(world: &mut World, request: &Request) -> Given {
    let unknown = || AwsError::new("UnknownOperationException", "");
    let (service, operation) = wire::target(request).ok_or_else(unknown)?;
    if !model::model(service.model).is_some_and(|model| model.has(operation)) {
        return Err(unknown());
    }
    let caller = wire::caller(world, request, service.signing)?;
    let name = world.aws[caller.organization].name.clone();
    let within = match service.model {
        "sso-admin" => world
            .ledger
            .within_rate(&format!("sso-admin {name}"), SSO_ADMIN_RATE, request.at),
        "identitystore" => world.ledger.within_rate(
            &format!("identitystore {operation} {name}"),
            IDENTITY_STORE_RATE,
            request.at,
        ),
        "cloudtrail" => world
            .ledger
            .within_rate(&format!("CloudTrail {name}"), CLOUDTRAIL_RATE, request.at),
        _ => true,
    };
    if !within {
        return Err(wire::throttled(request, "Rate exceeded"));
    }
    let body = match request.body.is_empty() {
        true => Value::Object(Map::new()),
        false => request
            .json()
            .map_err(|error| AwsError::new("SerializationException", error.to_string()))?,
    };
    let now = world.now;
    world.aws[caller.organization].settle(now);
    let mut call = Call {
        world,
        request,
        caller,
        service,
        operation,
        body,
    };
    call.check()?;
    let action = format!("{}:{operation}", service.iam);
    let here = format!("{action}@{}", call.org().name);
    if call.world.weather.lacks(&action) || call.world.weather.lacks(&here) {
        let message = format!("User: {} is not authorized to perform: {action}", call.caller.arn);
        return Err(AwsError::denied(message));
    }
    if let Some(refused) = locked(&call) {
        return Err(refused);
    }
    let given = operate(&mut call);
    if !wire::reads(operation) {
        cloudtrail::note_call(&mut call, &given);
    }
    given
}

/// What is encrypted with a key that the caller may not use is not shown. What the instance is called, is.
fn locked(call: &Call<'_>) -> Option<AwsError> {
    let key = call.org().instance.as_ref()?.key.as_ref()?;
    let reason = match call.service.model {
        "sso-admin" => "KMS_AccessDeniedException",
        "identitystore" => "KMS_ACCESS_DENIED",
        _ => return None,
    };
    let open = ["ListInstances", "DescribeInstance", "ListRegions", "DescribeRegion"];
    if key.usable || open.contains(&call.operation) {
        return None;
    }
    let message = format!(
        "User: {} is not authorized to perform: kms:Decrypt on resource: {}",
        call.caller.arn, key.arn
    );
    Some(AwsError::denied(message).with("Reason", reason))
}

fn operate(call: &mut Call<'_>) -> Given {
    match call.service.model {
        "organizations" => organizations::operate(call),
        "identitystore" => identity_store::operate(call),
        "cloudtrail" => cloudtrail::operate(call),
        _ => instances::operate(call)
            .or_else(|| permission_sets::operate(call))
            .or_else(|| assignments::operate(call))
            .unwrap_or_else(|| Err(AwsError::new("UnknownOperationException", ""))),
    }
}

/// Whether a request to this side changes something.
pub fn is_write(request: &Request) -> bool {
    match request.port {
        Port::Scim => !request.is_get(),
        _ => wire::target(request).is_some_and(|(_, operation)| !wire::reads(operation)),
    }
}

/// Whether a read meets copies that lag.
pub fn lags(request: &Request) -> bool {
    wire::target(request).is_some_and(|(service, _)| service.model == "identitystore")
}

/// How this side turns a request away in bad weather.
pub fn refusal(world: &World, request: &Request, refusal: Refusal) -> Response {
    match request.port {
        Port::Scim => scim::refusal(refusal),
        _ => wire::refusal(world, request, refusal),
    }
}

/// The `[[aws]]` tables of a profile that points here. Several targets have a profile of the AWS configuration each.
pub fn profile(orgs: &[Organization]) -> Vec<toml::Value> {
    let table = |org: &Organization| {
        let mut table = toml::Table::new();
        table.insert("name".into(), org.name.as_str().into());
        table.insert("region".into(), org.region.as_str().into());
        if orgs.len() > 1 {
            table.insert("profile".into(), org.name.as_str().into());
        }
        table.into()
    };
    orgs.iter().map(table).collect()
}

/// Fake credentials of an organization.
pub fn access(org: &Organization) -> AwsAccess {
    let (id, key) = org
        .keys
        .first_key_value()
        .expect("every organization is built with a key");
    AwsAccess {
        name: org.name.clone(),
        access_key: id.clone(),
        secret_key: key.secret.clone(),
        session_token: key.session_token.clone(),
        region: org.region.clone(),
    }
}
