//! The screen in a real terminal: the real binary, real keys, and the terminal as it was before.

mod hands;
mod health;
mod keys;

use std::{
    fs,
    time::{Duration, Instant},
};

use fedwiz::tui::keys::{self as table, Action, Place};
use serde_json::Value;

use crate::{
    harness::{SimProcess, run},
    terminal::{
        Start, Terminal,
        keys::{CTRL_C, CTRL_Z, DOWN, ENTER, ESC},
        person::{label, marks},
    },
};

/// Fast, so that hours of the clouds take seconds.
const FAST: &[&str] = &["demo", "--speed", "3000"];

fn demo(args: &[&str]) -> Start {
    Start::fedwiz(&[FAST, args].concat())
}

/// The screen on a simulation in another process.
pub fn beside(sim: &SimProcess) -> Start {
    let command = sim.command("plan");
    let args: Vec<&str> = command.get_args().skip(1).filter_map(|arg| arg.to_str()).collect();
    Start::fedwiz(&[&args[..], &["--token-store", "memory"]].concat()).env_of(&command)
}

/// Without a screen, to the end.
pub fn apply_to_the_end(sim: &SimProcess) {
    run(sim
        .command("apply")
        .args(["--operator", "simulated", "--token-store", "memory"]))
    .expect_code(0);
    assert_eq!(sim.violations(), Vec::<Value>::new());
}

#[test]
fn a_person_sets_up_stops_goes_on_and_takes_back_in_the_demo() {
    let mut screen = demo(&[]).open();
    screen.begin();
    screen.click();
    screen.wait_question();

    screen.press(CTRL_C, marks::STOP);
    screen.send(ENTER);
    screen.close_the_end();
    screen.press("b", "of 38 steps stand.");
    screen.begin();
    screen.click_to_the_end();
    screen.close_the_end();
    screen.wait_for("all of it", |seen| seen.title().contains(" 38/38"));

    screen.show_the_teardown();
    screen.send("contoso");
    screen.press_away(ENTER, marks::TEARDOWN);
    screen.click_to_the_end();
    screen.close_the_end();
    screen.press("b", "The last run (teardown) done");
    screen.press_away(ESC, marks::START);
    screen.leave();
}

#[test]
fn a_set_up_that_was_left_in_the_middle_goes_on_in_the_next_screen() {
    let sim = SimProcess::start("fresh");
    let mut screen = beside(&sim).open();
    screen.begin();
    screen.open_the_guide();
    screen.press_away(ESC, &label(Place::Guide, Action::Click));
    screen.press("q", "▸ Stop, and leave");
    screen.send(ENTER);
    let code = screen.end();
    let last = screen.seen().text();
    assert!(
        last.contains("Continue with: fedwiz apply --profile"),
        "{code}:\n{last}"
    );
    assert_eq!(code, 130, "{last}");
    screen.expect_given_back();

    let mut screen = beside(&sim).open();
    screen.wait_text("of 38 steps stand.");
    screen.begin();
    screen.click_to_the_end();
    screen.close_the_end();
    screen.leave();
    assert_eq!(sim.violations(), Vec::<Value>::new());
}

#[test]
fn a_signal_in_the_middle_gives_the_terminal_back_and_the_walk_goes_on_headless() {
    for signal in ["TERM", "HUP"] {
        let sim = SimProcess::start("fresh");
        let mut screen = beside(&sim).open();
        screen.begin();
        screen.wait_question();
        screen.signal(signal);
        assert_eq!(screen.end(), 130, "{signal}:\n{}", screen.seen().text());
        screen.expect_given_back();
        apply_to_the_end(&sim);
    }
}

#[test]
fn a_terminal_that_is_closed_ends_the_process_and_the_walk_goes_on_headless() {
    let sim = SimProcess::start("fresh");
    let mut screen = beside(&sim).open();
    screen.begin();
    screen.wait_question();
    screen.close();
    assert_eq!(screen.end(), 130, "{}", screen.seen().text());
    apply_to_the_end(&sim);
}

#[test]
fn a_panic_gives_the_terminal_back_and_the_walk_goes_on_headless() {
    for when in ["picture", "question"] {
        let sim = SimProcess::start("fresh");
        let mut screen = beside(&sim).env("FEDWIZ_TEST_PANIC", when).open();
        if when == "question" {
            screen.wait_text(marks::START);
            screen.send(ENTER);
            screen.wait_plan();
            screen.send(ENTER);
        }
        let code = screen.end();
        let last = screen.seen().text();
        assert_ne!(code, 0, "{last}");
        assert!(last.contains("asked to panic"), "{last}");
        screen.expect_given_back();
        apply_to_the_end(&sim);
    }
}

/// The state and the clock ticks of a process.
#[cfg(target_os = "linux")]
fn stat(pid: u32) -> (String, u64) {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process is there");
    let fields: Vec<&str> = text
        .rsplit_once(')')
        .expect("a name in brackets")
        .1
        .split_whitespace()
        .collect();
    let ticks = |at: usize| fields[at].parse::<u64>().expect("a number");
    (fields[0].to_owned(), ticks(11) + ticks(12))
}

