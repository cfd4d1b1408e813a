//! One line of the journal: JSON whose last member is a checksum of the bytes before it.

use std::{fmt, path::Path};

use jiff::Timestamp;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{
        DeserializeSeed, Error as _, IgnoredAny, IntoDeserializer as _, MapAccess, Visitor,
        value::MapAccessDeserializer,
    },
};

use super::super::{
    fact::{Call, Event, Fact, VERSION},
    graph::NodeId,
};
use crate::fault::{Fault, Kind};

/// What comes between the line's content and its checksum.
const SEAL: &str = ",\"crc\":\"";
/// The seal, eight digits, and the end of the line.
const SEAL_LENGTH: usize = SEAL.len() + 8 + "\"}".len();

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Header {
    format: String,
    v: u32,
    program: String,
}

const FORMAT: &str = "fedwiz-journal";

impl Header {
    pub(super) fn new(program: &str) -> Self {
        Self {
            format: FORMAT.to_owned(),
            v: VERSION,
            program: program.to_owned(),
        }
    }

    pub(super) fn line(&self) -> String {
        seal(serde_json::to_string(self).expect("a header is plain text and numbers"))
    }

    /// Whether these bytes are the beginning of a header, or of nothing at all.
    pub(super) fn begins(bytes: &[u8]) -> bool {
        let start = format!("{{\"format\":\"{FORMAT}\"");
        let length = bytes.len().min(start.len());
        bytes[..length] == start.as_bytes()[..length]
    }

    /// Says what is wrong with a first line that is not ours, or not of a version we know.
    pub(super) fn check(path: &Path, text: &str) -> Result<(), Fault> {
        let foreign = || {
            Fault::new(Kind::Journal, format!("`{}` is not a fedwiz journal", path.display()))
                .why("its first line does not name the format")
                .hint("Name another file with `--journal FILE`. This one is left as it is.")
        };
        let header: Self = serde_json::from_str(text).map_err(|_| foreign())?;
        if header.format != FORMAT {
            return Err(foreign());
        }
        if header.v > VERSION {
            return Err(Fault::new(
                Kind::Journal,
                format!(
                    "`{}` was written by a newer fedwiz ({})",
                    path.display(),
                    header.program
                ),
            )
            .why(format!(
                "its format is version {}, and this program knows up to {VERSION}",
                header.v
            ))
            .hint("Continue with that version or a later one. The file is left as it is."));
        }
        unseal(text)
            .map(drop)
            .ok_or_else(|| spoilt(path, 1, "its checksum is wrong"))
    }
}

#[derive(Serialize)]
struct Written<'a> {
    seq: u64,
    at: Timestamp,
    #[serde(flatten)]
    node: Option<&'a NodeId>,
    #[serde(flatten)]
    fact: &'a Fact,
    #[serde(skip_serializing_if = "<[Call]>::is_empty")]
    calls: &'a [Call],
}

/// A member of a line. What only later versions know is passed over.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Member {
    Seq,
    At,
    Target,
    Step,
    Item,
    Kind,
    Data,
    Calls,
    #[serde(other)]
    Other,
}

/// What a line says beside its fact.
#[derive(Default)]
struct Frame {
    seq: Option<u64>,
    at: Option<Timestamp>,
    target: Option<String>,
    step: Option<String>,
    item: String,
    calls: Vec<Call>,
}

/// Lets the members of the fact through and keeps the others, so that a line is read once.
struct Sieve<'a, M> {
    line: M,
    frame: &'a mut Frame,
}

