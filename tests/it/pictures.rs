//! The pictures of the README, drawn from real runs in a real terminal: `cargo test --test it pictures:: -- --ignored`.

use std::{fs, path::Path};

use fedwiz::tui::keys::{Action, Place};
use serde_json::json;

use crate::{
    harness::SimProcess,
    pty::{apply_to_the_end, beside},
    svg::{Frame, moving, still},
    terminal::{
        Start, Terminal,
        keys::{DOWN, ENTER, ESC},
        person::{label, marks},
    },
};

/// What the window's bar says: what was typed.
const TITLE: &str = "fedwiz demo";

fn write(name: &str, text: &str) {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/pictures"));
    fs::create_dir_all(folder).expect("a folder");
    fs::write(folder.join(name), text).expect("the picture is written");
}

/// The picture as it is, once all keys were taken.
fn draw(screen: &mut Terminal, name: &str) {
    screen.settle();
    write(&format!("{name}.svg"), &still(screen.seen().screen(), TITLE));
}

#[test]
#[ignore = "writes docs/pictures anew"]
fn stills() {
    let mut screen = Start::fedwiz(&["demo", "--speed", "600"]).size(100, 30).open();
    screen.show_the_plan();
    for _ in 0..8 {
        screen.send(DOWN);
    }
    draw(&mut screen, "plan");
    screen.resize(120, 40);
    screen.press_away(ENTER, marks::PLAN);
    screen.click();
    screen.wait_question();
    screen.open_the_guide();
    screen.press_away(ESC, &label(Place::Guide, Action::Click));
    screen.wait_question();
    draw(&mut screen, "walk");
    screen.resize(100, 32);
    screen.open_the_guide();
    draw(&mut screen, "guide");
    screen.click_to_the_end();
    screen.close_the_end();
    screen.press("/", "Find a step");
    screen.send("permission set");
    screen.press_away(ENTER, "Find a step");
    screen.press(ENTER, &label(Place::Step, Action::Open));
    screen.send("x");
    draw(&mut screen, "step");
    screen.press_away(ESC, &label(Place::Step, Action::Open));
    screen.resize(100, 30);
    screen.press("m", "Provisioning works");
    screen.wait_text(" in scope in Entra");
    draw(&mut screen, "health");
    screen.press_away(ESC, "Provisioning works");
    screen.show_the_teardown();
    draw(&mut screen, "teardown");
}

/// What a set-up takes away: access, and its permission set, that the profile names no more.
#[test]
#[ignore = "writes docs/pictures anew"]
fn a_removal() {
    const MORE: &str = r#"[[permission_set]]
name = "ReadLogs"
managed_policies = ["CloudWatchLogsReadOnlyAccess"]

[[assignment]]
principal = "user:NikkiWolf@contoso.onmicrosoft.com"
accounts = ["management"]
permission_sets = ["ReadLogs"]

[abac]
"#;
    let sim = SimProcess::start("fresh");
    let profile = sim.dir().join("profile.toml");
    let whole = fs::read_to_string(&profile).expect("the profile");
    fs::write(&profile, whole.replace("[abac]\n", MORE)).expect("the profile is written");
    apply_to_the_end(&sim);
    fs::write(&profile, whole).expect("the profile is written");
    let mut screen = beside(&sim).size(100, 30).open();
    screen.show_the_plan();
    screen.press(ENTER, "to leave it:");
    screen.settle();
    write("removal.svg", &still(screen.seen().screen(), "fedwiz"));
}

/// A film of a run: chosen pictures, and how long each one is seen.
struct Film {
    frames: Vec<Frame>,
    /// The first picture that belongs to no scene yet.
    from: usize,
}

impl Film {
    /// What is seen now, for so many seconds.
    fn look(&mut self, screen: &mut Terminal, seconds: f32) {
        screen.settle();
        let seen = screen.seen();
        self.from = seen.pictures.len();
        self.frames.push(Frame {
            screen: seen.screen().clone(),
            seconds,
        });
    }

    /// A few of the pictures of the walk since the last look, and then what is seen now.
    fn pass(&mut self, screen: &mut Terminal, count: usize, seconds: f32) {
        screen.settle();
        let walk = label(Place::Walk, Action::Quit);
        {
            let seen = screen.seen();
            let mut passed: Vec<&str> = seen.pictures[self.from..]
                .iter()
                .filter(|picture| picture.text.contains(&walk))
                .map(|picture| &*picture.look)
                .collect();
            passed.dedup();
            let (rows, columns) = seen.screen().size();
            for at in 0..count.min(passed.len()) {
                let mut parser = vt100::Parser::new(rows, columns, 0);
                parser.process(passed[passed.len() * at / count.min(passed.len())].as_bytes());
                self.frames.push(Frame {
                    screen: parser.screen().clone(),
                    seconds: 0.5,
                });
            }
        }
        self.look(screen, seconds);
    }
}

#[test]
#[ignore = "writes docs/pictures anew"]
fn a_film() {
    let (columns, rows) = (100, 30);
    let mut screen = Start::fedwiz(&["demo", "--speed", "600"]).size(columns, rows).open();
    let mut film = Film {
        frames: Vec::new(),
        from: 0,
    };
    screen.wait_text(marks::START);
    film.look(&mut screen, 2.5);
    screen.show_the_plan();
    film.look(&mut screen, 3.5);
    screen.press_away(ENTER, marks::PLAN);
    while screen.wait_question_or_end() {
        film.pass(&mut screen, 3, 1.5);
        screen.open_the_guide();
        film.look(&mut screen, 3.0);
        screen.click();
    }
    film.pass(&mut screen, 5, 4.0);
    screen.close_the_end();
    film.look(&mut screen, 2.5);
    screen.show_the_teardown();
    film.look(&mut screen, 4.0);
    screen.send("contoso");
    screen.press_away(ENTER, marks::TEARDOWN);
    screen.click_to_the_end();
    film.pass(&mut screen, 8, 4.0);
    write("demo.svg", &moving(&film.frames, TITLE));
    write("demo.cast", &cast(&film.frames));
}

/// The same pictures at the same times, for asciinema.
fn cast(frames: &[Frame]) -> String {
    let (rows, columns) = frames[0].screen.size();
    let head =
        json!({"version": 2, "width": columns, "height": rows, "title": TITLE, "env": {"TERM": "xterm-256color"}});
    let (mut out, mut at) = (format!("{head}\n"), 0.0);
    for Frame { screen, seconds } in frames {
        out.push_str(&format!("{}\n", json!([at, "o", screen.contents_formatted()])));
        at += seconds;
    }
    // The last one stays, too.
    out.push_str(&format!("{}\n", json!([at, "o", ""])));
    out
}
