//! The plain-text reporter: a heading when a phase is first reached, a line when a step ends, waits or asks, and a closing
//! summary. Times are UTC, by the clock of the run.
//!
//! Phases go on side by side, so every line carries the number of its phase.

mod closing;

use std::{collections::BTreeSet, io};

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use closing::closing;

use super::{
    Reporter, bulk,
    clean::clean,
    paper::{Paper, Span, Style},
    summary::Summary,
    view::{Seen, View, millis},
    words::{self, State, Tone},
};
use crate::engine::{
    fact::{Event, Fact, Intent},
    recorder::Notice,
    signal::{Signal, SignalEvent},
};

/// Where the text of a line goes on: below the name of the step.
const INDENT: usize = 13;
/// A wait that goes on is told again after this time, in milliseconds, where no bar shows it.
const REMIND: u64 = 5 * 60 * 1000;
/// A try again is told when the pause before it is at least this long, in milliseconds.
const LONG_PAUSE: u64 = 10_000;

/// What is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Telling {
    /// How it looks.
    pub style: Style,
    /// Requests, notes and every try, too.
    pub verbose: bool,
    /// A progress bar shows what goes on: long waits need no reminders.
    pub bar: bool,
}

/// The plain-text reporter.
#[derive(Debug)]
pub struct Plain<W> {
    paper: Paper<W>,
    telling: Telling,
    date: Option<Date>,
    last: Option<Timestamp>,
    /// The phases whose heading is told.
    told: BTreeSet<usize>,
    bulk: bulk::Bulk,
}

impl<W: io::Write> Plain<W> {
    /// Writes to `out`.
    pub fn new(out: W, telling: Telling) -> Self {
        Self {
            paper: Paper::new(out, telling.style),
            telling,
            date: None,
            last: None,
            told: BTreeSet::new(),
            bulk: bulk::Bulk::default(),
        }
    }

    fn fact(&mut self, view: &View, event: &Event, seen: Seen) -> io::Result<()> {
        let Some(number) = seen.node else {
            return match &event.fact {
                Fact::RunStarted { intent, only, .. } => self.begin(*intent, event.at, only),
                _ => Ok(()),
            };
        };
        match &event.fact {
            Fact::Done { .. } | Fact::Undone { .. } => self.ended(view, number, event.at),
            Fact::Failed { fault, during, .. } => {
                let text = format!("{}, {}", sentence(fault), words::during(*during));
                self.line(view, number, event.at, State::Failed.word(), &text)
            }
            Fact::Skipped { why } => self.line(view, number, event.at, State::Skipped.word(), why),
            Fact::Waiting { why, ends_when, until } => {
                let text = wait(view, number, event.at, why, *until, ends_when);
                self.line(view, number, event.at, State::Waiting.word(), &text)
            }
            Fact::NeedsPerson { fault } if seen.before != State::NeedsPerson => {
                self.line(view, number, event.at, State::NeedsPerson.word(), &sentence(fault))
            }
            _ => Ok(()),
        }
    }

    fn signal(&mut self, view: &View, event: &SignalEvent, seen: Seen) -> io::Result<()> {
        let Some(number) = seen.node else {
            return Ok(());
        };
        let at = event.at;
        match &event.signal {
            Signal::Asked { guide } => {
                let down = view.run().is_some_and(|run| run.intent == Intent::Down) || view.node(number).leaves;
                let text = match view.about(number) {
                    _ if down => format!("{}. Goes on when a look finds it gone, or as it was", guide.title),
                    Some(about) if !about.proof.is_empty() => {
                        format!("{}. Goes on when this is seen: {}", guide.title, about.proof)
                    }
                    _ => guide.title.clone(),
                };
                self.line(view, number, at, State::NeedsPerson.word(), &text)
            }
            Signal::Unchanged { .. } => self.ended(view, number, at),
            Signal::StillWaiting {
                why, until, ends_when, ..
            } if !seen.waiting => {
                let text = wait(view, number, at, why, *until, ends_when);
                self.line(view, number, at, State::Waiting.word(), &text)
            }
            Signal::StillWaiting { why, .. } if self.telling.verbose || self.is_time(at) => {
                let since = view.node(number).since.unwrap_or(at);
                let text = format!("for {why}; {} so far", words::span(millis(since, at)));
                self.line(view, number, at, "still waits", &text)
            }
            Signal::Retrying { fault, attempt, next } => {
                let pause = millis(at, *next);
                if !self.telling.verbose && pause < LONG_PAUSE {
                    return Ok(());
                }
                let text = format!("in {}, after try {attempt}: {}", words::span(pause), sentence(fault));
                self.line(view, number, at, State::Retrying.word(), &text)
            }
            Signal::Note { text, done, total } => {
                let often = self.telling.verbose || (done.is_some() && self.is_time(at));
                if !often {
                    return Ok(());
                }
                let text = match (done, total) {
                    (Some(done), Some(total)) => format!("{text} ({done} of {total})"),
                    (Some(done), None) => format!("{text} ({done})"),
                    _ => text.clone(),
                };
                self.line(view, number, at, "note", &text)
            }
            Signal::Exchange(exchange) if self.telling.verbose => {
                let status = exchange
                    .status
                    .map_or_else(|| "no answer".to_owned(), |status| status.to_string());
                let mut text = format!(
                    "{} {} {status} {}",
                    exchange.method,
                    exchange.url,
                    words::span(exchange.millis)
                );
                if !exchange.note.is_empty() {
                    text = format!("{text}, {}", exchange.note);
                }
                if let Some(id) = &exchange.request_id {
                    text = format!("{text}, request id {id}");
                }
                self.line(view, number, at, "request", &text)
            }
            _ => Ok(()),
        }
    }

