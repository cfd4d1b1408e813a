//! What a person is asked to do where no API exists, and the proof that is then awaited.
//!
//! ```text
//!  ◆ Make Entra the identity source of IAM Identity Center        human
//!  The moment you confirm, everybody signs in to AWS through Entra. …
//!  Way back: Settings > Identity source > …
//!
//!    1  Go back to the page Configure external identity provider …
//!    2  Under Identity provider metadata choose Choose file …
//!
//!    IdP metadata file   /home/…/entra-metadata.xml             F4 copy
//!  ▸ SCIM endpoint       https://scim.us-east-1.amazonaws.com/…
//!    Access token        •••••• 84 characters, checksum 5ac31e02
//!
//!  Proof   CloudTrail shows EnableExternalIdPConfigurationForDirectory
//! ```

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};
use secrecy::SecretString;

use crate::{
    engine::guide::{Answer, Entry, Guide},
    report::{
        clean::{clean, cut, pad, width, wrap},
        words::{State, Tone},
    },
    tui::{
        keys::{Action, Place},
        page::{Bring, Effect, Event, Hit, Open, Page, Shared},
        screen::ask::Ask,
        theme::Theme,
        widget::{field::Field, scroll::Scroll, wait::wait_lines},
    },
};

/// What a person is asked to do.
#[derive(Debug)]
pub struct GuideScreen {
    node: usize,
    /// The question that the fields belong to.
    question: Option<u64>,
    fields: Vec<Typed>,
    /// The chosen value or field: values first.
    at: usize,
    scroll: Scroll,
    /// Scrolled by hand: the chosen line need not be in view.
    by_hand: bool,
}

/// What is typed for one field.
#[derive(Debug)]
struct Typed {
    key: String,
    label: String,
    hint: String,
    entry: Entry,
    optional: bool,
    field: Field,
    /// The text of a file, pasted instead of its path.
    pasted: Option<String>,
}

/// A line of the page, and what can be chosen in it.
struct Row {
    line: Line<'static>,
    choice: Option<usize>,
}

/// A label, and a text beside it.
fn labelled(theme: &Theme, label: &str, text: &str, columns: usize) -> Vec<Line<'static>> {
    let lines = wrap(&theme.words(text), columns.saturating_sub(8).max(10));
    let lines = lines.into_iter().enumerate().map(|(at, line)| {
        Line::from(vec![
            Span::styled(format!("{:<8}", if at == 0 { label } else { "" }), theme.quiet()),
            Span::raw(line),
        ])
    });
    lines.collect()
}

impl GuideScreen {
    /// For this node.
    pub fn of(node: usize) -> Self {
        Self {
            node,
            question: None,
            fields: Vec::new(),
            at: 0,
            scroll: Scroll::default(),
            by_hand: false,
        }
    }

    fn follow(&mut self, open: &Open) {
        let question = open.question_of(self.node);
        if self.question == question.map(|question| question.id) {
            return;
        }
        self.question = question.map(|question| question.id);
        self.fields = question.map_or_else(Vec::new, |question| {
            let fields = question.guide.fields.iter().map(|field| Typed {
                key: field.key.clone(),
                label: clean(&field.label).into_owned(),
                hint: clean(&field.hint).into_owned(),
                entry: field.entry,
                optional: field.optional,
                field: if field.entry == Entry::Secret {
                    Field::hidden()
                } else {
                    Field::open("")
                },
                pasted: None,
            });
            fields.collect()
        });
        // The first thing to bring back, or the first value to take along.
        self.at = if self.fields.is_empty() {
            0
        } else {
            question.map_or(0, |question| question.guide.values.len())
        };
        self.scroll = Scroll::default();
        self.by_hand = false;
    }

