//! `Run`: the fold over facts. It knows the state of every node, and which fact may follow.
//!
//! It is pure: the same facts give the same run, on the first day, after a crash, and in a replay.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use jiff::Timestamp;
use serde_json::Value;

use super::{
    fact::{End, Event, Fact, Intent},
    graph::{NodeId, Remembered},
    kept::Kept,
    step::{AsFound, How, Undone},
};
use crate::fault::{Fault, Text};

/// All that the facts say.
#[derive(Debug, Clone, Default)]
pub struct Run {
    nodes: HashMap<NodeId, Box<NodeRun>>,
    /// The runs so far; the last one may still be open.
    current: Option<Current>,
    number: u32,
    seq: u64,
    at: Option<Timestamp>,
}

/// The latest run.
#[derive(Debug, Clone, PartialEq)]
pub struct Current {
    /// Its id.
    pub run: String,
    /// What it is for.
    pub intent: Intent,
    /// The digest of its profile.
    pub profile: String,
    /// What it takes away although it sets up.
    pub removes: HashSet<NodeId>,
    /// When it began.
    pub since: Timestamp,
    /// How it ended; none while it runs, and for ever when it was killed.
    pub end: Option<End>,
}

/// What the facts say about one node.
#[derive(Debug, Clone, Default)]
pub struct NodeRun {
    /// What stands, as far as is known.
    pub standing: Option<Standing>,
    /// A change that was begun and has not come to an end: its outcome is unknown until somebody looks.
    pub begun: Option<Begun>,
    /// When taking it back was begun, if that has not come to an end.
    pub undoing: Option<Timestamp>,
    /// Why it was left in place when it was to be taken back.
    pub kept: Option<Text>,
    /// The items it referred to.
    pub refs: Vec<(String, String)>,
    last: Last,
    number: u32,
}

/// What stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// How it came to stand.
    pub how: How,
    /// What stands.
    pub output: Kept,
    /// For what was changed: what was there before.
    pub before: Option<Arc<Value>>,
    /// What was seen.
    pub proof: Text,
    /// True when nobody saw it.
    pub unproven: bool,
    /// For what was adopted: how it was then.
    pub as_found: AsFound,
    /// True when the operator lets what was adopted be taken back.
    pub released: bool,
}

impl Standing {
    /// Whether fedwiz takes it back: it made or changed it, or the operator released it.
    pub fn is_ours(&self) -> bool {
        matches!(self.how, How::Made | How::Changed) || self.released
    }

    /// How it came to stand, for taking it back: what was released goes as if fedwiz had made it.
    pub fn how_to_undo(&self) -> How {
        if self.released { How::Made } else { self.how }
    }
}

/// A change that was begun.
#[derive(Debug, Clone, PartialEq)]
pub struct Begun {
    /// When it was first begun.
    pub at: Timestamp,
    /// When a call that changes something was last about to be made.
    pub last_act: Timestamp,
    /// What was there.
    pub before: Option<Arc<Value>>,
    /// True when a person was asked and did not answer: there is nothing to wait for.
    pub in_vain: bool,
}

/// What happened last.
#[derive(Debug, Clone, Default, PartialEq)]
enum Last {
    #[default]
    Idle,
    Working,
    Waiting {
        why: Text,
        ends_when: Text,
        since: Timestamp,
        until: Timestamp,
    },
    NeedsPerson(Box<Fault>),
    Failed(Box<Fault>),
    Skipped(Text),
    Undone(Undone),
}

/// The state of a node, as facts know it.
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    /// Nothing has happened.
    Pending,
    /// A change was begun.
    Started,
    /// It waits for something outside.
    Waiting {
        /// What for.
        why: Text,
        /// What ends it early.
        ends_when: Text,
        /// Since when.
        since: Timestamp,
        /// When it gives up.
        until: Timestamp,
    },
    /// It stays open until a person has acted.
    NeedsPerson(Fault),
    /// It stands.
    Done {
        /// How it came to stand.
        how: How,
        /// True when nobody saw it.
        unproven: bool,
    },
    /// It failed in the latest run.
    Failed(Fault),
    /// It was left out.
    Skipped(Text),
    /// Taking it back was begun.
    Undoing,
    /// It is taken back.
    Undone(Undone),
    /// It was to be taken back and stays.
    Kept(Text),
}

