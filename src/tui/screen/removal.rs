//! What a set-up takes away because the profile names it no more; then the typed word.
//!
//! ```text
//!  Take away what the profile of contoso names no more?      nothing has changed yet
//!  + 2, − 3: what the profile does not name goes after all else is made.
//!  2  Prepare AWS
//!   ▸ − aws.permission-set[Ops]      aws     remove
//!  …
//!  Type `contoso` to take it away, or `keep` to leave it:  ▏
//! ```

use ratatui::{Frame, layout::Rect, text::Line};

use super::{
    plan::{Row, goes, rows},
    typed::{Said, Typed},
};
use crate::{
    engine::fact::Intent,
    report::{clean::wrap, table::as_a_set, words::Tone},
    tui::{
        keys::Place,
        page::{Effect, Event, Open, Page, Shared},
        widget::line::{columns, ends},
    },
};

/// The word that leaves everything where it is.
const KEEP: &str = "keep";

const CONSEQUENCE: &str = "Whoever had access by it alone loses it; sessions that are open run on to their end. People and groups stay. \
                           What is kept stays yours to take back: a teardown does.";

/// What goes, and the question.
#[derive(Debug, Default)]
pub struct Removal(Typed);

/// What goes, under the headings of its phases.
fn lines(open: &Open) -> Vec<Row> {
    let going: Vec<usize> = goes(open).collect();
    rows(open, |at| going.binary_search(&at).is_ok())
}

impl Page for Removal {
    fn place(&self) -> Place {
        Place::Teardown
    }

    fn on(&mut self, shared: &mut Shared, event: &Event) -> Vec<Effect> {
        let Some(open) = &shared.open else {
            return vec![Effect::Back];
        };
        match self.0.on(event, || lines(open).len()) {
            Said::Nothing => return Vec::new(),
            Said::Back => return vec![Effect::Back],
            Said::Word(word) if word == open.federation.name() => return vec![Effect::Back, Effect::Agree],
            Said::Word(word) if word == KEEP => return vec![Effect::Back, Effect::Start(Intent::Up)],
            Said::Word(_) => {}
        }
        shared.say = Some(format!(
            "type `{}` to take it away, `{KEEP}` to set up without that, or Esc to begin nothing",
            open.federation.name()
        ));
        Vec::new()
    }

    fn draw(&self, shared: &Shared, frame: &mut Frame<'_>, area: Rect) {
        let Some(open) = &shared.open else { return };
        let theme = &shared.theme;
        let columns = columns(area);
        let name = theme.words(&open.federation.name()).into_owned();
        let head = Line::styled(
            format!("Take away what the profile of {name} names no more?"),
            theme.strong(),
        );
        let note = Line::styled("nothing has changed yet", theme.tone(Tone::Good));
        let mut top = vec![ends(theme, head, note, columns)];
        top.extend(as_a_set(&open.view).map(|sum| Line::raw(theme.words(&sum).into_owned())));
        if area.height > 14 {
            let consequence = wrap(CONSEQUENCE, columns).into_iter();
            top.extend(consequence.map(|line| Line::styled(line, theme.tone(Tone::Call))));
        }
        let question = format!("Type `{name}` to take it away, or `{KEEP}` to leave it: ");
        self.0.draw(shared, open, (top, &lines(open), &question), frame, area);
    }
}
