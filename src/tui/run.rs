//! The loop: keys, notices, questions and signals go in; pictures and deeds come out.

use std::{sync::Arc, time::Duration};

use crossterm::event::{Event as TerminalEvent, EventStream};
use futures_util::StreamExt as _;
use jiff::Timestamp;
use secrecy::ExposeSecret;
use tokio::{
    sync::mpsc,
    time::{Instant, Interval, MissedTickBehavior},
};

use super::{
    app::App,
    host::{Draft, Federation, Host, Running, SignIn},
    keys::Place,
    operator::{Asked, AtTheScreen},
    page::{Bring, Effect, Open, Shared, Under},
    screen::{guide::GuideScreen, sign_in::SignInPage, start::Start, walk::Walk},
    terminal::Terminal,
    theme::Theme,
};
use crate::{
    engine::{driver::Order, exit::Exit, fact::Intent, guide::Answer, outcome::Outcome, recorder::Notice},
    fault::{Fault, Kind},
    report::clean::clean,
};

/// Between two pictures of what only happens; a key is drawn at once.
const FRAME: Duration = Duration::from_millis(33);
/// How often what depends on the time is drawn anew, while something is running.
const BEAT: Duration = Duration::from_millis(500);
/// The largest file that is taken as an answer.
const LARGEST_FILE: u64 = 10 * 1024 * 1024;

/// How the screen is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// How it looks.
    pub theme: Theme,
    /// The federation to open at once.
    pub open: Option<String>,
    /// Nothing moves but what has changed.
    pub still: bool,
    /// Without the mouse, so that the terminal's own selection works.
    pub no_mouse: bool,
    /// Rings the bell when a person is needed or a run ends.
    pub bell: bool,
    /// This machine's clock.
    pub wall: fn() -> Timestamp,
    /// Panics after the first picture. For the test of what a panic leaves behind.
    pub panic: bool,
}

/// How the screen was left.
#[derive(Debug, Clone, PartialEq)]
pub struct Left {
    /// The exit code of the last run that changes something, or 0.
    pub code: u8,
    /// The federation that was open.
    pub federation: Option<String>,
    /// The command that goes on without the screen, where something is left to do.
    pub go_on: Option<String>,
}

/// Opens the screen and stays until it is left. The terminal is given back whatever happens.
pub async fn run(host: Arc<dyn Host>, options: Options) -> Result<Left, Fault> {
    let terminal = Terminal::take(!options.no_mouse)?;
    let shared = Shared {
        motion: !options.still,
        ..Shared::new(Arc::clone(&host), options.theme)
    };
    let (news, inbox) = mpsc::unbounded_channel();
    if let Some(mut prompts) = host.prompts() {
        let news = news.clone();
        tokio::spawn(async move {
            while let Some(prompt) = prompts.recv().await {
                let _ = news.send(News::SignIn(prompt));
            }
        });
    }
    let stage = Stage {
        app: App::new(shared),
        terminal,
        host,
        running: None,
        questions: None,
        news,
        bell: options.bell,
        quit: false,
        drawn: Instant::now() - FRAME,
        wall: options.wall,
    };
    stage.play(options, inbox).await
}

/// What comes back from work that the loop does not wait for.
enum News {
    Opened(Result<Arc<dyn Federation>, Fault>),
    Clicked(u64, Result<Answer, Fault>),
    Read(u64, Result<Answer, Fault>),
    SignIn(Option<SignIn>),
}

struct Stage {
    app: App,
    terminal: Terminal,
    host: Arc<dyn Host>,
    running: Option<Running>,
    questions: Option<mpsc::UnboundedReceiver<Asked>>,
    news: mpsc::UnboundedSender<News>,
    bell: bool,
    quit: bool,
    drawn: Instant,
    wall: fn() -> Timestamp,
}

/// What woke the loop.
enum Woken {
    Terminal(Option<std::io::Result<TerminalEvent>>),
    Notice(Notice),
    Ended(Result<Outcome, Fault>),
    Asked(Asked),
    News(News),
    Beat,
    Draw,
    Gone,
}

