//! `Guide`: what a person is asked to do where no API exists, and what they answer.

use std::collections::BTreeMap;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::graph::NodeId;
use crate::fault::{Fault, Kind, Text};

/// Numbered instructions for one visit to a console, the values to take along, and the answers to bring back.
///
/// A guide is shown, logged as a signal and printed: it never holds a secret. Secrets only come back, in an [`Answer`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Guide {
    /// What to do, as a heading.
    pub title: String,
    /// What changes for people the moment it is done; empty when nothing does.
    pub consequences: String,
    /// How to go back, in the vendor's labels; empty when there is nothing to go back from.
    pub way_back: String,
    /// The page to open.
    pub link: Option<String>,
    /// The steps, in the vendor's labels.
    pub say: Vec<String>,
    /// Values to copy into the console: label and value.
    pub values: Vec<(String, String)>,
    /// What to bring back.
    pub fields: Vec<Field>,
    /// What the simulated console does in a person's place.
    #[serde(skip)]
    pub click: Option<Click>,
}

/// One answer to bring back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// The key in an answers file: `endpoint`.
    pub key: String,
    /// The label on screen: "SCIM endpoint".
    pub label: String,
    /// What it looks like, or where it is found.
    pub hint: String,
    /// How it is asked for.
    pub entry: Entry,
    /// Whether it may be left out.
    pub optional: bool,
}

/// How a field is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Entry {
    /// One line.
    Line,
    /// A file's path; the answer is the file's content. An answers file may give the path or the text.
    File,
    /// One line without echo; kept as a secret.
    Secret,
}

/// An action of the simulated console: `POST /console/<action>` with `args`; its answer fills the fields by key.
#[derive(Debug, Clone, PartialEq)]
pub struct Click {
    /// The action's name.
    pub action: &'static str,
    /// What a person would have typed or uploaded.
    pub args: serde_json::Value,
}

impl Guide {
    /// A guide with this heading.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            ..Self::default()
        }
    }

    /// Says what changes for people the moment it is done.
    #[must_use]
    pub fn consequences(mut self, text: impl Into<String>) -> Self {
        self.consequences = text.into();
        self
    }

    /// Says how to go back.
    #[must_use]
    pub fn way_back(mut self, text: impl Into<String>) -> Self {
        self.way_back = text.into();
        self
    }

    /// Names the page to open.
    #[must_use]
    pub fn open(mut self, link: impl Into<String>) -> Self {
        self.link = Some(link.into());
        self
    }

    /// Adds one numbered instruction.
    #[must_use]
    pub fn say(mut self, text: impl Into<String>) -> Self {
        self.say.push(text.into());
        self
    }

    /// Adds a value to copy.
    #[must_use]
    pub fn value(mut self, label: impl Into<String>, value: impl Into<String>) -> Self {
        self.values.push((label.into(), value.into()));
        self
    }

    /// Adds an answer to bring back.
    #[must_use]
    pub fn field(mut self, key: &str, label: &str, hint: &str, entry: Entry) -> Self {
        self.fields.push(Field {
            key: key.into(),
            label: label.into(),
            hint: hint.into(),
            entry,
            optional: false,
        });
        self
    }

    /// Adds an answer that may be left out.
    #[must_use]
    pub fn optional(mut self, key: &str, label: &str, hint: &str, entry: Entry) -> Self {
        self.fields.push(Field {
            key: key.into(),
            label: label.into(),
            hint: hint.into(),
            entry,
            optional: true,
        });
        self
    }

    /// Names what the simulated console does in a person's place.
    #[must_use]
    pub fn click(mut self, action: &'static str, args: serde_json::Value) -> Self {
        self.click = Some(Click { action, args });
        self
    }
}

/// What a person brought back.
#[derive(Debug, Default)]
pub struct Answer {
    fields: BTreeMap<String, SecretString>,
    /// The person's own word that it is done, where the proof may not come: recorded and shown as *unproven*.
    pub unproven: bool,
}

impl Answer {
    /// An answer with no fields: "I have done it".
    pub fn done() -> Self {
        Self::default()
    }

    /// An answer with no fields, and a person's word in place of the proof.
    pub fn vouched() -> Self {
        Self {
            unproven: true,
            ..Self::default()
        }
    }

    /// Adds a field. All values are held as secrets; those that are none are read with [`Answer::text`].
    pub fn insert(&mut self, key: impl Into<String>, value: SecretString) {
        self.fields.insert(key.into(), value);
    }

    /// The text of a field that is no secret, or a fault that names the missing field.
    pub fn text(&self, key: &str) -> Result<String, Fault> {
        self.secret(key).map(|value| value.expose_secret().to_owned())
    }

    /// The text of a field that may be left out.
    pub fn optional(&self, key: &str) -> Option<String> {
        self.fields.get(key).map(|value| value.expose_secret().to_owned())
    }

    /// A field as a secret, or a fault that names the missing field.
    pub fn secret(&self, key: &str) -> Result<SecretString, Fault> {
        self.fields.get(key).cloned().ok_or_else(|| {
            Fault::new(Kind::NeedsPerson, format!("the answer lacks `{key}`"))
                .hint("Bring it when you are asked, or give it in an answers file.")
        })
    }
}

/// Whoever answers guides: a person at a prompt or screen, an answers file, or the simulated console.
#[async_trait]
pub trait Operator: Send + Sync {
    /// Shows the guide and waits for the answer. A fault of kind `NeedsPerson` means nobody is there: the step stays open,
    /// the rest of the walk goes on, and the run ends with exit code 3.
    async fn ask(&self, node: &NodeId, guide: &Guide) -> Result<Answer, Fault>;
}

/// Nobody is there.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nobody;

#[async_trait]
impl Operator for Nobody {
    async fn ask(&self, node: &NodeId, guide: &Guide) -> Result<Answer, Fault> {
        Err(Fault::new(
            Kind::NeedsPerson,
            Text::Owned(format!("{node} needs a person: {}", guide.title)),
        )
        .hint("Run `fedwiz apply` at a terminal, or give the answers with `--answers FILE`."))
    }
}
