//! What can be done with the federation that is open, laid over its walk.
//!
//! ```text
//! ┌ ▸ contoso ─────────────────────────────────┐
//! │ 17 of 38 steps stand. It stopped at 09:41. │
//! │ Next: Make Entra the identity source       │
//! │                                            │
//! │ ▸ Go on                                    │
//! │   See how it is looked after               │
//! │   Take it all back                         │
//! │   Look around                              │
//! └────────────────────────────────────────────┘
//! ```

use jiff::tz::TimeZone;
use ratatui::{Frame, layout::Rect};

use crate::{
    engine::{fact::Intent, step::Executor},
    report::words::{self, State},
    tui::{
        keys::{Action, Place},
        page::{Effect, Event, Open, Page, Shared},
        screen::{health::HealthPage, plan::Plan, teardown::Teardown},
        widget::{
            frame::{self, question_over},
            scroll::Scroll,
        },
    },
};

/// What can be done next.
#[derive(Debug, Default)]
pub struct Start {
    scroll: Scroll,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    Begin,
    Health,
    TakeBack,
    Look,
}

fn choices(open: &Open) -> Vec<(Choice, &'static str)> {
    let progress = open.view.progress();
    let ours = open.view.nodes().iter().any(|node| node.ours);
    let mut choices = Vec::new();
    let whole = open
        .view
        .nodes()
        .iter()
        .all(|node| node.state.stands() || node.state == State::Skipped);
    choices.push((
        Choice::Begin,
        match (progress.done, whole) {
            (0, _) => "Show the plan, then begin",
            (_, true) => "Look at everything again, and repair what is not as it should be",
            _ => "Show what is left, then go on",
        },
    ));
    if open.view.tally().count(State::stands) > 0 {
        choices.push((Choice::Health, "See how it is looked after"));
    }
    if ours {
        choices.push((Choice::TakeBack, "Take it all back"));
    }
    choices.push((Choice::Look, "Look around first"));
    choices
}

/// How it stands, in a few sentences.
pub(crate) fn standing(open: &Open) -> Vec<String> {
    let view = &open.view;
    let total = view.nodes().len();
    let standing = view.tally().count(State::stands);
    let mut lines = Vec::new();
    if standing == 0 {
        let human = view
            .nodes()
            .iter()
            .enumerate()
            .filter(|(at, _)| view.about(*at).is_some_and(|about| about.executor == Executor::Human))
            .count();
        lines.push(format!(
            "Nothing stands yet. {total} steps lie ahead: fedwiz does {} of them by API, and guides you through {human}.",
            total - human
        ));
        return lines;
    }
    lines.push(format!("{standing} of {total} steps stand."));
    if let Some(run) = view.run() {
        let at = view.now().unwrap_or(run.since);
        let end = run.end.map_or("was broken off", words::end);
        lines.push(format!(
            "The last run ({}) {end}: {}.",
            words::intent(run.intent),
            at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M UTC")
        ));
    }
    if let Some(next) = (0..total).find(|&at| !view.node(at).state.stands() && view.node(at).state != State::Skipped) {
        let title = view.about(next).map_or("", |about| about.title);
        let kind = match view.about(next).map(|about| about.executor) {
            Some(Executor::Human) => ": this one needs you",
            _ => "",
        };
        lines.push(format!("Next: {title}{kind}."));
    }
    lines
}

impl Page for Start {
    fn place(&self) -> Place {
        Place::Ask
    }

    fn lies_over(&self) -> bool {
        true
    }

    fn on(&mut self, shared: &mut Shared, event: &Event) -> Vec<Effect> {
        let Some(open) = &shared.open else {
            return vec![Effect::Back];
        };
        let choices = choices(open);
        let again = matches!(event, Event::Row(row) if *row == self.scroll.at);
        if again || *event == Event::Act(Action::Choose) {
            return match choices.get(self.scroll.at).map(|(choice, _)| *choice) {
                Some(Choice::Begin) => vec![Effect::Instead(Box::new(Plan::default())), Effect::Start(Intent::Plan)],
                Some(Choice::Health) => vec![Effect::Instead(Box::new(HealthPage::default()))],
                Some(Choice::TakeBack) => vec![
                    Effect::Instead(Box::new(Teardown::default())),
                    Effect::Start(Intent::PlanDown),
                ],
                _ => vec![Effect::Back],
            };
        }
        if *event == Event::Act(Action::Back) {
            return vec![Effect::Back];
        }
        self.scroll.on(event, choices.len());
        Vec::new()
    }

    fn draw(&self, shared: &Shared, frame: &mut Frame<'_>, area: Rect) {
        let Some(open) = &shared.open else { return };
        let mut text: Vec<String> = vec![open.federation.leads()];
        if open.federation.console().is_some() {
            text.push("A rehearsal: both clouds are simulated, and nothing outside this machine is touched.".into());
        }
        text.extend(standing(open));
        let words: Vec<&str> = choices(open).into_iter().map(|(_, word)| word).collect();
        let name = open.federation.name();
        let below = question_over(&shared.theme, &name, &text, words.len(), frame, area);
        frame::choices(shared, &words, &self.scroll, frame, below);
    }
}
