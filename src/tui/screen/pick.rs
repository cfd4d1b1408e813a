//! A value to choose for a field of the form: from what is known, and from what is looked up while one types.
//!
//! ```text
//! ┌ ▸ Person ──────────────────────────────────────────────┐
//! │ nik▏                                                   │
//! │ looking …                                              │
//! │ ▸ NikkiWolf@contoso.onmicrosoft.com   Nikki Wolf       │
//! └────────────────────────────────────────────────────────┘
//! ```

use ratatui::{Frame, layout::Rect, text::Line};

use crate::{
    fault::Fault,
    report::{clean::wrap, words::Tone},
    tui::{
        host::{Choice, Draft, LookUp, Question},
        keys::{Action, Place},
        page::{Effect, Event, Page, Shared},
        widget::{
            line::{columns, most, put, row},
            search::{Entry, Search},
        },
    },
};

/// A value to choose.
#[derive(Debug)]
pub struct Pick {
    title: String,
    key: String,
    draft: Draft,
    known: Vec<Choice>,
    look_up: LookUp,
    found: Vec<Choice>,
    /// What was looked up last, and what went wrong with it.
    asked: Option<String>,
    trouble: Option<Fault>,
    /// It is being looked up.
    looking: bool,
    search: Search,
}

impl Pick {
    /// For this question. The answers so far say where to look things up.
    pub fn of(question: &Question, draft: &Draft) -> Self {
        let known = question.choices.iter().map(|value| Choice {
            value: value.clone(),
            about: String::new(),
        });
        Self {
            title: question.label.clone(),
            key: question.key.clone(),
            draft: draft.clone(),
            known: known.collect(),
            look_up: question.look_up,
            found: Vec::new(),
            asked: None,
            trouble: None,
            looking: false,
            search: Search::at(0),
        }
    }

    /// What is to be looked up now, if anything is. One thing is looked up at a time; what was typed meanwhile comes next.
    fn next(&mut self) -> Vec<Effect> {
        let text = self.search.typed().trim();
        let wanted = match self.look_up {
            LookUp::Nowhere => return Vec::new(),
            LookUp::Once => "",
            LookUp::AsTyped => text,
        };
        if self.looking || self.asked.as_deref() == Some(wanted) {
            return Vec::new();
        }
        self.asked = Some(wanted.to_owned());
        self.looking = true;
        vec![Effect::LookUp(self.draft.clone(), self.key.clone(), wanted.to_owned())]
    }

    fn take(&mut self, found: Result<Vec<Choice>, Fault>) {
        self.looking = false;
        match found {
            Ok(found) => {
                self.trouble = None;
                self.found = found;
            }
            Err(fault) => {
                // Asking the same again would fail the same: only a page that is opened anew tries again.
                self.look_up = LookUp::Nowhere;
                self.trouble = Some(fault);
            }
        }
        let lines = self.rows().len();
        self.search.keep_within(lines);
    }

    fn rows(&self) -> Vec<&Choice> {
        let known = self.known.iter().chain(&self.found);
        known
            .filter(|choice| self.search.finds(&format!("{} {}", choice.value, choice.about)))
            .collect()
    }

    /// What goes on, in a line or two.
    fn standing(&self) -> Option<(String, Tone)> {
        if let Some(fault) = &self.trouble {
            let text = [fault.what.to_string(), fault.why.to_string(), fault.hint.to_string()];
            let said = text.into_iter().filter(|part| !part.is_empty());
            return Some((said.collect::<Vec<_>>().join(". "), Tone::Bad));
        }
        if self.looking {
            return Some(("looking …".into(), Tone::Busy));
        }
        let empty = self.rows().is_empty();
        empty.then(|| ("Nothing has these words. Esc, and it can be typed.".into(), Tone::Quiet))
    }
}

impl Page for Pick {
    fn place(&self) -> Place {
        Place::Finder
    }

    fn lies_over(&self) -> bool {
        true
    }

    fn on(&mut self, shared: &mut Shared, event: &Event) -> Vec<Effect> {
        if let Some((key, found)) = shared.found.take()
            && key == self.key
        {
            self.take(found);
        }
        match event {
            Event::Act(Action::Back) => return vec![Effect::Back],
            Event::Tick => return self.next(),
            _ => {}
        }
        let lines = self.rows().len();
        if self.search.on(event, lines) {
            let chosen = self.rows().get(self.search.chosen()).map(|choice| choice.value.clone());
            return chosen.map_or_else(Vec::new, |value| vec![Effect::Back, Effect::Chosen(value)]);
        }
        Vec::new()
    }

    fn draw(&self, shared: &Shared, frame: &mut Frame<'_>, area: Rect) {
        let theme = &shared.theme;
        let inner = Search::frame(theme, &self.title, frame, area);
        let columns = columns(inner);
        self.search.draw_field(theme, frame, row(inner, inner.y));
        let mut y = inner.y + 1;
        if let Some((said, tone)) = self.standing() {
            let lines = wrap(&theme.words(&said), columns).into_iter();
            let lines = lines.map(|line| Line::styled(line, theme.tone(tone))).collect();
            let room = usize::from(inner.height).saturating_sub(1).min(6);
            for line in most(theme, lines, room, columns, "") {
                put(theme, line, frame, row(inner, y));
                y += 1;
            }
        }
        let list = Rect {
            y,
            height: inner.bottom().saturating_sub(y),
            ..inner
        };
        let entries = self.rows().into_iter().map(|choice| Entry {
            mark: None,
            name: choice.value.clone(),
            about: choice.about.clone(),
        });
        let entries: Vec<Entry> = entries.collect();
        self.search.draw_list(shared, &entries, columns * 2 / 3, frame, list);
    }
}
