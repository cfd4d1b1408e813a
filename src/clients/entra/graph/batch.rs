//! `$batch`: up to twenty requests in one, each judged alone.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ::http::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Graph;
use crate::{
    clients::{
        entra::error,
        limits::GRAPH_BATCH,
        retry::{Trouble, retry_after},
    },
    fault::{Fault, Kind, Retry},
};

/// One request inside a batch.
#[derive(Clone, PartialEq)]
pub struct BatchItem {
    method: Method,
    path: String,
    body: Option<Value>,
    repeatable: bool,
}

impl BatchItem {
    /// Reads `path`, with its query.
    pub fn get(path: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            path: path.into(),
            body: None,
            repeatable: true,
        }
    }

    /// Makes something; never repeated unless Graph surely did nothing.
    pub fn post(path: impl Into<String>, body: Value) -> Self {
        Self {
            method: Method::POST,
            path: path.into(),
            body: Some(body),
            repeatable: false,
        }
    }

    /// Changes something.
    pub fn patch(path: impl Into<String>, body: Value) -> Self {
        Self {
            method: Method::PATCH,
            path: path.into(),
            body: Some(body),
            repeatable: true,
        }
    }

    /// Removes something.
    pub fn delete(path: impl Into<String>) -> Self {
        Self {
            method: Method::DELETE,
            path: path.into(),
            body: None,
            repeatable: true,
        }
    }

    /// True if it only reads.
    pub(super) fn is_read(&self) -> bool {
        self.method.is_safe()
    }

    /// The list that it adds to or takes from, be it a list of things or of references to them.
    pub(super) fn collection(&self) -> Option<&str> {
        let path = self.path.strip_suffix("/$ref").unwrap_or(&self.path);
        match self.method {
            Method::POST => Some(path),
            _ => path.rsplit_once('/').map(|(list, _)| list),
        }
    }

    fn without_query(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }
}

impl fmt::Debug for BatchItem {
    /// Without the body, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BatchItem({} {})", self.method, self.path)
    }
}

/// A good answer inside a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchAnswer {
    /// Its own HTTP status.
    pub status: u16,
    /// Its body, `null` if it has none.
    pub body: Value,
}

#[derive(Serialize)]
struct Wrapped<'a> {
    requests: Vec<Inner<'a>>,
}

#[derive(Serialize)]
struct Inner<'a> {
    id: String,
    method: &'a str,
    url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a Value>,
    #[serde(skip_serializing_if = "HashMap::is_empty")]
    headers: HashMap<&'static str, &'static str>,
}

#[derive(Deserialize)]
struct Unwrapped {
    responses: Vec<InnerAnswer>,
}

#[derive(Deserialize, Clone)]
struct InnerAnswer {
    id: String,
    status: u16,
    #[serde(default)]
    headers: HashMap<String, String>,
    #[serde(default)]
    body: Value,
}

impl InnerAnswer {
    fn after(&self, graph: &Graph) -> Option<Duration> {
        let (_, value) = self
            .headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("retry-after"))?;
        retry_after(value, graph.http.clock().now())
    }

    fn trouble(&self, graph: &Graph) -> Trouble {
        match self.status {
            429 => Trouble::Throttled(self.after(graph)),
            500 | 502 | 503 | 504 => Trouble::Unclear(self.after(graph)),
            _ => Trouble::Final,
        }
    }
}

impl Graph {
    /// Sends all of these, twenty at a time, and answers each in its place. Items that are throttled are sent again,
    /// alone; everything else that goes wrong is the fault of its own item.
    pub async fn batch(&self, items: &[BatchItem]) -> Vec<Result<BatchAnswer, Fault>> {
        let mut answers = Vec::with_capacity(items.len());
        for chunk in items.chunks(GRAPH_BATCH) {
            answers.extend(self.chunk(chunk).await);
        }
        answers
    }

    /// Reads many, twenty in a request. What another task has read a moment ago is not read again.
    pub async fn read_all(&self, paths: &[String]) -> Vec<Result<Arc<BatchAnswer>, Fault>> {
        let mut answers: Vec<Option<Result<Arc<BatchAnswer>, Fault>>> =
            paths.iter().map(|path| self.seen.at_hand(path).map(Ok)).collect();
        let open: Vec<usize> = (0..paths.len()).filter(|&at| answers[at].is_none()).collect();
        let items: Vec<BatchItem> = open.iter().map(|&at| BatchItem::get(paths[at].as_str())).collect();
        let moment = self.seen.moment();
        for (at, answer) in open.into_iter().zip(self.batch(&items).await) {
            let answer = answer.map(Arc::new);
            if let Ok(answer) = &answer {
                self.seen.keep(&paths[at], moment, Arc::clone(answer));
            }
            answers[at] = Some(answer);
        }
        let unread = || Err(Fault::internal("A request of a batch was never sent"));
        answers
            .into_iter()
            .map(|answer| answer.unwrap_or_else(unread))
            .collect()
    }

    /// Reads one thing that may not be there, together with others that are wanted at the same time.
    pub async fn read_together(&self, path: &str) -> Result<Option<Arc<BatchAnswer>>, Fault> {
        let read = || async {
            match self.together(BatchItem::get(path)).await {
                Ok(answer) => Ok(Some(answer)),
                Err(fault) if fault.kind == Kind::NotFound => Ok(None),
                Err(fault) => Err(fault),
            }
        };
        self.seen.get(path, read).await
    }

