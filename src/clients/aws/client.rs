//! `Aws`: one organization, and how its services are called: credentials, Regions, limits, retries, pages.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use aws_config::{
    AppName, BehaviorVersion, Region, SdkConfig,
    environment::EnvironmentVariableRegionProvider,
    meta::region::RegionProviderChain,
    profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider},
    provider_config::ProviderConfig,
    retry::RetryConfig,
    stalled_stream_protection::StalledStreamProtectionConfig,
    timeout::TimeoutConfig,
};
use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::service_config::ServiceConfigKey;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::OnceCell;
use url::Url;

use super::{
    adapter::AwsHttp,
    assigned::Ways,
    assignments::{Assignment, Direction, Principal},
    error::{self, Op, Service},
    identity_store::User,
    partition::Partition,
    shared::Shared,
};
use crate::{
    clients::{gate::Gate, http::Http, limits, pace::Pace, seen::Seen},
    fault::{Fault, Kind},
};

/// What was read for one node serves the others for so long, as long as nobody began to change it.
const SHARED_FOR: Duration = Duration::from_secs(60);
/// The list of what is in flight is asked for no more often than this, however many wait. With fifteen in flight that is seven
/// calls a second for the list; what is begun and what has ended takes the rest of the twenty.
pub(super) const IN_FLIGHT_FOR: Duration = Duration::from_millis(120);
/// More pages than this are no list any more.
const MOST_PAGES: usize = 10_000;

/// How to reach one AWS organization.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The target's name.
    pub name: String,
    /// The profile of the AWS configuration, whose credentials are then the only ones; without one the SDK's order decides.
    pub profile: Option<String>,
    /// The Region to start in; without one, what the environment and the profile say.
    pub region: Option<String>,
    /// Whether to call FIPS endpoints; without an answer, where the partition wants them.
    pub fips: Option<bool>,
    /// One address for all services, instead of AWS's own. Without one, `AWS_ENDPOINT_URL` and its kin are heeded.
    pub endpoint: Option<Url>,
    /// Keys given here: then nothing else is asked for credentials, no file, no environment and no machine.
    pub keys: Option<Keys>,
    /// The SDK's own retries of what may be repeated.
    pub sdk_retries: SdkRetries,
}

/// An access key.
#[derive(Debug, Clone)]
pub struct Keys {
    /// The key's id.
    pub id: String,
    /// The secret.
    pub secret: SecretString,
    /// The session token of keys that expire.
    pub session: Option<SecretString>,
}

/// Whether the SDK retries by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SdkRetries {
    /// It does not: all retries are ours, on the run's clock.
    #[default]
    Off,
    /// It does, as it would by default. What creates is left out all the same.
    Standard,
}

/// One AWS organization. Cheap to clone.
#[derive(Clone)]
pub struct Aws(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) settings: Settings,
    pub(super) http: Http,
    pub(super) config: OnceCell<SdkConfig>,
    pub(super) services: Mutex<BTreeMap<String, Arc<Services>>>,
    pub(super) paces: Paces,
    /// The ARNs of all permission sets, by instance.
    pub(super) sets: Shared<String, Vec<String>>,
    /// The names of permission sets seen so far, by ARN.
    pub(super) set_names: Mutex<BTreeMap<String, String>>,
    /// Whoever asks for names of permission sets.
    pub(super) naming: Gate,
    /// All assignments of a principal, by instance and principal.
    pub(super) assigned_to: Shared<(String, Principal), BTreeSet<Assignment>>,
    /// Who is assigned, by instance, account and permission set.
    pub(super) assigned_in: Shared<(String, String, String), BTreeSet<Principal>>,
    /// In which ways assignments can be read.
    pub(super) ways: Ways,
    /// The ids of the changes of assignments that are in flight, by instance.
    pub(super) in_flight: Shared<(String, Direction), Vec<String>>,
    /// What was read a moment ago.
    pub(super) seen: Seen,
    /// All users of an identity store, for looks that cannot be asked of AWS one by one.
    pub(super) people: Shared<String, Vec<User>>,
    /// When AWS said that it begins a change of an assignment, by its request, until its end is known.
    pub(super) begun: Mutex<BTreeMap<String, Timestamp>>,
    /// When this process last changed an assignment.
    pub(super) touched: Mutex<BTreeMap<Assignment, Timestamp>>,
    /// When this process last made or deleted a permission set.
    pub(super) sets_touched: Mutex<Option<Timestamp>>,
    /// What the requests change whose answers this process has not seen.
    pub(super) subjects: Mutex<BTreeMap<String, Option<Assignment>>>,
    /// The requests by which this process took assignments away.
    pub(super) leaving: Mutex<BTreeMap<Assignment, String>>,
}

