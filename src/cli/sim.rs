//! `fedwiz sim`: the simulated clouds as a process of its own, for fedwiz or any other client.

use std::{io::Write, path::Path};

use jiff::Timestamp;
use serde_json::json;

use super::{args, out, place};
use crate::{
    fault::{Fault, Kind},
    session::{CLOCK, SimulatedTime, rehearsal::profile_text},
    sim::{Mode, Options, Sim, scenario},
};

/// Serves until somebody ends it.
pub(super) async fn run(args: args::Sim) -> Result<(), Fault> {
    if !(args.speed > 0.0 && args.speed.is_finite()) {
        return Err(Fault::new(Kind::Usage, "`--speed` must be a positive number"));
    }
    let options = Options {
        scenario: args.scenario,
        seed: args.seed,
        clock: Mode::Realtime { speed: args.speed },
        // Its clients go by this machine's clock, and look for events newer than their own doings.
        start: Timestamp::now(),
        ..Options::default()
    };
    let mut interrupts = super::signals::Interrupts::new();
    let sim = start(options).await?;
    let mut ready = sim.ready_json();
    if let Some(folder) = &args.write {
        let (profile, env) = write_files(&sim, folder)?;
        ready["profile"] = json!(profile);
        ready["env"] = json!(env);
    }
    out::data(&format!("{ready}\n"))?;
    tokio::select! {
        () = sim.stopped() => {}
        () = interrupts.next() => {}
    }
    sim.shutdown();
    Ok(())
}

/// Starts a simulation.
pub(super) async fn start(options: Options) -> Result<Sim, Fault> {
    Sim::start(options).await.map_err(|error| cannot_start(&error))
}

/// Says what is wrong with a scenario, before anything is started.
pub(super) fn check_scenario(name: &str) -> Result<(), Fault> {
    scenario::load(name).map(drop).map_err(|error| cannot_start(&error))
}

fn cannot_start(error: &dyn std::error::Error) -> Fault {
    Fault::new(Kind::Usage, "the simulated clouds cannot start")
        .why(error.to_string())
        .hint("The scenarios are in the README; this machine must let processes listen on 127.0.0.1.")
}

/// Writes `profile.toml`, `env` and `aws-credentials`; gives the paths of the first two.
fn write_files(sim: &Sim, folder: &Path) -> Result<(String, String), Fault> {
    place::make_private(folder)?;
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
    let credentials = folder.join("aws-credentials");
    let mut env: String = sim
        .env()
        .iter()
        .map(|(name, value)| format!("{name}={value}\n"))
        .collect();
    if let Some(told) = SimulatedTime(sim.clock()).told() {
        env.push_str(&format!("{CLOCK}={told}\n"));
    }
    env.push_str(&format!("AWS_SHARED_CREDENTIALS_FILE={}\n", credentials.display()));
    let (profile_file, env_file) = (folder.join("profile.toml"), folder.join("env"));
    for (file, text) in [
        (&profile_file, profile_text(sim)?),
        (&env_file, env),
        (&credentials, sim.aws_credentials_file()),
    ] {
        write_private(file, &text)?;
    }
    Ok((profile_file.display().to_string(), env_file.display().to_string()))
}

/// Writes a file that only its owner can read: what is in it is fake, but it looks real.
fn write_private(file: &Path, text: &str) -> Result<(), Fault> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(file)
        .and_then(|mut open| open.write_all(text.as_bytes()))
        .map_err(|error| Fault::new(Kind::File, format!("{} cannot be written", file.display())).why(error.to_string()))
}
