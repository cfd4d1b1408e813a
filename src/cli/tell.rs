//! How a walk is told: the same view in plain words or as JSON, on stdout; a progress bar below it on a terminal.

use std::{
    io::{self, ErrorKind, IsTerminal, Write},
    sync::Arc,
};

use jiff::Timestamp;

use super::{
    args::Told,
    operator::Aside,
    out::{self, Colour},
};
use crate::{
    engine::{fact::Intent, outcome::Outcome, recorder::Notice},
    fault::{Fault, Kind},
    report::{
        Reporter,
        drift::{self, Drift, Unseen},
        json::Json,
        paper::Style,
        plain::{Plain, Telling},
        progress::{Below, Progress},
        summary::Summary,
        table,
        view::View,
    },
    session::Session,
};

/// How a command tells what it does.
#[derive(Debug, Clone)]
pub(super) struct Manner {
    /// As JSON, one event a line.
    pub(super) json: bool,
    /// How plain text looks.
    pub(super) style: Style,
    /// Requests and notes, too.
    pub(super) verbose: bool,
    /// With a bar, where stderr is a terminal.
    pub(super) bar: bool,
    /// What differs from run to run, and what to call it instead.
    pub(super) names: Vec<(String, String)>,
}

impl Manner {
    pub(super) fn new(told: &Told, colour: Colour, verbose: u8) -> Self {
        let terminal = io::stdout().is_terminal();
        Self {
            json: told.json,
            style: Style {
                width: terminal.then(out::width),
                ascii: false,
                colour: colour.stdout,
            },
            verbose: verbose > 0,
            bar: !told.plain && !told.json && io::stderr().is_terminal(),
            names: Vec::new(),
        }
    }

    /// Whether the closing summary, seen by the same person as stderr, names the command that continues.
    pub(super) fn says_how_to_go_on(&self, intent: Intent) -> bool {
        let summary = intent.changes() || intent == Intent::Check;
        summary && !self.json && io::stdout().is_terminal()
    }

    /// Where the telling goes.
    pub(super) fn stdout(&self) -> Stdout {
        Stdout {
            names: self.names.clone(),
            line: Vec::new(),
        }
    }
}

/// Stdout, line by line, with what differs from run to run renamed. Its reader may go away.
#[derive(Debug)]
pub(super) struct Stdout {
    names: Vec<(String, String)>,
    line: Vec<u8>,
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.line.extend_from_slice(bytes);
        if let Some(end) = self.line.iter().rposition(|&byte| byte == b'\n') {
            let lines: Vec<u8> = self.line.drain(..=end).collect();
            let text = String::from_utf8_lossy(&lines);
            let text = self
                .names
                .iter()
                .fold(text.into_owned(), |text, (from, to)| text.replace(from, to));
            match io::stdout().lock().write_all(text.as_bytes()) {
                Err(error) if error.kind() != ErrorKind::BrokenPipe => return Err(error),
                _ => {}
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        match io::stdout().lock().flush() {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error),
            _ => Ok(()),
        }
    }
}

/// Tells one walk.
pub(super) struct Teller {
    view: View,
    reporter: Box<dyn Reporter>,
    manner: Manner,
    intent: Intent,
    progress: Option<Progress>,
    lines: bool,
}

impl Teller {
    /// For a walk over this session's graph, which may continue an earlier one.
    pub(super) fn new(session: &Session, intent: Intent, manner: &Manner) -> Result<Self, Fault> {
        let mut view = session.recall()?;
        if !intent.changes() {
            view.begin(intent, session.clock().now());
        }
        let mut bar = None;
        let reporter: Box<dyn Reporter> = if manner.json {
            Box::new(Json::new(manner.stdout()))
        } else {
            let telling = Telling {
                style: manner.style,
                verbose: manner.verbose,
                bar: manner.bar,
            };
            let plain = Plain::new(manner.stdout(), telling);
            if manner.bar {
                let progress = Progress::new(out::width(), manner.style.ascii);
                bar = Some(progress.clone());
                Box::new(Below::new(plain, progress))
            } else {
                Box::new(plain)
            }
        };
        Ok(Self {
            view,
            reporter,
            manner: manner.clone(),
            intent,
            progress: bar,
            lines: false,
        })
    }

    /// Tells a check by its differences only, one line for each, and the sum on stderr.
    #[must_use]
    pub(super) fn in_lines(self) -> Self {
        Self { lines: true, ..self }
    }

    /// What the walk has come to.
    pub(super) fn view(&self) -> &View {
        &self.view
    }

