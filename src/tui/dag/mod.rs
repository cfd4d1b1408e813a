//! The dependency graph as a picture.
//!
//! [`map`] takes nodes and edges from the graph once. `shape` folds items into one box and leaves out edges that say nothing
//! new. `bands` gives each box a place, `route` draws the lines between them at right angles, and `picture` is the
//! result, a pure function of map, folds and room. `paint` puts a window of it on the screen, with the state of everything;
//! only what is in the window is looked at.
//!
//! ```text
//!  0 Preflight   ╷ ✔ entra.session ━┳━▶ ✔ entra.rights ━━━┓
//!    7/7         │                  ╰─▶ ✔ people.lint  ───│──╮
//!                │ ✔ aws.session   ─┬─▶ ✔ instance  ──────│──│─╮
//!                ╵                  ╰─▶ ✔ break-glass ─╮  ┃  │ │
//! ```

mod bands;
mod cells;
mod lines;
pub mod map;
mod moves;
mod names;
mod paint;
mod picture;
mod route;
mod shape;
mod standing;
mod text;
mod tracks;
mod tree;

use std::collections::BTreeSet;

use ratatui::{buffer::Buffer, layout::Rect};

use self::{
    map::Map,
    paint::Scene,
    picture::{Picture, Room, Style},
    shape::Shape,
    tree::{List, Tree},
};
pub use self::{
    moves::Way,
    standing::{Through, goes_back, through},
};
use super::theme::Theme;
use crate::report::view::View;

/// How much is said about each node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mode {
    /// A frame with mark, name and word.
    Boxes,
    /// Mark and name in one row.
    Chips,
    /// A line for each node, indented.
    Tree,
    /// A line for each phase.
    Counts,
}

impl Mode {
    /// All of them, from the one that says most about each node.
    pub const ALL: [Self; 4] = [Self::Boxes, Self::Chips, Self::Tree, Self::Counts];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Boxes => "boxes",
            Self::Chips => "chips",
            Self::Tree => "tree",
            Self::Counts => "counts",
        }
    }
}

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Look {
    /// The number of the node in focus.
    pub focus: Option<usize>,
    /// The cell of the picture in the upper left corner.
    pub offset: (usize, usize),
}

/// What was laid out.
#[derive(Debug, Clone)]
enum Drawn {
    Picture(Box<Picture>),
    Tree,
    Counts,
}

/// The graph, laid out for the room there is.
#[derive(Debug, Clone)]
pub struct Dag {
    map: Map,
    /// The crowds that are open.
    open: BTreeSet<usize>,
    shape: Shape,
    tree: Tree,
    wish: Option<Mode>,
    area: Option<Rect>,
    drawn: Option<Drawn>,
}

/// Below this width or height no node is named; below this width there is no picture, unless one is asked for or all of it
/// can be seen at once: of one that is cut to pieces, the lines say less than an indented list.
const NAMED: (u16, u16) = (24, 6);
const DRAWN: u16 = 100;

impl Dag {
    /// Nothing is open, and nothing is laid out yet.
    pub fn new(map: Map) -> Self {
        let mut dag = Self {
            map,
            open: BTreeSet::new(),
            shape: Shape::default(),
            tree: Tree::default(),
            wish: None,
            area: None,
            drawn: None,
        };
        dag.shape_anew();
        dag
    }

    fn shape_anew(&mut self) {
        self.shape = Shape::of(&self.map, &self.open);
        self.tree = Tree::of(&self.map, &self.shape);
        self.drawn = None;
    }

    /// What it is drawn from.
    pub fn map(&self) -> &Map {
        &self.map
    }

    /// Lays it out for an area, in the mode asked for or the one that fits best. Costs nothing if that is so already.
    pub fn arrange(&mut self, area: Rect, wish: Option<Mode>) {
        let same = self.area.map(Rect::as_size) == Some(area.as_size()) && self.wish == wish;
        if self.drawn.is_none() || !same {
            self.drawn = Some(self.lay_out(area, wish));
            self.area = Some(area);
            self.wish = wish;
        }
    }

    fn lay_out(&self, area: Rect, wish: Option<Mode>) -> Drawn {
        let canvas = paint::canvas(area);
        let room = Room {
            width: usize::from(canvas.width),
            height: usize::from(canvas.height),
        };
        let fit = |style| Box::new(Picture::fit(&self.map, &self.shape, style, room));
        match wish {
            Some(Mode::Boxes) => Drawn::Picture(fit(Style::Boxes)),
            Some(Mode::Chips) => Drawn::Picture(fit(Style::Chips)),
            Some(Mode::Tree) => Drawn::Tree,
            Some(Mode::Counts) => Drawn::Counts,
            None if area.width < NAMED.0 || area.height < NAMED.1 => Drawn::Counts,
            None => {
                // Framed boxes take three rows each: for many there is never room.
                let few = self.shape.cards.len() <= room.height;
                let boxes = few.then(|| fit(Style::Boxes)).filter(|boxes| boxes.fits(room));
                let picture = boxes.unwrap_or_else(|| fit(Style::Chips));
                let wide = area.width >= DRAWN && picture.routes.width <= room.width;
                match wide || picture.fits(room) {
                    true => Drawn::Picture(picture),
                    false => Drawn::Tree,
                }
            }
        }
    }

    /// The mode in which it has been arranged.
    pub fn mode(&self) -> Option<Mode> {
        self.drawn.as_ref().map(|drawn| match drawn {
            Drawn::Picture(picture) => match picture.style {
                Style::Boxes => Mode::Boxes,
                Style::Chips => Mode::Chips,
            },
            Drawn::Tree => Mode::Tree,
            Drawn::Counts => Mode::Counts,
        })
    }

    /// Whether a node is one of many that are drawn as one box, or could be.
    pub fn is_item_of_many(&self, node: usize) -> bool {
        self.map.foldable(node).is_some()
    }

    /// Whether a node is drawn as part of a box.
    pub fn is_folded(&self, node: usize) -> bool {
        self.shape
            .card_of
            .get(node)
            .is_some_and(|&card| self.shape.is_crowd(card))
    }

    /// Opens the box that a node is drawn in, or puts it back with the others of its step. False if it is none of many.
    pub fn turn(&mut self, node: usize) -> bool {
        let Some(crowd) = self.map.foldable(node) else {
            return false;
        };
        if !self.open.remove(&crowd) {
            self.open.insert(crowd);
        }
        self.shape_anew();
        if let (Some(area), wish) = (self.area, self.wish) {
            self.arrange(area, wish);
        }
        true
    }

    /// Draws what has been arranged.
    pub fn draw(&self, area: Rect, buf: &mut Buffer, view: &View, look: &Look, theme: &Theme) {
        let area = area.intersection(buf.area);
        let focus = look.focus.and_then(|node| self.shape.card_of.get(node).copied());
        let list = List {
            map: &self.map,
            shape: &self.shape,
            tree: &self.tree,
            view,
            theme,
            focus,
            top: look.offset.1,
        };
        match &self.drawn {
            None => {}
            Some(Drawn::Counts) => list.paint_counts(area, buf),
            Some(Drawn::Tree) => list.paint_tree(area, buf),
            Some(Drawn::Picture(picture)) => Scene {
                map: &self.map,
                shape: &self.shape,
                picture,
                view,
                theme,
                focus,
                offset: look.offset,
            }
            .paint(area, buf),
        }
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;
