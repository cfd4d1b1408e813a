//! Whether an address may be given a SCIM token.

use url::Url;

use crate::{
    clients::{aws::partition::Partition, http::is_loopback},
    fault::{Fault, Kind},
};

/// Reads an endpoint as somebody pasted it, and approves it only if it is AWS's SCIM host of this partition and Region,
/// or lies at `allowed_override`: the address the profile names for it, or this machine when that one does.
///
/// A trailing slash is dropped: it would double in every path.
pub fn check_endpoint(
    endpoint: &str,
    partition: &Partition,
    region: &str,
    allowed_override: Option<&Url>,
) -> Result<Url, Fault> {
    let refused = |what: &str, why: String| {
        let host = partition
            .scim_hosts
            .first()
            .copied()
            .unwrap_or_default()
            .replace("{region}", region);
        Fault::new(Kind::Usage, format!("The SCIM endpoint {what}")).why(why).hint(format!(
            "Copy the SCIM endpoint again from Identity Center, under Settings > Automatic provisioning. It looks like \
             https://{host}/<tenant id>/scim/v2."
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
    if url.port().is_some() || !partition.is_scim_host(region, &host) {
        let elsewhere = partition
            .scim_hosts
            .iter()
            .filter_map(|form| form.split_once("{region}"))
            .find_map(|(a, b)| {
                let other = host.strip_prefix(a)?.strip_suffix(b)?;
                (!other.is_empty() && !other.contains('.')).then_some(other)
            });
        let why = match elsewhere {
            Some(other) => format!("{host} is in Region {other}; this Identity Center instance lives in {region}"),
            None => format!(
                "{host} is not AWS's host for SCIM in partition {}, Region {region}",
                partition.id
            ),
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
