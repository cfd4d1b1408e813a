//! Tracks: lines that run side by side in a channel get an order with few crossings, and then as few tracks as that takes.

use std::{cmp::Reverse, collections::BinaryHeap};

/// A line along a channel, from `from` to `to`. Other lines end on it, coming from the side where the tracks are counted
/// from (`near`) or from the other (`far`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Line {
    pub from: usize,
    pub to: usize,
    pub near: Vec<usize>,
    pub far: Vec<usize>,
}

/// How far a line is moved at once, in places.
const REACH: usize = 48;
/// How often each line is moved.
const PASSES: usize = 3;

/// Finds a track for each line, counted from the near side. Of a pair in `first`, the one stands before the other. Two
/// lines that have a place in common never share a track. With `tidy`, crossings are taken away by moving lines.
pub(super) fn arrange(lines: &mut [Line], first: &[(usize, usize)], tidy: bool) -> Vec<usize> {
    for line in lines.iter_mut() {
        line.near.sort_unstable();
        line.far.sort_unstable();
    }
    let mut order = in_order(lines.len(), first);
    if tidy {
        let mut first = first.to_vec();
        first.sort_unstable();
        for _ in 0..PASSES {
            if !sift(&mut order, lines, &first) {
                break;
            }
        }
    }
    pile(&order, lines)
}

/// An order that keeps to the pairs, and otherwise to the numbers.
fn in_order(number: usize, first: &[(usize, usize)]) -> Vec<usize> {
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); number];
    let mut waits = vec![0_usize; number];
    for &(one, other) in first {
        after[one].push(other);
        waits[other] += 1;
    }
    let mut ready: BinaryHeap<Reverse<usize>> = (0..number).filter(|&at| waits[at] == 0).map(Reverse).collect();
    let mut order = Vec::with_capacity(number);
    while let Some(Reverse(at)) = ready.pop() {
        order.push(at);
        for &next in &after[at] {
            waits[next] -= 1;
            if waits[next] == 0 {
                ready.push(Reverse(next));
            }
        }
    }
    assert_eq!(order.len(), number, "circles have been opened before");
    order
}

/// Circles among the pairs: lines each of which should stand before the next, and the last before the first. No two have a
/// line in common. If there is none, there is no circle at all.
pub(super) fn circles(number: usize, first: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let mut before: Vec<Vec<usize>> = vec![Vec::new(); number];
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); number];
    for &(one, other) in first {
        before[other].push(one);
        after[one].push(other);
    }
    let mut waits: Vec<usize> = before.iter().map(Vec::len).collect();
    let mut open: Vec<usize> = (0..number).filter(|&at| waits[at] == 0).collect();
    while let Some(at) = open.pop() {
        for &next in &after[at] {
            waits[next] -= 1;
            if waits[next] == 0 {
                open.push(next);
            }
        }
    }
    // What waits in vain waits for another that does: from each, one way leads back, and ends in a circle.
    let mut found = Vec::new();
    let mut seen_from = vec![usize::MAX; number];
    for start in (0..number).filter(|&at| waits[at] > 0) {
        let mut way = Vec::new();
        let mut at = start;
        while seen_from[at] == usize::MAX {
            seen_from[at] = start;
            way.push(at);
            let next = before[at].iter().find(|&&at| waits[at] > 0);
            at = *next.expect("it waits for one that waits");
        }
        if seen_from[at] == start {
            let first = way
                .iter()
                .position(|&on| on == at)
                .expect("the way has come back to it");
            found.push(way.split_off(first));
        }
    }
    found
}

/// How many crossings there are between two lines if `one` stands before `other`.
fn cost(one: &Line, other: &Line) -> usize {
    let inside = |list: &[usize], line: &Line| {
        list.partition_point(|&at| at <= line.to) - list.partition_point(|&at| at < line.from)
    };
    if one.to < other.from || other.to < one.from {
        return 0;
    }
    inside(&other.near, one) + inside(&one.far, other)
}

