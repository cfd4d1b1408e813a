//! Provisioning log: what was done to one object, step by step.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::sim::entra::state::{Logged, Tenant, span};

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Result {
    /// Done, or nothing to do.
    Success,
    /// Refused.
    Failure,
    /// Left out.
    Skipped,
}

impl Result {
    /// Graph's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Skipped => "skipped",
        }
    }
}

/// What happened to one object.
#[derive(Debug, Clone)]
pub struct Trace {
    /// Source id.
    pub source: String,
    /// What to call it.
    pub name: String,
    /// It is a group.
    pub group: bool,
    /// Target id, once known.
    pub target: Option<String>,
    /// `create`, `update`, `disable`, `delete` or `other`.
    pub action: &'static str,
    /// How it ended.
    pub result: Result,
    /// Error or reason: code and sentence.
    pub reason: Option<(String, String)>,
    /// Steps: kind, result, sentence.
    pub steps: Vec<(&'static str, Result, String)>,
    /// Written attributes and values.
    pub written: Vec<(String, String)>,
    /// Something was sent that changes the target.
    pub exported: bool,
    /// The address or token is at fault.
    pub credential: bool,
}

impl Trace {
    /// Nothing has happened yet.
    pub fn new(source: &str, name: &str, group: bool) -> Self {
        Self {
            source: source.to_owned(),
            name: name.to_owned(),
            group,
            target: None,
            action: "other",
            result: Result::Success,
            reason: None,
            steps: Vec::new(),
            written: Vec::new(),
            exported: false,
            credential: false,
        }
    }

    /// Adds a step.
    pub fn step(&mut self, kind: &'static str, result: Result, text: impl Into<String>) {
        self.steps.push((kind, result, text.into()));
    }

    /// Ends it with a reason.
    pub fn end(&mut self, result: Result, code: &str, text: impl Into<String>) {
        self.result = result;
        self.reason = Some((code.to_owned(), text.into()));
    }

    /// Steps as Graph shows them.
    pub fn steps_value(&self) -> Value {
        let step = |(kind, result, text): &(&'static str, Result, String)| {
            let name = format!("Entry{}{}", kind[..1].to_uppercase(), &kind[1..]);
            json!({ "name": name, "provisioningStepType": kind, "status": result.word(), "description": text, "details": {} })
        };
        self.steps.iter().map(step).collect()
    }

    /// Written attributes as Graph shows them.
    pub fn modified_value(&self) -> Value {
        self.written
            .iter()
            .map(|(name, value)| json!({ "displayName": name, "oldValue": null, "newValue": value }))
            .collect()
    }

    /// Status as Graph shows it.
    pub fn status_value(&self) -> Value {
        let information = self.reason.as_ref().map(|(code, text)| {
            json!({
                "errorCode": code,
                "reason": text,
                "additionalDetails": null,
                "errorCategory": if self.result == Result::Failure { "failure" } else { "nonServiceFailure" },
                "recommendedAction": null,
            })
        });
        json!({ "status": self.result.word(), "errorInformation": information })
    }

    /// One side as Graph shows it.
    pub fn identity(&self, target: bool) -> Value {
        let id = if target {
            self.target.clone().unwrap_or_default()
        } else {
            self.source.clone()
        };
        let kind = match (self.group, target) {
            (true, false) => "Group",
            (false, false) => "User",
            (true, true) => super::templates::SCIM_GROUP,
            (false, true) => super::templates::SCIM_USER,
        };
        json!({ "id": id, "displayName": self.name, "identityType": kind, "details": {} })
    }
}

/// Writes an entry.
pub fn write(tenant: &mut Tenant, now: Timestamp, sp: &str, job: &str, cycle: &str, trace: &Trace) {
    let id = tenant.ids.guid("provisioning-log", &trace.source);
    let change = tenant.ids.guid("change", &trace.source);
    let name = tenant
        .service_principals
        .get(sp)
        .map(|e| e.text("displayName").to_owned())
        .unwrap_or_default();
    let value = json!({
        "id": id,
        "activityDateTime": now,
        "tenantId": tenant.id,
        "jobId": job,
        "cycleId": cycle,
        "changeId": change,
        "provisioningAction": trace.action,
        "durationInMilliseconds": 180,
        "initiatedBy": { "id": "", "displayName": "Azure AD Provisioning Service", "initiatorType": "system" },
        "servicePrincipal": { "id": sp, "displayName": name },
        "sourceSystem": { "id": "66e4a8cc-1b7b-435e-95f8-f06cea133828", "displayName": "Microsoft Entra ID", "details": {} },
        "targetSystem": { "id": job, "displayName": name, "details": {} },
        "sourceIdentity": trace.identity(false),
        "targetIdentity": trace.identity(true),
        "provisioningStatusInfo": trace.status_value(),
        "provisioningSteps": trace.steps_value(),
        "modifiedProperties": trace.modified_value(),
    });
    let shows = now + span(tenant.settings.log_lag_s);
    tenant.provisioning_log.push(Logged { shows, value });
}
