//! What `fedwiz doctor` found, as text grouped by severity, or as JSON.

use std::io;

use jiff::Timestamp;

use super::{
    json::Json,
    paper::{Paper, Style},
    view::View,
    wire::Body,
    words::Tone,
};
use crate::{engine::graph::NodeId, fault::Fault};

/// A finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The rule's id.
    pub rule: &'static str,
    /// `error`, `warning` or `notice`.
    pub severity: &'static str,
    /// The AWS target.
    pub target: String,
    /// The step it concerns most.
    pub step: &'static str,
    /// `entra` or `aws`.
    pub side: &'static str,
    /// The object's exact name.
    pub object: String,
    /// The object's id.
    pub object_id: Option<String>,
    /// What the rule is about.
    pub title: &'static str,
    /// What is the matter with the object.
    pub detail: String,
    /// Why it matters.
    pub why: &'static str,
    /// What mends it.
    pub fix: &'static str,
    /// Where the vendor says so.
    pub source: &'static str,
}

/// Something that could not be looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Blind {
    /// The AWS target.
    pub target: String,
    /// `entra` or `aws`.
    pub side: &'static str,
    /// What it is.
    pub object: String,
    /// Why.
    pub fault: Fault,
}

fn node(target: &str, step: &str) -> NodeId {
    NodeId {
        target: Some(target.to_owned()),
        step: step.to_owned(),
        item: String::new(),
    }
}

/// One JSON line for each finding, then one for each thing that could not be looked at.
pub fn json<W: io::Write>(
    json: &mut Json<W>,
    view: &View,
    at: Timestamp,
    rows: &[Row],
    blind: &[Blind],
) -> io::Result<()> {
    for row in rows {
        let body = Body::Finding {
            rule: row.rule.to_owned(),
            severity: row.severity.to_owned(),
            side: row.side.to_owned(),
            object: row.object.clone(),
            object_id: row.object_id.clone(),
            title: row.title.to_owned(),
            detail: row.detail.clone(),
            why: row.why.to_owned(),
            fix: row.fix.to_owned(),
            source: row.source.to_owned(),
        };
        json.line(view, view.seq(), at, Some(&node(&row.target, row.step)), body)?;
    }
    for one in blind {
        let body = Body::Unread {
            side: one.side.to_owned(),
            object: one.object.clone(),
            fault: (&one.fault).into(),
        };
        let step = if one.side == "aws" {
            "aws.rights"
        } else {
            "entra.rights"
        };
        json.line(view, view.seq(), at, Some(&node(&one.target, step)), body)?;
    }
    Ok(())
}

/// The findings as text: by severity, and under each rule its objects, what mends it, and where the vendor says so.
pub fn write(out: impl io::Write, style: Style, rows: &[Row], blind: &[Blind]) -> io::Result<()> {
    let mut paper = Paper::new(out, style);
    for severity in ["error", "warning", "notice"] {
        let mut rule = "";
        let of_kind: Vec<&Row> = rows.iter().filter(|row| row.severity == severity).collect();
        for (at, row) in of_kind.iter().enumerate() {
            if row.rule != rule {
                rule = row.rule;
                paper.blank()?;
                let tone = match severity {
                    "error" => Some(Tone::Bad),
                    "warning" => Some(Tone::Doubt),
                    _ => None,
                };
                paper.say(0, &format!("{severity} {}: {}", row.rule, row.title), tone)?;
                paper.say(2, row.why, None)?;
            }
            let id = row.object_id.as_deref().filter(|id| *id != row.object);
            let id = id.map_or_else(String::new, |id| format!(" ({id})"));
            paper.say(2, &format!("- {}: {}{id} {}", row.side, row.object, row.detail), None)?;
            if of_kind.get(at + 1).is_none_or(|next| next.rule != rule) {
                paper.say(2, &format!("fix: {}", row.fix), None)?;
                paper.say(2, &format!("source: {}", row.source), None)?;
            }
        }
    }
    for one in blind {
        paper.blank()?;
        paper.say(
            0,
            &format!("could not be looked at: {} ({})", one.object, one.side),
            Some(Tone::Bad),
        )?;
        paper.say(2, &one.fault.to_string(), None)?;
        if !one.fault.hint.is_empty() {
            paper.say(2, &format!("fix: {}", one.fault.hint), None)?;
        }
    }
    Ok(())
}
