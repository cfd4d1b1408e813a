//! Whether an address may be given a SCIM token.

use url::Url;

use crate::{
    clients::http::is_loopback,
    fault::{Fault, Kind},
};

/// The endings of AWS's SCIM hosts in a partition, after `scim.<region>.`: IPv4, then dual stack.
/// Source: <https://docs.aws.amazon.com/singlesignon/latest/userguide/idp-microsoft-entra.html>.
fn suffixes(partition: &str) -> &'static [&'static str] {
    match partition {
        "aws" | "aws-us-gov" => &["amazonaws.com", "api.aws"],
        "aws-cn" => &["amazonaws.com.cn", "api.amazonwebservices.com.cn"],
        "aws-eusc" => &["amazonaws.eu", "api.amazonwebservices.eu"],
        _ => &[],
    }
}

/// Reads an endpoint as somebody pasted it, and approves it only if it is AWS's SCIM host of this partition and Region,
/// or lies at `allowed_override`: the address the profile names for it, or this machine when that one does.
///
/// A trailing slash is dropped: it would double in every path.
pub fn check_endpoint(
    endpoint: &str,
    partition: &str,
    region: &str,
    allowed_override: Option<&Url>,
) -> Result<Url, Fault> {
    let wanted = || {
        format!(
            "https://scim.{region}.{}/<tenant id>/scim/v2",
            suffixes(partition).first().unwrap_or(&"…")
        )
    };
    let refused = |what: &str, why: String| {
        Fault::new(Kind::Usage, format!("The SCIM endpoint {what}")).why(why).hint(format!(
            "Copy the SCIM endpoint again from Identity Center, under Settings > Automatic provisioning. It looks like {}.",
            wanted()
        ))
    };
    let text = endpoint.trim().trim_end_matches('/');
    let mut url = Url::parse(text).map_err(|error| refused("is no address", error.to_string()))?;
    url.set_fragment(None);
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
        return Err(refused(
            "holds more than an address",
            "a user name, password or query has no place in it".to_owned(),
        ));
    }
    if let Some(allowed) = allowed_override
        && (url.origin() == allowed.origin() || (is_loopback(allowed) && is_loopback(&url)))
    {
        return Ok(url);
    }
    if url.scheme() != "https" {
        return Err(refused("is not https", "a token is never sent in the clear".to_owned()));
    }
    let host = url.host_str().unwrap_or_default().to_owned();
    if url.port().is_some()
        || !suffixes(partition)
            .iter()
            .any(|suffix| host == format!("scim.{region}.{suffix}"))
    {
        let elsewhere = suffixes(partition).iter().any(|suffix| {
            host.strip_prefix("scim.")
                .is_some_and(|rest| rest.ends_with(&format!(".{suffix}")) && !rest.contains(".."))
        });
        let why = if elsewhere {
            format!("{host} is not in Region {region}, where this Identity Center instance lives")
        } else {
            format!("{host} is not AWS's host for SCIM in partition {partition}, Region {region}")
        };
        let fault = refused("is on a foreign host", why);
        let hint = format!(
            "{} If the token really must go there, name the address as `scim` under [endpoints] in the profile.",
            fault.hint
        );
        return Err(fault.hint(hint));
    }
    if !url.path().ends_with("/scim/v2") || url.path().len() <= "/scim/v2".len() {
        return Err(refused(
            "is not complete",
            "its path does not end in /<tenant id>/scim/v2".to_owned(),
        ));
    }
    Ok(url)
}
