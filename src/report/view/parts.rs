//! What a view is made of: counts, the run, lines of activity, requests, waits.

use jiff::Timestamp;

use crate::{
    engine::fact::{End, Intent},
    report::{outline::Heading, words::State},
};

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

    /// Of the states that any node is in, the one that asks most for a look.
    pub fn worst(&self) -> Option<State> {
        let present = self.present().map(|(state, _)| state);
        present.max_by_key(|state| state.urgency())
    }

    /// The states that any node is in, with their number.
    pub fn present(&self) -> impl Iterator<Item = (State, u32)> {
        State::all()
            .map(|state| (state, self.of(state)))
            .filter(|(_, number)| *number > 0)
    }

    pub(super) fn shift(&mut self, from: State, to: State) {
        self.0[from.index()] -= 1;
        self.0[to.index()] += 1;
    }

    /// Counts one more in this state.
    pub fn add(&mut self, state: State) {
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

impl Seen {
    /// For a notice about the run as a whole.
    pub(super) const NOTHING: Self = Self {
        node: None,
        before: State::Open,
        waiting: false,
    };
}
