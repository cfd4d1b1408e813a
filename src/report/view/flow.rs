//! `Flow`: how it goes with all items of one step in one target. How many are through, how fast, and how long the rest takes.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use super::{Tally, millis};
use crate::{
    engine::fact::Intent,
    report::words::{self, State},
};

/// What came to an end in this time makes the rate.
const WINDOW: SignedDuration = SignedDuration::from_secs(30);
/// How many ends, and how many milliseconds, make a rate that can be believed.
const ENOUGH: (usize, u64) = (8, 3000);
/// After so many milliseconds with nothing at work the rate begins anew.
const PAUSE: u64 = 10_000;
/// How many ends are kept, however fast it goes.
const KEPT: usize = 1024;

/// All items of one step in one target.
#[derive(Debug, Clone)]
pub struct Flow {
    /// The step's name.
    pub step: String,
    /// The target, where there are several.
    pub target: Option<String>,
    /// How many of its nodes are in each state.
    pub tally: Tally,
    /// How many may be at work at a time, if that is bounded.
    pub at_once: Option<u32>,
    pub(super) owned: u32,
    owned_at_start: u32,
    pub(super) found: u32,
    /// When work began after nothing was at work.
    since: Option<Timestamp>,
    /// When the latest ones came to an end, and how many milliseconds they had taken.
    ends: VecDeque<(Timestamp, u64)>,
}

/// How a flow is, in figures.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Figures {
    /// How many are through.
    pub done: u32,
    /// How many there are.
    pub total: u32,
    /// How many are at work, or wait for the vendor.
    pub in_flight: u32,
    /// How many may be, if that is bounded.
    pub at_once: Option<u32>,
    /// How many are to come.
    pub queued: u32,
    /// How many failed.
    pub failed: u32,
    /// How many are held up by another step.
    pub held_up: u32,
    /// How many come to an end in a second. None as long as too few did.
    pub rate: Option<f64>,
    /// How many milliseconds the rest takes: by the rate, or else by what one takes and how many may go at a time.
    pub left: Option<u64>,
}

impl Flow {
    pub(super) fn new(step: String, target: Option<String>, at_once: Option<u32>) -> Self {
        Self {
            step,
            target,
            tally: Tally::default(),
            at_once,
            owned: 0,
            owned_at_start: 0,
            found: 0,
            since: None,
            ends: VecDeque::new(),
        }
    }

    /// A run begins.
    pub(super) fn start(&mut self) {
        self.owned_at_start = self.owned;
        self.found = 0;
        self.since = None;
        self.ends.clear();
    }

    /// One begins.
    pub(super) fn begins(&mut self, at: Timestamp) {
        let last = self.ends.back().map(|(end, _)| *end);
        let paused = self.in_flight() == 0 && last.is_none_or(|end| millis(end, at) > PAUSE);
        if self.since.is_none() || paused {
            self.since = Some(at);
        }
    }

    /// One came to an end.
    pub(super) fn ends(&mut self, at: Timestamp, took: u64) {
        let old = self.ends.iter().take_while(|(end, _)| *end + WINDOW < at).count();
        // What one takes is known from the last ones, also after a pause.
        let old = old.min(self.ends.len().saturating_sub(ENOUGH.0));
        self.ends.drain(..old.max((self.ends.len() + 1).saturating_sub(KEPT)));
        self.ends.push_back((at, took));
    }

    fn in_flight(&self) -> u32 {
        self.tally.count(|state| state.is_running() || state == State::Waiting)
    }

    /// How many nodes it has.
    pub fn nodes(&self) -> u32 {
        self.tally.count(|_| true)
    }

    /// Whether something goes on in it.
    pub fn is_under_way(&self) -> bool {
        self.in_flight() > 0
    }

    /// How it is, at this time in a run for this.
    pub fn figures(&self, intent: Option<Intent>, now: Timestamp) -> Figures {
        let in_flight = self.in_flight();
        let (failed, held_up) = (self.tally.of(State::Failed), self.tally.of(State::Blocked));
        let all = self.nodes();
        let (done, total) = match intent {
            None | Some(Intent::Up) => (self.tally.count(|state| state.stands() || state == State::Skipped), all),
            Some(Intent::Down) => (self.owned_at_start.saturating_sub(self.owned), self.owned_at_start),
            Some(Intent::Plan | Intent::PlanDown | Intent::Check) => (self.found, all),
        };
        let needs_person = self.tally.of(State::NeedsPerson);
        let queued = total.saturating_sub(done + in_flight + failed + held_up + needs_person);
        let rate = self.rate(now);
        let rest = queued + in_flight;
        Figures {
            done,
            total,
            in_flight,
            at_once: self.at_once,
            queued,
            failed,
            held_up,
            rate,
            left: self.left(rest, rate),
        }
    }

    fn rate(&self, now: Timestamp) -> Option<f64> {
        let from = self.since?.max(now - WINDOW);
        let ends = self.ends.iter().rev().take_while(|(end, _)| *end > from);
        let ends = ends.count();
        // With more than are kept, the oldest one kept begins the time.
        let from = match self.ends.front() {
            Some((oldest, _)) if ends == KEPT => *oldest,
            _ => from,
        };
        let span = millis(from, now);
        (ends == KEPT || ends >= ENOUGH.0 && span >= ENOUGH.1).then(|| ends as f64 * 1000.0 / span as f64)
    }

