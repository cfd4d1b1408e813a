//! `Bands`: where the boxes stand. Each phase is a band from left to right, as many columns wide as its longest chain, and
//! goes on below when it is too long; columns stand below each other in all bands.
//!
//! Within a band this is the method of Sugiyama: columns by the longest way, places in a column by sweeps that bring boxes
//! beside what they are connected with, lines that pass a column taking a place in it like a box.

use std::collections::HashMap;

use super::{lines::Net, shape::Shape};

/// A place in a column: a box, or a line passing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slot {
    /// The line that passes, or the line that leaves the box.
    pub net: Net,
    /// Whether a line passes.
    pub passing: bool,
    pub band: usize,
    pub column: usize,
    /// Counted from the top of the band.
    pub row: usize,
}

/// A band.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Band {
    pub phase: usize,
    pub rows: usize,
    /// Its slots by column, each column from top to bottom.
    pub columns: Vec<Vec<usize>>,
}

/// See the module's documentation.
#[derive(Debug, Clone, Default)]
pub(super) struct Bands {
    pub slots: Vec<Slot>,
    pub bands: Vec<Band>,
    /// How many columns the widest band has.
    pub columns: usize,
    /// For each box its slot.
    pub slot_of: Vec<usize>,
    /// For each slot the slots in the next column, and in the one before, that it is connected with.
    pub next: Vec<Vec<usize>>,
    pub previous: Vec<Vec<usize>>,
    /// Where each slot stands in its column, while that is being found out.
    place: Vec<f64>,
    /// How many pairs of connections were looked at.
    #[cfg(test)]
    pub work: u64,
}

/// How often each band is swept.
pub(super) const SWEEPS: usize = 12;

impl Bands {
    /// Puts the boxes into bands of at most so many columns, and sweeps them so many times.
    pub(super) fn of(shape: &Shape, phases: usize, columns: usize, sweeps: usize) -> Self {
        let ranks = ranks(shape);
        let mut bands = Self::spread(shape, &ranks, phases, columns.max(1));
        bands.connect(shape);
        bands.place = vec![0.0; bands.slots.len()];
        for band in 0..bands.bands.len() {
            bands.order(band, sweeps);
            bands.settle(band, sweeps > 0);
        }
        bands
    }

    /// The longest chain within one phase.
    pub(super) fn longest(shape: &Shape) -> usize {
        ranks(shape).into_iter().max().map_or(0, |rank| rank + 1)
    }

    fn spread(shape: &Shape, ranks: &[usize], phases: usize, columns: usize) -> Self {
        let mut bands = Self {
            slot_of: vec![0; shape.cards.len()],
            ..Self::default()
        };
        let mut of_phase: Vec<Vec<usize>> = vec![Vec::new(); phases];
        for &card in &shape.order {
            of_phase[shape.cards[card].phase].push(card);
        }
        for (phase, cards) in of_phase.iter().enumerate() {
            let Some(length) = cards.iter().map(|&card| ranks[card] + 1).max() else {
                continue;
            };
            let parts = length.div_ceil(columns);
            let width = length.div_ceil(parts);
            let first = bands.bands.len();
            bands.bands.extend((0..parts).map(|_| Band {
                phase,
                rows: 0,
                columns: vec![Vec::new(); width],
            }));
            bands.columns = bands.columns.max(width);
            for &card in cards {
                let (band, column) = (first + ranks[card] / width, ranks[card] % width);
                bands.slot_of[card] = bands.slot(Net::From(card), false, band, column);
            }
        }
        bands
    }

    fn slot(&mut self, net: Net, passing: bool, band: usize, column: usize) -> usize {
        let number = self.slots.len();
        self.slots.push(Slot {
            net,
            passing,
            band,
            column,
            row: 0,
        });
        self.next.push(Vec::new());
        self.previous.push(Vec::new());
        self.bands[band].columns[column].push(number);
        number
    }

