//! The wiring: a profile, a clock, a place for secrets and a journal become a world that steps work in.
//!
//! Everything that depends on where the process runs (environment, clock, files, this machine's keyring) is handed in, so
//! that the demo and the tests build the same session around a simulation.

pub mod adopt;
mod choices;
pub mod health;
pub mod job;
pub mod leavers;
mod leftover;
mod observe;
mod others;
#[cfg(feature = "demo")]
pub mod rehearsal;
pub mod rotation;
#[cfg(feature = "demo")]
mod simulated;
pub mod sync;

use std::{
    collections::{BTreeSet, HashSet},
    path::PathBuf,
    sync::Arc,
};

use jiff::Timestamp;
use secrecy::SecretString;
use uuid::Uuid;

pub use self::choices::{Choices, Found};
pub use self::leftover::never_taken_back;
use self::observe::ToRecorder;
#[cfg(feature = "demo")]
pub use self::simulated::{CLOCK, SimulatedTime};
use crate::{
    clients::{
        aws::{self, Aws},
        entra::{
            Entra,
            auth::{Prompter, SignIn, Way},
            clouds,
            graph::Graph as MicrosoftGraph,
        },
        http::{Http, Network},
        limits, retry,
    },
    clock::SharedClock,
    engine::{
        any::Phase,
        driver::{Driver, Options},
        fact::Event,
        graph::{Graph, NodeId, NodeIx, Remembered},
        guide::{Nobody, Operator},
        journal::{Journal, Tail},
        outcome::Outcome,
        policy::Policy,
        recorder::Recorder,
        run::Run,
        select::Selection,
        signal::What,
    },
    fault::{Fault, Kind},
    profile::{Auth, Cloud, Profile},
    report::{outline::Outline, replay::recall, view::View},
    secrets::{SharedSecrets, remember},
    steps::{
        self, Target, World,
        accounts::{self, AccountBook},
        rotation::{Rotation, Rounds, is_rotation},
    },
};

/// The version that journals are signed with.
pub const PROGRAM: &str = concat!("fedwiz ", env!("CARGO_PKG_VERSION"));

/// The journal's name inside a federation's folder.
pub const JOURNAL: &str = "journal.jsonl";

/// Reads a variable of the environment, or of what stands for it.
pub type Variables = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Everything a session is made of.
pub struct Setup {
    /// The operator's answers.
    pub profile: Profile,
    /// The time.
    pub clock: SharedClock,
    /// Where secrets are kept.
    pub secrets: SharedSecrets,
    /// The folder of this federation: its journal, and files for consoles.
    pub folder: PathBuf,
    /// The environment.
    pub variables: Variables,
    /// How to get out of this network.
    pub network: Network,
    /// What shows codes and addresses when somebody signs in.
    pub prompter: Arc<dyn Prompter>,
    /// Keys for the AWS targets, in their order; without any, the SDK looks for them.
    pub keys: Vec<aws::Keys>,
    /// Decides ids and pauses; `None` takes them from the operating system.
    pub seed: Option<u64>,
}

/// A federation at hand: its world, its graph, and what its journal says.
pub struct Session {
    /// The operator's answers.
    pub profile: Arc<Profile>,
    /// What the steps work in.
    pub world: Arc<World>,
    /// The walk.
    pub graph: Arc<Graph<World>>,
    /// Its phases.
    pub phases: Vec<&'static Phase<World>>,
    /// The door for facts.
    pub recorder: Arc<Recorder>,
    /// What is odd about the journal, if anything.
    pub warning: Option<String>,
    /// The last fact that was there when it was opened.
    past: u64,
    clock: SharedClock,
    seed: Option<u64>,
    journal: PathBuf,
}

/// What the operator names although it is not fedwiz's, by full names.
#[derive(Debug, Clone, Default)]
pub struct Named {
    /// What is changed although somebody else looks after it.
    pub overrides: Vec<String>,
    /// What is taken back although it was there before.
    pub also: Vec<String>,
    /// What the profile does not name and a set-up takes away. See [`Session::leftovers`].
    pub removes: Vec<NodeId>,
    /// Hold everything to exactly what was recorded: for a repair.
    pub exact: bool,
}

/// How often the steps' looks are tried where nothing is changed: the clients have tried before.
const TRIES_OF_A_LOOK: u32 = 2;

fn brief() -> Policy {
    Policy {
        tries: TRIES_OF_A_LOOK,
        ..Policy::default()
    }
}

impl Session {
    /// Opens the journal for this process alone, and builds everything on it. For walks that change something.
    pub async fn open(setup: Setup) -> Result<Self, Fault> {
        let (journal, recorded) = Journal::open(&setup.folder.join(JOURNAL), PROGRAM)?;
        let tail = recorded.tail;
        let recorder = Recorder::on(journal, recorded, setup.clock.clone())?;
        Self::build(setup, recorder, tail, retry::Policy::default(), None).await
    }

