//! Who may use what: accounts by permission sets, each cell with the state that asks most for a look.
//!
//! ```text
//!  contoso · Access · commercial (1 of 2)                            all · v: only failed
//!  ████████░░░░░░░░  1204 of 2000 · 15 of 15 in flight · 4.9 a second · about 3 min left
//!  ✘ 2 failed   ◔ 15 waits   ○ 779 to go   ✔ 1204 made
//!  account        ←2 6→   ReadOnly   Billing    PowerUser
//!  Log archive            ✔ 10       ✔ 10       ✘ 8/10
//!  Payments prod          ✔ 10      [◔ 3/10]    ○ 0/10
//! ─ ◔ waits · 3 of 10 ──────────────────────────────────────────────────────────────────
//!  Payments prod (111122223333) · Billing
//!  group:Team 04: AWS to make the role in the account
//! ```

mod cell;
mod picture;

use std::cell::Cell;

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::{Frame, layout::Rect};

use self::{
    cell::CellPage,
    picture::{Laid, Picture},
};
use super::finder;
use crate::{
    report::{
        view::{GridView, Side, Tally, View},
        words::State,
    },
    tui::{
        dag::goes_back,
        keys::{Action, Place},
        page::{Effect, Event, Open, Page, Shared},
        widget::scroll::Scroll,
    },
};

/// What is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Filter {
    #[default]
    All,
    Failed,
    /// What does not stand yet; on the way back, what is not gone yet.
    NotYet,
}

impl Filter {
    fn next(self) -> Self {
        match self {
            Self::All => Self::Failed,
            Self::Failed => Self::NotYet,
            Self::NotYet => Self::All,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Failed => "only failed",
            Self::NotYet => "only not yet there",
        }
    }

