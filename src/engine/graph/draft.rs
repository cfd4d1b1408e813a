//! `Draft`: from the steps' needs to numbered nodes and the edges between them.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, HashSet},
    sync::Arc,
};

use super::{Chapter, Graph, Need, Node, NodeId, NodeIx, Remembered, RowId};
use crate::{
    engine::{
        any::{AnyStep, Phase},
        needs::{Edge, Pick},
        step::{About, Item, Scope, StepId, World},
    },
    fault::{Fault, Kind},
};

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

pub(super) struct Draft<'a, W: World> {
    targets: &'a [String],
    declared: Vec<Declared<W>>,
    steps: HashMap<StepId, &'static dyn AnyStep<W>>,
    /// Where the next forgotten item of a step would stand: phase and edges.
    homes: HashMap<StepId, (usize, Arc<[Edge]>)>,
    row_names: HashMap<RowId, String>,
}

impl<'a, W: World> Draft<'a, W> {
    pub(super) fn new(phases: &[&'static Phase<W>], world: &W, targets: &'a [String]) -> Result<Self, Fault> {
        let mut draft = Self {
            targets,
            declared: Vec::new(),
            steps: HashMap::new(),
            homes: HashMap::new(),
            row_names: HashMap::new(),
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
                    if step.grid().is_some() {
                        let shown = target.clone().filter(|_| targets.len() > 1);
                        let names = step.row_names(world, target.as_deref()).into_iter();
                        let names = names.map(|(row, name)| ((about.id.to_string(), shown.clone(), row), name));
                        draft.row_names.extend(names);
                    }
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
    ///
    /// What differs only in capital letters is the same thing for both vendors: it keeps the name that the journal knows it by.
    pub(super) fn remember(&mut self, remembered: &[Remembered]) -> Result<(), Fault> {
        let known: HashSet<NodeId> = self.declared.iter().map(|node| node.id.clone()).collect();
        let unnamed = || remembered.iter().filter(|node| !known.contains(&node.id));
        let mut spelt_so: HashMap<NodeId, Vec<usize>> = HashMap::new();
        if unnamed().next().is_some() {
            for (at, node) in self.declared.iter().enumerate() {
                spelt_so.entry(in_small_letters(&node.id)).or_default().push(at);
            }
        }
        for Remembered { id, refs } in unnamed() {
            if let Some(at) = spelt_so.remove(&in_small_letters(id)).filter(|all| all.len() == 1) {
                self.declared[at[0]].id.item.clone_from(&id.item);
                continue;
            }
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

    pub(super) fn finish(self, phases: &[&'static Phase<W>]) -> Result<Graph<W>, Fault> {
        let wiring = self.wire()?;
        let Self {
            targets,
            declared,
            row_names,
            ..
        } = self;
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
            row_names,
        };
        graph.weigh();
        Ok(graph)
    }

    /// Finds the nodes that each need picks, and puts gates between crowds.
    fn wire(&self) -> Result<Wiring, Fault> {
        let mut groups: HashMap<Place, Vec<usize>> = HashMap::new();
        let mut items: HashMap<(Place, &str), usize> = HashMap::new();
        // What is spelt otherwise in the journal is referred to by both spellings.
        for (at, node) in self.declared.iter().enumerate() {
            if node.id.item != node.item.key {
                items.insert(((node.about.id, node.target.clone()), &node.id.item), at);
            }
        }
        for (at, node) in self.declared.iter().enumerate() {
            let place = (node.about.id, node.target.clone());
            groups.entry(place.clone()).or_default().push(at);
            if items
                .insert((place, &node.item.key), at)
                .is_some_and(|other| other != at)
            {
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

fn in_small_letters(id: &NodeId) -> NodeId {
    NodeId {
        item: id.item.to_lowercase(),
        ..id.clone()
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
