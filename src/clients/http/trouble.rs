//! What can go wrong on the way to a cloud, in words that help.

use std::error::Error;

use url::Url;

use super::super::retry::Trouble;
use crate::fault::{Fault, Kind};

/// Why there is no answer.
pub(super) enum Lost {
    Network(reqwest::Error),
    TooLong(usize),
    BadToken,
}

pub(super) fn cannot_build(error: &reqwest::Error) -> Fault {
    Fault::new(Kind::Internal, "The HTTP client cannot be set up")
        .why(chain(error))
        .hint("Check the proxy settings and the certificate store of this machine.")
}

/// The fault of a lost exchange, and what it means for another attempt.
pub(super) fn lost(error: &Lost, url: &Url, idempotent: bool) -> (Fault, Trouble) {
    let host = url.host_str().unwrap_or("the service").to_owned();
    match error {
        Lost::BadToken => (
            Fault::new(Kind::SignIn, "The token holds characters that no header can carry")
                .hint("Copy the token again, whole and without line breaks."),
            Trouble::Final,
        ),
        Lost::TooLong(limit) => (
            Fault::new(Kind::Answer, format!("{host} answers with more than {limit} bytes"))
                .why("so long an answer is not read to its end"),
            Trouble::Final,
        ),
        Lost::Network(error) => network(error, &host, idempotent),
    }
}

fn network(error: &reqwest::Error, host: &str, idempotent: bool) -> (Fault, Trouble) {
    let not_sent = error.is_connect() || error.is_builder();
    explained(&chain(error), host, not_sent, error.is_timeout(), idempotent)
}

/// What the causes of a failure mean. The libraries below have no common types for them, so their texts are read; a text
/// nobody knows is shown as it is.
fn explained(text: &str, host: &str, not_sent: bool, timed_out: bool, idempotent: bool) -> (Fault, Trouble) {
    let has = |needle: &str| text.contains(needle);
    let unavailable = |what: String| Fault::new(Kind::Unavailable, what).why(text.to_owned());

    let certificate = has("certificate") || has("UnknownIssuer");
    let (fault, lasting) = if certificate && (has("UnknownIssuer") || has("not trusted") || has("self-signed")) {
        let fault = unavailable(format!("The certificate of {host} is not trusted on this machine")).hint(
            "A TLS-inspecting proxy may stand in between. Save its root certificate as PEM and name the file in \
             SSL_CERT_FILE or AWS_CA_BUNDLE.",
        );
        (fault, true)
    } else if certificate {
        let fault = unavailable(format!("The certificate of {host} is refused"))
            .hint("Check the clock of this machine, and whether a TLS-inspecting proxy stands in between.");
        (fault, true)
    } else if has("dns error") || has("failed to lookup address") || has("Name or service not known") {
        let fault = unavailable(format!("The name {host} cannot be resolved"))
            .hint("Check the network, VPN and DNS; behind a proxy, set HTTPS_PROXY.");
        (fault, false)
    } else if has("tunnel error") || has("proxy authentication") || has("socks") {
        let fault = unavailable(format!("The proxy does not let a connection to {host} through")).hint(
            "Check HTTPS_PROXY, its user name and password, and NO_PROXY. Proxies that want NTLM or Kerberos need a \
             local helper such as px.",
        );
        (fault, has("407") || has("unsupported scheme"))
    } else if timed_out {
        let fault = unavailable(format!("{host} does not answer in time"))
            .hint("Check the network; if it is well, wait a little and continue.");
        (fault, false)
    } else if has("Connection refused") || has("connection refused") {
        let fault = unavailable(format!("{host} refuses the connection"))
            .hint("Check the address, and whether a firewall or proxy stands in between.");
        (fault, false)
    } else if not_sent {
        let fault = unavailable(format!("No connection to {host} can be made"))
            .hint("Check the network; behind a proxy, set HTTPS_PROXY.");
        (fault, false)
    } else {
        let fault = unavailable(format!("The connection to {host} broke off before the answer came"));
        (fault, false)
    };
    let trouble = match (not_sent, lasting) {
        (true, true) => Trouble::Final,
        (true, false) => Trouble::NotSent,
        (false, _) => Trouble::Unclear(None),
    };
    (fault.retry(trouble.retry(idempotent)), trouble)
}

/// The error and all its causes in one line, each said once. Without addresses: they may hold what must not be seen.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let part = match error.downcast_ref::<reqwest::Error>() {
            // Its own text names the address; the kind is what is left.
            Some(outer) if outer.is_timeout() => "timed out".to_owned(),
            Some(_) => String::new(),
            None => error.to_string(),
        };
        if !part.is_empty() && !text.contains(&part) {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&part);
        }
        next = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_issuer_points_at_an_inspecting_proxy_and_is_not_repeated() {
        let text = "client error (Connect): invalid peer certificate: UnknownIssuer";
        let (fault, trouble) = explained(text, "graph.microsoft.com", true, false, true);
        assert_eq!(trouble, Trouble::Final);
        assert!(
            fault.hint.contains("TLS-inspecting proxy") && fault.hint.contains("SSL_CERT_FILE"),
            "{fault:?}"
        );
    }

    #[test]
    fn a_time_out_before_and_after_the_request_left_are_not_the_same() {
        let (_, before) = explained("timed out", "host", true, true, false);
        let (fault, after) = explained("timed out", "host", false, true, false);
        assert_eq!((before, after), (Trouble::NotSent, Trouble::Unclear(None)));
        assert!(fault.what.contains("in time"));
    }
}
