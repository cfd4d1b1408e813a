//! What would happen, step by step, before anything does.
//!
//! ```text
//!  Plan for contoso                                    nothing has changed yet
//!  38 steps: 30 would be made, 4 need you, 4 stand
//!  1  Prepare tenant
//!   ▸ + entra.app                    graph   would be made
//!     ◆ saml.identity-source         human   needs you
//!  ─────────────────────────────────────────────────────────────────────────────
//!  Create the enterprise application. Entra needs an object that …
//!  Proof  GET the application …       Undo  DELETE …
//! ```

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use crate::{
    engine::{
        fact::Intent,
        signal::{Finding, What},
    },
    report::{
        clean::{pad, wrap},
        words::{self, Tone},
    },
    tui::{
        keys::{Action, Place},
        page::{Effect, Event, Hit, Open, Page, Shared},
        screen::{over, removal::Removal},
        theme::Theme,
        widget::{
            bar::bar,
            line::{columns, ends, labelled, most, put, row, rule},
            name::in_room,
            scroll::Scroll,
        },
    },
};

/// What would happen.
#[derive(Debug)]
pub struct Plan {
    scroll: Scroll,
    /// Only what would change, or is not as it should be.
    changes: bool,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            // Below the first heading.
            scroll: Scroll::at(1),
            changes: false,
        }
    }
}

/// A line of the table.
pub(super) enum Row {
    Phase(usize),
    /// What the lines below it have in common, and how many they are.
    Heading(&'static str, usize),
    Node(usize),
}

/// Whether a finding means that nothing happens.
fn is_quiet(finding: Option<&Finding>) -> bool {
    finding.is_some_and(|finding| matches!(finding.what, What::Stands | What::Nothing | What::WouldStay))
}

pub(super) fn rows(open: &Open, keep: impl Fn(usize) -> bool) -> Vec<Row> {
    let mut rows = Vec::new();
    for phase in 0..open.view.chapters().len() {
        let nodes: Vec<Row> = open
            .view
            .nodes()
            .iter()
            .enumerate()
            .filter(|(at, node)| node.chapter == phase && keep(*at))
            .map(|(at, _)| Row::Node(at))
            .collect();
        if !nodes.is_empty() {
            rows.push(Row::Phase(phase));
            rows.extend(nodes);
        }
    }
    rows
}

/// Whether a person would have to act for it.
fn asks_a_person(open: &Open, node: usize) -> bool {
    let finding = open.view.node(node).finding.as_ref();
    finding.is_some_and(|finding| finding.what == What::WouldAsk)
}

/// What a set-up would take away.
pub(super) fn goes(open: &Open) -> impl Iterator<Item = usize> {
    let nodes = open.view.nodes().iter().enumerate();
    nodes.filter_map(|(at, node)| {
        let what = node.finding.as_ref()?.what;
        matches!(what, What::WouldRemove | What::WouldRestore).then_some(at)
    })
}

/// How many nodes have each finding, in words.
pub(super) fn adds_up(open: &Open) -> String {
    let mut parts = Vec::new();
    for what in words::FINDINGS {
        let count = open
            .view
            .nodes()
            .iter()
            .filter(|node| node.finding.as_ref().is_some_and(|finding| finding.what == what))
            .count();
        if count > 0 {
            parts.push(format!("{count} {}", words::what(what).word));
        }
    }
    parts.join(" · ")
}

/// Draws one line of the table.
pub(super) fn draw_row(shared: &Shared, open: &Open, row: &Row, chosen: bool, frame: &mut Frame<'_>, area: Rect) {
    let theme = &shared.theme;
    let columns = usize::from(area.width);
    let line = match row {
        Row::Phase(phase) => {
            let title = open.view.chapters()[*phase].heading.title;
            let style = if chosen { theme.focus() } else { theme.strong() };
            let mark = if chosen { theme.either("▸", ">") } else { " " };
            Line::styled(format!("{phase}{mark} {title}"), style)
        }
        Row::Heading(name, count) => {
            let style = if chosen { theme.focus() } else { theme.strong() };
            Line::styled(format!("{name} ({count})"), style)
        }
        Row::Node(at) => {
            let node = open.view.node(*at);
            let look = node
                .finding
                .as_ref()
                .map_or_else(|| node.state.look(), |finding| words::what(finding.what));
            let executor = open.view.about(*at).map_or("", |about| words::executor(about.executor));
            let names = columns.saturating_sub(EXECUTOR + WORD + 5).max(12);
            let name = pad(&in_room(theme, &open.view, *at, names), names);
            Line::from(vec![
                Span::raw(theme.pointer(chosen)),
                Span::styled(format!("{} ", theme.glyph(look)), theme.tone(look.tone)),
                Span::styled(name, if chosen { theme.focus() } else { theme.text() }),
                Span::styled(format!(" {}", pad(executor, EXECUTOR - 1)), theme.quiet()),
                Span::styled(look.word, theme.tone(look.tone)),
            ])
        }
    };
    put(theme, line, frame, area);
}

/// Columns for who carries a step out, and for what would happen to it.
const EXECUTOR: usize = 8;
const WORD: usize = 24;

/// How far the look has come.
pub(super) fn looking(theme: &Theme, open: &Open, columns: usize) -> Line<'static> {
    let progress = open.view.progress();
    let mut line = bar(theme, progress, columns.saturating_sub(24).min(40));
    let text = format!(" looking: {} of {}", progress.done, progress.total);
    line.push_span(Span::styled(text, theme.quiet()));
    line
}

