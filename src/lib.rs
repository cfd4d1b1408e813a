//! fedwiz connects Microsoft Entra ID with AWS IAM Identity Center, watches what it built, and takes it all back.
//!
//! The walk is a graph of [`engine::step::Step`]s; a run is a fold over facts that are on disk before anyone sees them.
//! `docs/architecture.md` tells the whole by following one command.

// A whole walk is one deep future.
#![recursion_limit = "256"]

pub mod adopt;
pub mod cli;
pub mod clients;
pub mod clock;
pub mod doctor;
pub mod engine;
pub mod export;
pub mod fault;
pub mod profile;
pub mod report;
pub mod secrets;
pub mod session;
#[cfg(feature = "demo")]
pub mod sim;
pub mod steps;
pub mod tui;
