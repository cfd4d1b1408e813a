//! A synchronization job as the provisioning service keeps it, and as Graph shows it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// What Graph says where nothing has happened yet.
pub const NEVER: &str = "0001-01-01T00:00:00Z";

/// Whether the job is meant to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schedule {
    /// Never started.
    Disabled,
    /// Running its cycles.
    Active,
    /// Stopped by somebody.
    Paused,
}

/// What one side of a pair is on the other.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// It is a group.
    pub group: bool,
    /// Its id in the target.
    pub target: String,
    /// What to call it in logs.
    pub name: String,
    /// What was sent last, by target attribute.
    pub sent: BTreeMap<String, Value>,
    /// It is active in the target.
    pub active: bool,
    /// Source ids of the members the target has.
    pub members: BTreeSet<String>,
}

/// Something that failed and will be tried again.
#[derive(Debug, Clone, PartialEq)]
pub struct Escrow {
    /// What to call it.
    pub name: String,
    /// The error code.
    pub code: String,
    /// What the target said.
    pub message: String,
    /// How often it was tried.
    pub tries: u32,
}

/// One run of a cycle.
#[derive(Debug, Clone, PartialEq)]
pub struct Execution {
    /// `Succeeded`, `Failed` or `EntryLevelErrors`.
    pub state: &'static str,
    /// When it began.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// Its id.
    pub id: String,
    /// Objects read.
    pub imported: u64,
    /// Objects in scope.
    pub entitled: u64,
    /// Objects written.
    pub exported: u64,
    /// Objects that failed.
    pub escrowed: u64,
    /// Why it failed as a whole.
    pub error: Option<(String, String)>,
}

/// The penalty box.
#[derive(Debug, Clone, PartialEq)]
pub struct Quarantine {
    /// The reason, in Graph's words.
    pub reason: &'static str,
    /// Error code and text.
    pub error: (String, String),
    /// Since when.
    pub began: Timestamp,
    /// How often it was tried since.
    pub count: u64,
    /// When it will be tried again.
    pub next: Timestamp,
}

/// A job.
#[derive(Debug, Clone)]
pub struct Job {
    /// `{template}.{tenant}.{appId}`.
    pub id: String,
    /// The template.
    pub template: String,
    /// Mappings and filters.
    pub schema: Value,
    /// Whether it is meant to run.
    pub schedule: Schedule,
    /// Raised by each start, pause and restart: a task of an older age ends.
    pub age: u64,
    /// The next cycle reads everything anew.
    pub full: bool,
    /// The service does not come to its cycles, until somebody starts it anew.
    pub stalled: bool,
    /// A cycle is under way since then.
    pub running: Option<Timestamp>,
    /// When the next cycle begins.
    pub next: Option<Timestamp>,
    /// First time it was up to date.
    pub steady_first: Option<Timestamp>,
    /// Last time it was up to date.
    pub steady_last: Option<Timestamp>,
    /// Cycles that failed as a whole, in a row.
    pub failures: u64,
    /// The last run.
    pub last: Option<Execution>,
    /// The last good run.
    pub last_good: Option<Execution>,
    /// The last good run that wrote something.
    pub last_export: Option<Execution>,
    /// The penalty box.
    pub quarantine: Option<Quarantine>,
    /// Failures by source id.
    pub escrows: BTreeMap<String, Escrow>,
    /// Pairs by source id.
    pub links: BTreeMap<String, Link>,
    /// Deletions beyond the threshold may go through once.
    pub force_deletes: bool,
    /// Times of on-demand calls.
    pub on_demand: u64,
}

impl Job {
    /// A new job.
    pub fn new(template: &str, tenant: &str, app_id: &str, schema: Value) -> Self {
        Self {
            id: job_id(template, tenant, app_id),
            template: template.to_owned(),
            schema,
            schedule: Schedule::Disabled,
            age: 0,
            full: true,
            stalled: false,
            running: None,
            next: None,
            steady_first: None,
            steady_last: None,
            failures: 0,
            last: None,
            last_good: None,
            last_export: None,
            quarantine: None,
            escrows: BTreeMap::new(),
            links: BTreeMap::new(),
            force_deletes: false,
            on_demand: 0,
        }
    }

    /// Forgets what `restart` is asked to forget.
    pub fn reset(&mut self, scope: &[&str]) {
        let asked = |name: &str| scope.contains(&name) || scope.contains(&"Full");
        if asked("Watermark") {
            self.full = true;
            self.steady_first = None;
        }
        if asked("Escrows") {
            self.escrows.clear();
        }
        if asked("QuarantineState") {
            self.quarantine = None;
            self.failures = 0;
        }
        if asked("ConnectorDataStore") {
            self.links.clear();
        }
        self.force_deletes |= scope.contains(&"ForceDeletes");
    }

    /// Puts it into quarantine, or keeps it there a while longer.
    pub fn quarantine(&mut self, now: Timestamp, reason: &'static str, error: (String, String)) {
        let (began, count) = self.quarantine.as_ref().map_or((now, 0), |q| (q.began, q.count));
        let hours = [6, 12, 24][usize::try_from(count).unwrap_or(2).min(2)];
        let next = now + SignedDuration::from_hours(hours);
        self.quarantine = Some(Quarantine {
            reason,
            error,
            began,
            count: count + 1,
            next,
        });
    }

