//! Provisioning: templates, the job, its secrets, its schema, and provisioning on demand.
//!
//! All of it lies under `/servicePrincipals/{id}/synchronization`. Synchronization.ReadWrite.All, or for an application
//! Application.ReadWrite.OwnedBy; role Cloud Application Administrator. A missing right shows as 401 there.

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    client::{Entra, null_as_default},
    graph::segment,
};
use crate::{clients::Existed, fault::Fault};

/// A template that jobs are made from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SyncTemplate {
    /// Its id: `aWSSingleSignon`.
    pub id: String,
    /// The connector behind it.
    pub factory_tag: Option<String>,
    /// Whether it is the application's own.
    #[serde(rename = "default")]
    pub is_default: bool,
}

/// A provisioning job.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Job {
    /// Its id.
    pub id: String,
    /// The template it was made from.
    pub template_id: Option<String>,
    /// Whether and how often it runs.
    pub schedule: Option<Schedule>,
    /// How it is.
    pub status: Option<Status>,
}

/// Whether and how often a job runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Schedule {
    /// `Active`, `Disabled` or `Paused`.
    pub state: Option<String>,
    /// How often, ISO 8601: `PT40M`.
    pub interval: Option<String>,
}

/// How a job is.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Status {
    /// `NotConfigured`, `NotRun`, `Active`, `Paused` or `Quarantine`.
    pub code: Option<String>,
    /// The last run.
    pub last_execution: Option<Execution>,
    /// The last run that went well.
    pub last_successful_execution: Option<Execution>,
    /// When everything was in step for the first time; the year 1 until then.
    pub steady_state_first_achieved_time: Option<String>,
    /// When everything was in step last.
    pub steady_state_last_achieved_time: Option<String>,
    /// Why it is in quarantine.
    pub quarantine: Option<Quarantine>,
    /// How far a cycle that is under way has come; empty between cycles.
    #[serde(deserialize_with = "null_as_default")]
    pub progress: Vec<Progress>,
    /// How many objects are in step, by kind.
    #[serde(deserialize_with = "null_as_default")]
    pub synchronized_entry_count_by_type: Vec<Count>,
    /// How many cycles in a row failed as a whole.
    pub count_successive_complete_failures: Option<u64>,
    /// Errors were dropped in the first cycle: the job pauses until somebody cleans up.
    pub escrows_pruned: Option<bool>,
    /// A page of the vendor about what is wrong.
    pub troubleshooting_url: Option<String>,
}

/// How far a cycle has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Progress {
    /// What is counted.
    pub units: Option<String>,
    /// How many are done.
    pub completed_units: Option<u64>,
    /// How many there are.
    pub total_units: Option<u64>,
    /// When that was seen.
    pub progress_observation_date_time: Option<Timestamp>,
}

/// How many there are of something.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Count {
    /// Of what: `User`, `Group`.
    pub key: Option<String>,
    /// How many.
    pub value: Option<u64>,
}

/// One run of a job.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Execution {
    /// `Succeeded`, `Failed` or `EntryLevelErrors`.
    pub state: Option<String>,
    /// When it began.
    pub time_began: Option<Timestamp>,
    /// When it ended.
    pub time_ended: Option<Timestamp>,
    /// How many objects were in scope.
    pub count_entitled: Option<u64>,
    /// How many objects it read.
    pub count_imported: Option<u64>,
    /// How many objects it brought to the other side.
    pub count_exported: Option<u64>,
    /// How many objects failed and wait for another try.
    pub count_escrowed: Option<u64>,
    /// What went wrong.
    pub error: Option<SyncError>,
}

/// What went wrong in a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SyncError {
    /// The code.
    pub code: Option<String>,
    /// The message.
    pub message: Option<String>,
}

/// Why a job is in quarantine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Quarantine {
    /// The reason's name.
    pub reason: Option<String>,
    /// What went wrong.
    pub error: Option<SyncError>,
    /// Since when.
    pub current_began: Option<String>,
    /// When the service tries again.
    pub next_attempt: Option<String>,
}

impl Job {
    /// `NotConfigured`, `NotRun`, `Active`, `Paused`, `Quarantine`, or what is new.
    pub fn code(&self) -> &str {
        self.status
            .as_ref()
            .and_then(|status| status.code.as_deref())
            .unwrap_or("")
    }

    /// Since when it is in quarantine, if it is and says so.
    pub fn quarantined_since(&self) -> Option<Timestamp> {
        let began = self.status.as_ref()?.quarantine.as_ref()?.current_began.as_deref()?;
        began.parse().ok()
    }

    /// Whether the service runs it, or would if it could.
    pub fn is_on(&self) -> bool {
        let state = self
            .schedule
            .as_ref()
            .and_then(|schedule| schedule.state.as_deref())
            .unwrap_or("");
        state.eq_ignore_ascii_case("Active") && !self.code().eq_ignore_ascii_case("Paused")
    }

