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

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use super::plan::{Row, detail, draw_row, goes, rows};
use crate::{
    engine::fact::Intent,
    report::{clean::wrap, table::as_a_set, words::Tone},
    tui::{
        keys::{Action, Place},
        page::{Effect, Event, Hit, Page, Shared},
        widget::{
            field::Field,
            line::{columns, ends, most, put, row},
            scroll::Scroll,
        },
    },
};

/// The word that leaves everything where it is.
const KEEP: &str = "keep";

const CONSEQUENCE: &str = "Whoever had access by it alone loses it; sessions that are open run on to their end. People and groups stay. \
                           What is kept stays yours to take back: a teardown does.";

/// What goes, and the question.
#[derive(Debug)]
pub struct Removal {
    field: Field,
    scroll: Scroll,
}

impl Default for Removal {
    fn default() -> Self {
        Self {
            field: Field::open(""),
            // Below the first heading.
            scroll: Scroll::at(1),
        }
    }
}

impl Page for Removal {
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
                let typed = self.field.text().trim();
                if typed == open.federation.name() {
                    return vec![Effect::Back, Effect::Agree];
                }
                if typed == KEEP {
                    return vec![Effect::Back, Effect::Start(Intent::Up)];
                }
                shared.say = Some(format!(
                    "type `{}` to take it away, `{KEEP}` to set up without that, or Esc to begin nothing",
                    open.federation.name()
                ));
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
        let going: Vec<usize> = goes(open).collect();
        let rows = rows(open, |at| going.binary_search(&at).is_ok());
        self.scroll.on(event, rows.len());
        Vec::new()
    }

    fn draw(&self, shared: &Shared, frame: &mut Frame<'_>, area: Rect) {
        let Some(open) = &shared.open else { return };
        let theme = &shared.theme;
        let columns = columns(area);
        let mut y = area.y;
        // The last row is for the word.
        let last = area.bottom().saturating_sub(1);
        let mut say = |line: Line<'static>, frame: &mut Frame<'_>| {
            if y < last {
                put(theme, line, frame, row(area, y));
                y += 1;
            }
        };
        let name = theme.words(&open.federation.name()).into_owned();
        let head = Line::styled(
            format!("Take away what the profile of {name} names no more?"),
            theme.strong(),
        );
        let note = Line::styled("nothing has changed yet", theme.tone(Tone::Good));
        say(ends(theme, head, note, columns), frame);
        if let Some(sum) = as_a_set(&open.view) {
            say(Line::raw(theme.words(&sum).into_owned()), frame);
        }
        if area.height > 14 {
            for line in wrap(CONSEQUENCE, columns) {
                say(Line::styled(line, theme.tone(Tone::Call)), frame);
            }
        }
        let going: Vec<usize> = goes(open).collect();
        let rows = rows(open, |at| going.binary_search(&at).is_ok());
        let details = match rows.get(self.scroll.at) {
            Some(Row::Node(node)) => detail(theme, open, *node, columns.saturating_sub(2)),
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
            draw_row(shared, open, &rows[at], at == self.scroll.at, frame, place);
            shared.mark(place, Hit::Row(at));
        }
        let details = most(theme, details, usize::from(below), columns.saturating_sub(2), "");
        for (mut line, y) in details.into_iter().zip(list.bottom()..) {
            line.spans.insert(0, Span::raw("  "));
            put(theme, line, frame, row(area, y));
        }
        let question = format!("Type `{name}` to take it away, or `{KEEP}` to leave it: ");
        self.field.ask(theme, &question, frame, row(area, last));
    }
}
