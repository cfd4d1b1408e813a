//! The driver: does what the facts and the graph allow, many nodes at a time, the critical path first.
//!
//! There is one way through a node for setting up (`up`), one for taking back (`down`) and one for only looking (`look`). First run, resume, repair, check and teardown differ in what the facts say, not in code. The future that
//! [`Driver::run`] returns may be dropped at any moment: what is at work is aborted, and the journal resumes.

mod down;
mod look;
mod schedule;
mod up;
mod work;

use std::{collections::HashMap, sync::Arc};

use serde_json::Value;
use tokio::{
    sync::{mpsc, watch},
    task::{Id, JoinError, JoinSet},
};

use super::{
    cx::{Surroundings, as_node},
    fact::{Fact, Intent},
    graph::{Graph, NodeId, NodeIx},
    guide::Operator,
    needs::{Inputs, Pick},
    outcome::Outcome,
    policy::Policy,
    recorder::Recorder,
    run::{NodeRun, Standing},
    select::Selection,
    signal::{Finding, Signal, What},
    step::{Effect, Executor, How, World},
};
use crate::{
    clock::{Busy, SharedClock},
    fault::{Fault, Kind, Text},
};
use schedule::{Direction, Schedule};
use work::{NodeEnd, Nudge, Work};

/// What all nodes at work share.
struct Shared<W: World> {
    graph: Arc<Graph<W>>,
    world: Arc<W>,
    recorder: Arc<Recorder>,
    surroundings: Surroundings,
    policy: Policy,
    stop: watch::Receiver<bool>,
}

/// What identifies a run in the journal, and what limits it.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// An id of its own.
    pub run: String,
    /// A digest of the profile.
    pub profile: String,
    /// The version of fedwiz.
    pub program: String,
    /// The part of the walk to go.
    pub selection: Selection,
    /// Patience and parallelism.
    pub policy: Policy,
}

/// Tells a driver at work what to do.
#[derive(Debug, Clone)]
pub struct Control {
    orders: mpsc::UnboundedSender<Order>,
}

/// What a driver at work can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// Begin no further node. What is at work goes on.
    Pause,
    /// Go on after a pause.
    Resume,
    /// Stop: what is at work finishes its call, waits end, no further call is made.
    Stop,
    /// Stop at once: what is at work is dropped. The journal resumes.
    StopNow,
    /// Let a node that failed, or needs a person, go again.
    Retry(NodeId),
    /// Leave a node out that nothing insists on.
    Skip(NodeId),
    /// Look now instead of later.
    LookNow(NodeId),
    /// Take the operator's word in place of the proof that is being waited for.
    TakeMyWord(NodeId),
}

