//! What is left over: what is ours and the profile names no more. A set-up takes it away after all else, as far as the operator
//! agrees; plans and checks tell of it.
//!
//! An assignment that moves from one permission set to another is two nodes: the new one is made before the old one goes, so that
//! nobody is without access in between. Where anything of a target could not be made, nothing of that target goes.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{
    Driver, Job,
    look::{ends, note},
    parts::forgotten_whole,
    schedule::Direction,
    work::{Halt, NodeEnd, Sight, Work},
};
use crate::{
    clock::Busy,
    engine::{
        fact::{During, Fact, Intent},
        graph::{Graph, NodeId, NodeIx},
        outcome::Outcome,
        policy::Patience,
        run::Run,
        select::Selection,
        signal::{Finding, Signal, What},
        step::{Difference, Effect, How, World},
    },
    fault::{Fault, Kind, Text},
};

/// What is left over, in the order of the graph.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leftovers {
    /// What a set-up takes away.
    pub goes: Vec<NodeId>,
    /// What stays until it is listed: people and groups, which others may use, and settings of the federation itself.
    pub stays: Vec<NodeId>,
}

impl Leftovers {
    /// Of this part of the walk. `listed` are the full names of what goes although it is shared, or was made by others.
    pub fn of<W: World>(graph: &Graph<W>, run: &Run, selection: &Selection, listed: &[String]) -> Result<Self, Fault> {
        let ours = |ix| run.node(&graph.node(ix).id).is_some_and(|known| known.may_be_ours());
        let is_listed = |ix| !listed.is_empty() && listed.contains(&graph.node(ix).id.to_string());
        let stays = |ix| ours(ix) && !goes(graph, ix, &is_listed);
        let chosen = graph.left_over(selection, stays)?;
        let mut found = Self::default();
        for ix in graph.indices().filter(|ix| chosen[ix.index()]) {
            let node = graph.node(ix);
            if stays(ix) {
                found.stays.extend(is_told(graph, ix, stays).then(|| node.id.clone()));
            } else if node.about.effect == Effect::Changes && (ours(ix) || is_listed(ix)) {
                found.goes.push(node.id.clone());
            }
        }
        Ok(found)
    }
}

impl<W: World> Driver<W> {
    /// Takes away what was agreed to, now that all that the profile names stands.
    pub(super) async fn take_away(&mut self, outcome: &mut Outcome, busy: Busy) -> Busy {
        let graph = Arc::clone(&self.shared.graph);
        if self.shared.removes.is_empty() || outcome.stopped || outcome.fatal.is_some() {
            return busy;
        }
        self.remember_what_is_unknown();
        let mut work = self.to_be_removed();
        for (ix, name) in self.under_another_name(&work) {
            work[ix.index()] = false;
            let how = self.recall(ix, |node| node.standing.as_ref().map(|standing| standing.how));
            let unchanged = Signal::Unchanged {
                how: how.unwrap_or(How::Made),
                proof: is_the_same(&name),
            };
            self.shared.recorder.signal(Some(&graph.node(ix).id), unchanged);
        }
        let parts = self.parts_of(&mut work);
        let held: Vec<(NodeIx, NodeIx)> = graph
            .indices()
            .filter(|ix| work[ix.index()])
            .filter_map(|ix| Some((ix, self.holds_up(ix)?)))
            .collect();
        let busy = self
            .pass(Job::TakeAway, Direction::Against, work.clone(), &held, outcome, busy)
            .await;
        self.went_along(&parts, outcome).await;
        self.forget(&work).await;
        busy
    }