/// Moves each line to the place nearby where it crosses least. True if any was moved. The pairs are sorted.
fn sift(order: &mut [usize], lines: &[Line], first: &[(usize, usize)]) -> bool {
    let is_first = |one: usize, other: usize| first.binary_search(&(one, other)).is_ok();
    let mut moved = false;
    let mut places = vec![0; order.len()];
    for (at, &line) in order.iter().enumerate() {
        places[line] = at;
    }
    for line in 0..lines.len() {
        let at = places[line];
        let mut best = (0_i64, at);
        let (mut gain, mut place) = (0_i64, at);
        while place > 0 && at - place < REACH && !is_first(order[place - 1], line) {
            place -= 1;
            let (one, other) = (&lines[line], &lines[order[place]]);
            gain += cost(one, other) as i64 - cost(other, one) as i64;
            if gain < best.0 {
                best = (gain, place);
            }
        }
        (gain, place) = (0, at);
        while place + 1 < order.len() && place - at < REACH && !is_first(line, order[place + 1]) {
            place += 1;
            let (one, other) = (&lines[line], &lines[order[place]]);
            gain += cost(other, one) as i64 - cost(one, other) as i64;
            if gain < best.0 {
                best = (gain, place);
            }
        }
        if best.1 < at {
            order[best.1..=at].rotate_right(1);
        } else {
            order[at..=best.1].rotate_left(1);
        }
        for place in at.min(best.1)..=at.max(best.1) {
            places[order[place]] = place;
        }
        moved |= best.1 != at;
    }
    moved
}

/// Each line, in this order, lies on top of those before it that it has a place in common with.
fn pile(order: &[usize], lines: &[Line]) -> Vec<usize> {
    let mut ends: Vec<usize> = lines.iter().flat_map(|line| [line.from, line.to]).collect();
    ends.sort_unstable();
    ends.dedup();
    let place = |end: usize| ends.binary_search(&end).expect("all ends are listed");
    let mut heights = Heights::new(ends.len());
    let mut levels = vec![0; lines.len()];
    for &line in order {
        let (from, to) = (place(lines[line].from), place(lines[line].to));
        levels[line] = heights.highest(from, to);
        heights.raise(from, to, levels[line] + 1);
    }
    levels
}

/// The height of what is piled up, in a tree over the places.
struct Heights {
    leaves: usize,
    /// The highest below each branch, and the least height of all below it.
    highest: Vec<usize>,
    least: Vec<usize>,
}

impl Heights {
    fn new(places: usize) -> Self {
        let leaves = places.next_power_of_two();
        Self {
            leaves,
            highest: vec![0; 2 * leaves],
            least: vec![0; 2 * leaves],
        }
    }

    fn highest(&self, from: usize, to: usize) -> usize {
        self.look(1, 0, self.leaves, from, to)
    }

    fn look(&self, branch: usize, start: usize, end: usize, from: usize, to: usize) -> usize {
        if to < start || end <= from {
            return 0;
        }
        if from <= start && end <= to + 1 {
            return self.highest[branch];
        }
        let half = usize::midpoint(start, end);
        let below = self
            .look(2 * branch, start, half, from, to)
            .max(self.look(2 * branch + 1, half, end, from, to));
        below.max(self.least[branch])
    }

    fn raise(&mut self, from: usize, to: usize, height: usize) {
        self.lift(1, 0, self.leaves, from, to, height);
    }

    fn lift(&mut self, branch: usize, start: usize, end: usize, from: usize, to: usize, height: usize) {
        if to < start || end <= from {
            return;
        }
        self.highest[branch] = self.highest[branch].max(height);
        if from <= start && end <= to + 1 {
            self.least[branch] = self.least[branch].max(height);
            return;
        }
        let half = usize::midpoint(start, end);
        self.lift(2 * branch, start, half, from, to, height);
        self.lift(2 * branch + 1, half, end, from, to, height);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(from: usize, to: usize, near: &[usize], far: &[usize]) -> Line {
        Line {
            from,
            to,
            near: near.to_vec(),
            far: far.to_vec(),
        }
    }

    #[test]
    fn lines_apart_share_a_track() {
        let mut lines = [line(0, 3, &[], &[]), line(4, 6, &[], &[]), line(3, 4, &[], &[])];
        assert_eq!(arrange(&mut lines, &[], true), [0, 0, 1]);
    }

    #[test]
    fn a_line_that_is_to_stand_before_another_does() {
        let mut lines = [line(0, 3, &[], &[]), line(2, 6, &[], &[])];
        assert_eq!(arrange(&mut lines, &[(1, 0)], true), [1, 0]);
    }

    #[test]
    fn lines_are_moved_where_they_cross_less() {
        // The second is reached from the near side in the middle of the first: it goes before it.
        let mut lines = [line(0, 9, &[0], &[9]), line(4, 12, &[4], &[12])];
        assert_eq!(arrange(&mut lines, &[], false), [0, 1]);
        assert_eq!(arrange(&mut lines, &[], true), [1, 0]);
    }

    #[test]
    fn circles_are_found() {
        assert!(circles(3, &[(0, 1), (1, 2)]).is_empty());
        let found = circles(6, &[(3, 0), (0, 1), (1, 2), (2, 0), (4, 5), (5, 4)]);
        assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [3, 2]);
        assert!(!found[0].contains(&3));
    }
}
