//! The graph of nodes, computed from the steps' needs.
//!
//! A node is a step for one target and one item. Nodes are numbered in the **canonical order**: topological, and as near
//! to the order of phases, steps, targets and items as the needs allow. Where many nodes wait for many others (`All`,
//! `After`), a gate stands between them, so that the number of edges stays linear.

mod draft;

use std::{collections::HashMap, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{
    any::{AnyStep, Phase},
    needs::Edge,
    step::{About, Executor, Item, World},
};
use crate::fault::Fault;
use draft::Draft;

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
    pub fn lane(&self) -> Option<u32> {
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

/// A row of a step's table: the step, the target as in a node's name, and the row.
type RowId = (String, Option<String>, String);

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
    row_names: HashMap<RowId, String>,
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

    /// What rows of the steps' tables are called, where they have more than an id: step, target, row and name.
    pub fn row_names(&self) -> impl Iterator<Item = (&str, Option<&str>, &str, &str)> {
        let rows = self.row_names.iter();
        rows.map(|((step, target, row), name)| (step.as_str(), target.as_deref(), row.as_str(), name.as_str()))
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

    /// The node of what this one is a part of; see [`super::step::Step::PART_OF`].
    pub fn whole(&self, ix: NodeIx) -> Option<NodeIx> {
        let step = self.node(ix).step.part_of()?;
        let mut needs = self.needs(ix).filter(|(edge, _)| edge.step == step);
        needs.find_map(|(_, picked)| picked.first().copied())
    }

    /// The first node that insists on the result of this one. What nobody insists on may be left out.
    pub fn insists_on(&self, ix: NodeIx) -> Option<NodeIx> {
        let nodes = self.after[ix.index()]
            .iter()
            .filter(|&&next| (next as usize) < self.nodes.len());
        nodes.copied().map(NodeIx).find(|next| {
            self.nodes[next.index()]
                .needs
                .iter()
                .any(|need| need.edge.pick.insists() && need.picked.contains(&ix))
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

#[cfg(test)]
mod tests;
