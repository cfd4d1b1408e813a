//! The operator's answers: what to connect, who may sign in, and what they may do.
//!
//! The profile is a TOML file. [`fields`] is the one table of its keys: reading, the questions of `init`, the comments in
//! the written file and `docs/profile.md` all come from it.

mod check;
pub mod docs;
pub mod endpoints;
pub mod fields;
mod read;
pub mod shape;
pub mod sources;
mod trouble;
pub mod tutorial;
mod types;
mod words;
pub mod write;

pub use endpoints::Endpoints;
pub use trouble::{ProfileError, Trouble};
pub use tutorial::default_profile;
pub use types::{
    Abac, AbacVia, AppKind, Application, Arrival, Assignment, Auth, AwsTarget, Boundary, Cloud, CustomerManaged, Entra,
    Filter, Group, NameId, People, PermissionSet, Principal, Profile, Provisioning, Scope, Teaching, User,
};