    fn guide<'o>(&self, open: &'o Open) -> Option<&'o Guide> {
        open.question_of(self.node)
            .map(|question| &question.guide)
            .or_else(|| open.view.node(self.node).guide())
    }

    fn values(&self, open: &Open) -> usize {
        self.guide(open).map_or(0, |guide| guide.values.len())
    }

    fn typed(&mut self, open: &Open) -> Option<&mut Typed> {
        let values = self.values(open);
        self.at.checked_sub(values).and_then(|at| self.fields.get_mut(at))
    }

    /// Sends what was typed, or goes to what is missing.
    fn submit(&mut self, shared: &mut Shared, unproven: bool) -> Vec<Effect> {
        let Some(open) = &shared.open else {
            return vec![Effect::Back];
        };
        let Some(id) = self.question else {
            shared.say = Some("Nothing is asked at the moment.".into());
            return Vec::new();
        };
        let values = self.values(open);
        if let Some(missing) = self
            .fields
            .iter()
            .position(|typed| !typed.optional && typed.field.is_empty() && typed.pasted.is_none())
        {
            self.at = values + missing;
            shared.say = Some(format!("{} is missing", self.fields[missing].label));
            return Vec::new();
        }
        let mut brought = Vec::new();
        for typed in &self.fields {
            let value: Option<SecretString> = match &typed.pasted {
                Some(text) => Some(text.as_str().into()),
                None if typed.field.is_empty() => None,
                None => Some(typed.field.secret()),
            };
            if let Some(value) = value {
                brought.push(Bring {
                    key: typed.key.clone(),
                    value,
                    is_path: typed.entry == Entry::File && typed.pasted.is_none(),
                    is_secret: typed.entry == Entry::Secret,
                });
            }
        }
        let mut answer = Answer::done();
        answer.unproven = unproven;
        vec![Effect::Answer(id, answer, brought)]
    }

    fn rows(&self, shared: &Shared, open: &Open, columns: usize) -> Vec<Row> {
        let theme = &shared.theme;
        let node = open.view.node(self.node);
        let mut rows: Vec<Row> = Vec::new();
        let mut put = |line: Line<'static>, choice: Option<usize>| rows.push(Row { line, choice });
        let Some(guide) = self.guide(open) else {
            put(Line::styled("Nothing is asked at the moment.", theme.quiet()), None);
            return rows;
        };
        if self.question.is_none() && (node.state.is_running() || node.state == State::Waiting) {
            // It is answered: what matters now is the proof.
            put(
                Line::styled(
                    "Thank you. fedwiz looks for the proof itself; there is nothing to do but wait.",
                    theme.tone(Tone::Good),
                ),
                None,
            );
            let proof = open.view.about(self.node).map_or("", |about| about.proof);
            for line in labelled(theme, "Proof", proof, columns) {
                put(line, None);
            }
            let waits = wait_lines(theme, node, shared.now, columns);
            if waits.is_empty() {
                for line in labelled(theme, "Now", node.state.word(), columns) {
                    put(line, None);
                }
            }
            for line in waits {
                put(line, None);
            }
            for line in labelled(
                theme,
                "Keys",
                "Esc leaves this page, the search goes on. F6: your word instead.",
                columns,
            ) {
                put(line, None);
            }
            put(Line::raw(""), None);
            put(Line::styled("What was to do", theme.strong()), None);
        }
        for (text, label, style) in [
            (&guide.consequences, "", theme.text()),
            (&guide.way_back, "Way back: ", theme.quiet()),
        ] {
            if !text.is_empty() {
                for line in wrap(&format!("{label}{}", theme.words(text)), columns) {
                    put(Line::styled(line, style), None);
                }
            }
        }
        put(Line::raw(""), None);
        for (number, say) in guide.say.iter().enumerate() {
            for (at, line) in wrap(&theme.words(say), columns.saturating_sub(5).max(10))
                .into_iter()
                .enumerate()
            {
                let mark = if at == 0 {
                    format!("{:>3}  ", number + 1)
                } else {
                    "     ".into()
                };
                put(
                    Line::from(vec![Span::styled(mark, theme.accent()), Span::raw(line)]),
                    None,
                );
            }
        }
        if let Some(link) = &guide.link {
            put(Line::raw(""), None);
            let text = cut(&theme.words(link), columns.saturating_sub(14), theme.ascii).into_owned();
            put(
                Line::from(vec![
                    Span::styled("     F3 opens ", theme.quiet()),
                    Span::styled(text, theme.accent()),
                ]),
                None,
            );
        }
        let labels = guide
            .values
            .iter()
            .map(|(label, _)| width(label))
            .chain(self.fields.iter().map(|typed| width(&typed.label)))
            .max()
            .unwrap_or(0)
            .min(columns / 3);
        if !guide.values.is_empty() {
            put(Line::raw(""), None);
        }
        for (at, (label, value)) in guide.values.iter().enumerate() {
            let chosen = at == self.at;
            let label = pad(&cut(&theme.words(label), labels, theme.ascii), labels);
            let room = columns.saturating_sub(labels + 18);
            put(
                Line::from(vec![
                    Span::raw(if chosen { theme.either("  ▸ ", "  > ") } else { "    " }),
                    Span::styled(format!("{label}  "), theme.quiet()),
                    Span::styled(
                        cut(&theme.words(value), room, theme.ascii).into_owned(),
                        if chosen { theme.focus() } else { theme.accent() },
                    ),
                    Span::styled(if chosen { "  F4 copies" } else { "" }, theme.quiet()),
                ]),
                Some(at),
            );
        }
        if !self.fields.is_empty() {
            put(Line::raw(""), None);
        }
        for (at, typed) in self.fields.iter().enumerate() {
            let at = guide.values.len() + at;
            let chosen = at == self.at;
            let label = pad(&cut(&theme.words(&typed.label), labels, theme.ascii), labels);
            let mark = if chosen { theme.either("  ▸ ", "  > ") } else { "    " };
            // The field itself is drawn over the blanks.
            put(
                Line::from(vec![Span::raw(mark), Span::styled(label, theme.strong())]),
                Some(at),
            );
            if chosen {
                let mut hint = typed.hint.clone();
                if typed.entry == Entry::File {
                    hint.push_str(if hint.is_empty() { "" } else { "; " });
                    hint.push_str("the file's path, or paste its text");
                }
                if typed.optional {
                    hint.push_str(" (may be left out)");
                }
                for line in wrap(&theme.words(&hint), columns.saturating_sub(labels + 6).max(10)) {
                    put(
                        Line::styled(format!("{}{line}", " ".repeat(labels + 6)), theme.quiet()),
                        None,
                    );
                }
            }
        }
        if self.question.is_some() {
            put(Line::raw(""), None);
            let proof = open.view.about(self.node).map_or("", |about| about.proof);
            let done = match (self.fields.is_empty(), open.federation.console().is_some()) {
                (_, true) => "Press F2 and the simulated console does it, or Enter when you have done it.",
                (true, false) => "Press Enter when you have done it. The proof is then looked for.",
                (false, false) => "Enter goes from field to field; on the last one it sends the answers.",
            };
            for line in labelled(theme, "Then", done, columns) {
                put(line, None);
            }
            for line in labelled(theme, "Proof", proof, columns) {
                put(line, None);
            }
        }
        rows
    }

    /// Where the fields are drawn: behind their labels.
    fn field_area(&self, open: &Open, columns: usize, row: Rect) -> Rect {
        let labels = self
            .guide(open)
            .into_iter()
            .flat_map(|guide| guide.values.iter().map(|(label, _)| width(label)))
            .chain(self.fields.iter().map(|typed| width(&typed.label)))
            .max()
            .unwrap_or(0)
            .min(columns / 3);
        let used = u16::try_from(labels + 6).unwrap_or(0);
        Rect {
            x: row.x + used,
            width: row.width.saturating_sub(used),
            ..row
        }
    }
}

