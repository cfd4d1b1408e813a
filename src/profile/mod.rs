//! The operator's answers: what to connect, who may sign in, and what they may do.
//!
//! The profile is a TOML file. [`fields`] is the one table of its keys: reading, the questions of `init`, the comments in
//! the written file and `docs/profile.md` all come from it.

pub mod endpoints;
pub mod sources;
mod types;

pub use endpoints::Endpoints;
pub use types::{
    Abac, AbacVia, AppKind, Application, Arrival, Assignment, Auth, AwsTarget, Boundary, Cloud, CustomerManaged, Entra,
    Filter, Group, NameId, People, PermissionSet, Principal, Profile, Provisioning, Scope, Teaching, User,
};
