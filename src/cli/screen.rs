//! `fedwiz` and `fedwiz demo`: the screen, over the federations of this machine or over simulated clouds.

use std::{
    io::IsTerminal,
    path::PathBuf,
    pin::Pin,
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::{sync::mpsc, task::JoinHandle};

use super::{
    Stop, args,
    args::TokenStore,
    out::{self, Colour},
    place, vault, walk,
};
#[cfg(feature = "demo")]
use super::{operator::SimulatedConsole, sim::start};
use crate::{
    clients::entra::auth::{Prompt, Prompter},
    engine::{
        fact::{Event, Intent},
        guide::Operator,
        journal::Journal,
        outcome::Outcome,
        recorder::{Notice, Subscription},
        select::Selection,
    },
    fault::{Fault, Kind},
    profile::Profile,
    report::{outline::Outline, replay::recall, view::View, words},
    session::{JOURNAL, Session, Setup},
    steps::PHASES,
    tui::{
        self,
        dag::map::Map,
        host::{Draft, Federation, Host, Known, Running, SignIn, Wrong},
        theme::{Palette, Theme},
    },
};
#[cfg(feature = "demo")]
use crate::{
    secrets::MemoryStore,
    session::rehearsal,
    sim::{Mode, Options as SimOptions, Sim},
};

/// Opens the screen on the federations of this machine.
pub(super) async fn wizard(args: args::Wizard, colour: Colour) -> Result<ExitCode, Stop> {
    let options = options(&args.look, colour)?;
    let (prompts, heard) = mpsc::unbounded_channel();
    let named = args.which.profile.is_some() || args.which.federation.is_some();
    let open = match place::profile(&args.which) {
        Ok((file, profile)) => Some((file, profile.federation)),
        // What was named and cannot be read is said before the screen opens.
        Err(stop) if named => return Err(stop),
        Err(_) => None,
    };
    let host = Machine {
        file: open.as_ref().map(|(file, _)| file.clone()),
        token_store: args.token_store,
        prompter: Arc::new(OnScreen(prompts)),
        prompts: Mutex::new(Some(heard)),
    };
    let options = tui::run::Options {
        open: open.filter(|_| named).map(|(_, name)| name),
        ..options
    };
    leave(tui::run::run(Arc::new(host), options).await?)
}

/// How the screen looks, from flags and environment. A fault where there is no terminal to show it on.
fn options(look: &args::Look, colour: Colour) -> Result<tui::run::Options, Fault> {
    if !(std::io::stdin().is_terminal() && std::io::stdout().is_terminal()) {
        return Err(
            Fault::new(Kind::Usage, "the screen needs a terminal, and there is none")
                .why("stdin or stdout is a pipe or a file")
                .hint("Use the commands without a screen: `fedwiz demo --headless`, `fedwiz plan`, `fedwiz apply`."),
        );
    }
    let palette = match (&look.theme, colour.stdout) {
        (Some(name), _) => Palette::named(name).ok_or_else(|| {
            Fault::new(Kind::Usage, format!("there is no theme `{name}`"))
                .hint(format!("Choose one of {}.", Palette::ALL.map(Palette::name).join(", ")))
        })?,
        (None, false) => Palette::None,
        (None, true) => Palette::default(),
    };
    Ok(tui::run::Options {
        theme: Theme {
            palette,
            ascii: look.ascii,
        },
        open: None,
        still: look.reduced_motion,
        no_mouse: look.no_mouse,
        bell: look.bell,
        wall: Timestamp::now,
        panic: std::env::var_os(PANIC).is_some(),
    })
}

/// Makes the screen panic once it is there. For the test of what a panic leaves behind.
const PANIC: &str = "FEDWIZ_TEST_PANIC";

/// Says how to go on, where something is left to do.
fn leave(left: tui::run::Left) -> Result<ExitCode, Stop> {
    if let Some(command) = &left.go_on {
        out::continue_with(command);
    }
    Ok(ExitCode::from(left.code))
}

/// Hands codes and addresses for signing in to the screen.
struct OnScreen(mpsc::UnboundedSender<Option<SignIn>>);

impl Prompter for OnScreen {
    fn show(&self, prompt: &Prompt) {
        let sign_in = match prompt {
            Prompt::DeviceCode { url, code, until } => SignIn {
                url: url.to_string(),
                code: Some(code.clone()),
                until: *until,
            },
            Prompt::Browser { url, until, .. } => SignIn {
                url: url.to_string(),
                code: None,
                until: *until,
            },
        };
        let _ = self.0.send(Some(sign_in));
    }

    fn done(&self, _: bool) {
        let _ = self.0.send(None);
    }
}

/// The federations of this machine.
struct Machine {
    /// The profile that was named, if one was.
    file: Option<PathBuf>,
    token_store: TokenStore,
    prompter: Arc<dyn Prompter>,
    prompts: Mutex<Option<mpsc::UnboundedReceiver<Option<SignIn>>>>,
}

impl Machine {
    fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> = self.file.iter().cloned().collect();
        for file in place::profiles() {
            if !files.contains(&file) {
                files.push(file);
            }
        }
        files
    }
}

