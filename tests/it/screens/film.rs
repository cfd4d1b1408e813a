//! Real runs over the simulation, kept as they were told, and a federation and a machine that only show them.

use std::{
    path::Path,
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use async_trait::async_trait;
use fedwiz::{
    engine::{
        driver::{Control, Order},
        fact::Intent,
        graph::NodeId,
        guide::{Answer, Entry, Guide, Nobody, Operator},
        outcome::Outcome,
        recorder::{Notice, Recorder},
        select::Selection,
        signal::Signal,
    },
    fault::Fault,
    profile::Profile,
    report::{outline::Outline, view::View},
    session::Session,
    sim::Sim,
    steps::PHASES,
    tui::{
        dag::map::Map,
        host::{Choice, Draft, Federation, Folder, Host, Known, LookUp, Question, Running, SignIn, Wrong},
        upkeep::Upkeep,
    },
};
use jiff::Timestamp;
use secrecy::SecretString;
use tokio::sync::mpsc;

use super::{care::Care, fleet, odd};
use crate::loopback::Loopback;

/// A run as it was told, notice by notice.
#[derive(Clone)]
pub struct Take {
    pub intent: Intent,
    pub notices: Vec<Notice>,
    pub outcome: Outcome,
}

/// What there is to know of a federation once its runs are over.
#[derive(Clone)]
pub struct Film {
    pub name: String,
    pub leads: String,
    pub empty: View,
    pub map: Map,
    pub needs: Vec<Vec<usize>>,
    pub needed_by: Vec<Vec<usize>>,
    /// The clouds are simulated, and the screen says so.
    pub simulated: bool,
    pub takes: Vec<Take>,
}

impl Film {
    /// Of this session's federation; nothing has happened on it.
    pub fn of(session: &Session) -> Self {
        let graph = &session.graph;
        Self {
            name: session.profile.federation.clone(),
            leads: format!("{} ⇄ aws (us-east-1)", session.profile.entra.tenant),
            empty: View::new(Outline::of(PHASES, graph)),
            map: Map::of(graph),
            needs: graph
                .indices()
                .map(|ix| {
                    graph
                        .needs(ix)
                        .flat_map(|(_, picked)| picked.iter().map(|ix| ix.index()))
                        .collect()
                })
                .collect(),
            needed_by: graph
                .indices()
                .map(|ix| graph.dependents(ix).iter().map(|ix| ix.index()).collect())
                .collect(),
            simulated: false,
            takes: Vec::new(),
        }
    }

    /// Runs all of these in a simulation, and keeps what was told.
    async fn shot(scenario: &str, change: fn(&mut Profile), play: Play, intents: &[Intent]) -> Self {
        let world = Loopback::start_with(scenario, change).await;
        let console = match play {
            Play::Word => world.spoilt("saml.sign-in", |answer| answer.unproven = true),
            _ => world.spoilt("", |_| {}),
        };
        let mut film = None;
        for intent in intents {
            let session = world.session().await.unwrap();
            let film = film.get_or_insert_with(|| Self::of(&session));
            let mut told = session.recorder.subscribe();
            let stopper = Arc::new(Stopper {
                console: Arc::clone(&console),
                control: OnceLock::new(),
                sim: Arc::clone(&world.sim),
                recorder: Arc::clone(&session.recorder),
            });
            let driver = match play {
                Play::Stop => session.driver(Arc::clone(&stopper) as Arc<dyn Operator>, Selection::default()),
                _ => session.driver(Arc::clone(&console), Selection::default()),
            };
            let _ = stopper.control.set(driver.control());
            let outcome = driver.run(*intent).await.unwrap();
            let notices = std::iter::from_fn(|| told.try_next()).collect();
            film.takes.push(Take {
                intent: *intent,
                notices,
                outcome,
            });
        }
        film.unwrap()
    }

    pub fn take(&self, intent: Intent) -> &Take {
        self.takes.iter().find(|take| take.intent == intent).unwrap()
    }
}

/// How a person plays along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Play {
    /// Does all clicks.
    Along,
    /// Stops the run when the token is asked for.
    Stop,
    /// Gives a word instead of a proof of the sign-in.
    Word,
}

