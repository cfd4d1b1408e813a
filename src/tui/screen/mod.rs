//! The screens, one file each. Each file begins with a drawing of itself.

pub mod access;
pub mod ask;
pub mod files;
pub mod finder;
pub mod form;
pub mod guide;
pub mod health;
pub mod help;
pub mod home;
pub mod over;
pub mod pick;
pub mod plan;
pub mod removal;
pub mod sign_in;
pub mod start;
pub mod step;
pub mod teardown;
mod typed;
pub mod walk;
