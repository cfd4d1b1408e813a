//! Typed calls to Microsoft Entra ID: sign-in, and Microsoft Graph.
//!
//! [`graph::Graph`] knows how Graph talks: paging, batches, versions, throttling, errors. What we ask of it lies in the
//! files beside it, one for each area.

pub mod applications;
pub mod assignments;
pub mod auth;
pub mod client;
pub mod clouds;
pub mod error;
mod followed;
pub mod graph;
pub mod groups;
pub mod logs;
pub mod metadata;
pub mod organization;
pub mod policies;
mod signing;
pub mod synchronization;
pub mod users;

pub use client::Entra;
