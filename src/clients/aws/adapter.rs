//! `AwsHttp`: lets the AWS SDK talk through our one HTTP client, so that its calls are observed, proxied and trusted like
//! all others.
//!
//! It sends once and never repeats. Retrying is for whoever makes the call, who knows whether it may be repeated; what
//! went wrong on the way is found in the SDK's error by [`lost`].

use std::{error::Error, time::Duration};

use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
    },
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body_util::BodyExt;
use url::Url;

use crate::{
    clients::{
        http::{Call, Http, Service},
        retry::Trouble,
    },
    fault::{Fault, Retry},
};

/// Our HTTP client in the shape the AWS SDK wants.
#[derive(Debug, Clone)]
pub struct AwsHttp(Http);

impl AwsHttp {
    /// For `aws_config::ConfigLoader::http_client` and the like.
    pub fn shared(http: Http) -> SharedHttpClient {
        SharedHttpClient::new(Self(http))
    }
}

/// Why the SDK got no answer, if that is what its error is about, and what that means for another attempt.
pub fn lost<'e>(error: &'e (dyn Error + 'static)) -> Option<(&'e Fault, Trouble)> {
    let mut next = Some(error);
    while let Some(cause) = next {
        if let Some(fault) = cause.downcast_ref::<Fault>() {
            let trouble = match fault.retry {
                Retry::Backoff | Retry::After(_) | Retry::Replication => Trouble::NotSent,
                Retry::LookFirst => Trouble::Unclear(None),
                Retry::Never => Trouble::Final,
            };
            return Some((fault, trouble));
        }
        next = cause.source();
    }
    None
}

impl HttpClient for AwsHttp {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            http: self.0.clone(),
            timeout: settings.read_timeout(),
        })
    }
}

#[derive(Debug, Clone)]
struct Connector {
    http: Http,
    timeout: Option<Duration>,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let connector = self.clone();
        HttpConnectorFuture::new(async move { connector.exchange(request).await })
    }
}

impl Connector {
    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let request = request
            .try_into_http1x()
            .map_err(|error| ConnectorError::user(error.into()))?;
        let (parts, body) = request.into_parts();
        let bytes = match body.bytes() {
            Some(bytes) => Bytes::copy_from_slice(bytes),
            None => body.collect().await.map_err(ConnectorError::user)?.to_bytes(),
        };
        let url = Url::parse(&parts.uri.to_string()).map_err(|error| ConnectorError::user(error.into()))?;
        let mut call = Call::new(Service::Aws, parts.method, url);
        if let Some(operation) = operation(&parts.headers, &bytes) {
            call = call.operation(operation);
        }
        if let Some(timeout) = self.timeout {
            call = call.timeout(timeout);
        }
        let answer = self
            .http
            .once(call.headers(parts.headers).body(bytes))
            .await
            .map_err(|fault| ConnectorError::io(Box::new(fault)))?;
        let mut response = ::http::Response::new(SdkBody::from(answer.body));
        *response.status_mut() =
            ::http::StatusCode::from_u16(answer.status).map_err(|error| ConnectorError::other(error.into(), None))?;
        *response.headers_mut() = answer.headers;
        HttpResponse::try_from(response).map_err(|error| ConnectorError::other(error.into(), None))
    }
}

/// `ListInstances` from `X-Amz-Target: SWBExternalService.ListInstances`, or from a form's `Action`.
fn operation(headers: &::http::HeaderMap, body: &[u8]) -> Option<String> {
    if let Some(target) = headers.get("x-amz-target").and_then(|value| value.to_str().ok()) {
        return Some(target.rsplit('.').next().unwrap_or(target).to_owned());
    }
    url::form_urlencoded::parse(body)
        .find(|(name, _)| name == "Action")
        .map(|(_, action)| action.into_owned())
}
