//! Whole journeys over loopback, and the checks that keep the house in order.

// A whole walk is one deep future.
#![recursion_limit = "256"]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod adopt;
mod adopted;
mod answers;
mod architecture;
mod aws_client;
mod canary;
mod choices;
mod cli;
#[cfg(unix)]
mod clipboard;
mod contracts;
mod crash;
mod doctor;
mod drift;
mod exports;
mod fleet;
mod fused_store;
mod harness;
mod journey;
mod kinds;
mod leavers;
mod looks;
mod loopback;
mod members;
mod moto;
mod orphans;
#[cfg(unix)]
mod pictures;
mod profile;
#[cfg(unix)]
mod pty;
mod read_back;
mod removals;
mod rotate;
mod rotate_certificate;
mod scenarios;
mod screens;
mod secret_service;
mod sim_aws;
mod sim_graph;
mod sim_provisioning;
#[cfg(unix)]
mod svg;
#[cfg(unix)]
mod terminal;
mod terraform;
mod upkeep;
mod walk;
mod weather;
mod wire;
