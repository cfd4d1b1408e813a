//! Both clouds on loopback: Entra login, Microsoft Graph, the AWS APIs, AWS's SCIM dialect, and the console clicks that
//! have no API. Strict, seeded, and with weather.
//!
//! [`Sim::start`] listens on five ports of 127.0.0.1 and gives a handle. Any AWS SDK, Graph or SCIM client can be pointed
//! at it. It uses nothing else of this crate, so that client and simulator cannot share a mistake.

pub mod admin;
pub mod aws;
pub mod clock;
mod door;
pub mod entra;
pub mod fuse;
pub mod http;
pub mod hub;
pub mod ledger;
pub mod pages;
pub mod scenario;
mod server;
mod simulator;
pub mod weather;
pub mod witness;
pub mod world;

pub use self::{
    clock::{Mode, SimBusy, SimClock},
    fuse::{Fuse, Moment},
    hub::{Addresses, Hub},
    simulator::{AwsAccess, CannotStart, Kept, Options, START, Sim},
    weather::Weather,
};
