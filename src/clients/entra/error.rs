//! Microsoft's errors, and the one conversion of them to a [`Fault`].

mod login;
mod rights;

use ::http::Method;
use serde_json::Value;

pub use login::{login_fault, sign_in_fault};
pub use rights::{Area, Need, area};

use super::auth::token::TokenFacts;
use crate::{
    clients::http::Answer,
    fault::{Fault, Kind, Retry},
    secrets::redact,
};

/// What a vendor's text may be long.
const LONGEST: usize = 600;

/// Graph's error, unwrapped as far as it goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GraphError {
    /// The innermost code that says something.
    pub code: String,
    /// The message, without control characters.
    pub message: String,
    /// Graph's request id.
    pub request_id: Option<String>,
}

impl GraphError {
    /// Reads an error body of any of the shapes there are: OData, nested, JSON inside the message, or the sign-in
    /// service's. Whatever is not understood is the message.
    pub fn read(body: &Value) -> Self {
        if let Some(text) = body.as_str() {
            return Self {
                message: clean(text),
                ..Self::default()
            };
        }
        let error = body.get("error").unwrap_or(body);
        if let Some(code) = error.as_str() {
            let message = text(body.get("error_description")).unwrap_or_default();
            return Self {
                code: code.to_owned(),
                message: clean(&message),
                request_id: text(body.get("trace_id")),
            };
        }
        let mut found = Self {
            code: text(error.get("code")).unwrap_or_default(),
            message: match error.get("message") {
                // Older services say { "lang": …, "value": … }.
                Some(Value::Object(message)) => text(message.get("value")).unwrap_or_default(),
                message => text(message).unwrap_or_default(),
            },
            request_id: None,
        };
        let inner = ["innerError", "innererror"].iter().find_map(|name| error.get(*name));
        let mut deeper = inner;
        while let Some(level) = deeper {
            found.request_id = text(level.get("request-id")).or(found.request_id);
            if let Some(code) = text(level.get("code")).filter(|_| says_little(&found.code)) {
                found.code = code;
            }
            if let Some(message) = text(level.get("message")).filter(|_| found.message.is_empty()) {
                found.message = message;
            }
            deeper = ["innerError", "innererror"].iter().find_map(|name| level.get(*name));
        }
        if let Some(detail) = error
            .get("details")
            .and_then(Value::as_array)
            .and_then(|details| details.first())
        {
            if let Some(code) = text(detail.get("code")).filter(|_| says_little(&found.code)) {
                found.code = code;
            }
            if let Some(message) = text(detail.get("message")).filter(|message| !found.message.contains(message)) {
                found.message = format!("{} ({message})", found.message);
            }
        }
        if let Ok(wrapped) = serde_json::from_str::<Value>(&found.message)
            && wrapped.is_object()
        {
            found.code = text(wrapped.get("errorCode"))
                .or_else(|| text(wrapped.get("code")))
                .unwrap_or(found.code);
            found.message = text(wrapped.get("message")).unwrap_or(found.message);
        }
        found.message = clean(&found.message);
        found
    }

    fn is(&self, code: &str) -> bool {
        self.code.eq_ignore_ascii_case(code)
    }

    fn says(&self, words: &str) -> bool {
        self.message.to_ascii_lowercase().contains(words)
    }
}

