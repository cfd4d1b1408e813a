//! Entra's provisioning service: it reads the directory, decides, and speaks SCIM to the target over the wire.
//!
//! It runs as a task of the simulation while a job is active, asleep between cycles by the clock's `nap`, so that time does
//! not pass for it alone.

mod cycle;
pub mod expression;
pub mod filters;
pub mod job;
pub mod log;
mod object;
pub mod on_demand;
pub mod resource;
mod scim;
pub mod source;
pub mod templates;

use std::time::Duration;

use jiff::Timestamp;

use self::{
    job::{Job, Schedule},
    scim::Scim,
};
use crate::sim::{entra::state::span, hub::Hub, world::World};

/// A started job does nothing for this long.
const FIRST_BREATH: Duration = Duration::from_secs(15);
/// Days in quarantine after which the service gives up.
const QUARANTINE_DAYS: i64 = 28;

/// Starts the cycles of an active job.
pub fn run(world: &mut World, sp: &str, job: &str) {
    let now = world.now;
    let Some(entry) = world.entra.job_mut(sp, job) else {
        return;
    };
    let age = entry.age;
    entry.stalled = false;
    entry.next = Some(now + FIRST_BREATH);
    cycles(world, sp, job, age, FIRST_BREATH);
}

/// Goes on with the cycles of an active job, the next one when it is due.
pub fn go_on(world: &mut World, sp: &str, job: &str) {
    let now = world.now;
    let Some(entry) = world.entra.job_mut(sp, job) else {
        return;
    };
    let wait = entry.next.map(|next| next.duration_since(now));
    let wait = wait.and_then(|wait| Duration::try_from(wait).ok()).unwrap_or_default();
    let age = entry.age;
    cycles(world, sp, job, age, wait);
}

fn cycles(world: &mut World, sp: &str, job: &str, age: u64, first: Duration) {
    let (sp, job) = (sp.to_owned(), job.to_owned());
    world.spawn(move |hub| async move {
        let mut wait = first;
        loop {
            hub.clock().nap(wait).await;
            if !alive(&hub, &sp, &job, age) {
                return;
            }
            cycle::run(&hub, &sp, &job, age).await;
            let next = hub.with(|world| after_cycle(world, &sp, &job, age));
            let Some(next) = next else { return };
            wait = Duration::try_from(next.duration_since(hub.clock().now())).unwrap_or_default();
        }
    });
}

/// Stops a job. A cycle under way is finished.
pub fn pause(job: &mut Job) {
    job.schedule = Schedule::Paused;
    job.next = None;
}

/// Whether this task is still the one the job wants.
fn alive(hub: &Hub, sp: &str, job: &str, age: u64) -> bool {
    hub.with(|world| {
        world
            .entra
            .job_mut(sp, job)
            .is_some_and(|j| j.age == age && j.schedule == Schedule::Active)
    })
}

/// When the next cycle begins; nothing if there is none.
fn after_cycle(world: &mut World, sp: &str, job: &str, age: u64) -> Option<Timestamp> {
    let (now, cycle) = (world.now, span(world.entra.settings.cycle_s));
    let job = world.entra.job_mut(sp, job)?;
    if job.age != age || job.schedule != Schedule::Active {
        return None;
    }
    let next = match &job.quarantine {
        Some(q) if now.duration_since(q.began) > jiff::SignedDuration::from_hours(24 * QUARANTINE_DAYS) => {
            job.schedule = Schedule::Disabled;
            return None;
        }
        Some(q) => q.next,
        None => now + cycle,
    };
    job.next = Some(next);
    Some(next)
}

/// Whether this address and token are good; otherwise code and sentence.
///
/// # Errors
/// If they are not.
pub async fn validate(hub: &Hub, address: &str, token: &str) -> Result<(), (&'static str, String)> {
    let invalid = "SystemForCrossDomainIdentityManagementInvalidCredentials";
    if url::Url::parse(address).is_err() || token.is_empty() {
        return Err((
            invalid,
            "You appear to have entered invalid credentials. Please provide a valid tenant URL and secret token."
                .into(),
        ));
    }
    match Scim::new(hub, address, token, false).check().await {
        Ok(()) => Ok(()),
        Err(failure) => {
            let text = "We received this unexpected response from your application. Please check your credentials and tenant URL.";
            Err((failure.code(), format!("{text} {}", failure.message())))
        }
    }
}
