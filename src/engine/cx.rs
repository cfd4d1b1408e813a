//! `Cx`: what a step may use while it is at work.

use std::sync::Arc;

/// What a step may use while it is at work.
pub struct Cx<W> {
    world: Arc<W>,
}

impl<W> Cx<W> {
    /// The world the step works in.
    pub fn world(&self) -> &Arc<W> {
        &self.world
    }
}
