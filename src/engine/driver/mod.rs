//! The driver: does what the facts and the graph allow, many nodes at a time, the critical path first.
//!
//! There is one way through a node for setting up (`up`), one for taking back (`down`) and one for only looking (`look`). First run, resume, repair, check and teardown differ in what the facts say, not in code. The future that
//! [`Driver::run`] returns may be dropped at any moment: what is at work is aborted, and the journal resumes.

mod adopt;
mod control;
mod down;
mod inputs;
mod leftover;
mod look;
mod orders;
mod parts;
mod schedule;
mod up;
mod work;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use tokio::{
    sync::{mpsc, watch},
    task::{Id, JoinError, JoinSet},
};

use super::{
    cx::{Cx, Surroundings, as_node},
    fact::{During, Fact, Intent},
    graph::{Graph, NodeId, NodeIx},
    guide::Operator,
    kept::Kept,
    nudge::Nudge,
    outcome::Outcome,
    policy::Policy,
    recorder::Recorder,
    run::Run,
    signal::{Finding, Signal, What},
    step::{Effect, How, World},
};
use crate::{
    clock::{Busy, SharedClock},
    fault::{Fault, Kind, Text},
};
pub use control::{Control, Options, Order};
pub use leftover::Leftovers;
use schedule::{Direction, Schedule};
use work::{NodeEnd, Work};

/// What all nodes at work share.
struct Shared<W: World> {
    graph: Arc<Graph<W>>,
    world: Arc<W>,
    recorder: Arc<Recorder>,
    surroundings: Surroundings,
    policy: Policy,
    exact: bool,
    overrides: HashSet<NodeId>,
    also: HashSet<NodeId>,
    removes: HashSet<NodeId>,
    stop: watch::Receiver<bool>,
}

impl<W: World> Shared<W> {
    /// What the step of a node may use.
    fn cx(&self, ix: NodeIx) -> Cx<W> {
        let node = self.graph.node(ix);
        let target = node.target.clone().unwrap_or_default();
        Cx::new(
            Arc::clone(&self.world),
            node.id.clone(),
            target,
            self.surroundings.clone(),
        )
        .spelt(&node.item.key)
    }
}

/// See the module's documentation.
pub struct Driver<W: World> {
    shared: Arc<Shared<W>>,
    options: Options,
    stop: watch::Sender<bool>,
    orders: mpsc::UnboundedReceiver<Order>,
    control: Control,
    paused: bool,
    /// What each node put out, as far as it is known.
    outputs: Vec<Option<Kept>>,
    ends: Vec<Option<NodeEnd>>,
    /// What a check does not look at, each with the missing node that it rests on.
    rests_on: HashMap<NodeIx, NodeIx>,
}

/// What the nodes of one pass do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Job {
    Up,
    Adopt,
    Down,
    Refresh,
    Plan,
    PlanDown,
    /// Takes away what the profile does not name, in a run that sets up.
    TakeAway,
    /// Looks at that in a run that changes nothing.
    LookAway,
    Check,
}

type Running = JoinSet<(NodeIx, NodeEnd, Busy)>;

impl<W: World> Driver<W> {
    /// A driver of this graph in this world. What it finds out goes to the recorder.
    pub fn new(
        graph: Arc<Graph<W>>,
        world: Arc<W>,
        recorder: Arc<Recorder>,
        clock: SharedClock,
        operator: Arc<dyn Operator>,
        options: Options,
    ) -> Self {
        let (stop, stopped) = watch::channel(false);
        let (sender, orders) = mpsc::unbounded_channel();
        let signals = Arc::clone(&recorder);
        let hears = stopped.clone();
        let surroundings = Surroundings {
            clock,
            operator,
            signals: Arc::new(move |node, signal| signals.signal(Some(node), signal)),
            stopper: Arc::new(move || {
                let mut stop = hears.clone();
                Box::pin(async move {
                    // A driver that is gone stops nobody: its tasks end with it.
                    if stop.wait_for(|stop| *stop).await.is_err() {
                        std::future::pending::<()>().await;
                    }
                })
            }),
        };
        let nodes = graph.nodes().len();
        let named = |names: &[String]| -> HashSet<NodeId> {
            let ids = graph.nodes().iter().map(|node| &node.id);
            ids.filter(|id| names.contains(&id.to_string())).cloned().collect()
        };
        let (overrides, also) = (named(&options.overrides), named(&options.also));
        Self {
            shared: Arc::new(Shared {
                graph,
                world,
                recorder,
                surroundings,
                policy: options.policy,
                exact: options.exact,
                overrides,
                also,
                removes: options.removes.iter().cloned().collect(),
                stop: stopped,
            }),
            options,
            stop,
            orders,
            control: Control { orders: sender },
            paused: false,
            outputs: vec![None; nodes],
            ends: (0..nodes).map(|_| None).collect(),
            rests_on: HashMap::new(),
        }
    }

