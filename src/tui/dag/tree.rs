//! Where there is no room for a picture: the graph as an indented tree, and the phases as counts.
//!
//! A box stands below the last one of its phase that it waits for; what else it waits for is said beside it.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::{
    map::Map,
    shape::{Kind, Shape},
    standing::{self, Standings, Through},
    text,
};
use crate::{
    report::{view::View, words::Tone},
    tui::theme::Theme,
};

/// A row of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Row {
    /// A heading.
    Phase(usize),
    /// A box.
    Card {
        card: usize,
        /// For each level above it whether a line goes on there, and for its own whether it is not the last.
        guides: Vec<bool>,
        /// Whether it is the only one below the box in the row before, and goes on in its line: a chain is no staircase.
        follows: bool,
    },
}

/// The rows of a tree.
#[derive(Debug, Clone, Default)]
pub(super) struct Tree {
    pub rows: Vec<Row>,
    /// For each box its row.
    pub row_of: Vec<usize>,
    /// For each box the one it stands below.
    parents: Vec<Option<usize>>,
}

impl Tree {
    pub(super) fn of(map: &Map, shape: &Shape) -> Self {
        let mut place = vec![0; shape.cards.len()];
        for (at, &card) in shape.order.iter().enumerate() {
            place[card] = at;
        }
        let phase = |card: usize| shape.cards[card].phase;
        let cards = || shape.order.iter().copied().filter(|&card| !shape.is_joint(card));
        let parents: Vec<Option<usize>> = (0..shape.cards.len())
            .map(|card| {
                let before = if shape.is_joint(card) {
                    Vec::new()
                } else {
                    shape.needed_by(card)
                };
                let same = before.into_iter().filter(|&before| phase(before) == phase(card));
                same.max_by_key(|&before| place[before])
            })
            .collect();
        let mut children: Vec<Vec<usize>> = vec![Vec::new(); shape.cards.len()];
        let mut roots: Vec<Vec<usize>> = vec![Vec::new(); map.phases.len()];
        for card in cards() {
            match parents[card] {
                Some(parent) => children[parent].push(card),
                None => roots[phase(card)].push(card),
            }
        }
        let mut tree = Self {
            rows: Vec::new(),
            row_of: vec![0; shape.cards.len()],
            parents,
        };
        for (phase, roots) in roots.iter().enumerate().filter(|(_, roots)| !roots.is_empty()) {
            tree.rows.push(Row::Phase(phase));
            // Deep chains do not end up at the right edge, nor on the call stack.
            let mut open: Vec<(usize, Vec<bool>, bool)> = Vec::new();
            let push = |open: &mut Vec<(usize, Vec<bool>, bool)>, cards: &[usize], above: &[bool]| {
                for (at, &card) in cards.iter().enumerate().rev() {
                    let mut guides = above.to_vec();
                    guides.push(at + 1 < cards.len());
                    open.push((card, guides, false));
                }
            };
            push(&mut open, roots, &[]);
            while let Some((card, guides, follows)) = open.pop() {
                match children[card].as_slice() {
                    [only] => open.push((*only, guides.clone(), true)),
                    several => push(&mut open, several, &guides),
                }
                tree.row_of[card] = tree.rows.len();
                tree.rows.push(Row::Card { card, guides, follows });
            }
        }
        tree
    }
}

/// What is drawn from.
pub(super) struct List<'a> {
    pub map: &'a Map,
    pub shape: &'a Shape,
    pub tree: &'a Tree,
    pub view: &'a View,
    pub theme: &'a Theme,
    pub focus: Option<usize>,
    /// The first row that is seen.
    pub top: usize,
}