    /// Tells a plan or a check of what is left over.
    pub(super) async fn look_at_what_is_left(&mut self, outcome: &mut Outcome, busy: Busy) -> Busy {
        let graph = Arc::clone(&self.shared.graph);
        let check = outcome.intent == Intent::Check;
        let ours = |ix| self.recall(ix, |node| node.may_be_ours());
        let to_go = |ix| match check {
            true => ours(ix) && goes(&graph, ix, &|_| false),
            false => self.shared.removes.contains(&graph.node(ix).id),
        };
        let stays = |ix| ours(ix) && !to_go(ix);
        let Ok(chosen) = graph.left_over(&self.options.selection, stays) else {
            return busy;
        };
        if outcome.stopped || !chosen.contains(&true) {
            return busy;
        }
        let chosen = || graph.indices().filter(|ix| chosen[ix.index()]);
        let mut work = vec![false; graph.nodes().len()];
        chosen().for_each(|ix| work[ix.index()] = to_go(ix));
        let staying: Vec<NodeIx> = chosen().filter(|&ix| stays(ix) && is_told(&graph, ix, stays)).collect();
        for ix in staying {
            self.found(ix, What::WouldStay, STAYS);
        }
        self.remember_what_is_unknown();
        for (ix, name) in self.under_another_name(&work) {
            work[ix.index()] = false;
            self.found(ix, What::WouldStay, is_the_same(&name));
        }
        let parts = self.parts_of(&mut work);
        if !check {
            self.would_go_along(&parts);
        }
        self.pass(Job::LookAway, Direction::Against, work, &[], outcome, busy)
            .await
    }

    fn to_be_removed(&self) -> Vec<bool> {
        let nodes = self.shared.graph.nodes().iter();
        nodes
            .map(|node| node.forgotten && self.shared.removes.contains(&node.id))
            .collect()
    }

    /// What was not looked at in this run is read as it is recorded.
    fn remember_what_is_unknown(&mut self) {
        let known = std::mem::take(&mut self.outputs);
        self.outputs = vec![None; known.len()];
        self.remember_outputs();
        for (output, known) in self.outputs.iter_mut().zip(known) {
            if known.is_some() {
                *output = known;
            }
        }
    }

    /// Of this work, what the profile names after all, in other words; and how.
    fn under_another_name(&self, work: &[bool]) -> Vec<(NodeIx, NodeId)> {
        let graph = &self.shared.graph;
        let of_work = || graph.indices().filter(|ix| work[ix.index()]);
        let crowds: HashSet<u32> = of_work().map(|ix| graph.node(ix).crowd()).collect();
        let object = |ix: NodeIx| {
            let node = graph.node(ix);
            let object = node.step.object(&self.outputs[ix.index()].as_ref()?.value())?;
            Some((node.crowd(), object))
        };
        let named = graph
            .indices()
            .filter(|&ix| !graph.node(ix).forgotten && crowds.contains(&graph.node(ix).crowd()));
        let named: HashMap<(u32, String), NodeIx> = named.filter_map(|ix| Some((object(ix)?, ix))).collect();
        let found = of_work().filter_map(|ix| Some((ix, *named.get(&object(ix)?)?)));
        found.map(|(ix, other)| (ix, graph.node(other).id.clone())).collect()
    }

    /// The first node of the same target, or of the tenant, that is not as the profile says.
    fn holds_up(&self, ix: NodeIx) -> Option<NodeIx> {
        let graph = &self.shared.graph;
        let target = &graph.node(ix).target;
        let near = |other: &NodeIx| {
            let there = &graph.node(*other).target;
            target.is_none() || there.is_none() || there == target
        };
        graph.indices().filter(near).find(|other| {
            matches!(
                self.ends[other.index()],
                Some(NodeEnd::Failed(_) | NodeEnd::NeedsPerson(_))
            )
        })
    }
}

impl<W: World> Work<W> {
    /// Takes it back, as a teardown does. What others made is put on record first, as listed by the operator.
    pub(super) async fn take_away(mut self) -> NodeEnd {
        match self.claim().await {
            Ok(()) => self.down().await,
            Err(halt) => self.halt(halt).await,
        }
    }