/// Stops the run when the token is asked for.
struct Stopper {
    console: Arc<dyn Operator>,
    control: OnceLock<Control>,
    sim: Arc<Sim>,
    recorder: Arc<Recorder>,
}

/// How long a person takes to stop it. The clock goes on only when nothing else is under way: so the stop always falls into
/// the same moment of the run.
const HESITATES: Duration = Duration::from_millis(137);

#[async_trait]
impl Operator for Stopper {
    async fn ask(&self, node: &NodeId, guide: &Guide) -> Result<Answer, Fault> {
        if node.step == "scim.token"
            && let Some(control) = self.control.get()
        {
            self.sim.clock().sleep(HESITATES).await;
            let mut told = self.recorder.subscribe();
            control.tell(Order::Stop);
            // Nothing is answered before the order is heard: else what the answer sets going may come first.
            let heard = |notice: &Notice| matches!(notice, Notice::Signal(event) if event.signal == Signal::Stopping);
            while !told.next().await.as_ref().is_none_or(heard) {}
        }
        self.console.ask(node, guide).await
    }
}

/// All films.
pub struct Films {
    pub tutorial: Film,
    /// The same, as the demo shows it.
    pub demo: Film,
    pub refused: Film,
    pub stopped: Film,
    pub word: Film,
    pub foreign: Film,
    /// A company's access, under way.
    pub fleet: Film,
    /// The same of two organizations.
    pub partitions: Film,
    /// How the tutorial's federation is looked after.
    pub care: Care,
    /// How texts are said that no film holds.
    pub say: fn(&str) -> String,
}

/// Names that take two columns a letter, that combine, and that act on a terminal.
fn foreign_names(profile: &mut Profile) {
    for (user, name) in profile
        .people
        .user
        .iter_mut()
        .zip(["東京 太郎 株式会社", "Zoe\u{308} Nun\u{303}ez\u{202e}\u{1b}[31m"])
    {
        user.display_name = Some(name.into());
    }
}

/// The stack of a program's main thread, on which runs begin in the program, too.
const STACK: usize = 8 << 20;

/// Something that takes its time, on a runtime of its own: other tests have theirs.
fn apart<T: Send + 'static, F: Future<Output = T>>(work: impl FnOnce() -> F + Send + 'static) -> T {
    let worker = std::thread::Builder::new().stack_size(STACK).spawn(move || {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(work())
    });
    worker.unwrap().join().unwrap()
}

const ALL: [Intent; 4] = [Intent::Plan, Intent::Up, Intent::PlanDown, Intent::Down];

/// All films, shot once.
pub fn films() -> &'static Films {
    static FILMS: OnceLock<Films> = OnceLock::new();
    FILMS.get_or_init(|| {
        apart(|| async {
            let up = [Intent::Up];
            let tutorial = Film::shot("fresh", |_| {}, Play::Along, &ALL).await;
            Films {
                demo: Film {
                    simulated: true,
                    ..tutorial.clone()
                },
                tutorial,
                refused: Film::shot("no-rights", |_| {}, Play::Along, &up).await,
                stopped: Film::shot("fresh", |_| {}, Play::Stop, &up).await,
                word: Film::shot("fresh", |_| {}, Play::Word, &up).await,
                foreign: Film::shot("fresh", foreign_names, Play::Along, &[Intent::Plan]).await,
                fleet: fleet::shot("large", fleet::company).await,
                partitions: fleet::shot("two-partitions", fleet::teams).await,
                care: Care::shot().await,
                say: str::to_owned,
            }
        })
    })
}

/// The same films with texts in which a cut cannot hide, and items with such names in the graph.
pub fn odd_films() -> &'static Films {
    static FILMS: OnceLock<Films> = OnceLock::new();
    FILMS.get_or_init(|| {
        let shot = apart(|| async {
            let up = [Intent::Up];
            [
                Film::shot("fresh", odd::people, Play::Along, &ALL).await,
                Film::shot("no-rights", odd::people, Play::Along, &up).await,
                Film::shot("fresh", odd::people, Play::Stop, &up).await,
                Film::shot("fresh", odd::people, Play::Word, &up).await,
            ]
        });
        let [tutorial, refused, stopped, word] = shot.map(|film| odd::told(&film));
        Films {
            foreign: tutorial.clone(),
            fleet: odd::told(&films().fleet),
            partitions: odd::told(&films().partitions),
            demo: Film {
                simulated: true,
                ..tutorial.clone()
            },
            tutorial,
            refused,
            stopped,
            word,
            care: films().care.told(),
            say: odd::long,
        }
    })
}

