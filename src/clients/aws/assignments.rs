//! Account assignments: who may use which permission set in which account. Made and taken away asynchronously; read back in
//! `assigned`.

use std::{
    collections::BTreeMap,
    sync::{Arc, MutexGuard, PoisonError},
};

use aws_sdk_ssoadmin::types::{
    AccountAssignmentOperationStatus, OperationStatusFilter, PrincipalType, StatusValues, TargetType,
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    Aws, Look,
    client::{IN_FLIGHT_FOR, absent_is_none},
    error::{Op, Service},
    instance::Instance,
};
use crate::{
    clients::limits,
    fault::{Fault, Kind},
};

/// One assignment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Assignment {
    /// The account.
    pub account: String,
    /// The ARN of the permission set.
    pub permission_set: String,
    /// Who gets it.
    pub principal: Principal,
}

/// A user or group of the identity store, by id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Principal {
    /// A user.
    User(String),
    /// A group.
    Group(String),
}

impl Principal {
    /// The id.
    pub fn id(&self) -> &str {
        match self {
            Self::User(id) | Self::Group(id) => id,
        }
    }

    pub(super) fn kind(&self) -> PrincipalType {
        match self {
            Self::User(_) => PrincipalType::User,
            Self::Group(_) => PrincipalType::Group,
        }
    }

    pub(super) fn read(kind: Option<&PrincipalType>, id: Option<String>) -> Option<Self> {
        match kind? {
            PrincipalType::User => id.map(Self::User),
            PrincipalType::Group => id.map(Self::Group),
            _ => None,
        }
    }
}

/// How far an asynchronous change has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Progress {
    /// AWS is at work.
    Running,
    /// It is done.
    Done,
    /// It failed, and why.
    Failed(String),
}

impl Progress {
    pub(super) fn read(status: Option<&StatusValues>, reason: Option<&str>) -> Self {
        match status {
            Some(StatusValues::Succeeded) => Self::Done,
            Some(StatusValues::Failed) => Self::Failed(reason.unwrap_or("AWS gives no reason").to_owned()),
            _ => Self::Running,
        }
    }
}

/// Whether an assignment is made or taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// It is made.
    Creation,
    /// It is taken away.
    Deletion,
}

/// One asynchronous change of an assignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The id to ask about.
    pub request_id: String,
    /// How far it has come.
    pub progress: Progress,
    /// What is changed, where AWS says it.
    pub assignment: Option<Assignment>,
}

impl Aws {
    /// Begins to make an assignment. Answers before it is made: ask [`Aws::assignment_change`].
    pub async fn create_assignment(&self, instance: &Instance, assignment: &Assignment) -> Result<Change, Fault> {
        let sso = &self.services(&instance.region).await?.sso_once;
        let request = sso
            .create_account_assignment()
            .instance_arn(&instance.arn)
            .target_type(TargetType::AwsAccount)
            .target_id(&assignment.account)
            .permission_set_arn(&assignment.permission_set)
            .principal_type(assignment.principal.kind())
            .principal_id(assignment.principal.id());
        let op = Op::creates(Service::SsoAdmin, "CreateAccountAssignment");
        self.leaving().remove(assignment);
        self.touch(assignment);
        let answer = self.call(op, &instance.region, || request.clone().send()).await?;
        let change = Change::read(answer.account_assignment_creation_status)?;
        self.begins(&change);
        Ok(change)
    }

    /// Begins to take an assignment away. None when it is not there.
    pub async fn delete_assignment(
        &self,
        instance: &Instance,
        assignment: &Assignment,
    ) -> Result<Option<Change>, Fault> {
        let sso = &self.services(&instance.region).await?.sso_once;
        let request = sso
            .delete_account_assignment()
            .instance_arn(&instance.arn)
            .target_type(TargetType::AwsAccount)
            .target_id(&assignment.account)
            .permission_set_arn(&assignment.permission_set)
            .principal_type(assignment.principal.kind())
            .principal_id(assignment.principal.id());
        let op = Op::creates(Service::SsoAdmin, "DeleteAccountAssignment");
        self.touch(assignment);
        match absent_is_none(self.call(op, &instance.region, || request.clone().send()).await)? {
            Some(answer) => {
                let change = Change::read(answer.account_assignment_deletion_status)?;
                self.begins(&change);
                self.leaving().insert(assignment.clone(), change.request_id.clone());
                Ok(Some(change))
            }
            None => Ok(None),
        }
    }

