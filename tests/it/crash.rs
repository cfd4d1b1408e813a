//! A process that dies at any request, up or down, in any of three ways, is followed by one that ends the same.

use std::sync::Mutex;

use fedwiz::{engine::fact::Intent, sim::Moment};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::loopback::{Kept, Loopback};

/// What must be the same after any crash: all live objects, without the ids and times that differ from run to run.
fn shape(state: &Value) -> Value {
    match state {
        Value::Object(members) => {
            let kept = members.iter().map(|(key, value)| (key.clone(), shape(value)));
            Value::Object(kept.collect())
        }
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(shape).collect();
            items.sort_by_key(Value::to_string);
            Value::Array(items)
        }
        Value::String(text) if looks_made(text) => Value::from("…"),
        Value::String(text) => {
            let parts = text.split_inclusive(|c: char| !c.is_ascii_alphanumeric() && c != '-');
            let kept = parts.map(|part| if looks_made(part) { "…" } else { part });
            Value::from(kept.collect::<String>())
        }
        other => other.clone(),
    }
}

/// Ids, thumbprints and times.
fn looks_made(text: &str) -> bool {
    let hexish = text
        .chars()
        .filter(|c| c.is_ascii_hexdigit() || "-:TZ./".contains(*c))
        .count();
    text.len() >= 12 && hexish * 10 >= text.chars().count() * 7 && text.chars().any(|c| c.is_ascii_digit())
}

/// Where two states differ.
fn differences(at: &str, a: &Value, b: &Value, into: &mut Vec<String>) {
    match (a, b) {
        (Value::Object(x), Value::Object(y)) => {
            let keys: std::collections::BTreeSet<&String> = x.keys().chain(y.keys()).collect();
            for key in keys {
                let (x, y) = (x.get(key).unwrap_or(&Value::Null), y.get(key).unwrap_or(&Value::Null));
                differences(&format!("{at}/{key}"), x, y, into);
            }
        }
        (Value::Array(x), Value::Array(y)) if x.len() == y.len() => {
            x.iter()
                .zip(y)
                .enumerate()
                .for_each(|(n, (x, y))| differences(&format!("{at}/{n}"), x, y, into));
        }
        _ if a == b => {}
        _ => into.push(format!("{at} is {a}, not {b}")),
    }
}

