//! The looks at how a federation is looked after: one after the other beside the loop, as long as a page shows them.

use std::{collections::BTreeMap, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use tokio::{
    sync::{Notify, mpsc},
    task::{JoinHandle, JoinSet},
};

use super::{Stage, news::News};
use crate::tui::{
    host::Federation,
    upkeep::{COUNT_EVERY, Deed, EVERY, Heard, Kept, Upkeep, since},
};

/// Looks that go on. They end when this goes.
pub(super) struct Looks {
    task: JoinHandle<()>,
    now: Arc<Notify>,
}

impl Drop for Looks {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Looks {
    fn begin(federation: Arc<dyn Federation>, news: mpsc::UnboundedSender<News>) -> Self {
        let now = Arc::new(Notify::new());
        let task = tokio::spawn(go_on(federation, news, Arc::clone(&now)));
        Self { task, now }
    }
}

async fn go_on(federation: Arc<dyn Federation>, news: mpsc::UnboundedSender<News>, now: Arc<Notify>) {
    let upkeep = Arc::clone(&federation).upkeep();
    let tell = |heard: Heard| news.send(News::Upkeep(heard)).is_ok();
    let mut newest: BTreeMap<String, Timestamp> = BTreeMap::new();
    // They end with this task.
    let mut counting = JoinSet::new();
    for number in 0_u32.. {
        for target in upkeep.targets() {
            if !tell(Heard::Looking) {
                return;
            }
            let overview = upkeep.look(&target, newest.get(&target).copied()).await;
            if let Some(at) = overview.log.as_ref().ok().and_then(|log| since(log)) {
                newest.insert(target.clone(), at);
            }
            tell(Heard::Looked(target.clone(), Box::new(overview)));
            if number.is_multiple_of(COUNT_EVERY) {
                let (upkeep, news) = (Arc::clone(&upkeep), news.clone());
                counting.spawn(async move {
                    let counted = upkeep.count(&target).await;
                    let _ = news.send(News::Upkeep(Heard::Counted(target, counted)));
                });
            }
        }
        let every = SignedDuration::try_from(EVERY).unwrap_or_default();
        if let Ok(next) = federation.now().checked_add(every) {
            tell(Heard::Rests(next));
        }
        tokio::select! {
            () = upkeep.rest() => {}
            () = now.notified() => {}
        }
        while counting.try_join_next().is_some() {}
    }
}

impl Stage {
    /// Begins to look where a page wants it, and ends it where none does any more.
    pub(super) fn look_after(&mut self) {
        let wanted = self.app.shows_upkeep();
        match (&mut self.app.shared.open, wanted) {
            (Some(open), true) if self.looks.is_none() => {
                if open.kept.targets.is_empty() {
                    open.kept = Kept::of(Arc::clone(&open.federation).upkeep().targets());
                }
                self.looks = Some(Looks::begin(Arc::clone(&open.federation), self.news.clone()));
            }
            (Some(_), true) => {}
            _ => self.looks = None,
        }
    }

    /// Does what a person wants done, beside the loop. A look follows.
    pub(super) fn keep_up(&mut self, target: String, deed: Deed) {
        let Some(open) = &mut self.app.shared.open else { return };
        open.kept.begins(&deed);
        let upkeep: Arc<dyn Upkeep> = Arc::clone(&open.federation).upkeep();
        let now = self.looks.as_ref().map(|looks| Arc::clone(&looks.now));
        let news = self.news.clone();
        if deed == Deed::Look {
            now.iter().for_each(|now| now.notify_one());
            return;
        }
        tokio::spawn(async move {
            let heard = match deed {
                Deed::Look => return,
                Deed::Change(change) => Heard::Done(upkeep.change(&target, &change).await),
                Deed::Person(upn) => Heard::Person(Box::new(upkeep.person(&target, &upn).await)),
                Deed::Export(entries) => Heard::Done(upkeep.export(&target, entries).await),
                Deed::Provision(who) => {
                    let (tell, mut answers) = mpsc::unbounded_channel();
                    let passed = news.clone();
                    let pass = async move {
                        while let Some(entry) = answers.recv().await {
                            let _ = passed.send(News::Upkeep(Heard::Answered(entry)));
                        }
                    };
                    let (end, ()) = tokio::join!(upkeep.provision(&target, &who, tell), pass);
                    Heard::Provisioned(end)
                }
            };
            let _ = news.send(News::Upkeep(heard));
            now.iter().for_each(|now| now.notify_one());
        });
    }
}
