//! What AWS's service provider values look like, and whether the ones at hand can be right.

use url::Url;

use super::SpMetadata;
use crate::{
    clients::aws::partition::Partition,
    fault::{Fault, Kind},
};

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
    /// Its partition.
    pub partition: &'a Partition,
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

/// The Issuer URL that an instance in this Region has, where AWS documents its form.
pub fn derived_issuer(region: &str, identity_store_id: &str) -> Option<String> {
    Partition::of_region(region).issuer_url(region, identity_store_id)
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
    let path = format!("/platform/saml/{}", instance.identity_store_id);
    let derived = instance
        .partition
        .issuer_url(instance.region, instance.identity_store_id);
    let wanted = derived
        .clone()
        .unwrap_or_else(|| format!("https://{}.…{path}", instance.region));
    let url = Url::parse(issuer);
    let fits = match (&derived, &url) {
        (Some(derived), _) => issuer == derived,
        // Where the form is not documented, what is known of it must fit.
        (None, Ok(url)) => {
            let host = url.host_str().unwrap_or_default();
            url.scheme() == "https" && url.path() == path && host.split('.').next() == Some(instance.region)
        }
        (None, Err(_)) => false,
    };
    if fits {
        return Ok(());
    }
    let Ok(url) = url else {
        return Err(refused(
            "The Issuer URL is no address",
            format!("it is {issuer:?}; this instance's is {wanted}"),
        ));
    };
    let why = if url.path().starts_with("/platform/saml/acs/") {
        "this is the reply (ACS) URL; the two were swapped".to_owned()
    } else if issuer.trim_end_matches('/') == wanted {
        "it must not end in a slash".to_owned()
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
        format!("{why}; it should be {wanted}"),
    ))
}

/// The Region of a reply URL, if it is AWS's.
fn check_consumer<'u>(url: &'u Url, instance: &Instance<'_>) -> Result<&'u str, Fault> {
    let foreign = |why: String| refused("A reply URL is not AWS's", format!("{url}: {why}"));
    if url.scheme() != "https" || url.port().is_some() || !url.username().is_empty() {
        return Err(foreign("it is not a plain https address".to_owned()));
    }
    let Some(region) = region_of(url, instance.partition) else {
        let hosts = instance.partition.acs_hosts.join(", ").replace("{region}", "<region>");
        return Err(foreign(format!("its host is none of {hosts}")));
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

/// The Region in the host of a sign-in address, if the host is AWS's. Where AWS documents no hosts, the first label is
/// taken for it.
fn region_of<'u>(url: &'u Url, partition: &Partition) -> Option<&'u str> {
    let host = url.host_str()?;
    let plausible = |region: &&str| {
        let letters = region
            .bytes()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-');
        letters && region.matches('-').count() >= 2
    };
    if partition.acs_hosts.is_empty() {
        return host.split('.').next().filter(plausible);
    }
    let forms = partition
        .acs_hosts
        .iter()
        .filter_map(|form| form.split_once("{region}"));
    forms
        .filter_map(|(before, after)| host.strip_prefix(before)?.strip_suffix(after))
        .find(plausible)
}

fn refused(what: &'static str, why: String) -> Fault {
    Fault::new(Kind::Usage, what).why(why).hint(
        "Copy the values again from Identity Center, under Settings > Identity source > Actions > Manage \
         authentication, in the account and Region of this target.",
    )
}
