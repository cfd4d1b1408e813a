//! Setting up one node: look, begin, act, prove. First run, resume after a crash and repair of drift are this one way.

use std::sync::Arc;

use serde_json::Value;

use super::{
    adopt::is_left,
    work::{Halt, NodeEnd, Sight, Work, in_words},
};
use crate::{
    engine::{
        fact::{During, Fact},
        kept::Kept,
        policy::{ACTS, Patience, Tries},
        run::{NodeRun, Standing},
        signal::Signal,
        step::{How, World},
    },
    fault::{Fault, Kind, Retry, Text},
};

/// What the first looks say.
enum Way {
    /// Nothing is to be done.
    Ends(NodeEnd),
    /// It is to be made, or brought from what was found to what is wanted.
    Acts(Option<Arc<Value>>),
}

impl<W: World> Work<W> {
    pub(super) async fn up(mut self) -> NodeEnd {
        match self.climb().await {
            Ok(end) => end,
            Err(halt) => self.halt(halt).await,
        }
    }

    async fn climb(&mut self) -> Result<NodeEnd, Halt> {
        match self.first_sight().await? {
            Way::Ends(end) => Ok(end),
            Way::Acts(found) => self.act(found).await,
        }
    }

    /// Looks before anything is done, as patiently as what the facts say demands.
    async fn first_sight(&mut self) -> Result<Way, Halt> {
        let was = self.recall();
        self.cx.set_started(was.begun.as_ref().map(|begun| begun.at));
        // A person who is sure of what an earlier run began need not wait for the looks: they are asked, and can say so.
        self.takes_word = self.is_human();
        let (sight, stranger) = self.find(&was).await?;
        self.takes_word = false;
        Ok(match sight {
            Sight::Present { output, proof } => {
                let how = self.how_it_stands(&was, stranger);
                let standing = was.standing.as_ref().filter(|_| was.is_settled());
                if standing.is_some_and(|old| old.how == how && old.output == Kept::of(&output) && !old.unproven) {
                    self.signal(Signal::Unchanged { how, proof });
                    Way::Ends(NodeEnd::Good {
                        output: Some(output),
                        changed: false,
                    })
                } else {
                    Way::Ends(self.stands(how, output, proof, false).await?)
                }
            }
            Sight::Absent if let Some(owner) = self.owner(&was, None) => {
                let fault = self.refuse(&owner, "it is not there any more".to_owned());
                return Err(Halt::failed(fault, During::Look));
            }
            Sight::Absent | Sight::Pending(_) | Sight::Word => Way::Acts(None),
            Sight::Drifted { found, differences } => match self.owner(&was, Some(&found)) {
                None => Way::Acts(Some(found)),
                Some(owner) if is_left(was.standing.as_ref()) => {
                    self.cx.note(format!(
                        "left as it is, {owner} looks after it: {}",
                        in_words(&differences)
                    ));
                    self.signal(Signal::Unchanged {
                        how: How::Adopted,
                        proof: Text::Owned(format!("left to {owner}: {}", in_words(&differences))),
                    });
                    Way::Ends(NodeEnd::Good {
                        output: Some(found),
                        changed: false,
                    })
                }
                Some(owner) => {
                    let fault = self.refuse(&owner, in_words(&differences));
                    return Err(Halt::failed(fault, During::Look));
                }
            },
            Sight::CannotTell(why) => match was.standing.as_ref().filter(|_| was.is_settled()) {
                _ if !self.is_human() => return Err(Halt::failed(self.cannot_tell(why), During::Look)),
                Some(standing) => {
                    self.signal(Signal::Unchanged {
                        how: standing.how,
                        proof: Text::Owned(format!("as recorded: {}", standing.proof)),
                    });
                    Way::Ends(NodeEnd::Good {
                        output: Some(standing.output.value()),
                        changed: false,
                    })
                }
                None => Way::Acts(None),
            },
        })
    }

    /// Looks for what the facts speak of, and, when that is gone, for anything of its name. True when only the latter was
    /// found, without anything having been begun.
    pub(super) async fn find(&mut self, was: &NodeRun) -> Result<(Sight, bool), Halt> {
        let now = self.now();
        let known = was.standing.as_ref().map(output_of);
        let lost = was.undoing.or_else(|| {
            was.begun
                .as_ref()
                .filter(|begun| !begun.in_vain)
                .map(|begun| begun.last_act)
        });
        // A person who was asked in vain, or whose answer was refused, is asked again without further ado.
        let ask_again = self.is_human() && (lost.is_none() || was.failed_last());
        let patience = match lost {
            Some(lost) if !ask_again => Patience::settle(now, lost, &self.shared.policy),
            _ if known.is_some() => Patience::recheck(now),
            _ if ask_again => Patience::fresh(now).without_waiting(),
            _ => Patience::fresh(now),
        };
        let sight = self.sight(known.as_deref(), patience, During::Look).await?;
        if known.is_none() || !matches!(sight, Sight::Absent) {
            return Ok((sight, false));
        }
        let anew = self.sight(None, Patience::fresh(now), During::Look).await?;
        // What was seen to be gone, and was not begun anew, does not stand again because nobody can tell.
        if was.begun.is_none() && matches!(anew, Sight::CannotTell(_)) {
            return Ok((sight, false));
        }
        Ok((anew, was.begun.is_none()))
    }

