//! Where secrets live, and how they are kept out of everything else.

mod env;
mod memory;
mod redact;
mod scim_token;
mod store;

pub use env::EnvStore;
pub use memory::MemoryStore;
pub use redact::{redact, remember};
pub use scim_token::ScimToken;
pub use store::{SecretRef, SecretStore, SharedSecrets};
