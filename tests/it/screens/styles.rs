//! How the screens look besides their letters: in each palette, and without any colour.

use std::collections::{BTreeMap, HashMap, HashSet};

use fedwiz::{
    report::words::{self, FINDINGS, State},
    tui::theme::{Palette, Theme},
};
use ratatui::{
    buffer::{Buffer, Cell},
    style::{Color, Modifier},
};

use super::{
    film::films,
    pictures::settings,
    scenes::{SCENES, scene},
    sizes,
    stage::{Stage, asks, text},
};

/// A style in a few letters: `203 bold`, `on 238`, `reversed`.
fn style(cell: &Cell) -> String {
    let colour = |colour: Color| match colour {
        Color::Indexed(number) => number.to_string(),
        other => other.to_string().to_lowercase(),
    };
    let mut parts = Vec::new();
    if cell.fg != Color::Reset {
        parts.push(colour(cell.fg));
    }
    if cell.bg != Color::Reset {
        parts.push(format!("on {}", colour(cell.bg)));
    }
    for (name, _) in cell.modifier.iter_names() {
        parts.push(name.to_lowercase());
    }
    parts.join(" ")
}

/// The picture once more with a letter for each style in place of each letter, and what the letters stand for. A blank is
/// a cell without any style; so is one that has no letter and only a colour for letters.
fn styles(buffer: &Buffer) -> String {
    let mut legend: BTreeMap<String, char> = BTreeMap::new();
    let mut order = Vec::new();
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let mut line = String::new();
        for x in 0..buffer.area.width {
            let cell = &buffer[(x, y)];
            let seen = cell.bg != Color::Reset || cell.modifier.intersects(Modifier::REVERSED | Modifier::UNDERLINED);
            let style = if cell.symbol() == " " && !seen {
                String::new()
            } else {
                style(cell)
            };
            if style.is_empty() {
                line.push(if cell.symbol() == " " { ' ' } else { '.' });
                continue;
            }
            let next = char::from(b'a' + u8::try_from(legend.len()).unwrap());
            let letter = *legend.entry(style.clone()).or_insert_with(|| {
                order.push(style);
                next
            });
            line.push(letter);
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    for style in order {
        out.push_str(&format!("{} {style}\n", legend[&style]));
    }
    out
}

/// One state of each screen, and of the walk those in which it is most itself.
const MAIN: [&str; 21] = [
    "health-well",
    "health-quarantine",
    "health-failed",
    "health-entry",
    "home",
    "form-wrong",
    "start",
    "plan",
    "walk-begin",
    "walk-needs-you",
    "walk-failed",
    "walk-ended",
    "step-failed",
    "guide",
    "guide-secret",
    "teardown",
    "over-failed",
    "help",
    "finder",
    "ask",
    "sign-in",
];

#[test]
fn every_screen_has_its_styles_in_every_palette() {
    for name in MAIN {
        let mut stage = scene(name)(films());
        for palette in Palette::ALL {
            stage.app.shared.theme.palette = palette;
            let drawn = styles(&stage.buffer(80, 24));
            settings().bind(|| {
                insta::assert_snapshot!(format!("{name}-80x24-{}", palette.name()), drawn);
            });
        }
    }
}

#[test]
fn colours_are_those_of_the_theme() {
    let mut styles = HashMap::new();
    for palette in [Palette::Dark, Palette::Light, Palette::HighContrast] {
        let mut stage = Stage::of(&films().tutorial, &[]);
        stage.play(fedwiz::engine::fact::Intent::Up, asks("saml.identity-source"));
        stage.app.shared.theme.palette = palette;
        let buffer = stage.buffer(80, 24);
        let used: Vec<(Color, Color)> = buffer.content().iter().map(|cell| (cell.fg, cell.bg)).collect();
        assert!(
            used.iter().any(|(fg, _)| *fg != Color::Reset),
            "{palette:?} has no colour"
        );
        styles.insert(palette.name(), used);
    }
    assert_ne!(styles["dark"], styles["light"]);
}

#[test]
fn no_colour_means_none_at_any_size() {
    for (number, (name, scene)) in SCENES.iter().enumerate() {
        let mut stage = scene(films());
        stage.app.shared.theme.palette = Palette::None;
        for (width, height) in sizes(number, 29) {
            let buffer = stage.buffer(width, height);
            let coloured = buffer
                .content()
                .iter()
                .find(|cell| (cell.fg, cell.bg) != (Color::Reset, Color::Reset));
            assert_eq!(coloured, None, "{name} {width}x{height}");
        }
    }
}

#[test]
fn without_colour_every_state_has_a_mark_and_a_word_of_its_own() {
    for ascii in [false, true] {
        let theme = Theme {
            palette: Palette::None,
            ascii,
        };
        let mut words = HashSet::new();
        let looks = State::all().map(State::look).collect::<Vec<_>>();
        for look in &looks {
            assert!(!theme.glyph(*look).trim().is_empty() && !look.word.is_empty());
            assert!(words.insert(look.word), "two states are called {}", look.word);
        }
        let mut found = HashSet::new();
        for look in FINDINGS.map(words::what) {
            assert!(!theme.glyph(look).trim().is_empty());
            assert!(found.insert(look.word), "two findings are called {}", look.word);
        }
    }
}

/// What a person has to see, whatever the palette is: where the keys go, and what state everything is in. The letters are
/// the same in all palettes, and what is marked by a background in one is marked by another means in all.
#[test]
fn what_is_chosen_is_seen_in_every_palette() {
    for (name, scene) in SCENES {
        let mut stage = scene(films());
        let mut seen = Vec::new();
        for palette in Palette::ALL {
            stage.app.shared.theme.palette = palette;
            let buffer = stage.buffer(100, 30);
            let marked: Vec<(u16, u16)> = buffer
                .area
                .positions()
                .filter(|at| {
                    let cell = &buffer[*at];
                    cell.bg != Color::Reset || cell.modifier.contains(Modifier::REVERSED)
                })
                .map(|at| (at.x, at.y))
                .collect();
            seen.push((text(&buffer), marked));
        }
        for ((letters, marked), palette) in seen[1..].iter().zip(&Palette::ALL[1..]) {
            assert_eq!(marked, &seen[0].1, "{name} in {palette:?}");
            if *palette == Palette::Light {
                assert_eq!(letters, &seen[0].0, "{name} in {palette:?}");
            }
        }
    }
}
