//! What is live: a log that is followed, people on both sides, a token that has ended, and clouds that do not answer.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use fedwiz::{
    engine::{fact::Intent, select::Selection},
    sim::weather::{Outage, Weather},
};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    harness::run,
    loopback::Loopback,
    upkeep::{Stands, found, lines},
};

const RICHARD: &str = "RichardRoe@contoso.onmicrosoft.com";

#[cfg(unix)]
#[test]
fn a_log_that_is_followed_tells_what_comes_and_ends_well_with_ctrl_c() {
    let stands = Stands::up();
    let mut follow = stands
        .command("sync", &["--follow", "--json", "--filter", "richard", "--since", "1h"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut told = BufReader::new(follow.stdout.take().expect("piped")).lines();
    stands.sim.post(
        "/console/entra.edit-user",
        &json!({ "upn": RICHARD, "property": "department", "value": "Accounting" }),
    );
    stands.run("sync", &["on-demand", RICHARD]).expect_code(0);
    let entry: Value = loop {
        let line = told.next().expect("it goes on").expect("a line");
        let line: Value = serde_json::from_str(&line).expect("JSON");
        if line["written"].to_string().contains("Accounting") {
            break line;
        }
    };
    assert_eq!(
        (&entry["kind"], &entry["result"]),
        (&json!("provisioned"), &json!("success")),
        "{entry:#}"
    );
    let id = i32::try_from(follow.id()).expect("a process id");
    run(Command::new("kill").args(["-INT", &id.to_string()]));
    assert_eq!(follow.wait().expect("it ends").code(), Some(0));
}

#[test]
fn people_are_counted_on_both_sides_and_a_change_has_its_latency() {
    let stands = Stands::up();
    let change = json!({ "upn": RICHARD, "property": "department", "value": "Accounting" });
    stands.sim.post("/console/entra.edit-user", &change);
    stands.run("sync", &["on-demand", RICHARD]).expect_code(0);
    // Both logs come late.
    let told = loop {
        let told = lines(&stands.run("sync", &["--people", "--json"]).expect_code(0).stdout);
        if told.iter().any(|line| line["kind"] == "latency") {
            break told;
        }
    };
    let people = told.iter().find(|line| line["kind"] == "people").expect("people");
    assert_eq!(
        (&people["in_scope"], &people["in_aws"], &people["everybody"]),
        (&json!(2), &json!(2), &json!(false)),
        "{people:#}"
    );
    let latency = told.iter().find(|line| line["kind"] == "latency").expect("a latency");
    assert!(
        latency["seconds"].as_array().is_some_and(|all| !all.is_empty()),
        "{latency:#}"
    );
    let text = stands.run("sync", &["--people"]).expect_code(0).stdout;
    assert!(text.contains("in scope in Entra") && text.contains("latency"), "{text}");
}

#[test]
fn a_token_that_has_ended_is_named_with_reason_and_fix_by_the_next_status() {
    let stands = Stands::up();
    stands.sim.post("/console/aws.age-tokens", &json!({ "days": 366 }));
    stands
        .run("sync", &["restart", "--scope", "watermark", "--yes"])
        .expect_code(0);
    let quarantined = |state: &Value| state["entra"].to_string().contains("EncounteredQuarantine");
    while !quarantined(&stands.sim.state()) {
        std::thread::yield_now();
    }
    let told = lines(
        &stands
            .run("status", &["--check", "job", "--json"])
            .expect_code(4)
            .stdout,
    );
    assert!(found(&told).contains(&"quarantine"), "{told:#?}");
    let finding = told
        .iter()
        .find(|line| line["rule"] == "quarantine")
        .expect("it is found");
    let detail = finding["detail"].as_str().expect("text");
    assert!(detail.contains("it has ended, or was deleted"), "{detail}");
    assert!(detail.contains("new token"), "{detail}");
}

/// So long may a look take that meets a cloud that does not answer.
const LOOK: SignedDuration = SignedDuration::from_secs(20);
/// And a check, in which each step has its own look.
const CHECK: SignedDuration = SignedDuration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cloud_that_does_not_answer_is_named_after_seconds() {
    let mut loopback = Loopback::start("fresh").await;
    Loopback::must_end_well(&loopback.run(Intent::Up).await);
    let kept = loopback.keep().await;
    for (ports, side) in [(&["graph", "login"][..], "entra"), (&["aws"][..], "aws")] {
        loopback.put_back(&kept).await;
        let outage = |port: &&str| Outage {
            port: (*port).to_owned(),
            after_s: 0.0,
            for_s: 1e6,
        };
        loopback.sim.set_weather(Weather {
            outages: ports.iter().map(outage).collect(),
            ..Weather::default()
        });
        let session = loopback.look().await.expect("a session");
        let clock = session.clock();
        // The ports close in a moment.
        clock.sleep(std::time::Duration::from_secs(1)).await;
        let began = clock.now();
        let targets: Vec<_> = session.world.targets.iter().collect();
        let health = session.health(&targets, SignedDuration::ZERO, &|_| {}).await.remove(0);
        let took = clock.now().duration_since(began);
        assert!(took < LOOK, "health took {took:?} without {side}");
        assert!(
            health.blind.iter().all(|blind| blind.side == side) && !health.blind.is_empty(),
            "{:#?}",
            health.blind
        );
        let began = clock.now();
        let outcome = session
            .checker(Selection::default())
            .run(Intent::Check)
            .await
            .expect("a check");
        let took = clock.now().duration_since(began);
        assert!(took < CHECK, "a check took {took:?} without {side}");
        assert_ne!(outcome.exit_code(), 0, "nobody answered");
    }
}
