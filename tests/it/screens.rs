//! Every screen, drawn from real runs over the simulation: as pictures, and held to properties at all sizes.

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex, OnceLock},
};

use async_trait::async_trait;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use fedwiz::{
    engine::{
        fact::Intent,
        graph::NodeId,
        guide::{Answer, Entry, Operator},
        outcome::Outcome,
        recorder::Notice,
        select::Selection,
        signal::{Signal, SignalEvent},
    },
    fault::Fault,
    profile::Profile,
    report::{clean, outline::Outline, replay::recall, view::View, words::State},
    steps::PHASES,
    tui::{
        app::App,
        dag::map::Map,
        host::{Choice, Draft, Federation, Folder, Host, Item, Known, LookUp, Question, Running, SignIn, Wrong},
        keys::Place,
        operator::Asked,
        page::{Effect, Open, Shared},
        screen::{
            ask::Ask, finder, form::Form, guide::GuideScreen, help::Help, sign_in::SignInPage, start::Start,
            step::StepScreen, walk::Walk,
        },
        theme::{Palette, Theme},
    },
};
use jiff::Timestamp;
use ratatui::{Terminal, backend::TestBackend, buffer::Buffer, style::Color};
use secrecy::SecretString;
use tokio::sync::{mpsc, oneshot};

use crate::loopback::Loopback;

/// A run as it was told, notice by notice.
struct Take {
    intent: Intent,
    notices: Vec<Notice>,
    outcome: Outcome,
}

/// What there is to know of a federation once its runs are over.
struct Film {
    name: String,
    leads: String,
    empty: View,
    map: Map,
    needs: Vec<Vec<usize>>,
    needed_by: Vec<Vec<usize>>,
    takes: Vec<Take>,
}

impl Film {
    /// Runs all of these in a simulation, and keeps what was told.
    async fn shot(scenario: &str, change: fn(&mut Profile), intents: &[Intent]) -> Self {
        let world = Loopback::start_with(scenario, change).await;
        let console = world.spoilt("", |_| {});
        let mut film = None;
        for intent in intents {
            let session = world.session().await.unwrap();
            let film = film.get_or_insert_with(|| {
                let graph = &session.graph;
                Film {
                    name: session.profile.federation.clone(),
                    leads: format!("{} ⇄ aws (us-east-1)", session.profile.entra.tenant),
                    empty: recall(Outline::of(PHASES, graph), []),
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
                    takes: Vec::new(),
                }
            });
            let mut told = session.recorder.subscribe();
            let driver = session.driver(Arc::clone(&console), Selection::default());
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

    fn take(&self, intent: Intent) -> &Take {
        self.takes.iter().find(|take| take.intent == intent).unwrap()
    }
}

/// All films, shot once.
struct Films {
    tutorial: Film,
    refused: Film,
    foreign: Film,
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

fn films() -> &'static Films {
    static FILMS: OnceLock<Films> = OnceLock::new();
    FILMS.get_or_init(|| {
        // Other tests have runtimes of their own; this one serves them all.
        std::thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap();
            let all = [Intent::Plan, Intent::Up, Intent::PlanDown, Intent::Down];
            runtime.block_on(async {
                Films {
                    tutorial: Film::shot("fresh", |_| {}, &all).await,
                    refused: Film::shot("no-rights", |_| {}, &[Intent::Up]).await,
                    foreign: Film::shot("fresh", foreign_names, &[Intent::Plan]).await,
                }
            })
        })
        .join()
        .unwrap()
    })
}

/// A federation that only shows what was told.
struct OnFilm {
    film: &'static Film,
    view: View,
    now: Mutex<Timestamp>,
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

    fn start(&self, _: Intent, _: Arc<dyn Operator>) -> Running {
        unreachable!("a film does not run")
    }

    fn console(&self) -> Option<Arc<dyn Operator>> {
        None
    }

    fn command(&self, _: Intent) -> String {
        "fedwiz apply --profile contoso.toml".into()
    }
}

/// A machine with these federations.
struct Machine(Vec<Known>);

#[async_trait]
impl Host for Machine {
    fn known(&self) -> Vec<Known> {
        self.0.clone()
    }

    async fn open(&self, _: &str) -> Result<Arc<dyn Federation>, Fault> {
        unreachable!("nothing is opened here")
    }