    /// Reads the journal, if there is one, and writes nothing anywhere. For plans and checks: who does not answer is not waited
    /// for as long as in a walk.
    pub async fn look(setup: Setup) -> Result<Self, Fault> {
        let recorded = Journal::read(&setup.folder.join(JOURNAL))?;
        let tail = recorded.tail;
        let recorder = Recorder::in_memory(recorded.run, setup.clock.clone());
        Self::build(setup, recorder, tail, retry::Policy::brief(), None).await
    }

    /// Reads the journal, if there is one, for documents: nobody signs in, and no client of its world is ever to be called.
    pub fn on_paper(setup: Setup) -> Result<Self, Fault> {
        let recorded = Journal::read(&setup.folder.join(JOURNAL))?;
        let tail = recorded.tail;
        let recorder = Arc::new(Recorder::in_memory(recorded.run, setup.clock.clone()));
        let profile = Arc::new(setup.profile.clone());
        let world = world(&setup, &profile, &recorder, &Way::DeviceCode, retry::Policy::brief())?;
        Self::assemble(setup, Arc::new(world), recorder, tail, None)
    }

    /// Builds it on a journal: for the walk, or for a rotation on what stands.
    async fn build(
        setup: Setup,
        recorder: Recorder,
        tail: Tail,
        patience: retry::Policy,
        rotation: Option<(Rotation, Rounds)>,
    ) -> Result<Self, Fault> {
        let recorder = Arc::new(recorder);
        let profile = Arc::new(setup.profile.clone());
        let way = way(&setup, &profile)?;
        let mut world = world(&setup, &profile, &recorder, &way, patience)?;
        let rotates = rotation.map(|(rotation, rounds)| {
            world.rounds = rounds;
            rotation
        });
        Self::in_world(setup, Arc::new(world), recorder, tail, rotates).await
    }

    async fn in_world(
        setup: Setup,
        world: Arc<World>,
        recorder: Arc<Recorder>,
        tail: Tail,
        rotates: Option<Rotation>,
    ) -> Result<Self, Fault> {
        accounts::look_up(&world).await?;
        Self::assemble(setup, world, recorder, tail, rotates)
    }

    fn assemble(
        setup: Setup,
        world: Arc<World>,
        recorder: Arc<Recorder>,
        tail: Tail,
        rotation: Option<Rotation>,
    ) -> Result<Self, Fault> {
        let profile = Arc::clone(&world.profile);
        let mut phases = steps::PHASES.to_vec();
        if let Some(rotation) = rotation {
            phases.extend(rotation.phases());
        }
        let graph = Arc::new(Graph::build_with(&phases, &world, &remembered(&recorder))?);
        Ok(Self {
            phases,
            profile,
            world,
            graph,
            past: recorder.with_run(Run::seq),
            recorder,
            warning: tail.warning(),
            clock: setup.clock,
            seed: setup.seed,
            journal: setup.folder.join(JOURNAL),
        })
    }

    /// What screens and reporters know of what was recorded before this session was opened. The journal is read for it again:
    /// the facts of a fleet, kept, would take more memory than all the rest.
    pub fn recall(&self) -> Result<View, Fault> {
        // A walk knows no rotation: it neither shows nor takes back what belongs to one.
        let rotates = self.phases.len() > steps::PHASES.len();
        let known = |event: &Event| event.seq <= self.past && (rotates || !of_a_rotation(event));
        recall(Outline::of(&self.phases, &self.graph), &self.journal, known)
    }

    /// A driver over this session's graph, with this operator, for this part of the walk.
    pub fn driver(&self, operator: Arc<dyn Operator>, selection: Selection) -> Driver<World> {
        self.driver_of(operator, self.options(selection))
    }

    /// A driver that takes over what is there as it is, and changes nothing.
    pub fn adopter(&self, operator: Arc<dyn Operator>) -> Driver<World> {
        let options = Options {
            adopts: true,
            ..self.options(Selection::default())
        };
        self.driver_of(operator, options)
    }

    /// A driver that may also touch what is not fedwiz's, as far as the operator named it.
    pub fn driver_naming(&self, operator: Arc<dyn Operator>, selection: Selection, named: Named) -> Driver<World> {
        let options = Options {
            overrides: named.overrides,
            also: named.also,
            removes: named.removes,
            exact: named.exact,
            ..self.options(selection)
        };
        self.driver_of(operator, options)
    }

    /// A driver for a look that somebody waits for: it gives up soon on a vendor that does not answer.
    pub fn checker(&self, selection: Selection) -> Driver<World> {
        let options = Options {
            policy: brief(),
            ..self.options(selection)
        };
        self.driver_of(Arc::new(Nobody), options)
    }

