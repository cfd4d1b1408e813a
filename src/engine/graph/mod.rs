//! The graph of nodes, computed from the steps' needs.
//!
//! A node is a step for one target and one item. Nodes are numbered in the **canonical order**: topological, and as near
//! to the order of phases, steps, targets and items as the needs allow. Where many nodes wait for many others (`All`,
//! `After`), a gate stands between them, so that the number of edges stays linear.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, HashSet},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::{
    any::{AnyStep, Phase},
    needs::{Edge, Pick},
    step::{About, Executor, Item, Scope, StepId, World},
};
use crate::fault::{Fault, Kind};

/// One node: a step, for one target and one item.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NodeId {
    /// The AWS target, when the step has one node per target and there are several targets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The step's name.
    pub step: String,
    /// The item's key; empty when the step has no items.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub item: String,
}

impl std::fmt::Display for NodeId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(target) = &self.target {
            write!(f, "{target}/")?;
        }
        f.write_str(&self.step)?;
        if !self.item.is_empty() {
            write!(f, "[{}]", self.item)?;
        }
        Ok(())
    }
}

/// A node's number, in canonical order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeIx(u32);

impl NodeIx {
    /// For use in tables.
    pub fn index(self) -> usize {
        self.0 as usize
    }

    fn new(index: usize) -> Self {
        Self(u32::try_from(index).expect("a graph has fewer than four thousand million nodes"))
    }
}

/// A node of the graph.
pub struct Node<W: World> {
    /// Its name.
    pub id: NodeId,
    /// The AWS target it works in, also when the name leaves it out.
    pub target: Option<String>,
    /// Its item.
    pub item: Item,
    /// What its step is, in words.
    pub about: About,
    /// The phase it is shown in, counted from 0.
    pub phase: usize,
    /// The step.
    pub step: &'static dyn AnyStep<W>,
    /// True when the profile names it no more, but the journal says it is ours: it can only be taken back.
    pub forgotten: bool,
    /// The length of the longest way from here to an end: what lies on the critical path goes first.
    pub weight: u64,
    /// How many nodes must come before it, at least: its column in a drawing.
    pub layer: u32,
    lane: Option<u32>,
    crowd: u32,
    needs: Vec<Need>,
}

impl<W: World> Node<W> {
    /// The lane it shares with others, by number. Two nodes of one lane are never at work at the same time.
    pub(super) fn lane(&self) -> Option<u32> {
        self.lane
    }

    /// The number of its step and target, for counting how many are at work.
    pub(super) fn crowd(&self) -> u32 {
        self.crowd
    }
}

/// The nodes that one need picks.
struct Need {
    edge: Edge,
    picked: Arc<[NodeIx]>,
    wide: bool,
}

/// A heading, and how many nodes stand under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chapter {
    /// The heading.
    pub title: &'static str,
    /// What stands when it is done.
    pub aim: &'static str,
    /// How many nodes it has.
    pub nodes: usize,
}

/// A node that the journal knows, with what is needed to put it back into a graph that has forgotten it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// Its name.
    pub id: NodeId,
    /// The items it referred to.
    pub refs: Vec<(String, String)>,
}

/// The graph.
pub struct Graph<W: World> {
    nodes: Vec<Node<W>>,
    index: HashMap<NodeId, NodeIx>,
    chapters: Vec<Chapter>,
    /// For each vertex (nodes, then gates): the vertices that wait for it.
    after: Vec<Vec<u32>>,
    /// For each vertex: how many vertices it waits for.
    before: Vec<Vec<u32>>,
    several_targets: bool,
}