    fn draft(&self) -> Draft {
        let question = |key: &str, label: &str, value: &str, choices: &[&str]| Question {
            key: key.into(),
            label: label.into(),
            hint: format!("What {label} is for, and where it is found."),
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
                why: "Entra tenant is missing. The tenant's domain or id.".into(),
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

/// The screen, with what happens on film played to it.
struct Stage {
    app: App,
    stage: Option<Arc<OnFilm>>,
    replies: Vec<oneshot::Receiver<Answer>>,
}

impl Stage {
    fn empty(known: Vec<Known>) -> Self {
        Self {
            app: App::new(Shared::new(Arc::new(Machine(known)), Theme::default())),
            stage: None,
            replies: Vec::new(),
        }
    }

    /// The film's federation, after these runs.
    fn of(film: &'static Film, past: &[Intent]) -> Self {
        let mut stage = Self::empty(Vec::new());
        let mut view = film.empty.clone();
        let mut now = Timestamp::UNIX_EPOCH;
        for intent in past {
            for notice in &film.take(*intent).notices {
                view.see(notice);
            }
            now = view.now().unwrap_or(now);
        }
        if now == Timestamp::UNIX_EPOCH {
            now = at(&film.takes[0].notices[0]);
        }
        let on_film = Arc::new(OnFilm {
            film,
            view,
            now: Mutex::new(now),
        });
        stage.app.opened(Open::new(on_film.clone()));
        stage.app.show(Box::new(Walk::default()));
        stage.stage = Some(on_film);
        stage
    }

    /// Does what the loop would do, as far as it is about pages.
    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Show(page) => self.app.show(page),
                Effect::Instead(page) => self.app.instead(page),
                Effect::Back => self.app.back(),
                Effect::Home => self.app.home(),
                Effect::Start(intent) => self.app.begins(intent),
                Effect::Act(action) => {
                    let effects = self.app.act(action);
                    self.perform(effects);
                }
                _ => {}
            }
        }
    }

    fn key(&mut self, code: KeyCode) -> &mut Self {
        let effects = self.app.key(&KeyEvent::new(code, KeyModifiers::NONE));
        self.perform(effects);
        self
    }

    fn typed(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            self.key(KeyCode::Char(c));
        }
        self
    }

    fn tick(&mut self) {
        let effects = self.app.tick();
        self.perform(effects);
    }

    /// Plays a run until this is so, or to its end.
    fn play(&mut self, intent: Intent, until: impl Fn(&Open) -> bool) -> &mut Self {
        let on_film = self.stage.clone().unwrap();
        let take = on_film.film.take(intent);
        self.app.begins(intent);
        for notice in &take.notices {
            *on_film.now.lock().unwrap() = at(notice);
            self.app.notice(notice);
            self.follow(notice);
            self.tick();
            if until(self.app.shared.open.as_ref().unwrap()) {
                return self;
            }
        }
        let effects = self.app.ended(Ok(take.outcome.clone()));
        self.perform(effects);
        self.tick();
        self
    }

    /// Tells what is not on film.
    fn told(&mut self, node: Option<NodeId>, signal: Signal) {
        let at = self.app.shared.now;
        let seq = self.app.shared.open.as_ref().unwrap().view.seq();
        let event = SignalEvent { seq, at, node, signal };
        self.app.notice(&Notice::Signal(Arc::new(event)));
    }

    /// Asks and answers as the film tells.
    fn follow(&mut self, notice: &Notice) {
        let Notice::Signal(event) = notice else { return };
        let Some(node) = &event.node else { return };
        match &event.signal {
            Signal::Asked { guide } => {
                let (reply, answer) = oneshot::channel();
                self.replies.push(answer);
                let asked = Asked {
                    node: node.clone(),
                    guide: (**guide).clone(),
                    reply,
                };
                let effects = self.app.asked(asked);
                self.perform(effects);
            }
            Signal::Answered { .. } => {
                let open = self.app.shared.open.as_ref().unwrap();
                let number = open.view.find(node).unwrap();
                if let Some(id) = open.question_of(number).map(|question| question.id) {
                    self.app.answer(id, Answer::done());
                }
            }
            _ => {}
        }
    }

    fn node(&self, name: &str) -> usize {
        let open = self.app.shared.open.as_ref().unwrap();
        let nodes = open.view.nodes();
        nodes.iter().position(|node| &*node.label == name).unwrap()
    }

    fn buffer(&self, width: u16, height: u16) -> Buffer {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| self.app.draw(frame)).unwrap();
        terminal.backend().buffer().clone()
    }
}

