//! Rules about what ends by itself: the SCIM token and the signing certificate.

use jiff::Timestamp;

use super::{
    evidence::{Application, Evidence, Token, Warn},
    finding::{Finding, Side},
};
use crate::{clients::entra::applications::ServicePrincipal, steps::scim_token::TOKEN_LIFE};

/// What has ended or will soon.
pub fn judge(evidence: &Evidence, findings: &mut Vec<Finding>) {
    token(evidence, findings);
    if let Some(app) = &evidence.entra.application {
        certificate(app, evidence, findings);
    }
}

fn token(evidence: &Evidence, findings: &mut Vec<Finding>) {
    let name = format!("SCIM token of {}", evidence.target);
    match evidence.aws.token {
        Token::None => {}
        Token::UnknownAge => {
            let detail = "is in use, and it is not known when it was made";
            findings.push(Finding::new("token-unknown-age", Side::Aws, name, detail));
        }
        Token::Since(made) => {
            let ends = made + TOKEN_LIFE;
            if let Some((rule, detail)) = ending("token", ends, evidence) {
                findings.push(Finding::new(&rule, Side::Aws, name, detail));
            }
        }
    }
}

/// The rule and the words for something that ends then; none while that is far away.
fn ending(what: &str, ends: Timestamp, evidence: &Evidence) -> Option<(String, String)> {
    let (now, Warn(soon)) = (evidence.now, evidence.warn);
    let day = ends.strftime("%Y-%m-%d");
    if ends <= now {
        Some((format!("{what}-ended"), format!("ended on {day}")))
    } else if ends <= now + soon {
        let days = ends.duration_since(now).as_hours().div_euclid(24);
        Some((format!("{what}-ending"), format!("ends on {day}, in {days} days")))
    } else {
        None
    }
}

/// The certificates of an application that can sign, each once: thumbprint and end.
pub fn certificates(principal: &ServicePrincipal) -> Vec<(String, Option<Timestamp>)> {
    let mut known: Vec<(String, Option<Timestamp>)> = principal
        .key_credentials
        .iter()
        .filter(|key| key.usage.as_deref() == Some("Verify"))
        .filter_map(|key| Some((key.thumbprint()?, key.end_date_time)))
        .collect();
    known.sort();
    known.dedup();
    known
}

fn certificate(app: &Application, evidence: &Evidence, findings: &mut Vec<Finding>) {
    let principal = &app.principal;
    let name = principal.display_name.clone().unwrap_or_default();
    let preferred = principal.preferred_token_signing_key_thumbprint.as_ref();
    let known = certificates(principal);
    let mut find = |rule: &str, thumbprint: &str, detail: String| {
        findings.push(Finding::new(rule, Side::Entra, &name, detail).id(thumbprint));
    };
    let signs = |thumbprint: &str| preferred.is_some_and(|preferred| preferred.eq_ignore_ascii_case(thumbprint));
    for (thumbprint, ends) in &known {
        if !signs(thumbprint) {
            let detail = format!("has the certificate {thumbprint}, which is not the preferred one");
            find("certificate-not-preferred", thumbprint, detail);
        } else if let Some((rule, detail)) = ends.and_then(|ends| ending("certificate", ends, evidence)) {
            find(&rule, thumbprint, format!("signs with {thumbprint}, which {detail}"));
        }
    }
    if let (Some(signing), Some(given)) = (preferred, &app.given_to_aws)
        && !given.iter().any(|known| known.eq_ignore_ascii_case(signing))
    {
        let detail = format!("signs with {signing}, and AWS was given {}", join(given));
        find("certificate-unknown-to-aws", signing, detail);
    }
}

fn join(names: &std::collections::BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}
