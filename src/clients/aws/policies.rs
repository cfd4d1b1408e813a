//! What belongs to a permission set: its four kinds of policy, and its tags.

use std::collections::BTreeMap;

use aws_sdk_ssoadmin::types::{CustomerManagedPolicyReference, PermissionsBoundary};

use super::{
    Aws,
    client::absent_is_none,
    error::{Op, Service},
    instance::Instance,
    permission_sets::{Boundary, CustomerPolicy, sdk_tags},
};
use crate::fault::Fault;

impl Aws {
    /// Sets the inline policy, or takes it away.
    pub async fn set_inline_policy(&self, instance: &Instance, arn: &str, policy: Option<&str>) -> Result<(), Fault> {
        let sso = &self.services(&instance.region).await?.sso;
        if let Some(policy) = policy {
            let request = sso
                .put_inline_policy_to_permission_set()
                .instance_arn(&instance.arn)
                .permission_set_arn(arn)
                .inline_policy(policy);
            let op = Op::settles(Service::SsoAdmin, "PutInlinePolicyToPermissionSet");
            return self
                .call(op, &instance.region, || request.clone().send())
                .await
                .map(drop);
        }
        let request = sso
            .delete_inline_policy_from_permission_set()
            .instance_arn(&instance.arn)
            .permission_set_arn(arn);
        let op = Op::settles(Service::SsoAdmin, "DeleteInlinePolicyFromPermissionSet");
        absent_is_none(self.call(op, &instance.region, || request.clone().send()).await).map(drop)
    }

    /// Attaches an AWS managed policy.
    pub async fn attach_managed_policy(&self, instance: &Instance, arn: &str, policy: &str) -> Result<(), Fault> {
        let sso = &self.services(&instance.region).await?.sso;
        let request = sso
            .attach_managed_policy_to_permission_set()
            .instance_arn(&instance.arn)
            .permission_set_arn(arn)
            .managed_policy_arn(policy);
        let op = Op::settles(Service::SsoAdmin, "AttachManagedPolicyToPermissionSet");
        self.call(op, &instance.region, || request.clone().send())
            .await
            .map(drop)
    }

    /// Detaches an AWS managed policy.
    pub async fn detach_managed_policy(&self, instance: &Instance, arn: &str, policy: &str) -> Result<(), Fault> {
        let sso = &self.services(&instance.region).await?.sso;
        let request = sso
            .detach_managed_policy_from_permission_set()
            .instance_arn(&instance.arn)
            .permission_set_arn(arn)
            .managed_policy_arn(policy);
        let op = Op::settles(Service::SsoAdmin, "DetachManagedPolicyFromPermissionSet");
        absent_is_none(self.call(op, &instance.region, || request.clone().send()).await).map(drop)
    }

    /// Attaches a customer managed policy.
    pub async fn attach_customer_policy(
        &self,
        instance: &Instance,
        arn: &str,
        policy: &CustomerPolicy,
    ) -> Result<(), Fault> {
        let sso = &self.services(&instance.region).await?.sso;
        let request = sso
            .attach_customer_managed_policy_reference_to_permission_set()
            .instance_arn(&instance.arn)
            .permission_set_arn(arn)
            .customer_managed_policy_reference(policy.reference()?);
        let op = Op::settles(Service::SsoAdmin, "AttachCustomerManagedPolicyReferenceToPermissionSet");
        self.call(op, &instance.region, || request.clone().send())
            .await
            .map(drop)
    }

    /// Detaches a customer managed policy.
    pub async fn detach_customer_policy(
        &self,
        instance: &Instance,
        arn: &str,
        policy: &CustomerPolicy,
    ) -> Result<(), Fault> {
        let sso = &self.services(&instance.region).await?.sso;
        let request = sso
            .detach_customer_managed_policy_reference_from_permission_set()
            .instance_arn(&instance.arn)
            .permission_set_arn(arn)
            .customer_managed_policy_reference(policy.reference()?);
        let op = Op::settles(
            Service::SsoAdmin,
            "DetachCustomerManagedPolicyReferenceFromPermissionSet",
        );
        absent_is_none(self.call(op, &instance.region, || request.clone().send()).await).map(drop)
    }

