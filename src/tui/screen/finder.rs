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
    report::{
        view::Side,
        words::{State, Tone},
    },
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
    /// The rows and columns of the table of this number.
    Grid(usize),
}

#[derive(Debug, Clone, Copy)]
enum Means {
    Act(Action),
    Node(usize),
    Row(usize),
    Column(usize),
}

/// What a row or a column that was found is told by, before its number.
pub(super) const ROW: &str = "row";
pub(super) const COLUMN: &str = "column";

/// The commands of a screen.
pub fn commands(place: Place) -> Finder {
    Finder {
        title: "Commands",
        source: Source::Commands(place),
        search: Search::at(0),
    }
}

/// The rows and columns of a table.
pub(super) fn grid(number: usize) -> Finder {
    Finder {
        title: "Find",
        source: Source::Grid(number),
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
            Source::Grid(number) => {
                let grids = shared.open.as_ref().map(|open| open.view.grids());
                let Some(grid) = grids.and_then(|grids| grids.get(number)) else {
                    return Vec::new();
                };
                let entry = |side: &Side, what: &str| {
                    let look = side.tally.worst().unwrap_or(State::Open).look();
                    let name = side.full();
                    self.search
                        .finds(&format!("{name} {what} {}", look.word))
                        .then(|| Entry {
                            mark: Some((shared.theme.glyph(look), look.tone)),
                            name,
                            about: format!("{what}, {}", look.word),
                        })
                };
                let rows = grid.rows.iter().enumerate();
                let rows = rows.filter_map(|(at, side)| Some((Means::Row(at), entry(side, grid.grid.row)?)));
                let columns = grid.columns.iter().enumerate();
                let columns =
                    columns.filter_map(|(at, side)| Some((Means::Column(at), entry(side, grid.grid.column)?)));
                rows.chain(columns).collect()
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
                Some((Means::Row(at), _)) => vec![Effect::Back, Effect::Chosen(format!("{ROW} {at}"))],
                Some((Means::Column(at), _)) => vec![Effect::Back, Effect::Chosen(format!("{COLUMN} {at}"))],
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