impl Stage {
    async fn play(mut self, options: Options, mut inbox: mpsc::UnboundedReceiver<News>) -> Result<Left, Fault> {
        let mut events = EventStream::new();
        let mut gone = Signals::new();
        let mut beat = tokio::time::interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Skip);
        if let Some(name) = options.open.clone() {
            self.perform(vec![Effect::Open(name)]);
        }
        self.draw()?;
        if options.panic {
            panic!("asked to panic");
        }
        let mut dirty = false;
        loop {
            let next = self.drawn + FRAME;
            let woken = self
                .wait(&mut events, &mut inbox, &mut gone, &mut beat, dirty.then_some(next))
                .await;
            let mut at_once = false;
            match woken {
                Woken::Terminal(Some(Ok(event))) => {
                    let effects = self.take(event);
                    self.perform(effects);
                    at_once = true;
                }
                // The terminal is gone, or cannot be read: as after a hang-up.
                Woken::Terminal(_) | Woken::Gone => break,
                Woken::Notice(notice) => self.notices(&notice),
                Woken::Ended(outcome) => {
                    self.drain();
                    self.running = None;
                    self.questions = None;
                    let effects = self.app.ended(outcome);
                    self.perform(effects);
                }
                Woken::Asked(asked) => {
                    let effects = self.app.asked(asked);
                    self.perform(effects);
                }
                Woken::News(news) => {
                    let effects = self.hear(news);
                    self.perform(effects);
                    at_once = true;
                }
                Woken::Beat => {
                    self.app.shared.beat += 1;
                    self.app.shared.wall = self.app.shared.wall.map(|_| (self.wall)());
                }
                Woken::Draw => at_once = true,
            }
            if self.quit && self.running.is_none() {
                break;
            }
            let effects = self.app.tick();
            self.perform(effects);
            dirty = true;
            if at_once || self.drawn.elapsed() >= FRAME {
                // A terminal that takes no more output is gone, whether or not a hang-up was heard.
                if self.draw().is_err() {
                    break;
                }
                dirty = false;
            }
        }
        Ok(self.left())
    }

    /// Waits for the next thing to happen.
    async fn wait(
        &mut self,
        events: &mut EventStream,
        inbox: &mut mpsc::UnboundedReceiver<News>,
        gone: &mut Signals,
        beat: &mut Interval,
        draw: Option<Instant>,
    ) -> Woken {
        let alive = self.app.is_alive() || self.app.shared.wall.is_some();
        let (notices, ended) = match &mut self.running {
            Some(running) => (Some(&mut running.notices), Some(&mut running.ended)),
            None => (None, None),
        };
        let notice = async {
            match notices {
                Some(notices) => notices.next().await,
                None => None,
            }
        };
        let asked = async {
            match &mut self.questions {
                Some(questions) => questions.recv().await,
                None => None,
            }
        };
        let end = async {
            match ended {
                Some(ended) => ended.await,
                None => std::future::pending().await,
            }
        };
        let frame = async {
            match draw {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = gone.next() => Woken::Gone,
            event = events.next() => Woken::Terminal(event),
            Some(news) = inbox.recv() => Woken::News(news),
            Some(asked) = asked => Woken::Asked(asked),
            () = frame => Woken::Draw,
            Some(notice) = notice => Woken::Notice(notice),
            outcome = end => Woken::Ended(outcome),
            _ = beat.tick(), if alive => Woken::Beat,
        }
    }

    fn take(&mut self, event: TerminalEvent) -> Vec<Effect> {
        match event {
            TerminalEvent::Key(key) => self.app.key(&key),
            TerminalEvent::Mouse(mouse) => self.app.mouse(mouse),
            TerminalEvent::Paste(text) => self.app.paste(text),
            TerminalEvent::Resize(..) | TerminalEvent::FocusGained | TerminalEvent::FocusLost => Vec::new(),
        }
    }

    /// Takes a notice, and those that came with it.
    fn notices(&mut self, first: &Notice) {
        self.app.notice(first);
        let until = Instant::now() + FRAME;
        while Instant::now() < until
            && let Some(notice) = self.running.as_mut().and_then(|running| running.notices.try_next())
        {
            self.app.notice(&notice);
        }
    }

    /// Takes what a run that has ended has still said.
    fn drain(&mut self) {
        while let Some(notice) = self.running.as_mut().and_then(|running| running.notices.try_next()) {
            self.app.notice(&notice);
        }
    }

    fn hear(&mut self, news: News) -> Vec<Effect> {
        match news {
            News::Opened(Ok(federation)) => {
                self.app.opened(Open::new(federation));
                vec![
                    Effect::Home,
                    Effect::Show(Box::new(Walk::default())),
                    Effect::Show(Box::new(Start::default())),
                ]
            }
            News::Opened(Err(fault)) => {
                self.say_fault(&fault);
                Vec::new()
            }
            News::Clicked(id, answer) => {
                self.app.clicked(id, answer);
                Vec::new()
            }
            News::Read(id, Ok(answer)) => {
                self.app.answer(id, answer);
                Vec::new()
            }
            News::SignIn(Some(sign_in)) => {
                self.app.shared.wall = Some((self.wall)());
                vec![Effect::Show(Box::new(SignInPage::new(sign_in)))]
            }
            News::SignIn(None) => {
                self.app.shared.wall = None;
                if self.app.place() == Place::SignIn {
                    self.app.back();
                }
                Vec::new()
            }
            News::Read(_, Err(fault)) => {
                self.say_fault(&fault);
                Vec::new()
            }
        }
    }

    fn say_fault(&mut self, fault: &Fault) {
        let mut text = fault.to_string();
        for more in [&fault.why, &fault.hint] {
            if !more.is_empty() {
                text.push_str(": ");
                text.push_str(more);
            }
        }
        self.app.shared.say = Some(clean(&text).into_owned());
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Show(page) => self.app.show(page),
                Effect::Instead(page) => self.app.instead(page),
                Effect::Back => self.app.back(),
                Effect::Home => self.app.home(),
                Effect::Open(name) => self.open(name),
                Effect::Save(draft) => self.save(&draft),
                Effect::Start(intent) => self.start(intent),
                Effect::Tell(order) => self.tell(order),
                Effect::Click(id) => self.click(id),
                Effect::Answer(id, answer, brought) => self.answer(id, answer, brought),
                Effect::Act(action) => {
                    let effects = self.app.act(action);
                    self.perform(effects);
                }
                Effect::Browse(page) => {
                    let opened = open::that_detached(&page).is_ok();
                    let how = if opened {
                        "opening"
                    } else {
                        "no browser here; the page is"
                    };
                    self.app.shared.say = Some(clean(&format!("{how} {page}")).into_owned());
                }
                Effect::Copy(what, text) => {
                    let said = match self.terminal.copy(&text) {
                        Ok(()) => format!("copied: {what}"),
                        Err(error) => format!("not copied: {error}"),
                    };
                    self.app.shared.say = Some(clean(&said).into_owned());
                }
                Effect::Bell => {
                    if self.bell {
                        let _ = self.terminal.bell();
                    }
                }
                Effect::Suspend => {
                    if let Err(fault) = self.terminal.suspend() {
                        self.say_fault(&fault);
                    }
                }
                Effect::Redraw => {
                    let _ = self.terminal.forget();
                }
                Effect::Quit => {
                    self.quit = true;
                    if self.running.is_some() {
                        self.tell(Order::Stop);
                    }
                }
            }
        }
    }

    fn open(&mut self, name: String) {
        let (host, news) = (Arc::clone(&self.host), self.news.clone());
        self.app.shared.say = Some(format!("opening {name} …"));
        tokio::spawn(async move {
            let _ = news.send(News::Opened(host.open(&name).await));
        });
    }

    fn save(&mut self, draft: &Draft) {
        match self.host.save(draft) {
            Ok(name) => {
                self.app.shared.known = self.host.known();
                self.app.back();
                self.open(name);
            }
            Err(fault) => self.say_fault(&fault),
        }
    }

    fn start(&mut self, intent: Intent) {
        let Some(open) = &self.app.shared.open else { return };
        if self.running.is_some() {
            self.app.shared.say = Some("Something is running already.".into());
            return;
        }
        let (operator, questions) = AtTheScreen::new();
        let running = open.federation.start(intent, Arc::new(operator));
        self.questions = Some(questions);
        self.running = Some(running);
        self.app.begins(intent);
    }

    fn tell(&mut self, order: Order) {
        let Some(running) = &self.running else { return };
        if let Some(Under { paused, stopping, .. }) =
            self.app.shared.open.as_mut().and_then(|open| open.running.as_mut())
        {
            match order {
                Order::Pause => *paused = true,
                Order::Resume => *paused = false,
                Order::Stop | Order::StopNow => *stopping = true,
                _ => {}
            }
        }
        if order == Order::Stop {
            // Whoever waits for a person hears that nobody answers.
            if let Some(open) = &mut self.app.shared.open {
                open.questions.clear();
            }
        }
        running.control.tell(order);
    }

    fn click(&mut self, id: u64) {
        let console = self.app.shared.open.as_ref().and_then(|open| open.federation.console());
        let (Some(console), Some(question)) = (console, self.app.question(id)) else {
            return;
        };
        if question.clicking {
            return;
        }
        question.clicking = true;
        let (node, guide, news) = (question.asked.node.clone(), question.guide.clone(), self.news.clone());
        tokio::spawn(async move {
            let answer = console.ask(&node, &guide).await;
            let _ = news.send(News::Clicked(id, answer));
        });
    }

    fn answer(&mut self, id: u64, mut answer: Answer, brought: Vec<Bring>) {
        let news = self.news.clone();
        tokio::spawn(async move {
            let read = async {
                for Bring {
                    key, value, is_path, ..
                } in brought
                {
                    let value = if is_path {
                        read_file(value.expose_secret()).await?.into()
                    } else {
                        value
                    };
                    answer.insert(key, value);
                }
                Ok(answer)
            };
            let _ = news.send(News::Read(id, read.await));
        });
    }

    fn draw(&mut self) -> Result<(), Fault> {
        let title = self.app.title();
        let app = &self.app;
        let drawn = self
            .terminal
            .title(&title)
            .and_then(|()| self.terminal.draw(|frame| app.draw(frame)));
        self.drawn = Instant::now();
        drawn.map_err(|error| {
            Fault::new(Kind::File, "the terminal takes no more output")
                .why(error.to_string())
                .hint("What was done is in the journal: open fedwiz again to go on.")
        })
    }

    /// How the screen was left, for whoever prints the last line.
    fn left(self) -> Left {
        let broken_off = self.running.is_some();
        let open = self.app.shared.open.as_ref();
        let outcome = open.and_then(|open| open.ended.as_ref());
        let changing = outcome
            .and_then(|outcome| outcome.as_ref().ok())
            .filter(|outcome| outcome.intent.changes());
        let intent = open
            .and_then(|open| open.running.map(|under| under.intent))
            .or(changing.map(|outcome| outcome.intent))
            .filter(|intent| intent.changes());
        let code = if broken_off && intent.is_some() {
            Exit::Stopped.code()
        } else {
            changing.map_or(0, Outcome::exit_code)
        };
        Left {
            code,
            federation: open.map(|open| open.federation.name()),
            go_on: intent
                .filter(|_| code != 0)
                .and_then(|intent| open.map(|open| open.federation.command(intent))),
        }
    }
}

