//! A hash chain over a text: each link is the SHA-256 of the link before it and of all that was written since. So one changed
//! byte breaks it, wherever it is, and so does a part that is missing, added, or in another place.
//!
//! Links stand on lines of their own, or at the end of one, between marks that no content can imitate: content is escaped and
//! holds no line breaks. The last link is marked as the seal, and nothing but its own end follows it.

use aws_lc_rs::digest::{SHA256, digest};

/// The length of a hash in hexadecimal.
const DIGITS: usize = 64;

/// How links are marked in one format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marks {
    /// What a text of this format begins with.
    pub begins: &'static str,
    /// Whether links stand on lines of their own.
    pub alone: bool,
    /// What stands before a link, and after it to the end of the line.
    pub link: (&'static str, &'static [&'static str]),
    /// What stands before the seal, and after it to the end of the text.
    pub seal: (&'static str, &'static str),
}

/// Markdown.
pub static MARKDOWN: Marks = Marks {
    begins: "# ",
    alone: true,
    link: ("Link: `", &["`\n"]),
    seal: ("Seal: `", "`\n"),
};

/// HTML.
pub static HTML: Marks = Marks {
    begins: "<!DOCTYPE html>",
    alone: true,
    link: ("<p class=\"link\">", &["</p>\n"]),
    seal: ("<p class=\"seal\">", "</p>\n</body>\n</html>\n"),
};

/// JSON, with one entry a line.
pub static JSON: Marks = Marks {
    begins: "{\"format\":",
    alone: false,
    link: (",\"link\":\"", &["\"},\n", "\"}\n"]),
    seal: (",\"seal\":\"", "\"}\n"),
};

/// A text with links in it, as it is written.
#[derive(Debug)]
pub struct Chain {
    marks: &'static Marks,
    text: String,
    /// Where the next link begins to count.
    from: usize,
    last: String,
}

impl Chain {
    /// An empty text of this format.
    pub fn new(marks: &'static Marks) -> Self {
        Self {
            marks,
            text: String::new(),
            from: 0,
            last: String::new(),
        }
    }

    /// Writes.
    pub fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Writes a link, with the first of its ends or, for the last of several, the last one.
    pub fn link(&mut self, last: bool) {
        let (open, ends) = self.marks.link;
        self.push(open);
        self.hash();
        let end = if last { ends.last() } else { ends.first() };
        self.push(end.copied().unwrap_or_default());
    }

    /// Writes the seal, and gives the text.
    pub fn seal(mut self) -> String {
        let (open, end) = self.marks.seal;
        self.push(open);
        self.hash();
        self.push(end);
        self.text
    }

    /// The text without a seal.
    pub(super) fn into_text(self) -> String {
        self.text
    }

    fn hash(&mut self) {
        let hash = follow(&self.last, &self.text.as_bytes()[self.from..]);
        self.text.push_str(&hash);
        self.from = self.text.len();
        self.last = hash;
    }
}

/// The link that follows another, after these bytes.
fn follow(last: &str, bytes: &[u8]) -> String {
    hex(&[last.as_bytes(), bytes].concat())
}

/// The SHA-256 of these bytes, in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    let hash = digest(&SHA256, bytes);
    hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A chain that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holds {
    /// How many links it has, the seal not counted.
    pub links: usize,
    /// The seal: it stands for every byte of the text.
    pub seal: String,
}

/// Where a chain breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breaks {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong there.
    pub why: &'static str,
}

/// Whether the chain of a text holds, in whichever of the three formats it is.
pub fn verify(bytes: &[u8]) -> Result<Holds, Breaks> {
    let breaks = |line, why| Err(Breaks { line, why });
    let Ok(text) = str::from_utf8(bytes) else {
        return breaks(1, "it is not text in UTF-8");
    };
    let known = [&MARKDOWN, &HTML, &JSON];
    let Some(marks) = known.into_iter().find(|marks| text.starts_with(marks.begins)) else {
        return breaks(1, "it does not begin like a report");
    };
    let (mut last, mut from, mut at, mut links) = (String::new(), 0, 0, 0);
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let start = at;
        at += line.len();
        let sealed = hash_before(&text[start..], marks.seal.0, marks.seal.1).filter(|place| *place < line.len());
        let linked = || marks.link.1.iter().find_map(|end| hash_before(line, marks.link.0, end));
        let Some((hash, is_seal)) = sealed.map(|place| (place, true)).or_else(|| Some((linked()?, false))) else {
            continue;
        };
        if marks.alone
            && hash
                != if is_seal {
                    marks.seal.0.len()
                } else {
                    marks.link.0.len()
                }
        {
            continue;
        }
        let place = start + hash;
        let found = &text[place..place + DIGITS];
        if follow(&last, &bytes[from..place]) != found {
            return breaks(number + 1, "what stands before it is not what was written");
        }
        found.clone_into(&mut last);
        from = place + DIGITS;
        if is_seal {
            return Ok(Holds { links, seal: last });
        }
        links += 1;
    }
    breaks(text.lines().count(), "the seal is missing, or something follows it")
}

/// Where the hash begins in a text that ends with `open`, a hash, and `end`.
fn hash_before(text: &str, open: &str, end: &str) -> Option<usize> {
    let body = text.strip_suffix(end)?;
    let place = body.len().checked_sub(DIGITS)?;
    let is_hash = body.as_bytes()[place..]
        .iter()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    (is_hash && body.get(..place)?.ends_with(open)).then_some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(marks: &'static Marks) -> String {
        let mut chain = Chain::new(marks);
        chain.push(marks.begins);
        chain.push(" one\n");
        chain.link(false);
        chain.push("two: ü\n");
        chain.link(true);
        chain.push("the end\n");
        chain.seal()
    }

    #[test]
    fn what_was_written_holds() {
        for marks in [&MARKDOWN, &HTML, &JSON] {
            let text = written(marks);
            let holds = verify(text.as_bytes()).unwrap_or_else(|breaks| panic!("{breaks:?}\n{text}"));
            assert_eq!(holds.links, 2);
            assert!(text.contains(&holds.seal));
        }
    }

    #[test]
    fn any_changed_missing_or_added_byte_breaks_it() {
        for marks in [&MARKDOWN, &HTML, &JSON] {
            let text = written(marks).into_bytes();
            for at in 0..text.len() {
                for bit in [0x01, 0x20, 0x80] {
                    let mut changed = text.clone();
                    changed[at] ^= bit;
                    assert!(verify(&changed).is_err(), "byte {at} of {marks:?}, bit {bit}");
                }
                let mut shorter = text.clone();
                shorter.remove(at);
                assert!(verify(&shorter).is_err(), "without byte {at} of {marks:?}");
                assert!(verify(&text[..at]).is_err(), "cut at {at} of {marks:?}");
            }
            for more in ["\n", "x", "\0"] {
                assert!(verify(&[&text, more.as_bytes()].concat()).is_err());
            }
        }
    }

    #[test]
    fn the_line_that_breaks_is_named() {
        let text = written(&MARKDOWN).replace("two", "too");
        assert_eq!(verify(text.as_bytes()).unwrap_err().line, 4);
    }
}
