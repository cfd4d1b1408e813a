//! A toy world: a cloud of named things that refer to each other, with latency, lag, lost answers and crashes, and the
//! steps that make them. For the engine's own tests.

mod clock;
mod steps;

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::Notify;

pub(super) use clock::Stepped;
pub(super) use steps::PHASES;

use super::{
    driver::{Control, Driver, Options},
    fact::{Event, Intent},
    graph::{Graph, NodeId},
    guide::{Answer, Guide, Nobody, Operator},
    outcome::Outcome,
    recorder::{Notice, Recorder, Subscription},
    run::Run,
    step::World,
};
use crate::{
    clock::SharedClock,
    fault::{Fault, Kind, Retry},
};

/// An object of the toy cloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Object {
    pub id: u64,
    pub value: String,
    pub refs: Vec<String>,
    visible_at: Timestamp,
}

/// What goes wrong with the next changing call on a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mishap {
    /// The request never arrives, and nobody can tell.
    LostBefore,
    /// The change is made and the answer is lost.
    LostAfter,
    /// Nothing is changed; try again.
    Throttled,
    /// Nothing is changed; a thing that was just made is not visible yet.
    NotYet,
    /// Nothing is changed, for good.
    Refused,
}

/// When the process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Crash {
    /// Before the n-th call is sent.
    BeforeCall(u64),
    /// After the n-th call has taken effect and before its answer.
    AfterEffect(u64),
}

#[derive(Debug, Default)]
pub(super) struct Cloud {
    pub objects: BTreeMap<String, Object>,
    pub violations: Vec<String>,
    pub mishaps: HashMap<String, VecDeque<Mishap>>,
    pub probes: u64,
    pub writes: u64,
    pub asked: u64,
    pub account: String,
    /// Names of things whose making is under way, and the most there were at once.
    pub making: Vec<String>,
    pub most_at_once: usize,
    next_id: u64,
}

/// How a thing of the profile is to be.
#[derive(Debug, Clone)]
pub(super) struct Spec {
    pub name: String,
    pub refs: Vec<String>,
    pub human: bool,
    pub lane: Option<String>,
}

pub(super) struct Toy {
    pub cloud: Mutex<Cloud>,
    pub specs: Mutex<Vec<Spec>>,
    pub clock: SharedClock,
    pub lag: Duration,
    pub arrives_at: Mutex<Option<Timestamp>>,
    pub crash: Mutex<Option<Crash>>,
    calls: AtomicU64,
    crashed: Notify,
}

impl World for Toy {
    fn targets(&self) -> Vec<String> {
        vec!["main".into()]
    }
}

pub(super) fn lost() -> Fault {
    Fault::new(Kind::Unavailable, "the answer was lost").retry(Retry::LookFirst)
}

impl Toy {
    pub(super) fn new(specs: &[(&str, &[&str])]) -> Arc<Self> {
        Self::with(Stepped::shared(), Duration::ZERO, specs)
    }

    pub(super) fn with(clock: SharedClock, lag: Duration, specs: &[(&str, &[&str])]) -> Arc<Self> {
        let specs = specs
            .iter()
            .map(|(name, refs)| {
                let (name, lane) = match name.split_once('@') {
                    Some((name, lane)) => (name, Some(lane.to_owned())),
                    None => (*name, None),
                };
                Spec {
                    name: name.trim_end_matches('!').to_owned(),
                    refs: refs.iter().map(|name| (*name).to_owned()).collect(),
                    human: name.ends_with('!'),
                    lane,
                }
            })
            .collect();
        Arc::new(Self {
            cloud: Mutex::new(Cloud {
                account: "111".into(),
                ..Cloud::default()
            }),
            specs: Mutex::new(specs),
            clock,
            lag,
            arrives_at: Mutex::default(),
            crash: Mutex::default(),
            calls: AtomicU64::new(0),
            crashed: Notify::new(),
        })
    }

