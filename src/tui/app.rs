//! `App`: the pages, what they share, and how inputs become effects. It does no input or output of its own.

use crossterm::event::{KeyEvent, KeyEventKind, MouseButton, MouseEvent, MouseEventKind};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::Line,
};

use super::{
    footer,
    keys::{self, Action},
    operator::Asked,
    page::{Effect, Event, Hit, Open, Page, Question, Shared},
    plain,
    screen::{
        ask::Ask,
        finder,
        help::Help,
        home::Home,
        over::{self, Over},
    },
    widget::{line::put, name::in_words},
};
use crate::{
    engine::{
        fact::Intent,
        guide::{Answer, Guide},
        outcome::Outcome,
        recorder::Notice,
        signal::Signal,
    },
    fault::Fault,
    report::{clean::clean, view::Declined, words},
};

/// What the simulated console did, in plain words.
fn clicked(guide: &Guide) -> String {
    let number = guide.say.len() as u64;
    let steps = words::count(number, "instruction", "instructions");
    let mut text = format!("The simulated console did it for you: {}, {steps}.", guide.title);
    if !guide.fields.is_empty() {
        let labels: Vec<&str> = guide.fields.iter().map(|field| field.label.as_str()).collect();
        text.push_str(&format!(" It brought back: {}.", labels.join(", ")));
    }
    text.push_str(" Now fedwiz looks for the proof.");
    text
}

/// A line or two on a terminal that is smaller than this says so.
const SMALLEST: (u16, u16) = (20, 5);

/// See the module's documentation.
pub struct App {
    /// What all pages share.
    pub shared: Shared,
    pages: Vec<Box<dyn Page>>,
    next_question: u64,
}

impl App {
    /// Begins with the list of federations.
    pub fn new(shared: Shared) -> Self {
        Self {
            shared,
            pages: vec![Box::new(Home::default())],
            next_question: 1,
        }
    }

    /// Takes a key.
    pub fn key(&mut self, event: &KeyEvent) -> Vec<Effect> {
        if event.kind == KeyEventKind::Release {
            return Vec::new();
        }
        self.shared.say = None;
        let place = self.top().place();
        match keys::action(place, event) {
            Some(action) => self.act(action),
            None => self.hand(&Event::Key(*event)),
        }
    }

    /// Takes text from the clipboard.
    pub fn paste(&mut self, text: String) -> Vec<Effect> {
        self.hand(&Event::Paste(text))
    }

    /// Takes what was chosen on a page that was laid over.
    pub fn chosen(&mut self, what: String) -> Vec<Effect> {
        self.hand(&Event::Chosen(what))
    }

    /// Takes the mouse.
    pub fn mouse(&mut self, event: MouseEvent) -> Vec<Effect> {
        match event.kind {
            MouseEventKind::Down(MouseButton::Left) => match self.shared.hit(event.column, event.row) {
                Some(Hit::Act(action)) => self.act(action),
                Some(Hit::Row(row)) => self.hand(&Event::Row(row)),
                None => self.hand(&Event::Mouse(event)),
            },
            MouseEventKind::Moved => Vec::new(),
            _ => self.hand(&Event::Mouse(event)),
        }
    }

    /// Does what a key of the table does.
    pub fn act(&mut self, action: Action) -> Vec<Effect> {
        match action {
            Action::Help => vec![Effect::Show(Box::new(Help::of(self.top().place())))],
            Action::Theme => {
                self.shared.theme.palette = self.shared.theme.palette.next();
                self.shared.say = Some(format!("colours: {}", self.shared.theme.palette.name()));
                Vec::new()
            }
            Action::Commands => vec![Effect::Show(Box::new(finder::commands(self.top().place())))],
            Action::Suspend => vec![Effect::Suspend],
            Action::Redraw => vec![Effect::Redraw],
            Action::Stop | Action::Quit => self.leave(action),
            other => self.hand(&Event::Act(other)),
        }
    }

