//! The ways that azure_identity knows, over our HTTP client.
//!
//! A fresh credential is made for each token: those of the library cache by the system's clock, and would hand a refused
//! token out again.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use azure_core::{
    cloud::{CloudConfiguration, CustomConfiguration},
    credentials::{AccessToken, Secret, TokenCredential, TokenRequestOptions},
    error::ErrorKind,
    http::{
        AsyncRawResponse, Body, ClientMethodOptions, ClientOptions, HttpClient, Request, RetryOptions, Transport,
        headers::{HeaderName, HeaderValue, Headers},
    },
};
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, ClientAssertion, ClientAssertionCredential,
    ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions, ManagedIdentityCredential,
    ManagedIdentityCredentialOptions, UserAssignedId, WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{SigningKey, sign_in::SignIn, sign_in::carried};
use crate::{
    clients::{
        entra::error::sign_in_fault,
        http::{Answer, Call, Http, Service, is_loopback},
    },
    fault::{Fault, Retry},
};

/// The library refuses authorities that are not https. For a simulator on this machine it is told this one, and the
/// transport puts the simulator's in its place.
const STAND_IN: &str = "https://login.stand-in.invalid";

/// How long the metadata service of an Azure machine may take to show that it is there.
const METADATA_PATIENCE: Duration = Duration::from_secs(3);

/// A credential of the library, made anew for each token.
pub(super) struct Library {
    sign_in: SignIn,
    kind: LibraryKind,
}

enum LibraryKind {
    ClientSecret(String, SecretString),
    Certificate(String, Arc<SigningKey>),
    AzureCli,
    ManagedIdentity,
    WorkloadIdentity(Option<PathBuf>),
}

impl Library {
    pub(super) fn client_secret(sign_in: SignIn, secret: SecretString) -> Result<Self, Fault> {
        let kind = LibraryKind::ClientSecret(sign_in.client_id()?, secret);
        Ok(Self { sign_in, kind })
    }

    pub(super) fn certificate(sign_in: SignIn, key: SigningKey) -> Result<Self, Fault> {
        let kind = LibraryKind::Certificate(sign_in.client_id()?, Arc::new(key));
        Ok(Self { sign_in, kind })
    }

    pub(super) fn azure_cli(sign_in: SignIn) -> Self {
        Self {
            sign_in,
            kind: LibraryKind::AzureCli,
        }
    }

    pub(super) fn managed_identity(sign_in: SignIn) -> Self {
        Self {
            sign_in,
            kind: LibraryKind::ManagedIdentity,
        }
    }

    pub(super) fn workload_identity(sign_in: SignIn, file: Option<PathBuf>) -> Self {
        Self {
            sign_in,
            kind: LibraryKind::WorkloadIdentity(file),
        }
    }

    fn fresh(&self) -> azure_core::Result<Arc<dyn TokenCredential>> {
        let tenant = self.sign_in.tenant.clone();
        let credential_options = || ClientAssertionCredentialOptions {
            client_options: self.client_options(),
        };
        Ok(match &self.kind {
            LibraryKind::ClientSecret(client, secret) => {
                let secret = Secret::new(secret.expose_secret().to_owned());
                let options = ClientSecretCredentialOptions {
                    client_options: self.client_options(),
                };
                ClientSecretCredential::new(&tenant, client.clone(), secret, Some(options))?
            }
            LibraryKind::Certificate(client, key) => {
                let assertion = Assertion {
                    key: key.clone(),
                    client: client.clone(),
                    audience: self.sign_in.endpoint("token"),
                    http: self.sign_in.http.clone(),
                };
                ClientAssertionCredential::new(tenant, client.clone(), assertion, Some(credential_options()))?
            }
            LibraryKind::AzureCli => AzureCliCredential::new(Some(AzureCliCredentialOptions {
                tenant_id: Some(tenant),
                ..AzureCliCredentialOptions::default()
            }))?,
            LibraryKind::ManagedIdentity => ManagedIdentityCredential::new(Some(ManagedIdentityCredentialOptions {
                user_assigned_id: self.sign_in.client_id.clone().map(UserAssignedId::ClientId),
                client_options: self.client_options(),
            }))?,
            LibraryKind::WorkloadIdentity(file) => {
                WorkloadIdentityCredential::new(Some(WorkloadIdentityCredentialOptions {
                    credential_options: credential_options(),
                    client_id: self.sign_in.client_id.clone(),
                    tenant_id: Some(tenant),
                    token_file_path: file.clone(),
                }))?
            }
        })
    }