impl NodeRun {
    /// Whether it stands and nothing about it is open.
    pub fn is_settled(&self) -> bool {
        self.standing.is_some() && self.begun.is_none() && self.undoing.is_none() && self.kept.is_none()
    }

    /// Whether the last thing that happened to it is that it failed.
    pub fn failed_last(&self) -> bool {
        matches!(self.last, Last::Failed(_))
    }

    /// Whether it may still be left out: nothing stands, and nothing was begun but asking a person in vain.
    pub fn may_be_left_out(&self) -> bool {
        self.standing.is_none() && self.begun.as_ref().is_none_or(|begun| begun.in_vain)
    }

    /// Whether there is, or may be, something to take back.
    pub fn may_be_ours(&self) -> bool {
        self.begun.is_some() || self.standing.as_ref().is_some_and(Standing::is_ours)
    }
}

impl Run {
    /// The fold over these facts.
    pub fn of<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut run = Self::default();
        for event in events {
            run.take(event);
        }
        run
    }

    /// The number of the last fact; 0 when there is none.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// When the last fact happened.
    pub fn at(&self) -> Option<Timestamp> {
        self.at
    }

    /// The latest run.
    pub fn current(&self) -> Option<&Current> {
        self.current.as_ref()
    }

    /// Whether a run is going on.
    pub fn is_open(&self) -> bool {
        self.current.as_ref().is_some_and(|current| current.end.is_none())
    }

    /// What the facts say about a node.
    pub fn node(&self, id: &NodeId) -> Option<&NodeRun> {
        self.nodes.get(id).map(|node| &**node)
    }

    /// All nodes that facts speak of, sorted by name.
    pub fn nodes(&self) -> Vec<(&NodeId, &NodeRun)> {
        let mut nodes: Vec<_> = self.nodes.iter().map(|(id, node)| (id, &**node)).collect();
        nodes.sort_by_key(|(id, _)| *id);
        nodes
    }

    /// The nodes that are or may be ours, and those that they refer to, with what is needed to put them back into a graph. Through
    /// what was only seen or adopted goes the order in which ours is taken back.
    pub fn ours(&self) -> Vec<Remembered> {
        let ours = self.nodes().into_iter().filter(|(_, node)| node.may_be_ours());
        let mut found: Vec<(&NodeId, &NodeRun)> = ours.collect();
        let mut known: HashSet<&NodeId> = found.iter().map(|(id, _)| *id).collect();
        let mut at = 0;
        while let Some(&(id, node)) = found.get(at) {
            at += 1;
            for (step, item) in &node.refs {
                let place = |target: &Option<String>| {
                    let id = NodeId {
                        target: target.clone(),
                        step: step.clone(),
                        item: item.clone(),
                    };
                    self.nodes.get_key_value(&id)
                };
                if let Some((id, node)) = place(&id.target).or_else(|| place(&None))
                    && node.standing.is_some()
                    && known.insert(id)
                {
                    found.push((id, node));
                }
            }
        }
        let remembered = found.into_iter().map(|(id, node)| Remembered {
            id: id.clone(),
            refs: node.refs.clone(),
        });
        remembered.collect()
    }

    /// The state of a node.
    pub fn state(&self, id: &NodeId) -> State {
        let Some(node) = self.nodes.get(id) else {
            return State::Pending;
        };
        let now = node.number == self.number;
        match &node.last {
            Last::Waiting {
                why,
                ends_when,
                since,
                until,
            } if now => State::Waiting {
                why: why.clone(),
                ends_when: ends_when.clone(),
                since: *since,
                until: *until,
            },
            Last::NeedsPerson(fault) if now => State::NeedsPerson(Fault::clone(fault)),
            Last::Failed(fault) if now => State::Failed(Fault::clone(fault)),
            Last::Skipped(why) if now => State::Skipped(why.clone()),
            Last::Undone(what) => State::Undone(what.clone()),
            _ if node.undoing.is_some() => State::Undoing,
            _ if node.begun.is_some() => State::Started,
            _ => match (&node.kept, &node.standing) {
                (Some(why), _) => State::Kept(why.clone()),
                (None, Some(standing)) => State::Done {
                    how: standing.how,
                    unproven: standing.unproven,
                },
                (None, None) => State::Pending,
            },
        }
    }

    /// Whether this fact may follow; if not, why not.
    pub fn allows(&self, id: Option<&NodeId>, fact: &Fact) -> Result<(), String> {
        let open = self.current.as_ref().filter(|current| current.end.is_none());
        let no = |why: &str| Err(why.to_owned());
        let Some(id) = id else {
            return match (fact, open) {
                (Fact::RunStarted { intent, .. }, _) if intent.changes() => Ok(()),
                (Fact::RunStarted { .. }, _) => no("a run that changes nothing leaves no facts"),
                (Fact::RunEnded { run, .. }, Some(current)) if *run == current.run => Ok(()),
                (Fact::RunEnded { .. }, _) => no("no such run is open"),
                _ => no("a fact about a node names none"),
            };
        };
        let Some(current) = open else {
            return no("no run is open");
        };
        let empty = NodeRun::default();
        let node = self.node(id).unwrap_or(&empty);
        let ours = node.standing.as_ref().is_some_and(Standing::is_ours);
        let down = current.intent == Intent::Down || current.removes.contains(id);
        match fact {
            Fact::RunStarted { .. } | Fact::RunEnded { .. } => no("a fact about the run names a node"),
            Fact::Started { .. } if down => no("nothing is made while taking back"),
            Fact::Done { how: How::Made, .. } if node.begun.is_none() && node.standing_how() != Some(How::Made) => {
                no("it is called made and was never begun")
            }
            Fact::Done { how: How::Changed, .. }
                if node.begun.is_none() && node.standing_how() != Some(How::Changed) =>
            {
                no("it is called changed and was never begun")
            }
            Fact::Done {
                unproven: true, how, ..
            } if node.begun.is_none() && !matches!(how, How::Adopted | How::Seen) => {
                no("nobody was asked for their word")
            }
            Fact::AsFound(_) if node.standing_how() != Some(How::Adopted) => no("it was not adopted"),
            Fact::Released {} if !down => no("nothing is taken back while making"),
            Fact::Released {} if node.standing_how() != Some(How::Adopted) => no("it was not adopted"),
            Fact::Skipped { .. } if !node.may_be_left_out() => no("it is not skipped any more"),
            Fact::UndoStarted {} if !down => no("nothing is taken back while making"),
            Fact::UndoStarted {} if node.undoing.is_some() => no("taking it back is begun already"),
            Fact::UndoStarted {} if !ours => no("it is not ours"),
            Fact::Undone { .. } if !down => no("nothing is taken back while making"),
            Fact::Undone { what, .. } => match what {
                Undone::Removed | Undone::Restored if node.undoing.is_none() => no("taking it back was never begun"),
                Undone::Removed | Undone::Restored if !ours => no("it is not ours"),
                Undone::AlreadyGone | Undone::Kept(_) if !node.may_be_ours() => no("it is not ours"),
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// Takes the next fact in. Facts that `allows` refuses are never offered, and old journals are believed.
    pub fn take(&mut self, event: &Event) {
        self.seq = event.seq;
        self.at = Some(event.at);
        let Some(id) = &event.node else {
            self.take_run(event);
            return;
        };
        let node = match self.nodes.get_mut(id) {
            Some(node) => node,
            None => self.nodes.entry(id.clone()).or_default(),
        };
        node.number = self.number;
        node.take(event);
    }

    fn take_run(&mut self, event: &Event) {
        match &event.fact {
            Fact::RunStarted {
                run,
                intent,
                profile,
                removes,
                ..
            } => {
                self.number += 1;
                self.current = Some(Current {
                    run: run.clone(),
                    intent: *intent,
                    profile: profile.clone(),
                    removes: removes.iter().cloned().collect(),
                    since: event.at,
                    end: None,
                });
            }
            Fact::RunEnded { end, .. } => {
                if let Some(current) = &mut self.current {
                    current.end = Some(*end);
                }
            }
            _ => {}
        }
    }
}

impl NodeRun {
    fn standing_how(&self) -> Option<How> {
        self.standing.as_ref().map(|standing| standing.how)
    }

    fn take(&mut self, event: &Event) {
        match &event.fact {
            Fact::RunStarted { .. } | Fact::RunEnded { .. } => {}
            Fact::Started { before, refs } => {
                // A further *Started* precedes a further call: what the first look found still counts.
                let (at, before) = match self.begun.take() {
                    Some(begun) => (begun.at, begun.before),
                    None => (event.at, before.clone()),
                };
                self.begun = Some(Begun {
                    at,
                    last_act: event.at,
                    before,
                    in_vain: false,
                });
                self.refs.clone_from(refs);
                self.undoing = None;
                self.kept = None;
                self.last = Last::Working;
            }
            Fact::Waiting { why, ends_when, until } => {
                self.last = Last::Waiting {
                    why: why.clone(),
                    ends_when: ends_when.clone(),
                    since: event.at,
                    until: *until,
                };
            }
            Fact::NeedsPerson { fault } => {
                if let Some(begun) = &mut self.begun {
                    begun.in_vain = true;
                }
                self.last = Last::NeedsPerson(Box::new(fault.clone()));
            }
            Fact::Done {
                how,
                output,
                proof,
                unproven,
            } => {
                let begun = self.begun.take();
                let as_found = match (how, &self.standing) {
                    (How::Adopted, Some(old)) => old.as_found.clone(),
                    (How::Changed, Some(old)) => AsFound {
                        owner: old.as_found.owner.clone(),
                        ..AsFound::default()
                    },
                    _ => AsFound::default(),
                };
                let before = match (how, self.standing.take()) {
                    (How::Changed, Some(old)) if old.how == How::Changed => old.before,
                    (How::Changed, _) => begun.and_then(|begun| begun.before),
                    _ => None,
                };
                self.standing = Some(Standing {
                    how: *how,
                    output: output.clone(),
                    before,
                    proof: proof.clone(),
                    unproven: *unproven,
                    as_found,
                    released: false,
                });
                self.undoing = None;
                self.kept = None;
                self.last = Last::Idle;
            }
            Fact::Failed { fault, untouched, .. } => {
                if *untouched {
                    self.begun = None;
                }
                self.last = Last::Failed(Box::new(fault.clone()));
            }
            Fact::Skipped { why } => self.last = Last::Skipped(why.clone()),
            Fact::AsFound(as_found) => {
                if let Some(standing) = &mut self.standing {
                    standing.as_found = as_found.clone();
                }
            }
            Fact::Released {} => {
                if let Some(standing) = &mut self.standing {
                    standing.released = true;
                }
            }
            Fact::UndoStarted {} => {
                self.undoing = Some(event.at);
                self.last = Last::Working;
            }
            Fact::Undone { what, .. } => {
                self.begun = None;
                self.undoing = None;
                match what {
                    Undone::Kept(why) => {
                        self.kept = Some(why.clone());
                        self.last = Last::Idle;
                    }
                    _ => {
                        self.standing = None;
                        self.kept = None;
                        self.last = Last::Undone(what.clone());
                    }
                }
            }
        }
    }
}
