//! A file to choose: the folders of this machine, and the files in them that a step may ask for.
//!
//! ```text
//! ┌ ▸ Choose a file ─────────────────────────────────────────┐
//! │ /home/nikki/Downloads                                    │
//! │ Filter  meta▏                                            │
//! │   ..            the folder above                         │
//! │   metadata/     folder                                   │
//! │ ▸ metadata.xml  4021 bytes    2026-11-22 09:41 UTC       │
//! └──────────────────────────────────────────────────────────┘
//! ```

use std::path::{Path, PathBuf};

use crossterm::event::KeyCode;
use jiff::tz::TimeZone;
use ratatui::{Frame, layout::Rect, text::Line};
use unicode_segmentation::UnicodeSegmentation as _;

use crate::{
    fault::Fault,
    report::clean::{width, wrap},
    tui::{
        host::{Folder, Item},
        keys::{Action, Place},
        page::{Effect, Event, Page, Shared},
        theme::Theme,
        widget::{
            line::{columns, most, put, row},
            search::{Entry, Search},
        },
    },
};

/// A file to choose.
#[derive(Debug)]
pub struct Files {
    folder: Option<Result<Folder, Fault>>,
    /// The folder one comes from, to be chosen in the one above it.
    from: Option<String>,
    search: Search,
}

/// A line of the list.
enum Row<'f> {
    Above,
    Item(&'f Item),
}

impl Row<'_> {
    fn name(&self, theme: &Theme) -> String {
        match self {
            Row::Above => "..".into(),
            Row::Item(item) if item.is_folder => format!("{}/", theme.words(&item.name)),
            Row::Item(item) => theme.words(&item.name).into_owned(),
        }
    }

    /// What there is to say of it, beside its name.
    fn about(&self) -> String {
        match self {
            Row::Above => "the folder above".into(),
            Row::Item(item) if item.is_folder => "folder".into(),
            Row::Item(item) => {
                let changed = item.changed.map_or_else(String::new, |at| {
                    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M UTC").to_string()
                });
                format!("{:<12} {changed}", size(item.bytes))
            }
        }
    }
}

/// The size of a file, in the unit that fits.
fn size(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} bytes"),
        10_000..10_000_000 => format!("{} kB", bytes / 1000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}

/// The end of a path that is too long: it says more than the beginning.
fn end_of(path: &str, columns: usize, mark: &str) -> String {
    if width(path) <= columns {
        return path.to_owned();
    }
    let room = columns.saturating_sub(width(mark));
    let mut end = path;
    while width(end) > room
        && let Some(first) = end.graphemes(true).next()
    {
        end = &end[first.len()..];
    }
    format!("{mark}{end}")
}

impl Files {
    /// Begins in this folder, or where files most likely are.
    pub fn open(folder: Option<PathBuf>) -> Vec<Effect> {
        let page = Self {
            folder: None,
            from: None,
            search: Search::at(0),
        };
        vec![Effect::Show(Box::new(page)), Effect::List(folder)]
    }

    fn path(&self) -> Option<&Path> {
        match &self.folder {
            Some(Ok(folder)) => Some(&folder.path),
            _ => None,
        }
    }

