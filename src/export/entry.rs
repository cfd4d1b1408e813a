//! One entry of a report: a fact, with who did it, what was there before and after, and what proves it.

use std::{collections::HashMap, sync::Arc};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::values::{Change, changes};
use crate::{
    engine::{
        Phase,
        any::AnyStep,
        fact::{Call, Event, Fact},
        graph::NodeId,
        run::Run,
        step::{Executor, How, Scope, Undone, World},
    },
    fault::Fault,
    report::words,
    secrets::redact,
};

/// A fact, told in full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Entry {
    pub(super) seq: u64,
    pub(super) at: Timestamp,
    /// The how-manieth run it belongs to.
    pub(super) run: u32,
    /// The node; none for what is about the run.
    pub(super) node: Option<String>,
    /// What its step does, as a heading.
    pub(super) title: Option<&'static str>,
    /// Whom the cloud saw, or that a person did it.
    pub(super) who: Option<String>,
    /// Whether a person carries the step out.
    pub(super) human: bool,
    /// What happened, as a sentence.
    pub(super) what: String,
    /// What was seen.
    pub(super) proof: Option<String>,
    /// Nobody saw it: a person gave their word.
    pub(super) unproven: bool,
    pub(super) changes: Vec<Change>,
    /// The calls that changed something.
    pub(super) calls: Vec<Call>,
    /// CloudTrail events that prove it.
    pub(super) cloudtrail: Vec<String>,
}

