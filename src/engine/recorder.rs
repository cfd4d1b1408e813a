//! `Recorder`: the only door through which a fact becomes known. It checks that the fact may follow, writes it, waits
//! until it is on disk, and then tells everyone.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::sync::mpsc;

use super::{
    fact::{Call, Event, Fact},
    graph::NodeId,
    journal::{Journal, Recorded, Writer},
    run::Run,
    signal::{Signal, SignalEvent},
};
use crate::{
    clock::SharedClock,
    fault::{Fault, Kind},
};

/// What subscribers hear.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// A fact, which is on disk.
    Fact(Arc<Event>),
    /// A signal, which may be lost.
    Signal(Arc<SignalEvent>),
}

/// How many notices a subscriber may be behind before signals are left out. Facts never are.
const PATIENCE: usize = 65_536;

/// How many calls of a node are kept between two of its facts. More are tries of the same.
const CALLS_KEPT: usize = 32;

/// Hears of everything from the moment it was made, in order.
#[derive(Debug)]
pub struct Subscription {
    inbox: mpsc::UnboundedReceiver<Notice>,
    behind: Arc<AtomicUsize>,
}

impl Subscription {
    /// The next notice; none when the recorder is gone and everything has been heard.
    pub async fn next(&mut self) -> Option<Notice> {
        let notice = self.inbox.recv().await;
        self.took(notice)
    }

    /// The next notice, if one is there already.
    pub fn try_next(&mut self) -> Option<Notice> {
        let notice = self.inbox.try_recv().ok();
        self.took(notice)
    }

    fn took(&self, notice: Option<Notice>) -> Option<Notice> {
        if notice.is_some() {
            self.behind.fetch_sub(1, Ordering::Relaxed);
        }
        notice
    }
}

#[derive(Default)]
struct Hub {
    subscribers: Mutex<Vec<(mpsc::UnboundedSender<Notice>, Arc<AtomicUsize>)>>,
}

impl Hub {
    fn tell(&self, notice: &Notice) {
        let mut subscribers = self.subscribers.lock().unwrap_or_else(PoisonError::into_inner);
        subscribers.retain(|(sender, behind)| {
            if matches!(notice, Notice::Signal(_)) && behind.load(Ordering::Relaxed) >= PATIENCE {
                return true;
            }
            behind.fetch_add(1, Ordering::Relaxed);
            sender.send(notice.clone()).is_ok()
        });
    }
}

/// See the module's documentation.
pub struct Recorder {
    clock: SharedClock,
    state: Mutex<Run>,
    /// The changing calls of each node since its last fact.
    calls: Mutex<HashMap<NodeId, Vec<Call>>>,
    hub: Arc<Hub>,
    /// None where facts are only kept in memory.
    writer: Option<Writer>,
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").finish_non_exhaustive()
    }
}

impl Recorder {
    /// Continues this journal.
    pub fn on(journal: Journal, recorded: Recorded, clock: SharedClock) -> Result<Self, Fault> {
        let hub = Arc::new(Hub::default());
        let publisher = Arc::clone(&hub);
        let publish = Box::new(move |event: &Arc<Event>| publisher.tell(&Notice::Fact(Arc::clone(event))));
        Ok(Self {
            clock,
            state: Mutex::new(recorded.run),
            calls: Mutex::default(),
            hub,
            writer: Some(Writer::start(journal, publish)?),
        })
    }

    /// Continues from here and keeps what follows in memory: for plans and checks, which leave nothing behind, and for
    /// rehearsals.
    pub fn in_memory(run: Run, clock: SharedClock) -> Self {
        Self {
            clock,
            state: Mutex::new(run),
            calls: Mutex::default(),
            hub: Arc::default(),
            writer: None,
        }
    }

    /// Hears of everything that happens from now on.
    pub fn subscribe(&self) -> Subscription {
        let (sender, inbox) = mpsc::unbounded_channel();
        let behind = Arc::new(AtomicUsize::new(0));
        let mut subscribers = self.hub.subscribers.lock().unwrap_or_else(PoisonError::into_inner);
        subscribers.push((sender, Arc::clone(&behind)));
        Subscription { inbox, behind }
    }

    /// Looks at the run as it is now.
    pub fn with_run<T>(&self, look: impl FnOnce(&Run) -> T) -> T {
        look(&self.state())
    }

    /// Makes a fact known. When this returns it is on disk and everyone has been told; when it fails, nothing has changed
    /// that anyone was told of.
    pub async fn fact(&self, node: Option<&NodeId>, fact: Fact) -> Result<(), Fault> {
        let written = {
            let mut run = self.state();
            run.allows(node, &fact).map_err(|why| {
                let about = node.map_or_else(|| "the run".to_owned(), NodeId::to_string);
                Fault::internal(format!("a fact about {about} does not follow: {why}"))
            })?;
            let now = self.clock.now();
            let event = Arc::new(Event {
                seq: run.seq() + 1,
                at: run.at().map_or(now, |last| last.max(now)),
                node: node.cloned(),
                fact,
                calls: node.and_then(|node| self.calls().remove(node)).unwrap_or_default(),
            });
            run.take(&event);
            match &self.writer {
                None => {
                    self.hub.tell(&Notice::Fact(event));
                    return Ok(());
                }
                // Handed over while the run is locked: the order on disk is the order of the numbers.
                Some(writer) => writer.write(event),
            }
        };
        written.await.unwrap_or_else(|_| {
            Err(Fault::new(Kind::Journal, "the journal's writer has stopped")
                .hint("Run the same command again: it looks at what was done and continues."))
        })
    }

    /// Notes a call that changed something, or was to: the node's next fact bears it.
    pub fn called(&self, node: &NodeId, call: Call) {
        let mut calls = self.calls();
        let kept = calls.entry(node.clone()).or_default();
        if kept.len() < CALLS_KEPT {
            kept.push(call);
        }
    }

    /// Tells everyone something that need not be kept.
    pub fn signal(&self, node: Option<&NodeId>, signal: Signal) {
        let seq = self.state().seq();
        self.hub.tell(&Notice::Signal(Arc::new(SignalEvent {
            seq,
            at: self.clock.now(),
            node: node.cloned(),
            signal,
        })));
    }

    fn calls(&self) -> MutexGuard<'_, HashMap<NodeId, Vec<Call>>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> MutexGuard<'_, Run> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
