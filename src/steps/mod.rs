//! The catalogue of steps: what we want in either cloud, one file per subject.

pub mod claims_policy;
pub mod schema;
pub mod world;

pub use world::{Cx, Target, World};