    /// The same for a look that is followed by others.
    pub fn watcher(&self, selection: Selection) -> Driver<World> {
        let options = Options {
            policy: brief(),
            exact: true,
            ..self.options(selection)
        };
        self.driver_of(Arc::new(Nobody), options)
    }

    /// Begins another look at many people: those who have not changed since the last one need not be read again.
    pub async fn follow_people(&self) {
        // Up to so many are read in one request anyway.
        if self.profile.people.user.len() > limits::GRAPH_BATCH {
            self.world.entra.follow_users().await;
        }
    }

    /// The same session with what the journal says by now, for looking again and again. Sign-ins go on.
    pub fn renewed(&self) -> Result<Self, Fault> {
        let recorded = Journal::read(&self.journal)?;
        let tail = recorded.tail;
        let recorder = Arc::new(Recorder::in_memory(recorded.run, self.clock.clone()));
        Ok(Self {
            phases: self.phases.clone(),
            profile: Arc::clone(&self.profile),
            world: Arc::clone(&self.world),
            graph: Arc::new(Graph::build_with(&self.phases, &self.world, &remembered(&recorder))?),
            past: recorder.with_run(Run::seq),
            recorder,
            warning: tail.warning(),
            clock: Arc::clone(&self.clock),
            seed: self.seed,
            journal: self.journal.clone(),
        })
    }

    /// A driver that brings what stands back to exactly what was recorded: for a repair after a check.
    pub fn repairer(&self, operator: Arc<dyn Operator>, selection: Selection) -> Driver<World> {
        let options = Options {
            exact: true,
            ..self.options(selection)
        };
        self.driver_of(operator, options)
    }

    /// What a repair goes through: what a check found to differ, and all that rests on it. What is left over, a set-up takes away.
    pub fn differing(&self, outcome: &Outcome) -> Selection {
        let differs = |what| matches!(what, What::Missing | What::Drifted | What::CannotTell);
        let found = outcome.findings.iter().filter(|(_, finding)| differs(finding.what));
        let nodes: HashSet<&NodeId> = found
            .map(|(node, _)| node)
            .filter(|node| !self.is_left_over(node))
            .collect();
        let graph = &self.graph;
        let of_these = |ix: &NodeIx| nodes.contains(&graph.node(*ix).id);
        let mut open: Vec<NodeIx> = graph.indices().filter(of_these).collect();
        let mut chosen: BTreeSet<NodeIx> = open.iter().copied().collect();
        while let Some(ix) = open.pop() {
            let stands = |ix: &NodeIx| {
                let id = &graph.node(*ix).id;
                self.recorder
                    .with_run(|run| run.node(id).is_some_and(|node| node.standing.is_some()))
            };
            for dependent in graph.dependents(ix) {
                if stands(&dependent) && chosen.insert(dependent) {
                    open.push(dependent);
                }
            }
        }
        Selection {
            targets: Vec::new(),
            only: chosen.into_iter().map(|ix| graph.node(ix).id.to_string()).collect(),
        }
    }

    fn options(&self, selection: Selection) -> Options {
        Options {
            run: self.run_id(),
            profile: digest(&self.profile),
            program: PROGRAM.into(),
            selection,
            ..Options::default()
        }
    }

    fn driver_of(&self, operator: Arc<dyn Operator>, options: Options) -> Driver<World> {
        Driver::new(
            Arc::clone(&self.graph),
            Arc::clone(&self.world),
            Arc::clone(&self.recorder),
            Arc::clone(&self.clock),
            operator,
            options,
        )
    }

    /// The time.
    pub fn clock(&self) -> SharedClock {
        Arc::clone(&self.clock)
    }

    /// A run's id: sorted by time, or decided by the seed and by how much has happened so far.
    fn run_id(&self) -> String {
        match self.seed {
            None => Uuid::now_v7().to_string(),
            Some(seed) => {
                let so_far = self.recorder.with_run(|run| run.seq());
                let mut random = fastrand::Rng::with_seed(seed ^ so_far.rotate_left(32));
                uuid::Builder::from_random_bytes(random.u128(..).to_be_bytes())
                    .into_uuid()
                    .to_string()
            }
        }
    }
}

/// Whether a fact is about a step of a rotation.
fn of_a_rotation(event: &Event) -> bool {
    event.node.as_ref().is_some_and(|node| is_rotation(&node.step))
}

/// What is or may be ours of the set-up.
fn remembered(recorder: &Recorder) -> Vec<Remembered> {
    let mut ours = recorder.with_run(|run| run.ours());
    ours.retain(|node| !is_rotation(&node.id.step));
    ours
}