/// A federation that only shows what was told.
pub struct OnFilm {
    pub film: &'static Film,
    pub view: View,
    pub now: Mutex<Timestamp>,
}

impl Federation for OnFilm {
    fn name(&self) -> String {
        self.film.name.clone()
    }

    fn leads(&self) -> String {
        self.film.leads.clone()
    }

    fn view(&self) -> View {
        self.view.clone()
    }

    fn map(&self) -> Map {
        self.film.map.clone()
    }

    fn needs(&self, node: usize) -> Vec<usize> {
        self.film.needs[node].clone()
    }

    fn needed_by(&self, node: usize) -> Vec<usize> {
        self.film.needed_by[node].clone()
    }

    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    fn warning(&self) -> Option<String> {
        None
    }

    fn start(&self, _: Intent, _: bool, _: Arc<dyn Operator>) -> Running {
        unreachable!("a film does not run")
    }

    fn console(&self) -> Option<Arc<dyn Operator>> {
        self.film.simulated.then(|| Arc::new(Nobody) as Arc<dyn Operator>)
    }

    fn upkeep(self: Arc<Self>) -> Arc<dyn Upkeep> {
        unreachable!("a film is not looked after")
    }

    fn command(&self, _: Intent) -> String {
        "fedwiz apply --profile contoso.toml".into()
    }
}

/// A machine with these federations.
pub struct Machine {
    pub known: Vec<Known>,
    /// How its texts are said.
    pub say: fn(&str) -> String,
}

#[async_trait]
impl Host for Machine {
    fn known(&self) -> Vec<Known> {
        self.known.clone()
    }

    async fn open(&self, _: &str) -> Result<Arc<dyn Federation>, Fault> {
        unreachable!("nothing is opened here")
    }

    fn draft(&self) -> Draft {
        let question = |key: &str, label: &str, value: &str, choices: &[&str]| Question {
            key: key.into(),
            label: (self.say)(label),
            hint: (self.say)(&format!("What {label} is for, and where it is found.")),
            choices: choices.iter().map(|choice| (*choice).to_owned()).collect(),
            value: value.into(),
            required: true,
            look_up: LookUp::Nowhere,
        };
        Draft {
            fields: vec![
                question("federation", "Federation", "contoso", &[]),
                question("entra.tenant", "Entra tenant", "", &[]),
                question("entra.auth", "Entra auth", "device-code", &["device-code", "browser"]),
            ],
        }
    }

    fn preview(&self, draft: &Draft) -> Result<String, Vec<Wrong>> {
        match draft.fields[1].value.as_str() {
            "" => Err(vec![Wrong {
                key: "entra.tenant".into(),
                why: (self.say)("Entra tenant is missing. The tenant's domain or id."),
            }]),
            tenant if !tenant.contains('.') => Err(vec![Wrong {
                key: "entra.tenant".into(),
                why: (self.say)("Entra tenant: a tenant is a domain such as contoso.onmicrosoft.com, or an id."),
            }]),
            tenant => Ok(format!("federation = \"contoso\"\n\n[entra]\ntenant = \"{tenant}\"\n")),
        }
    }

    async fn look_up(&self, _: &Draft, _: &str, _: &str) -> Result<Vec<Choice>, Fault> {
        unreachable!("nothing is looked up here")
    }

    fn save(&self, _: &Draft) -> Result<String, Fault> {
        unreachable!("nothing is saved here")
    }

    fn bring(&self, _: Entry, _: SecretString) -> Result<SecretString, Fault> {
        unreachable!("nothing is brought here")
    }

    fn folder(&self, _: Option<&Path>) -> Result<Folder, Fault> {
        unreachable!("no folder is read here")
    }

    fn prompts(&self) -> Option<mpsc::UnboundedReceiver<Option<SignIn>>> {
        None
    }
}
