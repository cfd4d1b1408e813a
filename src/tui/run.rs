//! The loop: keys, notices, questions and signals go in; pictures and deeds come out.

mod deeds;
mod looks;
mod news;

use std::{pin::Pin, sync::Arc, time::Duration};

use crossterm::event::{Event as TerminalEvent, EventStream};
use futures_util::StreamExt as _;
use jiff::Timestamp;
use tokio::{
    sync::mpsc,
    time::{Instant, Interval, MissedTickBehavior},
};

use self::{looks::Looks, news::News};
use super::{
    app::App,
    host::{Host, Running},
    operator::Asked,
    page::{Effect, Shared},
    terminal::Terminal,
    theme::Theme,
};
use crate::{
    engine::{exit::Exit, outcome::Outcome, recorder::Notice},
    fault::{Fault, Kind},
};

/// Between two pictures of what only happens; a key is drawn at once.
const FRAME: Duration = Duration::from_millis(33);
/// How often what depends on the time is drawn anew, while something is running.
const BEAT: Duration = Duration::from_millis(500);
/// And where motion is not wanted.
const CALM_BEAT: Duration = Duration::from_secs(10);
/// How the screen is opened.
pub struct Options {
    /// How it looks.
    pub theme: Theme,
    /// The federation to open at once.
    pub open: Option<String>,
    /// Clocks tick now and then only, and the walk follows what is at work only when asked to.
    pub still: bool,
    /// Without the mouse, so that the terminal's own selection works.
    pub no_mouse: bool,
    /// Rings the bell when a person is needed or a run ends.
    pub bell: bool,
    /// Shows a notice of the desktop then.
    pub notify: bool,
    /// This machine's clock.
    pub wall: fn() -> Timestamp,
    /// Ends when somebody wants this process to end.
    pub gone: Pin<Box<dyn Future<Output = ()> + Send>>,
    /// When to panic, if at all. For the test of what a panic leaves behind.
    pub panic: Option<Panic>,
}

/// When to panic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Panic {
    /// After the first picture.
    Picture,
    /// When a step asks for the first time.
    Question,
}

impl Panic {
    /// Panics, if it is asked to do so now.
    fn here(self, asked: Option<Self>) {
        assert!(asked != Some(self), "asked to panic");
    }
}

/// How the screen was left.
#[derive(Debug, Clone, PartialEq)]
pub struct Left {
    /// The exit code of the last run that changes something, or 0.
    pub code: u8,
    /// The command that goes on without the screen, where something is left to do.
    pub go_on: Option<String>,
}

/// Opens the screen and stays until it is left. The terminal is given back whatever happens.
pub async fn run(host: Arc<dyn Host>, options: Options) -> Result<Left, Fault> {
    let terminal = Terminal::take(!options.no_mouse)?;
    let shared = Shared {
        still: options.still,
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
        looks: None,
        news,
        bell: options.bell,
        notify: options.notify,
        quit: false,
        drawn: Instant::now() - FRAME,
        wall: options.wall,
    };
    stage.play(options, inbox).await
}

struct Stage {
    app: App,
    terminal: Terminal,
    host: Arc<dyn Host>,
    running: Option<Running>,
    questions: Option<mpsc::UnboundedReceiver<Asked>>,
    /// Looks at how the federation is looked after.
    looks: Option<Looks>,
    news: mpsc::UnboundedSender<News>,
    bell: bool,
    notify: bool,
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
    async fn play(mut self, mut options: Options, mut inbox: mpsc::UnboundedReceiver<News>) -> Result<Left, Fault> {
        let mut events = EventStream::new();
        let mut beat = tokio::time::interval(if options.still { CALM_BEAT } else { BEAT });
        beat.set_missed_tick_behavior(MissedTickBehavior::Skip);
        if let Some(name) = options.open.take() {
            self.perform(vec![Effect::Open(name)]);
        }
        self.look_up();
        self.draw()?;
        Panic::Picture.here(options.panic);
        let mut dirty = false;
        loop {
            let next = self.drawn + FRAME;
            let woken = self
                .wait(
                    &mut events,
                    &mut inbox,
                    &mut options.gone,
                    &mut beat,
                    dirty.then_some(next),
                )
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
                    Panic::Question.here(options.panic);
                    let effects = self.app.asked(asked);
                    self.perform(effects);
                }
                Woken::News(news) => {
                    let effects = self.hear(news);
                    self.perform(effects);
                    at_once = true;
                }
                Woken::Beat => {
                    self.app.shared.wall = self.app.shared.wall.map(|_| (self.wall)());
                }
                Woken::Draw => at_once = true,
            }
            if self.quit && self.running.is_none() {
                break;
            }
            let effects = self.app.tick();
            self.perform(effects);
            self.look_after();
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
        gone: &mut Pin<Box<dyn Future<Output = ()> + Send>>,
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
            () = gone => Woken::Gone,
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
            .and_then(|open| open.running)
            .or(changing.map(|outcome| outcome.intent))
            .filter(|intent| intent.changes());
        let code = if broken_off && intent.is_some() {
            Exit::Stopped.code()
        } else {
            changing.map_or(0, Outcome::exit_code)
        };
        Left {
            code,
            go_on: intent
                .filter(|_| code != 0)
                .and_then(|intent| open.map(|open| open.federation.command(intent))),
        }
    }
}
