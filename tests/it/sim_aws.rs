//! The simulated AWS, driven by the real SDKs. Every request and every answer is held against the service models.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

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

#[tokio::test]
async fn who_i_am_and_what_there_is() {
    let bench = Bench::start("fresh").await;
    let me = bench.sts.get_caller_identity().send().await.unwrap();
    assert_eq!(me.account(), Some(bench.management.as_str()));
    assert!(me.arn().unwrap().ends_with(":user/operator"));
    let role = format!("arn:aws:iam::{}:role/Admin", bench.management);
    let became = bench
        .sts
        .assume_role()
        .role_arn(role)
        .role_session_name("test")
        .send()
        .await
        .unwrap();
    assert!(became.credentials.unwrap().access_key_id.starts_with("ASIA"));

    let instances = bench
        .sso
        .list_instances()
        .region_scope(RegionScope::AllRegions)
        .send()
        .await
        .unwrap();
    assert_eq!(instances.instances()[0].instance_arn(), Some(bench.instance.as_str()));
    let described = bench
        .sso
        .describe_instance()
        .instance_arn(&bench.instance)
        .send()
        .await
        .unwrap();
    assert_eq!(described.permission_sets_enabled, Some(true));
    assert_eq!(
        bench
            .sso
            .list_regions()
            .instance_arn(&bench.instance)
            .send()
            .await
            .unwrap()
            .regions()
            .len(),
        1
    );

    let org = bench
        .org
        .describe_organization()
        .send()
        .await
        .unwrap()
        .organization
        .unwrap();
    assert_eq!(org.master_account_id(), Some(bench.management.as_str()));
    assert_eq!(bench.org.list_accounts().send().await.unwrap().accounts().len(), 3);
    bench
        .org
        .describe_account()
        .account_id(&bench.management)
        .send()
        .await
        .unwrap();
    let root = bench.org.list_roots().send().await.unwrap().roots()[0]
        .id()
        .unwrap()
        .to_owned();
    assert_eq!(
        bench
            .org
            .list_accounts_for_parent()
            .parent_id(&root)
            .send()
            .await
            .unwrap()
            .accounts()
            .len(),
        3
    );
    bench
        .org
        .list_organizational_units_for_parent()
        .parent_id(&root)
        .send()
        .await
        .unwrap();
    bench
        .org
        .list_parents()
        .child_id(&bench.management)
        .send()
        .await
        .unwrap();
    bench
        .org
        .list_delegated_administrators()
        .service_principal("sso.amazonaws.com")
        .send()
        .await
        .unwrap();
    let services = bench
        .org
        .list_aws_service_access_for_organization()
        .send()
        .await
        .unwrap();
    assert_eq!(
        services.enabled_service_principals()[0].service_principal(),
        Some("sso.amazonaws.com")
    );
    bench
        .store
        .describe_identity_store()
        .identity_store_id(&bench.store_id)
        .send()
        .await
        .unwrap();
    bench.store.list_identity_stores().send().await.unwrap();
    bench.check();
    assert_eq!(bench.sim.verdict(), Vec::<String>::new());
}

#[tokio::test]
async fn an_unknown_key_and_another_region_are_told_apart() {
    let bench = Bench::start("fresh").await;
    let stranger = config(&bench.sim, &bench.recorder, "AKIAIOSFODNN7EXAMPLE", "us-east-1");
    let refused = aws_sdk_sts::Client::new(&stranger)
        .get_caller_identity()
        .send()
        .await
        .map_err(code);
    assert_eq!(refused.unwrap_err(), "InvalidClientTokenId");
    let refused = aws_sdk_ssoadmin::Client::new(&stranger)
        .list_instances()
        .send()
        .await
        .map_err(code);
    assert_eq!(refused.unwrap_err(), "UnrecognizedClientException");

    let key = bench.sim.aws_access().remove(0).access_key;
    let elsewhere = aws_sdk_ssoadmin::Client::new(&config(&bench.sim, &bench.recorder, &key, "eu-west-1"));
    assert!(elsewhere.list_instances().send().await.unwrap().instances().is_empty());
    let everywhere = elsewhere
        .list_instances()
        .region_scope(RegionScope::AllRegions)
        .send()
        .await
        .unwrap();
    assert_eq!(everywhere.instances()[0].primary_region(), Some("us-east-1"));
    let refused = elsewhere
        .describe_instance()
        .instance_arn(&bench.instance)
        .send()
        .await
        .map_err(code);
    assert_eq!(refused.unwrap_err(), "AccessDeniedException");
    bench.check();
}

