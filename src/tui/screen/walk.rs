//! The walk: phases, the graph with the live state of every step, the step in focus, and what goes on.
//!
//! ```text
//!  fedwiz  contoso ⇄ us-east-1          set-up 17/38 · 4:12 · 2 at work · 1 needs you
//! ┌ Phases ─────────────┐┌ Graph ──────────────────────────────────────────────┐
//! │ ✔ 0 Preflight   7/7 ││ ✔ app ───┬──▶ ✔ metadata ─┐                         │
//! │ ▶ 3 SAML        1/5 ││ ✔ cert ──┘                ┴▶ ◆ identity source      │
//! ├ Activity ───────────┤├ identity source ──────────────────── human · 1:52 ──┤
//! │ 22:41 ◆ needs you   ││ Why     From here on AWS sends everybody to Entra.  │
//! └─────────────────────┘└─────────────────────────────────────────────────────┘
//! ```

use jiff::Timestamp;
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::{Line, Span},
};

use super::{ask::Ask, finder, start::Start, step, step::StepScreen, teardown::Teardown};
use crate::{
    engine::{driver::Order, fact::Intent},
    report::{
        clean::{clean, cut, pad, width, wrap},
        words::{self, State, Tone},
    },
    tui::{
        graph::GraphPane,
        keys::{Action, Place},
        page::{Effect, Event, Hit, Open, Page, Shared},
        run::first_question,
        widget::{
            bar::bar,
            frame::framed,
            scroll::Scroll,
            wait::{span, wait_lines},
        },
    },
};

/// From this width on, phases and activity stand beside the graph.
const WIDE: u16 = 100;
/// Columns of what stands beside the graph.
const SIDE: u16 = 34;

/// The parts of the screen that keys can go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Part {
    #[default]
    Graph,
    Activity,
}

/// The walk.
#[derive(Debug, Default)]
pub struct Walk {
    part: Part,
    graph: GraphPane,
    activity: Scroll,
    /// Activity goes on at its end.
    scrolled: bool,
    /// Only what failed, waits, or needs a person.
    filter: bool,
    /// Keep what is at work in view.
    follow: bool,
    /// What was at work when it was last followed.
    followed: Option<usize>,
}

fn time(at: Timestamp) -> String {
    at.to_zoned(jiff::tz::TimeZone::UTC).strftime("%H:%M:%S").to_string()
}

fn matters(state: State) -> bool {
    matches!(state.look().tone, Tone::Bad | Tone::Call | Tone::Waiting | Tone::Doubt)
}

/// How the run stands, in one line of parts.
fn headline(shared: &Shared, open: &Open) -> Vec<(String, Tone)> {
    let view = &open.view;
    let progress = view.progress();
    let mut parts = Vec::new();
    let Some(under) = open.running else {
        let words = match view.run().and_then(|run| run.end.map(|end| (run.intent, end))) {
            Some((intent, end)) => format!("{} {}", words::intent(intent), words::end(end)),
            None => "not running".into(),
        };
        let standing = view.tally().count(State::stands);
        parts.push((format!("{standing}/{} stand", view.nodes().len()), Tone::Note));
        parts.push((words, Tone::Quiet));
        return parts;
    };
    parts.push((
        format!("{} {}/{}", words::intent(under.intent), progress.done, progress.total),
        Tone::Busy,
    ));
    if let Some(run) = view.run() {
        parts.push((span(shared.now.duration_since(run.since).as_secs()), Tone::Quiet));
    }
    if under.stopping {
        parts.push(("stopping".into(), Tone::Call));
    } else if under.paused {
        parts.push(("paused".into(), Tone::Call));
    }
    let at_work = view.active().filter(|at| view.node(*at).state.is_running()).count();
    if at_work > 0 {
        parts.push((format!("{at_work} at work"), Tone::Busy));
    }
    let waits = view.tally().of(State::Waiting);
    if waits > 0 {
        parts.push((format!("{waits} waits"), Tone::Waiting));
    }
    let needs = view.needs_person().count();
    if needs > 0 {
        parts.push((format!("{needs} needs you"), Tone::Call));
    }
    let failed = view.failures().count();
    if failed > 0 {
        parts.push((format!("{failed} failed"), Tone::Bad));
    }
    parts
}

