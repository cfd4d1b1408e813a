//! The service's SCIM client: over the wire, as Entra's would, and never to anywhere but loopback.

use std::time::Duration;

use http::Method;
use serde_json::Value;

use crate::sim::hub::Hub;

/// How often a call is tried when the target is busy or away.
const TRIES: u32 = 3;

/// Why a call did not work.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// The status; nothing if there was no answer.
    pub status: Option<u16>,
    /// What the target said.
    pub text: String,
}

impl Failure {
    /// The token or the address is at fault, not the object.
    pub fn is_credential(&self) -> bool {
        matches!(self.status, Some(401 | 403))
    }

    /// The code the provisioning log gives it.
    pub fn code(&self) -> &'static str {
        match self.status {
            None => "SystemForCrossDomainIdentityManagementCredentialValidationUnavailable",
            Some(401 | 403) => "SystemForCrossDomainIdentityManagementCredentialValidationFailure",
            Some(404) => "InvalidAnchor",
            Some(409) => "EntryConflict",
            Some(429) => "TooManyRequests",
            Some(400) => "SystemForCrossDomainIdentityManagementServiceIncompatible",
            Some(_) => "InternalServerError",
        }
    }

    /// A sentence for logs.
    pub fn message(&self) -> String {
        match self.status {
            None => format!("The target could not be reached: {}", self.text),
            Some(status) => format!("StatusCode: {status}. Web Response: {}", self.text),
        }
    }
}

/// A SCIM endpoint and its token.
#[derive(Debug, Clone)]
pub struct Scim {
    hub: Hub,
    base: String,
    token: String,
    /// Time does not pass for its waits alone.
    background: bool,
}

impl Scim {
    /// An endpoint.
    pub fn new(hub: &Hub, base: &str, token: &str, background: bool) -> Self {
        Self {
            hub: hub.clone(),
            base: base.trim_end_matches('/').to_owned(),
            token: token.to_owned(),
            background,
        }
    }

    /// Whether address and token are good.
    ///
    /// # Errors
    /// If they are not.
    pub async fn check(&self) -> Result<(), Failure> {
        self.call(Method::GET, "/ServiceProviderConfig", None, None)
            .await
            .map(drop)
    }

    /// The id of the one resource with this value.
    ///
    /// # Errors
    /// If the target refuses, or there is more than one.
    pub async fn find(&self, kind: &str, attribute: &str, value: &str) -> Result<Option<String>, Failure> {
        let filter = format!(
            "{attribute} eq \"{}\"",
            value.replace('\\', "\\\\").replace('"', "\\\"")
        );
        let body = self.call(Method::GET, &format!("/{kind}"), Some(&filter), None).await?;
        let found = body["Resources"].as_array().map(Vec::as_slice).unwrap_or_default();
        match found {
            [] => Ok(None),
            [one] => Ok(one["id"].as_str().map(str::to_owned)),
            _ => Err(Failure {
                status: Some(400),
                text: "SystemForCrossDomainIdentityManagementMultipleEntriesInResponse".into(),
            }),
        }
    }

    /// Makes a resource; gives its id.
    ///
    /// # Errors
    /// If the target refuses.
    pub async fn create(&self, kind: &str, body: &Value) -> Result<String, Failure> {
        let made = self.call(Method::POST, &format!("/{kind}"), None, Some(body)).await?;
        let none = || Failure {
            status: Some(500),
            text: "the answer holds no id".into(),
        };
        made["id"].as_str().map(str::to_owned).ok_or_else(none)
    }

    /// Changes a resource.
    ///
    /// # Errors
    /// If the target refuses.
    pub async fn patch(&self, kind: &str, id: &str, body: &Value) -> Result<(), Failure> {
        self.call(Method::PATCH, &format!("/{kind}/{id}"), None, Some(body))
            .await
            .map(drop)
    }

    /// Deletes a resource; gone already is good.
    ///
    /// # Errors
    /// If the target refuses.
    pub async fn delete(&self, kind: &str, id: &str) -> Result<(), Failure> {
        match self.call(Method::DELETE, &format!("/{kind}/{id}"), None, None).await {
            Err(Failure { status: Some(404), .. }) | Ok(_) => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        filter: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        let mut tries = 0;
        loop {
            tries += 1;
            let failure = match self.once(&method, path, filter, body).await {
                Ok(value) => return Ok(value),
                Err(failure) => failure,
            };
            let again = matches!(failure.status, None | Some(429 | 500..=599)) && self.is_loopback();
            if !again || tries >= TRIES {
                return Err(failure);
            }
            let wait = Duration::from_secs(2 << tries);
            match self.background {
                true => self.hub.clock().nap(wait).await,
                false => self.hub.clock().sleep(wait).await,
            }
        }
    }

    /// A simulation never calls out into the world, whatever address it is given.
    fn is_loopback(&self) -> bool {
        let host = url::Url::parse(&self.base)
            .ok()
            .and_then(|u| u.host_str().map(str::to_owned));
        host.is_some_and(|h| h == "localhost" || h.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback()))
    }

    async fn once(
        &self,
        method: &Method,
        path: &str,
        filter: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        let away = |text: String| Failure { status: None, text };
        if !self.is_loopback() {
            return Err(away(format!("no such host: {}", self.base)));
        }
        let mut request = self
            .hub
            .call(method.clone(), &format!("{}{path}", self.base))
            .timeout(Duration::from_secs(60))
            .bearer_auth(&self.token)
            .header("accept", "application/scim+json");
        if let Some(filter) = filter {
            request = request.query(&[("filter", filter)]);
        }
        if let Some(body) = body {
            request = request
                .header("content-type", "application/scim+json")
                .body(body.to_string());
        }
        let answer = request.send().await.map_err(|e| away(e.without_url().to_string()))?;
        let status = answer.status();
        let text = answer.text().await.map_err(|e| away(e.without_url().to_string()))?;
        match status.is_success() {
            true => Ok(serde_json::from_str(&text).unwrap_or_default()),
            false => Err(Failure {
                status: Some(status.as_u16()),
                text,
            }),
        }
    }
}
