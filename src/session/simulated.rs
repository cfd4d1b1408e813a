//! The simulator's time as everybody's time.

use std::time::Duration;

use jiff::Timestamp;

use crate::{
    clock::{Busy, Clock, LineUp, Sleep},
    sim::SimClock,
};

/// The simulator's time: a walk and the clouds it walks in agree to the second.
#[derive(Debug, Clone)]
pub struct SimulatedTime(pub SimClock);

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
