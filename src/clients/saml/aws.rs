//! What AWS's service provider values look like, and whether the ones at hand can be right.

use url::Url;

use super::SpMetadata;
use crate::fault::{Fault, Kind};

/// The values of AWS's side, from its metadata or pasted one by one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceProvider {
    /// The identifier (entity id), "Issuer URL" in AWS's console.
    pub issuer: String,
    /// The reply URLs, the default first.
    pub consumers: Vec<Url>,
}

/// The instance that the values must belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instance<'a> {
    /// `aws`, `aws-us-gov`, …
    pub partition: &'a str,
    /// The primary Region.
    pub region: &'a str,
    /// The other Regions it is extended to.
    pub more_regions: &'a [String],
    /// The identity store id, `d-…`.
    pub identity_store_id: &'a str,
}

impl From<SpMetadata> for ServiceProvider {
    fn from(metadata: SpMetadata) -> Self {
        Self {
            consumers: metadata.consumer_urls(),
            issuer: metadata.entity_id,
        }
    }
}

/// The Issuer URL that an instance in this Region has.
/// Form: <https://docs.aws.amazon.com/singlesignon/latest/userguide/idp-microsoft-entra.html>.
pub fn derived_issuer(region: &str, identity_store_id: &str) -> String {
    format!("https://{region}.signin.aws.amazon.com/platform/saml/{identity_store_id}")
}

/// The endings of sign-in hosts after `<region>.`, in a partition. `signin.aws.amazon.com` is the older one, kept by
/// instances enabled before February 2026; `sso.` is dual stack. Sources:
/// <https://docs.aws.amazon.com/singlesignon/latest/userguide/multi-region-workforce-access.html>,
/// <https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/govcloud-sso.html>.
fn hosts(partition: &str) -> &'static [&'static str] {
    match partition {
        "aws-us-gov" => &[
            "signin.amazonaws-us-gov.com",
            "signin-fips.amazonaws-us-gov.com",
            "sso.signin.amazonaws-us-gov.com",
            "sso.signin-fips.amazonaws-us-gov.com",
            "signin.aws.amazon.com",
            "signin.aws",
            "sso.signin.aws",
        ],
        "aws-cn" => &[
            "signin.amazonaws.cn",
            "signin.amazonaws.com.cn",
            "signin.aws.amazon.com",
        ],
        "aws-eusc" => &["signin.amazonaws-eusc.eu", "signin.aws.eu", "signin.aws.amazon.com"],
        _ => &["signin.aws", "sso.signin.aws", "signin.aws.amazon.com"],
    }
}

/// Checks values before they go into Entra: the issuer must be this instance's, and every reply URL must be AWS's and in
/// one of its Regions, with the primary one among them.
pub fn check_service_provider(values: &ServiceProvider, instance: &Instance<'_>) -> Result<(), Fault> {
    check_issuer(&values.issuer, instance)?;
    if values.consumers.is_empty() {
        return Err(refused(
            "There is no reply URL",
            "AWS's assertion consumer (ACS) URL is missing".to_owned(),
        ));
    }
    let mut primary = false;
    for url in &values.consumers {
        primary |= check_consumer(url, instance)? == instance.region;
    }
    if !primary {
        let why = format!("none is in {}, the primary Region of the instance", instance.region);
        return Err(refused("The reply URLs are of another Region", why));
    }
    Ok(())
}

fn check_issuer(issuer: &str, instance: &Instance<'_>) -> Result<(), Fault> {
    let derived = derived_issuer(instance.region, instance.identity_store_id);
    if issuer == derived {
        return Ok(());
    }
    let Ok(url) = Url::parse(issuer) else {
        return Err(refused(
            "The Issuer URL is no address",
            format!("it is {issuer:?}; this instance's is {derived}"),
        ));
    };
    let path = format!("/platform/saml/{}", instance.identity_store_id);
    let fitting = region_of(&url, instance.partition) == Some(instance.region) && url.path() == path;
    // Outside the commercial partition the host of the issuer is not documented: any of AWS's own will do.
    if instance.partition != "aws" && fitting && url.scheme() == "https" {
        return Ok(());
    }
    let why = if url.as_str().trim_end_matches('/') == derived {
        "it must not end in a slash".to_owned()
    } else if issuer.contains("/platform/saml/acs/") {
        "this is the reply (ACS) URL; the two were swapped".to_owned()
    } else {
        match region_of(&url, instance.partition) {
            Some(region) if region != instance.region => {
                format!("it is of Region {region}, the instance lives in {}", instance.region)
            }
            _ => format!("it is {issuer}"),
        }
    };
    Err(refused(
        "The Issuer URL is not this instance's",
        format!("{why}; it should be {derived}"),
    ))
}

/// The Region of a reply URL, if it is AWS's.
fn check_consumer<'u>(url: &'u Url, instance: &Instance<'_>) -> Result<&'u str, Fault> {
    let foreign = |why: String| refused("A reply URL is not AWS's", format!("{url}: {why}"));
    if url.scheme() != "https" || url.port().is_some() || !url.username().is_empty() {
        return Err(foreign("it is not a plain https address".to_owned()));
    }
    let Some(region) = region_of(url, instance.partition) else {
        let endings = hosts(instance.partition).join(", ");
        return Err(foreign(format!(
            "its host is not <region>. followed by one of {endings}"
        )));
    };
    let tenant = url.path().strip_prefix("/platform/saml/acs/").unwrap_or_default();
    let plausible = (20..=64).contains(&tenant.len()) && tenant.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-');
    if !plausible {
        return Err(foreign("its path is not /platform/saml/acs/<tenant id>".to_owned()));
    }
    if region != instance.region && !instance.more_regions.iter().any(|more| more == region) {
        let why = format!("{url} is of Region {region}, the instance lives in {}", instance.region);
        return Err(refused("A reply URL is of a wrong Region", why));
    }
    Ok(region)
}

fn region_of<'u>(url: &'u Url, partition: &str) -> Option<&'u str> {
    let host = url.host_str()?;
    let region = hosts(partition)
        .iter()
        .filter_map(|ending| host.strip_suffix(ending)?.strip_suffix('.'))
        .min_by_key(|region| region.len())?;
    let plausible = region
        .bytes()
        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-');
    (plausible && region.matches('-').count() >= 2).then_some(region)
}

fn refused(what: &'static str, why: String) -> Fault {
    Fault::new(Kind::Usage, what).why(why).hint(
        "Copy the values again from Identity Center, under Settings > Identity source > Actions > Manage \
         authentication, in the account and Region of this target.",
    )
}
