//! A list that is narrowed by typing: the commands of a screen, or the steps of a walk.
//!
//! ```text
//! ┌ ▸ Find a step ───────────────────────────┐
//! │ token▏                                   │
//! │ ▸ ○ scim.token   Enable automatic prov…  │
//! └──────────────────────────────────────────┘
//! ```

use ratatui::{Frame, layout::Rect};

use crate::{
    report::words::Tone,
    tui::{
        keys::{self, Action, Place},
        page::{Effect, Event, Page, Shared},
        widget::{
            line::{columns, row},
            name::in_words,
            search::{Entry, Search},
        },
    },
};

/// A list that is narrowed by typing.
#[derive(Debug)]
pub struct Finder {
    title: &'static str,
    source: Source,
    search: Search,
}

#[derive(Debug, Clone, Copy)]
enum Source {
    Commands(Place),
    Steps,
}

#[derive(Debug, Clone, Copy)]
enum Means {
    Act(Action),
    Node(usize),
}

/// The commands of a screen.
pub fn commands(place: Place) -> Finder {
    Finder {
        title: "Commands",
        source: Source::Commands(place),
        search: Search::at(0),
    }
}

/// The steps of the walk.
pub fn steps() -> Finder {
    Finder {
        title: "Find a step",
        source: Source::Steps,
        search: Search::at(0),
    }
}

impl Finder {
    /// What there is to choose, with what each line means.
    fn rows(&self, shared: &Shared) -> Vec<(Means, Entry)> {
        match self.source {
            Source::Commands(place) => {
                let mut rows: Vec<(Means, Entry)> = Vec::new();
                for key in keys::keys(place) {
                    let known = rows
                        .iter()
                        .any(|(means, _)| matches!(means, Means::Act(action) if *action == key.action));
                    if !known && self.search.finds(&format!("{} {}", key.word, key.says)) {
                        let entry = Entry {
                            mark: Some((" ", Tone::Quiet)),
                            name: format!("{} ({})", key.word, key.name(shared.theme.ascii)),
                            about: key.says.to_owned(),
                        };
                        rows.push((Means::Act(key.action), entry));
                    }
                }
                rows
            }
            Source::Steps => {
                let Some(open) = &shared.open else {
                    return Vec::new();
                };
                let view = &open.view;
                let found = view.nodes().iter().enumerate().filter_map(|(at, node)| {
                    let title = view.about(at).map_or("", |about| about.title);
                    let look = node.state.look();
                    let found = self.search.finds(&format!("{} {title} {}", node.label, look.word));
                    found.then(|| {
                        let entry = Entry {
                            mark: Some((shared.theme.glyph(look), look.tone)),
                            name: in_words(view, at),
                            about: node.label.to_string(),
                        };
                        (Means::Node(at), entry)
                    })
                });
                found.collect()
            }
        }
    }
}

impl Page for Finder {
    fn place(&self) -> Place {
        Place::Finder
    }

    fn lies_over(&self) -> bool {
        true
    }

    fn on(&mut self, shared: &mut Shared, event: &Event) -> Vec<Effect> {
        if *event == Event::Act(Action::Back) {
            return vec![Effect::Back];
        }
        let rows = self.rows(shared);
        if self.search.on(event, rows.len()) {
            return match rows.get(self.search.chosen()) {
                Some((Means::Node(node), _)) => {
                    if let Some(open) = &mut shared.open {
                        open.focus = *node;
                    }
                    vec![Effect::Back]
                }
                Some((Means::Act(action), _)) => vec![Effect::Back, Effect::Act(*action)],
                None => Vec::new(),
            };
        }
        Vec::new()
    }

    fn draw(&self, shared: &Shared, frame: &mut Frame<'_>, area: Rect) {
        let theme = &shared.theme;
        let inner = Search::frame(theme, self.title, frame, area);
        self.search.draw_field(theme, frame, row(inner, inner.y));
        let list = Rect {
            y: inner.y + 1,
            height: inner.height.saturating_sub(1),
            ..inner
        };
        let entries: Vec<Entry> = self.rows(shared).into_iter().map(|(_, entry)| entry).collect();
        if entries.is_empty() {
            Search::draw_nothing(theme, "Nothing has these words.", frame, list);
        }
        // The pointer, the mark, and blanks between name and text.
        let most = columns(inner).saturating_sub(6) * 2 / 3;
        self.search.draw_list(shared, &entries, most, frame, list);
    }
}
