//! Typed calls to Microsoft Graph, AWS and SCIM.
//!
//! Everything goes through the one [`http::Http`]: one connection pool, one trust store, one proxy setting, one retry
//! policy and one place that observes. A client is a plain struct with an address, so the simulator can stand there
//! instead. Each vendor's errors become a [`crate::fault::Fault`] in one place, hints included.

pub mod aws;
pub mod entra;
pub mod gate;
pub mod handover;
pub mod http;
pub mod limits;
pub mod pace;
pub mod retry;
pub mod saml;
pub mod scim;
mod seen;

#[cfg(test)]
mod testing;

pub use http::Existed;

/// Hears, page by page, how much of a long list was read so far.
pub type SoFar<'t> = &'t (dyn Fn(usize) + Sync);
