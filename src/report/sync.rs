//! What provisioning did to each person and group: the log's entries, the steps of an answer on demand, and one person's time
//! line, as text, JSON and CSV.

use std::{collections::BTreeSet, io, time::Duration};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    health::about,
    json::Json,
    paper::{Paper, Span, Style},
    view::View,
    wire::Body,
    words::{self, Look, Tone},
};
use crate::engine::graph::NodeId;

/// One step of what was done to an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Step {
    /// `import`, `scoping`, `matching`, `processing`, `reference-resolution`, `export`, or what is new.
    pub kind: String,
    /// `success`, `failure`, `skipped` or `warning`.
    pub status: String,
    /// What was done, in the service's words.
    pub text: String,
}

/// What became of one person or group, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Entry {
    /// The log's own id; empty for an answer on demand.
    pub id: String,
    /// When.
    pub when: Timestamp,
    /// Its object id in Entra.
    pub subject: String,
    /// Its name.
    pub name: String,
    /// `User`, `Group`, or what is new.
    pub object: String,
    /// Its id in AWS, where it has one.
    pub in_aws: String,
    /// `create`, `update`, `disable`, `delete`, `other`, or what is new.
    pub action: String,
    /// `success`, `failure`, `skipped` or `warning`.
    pub result: String,
    /// The error's code; empty when there is none.
    pub code: String,
    /// What the service says of it; empty when nothing.
    pub reason: String,
    /// Why, in plain words; empty when nothing is known.
    pub cause: String,
    /// What mends it; empty when nothing has to be, or nothing is known.
    pub fix: String,
    /// Step by step.
    pub steps: Vec<Step>,
    /// What was written to AWS: attribute and value.
    pub written: Vec<(String, String)>,
}

impl Entry {
    /// Whether it ended badly.
    pub fn failed(&self) -> bool {
        self.result.eq_ignore_ascii_case("failure")
    }

    /// Whether all words stand in it somewhere: `result=failure` and the like name the member.
    pub fn fits(&self, filter: &str) -> bool {
        let members = [
            ("name", &self.name),
            ("subject", &self.subject),
            ("object", &self.object),
            ("action", &self.action),
            ("result", &self.result),
            ("code", &self.code),
            ("reason", &self.reason),
        ];
        let holds = |text: &str, word: &str| text.to_lowercase().contains(&word.to_lowercase());
        filter.split_whitespace().all(|word| match word.split_once('=') {
            Some((member, value)) if members.iter().any(|(name, _)| *name == member) => {
                members.iter().any(|(name, text)| *name == member && holds(text, value))
            }
            _ => members.iter().any(|(_, text)| holds(text, word)),
        })
    }

    /// Code and reason in one line; empty where there is neither.
    pub fn said(&self) -> String {
        match (self.code.is_empty(), self.reason.is_empty()) {
            (true, _) => self.reason.clone(),
            (false, true) => self.code.clone(),
            (false, false) => format!("{}: {}", self.code, self.reason),
        }
    }

    fn node(&self, target: &str) -> NodeId {
        NodeId {
            target: Some(target.to_owned()),
            step: "scim.start".to_owned(),
            item: String::new(),
        }
    }
}

/// The last entry of each object, where that is a failure: what failed and went well later is over.
pub fn failing_now(entries: &[Entry]) -> Vec<Entry> {
    let mut seen = BTreeSet::new();
    let mut last: Vec<Entry> = entries
        .iter()
        .rev()
        .filter(|entry| seen.insert((&entry.subject, &entry.name)))
        .filter(|entry| entry.failed())
        .cloned()
        .collect();
    last.reverse();
    last
}

/// How an end is shown: `success`, `failure`, or anything between.
pub fn look(result: &str) -> Look {
    match result.to_ascii_lowercase().as_str() {
        "success" | "succeeded" | "in step" => words::look("✔", "=", "well", Tone::Good),
        "failure" | "failed" => words::look("✘", "x", "failed", Tone::Bad),
        _ => words::look("○", "o", "left out", Tone::Doubt),
    }
}

