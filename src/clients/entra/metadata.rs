//! The federation metadata that Entra publishes for an application.

use bytes::Bytes;
use url::Url;

use super::graph::segment;
use crate::{
    clients::{
        http::{Call, Http, Service},
        saml::METADATA_LIMIT,
    },
    fault::{Fault, Kind, Retry},
};

/// Where an application's metadata is published. `app_id` is the application (client) id, not an object id; without it
/// the document holds the tenant's keys and not the application's certificate.
pub fn metadata_url(login: &Url, tenant: &str, app_id: &str) -> Result<Url, Fault> {
    let base = login.as_str().trim_end_matches('/');
    let tenant = segment(tenant);
    let mut url = Url::parse(&format!(
        "{base}/{tenant}/federationmetadata/2007-06/federationmetadata.xml"
    ))
    .map_err(|error| Fault::internal("The metadata address cannot be made").why(error.to_string()))?;
    url.query_pairs_mut().append_pair("appid", app_id);
    Ok(url)
}

/// Fetches it, without a token. Right after the application was made it is not there yet.
pub async fn fetch_metadata(http: &Http, login: &Url, tenant: &str, app_id: &str) -> Result<Bytes, Fault> {
    let url = metadata_url(login, tenant, app_id)?;
    let answer = http.send(Call::get(Service::Login, url).limit(METADATA_LIMIT)).await?;
    match answer.status {
        200 => Ok(answer.body),
        400 | 404 => Err(
            Fault::new(Kind::NotFound, "Entra does not publish the application's metadata yet")
                .why(format!("status {}", answer.status))
                .retry(Retry::Replication),
        ),
        status => {
            let kind = if status >= 500 || status == 429 {
                Kind::Unavailable
            } else {
                Kind::Refused
            };
            Err(Fault::new(
                kind,
                format!("Entra does not give the application's metadata ({status})"),
            )
            .hint("Download the Federation Metadata XML in the Entra admin centre, under Single sign-on.")
            .retry(answer.retry))
        }
    }
}