impl List<'_> {
    /// Draws the tree.
    pub(super) fn paint_tree(&self, area: Rect, buf: &mut Buffer) {
        let mut standings = Standings::new(self.map, self.shape, self.view);
        let through = standing::through(self.view);
        let rows = self.tree.rows.iter().skip(self.top).take(usize::from(area.height));
        let more = self.beyond(area);
        for (at, row) in rows.enumerate() {
            let last = at + 1 == usize::from(area.height);
            let line = Rect {
                y: area.y + at as u16,
                width: area.width - if last { more_width(&more, area) } else { 0 },
                height: 1,
                ..area
            };
            match row {
                Row::Phase(phase) => {
                    let through = through.get(*phase).copied().unwrap_or_default();
                    self.paint_heading(*phase, through, line, buf);
                }
                Row::Card { card, guides, follows } => {
                    self.paint_row(*card, (guides, *follows), &mut standings, line, buf)
                }
            }
        }
        paint_more(&more, area, self.theme, buf);
    }

    /// How many rows there are above and below an area.
    fn beyond(&self, area: Rect) -> Vec<String> {
        let below = self.tree.rows.len().saturating_sub(self.top + usize::from(area.height));
        let more = [(self.top, "↑", "^"), (below, "↓", "v")];
        more.iter()
            .filter(|(number, ..)| *number > 0)
            .map(|(number, mark, ascii)| format!("{}{number}", self.theme.either(mark, ascii)))
            .collect()
    }

    fn paint_heading(&self, phase: usize, through: Through, area: Rect, buf: &mut Buffer) {
        let count = through.words(self.theme);
        let room = usize::from(area.width).saturating_sub(count.len() + 1);
        let title = text::fit(&format!("{phase} {}", self.map.phases[phase]), room, self.theme.ascii);
        buf.set_string(area.x, area.y, &title, self.theme.strong());
        let x = area.x + text::width(&title) as u16 + 1;
        let room = usize::from(area.right().saturating_sub(x));
        buf.set_stringn(x, area.y, count, room, self.theme.tone(through.tone()));
    }

    fn paint_row(
        &self,
        card: usize,
        (guides, follows): (&[bool], bool),
        standings: &mut Standings<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) {
        let theme = self.theme;
        let standing = standings.of(card);
        let look = standing.state.look();
        let focus = self.focus == Some(card);
        let base = if focus { theme.focus() } else { Style::new() };
        let (mut x, end) = (area.x, area.right());
        let mut put = |buf: &mut Buffer, words: &str, style: Style| {
            let room = usize::from(end.saturating_sub(x));
            let shown = text::fit(words, room, theme.ascii);
            buf.set_string(x, area.y, &shown, style);
            x += text::width(&shown) as u16;
            // Nothing comes after a cut.
            if text::width(&text::fit(words, usize::MAX, theme.ascii)) > room {
                x = end;
            }
        };
        // Guides never take more than a third of the line.
        let (own, above) = guides
            .split_last()
            .map_or((false, &[][..]), |(own, above)| (*own, above));
        let shown = usize::from(area.width) / 6;
        let mut lines = String::from(if focus { theme.either("▸", ">") } else { " " });
        for &goes_on in &above[above.len().saturating_sub(shown)..] {
            lines.push_str(if goes_on { theme.either("│ ", "| ") } else { "  " });
        }
        lines.push_str(match (follows, own) {
            (true, true) => theme.either("│ ", "| "),
            (true, false) => "  ",
            (false, true) => theme.either("├─", "|-"),
            (false, false) => theme.either("╰─", "`-"),
        });
        put(buf, &lines, theme.line());
        put(buf, theme.glyph(look), base.patch(theme.tone(look.tone)));
        let (name, times) = match &self.shape.cards[card].kind {
            Kind::One(node) => (self.map.names[*node].line(), String::new()),
            Kind::Crowd(crowd) => {
                let crowd = &self.map.crowds[*crowd];
                (
                    crowd.name.line(),
                    format!(" {}{}", theme.either("×", "x"), crowd.nodes.len()),
                )
            }
            Kind::Joint => return,
        };
        let style = if look.tone == Tone::Quiet {
            theme.quiet()
        } else {
            theme.text()
        };
        put(buf, &format!(" {name}{times}"), base.patch(style));
        put(buf, &format!("  {}", standing.words(theme)), theme.tone(look.tone));
        let parent = self.tree.parents[card];
        let others: Vec<String> = self
            .shape
            .needed_by(card)
            .into_iter()
            .filter(|&other| Some(other) != parent)
            .map(|other| self.name(other))
            .collect();
        if !others.is_empty() {
            let arrow = theme.either("←", "<-");
            put(buf, &format!("  {arrow} {}", others.join(", ")), theme.quiet());
        }
    }

    fn name(&self, card: usize) -> String {
        match &self.shape.cards[card].kind {
            Kind::One(node) => self.map.names[*node].line(),
            Kind::Crowd(crowd) => self.map.crowds[*crowd].name.line(),
            Kind::Joint => String::new(),
        }
    }

    /// Draws a line for each phase: how many of its nodes are in which state.
    pub(super) fn paint_counts(&self, area: Rect, buf: &mut Buffer) {
        let theme = self.theme;
        let through = standing::through(self.view);
        let phases = self.view.chapters().iter().enumerate();
        let phases: Vec<_> = phases.filter(|(_, chapter)| chapter.progress().total > 0).collect();
        let height = usize::from(area.height);
        // The first phase that is not through stays in sight.
        let current = phases
            .iter()
            .position(|(phase, _)| through[*phase].done < through[*phase].total);
        let current = current.unwrap_or(phases.len());
        let top = current
            .saturating_sub(height / 2)
            .min(phases.len().saturating_sub(height));
        for (at, (phase, chapter)) in phases.iter().skip(top).take(height).enumerate() {
            let y = area.y + at as u16;
            let mut words = vec![(through[*phase].words(theme), through[*phase].tone())];
            let mut marks: Vec<(&str, u32, Tone)> = Vec::new();
            for (state, number) in chapter.tally.present() {
                let mark = theme.glyph(state.look());
                match marks.iter_mut().find(|(known, ..)| *known == mark) {
                    Some((_, sum, _)) => *sum += number,
                    None => marks.push((mark, number, state.look().tone)),
                }
            }
            words.extend(
                marks
                    .iter()
                    .map(|(mark, number, tone)| (format!("{mark}{number}"), *tone)),
            );
            let tail: usize = words.iter().map(|(word, _)| text::width(word) + 1).sum();
            let room = usize::from(area.width)
                .saturating_sub(tail)
                .max(usize::from(area.width) / 3);
            let title = text::fit(
                &format!("{phase} {}", self.map.phases[*phase]),
                room.min(24),
                theme.ascii,
            );
            let style = if at + top == current {
                theme.strong()
            } else {
                theme.text()
            };
            buf.set_string(area.x, y, &title, style);
            let mut x = area.x + room.min(24) as u16 + 1;
            for (word, tone) in words {
                if x + text::width(&word) as u16 > area.right() {
                    break;
                }
                buf.set_string(x, y, &word, theme.tone(tone));
                x += text::width(&word) as u16 + 1;
            }
        }
    }
}

/// The columns in the lower right corner in which that is said.
fn more_width(more: &[String], area: Rect) -> u16 {
    match more {
        [] => 0,
        more => (text::width(&more.join(" ")) as u16 + 2).min(area.width),
    }
}

/// Says in the lower right corner how much there is beyond the window.
pub(super) fn paint_more(more: &[String], area: Rect, theme: &Theme, buf: &mut Buffer) {
    if more.is_empty() || area.is_empty() {
        return;
    }
    let words = text::fit(&format!(" {} ", more.join(" ")), usize::from(area.width), theme.ascii);
    let x = area.right() - text::width(&words) as u16;
    let style = theme.quiet().add_modifier(ratatui::style::Modifier::REVERSED);
    buf.set_string(x, area.bottom() - 1, &words, style);
}
