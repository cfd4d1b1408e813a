//! The whole walk in one process: the real engine, steps and clients against the simulator, on its clock.

use std::{path::Path, sync::Arc};

use async_trait::async_trait;
use fedwiz::{
    clients::{
        aws::{Aws, Keys, SdkRetries, Settings},
        entra::{
            Entra,
            auth::{Prompt, Prompter, SignIn, Way},
            clouds::Cloud,
            graph::Graph,
        },
        http::{Http, Network, Silent},
    },
    clock::{Busy, Clock, LineUp, SharedClock, Sleep},
    engine::{
        driver::{Driver, Options},
        fact::{Event, Intent},
        graph::{Graph as Walk, NodeId},
        guide::{Answer, Guide, Operator},
        outcome::Outcome,
        recorder::{Notice, Recorder},
        run::{Run, Standing},
        step::How,
    },
    fault::{Fault, Kind},
    profile::{Profile, default_profile},
    secrets::{MemoryStore, SecretStore},
    sim::{Options as SimOptions, Sim, SimClock},
    steps::{PHASES, Target, World, accounts::AccountBook},
};
use serde_json::Value;

/// The simulator's clock, as the crate's.
#[derive(Debug)]
struct Simulated(SimClock);

impl Clock for Simulated {
    fn now(&self) -> jiff::Timestamp {
        self.0.now()
    }

    fn sleep(&self, time: std::time::Duration) -> Sleep {
        Box::pin(self.0.sleep(time))
    }

    fn busy(&self) -> Busy {
        Busy::holding(self.0.busy())
    }

    fn line_up(&self) -> LineUp {
        let turn = self.0.line_up();
        Box::pin(async move { Busy::holding(turn.await) })
    }
}

/// Nobody reads codes here: an application signs in.
struct NobodyThere;

impl Prompter for NobodyThere {
    fn show(&self, _: &Prompt) {}
}

/// Clicks in the simulated consoles in a person's place.
struct Console(Arc<Sim>);

#[async_trait]
impl Operator for Console {
    async fn ask(&self, node: &NodeId, guide: &Guide) -> Result<Answer, Fault> {
        let click = guide
            .click
            .as_ref()
            .unwrap_or_else(|| panic!("{node} has nothing to click"));
        let args = click.args.as_object().cloned().unwrap_or_default();
        let got = self
            .0
            .click(click.action, &args)
            .map_err(|refused| Fault::new(Kind::Refused, format!("{} is refused: {refused:?}", click.action)))?;
        let mut answer = Answer::done();
        for field in &guide.fields {
            match &got[&field.key] {
                Value::Null => {}
                Value::String(text) => answer.insert(field.key.clone(), text.clone().into()),
                Value::Array(items) => {
                    let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
                    answer.insert(field.key.clone(), texts.join("\n").into());
                }
                other => answer.insert(field.key.clone(), other.to_string().into()),
            }
        }
        Ok(answer)
    }
}

/// A simulation, with a world on it and the facts so far.
struct Bench {
    sim: Arc<Sim>,
    world: Arc<World>,
    clock: SharedClock,
    secrets: Arc<MemoryStore>,
    events: Vec<Event>,
    _handouts: tempfile::TempDir,
}

impl Bench {
    async fn start(scenario: &str, change: impl FnOnce(&mut Profile)) -> Self {
        let options = SimOptions {
            scenario: scenario.into(),
            ..SimOptions::default()
        };
        let sim = Arc::new(Sim::start(options).await.expect("the simulator starts"));
        let clock: SharedClock = Arc::new(Simulated(sim.clock()));
        let bare = Profile::parse(&sim.profile_toml(), "sim", Path::new("")).expect("the simulator's profile is valid");
        let mut profile = default_profile(&bare.entra.tenant, &bare.entra.tenant);
        (profile.entra, profile.aws, profile.endpoints) = (bare.entra, bare.aws, bare.endpoints);
        change(&mut profile);
        let http = Http::new(&Network::default(), clock.clone(), Arc::new(Silent), 1).expect("a client");
        let secret = sim
            .env()
            .into_iter()
            .find(|(name, _)| *name == profile.entra.client_secret_env)
            .map(|(_, value)| value)
            .expect("the simulator gives a client secret");
        let sign_in = SignIn {
            http: http.clone(),
            login: profile.endpoints.login.clone().expect("set"),
            tenant: profile.entra.tenant.clone(),
            client_id: profile.entra.client_id.clone(),
            prompter: Arc::new(NobodyThere),
        };
        let base = profile.endpoints.graph.clone().expect("set");
        let cloud = Cloud::find("global").expect("known");
        let tokens = sign_in
            .tokens(&Way::ClientSecret(secret.into()), cloud.default_scope())
            .expect("a credential");
        let graph = Graph::new(http.clone(), tokens, base.clone());
        let targets = sim.aws_access().into_iter().map(|access| Target {
            name: access.name.clone(),
            accounts: AccountBook::default(),
            read_back: Default::default(),
            aws: Aws::new(
                http.clone(),
                Settings {
                    name: access.name,
                    profile: None,
                    region: Some(access.region),
                    fips: None,
                    endpoint: profile.endpoints.aws.clone(),
                    keys: Some(Keys {
                        id: access.access_key,
                        secret: access.secret_key.into(),
                        session: None,
                    }),
                    sdk_retries: SdkRetries::Off,
                },
            ),
        });
        let handouts = tempfile::tempdir().expect("a folder");
        let secrets = Arc::new(MemoryStore::default());
        let world = World {
            targets: targets.collect(),
            entra: Entra::new(graph, cloud, base, sign_in.login.clone()),
            secrets: secrets.clone(),
            handouts: handouts.path().to_owned(),
            rounds: Default::default(),
            profile: Arc::new(profile),
        };
        Self {
            world: Arc::new(world),
            clock,
            secrets,
            sim,
            events: Vec::new(),
            _handouts: handouts,
        }
    }

