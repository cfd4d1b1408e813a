//! What nodes read from each other: the outputs that are known, and what becomes of a node whose inputs are not.

use super::{Driver, Job, work::NodeEnd};
use crate::{
    engine::{
        graph::NodeIx,
        needs::{Inputs, Pick},
        run::NodeRun,
        signal::{Finding, What},
        step::{Effect, Executor, World},
    },
    fault::{Fault, Kind},
};

impl<W: World> Driver<W> {
    /// What this node reads; or the node whose output is missing.
    pub(super) fn inputs(&self, ix: NodeIx) -> Result<Inputs, NodeIx> {
        let graph = &self.shared.graph;
        let mut edges = Vec::new();
        for (number, (edge, picked)) in graph.needs(ix).enumerate() {
            let mut values = Vec::new();
            for &need in picked {
                match &self.outputs[need.index()] {
                    Some(output) => values.push((graph.input_key(ix, number, need), output.value())),
                    None if edge.pick.insists() => return Err(need),
                    None => {}
                }
            }
            edges.push(values);
        }
        Ok(Inputs::new(edges))
    }

    /// What becomes of a node whose inputs are not there.
    pub(super) fn without_inputs(&self, job: Job, ix: NodeIx, needed: NodeIx) -> NodeEnd {
        let graph = &self.shared.graph;
        let id = &graph.node(ix).id;
        let needed = &graph.node(needed).id;
        let found = |what, note: String| NodeEnd::Found {
            finding: Finding {
                what,
                differences: Vec::new(),
                note: note.into(),
            },
            output: None,
        };
        match job {
            Job::Plan | Job::Adopt => found(self.would_later(ix), format!("after {needed}")),
            Job::Check | Job::PlanDown | Job::LookAway => {
                found(What::CannotTell, format!("the result of {needed} is not known"))
            }
            Job::Refresh => NodeEnd::Good {
                output: None,
                changed: false,
            },
            Job::Up | Job::Down | Job::TakeAway => NodeEnd::Failed(
                Fault::new(
                    Kind::Journal,
                    format!("{id} cannot go on: the result of {needed} is not known"),
                )
                .hint("Run `fedwiz apply` for what it needs, then the same command again."),
            ),
        }
    }

    fn would_later(&self, ix: NodeIx) -> What {
        match self.shared.graph.node(ix).about.executor {
            Executor::Human => What::WouldAsk,
            Executor::Wait => What::WouldWait,
            _ => What::WouldMakeLater,
        }
    }

    pub(super) fn recall<T: Default>(&self, ix: NodeIx, look: impl FnOnce(&NodeRun) -> T) -> T {
        let id = &self.shared.graph.node(ix).id;
        self.shared
            .recorder
            .with_run(|run| run.node(id).map(look).unwrap_or_default())
    }

    /// What stands according to the facts is what others read, until a look says otherwise.
    pub(super) fn remember_outputs(&mut self) {
        for ix in self.shared.graph.indices() {
            self.outputs[ix.index()] = self.recall(ix, |node| {
                node.standing.as_ref().map(|standing| standing.output.clone())
            });
        }
    }

    /// The nodes that everything rests on: they only look, need nothing but their like, and are needed by the work.
    pub(super) fn foundations(&self, work: &[bool]) -> Vec<bool> {
        let graph = &self.shared.graph;
        let mut base = vec![false; work.len()];
        for ix in graph.indices() {
            let about = &graph.node(ix).about;
            base[ix.index()] = about.effect == Effect::Observes
                && !matches!(about.executor, Executor::Human | Executor::Wait)
                && graph
                    .needs(ix)
                    .all(|(_, picked)| picked.iter().all(|need| base[need.index()]));
        }
        let mut needed = work.to_vec();
        for ix in graph.indices().rev() {
            if needed[ix.index()] {
                for (edge, picked) in graph.needs(ix) {
                    if edge.pick != Pick::After {
                        picked.iter().for_each(|need| needed[need.index()] = true);
                    }
                }
            }
        }
        let recalls = |ix: NodeIx| self.recall(ix, |node| node.standing.is_some());
        graph
            .indices()
            .map(|ix| base[ix.index()] && needed[ix.index()] && recalls(ix))
            .collect()
    }

    /// The work that rests on a foundation which is not what it was: it must not be touched.
    pub(super) fn barred(&self, work: &[bool]) -> Vec<(NodeIx, NodeIx)> {
        let graph = &self.shared.graph;
        let mut by: Vec<Option<NodeIx>> = vec![None; work.len()];
        for ix in graph.indices() {
            let broken = matches!(
                self.ends[ix.index()],
                Some(NodeEnd::Failed(_) | NodeEnd::NeedsPerson(_))
            );
            by[ix.index()] = if broken {
                Some(ix)
            } else {
                let mut needs = graph.needs(ix).filter(|(edge, _)| edge.pick != Pick::After);
                needs.find_map(|(_, picked)| picked.iter().find_map(|need| by[need.index()]))
            };
        }
        let barred = graph.indices().filter(|ix| work[ix.index()]);
        barred.filter_map(|ix| by[ix.index()].map(|by| (ix, by))).collect()
    }
}
