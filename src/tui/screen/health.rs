//! How the federation is looked after, live: provisioning job, token, certificates, people, and what provisioning did.
//!
//! ```text
//!  contoso · aws                                   looked 09:41:07 · again in 25 s
//!  ✘ Provisioning is in quarantine
//! ─ How it is ─────────────────────────────────────────────────────────────────────
//!  Found     ✘ Provisioning is in quarantine: 401, since 2026-05-31 10:00 UTC
//!  Fix       Mend the reason, then fedwiz sync restart --scope escrows,quarantine.
//!  Job       in quarantine · next try in 3:12 h
//! ─ What failed, UTC (v shows all) ────────────────────────────────────────────────
//!  09:31:40 ✘ create   Richard Roe   EntryConflict: taken
//! ```

mod ask;
mod detail;
mod log;
mod told;

use std::cell::Cell;

use jiff::{Timestamp, tz::TimeZone};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::{Line, Span},
};

use self::{ask::Whom, detail::Detail, log::Log};
use crate::{
    report::{job::Change, words::Tone},
    tui::{
        keys::{Action, Place},
        page::{Effect, Event, Open, Page, Shared},
        theme::Theme,
        upkeep::Deed,
        widget::{
            line::{columns, ends, heading, put, row},
            scroll::Scroll,
            wait::span,
        },
    },
};

pub use self::ask::HealthAsk;

/// From this width on, how it is and what happened stand side by side.
const BESIDE: u16 = 130;
/// Below this height only one of the two is shown.
const LOW: u16 = 16;

/// The parts of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Part {
    #[default]
    HowItIs,
    Log,
}

/// How the federation is looked after.
#[derive(Debug, Default)]
pub struct HealthPage {
    part: Part,
    how: Scroll,
    /// The columns it was drawn with, as its lines depend on them.
    columns: Cell<usize>,
    log: Log,
}

fn time(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%H:%M:%S").to_string()
}

/// When it was looked at, and when it will be again.
fn looks(theme: &Theme, shared: &Shared, open: &Open) -> Line<'static> {
    let kept = &open.kept;
    let mut parts = Vec::new();
    if let Some(overview) = kept.seen().and_then(|seen| seen.overview.as_ref()) {
        parts.push(format!("looked {}", time(overview.health.at)));
    }
    match (&kept.doing, kept.looking, kept.next) {
        (Some(doing), ..) => parts.push(format!("{} …", theme.words(doing))),
        (None, true, _) => parts.push("looking …".into()),
        (None, false, Some(next)) => {
            let left = next.duration_since(shared.now).as_secs();
            parts.push(format!("again in {}", span(left)));
        }
        _ => {}
    }
    let dot = theme.either(" · ", " - ");
    Line::styled(
        parts.join(dot).replace('…', theme.either("…", "...")),
        theme.tone(Tone::Quiet),
    )
}

impl HealthPage {
    fn act(&mut self, shared: &mut Shared, action: Action) -> Vec<Effect> {
        let Some(open) = &mut shared.open else {
            return vec![Effect::Back];
        };
        let kept = &mut open.kept;
        let target = kept.target().to_owned();
        let job = kept.seen().and_then(|seen| seen.overview.as_ref()?.health.job.clone());
        let chosen = kept.seen().and_then(|seen| self.log.chosen(seen));
        let who = chosen.as_ref().map(log::Row::who).unwrap_or_default();
        let show = |page: HealthAsk| vec![Effect::Show(Box::new(page))];
        match action {
            Action::Back => return vec![Effect::Back],
            Action::LookNow => return vec![Effect::Upkeep(target, Deed::Look)],
            Action::Right if kept.targets.len() > 1 => kept.turn(),
            Action::Right => shared.say = Some("There is one AWS target.".into()),
            Action::NextPart | Action::PartBefore => {
                self.part = match self.part {
                    Part::HowItIs => Part::Log,
                    Part::Log => Part::HowItIs,
                };
            }
            Action::Filter => {
                self.log.all = !self.log.all;
                self.part = Part::Log;
            }
            Action::Search => return show(HealthAsk::whom(Whom::Filter, target, &self.log.filter)),
            Action::Follow => {
                self.log.held = !self.log.held;
                let how = if self.log.held {
                    "not following"
                } else {
                    "following what comes"
                };
                shared.say = Some(how.into());
            }
            Action::Choose => match chosen {
                Some(row) => return vec![Effect::Show(Box::new(Detail::of(row)))],
                None => shared.say = Some("The log has no entry here.".into()),
            },
            Action::Person => return show(HealthAsk::whom(Whom::Person, target, &who)),
            Action::Pause | Action::Restart | Action::OnDemand if job.is_none() => {
                shared.say = Some("There is no provisioning job, as far as is known.".into());
            }
            Action::Pause => {
                let on = job.is_some_and(|job| job.phase.is_on());
                let change = if on { Change::Pause } else { Change::Start };
                return show(HealthAsk::agree(change, target));
            }
            Action::Restart => return show(HealthAsk::restart(target)),
            Action::OnDemand => return show(HealthAsk::whom(Whom::OnDemand, target, &who)),
            Action::Copy => {
                let fix = chosen
                    .filter(|_| self.part == Part::Log)
                    .map(|row| row.fix().to_owned());
                let first = || {
                    let overview = kept.seen()?.overview.as_ref()?;
                    Some(overview.health.findings.first()?.fix.to_owned())
                };
                match fix.filter(|fix| !fix.is_empty()).or_else(first) {
                    Some(fix) => return vec![Effect::Copy("what mends it".into(), fix)],
                    None => shared.say = Some("There is nothing to mend.".into()),
                }
            }
            Action::Export => {
                let entries = kept.seen().map(|seen| self.log.entries(seen)).unwrap_or_default();
                if entries.is_empty() {
                    shared.say = Some("The log has nothing to write.".into());
                } else {
                    return vec![Effect::Upkeep(target, Deed::Export(entries))];
                }
            }
            _ => {}
        }
        Vec::new()
    }
}

