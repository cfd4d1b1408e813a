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
        clean::{clean, cut, pad, width, wrap},
        words::{self, Tone},
    },
    tui::{
        keys::{Action, Place},
        page::{Effect, Event, Hit, Open, Page, Shared},
        screen::over,
        widget::{bar::bar, name::in_words, scroll::Scroll},
    },
};

/// What would happen.
#[derive(Debug, Default)]
pub struct Plan {
    scroll: Scroll,
    /// Only what would change, or is not as it should be.
    changes: bool,
}

/// A line of the table.
pub(super) enum Row {
    Phase(usize),
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
    match row {
        Row::Phase(phase) => {
            let title = open.view.chapters()[*phase].heading.title;
            let text = cut(title, columns.saturating_sub(4), theme.ascii).into_owned();
            frame.render_widget(Line::styled(format!("{phase}  {text}"), theme.strong()), area);
        }
        Row::Node(at) => {
            let node = open.view.node(*at);
            let look = node
                .finding
                .as_ref()
                .map_or_else(|| node.state.look(), |finding| words::what(finding.what));
            let executor = open.view.about(*at).map_or("", |about| words::executor(about.executor));
            let word = look.word;
            let right = 8 + 24;
            let names = columns.saturating_sub(right + 5).max(12);
            let mark = if chosen { theme.either("▸ ", "> ") } else { "  " };
            let name = theme.words(&in_words(&open.view, *at)).into_owned();
            let name = pad(&cut(&name, names, theme.ascii), names);
            let line = Line::from(vec![
                Span::raw(mark),
                Span::styled(format!("{} ", theme.glyph(look)), theme.tone(look.tone)),
                Span::styled(name, if chosen { theme.focus() } else { theme.text() }),
                Span::styled(format!(" {}", pad(executor, 7)), theme.quiet()),
                Span::styled(
                    cut(word, columns.saturating_sub(names + 13), theme.ascii).into_owned(),
                    theme.tone(look.tone),
                ),
            ]);
            frame.render_widget(line, area);
        }
    }
}

/// What there is to know of a step before it happens.
pub(super) fn detail(open: &Open, node: usize, columns: usize) -> Vec<(String, String)> {
    let mut lines: Vec<(String, String)> = Vec::new();
    let view = &open.view;
    let Some(about) = view.about(node) else {
        return lines;
    };
    let mut put = |label: &str, text: &str| {
        for (at, line) in wrap(&clean(text), columns.saturating_sub(8).max(10))
            .into_iter()
            .enumerate()
        {
            lines.push((if at == 0 { label.to_owned() } else { String::new() }, line));
        }
    };
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
                return vec![Effect::Back, Effect::Start(Intent::Up)];
            }
            Event::Act(Action::Back) => {
                return vec![Effect::Back];
            }
            Event::Act(Action::Filter) => {
                self.changes = !self.changes;
                self.scroll = Scroll::default();
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
        let columns = usize::from(area.width).saturating_sub(2);
        let line_at = |y: u16| Rect {
            x: area.x + 1,
            y,
            width: area.width.saturating_sub(2),
            height: 1,
        };
        let head = format!("Plan for {}", theme.words(&open.federation.name()));
        let note = if self.changes {
            "what would happen only (v) - nothing has changed yet"
        } else {
            "nothing has changed yet"
        };
        let gap = columns.saturating_sub(width(&head) + width(note));
        frame.render_widget(
            Line::from(vec![
                Span::styled(cut(&head, columns, theme.ascii).into_owned(), theme.strong()),
                Span::raw(" ".repeat(gap)),
                Span::styled(if gap > 0 { note } else { "" }, theme.tone(Tone::Good)),
            ]),
            line_at(area.y),
        );
        let progress = open.view.progress();
        let second = if open.running.is_some() {
            let mut line = bar(theme, progress, columns.saturating_sub(24).min(40));
            line.push_span(Span::styled(
                format!(" looking: {} of {}", progress.done, progress.total),
                theme.quiet(),
            ));
            line
        } else {
            Line::styled(
                cut(&theme.words(&adds_up(open)), columns, theme.ascii).into_owned(),
                theme.text(),
            )
        };
        if area.height > 1 {
            frame.render_widget(second, line_at(area.y + 1));
        }
        // Who is needed for what comes before all else: it decides whether now is the time to begin.
        let yours: Vec<&str> = (0..open.view.nodes().len())
            .filter(|at| asks_a_person(open, *at))
            .map(|at| {
                open.view
                    .about(at)
                    .map_or(&*open.view.node(at).label, |about| about.title)
            })
            .collect();
        let third = match yours.len() {
            _ if open.running.is_some() => String::new(),
            0 => "Nothing needs you: it goes by itself.".to_owned(),
            1 => format!("1 needs you: {}", yours[0]),
            more => format!("{more} need you: {}", yours.join(", ")),
        };
        let mut top = area.y + 2;
        for line in wrap(&theme.words(&third), columns).iter().take(2) {
            if top + 8 < area.bottom() {
                frame.render_widget(Line::styled(line.clone(), theme.tone(Tone::Call)), line_at(top));
                top += 1;
            }
        }
        let rows = self.rows(open);
        let chosen = rows.get(self.scroll.at);
        let details = match chosen {
            Some(Row::Node(node)) => detail(open, *node, columns),
            Some(Row::Phase(phase)) => {
                vec![("Aim".to_owned(), open.view.chapters()[*phase].heading.aim.to_owned())]
            }
            None => Vec::new(),
        };
        let room = usize::from(area.bottom().saturating_sub(top));
        let below = details.len().min(room / 2);
        let above = room.saturating_sub(below + 1);
        for (at, y) in self.scroll.window(above, rows.len()).zip(top..) {
            let row = line_at(y);
            draw_row(shared, open, &rows[at], at == self.scroll.at, frame, row);
            shared.mark(row, Hit::Row(at));
        }
        let rule = area.bottom().saturating_sub(u16::try_from(below + 1).unwrap_or(0));
        if below > 0 {
            frame.render_widget(
                Line::styled(theme.either("─", "-").repeat(columns), theme.line()),
                line_at(rule),
            );
        }
        for ((label, text), y) in details.iter().take(below).zip(rule + 1..) {
            frame.render_widget(
                Line::from(vec![
                    Span::styled(pad(label, 8), theme.quiet()),
                    Span::raw(cut(&theme.words(text), columns.saturating_sub(8), theme.ascii).into_owned()),
                ]),
                line_at(y),
            );
        }
    }
}
