//! How a run ended, laid over the walk.
//!
//! ```text
//! ┌ ▸ Set-up: done ─────────────────────────────┐
//! │ 38 steps: 30 made, 5 seen, 3 changed.       │
//! │ It took 41 min, of which 38 min were waits. │
//! └─────────────────────────────────────────────┘
//! ```

use ratatui::{Frame, layout::Rect, text::Line};

use crate::{
    report::{paper::Style, plain::write_summary, summary::Summary},
    tui::{
        keys::{Action, Place},
        page::{Effect, Event, Open, Page, Shared},
        widget::{frame::over, scroll::Scroll},
    },
};

/// How a run ended.
#[derive(Debug, Default)]
pub struct Over {
    scroll: Scroll,
}

fn lines(open: &Open, columns: usize, ascii: bool) -> Vec<String> {
    let Some(ended) = &open.ended else {
        return Vec::new();
    };
    let outcome = match ended {
        Ok(outcome) => outcome,
        Err(fault) => {
            let text = format!("{fault}\n{}\n{}", fault.why, fault.hint);
            return text
                .lines()
                .flat_map(|line| crate::report::clean::wrap(&crate::report::clean::clean(line), columns))
                .collect();
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
    String::from_utf8_lossy(&out)
        .trim_matches('\n')
        .lines()
        .map(str::to_owned)
        .collect()
}

impl Page for Over {
    fn place(&self) -> Place {
        Place::Help
    }

    fn lies_over(&self) -> bool {
        true
    }

    fn on(&mut self, shared: &mut Shared, event: &Event) -> Vec<Effect> {
        if matches!(event, Event::Act(Action::Back)) {
            return vec![Effect::Back];
        }
        let count = shared.open.as_ref().map_or(0, |open| lines(open, 74, false).len());
        self.scroll.on(event, count);
        Vec::new()
    }

    fn draw(&self, shared: &Shared, frame: &mut Frame<'_>, area: Rect) {
        let Some(open) = &shared.open else { return };
        let columns = area.width.saturating_sub(2).min(80);
        let lines = lines(open, usize::from(columns).saturating_sub(4), shared.theme.ascii);
        let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX);
        let inner = over(&shared.theme, "It came to an end", (columns, height), frame, area);
        let window = self.scroll.window(usize::from(inner.height), lines.len());
        for (line, y) in lines[window].iter().zip(inner.y..) {
            let row = Rect {
                x: inner.x + 1,
                y,
                width: inner.width.saturating_sub(2),
                height: 1,
            };
            frame.render_widget(Line::raw(line.as_str()), row);
        }
    }
}
