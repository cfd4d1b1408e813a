//! Rotations: something new in place of something old, without a gap, whatever happens on the way.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use fedwiz::{
    clients::{
        http::{Http, Network, Silent},
        scim::Scim,
    },
    engine::{
        fact::Intent,
        guide::{Nobody, Operator},
        outcome::Outcome,
    },
    fault::{Fault, Kind},
    secrets::{ScimToken, SecretRef, SecretStore, SharedSecrets},
    session::{Session, SimulatedTime, rotation::Part},
    sim::{Moment, aws::organization::Organization, world::World},
    steps::rotation::Rotation,
};
use jiff::SignedDuration;
use secrecy::ExposeSecret;

use crate::{
    crash::{Crash, SetUp, all, each, runtime},
    fused_store::FusedStore,
    harness::{SimProcess, fedwiz, run},
    loopback::Loopback,
    secret_service,
};

/// One process that rotates.
pub async fn rotate_as(
    loopback: &Loopback,
    rotation: Rotation,
    secrets: SharedSecrets,
    operator: Arc<dyn Operator>,
) -> Result<Outcome, Fault> {
    let session = Session::rotate(loopback.setup(secrets)?, rotation, &[]).await?;
    session.rotated(rotation, operator).await
}

async fn rotate(loopback: &Loopback) -> Outcome {
    let outcome = rotate_as(loopback, Rotation::Token, loopback.secrets(), loopback.console()).await;
    outcome.expect("a rotation")
}

/// One process that takes an open rotation back.
pub async fn cancel(loopback: &Loopback, rotation: Rotation) -> Result<Outcome, Fault> {
    let session = Session::unrotate(loopback.setup(loopback.secrets())?, rotation, &[]).await?;
    let driver = session.rotating(rotation, Part::Turn, loopback.console());
    driver.run(Intent::Down).await
}

/// The token that Entra has now.
fn of_entra(world: &World) -> String {
    let mut all = world.entra.secrets.keys();
    let principal = all.next().expect("a service principal with settings").clone();
    let token = world.entra.secret(&principal, "SecretToken");
    token.expect("Entra has a token").to_owned()
}

/// The tokens that AWS accepts now.
fn of_aws(world: &World) -> Vec<String> {
    let instance = world.aws[0].instance.as_ref().expect("an instance");
    let provisioning = instance.provisioning.as_ref().expect("provisioning is on");
    provisioning.tokens.iter().map(|token| token.secret.clone()).collect()
}

async fn kept(loopback: &Loopback, next: bool) -> Option<ScimToken> {
    let session = loopback.session().await.expect("a session");
    let target = session.world.targets[0].name.clone();
    let federation = &session.profile.federation;
    let name = if next {
        SecretRef::next_scim_token(federation, &target)
    } else {
        SecretRef::scim_token(federation, &target)
    };
    let secret = loopback.secrets().get(&name).await.expect("the store answers")?;
    Some(ScimToken::from_secret(&secret).expect("a token"))
}

/// Where a value still stands: in a file, or in the store.
async fn traces(loopback: &Loopback, value: &str) -> Vec<String> {
    fn files(folder: &Path, value: &str, into: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                files(&path, value, into);
            } else if String::from_utf8_lossy(&std::fs::read(&path).expect("a file")).contains(value) {
                into.push(path.display().to_string());
            }
        }
    }
    let mut found = Vec::new();
    files(loopback.folder(), value, &mut found);
    for next in [false, true] {
        if kept(loopback, next)
            .await
            .is_some_and(|token| token.token.expose_secret() == value)
        {
            found.push(format!("the secret store, next: {next}"));
        }
    }
    found
}