fn at(notice: &Notice) -> Timestamp {
    match notice {
        Notice::Fact(event) => event.at,
        Notice::Signal(event) => event.at,
    }
}

/// The cells of a line as text; the second half of a wide letter is no text of its own.
fn text(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let mut line = String::new();
        let mut skip = 0;
        for x in 0..buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            if skip > 0 {
                skip -= 1;
                continue;
            }
            line.push_str(symbol);
            skip = clean::width(symbol).saturating_sub(1);
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

fn asks(step: &'static str) -> impl Fn(&Open) -> bool {
    move |open| {
        open.questions
            .iter()
            .any(|question| &*open.view.node(question.node).label == step)
    }
}

fn only_waits(open: &Open) -> bool {
    let states: Vec<State> = open.view.active().map(|at| open.view.node(at).state).collect();
    !states.is_empty() && states.iter().all(|state| *state == State::Waiting)
}

/// A screen at a moment.
type Scene = fn() -> Stage;

const SCENES: &[(&str, Scene)] = &[
    ("home-empty", || Stage::empty(Vec::new())),
    ("home", || {
        let known = |name: &str, state: &str| Known {
            name: name.into(),
            state: state.into(),
        };
        Stage::empty(vec![
            known("contoso", "17 steps stand; last run: stopped, 2025-11-21 22:40 UTC"),
            known("fabrikam", "not begun"),
        ])
    }),
    ("form", || {
        let mut stage = Stage::empty(Vec::new());
        let draft = stage.app.shared.draft.clone();
        stage.app.show(Box::new(Form::new(draft)));
        stage.key(KeyCode::Enter);
        stage
    }),
    ("start", || {
        let mut stage = Stage::of(&films().tutorial, &[]);
        stage.app.show(Box::new(Start::default()));
        stage
    }),
    ("plan", || {
        let mut stage = Stage::of(&films().tutorial, &[]);
        stage.app.show(Box::new(Start::default()));
        stage.key(KeyCode::Enter).play(Intent::Plan, |_| false);
        stage
    }),
    ("plan-looking", || {
        let mut stage = Stage::of(&films().tutorial, &[]);
        stage.app.show(Box::new(Start::default()));
        stage
            .key(KeyCode::Enter)
            .play(Intent::Plan, |open| open.view.progress().done == 12);
        stage
    }),
    ("plan-foreign", || {
        let mut stage = Stage::of(&films().foreign, &[]);
        stage.app.show(Box::new(Start::default()));
        stage.key(KeyCode::Enter).play(Intent::Plan, |_| false);
        stage
    }),
    ("walk-begin", || {
        let mut stage = Stage::of(&films().tutorial, &[]);
        stage.play(Intent::Up, |open| open.view.progress().done == 10);
        stage
    }),
    ("walk-needs-you", || {
        let mut stage = Stage::of(&films().tutorial, &[]);
        stage.play(Intent::Up, asks("saml.identity-source"));
        stage
    }),
    ("walk-waits", || {
        let mut stage = Stage::of(&films().tutorial, &[]);
        stage.play(Intent::Up, |open| open.view.progress().done > 30 && only_waits(open));
        stage
    }),
    ("walk-paused", || {
        let mut stage = Stage::of(&films().tutorial, &[]);
        stage.play(Intent::Up, |open| open.view.progress().done == 10);
        stage.told(None, Signal::Paused);
        stage
    }),
    ("walk-ended", || {
        let mut stage = Stage::of(&films().tutorial, &[]);
        stage.play(Intent::Up, |_| false).key(KeyCode::Esc);
        stage
    }),
    ("over", || {
        let mut stage = Stage::of(&films().tutorial, &[]);
        stage.play(Intent::Up, |_| false);
        stage
    }),
    ("walk-failed", || {
        let mut stage = Stage::of(&films().refused, &[]);
        stage.play(Intent::Up, |_| false).key(KeyCode::Esc);
        stage
    }),
    ("over-failed", || {
        let mut stage = Stage::of(&films().refused, &[]);
        stage.play(Intent::Up, |_| false);
        stage
    }),
    ("step", || {
        let mut stage = Stage::of(&films().tutorial, &[Intent::Up]);
        let node = stage.node("entra.app");
        stage.app.show(Box::new(StepScreen::of(node)));
        stage
    }),
    ("step-failed", || {
        let mut stage = Stage::of(&films().refused, &[Intent::Up]);
        let open = stage.app.shared.open.as_mut().unwrap();
        let node = open.view.failures().next().unwrap();
        open.focus = node;
        stage.app.show(Box::new(StepScreen::of(node)));
        stage
    }),
    ("guide", || {
        let mut stage = Stage::of(&films().tutorial, &[]);
        stage.play(Intent::Up, asks("saml.identity-source"));
        stage.key(KeyCode::Char('g'));
        stage.tick();
        stage
    }),
    ("guide-secret", || {
        let mut stage = Stage::of(&films().tutorial, &[]);
        stage.play(Intent::Up, asks("scim.token"));
        let node = stage.node("scim.token");
        stage.app.show(Box::new(GuideScreen::of(node)));
        stage.tick();
        stage
            .typed("https://scim.us-east-1.amazonaws.com/abc/scim/v2")
            .key(KeyCode::Enter)
            .typed("s3cr3t-of-the-token");
        stage
    }),
    ("guide-awaits", || {
        let mut stage = Stage::of(&films().tutorial, &[]);
        stage.play(Intent::Up, |open| {
            open.questions.is_empty()
                && open.view.nodes().iter().any(|node| {
                    &*node.label == "saml.identity-source" && node.state == State::Waiting && node.guide().is_some()
                })
        });
        let node = stage.node("saml.identity-source");
        stage.app.show(Box::new(GuideScreen::of(node)));
        stage
    }),
    ("resume", || {
        let mut stage = Stage::of(&films().refused, &[Intent::Up]);
        stage.app.show(Box::new(Start::default()));
        stage
    }),
    ("teardown", || {
        let mut stage = Stage::of(&films().tutorial, &[Intent::Up]);
        stage.key(KeyCode::Char('u')).play(Intent::PlanDown, |_| false);
        stage
    }),
    ("walk-down", || {
        let mut stage = Stage::of(&films().tutorial, &[Intent::Up]);
        stage.play(Intent::Down, |open| open.view.progress().done == 8);
        stage
    }),
    ("over-down", || {
        let mut stage = Stage::of(&films().tutorial, &[Intent::Up]);
        stage.play(Intent::Down, |_| false);
        stage
    }),
    ("help", || {
        let mut stage = Stage::of(&films().tutorial, &[]);
        stage.app.show(Box::new(Help::of(fedwiz::tui::keys::Place::Walk)));
        stage
    }),
    ("pick", || {
        let mut stage = Stage::empty(Vec::new());
        let mut draft = stage.app.shared.draft.clone();
        draft.fields[1].look_up = LookUp::AsTyped;
        stage.app.show(Box::new(Form::new(draft)));
        stage.key(KeyCode::Enter).key(KeyCode::F(5)).tick();
        let choice = |value: &str, about: &str| Choice {
            value: value.into(),
            about: about.into(),
        };
        let found = vec![
            choice("contoso.com", "new users get it"),
            choice("contoso.onmicrosoft.com", "the one Microsoft gave"),
        ];
        stage.app.shared.found = Some(("entra.tenant".into(), Ok(found)));
        stage.tick();
        stage
    }),
    ("files", || {
        let mut stage = Stage::of(&films().tutorial, &[]);
        stage.play(Intent::Up, asks("saml.sp-values"));
        let node = stage.node("saml.sp-values");
        stage.app.show(Box::new(GuideScreen::of(node)));
        stage.tick();
        stage.key(KeyCode::F(5));
        let item = |name: &str, is_folder: bool, bytes: u64| Item {
            name: name.into(),
            is_folder,
            bytes,
            changed: Some(Timestamp::UNIX_EPOCH),
        };
        stage.app.shared.folder = Some(Ok(Folder {
            path: "/home/nikki/Downloads".into(),
            items: vec![
                item("pictures", true, 4096),
                item("AWS IAM Identity Center.xml", false, 6021),
                item("東京 metadata.xml", false, 16021),
            ],
        }));
        stage.tick();
        stage
    }),
    ("finder", || {
        let mut stage = Stage::of(&films().tutorial, &[]);
        stage.app.show(Box::new(finder::steps()));
        stage.typed("token");
        stage
    }),
    ("ask", || {
        let mut stage = Stage::of(&films().tutorial, &[]);
        stage.app.show(Box::new(Ask::to_stop(fedwiz::tui::keys::Action::Quit)));
        stage
    }),
    ("sign-in", || {
        let mut stage = Stage::of(&films().tutorial, &[]);
        stage.app.shared.wall = Some(Timestamp::UNIX_EPOCH);
        stage.app.show(Box::new(SignInPage::new(SignIn {
            url: "https://microsoft.com/devicelogin".into(),
            code: Some("F7QX9KLM2".into()),
            until: Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_secs(852),
        })));
        stage
    }),
    ("message", || {
        let mut stage = Stage::of(&films().tutorial, &[]);
        stage.key(KeyCode::Char('p'));
        stage
    }),
];

fn stages() -> impl Iterator<Item = (&'static str, Stage)> {
    SCENES.iter().map(|(name, scene)| (*name, scene()))
}

fn picture(name: &str, size: (u16, u16), stage: &Stage) {
    let mut settings = insta::Settings::clone_current();
    // The simulation listens where the system lets it.
    settings.add_filter(r"127\.0\.0\.1:\d{5}", "127.0.0.1:12345");
    // And it keeps its files where the system puts temporary ones.
    settings.add_filter(r"(IdP metadata file +).*", "${1}a path");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_snapshot_path("snapshots/screens");
    settings.bind(|| {
        insta::assert_snapshot!(
            format!("{name}-{}x{}", size.0, size.1),
            text(&stage.buffer(size.0, size.1))
        );
    });
}

#[test]
fn every_screen_looks_as_it_did() {
    let most: &[(u16, u16)] = &[(80, 24)];
    let walk: &[(u16, u16)] = &[(80, 24), (100, 30), (120, 40), (200, 60), (40, 12)];
    for (name, stage) in stages() {
        let sizes = match name {
            "walk-needs-you" => walk,
            "walk-waits" | "walk-ended" | "walk-failed" => &walk[..3],
            "plan" | "guide" | "step" | "teardown" | "form" => &[(80, 24), (120, 40)],
            "home" => &[(80, 24), (40, 12)],
            _ => most,
        };
        for size in sizes {
            picture(name, *size, &stage);
        }
    }
}

#[test]
fn colours_are_those_of_the_theme() {
    let mut styles = HashMap::new();
    for palette in [Palette::Dark, Palette::Light, Palette::HighContrast] {
        let mut stage = Stage::of(&films().tutorial, &[]);
        stage.play(Intent::Up, asks("saml.identity-source"));
        stage.app.shared.theme.palette = palette;
        let buffer = stage.buffer(80, 24);
        let used: Vec<(Color, Color)> = buffer.content().iter().map(|cell| (cell.fg, cell.bg)).collect();
        assert!(
            used.iter().any(|(fg, _)| *fg != Color::Reset),
            "{palette:?} has no colour"
        );
        styles.insert(palette.name(), used);
    }
    assert_ne!(styles["dark"], styles["light"]);
}

/// Sizes from very small to very large. Each scene sees a part of them, the walk all.
fn sizes(part: usize, parts: usize) -> impl Iterator<Item = (u16, u16)> {
    let all = (20..=220)
        .step_by(7)
        .flat_map(|width| (5..=60).step_by(5).map(move |height| (width, height)));
    all.enumerate()
        .filter_map(move |(at, size)| (at % parts == part % parts).then_some(size))
}

#[test]
fn at_every_size_nothing_acts_on_the_terminal_and_no_colour_means_none() {
    for (number, (name, mut stage)) in stages().enumerate() {
        stage.app.shared.theme.palette = Palette::None;
        for (width, height) in sizes(number, 7) {
            let buffer = stage.buffer(width, height);
            for cell in buffer.content() {
                let symbol = cell.symbol();
                assert!(!symbol.contains(clean::acts), "{name} {width}x{height}: {symbol:?}");
                assert_eq!(
                    (cell.fg, cell.bg),
                    (Color::Reset, Color::Reset),
                    "{name} {width}x{height}"
                );
            }
        }
    }
}

#[test]
fn in_ascii_every_cell_is_ascii_at_every_size() {
    for (number, (name, mut stage)) in stages().enumerate() {
        stage.app.shared.theme.ascii = true;
        for (width, height) in sizes(number + 3, 7) {
            let buffer = stage.buffer(width, height);
            let drawn = text(&buffer);
            let odd: Vec<&str> = drawn.lines().filter(|line| !line.is_ascii()).collect();
            assert!(odd.is_empty(), "{name} {width}x{height}: {odd:#?}");
        }
    }
}

#[test]
fn a_secret_that_is_typed_is_never_drawn() {
    let (_, scene) = SCENES.iter().find(|(name, _)| *name == "guide-secret").unwrap();
    let stage = scene();
    for (width, height) in sizes(0, 3) {
        let drawn = text(&stage.buffer(width, height));
        assert!(!drawn.contains("s3cr3t"), "{width}x{height}\n{drawn}");
    }
}

#[test]
fn every_screen_shows_the_way_on_and_the_way_out() {
    for (name, stage) in stages() {
        let drawn = text(&stage.buffer(80, 24));
        let keys = drawn.lines().last().unwrap();
        assert!(keys.contains("help"), "{name}: {keys}");
        assert!(keys.contains("Esc") || keys.contains("q quit"), "{name}: {keys}");
    }
}

#[test]
fn a_question_that_nobody_waits_for_any_more_goes_away() {
    let mut stage = Stage::of(&films().tutorial, &[]);
    stage.play(Intent::Up, asks("saml.identity-source"));
    stage.key(KeyCode::Char('g'));
    stage.tick();
    let asks = |stage: &Stage| text(&stage.buffer(120, 60)).contains("Enter goes from field to field");
    assert!(asks(&stage));
    // As when the step is left out, or vouched for.
    stage.replies.clear();
    stage.tick();
    assert!(stage.app.shared.open.as_ref().unwrap().questions.is_empty());
    assert!(!asks(&stage));
}

#[test]
fn an_order_that_is_not_followed_says_why() {
    let mut stage = Stage::of(&films().tutorial, &[]);
    stage.play(Intent::Up, |open| open.view.progress().done == 10);
    let node = stage.node("entra.app");
    let id = stage.app.shared.open.as_ref().unwrap().view.node(node).id.clone();
    stage.told(
        Some(id),
        Signal::Declined {
            why: "it is not at work".into(),
        },
    );
    let said = stage.app.shared.say.clone().unwrap_or_default();
    assert!(said.ends_with(": it is not at work."), "{said}");
    assert!(text(&stage.buffer(80, 24)).contains("it is not at work"));
}

#[test]
fn a_word_in_place_of_a_proof_is_typed_whatever_else_was_typed() {
    let mut stage = Stage::of(&films().tutorial, &[]);
    stage.play(Intent::Up, asks("scim.token"));
    let node = stage.node("scim.token");
    stage.app.show(Box::new(GuideScreen::of(node)));
    stage.tick();
    stage.key(KeyCode::F(6));
    assert_eq!(stage.app.place(), Place::Guide, "values are missing");
    stage.typed("https://scim.us-east-1.amazonaws.com/abc/scim/v2");
    stage
        .key(KeyCode::Enter)
        .typed("s3cr3t-of-the-token")
        .key(KeyCode::F(6));
    assert_eq!(stage.app.place(), Place::Ask);
    let enter = KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE);
    assert!(stage.app.key(&enter).is_empty(), "nothing was typed");
    stage.typed("unproven");
    let effects = stage.app.key(&enter);
    let answered = effects.iter().find_map(|effect| match effect {
        Effect::Answer(_, answer, brought) => Some((answer.unproven, brought.len())),
        _ => None,
    });
    assert_eq!(answered, Some((true, 2)));
}

