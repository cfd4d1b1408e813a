//! `NodeView`: one node as it is shown. Small while nothing happens: a walk may have ten thousand of them.

use std::{collections::HashSet, sync::Arc};

use jiff::Timestamp;

use super::{clean::clean, words::State};
use crate::{
    engine::{
        graph::NodeId,
        guide::Guide,
        signal::{Exchange, Finding},
        step::How,
    },
    fault::Fault,
};

/// How many exchanges of a node are kept.
const EXCHANGES: usize = 4;

/// One node as it is shown.
#[derive(Debug, Clone)]
pub struct NodeView {
    /// Its name.
    pub id: NodeId,
    /// Its name as it may be drawn.
    pub label: Box<str>,
    /// The number of its phase.
    pub chapter: usize,
    /// Its state.
    pub state: State,
    /// Since when it is in that state. None before anything happened.
    pub since: Option<Timestamp>,
    /// When its change, or taking it back, was begun.
    pub began: Option<Timestamp>,
    /// How it stands, if it does.
    pub standing: Option<How>,
    /// Whether nobody saw it and a person gave their word.
    pub unproven: bool,
    /// Whether it stood before this run and nothing was done.
    pub unchanged: bool,
    /// Whether it is, or may be, ours to take back.
    pub ours: bool,
    /// Whether the profile names it no more.
    pub forgotten: bool,
    /// Whether the run takes it away although it sets up.
    pub leaves: bool,
    /// How it last came to an end.
    pub finished: Option<Finished>,
    /// What a plan or a check found.
    pub finding: Option<Box<Finding>>,
    /// How many requests were made for it.
    pub requests: u32,
    pub(super) begun: bool,
    /// What went wrong in an earlier run, as long as nothing else has come of it.
    pub(super) earlier: Option<Box<Fault>>,
    detail: Option<Box<Detail>>,
    exchanges: Vec<Call>,
}

/// An exchange, as small as may be: each of ten thousand nodes keeps some.
#[derive(Debug, Clone)]
struct Call {
    method: Arc<str>,
    url: Arc<str>,
    status: Option<u16>,
    attempt: u32,
    millis: u64,
    request_id: Option<Box<str>>,
    note: Box<str>,
}

/// Words that many exchanges have in common, once.
#[derive(Debug, Clone, Default)]
pub(super) struct Lexicon(HashSet<Arc<str>>);

/// How many words are known at a time.
const WORDS: usize = 4096;

impl Lexicon {
    fn word(&mut self, text: &str) -> Arc<str> {
        let text = clean(text);
        if let Some(known) = self.0.get(&*text) {
            return Arc::clone(known);
        }
        if self.0.len() >= WORDS {
            self.0.clear();
        }
        let word: Arc<str> = text.into();
        self.0.insert(Arc::clone(&word));
        word
    }
}

/// How a node came to an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// When.
    pub at: Timestamp,
    /// What was seen, or why it stays.
    pub proof: String,
}

/// A note on progress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What is going on.
    pub text: String,
    /// How many are done.
    pub done: Option<u64>,
    /// How many there are.
    pub total: Option<u64>,
}

/// A wait that goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitView {
    /// What for.
    pub why: String,
    /// Since when.
    pub since: Timestamp,
    /// When the next look is, if that is known.
    pub next: Option<Timestamp>,
    /// When it gives up.
    pub until: Option<Timestamp>,
    /// What ends it early.
    pub ends_when: String,
}

/// What is only there for nodes to which something happened.
#[derive(Debug, Clone, Default)]
pub(super) struct Detail {
    pub note: Option<Note>,
    pub wait: Option<WaitView>,
    pub guide: Option<Arc<Guide>>,
    pub fault: Option<Fault>,
    pub blocked_by: Option<String>,
    pub attempt: u32,
    pub next: Option<Timestamp>,
}