    fn rows(&self) -> Vec<Row<'_>> {
        let Some(Ok(folder)) = &self.folder else {
            return Vec::new();
        };
        let above = (self.search.typed().trim().is_empty() && folder.path.parent().is_some()).then_some(Row::Above);
        let found = folder.items.iter().filter(|item| self.search.finds(&item.name));
        above.into_iter().chain(found.map(Row::Item)).collect()
    }

    /// Takes in what a folder holds. What one has just left, or else the first file, is chosen.
    fn take(&mut self, folder: Result<Folder, Fault>) {
        self.folder = Some(folder);
        self.search = Search::at(0);
        let from = self.from.take();
        let rows = self.rows();
        let is_left = |row: &Row<'_>| matches!(row, Row::Item(item) if Some(&item.name) == from.as_ref());
        let is_file = |row: &Row<'_>| matches!(row, Row::Item(item) if !item.is_folder);
        let left = rows.iter().position(is_left);
        let at = left.or_else(|| rows.iter().position(is_file)).unwrap_or(0);
        self.search = Search::at(at);
    }

    fn above(&mut self) -> Vec<Effect> {
        let Some(path) = self.path() else {
            // It could not be read: back to where files most likely are.
            return vec![Effect::List(None)];
        };
        let name = path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
        let above = path.parent().map(Path::to_path_buf);
        self.from = name;
        above.map(|above| Effect::List(Some(above))).into_iter().collect()
    }

    fn choose(&mut self) -> Vec<Effect> {
        let Some(folder) = self.path() else {
            return self.above();
        };
        let (path, is_folder) = match self.rows().get(self.search.chosen()) {
            Some(Row::Item(item)) => (folder.join(&item.name), item.is_folder),
            Some(Row::Above) => return self.above(),
            None => return Vec::new(),
        };
        match path.to_str() {
            _ if is_folder => vec![Effect::List(Some(path))],
            Some(path) => vec![Effect::Back, Effect::Chosen(path.to_owned())],
            None => Vec::new(),
        }
    }

    /// The folder in a line, and what is to be said in place of a list.
    fn heading(&self) -> (String, Option<String>) {
        match &self.folder {
            None => (String::new(), Some("reading the folder …".into())),
            Some(Err(fault)) => (fault.to_string(), Some(format!("{} (← goes elsewhere)", fault.why))),
            Some(Ok(folder)) => {
                let empty = self.rows().is_empty();
                let said = "Nothing here has these letters. Only folders and *.xml are shown.";
                (folder.path.display().to_string(), empty.then(|| said.to_owned()))
            }
        }
    }
}

impl Page for Files {
    fn place(&self) -> Place {
        Place::Files
    }

    fn lies_over(&self) -> bool {
        true
    }

    fn on(&mut self, shared: &mut Shared, event: &Event) -> Vec<Effect> {
        if let Some(folder) = shared.folder.take() {
            self.take(folder);
        }
        match event {
            Event::Act(Action::Back) => return vec![Effect::Back],
            Event::Act(Action::Left) => return self.above(),
            Event::Key(key) if key.code == KeyCode::Backspace && self.search.typed().is_empty() => return self.above(),
            _ => {}
        }
        let lines = self.rows().len();
        if self.search.on(event, lines) {
            return self.choose();
        }
        Vec::new()
    }

    fn draw(&self, shared: &Shared, frame: &mut Frame<'_>, area: Rect) {
        let theme = &shared.theme;
        let inner = Search::frame(theme, "Choose a file", frame, area);
        let columns = columns(inner);
        let (path, said) = self.heading();
        let path = end_of(&theme.words(&path), columns, theme.cut());
        put(theme, Line::styled(path, theme.strong()), frame, row(inner, inner.y));
        let label = "Filter  ";
        let place = row(inner, inner.y + 1);
        put(theme, Line::styled(label, theme.quiet()), frame, place);
        let used = u16::try_from(width(label)).unwrap_or(0).min(place.width);
        let field = Rect {
            x: place.x + used,
            width: place.width - used,
            ..place
        };
        self.search.draw_field(theme, frame, field);
        let list = Rect {
            y: inner.y + 2,
            height: inner.height.saturating_sub(2),
            ..inner
        };
        if let Some(said) = said {
            let lines = wrap(&theme.words(&said), columns).into_iter();
            let lines = lines.map(|line| Line::styled(line, theme.quiet())).collect();
            for (line, y) in most(theme, lines, usize::from(list.height), columns, "")
                .into_iter()
                .zip(list.y..)
            {
                put(theme, line, frame, row(list, y));
            }
            return;
        }
        let entries = self.rows().into_iter().map(|row| Entry {
            mark: None,
            name: row.name(theme),
            about: row.about(),
        });
        let entries: Vec<Entry> = entries.collect();
        let most = columns.saturating_sub(37).max(12);
        self.search.draw_list(shared, &entries, most, frame, list);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_path_the_end_is_shown() {
        assert_eq!(end_of("/home/nikki", 20, "…"), "/home/nikki");
        assert_eq!(end_of("/home/nikki/Downloads", 10, "…"), "…Downloads");
        assert_eq!(width(&end_of("/home/東京/東京", 8, "…")), 8);
    }

    #[test]
    fn sizes_have_their_units() {
        assert_eq!(size(4021), "4021 bytes");
        assert_eq!(size(40_210), "40 kB");
        assert_eq!(size(40_210_000), "40 MB");
    }
}