    /// A handle to pause, stop and so on while it runs.
    pub fn control(&self) -> Control {
        self.control.clone()
    }

    /// Runs. May be dropped at any moment; the next run looks at what was done and continues. A fault means that nothing
    /// was begun, because the selection makes no sense or the journal cannot be written.
    pub async fn run(mut self, intent: Intent) -> Result<Outcome, Fault> {
        let busy = self.shared.surroundings.clock.busy();
        let (graph, selection) = (&self.shared.graph, &self.options.selection);
        let chosen = if self.options.alone {
            graph.named(selection)?
        } else {
            graph.select(selection, intent.takes_back())?
        };
        self.check_names()?;
        let mut outcome = Outcome::new(intent);
        if intent.changes() {
            let started = Fact::RunStarted {
                run: self.options.run.clone(),
                intent,
                profile: self.options.profile.clone(),
                program: self.options.program.clone(),
                only: self.options.selection.words(),
                removes: self.options.removes.clone(),
            };
            self.shared.recorder.fact(None, started).await?;
        }
        if intent == Intent::Down {
            self.release().await?;
        }
        if self.options.alone || (intent != Intent::Up && intent != Intent::Plan) {
            self.remember_outputs();
        }
        let busy = self.walk(intent, chosen, &mut outcome, busy).await;
        self.tell(&mut outcome);
        if intent.changes() && outcome.fatal.is_none() {
            let ended = Fact::RunEnded {
                run: self.options.run.clone(),
                end: outcome.end(),
            };
            outcome.fatal = self.shared.recorder.fact(None, ended).await.err();
        }
        drop(busy);
        Ok(outcome)
    }

    async fn walk(&mut self, intent: Intent, chosen: Vec<bool>, outcome: &mut Outcome, busy: Busy) -> Busy {
        let graph = Arc::clone(&self.shared.graph);
        let each = |test: &dyn Fn(NodeIx) -> bool| -> Vec<bool> {
            graph.indices().map(|ix| chosen[ix.index()] && test(ix)).collect()
        };
        match intent {
            Intent::Up | Intent::Plan => {
                let work = each(&|ix| !graph.node(ix).forgotten);
                let job = match intent {
                    Intent::Up if self.options.adopts => Job::Adopt,
                    Intent::Up => Job::Up,
                    _ => Job::Plan,
                };
                if !self.options.alone {
                    let busy = self.pass(job, Direction::Along, work, &[], outcome, busy).await;
                    return match intent {
                        Intent::Up => self.take_away(outcome, busy).await,
                        _ => self.look_at_what_is_left(outcome, busy).await,
                    };
                }
                // What it rests on is taken as recorded, so it must be the same tenant and organization.
                let roots = self.foundations(&work);
                let busy = self
                    .pass(Job::Refresh, Direction::Along, roots, &[], outcome, busy)
                    .await;
                let barred = self.barred(&work);
                self.pass(job, Direction::Along, work, &barred, outcome, busy).await
            }
            Intent::Check => {
                let work = each(&|ix| !graph.node(ix).forgotten && self.recall(ix, |node| node.standing.is_some()));
                let busy = self.pass(Job::Check, Direction::Along, work, &[], outcome, busy).await;
                self.look_at_what_is_left(outcome, busy).await
            }
            Intent::Down => {
                let ours =
                    |ix| graph.node(ix).about.effect == Effect::Changes && self.recall(ix, |node| node.may_be_ours());
                let mut work = each(&ours);
                let parts = self.parts_of(&mut work);
                let roots = self.foundations(&work);
                let busy = self
                    .pass(Job::Refresh, Direction::Along, roots, &[], outcome, busy)
                    .await;
                let barred = self.barred(&work);
                let busy = self
                    .pass(Job::Down, Direction::Against, work, &barred, outcome, busy)
                    .await;
                self.went_along(&parts, outcome).await;
                self.forget(&chosen).await;
                busy
            }
            Intent::PlanDown => {
                let ours = |ix| {
                    let released = self.shared.also.contains(&graph.node(ix).id);
                    graph.node(ix).about.effect == Effect::Changes
                        && (released || self.recall(ix, |node| node.may_be_ours()))
                };
                let mut work = each(&ours);
                for ix in graph.indices().filter(|ix| chosen[ix.index()] && !work[ix.index()]) {
                    if self.recall(ix, |node| {
                        node.standing.as_ref().is_some_and(|stands| stands.how == How::Adopted)
                    }) {
                        self.found(ix, What::WouldStay, "it was there before");
                    }
                }
                let parts = self.parts_of(&mut work);
                self.would_go_along(&parts);
                self.pass(Job::PlanDown, Direction::Against, work, &[], outcome, busy)
                    .await
            }
        }
    }

