//! `Shared`: what many nodes want to know at the same time is read once.

use std::{
    collections::BTreeMap,
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;

use crate::{clients::gate::Gate, clock::SharedClock, fault::Fault};

/// How fresh an answer has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// One that somebody else got a moment ago will do: nobody has begun to change the thing.
    Shared,
    /// One that was asked for after this moment: something was changed then.
    After(Timestamp),
    /// Ask now: what was read before says nothing about a change that may have been made since.
    Fresh,
}

/// Values that were read, by key, each with the time at which its reading began.
pub(super) struct Shared<K, V> {
    clock: SharedClock,
    life: Duration,
    slots: Mutex<BTreeMap<K, Arc<Slot<V>>>>,
}

struct Slot<V> {
    /// One reads, the others wait for what it reads.
    gate: Gate,
    seen: Mutex<Option<(Timestamp, Arc<V>)>>,
}

impl<K: Ord, V> Shared<K, V> {
    /// Values live this long.
    pub(super) fn new(clock: SharedClock, life: Duration) -> Self {
        Self {
            clock,
            life,
            slots: Mutex::default(),
        }
    }

    /// The value, read by `read` unless a reading that may be shared is at hand.
    pub(super) async fn get<F>(&self, key: K, look: Look, read: impl FnOnce() -> F) -> Result<Arc<V>, Fault>
    where
        F: Future<Output = Result<V, Fault>>,
    {
        let slot = self.slot(key);
        // What another one begins to read while this one waits is fresh enough.
        let after = match look {
            Look::Shared => None,
            Look::After(moment) => Some(moment),
            Look::Fresh => Some(self.clock.now()),
        };
        let _pass = slot.gate.enter().await;
        if let Some(value) = slot.good(after, self.clock.now(), self.life) {
            return Ok(value);
        }
        let at = self.clock.now();
        let value = Arc::new(read().await?);
        *slot.lock() = Some((at, Arc::clone(&value)));
        Ok(value)
    }

    fn slot(&self, key: K) -> Arc<Slot<V>> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = slots.entry(key).or_insert_with(|| {
            Arc::new(Slot {
                gate: Gate::new(self.clock.clone(), 1),
                seen: Mutex::default(),
            })
        });
        Arc::clone(slot)
    }
}

impl<V> Slot<V> {
    /// What was read, if its reading began after that moment, and not too long ago.
    fn good(&self, after: Option<Timestamp>, now: Timestamp, life: Duration) -> Option<Arc<V>> {
        let seen = self.lock();
        let (at, value) = seen.as_ref()?;
        let age = Duration::try_from(now.duration_since(*at)).unwrap_or_default();
        let good = after.is_none_or(|moment| *at > moment);
        (good && age < life).then(|| Arc::clone(value))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<(Timestamp, Arc<V>)>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