    /// The request by which this process began to take an assignment away, if it did.
    pub fn deletion_under_way(&self, assignment: &Assignment) -> Option<String> {
        self.leaving().get(assignment).cloned()
    }

    /// Remembers that this assignment has just been changed, or is about to be.
    fn touch(&self, assignment: &Assignment) {
        self.touched().insert(assignment.clone(), self.0.http.clock().now());
    }

    /// Remembers that AWS has just said that it is at work.
    fn begins(&self, change: &Change) {
        if change.progress == Progress::Running {
            self.begun()
                .insert(change.request_id.clone(), self.0.http.clock().now());
        }
    }

    /// Whether AWS said so only now, so that a list that was read before may still serve others.
    fn has_just_begun(&self, request_id: &str) -> bool {
        let now = self.0.http.clock().now();
        let since = self.begun().get(request_id).map(|at| now.duration_since(*at));
        since.is_some_and(|since| since <= SignedDuration::try_from(IN_FLIGHT_FOR).unwrap_or_default())
    }

    /// How many changes of assignments this process has begun of which it does not know the end.
    pub fn assignments_under_way(&self) -> usize {
        self.begun().len()
    }

    fn begun(&self) -> MutexGuard<'_, BTreeMap<String, Timestamp>> {
        self.0.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn touched(&self) -> MutexGuard<'_, BTreeMap<Assignment, Timestamp>> {
        self.0.touched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn subjects(&self) -> MutexGuard<'_, BTreeMap<String, Option<Assignment>>> {
        self.0.subjects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn leaving(&self) -> MutexGuard<'_, BTreeMap<Assignment, String>> {
        self.0.leaving.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The ids of the assignments that are being made, whoever makes them.
    pub async fn assignments_in_flight(&self, instance: &Instance) -> Result<Arc<Vec<String>>, Fault> {
        self.in_flight(instance, Direction::Creation, Look::Shared).await
    }

    async fn in_flight(
        &self,
        instance: &Instance,
        direction: Direction,
        look: Look,
    ) -> Result<Arc<Vec<String>>, Fault> {
        let list = || self.running(instance, direction);
        self.0
            .in_flight
            .get((instance.arn.clone(), direction), look, list)
            .await
    }

    /// How far a change has come. All changes in flight are asked about at once; only one that is not in that list is
    /// asked about alone.
    pub async fn assignment_change(
        &self,
        instance: &Instance,
        direction: Direction,
        request_id: &str,
    ) -> Result<Progress, Fault> {
        if self.has_just_begun(request_id) {
            return Ok(Progress::Running);
        }
        match self.in_flight(instance, direction, Look::Shared).await {
            Ok(running) if running.iter().any(|id| id == request_id) => return Ok(Progress::Running),
            // Without the right to list, each is asked about alone.
            Ok(_) => {}
            Err(fault) if fault.kind == Kind::Rights => {}
            Err(fault) => return Err(fault),
        }
        let change = self.change(instance, direction, request_id).await?;
        if change.progress != Progress::Running {
            self.begun().remove(request_id);
        }
        if let (Progress::Done, Some(assignment)) = (&change.progress, &change.assignment) {
            self.touch(assignment);
        }
        Ok(change.progress)
    }

