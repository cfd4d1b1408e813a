//! The screen: the walk as something to look at and act on.
//!
//! It keeps no copy of a run's state: it reads [`crate::report::view::View`], which is folded from the same notices that
//! plain text and JSON are told from. Pages say where the keys go, take them, and draw; they return effects and do no input
//! or output of their own. Whoever wires the program hands in a [`host::Host`], which does what has to reach outside.

pub mod app;
mod clipboard;
pub mod dag;
mod footer;
pub mod graph;
pub mod host;
pub mod keys;
pub mod operator;
pub mod page;
mod plain;
pub mod run;
pub mod screen;
pub mod terminal;
pub mod theme;
pub mod upkeep;
pub mod widget;