impl<W: World> Graph<W> {
    /// Computes the graph, or says which need no node can meet, or which steps need each other in a circle.
    pub fn build(phases: &[&'static Phase<W>], world: &W) -> Result<Self, Fault> {
        Self::build_with(phases, world, &[])
    }

    /// Like [`Graph::build`], and puts back nodes that the profile has forgotten and the journal has not.
    pub fn build_with(phases: &[&'static Phase<W>], world: &W, remembered: &[Remembered]) -> Result<Self, Fault> {
        let targets = world.targets();
        let mut draft = Draft::new(phases, world, &targets)?;
        draft.remember(remembered)?;
        draft.finish(phases)
    }

    /// All nodes, in canonical order.
    pub fn nodes(&self) -> &[Node<W>] {
        &self.nodes
    }

    /// The numbers of all nodes, in canonical order.
    pub fn indices(&self) -> impl DoubleEndedIterator<Item = NodeIx> + use<W> {
        (0..self.nodes.len()).map(NodeIx::new)
    }

    /// The number of the node at this place in the canonical order.
    pub(super) fn nth(&self, place: usize) -> NodeIx {
        debug_assert!(place < self.nodes.len(), "there is no such node");
        NodeIx::new(place)
    }

    /// A node.
    pub fn node(&self, ix: NodeIx) -> &Node<W> {
        &self.nodes[ix.index()]
    }

    /// The number of a node.
    pub fn find(&self, id: &NodeId) -> Option<NodeIx> {
        self.index.get(id).copied()
    }

    /// The phases, in order.
    pub fn chapters(&self) -> &[Chapter] {
        &self.chapters
    }

    /// Whether nodes are named with their target.
    pub fn several_targets(&self) -> bool {
        self.several_targets
    }

    /// The nodes that this one needs, by need: how they are picked, and which they are.
    pub fn needs(&self, ix: NodeIx) -> impl Iterator<Item = (Edge, &[NodeIx])> {
        self.nodes[ix.index()]
            .needs
            .iter()
            .map(|need| (need.edge, &*need.picked))
    }

    /// The key under which a need delivers the output of `picked`.
    pub(super) fn input_key(&self, ix: NodeIx, need: usize, picked: NodeIx) -> String {
        let node = &self.nodes[picked.index()];
        match (&node.target, self.nodes[ix.index()].needs[need].wide) {
            (Some(target), true) if node.item.key.is_empty() => target.clone(),
            (Some(target), true) => format!("{target}/{}", node.item.key),
            _ => node.item.key.clone(),
        }
    }

    /// Whether a node may be skipped: no other insists on its result.
    pub fn may_skip(&self, ix: NodeIx) -> bool {
        self.after[ix.index()].iter().all(|&next| {
            next as usize >= self.nodes.len()
                || self.nodes[next as usize]
                    .needs
                    .iter()
                    .all(|need| !need.edge.pick.insists() || !need.picked.contains(&ix))
        })
    }

    /// Vertices: the nodes, then the gates. The first number is that of the nodes.
    pub(super) fn vertices(&self) -> (usize, usize) {
        (self.nodes.len(), self.after.len())
    }

    /// The vertices that wait for this one.
    pub(super) fn after(&self, vertex: usize) -> &[u32] {
        &self.after[vertex]
    }

    /// The vertices that this one waits for.
    pub(super) fn before(&self, vertex: usize) -> &[u32] {
        &self.before[vertex]
    }

    /// The nodes that wait for this one, without the gates between.
    pub fn dependents(&self, ix: NodeIx) -> Vec<NodeIx> {
        let mut found: Vec<NodeIx> = self.after[ix.index()]
            .iter()
            .flat_map(|&next| {
                if (next as usize) < self.nodes.len() {
                    vec![NodeIx(next)]
                } else {
                    self.after[next as usize].iter().map(|&node| NodeIx(node)).collect()
                }
            })
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// How long a step takes, roughly, for the critical path: people and waits are slow, calls are quick.
fn cost(executor: Executor) -> u64 {
    match executor {
        Executor::Human | Executor::Wait => 60,
        Executor::Graph | Executor::Aws | Executor::Scim => 1,
    }
}

/// A node before it has a number. `order` is its place in the tables.
struct Declared<W: World> {
    id: NodeId,
    target: Option<String>,
    item: Item,
    about: About,
    phase: usize,
    step: &'static dyn AnyStep<W>,
    edges: Arc<[Edge]>,
    forgotten: bool,
}

type Place = (StepId, Option<String>);

struct Draft<'a, W: World> {
    targets: &'a [String],
    declared: Vec<Declared<W>>,
    steps: HashMap<StepId, &'static dyn AnyStep<W>>,
    /// Where the next forgotten item of a step would stand: phase and edges.
    homes: HashMap<StepId, (usize, Arc<[Edge]>)>,
}

impl<'a, W: World> Draft<'a, W> {
    fn new(phases: &[&'static Phase<W>], world: &W, targets: &'a [String]) -> Result<Self, Fault> {
        let mut draft = Self {
            targets,
            declared: Vec::new(),
            steps: HashMap::new(),
            homes: HashMap::new(),
        };
        for (number, phase) in phases.iter().enumerate() {
            for &step in phase.steps {
                let about = step.about();
                if draft.steps.insert(about.id, step).is_some() {
                    return Err(Fault::internal(format!("{} is listed in two phases", about.id)));
                }
                let edges: Arc<[Edge]> = step.edges().into();
                draft.homes.insert(about.id, (number, Arc::clone(&edges)));
                let places: Vec<Option<String>> = match about.scope {
                    Scope::Tenant => vec![None],
                    Scope::Target => targets.iter().cloned().map(Some).collect(),
                };
                for target in places {
                    for item in step.items(world, target.as_deref()) {
                        let phase = item.phase.unwrap_or(number);
                        if phase >= phases.len() {
                            return Err(Fault::internal(format!("{} is put into phase {phase}", about.id)));
                        }
                        draft.declare(step, about, phase, &edges, target.clone(), item, false);
                    }
                }
            }
        }
        // Nodes shown in a later phase than their step's are told there.
        draft.declared.sort_by_key(|node| node.phase);
        Ok(draft)
    }

    #[expect(clippy::too_many_arguments, reason = "the one place that puts a node together")]
    fn declare(
        &mut self,
        step: &'static dyn AnyStep<W>,
        about: About,
        phase: usize,
        edges: &Arc<[Edge]>,
        target: Option<String>,
        item: Item,
        forgotten: bool,
    ) {
        let id = NodeId {
            target: target.clone().filter(|_| self.targets.len() > 1),
            step: about.id.to_string(),
            item: item.key.clone(),
        };
        self.declared.push(Declared {
            id,
            target,
            item,
            about,
            phase,
            step,
            edges: Arc::clone(edges),
            forgotten,
        });
    }

    /// Puts back what the profile has forgotten. A target that is gone from the profile cannot be put back: nobody knows
    /// how to sign in to it.
    fn remember(&mut self, remembered: &[Remembered]) -> Result<(), Fault> {
        let known: HashSet<NodeId> = self.declared.iter().map(|node| node.id.clone()).collect();
        for Remembered { id, refs } in remembered.iter().filter(|node| !known.contains(&node.id)) {
            let found = self.steps.iter().find(|(step, _)| step.as_str() == id.step);
            let Some((&step_id, &step)) = found else {
                return Err(Fault::new(
                    Kind::Journal,
                    format!("the journal knows {id}, a step this version does not"),
                )
                .hint("Continue with the version of fedwiz that wrote the journal."));
            };
            let about = step.about();
            let target = match (about.scope, &id.target) {
                (Scope::Tenant, _) => None,
                (Scope::Target, None) => self.targets.first().cloned(),
                (Scope::Target, Some(name)) if self.targets.contains(name) => Some(name.clone()),
                (Scope::Target, Some(name)) => {
                    return Err(Fault::new(
                        Kind::Usage,
                        format!("the journal knows {id}, and the profile lacks the target `{name}`"),
                    )
                    .hint(format!(
                        "Put `[[aws]] name = \"{name}\"` back into the profile, tear it down, then take it out."
                    )));
                }
            };
            let mut item = Item::new(id.item.clone());
            for (step, key) in refs {
                if let Some(&step) = self.steps.keys().find(|known| known.as_str() == step) {
                    item = item.with(step, key.clone());
                }
            }
            let (phase, edges) = self.homes[&step_id].clone();
            self.declare(step, about, phase, &edges, target, item, true);
        }
        Ok(())
    }

    fn finish(self, phases: &[&'static Phase<W>]) -> Result<Graph<W>, Fault> {
        let wiring = self.wire()?;
        let Self { targets, declared, .. } = self;
        let order = canonical_order(&declared, &wiring)?;
        let mut number = vec![0_u32; declared.len() + wiring.gates];
        for (new, &old) in order.iter().enumerate() {
            number[old] = NodeIx::new(new).0;
        }
        for (gate, number) in number.iter_mut().enumerate().skip(declared.len()) {
            *number = NodeIx::new(gate).0;
        }
        let mut before = vec![Vec::new(); number.len()];
        let mut after = vec![Vec::new(); number.len()];
        for (vertex, sources) in wiring.before.iter().enumerate() {
            let mut sources: Vec<u32> = sources.iter().map(|&source| number[source]).collect();
            sources.sort_unstable();
            for &source in &sources {
                after[source as usize].push(number[vertex]);
            }
            before[number[vertex] as usize] = sources;
        }
        after.iter_mut().for_each(|list| list.sort_unstable());

        let mut chapters: Vec<Chapter> = phases
            .iter()
            .map(|phase| Chapter {
                title: phase.title,
                aim: phase.aim,
                nodes: 0,
            })
            .collect();
        let mut shared: HashMap<*const [usize], Arc<[NodeIx]>> = HashMap::new();
        let mut lanes: HashMap<(Place, String), u32> = HashMap::new();
        let mut crowds: HashMap<Place, u32> = HashMap::new();
        let mut slots: Vec<Option<(Declared<W>, Vec<Wire>)>> =
            declared.into_iter().zip(wiring.wires).map(Some).collect();
        let mut nodes = Vec::with_capacity(slots.len());
        for &old in &order {
            let (node, wires) = slots[old].take().expect("the canonical order names each node once");
            chapters[node.phase].nodes += 1;
            let place = (node.about.id, node.target.clone());
            let next = NodeIx::new(crowds.len()).0;
            let crowd = *crowds.entry(place.clone()).or_insert(next);
            let lane = node.item.lane.clone().map(|lane| {
                let next = NodeIx::new(lanes.len()).0;
                *lanes.entry((place, lane)).or_insert(next)
            });
            let needs = wires
                .into_iter()
                .map(|wire| Need {
                    edge: wire.edge,
                    wide: wire.wide,
                    picked: Arc::clone(
                        shared
                            .entry(Arc::as_ptr(&wire.picked))
                            .or_insert_with(|| renumber(&wire.picked, &number)),
                    ),
                })
                .collect();
            nodes.push(Node {
                id: node.id,
                target: node.target,
                item: node.item,
                about: node.about,
                phase: node.phase,
                step: node.step,
                forgotten: node.forgotten,
                weight: 0,
                layer: 0,
                lane,
                crowd,
                needs,
            });
        }
        let mut graph = Graph {
            index: nodes
                .iter()
                .enumerate()
                .map(|(ix, node)| (node.id.clone(), NodeIx::new(ix)))
                .collect(),
            nodes,
            chapters,
            after,
            before,
            several_targets: targets.len() > 1,
        };
        graph.weigh();
        Ok(graph)
    }

    /// Finds the nodes that each need picks, and puts gates between crowds.
    fn wire(&self) -> Result<Wiring, Fault> {
        let mut groups: HashMap<Place, Vec<usize>> = HashMap::new();
        let mut items: HashMap<(Place, &str), usize> = HashMap::new();
        for (at, node) in self.declared.iter().enumerate() {
            let place = (node.about.id, node.target.clone());
            groups.entry(place.clone()).or_default().push(at);
            if items.insert((place, &node.item.key), at).is_some() {
                return Err(Fault::internal(format!("{} is declared twice", node.id)));
            }
        }
        let groups: HashMap<Place, Arc<[usize]>> =
            groups.into_iter().map(|(place, list)| (place, list.into())).collect();
        let mut wide: HashMap<StepId, Arc<[usize]>> = HashMap::new();
        let nothing: Arc<[usize]> = Arc::new([]);
        let mut wiring = Wiring {
            wires: Vec::with_capacity(self.declared.len()),
            before: vec![Vec::new(); self.declared.len()],
            gates: 0,
        };
        let mut gates: HashMap<*const [usize], usize> = HashMap::new();

        for (at, node) in self.declared.iter().enumerate() {
            self.check_refs(node)?;
            let mut wires = Vec::with_capacity(node.edges.len());
            for &edge in node.edges.iter() {
                let scope = self.steps.get(&edge.step).map(|step| step.about().scope);
                let reach = match scope {
                    None if edge.pick.insists() => {
                        return Err(Fault::internal(format!(
                            "{} needs {}, which no phase lists",
                            node.id, edge.step
                        )));
                    }
                    None => Reach::Place(None),
                    Some(Scope::Tenant) => Reach::Place(None),
                    Some(Scope::Target) => match &node.target {
                        Some(target) => Reach::Place(Some(target.clone())),
                        None if self.targets.len() == 1 => Reach::Place(Some(self.targets[0].clone())),
                        None => Reach::Wide,
                    },
                };
                let group = match &reach {
                    Reach::Place(target) => groups.get(&(edge.step, target.clone())).unwrap_or(&nothing).clone(),
                    Reach::Wide => wide
                        .entry(edge.step)
                        .or_insert_with(|| {
                            let all = self.targets.iter().map(|target| (edge.step, Some(target.clone())));
                            all.filter_map(|place| groups.get(&place))
                                .flat_map(|list| list.iter().copied())
                                .collect()
                        })
                        .clone(),
                };
                let item = |key: &str| match &reach {
                    Reach::Place(target) => items.get(&((edge.step, target.clone()), key)).copied(),
                    Reach::Wide => None,
                };
                let picked: Arc<[usize]> = match edge.pick {
                    Pick::One | Pick::Maybe if group.len() > 1 => {
                        return Err(Fault::internal(format!(
                            "{} needs the one node of {}, and there are {}",
                            node.id,
                            edge.step,
                            group.len()
                        )));
                    }
                    Pick::One if group.is_empty() => return Err(missing(node, &edge.step.to_string())),
                    Pick::Same => match item(&node.item.key) {
                        Some(found) => Arc::new([found]),
                        None if node.forgotten => nothing.clone(),
                        None => return Err(missing(node, &format!("{}[{}]", edge.step, node.item.key))),
                    },
                    Pick::Each => {
                        let mut found = Vec::new();
                        for (_, key) in node.item.refs.iter().filter(|(step, _)| *step == edge.step) {
                            match item(key) {
                                Some(one) if !found.contains(&one) => found.push(one),
                                Some(_) => {}
                                None if node.forgotten => {}
                                None => return Err(missing(node, &format!("{}[{key}]", edge.step))),
                            }
                        }
                        found.into()
                    }
                    Pick::One | Pick::Maybe | Pick::All | Pick::After => group,
                };
                if picked.len() > 1 && matches!(edge.pick, Pick::All | Pick::After) {
                    let gate = *gates.entry(Arc::as_ptr(&picked)).or_insert_with(|| {
                        wiring.before.push(picked.to_vec());
                        wiring.gates += 1;
                        wiring.before.len() - 1
                    });
                    wiring.before[at].push(gate);
                } else {
                    wiring.before[at].extend(picked.iter().copied());
                }
                wires.push(Wire {
                    edge,
                    picked,
                    wide: matches!(reach, Reach::Wide),
                });
            }
            wiring.before[at].sort_unstable();
            wiring.before[at].dedup();
            wiring.wires.push(wires);
        }
        Ok(wiring)
    }

    /// A reference that no need reads would be an edge silently lost.
    fn check_refs(&self, node: &Declared<W>) -> Result<(), Fault> {
        let read = |step: StepId| {
            node.edges
                .iter()
                .any(|edge| edge.step == step && edge.pick == Pick::Each)
        };
        match node.item.refs.iter().find(|(step, _)| !node.forgotten && !read(*step)) {
            None => Ok(()),
            Some((step, key)) => Err(Fault::internal(format!(
                "{} refers to {step}[{key}], and no `Each` need of it reads that",
                node.id
            ))),
        }
    }
}

impl<W: World> Graph<W> {
    /// Computes weights against the arrows and layers along them. Gates weigh nothing.
    fn weigh(&mut self) {
        let (nodes, vertices) = self.vertices();
        let mut layer = vec![0_u32; vertices];
        let mut weight = vec![0_u64; vertices];
        let order = self.topological();
        for &vertex in &order {
            let step = u32::from(vertex < nodes);
            for &next in &self.after[vertex] {
                layer[next as usize] = layer[next as usize].max(layer[vertex] + step);
            }
        }
        for &vertex in order.iter().rev() {
            let longest = self.after[vertex]
                .iter()
                .map(|&next| weight[next as usize])
                .max()
                .unwrap_or(0);
            weight[vertex] = longest + self.nodes.get(vertex).map_or(0, |node| cost(node.about.executor));
        }
        for (at, node) in self.nodes.iter_mut().enumerate() {
            node.layer = layer[at];
            node.weight = weight[at];
        }
    }

    /// All vertices, each after those it waits for.
    fn topological(&self) -> Vec<usize> {
        let mut waits: Vec<usize> = self.before.iter().map(Vec::len).collect();
        let mut order: Vec<usize> = (0..waits.len()).filter(|&vertex| waits[vertex] == 0).collect();
        let mut at = 0;
        while at < order.len() {
            for &next in &self.after[order[at]] {
                waits[next as usize] -= 1;
                if waits[next as usize] == 0 {
                    order.push(next as usize);
                }
            }
            at += 1;
        }
        order
    }
}

enum Reach {
    Place(Option<String>),
    Wide,
}

struct Wire {
    edge: Edge,
    picked: Arc<[usize]>,
    wide: bool,
}

/// The edges between declared nodes (by their place in the tables) and gates (numbered after them).
struct Wiring {
    wires: Vec<Vec<Wire>>,
    before: Vec<Vec<usize>>,
    gates: usize,
}

fn renumber(picked: &[usize], number: &[u32]) -> Arc<[NodeIx]> {
    picked.iter().map(|&old| NodeIx(number[old])).collect()
}

fn missing<W: World>(node: &Declared<W>, wanted: &str) -> Fault {
    Fault::new(
        Kind::Usage,
        format!("{} needs {wanted}, which is not part of this walk", node.id),
    )
    .hint("Add what it refers to to the profile, or take the reference out.")
}

/// Kahn's order with the first declared first. Fails on a circle, and names it.
fn canonical_order<W: World>(declared: &[Declared<W>], wiring: &Wiring) -> Result<Vec<usize>, Fault> {
    let mut waits: Vec<usize> = wiring.before.iter().map(Vec::len).collect();
    let mut after = vec![Vec::new(); waits.len()];
    for (vertex, sources) in wiring.before.iter().enumerate() {
        for &source in sources {
            after[source].push(vertex);
        }
    }
    // Gates come first, so that they never hold up a node that could be told already.
    let key = |vertex: usize| Reverse((vertex < declared.len(), vertex));
    let mut ready: BinaryHeap<_> = (0..waits.len()).filter(|&vertex| waits[vertex] == 0).map(key).collect();
    let mut order = Vec::with_capacity(declared.len());
    while let Some(Reverse((is_node, vertex))) = ready.pop() {
        if is_node {
            order.push(vertex);
        }
        for &next in &after[vertex] {
            waits[next] -= 1;
            if waits[next] == 0 {
                ready.push(key(next));
            }
        }
    }
    if order.len() == declared.len() {
        return Ok(order);
    }
    Err(circle(declared, wiring, &waits))
}

/// Walks against the arrows through what is left, until a vertex comes again: that is the circle.
fn circle<W: World>(declared: &[Declared<W>], wiring: &Wiring, waits: &[usize]) -> Fault {
    let left = |vertex: &usize| waits[*vertex] > 0;
    let mut way: Vec<usize> = (0..waits.len()).find(left).into_iter().collect();
    while let Some(&last) = way.last() {
        let Some(&next) = wiring.before[last].iter().find(|source| left(source)) else {
            break;
        };
        if let Some(start) = way.iter().position(|&seen| seen == next) {
            way.drain(..start);
            way.push(next);
            break;
        }
        way.push(next);
    }
    let names: Vec<String> = way
        .iter()
        .filter_map(|&vertex| declared.get(vertex))
        .map(|node| node.id.to_string())
        .collect();
    Fault::internal(format!("steps need each other in a circle: {}", names.join(" needs ")))
}

#[cfg(test)]
mod tests;
