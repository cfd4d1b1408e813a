//! `Work`: one node at work. What setting up, taking back and looking have in common: looks that are repeated until they
//! can be believed, waits, and pauses that hear of a stop.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::watch;

use super::Shared;
use crate::{
    engine::{
        cx::Cx,
        fact::{During, Fact},
        graph::{Node, NodeIx},
        needs::Inputs,
        nudge::{Nudge, Nudges},
        policy::{Patience, Tries, later, look_pause, since_then},
        run::NodeRun,
        signal::{Finding, Signal},
        step::{Difference, Effect, Executor, Probe, Wait, World},
    },
    fault::{Fault, Kind, Text},
};

/// How a node came to an end.
#[derive(Debug)]
pub(super) enum NodeEnd {
    /// It is as intended. `changed` says whether anything was done.
    Good { output: Option<Arc<Value>>, changed: bool },
    /// A plan or a check has found out about it.
    Found {
        finding: Finding,
        output: Option<Arc<Value>>,
    },
    /// The operator left it out.
    LeftOut,
    /// It failed.
    Failed(Fault),
    /// It needs a person.
    NeedsPerson(Fault),
    /// The run was stopped before it came to an end.
    Stopped,
    /// The journal cannot be written: nothing may go on.
    Fatal(Fault),
}

/// Why a node cannot go on.
#[derive(Debug)]
pub(super) enum Halt {
    Failed {
        fault: Fault,
        during: During,
        untouched: bool,
    },
    NeedsPerson(Fault),
    LeftOut,
    Stopped,
    Fatal(Fault),
}

impl Halt {
    pub(super) fn failed(fault: Fault, during: During) -> Self {
        Self::Failed {
            fault,
            during,
            untouched: false,
        }
    }

    /// What a fault of a step's call means when it is not tried again.
    pub(super) fn of(fault: Fault, during: During) -> Self {
        match fault.kind {
            Kind::NeedsPerson => Self::NeedsPerson(fault),
            Kind::Stopped => Self::Stopped,
            _ => Self::failed(fault, during),
        }
    }
}

/// What looks found, once they are believed.
#[derive(Debug)]
pub(super) enum Sight {
    Present {
        output: Arc<Value>,
        proof: Text,
    },
    Drifted {
        found: Arc<Value>,
        differences: Vec<Difference>,
    },
    Absent,
    /// It is on its way, and nobody waits for it here.
    Pending(Wait),
    CannotTell(Text),
    /// A person gives their word in place of a proof.
    Word,
}

/// One node at work.
pub(super) struct Work<W: World> {
    pub(super) shared: Arc<Shared<W>>,
    pub(super) ix: NodeIx,
    pub(super) inputs: Inputs,
    pub(super) cx: Cx<W>,
    /// A person's word, given now, ends the looks.
    pub(super) takes_word: bool,
    /// It looks for what was there before.
    pub(super) adopting: bool,
    announced: Option<Text>,
}

impl<W: World> Work<W> {
    pub(super) fn new(
        shared: Arc<Shared<W>>,
        ix: NodeIx,
        inputs: Inputs,
        nudges: watch::Receiver<Nudge>,
        exact: bool,
    ) -> Self {
        let recorded = shared.recorder.with_run(|run| {
            let standing = run
                .node(&shared.graph.node(ix).id)
                .and_then(|node| node.standing.as_ref());
            standing.filter(|_| exact).map(|standing| standing.output.value())
        });
        let cx = shared.cx(ix).hearing(Nudges::new(nudges)).held_to(recorded);
        Self {
            ix,
            inputs,
            cx,
            takes_word: false,
            adopting: false,
            announced: None,
            shared,
        }
    }

    pub(super) fn node(&self) -> &Node<W> {
        self.shared.graph.node(self.ix)
    }

    pub(super) fn is_human(&self) -> bool {
        self.node().about.executor == Executor::Human
    }

    pub(super) fn observes(&self) -> bool {
        self.node().about.effect == Effect::Observes
    }

    pub(super) fn now(&self) -> Timestamp {
        self.shared.surroundings.clock.now()
    }

    /// What the facts say about this node.
    pub(super) fn recall(&self) -> NodeRun {
        let id = &self.node().id;
        self.shared
            .recorder
            .with_run(|run| run.node(id).cloned().unwrap_or_default())
    }

