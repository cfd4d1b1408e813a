//! `EnvStore`: secrets that somebody else put into the environment, for pipelines.

use std::{collections::BTreeMap, ffi::OsString, fmt};

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{ScimToken, SecretRef, SecretStore, remember};
use crate::fault::{Fault, Kind};

/// The variable that holds the SCIM token; `_TARGET` after it for one target of several.
pub const SCIM_TOKEN: &str = "FEDWIZ_SCIM_TOKEN";

/// The variable that holds the SCIM endpoint; `_TARGET` after it for one target of several.
pub const SCIM_ENDPOINT: &str = "FEDWIZ_SCIM_ENDPOINT";

/// The variable that holds the client secret, unless the profile names another.
pub const CLIENT_SECRET: &str = "FEDWIZ_CLIENT_SECRET";

/// Secrets from the environment. It can be read, and not written.
pub struct EnvStore {
    variables: BTreeMap<String, SecretString>,
}

impl EnvStore {
    /// A store over these variables; the edge of the program hands them in. Only those that may hold a secret of fedwiz are
    /// kept.
    pub fn new(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let variables: BTreeMap<String, SecretString> = variables
            .into_iter()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, value)| name.starts_with("FEDWIZ_") && !value.is_empty())
            .map(|(name, value)| (name, SecretString::from(value)))
            .collect();
        for (name, value) in &variables {
            if name.starts_with(SCIM_TOKEN) || name.starts_with(CLIENT_SECRET) {
                remember(value);
            }
        }
        Self { variables }
    }

    fn variable(&self, name: &str, owner: &str) -> Option<&SecretString> {
        self.variables
            .get(&format!("{name}_{}", shouted(owner)))
            .or_else(|| self.variables.get(name))
    }

    fn find(&self, name: &SecretRef) -> Result<Option<SecretString>, Fault> {
        match name.kind() {
            "scim-token" => self.scim_token(name.owner()),
            "client-secret" => Ok(self.variable(CLIENT_SECRET, name.owner()).cloned()),
            _ => Ok(None),
        }
    }

    /// The token alone, with the endpoint beside it, or the whole record as another fedwiz wrote it.
    fn scim_token(&self, target: &str) -> Result<Option<SecretString>, Fault> {
        let Some(token) = self.variable(SCIM_TOKEN, target) else {
            return Ok(None);
        };
        if token.expose_secret().trim_start().starts_with('{') {
            return Ok(Some(token.clone()));
        }
        let endpoint = self.variable(SCIM_ENDPOINT, target).ok_or_else(|| {
            Fault::new(
                Kind::Secrets,
                format!("{SCIM_TOKEN} is set, but {SCIM_ENDPOINT} is not"),
            )
            .why("a SCIM token is of use only together with the endpoint it was made for")
            .hint(format!(
                "Set {SCIM_ENDPOINT} to the SCIM endpoint that AWS showed with the token."
            ))
        })?;
        let endpoint = Url::parse(endpoint.expose_secret()).map_err(|error| {
            Fault::new(Kind::Usage, format!("{SCIM_ENDPOINT} is not an address")).why(error.to_string())
        })?;
        let record = ScimToken {
            token: token.clone(),
            endpoint,
            created: None,
            lent: false,
            refused: false,
        };
        Ok(Some(record.to_secret()))
    }
}

/// A target's name the way it stands in a variable: upper case, `_` for everything that is no letter or digit.
fn shouted(name: &str) -> String {
    name.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_uppercase()
            } else {
                '_'
            }
        })
        .collect()
}

impl fmt::Debug for EnvStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

#[async_trait]
impl SecretStore for EnvStore {
    async fn get(&self, name: &SecretRef) -> Result<Option<SecretString>, Fault> {
        self.find(name)
    }

    async fn set(&self, name: &SecretRef, value: &SecretString) -> Result<(), Fault> {
        remember(value);
        Err(Fault::new(Kind::Secrets, format!("{name} cannot be kept in the environment"))
            .why("fedwiz can read its environment, but nobody would see what it writes there")
            .hint("Use `--token-store keyring`, or put the secret into the environment yourself and run the same command again."))
    }

    async fn delete(&self, name: &SecretRef) -> Result<bool, Fault> {
        // What somebody else put there, somebody else takes away.
        let _ = name;
        Ok(false)
    }

    fn is_writable(&self) -> bool {
        false
    }

    fn place(&self) -> &'static str {
        "the environment"
    }
}
