//! The dependency graph as a picture.
//!
//! [`map`] takes nodes and edges from the graph once. [`shape`] folds items into one box and leaves out edges that say nothing
//! new. [`bands`] gives each box a place, [`route`] draws the lines between them at right angles, and [`picture`] is the
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
mod names;
mod paint;
mod picture;
mod route;
mod shape;
mod standing;
mod text;
mod tracks;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use ratatui::{buffer::Buffer, layout::Rect};

use self::{
    map::Map,
    paint::Scene,
    picture::{Picture, Room, Style},
    shape::Shape,
};
use super::theme::Theme;
use crate::report::view::View;

/// How much is said about each node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// A frame with mark, name and word.
    Boxes,
    /// Mark and name in one row.
    Chips,
}

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Look {
    /// The number of the node in focus.
    pub focus: Option<usize>,
    /// The cell of the picture in the upper left corner.
    pub offset: (usize, usize),
}

/// The graph, laid out for the room there is.
#[derive(Debug, Clone)]
pub struct Dag {
    map: Map,
    open: BTreeSet<usize>,
    shape: Shape,
    wish: Option<Mode>,
    area: Option<Rect>,
    picture: Option<Picture>,
}

impl Dag {
    /// Nothing is open, and nothing is laid out yet.
    pub fn new(map: Map) -> Self {
        let shape = Shape::of(&map, &BTreeSet::new());
        Self {
            map,
            open: BTreeSet::new(),
            shape,
            wish: None,
            area: None,
            picture: None,
        }
    }

    /// Lays it out for an area, in the mode asked for or the one that fits best. Costs nothing if that is so already.
    pub fn arrange(&mut self, area: Rect, wish: Option<Mode>) {
        if self.picture.is_some() && self.area == Some(area) && self.wish == wish {
            return;
        }
        let canvas = paint::canvas(area);
        let room = Room {
            width: usize::from(canvas.width),
            height: usize::from(canvas.height),
        };
        let fit = |style| Picture::fit(&self.map, &self.shape, style, room);
        let picture = match wish {
            Some(Mode::Boxes) => fit(Style::Boxes),
            Some(Mode::Chips) => fit(Style::Chips),
            None => {
                let boxes = fit(Style::Boxes);
                let fits = boxes.routes.width <= room.width && boxes.routes.height <= room.height;
                if fits { boxes } else { fit(Style::Chips) }
            }
        };
        self.picture = Some(picture);
        self.area = Some(area);
        self.wish = wish;
    }

    /// Draws what has been arranged.
    pub fn draw(&self, area: Rect, buf: &mut Buffer, view: &View, look: &Look, theme: &Theme) {
        let Some(picture) = &self.picture else { return };
        let scene = Scene {
            map: &self.map,
            shape: &self.shape,
            picture,
            view,
            theme,
            focus: look.focus.and_then(|node| self.shape.card_of.get(node).copied()),
            offset: look.offset,
        };
        scene.paint(area, buf);
    }
}