    /// Whether a state is one that is shown.
    fn shows(self, state: State, back: bool) -> bool {
        match self {
            Self::All => true,
            Self::Failed => state == State::Failed,
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

/// How many of these are through, and how many there are.
fn through(tally: &Tally, back: bool) -> (u32, u32) {
    let done = tally.count(|state| if back { state.is_gone() } else { state.stands() });
    (done, tally.count(|_| true))
}

/// What is in the way of a node, or what stands: of what failed only why, as what it was about is seen beside it.
fn reason(view: &View, node: usize) -> String {
    match view.node(node).fault() {
        Some(fault) if !fault.why.is_empty() => fault.why.to_string(),
        _ => view.line(node),
    }
}

/// The number that is this one, or else the nearest after it, or the last one: its place in a list.
fn place_of(list: &[usize], number: usize) -> usize {
    list.partition_point(|&at| at < number)
        .min(list.len().saturating_sub(1))
}

/// Who may use what.
#[derive(Debug, Default)]
pub struct AccessPage {
    /// The number of the table: there is one for each target.
    grid: usize,
    /// The cell in focus.
    row: usize,
    column: usize,
    filter: Filter,
    rows: Scroll,
    left: Cell<usize>,
    laid: Cell<Laid>,
}

impl AccessPage {
    /// With the cell of the step in focus, if it has one. None where there is no table.
    pub fn of(open: &Open) -> Option<Self> {
        open.view.grids().first()?;
        let (grid, row, column) = open.view.cell_of(open.focus).unwrap_or_default();
        Some(Self {
            grid,
            row,
            column,
            ..Self::default()
        })
    }

    /// Moves to what was found: a row or a column, by number.
    fn go(&mut self, found: &str) {
        match found
            .split_once(' ')
            .and_then(|(what, at)| Some((what, at.parse().ok()?)))
        {
            Some((finder::ROW, at)) => self.row = at,
            Some((finder::COLUMN, at)) => self.column = at,
            _ => return,
        }
        // What was found may not be among what is shown.
        self.filter = Filter::All;
    }

    /// Moves to the next cell after this one in which something failed or needs a person.
    fn next_in_need(&mut self, grid: &GridView) -> bool {
        let needs = |tally: &Tally| tally.of(State::Failed) + tally.of(State::NeedsPerson) > 0;
        let (rows, columns) = (grid.rows.len(), grid.columns.len());
        let in_row = |row: usize, from: usize| {
            let mut columns = from..columns;
            columns.find(|&column| grid.cell(row, column).is_some_and(|cell| needs(&cell.tally)))
        };
        let begins = std::iter::once((self.row, self.column + 1));
        let others = (1..=rows).map(|by| ((self.row + by) % rows, 0));
        let mut cells = begins.chain(others).filter(|(row, _)| needs(&grid.rows[*row].tally));
        match cells.find_map(|(row, from)| Some((row, in_row(row, from)?))) {
            Some((row, column)) => {
                (self.row, self.column) = (row, column);
                true
            }
            None => false,
        }
    }

    fn act(&mut self, shared: &mut Shared, action: Action) -> Vec<Effect> {
        let Some(open) = &shared.open else {
            return vec![Effect::Back];
        };
        let view = &open.view;
        let Some(grid) = view.grids().get(self.grid) else {
            return vec![Effect::Back];
        };
        match action {
            Action::Back => return vec![Effect::Back],
            Action::Choose if grid.cell(self.row, self.column).is_some() => {
                let page = CellPage::of(self.grid, self.row, self.column, self.filter);
                return vec![Effect::Show(Box::new(page))];
            }
            Action::Choose => shared.say = Some("Nobody is assigned here.".into()),
            Action::Filter => {
                self.filter = self.filter.next();
                self.keep_in(view);
            }
            Action::Search => return vec![Effect::Show(Box::new(finder::grid(self.grid)))],
            Action::NextPart | Action::PartBefore => {
                let all = view.grids().len();
                if all == 1 {
                    shared.say = Some("There is one AWS target.".into());
                    return Vec::new();
                }
                let by = if action == Action::NextPart { 1 } else { all - 1 };
                *self = Self {
                    grid: (self.grid + by) % all,
                    filter: self.filter,
                    ..Self::default()
                };
                self.keep_in(view);
            }
            Action::NextInNeed => {
                let found = self.next_in_need(grid);
                if !found {
                    shared.say = Some("Nothing failed here, and nothing needs you.".into());
                }
            }
            Action::Left | Action::Right => {
                let columns = self.filter.choose(&grid.columns, goes_back(view));
                let at = place_of(&columns, self.column);
                let at = match action {
                    Action::Left => at.saturating_sub(1),
                    _ => (at + 1).min(columns.len().saturating_sub(1)),
                };
                self.column = columns.get(at).copied().unwrap_or(self.column);
            }
            _ => {}
        }
        Vec::new()
    }

    /// The focus stays on what is shown, also when the filter or the states are others than before.
    fn keep_in(&mut self, view: &View) {
        let Some(grid) = view.grids().get(self.grid) else {
            return;
        };
        let back = goes_back(view);
        for (sides, focus) in [(&grid.rows, &mut self.row), (&grid.columns, &mut self.column)] {
            let shown = self.filter.choose(sides, back);
            *focus = shown.get(place_of(&shown, *focus)).copied().unwrap_or(*focus);
        }
    }

    /// The wheel moves rows and columns, a click chooses a cell, and a click on the chosen one opens it.
    fn mouse(&mut self, shared: &mut Shared, mouse: &MouseEvent) -> Vec<Effect> {
        let action = match mouse.kind {
            MouseEventKind::ScrollLeft => Action::Left,
            MouseEventKind::ScrollRight => Action::Right,
            MouseEventKind::Down(MouseButton::Left) => {
                let Some(open) = &shared.open else { return Vec::new() };
                let Some(grid) = open.view.grids().get(self.grid) else {
                    return Vec::new();
                };
                let back = goes_back(&open.view);
                let rows = self.filter.choose(&grid.rows, back);
                let columns = self.filter.choose(&grid.columns, back);
                let (row, column) = self.laid.get().at(mouse.column, mouse.row);
                let before = (self.row, self.column);
                let Some(&row) = row.and_then(|row| rows.get(row)) else {
                    return Vec::new();
                };
                self.row = row;
                match column.and_then(|column| columns.get(column)) {
                    Some(&column) => self.column = column,
                    None => return Vec::new(),
                }
                if before != (self.row, self.column) {
                    return Vec::new();
                }
                Action::Choose
            }
            _ => return Vec::new(),
        };
        self.act(shared, action)
    }
}

impl Page for AccessPage {
    fn place(&self) -> Place {
        Place::Access
    }

    fn on(&mut self, shared: &mut Shared, event: &Event) -> Vec<Effect> {
        let Some(open) = &shared.open else {
            return vec![Effect::Back];
        };
        let Some(grid) = open.view.grids().get(self.grid) else {
            return vec![Effect::Back];
        };
        match event {
            Event::Tick => {
                self.keep_in(&open.view);
                return Vec::new();
            }
            Event::Chosen(found) => {
                self.go(found);
                return Vec::new();
            }
            _ => {}
        }
        let rows = self.filter.choose(&grid.rows, goes_back(&open.view));
        self.rows.at = place_of(&rows, self.row);
        if self.rows.on(event, rows.len()) {
            self.row = rows.get(self.rows.at).copied().unwrap_or(self.row);
            return Vec::new();
        }
        match event {
            Event::Act(action) => self.act(shared, *action),
            Event::Mouse(mouse) => self.mouse(shared, mouse),
            _ => Vec::new(),
        }
    }

    fn draw(&self, shared: &Shared, frame: &mut Frame<'_>, area: Rect) {
        let Some(open) = &shared.open else { return };
        let Some(grid) = open.view.grids().get(self.grid) else {
            return;
        };
        let back = goes_back(&open.view);
        let picture = Picture {
            shared,
            open,
            grid,
            page: self,
            back,
            rows: self.filter.choose(&grid.rows, back),
            columns: self.filter.choose(&grid.columns, back),
        };
        self.laid.set(picture.draw(frame, area));
    }
}
