//! Nothing is cut without a mark, and nothing covers anything else, on any screen at any size.
//!
//! The screens are drawn in texts whose ends can be told. A text that is drawn goes on to its end, to the mark of a cut, or
//! into the next line, and what goes on in a next line began in the one before. At the upper and the lower edge of something
//! that scrolls the arrows say that there is more.

use crossterm::event::KeyCode;
use ratatui::{buffer::Buffer, layout::Rect};

use super::{
    film::odd_films,
    odd::{BEGIN, END, is_odd},
    scenes::{SCENES, scene},
    sizes,
    stage::text,
};

/// What is drawn on a row, letter by letter; a wide letter is there once.
fn letters(buffer: &Buffer, area: Rect, y: u16) -> Vec<String> {
    let mut letters = Vec::new();
    let mut x = area.x;
    while x < area.right() {
        let symbol = buffer[(x, y)].symbol();
        letters.push(symbol.to_owned());
        x += u16::try_from(fedwiz::report::clean::width(symbol).max(1)).unwrap();
    }
    letters
}

/// The part of the screen that is whole: what lies over the middle covers the rest.
fn top(buffer: &Buffer) -> Rect {
    let all = buffer.area;
    let corners = all.positions().filter(|at| buffer[*at].symbol() == "┌");
    let Some(corner) = corners.last() else { return all };
    let right = (corner.x..all.right()).find(|x| buffer[(*x, corner.y)].symbol() == "┐");
    let bottom = (corner.y..all.bottom()).find(|y| buffer[(corner.x, *y)].symbol() == "└");
    Rect {
        x: corner.x + 1,
        y: corner.y,
        width: right.unwrap_or(all.right()) - corner.x - 1,
        height: bottom.unwrap_or(all.bottom()) - corner.y,
    }
}

fn is_border(letter: &str) -> bool {
    ('\u{2500}'..='\u{257f}').contains(&letter.chars().next().unwrap_or(' '))
}

/// How the pieces of odd texts on a row begin and end.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Pieces {
    /// Pieces that began in the row before.
    go_on: i32,
    /// Pieces that go on in the next row.
    open: i32,
    /// All of them.
    all: i32,
}

fn pieces(letters: &[String]) -> Pieces {
    let mut found = Pieces::default();
    let mut at = 0;
    while at < letters.len() {
        if !is_odd(&letters[at]) && letters[at] != "‹" {
            at += 1;
            continue;
        }
        found.all += 1;
        let word = letters[..at]
            .iter()
            .rev()
            .take_while(|letter| *letter != " " && !is_border(letter));
        let marked = word.into_iter().any(|letter| letter == "…");
        if !letters[at].starts_with(BEGIN) && !marked {
            found.go_on += 1;
        }
        let mut ended = false;
        let mut blanks = 0;
        while at < letters.len() && blanks < 2 && !is_border(&letters[at]) && !ended {
            blanks = if letters[at] == " " { blanks + 1 } else { 0 };
            ended = letters[at].starts_with(END) || letters[at] == "…";
            at += 1;
        }
        found.open += i32::from(!ended);
    }
    found
}

