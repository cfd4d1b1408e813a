//! How it goes with all items of a step, in lines.

use ratatui::text::{Line, Span};

use super::{
    bar::bar,
    line::{LABEL, fit, labelled},
};
use crate::{
    report::view::Progress,
    tui::{
        page::{Open, Shared},
        theme::Theme,
    },
};

/// Fewer items than this are all seen at a glance.
const MANY: u32 = 5;
/// The most columns of a bar.
const BAR: usize = 24;

/// How far all items of a node's step have come, how many are in flight, how fast it goes, and how long the rest takes.
/// Nothing where the step has few.
pub fn flow_lines(shared: &Shared, open: &Open, node: usize, columns: usize) -> Vec<Line<'static>> {
    let theme: &Theme = &shared.theme;
    let view = &open.view;
    if node >= view.nodes().len() {
        return Vec::new();
    }
    let flow = &view.flows()[view.flow_of(node)];
    if flow.nodes() < MANY {
        return Vec::new();
    }
    let figures = view.figures(flow, shared.now);
    let progress = Progress {
        done: figures.done,
        total: figures.total,
    };
    let mut lines = Vec::new();
    let wide = columns.saturating_sub(LABEL + 16).min(BAR);
    if wide >= 8 {
        let mut line = Line::from(Span::styled(format!("{:<LABEL$}", "All"), theme.quiet()));
        line.extend(bar(theme, progress, wide).spans);
        line.push_span(format!("  {} of {}", figures.done, figures.total));
        lines.push(fit(theme, line, columns));
    } else {
        lines.extend(labelled(
            theme,
            "All",
            &format!("{} of {}", figures.done, figures.total),
            theme.text(),
            columns,
        ));
    }
    let words = figures.words();
    if !words.is_empty() {
        let words = words.join(theme.either(" · ", " - "));
        lines.extend(labelled(theme, "", &words, theme.text(), columns));
    }
    lines
}
