//! `Page`: one screen or one thing laid over a screen. It takes keys, returns effects, and draws.

use std::{cell::RefCell, path::PathBuf, sync::Arc};

use crossterm::event::{KeyEvent, MouseEvent};
use jiff::Timestamp;
use ratatui::{
    Frame,
    layout::{Position, Rect},
};
use secrecy::SecretString;

use super::{
    host::{Choice, Draft, Federation, Folder, Host, Known},
    keys::{Action, Place},
    operator::Asked,
    theme::Theme,
    upkeep::{Deed, Kept},
};
use crate::{
    engine::{
        driver::Order,
        fact::Intent,
        guide::{Answer, Entry, Guide},
        outcome::Outcome,
    },
    fault::Fault,
    report::view::View,
};

/// One screen, or one thing laid over a screen.
pub trait Page: Send {
    /// Where the keys go while it is on top.
    fn place(&self) -> Place;

    /// Whether what is below is drawn first.
    fn lies_over(&self) -> bool {
        false
    }

    /// Whether it is the question how to stop, so that the key that asked it answers it too.
    fn asks_to_stop(&self) -> bool {
        false
    }

    /// Takes what the person did.
    fn on(&mut self, shared: &mut Shared, event: &Event) -> Vec<Effect>;

    /// Draws itself. The last line of the screen is not in `area`: it is the footer's.
    fn draw(&self, shared: &Shared, frame: &mut Frame<'_>, area: Rect);
}

/// What a person did.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A key of the table.
    Act(Action),
    /// Any other key, where text is typed.
    Key(KeyEvent),
    /// Text from the clipboard.
    Paste(String),
    /// A click on a line that the page marked, with its number.
    Row(usize),
    /// The mouse, anywhere else.
    Mouse(MouseEvent),
    /// Something was chosen: a file's path, or an answer.
    Chosen(String),
    /// Nothing: something else happened that the page may want to follow (a notice, an answer, a beat of the clock).
    Tick,
}

/// What is to be done, by whoever can reach outside.
pub enum Effect {
    /// Lay this page on top.
    Show(Box<dyn Page>),
    /// Put this page in place of the top one.
    Instead(Box<dyn Page>),
    /// Take the top page away.
    Back,
    /// Take away all pages down to the first.
    Home,
    /// Open a federation.
    Open(String),
    /// Write a profile, then open it.
    Save(Draft),
    /// Begin a run.
    Start(Intent),
    /// Begin a set-up that also takes away what the profile names no more: the operator agreed to it.
    Agree,
    /// Tell the run something.
    Tell(Order),
    /// Read what a folder holds; without one, the folder where files most likely are.
    List(Option<PathBuf>),
    /// Look up what may be chosen for a field of the form: the answers so far, the field, and what is typed.
    LookUp(Draft, String, String),
    /// Hand what was chosen to the page on top: a file's path, or an answer.
    Chosen(String),
    /// Do this for a target's upkeep.
    Upkeep(String, Deed),
    /// Let the simulated console answer this question.
    Click(u64),
    /// Answer a question, with what the person brings along.
    Answer(u64, Answer, Vec<Bring>),
    /// Open a page in the browser.
    Browse(String),
    /// Put text on the clipboard: what it is, and the text. Never a secret.
    Copy(String, String),
    /// Call the person who looks elsewhere, if that is wanted: what for.
    Call(String),
    /// Put the program aside.
    Suspend,
    /// Draw everything anew.
    Redraw,
    /// Do what a key of the table does, on the page that is on top by then.
    Act(Action),
    /// Leave. What is running is stopped first.
    Quit,
}

/// One thing that a person brings to a question.
#[derive(Debug)]
pub struct Bring {
    /// The field's key.
    pub key: String,
    /// What was typed or pasted.
    pub value: SecretString,
    /// How it is meant. The text of a file, pasted, is a line.
    pub entry: Entry,
}

/// What a click on a part of the screen means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hit {
    /// The same as a key.
    Act(Action),
    /// A line of the page.
    Row(usize),
}

/// What a person is asked.
#[derive(Debug)]
pub struct Question {
    /// Its number in this session.
    pub id: u64,
    /// The number of the node that asks.
    pub node: usize,
    /// What for.
    pub guide: Guide,
    /// Whether the simulated console is at it.
    pub clicking: bool,
    pub(super) asked: Asked,
}

/// The federation that is open.
pub struct Open {
    /// It.
    pub federation: Arc<dyn Federation>,
    /// What is known of it.
    pub view: View,
    /// What a person is asked, oldest first.
    pub questions: Vec<Question>,
    /// What the run that goes on is for.
    pub running: Option<Intent>,
    /// How the last run ended.
    pub ended: Option<Result<Outcome, Fault>>,
    /// The node in focus.
    pub focus: usize,
    /// How it is looked after, as far as it was looked at.
    pub kept: Kept,
}

impl Open {
    /// It has just been opened: nothing runs, and the first step is in focus.
    pub fn new(federation: Arc<dyn Federation>) -> Self {
        Self {
            view: federation.view(),
            federation,
            questions: Vec::new(),
            running: None,
            ended: None,
            focus: 0,
            kept: Kept::default(),
        }
    }

    /// The question that this node asks.
    pub fn question_of(&self, node: usize) -> Option<&Question> {
        self.questions.iter().find(|question| question.node == node)
    }
}

/// What all pages share.
pub struct Shared {
    /// How everything looks.
    pub theme: Theme,
    /// The time, by the federation's clock.
    pub now: Timestamp,
    /// The time by this machine's clock, while a person is signing in.
    pub wall: Option<Timestamp>,
    /// The federations on this machine.
    pub known: Vec<Known>,
    /// The one that is open.
    pub open: Option<Open>,
    /// Whoever does what has to reach outside. Pages only let it check what is typed.
    pub host: Arc<dyn Host>,
    /// The form's first answers.
    pub draft: Draft,
    /// What a folder holds, on its way to the page that has asked.
    pub folder: Option<Result<Folder, Fault>>,
    /// What may be chosen for a field, on its way to the page that has asked.
    pub found: Option<(String, Result<Vec<Choice>, Fault>)>,
    /// Whether what is opened next is to be looked after, instead of walked.
    pub to_health: bool,
    /// One line to the person, until the next key.
    pub say: Option<String>,
    /// Whether nothing moves by itself: the walk follows what is at work only when asked to.
    pub still: bool,
    pub(super) hits: RefCell<Vec<(Rect, Hit)>>,
}

impl Shared {
    /// What this machine has, and nothing open yet.
    pub fn new(host: Arc<dyn Host>, theme: Theme) -> Self {
        Self {
            theme,
            now: Timestamp::UNIX_EPOCH,
            wall: None,
            known: host.known(),
            open: None,
            draft: host.draft(),
            host,
            folder: None,
            found: None,
            to_health: false,
            say: None,
            still: false,
            hits: RefCell::default(),
        }
    }

    /// Says what a click on this part of the screen means. What is marked later lies on top.
    pub fn mark(&self, area: Rect, hit: Hit) {
        self.hits.borrow_mut().push((area, hit));
    }

    /// What a click here means.
    pub(super) fn hit(&self, column: u16, row: u16) -> Option<Hit> {
        let hits = self.hits.borrow();
        let at = Position::new(column, row);
        hits.iter()
            .rev()
            .find(|(area, _)| area.contains(at))
            .map(|(_, hit)| *hit)
    }
}
