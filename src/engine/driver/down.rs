//! Taking one node back: settle what is open, begin, undo, and look until it is gone.

use serde_json::Value;

use super::{
    up::{WORD, output_of},
    work::{Halt, NodeEnd, Sight, Work},
};
use crate::{
    engine::{
        fact::{During, Fact},
        policy::{Patience, RECHECK_LOOKS, Tries, look_pause},
        run::Standing,
        signal::Signal,
        step::{Gone, Made, Undone, World},
    },
    fault::{Fault, Kind, Retry, Text},
};

/// What looks after an undo found, once they are believed.
enum Leaving {
    Gone(Text),
    Stays,
    CannotTell(Text),
    Word,
}

impl<W: World> Work<W> {
    pub(super) async fn down(mut self) -> NodeEnd {
        match self.descend().await {
            Ok(end) => end,
            Err(halt) => self.halt(halt).await,
        }
    }

    async fn descend(&mut self) -> Result<NodeEnd, Halt> {
        if self.recall().begun.is_some()
            && let Some(end) = self.settle().await?
        {
            return Ok(end);
        }
        let was = self.recall();
        match was.standing.filter(Standing::is_ours) {
            None => Ok(NodeEnd::Good {
                output: None,
                changed: false,
            }),
            Some(standing) => {
                let made = Made {
                    output: Value::clone(&output_of(&standing)),
                    how: standing.how_to_undo(),
                    before: standing.before.as_deref().cloned(),
                };
                self.take_back(&made, was.undoing.is_some()).await
            }
        }
    }

    /// A change was begun and its end is unknown: looks whether there is something to take back.
    async fn settle(&mut self) -> Result<Option<NodeEnd>, Halt> {
        let was = self.recall();
        self.cx.set_started(was.begun.as_ref().map(|begun| begun.at));
        let (sight, stranger) = self.find(&was).await?;
        let how = self.how_it_stands(&was, stranger);
        match sight {
            Sight::Present { output, proof } => {
                self.stands(how, output, proof, false).await?;
                Ok(None)
            }
            Sight::Drifted { found, .. } => {
                self.stands(how, found, "found after an interruption", false).await?;
                Ok(None)
            }
            Sight::Absent => self
                .undone(Undone::AlreadyGone, "looks find nothing", false)
                .await
                .map(Some),
            Sight::CannotTell(_) | Sight::Pending(_) | Sight::Word if was.standing.is_some() => Ok(None),
            Sight::CannotTell(why) => {
                let why = format!("it was begun, and nobody can tell whether it was done: {why}");
                self.undone(Undone::Kept(why.into()), "", false).await.map(Some)
            }
            Sight::Pending(_) | Sight::Word => {
                let why = "it was begun, and nobody can tell yet whether it was done";
                self.undone(Undone::Kept(why.into()), "", false).await.map(Some)
            }
        }
    }

    async fn take_back(&mut self, made: &Made<Value>, begun: bool) -> Result<NodeEnd, Halt> {
        self.cx.set_started(self.recall().undoing);
        if !begun {
            if let Leaving::Gone(proof) = self.gone(made, RECHECK_LOOKS, None).await? {
                return self.undone(Undone::AlreadyGone, proof, false).await;
            }
            self.record(Fact::UndoStarted {}).await?;
            self.cx.set_started(self.recall().undoing);
        }
        let mut tries = Tries::default();
        let what = loop {
            self.checkpoint()?;
            self.signal(Signal::Acting);
            let step = self.node().step;
            match step.undo(&self.cx, &self.inputs, made).await {
                Ok(what) => break what,
                Err(fault) if matches!(fault.kind, Kind::NeedsPerson | Kind::Stopped) => {
                    return Err(Halt::of(fault, During::Undo));
                }
                Err(fault) => {
                    let now = self.now();
                    let pause = match fault.retry {
                        // Taking back is safe to do again: a lost answer only needs a look in between.
                        Retry::LookFirst => tries.pause_before_looking(&fault, now, &self.shared.policy),
                        _ => tries.pause_before_acting(&fault, now, &self.shared.policy),
                    };
                    if (fault.retry == Retry::LookFirst || pause.is_none())
                        && let Ok(Leaving::Gone(proof)) = self.gone(made, 1, None).await
                    {
                        return self.undone(Undone::AlreadyGone, proof, false).await;
                    }
                    self.again(fault, pause, &tries, During::Undo).await?;
                }
            }
        };
        match what {
            Undone::Kept(_) => self.undone(what, "", false).await,
            _ => self.see_it_gone(made, what).await,
        }
    }