impl Walk {
    fn draw_head(shared: &Shared, open: &Open, frame: &mut Frame<'_>, area: Rect) {
        let theme = &shared.theme;
        let columns = usize::from(area.width);
        let mut right: Vec<Span<'static>> = Vec::new();
        let mut used = 0;
        for (text, tone) in headline(shared, open) {
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
        let name = clean(&open.federation.name()).into_owned();
        let leads = clean(&open.federation.leads()).into_owned();
        let room = columns.saturating_sub(used + 4);
        let mut left = vec![Span::styled(
            format!(" {}", cut(&name, room, theme.ascii)),
            theme.strong(),
        )];
        let mut taken = 1 + width(&name).min(room);
        if taken + 4 < room {
            let text = cut(&leads, room - taken - 2, theme.ascii).into_owned();
            taken += 2 + width(&text);
            left.push(Span::styled(format!("  {text}"), theme.quiet()));
        }
        left.push(Span::raw(" ".repeat(columns.saturating_sub(taken + used + 1))));
        left.extend(right);
        frame.render_widget(Line::from(left), area);
    }

    fn draw_phases(shared: &Shared, open: &Open, frame: &mut Frame<'_>, area: Rect) {
        let theme = &shared.theme;
        let columns = usize::from(area.width);
        for ((number, chapter), y) in open.view.chapters().iter().enumerate().zip(area.y..area.bottom()) {
            let progress = chapter.progress();
            let state = phase_state(chapter.tally);
            let look = state.look();
            let count = format!("{}/{}", progress.done, progress.total);
            let room = columns.saturating_sub(width(&count) + 6);
            let title = pad(&cut(chapter.heading.title, room, theme.ascii), room);
            let row = Rect { y, height: 1, ..area };
            frame.render_widget(
                Line::from(vec![
                    Span::styled(format!("{} ", theme.glyph(look)), theme.tone(look.tone)),
                    Span::styled(format!("{number} "), theme.quiet()),
                    Span::raw(title),
                    Span::styled(format!(" {count}"), theme.quiet()),
                ]),
                row,
            );
        }
    }

    /// The phases in one line, for narrow terminals.
    fn draw_phase_line(shared: &Shared, open: &Open, frame: &mut Frame<'_>, area: Rect) {
        let theme = &shared.theme;
        let mut spans = vec![Span::raw(" ")];
        let mut used = 1;
        for (number, chapter) in open.view.chapters().iter().enumerate() {
            let progress = chapter.progress();
            let look = phase_state(chapter.tally).look();
            let text = format!("{number} {}/{}", progress.done, progress.total);
            if used + width(&text) + 5 > usize::from(area.width) {
                spans.push(Span::styled(theme.either("…", "~"), theme.quiet()));
                break;
            }
            used += width(&text) + 5;
            spans.push(Span::styled(format!("{} ", theme.glyph(look)), theme.tone(look.tone)));
            spans.push(Span::raw(format!("{text}   ")));
        }
        frame.render_widget(Line::from(spans), area);
    }

    fn draw_activity(&self, shared: &Shared, open: &Open, frame: &mut Frame<'_>, area: Rect) {
        let theme = &shared.theme;
        let columns = usize::from(area.width);
        let lines: Vec<_> = open
            .view
            .activity()
            .filter(|line| !self.filter || matters(line.state))
            .collect();
        if lines.is_empty() {
            let text = if self.filter {
                "Nothing failed, waits, or needs you."
            } else {
                "Nothing has happened yet."
            };
            let text = cut(text, columns, theme.ascii).into_owned();
            frame.render_widget(Line::styled(text, theme.quiet()), area);
            return;
        }
        let mut scroll = self.activity.clone();
        if !self.scrolled {
            scroll.at = lines.len() - 1;
        }
        let names = (columns / 3).clamp(12, 34);
        for (at, y) in scroll.window(usize::from(area.height), lines.len()).zip(area.y..) {
            let line = lines[at];
            let look = line.state.look();
            let row = Rect { y, height: 1, ..area };
            let chosen = self.part == Part::Activity && self.scrolled && at == scroll.at;
            let label = pad(&cut(&open.view.node(line.node).label, names, theme.ascii), names);
            let text = if line.text.is_empty() { look.word } else { &line.text };
            let used = 11 + names + 1;
            frame.render_widget(
                Line::from(vec![
                    Span::styled(format!("{} ", time(line.at)), theme.quiet()),
                    Span::styled(format!("{} ", theme.glyph(look)), theme.tone(look.tone)),
                    Span::styled(label, if chosen { theme.focus() } else { theme.text() }),
                    Span::styled(
                        format!(" {}", cut(text, columns.saturating_sub(used), theme.ascii)),
                        theme.quiet(),
                    ),
                ]),
                row,
            );
            shared.mark(row, Hit::Row(line.node));
        }
    }

    fn draw_focus(shared: &Shared, open: &Open, frame: &mut Frame<'_>, area: Rect) {
        let theme = &shared.theme;
        let columns = usize::from(area.width);
        let Some(node) = open.view.nodes().get(open.focus) else {
            return;
        };
        let mut lines: Vec<Line<'static>> = Vec::new();
        let mut put = |label: &str, text: &str, tone: Tone| {
            for (at, line) in wrap(&clean(text), columns.saturating_sub(8).max(10))
                .into_iter()
                .enumerate()
            {
                lines.push(Line::from(vec![
                    Span::styled(format!("{:<8}", if at == 0 { label } else { "" }), theme.quiet()),
                    Span::styled(line, theme.tone(tone)),
                ]));
            }
        };
        let about = open.view.about(open.focus);
        if let Some(fault) = node.fault() {
            put("What", &fault.to_string(), Tone::Bad);
            put(
                "Do",
                if fault.hint.is_empty() { &fault.why } else { &fault.hint },
                Tone::Call,
            );
        }
        if open.question_of(open.focus).is_some() {
            put("You", "are asked: press g for the instructions", Tone::Call);
        }
        let waits = wait_lines(theme, node, shared.now, columns);
        if let Some(finished) = &node.finished
            && !finished.proof.is_empty()
        {
            put("Seen", &finished.proof, Tone::Good);
        }
        if let Some(note) = node.note() {
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
            put("Step", about.title, Tone::Note);
            put("Why", about.why, Tone::Note);
            put("Proof", about.proof, Tone::Note);
            put("Undo", about.undo, Tone::Note);
        }
        let all = waits.into_iter().chain(lines);
        for (line, y) in all.zip(area.y..area.bottom()) {
            let row = Rect { y, height: 1, ..area };
            frame.render_widget(line, row);
        }
    }

    /// The heading of the step in focus.
    fn focus_title(open: &Open) -> String {
        let Some(node) = open.view.nodes().get(open.focus) else {
            return String::new();
        };
        let executor = open
            .view
            .about(open.focus)
            .map_or("", |about| words::executor(about.executor));
        format!("{} · {executor} · {}", node.label, node.state.word())
    }

    fn follow_what_goes_on(&mut self, open: &mut Open) {
        let view = &open.view;
        let at_work = open
            .questions
            .first()
            .map(|question| question.node)
            .or_else(|| view.active().next());
        if let Some(node) = at_work
            && self.followed != Some(node)
        {
            self.followed = Some(node);
            open.focus = node;
        }
    }
}

/// The state of a phase: what matters most in it.
fn phase_state(tally: crate::report::view::Tally) -> State {
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
        None if all > 0 && tally.count(|state| state.stands() || state == State::Skipped) == all => State::Made,
        None if tally.count(State::is_gone) > 0 && tally.count(State::stands) == 0 => State::Removed,
        None => State::Open,
    }
}

