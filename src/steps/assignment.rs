//! `aws.assignment[…]`: who may use which permission set in which account.
//!
//! A user made by hand in Identity Center can be assigned at once (phase 2); whoever comes by provisioning can be assigned
//! only after arriving (phase 6). Both are nodes of one step. A step that is to come after some of them names those with
//! `Each` and [`keys_of`]: `After` would also wait for those that wait for provisioning.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use super::{
    Cx, World,
    accounts::{self, MANAGEMENT},
    arrival::{Arrived, Seen as InAws},
    aws_user::{self, AwsUser},
    by_hand::{Known, in_identity_center, instance_arn, stood_before},
    permission_set::{self, PermissionSet},
    preflight_aws::AwsInstance,
};
use crate::{
    clients::{
        aws::{Assignment, Aws, By, Direction, Instance, Look, Principal, Progress, User},
        limits,
    },
    engine::{
        declared::{Block, Declared, Term},
        grid::{Grid, Spot},
        guide::Guide,
        known::ByHand,
        needs::{Each, One},
        step::{About, Effect, Executor, Gone, Item, Made, Probe, Scope, Step, StepId, Undone, Wait},
    },
    fault::{Fault, Kind, Text},
    profile::{self, Arrival},
};

/// The phase in which those who come by provisioning are assigned, counted from 0.
const LATE_PHASE: usize = 6;
/// What stands between the parts of a key.
const BETWEEN: &str = " · ";
/// How a group is told from a user in a key.
const GROUP: &str = "group:";

/// The step's name.
pub const ID: StepId = StepId::new("aws.assignment");

/// One assignment.
#[derive(Debug)]
pub struct AccountAssignment;

/// An assignment that stands, or is on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The assignment.
    #[serde(flatten)]
    pub assignment: Assignment,
    /// The request that makes it, as long as it is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
}

type Ready = (
    Instance,
    Vec<(String, permission_set::Standing)>,
    Vec<(String, User)>,
    Vec<(String, InAws)>,
);

impl Step<World> for AccountAssignment {
    const ABOUT: About = About {
        id: ID,
        title: "Assign access to the account",
        why: "Only an assignment lets somebody use a permission set in an account; AWS makes the role there.",
        executor: Executor::Aws,
        scope: Scope::Target,
        effect: Effect::Changes,
        proof: "The creation status is SUCCEEDED, or sso:ListAccountAssignments[ForPrincipal] holds it",
        undo: "sso:DeleteAccountAssignment, until its status is SUCCEEDED",
        read_more: "https://docs.aws.amazon.com/singlesignon/latest/userguide/assignusers.html",
    };
    const AT_ONCE: usize = limits::ASSIGNMENTS_IN_FLIGHT;
    const GRID: Option<Grid> = Some(Grid {
        title: "Access",
        row: "account",
        column: "permission set",
        entry: "user or group",
        read: spot,
    });
    type Needs = (One<AwsInstance>, Each<PermissionSet>, Each<AwsUser>, Each<Arrived>);
    type Output = Standing;

    fn items(&self, world: &World, target: Option<&str>) -> Vec<Item> {
        rows(world, target)
            .into_iter()
            .map(|row| {
                let item = Item::new(row.key())
                    .with(permission_set::ID, &row.set)
                    .lane(&row.account);
                match row.principal {
                    Who::ByHand(upn) => item.with(aws_user::ID, upn),
                    Who::AlreadyThere(_) => item,
                    Who::Provisioned(upn) => item.with(Arrived::ABOUT.id, upn).in_phase(LATE_PHASE),
                    Who::Group(name) if world.profile.group(&name).is_some() => {
                        let key = profile::Principal::Group(name).to_string();
                        item.with(Arrived::ABOUT.id, key).in_phase(LATE_PHASE)
                    }
                    Who::Group(_) => item.in_phase(LATE_PHASE),
                }
            })
            .collect()
    }

    fn row_names(&self, world: &World, target: Option<&str>) -> BTreeMap<String, String> {
        let book = world.targets.iter().find(|known| Some(known.name.as_str()) == target);
        book.map(|target| target.accounts.names().clone()).unwrap_or_default()
    }

