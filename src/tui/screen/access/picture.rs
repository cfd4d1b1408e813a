//! The table as it is drawn: how wide everything is, which part of it is seen, and the cell in focus in full.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::Style,
    text::{Line, Span},
};

use super::{
    AccessPage,
    sieve::{Filter, Sieve, place_of, through},
};
use crate::{
    report::{
        clean::{cut, middle, pad, width},
        view::{Figures, GridView, Progress, Side, Tally},
        words::State,
    },
    tui::{
        page::{Open, Shared},
        widget::{
            bar::bar,
            line::{self, columns, ends, heading, labelled, most, put, row},
        },
    },
};

/// The fewest and the most columns of a cell, without the blanks or brackets beside it.
const CELL: (usize, usize) = (10, 22);
/// The fewest and the most columns of a row's name.
const NAME: (usize, usize) = (10, 34);
/// The fewest and the most columns of the bar.
const BAR: (usize, usize) = (6, 30);
/// Below this height, counts and the cell in focus take fewer lines.
const LOW: u16 = 18;
/// Below this height, only the table and one line of the cell are shown.
const LOWEST: u16 = 11;

/// Where the table is on the screen, for the mouse.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Laid {
    body: Rect,
    /// Columns of the rows' names, and of each cell with what is beside it.
    names: u16,
    cell: u16,
    /// The first row and column that are seen.
    top: usize,
    left: usize,
    /// How many columns are seen.
    seen: usize,
}

impl Laid {
    /// The row and the column at a place on the screen, as their places in the lists of those that are shown.
    pub(super) fn at(self, x: u16, y: u16) -> (Option<usize>, Option<usize>) {
        if !self.body.contains((x, y).into()) {
            return (None, None);
        }
        let row = self.top + usize::from(y - self.body.y);
        let column = x.checked_sub(self.body.x + 1 + self.names);
        let column = column.map(|by| usize::from(by / self.cell.max(1)));
        let column = column.filter(|by| *by < self.seen);
        (Some(row), column.map(|by| self.left + by))
    }
}

/// See the module's documentation.
pub(super) struct Picture<'a> {
    pub shared: &'a Shared,
    pub open: &'a Open,
    pub grid: &'a GridView,
    pub page: &'a AccessPage,
    pub sieve: Sieve<'a>,
}

