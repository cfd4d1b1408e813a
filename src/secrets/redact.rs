//! Redaction: what takes secrets out of text before anyone sees it.

use std::sync::{PoisonError, RwLock};

use secrecy::{ExposeSecret, SecretString};

/// What stands in a secret's place.
const REDACTED: &str = "[redacted]";

/// Values shorter than this are not taken out exactly: they would tear holes into ordinary words.
const SHORTEST: usize = 8;

/// The secrets this process has seen.
static SEEN: RwLock<Vec<SecretString>> = RwLock::new(Vec::new());

/// Remembers a secret, so that [`redact`] takes it out of any text exactly, whatever it looks like.
pub fn remember(secret: &SecretString) {
    let value = secret.expose_secret();
    if value.len() < SHORTEST {
        return;
    }
    let mut seen = SEEN.write().unwrap_or_else(PoisonError::into_inner);
    if !seen.iter().any(|known| known.expose_secret() == value) {
        seen.push(secret.clone());
        // The longest first: a secret may hold another.
        seen.sort_by_key(|known| std::cmp::Reverse(known.expose_secret().len()));
    }
}

/// The text without secrets.
pub fn redact(text: &str) -> String {
    let mut text = text.to_owned();
    for secret in SEEN.read().unwrap_or_else(PoisonError::into_inner).iter() {
        let secret = secret.expose_secret();
        if text.contains(secret) {
            text = text.replace(secret, REDACTED);
        }
    }
    text
}
