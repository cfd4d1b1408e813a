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

mod picture;

use std::{
    cell::Cell,
    path::{Path, PathBuf},
};

use ratatui::{Frame, layout::Rect};
use secrecy::SecretString;

use crate::{
    engine::guide::{Answer, Entry, Guide},
    report::{clean::clean, words::State},
    tui::{
        keys::{Action, Place},
        page::{Bring, Effect, Event, Open, Page, Shared},
        screen::{ask::Ask, files::Files},
        widget::{field::Field, scroll::Scroll},
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
    /// The chosen line was not in view when it was last drawn.
    hidden: Cell<bool>,
    /// How many lines there were.
    lines: Cell<usize>,
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

/// The folder of the file whose path is typed.
fn folder_of(path: &str) -> Option<PathBuf> {
    let folder = Path::new(path.trim()).parent()?;
    (!folder.as_os_str().is_empty()).then(|| folder.to_path_buf())
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
            by_hand: true,
            hidden: Cell::new(false),
            lines: Cell::new(0),
        }
    }

    /// Brings the chosen field into view. Says whether it was out of it.
    fn show_chosen(&mut self) -> bool {
        let hidden = !self.fields.is_empty() && self.by_hand && self.hidden.get();
        if hidden {
            self.by_hand = false;
        }
        hidden
    }

    /// For the step that has asked first, if any asks.
    pub fn of_first(open: &Open) -> Option<Self> {
        open.questions.first().map(|question| Self::of(question.node))
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
        // What comes of it is read first, from the top.
        self.scroll = Scroll::default();
        self.by_hand = true;
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
    fn submit(&mut self, shared: &mut Shared) -> Vec<Effect> {
        let Some(id) = self.question else {
            shared.say = Some("Nothing is asked at the moment.".into());
            return Vec::new();
        };
        let brought = self.brought(shared);
        brought
            .map(|brought| Effect::Answer(id, Answer::done(), brought))
            .into_iter()
            .collect()
    }

    /// Asks for the typed word that takes the place of the proof. What a guide wants to know has to be there all the same.
    fn vouch(&mut self, shared: &mut Shared) -> Vec<Effect> {
        let mut with = None;
        if let Some(id) = self.question.filter(|_| !self.fields.is_empty()) {
            match self.brought(shared) {
                Some(brought) => with = Some((id, brought)),
                None => return Vec::new(),
            }
        }
        let Some(open) = &shared.open else {
            return vec![Effect::Back];
        };
        let node = open.view.node(self.node).id.clone();
        vec![Effect::Show(Box::new(Ask::for_my_word(node, with)))]
    }

    /// What was typed, if nothing is missing; else the missing field is chosen.
    fn brought(&mut self, shared: &mut Shared) -> Option<Vec<Bring>> {
        let values = shared.open.as_ref().map_or(0, |open| self.values(open));
        if let Some(missing) = self
            .fields
            .iter()
            .position(|typed| !typed.optional && typed.field.is_empty() && typed.pasted.is_none())
        {
            self.at = values + missing;
            shared.say = Some(format!("{} is missing", self.fields[missing].label));
            return None;
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
                    entry: match &typed.pasted {
                        Some(_) => Entry::Line,
                        None => typed.entry,
                    },
                });
            }
        }
        Some(brought)
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
                    return match Self::of_first(open) {
                        Some(next) => vec![Effect::Instead(Box::new(next))],
                        None => vec![Effect::Back],
                    };
                }
                Vec::new()
            }
            Event::Act(Action::Back) => vec![Effect::Back],
            Event::Act(Action::Choose | Action::NextPart | Action::Down) if self.show_chosen() => Vec::new(),
            Event::Act(Action::Choose) => {
                if self.at + 1 < all && self.at >= values {
                    self.at += 1;
                    self.by_hand = false;
                    return Vec::new();
                }
                self.submit(shared)
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
            Event::Act(Action::MyWord) => self.vouch(shared),
            Event::Act(Action::Click) => match (self.question, open.federation.console()) {
                (Some(id), Some(_)) => vec![Effect::Click(id)],
                (None, _) => Vec::new(),
                (_, None) => {
                    shared.say = Some("Only the demo has a simulated console: these clicks are yours.".into());
                    Vec::new()
                }
            },
            Event::Act(Action::List) => {
                let is_file = |typed: &Typed| typed.entry == Entry::File;
                let chosen = self.typed(open).is_some_and(|typed| is_file(typed));
                let first = self.fields.iter().position(is_file);
                match first {
                    Some(first) if !chosen => self.at = values + first,
                    Some(_) => {}
                    None => {
                        shared.say = Some("No file is asked for here.".into());
                        return Vec::new();
                    }
                }
                self.by_hand = false;
                let folder = self.typed(open).and_then(|typed| folder_of(typed.field.text()));
                Files::open(folder)
            }
            Event::Chosen(path) => {
                if let Some(typed) = self.typed(open) {
                    typed.pasted = None;
                    typed.field = Field::open(path);
                    self.by_hand = false;
                }
                Vec::new()
            }
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
                    self.by_hand = false;
                }
                Vec::new()
            }
            _ => {
                self.by_hand = self.scroll.on_text(event, self.lines.get()) || self.by_hand;
                Vec::new()
            }
        }
    }

    fn draw(&self, shared: &Shared, frame: &mut Frame<'_>, area: Rect) {
        if let Some(open) = &shared.open {
            self.picture(shared, open, frame, area);
        }
    }
}
