//! How a target is, in lines: what is wrong and what mends it, the job, the clocks, the people.

use jiff::Timestamp;
use ratatui::{
    style::Style,
    text::{Line, Span},
};

use crate::{
    report::{
        health::{self, Health, Job},
        overview::Overview,
        view::Progress,
        words::Tone,
    },
    tui::{
        page::{Open, Shared},
        theme::Theme,
        widget::{bar::bar, line::labelled_by, wait::span},
    },
};

/// Columns of a label.
const LABEL: usize = 11;
/// Columns of a bar.
const BAR: usize = 24;

/// The one line above all: what matters most.
pub(super) fn verdict(theme: &Theme, open: &Open) -> Line<'static> {
    let Some(overview) = open.kept.seen().and_then(|seen| seen.overview.as_ref()) else {
        return Line::styled("Looking at both clouds for the first time.", theme.tone(Tone::Busy));
    };
    let (look, text) = overview.verdict();
    Line::from(vec![
        Span::styled(format!("{} ", theme.glyph(look)), theme.tone(look.tone)),
        Span::styled(theme.words(&text).into_owned(), theme.tone(look.tone)),
    ])
}

struct Lines<'t> {
    theme: &'t Theme,
    columns: usize,
    lines: Vec<Line<'static>>,
}

impl Lines<'_> {
    fn put(&mut self, label: &str, text: &str, style: Style) {
        self.lines
            .extend(labelled_by(self.theme, LABEL, label, text, style, self.columns));
    }

    fn toned(&mut self, label: &str, text: &str, tone: Option<Tone>) {
        let style = tone.map_or_else(|| self.theme.text(), |tone| self.theme.tone(tone));
        if !text.is_empty() {
            self.put(label, text, style);
        }
    }

    /// A bar in the place of a text.
    fn bar(&mut self, label: &str, done: u64, total: u64) {
        let small = |many: u64| u32::try_from(many.min(total)).unwrap_or(u32::MAX);
        let progress = Progress {
            done: small(done),
            total: small(total),
        };
        let room = self.columns.saturating_sub(LABEL).min(BAR);
        if room < 4 {
            return;
        }
        let mut line = bar(self.theme, progress, room);
        line.spans
            .insert(0, Span::styled(format!("{label:<LABEL$}"), self.theme.quiet()));
        self.lines.push(line);
    }
}

/// All of it.
pub(super) fn lines(shared: &Shared, open: &Open, columns: usize) -> Vec<Line<'static>> {
    let mut lines = Lines {
        theme: &shared.theme,
        columns,
        lines: Vec::new(),
    };
    let Some(seen) = open.kept.seen() else {
        return lines.lines;
    };
    let Some(overview) = &seen.overview else {
        return lines.lines;
    };
    let now = shared.now.max(overview.health.at);
    findings(&mut lines, overview);
    job(&mut lines, &overview.health, now);
    clocks(&mut lines, &overview.health, now);
    match &seen.counted {
        Some(counted) => {
            for (label, text) in counted.lines() {
                lines.toned(&capital(label), &text, (label == "unread").then_some(Tone::Doubt));
            }
        }
        None => lines.toned("People", "counting on both sides", Some(Tone::Quiet)),
    }
    lines.lines
}

fn findings(lines: &mut Lines<'_>, overview: &Overview) {
    for row in &overview.health.findings {
        let look = health::severity(row.severity);
        let mark = lines.theme.glyph(look);
        // The job of this page needs no name.
        let name = match &overview.health.job {
            Some(job) if job.id == row.object => String::new(),
            _ => format!("{} ", row.object),
        };
        let text = format!("{mark} {}: {name}{}", row.title, row.detail);
        lines.toned("Found", &text, Some(look.tone));
        lines.toned("Why", row.why, None);
        lines.toned("Fix", row.fix, Some(Tone::Call));
    }
    for blind in &overview.health.blind {
        let fault = &blind.fault;
        let text = format!("{} could not be looked at: {}", blind.object, fault.what);
        lines.toned("Unread", &text, Some(Tone::Doubt));
        lines.toned("Why", &fault.why, None);
        lines.toned("Do", &fault.hint, Some(Tone::Call));
    }
}

fn job(lines: &mut Lines<'_>, health: &Health, now: Timestamp) {
    let Some(job) = &health.job else {
        if health.blind.is_empty() {
            lines.toned("State", health::NO_JOB, Some(Tone::Doubt));
        }
        return;
    };
    let tone = (!job.phase.is_well()).then_some(Tone::Doubt);
    let mut all = job.lines(now).into_iter();
    if let Some((label, state)) = all.next() {
        lines.toned(&capital(label), &state, tone);
    }
    if let (Some(done), Some(total)) = (job.done, job.total) {
        lines.bar("", done, total);
    }
    countdown(lines, job, now);
    for (label, text) in all {
        lines.toned(&capital(label), &text, None);
    }
}

/// How far the time between two cycles has gone by.
fn countdown(lines: &mut Lines<'_>, job: &Job, now: Timestamp) {
    let (Some(next), Some(interval)) = (job.next.filter(|next| *next > now), job.interval_seconds) else {
        return;
    };
    let left = next.duration_since(now).as_secs();
    let passed = u64::try_from(interval.saturating_sub(left)).unwrap_or(0);
    if let Ok(interval) = u64::try_from(interval)
        && job.quarantine.is_none()
    {
        lines.bar("Cycle", passed, interval);
        if let Some(line) = lines.lines.last_mut() {
            line.push_span(Span::styled(format!("  {}", span(left)), lines.theme.quiet()));
        }
    }
}

fn clocks(lines: &mut Lines<'_>, health: &Health, now: Timestamp) {
    let whole = |from: Timestamp, to: Timestamp| u64::try_from(to.duration_since(from).as_secs()).unwrap_or(0);
    if let Some(token) = &health.token {
        if let (Some(made), Some(ends)) = (token.made, token.ends) {
            lines.bar("Token", whole(now.max(made), ends), whole(made, ends));
            lines.toned("", &token.text(now), None);
        } else {
            lines.toned("Token", &token.text(now), None);
        }
    }
    for certificate in &health.certificates {
        if let Some(ends) = certificate.ends.filter(|_| certificate.signs) {
            // Microsoft makes them for three years.
            let life = 3 * 365 * 24 * 3600;
            lines.bar("Signing", whole(now, ends).min(life), life);
            lines.toned("", &certificate.text(now), None);
        } else {
            lines.toned("Signing", &certificate.text(now), None);
        }
    }
}

fn capital(label: &str) -> String {
    let mut letters = label.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    first + letters.as_str()
}
