//! Answers from a file: one TOML table for each human step. Secrets are named there, not written: by environment variable, or
//! as what comes on stdin.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use secrecy::SecretString;
use serde::Deserialize;

use super::read_file;
use crate::{
    engine::{
        graph::NodeId,
        guide::{Answer, Entry, Field, Guide, Nobody, Operator},
    },
    fault::{Fault, Kind},
    secrets::remember,
};

/// Answers from a file.
pub(in crate::cli) struct AnswersFile {
    name: String,
    base: PathBuf,
    steps: BTreeMap<String, BTreeMap<String, Given>>,
    /// Each question is answered once: asking it again means that the answer did not lead to a proof. Some steps ask two.
    used: Mutex<BTreeSet<(NodeId, String)>>,
    stdin_text: Mutex<Option<SecretString>>,
    next: Arc<dyn Operator>,
}

/// How an answer is given.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Given {
    Word(bool),
    Text(String),
    From(From),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct From {
    env: Option<String>,
    #[serde(default)]
    stdin: bool,
}

impl AnswersFile {
    /// Reads an answers file.
    pub(in crate::cli) fn read(file: &Path) -> Result<Self, Fault> {
        let text = read_file(file)?;
        let steps = toml::from_str(&text).map_err(|error| {
            let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].lines().count().max(1));
            // The library would quote the line, which may hold a secret.
            Fault::new(Kind::Usage, format!("{}:{line}: {}", file.display(), error.message()))
                .hint("An answers file holds one table for each step: `[\"scim.token\"]`, then `endpoint = \"…\"` and `token = { env = \"NAME\" }`.")
        })?;
        Ok(Self {
            name: file.display().to_string(),
            base: file.parent().map(Path::to_path_buf).unwrap_or_default(),
            steps,
            used: Mutex::default(),
            stdin_text: Mutex::default(),
            next: Arc::new(Nobody),
        })
    }

    /// Steps that the file does not answer go to this operator.
    #[must_use]
    pub(in crate::cli) fn over(mut self, next: Arc<dyn Operator>) -> Self {
        self.next = next;
        self
    }

    fn table(&self, node: &NodeId) -> Option<&BTreeMap<String, Given>> {
        self.steps.get(&node.to_string()).or_else(|| self.steps.get(&node.step))
    }

    fn value(&self, node: &NodeId, field: &Field, given: &Given) -> Result<SecretString, Fault> {
        let wrong = |what: String| Fault::new(Kind::Usage, format!("{}: `{}` of {node} {what}", self.name, field.key));
        match (given, field.entry) {
            (Given::Text(_), Entry::Secret) => Err(wrong("is a secret and stands in the file".into()).hint(format!(
                "Write `{} = {{ env = \"NAME\" }}` or `{{ stdin = true }}`, and treat the secret as known to others.",
                field.key
            ))),
            // The text itself, or the path of a file that holds it.
            (Given::Text(text), Entry::File) if !text.trim_start().starts_with('<') => {
                Ok(read_file(&self.base.join(text))?.into())
            }
            (Given::Text(text), _) => Ok(text.clone().into()),
            (Given::From(From { env: Some(name), .. }), _) => match std::env::var(name) {
                Ok(value) if !value.is_empty() => Ok(value.into()),
                _ => Err(wrong(format!("names the variable {name}, which is not set"))),
            },
            (Given::From(From { stdin: true, .. }), _) => self.stdin(),
            _ => Err(wrong(
                "is neither a text, nor `{ env = \"NAME\" }`, nor `{ stdin = true }`".into(),
            )),
        }
    }

    /// All of stdin, read once and given to whoever asks.
    fn stdin(&self) -> Result<SecretString, Fault> {
        let mut read = self.stdin_text.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(text) = read.as_ref() {
            return Ok(text.clone());
        }
        let mut text = String::new();
        std::io::stdin()
            .take(1 << 20)
            .read_to_string(&mut text)
            .map_err(|error| Fault::new(Kind::Usage, "the answer on stdin cannot be read").why(error.to_string()))?;
        let secret = SecretString::from(text.trim_end_matches(['\r', '\n']).to_owned());
        *read = Some(secret.clone());
        Ok(secret)
    }
}

