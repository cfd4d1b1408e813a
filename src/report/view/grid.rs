//! `GridView`: the items of a step as a table, with the state of each cell. Kept as notices come in, so that showing it costs
//! no more than what is shown.

use std::collections::HashMap;

use super::Tally;
use crate::{engine::grid::Grid, report::clean::clean};

/// The items of one step in one target as a table.
#[derive(Debug, Clone)]
pub struct GridView {
    /// What it is a table of.
    pub grid: Grid,
    /// The step's name.
    pub step: String,
    /// The target, where there are several.
    pub target: Option<String>,
    /// The rows, in the order of their names.
    pub rows: Vec<Side>,
    /// The columns, in the order of the walk.
    pub columns: Vec<Side>,
    /// Those that several of one cell differ in, in the order of the walk.
    pub entries: Vec<EntryView>,
    /// How many of its nodes are in each state.
    pub tally: Tally,
    cells: Vec<CellView>,
    at: HashMap<(u32, u32), u32>,
    rows_by: HashMap<String, u32>,
    columns_by: HashMap<String, u32>,
    entries_by: HashMap<String, u32>,
}

/// A row or a column.
#[derive(Debug, Clone)]
pub struct Side {
    /// What the keys call it, as it may be drawn.
    pub id: String,
    /// What people call it, as it may be drawn; its id where that is all that is known.
    pub name: String,
    /// How many of its nodes are in each state.
    pub tally: Tally,
}

impl Side {
    /// Its name, and its id where that is another one.
    pub fn full(&self) -> String {
        match self.name == self.id {
            true => self.name.clone(),
            false => format!("{} ({})", self.name, self.id),
        }
    }
}

/// What several nodes of one cell differ in: one of the users and groups.
#[derive(Debug, Clone)]
pub struct EntryView {
    /// What the keys call it, as it may be drawn.
    pub name: String,
    /// The numbers of its nodes, in all cells.
    pub nodes: Vec<usize>,
}

/// A cell that has nodes.
#[derive(Debug, Clone, Default)]
pub struct CellView {
    row: u32,
    column: u32,
    /// The numbers of its nodes.
    pub nodes: Vec<usize>,
    /// How many of them are in each state.
    pub tally: Tally,
}

impl GridView {
    pub(super) fn new(grid: Grid, step: String, target: Option<String>) -> Self {
        Self {
            grid,
            step,
            target,
            rows: Vec::new(),
            columns: Vec::new(),
            entries: Vec::new(),
            tally: Tally::default(),
            cells: Vec::new(),
            at: HashMap::new(),
            rows_by: HashMap::new(),
            columns_by: HashMap::new(),
            entries_by: HashMap::new(),
        }
    }

    /// The cell at a row and a column, if it has nodes.
    pub fn cell(&self, row: usize, column: usize) -> Option<&CellView> {
        let at = (u32::try_from(row).ok()?, u32::try_from(column).ok()?);
        self.at.get(&at).map(|&cell| &self.cells[cell as usize])
    }

    /// What an item is called in its cell, as it may be drawn.
    pub fn entry(&self, item: &str) -> String {
        let entry = (self.grid.read)(item).map_or(item, |spot| spot.entry);
        clean(entry).into_owned()
    }

    /// Puts a node into the table, if its item has a place there. Gives the number of its cell.
    pub(super) fn put(&mut self, node: usize, item: &str, name: impl FnOnce(&str) -> Option<String>) -> Option<u32> {
        let spot = (self.grid.read)(item)?;
        let row = side(&mut self.rows, &mut self.rows_by, spot.row, name);
        let column = side(&mut self.columns, &mut self.columns_by, spot.column, |_| None);
        let next = number(self.entries.len());
        let entry = *self.entries_by.entry(spot.entry.to_owned()).or_insert(next);
        if entry == next {
            self.entries.push(EntryView {
                name: clean(spot.entry).into_owned(),
                nodes: Vec::new(),
            });
        }
        self.entries[entry as usize].nodes.push(node);
        let next = number(self.cells.len());
        let cell = *self.at.entry((row, column)).or_insert(next);
        if cell == next {
            self.cells.push(CellView {
                row,
                column,
                ..CellView::default()
            });
        }
        self.cells[cell as usize].nodes.push(node);
        Some(cell)
    }

