//! What is wrong, or soon will be, before and after set-up. It reads and changes nothing.
//!
//! [`rules::RULES`] is the one table of what can be found. [`gather`] reads both clouds once, page by page, into an
//! [`evidence::Evidence`]; the files named by subject judge it, each a function from evidence to findings. What could not be
//! read is told as such: nothing is taken to be well that nobody saw.

pub mod advice;
pub mod application;
pub mod credentials;
pub mod evidence;
pub mod examine;
pub mod finding;
pub mod gather;
pub mod instance;
pub mod leavers;
pub mod names;
pub mod people;
pub mod provisioning;
pub mod rules;
#[cfg(test)]
mod tests;

pub use examine::{Examined, examine, examine_care};
pub use finding::{Finding, Side, Unread};
