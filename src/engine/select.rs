//! `Selection`: a part of the walk, by target, phase and step, with what it needs.

use super::{
    graph::{Graph, NodeIx},
    needs::Pick,
    step::World,
};
use crate::fault::{Fault, Kind};

/// A part of the walk. Empty means all of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// AWS targets by name.
    pub targets: Vec<String>,
    /// Phases by number or title, steps by id, nodes by full name.
    pub only: Vec<String>,
}

impl Selection {
    /// The selection in words, for the journal.
    pub fn words(&self) -> Vec<String> {
        let targets = self.targets.iter().map(|name| format!("target {name}"));
        targets.chain(self.only.iter().cloned()).collect()
    }
}

impl<W: World> Graph<W> {
    /// The nodes that are selected, and what they need; or, for taking back, what needs them. Order alone (`After`) brings
    /// nothing along.
    pub fn select(&self, selection: &Selection, takes_back: bool) -> Result<Vec<bool>, Fault> {
        let mut chosen = self.named(selection)?;
        let order: Vec<NodeIx> = self.indices().collect();
        if takes_back {
            for &ix in &order {
                let needed = self.needs(ix).filter(|(edge, _)| edge.pick != Pick::After);
                if needed
                    .into_iter()
                    .any(|(_, picked)| picked.iter().any(|ix| chosen[ix.index()]))
                {
                    chosen[ix.index()] = true;
                }
            }
        } else {
            for &ix in order.iter().rev().filter(|ix| chosen[ix.index()]).collect::<Vec<_>>() {
                self.bring(ix, &mut chosen);
            }
        }
        Ok(chosen)
    }

    /// The nodes that are selected by name, and nothing that they need or that needs them.
    pub fn named(&self, selection: &Selection) -> Result<Vec<bool>, Fault> {
        let mut chosen = vec![selection.only.is_empty(); self.nodes().len()];
        for word in &selection.only {
            let mut found = false;
            for ix in self.indices().filter(|&ix| self.is_called(ix, word)) {
                chosen[ix.index()] = true;
                found = true;
            }
            if !found {
                return Err(self.nothing_called(word));
            }
        }
        if !selection.targets.is_empty() {
            self.keep_targets(&selection.targets, &mut chosen)?;
        }
        Ok(chosen)
    }

    /// Of the nodes that the profile names no more, those that are selected by name, and those that rest on what does not stay.
    pub(super) fn left_over(&self, selection: &Selection, stays: impl Fn(NodeIx) -> bool) -> Result<Vec<bool>, Fault> {
        let mut chosen = self.named(selection)?;
        for ix in self.indices() {
            let rests_on_them = || {
                let needs = self.needs(ix).filter(|(edge, _)| edge.pick != Pick::After);
                let mut picked = needs.flat_map(|(_, picked)| picked);
                picked.any(|&need| chosen[need.index()] && !stays(need))
            };
            chosen[ix.index()] = self.node(ix).forgotten && (chosen[ix.index()] || rests_on_them());
        }
        Ok(chosen)
    }

    /// Chooses what this node needs, and what that needs.
    fn bring(&self, ix: NodeIx, chosen: &mut [bool]) {
        let mut open = vec![ix];
        while let Some(ix) = open.pop() {
            for (edge, picked) in self.needs(ix) {
                if edge.pick == Pick::After {
                    continue;
                }
                for &need in picked {
                    if !std::mem::replace(&mut chosen[need.index()], true) {
                        open.push(need);
                    }
                }
            }
        }
    }

    fn keep_targets(&self, targets: &[String], chosen: &mut [bool]) -> Result<(), Fault> {
        for name in targets {
            if !self.nodes().iter().any(|node| node.target.as_ref() == Some(name)) {
                return Err(
                    Fault::new(Kind::Usage, format!("there is no AWS target `{name}` in this walk"))
                        .hint("`fedwiz plan` lists the targets."),
                );
            }
        }
        for (node, chosen) in self.nodes().iter().zip(chosen) {
            *chosen &= node.target.as_ref().is_some_and(|name| targets.contains(name));
        }
        Ok(())
    }

    fn is_called(&self, ix: NodeIx, word: &str) -> bool {
        let node = self.node(ix);
        node.id.step == word
            || node.id.to_string() == word
            || node.phase.to_string() == word
            || self.chapters()[node.phase].title.eq_ignore_ascii_case(word)
            || word
                .split_once('[')
                .is_some_and(|(step, item)| node.id.step == step && item.strip_suffix(']') == Some(&node.id.item))
    }

    fn nothing_called(&self, word: &str) -> Fault {
        let phases: Vec<&str> = self.chapters().iter().map(|chapter| chapter.title).collect();
        Fault::new(Kind::Usage, format!("no phase or step of this walk is called `{word}`"))
            .why(format!("phases are numbered from 0 and titled: {}", phases.join(", ")))
            .hint("`fedwiz plan` lists the steps by name.")
    }
}
