//! `Nudge`: what the operator tells one node that is at work.

use tokio::sync::{Mutex, watch};

/// What the operator tells one node that is at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Nudge {
    /// Nothing so far.
    #[default]
    None,
    /// Look now, not later.
    Look,
    /// Take my word for it.
    Word,
    /// Leave it out.
    Skip,
}

/// Hears nudges; each is heard once, by whoever listens first: a guide that is open, or a pause.
#[derive(Debug)]
pub(super) struct Nudges(Mutex<watch::Receiver<Nudge>>);

impl Nudges {
    /// Hears what is said from now on.
    pub(super) fn new(hears: watch::Receiver<Nudge>) -> Self {
        Self(Mutex::new(hears))
    }

    /// Nobody will ever say anything.
    pub(super) fn silent() -> Self {
        Self::new(watch::channel(Nudge::None).1)
    }

    /// The next nudge. Never ends when nobody is there to give one.
    pub(super) async fn next(&self) -> Nudge {
        let mut hears = self.0.lock().await;
        if hears.changed().await.is_err() {
            drop(hears);
            std::future::pending::<()>().await;
            return Nudge::None;
        }
        *hears.borrow_and_update()
    }

    /// What was said and not heard so far.
    pub(super) fn unheard(&mut self) -> Option<Nudge> {
        let hears = self.0.get_mut();
        let said = hears.has_changed().unwrap_or(false);
        said.then(|| *hears.borrow_and_update())
    }
}
