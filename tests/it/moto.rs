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

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use fedwiz::{
    clients::{
        Existed,
        aws::{Assignment, CustomerPolicy, Look, Principal, Progress, SdkRetries},
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

use super::aws_client::{client, fields, nikki};

const ACCOUNT: &str = "123456789012";
const REGION: &str = "us-east-1";
const SSO: &str = "SWBExternalService";
const ORGANIZATIONS: &str = "AWSOrganizationsV20161128";

/// What moto lacks and the simulator does in its place. Everything else goes to moto.
const LACKING: &[(&str, &str)] = &[
    ("DescribeInstance", "moto lists instances and cannot describe one"),
    (
        "DescribeInstanceAccessControlAttributeConfiguration",
        "no attributes for access control",
    ),
    (
        "CreateInstanceAccessControlAttributeConfiguration",
        "no attributes for access control",
    ),
    (
        "UpdateInstanceAccessControlAttributeConfiguration",
        "no attributes for access control",
    ),
    (
        "DeleteInstanceAccessControlAttributeConfiguration",
        "no attributes for access control",
    ),
    (
        "ListTagsForResource",
        "tags of a permission set are taken at its making and never shown",
    ),
    ("TagResource", "no tags after the making"),
    ("UntagResource", "no tags after the making"),
    ("GetPermissionsBoundaryForPermissionSet", "no boundaries"),
    ("PutPermissionsBoundaryToPermissionSet", "no boundaries"),
    ("DeletePermissionsBoundaryFromPermissionSet", "no boundaries"),
    ("ListAccountAssignmentCreationStatus", "no list of statuses"),
    ("ListAccountAssignmentDeletionStatus", "no list of statuses"),
    ("DescribePermissionSetProvisioningStatus", "no provisioning status"),
    ("UpdateUser", "users cannot be changed"),
    ("LookupEvents", "no event history"),
];

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

/// moto's server, in a process of its own.
struct Moto {
    process: Child,
    address: String,
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Moto {
    /// Starts moto and makes the organization. None, and a word about it, when there is no moto here.
    async fn start() -> Option<Self> {
        let Some(python) = std::env::var_os("FEDWIZ_MOTO_PYTHON").map(PathBuf::from) else {
            assert!(
                std::env::var_os("FEDWIZ_REQUIRE_PEERS").is_none_or(|value| value != "1"),
                "FEDWIZ_MOTO_PYTHON names no Python that has moto, and FEDWIZ_REQUIRE_PEERS=1 wants one"
            );
            eprintln!("LEFT OUT: no moto here; set FEDWIZ_MOTO_PYTHON to a Python with tests/moto/requirements.txt");
            return None;
        };
        // It chooses its port itself and says which: one chosen here may be somebody else's before moto binds it.
        let mut process = Command::new(python)
            .args(["-m", "moto.server", "-H", "127.0.0.1", "-p", "0"])
            .env("MOTO_ACCOUNT_ID", ACCOUNT)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("moto starts");
        let mut said = BufReader::new(process.stderr.take().expect("stderr is piped")).lines();
        let address = said
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| Some(line.split_once("Running on ")?.1.trim().to_owned()))
            .expect("moto says where it listens");
        // What it says later is read and dropped, so that the pipe never fills.
        std::thread::spawn(move || said.for_each(drop));
        let moto = Self { process, address };
        moto.ask(ORGANIZATIONS, "CreateOrganization", json!({ "FeatureSet": "ALL" }))
            .await;
        Some(moto)
    }

    /// Asks moto directly, past our client.
    async fn ask(&self, prefix: &str, operation: &str, body: Value) -> Value {
        ask(&self.address, prefix, operation, &body).await
    }

    /// All permission sets by ARN, and all assignments, as moto holds them.
    async fn holds(&self) -> (Vec<(String, String)>, Vec<Value>) {
        holds(&self.address).await
    }
}

async fn ask(address: &str, prefix: &str, operation: &str, body: &Value) -> Value {
    let service = if prefix == SSO { "sso" } else { "organizations" };
    let scope = format!("AKIAIOSFODNN7EXAMPLE/20260105/{REGION}/{service}/aws4_request");
    let answer = reqwest::Client::new()
        .post(address)
        .header("x-amz-target", format!("{prefix}.{operation}"))
        .header("content-type", "application/x-amz-json-1.1")
        .header(
            "authorization",
            format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"),
        )
        .body(body.to_string())
        .send()
        .await
        .unwrap();
    serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or(Value::Null)
}

async fn holds(address: &str) -> (Vec<(String, String)>, Vec<Value>) {
    let instances = ask(address, SSO, "ListInstances", &json!({})).await;
    let instance = &instances["Instances"][0]["InstanceArn"];
    let listed = ask(address, SSO, "ListPermissionSets", &json!({ "InstanceArn": instance })).await;
    let mut sets = Vec::new();
    let mut assignments = Vec::new();
    for arn in listed["PermissionSets"].as_array().into_iter().flatten() {
        let which = json!({ "InstanceArn": instance, "PermissionSetArn": arn, "AccountId": ACCOUNT });
        let set = ask(address, SSO, "DescribePermissionSet", &which).await;
        sets.push((
            arn.as_str().unwrap().to_owned(),
            set["PermissionSet"]["Name"].as_str().unwrap().to_owned(),
        ));
        let there = ask(address, SSO, "ListAccountAssignments", &which).await;
        assignments.extend(there["AccountAssignments"].as_array().cloned().unwrap_or_default());
    }
    (sets, assignments)
}

/// Sends each operation where it can be done, loses answers when told to, and watches moto for what must not be.
struct Router {
    moto: String,
    sim: String,
    state: Mutex<RouterState>,
}

#[derive(Default)]
struct RouterState {
    /// Operations whose next answer is lost after the change was made.
    lose: BTreeSet<String>,
    lost: Vec<String>,
    /// What moto calls something, and what the simulator calls it; the longest first.
    names: Vec<(String, String)>,
    sim_sets: BTreeMap<String, String>,
    /// Operations that reached each side.
    to_moto: BTreeSet<String>,
    to_sim: BTreeSet<String>,
    wrongs: Vec<String>,
}

impl Router {
    async fn start(moto: &Moto, sim: &Sim) -> (Arc<Self>, String) {
        let mut state = RouterState::default();
        let theirs = moto.ask(SSO, "ListInstances", json!({})).await;
        let theirs = &theirs["Instances"][0];
        let access = &sim.aws_access()[0];
        let keys = (access.access_key.as_str(), access.secret_key.as_str());
        let aws = client(&sim.addresses().aws, REGION, keys, SdkRetries::Off);
        let ours = aws.instances().await.unwrap().remove(0);
        for name in ["RegionalAdmin", "AdministratorAccess"] {
            let arn = aws
                .find_permission_set(&ours, name, Look::Shared)
                .await
                .unwrap()
                .unwrap();
            state.sim_sets.insert(name.into(), arn);
        }
        state
            .names
            .push((theirs["InstanceArn"].as_str().unwrap().into(), ours.arn));
        state
            .names
            .push((theirs["IdentityStoreId"].as_str().unwrap().into(), ours.store));
        let router = Arc::new(Self {
            moto: moto.address.clone(),
            sim: sim.addresses().aws.clone(),
            state: Mutex::new(state),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let serving = Arc::clone(&router);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let router = Arc::clone(&serving);
                tokio::spawn(async move { router.serve(stream).await });
            }
        });
        (router, address)
    }

    fn with<T>(&self, act: impl FnOnce(&mut RouterState) -> T) -> T {
        act(&mut self.state.lock().unwrap())
    }

    /// One request on one connection: so that losing an answer is closing the connection.
    async fn serve(&self, mut stream: TcpStream) {
        let Some((headers, body)) = read_request(&mut stream).await else {
            return;
        };
        let operation = operation(&headers, &body);
        let to_sim = LACKING.iter().any(|(name, _)| *name == operation);
        self.with(|state| if to_sim { &mut state.to_sim } else { &mut state.to_moto }.insert(operation.clone()));
        if operation == "DeletePermissionSet" {
            self.check_unused(&body).await;
        }
        let body = if to_sim { self.translate(body, true) } else { body };
        let mut request = reqwest::Client::new()
            .post(if to_sim { &self.sim } else { &self.moto })
            .body(body);
        for (name, value) in headers
            .iter()
            .filter(|(name, _)| !["host", "content-length", "connection"].contains(&name.as_str()))
        {
            request = request.header(name, value);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let kind = answer
            .headers()
            .get("content-type")
            .map(|it| it.to_str().unwrap().to_owned())
            .unwrap_or_default();
        let code = answer
            .headers()
            .get("x-amzn-errortype")
            .map(|it| it.to_str().unwrap().to_owned());
        let mut text = answer.text().await.unwrap();
        if to_sim {
            text = self.translate(text, false);
        }
        if operation.starts_with("Create") {
            self.learn(&operation, &text);
            self.check_doubles().await;
        }
        let lost = self.with(|state| {
            let lost = status.is_success() && state.lose.remove(&operation);
            if lost {
                state.lost.push(operation.clone());
            }
            lost
        });
        if lost {
            return;
        }
        let code = code.map_or_else(String::new, |code| format!("x-amzn-errortype: {code}\r\n"));
        let head = format!(
            "HTTP/1.1 {} X\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n{code}connection: close\r\n\r\n",
            status.as_u16(),
            text.len()
        );
        let _ = stream.write_all(head.as_bytes()).await;
        let _ = stream.write_all(text.as_bytes()).await;
    }

    fn translate(&self, text: String, to_sim: bool) -> String {
        self.with(|state| {
            state.names.iter().fold(text, |text, (moto, sim)| {
                if to_sim {
                    text.replace(moto, sim)
                } else {
                    text.replace(sim, moto)
                }
            })
        })
    }

    /// A set that moto made answers to the ARN of the simulator's set of that name.
    fn learn(&self, operation: &str, answer: &str) {
        let answer: Value = serde_json::from_str(answer).unwrap_or_default();
        let set = &answer["PermissionSet"];
        if operation == "CreatePermissionSet"
            && let (Some(arn), Some(name)) = (set["PermissionSetArn"].as_str(), set["Name"].as_str())
        {
            self.with(|state| {
                if let Some(sim) = state.sim_sets.get(name).cloned() {
                    state.names.insert(0, (arn.to_owned(), sim));
                }
            });
        }
    }

    async fn check_doubles(&self) {
        let (sets, assignments) = holds(&self.moto).await;
        let names: BTreeSet<&String> = sets.iter().map(|(_, name)| name).collect();
        let keys: BTreeSet<String> = assignments.iter().map(Value::to_string).collect();
        self.with(|state| {
            if names.len() != sets.len() {
                state.wrongs.push(format!("two permission sets of one name: {sets:?}"));
            }
            if keys.len() != assignments.len() {
                state.wrongs.push(format!("one assignment twice: {assignments:?}"));
            }
        });
    }

    async fn check_unused(&self, body: &str) {
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        let (_, assignments) = holds(&self.moto).await;
        if assignments
            .iter()
            .any(|it| it["PermissionSetArn"] == body["PermissionSetArn"])
        {
            self.with(|state| {
                state
                    .wrongs
                    .push(format!("a permission set is deleted while assigned: {body}"))
            });
        }
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<(Vec<(String, String)>, String)> {
    let mut bytes = Vec::new();
    let mut chunk = [0_u8; 8192];
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        match stream.read(&mut chunk).await {
            Ok(read) if read > 0 => bytes.extend_from_slice(&chunk[..read]),
            _ => return None,
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
    let headers: Vec<(String, String)> = head
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length: usize = headers
        .iter()
        .find(|(name, _)| name == "content-length")?
        .1
        .parse()
        .ok()?;
    while bytes.len() < end + 4 + length {
        match stream.read(&mut chunk).await {
            Ok(read) if read > 0 => bytes.extend_from_slice(&chunk[..read]),
            _ => return None,
        }
    }
    Some((headers, String::from_utf8(bytes[end + 4..].to_vec()).ok()?))
}

fn operation(headers: &[(String, String)], body: &str) -> String {
    match headers.iter().find(|(name, _)| name == "x-amz-target") {
        Some((_, target)) => target.rsplit('.').next().unwrap_or_default().to_owned(),
        None => body
            .split('&')
            .find_map(|pair| pair.strip_prefix("Action="))
            .unwrap_or_default()
            .to_owned(),
    }
}

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
    assert!(!aws.is_assigned(&instance, &assignment, Look::Fresh).await.unwrap());
    let change = aws.create_assignment(&instance, &assignment).await.unwrap();
    assert_eq!(change.progress, Progress::Done);
    assert!(aws.is_assigned(&instance, &assignment, Look::Fresh).await.unwrap());
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
    let recorder = Arc::new(Recorder::in_memory([], clock));
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
        let recorder = Arc::new(Recorder::in_memory([], clock));
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