impl NodeView {
    pub(super) fn new(id: NodeId, chapter: usize) -> Self {
        Self {
            label: clean(&id.to_string()).into(),
            id,
            chapter,
            state: State::Open,
            since: None,
            began: None,
            standing: None,
            unproven: false,
            unchanged: false,
            ours: false,
            forgotten: false,
            leaves: false,
            finished: None,
            finding: None,
            requests: 0,
            begun: false,
            earlier: None,
            detail: None,
            exchanges: Vec::new(),
        }
    }

    /// What it waits for, while it waits.
    pub fn wait(&self) -> Option<&WaitView> {
        self.detail.as_ref()?.wait.as_ref()
    }

    /// What is going on.
    pub fn note(&self) -> Option<&Note> {
        self.detail.as_ref()?.note.as_ref()
    }

    /// What a person was asked to do, until it is settled. Not cleaned: its values are there to be copied.
    pub fn guide(&self) -> Option<&Guide> {
        self.detail.as_ref()?.guide.as_deref()
    }

    /// What went wrong, if it failed, is tried again, or needs a person.
    pub fn fault(&self) -> Option<&Fault> {
        self.detail.as_ref()?.fault.as_ref()
    }

    /// What there is to say of what went wrong: now, or when it was last tried.
    pub fn trouble(&self) -> Option<&Fault> {
        let earlier = self.earlier.as_deref();
        self.fault().or(earlier.filter(|_| self.state == State::FailedEarlier))
    }

    /// The node at the root of its being held up.
    pub fn blocked_by(&self) -> Option<&str> {
        self.detail.as_ref()?.blocked_by.as_deref()
    }

    /// While it is tried again: which try failed, and when the next one is.
    pub fn retry(&self) -> Option<(u32, Timestamp)> {
        let detail = self.detail.as_ref()?;
        detail.next.map(|next| (detail.attempt, next))
    }

    /// The last few requests and their answers, oldest first.
    pub fn exchanges(&self) -> impl DoubleEndedIterator<Item = Exchange> {
        self.exchanges.iter().map(|call| Exchange {
            method: call.method.to_string(),
            url: call.url.to_string(),
            status: call.status,
            request_id: call.request_id.as_deref().map(str::to_owned),
            millis: call.millis,
            attempt: call.attempt,
            note: call.note.to_string(),
        })
    }

    /// The state it is in when nothing is going on.
    pub(super) fn at_rest(&self) -> State {
        match self.standing {
            None if self.earlier.is_some() => State::FailedEarlier,
            _ if self.begun => State::Begun,
            Some(how) => State::standing(how, self.unproven),
            None => State::Open,
        }
    }

    pub(super) fn detail_mut(&mut self) -> &mut Detail {
        self.detail.get_or_insert_default()
    }

    pub(super) fn take_wait(&mut self) -> Option<WaitView> {
        self.detail.as_mut()?.wait.take()
    }

    pub(super) fn exchanged(&mut self, exchange: &Exchange, lexicon: &mut Lexicon) {
        self.requests += 1;
        if self.exchanges.len() == EXCHANGES {
            self.exchanges.remove(0);
        }
        self.exchanges.reserve_exact(1);
        self.exchanges.push(Call {
            method: lexicon.word(&exchange.method),
            url: lexicon.word(&exchange.url),
            status: exchange.status,
            request_id: exchange.request_id.as_deref().map(|id| clean(id).into()),
            millis: exchange.millis,
            attempt: exchange.attempt,
            note: clean(&exchange.note).into(),
        });
    }

    pub(super) fn finish(&mut self, at: Timestamp, proof: &str) {
        self.finished = Some(Finished {
            at,
            proof: clean(proof).into_owned(),
        });
    }

    /// A run begins: what went wrong in an earlier one is remembered as long as nothing stands.
    pub(super) fn begin_again(&mut self, takes_back: bool) {
        let detail = self.detail.take();
        if takes_back {
            self.earlier = None;
        } else if self.state == State::Failed && self.standing.is_none() {
            self.earlier = detail.and_then(|detail| detail.fault).map(Box::new);
        }
    }

    /// Lets go of what only mattered while it was under way. The exchanges stay.
    pub(super) fn forget_the_moment(&mut self) {
        self.detail = None;
    }
}
