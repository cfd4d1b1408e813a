//! moto as the AWS side: a second opinion on the wire, and a witness against doubles, since it accepts them.
//!
//! moto (PyPI `moto[server]`, pinned in `tests/moto/requirements.txt`) runs in its own Python environment, named by
//! `FEDWIZ_MOTO_PYTHON`. Without it these tests say that they are left out; with `FEDWIZ_REQUIRE_PEERS=1` they fail.
//!
//! What moto 5.2.5 gets wrong, as far as it shows here; none of it is worked around in the product:
//! - it accepts a second permission set of the same name, and a second assignment of the same kind;
//! - it deletes a permission set that is still assigned;
//! - an assignment provisions nothing: `ListAccountsForProvisionedPermissionSet` stays empty;
//! - an assignment is there at once, its status is never `IN_PROGRESS`, and its creation status is forgotten when it is
//!   deleted; a deletion has the request id of the creation;
//! - a permission set's ARN lies below the instance's own (`…:instance/ssoins-…/ps-…` instead of `…:permissionSet/…`);
//! - `ListDelegatedAdministrators` does not know the service principal `sso.amazonaws.com`;
//! - there is an instance in each Region, and `RegionScope` means nothing to it;
//! - `SessionDuration` is the number 3600 when a create does not say it, which no SDK can read as text;
//! - `UserArn` and `Revision`, which the model requires in answers, are missing.

mod router;
mod server;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use fedwiz::{
    clients::{
        Existed,
        aws::{Assignment, By, CustomerPolicy, Look, Principal, Progress, SdkRetries},
        entra::{
            Entra,
            auth::{Prompt, Prompter, SignIn, Way},
            clouds::Cloud,
            graph::Graph,
        },
        http::{Http, Network, Silent},
    },
    clock::{SharedClock, SystemClock},
    engine::{
        driver::{Driver, Options as DriverOptions},
        fact::Intent,
        graph::Graph as Walk,
        guide::Nobody,
        outcome::Outcome,
        policy::Policy,
        recorder::Recorder,
        run::Run,
        select::Selection,
    },
    profile::Profile,
    secrets::MemoryStore,
    sim::{Mode, Options, Sim, scenario},
    steps::{PHASES, Target, World, accounts::AccountBook},
};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use self::{router::Router, server::Moto};
use super::aws_client::{client, fields, nikki};

const ACCOUNT: &str = "123456789012";
const REGION: &str = "us-east-1";
const SSO: &str = "SWBExternalService";
const ORGANIZATIONS: &str = "AWSOrganizationsV20161128";

/// The steps of the walk that only AWS has a part in. What they need is among them.
const AWS_STEPS: &[&str] = &[
    "aws.session",
    "aws.instance",
    "aws.rights",
    "safety.break-glass",
    "aws.permission-set",
    "aws.user",
    "aws.assignment",
    "aws.abac",
];

const PROFILE: &str = r#"
federation = "moto"
[entra]
tenant = "contoso.onmicrosoft.com"
[[aws]]
name = "aws"
[[people.user]]
upn = "NikkiWolf@contoso.onmicrosoft.com"
given_name = "Nikki"
family_name = "Wolf"
create = true
aws = "manual"
[[people.user]]
upn = "RichardRoe@contoso.onmicrosoft.com"
given_name = "Richard"
family_name = "Roe"
create = true
aws = "manual"
[[permission_set]]
name = "RegionalAdmin"
description = "Manages the Regions"
inline_policy = '{"Statement": [{"Effect": "Allow", "Action": "account:ListRegions", "Resource": "*"}]}'
[[permission_set]]
name = "AdministratorAccess"
managed_policies = ["AdministratorAccess"]
[[assignment]]
principal = "user:NikkiWolf@contoso.onmicrosoft.com"
accounts = ["management"]
permission_sets = ["RegionalAdmin"]
[[assignment]]
principal = "user:RichardRoe@contoso.onmicrosoft.com"
accounts = ["management"]
permission_sets = ["AdministratorAccess", "RegionalAdmin"]
[abac]
attributes = { Department = "user.department" }
via = "identity-center"
"#;

