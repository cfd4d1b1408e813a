//! The screens as pictures, in letters only.

use super::{
    film::films,
    scenes::SCENES,
    stage::{Stage, text},
};

/// Where the pictures are kept, and what differs from run to run.
pub fn settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    // The simulation listens where the system lets it.
    settings.add_filter(r"127\.0\.0\.1:\d{5}", "127.0.0.1:12345");
    // And it keeps its files where the system puts temporary ones.
    settings.add_filter(r"(IdP metadata file +).*", "${1}a path");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path("../snapshots/screens");
    settings
}

fn picture(name: &str, (width, height): (u16, u16), stage: &Stage) {
    settings().bind(|| {
        insta::assert_snapshot!(format!("{name}-{width}x{height}"), text(&stage.buffer(width, height)));
    });
}

/// The sizes at which a screen is kept as a picture. Each state is kept at the smallest size that is meant to be comfortable;
/// the one in which a screen is most itself at all of them.
fn kept(name: &str) -> &'static [(u16, u16)] {
    const ALL: &[(u16, u16)] = &[(80, 24), (100, 30), (120, 40), (200, 60), (40, 12)];
    match name {
        "walk-needs-you" | "walk-failed" | "plan" | "guide" | "step" | "teardown" | "form-wrong" | "home" => ALL,
        "walk-begin" | "walk-waits" | "walk-ended" | "walk-down" => &ALL[..4],
        "guide-secret" | "step-failed" | "over" | "help" | "finder-all" | "start" | "sign-in" => &ALL[..2],
        _ => &ALL[..1],
    }
}

#[test]
fn every_screen_looks_as_it_did() {
    for (name, scene) in SCENES {
        let stage = scene(films());
        for size in kept(name) {
            picture(name, *size, &stage);
        }
    }
}