    /// Connects the slots of each band. A line that passes columns is shared by all boxes that it leads to; and boxes of a
    /// column that all lead to the same one, and to nothing else, share one line.
    fn connect(&mut self, shape: &Shape) {
        let alone = |card: usize| match shape.after[card].as_slice() {
            [only] => Some(*only),
            _ => None,
        };
        let mut alike: HashMap<(usize, usize, usize), usize> = HashMap::new();
        for card in 0..shape.cards.len() {
            if let Some(to) = alone(card) {
                let slot = &self.slots[self.slot_of[card]];
                *alike.entry((slot.band, slot.column, to)).or_default() += 1;
            }
        }
        let mut begun: HashMap<(usize, usize, usize), usize> = HashMap::new();
        for &card in &shape.order {
            let from = self.slot_of[card];
            let (band, column) = (self.slots[from].band, self.slots[from].column);
            let shared = alone(card).map(|to| (band, column, to)).filter(|key| alike[key] > 1);
            if let Some(&first) = shared.and_then(|key| begun.get(&key)) {
                self.tie(from, first);
                continue;
            }
            let mut to: Vec<usize> = shape.after[card]
                .iter()
                .map(|&after| self.slot_of[after])
                .filter(|&slot| self.slots[slot].band == band)
                .collect();
            to.sort_unstable_by_key(|&slot| self.slots[slot].column);
            let net = shared.map_or(Net::From(card), |(.., to)| Net::Into(to));
            let (mut last, mut at) = (from, column);
            for slot in to {
                debug_assert!(self.slots[slot].column > column, "lines in a band go to the right");
                while at + 1 < self.slots[slot].column {
                    at += 1;
                    let passing = self.slot(net, true, band, at);
                    self.tie(last, passing);
                    if let (true, Some(key)) = (last == from, shared) {
                        begun.insert(key, passing);
                    }
                    last = passing;
                }
                self.tie(last, slot);
            }
        }
    }

    fn tie(&mut self, from: usize, to: usize) {
        self.next[from].push(to);
        self.previous[to].push(from);
    }

    /// Finds an order in each column with few crossings.
    fn order(&mut self, band: usize, sweeps: usize) {
        let mut columns = std::mem::take(&mut self.bands[band].columns);
        // By number, lines after the boxes.
        let mut best = (self.crossings(&columns), columns.clone());
        for sweep in 0..sweeps {
            if best.0 == 0 {
                break;
            }
            let forward = sweep % 2 == 0;
            self.note_places(&columns);
            let mut range: Vec<usize> = (0..columns.len()).collect();
            if !forward {
                range.reverse();
            }
            for at in range {
                let near = if forward { &self.previous } else { &self.next };
                let wish = |slot: usize| mean(near[slot].iter().map(|&near| self.place[near]));
                let mut keyed: Vec<(f64, usize)> = columns[at]
                    .iter()
                    .map(|&slot| (wish(slot).unwrap_or(self.place[slot]), slot))
                    .collect();
                keyed.sort_by(|one, other| one.0.total_cmp(&other.0));
                columns[at] = keyed.into_iter().map(|(_, slot)| slot).collect();
                self.note_places(&columns[at..=at]);
            }
            self.swap_neighbours(&mut columns);
            let crossings = self.crossings(&columns);
            if crossings < best.0 {
                best = (crossings, columns.clone());
            }
        }
        self.bands[band].columns = best.1;
    }

    /// Swaps neighbours in a column where that takes crossings away.
    fn swap_neighbours(&mut self, columns: &mut [Vec<usize>]) {
        self.note_places(columns);
        for column in columns.iter_mut() {
            for at in 1..column.len() {
                let (one, other) = (column[at - 1], column[at]);
                let count = |near: &[Vec<usize>]| {
                    let (mut now, mut then) = (0_i64, 0_i64);
                    for &a in &near[one] {
                        for &b in &near[other] {
                            now += i64::from(self.place[a] > self.place[b]);
                            then += i64::from(self.place[a] < self.place[b]);
                        }
                    }
                    then - now
                };
                // Of crowds on both sides only the sweeps take care: pairs of their lines would be too many.
                let pairs = self.previous[one].len() * self.previous[other].len()
                    + self.next[one].len() * self.next[other].len();
                #[cfg(test)]
                {
                    self.work += pairs.min(PAIRS) as u64;
                }
                if pairs <= PAIRS && count(&self.previous) + count(&self.next) < 0 {
                    column.swap(at - 1, at);
                }
            }
            self.note_places(std::slice::from_ref(column));
        }
    }

    fn note_places(&mut self, columns: &[Vec<usize>]) {
        for column in columns {
            for (at, &slot) in column.iter().enumerate() {
                self.place[slot] = at as f64;
            }
        }
    }

