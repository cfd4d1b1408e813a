//! Every screen, drawn from real runs over the simulation: as pictures, and held to properties at all sizes.

mod access;
mod answers;
mod care;
mod cuts;
mod film;
mod fleet;
mod odd;
mod pictures;
mod scenes;
mod stage;
mod styles;

use fedwiz::report::clean;

use self::{
    film::{films, odd_films},
    scenes::{SCENES, scene},
    stage::text,
};

/// Sizes from very small to very large. Each scene sees a part of them; all of them see the smallest that is useful.
fn sizes(part: usize, parts: usize) -> impl Iterator<Item = (u16, u16)> {
    let all = (20..=220)
        .step_by(7)
        .flat_map(|width| (5..=60).step_by(5).map(move |height| (width, height)));
    let some = all
        .enumerate()
        .filter_map(move |(at, size)| (at % parts == part % parts).then_some(size));
    [(40, 12), (80, 24)].into_iter().chain(some)
}

#[test]
fn at_every_size_nothing_acts_on_the_terminal() {
    for (number, (name, scene)) in SCENES.iter().enumerate() {
        let stage = scene(odd_films());
        for (width, height) in sizes(number, 29) {
            let buffer = stage.buffer(width, height);
            let acts = buffer.content().iter().find(|cell| cell.symbol().contains(clean::acts));
            assert_eq!(acts, None, "{name} {width}x{height}");
        }
    }
}

#[test]
fn in_ascii_every_cell_is_ascii_at_every_size() {
    for (number, (name, scene)) in SCENES.iter().enumerate() {
        let mut stage = scene(films());
        stage.app.shared.theme.ascii = true;
        for (width, height) in sizes(number + 3, 19) {
            let drawn = text(&stage.buffer(width, height));
            let odd: Vec<&str> = drawn.lines().filter(|line| !line.is_ascii()).collect();
            assert!(odd.is_empty(), "{name} {width}x{height}: {odd:#?}");
        }
    }
}

#[test]
fn a_secret_that_is_typed_is_never_drawn() {
    let stage = scene("guide-secret")(films());
    for (width, height) in sizes(0, 7) {
        let drawn = text(&stage.buffer(width, height));
        assert!(!drawn.contains("s3cr3t"), "{width}x{height}\n{drawn}");
    }
}

#[test]
fn every_screen_shows_the_way_on_and_the_way_out() {
    for (name, scene) in SCENES {
        let stage = scene(films());
        for (width, height) in [(80, 24), (40, 12)] {
            let drawn = text(&stage.buffer(width, height));
            let said = drawn.lines().filter(|line| line.contains(char::is_alphabetic));
            assert!(said.count() > 2, "{name} {width}x{height}:\n{drawn}");
            let keys = drawn.lines().last().unwrap();
            assert!(keys.contains("help"), "{name}: {keys}");
            assert!(keys.contains("Esc") || keys.contains("q quit"), "{name}: {keys}");
        }
    }
}