fn tone(result: &str) -> Tone {
    look(result).tone
}

/// Entries as text, the oldest first, each with its cause and what mends it.
pub fn write_entries(out: impl io::Write, style: Style, entries: &[Entry]) -> io::Result<()> {
    let mut paper = Paper::new(out, style);
    for entry in entries {
        let spans = [
            Span(format!("{:.0}", entry.when), 0, Some(Tone::Quiet)),
            Span(entry.result.clone(), 7, Some(tone(&entry.result))),
            Span(entry.action.clone(), 7, None),
            Span::plain(format!("{} {}", entry.object, entry.name)),
        ];
        paper.row(&spans, &entry.said(), 4)?;
        if !entry.cause.is_empty() {
            paper.hang(4, "cause: ", &entry.cause, None)?;
            paper.hang(4, "fix:   ", &entry.fix, None)?;
        }
    }
    Ok(())
}

/// Entries as JSON, one a line.
pub fn json_entries<W: io::Write>(json: &mut Json<W>, view: &View, target: &str, entries: &[Entry]) -> io::Result<()> {
    for entry in entries {
        let body = Body::Provisioned(Box::new(entry.clone()));
        json.line(view, view.seq(), entry.when, Some(&entry.node(target)), body)?;
    }
    Ok(())
}

/// Entries as CSV. A value that a spreadsheet would take for a formula is written with an apostrophe before it.
pub fn csv(mut out: impl io::Write, entries: &[Entry]) -> io::Result<()> {
    let cell = |text: &str| {
        let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
            "'"
        } else {
            ""
        };
        format!("\"{guard}{}\"", text.replace('"', "\"\""))
    };
    writeln!(
        out,
        "when,object,name,subject,in_aws,action,result,code,reason,cause,fix"
    )?;
    for entry in entries {
        let cells = [
            &entry.when.to_string(),
            &entry.object,
            &entry.name,
            &entry.subject,
            &entry.in_aws,
            &entry.action,
            &entry.result,
            &entry.code,
            &entry.reason,
            &entry.cause,
            &entry.fix,
        ];
        let cells: Vec<String> = cells.iter().map(|text| cell(text)).collect();
        writeln!(out, "{}", cells.join(","))?;
    }
    Ok(())
}

/// One entry with all its steps, as text.
pub fn write_steps(out: impl io::Write, style: Style, entry: &Entry) -> io::Result<()> {
    let mut paper = Paper::new(out, style);
    for step in &entry.steps {
        let spans = [
            Span::plain(" "),
            Span(step.kind.clone(), 20, None),
            Span(step.status.clone(), 8, Some(tone(&step.status))),
        ];
        paper.row(&spans, &step.text, 4)?;
    }
    for (name, value) in &entry.written {
        paper.hang(4, "wrote ", &format!("{name} = {value}"), Some(Tone::Quiet))?;
    }
    Ok(())
}

/// Where an event of a time line was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Seen {
    /// Entra's audit log.
    Entra,
    /// Entra's provisioning log.
    Provisioning,
    /// AWS's CloudTrail.
    Aws,
}

impl Seen {
    /// In one word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Entra => "entra",
            Self::Provisioning => "scim",
            Self::Aws => "aws",
        }
    }
}

/// One event of a person's time line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Event {
    /// When.
    pub when: Timestamp,
    /// Where it was seen.
    pub seen: Seen,
    /// What happened.
    pub what: String,
    /// How it ended: `success`, `failure`, `skipped`, or the vendor's error code.
    pub result: String,
    /// Who did it, what was written, or what the vendor says.
    pub detail: String,
}

