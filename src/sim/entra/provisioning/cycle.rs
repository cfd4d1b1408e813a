//! One cycle of a job: check the credentials, read, compare, write, and book how it went.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    alive,
    job::{Execution, Link, Schedule},
    log::{self, Result as Ended, Trace},
    object::{self, Line},
    scim::Scim,
    source,
};
use crate::sim::{entra::state::Tenant, hub::Hub, world::World};

/// Failures from which the proportion counts.
const ESCROWS_COUNT: usize = 5000;
/// Failures that are too many whatever the proportion.
const ESCROWS_MOST: usize = 40_000;
/// A later cycle that finds little to do takes this long.
const SHORT: Duration = Duration::from_secs(20);

/// What a cycle sets out with.
struct Plan {
    address: String,
    token: String,
    full: bool,
    length: Duration,
    cycle: String,
    users: Vec<String>,
    groups: Vec<String>,
    out: Vec<(String, Link, bool)>,
    skipped: Vec<(String, String, bool)>,
    too_many: Option<usize>,
}

/// Runs one cycle.
pub async fn run(hub: &Hub, sp: &str, job: &str, age: u64) {
    let began = hub.clock().now();
    let Some(plan) = hub.with(|world| plan(world, sp, job)) else {
        return;
    };
    hub.with(|world| {
        if let Some(job) = world.entra.job_mut(sp, job) {
            job.running = Some(began);
            job.next = None;
        }
    });
    let scim = Scim::new(hub, &plan.address, &plan.token, true);
    if plan.address.is_empty() {
        let error = (
            "SystemForCrossDomainIdentityManagementInvalidCredentials".to_owned(),
            "No tenant URL is stored.".to_owned(),
        );
        return fail(hub, sp, job, &plan, began, error);
    }
    if let Err(failure) = scim.check().await {
        return fail(
            hub,
            sp,
            job,
            &plan,
            began,
            (failure.code().to_owned(), failure.message()),
        );
    }
    // Reading the directory takes most of the time of a first cycle.
    hub.clock().nap(plan.length / 10).await;
    let line = Line {
        hub,
        scim: &scim,
        sp,
        job,
    };
    let mut traces: Vec<Trace> = Vec::new();
    let mut credential = None;
    for (list, group) in [(&plan.users, false), (&plan.groups, true)] {
        for id in list {
            if !alive_or_paused(hub, sp, job, age) {
                return;
            }
            let trace = line.bring(id, group).await;
            if trace.credential {
                credential = trace.reason.clone();
                break;
            }
            book(hub, sp, job, &plan.cycle, &trace);
            traces.push(trace);
            if group && let Some(trace) = line.bring_members(id, None).await {
                book(hub, sp, job, &plan.cycle, &trace);
                traces.push(trace);
            }
        }
    }
    if let Some(error) = credential {
        return fail(hub, sp, job, &plan, began, error);
    }
    if plan.too_many.is_none() {
        for (id, link, for_good) in &plan.out {
            if !alive_or_paused(hub, sp, job, age) {
                return;
            }
            let trace = line.take_out(id, link, *for_good).await;
            book(hub, sp, job, &plan.cycle, &trace);
            traces.push(trace);
        }
    }
    for (id, name, group) in &plan.skipped {
        let mut trace = Trace::new(id, name, *group);
        trace.step(
            "scoping",
            Ended::Skipped,
            "The object does not satisfy the scoping filters",
        );
        trace.end(
            Ended::Skipped,
            "NotEffectivelyEntitled",
            "The object is not effectively entitled: a scoping filter leaves it out.",
        );
        book(hub, sp, job, &plan.cycle, &trace);
    }
    hub.clock().nap(plan.length - plan.length / 10).await;
    hub.with(|world| finish(world, sp, job, age, &plan, began, &traces));
}

/// A pause lets a cycle finish; a restart, a deletion or another start does not.
fn alive_or_paused(hub: &Hub, sp: &str, job: &str, age: u64) -> bool {
    alive(hub, sp, job, age)
        || hub.with(|w| {
            w.entra
                .job_mut(sp, job)
                .is_some_and(|j| j.age == age && j.schedule == Schedule::Paused)
        })
}

