//! Fuses: a test's way to kill its client at an exact request.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

/// The moment of the crash, as the client sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Moment {
    /// The request never arrives: nothing is done.
    BeforeSend,
    /// The request is done, and its answer never arrives.
    AfterCommit,
    /// The request is done and answered.
    AfterAnswer,
}

impl Moment {
    /// All three.
    pub const ALL: [Self; 3] = [Self::BeforeSend, Self::AfterCommit, Self::AfterAnswer];
}

/// What the server has to do with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Burn {
    /// Nothing special.
    No,
    /// Blow at this moment.
    Now(Moment),
    /// It has blown: the client is dead, whatever it still sends does not arrive.
    Dead,
}

#[derive(Debug, Default)]
pub(super) struct Fuses {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Requests of clients so far.
    requests: u64,
    armed: Option<(u64, Moment)>,
    blown: Option<u64>,
    notify: Arc<Notify>,
}

impl Fuses {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Requests of clients so far, on all ports but admin; the simulation's own are not counted.
    pub(super) fn requests(&self) -> u64 {
        self.lock().requests
    }

    /// Counts a client's request and says what to do with it.
    pub(super) fn count(&self) -> Burn {
        let mut state = self.lock();
        if state.blown.is_some() {
            return Burn::Dead;
        }
        state.requests += 1;
        match state.armed {
            Some((n, moment)) if n == state.requests => Burn::Now(moment),
            _ => Burn::No,
        }
    }

    /// The moment has come.
    pub(super) fn blow(&self) {
        let mut state = self.lock();
        state.blown = Some(state.requests);
        state.armed = None;
        state.notify.notify_one();
    }

    pub(super) fn arm(self: &Arc<Self>, n: u64, moment: Moment) -> Fuse {
        let mut state = self.lock();
        state.armed = Some((n, moment));
        state.blown = None;
        state.notify = Arc::new(Notify::new());
        Fuse {
            fuses: Arc::clone(self),
            notify: Arc::clone(&state.notify),
        }
    }
}

/// An armed fuse. Dropping it lets requests arrive again.
#[derive(Debug)]
pub struct Fuse {
    fuses: Arc<Fuses>,
    notify: Arc<Notify>,
}

impl Fuse {
    /// Ends when the fuse blows: abort the client then. What it still sends until then does not arrive.
    pub async fn blown(&self) {
        self.notify.notified().await;
    }

    /// Whether it has blown.
    pub fn is_blown(&self) -> bool {
        self.fuses.lock().blown.is_some()
    }
}

impl Drop for Fuse {
    fn drop(&mut self) {
        let mut state = self.fuses.lock();
        state.armed = None;
        state.blown = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_third_request_blows_and_later_ones_are_dead_until_the_fuse_is_dropped() {
        let fuses = Arc::new(Fuses::default());
        let fuse = fuses.arm(3, Moment::AfterCommit);
        assert_eq!([fuses.count(), fuses.count()], [Burn::No, Burn::No]);
        assert_eq!(fuses.count(), Burn::Now(Moment::AfterCommit));
        fuses.blow();
        fuse.blown().await;
        assert_eq!(fuses.count(), Burn::Dead);
        drop(fuse);
        assert_eq!(fuses.count(), Burn::No);
        assert_eq!(fuses.requests(), 4);
    }
}
