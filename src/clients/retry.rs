//! The one retry policy: bounded, with full jitter, with `Retry-After` kept, and never a second create.

use std::{
    fmt,
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;

use crate::{clock::SharedClock, fault::Retry};

tokio::task_local! {
    static ATTEMPT: u32;
    static FOR_NOW: Policy;
}

/// Which attempt the current task is making: 1 unless a [`Retrying`] is at its second or later.
pub fn current_attempt() -> u32 {
    ATTEMPT.try_with(|attempt| *attempt).unwrap_or(1)
}

/// What a failed attempt means for another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Another attempt gives the same answer.
    Final,
    /// The vendor did nothing and asks to come back later, perhaps saying when.
    Throttled(Option<Duration>),
    /// The request never left.
    NotSent,
    /// It is not known what the vendor did: the answer was lost, or the service failed on the way. It may say when to
    /// come back.
    Unclear(Option<Duration>),
}

impl Trouble {
    /// What a fault made from this says about trying again.
    pub fn retry(self, idempotent: bool) -> Retry {
        match self {
            Self::Final => Retry::Never,
            Self::NotSent => Retry::Backoff,
            Self::Throttled(after) => after.map_or(Retry::Backoff, Retry::After),
            Self::Unclear(_) if !idempotent => Retry::LookFirst,
            Self::Unclear(after) => after.map_or(Retry::Backoff, Retry::After),
        }
    }
}

/// How often and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Attempts in all, the first included.
    pub attempts: u32,
    /// The same where nobody answers, or the service fails on the way.
    pub unanswered: u32,
    /// The longest pause before the second attempt; it doubles from there.
    pub base: Duration,
    /// No pause of our own choice is longer.
    pub longest: Duration,
    /// All pauses together are no longer. A vendor that wants more gets it from the caller, not here.
    pub total: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            attempts: 6,
            unanswered: 6,
            base: Duration::from_millis(500),
            longest: Duration::from_secs(20),
            total: Duration::from_secs(120),
        }
    }
}

impl Policy {
    /// For a look that somebody waits for, or that is followed by another: who does not answer is said to be silent after
    /// seconds, not minutes. Who asks to come back later is asked again as ever.
    pub fn brief() -> Self {
        Self {
            unanswered: 2,
            longest: Duration::from_secs(3),
            ..Self::default()
        }
    }
}

/// Does this work under another policy, whoever makes the calls in it. Tasks that it spawns have their own.
pub async fn under<F: Future>(policy: Policy, work: F) -> F::Output {
    FOR_NOW.scope(policy, work).await
}

/// Runs attempts by a [`Policy`].
#[derive(Clone)]
pub struct Retrying {
    clock: SharedClock,
    policy: Policy,
    dice: Arc<Mutex<fastrand::Rng>>,
}

impl Retrying {
    /// Waits on `clock`; the jitter comes from `seed`.
    pub fn new(clock: SharedClock, policy: Policy, seed: u64) -> Self {
        Self {
            clock,
            policy,
            dice: Arc::new(Mutex::new(fastrand::Rng::with_seed(seed))),
        }
    }

    /// The same dice and clock under another policy.
    #[must_use]
    pub fn with_policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// The clock it waits on.
    pub fn clock(&self) -> &SharedClock {
        &self.clock
    }

    /// Sixteen bytes from the same dice, for request ids.
    pub fn random_bytes(&self) -> [u8; 16] {
        self.dice
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .u128(..)
            .to_be_bytes()
    }

    /// Calls `attempt` (with 1, 2, …) until it succeeds, `classify` says it is no use, or the policy is used up; then
    /// the last error is the result. What is not `idempotent` is repeated only when the vendor surely did nothing.
    pub async fn run<T, E, A, F>(
        &self,
        idempotent: bool,
        classify: impl Fn(&E) -> Trouble,
        mut attempt: A,
    ) -> Result<T, E>
    where
        A: FnMut(u32) -> F,
        F: Future<Output = Result<T, E>>,
    {
        let policy = FOR_NOW.try_with(|policy| *policy).unwrap_or(self.policy);
        let mut waited = Duration::ZERO;
        let mut tries = 1;
        loop {
            let error = match ATTEMPT.scope(tries, attempt(tries)).await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            let (after, most) = match classify(&error) {
                Trouble::Final => return Err(error),
                Trouble::Unclear(_) if !idempotent => return Err(error),
                Trouble::NotSent => (None, policy.unanswered),
                Trouble::Unclear(after) => (after, policy.unanswered),
                Trouble::Throttled(after) => (after, policy.attempts),
            };
            let pause = self.pause(&policy, tries, after);
            if tries >= most || waited + pause > policy.total {
                return Err(error);
            }
            self.clock.sleep(pause).await;
            waited += pause;
            tries += 1;
        }
    }

    /// What the vendor asked for and a little on top, or anything up to the doubling bound.
    fn pause(&self, policy: &Policy, tries: u32, after: Option<Duration>) -> Duration {
        let mut dice = self.dice.lock().unwrap_or_else(PoisonError::into_inner);
        match after {
            Some(after) => after + policy.base.mul_f64(dice.f64()),
            None => {
                let bound = policy.base.saturating_mul(1 << (tries - 1).min(16)).min(policy.longest);
                bound.mul_f64(dice.f64())
            }
        }
    }
}

impl fmt::Debug for Retrying {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retrying")
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

/// Reads a `Retry-After`: seconds, also fractional (Graph sends `2.128`), or an HTTP date.
pub fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
    Some(Duration::try_from(date.duration_since(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_fractions_or_a_date() {
        let now: Timestamp = "2026-11-21T22:00:00Z".parse().unwrap();
        assert_eq!(retry_after("3", now), Some(Duration::from_secs(3)));
        assert_eq!(retry_after(" 2.128 ", now), Some(Duration::from_millis(2128)));
        let date = retry_after("Sat, 21 Nov 2026 22:01:00 GMT", now);
        assert_eq!(date, Some(Duration::from_secs(60)));
        let past = retry_after("Sat, 21 Nov 2026 21:00:00 GMT", now);
        assert_eq!(past, Some(Duration::ZERO));
        for nonsense in ["", "soon", "-4", "NaN", "1e300"] {
            assert_eq!(retry_after(nonsense, now), None, "{nonsense}");
        }
    }

    #[test]
    fn only_what_surely_was_not_done_is_repeated_for_a_create() {
        let after = Some(Duration::from_secs(1));
        assert_eq!(Trouble::Unclear(after).retry(false), Retry::LookFirst);
        assert_eq!(
            Trouble::Unclear(after).retry(true),
            Retry::After(Duration::from_secs(1))
        );
        assert_eq!(Trouble::NotSent.retry(false), Retry::Backoff);
        assert_eq!(Trouble::Final.retry(true), Retry::Never);
    }
}
