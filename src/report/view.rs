//! `View`: the one fold for showing. Screen, plain text, JSON and replay read the same notices through it.
//!
//! Each notice costs the same, however many nodes there are; only the beginning of a run goes through all of them.
//! Text is cleaned as it comes in, except the guides: they hold values to be copied, and are cleaned when drawn.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::Arc,
};

use jiff::Timestamp;

use super::{
    clean::clean,
    node::{Finished, NodeView, Note, WaitView},
    outline::{Heading, Outline},
    words::{self, State},
};
use crate::{
    engine::{
        fact::{End, Event, Fact, Intent},
        graph::NodeId,
        recorder::Notice,
        signal::{Exchange, Finding, Signal, SignalEvent},
        step::{About, How},
    },
    fault::Fault,
};

/// How many lines of activity are kept.
const ACTIVITY: usize = 500;
/// How many of the longest waits are kept.
const LONGEST: usize = 5;

/// How many nodes are in each state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally([u32; State::COUNT]);

impl Tally {
    /// How many are in this state.
    pub fn of(&self, state: State) -> u32 {
        self.0[state.index()]
    }

    /// How many are in a state that is so.
    pub fn count(&self, so: impl Fn(State) -> bool) -> u32 {
        State::all()
            .filter(|state| so(*state))
            .map(|state| self.of(state))
            .sum()
    }

    /// The states that any node is in, with their number.
    pub fn present(&self) -> impl Iterator<Item = (State, u32)> {
        State::all()
            .map(|state| (state, self.of(state)))
            .filter(|(_, number)| *number > 0)
    }

    fn shift(&mut self, from: State, to: State) {
        self.0[from.index()] -= 1;
        self.0[to.index()] += 1;
    }

    fn add(&mut self, state: State) {
        self.0[state.index()] += 1;
    }
}

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// How many are through.
    pub done: u32,
    /// How many there are.
    pub total: u32,
}

/// A phase as it stands.
#[derive(Debug, Clone)]
pub struct ChapterView {
    /// Its heading.
    pub heading: Heading,
    /// How many of its nodes are in each state.
    pub tally: Tally,
}

impl ChapterView {
    /// How many of its nodes stand, of how many.
    pub fn progress(&self) -> Progress {
        Progress {
            done: self.tally.count(|state| state.stands() || state == State::Skipped),
            total: self.tally.count(|_| true),
        }
    }
}

/// The run that is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct RunView {
    /// Its id; empty for a run that leaves no facts.
    pub id: String,
    /// What it is for.
    pub intent: Intent,
    /// When it began.
    pub since: Timestamp,
    /// What it was limited to; empty means all.
    pub only: Vec<String>,
    /// How it ended, if it has.
    pub end: Option<End>,
}

/// A line of activity.
#[derive(Debug, Clone)]
pub struct Activity {
    /// When.
    pub at: Timestamp,
    /// The number of the node.
    pub node: usize,
    /// The state it came into.
    pub state: State,
    /// What happened.
    pub text: String,
}

/// The requests of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Requests {
    /// How many went out.
    pub sent: u64,
    /// How many of these were tries after the first.
    pub again: u64,
    /// How many were answered with "slow down".
    pub throttled: u64,
    /// How many had no answer.
    pub lost: u64,
}

/// The waits of a run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Waits {
    /// How many there were.
    pub number: u64,
    /// How long they were, added up, in milliseconds. Waits side by side count each.
    pub millis: u64,
    /// The longest ones, longest first.
    pub longest: Vec<Waited>,
}

/// A wait that is over.
#[derive(Debug, Clone, PartialEq)]
pub struct Waited {
    /// The number of the node.
    pub node: usize,
    /// What for.
    pub why: String,
    /// How long, in milliseconds.
    pub millis: u64,
}

/// An order that was not followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declined {
    /// When.
    pub at: Timestamp,
    /// The number of the node it was about.
    pub node: Option<usize>,
    /// Why.
    pub why: String,
}

/// What a notice was about, and what was so before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The number of the node.
    pub node: Option<usize>,
    /// The state of the node before.
    pub before: State,
    /// Whether it waited before.
    pub waiting: bool,
}

