//! The pictures of the README, drawn from real runs in a real terminal: `cargo test --test it pictures -- --ignored`.

use std::{fmt::Write as _, fs, path::Path, time::Duration};

use serde_json::json;
use vt100::Color;

use crate::terminal::{
    Start, Terminal,
    keys::{ENTER, ESC},
};

/// One cell, the margin, and the bar on top, in pixels.
const CELL: (f32, f32) = (8.4, 17.0);
const MARGIN: f32 = 14.0;
const BAR: f32 = 30.0;
const PAPER: &str = "#14161b";
const INK: &str = "#d4d7dd";
const COLOURS: [&str; 16] = [
    "#1d1f21", "#cc6666", "#8abf6a", "#e0b455", "#5f9fd8", "#b294bb", "#56b6c2", "#c5c8c6", "#6b7078", "#e06c75",
    "#98c379", "#f0c674", "#81a2be", "#c678dd", "#70d0dc", "#ffffff",
];

fn colour(colour: Color, otherwise: &str) -> String {
    match colour {
        Color::Default => otherwise.into(),
        Color::Idx(index @ 0..=15) => COLOURS[usize::from(index)].into(),
        Color::Idx(index @ 232..) => {
            let grey = 8 + (u16::from(index) - 232) * 10;
            format!("#{grey:02x}{grey:02x}{grey:02x}")
        }
        Color::Idx(index) => {
            let part = |by: u8| match (index - 16) / by % 6 {
                0 => 0,
                level => 55 + u16::from(level) * 40,
            };
            format!("#{:02x}{:02x}{:02x}", part(36), part(6), part(1))
        }
        Color::Rgb(red, green, blue) => format!("#{red:02x}{green:02x}{blue:02x}"),
    }
}

/// How a cell looks.
#[derive(PartialEq)]
struct Look {
    ink: String,
    paper: String,
    bold: bool,
    italic: bool,
    underline: bool,
    dim: bool,
}

impl Look {
    fn of(cell: &vt100::Cell) -> Self {
        let (mut ink, mut paper) = (colour(cell.fgcolor(), INK), colour(cell.bgcolor(), PAPER));
        if cell.inverse() {
            std::mem::swap(&mut ink, &mut paper);
        }
        Self {
            ink,
            paper,
            bold: cell.bold(),
            italic: cell.italic(),
            underline: cell.underline(),
            dim: cell.dim(),
        }
    }
}

/// The picture of a terminal. Every character has its own place, so that columns align in any font.
fn svg(screen: &vt100::Screen, title: &str) -> String {
    let (rows, columns) = screen.size();
    let (rows, columns) = (rows.get(), columns.get());
    let width = f32::from(columns) * CELL.0 + 2.0 * MARGIN;
    let height = f32::from(rows) * CELL.1 + MARGIN + BAR;
    let mut out = String::new();
    let mut put = |text: std::fmt::Arguments<'_>| out.write_fmt(text).expect("a string takes all");
    put(format_args!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         font-family=\"'JetBrains Mono','DejaVu Sans Mono','Liberation Mono',Menlo,Consolas,monospace\" font-size=\"14\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"9\" fill=\"{PAPER}\"/>\n"
    ));
    for (at, dot) in ["#ff5f56", "#ffbd2e", "#27c93f"].iter().enumerate() {
        put(format_args!(
            "<circle cx=\"{}\" cy=\"16\" r=\"6\" fill=\"{dot}\"/>",
            20 + at * 20
        ));
    }
    put(format_args!(
        "<text x=\"{:.0}\" y=\"20\" fill=\"#8a8f98\" font-size=\"12\" text-anchor=\"middle\">{}</text>\n",
        width / 2.0,
        escaped(title)
    ));
    for row in 0..rows {
        let top = BAR + f32::from(row) * CELL.1;
        let mut column = 0;
        while column < columns {
            let first = column;
            let look = Look::of(screen.cell(row, column).expect("a cell"));
            let (mut text, mut places) = (String::new(), Vec::new());
            while column < columns {
                let cell = screen.cell(row, column).expect("a cell");
                if Look::of(cell) != look {
                    break;
                }
                if !cell.is_wide_continuation() && cell.has_contents() && cell.contents() != " " {
                    text.push_str(cell.contents());
                    let x = MARGIN + f32::from(column) * CELL.0;
                    // A cell may hold more than one character: they share a place.
                    places.extend(cell.contents().chars().map(|_| format!("{x:.1}")));
                }
                column += 1;
            }
            if look.paper != PAPER {
                put(format_args!(
                    "<rect x=\"{:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{}\" fill=\"{}\"/>",
                    MARGIN + f32::from(first) * CELL.0,
                    f32::from(column - first) * CELL.0 + 0.3,
                    CELL.1,
                    look.paper
                ));
            }
            if text.is_empty() {
                continue;
            }
            let mut style = String::new();
            for (is, attribute) in [
                (look.bold, " font-weight=\"bold\""),
                (look.italic, " font-style=\"italic\""),
                (look.underline, " text-decoration=\"underline\""),
                (look.dim, " opacity=\"0.6\""),
            ] {
                style.push_str(if is { attribute } else { "" });
            }
            put(format_args!(
                "<text xml:space=\"preserve\" y=\"{:.1}\" x=\"{}\" fill=\"{}\"{style}>{}</text>\n",
                top + 13.0,
                places.join(" "),
                look.ink,
                escaped(&text)
            ));
        }
    }
    out.push_str("</svg>\n");
    out
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/pictures"))
}

