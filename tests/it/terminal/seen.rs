//! What a program writes to its terminal, and what that looks like.

use std::num::NonZeroU16;

/// What begins each picture. What comes up to its end is shown at once, as in a terminal that knows this mark.
const PICTURE_BEGINS: &[u8] = b"\x1b[?2026h";
/// What ends each picture.
const PICTURE_ENDS: &[u8] = b"\x1b[?2026l";
/// What is written before a picture that is drawn anew.
const ALL_GONE: &[u8] = b"\x1b[2J";

/// One whole picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// What can be read.
    pub text: String,
    /// The same with colours, marks and cursor.
    pub look: String,
    /// Whether all of it was drawn, and not only what had changed.
    pub anew: bool,
}

/// What was written, and what it looks like.
pub struct Seen {
    parser: vt100::Parser,
    /// Up to where the parser knows what was written.
    fed: usize,
    /// Where the next picture's bytes begin.
    from: usize,
    /// Everything that was written.
    pub bytes: Vec<u8>,
    /// Each whole picture.
    pub pictures: Vec<Picture>,
    /// The process has ended, and everything it wrote was read.
    pub ended: bool,
    /// Nobody reads any more, as when a terminal is closed.
    pub closed: bool,
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).expect("a terminal has rows and columns")
}

impl Seen {
    /// An empty screen.
    pub fn new(rows: u16, columns: u16) -> Self {
        Self {
            parser: vt100::Parser::new(cells(rows), cells(columns), 0),
            fed: 0,
            from: 0,
            bytes: Vec::new(),
            pictures: Vec::new(),
            ended: false,
            closed: false,
        }
    }

    /// A screen of another size.
    pub fn resize(&mut self, rows: u16, columns: u16) {
        self.parser.set_size(cells(rows), cells(columns));
    }

    /// The cells as they are.
    pub fn screen(&self) -> &vt100::Screen {
        self.parser.screen()
    }

    /// What can be read: of the last whole picture, or of the shell's screen.
    pub fn text(&self) -> String {
        match self.pictures.last() {
            Some(picture) if self.screen().alternate_screen() => picture.text.clone(),
            _ => self.screen().contents(),
        }
    }

    /// Whether the page on how a run ended is shown.
    pub fn is_over(&self) -> bool {
        self.text().contains("Next: Esc goes back")
    }

    /// The window's title.
    pub fn title(&self) -> String {
        let written = String::from_utf8_lossy(&self.bytes);
        let title = written.rsplit_once("\x1b]0;").map_or("", |(_, after)| after);
        title.split('\x07').next().unwrap_or_default().to_owned()
    }

    /// Takes in what was written, picture by picture.
    pub fn take(&mut self, chunk: &[u8]) {
        self.bytes.extend_from_slice(chunk);
        loop {
            let rest = &self.bytes[self.fed..];
            let begins = rest.starts_with(PICTURE_BEGINS);
            let end = if begins {
                find(rest, PICTURE_ENDS).map(|at| at + PICTURE_ENDS.len())
            } else {
                // What may be the first half of the mark waits for the other half.
                let half = (1..PICTURE_BEGINS.len())
                    .rev()
                    .find(|at| rest.ends_with(&PICTURE_BEGINS[..*at]));
                let all = rest.len() - half.unwrap_or(0);
                Some(find(rest, PICTURE_BEGINS).unwrap_or(all)).filter(|end| *end > 0)
            };
            let Some(end) = end.map(|end| self.fed + end) else {
                return;
            };
            self.parser.process(&self.bytes[self.fed..end]);
            self.fed = end;
            if begins {
                let screen = self.parser.screen();
                self.pictures.push(Picture {
                    text: screen.contents(),
                    look: screen.contents_formatted(),
                    anew: find(&self.bytes[self.from..end], ALL_GONE).is_some(),
                });
                self.from = end;
            }
        }
    }

    /// Nothing more comes: shows what waited for more.
    pub fn end(&mut self) {
        self.parser.process(&self.bytes[self.fed..]);
        self.fed = self.bytes.len();
        self.ended = true;
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}
