//! `Policy`: how often, how long and how patiently the driver tries. All such numbers of the engine are here.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::fault::{Fault, Retry};

/// How many nodes are at work at once, apart from those that wait for people. The vendors' own limits are kept by the
/// clients; this only bounds memory and open connections.
pub const PARALLEL: usize = 16;

/// How long an object that was just made may be invisible. Microsoft advises to poll; Terraform's provider waits up to
/// ten minutes for an application from a template, and retries writes for five.
pub const REPLICATION_WINDOW: Duration = Duration::from_secs(300);

/// How long after a lost answer, or a crash, absence is not believed: a create that was on its way may still land.
pub const SETTLE_WINDOW: Duration = Duration::from_secs(120);

/// How many looks in a row must find nothing before a lost answer counts as a change that was not made.
pub const SETTLE_LOOKS: u32 = 4;

/// How many looks in a row must find nothing before a thing that stood counts as gone.
pub const RECHECK_LOOKS: u32 = 3;

/// How often a change is made again, at most, after its answer was lost and looks found nothing.
pub const ACTS: u32 = 3;

/// How often a call is tried, at most, when the vendor says that nothing was changed. The clients have retried
/// already; this is for outages that last longer.
pub const TRIES: u32 = 8;

/// The first pause before trying again; each further one is twice as long.
pub const FIRST_PAUSE: Duration = Duration::from_secs(2);

/// The longest pause before trying again.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// The longest time that a vendor may ask us to stay away. Beyond it the step fails, and says so.
pub const LONGEST_REQUESTED_PAUSE: Duration = Duration::from_secs(900);

/// The pause before the second look; each further one is twice as long.
pub const FIRST_LOOK_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause between two looks of the driver's own.
pub const LONGEST_LOOK_PAUSE: Duration = Duration::from_secs(10);

/// The numbers a driver works with. Rehearsals against a simulator may shorten the windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// See [`PARALLEL`].
    pub parallel: usize,
    /// See [`REPLICATION_WINDOW`].
    pub replication_window: Duration,
    /// See [`SETTLE_WINDOW`].
    pub settle_window: Duration,
    /// See [`TRIES`].
    pub tries: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            parallel: PARALLEL,
            replication_window: REPLICATION_WINDOW,
            settle_window: SETTLE_WINDOW,
            tries: TRIES,
        }
    }
}

/// Counts tries of one call, and says how long to pause before the next.
#[derive(Debug, Default)]
pub(super) struct Tries {
    failed: u32,
    /// Since when an object is not visible.
    invisible_since: Option<Timestamp>,
}

impl Tries {
    /// How many tries failed.
    pub(super) fn failed(&self) -> u32 {
        self.failed
    }

    /// After this fault of a call that changes something: the pause before the same call may be made again. None when it
    /// may not. A lost answer is never answered by the same call.
    pub(super) fn pause_before_acting(&mut self, fault: &Fault, now: Timestamp, policy: &Policy) -> Option<Duration> {
        self.failed += 1;
        match fault.retry {
            Retry::Never | Retry::LookFirst => None,
            Retry::Backoff => self.backoff(policy),
            Retry::After(time) => self.requested(time, policy),
            Retry::Replication => {
                let since = *self.invisible_since.get_or_insert(now);
                (since_then(since, now) < policy.replication_window)
                    .then(|| growing(FIRST_LOOK_PAUSE, LONGEST_LOOK_PAUSE, self.failed))
            }
        }
    }

    /// After this fault of a call that only looks: the pause before looking again. Whatever may pass is tried again.
    pub(super) fn pause_before_looking(&mut self, fault: &Fault, now: Timestamp, policy: &Policy) -> Option<Duration> {
        match fault.retry {
            Retry::LookFirst => {
                self.failed += 1;
                self.backoff(policy)
            }
            _ => self.pause_before_acting(fault, now, policy),
        }
    }

    fn backoff(&self, policy: &Policy) -> Option<Duration> {
        (self.failed < policy.tries).then(|| growing(FIRST_PAUSE, LONGEST_PAUSE, self.failed))
    }

    fn requested(&self, time: Duration, policy: &Policy) -> Option<Duration> {
        (self.failed < policy.tries && time <= LONGEST_REQUESTED_PAUSE).then_some(time)
    }
}

/// How long a look is repeated before its answer is believed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// How many looks in a row must find nothing.
    pub looks: u32,
    /// Until when finding nothing is not believed.
    pub absent_until: Timestamp,
    /// Until when finding it not as wanted is not believed.
    pub drifted_until: Timestamp,
    /// Whether to wait for what is on its way.
    pub waits: bool,
}

impl Patience {
    /// The first look at something nobody has touched: what it says is believed.
    pub(super) fn fresh(now: Timestamp) -> Self {
        Self {
            looks: 1,
            absent_until: now,
            drifted_until: now,
            waits: true,
        }
    }

    /// A look at something that stood.
    pub(super) fn recheck(now: Timestamp) -> Self {
        Self {
            looks: RECHECK_LOOKS,
            ..Self::fresh(now)
        }
    }

    /// A look after an answer was lost at `lost`, or a process died after it.
    pub(super) fn settle(now: Timestamp, lost: Timestamp, policy: &Policy) -> Self {
        Self {
            looks: SETTLE_LOOKS,
            absent_until: later(lost, policy.settle_window),
            ..Self::fresh(now)
        }
    }

    /// A look at something made a moment ago.
    pub(super) fn proof(now: Timestamp, policy: &Policy) -> Self {
        let until = later(now, policy.replication_window);
        Self {
            absent_until: until,
            drifted_until: until,
            ..Self::fresh(now)
        }
    }

    /// Takes what is on its way for an answer.
    pub(super) fn without_waiting(self) -> Self {
        Self { waits: false, ..self }
    }
}

/// The pause before the next look, after this many.
pub(super) fn look_pause(looks: u32) -> Duration {
    growing(FIRST_LOOK_PAUSE, LONGEST_LOOK_PAUSE, looks)
}

fn growing(first: Duration, longest: Duration, times: u32) -> Duration {
    first
        .saturating_mul(1_u32.checked_shl(times.saturating_sub(1)).unwrap_or(u32::MAX))
        .min(longest)
}

/// This much later, or the end of time.
pub(super) fn later(from: Timestamp, time: Duration) -> Timestamp {
    SignedDuration::try_from(time)
        .ok()
        .and_then(|time| from.checked_add(time).ok())
        .unwrap_or(Timestamp::MAX)
}

/// How much time lies between, not less than none.
pub(super) fn since_then(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}
