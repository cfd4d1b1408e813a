//! AWS's SCIM errors, and the one conversion of them to a [`Fault`].

use ::http::Method;
use serde_json::Value;
use url::Url;

use crate::{
    clients::{entra::error::clean, http::Answer},
    fault::{Fault, Kind},
};

/// The text of an error body: SCIM's `detail`, or AWS's `message`; with `schema` (as AWS writes) or `schemas`.
fn detail(answer: &Answer) -> Option<String> {
    let body: Value = serde_json::from_slice(&answer.body).ok()?;
    let text = ["detail", "message", "Message"]
        .iter()
        .find_map(|name| body.get(*name)?.as_str())?;
    Some(clean(text)).filter(|text| !text.is_empty())
}

fn code(answer: &Answer) -> Option<String> {
    let body: Value = serde_json::from_slice(&answer.body).ok()?;
    let header = answer
        .headers
        .get("x-amzn-errortype")
        .and_then(|value| value.to_str().ok());
    let text = header.or_else(|| {
        ["scimType", "__type", "code"]
            .iter()
            .find_map(|name| body.get(*name)?.as_str())
    })?;
    let text = text.split(':').next().unwrap_or(text);
    Some(clean(text.rsplit('#').next().unwrap_or(text))).filter(|text| !text.is_empty())
}

pub(super) fn scim_fault(method: &Method, path: &str, endpoint: &Url, answer: &Answer) -> Fault {
    let host = endpoint.host_str().unwrap_or("the endpoint");
    let what = |verb: &str| format!("AWS's SCIM endpoint {verb} {method} {path} ({})", answer.status);
    let mut fault = match answer.status {
        401 => Fault::new(
            Kind::SignIn,
            format!("AWS's SCIM endpoint at {host} does not accept the token"),
        )
        .why("the token has expired (after one year), was deleted, or belongs to another tenant id than the address")
        .hint(
            "Make a new token in Identity Center, under Settings > Automatic provisioning, and copy the endpoint \
                 shown there together with it.",
        ),
        403 => Fault::new(Kind::Rights, what("does not allow")).hint(
            "Network rules of the instance or a KMS key may be in the way; the CloudTrail events of \
             identitystore-scim.amazonaws.com say which.",
        ),
        404 => Fault::new(Kind::NotFound, what("does not find")),
        409 => Fault::new(Kind::Conflict, what("has a conflict at")),
        429 => Fault::new(Kind::Throttled, what("asks to slow down at")).retry(answer.retry),
        408 | 500.. => Fault::new(Kind::Unavailable, what("fails at")).retry(answer.retry),
        _ => Fault::new(Kind::Refused, what("refuses")),
    };
    if let Some(detail) = detail(answer) {
        fault.why = match fault.why.is_empty() {
            true => detail.into(),
            false => format!("{}; AWS says: {detail}", fault.why).into(),
        };
    }
    fault.code = code(answer).map(Into::into);
    fault.request_id = answer.request_id.clone().map(Into::into);
    fault
}
