//! `Needs`: what a step reads from others, and with it the edges of the graph.

use super::step::World;

/// A tuple of needs.
pub trait Needs<W: World>: 'static {
    /// What the needs deliver.
    type Got: Send + Sync;
}

impl<W: World> Needs<W> for () {
    type Got = ();
}
