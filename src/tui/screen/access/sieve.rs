//! What is shown of a table: all of it, what failed, or what is not there yet; of everybody, or of one alone.

use std::collections::{BTreeSet, HashMap};

use crate::{
    report::{
        view::{GridView, Side, Tally, View},
        words::State,
    },
    tui::dag::goes_back,
};

/// What is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Filter {
    #[default]
    All,
    Failed,
    /// What does not stand yet; on the way back, what is not gone yet.
    NotYet,
}

impl Filter {
    pub(super) fn next(self) -> Self {
        match self {
            Self::All => Self::Failed,
            Self::Failed => Self::NotYet,
            Self::NotYet => Self::All,
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Failed => "only failed",
            Self::NotYet => "only not yet there",
        }
    }

    /// Whether a state is one that is shown.
    pub(super) fn shows(self, state: State, back: bool) -> bool {
        match self {
            Self::All => true,
            Self::Failed => state.has_failed(),
            Self::NotYet if back => !state.is_gone() && state != State::Kept,
            Self::NotYet => !state.stands() && state != State::Skipped,
        }
    }

    /// Whether any of these is shown.
    fn takes(self, tally: &Tally, back: bool) -> bool {
        tally.count(|state| self.shows(state, back)) > 0
    }

    /// The numbers of the rows or columns that are shown.
    fn choose(self, sides: &[Side], back: bool) -> Vec<usize> {
        let all = sides.iter().enumerate();
        let chosen = all.filter(|(_, side)| self.takes(&side.tally, back));
        chosen.map(|(at, _)| at).collect()
    }
}

/// How many are in each state in each cell, by row and column.
type Cells = HashMap<(usize, usize), Tally>;

/// See the module's documentation.
pub(super) struct Sieve<'v> {
    view: &'v View,
    grid: &'v GridView,
    filter: Filter,
    /// Of one user or group alone: who, and the state of each cell.
    alone: Option<(usize, Cells)>,
    /// Whether the run takes back.
    pub back: bool,
    /// The numbers of the rows and columns that are shown.
    pub rows: Vec<usize>,
    pub columns: Vec<usize>,
}

impl<'v> Sieve<'v> {
    pub(super) fn of(view: &'v View, grid: &'v GridView, filter: Filter, who: Option<usize>) -> Self {
        let back = goes_back(view);
        let Some((who, party)) = who.and_then(|who| Some((who, grid.entries.get(who)?))) else {
            return Self {
                view,
                grid,
                filter,
                alone: None,
                back,
                rows: filter.choose(&grid.rows, back),
                columns: filter.choose(&grid.columns, back),
            };
        };
        let mut cells = Cells::new();
        for &node in &party.nodes {
            if let Some((_, row, column)) = view.cell_of(node) {
                cells.entry((row, column)).or_default().add(view.node(node).state);
            }
        }
        let shown = cells.iter().filter(|(_, tally)| filter.takes(tally, back));
        let (rows, columns): (BTreeSet<usize>, BTreeSet<usize>) = shown.map(|(place, _)| *place).unzip();
        Self {
            view,
            grid,
            filter,
            alone: Some((who, cells)),
            back,
            rows: rows.into_iter().collect(),
            columns: columns.into_iter().collect(),
        }
    }

    /// How many are in each state in a cell, if it is shown.
    pub(super) fn cell(&self, row: usize, column: usize) -> Option<Tally> {
        let tally = match &self.alone {
            Some((_, cells)) => cells.get(&(row, column)).copied(),
            None => self.grid.cell(row, column).map(|cell| cell.tally),
        };
        tally.filter(|tally| self.filter.takes(tally, self.back))
    }

    /// The nodes of a cell that are shown.
    pub(super) fn nodes(&self, row: usize, column: usize) -> Vec<usize> {
        let cell = self.grid.cell(row, column);
        let nodes = cell.map(|cell| cell.nodes.as_slice()).unwrap_or_default().iter();
        let nodes = nodes.copied().filter(|&node| {
            let of_them = self.alone.as_ref().is_none_or(|(who, _)| self.is(node, *who));
            of_them && self.filter.shows(self.view.node(node).state, self.back)
        });
        nodes.collect()
    }

    fn is(&self, node: usize, who: usize) -> bool {
        self.grid.entry(&self.view.node(node).id.item) == self.grid.entries[who].name
    }

    /// How many are in each state: of everybody, or of the one.
    pub(super) fn tally(&self) -> Tally {
        match &self.alone {
            Some((who, _)) => {
                let mut tally = Tally::default();
                let nodes = self.grid.entries[*who].nodes.iter();
                nodes.for_each(|&node| tally.add(self.view.node(node).state));
                tally
            }
            None => self.grid.tally,
        }
    }

    /// The cell that is shown and is nearest to this one: itself, or one of its row, or the first of a row below, from the top again
    /// after the last.
    pub(super) fn nearest(&self, row: usize, column: usize) -> Option<(usize, usize)> {
        let in_row = |row: usize| {
            let columns = self.columns.iter().copied();
            let shown = columns.filter(move |&column| self.cell(row, column).is_some());
            shown.min_by_key(|at| at.abs_diff(column))
        };
        let (above, below): (Vec<usize>, Vec<usize>) = self.rows.iter().partition(|&&at| at < row);
        let mut rows = below.into_iter().chain(above);
        rows.find_map(|row| Some((row, in_row(row)?)))
    }
}

/// How many of these are through, and how many there are.
pub(super) fn through(tally: &Tally, back: bool) -> (u32, u32) {
    let done = tally.count(|state| if back { state.is_gone() } else { state.stands() });
    (done, tally.count(|_| true))
}

/// The number that is this one, or else the nearest after it, or the last one: its place in a list.
pub(super) fn place_of(list: &[usize], number: usize) -> usize {
    list.partition_point(|&at| at < number)
        .min(list.len().saturating_sub(1))
}
