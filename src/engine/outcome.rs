//! `Outcome`: how a run ended, for whoever started it.

use super::{
    exit::Exit,
    fact::{End, Intent},
    graph::NodeId,
    signal::{Finding, What},
};
use crate::fault::{Fault, Kind};

/// How a run ended. Lists are in the canonical order of the graph.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// What the run was for.
    pub intent: Intent,
    /// How many nodes were made, changed, adopted, taken back: those that left a fact.
    pub changed: usize,
    /// How many nodes were as intended already.
    pub unchanged: usize,
    /// What failed.
    pub failed: Vec<(NodeId, Fault)>,
    /// What needs a person.
    pub needs_person: Vec<(NodeId, Fault)>,
    /// What could not go on because of another, and which.
    pub blocked: Vec<(NodeId, NodeId)>,
    /// What a plan or a check found, node by node.
    pub findings: Vec<(NodeId, Finding)>,
    /// Whether the operator stopped it.
    pub stopped: bool,
    /// What kept the run from going on at all: a journal that cannot be written.
    pub fatal: Option<Fault>,
}

impl Outcome {
    pub(super) fn new(intent: Intent) -> Self {
        Self {
            intent,
            changed: 0,
            unchanged: 0,
            failed: Vec::new(),
            needs_person: Vec::new(),
            blocked: Vec::new(),
            findings: Vec::new(),
            stopped: false,
            fatal: None,
        }
    }

    /// The one word for it.
    pub fn end(&self) -> End {
        let drifted = |what| matches!(what, What::Missing | What::Drifted | What::CannotTell);
        if self.stopped {
            End::Stopped
        } else if self.fatal.is_some() || !self.failed.is_empty() {
            End::Failed
        } else if !self.needs_person.is_empty() {
            End::NeedsPerson
        } else if self.intent == Intent::Check && self.findings.iter().any(|(_, finding)| drifted(finding.what)) {
            End::Drift
        } else {
            End::Done
        }
    }

    /// What the program's exit code says of it.
    pub fn exit(&self) -> Exit {
        match &self.fatal {
            Some(fault) if fault.kind == Kind::Journal => Exit::Journal,
            _ => Exit::of_end(self.end()),
        }
    }

    /// The program's exit code.
    pub fn exit_code(&self) -> u8 {
        self.exit().code()
    }
}
