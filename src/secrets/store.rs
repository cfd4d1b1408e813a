//! `SecretStore`: where a secret is kept, and `SecretRef`: its name, the only thing of it that may be written down.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::fault::Fault;

/// The name of a secret. It is no secret itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretRef(String);

impl SecretRef {
    /// The SCIM token of one AWS target.
    pub fn scim_token(federation: &str, target: &str) -> Self {
        Self(format!("scim-token/{federation}/{target}"))
    }

    /// The SCIM token of one AWS target that is to take the other one's place, until it has done so.
    pub fn next_scim_token(federation: &str, target: &str) -> Self {
        Self(format!("next-scim-token/{federation}/{target}"))
    }

    /// The first password of a user that fedwiz made.
    pub fn user_password(federation: &str, upn: &str) -> Self {
        Self(format!("user-password/{federation}/{upn}"))
    }

    /// The client secret that fedwiz signs in to Entra with.
    pub fn client_secret(federation: &str) -> Self {
        Self(format!("client-secret/{federation}"))
    }

    /// The value that is written and removed again to see whether a store works.
    pub fn sentinel() -> Self {
        Self("sentinel".into())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The kind of secret: the part before the first slash.
    pub fn kind(&self) -> &str {
        self.0.split('/').next().unwrap_or(&self.0)
    }

    /// What the secret belongs to: the part after the last slash.
    pub fn owner(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A place where secrets are kept.
#[async_trait]
pub trait SecretStore: Send + Sync + fmt::Debug {
    /// The secret of this name, if there is one.
    async fn get(&self, name: &SecretRef) -> Result<Option<SecretString>, Fault>;

    /// Keeps a secret under this name, in place of the one that was there.
    async fn set(&self, name: &SecretRef, value: &SecretString) -> Result<(), Fault>;

    /// Forgets the secret of this name. True when there was one.
    async fn delete(&self, name: &SecretRef) -> Result<bool, Fault>;

    /// Whether something can be kept here, and forgotten.
    fn is_writable(&self) -> bool {
        true
    }

    /// Whether its owner can look into it, with a program for that.
    fn opens_to_its_owner(&self) -> bool {
        false
    }

    /// What to call this place in a sentence: "the keyring".
    fn place(&self) -> &'static str;
}

/// A shared store.
pub type SharedSecrets = Arc<dyn SecretStore>;
