//! `Fault`: the one error of this crate. It says what happened, why, what to do next, and whether trying again helps.

use std::{borrow::Cow, fmt, time::Duration};

use serde::{Deserialize, Serialize};

/// Text that is either known at compile time or made at run time.
pub type Text = Cow<'static, str>;

/// What happened, why, and what to do about it.
///
/// A fault is written to the journal and shown to people, so it never holds a secret: whoever makes one from a
/// vendor's answer passes the text through the redaction of [`crate::secrets`] first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// The kind of trouble; decides the exit code and the tone.
    pub kind: Kind,
    /// What happened, one sentence in the present tense, without a full stop needed.
    pub what: Text,
    /// Why, as far as it is known. Empty when it is not.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub why: Text,
    /// What the reader can do next. Empty only when nothing can be done.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub hint: Text,
    /// The vendor's own code or message key, such as `Request_ResourceNotFound` or `ConflictException`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Text>,
    /// The vendor's request id, to quote in a support case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<Text>,
    /// Whether, and how, trying again can help.
    #[serde(default)]
    pub retry: Retry,
}

/// The kind of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The profile, an argument or an answer holds a value that cannot be used. Exit code 2.
    Usage,
    /// A person has to act before the walk can go on. Exit code 3.
    NeedsPerson,
    /// The caller lacks a scope, role or IAM action.
    Rights,
    /// The sign-in or token is missing, expired or refused.
    SignIn,
    /// Something that should exist does not.
    NotFound,
    /// Something is in the way: a name taken, an object in use.
    Conflict,
    /// The vendor asks to slow down.
    Throttled,
    /// The network or the vendor's service failed.
    Unavailable,
    /// The vendor's answer cannot be read, or contradicts what it should be.
    Answer,
    /// The vendor refuses the request as invalid.
    Refused,
    /// The journal is locked, torn beyond repair, or foreign. Exit code 5.
    Journal,
    /// The secret store does not answer or refuses.
    Secrets,
    /// A wait ran out of time.
    TimedOut,
    /// A file or directory cannot be read or written.
    File,
    /// The operator stopped the run. Exit code 130.
    Stopped,
    /// A broken promise inside fedwiz itself: please report it.
    Internal,
}

/// Whether trying again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Retry {
    /// Trying again gives the same answer.
    #[default]
    Never,
    /// Nothing was changed; try again after a growing pause.
    Backoff,
    /// Nothing was changed; try again no sooner than this.
    After(Duration),
    /// It is not known whether the change was made (the answer was lost): look before doing anything else.
    LookFirst,
    /// An object made a moment ago is not visible everywhere yet: try the same again, up to the replication window.
    Replication,
}

impl Fault {
    /// A fault of this kind that says what happened.
    pub fn new(kind: Kind, what: impl Into<Text>) -> Self {
        Self {
            kind,
            what: what.into(),
            why: Text::Borrowed(""),
            hint: Text::Borrowed(""),
            code: None,
            request_id: None,
            retry: Retry::Never,
        }
    }

    /// Says why it happened.
    #[must_use]
    pub fn why(mut self, why: impl Into<Text>) -> Self {
        self.why = why.into();
        self
    }

    /// Says what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Text>) -> Self {
        self.hint = hint.into();
        self
    }

    /// Names the vendor's own code.
    #[must_use]
    pub fn code(mut self, code: impl Into<Text>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// Names the vendor's request id.
    #[must_use]
    pub fn request_id(mut self, id: impl Into<Text>) -> Self {
        self.request_id = Some(id.into());
        self
    }

    /// Says whether trying again can help.
    #[must_use]
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// A promise inside fedwiz that did not hold.
    pub fn internal(what: impl Into<Text>) -> Self {
        Self::new(Kind::Internal, what).hint("This is a defect in fedwiz. Please report it with the journal file.")
    }

    /// True for faults after which the state of the cloud is unknown until somebody looks.
    pub fn outcome_unknown(&self) -> bool {
        self.retry == Retry::LookFirst
    }
}

impl fmt::Display for Fault {
    /// One line: what happened, the code in brackets, then why.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if let Some(code) = &self.code {
            write!(f, " [{code}]")?;
        }
        if !self.why.is_empty() {
            write!(f, ": {}", self.why)?;
        }
        Ok(())
    }
}

impl std::error::Error for Fault {}