/// The simulator beside moto: the same account, and sets of the same names for what hangs on a set.
const BESIDE: &str = r#"
title = "Beside moto"
about = "Answers what moto cannot."
[[aws]]
accounts = [{ name = "root", id = "123456789012", management = true }]
permission_sets = [{ name = "RegionalAdmin" }, { name = "AdministratorAccess" }]
"#;

async fn beside() -> Sim {
    let options = Options {
        clock: Mode::Realtime { speed: 1000.0 },
        latency: Duration::from_millis(1),
        ..Options::default()
    };
    Sim::start_with(&scenario::parse("beside", BESIDE).unwrap(), options)
        .await
        .unwrap()
}

struct NoPrompt;

impl Prompter for NoPrompt {
    fn show(&self, _: &Prompt) {}
}

/// The walk's world, with AWS at `endpoint`. Nothing in it asks Entra.
fn world(endpoint: &str, sim: &Sim, sdk_retries: SdkRetries) -> Arc<World> {
    let profile = Profile::parse(PROFILE, "moto.toml", std::path::Path::new("/nowhere")).unwrap();
    let clock: SharedClock = Arc::new(SystemClock);
    let http = Http::new(&Network::default(), clock, Arc::new(Silent), 1).unwrap();
    let login = "http://127.0.0.1:9/".parse::<url::Url>().unwrap();
    let sign_in = SignIn {
        http: http.clone(),
        login: login.clone(),
        tenant: profile.entra.tenant.clone(),
        client_id: Some("00001111-aaaa-2222-bbbb-3333cccc4444".into()),
        prompter: Arc::new(NoPrompt),
    };
    let tokens = sign_in
        .tokens(&Way::ClientSecret(SecretString::from("unused")), "unused")
        .unwrap();
    let access = &sim.aws_access()[0];
    let keys = (access.access_key.as_str(), access.secret_key.as_str());
    Arc::new(World {
        profile: Arc::new(profile),
        entra: Entra::new(
            Graph::new(http, tokens, login.clone()),
            Cloud::find("global").unwrap(),
            login.clone(),
            login,
        ),
        targets: vec![Target {
            name: "aws".into(),
            aws: client(endpoint, REGION, keys, sdk_retries),
            accounts: AccountBook::default(),
            read_back: Default::default(),
        }],
        secrets: Arc::new(MemoryStore::default()),
        handouts: std::env::temp_dir(),
        rounds: Default::default(),
    })
}

async fn walk(world: &Arc<World>, recorder: &Arc<Recorder>, intent: Intent) -> Outcome {
    let graph = Arc::new(Walk::build(PHASES, world).unwrap());
    let options = DriverOptions {
        run: format!("{intent:?}"),
        selection: Selection {
            targets: Vec::new(),
            only: AWS_STEPS.iter().map(|step| (*step).to_owned()).collect(),
        },
        policy: Policy {
            settle_window: Duration::from_secs(1),
            replication_window: Duration::from_secs(10),
            ..Policy::default()
        },
        ..DriverOptions::default()
    };
    let clock: SharedClock = Arc::new(SystemClock);
    let driver = Driver::new(
        graph,
        Arc::clone(world),
        Arc::clone(recorder),
        clock,
        Arc::new(Nobody),
        options,
    );
    driver.run(intent).await.unwrap()
}

#[track_caller]
fn went_well(outcome: &Outcome) {
    let faults: Vec<String> = outcome
        .failed
        .iter()
        .chain(&outcome.needs_person)
        .map(|(node, fault)| format!("{node}: {fault}"))
        .collect();
    assert!(
        faults.is_empty() && outcome.fatal.is_none(),
        "{faults:#?} {:?}",
        outcome.fatal
    );
    assert!(outcome.blocked.is_empty(), "{:?}", outcome.blocked);
}

