//! `Sim`: a running simulation, to hold and to ask.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tokio::task::JoinSet;

use super::{
    admin::{self, Clicked},
    aws,
    clock::{Mode, SimClock},
    entra,
    fuse::{Fuse, Moment},
    hub::{Addresses, Hub},
    scenario::{self, BadScenario, Scenario},
    server::{self, Gates},
    weather::Weather,
    witness::Exchange,
    world::World,
};

/// When every simulation begins, unless told otherwise.
pub const START: &str = "2026-01-05T09:00:00Z";

/// How to start a simulation.
#[derive(Debug, Clone)]
pub struct Options {
    /// The name of a bundled scenario.
    pub scenario: String,
    /// Ids, secrets and weather come from it.
    pub seed: u64,
    /// How time passes.
    pub clock: Mode,
    /// What every request takes.
    pub latency: Duration,
    /// When it begins.
    pub start: Timestamp,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            scenario: "fresh".into(),
            seed: 1,
            clock: Mode::default(),
            latency: Duration::from_millis(40),
            start: START.parse().expect("a constant timestamp"),
        }
    }
}

/// Why a simulation could not start.
#[derive(Debug, thiserror::Error)]
pub enum CannotStart {
    /// The scenario.
    #[error(transparent)]
    Scenario(#[from] BadScenario),
    /// The listeners.
    #[error("the simulator cannot listen on 127.0.0.1: {0}")]
    Listen(#[from] std::io::Error),
}

/// How to reach one AWS target: all that a client needs, and all of it fake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsAccess {
    /// The target's name.
    pub name: String,
    /// The fake access key id.
    pub access_key: String,
    /// The fake secret key.
    pub secret_key: String,
    /// The session token of a temporary key.
    pub session_token: Option<String>,
    /// The Region.
    pub region: String,
}

/// A world at one moment. See [`Sim::keep`].
#[derive(Debug)]
pub struct Kept(World);

/// A running simulation. It ends when this is dropped.
#[derive(Debug)]
pub struct Sim {
    hub: Hub,
    gates: Gates,
    _tasks: JoinSet<()>,
}

impl Sim {
    /// Starts a simulation and listens.
    pub async fn start(options: Options) -> Result<Self, CannotStart> {
        let scenario = scenario::load(&options.scenario)?;
        Self::start_with(&scenario, options).await
    }

    /// Starts a simulation of a scenario that is not among the bundled ones.
    pub async fn start_with(scenario: &Scenario, options: Options) -> Result<Self, CannotStart> {
        let world = scenario.build(options.seed, options.start)?;
        let (listeners, addresses) = server::bind().await?;
        let clock = SimClock::new(options.clock, options.start);
        let hub = Hub::new(clock, world, options.latency, addresses);
        let gates: Gates = std::array::from_fn(|_| Arc::default());
        let tasks = server::serve(listeners, &hub, &gates)?;
        hub.with(|world| {
            admin::plan_outages(world, &gates);
            entra::begin(world);
        });
        Ok(Self {
            hub,
            gates,
            _tasks: tasks,
        })
    }

    /// The world as it is now, to be put back later. None while a provisioning cycle is under way: what a cycle holds in its
    /// hands is not part of the world.
    pub fn keep(&self) -> Option<Kept> {
        self.hub
            .with(|world| entra::is_quiet(world).then(|| Kept(world.copy())))
    }

    /// Puts the world back as it was when it was kept, clock included; provisioning goes on from there, outages that were to
    /// come do not. For a stepped clock, and while nobody is at work.
    pub async fn put_back(&self, kept: &Kept) {
        self.hub.put_back(kept.0.copy(), kept.0.now).await;
        self.hub.with(entra::go_on);
    }

    /// Where the services listen.
    pub fn addresses(&self) -> &Addresses {
        self.hub.addresses()
    }

    /// The clock.
    pub fn clock(&self) -> SimClock {
        self.hub.clock().clone()
    }

    /// Looks at the world, or changes it, behind everybody's back.
    pub fn with<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        self.hub.with(act)
    }

    /// A profile that walks the tutorial against this simulation.
    pub fn profile_toml(&self) -> String {
        let a = self.addresses();
        let profile = self.hub.with(|world| {
            let mut profile = toml::Table::new();
            profile.insert("entra".into(), entra::profile(&world.entra).into());
            profile.insert("aws".into(), aws::profile(&world.aws).into());
            profile
        });
        let mut profile = profile;
        let mut endpoints = toml::Table::new();
        for (name, address) in [
            ("login", &a.login),
            ("graph", &a.graph),
            ("aws", &a.aws),
            ("scim", &a.scim),
            ("admin", &a.admin),
        ] {
            endpoints.insert(name.into(), address.as_str().into());
        }
        profile.insert("endpoints".into(), endpoints.into());
        profile.to_string()
    }

