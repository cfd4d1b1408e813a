//! AWS's SCIM endpoint: reads for proof, and the few writes that cleaning up needs.
//!
//! AWS's dialect knows `eq` filters only, pages by cursor, never lists members, and answers 401 also for a right token
//! at a wrong address. Source: <https://docs.aws.amazon.com/singlesignon/latest/developerguide/>.

mod endpoint;
mod error;

use std::{collections::HashSet, fmt, sync::Arc};

use ::http::{HeaderValue, Method, header};
use secrecy::SecretString;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use url::Url;

pub use endpoint::check_endpoint;

use super::{
    http::{Answer, Call, Existed, Http, Service},
    limits,
    pace::Pace,
};
use crate::fault::{Fault, Kind};

const MEDIA: &str = "application/scim+json";

/// One SCIM endpoint with its token. Cheap to clone.
#[derive(Clone)]
pub struct Scim {
    http: Http,
    endpoint: Url,
    token: SecretString,
    reads: Arc<Pace>,
    writes: Arc<Pace>,
}

/// What the endpoint says it can do.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ServiceProviderConfig {
    /// Whether `PATCH` works.
    pub patch: Supported,
    /// Whether filters work.
    pub filter: Supported,
    /// Whether bulk requests work.
    #[serde(default)]
    pub bulk: Supported,
}

/// Whether something works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub struct Supported {
    /// It does.
    pub supported: bool,
}

/// A user as AWS holds it.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ScimUser {
    /// AWS's id.
    pub id: String,
    /// Must equal the SAML NameID.
    pub user_name: String,
    /// The directory's id, as Entra sent it.
    #[serde(default)]
    pub external_id: Option<String>,
    /// False for who is disabled.
    #[serde(default)]
    pub active: Option<bool>,
    /// The name as shown.
    #[serde(default)]
    pub display_name: Option<String>,
    /// All other attributes, as they are.
    #[serde(flatten)]
    pub other: serde_json::Map<String, Value>,
}

/// A group as AWS holds it. Its members cannot be read here.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ScimGroup {
    /// AWS's id.
    pub id: String,
    /// Its name.
    pub display_name: String,
    /// The directory's id, as Entra sent it.
    #[serde(default)]
    pub external_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List<T> {
    #[serde(rename = "Resources", default = "Vec::new")]
    resources: Vec<T>,
    #[serde(default)]
    next_cursor: Option<String>,
}

impl Scim {
    /// The endpoint at an address that [`check_endpoint`] has approved.
    pub fn new(http: Http, endpoint: Url, token: SecretString) -> Self {
        let pace = |limit| http.pace(limit);
        Self {
            reads: pace(limits::SCIM_READS),
            writes: pace(limits::SCIM_WRITES),
            http,
            endpoint,
            token,
        }
    }

    /// Its address.
    pub fn endpoint(&self) -> &Url {
        &self.endpoint
    }

    /// What it can do. The safest proof that address and token belong together.
    pub async fn service_provider_config(&self) -> Result<ServiceProviderConfig, Fault> {
        self.read("/ServiceProviderConfig", &[]).await
    }

    /// The user of this exact user name.
    pub async fn user_by_name(&self, user_name: &str) -> Result<Option<ScimUser>, Fault> {
        self.one("/Users", &equals("userName", user_name)).await
    }

    /// The user of this external id.
    pub async fn user_by_external_id(&self, external_id: &str) -> Result<Option<ScimUser>, Fault> {
        self.one("/Users", &equals("externalId", external_id)).await
    }

    /// The group of this exact name.
    pub async fn group_by_name(&self, name: &str) -> Result<Option<ScimGroup>, Fault> {
        self.one("/Groups", &equals("displayName", name)).await
    }

    /// Whether the user is a member of the group. AWS lists no members; it only answers this question.
    pub async fn is_member(&self, group: &str, user: &str) -> Result<bool, Fault> {
        let filter = format!("{} and {}", equals("id", group), equals("members", user));
        let found: Option<ScimGroup> = self.one("/Groups", &filter).await?;
        Ok(found.is_some())
    }

