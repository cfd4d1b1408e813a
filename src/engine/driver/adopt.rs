//! Taking one node over as it is: a look, and a fact. Nothing is made, nothing is changed, and nobody waits.

use std::sync::Arc;

use serde_json::Value;

use super::{
    up::output_of,
    work::{Halt, NodeEnd, Sight, Work, in_words},
};
use crate::{
    engine::{
        fact::{During, Fact},
        policy::Patience,
        run::{NodeRun, Standing},
        signal::{Finding, What},
        step::{AsFound, Difference, How, World},
    },
    fault::{Fault, Kind, Text},
};

impl<W: World> Work<W> {
    pub(super) async fn adopt(mut self) -> NodeEnd {
        match self.take_over().await {
            Ok(end) => end,
            Err(halt) => self.halt(halt).await,
        }
    }

    async fn take_over(&mut self) -> Result<NodeEnd, Halt> {
        if let Some(standing) = self.recall().standing {
            return Ok(NodeEnd::Good {
                output: Some(output_of(&standing)),
                changed: false,
            });
        }
        self.adopting = true;
        let patience = Patience::fresh(self.now()).without_waiting();
        let (what, differences, note, output) = match self.sight(None, patience, During::Look).await? {
            Sight::Present { output, proof } => return self.as_found(output, proof, Vec::new()).await,
            Sight::Drifted { found, differences } => {
                let step = self.node().step;
                if step.owner(&self.inputs, &found).is_some()
                    || differences.iter().all(|difference| step.may_stay(difference))
                {
                    let proof = format!("taken as it is: {}", in_words(&differences));
                    return self.as_found(found, proof.into(), differences).await;
                }
                (What::WouldChange, differences, Text::Borrowed(""), Some(found))
            }
            Sight::Pending(wait) => (What::WouldWait, Vec::new(), wait.why, None),
            Sight::CannotTell(why) if self.is_human() => (What::WouldAsk, Vec::new(), why, None),
            Sight::CannotTell(why) => (What::CannotTell, Vec::new(), why, None),
            Sight::Absent | Sight::Word => (self.would(), Vec::new(), Text::Borrowed("it is not there"), None),
        };
        let finding = Finding {
            what,
            differences,
            note,
        };
        Ok(NodeEnd::Found { finding, output })
    }

    /// Puts on record that it was there, and how it was.
    async fn as_found(
        &mut self,
        output: Arc<Value>,
        proof: Text,
        differences: Vec<Difference>,
    ) -> Result<NodeEnd, Halt> {
        let as_found = AsFound {
            owner: self.node().step.owner(&self.inputs, &output),
            differences,
        };
        let how = if self.observes() { How::Seen } else { How::Adopted };
        let unproven = self.cx.unproven();
        let end = self.stands(how, output, proof, unproven).await?;
        if how == How::Adopted && !as_found.is_plain() {
            self.record(Fact::AsFound(as_found)).await?;
        }
        Ok(end)
    }

    /// What is left of these differences without those that were there when it was adopted.
    pub(super) fn unsettled(&self, differences: Vec<Difference>) -> Vec<Difference> {
        let standing = self.recall().standing;
        let settled = standing
            .map(|standing| standing.as_found.differences)
            .unwrap_or_default();
        differences
            .into_iter()
            .filter(|difference| !settled.contains(difference))
            .collect()
    }

    /// Whose something is that is not as wanted, unless it is ours or the operator named it to be changed all the same.
    pub(super) fn owner(&self, was: &NodeRun, found: Option<&Value>) -> Option<String> {
        if self.shared.overrides.contains(&self.node().id) || was.begun.is_some() {
            return None;
        }
        match &was.standing {
            Some(standing) if standing.how == How::Made => None,
            Some(standing) if standing.as_found.owner.is_some() => standing.as_found.owner.clone(),
            _ => self.node().step.owner(&self.inputs, found?),
        }
    }

    /// Why somebody else's is not changed.
    pub(super) fn refuse(&self, owner: &str, why: String) -> Fault {
        let id = &self.node().id;
        Fault::new(
            Kind::Conflict,
            format!("{id} is looked after by {owner}: fedwiz does not change it"),
        )
        .why(why)
        .hint(format!(
            "Change it there, or correct the profile. To take it over all the same, add `--override '{id}'`."
        ))
    }
}

/// Whether something of somebody else's is left as it is, and the walk goes on.
pub(super) fn is_left(standing: Option<&Standing>) -> bool {
    standing.is_some_and(|standing| standing.how == How::Adopted)
}