#[async_trait]
impl Host for Machine {
    fn known(&self) -> Vec<Known> {
        let all = self.files().into_iter().map(|file| match Profile::load(&file) {
            Ok(profile) => Known {
                state: how_it_stands(&profile.federation),
                name: profile.federation,
                profile: Some(file),
                demo: false,
            },
            Err(error) => Known {
                name: file
                    .file_stem()
                    .map(|stem| stem.to_string_lossy().into_owned())
                    .unwrap_or_default(),
                state: format!("its profile has errors: {error}"),
                profile: Some(file),
                demo: false,
            },
        });
        all.collect()
    }

    async fn open(&self, name: &str) -> Result<Arc<dyn Federation>, Fault> {
        for file in self.files() {
            let Ok(profile) = Profile::load(&file) else { continue };
            if profile.federation != name {
                continue;
            }
            let secrets = vault::open_quietly(self.token_store).await?;
            let setup = Setup {
                prompter: Arc::clone(&self.prompter),
                ..walk::setup(profile, secrets)?
            };
            let console = console_of(&setup);
            let command = format!("--profile {}", out::quoted(&file.display().to_string()));
            return Opened::open(setup, console, command).await;
        }
        Err(
            Fault::new(Kind::Usage, format!("the profile of `{name}` cannot be read"))
                .hint("`fedwiz plan` says what is wrong with it, line by line."),
        )
    }

    fn draft(&self) -> Draft {
        super::draft::draft()
    }

    fn preview(&self, draft: &Draft) -> Result<String, Vec<Wrong>> {
        super::draft::preview(draft)
    }

    fn save(&self, draft: &Draft) -> Result<String, Fault> {
        super::draft::save(draft)
    }