    pub(super) async fn record(&self, fact: Fact) -> Result<(), Halt> {
        self.shared
            .recorder
            .fact(Some(&self.node().id), fact)
            .await
            .map_err(Halt::Fatal)
    }

    pub(super) fn signal(&self, signal: Signal) {
        self.cx.signal(signal);
    }

    /// Puts the reason for a halt on record.
    pub(super) async fn halt(&self, halt: Halt) -> NodeEnd {
        let (fact, end) = match halt {
            Halt::Failed {
                fault,
                during,
                untouched,
            } => {
                let fact = Fact::Failed {
                    fault: fault.clone(),
                    during,
                    untouched,
                };
                (fact, NodeEnd::Failed(fault))
            }
            Halt::NeedsPerson(fault) => (Fact::NeedsPerson { fault: fault.clone() }, NodeEnd::NeedsPerson(fault)),
            Halt::LeftOut => (Fact::Skipped { why: LEFT_OUT }, NodeEnd::LeftOut),
            Halt::Stopped => return NodeEnd::Stopped,
            Halt::Fatal(fault) => return NodeEnd::Fatal(fault),
        };
        match self.record(fact).await {
            // The question is withdrawn first, so that nobody waits for what it may have led to.
            Ok(()) if matches!(end, NodeEnd::NeedsPerson(_)) && self.cx.left_out() => {
                Box::pin(self.halt(Halt::LeftOut)).await
            }
            Ok(()) => end,
            Err(_) => NodeEnd::Fatal(Fault::new(Kind::Journal, "the journal cannot be written")),
        }
    }

    /// Ends here when the run was stopped. Asked before every call.
    pub(super) fn checkpoint(&self) -> Result<(), Halt> {
        if *self.shared.stop.borrow() {
            Err(Halt::Stopped)
        } else {
            Ok(())
        }
    }

    /// Lets time pass. Ends early when the operator wants a look, gives their word where that counts, leaves the node out,
    /// or stops the run. True for a word that counts.
    pub(super) async fn pause(&mut self, time: Duration) -> Result<bool, Halt> {
        self.checkpoint()?;
        let mut stop = self.shared.stop.clone();
        let nudge = tokio::select! {
            biased;
            () = self.shared.surroundings.clock.sleep(time) => Nudge::None,
            nudge = self.cx.nudges().next() => nudge,
            _ = stop.wait_for(|stop| *stop) => return Err(Halt::Stopped),
        };
        match nudge {
            Nudge::None | Nudge::Look => {}
            Nudge::Word if self.takes_word => return Ok(true),
            Nudge::Word => self.cx.decline(NO_PROOF),
            Nudge::Skip if self.recall().may_be_left_out() => return Err(Halt::LeftOut),
            Nudge::Skip => self.cx.decline(BEGUN),
        }
        Ok(false)
    }

    /// From now on a person's word counts; one that was given before does not.
    pub(super) fn let_word_count(&mut self) {
        match self.cx.nudges().unheard() {
            Some(Nudge::Word) => self.cx.decline(NO_PROOF),
            Some(Nudge::Skip) => self.cx.decline(BEGUN),
            Some(Nudge::Look | Nudge::None) | None => {}
        }
        self.takes_word = true;
    }

    /// After a fault: pauses and says to try again, or gives up. True when a person gives their word instead.
    pub(super) async fn again(
        &mut self,
        fault: Fault,
        pause: Option<Duration>,
        tries: &Tries,
        during: During,
    ) -> Result<bool, Halt> {
        let Some(pause) = pause.filter(|_| !matches!(fault.kind, Kind::NeedsPerson | Kind::Stopped)) else {
            return Err(Halt::of(fault, during));
        };
        self.signal(Signal::Retrying {
            fault,
            attempt: tries.failed(),
            next: later(self.now(), pause),
        });
        self.pause(pause).await
    }