    pub(super) fn cloud(&self) -> MutexGuard<'_, Cloud> {
        self.cloud.lock().unwrap()
    }

    pub(super) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    pub(super) fn spec(&self, name: &str) -> Option<Spec> {
        self.specs
            .lock()
            .unwrap()
            .iter()
            .find(|spec| spec.name == name)
            .cloned()
    }

    /// Puts a thing there by other hands.
    pub(super) fn plant(&self, name: &str, value: &str) {
        let mut cloud = self.cloud();
        cloud.next_id += 1;
        let id = cloud.next_id;
        let object = Object {
            id,
            value: value.into(),
            refs: Vec::new(),
            visible_at: Timestamp::MIN,
        };
        cloud.objects.insert(name.into(), object);
    }

    pub(super) fn mishaps(&self, name: &str, mishaps: &[Mishap]) {
        self.cloud()
            .mishaps
            .insert(name.into(), mishaps.iter().copied().collect());
    }

    /// Names and values of all that is there.
    pub(super) fn contents(&self) -> Vec<(String, String)> {
        let cloud = self.cloud();
        cloud
            .objects
            .iter()
            .map(|(name, object)| (name.clone(), object.value.clone()))
            .collect()
    }

    /// One call: latency, perhaps a crash, the effect, perhaps a crash, latency.
    pub(super) async fn call<T>(
        &self,
        act: impl FnOnce(&mut Cloud, Timestamp) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let number = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let crash = *self.crash.lock().unwrap();
        if crash == Some(Crash::BeforeCall(number)) {
            self.die().await;
        }
        self.clock.sleep(Duration::from_millis(20)).await;
        let answer = act(&mut self.cloud(), self.clock.now());
        if crash == Some(Crash::AfterEffect(number)) {
            self.die().await;
        }
        self.clock.sleep(Duration::from_millis(20)).await;
        answer
    }

    async fn die(&self) {
        self.crashed.notify_one();
        std::future::pending::<()>().await;
    }

    /// Asks for the next mishap of this thing; `effect` is what the call does when it arrives.
    fn change<T>(
        cloud: &mut Cloud,
        name: &str,
        effect: impl FnOnce(&mut Cloud) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let fault = |kind, what: &'static str, retry| Err(Fault::new(kind, what).retry(retry));
        match cloud.mishaps.get_mut(name).and_then(VecDeque::pop_front) {
            None => effect(cloud),
            Some(Mishap::LostBefore) => Err(lost()),
            Some(Mishap::LostAfter) => effect(cloud).and_then(|_| Err(lost())),
            Some(Mishap::Throttled) => fault(Kind::Throttled, "slow down", Retry::After(Duration::from_secs(7))),
            Some(Mishap::NotYet) => fault(Kind::NotFound, "not visible yet", Retry::Replication),
            Some(Mishap::Refused) => fault(Kind::Refused, "no", Retry::Never),
        }
    }

    pub(super) async fn find(&self, name: &str, id: Option<u64>) -> Result<Option<Object>, Fault> {
        self.call(|cloud, now| {
            cloud.probes += 1;
            let found = cloud.objects.get(name).filter(|object| object.visible_at <= now);
            Ok(found.filter(|object| id.is_none_or(|id| id == object.id)).cloned())
        })
        .await
    }

    /// Notes that a thing is being made, and whether another of its lane is.
    fn begin_making(&self, name: &str) {
        let lane = |name: &str| self.spec(name).and_then(|spec| spec.lane);
        let mut cloud = self.cloud();
        let mine = lane(name);
        let beside = cloud.making.iter().find(|other| mine.is_some() && lane(other) == mine);
        if let Some(beside) = beside {
            let what = format!("{name} and {beside} are made at once");
            cloud.violations.push(what);
        }
        cloud.making.push(name.to_owned());
        cloud.most_at_once = cloud.most_at_once.max(cloud.making.len());
    }

    pub(super) async fn create(&self, name: &str, refs: &[String]) -> Result<u64, Fault> {
        self.begin_making(name);
        let made = self.create_now(name, refs).await;
        self.cloud().making.retain(|other| other != name);
        made
    }

    async fn create_now(&self, name: &str, refs: &[String]) -> Result<u64, Fault> {
        let lag = self.lag;
        self.call(|cloud, now| {
            Self::change(cloud, name, |cloud| {
                cloud.writes += 1;
                cloud.next_id += 1;
                let id = cloud.next_id;
                if cloud.objects.contains_key(name) {
                    cloud.violations.push(format!("{name} is made twice"));
                }
                for wanted in refs.iter().filter(|wanted| !cloud.objects.contains_key(*wanted)) {
                    cloud
                        .violations
                        .push(format!("{name} refers to {wanted}, which is not there"));
                }
                let object = Object {
                    id,
                    value: "wanted".into(),
                    refs: refs.to_vec(),
                    visible_at: super::policy::later(now, lag),
                };
                cloud.objects.insert(name.into(), object);
                Ok(id)
            })
        })
        .await
    }

    pub(super) async fn set(&self, name: &str, value: &str) -> Result<(), Fault> {
        self.call(|cloud, _| {
            Self::change(cloud, name, |cloud| {
                cloud.writes += 1;
                if let Some(object) = cloud.objects.get_mut(name) {
                    object.value = value.into();
                }
                Ok(())
            })
        })
        .await
    }

    pub(super) async fn delete(&self, name: &str, id: u64) -> Result<bool, Fault> {
        self.call(|cloud, _| {
            Self::change(cloud, name, |cloud| {
                cloud.writes += 1;
                if cloud
                    .objects
                    .values()
                    .any(|object| object.refs.iter().any(|wanted| wanted == name))
                {
                    cloud.violations.push(format!("{name} is deleted while referred to"));
                }
                let found = cloud.objects.get(name).is_some_and(|object| object.id == id);
                if found {
                    cloud.objects.remove(name);
                }
                Ok(found)
            })
        })
        .await
    }
}

/// A person at the toy console.
#[derive(Debug, Default)]
pub(super) struct Person {
    pub unproven: bool,
    /// How often nobody is there before this person comes.
    pub absences: AtomicU64,
}

