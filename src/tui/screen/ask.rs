//! A short question before something that is not undone by a key.
//!
//! ```text
//! ┌ ▸ Stop? ─────────────────────────────────────────┐
//! │ What is at work finishes its call.               │
//! │                                                  │
//! │ ▸ Stop, and stay here                            │
//! │   Stop, and leave                                │
//! │   Go on                                          │
//! └──────────────────────────────────────────────────┘
//! ```

use ratatui::{Frame, layout::Rect};

use crate::{
    engine::{driver::Order, graph::NodeId, guide},
    report::clean::clean,
    tui::{
        keys::{Action, Place},
        page::{Bring, Effect, Event, Page, Shared},
        widget::{
            field::Field,
            frame::{choices, question_over},
            line::row,
            scroll::Scroll,
        },
    },
};

/// A question, and what is done with the answer.
#[derive(Debug)]
pub struct Ask {
    title: &'static str,
    text: String,
    answer: Answer,
}

/// What is answered.
#[derive(Debug)]
enum Answer {
    /// One of the ways out of a run.
    Stop(Scroll),
    /// A word that has to be typed, as Enter alone is too easy.
    MyWord {
        node: NodeId,
        /// The question that is answered by it, with what a person brings along.
        with: Option<(u64, Vec<Bring>)>,
        field: Field,
    },
}

/// The word that takes the operator's word.
const UNPROVEN: &str = "unproven";

/// The ways out of a run, in the order of the list.
#[derive(Debug, Clone, Copy)]
enum Way {
    Stay,
    Leave,
    GoOn,
}

const WAYS: [(Way, &str); 3] = [
    (Way::Stay, "Stop, and stay here"),
    (Way::Leave, "Stop, and leave"),
    (Way::GoOn, "Go on"),
];

impl Way {
    fn effects(self) -> Vec<Effect> {
        match self {
            Self::Stay => vec![Effect::Back, Effect::Tell(Order::Stop)],
            Self::Leave => vec![Effect::Back, Effect::Quit],
            Self::GoOn => vec![Effect::Back],
        }
    }
}

impl Ask {
    /// Whether to stop what is running. The key says which answer lies nearest.
    pub fn to_stop(key: Action) -> Self {
        let nearest = match key {
            Action::Quit => Way::Leave,
            _ => Way::Stay,
        };
        let mut scroll = Scroll::default();
        scroll.at = nearest as usize;
        Self {
            title: "Stop?",
            text: "What is at work finishes its call, and nothing further begins. All that was done is in the journal: it goes \
                   on from there, here or at the next start."
                .into(),
            answer: Answer::Stop(scroll),
        }
    }

    /// Whether the operator's word is to stand for a proof; where a guide asks for values, with them.
    pub fn for_my_word(node: NodeId, with: Option<(u64, Vec<Bring>)>) -> Self {
        Self {
            title: "Take your word for it?",
            text: format!(
                "No proof of {} has come yet. If you know that it is done, type `{UNPROVEN}`. It is recorded and shown as \
                 unproven from then on.",
                clean(&node.to_string())
            ),
            answer: Answer::MyWord {
                node,
                with,
                field: Field::open(""),
            },
        }
    }

    /// The run has ended while the question stood.
    fn is_idle(shared: &Shared) -> bool {
        shared.open.as_ref().is_none_or(|open| open.running.is_none())
    }
}

impl Page for Ask {
    fn place(&self) -> Place {
        Place::Ask
    }

    fn lies_over(&self) -> bool {
        true
    }

    fn asks_to_stop(&self) -> bool {
        matches!(self.answer, Answer::Stop(_))
    }

    fn on(&mut self, shared: &mut Shared, event: &Event) -> Vec<Effect> {
        if *event == Event::Act(Action::Back) || *event == Event::Tick && Self::is_idle(shared) {
            return vec![Effect::Back];
        }
        match &mut self.answer {
            Answer::Stop(scroll) => {
                let again = matches!(event, Event::Row(row) if *row == scroll.at);
                if again || matches!(event, Event::Act(Action::Choose | Action::Stop | Action::Quit)) {
                    return WAYS[scroll.at.min(WAYS.len() - 1)].0.effects();
                }
                scroll.on(event, WAYS.len());
            }
            Answer::MyWord { node, with, field } => match event {
                Event::Act(Action::Choose) if field.text().trim() == UNPROVEN => {
                    let deed = match with.take() {
                        Some((id, brought)) => Effect::Answer(id, guide::Answer::vouched(), brought),
                        None => Effect::Tell(Order::TakeMyWord(node.clone())),
                    };
                    return vec![Effect::Back, deed];
                }
                Event::Act(Action::Choose) => shared.say = Some(format!("type `{UNPROVEN}` first")),
                Event::Key(key) => {
                    field.key(key);
                }
                Event::Paste(text) => {
                    field.paste(text);
                }
                _ => {}
            },
        }
        Vec::new()
    }

    fn draw(&self, shared: &Shared, frame: &mut Frame<'_>, area: Rect) {
        let theme = &shared.theme;
        let words = WAYS.map(|(_, word)| word);
        let answer = match self.answer {
            Answer::Stop(_) => words.len(),
            Answer::MyWord { .. } => 1,
        };
        let text = [self.text.clone()];
        let below = question_over(theme, self.title, &text, answer, frame, area);
        match &self.answer {
            Answer::MyWord { field, .. } => field.draw(theme, true, frame, row(below, below.y)),
            Answer::Stop(scroll) => choices(shared, &words, scroll, frame, below),
        }
    }
}