    /// Names that lead nowhere end a run before it begins.
    fn check_names(&self) -> Result<(), Fault> {
        let graph = &self.shared.graph;
        let named = |name: &str| graph.indices().find(|&ix| graph.node(ix).id.to_string() == name);
        for name in self.options.overrides.iter().chain(&self.options.also) {
            if named(name).is_none() {
                return Err(Fault::new(Kind::Usage, format!("nothing is called `{name}`"))
                    .why("what is taken from somebody is named in full")
                    .hint("`fedwiz status` lists the names: a step, and its item in brackets."));
            }
        }
        for name in &self.options.also {
            let how = named(name).and_then(|ix| self.recall(ix, |node| node.standing.as_ref().map(|it| it.how)));
            if how != Some(How::Adopted) {
                return Err(Fault::new(Kind::Usage, format!("`{name}` was not adopted"))
                    .why("only what was there before stays at a teardown; what fedwiz made goes anyway")
                    .hint("Take it out of the list. `fedwiz plan --down` shows what goes and what stays."));
            }
        }
        Ok(())
    }

    /// Puts on record what the operator lets go although it was there before.
    async fn release(&self) -> Result<(), Fault> {
        let graph = &self.shared.graph;
        for ix in graph
            .indices()
            .filter(|&ix| self.shared.also.contains(&graph.node(ix).id))
        {
            self.shared
                .recorder
                .fact(Some(&graph.node(ix).id), Fact::Released {})
                .await?;
        }
        Ok(())
    }

    /// Forgets what this machine keeps for what does not stand any more. Where that cannot be done, it is said, and the next
    /// teardown does it.
    async fn forget(&self, chosen: &[bool]) {
        for ix in self.shared.graph.indices().filter(|ix| chosen[ix.index()]) {
            if self.recall(ix, |node| node.standing.is_some()) {
                continue;
            }
            let cx = self.shared.cx(ix);
            if let Err(fault) = self.shared.graph.node(ix).step.forget(&cx).await {
                cx.note(format!("not forgotten here: {fault}"));
            }
        }
    }

