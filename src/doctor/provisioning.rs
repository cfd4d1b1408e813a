//! Rules about the provisioning job, and what AWS answers to it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    advice::advise,
    evidence::Evidence,
    finding::{Finding, Side},
};
use crate::clients::entra::synchronization::Job;

/// What is wrong with provisioning.
pub fn judge(evidence: &Evidence, findings: &mut Vec<Finding>) {
    job(evidence, findings);
    let mut by_error: BTreeMap<(String, String), (usize, String)> = BTreeMap::new();
    for event in &evidence.aws.scim_errors {
        let error = event.error_code().unwrap_or_default().to_owned();
        let message = event.text("/errorMessage").unwrap_or_default().to_owned();
        let seen = by_error.entry((event.name.clone(), error)).or_insert((0, message));
        seen.0 += 1;
    }
    for ((name, error), (times, message)) in by_error {
        let lower = error.to_lowercase();
        let (rule, how) = if lower.contains("throttl") || lower.contains("toomanyrequests") {
            ("scim-throttled", "was slowed down")
        } else {
            ("scim-refused", "was refused")
        };
        let times = if times == 1 {
            "once".to_owned()
        } else {
            format!("{times} times")
        };
        let detail = format!("{how} {times} with {error}: {message}");
        findings.push(Finding::new(rule, Side::Aws, name, detail));
    }
}

fn job(evidence: &Evidence, findings: &mut Vec<Finding>) {
    let Some(job) = evidence.entra.application.as_ref().and_then(|app| app.job.as_ref()) else {
        return;
    };
    let status = job.status.as_ref();
    if job.code().eq_ignore_ascii_case("Quarantine") {
        let quarantine = status.and_then(|status| status.quarantine.as_ref());
        let reason = quarantine
            .and_then(|quarantine| quarantine.reason.as_deref())
            .unwrap_or("no reason given");
        let error = quarantine.and_then(|quarantine| quarantine.error.clone());
        let error = error.map(|error| (error.code.unwrap_or_default(), error.message.unwrap_or_default()));
        let known = error.as_ref().and_then(|(code, message)| advise(code, message));
        let known = known.map_or_else(String::new, |known| format!(". {} {}", known.cause, known.fix));
        let error = error.map(|(code, message)| format!(" ({code}: {message})"));
        let next = quarantine.and_then(|quarantine| quarantine.next_attempt.as_deref());
        let next = next.map_or_else(String::new, |next| format!("; the next try is at {next}"));
        let detail = format!("is in quarantine: {reason}{}{next}{known}", error.unwrap_or_default());
        findings.push(Finding::new("quarantine", Side::Entra, &job.id, detail));
        return;
    }
    if !job.is_on() {
        findings.push(Finding::new("job-paused", Side::Entra, &job.id, "is not running"));
    }
    let late = job.is_on().then(|| late(job, evidence.now)).flatten();
    if let Some(detail) = late {
        findings.push(Finding::new("job-late", Side::Entra, &job.id, detail));
    }
    let escrowed = status.and_then(|status| status.last_execution.as_ref()?.count_escrowed);
    if let Some(many) = escrowed.filter(|many| *many > 0) {
        let detail = match many {
            1 => "has 1 object that failed and is tried again".to_owned(),
            many => format!("has {many} objects that failed and are tried again"),
        };
        findings.push(Finding::new("job-escrows", Side::Entra, &job.id, detail));
    }
    if job.steady_since().is_none() && job.last_good_run().is_none() {
        let detail = "has not come to the end of a cycle";
        findings.push(Finding::new("job-never-ran", Side::Entra, &job.id, detail));
    }
}

/// A cycle begins one interval after the last: so many intervals without one are too many.
const TOO_LATE: i32 = 3;

/// Since when no cycle has come to its end, if that is too long ago.
fn late(job: &Job, now: Timestamp) -> Option<String> {
    let ended = job.status.as_ref()?.last_execution.as_ref()?.time_ended?;
    let due = ended.checked_add(job.interval()?.checked_mul(TOO_LATE)?).ok()?;
    (!job.is_running() && now > due).then(|| {
        let since = ended.strftime("%Y-%m-%d %H:%M");
        let hours = now.duration_since(ended).as_hours();
        format!("has not come to the end of a cycle since {since} UTC, {hours} hours ago")
    })
}
