//! What has changed from one look to the next: what a watch tells.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    drift::{Drift, Unseen},
    health::Health,
    json::Json,
    paper::{Paper, Span, Style},
    view::View,
    wire::Body,
    words::Tone,
};
use crate::engine::graph::NodeId;

/// Something that a look found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The node it is about.
    pub node: NodeId,
    /// Which of several about one node: a field, or a rule and its object.
    pub field: String,
    /// The same in one sentence.
    pub text: String,
    /// What mends it.
    pub fix: String,
}

/// All that one look found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look {
    /// What is not as it should be.
    pub notes: Vec<Note>,
    /// The nodes that nobody could look at, each with the reason. Nothing is known of them.
    pub blind: Vec<(NodeId, String)>,
    /// The nodes that were not looked at, because they rest on something that is missing.
    pub covered: Vec<NodeId>,
}

impl Look {
    /// Takes the differences of a check in.
    pub fn add(&mut self, drifts: &[Drift], unseen: &[Unseen]) {
        self.notes.extend(drifts.iter().map(|drift| {
            Note {
                node: drift.node.clone(),
                field: drift
                    .difference
                    .as_ref()
                    .map(|difference| difference.field.clone())
                    .unwrap_or_default(),
                text: drift.text(),
                fix: "fedwiz check --repair".to_owned(),
            }
        }));
        let blind = unseen.iter().map(|one| (one.node.clone(), one.fault.to_string()));
        self.blind.extend(blind);
    }
}

/// Rules whose findings a check tells in its own words.
const TOLD_BY_A_CHECK: &[&str] = &["quarantine", "job-paused"];

impl Look {
    /// Takes in what is wrong with token, certificates and job, or soon will be.
    pub fn add_health(&mut self, health: &Health) {
        let node = |step: &str| NodeId {
            target: Some(health.target.clone()),
            step: step.to_owned(),
            item: String::new(),
        };
        let rows = health
            .findings
            .iter()
            .filter(|row| !TOLD_BY_A_CHECK.contains(&row.rule));
        self.notes.extend(rows.map(|row| Note {
            node: node(row.step),
            field: format!("{} {}", row.rule, row.object_id.as_ref().unwrap_or(&row.object)),
            text: format!("{}: {} {}", row.title, row.object, row.detail),
            fix: row.fix.to_owned(),
        }));
        let step = |side: &str| if side == "aws" { "scim.token" } else { "scim.start" };
        let blind = health
            .blind
            .iter()
            .map(|blind| (node(step(blind.side)), blind.fault.to_string()));
        self.blind.extend(blind);
    }
}

/// How something changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// It was not there at the last look.
    Appeared,
    /// It was there at the last look, and says something else now.
    Changed,
    /// It was there at the last look, and is over.
    Over,
    /// It could not be looked at: nobody knows.
    Unseen,
    /// It could not be looked at before, and can again.
    SeenAgain,
}

impl How {
    /// In a word or two.
    pub fn word(self) -> &'static str {
        match self {
            Self::Appeared => "appeared",
            Self::Changed => "changed",
            Self::Over => "over",
            Self::Unseen => "could not look",
            Self::SeenAgain => "looks again",
        }
    }

    fn tone(self) -> Tone {
        match self {
            Self::Appeared | Self::Changed => Tone::Bad,
            Self::Over | Self::SeenAgain => Tone::Good,
            Self::Unseen => Tone::Doubt,
        }
    }
}

/// A change from one look to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// How.
    pub how: How,
    /// What of.
    pub note: Note,
}

/// What is known after all looks so far.
#[derive(Debug, Clone, Default)]
pub struct Known {
    notes: BTreeMap<(NodeId, String), Note>,
    blind: BTreeMap<NodeId, String>,
}