    async fn probe(&self, cx: &Cx, ready: &Ready, known: Option<&Standing>) -> Result<Probe<Standing>, Fault> {
        let aws = &cx.world().target(cx.target())?.aws;
        let (instance, ..) = ready;
        let assignment = match known {
            Some(known) => known.assignment.clone(),
            None => match wanted(cx, aws, ready).await? {
                Some(assignment) => assignment,
                None => return Ok(Probe::Pending(arriving())),
            },
        };
        if let Some(request) = known.and_then(|known| known.request.as_ref()) {
            match aws.assignment_change(instance, Direction::Creation, request).await {
                Ok(Progress::Running) => return Ok(Probe::Pending(under_way(aws))),
                Ok(Progress::Failed(reason)) => return Err(failed(cx.item(), reason)),
                Ok(Progress::Done) => {
                    let proof = format!("creation request {request} is SUCCEEDED");
                    return Ok(Probe::present(
                        Standing {
                            assignment,
                            request: None,
                        },
                        proof,
                    ));
                }
                // AWS forgets old requests; the list tells then.
                Err(fault) if fault.kind == Kind::NotFound => {}
                Err(fault) => return Err(fault),
            }
        }
        let begun = known.is_none() && cx.started_at().is_some();
        let (by, look) = way(cx, begun)?;
        if aws.is_assigned(instance, &assignment, by, look).await? {
            let proof = format!("{} has it in account {}", assignment.principal.id(), assignment.account);
            return Ok(Probe::present(
                Standing {
                    assignment,
                    request: None,
                },
                proof,
            ));
        }
        // The answer that held the request's id may be lost, and an assignment under way is in no list of assignments.
        if begun && aws.is_changing(instance, Direction::Creation, &assignment).await? {
            return Ok(Probe::Pending(under_way(aws)));
        }
        Ok(Probe::Absent)
    }

    async fn apply(&self, cx: &Cx, ready: &Ready, _: Option<&Standing>) -> Result<Standing, Fault> {
        let aws = &cx.world().target(cx.target())?.aws;
        let (instance, ..) = ready;
        let assignment = wanted(cx, aws, ready).await?.ok_or_else(|| {
            Fault::new(Kind::NotFound, format!("Nobody to assign: {}", cx.item()))
                .why("Identity Center does not know the user or group yet")
        })?;
        let change = aws.create_assignment(instance, &assignment).await?;
        match change.progress {
            Progress::Failed(reason) => Err(failed(cx.item(), reason)),
            Progress::Running | Progress::Done => Ok(Standing {
                assignment,
                request: Some(change.request_id),
            }),
        }
    }

    async fn undo(&self, cx: &Cx, (instance, ..): &Ready, made: &Made<Standing>) -> Result<Undone, Fault> {
        let aws = &cx.world().target(cx.target())?.aws;
        Ok(match aws.delete_assignment(instance, &made.output.assignment).await? {
            Some(_) => Undone::Removed,
            None => Undone::AlreadyGone,
        })
    }

    async fn gone(&self, cx: &Cx, (instance, ..): &Ready, made: &Made<Standing>) -> Result<Gone, Fault> {
        let aws = &cx.world().target(cx.target())?.aws;
        let assignment = &made.output.assignment;
        let leaving = || Wait {
            why: Text::Borrowed("the assignment to be taken away"),
            ..under_way(aws)
        };
        let progress = match aws.deletion_under_way(assignment) {
            Some(request) => aws.assignment_change(instance, Direction::Deletion, &request).await?,
            None => {
                let begun = cx.started_at().is_some();
                let (by, look) = way(cx, begun)?;
                if !aws.is_assigned(instance, assignment, by, look).await? {
                    return Ok(Gone::Yes(Text::Borrowed("no list of assignments holds it")));
                }
                match begun && aws.is_changing(instance, Direction::Deletion, assignment).await? {
                    true => Progress::Running,
                    false => return Ok(Gone::No),
                }
            }
        };
        match progress {
            Progress::Running => Ok(Gone::Pending(leaving())),
            Progress::Done => Ok(Gone::Yes(Text::Borrowed("the deletion status is SUCCEEDED"))),
            Progress::Failed(reason) if reason.contains("404") || reason.contains("not found") => {
                Ok(Gone::Yes(format!("AWS finds nothing to take away: {reason}").into()))
            }
            Progress::Failed(reason) => Err(Fault::new(
                Kind::Refused,
                format!("The assignment cannot be taken away: {}", cx.item()),
            )
            .why(reason)),
        }
    }