    /// Leaves, after asking when something is running.
    fn leave(&mut self, action: Action) -> Vec<Effect> {
        let running = self.shared.open.as_ref().filter(|open| open.running.is_some());
        match running {
            None if action == Action::Quit && self.pages.len() > 1 && self.top().lies_over() => vec![Effect::Back],
            None => vec![Effect::Quit],
            Some(open) if open.view.is_stopping() => {
                self.shared.say = Some("It stops when the calls at work have come back.".into());
                Vec::new()
            }
            Some(_) if self.top().asks_to_stop() => self.hand(&Event::Act(action)),
            Some(_) => vec![Effect::Show(Box::new(Ask::to_stop(action)))],
        }
    }

    fn hand(&mut self, event: &Event) -> Vec<Effect> {
        let Some(mut page) = self.pages.pop() else {
            return Vec::new();
        };
        let effects = page.on(&mut self.shared, event);
        self.pages.push(page);
        effects
    }

    fn top(&self) -> &dyn Page {
        self.pages
            .last()
            .map(Box::as_ref)
            .expect("the first page is never taken away")
    }

    /// The page on top, for who has to know where the person is.
    pub fn place(&self) -> keys::Place {
        self.top().place()
    }

    /// Lays a page on top.
    pub fn show(&mut self, page: Box<dyn Page>) {
        self.pages.push(page);
    }

    /// Puts a page in place of the top one.
    pub fn instead(&mut self, page: Box<dyn Page>) {
        if self.pages.len() > 1 {
            self.pages.pop();
        }
        self.pages.push(page);
    }

    /// Takes the top page away; the first one stays.
    pub fn back(&mut self) {
        if self.pages.len() > 1 {
            self.pages.pop();
        }
    }

    /// Takes away all pages but the first.
    pub fn home(&mut self) {
        self.pages.truncate(1);
    }

    /// A federation was opened.
    pub fn opened(&mut self, open: Open) {
        self.shared.say = open.federation.warning().map(|warning| clean(&warning).into_owned());
        self.shared.now = open.federation.now();
        self.shared.open = Some(open);
    }

    /// Something happened in the run.
    pub fn notice(&mut self, notice: &Notice) {
        let Some(open) = &mut self.shared.open else { return };
        open.view.see(notice);
        if let Notice::Signal(event) = notice
            && matches!(event.signal, Signal::Declined { .. })
            && let Some(Declined { node, why, .. }) = open.view.declined()
        {
            let name = node.map_or_else(String::new, |node| format!("{}: ", in_words(&open.view, node)));
            self.shared.say = Some(format!("Not done. {name}{why}."));
        }
    }

    /// A run begins.
    pub fn begins(&mut self, intent: Intent) {
        if let Some(open) = &mut self.shared.open {
            // What an earlier plan found is shown no more.
            open.view = open.federation.view();
            if !intent.changes() {
                open.view.begin(intent, open.federation.now());
            }
            open.running = Some(intent);
            open.ended = None;
        }
    }

    /// The run ended. Says whether the person is to be told by more than the picture.
    pub fn ended(&mut self, outcome: Result<Outcome, Fault>) -> Vec<Effect> {
        let Some(open) = &mut self.shared.open else {
            return Vec::new();
        };
        open.questions.clear();
        let changes = open.running.take().is_some_and(Intent::changes);
        open.ended = Some(outcome);
        let said = over::title(open);
        let mut effects = self.hand(&Event::Tick);
        if changes {
            effects.push(Effect::Call(said));
            effects.push(Effect::Show(Box::new(Over::default())));
        }
        effects
    }

    /// A step asks.
    pub fn asked(&mut self, asked: Asked) -> Vec<Effect> {
        let Some(open) = &mut self.shared.open else {
            return Vec::new();
        };
        let Some(node) = open.view.find(&asked.node) else {
            return Vec::new();
        };
        let id = self.next_question;
        self.next_question += 1;
        let guide: Guide = asked.guide.clone();
        let call = format!("your turn: {}", clean(&guide.title));
        open.questions.push(Question {
            id,
            node,
            guide,
            clicking: false,
            asked,
        });
        vec![Effect::Call(call)]
    }

