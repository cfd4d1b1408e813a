//! `Http`: the one HTTP client. Everything that leaves this process for a cloud goes through it.
//!
//! One connection pool, one trust store, one proxy setting, one retry policy, and one observer that sees every exchange,
//! whichever library asked for it. Redirects are never followed, so a token never travels to a host nobody named.

mod network;
mod observe;
mod trouble;

use std::{fmt, sync::Arc, time::Duration};

use ::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use bytes::{Bytes, BytesMut};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, de::DeserializeOwned};
use url::Url;

pub use network::Network;
pub use observe::{Exchange, Observer, Service, Silent, shown_url};

use super::{
    pace::{Limit, Pace},
    retry::{Policy, Retrying, Trouble, current_attempt, retry_after},
};
use crate::{
    clock::SharedClock,
    fault::{Fault, Kind, Retry},
};

/// The longest one attempt may take, connection included.
const ATTEMPT: Duration = Duration::from_secs(60);
/// The longest a connection may take to stand.
const CONNECT: Duration = Duration::from_secs(15);
/// The name we give ourselves.
const USER_AGENT: &str = concat!("fedwiz/", env!("CARGO_PKG_VERSION"));
/// Microsoft's header for the caller's own request id.
const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("client-request-id");
/// No answer is read beyond this unless the call says otherwise.
pub const BODY_LIMIT: usize = 10 * 1024 * 1024;

/// Whether a thing was there to be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existed {
    /// It was, and is removed now.
    Yes,
    /// It was not.
    No,
}

/// The one HTTP client. Cheap to clone.
#[derive(Clone)]
pub struct Http {
    client: reqwest::Client,
    retrying: Retrying,
    observer: Arc<dyn Observer>,
    busy_until: Option<Timestamp>,
}

/// One request to be made.
#[derive(Clone)]
pub struct Call {
    service: Service,
    method: Method,
    url: Url,
    headers: HeaderMap,
    bearer: Option<SecretString>,
    body: Bytes,
    idempotent: bool,
    operation: Option<String>,
    limit: usize,
    timeout: Duration,
    paces: Vec<Arc<Pace>>,
}

/// What came back: any status, with what it means for another try.
#[derive(Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// The vendor's request id.
    pub request_id: Option<String>,
    /// Whether trying again can help, should the caller make a fault of it.
    pub retry: Retry,
}

impl Http {
    /// A client on this network. `seed` decides the jitter of the pauses and the request ids, nothing else.
    pub fn new(network: &Network, clock: SharedClock, observer: Arc<dyn Observer>, seed: u64) -> Result<Self, Fault> {
        let client = network
            .apply(reqwest::Client::builder())?
            .user_agent(USER_AGENT)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(CONNECT)
            .timeout(ATTEMPT)
            .build()
            .map_err(|error| trouble::cannot_build(&error))?;
        Ok(Self {
            client,
            retrying: Retrying::new(clock, Policy::default(), seed),
            observer,
            busy_until: None,
        })
    }

    /// The same client, knowing that a process before this one called until then, as often as it was allowed to.
    #[must_use]
    pub fn after(mut self, then: Option<Timestamp>) -> Self {
        self.busy_until = then;
        self
    }

    /// A pace that keeps this limit from now on. Share it among all calls that the vendor counts together.
    pub fn pace(&self, limit: Limit) -> Arc<Pace> {
        let clock = self.clock().clone();
        Arc::new(match self.busy_until {
            Some(then) => Pace::after(clock, limit, then),
            None => Pace::new(clock, limit),
        })
    }

    /// The same client with another retry policy.
    #[must_use]
    pub fn with_policy(mut self, policy: Policy) -> Self {
        self.retrying = self.retrying.with_policy(policy);
        self
    }

    /// The clock it waits on.
    pub fn clock(&self) -> &SharedClock {
        self.retrying.clock()
    }

    /// The retry policy at work, for those who bring their own calls.
    pub fn retrying(&self) -> &Retrying {
        &self.retrying
    }

