//! `fedwiz demo`: the whole walk on simulated clouds in this process. It needs no account, no network, no home folder and no
//! keyring, and the same seed tells the same story, byte for byte.

use std::{collections::BTreeSet, path::Path, process::ExitCode, sync::Arc};

use serde_json::Value;

use super::{
    Stop, args,
    operator::SimulatedConsole,
    out::{self, Colour},
    prompter::OnStderr,
    screen,
    sim::start,
    tell::{Manner, Teller},
    walk::drive,
};
use crate::{
    engine::{fact::Intent, outcome::Outcome, select::Selection},
    fault::{Fault, Kind},
    report::paper::Style,
    secrets::MemoryStore,
    session::{Session, rehearsal},
    sim::{Mode, Options, Sim},
};

/// How many places where the clouds differ are told.
const SHOWN: usize = 20;

/// Walks up and, if asked, down again; then looks at the simulator's ledger and state itself.
pub(super) async fn run(args: args::Demo, colour: Colour, verbose: u8) -> Result<ExitCode, Stop> {
    if args.speed.is_some_and(|speed| !(speed > 0.0 && speed.is_finite())) {
        return Err(Fault::new(Kind::Usage, "`--speed` must be a positive number").into());
    }
    if !args.headless && !args.down && !args.told.json && !args.told.plain {
        return screen::demo(args, colour).await;
    }
    let sim = start(Options {
        scenario: args.scenario.clone(),
        seed: args.seed,
        clock: Mode::Stepped { speed: args.speed },
        ..Options::default()
    })
    .await?;
    let before = sim.state_json();
    let folder = tempfile::tempdir()
        .map_err(|error| Fault::new(Kind::File, "no temporary folder can be made").why(error.to_string()))?;
    let session = Session::open(rehearsal::setup(
        &sim,
        folder.path(),
        Arc::new(MemoryStore::new()),
        Arc::new(OnStderr),
        args.seed,
    )?)
    .await?;
    let manner = Manner {
        names: names(&sim, folder.path()),
        // What is told is the same on every terminal.
        style: Style {
            width: None,
            ..Manner::new(&args.told, colour, verbose).style
        },
        ..Manner::new(&args.told, colour, verbose)
    };

    // One teller for both ways: what was adopted on the way up is known, and told as staying, on the way down.
    let mut teller = Teller::new(&session, Intent::Up, &manner)?;
    let up = go(&session, Intent::Up, &mut teller).await?;
    let mut code = up.exit_code();
    let goes_down = args.down && code == 0;
    if goes_down {
        code = go(&session, Intent::Down, &mut teller).await?.exit_code();
    }
    let verdict = sim.verdict();
    let mut left = Vec::new();
    if goes_down {
        differences("", &before, &sim.state_json(), &mut left);
    }
    let whole = !left.iter().any(|difference| difference.structure);
    let told = verdict_in_words(&verdict, goes_down.then_some(&left), &sim);
    if args.told.json {
        out::note(&told);
    } else {
        out::data(&told)?;
    }
    if code == 0 && !(verdict.is_empty() && whole) {
        code = 1;
    }
    if code != 0 {
        out::continue_with(&super::again());
    }
    Ok(ExitCode::from(code))
}

async fn go(session: &Session, intent: Intent, teller: &mut Teller) -> Result<Outcome, Fault> {
    let console = SimulatedConsole::of(&session.profile, session.clock())?;
    let driver = session.driver(Arc::new(console), Selection::default());
    drive(session, intent, driver, teller).await
}

/// What differs from run to run (ports, and the folder of the journal) by what it is called in the output.
fn names(sim: &Sim, folder: &Path) -> Vec<(String, String)> {
    let at = sim.addresses();
    let mut names: Vec<(String, String)> = [
        (&at.login, "http://login.simulated"),
        (&at.graph, "http://graph.simulated"),
        (&at.aws, "http://aws.simulated"),
        (&at.scim, "http://scim.simulated"),
        (&at.admin, "http://admin.simulated"),
    ]
    .into_iter()
    .flat_map(|(address, name)| {
        let address = address.trim_end_matches('/');
        let bare = |url: &str| url.trim_start_matches("http://").to_owned();
        [(address.to_owned(), name.to_owned()), (bare(address), bare(name))]
    })
    .collect();
    names.push((folder.display().to_string(), "$TMPDIR/fedwiz-demo".into()));
    names
}

fn verdict_in_words(verdict: &[String], left: Option<&Vec<Different>>, sim: &Sim) -> String {
    let mut told = format!(
        "\nThe simulated clouds saw {} requests, {} of which changed something.\n",
        sim.requests(),
        sim.writes()
    );
    if verdict.is_empty() {
        told.push_str("Their ledger holds no violation.\n");
    } else {
        told.push_str(&format!("Their ledger holds {} violations:\n", verdict.len()));
        for violation in verdict {
            told.push_str(&format!("  {violation}\n"));
        }
    }
    match left {
        None => {}
        Some(left) if left.is_empty() => told.push_str("Both clouds are as they were before.\n"),
        Some(left) => {
            told.push_str(if left.iter().any(|different| different.structure) {
                "The clouds are NOT as they were before, in these places:\n"
            } else {
                "Nothing is left and nothing is gone. What stays, and why, stands above; these values are other ones than before:\n"
            });
            for different in left.iter().take(SHOWN) {
                told.push_str(&format!("  {}\n", different.line));
            }
        }
    }
    told
}

/// A place where two states differ.
struct Different {
    /// The place, and what stands there.
    line: String,
    /// Whether something came or went, and not only a value of what was there is another one: some that vendors set cannot
    /// be put back.
    structure: bool,
}

/// The places where two states differ.
fn differences(place: &str, before: &Value, after: &Value, into: &mut Vec<Different>) {
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            for key in keys {
                let (old, new) = (
                    old.get(key).unwrap_or(&Value::Null),
                    new.get(key).unwrap_or(&Value::Null),
                );
                differences(&format!("{place}/{key}"), old, new, into);
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (at, (old, new)) in old.iter().zip(new).enumerate() {
                differences(&format!("{place}/{at}"), old, new, into);
            }
        }
        (old, new) if old == new => {}
        (old, new) => into.push(Different {
            line: format!("{place}: was {}, is {}", short(old), short(new)),
            structure: [old, new].iter().any(|value| value.is_object() || value.is_array()),
        }),
    }
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(120) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