impl<'de, M: MapAccess<'de>> MapAccess<'de> for Sieve<'_, M> {
    type Error = M::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, M::Error> {
        let Self { line, frame } = self;
        let name = loop {
            match line.next_key()? {
                None => return Ok(None),
                Some(Member::Seq) => frame.seq = Some(line.next_value()?),
                Some(Member::At) => frame.at = Some(line.next_value()?),
                Some(Member::Target) => frame.target = line.next_value()?,
                Some(Member::Step) => frame.step = line.next_value()?,
                Some(Member::Item) => frame.item = line.next_value()?,
                Some(Member::Calls) => frame.calls = line.next_value()?,
                Some(Member::Kind) => break "kind",
                Some(Member::Data) => break "data",
                Some(Member::Other) => drop(line.next_value::<IgnoredAny>()?),
            }
        };
        seed.deserialize(name.into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, M::Error> {
        self.line.next_value_seed(seed)
    }
}

/// A line as it stands in the journal.
struct Read(Event);

impl<'de> Deserialize<'de> for Read {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Read;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a line of the journal")
            }

            fn visit_map<M: MapAccess<'de>>(self, line: M) -> Result<Read, M::Error> {
                let mut frame = Frame::default();
                let sieve = Sieve {
                    line,
                    frame: &mut frame,
                };
                let fact = Fact::deserialize(MapAccessDeserializer::new(sieve))?;
                let Frame {
                    seq,
                    at,
                    target,
                    step,
                    item,
                    calls,
                } = frame;
                Ok(Read(Event {
                    seq: seq.ok_or_else(|| M::Error::missing_field("seq"))?,
                    at: at.ok_or_else(|| M::Error::missing_field("at"))?,
                    node: step.map(|step| NodeId { target, step, item }),
                    fact,
                    calls,
                }))
            }
        }

        deserializer.deserialize_map(Reader)
    }
}

/// The line of an event, with its end.
pub(super) fn write(event: &Event) -> Result<String, Fault> {
    let written = Written {
        seq: event.seq,
        at: event.at,
        node: event.node.as_ref(),
        fact: &event.fact,
        calls: &event.calls,
    };
    serde_json::to_string(&written)
        .map(seal)
        .map_err(|why| Fault::internal(format!("a fact cannot be written: {why}")))
}

/// The fact in a line that is as it was written.
pub(super) fn parse(text: &str) -> Option<Event> {
    unseal(text)?;
    let Read(event) = serde_json::from_str(text).ok()?;
    Some(event)
}

/// Reads the line with this number, which must hold the fact with that number.
pub(super) fn read(path: &Path, number: u64, seq: u64, text: &str) -> Result<Event, Fault> {
    if unseal(text).is_none() {
        return Err(spoilt(path, number, "its checksum is missing or wrong"));
    }
    let Read(event) = serde_json::from_str(text).map_err(|why| unknown(path, number, &why.to_string()))?;
    if event.seq != seq {
        return Err(spoilt(
            path,
            number,
            &format!("it holds fact {} where fact {seq} belongs", event.seq),
        ));
    }
    Ok(event)
}

/// A line that is not as it was written.
pub(super) fn spoilt(path: &Path, number: u64, why: &str) -> Fault {
    Fault::new(
        Kind::Journal,
        format!("line {number} of `{}` is not as it was written", path.display()),
    )
    .why(why.to_owned())
    .hint(
        "The file is left as it is. Put a copy back from a backup; or copy it, cut the copy before that line, and \
             name it with `--journal FILE`: what the cut lines said is then looked up in the clouds.",
    )
}

/// A line that is whole and speaks of things this version does not know.
fn unknown(path: &Path, number: u64, why: &str) -> Fault {
    Fault::new(
        Kind::Journal,
        format!("line {number} of `{}` cannot be understood", path.display()),
    )
    .why(why.to_owned())
    .hint("It was written by another version of fedwiz. Continue with that version. The file is left as it is.")
}

fn seal(mut text: String) -> String {
    let brace = text.pop();
    debug_assert_eq!(brace, Some('}'), "only objects are sealed");
    let crc = crc32fast::hash(text.as_bytes());
    text.push_str(&format!("{SEAL}{crc:08x}\"}}\n"));
    text
}

/// The content, if the checksum is right.
fn unseal(text: &str) -> Option<&str> {
    let (content, seal) = text.split_at_checked(text.len().checked_sub(SEAL_LENGTH)?)?;
    let digits = seal.strip_prefix(SEAL)?.strip_suffix("\"}")?;
    let crc = u32::from_str_radix(digits, 16).ok()?;
    (crc32fast::hash(content.as_bytes()) == crc).then_some(content)
}
