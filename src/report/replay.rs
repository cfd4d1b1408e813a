//! Replay: a past run, told as if it happened now. Nothing is looked at, and nothing is changed.

use std::{io, path::Path, sync::Arc};

use super::{Reporter, outline::Outline, summary::Summary, view::View};
use crate::{
    engine::{
        fact::{End, Event},
        journal::Journal,
        recorder::Notice,
    },
    fault::Fault,
};

/// Tells these events through the same view and reporter as a run that goes on now, and gives the view as it is at the
/// end. A run that was cut off is shown as stopped.
pub fn replay(
    outline: Outline,
    events: impl IntoIterator<Item = Arc<Event>>,
    reporter: &mut dyn Reporter,
) -> io::Result<View> {
    let mut view = View::new(outline);
    for event in events {
        let notice = Notice::Fact(event);
        let seen = view.see(&notice);
        reporter.tell(&view, &notice, seen)?;
    }
    if let Some(now) = view.now() {
        view.break_off(now);
    }
    let end = view.run().and_then(|run| run.end).unwrap_or(End::Stopped);
    let summary = Summary::of(&view, end, None);
    reporter.end(&view, &summary)?;
    Ok(view)
}

/// The view of those facts of a journal, with nobody told: how a run that continues comes to know what was before.
pub fn recall(outline: Outline, journal: &Path, of_these: impl Fn(&Event) -> bool) -> Result<View, Fault> {
    let mut view = View::new(outline);
    Journal::tell(journal, &mut |event| {
        if of_these(event) {
            view.see_fact(event);
        }
    })?;
    Ok(view)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{
        json::Json,
        testing::{self, outline},
        words::State,
    };

    #[test]
    fn a_run_that_was_killed_is_told_as_stopped() {
        let facts: Vec<Arc<Event>> = testing::set_up()
            .notices
            .into_iter()
            .filter_map(|notice| match notice {
                Notice::Fact(event) => Some(event),
                Notice::Signal(_) => None,
            })
            .take(4)
            .collect();
        let mut json = Json::new(Vec::new());
        let view = replay(outline(), facts, &mut json).expect("memory takes everything");
        assert_eq!(view.tally().of(State::Begun), 1);
    }
}
