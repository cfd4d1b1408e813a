//! The step in focus: what is the matter with it first, then what it is for.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use crate::{
    report::{
        clean::wrap,
        words::{self, Tone},
    },
    tui::{
        page::{Open, Shared},
        theme::Theme,
        widget::{name::in_words, wait::wait_lines},
    },
};

/// Columns of the labels.
const LABEL: usize = 8;

/// The heading: what the step does, in words, then its name and who carries it out.
pub(super) fn title(theme: &Theme, open: &Open) -> String {
    let Some(node) = open.view.nodes().get(open.focus) else {
        return String::new();
    };
    let executor = open.view.about(open.focus).map(|about| words::executor(about.executor));
    let dot = theme.either("·", "-");
    let look = node.state.look();
    let mut title = format!(
        "{} {} {dot} {}",
        theme.glyph(look),
        theme.words(&in_words(&open.view, open.focus)),
        look.word
    );
    if let Some(executor) = executor {
        title.push_str(&format!(" {dot} {executor} {dot} {}", theme.words(&node.label)));
    }
    title
}

/// Draws it.
pub(super) fn draw(shared: &Shared, open: &Open, frame: &mut Frame<'_>, area: Rect) {
    let theme = &shared.theme;
    let columns = usize::from(area.width);
    let Some(node) = open.view.nodes().get(open.focus) else {
        return;
    };
    let mut lines: Vec<Line<'static>> = Vec::new();
    let mut put = |label: &str, text: &str, tone: Tone| {
        let room = columns.saturating_sub(LABEL).max(10);
        for (at, line) in wrap(&theme.words(text), room).into_iter().enumerate() {
            lines.push(Line::from(vec![
                Span::styled(format!("{:<LABEL$}", if at == 0 { label } else { "" }), theme.quiet()),
                Span::styled(line, theme.tone(tone)),
            ]));
        }
    };
    let about = open.view.about(open.focus);
    if let Some(fault) = node.fault() {
        put("What", &fault.to_string(), Tone::Bad);
        let hint = if fault.hint.is_empty() { &fault.why } else { &fault.hint };
        put("Do", hint, Tone::Call);
    }
    if open.question_of(open.focus).is_some() {
        put("You", "Press g: it shows what to do, click by click.", Tone::Call);
    }
    let waits = wait_lines(theme, node, shared.now, columns);
    if let Some(finished) = &node.finished
        && !finished.proof.is_empty()
    {
        put("Seen", &finished.proof, Tone::Good);
    }
    if let Some(note) = node.note().filter(|_| node.state.is_running()) {
        let done = match (note.done, note.total) {
            (Some(done), Some(total)) => format!(" ({done} of {total})"),
            _ => String::new(),
        };
        put("Now", &format!("{}{done}", note.text), Tone::Busy);
    }
    if let Some(by) = node.blocked_by() {
        put("Held up", &format!("by {by}"), Tone::Doubt);
    }
    if let Some(about) = about {
        put("Why", about.why, Tone::Note);
        if node.finished.is_none() {
            put("Proof", about.proof, Tone::Note);
        }
        put("Undo", about.undo, Tone::Note);
    }
    let mut all: Vec<Line<'static>> = waits.into_iter().chain(lines).collect();
    let room = usize::from(area.height);
    if all.len() > room && room > 0 {
        // There is more: the step's own page has it.
        all.truncate(room);
        if let Some(last) = all.last_mut() {
            let more = format!(" {} Enter", theme.either("…", "~"));
            let free = columns.saturating_sub(last.width());
            if free >= more.chars().count() {
                last.push_span(Span::styled(more, theme.quiet()));
            } else {
                *last = Line::styled(format!("{more:>columns$}"), theme.quiet());
            }
        }
    }
    for (line, y) in all.into_iter().zip(area.y..area.bottom()) {
        let row = Rect { y, height: 1, ..area };
        frame.render_widget(line, row);
    }
}
