//! How token, certificates and provisioning job are, as text and as JSON.

use std::{collections::BTreeMap, io};

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    findings::{Blind, Row},
    json::Json,
    paper::{Paper, Style},
    view::View,
    wire::Body,
    words::{Look, Tone, look},
};
use crate::engine::graph::NodeId;

/// How one AWS target is looked after.
#[derive(Debug, Clone, PartialEq)]
pub struct Health {
    /// The AWS target.
    pub target: String,
    /// When it was looked at.
    pub at: Timestamp,
    /// The SCIM token; none where there is none.
    pub token: Option<Token>,
    /// The signing certificates.
    pub certificates: Vec<Certificate>,
    /// The provisioning job; none where there is none.
    pub job: Option<Job>,
    /// What is wrong with them, or soon will be.
    pub findings: Vec<Row>,
    /// What could not be looked at.
    pub blind: Vec<Blind>,
}

/// A SCIM token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// When it was made; none when nobody knows.
    pub made: Option<Timestamp>,
    /// When it ends; none when nobody knows.
    pub ends: Option<Timestamp>,
    /// Whether Entra has a token.
    pub in_use: bool,
}

/// A signing certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Its SHA-1 thumbprint.
    pub thumbprint: String,
    /// When it ends.
    pub ends: Option<Timestamp>,
    /// Whether Entra signs with it.
    pub signs: bool,
    /// Whether AWS was given it; none when nobody wrote that down.
    pub given_to_aws: Option<bool>,
}

/// Where a job is in its cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// It has no credentials.
    NotConfigured,
    /// It is switched off.
    Paused,
    /// It is in quarantine.
    Quarantine,
    /// The first cycle, which goes through everybody, is under way or to come.
    FirstCycle,
    /// A cycle is under way.
    Cycle,
    /// It waits for the next cycle.
    Between,
}

/// What is said where there is no job.
pub const NO_JOB: &str = "There is no provisioning job.";

/// How a severity is shown.
pub fn severity(word: &str) -> Look {
    match word {
        "error" => look("✘", "x", "error", Tone::Bad),
        "warning" => look("!", "!", "warning", Tone::Doubt),
        _ => look("•", "*", "notice", Tone::Note),
    }
}

impl Phase {
    /// Whether the job runs, or would if it could.
    pub fn is_on(self) -> bool {
        !matches!(self, Self::NotConfigured | Self::Paused)
    }

    /// Whether it is as it should be.
    pub fn is_well(self) -> bool {
        matches!(self, Self::Cycle | Self::Between)
    }

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::NotConfigured => "has no credentials",
            Self::Paused => "paused",
            Self::Quarantine => "in quarantine",
            Self::FirstCycle => "in its first cycle",
            Self::Cycle => "in a cycle",
            Self::Between => "between two cycles",
        }
    }
}

/// A provisioning job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Job {
    /// Its id.
    pub id: String,
    /// The service's word for how it is: `Active`, `Paused`, `Quarantine`, `NotRun`, `NotConfigured`, or what is new.
    pub state: String,
    /// Where it is in its cycle.
    pub phase: Phase,
    /// How many objects of the cycle under way are done.
    pub done: Option<u64>,
    /// How many there are in it.
    pub total: Option<u64>,
    /// How often a cycle begins, in seconds.
    pub interval_seconds: Option<i64>,
    /// When the last cycle ended.
    pub last_ended: Option<Timestamp>,
    /// How it ended: `Succeeded`, `Failed` or `EntryLevelErrors`.
    pub last_result: Option<String>,
    /// When the last good cycle ended.
    pub last_good: Option<Timestamp>,
    /// When everything was in step for the first time.
    pub steady_since: Option<Timestamp>,
    /// When the next cycle begins, or in quarantine the next try, as far as can be told.
    pub next: Option<Timestamp>,
    /// How many objects are in step, by kind.
    pub in_step: BTreeMap<String, u64>,
    /// How many objects failed and wait for another try.
    pub escrows: Option<u64>,
    /// Why it is in quarantine.
    pub quarantine: Option<String>,
    /// Since when it is.
    pub quarantined_since: Option<Timestamp>,
    /// A page of the vendor about what is wrong.
    pub help: Option<String>,
}

/// Whole days from one moment to another.
pub fn days_between(from: Timestamp, to: Timestamp) -> i64 {
    to.duration_since(from).as_hours().div_euclid(24)
}