#[test]
fn with_reduced_motion_the_walk_follows_only_when_asked_to() {
    let focus = |stage: &Stage| stage.app.shared.open.as_ref().unwrap().focus;
    let played = |still: bool| {
        let mut stage = Stage::of(&films().tutorial, &[]);
        stage.app.shared.still = still;
        stage.play(Intent::Up, asks("saml.identity-source"));
        stage
    };
    let asking = played(false);
    assert_eq!(focus(&asking), asking.node("saml.identity-source"));
    let mut still = played(true);
    assert_eq!(focus(&still), 0);
    still.key(KeyCode::Char('f')).tick();
    assert_eq!(focus(&still), still.node("saml.identity-source"));
}

#[test]
fn a_file_is_chosen_with_few_keys_and_its_path_is_typed() {
    let (_, scene) = SCENES.iter().find(|(name, _)| *name == "files").unwrap();
    let press = |stage: &mut Stage, code: KeyCode| stage.app.key(&KeyEvent::new(code, KeyModifiers::NONE));
    let listed = |effects: &[Effect]| match effects {
        [Effect::List(Some(folder))] => folder.display().to_string(),
        _ => panic!("no folder is to be read"),
    };
    let mut stage = scene();
    // The first file is chosen from the start; what is typed leaves only what has these letters.
    stage.typed("META");
    let effects = press(&mut stage, KeyCode::Enter);
    let [Effect::Back, Effect::Chosen(path)] = &effects[..] else {
        panic!("no file is chosen");
    };
    assert_eq!(path, "/home/nikki/Downloads/東京 metadata.xml");
    let path = path.clone();
    stage.app.back();
    stage.app.chosen(path);
    assert!(text(&stage.buffer(120, 60)).contains("/home/nikki/Downloads/東京 metadata.xml"));

    // Folders: into one, and to the one above by two keys.
    let mut stage = scene();
    press(&mut stage, KeyCode::Up);
    assert_eq!(
        listed(&press(&mut stage, KeyCode::Enter)),
        "/home/nikki/Downloads/pictures"
    );
    assert_eq!(listed(&press(&mut stage, KeyCode::Left)), "/home/nikki");
    assert_eq!(listed(&press(&mut stage, KeyCode::Backspace)), "/home/nikki");
}