impl Page for GuideScreen {
    fn place(&self) -> Place {
        Place::Guide
    }

    fn on(&mut self, shared: &mut Shared, event: &Event) -> Vec<Effect> {
        let Some(open) = &shared.open else {
            return vec![Effect::Back];
        };
        self.follow(open);
        let (values, all) = (self.values(open), self.values(open) + self.fields.len());
        match event {
            Event::Tick => {
                let state = open.view.node(self.node).state;
                let over =
                    state.stands() || state.is_gone() || matches!(state, State::Failed | State::Skipped | State::Kept);
                // The next question, if there is one, else back to the walk.
                if self.question.is_none() && (over || open.running.is_none()) {
                    return match open.questions.first() {
                        Some(next) => vec![Effect::Instead(Box::new(Self::of(next.node)))],
                        None => vec![Effect::Back],
                    };
                }
                Vec::new()
            }
            Event::Act(Action::Back) => vec![Effect::Back],
            Event::Act(Action::Choose) => {
                if self.at + 1 < all && self.at >= values {
                    self.at += 1;
                    self.by_hand = false;
                    return Vec::new();
                }
                self.submit(shared, false)
            }
            Event::Act(Action::NextPart | Action::Down) if all > 0 => {
                self.at = (self.at + 1) % all;
                self.by_hand = false;
                Vec::new()
            }
            Event::Act(Action::PartBefore | Action::Up) if all > 0 => {
                self.at = (self.at + all - 1) % all;
                self.by_hand = false;
                Vec::new()
            }
            Event::Row(row) => {
                self.at = *row;
                self.by_hand = false;
                Vec::new()
            }
            Event::Act(Action::Open) => match self.guide(open).and_then(|guide| guide.link.clone()) {
                Some(link) => vec![Effect::Browse(link)],
                None => Vec::new(),
            },
            Event::Act(Action::Copy) => match self.guide(open).and_then(|guide| guide.values.get(self.at)) {
                Some((label, value)) => vec![Effect::Copy(label.clone(), value.clone())],
                None => {
                    shared.say = Some("Choose a value first: Tab goes through them.".into());
                    Vec::new()
                }
            },
            Event::Act(Action::MyWord) => {
                if self.question.is_some() {
                    return self.submit(shared, true);
                }
                let node = open.view.node(self.node).id.clone();
                vec![Effect::Show(Box::new(Ask::for_my_word(node)))]
            }
            Event::Act(Action::Click) => match (self.question, open.federation.console()) {
                (Some(id), Some(_)) => vec![Effect::Click(id)],
                (None, _) => Vec::new(),
                (_, None) => {
                    shared.say = Some("Only the demo has a simulated console: these clicks are yours.".into());
                    Vec::new()
                }
            },
            Event::Key(key) => {
                if let Some(typed) = self.typed(open) {
                    typed.pasted = None;
                    typed.field.key(key);
                    self.by_hand = false;
                }
                Vec::new()
            }
            Event::Paste(text) => {
                if let Some(typed) = self.typed(open) {
                    if typed.entry == Entry::File && text.contains('<') {
                        typed.pasted = Some(text.clone());
                    } else {
                        typed.field.paste(text);
                    }
                }
                Vec::new()
            }
            _ => {
                self.by_hand = self.scroll.on(event, 1000) || self.by_hand;
                Vec::new()
            }
        }
    }