    /// Makes the request, again where that is safe and can help. An answer of any status is an [`Answer`]; no answer
    /// is a fault.
    pub async fn send(&self, call: Call) -> Result<Answer, Fault> {
        call.check()?;
        let outcome = self
            .retrying
            .run(call.idempotent, Failed::trouble, |_| self.attempt(&call))
            .await;
        match outcome {
            Ok(answer) => Ok(answer),
            Err(Failed::Status(answer, _)) => Ok(answer),
            Err(Failed::Lost(fault, _)) => Err(fault),
        }
    }

    /// Makes the request once and observes it. For adapters of libraries that have a retry policy of ours around them.
    pub async fn once(&self, call: Call) -> Result<Answer, Fault> {
        call.check()?;
        match self.attempt(&call).await {
            Ok(answer) | Err(Failed::Status(answer, _)) => Ok(answer),
            Err(Failed::Lost(fault, _)) => Err(fault),
        }
    }

    async fn attempt(&self, call: &Call) -> Result<Answer, Failed> {
        for pace in &call.paces {
            pace.take().await;
        }
        let started = self.clock().now();
        let result = self.exchange(call).await;
        let elapsed = Duration::try_from(self.clock().now().duration_since(started)).unwrap_or_default();
        let mut seen = Exchange {
            service: call.service,
            method: call.method.to_string(),
            url: shown_url(&call.url),
            operation: call.operation.clone(),
            status: None,
            request_id: None,
            elapsed,
            attempt: current_attempt(),
            note: None,
        };
        let result = match result {
            Ok(mut answer) => {
                seen.status = Some(answer.status);
                seen.request_id = answer.request_id.clone();
                let trouble = answer.trouble(self.clock().now());
                answer.retry = trouble.retry(call.idempotent);
                match trouble {
                    Trouble::Final => Ok(answer),
                    _ => Err(Failed::Status(answer, trouble)),
                }
            }
            Err(error) => {
                let (fault, trouble) = trouble::lost(&error, &call.url, call.idempotent);
                seen.note = Some(fault.to_string());
                Err(Failed::Lost(fault, trouble))
            }
        };
        self.observer.exchange(&seen);
        result
    }

    async fn exchange(&self, call: &Call) -> Result<Answer, trouble::Lost> {
        let mut request = reqwest::Request::new(call.method.clone(), call.url.clone());
        *request.headers_mut() = call.headers.clone();
        *request.timeout_mut() = Some(call.timeout);
        if call.service.takes_client_request_id() {
            let id = uuid::Builder::from_random_bytes(self.retrying.random_bytes()).into_uuid();
            if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
                request.headers_mut().insert(CLIENT_REQUEST_ID, value);
            }
        }
        if let Some(bearer) = &call.bearer {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", bearer.expose_secret()))
                .map_err(|_| trouble::Lost::BadToken)?;
            value.set_sensitive(true);
            request.headers_mut().insert(header::AUTHORIZATION, value);
        }
        if !call.body.is_empty() {
            *request.body_mut() = Some(call.body.clone().into());
        }
        let mut response = self.client.execute(request).await.map_err(trouble::Lost::Network)?;
        let mut body = BytesMut::new();
        let announced = usize::try_from(response.content_length().unwrap_or(0)).unwrap_or(usize::MAX);
        if announced > call.limit {
            return Err(trouble::Lost::TooLong(call.limit));
        }
        while let Some(chunk) = response.chunk().await.map_err(trouble::Lost::Network)? {
            if body.len() + chunk.len() > call.limit {
                return Err(trouble::Lost::TooLong(call.limit));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer {
            status: response.status().as_u16(),
            request_id: observe::request_id(response.headers()),
            headers: std::mem::take(response.headers_mut()),
            body: body.freeze(),
            retry: Retry::Never,
        })
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").finish_non_exhaustive()
    }
}

/// An attempt that did not end well.
enum Failed {
    Status(Answer, Trouble),
    Lost(Fault, Trouble),
}

impl Failed {
    fn trouble(&self) -> Trouble {
        match self {
            Self::Status(_, trouble) | Self::Lost(_, trouble) => *trouble,
        }
    }
}