    /// What any other client needs in its environment, in order.
    pub fn env(&self) -> Vec<(String, String)> {
        let mut env = vec![("AWS_ENDPOINT_URL".to_owned(), self.addresses().aws.clone())];
        if let Some(first) = self.aws_access().into_iter().next() {
            env.push(("AWS_ACCESS_KEY_ID".into(), first.access_key));
            env.push(("AWS_SECRET_ACCESS_KEY".into(), first.secret_key));
            env.extend(first.session_token.map(|token| ("AWS_SESSION_TOKEN".to_owned(), token)));
            env.push(("AWS_REGION".into(), first.region.clone()));
            env.push(("AWS_DEFAULT_REGION".into(), first.region));
        }
        env.push(("AWS_EC2_METADATA_DISABLED".into(), "true".into()));
        env.extend(self.hub.with(|world| entra::env(&world.entra)));
        env
    }

    /// The text of an AWS shared credentials file with one profile for each target, named as in the profile.
    pub fn aws_credentials_file(&self) -> String {
        self.aws_access()
            .iter()
            .map(|a| {
                let token = a
                    .session_token
                    .as_ref()
                    .map(|token| format!("aws_session_token = {token}\n"));
                format!(
                    "[{}]\naws_access_key_id = {}\naws_secret_access_key = {}\nregion = {}\n{}",
                    a.name,
                    a.access_key,
                    a.secret_key,
                    a.region,
                    token.unwrap_or_default()
                )
            })
            .collect()
    }

    /// Fake credentials for each AWS target.
    pub fn aws_access(&self) -> Vec<AwsAccess> {
        self.hub.with(|world| world.aws.iter().map(aws::access).collect())
    }

    /// What `fedwiz sim` prints when it listens, without the paths of the files it wrote.
    pub fn ready_json(&self) -> Value {
        let a = self.addresses();
        json!({ "ready": true, "login": a.login, "graph": a.graph, "aws": a.aws, "scim": a.scim, "admin": a.admin })
    }

    /// All live objects of both clouds: equal before and after a walk up and down.
    pub fn state_json(&self) -> Value {
        self.hub.with(|world| admin::state(world))
    }

    /// What lies in recycle bins.
    pub fn deleted_json(&self) -> Value {
        self.hub.with(|world| admin::deleted(world))
    }

    /// Requests and violations.
    pub fn ledger_json(&self) -> Value {
        self.hub.with(|world| admin::ledger(world))
    }

    /// Every broken rule. Empty is good.
    pub fn verdict(&self) -> Vec<String> {
        self.hub.with(|world| world.ledger.verdict())
    }

    /// How many requests clients have made, on all ports but admin.
    pub fn requests(&self) -> u64 {
        self.hub.fuses().requests()
    }

    /// How many of them changed something.
    pub fn writes(&self) -> usize {
        self.hub
            .with(|world| world.ledger.entries().iter().filter(|e| e.wrote && !e.inside).count())
    }

    /// Begins to write down whole exchanges, bodies included.
    pub fn record(&self) {
        self.hub.witness().begin();
    }