/// One person's time line, and how long a change took to reach AWS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Person {
    /// The sign-in name.
    pub upn: String,
    /// How the person is in Entra, in one sentence.
    pub in_entra: String,
    /// How the person is in AWS, in one sentence.
    pub in_aws: String,
    /// What happened, the oldest first.
    pub events: Vec<Event>,
    /// How long each change in Entra took until AWS's log shows it, in seconds.
    pub latencies: Vec<u64>,
    /// What could not be read: the line is not whole.
    pub missing: Vec<String>,
}

/// How long each change in Entra took to reach AWS, by both logs: from each change to the first write in AWS after it. A change
/// that the next one overtook counts once.
pub fn latencies(changes: &[Timestamp], writes: &[Timestamp]) -> Vec<u64> {
    let mut changes = changes.to_vec();
    changes.sort();
    let mut writes = writes.to_vec();
    writes.sort();
    let mut found: Vec<(Timestamp, Timestamp)> = Vec::new();
    for change in changes {
        let Some(write) = writes.iter().find(|write| **write >= change) else {
            continue;
        };
        // Several changes that one write carries: the first waited longest.
        if found.last().is_none_or(|(_, last)| last != write) {
            found.push((change, *write));
        }
    }
    found
        .into_iter()
        .map(|(change, write)| u64::try_from(write.duration_since(change).as_secs()).unwrap_or_default())
        .collect()
}

/// What latencies add up to: `22 min in the middle, 41 min at most, of 7 changes`.
pub fn latency_words(latencies: &[u64]) -> Option<String> {
    let mut sorted = latencies.to_vec();
    sorted.sort_unstable();
    let words = |seconds: u64| {
        about(jiff::SignedDuration::from_secs(
            i64::try_from(seconds).unwrap_or(i64::MAX),
        ))
    };
    let middle = *sorted.get(sorted.len() / 2)?;
    let longest = *sorted.last()?;
    Some(match sorted.len() {
        1 => format!("{} for the one change that both logs show", words(longest)),
        many => format!(
            "{} in the middle, {} at most, of {many} changes",
            words(middle),
            words(longest)
        ),
    })
}

/// A person's time line as text.
pub fn write_person(out: impl io::Write, style: Style, person: &Person) -> io::Result<()> {
    let mut paper = Paper::new(out, style);
    paper.say(0, &person.upn, Some(Tone::Note))?;
    paper.hang(2, "entra  ", &person.in_entra, None)?;
    paper.hang(2, "aws    ", &person.in_aws, None)?;
    for event in &person.events {
        let spans = [
            Span(format!("{:.0}", event.when), 0, Some(Tone::Quiet)),
            Span(event.seen.word().to_owned(), 5, None),
            Span(event.result.clone(), 7, Some(tone(&event.result))),
            Span::plain(event.what.clone()),
        ];
        paper.row(&spans, &event.detail, 4)?;
    }
    if let Some(words) = latency_words(&person.latencies) {
        paper.say(0, &format!("From a change in Entra to AWS: {words}."), None)?;
    }
    for missing in &person.missing {
        paper.say(0, &format!("could not be read: {missing}"), Some(Tone::Bad))?;
    }
    Ok(())
}

/// A person's time line as one JSON line.
pub fn json_person<W: io::Write>(
    json: &mut Json<W>,
    view: &View,
    at: Timestamp,
    target: &str,
    person: &Person,
) -> io::Result<()> {
    let node = NodeId {
        target: Some(target.to_owned()),
        step: "scim.arrived".to_owned(),
        item: person.upn.clone(),
    };
    json.line(
        view,
        view.seq(),
        at,
        Some(&node),
        Body::Person(Box::new(person.clone())),
    )
}

/// The time that lies between two looks of a log that is followed.
pub const FOLLOW_EVERY: Duration = Duration::from_secs(30);