/// See the module's documentation.
#[derive(Debug, Clone)]
pub struct View {
    outline: Outline,
    nodes: Vec<NodeView>,
    index: HashMap<NodeId, usize>,
    chapters: Vec<ChapterView>,
    tally: Tally,
    run: Option<RunView>,
    now: Option<Timestamp>,
    seq: u64,
    /// Nodes that are running, waiting or in need of a person.
    active: BTreeSet<usize>,
    needs: BTreeSet<usize>,
    failed: BTreeSet<usize>,
    /// How many nodes are, or may be, ours to take back; and how many were when the run began.
    owned: u32,
    owned_at_start: u32,
    forgotten: u32,
    found: u32,
    asked: u32,
    answered: u32,
    requests: Requests,
    waits: Waits,
    activity: VecDeque<Activity>,
    paused: bool,
    stopping: bool,
    declined: Option<Declined>,
}

impl View {
    /// Nothing has happened yet.
    pub fn new(outline: Outline) -> Self {
        let chapters = outline.chapters.iter().cloned().map(chapter).collect();
        let mut view = Self {
            nodes: Vec::with_capacity(outline.places.len()),
            index: HashMap::with_capacity(outline.places.len()),
            chapters,
            outline: Outline::default(),
            tally: Tally::default(),
            run: None,
            now: None,
            seq: 0,
            active: BTreeSet::new(),
            needs: BTreeSet::new(),
            failed: BTreeSet::new(),
            owned: 0,
            owned_at_start: 0,
            forgotten: 0,
            found: 0,
            asked: 0,
            answered: 0,
            requests: Requests::default(),
            waits: Waits::default(),
            activity: VecDeque::new(),
            paused: false,
            stopping: false,
            declined: None,
        };
        for place in &outline.places {
            view.add(place.id.clone(), place.chapter);
            view.forgotten += u32::from(place.forgotten);
        }
        view.outline = outline;
        view
    }

    /// All nodes. With a graph's outline, a node's place is its number in the graph.
    pub fn nodes(&self) -> &[NodeView] {
        &self.nodes
    }

    /// A node by its number.
    pub fn node(&self, number: usize) -> &NodeView {
        &self.nodes[number]
    }

    /// The number of a node.
    pub fn find(&self, id: &NodeId) -> Option<usize> {
        self.index.get(id).copied()
    }

    /// What a node's step is, in words. None for a step that this version does not know.
    pub fn about(&self, node: usize) -> Option<&About> {
        self.outline.about(&self.nodes[node].id.step)
    }

    /// What the step of this name is, in words.
    pub fn about_step(&self, step: &str) -> Option<&About> {
        self.outline.about(step)
    }

    /// The phases.
    pub fn chapters(&self) -> &[ChapterView] {
        &self.chapters
    }

    /// How many nodes are in each state.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The latest run.
    pub fn run(&self) -> Option<&RunView> {
        self.run.as_ref()
    }

    /// Whether the run is paused: what is at work goes on, nothing further is begun.
    pub fn is_paused(&self) -> bool {
        self.paused
    }

    /// Whether the run is being stopped: what is at work comes to its end.
    pub fn is_stopping(&self) -> bool {
        self.stopping
    }

    /// The latest order of this run that was not followed.
    pub fn declined(&self) -> Option<&Declined> {
        self.declined.as_ref()
    }

    /// The time of the latest notice.
    pub fn now(&self) -> Option<Timestamp> {
        self.now
    }

    /// The number of the latest fact.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// How long the run has taken up to the latest notice, in milliseconds.
    pub fn elapsed(&self) -> u64 {
        match (&self.run, self.now) {
            (Some(run), Some(now)) => millis(run.since, now),
            _ => 0,
        }
    }

    /// The numbers of the nodes that are running, waiting or in need of a person.
    pub fn active(&self) -> impl Iterator<Item = usize> {
        self.active.iter().copied()
    }

    /// The numbers of the nodes that need a person.
    pub fn needs_person(&self) -> impl Iterator<Item = usize> {
        self.needs.iter().copied()
    }

    /// The numbers of the nodes that failed.
    pub fn failures(&self) -> impl Iterator<Item = usize> {
        self.failed.iter().copied()
    }

