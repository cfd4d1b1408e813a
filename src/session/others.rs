//! What others made beside the set-up: assignments of its permission sets, and of the people it assigned, that it does not
//! know. They are told and never taken away: whoever made them may have good reasons.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;

use super::Session;
use crate::{
    clients::aws::{Assignment, Aws, Instance, Look, Principal},
    doctor::gather::instance_of,
    engine::{
        graph::NodeId,
        outcome::Outcome,
        run::Standing,
        select::Selection,
        signal::{Finding, What},
        step::{Difference, How},
    },
    fault::{Fault, Kind, Text},
    profile,
    steps::{
        Target,
        assignment::{self, Standing as Assigned, key},
        permission_set::{self, Standing as SetStanding},
    },
};

/// Finding out whether it takes fewer calls to read the sets of others than the people may cost so small a part of those.
const A_TRY: usize = 10;

/// What the journal knows of one target's assignments.
#[derive(Default)]
struct Recorded {
    /// Permission sets that are ours, by ARN.
    ours: BTreeSet<String>,
    /// The names of all permission sets that stand, by ARN.
    names: BTreeMap<String, String>,
    /// The assignments that stand.
    assignments: BTreeSet<Assignment>,
    /// Whom we assigned.
    principals: BTreeSet<Principal>,
}

impl Session {
    /// A check's outcome with a difference for each assignment that others made. A look at a part of the walk, and one that
    /// failed, leave them out.
    pub async fn with_others(&self, mut outcome: Outcome, selection: &Selection) -> Outcome {
        let whole = !outcome.stopped && outcome.fatal.is_none() && outcome.failed.is_empty();
        if !whole || !selection.only.is_empty() {
            return outcome;
        }
        let wanted = |target: &&Target| selection.targets.is_empty() || selection.targets.contains(&target.name);
        for target in self.world.targets.iter().filter(wanted) {
            let recorded = self.recorded(target);
            if recorded.ours.is_empty() && recorded.principals.is_empty() {
                continue;
            }
            match self.others_in(target, &recorded).await {
                Ok(found) => outcome.findings.extend(found),
                Err(fault) => outcome.failed.push((self.node(target, "made by others".into()), fault)),
            }
        }
        outcome
    }

    fn recorded(&self, target: &Target) -> Recorded {
        let of_this = |id: &NodeId| id.target.as_deref().is_none_or(|name| name == target.name);
        let mut recorded = Recorded::default();
        self.recorder.with_run(|run| {
            for (id, node) in run.nodes() {
                let Some(standing) = node.standing.as_ref().filter(|_| of_this(id)) else {
                    continue;
                };
                let ours = matches!(standing.how, How::Made | How::Changed);
                if id.step == permission_set::ID.as_str()
                    && let Some(SetStanding { set, .. }) = output(standing)
                {
                    recorded.ours.extend(ours.then(|| set.arn.clone()));
                    recorded.names.insert(set.arn, set.name);
                } else if id.step == assignment::ID.as_str()
                    && let Some(Assigned { assignment, .. }) = output(standing)
                {
                    recorded.principals.extend(ours.then(|| assignment.principal.clone()));
                    recorded.assignments.insert(assignment);
                }
            }
        });
        recorded
    }

    async fn others_in(&self, target: &Target, recorded: &Recorded) -> Result<Vec<(NodeId, Finding)>, Fault> {
        let aws = &target.aws;
        let Some(instance) = instance_of(&self.world, target, self.clock.now()).await? else {
            return Ok(Vec::new());
        };
        let mut all = BTreeSet::new();
        for set in &recorded.ours {
            // A set that is gone has a line of its own.
            for account in unless_gone(aws.accounts_with(&instance, set, false).await)? {
                all.extend(of_set(aws, &instance, &account, set).await?);
            }
        }
        all.extend(match of_other_sets(aws, &instance, recorded).await? {
            Some(found) => found,
            None => of_principals(aws, &instance, recorded).await?,
        });
        let mut found = Vec::new();
        for other in all.difference(&recorded.assignments) {
            let who = who(aws, &instance, &other.principal).await?;
            let set = match recorded.names.get(&other.permission_set) {
                Some(name) => name.clone(),
                None => set_name(aws, &instance, &other.permission_set).await?,
            };
            let node = self.node(target, key(&instance, &other.account, &who, &set));
            found.push((node, made_by_others()));
        }
        Ok(found)
    }

