//! Every key of every page: none is dead, and each is told.

use std::fs;

use crossterm::event::{KeyCode, KeyModifiers};
use fedwiz::tui::keys::{self as table, Action, Key, Place};
use tempfile::TempDir;

#[cfg(target_os = "linux")]
use super::wait_aside;
use super::{demo, help_of};
use crate::{
    harness::{fedwiz, run},
    terminal::{
        Picture, Start, Terminal,
        keys::{DOWN, ENTER, ESC, UP},
        person::{label, marks},
    },
};

/// The bytes of a key.
fn bytes((modifiers, code): (KeyModifiers, KeyCode)) -> String {
    match code {
        KeyCode::Char(c) if modifiers.contains(KeyModifiers::CONTROL) => char::from(c as u8 & 0x1f).to_string(),
        KeyCode::Char(c) => c.to_string(),
        KeyCode::Enter => ENTER.into(),
        KeyCode::Esc => ESC.into(),
        KeyCode::Up => "\x1b[A".into(),
        KeyCode::Down => DOWN.into(),
        KeyCode::Right => "\x1b[C".into(),
        KeyCode::Left => "\x1b[D".into(),
        KeyCode::Home => "\x1b[H".into(),
        KeyCode::End => "\x1b[F".into(),
        KeyCode::PageUp => "\x1b[5~".into(),
        KeyCode::PageDown => "\x1b[6~".into(),
        KeyCode::Tab => "\t".into(),
        KeyCode::BackTab => "\x1b[Z".into(),
        KeyCode::F(number @ 1..=4) => format!("\x1bO{}", char::from(b'O' + number)),
        KeyCode::F(5) => "\x1b[15~".into(),
        KeyCode::F(6) => "\x1b[17~".into(),
        other => panic!("the test does not know the bytes of {other:?}"),
    }
}

/// A folder with a few profiles.
fn profiles() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for name in ["first", "second", "third"] {
        let tenant = format!("{name}.onmicrosoft.com");
        run(fedwiz()
            .args(["init", "--tenant", &tenant, "--aws-profile", name, "--profile"])
            .arg(folder.path().join(format!("{name}.toml"))))
        .expect_code(0);
    }
    folder
}

/// A new process in a small window, brought to a place.
fn reach(place: Place, profiles: &TempDir) -> Terminal {
    if matches!(place, Place::Home | Place::Form) {
        let folder = profiles.path().display().to_string();
        let mut screen = Start::fedwiz(&[]).env("FEDWIZ_CONFIG_DIR", &folder).size(80, 18).open();
        screen.wait_text(marks::HOME);
        if place == Place::Form {
            screen.press("n", &label(Place::Form, Action::Begin));
        }
        return screen;
    }
    let mut screen = demo(&["--reduced-motion"]).size(80, 20).open();
    screen.wait_text(marks::START);
    match place {
        Place::Ask => {}
        Place::Plan => screen.show_the_plan(),
        Place::Guide | Place::Files => {
            screen.begin();
            screen.open_the_guide();
        }
        _ => screen.press_away(ESC, marks::START),
    }
    match place {
        Place::Step => screen.press(ENTER, &label(Place::Step, Action::Open)),
        Place::Help => screen.press("?", help_of(Place::Walk)),
        Place::Finder => screen.press("/", "Find a step"),
        Place::Files => {
            for name in ["one.xml", "two.xml", "three.xml"] {
                fs::write(screen.home().join(name), "<a/>").expect("a file");
            }
            screen.press("\x1b[15~", "three.xml");
        }
        Place::Teardown => {
            // Without anything made there would be nothing to list.
            screen.press("b", marks::START);
            screen.begin();
            screen.wait_question();
            screen.press("q", marks::STOP);
            screen.send(UP);
            screen.send(ENTER);
            screen.close_the_end();
            screen.show_the_teardown();
        }
        _ => {}
    }
    screen
}