    fn prompts(&self) -> Option<mpsc::UnboundedReceiver<Option<SignIn>>> {
        self.prompts.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// What a federation's journal says, in a few words.
fn how_it_stands(federation: &str) -> String {
    let read = place::state_dir(federation).and_then(|folder| Journal::read(&folder.join(JOURNAL)));
    let recorded = match read {
        Ok(recorded) if recorded.events.is_empty() => return "not begun".into(),
        Ok(recorded) => recorded,
        Err(fault) => return fault.to_string(),
    };
    let view = recall(Outline::new(PHASES), recorded.events.into_iter().map(Arc::new));
    let standing = view.tally().count(words::State::stands);
    let end = view.run().and_then(|run| run.end).map_or("broken off", words::end);
    let at = view
        .now()
        .map(|at| at.strftime(", %Y-%m-%d %H:%M UTC").to_string())
        .unwrap_or_default();
    match standing {
        0 => format!("taken back{at}"),
        _ => format!("{standing} steps stand; last run: {end}{at}"),
    }
}

/// The simulated console of a federation that stands on a simulator.
fn console_of(setup: &Setup) -> Option<Arc<dyn Operator>> {
    #[cfg(feature = "demo")]
    if let Ok(console) = SimulatedConsole::of(&setup.profile, Arc::clone(&setup.clock)) {
        return Some(Arc::new(console));
    }
    let _ = setup;
    None
}

/// A federation that is open.
struct Opened {
    session: Session,
    /// What has happened since it was opened.
    since: Mutex<Since>,
    console: Option<Arc<dyn Operator>>,
    /// The flags that lead to it on the command line.
    flags: String,
    #[cfg(feature = "demo")]
    _world: Option<World>,
}

/// The facts of this process, heard in order.
struct Since {
    notices: Subscription,
    facts: Vec<Arc<Event>>,
}

impl Since {
    fn the_opening_of(session: &Session) -> Mutex<Self> {
        Mutex::new(Self {
            notices: session.recorder.subscribe(),
            facts: Vec::new(),
        })
    }

    fn catch_up(&mut self) {
        while let Some(notice) = self.notices.try_next() {
            if let Notice::Fact(event) = notice {
                self.facts.push(event);
            }
        }
    }
}

/// What a demo lives in.
#[cfg(feature = "demo")]
struct World {
    _sim: Arc<Sim>,
    _folder: Arc<tempfile::TempDir>,
}

impl Opened {
    async fn open(
        setup: Setup,
        console: Option<Arc<dyn Operator>>,
        flags: String,
    ) -> Result<Arc<dyn Federation>, Fault> {
        let session = Session::open(setup).await?;
        Ok(Arc::new(Self {
            since: Since::the_opening_of(&session),
            session,
            console,
            flags,
            #[cfg(feature = "demo")]
            _world: None,
        }))
    }
}

/// A task that ends with whoever waits for it.
struct Ending(JoinHandle<Result<Outcome, Fault>>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Future for Ending {
    type Output = Result<Outcome, Fault>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0)
            .poll(cx)
            .map(|joined| joined.unwrap_or_else(|_| Err(Fault::internal("the run broke off"))))
    }
}

impl Federation for Opened {
    fn name(&self) -> String {
        self.session.profile.federation.clone()
    }

    fn leads(&self) -> String {
        let profile = &self.session.profile;
        let targets: Vec<String> = profile
            .aws
            .iter()
            .map(|target| match &target.region {
                Some(region) => format!("{} ({region})", target.name),
                None => target.name.clone(),
            })
            .collect();
        format!("{} ⇄ {}", profile.entra.tenant, targets.join(", "))
    }

    fn view(&self) -> View {
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        since.catch_up();
        recall(
            Outline::of(PHASES, &self.session.graph),
            self.session.past.iter().chain(&since.facts).cloned(),
        )
    }

    fn map(&self) -> Map {
        Map::of(&self.session.graph)
    }