    /// Whether a change of this assignment is under way, whoever began it: for whoever lost the answer that had its id.
    /// Only what is in flight is read, and what each request changes only once.
    pub async fn is_changing(
        &self,
        instance: &Instance,
        direction: Direction,
        assignment: &Assignment,
    ) -> Result<bool, Fault> {
        // A list that was read while the request was on its way may not hold it.
        let look = match self.touched().contains_key(assignment) {
            true => Look::Fresh,
            false => Look::Shared,
        };
        let running = self.in_flight(instance, direction, look).await?;
        for request in running.iter() {
            // The answer to this one is not lost.
            if self.begun().contains_key(request) {
                continue;
            }
            if self.subject(instance, direction, request).await?.as_ref() == Some(assignment) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What a request changes, which is always the same. None where AWS does not say it.
    async fn subject(
        &self,
        instance: &Instance,
        direction: Direction,
        request: &str,
    ) -> Result<Option<Assignment>, Fault> {
        if let Some(known) = self.subjects().get(request) {
            return Ok(known.clone());
        }
        let subject = self.change(instance, direction, request).await?.assignment;
        self.subjects().insert(request.to_owned(), subject.clone());
        Ok(subject)
    }

    /// The ids of the requests that AWS is at work on.
    async fn running(&self, instance: &Instance, direction: Direction) -> Result<Vec<String>, Fault> {
        let sso = &self.services(&instance.region).await?.sso;
        let region = &instance.region;
        let filter = OperationStatusFilter::builder()
            .status(StatusValues::InProgress)
            .build();
        let listed = match direction {
            Direction::Creation => {
                let request = sso
                    .list_account_assignment_creation_status()
                    .instance_arn(&instance.arn)
                    .filter(filter)
                    .max_results(i32::from(limits::SSO_ADMIN_PAGE));
                self.pages(
                    Op::reads(Service::SsoAdmin, "ListAccountAssignmentCreationStatus"),
                    region,
                    |token| request.clone().set_next_token(token).send(),
                    |answer| {
                        (
                            answer.account_assignments_creation_status.unwrap_or_default(),
                            answer.next_token,
                        )
                    },
                )
                .await
            }
            Direction::Deletion => {
                let request = sso
                    .list_account_assignment_deletion_status()
                    .instance_arn(&instance.arn)
                    .filter(filter)
                    .max_results(i32::from(limits::SSO_ADMIN_PAGE));
                self.pages(
                    Op::reads(Service::SsoAdmin, "ListAccountAssignmentDeletionStatus"),
                    region,
                    |token| request.clone().set_next_token(token).send(),
                    |answer| {
                        (
                            answer.account_assignments_deletion_status.unwrap_or_default(),
                            answer.next_token,
                        )
                    },
                )
                .await
            }
        };
        Ok(listed?.into_iter().filter_map(|change| change.request_id).collect())
    }

    async fn change(&self, instance: &Instance, direction: Direction, request_id: &str) -> Result<Change, Fault> {
        let sso = &self.services(&instance.region).await?.sso;
        let region = &instance.region;
        match direction {
            Direction::Creation => {
                let op = Op::reads(Service::SsoAdmin, "DescribeAccountAssignmentCreationStatus");
                let request = sso
                    .describe_account_assignment_creation_status()
                    .instance_arn(&instance.arn)
                    .account_assignment_creation_request_id(request_id);
                let answer = self.call(op, region, || request.clone().send()).await?;
                Change::read(answer.account_assignment_creation_status)
            }
            Direction::Deletion => {
                let op = Op::reads(Service::SsoAdmin, "DescribeAccountAssignmentDeletionStatus");
                let request = sso
                    .describe_account_assignment_deletion_status()
                    .instance_arn(&instance.arn)
                    .account_assignment_deletion_request_id(request_id);
                let answer = self.call(op, region, || request.clone().send()).await?;
                Change::read(answer.account_assignment_deletion_status)
            }
        }
    }
}

impl Change {
    fn read(status: Option<AccountAssignmentOperationStatus>) -> Result<Self, Fault> {
        let nothing = || Fault::new(Kind::Answer, "AWS changes an assignment and gives no request id");
        let status = status.ok_or_else(nothing)?;
        let progress = Progress::read(status.status(), status.failure_reason());
        let request_id = status.request_id.ok_or_else(nothing)?;
        let principal = Principal::read(status.principal_type.as_ref(), status.principal_id);
        let assignment = match (status.target_id, status.permission_set_arn, principal) {
            (Some(account), Some(permission_set), Some(principal)) => Some(Assignment {
                account,
                permission_set,
                principal,
            }),
            _ => None,
        };
        Ok(Self {
            request_id,
            progress,
            assignment,
        })
    }
}
