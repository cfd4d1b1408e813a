//! The provisioning log: what became of each person and group.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::{client::Entra, graph::quoted};
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
