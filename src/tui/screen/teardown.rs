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

use super::plan::{Row, adds_up, detail, draw_row, looking};
use crate::{
    engine::{fact::Intent, signal::What, step::Executor},
    report::{
        clean::{pad, wrap},
        words::Tone,
    },
    tui::{
        keys::{Action, Place},
        page::{Effect, Event, Hit, Open, Page, Shared},
        screen::over,
        theme::Theme,
        widget::{
            field::Field,
            line::{columns, ends, most, put, row},
            scroll::Scroll,
        },
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

    /// How many there are in each list, and what they are.
    fn sums(&self, theme: &Theme, open: &Open) -> Vec<Line<'static>> {
        let lists = [
            ("goes", &self.goes, Tone::Note),
            ("needs you", &self.needs, Tone::Call),
            ("stays", &self.stays, Tone::Good),
        ];
        let sum = |(name, list, tone): (&str, &Vec<usize>, Tone)| {
            let titles = list.iter().map(|at| {
                let label = &*open.view.node(*at).label;
                open.view.about(*at).map_or(label, |about| about.title)
            });
            let mut titles: Vec<&str> = titles.collect();
            titles.dedup();
            let text = format!("{:>4}   {}", list.len(), theme.words(&titles.join(", ")));
            Line::from(vec![
                Span::styled(format!("  {}", pad(name, 9)), theme.tone(tone)),
                Span::raw(text),
            ])
        };
        lists.into_iter().map(sum).collect()
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
        let columns = columns(area);
        let mut y = area.y;
        // The last row is for the name.
        let last = area.bottom().saturating_sub(1);
        let mut say = |line: Line<'static>, frame: &mut Frame<'_>| {
            if y < last {
                put(theme, line, frame, row(area, y));
                y += 1;
            }
        };
        let name = theme.words(&open.federation.name()).into_owned();
        let head = Line::styled(format!("Take {name} back?"), theme.strong());
        let note = Line::styled("nothing has changed yet", theme.tone(Tone::Good));
        say(ends(theme, head, note, columns), frame);
        if open.running.is_some() {
            say(looking(theme, open, columns), frame);
            return;
        }
        let lists = Lists::of(open);
        for line in lists.sums(theme, open) {
            say(line, frame);
        }
        if area.height > 14 {
            for line in wrap(CONSEQUENCE, columns.saturating_sub(2)) {
                say(Line::raw(format!("  {line}")), frame);
            }
        }
        let rows = lists.rows();
        if rows.is_empty() {
            say(
                Line::styled(theme.words(&adds_up(open)).into_owned(), theme.quiet()),
                frame,
            );
        }
        let details = match rows.get(self.scroll.at) {
            Some(Listed::Node(node)) => detail(theme, open, *node, columns.saturating_sub(2)),
            _ => Vec::new(),
        };
        let room = last.saturating_sub(y + 1);
        let below = u16::try_from(details.len()).unwrap_or(u16::MAX).min(room / 2);
        let list = Rect {
            y,
            height: room - below,
            ..area
        };
        for (at, place) in self.scroll.rows(theme, rows.len(), frame, list) {
            let chosen = at == self.scroll.at;
            match &rows[at] {
                Listed::Node(node) => draw_row(shared, open, &Row::Node(*node), chosen, frame, place),
                Listed::Heading(name, count) => {
                    let style = if chosen { theme.focus() } else { theme.strong() };
                    put(theme, Line::styled(format!("{name} ({count})"), style), frame, place);
                }
            }
            shared.mark(place, Hit::Row(at));
        }
        let details = most(theme, details, usize::from(below), columns.saturating_sub(2), "");
        for (mut line, y) in details.into_iter().zip(list.bottom()..) {
            line.spans.insert(0, Span::raw("  "));
            put(theme, line, frame, row(area, y));
        }
        let question = format!("Type `{name}` to begin: ");
        self.field.ask(theme, &question, frame, row(area, last));
    }
}