    /// What has been written down since then.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.hub.witness().exchanges()
    }

    /// Every token and password there is or was.
    pub fn secrets(&self) -> Vec<String> {
        self.hub.with(|world| world.secrets().to_vec())
    }

    /// Kills the client at its `n`-th request (as counted by [`Sim::requests`]).
    pub fn fuse(&self, n: u64, moment: Moment) -> Fuse {
        self.hub.fuses().arm(n, moment)
    }

    /// Clicks in one of the consoles.
    pub fn click(&self, action: &str, args: &Map<String, Value>) -> Clicked {
        self.hub.with(|world| admin::click(world, action, args))
    }

    /// Changes the weather.
    pub fn set_weather(&self, weather: Weather) {
        admin::set_weather(&self.hub, &self.gates, weather);
    }

    /// Ends when `POST /shutdown` asked for it.
    pub async fn stopped(&self) {
        self.hub.stopped().await;
    }

    /// Ends the simulation.
    pub fn shutdown(self) {
        self.hub.stop();
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        self.hub.stop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::weather::{Odds, Outage};

    async fn sim() -> Sim {
        Sim::start(Options::default()).await.unwrap()
    }

    fn client() -> reqwest::Client {
        reqwest::Client::builder().no_proxy().build().unwrap()
    }

    #[tokio::test]
    async fn requests_take_simulated_time_and_are_in_the_ledger() {
        let sim = sim().await;
        let before = sim.clock().now();
        client()
            .get(format!("{}/v1.0/nothing?x=1", sim.addresses().graph))
            .send()
            .await
            .unwrap();
        assert_eq!(sim.clock().now().duration_since(before).as_millis(), 40);
        let ledger = sim.ledger_json();
        assert_eq!(ledger["requests"][0]["target"], "/v1.0/nothing");
        assert_eq!(ledger["requests"][0]["port"], "graph");
        assert_eq!(sim.requests(), 1);
        // The admin port is not part of the world.
        let admin: Value = client()
            .get(format!("{}/ledger", sim.addresses().admin))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        assert_eq!(admin, ledger);
        assert_eq!(sim.requests(), 1);
    }

    #[tokio::test]
    async fn a_token_in_an_address_is_a_violation_and_is_not_written_down() {
        let sim = sim().await;
        sim.with(|world| world.keep_secret("s3cr3t-token"));
        client()
            .get(format!("{}/x?access=s3cr3t-token", sim.addresses().graph))
            .send()
            .await
            .unwrap();
        assert!(sim.verdict()[0].contains("token-in-url"));
        assert!(!sim.ledger_json().to_string().contains("s3cr3t-token"));
    }

    #[tokio::test]
    async fn a_lost_answer_ends_the_connection_without_a_byte() {
        let sim = sim().await;
        sim.set_weather(Weather {
            drop_answers: Odds {
                every: 1,
                most: 1,
                ..Odds::default()
            },
            ..Weather::default()
        });
        let error = client()
            .post(format!("{}/x", sim.addresses().graph))
            .send()
            .await
            .unwrap_err();
        assert!(error.is_request() && !error.is_connect(), "{error:?}");
        assert_eq!(sim.ledger_json()["requests"][0]["weather"], "answer lost");
        assert!(
            client()
                .post(format!("{}/x", sim.addresses().graph))
                .send()
                .await
                .is_ok()
        );
    }

    #[tokio::test]
    async fn an_outage_refuses_connections_and_passes() {
        let sim = sim().await;
        let http = client();
        let url = format!("{}/x", sim.addresses().graph);
        http.get(&url).send().await.unwrap();
        let outage = Outage {
            port: "graph".into(),
            after_s: 5.0,
            for_s: 30.0,
        };
        sim.set_weather(Weather {
            outages: vec![outage],
            ..Weather::default()
        });
        let busy = sim.clock().busy();
        http.get(&url).send().await.unwrap();
        sim.clock().sleep(Duration::from_secs(10)).await;
        assert!(client().get(&url).send().await.unwrap_err().is_connect());
        assert!(http.get(&url).send().await.unwrap_err().is_connect());
        sim.clock().sleep(Duration::from_secs(30)).await;
        http.get(&url).send().await.unwrap();
        drop(busy);
    }

    #[tokio::test]
    async fn a_fuse_kills_the_client_at_its_moment() {
        for moment in Moment::ALL {
            let sim = sim().await;
            let url = format!("{}/x", sim.addresses().graph);
            client().get(&url).send().await.unwrap();
            let fuse = sim.fuse(2, moment);
            let walk = tokio::spawn(async move {
                loop {
                    client().get(&url).send().await.unwrap();
                }
            });
            fuse.blown().await;
            walk.abort();
            let done = sim.ledger_json()["requests"].as_array().unwrap().len();
            assert_eq!(done, if moment == Moment::BeforeSend { 1 } else { 2 }, "{moment:?}");
            drop(fuse);
            client()
                .get(format!("{}/x", sim.addresses().graph))
                .send()
                .await
                .unwrap();
        }
    }

    #[tokio::test]
    async fn reset_and_shutdown_work_over_http() {
        let sim = sim().await;
        let admin = sim.addresses().admin.clone();
        client()
            .get(format!("{}/x", sim.addresses().graph))
            .send()
            .await
            .unwrap();
        let answer = client()
            .post(format!("{admin}/reset"))
            .json(&json!({"scenario": "laggy"}))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(sim.ledger_json()["requests"], json!([]));
        assert_eq!(
            client()
                .post(format!("{admin}/reset"))
                .body("{\"scenario\":\"sunny\"}")
                .send()
                .await
                .unwrap()
                .status(),
            400
        );
        client().post(format!("{admin}/shutdown")).send().await.unwrap();
        sim.stopped().await;
    }
}