impl Person {
    /// Who is not there when first asked.
    pub(super) fn not_at_first() -> Self {
        Self {
            absences: AtomicU64::new(1),
            ..Self::default()
        }
    }
}

#[async_trait]
impl Operator for Person {
    async fn ask(&self, node: &NodeId, guide: &Guide) -> Result<Answer, Fault> {
        let left = |left: u64| left.checked_sub(1);
        if self
            .absences
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, left)
            .is_ok()
        {
            return Nobody.ask(node, guide).await;
        }
        let mut answer = Answer::done();
        answer.unproven = self.unproven;
        Ok(answer)
    }
}

/// A person who reads and does not answer.
#[derive(Debug, Default)]
pub(super) struct Slow;

#[async_trait]
impl Operator for Slow {
    async fn ask(&self, _: &NodeId, _: &Guide) -> Result<Answer, Fault> {
        std::future::pending().await
    }
}

pub(super) fn id(item: &str) -> NodeId {
    NodeId {
        target: None,
        step: "toy.thing".into(),
        item: item.into(),
    }
}

pub(super) fn chore(item: &str) -> NodeId {
    NodeId {
        step: "toy.chore".into(),
        ..id(item)
    }
}

/// A journal in memory, and runs on it.
pub(super) struct Bench {
    pub toy: Arc<Toy>,
    pub events: Vec<Event>,
    pub operator: Arc<dyn Operator>,
    pub options: Options,
}

impl Bench {
    pub(super) fn new(toy: &Arc<Toy>) -> Self {
        Self {
            toy: Arc::clone(toy),
            events: Vec::new(),
            operator: Arc::new(Person::default()),
            options: Options::default(),
        }
    }

    pub(super) fn facts(&self) -> Run {
        Run::of(&self.events)
    }

    pub(super) fn graph(&self) -> Arc<Graph<Toy>> {
        Arc::new(Graph::build_with(PHASES, &self.toy, &self.facts().ours()).unwrap())
    }

    pub(super) fn driver(&self) -> (Driver<Toy>, Subscription) {
        let recorder = Arc::new(Recorder::in_memory(Run::of(&self.events), Arc::clone(&self.toy.clock)));
        let heard = recorder.subscribe();
        let driver = Driver::new(
            self.graph(),
            Arc::clone(&self.toy),
            recorder,
            Arc::clone(&self.toy.clock),
            Arc::clone(&self.operator),
            Options {
                run: format!("run-{}", self.events.len()),
                ..self.options.clone()
            },
        );
        (driver, heard)
    }

    /// Runs to the end, or to the crash. None after a crash.
    pub(super) async fn go(&mut self, intent: Intent) -> Option<Outcome> {
        self.go_with(intent, |_| std::future::pending()).await
    }

    /// Runs until the end, a crash, or the end of `until`, which gets the handle.
    pub(super) async fn go_with<F: Future<Output = ()>>(
        &mut self,
        intent: Intent,
        until: impl FnOnce(Control) -> F,
    ) -> Option<Outcome> {
        let (driver, mut heard) = self.driver();
        let until = until(driver.control());
        let outcome = tokio::select! {
            biased;
            outcome = driver.run(intent) => Some(outcome.unwrap()),
            () = self.toy.crashed.notified() => None,
            () = until => None,
        };
        settle_tasks().await;
        while let Some(notice) = heard.try_next() {
            if let Notice::Fact(event) = notice {
                self.events.push(Event::clone(&event));
            }
        }
        outcome
    }

    /// Runs again and again until it comes to an end.
    pub(super) async fn go_on(&mut self, intent: Intent) -> Outcome {
        for _ in 0..50 {
            if let Some(outcome) = self.go(intent).await {
                return outcome;
            }
            *self.toy.crash.lock().unwrap() = None;
        }
        panic!("it never comes to an end");
    }

    /// Runs until the n-th new fact is known, and drops the driver there. None when it came to that.
    pub(super) async fn go_until_fact(&mut self, intent: Intent, n: usize) -> Option<Outcome> {
        let (driver, mut heard) = self.driver();
        let mut new = Vec::new();
        let mut run = Box::pin(driver.run(intent));
        let outcome = loop {
            tokio::select! {
                biased;
                notice = heard.next() => if let Some(Notice::Fact(event)) = notice {
                    new.push(Event::clone(&event));
                    if new.len() == n {
                        break None;
                    }
                },
                outcome = &mut run => break Some(outcome.unwrap()),
            }
        };
        // What the tasks still manage to say before they are aborted is known as well.
        drop(run);
        settle_tasks().await;
        while let Some(notice) = heard.try_next() {
            if let Notice::Fact(event) = notice {
                new.push(Event::clone(&event));
            }
        }
        self.events.extend(new);
        outcome
    }
}

/// Lets aborted tasks be dropped.
async fn settle_tasks() {
    for _ in 0..64 {
        tokio::task::yield_now().await;
    }
}
