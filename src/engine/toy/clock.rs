//! A clock that stands still while anyone is at work and then jumps, by the protocol of [`crate::clock::Clock`].

use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};

use crate::clock::{Busy, Clock, LineUp, SharedClock, Sleep};

#[derive(Debug, Clone)]
pub(in crate::engine) struct Stepped(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    now: Timestamp,
    busy: i64,
    calls: u64,
    sleepers: BTreeMap<(Timestamp, u64), Option<Waker>>,
}

impl State {
    fn advance(&mut self) {
        while self.busy <= 0
            && let Some(((at, _), waker)) = self.sleepers.pop_first()
        {
            self.now = self.now.max(at);
            self.busy += 1;
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }
}

impl Stepped {
    pub(in crate::engine) fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            now: "2026-01-05T09:00:00Z".parse().expect("a time"),
            busy: 0,
            calls: 0,
            sleepers: BTreeMap::new(),
        })))
    }

    pub(in crate::engine) fn shared() -> SharedClock {
        Arc::new(Self::new())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, time: Duration, gives_back: bool) -> Sleeper {
        let mut state = self.state();
        let key = (
            state.now + SignedDuration::try_from(time).expect("a short time"),
            state.calls,
        );
        state.calls += 1;
        state.sleepers.insert(key, None);
        if gives_back {
            state.busy -= 1;
            state.advance();
        }
        drop(state);
        Sleeper {
            clock: self.clone(),
            key,
            gives_back,
            done: false,
        }
    }
}

/// Gives a token back when it is dropped.
struct Token(Stepped);

impl Drop for Token {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.busy -= 1;
        state.advance();
    }
}

struct Sleeper {
    clock: Stepped,
    key: (Timestamp, u64),
    gives_back: bool,
    done: bool,
}

impl Future for Sleeper {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let waiting = match self.clock.state().sleepers.get_mut(&self.key) {
            Some(waker) => {
                *waker = Some(cx.waker().clone());
                true
            }
            None => false,
        };
        if waiting {
            return Poll::Pending;
        }
        self.done = true;
        Poll::Ready(())
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let mut state = self.clock.state();
        let asleep = state.sleepers.remove(&self.key).is_some();
        match (asleep, self.gives_back) {
            // A sleeper that is dropped is at work again.
            (true, true) => state.busy += 1,
            // One that was woken to start and never did gives its token back.
            (false, false) if !self.done => {
                state.busy -= 1;
                state.advance();
            }
            _ => {}
        }
    }
}

impl Clock for Stepped {
    fn now(&self) -> Timestamp {
        self.state().now
    }

    fn sleep(&self, time: Duration) -> Sleep {
        Box::pin(self.enter(time, true))
    }

    fn busy(&self) -> Busy {
        self.state().busy += 1;
        Busy::holding(Token(self.clone()))
    }

    fn line_up(&self) -> LineUp {
        let sleeper = self.enter(Duration::ZERO, false);
        let clock = self.clone();
        Box::pin(async move {
            sleeper.await;
            Busy::holding(Token(clock))
        })
    }
}