    fn needs(&self, node: usize) -> Vec<usize> {
        let graph = &self.session.graph;
        let Some(ix) = graph.indices().nth(node) else {
            return Vec::new();
        };
        let mut all: Vec<usize> = graph
            .needs(ix)
            .flat_map(|(_, picked)| picked.iter().map(|ix| ix.index()))
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    fn needed_by(&self, node: usize) -> Vec<usize> {
        let graph = &self.session.graph;
        let dependents = graph.indices().nth(node).map(|ix| graph.dependents(ix));
        dependents.into_iter().flatten().map(|ix| ix.index()).collect()
    }

    fn now(&self) -> Timestamp {
        // Asked for with every picture, so that what is heard does not pile up.
        self.since.lock().unwrap_or_else(PoisonError::into_inner).catch_up();
        self.session.clock().now()
    }

    fn warning(&self) -> Option<String> {
        self.session.warning.clone()
    }

    fn start(&self, intent: Intent, operator: Arc<dyn Operator>) -> Running {
        let notices = self.session.recorder.subscribe();
        let driver = self.session.driver(operator, Selection::default());
        let control = driver.control();
        Running {
            control,
            notices,
            ended: Box::pin(Ending(tokio::spawn(driver.run(intent)))),
        }
    }

    fn console(&self) -> Option<Arc<dyn Operator>> {
        self.console.clone()
    }

    fn command(&self, intent: Intent) -> String {
        let command = match intent {
            Intent::Down => "teardown",
            _ => "apply",
        };
        format!("fedwiz {command} {}", self.flags).trim_end().to_owned()
    }
}

/// The simulated clouds of a demo.
#[cfg(feature = "demo")]
struct Demo {
    sim: Arc<Sim>,
    folder: Arc<tempfile::TempDir>,
    seed: u64,
    prompter: Arc<dyn Prompter>,
    prompts: Mutex<Option<mpsc::UnboundedReceiver<Option<SignIn>>>>,
    secrets: Arc<MemoryStore>,
    scenario: String,
}

/// The name that the demo has in the list.
#[cfg(feature = "demo")]
const DEMO: &str = "demo";

/// Simulated seconds per real second, where nobody says otherwise: a minute of the clouds takes a second.
#[cfg(feature = "demo")]
const DEMO_SPEED: f64 = 60.0;

/// Opens the screen on simulated clouds in this process.
#[cfg(feature = "demo")]
pub(super) async fn demo(args: args::Demo, colour: Colour) -> Result<ExitCode, Stop> {
    let options = options(&args.look, colour)?;
    let sim = start(SimOptions {
        scenario: args.scenario.clone(),
        seed: args.seed,
        clock: Mode::Realtime {
            speed: args.speed.unwrap_or(DEMO_SPEED),
        },
        ..SimOptions::default()
    })
    .await?;
    let folder = tempfile::tempdir()
        .map_err(|error| Fault::new(Kind::File, "no temporary folder can be made").why(error.to_string()))?;
    let (prompts, heard) = mpsc::unbounded_channel();
    let host = Demo {
        sim: Arc::new(sim),
        folder: Arc::new(folder),
        seed: args.seed,
        prompter: Arc::new(OnScreen(prompts)),
        prompts: Mutex::new(Some(heard)),
        secrets: Arc::new(MemoryStore::new()),
        scenario: args.scenario,
    };
    let options = tui::run::Options {
        open: Some(DEMO.into()),
        ..options
    };
    let left = tui::run::run(Arc::new(host), options).await?;
    // What was simulated is gone with this process: there is nothing to continue.
    leave(tui::run::Left { go_on: None, ..left })
}

#[cfg(feature = "demo")]
#[async_trait]
impl Host for Demo {
    fn known(&self) -> Vec<Known> {
        vec![Known {
            name: DEMO.into(),
            profile: None,
            state: format!(
                "simulated clouds, scenario {}: no account, no network, no keyring",
                self.scenario
            ),
            demo: true,
        }]
    }

    async fn open(&self, _: &str) -> Result<Arc<dyn Federation>, Fault> {
        let setup = rehearsal::setup(
            &self.sim,
            self.folder.path(),
            self.secrets.clone(),
            Arc::clone(&self.prompter),
            self.seed,
        )?;
        let console = console_of(&setup);
        let session = Session::open(setup).await?;
        Ok(Arc::new(Opened {
            since: Since::the_opening_of(&session),
            session,
            console,
            flags: String::new(),
            _world: Some(World {
                _sim: Arc::clone(&self.sim),
                _folder: Arc::clone(&self.folder),
            }),
        }))
    }

    fn draft(&self) -> Draft {
        Draft::default()
    }

    fn preview(&self, _: &Draft) -> Result<String, Vec<Wrong>> {
        Err(Vec::new())
    }

    fn save(&self, _: &Draft) -> Result<String, Fault> {
        Err(Fault::new(Kind::Usage, "the demo writes no profile"))
    }

    fn prompts(&self) -> Option<mpsc::UnboundedReceiver<Option<SignIn>>> {
        self.prompts.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
