//! What an access token says about itself.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde_json::{Map, Value};

/// The claims of a Graph token, read without checking its signature: good for explaining, never for deciding.
///
/// Graph's tokens are opaque by contract, so a token that cannot be read is no error: then everything here is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenFacts {
    /// Delegated scopes.
    pub scopes: Vec<String>,
    /// Application permissions.
    pub roles: Vec<String>,
    /// Template ids of the directory roles that are active now. Absent too when the person has very many.
    pub directory_roles: Vec<String>,
    /// The tenant.
    pub tenant: Option<String>,
    /// The user principal name; none for an application.
    pub upn: Option<String>,
    /// The object id of whoever signed in.
    pub object_id: Option<String>,
    /// The application that signed in.
    pub app_id: Option<String>,
    /// When it ends.
    pub expires: Option<Timestamp>,
    /// Whether the token could be read at all.
    pub readable: bool,
}

impl TokenFacts {
    /// Reads the claims, as far as there are any.
    pub fn read(token: &str) -> Self {
        Self::claims(token)
            .map(|claims| Self::from_claims(&claims))
            .unwrap_or_default()
    }

    /// True if the token was issued to an application rather than a person.
    pub fn is_application(&self) -> bool {
        self.readable && self.scopes.is_empty()
    }

    /// True if it holds this permission, delegated or of the application.
    pub fn allows(&self, permission: &str) -> bool {
        self.scopes
            .iter()
            .chain(&self.roles)
            .any(|held| held.eq_ignore_ascii_case(permission))
    }

    fn claims(token: &str) -> Option<Map<String, Value>> {
        let mut parts = token.split('.');
        let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    fn from_claims(claims: &Map<String, Value>) -> Self {
        let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
        let list = |name: &str| {
            let items = claims.get(name).and_then(Value::as_array);
            items
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect()
        };
        Self {
            scopes: text("scp")
                .unwrap_or_default()
                .split_whitespace()
                .map(str::to_owned)
                .collect(),
            roles: list("roles"),
            directory_roles: list("wids"),
            tenant: text("tid"),
            upn: text("upn")
                .or_else(|| text("preferred_username"))
                .or_else(|| text("unique_name")),
            object_id: text("oid"),
            app_id: text("appid").or_else(|| text("azp")),
            expires: claims
                .get("exp")
                .and_then(Value::as_i64)
                .and_then(|at| Timestamp::from_second(at).ok()),
            readable: true,
        }
    }
}