#[test]
fn what_may_be_chosen_is_looked_up_beside_the_typing() {
    let mut stage = Stage::empty(Vec::new());
    let mut draft = stage.app.shared.draft.clone();
    draft.fields[1].look_up = LookUp::AsTyped;
    stage.app.show(Box::new(Form::new(draft)));
    stage.key(KeyCode::Enter).key(KeyCode::F(5));
    let wanted = |stage: &mut Stage| match &stage.app.tick()[..] {
        [] => None,
        [Effect::LookUp(_, key, typed)] => Some(format!("{key} {typed}")),
        _ => panic!("something else is wanted"),
    };
    let found = |stage: &mut Stage, found: Result<Vec<Choice>, Fault>| {
        stage.app.shared.found = Some(("entra.tenant".into(), found));
    };
    assert_eq!(wanted(&mut stage).as_deref(), Some("entra.tenant "));
    // While it is looked up one types on; what was typed last is looked up next, and nothing twice.
    stage.typed("con");
    assert_eq!(wanted(&mut stage), None);
    assert!(text(&stage.buffer(80, 24)).contains("looking"));
    found(&mut stage, Ok(Vec::new()));
    assert_eq!(wanted(&mut stage).as_deref(), Some("entra.tenant con"));
    let choice = Choice {
        value: "contoso.com".into(),
        about: "new users get it".into(),
    };
    found(&mut stage, Ok(vec![choice]));
    assert_eq!(wanted(&mut stage), None);
    let chosen = stage.app.key(&KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE));
    assert!(matches!(&chosen[..], [Effect::Back, Effect::Chosen(value)] if value == "contoso.com"));
    stage.perform(chosen);
    stage.app.chosen("contoso.com".into());
    assert!(text(&stage.buffer(120, 40)).contains("tenant = \"contoso.com\""));

    // What cannot be looked up is said, and typing goes on.
    stage.key(KeyCode::F(5));
    wanted(&mut stage);
    let fault = Fault::new(fedwiz::fault::Kind::Rights, "the token lacks Domain.Read.All");
    found(&mut stage, Err(fault));
    assert_eq!(wanted(&mut stage), None);
    assert!(text(&stage.buffer(80, 24)).contains("lacks Domain.Read.All"));
    stage.typed("con");
    assert_eq!(wanted(&mut stage), None);
}
