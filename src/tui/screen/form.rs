//! The form of a new profile: one question a line, checked as it is typed, with the profile it will write beside it.
//!
//! ```text
//!  A new federation                                        nothing is written yet
//!  ▸ Tenant        contoso.onmicrosoft.com                 │ [entra]
//!    Sign-in       device-code  (← → choose)               │ tenant = "contoso…"
//!    AWS profile                                           │
//!    the profile in ~/.aws/config                          │
//! ```

use crossterm::event::KeyCode;
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::{Line, Span},
};

use crate::{
    report::{
        clean::{clean, cut, pad, width, wrap},
        words::Tone,
    },
    tui::{
        host::{Draft, LookUp, Question, Wrong},
        keys::{Action, Place},
        page::{Effect, Event, Hit, Page, Shared},
        screen::pick::Pick,
        widget::{field::Field, scroll::Scroll},
    },
};

/// With more choices than this, they are not named beside the field.
const MANY: usize = 10;

/// The form of a new profile.
#[derive(Debug)]
pub struct Form {
    draft: Draft,
    fields: Vec<Field>,
    scroll: Scroll,
}

impl Form {
    /// Begins with these answers.
    pub fn new(draft: Draft) -> Self {
        let fields = draft.fields.iter().map(|field| Field::open(&field.value)).collect();
        Self {
            draft,
            fields,
            scroll: Scroll::default(),
        }
    }

    fn take_over(&mut self) {
        let at = self.scroll.at;
        if let (Some(question), Some(field)) = (self.draft.fields.get_mut(at), self.fields.get(at)) {
            field.text().trim().clone_into(&mut question.value);
        }
    }

    /// Saves it, or goes to what is wrong.
    fn save(&mut self, shared: &mut Shared) -> Vec<Effect> {
        let Err(wrong) = shared.host.preview(&self.draft) else {
            return vec![Effect::Save(self.draft.clone())];
        };
        if let Some(first) = wrong.first() {
            let at = self.draft.fields.iter().position(|question| question.key == first.key);
            self.scroll.at = at.unwrap_or(self.scroll.at);
            shared.say = Some(clean(&first.why).into_owned());
        }
        Vec::new()
    }

    /// How far it has come, in a line.
    fn standing(&self, preview: &Result<String, Vec<Wrong>>) -> (String, Tone) {
        let label = |wrong: &Wrong| {
            let question = self.draft.fields.iter().find(|question| question.key == wrong.key);
            question.map_or_else(|| wrong.why.clone(), |question| question.label.clone())
        };
        match preview {
            Ok(_) => (
                "Ready: F2 writes the profile. The clouds are not touched.".into(),
                Tone::Good,
            ),
            Err(wrong) => {
                let labels: Vec<String> = wrong.iter().map(label).collect();
                (
                    format!("Still to answer: {}. The rest may stay as it is.", labels.join(", ")),
                    Tone::Call,
                )
            }
        }
    }

    /// Shows what may be chosen for the field that is chosen.
    fn list(&self, shared: &mut Shared) -> Vec<Effect> {
        match self.draft.fields.get(self.scroll.at) {
            Some(question) if has_list(question) => {
                vec![Effect::Show(Box::new(Pick::of(question, &self.draft)))]
            }
            _ => {
                shared.say = Some("There is nothing to choose from here: it is typed.".into());
                Vec::new()
            }
        }
    }

    /// The next or the one before of the choices of the field that is chosen.
    fn turn(&mut self, forward: bool) {
        let at = self.scroll.at;
        let Some(question) = self.draft.fields.get_mut(at) else {
            return;
        };
        let count = question.choices.len();
        if count == 0 {
            return;
        }
        let now = question.choices.iter().position(|choice| *choice == question.value);
        let next = match (now, forward) {
            (Some(now), true) => (now + 1) % count,
            (Some(now), false) => (now + count - 1) % count,
            (None, _) => 0,
        };
        question.value.clone_from(&question.choices[next]);
        self.fields[at] = Field::open(&question.value);
    }
}

/// Whether there is anything to choose from.
fn has_list(question: &Question) -> bool {
    !question.choices.is_empty() || question.look_up != LookUp::Nowhere
}

/// How an answer is chosen, where it need not be typed.
fn how_to_choose(question: &Question, arrows: &str) -> Option<String> {
    let few = !question.choices.is_empty() && question.choices.len() <= MANY;
    match (few, question.look_up) {
        (true, LookUp::Nowhere) => Some(format!("{arrows} choose: {}", question.choices.join(", "))),
        (_, LookUp::Nowhere) if question.choices.is_empty() => None,
        (_, LookUp::Nowhere) => Some(format!("F5 lists them; {arrows} go through them")),
        (_, LookUp::Once) => Some("F5 looks up what there is".into()),
        (_, LookUp::AsTyped) => Some("F5 searches while you type".into()),
    }
}

impl Page for Form {
    fn place(&self) -> Place {
        Place::Form
    }

