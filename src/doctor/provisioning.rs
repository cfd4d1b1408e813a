//! Rules about the provisioning job, and what AWS answers to it.

use std::collections::BTreeMap;

use super::{
    evidence::Evidence,
    finding::{Finding, Side},
};

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
        let detail = format!("was refused {times} times with {error}: {message}");
        findings.push(Finding::new("scim-refused", Side::Aws, name, detail));
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
        let error = quarantine.and_then(|quarantine| quarantine.error.as_ref());
        let error = error.map(|error| {
            let part = |part: &Option<String>| part.clone().unwrap_or_default();
            format!(" ({}: {})", part(&error.code), part(&error.message))
        });
        let next = quarantine.and_then(|quarantine| quarantine.next_attempt.as_deref());
        let next = next.map_or_else(String::new, |next| format!("; the next try is at {next}"));
        let detail = format!("is in quarantine: {reason}{}{next}", error.unwrap_or_default());
        findings.push(Finding::new("quarantine", Side::Entra, &job.id, detail));
        return;
    }
    if !job.is_on() {
        findings.push(Finding::new("job-paused", Side::Entra, &job.id, "is not running"));
    }
    if job.steady_since().is_none() && job.last_good_run().is_none() {
        let detail = "has not come to the end of a cycle";
        findings.push(Finding::new("job-never-ran", Side::Entra, &job.id, detail));
    }
}