async fn read_file(path: &str) -> Result<String, Fault> {
    let cannot = |why: String| {
        Fault::new(Kind::Usage, format!("the file {path} cannot be used"))
            .why(why)
            .hint("Type another path, or paste the text of the file.")
    };
    let path = path.trim().trim_matches('"').to_owned();
    let size = tokio::fs::metadata(&path)
        .await
        .map_err(|error| cannot(error.to_string()))?
        .len();
    if size > LARGEST_FILE {
        return Err(cannot(format!(
            "it has {size} bytes, and at most {LARGEST_FILE} are read"
        )));
    }
    tokio::fs::read_to_string(&path)
        .await
        .map_err(|error| cannot(error.to_string()))
}

/// Those that want this process to end.
struct Signals {
    #[cfg(unix)]
    all: Vec<tokio::signal::unix::Signal>,
}

impl Signals {
    fn new() -> Self {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let kinds = [SignalKind::terminate(), SignalKind::hangup(), SignalKind::interrupt()];
            let all = kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect();
            Self { all }
        }
        #[cfg(not(unix))]
        Self {}
    }

    async fn next(&mut self) {
        #[cfg(unix)]
        {
            use futures_util::future::select_all;
            if !self.all.is_empty() {
                let each = self.all.iter_mut().map(|signal| Box::pin(signal.recv()));
                select_all(each).await;
                return;
            }
        }
        std::future::pending::<()>().await;
    }
}

/// Goes to the first question, for whoever presses the key.
pub(super) fn first_question(open: &Open) -> Option<Effect> {
    let question = open.questions.first()?;
    Some(Effect::Show(Box::new(GuideScreen::of(question.node))))
}
