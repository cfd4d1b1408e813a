//! What a teardown takes back, what stays, and what needs a person; then the typed name.
//!
//! ```text
//!  Take it all back?                                        nothing has changed yet
//!    goes      21   entra.app, entra.user[…], …
//!    stays      4   it was there before
//!    needs you  2   saml.identity-source, scim.token
//!  After this nobody signs in to AWS through Entra.
//!
//!  Type the federation's name to begin:  ▏
//! ```

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use super::plan::{Row, adds_up, detail, draw_row};
use crate::{
    engine::{fact::Intent, signal::What, step::Executor},
    report::{
        clean::{clean, cut, pad, width, wrap},
        words::Tone,
    },
    tui::{
        keys::{Action, Place},
        page::{Effect, Event, Hit, Open, Page, Shared},
        screen::over,
        widget::{bar::bar, field::Field, scroll::Scroll},
    },
};

/// What a teardown will do.
#[derive(Debug)]
pub struct Teardown {
    field: Field,
    scroll: Scroll,
}

impl Default for Teardown {
    fn default() -> Self {
        Self {
            field: Field::open(""),
            scroll: Scroll::default(),
        }
    }
}

/// The three lists: goes, needs a person, stays.
pub(super) struct Lists {
    goes: Vec<usize>,
    needs: Vec<usize>,
    stays: Vec<usize>,
}

impl Lists {
    fn of(open: &Open) -> Self {
        let (mut goes, mut needs, mut stays) = (Vec::new(), Vec::new(), Vec::new());
        for (at, node) in open.view.nodes().iter().enumerate() {
            let Some(finding) = &node.finding else { continue };
            let human = open
                .view
                .about(at)
                .is_some_and(|about| about.executor == Executor::Human);
            match finding.what {
                What::WouldAsk => needs.push(at),
                What::WouldRemove | What::WouldRestore if human => needs.push(at),
                What::WouldRemove | What::WouldRestore | What::WouldMake | What::WouldChange | What::WouldMakeLater => {
                    goes.push(at);
                }
                What::WouldStay | What::CannotTell | What::Failed => stays.push(at),
                _ => {}
            }
        }
        Self { goes, needs, stays }
    }

    fn rows(&self) -> Vec<usize> {
        [&self.needs, &self.goes, &self.stays]
            .into_iter()
            .flatten()
            .copied()
            .collect()
    }
}

const CONSEQUENCE: &str = "After this nobody signs in to AWS through Entra, and nobody is provisioned any more. Sessions that are open run \
                           on to their end. What was there before fedwiz came stays.";

impl Page for Teardown {
    fn place(&self) -> Place {
        Place::Teardown
    }

    fn on(&mut self, shared: &mut Shared, event: &Event) -> Vec<Effect> {
        let Some(open) = &shared.open else {
            return vec![Effect::Back];
        };
        match event {
            Event::Act(Action::Back) => return vec![Effect::Back],
            Event::Act(Action::Choose) => {
                if open.running.is_some() {
                    shared.say = Some("The lists are not whole yet.".into());
                } else if let Some(Err(_)) = &open.ended {
                    return vec![Effect::Show(Box::new(over::Over::default()))];
                } else if self.field.text().trim() == open.federation.name() {
                    return vec![Effect::Back, Effect::Start(Intent::Down)];
                } else {
                    shared.say = Some(format!(
                        "type `{}` to begin, or Esc to leave it all as it is",
                        open.federation.name()
                    ));
                }
                return Vec::new();
            }
            Event::Key(key) => {
                self.field.key(key);
                return Vec::new();
            }
            Event::Paste(text) => {
                self.field.paste(text);
                return Vec::new();
            }
            _ => {}
        }
        self.scroll.on(event, Lists::of(open).rows().len());
        Vec::new()
    }

    fn draw(&self, shared: &Shared, frame: &mut Frame<'_>, area: Rect) {
        let Some(open) = &shared.open else { return };
        let theme = &shared.theme;
        let columns = usize::from(area.width).saturating_sub(2);
        let row = |y: u16| Rect {
            x: area.x + 1,
            y,
            width: area.width.saturating_sub(2),
            height: 1,
        };
        let mut y = area.y;
        let put = |y: &mut u16, line: Line<'_>, frame: &mut Frame<'_>| {
            if *y < area.bottom() {
                frame.render_widget(line, row(*y));
                *y += 1;
            }
        };
        let head = format!("Take {} back?", clean(&open.federation.name()));
        let note = "nothing has changed yet";
        let gap = columns.saturating_sub(width(&head) + width(note)).max(1);
        put(
            &mut y,
            Line::from(vec![
                Span::styled(head, theme.strong()),
                Span::raw(" ".repeat(gap)),
                Span::styled(note, theme.tone(Tone::Good)),
            ]),
            frame,
        );
        if open.running.is_some() {
            let progress = open.view.progress();
            let mut line = bar(theme, progress, columns.saturating_sub(24).min(40));
            line.push_span(Span::styled(
                format!(" looking: {} of {}", progress.done, progress.total),
                theme.quiet(),
            ));
            put(&mut y, line, frame);
            return;
        }
        let lists = Lists::of(open);
        for (name, list, tone) in [
            ("goes", &lists.goes, Tone::Note),
            ("needs you", &lists.needs, Tone::Call),
            ("stays", &lists.stays, Tone::Good),
        ] {
            let names: Vec<&str> = list.iter().map(|at| &*open.view.node(*at).label).collect();
            let text = format!("{:>4}   {}", list.len(), names.join(", "));
            put(
                &mut y,
                Line::from(vec![
                    Span::styled(format!("  {}", pad(name, 9)), theme.tone(tone)),
                    Span::raw(cut(&text, columns.saturating_sub(11), theme.ascii).into_owned()),
                ]),
                frame,
            );
        }
        if area.height > 14 {
            for line in wrap(CONSEQUENCE, columns.saturating_sub(2)) {
                put(&mut y, Line::raw(format!("  {line}")), frame);
            }
        }
        let rows = lists.rows();
        let chosen = rows.get(self.scroll.at).copied();
        let details = chosen.map(|at| detail(open, at, columns)).unwrap_or_default();
        let room = usize::from(area.bottom().saturating_sub(y)).saturating_sub(3);
        let below = details.len().min(room / 2);
        let above = room.saturating_sub(below);
        if rows.is_empty() {
            put(&mut y, Line::styled(adds_up(open), theme.quiet()), frame);
        }
        for at in self.scroll.window(above, rows.len()) {
            if y < area.bottom() {
                draw_row(shared, open, &Row::Node(rows[at]), at == self.scroll.at, frame, row(y));
                shared.mark(row(y), Hit::Row(at));
                y += 1;
            }
        }
        for (label, text) in details.iter().take(below) {
            put(
                &mut y,
                Line::from(vec![
                    Span::styled(format!("  {}", pad(label, 8)), theme.quiet()),
                    Span::raw(cut(text, columns.saturating_sub(10), theme.ascii).into_owned()),
                ]),
                frame,
            );
        }
        let question = "Type the federation's name to begin: ";
        let at = row(area.bottom().saturating_sub(1));
        frame.render_widget(Line::styled(question, theme.strong()), at);
        let used = u16::try_from(width(question)).unwrap_or(0);
        let place = Rect {
            x: at.x + used,
            width: at.width.saturating_sub(used).min(40),
            ..at
        };
        self.field.draw(theme, true, frame, place);
    }
}
