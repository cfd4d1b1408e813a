//! The engine: steps, the graph of their needs, the facts of a run, the journal, and the driver.

pub mod any;
pub mod cx;
pub mod declared;
pub mod driver;
pub mod exit;
pub mod fact;
pub mod graph;
pub mod grid;
pub mod guide;
pub mod journal;
pub mod kept;
pub mod known;
pub mod needs;
mod nudge;
pub mod outcome;
pub mod policy;
pub mod recorder;
pub mod run;
pub mod select;
pub mod signal;
pub mod step;

#[cfg(test)]
mod toy;

pub use any::{AnyStep, Phase};