fn text(value: Option<&Value>) -> Option<String> {
    value?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

fn says_little(code: &str) -> bool {
    matches!(
        code,
        "" | "UnknownError" | "generalException" | "BadRequest" | "Forbidden"
    )
}

/// A vendor's text as it may be shown: one line, without secrets and control characters, not too long.
pub fn clean(text: &str) -> String {
    let text = redact(text);
    let mut out = String::new();
    for word in text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
    {
        if out.len() + word.len() > LONGEST {
            out.push('…');
            break;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// The fault of an answer that is not 2xx. `facts` are the token's: they tell a missing scope from a missing role.
pub fn graph_fault(method: &Method, path: &str, answer: &Answer, facts: &TokenFacts) -> Fault {
    let body = serde_json::from_slice(&answer.body).unwrap_or_else(|_| Value::String(answer.text()));
    let mut fault = inner_fault(method, path, answer.status, &body, answer.retry, facts);
    if fault.request_id.is_none() {
        fault.request_id = answer.request_id.clone().map(Into::into);
    }
    fault
}

/// The same for one answer inside a batch.
pub fn inner_fault(method: &Method, path: &str, status: u16, body: &Value, retry: Retry, facts: &TokenFacts) -> Fault {
    let error = GraphError::read(body);
    let what = |verb: &str| format!("Microsoft Graph {verb} {method} {path} ({status})");
    let synchronization = path.contains("/synchronization");
    let mut fault = match status {
        400 => bad_request(&error, what("refuses")),
        401 if synchronization => rights::denied(method, path, facts, what("does not allow")),
        401 => Fault::new(Kind::SignIn, what("does not accept the sign-in for"))
            .hint("Sign in again; if it stays so, check that the profile's tenant and cloud are the right ones."),
        403 => forbidden(&error, method, path, facts, what("does not allow")),
        404 => Fault::new(Kind::NotFound, what("does not find")).retry(Retry::Replication),
        409 => conflict(&error, method, path, what("has a conflict at")),
        413 => Fault::new(Kind::Refused, what("calls too large")),
        424 => Fault::new(Kind::Refused, what("did not try, because one before it failed, at")),
        429 => Fault::new(Kind::Throttled, what("asks to slow down at")).retry(retry),
        408 | 500.. => Fault::new(Kind::Unavailable, what("fails at"))
            .hint("Microsoft's service has a problem; continue later. Its state: <https://status.cloud.microsoft>.")
            .retry(retry),
        _ => Fault::new(Kind::Refused, what("refuses")),
    };
    if fault.why.is_empty() {
        fault.why = error.message.into();
    } else if !error.message.is_empty() {
        fault.why = format!("{}; Graph says: {}", fault.why, error.message).into();
    }
    if !error.code.is_empty() {
        fault.code = Some(error.code.into());
    }
    fault.request_id = error.request_id.map(Into::into);
    fault
}

fn bad_request(error: &GraphError, what: String) -> Fault {
    if error.says("not a valid reference update") {
        return Fault::new(Kind::NotFound, what)
            .why("an object made a moment ago is not known everywhere yet")
            .retry(Retry::Replication);
    }
    if error.says("another object with the same value") || error.is("ObjectConflict") {
        return Fault::new(Kind::Conflict, what)
            .why("another object already has this value")
            .hint("A deleted application keeps its identifier for 30 days: look among the deleted applications, and purge it.");
    }
    if error.is("Request_UnsupportedQuery") {
        return Fault::new(Kind::Refused, what).why("the query needs Graph's index");
    }
    if error.is("HostNameNotOnVerifiedDomain") {
        return Fault::new(Kind::Refused, what)
            .hint("The identifier lies on a domain that this tenant has not verified: add the domain, or use another identifier.");
    }
    if error.is("Directory_QuotaExceeded") {
        return Fault::new(Kind::Refused, what)
            .hint("The directory is full: remove deleted objects or raise its quota.");
    }
    Fault::new(Kind::Refused, what)
}

fn forbidden(error: &GraphError, method: &Method, path: &str, facts: &TokenFacts, what: String) -> Fault {
    if error.says("insufficient_claims") || error.says("claims challenge") || error.is("insufficient_claims") {
        return Fault::new(Kind::SignIn, what)
            .why("Conditional Access wants more, such as a second factor or a known device")
            .hint("Sign in again in a way that meets the policy: with a browser on a managed device, for example.");
    }
    if error.says("must in the local tenant") || error.says("must be in the local tenant") {
        return Fault::new(Kind::NotFound, what)
            .why("the application made a moment ago is not known everywhere yet")
            .retry(Retry::Replication);
    }
    if error.is("Authentication_RequestFromNonPremiumTenantOrB2CTenant") {
        return Fault::new(Kind::Refused, what)
            .why("the tenant has no Entra ID P1 or P2 licence")
            .hint("Logs can be read only with such a licence; the walk goes on without them where it can.");
    }
    rights::denied(method, path, facts, what)
}

fn conflict(error: &GraphError, method: &Method, path: &str, what: String) -> Fault {
    let fault = Fault::new(Kind::Conflict, what);
    if error.says("another object with the same value") {
        return fault
            .hint("A deleted application keeps its identifier for 30 days: look among the deleted applications, and purge it.");
    }
    let young = path.contains("/synchronization") || (path.starts_with("/applications") && method == Method::PATCH);
    if young || error.says("concurrent") {
        return fault.retry(Retry::Replication);
    }
    fault
}

#[cfg(test)]
mod tests;
