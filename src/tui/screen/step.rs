//! Everything about one step.
//!
//! ```text
//!  ✔ Create the enterprise application                    entra.app · graph · made
//!  Why     Entra needs an object that stands for AWS and says who may sign in.
//!  Needs   ✔ entra.session  ✔ entra.rights
//!  Then    ○ entra.saml-mode  ○ entra.certificate
//!  Proof   GET the application by its object id
//!  Seen    application 7c1… has the marker
//!  Undo    DELETE /applications/{id}
//!
//!  Calls
//!  ▸ POST /v1.0/applicationTemplates/…/instantiate   201   212 ms   8a1f…
//! ```

use std::cell::Cell;

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use super::{ask::Ask, guide::GuideScreen};
use crate::{
    engine::{driver::Order, signal::Exchange},
    report::{
        clean::{width, wrap},
        command::as_command,
        words::{self, State, Tone},
    },
    tui::{
        keys::{Action, Place},
        page::{Effect, Event, Hit, Open, Page, Shared},
        widget::{
            flow::flow_lines,
            line::{columns, ends, labelled, put, row},
            name::in_words,
            scroll::Scroll,
            wait::wait_lines,
        },
    },
};

/// Everything about one step.
#[derive(Debug)]
pub struct StepScreen {
    node: usize,
    scroll: Scroll,
    /// The calls as commands to copy.
    commands: bool,
    /// The columns it was drawn with, as its lines depend on them.
    columns: Cell<usize>,
}

struct Row {
    line: Line<'static>,
    /// The command that a copy takes.
    copies: Option<String>,
}

/// How many neighbours are named.
const NEIGHBOURS: usize = 12;

impl StepScreen {
    /// For this node.
    pub fn of(node: usize) -> Self {
        Self {
            node,
            scroll: Scroll::default(),
            commands: false,
            columns: Cell::new(78),
        }
    }