/// The SDK clients of one Region.
pub(super) struct Services {
    pub(super) sts: aws_sdk_sts::Client,
    pub(super) organizations: aws_sdk_organizations::Client,
    pub(super) sso: aws_sdk_ssoadmin::Client,
    /// For what must not be sent twice.
    pub(super) sso_once: aws_sdk_ssoadmin::Client,
    pub(super) identity_store: aws_sdk_identitystore::Client,
    /// For what must not be sent twice.
    pub(super) identity_store_once: aws_sdk_identitystore::Client,
    pub(super) cloudtrail: aws_sdk_cloudtrail::Client,
}

/// The running state of AWS's limits.
pub(super) struct Paces {
    sso_admin: Arc<Pace>,
    /// By operation.
    identity_store: Mutex<BTreeMap<&'static str, Arc<Pace>>>,
    /// By Region.
    cloudtrail: Mutex<BTreeMap<String, Arc<Pace>>>,
}

impl Aws {
    /// The organization these settings lead to. Nothing is asked or read before the first call.
    pub fn new(http: Http, settings: Settings) -> Self {
        let clock = http.clock().clone();
        Self(Arc::new(Inner {
            paces: Paces {
                sso_admin: http.pace(limits::SSO_ADMIN),
                identity_store: Mutex::default(),
                cloudtrail: Mutex::default(),
            },
            sets: Shared::new(clock.clone(), SHARED_FOR),
            set_names: Mutex::default(),
            naming: Gate::new(clock.clone(), 1),
            assigned_to: Shared::new(clock.clone(), SHARED_FOR),
            assigned_in: Shared::new(clock.clone(), SHARED_FOR),
            ways: Ways::new(clock.clone()),
            in_flight: Shared::new(clock.clone(), IN_FLIGHT_FOR),
            people: Shared::new(clock.clone(), SHARED_FOR),
            seen: Seen::new(clock),
            touched: Mutex::default(),
            begun: Mutex::default(),
            sets_touched: Mutex::default(),
            subjects: Mutex::default(),
            leaving: Mutex::default(),
            config: OnceCell::new(),
            services: Mutex::default(),
            settings,
            http,
        }))
    }

    /// The target's name.
    pub fn name(&self) -> &str {
        &self.0.settings.name
    }

    /// The Region to start in.
    pub async fn region(&self) -> Result<String, Fault> {
        let config = self.config().await;
        config.region().map(|region| region.as_ref().to_owned()).ok_or_else(|| {
            Fault::new(
                Kind::Usage,
                format!("No AWS Region is known for the target `{}`", self.name()),
            )
            .hint("Write `region` in the target's table of the profile, or set AWS_REGION.")
        })
    }

    async fn config(&self) -> &SdkConfig {
        self.0.config.get_or_init(|| self.load()).await
    }

    async fn load(&self) -> SdkConfig {
        let settings = &self.0.settings;
        let retries = match settings.sdk_retries {
            SdkRetries::Off => RetryConfig::disabled(),
            SdkRetries::Standard => RetryConfig::standard(),
        };
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .app_name(AppName::new("fedwiz").expect("a name of letters"))
            .http_client(AwsHttp::shared(self.0.http.clone()))
            // Time-outs are the HTTP client's: the SDK's would run on a clock that may not be the run's.
            .timeout_config(TimeoutConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .retry_config(retries);
        let environment = EnvironmentVariableRegionProvider::new();
        let mut file = ProfileFileRegionProvider::builder();
        let somewhere = match &settings.profile {
            // A profile named here says more than what happens to be set around us.
            Some(profile) => {
                loader = loader.profile_name(profile);
                file = file.profile_name(profile);
                RegionProviderChain::first_try(file.build()).or_else(environment)
            }
            None => RegionProviderChain::first_try(environment).or_else(file.build()),
        };
        let region = match (&settings.region, &settings.keys) {
            (Some(region), _) => Region::new(region.clone()),
            (None, Some(_)) => Region::from_static(FIRST_REGION),
            (None, None) => {
                let known = somewhere.region().await;
                known.unwrap_or(Region::from_static(FIRST_REGION))
            }
        };
        if let (Some(profile), None) = (&settings.profile, &settings.keys) {
            // The SDK's own order would take keys of the environment before those of the profile: with several targets
            // that is another organization's keys.
            let around = ProviderConfig::without_region()
                .with_region(Some(region.clone()))
                .with_http_client(AwsHttp::shared(self.0.http.clone()));
            let credentials = ProfileFileCredentialsProvider::builder()
                .configure(&around)
                .profile_name(profile);
            loader = loader.credentials_provider(credentials.build());
        }
        loader = loader.region(region);
        if let Some(keys) = &settings.keys {
            let secret = keys.secret.expose_secret();
            let session = keys.session.as_ref().map(|token| token.expose_secret().to_owned());
            loader = loader
                .credentials_provider(Credentials::new(&keys.id, secret, session, None, "fedwiz"))
                .use_fips(false)
                .use_dual_stack(false);
        }
        if let Some(endpoint) = &settings.endpoint {
            loader = loader.endpoint_url(endpoint.as_str().trim_end_matches('/'));
        }
        loader.load().await
    }

    pub(super) async fn services(&self, region: &str) -> Result<Arc<Services>, Fault> {
        let base = self.config().await;
        let mut services = self.0.services.lock().unwrap_or_else(PoisonError::into_inner);
        let known = services.entry(region.to_owned()).or_insert_with(|| {
            let fips = self.0.settings.fips.unwrap_or(Partition::of_region(region).fips);
            // An address of one's own and FIPS exclude each other.
            let fips = fips && !has_own_address(base);
            let mut config = base.to_builder().region(Region::new(region.to_owned()));
            if fips {
                config = config.use_fips(true);
            }
            Arc::new(Services::new(&config.build()))
        });
        Ok(Arc::clone(known))
    }

    /// Calls an operation: paced, again where that is safe and can help, and with a fault where it fails.
    pub(super) async fn call<O, E, F>(&self, op: Op, region: &str, attempt: impl Fn() -> F) -> Result<O, Fault>
    where
        F: Future<Output = Result<O, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let attempt = &attempt;
        if op.changes() {
            self.0.seen.changed();
        }
        let outcome = self.0.http.retrying().run(
            op.repeatable(),
            |(_, trouble)| *trouble,
            |_| async move {
                self.pace(op, region).await;
                attempt().await.map_err(|error| error::fault(op, &error))
            },
        );
        let outcome = outcome.await.map_err(|(fault, _)| fault);
        if op.changes() {
            self.0.seen.changed();
        }
        outcome
    }