    /// How often a person was asked in this run, and how often an answer came.
    pub fn questions(&self) -> (u32, u32) {
        (self.asked, self.answered)
    }

    /// The requests of this run.
    pub fn requests(&self) -> Requests {
        self.requests
    }

    /// The waits of this run that are over.
    pub fn waits(&self) -> &Waits {
        &self.waits
    }

    /// The latest lines of activity, oldest first.
    pub fn activity(&self) -> impl DoubleEndedIterator<Item = &Activity> + ExactSizeIterator {
        self.activity.iter()
    }

    /// How far the run has come: nodes that stand, nodes taken back, or nodes looked at.
    pub fn progress(&self) -> Progress {
        let all = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        match self.run.as_ref().map(|run| run.intent) {
            None | Some(Intent::Up) => Progress {
                done: self.tally.count(|state| state.stands() || state == State::Skipped),
                total: all - self.forgotten,
            },
            Some(Intent::Down) => Progress {
                done: self.owned_at_start.saturating_sub(self.owned),
                total: self.owned_at_start,
            },
            Some(Intent::Plan | Intent::PlanDown | Intent::Check) => Progress {
                done: self.found,
                total: all,
            },
        }
    }

    /// Begins a run that leaves no facts: a plan or a check.
    pub fn begin(&mut self, intent: Intent, at: Timestamp) {
        self.start(RunView {
            id: String::new(),
            intent,
            since: at,
            only: Vec::new(),
            end: None,
        });
        self.now = Some(at);
    }

    /// The run goes on no more: what was going on is broken off. A run that ends by itself says so; one that was killed
    /// does not.
    pub fn break_off(&mut self, at: Timestamp) {
        (self.paused, self.stopping) = (false, false);
        let open: Vec<usize> = self.active.difference(&self.needs).copied().collect();
        for number in open {
            let rest = self.nodes[number].at_rest();
            self.enter(number, at, rest, "");
        }
    }

    /// Takes a notice in.
    pub fn see(&mut self, notice: &Notice) -> Seen {
        match notice {
            Notice::Fact(event) => self.see_fact(event),
            Notice::Signal(event) => self.see_signal(event),
        }
    }

    fn see_fact(&mut self, event: &Event) -> Seen {
        self.now = Some(event.at);
        self.seq = event.seq;
        let Some(id) = &event.node else {
            match &event.fact {
                Fact::RunStarted { run, intent, only, .. } => self.start(RunView {
                    id: clean(run).into_owned(),
                    intent: *intent,
                    since: event.at,
                    only: only.iter().map(|part| clean(part).into_owned()).collect(),
                    end: None,
                }),
                Fact::RunEnded { end, .. } => {
                    if let Some(run) = &mut self.run {
                        run.end = Some(*end);
                    }
                    self.break_off(event.at);
                }
                _ => {}
            }
            return Seen {
                node: None,
                before: State::Open,
                waiting: false,
            };
        };
        let (number, seen) = self.open(id);
        self.fold_fact(number, event.at, &event.fact);
        seen
    }

    fn fold_fact(&mut self, number: usize, at: Timestamp, fact: &Fact) {
        match fact {
            Fact::RunStarted { .. } | Fact::RunEnded { .. } => {}
            Fact::Started { .. } => {
                let node = &mut self.nodes[number];
                node.begun = true;
                node.began = Some(at);
                self.enter(number, at, State::Acting, "");
                self.own(number, true);
            }
            Fact::Waiting { why, ends_when, until } => {
                let wait = WaitView {
                    why: why.to_string(),
                    since: at,
                    next: None,
                    until: Some(*until),
                    ends_when: ends_when.to_string(),
                };
                self.wait(number, at, wait);
            }
            Fact::NeedsPerson { fault } => {
                self.enter(number, at, State::NeedsPerson, &fault.what);
                let node = &mut self.nodes[number];
                node.begun = false;
                node.detail_mut().fault = Some(cleaned(fault));
            }
            Fact::Done {
                how, proof, unproven, ..
            } => self.stand(number, at, *how, *unproven, proof),
            Fact::Failed { fault, untouched, .. } => {
                if *untouched && self.nodes[number].standing.is_none() {
                    self.nodes[number].begun = false;
                    self.own(number, false);
                }
                self.enter(number, at, State::Failed, &fault.what);
                self.nodes[number].detail_mut().fault = Some(cleaned(fault));
            }
            Fact::Skipped { why } => self.enter(number, at, State::Skipped, why),
            Fact::UndoStarted {} => {
                self.nodes[number].began = Some(at);
                self.enter(number, at, State::Undoing, "");
            }
            Fact::Undone { what, proof, unproven } => {
                let state = State::undone(what, *unproven);
                let text = match what {
                    crate::engine::step::Undone::Kept(why) => why,
                    _ => proof,
                };
                self.own(number, false);
                let node = &mut self.nodes[number];
                node.begun = false;
                if state != State::Kept {
                    node.standing = None;
                }
                self.enter(number, at, state, text);
                self.nodes[number].finish(at, text);
            }
        }
    }