    fn rows(&self, shared: &Shared, open: &Open, columns: usize) -> Vec<Row> {
        let theme = &shared.theme;
        let view = &open.view;
        let node = view.node(self.node);
        let mut rows: Vec<Row> = Vec::new();
        let mut put = |label: &str, text: &str, tone: Option<Tone>| {
            let style = tone.map_or_else(|| theme.text(), |tone| theme.tone(tone));
            let lines = labelled(theme, label, text, style, columns).into_iter();
            rows.extend(lines.map(|line| Row { line, copies: None }));
        };
        if let Some(fault) = node.trouble() {
            put("What", &fault.what, Some(Tone::Bad));
            if !fault.why.is_empty() {
                put("Why", &fault.why, None);
            }
            if !fault.hint.is_empty() {
                put("Do", &fault.hint, Some(Tone::Call));
            }
            let details = [("request", &fault.request_id), ("code", &fault.code)];
            for (what, text) in details
                .into_iter()
                .filter_map(|(what, text)| Some((what, text.as_ref()?)))
            {
                put("", &format!("{what} {text}"), Some(Tone::Quiet));
            }
            let keys = match node.state {
                State::Failed | State::Retrying if open.running.is_some() => {
                    "r lets it go again, s leaves it out where nothing insists on it, o opens the page about it."
                }
                State::FailedEarlier if open.running.is_some() => {
                    "This run tries it again when it comes to it; o opens the page about it."
                }
                _ => "o opens the page about it. Back in the walk, b goes on from here.",
            };
            put("Keys", keys, None);
        }
        if open.question_of(self.node).is_some() {
            put("You", "Press g: it shows what to do, click by click.", Some(Tone::Call));
        }
        if let Some(finding) = &node.finding {
            if !finding.note.is_empty() {
                put("Found", &finding.note, Some(Tone::Note));
            }
            for difference in &finding.differences {
                let none = |text: &str| {
                    if text.is_empty() {
                        "nothing".to_owned()
                    } else {
                        text.to_owned()
                    }
                };
                let (found, wanted) = (none(&difference.found), none(&difference.wanted));
                put(
                    "Change",
                    &format!("{}: {found} → {wanted}", difference.field),
                    Some(Tone::Note),
                );
            }
        }
        if let Some(about) = view.about(self.node) {
            put("Why", about.why, None);
            let names = |nodes: Vec<usize>| {
                let shown: Vec<String> = nodes
                    .iter()
                    .take(NEIGHBOURS)
                    .map(|at| format!("{} {}", theme.glyph(view.node(*at).state.look()), in_words(view, *at)))
                    .collect();
                let more = nodes.len().saturating_sub(NEIGHBOURS);
                let rest = if more > 0 {
                    format!("  and {more} more")
                } else {
                    String::new()
                };
                format!("{}{rest}", shown.join(";  "))
            };
            let (before, after) = (open.federation.needs(self.node), open.federation.needed_by(self.node));
            if !before.is_empty() {
                put("Needs", &names(before), None);
            }
            if !after.is_empty() {
                put("Then", &names(after), None);
            }
            put("Proof", about.proof, None);
        }
        if let Some(finished) = &node.finished {
            put("Seen", &finished.proof, Some(Tone::Good));
        }
        if let Some(note) = node.note() {
            let done = match (note.done, note.total) {
                (Some(done), Some(total)) => format!(" ({done} of {total})"),
                _ => String::new(),
            };
            put("Now", &format!("{}{done}", note.text), Some(Tone::Busy));
        }
        if let Some(by) = node.blocked_by() {
            put("Held up", &format!("by {by}"), Some(Tone::Doubt));
        }
        if let Some(about) = view.about(self.node) {
            put("Undo", about.undo, None);
            put("Page", about.read_more, None);
        }
        let flow = flow_lines(shared, open, self.node, columns);
        for line in wait_lines(theme, node, shared.now, columns).into_iter().chain(flow) {
            rows.push(Row { line, copies: None });
        }
        let calls: Vec<Exchange> = node.exchanges().collect();
        if !calls.is_empty() {
            rows.push(Row {
                line: Line::raw(""),
                copies: None,
            });
            let title = if self.commands {
                format!(
                    "The last of {} calls, as commands (c copies the chosen one; tokens are left out)",
                    node.requests
                )
            } else {
                format!("The last of {} calls (x shows them as commands)", node.requests)
            };
            rows.push(Row {
                line: Line::styled(title, theme.strong()),
                copies: None,
            });
        }
        for call in calls {
            let command = as_command(&call);
            let shown = theme.words(&command);
            if self.commands {
                for line in wrap(&shown, columns.saturating_sub(2)) {
                    rows.push(Row {
                        line: Line::styled(line, theme.accent()),
                        copies: Some(command.clone()),
                    });
                }
                continue;
            }
            let status = call
                .status
                .map_or_else(|| "no answer".to_owned(), |status| status.to_string());
            let right = format!(
                "{status}  {} ms  {}{}",
                call.millis,
                call.request_id.as_deref().unwrap_or("no request id"),
                if call.note.is_empty() {
                    String::new()
                } else {
                    format!("  {}", call.note)
                }
            );
            let right = theme.words(&right).into_owned();
            let left = theme.words(&format!("{} {}", call.method, call.url)).into_owned();
            if width(&left) + width(&right) + 4 <= columns {
                let gap = columns - width(&left) - width(&right) - 2;
                rows.push(Row {
                    line: Line::from(vec![
                        Span::raw(left),
                        Span::raw(" ".repeat(gap)),
                        Span::styled(right, theme.quiet()),
                    ]),
                    copies: Some(command),
                });
            } else {
                for line in wrap(&left, columns.saturating_sub(2)) {
                    rows.push(Row {
                        line: Line::raw(line),
                        copies: Some(command.clone()),
                    });
                }
                for line in wrap(&right, columns.saturating_sub(4)) {
                    rows.push(Row {
                        line: Line::styled(format!("  {line}"), theme.quiet()),
                        copies: Some(command.clone()),
                    });
                }
            }
        }
        rows
    }
}

/// The order for a step that a key gives, where it makes sense in its state; else why not.
pub(super) fn order(open: &Open, node: usize, action: Action) -> Result<Order, &'static str> {
    let view = open.view.node(node);
    let id = view.id.clone();
    if open.running.is_none() {
        return Err("Nothing is running: begin first (b).");
    }
    match (action, view.state) {
        (Action::Retry, State::Failed | State::NeedsPerson | State::Retrying) => Ok(Order::Retry(id)),
        (Action::Retry, _) => Err("Only a step that failed, is tried again, or needs you can go again."),
        (Action::Skip, state) if !state.is_settled() => Ok(Order::Skip(id)),
        (Action::Skip, _) => Err("It is through already."),
        (Action::LookNow, State::Waiting | State::Retrying) => Ok(Order::LookNow(id)),
        (Action::LookNow, _) => Err("It is not waiting."),
        (Action::MyWord, State::Waiting | State::NeedsPerson) => Ok(Order::TakeMyWord(id)),
        (Action::MyWord, _) => Err("No proof is being waited for."),
        _ => Err("Nothing to do."),
    }
}

