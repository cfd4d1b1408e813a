//! Signing in to Entra: one credential for each way, and one holder of tokens over all of them.

mod tokens;

pub mod token;

pub use tokens::Tokens;
