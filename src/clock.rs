//! `Clock`: where the time comes from, and the only way to let time pass.
//!
//! Engine and clients never ask the operating system for the time and never call a sleep of their own. In a real run
//! the clock is [`SystemClock`]; on the bundled simulator it is the simulator's, so that a demo with the same seed tells
//! the same story to the second, and a forty-minute provisioning cycle passes at once.

use std::{fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

use jiff::Timestamp;

/// A future that ends when its time has come.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A future that ends when it is this task's turn to start.
pub type LineUp = Pin<Box<dyn Future<Output = Busy> + Send>>;

/// Held by whoever is at work. A simulated clock stands still while any of these is held, and moves on to the next
/// deadline when all work is asleep. The system clock ignores it.
pub struct Busy(#[expect(dead_code, reason = "held for its drop")] Option<Box<dyn Send + Sync>>);

impl Busy {
    /// A token that means nothing, for clocks that run by themselves.
    pub fn none() -> Self {
        Self(None)
    }

    /// A token that releases `hold` when it is dropped.
    pub fn holding(hold: impl Send + Sync + 'static) -> Self {
        Self(Some(Box::new(hold)))
    }
}

impl fmt::Debug for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Busy")
    }
}

/// A source of time.
///
/// The rule of a simulated clock, kept by the engine: each task that is at work holds one [`Busy`] (taken by whoever
/// spawns it, see [`Clock::line_up`]), and inside it only one thing is awaited at a time. `sleep` gives the token back for as
/// long as it sleeps. A message that makes another task work carries a [`Busy`] until that task has handled it.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// Waits for this long. Among sleepers with one deadline, the one that went to sleep first wakes first.
    fn sleep(&self, time: Duration) -> Sleep;

    /// Says that work is going on until the token is dropped.
    fn busy(&self) -> Busy;

    /// Lines a new task up: called by whoever spawns it, awaited as the first thing inside it, and gives the task its
    /// token. The place in the line is taken when this is called, not when the future is first polled, so that tasks
    /// spawned side by side start in the order of their calls.
    fn line_up(&self) -> LineUp;
}

/// A shared clock.
pub type SharedClock = Arc<dyn Clock>;

/// The operating system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn sleep(&self, time: Duration) -> Sleep {
        Box::pin(tokio::time::sleep(time))
    }

    fn busy(&self) -> Busy {
        Busy::none()
    }

    fn line_up(&self) -> LineUp {
        Box::pin(std::future::ready(Busy::none()))
    }
}
