//! One look at how a target is looked after: its health, what provisioning did, what AWS refused, how many people there are on
//! both sides, and how long a change takes.

use std::io;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    health::{Health, NO_JOB, severity},
    json::Json,
    paper::{Paper, Span, Style},
    sync::{Entry, latency_words},
    view::View,
    wire::Body,
    words::{Look, Tone, count, look},
};
use crate::{engine::graph::NodeId, fault::Fault};

/// What one look found.
#[derive(Debug, Clone, PartialEq)]
pub struct Overview {
    /// Token, certificates and job, and what is wrong with them. What could not be read is named there.
    pub health: Health,
    /// What the provisioning log says, the oldest first, or why it cannot be read: that takes a licence of its own.
    pub log: Result<Vec<Entry>, Fault>,
    /// What AWS's own log says was refused in the last two cycles, the oldest first.
    pub refused: Vec<Refused>,
}

/// A call of provisioning that AWS refused, by AWS's own log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Refused {
    /// When.
    pub when: Timestamp,
    /// The call: `CreateUser`.
    pub call: String,
    /// The error's code.
    pub code: String,
    /// The error's message.
    pub message: String,
    /// Why, in plain words; empty when nothing is known.
    pub cause: String,
    /// What mends it; empty when nothing has to be, or nothing is known.
    pub fix: String,
}

/// What takes many reads, and changes slowly.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counted {
    /// When it was counted.
    pub at: Timestamp,
    /// The people on both sides; none where there is no job.
    pub people: Option<People>,
    /// How long each change in Entra took until AWS's log shows it, in seconds.
    pub latencies: Vec<u64>,
    /// What could not be read.
    pub missing: Vec<String>,
}

/// How many people and groups there are on both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct People {
    /// Whether everybody in the tenant is in scope.
    pub everybody: bool,
    /// People in scope in Entra: assigned to the application, themselves or by a group.
    pub in_scope: u64,
    /// Groups in scope.
    pub groups_in_scope: u64,
    /// People in AWS.
    pub in_aws: u64,
    /// Those of them who are disabled.
    pub disabled: u64,
    /// Groups in AWS.
    pub groups_in_aws: u64,
}

impl Overview {
    /// What matters most of all of it, in one line.
    pub fn verdict(&self) -> (Look, String) {
        let health = &self.health;
        let first = health.findings.first().map(|row| {
            let more = match health.findings.len() - 1 {
                0 => String::new(),
                more => format!(", and {more} more"),
            };
            (severity(row.severity), format!("{}{more}.", row.title))
        });
        let matters = health.findings.first().is_some_and(|row| row.severity != "notice");
        if let Some(first) = first.clone().filter(|_| matters) {
            return first;
        }
        if let Some(blind) = health.blind.first() {
            return (
                UNKNOWN,
                format!("{} could not be looked at: {}", blind.object, blind.fault),
            );
        }
        match (&health.job, first) {
            (None, _) => (UNKNOWN, NO_JOB.to_owned()),
            (Some(_), Some(first)) => first,
            (Some(job), None) => (WELL, format!("Provisioning works, and is {}.", job.phase.words())),
        }
    }
}

const UNKNOWN: Look = look("?", "?", "not known", Tone::Doubt);
const WELL: Look = look("✔", "=", "well", Tone::Good);

impl Refused {
    /// What AWS said, in one line.
    pub fn said(&self) -> String {
        format!("{}: {}", self.code, self.message)
    }

    /// Whether all words stand in it somewhere.
    pub fn fits(&self, filter: &str) -> bool {
        let all = format!("{} {} {}", self.call, self.code, self.message).to_lowercase();
        filter.split_whitespace().all(|word| all.contains(&word.to_lowercase()))
    }
}

impl People {
    /// In one sentence.
    pub fn text(&self) -> String {
        let people = |many| count(many, "person", "people");
        let groups = |many| count(many, "group", "groups");
        let scope = if self.everybody { ", which is everybody" } else { "" };
        let disabled = match self.disabled {
            0 => String::new(),
            many => format!(" ({many} disabled)"),
        };
        format!(
            "{} and {} in scope in Entra{scope}; {}{disabled} and {} in AWS",
            people(self.in_scope),
            groups(self.groups_in_scope),
            people(self.in_aws),
            groups(self.groups_in_aws),
        )
    }
}

