//! The ways that need a person: a code typed on another device, and the browser of this machine.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use ::http::Method;
use async_trait::async_trait;
use azure_core::{
    credentials::{AccessToken, Secret, TokenCredential, TokenRequestOptions},
    time::OffsetDateTime,
};
use jiff::Timestamp;
use oauth2::{
    AsyncHttpClient, AuthType, AuthUrl, ClientId, DeviceAuthorizationUrl, DeviceCodeErrorResponseType, ErrorResponse,
    HttpRequest, HttpResponse, RefreshToken, RequestTokenError, Scope, StandardDeviceAuthorizationResponse,
    TokenResponse, TokenUrl,
    basic::{BasicClient, BasicTokenResponse},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use url::Url;

use super::{
    browser,
    sign_in::{SignIn, carried},
};
use crate::{
    clients::{
        entra::error::login_fault,
        http::{Call, Http, Service},
    },
    fault::{Fault, Kind},
    secrets::remember,
};

/// Without it there is no refresh token.
const OFFLINE: &str = "offline_access";
/// How long a token lives if the answer does not say.
const LIFE: Duration = Duration::from_secs(3600);

/// What a person has to do to sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prompt {
    /// Open the address on any device and type the code.
    DeviceCode {
        /// The address.
        url: String,
        /// The code.
        code: String,
        /// When the code ends.
        until: Timestamp,
    },
    /// Sign in in the browser of this machine.
    Browser {
        /// The address, should the browser not have opened.
        url: Url,
        /// Whether the browser was told to open.
        opened: bool,
        /// When it is given up.
        until: Timestamp,
    },
}

/// Shows a person what to do.
pub trait Prompter: Send + Sync {
    /// Shows it, and counts down if it likes.
    fn show(&self, prompt: &Prompt);

    /// Takes it away again: the person has signed in, or it has come to nothing.
    fn done(&self, signed_in: bool) {
        let _ = signed_in;
    }

    /// Opens an address in the browser of this machine; true if that seems to have worked.
    fn open(&self, url: &Url) -> bool {
        open::that_detached(url.as_str()).is_ok()
    }
}

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    DeviceCode,
    Browser,
}

/// Signs a person in. Keeps the refresh token, in memory only.
pub(super) struct Interactive {
    sign_in: SignIn,
    flow: Flow,
    client: Client,
    refresh: Mutex<Option<SecretString>>,
}

/// The oauth2 client with the three addresses it needs.
pub(super) type Client = BasicClient<
    oauth2::EndpointSet,
    oauth2::EndpointSet,
    oauth2::EndpointNotSet,
    oauth2::EndpointNotSet,
    oauth2::EndpointSet,
>;

impl Interactive {
    pub(super) fn new(sign_in: SignIn, flow: Flow) -> Result<Self, Fault> {
        let address = |error: url::ParseError| {
            Fault::new(Kind::Usage, "The sign-in address cannot be used").why(error.to_string())
        };
        let client = BasicClient::new(ClientId::new(sign_in.client_id()?))
            .set_auth_uri(AuthUrl::new(sign_in.endpoint("authorize")).map_err(address)?)
            .set_token_uri(TokenUrl::new(sign_in.endpoint("token")).map_err(address)?)
            .set_device_authorization_url(DeviceAuthorizationUrl::new(sign_in.endpoint("devicecode")).map_err(address)?)
            .set_auth_type(AuthType::RequestBody);
        Ok(Self {
            sign_in,
            flow,
            client,
            refresh: Mutex::new(None),
        })
    }

    async fn token(&self, scopes: &[&str]) -> Result<AccessToken, Fault> {
        let scopes: Vec<Scope> = scopes
            .iter()
            .copied()
            .chain([OFFLINE])
            .map(|scope| Scope::new(scope.to_owned()))
            .collect();
        let kept = self.refresh.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(refresh) = kept {
            match self.renewed(&refresh, &scopes).await {
                Ok(answer) => return Ok(self.keep(&answer, Some(refresh))),
                // The person has to sign in again, below.
                Err(fault) if fault.kind == Kind::SignIn => {}
                Err(fault) => {
                    *self.refresh.lock().unwrap_or_else(PoisonError::into_inner) = Some(refresh);
                    return Err(fault);
                }
            }
        }
        let result = match self.flow {
            Flow::DeviceCode => self.device_code(scopes).await,
            Flow::Browser => browser::sign_in(&self.sign_in, &self.client, scopes).await,
        };
        self.sign_in.prompter.done(result.is_ok());
        Ok(self.keep(&result?, None))
    }

    async fn renewed(&self, refresh: &SecretString, scopes: &[Scope]) -> Result<BasicTokenResponse, Fault> {
        let refresh = RefreshToken::new(refresh.expose_secret().to_owned());
        let carrier = OauthCarrier(self.sign_in.http.clone());
        self.client
            .exchange_refresh_token(&refresh)
            .add_scopes(scopes.iter().cloned())
            .request_async(&carrier)
            .await
            .map_err(token_fault)
    }