/// What must be so after a rotation, however it came about.
async fn must_have_rotated(loopback: &Loopback, old: &str) -> Result<(), String> {
    let (entra, aws) = loopback.sim.with(|world| (of_entra(world), of_aws(world)));
    if aws != [entra.clone()] {
        return Err(format!(
            "AWS accepts {} tokens, Entra's among them: {}",
            aws.len(),
            aws.contains(&entra)
        ));
    }
    if entra == old {
        return Err("Entra still has the old token".into());
    }
    let now = kept(loopback, false).await.ok_or("no token is kept")?;
    if now.token.expose_secret() != entra {
        return Err("another token is kept than Entra has".into());
    }
    if kept(loopback, true).await.is_some() {
        return Err("a token is kept beside the one in use".into());
    }
    let traces = traces(loopback, old).await;
    if !traces.is_empty() {
        return Err(format!("the old token is still in {traces:?}"));
    }
    let session = loopback.session().await.map_err(|fault| fault.to_string())?;
    session.no_rotation_is_open().map_err(|fault| fault.to_string())?;
    drop(session);
    let verdict = loopback.sim.verdict();
    if verdict.is_empty() {
        Ok(())
    } else {
        Err(format!("{verdict:?}"))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_probe_with_entras_token_every_200_ms_never_fails_while_the_token_is_rotated() {
    let loopback = Loopback::start("fresh").await;
    Loopback::must_end_well(&loopback.run(Intent::Up).await);
    let old = loopback.sim.with(|world| of_entra(world));
    let made = kept(&loopback, false).await.and_then(|token| token.created);
    let (over, failed) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let probing = {
        let (sim, over, failed) = (Arc::clone(&loopback.sim), Arc::clone(&over), Arc::clone(&failed));
        let endpoint = kept(&loopback, false).await.expect("a token").endpoint;
        tokio::spawn(async move {
            let _busy = sim.clock().busy();
            let clock = Arc::new(SimulatedTime(sim.clock()));
            let http = Http::new(&Network::only_here(), clock, Arc::new(Silent), 1).expect("a client");
            let mut probes = 0_usize;
            while !over.load(Ordering::Relaxed) {
                let token = sim.with(|world| of_entra(world));
                let scim = Scim::new(http.clone(), endpoint.clone(), token.into());
                if scim.service_provider_config().await.is_err() {
                    failed.fetch_add(1, Ordering::Relaxed);
                }
                probes += 1;
                sim.clock().sleep(Duration::from_millis(200)).await;
            }
            probes
        })
    };
    let outcome = rotate(&loopback).await;
    over.store(true, Ordering::Relaxed);
    let probes = probing.await.expect("the probe goes on to the end");
    Loopback::must_end_well(&outcome);
    assert!(probes > 100, "only {probes} probes");
    assert_eq!(failed.load(Ordering::Relaxed), 0, "of {probes} probes");
    must_have_rotated(&loopback, &old).await.expect("it is rotated");
    let (lines, check) = loopback.check().await;
    assert_eq!((lines, check.exit_code()), (Vec::<String>::new(), 0));
    let session = loopback.session().await.expect("a session");
    let token = session.recorder.with_run(|run| {
        let nodes = run.nodes();
        let (_, node) = nodes.iter().find(|(id, _)| id.step == "scim.token").expect("it stands");
        node.standing.as_ref().expect("it stands").output.value()["created"].clone()
    });
    drop(session);
    let now = kept(&loopback, false)
        .await
        .and_then(|token| token.created)
        .expect("a time");
    assert!(Some(now) > made, "the age is not the new one");
    assert_eq!(token, serde_json::json!(now), "the record speaks of another token");
    // A second one, and a teardown after it.
    let second = loopback.sim.with(|world| of_entra(world));
    Loopback::must_end_well(&rotate(&loopback).await);
    must_have_rotated(&loopback, &second)
        .await
        .expect("it is rotated again");
    Loopback::must_end_well(&loopback.run(Intent::Down).await);
    assert_eq!(loopback.sim.state_json(), loopback.before, "something is left");
    assert_eq!(loopback.secrets_kept(), 0);
    assert_eq!(loopback.sim.verdict(), Vec::<String>::new());
}

/// Whether a crash leaves Entra with a token that AWS accepts.
fn entra_is_never_without(loopback: &Loopback) -> Result<(), String> {
    let good = loopback.sim.with(|world| of_aws(world).contains(&of_entra(world)));
    if good {
        Ok(())
    } else {
        Err("Entra is left with a token that AWS refuses".into())
    }
}

async fn goes_on(loopback: &Loopback, old: &str) -> Result<(), String> {
    entra_is_never_without(loopback)?;
    // Nobody else fights it meanwhile; and whoever crashed after its end has nothing to go on with.
    if loopback.sim.with(|world| of_entra(world)) != old && kept(loopback, true).await.is_none() {
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

pub async fn die_at(loopback: &Loopback, rotation: Rotation, (n, moment): Crash) -> bool {
    let fuse = loopback.sim.fuse(loopback.sim.requests() + n, moment);
    Loopback::live(
        rotate_as(loopback, rotation, loopback.secrets(), loopback.console()),
        fuse.blown(),
    );
    fuse.is_blown()
}

#[test]
fn a_crash_at_any_request_of_a_rotation_ends_the_same() {
    let requests = runtime().block_on(requests_of_a_rotation());
    eprintln!("{requests} requests");
    all(each(requests), SetUp::new, async |set_up: &mut SetUp, crash| {
        let loopback = set_up.again().await;
        let old = loopback.sim.with(|world| of_entra(world));
        die_at(loopback, Rotation::Token, crash).await;
        goes_on(loopback, &old).await
    });
}

#[test]
fn a_rotation_that_crashed_anywhere_can_be_taken_back_while_the_old_token_lives() {
    let requests = runtime().block_on(requests_of_a_rotation());
    let crashes = (1..=requests).map(|n| (n, Moment::AfterCommit)).collect();
    all(crashes, SetUp::new, async |set_up: &mut SetUp, crash| {
        let loopback = set_up.again().await;
        let old = loopback.sim.with(|world| of_entra(world));
        die_at(loopback, Rotation::Token, crash).await;
        match cancel(loopback, Rotation::Token).await {
            Ok(outcome) if outcome.exit_code() == 0 => {}
            Ok(outcome) => return Err(format!("taking back: {:?} {:?}", outcome.failed, outcome.needs_person)),
            // Nothing was begun, or the old one is gone.
            Err(fault) if matches!(fault.kind, Kind::Usage | Kind::Conflict) => return goes_on(loopback, &old).await,
            Err(fault) => return Err(fault.to_string()),
        }
        let (entra, aws) = loopback.sim.with(|world| (of_entra(world), of_aws(world)));
        if (entra.as_str(), &aws[..]) != (old.as_str(), std::slice::from_ref(&old)) {
            return Err(format!(
                "not as before: {} tokens, Entra has the old one: {}",
                aws.len(),
                entra == old
            ));
        }
        if kept(loopback, true).await.is_some() {
            return Err("the new token is still kept".into());
        }
        Loopback::must_end_well(&rotate(loopback).await);
        must_have_rotated(loopback, &old).await
    });
}

#[test]
fn a_crash_at_any_touch_of_a_secret_of_a_rotation_ends_the_same() {
    runtime().block_on(async {
        let mut set_up = SetUp::new().await;
        let loopback = set_up.again().await;
        let counting = Arc::new(FusedStore::new(loopback.secrets(), usize::MAX, false));
        let outcome = rotate_as(loopback, Rotation::Token, counting.clone(), loopback.console()).await;
        Loopback::must_end_well(&outcome.expect("a rotation"));
        let touches = counting.touched();
        assert!(touches > 8, "{touches} touches");
        for after in [false, true] {
            for n in 1..=touches {
                let loopback = set_up.again().await;
                let old = loopback.sim.with(|world| of_entra(world));
                let fused = Arc::new(FusedStore::new(loopback.secrets(), n, after));
                Loopback::live(
                    rotate_as(loopback, Rotation::Token, fused.clone(), loopback.console()),
                    fused.blown(),
                );
                assert!(fused.is_blown(), "secret {n}");
                let ended = goes_on(loopback, &old).await;
                assert_eq!(ended, Ok(()), "secret {n}, after: {after}");
            }
        }
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_sets_up_or_takes_back_while_a_rotation_is_open_and_asking_in_vain_opens_none() {
    let loopback = Loopback::start("fresh").await;
    Loopback::must_end_well(&loopback.run(Intent::Up).await);
    let open = async || {
        let session = loopback.session().await.expect("a session");
        session.no_rotation_is_open().err()
    };
    let outcome = rotate_as(&loopback, Rotation::Token, loopback.secrets(), Arc::new(Nobody))
        .await
        .expect("a rotation");
    assert_eq!(outcome.exit_code(), 3);
    assert!(open().await.is_none(), "nobody has done anything");
    // The new token is made, and nobody deletes the old one.
    let session = Session::rotate(loopback.setup(loopback.secrets()).unwrap(), Rotation::Token, &[]).await;
    let session = session.expect("a session");
    let makes_only = loopback.spoilt("rotate.token-credentials", |_| {});
    let driver = session.rotating(Rotation::Token, Part::Turn, makes_only);
    let control = driver.control();
    control.tell(fedwiz::engine::driver::Order::Stop);
    let _ = driver.run(Intent::Up).await;
    drop(session);
    assert!(open().await.is_none(), "stopped before anything was begun");
    assert!(
        die_at(&loopback, Rotation::Token, (30, Moment::AfterAnswer)).await,
        "a rotation has more requests"
    );
    let fault = open().await.expect("it is open");
    assert!(fault.hint.contains("fedwiz rotate token --cancel"), "{fault:?}");
    Loopback::must_end_well(&cancel(&loopback, Rotation::Token).await.expect("it can be taken back"));
    assert!(open().await.is_none());
    assert_eq!(
        cancel(&loopback, Rotation::Token)
            .await
            .expect_err("nothing is open")
            .kind,
        Kind::Usage
    );
    Loopback::must_end_well(&loopback.run(Intent::Down).await);
    assert_eq!(loopback.sim.state_json(), loopback.before, "something is left");
    assert_eq!(loopback.secrets_kept(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_has_ended_is_replaced_and_the_quarantine_ends() {
    let loopback = Loopback::start("fresh").await;
    Loopback::must_end_well(&loopback.run(Intent::Up).await);
    let old = loopback.sim.with(|world| {
        let now = world.now;
        let instance = world.aws[0].instance.as_mut().expect("an instance");
        let provisioning = instance.provisioning.as_mut().expect("provisioning is on");
        provisioning.tokens[0].created = now - SignedDuration::from_hours(366 * 24);
        let mut jobs = world.entra.jobs.values_mut();
        let job = jobs.next().and_then(|jobs| jobs.first_mut()).expect("a job");
        let error = ("Unauthorized".to_owned(), "the token has ended".to_owned());
        job.quarantine(now, "EncounteredQuarantineException", error);
        of_entra(world)
    });
    Loopback::must_end_well(&rotate(&loopback).await);
    let (entra, aws) = loopback.sim.with(|world| (of_entra(world), of_aws(world)));
    assert!(entra != old && aws.contains(&entra), "Entra has the new one");
    assert_eq!(traces(&loopback, &old).await, Vec::<String>::new());
    let (lines, check) = loopback.check().await;
    assert_eq!((lines, check.exit_code()), (Vec::<String>::new(), 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_target_of_two_is_rotated_and_the_other_one_is_left_alone() {
    let loopback = Loopback::start("two-partitions").await;
    Loopback::must_end_well(&loopback.run(Intent::Up).await);
    let tokens = || {
        loopback.sim.with(|world| {
            let of = |org: &Organization| {
                let provisioning = org.instance.as_ref()?.provisioning.as_ref()?;
                Some(
                    provisioning
                        .tokens
                        .iter()
                        .map(|token| token.secret.clone())
                        .collect::<Vec<_>>(),
                )
            };
            world.aws.iter().map(of).collect::<Vec<_>>()
        })
    };
    let before = tokens();
    let setup = || loopback.setup(loopback.secrets()).expect("a set-up");
    let nowhere = Session::rotate(setup(), Rotation::Token, &["nowhere".to_owned()]).await;
    assert_eq!(nowhere.err().expect("there is no such target").kind, Kind::Usage);
    let session = Session::rotate(setup(), Rotation::Token, &["govcloud".to_owned()]).await;
    let session = session.expect("a session");
    let outcome = session.rotated(Rotation::Token, loopback.console()).await;
    Loopback::must_end_well(&outcome.expect("a rotation"));
    drop(session);
    let after = tokens();
    assert_eq!(before[0], after[0], "the other target's token");
    assert!(before[1] != after[1] && after[1].as_ref().is_some_and(|tokens| tokens.len() == 1));
    let (lines, check) = loopback.check().await;
    assert_eq!((lines, check.exit_code()), (Vec::<String>::new(), 0));
}

#[test]
fn a_token_is_rotated_by_commands_and_the_keyring_forgets_the_old_one() {
    if secret_service::tools_are_there() {
        secret_service::with_a_keyring("rotate::inside_an_unlocked_keyring");
    }
}

#[test]
#[ignore = "run by the test above, inside a D-Bus session"]
fn inside_an_unlocked_keyring() {
    let sim = SimProcess::start("fresh");
    let command = |name: &str, args: &[&str]| run(sim.command(name).args(args));
    let clicks = ["--operator", "simulated", "--yes"];
    command("apply", &clicks).expect_code(0);
    let asked = command("rotate", &["token"]).expect_code(3);
    assert!(
        asked.stderr.contains("rotate --profile") && asked.stderr.contains("token --yes"),
        "{}",
        asked.stderr
    );
    let nobody = command("rotate", &["token", "--yes"]).expect_code(3);
    assert!(nobody.stdout.contains("rotate.token-new"), "{}", nobody.stdout);
    let tokens = || sim.state()["aws"]["aws"]["instance"]["provisioning"].clone();
    let before = tokens();
    let told = command("rotate", &[&["token", "--json"][..], &clicks].concat()).expect_code(0);
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
            "rotate.token-new",
            "rotate.token-credentials",
            "rotate.token-cycle",
            "rotate.token-old",
            "rotate.token-keep",
            "scim.token",
            "rotate.token-recorded"
        ]
    );
    assert_eq!(lines.last().expect("a summary")["exit"], 0);
    assert_eq!(before.as_array().map(Vec::len), tokens().as_array().map(Vec::len));
    assert_eq!(command("check", &[]).expect_code(0).stdout, "");
    command("status", &["--check", "token"]).expect_code(0);
    let none = command("rotate", &["token", "--cancel", "--yes"]).expect_code(2);
    assert!(
        none.stderr.contains("no rotation of the SCIM token is open"),
        "{}",
        none.stderr
    );
    let journal = sim.dir().join("state");
    let journal = std::fs::read_dir(journal)
        .unwrap()
        .flatten()
        .map(|entry| entry.path().join("journal.jsonl"));
    let journal = journal.into_iter().find(|file| file.is_file()).expect("a journal");
    let replayed = run(fedwiz().arg("replay").arg(journal)).expect_code(0);
    assert!(replayed.stdout.contains("A new SCIM token"), "{}", replayed.stdout);
    command("teardown", &clicks).expect_code(0);
}
