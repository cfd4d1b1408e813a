//! The screen: the walk as something to look at and act on.
//!
//! It keeps no copy of a run's state: it reads [`crate::report::view::View`], which is folded from the same notices that
//! plain text and JSON are told from. Screens say which keys they know, take them, and draw; they return effects and do
//! no input or output of their own. Whoever wires the program hands in a host, which does what has to reach
//! outside.

pub mod dag;
pub mod theme;
