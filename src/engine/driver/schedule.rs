//! `Schedule`: which node may go next. A pure table over the graph, walked along the arrows or against them.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, VecDeque},
};

use crate::engine::{
    graph::{Graph, Node, NodeIx},
    step::{Executor, World},
};

/// Along the arrows, or against them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Along,
    Against,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// It waits for others.
    Waits,
    /// It may go.
    Ready,
    /// It is at work.
    Works,
    /// It came to a good end.
    Good,
    /// It came to a bad end, or (for a gate) one of those it stands for did.
    Bad,
    /// It cannot go, because that one came to a bad end.
    Blocked(NodeIx),
}

/// Where a node is in the line, for those who give orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// It is no part of the work.
    Never,
    /// Its turn comes.
    Comes,
    /// It is at work.
    Now,
    /// It came to a good end.
    Over,
    /// This one came to a bad end; perhaps it is itself.
    HeldUp(NodeIx),
}

type Key = (u64, Reverse<NodeIx>);

/// See the module's documentation.
pub(super) struct Schedule<'a, W: World> {
    graph: &'a Graph<W>,
    direction: Direction,
    work: Vec<bool>,
    places: Vec<Place>,
    /// For each vertex: how many it still waits for.
    waits: Vec<usize>,
    /// Ready nodes that take one of the bounded places.
    bounded: BinaryHeap<Key>,
    /// Ready nodes that wait for people or for the world outside, or share their requests: they take none.
    free: BinaryHeap<Key>,
    slots: usize,
    crowds: HashMap<u32, Crowd>,
    lanes: HashMap<u32, Crowd>,
    working: usize,
}

/// Nodes that share a limit.
#[derive(Default)]
struct Crowd {
    working: usize,
    parked: BinaryHeap<Key>,
}

impl<'a, W: World> Schedule<'a, W> {
    /// A schedule of the nodes named in `work`. The others pass at once and only keep the order. Those in `barred` must not
    /// be walked over, nor what comes after them; each names the node it is barred by.
    pub(super) fn new(
        graph: &'a Graph<W>,
        direction: Direction,
        work: Vec<bool>,
        barred: &[(NodeIx, NodeIx)],
        slots: usize,
    ) -> Self {
        let (_, vertices) = graph.vertices();
        let mut schedule = Self {
            graph,
            direction,
            work,
            places: vec![Place::Waits; vertices],
            waits: vec![0; vertices],
            bounded: BinaryHeap::new(),
            free: BinaryHeap::new(),
            slots: slots.max(1),
            crowds: HashMap::new(),
            lanes: HashMap::new(),
            working: 0,
        };
        for vertex in 0..vertices {
            schedule.waits[vertex] = schedule.sources(vertex).len();
        }
        for &(ix, by) in barred {
            schedule.places[ix.index()] = Place::Blocked(by);
        }
        for &(ix, by) in barred {
            schedule.block(ix, by);
        }
        let starts: Vec<usize> = (0..vertices).filter(|&vertex| schedule.waits[vertex] == 0).collect();
        for vertex in starts {
            schedule.arrive(vertex);
        }
        schedule
    }

