//! A session on simulated clouds in this process: for the demo, and for tests that walk as the demo does.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use toml::Table;

use super::{Setup, SimulatedTime};
use crate::{
    clients::{aws::Keys, entra::auth::Prompter, http::Network},
    fault::Fault,
    profile::{Profile, tutorial::tutorial, write},
    secrets::SharedSecrets,
    sim::Sim,
};

/// The tutorial's profile, pointed at a simulation.
pub fn profile_text(sim: &Sim) -> Result<String, Fault> {
    let pointers: Table = toml::from_str(&sim.profile_toml())
        .map_err(|error| Fault::internal("the simulator's profile is not TOML").why(error.message().to_owned()))?;
    let tenant = pointers
        .get("entra")
        .and_then(|entra| entra.get("tenant"))
        .and_then(toml::Value::as_str)
        .unwrap_or("contoso.onmicrosoft.com")
        .to_owned();
    let mut profile = tutorial(&tenant, &tenant);
    overlay(&mut profile, pointers);
    Ok(write::render(&profile))
}

/// Puts the keys of `over` into `table`, table by table.
fn overlay(table: &mut Table, over: Table) {
    for (key, value) in over {
        match (table.get_mut(&key), value) {
            (Some(toml::Value::Table(inner)), toml::Value::Table(value)) => overlay(inner, value),
            (_, value) => {
                table.insert(key, value);
            }
        }
    }
}

/// The tutorial on this simulation: its time, its credentials, a journal below `folder`, and secrets where the caller
/// keeps them.
///
/// Nothing of this process's environment is read: a proxy or a profile of this machine has no place in a rehearsal.
pub fn setup(
    sim: &Sim,
    folder: &Path,
    secrets: SharedSecrets,
    prompter: Arc<dyn Prompter>,
    seed: u64,
) -> Result<Setup, Fault> {
    let text = profile_text(sim)?;
    let profile = Profile::parse(&text, "the rehearsal's profile", folder)
        .map_err(|error| Fault::internal("the rehearsal's profile is not valid").why(error.to_string()))?;
    let variables: BTreeMap<String, String> = sim.env().into_iter().collect();
    let keys = sim.aws_access().into_iter().map(|access| Keys {
        id: access.access_key,
        secret: access.secret_key.into(),
        session: access.session_token.map(Into::into),
    });
    Ok(Setup {
        profile,
        clock: Arc::new(SimulatedTime(sim.clock())),
        secrets,
        folder: folder.to_path_buf(),
        variables: Arc::new(move |name| variables.get(name).cloned()),
        network: Network::only_here(),
        prompter,
        keys: keys.collect(),
        seed: Some(seed),
    })
}
