//! What a driver does with an order. One that cannot be followed is declined, with the reason.

use std::collections::HashMap;

use tokio::sync::watch;

use super::{
    Driver, Order, Running,
    schedule::{Schedule, Turn},
    work::{BEGUN, LEFT_OUT},
};
use crate::{
    engine::{
        fact::{Fact, Intent},
        graph::{NodeId, NodeIx},
        nudge::Nudge,
        outcome::Outcome,
        signal::Signal,
        step::World,
    },
    fault::Text,
};

/// Who hears nudges, node by node.
pub(super) type Hearers = HashMap<NodeIx, watch::Sender<Nudge>>;

impl<W: World> Driver<W> {
    pub(super) async fn obey(
        &mut self,
        order: Order,
        schedule: &mut Schedule<'_, W>,
        running: &mut Running,
        hearers: &Hearers,
        outcome: &mut Outcome,
    ) {
        match order {
            Order::Pause => self.set_paused(true, outcome),
            Order::Resume => self.set_paused(false, outcome),
            Order::Stop => self.halt_all(outcome),
            Order::StopNow => {
                self.halt_all(outcome);
                running.abort_all();
            }
            Order::LookNow(id) => self.nudge(&id, Nudge::Look, hearers),
            Order::TakeMyWord(id) => self.nudge(&id, Nudge::Word, hearers),
            Order::Retry(id) => match self.find(&id) {
                // What is at work and pauses before it tries again need not wait for that.
                Some(ix) if schedule.turn(ix) == Turn::Now => self.nudge(&id, Nudge::Look, hearers),
                Some(ix) => self.retry(ix, schedule, outcome),
                None => self.unknown(&id),
            },
            Order::Skip(id) => match self.find(&id) {
                Some(ix) => self.skip(ix, schedule, hearers, outcome).await,
                None => self.unknown(&id),
            },
        }
    }

    fn find(&self, id: &NodeId) -> Option<NodeIx> {
        self.shared.graph.find(id)
    }

    fn say(&self, ix: NodeIx, signal: Signal) {
        self.shared
            .recorder
            .signal(Some(&self.shared.graph.node(ix).id), signal);
    }

    fn decline(&self, ix: NodeIx, why: impl Into<Text>) {
        self.say(ix, Signal::Declined { why: why.into() });
    }

    /// A node that is not there has no place where a signal about it could be shown.
    fn unknown(&self, id: &NodeId) {
        let why = format!("there is no {id} in this walk").into();
        self.shared.recorder.signal(None, Signal::Declined { why });
    }

    fn set_paused(&mut self, paused: bool, outcome: &Outcome) {
        if self.paused == paused || outcome.stopped {
            return;
        }
        self.paused = paused;
        let signal = if paused { Signal::Paused } else { Signal::Resumed };
        self.shared.recorder.signal(None, signal);
    }

    fn halt_all(&self, outcome: &mut Outcome) {
        if !outcome.stopped {
            outcome.stopped = true;
            self.shared.recorder.signal(None, Signal::Stopping);
        }
        let _ = self.stop.send(true);
    }

    fn nudge(&self, id: &NodeId, nudge: Nudge, hearers: &Hearers) {
        let Some(ix) = self.find(id) else {
            self.unknown(id);
            return;
        };
        match hearers.get(&ix) {
            Some(hearer) => drop(hearer.send_replace(nudge)),
            None => self.decline(ix, "it is not at work"),
        }
    }

    fn retry(&mut self, ix: NodeIx, schedule: &mut Schedule<'_, W>, outcome: &Outcome) {
        if outcome.stopped {
            self.decline(ix, STOPPING);
            return;
        }
        let before = schedule.blocked();
        if schedule.retry(ix) {
            self.ends[ix.index()] = None;
            self.say(ix, Signal::Reopened);
            self.tell_freed(&before, schedule);
        } else {
            self.decline(ix, self.why_not_again(ix, schedule));
        }
    }

    fn why_not_again(&self, ix: NodeIx, schedule: &Schedule<'_, W>) -> Text {
        match schedule.turn(ix) {
            Turn::Never => NOT_PART.into(),
            Turn::Comes => "its turn comes by itself".into(),
            Turn::Now => "it is at work".into(),
            Turn::Over => "it has not failed".into(),
            Turn::HeldUp(by) => {
                let by = &self.shared.graph.node(by).id;
                format!("{by} holds it up: let that go again").into()
            }
        }
    }

    async fn skip(&mut self, ix: NodeIx, schedule: &mut Schedule<'_, W>, hearers: &Hearers, outcome: &mut Outcome) {
        if let Some(why) = self.why_not_skip(ix, schedule, outcome) {
            self.decline(ix, why);
            return;
        }
        // At work it has to let go by itself: while it waits, or while its guide is open.
        if let Some(hearer) = hearers.get(&ix) {
            hearer.send_replace(Nudge::Skip);
            return;
        }
        let id = &self.shared.graph.node(ix).id;
        match self
            .shared
            .recorder
            .fact(Some(id), Fact::Skipped { why: LEFT_OUT })
            .await
        {
            Ok(()) => {
                let before = schedule.blocked();
                schedule.skip(ix);
                self.ends[ix.index()] = None;
                self.tell_freed(&before, schedule);
            }
            Err(fault) => outcome.fatal = Some(fault),
        }
    }

    fn why_not_skip(&self, ix: NodeIx, schedule: &Schedule<'_, W>, outcome: &Outcome) -> Option<Text> {
        let insists = || {
            let by = self.shared.graph.insists_on(ix)?;
            Some(format!("{} needs what it makes", self.shared.graph.node(by).id).into())
        };
        if outcome.intent != Intent::Up {
            return Some("only setting up leaves steps out".into());
        }
        match schedule.turn(ix) {
            _ if outcome.stopped => Some(STOPPING.into()),
            Turn::Never => Some(NOT_PART.into()),
            Turn::Over => Some("it has come to its end".into()),
            // What it has begun, it knows best itself.
            Turn::Now => insists(),
            Turn::Comes | Turn::HeldUp(_) => match self.recall(ix, |node| !node.may_be_left_out()) {
                true => Some(BEGUN.into()),
                false => insists(),
            },
        }
    }

    /// Says of what was held up whether it still is, and by what.
    fn tell_freed(&self, before: &[(NodeIx, NodeIx)], schedule: &Schedule<'_, W>) {
        let now: HashMap<NodeIx, NodeIx> = schedule.blocked().into_iter().collect();
        for (ix, by) in before {
            match now.get(ix) {
                None => self.say(*ix, Signal::Reopened),
                Some(other) if other != by => self.tell_blocked(&[*ix], *other),
                Some(_) => {}
            }
        }
    }
}

const STOPPING: &str = "the run is being stopped";
const NOT_PART: &str = "it is not part of this run";