    fn see_signal(&mut self, event: &SignalEvent) -> Seen {
        // Signals of tasks side by side may come a moment late.
        self.now = self.now.max(Some(event.at));
        let Some(id) = &event.node else {
            match &event.signal {
                Signal::Exchange(exchange) => self.count(exchange),
                Signal::Paused => self.paused = true,
                Signal::Resumed => self.paused = false,
                Signal::Stopping => self.stopping = true,
                Signal::Declined { why } => self.decline(None, event.at, why),
                _ => {}
            }
            return Seen {
                node: None,
                before: State::Open,
                waiting: false,
            };
        };
        let (number, seen) = self.open(id);
        self.fold_signal(number, event.at, &event.signal);
        seen
    }

    fn fold_signal(&mut self, number: usize, at: Timestamp, signal: &Signal) {
        match signal {
            // Looking for a proof is part of the work; looking while it waits, part of the wait.
            Signal::Looking => match self.nodes[number].state {
                State::Open | State::Begun | State::Retrying => self.enter(number, at, State::Looking, ""),
                _ => {}
            },
            Signal::Acting => {
                let back = self.run.as_ref().is_some_and(|run| run.intent == Intent::Down);
                self.enter(number, at, if back { State::Undoing } else { State::Acting }, "");
            }
            Signal::Note { text, done, total } => {
                self.nodes[number].detail_mut().note = Some(Note {
                    text: clean(text).into_owned(),
                    done: *done,
                    total: *total,
                });
            }
            Signal::Exchange(exchange) => {
                self.count(exchange);
                self.nodes[number].exchanged(exchange);
            }
            Signal::Asked { guide } => {
                self.asked += 1;
                self.enter(number, at, State::NeedsPerson, &guide.title);
                self.nodes[number].detail_mut().guide = Some(Arc::new((**guide).clone()));
            }
            Signal::Answered { .. } => {
                self.answered += 1;
                self.enter(number, at, State::Acting, "");
            }
            Signal::Retrying { fault, attempt, next } => {
                self.enter(number, at, State::Retrying, &fault.what);
                let detail = self.nodes[number].detail_mut();
                detail.fault = Some(cleaned(fault));
                detail.attempt = *attempt;
                detail.next = Some(*next);
            }
            Signal::StillWaiting {
                why,
                next,
                until,
                ends_when,
            } => {
                let wait = WaitView {
                    why: why.to_string(),
                    since: at,
                    next: Some(*next),
                    until: Some(*until),
                    ends_when: ends_when.to_string(),
                };
                self.wait(number, at, wait);
            }
            Signal::Unchanged { how, proof } => {
                let unproven = self.nodes[number].unproven;
                self.nodes[number].unchanged = true;
                self.stand(number, at, *how, unproven, proof);
            }
            Signal::Blocked { by } => {
                let by = by.to_string();
                self.enter(number, at, State::Blocked, &by);
                self.nodes[number].detail_mut().blocked_by = Some(clean(&by).into_owned());
            }
            Signal::Found(finding) => self.find_out(number, at, finding),
            Signal::Reopened => {
                let rest = self.nodes[number].at_rest();
                self.nodes[number].forget_the_moment();
                self.enter(number, at, rest, "");
            }
            Signal::Declined { why } => self.decline(Some(number), at, why),
            // These are about the run.
            Signal::Paused | Signal::Resumed | Signal::Stopping => {}
        }
    }

