//! Parts: what is a part of something goes with it. A teardown that deletes a group makes no call for each member of it.

use futures_util::future::join_all;

use super::{Driver, work::NodeEnd};
use crate::engine::{
    fact::Fact,
    graph::{Graph, NodeIx},
    outcome::Outcome,
    signal::What,
    step::{How, Undone, World},
};

/// A part, and what it is a part of.
type Part = (NodeIx, NodeIx);

impl<W: World> Driver<W> {
    /// Takes out of the work what goes with its whole, because that is removed by the same work, or is gone already.
    pub(super) fn parts_of(&self, work: &mut [bool]) -> Vec<Part> {
        let graph = &self.shared.graph;
        let goes_along = |&(part, whole): &Part| {
            let is_ours = self.recall(part, |node| node.may_be_ours());
            let removed = self.recall(whole, |node| match &node.standing {
                Some(standing) => work[whole.index()] && standing.is_ours() && standing.how_to_undo() == How::Made,
                None => node.begun.is_none(),
            });
            is_ours && removed
        };
        let of_work = graph.indices().filter(|ix| work[ix.index()]);
        let parts: Vec<Part> = of_work
            .filter_map(|ix| Some((ix, graph.whole(ix)?)))
            .filter(goes_along)
            .collect();
        parts.iter().for_each(|(part, _)| work[part.index()] = false);
        parts
    }

    /// Puts on record that these are gone, as far as their wholes are.
    pub(super) async fn went_along(&mut self, parts: &[Part], outcome: &mut Outcome) {
        let graph = &self.shared.graph;
        let is_gone = |&&(_, whole): &&Part| self.recall(whole, |node| node.standing.is_none() && node.begun.is_none());
        let gone: Vec<Part> = parts.iter().filter(is_gone).copied().collect();
        // Together: what is written at the same time costs one look at the disk.
        let written = join_all(gone.iter().map(|&(part, whole)| {
            let undone = Fact::Undone {
                what: Undone::AlreadyGone,
                proof: format!("it went with {}", graph.node(whole).id).into(),
                unproven: false,
            };
            self.shared.recorder.fact(Some(&graph.node(part).id), undone)
        }))
        .await;
        for ((part, _), written) in gone.into_iter().zip(written) {
            match written {
                Ok(()) => {
                    self.ends[part.index()] = Some(NodeEnd::Good {
                        output: None,
                        changed: true,
                    });
                }
                Err(fault) => drop(outcome.fatal.get_or_insert(fault)),
            }
        }
    }

    /// Says in a plan that they go.
    pub(super) fn would_go_along(&mut self, parts: &[Part]) {
        for &(part, whole) in parts {
            let note = format!("it goes with {}", self.shared.graph.node(whole).id);
            self.found(part, What::WouldRemove, note);
        }
    }
}

/// What this is a part of, where the profile names that no more either.
pub(super) fn forgotten_whole<W: World>(graph: &Graph<W>, ix: NodeIx) -> Option<NodeIx> {
    graph.whole(ix).filter(|&whole| graph.node(whole).forgotten)
}
