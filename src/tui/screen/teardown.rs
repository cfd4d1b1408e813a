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

use super::{
    plan::{Row, adds_up, looking},
    typed::{Said, Typed},
};
use crate::{
    engine::{fact::Intent, signal::What, step::Executor},
    report::{
        clean::{pad, wrap},
        words::Tone,
    },
    tui::{
        keys::Place,
        page::{Effect, Event, Open, Page, Shared},
        screen::over,
        theme::Theme,
        widget::line::{columns, ends},
    },
};

/// What a teardown will do.
#[derive(Debug, Default)]
pub struct Teardown(Typed);

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
    fn rows(&self) -> Vec<Row> {
        let lists = [("Needs you", &self.needs), ("Goes", &self.goes), ("Stays", &self.stays)];
        let listed = lists.into_iter().filter(|(_, list)| !list.is_empty());
        listed
            .flat_map(|(name, list)| {
                let heading = Row::Heading(name, list.len());
                std::iter::once(heading).chain(list.iter().map(|node| Row::Node(*node)))
            })
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
        let name = open.federation.name();
        match self.0.on(event, || Lists::of(open).rows().len()) {
            Said::Nothing => {}
            Said::Back => return vec![Effect::Back],
            Said::Word(_) if open.running.is_some() => shared.say = Some("The lists are not whole yet.".into()),
            Said::Word(_) if matches!(open.ended, Some(Err(_))) => {
                return vec![Effect::Show(Box::new(over::Over::default()))];
            }
            Said::Word(word) if word == name => return vec![Effect::Back, Effect::Start(Intent::Down)],
            Said::Word(_) => shared.say = Some(format!("type `{name}` to begin, or Esc to leave it all as it is")),
        }
        Vec::new()
    }

    fn draw(&self, shared: &Shared, frame: &mut Frame<'_>, area: Rect) {
        let Some(open) = &shared.open else { return };
        let theme = &shared.theme;
        let columns = columns(area);
        let name = theme.words(&open.federation.name()).into_owned();
        let head = Line::styled(format!("Take {name} back?"), theme.strong());
        let note = Line::styled("nothing has changed yet", theme.tone(Tone::Good));
        let mut top = vec![ends(theme, head, note, columns)];
        if open.running.is_some() {
            top.push(looking(theme, open, columns));
            Typed::draw_top(theme, top, frame, area);
            return;
        }
        let lists = Lists::of(open);
        top.extend(lists.sums(theme, open));
        if area.height > 14 {
            let consequence = wrap(CONSEQUENCE, columns.saturating_sub(2)).into_iter();
            top.extend(consequence.map(|line| Line::raw(format!("  {line}"))));
        }
        let rows = lists.rows();
        if rows.is_empty() {
            top.push(Line::styled(theme.words(&adds_up(open)).into_owned(), theme.quiet()));
        }
        let question = format!("Type `{name}` to begin: ");
        self.0.draw(shared, open, (top, &rows, &question), frame, area);
    }
}