    /// As Graph shows it. `secrets` says whether the service knows where to send anything.
    pub fn value(&self, secrets: bool, now: Timestamp) -> Value {
        let code = match self.schedule {
            _ if !secrets && self.quarantine.is_none() => "NotConfigured",
            Schedule::Disabled | Schedule::Paused => "Paused",
            Schedule::Active if self.quarantine.is_some() => "Quarantine",
            Schedule::Active if self.last.is_none() => "NotRun",
            Schedule::Active => "Active",
        };
        let time = |t: Option<Timestamp>| t.map_or_else(|| NEVER.to_owned(), |t| t.to_string());
        let count = |group: bool| {
            self.links
                .values()
                .filter(|link| link.group == group && link.active)
                .count()
        };
        let progress: Vec<Value> = self.running.iter().map(|_| {
            json!({ "units": "Objects", "completedUnits": self.links.len(), "totalUnits": self.links.len() + self.escrows.len(), "progressObservationDateTime": now })
        }).collect();
        let quarantine = self.quarantine.as_ref().map(|q| {
            json!({
                "reason": q.reason,
                "error": error(&q.error),
                "currentBegan": q.began,
                "seriesBegan": q.began,
                "seriesCount": q.count,
                "nextAttempt": q.next,
            })
        });
        json!({
            "id": self.id,
            "templateId": self.template,
            "schedule": {
                "expiration": null,
                "interval": "PT40M",
                "state": match self.schedule {
                    Schedule::Disabled => "Disabled",
                    Schedule::Active => "Active",
                    Schedule::Paused => "Paused",
                },
            },
            "status": {
                "code": code,
                "countSuccessiveCompleteFailures": self.failures,
                "escrowsPruned": false,
                "lastExecution": self.last.as_ref().map(Execution::value),
                "lastSuccessfulExecution": self.last_good.as_ref().map(Execution::value),
                "lastSuccessfulExecutionWithExports": self.last_export.as_ref().map(Execution::value),
                "progress": progress,
                "quarantine": quarantine,
                "steadyStateFirstAchievedTime": time(self.steady_first),
                "steadyStateLastAchievedTime": time(self.steady_last),
                "synchronizedEntryCountByType": [
                    { "key": "User", "value": count(false) },
                    { "key": "Group", "value": count(true) },
                ],
                "troubleshootingUrl": null,
            },
            "synchronizationJobSettings": [
                { "name": "AzureIngestionAttributeOptimization", "value": "False" },
                { "name": "LookaheadQueryEnabled", "value": "False" },
                { "name": "QuarantineTooManyDeletesThreshold", "value": "500" },
            ],
        })
    }
}

impl Execution {
    fn value(&self) -> Value {
        json!({
            "state": self.state,
            "timeBegan": self.began,
            "timeEnded": self.ended,
            "activityIdentifier": self.id,
            "countImported": self.imported,
            "countImportedDeltas": self.imported,
            "countImportedReferenceDeltas": 0,
            "countEntitled": self.entitled,
            "countEntitledForProvisioning": self.entitled,
            "countExported": self.exported,
            "countExports": self.exported,
            "countEscrowed": self.escrowed,
            "countEscrowedRaw": self.escrowed,
            "error": self.error.as_ref().map(error),
        })
    }
}

fn error((code, message): &(String, String)) -> Value {
    json!({ "code": code, "message": message, "tenantActionable": true })
}

/// The id of the one job a template has in an application.
pub fn job_id(template: &str, tenant: &str, app_id: &str) -> String {
    format!("{template}.{}.{app_id}", tenant.replace('-', ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job() -> Job {
        Job::new(
            "aWSSingleSignon",
            "ff8bf889-e031-41ac-8f7b-aedb059892ee",
            "bfc8712e",
            json!({}),
        )
    }

    #[test]
    fn a_job_begins_disabled_and_paused() {
        let value = job().value(true, Timestamp::UNIX_EPOCH);
        assert_eq!(value["id"], "aWSSingleSignon.ff8bf889e03141ac8f7baedb059892ee.bfc8712e");
        assert_eq!(
            (&value["schedule"]["state"], &value["status"]["code"]),
            (&json!("Disabled"), &json!("Paused"))
        );
        assert_eq!(value["status"]["steadyStateFirstAchievedTime"], NEVER);
        assert_eq!(
            job().value(false, Timestamp::UNIX_EPOCH)["status"]["code"],
            "NotConfigured"
        );
        crate::sim::entra::shapes::check("synchronizationJob", value.as_object().unwrap()).unwrap();
    }

    #[test]
    fn quarantine_thins_out_to_once_a_day() {
        let (mut job, mut now) = (job(), Timestamp::UNIX_EPOCH);
        let mut hours = vec![];
        for _ in 0..4 {
            job.quarantine(now, "EncounteredQuarantineException", ("c".into(), "m".into()));
            let q = job.quarantine.clone().unwrap();
            hours.push((q.next - now).total(jiff::Unit::Hour).unwrap() as i64);
            now = q.next;
        }
        assert_eq!(hours, [6, 12, 24, 24]);
        job.schedule = Schedule::Active;
        assert_eq!(job.value(true, now)["status"]["code"], "Quarantine");
        job.reset(&["Escrows", "QuarantineState"]);
        assert!(job.quarantine.is_none() && job.full);
    }
}
