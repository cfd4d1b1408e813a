//! `Shape`: the boxes to draw and the edges between them. Items are folded, edges that say nothing new are left out, and
//! where many need the same many, a joint stands between them.

use std::{
    cmp::Reverse,
    collections::{BTreeSet, BinaryHeap, HashMap},
};

use super::map::Map;

/// What a box stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// One node.
    One(usize),
    /// All nodes of a crowd, by its number.
    Crowd(usize),
    /// A joint: lines meet here, and go on together.
    Joint,
}

/// A box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Card {
    pub kind: Kind,
    pub phase: usize,
    /// Whether it lies on the critical path.
    pub critical: bool,
}

/// See the module's documentation.
#[derive(Debug, Clone, Default)]
pub(super) struct Shape {
    pub cards: Vec<Card>,
    /// For each box those it waits for, and those that wait for it.
    pub before: Vec<Vec<usize>>,
    pub after: Vec<Vec<usize>>,
    /// The boxes, each after those it waits for, and otherwise in the order of their nodes.
    pub order: Vec<usize>,
    /// For each node its box.
    pub card_of: Vec<usize>,
    /// How many steps of work it took to find out which edges say nothing new.
    #[cfg(test)]
    pub work: u64,
}

impl Shape {
    /// The boxes of a map in which these crowds are open.
    pub(super) fn of(map: &Map, open: &BTreeSet<usize>) -> Self {
        let mut folded: Vec<bool> = (0..map.crowds.len())
            .map(|crowd| map.crowds[crowd].nodes.len() > super::map::FOLD_ABOVE && !open.contains(&crowd))
            .collect();
        loop {
            let (mut shape, waits) = Self::draft(map, &folded);
            let Some(order) = topological(&shape.before, &shape.after) else {
                // Items that wait for each other through another step cannot be one box.
                let mut unfolded = false;
                for (card, _) in waits.iter().enumerate().filter(|(_, waits)| **waits) {
                    if let Some(Kind::Crowd(crowd)) = shape.cards.get(card).map(|card| &card.kind) {
                        folded[*crowd] = false;
                        unfolded = true;
                    }
                }
                assert!(unfolded, "the nodes of a graph need each other in no circle");
                continue;
            };
            shape.order = order;
            shape.reduce();
            if shape.dissolve_joints() {
                shape.reduce();
            }
            shape.join();
            shape.drop_joints_of_nothing();
            shape.mark_critical(map);
            return shape;
        }
    }

