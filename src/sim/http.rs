//! What arrives and what goes back: one request, one response, without any web framework in sight.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, Method};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

/// The five addresses of the simulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Port {
    /// Entra's sign-in pages and token endpoint.
    Login,
    /// Microsoft Graph, v1.0 and beta.
    Graph,
    /// All AWS APIs: STS, Organizations, sso-admin, Identity Store, CloudTrail.
    Aws,
    /// AWS's SCIM endpoint.
    Scim,
    /// State, ledger, console and weather.
    Admin,
}

impl Port {
    /// All five, in the order of their listeners.
    pub const ALL: [Self; 5] = [Self::Login, Self::Graph, Self::Aws, Self::Scim, Self::Admin];

    /// The word for it in ledgers, scenarios and addresses.
    pub fn word(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Graph => "graph",
            Self::Aws => "aws",
            Self::Scim => "scim",
            Self::Admin => "admin",
        }
    }

    /// The port of this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|port| port.word() == word)
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A request as the simulated services see it.
#[derive(Debug, Clone)]
pub struct Request {
    /// Where it arrived.
    pub port: Port,
    /// The method.
    pub method: Method,
    /// The path as sent, still percent-encoded.
    pub path: String,
    /// The query, decoded, in order.
    pub query: Vec<(String, String)>,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// Its number among all requests that are not for the admin port, from 1.
    pub seq: u64,
    /// The connection it came over.
    pub connection: u64,
    /// Sent by the simulation itself (Entra's provisioning service), not by a client.
    pub inside: bool,
    /// When it arrived.
    pub at: Timestamp,
}

impl Request {
    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The bearer token, if there is one.
    pub fn bearer(&self) -> Option<&str> {
        let value = self.header("authorization")?;
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }

    /// The first query value of this name.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The path in decoded pieces, without empty ones.
    pub fn segments(&self) -> Vec<String> {
        self.path
            .split('/')
            .filter(|piece| !piece.is_empty())
            .map(percent_decoded)
            .collect()
    }

    /// The body as JSON.
    pub fn json(&self) -> Result<Value, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }

    /// The body as an HTML form.
    pub fn form(&self) -> Vec<(String, String)> {
        url::form_urlencoded::parse(&self.body).into_owned().collect()
    }

    /// What the ledger calls it: the AWS target if there is one, else the path.
    pub fn target(&self) -> &str {
        self.header("x-amz-target").unwrap_or(&self.path)
    }

    /// True for methods that only read. (AWS's JSON protocols post their reads too: see [`super::aws`].)
    pub fn is_get(&self) -> bool {
        self.method == Method::GET || self.method == Method::HEAD
    }
}

/// Decodes `%xx`. Broken escapes stay as they are.
pub fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let hex = (bytes[i] == b'%').then(|| text.get(i + 1..i + 3)).flatten();
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                i += 3;
            }
            None => {
                out.push(bytes[i]);
                i += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// What a simulated service answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

impl Response {
    /// No body.
    pub fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }

    /// A JSON body.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::text(status, "application/json", body.to_string())
    }

    /// A body of this media type.
    pub fn text(status: u16, media: &str, body: impl Into<Bytes>) -> Self {
        Self::empty(status).header("content-type", media).body(body)
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Replaces the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// True for 2xx and 3xx.
    pub fn is_good(&self) -> bool {
        self.status < 400
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_decoded_piece_by_piece() {
        assert_eq!(percent_decoded("a%20b%2Fc"), "a b/c");
        assert_eq!(percent_decoded("100%"), "100%");
        assert_eq!(percent_decoded("%zz%C3%A9"), "%zzé");
    }
}
