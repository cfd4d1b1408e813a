//! Routes: how lines go from box to box, at right angles, around what stands between.
//!
//! A line leaves its box on the right and enters the next on the left. Between two columns is a channel for upright parts
//! (risers), between two bands a gap for level parts (runs). All lines of one box share their way as far as they can; where
//! lines of several boxes lead into one, they meet before it. Two lines never share a cell unless they meet or cross there.

mod channels;
mod draw;

use std::collections::HashMap;

use super::{
    bands::Bands,
    lines::{Lines, Net},
    shape::Shape,
};

/// What the boxes are like, in cells.
#[derive(Debug, Clone)]
pub(super) struct Sizes {
    /// The width of each box.
    pub widths: Vec<usize>,
    /// The height of a row of boxes, and in which of its lines the lines enter and leave.
    pub height: usize,
    pub middle: usize,
    /// How many empty rows are between two phases, at least.
    pub apart: usize,
}

/// A line from one box to another, corner by corner: from the first cell beside the one to the last beside the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wire {
    pub from: usize,
    pub to: usize,
    pub corners: Box<[(usize, usize)]>,
}

/// Where everything stands, in cells.
#[derive(Debug, Clone, Default)]
pub(super) struct Routes {
    /// Where each column begins, and each band.
    pub columns: Vec<usize>,
    pub bands: Vec<usize>,
    pub width: usize,
    pub height: usize,
    pub lines: Lines,
    pub wires: Vec<Wire>,
}

/// The upright part of a line, in the channel left of the column of the same number.
#[derive(Debug)]
struct Riser {
    net: Net,
    channel: usize,
    /// The slots that it comes from and that it leads to.
    left: Vec<usize>,
    right: Vec<usize>,
    runs: Vec<usize>,
    /// The riser that it comes from, and the run between them.
    parent: Option<(usize, usize)>,
    x: usize,
}

/// The level part of a line, in the gap above the band of the same number.
#[derive(Debug)]
struct Run {
    net: Net,
    gap: usize,
    risers: Vec<usize>,
    y: usize,
}

struct Router<'a> {
    shape: &'a Shape,
    bands: &'a Bands,
    sizes: &'a Sizes,
    risers: Vec<Riser>,
    runs: Vec<Run>,
    /// For each slot the slot right of it that it is straight connected with; the risers that come from it; and those that
    /// lead to it.
    straight: Vec<Option<usize>>,
    out: Vec<Vec<usize>>,
    into: Vec<Vec<usize>>,
    /// On one scale from top to bottom, gaps and rows: where each band begins with the gap above it.
    scale: Vec<usize>,
    /// How much is in the way of a riser, by channel and band; and of a run, by gap.
    crowded: Vec<Vec<usize>>,
    runs_in: Vec<usize>,
    /// How many boxes of a column lead to one place only, and the riser that they share.
    alike: HashMap<(usize, usize, usize), usize>,
    shared: HashMap<(usize, usize, usize), usize>,
}

/// Draws the lines. With `tidy`, crossings are taken away where lines run side by side.
pub(super) fn route(shape: &Shape, bands: &Bands, sizes: &Sizes, tidy: bool) -> Routes {
    let mut router = Router::new(shape, bands, sizes);
    router.lead();
    router.open_circles();
    let mut routes = router.choose_columns(tidy);
    router.choose_rows(&mut routes, tidy);
    router.draw(&mut routes);
    routes
}

impl<'a> Router<'a> {
    fn new(shape: &'a Shape, bands: &'a Bands, sizes: &'a Sizes) -> Self {
        let slots = bands.slots.len();
        let mut scale = vec![0];
        for band in &bands.bands {
            scale.push(scale.last().expect("it has the first") + 1 + band.rows);
        }
        let mut crowded = vec![vec![1; bands.bands.len()]; bands.columns + 1];
        for (slot, next) in bands.slots.iter().zip(&bands.next) {
            crowded[slot.column + 1][slot.band] += 2 * next.len();
        }
        Self {
            shape,
            bands,
            sizes,
            risers: Vec::new(),
            runs: Vec::new(),
            straight: vec![None; slots],
            out: vec![Vec::new(); slots],
            into: vec![Vec::new(); slots],
            scale,
            crowded,
            runs_in: vec![0; bands.bands.len() + 1],
            alike: HashMap::new(),
            shared: HashMap::new(),
        }
    }

