//! A short question before something that is not undone by a key.
//!
//! ```text
//! ┌ ▸ Stop? ─────────────────────────────────────────┐
//! │ What is at work finishes its call.               │
//! │ Enter  stop, then leave     Esc  go on           │
//! └──────────────────────────────────────────────────┘
//! ```

use ratatui::{Frame, layout::Rect, text::Line};

use crate::{
    engine::{driver::Order, graph::NodeId},
    report::clean::wrap,
    tui::{
        keys::{Action, Place},
        page::{Effect, Event, Page, Shared},
        widget::{field::Field, frame::over},
    },
};

/// A question, and what is done when the answer is yes.
#[derive(Debug)]
pub struct Ask {
    title: &'static str,
    text: String,
    yes: Yes,
    /// A word that has to be typed, where Enter alone is too easy.
    word: Option<(&'static str, Field)>,
}

#[derive(Debug, Clone)]
enum Yes {
    Stop,
    MyWord(NodeId),
}

impl Ask {
    /// Whether to stop what is running and leave.
    pub fn to_stop() -> Self {
        Self {
            title: "Stop and leave?",
            text: "What is at work finishes its call, and nothing further begins. All that was done is in the journal: the next \
                   start goes on from there."
                .into(),
            yes: Yes::Stop,
            word: None,
        }
    }

    /// Whether the operator's word is to stand for a proof.
    pub fn for_my_word(node: NodeId) -> Self {
        Self {
            title: "Take your word for it?",
            text: format!(
                "No proof of {node} has come yet. If you know that it is done, type `unproven`. It is recorded and shown as \
                 unproven from then on."
            ),
            yes: Yes::MyWord(node),
            word: Some(("unproven", Field::open(""))),
        }
    }

    fn is_typed(&self) -> bool {
        self.word
            .as_ref()
            .is_none_or(|(word, field)| field.text().trim() == *word)
    }
}

impl Page for Ask {
    fn place(&self) -> Place {
        Place::Ask
    }

    fn lies_over(&self) -> bool {
        true
    }

    fn on(&mut self, shared: &mut Shared, event: &Event) -> Vec<Effect> {
        match event {
            Event::Act(Action::Back) => vec![Effect::Back],
            Event::Act(Action::Choose) if self.is_typed() => match &self.yes {
                Yes::Stop => vec![Effect::Back, Effect::Quit],
                Yes::MyWord(node) => vec![Effect::Back, Effect::Tell(Order::TakeMyWord(node.clone()))],
            },
            Event::Act(Action::Choose) => {
                shared.say = self.word.as_ref().map(|(word, _)| format!("type `{word}` first"));
                Vec::new()
            }
            Event::Key(key) => {
                if let Some((_, field)) = &mut self.word {
                    field.key(key);
                }
                Vec::new()
            }
            Event::Paste(text) => {
                if let Some((_, field)) = &mut self.word {
                    field.paste(text);
                }
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn draw(&self, shared: &Shared, frame: &mut Frame<'_>, area: Rect) {
        let columns = area.width.saturating_sub(4).min(66);
        let lines = wrap(&self.text, usize::from(columns).saturating_sub(4));
        let height = u16::try_from(lines.len() + 4).unwrap_or(u16::MAX);
        let inner = over(&shared.theme, self.title, (columns, height), frame, area);
        let row = |y: u16| Rect {
            x: inner.x + 1,
            y,
            width: inner.width.saturating_sub(2),
            height: 1,
        };
        let mut y = inner.y;
        for line in lines {
            if y < inner.bottom() {
                frame.render_widget(Line::raw(line), row(y));
            }
            y += 1;
        }
        y = (y + 1).min(inner.bottom().saturating_sub(1));
        match &self.word {
            Some((_, field)) => field.draw(&shared.theme, true, frame, row(y)),
            None => frame.render_widget(
                Line::styled("Enter  yes      Esc  no, go on", shared.theme.accent()),
                row(y),
            ),
        }
    }
}
