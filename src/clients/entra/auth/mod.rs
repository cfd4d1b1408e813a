//! Signing in to Entra: one credential for each way, and one holder of tokens over all of them.
//!
//! azure_identity has the ways that need no person; device code and browser, which it lacks, go through the oauth2 crate.
//! All of them send through our own HTTP client and leave retries to it. None of them caches: that is for [`Tokens`]
//! alone, which can then get a really new token when one is refused.

mod browser;
mod certificate;
mod chain;
mod interactive;
mod library;
mod sign_in;
mod tokens;

pub mod token;

pub use certificate::SigningKey;
pub use interactive::{Prompt, Prompter};
pub use sign_in::{SignIn, Way};
pub use tokens::Tokens;

#[cfg(test)]
#[cfg(feature = "demo")]
mod tests;