impl Page for HealthPage {
    fn place(&self) -> Place {
        Place::Health
    }

    fn on(&mut self, shared: &mut Shared, event: &Event) -> Vec<Effect> {
        let Some(open) = &shared.open else {
            return vec![Effect::Back];
        };
        let seen = open.kept.seen();
        match event {
            Event::Chosen(words) => {
                self.log.filter.clone_from(words);
                self.log.all = true;
                self.part = Part::Log;
            }
            Event::Row(at) => {
                let rows = seen.map_or(0, |seen| self.log.count(seen));
                if self.part == Part::Log && self.log.is_at(*at) {
                    return self.act(shared, Action::Choose);
                }
                self.part = Part::Log;
                self.log.on(event, rows);
            }
            _ => {
                let moved = match self.part {
                    Part::Log => self.log.on(event, seen.map_or(0, |seen| self.log.count(seen))),
                    Part::HowItIs => {
                        let count = told::lines(shared, open, self.columns.get()).len();
                        self.how.on_text(event, count)
                    }
                };
                if let (false, Event::Act(action)) = (moved, event) {
                    return self.act(shared, *action);
                }
            }
        }
        Vec::new()
    }

    fn draw(&self, shared: &Shared, frame: &mut Frame<'_>, area: Rect) {
        let Some(open) = &shared.open else { return };
        let theme = &shared.theme;
        let [head, banner, body] =
            Layout::vertical([Constraint::Length(1), Constraint::Length(1), Constraint::Min(0)]).areas(area);
        let several = match open.kept.targets.len() {
            0 | 1 => String::new(),
            many => format!(" ({} of {many})", open.kept.at + 1),
        };
        let dot = theme.either("·", "-");
        let name = theme.words(&open.federation.name()).into_owned();
        let target = theme.words(open.kept.target()).into_owned();
        let left = Line::from(vec![
            Span::styled(name, theme.strong()),
            Span::styled(format!(" {dot} {target}{several}"), theme.quiet()),
        ]);
        let right = looks(theme, shared, open);
        put(theme, ends(theme, left, right, columns(head)), frame, row(head, head.y));
        put(theme, told::verdict(theme, open), frame, row(banner, banner.y));
        if body.height < LOW {
            match self.part {
                Part::HowItIs => self.draw_how(shared, open, frame, body),
                Part::Log => self.draw_log(shared, open, frame, body),
            }
        } else if body.width >= BESIDE {
            let [left, right] = Layout::horizontal([Constraint::Percentage(48), Constraint::Min(20)]).areas(body);
            self.draw_how(shared, open, frame, left);
            self.draw_log(shared, open, frame, right);
        } else {
            let lines = told::lines(shared, open, columns(body)).len();
            let entries = open.kept.seen().map_or(0, |seen| self.log.count(seen));
            let entries = u16::try_from(entries + 1).unwrap_or(u16::MAX);
            let most = body.height - entries.clamp(4, (body.height * 2 / 5).max(4));
            let how = u16::try_from(lines + 1).unwrap_or(u16::MAX).min(most);
            let [upper, lower] = Layout::vertical([Constraint::Length(how), Constraint::Min(0)]).areas(body);
            self.draw_how(shared, open, frame, upper);
            self.draw_log(shared, open, frame, lower);
        }
    }
}

impl HealthPage {
    fn draw_how(&self, shared: &Shared, open: &Open, frame: &mut Frame<'_>, area: Rect) {
        let [title, rest] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
        heading(&shared.theme, "How it is", self.part == Part::HowItIs, frame, title);
        self.columns.set(columns(rest));
        let lines = told::lines(shared, open, columns(rest));
        for (at, place) in self.how.text_rows(&shared.theme, lines.len(), frame, rest) {
            put(&shared.theme, lines[at].clone(), frame, place);
        }
    }

    fn draw_log(&self, shared: &Shared, open: &Open, frame: &mut Frame<'_>, area: Rect) {
        let [title, rest] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
        heading(&shared.theme, &self.log.title(), self.part == Part::Log, frame, title);
        self.log.draw(shared, open, self.part == Part::Log, frame, rest);
    }
}
