//! The simulator's time as everybody's time.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::{
    clock::{Busy, Clock, LineUp, Sleep},
    sim::{Mode, SimClock},
};

/// The simulator's time: a walk and the clouds it walks in agree to the second.
#[derive(Debug, Clone)]
pub struct SimulatedTime(pub SimClock);

/// Tells other processes on this machine how a simulator's time runs: `SPEED,MILLISECONDS,TIME`, where the second is a moment
/// of the Unix clock and the third is what the simulator's clock showed then.
pub const CLOCK: &str = "FEDWIZ_SIM_CLOCK";

impl SimulatedTime {
    /// What to tell other processes about this clock; nothing when it does not run by itself.
    pub fn told(&self) -> Option<String> {
        let Mode::Realtime { speed } = self.0.mode() else {
            return None;
        };
        Some(format!(
            "{speed},{},{}",
            Timestamp::now().as_millisecond(),
            self.0.now()
        ))
    }

    /// The clock that another process told of.
    pub fn heard(told: &str) -> Option<Self> {
        let mut words = told.split(',');
        let speed: f64 = words.next()?.parse().ok()?;
        let then = Timestamp::from_millisecond(words.next()?.parse().ok()?).ok()?;
        let shown: Timestamp = words.next()?.parse().ok()?;
        if !(speed > 0.0 && speed.is_finite()) {
            return None;
        }
        let since = Timestamp::now().duration_since(then).as_secs_f64().max(0.0) * speed;
        let now = shown.checked_add(SignedDuration::try_from_secs_f64(since).ok()?).ok()?;
        Some(Self(SimClock::new(Mode::Realtime { speed }, now)))
    }
}

impl Clock for SimulatedTime {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn sleep(&self, time: Duration) -> Sleep {
        Box::pin(self.0.sleep(time))
    }

    fn busy(&self) -> Busy {
        Busy::holding(self.0.busy())
    }

    fn line_up(&self) -> LineUp {
        let turn = self.0.line_up();
        Box::pin(async move { Busy::holding(turn.await) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_told_of_shows_the_same_time() {
        let start: Timestamp = "2026-01-05T09:00:00Z".parse().unwrap();
        let ours = SimulatedTime(SimClock::new(Mode::Realtime { speed: 600.0 }, start));
        let theirs = SimulatedTime::heard(&ours.told().unwrap()).unwrap();
        let apart = theirs.now().duration_since(ours.now()).as_secs_f64().abs();
        assert!(apart < 60.0, "{apart} simulated seconds apart");
        assert!(SimulatedTime::heard("fast 1 2").is_none());
        assert!(SimulatedTime(SimClock::new(Mode::default(), start)).told().is_none());
    }
}
