//! What is asked before something is done to provisioning: whether, which, or whom.
//!
//! ```text
//! ┌ ▸ Restart provisioning? ──────────────────────────────┐
//! │ The provisioning job forgets:                         │
//! │ escrows: what failed so far: all of it is tried again │
//! │                                                       │
//! │ ▸ Leave it as it is                                   │
//! │   Do it                                               │
//! └───────────────────────────────────────────────────────┘
//! ```

use ratatui::{Frame, layout::Rect};

use super::detail::Detail;
use crate::{
    report::job::{self, Change, RESTARTS},
    tui::{
        keys::{Action, Place},
        page::{Effect, Event, Page, Shared},
        upkeep::Deed,
        widget::{
            field::Field,
            frame::{choices, question_over},
            line::row,
            scroll::Scroll,
        },
    },
};

/// A question before something is done to provisioning.
#[derive(Debug)]
pub struct HealthAsk {
    target: String,
    asked: Asked,
}

#[derive(Debug)]
enum Asked {
    /// Which restart.
    Restart(Scroll),
    /// Whether to do this.
    Agree(Change, Scroll),
    /// Whom, or which words.
    Whom(Whom, Field),
}

/// What a name is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whom {
    OnDemand,
    Person,
    Filter,
}

/// The ways out; the first one changes nothing.
const WAYS: [&str; 2] = ["Leave it as it is", "Do it"];

impl HealthAsk {
    /// Which restart is meant.
    pub fn restart(target: String) -> Self {
        Self {
            target,
            asked: Asked::Restart(Scroll::default()),
        }
    }

    /// Whether to do this.
    pub fn agree(change: Change, target: String) -> Self {
        Self {
            target,
            asked: Asked::Agree(change, Scroll::default()),
        }
    }

    pub(super) fn whom(whom: Whom, target: String, first: &str) -> Self {
        Self {
            target,
            asked: Asked::Whom(whom, Field::open(first)),
        }
    }

    fn title(&self) -> &'static str {
        match &self.asked {
            Asked::Restart(_) => "Restart provisioning: what is it to forget?",
            Asked::Agree(Change::Start, _) => "Start provisioning?",
            Asked::Agree(Change::Pause, _) => "Pause provisioning?",
            Asked::Agree(Change::Restart(_), _) => "Restart provisioning?",
            Asked::Whom(Whom::OnDemand, _) => "Provision whom now?",
            Asked::Whom(Whom::Person, _) => "Whose time line?",
            Asked::Whom(Whom::Filter, _) => "Show only what has these words",
        }
    }

    fn text(&self) -> Vec<String> {
        match &self.asked {
            Asked::Restart(scroll) => restart(scroll.at).map_or_else(Vec::new, |change| change.consequences()),
            Asked::Agree(change, _) => change.consequences(),
            Asked::Whom(Whom::OnDemand, _) => vec![
                "A sign-in name, a group's name, or an object id; `user:` or `group:` before it says which. Entra provisions it to \
                 AWS at once, a group with its first five members, and tells each step. Enter does it, Esc changes nothing."
                    .into(),
            ],
            Asked::Whom(Whom::Person, _) => {
                vec!["A sign-in name or an object id. What Entra, provisioning and AWS wrote down in the last week is read.".into()]
            }
            Asked::Whom(Whom::Filter, _) => vec![
                "All of the words have to stand in an entry; `result=failure`, `name=`, `code=` and the like name the member. \
                 Nothing shows all."
                    .into(),
            ],
        }
    }
}

fn restart(at: usize) -> Option<Change> {
    let (_, names) = RESTARTS.get(at)?;
    Some(Change::Restart(
        names.iter().filter_map(|name| job::scope(name)).collect(),
    ))
}

impl Page for HealthAsk {
    fn place(&self) -> Place {
        Place::Ask
    }

    fn lies_over(&self) -> bool {
        true
    }

    fn on(&mut self, shared: &mut Shared, event: &Event) -> Vec<Effect> {
        if *event == Event::Act(Action::Back) {
            return vec![Effect::Back];
        }
        let again = |scroll: &Scroll| matches!(event, Event::Row(row) if *row == scroll.at);
        let take = *event == Event::Act(Action::Choose);
        match &mut self.asked {
            Asked::Restart(scroll) => {
                if take || again(scroll) {
                    let agree = restart(scroll.at).map(|change| Self::agree(change, self.target.clone()));
                    return agree
                        .map(|agree| Effect::Instead(Box::new(agree)))
                        .into_iter()
                        .collect();
                }
                scroll.on(event, RESTARTS.len());
            }
            Asked::Agree(change, scroll) => {
                if take || again(scroll) {
                    let deed = Effect::Upkeep(self.target.clone(), Deed::Change(change.clone()));
                    return match scroll.at {
                        0 => vec![Effect::Back],
                        _ => vec![Effect::Back, deed],
                    };
                }
                scroll.on(event, WAYS.len());
            }
            Asked::Whom(whom, field) => match event {
                Event::Act(Action::Choose) => {
                    let who = field.text().trim().to_owned();
                    let target = self.target.clone();
                    return match whom {
                        Whom::Filter => vec![Effect::Back, Effect::Chosen(who)],
                        _ if who.is_empty() => {
                            shared.say = Some("Type a name first, or Esc to leave it.".into());
                            Vec::new()
                        }
                        Whom::OnDemand => vec![
                            Effect::Upkeep(target, Deed::Provision(who.clone())),
                            Effect::Instead(Box::new(Detail::answers(&who))),
                        ],
                        Whom::Person => vec![
                            Effect::Upkeep(target, Deed::Person(who.clone())),
                            Effect::Instead(Box::new(Detail::person(&who))),
                        ],
                    };
                }
                Event::Key(key) => {
                    field.key(key);
                }
                Event::Paste(text) => field.paste(text),
                _ => {}
            },
        }
        Vec::new()
    }

    fn draw(&self, shared: &Shared, frame: &mut Frame<'_>, area: Rect) {
        let words: Vec<&str> = match &self.asked {
            Asked::Restart(_) => RESTARTS.iter().map(|(words, _)| *words).collect(),
            Asked::Agree(..) => WAYS.to_vec(),
            Asked::Whom(..) => vec![""],
        };
        let below = question_over(&shared.theme, self.title(), &self.text(), words.len(), frame, area);
        match &self.asked {
            Asked::Restart(scroll) | Asked::Agree(_, scroll) => choices(shared, &words, scroll, frame, below),
            Asked::Whom(_, field) => field.draw(&shared.theme, true, frame, row(below, below.y)),
        }
    }
}