    /// Puts the rows in the order of their names. What comes later stands at the end.
    pub(super) fn sort_rows(&mut self) {
        let mut order: Vec<u32> = (0..number(self.rows.len())).collect();
        order.sort_by_cached_key(|&row| {
            let side = &self.rows[row as usize];
            (side.name.to_lowercase(), side.id.clone())
        });
        let mut place = vec![0; order.len()];
        for (new, &old) in order.iter().enumerate() {
            place[old as usize] = number(new);
        }
        let mut rows: Vec<Option<Side>> = self.rows.drain(..).map(Some).collect();
        self.rows = order.iter().filter_map(|&old| rows[old as usize].take()).collect();
        self.rows_by.values_mut().for_each(|row| *row = place[*row as usize]);
        self.cells
            .iter_mut()
            .for_each(|cell| cell.row = place[cell.row as usize]);
        let cells = self.at.drain();
        let at: HashMap<_, _> = cells
            .map(|((row, column), cell)| ((place[row as usize], column), cell))
            .collect();
        self.at = at;
    }

    /// The row and the column of a cell.
    pub(super) fn place(&self, cell: u32) -> (usize, usize) {
        let cell = &self.cells[cell as usize];
        (cell.row as usize, cell.column as usize)
    }

    /// All counts that a node of this cell is in.
    pub(super) fn tallies(&mut self, cell: u32) -> [&mut Tally; 4] {
        let cell = &mut self.cells[cell as usize];
        [
            &mut self.tally,
            &mut self.rows[cell.row as usize].tally,
            &mut self.columns[cell.column as usize].tally,
            &mut cell.tally,
        ]
    }
}

fn number(at: usize) -> u32 {
    u32::try_from(at).expect("a table has fewer than four thousand million cells")
}

/// The number of a row or column; a new one, where it is the first of its id.
fn side(
    sides: &mut Vec<Side>,
    by: &mut HashMap<String, u32>,
    id: &str,
    name: impl FnOnce(&str) -> Option<String>,
) -> u32 {
    if let Some(&known) = by.get(id) {
        return known;
    }
    let at = number(sides.len());
    by.insert(id.to_owned(), at);
    let name = name(id).unwrap_or_else(|| id.to_owned());
    sides.push(Side {
        id: clean(id).into_owned(),
        name: clean(&name).into_owned(),
        tally: Tally::default(),
    });
    at
}

#[cfg(test)]
mod tests {
    use crate::{
        engine::{
            fact::{During, End, Fact, Intent},
            step::How,
        },
        report::{
            testing::{self, Script},
            view::View,
            words::State,
        },
    };

    fn view() -> View {
        View::new(testing::table())
    }

    fn told(script: &Script) -> View {
        let mut view = view();
        for notice in &script.notices {
            view.see(notice);
        }
        view
    }

    /// The number of the row of this account.
    fn row(view: &View, id: &str) -> usize {
        let mut rows = view.grids()[0].rows.iter();
        rows.position(|side| side.id == id).expect("it is there")
    }

    fn worst(view: &View, id: &str) -> Option<State> {
        let cell = view.grids()[0].cell(row(view, id), 0);
        cell.and_then(|cell| cell.tally.worst())
    }

