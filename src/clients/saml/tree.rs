//! A small document, read within bounds.

use quick_xml::{
    NsReader, XmlVersion,
    events::{BytesStart, Event},
    name::ResolveResult,
};

use super::METADATA_LIMIT;
use crate::fault::{Fault, Kind};

/// Elements within elements, no deeper.
const DEEPEST: usize = 32;
/// Elements in all. Entra's metadata has about 700.
const MOST: usize = 20_000;

/// An element with what is in it.
#[derive(Debug, Default)]
pub(super) struct Element {
    pub(super) namespace: String,
    pub(super) name: String,
    attributes: Vec<(String, String)>,
    pub(super) text: String,
    pub(super) children: Vec<Element>,
}

impl Element {
    /// An attribute that has no namespace.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.trim())
    }

    /// The children of this namespace and name.
    pub(super) fn all<'a>(&'a self, namespace: &'a str, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.is(namespace, name))
    }

    pub(super) fn is(&self, namespace: &str, name: &str) -> bool {
        self.name == name && self.namespace == namespace
    }

    /// Everything of this namespace and name below it, at any depth.
    pub(super) fn below<'a>(&'a self, namespace: &str, name: &str, found: &mut Vec<&'a Element>) {
        for child in &self.children {
            if child.is(namespace, name) {
                found.push(child);
            }
            child.below(namespace, name, found);
        }
    }
}

pub(super) fn not_metadata(what: &str, why: impl Into<String>) -> Fault {
    Fault::new(Kind::Usage, format!("The metadata {what}"))
        .why(why.into())
        .hint("Save the metadata file again, as it is, without opening it in an editor or browser.")
}

/// Reads a document: UTF-8 with or without a byte order mark, of bounded size and depth, without a document type.
pub(super) fn read(xml: &[u8]) -> Result<Element, Fault> {
    if xml.len() > METADATA_LIMIT {
        let why = format!("it has {} bytes; metadata has at most {METADATA_LIMIT}", xml.len());
        return Err(not_metadata("is too long", why));
    }
    let bytes = xml.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(xml);
    let text = std::str::from_utf8(bytes)
        .map_err(|error| not_metadata("is not text", format!("byte {} is not UTF-8", error.valid_up_to())))?;
    if !text.trim_start().starts_with('<') {
        let why = if text.trim().is_empty() {
            "it is empty"
        } else {
            "it does not begin with an element"
        };
        return Err(not_metadata("is not XML", why));
    }
    let mut reader = NsReader::from_str(text);
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    let mut count = 0;
    loop {
        let position = reader.buffer_position();
        let not_xml = |why: String| not_metadata("is not XML", format!("near byte {position}: {why}"));
        let (resolved, event) = reader
            .read_resolved_event()
            .map_err(|error| not_xml(error.to_string()))?;
        let namespace = match resolved {
            ResolveResult::Bound(namespace) => namespace.0.to_owned(),
            ResolveResult::Unbound => String::new(),
            ResolveResult::Unknown(prefix) => return Err(not_xml(format!("the prefix {prefix} is not declared"))),
        };
        match event {
            Event::Start(start) | Event::Empty(start) if open.is_empty() && root.is_some() => {
                return Err(not_xml(format!("a second root element <{}>", start.name().as_ref())));
            }
            Event::Start(start) => {
                count += 1;
                if open.len() >= DEEPEST || count > MOST {
                    return Err(not_metadata(
                        "is not metadata",
                        "its elements are too many or nested too deep",
                    ));
                }
                open.push(element(namespace, &start).map_err(not_xml)?);
            }
            Event::Empty(start) => {
                count += 1;
                if count > MOST {
                    return Err(not_metadata("is not metadata", "its elements are too many"));
                }
                let element = element(namespace, &start).map_err(not_xml)?;
                close(element, &mut open, &mut root);
            }
            Event::End(_) => {
                let element = open
                    .pop()
                    .ok_or_else(|| not_xml("an end without a beginning".to_owned()))?;
                close(element, &mut open, &mut root);
            }
            Event::Text(text) => {
                let text = text.xml10_content();
                match open.last_mut() {
                    Some(element) => element.text.push_str(&text),
                    None if text.trim().is_empty() => {}
                    None => return Err(not_xml("text outside the root element".to_owned())),
                }
            }
            Event::CData(data) => match open.last_mut() {
                Some(element) => element.text.push_str(&data.xml10_content()),
                None => return Err(not_xml("text outside the root element".to_owned())),
            },
            Event::GeneralRef(reference) => {
                let name = reference.xml10_content().into_owned();
                let resolved = match reference
                    .resolve_char_ref()
                    .map_err(|error| not_xml(error.to_string()))?
                {
                    Some(c) => c.to_string(),
                    None => quick_xml::escape::resolve_predefined_entity(&name)
                        .map(str::to_owned)
                        .ok_or_else(|| {
                            not_metadata(
                                "uses an entity",
                                format!("&{name}; is not one of XML's own; metadata needs none"),
                            )
                        })?,
                };
                match open.last_mut() {
                    Some(element) => element.text.push_str(&resolved),
                    None => return Err(not_xml("text outside the root element".to_owned())),
                }
            }
            Event::DocType(_) => {
                return Err(not_metadata(
                    "has a document type",
                    "metadata has none, and it is a known way to attack",
                ));
            }
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
    }
    if let Some(element) = open.last() {
        return Err(not_metadata(
            "is cut off",
            format!("<{}> is never closed", element.name),
        ));
    }
    root.ok_or_else(|| not_metadata("is not XML", "it holds no element"))
}

fn close(element: Element, open: &mut [Element], root: &mut Option<Element>) {
    match open.last_mut() {
        Some(parent) => parent.children.push(element),
        None => *root = Some(element),
    }
}

fn element(namespace: String, start: &BytesStart<'_>) -> Result<Element, String> {
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        if attribute.key.prefix().is_some() || attribute.key.as_namespace_binding().is_some() {
            continue;
        }
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|error| error.to_string())?;
        attributes.push((attribute.key.as_ref().to_owned(), value.into_owned()));
    }
    Ok(Element {
        namespace,
        name: start.local_name().as_ref().to_owned(),
        attributes,
        ..Element::default()
    })
}
