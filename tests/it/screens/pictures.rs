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

/// The sizes at which every state of every screen is kept.
const KEPT: [(u16, u16); 4] = [(80, 24), (100, 30), (120, 40), (200, 60)];
/// Smaller than is comfortable: something useful must still be there.
const SMALL: (u16, u16) = (40, 12);

/// The screens that are kept in the small size, too.
fn is_kept_small(name: &str) -> bool {
    matches!(
        name,
        "walk-needs-you"
            | "walk-failed"
            | "plan"
            | "guide"
            | "step"
            | "teardown"
            | "form-wrong"
            | "home"
            | "health-well"
            | "health-quarantine"
            | "health-failed"
            | "health-outage"
            | "access"
            | "access-cell"
    )
}

#[test]
fn every_screen_looks_as_it_did() {
    for (name, scene) in SCENES {
        let stage = scene(films());
        for size in KEPT {
            picture(name, size, &stage);
        }
        if is_kept_small(name) {
            picture(name, SMALL, &stage);
        }
    }
}
