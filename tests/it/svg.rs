//! A terminal's picture as SVG, still or moving. Lines of boxes are drawn as lines, and each run of text has its width, so that
//! columns align whatever font a viewer has.

use std::fmt::Write as _;

use vt100::{Cell, Color, Screen};

/// One cell, the margin, and the bar on top, in pixels. The font's own advance at this size.
const CELL: (f32, f32) = (8.43, 17.0);
const MARGIN: f32 = 14.0;
const BAR: f32 = 30.0;
const FONT: f32 = 14.0;
const FONTS: &str = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace";
const PAPER: &str = "#14161b";
const INK: &str = "#d4d7dd";
const COLOURS: [&str; 16] = [
    "#1d1f21", "#cc6666", "#8abf6a", "#e0b455", "#5f9fd8", "#b294bb", "#56b6c2", "#c5c8c6", "#6b7078", "#e06c75",
    "#98c379", "#f0c674", "#81a2be", "#c678dd", "#70d0dc", "#ffffff",
];

/// The arms of the box-drawing characters from U+2500 on: left, right, up, down; 0 none, 1 light, 2 heavy, 3 double.
const ARMS: &str = "1100 2200 0011 0022 1100 2200 0011 0022 1100 2200 0011 0022 0101 0201 0102 0202 1001 2001 1002 2002 0110 0210 \
                    0120 0220 1010 2010 1020 2020 0111 0211 0121 0112 0122 0221 0212 0222 1011 2011 1021 1012 1022 2021 2012 2022 \
                    1101 2101 1201 2201 1102 2102 1202 2202 1110 2110 1210 2210 1120 2120 1220 2220 1111 2111 1211 2211 1121 1112 \
                    1122 2121 1221 2112 1212 2221 2212 2122 1222 2222 1100 2200 0011 0022 3300 0033 0301 0103 0303 3001 1003 3003 \
                    0310 0130 0330 3010 1030 3030 0311 0133 0333 3011 1033 3033 3301 1103 3303 3310 1130 3330 3311 1133 3333 0101 \
                    1001 1010 0110 0000 0000 0000 1000 0010 0100 0001 2000 0020 0200 0002 1200 0012 2100 0021";

/// A picture, and for how long it is seen.
pub struct Frame {
    pub screen: Screen,
    pub seconds: f32,
}

/// One picture.
pub fn still(screen: &Screen, title: &str) -> String {
    let mut looks = Looks::default();
    let rows: String = (0..rows(screen))
        .map(|row| {
            let y = f32::from(row) * CELL.1;
            format!(
                "<g transform=\"translate(0 {y})\">{}</g>\n",
                line(screen, row, &mut looks)
            )
        })
        .collect();
    paper(screen, title, &looks.style(), &rows)
}

/// Pictures that follow one another, again and again. What is the same in several is written once.
pub fn moving(frames: &[Frame], title: &str) -> String {
    let first = &frames.first().expect("a film has pictures").screen;
    let (mut looks, mut known, mut strip) = (Looks::default(), Vec::<String>::new(), String::new());
    let height = f32::from(rows(first)) * CELL.1;
    let all: f32 = frames.iter().map(|frame| frame.seconds).sum();
    let (mut keys, mut passed) = (String::new(), 0.0);
    for (at, frame) in (0_u16..).zip(frames) {
        let top = f32::from(at) * height;
        let percent = passed / all * 100.0;
        put(
            &mut keys,
            format_args!("{percent:.2}%{{transform:translateY(-{top}px)}}"),
        );
        passed += frame.seconds;
        for row in 0..rows(&frame.screen) {
            let line = line(&frame.screen, row, &mut looks);
            if line.is_empty() {
                continue;
            }
            let number = known.iter().position(|known| *known == line).unwrap_or_else(|| {
                known.push(line);
                known.len() - 1
            });
            let y = top + f32::from(row) * CELL.1;
            put(&mut strip, format_args!("<use href=\"#r{number}\" y=\"{y}\"/>"));
        }
        strip.push('\n');
    }
    let lines: String = known
        .iter()
        .enumerate()
        .map(|(number, line)| format!("<g id=\"r{number}\">{line}</g>\n"))
        .collect();
    let style = format!(
        "{}.film{{animation:film {all:.1}s step-end infinite}}@keyframes film{{{keys}}}\
         @media(prefers-reduced-motion:reduce){{.film{{animation:none}}}}",
        looks.style()
    );
    let width = f32::from(columns(first)) * CELL.0;
    // Only one picture's height is seen.
    let body = format!(
        "<defs>{lines}</defs>\n<svg width=\"{width:.1}\" height=\"{height}\" overflow=\"hidden\"><g class=\"film\">{strip}</g></svg>\n"
    );
    paper(first, title, &style, &body)
}

fn rows(screen: &Screen) -> u16 {
    screen.size().0.get()
}

fn columns(screen: &Screen) -> u16 {
    screen.size().1.get()
}