    async fn see_it_gone(&mut self, made: &Made<Value>, what: Undone) -> Result<NodeEnd, Halt> {
        let word = self.cx.unproven();
        let patience = (!word).then(|| Patience::proof(self.now(), &self.shared.policy));
        let title = self.node().about.title;
        self.let_word_count();
        match self.gone(made, 1, patience).await? {
            Leaving::Gone(proof) => self.undone(what, proof, false).await,
            Leaving::Word => self.undone(what, WORD, true).await,
            _ if word => self.undone(what, WORD, true).await,
            Leaving::CannotTell(why) if !self.is_human() => self.undone(what, why, true).await,
            Leaving::CannotTell(why) => Err(Halt::NeedsPerson(
                Fault::new(
                    Kind::NeedsPerson,
                    format!("nobody can tell whether `{title}` is taken back"),
                )
                .why(why)
                .hint("Check it in the console, and give your word for it."),
            )),
            Leaving::Stays => {
                let fault = Fault::new(Kind::TimedOut, format!("`{title}` was taken back and is still there"))
                    .hint("Run the same command again: it looks before it does anything.");
                Err(if self.is_human() {
                    Halt::NeedsPerson(Fault {
                        kind: Kind::NeedsPerson,
                        ..fault
                    })
                } else {
                    Halt::failed(fault, During::Undo)
                })
            }
        }
    }

    /// Looks whether it is gone. Being gone is believed after `looks` looks in a row; still being there, when `patience`
    /// has run out.
    async fn gone(&mut self, made: &Made<Value>, looks: u32, patience: Option<Patience>) -> Result<Leaving, Halt> {
        let mut tries = Tries::default();
        let (mut asked, mut gone) = (0_u32, 0_u32);
        let mut waiting_since = None;
        let stays_until = patience.map_or(self.now(), |patience| patience.drifted_until);
        loop {
            self.checkpoint()?;
            self.signal(Signal::Looking);
            let step = self.node().step;
            let answer = match step.gone(&self.cx, &self.inputs, made).await {
                Ok(answer) => answer,
                Err(fault) => {
                    let pause = tries.pause_before_looking(&fault, self.now(), &self.shared.policy);
                    if self.again(fault, pause, &tries, During::Undo).await? {
                        return Ok(Leaving::Word);
                    }
                    continue;
                }
            };
            asked += 1;
            let now = self.now();
            let pause = match answer {
                Gone::Yes(proof) => {
                    gone += 1;
                    if gone >= looks {
                        return Ok(Leaving::Gone(proof));
                    }
                    look_pause(asked)
                }
                Gone::No if now >= stays_until => return Ok(Leaving::Stays),
                Gone::No => {
                    gone = 0;
                    look_pause(asked)
                }
                Gone::CannotTell(why) => return Ok(Leaving::CannotTell(why)),
                // Before anything was undone, what is on its way out is simply still there.
                Gone::Pending(_) if patience.is_none() => return Ok(Leaving::Stays),
                Gone::Pending(wait) => {
                    gone = 0;
                    let since = *waiting_since.get_or_insert(now);
                    self.wait(&wait, since, During::Undo).await?
                }
            };
            if self.pause(pause).await? {
                return Ok(Leaving::Word);
            }
        }
    }

    async fn undone(&mut self, what: Undone, proof: impl Into<Text>, unproven: bool) -> Result<NodeEnd, Halt> {
        self.record(Fact::Undone {
            what,
            proof: proof.into(),
            unproven,
        })
        .await?;
        Ok(NodeEnd::Good {
            output: None,
            changed: true,
        })
    }

    /// Looks again, once, at what everything rests on (sessions, rights), so that nothing is taken back in the wrong
    /// place.
    pub(super) async fn refresh(mut self) -> NodeEnd {
        let was = self.recall();
        let known = was.standing.as_ref().map(output_of);
        let patience = Patience::fresh(self.now()).without_waiting();
        match self.sight(known.as_deref(), patience, During::Look).await {
            Ok(Sight::Present { output, .. }) => NodeEnd::Good {
                output: Some(output),
                changed: false,
            },
            Ok(Sight::Drifted { differences, .. }) => {
                let fault = Fault::new(
                    Kind::Conflict,
                    format!("{} is not what it was at set-up", self.node().id),
                )
                .why(super::work::in_words(&differences))
                .hint("Sign in to the tenant and the organization that were set up, and run the same command again.");
                self.halt(Halt::failed(fault, During::Look)).await
            }
            Ok(_) => NodeEnd::Good {
                output: known,
                changed: false,
            },
            Err(halt) => self.halt(halt).await,
        }
    }
}
