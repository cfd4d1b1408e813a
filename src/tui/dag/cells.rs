//! Cells: what stands in a window of the picture where there is no box: lines, joints and crossings, as characters.

use super::lines::{Lines, Net};

/// The arms of a line in a cell.
const UP: u8 = 1;
const DOWN: u8 = 2;
const LEFT: u8 = 4;
const RIGHT: u8 = 8;
const UPRIGHT: u8 = UP | DOWN;
const LEVEL: u8 = LEFT | RIGHT;

/// A cell. Level and upright parts are kept apart, because they may belong to lines that only cross.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cell {
    level: Option<Net>,
    upright: Option<Net>,
    arms: u8,
    joint: bool,
    /// The arms on the critical path, and those of lines that are brought forward.
    heavy: u8,
    forward: u8,
}

/// A window of the picture.
#[derive(Debug, Clone)]
pub(super) struct Window {
    pub x: usize,
    pub y: usize,
    pub width: usize,
    pub height: usize,
    cells: Vec<Cell>,
}

/// Which overlay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    /// The critical path.
    Heavy,
    /// The lines of the box in focus.
    Forward,
}

impl Window {
    /// Looks up what is in a window.
    pub(super) fn of(lines: &Lines, x: usize, y: usize, width: usize, height: usize) -> Self {
        let mut window = Self {
            x,
            y,
            width,
            height,
            cells: vec![Cell::default(); width * height],
        };
        for row in y..(y + height).min(lines.rows.len()) {
            for piece in Lines::within(&lines.rows[row], x, x + width) {
                for column in piece.from.max(x)..=piece.to.min(x + width - 1) {
                    let cell = window.cell_mut(column, row);
                    cell.level = Some(piece.net);
                    if column > piece.from || piece.goes_on.0 {
                        cell.arms |= LEFT;
                    }
                    if column < piece.to || piece.goes_on.1 {
                        cell.arms |= RIGHT;
                    }
                }
            }
        }
        for column in x..(x + width).min(lines.columns.len()) {
            for piece in Lines::within(&lines.columns[column], y, y + height) {
                for row in piece.from.max(y)..=piece.to.min(y + height - 1) {
                    let joint = lines.is_joint(column, row);
                    let cell = window.cell_mut(column, row);
                    cell.upright = Some(piece.net);
                    cell.joint = joint;
                    if row > piece.from {
                        cell.arms |= UP;
                    }
                    if row < piece.to {
                        cell.arms |= DOWN;
                    }
                }
            }
        }
        window
    }

    fn cell_mut(&mut self, x: usize, y: usize) -> &mut Cell {
        &mut self.cells[(y - self.y) * self.width + (x - self.x)]
    }

    pub(super) fn cell(&self, x: usize, y: usize) -> &Cell {
        &self.cells[(y - self.y) * self.width + (x - self.x)]
    }

    /// Lays a way along its corners over what is there.
    pub(super) fn lay(&mut self, corners: &[(usize, usize)], over: Over) {
        for pair in corners.windows(2) {
            let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
            if y0 == y1 && (self.y..self.y + self.height).contains(&y0) {
                let (from, to) = (x0.min(x1), x0.max(x1));
                let last = (self.x + self.width).saturating_sub(1);
                for x in from.max(self.x)..=to.min(last) {
                    let arms = if x > from { LEFT } else { 0 } | if x < to { RIGHT } else { 0 };
                    self.cell_mut(x, y0).mark(arms, over);
                }
            }
            if x0 == x1 && (self.x..self.x + self.width).contains(&x0) {
                let (from, to) = (y0.min(y1), y0.max(y1));
                let last = (self.y + self.height).saturating_sub(1);
                for y in from.max(self.y)..=to.min(last) {
                    let arms = if y > from { UP } else { 0 } | if y < to { DOWN } else { 0 };
                    self.cell_mut(x0, y).mark(arms, over);
                }
            }
        }
        // The first and the last cell lead on into the boxes.
        for (at, arm) in [(corners.first(), LEFT), (corners.last(), RIGHT)] {
            if let Some(&(x, y)) = at
                && (self.x..self.x + self.width).contains(&x)
                && (self.y..self.y + self.height).contains(&y)
            {
                self.cell_mut(x, y).mark(arm, over);
            }
        }
    }
}

