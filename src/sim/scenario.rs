//! Scenarios: worlds as data, from `assets/scenarios/*.toml`.
//!
//! ```toml
//! title = "Half done"
//! about = "One line on what is in it."
//! [weather]        # see `weather.rs`
//! [entra]          # read by the Entra side, see `entra/`
//! [[aws]]          # one organization for each AWS target, see `aws/seed.rs`
//! ```

use std::fmt;

use jiff::Timestamp;
use serde::Deserialize;

use super::{
    aws::{self, Seed},
    entra,
    weather::Weather,
    world::{Ids, World},
};

macro_rules! bundled {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../assets/scenarios/", $name, ".toml")))),*]
    };
}

/// The bundled scenarios: name and text.
pub const BUNDLED: &[(&str, &str)] = bundled![
    "fresh",
    "half-done",
    "click-built",
    "drifted",
    "throttled",
    "laggy",
    "outage",
    "no-rights",
    "planted-faults",
    "planted-faults-2",
    "no-key",
    "expired-token",
    "quarantine",
    "certificate-expiring",
    "permission-sets-off",
    "ad-source",
    "two-partitions",
    "large",
];

/// A world as data.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its name, from the file name.
    #[serde(skip)]
    pub name: String,
    /// A few words.
    pub title: String,
    /// One or two sentences.
    pub about: String,
    /// The weather.
    #[serde(default)]
    pub weather: Weather,
    /// The Entra tenant, read by the Entra side.
    #[serde(default)]
    pub entra: toml::Table,
    /// The AWS organizations.
    #[serde(default)]
    pub aws: Vec<Seed>,
}

/// A scenario that cannot be read or built.
#[derive(Debug, Clone, PartialEq)]
pub struct BadScenario(pub String);

impl fmt::Display for BadScenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadScenario {}

/// The bundled scenario of this name, or the one in this TOML file.
pub fn load(name: &str) -> Result<Scenario, BadScenario> {
    if std::path::Path::new(name)
        .extension()
        .is_some_and(|extension| extension == "toml")
    {
        let text = std::fs::read_to_string(name)
            .map_err(|error| BadScenario(format!("the scenario {name} cannot be read: {error}")))?;
        return parse(name, &text);
    }
    let Some((_, text)) = BUNDLED.iter().find(|(bundled, _)| *bundled == name) else {
        let names: Vec<&str> = BUNDLED.iter().map(|(name, _)| *name).collect();
        return Err(BadScenario(format!(
            "there is no scenario {name}; there are {}",
            names.join(", ")
        )));
    };
    parse(name, text)
}

/// A scenario from its text.
pub fn parse(name: &str, text: &str) -> Result<Scenario, BadScenario> {
    let mut scenario: Scenario =
        toml::from_str(text).map_err(|error| BadScenario(format!("scenario {name}: {error}")))?;
    scenario.name = name.to_owned();
    Ok(scenario)
}

impl Scenario {
    /// The world it describes, as of `now`.
    pub fn build(&self, seed: u64, now: Timestamp) -> Result<World, BadScenario> {
        let bad = |error: String| BadScenario(format!("scenario {}: {error}", self.name));
        let mut ids = Ids::new(seed);
        let tenant = entra::build(&self.entra, &mut ids, now).map_err(bad)?;
        let plain = [Seed::default()];
        let seeds = if self.aws.is_empty() { &plain[..] } else { &self.aws };
        let organizations = seeds
            .iter()
            .map(|seed| aws::build(seed, &mut ids, now))
            .collect::<Result<_, _>>()
            .map_err(bad)?;
        let mut world = World::new(seed, ids, tenant, organizations, self.weather.clone(), now);
        world.scenario = self.name.clone();
        let provisionings = world
            .aws
            .iter()
            .filter_map(|org| org.instance.as_ref()?.provisioning.as_ref());
        let tokens: Vec<String> = provisionings
            .flat_map(|p| &p.tokens)
            .map(|token| token.secret.clone())
            .collect();
        tokens.into_iter().for_each(|token| world.keep_secret(token));
        entra::settle(&mut world, &self.entra).map_err(bad)?;
        Ok(world)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bundled_scenario_builds() {
        for (name, _) in BUNDLED {
            let world = load(name).and_then(|s| s.build(1, Timestamp::UNIX_EPOCH)).unwrap();
            assert!(!world.aws.is_empty(), "{name}");
        }
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        assert!(load("sunny").unwrap_err().0.contains("half-done"));
    }
}
