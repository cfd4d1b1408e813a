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
        view::{Tally, View},
        words::{State, Tone},
    },
    tui::{
        keys::{self, Action, Place},
        page::{Effect, Event, Page, Shared},
        widget::{
            line::{columns, row},
            name::in_room,
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
    /// The rows, columns and entries of the table of this number.
    Grid(usize),
}

#[derive(Debug, Clone, Copy)]
enum Means {
    Act(Action),
    Node(usize),
    Row(usize),
    Column(usize),
    Entry(usize),
}

/// What that was found in a table is told by, before its number.
pub(super) const ROW: &str = "row";
pub(super) const COLUMN: &str = "column";
pub(super) const ENTRY: &str = "entry";

/// The commands of a screen.
pub fn commands(place: Place) -> Finder {
    Finder {
        title: "Commands",
        source: Source::Commands(place),
        search: Search::at(0),
    }
}

/// The rows, columns and entries of a table.
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
    /// What there is to choose, with what each line means. Names take so many columns at most.
    fn rows(&self, shared: &Shared, most: usize) -> Vec<(Means, Entry)> {
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
                    let found =
                        self.search
                            .finds(&format!("{} {title} {} {}", node.label, look.word, row_of(view, at)));
                    found.then(|| {
                        let entry = Entry {
                            mark: Some((shared.theme.glyph(look), look.tone)),
                            name: in_room(&shared.theme, view, at, most),
                            about: node.label.to_string(),
                        };
                        (Means::Node(at), entry)
                    })
                });
                found.collect()
            }
            Source::Grid(number) => {
                let view = shared.open.as_ref().map(|open| &open.view);
                let Some((view, grid)) = view.and_then(|view| Some((view, view.grids().get(number)?))) else {
                    return Vec::new();
                };
                let entry = |name: String, tally: &Tally, what: &str| {
                    let look = tally.worst().unwrap_or(State::Open).look();
                    self.search
                        .finds(&format!("{name} {what} {}", look.word))
                        .then(|| Entry {
                            mark: Some((shared.theme.glyph(look), look.tone)),
                            name,
                            about: format!("{what}, {}", look.word),
                        })
                };
                let rows = grid.rows.iter().enumerate();
                let rows = rows
                    .filter_map(|(at, side)| Some((Means::Row(at), entry(side.full(), &side.tally, grid.grid.row)?)));
                let columns = grid.columns.iter().enumerate();
                let columns = columns.filter_map(|(at, side)| {
                    Some((Means::Column(at), entry(side.full(), &side.tally, grid.grid.column)?))
                });
                let entries = grid.entries.iter().enumerate();
                let entries = entries.filter_map(|(at, one)| {
                    let mut tally = Tally::default();
                    let nodes = one.nodes.iter();
                    nodes.for_each(|&node| tally.add(view.node(node).state));
                    Some((Means::Entry(at), entry(one.name.clone(), &tally, grid.grid.entry)?))
                });
                rows.chain(columns).chain(entries).collect()
            }
        }
    }
}

/// What the row is called in which a node stands.
fn row_of(view: &View, node: usize) -> &str {
    view.cell_of(node)
        .map_or("", |(grid, row, _)| &view.grids()[grid].rows[row].name)
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
        let rows = self.rows(shared, usize::MAX);
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
                Some((Means::Entry(at), _)) => vec![Effect::Back, Effect::Chosen(format!("{ENTRY} {at}"))],
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
        // The pointer, the mark, and blanks between name and text.
        let most = columns(inner).saturating_sub(6) * 2 / 3;
        let entries: Vec<Entry> = self.rows(shared, most).into_iter().map(|(_, entry)| entry).collect();
        if entries.is_empty() {
            Search::draw_nothing(theme, "Nothing has these words.", frame, list);
        }
        self.search.draw_list(shared, &entries, most, frame, list);
    }
}