    /// Walks over the nodes of one schedule until nothing is at work and nothing may begin.
    async fn pass(
        &mut self,
        job: Job,
        direction: Direction,
        work: Vec<bool>,
        barred: &[(NodeIx, NodeIx)],
        outcome: &mut Outcome,
        busy: Busy,
    ) -> Busy {
        let graph = Arc::clone(&self.shared.graph);
        let mut schedule = Schedule::new(&graph, direction, work, barred, self.options.policy.parallel);
        for (node, by) in schedule.blocked() {
            self.tell_blocked(&[node], by);
        }
        let mut running = Running::new();
        let mut tasks: HashMap<Id, NodeIx> = HashMap::new();
        let mut nudges: HashMap<NodeIx, watch::Sender<Nudge>> = HashMap::new();
        let mut busy = Some(busy);
        loop {
            while let Ok(order) = self.orders.try_recv() {
                self.obey(order, &mut schedule, &mut running, &nudges, outcome).await;
            }
            while !self.paused
                && !outcome.stopped
                && outcome.fatal.is_none()
                && let Some(ix) = schedule.next()
            {
                match self.inputs(ix) {
                    Ok(inputs) => {
                        let (nudge, hears) = watch::channel(Nudge::None);
                        nudges.insert(ix, nudge);
                        let exact = self.shared.exact || job == Job::Check;
                        let work = Work::new(Arc::clone(&self.shared), ix, inputs, hears, exact);
                        tasks.insert(self.spawn(&mut running, work, job), ix);
                    }
                    Err(needed) if job == Job::Check => {
                        let root = self.rests_on.get(&needed).copied().unwrap_or(needed);
                        self.rests_on.insert(ix, root);
                        self.tell_blocked(&[ix], root);
                        outcome
                            .blocked
                            .push((graph.node(ix).id.clone(), graph.node(root).id.clone()));
                        self.take_end(&mut schedule, ix, NodeEnd::LeftOut, outcome);
                    }
                    Err(needed) => {
                        let end = self.without_inputs(job, ix, needed);
                        self.take_end(&mut schedule, ix, end, outcome);
                    }
                }
            }
            let held = self.paused && !outcome.stopped && outcome.fatal.is_none() && !schedule.is_through();
            if schedule.working() == 0 && !held {
                let name = |ix| graph.node(ix).id.clone();
                outcome
                    .blocked
                    .extend(schedule.blocked().into_iter().map(|(ix, by)| (name(ix), name(by))));
                return busy.take().unwrap_or_else(|| self.shared.surroundings.clock.busy());
            }
            // From here on a simulated clock may go on; whoever brings the next message brings a token along.
            drop(busy.take());
            tokio::select! {
                biased;
                Some(joined) = running.join_next_with_id() => {
                    let (ix, end, token) = self.join(joined, &mut tasks).await;
                    busy = Some(token);
                    nudges.remove(&ix);
                    self.take_end(&mut schedule, ix, end, outcome);
                }
                Some(order) = self.orders.recv() => {
                    busy = Some(self.shared.surroundings.clock.busy());
                    self.obey(order, &mut schedule, &mut running, &nudges, outcome).await;
                }
            }
        }
    }

    /// Sends a node to work. Its place in the simulated clock's line is taken here, in the order of the schedule.
    fn spawn(&self, running: &mut Running, work: Work<W>, job: Job) -> Id {
        let turn = self.shared.surroundings.clock.line_up();
        let id = work.node().id.clone();
        let handle = running.spawn(as_node(id, async move {
            let busy = turn.await;
            let ix = work.ix;
            let end = match job {
                Job::Up => work.up().await,
                Job::Adopt => work.adopt().await,
                Job::Down => work.down().await,
                Job::Refresh => work.refresh().await,
                Job::Plan => work.plan().await,
                Job::PlanDown => work.plan_down().await,
                Job::TakeAway => work.take_away().await,
                Job::LookAway => work.look_away().await,
                Job::Check => work.check().await,
            };
            (ix, end, busy)
        }));
        handle.id()
    }