    fn left(&self, rest: u32, rate: Option<f64>) -> Option<u64> {
        if rest == 0 {
            return None;
        }
        if let Some(rate) = rate {
            return Some((f64::from(rest) * 1000.0 / rate) as u64);
        }
        if self.in_flight() == 0 {
            return None;
        }
        let took: u64 = self.ends.iter().map(|(_, took)| took).sum();
        let each = took.checked_div(self.ends.len() as u64)?;
        let rounds = rest.div_ceil(self.at_once?.max(1));
        Some(u64::from(rounds) * each)
    }
}

impl Figures {
    /// In words, what matters most first; what is nought is left out: `15 of 15 in flight`, `1571 queued`, `2 failed`, `4.9 a
    /// second`, `about 5 min left`.
    pub fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        let mut put = |number: u32, what: &str| {
            if number > 0 {
                words.push(format!("{number} {what}"));
            }
        };
        match self.at_once {
            Some(most) if self.in_flight > 0 => put(self.in_flight, &format!("of {most} in flight")),
            _ => put(self.in_flight, "in flight"),
        }
        put(self.queued, "queued");
        put(self.failed, State::Failed.word());
        put(self.held_up, State::Blocked.word());
        words.extend(self.rate.map(rate));
        words.extend(self.left.map(|left| format!("about {} left", rounded(left))));
        words
    }

    /// All of it in words, after how many are through.
    pub fn line(&self) -> String {
        let mut words = vec![format!("{} of {}", self.done, self.total)];
        words.extend(self.words());
        words.join(", ")
    }
}

/// How fast: `12 a second`, `4.9 a second`, `24 a minute`.
fn rate(rate: f64) -> String {
    match rate {
        10.0.. => format!("{rate:.0} a second"),
        0.95.. => format!("{rate:.1} a second"),
        _ => format!("{:.0} a minute", rate * 60.0),
    }
}

/// An estimate says no more than it knows: seconds below two minutes, minutes below two hours.
fn rounded(left: u64) -> String {
    const MINUTE: u64 = 60_000;
    words::span(match left {
        0..120_000 => left.div_ceil(1000).max(1) * 1000,
        120_000..7_200_000 => (left + MINUTE / 2) / MINUTE * MINUTE,
        _ => left.div_ceil(10 * MINUTE) * 10 * MINUTE,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(1_800_000_000_000 + millis).expect("a time")
    }

    /// A hundred, of which fifteen go at a time and each takes three seconds.
    fn flow(done: u32) -> Flow {
        let mut flow = Flow::new("aws.assignment".into(), None, Some(15));
        (0..100).for_each(|_| flow.tally.add(State::Open));
        flow.begins(at(0));
        (0..15).for_each(|_| flow.tally.shift(State::Open, State::Waiting));
        for number in 0..done {
            flow.ends(at(i64::from(number / 15 + 1) * 3000), 3000);
            flow.tally.shift(State::Waiting, State::Made);
            flow.tally.shift(State::Open, State::Waiting);
        }
        flow
    }

    #[test]
    fn nothing_is_estimated_before_anything_has_come_to_an_end() {
        let figures = flow(0).figures(Some(Intent::Up), at(2000));
        assert_eq!((figures.rate, figures.left), (None, None));
        assert_eq!(figures.line(), "0 of 100, 15 of 15 in flight, 85 queued");
    }

    #[test]
    fn the_first_estimate_is_by_the_limit() {
        let figures = flow(1).figures(Some(Intent::Up), at(3000));
        // 99 are left, in rounds of 15 that take three seconds each.
        assert_eq!((figures.rate, figures.left), (None, Some(21_000)));
    }

    #[test]
    fn later_ones_are_by_the_rate() {
        let figures = flow(45).figures(Some(Intent::Up), at(9000));
        assert_eq!(figures.rate, Some(5.0));
        assert_eq!(figures.left, Some(11_000));
        assert_eq!(
            figures.line(),
            "45 of 100, 15 of 15 in flight, 40 queued, 5.0 a second, about 11 s left"
        );
    }

    #[test]
    fn a_rate_is_that_of_the_last_half_minute() {
        let flow = flow(45);
        let rate = |millis| flow.figures(Some(Intent::Up), at(millis)).rate;
        assert_eq!(rate(30_000), Some(1.5));
        // The ends of three seconds are out of the window, then those of six.
        assert_eq!(rate(33_000), Some(1.0));
        assert_eq!(rate(36_000), Some(0.5));
        assert_eq!(rate(39_000), None, "nothing has come to an end for so long");
        assert!(
            flow.figures(Some(Intent::Up), at(39_000)).left.is_some(),
            "by the limit"
        );
    }

    #[test]
    fn however_many_end_few_are_kept() {
        let mut flow = flow(0);
        for number in 0..10_000 {
            flow.ends(at(number), 1);
        }
        assert_eq!(flow.ends.len(), KEPT);
        let rate = flow.rate(at(10_000)).expect("enough");
        assert!((990.0..1010.0).contains(&rate), "{rate}");
    }

    #[test]
    fn rates_and_estimates_say_no_more_than_they_know() {
        assert_eq!(
            [rate(12.4), rate(4.93), rate(0.4)],
            ["12 a second", "4.9 a second", "24 a minute"]
        );
        let spans = [1, 61_200, 271_000, 9_000_000].map(rounded);
        assert_eq!(spans, ["1 s", "1 min 2 s", "5 min", "2 h 30 min"]);
    }
}