/// What there is to know of a step before it happens.
pub(super) fn detail(theme: &Theme, open: &Open, node: usize, columns: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let view = &open.view;
    let Some(about) = view.about(node) else {
        return lines;
    };
    let mut put = |label: &str, text: &str| lines.extend(labelled(theme, label, text, theme.text(), columns));
    put("Step", &view.node(node).label);
    put("Why", about.why);
    if let Some(finding) = &view.node(node).finding {
        if !finding.note.is_empty() {
            put("Found", &finding.note);
        }
        for difference in &finding.differences {
            put(
                "Change",
                &format!("{}: {} → {}", difference.field, difference.found, difference.wanted),
            );
        }
    }
    put("Proof", about.proof);
    let told = view
        .node(node)
        .finding
        .as_ref()
        .is_some_and(|finding| finding.note == about.undo);
    if !told {
        put("Undo", about.undo);
    }
    lines
}

impl Plan {
    fn rows(&self, open: &Open) -> Vec<Row> {
        rows(open, |at| {
            !(self.changes && is_quiet(open.view.node(at).finding.as_deref()))
        })
    }
}

impl Page for Plan {
    fn place(&self) -> Place {
        Place::Plan
    }

    fn on(&mut self, shared: &mut Shared, event: &Event) -> Vec<Effect> {
        let Some(open) = &shared.open else {
            return vec![Effect::Back];
        };
        match event {
            Event::Act(Action::Begin) => {
                if open.running.is_some() {
                    shared.say = Some("The plan is not whole yet.".into());
                    return Vec::new();
                }
                if let Some(Err(_)) = &open.ended {
                    return vec![Effect::Show(Box::new(over::Over::default()))];
                }
                if goes(open).next().is_some() {
                    return vec![Effect::Instead(Box::new(Removal::default()))];
                }
                return vec![Effect::Back, Effect::Start(Intent::Up)];
            }
            Event::Act(Action::Back) => {
                return vec![Effect::Back];
            }
            Event::Act(Action::Filter) => {
                self.changes = !self.changes;
                self.scroll = Scroll::at(1);
                return Vec::new();
            }
            _ => {}
        }
        self.scroll.on(event, self.rows(open).len());
        Vec::new()
    }

    fn draw(&self, shared: &Shared, frame: &mut Frame<'_>, area: Rect) {
        let Some(open) = &shared.open else { return };
        let theme = &shared.theme;
        let columns = columns(area);
        let mut y = area.y;
        let mut say = |line: Line<'static>, frame: &mut Frame<'_>| {
            put(theme, line, frame, row(area, y));
            y += 1;
        };
        let head = Line::styled(
            format!("Plan for {}", theme.words(&open.federation.name())),
            theme.strong(),
        );
        let note = match self.changes {
            true => "only what would happen (v shows all)",
            false => "nothing has changed yet",
        };
        say(
            ends(theme, head, Line::styled(note, theme.tone(Tone::Good)), columns),
            frame,
        );
        say(
            match open.running {
                Some(_) => looking(theme, open, columns),
                None => Line::raw(theme.words(&adds_up(open)).into_owned()),
            },
            frame,
        );
        if area.height > 10 && open.running.is_none() {
            let lines = wrap(&theme.words(&whom_it_needs(open)), columns);
            let lines: Vec<Line<'static>> = lines
                .into_iter()
                .map(|line| Line::styled(line, theme.tone(Tone::Call)))
                .collect();
            for line in most(theme, lines, 2, columns, "") {
                say(line, frame);
            }
        }
        let rows = self.rows(open);
        let details = match rows.get(self.scroll.at) {
            Some(Row::Node(node)) => detail(theme, open, *node, columns),
            Some(Row::Phase(phase)) => {
                let aim = open.view.chapters()[*phase].heading.aim;
                labelled(theme, "Aim", aim, theme.text(), columns)
            }
            Some(Row::Heading(..)) | None => Vec::new(),
        };
        let room = area.bottom().saturating_sub(y);
        let below = u16::try_from(details.len()).unwrap_or(u16::MAX).min(room / 2);
        let list = Rect {
            y,
            height: room.saturating_sub(below + 1),
            ..area
        };
        for (at, place) in self.scroll.rows(theme, rows.len(), frame, list) {
            draw_row(shared, open, &rows[at], at == self.scroll.at, frame, place);
            shared.mark(place, Hit::Row(at));
        }
        if below > 0 {
            put(theme, rule(theme, columns), frame, row(area, list.bottom()));
        }
        let details = most(theme, details, usize::from(below), columns, "");
        for (line, y) in details.into_iter().zip(list.bottom() + 1..) {
            put(theme, line, frame, row(area, y));
        }
    }
}

/// Who is needed for what comes before all else: it decides whether now is the time to begin.
fn whom_it_needs(open: &Open) -> String {
    let nodes = 0..open.view.nodes().len();
    let yours: Vec<&str> = nodes
        .filter(|at| asks_a_person(open, *at))
        .map(|at| {
            open.view
                .about(at)
                .map_or(&*open.view.node(at).label, |about| about.title)
        })
        .collect();
    // What is to be done in several targets is named once.
    let mut kinds: Vec<(&str, usize)> = Vec::new();
    for title in &yours {
        match kinds.iter_mut().find(|(known, _)| known == title) {
            Some((_, times)) => *times += 1,
            None => kinds.push((title, 1)),
        }
    }
    let kinds = kinds.into_iter().map(|(title, times)| match times {
        1 => title.to_owned(),
        _ => format!("{title} ({times})"),
    });
    let kinds = kinds.collect::<Vec<_>>().join(", ");
    match yours.len() {
        0 => "Nothing needs you: it goes by itself.".to_owned(),
        1 => format!("1 needs you: {kinds}"),
        more => format!("{more} need you: {kinds}"),
    }
}
