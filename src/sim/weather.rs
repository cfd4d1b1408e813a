//! Bad weather: throttling, errors, lost answers, slowness, replication lag, outages, missing rights, early expiry.
//!
//! All of it is drawn from its own seeded dice, so that ids do not change with the weather, and is set by a scenario or by
//! `POST /weather`.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::http::{Port, Request};

/// When something happens: by chance, or to every n-th request it applies to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Odds {
    /// The share of requests, 0 to 1.
    pub rate: f64,
    /// Every n-th request; 0 for never.
    pub every: u64,
    /// Only on these ports; empty for all.
    pub ports: Vec<String>,
    /// Only requests that change something.
    pub writes_only: bool,
    /// Only requests whose path or AWS target holds this text.
    pub only: String,
    /// At most this many times; 0 for no limit.
    pub most: u64,
}

/// How often an [`Odds`] could strike, and did.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    seen: u64,
    struck: u64,
}

impl Tally {
    fn strike(&mut self, odds: &Odds, request: &Request, writes: bool, dice: &mut fastrand::Rng) -> bool {
        let applies = (odds.ports.is_empty() || odds.ports.iter().any(|port| port == request.port.word()))
            && (!odds.writes_only || writes)
            && (odds.only.is_empty() || request.target().contains(&odds.only))
            && (odds.most == 0 || self.struck < odds.most);
        if !applies {
            return false;
        }
        self.seen += 1;
        let hit =
            (odds.every > 0 && self.seen.is_multiple_of(odds.every)) || (odds.rate > 0.0 && dice.f64() < odds.rate);
        self.struck += u64::from(hit);
        hit
    }
}

/// A time in which a port refuses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outage {
    /// Which port.
    pub port: String,
    /// It begins this long after the weather was set.
    #[serde(default)]
    pub after_s: f64,
    /// It lasts this long.
    pub for_s: f64,
}

/// The weather over both clouds. The default is a fine day.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Weather {
    /// Turned away with the vendor's throttling answer.
    pub throttle: Odds,
    /// What `Retry-After` says, where the vendor sends one.
    pub retry_after_s: u64,
    /// Turned away with a 5xx.
    pub errors: Odds,
    /// The status of those; 503 if nothing is said.
    pub error_status: u16,
    /// Done, but the answer is lost.
    pub drop_answers: Odds,
    /// Slower than usual.
    pub slow: Odds,
    /// By how much.
    pub slow_ms: u64,
    /// Reads of Graph and of the Identity Store do not see what was written in the last so many seconds.
    pub lag_s: f64,
    /// The share of reads that meets a copy that lags; 1 if nothing is said.
    pub lag_share: f64,
    /// Ports that refuse for a time.
    pub outages: Vec<Outage>,
    /// Rights the caller lacks: IAM actions such as `sso:CreatePermissionSet`, or of one organization only as
    /// `sso:CreatePermissionSet@govcloud`; Graph scopes such as `Synchronization.ReadWrite.All`, directory roles such as
    /// `Application Administrator`.
    pub missing_rights: Vec<String>,
    /// The share of accepted account assignments that fail afterwards, 0 to 1: always the same ones.
    pub failing_assignments: f64,
    /// Sign-in tokens of Entra live only this long; 0 for their usual time.
    pub token_life_s: u64,
}

/// The dice of the weather, and what it has done so far.
#[derive(Debug, Clone)]
pub(super) struct Skies {
    dice: fastrand::Rng,
    throttle: Tally,
    errors: Tally,
    drop_answers: Tally,
    slow: Tally,
}

impl Skies {
    /// Throws the dice from the start with this seed.
    pub(super) fn seeded(seed: u64) -> Self {
        let dice = fastrand::Rng::with_seed(seed ^ 0x0077_6561_7468_6572);
        let none = Tally::default();
        Self {
            dice,
            throttle: none,
            errors: none,
            drop_answers: none,
            slow: none,
        }
    }