    async fn join(
        &self,
        joined: Result<(Id, (NodeIx, NodeEnd, Busy)), JoinError>,
        tasks: &mut HashMap<Id, NodeIx>,
    ) -> (NodeIx, NodeEnd, Busy) {
        match joined {
            Ok((id, (ix, end, busy))) => {
                tasks.remove(&id);
                (ix, end, busy)
            }
            Err(why) => {
                let ix = tasks.remove(&why.id()).expect("each task is the work of one node");
                let busy = self.shared.surroundings.clock.busy();
                if why.is_cancelled() {
                    return (ix, NodeEnd::Stopped, busy);
                }
                let id = &self.shared.graph.node(ix).id;
                let fault = Fault::internal(format!("{id} broke off"));
                let failed = Fact::Failed {
                    fault: fault.clone(),
                    during: During::Look,
                    untouched: false,
                };
                let end = if self.shared.recorder.with_run(Run::is_open) {
                    self.shared
                        .recorder
                        .fact(Some(id), failed)
                        .await
                        .err()
                        .map(NodeEnd::Fatal)
                } else {
                    None
                };
                (ix, end.unwrap_or(NodeEnd::Failed(fault)), busy)
            }
        }
    }

    fn take_end(&mut self, schedule: &mut Schedule<'_, W>, ix: NodeIx, mut end: NodeEnd, outcome: &mut Outcome) {
        let good = match &mut end {
            NodeEnd::Good { output, .. } => {
                if let Some(output) = output.take() {
                    self.outputs[ix.index()] = Some(Kept::of(&output));
                }
                true
            }
            NodeEnd::Found { finding, output } => {
                self.outputs[ix.index()] = output.take().map(|output| Kept::of(&output));
                let signal = Signal::Found(finding.clone());
                self.shared
                    .recorder
                    .signal(Some(&self.shared.graph.node(ix).id), signal);
                true
            }
            NodeEnd::LeftOut => true,
            // A plan goes on to show what comes after.
            NodeEnd::Failed(_) | NodeEnd::NeedsPerson(_) => self.options.adopts || !outcome.intent.changes(),
            NodeEnd::Stopped => {
                outcome.stopped = true;
                let _ = self.stop.send(true);
                false
            }
            NodeEnd::Fatal(fault) => {
                outcome.fatal.get_or_insert_with(|| fault.clone());
                let _ = self.stop.send(true);
                false
            }
        };
        let stopped = matches!(end, NodeEnd::Stopped | NodeEnd::Fatal(_));
        self.ends[ix.index()] = Some(end);
        let blocked = schedule.finish(ix, good);
        if !stopped {
            self.tell_blocked(&blocked, ix);
        }
    }

    /// What is known of a node without looking.
    fn found(&mut self, ix: NodeIx, what: What, note: impl Into<Text>) {
        let finding = Finding {
            what,
            differences: Vec::new(),
            note: note.into(),
        };
        let id = &self.shared.graph.node(ix).id;
        self.shared.recorder.signal(Some(id), Signal::Found(finding.clone()));
        self.ends[ix.index()] = Some(NodeEnd::Found { finding, output: None });
    }

    fn tell_blocked(&self, blocked: &[NodeIx], by: NodeIx) {
        let by = &self.shared.graph.node(by).id;
        for &ix in blocked {
            let signal = Signal::Blocked { by: by.clone() };
            self.shared
                .recorder
                .signal(Some(&self.shared.graph.node(ix).id), signal);
        }
    }

    /// Sums up.
    fn tell(&mut self, outcome: &mut Outcome) {
        let graph = Arc::clone(&self.shared.graph);
        for ix in graph.indices() {
            let id = || graph.node(ix).id.clone();
            match self.ends[ix.index()].take() {
                Some(NodeEnd::Good { changed: true, .. }) => outcome.changed += 1,
                Some(NodeEnd::Good { changed: false, .. }) => outcome.unchanged += 1,
                Some(NodeEnd::Found { finding, .. }) => outcome.findings.push((id(), finding)),
                Some(NodeEnd::Failed(fault)) => outcome.failed.push((id(), fault)),
                Some(NodeEnd::NeedsPerson(fault)) => outcome.needs_person.push((id(), fault)),
                Some(NodeEnd::LeftOut | NodeEnd::Stopped | NodeEnd::Fatal(_)) | None => {}
            }
        }
    }
}

#[cfg(test)]
mod adopt_tests;
#[cfg(test)]
mod control_tests;
#[cfg(test)]
mod tests;
