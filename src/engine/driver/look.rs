//! Looking at one node for a plan or a check: the same looks, and nothing else.

use serde_json::Value;

use super::{
    adopt::is_left,
    up::output_of,
    work::{Halt, NodeEnd, Sight, Work, in_words},
};
use crate::{
    engine::{
        fact::During,
        policy::Patience,
        run::{NodeRun, Standing},
        signal::{Finding, What},
        step::{Effect, Executor, Gone, How, Made, World},
    },
    fault::{Kind, Text},
};

impl<W: World> Work<W> {
    /// What setting up would do.
    pub(super) async fn plan(mut self) -> NodeEnd {
        let was = self.recall();
        let known = was.standing.as_ref().map(output_of);
        let patience = Patience::fresh(self.now()).without_waiting();
        self.cx.set_started(was.begun.as_ref().map(|begun| begun.at));
        let sight = self.sight(known.as_deref(), patience, During::Look).await;
        let asks = |what| if self.is_human() { What::WouldAsk } else { what };
        let (finding, output) = match sight {
            Ok(Sight::Present { output, proof }) => {
                let adopts = was.standing.is_none() && was.begun.is_none() && !self.observes();
                let what = if adopts { What::WouldAdopt } else { What::Stands };
                (note(what, proof), Some(output))
            }
            Ok(Sight::Absent) if let Some(owner) = self.owner(&was, None) => {
                return NodeEnd::Failed(self.refuse(&owner, GONE.to_owned()));
            }
            Ok(Sight::Absent) if known.is_some() => (note(asks(What::WouldMake), GONE), None),
            Ok(Sight::Absent | Sight::Word) => (note(self.would(), ""), None),
            Ok(Sight::Drifted { found, differences }) => {
                let (what, note) = match self.owner(&was, Some(&found)) {
                    None => (asks(What::WouldChange), Text::Borrowed("")),
                    Some(owner) if is_left(was.standing.as_ref()) => {
                        (What::WouldStay, Text::Owned(format!("left to {owner}")))
                    }
                    Some(owner) => return NodeEnd::Failed(self.refuse(&owner, in_words(&differences))),
                };
                (
                    Finding {
                        what,
                        differences,
                        note,
                    },
                    Some(found),
                )
            }
            Ok(Sight::Pending(wait)) => (note(asks(What::WouldWait), wait.why), None),
            Ok(Sight::CannotTell(why)) => match &was.standing {
                Some(_) if self.is_human() => (note(What::Stands, format!("as recorded; {why}")), known),
                _ => (note(asks(What::CannotTell), why), None),
            },
            Err(halt) => return ends(halt),
        };
        NodeEnd::Found { finding, output }
    }

    /// What happens to a node that nobody has touched.
    pub(super) fn would(&self) -> What {
        match (self.node().about.executor, self.node().about.effect) {
            (Executor::Human, _) => What::WouldAsk,
            (Executor::Wait, _) => What::WouldWait,
            (_, Effect::Observes) => What::Missing,
            (_, Effect::Changes) => What::WouldMake,
        }
    }

    /// What taking back would do.
    pub(super) async fn plan_down(mut self) -> NodeEnd {
        let was = self.recall();
        let released = self.shared.also.contains(&self.node().id) || self.shared.removes.contains(&self.node().id);
        let finding = match was.standing.as_ref().filter(|standing| released || standing.is_ours()) {
            Some(standing) => self.leaving(standing).await,
            None => self.doubtful(&was).await,
        };
        match finding {
            Ok(finding) => NodeEnd::Found { finding, output: None },
            Err(halt) => ends(halt),
        }
    }

    pub(super) async fn leaving(&mut self, standing: &Standing) -> Result<Finding, Halt> {
        let made = Made {
            output: Value::clone(&standing.output.value()),
            how: if standing.how == How::Adopted {
                How::Made
            } else {
                standing.how
            },
            before: standing.before.as_deref().cloned(),
        };
        let would = if standing.how == How::Changed {
            What::WouldRestore
        } else {
            What::WouldRemove
        };
        let step = self.node().step;
        Ok(match step.gone(&self.cx, &self.inputs, &made).await {
            Ok(Gone::Yes(proof)) => note(What::Nothing, proof),
            Ok(Gone::No | Gone::Pending(_)) => note(would, self.node().about.undo),
            Ok(Gone::CannotTell(why)) => note(would, why),
            Err(fault) => return Err(Halt::of(fault, During::Look)),
        })
    }

    /// What was begun and never seen to end.
    pub(super) async fn doubtful(&mut self, was: &NodeRun) -> Result<Finding, Halt> {
        self.cx.set_started(was.begun.as_ref().map(|begun| begun.at));
        let patience = Patience::fresh(self.now()).without_waiting();
        Ok(match self.sight(None, patience, During::Look).await? {
            Sight::Present { .. } | Sight::Drifted { .. } => match self.how_it_stands(was, false) {
                How::Changed => note(What::WouldRestore, self.node().about.undo),
                How::Made => note(What::WouldRemove, self.node().about.undo),
                How::Seen | How::Adopted => note(What::WouldStay, ""),
            },
            Sight::Absent => note(What::Nothing, "it was begun, and looks find nothing"),
            Sight::Pending(_) | Sight::Word => note(What::CannotTell, "it was begun, and is not seen yet"),
            Sight::CannotTell(why) => note(What::CannotTell, why),
        })
    }

    /// How what stands is.
    pub(super) async fn check(mut self) -> NodeEnd {
        let was = self.recall();
        let known = was.standing.as_ref().map(output_of);
        let patience = Patience::recheck(self.now()).without_waiting();
        let (finding, output) = match self.sight(known.as_deref(), patience, During::Look).await {
            Ok(Sight::Present { output, proof }) => (note(What::Stands, proof), Some(output)),
            // What rests on it is not looked at: it would only be missing for the same reason.
            Ok(Sight::Absent | Sight::Word) => (note(What::Missing, GONE), None),
            Ok(Sight::Drifted { found, differences }) => (
                Finding {
                    what: What::Drifted,
                    differences,
                    note: Text::Borrowed(""),
                },
                Some(found),
            ),
            Ok(Sight::Pending(wait)) => (note(What::WouldWait, wait.why), known),
            Ok(Sight::CannotTell(why)) if self.is_human() => (note(What::Stands, format!("as recorded; {why}")), known),
            Ok(Sight::CannotTell(why)) => (note(What::CannotTell, why), known),
            Err(halt) => return ends(halt),
        };
        NodeEnd::Found { finding, output }
    }
}

const GONE: &str = "it is recorded as standing, and is not there";

pub(super) fn note(what: What, note: impl Into<Text>) -> Finding {
    Finding {
        what,
        differences: Vec::new(),
        note: note.into(),
    }
}

/// A look that failed leaves no fact behind.
pub(super) fn ends(halt: Halt) -> NodeEnd {
    match halt {
        Halt::Failed { fault, .. } => NodeEnd::Failed(fault),
        Halt::NeedsPerson(fault) if fault.kind == Kind::NeedsPerson => NodeEnd::NeedsPerson(fault),
        Halt::NeedsPerson(fault) => NodeEnd::Failed(fault),
        Halt::LeftOut => NodeEnd::LeftOut,
        Halt::Stopped => NodeEnd::Stopped,
        Halt::Fatal(fault) => NodeEnd::Fatal(fault),
    }
}
