//! The organization: its accounts, and what a profile may call them.

use std::collections::BTreeMap;

use aws_sdk_organizations::{
    operation::list_accounts_for_parent::ListAccountsForParentOutput,
    types::{Account as RawAccount, AccountState, AccountStatus},
};
use serde::{Deserialize, Serialize};

use super::{
    Aws,
    error::{Op, Service},
};
use crate::fault::{Fault, Kind};

/// The service principal Identity Center is registered under.
const SSO: &str = "sso.amazonaws.com";
/// Organizations gives at most so many accounts a page.
const PAGE: i32 = 20;

/// The organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    /// Its id.
    pub id: String,
    /// Its management account.
    pub management: String,
}

/// One account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its id, twelve digits.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether it can be worked in.
    pub active: bool,
}

impl Aws {
    /// The organization the caller's account belongs to. None when it belongs to none.
    pub async fn organization(&self) -> Result<Option<Organization>, Fault> {
        let region = self.region().await?;
        let organizations = &self.services(&region).await?.organizations;
        let op = Op::reads(Service::Organizations, "DescribeOrganization");
        let answer = match self
            .call(op, &region, || organizations.describe_organization().send())
            .await
        {
            Err(fault) if fault.kind == Kind::NotFound => return Ok(None),
            answer => answer?,
        };
        let Some(organization) = answer.organization else {
            return Ok(None);
        };
        let management = organization
            .master_account_id
            .ok_or_else(|| Fault::new(Kind::Answer, "AWS does not name the organization's management account"))?;
        Ok(Some(Organization {
            id: organization.id.unwrap_or_default(),
            management,
        }))
    }

    /// All accounts of the organization. A page may be empty and not be the last.
    pub async fn accounts(&self) -> Result<Vec<Account>, Fault> {
        let region = self.region().await?;
        let request = self
            .services(&region)
            .await?
            .organizations
            .list_accounts()
            .max_results(PAGE);
        let op = Op::reads(Service::Organizations, "ListAccounts");
        let accounts = self
            .pages(
                op,
                &region,
                |token| request.clone().set_next_token(token).send(),
                |answer| (answer.accounts.unwrap_or_default(), answer.next_token),
            )
            .await?;
        Ok(accounts.into_iter().filter_map(Account::read).collect())
    }

    /// The tags of an account.
    pub async fn account_tags(&self, id: &str) -> Result<BTreeMap<String, String>, Fault> {
        let region = self.region().await?;
        let request = self
            .services(&region)
            .await?
            .organizations
            .list_tags_for_resource()
            .resource_id(id);
        let tags = self
            .pages(
                Op::reads(Service::Organizations, "ListTagsForResource"),
                &region,
                |token| request.clone().set_next_token(token).send(),
                |answer| (answer.tags.unwrap_or_default(), answer.next_token),
            )
            .await?;
        Ok(tags.into_iter().map(|tag| (tag.key, tag.value)).collect())
    }

    /// The accounts in an organizational unit and the units below it. The path is read from the root:
    /// `/Workloads/Production`.
    pub async fn accounts_below(&self, path: &str) -> Result<Vec<Account>, Fault> {
        let mut unit = self.root().await?;
        for name in path.split('/').filter(|part| !part.is_empty()) {
            let units = self.units(&unit).await?;
            let found = units.into_iter().find(|(_, found)| found == name);
            (unit, _) = found.ok_or_else(|| {
                Fault::new(Kind::Usage, format!("There is no organizational unit {path}"))
                    .why(format!("`{name}` is not found in it"))
                    .hint("Write the path from the root as AWS Organizations shows it, with `/` between the names.")
            })?;
        }
        let mut accounts = Vec::new();
        let mut left = vec![unit];
        while let Some(unit) = left.pop() {
            accounts.extend(self.accounts_in(&unit).await?);
            left.extend(self.units(&unit).await?.into_iter().map(|(id, _)| id));
        }
        accounts.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(accounts)
    }

    async fn root(&self) -> Result<String, Fault> {
        let region = self.region().await?;
        let request = self.services(&region).await?.organizations.list_roots();
        let op = Op::reads(Service::Organizations, "ListRoots");
        let roots = self
            .pages(
                op,
                &region,
                |token| request.clone().set_next_token(token).send(),
                |answer| (answer.roots.unwrap_or_default(), answer.next_token),
            )
            .await?;
        roots
            .into_iter()
            .find_map(|root| root.id)
            .ok_or_else(|| Fault::new(Kind::Answer, "AWS names no root of the organization"))
    }

    /// The organizational units in a root or unit: id and name.
    async fn units(&self, parent: &str) -> Result<Vec<(String, String)>, Fault> {
        let region = self.region().await?;
        let organizations = &self.services(&region).await?.organizations;
        let request = organizations.list_organizational_units_for_parent().parent_id(parent);
        let op = Op::reads(Service::Organizations, "ListOrganizationalUnitsForParent");
        let units = self
            .pages(
                op,
                &region,
                |token| request.clone().set_next_token(token).send(),
                |answer| (answer.organizational_units.unwrap_or_default(), answer.next_token),
            )
            .await?;
        Ok(units
            .into_iter()
            .filter_map(|unit| Some((unit.id?, unit.name?)))
            .collect())
    }

    async fn accounts_in(&self, parent: &str) -> Result<Vec<Account>, Fault> {
        let region = self.region().await?;
        let organizations = &self.services(&region).await?.organizations;
        let request = organizations
            .list_accounts_for_parent()
            .parent_id(parent)
            .max_results(PAGE);
        let op = Op::reads(Service::Organizations, "ListAccountsForParent");
        let split = |answer: ListAccountsForParentOutput| (answer.accounts.unwrap_or_default(), answer.next_token);
        let accounts = self
            .pages(op, &region, |token| request.clone().set_next_token(token).send(), split)
            .await?;
        Ok(accounts.into_iter().filter_map(Account::read).collect())
    }

    /// The accounts to which Identity Center is delegated. None when the caller may not ask, as in a member account.
    pub async fn delegated_administrators(&self) -> Result<Option<Vec<String>>, Fault> {
        let region = self.region().await?;
        let organizations = &self.services(&region).await?.organizations;
        let request = organizations.list_delegated_administrators().service_principal(SSO);
        let op = Op::reads(Service::Organizations, "ListDelegatedAdministrators");
        let listed = self
            .pages(
                op,
                &region,
                |token| request.clone().set_next_token(token).send(),
                |answer| (answer.delegated_administrators.unwrap_or_default(), answer.next_token),
            )
            .await;
        match listed {
            Ok(listed) => Ok(Some(listed.into_iter().filter_map(|account| account.id).collect())),
            Err(fault) if matches!(fault.kind, Kind::Rights | Kind::Refused) => Ok(None),
            Err(fault) => Err(fault),
        }
    }
}

impl Account {
    fn read(account: RawAccount) -> Option<Self> {
        // `Status` is on its way out, `State` takes its place; a missing one is normal.
        let active = match (&account.state, &account.status) {
            (Some(state), _) => *state == AccountState::Active,
            (None, Some(status)) => *status == AccountStatus::Active,
            (None, None) => true,
        };
        Some(Self {
            id: account.id?,
            name: account.name.unwrap_or_default(),
            active,
        })
    }
}
