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
        theme::Theme,
        widget::{
            field::Field,
            line::{self, columns, ends, most, put, row},
            scroll::Scroll,
        },
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
        let head = Line::styled("A new federation", theme.strong());
        let note = Line::styled("nothing is written yet", theme.tone(Tone::Good));
        put(theme, ends(theme, head, note, columns(area)), frame, row(area, area.y));
        let preview = shared.host.preview(&self.draft);
        let (said, tone) = self.standing(&preview);
        let [_, body, last] =
            Layout::vertical([Constraint::Length(1), Constraint::Min(0), Constraint::Length(1)]).areas(area);
        let said = Line::styled(theme.words(&said).into_owned(), theme.tone(tone));
        put(theme, said, frame, row(last, last.y));
        let (left, right) = match area.width {
            BESIDE.. => {
                let [left, right] = Layout::horizontal([Constraint::Percentage(55), Constraint::Min(20)]).areas(body);
                (left, Some(right))
            }
            // One below the other, where there is room for something of it.
            _ if preview.is_ok() => {
                let lines = u16::try_from(self.draft.fields.len() + NOTES).unwrap_or(u16::MAX);
                let [above, below] = Layout::vertical([Constraint::Max(lines), Constraint::Min(0)]).areas(body);
                if below.height > LEAST {
                    let head = line::rule(theme, columns(area));
                    put(theme, head, frame, row(below, below.y));
                    let below = Rect {
                        y: below.y + 1,
                        height: below.height - 1,
                        ..below
                    };
                    (above, Some(below))
                } else {
                    (body, None)
                }
            }
            _ => (body, None),
        };
        let wrong: &[Wrong] = preview.as_ref().err().map_or(&[], Vec::as_slice);
        self.draw_fields(shared, wrong, frame, left);
        if let Some(right) = right {
            draw_preview(theme, &preview, frame, right);
        }
    }
}

/// From this width on, the profile is shown beside the questions.
const BESIDE: u16 = 100;
/// Lines for what is said about the question that is chosen.
const NOTES: usize = 5;
/// A profile of no more lines than this is not worth beginning with.
const LEAST: u16 = 3;

impl Form {
    /// The questions; below the chosen one what it is about, and what is wrong with its answer.
    fn draw_fields(&self, shared: &Shared, wrong: &[Wrong], frame: &mut Frame<'_>, area: Rect) {
        let theme = &shared.theme;
        let room = columns(area);
        let labels = self
            .draft
            .fields
            .iter()
            .map(|question| width(&theme.words(&question.label)));
        let labels = labels.max().unwrap_or(0).min(room / 3);
        let notes = self.notes(theme, wrong, room.saturating_sub(4));
        // What is said about the chosen one has its place, as long as some questions are left around it.
        let rows = usize::from(area.height);
        let notes = most(
            theme,
            notes,
            (rows / 2).min(rows.saturating_sub(1)),
            room.saturating_sub(4),
            "",
        );
        let height = u16::try_from(rows - notes.len()).unwrap_or(0);
        let list = Rect { height, ..area };
        let mut down = 0;
        for (at, place) in self.scroll.rows(theme, self.draft.fields.len(), frame, list) {
            let place = Rect {
                y: place.y + down,
                ..place
            };
            let question = &self.draft.fields[at];
            let chosen = at == self.scroll.at;
            let trouble = wrong.iter().any(|wrong| wrong.key == question.key);
            let mark = match (chosen, trouble) {
                (false, true) => "! ",
                (chosen, _) => theme.pointer(chosen),
            };
            let label = pad(&cut(&theme.words(&question.label), labels, theme.ascii), labels);
            let line = Line::from(vec![
                Span::styled(mark, theme.tone(if trouble { Tone::Bad } else { Tone::Note })),
                Span::styled(label, if chosen { theme.strong() } else { theme.text() }),
            ]);
            put(theme, line, frame, place);
            shared.mark(place, Hit::Row(at));
            let used = u16::try_from(labels + 4).unwrap_or(u16::MAX).min(place.width);
            let answer = Rect {
                x: place.x + used,
                width: place.width - used,
                ..place
            };
            self.fields[at].draw(theme, chosen, frame, answer);
            if chosen {
                for note in &notes {
                    down += 1;
                    let below = Rect {
                        x: place.x + 4.min(place.width),
                        y: place.y + down,
                        width: place.width.saturating_sub(4),
                        ..place
                    };
                    put(theme, note.clone(), frame, below);
                }
            }
        }
    }

    /// What there is to say about the question that is chosen.
    fn notes(&self, theme: &Theme, wrong: &[Wrong], columns: usize) -> Vec<Line<'static>> {
        let Some(question) = self.draft.fields.get(self.scroll.at) else {
            return Vec::new();
        };
        let mut notes: Vec<(String, Tone)> = Vec::new();
        // What has no answer yet is not wrong: the last line says what is still to be answered.
        let wrong = wrong
            .iter()
            .find(|wrong| wrong.key == question.key && !question.value.is_empty());
        if let Some(wrong) = wrong {
            notes.push((wrong.why.clone(), Tone::Bad));
        }
        let how = how_to_choose(question, theme.either("← →", "Left, Right"));
        notes.extend(how.map(|how| (how, Tone::Quiet)));
        notes.push((question.hint.clone(), Tone::Quiet));
        let lines = notes.into_iter().flat_map(|(text, tone)| {
            let lines = wrap(&theme.words(&text), columns).into_iter();
            lines.map(move |line| Line::styled(line, theme.tone(tone)))
        });
        lines.collect()
    }
}

/// The profile as it would be written; or what is still wrong with it.
fn draw_preview(theme: &Theme, preview: &Result<String, Vec<Wrong>>, frame: &mut Frame<'_>, area: Rect) {
    let room = columns(area);
    let lines: Vec<Line<'static>> = match preview {
        Ok(text) => text
            .lines()
            .map(|line| Line::styled(theme.words(line).into_owned(), theme.quiet()))
            .collect(),
        Err(wrong) => wrong
            .iter()
            .flat_map(|wrong| wrap(&theme.words(&wrong.why), room))
            .map(|line| Line::styled(line, theme.tone(Tone::Bad)))
            .collect(),
    };
    for (line, y) in most(theme, lines, usize::from(area.height), room, "")
        .into_iter()
        .zip(area.y..)
    {
        put(theme, line, frame, row(area, y));
    }
}
