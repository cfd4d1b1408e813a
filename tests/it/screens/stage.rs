//! The screen as the loop drives it, with runs on film in place of real ones.

use std::sync::{Arc, Mutex};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use fedwiz::{
    engine::{
        fact::Intent,
        graph::NodeId,
        guide::Answer,
        recorder::Notice,
        signal::{Signal, SignalEvent},
    },
    report::{
        clean,
        overview::{Counted, Overview},
        words::State,
    },
    tui::{
        app::App,
        host::Known,
        operator::Asked,
        page::{Effect, Open, Shared},
        screen::walk::Walk,
        theme::Theme,
        upkeep::{Heard, Kept},
    },
};
use jiff::Timestamp;
use ratatui::{Terminal, backend::TestBackend, buffer::Buffer};
use tokio::sync::oneshot;

use super::film::{Film, Machine, OnFilm};

/// The screen, with what happens on film played to it.
pub struct Stage {
    pub app: App,
    stage: Option<Arc<OnFilm>>,
    pub replies: Vec<oneshot::Receiver<Answer>>,
}

impl Stage {
    /// A machine with these federations, and none open.
    pub fn empty(known: Vec<Known>, say: fn(&str) -> String) -> Self {
        Self {
            app: App::new(Shared::new(Arc::new(Machine { known, say }), Theme::default())),
            stage: None,
            replies: Vec::new(),
        }
    }

    /// The film's federation, after these runs.
    pub fn of(film: &'static Film, past: &[Intent]) -> Self {
        let mut stage = Self::empty(Vec::new(), str::to_owned);
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
    pub fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Show(page) => self.app.show(page),
                Effect::Instead(page) => self.app.instead(page),
                Effect::Back => self.app.back(),
                Effect::Home => self.app.home(),
                Effect::Start(intent) => self.app.begins(intent),
                Effect::Upkeep(_, deed) => self.app.shared.open.as_mut().unwrap().kept.begins(&deed),
                Effect::Chosen(what) => {
                    let effects = self.app.chosen(what);
                    self.perform(effects);
                }
                Effect::Act(action) => {
                    let effects = self.app.act(action);
                    self.perform(effects);
                }
                _ => {}
            }
        }
    }

    pub fn key(&mut self, code: KeyCode) -> &mut Self {
        let effects = self.app.key(&KeyEvent::new(code, KeyModifiers::NONE));
        self.perform(effects);
        self
    }

    pub fn typed(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            self.key(KeyCode::Char(c));
        }
        self
    }

    pub fn tick(&mut self) {
        let effects = self.app.tick();
        self.perform(effects);
    }

    /// Plays a run until this is so, or to its end.
    pub fn play(&mut self, intent: Intent, until: impl Fn(&Open) -> bool) -> &mut Self {
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

    /// Tells what looks at the federation found.
    pub fn looked(&mut self, looks: &[&Overview], counted: Option<&Counted>) {
        let open = self.app.shared.open.as_mut().unwrap();
        open.kept = Kept::of(vec!["aws".into()]);
        for look in looks {
            let at = look.health.at;
            open.kept.hear(Heard::Looked("aws".into(), Box::new((*look).clone())));
            open.kept.hear(Heard::Rests(at + jiff::SignedDuration::from_secs(30)));
            *self.stage.as_ref().unwrap().now.lock().unwrap() = at + jiff::SignedDuration::from_secs(5);
        }
        if let Some(counted) = counted {
            open.kept.hear(Heard::Counted("aws".into(), counted.clone()));
        }
        self.tick();
    }

    /// Tells what came back.
    pub fn heard(&mut self, heard: Heard) {
        self.app.shared.open.as_mut().unwrap().kept.hear(heard);
    }

    /// Tells what is not on film.
    pub fn told(&mut self, node: Option<NodeId>, signal: Signal) {
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

    pub fn node(&self, name: &str) -> usize {
        let open = self.app.shared.open.as_ref().unwrap();
        let nodes = open.view.nodes();
        nodes.iter().position(|node| &*node.label == name).unwrap()
    }

    pub fn buffer(&self, width: u16, height: u16) -> Buffer {
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
pub fn text(buffer: &Buffer) -> String {
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

/// Until this step asks.
pub fn asks(step: &'static str) -> impl Fn(&Open) -> bool {
    move |open| {
        open.questions
            .iter()
            .any(|question| &*open.view.node(question.node).label == step)
    }
}

/// Until nothing is at work and something waits.
pub fn only_waits(open: &Open) -> bool {
    let states: Vec<State> = open.view.active().map(|at| open.view.node(at).state).collect();
    !states.is_empty() && states.iter().all(|state| *state == State::Waiting)
}
