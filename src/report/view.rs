//! `View`: the one fold for showing. Screen, plain text, JSON and replay read the same notices through it.
//!
//! Each notice costs the same, however many nodes there are; only the beginning of a run goes through all of them.
//! Text is cleaned as it comes in, except the guides: they hold values to be copied, and are cleaned when drawn.

mod flow;
mod fold;
mod grid;
mod parts;

use std::collections::{BTreeSet, HashMap, VecDeque};

use jiff::Timestamp;

pub use self::{
    flow::{Figures, Flow},
    grid::{CellView, EntryView, GridView, Side},
};
pub use parts::{Activity, ChapterView, Declined, Progress, Requests, RunView, Seen, Tally, Waited, Waits};

use super::{
    clean::clean,
    node::{Finished, Lexicon, NodeView},
    outline::{Heading, Outline},
    words::{self, State},
};
use crate::{
    engine::{fact::Intent, graph::NodeId, step::About},
    fault::Fault,
};

/// How many lines of activity are kept.
const ACTIVITY: usize = 500;
/// How many of the longest waits are kept.
const LONGEST: usize = 5;

/// See the module's documentation.
#[derive(Debug, Clone)]
pub struct View {
    outline: Outline,
    nodes: Vec<NodeView>,
    index: HashMap<NodeId, usize>,
    flows: Vec<Flow>,
    flows_by: HashMap<(String, Option<String>), usize>,
    grids: Vec<GridView>,
    /// How many nodes of each step, target and phase are in each state.
    crowds: Vec<Tally>,
    crowds_by: HashMap<(u32, usize), u32>,
    /// For each node where it is counted.
    spots: Vec<Spot>,
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
    /// How many of the nodes that the profile names no more are in each state.
    forgotten: Tally,
    /// How many of them the run takes away.
    leaving: u32,
    found: u32,
    asked: u32,
    answered: u32,
    requests: Requests,
    waits: Waits,
    activity: VecDeque<Activity>,
    paused: bool,
    stopping: bool,
    declined: Option<Declined>,
    lexicon: Lexicon,
}

/// Where a node is counted: its flow, its crowd, and the grid and cell it stands in.
#[derive(Debug, Clone, Copy)]
struct Spot {
    flow: u32,
    crowd: u32,
    cell: Option<(u32, u32)>,
}

impl View {
    /// Nothing has happened yet.
    pub fn new(mut outline: Outline) -> Self {
        let places = std::mem::take(&mut outline.places);
        let chapters = outline.chapters.iter().cloned().map(chapter).collect();
        let mut view = Self {
            nodes: Vec::with_capacity(places.len()),
            index: HashMap::with_capacity(places.len()),
            flows: Vec::new(),
            flows_by: HashMap::new(),
            grids: Vec::new(),
            crowds: Vec::new(),
            crowds_by: HashMap::new(),
            spots: Vec::with_capacity(places.len()),
            chapters,
            outline,
            tally: Tally::default(),
            run: None,
            now: None,
            seq: 0,
            active: BTreeSet::new(),
            needs: BTreeSet::new(),
            failed: BTreeSet::new(),
            owned: 0,
            owned_at_start: 0,
            forgotten: Tally::default(),
            leaving: 0,
            found: 0,
            asked: 0,
            answered: 0,
            requests: Requests::default(),
            waits: Waits::default(),
            activity: VecDeque::new(),
            paused: false,
            stopping: false,
            declined: None,
            lexicon: Lexicon::default(),
        };
        for place in places {
            let number = view.add(place.id, place.chapter);
            if place.forgotten {
                view.nodes[number].forgotten = true;
                view.forgotten.add(State::Open);
            }
        }
        view.grids.iter_mut().for_each(GridView::sort_rows);
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

    /// The steps with all their items, one for each target.
    pub fn flows(&self) -> &[Flow] {
        &self.flows
    }

    /// The number of the flow that a node is part of.
    pub fn flow_of(&self, node: usize) -> usize {
        self.spots[node].flow as usize
    }

    /// How a flow is, at this time.
    pub fn figures(&self, flow: &Flow, now: Timestamp) -> Figures {
        let run = self.run.as_ref();
        let figures = flow.figures(run.map(|run| run.intent), now);
        match run {
            Some(run) if run.end.is_none() => figures,
            // Nothing goes on any more.
            _ => Figures {
                rate: None,
                left: None,
                ..figures
            },
        }
    }

    /// How many are in each state of those that share step, target and phase with a node.
    pub fn crowd_of(&self, node: usize) -> Option<&Tally> {
        self.spots.get(node).map(|spot| &self.crowds[spot.crowd as usize])
    }

    /// Where a node stands in the tables: which table, row and column.
    pub fn cell_of(&self, node: usize) -> Option<(usize, usize, usize)> {
        let (grid, cell) = self.spots.get(node)?.cell?;
        let (row, column) = self.grids[grid as usize].place(cell);
        Some((grid as usize, row, column))
    }

    /// The tables that items of steps make, one for each target.
    pub fn grids(&self) -> &[GridView] {
        &self.grids
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
            None | Some(Intent::Up) => {
                let stands = |state: State| state.stands() || state == State::Skipped;
                let gone = self.forgotten.count(|state| state.is_gone() || state == State::Kept);
                Progress {
                    done: self.tally.count(stands) - self.forgotten.count(stands) + gone.min(self.leaving),
                    total: all - self.forgotten.count(|_| true) + self.leaving,
                }
            }
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

    /// What happened last to a node, as one line: what stands, or what is in the way.
    pub fn line(&self, number: usize) -> String {
        let node = &self.nodes[number];
        match node.state {
            State::Waiting => node.wait().map(|wait| wait.why.clone()).unwrap_or_default(),
            State::Failed | State::FailedEarlier | State::Retrying => {
                node.trouble().map(|fault| fault.to_string()).unwrap_or_default()
            }
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
    /// The same where what it is about is seen beside it: of what failed only why.
    pub fn reason(&self, number: usize) -> String {
        match self.nodes[number].trouble() {
            Some(fault) if !fault.why.is_empty() => fault.why.to_string(),
            _ => self.line(number),
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
mod tests;
