//! Requests that travel together: what many tasks want at the same time goes out as one `$batch`, and each of them gets
//! its own answer.
//!
//! Whoever comes first waits a moment for others, sends for all of them, and hands out the answers. One that nobody joins
//! goes out as a request of its own.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::de::DeserializeOwned;

use super::{
    Graph,
    batch::{BatchAnswer, BatchItem},
};
use crate::{
    clients::{
        Existed,
        handover::{Giver, handover},
        limits::GRAPH_BATCH,
    },
    clock::SharedClock,
    fault::{Fault, Kind, Retry},
};

/// As long as another one came within this time, more may come.
const QUIET: Duration = Duration::from_millis(10);

/// Nobody waits for others longer than so many times that.
const PATIENCE: u32 = 50;

/// An answer on its way to whoever asked.
type Answered = Result<BatchAnswer, Fault>;

/// Where requests meet.
pub(super) struct Together {
    clock: SharedClock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The groups that set out soon.
    groups: Vec<Group>,
    number: u64,
    /// How many changes of each collection are asked for and not answered.
    pending: HashMap<String, usize>,
    /// Who waits until a collection has none.
    patient: Vec<(String, Giver<()>)>,
}

struct Group {
    number: u64,
    changes: bool,
    items: Vec<BatchItem>,
    /// Who gets the answers to all items but the first.
    others: Vec<Giver<Answered>>,
}

impl Together {
    pub(super) fn new(clock: SharedClock) -> Self {
        Self {
            clock,
            state: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Graph {
    /// Makes this request together with others that are asked for at the same time. Its answer, and what goes wrong with
    /// it, are its own.
    pub async fn together(&self, item: BatchItem) -> Answered {
        let _counted = Counted::new(&self.together, &item);
        let changes = !item.is_read();
        let place = {
            let mut state = self.together.lock();
            let open = state
                .groups
                .iter_mut()
                .find(|group| group.changes == changes && group.items.len() < GRAPH_BATCH);
            match open {
                Some(group) => {
                    let (giver, taker) = handover(&self.together.clock);
                    group.items.push(item);
                    group.others.push(giver);
                    Err(taker)
                }
                None => {
                    state.number += 1;
                    let number = state.number;
                    state.groups.push(Group {
                        number,
                        changes,
                        items: vec![item],
                        others: Vec::new(),
                    });
                    Ok(number)
                }
            }
        };
        match place {
            Ok(number) => self.lead(number).await,
            Err(answer) => answer.take().await.unwrap_or_else(|| {
                Err(Fault::new(
                    Kind::Unavailable,
                    "A request to Microsoft Graph was given up on the way",
                )
                .retry(Retry::LookFirst))
            }),
        }
    }

    /// Makes something, together with others that are made at the same time.
    pub async fn post_together<T: DeserializeOwned>(&self, path: &str, body: serde_json::Value) -> Result<T, Fault> {
        let answer = self.together(BatchItem::post(path, body)).await?;
        serde_json::from_value(answer.body).map_err(|error| {
            // It is made: a look will find it.
            Fault::new(
                Kind::Answer,
                format!("Microsoft Graph's answer to POST {path} cannot be read"),
            )
            .why(error.to_string())
            .retry(Retry::LookFirst)
        })
    }

    /// Removes something, together with others that are removed at the same time; or finds that it is not there.
    pub async fn delete_together(&self, path: &str) -> Result<Existed, Fault> {
        match self.together(BatchItem::delete(path)).await {
            Ok(_) => Ok(Existed::Yes),
            Err(fault) if fault.kind == Kind::NotFound => Ok(Existed::No),
            Err(fault) => Err(fault),
        }
    }

    /// Waits for others, sends for all, hands out.
    async fn lead(&self, number: u64) -> Answered {
        let leading = Leading {
            together: Arc::clone(&self.together),
            number,
        };
        let mut before = 1;
        for _ in 0..PATIENCE {
            self.together.clock.sleep(QUIET).await;
            let now = leading.size();
            if now == before || now >= GRAPH_BATCH {
                break;
            }
            before = now;
        }
        let group = leading.set_out()?;
        if let [alone] = group.items.as_slice() {
            return self.alone(alone).await;
        }
        let mut answers = self.batch(&group.items).await.into_iter();
        let first = answers.next();
        for (giver, answer) in group.others.into_iter().zip(answers) {
            // Who asked may have gone.
            let _ = giver.give(answer);
        }
        first.unwrap_or_else(|| Err(Fault::internal("A batch has no answer to its first request")))
    }

    /// Waits until every change of this collection that was asked for is answered: a look at it then serves all of them.
    pub(in crate::clients::entra) async fn quiet(&self, collection: &str) {
        let wait = {
            let mut state = self.together.lock();
            if !state.pending.contains_key(collection) {
                return;
            }
            let (giver, taker) = handover(&self.together.clock);
            state.patient.push((collection.to_owned(), giver));
            taker
        };
        wait.take().await;
    }
}

/// One group on its way. Whatever becomes of its first member, nobody joins it afterwards.
struct Leading {
    together: Arc<Together>,
    number: u64,
}

impl Leading {
    fn size(&self) -> usize {
        let state = self.together.lock();
        let mine = state.groups.iter().find(|group| group.number == self.number);
        mine.map_or(0, |group| group.items.len())
    }

    fn set_out(&self) -> Result<Group, Fault> {
        let mut state = self.together.lock();
        let at = state.groups.iter().position(|group| group.number == self.number);
        at.map(|at| state.groups.remove(at))
            .ok_or_else(|| Fault::internal("A batch set out without its first request"))
    }
}

impl Drop for Leading {
    fn drop(&mut self) {
        let left = self.set_out();
        // Outside the lock: those who wait in it hear of it at once.
        drop(left);
    }
}

/// A change that is asked for and not answered.
struct Counted(Option<(Arc<Together>, String)>);

impl Counted {
    fn new(together: &Arc<Together>, item: &BatchItem) -> Self {
        let collection = item.collection().filter(|_| !item.is_read());
        Self(collection.map(|collection| {
            *together.lock().pending.entry(collection.to_owned()).or_default() += 1;
            (Arc::clone(together), collection.to_owned())
        }))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let Some((together, collection)) = self.0.take() else {
            return;
        };
        let free: Vec<Giver<()>> = {
            let mut state = together.lock();
            let left = state.pending.get_mut(&collection).map_or(0, |count| {
                *count -= 1;
                *count
            });
            if left > 0 {
                return;
            }
            state.pending.remove(&collection);
            let patient = std::mem::take(&mut state.patient);
            let (free, wait) = patient.into_iter().partition(|(of, _)| *of == collection);
            state.patient = wait;
            let free: Vec<(String, Giver<()>)> = free;
            free.into_iter().map(|(_, giver)| giver).collect()
        };
        for giver in free {
            // Who waited may have gone.
            let _ = giver.give(());
        }
    }
}