    fn object(&self, standing: &Standing) -> Option<String> {
        let Assignment {
            account,
            permission_set,
            principal,
        } = &standing.assignment;
        Some(format!("{account} {permission_set} {}", principal.id()))
    }

    fn by_hand(&self, known: &Known<'_>) -> ByHand {
        let place = "Multi-account permissions > AWS accounts";
        let row = Row::read(&known.world().profile, known.item());
        let with = |guide: Guide| match &row {
            Some(row) => {
                let who = match &row.principal {
                    Who::ByHand(name) | Who::AlreadyThere(name) | Who::Provisioned(name) => ("User", name),
                    Who::Group(name) => ("Group", name),
                };
                guide
                    .value(who.0, who.1)
                    .value("Account", &row.account)
                    .value("Permission set", &row.set)
            }
            None => guide.value("Assignment", known.item()),
        };
        let up = in_identity_center(known, "Assign access to the account", "", place)
            .say("Tick the account, then Assign users or groups. Choose the user or group, then Next.")
            .say("Choose the permission set, then Next, then Submit, and wait until the page says that it is done.");
        let down = in_identity_center(known, "Remove the access", "", place)
            .say("Choose the account, then the user or group, and under Permission sets choose Remove access.");
        ByHand::up(with(up)).down(with(down))
    }

    fn declared(&self, known: &Known<'_>) -> Declared {
        let (Some(instance), Some(standing)) = (known.one::<AwsInstance>(), known.of::<Self>(known.item())) else {
            return Declared::Nothing;
        };
        if !known.is_made::<Self>(known.item()) {
            return stood_before();
        }
        let assignment = standing.assignment;
        let (id, kind) = match &assignment.principal {
            Principal::User(id) => (id, "USER"),
            Principal::Group(id) => (id, "GROUP"),
        };
        let (of, attribute) = match &assignment.principal {
            Principal::User(_) => ("aws_identitystore_user", "user_id"),
            Principal::Group(_) => ("aws_identitystore_group", "group_id"),
        };
        let mut who = Term::text(id);
        let mut set = Term::text(&assignment.permission_set);
        for (step, key) in known.refs() {
            if step == permission_set::ID.as_str() {
                let name = known.name_of::<PermissionSet>(key);
                set = Term::of("aws_ssoadmin_permission_set", name, "arn", &assignment.permission_set);
            } else if step == aws_user::ID.as_str() || step == Arrived::ABOUT.id.as_str() {
                who = Term::of(of, known.name_of::<Arrived>(key), attribute, id);
            }
        }
        let import = format!(
            "{id},{kind},{},AWS_ACCOUNT,{},{}",
            assignment.account, assignment.permission_set, instance.arn
        );
        Declared::As(vec![
            Block::resource(
                "aws_ssoadmin_account_assignment",
                known.name_of::<Self>(known.item()),
                import,
            )
            .is("instance_arn", instance_arn(known, &instance))
            .is("permission_set_arn", set)
            .is("principal_id", who)
            .says("principal_type", kind)
            .says("target_id", &assignment.account)
            .says("target_type", "AWS_ACCOUNT"),
        ])
    }
}

/// The keys of the assignments of a user, for a step that comes after them.
pub fn keys_of(world: &World, target: Option<&str>, upn: &str) -> Vec<String> {
    let of_user = |who: &Who| match who {
        Who::ByHand(name) | Who::AlreadyThere(name) | Who::Provisioned(name) => name.eq_ignore_ascii_case(upn),
        Who::Group(_) => false,
    };
    rows(world, target)
        .iter()
        .filter(|row| of_user(&row.principal))
        .map(Row::key)
        .collect()
}

/// What the assignment of this principal would be called, were it in the profile.
pub fn key(instance: &Instance, account: &str, principal: &profile::Principal, set: &str) -> String {
    let account = if account == instance.owner { MANAGEMENT } else { account };
    let row = Row {
        principal: match principal {
            profile::Principal::User(upn) => Who::AlreadyThere(upn.clone()),
            profile::Principal::Group(name) => Who::Group(name.clone()),
        },
        account: account.to_owned(),
        set: set.to_owned(),
    };
    row.key()
}

