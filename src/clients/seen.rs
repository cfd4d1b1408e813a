//! `Seen`: what many tasks want to know at the same time is read once.
//!
//! A task is one node at work. It is given what another one read a moment ago, as long as nothing was changed since that
//! reading began; and never the same reading twice: who asks again wants to look again. That something is not there is
//! never taken from here.

use std::{
    any::Any,
    collections::{HashMap, HashSet},
    future::Future,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use tokio::task;

use crate::{clients::gate::Gate, clock::SharedClock, fault::Fault};

/// How long a reading may be told to others.
const LIFE: Duration = Duration::from_secs(10);

/// With more readings than this at hand, those that nobody may be told any more are dropped.
const MANY: usize = 4096;

/// What was read, whatever it is.
type Value = Arc<dyn Any + Send + Sync>;

/// Readings that may be shared.
pub(super) struct Seen {
    clock: SharedClock,
    /// How many changes have begun or ended.
    changes: AtomicU64,
    /// Counts who asks and what is read, in their order.
    turns: AtomicU64,
    slots: Mutex<HashMap<String, Arc<Slot>>>,
}

struct Slot {
    /// One reads, the others wait for what it reads.
    gate: Gate,
    reading: Mutex<Option<Reading>>,
}

struct Reading {
    began: Timestamp,
    turn: u64,
    changes: u64,
    value: Value,
    told: HashSet<task::Id>,
}

impl Seen {
    pub(super) fn new(clock: SharedClock) -> Self {
        Self {
            clock,
            changes: AtomicU64::new(0),
            turns: AtomicU64::new(0),
            slots: Mutex::default(),
        }
    }

    /// A change begins or has ended: what was read before says nothing about what is there now.
    pub(super) fn changed(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.slots().clear();
    }

    /// What was read under this name, or what `read` reads now. What somebody began to read after this was asked for is as good
    /// as a reading of one's own, whatever was changed meanwhile. Nothing is kept where `read` finds nothing, and nothing is
    /// shared with whoever works for no node.
    pub(super) async fn get<T, F>(&self, name: &str, read: impl FnOnce() -> F) -> Result<Option<Arc<T>>, Fault>
    where
        T: Send + Sync + 'static,
        F: Future<Output = Result<Option<T>, Fault>>,
    {
        let Some(me) = task::try_id() else {
            return Ok(read().await?.map(Arc::new));
        };
        let asked = self.turn();
        let slot = self.slot(name);
        let _pass = slot.gate.enter().await;
        if let Some(value) = self.told(&slot, me, asked) {
            return Ok(Some(value));
        }
        let (began, changes) = self.moment();
        let turn = self.turn();
        let value = read().await?.map(Arc::new);
        *slot.lock() = value.clone().map(|value| Reading {
            began,
            turn,
            changes,
            value,
            told: HashSet::from([me]),
        });
        Ok(value)
    }

    /// What somebody else has read under this name, if it is at hand.
    pub(super) fn at_hand<T: Send + Sync + 'static>(&self, name: &str) -> Option<Arc<T>> {
        let slot = Arc::clone(self.slots().get(name)?);
        self.told(&slot, task::try_id()?, self.turn())
    }

    fn turn(&self) -> u64 {
        self.turns.fetch_add(1, Ordering::SeqCst)
    }

    /// A count that tells whether anything was changed since; for [`Seen::keep`].
    pub(super) fn moment(&self) -> (Timestamp, u64) {
        (self.clock.now(), self.changes.load(Ordering::SeqCst))
    }

    /// Keeps what was read by a request that began at this moment.
    pub(super) fn keep<T: Send + Sync + 'static>(&self, name: &str, (began, changes): (Timestamp, u64), value: Arc<T>) {
        let Some(me) = task::try_id() else { return };
        *self.slot(name).lock() = Some(Reading {
            began,
            turn: 0,
            changes,
            value,
            told: HashSet::from([me]),
        });
    }

    /// The reading, if it may be told to this task.
    fn told<T: Send + Sync + 'static>(&self, slot: &Slot, me: task::Id, asked: u64) -> Option<Arc<T>> {
        let mut reading = slot.lock();
        let reading = reading.as_mut()?;
        if reading.turn < asked && !self.is_good(reading) {
            return None;
        }
        let value = Arc::clone(&reading.value).downcast().ok()?;
        reading.told.insert(me).then_some(value)
    }

    fn is_good(&self, reading: &Reading) -> bool {
        let age = Duration::try_from(self.clock.now().duration_since(reading.began)).unwrap_or_default();
        age < LIFE && reading.changes == self.changes.load(Ordering::SeqCst)
    }

    fn slot(&self, name: &str) -> Arc<Slot> {
        let mut slots = self.slots();
        if slots.len() >= MANY {
            // Whoever is reading holds its slot besides.
            slots
                .retain(|_, slot| Arc::strong_count(slot) > 1 || slot.lock().as_ref().is_some_and(|r| self.is_good(r)));
        }
        let slot = slots.entry(name.to_owned()).or_insert_with(|| {
            Arc::new(Slot {
                gate: Gate::new(self.clock.clone(), 1),
                reading: Mutex::default(),
            })
        });
        Arc::clone(slot)
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<String, Arc<Slot>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    fn lock(&self) -> MutexGuard<'_, Option<Reading>> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;
    use crate::clients::testing::Skipping;

    /// Asks as one task, and says how many readings there were so far.
    async fn ask(seen: &Arc<Seen>, reads: &Arc<AtomicUsize>, times: usize) {
        let (seen, reads) = (Arc::clone(seen), Arc::clone(reads));
        let asking = async move {
            for _ in 0..times {
                let read = || async {
                    reads.fetch_add(1, Ordering::SeqCst);
                    Ok(Some(7_u8))
                };
                assert_eq!(seen.get("it", read).await.unwrap().as_deref(), Some(&7));
            }
        };
        tokio::spawn(asking).await.unwrap();
    }

    #[tokio::test]
    async fn others_are_told_and_who_asks_again_looks_again() {
        let clock = Skipping::new();
        let (seen, reads) = (Arc::new(Seen::new(clock.clone())), Arc::new(AtomicUsize::new(0)));
        let after = |number: usize, why: &str| assert_eq!(reads.load(Ordering::SeqCst), number, "{why}");
        ask(&seen, &reads, 1).await;
        ask(&seen, &reads, 1).await;
        after(1, "the second was told");
        ask(&seen, &reads, 2).await;
        after(2, "its second look was a look");
        seen.changed();
        ask(&seen, &reads, 1).await;
        after(3, "something was changed");
        clock.advance(LIFE);
        ask(&seen, &reads, 1).await;
        after(4, "too long ago");
    }

    #[tokio::test]
    async fn that_nothing_is_there_is_not_passed_on() {
        let (seen, reads) = (Arc::new(Seen::new(Skipping::new())), Arc::new(AtomicUsize::new(0)));
        for number in 1..3 {
            let (seen, counted) = (Arc::clone(&seen), Arc::clone(&reads));
            let asking = async move {
                let read = || async {
                    counted.fetch_add(1, Ordering::SeqCst);
                    Ok(None::<u8>)
                };
                assert!(seen.get("it", read).await.unwrap().is_none());
            };
            tokio::spawn(asking).await.unwrap();
            assert_eq!(reads.load(Ordering::SeqCst), number);
        }
    }

    #[tokio::test]
    async fn a_reading_during_which_something_was_changed_is_told_to_nobody() {
        let (seen, reads) = (Arc::new(Seen::new(Skipping::new())), Arc::new(AtomicUsize::new(0)));
        let asking = {
            let (seen, reads) = (Arc::clone(&seen), Arc::clone(&reads));
            async move {
                let read = || async {
                    reads.fetch_add(1, Ordering::SeqCst);
                    seen.changed();
                    Ok(Some(1_u8))
                };
                seen.get("it", read).await.unwrap();
            }
        };
        tokio::spawn(asking).await.unwrap();
        ask(&seen, &reads, 0).await;
        assert!(seen.at_hand::<u8>("it").is_none());
    }

    #[tokio::test]
    async fn who_asked_before_a_reading_began_is_told_it_whatever_was_changed_meanwhile() {
        let (seen, reads) = (Arc::new(Seen::new(Skipping::new())), Arc::new(AtomicUsize::new(0)));
        let asking = |_| {
            let (seen, reads) = (Arc::clone(&seen), Arc::clone(&reads));
            tokio::spawn(async move {
                let read = || async {
                    reads.fetch_add(1, Ordering::SeqCst);
                    task::yield_now().await;
                    seen.changed();
                    Ok(Some(1_u8))
                };
                assert_eq!(seen.get("it", read).await.unwrap().as_deref(), Some(&1));
            })
        };
        let all: Vec<_> = (0..10).map(asking).collect();
        for one in all {
            one.await.unwrap();
        }
        // The first began to read before the others asked; the second did so for all of them.
        assert_eq!(reads.load(Ordering::SeqCst), 2);
    }
}