/// A sample for tests of the stream.
#[cfg(test)]
pub(super) fn samples() -> (Entry, Person) {
    (tests::entry(), tests::person())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    pub(super) fn entry() -> Entry {
        Entry {
            id: "1".into(),
            when: at("2026-06-01T10:00:00Z"),
            subject: "u1".into(),
            name: "Richard Roe".into(),
            object: "User".into(),
            in_aws: String::new(),
            action: "create".into(),
            result: "failure".into(),
            code: "EntryConflict".into(),
            reason: "taken".into(),
            cause: "Somebody holds it.".into(),
            fix: "Rename one.".into(),
            steps: vec![Step {
                kind: "export".into(),
                status: "failure".into(),
                text: "Refused".into(),
            }],
            written: vec![("title".into(), "=1+1".into())],
        }
    }

    pub(super) fn person() -> Person {
        Person {
            upn: "richard@contoso.com".into(),
            in_entra: "enabled".into(),
            in_aws: "not there".into(),
            events: vec![Event {
                when: at("2026-06-01T10:00:00Z"),
                seen: Seen::Provisioning,
                what: "create".into(),
                result: "failure".into(),
                detail: "EntryConflict".into(),
            }],
            latencies: vec![60, 1200, 2400],
            missing: Vec::new(),
        }
    }

    #[test]
    fn an_entry_says_cause_and_fix_and_its_steps_one_by_one() {
        let mut out = Vec::new();
        write_entries(&mut out, Style::default(), &[entry()]).unwrap();
        write_steps(&mut out, Style::default(), &entry()).unwrap();
        write_person(&mut out, Style::default(), &person()).unwrap();
        insta::assert_snapshot!(String::from_utf8(out).unwrap(), @r"
        2026-06-01T10:00:00Z failure create  User Richard Roe EntryConflict: taken
            cause: Somebody holds it.
            fix:   Rename one.
          export               failure  Refused
            wrote title = =1+1
        richard@contoso.com
          entra  enabled
          aws    not there
        2026-06-01T10:00:00Z scim  failure create EntryConflict
        From a change in Entra to AWS: 20 min in the middle, 40 min at most, of 3 changes.
        ");
    }

    #[test]
    fn what_failed_and_went_well_later_is_over() {
        let one = |subject: &str, result: &str, when: &str| Entry {
            id: format!("{subject}{when}"),
            when: at(when),
            subject: subject.into(),
            name: subject.into(),
            result: result.into(),
            ..entry()
        };
        let entries = [
            one("a", "failure", "2026-06-01T10:00:00Z"),
            one("b", "failure", "2026-06-01T10:00:01Z"),
            one("a", "success", "2026-06-01T11:00:00Z"),
            one("b", "failure", "2026-06-01T11:00:01Z"),
        ];
        let now: Vec<String> = failing_now(&entries).into_iter().map(|entry| entry.id).collect();
        assert_eq!(now, ["b2026-06-01T11:00:01Z"]);
    }

    #[test]
    fn a_filter_names_members_or_looks_everywhere() {
        for (filter, fits) in [
            ("roe", true),
            ("result=failure create", true),
            ("result=success", false),
            ("code=conflict name=richard", true),
            ("nikki", false),
            ("", true),
        ] {
            assert_eq!(entry().fits(filter), fits, "{filter}");
        }
    }

    #[test]
    fn a_spreadsheet_takes_no_value_for_a_formula() {
        let mut entry = entry();
        entry.name = "=HYPERLINK(\"x\")".into();
        let mut out = Vec::new();
        csv(&mut out, &[entry]).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("\"'=HYPERLINK(\"\"x\"\")\""), "{text}");
    }

    #[test]
    fn a_latency_goes_from_a_change_to_the_first_write_after_it() {
        let changes = [
            at("2026-06-01T10:00:00Z"),
            at("2026-06-01T10:05:00Z"),
            at("2026-06-01T12:00:00Z"),
        ];
        let writes = [
            at("2026-06-01T09:00:00Z"),
            at("2026-06-01T10:30:00Z"),
            at("2026-06-01T12:10:00Z"),
        ];
        assert_eq!(latencies(&changes, &writes), [1800, 600]);
        assert_eq!(latencies(&[at("2026-06-01T13:00:00Z")], &writes), Vec::<u64>::new());
    }
}
