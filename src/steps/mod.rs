//! The catalogue of steps: what we want in either cloud, one file per subject.

pub mod accounts;
pub mod assignment;
pub mod aws_abac;
pub mod aws_user;
pub mod claims_policy;
pub mod permission_set;
pub mod preflight_aws;
pub mod schema;
pub mod world;

pub use world::{Cx, Target, World};
