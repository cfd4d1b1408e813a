//! Who has one permission set in one account, each with their state; of the chosen one also why.
//!
//! ```text
//!  Payments prod (111122223333) · Billing                             3 of 10 · all
//!  ▸ ✘ group:Team 01    failed: AWS cannot make the assignment
//!    ✔ group:Team 02    made: creation request 5d6e-77 is SUCCEEDED
//! ─ ✘ group:Team 01 · failed ───────────────────────────────────────────────────────
//!  What    AWS cannot make the assignment
//!  Why     Received a 404 status error: a managed policy does not exist
//!  Request 6d3f8c1a-0c3b-4a5e-9d53-2f8b1b8f2a11
//! ```

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::{Line, Span},
};

use super::sieve::{Filter, through};
use crate::{
    report::{
        clean::{cut, pad, width},
        view::{CellView, GridView},
        words::Tone,
    },
    tui::{
        dag::goes_back,
        keys::{Action, Place},
        page::{Effect, Event, Hit, Open, Page, Shared},
        screen::step::StepScreen,
        widget::{
            line::{self, columns, ends, heading, labelled, most, put},
            scroll::Scroll,
            wait::wait_lines,
        },
    },
};

/// Below this height only the list is shown.
const LOW: u16 = 9;

/// The items of one cell.
#[derive(Debug)]
pub(super) struct CellPage {
    grid: usize,
    row: usize,
    column: usize,
    filter: Filter,
    /// The number of the node that is chosen.
    chosen: Option<usize>,
    scroll: Scroll,
}

impl CellPage {
    pub(super) fn of(grid: usize, (row, column): (usize, usize), filter: Filter, chosen: Option<usize>) -> Self {
        Self {
            grid,
            row,
            column,
            filter,
            chosen,
            scroll: Scroll::default(),
        }
    }

    fn cell<'o>(&self, open: &'o Open) -> Option<(&'o GridView, &'o CellView)> {
        let grid = open.view.grids().get(self.grid)?;
        Some((grid, grid.cell(self.row, self.column)?))
    }

    /// The nodes that are shown. The chosen one stays among them, whatever becomes of it.
    fn nodes(&self, open: &Open) -> Vec<usize> {
        let Some((_, cell)) = self.cell(open) else {
            return Vec::new();
        };
        let back = goes_back(&open.view);
        let shown = |node: usize| self.chosen == Some(node) || self.filter.shows(open.view.node(node).state, back);
        cell.nodes.iter().copied().filter(|&node| shown(node)).collect()
    }

    /// Where the chosen node stands in the list.
    fn at(&self, nodes: &[usize]) -> usize {
        let chosen = self.chosen;
        nodes.iter().position(|&node| Some(node) == chosen).unwrap_or(0)
    }
}

impl Page for CellPage {
    fn place(&self) -> Place {
        Place::Cell
    }

    fn on(&mut self, shared: &mut Shared, event: &Event) -> Vec<Effect> {
        let Some(open) = &mut shared.open else {
            return vec![Effect::Back];
        };
        let nodes = self.nodes(open);
        self.scroll.at = self.at(&nodes);
        let confirmed = match event {
            Event::Act(Action::Back) => return vec![Effect::Back],
            Event::Act(Action::Filter) => {
                self.filter = self.filter.next();
                self.chosen = None;
                return Vec::new();
            }
            Event::Act(Action::Choose) => true,
            Event::Row(row) => self.scroll.at == *row,
            _ => false,
        };
        if confirmed {
            return match nodes.get(self.scroll.at) {
                Some(&node) => {
                    open.focus = node;
                    vec![Effect::Show(Box::new(StepScreen::of(node)))]
                }
                None => Vec::new(),
            };
        }
        if self.scroll.on(event, nodes.len()) {
            self.chosen = nodes.get(self.scroll.at).copied();
        }
        Vec::new()
    }