    fn client_options(&self) -> ClientOptions {
        let login = &self.sign_in.login;
        let local = is_loopback(login) && login.scheme() == "http";
        let mut cloud = CustomConfiguration::default();
        cloud.authority_host = if local { STAND_IN.to_owned() } else { login.to_string() };
        let transport = Carrier {
            http: self.sign_in.http.clone(),
            stands_for: local.then(|| login.clone()),
        };
        ClientOptions {
            transport: Some(Transport::new(Arc::new(transport))),
            // One retry policy for the whole program: the one in our client.
            retry: RetryOptions::none(),
            cloud: Some(Arc::new(CloudConfiguration::Custom(cloud))),
            ..ClientOptions::default()
        }
    }

    /// What to do about a failure that does not say so itself.
    fn hint(&self) -> String {
        match &self.kind {
            LibraryKind::AzureCli => format!(
                "Run `az login --tenant {}`. Mind that a person's token from the Azure CLI lacks the rights for provisioning; \
                 `auth = \"browser\"` with an application of your own has them.",
                self.sign_in.tenant
            ),
            LibraryKind::ManagedIdentity => {
                "This works only on an Azure machine that has an identity; elsewhere choose another `auth`.".to_owned()
            }
            LibraryKind::WorkloadIdentity(_) => {
                "Check the file with the federated token (`federated_token_file`, or AZURE_FEDERATED_TOKEN_FILE) and the \
                 federated credential of the application."
                    .to_owned()
            }
            LibraryKind::ClientSecret(..) | LibraryKind::Certificate(..) => {
                "Check `tenant`, `client_id` and the secret or certificate.".to_owned()
            }
        }
    }
}

#[async_trait]
impl TokenCredential for Library {
    async fn get_token(
        &self,
        scopes: &[&str],
        options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let result = match self.fresh() {
            Ok(credential) => credential.get_token(scopes, options).await,
            Err(error) => Err(error),
        };
        result.map_err(|error| {
            let fault = sign_in_fault(&error);
            carried(if fault.hint.is_empty() {
                fault.hint(self.hint())
            } else {
                fault
            })
        })
    }
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Library")
            .field("sign_in", &self.sign_in)
            .finish_non_exhaustive()
    }
}

/// Signs a new assertion whenever the library asks for one.
struct Assertion {
    key: Arc<SigningKey>,
    client: String,
    audience: String,
    http: Http,
}

#[async_trait]
impl ClientAssertion for Assertion {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        let id = uuid::Builder::from_random_bytes(self.http.retrying().random_bytes()).into_uuid();
        let now = self.http.clock().now();
        self.key
            .assertion(&self.client, &self.audience, &id.to_string(), now)
            .map_err(carried)
    }
}

impl fmt::Debug for Assertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assertion")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

/// Carries the library's requests over our client.
#[derive(Debug)]
struct Carrier {
    http: Http,
    stands_for: Option<Url>,
}

impl Carrier {
    async fn answer(&self, call: Call) -> Result<Answer, Fault> {
        if call.is_link_local() {
            // The metadata service of an Azure machine answers at once. Elsewhere nobody does, and the next way of a
            // chain must not wait for that.
            let first = self.http.once(call.clone().timeout(METADATA_PATIENCE)).await?;
            if first.retry == Retry::Never {
                return Ok(first);
            }
        }
        self.http.send(call).await
    }
}

#[async_trait]
impl HttpClient for Carrier {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let mut url = request.url().clone();
        if let Some(local) = &self.stands_for
            && url.as_str().starts_with(STAND_IN)
        {
            let path = format!("{}{}", local.path().trim_end_matches('/'), url.path());
            let mut there = local.clone();
            there.set_path(&path);
            there.set_query(url.query());
            url = there;
        }
        let method = ::http::Method::from_bytes(request.method().as_str().as_bytes())
            .map_err(|error| azure_core::Error::with_error(ErrorKind::Other, error, "an unknown method"))?;
        let mut headers = ::http::HeaderMap::new();
        for (name, value) in request.headers().iter() {
            let name = ::http::HeaderName::from_bytes(name.as_str().as_bytes());
            let value = ::http::HeaderValue::from_str(value.as_str());
            if let (Ok(name), Ok(value)) = (name, value) {
                headers.insert(name, value);
            }
        }
        let Body::Bytes(body) = request.body().clone() else {
            return Err(carried(Fault::internal("A sign-in request has no plain body")));
        };
        // To ask for a token twice is to be given two tokens: no harm.
        let call = Call::new(Service::Login, method, url)
            .headers(headers)
            .body(body)
            .repeatable();
        let answer = self.answer(call).await.map_err(carried)?;
        let mut headers = Headers::new();
        for (name, value) in &answer.headers {
            if let Ok(value) = value.to_str() {
                headers.insert(
                    HeaderName::from(name.as_str().to_owned()),
                    HeaderValue::from(value.to_owned()),
                );
            }
        }
        Ok(AsyncRawResponse::from_bytes(answer.status.into(), headers, answer.body))
    }
}
