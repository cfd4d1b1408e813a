//! A progress bar on a terminal: how many steps are through, what runs, how long it has taken.
//!
//! It stands on standard error, below what the reporters print. Where standard error is no terminal it draws nothing;
//! there the plain reporter tells long waits by lines of their own.

use std::{io, time::Duration};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;

use super::{
    Reporter, bulk,
    clean::{clean, clean_ascii, cut},
    summary::Summary,
    view::{Seen, View, millis},
    words::{self, State},
};
use crate::engine::{fact::Fact, recorder::Notice};

/// How many columns the bar, the counts and the clock take before the message.
const BEFORE: usize = 46;

/// See the module's documentation.
#[derive(Debug, Clone)]
pub struct Progress {
    bar: ProgressBar,
    columns: usize,
    ascii: bool,
}

impl Progress {
    /// A bar on standard error, `columns` wide. Draws nothing when standard error is no terminal.
    pub fn new(columns: usize, ascii: bool) -> Self {
        Self::on(ProgressDrawTarget::stderr(), columns, ascii)
    }

    /// A bar on this target.
    pub fn on(target: ProgressDrawTarget, columns: usize, ascii: bool) -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), target);
        let style = ProgressStyle::with_template("{spinner} [{bar:20}] {pos}/{len} {prefix} {msg}")
            .expect("the template is well formed");
        let style = if ascii {
            style.progress_chars("=> ").tick_chars("|/-\\ ")
        } else {
            style.progress_chars("━╸ ").tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ ")
        };
        bar.set_style(style);
        Self { bar, columns, ascii }
    }

    /// Lets the spinner turn by itself. Only where time passes by itself: not in a demo.
    pub fn spin(&self) {
        self.bar.enable_steady_tick(Duration::from_millis(120));
    }

    /// Shows what the view says now. Call it between notices too, so that the clock goes on.
    pub fn show(&self, view: &View, now: Timestamp) {
        let progress = view.progress();
        self.bar.set_length(progress.total.into());
        self.bar.set_position(progress.done.into());
        let since = view.run().map_or(now, |run| run.since);
        self.bar
            .set_prefix(words::span(millis(since, now) / 1000 * 1000).replace("0 ms", "0 s"));
        let message = many(view, now).unwrap_or_else(|| message(view));
        let message = if self.ascii {
            clean_ascii(&message).into_owned()
        } else {
            message
        };
        let room = self.columns.saturating_sub(BEFORE);
        self.bar.set_message(cut(&message, room, self.ascii).into_owned());
    }

    /// Runs what prints, with the bar out of the way.
    pub fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        self.bar.suspend(print)
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

/// How it goes with the step that has most to do, where that is many; not while a person is needed.
fn many(view: &View, now: Timestamp) -> Option<String> {
    if view.needs_person().next().is_some() {
        return None;
    }
    let flow = bulk::largest(view)?;
    Some(format!(
        "{} {}",
        clean(&bulk::name(flow).to_string()),
        view.figures(flow, now).line()
    ))
}

/// What goes on, what matters most first: who needs a person, what runs, what waits.
pub fn message(view: &View) -> String {
    let first = |so: &dyn Fn(State) -> bool| view.active().find(|&number| so(view.node(number).state));
    let most = first(&|state| state == State::NeedsPerson)
        .or_else(|| first(&State::is_running))
        .or_else(|| first(&|state| state == State::Waiting));
    let Some(number) = most else {
        return String::new();
    };
    let node = view.node(number);
    let others = view.active().count() - 1;
    let mut text = format!("{} {}", node.label, node.state.word());
    match (node.wait(), node.note()) {
        (Some(wait), _) => text = format!("{text} for {}", wait.why),
        (None, Some(note)) => {
            text = match (note.done, note.total) {
                (Some(done), Some(total)) => format!("{text}: {} ({done} of {total})", note.text),
                _ => format!("{text}: {}", note.text),
            };
        }
        (None, None) => {}
    }
    if others > 0 {
        text = format!("{text} · and {others} more");
    }
    text
}

/// A reporter that is drawn below, and kept out of the way of, another one.
#[derive(Debug)]
pub struct Below<R> {
    above: R,
    progress: Progress,
}

impl<R: Reporter> Below<R> {
    /// Draws `progress` below what `above` prints.
    pub fn new(above: R, progress: Progress) -> Self {
        Self { above, progress }
    }

    /// The bar.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }
}

impl<R: Reporter> Reporter for Below<R> {
    fn tell(&mut self, view: &View, notice: &Notice, seen: Seen) -> io::Result<()> {
        let above = &mut self.above;
        self.progress.aside(|| above.tell(view, notice, seen))?;
        match notice {
            Notice::Fact(event) if matches!(event.fact, Fact::RunEnded { .. }) => self.progress.clear(),
            _ => {
                if let Some(now) = view.now() {
                    self.progress.show(view, now);
                }
            }
        }
        Ok(())
    }

    fn end(&mut self, view: &View, summary: &Summary) -> io::Result<()> {
        self.progress.clear();
        self.above.end(view, summary)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        engine::fact::Intent,
        report::testing::{self, Script, outline},
    };

    #[test]
    fn the_message_is_about_what_matters_most() {
        let mut view = View::new(outline());
        let mut script = Script::begin("10:00:00", Intent::Up);
        let mut said = vec![message(&view)];
        let mut from = 0;
        let mut tell = |script: &Script, view: &mut View| {
            for notice in &script.notices[from..] {
                view.see(notice);
            }
            from = script.notices.len();
            message(view)
        };
        said.push(tell(
            script.waits("scim.arrived[RichardRoe]", "the next cycle"),
            &mut view,
        ));
        said.push(tell(script.starts("entra.app"), &mut view));
        let guide = Box::new(testing::guide());
        let asked = crate::engine::signal::Signal::Asked { guide };
        said.push(tell(script.signal("saml.identity-source", asked), &mut view));
        assert_eq!(
            said,
            [
                "",
                "scim.arrived[RichardRoe] waits for the next cycle",
                "entra.app at work · and 1 more",
                "saml.identity-source needs you · and 2 more",
            ]
        );
    }

    #[test]
    fn a_bar_follows_the_view_and_draws_nothing_where_there_is_no_terminal() {
        let script = testing::set_up();
        let progress = Progress::on(ProgressDrawTarget::hidden(), 80, true);
        let plain = super::super::plain::Plain::new(Vec::new(), testing::telling());
        let mut below = Below::new(plain, progress);
        let view = testing::play_out(&script, &mut below, None);
        below.progress().show(&view, testing::at("22:41:31"));
        assert_eq!(
            (below.progress.bar.position(), below.progress.bar.length()),
            (7, Some(7))
        );
        assert_eq!(below.progress.bar.prefix(), "1 min");
    }
}