/// A length of time as people say it: `12 min`, `3 h 5 min`, `40 days`.
pub fn about(time: SignedDuration) -> String {
    let minutes = time.as_mins().max(0);
    match (minutes / 1440, minutes / 60 % 24, minutes % 60) {
        (0, 0, 0) => "less than a minute".to_owned(),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (1, ..) => "1 day".to_owned(),
        (days, ..) => format!("{days} days"),
    }
}

fn day(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

fn moment(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// How long until an end, in words.
fn ends(ends: Option<Timestamp>, now: Timestamp) -> String {
    match ends {
        None => "ends on an unknown day".to_owned(),
        Some(at) if at <= now => format!("ended on {}", day(at)),
        Some(at) => match days_between(now, at) {
            1 => format!("ends on {}, in 1 day", day(at)),
            days => format!("ends on {}, in {days} days", day(at)),
        },
    }
}

impl Token {
    /// In one sentence.
    pub fn text(&self, now: Timestamp) -> String {
        match (self.made, self.ends) {
            (Some(made), Some(_)) => format!("made on {}, {}", day(made), ends(self.ends, now)),
            _ => "of unknown age: it ends a year after it was made, and no API says when that was".to_owned(),
        }
    }
}

impl Certificate {
    /// In one sentence.
    pub fn text(&self, now: Timestamp) -> String {
        let signs = if self.signs { "signs" } else { "does not sign" };
        let known = match self.given_to_aws {
            Some(true) => "; AWS was given it",
            Some(false) => "; AWS was not given it",
            None => "; whether AWS has it is not known",
        };
        format!("{} {signs}, {}{known}", self.thumbprint, ends(self.ends, now))
    }
}

impl Job {
    /// In some lines, each with a label.
    pub fn lines(&self, now: Timestamp) -> Vec<(&'static str, String)> {
        let mut lines = Vec::new();
        let mut state = self.phase.words().to_owned();
        if let (Some(done), Some(total)) = (self.done, self.total) {
            state = format!("{state}: {done} of {total} objects");
        }
        lines.push(("state", state));
        if let Some(why) = &self.quarantine {
            let since = self.quarantined_since.map_or_else(String::new, |since| {
                format!(", since {} ({})", moment(since), about(now.duration_since(since)))
            });
            lines.push(("why", format!("{why}{since}")));
        }
        if let Some(at) = self.last_ended {
            let result = self.last_result.as_deref().unwrap_or("no result");
            let ago = about(now.duration_since(at));
            lines.push(("last", format!("{result}, {} ({ago} ago)", moment(at))));
        }
        match self.last_good {
            Some(good) if self.last_ended != Some(good) => {
                lines.push((
                    "last good",
                    format!("{} ({} ago)", moment(good), about(now.duration_since(good))),
                ));
            }
            None => lines.push(("last good", "never".to_owned())),
            Some(_) => {}
        }
        if let Some(next) = self.next {
            let text = if next > now {
                format!("{}, in {}", moment(next), about(next.duration_since(now)))
            } else {
                format!("was due on {}", moment(next))
            };
            lines.push(("next", text));
        }
        if !self.in_step.is_empty() {
            let counts: Vec<String> = self
                .in_step
                .iter()
                .map(|(kind, many)| format!("{many} {kind}"))
                .collect();
            lines.push(("in step", counts.join(", ")));
        }
        if let Some(many) = self.escrows.filter(|many| *many > 0) {
            lines.push(("failing", format!("{many} objects, tried again each cycle")));
        }
        if let Some(help) = &self.help {
            lines.push(("help", help.clone()));
        }
        lines
    }
}

/// Token and certificates as text.
pub fn write_clocks(out: impl io::Write, style: Style, health: &Health) -> io::Result<()> {
    let mut paper = Paper::new(out, style);
    if let Some(token) = &health.token {
        paper.hang(0, "SCIM token          ", &token.text(health.at), None)?;
    }
    for certificate in &health.certificates {
        paper.hang(0, "signing certificate ", &certificate.text(health.at), None)?;
    }
    Ok(())
}

/// The provisioning job as text.
pub fn write_job(out: impl io::Write, style: Style, health: &Health) -> io::Result<()> {
    let mut paper = Paper::new(out, style);
    let Some(job) = &health.job else {
        return paper.say(0, "provisioning        has no job", Some(Tone::Doubt));
    };
    for (number, (label, text)) in job.lines(health.at).into_iter().enumerate() {
        let head = if number == 0 { "provisioning" } else { "" };
        let tone = (number == 0 && !job.phase.is_well()).then_some(Tone::Doubt);
        let label = if number == 0 { "" } else { label };
        if number == 0 {
            paper.hang(0, &format!("{head:<20}"), &text, tone)?;
        } else {
            paper.hang(2, &format!("{label:<18}"), &text, tone)?;
        }
    }
    Ok(())
}

/// Token, certificates and job as JSON, one line each.
pub fn json<W: io::Write>(json: &mut Json<W>, view: &View, health: &Health) -> io::Result<()> {
    let node = |step: &str| NodeId {
        target: Some(health.target.clone()),
        step: step.to_owned(),
        item: String::new(),
    };
    let left = |ends: Option<Timestamp>| ends.map(|ends| days_between(health.at, ends));
    let mut line = |step: &str, body: Body| json.line(view, view.seq(), health.at, Some(&node(step)), body);
    if let Some(token) = &health.token {
        let body = Body::Token {
            made: token.made,
            ends: token.ends,
            days_left: left(token.ends),
            in_use: token.in_use,
        };
        line("scim.token", body)?;
    }
    for certificate in &health.certificates {
        let body = Body::Certificate {
            thumbprint: certificate.thumbprint.clone(),
            ends: certificate.ends,
            days_left: left(certificate.ends),
            signs: certificate.signs,
            given_to_aws: certificate.given_to_aws,
        };
        line("entra.certificate", body)?;
    }
    if let Some(job) = &health.job {
        line("scim.start", Body::Job(job.clone()))?;
    }
    Ok(())
}

/// Health with something to tell in each part.
#[cfg(test)]
pub(super) fn sample() -> Health {
    tests::health()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn job() -> Job {
        Job {
            id: "job".into(),
            state: "Active".into(),
            phase: Phase::Between,
            done: None,
            total: None,
            interval_seconds: Some(2400),
            last_ended: Some(at("2026-06-01T09:30:00Z")),
            last_result: Some("Succeeded".into()),
            last_good: Some(at("2026-06-01T09:30:00Z")),
            steady_since: Some(at("2026-05-01T00:00:00Z")),
            next: Some(at("2026-06-01T10:10:00Z")),
            in_step: [("User".to_owned(), 2)].into(),
            escrows: Some(0),
            quarantine: None,
            quarantined_since: None,
            help: None,
        }
    }

    pub(super) fn health() -> Health {
        Health {
            target: "aws".into(),
            at: at("2026-06-01T10:00:00Z"),
            token: Some(Token {
                made: Some(at("2025-06-11T00:00:00Z")),
                ends: Some(at("2026-06-11T00:00:00Z")),
                in_use: true,
            }),
            certificates: vec![Certificate {
                thumbprint: "AB12".into(),
                ends: Some(at("2026-05-01T00:00:00Z")),
                signs: true,
                given_to_aws: Some(false),
            }],
            job: Some(job()),
            findings: Vec::new(),
            blind: Vec::new(),
        }
    }

    fn text(health: &Health) -> String {
        let mut out = Vec::new();
        write_clocks(&mut out, Style::default(), health).unwrap();
        write_job(&mut out, Style::default(), health).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_clocks_and_the_job_are_told_with_dates_and_what_is_left() {
        insta::assert_snapshot!(text(&health()), @r"
        SCIM token          made on 2025-06-11, ends on 2026-06-11, in 9 days
        signing certificate AB12 signs, ended on 2026-05-01; AWS was not given it
        provisioning        between two cycles
          last              Succeeded, 2026-06-01 09:30 UTC (30 min ago)
          next              2026-06-01 10:10 UTC, in 10 min
          in step           2 User
        ");
    }

    #[test]
    fn a_quarantine_says_why_since_when_and_when_it_is_tried_again() {
        let mut health = health();
        let job = health.job.as_mut().unwrap();
        job.phase = Phase::Quarantine;
        job.quarantine = Some("EncounteredQuarantineException: 401".into());
        job.quarantined_since = Some(at("2026-05-31T10:00:00Z"));
        job.last_good = Some(at("2026-05-31T09:00:00Z"));
        job.escrows = Some(3);
        health.token.as_mut().unwrap().made = None;
        insta::assert_snapshot!(text(&health), @r"
        SCIM token          of unknown age: it ends a year after it was made, and no API says when that was
        signing certificate AB12 signs, ended on 2026-05-01; AWS was not given it
        provisioning        in quarantine
          why               EncounteredQuarantineException: 401, since 2026-05-31 10:00 UTC (1 day)
          last              Succeeded, 2026-06-01 09:30 UTC (30 min ago)
          last good         2026-05-31 09:00 UTC (1 day ago)
          next              2026-06-01 10:10 UTC, in 10 min
          in step           2 User
          failing           3 objects, tried again each cycle
        ");
    }
}