    /// When everything was in step for the first time.
    pub fn steady_since(&self) -> Option<Timestamp> {
        let time: Timestamp = self
            .status
            .as_ref()?
            .steady_state_first_achieved_time
            .as_deref()?
            .parse()
            .ok()?;
        (time > Timestamp::UNIX_EPOCH).then_some(time)
    }

    /// How often a cycle begins, once the first is over.
    pub fn interval(&self) -> Option<SignedDuration> {
        let text = self.schedule.as_ref()?.interval.as_deref()?;
        let time: SignedDuration = text.parse().ok()?;
        (time > SignedDuration::ZERO).then_some(time)
    }

    /// Whether a cycle is under way, as far as the service tells.
    pub fn is_running(&self) -> bool {
        self.status.as_ref().is_some_and(|status| !status.progress.is_empty())
    }

    /// When the next cycle begins, as far as can be told: in quarantine the service says so, else one interval after the last
    /// cycle. None while one is under way, and where none will come.
    pub fn next_cycle(&self) -> Option<Timestamp> {
        let status = self.status.as_ref()?;
        if let Some(next) = status
            .quarantine
            .as_ref()
            .and_then(|quarantine| quarantine.next_attempt.as_deref())
        {
            return next.parse().ok();
        }
        if !self.is_on() || self.is_running() {
            return None;
        }
        status
            .last_execution
            .as_ref()?
            .time_ended?
            .checked_add(self.interval()?)
            .ok()
    }

    /// When the last good run began.
    pub fn last_good_run(&self) -> Option<Timestamp> {
        self.status.as_ref()?.last_successful_execution.as_ref()?.time_began
    }
}

/// One of an application's provisioning secrets and settings. What is sensitive comes back as `*`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Setting {
    /// Its name: `BaseAddress`.
    pub key: Option<String>,
    /// Its value.
    pub value: Option<String>,
}

/// All provisioning secrets and settings, sent together since each sending replaces them all.
#[derive(Debug)]
pub struct Settings<'a> {
    /// The SCIM endpoint.
    pub base_address: &'a str,
    /// The SCIM token.
    pub secret_token: &'a SecretString,
    /// Whether all users and groups are in scope, or only those assigned.
    pub sync_all: bool,
    /// What the service is told about mails, as JSON text.
    pub notifications: Option<String>,
}

#[derive(Serialize)]
struct Pair<'a> {
    key: &'static str,
    value: &'a str,
}

impl Settings<'_> {
    fn credentials(&self) -> Vec<Pair<'_>> {
        vec![
            Pair {
                key: "BaseAddress",
                value: self.base_address,
            },
            Pair {
                key: "SecretToken",
                value: self.secret_token.expose_secret(),
            },
        ]
    }

    /// How many bytes the token and the notification settings have together: some clouds limit that.
    pub fn size(&self) -> usize {
        self.secret_token.expose_secret().len() + self.notifications.as_ref().map_or(0, String::len)
    }

    fn all(&self) -> Vec<Pair<'_>> {
        let mut pairs = self.credentials();
        pairs.push(Pair {
            key: "SyncAll",
            value: if self.sync_all { "true" } else { "false" },
        });
        if let Some(notifications) = &self.notifications {
            pairs.push(Pair {
                key: "SyncNotificationSettings",
                value: notifications,
            });
        }
        pairs
    }
}

/// What provisioning on demand says became of somebody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OnDemand {
    /// `Success`, `Skipped`, `RedundantExport`, `Failure`, or what is new; empty when the answer does not say.
    pub result: String,
    /// The error code, if there is one.
    pub code: Option<String>,
    /// The reason, if there is one.
    pub message: Option<String>,
    /// The details, as they came: steps, what was written, and who it is on both sides.
    pub details: Value,
}

impl OnDemand {
    /// Reads the answer: `key` holds the result as JSON in text, or a type's name; `value` holds the details.
    fn read(answer: &Value) -> Self {
        let parsed = |field: &str| -> Value {
            answer[field]
                .as_str()
                .and_then(|text| serde_json::from_str(text).ok())
                .unwrap_or(Value::Null)
        };
        let (key, value) = (parsed("key"), parsed("value"));
        let first = if value.is_array() { &value[0] } else { &value };
        let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let info = &first["statusInfo"];
        Self {
            result: text(&key["result"])
                .or_else(|| text(&info["status"]))
                .or_else(|| text(&first["provisioningStatusInfo"]["status"]))
                .unwrap_or_default(),
            code: text(&key["details"]["errorCode"]).or_else(|| text(&info["errorCode"])),
            message: text(&key["details"]["errorMessage"]).or_else(|| text(&info["reason"])),
            details: first.clone(),
        }
    }

