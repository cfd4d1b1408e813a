//! `Picture`: a map laid out: each box in its place, each line in its cells. It depends on the map, on what is folded and on
//! the room there is, and never on the state of anything, so places stay still.

use super::{
    bands::{self, Bands},
    map::Map,
    route::{self, Routes, Sizes},
    shape::{Kind, Shape},
};
use crate::report::clean::width;

/// How boxes are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// With a frame, three rows high.
    Boxes,
    /// A mark and a name in one row.
    Chips,
}

/// A rectangle in the picture's own cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub x: usize,
    pub y: usize,
    pub width: usize,
    pub height: usize,
}

/// The rows of a phase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lane {
    pub phase: usize,
    pub from: usize,
    /// Not included.
    pub to: usize,
}

/// See the module's documentation.
#[derive(Debug, Clone)]
pub(super) struct Picture {
    pub style: Style,
    /// For each box of the shape where it stands, and in which column.
    pub places: Vec<Place>,
    pub columns: Vec<usize>,
    /// The boxes by their row.
    pub by_row: Vec<(usize, usize)>,
    pub lanes: Vec<Lane>,
    pub routes: Routes,
    /// For each box the lines that leave it, and those that enter it.
    pub leaving: Vec<Vec<usize>>,
    pub entering: Vec<Vec<usize>>,
    /// The lines on the critical path.
    pub critical: Vec<usize>,
    /// How many pairs were compared to find the places.
    #[cfg(test)]
    pub work: u64,
}

/// The room that a picture should fit into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Room {
    pub width: usize,
    pub height: usize,
}

/// Up to how many columns a name takes, if there is room; and how many it is always given.
const ROOMY: usize = 24;
const TIGHT: usize = 12;
/// Above this many boxes, not everything is tried.
const MANY: usize = 150;
/// The most columns that are tried.
const COLUMNS: usize = 12;

/// The columns of the mark and the blanks around it and the name; and of the bar of a crowd.
pub(super) const MARK: usize = 4;
pub(super) const BAR: usize = 8;
/// The least width of a framed box: there is room for a word in its frame.
const FRAMED: usize = 14;

impl Picture {
    /// The picture that fits best: the one with the longest names of those that fit whole; otherwise one that is not too
    /// wide, and not much higher than it has to be.
    pub(super) fn fit(map: &Map, shape: &Shape, style: Style, room: Room) -> Self {
        let longest = Bands::longest(shape).clamp(1, COLUMNS);
        let widest = longest.min(room.width / (TIGHT / 2 + MARK)).max(1);
        if shape.cards.len() > MANY {
            return Self::fit_many(map, shape, style, room, widest);
        }
        let mut best: Option<(usize, Self)> = None;
        for columns in (1..=widest).rev() {
            let lay_out = |name| Self::lay_out(map, shape, style, columns, name, bands::SWEEPS, true);
            let mut picture = lay_out(ROOMY);
            let name = picture.names_that_fit(map, shape, room.width);
            if name < ROOMY {
                picture = lay_out(name);
            }
            if picture.routes.width > room.width && columns > 1 {
                continue;
            }
            let height = picture.routes.height;
            let better = best.as_ref().is_none_or(|(length, best)| {
                let high = best.routes.height;
                match high <= room.height {
                    true => height <= room.height && name > *length,
                    false => name > *length && height * 4 <= high * 5,
                }
            });
            if better {
                best = Some((name, picture));
            }
            if name == ROOMY {
                break;
            }
        }
        best.expect("one column is always taken").1
    }

    /// For many boxes: few pictures are tried.
    fn fit_many(map: &Map, shape: &Shape, style: Style, room: Room, widest: usize) -> Self {
        let mut columns = widest;
        loop {
            let picture = Self::lay_out(map, shape, style, columns, ROOMY, bands::SWEEPS, true);
            let width = picture.routes.width;
            if width <= room.width || columns == 1 {
                return picture;
            }
            columns = (columns * room.width / width).clamp(1, columns - 1);
        }
    }

    /// How long names may be for a picture like this one to be no wider than there is room. What is between the columns does
    /// not change with them.
    fn names_that_fit(&self, map: &Map, shape: &Shape, room: usize) -> usize {
        let widest = |name: usize| {
            let mut wide = vec![1; self.columns.iter().max().map_or(0, |last| last + 1)];
            for (&column, width) in self.columns.iter().zip(sizes(map, shape, self.style, name).widths) {
                wide[column] = wide[column].max(width);
            }
            wide.into_iter().sum::<usize>()
        };
        let between = self.routes.width - widest(ROOMY);
        let fits = |name: &usize| between + widest(*name) <= room;
        (TIGHT..=ROOMY).rev().find(fits).unwrap_or(TIGHT)
    }

