//! What an onlooker is told of an exchange. Never a header, never a body.

use std::{fmt, time::Duration};

use ::http::HeaderMap;
use url::Url;

/// Sees every exchange with a cloud.
pub trait Observer: Send + Sync {
    /// One attempt has ended, well or not.
    fn exchange(&self, exchange: &Exchange);
}

/// Looks away.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {
    fn exchange(&self, _: &Exchange) {}
}

/// Whom a call goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Entra's sign-in service.
    Login,
    /// Microsoft Graph.
    Graph,
    /// An AWS API.
    Aws,
    /// AWS's SCIM endpoint.
    Scim,
}

impl Service {
    /// Its name as shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Login => "Entra sign-in",
            Self::Graph => "Microsoft Graph",
            Self::Aws => "AWS",
            Self::Scim => "SCIM",
        }
    }

    pub(super) fn takes_client_request_id(self) -> bool {
        matches!(self, Self::Login | Self::Graph)
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One attempt of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// Whom it went to.
    pub service: Service,
    /// The HTTP method.
    pub method: String,
    /// The address, without what must not be seen.
    pub url: String,
    /// The operation, for APIs that have all of them at one address: `ListInstances`.
    pub operation: Option<String>,
    /// The HTTP status; none if no answer came.
    pub status: Option<u16>,
    /// The vendor's request id.
    pub request_id: Option<String>,
    /// How long it took, by the clock of the run.
    pub elapsed: Duration,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// Why no answer came.
    pub note: Option<String>,
}

/// Query parameters whose value is never shown.
const HIDDEN: &[&str] = &[
    "code",
    "state",
    "token",
    "access_token",
    "client_secret",
    "sig",
    "x-amz-signature",
];

/// The address as it may be shown: no user name, no password, no secret query value.
pub fn shown_url(url: &Url) -> String {
    let hides = |name: &str| HIDDEN.iter().any(|hidden| name.eq_ignore_ascii_case(hidden));
    if url.username().is_empty() && url.password().is_none() && !url.query_pairs().any(|(name, _)| hides(&name)) {
        return url.to_string();
    }
    let mut shown = url.clone();
    // Both refuse only addresses that cannot hold a user name at all.
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    let pairs: Vec<(String, String)> = url
        .query_pairs()
        .map(|(name, value)| {
            let value = if hides(&name) {
                "hidden".to_owned()
            } else {
                value.into_owned()
            };
            (name.into_owned(), value)
        })
        .collect();
    if !pairs.is_empty() {
        shown.query_pairs_mut().clear().extend_pairs(pairs);
    }
    shown.to_string()
}

/// The vendor's request id, whichever header it uses.
pub(super) fn request_id(headers: &HeaderMap) -> Option<String> {
    [
        "request-id",
        "x-amzn-requestid",
        "x-amz-request-id",
        "x-ms-request-id",
        "x-request-id",
    ]
    .iter()
    .find_map(|name| headers.get(*name)?.to_str().ok().map(str::to_owned))
}
