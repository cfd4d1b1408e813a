//! `Host`: what the screen asks of whoever wires the program. The screen itself reaches nothing outside the terminal.

use std::{
    future::Future,
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
};

use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::SecretString;
use tokio::sync::mpsc;

use super::{dag::map::Map, upkeep::Upkeep};

use crate::{
    engine::{
        driver::Control,
        fact::Intent,
        guide::{Entry, Operator},
        outcome::Outcome,
        recorder::Subscription,
    },
    fault::Fault,
    report::view::View,
};

/// A federation on this machine, as a list shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// Its name.
    pub name: String,
    /// How it is: "set up, 38 steps", "stopped after 17 of 38 steps, 3 hours ago", "not begun".
    pub state: String,
}

/// Opens and makes federations.
#[async_trait]
pub trait Host: Send + Sync {
    /// The federations there are. Asked for before the first picture: it does not take long.
    fn known(&self) -> Vec<Known>;

    /// The same with what takes long to find out; none if there is no such thing. Not for the loop.
    fn known_in_full(&self) -> Option<Vec<Known>> {
        None
    }

    /// Opens one by its name.
    async fn open(&self, name: &str) -> Result<Arc<dyn Federation>, Fault>;

    /// What a new profile begins with: the answers of the form, by field.
    fn draft(&self) -> Draft;

    /// The profile that these answers make, as TOML, or what is wrong with which field.
    fn preview(&self, draft: &Draft) -> Result<String, Vec<Wrong>>;

    /// What may be chosen for a field, looked up where the answers so far lead. Somebody may have to sign in for it.
    async fn look_up(&self, draft: &Draft, key: &str, typed: &str) -> Result<Vec<Choice>, Fault>;

    /// Writes the profile and gives the federation's name.
    fn save(&self, draft: &Draft) -> Result<String, Fault>;

    /// The answer that is meant by what was typed for a field: of a file its text. A secret is from then on taken out of all
    /// that is told. It may read a file, so it is not for the loop.
    fn bring(&self, entry: Entry, typed: SecretString) -> Result<SecretString, Fault>;

    /// What a folder holds, for choosing a file; without a path, the folder where files most likely are. It reads the disk, so it
    /// is not for the loop.
    fn folder(&self, path: Option<&Path>) -> Result<Folder, Fault>;

    /// Where codes and addresses for signing in come out, once; none takes the last one away again.
    fn prompts(&self) -> Option<mpsc::UnboundedReceiver<Option<SignIn>>>;
}

/// What a folder holds, as far as it can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// Where it is.
    pub path: PathBuf,
    /// What it holds, in the order to show it in.
    pub items: Vec<Item>,
}

/// A file or a folder in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its name.
    pub name: String,
    /// Whether it is a folder.
    pub is_folder: bool,
    /// How large it is.
    pub bytes: u64,
    /// When it was last written to.
    pub changed: Option<Timestamp>,
}

/// What a person needs to sign in to Entra.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// The page to open.
    pub url: String,
    /// The code to type there, where one is needed.
    pub code: Option<String>,
    /// Until when it is good, by this machine's clock.
    pub until: Timestamp,
}

/// The answers of the form of a profile: field and text, in the order of the form.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Draft {
    /// The questions with their answers.
    pub fields: Vec<Question>,
}

/// One question of the form.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Question {
    /// The field's name in the profile: `entra.tenant`.
    pub key: String,
    /// Its label.
    pub label: String,
    /// What it is for, and what it looks like.
    pub hint: String,
    /// What may be chosen; empty for free text.
    pub choices: Vec<String>,
    /// The answer.
    pub value: String,
    /// Whether it must be answered.
    pub required: bool,
    /// Where more can be chosen from than is known.
    pub look_up: LookUp,
}

/// Where what may be chosen is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LookUp {
    /// Nowhere: what is known is all there is, or it is typed.
    #[default]
    Nowhere,
    /// All of it is looked up once.
    Once,
    /// What begins with what is typed is looked up.
    AsTyped,
}

/// Something to choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The answer.
    pub value: String,
    /// What else there is to say of it.
    pub about: String,
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// The field's name in the profile; empty where it is about all of it.
    pub key: String,
    /// What is wrong, and what would be right.
    pub why: String,
}

/// How a run comes to an end.
pub type Ended = Pin<Box<dyn Future<Output = Result<Outcome, Fault>> + Send>>;

/// A run that has begun.
pub struct Running {
    /// Tells it what to do.
    pub control: Control,
    /// What happens in it.
    pub notices: Subscription,
    /// Its end. Dropping it breaks the run off; the journal resumes.
    pub ended: Ended,
}

/// A federation that is open: its journal is held by this process.
pub trait Federation: Send + Sync {
    /// Its name.
    fn name(&self) -> String;

    /// Where it leads: tenant and AWS targets, in a few words.
    fn leads(&self) -> String;

    /// What its journal says, as a view over all nodes.
    fn view(&self) -> View;

    /// Its graph, for drawing.
    fn map(&self) -> Map;

    /// The nodes that this one needs.
    fn needs(&self, node: usize) -> Vec<usize>;

    /// The nodes that need this one.
    fn needed_by(&self, node: usize) -> Vec<usize>;

    /// The time.
    fn now(&self) -> Timestamp;

    /// What is odd about the journal, if anything.
    fn warning(&self) -> Option<String>;

    /// Begins a run with this operator. `agreed` says that a set-up takes away what the profile names no more.
    fn start(&self, intent: Intent, agreed: bool, operator: Arc<dyn Operator>) -> Running;

    /// Whoever can click in the simulated console; none outside a simulation.
    fn console(&self) -> Option<Arc<dyn Operator>>;

    /// Whoever looks after it.
    fn upkeep(self: Arc<Self>) -> Arc<dyn Upkeep>;

    /// The command that goes on without the screen.
    fn command(&self, intent: Intent) -> String;
}