    /// Lets somebody else write to the terminal, with the bar out of the way.
    pub(super) fn aside(&self) -> Arc<Aside> {
        match self.progress.clone() {
            Some(progress) => Arc::new(move |act: &mut dyn FnMut()| progress.aside(act)),
            None => Arc::new(|act: &mut dyn FnMut()| act()),
        }
    }

    /// Takes a notice in and tells it. Plans and checks are told when they are whole.
    pub(super) fn notice(&mut self, notice: &Notice) -> Result<(), Fault> {
        let seen = self.view.see(notice);
        if !self.intent.changes() {
            return Ok(());
        }
        self.reporter
            .tell(&self.view, notice, seen)
            .map_err(|error| cannot(&error))
    }

    /// Whether a bar is drawn.
    pub(super) fn has_bar(&self) -> bool {
        self.progress.is_some()
    }

    /// Lets the bar's clock go on between notices.
    pub(super) fn tick(&self, now: Timestamp) {
        if let Some(progress) = &self.progress {
            progress.show(&self.view, now);
        }
    }

    /// Tells the end.
    pub(super) fn end(&mut self, outcome: &Outcome, continue_with: Option<String>) -> Result<(), Fault> {
        if let Some(progress) = &self.progress {
            progress.clear();
        }
        if self.lines {
            return self.end_in_lines(outcome, continue_with);
        }
        self.table().map_err(|error| cannot(&error))?;
        let summary = Summary::of(&self.view, outcome.end(), continue_with).with_exit(outcome.exit());
        // A plan's table says what it adds up to.
        if self.intent.changes() || self.manner.json || self.intent == Intent::Check {
            self.reporter
                .end(&self.view, &summary)
                .map_err(|error| cannot(&error))?;
        }
        Ok(())
    }

    fn end_in_lines(&mut self, outcome: &Outcome, continue_with: Option<String>) -> Result<(), Fault> {
        let (drifts, unseen) = differences(&self.view, outcome);
        let (out, style) = (self.manner.stdout(), self.manner.style);
        if !self.manner.json {
            drift::write(out, style, &drifts, &unseen).map_err(|error| cannot(&error))?;
            out::note(&sum(outcome, drifts.len(), unseen.len()));
            return Ok(());
        }
        let at = self.view.now().unwrap_or(Timestamp::UNIX_EPOCH);
        let summary = Summary::of(&self.view, outcome.end(), continue_with).with_exit(outcome.exit());
        drift::json(&mut Json::new(out), &self.view, at, &drifts, &unseen)
            .and_then(|()| self.reporter.end(&self.view, &summary))
            .map_err(|error| cannot(&error))
    }

    /// What a plan or a check found, step by step.
    fn table(&self) -> io::Result<()> {
        let (out, style) = (self.manner.stdout(), self.manner.style);
        match (self.intent, self.manner.json) {
            (Intent::Up | Intent::Down, _) => Ok(()),
            (Intent::Check, true) => table::json_status(&mut Json::new(out), &self.view),
            (Intent::Check, false) => table::write_status(out, style, &self.view),
            (_, true) => table::json_plan(&mut Json::new(out), &self.view),
            (_, false) => table::write_plan(out, style, &self.view),
        }
    }
}

/// What a check found: each difference, and each node that could not be looked at.
pub(super) fn differences(view: &View, outcome: &Outcome) -> (Vec<Drift>, Vec<Unseen>) {
    let found = outcome.findings.iter();
    let drifts = found.flat_map(|(node, finding)| drift::of_finding(node, view.about_step(&node.step), finding));
    let blind = outcome.failed.iter().chain(&outcome.needs_person);
    let unseen = blind.map(|(node, fault)| drift::unseen(node, view.about_step(&node.step), fault));
    (drifts.collect(), unseen.collect())
}

/// What a check adds up to.
fn sum(outcome: &Outcome, drifts: usize, unseen: usize) -> String {
    let looked_at = outcome.findings.len();
    let mut sum = match (looked_at, drifts) {
        (0, 0) if unseen == 0 => return "Nothing was set up from here yet.".to_owned(),
        (_, 0) => format!("{looked_at} steps were looked at and stand as recorded."),
        (_, 1) => format!("{looked_at} steps were looked at: 1 difference."),
        (_, many) => format!("{looked_at} steps were looked at: {many} differences."),
    };
    if unseen > 0 {
        sum.push_str(&format!(" {unseen} could not be looked at."));
    }
    if !outcome.blocked.is_empty() {
        sum.push_str(&format!(" {} rest on what is missing.", outcome.blocked.len()));
    }
    sum
}

fn cannot(error: &io::Error) -> Fault {
    Fault::new(Kind::File, "stdout cannot be written to").why(error.to_string())
}
