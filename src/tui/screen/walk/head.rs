//! The lines above the graph: where it leads and how far it has come, what matters now, and the phases.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use crate::{
    engine::fact::{End, Intent},
    report::{
        clean::{clean, cut, pad, width},
        view::{Tally, View},
        words::{self, State, Tone},
    },
    tui::{
        dag::{Through, goes_back, through},
        page::{Open, Shared},
        widget::{line::put, name::in_words, wait::span},
    },
};

/// Blanks between two phases in one line.
const PHASE_GAP: usize = 3;
/// A name of a phase is not cut to less than this.
const SHORTEST: usize = 6;

/// `1 needs you`, `2 need you`.
fn number(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// How the run stands, in one line of parts.
fn parts(shared: &Shared, open: &Open) -> Vec<(String, Tone)> {
    let view = &open.view;
    let progress = view.progress();
    let mut parts = Vec::new();
    let Some(intent) = open.running else {
        let standing = view.tally().count(State::stands);
        parts.push((format!("{standing} of {} stand", view.nodes().len()), Tone::Note));
        return parts;
    };
    parts.push((
        format!("{} {}/{}", words::intent(intent), progress.done, progress.total),
        Tone::Busy,
    ));
    if let Some(run) = view.run() {
        parts.push((span(shared.now.duration_since(run.since).as_secs()), Tone::Quiet));
    }
    let mut put = |count: usize, one: &str, many: &str, tone: Tone| {
        if count > 0 {
            parts.push((number(count, one, many), tone));
        }
    };
    let at_work = view.active().filter(|at| view.node(*at).state.is_running()).count();
    put(at_work, "at work", "at work", Tone::Busy);
    let waits = view.tally().of(State::Waiting) as usize;
    put(waits, "waits", "wait", Tone::Waiting);
    put(view.needs_person().count(), "needs you", "need you", Tone::Call);
    put(view.failures().count(), "failed", "failed", Tone::Bad);
    parts
}

/// Name, where it leads, and how far it has come.
pub(super) fn draw_head(shared: &Shared, open: &Open, frame: &mut Frame<'_>, area: Rect) {
    let theme = &shared.theme;
    let columns = usize::from(area.width);
    let mut right: Vec<Span<'static>> = Vec::new();
    let mut used = 0;
    for (text, tone) in parts(shared, open) {
        let gap = if used > 0 { 3 } else { 0 };
        if used + gap + width(&text) + 12 > columns {
            break;
        }
        if gap > 0 {
            right.push(Span::styled(theme.either(" · ", " - "), theme.quiet()));
        }
        used += gap + width(&text);
        right.push(Span::styled(text, theme.tone(tone)));
    }
    let name = match open.federation.console() {
        Some(_) => format!("{} (simulated)", open.federation.name()),
        None => open.federation.name(),
    };
    let name = theme.words(&name).into_owned();
    let leads = theme.words(&open.federation.leads()).into_owned();
    let room = columns.saturating_sub(used + 4);
    let name = cut(&name, room, theme.ascii).into_owned();
    let mut taken = 1 + width(&name);
    let mut left = vec![Span::styled(format!(" {name}"), theme.strong())];
    if taken + 12 < room {
        let text = cut(&leads, room - taken - 2, theme.ascii).into_owned();
        taken += 2 + width(&text);
        left.push(Span::styled(format!("  {text}"), theme.quiet()));
    }
    left.push(Span::raw(" ".repeat(columns.saturating_sub(taken + used + 1))));
    left.extend(right);
    put(theme, Line::from(left), frame, area);
}

/// The one thing that a person should know now, with its mark: glyph, tone, what, and what comes next.
struct Banner {
    state: State,
    tone: Tone,
    what: String,
    next: String,
}

fn banner(shared: &Shared, open: &Open) -> Banner {
    let say = |state: State, what: String, next: &str| Banner {
        state,
        tone: state.look().tone,
        what,
        next: next.to_owned(),
    };
    match open.running {
        None => at_rest(open),
        Some(_) if open.view.is_stopping() => Banner {
            tone: Tone::Call,
            ..say(
                State::Begun,
                "Stopping: the calls at work come back first, nothing further begins".into(),
                "",
            )
        },
        Some(_) if open.view.is_paused() => Banner {
            tone: Tone::Call,
            ..say(State::Begun, "Paused: nothing further begins".into(), "p goes on")
        },
        Some(_) => at_work(shared, open),
    }
}

fn at_work(shared: &Shared, open: &Open) -> Banner {
    let view = &open.view;
    let say = |state: State, what: String, next: String| Banner {
        state,
        tone: state.look().tone,
        what,
        next,
    };
    if let Some(question) = open.questions.first() {
        let others = match open.questions.len() - 1 {
            0 => String::new(),
            more => format!(" (and {more} more)"),
        };
        return say(
            State::NeedsPerson,
            format!("Your turn: {}{others}", clean(&question.guide.title)),
            "g shows what to do".into(),
        );
    }
    let running: Vec<usize> = view.active().filter(|at| view.node(*at).state.is_running()).collect();
    if let Some(failed) = view.failures().next() {
        let others = if running.is_empty() { "" } else { "; the others go on" };
        return say(
            State::Failed,
            format!("{} failed{others}", in_words(view, failed)),
            "n goes there, r lets it go again".into(),
        );
    }
    if let Some(first) = running.first() {
        let more = match running.len() - 1 {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        let state = view.node(*first).state;
        return say(
            state,
            format!("{}{more}: {}", in_words(view, *first), state.word()),
            String::new(),
        );
    }
    let waits = view
        .active()
        .filter_map(|at| Some((at, view.node(at).wait()?)))
        .min_by_key(|(_, wait)| wait.next);
    match waits {
        Some((_, wait)) => {
            let next = match (wait.next, wait.until) {
                (Some(next), _) => format!("next look in {}", left(shared, next)),
                (None, Some(until)) => format!("gives up in {}", left(shared, until)),
                (None, None) => "how long it takes is not known".into(),
            };
            say(State::Waiting, format!("Only waiting now, for {}", wait.why), next)
        }
        None => say(State::Looking, "Getting ready".into(), String::new()),
    }
}

fn left(shared: &Shared, at: jiff::Timestamp) -> String {
    span(at.duration_since(shared.now).as_secs())
}

/// What to say when nothing is running: how the last run ended, and what comes next.
fn at_rest(open: &Open) -> Banner {
    let view = &open.view;
    let say = |state: State, what: String, next: &str| Banner {
        state,
        tone: state.look().tone,
        what,
        next: next.to_owned(),
    };
    let standing = view.tally().count(State::stands);
    let total = view.nodes().len();
    let run = view.run().filter(|run| run.intent.changes());
    let Some(run) = run else {
        return match (&open.ended, standing) {
            (Some(Err(fault)), _) => say(State::Failed, clean(&fault.what).into_owned(), "b tries again"),
            (_, 0) => say(State::Open, "Nothing has changed yet".into(), "b shows the plan first"),
            _ => say(
                State::Seen,
                format!("{standing} of {total} steps stand"),
                "b shows what is left",
            ),
        };
    };
    let first = |mut nodes: Box<dyn Iterator<Item = usize> + '_>| nodes.next().map(|at| in_words(view, at));
    let of = match run.intent {
        Intent::Down => "Teardown",
        _ => "Set-up",
    };
    let go_on = match run.intent {
        Intent::Down => "u goes on",
        _ => "b goes on",
    };
    match run.end {
        Some(End::Done) if run.intent == Intent::Down => say(
            State::Removed,
            "Teardown done: all that was made here is taken back".into(),
            "b sets it up again",
        ),
        Some(End::Done) => say(
            State::Made,
            format!("Set-up done: {standing} of {total} steps stand"),
            "u takes it all back, q leaves",
        ),
        Some(End::Failed) => {
            let what = first(Box::new(view.failures())).unwrap_or_else(|| "a step".into());
            say(
                State::Failed,
                format!("{of} failed at: {what}"),
                &format!("n shows why, {go_on}"),
            )
        }
        Some(End::NeedsPerson) => {
            let what = first(Box::new(view.needs_person())).unwrap_or_else(|| "a step".into());
            say(
                State::NeedsPerson,
                format!("{of} stopped: it needs you for: {what}"),
                go_on,
            )
        }
        Some(End::Stopped) => Banner {
            tone: Tone::Call,
            ..say(
                State::Begun,
                format!("{of} stopped as you asked: {standing} of {total} steps stand"),
                go_on,
            )
        },
        Some(End::Drift) | None => Banner {
            tone: Tone::Call,
            ..say(
                State::Begun,
                format!("{of} was broken off: {standing} of {total} steps stand"),
                go_on,
            )
        },
    }
}

/// The one thing that a person should know now.
pub(super) fn draw_banner(shared: &Shared, open: &Open, frame: &mut Frame<'_>, area: Rect) {
    let theme = &shared.theme;
    let columns = usize::from(area.width).saturating_sub(2);
    let banner = banner(shared, open);
    let what = theme.words(&banner.what);
    let dash = if banner.next.is_empty() { 0 } else { 3 };
    // What is next is kept whole where it can be; what is said before it is cut.
    let next = cut(&banner.next, columns.saturating_sub(dash + 14), theme.ascii).into_owned();
    let what = cut(&what, columns.saturating_sub(width(&next) + dash + 2), theme.ascii).into_owned();
    let mut spans = vec![
        Span::styled(
            format!(" {} ", theme.glyph(banner.state.look())),
            theme.tone(banner.tone),
        ),
        Span::styled(what, theme.tone(banner.tone)),
    ];
    if dash > 0 && !next.is_empty() {
        spans.push(Span::styled(theme.either(" · ", " - "), theme.quiet()));
        spans.push(Span::styled(next, theme.strong()));
    }
    put(theme, Line::from(spans), frame, area);
}

/// The phases, one a line.
pub(super) fn draw_phases(shared: &Shared, open: &Open, frame: &mut Frame<'_>, area: Rect) {
    let theme = &shared.theme;
    let columns = usize::from(area.width);
    let through = through(&open.view);
    for ((number, chapter), y) in open.view.chapters().iter().enumerate().zip(area.y..area.bottom()) {
        let look = phase_state(&open.view, chapter.tally, through[number]).look();
        let count = through[number].words(theme);
        let room = columns.saturating_sub(width(&count) + 6);
        let title = pad(&cut(chapter.heading.title, room, theme.ascii), room);
        let row = Rect { y, height: 1, ..area };
        let line = Line::from(vec![
            Span::styled(format!("{} ", theme.glyph(look)), theme.tone(look.tone)),
            Span::styled(format!("{number} "), theme.quiet()),
            Span::raw(title),
            Span::styled(format!(" {count}"), theme.quiet()),
        ]);
        put(theme, line, frame, row);
    }
}

/// The phases in one line: with as much of their names as there is room for.
pub(super) fn draw_phase_line(shared: &Shared, open: &Open, frame: &mut Frame<'_>, area: Rect) {
    let theme = &shared.theme;
    let chapters = open.view.chapters();
    let columns = usize::from(area.width).saturating_sub(1);
    let through = through(&open.view);
    let counts: Vec<String> = through.iter().map(|through| through.words(theme)).collect();
    let state = |at: usize| phase_state(&open.view, chapters[at].tally, through[at]);
    let title = |at: usize| {
        let title: &str = chapters[at].heading.title;
        title.split(':').next().unwrap_or(title)
    };
    let is_busy = |at: usize| {
        let tone = state(at).look().tone;
        matches!(tone, Tone::Busy | Tone::Call | Tone::Bad | Tone::Waiting)
    };
    // Mark, number, count, and what is between them and the next.
    let bare: usize = counts.iter().map(|count| width(count) + 4 + PHASE_GAP).sum();
    let names = |so: &dyn Fn(usize) -> bool| -> usize {
        let named = (0..chapters.len()).filter(|at| so(*at));
        named.map(|at| width(title(at)) + 1).sum()
    };
    let all = bare + names(&|_| true) <= columns + PHASE_GAP;
    // Where there is no room for all names, those of the phases in which something goes on have it.
    let mut free = (columns + PHASE_GAP).saturating_sub(bare);
    let mut spans = vec![Span::raw(" ")];
    let mut used = 0;
    for (number, count) in counts.iter().enumerate() {
        let look = state(number).look();
        let text = if all || is_busy(number) && free > SHORTEST {
            let name = cut(title(number), if all { columns } else { free - 1 }, theme.ascii);
            free = free.saturating_sub(width(&name) + 1);
            format!("{number} {name} {count}")
        } else {
            format!("{number} {count}")
        };
        let wide = width(&text) + 2;
        if used + wide > columns {
            spans.push(Span::styled(theme.either("…", "~"), theme.quiet()));
            break;
        }
        used += wide + PHASE_GAP;
        spans.push(Span::styled(format!("{} ", theme.glyph(look)), theme.tone(look.tone)));
        let style = if is_busy(number) { theme.strong() } else { theme.quiet() };
        spans.push(Span::styled(text, style));
        spans.push(Span::raw(" ".repeat(PHASE_GAP)));
    }
    put(theme, Line::from(spans), frame, area);
}

/// The state of a phase: what matters most in it.
fn phase_state(view: &View, tally: Tally, through: Through) -> State {
    let first = [
        State::Failed,
        State::NeedsPerson,
        State::Retrying,
        State::Acting,
        State::Undoing,
        State::Looking,
        State::Waiting,
        State::Blocked,
        State::Begun,
        State::Unproven,
    ]
    .into_iter()
    .find(|state| tally.of(*state) > 0);
    let all = tally.count(|_| true);
    match first {
        Some(state) => state,
        None if goes_back(view) => match (through.done, through.total) {
            (_, 0) => State::Kept,
            (done, total) if done == total => State::Removed,
            _ => State::Open,
        },
        None if all > 0 && tally.count(|state| state.stands() || state == State::Skipped) == all => State::Made,
        None if tally.count(State::is_gone) > 0 && tally.count(State::stands) == 0 => State::Removed,
        None => State::Open,
    }
}
