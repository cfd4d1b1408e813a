//! The JSON stream: one event a line. What a line holds is published in `docs/events.schema.json`.

use std::io;

use jiff::Timestamp;
use schemars::schema_for;
use serde::Serialize;
use serde_json::{Value, ser::Formatter};

use super::{
    Reporter, clean,
    summary::Summary,
    view::{Seen, View},
    wire::{Base, Body, Executor, Line},
};
use crate::engine::{fact::VERSION, graph::NodeId, recorder::Notice};

/// Writes events as JSON, one a line.
#[derive(Debug)]
pub struct Json<W> {
    out: W,
}

impl<W: io::Write> Json<W> {
    /// Writes to `out`.
    pub fn new(out: W) -> Self {
        Self { out }
    }

    pub(super) fn line(
        &mut self,
        view: &View,
        seq: u64,
        at: Timestamp,
        node: Option<&NodeId>,
        body: Body,
    ) -> io::Result<()> {
        let line = Line {
            v: VERSION,
            seq,
            at,
            target: node.and_then(|node| node.target.as_deref()),
            step: node.map(|node| node.step.as_str()),
            item: node.map(|node| node.item.as_str()).filter(|item| !item.is_empty()),
            executor: node
                .and_then(|node| view.about_step(&node.step))
                .map(|about| Executor::from(about.executor)),
            body,
        };
        let mut text = Vec::with_capacity(256);
        line.serialize(&mut serde_json::Serializer::with_formatter(&mut text, Harmless))
            .map_err(io::Error::other)?;
        text.push(b'\n');
        self.out.write_all(&text)?;
        self.out.flush()
    }
}

impl<W: io::Write> Reporter for Json<W> {
    fn tell(&mut self, view: &View, notice: &Notice, _: Seen) -> io::Result<()> {
        match notice {
            Notice::Fact(event) => self.line(
                view,
                event.seq,
                event.at,
                event.node.as_ref(),
                Body::of_fact(&event.fact),
            ),
            Notice::Signal(event) => {
                let about = event.node.as_ref().and_then(|node| view.about_step(&node.step));
                let body = Body::of_signal(&event.signal, about.map(|about| about.proof));
                self.line(view, event.seq, event.at, event.node.as_ref(), body)
            }
        }
    }

    fn end(&mut self, view: &View, summary: &Summary) -> io::Result<()> {
        let at = view.now().unwrap_or(Timestamp::UNIX_EPOCH);
        self.line(view, view.seq(), at, None, Body::Summary(Box::new(summary.clone())))
    }
}

/// Writes what acts on a terminal by its code, also where JSON would allow it as it is.
struct Harmless;

impl Formatter for Harmless {
    fn write_string_fragment<W: io::Write + ?Sized>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| clean::acts(*c)) {
            writer.write_all(&rest.as_bytes()[..at])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = &rest[at + c.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }
}

/// The schema of a line: JSON Schema 2020-12. Every kind has all its members in one closed object.
pub fn schema() -> Value {
    let base = schema_for!(Base<'_>).to_value();
    let mut schema = schema_for!(Body).to_value();
    let mut definitions = schema["$defs"].take();
    for (name, definition) in base["$defs"].as_object().into_iter().flatten() {
        definitions[name] = definition.clone();
    }
    for kind in schema["oneOf"].as_array_mut().into_iter().flatten() {
        complete(kind, &base, &mut definitions);
    }
    if let Some(definitions) = definitions.as_object_mut() {
        definitions.remove("Summary");
    }
    schema["$defs"] = definitions;
    schema["$id"] = format!("urn:fedwiz:events:v{VERSION}").into();
    schema["title"] = "fedwiz event".into();
    schema["description"] = "One line of the JSON stream.".into();
    schema
}

/// Puts the members of all kinds, and of the type the kind refers to, into the kind's own object.
fn complete(kind: &mut Value, base: &Value, definitions: &mut Value) {
    let referred = kind
        .as_object_mut()
        .and_then(|kind| kind.remove("$ref"))
        .and_then(|name| name.as_str()?.rsplit('/').next().map(str::to_owned))
        .map(|name| definitions[&name].clone())
        .unwrap_or_default();
    for part in [base, &referred] {
        for (name, member) in part["properties"].as_object().into_iter().flatten() {
            kind["properties"][name] = member.clone();
        }
    }
    kind["properties"]["v"] = serde_json::json!({
        "const": VERSION,
        "description": base["properties"]["v"]["description"],
    });
    // Every member is always there; what is not known is null.
    let names: Vec<Value> = kind["properties"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, _)| name.clone().into())
        .collect();
    kind["required"] = names.into();
    kind["additionalProperties"] = false.into();
}