impl Page for Walk {
    fn place(&self) -> Place {
        Place::Walk
    }

    fn on(&mut self, shared: &mut Shared, event: &Event) -> Vec<Effect> {
        let Some(open) = &mut shared.open else {
            return vec![Effect::Back];
        };
        match event {
            Event::Tick => {
                if self.follow || open.running.is_some() && self.followed.is_none() {
                    self.follow = true;
                    self.follow_what_goes_on(open);
                }
                if open.running.is_none() {
                    self.followed = None;
                    self.follow = false;
                }
            }
            Event::Act(Action::Choose) => {
                if self.graph.is_folded(open) {
                    self.graph.turn(open);
                    return Vec::new();
                }
                return vec![Effect::Show(Box::new(StepScreen::of(open.focus)))];
            }
            Event::Act(Action::Begin) => {
                if open.running.is_none() {
                    return vec![Effect::Show(Box::new(Start::default()))];
                }
                shared.say = Some("It is running already.".into());
            }
            Event::Act(Action::TakeBack) => {
                if open.running.is_none() {
                    return vec![
                        Effect::Show(Box::new(Teardown::default())),
                        Effect::Start(Intent::PlanDown),
                    ];
                }
                shared.say = Some("Let it come to its end first, or stop it (q).".into());
            }
            Event::Act(Action::NeedsYou) => match first_question(open) {
                Some(effect) => return vec![effect],
                None => {
                    let next = open.view.needs_person().next().or_else(|| open.view.failures().next());
                    match next {
                        Some(node) => open.focus = node,
                        None => shared.say = Some("Nothing needs you at the moment.".into()),
                    }
                }
            },
            Event::Act(Action::Search) => return vec![Effect::Show(Box::new(finder::steps()))],
            Event::Act(Action::Pause) => match open.running {
                Some(under) if under.paused => return vec![Effect::Tell(Order::Resume)],
                Some(_) => return vec![Effect::Tell(Order::Pause)],
                None => shared.say = Some("Nothing is running.".into()),
            },
            Event::Act(Action::Follow) => {
                self.follow = !self.follow;
                self.followed = None;
                let how = if self.follow {
                    "following what goes on"
                } else {
                    "not following"
                };
                shared.say = Some(how.into());
            }
            Event::Act(Action::Filter) => self.filter = !self.filter,
            Event::Act(Action::NextPart | Action::PartBefore) => {
                self.part = match self.part {
                    Part::Graph => Part::Activity,
                    Part::Activity => Part::Graph,
                };
                self.scrolled = false;
                self.activity.at = usize::MAX;
            }
            Event::Act(action @ (Action::Retry | Action::Skip | Action::LookNow | Action::MyWord)) => {
                match step::order(open, open.focus, *action) {
                    Ok(Order::TakeMyWord(id)) => return vec![Effect::Show(Box::new(Ask::for_my_word(id)))],
                    Ok(order) => return vec![Effect::Tell(order)],
                    Err(why) => shared.say = Some(why.into()),
                }
            }
            Event::Act(Action::Back) => {
                if open.running.is_some() {
                    shared.say = Some("It is running: q stops it and leaves.".into());
                } else {
                    return vec![Effect::Home];
                }
            }
            Event::Row(node) => {
                if open.focus == *node {
                    return vec![Effect::Show(Box::new(StepScreen::of(*node)))];
                }
                open.focus = *node;
                self.follow = false;
            }
            _ if self.part == Part::Activity => {
                let count = open
                    .view
                    .activity()
                    .filter(|line| !self.filter || matters(line.state))
                    .count();
                self.activity.at = self.activity.at.min(count.saturating_sub(1));
                if self.activity.on(event, count) {
                    self.scrolled = self.activity.at + 1 < count;
                    let node = open
                        .view
                        .activity()
                        .filter(|line| !self.filter || matters(line.state))
                        .nth(self.activity.at)
                        .map(|line| line.node);
                    if let Some(node) = node {
                        open.focus = node;
                        self.follow = false;
                    }
                }
            }
            _ => {
                if self.graph.on(event, open) {
                    self.follow = false;
                }
            }
        }
        Vec::new()
    }

