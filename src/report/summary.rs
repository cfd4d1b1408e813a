//! The closing summary, as data: what plain text prints and JSON tells as its last line.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    clean::clean,
    view::View,
    wire::{Fault, Node},
    words::{self, State},
};
use crate::engine::{
    exit::Exit,
    fact::{End, Intent},
};

/// The closing summary of a run.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Summary {
    /// What the run was for.
    pub intent: Intent,
    /// How it ended.
    pub end: End,
    /// The exit code.
    pub exit: u8,
    /// What the exit code means.
    pub meaning: String,
    /// The one command that continues. Null when there is nothing to continue.
    pub continue_with: Option<String>,
    /// How many nodes there are.
    pub nodes: u32,
    /// How many are in each state; states that none is in are left out.
    pub states: BTreeMap<String, u32>,
    /// For a plan or a check: how often each finding was made.
    pub findings: BTreeMap<String, u32>,
    /// How many stand as they did, with nothing done.
    pub unchanged: u32,
    /// How often a person was asked.
    pub asked: u32,
    /// How often a person answered.
    pub answered: u32,
    /// How many waits there were.
    pub waits: u64,
    /// How long they were, added up, in milliseconds. Waits side by side count each.
    pub waited_millis: u64,
    /// The longest waits, longest first.
    pub longest_waits: Vec<LongWait>,
    /// How many requests went out.
    pub requests: u64,
    /// How many of these were tries after the first.
    pub requests_again: u64,
    /// How many were answered with "slow down".
    pub throttled: u64,
    /// How many had no answer.
    pub unanswered: u64,
    /// How long it took by the clock of the run, in milliseconds.
    pub elapsed_millis: u64,
    /// After a teardown: what stays.
    pub stays: Vec<Stays>,
    /// What stands or is gone on a person's word only.
    pub unproven: Vec<Node>,
    /// What failed.
    pub failures: Vec<Failure>,
    /// What needs a person.
    pub needs: Vec<Need>,
    /// What was held up by others.
    pub held_up: Vec<HeldUp>,
}

/// A long wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct LongWait {
    /// The node.
    pub node: Node,
    /// What for.
    pub why: String,
    /// How long, in milliseconds.
    pub millis: u64,
}

/// Something that stays after a teardown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Stays {
    /// The node.
    pub node: Node,
    /// Why.
    pub why: String,
}

/// Something that failed.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Failure {
    /// The node.
    pub node: Node,
    /// What happened, why, and what to do.
    pub fault: Fault,
}

/// Something that needs a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Need {
    /// The node.
    pub node: Node,
    /// What to do.
    pub title: String,
    /// What is looked at before it is called done. Empty when it is taken back.
    pub proof: String,
    /// How to answer.
    pub hint: String,
}

/// Something that was held up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct HeldUp {
    /// The node.
    pub node: Node,
    /// The node at the root of it.
    pub by: String,
}

impl Summary {
    /// The summary of what a view shows. `continue_with` is the command that continues, where there is one.
    pub fn of(view: &View, end: End, continue_with: Option<String>) -> Self {
        let intent = view.run().map_or(Intent::Up, |run| run.intent);
        let exit = Exit::of_end(end);
        let requests = view.requests();
        let (asked, answered) = view.questions();
        let mut summary = Self {
            intent,
            end,
            exit: exit.code(),
            meaning: exit.meaning().to_owned(),
            continue_with,
            nodes: view.tally().count(|_| true),
            states: view
                .tally()
                .present()
                .map(|(state, number)| (state.word().to_owned(), number))
                .collect(),
            findings: BTreeMap::new(),
            unchanged: 0,
            asked,
            answered,
            waits: view.waits().number,
            waited_millis: view.waits().millis,
            longest_waits: view
                .waits()
                .longest
                .iter()
                .map(|wait| LongWait {
                    node: (&view.node(wait.node).id).into(),
                    why: wait.why.clone(),
                    millis: wait.millis,
                })
                .collect(),
            requests: requests.sent,
            requests_again: requests.again,
            throttled: requests.throttled,
            unanswered: requests.lost,
            elapsed_millis: view.elapsed(),
            stays: Vec::new(),
            unproven: Vec::new(),
            failures: Vec::new(),
            needs: Vec::new(),
            held_up: Vec::new(),
        };
        for number in 0..view.nodes().len() {
            summary.add(view, number);
        }
        summary
    }

    /// With another exit code than the end's own: for a run that could not go on at all.
    #[must_use]
    pub fn with_exit(mut self, exit: Exit) -> Self {
        self.exit = exit.code();
        exit.meaning().clone_into(&mut self.meaning);
        self
    }

    fn add(&mut self, view: &View, number: usize) {
        let node = view.node(number);
        let id = || Node::from(&node.id);
        self.unchanged += u32::from(node.unchanged && node.state.stands());
        if let Some(finding) = &node.finding {
            *self
                .findings
                .entry(words::what(finding.what).word.to_owned())
                .or_default() += 1;
        }
        let down = self.intent == Intent::Down;
        match node.state {
            State::Failed => {
                let fault = node.fault().map(Fault::from);
                self.failures.extend(fault.map(|fault| Failure { node: id(), fault }));
            }
            State::NeedsPerson => {
                let title = match (node.guide(), view.about(number)) {
                    (Some(guide), _) => clean(&guide.title).into_owned(),
                    (None, Some(about)) => about.title.to_owned(),
                    (None, None) => String::new(),
                };
                self.needs.push(Need {
                    node: id(),
                    title,
                    proof: match view.about(number) {
                        Some(about) if !down => about.proof.to_owned(),
                        _ => String::new(),
                    },
                    hint: node.fault().map(|fault| fault.hint.to_string()).unwrap_or_default(),
                });
            }
            State::Blocked => self.held_up.push(HeldUp {
                node: id(),
                by: node.blocked_by().unwrap_or_default().to_owned(),
            }),
            State::Kept => self.stays.push(Stays {
                node: id(),
                why: view.line(number),
            }),
            State::Adopted if down => self.stays.push(Stays {
                node: id(),
                why: "it was there before".to_owned(),
            }),
            State::Unproven | State::UndoneUnproven => self.unproven.push(id()),
            _ => {}
        }
    }
}
