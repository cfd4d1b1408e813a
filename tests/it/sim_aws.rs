//! The simulated AWS, driven by the real SDKs. Every request and every answer is held against the service models.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod assignments;
mod limits;
mod people;
mod sessions;
mod sets;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use aws_sdk_cloudtrail::types::{LookupAttribute, LookupAttributeKey};
use aws_sdk_identitystore::types::{AlternateIdentifier, AttributeOperation, Email, MemberId, Name, UniqueAttribute};
use aws_sdk_ssoadmin::types::{
    AccessControlAttribute, AccessControlAttributeValue, CustomerManagedPolicyReference,
    InstanceAccessControlAttributeConfiguration, OperationStatusFilter, PermissionsBoundary, PrincipalType,
    ProvisionTargetType, RegionScope, StatusValues, Tag, TargetType,
};
use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
    },
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::{Document, body::SdkBody, error::metadata::ProvideErrorMetadata};
use aws_types::{SdkConfig, region::Region};
use fedwiz::sim::{Options, Sim, Weather, weather::Odds};
use serde_json::{Map, Value, json};

use crate::contracts::aws::AwsContract;

/// Sends through reqwest and keeps what was said.
#[derive(Debug, Clone)]
struct Recorder {
    http: reqwest::Client,
    said: Arc<Mutex<Vec<Exchange>>>,
}

#[derive(Debug, Clone)]
struct Exchange {
    target: String,
    request: Value,
    status: u16,
    answer: Value,
}

impl HttpClient for Recorder {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Recorder {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let this = self.clone();
        HttpConnectorFuture::new(async move {
            let (parts, body) = request.try_into_http1x().unwrap().into_parts();
            let sent = body.bytes().unwrap().to_vec();
            let target = parts
                .headers
                .get("x-amz-target")
                .map(|t| t.to_str().unwrap().to_owned());
            let request = reqwest::Request::try_from(http::Request::from_parts(parts, sent.clone())).unwrap();
            let answer = this
                .http
                .execute(request)
                .await
                .map_err(|error| ConnectorError::io(error.into()))?;
            let mut builder = http::Response::builder().status(answer.status());
            builder.headers_mut().unwrap().extend(answer.headers().clone());
            let status = answer.status().as_u16();
            let body = answer.bytes().await.map_err(|error| ConnectorError::io(error.into()))?;
            if let Some(target) = target {
                let (request, answer) = (
                    serde_json::from_slice(&sent).unwrap(),
                    serde_json::from_slice(&body).unwrap(),
                );
                this.said.lock().unwrap().push(Exchange {
                    target,
                    request,
                    status,
                    answer,
                });
            }
            Ok(HttpResponse::try_from(builder.body(SdkBody::from(body.to_vec())).unwrap()).unwrap())
        })
    }
}

/// A simulation and the SDK clients of its first target.
struct Bench {
    sim: Sim,
    recorder: Recorder,
    sso: aws_sdk_ssoadmin::Client,
    store: aws_sdk_identitystore::Client,
    org: aws_sdk_organizations::Client,
    sts: aws_sdk_sts::Client,
    trail: aws_sdk_cloudtrail::Client,
    instance: String,
    store_id: String,
    management: String,
}

impl Bench {
    async fn start(scenario: &str) -> Self {
        let sim = Sim::start(Options {
            scenario: scenario.into(),
            ..Options::default()
        })
        .await
        .unwrap();
        let access = sim.aws_access().remove(0);
        let recorder = Recorder {
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            said: Arc::default(),
        };
        let config = config(&sim, &recorder, &access.access_key, &access.region);
        let (instance, store_id, management) = sim.with(|world| {
            let org = &world.aws[0];
            let instance = org.instance.as_ref();
            (
                instance.map(|i| i.arn.clone()).unwrap_or_default(),
                instance.map(|i| i.store_id.clone()).unwrap_or_default(),
                org.management.clone(),
            )
        });
        Self {
            sso: aws_sdk_ssoadmin::Client::new(&config),
            store: aws_sdk_identitystore::Client::new(&config),
            org: aws_sdk_organizations::Client::new(&config),
            sts: aws_sdk_sts::Client::new(&config),
            trail: aws_sdk_cloudtrail::Client::new(&config),
            sim,
            recorder,
            instance,
            store_id,
            management,
        }
    }

    async fn pass(&self, seconds: u64) {
        let _busy = self.sim.clock().busy();
        self.sim.clock().sleep(Duration::from_secs(seconds)).await;
    }

    async fn set(&self, name: &str) -> String {
        let made = self
            .sso
            .create_permission_set()
            .instance_arn(&self.instance)
            .name(name)
            .send()
            .await
            .unwrap();
        made.permission_set.unwrap().permission_set_arn.unwrap()
    }

    async fn user(&self, name: &str) -> String {
        let who = Name::builder().given_name("Nikki").family_name("Wolf").build();
        let made = self
            .store
            .create_user()
            .identity_store_id(&self.store_id)
            .user_name(name);
        made.name(who).display_name("Nikki Wolf").send().await.unwrap().user_id
    }

    async fn assign(&self, set: &str, user: &str) -> Result<String, String> {
        let made = self
            .sso
            .create_account_assignment()
            .instance_arn(&self.instance)
            .permission_set_arn(set);
        let made = made.target_id(&self.management).target_type(TargetType::AwsAccount);
        let made = made
            .principal_type(PrincipalType::User)
            .principal_id(user)
            .send()
            .await
            .map_err(code)?;
        Ok(made.account_assignment_creation_status.unwrap().request_id.unwrap())
    }

    /// Nothing said breaks the contract.
    fn check(&self) {
        let Some(contract) = AwsContract::load() else { return };
        for Exchange {
            target,
            request,
            status,
            answer,
        } in self.recorder.said.lock().unwrap().iter()
        {
            let (service, operation) = contract
                .operation(target)
                .unwrap_or_else(|| panic!("{target} is not known"));
            assert_eq!(
                contract.request(&service, &operation, request),
                Vec::<String>::new(),
                "{target} {request}"
            );
            let wrong = match status {
                200 => contract.answer(&service, &operation, answer),
                _ => contract.error(&service, &operation, answer),
            };
            assert_eq!(wrong, Vec::<String>::new(), "{target} {status} {answer}");
        }
    }
}

fn config(sim: &Sim, recorder: &Recorder, key: &str, region: &str) -> SdkConfig {
    let credentials = aws_credential_types::Credentials::new(key, "fake", None, None, "test");
    SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .region(Region::new(region.to_owned()))
        .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(
            credentials,
        ))
        .endpoint_url(&sim.addresses().aws)
        .http_client(SharedHttpClient::new(recorder.clone()))
        .retry_config(aws_config::retry::RetryConfig::disabled())
        .build()
}

fn code<E: ProvideErrorMetadata, R>(error: aws_smithy_runtime_api::client::result::SdkError<E, R>) -> String {
    error
        .as_service_error()
        .and_then(ProvideErrorMetadata::code)
        .unwrap_or("no answer")
        .to_owned()
}

pub fn provider_metadata() -> String {
    let certified = rcgen::generate_simple_self_signed(vec!["entra".into()]).unwrap();
    let pem = certified.cert.pem();
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    format!(
        r#"<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://sts.windows.net/t/">
        <IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor use="signing">
        <KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>{base64}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>
        <SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://login.microsoftonline.com/t/saml2"/>
        </IDPSSODescriptor></EntityDescriptor>"#
    )
}
