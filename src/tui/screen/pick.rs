//! A value to choose for a field of the form: from what is known, and from what is looked up while one types.
//!
//! ```text
//! ┌ ▸ Person ──────────────────────────────────────────────┐
//! │ nik▏                                                   │
//! │ looking …                                              │
//! │ ▸ NikkiWolf@contoso.onmicrosoft.com   Nikki Wolf       │
//! └────────────────────────────────────────────────────────┘
//! ```

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use super::finder::has;
use crate::{
    fault::Fault,
    report::{
        clean::{cut, pad, width, wrap},
        words::Tone,
    },
    tui::{
        host::{Choice, Draft, LookUp, Question},
        keys::{Action, Place},
        page::{Effect, Event, Hit, Page, Shared},
        widget::{
            field::Field,
            frame::over,
            line::{columns, most, put, row},
            scroll::Scroll,
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
    field: Field,
    scroll: Scroll,
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
            field: Field::open(""),
            scroll: Scroll::default(),
        }
    }

    /// What is to be looked up now, if anything is. One thing is looked up at a time; what was typed meanwhile comes next.
    fn next(&mut self) -> Vec<Effect> {
        let text = self.field.text().trim();
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
        let last = self.rows().len().saturating_sub(1);
        self.scroll.at = self.scroll.at.min(last);
    }

    fn rows(&self) -> Vec<&Choice> {
        let typed = self.field.text();
        let known = self.known.iter().chain(&self.found);
        known
            .filter(|choice| has(&format!("{} {}", choice.value, choice.about), typed))
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
        let again = matches!(event, Event::Row(row) if *row == self.scroll.at);
        match event {
            Event::Act(Action::Back) => return vec![Effect::Back],
            Event::Tick => return self.next(),
            Event::Key(key) => {
                if self.field.key(key) {
                    self.scroll = Scroll::default();
                }
            }
            Event::Paste(text) => {
                self.field.paste(text);
                self.scroll = Scroll::default();
            }
            _ if again || *event == Event::Act(Action::Choose) => {
                let chosen = self.rows().get(self.scroll.at).map(|choice| choice.value.clone());
                return chosen.map_or_else(Vec::new, |value| vec![Effect::Back, Effect::Chosen(value)]);
            }
            _ => {
                let rows = self.rows().len();
                self.scroll.on(event, rows);
            }
        }
        Vec::new()
    }

    fn draw(&self, shared: &Shared, frame: &mut Frame<'_>, area: Rect) {
        let theme = &shared.theme;
        let size = (
            area.width.saturating_sub(4).min(90),
            area.height.saturating_sub(2).min(24),
        );
        let inner = over(theme, &self.title, size, frame, area);
        let columns = columns(inner);
        self.field.draw(theme, true, frame, row(inner, inner.y));
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
        let rows = self.rows();
        let wide = rows.iter().map(|choice| width(&theme.words(&choice.value))).max();
        let wide = wide.unwrap_or(0).min(columns * 2 / 3);
        for (at, place) in self.scroll.rows(theme, rows.len(), frame, list) {
            let chosen = at == self.scroll.at;
            let value = pad(&cut(&theme.words(&rows[at].value), wide, theme.ascii), wide);
            let line = Line::from(vec![
                Span::styled(
                    format!("{}{value}", theme.pointer(chosen)),
                    if chosen { theme.focus() } else { theme.text() },
                ),
                Span::styled(format!("  {}", theme.words(&rows[at].about)), theme.quiet()),
            ]);
            put(theme, line, frame, place);
            shared.mark(place, Hit::Row(at));
        }
    }
}