    /// All boxes and edges, with a joint for each bundle; and which boxes could be in a circle.
    fn draft(map: &Map, folded: &[bool]) -> (Self, Vec<bool>) {
        let mut shape = Self::default();
        let mut card_of_crowd: HashMap<usize, usize> = HashMap::new();
        for (node, stop) in map.stops.iter().enumerate() {
            let crowd = map.crowd_of[node];
            let next = shape.cards.len();
            let card = match folded[crowd] {
                true => *card_of_crowd.entry(crowd).or_insert(next),
                false => next,
            };
            if card == next {
                let kind = if folded[crowd] {
                    Kind::Crowd(crowd)
                } else {
                    Kind::One(node)
                };
                shape.add(kind, stop.phase);
            }
            shape.card_of.push(card);
        }
        let bundles: Vec<Vec<usize>> = map
            .bundles
            .iter()
            .map(|bundle| {
                let cards: BTreeSet<usize> = bundle.iter().map(|&node| shape.card_of[node]).collect();
                cards.into_iter().collect()
            })
            .collect();
        let mut users: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); bundles.len()];
        for (node, needs) in map.needs.iter().enumerate() {
            for &bundle in needs {
                users[bundle].insert(shape.card_of[node]);
            }
        }
        for (bundle, users) in bundles.iter().zip(&users) {
            // A folded step whose items need each other is one box, and that edge is inside it.
            let inside = users.iter().any(|user| bundle.binary_search(user).is_ok());
            if bundle.len() > 1 && users.len() > 1 && !inside {
                let phase = users.iter().map(|&card| shape.cards[card].phase).min().unwrap_or(0);
                let joint = shape.add(Kind::Joint, phase);
                bundle.iter().for_each(|&card| shape.connect(card, joint));
                users.iter().for_each(|&card| shape.connect(joint, card));
            } else {
                for &user in users {
                    for &card in bundle.iter().filter(|&&card| card != user) {
                        shape.connect(card, user);
                    }
                }
            }
        }
        let in_circle = circles(&shape.before, &shape.after);
        (shape, in_circle)
    }

    fn add(&mut self, kind: Kind, phase: usize) -> usize {
        self.cards.push(Card {
            kind,
            phase,
            critical: false,
        });
        self.before.push(Vec::new());
        self.after.push(Vec::new());
        self.cards.len() - 1
    }

    fn connect(&mut self, from: usize, to: usize) {
        self.before[to].push(from);
        self.after[from].push(to);
    }

    /// Leaves out each edge that a longer way makes plain.
    fn reduce(&mut self) {
        let mut place = vec![0; self.cards.len()];
        for (at, &card) in self.order.iter().enumerate() {
            place[card] = at;
        }
        let mut ancestors: Vec<Box<[u64]>> = vec![Box::default(); self.cards.len()];
        for &card in &self.order {
            let mut before = std::mem::take(&mut self.before[card]);
            before.sort_unstable_by_key(|&card| Reverse(place[card]));
            before.dedup();
            let mut all = vec![0_u64; place[card] / 64 + 1].into_boxed_slice();
            before.retain(|&other| {
                let at = place[other];
                if all[at / 64] >> (at % 64) & 1 == 1 {
                    return false;
                }
                // Who comes before `other` stands before it in the order too.
                let known = at / 64 + 1;
                all.iter_mut()
                    .zip(&ancestors[other][..known.min(ancestors[other].len())])
                    .for_each(|(all, more)| *all |= more);
                #[cfg(test)]
                {
                    self.work += known as u64;
                }
                all[at / 64] |= 1 << (at % 64);
                true
            });
            before.sort_unstable_by_key(|&card| place[card]);
            self.before[card] = before;
            // Nobody asks what comes before the last of a way, and of a fleet almost all are.
            if !self.after[card].is_empty() {
                ancestors[card] = all;
            }
        }
        self.turn_round();
    }

    /// Computes `after` from `before`.
    fn turn_round(&mut self) {
        self.after.iter_mut().for_each(Vec::clear);
        for &card in &self.order {
            for &other in &self.before[card] {
                self.after[other].push(card);
            }
        }
    }

    /// Takes out joints that join nothing any more. True if there were any.
    fn dissolve_joints(&mut self) -> bool {
        let mut any = false;
        for joint in self.order.clone() {
            if self.cards[joint].kind != Kind::Joint || (self.before[joint].len() > 1 && self.after[joint].len() > 1) {
                continue;
            }
            let before = std::mem::take(&mut self.before[joint]);
            let after = std::mem::take(&mut self.after[joint]);
            for &from in &before {
                self.after[from].retain(|&card| card != joint);
            }
            for &to in &after {
                self.before[to].retain(|&card| card != joint);
                for &from in &before {
                    self.connect(from, to);
                }
            }
            any |= !before.is_empty() || !after.is_empty();
        }
        any
    }

    /// Puts a joint between boxes of a phase that all wait for the same several others.
    fn join(&mut self) {
        let mut alike: HashMap<(usize, &[usize]), Vec<usize>> = HashMap::new();
        let mut found: Vec<(usize, Vec<usize>)> = Vec::new();
        for &card in &self.order {
            if self.before[card].len() > 1 && self.cards[card].kind != Kind::Joint {
                let key = (self.cards[card].phase, self.before[card].as_slice());
                alike.entry(key).or_default().push(card);
            }
        }
        for ((phase, _), cards) in alike {
            if cards.len() > 1 {
                found.push((phase, cards));
            }
        }
        found.sort_unstable_by(|one, other| one.1.cmp(&other.1));
        for (phase, cards) in found {
            let joint = self.add(Kind::Joint, phase);
            self.before[joint] = std::mem::take(&mut self.before[cards[0]]);
            for card in cards {
                self.before[card] = vec![joint];
            }
        }
        self.after.iter_mut().for_each(Vec::clear);
        for card in 0..self.cards.len() {
            for other in self.before[card].clone() {
                self.after[other].push(card);
            }
        }
        self.order = topological(&self.before, &self.after).expect("joints make no circle");
        self.turn_round();
    }

    /// Numbers the boxes anew, without joints that have no lines.
    fn drop_joints_of_nothing(&mut self) {
        let keeps = |card: usize| self.cards[card].kind != Kind::Joint || !self.after[card].is_empty();
        let kept: Vec<usize> = (0..self.cards.len()).filter(|&card| keeps(card)).collect();
        let mut number = vec![usize::MAX; self.cards.len()];
        for (new, &old) in kept.iter().enumerate() {
            number[old] = new;
        }
        let renumber = |list: &[usize]| list.iter().map(|&card| number[card]).collect::<Vec<_>>();
        self.order = self
            .order
            .iter()
            .map(|&card| number[card])
            .filter(|&card| card != usize::MAX)
            .collect();
        self.before = kept.iter().map(|&card| renumber(&self.before[card])).collect();
        self.after = kept.iter().map(|&card| renumber(&self.after[card])).collect();
        self.cards = kept.iter().map(|&card| self.cards[card].clone()).collect();
        self.card_of = renumber(&self.card_of);
    }

    fn mark_critical(&mut self, map: &Map) {
        for &node in &map.critical {
            self.cards[self.card_of[node]].critical = true;
        }
        // A joint between two boxes of the path lies on it.
        for pair in map.critical.windows(2) {
            let (from, to) = (self.card_of[pair[0]], self.card_of[pair[1]]);
            if let Some(&joint) = self.after[from]
                .iter()
                .find(|&&joint| self.is_joint(joint) && self.after[joint].contains(&to))
            {
                self.cards[joint].critical = true;
            }
        }
    }

    pub(super) fn is_joint(&self, card: usize) -> bool {
        self.cards[card].kind == Kind::Joint
    }

    pub(super) fn is_crowd(&self, card: usize) -> bool {
        matches!(self.cards[card].kind, Kind::Crowd(_))
    }

    /// The nodes of a box.
    pub(super) fn nodes<'a>(&'a self, map: &'a Map, card: usize) -> &'a [usize] {
        match &self.cards[card].kind {
            Kind::One(node) => std::slice::from_ref(node),
            Kind::Crowd(crowd) => &map.crowds[*crowd].nodes,
            Kind::Joint => &[],
        }
    }

    /// The boxes that a box waits for, through joints.
    pub(super) fn needed_by(&self, card: usize) -> Vec<usize> {
        self.through(card, &self.before)
    }

    /// The boxes that wait for a box, through joints.
    pub(super) fn waiting_for(&self, card: usize) -> Vec<usize> {
        self.through(card, &self.after)
    }

    fn through(&self, card: usize, next: &[Vec<usize>]) -> Vec<usize> {
        let mut open = next[card].clone();
        let mut found = BTreeSet::new();
        while let Some(card) = open.pop() {
            if self.is_joint(card) {
                open.extend(&next[card]);
            } else {
                found.insert(card);
            }
        }
        found.into_iter().collect()
    }
}

