//! Standings: how it stands with each box, from the states of its nodes. Looked up once a frame, and only for what is seen.

use super::{map::Map, shape::Shape};
use crate::{
    report::{
        view::View,
        words::{State, Tone},
    },
    tui::theme::Theme,
};

/// How it stands with a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    /// The state of its node; of several, the one that asks most for a look.
    pub state: State,
    /// How many of its nodes are through, and how many there are.
    pub through: usize,
    pub nodes: usize,
    /// How many of them are in that state.
    alike: usize,
}

impl Standing {
    /// How many are through, as a bar.
    pub(super) fn bar(&self, columns: usize, ascii: bool) -> String {
        let (full, empty) = if ascii { ("#", "-") } else { ("█", "░") };
        // Full only when all are through, empty only when none is.
        let filled = match self.through * columns / self.nodes.max(1) {
            0 if self.through > 0 => 1,
            filled => filled,
        };
        format!("{}{}", full.repeat(filled), empty.repeat(columns - filled))
    }

    /// Its state in words; of several nodes, how many are in it.
    pub(super) fn words(&self, theme: &Theme) -> String {
        match self.nodes {
            1 => self.state.word().to_owned(),
            nodes if self.alike == nodes => format!("all {}", self.state.word()),
            nodes => format!(
                "{}/{nodes} {} {} {}",
                self.through,
                theme.either("·", "-"),
                self.alike,
                self.state.word()
            ),
        }
    }
}

/// Whether the walk is being taken back, so that lines are followed the other way.
pub fn goes_back(view: &View) -> bool {
    view.run().is_some_and(|run| run.intent.takes_back())
}

/// How many nodes of a phase are through, of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Through {
    /// How many are through.
    pub done: u32,
    /// How many there are.
    pub total: u32,
}

impl Through {
    /// In figures; a dash where there is nothing to do.
    pub fn words(self, theme: &Theme) -> String {
        match self.total {
            0 => theme.either("–", "-").to_owned(),
            total => format!("{}/{total}", self.done),
        }
    }

    pub(super) fn tone(self) -> Tone {
        match self.total > 0 && self.done == self.total {
            true => Tone::Good,
            false => Tone::Quiet,
        }
    }
}

/// How many nodes of each phase are through. On the way back, of those that are ours to take back.
pub fn through(view: &View) -> Vec<Through> {
    let mut phases: Vec<Through> = view
        .chapters()
        .iter()
        .map(|chapter| {
            let progress = chapter.progress();
            Through {
                done: progress.done,
                total: progress.total,
            }
        })
        .collect();
    if goes_back(view) {
        phases.fill(Through::default());
        for node in view.nodes() {
            let gone = node.state.is_gone();
            phases[node.chapter].done += u32::from(gone);
            phases[node.chapter].total += u32::from(gone || node.ours);
        }
    }
    phases
}

/// See the module's documentation.
pub(super) struct Standings<'a> {
    map: &'a Map,
    shape: &'a Shape,
    view: &'a View,
    back: bool,
    known: Vec<Option<Standing>>,
    open: Vec<Option<bool>>,
}

impl<'a> Standings<'a> {
    pub(super) fn new(map: &'a Map, shape: &'a Shape, view: &'a View) -> Self {
        Self {
            map,
            shape,
            view,
            back: goes_back(view),
            known: vec![None; shape.cards.len()],
            open: vec![None; shape.cards.len()],
        }
    }

    /// How it stands with a box that has nodes.
    pub(super) fn of(&mut self, card: usize) -> Standing {
        if let Some(known) = self.known[card] {
            return known;
        }
        let nodes = self.shape.nodes(self.map, card);
        // Where all of them are counted together already, none of them is looked at.
        let counted = nodes.first().and_then(|&node| self.view.crowd_of(node));
        let counted = counted.filter(|tally| tally.count(|_| true) as usize == nodes.len());
        let mut tally = counted.copied().unwrap_or_default();
        if counted.is_none() {
            let nodes = nodes.iter().filter_map(|&node| self.view.nodes().get(node));
            nodes.for_each(|node| tally.add(node.state));
        }
        let state = tally.worst().unwrap_or(State::Open);
        let through = tally.count(|state| if self.back { state.is_gone() } else { state.stands() });
        let standing = Standing {
            state,
            through: through as usize,
            nodes: nodes.len(),
            alike: tally.of(state) as usize,
        };
        self.known[card] = Some(standing);
        standing
    }

    /// Whether what waits for a box need not wait for it any longer. On the way back, those that the others wait for are
    /// the ones that needed it.
    pub(super) fn lets_go_on(&mut self, card: usize) -> bool {
        if let Some(open) = self.open[card] {
            return open;
        }
        let shape = self.shape;
        let open = match (shape.is_joint(card), self.back) {
            (true, false) => shape.before[card].iter().all(|&card| self.lets_go_on(card)),
            (false, false) => {
                let standing = self.of(card);
                standing.through == standing.nodes
            }
            (_, true) => shape.after[card].iter().all(|&card| match shape.is_joint(card) {
                true => self.lets_go_on(card),
                false => {
                    let standing = self.of(card);
                    standing.through == standing.nodes
                }
            }),
        };
        self.open[card] = Some(open);
        open
    }
}