    /// How something came to stand that a look found before anything was done in this run.
    pub(super) fn how_it_stands(&self, was: &NodeRun, stranger: bool) -> How {
        match (&was.standing, &was.begun) {
            _ if self.observes() => How::Seen,
            (_, Some(_)) => self.how_it_is_made(was),
            (Some(standing), None) if !stranger => standing.how,
            (_, None) => How::Adopted,
        }
    }

    /// How something comes to stand that was begun: what was there before, and whether that was ours, decides.
    fn how_it_is_made(&self, was: &NodeRun) -> How {
        let over_something = was.begun.as_ref().is_some_and(|begun| begun.before.is_some());
        match was.standing.as_ref().map(|standing| standing.how) {
            _ if self.observes() => How::Seen,
            Some(How::Made) => How::Made,
            _ if over_something => How::Changed,
            _ => How::Made,
        }
    }

    /// Begins, acts, and proves. Faults decide whether to act again, to look first, or to give up.
    async fn act(&mut self, mut found: Option<Arc<Value>>) -> Result<NodeEnd, Halt> {
        // Whether an earlier call may have landed, so that what is found later may be ours.
        let mut doubtful = self.recall().begun.is_some();
        let mut tries = Tries::default();
        let mut acts = 1;
        loop {
            self.checkpoint()?;
            self.begin(found.as_ref()).await?;
            self.signal(Signal::Acting);
            let step = self.node().step;
            let fault = match step.apply(&self.cx, &self.inputs, found.as_deref()).await {
                Ok(output) => return self.prove(Arc::new(output)).await,
                Err(fault) => fault,
            };
            if matches!(fault.kind, Kind::NeedsPerson | Kind::Stopped) {
                return Err(Halt::of(fault, During::Apply));
            }
            match fault.retry {
                Retry::Never => return self.refused(fault, found, doubtful).await,
                Retry::LookFirst => {
                    doubtful = true;
                    match self.after_lost_answer(&fault, found.clone()).await? {
                        Way::Ends(end) => return Ok(end),
                        Way::Acts(_) if acts >= ACTS => return Err(Halt::failed(fault, During::Apply)),
                        Way::Acts(now_found) => found = now_found,
                    }
                    acts += 1;
                }
                Retry::Backoff | Retry::After(_) | Retry::Replication => {
                    let pause = tries.pause_before_acting(&fault, self.now(), &self.shared.policy);
                    if pause.is_none() {
                        return self.refused(fault, found, doubtful).await;
                    }
                    self.again(fault, pause, &tries, During::Apply).await?;
                }
            }
        }
    }

    /// Puts on record that a call is about to be made. Each further one is recorded as well: absence is only believed when
    /// the last call that may have landed lies far enough back.
    async fn begin(&mut self, found: Option<&Arc<Value>>) -> Result<(), Halt> {
        let refs = self
            .node()
            .item
            .refs
            .iter()
            .map(|(step, key)| (step.to_string(), key.clone()))
            .collect();
        self.record(Fact::Started {
            before: found.cloned(),
            refs,
        })
        .await?;
        self.cx.set_started(self.recall().begun.map(|begun| begun.at));
        Ok(())
    }

    /// The answer to a change was lost: looks until it is known whether the change was made.
    async fn after_lost_answer(&mut self, fault: &Fault, found: Option<Arc<Value>>) -> Result<Way, Halt> {
        let now = self.now();
        self.signal(Signal::Retrying {
            fault: fault.clone(),
            attempt: 1,
            next: now,
        });
        let known = found.clone().or_else(|| self.recall().standing.as_ref().map(output_of));
        let patience = Patience::settle(now, now, &self.shared.policy);
        let mut sight = Sight::Absent;
        if known.is_some() {
            sight = self.sight(known.as_deref(), patience, During::Proof).await?;
        }
        if matches!(sight, Sight::Absent) {
            sight = self.sight(None, patience, During::Proof).await?;
        }
        Ok(match sight {
            Sight::Present { output, proof } => Way::Ends(self.stands(self.how_now(), output, proof, false).await?),
            Sight::Drifted { found, .. } => Way::Acts(Some(found)),
            Sight::CannotTell(why) if !self.is_human() => {
                let fault = fault.clone();
                return Err(Halt::failed(
                    fault.why(format!("the answer was lost, and {why}")),
                    During::Proof,
                ));
            }
            Sight::Absent | Sight::Pending(_) | Sight::Word | Sight::CannotTell(_) => Way::Acts(None),
        })
    }