    fn decline(&mut self, node: Option<usize>, at: Timestamp, why: &str) {
        self.declined = Some(Declined {
            at,
            node,
            why: clean(why).into_owned(),
        });
    }

    fn find_out(&mut self, number: usize, at: Timestamp, finding: &Finding) {
        if self.nodes[number].finding.is_none() {
            self.found += 1;
        }
        let mut finding = finding.clone();
        finding.note = clean(&finding.note).into_owned().into();
        for difference in &mut finding.differences {
            for text in [&mut difference.field, &mut difference.found, &mut difference.wanted] {
                *text = clean(text).into_owned();
            }
        }
        self.nodes[number].finding = Some(Box::new(finding));
        let rest = self.nodes[number].at_rest();
        self.enter(number, at, rest, "");
    }

    fn stand(&mut self, number: usize, at: Timestamp, how: How, unproven: bool, proof: &str) {
        let node = &mut self.nodes[number];
        node.standing = Some(how);
        node.unproven = unproven;
        node.begun = false;
        self.own(number, matches!(how, How::Made | How::Changed));
        self.enter(number, at, State::standing(how, unproven), proof);
        self.nodes[number].finish(at, proof);
    }

    /// Makes sure there is such a node.
    fn open(&mut self, id: &NodeId) -> (usize, Seen) {
        let number = match self.index.get(id) {
            Some(&number) => number,
            None => {
                let chapter = self.outline.chapter_of(&id.step).unwrap_or_else(|| self.elsewhere());
                self.add(id.clone(), chapter)
            }
        };
        let node = &self.nodes[number];
        let seen = Seen {
            node: Some(number),
            before: node.state,
            waiting: node.wait().is_some(),
        };
        (number, seen)
    }

    fn add(&mut self, id: NodeId, chapter: usize) -> usize {
        let number = self.nodes.len();
        self.index.insert(id.clone(), number);
        self.nodes.push(NodeView::new(id, chapter));
        self.tally.add(State::Open);
        self.chapters[chapter].tally.add(State::Open);
        number
    }

    /// The phase of steps that this version does not know.
    fn elsewhere(&mut self) -> usize {
        const OTHER: Heading = Heading {
            title: "Other steps",
            aim: "Steps of another version of fedwiz.",
        };
        if self.chapters.last().map(|last| &last.heading) != Some(&OTHER) {
            self.chapters.push(chapter(OTHER));
        }
        self.chapters.len() - 1
    }

    /// A run begins: what an earlier one left open starts afresh, what stands keeps standing.
    fn start(&mut self, run: RunView) {
        let up = !run.intent.takes_back();
        for number in 0..self.nodes.len() {
            let node = &mut self.nodes[number];
            node.unchanged = false;
            node.finding = None;
            node.forget_the_moment();
            if up || !(node.state.is_gone() || node.state == State::Kept) {
                let rest = node.at_rest();
                self.change(number, run.since, rest);
            }
        }
        self.owned_at_start = self.owned;
        self.found = 0;
        self.asked = 0;
        self.answered = 0;
        self.requests = Requests::default();
        self.waits = Waits::default();
        (self.paused, self.stopping, self.declined) = (false, false, None);
        self.run = Some(run);
    }

    /// A node comes into a state, and it is worth a line of activity unless it is only a look.
    fn enter(&mut self, number: usize, at: Timestamp, state: State, text: &str) {
        let before = self.nodes[number].state;
        // A look that fails, and is tried again, does not end a wait.
        if !matches!(state, State::Waiting | State::Retrying | State::Looking) {
            self.waited(number, at);
        }
        self.change(number, at, state);
        if before != state && !matches!(state, State::Open | State::Looking | State::Acting | State::Undoing) {
            if self.activity.len() == ACTIVITY {
                self.activity.pop_front();
            }
            self.activity.push_back(Activity {
                at,
                node: number,
                state,
                text: clean(text).into_owned(),
            });
        }
        if state.is_settled() {
            self.nodes[number].forget_the_moment();
        }
    }

