//! A new signing certificate: nobody's sign-in fails, whatever happens on the way.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use fedwiz::{
    engine::{fact::Intent, outcome::Outcome},
    fault::Kind,
    sim::{Moment, Sim, world::World},
    steps::rotation::Rotation::Certificate,
};
use serde_json::json;

use crate::{
    crash::{SetUp, all, each, runtime},
    harness::{SimProcess, run},
    loopback::Loopback,
    rotate::{cancel, die_at, rotate_as},
};

async fn rotate(loopback: &Loopback) -> Outcome {
    let outcome = rotate_as(loopback, Certificate, loopback.secrets(), loopback.console()).await;
    outcome.expect("a rotation")
}

/// Somebody signs in from both ends; why it failed, if it did.
fn sign_in(sim: &Sim) -> Result<(), String> {
    let upn = "NikkiWolf@contoso.onmicrosoft.com";
    for from in ["my-apps", "portal"] {
        let args = json!({ "upn": upn, "from": from });
        let args = args.as_object().expect("an object");
        sim.click("entra.sign-in", args)
            .map_err(|refused| format!("{from}: {}", refused.reason))?;
    }
    Ok(())
}

/// The certificates of the application, the one that signs, and how many AWS knows.
fn certificates(world: &World) -> (Vec<String>, String, usize) {
    let (sp, own) = world.entra.certificates.iter().next().expect("certificates");
    let principal = &world.entra.service_principals[sp];
    let preferred = principal.props["preferredTokenSigningKeyThumbprint"]
        .as_str()
        .expect("one is preferred");
    let instance = world.aws[0].instance.as_ref().expect("an instance");
    let fedwiz::sim::aws::organization::Source::External(provider) = &instance.source else {
        panic!("Entra is the identity source");
    };
    let own = own.iter().map(|certificate| certificate.thumbprint()).collect();
    (own, preferred.to_owned(), provider.certificates.len())
}

fn signing(loopback: &Loopback) -> String {
    loopback.sim.with(|world| certificates(world).1)
}

