//! The name of a step as people think of it: what it does, in words, and whom or what it is about.

use crate::report::{clean::clean, view::View};

/// "Make Entra the identity source"; for one of many with its item: "Create the users: NikkiWolf@contoso.com".
pub fn in_words(view: &View, node: usize) -> String {
    let shown = view.node(node);
    let title = view.about(node).map_or(&*shown.label, |about| about.title);
    let mut name = match &shown.id.target {
        Some(target) => format!("{}: {title}", clean(target)),
        None => title.to_owned(),
    };
    if !shown.id.item.is_empty() {
        name.push_str(": ");
        name.push_str(&clean(&shown.id.item));
    }
    name
}
