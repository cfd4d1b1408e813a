//! Walks on simulated clouds, where every call takes 50 ms. What is measured is their time, not this machine's: it comes out the
//! same however busy the machine is.

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
    profile::{Principal, Profile},
    sim::Options,
    steps::World,
};
use jiff::Timestamp;

use crate::{
    Wish,
    fleet::{ACCOUNTS, GROUPS, give},
    loopback::Loopback,
    machine,
    table::{Table, Unit},
};

/// What each call takes.
const CALL: Duration = Duration::from_millis(50);
/// How long the simulated AWS takes to make a role, and how many it makes at a time.
const ROLE_TAKES_S: f64 = 3.0;
const ROLES_AT_ONCE: f64 = 15.0;

fn on_clouds<F: Future>(walk: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(walk)
}

async fn clouds(scenario: &str, change: fn(&mut Profile)) -> Loopback {
    let options = Options {
        scenario: scenario.into(),
        latency: CALL,
        ..Options::default()
    };
    Loopback::start_as(options, change).await
}

/// A run that is over: what it told, and the graph it went along.
struct Told {
    graph: Arc<Graph<World>>,
    notices: Vec<Notice>,
}

/// A run that ends well, on these steps or on all.
async fn run(clouds: &Loopback, intent: Intent, only: &[&str]) -> Told {
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
async fn an_hour_later(clouds: &Loopback) {
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
    fn wall(&self) -> f64 {
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
    fn critical_path(&self) -> f64 {
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
    fn in_a_row(&self) -> f64 {
        self.each().values().sum()
    }

    /// How many requests the nodes of a step made.
    fn requests_of(&self, step: &str) -> usize {
        let of_step = |notice: &&Notice| match notice {
            Notice::Signal(event) => {
                matches!(event.signal, Signal::Exchange(_)) && event.node.as_ref().is_some_and(|id| id.step == step)
            }
            Notice::Fact(_) => false,
        };
        self.notices.iter().filter(of_step).count()
    }

    /// When the first node of a step was begun.
    fn first_begun(&self, step: &str) -> Option<Timestamp> {
        self.notices.iter().find_map(|notice| match notice {
            Notice::Fact(event) if matches!(event.fact, Fact::Started { .. }) => {
                let of_step = event.node.as_ref().is_some_and(|id| id.step == step);
                of_step.then_some(event.at)
            }
            _ => None,
        })
    }
}

/// The tutorial, against the longest way through its graph.
pub fn walk(_: &Wish, table: &mut Table) {
    let (took, (up, again)) = machine::time(|| {
        on_clouds(async {
            let clouds = clouds("fresh", |_| {}).await;
            let up = run(&clouds, Intent::Up, &[]).await;
            an_hour_later(&clouds).await;
            (up, run(&clouds, Intent::Up, &[]).await)
        })
    });
    for (told, what) in [(&up, "set-up"), (&again, "set-up again, nothing to do")] {
        table.row(
            format!("walk: tutorial {what}, wall ÷ critical path"),
            Unit::Times,
            told.wall() / told.critical_path(),
            1.10,
            format!(
                "{:.1} s; one step after the other {:.1} s, {:.1} ×",
                told.wall(),
                told.in_a_row(),
                told.in_a_row() / told.wall(),
            ),
        );
    }
    table.note(
        "walk: both of these on this machine's clock",
        Unit::Millis,
        machine::millis(took),
        "",
    );
}

/// A second set-up, when everything stands.
pub fn again(_: &Wish, table: &mut Table) {
    on_clouds(async {
        let clouds = clouds("fresh", |_| {}).await;
        run(&clouds, Intent::Up, &[]).await;
        an_hour_later(&clouds).await;
        let writes = clouds.sim.writes();
        clouds.sim.record();
        run(&clouds, Intent::Up, &[]).await;
        let all: Vec<_> = clouds
            .sim
            .exchanges()
            .into_iter()
            .filter(|exchange| !exchange.inside)
            .collect();
        let different: BTreeSet<_> = all
            .iter()
            .map(|one| (&one.method, &one.path, &one.query, &one.target, &one.body))
            .collect();
        let written = clouds.sim.writes() - writes;
        table.row("again: writes of a second set-up", Unit::Calls, written as f64, 0.0, "");
        table.row(
            "again: requests of a second set-up ÷ different ones",
            Unit::Times,
            all.len() as f64 / different.len() as f64,
            1.05,
            format!("{} requests, {} different", all.len(), different.len()),
        );
    });
}

/// A thousand people of the tenant, assigned to the application one by one.
fn thousand(profile: &mut Profile) {
    people(profile, 1_000);
}

fn fifty(profile: &mut Profile) {
    people(profile, 50);
}

fn people(profile: &mut Profile, number: usize) {
    let template = profile.people.user[1].clone();
    let domain = template.upn.split('@').next_back().unwrap_or_default().to_owned();
    profile.people.user.extend((1..=number).map(|number| {
        let mut user = template.clone();
        user.upn = format!("user{number:04}@{domain}");
        user.create = false;
        user
    }));
}

pub fn people_assigned(wish: &Wish, table: &mut Table) {
    let (number, change): (_, fn(&mut Profile)) = if wish.quick { (50, fifty) } else { (1_000, thousand) };
    on_clouds(async {
        let clouds = clouds("large", change).await;
        let up = run(&clouds, Intent::Up, &["entra.assign"]).await;
        let down = run(&clouds, Intent::Down, &["entra.assign"]).await;
        for (told, way) in [(&up, "assigned"), (&down, "taken back")] {
            table.row(
                format!("people: {number} {way}, HTTP requests"),
                Unit::Calls,
                told.requests_of("entra.assign") as f64,
                60.0,
                format!("{:.0} s of the clouds' time", told.wall()),
            );
        }
    });
}

/// Ten people made by hand, with two permission sets in each account.
fn two_thousand(profile: &mut Profile) {
    by_hand(profile, 2);
}

fn one_thousand(profile: &mut Profile) {
    by_hand(profile, 1);
}

fn by_hand(profile: &mut Profile, sets: usize) {
    let template = profile.people.user[0].clone();
    let domain = template.upn.split('@').next_back().unwrap_or_default().to_owned();
    let mut principals = Vec::new();
    for number in 1..=GROUPS {
        let mut user = template.clone();
        user.upn = format!("Fleet{number:02}@{domain}");
        user.display_name = Some(format!("Fleet {number:02}"));
        principals.push(Principal::User(user.upn.clone()));
        profile.people.user.push(user);
    }
    give(profile, &principals, sets);
}

/// Access for many, as fast as AWS lets anybody.
pub fn assignments(wish: &Wish, table: &mut Table) {
    let (sets, change): (_, fn(&mut Profile)) = if wish.quick {
        (1, one_thousand)
    } else {
        (2, two_thousand)
    };
    let number = sets * GROUPS * ACCOUNTS;
    on_clouds(async {
        let clouds = clouds("large", change).await;
        let up = run(&clouds, Intent::Up, &["aws.assignment"]).await;
        let begun = up.first_begun("aws.assignment").unwrap();
        let took = seconds(begun, at(up.notices.last().unwrap()));
        let allowed = number as f64 * ROLE_TAKES_S / ROLES_AT_ONCE;
        let broken = clouds.sim.verdict();
        table.row(
            format!("assignments: {number} made, wall ÷ what the limits allow"),
            Unit::Times,
            took / allowed,
            1.10,
            format!(
                "{took:.0} s; one after the other {:.0} s",
                number as f64 * (ROLE_TAKES_S + CALL.as_secs_f64())
            ),
        );
        table.row("assignments: limits broken", Unit::Calls, broken.len() as f64, 0.0, "");
        an_hour_later(&clouds).await;
        let again = run(&clouds, Intent::Up, &["aws.assignment"]).await;
        table.row(
            format!("assignments: requests that read {number} back"),
            Unit::Calls,
            again.requests_of("aws.assignment") as f64,
            40.0,
            format!("{:.0} s of the clouds' time", again.wall()),
        );
    });
}
