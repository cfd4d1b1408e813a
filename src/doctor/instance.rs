//! Rules about rights, the instance, its identity source, and the way in.

use super::{
    evidence::Evidence,
    finding::{Finding, Side},
};
use crate::clients::aws::is_about_key;

/// What is wrong with the ground that all else stands on.
pub fn judge(evidence: &Evidence, findings: &mut Vec<Finding>) {
    for lacking in &evidence.entra.lacking {
        let kind = if lacking.role { "role" } else { "permission" };
        let detail = format!(
            "is the {kind} needed to {}, by {}",
            lacking.to,
            lacking.steps.join(", ")
        );
        findings.push(Finding::new("entra-rights", Side::Entra, &lacking.right, detail));
    }
    let aws = &evidence.aws;
    for (action, step) in &aws.denied {
        let detail = format!("is denied, and {step} needs it");
        findings.push(Finding::new("aws-rights", Side::Aws, action, detail));
    }
    let behind_key: Vec<&str> = evidence
        .unread
        .iter()
        .filter(|unread| unread.side == Side::Aws && is_about_key(&unread.fault))
        .map(|unread| unread.what.as_str())
        .collect();
    if !behind_key.is_empty() {
        let key = aws.instance.as_ref().and_then(|instance| instance.kms_key.clone());
        let name = key.unwrap_or_else(|| "the key of the instance".into());
        let detail = format!("stands in the way of reading {}", behind_key.join(", "));
        findings.push(Finding::new("kms-key", Side::Aws, name, detail));
    }
    if let Some(instance) = &aws.instance {
        if instance.permission_sets == Some(false) {
            let detail = "has multi-account permissions switched off";
            findings.push(Finding::new("permission-sets-off", Side::Aws, &instance.arn, detail));
        }
        if let Some(change) = &aws.source_change
            && change.name == "AssociateDirectory"
        {
            let detail = format!("was connected with a directory on {}", change.at.strftime("%Y-%m-%d"));
            findings.push(Finding::new("active-directory", Side::Aws, &instance.arn, detail).id(&change.id));
        }
    }
    if let Some(caller) = &aws.caller {
        if let Some(management) = aws.management.as_ref().filter(|account| **account != caller.account) {
            let detail = format!("is in {}, and the management account is {management}", caller.account);
            findings.push(Finding::new("delegated-administrator", Side::Aws, &caller.arn, detail));
        }
        if caller.is_identity_center_role() && aws.way_in.is_none() {
            let detail = "comes through Identity Center, and no other way in is named";
            findings.push(Finding::new("no-break-glass", Side::Aws, &caller.arn, detail));
        }
    }
}
