//! `Signal`: what is worth showing but not worth keeping. Signals skip the disk and may be lost.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    graph::NodeId,
    guide::Guide,
    step::{Difference, How},
};
use crate::fault::{Fault, Text};

/// Something worth showing at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Signal {
    /// The step is looking.
    Looking,
    /// The step is at work on its change, or on taking it back.
    Acting,
    /// A note on progress: what is going on, and how far it has come.
    Note {
        /// What is going on.
        text: String,
        /// How many are done.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        done: Option<u64>,
        /// How many there are.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        total: Option<u64>,
    },
    /// A request went out and its answer came back, or did not.
    Exchange(Exchange),
    /// A person is asked.
    Asked {
        /// What for.
        guide: Box<Guide>,
    },
    /// The person answered.
    Answered {
        /// The person gives their word, where no proof may come.
        unproven: bool,
    },
    /// Something went wrong that may pass: it is tried again.
    Retrying {
        /// What went wrong.
        fault: Fault,
        /// The how-manieth try this was.
        attempt: u32,
        /// When it is tried again.
        next: Timestamp,
    },
    /// The step waits and has looked in vain so far.
    StillWaiting {
        /// What for.
        why: Text,
        /// When the next look is.
        next: Timestamp,
        /// When it gives up.
        until: Timestamp,
        /// What ends it early.
        ends_when: Text,
    },
    /// It stands as it did: nothing was done.
    Unchanged {
        /// How it came to stand.
        how: How,
        /// What was seen.
        proof: Text,
    },
    /// It cannot run, because another did not come to an end.
    Blocked {
        /// The node at the root of it.
        by: NodeId,
    },
    /// What a plan or a check found.
    Found(Finding),
    /// It goes again when its turn comes: the operator said so, or what held it up goes again or is left out.
    Reopened,
    /// An order of the operator is not followed.
    Declined {
        /// Why.
        why: Text,
    },
    /// The run is paused: nothing further is begun.
    Paused,
    /// The run goes on.
    Resumed,
    /// The run is being stopped: calls at work come back, and nothing further is begun.
    Stopping,
}

/// One request and its answer, already redacted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    /// The method, or the AWS operation.
    pub method: String,
    /// Where to, without secrets.
    pub url: String,
    /// The answer's status, if there was an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The vendor's request id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// How long it took.
    pub millis: u64,
    /// The how-manieth try of this request.
    pub attempt: u32,
    /// What is special about it: "throttled, again in 3 s".
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// What a plan or a check found out about one node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// What would happen to it, or how it is.
    pub what: What,
    /// Field by field, where something is not as wanted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
    /// What was seen, or why nobody can tell.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub note: Text,
}

/// What would happen to a node, or how it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// It stands as wanted, seen or ours: nothing would happen.
    Stands,
    /// It is there already and would be used, and never removed.
    WouldAdopt,
    /// It would be made.
    WouldMake,
    /// It would be changed.
    WouldChange,
    /// A person would be asked.
    WouldAsk,
    /// It would be waited for.
    WouldWait,
    /// It would be made; it cannot be looked at before something else is made.
    WouldMakeLater,
    /// It would be taken away.
    WouldRemove,
    /// What was there before would be put back.
    WouldRestore,
    /// It would stay: it was there before, or is kept.
    WouldStay,
    /// There is nothing to do: it was never made, or is gone already.
    Nothing,
    /// It is recorded as standing and is not there.
    Missing,
    /// It is recorded as standing and is not as wanted.
    Drifted,
    /// Nobody can tell from here.
    CannotTell,
    /// Looking failed.
    Failed,
}

/// A signal with its time and its node.
#[derive(Debug, Clone, PartialEq)]
pub struct SignalEvent {
    /// The number of the last fact before it.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// The node it is about.
    pub node: Option<NodeId>,
    /// What it says.
    pub signal: Signal,
}