    fn sources(&self, vertex: usize) -> &'a [u32] {
        match self.direction {
            Direction::Along => self.graph.before(vertex),
            Direction::Against => self.graph.after(vertex),
        }
    }

    fn follows(&self, vertex: usize) -> &'a [u32] {
        match self.direction {
            Direction::Along => self.graph.after(vertex),
            Direction::Against => self.graph.before(vertex),
        }
    }

    /// How many nodes are at work.
    pub(super) fn working(&self) -> usize {
        self.working
    }

    /// The next node that may go, if any. It counts as at work from now on.
    pub(super) fn next(&mut self) -> Option<NodeIx> {
        loop {
            let free = self.free.peek().copied();
            let bounded = self.bounded.peek().copied().filter(|_| self.slots > 0);
            let (turn, is_free) = match (free, bounded) {
                (Some(free), Some(bounded)) if bounded > free => (bounded, false),
                (Some(free), _) => (free, true),
                (None, Some(bounded)) => (bounded, false),
                (None, None) => return None,
            };
            let heap = if is_free { &mut self.free } else { &mut self.bounded };
            heap.pop();
            let (_, Reverse(ix)) = turn;
            if self.places[ix.index()] != Place::Ready {
                self.release(ix);
                continue;
            }
            if self.park(ix, turn) {
                continue;
            }
            if !is_free {
                self.slots -= 1;
            }
            let node = self.graph.node(ix);
            self.crowds.entry(node.crowd()).or_default().working += 1;
            if let Some(lane) = node.lane() {
                self.lanes.entry(lane).or_default().working += 1;
            }
            self.places[ix.index()] = Place::Works;
            self.working += 1;
            return Some(ix);
        }
    }

    /// Puts a node aside when its crowd or its lane is full.
    fn park(&mut self, ix: NodeIx, turn: Key) -> bool {
        let node = self.graph.node(ix);
        let crowd = self.crowds.entry(node.crowd()).or_default();
        if crowd.working >= node.step.at_once().max(1) {
            crowd.parked.push(turn);
            return true;
        }
        if let Some(lane) = node.lane() {
            let lane = self.lanes.entry(lane).or_default();
            if lane.working > 0 {
                lane.parked.push(turn);
                // Its place in the crowd is for another.
                let next = crowd.parked.pop();
                next.into_iter().for_each(|turn| self.queue(turn));
                return true;
            }
        }
        false
    }

    /// Lets one of those that were put aside for this node try again.
    fn release(&mut self, ix: NodeIx) {
        let node = self.graph.node(ix);
        let mut released: Vec<Key> = Vec::new();
        released.extend(self.crowds.get_mut(&node.crowd()).and_then(|crowd| crowd.parked.pop()));
        released.extend(node.lane().and_then(|lane| self.lanes.get_mut(&lane)?.parked.pop()));
        released.into_iter().for_each(|turn| self.queue(turn));
    }

    /// A node at work came to an end. Returns the nodes that are blocked by it from now on.
    pub(super) fn finish(&mut self, ix: NodeIx, good: bool) -> Vec<NodeIx> {
        if self.places[ix.index()] == Place::Works {
            self.working -= 1;
            let node = self.graph.node(ix);
            if !is_free(node) {
                self.slots += 1;
            }
            self.crowds.entry(node.crowd()).or_default().working -= 1;
            if let Some(lane) = node.lane() {
                self.lanes.entry(lane).or_default().working -= 1;
            }
            self.release(ix);
        }
        if good {
            self.pass(ix.index());
            Vec::new()
        } else {
            self.places[ix.index()] = Place::Bad;
            self.block(ix, ix)
        }
    }

    /// Where a node is in the line.
    pub(super) fn turn(&self, ix: NodeIx) -> Turn {
        match self.places[ix.index()] {
            _ if !self.work[ix.index()] => Turn::Never,
            Place::Waits | Place::Ready => Turn::Comes,
            Place::Works => Turn::Now,
            Place::Good => Turn::Over,
            Place::Bad => Turn::HeldUp(ix),
            Place::Blocked(by) => Turn::HeldUp(by),
        }
    }

    /// Whether every node has come to a good end.
    pub(super) fn is_through(&self) -> bool {
        self.places
            .iter()
            .zip(&self.work)
            .all(|(place, work)| !work || *place == Place::Good)
    }

    /// Leaves a node out that is not at work: it counts as a good end as soon as those before it have come to theirs.
    pub(super) fn skip(&mut self, ix: NodeIx) {
        self.work[ix.index()] = false;
        match self.places[ix.index()] {
            Place::Bad => {
                self.unblock(ix);
                self.pass(ix.index());
            }
            Place::Ready => self.pass(ix.index()),
            Place::Works | Place::Good | Place::Waits | Place::Blocked(_) => {}
        }
    }

    /// Lets a node that came to a bad end go again. False when it did not come to one.
    pub(super) fn retry(&mut self, ix: NodeIx) -> bool {
        if self.places[ix.index()] != Place::Bad {
            return false;
        }
        self.places[ix.index()] = Place::Waits;
        self.unblock(ix);
        self.arrive(ix.index());
        true
    }

    /// The nodes that are blocked, each with the node at the root of it.
    pub(super) fn blocked(&self) -> Vec<(NodeIx, NodeIx)> {
        let nodes = self.graph.indices();
        nodes
            .filter(|ix| self.work[ix.index()])
            .filter_map(|ix| match self.places[ix.index()] {
                Place::Blocked(root) => Some((ix, root)),
                _ => None,
            })
            .collect()
    }

    fn is_node(&self, vertex: usize) -> bool {
        vertex < self.graph.nodes().len()
    }

    fn number(&self, vertex: usize) -> Option<NodeIx> {
        self.is_node(vertex).then(|| self.graph.nth(vertex))
    }

    /// A vertex waits for nothing any more.
    fn arrive(&mut self, vertex: usize) {
        if self.places[vertex] != Place::Waits {
            return;
        }
        match self.number(vertex) {
            Some(ix) if self.work[vertex] => {
                self.places[vertex] = Place::Ready;
                let node = self.graph.node(ix);
                let weight = match self.direction {
                    Direction::Along => node.weight,
                    Direction::Against => u64::from(node.layer),
                };
                self.queue((weight, Reverse(ix)));
            }
            _ => self.pass(vertex),
        }
    }

    fn queue(&mut self, turn: Key) {
        let (_, Reverse(ix)) = turn;
        if is_free(self.graph.node(ix)) {
            self.free.push(turn);
        } else {
            self.bounded.push(turn);
        }
    }

    /// A vertex came to a good end: those after it wait for one less.
    fn pass(&mut self, vertex: usize) {
        self.places[vertex] = Place::Good;
        for &next in self.follows(vertex) {
            let next = next as usize;
            self.waits[next] -= 1;
            if self.waits[next] == 0 {
                self.arrive(next);
            }
        }
    }

    /// Marks what comes after `from` as blocked by `root`.
    fn block(&mut self, from: NodeIx, root: NodeIx) -> Vec<NodeIx> {
        let mut blocked = Vec::new();
        let mut open: VecDeque<usize> = self.follows(from.index()).iter().map(|&next| next as usize).collect();
        while let Some(vertex) = open.pop_front() {
            if !matches!(self.places[vertex], Place::Waits) {
                continue;
            }
            self.places[vertex] = Place::Blocked(root);
            if let Some(ix) = self.number(vertex).filter(|_| self.work[vertex]) {
                blocked.push(ix);
            }
            open.extend(self.follows(vertex).iter().map(|&next| next as usize));
        }
        blocked.sort_unstable();
        blocked
    }

    /// Frees what was blocked by this node, and blocks again what another bad end still blocks.
    fn unblock(&mut self, root: NodeIx) {
        for place in &mut self.places {
            if *place == Place::Blocked(root) {
                *place = Place::Waits;
            }
        }
        let bad: Vec<NodeIx> = self
            .graph
            .indices()
            .filter(|&ix| ix != root && self.places[ix.index()] == Place::Bad)
            .collect();
        for ix in bad {
            self.block(ix, ix);
        }
    }
}

/// People and waits take no bounded place: a console that is slow to answer must not hold up calls. Nor do nodes that share
/// their requests.
fn is_free<W: World>(node: &Node<W>) -> bool {
    matches!(node.about.executor, Executor::Human | Executor::Wait) || node.step.together()
}
