//! Taking over a federation that somebody else built: everything that is there is read once, on both sides, and put into the
//! words of a profile. What a profile cannot say becomes a note with the object's name; nothing is left out in silence.
//!
//! It only reads. Whether all of it is taken over as it is, the walk decides: each step looks for itself.

pub mod draft;
pub mod found;
mod principals;
mod sets;
mod settings;

pub use draft::{Draft, Note, Owned, draft};
pub use found::{Found, Wish, find};