impl Counted {
    /// In some lines, each with a label.
    pub fn lines(&self) -> Vec<(&'static str, String)> {
        let people = self.people.map(|people| ("people", people.text()));
        let latency = latency_words(&self.latencies).map(|words| ("latency", format!("{words}, from Entra to AWS")));
        let missing = self.missing.iter().map(|what| ("unread", what.clone()));
        people.into_iter().chain(latency).chain(missing).collect()
    }
}

fn node(target: &str) -> NodeId {
    NodeId {
        target: Some(target.to_owned()),
        step: "scim.start".to_owned(),
        item: String::new(),
    }
}

/// The counts as text, in the columns of the job's lines.
pub fn write_counted(out: impl io::Write, style: Style, counted: &Counted) -> io::Result<()> {
    let mut paper = Paper::new(out, style);
    for (label, text) in counted.lines() {
        paper.hang(0, &format!("  {label:<18}"), &text, None)?;
    }
    Ok(())
}

/// The counts as JSON lines.
pub fn json_counted<W: io::Write>(json: &mut Json<W>, view: &View, target: &str, counted: &Counted) -> io::Result<()> {
    let mut line = |body: Body| json.line(view, view.seq(), counted.at, Some(&node(target)), body);
    if let Some(people) = counted.people {
        line(Body::People(people))?;
    }
    if let Some(words) = latency_words(&counted.latencies) {
        let seconds = counted.latencies.clone();
        line(Body::Latency { seconds, words })?;
    }
    Ok(())
}

/// What AWS refused, as text, the oldest first, each with its cause and what mends it.
pub fn write_refused(out: impl io::Write, style: Style, refused: &[Refused]) -> io::Result<()> {
    let mut paper = Paper::new(out, style);
    for one in refused {
        let spans = [
            Span(format!("{:.0}", one.when), 0, Some(Tone::Quiet)),
            Span("refused".to_owned(), 7, Some(Tone::Bad)),
            Span::plain(format!("by AWS  {}", one.call)),
        ];
        paper.row(&spans, &one.said(), 4)?;
        if !one.cause.is_empty() {
            paper.hang(4, "cause: ", &one.cause, None)?;
            paper.hang(4, "fix:   ", &one.fix, None)?;
        }
    }
    Ok(())
}

/// The same as JSON, one a line.
pub fn json_refused<W: io::Write>(
    json: &mut Json<W>,
    view: &View,
    target: &str,
    refused: &[Refused],
) -> io::Result<()> {
    for one in refused {
        let body = Body::Refused(one.clone());
        json.line(view, view.seq(), one.when, Some(&node(target)), body)?;
    }
    Ok(())
}

/// A sample for tests of the stream.
#[cfg(test)]
pub(super) fn samples() -> (Counted, Refused) {
    (tests::counted(), tests::refused())
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn counted() -> Counted {
        Counted {
            at: "2026-06-01T10:00:00Z".parse().unwrap(),
            people: Some(People {
                everybody: false,
                in_scope: 12,
                groups_in_scope: 1,
                in_aws: 13,
                disabled: 2,
                groups_in_aws: 1,
            }),
            latencies: vec![60, 1200, 2400],
            missing: vec!["Entra's audit log: no right".into()],
        }
    }

    pub(super) fn refused() -> Refused {
        Refused {
            when: "2026-06-01T10:00:00Z".parse().unwrap(),
            call: "CreateUser".into(),
            code: "ConflictException".into(),
            message: "Duplicate".into(),
            cause: "Somebody holds it.".into(),
            fix: "Rename one.".into(),
        }
    }

    #[test]
    fn counts_and_refusals_are_told_in_lines() {
        let mut out = Vec::new();
        write_counted(&mut out, Style::default(), &counted()).unwrap();
        write_refused(&mut out, Style::default(), &[refused()]).unwrap();
        insta::assert_snapshot!(String::from_utf8(out).unwrap(), @r"
          people            12 people and 1 group in scope in Entra; 13 people (2 disabled) and 1 group in AWS
          latency           20 min in the middle, 40 min at most, of 3 changes, from Entra to AWS
          unread            Entra's audit log: no right
        2026-06-01T10:00:00Z refused by AWS  CreateUser ConflictException: Duplicate
            cause: Somebody holds it.
            fix:   Rename one.
        ");
    }
}
