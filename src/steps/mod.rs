//! The catalogue of steps: what we want in either cloud, one file per subject.

pub mod world;

pub use world::{Cx, Target, World};