    fn draw(&self, shared: &Shared, frame: &mut Frame<'_>, area: Rect) {
        let Some(open) = &shared.open else { return };
        let theme = &shared.theme;
        let [head, body] = Layout::vertical([Constraint::Length(1), Constraint::Min(1)]).areas(area);
        Self::draw_head(shared, open, frame, head);
        if area.height < 10 || area.width < 50 {
            // Only what matters most: the counts, and the step in focus.
            let phases = u16::try_from(open.view.chapters().len()).unwrap_or(0).min(body.height);
            let [top, rest] = Layout::vertical([Constraint::Length(phases), Constraint::Min(0)]).areas(body);
            Self::draw_phases(shared, open, frame, top);
            Self::draw_focus(shared, open, frame, rest);
            return;
        }
        if body.width >= WIDE && body.height >= 22 {
            let [top, bottom] =
                Layout::vertical([Constraint::Min(10), Constraint::Length((body.height / 4).clamp(5, 14))]).areas(body);
            let [side, main] = Layout::horizontal([Constraint::Length(SIDE), Constraint::Min(40)]).areas(top);
            let phases = u16::try_from(open.view.chapters().len()).unwrap_or(0) + 4;
            let [phase, focus] = Layout::vertical([Constraint::Length(phases), Constraint::Min(3)]).areas(side);
            let inner = framed(theme, "Phases", false, frame, phase);
            Self::draw_phases(shared, open, frame, inner);
            let last = Rect {
                y: inner.bottom().saturating_sub(1),
                height: 1,
                ..inner
            };
            let progress = open.view.progress();
            frame.render_widget(bar(theme, progress, usize::from(inner.width)), last);
            let inner = framed(theme, &Self::focus_title(open), false, frame, focus);
            Self::draw_focus(shared, open, frame, inner);
            let inner = framed(theme, "Graph", self.part == Part::Graph, frame, main);
            self.graph.draw(shared, open, frame, inner);
            let inner = framed(
                theme,
                &self.activity_title(),
                self.part == Part::Activity,
                frame,
                bottom,
            );
            self.draw_activity(shared, open, frame, inner);
        } else {
            let activity = (body.height / 5).clamp(2, 6);
            let [phase, main, rule, focus, second, bottom] = Layout::vertical([
                Constraint::Length(1),
                Constraint::Min(4),
                Constraint::Length(1),
                Constraint::Length(4.min(body.height / 4)),
                Constraint::Length(1),
                Constraint::Length(activity),
            ])
            .areas(body);
            Self::draw_phase_line(shared, open, frame, phase);
            self.graph.draw(shared, open, frame, main);
            Self::rule(shared, &Self::focus_title(open), frame, rule);
            let inner = Rect {
                x: focus.x + 1,
                width: focus.width.saturating_sub(1),
                ..focus
            };
            Self::draw_focus(shared, open, frame, inner);
            Self::rule(shared, &self.activity_title(), frame, second);
            let inner = Rect {
                x: bottom.x + 1,
                width: bottom.width.saturating_sub(1),
                ..bottom
            };
            self.draw_activity(shared, open, frame, inner);
        }
    }
}

impl Walk {
    fn activity_title(&self) -> String {
        let what = if self.filter {
            "Activity that matters"
        } else {
            "Activity"
        };
        format!("{what} (UTC)")
    }

    /// A heading on a line, where there is no room for frames.
    fn rule(shared: &Shared, title: &str, frame: &mut Frame<'_>, area: Rect) {
        let theme = &shared.theme;
        let columns = usize::from(area.width);
        let text = cut(title, columns.saturating_sub(6), theme.ascii).into_owned();
        let line = theme.either("─", "-");
        let rest = columns.saturating_sub(width(&text) + 4);
        frame.render_widget(
            Line::from(vec![
                Span::styled(format!("{line} "), theme.line()),
                Span::styled(text, theme.strong()),
                Span::styled(format!(" {}", line.repeat(rest)), theme.line()),
            ]),
            area,
        );
    }
}