    #[test]
    fn items_stand_in_their_row_and_column() {
        let view = view();
        let grid = &view.grids()[0];
        let columns: Vec<&str> = grid.columns.iter().map(|side| side.name.as_str()).collect();
        assert_eq!(columns, ["Read", "Admin"]);
        assert_eq!(grid.rows[0].full(), "2222", "in the order of their names");
        let named = row(&view, "1111");
        assert_eq!(grid.cell(named, 0).map(|cell| cell.nodes.clone()), Some(vec![0, 1]));
        assert!(grid.cell(0, 1).is_none(), "nobody has it");
        assert_eq!(view.cell_of(4), Some((0, 0, 0)));
        assert_eq!(view.cell_of(2), Some((0, named, 1)));
        assert_eq!(grid.entry(&view.node(1).id.item), "b");
        assert_eq!(grid.tally.count(|_| true), 5, "what is no key has no place");
        assert_eq!(view.flows()[0].at_once, Some(15));
    }

    #[test]
    fn a_name_does_not_act_on_a_terminal() {
        let view = view();
        let full = view.grids()[0].rows[row(&view, "1111")].full();
        assert!(!full.contains(crate::report::clean::acts), "{full:?}");
        assert!(full.starts_with("Log") && full.ends_with("(1111)"), "{full:?}");
    }

    #[test]
    fn a_cell_has_the_state_that_asks_most_for_a_look() {
        let mut script = Script::begin("10:00:00", Intent::Up);
        script.made("aws.assignment[a·1111·Read]", "it is listed");
        assert_eq!(worst(&told(&script), "1111"), Some(State::Open), "one is to come");
        script.starts("aws.assignment[b·1111·Read]");
        assert_eq!(worst(&told(&script), "1111"), Some(State::Acting));
        script.fact(
            "aws.assignment[b·1111·Read]",
            Fact::Failed {
                fault: testing::fault(),
                during: During::Apply,
                untouched: true,
            },
        );
        let view = told(&script);
        assert_eq!(worst(&view, "1111"), Some(State::Failed));
        let grid = &view.grids()[0];
        let in_row = |id| grid.rows[row(&view, id)].tally.of(State::Failed);
        assert_eq!((in_row("1111"), in_row("2222")), (1, 0));
        assert_eq!(grid.columns[0].tally.of(State::Failed), 1);
        assert_eq!(grid.columns[1].tally.of(State::Failed), 0);
        script.done("aws.assignment[b·1111·Read]", How::Adopted, "it is listed");
        let view = told(&script);
        assert_eq!(view.grids()[0].tally.of(State::Failed), 0);
        assert!(worst(&view, "1111").is_some_and(State::stands));
    }

    #[test]
    fn what_failed_earlier_is_so_until_it_is_tried_again() {
        let name = "aws.assignment[b·1111·Read]";
        for untouched in [true, false] {
            let mut script = Script::begin("10:00:00", Intent::Up);
            script.starts(name).fact(
                name,
                Fact::Failed {
                    fault: testing::fault(),
                    during: During::Apply,
                    untouched,
                },
            );
            let failed = told(&script);
            let node = failed.cell_of(1).map(|_| 1).expect("it has a cell");
            script.ends(End::Failed).run(Intent::Up);
            let view = told(&script);
            assert_eq!(worst(&view, "1111"), Some(State::FailedEarlier));
            assert_eq!(view.line(node), failed.line(node), "with its reason");
            assert_eq!(view.failures().count(), 0, "this run has not failed");
            // Another run in which it is not tried.
            script.ends(End::Stopped).run(Intent::Up);
            assert_eq!(worst(&told(&script), "1111"), Some(State::FailedEarlier));
            // One that is killed while it is at it leaves only that it was begun.
            script.starts(name).run(Intent::Up);
            assert_eq!(worst(&told(&script), "1111"), Some(State::Begun));
            script.made(name, "it is listed");
            let view = told(&script);
            assert_eq!(view.grids()[0].tally.count(State::has_failed), 0);
            assert_eq!(view.node(node).trouble(), None);
        }
    }

    #[test]
    fn each_who_has_access_is_known_with_all_cells() {
        let view = view();
        let entries = &view.grids()[0].entries;
        let known: Vec<_> = entries
            .iter()
            .map(|entry| (entry.name.as_str(), entry.nodes.len()))
            .collect();
        assert_eq!(known, [("a", 3), ("b", 2)]);
    }
}
