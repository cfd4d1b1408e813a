//! Simulated clouds, where every call takes 50 ms, and walks on them. What is measured is their time, not this machine's: it
//! comes out the same however busy the machine is.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use fedwiz::{
    engine::{
        fact::{Fact, Intent},
        graph::{Graph, NodeId},
        recorder::Notice,
        select::Selection,
        signal::Signal,
    },
    profile::Profile,
    sim::Options,
    steps::World,
};
use jiff::Timestamp;

use crate::loopback::Loopback;

/// What each call takes.
const CALL: Duration = Duration::from_millis(50);

/// Goes a walk, and all that belongs to it.
pub fn on_clouds<F: Future>(walk: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(walk)
}

/// Clouds of this scenario, and a profile that differs from the tutorial's.
pub async fn clouds(scenario: &str, change: fn(&mut Profile)) -> Loopback {
    let options = Options {
        scenario: scenario.into(),
        latency: CALL,
        ..Options::default()
    };
    Loopback::start_as(options, change).await
}

/// A run that is over: what it told, and the graph it went along.
pub struct Told {
    graph: Arc<Graph<World>>,
    notices: Vec<Notice>,
}

/// A run that ends well, on these steps or on all.
pub async fn run(clouds: &Loopback, intent: Intent, only: &[&str]) -> Told {
    let session = clouds.session().await.unwrap();
    let mut heard = session.recorder.subscribe();
    let selection = Selection {
        only: only.iter().map(|word| (*word).to_owned()).collect(),
        ..Selection::default()
    };
    // Somebody has to listen, or what is told piles up.
    let listening = tokio::spawn(async move {
        let mut notices = Vec::new();
        while let Some(notice) = heard.next().await {
            notices.push(notice);
        }
        notices
    });
    let outcome = session
        .driver(clouds.spoilt("", |_| {}), selection)
        .run(intent)
        .await
        .unwrap();
    Loopback::must_end_well(&outcome);
    let graph = Arc::clone(&session.graph);
    drop(session);
    Told {
        graph,
        notices: listening.await.unwrap(),
    }
}

/// Somebody else's calls of a moment ago would be counted against the limits.
pub async fn an_hour_later(clouds: &Loopback) {
    let clock = clouds.sim.clock();
    let _busy = clock.busy();
    clock.sleep(Duration::from_secs(3600)).await;
}

fn at(notice: &Notice) -> Timestamp {
    match notice {
        Notice::Fact(event) => event.at,
        Notice::Signal(event) => event.at,
    }
}

fn node(notice: &Notice) -> Option<&NodeId> {
    match notice {
        Notice::Fact(event) => event.node.as_ref(),
        Notice::Signal(event) => event.node.as_ref(),
    }
}

fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64()
}

impl Told {
    /// From its beginning to its end.
    pub fn wall(&self) -> f64 {
        let ends = (self.notices.first(), self.notices.last());
        let (Some(first), Some(last)) = ends else { return 0.0 };
        seconds(at(first), at(last))
    }

    /// How long each node takes at least: its calls, and from when it waits for the clouds to its end.
    fn each(&self) -> HashMap<&NodeId, f64> {
        let mut calls: HashMap<&NodeId, u32> = HashMap::new();
        let mut waits: HashMap<&NodeId, (Timestamp, Timestamp)> = HashMap::new();
        for notice in &self.notices {
            let Some(id) = node(notice) else { continue };
            let at = at(notice);
            let waiting = match notice {
                Notice::Fact(event) => matches!(event.fact, Fact::Waiting { .. }),
                Notice::Signal(event) => matches!(event.signal, Signal::StillWaiting { .. }),
            };
            match (waits.get_mut(id), notice) {
                (Some(wait), _) => wait.1 = at,
                (None, _) if waiting => drop(waits.insert(id, (at, at))),
                (None, Notice::Signal(event)) if matches!(event.signal, Signal::Exchange(_)) => {
                    *calls.entry(id).or_default() += 1;
                }
                (None, _) => {}
            }
        }
        let ids: HashSet<&NodeId> = calls.keys().chain(waits.keys()).copied().collect();
        let takes = |id: &NodeId| {
            let calls = f64::from(calls.get(id).copied().unwrap_or(0)) * CALL.as_secs_f64();
            calls + waits.get(id).map_or(0.0, |&(from, to)| seconds(from, to))
        };
        ids.into_iter().map(|id| (id, takes(id))).collect()
    }

    /// The longest way through the graph: no order of the steps could be done sooner.
    pub fn critical_path(&self) -> f64 {
        let each = self.each();
        let mut done = vec![0.0_f64; self.graph.nodes().len()];
        for ix in self.graph.indices() {
            let needs = self.graph.needs(ix).flat_map(|(_, picked)| picked);
            let begins = needs.map(|need| done[need.index()]).fold(0.0, f64::max);
            done[ix.index()] = begins + each.get(&self.graph.node(ix).id).copied().unwrap_or(0.0);
        }
        done.into_iter().fold(0.0, f64::max)
    }

    /// All steps one after the other.
    pub fn in_a_row(&self) -> f64 {
        self.each().values().sum()
    }

    /// How many requests the nodes of a step made.
    pub fn requests_of(&self, step: &str) -> usize {
        let of_step = |notice: &&Notice| match notice {
            Notice::Signal(event) => {
                matches!(event.signal, Signal::Exchange(_)) && event.node.as_ref().is_some_and(|id| id.step == step)
            }
            Notice::Fact(_) => false,
        };
        self.notices.iter().filter(of_step).count()
    }

    /// From when the first node of this kind was begun to when the last one stood.
    pub fn span_of(&self, of_kind: impl Fn(&NodeId) -> bool) -> f64 {
        let mut span: Option<(Timestamp, Timestamp)> = None;
        for notice in &self.notices {
            let Notice::Fact(event) = notice else { continue };
            if !event.node.as_ref().is_some_and(&of_kind) {
                continue;
            }
            match (&event.fact, &mut span) {
                (Fact::Started { .. }, None) => span = Some((event.at, event.at)),
                (Fact::Done { .. }, Some((_, to))) => *to = event.at,
                _ => {}
            }
        }
        span.map_or(0.0, |(from, to)| seconds(from, to))
    }
}

/// What a walk asked the clouds for.
pub struct Asked {
    /// How many requests changed something.
    pub writes: usize,
    /// How many requests there were.
    pub requests: usize,
    /// How many of them were different.
    pub different: usize,
    /// Which of them came again, for whoever is to mend it.
    pub twice: BTreeSet<String>,
}

/// Goes a walk on all steps when everything stands, and counts what it asks for.
pub async fn again(clouds: &Loopback) -> Asked {
    an_hour_later(clouds).await;
    let writes = clouds.sim.writes();
    clouds.sim.record();
    run(clouds, Intent::Up, &[]).await;
    let all: Vec<_> = clouds
        .sim
        .exchanges()
        .into_iter()
        .filter(|exchange| !exchange.inside)
        .collect();
    let mut different = BTreeSet::new();
    let mut twice = BTreeSet::new();
    for one in &all {
        if !different.insert((&one.method, &one.path, &one.query, &one.target, &one.body)) {
            let name = one.target.as_deref().unwrap_or(&one.path);
            let body = String::from_utf8_lossy(&one.body);
            twice.insert(format!(
                "{} {name} {}",
                one.method,
                body.chars().take(300).collect::<String>()
            ));
        }
    }
    Asked {
        writes: clouds.sim.writes() - writes,
        requests: all.len(),
        different: different.len(),
        twice,
    }
}
