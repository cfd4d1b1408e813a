//! Ways out: documents made from a journal, offline. A report of who did what, a worksheet for people who do it by hand, and
//! what stands as Terraform.
//!
//! The same journal gives the same document, byte for byte. Text that came from outside is escaped for the format it goes into,
//! and everything passes redaction, although no journal holds a secret.

pub mod chain;
mod document;
mod entry;
mod hcl;
mod html;
mod markdown;
pub mod report;
pub mod terraform;
mod values;
pub mod worksheet;

/// A format for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Markdown.
    Markdown,
    /// One HTML page that needs nothing else.
    Html,
}