/// Waits until the process does nothing more, as it does when it is put aside.
#[cfg(target_os = "linux")]
fn wait_aside(screen: &Terminal) {
    screen.wait_for("the shell's screen", |seen| {
        !seen.screen().alternate_screen() && seen.title().is_empty()
    });
    let until = Instant::now() + Duration::from_secs(60);
    while stat(screen.pid()).0 != "T" {
        assert!(Instant::now() < until, "it does not stop:\n{}", screen.seen().text());
        std::thread::yield_now();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn ctrl_z_gives_the_terminal_back_until_the_process_is_continued() {
    let mut screen = demo(&[]).open();
    screen.wait_text(marks::START);
    for _ in 0..2 {
        let before = screen.settle();
        screen.send(CTRL_Z);
        wait_aside(&screen);
        screen.expect_given_back();
        let count = screen.seen().pictures.len();
        screen.signal("CONT");
        let after = screen.find("the picture as it was", |seen| seen.pictures.get(count).cloned());
        assert_eq!(after.text, before.text);
        assert!(screen.seen().screen().alternate_screen());
    }
    screen.press_away(ESC, marks::START);
    screen.leave();
}

#[test]
fn no_size_of_the_window_loses_anything() {
    let mut screen = demo(&[]).open();
    screen.begin();
    screen.wait_question();
    for (columns, rows) in [
        (80, 24),
        (60, 18),
        (49, 12),
        (20, 5),
        (10, 3),
        (1, 1),
        (200, 4),
        (12, 60),
        (300, 90),
    ] {
        screen.resize(columns, rows);
        // In every size a question to stop can be asked and taken back: the last answer goes on.
        screen.send(CTRL_C);
        screen.send(DOWN);
        screen.send(DOWN);
        screen.send(ENTER);
        screen.settle();
    }
    screen.resize(120, 40);
    screen.wait_text("contoso.onmicrosoft.com");
    screen.click_to_the_end();
    screen.close_the_end();
    screen.wait_for("all of it", |seen| seen.title().contains(" 38/38"));
    // The first round may scroll to what is in focus; from then on nothing moves.
    let mut round = || {
        for (columns, rows) in [(10, 3), (80, 24), (33, 11), (120, 40)] {
            screen.resize(columns, rows);
        }
        screen.settle().look
    };
    round();
    assert_eq!(round(), round());
    screen.leave();
}

/// Nothing is written and next to no time is used while nobody does anything.
#[cfg(target_os = "linux")]
#[track_caller]
fn expect_rest(screen: &mut Terminal, what: &str) {
    screen.settle();
    let (bytes, ticks) = (screen.seen().bytes.len(), stat(screen.pid()).1);
    // Two seconds are what is measured.
    std::thread::sleep(Duration::from_secs(2));
    let more = String::from_utf8_lossy(&screen.seen().bytes[bytes..]).into_owned();
    assert_eq!(more, "", "{what}: something was written:\n{}", screen.seen().text());
    let used = stat(screen.pid()).1 - ticks;
    // A tick is ten milliseconds.
    assert!(used <= 2, "{what}: {used} ticks in two seconds");
}

#[cfg(target_os = "linux")]
#[test]
fn a_screen_at_rest_writes_nothing_and_takes_no_time() {
    let mut screen = Start::fedwiz(&["demo"]).open();
    screen.wait_text(marks::START);
    expect_rest(&mut screen, "the page on what can be done");
    screen.show_the_plan();
    expect_rest(&mut screen, "the plan");
    screen.press_away(ESC, marks::PLAN);
    expect_rest(&mut screen, "the walk");
    screen.press(ENTER, &label(Place::Step, Action::Open));
    expect_rest(&mut screen, "a step");
    screen.press("?", help_of(Place::Step));
    expect_rest(&mut screen, "the keys");
}

/// How the help of a place begins.
fn help_of(place: Place) -> &'static str {
    let says = table::keys(place).next().expect("each place has keys").says;
    // As far as it surely stands in one line.
    says.get(..24).unwrap_or(says)
}

/// Goes through most pages, and ends.
fn through_the_pages(start: Start) -> Vec<u8> {
    let mut screen = start.open();
    screen.wait_text(marks::START);
    screen.press_away(ESC, marks::START);
    screen.press("?", help_of(Place::Walk));
    screen.press_away(ESC, help_of(Place::Walk));
    screen.press(ENTER, &label(Place::Step, Action::Open));
    screen.press_away(ESC, &label(Place::Step, Action::Open));
    screen.send("z");
    screen.settle();
    screen.press("b", marks::START);
    screen.show_the_plan();
    screen.send(DOWN);
    screen.settle();
    screen.press_away(ENTER, marks::PLAN);
    screen.click();
    screen.open_the_guide();
    screen.press(CTRL_C, marks::STOP);
    // The mark before it moves on; in ASCII it is another one.
    screen.send(DOWN);
    screen.settle();
    screen.send(ENTER);
    assert_eq!(screen.end(), 130, "{}", screen.seen().text());
    screen.expect_given_back();
    let seen = screen.seen();
    seen.bytes.clone()
}

#[test]
fn no_color_gives_no_colour() {
    let bytes = through_the_pages(demo(&[]).env("NO_COLOR", "1"));
    let text = String::from_utf8_lossy(&bytes);
    for after in text.split("\x1b[").skip(1) {
        let Some(end) = after.find(|c: char| c.is_ascii_alphabetic()) else {
            continue;
        };
        if &after[end..=end] != "m" {
            continue;
        }
        for part in after[..end].split(';').filter_map(|part| part.parse::<u32>().ok()) {
            assert!(
                !matches!(part, 30..=38 | 40..=48 | 90..=97 | 100..=107),
                "a colour: {:?}",
                &after[..=end]
            );
        }
    }
}

#[test]
fn ascii_gives_only_ascii() {
    let bytes = through_the_pages(demo(&["--ascii"]));
    if let Some(at) = bytes.iter().position(|byte| !byte.is_ascii()) {
        let near = &bytes[at.saturating_sub(80)..(at + 80).min(bytes.len())];
        panic!("{:?}", String::from_utf8_lossy(near));
    }
}