    /// Reads a list to its end. A page may be empty and still not be the last.
    pub(super) async fn pages<O, E, T, F>(
        &self,
        op: Op,
        region: &str,
        page: impl Fn(Option<String>) -> F,
        split: impl Fn(O) -> (Vec<T>, Option<String>),
    ) -> Result<Vec<T>, Fault>
    where
        F: Future<Output = Result<O, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let mut all = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let answer = self.call(op, region, || page(token.clone())).await?;
            let (items, next) = split(answer);
            all.extend(items);
            match next.filter(|next| !next.is_empty()) {
                None => return Ok(all),
                Some(next) if token.as_ref() == Some(&next) => break,
                next => token = next,
            }
        }
        Err(Fault::new(Kind::Answer, format!("{} does not come to an end", op.name))
            .why("AWS gives the same page again"))
    }

    async fn pace(&self, op: Op, region: &str) {
        let paces = &self.0.paces;
        let pace = match op.service {
            Service::Sts | Service::Organizations => return,
            Service::SsoAdmin => return paces.sso_admin.take().await,
            Service::IdentityStore => {
                let mut all = paces.identity_store.lock().unwrap_or_else(PoisonError::into_inner);
                Arc::clone(
                    all.entry(op.name)
                        .or_insert_with(|| self.0.http.pace(limits::IDENTITY_STORE)),
                )
            }
            Service::CloudTrail => {
                let mut all = paces.cloudtrail.lock().unwrap_or_else(PoisonError::into_inner);
                let pace = all
                    .entry(region.to_owned())
                    .or_insert_with(|| self.0.http.pace(limits::CLOUDTRAIL_LOOKUP));
                Arc::clone(pace)
            }
        };
        pace.take().await;
    }

    pub(super) fn set_names(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.0.set_names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The Region to start in when nobody says one. The instance is looked for in all of them.
const FIRST_REGION: &str = "us-east-1";

impl Services {
    fn new(config: &SdkConfig) -> Self {
        let once = config.to_builder().retry_config(RetryConfig::disabled()).build();
        Self {
            sts: aws_sdk_sts::Client::new(config),
            organizations: aws_sdk_organizations::Client::new(config),
            sso: aws_sdk_ssoadmin::Client::new(config),
            sso_once: aws_sdk_ssoadmin::Client::new(&once),
            identity_store: aws_sdk_identitystore::Client::new(config),
            identity_store_once: aws_sdk_identitystore::Client::new(&once),
            cloudtrail: aws_sdk_cloudtrail::Client::new(config),
        }
    }
}

/// Whether the settings or the environment send any service elsewhere than to AWS.
fn has_own_address(config: &SdkConfig) -> bool {
    let of = |service: &'static str| {
        let key = ServiceConfigKey::builder()
            .service_id(service)
            .env("AWS_ENDPOINT_URL")
            .profile("endpoint_url");
        config
            .service_config()
            .zip(key.build().ok())
            .and_then(|(all, key)| all.load_config(key))
            .is_some()
    };
    config.endpoint_url().is_some()
        || ["STS", "Organizations", "SSO Admin", "identitystore", "CloudTrail"]
            .into_iter()
            .any(of)
}

/// "Not found" is an answer, not a fault; unless it is the instance's key that is not found.
pub(super) fn absent_is_none<T>(answer: Result<T, Fault>) -> Result<Option<T>, Fault> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(fault) if fault.kind == Kind::NotFound && !error::is_about_key(&fault) => Ok(None),
        Err(fault) => Err(fault),
    }
}

impl fmt::Debug for Aws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aws")
            .field("settings", &self.0.settings)
            .finish_non_exhaustive()
    }
}
