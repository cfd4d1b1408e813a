//! What the profile does not name and a set-up takes away: what is ours and left over, and what the operator lists.

use super::{Session, adopt::NEVER_TAKEN_BACK, remembered};
use crate::{
    engine::{
        driver::Leftovers,
        graph::{Graph, NodeId, Remembered},
        select::Selection,
        step::Scope,
    },
    fault::{Fault, Kind},
    steps::{assignment, membership},
};

impl Session {
    /// What is left over in this part of the walk. What is `listed` goes, too; see [`Session::listing`].
    pub fn leftovers(&self, selection: &Selection, listed: &[String]) -> Result<Leftovers, Fault> {
        self.recorder
            .with_run(|run| Leftovers::of(&self.graph, run, selection, listed))
    }

    /// Whether the profile names this no more.
    pub fn is_left_over(&self, node: &NodeId) -> bool {
        self.graph.find(node).is_some_and(|ix| self.graph.node(ix).forgotten)
    }

    /// The same session with what the operator lists in its walk, so that it can be taken away: what was adopted and the profile
    /// names no more, assignments that others made, by the names that a check gives them, and members that others put into a group.
    pub fn listing(mut self, listed: &[String]) -> Result<Self, Fault> {
        if listed.is_empty() {
            return Ok(self);
        }
        let mut all = remembered(&self.recorder);
        for name in listed {
            if let Some(node) = self.listed(name)? {
                all.push(node);
            }
        }
        self.graph = Graph::build_with(&self.phases, &self.world, &all)?.into();
        Ok(self)
    }

    /// What has to be put into the walk for this name; none when it is there.
    fn listed(&self, name: &str) -> Result<Option<Remembered>, Fault> {
        let id = read(name);
        let ours = self
            .recorder
            .with_run(|run| run.node(&id).is_some_and(|node| node.may_be_ours()));
        if !ours && NEVER_TAKEN_BACK.contains(&id.step.as_str()) {
            return Err(never_taken_back(name));
        }
        if let Some(ix) = self.graph.find(&id) {
            if self.graph.node(ix).forgotten {
                return Ok(None);
            }
            return Err(Fault::new(Kind::Usage, format!("the profile names `{name}`"))
                .why("a set-up makes what the profile names, and cannot take it away as well")
                .hint("Take it out of the profile, then run the same command again."));
        }
        let known = self.recorder.with_run(|run| {
            let node = run.node(&id)?;
            node.standing.as_ref().map(|_| node.refs.clone())
        });
        let is_assignment = id.step == assignment::ID.as_str();
        let is_member = id.step == membership::ID.as_str();
        if known.is_none() && !is_assignment && !is_member {
            return Err(Fault::new(Kind::Usage, format!("nothing is called `{name}`"))
                .why("what is taken away is named in full: what was adopted, or an assignment or a member that others made")
                .hint("`fedwiz check` lists the names: a step, and its item in brackets."));
        }
        let of_target = self
            .graph
            .nodes()
            .iter()
            .any(|node| node.id.step == id.step && node.about.scope == Scope::Target);
        if self.graph.several_targets() && id.target.is_none() && (is_assignment || of_target) {
            return Err(
                Fault::new(Kind::Usage, format!("`{name}` does not say in which AWS target")).hint(format!(
                    "Write the target before it, as `{}/{name}`.",
                    self.profile.aws[0].name
                )),
            );
        }
        let refs = match known.as_deref() {
            // What was adopted was never begun with any.
            None | Some([]) if is_member => membership::refs_of(&id.item),
            refs => refs.map(<[_]>::to_vec).unwrap_or_default(),
        };
        Ok(Some(Remembered { id, refs }))
    }
}

/// Why people and groups that were there before go in no way.
pub fn never_taken_back(name: &str) -> Fault {
    Fault::new(Kind::Usage, format!("`{name}` is never taken back"))
        .why("people, groups and the instance are used by more than this federation")
        .hint("Remove it yourself, if that is meant.")
}

/// A full name: the target, where there are several, the step, and its item in brackets.
fn read(name: &str) -> NodeId {
    let (head, item) = match name.split_once('[') {
        Some((head, item)) => (head, item.strip_suffix(']').unwrap_or(item)),
        None => (name, ""),
    };
    let (target, step) = match head.split_once('/') {
        Some((target, step)) => (Some(target.to_owned()), step),
        None => (None, head),
    };
    NodeId {
        target,
        step: step.to_owned(),
        item: item.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_name_reads_back() {
        for name in [
            "aws.session",
            "aws.permission-set[Ops]",
            "govcloud/aws.assignment[group:Cloud [A/B] · 111122223333 · Ops]",
        ] {
            assert_eq!(read(name).to_string(), name);
        }
    }
}