    /// The vendor refused for good. One look tells whether anything is different from before.
    async fn refused(&mut self, fault: Fault, found: Option<Arc<Value>>, doubtful: bool) -> Result<NodeEnd, Halt> {
        if self.is_human() {
            return Err(Halt::failed(fault, During::Apply));
        }
        let patience = Patience::fresh(self.now()).without_waiting();
        let untouched = match self.sight(found.as_deref(), patience, During::Proof).await {
            Ok(Sight::Present { output, proof }) => {
                // Somebody else was quicker, unless a call of ours may have landed.
                let how = match self.how_now() {
                    How::Made if !doubtful && found.is_none() => How::Adopted,
                    how => how,
                };
                return self.stands(how, output, proof, false).await;
            }
            Ok(Sight::Absent) => found.is_none() && !doubtful,
            Ok(Sight::Drifted { found: now_found, .. }) => found == Some(now_found) && !doubtful,
            Ok(Sight::Pending(_) | Sight::CannotTell(_) | Sight::Word) => false,
            Err(Halt::Stopped) => return Err(Halt::Stopped),
            Err(Halt::Fatal(fault)) => return Err(Halt::Fatal(fault)),
            Err(Halt::Failed { .. } | Halt::NeedsPerson(_) | Halt::LeftOut) => false,
        };
        Err(Halt::Failed {
            fault,
            during: During::Apply,
            untouched,
        })
    }

    /// Looks at what was made until it is seen. Nothing is called done that was not.
    async fn prove(&mut self, output: Arc<Value>) -> Result<NodeEnd, Halt> {
        let how = self.how_now();
        let now = self.now();
        let patience = if self.cx.unproven() {
            Patience::fresh(now).without_waiting()
        } else {
            Patience::proof(now, &self.shared.policy)
        };
        self.let_word_count();
        let sight = match self.sight(Some(&output), patience, During::Proof).await {
            Err(Halt::Failed { fault, .. }) if self.cx.unproven() => Sight::CannotTell(fault.what),
            sight => sight?,
        };
        let title = self.node().about.title;
        let fault = match sight {
            Sight::Present { output, proof } => return self.stands(how, output, proof, false).await,
            Sight::Word => return self.stands(how, output, WORD, true).await,
            _ if self.cx.unproven() => return self.stands(how, output, WORD, true).await,
            Sight::Absent => Fault::new(Kind::TimedOut, format!("`{title}` was done and is not seen"))
                .why(format!("looked for: {}", self.node().about.proof)),
            Sight::Drifted { differences, .. } => {
                Fault::new(Kind::TimedOut, format!("`{title}` was done and is not as wanted"))
                    .why(in_words(&differences))
            }
            Sight::CannotTell(why) => self.cannot_tell(why),
            Sight::Pending(wait) => Fault::new(Kind::TimedOut, format!("waited in vain for {}", wait.why)),
        };
        Err(if self.is_human() {
            Halt::NeedsPerson(Fault {
                kind: Kind::NeedsPerson,
                ..fault.hint("Check it in the console and run the same command again, or give your word for it.")
            })
        } else {
            Halt::failed(
                fault.hint("Run the same command again: it looks before it does anything."),
                During::Proof,
            )
        })
    }

    fn how_now(&self) -> How {
        self.how_it_is_made(&self.recall())
    }

    fn cannot_tell(&self, why: Text) -> Fault {
        Fault::new(
            Kind::Answer,
            format!("nobody can tell whether `{}` is done", self.node().about.title),
        )
        .why(why)
    }

    /// Puts on record that it stands.
    pub(super) async fn stands(
        &mut self,
        how: How,
        output: Arc<Value>,
        proof: impl Into<Text>,
        unproven: bool,
    ) -> Result<NodeEnd, Halt> {
        self.record(Fact::Done {
            how,
            output: Kept::of(&output),
            proof: proof.into(),
            unproven,
        })
        .await?;
        Ok(NodeEnd::Good {
            output: Some(output),
            changed: true,
        })
    }
}

/// What stands in the place of a proof.
pub(super) const WORD: &str = "a person gave their word";

/// The output of what stands.
pub(super) fn output_of(standing: &Standing) -> Arc<Value> {
    standing.output.value()
}
