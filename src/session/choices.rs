//! What there is to choose from in the clouds, before there is a profile: the domains and people of a tenant, and the accounts
//! of an organization. It only reads.

use std::sync::Arc;

use super::{Setup, way, world};
use crate::{
    clients::retry,
    engine::{recorder::Recorder, run::Run},
    fault::Fault,
    steps::World,
};

/// The clouds that a profile leads to. Whoever has signed in stays signed in as long as it is there.
pub struct Choices(World);

/// Something to choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What is written into the profile.
    pub value: String,
    /// What else there is to say of it.
    pub about: String,
}

impl Choices {
    /// Nothing is called yet, and no journal is touched.
    pub fn of(setup: &Setup) -> Result<Self, Fault> {
        let recorder = Arc::new(Recorder::in_memory(Run::default(), setup.clock.clone()));
        let profile = Arc::new(setup.profile.clone());
        let way = way(setup, &profile)?;
        world(setup, &profile, &recorder, &way, retry::Policy::brief()).map(Self)
    }

    /// The tenant's domains, the one that new users get first.
    pub async fn domains(&self) -> Result<Vec<Found>, Fault> {
        let tenant = self.0.entra.organization().await?;
        let mut domains = tenant.verified_domains;
        domains.sort_by_key(|domain| !domain.is_default);
        let found = domains.into_iter().map(|domain| Found {
            about: match (domain.is_default, domain.is_initial) {
                (true, _) => "new users get it".into(),
                (false, true) => "the one Microsoft gave".into(),
                (false, false) => String::new(),
            },
            value: domain.name,
        });
        Ok(found.collect())
    }

    /// People whose name or address begins with this.
    pub async fn people(&self, text: &str) -> Result<Vec<Found>, Fault> {
        let people = self.0.entra.users_like(text).await?.into_iter();
        let found = people.map(|person| Found {
            about: [person.display_name, person.department]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(", "),
            value: person.user_principal_name,
        });
        Ok(found.collect())
    }

    /// The accounts of the organization that can be worked in.
    pub async fn accounts(&self) -> Result<Vec<Found>, Fault> {
        let Some(target) = self.0.targets.first() else {
            return Ok(Vec::new());
        };
        let accounts = target.aws.accounts().await?.into_iter();
        let found = accounts.filter(|account| account.active).map(|account| Found {
            value: account.id,
            about: account.name,
        });
        Ok(found.collect())
    }
}