#[tokio::test]
async fn a_permission_set_from_birth_to_death() {
    let bench = Bench::start("fresh").await;
    let (sso, instance) = (&bench.sso, &bench.instance);
    let tag = Tag::builder().key("fedwiz:managed-by").value("test").build().unwrap();
    let made = sso
        .create_permission_set()
        .instance_arn(instance)
        .name("RegionalAdmin")
        .description("Regions");
    let made = made
        .relay_state("https://console.aws.amazon.com/")
        .tags(tag.clone())
        .send()
        .await
        .unwrap();
    let arn = made.permission_set.unwrap().permission_set_arn.unwrap();

    sso.update_permission_set()
        .instance_arn(instance)
        .permission_set_arn(&arn)
        .description("All Regions")
        .send()
        .await
        .unwrap();
    let now = sso
        .describe_permission_set()
        .instance_arn(instance)
        .permission_set_arn(&arn)
        .send()
        .await
        .unwrap();
    let now = now.permission_set.unwrap();
    assert_eq!(
        (now.description(), now.relay_state(), now.session_duration()),
        (Some("All Regions"), None, Some("PT1H"))
    );

    let policy =
        json!({"Statement": [{"Effect": "Allow", "Action": ["account:ListRegions"], "Resource": ["*"]}]}).to_string();
    let none = sso
        .get_inline_policy_for_permission_set()
        .instance_arn(instance)
        .permission_set_arn(&arn)
        .send()
        .await;
    assert_eq!(none.unwrap().inline_policy(), None);
    let put = sso
        .put_inline_policy_to_permission_set()
        .instance_arn(instance)
        .permission_set_arn(&arn);
    put.clone().inline_policy(&policy).send().await.unwrap();
    assert_eq!(
        put.inline_policy("[]").send().await.map_err(code).unwrap_err(),
        "ValidationException"
    );
    let read = sso
        .get_inline_policy_for_permission_set()
        .instance_arn(instance)
        .permission_set_arn(&arn)
        .send()
        .await;
    assert_eq!(read.unwrap().inline_policy(), Some(policy.as_str()));

    let attach = sso
        .attach_managed_policy_to_permission_set()
        .instance_arn(instance)
        .permission_set_arn(&arn);
    attach
        .clone()
        .managed_policy_arn("arn:aws:iam::aws:policy/AdministratorAccess")
        .send()
        .await
        .unwrap();
    let again = attach
        .clone()
        .managed_policy_arn("arn:aws:iam::aws:policy/AdministratorAccess")
        .send()
        .await;
    assert_eq!(again.map_err(code).unwrap_err(), "ConflictException");
    let foreign = attach
        .managed_policy_arn("arn:aws-us-gov:iam::aws:policy/AdministratorAccess")
        .send()
        .await;
    assert_eq!(foreign.map_err(code).unwrap_err(), "ValidationException");
    let listed = sso
        .list_managed_policies_in_permission_set()
        .instance_arn(instance)
        .permission_set_arn(&arn)
        .send()
        .await;
    assert_eq!(listed.unwrap().attached_managed_policies().len(), 1);

    let policy = CustomerManagedPolicyReference::builder()
        .name("ReadLogs")
        .build()
        .unwrap();
    let attach = sso
        .attach_customer_managed_policy_reference_to_permission_set()
        .instance_arn(instance);
    attach
        .permission_set_arn(&arn)
        .customer_managed_policy_reference(policy.clone())
        .send()
        .await
        .unwrap();
    let boundary = PermissionsBoundary::builder()
        .managed_policy_arn("arn:aws:iam::aws:policy/PowerUserAccess")
        .build();
    let get = sso
        .get_permissions_boundary_for_permission_set()
        .instance_arn(instance)
        .permission_set_arn(&arn);
    assert_eq!(
        get.clone().send().await.map_err(code).unwrap_err(),
        "ResourceNotFoundException"
    );
    let put = sso
        .put_permissions_boundary_to_permission_set()
        .instance_arn(instance)
        .permission_set_arn(&arn);
    put.permissions_boundary(boundary).send().await.unwrap();
    get.send().await.unwrap();
    let listed = sso
        .list_customer_managed_policy_references_in_permission_set()
        .instance_arn(instance);
    let listed = listed.permission_set_arn(&arn).send().await.unwrap();
    assert_eq!(listed.customer_managed_policy_references()[0].path(), Some("/"));

    sso.tag_resource()
        .resource_arn(&arn)
        .instance_arn(instance)
        .tags(tag)
        .send()
        .await
        .unwrap();
    sso.untag_resource()
        .resource_arn(&arn)
        .instance_arn(instance)
        .tag_keys("nothing")
        .send()
        .await
        .unwrap();
    let tags = sso
        .list_tags_for_resource()
        .resource_arn(&arn)
        .instance_arn(instance)
        .send()
        .await
        .unwrap();
    assert_eq!(tags.tags().len(), 1);

    // With policies still attached.
    sso.delete_permission_set()
        .instance_arn(instance)
        .permission_set_arn(&arn)
        .send()
        .await
        .unwrap();
    let gone = sso
        .describe_permission_set()
        .instance_arn(instance)
        .permission_set_arn(&arn)
        .send()
        .await;
    assert_eq!(gone.map_err(code).unwrap_err(), "ResourceNotFoundException");
    bench.check();
    assert_eq!(bench.sim.verdict(), Vec::<String>::new());
}

