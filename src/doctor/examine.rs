//! All rules over all that was read.

use super::{
    application, credentials,
    evidence::Evidence,
    finding::{Finding, Unread},
    instance, leavers, names, people, provisioning,
    rules::Rule,
};

/// What came of an examination.
#[derive(Debug, Default)]
pub struct Examined {
    /// What was found, what matters most first.
    pub findings: Vec<Finding>,
    /// What could not be looked at.
    pub unread: Vec<Unread>,
}

/// Holds all rules, or only these, against the evidence of each target. What several targets share is told once.
pub fn examine(all: Vec<Evidence>, only: &[&'static Rule]) -> Examined {
    let mut examined = Examined::default();
    for evidence in all {
        let mut findings = Vec::new();
        for judge in [
            instance::judge,
            people::judge,
            names::judge,
            application::judge,
            credentials::judge,
            provisioning::judge,
            leavers::judge,
        ] {
            judge(&evidence, &mut findings);
        }
        for mut finding in findings {
            finding.target.clone_from(&evidence.target);
            examined.findings.push(finding);
        }
        examined.unread.extend(evidence.unread);
    }
    if !only.is_empty() {
        examined.findings.retain(|finding| only.contains(&finding.rule));
    }
    let key = |finding: &Finding| {
        let rule = finding.rule;
        (
            rule.severity,
            rule.id,
            finding.side,
            finding.name.clone(),
            finding.detail.clone(),
        )
    };
    examined.findings.sort_by_cached_key(key);
    examined.findings.dedup_by(|one, other| {
        one.rule == other.rule && one.name == other.name && one.detail == other.detail && one.id == other.id
    });
    examined
}
