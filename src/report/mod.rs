//! How a run is told: one view, in plain text and JSON.
//!
//! [`view::View`] folds the recorder's notices; everything that is shown is read from it. Words and marks are in
//! [`words`]; text that came from outside goes through [`clean`] before it is shown.

pub mod access;
pub mod adopt;
mod bulk;
pub mod changes;
pub mod clean;
pub mod command;
pub mod drift;
pub mod findings;
pub mod guide;
pub mod health;
pub mod job;
pub mod json;
pub mod leavers;
pub mod node;
pub mod outline;
pub mod overview;
pub mod paper;
pub mod plain;
pub mod progress;
pub mod replay;
pub mod summary;
pub mod sync;
pub mod table;
pub mod view;
pub mod wire;
pub mod words;

#[cfg(test)]
mod testing;

use std::io;

use crate::engine::recorder::Notice;
use summary::Summary;
use view::{Seen, View};

/// Tells a run, notice by notice. The view has already taken the notice in.
pub trait Reporter {
    /// Tells a notice. `seen` is what [`View::see`] said of it.
    fn tell(&mut self, view: &View, notice: &Notice, seen: Seen) -> io::Result<()>;

    /// Tells the end.
    fn end(&mut self, view: &View, summary: &Summary) -> io::Result<()>;
}
