//! Typed calls to AWS.

pub mod adapter;