fn plan(world: &mut World, sp: &str, job_id: &str) -> Option<Plan> {
    let tenant = &world.entra;
    let job = tenant.jobs.get(sp)?.iter().find(|j| j.id == job_id)?;
    let (users, groups) = source::in_scope(tenant, sp, job);
    let skip_out = tenant
        .secret(sp, "SkipOutOfScopeDeletions")
        .is_some_and(|v| v.eq_ignore_ascii_case("true"));
    let in_scope = |id: &String| users.get(id).or(groups.get(id)) == Some(&true);
    let out: Vec<(String, Link, bool)> = job
        .links
        .iter()
        .filter(|(id, link)| !in_scope(id) && (link.active || link.group || object::is_gone_for_good(tenant, id)))
        .filter(|(id, link)| {
            !skip_out
                || !(if link.group {
                    tenant.groups.contains_key(*id)
                } else {
                    tenant.users.contains_key(*id)
                })
        })
        .map(|(id, link)| {
            (
                id.clone(),
                link.clone(),
                !link.group && object::is_gone_for_good(tenant, id),
            )
        })
        .collect();
    let settings: Value = tenant
        .secret(sp, "SyncNotificationSettings")
        .and_then(|t| serde_json::from_str(t).ok())
        .unwrap_or_default();
    let threshold = settings["DeleteThresholdValue"]
        .as_u64()
        .filter(|_| settings["DeleteThresholdEnabled"] == true);
    let too_many = threshold
        .filter(|t| out.len() as u64 > *t && !job.force_deletes)
        .map(|_| out.len());
    let picked = |list: &std::collections::BTreeMap<String, bool>, ok: bool| -> Vec<String> {
        list.iter()
            .filter(|(_, scoped)| **scoped == ok)
            .map(|(id, _)| id.clone())
            .collect()
    };
    // Managers first, so that references find their object.
    let mut ordered = picked(&users, true);
    ordered.sort_by_key(|id| (depth(tenant, id), id.clone()));
    let name = |id: &str| {
        let entity = tenant.users.get(id).or_else(|| tenant.groups.get(id));
        entity.map(|e| e.text("displayName").to_owned()).unwrap_or_default()
    };
    let full = job.full;
    let skipped = if full {
        let users = picked(&users, false)
            .into_iter()
            .map(|id| (id.clone(), name(&id), false));
        users
            .chain(
                picked(&groups, false)
                    .into_iter()
                    .map(|id| (id.clone(), name(&id), true)),
            )
            .collect()
    } else {
        Vec::new()
    };
    let initial = crate::sim::entra::state::span(tenant.settings.initial_cycle_s);
    let length = if full {
        Duration::try_from(initial).unwrap_or_default()
    } else {
        SHORT
    };
    let (groups, address, token) = (
        picked(&groups, true),
        tenant.secret(sp, "BaseAddress").unwrap_or_default().to_owned(),
        tenant.secret(sp, "SecretToken").unwrap_or_default().to_owned(),
    );
    let cycle = world.entra.ids.guid("cycle", job_id);
    Some(Plan {
        address,
        token,
        full,
        length,
        cycle,
        users: ordered,
        groups,
        out,
        skipped,
        too_many,
    })
}

fn depth(tenant: &Tenant, id: &str) -> usize {
    let mut at = id;
    let mut steps = 0;
    while let Some(manager) = tenant.managers.get(at) {
        steps += 1;
        at = manager;
        if steps > 32 {
            break;
        }
    }
    steps
}

fn book(hub: &Hub, sp: &str, job: &str, cycle: &str, trace: &Trace) {
    if trace.reason.as_ref().is_some_and(|(code, _)| code == "RedundantExport") {
        return;
    }
    hub.with(|world| log::write(&mut world.entra, world.now, sp, job, cycle, trace));
}

/// The cycle failed as a whole: the credentials are bad, or there is nobody there.
fn fail(hub: &Hub, sp: &str, job: &str, plan: &Plan, began: Timestamp, error: (String, String)) {
    hub.with(|world| {
        let now = world.now;
        let Some(entry) = world.entra.job_mut(sp, job) else {
            return;
        };
        entry.running = None;
        entry.failures += 1;
        entry.quarantine(now, "EncounteredQuarantineException", error.clone());
        entry.last = Some(Execution {
            state: "Failed",
            began,
            ended: now,
            id: plan.cycle.clone(),
            imported: 0,
            entitled: 0,
            exported: 0,
            escrowed: entry.escrows.len() as u64,
            error: Some(error),
        });
        quarantine_audit(world, sp, job);
    });
}

fn quarantine_audit(world: &mut World, sp: &str, job: &str) {
    let by = json!({ "app": { "displayName": "Azure AD Provisioning Service" }, "user": null });
    let target = json!({ "id": sp, "displayName": job, "type": "ServicePrincipal", "modifiedProperties": [] });
    let now = world.now;
    world.entra.audit(now, "Quarantine", &by, target);
    if let Some(entry) = world.entra.audits.last_mut() {
        entry.value["category"] = "ProvisioningManagement".into();
        entry.value["loggedByService"] = "Account Provisioning".into();
    }
}

fn finish(world: &mut World, sp: &str, job_id: &str, age: u64, plan: &Plan, began: Timestamp, traces: &[Trace]) {
    let now = world.now;
    let Some(job) = world.entra.job_mut(sp, job_id) else {
        return;
    };
    if job.age != age {
        return;
    }
    job.running = None;
    job.failures = 0;
    let objects = plan.users.len() + plan.groups.len();
    let exported = traces.iter().filter(|t| t.exported).count() as u64;
    let execution = Execution {
        state: if job.escrows.is_empty() {
            "Succeeded"
        } else {
            "EntryLevelErrors"
        },
        began,
        ended: now,
        id: plan.cycle.clone(),
        imported: if plan.full { objects as u64 } else { exported },
        entitled: objects as u64,
        exported,
        escrowed: job.escrows.len() as u64,
        error: None,
    };
    let escrows = job.escrows.len();
    let reason = match plan.too_many {
        Some(_) => Some("TooManyDeletes"),
        None if escrows > ESCROWS_MOST => Some("EncounteredTotalEscrowThreshold"),
        None if escrows >= ESCROWS_COUNT && escrows * 10 > objects * 4 => Some("EncounteredEscrowProportionThreshold"),
        None => None,
    };
    match reason {
        Some(reason) => {
            let text = match plan.too_many {
                Some(n) => format!("{n} deletions are more than the threshold allows."),
                None => format!("{escrows} objects fail."),
            };
            job.quarantine(now, reason, (reason.to_owned(), text));
        }
        // It lifts by itself with the next good cycle.
        None => job.quarantine = None,
    }
    job.force_deletes = false;
    job.full = false;
    job.steady_first.get_or_insert(now);
    job.steady_last = Some(now);
    job.last = Some(execution.clone());
    job.last_good = Some(execution.clone());
    if exported > 0 {
        job.last_export = Some(execution);
    }
    if reason.is_some() {
        quarantine_audit(world, sp, job_id);
    }
}
