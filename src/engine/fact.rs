//! `Fact`: what a run is made of. Everything the engine knows after a restart, it knows from facts.

use std::sync::Arc;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    graph::NodeId,
    kept::Kept,
    step::{AsFound, How, Undone},
};
use crate::fault::{Fault, Text};

/// The version of the journal and of the JSON events. Both change together.
pub const VERSION: u32 = 1;

/// What a run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Intent {
    /// Set up, or continue.
    Up,
    /// Take back what is ours.
    Down,
    /// Say what setting up would do; change nothing.
    Plan,
    /// Say what taking back would do; change nothing.
    PlanDown,
    /// Look at what stands; change nothing.
    Check,
}

impl Intent {
    /// Whether it changes anything, and so leaves facts.
    pub fn changes(self) -> bool {
        matches!(self, Self::Up | Self::Down)
    }

    /// Whether it goes against the arrows.
    pub fn takes_back(self) -> bool {
        matches!(self, Self::Down | Self::PlanDown)
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// All is as intended.
    Done,
    /// At least one step failed.
    Failed,
    /// At least one step needs a person, and none failed.
    NeedsPerson,
    /// The operator stopped it.
    Stopped,
    /// A check found drift.
    Drift,
}

/// What a step was about when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum During {
    /// Looking.
    Look,
    /// Making or changing it.
    Apply,
    /// Looking for the proof.
    Proof,
    /// Taking it back.
    Undo,
}

/// One thing that happened. Once published it is on disk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "data")]
pub enum Fact {
    /// A run began.
    RunStarted {
        /// The run's own id.
        run: String,
        /// What it is for.
        intent: Intent,
        /// A digest of the profile.
        profile: String,
        /// The version of fedwiz.
        program: String,
        /// What it was limited to; empty means all.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        only: Vec<String>,
        /// What a set-up takes away after all else: what is ours and the profile names no more, and what the operator listed.
        /// Nothing else is taken back in a set-up.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        removes: Vec<NodeId>,
    },
    /// A run came to an end by itself.
    RunEnded {
        /// The run's own id.
        run: String,
        /// How.
        end: End,
    },
    /// A changing call is about to be made, for the first time or again. After a crash this is where looking begins.
    Started {
        /// What was there, when it was there and not as wanted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<Arc<Value>>,
        /// The items of other steps that this node refers to, so that it can be taken back when the profile has
        /// forgotten it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        refs: Vec<(String, String)>,
    },
    /// It waits for something outside.
    Waiting {
        /// What for.
        why: Text,
        /// What ends the wait early.
        ends_when: Text,
        /// When it gives up.
        until: Timestamp,
    },
    /// It stays open until a person has acted.
    NeedsPerson {
        /// What for.
        fault: Fault,
    },
    /// It stands.
    Done {
        /// How it came to stand.
        how: How,
        /// What stands.
        output: Kept,
        /// What was seen.
        proof: Text,
        /// True when nobody saw it and a person gave their word.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        unproven: bool,
    },
    /// What was adopted a moment ago is held to how it was found: it bears an owner's mark, or differs from what the profile
    /// says in what may stay.
    AsFound(AsFound),
    /// It failed.
    Failed {
        /// Why.
        fault: Fault,
        /// What it was about.
        during: During,
        /// True when a look after the failure found that nothing had been changed.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        untouched: bool,
    },
    /// The operator left it out.
    Skipped {
        /// Why.
        why: Text,
    },
    /// The operator lets what was adopted be taken back as if fedwiz had made it.
    Released {},
    /// The first call that takes it back is about to be made.
    UndoStarted {},
    /// It is taken back, or stays.
    Undone {
        /// What was done.
        #[serde(flatten)]
        what: Undone,
        /// What was seen.
        #[serde(default, skip_serializing_if = "str::is_empty")]
        proof: Text,
        /// True when nobody could look afterwards.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        unproven: bool,
    },
}

/// A fact with its number, its time and its node.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its number in the journal, counted from 1 without gaps.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// The node it is about; none for facts about the run.
    pub node: Option<NodeId>,
    /// What happened.
    pub fact: Fact,
    /// The calls that changed something, or were to, since the node's last fact.
    pub calls: Vec<Call>,
}

/// A call that changed something, or was to: for whoever has to account for it, and for support cases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Whom it went to: `Microsoft Graph`, `AWS`, `SCIM`.
    pub service: String,
    /// What was asked for: an AWS operation, or method and path.
    pub what: String,
    /// The answer's status, if there was an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The vendor's request id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
}