#[async_trait]
impl Operator for AnswersFile {
    async fn ask(&self, node: &NodeId, guide: &Guide) -> Result<Answer, Fault> {
        let Some(table) = self.table(node) else {
            return self.next.ask(node, guide).await;
        };
        if !self
            .used
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert((node.clone(), guide.title.clone()))
        {
            return Err(Fault::new(
                Kind::NeedsPerson,
                format!("{node} is not proven by the answers of {}", self.name),
            )
            .hint("Correct the answer and run the same command again."));
        }
        let mut answer = Answer::done();
        answer.unproven = matches!(table.get("unproven"), Some(Given::Word(true)));
        for field in &guide.fields {
            match table.get(&field.key) {
                Some(given) => {
                    let value = self.value(node, field, given)?;
                    if field.entry == Entry::Secret {
                        remember(&value);
                    }
                    answer.insert(field.key.clone(), value);
                }
                None if field.optional => {}
                None => {
                    return Err(Fault::new(
                        Kind::NeedsPerson,
                        format!("{}: {node} lacks `{}`", self.name, field.key),
                    )
                    .why(format!("{}: {}", field.label, field.hint))
                    .hint("Add it to the answers file and run the same command again."));
                }
            }
        }
        let known = |key: &str| key == "unproven" || guide.fields.iter().any(|field| field.key == key);
        if let Some(stray) = table.keys().find(|key| !known(key)) {
            let keys: Vec<&str> = guide.fields.iter().map(|field| field.key.as_str()).collect();
            return Err(
                Fault::new(Kind::Usage, format!("{}: {node} has no answer `{stray}`", self.name))
                    .hint(format!("It takes: {}, and `unproven = true`.", keys.join(", "))),
            );
        }
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use secrecy::ExposeSecret;

    use super::*;

    fn node(step: &str) -> NodeId {
        NodeId {
            target: None,
            step: step.into(),
            item: String::new(),
        }
    }

    fn file(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    fn guide() -> Guide {
        Guide::new("Token")
            .field("endpoint", "Endpoint", "an address", Entry::Line)
            .field("token", "Token", "long", Entry::Secret)
    }

    async fn ask(text: &str, step: &str, guide: &Guide) -> Result<Answer, Fault> {
        AnswersFile::read(file(text).path())?.ask(&node(step), guide).await
    }

    #[tokio::test]
    async fn secrets_come_from_the_environment_and_never_from_the_file() {
        let good = "[\"scim.token\"]\nendpoint = \"https://scim\"\ntoken = { env = \"PATH\" }\n";
        let answer = ask(good, "scim.token", &guide()).await.unwrap();
        assert_eq!(answer.text("endpoint").unwrap(), "https://scim");
        assert_eq!(
            answer.secret("token").unwrap().expose_secret(),
            std::env::var("PATH").unwrap()
        );
        let bad = "[\"scim.token\"]\nendpoint = \"https://scim\"\ntoken = \"written-down\"\n";
        let fault = ask(bad, "scim.token", &guide()).await.unwrap_err();
        assert_eq!(fault.kind, Kind::Usage);
        assert!(!format!("{fault:?}").contains("written-down"));
    }

    #[tokio::test]
    async fn what_is_not_answered_needs_a_person_and_what_nobody_asked_is_an_error() {
        let part = "[\"scim.token\"]\nendpoint = \"https://scim\"\n";
        assert_eq!(
            ask(part, "scim.token", &guide()).await.unwrap_err().kind,
            Kind::NeedsPerson
        );
        assert_eq!(
            ask(part, "saml.sign-in", &guide()).await.unwrap_err().kind,
            Kind::NeedsPerson
        );
        let stray = "[\"saml.sign-in\"]\ndone = \"yes\"\n";
        assert_eq!(
            ask(stray, "saml.sign-in", &Guide::new("x")).await.unwrap_err().kind,
            Kind::Usage
        );
        let word = "[\"saml.sign-in\"]\nunproven = true\n";
        assert!(ask(word, "saml.sign-in", &Guide::new("x")).await.unwrap().unproven);
    }

    #[tokio::test]
    async fn a_step_may_ask_two_things() {
        let file = file("[\"saml.sign-in\"]\n");
        let answers = AnswersFile::read(file.path()).unwrap();
        for title in ["from My Apps", "from the portal"] {
            assert!(answers.ask(&node("saml.sign-in"), &Guide::new(title)).await.is_ok());
        }
    }

    #[tokio::test]
    async fn an_answer_is_given_once() {
        let file = file("[\"saml.sign-in\"]\n");
        let answers = AnswersFile::read(file.path()).unwrap();
        assert!(answers.ask(&node("saml.sign-in"), &Guide::new("x")).await.is_ok());
        assert_eq!(
            answers
                .ask(&node("saml.sign-in"), &Guide::new("x"))
                .await
                .unwrap_err()
                .kind,
            Kind::NeedsPerson
        );
    }
}
