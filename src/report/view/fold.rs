//! How notices are taken in.

use std::{collections::BTreeSet, sync::Arc};

use jiff::Timestamp;

use super::{
    ACTIVITY, Activity, Declined, Flow, GridView, LONGEST, Requests, RunView, Seen, Spot, Tally, View, Waited, Waits,
    chapter, cleaned, millis,
};
use crate::{
    engine::{
        fact::{Event, Fact, Intent},
        graph::NodeId,
        recorder::Notice,
        signal::{Exchange, Finding, Signal, SignalEvent},
        step::How,
    },
    report::{
        clean::clean,
        node::{NodeView, Note, WaitView},
        outline::Heading,
        words::State,
    },
};

impl View {
    /// Begins a run that leaves no facts: a plan or a check.
    pub fn begin(&mut self, intent: Intent, at: Timestamp) {
        self.start(
            RunView {
                id: String::new(),
                intent,
                since: at,
                only: Vec::new(),
                end: None,
            },
            &[],
        );
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

    /// Takes a fact in.
    pub(in crate::report) fn see_fact(&mut self, event: &Event) -> Seen {
        self.now = Some(event.at);
        self.seq = event.seq;
        let Some(id) = &event.node else {
            match &event.fact {
                Fact::RunStarted {
                    run,
                    intent,
                    only,
                    removes,
                    ..
                } => self.start(
                    RunView {
                        id: clean(run).into_owned(),
                        intent: *intent,
                        since: event.at,
                        only: only.iter().map(|part| clean(part).into_owned()).collect(),
                        end: None,
                    },
                    removes,
                ),
                Fact::RunEnded { end, .. } => {
                    if let Some(run) = &mut self.run {
                        run.end = Some(*end);
                    }
                    self.break_off(event.at);
                }
                _ => {}
            }
            return Seen::NOTHING;
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
                node.earlier = None;
                node.began = Some(at);
                self.flow_mut(number).begins(at);
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
                let node = &mut self.nodes[number];
                node.earlier = None;
                node.detail_mut().fault = Some(cleaned(fault));
            }
            Fact::Skipped { why } => self.enter(number, at, State::Skipped, why),
            Fact::AsFound(as_found) => {
                if let Some(owner) = &as_found.owner {
                    self.nodes[number].detail_mut().note = Some(Note {
                        text: clean(&format!("looked after by {owner}")).into_owned(),
                        done: None,
                        total: None,
                    });
                }
            }
            Fact::Released {} => self.own(number, true),
            Fact::UndoStarted {} => {
                self.nodes[number].began = Some(at);
                self.flow_mut(number).begins(at);
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
                node.earlier = None;
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
            return Seen::NOTHING;
        };
        let (number, seen) = self.open(id);
        self.fold_signal(number, event.at, &event.signal);
        seen
    }

    fn fold_signal(&mut self, number: usize, at: Timestamp, signal: &Signal) {
        match signal {
            // Looking for a proof is part of the work; looking while it waits, part of the wait.
            Signal::Looking => match self.nodes[number].state {
                State::Open | State::Begun | State::FailedEarlier | State::Retrying => {
                    self.enter(number, at, State::Looking, "");
                }
                _ => {}
            },
            Signal::Acting => {
                let down = self.run.as_ref().is_some_and(|run| run.intent == Intent::Down);
                let back = down || self.nodes[number].leaves;
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
                self.nodes[number].exchanged(exchange, &mut self.lexicon);
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
            self.flow_mut(number).found += 1;
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
        node.earlier = None;
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

    pub(super) fn add(&mut self, id: NodeId, chapter: usize) -> usize {
        let number = self.nodes.len();
        self.index.insert(id.clone(), number);
        let flow = self.flow_for(&id);
        let crowd = self.crowd_for(flow, chapter);
        let cell = self.cell_for(&id, number);
        self.spots.push(Spot { flow, crowd, cell });
        self.nodes.push(NodeView::new(id, chapter));
        for tally in self.tallies(number) {
            tally.add(State::Open);
        }
        number
    }

    /// The flow of such a node.
    fn flow_for(&mut self, id: &NodeId) -> u32 {
        let next = self.flows.len();
        let key = (id.step.clone(), id.target.clone());
        let flow = *self.flows_by.entry(key).or_insert(next);
        if flow == next {
            let at_once = self.outline.at_once(&id.step, &id.target);
            self.flows.push(Flow::new(id.step.clone(), id.target.clone(), at_once));
        }
        u32::try_from(flow).expect("there are fewer steps than nodes")
    }

    /// The crowd of a node of this flow in this phase.
    fn crowd_for(&mut self, flow: u32, chapter: usize) -> u32 {
        let next = u32::try_from(self.crowds.len()).expect("there are fewer crowds than nodes");
        let crowd = *self.crowds_by.entry((flow, chapter)).or_insert(next);
        if crowd == next {
            self.crowds.push(Tally::default());
        }
        crowd
    }

    /// The place of such a node in a table, if its step makes one.
    fn cell_for(&mut self, id: &NodeId, number: usize) -> Option<(u32, u32)> {
        let grid = self.outline.grid(&id.step)?;
        let known = self.grids.iter();
        let mut known = known.map(|grid| grid.step == id.step && grid.target == id.target);
        let at = known.position(|same| same).unwrap_or(self.grids.len());
        if at == self.grids.len() {
            self.grids.push(GridView::new(grid, id.step.clone(), id.target.clone()));
        }
        let outline = &self.outline;
        let name = |row: &str| outline.row_name(&id.step, &id.target, row);
        let cell = self.grids[at].put(number, &id.item, name)?;
        Some((u32::try_from(at).ok()?, cell))
    }

    fn flow_mut(&mut self, number: usize) -> &mut Flow {
        &mut self.flows[self.spots[number].flow as usize]
    }

    /// All counts that a node is in.
    fn tallies(&mut self, number: usize) -> impl Iterator<Item = &mut Tally> {
        let Spot { flow, crowd, cell } = self.spots[number];
        let cell = cell.map(|(grid, cell)| self.grids[grid as usize].tallies(cell));
        [
            &mut self.tally,
            &mut self.chapters[self.nodes[number].chapter].tally,
            &mut self.flows[flow as usize].tally,
            &mut self.crowds[crowd as usize],
        ]
        .into_iter()
        .chain(cell.into_iter().flatten())
        .chain(self.nodes[number].forgotten.then_some(&mut self.forgotten))
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
    fn start(&mut self, run: RunView, removes: &[NodeId]) {
        let up = !run.intent.takes_back();
        for number in 0..self.nodes.len() {
            let node = &mut self.nodes[number];
            node.unchanged = false;
            node.finding = None;
            node.begin_again(!up);
            if up || !(node.state.is_gone() || node.state == State::Kept) {
                let rest = node.at_rest();
                self.change(number, run.since, rest);
            }
        }
        self.flows.iter_mut().for_each(Flow::start);
        self.nodes.iter_mut().for_each(|node| node.leaves = false);
        for id in removes {
            if let Some(&number) = self.index.get(id) {
                self.nodes[number].leaves = true;
            }
        }
        self.leaving = u32::try_from(removes.len()).unwrap_or(u32::MAX);
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
        if before != state && state.is_settled() && !matches!(state, State::Blocked | State::Skipped) {
            self.ended(number, at);
        }
        let is_rest = matches!(state, State::Open | State::FailedEarlier);
        if before != state && !is_rest && !matches!(state, State::Looking | State::Acting | State::Undoing) {
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
        for tally in self.tallies(number) {
            tally.shift(before, state);
        }
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

    /// A node came to an end: one that had something to do in this run tells how fast it goes.
    fn ended(&mut self, number: usize, at: Timestamp) {
        let since = self.run.as_ref().map(|run| run.since);
        if let (Some(began), Some(since)) = (self.nodes[number].began, since)
            && began >= since
        {
            self.flow_mut(number).ends(at, millis(began, at));
        }
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
            let flow = &mut self.flows[self.spots[number].flow as usize];
            for owned in [&mut self.owned, &mut flow.owned] {
                if ours {
                    *owned += 1;
                } else {
                    *owned -= 1;
                }
            }
        }
    }

    fn count(&mut self, exchange: &Exchange) {
        self.requests.sent += 1;
        self.requests.again += u64::from(exchange.attempt > 1);
        self.requests.throttled += u64::from(exchange.status == Some(429));
        self.requests.lost += u64::from(exchange.status.is_none());
    }
}