impl Known {
    /// Takes a look in, and says what has changed since the one before. What could not be looked at is taken neither for gone
    /// nor for mended: it stays as it was known.
    pub fn take(&mut self, look: Look) -> Vec<Change> {
        let about = |node: &NodeId, text: &str| Note {
            node: node.clone(),
            field: String::new(),
            text: text.to_owned(),
            fix: String::new(),
        };
        let mut changes = Vec::new();
        let blind: BTreeMap<NodeId, String> = look.blind.into_iter().collect();
        let covered: BTreeSet<NodeId> = look.covered.into_iter().collect();
        let found: BTreeMap<(NodeId, String), Note> = look
            .notes
            .into_iter()
            .map(|note| ((note.node.clone(), note.field.clone()), note))
            .collect();
        for node in self.blind.keys().filter(|node| !blind.contains_key(*node)) {
            changes.push((How::SeenAgain, about(node, "")));
        }
        for (key, note) in &found {
            match self.notes.get(key) {
                None => changes.push((How::Appeared, note.clone())),
                Some(before) if before.text != note.text => changes.push((How::Changed, note.clone())),
                Some(_) => {}
            }
        }
        let mut kept = BTreeMap::new();
        for (key, note) in std::mem::take(&mut self.notes) {
            if found.contains_key(&key) {
                continue;
            }
            if blind.contains_key(&key.0) || covered.contains(&key.0) {
                kept.insert(key, note);
            } else {
                changes.push((How::Over, note));
            }
        }
        for (node, why) in &blind {
            if !self.blind.contains_key(node) {
                changes.push((How::Unseen, about(node, why)));
            }
        }
        self.notes = found;
        self.notes.extend(kept);
        self.blind = blind;
        changes.into_iter().map(|(how, note)| Change { how, note }).collect()
    }

    /// How many things are not as they should be.
    pub fn open(&self) -> usize {
        self.notes.len()
    }

    /// How many nodes could not be looked at.
    pub fn unseen(&self) -> usize {
        self.blind.len()
    }
}

/// One line for each change.
pub fn write(out: impl io::Write, style: Style, at: Timestamp, changes: &[Change]) -> io::Result<()> {
    let mut paper = Paper::new(out, style);
    for Change { how, note } in changes {
        let spans = [
            Span(format!("{at:.0}"), 0, Some(Tone::Quiet)),
            Span(how.word().to_owned(), 14, Some(how.tone())),
            Span::plain(note.node.to_string()),
        ];
        paper.row(&spans, &note.text, 4)?;
    }
    Ok(())
}

/// One JSON line for each change.
pub fn json<W: io::Write>(json: &mut Json<W>, view: &View, at: Timestamp, changes: &[Change]) -> io::Result<()> {
    for Change { how, note } in changes {
        let body = Body::Change {
            change: *how,
            field: Some(note.field.clone()).filter(|field| !field.is_empty()),
            text: note.text.clone(),
            fix: note.fix.clone(),
        };
        json.line(view, view.seq(), at, Some(&note.node), body)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(step: &str) -> NodeId {
        NodeId {
            target: None,
            step: step.into(),
            item: String::new(),
        }
    }

    fn note(step: &str, field: &str, text: &str) -> Note {
        Note {
            node: node(step),
            field: field.into(),
            text: text.into(),
            fix: String::new(),
        }
    }

    fn look(notes: &[Note], blind: &[&str]) -> Look {
        Look {
            notes: notes.to_vec(),
            blind: blind.iter().map(|step| (node(step), "no answer".into())).collect(),
            covered: Vec::new(),
        }
    }

    fn hows(changes: &[Change]) -> Vec<(How, String)> {
        changes
            .iter()
            .map(|change| (change.how, change.note.node.step.clone()))
            .collect()
    }

    #[test]
    fn only_what_has_changed_is_told() {
        let mut known = Known::default();
        let paused = note("scim.start", "status", "Paused");
        assert_eq!(
            hows(&known.take(look(std::slice::from_ref(&paused), &[]))),
            [(How::Appeared, "scim.start".into())]
        );
        assert!(known.take(look(&[paused], &[])).is_empty());
        let quarantine = note("scim.start", "status", "Quarantine");
        assert_eq!(
            hows(&known.take(look(&[quarantine], &[]))),
            [(How::Changed, "scim.start".into())]
        );
        assert_eq!(hows(&known.take(look(&[], &[]))), [(How::Over, "scim.start".into())]);
        assert_eq!(known.open(), 0);
    }

    #[test]
    fn what_could_not_be_looked_at_is_taken_neither_for_gone_nor_for_mended() {
        let mut known = Known::default();
        let drift = note("entra.app", "name", "x");
        known.take(look(std::slice::from_ref(&drift), &[]));
        assert_eq!(
            hows(&known.take(look(&[], &["entra.app"]))),
            [(How::Unseen, "entra.app".into())]
        );
        assert_eq!((known.open(), known.unseen()), (1, 1));
        assert!(known.take(look(&[], &["entra.app"])).is_empty());
        assert_eq!(
            hows(&known.take(look(&[drift], &[]))),
            [(How::SeenAgain, "entra.app".into())]
        );
        let covered = Look {
            covered: vec![node("entra.app")],
            ..Look::default()
        };
        assert!(known.take(covered).is_empty());
        assert_eq!(known.open(), 1);
    }
}
