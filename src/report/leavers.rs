//! What people left behind in AWS, as text and as JSON.

use std::io;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    json::Json,
    paper::{Paper, Style},
    view::View,
    wire::Body,
    words::Tone,
};
use crate::engine::graph::NodeId;

/// One thing that is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rest {
    /// What it is approved by.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Why it is here.
    pub why: String,
    /// How many assignments it holds.
    pub held: usize,
    /// Whether it may be removed.
    pub removable: bool,
}

/// What is left in one target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Left {
    /// Users of AWS whom provisioning disabled.
    pub people: Vec<Rest>,
    /// Assignments whose user or group is gone.
    pub assignments: Vec<Rest>,
}

impl Left {
    /// All of it.
    pub fn all(&self) -> impl Iterator<Item = &Rest> {
        self.people.iter().chain(&self.assignments)
    }
}

/// What became of something that is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// It is shown, and nothing was done.
    Left,
    /// It is removed.
    Removed,
    /// It was approved, and is not what it was: it stays.
    Stays,
}

/// What is left, as text. Each line that may be removed begins with the id that approves it, so that a list is a copy of lines.
pub fn write(out: impl io::Write, style: Style, left: &Left) -> io::Result<()> {
    let mut paper = Paper::new(out, style);
    for rest in left.all() {
        let held = match rest.held {
            0 => String::new(),
            1 => ", and holds 1 assignment".to_owned(),
            many => format!(", and holds {many} assignments"),
        };
        if rest.removable {
            paper.unbroken(&format!("{}  # {} {}{held}", rest.id, rest.name, rest.why))?;
        } else {
            paper.unbroken(&format!("# stays: {} {} {}{held}", rest.id, rest.name, rest.why))?;
        }
    }
    Ok(())
}

/// What became of one thing, as text.
pub fn write_fate(out: impl io::Write, style: Style, rest: &Rest, fate: Fate) -> io::Result<()> {
    let (word, tone) = match fate {
        Fate::Left => ("left", None),
        Fate::Removed => ("removed", Some(Tone::Good)),
        Fate::Stays => ("stays: it is not what it was", Some(Tone::Doubt)),
    };
    Paper::new(out, style).say(0, &format!("{} {}: {word}", rest.id, rest.name), tone)
}

/// One JSON line for one thing.
pub fn json<W: io::Write>(
    json: &mut Json<W>,
    view: &View,
    at: Timestamp,
    target: &str,
    rest: &Rest,
    fate: Fate,
) -> io::Result<()> {
    let node = NodeId {
        target: Some(target.to_owned()),
        step: "scim.arrived".to_owned(),
        item: String::new(),
    };
    let body = Body::Leaver {
        id: rest.id.clone(),
        name: rest.name.clone(),
        why: rest.why.clone(),
        assignments: u32::try_from(rest.held).unwrap_or(u32::MAX),
        removable: rest.removable,
        fate,
    };
    json.line(view, view.seq(), at, Some(&node), body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_go_begins_with_its_id() {
        let rest = |id: &str, removable: bool| Rest {
            id: id.into(),
            name: "nikki".into(),
            why: "is gone from Entra".into(),
            held: 2,
            removable,
        };
        let left = Left {
            people: vec![rest("u-1", true), rest("u-2", false)],
            assignments: Vec::new(),
        };
        let mut out = Vec::new();
        write(&mut out, Style::default(), &left).unwrap();
        insta::assert_snapshot!(String::from_utf8(out).unwrap(), @r"
        u-1  # nikki is gone from Entra, and holds 2 assignments
        # stays: u-2 nikki is gone from Entra, and holds 2 assignments
        ");
    }
}
