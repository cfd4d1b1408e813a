//! `Chain`: several ways in turn, until one works.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};

use super::sign_in::carried;
use crate::{
    clients::entra::error::sign_in_fault,
    fault::{Fault, Kind},
};

/// One way by its name, or why it cannot even be tried.
type Link = (&'static str, Result<Arc<dyn TokenCredential>, Fault>);

/// Tries its links in order. The one that worked is asked first from then on: nobody becomes somebody else in the middle
/// of a run.
pub(super) struct Chain {
    links: Vec<Link>,
    worked: Mutex<Option<Arc<dyn TokenCredential>>>,
}

impl Chain {
    pub(super) fn new(links: Vec<Link>) -> Self {
        Self {
            links,
            worked: Mutex::new(None),
        }
    }

    fn worked(&self) -> Option<Arc<dyn TokenCredential>> {
        self.worked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl TokenCredential for Chain {
    async fn get_token(
        &self,
        scopes: &[&str],
        options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        if let Some(credential) = self.worked() {
            return credential.get_token(scopes, options).await;
        }
        let mut reasons = Vec::new();
        for (name, link) in &self.links {
            let result = match link {
                Ok(credential) => credential
                    .get_token(scopes, options.clone())
                    .await
                    .map_err(|error| sign_in_fault(&error))
                    .map(|token| (token, credential)),
                Err(fault) => Err(fault.clone()),
            };
            match result {
                Ok((token, credential)) => {
                    *self.worked.lock().unwrap_or_else(PoisonError::into_inner) = Some(credential.clone());
                    return Ok(token);
                }
                Err(fault) => reasons.push(format!("{name}: {fault}")),
            }
        }
        Err(carried(
            Fault::new(Kind::SignIn, "None of the ways to sign in works")
                .why(reasons.join("; "))
                .hint("Put one of them right, or choose another with `auth` under [entra] in the profile."),
        ))
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.links.iter().map(|(name, _)| name)).finish()
    }
}