/// Whether a permission set is assigned to anybody before provisioning, or only after. None when to nobody.
pub(super) fn is_early(world: &World, target: Option<&str>, set: &str) -> Option<bool> {
    let rows = rows(world, target);
    let mut of_set = rows.iter().filter(|row| row.set == set).peekable();
    of_set.peek()?;
    Some(of_set.any(|row| matches!(row.principal, Who::ByHand(_) | Who::AlreadyThere(_))))
}

/// Whom an assignment is for, and how they come to Identity Center.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Who {
    ByHand(String),
    AlreadyThere(String),
    Provisioned(String),
    Group(String),
}

/// One assignment of the profile, for one account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    principal: Who,
    account: String,
    set: String,
}

impl Row {
    fn key(&self) -> String {
        let (prefix, name) = match &self.principal {
            Who::ByHand(name) | Who::AlreadyThere(name) | Who::Provisioned(name) => ("", name),
            Who::Group(name) => (GROUP, name),
        };
        [&format!("{prefix}{name}"), self.account.as_str(), &self.set].join(BETWEEN)
    }

    /// The parts of a key.
    fn read(profile: &profile::Profile, key: &str) -> Option<Self> {
        let Spot {
            row: account,
            column: set,
            entry: name,
        } = spot(key)?;
        let principal = match name.strip_prefix(GROUP) {
            Some(group) => Who::Group(group.to_owned()),
            None => who(profile, name),
        };
        Some(Self {
            principal,
            account: account.to_owned(),
            set: set.to_owned(),
        })
    }
}

/// The parts of a key: who, where, and what.
fn spot(key: &str) -> Option<Spot<'_>> {
    let mut parts = key.rsplitn(3, BETWEEN);
    let (column, row, entry) = (parts.next()?, parts.next()?, parts.next()?);
    Some(Spot { row, column, entry })
}

fn who(profile: &profile::Profile, upn: &str) -> Who {
    match profile.user(upn) {
        Some(user) if user.aws == Arrival::Manual => Who::ByHand(user.upn.clone()),
        Some(user) => Who::Provisioned(user.upn.clone()),
        None => Who::AlreadyThere(upn.to_owned()),
    }
}

/// The profile's assignments, one for each principal, account and set, each once, in the profile's order.
fn rows(world: &World, target: Option<&str>) -> Vec<Row> {
    let book = world
        .targets
        .iter()
        .find(|known| Some(known.name.as_str()) == target)
        .map(|target| &target.accounts);
    let mut seen = std::collections::BTreeSet::new();
    let mut rows = Vec::new();
    for assignment in &world.profile.assignment {
        let principal = match &assignment.principal {
            profile::Principal::User(upn) => who(&world.profile, upn),
            profile::Principal::Group(name) => Who::Group(name.clone()),
        };
        for account in accounts::chosen(book, &assignment.accounts) {
            for set in &assignment.permission_sets {
                let row = Row {
                    principal: principal.clone(),
                    account: account.clone(),
                    set: set.clone(),
                };
                if seen.insert(row.clone()) {
                    rows.push(row);
                }
            }
        }
    }
    rows
}

/// How to look whether an assignment stands. What this node has begun, and lost the answer to, is looked for alone: the whole list
/// of its account and permission set would be read for nobody else.
fn way(cx: &Cx, begun: bool) -> Result<(By, Look), Fault> {
    if begun {
        return Ok((By::Principal, Look::Fresh));
    }
    let target = cx.world().target(cx.target())?;
    let desired = || {
        let rows = rows(cx.world(), Some(cx.target()));
        rows.into_iter().map(|row| (row.principal, (row.account, row.set)))
    };
    Ok((target.read_back.by(desired), Look::Shared))
}