    /// A node waits, or still does.
    fn wait(&mut self, number: usize, at: Timestamp, wait: WaitView) {
        self.enter(number, at, State::Waiting, &wait.why);
        let since = self.nodes[number].wait().map_or(at, |wait| wait.since);
        self.nodes[number].detail_mut().wait = Some(WaitView {
            why: clean(&wait.why).into_owned(),
            since,
            ends_when: clean(&wait.ends_when).into_owned(),
            ..wait
        });
    }

    fn change(&mut self, number: usize, at: Timestamp, state: State) {
        let node = &mut self.nodes[number];
        let before = node.state;
        if before == state {
            return;
        }
        node.state = state;
        node.since = Some(at);
        self.tally.shift(before, state);
        self.chapters[node.chapter].tally.shift(before, state);
        let member = |set: &mut BTreeSet<usize>, is: bool| {
            if is {
                set.insert(number);
            } else {
                set.remove(&number);
            }
        };
        member(
            &mut self.active,
            state.is_running() || matches!(state, State::Waiting | State::NeedsPerson),
        );
        member(&mut self.needs, state == State::NeedsPerson);
        member(&mut self.failed, state == State::Failed);
    }

    /// A wait is over, if there was one.
    fn waited(&mut self, number: usize, at: Timestamp) {
        let Some(wait) = self.nodes[number].take_wait() else {
            return;
        };
        let waited = Waited {
            node: number,
            why: wait.why,
            millis: millis(wait.since, at),
        };
        self.waits.number += 1;
        self.waits.millis += waited.millis;
        let place = self
            .waits
            .longest
            .partition_point(|other| other.millis >= waited.millis);
        if place < LONGEST {
            self.waits.longest.insert(place, waited);
            self.waits.longest.truncate(LONGEST);
        }
    }

    fn own(&mut self, number: usize, ours: bool) {
        let node = &mut self.nodes[number];
        if node.ours != ours {
            node.ours = ours;
            if ours {
                self.owned += 1;
            } else {
                self.owned -= 1;
            }
        }
    }

    fn count(&mut self, exchange: &Exchange) {
        self.requests.sent += 1;
        self.requests.again += u64::from(exchange.attempt > 1);
        self.requests.throttled += u64::from(exchange.status == Some(429));
        self.requests.lost += u64::from(exchange.status.is_none());
    }

    /// What happened last to a node, as one line: what stands, or what is in the way.
    pub fn line(&self, number: usize) -> String {
        let node = &self.nodes[number];
        match node.state {
            State::Waiting => node.wait().map(|wait| wait.why.clone()).unwrap_or_default(),
            State::Failed | State::Retrying => node.fault().map(|fault| fault.to_string()).unwrap_or_default(),
            State::NeedsPerson => match (node.guide(), node.fault()) {
                (Some(guide), _) => clean(&guide.title).into_owned(),
                (None, Some(fault)) => fault.what.to_string(),
                (None, None) => String::new(),
            },
            State::Blocked => node.blocked_by().unwrap_or_default().to_owned(),
            _ => match (node.note(), &node.finished) {
                (Some(note), _) if node.state.is_running() => note.text.clone(),
                (_, Some(Finished { proof, .. })) if node.state.is_settled() => proof.clone(),
                _ => words::State::word(node.state).to_owned(),
            },
        }
    }
}

fn chapter(heading: Heading) -> ChapterView {
    ChapterView {
        heading,
        tally: Tally::default(),
    }
}

/// Milliseconds between two moments; 0 when they are the wrong way round.
pub(super) fn millis(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.as_millisecond() - from.as_millisecond()).unwrap_or(0)
}

/// The fault with nothing in it that acts on a terminal.
pub(super) fn cleaned(fault: &Fault) -> Fault {
    let text = |text: &crate::fault::Text| clean(text).into_owned().into();
    Fault {
        kind: fault.kind,
        what: text(&fault.what),
        why: text(&fault.why),
        hint: text(&fault.hint),
        code: fault.code.as_ref().map(text),
        request_id: fault.request_id.as_ref().map(text),
        retry: fault.retry,
    }
}

#[cfg(test)]
#[path = "view_tests.rs"]
mod tests;
