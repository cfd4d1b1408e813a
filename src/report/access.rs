//! The tables that items of steps make, a line for each cell: as text, and as JSON.

use std::io;

use jiff::Timestamp;

use super::{
    json::Json,
    paper::{Paper, Span, Style},
    view::{CellView, GridView, View},
    wire::Body,
    words::{self, State, Tone},
};
use crate::engine::graph::NodeId;

/// The widest that names of rows and columns may be before they take more than their column.
const NAME: usize = 38;

/// The cells that have items, row by row.
fn cells(grid: &GridView) -> impl Iterator<Item = (usize, usize, &CellView)> {
    let all = (0..grid.rows.len()).flat_map(|row| (0..grid.columns.len()).map(move |column| (row, column)));
    all.filter_map(|(row, column)| Some((row, column, grid.cell(row, column)?)))
}

/// Those of a cell that failed, wait or need a person: who, and what is in the way.
fn trouble(view: &View, grid: &GridView, cell: &CellView) -> Vec<String> {
    let nodes = cell.nodes.iter().filter(|&&node| {
        let tone = view.node(node).state.look().tone;
        matches!(tone, Tone::Bad | Tone::Call | Tone::Waiting | Tone::Doubt)
    });
    let lines = nodes.map(|&node| format!("{}: {}", grid.entry(&view.node(node).id.item), view.reason(node)));
    lines.collect()
}

/// The tables of these targets; of all, if none is named. Where there is only one, its table has no name.
pub fn of_targets<'v>(view: &'v View, targets: &[String]) -> Vec<&'v GridView> {
    let named = |grid: &&GridView| {
        let name = grid.target.as_ref();
        targets.is_empty() || name.is_none_or(|name| targets.contains(name))
    };
    view.grids().iter().filter(named).collect()
}

/// Writes these tables of a view, and what they add up to.
pub fn write(out: impl io::Write, style: Style, view: &View, grids: &[&GridView]) -> io::Result<()> {
    let mut paper = Paper::new(out, style);
    for grid in grids {
        let columns = grid.columns.iter().map(|side| super::clean::width(&side.name));
        let columns = columns.max().unwrap_or(0).min(NAME);
        let rows = grid.rows.iter().map(|side| super::clean::width(&side.full()));
        let rows = rows.max().unwrap_or(0).min(NAME);
        let shown = cells(grid).filter_map(|(_, _, cell)| cell.tally.worst());
        let words = shown.map(|state| super::clean::width(state.word())).max().unwrap_or(0);
        let title = match &grid.target {
            Some(target) => format!("{} · {}", grid.grid.title, super::clean::clean(target)),
            None => grid.grid.title.to_owned(),
        };
        paper.say(0, &title, Some(Tone::Note))?;
        for (row, column, cell) in cells(grid) {
            let state = cell.tally.worst().unwrap_or(State::Open);
            let look = state.look();
            let many = format!("{} of {}", cell.tally.count(State::stands), cell.nodes.len());
            let spans = [
                Span(paper.style.glyph(look).to_owned(), 1, Some(look.tone)),
                Span(grid.rows[row].full(), rows, None),
                Span(grid.columns[column].name.clone(), columns, None),
                Span(look.word.to_owned(), words, Some(look.tone)),
            ];
            paper.row(&spans, &many, 4)?;
            for line in trouble(view, grid, cell) {
                paper.say(4, &line, Some(look.tone))?;
            }
        }
        let states = grid
            .tally
            .present()
            .map(|(state, number)| format!("{number} {}", state.word()));
        let states: Vec<String> = states.collect();
        let count = |sides: usize, what: &str| words::count(sides as u64, what, &format!("{what}s"));
        let rows = count(grid.rows.len(), grid.grid.row);
        let columns = count(grid.columns.len(), grid.grid.column);
        let text = format!("{rows}, {columns}: {}.", states.join(", "));
        paper.say(0, &text, None)?;
    }
    if grids.is_empty() {
        paper.say(0, "Nobody is assigned to an account from here.", None)?;
    }
    Ok(())
}

/// The same as JSON: one line of kind `access` a cell.
pub fn json<W: io::Write>(json: &mut Json<W>, view: &View, grids: &[&GridView]) -> io::Result<()> {
    let at = view.now().unwrap_or(Timestamp::UNIX_EPOCH);
    for grid in grids {
        let node = NodeId {
            target: grid.target.clone(),
            step: grid.step.clone(),
            item: String::new(),
        };
        for (row, column, cell) in cells(grid) {
            let body = Body::Access {
                account: grid.rows[row].id.clone(),
                account_name: grid.rows[row].name.clone(),
                permission_set: grid.columns[column].name.clone(),
                state: cell.tally.worst().unwrap_or(State::Open).word().to_owned(),
                stand: cell.tally.count(State::stands),
                failed: cell.tally.count(State::has_failed),
                total: cell.tally.count(|_| true),
                trouble: trouble(view, grid, cell),
            };
            json.line(view, view.seq(), at, Some(&node), body)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::{
        engine::{
            fact::{During, Fact, Intent},
            step::How,
        },
        report::{
            testing::{self, Script, style},
            view::View,
        },
    };

    #[test]
    fn each_cell_has_a_line_and_each_trouble_its_reason() {
        let mut view = View::new(testing::table());
        let mut script = Script::begin("10:00:00", Intent::Up);
        script.made("aws.assignment[a·1111·Read]", "it is listed");
        script.done("aws.assignment[a·2222·Read]", How::Adopted, "it is listed");
        script.fact(
            "aws.assignment[b·1111·Read]",
            Fact::Failed {
                fault: testing::fault(),
                during: During::Apply,
                untouched: true,
            },
        );
        for notice in &script.notices {
            view.see(notice);
        }
        let mut out = Vec::new();
        super::write(&mut out, style(), &view, &super::of_targets(&view, &[])).expect("memory takes everything");
        let text = String::from_utf8(out).expect("text");
        insta::assert_snapshot!(text, @r"
        Access
        ○ 2222                             Read  to go  1 of 2
        ✘ Log‹1B›[31m archive‹202E› (1111) Read  failed 1 of 2
            b: the sign-in lacks the scope Application.ReadWrite.All
        ○ Log‹1B›[31m archive‹202E› (1111) Admin to go  0 of 1
        2 accounts, 2 permission sets: 2 to go, 1 made, 1 adopted, 1 failed.
        ");
    }
}