    /// How many pairs of connections between neighbouring columns cross.
    fn crossings(&mut self, columns: &[Vec<usize>]) -> u64 {
        self.note_places(columns);
        let mut sum = 0;
        for pair in columns.windows(2) {
            // Those above and to the left are counted in a tree of partial sums.
            let mut tree = vec![0_u64; pair[1].len() + 1];
            let mut seen = 0;
            for &slot in &pair[0] {
                let mut ends: Vec<usize> = self.next[slot].iter().map(|&next| self.place[next] as usize).collect();
                ends.sort_unstable();
                for &end in &ends {
                    let (mut at, mut before) = (end + 1, 0);
                    while at > 0 {
                        before += tree[at];
                        at &= at - 1;
                    }
                    sum += seen - before;
                }
                for &end in &ends {
                    let mut at = end + 1;
                    while at < tree.len() {
                        tree[at] += 1;
                        at += at & at.wrapping_neg();
                    }
                    seen += 1;
                }
                #[cfg(test)]
                {
                    self.work += ends.len() as u64;
                }
            }
        }
        sum
    }

    /// Chooses rows: as near to the rows of what they are connected with as the order allows, so that chains are straight.
    fn settle(&mut self, band: usize, straight: bool) {
        let columns = std::mem::take(&mut self.bands[band].columns);
        let rows = columns.iter().map(Vec::len).max().unwrap_or(0);
        for column in &columns {
            for (row, &slot) in column.iter().enumerate() {
                self.slots[slot].row = row;
            }
        }
        for sweep in 0..if straight { 6 } else { 0 } {
            let forward = sweep % 2 == 0;
            let mut range: Vec<usize> = (0..columns.len()).collect();
            if !forward {
                range.reverse();
            }
            for at in range {
                self.settle_column(&columns[at], rows, forward);
            }
        }
        self.bands[band].rows = rows;
        self.bands[band].columns = columns;
    }

    fn settle_column(&mut self, column: &[usize], rows: usize, forward: bool) {
        let near = |slot: usize| {
            let (before, after) = (&self.previous[slot], &self.next[slot]);
            let rows = |list: &[usize]| middle(list.iter().map(|&near| self.slots[near].row).collect());
            match forward {
                true => rows(before).or_else(|| rows(after)),
                false => rows(after).or_else(|| rows(before)),
            }
        };
        // Pools of neighbours that want to be in the same place share the mean of what they want.
        let slack = (rows - column.len()) as f64;
        let mut pools: Vec<(f64, f64, usize)> = Vec::new();
        for (at, &slot) in column.iter().enumerate() {
            let wish = near(slot).unwrap_or(self.slots[slot].row) as f64 - at as f64;
            let weight = if self.slots[slot].passing { 4.0 } else { 1.0 };
            pools.push((wish.clamp(0.0, slack) * weight, weight, 1));
            while let [.., above, below] = pools.as_slice() {
                if above.0 / above.1 <= below.0 / below.1 {
                    break;
                }
                let pool = (above.0 + below.0, above.1 + below.1, above.2 + below.2);
                pools.truncate(pools.len() - 2);
                pools.push(pool);
            }
        }
        let mut at = 0;
        for (sum, weight, members) in pools {
            for _ in 0..members {
                self.slots[column[at]].row = at + (sum / weight).round() as usize;
                at += 1;
            }
        }
    }
}

/// Above this many pairs of lines, two neighbours are not compared.
const PAIRS: usize = 256;

/// For each box its column, counted from the first of its phase: the longest way to it inside the phase. What has nothing
/// before it in its phase stands as near as it can to what comes after.
fn ranks(shape: &Shape) -> Vec<usize> {
    let same = |one: usize, other: usize| shape.cards[one].phase == shape.cards[other].phase;
    let mut ranks = vec![0; shape.cards.len()];
    for &card in &shape.order {
        for &after in shape.after[card].iter().filter(|&&after| same(card, after)) {
            ranks[after] = ranks[after].max(ranks[card] + 1);
        }
    }
    for &card in shape.order.iter().rev() {
        let after = shape.after[card].iter().filter(|&&after| same(card, after));
        let nearest = after.map(|&after| ranks[after]).min();
        let rooted = shape.before[card].iter().any(|&before| same(card, before));
        if let Some(nearest) = nearest.filter(|_| !rooted) {
            ranks[card] = nearest - 1;
        }
    }
    ranks
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, number) = values.fold((0.0, 0), |(sum, number), value| (sum + value, number + 1));
    (number > 0).then(|| sum / f64::from(number))
}

fn middle(mut values: Vec<usize>) -> Option<usize> {
    values.sort_unstable();
    values.get(values.len().saturating_sub(1) / 2).copied()
}
