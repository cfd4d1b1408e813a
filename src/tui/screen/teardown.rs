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
        clean::{cut, pad, width, wrap},
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
            // Below the first heading.
            scroll: Scroll::at(1),
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

    /// The lists one below the other, each under its heading.
    fn rows(&self) -> Vec<Listed> {
        let lists = [("Needs you", &self.needs), ("Goes", &self.goes), ("Stays", &self.stays)];
        let listed = lists.into_iter().filter(|(_, list)| !list.is_empty());
        listed
            .flat_map(|(name, list)| {
                let heading = Listed::Heading(name, list.len());
                std::iter::once(heading).chain(list.iter().map(|node| Listed::Node(*node)))
            })
            .collect()
    }
}

/// A line of the lists.
enum Listed {
    Heading(&'static str, usize),
    Node(usize),
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
        let head = format!("Take {} back?", theme.words(&open.federation.name()));
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
            let mut names: Vec<String> = Vec::new();
            for at in list {
                let node = open.view.node(*at);
                let title = open.view.about(*at).map_or(&*node.label, |about| about.title);
                if names.last().is_none_or(|last| last != title) {
                    names.push(title.to_owned());
                }
            }
            let text = format!("{:>4}   {}", list.len(), theme.words(&names.join(", ")));
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
        let details = match rows.get(self.scroll.at) {
            Some(Listed::Node(node)) => detail(open, *node, columns),
            _ => Vec::new(),
        };
        let room = usize::from(area.bottom().saturating_sub(y)).saturating_sub(3);
        let below = details.len().min(room / 2);
        let above = room.saturating_sub(below);
        if rows.is_empty() {
            put(&mut y, Line::styled(adds_up(open), theme.quiet()), frame);
        }
        for at in self.scroll.window(above, rows.len()) {
            if y < area.bottom() {
                match &rows[at] {
                    Listed::Node(node) => {
                        draw_row(shared, open, &Row::Node(*node), at == self.scroll.at, frame, row(y));
                    }
                    Listed::Heading(name, count) => {
                        let style = if at == self.scroll.at {
                            theme.focus()
                        } else {
                            theme.strong()
                        };
                        frame.render_widget(Line::styled(format!("{name} ({count})"), style), row(y));
                    }
                }
                shared.mark(row(y), Hit::Row(at));
                y += 1;
            }
        }
        for (label, text) in details.iter().take(below) {
            put(
                &mut y,
                Line::from(vec![
                    Span::styled(format!("  {}", pad(label, 8)), theme.quiet()),
                    Span::raw(cut(&theme.words(text), columns.saturating_sub(10), theme.ascii).into_owned()),
                ]),
                frame,
            );
        }
        let question = format!("Type `{}` to begin: ", theme.words(&open.federation.name()));
        let question = cut(&question, columns.saturating_sub(12), theme.ascii).into_owned();
        let used = u16::try_from(width(&question)).unwrap_or(0);
        let at = row(area.bottom().saturating_sub(1));
        frame.render_widget(Line::styled(question, theme.strong()), at);
        let place = Rect {
            x: at.x + used,
            width: at.width.saturating_sub(used).min(40),
            ..at
        };
        self.field.draw(theme, true, frame, place);
    }
}
