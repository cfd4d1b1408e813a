//! One thing in full: an entry of the log, the answers of provisioning on demand, or one person's time line.
//!
//! ```text
//!  Richard Roe                                                   create · failure
//!  When      2026-06-01 10:00:00 UTC
//!  Said      EntryConflict: taken
//!  Cause     Somebody in AWS holds the same user name already.
//!  Fix       fedwiz doctor --rule mail-taken names who.
//!  import    success    Read from Entra
//!  export    failure    Refused
//! ```

use std::cell::Cell;

use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
};

use super::{
    ask::{HealthAsk, Whom},
    log::Row,
};
use crate::{
    fault::Fault,
    report::{
        overview::Refused,
        sync::{self, Entry, Person, latency_words},
        words::Tone,
    },
    tui::{
        keys::{Action, Place},
        page::{Effect, Event, Open, Page, Shared},
        theme::Theme,
        widget::{
            line::{columns, ends, labelled_by, put, row},
            scroll::Scroll,
        },
    },
};

/// Columns of a label.
const LABEL: usize = 11;

/// One thing in full.
#[derive(Debug)]
pub struct Detail {
    of: Of,
    scroll: Scroll,
    columns: Cell<usize>,
}

#[derive(Debug)]
enum Of {
    Row(Row),
    Answers(String),
    Person(String),
}

impl Detail {
    /// A line of the log.
    pub(super) fn of(row: Row) -> Self {
        Self::new(Of::Row(row))
    }

    /// The answers for this person or group, as they come.
    pub(super) fn answers(who: &str) -> Self {
        Self::new(Of::Answers(who.to_owned()))
    }

    /// What happened to this person.
    pub(super) fn person(upn: &str) -> Self {
        Self::new(Of::Person(upn.to_owned()))
    }

    fn new(of: Of) -> Self {
        Self {
            of,
            scroll: Scroll::default(),
            columns: Cell::new(78),
        }
    }

    /// Whom it is about.
    fn who(&self) -> String {
        match &self.of {
            Of::Row(row) => row.who(),
            Of::Answers(who) | Of::Person(who) => who.clone(),
        }
    }

    fn title(&self, open: &Open) -> (String, String) {
        match &self.of {
            Of::Row(Row::Entry(entry)) => (entry.name.clone(), format!("{} {}", entry.action, entry.result)),
            Of::Row(Row::Refused(refused)) => (refused.call.clone(), "refused by AWS".into()),
            Of::Answers(who) => {
                let state = match &open.kept.answered {
                    None => "at work",
                    Some(Ok(())) => "over",
                    Some(Err(_)) => "could not be done",
                };
                (format!("On demand: {who}"), state.into())
            }
            Of::Person(upn) => (upn.clone(), "time line, UTC".into()),
        }
    }

    fn lines(&self, theme: &Theme, open: &Open, columns: usize) -> Vec<Line<'static>> {
        let mut lines = Lines {
            theme,
            columns,
            lines: Vec::new(),
        };
        match &self.of {
            Of::Row(Row::Entry(entry)) => lines.entry(entry),
            Of::Row(Row::Refused(refused)) => lines.refused(refused),
            Of::Answers(_) => {
                for entry in &open.kept.answers {
                    lines.entry(entry);
                    lines.put("", "", theme.text());
                }
                match &open.kept.answered {
                    None => lines.put("", "Entra is at it.", theme.tone(Tone::Busy)),
                    Some(Err(fault)) => lines.fault(fault),
                    Some(Ok(())) => {}
                }
            }
            Of::Person(_) => match &open.kept.person {
                None => lines.put("", "Reading three logs.", theme.tone(Tone::Busy)),
                Some(Err(fault)) => lines.fault(fault),
                Some(Ok(person)) => lines.person(person),
            },
        }
        lines.lines
    }

    fn fix(&self, open: &Open) -> Option<String> {
        let fix = match &self.of {
            Of::Row(row) => row.fix(),
            Of::Answers(_) => open.kept.answers.iter().rev().map(|entry| entry.fix.as_str()).next()?,
            Of::Person(_) => "",
        };
        (!fix.is_empty()).then(|| fix.to_owned())
    }
}

struct Lines<'t> {
    theme: &'t Theme,
    columns: usize,
    lines: Vec<Line<'static>>,
}

