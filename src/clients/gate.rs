//! `Gate`: lets so many through at a time, in the order of their asking, and gets on with every clock.
//!
//! A task that waits for another one must not hold a simulated clock still, so a plain lock or semaphore held across
//! an `await` will not do: whoever waits here sleeps on the clock until the pass is handed over.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::handover::{Giver, handover};
use crate::clock::SharedClock;

/// Lets so many through at a time.
#[derive(Clone)]
pub struct Gate {
    clock: SharedClock,
    line: Arc<Mutex<Line>>,
}

struct Line {
    free: usize,
    waiting: VecDeque<Giver<Pass>>,
}

/// Held by whoever went through; the next one goes when it is dropped.
#[must_use = "the place is free again as soon as this is dropped"]
pub struct Pass(Option<Gate>);

impl Gate {
    /// A gate for `places` at a time.
    pub fn new(clock: SharedClock, places: usize) -> Self {
        let line = Line {
            free: places.max(1),
            waiting: VecDeque::new(),
        };
        Self {
            clock,
            line: Arc::new(Mutex::new(line)),
        }
    }

    /// Waits for a free place.
    pub async fn enter(&self) -> Pass {
        let turn = {
            let mut line = self.lock();
            if line.free > 0 {
                line.free -= 1;
                return Pass(Some(self.clone()));
            }
            let (hand, turn) = handover(&self.clock);
            line.waiting.push_back(hand);
            turn
        };
        turn.take().await.expect("whoever leaves hands the pass over")
    }

    fn lock(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn leave(&self) {
        loop {
            let next = {
                let mut line = self.lock();
                match line.waiting.pop_front() {
                    Some(next) => next,
                    None => {
                        line.free += 1;
                        return;
                    }
                }
            };
            match next.give(Pass(Some(self.clone()))) {
                Ok(()) => return,
                // Who waited has gone. Take the pass back without its drop handing it on a second time.
                Err(mut pass) => pass.0 = None,
            }
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if let Some(gate) = self.0.take() {
            gate.leave();
        }
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate")
            .field("free", &self.lock().free)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pass")
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        time::Duration,
    };

    use super::*;
    use crate::clock::SystemClock;

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn no_more_than_the_places_are_inside() {
        let gate = Gate::new(Arc::new(SystemClock), 3);
        let inside = Arc::new(AtomicUsize::new(0));
        let most = Arc::new(AtomicUsize::new(0));
        let tasks: Vec<_> = (0..40)
            .map(|_| {
                let (gate, inside, most) = (gate.clone(), inside.clone(), most.clone());
                tokio::spawn(async move {
                    let _pass = gate.enter().await;
                    most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    tokio::time::sleep(Duration::from_millis(2)).await;
                    inside.fetch_sub(1, Ordering::SeqCst);
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(most.load(Ordering::SeqCst), 3);
        assert_eq!(gate.lock().free, 3);
    }

    #[tokio::test]
    async fn whoever_gives_up_waiting_does_not_lose_the_place() {
        let gate = Gate::new(Arc::new(SystemClock), 1);
        let pass = gate.enter().await;
        let impatient = tokio::spawn({
            let gate = gate.clone();
            async move { gate.enter().await }
        });
        let patient = tokio::spawn({
            let gate = gate.clone();
            async move { gate.enter().await }
        });
        tokio::task::yield_now().await;
        impatient.abort();
        let _ = impatient.await;
        drop(pass);
        drop(patient.await.unwrap());
        assert_eq!(gate.lock().free, 1);
    }
}