impl Picture<'_> {
    pub(super) fn draw(&self, frame: &mut Frame<'_>, area: Rect) -> Laid {
        let theme = &self.shared.theme;
        let (counts, focus) = match area.height {
            0..LOWEST => (0, 1),
            LOWEST..LOW => (1, 3),
            height => (2, 4 + (height.saturating_sub(24) / 9).min(4)),
        };
        let [head, flow, counted, header, body, below] = Layout::vertical([
            Constraint::Length(1),
            Constraint::Length(u16::from(counts > 0)),
            Constraint::Length(u16::from(counts > 1)),
            Constraint::Length(1),
            Constraint::Min(1),
            Constraint::Length(focus),
        ])
        .areas(area);
        self.draw_head(frame, head);
        if flow.height > 0 {
            put(theme, self.flow(columns(flow), counts > 1), frame, row(flow, flow.y));
        }
        if counted.height > 0 {
            put(theme, self.counted(), frame, row(counted, counted.y));
        }
        self.draw_focus(frame, below);
        if self.sieve.rows.is_empty() || self.sieve.columns.is_empty() {
            let said = match self.page.filter {
                Filter::Failed => "Nothing failed here. v shows what is not there yet, then all of it.",
                _ => "All of it is there. v shows all of it.",
            };
            put(theme, Line::styled(said, theme.quiet()), frame, row(header, header.y));
            return Laid::default();
        }
        self.draw_table(frame, header, body)
    }

    fn draw_head(&self, frame: &mut Frame<'_>, area: Rect) {
        let theme = &self.shared.theme;
        let dot = theme.either("·", "-");
        let mut what = format!(" {dot} {}", self.grid.grid.title);
        if let Some(target) = &self.grid.target {
            let (at, all) = (self.page.grid + 1, self.open.view.grids().len());
            what.push_str(&format!(" {dot} {} ({at} of {all}, Tab)", theme.words(target)));
        }
        let name = theme.words(&self.open.federation.name()).into_owned();
        let left = Line::from(vec![
            Span::styled(name, theme.strong()),
            Span::styled(what, theme.quiet()),
        ]);
        let mut right: Vec<String> = Vec::new();
        let who = self.page.who.and_then(|who| self.grid.entries.get(who));
        right.extend(who.map(|who| format!("{} alone", theme.words(&who.name))));
        if right.is_empty() || self.page.filter != Filter::All {
            right.push(self.page.filter.word().to_owned());
        }
        let (shown, all) = (self.sieve.rows.len(), self.grid.rows.len());
        if shown < all {
            right.push(format!("{shown} of {all} {}s", self.grid.grid.row));
        }
        let right = Line::styled(right.join(theme.either(" · ", " - ")), theme.accent());
        put(theme, ends(theme, left, right, columns(area)), frame, row(area, area.y));
    }

    /// How far it has come, how fast it goes, and how long the rest takes. How many are in which state is left out where that is
    /// counted below, and the bar where there is no room for it.
    fn flow(&self, columns: usize, counted: bool) -> Line<'static> {
        let theme = &self.shared.theme;
        let Some(mut figures) = self.figures() else {
            return Line::default();
        };
        if counted {
            (figures.queued, figures.failed, figures.held_up) = (0, 0, 0);
        }
        let progress = Progress {
            done: figures.done,
            total: figures.total,
        };
        let mut words = vec![format!("{} of {}", figures.done, figures.total)];
        words.extend(figures.words());
        let words = words.join(theme.either(" · ", " - "));
        let room = columns.saturating_sub(width(&words) + 2).min(BAR.1);
        if room < BAR.0 {
            return Line::raw(words);
        }
        let mut line = bar(theme, progress, room);
        line.push_span(Span::raw(format!("  {words}")));
        line
    }

    fn figures(&self) -> Option<Figures> {
        let view = &self.open.view;
        let mut flows = view.flows().iter();
        let flow = flows.find(|flow| flow.step == self.grid.step && flow.target == self.grid.target)?;
        if self.page.who.is_some() {
            // How fast it goes is known of everybody only.
            let (done, total) = through(&self.sieve.tally(), self.sieve.back);
            return Some(Figures {
                done,
                total,
                ..Figures::default()
            });
        }
        Some(view.figures(flow, self.shared.now))
    }

    /// How many are in each state, with the mark that the cells have.
    fn counted(&self) -> Line<'static> {
        let theme = &self.shared.theme;
        let mut present: Vec<(State, u32)> = self.sieve.tally().present().collect();
        present.sort_by_key(|(state, _)| std::cmp::Reverse(state.urgency()));
        let mut spans = Vec::new();
        for (state, number) in present {
            let look = state.look();
            spans.push(Span::styled(theme.glyph(look), theme.tone(look.tone)));
            spans.push(Span::raw(format!(" {number} {}   ", look.word)));
        }
        Line::from(spans)
    }

    fn draw_table(&self, frame: &mut Frame<'_>, header: Rect, body: Rect) -> Laid {
        let theme = &self.shared.theme;
        let room = columns(body);
        let wide = |sides: &[Side], chosen: &[usize]| {
            let names = chosen.iter().map(|&at| width(&theme.words(&sides[at].name)));
            names.max().unwrap_or(0)
        };
        // The pointer and a blank stand beside a row's name.
        let names = (wide(&self.grid.rows, &self.sieve.rows) + 3)
            .clamp(NAME.0, NAME.1.min((room * 2 / 5).max(NAME.0)))
            .min(room);
        let left_over = room - names;
        let cell = wide(&self.grid.columns, &self.sieve.columns).clamp(CELL.0, CELL.1);
        let narrow = cell.min((left_over / self.sieve.columns.len()).saturating_sub(2).max(CELL.0));
        let seen = (left_over / (narrow + 2)).clamp(1, self.sieve.columns.len());
        // What is left over makes names longer.
        let cell = cell.min((left_over / seen).saturating_sub(2).max(narrow));
        let at = place_of(&self.sieve.columns, self.page.column);
        let left = window(self.page.left.get(), at, seen, self.sieve.columns.len());
        self.page.left.set(left);
        let shown = &self.sieve.columns[left..left + seen];
        let beyond = (left, self.sieve.columns.len() - left - seen);
        put(
            theme,
            self.header(shown, names, cell, beyond),
            frame,
            row(header, header.y),
        );
        let at = place_of(&self.sieve.rows, self.page.row);
        let places = self.page.rows.rows_at(at, theme, self.sieve.rows.len(), frame, body);
        for (at, place) in &places {
            let line = self.line(self.sieve.rows[*at], shown, names, cell);
            put(theme, line, frame, *place);
        }
        let short = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
        Laid {
            body: Rect {
                height: short(places.len()),
                ..body
            },
            names: short(names),
            cell: short(cell + 2),
            top: places.first().map_or(0, |(at, _)| *at),
            left,
            seen,
        }
    }

    /// What stands above the rows: what they are, how many columns there are on either side, and the columns' names.
    fn header(&self, shown: &[usize], names: usize, cell: usize, beyond: (usize, usize)) -> Line<'static> {
        let theme = &self.shared.theme;
        let mut more = Vec::new();
        if beyond.0 > 0 {
            more.push(format!("{}{}", theme.either("←", "<"), beyond.0));
        }
        if beyond.1 > 0 {
            more.push(format!("{}{}", beyond.1, theme.either("→", ">")));
        }
        let more = more.join(" ");
        let what = cut(self.grid.grid.row, names.saturating_sub(width(&more) + 2), theme.ascii).into_owned();
        let gap = names.saturating_sub(width(&what) + width(&more) + 1);
        let mut spans = vec![
            Span::styled(what, theme.quiet()),
            Span::raw(" ".repeat(gap)),
            Span::styled(more, theme.accent()),
            Span::raw(" "),
        ];
        for &column in shown {
            let name = theme.words(&self.grid.columns[column].name);
            let name = pad(&middle(&name, cell, theme.ascii), cell);
            let style = if column == self.page.column {
                theme.strong()
            } else {
                theme.quiet()
            };
            spans.push(Span::styled(format!(" {name} "), style));
        }
        Line::from(spans)
    }

    fn line(&self, row: usize, shown: &[usize], names: usize, cell: usize) -> Line<'static> {
        let theme = &self.shared.theme;
        let in_focus = row == self.page.row;
        let name = theme.words(&self.grid.rows[row].name);
        let name = middle(&name, names.saturating_sub(3), theme.ascii);
        let name = pad(&format!("{}{name}", theme.pointer(in_focus)), names);
        let style = if in_focus { theme.strong() } else { theme.text() };
        let mut spans = Vec::with_capacity(1 + shown.len() * 3);
        spans.push(Span::styled(name, style));
        for &column in shown {
            let focus = in_focus && column == self.page.column;
            let (base, begin, end) = match focus {
                true => (theme.focus(), "[", "]"),
                false => (Style::new(), " ", " "),
            };
            let found = self.sieve.cell(row, column);
            spans.push(Span::styled(begin, base));
            match found.and_then(|found| self.said(&found, cell)) {
                Some((glyph, tone, text)) => {
                    spans.push(Span::styled(glyph, base.patch(tone)));
                    spans.push(Span::styled(pad(&text, cell - 1), base));
                }
                None => spans.push(Span::styled(" ".repeat(cell), base)),
            }
            spans.push(Span::styled(end, base));
        }
        Line::from(spans)
    }

    /// A cell's mark, and how many are through, of how many; for a single one its state in words.
    fn said(&self, cell: &Tally, room: usize) -> Option<(&'static str, Style, String)> {
        let theme = &self.shared.theme;
        let look = cell.worst()?.look();
        let text = match through(cell, self.sieve.back) {
            (_, 1) if width(look.word) + 2 <= room => format!(" {}", look.word),
            (_, 1) => String::new(),
            (done, all) if done == all => format!(" {all}"),
            (done, all) => format!(" {done}/{all}"),
        };
        let text = cut(&text, room - 1, theme.ascii).into_owned();
        Some((theme.glyph(look), theme.tone(look.tone), text))
    }

    /// The cell in focus: its state and how many, its names in full, and what is in the way.
    fn draw_focus(&self, frame: &mut Frame<'_>, area: Rect) {
        let theme = &self.shared.theme;
        if area.height == 0 {
            return;
        }
        let empty = self.sieve.rows.is_empty() || self.sieve.columns.is_empty();
        let (row, column) = (self.page.row, self.page.column);
        let sides = self.grid.rows.get(row).zip(self.grid.columns.get(column));
        let Some((row_side, column_side)) = sides.filter(|_| !empty) else {
            return;
        };
        let dot = theme.either("·", "-");
        let names = format!("{} {dot} {}", row_side.full(), column_side.full());
        let cell = self.sieve.cell(row, column);
        let title = match cell.and_then(|cell| Some((cell, cell.worst()?))) {
            Some((cell, state)) => {
                let (done, all) = through(&cell, self.sieve.back);
                let look = state.look();
                format!("{} {} {dot} {done} of {all}", theme.glyph(look), look.word)
            }
            None if self.grid.cell(row, column).is_none() => "nobody".to_owned(),
            None => "not shown".to_owned(),
        };
        let [rule, below] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
        if below.height == 0 {
            let names = theme.words(&names);
            put(
                theme,
                Line::raw(format!("{title} {dot} {names}")),
                frame,
                line::row(rule, rule.y),
            );
            return;
        }
        heading(theme, &title, false, frame, rule);
        let room = columns(below);
        let mut lines = labelled(theme, "Cell", &names, theme.strong(), room);
        match cell {
            Some(_) => lines.extend(self.trouble(&self.sieve.nodes(row, column), room)),
            None => lines.extend(labelled(theme, "", self.page.why_empty(self.grid), theme.quiet(), room)),
        }
        let lines = most(theme, lines, usize::from(below.height), room, " Enter");
        for (line, y) in lines.into_iter().zip(below.y..) {
            put(theme, line, frame, line::row(below, y));
        }
    }

    /// What asks most for a look in a cell, with its reason.
    fn trouble(&self, nodes: &[usize], room: usize) -> Vec<Line<'static>> {
        let theme = &self.shared.theme;
        let view = &self.open.view;
        let worst = nodes.iter().rev().max_by_key(|&&node| view.node(node).state.urgency());
        let Some(&node) = worst else { return Vec::new() };
        let shown = view.node(node);
        let look = shown.state.look();
        let who = self.grid.entry(&shown.id.item);
        let text = match view.reason(node) {
            said if said.is_empty() || said == look.word => format!("{who}: {}", look.word),
            said => format!("{who}: {}: {said}", look.word),
        };
        labelled(theme, theme.glyph(look), &text, theme.tone(look.tone), room)
    }
}

