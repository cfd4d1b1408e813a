//! The provisioning job at work.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    app_assignment::AppAssignment,
    application::{AppIds, EnterpriseApp},
    arrival::Arrived,
    by_hand::{Known, at_the_app, stood_before, with_the_app},
    membership::GroupMember,
    scim_job::{JobId, ProvisioningJob},
    scim_mappings::{Mapped, Mappings, ProvisioningScope, Scoped},
    world::{Cx, World},
};
use crate::{
    clients::entra::synchronization::Job,
    engine::{
        declared::Declared,
        known::ByHand,
        needs::{After, One},
        step::{About, Difference, Effect, Executor, Gone, Made, Probe, Scope, Step, StepId, Undone, Wait},
    },
    fault::{Fault, Kind},
};

/// The job at work.
pub struct ProvisioningRun;

/// A run of the job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// Since when everything is in step; none until then.
    pub steady_since: Option<Timestamp>,
    /// Somebody has paused it: it goes on where it was.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub paused: bool,
}

type RunGot = (AppIds, JobId, Mapped, Scoped, (), (), ());

impl ProvisioningRun {
    /// Whether a change of mappings or scope came after the last full look at everybody.
    fn is_stale(job: &Job, mapped: &Mapped, scoped: &Scoped) -> bool {
        let changed = mapped.changed.max(scoped.changed);
        let seen = job.last_good_run().or(job.steady_since());
        matches!((changed, seen), (Some(changed), Some(seen)) if seen < changed)
    }
}

impl Step<World> for ProvisioningRun {
    const ABOUT: About = About {
        id: StepId::new("scim.start"),
        title: "Start provisioning",
        why: "From here on Entra keeps AWS in step by itself, every forty minutes.",
        executor: Executor::Graph,
        scope: Scope::Target,
        effect: Effect::Changes,
        proof: "The job is active and has been through everybody once (steadyStateFirstAchievedTime)",
        undo: "Pauses the job; a cycle that is running comes to its end.",
        read_more: "https://learn.microsoft.com/graph/api/synchronization-synchronizationjob-start",
    };
    type Needs = (
        One<EnterpriseApp>,
        One<ProvisioningJob>,
        One<Mappings>,
        One<ProvisioningScope>,
        After<Arrived>,
        After<AppAssignment>,
        After<GroupMember>,
    );
    type Output = Running;

    async fn probe(
        &self,
        cx: &Cx,
        (app, job, mapped, scoped, ..): &RunGot,
        known: Option<&Running>,
    ) -> Result<Probe<Running>, Fault> {
        let found = cx.world().entra.job(&app.principal, &job.id).await?;
        let Some(found) = found else { return Ok(Probe::Absent) };
        let running = Running {
            steady_since: found.steady_since(),
            paused: !found.is_on(),
        };
        if found.code().eq_ignore_ascii_case("Quarantine") {
            // The credentials are good by now: starting afresh ends what came before. What comes after that is another cause.
            let again = cx
                .started_at()
                .is_some_and(|since| found.quarantined_since() > Some(since));
            return if again {
                Err(quarantine(&found))
            } else {
                let why = reason(&found);
                Ok(Probe::Drifted {
                    found: running,
                    differences: vec![Difference::new("status", format!("Quarantine ({why})"), "Active")],
                })
            };
        }
        if running.paused {
            let status = Difference::new("status", found.code(), "Active");
            return Ok(match known {
                None => Probe::Absent,
                Some(_) => Probe::Drifted {
                    found: running,
                    differences: vec![status],
                },
            });
        }
        let Some(since) = running.steady_since else {
            return Ok(Probe::Pending(Wait {
                why: "the first cycle to go through everybody; it takes from twenty minutes to some hours".into(),
                ends_when: "the job's steadyStateFirstAchievedTime is set".into(),
                every: Duration::from_secs(30),
                limit: Duration::from_secs(6 * 60 * 60),
            }));
        };
        if known.is_none() && Self::is_stale(&found, mapped, scoped) {
            return Ok(Probe::Drifted {
                found: running,
                differences: vec![Difference::new(
                    "last full cycle",
                    "before mappings or scope were changed",
                    "after",
                )],
            });
        }
        Ok(Probe::present(
            running,
            format!("the job is {}, in step since {since:.0}", found.code()),
        ))
    }

