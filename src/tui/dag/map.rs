//! `Map`: what is drawn. Nodes with their phase and short name, and who needs whom, taken from the graph once.

use std::{collections::HashMap, ops::Range};

use crate::{
    engine::{
        graph::{Graph, NodeId},
        step::World,
    },
    report::clean::clean,
};

use super::names::{self, Name};

/// Above this many items, a step of one target is drawn as one box until it is opened.
pub const FOLD_ABOVE: usize = 4;

/// A node as it is drawn. Its place in the map is its number in the graph.
#[derive(Debug, Clone)]
pub struct Stop {
    /// Its name.
    pub id: NodeId,
    /// The number of its phase.
    pub phase: usize,
    /// The length of the longest way from here to an end.
    pub weight: u64,
}

/// Nodes that are needed together: one end of an edge, or of many.
pub type Bundle = Vec<usize>;

/// The nodes of one step, target and phase.
#[derive(Debug, Clone)]
pub(super) struct Crowd {
    pub name: Name,
    pub nodes: Vec<usize>,
}

/// See the module's documentation.
#[derive(Debug, Clone, Default)]
pub struct Map {
    pub(super) phases: Vec<String>,
    pub(super) stops: Vec<Stop>,
    pub(super) names: Vec<Name>,
    pub(super) bundles: Vec<Bundle>,
    /// For each node the bundles it needs.
    pub(super) needs: Vec<Vec<usize>>,
    pub(super) crowds: Vec<Crowd>,
    /// For each node its crowd.
    pub(super) crowd_of: Vec<usize>,
    /// The longest way through the graph, from its beginning to its end.
    pub(super) critical: Vec<usize>,
}

impl Map {
    /// Takes the map from a graph.
    pub fn of<W: World>(graph: &Graph<W>) -> Self {
        let phases = graph.chapters().iter().map(|chapter| chapter.title.to_owned());
        let stops = graph.nodes().iter().map(|node| Stop {
            id: node.id.clone(),
            phase: node.phase,
            weight: node.weight,
        });
        // Many nodes share one list of what they need: it is taken once, however many they are.
        let mut bundles: Vec<Bundle> = Vec::new();
        let mut known: HashMap<Range<*const _>, usize> = HashMap::new();
        let mut single: HashMap<usize, usize> = HashMap::new();
        let needs = graph
            .indices()
            .map(|ix| {
                let mut list: Vec<usize> = Vec::new();
                for (_, picked) in graph.needs(ix) {
                    let next = bundles.len();
                    let bundle = match picked {
                        [] => continue,
                        [one] => *single.entry(one.index()).or_insert(next),
                        many => *known.entry(many.as_ptr_range()).or_insert(next),
                    };
                    if bundle == next {
                        bundles.push(picked.iter().map(|ix| ix.index()).collect());
                    }
                    if !list.contains(&bundle) {
                        list.push(bundle);
                    }
                }
                list
            })
            .collect();
        Self::new(phases.collect(), stops.collect(), bundles, needs)
    }

    /// Puts a map together: headings, nodes in an order in which each comes after those it needs, lists of nodes that are
    /// needed together, and for each node the lists it needs.
    pub fn new(phases: Vec<String>, stops: Vec<Stop>, bundles: Vec<Bundle>, needs: Vec<Vec<usize>>) -> Self {
        let (crowds, crowd_of) = crowds(&stops);
        let names = names::of_nodes(&stops, phases.len());
        let critical = critical_path(&stops, &bundles, &needs);
        let phases = phases.iter().map(|title| clean(title).into_owned()).collect();
        Self {
            phases,
            stops,
            names,
            bundles,
            needs,
            crowds,
            crowd_of,
            critical,
        }
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.stops.len()
    }

    /// Whether there is nothing to draw.
    pub fn is_empty(&self) -> bool {
        self.stops.is_empty()
    }

    /// The crowd of a node, if it is large enough to be drawn as one box.
    pub(super) fn foldable(&self, node: usize) -> Option<usize> {
        let crowd = *self.crowd_of.get(node)?;
        (self.crowds[crowd].nodes.len() > FOLD_ABOVE).then_some(crowd)
    }
}

fn crowds(stops: &[Stop]) -> (Vec<Crowd>, Vec<usize>) {
    let mut crowds: Vec<Crowd> = Vec::new();
    let mut found: HashMap<(&Option<String>, &str, usize), usize> = HashMap::new();
    let crowd_of = stops
        .iter()
        .enumerate()
        .map(|(node, stop)| {
            let next = crowds.len();
            let crowd = *found
                .entry((&stop.id.target, stop.id.step.as_str(), stop.phase))
                .or_insert(next);
            if crowd == next {
                crowds.push(Crowd {
                    name: Name::default(),
                    nodes: Vec::new(),
                });
            }
            crowds[crowd].nodes.push(node);
            crowd
        })
        .collect();
    names::of_crowds(stops, &mut crowds);
    (crowds, crowd_of)
}

/// From the node with the longest way before it, always to the one that has most of it left.
fn critical_path(stops: &[Stop], bundles: &[Bundle], needs: &[Vec<usize>]) -> Vec<usize> {
    let heavier = |one: usize, other: usize| stops[one].weight > stops[other].weight;
    let mut heaviest_after: Vec<Option<usize>> = vec![None; bundles.len()];
    for (node, list) in needs.iter().enumerate() {
        for &bundle in list {
            let best = &mut heaviest_after[bundle];
            if best.is_none_or(|best| heavier(node, best)) {
                *best = Some(node);
            }
        }
    }
    let mut next: Vec<Option<usize>> = vec![None; stops.len()];
    for (bundle, nodes) in bundles.iter().enumerate() {
        let Some(after) = heaviest_after[bundle] else { continue };
        for &node in nodes {
            if next[node].is_none_or(|best| heavier(after, best)) {
                next[node] = Some(after);
            }
        }
    }
    let first = (0..stops.len()).reduce(|best, node| if heavier(node, best) { node } else { best });
    let way = std::iter::successors(first, |&node| next[node].filter(|&after| heavier(node, after)));
    way.collect()
}