    /// Sets the permissions boundary, or takes it away.
    pub async fn set_boundary(&self, instance: &Instance, arn: &str, boundary: Option<&Boundary>) -> Result<(), Fault> {
        let sso = &self.services(&instance.region).await?.sso;
        if let Some(boundary) = boundary {
            let request = sso
                .put_permissions_boundary_to_permission_set()
                .instance_arn(&instance.arn)
                .permission_set_arn(arn)
                .permissions_boundary(boundary.write()?);
            let op = Op::settles(Service::SsoAdmin, "PutPermissionsBoundaryToPermissionSet");
            return self
                .call(op, &instance.region, || request.clone().send())
                .await
                .map(drop);
        }
        let request = sso
            .delete_permissions_boundary_from_permission_set()
            .instance_arn(&instance.arn)
            .permission_set_arn(arn);
        let op = Op::settles(Service::SsoAdmin, "DeletePermissionsBoundaryFromPermissionSet");
        absent_is_none(self.call(op, &instance.region, || request.clone().send()).await).map(drop)
    }

    /// Adds tags to a permission set, or changes their values.
    pub async fn tag_permission_set(
        &self,
        instance: &Instance,
        arn: &str,
        tags: &BTreeMap<String, String>,
    ) -> Result<(), Fault> {
        let sso = &self.services(&instance.region).await?.sso;
        let request = sso
            .tag_resource()
            .instance_arn(&instance.arn)
            .resource_arn(arn)
            .set_tags(Some(sdk_tags(tags)?));
        let op = Op::settles(Service::SsoAdmin, "TagResource");
        self.call(op, &instance.region, || request.clone().send())
            .await
            .map(drop)
    }

    /// Takes tags off a permission set.
    pub async fn untag_permission_set(&self, instance: &Instance, arn: &str, keys: Vec<String>) -> Result<(), Fault> {
        let sso = &self.services(&instance.region).await?.sso;
        let request = sso
            .untag_resource()
            .instance_arn(&instance.arn)
            .resource_arn(arn)
            .set_tag_keys(Some(keys));
        let op = Op::settles(Service::SsoAdmin, "UntagResource");
        absent_is_none(self.call(op, &instance.region, || request.clone().send()).await).map(drop)
    }
}

impl CustomerPolicy {
    fn reference(&self) -> Result<CustomerManagedPolicyReference, Fault> {
        CustomerManagedPolicyReference::builder()
            .name(&self.name)
            .path(&self.path)
            .build()
            .map_err(|error| Fault::internal("A policy reference is incomplete").why(error.to_string()))
    }
}

impl From<CustomerManagedPolicyReference> for CustomerPolicy {
    fn from(reference: CustomerManagedPolicyReference) -> Self {
        Self {
            name: reference.name,
            path: reference.path.unwrap_or_else(|| "/".into()),
        }
    }
}

impl Boundary {
    pub(super) fn read(boundary: PermissionsBoundary) -> Option<Self> {
        match boundary {
            PermissionsBoundary {
                managed_policy_arn: Some(arn),
                ..
            } => Some(Self::Managed(arn)),
            PermissionsBoundary {
                customer_managed_policy_reference: Some(policy),
                ..
            } => Some(Self::Customer(policy.into())),
            _ => None,
        }
    }

    fn write(&self) -> Result<PermissionsBoundary, Fault> {
        let boundary = PermissionsBoundary::builder();
        Ok(match self {
            Self::Managed(arn) => boundary.managed_policy_arn(arn).build(),
            Self::Customer(policy) => boundary.customer_managed_policy_reference(policy.reference()?).build(),
        })
    }
}