impl Cell {
    fn mark(&mut self, arms: u8, over: Over) {
        match over {
            Over::Heavy => self.heavy |= arms,
            Over::Forward => self.forward |= arms,
        }
    }

    /// Whether two lines only cross.
    fn crosses(&self) -> bool {
        self.level.is_some() && self.upright.is_some() && !self.joint
    }

    /// Whether the line that is seen is brought forward.
    pub(super) fn is_forward(&self) -> bool {
        self.forward & self.seen() != 0
    }

    /// The line that is seen: of two that cross, the upright one, unless only the level one is to be brought forward.
    fn seen(&self) -> u8 {
        if !self.crosses() {
            return self.arms;
        }
        let level_first = |over: u8| over & LEVEL != 0 && over & UPRIGHT == 0;
        let upright_first = |over: u8| over & UPRIGHT != 0;
        if level_first(self.forward) || (level_first(self.heavy) && !upright_first(self.forward)) {
            self.arms & LEVEL
        } else {
            self.arms & UPRIGHT
        }
    }

    /// Whose line is seen.
    pub(super) fn net(&self) -> Option<Net> {
        match self.seen() & LEVEL != 0 && (self.crosses() || self.upright.is_none()) {
            true => self.level,
            false => self.upright.or(self.level),
        }
    }

    /// The character. A corner and a joint touch all arms; at a crossing the one line passes over the other.
    pub(super) fn symbol(&self, ascii: bool) -> &'static str {
        let seen = self.seen();
        // A line that leads into a box, or out of it, is drawn to the edge of its cell.
        let seen = if seen & UPRIGHT == 0 { seen | LEVEL } else { seen };
        let heavy = self.heavy & seen
            | if seen == LEVEL && self.heavy & LEVEL != 0 {
                LEVEL
            } else {
                0
            };
        if ascii {
            return match (seen & UPRIGHT != 0, seen & LEVEL != 0) {
                (false, _) if heavy != 0 => "=",
                (false, _) => "-",
                (true, false) if heavy != 0 => "#",
                (true, false) => "|",
                (true, true) => "+",
            };
        }
        symbol(seen, heavy)
    }
}

/// The same line, less prominent.
pub(super) fn dotted(symbol: &'static str) -> &'static str {
    match symbol {
        "─" => "┈",
        "│" => "┊",
        "━" => "┅",
        "┃" => "┇",
        "-" => ".",
        "|" => ":",
        other => other,
    }
}

/// Box-drawing characters by light and heavy arms.
fn symbol(arms: u8, heavy: u8) -> &'static str {
    // Each of up, right, down, left: 0 none, 1 light, 2 heavy.
    let weight = |arm: u8| usize::from(arms & arm != 0) + usize::from(arms & heavy & arm != 0);
    SYMBOLS[weight(UP) * 27 + weight(RIGHT) * 9 + weight(DOWN) * 3 + weight(LEFT)]
}

/// By up, right, down and left, each none, light or heavy.
const SYMBOLS: [&str; 81] = [
    " ", "╴", "╸", "╷", "╮", "┑", "╻", "┒", "┓", // up none, right none
    "╶", "─", "╾", "╭", "┬", "┭", "┎", "┰", "┱", // right light
    "╺", "╼", "━", "┍", "┮", "┯", "┏", "┲", "┳", // right heavy
    "╵", "╯", "┙", "│", "┤", "┥", "╽", "┧", "┪", // up light, right none
    "╰", "┴", "┵", "├", "┼", "┽", "┟", "╁", "╅", // right light
    "┕", "┶", "┷", "┝", "┾", "┿", "┢", "╆", "╈", // right heavy
    "╹", "┚", "┛", "╿", "┦", "┩", "┃", "┨", "┫", // up heavy, right none
    "┖", "┸", "┹", "┞", "╀", "╃", "┠", "╂", "╉", // right light
    "┗", "┺", "┻", "┡", "╄", "╇", "┣", "╊", "╋", // right heavy
];
