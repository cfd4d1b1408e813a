//! The mouse, and what is pasted.

use fedwiz::tui::keys::{Action, Place};

use super::{demo, help_of};
use crate::terminal::{
    Terminal,
    keys::{CTRL_C, DOWN, ENTER, ESC},
    person::{label, marks},
};

/// What a terminal sends for the mouse over this text: the button with its flags, and whether it goes down or up.
fn mouse(screen: &Terminal, over: &str, button: u8, way: char) -> String {
    let seen = screen.seen();
    let text = seen.text();
    let (row, line) = text
        .lines()
        .enumerate()
        .find(|(_, line)| line.contains(over))
        .unwrap_or_else(|| panic!("`{over}` is not there:\n{text}"));
    // All that stands before it takes one column each.
    let column = line.split(over).next().unwrap_or_default().chars().count();
    format!("\x1b[<{button};{};{}{way}", column + 1, row + 1)
}

const CLICK: u8 = 0;
const DRAG: u8 = 32;
const WHEEL_DOWN: u8 = 65;

#[test]
fn the_mouse_does_what_keys_do() {
    let mut screen = demo(&[]).open();
    // A click on the chosen line takes it.
    screen.wait_text(marks::START);
    let click = mouse(&screen, marks::START, CLICK, 'M');
    screen.send(&click);
    screen.settle();
    let click = mouse(&screen, marks::START, CLICK, 'M');
    screen.press_away(&click, marks::START);
    // A click on a key of the footer is the key, and the wheel moves what is long.
    let click = mouse(&screen, &label(Place::Walk, Action::Help), CLICK, 'M');
    screen.press(&click, help_of(Place::Walk));
    let wheel = mouse(&screen, help_of(Place::Walk), WHEEL_DOWN, 'M');
    for _ in 0..30 {
        screen.send(&wheel);
    }
    screen.settle();
    screen.expect_gone(help_of(Place::Walk));
    screen.press_away(ESC, marks::HELP);
    // A click on a step goes to it, and another one opens it.
    let click = mouse(&screen, "aws.session", CLICK, 'M');
    screen.press(&click, "[○ aws.session]");
    let up = mouse(&screen, "aws.session", CLICK, 'm');
    screen.send(&up);
    // What is held and moved takes the picture along.
    let before = screen.settle();
    for (button, over, way) in [
        (CLICK, "1 Prepare", 'M'),
        (DRAG, "0 Preflight", 'M'),
        (CLICK, "0 Preflight", 'm'),
    ] {
        let hand = mouse(&screen, over, button, way);
        screen.send(&hand);
    }
    assert_ne!(screen.settle().text, before.text, "{}", before.text);
    screen.leave();
}

/// As a terminal sends what is pasted.
fn pasted(text: &str) -> String {
    format!("\x1b[200~{text}\x1b[201~")
}

#[test]
fn metadata_can_be_pasted_and_a_secret_is_never_seen() {
    let mut screen = demo(&[]).open();
    screen.begin();
    screen.open_the_guide();
    screen.wait_text("▸ Metadata file");
    let metadata = "<EntityDescriptor>\r\n<q>x\ty</q>\n</EntityDescriptor>\n";
    screen.press(
        &pasted(metadata),
        &format!("pasted: {} characters", metadata.chars().count()),
    );
    screen.click();
    screen.open_the_guide();
    // From field to field, up to the secret one.
    while !screen.settle().text.contains("▸ Access token") {
        screen.send("\t");
    }
    let secret = "q7Zv-Wm3K_x9Rj2+TbN8/hLd5=";
    screen.press(&pasted(secret), " 26 characters, checksum ");
    // The same by hand: no checksum of a part may tell the part.
    screen.press_away("\x15", " characters");
    for letter in secret.chars() {
        screen.send(&letter.to_string());
    }
    screen.wait_text(" 26 characters");
    screen.expect_gone("checksum");
    screen.press("\t", "checksum");
    screen.press(CTRL_C, marks::STOP);
    screen.send(DOWN);
    screen.send(ENTER);
    assert_eq!(screen.end(), 130, "{}", screen.seen().text());
    screen.expect_given_back();
    let seen = screen.seen();
    let written = String::from_utf8_lossy(&seen.bytes);
    for at in 0..secret.len() - 5 {
        assert!(!written.contains(&secret[at..at + 5]), "a part of the secret: {at}");
    }
}