    /// All users.
    pub async fn users(&self) -> Result<Vec<ScimUser>, Fault> {
        self.all("/Users").await
    }

    /// All groups.
    pub async fn groups(&self) -> Result<Vec<ScimGroup>, Fault> {
        self.all("/Groups").await
    }

    /// Enables or disables a user.
    pub async fn set_active(&self, id: &str, active: bool) -> Result<(), Fault> {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{ "op": "replace", "path": "active", "value": active }],
        });
        let path = format!("/Users/{}", super::entra::graph::segment(id));
        let call = self
            .call(Method::PATCH, &path, &[])?
            .json_as(MEDIA, &body)?
            .repeatable();
        let answer = self.http.send(call).await?;
        self.good(answer, &Method::PATCH, &path).map(|_| ())
    }

    /// Removes a user for good.
    pub async fn delete_user(&self, id: &str) -> Result<Existed, Fault> {
        let path = format!("/Users/{}", super::entra::graph::segment(id));
        let answer = self.http.send(self.call(Method::DELETE, &path, &[])?).await?;
        match answer.status {
            404 => Ok(Existed::No),
            _ => self.good(answer, &Method::DELETE, &path).map(|_| Existed::Yes),
        }
    }

    async fn one<T: DeserializeOwned>(&self, path: &str, filter: &str) -> Result<Option<T>, Fault> {
        let call = self.call(Method::GET, path, &[("filter", filter)])?;
        let answer = self.http.send(call).await?;
        // AWS answers a filter on a member it does not know with 404.
        if answer.status == 404 {
            return Ok(None);
        }
        let list: List<T> = self.good(answer, &Method::GET, path)?.json()?;
        let mut found = list.resources;
        match found.len() {
            0 | 1 => Ok(found.pop()),
            many => Err(Fault::new(
                Kind::Answer,
                format!("AWS's SCIM endpoint finds {many} where one is possible"),
            )
            .why(format!("filter {filter} at {path}"))),
        }
    }

    async fn all<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, Fault> {
        let count = limits::SCIM_PAGE.to_string();
        let mut items = Vec::new();
        let mut cursor = String::new();
        let mut seen = HashSet::new();
        loop {
            let page: List<T> = self.read(path, &[("count", &count), ("cursor", &cursor)]).await?;
            items.extend(page.resources);
            match page.next_cursor.filter(|next| !next.is_empty()) {
                None => return Ok(items),
                Some(next) if !seen.insert(next.clone()) => {
                    return Err(Fault::new(Kind::Answer, format!("AWS's SCIM list {path} never ends"))
                        .why("a page that was read already is named again"));
                }
                Some(next) => cursor = next,
            }
        }
    }

    async fn read<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> Result<T, Fault> {
        let answer = self.http.send(self.call(Method::GET, path, query)?).await?;
        self.good(answer, &Method::GET, path)?.json()
    }

    fn good(&self, answer: Answer, method: &Method, path: &str) -> Result<Answer, Fault> {
        if answer.is_success() {
            Ok(answer)
        } else {
            Err(error::scim_fault(method, path, &self.endpoint, &answer))
        }
    }

    fn call(&self, method: Method, path: &str, query: &[(&str, &str)]) -> Result<Call, Fault> {
        let mut url =
            Url::parse(&format!("{}{path}", self.endpoint.as_str().trim_end_matches('/'))).map_err(|error| {
                Fault::internal(format!("The SCIM path {path} makes no address")).why(error.to_string())
            })?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let pace = if method.is_safe() { &self.reads } else { &self.writes };
        Ok(Call::new(Service::Scim, method, url)
            .header(header::ACCEPT, HeaderValue::from_static(MEDIA))
            .bearer(self.token.clone())
            .paced(pace.clone()))
    }
}

impl fmt::Debug for Scim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scim")
            .field("endpoint", &self.endpoint.as_str())
            .finish_non_exhaustive()
    }
}

/// A filter for one exact value.
fn equals(attribute: &str, value: &str) -> String {
    format!(
        "{attribute} eq \"{}\"",
        value.replace('\\', "\\\\").replace('"', "\\\"")
    )
}

#[cfg(test)]
mod tests;
