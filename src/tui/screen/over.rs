//! How a run ended, laid over the walk.
//!
//! ```text
//! ┌ ▸ Set-up: done ─────────────────────────────┐
//! │ 38 steps: 30 made, 5 seen, 3 changed.       │
//! │ It took 41 min, of which 38 min were waits. │
//! │ Next: Esc goes back to the walk, …          │
//! └─────────────────────────────────────────────┘
//! ```

use ratatui::{Frame, layout::Rect, text::Line};

use crate::{
    engine::fact::{End, Intent},
    report::{
        clean::{clean, width, wrap},
        paper::Style,
        plain::write_summary,
        summary::Summary,
        words,
    },
    tui::{
        keys::{Action, Place},
        page::{Effect, Event, Open, Page, Shared},
        widget::{frame::text_over, scroll::Scroll},
    },
};

/// How a run ended.
#[derive(Debug, Default)]
pub struct Over {
    scroll: Scroll,
}

/// How it ended, in a few words.
pub(in crate::tui) fn title(open: &Open) -> String {
    match &open.ended {
        Some(Ok(outcome)) => {
            let of = match outcome.intent {
                Intent::Down | Intent::PlanDown => "Teardown",
                Intent::Check => "Check",
                _ => "Set-up",
            };
            format!("{of}: {}", words::end(outcome.end()))
        }
        _ => "It could not go on".into(),
    }
}

/// What can be done now, in a sentence or two.
fn next(open: &Open) -> &'static str {
    let Some(Ok(outcome)) = &open.ended else {
        return "Next: Esc goes back. Put right what is said above, then begin again (b): what stands is not done twice.";
    };
    match (outcome.intent, outcome.end()) {
        (Intent::Down, End::Done) => "Next: Esc goes back to the walk, q leaves. b there sets it up again.",
        (Intent::Down, _) => {
            "Next: Esc goes back to the walk. u there goes on: what is taken back is not touched again."
        }
        (_, End::Done) => {
            "Next: Esc goes back to the walk to look around, q leaves. u there takes all of it back; `fedwiz check` tells at any time \
             whether it is still as it should be."
        }
        (_, End::NeedsPerson) => {
            "Next: Esc goes back to the walk. b there goes on and asks again; what stands is not done twice."
        }
        _ => {
            "Next: Esc goes back to the walk, n there leads to what failed, Enter shows why and what to do. b goes on: what stands is \
             not done twice."
        }
    }
}

fn lines(open: &Open, columns: usize, ascii: bool) -> Vec<String> {
    let Some(ended) = &open.ended else {
        return Vec::new();
    };
    let outcome = match ended {
        Ok(outcome) => outcome,
        Err(fault) => {
            let text = [&fault.what, &fault.why, &fault.hint];
            let said = text.into_iter().filter(|text| !text.is_empty());
            let said = said.flat_map(|text| wrap(&clean(text), columns));
            return said.chain([String::new()]).chain(wrap(next(open), columns)).collect();
        }
    };
    let go_on = (outcome.exit_code() != 0).then(|| open.federation.command(outcome.intent));
    let summary = Summary::of(&open.view, outcome.end(), go_on);
    let style = Style {
        width: Some(columns),
        ascii,
        colour: false,
    };
    let mut out = Vec::new();
    // Writing into memory does not fail.
    let _ = write_summary(&mut out, style, &summary);
    let text = String::from_utf8_lossy(&out).into_owned();
    // What was asked for may be more than fits, and more than a line.
    let lines = text.trim_matches('\n').lines();
    let next = wrap(next(open), columns).into_iter();
    next.chain([String::new()])
        .chain(lines.flat_map(|line| folded(line, columns)))
        .collect()
}

/// A line, folded where it is too long, with its own blanks at the beginning.
fn folded(line: &str, columns: usize) -> Vec<String> {
    if width(line) <= columns {
        return vec![line.to_owned()];
    }
    let blanks = line.len() - line.trim_start().len();
    let indent = " ".repeat(blanks.min(columns / 2));
    let lines = wrap(line, columns.saturating_sub(indent.len()));
    lines.into_iter().map(|line| format!("{indent}{line}")).collect()
}

impl Page for Over {
    fn place(&self) -> Place {
        Place::Help
    }

    fn lies_over(&self) -> bool {
        true
    }

    fn on(&mut self, shared: &mut Shared, event: &Event) -> Vec<Effect> {
        if matches!(event, Event::Act(Action::Back | Action::Choose)) {
            return vec![Effect::Back];
        }
        let count = shared.open.as_ref().map_or(0, |open| lines(open, 74, false).len());
        self.scroll.on_text(event, count);
        Vec::new()
    }

    fn draw(&self, shared: &Shared, frame: &mut Frame<'_>, area: Rect) {
        let Some(open) = &shared.open else { return };
        let theme = &shared.theme;
        let lines = |columns| {
            let lines = lines(open, columns, theme.ascii).into_iter();
            lines.map(|line| Line::raw(theme.words(&line).into_owned())).collect()
        };
        text_over(theme, &title(open), 80, lines, &self.scroll, frame, area);
    }
}