impl Page for StepScreen {
    fn place(&self) -> Place {
        Place::Step
    }

    fn on(&mut self, shared: &mut Shared, event: &Event) -> Vec<Effect> {
        let Some(open) = &shared.open else {
            return vec![Effect::Back];
        };
        match event {
            Event::Act(Action::Back) => return vec![Effect::Back],
            Event::Act(Action::Calls | Action::NextPart | Action::PartBefore)
                if open.view.node(self.node).requests == 0 =>
            {
                shared.say = Some("It has made no call yet.".into());
                return Vec::new();
            }
            Event::Act(Action::NextPart | Action::PartBefore) => {
                // To the calls, and back to what is said above them.
                let rows = self.rows(shared, open, self.columns.get());
                let calls = rows.iter().position(|row| row.copies.is_some()).unwrap_or(0);
                self.scroll.at = if self.scroll.at < calls { calls } else { 0 };
                return Vec::new();
            }
            Event::Act(Action::Calls) => {
                self.commands = !self.commands;
                return Vec::new();
            }
            Event::Act(Action::Open) => {
                let page = open.view.about(self.node).map(|about| about.read_more.to_owned());
                return page.map(Effect::Browse).into_iter().collect();
            }
            Event::Act(Action::NeedsYou) if open.questions.is_empty() => {
                shared.say = Some("Nothing needs you at the moment.".into());
                return Vec::new();
            }
            Event::Act(Action::NeedsYou) => {
                let next = GuideScreen::of_first(open);
                return next.map(|next| Effect::Instead(Box::new(next))).into_iter().collect();
            }
            Event::Act(action @ (Action::Retry | Action::Skip | Action::LookNow | Action::MyWord)) => {
                return match order(open, self.node, *action) {
                    Ok(Order::TakeMyWord(id)) => vec![Effect::Show(Box::new(Ask::for_my_word(id, None)))],
                    Ok(order) => vec![Effect::Tell(order)],
                    Err(why) => {
                        shared.say = Some(why.into());
                        Vec::new()
                    }
                };
            }
            Event::Act(Action::Copy) => {
                let rows = self.rows(shared, open, self.columns.get());
                let command = rows.get(self.scroll.at).and_then(|row| row.copies.clone());
                let last = || rows.iter().rev().find_map(|row| row.copies.clone());
                return match command.or_else(last) {
                    Some(command) => vec![Effect::Copy("command".into(), command)],
                    None => {
                        shared.say = Some("It has made no call yet.".into());
                        Vec::new()
                    }
                };
            }
            _ => {}
        }
        let rows = self.rows(shared, open, self.columns.get()).len();
        self.scroll.on(event, rows);
        Vec::new()
    }

    fn draw(&self, shared: &Shared, frame: &mut Frame<'_>, area: Rect) {
        let Some(open) = &shared.open else { return };
        let theme = &shared.theme;
        let columns = columns(area);
        let node = open.view.node(self.node);
        let look = node.state.look();
        let about = open.view.about(self.node);
        let executor = about.map_or("", |about| words::executor(about.executor));
        let dot = theme.either("·", "-");
        let right = format!("{} {dot} {executor} {dot} {}", look.word, theme.words(&node.label));
        let title = theme.words(&in_words(&open.view, self.node)).into_owned();
        let left = Line::from(vec![
            Span::styled(format!("{} ", theme.glyph(look)), theme.tone(look.tone)),
            Span::styled(title, theme.strong()),
        ]);
        let right = Line::styled(right, theme.tone(look.tone));
        put(theme, ends(theme, left, right, columns), frame, row(area, area.y));
        let rows = self.rows(shared, open, columns);
        self.columns.set(columns);
        let below = Rect {
            y: area.y + 1,
            height: area.height.saturating_sub(1),
            ..area
        };
        for (at, place) in self.scroll.rows(theme, rows.len(), frame, below) {
            let style = match at == self.scroll.at {
                true => theme.focus(),
                false => theme.text(),
            };
            put(theme, rows[at].line.clone().patch_style(style), frame, place);
            shared.mark(place, Hit::Row(at));
        }
    }
}