    fn draw(&self, shared: &Shared, frame: &mut Frame<'_>, area: Rect) {
        let Some(open) = &shared.open else { return };
        let theme: &Theme = &shared.theme;
        let columns = usize::from(area.width).saturating_sub(2);
        let row = |y: u16| Rect {
            x: area.x + 1,
            y,
            width: area.width.saturating_sub(2),
            height: 1,
        };
        let node = open.view.node(self.node);
        let title = self.guide(open).map_or_else(
            || node.label.to_string(),
            |guide| theme.words(&guide.title).into_owned(),
        );
        let look = node.state.look();
        let clicking = open.question_of(self.node).is_some_and(|question| question.clicking);
        let right = if clicking {
            "the simulated console clicks"
        } else {
            look.word
        };
        let room = columns.saturating_sub(width(right) + 4);
        let title = cut(&title, room, theme.ascii).into_owned();
        let gap = columns.saturating_sub(width(&title) + width(right) + 2);
        frame.render_widget(
            Line::from(vec![
                Span::styled(format!("{} ", theme.glyph(look)), theme.tone(look.tone)),
                Span::styled(title, theme.strong()),
                Span::raw(" ".repeat(gap)),
                Span::styled(right, theme.tone(if clicking { Tone::Busy } else { look.tone })),
            ]),
            row(area.y),
        );
        let rows = self.rows(shared, open, columns);
        let height = usize::from(area.height).saturating_sub(1);
        let chosen = rows.iter().position(|row| row.choice == Some(self.at));
        let mut scroll = self.scroll.clone();
        if !self.by_hand {
            // What is above the chosen line is read first, if all of it fits.
            scroll.at = if rows.len() <= height || self.question.is_none() {
                0
            } else {
                chosen.map_or(0, |at| at + 2)
            };
        }
        for (at, y) in scroll.window(height, rows.len()).zip(area.y + 1..) {
            let place = row(y);
            frame.render_widget(&rows[at].line, place);
            if let Some(choice) = rows[at].choice {
                shared.mark(place, Hit::Row(choice));
                let values = self.guide(open).map_or(0, |guide| guide.values.len());
                if let Some(typed) = choice.checked_sub(values).and_then(|at| self.fields.get(at)) {
                    let place = self.field_area(open, columns, place);
                    match &typed.pasted {
                        Some(text) => {
                            let text = format!("pasted: {} characters", text.chars().count());
                            frame.render_widget(Line::styled(text, theme.accent()), place);
                        }
                        None => typed.field.draw(theme, choice == self.at, frame, place),
                    }
                }
            }
        }
    }
}