    async fn apply(&self, cx: &Cx, (app, job, ..): &RunGot, found: Option<&Running>) -> Result<Running, Fault> {
        let entra = &cx.world().entra;
        match found {
            // Entra does not take up a new scope by itself.
            Some(found) if !found.paused => {
                entra
                    .restart_job(&app.principal, &job.id, "Watermark, Escrows, QuarantineState")
                    .await?
            }
            _ => entra.start_job(&app.principal, &job.id).await?,
        }
        Ok(Running {
            steady_since: None,
            paused: false,
        })
    }

    async fn undo(&self, cx: &Cx, (app, job, ..): &RunGot, made: &Made<Running>) -> Result<Undone, Fault> {
        if made.before.is_some() {
            return Ok(Undone::Kept(
                "the job ran before, and was only made to start afresh".into(),
            ));
        }
        let entra = &cx.world().entra;
        match entra.job(&app.principal, &job.id).await? {
            None => Ok(Undone::AlreadyGone),
            Some(_) => {
                entra.pause_job(&app.principal, &job.id).await?;
                Ok(Undone::Restored)
            }
        }
    }

    async fn gone(&self, cx: &Cx, (app, job, ..): &RunGot, _: &Made<Running>) -> Result<Gone, Fault> {
        Ok(match cx.world().entra.job(&app.principal, &job.id).await? {
            None => Gone::Yes("the job is gone".into()),
            Some(found) if !found.is_on() => Gone::Yes(format!("the job is {}", found.code()).into()),
            Some(_) => Gone::No,
        })
    }

    fn by_hand(&self, known: &Known<'_>) -> ByHand {
        ByHand::up(
            at_the_app(known, "Start provisioning", "Provisioning > Overview")
                .say("Choose Start provisioning. The first cycle takes from some minutes to hours; later ones run every 40 minutes."),
        )
        .down(at_the_app(known, "Stop provisioning", "Provisioning > Overview").say("Choose Pause provisioning, and wait until a running cycle is over."))
    }

    fn declared(&self, known: &Known<'_>) -> Declared {
        let declared = if known.is_made::<ProvisioningJob>("") {
            Declared::Within(ProvisioningJob::ABOUT.id)
        } else {
            stood_before()
        };
        with_the_app(known, declared)
    }
}

fn reason(job: &Job) -> String {
    let quarantine = job
        .status
        .as_ref()
        .and_then(|status| status.quarantine.clone())
        .unwrap_or_default();
    let error = quarantine.error.unwrap_or_default();
    let parts: Vec<String> = [quarantine.reason, error.code, error.message]
        .into_iter()
        .flatten()
        .collect();
    parts.join(": ")
}

fn quarantine(job: &Job) -> Fault {
    Fault::new(Kind::Refused, "Entra has put the provisioning job into quarantine").why(reason(job)).hint(
        "Correct the cause (most often the SCIM token is deleted or over a year old), then continue: new credentials are \
         sent and the job is started afresh.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_after_the_last_cycle_wants_a_fresh_one() {
        let job: Job = serde_json::from_value(serde_json::json!({
            "id": "j", "status": { "lastSuccessfulExecution": { "timeBegan": "2026-11-20T10:00:00Z" } },
        }))
        .unwrap();
        let scoped = |changed: Option<&str>| Scoped {
            sync_all: false,
            filter: serde_json::Value::Null,
            changed: changed.map(|time| time.parse().unwrap()),
        };
        let mapped = Mapped::default();
        assert!(ProvisioningRun::is_stale(
            &job,
            &mapped,
            &scoped(Some("2026-11-20T10:05:00Z"))
        ));
        assert!(!ProvisioningRun::is_stale(
            &job,
            &mapped,
            &scoped(Some("2026-11-20T09:55:00Z"))
        ));
        assert!(!ProvisioningRun::is_stale(&job, &mapped, &scoped(None)));
    }
}