    /// One look. What may pass is tried again, within bounds. None when a person gives their word instead.
    async fn probe(&mut self, known: Option<&Value>, during: During) -> Result<Option<Probe<Value>>, Halt> {
        let mut tries = Tries::default();
        loop {
            self.checkpoint()?;
            self.signal(Signal::Looking);
            let step = self.node().step;
            let look = if self.adopting && known.is_none() {
                step.adopt(&self.cx, &self.inputs).await
            } else {
                step.probe(&self.cx, &self.inputs, known).await
            };
            match look {
                Ok(probe) => return Ok(Some(probe)),
                Err(fault) => {
                    let pause = tries.pause_before_looking(&fault, self.now(), &self.shared.policy);
                    if self.again(fault, pause, &tries, during).await? {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Looks until the answer can be believed.
    pub(super) async fn sight(
        &mut self,
        known: Option<&Value>,
        patience: Patience,
        during: During,
    ) -> Result<Sight, Halt> {
        let (mut looks, mut absent) = (0_u32, 0_u32);
        let mut waiting_since = None;
        loop {
            let Some(probe) = self.probe(known, during).await? else {
                return Ok(Sight::Word);
            };
            looks += 1;
            let now = self.now();
            let pause = match probe {
                Probe::Present { output, proof } => {
                    return Ok(Sight::Present {
                        output: Arc::new(output),
                        proof,
                    });
                }
                Probe::CannotTell(why) => return Ok(Sight::CannotTell(why)),
                Probe::Absent => {
                    absent += 1;
                    if absent >= patience.looks && now >= patience.absent_until {
                        return Ok(Sight::Absent);
                    }
                    look_pause(looks)
                }
                Probe::Drifted { found, differences } => {
                    absent = 0;
                    let differences = self.unsettled(differences);
                    if differences.is_empty() {
                        return Ok(Sight::Present {
                            output: Arc::new(found),
                            proof: AS_FOUND,
                        });
                    }
                    if now >= patience.drifted_until {
                        return Ok(Sight::Drifted {
                            found: Arc::new(found),
                            differences,
                        });
                    }
                    look_pause(looks)
                }
                Probe::Pending(wait) if !patience.waits => return Ok(Sight::Pending(wait)),
                Probe::Pending(wait) => {
                    absent = 0;
                    let since = *waiting_since.get_or_insert(now);
                    self.wait(&wait, since, during).await?
                }
            };
            if self.pause(pause).await? {
                return Ok(Sight::Word);
            }
        }
    }

    /// Announces a wait, and gives the pause before the next look; or gives up when it has lasted too long.
    pub(super) async fn wait(&mut self, wait: &Wait, since: Timestamp, during: During) -> Result<Duration, Halt> {
        let now = self.now();
        let until = later(since, wait.limit);
        if now >= until {
            let fault = Fault::new(Kind::TimedOut, format!("waited in vain for {}", wait.why))
                .why(format!("nothing came for {}", words(since_then(since, now))))
                .hint(format!(
                    "The wait ends when {}. Run the same command again to go on waiting.",
                    wait.ends_when
                ));
            return Err(if self.is_human() {
                Halt::NeedsPerson(Fault {
                    kind: Kind::NeedsPerson,
                    ..fault
                })
            } else {
                Halt::failed(fault, during)
            });
        }
        if self.announced.as_ref() != Some(&wait.why) {
            self.announced = Some(wait.why.clone());
            // Looking again at what stands leaves no facts.
            if !self.recall().is_settled() {
                self.record(Fact::Waiting {
                    why: wait.why.clone(),
                    ends_when: wait.ends_when.clone(),
                    until,
                })
                .await?;
            }
        }
        let pause = wait.every.max(Duration::from_millis(1)).min(since_then(now, until));
        self.signal(Signal::StillWaiting {
            why: wait.why.clone(),
            next: later(now, pause),
            until,
            ends_when: wait.ends_when.clone(),
        });
        Ok(pause)
    }
}

/// The proof of what differs from the profile in nothing but what it was adopted with.
const AS_FOUND: Text = Text::Borrowed("it is as it was when it was adopted");

/// Why a node is left out.
pub(super) const LEFT_OUT: Text = Text::Borrowed("the operator left it out");

/// Why a person's word is not taken.
const NO_PROOF: &str = "a word counts while a proof is awaited, and none is";

/// Why a node is not left out.
pub(super) const BEGUN: &str = "it was begun: what became of it must be seen";

/// A length of time in words that people use.
pub(super) fn words(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, 0) => format!("{minutes} min"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// The differences in one line.
pub(super) fn in_words(differences: &[Difference]) -> String {
    let each = differences.iter().map(|difference| {
        format!(
            "{} is {}, wanted {}",
            difference.field,
            quote(&difference.found),
            quote(&difference.wanted)
        )
    });
    each.collect::<Vec<_>>().join("; ")
}

fn quote(value: &str) -> String {
    if value.is_empty() {
        "empty".to_owned()
    } else {
        format!("`{value}`")
    }
}