    /// Sends an answer to whoever asked.
    pub fn answer(&mut self, id: u64, answer: Answer) {
        if let Some(question) = self.take_question(id) {
            let _ = question.asked.reply.send(answer);
        }
    }

    /// What the simulated console said.
    pub fn clicked(&mut self, id: u64, answer: Result<Answer, Fault>) {
        match answer {
            Ok(answer) => {
                if let Some(question) = self.take_question(id) {
                    self.shared.say = Some(clean(&clicked(&question.guide)).into_owned());
                    let _ = question.asked.reply.send(answer);
                }
            }
            Err(fault) => {
                if let Some(question) = self.question(id) {
                    question.clicking = false;
                }
                self.shared.say = Some(clean(&fault.to_string()).into_owned());
            }
        }
    }

    /// The question of this number.
    pub fn question(&mut self, id: u64) -> Option<&mut Question> {
        let open = self.shared.open.as_mut()?;
        open.questions.iter_mut().find(|question| question.id == id)
    }

    fn take_question(&mut self, id: u64) -> Option<Question> {
        let open = self.shared.open.as_mut()?;
        let at = open.questions.iter().position(|question| question.id == id)?;
        Some(open.questions.remove(at))
    }

    /// Lets the page on top follow what happened.
    pub fn tick(&mut self) -> Vec<Effect> {
        if let Some(open) = &mut self.shared.open {
            self.shared.now = open.federation.now();
            // A step that was left out, vouched for or stopped waits for no answer any more.
            open.questions.retain(|question| !question.asked.reply.is_closed());
        }
        self.hand(&Event::Tick)
    }

    /// Whether something goes on that is worth a look each second.
    pub fn is_alive(&self) -> bool {
        self.shows_upkeep() || self.shared.open.as_ref().is_some_and(|open| open.running.is_some())
    }

    /// Whether a page shows how the federation is looked after.
    pub fn shows_upkeep(&self) -> bool {
        self.shared.open.is_some() && self.pages.iter().any(|page| page.place() == keys::Place::Health)
    }

    /// The title of the window.
    pub fn title(&self) -> String {
        let Some(open) = &self.shared.open else {
            return "fedwiz".into();
        };
        let progress = open.view.progress();
        let mut title = format!(
            "fedwiz · {} · {}/{}",
            open.federation.name(),
            progress.done,
            progress.total
        );
        if !open.questions.is_empty() {
            title.push_str(" · ");
            title.push_str(words::State::NeedsPerson.word());
        }
        let title = clean(&title);
        if self.shared.theme.ascii {
            return plain::ascii(&title).into_owned();
        }
        title.into_owned()
    }

    /// Draws all of it.
    pub fn draw(&self, frame: &mut Frame<'_>) {
        self.shared.hits.borrow_mut().clear();
        let all = frame.area();
        if all.width < SMALLEST.0 || all.height < SMALLEST.1 {
            put(&self.shared.theme, Line::raw("fedwiz: too small"), frame, all);
            return;
        }
        let [area, foot] = Layout::vertical([Constraint::Min(1), Constraint::Length(1)]).areas(all);
        let base = self.pages.iter().rposition(|page| !page.lies_over()).unwrap_or(0);
        for page in &self.pages[base..] {
            if page.lies_over() {
                // What lies below does not take clicks.
                self.shared.hits.borrow_mut().clear();
            }
            page.draw(&self.shared, frame, area);
        }
        footer::draw_say(&self.shared, frame, area);
        footer::draw(&self.shared, self.top().place(), frame, foot);
        if self.shared.theme.ascii {
            plain::only_ascii(frame.buffer_mut());
        }
    }

    /// The part of the screen that pages have at this size.
    pub fn page_area(all: Rect) -> Rect {
        Rect {
            height: all.height.saturating_sub(1),
            ..all
        }
    }
}
