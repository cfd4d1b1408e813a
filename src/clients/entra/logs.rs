//! The provisioning log: what became of each person and group.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::{
    client::{Entra, null_as_default},
    graph::quoted,
};
use crate::fault::Fault;

/// One entry of the provisioning log. Names the service invents later stay text.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProvisioningEntry {
    /// Its id.
    pub id: String,
    /// When it happened.
    pub activity_date_time: Option<Timestamp>,
    /// The job it belongs to.
    pub job_id: Option<String>,
    /// `create`, `update`, `disable`, …
    pub provisioning_action: Option<String>,
    /// How it ended.
    pub provisioning_status_info: Option<StatusInfo>,
    /// Whom it is about, in Entra.
    pub source_identity: Option<Value>,
    /// Whom it is about, on the other side.
    pub target_identity: Option<Value>,
    /// What was done, step by step, as it came.
    #[serde(deserialize_with = "null_as_default")]
    pub provisioning_steps: Vec<Value>,
    /// What was written, as it came.
    #[serde(deserialize_with = "null_as_default")]
    pub modified_properties: Vec<Value>,
}

/// One entry of the directory's audit log: who changed what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Audit {
    /// When it happened.
    pub at: Option<Timestamp>,
    /// What was done, in the service's words: `Update user`.
    pub activity: String,
    /// `success` or `failure`.
    pub result: String,
    /// Who did it: a sign-in name or an application.
    pub by: Option<String>,
    /// The object ids of what it was done to.
    pub targets: Vec<String>,
}

impl Audit {
    fn read(raw: &Value) -> Self {
        let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let by = &raw["initiatedBy"];
        let targets = raw["targetResources"].as_array().into_iter().flatten();
        Self {
            at: raw["activityDateTime"].as_str().and_then(|time| time.parse().ok()),
            activity: text(&raw["activityDisplayName"]).unwrap_or_default(),
            result: text(&raw["result"]).unwrap_or_default().to_lowercase(),
            by: text(&by["user"]["userPrincipalName"])
                .or_else(|| text(&by["user"]["displayName"]))
                .or_else(|| text(&by["app"]["displayName"])),
            targets: targets.filter_map(|target| text(&target["id"])).collect(),
        }
    }

    /// Whether it was done to this object.
    pub fn is_about(&self, id: &str) -> bool {
        self.targets.iter().any(|target| target == id)
    }

    /// Whether it is a change of a user that provisioning carries on.
    pub fn changes(&self) -> bool {
        let known = [
            "add user",
            "update user",
            "enable account",
            "disable account",
            "delete user",
            "restore user",
        ];
        self.result != "failure" && known.contains(&self.activity.to_lowercase().as_str())
    }
}

/// How an entry ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatusInfo {
    /// `success`, `failure`, `skipped` or `warning`.
    pub status: Option<String>,
    /// What went wrong.
    pub error_information: Option<ErrorInfo>,
}

/// What went wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ErrorInfo {
    /// The code.
    pub error_code: Option<String>,
    /// The reason.
    pub reason: Option<String>,
    /// What Microsoft advises.
    pub recommended_action: Option<String>,
}

impl ProvisioningEntry {
    /// The object id in Entra of whom it is about.
    pub fn subject(&self) -> Option<&str> {
        self.source_identity.as_ref()?.get("id")?.as_str()
    }

    /// Whether it ended badly.
    pub fn failed(&self) -> bool {
        let status = self
            .provisioning_status_info
            .as_ref()
            .and_then(|info| info.status.as_deref());
        status.is_some_and(|status| status.eq_ignore_ascii_case("failure"))
    }
}

impl Entra {
    /// The directory's audit log since a moment, in the service's order. AuditLog.Read.All. The log lags the action by minutes.
    pub async fn audits(&self, since: Timestamp) -> Result<Vec<Audit>, Fault> {
        let filter = format!("activityDateTime gt {since:.0}");
        let raw: Vec<Value> = self
            .graph
            .list("/auditLogs/directoryAudits", &[("$filter", &filter)])
            .await?;
        Ok(raw.iter().map(Audit::read).collect())
    }

    /// The entries of a job since a moment, in the service's order. AuditLog.Read.All; needs an Entra ID P1 licence. The
    /// log lags the action by minutes. Five requests in ten seconds.
    pub async fn provisioning_log(&self, job: &str, since: Timestamp) -> Result<Vec<ProvisioningEntry>, Fault> {
        let filter = format!("jobId eq {} and activityDateTime gt {since:.0}", quoted(job));
        self.graph
            .list("/auditLogs/provisioning", &[("$filter", &filter)])
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_audit_names_who_changed_whom() {
        let audit = Audit::read(&serde_json::json!({
            "activityDateTime": "2026-11-20T10:00:00Z", "activityDisplayName": "Update user", "result": "success",
            "initiatedBy": { "user": { "userPrincipalName": "admin@contoso.com" }, "app": null },
            "targetResources": [{ "id": "u1" }, { "id": null }],
        }));
        assert!(audit.changes() && audit.is_about("u1") && !audit.is_about("u2"));
        assert_eq!(audit.by.as_deref(), Some("admin@contoso.com"));
    }

    #[test]
    fn an_entry_with_strange_parts_is_read() {
        let entry: ProvisioningEntry = serde_json::from_value(serde_json::json!({
            "id": "1", "activityDateTime": "2026-11-20T10:00:00Z", "provisioningAction": "newKindOfAction",
            "servicePrincipal": [{ "id": "sp" }],
            "provisioningSteps": [{ "ProvisioningStepType": "Import" }],
            "sourceIdentity": { "id": "user-1", "identityType": "User" },
            "provisioningStatusInfo": { "status": "Failure", "errorInformation": { "errorCode": "EntryConflict" } },
        }))
        .unwrap();
        assert!(entry.failed());
        assert_eq!(entry.subject(), Some("user-1"));
    }
}
