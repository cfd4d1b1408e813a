//! Permission sets: what somebody may do in an account, and the four kinds of policy that say it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, MutexGuard, PoisonError},
};

use aws_sdk_ssoadmin::types::{ProvisionTargetType, ProvisioningStatus, Tag};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Aws, Look, Progress,
    client::absent_is_none,
    error::{Op, Service},
    instance::Instance,
};
use crate::{
    clients::{Existed, limits},
    fault::{Fault, Kind},
};

/// A permission set with all that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermissionSet {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// Its description; empty when it has none.
    #[serde(default)]
    pub description: String,
    /// How long a session lasts: `PT1H`.
    pub session: String,
    /// The page a session starts on; empty when it is the console's first.
    #[serde(default)]
    pub relay_state: String,
    /// The inline policy, if there is one.
    #[serde(default)]
    pub inline: Option<String>,
    /// The ARNs of the AWS managed policies.
    #[serde(default)]
    pub managed: BTreeSet<String>,
    /// The customer managed policies.
    #[serde(default)]
    pub customer: BTreeSet<CustomerPolicy>,
    /// The permissions boundary.
    #[serde(default)]
    pub boundary: Option<Boundary>,
    /// Its tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

/// A customer managed policy: it must exist under this name and path in each account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CustomerPolicy {
    /// Its name.
    pub name: String,
    /// Its path.
    pub path: String,
}

/// A permissions boundary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Boundary {
    /// An AWS managed policy by its ARN.
    Managed(String),
    /// A customer managed policy.
    Customer(CustomerPolicy),
}

impl Aws {
    /// The ARN of the permission set of this name. AWS lists ARNs only, so names are asked for one by one, and
    /// remembered: a set is never renamed.
    pub async fn find_permission_set(
        &self,
        instance: &Instance,
        name: &str,
        look: Look,
    ) -> Result<Option<String>, Fault> {
        let arns = self.permission_set_arns(instance, look).await?;
        // One asks for the names, the others wait for them.
        let _pass = self.0.naming.enter().await;
        let known = |arn: &String| self.set_names().get(arn).cloned();
        if let Some(arn) = arns.iter().find(|arn| known(arn).as_deref() == Some(name)) {
            return Ok(Some(arn.clone()));
        }
        for arn in arns.iter().filter(|arn| known(arn).is_none()) {
            let Some(set) = self.describe_permission_set(instance, arn).await? else {
                continue;
            };
            if set.name == name {
                return Ok(Some(arn.clone()));
            }
        }
        Ok(None)
    }

    /// The ARNs of all permission sets.
    pub async fn permission_set_arns(&self, instance: &Instance, look: Look) -> Result<Arc<Vec<String>>, Fault> {
        let look = match *self.sets_touched() {
            Some(at) if look == Look::Shared => Look::After(at),
            _ => look,
        };
        self.0
            .sets
            .get(instance.arn.clone(), look, || self.list_permission_sets(instance))
            .await
    }

    fn sets_touched(&self) -> MutexGuard<'_, Option<Timestamp>> {
        self.0.sets_touched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers that a permission set was just made or deleted, or is about to be.
    fn touch_sets(&self) {
        *self.sets_touched() = Some(self.0.http.clock().now());
    }

    async fn list_permission_sets(&self, instance: &Instance) -> Result<Vec<String>, Fault> {
        let sso = &self.services(&instance.region).await?.sso;
        let request = sso
            .list_permission_sets()
            .instance_arn(&instance.arn)
            .max_results(i32::from(limits::SSO_ADMIN_PAGE));
        self.pages(
            Op::reads(Service::SsoAdmin, "ListPermissionSets"),
            &instance.region,
            |token| request.clone().set_next_token(token).send(),
            |answer| (answer.permission_sets.unwrap_or_default(), answer.next_token),
        )
        .await
    }

    /// The set itself, without policies and tags.
    async fn describe_permission_set(&self, instance: &Instance, arn: &str) -> Result<Option<PermissionSet>, Fault> {
        let sso = &self.services(&instance.region).await?.sso;
        let op = Op::reads(Service::SsoAdmin, "DescribePermissionSet");
        let request = sso
            .describe_permission_set()
            .instance_arn(&instance.arn)
            .permission_set_arn(arn);
        let answer = match self.call(op, &instance.region, || request.clone().send()).await {
            Err(fault) if fault.kind == Kind::NotFound => return Ok(None),
            answer => answer?,
        };
        let Some(set) = answer.permission_set else {
            return Ok(None);
        };
        let name = set.name.unwrap_or_default();
        self.set_names().insert(arn.to_owned(), name.clone());
        Ok(Some(PermissionSet {
            arn: arn.to_owned(),
            name,
            description: set.description.unwrap_or_default(),
            session: set.session_duration.unwrap_or_default(),
            relay_state: set.relay_state.unwrap_or_default(),
            inline: None,
            managed: BTreeSet::new(),
            customer: BTreeSet::new(),
            boundary: None,
            tags: BTreeMap::new(),
        }))
    }

