//! `Tokens`: holds the token in memory, renews it early, and asks for a new one once when it is refused.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use azure_core::{credentials::TokenCredential, time::OffsetDateTime};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use super::token::TokenFacts;
use crate::{
    clients::{entra::error::sign_in_fault, gate::Gate},
    clock::SharedClock,
    fault::Fault,
    secrets::remember,
};

/// A token is renewed when this little of its life is left,
const EARLY: Duration = Duration::from_secs(300);
/// or this share of it, for tokens of short life.
const EARLY_SHARE: u32 = 4;

/// The one holder of tokens for one scope. Cheap to clone; all clones share the token.
#[derive(Clone)]
pub struct Tokens {
    shared: Arc<Shared>,
}

struct Shared {
    clock: SharedClock,
    credential: Arc<dyn TokenCredential>,
    scope: String,
    gate: Gate,
    held: Mutex<Option<Held>>,
}

#[derive(Clone)]
struct Held {
    token: SecretString,
    renew_at: Timestamp,
}

impl Tokens {
    /// Tokens for `scope` from `credential`. The credential itself must not cache: a token that was refused would come
    /// back. Those of [`super`] do not.
    pub fn new(clock: SharedClock, credential: Arc<dyn TokenCredential>, scope: impl Into<String>) -> Self {
        let shared = Shared {
            gate: Gate::new(clock.clone(), 1),
            clock,
            credential,
            scope: scope.into(),
            held: Mutex::new(None),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// The token at hand, or a new one if there is none or it is about to end.
    pub async fn bearer(&self) -> Result<SecretString, Fault> {
        if let Some(token) = self.fresh() {
            return Ok(token);
        }
        let _pass = self.shared.gate.enter().await;
        // Whoever was let in before may have brought one.
        if let Some(token) = self.fresh() {
            return Ok(token);
        }
        let shared = &self.shared;
        let got = shared
            .credential
            .get_token(&[&shared.scope], None)
            .await
            .map_err(|error| sign_in_fault(&error))?;
        // The library counts by the system's clock, the run by its own: what carries over is the time that is left.
        let left = (got.expires_on - OffsetDateTime::now_utc())
            .as_seconds_f64()
            .round()
            .max(0.0);
        let left = Duration::try_from_secs_f64(left).unwrap_or_default();
        let early = EARLY.min(left / EARLY_SHARE);
        let token = SecretString::from(got.token.secret().to_owned());
        remember(&token);
        let renew_at = shared.clock.now() + (left - early);
        *self.lock() = Some(Held {
            token: token.clone(),
            renew_at,
        });
        Ok(token)
    }

    /// Forgets this token if it is still the one at hand: it was refused.
    pub fn refused(&self, token: &SecretString) {
        let mut held = self.lock();
        if held
            .as_ref()
            .is_some_and(|held| held.token.expose_secret() == token.expose_secret())
        {
            *held = None;
        }
    }

    /// What the token says about itself.
    pub async fn facts(&self) -> Result<TokenFacts, Fault> {
        Ok(TokenFacts::read(self.bearer().await?.expose_secret()))
    }

    /// What the token at hand says about itself; nothing if there is none.
    pub fn facts_at_hand(&self) -> TokenFacts {
        self.lock()
            .as_ref()
            .map(|held| TokenFacts::read(held.token.expose_secret()))
            .unwrap_or_default()
    }

    fn fresh(&self) -> Option<SecretString> {
        let now = self.shared.clock.now();
        self.lock()
            .as_ref()
            .filter(|held| now < held.renew_at)
            .map(|held| held.token.clone())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Held>> {
        self.shared.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("scope", &self.shared.scope)
            .finish_non_exhaustive()
    }
}