    /// Sends one item as a request of its own.
    pub(super) async fn alone(&self, item: &BatchItem) -> Result<BatchAnswer, Fault> {
        let mut call = self.call(item.method.clone(), &item.path, &[])?;
        if let Some(body) = &item.body {
            call = call.json(body)?;
        }
        if item.repeatable {
            call = call.repeatable();
        }
        let path = item.without_query();
        let answer = self.send(call, &item.method, path).await?;
        let answer = self.good(answer, &item.method, path)?;
        Ok(BatchAnswer {
            status: answer.status,
            body: answer.json()?,
        })
    }

    async fn chunk(&self, items: &[BatchItem]) -> Vec<Result<BatchAnswer, Fault>> {
        let states = Mutex::new(vec![State::Open; items.len()]);
        // How it ended is in the states: an item that may still be repeated when the rounds are used up is a fault too.
        let _ = self
            .http
            .retrying()
            .run(true, |trouble: &Trouble| *trouble, |_| self.round(items, &states))
            .await;
        let states = states.into_inner().unwrap_or_else(PoisonError::into_inner);
        items
            .iter()
            .zip(states)
            .map(|(item, state)| self.judged(item, state))
            .collect()
    }

    /// Sends what is not settled. Fails if some of it may be sent once more.
    async fn round(&self, items: &[BatchItem], states: &Mutex<Vec<State>>) -> Result<(), Trouble> {
        let lock = || states.lock().unwrap_or_else(PoisonError::into_inner);
        let open: Vec<usize> = lock()
            .iter()
            .enumerate()
            .filter(|(_, state)| !matches!(state, State::Settled(_)))
            .map(|(at, _)| at)
            .collect();
        match self.outer(items, &open).await {
            Err(fault) => {
                let mut states = lock();
                for at in open {
                    states[at] = State::Settled(Err(items[at].blamed(fault.clone())));
                }
                Ok(())
            }
            Ok(mut inner) => {
                let mut again: Option<Trouble> = None;
                let mut states = lock();
                for at in open {
                    let Some(answer) = inner.remove(&at.to_string()) else {
                        let fault = Fault::new(Kind::Answer, "Graph leaves a request of a batch unanswered");
                        states[at] = State::Settled(Err(items[at].blamed(fault.retry(Retry::LookFirst))));
                        continue;
                    };
                    let trouble = answer.trouble(self);
                    let repeat = match trouble {
                        Trouble::Final => false,
                        Trouble::Unclear(_) => items[at].repeatable,
                        _ => true,
                    };
                    states[at] = match repeat {
                        true => {
                            again = Some(again.map_or(trouble, |other| longer(other, trouble)));
                            State::Again(answer)
                        }
                        false => State::Settled(self.verdict(&items[at], answer)),
                    };
                }
                again.map_or(Ok(()), Err)
            }
        }
    }

    async fn outer(&self, items: &[BatchItem], open: &[usize]) -> Result<HashMap<String, InnerAnswer>, Fault> {
        let requests = open.iter().map(|at| items[*at].wrapped(*at)).collect();
        let changes = open.iter().filter(|at| !items[**at].is_read()).count();
        let mut call = self.batched(changes)?.json(&Wrapped { requests })?;
        if open.iter().all(|at| items[*at].repeatable) {
            call = call.repeatable();
        }
        let answer = match changes {
            0 => self.ask(call, &Method::POST, "/$batch").await?,
            _ => self.send(call, &Method::POST, "/$batch").await?,
        };
        let unwrapped: Unwrapped = self.good(answer, &Method::POST, "/$batch")?.json()?;
        Ok(unwrapped
            .responses
            .into_iter()
            .map(|answer| (answer.id.clone(), answer))
            .collect())
    }

    fn judged(&self, item: &BatchItem, state: State) -> Result<BatchAnswer, Fault> {
        match state {
            State::Settled(result) => result,
            State::Again(answer) => self.verdict(item, answer),
            State::Open => Err(Fault::internal("A request of a batch was never sent")),
        }
    }

    fn verdict(&self, item: &BatchItem, answer: InnerAnswer) -> Result<BatchAnswer, Fault> {
        if (200..300).contains(&answer.status) {
            return Ok(BatchAnswer {
                status: answer.status,
                body: answer.body,
            });
        }
        let retry = answer.trouble(self).retry(item.repeatable);
        let path = item.without_query();
        let facts = self.tokens.facts_at_hand();
        Err(error::inner_fault(
            &item.method,
            path,
            answer.status,
            &answer.body,
            retry,
            &facts,
        ))
    }
}

#[derive(Clone)]
enum State {
    Open,
    Again(InnerAnswer),
    Settled(Result<BatchAnswer, Fault>),
}

impl BatchItem {
    fn wrapped(&self, at: usize) -> Inner<'_> {
        let json = self.body.is_some().then_some(("Content-Type", "application/json"));
        Inner {
            id: at.to_string(),
            method: self.method.as_str(),
            url: &self.path,
            body: self.body.as_ref(),
            headers: json.into_iter().collect(),
        }
    }

    /// The fault of the whole batch, as it concerns this item: what may be repeated need not be looked for.
    fn blamed(&self, mut fault: Fault) -> Fault {
        if fault.retry == Retry::LookFirst && self.repeatable {
            fault.retry = Retry::Backoff;
        }
        fault
    }
}

/// The one that asks for the longer pause.
fn longer(a: Trouble, b: Trouble) -> Trouble {
    let pause = |trouble| match trouble {
        Trouble::Throttled(after) | Trouble::Unclear(after) => after.unwrap_or_default(),
        Trouble::Final | Trouble::NotSent => Duration::ZERO,
    };
    if pause(b) > pause(a) { b } else { a }
}
