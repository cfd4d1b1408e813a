//! Channels and gaps: which riser stands in which column, and which run in which row.

use std::collections::HashMap;

use super::{Router, Routes};
use crate::tui::dag::tracks::{self, Line};

impl Router<'_> {
    /// Which risers of a channel have to stand left of which: where one comes from the left and one leads to the right in
    /// the same row.
    fn first(&self, channel: usize) -> Vec<(usize, usize)> {
        let mut first = Vec::new();
        if channel == 0 {
            return first;
        }
        for band in self.bands.bands.iter().filter(|band| channel < band.columns.len()) {
            // Both columns are in the order of their rows.
            let mut right = band.columns[channel].iter().copied().peekable();
            for &slot in &band.columns[channel - 1] {
                while right.next_if(|&other| self.row(other) < self.row(slot)).is_some() {}
                let Some(&beside) = right.peek().filter(|&&other| self.row(other) == self.row(slot)) else {
                    continue;
                };
                for &one in &self.out[slot] {
                    let others = self.into[beside].iter().filter(|&&other| other != one);
                    first.extend(others.map(|&other| (one, other)));
                }
            }
        }
        first
    }

    /// The risers of a channel; and which of them, by their place in that list, have to stand left of which.
    fn channel(&self, channel: usize) -> (Vec<usize>, Vec<(usize, usize)>) {
        let members: Vec<usize> = (0..self.risers.len())
            .filter(|&riser| self.risers[riser].channel == channel)
            .collect();
        let number: HashMap<usize, usize> = members.iter().enumerate().map(|(at, &riser)| (riser, at)).collect();
        let first = self.first(channel);
        let first = first.iter().map(|(one, other)| (number[one], number[other])).collect();
        (members, first)
    }

    /// Where risers would each have to stand left of the next in a circle, one is taken apart: into a part that comes from
    /// the left and a part that leads to the right, with a run between them.
    pub(super) fn open_circles(&mut self) {
        for channel in 0..=self.bands.columns {
            loop {
                let (members, first) = self.channel(channel);
                let circles = tracks::circles(members.len(), &first);
                if circles.is_empty() {
                    break;
                }
                for circle in circles {
                    self.take_apart(members[circle[0]]);
                }
            }
        }
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
    pub(super) fn choose_columns(&mut self, tidy: bool) -> Routes {
        let mut x = 0;
        let mut columns = Vec::with_capacity(self.bands.columns);
        let mut wide = vec![1; self.bands.columns];
        for (&slot, &width) in self.bands.slot_of.iter().zip(&self.sizes.widths) {
            let column = self.bands.slots[slot].column;
            wide[column] = wide[column].max(width);
        }
        for channel in 0..=self.bands.columns {
            let (members, first) = self.channel(channel);
            let mut lines: Vec<Line> = members.iter().map(|&riser| self.upright(riser)).collect();
            let tracks = tracks::arrange(&mut lines, &first, tidy);
            // A cell to leave the box, and one for the arrow.
            x += usize::from(channel > 0 && (channel < self.bands.columns || !members.is_empty()));
            for (&riser, track) in members.iter().zip(&tracks) {
                self.risers[riser].x = x + track;
            }
            x += tracks.iter().max().map_or(0, |track| track + 1);
            if let Some(wide) = wide.get(channel) {
                x += usize::from(channel > 0 || !members.is_empty());
                columns.push(x);
                x += wide;
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
    pub(super) fn choose_rows(&mut self, routes: &mut Routes, tidy: bool) {
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
}