impl Lines<'_> {
    fn put(&mut self, label: &str, text: &str, style: Style) {
        let label = self.theme.words(label).into_owned();
        self.lines
            .extend(labelled_by(self.theme, LABEL, &label, text, style, self.columns));
    }

    fn some(&mut self, label: &str, text: &str, tone: Option<Tone>) {
        if !text.is_empty() {
            let style = tone.map_or_else(|| self.theme.text(), |tone| self.theme.tone(tone));
            self.put(label, text, style);
        }
    }

    fn entry(&mut self, entry: &Entry) {
        let look = sync::look(&entry.result);
        let mark = self.theme.glyph(look);
        self.some("Result", &format!("{mark} {}", entry.result), Some(look.tone));
        self.some("When", &format!("{:.0}", entry.when), None);
        self.some(
            "Object",
            &format!("{} {} ({})", entry.object, entry.name, entry.subject),
            None,
        );
        self.some("In AWS", &entry.in_aws, None);
        self.some("Said", &entry.said(), None);
        self.some("Cause", &entry.cause, None);
        self.some("Fix", &entry.fix, Some(Tone::Call));
        for step in &entry.steps {
            let look = sync::look(&step.status);
            let mark = self.theme.glyph(look);
            self.some(
                "Step",
                &format!("{mark} {}, {}: {}", step.kind, step.status, step.text),
                Some(look.tone),
            );
        }
        for (name, value) in &entry.written {
            self.some("Wrote", &format!("{name} = {value}"), Some(Tone::Quiet));
        }
    }

    fn refused(&mut self, refused: &Refused) {
        self.some("When", &format!("{:.0}", refused.when), None);
        self.some("Call", &refused.call, None);
        self.some("Said", &refused.said(), Some(Tone::Bad));
        self.some("Cause", &refused.cause, None);
        self.some("Fix", &refused.fix, Some(Tone::Call));
        self.some("Seen in", "AWS CloudTrail", Some(Tone::Quiet));
    }

    fn fault(&mut self, fault: &Fault) {
        self.some("What", &fault.what, Some(Tone::Bad));
        self.some("Why", &fault.why, None);
        self.some("Do", &fault.hint, Some(Tone::Call));
    }

    fn person(&mut self, person: &Person) {
        self.some("In Entra", &person.in_entra, None);
        self.some("In AWS", &person.in_aws, None);
        if let Some(words) = latency_words(&person.latencies) {
            self.some("Latency", &words, None);
        }
        for missing in &person.missing {
            self.some("Unread", missing, Some(Tone::Doubt));
        }
        for event in &person.events {
            let look = sync::look(&event.result);
            let mark = self.theme.glyph(look);
            let detail = match event.detail.is_empty() {
                true => String::new(),
                false => format!(": {}", event.detail),
            };
            let at = event.when.strftime("%m-%d %H:%M:%S");
            let text = format!("{at} {mark} {} {}{detail}", event.what, event.result);
            self.some(event.seen.word(), &text, Some(look.tone));
        }
    }
}

impl Page for Detail {
    fn place(&self) -> Place {
        Place::Detail
    }

    fn on(&mut self, shared: &mut Shared, event: &Event) -> Vec<Effect> {
        let Some(open) = &shared.open else {
            return vec![Effect::Back];
        };
        let target = open.kept.target().to_owned();
        let ask = |whom| {
            vec![Effect::Show(Box::new(HealthAsk::whom(
                whom,
                target.clone(),
                &self.who(),
            )))]
        };
        match event {
            Event::Act(Action::Back) => return vec![Effect::Back],
            Event::Act(Action::OnDemand) => return ask(Whom::OnDemand),
            Event::Act(Action::Person) => return ask(Whom::Person),
            Event::Act(Action::Copy) => match self.fix(open) {
                Some(fix) => return vec![Effect::Copy("what mends it".into(), fix)],
                None => shared.say = Some("There is nothing to mend.".into()),
            },
            _ => {
                let count = self.lines(&shared.theme, open, self.columns.get()).len();
                self.scroll.on_text(event, count);
            }
        }
        Vec::new()
    }

    fn draw(&self, shared: &Shared, frame: &mut Frame<'_>, area: Rect) {
        let Some(open) = &shared.open else { return };
        let theme = &shared.theme;
        let columns = columns(area);
        self.columns.set(columns);
        let (title, state) = self.title(open);
        let left = Line::from(Span::styled(theme.words(&title).into_owned(), theme.strong()));
        let right = Line::styled(theme.words(&state).into_owned(), theme.quiet());
        put(theme, ends(theme, left, right, columns), frame, row(area, area.y));
        let below = Rect {
            y: area.y + 1,
            height: area.height.saturating_sub(1),
            ..area
        };
        let lines = self.lines(theme, open, columns);
        for (at, place) in self.scroll.text_rows(theme, lines.len(), frame, below) {
            put(theme, lines[at].clone(), frame, place);
        }
    }
}