/// How many live objects of each kind there are.
fn census(state: &Value) -> Vec<(String, usize)> {
    fn walk(at: &str, value: &Value, into: &mut Vec<(String, usize)>) {
        match value {
            Value::Array(items) => {
                into.push((at.to_owned(), items.len()));
                items.iter().for_each(|item| walk(at, item, into));
            }
            Value::Object(members) => members
                .iter()
                .for_each(|(key, value)| walk(&format!("{at}/{key}"), value, into)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk("", state, &mut found);
    found.sort();
    found
}

/// What one clean walk looks like.
struct Clean {
    up: u64,
    down: u64,
    state: Value,
}

async fn clean() -> Clean {
    let loopback = Loopback::start("fresh").await;
    Loopback::must_end_well(&loopback.run(Intent::Up).await);
    let up = loopback.sim.requests();
    let state = loopback.sim.state_json();
    Loopback::must_end_well(&loopback.run(Intent::Down).await);
    assert_eq!(
        loopback.sim.state_json(),
        loopback.before,
        "a clean walk leaves something"
    );
    assert_eq!(loopback.sim.verdict(), Vec::<String>::new());
    Clean {
        up,
        down: loopback.sim.requests() - up,
        state,
    }
}

/// Dies at request `n` of the way up, goes on, and comes down again. What is wrong with it, if anything.
async fn die_going_up(n: u64, moment: Moment, clean: &Clean) -> Result<(), String> {
    let loopback = Loopback::start("fresh").await;
    if !loopback.run_and_die(Intent::Up, n, moment).await {
        return Err("the walk ended before that request".into());
    }
    let outcome = loopback.run(Intent::Up).await;
    if outcome.exit_code() != 0 {
        return Err(format!("going on: {:?} {:?}", outcome.failed, outcome.needs_person));
    }
    let state = loopback.sim.state_json();
    if census(&state) != census(&clean.state) {
        return Err(format!(
            "other objects:\n{:?}\n{:?}",
            census(&state),
            census(&clean.state)
        ));
    }
    if shape(&state) != shape(&clean.state) {
        let mut different = Vec::new();
        differences("", &shape(&state), &shape(&clean.state), &mut different);
        return Err(format!("another state: {}", different.join("; ")));
    }
    let outcome = loopback.run(Intent::Down).await;
    if outcome.exit_code() != 0 {
        return Err(format!(
            "taking it back: {:?} {:?}",
            outcome.failed, outcome.needs_person
        ));
    }
    nothing_left(&loopback)
}

/// What was set up once, to be taken back again and again, each time from the very same moment.
pub struct SetUp {
    loopback: Loopback,
    kept: Kept,
    state: Value,
}

impl SetUp {
    pub async fn new() -> Self {
        let loopback = Loopback::start("fresh").await;
        Loopback::must_end_well(&loopback.run(Intent::Up).await);
        let kept = loopback.keep().await;
        let state = loopback.sim.state_json();
        Self { loopback, kept, state }
    }

    /// Everything as it was: the clouds, their clock and ledger, the journal, the secrets.
    pub async fn again(&mut self) -> &Loopback {
        self.loopback.put_back(&self.kept).await;
        assert_eq!(self.loopback.sim.state_json(), self.state, "another world was put back");
        &self.loopback
    }

    /// Dies at request `n` of the way down, and goes on.
    async fn die(&mut self, n: u64, moment: Moment) -> Result<(), String> {
        let loopback = self.again().await;
        if !loopback.run_and_die(Intent::Down, n, moment).await {
            return Err("the walk ended before that request".into());
        }
        let outcome = loopback.run(Intent::Down).await;
        if outcome.exit_code() != 0 {
            return Err(format!("going on: {:?} {:?}", outcome.failed, outcome.needs_person));
        }
        nothing_left(loopback)
    }
}

fn nothing_left(loopback: &Loopback) -> Result<(), String> {
    let after = loopback.sim.state_json();
    if after != loopback.before {
        return Err(format!(
            "left behind:\n{:?}\n{:?}",
            census(&loopback.before),
            census(&after)
        ));
    }
    let verdict = loopback.sim.verdict();
    if verdict.is_empty() {
        Ok(())
    } else {
        Err(format!("{verdict:?}"))
    }
}

/// How many crashes are tried side by side.
const LANES: usize = 4;

/// A crash to be tried: which request, counted from 1, and when.
pub type Crash = (u64, Moment);

/// Every request of a walk with so many, each in all three ways.
pub fn each(requests: u64) -> Vec<Crash> {
    (1..=requests)
        .flat_map(|n| Moment::ALL.map(|moment| (n, moment)))
        .collect()
}

/// What is still to be tried, and what was wrong so far.
struct Tries {
    open: Vec<Crash>,
    done: usize,
    wrong: Vec<String>,
}

/// Tries them side by side, and reports every one that did not end the same. Each lane makes its own `lane`, and tries with
/// it as often as there is something to try.
pub fn all<L>(
    crashes: Vec<Crash>,
    lane: impl AsyncFn() -> L + Sync,
    attempt: impl AsyncFn(&mut L, Crash) -> Result<(), String> + Sync,
) {
    let count = crashes.len();
    let tries = Mutex::new(Tries {
        open: crashes,
        done: 0,
        wrong: Vec::new(),
    });
    let next = || tries.lock().expect("no lane panics in here").open.pop();
    let ended = |(n, moment): Crash, result: Result<(), String>| {
        let mut tries = tries.lock().expect("no lane panics in here");
        tries.done += 1;
        if let Err(why) = result {
            let why = format!("request {n}, {moment:?}: {why}");
            eprintln!("{}", why.chars().take(600).collect::<String>());
            tries.wrong.push(why);
        }
        if tries.done.is_multiple_of(50) || tries.done == count {
            eprintln!(
                "{} of {count} crashes, {} that did not end the same",
                tries.done,
                tries.wrong.len()
            );
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..LANES {
            scope.spawn(|| {
                runtime().block_on(async {
                    let mut lane = lane().await;
                    while let Some(crash) = next() {
                        ended(crash, attempt(&mut lane, crash).await);
                    }
                });
            });
        }
    });
    let wrong = tries.into_inner().expect("no lane panics in there").wrong;
    assert!(
        wrong.is_empty(),
        "{} did not end the same, the first:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(5)].join("\n")
    );
}

pub fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime")
}

#[test]
fn a_crash_at_any_request_going_up_ends_the_same() {
    let clean = runtime().block_on(clean());
    eprintln!("{} requests up, {} down", clean.up, clean.down);
    all(
        each(clean.up),
        async || (),
        async |(), (n, moment)| die_going_up(n, moment, &clean).await,
    );
}

#[test]
fn a_crash_at_any_request_going_down_ends_the_same() {
    let clean = runtime().block_on(clean());
    all(each(clean.down), SetUp::new, async |set_up: &mut SetUp, (n, moment)| {
        set_up.die(n, moment).await
    });
}

#[test]
fn a_crash_at_any_touch_of_a_secret_ends_the_same() {
    runtime().block_on(async {
        let counted = Loopback::start("fresh").await;
        let up = counted.secrets_touched(Intent::Up).await;
        let down = counted.secrets_touched(Intent::Down).await;
        assert_eq!(counted.secrets_kept(), 0, "a teardown leaves secrets");
        assert!(up > 0 && down > 0, "{up} touches up, {down} down");
        for after in [false, true] {
            for n in 1..=up {
                let loopback = Loopback::start("fresh").await;
                assert!(loopback.run_and_die_at_a_secret(Intent::Up, n, after).await);
                Loopback::must_end_well(&loopback.run(Intent::Up).await);
                Loopback::must_end_well(&loopback.run(Intent::Down).await);
                let left = nothing_left(&loopback);
                assert!(left.is_ok(), "up, secret {n}, after: {after}: {left:?}");
                assert_eq!(loopback.secrets_kept(), 0, "up, secret {n}, after: {after}");
            }
            let mut set_up = SetUp::new().await;
            for n in 1..=down {
                let loopback = set_up.again().await;
                assert!(loopback.run_and_die_at_a_secret(Intent::Down, n, after).await);
                let outcome = loopback.run(Intent::Down).await;
                let at = format!("down, secret {n}, after: {after}");
                assert_eq!(
                    outcome.exit_code(),
                    0,
                    "{at}: {:?} {:?}",
                    outcome.failed,
                    outcome.needs_person
                );
                let left = nothing_left(loopback);
                assert!(left.is_ok(), "{at}: {left:?}");
                assert_eq!(loopback.secrets_kept(), 0, "{at}");
            }
        }
    });
}

#[test]
fn what_is_put_back_goes_on_as_it_did() {
    runtime().block_on(async {
        let mut set_up = SetUp::new().await;
        let mut ledgers = Vec::new();
        for _ in 0..2 {
            let loopback = set_up.again().await;
            Loopback::must_end_well(&loopback.run(Intent::Down).await);
            nothing_left(loopback).expect("nothing is left");
            ledgers.push((loopback.sim.ledger_json(), loopback.story("")));
        }
        assert_eq!(
            ledgers[0], ledgers[1],
            "the same walk from the same moment went another way"
        );
        let fresh = Loopback::start("fresh").await;
        Loopback::must_end_well(&fresh.run(Intent::Up).await);
        Loopback::must_end_well(&fresh.run(Intent::Down).await);
        let requests = |ledger: &Value| ledger["requests"].as_array().map(Vec::len);
        assert_eq!(
            requests(&fresh.sim.ledger_json()),
            requests(&ledgers[0].0),
            "a walk that nobody kept went another way"
        );
    });
}
