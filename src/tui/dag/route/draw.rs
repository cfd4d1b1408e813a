//! Cells: everything that has been found out, written down as lines, and as the way of each line from box to box.

use super::{Riser, Router, Routes, Wire};
use crate::tui::dag::lines::{Lines, Net, Piece};

impl Router<'_> {
    /// Writes all lines down, cell by cell.
    pub(super) fn draw(&self, routes: &mut Routes) {
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
        let passing: Vec<Vec<usize>> = router
            .bands
            .next
            .iter()
            .map(|next| {
                next.iter()
                    .copied()
                    .filter(|&next| router.bands.slots[next].passing)
                    .collect()
            })
            .collect();
        let mut wires = Vec::new();
        for &from in &router.shape.order {
            for &to in &router.shape.after[from] {
                let (start, end) = (router.bands.slot_of[from], router.bands.slot_of[to]);
                let mut corners = vec![(self.exit(start), self.y(start))];
                let mut at = start;
                if router.bands.slots[start].band == router.bands.slots[end].band {
                    // Along the line's places in the columns between.
                    while at != end {
                        // A hub has thousands beside it, and each of them few.
                        let (next, previous) = (&router.bands.next[at], &router.bands.previous[end]);
                        let beside = match next.len() < previous.len() {
                            true => next.contains(&end),
                            false => previous.contains(&at),
                        };
                        let next = match beside {
                            true => end,
                            false => {
                                let own = |next: &usize| {
                                    let net = router.bands.slots[*next].net;
                                    net == Net::From(from) || net == Net::Into(to)
                                };
                                let passing = passing[at].iter().copied().find(own);
                                passing.expect("a line passes each column between its boxes")
                            }
                        };
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