    /// The permission set with all that belongs to it. None when it does not exist.
    pub async fn permission_set(&self, instance: &Instance, arn: &str) -> Result<Option<PermissionSet>, Fault> {
        let Some(mut set) = self.describe_permission_set(instance, arn).await? else {
            return Ok(None);
        };
        let region = &instance.region;
        let sso = &self.services(region).await?.sso;

        let op = Op::reads(Service::SsoAdmin, "GetInlinePolicyForPermissionSet");
        let request = sso
            .get_inline_policy_for_permission_set()
            .instance_arn(&instance.arn)
            .permission_set_arn(arn);
        let answer = absent_is_none(self.call(op, region, || request.clone().send()).await)?;
        set.inline = answer
            .and_then(|answer| answer.inline_policy)
            .filter(|policy| !policy.is_empty());

        let op = Op::reads(Service::SsoAdmin, "ListManagedPoliciesInPermissionSet");
        let request = sso
            .list_managed_policies_in_permission_set()
            .instance_arn(&instance.arn)
            .permission_set_arn(arn);
        let policies = self
            .pages(
                op,
                region,
                |token| request.clone().set_next_token(token).send(),
                |answer| (answer.attached_managed_policies.unwrap_or_default(), answer.next_token),
            )
            .await?;
        set.managed = policies.into_iter().filter_map(|policy| policy.arn).collect();

        let op = Op::reads(Service::SsoAdmin, "ListCustomerManagedPolicyReferencesInPermissionSet");
        let request = sso
            .list_customer_managed_policy_references_in_permission_set()
            .instance_arn(&instance.arn)
            .permission_set_arn(arn);
        let policies = self
            .pages(
                op,
                region,
                |token| request.clone().set_next_token(token).send(),
                |answer| {
                    (
                        answer.customer_managed_policy_references.unwrap_or_default(),
                        answer.next_token,
                    )
                },
            )
            .await?;
        set.customer = policies.into_iter().map(CustomerPolicy::from).collect();

        let op = Op::reads(Service::SsoAdmin, "GetPermissionsBoundaryForPermissionSet");
        let request = sso
            .get_permissions_boundary_for_permission_set()
            .instance_arn(&instance.arn)
            .permission_set_arn(arn);
        let answer = absent_is_none(self.call(op, region, || request.clone().send()).await)?;
        set.boundary = answer
            .and_then(|answer| answer.permissions_boundary)
            .and_then(Boundary::read);

        let op = Op::reads(Service::SsoAdmin, "ListTagsForResource");
        let request = sso
            .list_tags_for_resource()
            .instance_arn(&instance.arn)
            .resource_arn(arn);
        let tags = self
            .pages(
                op,
                region,
                |token| request.clone().set_next_token(token).send(),
                |answer| (answer.tags.unwrap_or_default(), answer.next_token),
            )
            .await?;
        set.tags = tags.into_iter().map(|tag| (tag.key, tag.value)).collect();
        Ok(Some(set))
    }

    /// Makes a permission set with these fields and tags, and no policy yet. Gives its ARN.
    pub async fn create_permission_set(
        &self,
        instance: &Instance,
        name: &str,
        fields: &Fields,
        tags: &BTreeMap<String, String>,
    ) -> Result<String, Fault> {
        let sso = &self.services(&instance.region).await?.sso_once;
        let request = sso
            .create_permission_set()
            .instance_arn(&instance.arn)
            .name(name)
            .set_description(given(&fields.description))
            .session_duration(&fields.session)
            .set_relay_state(given(&fields.relay_state))
            .set_tags((!tags.is_empty()).then(|| sdk_tags(tags)).transpose()?);
        let op = Op::creates(Service::SsoAdmin, "CreatePermissionSet");
        self.touch_sets();
        let answer = self.call(op, &instance.region, || request.clone().send()).await?;
        self.touch_sets();
        let arn = answer
            .permission_set
            .and_then(|set| set.permission_set_arn)
            .ok_or_else(|| Fault::new(Kind::Answer, "AWS made a permission set and does not say which"))?;
        self.set_names().insert(arn.clone(), name.to_owned());
        Ok(arn)
    }

