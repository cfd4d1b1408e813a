//! How token, certificates and provisioning are, told within one look with reason and fix; and commands of their own processes.

use fedwiz::{
    report::health::{Health, Phase},
    sim::{entra::provisioning::job::Job, world::World},
};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    harness::{SimProcess, run},
    loopback::Loopback,
};

fn job(world: &mut World) -> &mut Job {
    let mut jobs = world.entra.jobs.values_mut();
    jobs.next().and_then(|jobs| jobs.first_mut()).expect("a job")
}

async fn health(loopback: &Loopback) -> Health {
    let session = loopback.session().await.expect("a session");
    let targets: Vec<_> = session.world.targets.iter().collect();
    let warn = SignedDuration::from_hours(30 * 24);
    session.health(&targets, warn, &|_| {}).await.remove(0)
}

/// The rules of what was found; each with a reason and a fix.
fn rules(health: &Health) -> Vec<&'static str> {
    assert!(health.blind.is_empty(), "{:#?}", health.blind);
    for row in &health.findings {
        assert!(
            !row.why.is_empty() && !row.fix.is_empty() && !row.detail.is_empty(),
            "{row:?}"
        );
    }
    health.findings.iter().map(|row| row.rule).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_federation_that_is_well_shows_its_clocks_and_no_finding() {
    let loopback = Loopback::start("fresh").await;
    Loopback::must_end_well(&loopback.run(fedwiz::engine::fact::Intent::Up).await);
    let health = health(&loopback).await;
    assert_eq!(rules(&health), Vec::<&str>::new());
    let token = health.token.expect("a token");
    assert!(token.in_use && token.made.is_some(), "{token:?}");
    let [certificate] = &health.certificates[..] else {
        panic!("{:?}", health.certificates)
    };
    assert!(
        certificate.signs && certificate.given_to_aws == Some(true),
        "{certificate:?}"
    );
    let job = health.job.expect("a job");
    assert!(matches!(job.phase, Phase::Between | Phase::Cycle), "{job:?}");
    assert_eq!(job.in_step.get("User"), Some(&2));
    assert!(job.last_good.is_some() && job.next > Some(health.at), "{job:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_trouble_of_the_job_is_told_with_reason_and_fix_within_one_look() {
    type Trouble = (&'static str, fn(&mut World), Phase);
    let troubles: &[Trouble] = &[
        (
            "job-paused",
            |world| fedwiz::sim::entra::provisioning::pause(job(world)),
            Phase::Paused,
        ),
        (
            "job-late",
            |world| {
                let then = world.now - SignedDuration::from_hours(9);
                let job = job(world);
                job.running = None;
                job.last.as_mut().expect("a cycle").ended = then;
            },
            Phase::Between,
        ),
        (
            "job-never-ran",
            |world| {
                let job = job(world);
                (job.last, job.last_good, job.steady_first, job.running) = (None, None, None, None);
            },
            Phase::FirstCycle,
        ),
        (
            "quarantine",
            |world| {
                let now = world.now;
                let error = ("Unauthorized".to_owned(), "the token has ended".to_owned());
                job(world).quarantine(now, "EncounteredQuarantineException", error);
            },
            Phase::Quarantine,
        ),
        (
            "job-escrows",
            |world| {
                let job = job(world);
                job.running = None;
                job.last.as_mut().expect("a cycle").escrowed = 3;
            },
            Phase::Between,
        ),
    ];
    let mut loopback = Loopback::start("fresh").await;
    Loopback::must_end_well(&loopback.run(fedwiz::engine::fact::Intent::Up).await);
    let kept = loopback.keep().await;
    for (rule, trouble, phase) in troubles {
        loopback.put_back(&kept).await;
        loopback.sim.with(*trouble);
        let health = health(&loopback).await;
        assert_eq!(rules(&health), [*rule]);
        let job = health.job.expect("a job");
        assert_eq!(job.phase, *phase, "{rule}: {job:?}");
        if *rule == "quarantine" {
            assert!(job.quarantine.expect("a reason").contains("the token has ended"));
            assert!(job.next > Some(health.at) && job.quarantined_since.is_some());
        }
    }
}

fn lines(stdout: &str) -> Vec<Value> {
    stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn found(lines: &[Value]) -> Vec<&str> {
    let findings = lines.iter().filter(|line| line["kind"] == "finding");
    findings.filter_map(|line| line["rule"].as_str()).collect()
}

#[test]
fn status_for_cron_names_reason_and_fix_and_ends_with_4() {
    for (scenario, check, rule) in [
        ("quarantine", "job", "quarantine"),
        ("certificate-expiring", "cert", "certificate-ending"),
        ("drifted", "job", "job-paused"),
    ] {
        let sim = SimProcess::start(scenario);
        let status = |more: &[&str]| run(sim.command("status").args(["--token-store", "memory"]).args(more));
        let end = status(&["--check", check, "--json"]).expect_code(4);
        let lines = lines(&end.stdout);
        assert!(found(&lines).contains(&rule), "{scenario}: {lines:#?}");
        let finding = lines.iter().find(|line| line["rule"] == rule).expect("the finding");
        for part in ["detail", "why", "fix"] {
            assert!(finding[part].as_str().is_some_and(|text| !text.is_empty()), "{finding}");
        }
        let end = status(&["--check", check]).expect_code(4);
        assert!(end.stdout.contains("fix: "), "{}", end.stdout);
        assert_eq!(sim.writes(), 0, "it changes nothing");
    }
}

#[test]
fn status_for_cron_tells_what_ends_within_the_days_that_are_asked_for() {
    let sim = SimProcess::start("certificate-expiring");
    let status = |days: &str| {
        run(sim.command("status").args([
            "--token-store",
            "memory",
            "--check",
            "cert",
            "--json",
            "--warn-days",
            days,
        ]))
    };
    let soon = status("10").expect_code(0);
    let told = lines(&soon.stdout);
    assert_eq!(found(&told), Vec::<&str>::new());
    let certificate = told
        .iter()
        .find(|line| line["kind"] == "certificate")
        .expect("a certificate");
    assert_eq!(
        (&certificate["signs"], &certificate["given_to_aws"]),
        (&json!(true), &Value::Null)
    );
    assert!(
        (15..=20).contains(&certificate["days_left"].as_i64().unwrap()),
        "{certificate}"
    );
    let text = run(sim
        .command("status")
        .args(["--token-store", "memory", "--check", "cert", "--warn-days", "10"]))
    .expect_code(0);
    assert_eq!(text.stdout, "", "nothing is told when all is well");
    assert_eq!(
        found(&lines(&status("60").expect_code(4).stdout)),
        ["certificate-ending"]
    );
    let none = run(SimProcess::start("fresh").command("status").args([
        "--token-store",
        "memory",
        "--check",
        "token,cert,job",
    ]))
    .expect_code(4);
    assert!(none.stderr.contains("there is none"), "{}", none.stderr);
}
