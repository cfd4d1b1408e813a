//! How a federation is looked after, live: a cycle, a failure, its fix, and the recovery.

use fedwiz::tui::keys::{Action, Place};
use serde_json::json;

use super::{apply_to_the_end, beside};
use crate::{
    harness::SimProcess,
    terminal::{
        Terminal,
        keys::{DOWN, ENTER, ESC},
        person::{label, marks},
    },
};

const RICHARD: &str = "RichardRoe@contoso.onmicrosoft.com";
/// What the page says when all is well.
const WELL: &str = "Provisioning works";
/// What it says when somebody fails.
const FAILS: &str = "Provisioning fails for some";

/// The page on how the federation is looked after, over clouds that stand.
fn looked_after(sim: &SimProcess, (columns, rows): (u16, u16)) -> Terminal {
    apply_to_the_end(sim);
    let mut screen = beside(sim).size(columns, rows).open();
    screen.wait_text(marks::START);
    screen.press_away(ESC, marks::START);
    screen.send("m");
    screen.wait_text(WELL);
    screen
}

fn rename(sim: &SimProcess, name: &str) {
    let change = json!({ "upn": RICHARD, "property": "displayName", "value": name });
    sim.post("/console/entra.edit-user", &change);
}

#[test]
fn a_cycle_a_failure_its_fix_and_the_recovery_are_seen_live() {
    for size in [(80, 24), (200, 60)] {
        let sim = SimProcess::start("fresh");
        let mut screen = looked_after(&sim, size);
        // A cycle: each call to AWS takes minutes, so that it can be seen.
        sim.post(
            "/weather",
            &json!({ "slow": { "every": 1, "ports": ["scim"] }, "slow_ms": 900_000 }),
        );
        screen.press("r", "what is it to forget?");
        screen.send(DOWN);
        screen.press(ENTER, "Leave it as it is");
        screen.send(DOWN);
        screen.press_away(ENTER, "Leave it as it is");
        screen.wait_text("in its first cycle: ");
        sim.post("/weather", &json!({}));
        screen.wait_text(WELL);

        // A failure, named with its cause and what mends it.
        rename(&sim, "Richard\u{7}Roe");
        screen.wait_text(FAILS);
        screen.send("\t");
        screen.press(ENTER, "Cause");
        screen.wait_text("control");
        screen.press_away(ESC, "Cause");

        // Its fix, and the proof that it works.
        rename(&sim, "Richard Roe");
        screen.press("o", "Provision whom now?");
        screen.send(&format!("\x15{RICHARD}"));
        screen.press(ENTER, "On demand: ");
        screen.wait_text("success");
        screen.press_away(ESC, "On demand: ");

        // The recovery, by the next cycle.
        screen.wait_for("the recovery", |seen| {
            let text = seen.text();
            text.contains(WELL) && !text.contains(FAILS)
        });
        screen.leave();
        assert_eq!(sim.violations().iter().filter(|one| one["rule"] != "limit").count(), 0);
    }
}

#[test]
fn a_token_that_has_ended_a_pause_and_an_outage_are_seen_live() {
    let sim = SimProcess::start("fresh");
    let mut screen = looked_after(&sim, (120, 40));
    screen.press("p", "Pause provisioning?");
    screen.send(DOWN);
    screen.send(ENTER);
    screen.wait_text("Provisioning is paused: ");
    screen.wait_text(&label(Place::Health, Action::Restart));

    sim.post("/console/aws.age-tokens", &json!({ "days": 366 }));
    screen.press("p", "Start provisioning?");
    screen.send(DOWN);
    screen.send(ENTER);
    screen.wait_text("in quarantine");
    screen.wait_text("it has ended, or was deleted");

    let outage = json!([{ "port": "graph", "for_s": 1e7 }]);
    sim.post("/weather", &json!({ "outages": outage }));
    screen.wait_text("could not be looked at");
    screen.press_away(ESC, "could not be looked at");
    screen.leave();
}