    fn on(&mut self, shared: &mut Shared, event: &Event) -> Vec<Effect> {
        let count = self.draft.fields.len();
        match event {
            Event::Act(Action::Back) => return vec![Effect::Back],
            Event::Act(Action::Choose) => {
                if self.scroll.at + 1 < count {
                    self.scroll.at += 1;
                    return Vec::new();
                }
                return self.save(shared);
            }
            Event::Act(Action::Begin) => return self.save(shared),
            Event::Act(Action::List) => return self.list(shared),
            Event::Chosen(value) => {
                if let Some(field) = self.fields.get_mut(self.scroll.at) {
                    *field = Field::open(value);
                    self.take_over();
                }
            }
            Event::Act(Action::NextPart) => self.scroll.at = (self.scroll.at + 1) % count.max(1),
            Event::Act(Action::PartBefore) => self.scroll.at = (self.scroll.at + count.max(1) - 1) % count.max(1),
            Event::Key(key) => {
                let chooses = self
                    .draft
                    .fields
                    .get(self.scroll.at)
                    .is_some_and(|question| !question.choices.is_empty());
                match key.code {
                    KeyCode::Left if chooses => self.turn(false),
                    KeyCode::Right | KeyCode::Char(' ') if chooses => self.turn(true),
                    _ => {
                        if let Some(field) = self.fields.get_mut(self.scroll.at) {
                            field.key(key);
                            self.take_over();
                        }
                    }
                }
            }
            Event::Paste(text) => {
                if let Some(field) = self.fields.get_mut(self.scroll.at) {
                    field.paste(text);
                    self.take_over();
                }
            }
            _ => {
                self.scroll.on(event, count);
            }
        }
        Vec::new()
    }

    fn draw(&self, shared: &Shared, frame: &mut Frame<'_>, area: Rect) {
        let theme = &shared.theme;
        let columns = usize::from(area.width).saturating_sub(2);
        let top = Rect {
            x: area.x + 1,
            width: area.width.saturating_sub(2),
            height: 1,
            ..area
        };
        let (head, note) = ("A new federation", "nothing is written yet");
        let gap = columns.saturating_sub(width(head) + width(note)).max(1);
        frame.render_widget(
            Line::from(vec![
                Span::styled(head, theme.strong()),
                Span::raw(" ".repeat(gap)),
                Span::styled(note, theme.tone(Tone::Good)),
            ]),
            top,
        );
        let body = Rect {
            y: area.y + 1,
            height: area.height.saturating_sub(1),
            ..area
        };
        let preview = shared.host.preview(&self.draft);
        let wrong: &[Wrong] = preview.as_ref().err().map_or(&[], Vec::as_slice);
        let (said, tone) = self.standing(&preview);
        let [body, last] = Layout::vertical([Constraint::Min(0), Constraint::Length(1)]).areas(body);
        let said = cut(&theme.words(&said), columns, theme.ascii).into_owned();
        frame.render_widget(
            Line::styled(said, theme.tone(tone)),
            Rect {
                x: last.x + 1,
                width: last.width.saturating_sub(2),
                ..last
            },
        );
        let (left, right) = if area.width >= 100 {
            let [left, right] = Layout::horizontal([Constraint::Percentage(55), Constraint::Min(20)]).areas(body);
            (left, Some(right))
        } else {
            (body, None)
        };
        let room = usize::from(left.width).saturating_sub(2);
        let labels = self
            .draft
            .fields
            .iter()
            .map(|question| width(&question.label))
            .max()
            .unwrap_or(0)
            .min(room / 3);
        let height = usize::from(left.height).saturating_sub(4).max(1);
        let mut y = left.y;
        for at in self.scroll.window(height, self.draft.fields.len()) {
            if y >= left.bottom() {
                break;
            }
            let question = &self.draft.fields[at];
            let chosen = at == self.scroll.at;
            let trouble = wrong.iter().find(|wrong| wrong.key == question.key);
            let row = Rect {
                x: left.x + 1,
                y,
                width: left.width.saturating_sub(1),
                height: 1,
            };
            let mark = match (chosen, trouble.is_some()) {
                (true, _) => theme.either("▸ ", "> "),
                (false, true) => "! ",
                (false, false) => "  ",
            };
            let label = pad(&cut(&theme.words(&question.label), labels, theme.ascii), labels);
            frame.render_widget(
                Line::from(vec![
                    Span::styled(mark, theme.tone(if trouble.is_some() { Tone::Bad } else { Tone::Note })),
                    Span::styled(label, if chosen { theme.strong() } else { theme.text() }),
                ]),
                row,
            );
            shared.mark(row, Hit::Row(at));
            let used = u16::try_from(labels + 4).unwrap_or(0);
            let place = Rect {
                x: row.x + used,
                width: row.width.saturating_sub(used + 1),
                ..row
            };
            self.fields[at].draw(theme, chosen, frame, place);
            y += 1;
            if chosen {
                let mut notes: Vec<(String, Tone)> = Vec::new();
                notes.extend(how_to_choose(question, theme.either("← →", "Left, Right")).map(|how| (how, Tone::Quiet)));
                notes.push((question.hint.clone(), Tone::Quiet));
                if let Some(wrong) = trouble {
                    notes.push((wrong.why.clone(), Tone::Bad));
                }
                for (text, tone) in notes {
                    for line in wrap(&theme.words(&text), room.saturating_sub(6)) {
                        if y < left.bottom() {
                            let row = Rect {
                                x: left.x + 5,
                                y,
                                width: left.width.saturating_sub(5),
                                height: 1,
                            };
                            frame.render_widget(Line::styled(line, theme.tone(tone)), row);
                            y += 1;
                        }
                    }
                }
            }
        }
        let Some(right) = right else { return };
        let lines: Vec<String> = match &preview {
            Ok(text) => text.lines().map(str::to_owned).collect(),
            Err(wrong) => wrong
                .iter()
                .flat_map(|wrong| wrap(&theme.words(&wrong.why), usize::from(right.width).saturating_sub(2)))
                .collect(),
        };
        let style = if preview.is_ok() {
            theme.quiet()
        } else {
            theme.tone(Tone::Bad)
        };
        for (line, y) in lines.iter().zip(right.y..right.bottom()) {
            let row = Rect { y, height: 1, ..right };
            let text = cut(
                &theme.words(line),
                usize::from(right.width).saturating_sub(1),
                theme.ascii,
            )
            .into_owned();
            frame.render_widget(Line::styled(text, style), row);
        }
    }
}