    async fn go(&mut self, intent: Intent) -> Outcome {
        let walk = Walk::build(PHASES, &self.world).unwrap_or_else(|fault| panic!("{fault}"));
        let recorder = Arc::new(Recorder::in_memory(Run::of(&self.events), self.clock.clone()));
        let mut heard = recorder.subscribe();
        let driver = Driver::new(
            Arc::new(walk),
            Arc::clone(&self.world),
            recorder,
            self.clock.clone(),
            Arc::new(Console(Arc::clone(&self.sim))),
            Options::default(),
        );
        let outcome = driver.run(intent).await.unwrap_or_else(|fault| panic!("{fault}"));
        let mut lines = Vec::new();
        while let Some(notice) = heard.try_next() {
            match notice {
                Notice::Fact(event) => {
                    lines.push(format!("{event:?}"));
                    self.events.push(Event::clone(&event));
                }
                Notice::Signal(signal) => lines.push(format!("    {signal:?}")),
            }
        }
        if std::env::var_os("FEDWIZ_TEST_TRACE").is_some() {
            for mut line in lines {
                line.truncate(900);
                eprintln!("{line}");
            }
        }
        outcome
    }

    fn standing(&self, step: &str) -> Vec<(String, Standing)> {
        let run = fedwiz::engine::run::Run::of(&self.events);
        let walk = Walk::build(PHASES, &self.world).expect("it was built before");
        walk.nodes()
            .iter()
            .filter(|node| node.id.step == step)
            .filter_map(|node| Some((node.id.to_string(), run.node(&node.id)?.standing.clone()?)))
            .collect()
    }
}

fn good(outcome: &Outcome) {
    assert!(
        outcome.exit_code() == 0,
        "failed: {:#?}\nneeds a person: {:#?}\nblocked: {:?}",
        outcome.failed,
        outcome.needs_person,
        outcome.blocked
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tutorial_goes_up_and_comes_down_and_leaves_nothing() {
    let mut bench = Bench::start("fresh", |_| {}).await;
    let before = bench.sim.state_json();
    good(&bench.go(Intent::Up).await);
    assert_eq!(bench.standing("scim.arrived").len(), 1);
    let writes = bench.sim.writes();
    good(&bench.go(Intent::Up).await);
    assert_eq!(bench.sim.writes(), writes, "a second walk writes nothing");
    good(&bench.go(Intent::Down).await);
    let after = bench.sim.state_json();
    pretty_assert(&before, &after);
    assert_eq!(bench.sim.verdict(), Vec::<String>::new());
    assert!(bench.secrets_are_gone().await);
}

impl Bench {
    async fn secrets_are_gone(&self) -> bool {
        let token = self.world.scim_token(&self.world.targets[0].name);
        self.secrets.get(&token).await.expect("memory answers").is_none()
    }
}

fn pretty_assert(before: &Value, after: &Value) {
    if before != after {
        let (before, after) = (format!("{before:#}"), format!("{after:#}"));
        let left: Vec<&str> = after.lines().filter(|line| !before.contains(*line)).collect();
        let lost: Vec<&str> = before.lines().filter(|line| !after.contains(*line)).collect();
        panic!("left behind:\n{}\nlost:\n{}", left.join("\n"), lost.join("\n"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_non_gallery_application_goes_the_same_way() {
    let mut bench = Bench::start("fresh", |profile| {
        profile.entra.application.kind = fedwiz::profile::AppKind::NonGallery;
        profile.entra.application.name = "AWS, not from the gallery".into();
    })
    .await;
    let before = bench.sim.state_json();
    good(&bench.go(Intent::Up).await);
    assert!(
        bench
            .standing("scim.mappings")
            .iter()
            .all(|(_, standing)| standing.how != How::Seen)
    );
    good(&bench.go(Intent::Down).await);
    pretty_assert(&before, &bench.sim.state_json());
    assert_eq!(bench.sim.verdict(), Vec::<String>::new());
}
