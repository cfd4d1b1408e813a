//! The ledger: every request that came, and every rule a client broke.
//!
//! A simulator that forgives teaches nothing. What AWS or Microsoft would let pass today and bill tomorrow (a limit
//! broken, a page ignored, an object deleted that others point to) is a violation here. A test ends with an empty
//! [`Ledger::verdict`].

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::http::Port;

/// One request, without anything secret: no body, no header, no query.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// Its number, from 1.
    pub seq: u64,
    /// When it arrived.
    pub at: Timestamp,
    /// Where it arrived.
    pub port: Port,
    /// The method.
    pub method: String,
    /// The path, or the AWS target.
    pub target: String,
    /// The status answered; nothing while it is open or when no answer was sent.
    pub status: Option<u16>,
    /// Whether it changed something.
    pub wrote: bool,
    /// Sent by the simulation itself.
    pub inside: bool,
    /// What the weather did to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weather: Option<&'static str>,
}

/// A broken rule.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Violation {
    /// When.
    pub at: Timestamp,
    /// Which rule, such as `limit`, `page-ignored`, `deleted-while-referenced`, `token-in-url`, `duplicate`.
    pub rule: &'static str,
    /// What happened.
    pub what: String,
}

/// A page token that was handed out and has not been used yet.
#[derive(Debug, Clone)]
struct OpenPage {
    list: String,
    connection: u64,
}

/// All requests and all violations.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    entries: Vec<Entry>,
    violations: Vec<Violation>,
    open_pages: BTreeMap<String, OpenPage>,
    buckets: BTreeMap<String, Bucket>,
    windows: BTreeMap<String, VecDeque<Timestamp>>,
}

/// A token bucket: full at first, refilled evenly.
#[derive(Debug, Clone)]
struct Bucket {
    level: f64,
    at: Timestamp,
}

impl Ledger {
    /// Notes a request. Its number is the length of the list.
    pub(super) fn arrived(&mut self, mut entry: Entry) -> u64 {
        entry.seq = self.entries.len() as u64 + 1;
        self.entries.push(entry);
        self.entries.len() as u64
    }

    /// The entry of a request.
    pub(super) fn entry(&mut self, seq: u64) -> Option<&mut Entry> {
        self.entries.get_mut(usize::try_from(seq.checked_sub(1)?).ok()?)
    }

    /// All requests so far.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// All violations noted so far. See [`Ledger::verdict`] for the whole truth.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// Notes a broken rule.
    pub fn violation(&mut self, at: Timestamp, rule: &'static str, what: impl Into<String>) {
        self.violations.push(Violation {
            at,
            rule,
            what: what.into(),
        });
    }

    /// Counts a call against `rate` a second with a burst of the same size. False, and a violation, when it is over.
    ///
    /// The vendors publish rates, not algorithms; a bucket of one second is the kindest reading of "20 a second".
    #[must_use]
    pub fn within_rate(&mut self, name: &str, rate: u32, at: Timestamp) -> bool {
        let full = f64::from(rate);
        let bucket = self
            .buckets
            .entry(name.to_owned())
            .or_insert(Bucket { level: full, at });
        let passed = at.duration_since(bucket.at).as_secs_f64().max(0.0);
        bucket.level = (bucket.level + passed * full).min(full);
        bucket.at = at;
        // A hair of slack: both sides count in floating point, and clients wait whole milliseconds.
        if bucket.level + 0.02 >= 1.0 {
            bucket.level -= 1.0;
            return true;
        }
        self.violation(at, "limit", format!("{name}: more than {rate} a second"));
        false
    }

    /// Counts a call against `most` in any window of this length. False, and a violation, when it is over.
    #[must_use]
    pub fn within_window(&mut self, name: &str, most: usize, window: SignedDuration, at: Timestamp) -> bool {
        let times = self.windows.entry(name.to_owned()).or_default();
        while times.front().is_some_and(|&first| at.duration_since(first) >= window) {
            times.pop_front();
        }
        if times.len() < most {
            times.push_back(at);
            return true;
        }
        self.violation(at, "limit", format!("{name}: more than {most} in {}", window.as_secs()));
        false
    }

    /// A list answered with more to come. `list` names the list and its filters, so that asking for it again from the
    /// start, with this page never fetched, is seen.
    pub fn page_given(&mut self, list: &str, token: &str, connection: u64) {
        self.open_pages.insert(
            token.to_owned(),
            OpenPage {
                list: list.to_owned(),
                connection,
            },
        );
    }

    /// A further page was asked for.
    pub fn page_used(&mut self, token: &str) {
        self.open_pages.remove(token);
    }

    /// A list was asked for from the start.
    pub fn list_started(&mut self, list: &str, at: Timestamp) {
        let ignored: Vec<String> = self
            .open_pages
            .iter()
            .filter(|(_, page)| page.list == list)
            .map(|(token, _)| token.clone())
            .collect();
        for token in ignored {
            self.open_pages.remove(&token);
            self.violation(
                at,
                "page-ignored",
                format!("{list}: a further page was offered and never fetched"),
            );
        }
    }

    /// The client could not help it: it was cut off or turned away. What it has not fetched is not held against it.
    pub(super) fn forgive_pages(&mut self) {
        self.open_pages.clear();
    }

    /// The client was killed: the next one knows neither what it left unread nor how much it had just asked.
    pub(super) fn client_died(&mut self) {
        self.open_pages.clear();
        self.buckets.clear();
        self.windows.clear();
    }

    /// This connection is closed: whoever used it may have died on the way.
    pub(super) fn forgive_connection(&mut self, connection: u64) {
        self.open_pages.retain(|_, page| page.connection != connection);
    }

    /// Every broken rule in words. Empty is good.
    pub fn verdict(&self) -> Vec<String> {
        let ignored = self.open_pages.values().map(|page| {
            format!(
                "page-ignored: {}: a further page was offered and never fetched",
                page.list
            )
        });
        self.violations
            .iter()
            .map(|v| format!("{} {}: {}", v.at, v.rule, v.what))
            .chain(ignored)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(1_767_603_600_000 + millis).unwrap()
    }

    #[test]
    fn a_steady_rate_is_fine_and_a_burst_over_it_is_not() {
        let mut ledger = Ledger::default();
        assert!((0..100).all(|n| ledger.within_rate("x", 20, at(n * 50))));
        assert!(ledger.verdict().is_empty());
        let taken = (0..30).filter(|_| ledger.within_rate("y", 20, at(0))).count();
        assert_eq!(taken, 20);
        assert_eq!(ledger.verdict().len(), 10);
    }

    #[test]
    fn five_in_ten_seconds_slides() {
        let mut ledger = Ledger::default();
        let window = SignedDuration::from_secs(10);
        assert!((0..5).all(|n| ledger.within_window("w", 5, window, at(n * 1000))));
        assert!(!ledger.within_window("w", 5, window, at(9_999)));
        assert!(ledger.within_window("w", 5, window, at(10_000)));
    }

    #[test]
    fn a_page_never_fetched_is_seen_at_the_next_listing_and_at_the_end() {
        let mut ledger = Ledger::default();
        ledger.page_given("ListUsers", "t1", 1);
        assert_eq!(ledger.verdict().len(), 1);
        ledger.page_used("t1");
        assert!(ledger.verdict().is_empty());
        ledger.page_given("ListUsers", "t2", 1);
        ledger.list_started("ListUsers", at(0));
        assert_eq!(ledger.violations().len(), 1);
        ledger.page_given("ListUsers", "t3", 2);
        ledger.forgive_connection(2);
        assert_eq!(ledger.verdict().len(), 1);
    }
}