    async fn claim(&mut self) -> Result<(), Halt> {
        let was = self.recall();
        if was.may_be_ours() {
            return Ok(());
        }
        if was.standing.is_none() {
            let patience = Patience::fresh(self.now()).without_waiting();
            match self.sight(None, patience, During::Look).await? {
                Sight::Present { output, proof } => drop(self.stands(How::Adopted, output, proof, false).await?),
                Sight::Drifted { found, .. } => drop(self.stands(How::Adopted, found, LISTED, false).await?),
                // It was taken away before, and is still gone.
                _ if self.is_known() => return Ok(()),
                _ => return Err(Halt::failed(self.not_there(), During::Look)),
            }
        }
        self.record(Fact::Released {}).await
    }

    fn is_known(&self) -> bool {
        let id = &self.node().id;
        self.shared.recorder.with_run(|run| run.node(id).is_some())
    }

    fn not_there(&self) -> Fault {
        Fault::new(Kind::NotFound, format!("there is no {}", self.node().id))
            .why("it was listed to be taken away, and a look does not find it")
            .hint("`fedwiz check` lists by its name what others made.")
    }

    /// What taking it away would do; for a check, that it is still there.
    pub(super) async fn look_away(mut self) -> NodeEnd {
        let was = self.recall();
        let (standing, check) = (was.standing.as_ref(), !self.shared.removes.contains(&self.node().id));
        let listed = !check && !was.may_be_ours();
        let found = match standing {
            Some(standing) => self.leaving(standing).await,
            None if listed => match self
                .sight(None, Patience::fresh(self.now()).without_waiting(), During::Look)
                .await
            {
                Ok(Sight::Present { .. } | Sight::Drifted { .. }) => Ok(note(What::WouldRemove, "")),
                Ok(_) if self.is_known() => Ok(note(What::Nothing, "it was taken away before")),
                Ok(_) => return NodeEnd::Failed(self.not_there()),
                Err(halt) => Err(halt),
            },
            None => self.doubtful(&was).await,
        };
        let mut finding = match found {
            Ok(finding) => finding,
            Err(halt) => return ends(halt),
        };
        if matches!(finding.what, What::WouldRemove | What::WouldRestore) {
            let changed = finding.what == What::WouldRestore;
            finding = match (check, listed, changed) {
                (true, _, _) => drifted(changed),
                (_, true, _) => note(finding.what, LISTED),
                (_, _, true) => note(finding.what, "the profile names it no more, and fedwiz changed it"),
                (_, _, false) => note(finding.what, "the profile names it no more, and fedwiz made it"),
            };
        }
        NodeEnd::Found { finding, output: None }
    }
}

/// Whether it goes when the profile names it no more: it is listed, or an item of its own that nobody else can rely on. A part of
/// what the profile names no more either does as the whole does.
fn goes<W: World>(graph: &Graph<W>, ix: NodeIx, is_listed: &dyn Fn(NodeIx) -> bool) -> bool {
    let node = graph.node(ix);
    is_listed(ix)
        || match forgotten_whole(graph, ix) {
            Some(whole) => goes(graph, whole, is_listed),
            None => !node.item.key.is_empty() && !node.step.shared(),
        }
}

/// Whether what stays is told by itself: a part is told by its whole.
fn is_told<W: World>(graph: &Graph<W>, ix: NodeIx, stays: impl Fn(NodeIx) -> bool) -> bool {
    !forgotten_whole(graph, ix).is_some_and(stays)
}

fn drifted(changed: bool) -> Finding {
    let found = if changed { "changed by fedwiz" } else { "made by fedwiz" };
    Finding {
        what: What::Drifted,
        differences: vec![Difference::new("left over", found, "not in the profile any more")],
        note: Text::Borrowed(""),
    }
}

fn is_the_same(name: &NodeId) -> Text {
    format!("it is {name} by another name").into()
}

const STAYS: Text = Text::Borrowed("the profile names it no more; it stays ours, and `fedwiz teardown` takes it back");
const LISTED: Text = Text::Borrowed("others made it, and it is listed to be taken away");
