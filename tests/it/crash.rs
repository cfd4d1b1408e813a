//! A process that dies at any request, up or down, in any of three ways, is followed by one that ends the same.

use fedwiz::{engine::fact::Intent, sim::Moment};
use serde_json::Value;

use crate::loopback::Loopback;

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

/// Dies at request `n` of the way down, and goes on.
async fn die_going_down(n: u64, moment: Moment) -> Result<(), String> {
    let loopback = Loopback::start("fresh").await;
    Loopback::must_end_well(&loopback.run(Intent::Up).await);
    if !loopback.run_and_die(Intent::Down, n, moment).await {
        return Err("the walk ended before that request".into());
    }
    let outcome = loopback.run(Intent::Down).await;
    if outcome.exit_code() != 0 {
        return Err(format!("going on: {:?} {:?}", outcome.failed, outcome.needs_person));
    }
    nothing_left(&loopback)
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

/// Runs all of them, two at a time, and reports every one that failed.
fn all(jobs: Vec<(String, impl Future<Output = Result<(), String>> + Send + 'static)>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let wrong = runtime.block_on(async {
        let count = jobs.len();
        let gate = std::sync::Arc::new(tokio::sync::Semaphore::new(4));
        let mut tasks = tokio::task::JoinSet::new();
        for (name, job) in jobs {
            let gate = gate.clone();
            tasks.spawn(async move {
                let _turn = gate.acquire_owned().await.expect("the gate stays open");
                job.await.map_err(|wrong| format!("{name}: {wrong}"))
            });
        }
        let mut wrong: Vec<String> = Vec::new();
        let mut done = 0;
        while let Some(ended) = tasks.join_next().await {
            done += 1;
            if done % 50 == 0 {
                eprintln!("{done} of {count} crashes, {} that did not end the same", wrong.len());
            }
            match ended {
                Ok(Ok(())) => {}
                Ok(Err(why)) => {
                    eprintln!("{}", why.chars().take(600).collect::<String>());
                    wrong.push(why);
                }
                Err(error) => wrong.push(error.to_string()),
            }
        }
        eprintln!("{count} crashes, {} that did not end the same", wrong.len());
        wrong
    });
    assert!(
        wrong.is_empty(),
        "{} did not end the same, the first:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(5)].join("\n")
    );
}

#[test]
fn a_crash_at_any_request_going_up_ends_the_same() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let clean = std::sync::Arc::new(runtime.block_on(clean()));
    eprintln!("{} requests up, {} down", clean.up, clean.down);
    let jobs = (1..=clean.up).flat_map(|n| Moment::ALL.map(|moment| (n, moment)));
    all(jobs
        .map(|(n, moment)| {
            let clean = clean.clone();
            (format!("request {n} up, {moment:?}"), async move {
                die_going_up(n, moment, &clean).await
            })
        })
        .collect());
}

#[test]
fn a_crash_at_any_request_going_down_ends_the_same() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let clean = runtime.block_on(clean());
    let jobs = (1..=clean.down).flat_map(|n| Moment::ALL.map(|moment| (n, moment)));
    all(jobs
        .map(|(n, moment)| (format!("request {n} down, {moment:?}"), die_going_down(n, moment)))
        .collect());
}
