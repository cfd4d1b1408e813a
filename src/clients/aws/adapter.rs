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

/// The names of the services in `X-Amz-Target`, and what IAM calls them.
const PREFIXES: &[(&str, &str)] = &[
    ("SWBExternalService", "sso"),
    ("AWSIdentityStore", "identitystore"),
    ("AWSOrganizations", "organizations"),
    ("CloudTrail", "cloudtrail"),
];

/// The operation as IAM names it: `sso:ListInstances` from `X-Amz-Target: SWBExternalService.ListInstances`, or
/// `sts:GetCallerIdentity` from a form's `Action`.
fn operation(headers: &::http::HeaderMap, body: &[u8]) -> Option<String> {
    if let Some(target) = headers.get("x-amz-target").and_then(|value| value.to_str().ok()) {
        let (service, operation) = target.rsplit_once('.').unwrap_or(("", target));
        let known = PREFIXES.iter().find(|(name, _)| service.contains(name));
        return Some(match known {
            Some((_, prefix)) => format!("{prefix}:{operation}"),
            None => operation.to_owned(),
        });
    }
    url::form_urlencoded::parse(body)
        .find(|(name, _)| name == "Action")
        .map(|(_, action)| format!("sts:{action}"))
}

#[cfg(test)]
mod tests {
    use aws_sdk_sts::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
    use serde_json::json;

    use super::*;
    use crate::clients::testing::{Bench, Reply, Server, bench};

    fn sso(bench: &Bench, server: &Server) -> aws_sdk_ssoadmin::Client {
        let config = aws_sdk_ssoadmin::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(AwsHttp::shared(bench.http.clone()))
            .retry_config(RetryConfig::disabled())
            .region(Region::new("eu-west-1"))
            .credentials_provider(Credentials::new("id", "key", None, None, "test"))
            .endpoint_url(server.url.as_str());
        aws_sdk_ssoadmin::Client::from_conf(config.build())
    }

    #[tokio::test]
    async fn the_sdk_talks_through_our_client_and_its_operations_are_seen() {
        let server = Server::start(|_, _| {
            Reply::json(
                200,
                json!({ "Instances": [{ "InstanceArn": "arn:aws:sso:::instance/ssoins-1" }] }),
            )
            .with("x-amzn-requestid", "r-5")
        })
        .await;
        let bench = bench();
        let answer = sso(&bench, &server).list_instances().send().await.unwrap();
        assert_eq!(
            answer.instances()[0].instance_arn(),
            Some("arn:aws:sso:::instance/ssoins-1")
        );
        let seen = bench.watching.0.lock().unwrap()[0].clone();
        assert_eq!(seen.operation.as_deref(), Some("sso:ListInstances"));
        assert_eq!((seen.status, seen.request_id.as_deref()), (Some(200), Some("r-5")));
        assert!(server.seen()[0].headers["authorization"].starts_with("AWS4-HMAC-SHA256"));
    }

    #[tokio::test]
    async fn a_lost_answer_is_sent_once_and_found_in_the_sdks_error() {
        let server = Server::start(|_, _| Reply::HangUp).await;
        let error = sso(&bench(), &server).list_instances().send().await.unwrap_err();
        let (fault, trouble) = lost(&error).unwrap();
        assert_eq!(trouble, Trouble::Unclear(None));
        assert_eq!(fault.retry, Retry::LookFirst);
        assert_eq!(server.seen().len(), 1);
    }

    #[tokio::test]
    async fn nobody_there_means_nothing_was_sent() {
        let server = Server::start(|_, _| Reply::HangUp).await;
        let client = sso(&bench(), &server);
        drop(server);
        tokio::task::yield_now().await;
        let error = client.list_instances().send().await.unwrap_err();
        assert_eq!(lost(&error).unwrap().1, Trouble::NotSent);
    }

    #[test]
    fn operations_are_read_from_header_or_form() {
        let mut headers = ::http::HeaderMap::new();
        assert_eq!(
            operation(&headers, b"Action=GetCallerIdentity&Version=1").as_deref(),
            Some("sts:GetCallerIdentity")
        );
        headers.insert("x-amz-target", "SWBExternalService.ListInstances".parse().unwrap());
        assert_eq!(operation(&headers, b"{}").as_deref(), Some("sso:ListInstances"));
    }
}
