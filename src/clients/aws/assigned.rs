//! Whether assignments stand. AWS has two lists of them, by user or group and by account and permission set: each is read whole,
//! and shared among all who look for something in it.
//!
//! AWS documents the first list for the management account alone, and a caller may have the right to one of them only. Where one is
//! refused the other is read, and no more is asked for what was refused.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    Aws, Look,
    assignments::{Assignment, Principal},
    client::absent_is_none,
    error::{Op, Service, is_about_key},
    instance::Instance,
};
use crate::{
    clients::{gate::Gate, limits},
    clock::SharedClock,
    fault::{Fault, Kind},
};

/// Which list an assignment is looked for in. Both hold it; they differ in how many calls it takes to read all that is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// The list of its user or group: `ListAccountAssignmentsForPrincipal`.
    Principal,
    /// The list of its account and permission set: `ListAccountAssignments`.
    Pair,
}

impl By {
    fn other(self) -> Self {
        match self {
            Self::Principal => Self::Pair,
            Self::Pair => Self::Principal,
        }
    }
}

/// What is known of the ways to read, by instance.
pub(super) struct Ways {
    /// As long as nothing is known of a way, one tries it and the others wait to hear.
    first: Gate,
    /// The refusal, where there was one.
    heard: Mutex<BTreeMap<(String, By), Option<Fault>>>,
}

impl Ways {
    pub(super) fn new(clock: SharedClock) -> Self {
        Self {
            first: Gate::new(clock, 1),
            heard: Mutex::default(),
        }
    }

    /// In which ways to ask, one after the other, if this one is wished for: not in one that was refused. Where both were, both are
    /// asked anew: somebody may have given the right meanwhile.
    fn from(&self, instance: &Instance, by: By) -> Vec<By> {
        let mut heard = self.heard();
        let refused = |by: By| matches!(heard.get(&(instance.arn.clone(), by)), Some(Some(_)));
        match (refused(by), refused(by.other())) {
            (true, false) => return vec![by.other()],
            (false, true) => return vec![by],
            (false, false) => {}
            (true, true) => heard.retain(|(arn, _), _| *arn != instance.arn),
        }
        vec![by, by.other()]
    }

