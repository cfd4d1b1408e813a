//! The driver in the toy world.

mod crashes;
mod looks;
mod people;
mod random;
mod walks;

use std::{sync::Arc, time::Duration};

use crate::{
    engine::{
        fact::{End, Fact, Intent},
        guide::Nobody,
        run::State,
        select::Selection,
        signal::What,
        step::How,
        toy::{Bench, Crash, Mishap, Person, Stepped, Toy, chore, id},
    },
    fault::Kind,
};

use super::{Options, Order};

const CHAIN: &[(&str, &[&str])] = &[
    ("app", &[]),
    ("user", &[]),
    ("set", &["app"]),
    ("grant", &["user", "set"]),
];

fn kinds(bench: &Bench) -> Vec<String> {
    let name = |fact: &Fact| serde_json::to_value(fact).unwrap()["kind"].as_str().unwrap().to_owned();
    let node = |id: &Option<_>| id.as_ref().map(ToString::to_string).unwrap_or_default();
    bench
        .events
        .iter()
        .map(|event| format!("{} {}", name(&event.fact), node(&event.node)))
        .collect()
}