impl Control {
    /// Gives an order. Orders to a driver that is done go nowhere.
    pub fn tell(&self, order: Order) {
        let _ = self.orders.send(order);
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
    outputs: Vec<Option<Arc<Value>>>,
    ends: Vec<Option<NodeEnd>>,
}

/// What the nodes of one pass do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Job {
    Up,
    Down,
    Refresh,
    Plan,
    PlanDown,
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
        Self {
            shared: Arc::new(Shared {
                graph,
                world,
                recorder,
                surroundings,
                policy: options.policy,
                stop: stopped,
            }),
            options,
            stop,
            orders,
            control: Control { orders: sender },
            paused: false,
            outputs: vec![None; nodes],
            ends: (0..nodes).map(|_| None).collect(),
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
        let chosen = self.shared.graph.select(&self.options.selection, intent.takes_back())?;
        let mut outcome = Outcome::new(intent);
        if intent.changes() {
            let started = Fact::RunStarted {
                run: self.options.run.clone(),
                intent,
                profile: self.options.profile.clone(),
                program: self.options.program.clone(),
                only: self.options.selection.words(),
            };
            self.shared.recorder.fact(None, started).await?;
        }
        if intent != Intent::Up && intent != Intent::Plan {
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
                for ix in graph
                    .indices()
                    .filter(|&ix| intent == Intent::Plan && graph.node(ix).forgotten)
                {
                    self.found(
                        ix,
                        What::WouldStay,
                        "the profile names it no more; `fedwiz teardown` takes it back",
                    );
                }
                let job = if intent == Intent::Up { Job::Up } else { Job::Plan };
                self.pass(job, Direction::Along, work, &[], outcome, busy).await
            }
            Intent::Check => {
                let work = each(&|ix| self.recall(ix, |node| node.standing.is_some()));
                self.pass(Job::Check, Direction::Along, work, &[], outcome, busy).await
            }
            Intent::Down => {
                let ours =
                    |ix| graph.node(ix).about.effect == Effect::Changes && self.recall(ix, |node| node.may_be_ours());
                let work = each(&ours);
                let roots = self.foundations(&work);
                let busy = self
                    .pass(Job::Refresh, Direction::Along, roots, &[], outcome, busy)
                    .await;
                let barred = self.barred(&work);
                self.pass(Job::Down, Direction::Against, work, &barred, outcome, busy)
                    .await
            }
            Intent::PlanDown => {
                let ours =
                    |ix| graph.node(ix).about.effect == Effect::Changes && self.recall(ix, |node| node.may_be_ours());
                let work = each(&ours);
                for ix in graph.indices().filter(|ix| chosen[ix.index()] && !work[ix.index()]) {
                    if self.recall(ix, |node| {
                        node.standing.as_ref().is_some_and(|stands| stands.how == How::Adopted)
                    }) {
                        self.found(ix, What::WouldStay, "it was there before");
                    }
                }
                self.pass(Job::PlanDown, Direction::Against, work, &[], outcome, busy)
                    .await
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
            while !self.paused
                && !outcome.stopped
                && outcome.fatal.is_none()
                && let Some(ix) = schedule.next()
            {
                match self.inputs(ix) {
                    Ok(inputs) => {
                        let (nudge, hears) = watch::channel(Nudge::None);
                        nudges.insert(ix, nudge);
                        let work = Work::new(Arc::clone(&self.shared), ix, inputs, hears);
                        tasks.insert(self.spawn(&mut running, work, job), ix);
                    }
                    Err(needed) => {
                        let end = self.without_inputs(job, ix, needed);
                        self.take_end(&mut schedule, ix, end, outcome);
                    }
                }
            }
            if schedule.working() == 0 && (!self.paused || outcome.stopped || outcome.fatal.is_some()) {
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
                    let (ix, end, token) = self.join(joined, &mut tasks);
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
                Job::Down => work.down().await,
                Job::Refresh => work.refresh().await,
                Job::Plan => work.plan().await,
                Job::PlanDown => work.plan_down().await,
                Job::Check => work.check().await,
            };
            (ix, end, busy)
        }));
        handle.id()
    }

    fn join(
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
                let end = if why.is_cancelled() {
                    NodeEnd::Stopped
                } else {
                    NodeEnd::Failed(Fault::internal(format!("{} broke off", self.shared.graph.node(ix).id)))
                };
                (ix, end, self.shared.surroundings.clock.busy())
            }
        }
    }

    fn take_end(&mut self, schedule: &mut Schedule<'_, W>, ix: NodeIx, end: NodeEnd, outcome: &mut Outcome) {
        let good = match &end {
            NodeEnd::Good { output, .. } => {
                if output.is_some() {
                    self.outputs[ix.index()].clone_from(output);
                }
                true
            }
            NodeEnd::Found { finding, output } => {
                self.outputs[ix.index()].clone_from(output);
                let signal = Signal::Found(finding.clone());
                self.shared
                    .recorder
                    .signal(Some(&self.shared.graph.node(ix).id), signal);
                true
            }
            // A plan goes on to show what comes after.
            NodeEnd::Failed(_) | NodeEnd::NeedsPerson(_) => !outcome.intent.changes(),
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
    fn found(&mut self, ix: NodeIx, what: What, note: &'static str) {
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

    async fn obey(
        &mut self,
        order: Order,
        schedule: &mut Schedule<'_, W>,
        running: &mut Running,
        nudges: &HashMap<NodeIx, watch::Sender<Nudge>>,
        outcome: &mut Outcome,
    ) {
        let nudge = |id: &NodeId, nudge| {
            let found = self.shared.graph.find(id).and_then(|ix| nudges.get(&ix));
            found.map(|sender| sender.send_replace(nudge));
        };
        match order {
            Order::Pause => self.paused = true,
            Order::Resume => self.paused = false,
            Order::Stop => {
                outcome.stopped = true;
                let _ = self.stop.send(true);
            }
            Order::StopNow => {
                outcome.stopped = true;
                let _ = self.stop.send(true);
                running.abort_all();
            }
            Order::LookNow(id) => nudge(&id, Nudge::Look),
            Order::TakeMyWord(id) => nudge(&id, Nudge::Word),
            Order::Retry(id) => {
                if let Some(ix) = self.shared.graph.find(&id)
                    && schedule.retry(ix)
                {
                    self.ends[ix.index()] = None;
                }
            }
            Order::Skip(id) => {
                if let Some(ix) = self.shared.graph.find(&id) {
                    self.skip(ix, schedule, outcome).await;
                }
            }
        }
    }

    async fn skip(&mut self, ix: NodeIx, schedule: &mut Schedule<'_, W>, outcome: &mut Outcome) {
        let touched = self.recall(ix, |node| node.standing.is_some() || node.begun.is_some());
        if outcome.intent != Intent::Up || touched || !self.shared.graph.may_skip(ix) || !schedule.may_skip(ix) {
            return;
        }
        let why = Text::Borrowed("the operator left it out");
        let id = &self.shared.graph.node(ix).id;
        match self.shared.recorder.fact(Some(id), Fact::Skipped { why }).await {
            Ok(()) => {
                schedule.skip(ix);
                self.ends[ix.index()] = None;
            }
            Err(fault) => outcome.fatal = Some(fault),
        }
    }

    /// What this node reads; or the node whose output is missing.
    fn inputs(&self, ix: NodeIx) -> Result<Inputs, NodeIx> {
        let graph = &self.shared.graph;
        let mut edges = Vec::new();
        for (number, (edge, picked)) in graph.needs(ix).enumerate() {
            let mut values = Vec::new();
            for &need in picked {
                match &self.outputs[need.index()] {
                    Some(output) => values.push((graph.input_key(ix, number, need), Arc::clone(output))),
                    None if edge.pick.insists() => return Err(need),
                    None => {}
                }
            }
            edges.push(values);
        }
        Ok(Inputs::new(edges))
    }

    /// What becomes of a node whose inputs are not there.
    fn without_inputs(&self, job: Job, ix: NodeIx, needed: NodeIx) -> NodeEnd {
        let graph = &self.shared.graph;
        let id = &graph.node(ix).id;
        let needed = &graph.node(needed).id;
        let found = |what, note: String| NodeEnd::Found {
            finding: Finding {
                what,
                differences: Vec::new(),
                note: note.into(),
            },
            output: None,
        };
        match job {
            Job::Plan => found(self.would_later(ix), format!("after {needed}")),
            Job::Check => found(What::CannotTell, format!("{needed} does not stand")),
            Job::PlanDown => found(What::CannotTell, format!("the result of {needed} is not known")),
            Job::Refresh => NodeEnd::Good {
                output: None,
                changed: false,
            },
            Job::Up | Job::Down => NodeEnd::Failed(
                Fault::new(
                    Kind::Journal,
                    format!("{id} cannot go on: the result of {needed} is not known"),
                )
                .hint("Run `fedwiz apply` for what it needs, then the same command again."),
            ),
        }
    }

    fn would_later(&self, ix: NodeIx) -> What {
        match self.shared.graph.node(ix).about.executor {
            Executor::Human => What::WouldAsk,
            Executor::Wait => What::WouldWait,
            _ => What::WouldMakeLater,
        }
    }

    fn recall<T: Default>(&self, ix: NodeIx, look: impl FnOnce(&NodeRun) -> T) -> T {
        let id = &self.shared.graph.node(ix).id;
        self.shared
            .recorder
            .with_run(|run| run.node(id).map(look).unwrap_or_default())
    }

    /// What stands according to the facts is what others read, until a look says otherwise.
    fn remember_outputs(&mut self) {
        for ix in self.shared.graph.indices() {
            self.outputs[ix.index()] = self.recall(ix, |node| node.standing.as_ref().map(output_of));
        }
    }

    /// The nodes that everything rests on: they only look, need nothing but their like, and are needed by the work.
    fn foundations(&self, work: &[bool]) -> Vec<bool> {
        let graph = &self.shared.graph;
        let mut base = vec![false; work.len()];
        for ix in graph.indices() {
            let about = &graph.node(ix).about;
            base[ix.index()] = about.effect == Effect::Observes
                && !matches!(about.executor, Executor::Human | Executor::Wait)
                && graph
                    .needs(ix)
                    .all(|(_, picked)| picked.iter().all(|need| base[need.index()]));
        }
        let mut needed = work.to_vec();
        for ix in graph.indices().rev() {
            if needed[ix.index()] {
                for (edge, picked) in graph.needs(ix) {
                    if edge.pick != Pick::After {
                        picked.iter().for_each(|need| needed[need.index()] = true);
                    }
                }
            }
        }
        let recalls = |ix: NodeIx| self.recall(ix, |node| node.standing.is_some());
        graph
            .indices()
            .map(|ix| base[ix.index()] && needed[ix.index()] && recalls(ix))
            .collect()
    }

    /// The work that rests on a foundation which is not what it was: it must not be touched.
    fn barred(&self, work: &[bool]) -> Vec<(NodeIx, NodeIx)> {
        let graph = &self.shared.graph;
        let mut by: Vec<Option<NodeIx>> = vec![None; work.len()];
        for ix in graph.indices() {
            let broken = matches!(
                self.ends[ix.index()],
                Some(NodeEnd::Failed(_) | NodeEnd::NeedsPerson(_))
            );
            by[ix.index()] = if broken {
                Some(ix)
            } else {
                let mut needs = graph.needs(ix).filter(|(edge, _)| edge.pick != Pick::After);
                needs.find_map(|(_, picked)| picked.iter().find_map(|need| by[need.index()]))
            };
        }
        let barred = graph.indices().filter(|ix| work[ix.index()]);
        barred.filter_map(|ix| by[ix.index()].map(|by| (ix, by))).collect()
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
                Some(NodeEnd::Stopped | NodeEnd::Fatal(_)) | None => {}
            }
        }
    }
}

fn output_of(standing: &Standing) -> Arc<Value> {
    Arc::clone(&standing.output)
}

#[cfg(test)]
mod tests;