/// The first of `seen` columns, so that the one in focus is among them.
fn window(left: usize, at: usize, seen: usize, all: usize) -> usize {
    let left = left.min(all.saturating_sub(seen));
    if at < left {
        at
    } else if at >= left + seen {
        at + 1 - seen
    } else {
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_column_in_focus_is_always_seen() {
        for seen in 1..9 {
            let mut left = 0;
            for at in [0, 8, 3, 4, 0, 7] {
                left = window(left, at, seen, 9);
                assert!((left..left + seen).contains(&at), "{at} of {seen} from {left}");
                assert!(left + seen <= 9);
            }
        }
    }

    #[test]
    fn a_click_is_on_a_cell_a_name_or_nothing() {
        let laid = Laid {
            body: Rect::new(0, 5, 80, 3),
            names: 20,
            cell: 10,
            top: 4,
            left: 2,
            seen: 5,
        };
        assert_eq!(laid.at(21, 5), (Some(4), Some(2)));
        assert_eq!(laid.at(70, 7), (Some(6), Some(6)));
        assert_eq!(laid.at(71, 7), (Some(6), None), "right of the last column");
        assert_eq!(laid.at(3, 6), (Some(5), None), "a row's name");
        assert_eq!(laid.at(30, 8), (None, None));
    }
}
