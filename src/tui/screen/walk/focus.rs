//! The step in focus: what is the matter with it first, then what it is for.

use ratatui::{Frame, layout::Rect, text::Line};

use crate::{
    report::{
        clean::width,
        words::{self, Tone},
    },
    tui::{
        page::{Open, Shared},
        theme::Theme,
        widget::{
            flow::flow_lines,
            line::{self, labelled, most},
            name::in_room,
            wait::wait_lines,
        },
    },
};

/// What stands around the name in the heading: rules, blanks, and the mark.
const AROUND: usize = 7;

/// The heading: what the step does, in words, then its name and who carries it out.
pub(super) fn title(theme: &Theme, open: &Open, columns: usize) -> String {
    let Some(node) = open.view.nodes().get(open.focus) else {
        return String::new();
    };
    let executor = open.view.about(open.focus).map(|about| words::executor(about.executor));
    let dot = theme.either("·", "-");
    let look = node.state.look();
    let room = columns.saturating_sub(AROUND);
    let name = in_room(theme, &open.view, open.focus, room);
    let mut title = format!("{} {name}", theme.glyph(look));
    // A name that is cut leaves room for nothing else.
    if width(&name) < room {
        title.push_str(&format!(" {dot} {}", look.word));
        if let Some(executor) = executor {
            title.push_str(&format!(" {dot} {executor} {dot} {}", theme.words(&node.label)));
        }
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
        lines.extend(labelled(theme, label, text, theme.tone(tone), columns));
    };
    let about = open.view.about(open.focus);
    if let Some(fault) = node.trouble() {
        put("What", &fault.what, Tone::Bad);
        if !fault.hint.is_empty() {
            put("Do", &fault.hint, Tone::Call);
        }
        if !fault.why.is_empty() {
            put("Because", &fault.why, Tone::Note);
        }
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
    let all = flow_lines(shared, open, open.focus, columns);
    // What is in the way of this one comes before how it goes with all of them.
    let (first, last) = match node.trouble() {
        Some(_) => (Vec::new(), all),
        None => (all, Vec::new()),
    };
    let all: Vec<Line<'static>> = first.into_iter().chain(waits).chain(lines).chain(last).collect();
    // Where there is more, the step's own page has it.
    let all = most(theme, all, usize::from(area.height), columns, " Enter");
    for (line, y) in all.into_iter().zip(area.y..area.bottom()) {
        line::put(theme, line, frame, Rect { y, height: 1, ..area });
    }
}