#[tokio::test]
async fn every_operation_that_moto_knows_is_understood_both_ways() {
    let Some(moto) = Moto::start().await else { return };
    let aws = client(
        &moto.address,
        REGION,
        ("AKIAIOSFODNN7EXAMPLE", "secret"),
        SdkRetries::Off,
    );
    let caller = aws.caller().await.unwrap();
    assert_eq!((caller.account.as_str(), caller.partition.as_str()), (ACCOUNT, "aws"));
    assert_eq!(aws.organization().await.unwrap().unwrap().management, ACCOUNT);
    assert!(
        aws.accounts()
            .await
            .unwrap()
            .iter()
            .any(|account| account.id == ACCOUNT && account.active)
    );
    assert_eq!(aws.accounts_below("/").await.unwrap().len(), 1);
    assert_eq!(
        aws.delegated_administrators().await.unwrap(),
        None,
        "moto does not know sso.amazonaws.com"
    );
    let instance = aws.instances().await.unwrap().remove(0);
    assert_eq!((instance.owner.as_str(), instance.region.as_str()), (ACCOUNT, REGION));

    let tags = BTreeMap::from([("fedwiz:managed-by".to_owned(), "fedwiz:moto".to_owned())]);
    let set = aws
        .create_permission_set(&instance, "Ops", &fields("PT1H"), &tags)
        .await
        .unwrap();
    assert_eq!(
        aws.find_permission_set(&instance, "Ops", Look::Fresh).await.unwrap(),
        Some(set.clone())
    );
    aws.update_permission_set(&instance, &set, &fields("PT2H"))
        .await
        .unwrap();
    aws.set_inline_policy(&instance, &set, Some("{}")).await.unwrap();
    aws.set_inline_policy(&instance, &set, None).await.unwrap();
    let policy = instance.partition().unwrap().managed_policy("AdministratorAccess");
    aws.attach_managed_policy(&instance, &set, &policy).await.unwrap();
    aws.detach_managed_policy(&instance, &set, &policy).await.unwrap();
    let own = CustomerPolicy {
        name: "Team".into(),
        path: "/".into(),
    };
    aws.attach_customer_policy(&instance, &set, &own).await.unwrap();
    aws.detach_customer_policy(&instance, &set, &own).await.unwrap();
    assert!(aws.accounts_with(&instance, &set, false).await.unwrap().is_empty());

    let user = aws.create_user(&instance, &nikki()).await.unwrap();
    let found = aws
        .user_by_name(&instance, "NikkiWolf@example.org")
        .await
        .unwrap()
        .unwrap();
    assert_eq!((found.id.as_str(), found.family_name.as_str()), (user.as_str(), "Wolf"));
    assert_eq!(
        aws.user_by_email(&instance, "nikki@example.org")
            .await
            .unwrap()
            .unwrap()
            .id,
        user
    );
    assert_eq!(aws.users(&instance).await.unwrap().len(), 1);
    assert!(aws.create_user(&instance, &nikki()).await.is_err());
    assert_eq!(aws.group_by_name(&instance, "Nobody").await.unwrap(), None);

    let assignment = Assignment {
        account: ACCOUNT.into(),
        permission_set: set.clone(),
        principal: Principal::User(user.clone()),
    };
    assert!(
        !aws.is_assigned(&instance, &assignment, By::Principal, Look::Fresh)
            .await
            .unwrap()
    );
    let change = aws.create_assignment(&instance, &assignment).await.unwrap();
    assert_eq!(change.progress, Progress::Done);
    assert!(
        aws.is_assigned(&instance, &assignment, By::Principal, Look::Fresh)
            .await
            .unwrap()
    );
    assert_eq!(aws.assignments_in(&instance, ACCOUNT, &set).await.unwrap().len(), 1);
    let gone = aws.delete_assignment(&instance, &assignment).await.unwrap().unwrap();
    assert_eq!(gone.progress, Progress::Done);
    assert_eq!(aws.delete_assignment(&instance, &assignment).await.unwrap(), None);
    aws.provision(&instance, &set).await.unwrap();
    assert_eq!(aws.accounts_with(&instance, &set, false).await.unwrap(), [ACCOUNT]);
    assert_eq!(aws.delete_permission_set(&instance, &set).await.unwrap(), Existed::Yes);
    assert_eq!(aws.delete_permission_set(&instance, &set).await.unwrap(), Existed::No);
    aws.delete_user(&instance, &user).await.unwrap();
    assert_eq!(aws.user(&instance, &user).await.unwrap(), None);
}