    /// Whether nothing went wrong. What is skipped because it is in step already went well, too.
    pub fn went_well(&self) -> bool {
        let good = ["success", "succeeded"];
        self.is_redundant() || good.contains(&self.result.to_ascii_lowercase().as_str())
    }

    /// Whether nothing was sent because the service holds that all is in step.
    pub fn is_redundant(&self) -> bool {
        let redundant = |text: &str| text.eq_ignore_ascii_case("RedundantExport");
        redundant(&self.result) || self.code.as_deref().is_some_and(redundant)
    }
}

/// Whom to provision on demand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject<'a> {
    /// A user, by object id.
    User(&'a str),
    /// A group with up to five of its members, by object id.
    Group(&'a str, &'a [String]),
}

impl Entra {
    /// The templates an application's jobs can be made from. Empty where its connector is not in this cloud.
    pub async fn sync_templates(&self, principal: &str) -> Result<Vec<SyncTemplate>, Fault> {
        self.graph.list(&path(principal, "templates"), &[]).await
    }

    /// An application's jobs.
    pub async fn jobs(&self, principal: &str) -> Result<Vec<Job>, Fault> {
        self.graph.list(&path(principal, "jobs"), &[]).await
    }

    /// A job.
    pub async fn job(&self, principal: &str, job: &str) -> Result<Option<Job>, Fault> {
        self.graph.get_opt(&job_path(principal, job, ""), &[]).await
    }

    /// Makes a job. It is paused until it is started.
    pub async fn create_job(&self, principal: &str, template: &str) -> Result<Job, Fault> {
        self.graph
            .post(&path(principal, "jobs"), &json!({ "templateId": template }))
            .await
    }

    /// Deletes a job. Users it brought stay where they are.
    pub async fn delete_job(&self, principal: &str, job: &str) -> Result<Existed, Fault> {
        self.graph.delete(&job_path(principal, job, "")).await
    }

    /// The secrets and settings, as far as the service shows them.
    pub async fn settings(&self, principal: &str) -> Result<Vec<Setting>, Fault> {
        self.graph.list(&path(principal, "secrets"), &[]).await
    }

    /// Replaces all secrets and settings.
    pub async fn put_settings(&self, principal: &str, settings: &Settings<'_>) -> Result<(), Fault> {
        self.graph
            .put(&path(principal, "secrets"), &json!({ "value": settings.all() }))
            .await
    }

    /// Empties secrets and settings: the service knows no way to delete them.
    pub async fn clear_settings(&self, principal: &str, keys: &[String]) -> Result<(), Fault> {
        let pairs: Vec<Value> = keys.iter().map(|key| json!({ "key": key, "value": "" })).collect();
        self.graph
            .put(&path(principal, "secrets"), &json!({ "value": pairs }))
            .await
    }

    /// Has the service try these credentials, without keeping them.
    pub async fn try_credentials(&self, principal: &str, job: &str, settings: &Settings<'_>) -> Result<(), Fault> {
        let body = json!({ "useSavedCredentials": false, "credentials": settings.credentials() });
        self.graph
            .try_out(&job_path(principal, job, "/validateCredentials"), &body)
            .await
    }

    /// Has the service try the credentials it has.
    pub async fn try_saved_credentials(&self, principal: &str, job: &str) -> Result<(), Fault> {
        let body = json!({ "useSavedCredentials": true });
        self.graph
            .try_out(&job_path(principal, job, "/validateCredentials"), &body)
            .await
    }

    /// A job's schema, whole, as it came.
    pub async fn schema(&self, principal: &str, job: &str) -> Result<Value, Fault> {
        self.graph.get(&job_path(principal, job, "/schema"), &[]).await
    }

    /// Replaces a job's schema, whole.
    pub async fn put_schema(&self, principal: &str, job: &str, schema: &Value) -> Result<(), Fault> {
        self.graph.put(&job_path(principal, job, "/schema"), schema).await
    }

    /// The names of the operators that scoping filters may use.
    pub async fn filter_operators(&self, principal: &str, job: &str) -> Result<Vec<String>, Fault> {
        #[derive(Deserialize)]
        struct Operator {
            #[serde(default, deserialize_with = "null_as_default")]
            id: String,
        }
        let path = job_path(principal, job, "/schema/filterOperators()");
        let found: Vec<Operator> = self.graph.list(&path, &[]).await?;
        Ok(found
            .into_iter()
            .map(|operator| operator.id)
            .filter(|name| !name.is_empty())
            .collect())
    }

    /// Starts a job.
    pub async fn start_job(&self, principal: &str, job: &str) -> Result<(), Fault> {
        self.graph.act(&job_path(principal, job, "/start"), &json!({})).await
    }

