//! The sign-in service's errors.

use std::error::Error;

use serde_json::Value;

use super::{GraphError, clean};
use crate::fault::{Fault, Kind, Retry};

/// What an AADSTS code means, for those that people meet. Source:
/// <https://learn.microsoft.com/entra/identity-platform/reference-error-codes>.
const KNOWN: &[(&str, &str, &str)] = &[
    (
        "AADSTS50034",
        "the account is not in this tenant",
        "Check the user name and the profile's tenant.",
    ),
    (
        "AADSTS50059",
        "the tenant is not named",
        "Set `entra.tenant` in the profile.",
    ),
    (
        "AADSTS50076",
        "a second factor is required",
        "Sign in with `auth = \"browser\"` or `az login` and complete it.",
    ),
    (
        "AADSTS50079",
        "a second factor must be registered first",
        "Sign in once in the browser and register it.",
    ),
    ("AADSTS50126", "user name or password is wrong", "Try again."),
    (
        "AADSTS50158",
        "a further check outside Entra is required",
        "Sign in with `auth = \"browser\"`.",
    ),
    ("AADSTS50173", "the sign-in was revoked", "Sign in again."),
    (
        "AADSTS53000",
        "Conditional Access wants a compliant device",
        "Sign in from a managed device.",
    ),
    (
        "AADSTS53003",
        "Conditional Access does not allow this way of signing in",
        "Use `auth = \"browser\"` or `\"azure-cli\"`.",
    ),
    (
        "AADSTS530036",
        "Conditional Access blocks the device code flow",
        "Use `auth = \"browser\"` or `\"azure-cli\"`.",
    ),
    (
        "AADSTS65001",
        "nobody has consented to what the application asks for",
        "An administrator grants consent once.",
    ),
    (
        "AADSTS65004",
        "consent was declined",
        "Sign in again and accept, or ask an administrator.",
    ),
    ("AADSTS70000", "the sign-in has ended", "Sign in again."),
    (
        "AADSTS700016",
        "the application is not in this tenant",
        "Check `entra.client_id` and `entra.tenant` in the profile.",
    ),
    (
        "AADSTS700024",
        "the client assertion is outside its time",
        "Check the clock of this machine.",
    ),
    (
        "AADSTS700027",
        "the certificate is not registered with the application",
        "Upload its public part to the application.",
    ),
    ("AADSTS700082", "the refresh token has expired", "Sign in again."),
    (
        "AADSTS7000215",
        "the client secret is wrong",
        "Use the secret's value, not its id; make a new one if it is lost.",
    ),
    (
        "AADSTS7000218",
        "the application does not allow public client flows",
        "Switch on \"Allow public client flows\" for it.",
    ),
    (
        "AADSTS7000222",
        "the client secret has expired",
        "Make a new secret for the application.",
    ),
    (
        "AADSTS90002",
        "there is no such tenant",
        "Check `entra.tenant` and `entra.cloud` in the profile.",
    ),
    (
        "AADSTS90023",
        "the tenant name cannot be used",
        "Check `entra.tenant` in the profile.",
    ),
    (
        "AADSTS900023",
        "the tenant name cannot be used",
        "Check `entra.tenant` in the profile.",
    ),
    (
        "AADSTS900382",
        "the application lives in another cloud",
        "Check `entra.cloud` in the profile.",
    ),
];

/// The AADSTS code in a text.
pub(super) fn aadsts(text: &str) -> Option<&str> {
    let start = text.find("AADSTS")?;
    let digits = text[start + 6..].bytes().take_while(u8::is_ascii_digit).count();
    (digits > 0).then(|| &text[start..start + 6 + digits])
}

/// The fault of an error of the sign-in service: its `error` and its text.
pub fn login_fault(error: &str, description: &str) -> Fault {
    let fault = Fault::new(Kind::SignIn, "Entra does not sign in");
    let code = aadsts(description);
    let known = KNOWN.iter().find(|(known, _, _)| Some(*known) == code);
    // The first sentence is the useful one; trace ids and times follow it.
    let first = clean(
        description
            .split(" Trace ID:")
            .next()
            .unwrap_or_default()
            .lines()
            .next()
            .unwrap_or_default(),
    );
    let fault = match (known, error) {
        (Some((_, why, hint)), _) => fault.why(format!("{why} ({first})")).hint(*hint),
        (None, "invalid_client") => fault
            .why(first)
            .hint("Check the secret or certificate and `entra.client_id`."),
        (None, "unauthorized_client") => fault
            .why(first)
            .hint("Check `entra.client_id` and the application's settings."),
        (None, "invalid_grant" | "interaction_required") => fault.why(first).hint("Sign in again."),
        (None, "temporarily_unavailable" | "server_error") => {
            return Fault::new(Kind::Unavailable, "Entra's sign-in service fails")
                .why(first)
                .retry(Retry::Backoff);
        }
        (None, _) => fault.why(first),
    };
    match code {
        Some(code) => fault.code(code.to_owned()),
        None if error.is_empty() => fault,
        None => fault.code(error.to_owned()),
    }
}

/// The fault of a credential that gives no token. Its own text is long; what we put into it ourselves, or the sign-in
/// service's answer, is what helps.
pub fn sign_in_fault(error: &azure_core::Error) -> Fault {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(cause) = next {
        if let Some(fault) = cause.downcast_ref::<Fault>() {
            return fault.clone();
        }
        if let Some(azure) = cause.downcast_ref::<azure_core::Error>()
            && let azure_core::error::ErrorKind::HttpResponse {
                raw_response: Some(raw),
                ..
            } = azure.kind()
            && let Ok(body) = serde_json::from_slice::<Value>(raw.body().as_ref())
        {
            let read = GraphError::read(&body);
            return login_fault(&read.code, &read.message);
        }
        next = cause.source();
    }
    let text = error.to_string();
    if aadsts(&text).is_some() {
        return login_fault("", &text);
    }
    Fault::new(Kind::SignIn, "No token can be had").why(clean(text.lines().next().unwrap_or_default()))
}
