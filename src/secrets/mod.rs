//! Where secrets live, and how they are kept out of everything else.

mod env;
mod keyring;
mod memory;
mod redact;
mod scim_token;
mod store;

pub use env::{CLIENT_SECRET, EnvStore, SCIM_ENDPOINT, SCIM_TOKEN};
pub use keyring::{KeyringStore, PATIENCE};
pub use memory::MemoryStore;
pub use redact::{redact, remember};
pub use scim_token::ScimToken;
pub use store::{SecretRef, SecretStore, SharedSecrets};
