//! `Cx`: what a step may use while it is at work.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    graph::NodeId,
    guide::{Answer, Guide, Operator},
    nudge::{Nudge, Nudges},
    signal::Signal,
};
use crate::{
    clock::SharedClock,
    fault::{Fault, Kind, Text},
};

/// Takes the signals of a node.
pub type SignalSink = Arc<dyn Fn(&NodeId, Signal) + Send + Sync>;

/// A future that ends when the operator stops the run.
pub type Stop = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

/// Gives a future that ends when the operator stops the run.
pub type Stopper = Arc<dyn Fn() -> Stop + Send + Sync>;

/// What a step may use while it is at work.
pub struct Cx<W> {
    world: Arc<W>,
    node: NodeId,
    target: String,
    surroundings: Surroundings,
    started_at: Option<Timestamp>,
    recorded: Option<Arc<Value>>,
    item: Option<String>,
    nudges: Nudges,
    unproven: AtomicBool,
    left_out: AtomicBool,
}

/// What all nodes of a run share.
#[derive(Clone)]
pub struct Surroundings {
    /// The clock.
    pub clock: SharedClock,
    /// Whoever answers guides. Several nodes may ask at once.
    pub operator: Arc<dyn Operator>,
    /// Where signals go.
    pub signals: SignalSink,
    /// How a stop is heard of.
    pub stopper: Stopper,
}

impl Surroundings {
    /// Surroundings in which signals go nowhere and nobody stops the run.
    pub fn quiet(clock: SharedClock, operator: Arc<dyn Operator>) -> Self {
        Self {
            clock,
            operator,
            signals: Arc::new(|_, _| {}),
            stopper: Arc::new(|| Box::pin(std::future::pending())),
        }
    }
}

impl<W> Cx<W> {
    /// For this node; `target` is its AWS target's name, and empty for a node of the tenant.
    pub fn new(world: Arc<W>, node: NodeId, target: impl Into<String>, surroundings: Surroundings) -> Self {
        Self {
            world,
            node,
            target: target.into(),
            surroundings,
            started_at: None,
            recorded: None,
            item: None,
            nudges: Nudges::silent(),
            unproven: AtomicBool::new(false),
            left_out: AtomicBool::new(false),
        }
    }

    /// Spells the item as the profile does, where the journal spells it otherwise.
    #[must_use]
    pub(super) fn spelt(mut self, item: &str) -> Self {
        self.item = (self.node.item != item).then(|| item.to_owned());
        self
    }

    /// Lets the operator say something to the node while it is at work.
    #[must_use]
    pub(super) fn hearing(mut self, nudges: Nudges) -> Self {
        self.nudges = nudges;
        self
    }

    /// Holds the node to exactly what the journal says stands.
    #[must_use]
    pub(super) fn held_to(mut self, recorded: Option<Arc<Value>>) -> Self {
        self.recorded = recorded;
        self
    }

    /// What the journal says stands, where everything is to be exactly that, with what others added since: in a check, and
    /// in the repair after it. None while setting up, which takes up what others added, and where nothing stands.
    pub fn as_recorded<T: DeserializeOwned>(&self) -> Option<T> {
        T::deserialize(self.recorded.as_deref()?).ok()
    }

    /// Says when the node's *Started* fact was written.
    pub fn set_started(&mut self, at: Option<Timestamp>) {
        self.started_at = at;
    }

    /// The world the step works in.
    pub fn world(&self) -> &Arc<W> {
        &self.world
    }

    /// The name of the AWS target. Empty for a step of the tenant.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The item's key. Empty for a step that has no items.
    pub fn item(&self) -> &str {
        self.item.as_deref().unwrap_or(&self.node.item)
    }

    /// The node.
    pub fn node(&self) -> &NodeId {
        &self.node
    }

    /// The clock. Steps read it; they never sleep.
    pub fn clock(&self) -> &SharedClock {
        &self.surroundings.clock
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        self.surroundings.clock.now()
    }

    /// When this node's *Started* fact was written, or, while it is taken back, its *UndoStarted*: a proof looks for
    /// events newer than that. None before anything was started.
    pub fn started_at(&self) -> Option<Timestamp> {
        self.started_at
    }

    /// Says what is going on.
    pub fn note(&self, text: impl Into<String>) {
        self.signal(Signal::Note {
            text: text.into(),
            done: None,
            total: None,
        });
    }

    /// Says what is going on and how far it has come.
    pub fn progress(&self, text: impl Into<String>, done: u64, total: u64) {
        self.signal(Signal::Note {
            text: text.into(),
            done: Some(done),
            total: Some(total),
        });
    }

    /// Asks a person and waits for the answer.
    pub async fn ask(&self, guide: Guide) -> Result<Answer, Fault> {
        self.signal(Signal::Asked {
            guide: Box::new(guide.clone()),
        });
        let answer = {
            let mut asking = self.surroundings.operator.ask(&self.node, &guide);
            let mut stop = (self.surroundings.stopper)();
            loop {
                tokio::select! {
                    biased;
                    answer = &mut asking => break answer?,
                    () = &mut stop => return Err(Fault::new(Kind::Stopped, "the run was stopped")),
                    nudge = self.nudges.next() => match nudge {
                        Nudge::Skip => {
                            self.left_out.store(true, Ordering::Relaxed);
                            return Err(Fault::new(Kind::NeedsPerson, "it was left out before anybody answered"));
                        }
                        Nudge::Word if guide.fields.iter().all(|field| field.optional) => break Answer::vouched(),
                        Nudge::Word => self.decline("its guide asks for values: bring them, and vouch for them there"),
                        Nudge::Look => self.decline("its guide is open: it looks as soon as that is answered"),
                        Nudge::None => {}
                    },
                }
            }
        };
        if answer.unproven {
            self.take_word();
        }
        self.signal(Signal::Answered {
            unproven: answer.unproven,
        });
        Ok(answer)
    }

    /// Takes the answer that was given for a person's word: no proof of it can come. It is recorded as *unproven*.
    pub fn take_word(&self) {
        self.unproven.store(true, Ordering::Relaxed);
    }

    /// What the operator says to the node.
    pub(super) fn nudges(&mut self) -> &mut Nudges {
        &mut self.nudges
    }

    /// Says why an order is not followed.
    pub(super) fn decline(&self, why: impl Into<Text>) {
        self.signal(Signal::Declined { why: why.into() });
    }

    /// Whether the operator left it out while its guide was open.
    pub(super) fn left_out(&self) -> bool {
        self.left_out.load(Ordering::Relaxed)
    }

    /// Whether a person gave their word in place of a proof.
    pub(super) fn unproven(&self) -> bool {
        self.unproven.load(Ordering::Relaxed)
    }

    pub(super) fn signal(&self, signal: Signal) {
        (self.surroundings.signals)(&self.node, signal);
    }
}

tokio::task_local! {
    static NODE: NodeId;
}

/// The node that the current task works for, so that observed requests can be tied to it.
pub fn current_node() -> Option<NodeId> {
    NODE.try_with(NodeId::clone).ok()
}

/// Runs `work` as the work of this node.
pub async fn as_node<F: Future>(node: NodeId, work: F) -> F::Output {
    NODE.scope(node, work).await
}
