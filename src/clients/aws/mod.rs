//! Typed calls to AWS, through the SDKs over our own HTTP.
//!
//! One [`Aws`] for each target. It finds credentials wherever the SDK does, keeps AWS's limits before AWS has to say so,
//! and turns every error into a [`crate::fault::Fault`] that names the missing IAM action. Retries are ours and on the run's clock; the
//! SDK's own are off, and for what makes a second object when done twice they stay off whatever the settings say.

pub mod abac;
pub mod adapter;
mod assigned;
pub mod assignments;
mod client;
pub mod cloudtrail;
mod error;
pub mod identity_store;
pub mod instance;
pub mod organization;
pub mod partition;
pub mod permission_sets;
mod policies;
pub mod session;
mod shared;

pub use abac::AccessControl;
pub use assigned::By;
pub use assignments::{Assignment, Change, Direction, Principal, Progress};
pub use client::{Aws, Keys, SdkRetries, Settings};
pub use cloudtrail::{Event, EventQuery};
pub use error::is_about_key;
pub use identity_store::{NewUser, User};
pub use instance::Instance;
pub use organization::{Account, Organization};
pub use partition::Partition;
pub use permission_sets::{Boundary, CustomerPolicy, Fields, PermissionSet};
pub use session::Caller;
pub use shared::Look;