/// Tells facts, one after the other.
pub(super) struct Teller<W: World> {
    steps: HashMap<&'static str, &'static dyn AnyStep<W>>,
    run: Run,
    number: u32,
    /// Whom calls are made as, by executor and target.
    actors: HashMap<(&'static str, Option<String>), String>,
}

impl<W: World> Teller<W> {
    pub(super) fn new(phases: &[&'static Phase<W>]) -> Self {
        let steps = phases.iter().flat_map(|phase| phase.steps.iter().copied());
        Self {
            steps: steps.map(|step| (step.about().id.as_str(), step)).collect(),
            run: Run::default(),
            number: 0,
            actors: HashMap::new(),
        }
    }

    /// What the facts told so far come to.
    pub(super) fn run(&self) -> &Run {
        &self.run
    }

    /// What the step of a node does, as a heading, and whether a person carries it out.
    pub(super) fn about(&self, node: &NodeId) -> (Option<&'static str>, bool) {
        let about = self.steps.get(node.step.as_str()).map(|step| step.about());
        (
            about.map(|about| about.title),
            about.is_some_and(|about| about.executor == Executor::Human),
        )
    }

    /// Tells the next fact.
    pub(super) fn tell(&mut self, event: &Event) -> Entry {
        if matches!(event.fact, Fact::RunStarted { .. }) {
            self.number += 1;
        }
        let (before, after) = self.sides(event);
        let (proof, unproven) = match &event.fact {
            Fact::Done { proof, unproven, .. } | Fact::Undone { proof, unproven, .. } => (
                Some(redact(proof)).filter(|proof| !proof.is_empty() && !unproven),
                *unproven,
            ),
            _ => (None, false),
        };
        let step = event
            .node
            .as_ref()
            .and_then(|node| self.steps.get(node.step.as_str()).copied());
        let evidence = match (&event.fact, step) {
            (Fact::Done { output, .. }, Some(step)) => step.evidence(&output.value()).unwrap_or_default(),
            _ => Default::default(),
        };
        if let (Some(actor), Some(step), Some(node)) = (evidence.acts_as, step, &event.node) {
            let about = step.about();
            let target = node.target.clone().filter(|_| about.scope == Scope::Target);
            self.actors
                .insert((words::executor(about.executor), target), redact(&actor));
        }
        let (title, human) = event.node.as_ref().map_or((None, false), |node| self.about(node));
        let entry = Entry {
            seq: event.seq,
            at: event.at,
            run: self.number,
            node: event.node.as_ref().map(|node| redact(&node.to_string())),
            title,
            who: step.and_then(|step| self.who(step, event.node.as_ref()?)),
            human,
            what: redact(&what(&event.fact)),
            proof,
            unproven,
            changes: changes(before.as_deref(), after.as_deref()),
            calls: event.calls.clone(),
            cloudtrail: evidence.cloudtrail,
        };
        self.run.take(event);
        entry
    }

    /// What was there before a fact, and what is there after it.
    fn sides(&self, event: &Event) -> (Option<Arc<Value>>, Option<Arc<Value>>) {
        let node = event.node.as_ref().and_then(|node| self.run.node(node));
        let standing = node.and_then(|node| node.standing.as_ref());
        let stands = || standing.map(|standing| standing.output.value());
        match &event.fact {
            Fact::Started { before, .. } => (before.clone(), before.clone()),
            Fact::Done { output, .. } => {
                let begun = node
                    .and_then(|node| node.begun.as_ref())
                    .and_then(|begun| begun.before.clone());
                (begun.or_else(stands), Some(output.value()))
            }
            Fact::Undone {
                what: Undone::Removed | Undone::AlreadyGone,
                ..
            } => (stands(), None),
            Fact::Undone {
                what: Undone::Restored, ..
            } => (stands(), standing.and_then(|standing| standing.before.clone())),
            _ => (None, None),
        }
    }

    fn who(&self, step: &dyn AnyStep<W>, node: &NodeId) -> Option<String> {
        let about = step.about();
        let word = words::executor(about.executor);
        match about.executor {
            Executor::Human => Some("a person, guided by fedwiz".into()),
            Executor::Wait => None,
            Executor::Graph | Executor::Aws | Executor::Scim => self
                .actors
                .get(&(word, node.target.clone()))
                .or_else(|| self.actors.get(&(word, None)))
                .cloned(),
        }
    }
}

fn what(fact: &Fact) -> String {
    match fact {
        Fact::RunStarted {
            run,
            intent,
            profile,
            program,
            only,
            removes,
        } => {
            let part = if only.is_empty() {
                String::new()
            } else {
                format!(", only {}", only.join(", "))
            };
            let part = match removes.len() {
                0 => part,
                1 => format!("{part}, with 1 removal"),
                many => format!("{part}, with {many} removals"),
            };
            format!(
                "A run begins: {}{part}. Run {run}, {program}, profile {profile}.",
                words::intent(*intent)
            )
        }
        Fact::RunEnded { end, .. } => format!("The run ends: {}.", words::end(*end)),
        Fact::Started { before: Some(_), .. } => "It is there and not as wanted: a change is begun.".into(),
        Fact::Started { before: None, .. } => "A change is begun.".into(),
        Fact::Waiting { why, until, .. } => format!("It waits for {why}, until {until:.0} at the latest."),
        Fact::NeedsPerson { fault } => format!("It needs a person: {}", in_full(fault)),
        Fact::Done { how, .. } => match how {
            How::Seen => "Seen.".into(),
            How::Made => "Made.".into(),
            How::Changed => "Changed; what was there before is kept for the way back.".into(),
            How::Adopted => "It was there before: used, and never removed.".into(),
        },
        Fact::Failed {
            fault,
            during,
            untouched,
        } => {
            let after = if *untouched {
                " A look afterwards found nothing changed."
            } else {
                ""
            };
            format!("It failed {}: {}{after}", words::during(*during), in_full(fault))
        }
        Fact::Skipped { why } => format!("Left out: {why}."),
        Fact::AsFound(as_found) => {
            let owner = as_found
                .owner
                .as_deref()
                .map(|owner| format!(" {owner} looks after it."));
            let stays: Vec<&str> = as_found.differences.iter().map(|it| it.field.as_str()).collect();
            let stays = (!stays.is_empty())
                .then(|| format!(" It differs from the profile, and stays so: {}.", stays.join(", ")));
            format!(
                "Held to how it was found.{}{}",
                owner.unwrap_or_default(),
                stays.unwrap_or_default()
            )
        }
        Fact::Released {} => "The operator lets it be taken back, although it was there before.".into(),
        Fact::UndoStarted {} => "Taking it back is begun.".into(),
        Fact::Undone { what, .. } => match what {
            Undone::Removed => "Removed.".into(),
            Undone::Restored => "What was there before is there again.".into(),
            Undone::AlreadyGone => "It was gone already.".into(),
            Undone::Kept(why) => format!("It stays: {why}."),
        },
    }
}

fn in_full(fault: &Fault) -> String {
    match &fault.request_id {
        Some(id) => format!("{fault} (request {id})."),
        None => format!("{fault}."),
    }
}
