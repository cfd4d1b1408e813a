//! `Upkeep`: how a federation is looked after, as the screen asks for it, and what is known so far.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc;

use crate::{
    fault::Fault,
    report::{
        job::Change,
        overview::{Counted, Overview},
        sync::{Entry, Person},
    },
};

/// Between two looks, by the federation's clock.
pub const EVERY: Duration = Duration::from_secs(30);
/// Every so many looks people are counted, too: that is a read of everybody.
pub const COUNT_EVERY: u32 = 20;
/// So many entries of a target's log are kept.
const ENTRIES: usize = 5000;
/// The log comes late and not in order: so much of it is read again each time.
const AGAIN: SignedDuration = SignedDuration::from_hours(1);

/// Looks after a federation. None of it is for the loop: it takes as long as the clouds take.
#[async_trait]
pub trait Upkeep: Send + Sync {
    /// The AWS targets, by name.
    fn targets(&self) -> Vec<String>;

    /// Looks at one, and reads its log since a moment; without one, as far back as is usual.
    async fn look(&self, target: &str, since: Option<Timestamp>) -> Overview;

    /// Counts people on both sides, and measures how long changes take.
    async fn count(&self, target: &str) -> Counted;

    /// Waits until the next look is due.
    async fn rest(&self);

    /// Does this to the job, and says what was done.
    async fn change(&self, target: &str, change: &Change) -> Result<String, Fault>;

    /// Provisions a person or a group now, and hands out each answer as it comes.
    async fn provision(&self, target: &str, who: &str, tell: mpsc::UnboundedSender<Entry>) -> Result<(), Fault>;

    /// What happened to one person.
    async fn person(&self, target: &str, upn: &str) -> Result<Person, Fault>;

    /// Writes entries to a new file, and says which.
    async fn export(&self, target: &str, entries: Vec<Entry>) -> Result<String, Fault>;
}

/// What a person wants done.
#[derive(Debug, Clone, PartialEq)]
pub enum Deed {
    /// Look now.
    Look,
    /// Do this to the job.
    Change(Change),
    /// Provision this person or group.
    Provision(String),
    /// Read what happened to this person.
    Person(String),
    /// Write these entries to a file.
    Export(Vec<Entry>),
}

/// What comes back.
#[derive(Debug)]
pub enum Heard {
    /// A look has begun.
    Looking,
    /// What it found.
    Looked(String, Box<Overview>),
    /// What was counted.
    Counted(String, Counted),
    /// The next look is then.
    Rests(Timestamp),
    /// An answer of provisioning on demand.
    Answered(Entry),
    /// There are no more answers.
    Provisioned(Result<(), Fault>),
    /// What happened to a person.
    Person(Box<Result<Person, Fault>>),
    /// Something is done, or cannot be.
    Done(Result<String, Fault>),
}

/// What is known of a target.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The last look; none before the first.
    pub overview: Option<Overview>,
    /// The entries of the log, of all looks, the oldest first.
    pub log: Vec<Entry>,
    /// What was counted last.
    pub counted: Option<Counted>,
}

/// What is known so far.
#[derive(Debug, Default)]
pub struct Kept {
    /// The targets, by name.
    pub targets: Vec<String>,
    /// The one that is shown.
    pub at: usize,
    seen: BTreeMap<String, Seen>,
    /// Whether a look is under way.
    pub looking: bool,
    /// When the next look is.
    pub next: Option<Timestamp>,
    /// What is being done.
    pub doing: Option<String>,
    /// The answers of provisioning on demand, so far.
    pub answers: Vec<Entry>,
    /// How that ended.
    pub answered: Option<Result<(), Fault>>,
    /// What happened to the person who was asked about.
    pub person: Option<Result<Person, Fault>>,
}

impl Kept {
    /// Nothing is known of these yet.
    pub fn of(targets: Vec<String>) -> Self {
        Self {
            targets,
            ..Self::default()
        }
    }

    /// The target that is shown.
    pub fn target(&self) -> &str {
        self.targets.get(self.at).map_or("", String::as_str)
    }

    /// What is known of it.
    pub fn seen(&self) -> Option<&Seen> {
        self.seen.get(self.target())
    }

    /// The next target.
    pub fn turn(&mut self) {
        self.at = (self.at + 1) % self.targets.len().max(1);
    }

    /// Something was begun.
    pub fn begins(&mut self, deed: &Deed) {
        match deed {
            Deed::Look => {}
            Deed::Change(_) => self.doing = Some("telling Entra".into()),
            Deed::Export(_) => self.doing = Some("writing".into()),
            Deed::Provision(who) => {
                self.doing = Some(format!("provisioning {who}"));
                self.answers.clear();
                self.answered = None;
            }
            Deed::Person(upn) => {
                self.doing = Some(format!("reading what happened to {upn}"));
                self.person = None;
            }
        }
    }

    /// Takes what came back. Gives what is to be said to the person.
    pub fn hear(&mut self, heard: Heard) -> Option<Result<String, Fault>> {
        match heard {
            Heard::Looking => self.looking = true,
            Heard::Looked(target, overview) => {
                self.looking = false;
                self.seen.entry(target).or_default().take(*overview);
            }
            Heard::Counted(target, counted) => self.seen.entry(target).or_default().counted = Some(counted),
            Heard::Rests(until) => {
                self.looking = false;
                self.next = Some(until);
            }
            Heard::Answered(entry) => self.answers.push(entry),
            Heard::Provisioned(end) => {
                self.doing = None;
                self.answered = Some(end);
            }
            Heard::Person(person) => {
                self.doing = None;
                self.person = Some(*person);
            }
            Heard::Done(done) => {
                self.doing = None;
                return Some(done);
            }
        }
        None
    }
}

impl Seen {
    /// Takes a look in: its log goes on where the last one ended.
    fn take(&mut self, mut overview: Overview) {
        if let Ok(new) = &mut overview.log {
            let known: BTreeSet<&str> = self.log.iter().map(|entry| entry.id.as_str()).collect();
            new.retain(|entry| !known.contains(entry.id.as_str()));
            self.log.append(new);
            self.log
                .sort_by(|one, other| (one.when, &one.id).cmp(&(other.when, &other.id)));
            let many = self.log.len().saturating_sub(ENTRIES);
            self.log.drain(..many);
        }
        self.overview = Some(overview);
    }
}

/// Since when the log is read next, after these entries.
pub fn since(log: &[Entry]) -> Option<Timestamp> {
    log.iter()
        .map(|entry| entry.when)
        .max()
        .and_then(|newest| newest.checked_sub(AGAIN).ok())
}