fn world(
    setup: &Setup,
    profile: &Arc<Profile>,
    recorder: &Arc<Recorder>,
    way: &Way,
    patience: retry::Policy,
) -> Result<World, Fault> {
    let observer = Arc::new(ToRecorder::new(Arc::clone(recorder)));
    let seed = setup.seed.unwrap_or_else(|| fastrand::u64(..));
    let http = Http::new(&setup.network, setup.clock.clone(), observer, seed)?
        .after(last_call(recorder, &setup.clock))
        .with_policy(patience);
    let entra = entra(setup, profile, &http, way)?;
    let targets = profile
        .aws
        .iter()
        .enumerate()
        .map(|(at, target)| {
            let settings = aws::Settings {
                name: target.name.clone(),
                profile: target.profile.clone(),
                region: target.region.clone(),
                fips: target.fips,
                endpoint: profile.endpoints.aws.clone(),
                keys: setup.keys.get(at).cloned(),
                ..aws::Settings::default()
            };
            Target {
                name: target.name.clone(),
                aws: Aws::new(http.clone(), settings),
                accounts: AccountBook::default(),
                read_back: Default::default(),
            }
        })
        .collect();
    Ok(World {
        profile: Arc::clone(profile),
        entra,
        targets,
        secrets: Arc::clone(&setup.secrets),
        handouts: setup.folder.join("handouts"),
        rounds: Rounds::default(),
    })
}

/// Until when a process before this one may have called. One that was cut off may have done so until just now.
fn last_call(recorder: &Recorder, clock: &SharedClock) -> Option<Timestamp> {
    let now = clock.now();
    recorder.with_run(|run| match run.is_open() {
        true => Some(now),
        false => run.at().map(|last| last.min(now)),
    })
}

fn entra(setup: &Setup, profile: &Profile, http: &Http, way: &Way) -> Result<Entra, Fault> {
    let cloud = clouds::Cloud::find(cloud_id(profile.entra.cloud))?;
    let endpoints = &profile.endpoints;
    let sign_in = SignIn {
        http: http.clone(),
        login: endpoints.login.clone().unwrap_or_else(|| cloud.login_url()),
        tenant: profile.entra.tenant.clone(),
        client_id: profile.entra.client_id.clone(),
        prompter: Arc::clone(&setup.prompter),
    };
    let tokens = sign_in.tokens(way, cloud.default_scope())?;
    let base = endpoints.graph.clone().unwrap_or_else(|| cloud.graph_url());
    let graph = MicrosoftGraph::new(http.clone(), tokens, base.clone());
    Ok(Entra::new(graph, cloud, base, sign_in.login))
}

/// How to sign in, with the secrets that belong to it read from where the profile says they are.
fn way(setup: &Setup, profile: &Profile) -> Result<Way, Fault> {
    let entra = &profile.entra;
    Ok(match entra.auth {
        Auth::DeviceCode => Way::DeviceCode,
        Auth::Browser => Way::Browser,
        Auth::AzureCli => Way::AzureCli,
        Auth::ManagedIdentity => Way::ManagedIdentity,
        Auth::WorkloadIdentity => Way::WorkloadIdentity(entra.federated_token_file.clone()),
        Auth::Chain => Way::Chain(vec![
            Way::WorkloadIdentity(entra.federated_token_file.clone()),
            Way::ManagedIdentity,
            Way::AzureCli,
        ]),
        Auth::ClientSecret => {
            let name = &entra.client_secret_env;
            let secret = (setup.variables)(name)
                .filter(|value| !value.is_empty())
                .ok_or_else(|| {
                    Fault::new(Kind::Usage, format!("the variable {name} is not set"))
                        .why("the profile signs in with a client secret, which never stands in a file")
                        .hint(format!(
                            "Put the secret into {name} for this command only, or choose another `auth` in the profile."
                        ))
                })?;
            let secret = SecretString::from(secret);
            remember(&secret);
            Way::ClientSecret(secret)
        }
        Auth::ClientCertificate => {
            let file = entra.client_certificate.clone().unwrap_or_default();
            let pem = std::fs::read_to_string(&file).map_err(|error| {
                Fault::new(
                    Kind::Usage,
                    format!("the certificate {} cannot be read", file.display()),
                )
                .why(error.to_string())
            })?;
            Way::ClientCertificate(pem.into())
        }
    })
}

fn cloud_id(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Global => "global",
        Cloud::UsGovL4 => "us-gov-l4",
        Cloud::UsGovL5 => "us-gov-l5",
        Cloud::China => "china",
    }
}

/// A short digest of what is wanted, so that a journal shows when it changed. Addresses are left out: where a simulator
/// listens is not what is wanted.
fn digest(profile: &Profile) -> String {
    let wanted = Profile {
        endpoints: Default::default(),
        ..profile.clone()
    };
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, format!("{wanted:?}").as_bytes());
    digest
        .as_ref()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