impl Call {
    /// A call. Methods that HTTP calls idempotent are taken for it; `POST` and `PATCH` are not until
    /// [`Call::repeatable`] says so.
    pub fn new(service: Service, method: Method, url: Url) -> Self {
        let idempotent = method.is_idempotent();
        Self {
            service,
            method,
            url,
            headers: HeaderMap::new(),
            bearer: None,
            body: Bytes::new(),
            idempotent,
            operation: None,
            limit: BODY_LIMIT,
            timeout: ATTEMPT,
            paces: Vec::new(),
        }
    }

    /// A `GET`.
    pub fn get(service: Service, url: Url) -> Self {
        Self::new(service, Method::GET, url)
    }

    /// Says that doing it twice is the same as doing it once.
    #[must_use]
    pub fn repeatable(mut self) -> Self {
        self.idempotent = true;
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Takes these headers instead of the ones so far.
    #[must_use]
    pub fn headers(mut self, headers: HeaderMap) -> Self {
        self.headers = headers;
        self
    }

    /// Signs in with this token. It goes only into the `Authorization` header, and only over TLS or to this machine.
    #[must_use]
    pub fn bearer(mut self, token: SecretString) -> Self {
        self.bearer = Some(token);
        self
    }

    /// Sends these bytes.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends this as JSON.
    pub fn json<B: Serialize + ?Sized>(self, body: &B) -> Result<Self, Fault> {
        self.json_as("application/json", body)
    }

    /// Sends this as JSON of a certain content type.
    pub fn json_as<B: Serialize + ?Sized>(self, media: &'static str, body: &B) -> Result<Self, Fault> {
        let bytes = serde_json::to_vec(body)
            .map_err(|error| Fault::internal("A request cannot be written as JSON").why(error.to_string()))?;
        Ok(self
            .header(header::CONTENT_TYPE, HeaderValue::from_static(media))
            .body(bytes))
    }

    /// Names the operation for whoever watches, when method and path do not say it.
    #[must_use]
    pub fn operation(mut self, name: impl Into<String>) -> Self {
        self.operation = Some(name.into());
        self
    }

    /// Reads at most this many bytes of the answer.
    #[must_use]
    pub fn limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// Gives one attempt this long.
    #[must_use]
    pub fn timeout(mut self, time: Duration) -> Self {
        self.timeout = time.min(ATTEMPT);
        self
    }

    /// Keeps this limit: every attempt waits for its turn.
    #[must_use]
    pub fn paced(mut self, pace: Arc<Pace>) -> Self {
        self.paces.push(pace);
        self
    }

    /// Where it goes.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// True if it only reads.
    pub fn is_read(&self) -> bool {
        self.method.is_safe()
    }

    /// True for an address that only the machine itself answers at, such as a cloud's metadata service.
    pub fn is_link_local(&self) -> bool {
        matches!(self.url.host(), Some(url::Host::Ipv4(ip)) if ip.is_link_local())
    }

    fn check(&self) -> Result<(), Fault> {
        if self.bearer.is_some() && self.url.scheme() != "https" && !is_loopback(&self.url) {
            return Err(Fault::new(
                Kind::Usage,
                format!("No token is sent to {} in the clear", shown_url(&self.url)),
            )
            .why("the address is neither https nor on this machine")
            .hint("Correct the address in the profile's `endpoints`."));
        }
        Ok(())
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Call({} {})", self.method, shown_url(&self.url))
    }
}

impl Answer {
    /// True for 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Reads the body as JSON. An empty body reads as `null`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        let body: &[u8] = if self.body.is_empty() { b"null" } else { &self.body };
        serde_json::from_slice(body).map_err(|error| {
            let mut fault = Fault::new(Kind::Answer, "The answer cannot be read").why(error.to_string());
            fault.request_id = self.request_id.clone().map(Into::into);
            fault
        })
    }

    /// The body as text, for messages; whatever is not UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn trouble(&self, now: jiff::Timestamp) -> Trouble {
        let after = || {
            let value = self.headers.get(header::RETRY_AFTER)?.to_str().ok()?;
            retry_after(value, now)
        };
        match self.status {
            429 => Trouble::Throttled(after()),
            408 | 500 | 502 | 503 | 504 => Trouble::Unclear(after()),
            _ => Trouble::Final,
        }
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answer({}, {} bytes)", self.status, self.body.len())
    }
}

/// True for an address on this machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests;