    fn is_time(&self, at: Timestamp) -> bool {
        !self.telling.bar && self.last.is_none_or(|last| millis(last, at) >= REMIND)
    }

    fn begin(&mut self, intent: Intent, at: Timestamp, only: &[String]) -> io::Result<()> {
        let mut title = capital(words::intent(intent));
        if !only.is_empty() {
            title = format!("{title}, only {}", only.join(", "));
        }
        let when = at.to_zoned(TimeZone::UTC);
        self.date = Some(when.date());
        self.last = Some(at);
        self.told.clear();
        let text = format!("{title} · {} UTC", when.strftime("%Y-%m-%d %H:%M:%S"));
        self.paper.say(0, &text, Some(Tone::Note))
    }

    /// A step came to its end.
    fn ended(&mut self, view: &View, number: usize, at: Timestamp) -> io::Result<()> {
        let node = view.node(number);
        let word = match node.state {
            state if node.unchanged => format!("{}, as before", state.word()),
            state => state.word().to_owned(),
        };
        let text = view.line(number);
        self.line(view, number, at, &word, &text)
    }

    fn line(&mut self, view: &View, number: usize, at: Timestamp, word: &str, text: &str) -> io::Result<()> {
        let node = view.node(number);
        self.row(view, number, at, (node.state, &node.label), word, text)
    }

    /// How it goes with all items of a step, where no bar shows it.
    fn bulk(&mut self, view: &View, notice: &Notice, number: usize) -> io::Result<()> {
        let Some((flow, figures)) = self.bulk.due(view, notice, Some(number)) else {
            return Ok(());
        };
        let state = flow.tally.worst().unwrap_or(State::Open);
        let name = bulk::name(flow).to_string();
        let at = view.now().unwrap_or_default();
        self.row(view, number, at, (state, &clean(&name)), "progress", &figures.line())
    }

    fn row(
        &mut self,
        view: &View,
        number: usize,
        at: Timestamp,
        (state, name): (State, &str),
        word: &str,
        text: &str,
    ) -> io::Result<()> {
        let node = view.node(number);
        self.heading(view, node.chapter, at)?;
        let style = self.paper.style;
        let look = state.look();
        let executor = view.about(number).map_or("", |about| words::executor(about.executor));
        self.last = Some(at);
        self.paper.row(
            &[
                Span(clock(at), 8, Some(Tone::Quiet)),
                Span::plain(node.chapter.to_string()),
                Span(style.glyph(look).to_owned(), 1, Some(look.tone)),
                Span(name.to_owned(), 30, None),
                Span(executor.to_owned(), 5, None),
                Span(word.to_owned(), 9, Some(look.tone)),
            ],
            text,
            INDENT,
        )
    }

    /// A heading when the phase is reached for the first time, and a line when the day changes.
    fn heading(&mut self, view: &View, chapter: usize, at: Timestamp) -> io::Result<()> {
        let date = at.to_zoned(TimeZone::UTC).date();
        if self.date.replace(date).is_some_and(|last| last != date) {
            self.paper.blank()?;
            self.paper.say(0, &format!("It is {date}, UTC."), Some(Tone::Quiet))?;
        }
        if self.told.insert(chapter) {
            let heading = &view.chapters()[chapter].heading;
            self.paper.blank()?;
            self.paper
                .say(0, &format!("{chapter} {}", heading.title), Some(Tone::Note))?;
            if view.run().is_none_or(|run| !run.intent.takes_back()) {
                self.paper.say(2, heading.aim, Some(Tone::Quiet))?;
            }
        }
        Ok(())
    }
}

impl<W: io::Write> Reporter for Plain<W> {
    fn tell(&mut self, view: &View, notice: &Notice, seen: Seen) -> io::Result<()> {
        match notice {
            Notice::Fact(event) => self.fact(view, event, seen)?,
            Notice::Signal(event) => self.signal(view, event, seen)?,
        }
        match seen.node {
            Some(number) if !self.telling.bar => self.bulk(view, notice, number),
            _ => Ok(()),
        }
    }

    fn end(&mut self, _: &View, summary: &Summary) -> io::Result<()> {
        self.paper.blank()?;
        closing(&mut self.paper, summary)
    }
}

/// Prints a closing summary.
pub fn write_summary(out: impl io::Write, style: Style, summary: &Summary) -> io::Result<()> {
    closing(&mut Paper::new(out, style), summary)
}

/// What happened, with the code and the reason, without a full stop.
fn sentence(fault: &crate::fault::Fault) -> String {
    fault.to_string().trim_end_matches('.').to_owned()
}

fn wait(view: &View, number: usize, at: Timestamp, why: &str, until: Timestamp, ends_when: &str) -> String {
    let since = view.node(number).wait().map_or(at, |wait| wait.since);
    let mut text = format!("for {why}; since {}, until {} at most", clock(since), clock(until));
    if !ends_when.is_empty() {
        text = format!("{text}; ends when {ends_when}");
    }
    text
}

fn clock(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%H:%M:%S").to_string()
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
