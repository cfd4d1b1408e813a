//! Rules about what is left over: people, values and assignments.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{
    evidence::Evidence,
    finding::{Finding, Side},
};
use crate::clients::aws::assignments::Principal;

/// What is left over.
pub fn judge(evidence: &Evidence, findings: &mut Vec<Finding>) {
    leavers(evidence, findings);
    stale(evidence, findings);
    dangling(evidence, findings);
}

fn leavers(evidence: &Evidence, findings: &mut Vec<Finding>) {
    let mut held: HashMap<&str, usize> = HashMap::new();
    for assignment in &evidence.aws.assignments {
        if let Principal::User(id) = &assignment.principal {
            *held.entry(id).or_default() += 1;
        }
    }
    for user in evidence.aws.users.iter().filter(|user| user.enabled == Some(false)) {
        let detail = match held.get(user.id.as_str()) {
            None => "is disabled in AWS".to_owned(),
            Some(1) => "is disabled in AWS and still has an assignment".to_owned(),
            Some(many) => format!("is disabled in AWS and still has {many} assignments"),
        };
        findings.push(Finding::new("leaver", Side::Aws, &user.user_name, detail).id(&user.id));
    }
}

/// Values that travel by provisioning for access control, compared where Entra has none.
fn stale(evidence: &Evidence, findings: &mut Vec<Finding>) {
    let by_name: BTreeMap<String, _> = evidence
        .entra
        .people
        .iter()
        .map(|person| (person.user_principal_name.to_lowercase(), person))
        .collect();
    let matters = |path: &str| evidence.aws.abac.values().any(|source| source.contains(path));
    for user in &evidence.aws.users {
        let Some(person) = by_name.get(&user.user_name.to_lowercase()) else {
            continue;
        };
        let empty = |value: &Option<String>| value.as_deref().is_none_or(str::is_empty);
        let department = user.enterprise.get("department").filter(|value| !value.is_empty());
        let title = Some(&user.title).filter(|value| !value.is_empty());
        for (name, path, there, gone) in [
            (
                "department",
                "enterprise.department",
                department,
                empty(&person.department),
            ),
            ("title", "title", title, empty(&person.job_title)),
        ] {
            if let Some(value) = there.filter(|_| gone && matters(path)) {
                let detail = format!("has the {name} {value} in AWS and none in Entra");
                findings.push(Finding::new("stale-attribute", Side::Aws, &user.user_name, detail).id(&user.id));
            }
        }
    }
}

fn dangling(evidence: &Evidence, findings: &mut Vec<Finding>) {
    let aws = &evidence.aws;
    let users: HashSet<&str> = aws.users.iter().map(|user| user.id.as_str()).collect();
    for assignment in &aws.assignments {
        let id = assignment.principal.id();
        let (kind, gone) = match &assignment.principal {
            Principal::User(_) => ("user", aws.users_known && !users.contains(id)),
            Principal::Group(_) => {
                let groups = aws.groups.as_ref();
                (
                    "group",
                    groups.is_some_and(|groups| !groups.iter().any(|group| group.id == id)),
                )
            }
        };
        let (account, set) = (&assignment.account, &assignment.permission_set);
        if gone {
            let detail = format!("is a {kind} that is gone, with {set} in the account {account}");
            findings.push(Finding::new("dangling-assignment", Side::Aws, id, detail).id(id));
        }
        let closed = aws.accounts.as_ref().and_then(|accounts| match accounts.get(account) {
            None => Some("gone"),
            Some((_, false)) => Some("not active"),
            Some(_) => None,
        });
        if let Some(state) = closed {
            let detail = format!("is {state}, and the {kind} {id} has {set} there");
            findings.push(Finding::new("dangling-assignment", Side::Aws, account, detail).id(id));
        }
    }
}
