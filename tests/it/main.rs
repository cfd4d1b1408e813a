//! Whole journeys over loopback, and the checks that keep the house in order.

mod architecture;
#[cfg(feature = "demo")]
mod aws_client;
mod cli;
mod contracts;
#[cfg(feature = "demo")]
mod moto;
mod profile;
mod secret_service;
#[cfg(feature = "demo")]
mod sim_aws;
#[cfg(feature = "demo")]
mod sim_graph;
#[cfg(feature = "demo")]
mod sim_provisioning;
#[cfg(feature = "demo")]
mod walk;
