//! What is found, about what.

use super::rules::{self, Rule};
use crate::fault::Fault;

/// Which cloud something is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// Microsoft Entra ID.
    Entra,
    /// AWS.
    Aws,
}

impl Side {
    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Entra => "entra",
            Self::Aws => "aws",
        }
    }
}

/// Something that is wrong, or soon will be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// The AWS target.
    pub target: String,
    /// Where the object is.
    pub side: Side,
    /// The object's exact name.
    pub name: String,
    /// Its id, if it has one besides its name.
    pub id: Option<String>,
    /// What is the matter with it.
    pub detail: String,
}

impl Finding {
    /// A finding by this rule. An id that no rule has is a defect of this program.
    pub fn new(rule: &str, side: Side, name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            rule: rules::find(rule).expect("each finding has its rule in the table"),
            target: String::new(),
            side,
            name: name.into(),
            id: None,
            detail: detail.into(),
        }
    }

    /// With the object's id.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }
}

/// Something that could not be looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Unread {
    /// The AWS target.
    pub target: String,
    /// Where it is.
    pub side: Side,
    /// What it is.
    pub what: String,
    /// Why it could not be read.
    pub fault: Fault,
}