    fn row(&self, slot: usize) -> usize {
        self.bands.slots[slot].row
    }

    /// The place of a slot on the scale.
    fn place(&self, slot: usize) -> usize {
        let slot = &self.bands.slots[slot];
        self.scale[slot.band] + 1 + slot.row
    }

    fn riser(&mut self, net: Net, channel: usize, parent: Option<(usize, usize)>) -> usize {
        self.risers.push(Riser {
            net,
            channel,
            left: Vec::new(),
            right: Vec::new(),
            runs: Vec::new(),
            parent,
            x: 0,
        });
        self.risers.len() - 1
    }

    fn run(&mut self, net: Net, gap: usize, risers: Vec<usize>) -> usize {
        let run = self.runs.len();
        for &riser in &risers {
            self.risers[riser].runs.push(run);
        }
        self.runs_in[gap] += 1;
        self.runs.push(Run { net, gap, risers, y: 0 });
        run
    }

    /// The riser that comes from a slot. Slots of a column that lead to one and the same place and nowhere else have one
    /// riser, which is a part of the line into that place.
    fn riser_from(&mut self, slot: usize) -> usize {
        if let Some(&riser) = self.out[slot].first() {
            return riser;
        }
        let channel = self.bands.slots[slot].column + 1;
        let riser = match self.only_way(slot).filter(|way| self.alike[way] > 1) {
            None => self.riser(self.bands.slots[slot].net, channel, None),
            Some(way) => match self.shared.get(&way) {
                Some(&riser) => riser,
                None => {
                    let riser = self.riser(self.net_into(way.2), channel, None);
                    self.shared.insert(way, riser);
                    riser
                }
            },
        };
        self.risers[riser].left.push(slot);
        self.out[slot].push(riser);
        riser
    }

    /// Where a box leads to, if that is one place only: its band and column, and the slot there.
    fn only_way(&self, slot: usize) -> Option<(usize, usize, usize)> {
        let here = &self.bands.slots[slot];
        let Net::From(card) = here.net else { return None };
        let [after] = self.shape.after[card].as_slice() else {
            return None;
        };
        let to = match self.bands.next[slot].as_slice() {
            _ if here.passing => return None,
            [] => self.bands.slot_of[*after],
            [next] => *next,
            _ => return None,
        };
        Some((here.band, here.column, to))
    }

    /// The line that leads into a slot when several have met.
    fn net_into(&self, slot: usize) -> Net {
        let slot = &self.bands.slots[slot];
        match slot.net {
            Net::From(card) if !slot.passing => Net::Into(card),
            net => net,
        }
    }

    fn lead_to(&mut self, riser: usize, slot: usize) {
        self.risers[riser].right.push(slot);
        self.into[slot].push(riser);
    }

    /// Finds the ways of all lines.
    fn lead(&mut self) {
        for slot in 0..self.bands.slots.len() {
            // One in the same row goes straight on, and joins the others later.
            let straight = self.bands.next[slot]
                .iter()
                .any(|&next| self.row(next) == self.row(slot));
            if let Some(way) = self.only_way(slot).filter(|_| !straight) {
                *self.alike.entry(way).or_default() += 1;
            }
        }
        for slot in 0..self.bands.slots.len() {
            for &next in &self.bands.next[slot] {
                if self.row(next) == self.row(slot) {
                    self.straight[slot] = Some(next);
                } else {
                    let riser = self.riser_from(slot);
                    // A hub leads to thousands, and each of them is led to by few.
                    let (right, into) = (&self.risers[riser].right, &self.into[next]);
                    let known = match right.len() < into.len() {
                        true => right.contains(&next),
                        false => into.contains(&riser),
                    };
                    if !known {
                        self.lead_to(riser, next);
                    }
                }
            }
        }
        for &card in &self.shape.order {
            self.lead_out_of_band(card);
        }
    }

