//! The Entra side: sign-in, Microsoft Graph, and the provisioning service.

mod certificate;
mod claims;
mod filter;
mod graph;
mod ids;
mod login;
mod metadata;
mod pfx;
pub mod provisioning;
mod roles;
mod scenario;
mod shapes;
mod sign_in;
pub mod state;
mod tokens;
mod view;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

pub use self::{
    certificate::Certificate,
    metadata::{document as federation_metadata, entity_id},
    state::{Entity, Kind, Settings, Tenant},
};
use super::{
    admin::{Clicked, Refused},
    http::{Port, Request, Response},
    weather::Refusal,
    world::{Ids, Outcome, World},
};

/// The console actions of this side.
pub const ACTIONS: &[&str] = &["entra.sign-in", "entra.edit-user"];

/// The tenant a scenario's `[entra]` describes.
///
/// # Errors
/// A sentence saying what is wrong in it.
pub fn build(table: &toml::Table, ids: &mut Ids, now: Timestamp) -> Result<Tenant, String> {
    scenario::build(table, ids, now)
}

/// Finishes a scenario once the AWS side is there: what refers to its SCIM tenant.
///
/// # Errors
/// A sentence saying what is wrong in it.
pub fn settle(world: &mut World, table: &toml::Table) -> Result<(), String> {
    scenario::settle(world, table)
}

/// Starts what runs by itself: the provisioning cycles of jobs that stand already.
pub fn begin(world: &mut World) {
    scenario::connect(world);
    for (sp, job) in active_jobs(world) {
        provisioning::run(world, &sp, &job);
    }
}

/// Whether no provisioning cycle is under way.
pub fn is_quiet(world: &World) -> bool {
    world.entra.jobs.values().flatten().all(|job| job.running.is_none())
}

/// Goes on with what ran by itself when this world was kept.
pub fn go_on(world: &mut World) {
    for (sp, job) in active_jobs(world) {
        provisioning::go_on(world, &sp, &job);
    }
}

fn active_jobs(world: &World) -> Vec<(String, String)> {
    world
        .entra
        .jobs
        .iter()
        .flat_map(|(sp, jobs)| jobs.iter().map(move |job| (sp, job)))
        .filter(|(_, job)| job.schedule == provisioning::job::Schedule::Active && !job.stalled)
        .map(|(sp, job)| (sp.clone(), job.id.clone()))
        .collect()
}

/// The sign-in port.
pub fn login(world: &mut World, request: &Request) -> Outcome {
    login::handle(world, request).into()
}

/// Microsoft Graph.
pub fn graph(world: &mut World, request: &Request) -> Outcome {
    graph::handle(world, request)
}

/// Whether a request to this side changes something. A token is nothing that stays.
pub fn is_write(request: &Request) -> bool {
    request.port == Port::Graph && graph::is_write(request)
}

/// How this side turns a request away.
pub fn refusal(world: &mut World, request: &Request, refusal: Refusal) -> Response {
    match (request.port, refusal) {
        (Port::Login, Refusal::Throttled(after)) => login::unavailable(429, Some(after)),
        (Port::Login, Refusal::Failed(status)) => login::unavailable(status, None),
        _ => graph::refusal(world, request, refusal),
    }
}

/// All live objects.
pub fn state(tenant: &Tenant) -> Value {
    view::state(tenant)
}

/// The recycle bin.
pub fn deleted(tenant: &Tenant) -> Value {
    view::deleted(tenant)
}

/// The `[entra]` table of a profile that points here.
pub fn profile(tenant: &Tenant) -> toml::Table {
    view::profile(tenant)
}

/// What a client needs in its environment to sign in here.
pub fn env(tenant: &Tenant) -> Vec<(String, String)> {
    view::env(tenant)
}

/// A click.
pub fn click(world: &mut World, action: &str, args: &Map<String, Value>) -> Clicked {
    match action {
        "entra.sign-in" => sign_in::click(world, args),
        "entra.edit-user" => edit_user(world, args),
        _ => Err(Refused::missing(format!("there is no console action {action}"))),
    }
}

/// `entra.edit-user`: somebody changes a property of a user on the user's page.
fn edit_user(world: &mut World, args: &Map<String, Value>) -> Clicked {
    let text = |name: &str| args.get(name).and_then(Value::as_str);
    let (Some(upn), Some(property), Some(value)) = (text("upn"), text("property"), text("value")) else {
        return Err(Refused::bad("`upn`, `property` and `value` are needed"));
    };
    let now = world.now;
    let tenant = &mut world.entra;
    let Some(id) = tenant.user(upn).map(|(id, _)| id.clone()) else {
        return Err(Refused::missing(format!("there is no user {upn}")));
    };
    if let Some(user) = tenant.users.get_mut(&id) {
        user.set(property, value);
    }
    let by = json!({ "user": { "userPrincipalName": format!("admin@{}", tenant.domains[0].name) }, "app": null });
    let target = json!({ "id": id, "displayName": upn, "type": "User", "modifiedProperties": [] });
    tenant.audit(now, "Update user", &by, target);
    Ok(json!({}))
}