    /// Sets the fields of a permission set: all of them, for AWS forgets those that are not sent.
    pub async fn update_permission_set(&self, instance: &Instance, arn: &str, fields: &Fields) -> Result<(), Fault> {
        let sso = &self.services(&instance.region).await?.sso;
        let request = sso
            .update_permission_set()
            .instance_arn(&instance.arn)
            .permission_set_arn(arn)
            .set_description(given(&fields.description))
            .session_duration(&fields.session)
            .set_relay_state(given(&fields.relay_state));
        let op = Op::settles(Service::SsoAdmin, "UpdatePermissionSet");
        self.call(op, &instance.region, || request.clone().send())
            .await
            .map(drop)
    }

    /// The accounts a permission set stands in; with `stale`, only those where an older version stands.
    pub async fn accounts_with(&self, instance: &Instance, arn: &str, stale: bool) -> Result<Vec<String>, Fault> {
        let sso = &self.services(&instance.region).await?.sso;
        let status = stale.then_some(ProvisioningStatus::LatestPermissionSetNotProvisioned);
        let request = sso
            .list_accounts_for_provisioned_permission_set()
            .instance_arn(&instance.arn)
            .permission_set_arn(arn)
            .set_provisioning_status(status);
        let listed = self
            .pages(
                Op::reads(Service::SsoAdmin, "ListAccountsForProvisionedPermissionSet"),
                &instance.region,
                |token| request.clone().set_next_token(token).send(),
                |answer| (answer.account_ids.unwrap_or_default(), answer.next_token),
            )
            .await;
        Ok(absent_is_none(listed)?.unwrap_or_default())
    }

    /// Brings a changed permission set to all accounts it stands in. Gives the id to ask about.
    pub async fn provision(&self, instance: &Instance, arn: &str) -> Result<String, Fault> {
        let sso = &self.services(&instance.region).await?.sso_once;
        let request = sso
            .provision_permission_set()
            .instance_arn(&instance.arn)
            .permission_set_arn(arn)
            .target_type(ProvisionTargetType::AllProvisionedAccounts);
        let op = Op::creates(Service::SsoAdmin, "ProvisionPermissionSet");
        let answer = self.call(op, &instance.region, || request.clone().send()).await?;
        answer
            .permission_set_provisioning_status
            .and_then(|status| status.request_id)
            .ok_or_else(|| Fault::new(Kind::Answer, "AWS provisions a permission set and gives no request id"))
    }

    /// How far a provisioning has come.
    pub async fn provisioning(&self, instance: &Instance, request_id: &str) -> Result<Progress, Fault> {
        let sso = &self.services(&instance.region).await?.sso;
        let request = sso
            .describe_permission_set_provisioning_status()
            .instance_arn(&instance.arn)
            .provision_permission_set_request_id(request_id);
        let op = Op::reads(Service::SsoAdmin, "DescribePermissionSetProvisioningStatus");
        let answer = self.call(op, &instance.region, || request.clone().send()).await?;
        let status = answer.permission_set_provisioning_status;
        Ok(Progress::read(
            status.as_ref().and_then(|status| status.status()),
            status.as_ref().and_then(|status| status.failure_reason()),
        ))
    }

    /// Deletes a permission set, with its policies. Refused while it stands in an account.
    pub async fn delete_permission_set(&self, instance: &Instance, arn: &str) -> Result<Existed, Fault> {
        let sso = &self.services(&instance.region).await?.sso;
        let request = sso
            .delete_permission_set()
            .instance_arn(&instance.arn)
            .permission_set_arn(arn);
        let op = Op::settles(Service::SsoAdmin, "DeletePermissionSet");
        self.touch_sets();
        let answer = absent_is_none(self.call(op, &instance.region, || request.clone().send()).await)?;
        Ok(if answer.is_some() { Existed::Yes } else { Existed::No })
    }
}

/// The fields of a permission set that are sent together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields {
    /// The description; empty for none.
    pub description: String,
    /// How long a session lasts.
    pub session: String,
    /// The page a session starts on; empty for the console's first.
    pub relay_state: String,
}

fn given(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

pub(super) fn sdk_tags(tags: &BTreeMap<String, String>) -> Result<Vec<Tag>, Fault> {
    tags.iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect::<Result<_, _>>()
        .map_err(|error| Fault::internal("A tag is incomplete").why(error.to_string()))
}
