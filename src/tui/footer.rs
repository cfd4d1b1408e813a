//! The last line of the screen: the keys that matter here; and above it, now and then, a message to the person.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::Clear,
};

use super::{
    keys::{self, Action, Key, Place, When},
    page::{Hit, Shared},
    widget::line::{most, put},
};
use crate::{
    engine::guide::Entry,
    report::{
        clean::{pad, width, wrap},
        words::{State, Tone},
    },
};

/// With more items than this, a step's table is worth a look.
const MANY: u32 = 4;
/// Columns between two keys.
const GAP: &str = "   ";
/// The most lines that a message takes.
const LINES: usize = 4;

/// Whether a key is worth showing now.
fn shows(when: When, shared: &Shared) -> bool {
    let Some(open) = &shared.open else {
        return when == When::Always;
    };
    let state = open.view.nodes().get(open.focus).map_or(State::Open, |node| node.state);
    match when {
        When::Always => true,
        When::Idle => open.running.is_none(),
        When::Ours => open.running.is_none() && open.view.nodes().iter().any(|node| node.ours),
        When::Running => open.running.is_some() && !open.view.is_stopping(),
        When::Asked => !open.questions.is_empty(),
        When::Again => {
            let can = matches!(state, State::Failed | State::Retrying)
                || state == State::NeedsPerson && open.question_of(open.focus).is_none();
            open.running.is_some() && can
        }
        When::Waits => open.running.is_some() && matches!(state, State::Waiting | State::Retrying),
        When::Simulated => !open.questions.is_empty() && open.federation.console().is_some(),
        When::File => {
            let mut fields = open.questions.iter().flat_map(|question| &question.guide.fields);
            fields.any(|field| field.entry == Entry::File)
        }
        When::Many => open.view.grids().iter().any(|grid| grid.tally.count(|_| true) > MANY),
        When::Targets => open.view.grids().len() > 1,
        When::Called => open.view.nodes().get(open.focus).is_some_and(|node| node.requests > 0),
    }
}

/// Whether the provisioning job that is shown runs.
fn kept_on(shared: &Shared) -> Option<bool> {
    let overview = shared.open.as_ref()?.kept.seen()?.overview.as_ref()?;
    Some(overview.health.job.as_ref()?.phase.is_on())
}

/// What the key does now.
fn word(key: &Key, shared: &Shared) -> &'static str {
    match key.action {
        Action::Pause if shared.open.as_ref().is_some_and(|open| open.view.is_paused()) => "go on",
        Action::Pause if key.places.contains(&Place::Health) => match kept_on(shared) {
            Some(false) => "start",
            _ => "pause",
        },
        _ => key.word,
    }
}

/// The columns that a key takes.
fn wide(key: &Key, shared: &Shared) -> usize {
    width(key.name(shared.theme.ascii)) + 1 + width(word(key, shared))
}

/// The keys that fit, in the order of the table. Help and the way out are among them whatever else there is.
fn fitting(shared: &Shared, place: Place, columns: usize) -> Vec<&'static Key> {
    let all: Vec<&Key> = keys::keys(place)
        .filter(|key| key.footer && shows(key.when, shared))
        .collect();
    let must = |key: &Key| matches!(key.action, Action::Help | Action::Quit | Action::Back);
    let mut left = columns;
    let mut kept = vec![false; all.len()];
    for first in [true, false] {
        for (at, key) in all.iter().enumerate().filter(|(_, key)| must(key) == first) {
            let need = wide(key, shared) + GAP.len();
            if need <= left {
                left -= need;
                kept[at] = true;
            } else if !first {
                break;
            }
        }
    }
    all.into_iter()
        .zip(kept)
        .filter_map(|(key, keep)| keep.then_some(key))
        .collect()
}

/// Draws it, and marks each key for the mouse.
pub(super) fn draw(shared: &Shared, place: Place, frame: &mut Frame<'_>, area: Rect) {
    let theme = &shared.theme;
    let columns = usize::from(area.width).saturating_sub(1);
    let mut spans = vec![Span::raw(" ")];
    let mut used = 1;
    for key in fitting(shared, place, columns + GAP.len()) {
        let wide = wide(key, shared);
        shared.mark(
            Rect {
                x: area.x + u16::try_from(used).unwrap_or(u16::MAX),
                width: u16::try_from(wide).unwrap_or(u16::MAX),
                ..area
            },
            Hit::Act(key.action),
        );
        spans.push(Span::styled(key.name(theme.ascii), theme.accent()));
        spans.push(Span::styled(format!(" {}{GAP}", word(key, shared)), theme.quiet()));
        used += wide + GAP.len();
    }
    put(theme, Line::from(spans), frame, area);
}

/// Lays the message to the person, if there is one, over the last lines of the page. The keys stay in view.
pub(super) fn draw_say(shared: &Shared, frame: &mut Frame<'_>, page: Rect) {
    let Some(say) = &shared.say else { return };
    let theme = &shared.theme;
    let columns = usize::from(page.width).saturating_sub(4);
    let lines = wrap(&theme.words(say), columns).into_iter().map(Line::raw).collect();
    let lines = most(theme, lines, LINES.min(usize::from(page.height)), columns, "");
    let height = u16::try_from(lines.len()).unwrap_or(0);
    for (line, y) in lines.iter().zip(page.bottom().saturating_sub(height)..) {
        let row = Rect { y, height: 1, ..page };
        frame.render_widget(Clear, row);
        let line = pad(&format!("  {line}"), usize::from(page.width));
        let line = Line::styled(line, theme.focus().patch(theme.tone(Tone::Call)));
        put(theme, line, frame, row);
    }
}
