//! The name of a step as people think of it: what it does, in words, and whom or what it is about.

use crate::{
    report::{
        clean::{clean, cut, middle, width},
        view::View,
    },
    tui::theme::Theme,
};

/// With more items than this, an item tells more than what its step does.
const MANY: u32 = 4;
/// The fewest columns in which what a step does can be told.
const SHORT: usize = 12;

/// What a step does, in words, and the item that it does it for.
fn parts(view: &View, node: usize) -> (String, Option<String>) {
    let shown = view.node(node);
    let title = view.about(node).map_or(&*shown.label, |about| about.title);
    let does = match &shown.id.target {
        Some(target) => format!("{}: {title}", clean(target)),
        None => title.to_owned(),
    };
    if shown.id.item.is_empty() {
        return (does, None);
    }
    let item = match view.cell_of(node) {
        Some((grid, row, column)) => {
            let grid = &view.grids()[grid];
            let entry = grid.entry(&shown.id.item);
            format!("{entry} · {} · {}", grid.rows[row].name, grid.columns[column].name)
        }
        None => clean(&shown.id.item).into_owned(),
    };
    (does, Some(item))
}

/// "Make Entra the identity source"; for one of many with its item: "Create the users: NikkiWolf@contoso.com".
pub fn in_words(view: &View, node: usize) -> String {
    match parts(view, node) {
        (does, Some(item)) => format!("{does}: {item}"),
        (does, None) => does,
    }
}

/// The same in so many columns, as it is drawn. Of one of many the item is kept, as it alone tells it from the others.
pub fn in_room(theme: &Theme, view: &View, node: usize, room: usize) -> String {
    let (does, item) = parts(view, node);
    let does = theme.words(&does).into_owned();
    let Some(item) = item else {
        return cut(&does, room, theme.ascii).into_owned();
    };
    let item = theme.words(&item).into_owned();
    let all = format!("{does}: {item}");
    let many = view.flows()[view.flow_of(node)].nodes() > MANY;
    if width(&all) <= room || !many {
        return cut(&all, room, theme.ascii).into_owned();
    }
    match room.saturating_sub(width(&item) + 2) {
        left @ SHORT.. => format!("{}: {item}", cut(&does, left, theme.ascii)),
        _ => middle(&item, room, theme.ascii).into_owned(),
    }
}