/// The assignment in AWS's ids. None when a group that the profile does not describe has not arrived yet.
async fn wanted(cx: &Cx, aws: &Aws, (instance, sets, users, arrived): &Ready) -> Result<Option<Assignment>, Fault> {
    let row = Row::read(&cx.world().profile, cx.item())
        .ok_or_else(|| Fault::internal(format!("an assignment is called `{}`", cx.item())))?;
    let set = match sets.first() {
        Some((_, set)) => set.set.arn.clone(),
        // Of what others assigned, and of what the profile names no more, the set may be no part of the walk.
        None => aws
            .find_permission_set(instance, &row.set, Look::Shared)
            .await?
            .ok_or_else(|| Fault::new(Kind::NotFound, format!("There is no permission set {}", row.set)))?,
    };
    let by_hand = users.first().map(|(_, user)| user.id.clone());
    let known = by_hand.or_else(|| arrived.first().map(|(_, seen)| seen.id.clone()));
    let principal = match (&row.principal, known) {
        (Who::Group(_), Some(id)) => Some(Principal::Group(id)),
        (Who::Group(name), None) => match aws.group_by_name(instance, name).await? {
            None if is_gone(cx, name) => Some(Principal::Group(name.clone())),
            found => found.map(Principal::Group),
        },
        (_, Some(id)) => Some(Principal::User(id)),
        (Who::AlreadyThere(name) | Who::ByHand(name) | Who::Provisioned(name), None) => {
            match aws.user_by_name(instance, name).await? {
                Some(user) => Some(Principal::User(user.id)),
                None if is_gone(cx, name) => Some(Principal::User(name.clone())),
                None => {
                    return Err(
                        Fault::new(Kind::NotFound, format!("Identity Center knows no user `{name}`"))
                            .why("an assignment names it, and the profile's people do not")
                            .hint("Add the user to the profile's people, or correct the assignment."),
                    );
                }
            }
        }
    };
    let account = if row.account == MANAGEMENT {
        instance.owner.clone()
    } else {
        row.account
    };
    Ok(principal.map(|principal| Assignment {
        account,
        permission_set: set,
        principal,
    }))
}

/// Whether a name that Identity Center does not know is an id: what others assigned to somebody who is gone since has no other
/// name. What the profile names is never meant so.
fn is_gone(cx: &Cx, name: &str) -> bool {
    let parts: Vec<usize> = name.split('-').map(str::len).collect();
    let is_id = name.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
        && matches!(parts.as_slice(), [8, 4, 4, 4, 12] | [10, 8, 4, 4, 4, 12]);
    let named = |assignment: &profile::Assignment| match &assignment.principal {
        profile::Principal::User(who) | profile::Principal::Group(who) => who == name,
    };
    is_id && !cx.world().profile.assignment.iter().any(named)
}

fn arriving() -> Wait {
    Wait {
        why: Text::Borrowed("the user or group to arrive in Identity Center"),
        ends_when: Text::Borrowed("identitystore:GetUserId or GetGroupId finds it"),
        every: Duration::from_secs(20),
        limit: Duration::from_secs(90 * 60),
    }
}

/// Where many are under way the next one waits for room, so it is looked often; all are looked up at once.
fn under_way(aws: &Aws) -> Wait {
    let full = aws.assignments_under_way() * 2 > limits::ASSIGNMENTS_IN_FLIGHT;
    Wait {
        why: Text::Borrowed("AWS to make the role in the account"),
        ends_when: Text::Borrowed("the status of the request is SUCCEEDED or FAILED"),
        every: Duration::from_millis(if full { 150 } else { 1000 }),
        limit: Duration::from_secs(10 * 60),
    }
}

fn failed(item: &str, reason: String) -> Fault {
    let hint = if reason.contains("managed policy") || reason.contains("Policy") {
        "A customer managed policy or boundary must exist under its name and path in that account."
    } else if reason.contains("quota") || reason.contains("LimitExceeded") || reason.contains("limit") {
        "Raise the quota of IAM roles or of policies per role in that account."
    } else {
        "Correct what the reason names, then continue the run."
    };
    Fault::new(Kind::Refused, format!("AWS cannot make the assignment {item}"))
        .why(reason)
        .hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_readable_and_reads_back() {
        for row in [
            Row {
                principal: Who::AlreadyThere("NikkiWolf@contoso.onmicrosoft.com".into()),
                account: MANAGEMENT.into(),
                set: "RegionalAdmin".into(),
            },
            Row {
                principal: Who::Group("Cloud · Admins".into()),
                account: "111122223333".into(),
                set: "Ops".into(),
            },
        ] {
            let mut parts = row.key();
            assert!(parts.contains(" · "));
            let group = parts.starts_with(GROUP);
            parts = parts.trim_start_matches(GROUP).to_owned();
            let mut read = parts.rsplitn(3, BETWEEN);
            assert_eq!(read.next(), Some(row.set.as_str()));
            assert_eq!(read.next(), Some(row.account.as_str()));
            assert_eq!(
                read.next(),
                Some(if group {
                    "Cloud · Admins"
                } else {
                    "NikkiWolf@contoso.onmicrosoft.com"
                })
            );
        }
    }
}