    fn node(&self, target: &Target, item: String) -> NodeId {
        NodeId {
            target: (self.world.targets.len() > 1).then(|| target.name.clone()),
            step: assignment::ID.to_string(),
            item,
        }
    }
}

/// All assignments of a set in an account.
async fn of_set(aws: &Aws, instance: &Instance, account: &str, set: &str) -> Result<Vec<Assignment>, Fault> {
    let who = aws.assigned_in(instance, account, set, aws.after_own_changes()).await?;
    let one = |principal: &Principal| Assignment {
        account: account.to_owned(),
        permission_set: set.to_owned(),
        principal: principal.clone(),
    };
    Ok(who.iter().map(one).collect())
}

/// What those whom we assigned have besides, read one by one.
async fn of_principals(aws: &Aws, instance: &Instance, recorded: &Recorded) -> Result<Vec<Assignment>, Fault> {
    let mut all = Vec::new();
    for principal in &recorded.principals {
        match aws.assigned_to(instance, principal, aws.after_own_changes()).await {
            Ok(found) => all.extend(found.iter().cloned()),
            Err(fault) if fault.kind == Kind::NotFound => {}
            // Documented for the management account only.
            Err(fault) if matches!(fault.kind, Kind::Rights | Kind::Refused) => break,
            Err(fault) => return Err(fault),
        }
    }
    Ok(all)
}

/// The same, read in the permission sets of others. None where that takes more calls, or the caller may not.
async fn of_other_sets(aws: &Aws, instance: &Instance, recorded: &Recorded) -> Result<Option<Vec<Assignment>>, Fault> {
    let most = recorded.principals.len() / A_TRY;
    if most == 0 {
        return Ok(None);
    }
    match in_other_sets(aws, instance, recorded, most).await {
        Err(fault) if matches!(fault.kind, Kind::Rights | Kind::Refused) => Ok(None),
        found => found,
    }
}

async fn in_other_sets(
    aws: &Aws,
    instance: &Instance,
    recorded: &Recorded,
    most: usize,
) -> Result<Option<Vec<Assignment>>, Fault> {
    let sets = aws.permission_set_arns(instance, Look::Shared).await?;
    let others: Vec<&String> = sets.iter().filter(|arn| !recorded.ours.contains(*arn)).collect();
    if others.len() > most {
        return Ok(None);
    }
    let mut pairs = Vec::new();
    for set in others {
        let accounts = unless_gone(aws.accounts_with(instance, set, false).await)?;
        pairs.extend(accounts.into_iter().map(|account| (account, set)));
    }
    if pairs.len() >= recorded.principals.len() {
        return Ok(None);
    }
    let mut all = Vec::new();
    for (account, set) in pairs {
        let found = of_set(aws, instance, &account, set).await?;
        all.extend(
            found
                .into_iter()
                .filter(|one| recorded.principals.contains(&one.principal)),
        );
    }
    Ok(Some(all))
}

fn made_by_others() -> Finding {
    Finding {
        what: What::Drifted,
        differences: vec![Difference::new("assignment", "made by others", "not in the profile")],
        note: Text::Borrowed(""),
    }
}

fn output<T: DeserializeOwned>(standing: &Standing) -> Option<T> {
    standing.output.read()
}

fn unless_gone<T>(read: Result<Vec<T>, Fault>) -> Result<Vec<T>, Fault> {
    match read {
        Err(fault) if fault.kind == Kind::NotFound => Ok(Vec::new()),
        read => read,
    }
}

/// A user's or group's name as a profile writes it; its id where it is gone.
async fn who(aws: &Aws, instance: &Instance, principal: &Principal) -> Result<profile::Principal, Fault> {
    Ok(match principal {
        Principal::User(id) => {
            let name = aws.user(instance, id).await?.map(|user| user.user_name);
            profile::Principal::User(name.unwrap_or_else(|| id.clone()))
        }
        Principal::Group(id) => {
            let groups = aws.groups(instance).await?;
            let name = groups
                .into_iter()
                .find(|group| group.id == *id)
                .map(|group| group.display_name);
            profile::Principal::Group(name.unwrap_or_else(|| id.clone()))
        }
    })
}

async fn set_name(aws: &Aws, instance: &Instance, arn: &str) -> Result<String, Fault> {
    let set = aws.permission_set(instance, arn).await?;
    Ok(set.map_or_else(|| arn.to_owned(), |set| set.name))
}
