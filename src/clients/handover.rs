//! `handover`: one task waits for what another one brings, and gets on with every clock.
//!
//! A task that waits for another one must not hold a simulated clock still: whoever waits here sleeps on the clock until
//! the thing is handed over.

use std::{fmt, time::Duration};

use tokio::sync::oneshot;

use crate::clock::{LineUp, SharedClock};

/// How long one nap lasts while waiting. Only a bound: the hand-over ends it.
const NAP: Duration = Duration::from_secs(24 * 60 * 60);

/// Hands one thing over.
pub struct Giver<T> {
    clock: SharedClock,
    hand: oneshot::Sender<(T, LineUp)>,
}

/// Waits for one thing.
#[must_use = "nobody waits until this is awaited"]
pub struct Taker<T> {
    clock: SharedClock,
    turn: oneshot::Receiver<(T, LineUp)>,
}

/// Both ends of one hand-over.
pub fn handover<T>(clock: &SharedClock) -> (Giver<T>, Taker<T>) {
    let (hand, turn) = oneshot::channel();
    let giver = Giver {
        clock: clock.clone(),
        hand,
    };
    let taker = Taker {
        clock: clock.clone(),
        turn,
    };
    (giver, taker)
}

impl<T> Giver<T> {
    /// Hands it over. Whoever takes it gets in line now, so that of several to whom something is given, who goes on first does
    /// not depend on threads. When nobody waits any more it comes back.
    pub fn give(self, thing: T) -> Result<(), T> {
        let place = self.clock.line_up();
        self.hand.send((thing, place)).map_err(|(thing, _)| thing)
    }
}

impl<T> Taker<T> {
    /// Waits until it is handed over; none when whoever was to do it is gone.
    pub async fn take(mut self) -> Option<T> {
        loop {
            let mut nap = self.clock.sleep(NAP);
            // The nap comes first: from then on this task is no more at work, and its place in the line can come.
            let handed = tokio::select! {
                biased;
                () = &mut nap => continue,
                handed = &mut self.turn => handed,
            };
            let (thing, place) = handed.ok()?;
            let busy = place.await;
            drop(nap);
            drop(busy);
            return Some(thing);
        }
    }
}

impl<T> fmt::Debug for Giver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Giver")
    }
}

impl<T> fmt::Debug for Taker<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Taker")
    }
}