    fn draw(&self, shared: &Shared, frame: &mut Frame<'_>, area: Rect) {
        let Some(open) = &shared.open else { return };
        let Some((grid, cell)) = self.cell(open) else { return };
        let theme = &shared.theme;
        let dot = theme.either("·", "-");
        let full = |sides: &[crate::report::view::Side], at: usize| theme.words(&sides[at].full()).into_owned();
        let names = format!(
            "{} {dot} {}",
            full(&grid.rows, self.row),
            full(&grid.columns, self.column)
        );
        let (done, all) = through(&cell.tally, goes_back(&open.view));
        let right = format!("{done} of {all} {dot} {}", self.filter.word());
        let nodes = self.nodes(open);
        let under = if area.height < LOW {
            0
        } else {
            (area.height / 2).min(12)
        };
        let [head, list, below] =
            Layout::vertical([Constraint::Length(1), Constraint::Min(1), Constraint::Length(under)]).areas(area);
        let line = ends(
            theme,
            Line::styled(names, theme.strong()),
            Line::styled(right, theme.accent()),
            columns(head),
        );
        put(theme, line, frame, line::row(head, head.y));
        if nodes.is_empty() {
            let said = Line::styled("Nothing here is so. v shows the others.", theme.quiet());
            put(theme, said, frame, line::row(list, list.y));
            return;
        }
        let at = self.at(&nodes);
        self.draw_list(shared, open, grid, (&nodes, at), frame, list);
        if below.height > 0 {
            draw_chosen(shared, open, grid, nodes[at], frame, below);
        }
    }
}

impl CellPage {
    fn draw_list(
        &self,
        shared: &Shared,
        open: &Open,
        grid: &GridView,
        (nodes, at): (&[usize], usize),
        frame: &mut Frame<'_>,
        area: Rect,
    ) {
        let theme = &shared.theme;
        let entry = |node: usize| theme.words(&grid.entry(&open.view.node(node).id.item)).into_owned();
        let widest = nodes.iter().map(|&node| width(&entry(node))).max().unwrap_or(0);
        let widest = widest.min(columns(area).saturating_sub(6) * 3 / 5);
        for (number, place) in self.scroll.rows_at(at, theme, nodes.len(), frame, area) {
            let node = nodes[number];
            let look = open.view.node(node).state.look();
            let said = open.view.reason(node);
            let text = match said.is_empty() || said == look.word {
                true => look.word.to_owned(),
                false => format!("{}: {}", look.word, theme.words(&said)),
            };
            let chosen = number == at;
            let name = pad(&cut(&entry(node), widest, theme.ascii), widest);
            let line = Line::from(vec![
                Span::raw(theme.pointer(chosen)),
                Span::styled(format!("{} ", theme.glyph(look)), theme.tone(look.tone)),
                Span::styled(name, if chosen { theme.focus() } else { theme.text() }),
                Span::styled(format!("  {text}"), theme.quiet()),
            ]);
            put(theme, line, frame, place);
            shared.mark(place, Hit::Row(number));
        }
    }
}

/// What there is to say of the chosen one: what is in the way and what mends it, or what was seen.
fn draw_chosen(shared: &Shared, open: &Open, grid: &GridView, node: usize, frame: &mut Frame<'_>, area: Rect) {
    let theme = &shared.theme;
    let shown = open.view.node(node);
    let look = shown.state.look();
    let dot = theme.either("·", "-");
    let [rule, text] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
    let who = theme.words(&grid.entry(&shown.id.item)).into_owned();
    let title = format!("{} {who} {dot} {}", theme.glyph(look), look.word);
    heading(theme, &title, false, frame, rule);
    let room = columns(text);
    let mut lines: Vec<Line<'static>> = Vec::new();
    let mut say = |label: &str, text: &str, tone: Tone| {
        if !text.is_empty() {
            lines.extend(labelled(theme, label, text, theme.tone(tone), room));
        }
    };
    if let Some(fault) = shown.trouble() {
        say("What", &fault.what, Tone::Bad);
        say("Why", &fault.why, Tone::Note);
        say("Do", &fault.hint, Tone::Call);
    }
    if let Some(by) = shown.blocked_by() {
        say("Held up", &format!("by {by}"), Tone::Doubt);
    }
    if let Some(finished) = &shown.finished {
        say("Seen", &finished.proof, Tone::Good);
    }
    let asked = shown.trouble().and_then(|fault| fault.request_id.as_deref());
    let asked = asked.map(str::to_owned);
    let last = || shown.exchanges().rev().find_map(|call| call.request_id);
    if let Some(id) = asked.or_else(last) {
        say("Request", &id, Tone::Quiet);
    }
    lines.extend(wait_lines(theme, shown, shared.now, room));
    if lines.is_empty() {
        lines.push(Line::styled(
            "Nothing has happened yet. Enter shows the step.",
            theme.quiet(),
        ));
    }
    let lines = most(theme, lines, usize::from(text.height), room, " Enter");
    for (line, y) in lines.into_iter().zip(text.y..) {
        put(theme, line, frame, line::row(text, y));
    }
}