    /// Finds the ways to other bands: by a run in one of the gaps between, and a riser for each column there.
    fn lead_out_of_band(&mut self, card: usize) {
        let slot = self.bands.slot_of[card];
        let (band, channel) = (self.bands.slots[slot].band, self.bands.slots[slot].column + 1);
        let mut groups: Vec<((usize, bool), Vec<usize>)> = Vec::new();
        for &after in &self.shape.after[card] {
            let to = self.bands.slot_of[after];
            let there = &self.bands.slots[to];
            if there.band == band {
                continue;
            }
            let key = (there.column, there.band > band);
            match groups.iter_mut().find(|group| group.0 == key) {
                Some(group) => group.1.push(to),
                None => groups.push((key, vec![to])),
            }
        }
        for ((column, below), slots) in groups {
            let bands = || slots.iter().map(|&slot| self.bands.slots[slot].band);
            let nearest = if below { bands().min() } else { bands().max() }.expect("a group has a slot");
            let farthest = if below { bands().max() } else { bands().min() }.expect("a group has a slot");
            let trunk = self.riser_from(slot);
            let net = self.risers[trunk].net;
            if self.risers[trunk].left.len() > 1 {
                // Another has found the way for all that share it.
                continue;
            }
            if column == channel {
                slots.iter().for_each(|&slot| self.lead_to(trunk, slot));
                self.crowd(channel, band, farthest);
                continue;
            }
            let gap = self.best_gap(trunk, column, band, nearest);
            let shared = self.risers[trunk].runs.iter().find(|&&run| self.runs[run].gap == gap);
            let run = match shared.copied() {
                Some(run) => run,
                None => self.run(net, gap, vec![trunk]),
            };
            let branch = self.riser(net, column, Some((trunk, run)));
            self.risers[branch].runs.push(run);
            self.runs[run].risers.push(branch);
            slots.iter().for_each(|&slot| self.lead_to(branch, slot));
            let before = if below { gap.saturating_sub(1) } else { gap };
            self.crowd(channel, band, before);
            self.crowd(column, if below { gap } else { gap - 1 }, farthest);
        }
    }

    fn crowd(&mut self, channel: usize, one: usize, other: usize) {
        let (from, to) = (one.min(other), one.max(other));
        for band in from..=to.min(self.bands.bands.len() - 1) {
            self.crowded[channel][band] += 1;
        }
    }

    /// The gap between two bands in which a line had best go from its channel to another.
    fn best_gap(&self, trunk: usize, column: usize, band: usize, nearest: usize) -> usize {
        let channel = self.risers[trunk].channel;
        let (first, last) = if nearest > band {
            (band + 1, nearest)
        } else {
            (nearest + 1, band)
        };
        let far = last - first > NEAR;
        let gaps = (first..=last).filter(|gap| !far || *gap == first || *gap == last);
        let cost = |&gap: &usize| {
            let (here, there) = if nearest > band {
                (channel, column)
            } else {
                (column, channel)
            };
            let sum = |channel: usize, from: usize, to: usize| self.crowded[channel][from..to].iter().sum::<usize>();
            let shares = self.risers[trunk].runs.iter().any(|&run| self.runs[run].gap == gap);
            let run = if shares { 0 } else { 2 + 2 * self.runs_in[gap] };
            sum(here, first, gap) + sum(there, gap, last) + run
        };
        gaps.min_by_key(cost).expect("there is a gap between two bands")
    }
}

/// Beyond this many gaps, only the first and the last are thought of.
const NEAR: usize = 12;
