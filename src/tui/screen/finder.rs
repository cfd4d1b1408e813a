//! A list that is narrowed by typing: the commands of a screen, or the steps of a walk.
//!
//! ```text
//! ┌ ▸ Find a step ───────────────────────────┐
//! │ token▏                                   │
//! │ ▸ ○ scim.token   Enable automatic prov…  │
//! └──────────────────────────────────────────┘
//! ```

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use crate::{
    report::{
        clean::{cut, pad, width},
        words::Tone,
    },
    tui::{
        keys::{self, Action, Place},
        page::{Effect, Event, Hit, Page, Shared},
        widget::{
            field::Field,
            frame::over,
            line::{columns, put, row},
            name::in_words,
            scroll::Scroll,
        },
    },
};

/// A list that is narrowed by typing.
#[derive(Debug)]
pub struct Finder {
    title: &'static str,
    source: Source,
    field: Field,
    scroll: Scroll,
}

#[derive(Debug, Clone, Copy)]
enum Source {
    Commands(Place),
    Steps,
}

/// One line to choose.
struct Row {
    mark: &'static str,
    tone: Tone,
    name: String,
    text: String,
    means: Means,
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
        field: Field::open(""),
        scroll: Scroll::default(),
    }
}

/// The steps of the walk.
pub fn steps() -> Finder {
    Finder {
        title: "Find a step",
        source: Source::Steps,
        field: Field::open(""),
        scroll: Scroll::default(),
    }
}

/// Whether all words that were typed are in the text.
pub(super) fn has(text: &str, typed: &str) -> bool {
    let text = text.to_lowercase();
    typed.to_lowercase().split_whitespace().all(|word| text.contains(word))
}

impl Finder {
    fn rows(&self, shared: &Shared) -> Vec<Row> {
        let typed = self.field.text();
        match self.source {
            Source::Commands(place) => {
                let mut rows: Vec<Row> = Vec::new();
                for key in keys::keys(place) {
                    let known = rows
                        .iter()
                        .any(|row| matches!(row.means, Means::Act(action) if action == key.action));
                    if !known && has(&format!("{} {}", key.word, key.says), typed) {
                        rows.push(Row {
                            mark: " ",
                            tone: Tone::Quiet,
                            name: format!("{} ({})", key.word, key.name(shared.theme.ascii)),
                            text: key.says.to_owned(),
                            means: Means::Act(key.action),
                        });
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
                    has(&format!("{} {title} {}", node.label, look.word), typed).then(|| Row {
                        mark: shared.theme.glyph(look),
                        tone: look.tone,
                        name: in_words(view, at),
                        text: node.label.to_string(),
                        means: Means::Node(at),
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
        let again = matches!(event, Event::Row(row) if *row == self.scroll.at);
        match event {
            Event::Act(Action::Back) => return vec![Effect::Back],
            Event::Key(key) => {
                if self.field.key(key) {
                    self.scroll = Scroll::default();
                }
                return Vec::new();
            }
            Event::Paste(text) => self.field.paste(text),
            _ => {}
        }
        let rows = self.rows(shared);
        if again || *event == Event::Act(Action::Choose) {
            return match rows.get(self.scroll.at).map(|row| row.means) {
                Some(Means::Node(node)) => {
                    if let Some(open) = &mut shared.open {
                        open.focus = node;
                    }
                    vec![Effect::Back]
                }
                Some(Means::Act(action)) => vec![Effect::Back, Effect::Act(action)],
                None => Vec::new(),
            };
        }
        self.scroll.on(event, rows.len());
        Vec::new()
    }

    fn draw(&self, shared: &Shared, frame: &mut Frame<'_>, area: Rect) {
        let theme = &shared.theme;
        let size = (
            area.width.saturating_sub(4).min(90),
            area.height.saturating_sub(2).min(24),
        );
        let inner = over(theme, self.title, size, frame, area);
        self.field.draw(theme, true, frame, row(inner, inner.y));
        let list = Rect {
            y: inner.y + 1,
            height: inner.height.saturating_sub(1),
            ..inner
        };
        let rows = self.rows(shared);
        if rows.is_empty() {
            let line = Line::styled("Nothing has these words.", theme.quiet());
            put(theme, line, frame, row(list, list.y));
        }
        // The pointer, the mark, and blanks between name and text.
        let columns = columns(inner).saturating_sub(6);
        let names = rows.iter().map(|row| width(&theme.words(&row.name))).max().unwrap_or(0);
        let names = names.min(columns * 2 / 3);
        for (at, place) in self.scroll.rows(theme, rows.len(), frame, list) {
            let chosen = at == self.scroll.at;
            let Row {
                mark, tone, name, text, ..
            } = &rows[at];
            let name = pad(&cut(&theme.words(name), names, theme.ascii), names);
            let line = Line::from(vec![
                Span::raw(theme.pointer(chosen)),
                Span::styled(format!("{mark} "), theme.tone(*tone)),
                Span::styled(name, if chosen { theme.focus() } else { theme.text() }),
                Span::styled(format!("  {}", theme.words(text)), theme.quiet()),
            ]);
            put(theme, line, frame, place);
            shared.mark(place, Hit::Row(at));
        }
    }
}
