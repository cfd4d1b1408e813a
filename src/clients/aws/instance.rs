//! The Identity Center instance: where it is, whose it is, and what it can do.

use aws_sdk_ssoadmin::types::{InstanceMetadata, RegionMetadata, RegionScope};
use serde::{Deserialize, Serialize};

use super::{
    Aws,
    error::{Op, Service},
    partition::Partition,
};
use crate::fault::{Fault, Kind};

/// An instance of IAM Identity Center.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// Its ARN.
    pub arn: String,
    /// Its identity store.
    pub store: String,
    /// The account that owns it.
    pub owner: String,
    /// The Region all changes go to: its primary one.
    pub region: String,
    /// All its Regions, where AWS names them.
    #[serde(default)]
    pub regions: Vec<String>,
    /// `ACTIVE`, or on its way there or away.
    pub status: String,
    /// Whether permission sets are on; none where AWS does not say.
    #[serde(default)]
    pub permission_sets: Option<bool>,
    /// The customer managed key it is encrypted with, if it is.
    #[serde(default)]
    pub kms_key: Option<String>,
}

impl Instance {
    /// The partition it lives in.
    pub fn partition(&self) -> Result<&'static Partition, Fault> {
        Partition::of_arn(&self.arn)
    }

    /// A page of its console: `settings`, `users`, `dashboard`, or nothing for the first.
    pub fn console_page(&self, page: &str) -> String {
        Partition::of_region(&self.region).console_page(&self.region, &self.arn, page)
    }
}

impl Aws {
    /// All instances the caller can see, in whatever Region. Partitions that cannot be asked about all Regions at once
    /// are asked Region by Region.
    pub async fn instances(&self) -> Result<Vec<Instance>, Fault> {
        let here = self.region().await?;
        match self.instances_in(&here, Some(RegionScope::AllRegions)).await {
            Err(fault) if fault.kind == Kind::Refused => {}
            other => return other,
        }
        let mut found = self.instances_in(&here, None).await?;
        for region in Partition::of_region(&here)
            .regions
            .iter()
            .filter(|region| **region != here)
        {
            if !found.is_empty() {
                break;
            }
            // A Region that the account has not switched on refuses the caller; it holds no instance then.
            match self.instances_in(region, None).await {
                Ok(instances) => found.extend(instances),
                Err(fault) if matches!(fault.kind, Kind::Rights | Kind::SignIn | Kind::Unavailable) => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(found)
    }

    async fn instances_in(&self, region: &str, scope: Option<RegionScope>) -> Result<Vec<Instance>, Fault> {
        let sso = &self.services(region).await?.sso;
        let op = Op::reads(Service::SsoAdmin, "ListInstances");
        let request = sso.list_instances().set_region_scope(scope);
        let listed = self
            .pages(
                op,
                region,
                |token| request.clone().set_next_token(token).send(),
                |answer| (answer.instances.unwrap_or_default(), answer.next_token),
            )
            .await?;
        Ok(listed
            .into_iter()
            .filter_map(|instance| Instance::listed(instance, region))
            .collect())
    }

    /// The instance as it is now. None when it is gone: AWS then answers as if the caller had no rights.
    pub async fn instance(&self, known: &Instance) -> Result<Option<Instance>, Fault> {
        let sso = &self.services(&known.region).await?.sso;
        let op = Op::reads(Service::SsoAdmin, "DescribeInstance");
        let request = sso.describe_instance().instance_arn(&known.arn);
        let found = match self.call(op, &known.region, || request.clone().send()).await {
            Ok(found) => found,
            Err(fault) if fault.kind == Kind::NotFound => return Ok(None),
            Err(fault) => return Err(fault),
        };
        let key = found
            .encryption_configuration_details
            .and_then(|details| details.kms_key_arn);
        Ok(Some(Instance {
            arn: found.instance_arn.unwrap_or_else(|| known.arn.clone()),
            store: found.identity_store_id.unwrap_or_else(|| known.store.clone()),
            owner: found.owner_account_id.unwrap_or_else(|| known.owner.clone()),
            region: found.primary_region.unwrap_or_else(|| known.region.clone()),
            regions: names(found.regions.unwrap_or_default()),
            status: found
                .status
                .map_or_else(|| known.status.clone(), |status| status.as_str().to_owned()),
            permission_sets: found.permission_sets_enabled,
            kms_key: key,
        }))
    }

    /// Switches permission sets on. There is no way back.
    pub async fn enable_permission_sets(&self, instance: &Instance) -> Result<(), Fault> {
        let sso = &self.services(&instance.region).await?.sso;
        let op = Op::settles(Service::SsoAdmin, "UpdateInstance");
        let request = sso
            .update_instance()
            .instance_arn(&instance.arn)
            .permission_sets_enabled(true);
        self.call(op, &instance.region, || request.clone().send())
            .await
            .map(drop)
    }
}

impl Instance {
    fn listed(instance: InstanceMetadata, asked: &str) -> Option<Self> {
        Some(Self {
            arn: instance.instance_arn?,
            store: instance.identity_store_id?,
            owner: instance.owner_account_id.unwrap_or_default(),
            region: instance.primary_region.unwrap_or_else(|| asked.to_owned()),
            regions: names(instance.regions.unwrap_or_default()),
            status: instance
                .status
                .map(|status| status.as_str().to_owned())
                .unwrap_or_default(),
            permission_sets: None,
            kms_key: None,
        })
    }
}

fn names(regions: Vec<RegionMetadata>) -> Vec<String> {
    regions.into_iter().filter_map(|region| region.region_name).collect()
}
