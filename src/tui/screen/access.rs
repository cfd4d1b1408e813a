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
mod sieve;

use std::cell::Cell;

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::{Frame, layout::Rect};

use self::{
    cell::CellPage,
    picture::{Laid, Picture},
    sieve::{Filter, Sieve, place_of},
};
use super::finder;
use crate::{
    report::{
        view::{GridView, Side, Tally, View},
        words::State,
    },
    tui::{
        keys::{Action, Place},
        page::{Effect, Event, Open, Page, Shared},
        widget::scroll::Scroll,
    },
};

/// Who may use what.
#[derive(Debug, Default)]
pub struct AccessPage {
    /// The number of the table: there is one for each target.
    grid: usize,
    /// The cell in focus.
    row: usize,
    column: usize,
    filter: Filter,
    /// The number of the one who is shown alone.
    who: Option<usize>,
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

    fn sieve<'v>(&self, view: &'v View, grid: &'v GridView) -> Sieve<'v> {
        Sieve::of(view, grid, self.filter, self.who)
    }

    /// Moves to what was found: a row or a column, or one who is then shown alone, by number.
    fn go(&mut self, view: &View, grid: &GridView, found: &str) {
        let found = found.split_once(' ');
        let Some((what, at)) = found.and_then(|(what, at)| Some((what, at.parse::<usize>().ok()?))) else {
            return;
        };
        let is_shown = |page: &Self| {
            let sieve = page.sieve(view, grid);
            let shown = if what == finder::ROW {
                &sieve.rows
            } else {
                &sieve.columns
            };
            shown.contains(&at)
        };
        match what {
            finder::ENTRY => {
                self.who = Some(at);
                self.filter = Filter::All;
                self.settle(view, grid);
                return;
            }
            finder::ROW => self.row = at,
            _ => self.column = at,
        }
        // What was found may not be among what is shown.
        self.filter = Filter::All;
        if !is_shown(self) {
            self.who = None;
        }
    }

    /// Moves to the next cell after this one in which something failed or needs a person.
    fn next_in_need(&mut self, view: &View, grid: &GridView) -> bool {
        let asks = |state: State| state.has_failed() || state == State::NeedsPerson;
        let needs = |tally: &Tally| tally.count(asks) > 0;
        let sieve = self.sieve(view, grid);
        let (rows, columns) = (grid.rows.len(), grid.columns.len());
        let in_row = |row: usize, from: usize| {
            let mut columns = from..columns;
            columns.find(|&column| sieve.cell(row, column).is_some_and(|tally| needs(&tally)))
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
            Action::Back if self.who.is_some() => {
                self.who = None;
                self.keep_in(view);
            }
            Action::Back => return vec![Effect::Back],
            Action::Choose => {
                let nodes = self.sieve(view, grid).nodes(self.row, self.column);
                let Some(&first) = nodes.first() else {
                    shared.say = Some(self.why_empty(grid).into());
                    return Vec::new();
                };
                let chosen = self.who.map(|_| first);
                let page = CellPage::of(self.grid, (self.row, self.column), self.filter, chosen);
                return vec![Effect::Show(Box::new(page))];
            }
            Action::Filter => {
                self.filter = self.filter.next();
                self.settle(view, grid);
            }
            Action::Search => return vec![Effect::Show(Box::new(finder::grid(self.grid)))],
            Action::NextPart | Action::PartBefore => {
                let all = view.grids().len();
                if all == 1 {
                    shared.say = Some("There is one AWS target.".into());
                    return Vec::new();
                }
                let by = if action == Action::NextPart { 1 } else { all - 1 };
                self.turn_to(view, (self.grid + by) % all);
            }
            Action::NextInNeed => {
                let found = self.next_in_need(view, grid);
                if !found {
                    shared.say = Some("Nothing failed here, and nothing needs you.".into());
                }
            }
            Action::Left | Action::Right => {
                let columns = self.sieve(view, grid).columns;
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
        let Sieve { rows, columns, .. } = self.sieve(view, grid);
        for (shown, focus) in [(&rows, &mut self.row), (&columns, &mut self.column)] {
            *focus = shown.get(place_of(shown, *focus)).copied().unwrap_or(*focus);
        }
    }

    /// The focus comes to a cell in which something is shown.
    fn settle(&mut self, view: &View, grid: &GridView) {
        if let Some(place) = self.sieve(view, grid).nearest(self.row, self.column) {
            (self.row, self.column) = place;
        }
    }

    /// Turns to another table: to what has the same name there, and otherwise to its beginning.
    fn turn_to(&mut self, view: &View, grid: usize) {
        let (from, to) = (&view.grids()[self.grid], &view.grids()[grid]);
        let same = |from: &[Side], to: &[Side], at: usize| {
            let name = from.get(at).map(|side| &side.name);
            to.iter().position(|side| Some(&side.name) == name).unwrap_or(0)
        };
        let who = self.who.map(|who| &from.entries[who].name);
        *self = Self {
            grid,
            row: same(&from.rows, &to.rows, self.row),
            column: same(&from.columns, &to.columns, self.column),
            filter: self.filter,
            who: who.and_then(|who| to.entries.iter().position(|entry| entry.name == *who)),
            ..Self::default()
        };
        self.settle(view, to);
    }

    /// Why nothing is shown in the cell in focus.
    fn why_empty(&self, grid: &GridView) -> &'static str {
        match grid.cell(self.row, self.column) {
            None => "Nobody is assigned here.",
            Some(_) if self.filter == Filter::All => "Others are assigned here. Esc shows everybody.",
            Some(_) => "Nothing here is so. v shows the others.",
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
                let Sieve { rows, columns, .. } = self.sieve(&open.view, grid);
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
                self.go(&open.view, grid, found);
                return Vec::new();
            }
            _ => {}
        }
        let rows = self.sieve(&open.view, grid).rows;
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
        let picture = Picture {
            shared,
            open,
            grid,
            page: self,
            sieve: self.sieve(&open.view, grid),
        };
        self.laid.set(picture.draw(frame, area));
    }
}