/// All vertices, each after those before it; joints as soon as they can, the others by number. None if there is a circle.
fn topological(before: &[Vec<usize>], after: &[Vec<usize>]) -> Option<Vec<usize>> {
    let mut waits: Vec<usize> = before.iter().map(Vec::len).collect();
    let mut ready: BinaryHeap<Reverse<usize>> = (0..waits.len()).filter(|&at| waits[at] == 0).map(Reverse).collect();
    let mut order = Vec::with_capacity(waits.len());
    while let Some(Reverse(at)) = ready.pop() {
        order.push(at);
        for &next in &after[at] {
            waits[next] -= 1;
            if waits[next] == 0 {
                ready.push(Reverse(next));
            }
        }
    }
    (order.len() == waits.len()).then_some(order)
}

/// Which vertices are in a circle, or between two circles: those that are left when, again and again, what has nothing
/// before it or nothing after it is taken away.
fn circles(before: &[Vec<usize>], after: &[Vec<usize>]) -> Vec<bool> {
    let mut left = vec![true; before.len()];
    for (one, other) in [(before, after), (after, before)] {
        let mut waits: Vec<usize> = one
            .iter()
            .enumerate()
            .map(|(at, list)| {
                if left[at] {
                    list.iter().filter(|&&at| left[at]).count()
                } else {
                    0
                }
            })
            .collect();
        let mut open: Vec<usize> = (0..waits.len()).filter(|&at| left[at] && waits[at] == 0).collect();
        while let Some(at) = open.pop() {
            left[at] = false;
            for &next in other[at].iter().filter(|&&next| left[next]) {
                waits[next] -= 1;
                if waits[next] == 0 {
                    open.push(next);
                }
            }
        }
    }
    left
}