/// The window around what is drawn.
fn paper(screen: &Screen, title: &str, style: &str, body: &str) -> String {
    let width = (f32::from(columns(screen)) * CELL.0 + 2.0 * MARGIN).ceil();
    let height = f32::from(rows(screen)) * CELL.1 + MARGIN + BAR;
    let middle = width / 2.0;
    let title = escaped(title);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         role=\"img\" xml:space=\"preserve\" font-family=\"{FONTS}\" font-size=\"{FONT}\"><title>{title}</title>\n\
         <style>{style}</style>\n\
         <rect width=\"100%\" height=\"100%\" rx=\"9\" fill=\"{PAPER}\"/>\
         <circle cx=\"20\" cy=\"16\" r=\"6\" fill=\"#ff5f56\"/><circle cx=\"40\" cy=\"16\" r=\"6\" fill=\"#ffbd2e\"/>\
         <circle cx=\"60\" cy=\"16\" r=\"6\" fill=\"#27c93f\"/>\
         <text x=\"{middle}\" y=\"20\" style=\"fill:#8a8f98;text-anchor:middle;font-size:12px\">{title}</text>\n\
         <g transform=\"translate({MARGIN} {BAR})\">\n{body}</g>\n</svg>\n"
    )
}

fn put(out: &mut String, what: std::fmt::Arguments<'_>) {
    out.write_fmt(what).expect("a string takes all");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

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

/// How a cell looks: the ink as style, and the paper.
fn look(cell: &Cell) -> (String, String) {
    let (mut ink, mut paper) = (colour(cell.fgcolor(), INK), colour(cell.bgcolor(), PAPER));
    if cell.inverse() {
        std::mem::swap(&mut ink, &mut paper);
    }
    let mut style = format!("fill:{ink};color:{ink}");
    for (is, more) in [
        (cell.bold(), ";font-weight:bold"),
        (cell.italic(), ";font-style:italic"),
        (cell.underline(), ";text-decoration:underline"),
        (cell.dim(), ";opacity:.6"),
    ] {
        style.push_str(if is { more } else { "" });
    }
    (style, paper)
}

/// The looks that a document has, each with a class of its own.
#[derive(Default)]
struct Looks(Vec<String>);

impl Looks {
    fn class(&mut self, style: String) -> usize {
        self.0.iter().position(|known| *known == style).unwrap_or_else(|| {
            self.0.push(style);
            self.0.len() - 1
        })
    }

    fn style(&self) -> String {
        let mut out = String::from(
            "text{white-space:pre}.m{text-anchor:middle}path.l,path.h{fill:none;stroke:currentColor;stroke-width:1.2}\
             path.h{stroke-width:2.4}",
        );
        for (number, style) in self.0.iter().enumerate() {
            put(&mut out, format_args!(".c{number}{{{style}}}"));
        }
        out
    }
}

/// One line of the terminal, at the top.
fn line(screen: &Screen, row: u16, looks: &mut Looks) -> String {
    let cell = |column: u16| screen.cell(row, column).expect("a cell");
    let mut out = String::new();
    let mut column = 0;
    while column < columns(screen) {
        let first = column;
        let now = look(cell(first));
        while column < columns(screen) && look(cell(column)) == now {
            column += 1;
        }
        let (style, paper) = now;
        if paper != PAPER {
            let (x, width) = (f32::from(first) * CELL.0, f32::from(column - first) * CELL.0);
            let height = CELL.1;
            put(
                &mut out,
                format_args!("<rect x=\"{x:.2}\" width=\"{width:.2}\" height=\"{height}\" fill=\"{paper}\"/>"),
            );
        }
        let cells: Vec<(u16, &Cell)> = (first..column)
            .map(|column| (column, cell(column)))
            .filter(|(_, cell)| !cell.is_wide_continuation())
            .collect();
        if cells
            .iter()
            .any(|(_, cell)| cell.has_contents() && cell.contents() != " ")
        {
            let class = looks.class(style);
            run(&cells, class, &mut out);
        }
    }
    out
}

/// Cells that look alike: lines and blocks as shapes, marks each in its place, words together.
fn run(cells: &[(u16, &Cell)], class: usize, out: &mut String) {
    let (mut light, mut heavy) = (Lines::default(), Lines::default());
    let (mut words, mut blocks) = (Words::default(), Vec::<(f32, f32, [f32; 3])>::new());
    for (column, cell) in cells {
        let text = if cell.has_contents() { cell.contents() } else { " " };
        let letter = text.chars().next().unwrap_or(' ');
        let x = f32::from(*column) * CELL.0;
        if let Some(arms) = arms(letter) {
            words.end(class, out);
            for (lines, weight) in [(&mut light, b'1'), (&mut heavy, b'2')] {
                lines.cell(x, arms.map(|arm| arm == weight), matches!(letter, '╭'..='╰'));
            }
        } else if let Some((left, top, width, height, opacity)) = block(letter) {
            words.end(class, out);
            let (from, width) = (x + left * CELL.0, width * CELL.0);
            match blocks.last_mut() {
                // Beside one of its kind, it is the same shape.
                Some(last) if (last.0 + last.1 - from).abs() < 0.01 && last.2 == [top, height, opacity] => {
                    last.1 += width
                }
                _ => blocks.push((from, width, [top, height, opacity])),
            }
        } else if text.is_ascii() || letter.is_alphabetic() && !cell.is_wide() || "·…–’“”".contains(letter) {
            words.add(*column, text, class, out);
        } else {
            words.end(class, out);
            let middle = x + CELL.0 * if cell.is_wide() { 1.0 } else { 0.5 };
            let text = escaped(text);
            put(
                out,
                format_args!("<text class=\"c{class} m\" x=\"{middle:.1}\" y=\"13\">{text}</text>"),
            );
        }
    }
    words.end(class, out);
    for (x, width, [top, height, opacity]) in blocks {
        let (y, height) = (top * CELL.1, height * CELL.1);
        put(
            out,
            format_args!(
                "<rect class=\"c{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" opacity=\"{opacity}\"/>"
            ),
        );
    }
    for (name, lines) in [("l", light), ("h", heavy)] {
        let path = lines.path();
        if !path.is_empty() {
            put(out, format_args!("<path class=\"{name} c{class}\" d=\"{path}\"/>"));
        }
    }
}

/// Words that stand together. More than two blanks part them.
#[derive(Default)]
struct Words {
    first: u16,
    count: u16,
    text: String,
}

impl Words {
    fn add(&mut self, column: u16, text: &str, class: usize, out: &mut String) {
        if self.text.ends_with("   ") {
            self.end(class, out);
        }
        if self.text.is_empty() {
            if text == " " {
                return;
            }
            self.first = column;
        }
        self.count = column + 1 - self.first;
        self.text.push_str(text);
    }

    fn end(&mut self, class: usize, out: &mut String) {
        let blanks = self.text.len() - self.text.trim_end().len();
        let count = usize::from(self.count) - blanks.min(usize::from(self.count));
        let text = escaped(self.text.trim_end());
        if !text.is_empty() {
            let (x, width) = (f32::from(self.first) * CELL.0, count as f32 * CELL.0);
            let width = if count > 1 {
                format!(" textLength=\"{width:.1}\"")
            } else {
                String::new()
            };
            put(
                out,
                format_args!("<text class=\"c{class}\" x=\"{x:.1}\" y=\"13\"{width}>{text}</text>"),
            );
        }
        *self = Self::default();
    }
}

/// The arms of a character that is made of light and heavy lines.
fn arms(letter: char) -> Option<[u8; 4]> {
    let at = u32::from(letter).checked_sub(0x2500)?;
    let arms = ARMS.split_whitespace().nth(usize::try_from(at).ok()?)?;
    let arms: [u8; 4] = arms.as_bytes().try_into().ok()?;
    (arms != *b"0000" && !arms.contains(&b'3')).then_some(arms)
}

/// The part of the cell that a block fills: left, top, width, height, and how much of it.
fn block(letter: char) -> Option<(f32, f32, f32, f32, f32)> {
    let eighths = |from: char| (u32::from(letter) - u32::from(from)) as f32 / 8.0;
    Some(match letter {
        '▀' => (0.0, 0.0, 1.0, 0.5, 1.0),
        '▁'..='█' => {
            let height = eighths('▀');
            (0.0, 1.0 - height, 1.0, height, 1.0)
        }
        '▉'..='▏' => (0.0, 0.0, 1.0 - eighths('█'), 1.0, 1.0),
        '░'..='▓' => (0.0, 0.0, 1.0, 1.0, 2.0 * eighths('▐')),
        _ => return None,
    })
}

/// Lines of one weight. What lies in one row is one stroke.
#[derive(Default)]
struct Lines {
    done: String,
    /// From where to where a stroke goes so far.
    open: Option<(f32, f32)>,
}

impl Lines {
    fn cell(&mut self, x: f32, [left, right, up, down]: [bool; 4], round: bool) {
        let (middle, half) = (x + CELL.0 / 2.0, CELL.1 / 2.0);
        if round && (left || right) {
            self.close();
            let (y, end) = (if up { 0.0 } else { CELL.1 }, if left { x } else { x + CELL.0 });
            put(
                &mut self.done,
                format_args!("M{middle:.1} {y}Q{middle:.1} {half} {end:.1} {half}"),
            );
            return;
        }
        if left || right {
            let (from, to) = (if left { x } else { middle }, if right { x + CELL.0 } else { middle });
            match &mut self.open {
                Some((_, end)) if (*end - from).abs() < 0.01 => *end = to,
                _ => {
                    self.close();
                    self.open = Some((from, to));
                }
            }
        }
        if up || down {
            let (from, to) = (if up { 0.0 } else { half }, if down { CELL.1 } else { half });
            put(&mut self.done, format_args!("M{middle:.1} {from}V{to}"));
        }
    }

    fn close(&mut self) {
        if let Some((from, to)) = self.open.take() {
            let half = CELL.1 / 2.0;
            put(&mut self.done, format_args!("M{from:.1} {half}H{to:.1}"));
        }
    }

    fn path(mut self) -> String {
        self.close();
        self.done
    }
}
