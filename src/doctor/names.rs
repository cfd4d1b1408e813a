//! Rules about names and addresses that must agree between the two clouds, or be unique.

use std::collections::{BTreeMap, HashMap};

use super::{
    evidence::Evidence,
    finding::{Finding, Side},
};
use crate::clients::aws::identity_store::User;

/// What is wrong with names.
pub fn judge(evidence: &Evidence, findings: &mut Vec<Finding>) {
    between(evidence, findings);
    unique("duplicate-user-name", "user name", evidence, findings, |user| {
        Some(user.user_name.to_lowercase())
    });
    unique("duplicate-aws-mail", "e-mail address", evidence, findings, |user| {
        user.emails.first().map(|mail| mail.to_lowercase())
    });
    unique("duplicate-external-id", "external id", evidence, findings, |user| {
        user.external_ids.first().map(|(_, id)| id.clone())
    });
}

fn between(evidence: &Evidence, findings: &mut Vec<Finding>) {
    let (mut by_name, mut by_mail, mut by_id) = (HashMap::new(), HashMap::new(), HashMap::new());
    for user in &evidence.aws.users {
        by_name.insert(user.user_name.to_lowercase(), user);
        for mail in &user.emails {
            by_mail.insert(mail.to_lowercase(), user);
        }
        for (_, id) in &user.external_ids {
            by_id.insert(id.as_str(), user);
        }
    }
    for person in &evidence.entra.people {
        let upn = &person.user_principal_name;
        // Guests are named by another source; that has a rule of its own.
        let known = by_id
            .get(person.id.as_str())
            .or_else(|| by_name.get(&upn.to_lowercase()));
        if let Some(user) = known
            && !person.is_guest()
            && user.user_name != *upn
        {
            let detail = format!("is the user name in AWS of {upn}, and its NameID will be {upn}");
            findings.push(Finding::new("name-id", Side::Aws, &user.user_name, detail).id(&user.id));
        }
        let holder = person.mail.as_ref().and_then(|mail| by_mail.get(&mail.to_lowercase()));
        if let (Some(holder), Some(mail)) = (holder, &person.mail)
            && known.is_none_or(|user| user.id != holder.id)
        {
            let detail = format!("holds {mail}, the address of {upn} in Entra");
            findings.push(Finding::new("mail-taken", Side::Aws, &holder.user_name, detail).id(&holder.id));
        }
    }
}

fn unique(
    rule: &str,
    what: &str,
    evidence: &Evidence,
    findings: &mut Vec<Finding>,
    key: impl Fn(&User) -> Option<String>,
) {
    let mut by_key: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for user in &evidence.aws.users {
        if let Some(key) = key(user).filter(|key| !key.is_empty()) {
            by_key.entry(key).or_default().push(&user.user_name);
        }
    }
    for (key, mut users) in by_key.into_iter().filter(|(_, users)| users.len() > 1) {
        users.sort_unstable();
        let detail = format!("share the {what} {key}");
        findings.push(Finding::new(rule, Side::Aws, users.join(", "), detail));
    }
}
