//! Routes: how lines go from box to box, at right angles, around what stands between.
//!
//! A line leaves its box on the right and enters the next on the left. Between two columns is a channel for upright parts
//! (risers), between two bands a gap for level parts (runs). All lines of one box share their way as far as they can; where
//! lines of several boxes lead into one, they meet before it. Two lines never share a cell unless they meet or cross there.

use std::collections::HashMap;

use super::{
    bands::Bands,
    lines::{Lines, Net, Piece},
    shape::Shape,
    tracks::{self, Line},
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
                    if !self.risers[riser].right.contains(&next) {
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

    /// Which risers of a channel have to stand left of which: where one comes from the left and one leads to the right in
    /// the same row.
    fn first(&self) -> Vec<Vec<(usize, usize)>> {
        let mut at: HashMap<(usize, usize), usize> = HashMap::new();
        for (slot, place) in self.bands.slots.iter().enumerate() {
            at.insert((place.column, self.place(slot)), slot);
        }
        let mut first = vec![Vec::new(); self.bands.columns + 1];
        for (slot, out) in self.out.iter().enumerate() {
            let column = self.bands.slots[slot].column + 1;
            let Some(&beside) = at.get(&(column, self.place(slot))) else {
                continue;
            };
            for &one in out {
                let others = self.into[beside].iter().filter(|&&other| other != one);
                first[column].extend(others.map(|&other| (one, other)));
            }
        }
        first
    }

    /// Where risers would each have to stand left of the next in a circle, one is taken apart: into a part that comes from
    /// the left and a part that leads to the right, with a run between them.
    fn open_circles(&mut self) {
        for channel in 0..=self.bands.columns {
            loop {
                let first = self.first().swap_remove(channel);
                let members = self.in_channel(channel);
                let number: HashMap<usize, usize> =
                    members.iter().enumerate().map(|(at, &riser)| (riser, at)).collect();
                let pairs: Vec<_> = first.iter().map(|(one, other)| (number[one], number[other])).collect();
                let circles = tracks::circles(members.len(), &pairs);
                if circles.is_empty() {
                    break;
                }
                for circle in circles {
                    self.take_apart(members[circle[0]]);
                }
            }
        }
    }

    fn in_channel(&self, channel: usize) -> Vec<usize> {
        (0..self.risers.len())
            .filter(|&riser| self.risers[riser].channel == channel)
            .collect()
    }

    fn take_apart(&mut self, riser: usize) {
        let slot = self.risers[riser].left[0];
        let right = std::mem::take(&mut self.risers[riser].right);
        let band = self.bands.slots[slot].band;
        let below = right.iter().filter(|&&to| self.place(to) > self.place(slot)).count() * 2 >= right.len();
        let (net, channel) = (self.risers[riser].net, self.risers[riser].channel);
        let run = match self.risers[riser].runs.first() {
            Some(&run) => run,
            None => self.run(net, band + usize::from(below), vec![riser]),
        };
        let part = self.riser(net, channel, Some((riser, run)));
        self.risers[part].runs.push(run);
        self.runs[run].risers.push(part);
        for to in right {
            self.into[to].retain(|&other| other != riser);
            self.lead_to(part, to);
        }
    }

    /// Finds a column for each riser.
    fn choose_columns(&mut self, tidy: bool) -> Routes {
        let first = self.first();
        let mut x = 0;
        let mut columns = Vec::with_capacity(self.bands.columns);
        let mut wide = vec![1; self.bands.columns];
        for (&slot, &width) in self.bands.slot_of.iter().zip(&self.sizes.widths) {
            let column = self.bands.slots[slot].column;
            wide[column] = wide[column].max(width);
        }
        for (channel, first) in first.iter().enumerate() {
            let members = self.in_channel(channel);
            let number: HashMap<usize, usize> = members.iter().enumerate().map(|(at, &riser)| (riser, at)).collect();
            let first: Vec<_> = first.iter().map(|(one, other)| (number[one], number[other])).collect();
            let mut lines: Vec<Line> = members.iter().map(|&riser| self.upright(riser)).collect();
            let tracks = tracks::arrange(&mut lines, &first, tidy);
            // A cell to leave the box, and one for the arrow.
            x += usize::from(channel > 0 && (channel < self.bands.columns || !members.is_empty()));
            for (&riser, track) in members.iter().zip(&tracks) {
                self.risers[riser].x = x + track;
            }
            x += tracks.iter().max().map_or(0, |track| track + 1);
            if channel < self.bands.columns {
                x += usize::from(channel > 0 || !members.is_empty());
                columns.push(x);
                x += wide[channel];
            }
        }
        Routes {
            columns,
            width: x,
            ..Routes::default()
        }
    }

    /// A riser as a line along its channel.
    fn upright(&self, riser: usize) -> Line {
        let riser = &self.risers[riser];
        let mut near: Vec<usize> = riser.left.iter().map(|&slot| self.place(slot)).collect();
        let mut far: Vec<usize> = riser.right.iter().map(|&slot| self.place(slot)).collect();
        let mut all = [near.clone(), far.clone()].concat();
        for &run in &riser.runs {
            let gap = self.scale[self.runs[run].gap];
            all.push(gap);
            let channels = || self.runs[run].risers.iter().map(|&other| self.risers[other].channel);
            if channels().any(|channel| channel < riser.channel) {
                near.push(gap);
            }
            if channels().any(|channel| channel > riser.channel) {
                far.push(gap);
            }
        }
        Line {
            from: all.iter().copied().min().unwrap_or(0),
            to: all.iter().copied().max().unwrap_or(0),
            near,
            far,
        }
    }

    /// Finds a row for each run, and with them for each band.
    fn choose_rows(&mut self, routes: &mut Routes, tidy: bool) {
        let mut by_gap: Vec<Vec<usize>> = vec![Vec::new(); self.bands.bands.len() + 1];
        for (run, found) in self.runs.iter().enumerate() {
            by_gap[found.gap].push(run);
        }
        let mut y = 0;
        for (gap, members) in by_gap.iter().enumerate() {
            let mut lines: Vec<Line> = members.iter().map(|&run| self.level(run)).collect();
            let tracks = tracks::arrange(&mut lines, &[], tidy);
            let tall = tracks.iter().max().map_or(0, |track| track + 1);
            for (&run, track) in members.iter().zip(&tracks) {
                self.runs[run].y = y + track;
            }
            let phase = |band: usize| self.bands.bands.get(band).map(|band| band.phase);
            let between = gap > 0 && phase(gap).is_some() && phase(gap) != phase(gap - 1);
            y += tall.max(if between { self.sizes.apart } else { 0 });
            if let Some(band) = self.bands.bands.get(gap) {
                routes.bands.push(y);
                y += band.rows * self.sizes.height;
            }
        }
        routes.height = y;
    }

    /// A run as a line along its gap.
    fn level(&self, run: usize) -> Line {
        let run = &self.runs[run];
        let gap = self.scale[run.gap];
        let mut line = Line {
            from: usize::MAX,
            ..Line::default()
        };
        for &riser in &run.risers {
            let x = self.risers[riser].x;
            line.from = line.from.min(x);
            line.to = line.to.max(x);
            let upright = self.upright(riser);
            if upright.from < gap {
                line.near.push(x);
            }
            if upright.to > gap {
                line.far.push(x);
            }
        }
        line
    }

    /// Writes all lines down, cell by cell.
    fn draw(&self, routes: &mut Routes) {
        routes.lines = Lines::new(routes.width, routes.height);
        let frame = Frame { router: self, routes };
        let mut lines = Lines::new(frame.routes.width, frame.routes.height);
        for slot in 0..self.bands.slots.len() {
            frame.draw_slot(slot, &mut lines);
        }
        for riser in &self.risers {
            frame.draw_riser(riser, &mut lines);
        }
        for run in &self.runs {
            let xs = || run.risers.iter().map(|&riser| self.risers[riser].x);
            let (from, to) = (xs().min().unwrap_or(0), xs().max().unwrap_or(0));
            lines.level(run.y, piece(from, to, run.net));
        }
        lines.finish();
        let wires = frame.wires();
        routes.lines = lines;
        routes.wires = wires;
    }
}

/// Beyond this many gaps, only the first and the last are thought of.
const NEAR: usize = 12;

fn piece(from: usize, to: usize, net: Net) -> Piece {
    Piece {
        from,
        to,
        net,
        goes_on: (false, false),
    }
}

/// Everything in its place.
struct Frame<'r, 'a> {
    router: &'r Router<'a>,
    routes: &'r Routes,
}

impl Frame<'_, '_> {
    /// The row in which lines enter and leave a slot.
    fn y(&self, slot: usize) -> usize {
        let (slot, sizes) = (&self.router.bands.slots[slot], self.router.sizes);
        self.routes.bands[slot.band] + slot.row * sizes.height + sizes.middle
    }

    /// The cell before a slot, where the arrow is.
    fn entry(&self, slot: usize) -> usize {
        self.routes.columns[self.router.bands.slots[slot].column] - 1
    }

    /// The cell after a slot.
    fn exit(&self, slot: usize) -> usize {
        let slot = &self.router.bands.slots[slot];
        let start = self.routes.columns[slot.column];
        match slot.net {
            Net::From(card) if !slot.passing => start + self.router.sizes.widths[card],
            _ => start,
        }
    }

    /// Draws what comes out of a slot on its row, and what goes into it.
    fn draw_slot(&self, slot: usize, lines: &mut Lines) {
        let router = self.router;
        let here = &router.bands.slots[slot];
        let (y, own) = (self.y(slot), here.net);
        if let Some(last) = router.out[slot].iter().map(|&riser| router.risers[riser].x).max() {
            lines.level(y, piece(self.exit(slot), last, own));
        }
        if let Some(next) = router.straight[slot] {
            // Where others join before the next box, they go on together.
            let others = router.into[next].iter().map(|&riser| router.risers[riser].x).min();
            let mut straight = piece(self.exit(slot), self.entry(next), own);
            if let Some(x) = others {
                straight.to = x - 1;
                straight.goes_on.1 = true;
            }
            lines.level(y, straight);
        }
        let into = &router.into[slot];
        let Some(first) = into.iter().map(|&riser| router.risers[riser].x).min() else {
            if here.passing {
                lines.level(y, piece(self.entry(slot), self.exit(slot), own));
            }
            return;
        };
        let from_left = router.bands.previous[slot]
            .iter()
            .any(|&previous| router.straight[previous] == Some(slot));
        let net = match into.as_slice() {
            [one] if !from_left => router.risers[*one].net,
            _ => router.net_into(slot),
        };
        let end = if here.passing {
            self.exit(slot)
        } else {
            self.entry(slot)
        };
        let mut entering = piece(first, end, net);
        entering.goes_on.0 = from_left;
        lines.level(y, entering);
    }

    fn draw_riser(&self, riser: &Riser, lines: &mut Lines) {
        let slots = riser.left.iter().chain(&riser.right).map(|&slot| self.y(slot));
        let rows: Vec<usize> = slots
            .chain(riser.runs.iter().map(|&run| self.router.runs[run].y))
            .collect();
        let (from, to) = (rows.iter().min(), rows.iter().max());
        if let (Some(&from), Some(&to)) = (from, to) {
            lines.upright(riser.x, piece(from, to, riser.net));
        }
        for row in rows {
            lines.joint(riser.x, row);
        }
    }

    /// The way of each line, from box to box.
    fn wires(&self) -> Vec<Wire> {
        let router = self.router;
        let mut wires = Vec::new();
        for &from in &router.shape.order {
            for &to in &router.shape.after[from] {
                let (start, end) = (router.bands.slot_of[from], router.bands.slot_of[to]);
                let mut corners = vec![(self.exit(start), self.y(start))];
                let mut at = start;
                if router.bands.slots[start].band == router.bands.slots[end].band {
                    // Along the line's places in the columns between.
                    while at != end {
                        let next = &router.bands.next[at];
                        let next = next.iter().copied().find(|&next| next == end).unwrap_or_else(|| {
                            let passing = next.iter().copied().find(|&next| {
                                let slot = &router.bands.slots[next];
                                slot.passing && (slot.net == Net::From(from) || slot.net == Net::Into(to))
                            });
                            passing.expect("a line passes each column between its boxes")
                        });
                        self.hop(at, next, &mut corners);
                        at = next;
                    }
                } else {
                    self.hop(start, end, &mut corners);
                }
                corners.push((self.entry(end), self.y(end)));
                wires.push(Wire {
                    from,
                    to,
                    corners: corners.into_boxed_slice(),
                });
            }
        }
        wires
    }

    /// The corners between one slot and the next.
    fn hop(&self, from: usize, to: usize, corners: &mut Vec<(usize, usize)>) {
        let router = self.router;
        if router.straight[from] == Some(to) {
            return;
        }
        let riser = router.into[to]
            .iter()
            .map(|&riser| (riser, &router.risers[riser]))
            .find(|(number, riser)| {
                let root = riser.parent.map_or(*number, |(parent, _)| parent);
                router.out[from].contains(&root)
            })
            .map(|(_, riser)| riser)
            .expect("each slot is led to by the line it waits for");
        if let Some((parent, run)) = riser.parent {
            let (parent, run) = (&router.risers[parent], &router.runs[run]);
            corners.push((parent.x, self.y(from)));
            corners.push((parent.x, run.y));
            corners.push((riser.x, run.y));
        } else {
            corners.push((riser.x, self.y(from)));
        }
        corners.push((riser.x, self.y(to)));
    }
}
