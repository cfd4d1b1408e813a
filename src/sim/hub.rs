//! The hub: what every part of a running simulation shares.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use serde::Serialize;
use tokio::{sync::watch, task::JoinSet};

use super::{clock::SimClock, fuse::Fuses, http::Port, witness::Witness, world::World};

/// The header by which the simulation knows its own calls.
pub(super) const INSIDE: &str = "x-sim-inside";

/// Where the services listen, as base addresses without a trailing slash.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Addresses {
    /// Entra's sign-in.
    pub login: String,
    /// Microsoft Graph.
    pub graph: String,
    /// All AWS APIs.
    pub aws: String,
    /// AWS's SCIM endpoint, without the tenant.
    pub scim: String,
    /// State, ledger, console, weather.
    pub admin: String,
}

impl Addresses {
    /// The address of this port.
    pub fn of(&self, port: Port) -> &str {
        match port {
            Port::Login => &self.login,
            Port::Graph => &self.graph,
            Port::Aws => &self.aws,
            Port::Scim => &self.scim,
            Port::Admin => &self.admin,
        }
    }
}

/// A handle on everything inside one simulation.
#[derive(Clone)]
pub struct Hub(Arc<Inner>);

struct Inner {
    clock: SimClock,
    world: Mutex<World>,
    latency: Duration,
    addresses: Addresses,
    fuses: Arc<Fuses>,
    witness: Witness,
    http: reqwest::Client,
    inside_key: String,
    jobs: Mutex<JoinSet<()>>,
    stop: watch::Sender<bool>,
}

impl Hub {
    pub(super) fn new(clock: SimClock, mut world: World, latency: Duration, addresses: Addresses) -> Self {
        world.addresses = addresses.clone();
        // Straight to loopback, over plain HTTP: no proxy, no redirect, no certificates to read.
        let http = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([])
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("a client without TLS settings of its own can be built");
        let inside_key = format!("inside-{:016x}", world.seed);
        Self(Arc::new(Inner {
            clock,
            world: Mutex::new(world),
            latency,
            addresses,
            fuses: Arc::default(),
            witness: Witness::default(),
            http,
            inside_key,
            jobs: Mutex::default(),
            stop: watch::channel(false).0,
        }))
    }

    /// The clock.
    pub fn clock(&self) -> &SimClock {
        &self.0.clock
    }

    /// Where the services listen.
    pub fn addresses(&self) -> &Addresses {
        &self.0.addresses
    }

    pub(super) fn latency(&self) -> Duration {
        self.0.latency
    }

    pub(super) fn witness(&self) -> &Witness {
        &self.0.witness
    }

    pub(super) fn fuses(&self) -> &Arc<Fuses> {
        &self.0.fuses
    }

    pub(super) fn is_inside(&self, key: Option<&str>) -> bool {
        key == Some(self.0.inside_key.as_str())
    }

    /// Does something with the world at the present moment, then starts the work it asked for.
    pub fn with<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        let (result, jobs) = {
            let mut world = self.0.world.lock().unwrap_or_else(PoisonError::into_inner);
            world.now = self.0.clock.now();
            (act(&mut world), std::mem::take(&mut world.jobs))
        };
        if !jobs.is_empty() {
            let mut running = self.0.jobs.lock().unwrap_or_else(PoisonError::into_inner);
            // Those that have ended are forgotten.
            while running.try_join_next().is_some() {}
            for job in jobs {
                let (hub, turn) = (self.clone(), self.0.clock.line_up());
                running.spawn(async move {
                    let _busy = turn.await;
                    job(hub).await;
                });
            }
        }
        result
    }

    /// A call the simulation makes itself, over the wire like everyone's, told apart in the ledger and by fuses.
    pub fn call(&self, method: http::Method, url: &str) -> reqwest::RequestBuilder {
        self.0
            .http
            .request(method, url)
            .header(INSIDE, self.0.inside_key.as_str())
    }

    /// Puts another world in place of this one and ends the work going on in the old one.
    pub(super) fn replace(&self, mut world: World) {
        self.end_jobs();
        self.with(|old| {
            world.addresses = old.addresses.clone();
            world.now = old.now;
            *old = world;
        });
    }

    /// Puts the world back as it was at this moment, and the clock too. The work that was going on in it is ended first.
    pub(super) async fn put_back(&self, world: World, at: Timestamp) {
        let mut ending = std::mem::take(&mut *self.0.jobs.lock().unwrap_or_else(PoisonError::into_inner));
        ending.shutdown().await;
        self.0.clock.set(at);
        self.with(|old| *old = world);
    }

    pub(super) fn end_jobs(&self) {
        self.0.jobs.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }

    /// Asks for the end.
    pub(super) fn stop(&self) {
        self.0.stop.send_replace(true);
        self.end_jobs();
    }

    /// Ends when somebody asked for the end.
    pub(super) async fn stopped(&self) {
        // The sender lives as long as this handle.
        let _ = self.0.stop.subscribe().wait_for(|stop| *stop).await;
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub")
            .field("addresses", &self.0.addresses)
            .finish_non_exhaustive()
    }
}
