//! `Pace`: keeps a vendor's rate limit before the vendor has to say so.
//!
//! A limit reads "so many calls in so long". The pace lets a burst of that many through at once and after that never
//! more than that many in any stretch of that length, wherever the stretch begins. This is within what a token bucket of
//! the same size and rate allows, within what a counter over fixed windows allows, and within what a sliding one allows:
//! whichever the vendor uses, it is kept.
//!
//! A vendor counts the calls of the process before this one, too. After a crash nobody knows them, so they are taken for
//! as many as were allowed.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;

use crate::clock::SharedClock;

/// Calls that set out apart may arrive closer together: each stretch is longer by this share.
const MARGIN: f64 = 0.02;

/// Within a longer stretch than this a process before this one is taken to have called evenly, not all at once: the wait
/// would cost more than the limit, which is far from what a walk needs, is worth.
const REMEMBERED: Duration = Duration::from_secs(10);

/// A vendor's limit on calls in a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// What it limits, as shown while waiting: "Identity Center calls".
    pub what: &'static str,
    /// So many calls,
    pub calls: u32,
    /// in so long.
    pub per: Duration,
    /// Where the vendor says so.
    pub source: &'static str,
}

/// The running state of one limit. Share it among all that the vendor counts together.
pub struct Pace {
    clock: SharedClock,
    limit: Limit,
    /// The last calls let through, oldest first; at most `limit.calls` of them. Some may lie ahead: reserved.
    taken: Mutex<VecDeque<Timestamp>>,
}

impl Pace {
    /// A fresh pace for `limit`.
    pub fn new(clock: SharedClock, limit: Limit) -> Self {
        Self {
            clock,
            limit,
            taken: Mutex::new(VecDeque::new()),
        }
    }

    /// A pace for `limit` that goes on where another process, which called until `then`, left off.
    pub fn after(clock: SharedClock, limit: Limit, then: Timestamp) -> Self {
        let step = match limit.per <= REMEMBERED {
            true => Duration::ZERO,
            false => limit.per / limit.calls.max(1),
        };
        let before = |back: u32| then.checked_sub(step * back).unwrap_or(Timestamp::MIN);
        let pace = Self::new(clock, limit);
        pace.taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend((0..limit.calls.max(1)).rev().map(before));
        pace
    }

    /// The limit it keeps.
    pub fn limit(&self) -> Limit {
        self.limit
    }

    /// Waits until one more call is allowed.
    pub async fn take(&self) {
        let wait = self.reserve();
        if !wait.is_zero() {
            self.clock.sleep(wait).await;
        }
    }

    /// Takes the next place and tells how far ahead it lies. Places are given in the order of the asking.
    pub fn reserve(&self) -> Duration {
        let now = self.clock.now();
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let mut at = taken.back().map_or(now, |last| now.max(*last));
        if taken.len() >= self.limit.calls.max(1) as usize
            && let Some(oldest) = taken.pop_front()
        {
            at = at.max(oldest + self.limit.per.mul_f64(1.0 + MARGIN));
        }
        taken.push_back(at);
        Duration::try_from(at.duration_since(now)).unwrap_or_default()
    }
}

impl fmt::Debug for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pace")
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clients::{limits, testing::Skipping},
        clock::Clock,
    };

    /// The most calls in any stretch of `per`, wherever it begins.
    fn busiest(times: &[Timestamp], per: Duration) -> usize {
        (0..times.len())
            .map(|from| times[from..].iter().take_while(|at| **at < times[from] + per).count())
            .max()
            .unwrap_or(0)
    }

    async fn calls(limit: Limit, count: usize, idle: impl Fn(usize) -> Duration) -> Vec<Timestamp> {
        let clock = Skipping::new();
        let pace = Pace::new(clock.clone(), limit);
        let mut times = Vec::new();
        for number in 0..count {
            clock.advance(idle(number));
            pace.take().await;
            times.push(clock.now());
        }
        times
    }

    #[tokio::test]
    async fn no_limit_is_ever_exceeded() {
        for limit in [
            limits::SSO_ADMIN,
            limits::IDENTITY_STORE,
            limits::CLOUDTRAIL_LOOKUP,
            limits::SCIM_READS,
            limits::SCIM_WRITES,
            limits::PROVISION_ON_DEMAND,
            limits::GRAPH_REPORTS,
        ] {
            let mut dice = fastrand::Rng::with_seed(3);
            let idle: Vec<Duration> = (0..500)
                .map(|_| limit.per.mul_f64(dice.f64() * dice.f64() * 0.3))
                .collect();
            for times in [
                calls(limit, 500, |_| Duration::ZERO).await,
                calls(limit, 500, |number| idle[number]).await,
            ] {
                assert!(busiest(&times, limit.per) <= limit.calls as usize, "{}", limit.what);
            }
        }
    }

    #[tokio::test]
    async fn the_limit_is_used_to_the_full() {
        let times = calls(limits::SSO_ADMIN, 2020, |_| Duration::ZERO).await;
        let took = times[2019].duration_since(times[0]).as_secs_f64();
        // 2,000 calls beyond the first burst, at 20 a second: 100 seconds and the margin.
        assert!((100.0..103.0).contains(&took), "{took}");
    }

    #[tokio::test]
    async fn calls_of_the_process_before_this_one_count() {
        for limit in [limits::CLOUDTRAIL_LOOKUP, limits::GRAPH_REPORTS, limits::GRAPH_WRITES] {
            let clock = Skipping::new();
            let then = clock.now();
            let pace = Pace::after(clock.clone(), limit, then);
            pace.take().await;
            let waited = Duration::try_from(clock.now().duration_since(then)).expect("time goes on");
            match limit.per <= REMEMBERED {
                true => assert!(waited >= limit.per, "{}", limit.what),
                // The margin of the whole stretch, and one step.
                false => assert!(waited < limit.per / 20, "{}", limit.what),
            }
            clock.advance(limit.per * 2);
            let at = clock.now();
            pace.take().await;
            assert_eq!(clock.now(), at, "{}", limit.what);
        }
    }

    #[test]
    fn places_are_given_in_the_order_of_asking() {
        let pace = Pace::new(Skipping::new(), limits::CLOUDTRAIL_LOOKUP);
        let waits: Vec<Duration> = (0..7).map(|_| pace.reserve()).collect();
        assert!(waits.is_sorted());
        assert_eq!(waits[0..2], [Duration::ZERO; 2]);
        assert!(waits[6] >= Duration::from_secs(3));
    }
}