#[tokio::test]
async fn a_second_set_of_one_name_is_refused_and_noted() {
    let bench = Bench::start("fresh").await;
    bench.set("Twice").await;
    let again = bench
        .sso
        .create_permission_set()
        .instance_arn(&bench.instance)
        .name("Twice")
        .send()
        .await;
    assert_eq!(again.map_err(code).unwrap_err(), "ConflictException");
    assert!(
        bench.sim.verdict()[0].contains("duplicate"),
        "{:?}",
        bench.sim.verdict()
    );
    bench.check();
}

#[tokio::test]
async fn an_assignment_takes_its_time_and_holds_the_set() {
    let bench = Bench::start("fresh").await;
    let (set, user) = (bench.set("RegionalAdmin").await, bench.user("nikki@contoso.com").await);
    let id = bench.assign(&set, &user).await.unwrap();
    assert_eq!(bench.assign(&set, &user).await.unwrap_err(), "ConflictException");
    let status = || async {
        let asked = bench
            .sso
            .describe_account_assignment_creation_status()
            .instance_arn(&bench.instance);
        let asked = asked.account_assignment_creation_request_id(&id).send().await.unwrap();
        asked.account_assignment_creation_status.unwrap().status.unwrap()
    };
    assert_eq!(status().await, StatusValues::InProgress);
    let listed = bench
        .sso
        .list_account_assignment_creation_status()
        .instance_arn(&bench.instance);
    let filter = OperationStatusFilter::builder()
        .status(StatusValues::InProgress)
        .build();
    assert_eq!(
        listed
            .filter(filter)
            .send()
            .await
            .unwrap()
            .account_assignments_creation_status()
            .len(),
        1
    );
    bench.pass(3).await;
    assert_eq!(status().await, StatusValues::Succeeded);

    let theirs = bench
        .sso
        .list_account_assignments_for_principal()
        .instance_arn(&bench.instance);
    let theirs = theirs
        .principal_id(&user)
        .principal_type(PrincipalType::User)
        .send()
        .await
        .unwrap();
    assert_eq!(
        theirs.account_assignments()[0].account_id(),
        Some(bench.management.as_str())
    );
    let there = bench
        .sso
        .list_account_assignments()
        .instance_arn(&bench.instance)
        .permission_set_arn(&set);
    assert_eq!(
        there
            .account_id(&bench.management)
            .send()
            .await
            .unwrap()
            .account_assignments()
            .len(),
        1
    );
    let places = bench
        .sso
        .list_accounts_for_provisioned_permission_set()
        .instance_arn(&bench.instance);
    assert_eq!(
        places.permission_set_arn(&set).send().await.unwrap().account_ids(),
        std::slice::from_ref(&bench.management)
    );
    let sets = bench
        .sso
        .list_permission_sets_provisioned_to_account()
        .instance_arn(&bench.instance);
    assert_eq!(
        sets.account_id(&bench.management)
            .send()
            .await
            .unwrap()
            .permission_sets(),
        std::slice::from_ref(&set)
    );

    // Changed, then told.
    let put = bench
        .sso
        .put_inline_policy_to_permission_set()
        .instance_arn(&bench.instance)
        .permission_set_arn(&set);
    put.inline_policy(r#"{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#)
        .send()
        .await
        .unwrap();
    let told = bench
        .sso
        .provision_permission_set()
        .instance_arn(&bench.instance)
        .permission_set_arn(&set);
    let told = told
        .target_type(ProvisionTargetType::AllProvisionedAccounts)
        .send()
        .await
        .unwrap();
    let told = told.permission_set_provisioning_status.unwrap().request_id.unwrap();
    bench.pass(3).await;
    let asked = bench
        .sso
        .describe_permission_set_provisioning_status()
        .instance_arn(&bench.instance);
    let asked = asked.provision_permission_set_request_id(told).send().await.unwrap();
    assert_eq!(
        asked.permission_set_provisioning_status.unwrap().status,
        Some(StatusValues::Succeeded)
    );

    let delete = bench
        .sso
        .delete_permission_set()
        .instance_arn(&bench.instance)
        .permission_set_arn(&set);
    assert_eq!(
        delete.clone().send().await.map_err(code).unwrap_err(),
        "ConflictException"
    );
    assert_eq!(bench.sim.verdict().len(), 1, "{:?}", bench.sim.verdict());
    let undo = bench
        .sso
        .delete_account_assignment()
        .instance_arn(&bench.instance)
        .permission_set_arn(&set);
    let undo = undo.target_id(&bench.management).target_type(TargetType::AwsAccount);
    let undo = undo
        .principal_type(PrincipalType::User)
        .principal_id(&user)
        .send()
        .await
        .unwrap();
    let undo = undo.account_assignment_deletion_status.unwrap().request_id.unwrap();
    bench.pass(3).await;
    let asked = bench
        .sso
        .describe_account_assignment_deletion_status()
        .instance_arn(&bench.instance);
    let asked = asked.account_assignment_deletion_request_id(undo).send().await.unwrap();
    assert_eq!(
        asked.account_assignment_deletion_status.unwrap().status,
        Some(StatusValues::Succeeded)
    );
    delete.send().await.unwrap();
    bench.check();
}

#[tokio::test]
async fn an_assignment_fails_late_where_a_policy_is_missing() {
    let bench = Bench::start("fresh").await;
    let (set, user) = (bench.set("Logs").await, bench.user("nikki@contoso.com").await);
    let policy = CustomerManagedPolicyReference::builder()
        .name("ReadLogs")
        .path("/team/")
        .build()
        .unwrap();
    let attach = bench
        .sso
        .attach_customer_managed_policy_reference_to_permission_set()
        .instance_arn(&bench.instance);
    attach
        .permission_set_arn(&set)
        .customer_managed_policy_reference(policy)
        .send()
        .await
        .unwrap();
    let id = bench.assign(&set, &user).await.unwrap();
    bench.pass(5).await;
    let asked = bench
        .sso
        .describe_account_assignment_creation_status()
        .instance_arn(&bench.instance);
    let asked = asked.account_assignment_creation_request_id(&id).send().await.unwrap();
    let status = asked.account_assignment_creation_status.unwrap();
    assert_eq!(status.status, Some(StatusValues::Failed));
    assert!(status.failure_reason.unwrap().contains("policy/team/ReadLogs"));
    bench.check();
}

#[tokio::test]
async fn the_sixteenth_assignment_under_way_is_throttled() {
    let bench = Bench::start("fresh").await;
    let user = bench.user("nikki@contoso.com").await;
    let mut sets = Vec::new();
    for n in 0..16 {
        sets.push(bench.set(&format!("Set{n}")).await);
        bench.pass(1).await;
    }
    for (n, set) in sets.iter().enumerate() {
        let began = bench.assign(set, &user).await;
        assert_eq!(began.is_ok(), n < 15, "{n} {began:?}");
    }
    assert!(
        bench.sim.verdict()[0].contains("15 account assignments"),
        "{:?}",
        bench.sim.verdict()
    );
    bench.check();
}

#[tokio::test]
async fn people_groups_and_memberships() {
    let bench = Bench::start("fresh").await;
    let (store, id) = (&bench.store, &bench.store_id);
    let user = bench.user("nikki@contoso.com").await;
    let again = store
        .create_user()
        .identity_store_id(id)
        .user_name("nikki@contoso.com")
        .display_name("x");
    let again = again
        .name(Name::builder().given_name("N").family_name("W").build())
        .send()
        .await;
    let again = again.unwrap_err().into_service_error();
    assert_eq!(again.meta().code(), Some("ConflictException"));
    let unique = |path: &str, value: &str| {
        let unique = UniqueAttribute::builder()
            .attribute_path(path)
            .attribute_value(Document::from(value));
        AlternateIdentifier::UniqueAttribute(unique.build().unwrap())
    };
    let get = |path: &str, value: &str| {
        store
            .get_user_id()
            .identity_store_id(id)
            .alternate_identifier(unique(path, value))
            .send()
    };
    assert_eq!(get("userName", "nikki@contoso.com").await.unwrap().user_id, user);
    assert_eq!(
        get("userName", "Nikki@contoso.com").await.map_err(code).unwrap_err(),
        "ResourceNotFoundException"
    );

    let described = store
        .describe_user()
        .identity_store_id(id)
        .user_id(&user)
        .send()
        .await
        .unwrap();
    assert_eq!(
        (described.user_name(), described.revision.as_str()),
        (Some("nikki@contoso.com"), "1")
    );
    let title = AttributeOperation::builder()
        .attribute_path("title")
        .attribute_value(Document::from("Boss"))
        .build()
        .unwrap();
    let update = store
        .update_user()
        .identity_store_id(id)
        .user_id(&user)
        .operations(title);
    assert_eq!(update.clone().revision("1").send().await.unwrap().revision, "2");
    assert_eq!(
        update.revision("1").send().await.map_err(code).unwrap_err(),
        "ConflictException"
    );
    let listed = store
        .list_users()
        .identity_store_id(id)
        .extensions("aws:identitystore:enterprise")
        .send()
        .await
        .unwrap();
    assert_eq!(listed.users()[0].title(), Some("Boss"));
    let email = Email::builder().value("n@contoso.com").primary(true).build();
    let other = store
        .create_user()
        .identity_store_id(id)
        .user_name("other")
        .display_name("Other")
        .emails(email.clone());
    let who = Name::builder().given_name("O").family_name("T").build();
    let other = other.name(who.clone()).send().await.unwrap().user_id;
    assert_eq!(get("emails.value", "n@contoso.com").await.unwrap().user_id, other);

    let group = store
        .create_group()
        .identity_store_id(id)
        .display_name("Admins")
        .send()
        .await
        .unwrap()
        .group_id;
    let found = store
        .get_group_id()
        .identity_store_id(id)
        .alternate_identifier(unique("displayName", "Admins"));
    assert_eq!(found.send().await.unwrap().group_id, group);
    store
        .describe_group()
        .identity_store_id(id)
        .group_id(&group)
        .send()
        .await
        .unwrap();
    store.list_groups().identity_store_id(id).send().await.unwrap();
    let name = AttributeOperation::builder()
        .attribute_path("displayName")
        .attribute_value(Document::from("Chiefs"));
    store
        .update_group()
        .identity_store_id(id)
        .group_id(&group)
        .operations(name.build().unwrap())
        .send()
        .await
        .unwrap();
    let member = MemberId::UserId(user.clone());
    let joined = store
        .create_group_membership()
        .identity_store_id(id)
        .group_id(&group)
        .member_id(member.clone());
    let membership = joined.send().await.unwrap().membership_id;
    let asked = store
        .get_group_membership_id()
        .identity_store_id(id)
        .group_id(&group)
        .member_id(member.clone());
    assert_eq!(asked.send().await.unwrap().membership_id, membership);
    store
        .describe_group_membership()
        .identity_store_id(id)
        .membership_id(&membership)
        .send()
        .await
        .unwrap();
    store
        .list_group_memberships()
        .identity_store_id(id)
        .group_id(&group)
        .send()
        .await
        .unwrap();
    store
        .list_group_memberships_for_member()
        .identity_store_id(id)
        .member_id(member.clone())
        .send()
        .await
        .unwrap();
    let within = store
        .is_member_in_groups()
        .identity_store_id(id)
        .member_id(member)
        .group_ids(&group)
        .send()
        .await
        .unwrap();
    assert!(within.results()[0].membership_exists);
    store
        .delete_group_membership()
        .identity_store_id(id)
        .membership_id(&membership)
        .send()
        .await
        .unwrap();
    store
        .delete_group()
        .identity_store_id(id)
        .group_id(&group)
        .send()
        .await
        .unwrap();
    store
        .delete_user()
        .identity_store_id(id)
        .user_id(&user)
        .send()
        .await
        .unwrap();
    assert_eq!(
        get("userName", "nikki@contoso.com").await.map_err(code).unwrap_err(),
        "ResourceNotFoundException"
    );
    bench.check();
    assert_eq!(bench.sim.verdict().len(), 1, "{:?}", bench.sim.verdict());
}

#[tokio::test]
async fn attributes_for_access_control() {
    let bench = Bench::start("fresh").await;
    let (sso, instance) = (&bench.sso, &bench.instance);
    let describe = || {
        sso.describe_instance_access_control_attribute_configuration()
            .instance_arn(instance)
            .send()
    };
    assert_eq!(describe().await.map_err(code).unwrap_err(), "ResourceNotFoundException");
    let value = AccessControlAttributeValue::builder()
        .source("${path:enterprise.department}")
        .build()
        .unwrap();
    let attribute = AccessControlAttribute::builder()
        .key("Department")
        .value(value)
        .build()
        .unwrap();
    let with = InstanceAccessControlAttributeConfiguration::builder()
        .access_control_attributes(attribute)
        .build()
        .unwrap();
    let without = InstanceAccessControlAttributeConfiguration::builder().set_access_control_attributes(Some(vec![]));
    let create = sso
        .create_instance_access_control_attribute_configuration()
        .instance_arn(instance);
    let create = create.instance_access_control_attribute_configuration(without.build().unwrap());
    create.send().await.unwrap();
    let update = sso
        .update_instance_access_control_attribute_configuration()
        .instance_arn(instance);
    update
        .instance_access_control_attribute_configuration(with)
        .send()
        .await
        .unwrap();
    let stands = describe()
        .await
        .unwrap()
        .instance_access_control_attribute_configuration
        .unwrap();
    assert_eq!(stands.access_control_attributes()[0].key(), "Department");
    sso.delete_instance_access_control_attribute_configuration()
        .instance_arn(instance)
        .send()
        .await
        .unwrap();
    assert_eq!(describe().await.map_err(code).unwrap_err(), "ResourceNotFoundException");
    bench.check();
    assert_eq!(bench.sim.verdict(), Vec::<String>::new());
}

#[tokio::test]
async fn pages_are_bound_to_their_list_and_must_be_fetched() {
    let bench = Bench::start("large").await;
    let first = bench.org.list_accounts().send().await.unwrap();
    assert_eq!(first.accounts().len(), 20);
    let token = first.next_token.unwrap();
    let stolen = bench.org.list_roots().next_token(&token).send().await.map_err(code);
    assert_eq!(stolen.unwrap_err(), "InvalidInputException");
    let mut seen = 20;
    let mut next = Some(token);
    while let Some(token) = next {
        let page = bench.org.list_accounts().next_token(token).send().await.unwrap();
        seen += page.accounts().len();
        next = page.next_token;
    }
    assert!(seen > 100);
    assert_eq!(bench.sim.verdict(), Vec::<String>::new());
    bench.org.list_accounts().send().await.unwrap();
    assert!(bench.sim.verdict()[0].contains("page-ignored"));
    bench.check();
}

#[tokio::test]
async fn twenty_calls_a_second_and_no_more() {
    let bench = Bench::start("fresh").await;
    let ask = || {
        let busy = bench.sim.clock().busy();
        let call = bench.sso.list_instances().send();
        async move {
            let answer = call.await;
            drop(busy);
            answer
        }
    };
    let together: Vec<_> = (0..25).map(|_| ask()).collect();
    let answers = futures_util::future::join_all(together).await;
    let refused: Vec<String> = answers
        .into_iter()
        .filter_map(|answer| answer.map_err(code).err())
        .collect();
    assert!(
        !refused.is_empty() && refused.iter().all(|code| code == "ThrottlingException"),
        "{refused:?}"
    );
    assert!(bench.sim.verdict()[0].contains("sso-admin aws: more than 20 a second"));
    bench.check();
}

#[tokio::test]
async fn bad_weather_speaks_the_services_words() {
    let bench = Bench::start("fresh").await;
    let every = |n| Odds {
        every: n,
        ..Odds::default()
    };
    bench.sim.set_weather(Weather {
        throttle: every(1),
        ..Weather::default()
    });
    assert_eq!(
        bench.sso.list_instances().send().await.map_err(code).unwrap_err(),
        "ThrottlingException"
    );
    assert_eq!(
        bench.org.list_accounts().send().await.map_err(code).unwrap_err(),
        "TooManyRequestsException"
    );
    assert_eq!(
        bench
            .store
            .list_identity_stores()
            .send()
            .await
            .map_err(code)
            .unwrap_err(),
        "ThrottlingException"
    );
    assert_eq!(
        bench.sts.get_caller_identity().send().await.map_err(code).unwrap_err(),
        "Throttling"
    );
    bench.sim.set_weather(Weather {
        missing_rights: vec!["sso:CreatePermissionSet".into()],
        ..Weather::default()
    });
    let denied = bench
        .sso
        .create_permission_set()
        .instance_arn(&bench.instance)
        .name("X")
        .send()
        .await
        .map_err(code);
    assert_eq!(denied.unwrap_err(), "AccessDeniedException");
    bench.sim.set_weather(Weather {
        drop_answers: every(1),
        ..Weather::default()
    });
    let lost = bench
        .sso
        .create_permission_set()
        .instance_arn(&bench.instance)
        .name("Lost")
        .send()
        .await
        .map_err(code);
    assert_eq!(lost.unwrap_err(), "no answer");
    bench.sim.set_weather(Weather::default());
    let sets = bench
        .sso
        .list_permission_sets()
        .instance_arn(&bench.instance)
        .send()
        .await
        .unwrap();
    assert_eq!(sets.permission_sets().len(), 1);
    bench.check();
}

#[tokio::test]
async fn a_lagging_store_shows_a_new_user_later() {
    let bench = Bench::start("fresh").await;
    bench.sim.set_weather(Weather {
        lag_s: 8.0,
        ..Weather::default()
    });
    let user = bench.user("nikki@contoso.com").await;
    let look = || {
        bench
            .store
            .describe_user()
            .identity_store_id(&bench.store_id)
            .user_id(&user)
            .send()
    };
    assert_eq!(look().await.map_err(code).unwrap_err(), "ResourceNotFoundException");
    bench.pass(9).await;
    look().await.unwrap();
    bench.check();
}

#[tokio::test]
async fn events_are_found_some_time_later() {
    let bench = Bench::start("fresh").await;
    bench.set("RegionalAdmin").await;
    let look = || {
        let named = LookupAttribute::builder().attribute_key(LookupAttributeKey::EventName);
        let named = named.attribute_value("CreatePermissionSet").build().unwrap();
        bench.trail.lookup_events().lookup_attributes(named).send()
    };
    assert!(look().await.unwrap().events().is_empty());
    bench.pass(60).await;
    let found = look().await.unwrap();
    let record: Value = serde_json::from_str(found.events()[0].cloud_trail_event().unwrap()).unwrap();
    assert_eq!(
        (&record["eventName"], &record["eventSource"]),
        (&json!("CreatePermissionSet"), &json!("sso.amazonaws.com"))
    );
    bench.check();
}

#[tokio::test]
async fn permission_sets_switched_off_are_refused_until_switched_on() {
    let bench = Bench::start("permission-sets-off").await;
    let create = || {
        bench
            .sso
            .create_permission_set()
            .instance_arn(&bench.instance)
            .name("X")
            .send()
    };
    assert_eq!(create().await.map_err(code).unwrap_err(), "ValidationException");
    bench
        .sso
        .update_instance()
        .instance_arn(&bench.instance)
        .permission_sets_enabled(true)
        .send()
        .await
        .unwrap();
    create().await.unwrap();
    bench.check();
}

#[tokio::test]
async fn the_console_hands_out_two_tokens_and_takes_them_back_in_order() {
    let bench = Bench::start("fresh").await;
    let click = |action: &str, args: Value| bench.sim.click(action, args.as_object().unwrap_or(&Map::new()));
    assert_eq!(click("aws.enable-provisioning", json!({})).unwrap_err().status, 409);
    let shown = click("aws.show-sp-metadata", json!({})).unwrap();
    assert!(
        shown["metadata"]
            .as_str()
            .unwrap()
            .contains(shown["issuer_url"].as_str().unwrap())
    );
    assert!(click("aws.change-identity-source", json!({"idp_metadata": "<x/>"})).is_err());
    let before = bench.sim.state_json();
    click(
        "aws.change-identity-source",
        json!({"idp_metadata": provider_metadata()}),
    )
    .unwrap();
    let first = click("aws.enable-provisioning", json!({})).unwrap();
    let second = click("aws.enable-provisioning", json!({})).unwrap();
    assert_eq!(first["endpoint"], second["endpoint"]);
    assert_eq!(click("aws.enable-provisioning", json!({})).unwrap_err().status, 409);

    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let ask = |endpoint: &Value, token: &Value| {
        let url = format!("{}/ServiceProviderConfig", endpoint.as_str().unwrap());
        let request = http.get(url).bearer_auth(token.as_str().unwrap());
        async move { request.send().await.unwrap().status().as_u16() }
    };
    assert_eq!(ask(&first["endpoint"], &first["token"]).await, 200);
    let wrong = json!(first["endpoint"].as_str().unwrap().replace("/scim/v2", "x/scim/v2"));
    assert_eq!(ask(&wrong, &first["token"]).await, 401);
    click("aws.delete-token", json!({"which": "oldest"})).unwrap();
    assert_eq!(ask(&first["endpoint"], &first["token"]).await, 401);
    assert_eq!(ask(&first["endpoint"], &second["token"]).await, 200);
    bench.pass(366 * 24 * 3600).await;
    assert_eq!(ask(&first["endpoint"], &second["token"]).await, 401);
    assert_eq!(click("aws.disable-provisioning", json!({})).unwrap_err().status, 409);
    click("aws.delete-token", json!({"which": "all"})).unwrap();
    click("aws.disable-provisioning", json!({})).unwrap();
    click("aws.revert-identity-source", json!({})).unwrap();
    assert_eq!(bench.sim.state_json(), before);
    let token = second["token"].as_str().unwrap();
    assert!(
        !bench.sim.state_json().to_string().contains(token) && !bench.sim.ledger_json().to_string().contains(token)
    );
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