#[tokio::test]
async fn the_aws_phases_go_up_and_down_and_leave_nothing() {
    let Some(moto) = Moto::start().await else { return };
    let sim = beside().await;
    let (router, address) = Router::start(&moto, &sim).await;
    let world = world(&address, &sim, SdkRetries::Off);
    let clock: SharedClock = Arc::new(SystemClock);
    let recorder = Arc::new(Recorder::in_memory(Run::default(), clock));
    went_well(&walk(&world, &recorder, Intent::Up).await);
    let (sets, assignments) = moto.holds().await;
    assert_eq!((sets.len(), assignments.len()), (2, 3));
    let again = walk(&world, &recorder, Intent::Up).await;
    went_well(&again);
    assert_eq!(again.changed, 0, "a second walk finds everything in place");
    went_well(&walk(&world, &recorder, Intent::Down).await);
    let (sets, assignments) = moto.holds().await;
    assert!(sets.is_empty() && assignments.is_empty(), "{sets:?} {assignments:?}");
    router.with(|state| {
        assert_eq!(state.wrongs, Vec::<String>::new());
        assert!(state.to_moto.contains("CreateAccountAssignment") && state.to_sim.contains("DescribeInstance"));
    });
}

/// Each changing operation of the walk loses its first answer once, after moto made the change.
#[tokio::test]
async fn lost_answers_never_make_a_double_with_either_kind_of_retries() {
    for sdk_retries in [SdkRetries::Off, SdkRetries::Standard] {
        let Some(moto) = Moto::start().await else { return };
        let sim = beside().await;
        let (router, address) = Router::start(&moto, &sim).await;
        let world = world(&address, &sim, sdk_retries);
        let clock: SharedClock = Arc::new(SystemClock);
        let recorder = Arc::new(Recorder::in_memory(Run::default(), clock));
        let lose = |operations: &[&str]| {
            router.with(|state| state.lose = operations.iter().map(|name| (*name).to_owned()).collect());
        };
        lose(&[
            "CreatePermissionSet",
            "PutInlinePolicyToPermissionSet",
            "AttachManagedPolicyToPermissionSet",
            "CreateUser",
            "CreateAccountAssignment",
            "CreateInstanceAccessControlAttributeConfiguration",
        ]);
        went_well(&walk(&world, &recorder, Intent::Up).await);
        router.with(|state| assert!(state.lose.is_empty(), "answers that nobody lost: {:?}", state.lose));
        let (sets, assignments) = moto.holds().await;
        assert_eq!((sets.len(), assignments.len()), (2, 3), "{sdk_retries:?}");
        lose(&["DeleteAccountAssignment", "DeletePermissionSet", "DeleteUser"]);
        went_well(&walk(&world, &recorder, Intent::Down).await);
        router.with(|state| assert!(state.lose.is_empty(), "answers that nobody lost: {:?}", state.lose));
        let (sets, assignments) = moto.holds().await;
        assert!(sets.is_empty() && assignments.is_empty(), "{sets:?} {assignments:?}");
        router.with(|state| assert_eq!(state.wrongs, Vec::<String>::new()));
    }
}
