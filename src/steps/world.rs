//! `World`: what the steps work in: the profile, one client for each cloud, and the place where secrets are kept.

use std::{path::PathBuf, sync::Arc};

use super::{accounts::AccountBook, read_back::ReadBack, rotation::Rounds};
use crate::{
    clients::{aws::Aws, entra::Entra},
    engine,
    fault::Fault,
    profile::Profile,
    secrets::{SecretRef, SharedSecrets},
};

/// What a step of fedwiz may use while it is at work.
pub type Cx = engine::cx::Cx<World>;

/// What the steps work in.
#[derive(Debug)]
pub struct World {
    /// The operator's answers.
    pub profile: Arc<Profile>,
    /// The tenant.
    pub entra: Entra,
    /// The AWS organizations, in the profile's order.
    pub targets: Vec<Target>,
    /// Where secrets are kept.
    pub secrets: SharedSecrets,
    /// The folder for files that a person uploads to a console. They hold nothing secret.
    pub handouts: PathBuf,
    /// The rounds of a rotation that are gone through; none in any other walk.
    pub rounds: Rounds,
}

/// One AWS organization.
#[derive(Debug)]
pub struct Target {
    /// Its name in the profile.
    pub name: String,
    /// The organization.
    pub aws: Aws,
    /// What the profile's words for accounts mean there.
    pub accounts: AccountBook,
    /// How its assignments are read back.
    pub read_back: ReadBack,
}

impl engine::step::World for World {
    fn targets(&self) -> Vec<String> {
        self.targets.iter().map(|target| target.name.clone()).collect()
    }
}

impl World {
    /// The AWS organization of this name.
    pub fn target(&self, name: &str) -> Result<&Target, Fault> {
        self.targets.iter().find(|target| target.name == name).ok_or_else(|| {
            Fault::internal(format!(
                "a step asks for the AWS target `{name}`, which the profile does not have"
            ))
        })
    }

    /// The display name of a target's enterprise application: each target has its own.
    pub fn application_name(&self, target: &str) -> String {
        let name = &self.profile.entra.application.name;
        if self.targets.len() > 1 {
            format!("{name} ({target})")
        } else {
            name.clone()
        }
    }

    /// Where the SCIM token of a target is kept that is to take the other one's place.
    pub fn next_scim_token(&self, target: &str) -> SecretRef {
        SecretRef::next_scim_token(&self.profile.federation, target)
    }

    /// Where the SCIM token of a target is kept.
    pub fn scim_token(&self, target: &str) -> SecretRef {
        SecretRef::scim_token(&self.profile.federation, target)
    }
}