    /// Lays a map out with at most so many columns, and names of at most so many cells.
    pub(super) fn lay_out(
        map: &Map,
        shape: &Shape,
        style: Style,
        columns: usize,
        name: usize,
        sweeps: usize,
        tidy: bool,
    ) -> Self {
        let bands = Bands::of(shape, map.phases.len(), columns, sweeps);
        let sizes = sizes(map, shape, style, name);
        let routes = route::route(shape, &bands, &sizes, tidy);
        let places: Vec<Place> = bands
            .slot_of
            .iter()
            .zip(&sizes.widths)
            .map(|(&slot, &width)| {
                let slot = &bands.slots[slot];
                Place {
                    x: routes.columns[slot.column],
                    y: routes.bands[slot.band] + slot.row * sizes.height,
                    width,
                    height: sizes.height,
                }
            })
            .collect();
        let mut by_row: Vec<(usize, usize)> = places.iter().enumerate().map(|(card, place)| (place.y, card)).collect();
        by_row.sort_unstable_by_key(|&(y, card)| (y, places[card].x));
        let mut lanes: Vec<Lane> = Vec::new();
        for (band, &from) in bands.bands.iter().zip(&routes.bands) {
            let to = from + band.rows * sizes.height;
            match lanes.last_mut() {
                Some(lane) if lane.phase == band.phase => lane.to = to,
                _ => lanes.push(Lane {
                    phase: band.phase,
                    from,
                    to,
                }),
            }
        }
        let (mut leaving, mut entering) = (vec![Vec::new(); places.len()], vec![Vec::new(); places.len()]);
        for (wire, ends) in routes.wires.iter().enumerate() {
            leaving[ends.from].push(wire);
            entering[ends.to].push(wire);
        }
        let on_path = |wire: &usize| {
            let wire = &routes.wires[*wire];
            shape.cards[wire.from].critical && shape.cards[wire.to].critical
        };
        let critical = (0..routes.wires.len()).filter(on_path).collect();
        Self {
            style,
            columns: bands.slot_of.iter().map(|&slot| bands.slots[slot].column).collect(),
            places,
            by_row,
            lanes,
            routes,
            leaving,
            entering,
            critical,
            #[cfg(test)]
            work: bands.work,
        }
    }

    /// Whether all of it can be seen at once.
    pub(super) fn fits(&self, room: Room) -> bool {
        self.routes.width <= room.width && self.routes.height <= room.height
    }

    /// The row in which lines enter and leave a box.
    pub(super) fn middle(&self, card: usize) -> usize {
        self.places[card].y + self.places[card].height / 2
    }

    /// The boxes that have a row in a range.
    pub(super) fn in_rows(&self, from: usize, to: usize) -> impl Iterator<Item = usize> {
        let tall = match self.style {
            Style::Boxes => 3,
            Style::Chips => 1,
        };
        let start = self.by_row.partition_point(|&(y, _)| y + tall <= from);
        let rest = &self.by_row[start..];
        rest[..rest.partition_point(|&(y, _)| y < to)]
            .iter()
            .map(|&(_, card)| card)
    }
}

fn sizes(map: &Map, shape: &Shape, style: Style, name: usize) -> Sizes {
    let widths = shape
        .cards
        .iter()
        .map(|card| {
            let bare = match &card.kind {
                Kind::Joint => return 1,
                Kind::One(node) => width(&map.names[*node].line()).min(name) + MARK,
                Kind::Crowd(crowd) => {
                    let crowd = &map.crowds[*crowd];
                    width(&crowd.name.step).min(name) + MARK + times(crowd.nodes.len()).len() + BAR
                }
            };
            match style {
                Style::Chips => bare,
                Style::Boxes => (bare + 2).max(FRAMED),
            }
        })
        .collect();
    let (height, middle) = match style {
        Style::Boxes => (3, 1),
        Style::Chips => (1, 0),
    };
    Sizes {
        widths,
        height,
        middle,
        apart: 1,
    }
}

/// How many a crowd is, with the blanks around it: ` ×2000 `. One byte a column.
pub(super) fn times(number: usize) -> String {
    format!(" x{number} ")
}