    async fn device_code(&self, scopes: Vec<Scope>) -> Result<BasicTokenResponse, Fault> {
        let clock = self.sign_in.http.clock().clone();
        let carrier = OauthCarrier(self.sign_in.http.clone());
        let details: StandardDeviceAuthorizationResponse = self
            .client
            .exchange_device_code()
            .add_scopes(scopes)
            .request_async(&carrier)
            .await
            .map_err(token_fault)?;
        remember(&SecretString::from(details.device_code().secret().clone()));
        self.sign_in.prompter.show(&Prompt::DeviceCode {
            url: details.verification_uri().to_string(),
            code: details.user_code().secret().clone(),
            until: clock.now() + details.expires_in(),
        });
        // The first look comes no sooner than the interval either.
        clock.sleep(details.interval()).await;
        let now = clock.clone();
        self.client
            .exchange_device_access_token(&details)
            .set_time_fn(move || now.now().to_string().parse().expect("RFC 3339 on both sides"))
            .request_async(&carrier, |time| clock.sleep(time), Some(details.expires_in()))
            .await
            .map_err(device_fault)
    }

    fn keep(&self, answer: &BasicTokenResponse, old: Option<SecretString>) -> AccessToken {
        let new = answer
            .refresh_token()
            .map(|token| SecretString::from(token.secret().clone()));
        if let Some(new) = &new {
            remember(new);
        }
        *self.refresh.lock().unwrap_or_else(PoisonError::into_inner) = new.or(old);
        let life = answer.expires_in().unwrap_or(LIFE);
        AccessToken::new(
            Secret::new(answer.access_token().secret().clone()),
            OffsetDateTime::now_utc() + life,
        )
    }
}

#[async_trait]
impl TokenCredential for Interactive {
    async fn get_token(&self, scopes: &[&str], _: Option<TokenRequestOptions<'_>>) -> azure_core::Result<AccessToken> {
        self.token(scopes).await.map_err(carried)
    }
}

impl fmt::Debug for Interactive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interactive")
            .field("flow", &self.flow)
            .field("sign_in", &self.sign_in)
            .finish_non_exhaustive()
    }
}

/// Carries oauth2's requests over our client.
pub(super) struct OauthCarrier(pub(super) Http);

impl<'c> AsyncHttpClient<'c> for OauthCarrier {
    type Error = Fault;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Fault>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let url = Url::parse(&parts.uri.to_string())
                .map_err(|error| Fault::internal("A sign-in address cannot be read").why(error.to_string()))?;
            let call = Call::new(Service::Login, Method::POST, url)
                .headers(parts.headers)
                .body(body)
                .repeatable();
            let answer = self.0.send(call).await?;
            if answer.retry != crate::fault::Retry::Never {
                return Err(Fault::new(
                    Kind::Unavailable,
                    format!("Entra's sign-in service fails ({})", answer.status),
                )
                .retry(answer.retry));
            }
            let mut response = HttpResponse::new(answer.body.to_vec());
            *response.status_mut() = ::http::StatusCode::from_u16(answer.status).unwrap_or_default();
            *response.headers_mut() = answer.headers;
            Ok(response)
        })
    }
}

pub(super) fn token_fault<T: ErrorResponse + Serialize + 'static>(error: RequestTokenError<Fault, T>) -> Fault {
    match error {
        RequestTokenError::Request(fault) => fault,
        RequestTokenError::ServerResponse(refusal) => {
            let body = serde_json::to_value(&refusal).unwrap_or_default();
            let text = |name: &str| {
                body.get(name)
                    .and_then(serde_json::Value::as_str)
                    .unwrap_or_default()
                    .to_owned()
            };
            login_fault(&text("error"), &text("error_description"))
        }
        RequestTokenError::Parse(error, _) => {
            Fault::new(Kind::Answer, "Entra's sign-in service answers something unreadable").why(error.to_string())
        }
        RequestTokenError::Other(why) => Fault::new(Kind::SignIn, "Entra does not sign in").why(why),
    }
}

fn device_fault(error: RequestTokenError<Fault, oauth2::DeviceCodeErrorResponse>) -> Fault {
    let RequestTokenError::ServerResponse(refusal) = &error else {
        return token_fault(error);
    };
    let fault = |why: &'static str, hint: &'static str| {
        Fault::new(Kind::SignIn, "Nobody has signed in with the code")
            .why(why)
            .hint(hint)
    };
    match refusal.error() {
        DeviceCodeErrorResponseType::ExpiredToken => fault(
            "the code has expired before anyone typed it",
            "Run the same command again and type the new code in time.",
        ),
        DeviceCodeErrorResponseType::AccessDenied => fault("the sign-in was declined", "Run the same command again."),
        DeviceCodeErrorResponseType::Basic(basic) if basic.as_ref() == "authorization_declined" => {
            fault("the sign-in was declined", "Run the same command again.")
        }
        _ => token_fault(error),
    }
}