#[test]
fn a_text_is_whole_or_its_cut_is_marked() {
    let mut seen = 0;
    let mut wrong = Vec::new();
    for (number, (name, scene)) in SCENES.iter().enumerate() {
        // A message lies over half of what is below it; its own part is a test of its own.
        if matches!(*name, "message" | "teardown-refused") {
            continue;
        }
        let stage = scene(odd_films());
        for (width, height) in sizes(number, 13) {
            let buffer = stage.buffer(width, height);
            let area = top(&buffer);
            let (mut open, mut before, mut scrolls) = (0, 0, [0, 0]);
            for y in area.y..area.bottom() {
                let letters = letters(&buffer, area, y);
                let row = pieces(&letters);
                seen += row.all;
                open += row.open;
                before += row.go_on;
                // The arrow at the edge of a text is not the one with numbers, which is about the picture.
                for (at, arrow) in ["↑", "↓"].into_iter().enumerate() {
                    let last = letters.iter().rposition(|letter| letter == arrow || letter == "↕");
                    let numbered = last.and_then(|last| letters.get(last + 1));
                    let numbered = numbered.is_some_and(|next| next.chars().all(|c| c.is_ascii_digit()));
                    scrolls[at] += i32::from(last.is_some() && !numbered);
                }
            }
            // What is open at the end of a row goes on in another; or an arrow says that there is more.
            if !(-scrolls[0]..=scrolls[1]).contains(&(open - before)) {
                wrong.push(format!(
                    "{name} {width}x{height}: {open} go on, {before} went on, {scrolls:?} arrows\n{}",
                    text(&buffer)
                ));
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "{} screens:\n{}", wrong.len(), wrong.join("\n"));
    assert!(seen > 10_000, "only {seen} such texts were seen");
}

#[test]
fn a_silent_cut_would_be_found() {
    let row = |text: &str| pieces(&text.chars().map(String::from).collect::<Vec<_>>());
    let pieces = |go_on, open, all| Pieces { go_on, open, all };
    assert_eq!(row("Why  ⟦漢字 漢字⟧  more"), pieces(0, 0, 1));
    assert_eq!(row("Why  ⟦漢字 漢…  more"), pieces(0, 0, 1));
    assert_eq!(row("Why  ⟦漢字 漢"), pieces(0, 1, 1));
    assert_eq!(row("Why  ⟦漢字 made  more"), pieces(0, 1, 1));
    assert_eq!(row("│⟦漢字 漢│ 漢字⟧"), pieces(1, 1, 2));
    assert_eq!(row("…字 漢⟧  ⟦漢"), pieces(0, 1, 2));
}

#[test]
fn borders_stand_in_one_column_whatever_the_names_are() {
    for (name, scene) in SCENES {
        let stage = scene(odd_films());
        for (width, height) in [(80, 24), (100, 30), (120, 40), (200, 60)] {
            let buffer = stage.buffer(width, height);
            let area = top(&buffer);
            if area == buffer.area {
                continue;
            }
            for y in area.y + 1..area.bottom() {
                let (left, right) = (&buffer[(area.x - 1, y)], &buffer[(area.right(), y)]);
                assert_eq!((left.symbol(), right.symbol()), ("│", "│"), "{name}\n{}", text(&buffer));
            }
        }
    }
}

/// The column of one of these words on a row, where it stands behind a name.
fn column_of(buffer: &Buffer, y: u16, words: &[&str]) -> Option<u16> {
    let word_at = |x: u16, word: &str| {
        let letters = word.chars().zip(x..);
        let end = x + u16::try_from(word.len()).unwrap();
        end < buffer.area.width
            && letters
                .into_iter()
                .all(|(c, x)| buffer[(x, y)].symbol() == c.to_string())
            && buffer[(x - 1, y)].symbol() == " "
            && matches!(buffer[(end, y)].symbol(), " " | ":")
    };
    (20..buffer.area.width).find(|x| words.iter().any(|word| word_at(*x, word)))
}

#[test]
fn what_stands_behind_names_stands_in_one_column() {
    let executors: &[&str] = &["graph", "aws", "scim", "human", "wait"];
    let states: &[&str] = &["made", "seen", "adopted", "changed", "needs you", "waits"];
    for (name, words) in [("plan", executors), ("teardown", executors), ("walk-activity", states)] {
        let mut stage = scene(name)(odd_films());
        for (width, height) in [(80, 24), (100, 30), (120, 40), (200, 60)] {
            // From the end of the list upwards: there are the longest names.
            if name == "plan" {
                stage.key(KeyCode::End);
            }
            let buffer = stage.buffer(width, height);
            // Beside the activity there is more text at some sizes.
            let top = match name {
                "walk-activity" if (100..160).contains(&width) => continue,
                "walk-activity" => height - 4,
                _ => 4,
            };
            let columns: Vec<u16> = (top..height).filter_map(|y| column_of(&buffer, y, words)).collect();
            let odd = columns.iter().any(|column| *column != columns[0]);
            assert!(!odd && columns.len() > 1, "{name}: {columns:?}\n{}", text(&buffer));
        }
    }
}