    /// What happens to this request.
    pub(super) fn fate(&mut self, weather: &Weather, request: &Request, writes: bool) -> Fate {
        let dice = &mut self.dice;
        let throttled = self.throttle.strike(&weather.throttle, request, writes, dice);
        let failed = !throttled && self.errors.strike(&weather.errors, request, writes, dice);
        let dropped = !throttled && !failed && self.drop_answers.strike(&weather.drop_answers, request, writes, dice);
        let slow = self.slow.strike(&weather.slow, request, writes, dice);
        let lagging = weather.lag_s > 0.0 && (weather.lag_share <= 0.0 || dice.f64() < weather.lag_share);
        let refused = if throttled {
            Some(Refusal::Throttled(weather.retry_after_s.max(1)))
        } else if failed {
            Some(Refusal::Failed(if weather.error_status == 0 {
                503
            } else {
                weather.error_status
            }))
        } else {
            None
        };
        Fate {
            refused,
            dropped,
            slower: Duration::from_millis(if slow { weather.slow_ms } else { 0 }),
            lagging,
        }
    }
}

/// What the weather does to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fate {
    /// Turned away before anything is done.
    pub refused: Option<Refusal>,
    /// Done, but never answered.
    pub dropped: bool,
    /// This much slower.
    pub slower: Duration,
    /// Reads meet a copy that lags.
    pub lagging: bool,
}

/// How a request is turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Too many requests; come back after so many seconds.
    Throttled(u64),
    /// The service failed with this status.
    Failed(u16),
}

impl Fate {
    /// A word for the ledger.
    pub fn word(&self) -> Option<&'static str> {
        match self.refused {
            Some(Refusal::Throttled(_)) => Some("throttled"),
            Some(Refusal::Failed(_)) => Some("failed"),
            None if self.dropped => Some("answer lost"),
            None if !self.slower.is_zero() => Some("slow"),
            None => None,
        }
    }
}

impl Weather {
    /// True if the caller lacks this right.
    pub fn lacks(&self, right: &str) -> bool {
        self.missing_rights.iter().any(|missing| missing == right)
    }

    /// The ports of the outages, checked.
    pub(super) fn outage_plan(&self) -> Vec<(Port, Duration, Duration)> {
        let seconds = |s: f64| Duration::try_from_secs_f64(s).unwrap_or_default();
        self.outages
            .iter()
            .filter_map(|o| Some((Port::from_word(&o.port)?, seconds(o.after_s), seconds(o.for_s))))
            .filter(|(port, ..)| *port != Port::Admin)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::http::Request;

    fn request(port: Port) -> Request {
        Request {
            port,
            method: http::Method::POST,
            path: "/v1.0/users".into(),
            query: vec![],
            headers: http::HeaderMap::new(),
            body: bytes::Bytes::new(),
            seq: 1,
            connection: 1,
            inside: false,
            at: jiff::Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn every_third_write_to_graph_is_throttled_twice_at_most() {
        let weather: Weather = toml::from_str(
            "retry_after_s = 7\n[throttle]\nevery = 3\nmost = 2\nports = [\"graph\"]\nwrites_only = true",
        )
        .unwrap();
        let (graph, mut skies) = (request(Port::Graph), Skies::seeded(1));
        let hits: Vec<bool> = (0..9)
            .map(|_| skies.fate(&weather, &graph, true).refused.is_some())
            .collect();
        assert_eq!(hits, [false, false, true, false, false, true, false, false, false]);
        assert_eq!(skies.fate(&weather, &request(Port::Aws), true), Fate::default());
    }

    #[test]
    fn the_same_seed_throws_the_same_dice() {
        let toml = "[drop_answers]\nrate = 0.3";
        let throws = |seed| {
            let (weather, mut skies) = (toml::from_str::<Weather>(toml).unwrap(), Skies::seeded(seed));
            (0..100)
                .map(|_| skies.fate(&weather, &request(Port::Scim), true).dropped)
                .collect::<Vec<_>>()
        };
        assert_eq!(throws(1), throws(1));
        assert_ne!(throws(1), throws(2));
    }

    #[test]
    fn an_unknown_word_is_an_error() {
        assert!(toml::from_str::<Weather>("thunder = 1").is_err());
    }
}
