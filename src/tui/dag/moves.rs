//! Moves: from box to box by keys and mouse, and bringing into view what has the focus. All of it is computed; nothing is
//! kept.

use ratatui::layout::{Position, Rect};

use super::{
    Dag, Drawn, Look, paint,
    picture::{Picture, Place},
    tree::Row,
};
use crate::report::view::View;

/// Where to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    /// To what it waits for.
    Left,
    /// To what waits for it.
    Right,
    /// To the one above.
    Up,
    /// To the one below.
    Down,
}

impl Dag {
    /// The node that a move leads to. None where it leads nowhere.
    pub fn go(&self, from: usize, way: Way) -> Option<usize> {
        let card = *self.shape.card_of.get(from)?;
        let to = match way {
            Way::Left => self.nearest(card, &self.shape.needed_by(card)),
            Way::Right => self.nearest(card, &self.shape.waiting_for(card)),
            Way::Up | Way::Down => match &self.drawn {
                Some(Drawn::Picture(picture)) => self.beside(picture, card, way == Way::Down),
                _ => self.row_beside(card, way == Way::Down),
            },
        }?;
        self.first_node(to)
    }

    /// The node after this one in the order of the walk; from the last to the first.
    pub fn next(&self, from: Option<usize>) -> Option<usize> {
        self.along(from, true)
    }

    /// The node before this one in the order of the walk; from the first to the last.
    pub fn previous(&self, from: Option<usize>) -> Option<usize> {
        self.along(from, false)
    }

    fn along(&self, from: Option<usize>, forth: bool) -> Option<usize> {
        // A box is told by its first node.
        let firsts = (0..self.map.len()).filter(|&node| self.first_node(self.shape.card_of[node]) == Some(node));
        let mut firsts: Vec<usize> = firsts.collect();
        if !forth {
            firsts.reverse();
        }
        let from = from.and_then(|node| self.first_node(*self.shape.card_of.get(node)?));
        let at = from.and_then(|from| firsts.iter().position(|&node| node == from));
        let next = at.map_or(0, |at| (at + 1) % firsts.len().max(1));
        firsts.get(next).copied()
    }

    /// The next node that failed or needs a person, after this one or from the beginning.
    pub fn next_in_need(&self, from: Option<usize>, view: &View) -> Option<usize> {
        let all = || view.needs_person().chain(view.failures());
        let after = all().filter(|&node| from.is_none_or(|from| node > from)).min();
        after.or_else(|| all().min())
    }

    /// The node at a place on the screen.
    pub fn node_at(&self, area: Rect, at: Position, look: &Look) -> Option<usize> {
        if !area.contains(at) {
            return None;
        }
        match self.drawn.as_ref()? {
            Drawn::Picture(picture) => {
                let canvas = paint::canvas(area);
                let x = usize::from(at.x.checked_sub(canvas.x)?) + look.offset.0;
                let y = usize::from(at.y - canvas.y) + look.offset.1;
                let hit = |card: &usize| {
                    let place = &picture.places[*card];
                    (place.x..place.x + place.width).contains(&x) && (place.y..place.y + place.height).contains(&y)
                };
                self.first_node(picture.in_rows(y, y + 1).find(hit)?)
            }
            Drawn::Tree => match self.tree.rows.get(look.offset.1 + usize::from(at.y - area.y))? {
                Row::Card { card, .. } => self.first_node(*card),
                Row::Phase(_) => None,
            },
            Drawn::Counts => None,
        }
    }

    /// The offset at which a node can be seen, as near as possible to the one there is.
    pub fn reveal(&self, area: Rect, node: usize, offset: (usize, usize)) -> (usize, usize) {
        let Some(&card) = self.shape.card_of.get(node) else {
            return self.clamp(area, offset);
        };
        let (place, canvas) = match &self.drawn {
            Some(Drawn::Picture(picture)) => (picture.places[card], paint::canvas(area)),
            Some(Drawn::Tree) => {
                let y = self.tree.row_of[card];
                let place = Place {
                    x: 0,
                    y,
                    width: 1,
                    height: 1,
                };
                (place, area)
            }
            _ => return (0, 0),
        };
        // With what is around it, where there is room for that.
        let into = |offset: usize, from: usize, size: usize, room: usize, around: usize| {
            let around = around.min(room.saturating_sub(size) / 2);
            let (first, last) = (from.saturating_sub(around), from + size + around);
            if size > room || first < offset {
                first
            } else {
                offset.max(last.saturating_sub(room))
            }
        };
        let offset = (
            into(offset.0, place.x, place.width, usize::from(canvas.width), 6),
            into(offset.1, place.y, place.height, usize::from(canvas.height), 2),
        );
        self.clamp(area, offset)
    }

    /// The nearest offset at which the area is filled as far as it can be.
    pub fn clamp(&self, area: Rect, offset: (usize, usize)) -> (usize, usize) {
        let (width, height) = self.size();
        let canvas = match &self.drawn {
            Some(Drawn::Picture(_)) => paint::canvas(area),
            _ => area,
        };
        (
            offset.0.min(width.saturating_sub(usize::from(canvas.width))),
            offset.1.min(height.saturating_sub(usize::from(canvas.height))),
        )
    }

    /// The size of all there is, in cells.
    pub fn size(&self) -> (usize, usize) {
        match &self.drawn {
            Some(Drawn::Picture(picture)) => (picture.routes.width, picture.routes.height),
            Some(Drawn::Tree) => (0, self.tree.rows.len()),
            _ => (0, 0),
        }
    }

    fn first_node(&self, card: usize) -> Option<usize> {
        self.shape.nodes(&self.map, card).first().copied()
    }

    fn nearest(&self, from: usize, among: &[usize]) -> Option<usize> {
        let Some(Drawn::Picture(picture)) = &self.drawn else {
            return among.first().copied();
        };
        let (here, places) = (picture.places[from], &picture.places);
        among.iter().copied().min_by_key(|&card| {
            // A row is about as far as two columns of cells.
            2 * places[card].y.abs_diff(here.y) + places[card].x.abs_diff(here.x)
        })
    }

    /// The next box above or below in the same column; where there is none, the nearest in any.
    fn beside(&self, picture: &Picture, from: usize, below: bool) -> Option<usize> {
        let here = picture.places[from];
        let beyond = |card: &usize| match below {
            true => picture.places[*card].y > here.y,
            false => picture.places[*card].y < here.y,
        };
        let boxes = || {
            (0..picture.places.len())
                .filter(|&card| !self.shape.is_joint(card))
                .filter(beyond)
        };
        let far = |card: &usize| {
            let place = picture.places[*card];
            (place.y.abs_diff(here.y), place.x.abs_diff(here.x))
        };
        boxes()
            .filter(|&card| picture.columns[card] == picture.columns[from])
            .min_by_key(far)
            .or_else(|| boxes().min_by_key(far))
    }

    fn row_beside(&self, card: usize, below: bool) -> Option<usize> {
        let row = self.tree.row_of[card];
        let card = |row: &Row| match row {
            Row::Card { card, .. } => Some(*card),
            Row::Phase(_) => None,
        };
        match below {
            true => self.tree.rows[row + 1..].iter().find_map(card),
            false => self.tree.rows[..row].iter().rev().find_map(card),
        }
    }
}
