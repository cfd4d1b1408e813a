//! The graph of nodes, computed from the steps' needs.

use serde::{Deserialize, Serialize};

/// One node: a step, for one target and one item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NodeId {
    /// The AWS target, when the step has one node per target and there are several targets.
    pub target: Option<String>,
    /// The step's name.
    pub step: String,
    /// The item's key; empty when the step has no items.
    pub item: String,
}

impl std::fmt::Display for NodeId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(target) = &self.target {
            write!(f, "{target}/")?;
        }
        f.write_str(&self.step)?;
        if !self.item.is_empty() {
            write!(f, "[{}]", self.item)?;
        }
        Ok(())
    }
}
