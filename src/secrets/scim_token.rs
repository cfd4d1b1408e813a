//! `ScimToken`: the token with all that must be known about it, kept as one secret.

use std::fmt;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

use super::remember;
use crate::fault::{Fault, Kind};

/// A SCIM token, the endpoint it is good for, and when it was made.
///
/// AWS shows a token once and never says when it ends, so the time is kept with it: a token lives one year.
#[derive(Clone)]
pub struct ScimToken {
    /// The bearer token.
    pub token: SecretString,
    /// The SCIM endpoint of the directory it belongs to.
    pub endpoint: Url,
    /// When it was made; `None` when nobody knows.
    pub created: Option<Timestamp>,
    /// True when a provisioning job that stood before goes on with it: then it is not deleted.
    pub lent: bool,
    /// True when AWS was seen to refuse it and nothing is left to be done for it: then it is forgotten, as soon as that is
    /// written down.
    pub refused: bool,
}

/// How the record is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    token: String,
    endpoint: Url,
    created: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    lent: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    refused: bool,
}

impl ScimToken {
    /// A token that somebody copied just now, without the blanks that copying brings along.
    pub fn new(copied: &SecretString, endpoint: Url, created: Timestamp) -> Self {
        let token = SecretString::from(copied.expose_secret().trim());
        remember(&token);
        Self {
            token,
            endpoint,
            created: Some(created),
            lent: false,
            refused: false,
        }
    }

    /// The whole record as one secret value.
    pub fn to_secret(&self) -> SecretString {
        let kept = Kept {
            token: self.token.expose_secret().to_owned(),
            endpoint: self.endpoint.clone(),
            created: self.created,
            lent: self.lent,
            refused: self.refused,
        };
        serde_json::to_string(&kept)
            .expect("a record of strings is always JSON")
            .into()
    }

    /// Reads the record back.
    pub fn from_secret(secret: &SecretString) -> Result<Self, Fault> {
        let kept: Kept = serde_json::from_str(secret.expose_secret()).map_err(|_| {
            // The error is left out: it would quote the secret.
            Fault::new(Kind::Secrets, "the kept SCIM token cannot be read")
                .why("the record is not one that fedwiz wrote")
                .hint("Remove it from the secret store and run the same command again; a new token will be asked for.")
        })?;
        Ok(Self {
            token: kept.token.into(),
            endpoint: kept.endpoint,
            created: kept.created,
            lent: kept.lent,
            refused: kept.refused,
        })
    }
}

impl fmt::Debug for ScimToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScimToken")
            .field("endpoint", &self.endpoint.as_str())
            .field("created", &self.created)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_survives_and_shows_no_token() {
        let made = ScimToken {
            token: "very-secret".into(),
            endpoint: Url::parse("https://scim.eu-west-1.amazonaws.com/Hw5/scim/v2").unwrap(),
            created: Some("2026-01-02T03:04:05Z".parse().unwrap()),
            lent: true,
            refused: false,
        };
        let read = ScimToken::from_secret(&made.to_secret()).unwrap();
        assert_eq!(read.token.expose_secret(), "very-secret");
        assert_eq!(read.endpoint, made.endpoint);
        assert_eq!(read.created, made.created);
        assert!(read.lent);
        assert!(!format!("{read:?}").contains("very-secret"));
    }

    #[test]
    fn a_record_of_an_earlier_version_is_read() {
        let kept = r#"{"token":"t","endpoint":"https://scim.eu-west-1.amazonaws.com/Hw5/scim/v2","created":null}"#;
        assert!(!ScimToken::from_secret(&kept.into()).unwrap().lent);
    }

    #[test]
    fn what_cannot_be_read_is_not_quoted() {
        let fault = ScimToken::from_secret(&"plain-old-token".into()).unwrap_err();
        assert!(!format!("{fault:?}").contains("plain-old-token"));
    }
}
