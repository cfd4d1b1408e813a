//! Rules about the application and its claims.

use serde_json::Value;

use super::{
    evidence::{Application, Evidence},
    finding::{Finding, Side},
};
use crate::steps::claims_policy::{ACCESS_CONTROL, AWS_NAMESPACE};

/// Claims of IAM federation, which Identity Center has no use for.
const IAM_CLAIMS: &[&str] = &["Role", "RoleSessionName", "SessionDuration"];
/// Attributes that may hold several values.
const MANY_VALUES: &[&str] = &[
    "groups",
    "assignedroles",
    "othermails",
    "othermail",
    "proxyaddresses",
    "businessphones",
];
/// AWS takes so many session tags.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html>
const MOST_TAGS: usize = 50;

/// What is wrong with the application.
pub fn judge(evidence: &Evidence, findings: &mut Vec<Finding>) {
    let ours = evidence.entra.application.as_ref();
    for app in &evidence.entra.single_account {
        let name = app.display_name.clone().unwrap_or_else(|| app.id.clone());
        let detail = if ours.is_some_and(|ours| ours.principal.id == app.id) {
            "is the application of this federation, and is made from the single-account template"
        } else {
            "is made from the single-account template"
        };
        findings.push(Finding::new("wrong-app", Side::Entra, name, detail).id(&app.id));
    }
    if let Some(app) = ours {
        claims(app, evidence, findings);
    }
}

fn claims(app: &Application, evidence: &Evidence, findings: &mut Vec<Finding>) {
    let name = app.principal.display_name.clone().unwrap_or_default();
    for policy in &app.overriding {
        let policy_name = policy.display_name.clone().unwrap_or_default();
        let detail = format!("has the claims mapping policy {policy_name} ({})", policy.id);
        findings.push(Finding::new("overriding-policy", Side::Entra, &name, detail).id(&app.principal.id));
    }
    let mut tags = 0;
    for (claim, source) in app.claims.iter().flat_map(named) {
        if IAM_CLAIMS.contains(&claim.as_str()) {
            let detail = format!("sends {AWS_NAMESPACE}/{claim}");
            findings.push(Finding::new("iam-claims", Side::Entra, &name, detail).id(&app.principal.id));
        }
        let Some(tag) = claim.strip_prefix(ACCESS_CONTROL) else {
            continue;
        };
        tags += 1;
        if MANY_VALUES.contains(&source.to_lowercase().as_str()) {
            let detail = format!("sends the tag {tag} from {source}, which may hold several values");
            findings.push(Finding::new("claim-not-carried", Side::Entra, &name, detail).id(&app.principal.id));
        }
        if let Some(there) = evidence.aws.abac.get(tag) {
            let detail = format!("is sent as a claim by {name}, and Identity Center takes it from {there}");
            findings.push(Finding::new("shadowed-tag", Side::Aws, tag, detail));
        }
    }
    if tags > MOST_TAGS {
        let detail = format!("sends {tags} tags; AWS takes {MOST_TAGS}");
        findings.push(Finding::new("claim-not-carried", Side::Entra, &name, detail).id(&app.principal.id));
    }
}

/// The claims in AWS's namespace: name, and the attribute each reads.
fn named(policy: &Value) -> Vec<(String, String)> {
    let claims = policy["claims"].as_array().into_iter().flatten();
    claims
        .filter(|claim| {
            claim["namespace"]
                .as_str()
                .is_some_and(|namespace| namespace.trim_end_matches('/') == AWS_NAMESPACE)
        })
        .map(|claim| {
            let source = &claim["configurations"][0]["attribute"];
            let name = claim["name"].as_str().unwrap_or_default().to_owned();
            (name, source["id"].as_str().unwrap_or_default().to_owned())
        })
        .collect()
}