    /// Pauses a job. A cycle that is running comes to its end.
    pub async fn pause_job(&self, principal: &str, job: &str) -> Result<(), Fault> {
        self.graph.act(&job_path(principal, job, "/pause"), &json!({})).await
    }

    /// Starts a job afresh: `scope` names what it forgets, such as `Watermark, Escrows, QuarantineState`.
    pub async fn restart_job(&self, principal: &str, job: &str, scope: &str) -> Result<(), Fault> {
        let body = json!({ "criteria": { "resetScope": scope } });
        self.graph.act(&job_path(principal, job, "/restart"), &body).await
    }

    /// Provisions somebody now. Five requests in ten seconds. Doing it twice does no harm.
    pub async fn provision(
        &self,
        principal: &str,
        job: &str,
        rule: &str,
        who: &Subject<'_>,
    ) -> Result<OnDemand, Fault> {
        let subject = match who {
            Subject::User(id) => json!({ "objectId": id, "objectTypeName": "User" }),
            Subject::Group(id, members) => {
                let members: Vec<Value> = members
                    .iter()
                    .map(|id| json!({ "objectId": id, "objectTypeName": "User" }))
                    .collect();
                json!({ "objectId": id, "objectTypeName": "Group", "links": { "members": members } })
            }
        };
        let body = json!({ "parameters": [{ "ruleId": rule, "subjects": [subject] }] });
        let answer: Value = self
            .graph
            .act(&job_path(principal, job, "/provisionOnDemand"), &body)
            .await?;
        Ok(OnDemand::read(&answer))
    }
}

fn path(principal: &str, rest: &str) -> String {
    format!("/servicePrincipals/{}/synchronization/{rest}", segment(principal))
}

fn job_path(principal: &str, job: &str, rest: &str) -> String {
    format!("{}/{}{rest}", path(principal, "jobs"), segment(job))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_on_demand_answer_are_read() {
        let skipped = OnDemand::read(&json!({
            "key": "{\"result\":\"Skipped\",\"details\":{\"errorCode\":\"RedundantExport\",\"errorMessage\":\"in sync\"}}",
            "value": "{\"action\":\"Other\",\"provisioningSteps\":[]}",
        }));
        assert!(skipped.went_well());
        let listed = OnDemand::read(&json!({
            "key": "Microsoft.Identity.Health.CPP.Common.DataContracts.SyncFabric.StatusInfo",
            "value": "[{\"provisioningSteps\":[],\"statusInfo\":{\"status\":\"Success\",\"errorCode\":\"\",\"reason\":\"\"}}]",
        }));
        assert!(listed.went_well(), "{listed:?}");
        let refused = OnDemand::read(&json!({
            "key": "{\"result\":\"Failure\",\"details\":{\"errorCode\":\"EntryConflict\",\"errorMessage\":\"taken\"}}", "value": "",
        }));
        assert!(!refused.went_well());
        assert_eq!(refused.message.as_deref(), Some("taken"));
    }

    #[test]
    fn the_next_cycle_is_one_interval_after_the_last() {
        let job = |code: &str, status: Value| -> Job {
            let mut status = status;
            status["code"] = code.into();
            serde_json::from_value(json!({
                "id": "j", "schedule": { "state": "Active", "interval": "PT40M" }, "status": status,
            }))
            .unwrap()
        };
        let last = json!({ "lastExecution": { "timeEnded": "2026-11-20T10:00:00Z" }, "progress": null });
        let next = |job: &Job| job.next_cycle().map(|next| next.to_string());
        assert_eq!(
            next(&job("Active", last.clone())).as_deref(),
            Some("2026-11-20T10:40:00Z")
        );
        let mut running = last.clone();
        running["progress"] = json!([{ "units": "Objects", "completedUnits": 1, "totalUnits": 2 }]);
        assert_eq!(next(&job("Active", running)), None);
        assert_eq!(next(&job("Paused", last.clone())), None);
        let mut quarantine = last;
        quarantine["quarantine"] = json!({ "nextAttempt": "2026-11-21T10:00:00Z" });
        assert_eq!(
            next(&job("Quarantine", quarantine)).as_deref(),
            Some("2026-11-21T10:00:00Z")
        );
    }

    #[test]
    fn the_year_one_is_not_steady() {
        let job = |time: &str| -> Job {
            serde_json::from_value(json!({
                "id": "j", "schedule": { "state": "Active", "interval": "PT40M", "expiration": null },
                "status": { "code": "SomethingNew", "steadyStateFirstAchievedTime": time },
            }))
            .unwrap()
        };
        assert_eq!(job("0001-01-01T00:00:00Z").steady_since(), None);
        assert!(job("2026-11-20T10:00:00Z").steady_since().is_some());
        assert!(job("").is_on());
    }
}
