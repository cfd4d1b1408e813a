//! What a driver is told: before it runs, and while it does.

use tokio::sync::mpsc;

use crate::engine::{graph::NodeId, policy::Policy, select::Selection};

/// What identifies a run in the journal, and what limits it.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// An id of its own.
    pub run: String,
    /// A digest of the profile.
    pub profile: String,
    /// The version of fedwiz.
    pub program: String,
    /// The part of the walk to go.
    pub selection: Selection,
    /// Patience and parallelism.
    pub policy: Policy,
    /// Go through what is named and nothing else: what it needs is taken as it is recorded.
    pub alone: bool,
    /// Hold everything to exactly what was recorded, as a check does: for the repair after it.
    pub exact: bool,
    /// Take over what is there as it is, and change nothing: for a run that sets up.
    pub adopts: bool,
    /// Nodes that are changed although somebody else looks after them, by their full names.
    pub overrides: Vec<String>,
    /// Nodes that were adopted and are taken back all the same, by their full names.
    pub also: Vec<String>,
    /// Nodes that the profile does not name, and that a set-up takes away after all else. See [`super::Leftovers`].
    pub removes: Vec<NodeId>,
}

/// Tells a driver at work what to do.
#[derive(Debug, Clone)]
pub struct Control {
    pub(super) orders: mpsc::UnboundedSender<Order>,
}

/// What a driver at work can be told. What became of it is told by signals: `Paused`, `Resumed`, `Stopping`, `Reopened`, and
/// `Declined` with the reason when an order cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// Begin no further node. What is at work goes on.
    Pause,
    /// Go on after a pause.
    Resume,
    /// Stop: what is at work finishes its call, waits end, no further call is made.
    Stop,
    /// Stop at once: what is at work is dropped. The journal resumes.
    StopNow,
    /// Let a node that failed, or needs a person, go again; one that pauses before it tries again does so now.
    Retry(NodeId),
    /// Leave a node out that no other insists on: before its turn, after it failed, while its guide is open, or while it waits
    /// and nothing was begun.
    Skip(NodeId),
    /// Look now instead of later.
    LookNow(NodeId),
    /// Take the operator's word in place of the proof that is being waited for. An open guide that asks for no values is
    /// answered by it.
    TakeMyWord(NodeId),
}

impl Control {
    /// Gives an order. Orders to a driver that is done go nowhere.
    pub fn tell(&self, order: Order) {
        let _ = self.orders.send(order);
    }
}