/// What must be so after a rotation, however it came about.
async fn must_have_rotated(loopback: &Loopback, old: &str) -> Result<(), String> {
    let (own, preferred, known) = loopback.sim.with(|world| certificates(world));
    if preferred == old || own != [preferred.clone()] || known != 1 {
        return Err(format!(
            "{old} → {preferred}; the application has {own:?}, AWS knows {known}"
        ));
    }
    sign_in(&loopback.sim)?;
    let session = loopback.session().await.map_err(|fault| fault.to_string())?;
    session.no_rotation_is_open().map_err(|fault| fault.to_string())?;
    let on_record = session.recorder.with_run(|run| {
        let nodes = run.nodes();
        let output = |step: &str| {
            let found = nodes.iter().find(|(id, _)| id.step == step);
            found.and_then(|(_, node)| Some(node.standing.as_ref()?.output.value().to_string()))
        };
        let steps = [
            "entra.certificate",
            "entra.certificate-active",
            "saml.idp-metadata",
            "saml.identity-source",
        ];
        steps.map(|step| (step, output(step).unwrap_or_default()))
    });
    for (step, output) in on_record {
        if !output.contains(&preferred) || output.contains(old) {
            return Err(format!("the record of {step} is {output}"));
        }
    }
    let verdict = loopback.sim.verdict();
    if verdict.is_empty() {
        Ok(())
    } else {
        Err(format!("{verdict:?}"))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_sign_in_fails_while_the_certificate_is_rotated() {
    let loopback = Loopback::start("fresh").await;
    Loopback::must_end_well(&loopback.run(Intent::Up).await);
    let old = signing(&loopback);
    let (over, failed) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
    let signing_in = {
        let (sim, over, failed) = (Arc::clone(&loopback.sim), Arc::clone(&over), Arc::clone(&failed));
        tokio::spawn(async move {
            let _busy = sim.clock().busy();
            let mut times = 0_usize;
            while !over.load(Ordering::Relaxed) {
                if let Err(why) = sign_in(&sim) {
                    failed.lock().expect("nobody panics in here").push(why);
                }
                times += 1;
                sim.clock().sleep(Duration::from_secs(2)).await;
            }
            times
        })
    };
    let outcome = rotate(&loopback).await;
    over.store(true, Ordering::Relaxed);
    let times = signing_in.await.expect("people sign in to the end");
    Loopback::must_end_well(&outcome);
    assert!(times > 30, "only {times} sign-ins");
    assert_eq!(
        *failed.lock().expect("nobody panics in here"),
        Vec::<String>::new(),
        "of {times}"
    );
    must_have_rotated(&loopback, &old).await.expect("it is rotated");
    let (lines, check) = loopback.check().await;
    assert_eq!((lines, check.exit_code()), (Vec::<String>::new(), 0));
    // Nothing is left to be done, a second one goes as well, and a teardown takes the new one along.
    let again = loopback.run(Intent::Up).await;
    Loopback::must_end_well(&again);
    assert_eq!(again.changed, 0, "something was done once more");
    let second = signing(&loopback);
    Loopback::must_end_well(&rotate(&loopback).await);
    must_have_rotated(&loopback, &second)
        .await
        .expect("it is rotated again");
    Loopback::must_end_well(&loopback.run(Intent::Down).await);
    assert_eq!(loopback.sim.state_json(), loopback.before, "something is left");
    assert_eq!(loopback.sim.verdict(), Vec::<String>::new());
}

async fn goes_on(loopback: &Loopback, old: &str) -> Result<(), String> {
    sign_in(&loopback.sim)?;
    // Who crashed after its end has nothing to go on with.
    if signing(loopback) != old {
        let session = loopback.session().await.map_err(|fault| fault.to_string())?;
        if session.no_rotation_is_open().is_ok() {
            drop(session);
            return must_have_rotated(loopback, old).await;
        }
    }
    let outcome = rotate(loopback).await;
    if outcome.exit_code() != 0 {
        return Err(format!("going on: {:?} {:?}", outcome.failed, outcome.needs_person));
    }
    must_have_rotated(loopback, old).await
}

async fn requests_of_a_rotation() -> u64 {
    let loopback = Loopback::start("fresh").await;
    Loopback::must_end_well(&loopback.run(Intent::Up).await);
    let before = loopback.sim.requests();
    Loopback::must_end_well(&rotate(&loopback).await);
    loopback.sim.requests() - before
}

#[test]
fn a_crash_at_any_request_of_a_rotation_of_the_certificate_ends_the_same() {
    let requests = runtime().block_on(requests_of_a_rotation());
    eprintln!("{requests} requests");
    all(each(requests), SetUp::new, async |set_up: &mut SetUp, crash| {
        let loopback = set_up.again().await;
        let old = signing(loopback);
        die_at(loopback, Certificate, crash).await;
        goes_on(loopback, &old).await
    });
}

#[test]
fn a_rotation_of_the_certificate_that_crashed_anywhere_can_be_taken_back_while_the_old_one_is_there() {
    let requests = runtime().block_on(requests_of_a_rotation());
    let crashes = (1..=requests).map(|n| (n, Moment::AfterCommit)).collect();
    all(crashes, SetUp::new, async |set_up: &mut SetUp, crash| {
        let loopback = set_up.again().await;
        let old = signing(loopback);
        die_at(loopback, Certificate, crash).await;
        match cancel(loopback, Certificate).await {
            Ok(outcome) if outcome.exit_code() == 0 => {}
            Ok(outcome) => return Err(format!("taking back: {:?} {:?}", outcome.failed, outcome.needs_person)),
            // Nothing was begun, or the old one is gone.
            Err(fault) if matches!(fault.kind, Kind::Usage | Kind::Conflict) => return goes_on(loopback, &old).await,
            Err(fault) => return Err(fault.to_string()),
        }
        let (own, preferred, known) = loopback.sim.with(|world| certificates(world));
        if preferred != old || own != [old.clone()] || known != 1 {
            return Err(format!(
                "not as before: {preferred} signs, the application has {own:?}, AWS knows {known}"
            ));
        }
        sign_in(&loopback.sim)?;
        Loopback::must_end_well(&rotate(loopback).await);
        must_have_rotated(loopback, &old).await
    });
}

#[test]
fn a_certificate_is_rotated_by_a_command() {
    let sim = SimProcess::start("fresh");
    let command = |name: &str, args: &[&str]| run(sim.command(name).args(["--token-store", "memory"]).args(args));
    let clicks = ["--operator", "simulated", "--yes"];
    command("apply", &clicks).expect_code(0);
    let before = sim.state()["entra"].clone();
    let nobody = command("rotate", &["certificate", "--yes"]).expect_code(3);
    assert!(nobody.stdout.contains("rotate.certificate-import"), "{}", nobody.stdout);
    command("apply", &clicks).expect_code(1);
    command("teardown", &clicks).expect_code(1);
    let told = command("rotate", &[&["certificate", "--json"][..], &clicks].concat()).expect_code(0);
    let lines: Vec<serde_json::Value> = told
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let done = lines.iter().filter(|line| line["kind"] == "done");
    let steps: Vec<&str> = done.filter_map(|line| line["step"].as_str()).collect();
    assert_eq!(
        steps,
        [
            "rotate.certificate-import",
            "rotate.certificate-active",
            "rotate.certificate-sign-in",
            "rotate.certificate-old",
            "rotate.certificate-old-aws",
            "entra.certificate",
            "entra.certificate-active",
            "saml.idp-metadata",
            "saml.identity-source",
            "rotate.certificate-recorded"
        ]
    );
    assert_eq!(before, sim.state()["entra"], "one certificate signs, as before");
    command("status", &["--check", "cert"]).expect_code(0);
    command("check", &["--only", "saml.identity-source"]).expect_code(0);
}
