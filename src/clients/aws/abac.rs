//! Attributes for access control: which attributes of a user reach policies as session tags.

use std::collections::BTreeMap;

use aws_sdk_ssoadmin::{
    operation::describe_instance_access_control_attribute_configuration::DescribeInstanceAccessControlAttributeConfigurationOutput as Described,
    types::{
        AccessControlAttribute, AccessControlAttributeValue, InstanceAccessControlAttributeConfiguration,
        InstanceAccessControlAttributeConfigurationStatus as Status,
    },
};
use serde::{Deserialize, Serialize};

use super::{
    Aws, Progress,
    client::absent_is_none,
    error::{Op, Service},
    instance::Instance,
};
use crate::{clients::Existed, fault::Fault};

/// Attributes for access control, switched on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessControl {
    /// Whether it is at work yet.
    pub progress: Progress,
    /// Session tag key to source, such as `Department` to `${path:enterprise.department}`.
    pub attributes: BTreeMap<String, String>,
}

impl Aws {
    /// The attributes for access control. None when they are switched off.
    pub async fn access_control(&self, instance: &Instance) -> Result<Option<AccessControl>, Fault> {
        let sso = &self.services(&instance.region).await?.sso;
        let request = sso
            .describe_instance_access_control_attribute_configuration()
            .instance_arn(&instance.arn);
        let op = Op::reads(Service::SsoAdmin, "DescribeInstanceAccessControlAttributeConfiguration");
        let read = || async {
            let answer = self.call(op, &instance.region, || request.clone().send()).await;
            Ok(absent_is_none(answer)?.map(AccessControl::from))
        };
        let name = format!("attributes for access control of {}", instance.arn);
        let found = self.0.seen.get(&name, read).await?;
        Ok(found.map(|found| AccessControl::clone(&found)))
    }

    /// Switches attributes for access control on, with this list.
    pub async fn create_access_control(
        &self,
        instance: &Instance,
        attributes: &BTreeMap<String, String>,
    ) -> Result<(), Fault> {
        let sso = &self.services(&instance.region).await?.sso_once;
        let request = sso
            .create_instance_access_control_attribute_configuration()
            .instance_arn(&instance.arn)
            .instance_access_control_attribute_configuration(configuration(attributes)?);
        let op = Op::creates(Service::SsoAdmin, "CreateInstanceAccessControlAttributeConfiguration");
        self.call(op, &instance.region, || request.clone().send())
            .await
            .map(drop)
    }

    /// Replaces the list.
    pub async fn update_access_control(
        &self,
        instance: &Instance,
        attributes: &BTreeMap<String, String>,
    ) -> Result<(), Fault> {
        let sso = &self.services(&instance.region).await?.sso;
        let request = sso
            .update_instance_access_control_attribute_configuration()
            .instance_arn(&instance.arn)
            .instance_access_control_attribute_configuration(configuration(attributes)?);
        let op = Op::settles(Service::SsoAdmin, "UpdateInstanceAccessControlAttributeConfiguration");
        self.call(op, &instance.region, || request.clone().send())
            .await
            .map(drop)
    }

    /// Switches attributes for access control off. No attribute reaches policies then, whichever way it came.
    pub async fn delete_access_control(&self, instance: &Instance) -> Result<Existed, Fault> {
        let sso = &self.services(&instance.region).await?.sso;
        let request = sso
            .delete_instance_access_control_attribute_configuration()
            .instance_arn(&instance.arn);
        let op = Op::settles(Service::SsoAdmin, "DeleteInstanceAccessControlAttributeConfiguration");
        let answer = absent_is_none(self.call(op, &instance.region, || request.clone().send()).await)?;
        Ok(if answer.is_some() { Existed::Yes } else { Existed::No })
    }
}

impl From<Described> for AccessControl {
    fn from(answer: Described) -> Self {
        Self {
            progress: match answer.status {
                Some(Status::CreationInProgress) => Progress::Running,
                Some(Status::CreationFailed) => {
                    Progress::Failed(answer.status_reason.unwrap_or_else(|| "AWS gives no reason".into()))
                }
                _ => Progress::Done,
            },
            attributes: answer
                .instance_access_control_attribute_configuration
                .map(|configuration| configuration.access_control_attributes)
                .unwrap_or_default()
                .into_iter()
                .map(|attribute| {
                    let sources = attribute.value.map(|value| value.source).unwrap_or_default();
                    (attribute.key, sources.into_iter().next().unwrap_or_default())
                })
                .collect(),
        }
    }
}

fn configuration(attributes: &BTreeMap<String, String>) -> Result<InstanceAccessControlAttributeConfiguration, Fault> {
    let incomplete = |error: aws_smithy_types::error::operation::BuildError| {
        Fault::internal("An attribute for access control is incomplete").why(error.to_string())
    };
    let attributes = attributes
        .iter()
        .map(|(key, source)| {
            let value = AccessControlAttributeValue::builder()
                .source(source)
                .build()
                .map_err(incomplete)?;
            AccessControlAttribute::builder()
                .key(key)
                .value(value)
                .build()
                .map_err(incomplete)
        })
        .collect::<Result<Vec<_>, Fault>>()?;
    InstanceAccessControlAttributeConfiguration::builder()
        .set_access_control_attributes(Some(attributes))
        .build()
        .map_err(incomplete)
}
