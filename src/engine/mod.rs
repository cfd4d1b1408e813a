//! The engine: steps, the graph of their needs, the facts of a run, the journal, and the driver.

pub mod cx;
pub mod graph;
pub mod guide;
pub mod needs;
pub mod step;