/// Every place that a person comes to without signing in.
const PLACES: &[Place] = &[
    Place::Home,
    Place::Form,
    Place::Plan,
    Place::Walk,
    Place::Step,
    Place::Help,
    Place::Guide,
    Place::Teardown,
    Place::Ask,
    Place::Finder,
    Place::Files,
];

/// What moves something where there is room to move, so that a key that had none has some.
const MOVES: &[&str] = &["", DOWN, "\x1b[6~", "\x1b[F", "\x1b[C", UP, "\x1b[5~", "\x1b[H", "\t"];

/// Types a key of the table, and says whether that can be seen. Only a key that leaves the page may leave it.
fn is_alive(screen: &mut Terminal, place: Place, key: &Key, code: &str) -> bool {
    let before = screen.settle();
    let count = screen.seen().pictures.len();
    screen.send(code);
    // The last thing that a program writes as it leaves is no picture, and an answer or a folder takes its way before it is seen.
    let leaves = matches!(key.action, Action::Quit | Action::Stop | Action::Back);
    let answers = match place {
        Place::Guide => matches!(
            key.action,
            Action::Choose | Action::Click | Action::MyWord | Action::List
        ),
        Place::Form => key.action == Action::List,
        Place::Files => matches!(key.action, Action::Choose | Action::Left),
        _ => false,
    };
    match key.action {
        _ if leaves || answers => {
            screen.wait_for(&format!("what {} does", key.shown), |seen| {
                !seen.screen().alternate_screen() || changed(&seen.pictures[count..], &before)
            });
            true
        }
        #[cfg(target_os = "linux")]
        Action::Suspend => {
            wait_aside(screen);
            let count = screen.seen().pictures.len();
            screen.signal("CONT");
            screen.wait_for("the picture as it was", |seen| {
                seen.pictures.get(count).is_some_and(|after| after.text == before.text)
            });
            true
        }
        // It draws the same again: that is how it is known that keys are taken.
        Action::Redraw => screen.settle() == before,
        _ => {
            // A message to the person goes with the next key.
            let after = screen.settle();
            after.look != before.look || changed(&screen.seen().pictures[count..], &before)
        }
    }
}

fn changed(pictures: &[Picture], before: &Picture) -> bool {
    pictures.iter().any(|picture| picture.text != before.text)
}

#[test]
fn no_key_of_the_table_is_dead() {
    let profiles = profiles();
    let mut dead = Vec::new();
    for place in PLACES {
        let mut screen = reach(*place, &profiles);
        let here = screen.settle();
        for key in table::keys(*place) {
            for code in key.codes {
                let code = bytes(*code);
                let alive = MOVES.iter().any(|first| {
                    screen.send(first);
                    is_alive(&mut screen, *place, key, &code)
                });
                if !alive {
                    dead.push(format!("{place:?}: {} ({})", key.shown, key.word));
                }
                // Some keys lead elsewhere, or to the end: each one begins from the same place.
                if screen.seen().ended || !screen.seen().screen().alternate_screen() || screen.settle() != here {
                    screen = reach(*place, &profiles);
                }
            }
        }
    }
    assert!(dead.is_empty(), "nothing is seen after:\n{}", dead.join("\n"));
}

#[test]
fn every_key_of_a_page_is_in_its_help() {
    let profiles = profiles();
    for place in PLACES.iter().filter(|place| **place != Place::Help) {
        let mut screen = reach(*place, &profiles);
        screen.resize(120, 90);
        let help = table::keys(*place)
            .find(|key| key.action == Action::Help)
            .expect("help");
        screen.press(&bytes(help.codes[0]), marks::HELP);
        let shown = screen.seen().text();
        for key in table::keys(*place) {
            let says = key.says.get(..24).unwrap_or(key.says);
            let told = shown
                .lines()
                .any(|line| line.contains(key.shown) && line.contains(says));
            assert!(told, "{place:?}: {} ({}) is not told in:\n{shown}", key.shown, key.word);
        }
    }
}
