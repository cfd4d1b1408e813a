//! Graph's errors, in Graph's shape.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::sim::http::Response;

/// An error answer.
#[derive(Debug, Clone, PartialEq)]
pub struct GraphError {
    /// The status.
    pub status: u16,
    /// The code: what clients should branch on.
    pub code: &'static str,
    /// The sentence.
    pub message: String,
    /// A second code, where the vendor gives one, with the property it is about.
    pub detail: Option<(&'static str, &'static str)>,
    /// Seconds to wait.
    pub retry_after: Option<u64>,
}

impl GraphError {
    /// An error with this status, code and sentence.
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            detail: None,
            retry_after: None,
        }
    }

    /// 400 `Request_BadRequest`.
    pub fn bad(message: impl Into<String>) -> Self {
        Self::new(400, "Request_BadRequest", message)
    }

    /// 400 with `ObjectConflict` in the details.
    pub fn same_value(property: &'static str) -> Self {
        let mut error = Self::bad(format!(
            "Another object with the same value for property {property} already exists."
        ));
        error.detail = Some(("ObjectConflict", property));
        error
    }

    /// 404 for an object.
    pub fn not_found(id: &str) -> Self {
        let message =
            format!("Resource '{id}' does not exist or one of its queried reference-property objects are not present.");
        Self::new(404, "Request_ResourceNotFound", message)
    }

    /// 403.
    pub fn denied() -> Self {
        Self::new(
            403,
            "Authorization_RequestDenied",
            "Insufficient privileges to complete the operation.",
        )
    }

    /// 401.
    pub fn token(message: &str) -> Self {
        Self::new(401, "InvalidAuthenticationToken", message)
    }

    /// 400 for a query that needs the header for advanced queries, or is not to be had at all.
    pub fn unsupported_query(message: impl Into<String>) -> Self {
        Self::new(400, "Request_UnsupportedQuery", message)
    }

    /// 429.
    pub fn throttled(after: u64) -> Self {
        let mut error = Self::new(429, "TooManyRequests", "Too many requests");
        error.retry_after = Some(after);
        error
    }

    /// The body.
    pub fn body(&self, now: Timestamp, request: &str, client_request: &str) -> Value {
        let mut error = json!({
            "code": self.code,
            "message": self.message,
            "innerError": {
                "date": now.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
                "request-id": request,
                "client-request-id": client_request,
            },
        });
        if let Some((code, target)) = self.detail {
            error["details"] = json!([{ "code": code, "message": self.message, "target": target }]);
        }
        json!({ "error": error })
    }

    /// The answer.
    pub fn response(&self, now: Timestamp, request: &str, client_request: &str) -> Response {
        let mut response = Response::json(self.status, &self.body(now, request, client_request));
        if let Some(seconds) = self.retry_after {
            response = response.header("retry-after", seconds.to_string());
        }
        if self.status == 401 {
            response = response.header("www-authenticate", "Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", client_id=\"00000003-0000-0000-c000-000000000000\"");
        }
        response
    }
}
