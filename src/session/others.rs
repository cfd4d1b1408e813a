//! What others made beside the set-up: assignments of its permission sets, and of the people it assigned, that it does not
//! know. They are told and never taken away: whoever made them may have good reasons.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;

use super::Session;
use crate::{
    clients::aws::{Assignment, Aws, Instance, Principal},
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
                all.extend(unless_gone(aws.assignments_in(&instance, &account, set).await)?);
            }
        }
        for principal in &recorded.principals {
            match aws.assignments_of(&instance, principal).await {
                Ok(found) => all.extend(found.into_iter().filter(|one| one.principal == *principal)),
                // Documented for the management account only.
                Err(fault) if matches!(fault.kind, Kind::Rights | Kind::Refused | Kind::NotFound) => {}
                Err(fault) => return Err(fault),
            }
        }
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