    /// Reads in one way, unless it was refused before, and remembers whether it is.
    async fn read<T>(
        &self,
        instance: &Instance,
        by: By,
        read: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, Fault> {
        let key = (instance.arn.clone(), by);
        let unheard = !self.heard().contains_key(&key);
        let _first = match unheard {
            true => Some(self.first.enter().await),
            false => None,
        };
        if let Some(Some(refusal)) = self.heard().get(&key) {
            return Err(refusal.clone());
        }
        let answer = read.await;
        // Whatever else went wrong holds nobody up.
        let refusal = answer.as_ref().err().filter(|fault| is_refusal(fault)).cloned();
        self.heard().insert(key, refusal);
        answer
    }

    fn heard(&self) -> MutexGuard<'_, BTreeMap<(String, By), Option<Fault>>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the other way may be open. Without the instance's key, none is.
fn is_refusal(fault: &Fault) -> bool {
    matches!(fault.kind, Kind::Rights | Kind::Refused) && !is_about_key(fault)
}

impl Aws {
    /// Whether the assignment stands: looked for in this list, or in the other one where AWS refuses this one. The list is read
    /// whole, and shared.
    pub async fn is_assigned(
        &self,
        instance: &Instance,
        assignment: &Assignment,
        by: By,
        look: Look,
    ) -> Result<bool, Fault> {
        // What was read before this process changed the assignment says nothing about it.
        let look = match self.touched().get(assignment) {
            Some(at) if look == Look::Shared => Look::After(*at),
            _ => look,
        };
        let mut refusal = None;
        for by in self.0.ways.from(instance, by) {
            let found = match by {
                By::Principal => self.is_in_list_of(instance, assignment, look).await,
                By::Pair => self
                    .assigned_in(instance, &assignment.account, &assignment.permission_set, look)
                    .await
                    .map(|all| all.contains(&assignment.principal)),
            };
            match found {
                Err(fault) if is_refusal(&fault) => refusal = Some(fault),
                found => return found,
            }
        }
        Err(refusal.expect("there is always a way to ask in"))
    }

    async fn is_in_list_of(&self, instance: &Instance, assignment: &Assignment, look: Look) -> Result<bool, Fault> {
        let all = self.assigned_to(instance, &assignment.principal, look).await;
        // Of a user or group that it does not know, or no longer, AWS says "not found".
        Ok(absent_is_none(all)?.is_some_and(|all| all.contains(assignment)))
    }

    /// What was read after this process last changed an assignment will do.
    pub fn after_own_changes(&self) -> Look {
        self.touched()
            .values()
            .max()
            .map_or(Look::Shared, |at| Look::After(*at))
    }

    /// All assignments of a user or group itself, read once for all who ask within a minute.
    pub async fn assigned_to(
        &self,
        instance: &Instance,
        principal: &Principal,
        look: Look,
    ) -> Result<Arc<BTreeSet<Assignment>>, Fault> {
        let key = (instance.arn.clone(), principal.clone());
        let read = || async {
            let list = self.assignments_of(instance, principal);
            let all = self.0.ways.read(instance, By::Principal, list).await?;
            Ok(all.into_iter().collect())
        };
        self.0.assigned_to.get(key, look, read).await
    }

    /// Who has a permission set in an account, read once for all who ask within a minute. Nobody, where the set is not in the
    /// account.
    pub async fn assigned_in(
        &self,
        instance: &Instance,
        account: &str,
        permission_set: &str,
        look: Look,
    ) -> Result<Arc<BTreeSet<Principal>>, Fault> {
        let key = (instance.arn.clone(), account.to_owned(), permission_set.to_owned());
        let read = || async {
            let list = self.assignments_in(instance, account, permission_set);
            let all = self.0.ways.read(instance, By::Pair, list).await?;
            Ok(all.into_iter().map(|one| one.principal).collect())
        };
        self.0.assigned_in.get(key, look, read).await
    }

    /// All assignments of a user or group itself, without those of the groups it belongs to.
    pub async fn assignments_of(&self, instance: &Instance, principal: &Principal) -> Result<Vec<Assignment>, Fault> {
        let sso = &self.services(&instance.region).await?.sso;
        let request = sso
            .list_account_assignments_for_principal()
            .instance_arn(&instance.arn)
            .principal_type(principal.kind())
            .principal_id(principal.id())
            .max_results(i32::from(limits::SSO_ADMIN_PAGE));
        let listed = self
            .pages(
                Op::reads(Service::SsoAdmin, "ListAccountAssignmentsForPrincipal"),
                &instance.region,
                |token| request.clone().set_next_token(token).send(),
                |answer| (answer.account_assignments.unwrap_or_default(), answer.next_token),
            )
            .await?;
        let read = |row: aws_sdk_ssoadmin::types::AccountAssignmentForPrincipal| {
            Some(Assignment {
                account: row.account_id?,
                permission_set: row.permission_set_arn?,
                principal: Principal::read(row.principal_type.as_ref(), row.principal_id)?,
            })
        };
        Ok(listed
            .into_iter()
            .filter_map(read)
            .filter(|row| row.principal == *principal)
            .collect())
    }

    /// All assignments of a permission set in an account.
    pub async fn assignments_in(
        &self,
        instance: &Instance,
        account: &str,
        permission_set: &str,
    ) -> Result<Vec<Assignment>, Fault> {
        let sso = &self.services(&instance.region).await?.sso;
        let request = sso
            .list_account_assignments()
            .instance_arn(&instance.arn)
            .account_id(account)
            .permission_set_arn(permission_set)
            .max_results(i32::from(limits::SSO_ADMIN_PAGE));
        let listed = self
            .pages(
                Op::reads(Service::SsoAdmin, "ListAccountAssignments"),
                &instance.region,
                |token| request.clone().set_next_token(token).send(),
                |answer| (answer.account_assignments.unwrap_or_default(), answer.next_token),
            )
            .await;
        let read = |row: aws_sdk_ssoadmin::types::AccountAssignment| {
            Some(Assignment {
                account: row.account_id?,
                permission_set: row.permission_set_arn?,
                principal: Principal::read(row.principal_type.as_ref(), row.principal_id)?,
            })
        };
        // A set that is not in the account is answered with "not found".
        Ok(absent_is_none(listed)?
            .unwrap_or_default()
            .into_iter()
            .filter_map(read)
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_gone_is_neither_an_empty_list_nor_a_reason_to_read_the_other_one() {
        let fault = |kind, code: &str| Fault::new(kind, "it goes wrong").code(code.to_owned());
        let not_found = fault(Kind::NotFound, "ResourceNotFoundException");
        assert!(absent_is_none::<()>(Err(not_found)).unwrap().is_none());
        let no_key = fault(Kind::NotFound, "KMS_NotFoundException");
        assert!(absent_is_none::<()>(Err(no_key)).is_err());
        assert!(is_refusal(&fault(Kind::Rights, "AccessDeniedException")));
        assert!(!is_refusal(&fault(Kind::Rights, "KMS_AccessDeniedException")));
    }
}
