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

/// What is wrong, by the rules of one subject.
type Judge = fn(&Evidence, &mut Vec<Finding>);

const ALL: &[Judge] = &[
    instance::judge,
    people::judge,
    names::judge,
    application::judge,
    credentials::judge,
    provisioning::judge,
    leavers::judge,
];

/// Holds all rules, or only these, against the evidence of each target. What several targets share is told once.
pub fn examine(all: Vec<Evidence>, only: &[&'static Rule]) -> Examined {
    let mut examined = hold_against(ALL, all);
    if !only.is_empty() {
        examined.findings.retain(|finding| only.contains(&finding.rule));
    }
    examined
}

/// Holds only the rules about token, certificates and job against what was read for them.
pub fn examine_care(evidence: Evidence) -> Examined {
    hold_against(&[credentials::judge, provisioning::judge], vec![evidence])
}

fn hold_against(judges: &[Judge], all: Vec<Evidence>) -> Examined {
    let mut examined = Examined::default();
    for evidence in all {
        let mut findings = Vec::new();
        for judge in judges {
            judge(&evidence, &mut findings);
        }
        for mut finding in findings {
            finding.target.clone_from(&evidence.target);
            examined.findings.push(finding);
        }
        examined.unread.extend(evidence.unread);
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