fn draw(screen: &Terminal, name: &str) {
    let seen = screen.seen();
    let picture = svg(seen.screen(), "fedwiz demo");
    fs::write(folder().join(format!("{name}.svg")), picture).expect("the picture is written");
}

/// What was written to the terminal, with its times, for asciinema.
fn cast(screen: &Terminal, columns: u16, rows: u16) -> String {
    let seen = screen.seen();
    let head = json!({"version": 2, "width": columns, "height": rows, "title": "fedwiz demo", "env": {"TERM": "xterm-256color"}});
    let mut out = format!("{head}\n");
    let mut from = 0;
    for (at, until) in &seen.written {
        // A character may be cut in two by what was read at once.
        let whole = match std::str::from_utf8(&seen.bytes[from..*until]) {
            Ok(_) => *until,
            Err(error) => from + error.valid_up_to(),
        };
        let text = String::from_utf8_lossy(&seen.bytes[from..whole]);
        from = whole;
        let at = (at * 1000.0).round() / 1000.0;
        out.push_str(&format!("{}\n", json!([at, "o", text])));
    }
    out
}

#[test]
#[ignore = "writes docs/pictures anew"]
fn pictures() {
    fs::create_dir_all(folder()).expect("a folder");
    let mut screen = Start::fedwiz(&["demo", "--speed", "600"]).open();
    screen.begin();
    screen.wait_question();
    draw(&screen, "walk");
    screen.resize(100, 30);
    screen.open_the_guide();
    draw(&screen, "guide");
    screen.resize(160, 50);
    screen.click_to_the_end();
    screen.close_the_end();
    screen.wait_text("38/38");
    draw(&screen, "graph");
    screen.resize(100, 30);
    screen.show_the_teardown();
    draw(&screen, "teardown");
}

#[test]
#[ignore = "writes docs/pictures anew"]
fn pictures_that_move() {
    // Whoever watches needs time to read.
    let look = |seconds: f32| std::thread::sleep(Duration::from_secs_f32(seconds));
    fs::create_dir_all(folder()).expect("a folder");
    let (columns, rows) = (120, 40);
    let mut screen = Start::fedwiz(&["demo", "--speed", "900"]).size(columns, rows).open();
    screen.wait_text("▸ Show");
    look(2.0);
    screen.show_the_plan();
    look(2.5);
    screen.send(ENTER);
    look(3.0);
    screen.send(ESC);
    look(2.0);
    screen.send("q");
    screen.end();
    fs::write(folder().join("demo.cast"), cast(&screen, columns, rows)).expect("the recording is written");
}
