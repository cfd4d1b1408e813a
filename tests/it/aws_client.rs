//! The AWS client against the simulator: every operation it uses, with the real SDKs.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use fedwiz::{
    clients::{
        Existed,
        aws::{
            Assignment, Aws, Boundary, By, CustomerPolicy, Direction, EventQuery, Fields, Instance, Keys, Look,
            NewUser, Principal, Progress, SdkRetries, Settings,
        },
        http::{Http, Network, Silent},
    },
    clock::{SharedClock, SystemClock},
    fault::{Kind, Retry},
    sim::{Mode, Options, Sim, Weather, scenario, weather::Odds},
};
use jiff::Timestamp;
use secrecy::SecretString;

const WORLD: &str = r#"
title = "Client"
about = "Enough of everything to turn a page."
[[aws]]
region = "eu-west-1"
accounts = [
    { name = "root", management = true },
    { name = "dev", unit = "Workloads", policies = ["/TeamBoundary"] },
    { name = "old", unit = "Workloads", state = "SUSPENDED" },
]
groups = [{ display_name = "Admins", members = ["user0001@contoso.onmicrosoft.com"] }]
generate = { accounts = 24, users = 120, permission_sets = 2 }
"#;

/// A client of whatever listens at `endpoint`.
pub fn client(endpoint: &str, region: &str, keys: (&str, &str), sdk_retries: SdkRetries) -> Aws {
    let clock: SharedClock = Arc::new(SystemClock);
    let http = Http::new(&Network::default(), clock, Arc::new(Silent), 1).unwrap();
    Aws::new(
        http,
        Settings {
            name: "aws".into(),
            region: Some(region.into()),
            endpoint: Some(endpoint.parse().unwrap()),
            keys: Some(Keys {
                id: keys.0.into(),
                secret: SecretString::from(keys.1),
                session: None,
            }),
            sdk_retries,
            ..Settings::default()
        },
    )
}

/// A thousand times as fast as the vendor, so that what takes AWS seconds takes milliseconds.
async fn start(world: &str) -> (Sim, Aws) {
    start_at(world, 1000.0).await
}

async fn start_at(world: &str, speed: f64) -> (Sim, Aws) {
    let options = Options {
        clock: Mode::Realtime { speed },
        latency: Duration::from_millis(1),
        ..Options::default()
    };
    let sim = Sim::start_with(&scenario::parse("client", world).unwrap(), options)
        .await
        .unwrap();
    let aws = client_of(&sim);
    (sim, aws)
}

fn client_of(sim: &Sim) -> Aws {
    let access = &sim.aws_access()[0];
    let keys = (access.access_key.as_str(), access.secret_key.as_str());
    client(&sim.addresses().aws, "us-east-1", keys, SdkRetries::Off)
}

async fn the_instance(aws: &Aws) -> Instance {
    let found = aws.instances().await.unwrap();
    aws.instance(&found[0]).await.unwrap().unwrap()
}

/// Asks until an asynchronous change of an assignment is over.
pub async fn ends(aws: &Aws, instance: &Instance, direction: Direction, request: &str) -> Progress {
    for _ in 0..200 {
        match aws.assignment_change(instance, direction, request).await.unwrap() {
            Progress::Running => tokio::time::sleep(Duration::from_millis(20)).await,
            over => return over,
        }
    }
    panic!("{request} does not end");
}

/// The doubles that a test asks for on purpose are all that the ledger holds against it.
#[track_caller]
fn only_doubles(sim: &Sim, doubles: usize) {
    let verdict = sim.verdict();
    assert!(
        verdict.len() == doubles && verdict.iter().all(|line| line.contains(" duplicate: ")),
        "{verdict:#?}"
    );
}

pub fn fields(session: &str) -> Fields {
    Fields {
        description: "Made by a test".into(),
        session: session.into(),
        relay_state: "https://example.com/".into(),
    }
}

pub fn nikki() -> NewUser {
    NewUser {
        user_name: "NikkiWolf@example.org".into(),
        given_name: "Nikki".into(),
        family_name: "Wolf".into(),
        display_name: "Nikki Wolf".into(),
        email: Some("nikki@example.org".into()),
    }
}

#[tokio::test]
async fn the_organization_and_its_instance_are_found_from_any_region() {
    let (sim, aws) = start(WORLD).await;
    let caller = aws.caller().await.unwrap();
    assert_eq!(caller.partition, "aws");
    let organization = aws.organization().await.unwrap().unwrap();
    assert_eq!(organization.management, caller.account);

    let instance = the_instance(&aws).await;
    assert_eq!(instance.region, "eu-west-1", "the client started in us-east-1");
    assert_eq!(instance.owner, organization.management);
    assert_eq!(instance.status, "ACTIVE");
    assert_eq!(instance.permission_sets, Some(true));

    let accounts = aws.accounts().await.unwrap();
    assert!(accounts.len() >= 27, "more than one page: {}", accounts.len());
    let below: Vec<_> = aws.accounts_below("/Workloads").await.unwrap();
    let names: Vec<(&str, bool)> = below.iter().map(|it| (it.name.as_str(), it.active)).collect();
    assert!(
        names.contains(&("dev", true)) && names.contains(&("old", false)),
        "{names:?}"
    );
    assert_eq!(aws.accounts_below("/Nowhere").await.unwrap_err().kind, Kind::Usage);
    assert_eq!(aws.delegated_administrators().await.unwrap(), Some(vec![]));
    assert!(
        aws.lookup_events("eu-west-1", EventQuery::Named("StartSSO"), Timestamp::UNIX_EPOCH)
            .await
            .is_ok()
    );
    assert_eq!(sim.verdict(), Vec::<String>::new());
}

#[tokio::test]
async fn a_permission_set_has_a_whole_life() {
    let (sim, aws) = start(WORLD).await;
    let instance = the_instance(&aws).await;
    let tags = BTreeMap::from([("fedwiz:managed-by".to_owned(), "fedwiz:test".to_owned())]);
    assert_eq!(
        aws.find_permission_set(&instance, "Ops", Look::Fresh).await.unwrap(),
        None
    );
    let arn = aws
        .create_permission_set(&instance, "Ops", &fields("PT1H"), &tags)
        .await
        .unwrap();
    let found = aws.find_permission_set(&instance, "Ops", Look::Fresh).await.unwrap();
    assert_eq!(found.as_deref(), Some(arn.as_str()));
    let taken = aws
        .create_permission_set(&instance, "Ops", &fields("PT1H"), &tags)
        .await
        .unwrap_err();
    assert_eq!((taken.kind, taken.retry), (Kind::Conflict, Retry::LookFirst));

    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:List*","Resource":"*"}]}"#;
    let managed = instance.partition().unwrap().managed_policy("ReadOnlyAccess");
    let own = CustomerPolicy {
        name: "TeamBoundary".into(),
        path: "/".into(),
    };
    aws.update_permission_set(&instance, &arn, &fields("PT2H"))
        .await
        .unwrap();
    aws.set_inline_policy(&instance, &arn, Some(policy)).await.unwrap();
    aws.attach_managed_policy(&instance, &arn, &managed).await.unwrap();
    aws.attach_customer_policy(&instance, &arn, &own).await.unwrap();
    aws.set_boundary(&instance, &arn, Some(&Boundary::Customer(own.clone())))
        .await
        .unwrap();
    let more = BTreeMap::from([("team".to_owned(), "cloud".to_owned())]);
    aws.tag_permission_set(&instance, &arn, &more).await.unwrap();
    let set = aws.permission_set(&instance, &arn).await.unwrap().unwrap();
    assert_eq!(
        (set.session.as_str(), set.relay_state.as_str()),
        ("PT2H", "https://example.com/")
    );
    assert_eq!(set.inline.as_deref(), Some(policy));
    assert!(set.managed.contains(&managed) && set.customer.contains(&own));
    assert_eq!(set.boundary, Some(Boundary::Customer(own.clone())));
    assert_eq!(set.tags.len(), 2);
    assert!(aws.accounts_with(&instance, &arn, false).await.unwrap().is_empty());

    aws.untag_permission_set(&instance, &arn, vec!["team".into()])
        .await
        .unwrap();
    aws.set_boundary(&instance, &arn, Some(&Boundary::Managed(managed.clone())))
        .await
        .unwrap();
    aws.set_boundary(&instance, &arn, None).await.unwrap();
    aws.set_inline_policy(&instance, &arn, None).await.unwrap();
    aws.detach_managed_policy(&instance, &arn, &managed).await.unwrap();
    aws.detach_customer_policy(&instance, &arn, &own).await.unwrap();
    let bare = aws.permission_set(&instance, &arn).await.unwrap().unwrap();
    assert!(bare.inline.is_none() && bare.managed.is_empty() && bare.customer.is_empty() && bare.boundary.is_none());
    assert_eq!(bare.tags, tags);
    assert_eq!(aws.delete_permission_set(&instance, &arn).await.unwrap(), Existed::Yes);
    assert_eq!(aws.delete_permission_set(&instance, &arn).await.unwrap(), Existed::No);
    assert!(aws.permission_set(&instance, &arn).await.unwrap().is_none());
    only_doubles(&sim, 1);
}

/// A new user and a new permission set, to be put together in the management account.
async fn nikki_in_ops(aws: &Aws, instance: &Instance) -> Assignment {
    let set = aws
        .create_permission_set(instance, "Ops", &fields("PT1H"), &BTreeMap::new())
        .await
        .unwrap();
    let principal = Principal::User(aws.create_user(instance, &nikki()).await.unwrap());
    Assignment {
        account: instance.owner.clone(),
        permission_set: set,
        principal,
    }
}

#[tokio::test]
async fn who_lost_the_answer_to_a_change_finds_it_among_what_is_in_flight() {
    // As slow as the vendor: what was begun is still under way when it is looked for.
    let (sim, aws) = start_at(WORLD, 1.0).await;
    let instance = the_instance(&aws).await;
    let assignment = nikki_in_ops(&aws, &instance).await;
    let other = Assignment {
        principal: Principal::User("somebody else".into()),
        ..assignment.clone()
    };
    let another = client_of(&sim);
    let looks = |what: Assignment, direction| {
        let (another, instance) = (&another, &instance);
        async move { another.is_changing(instance, direction, &what).await.unwrap() }
    };
    aws.create_assignment(&instance, &assignment).await.unwrap();
    assert!(looks(assignment.clone(), Direction::Creation).await);
    assert!(!looks(assignment, Direction::Deletion).await, "it is not taken away");
    assert!(!looks(other, Direction::Creation).await, "somebody else's");
    only_doubles(&sim, 0);
}

#[tokio::test]
async fn nobody_has_a_set_in_an_account_where_it_is_not_and_what_this_process_changes_is_read_anew() {
    let (sim, aws) = start(WORLD).await;
    let instance = the_instance(&aws).await;
    let assignment = nikki_in_ops(&aws, &instance).await;
    let stands = async || {
        let mut found = Vec::new();
        for by in [By::Pair, By::Principal] {
            found.push(aws.is_assigned(&instance, &assignment, by, Look::Shared).await.unwrap());
        }
        found
    };
    assert_eq!(stands().await, [false, false], "the set is not in the account");
    let change = aws.create_assignment(&instance, &assignment).await.unwrap();
    ends(&aws, &instance, Direction::Creation, &change.request_id).await;
    assert_eq!(stands().await, [true, true], "what was read a moment ago is not told");
    let change = aws.delete_assignment(&instance, &assignment).await.unwrap().unwrap();
    ends(&aws, &instance, Direction::Deletion, &change.request_id).await;
    assert_eq!(stands().await, [false, false]);
    let gone = Assignment {
        account: "999999999999".into(),
        ..assignment.clone()
    };
    assert!(!aws.is_assigned(&instance, &gone, By::Pair, Look::Shared).await.unwrap());
    assert_eq!(sim.verdict(), Vec::<String>::new());
}

#[tokio::test]
async fn an_assignment_comes_and_goes_asynchronously() {
    let (sim, aws) = start(WORLD).await;
    let instance = the_instance(&aws).await;
    let assignment = nikki_in_ops(&aws, &instance).await;
    let (set, user) = (assignment.permission_set.clone(), assignment.principal.id().to_owned());
    assert!(
        !aws.is_assigned(&instance, &assignment, By::Principal, Look::Fresh)
            .await
            .unwrap()
    );
    let change = aws.create_assignment(&instance, &assignment).await.unwrap();
    assert_eq!(
        ends(&aws, &instance, Direction::Creation, &change.request_id).await,
        Progress::Done
    );
    assert!(
        aws.is_assigned(&instance, &assignment, By::Principal, Look::Fresh)
            .await
            .unwrap()
    );
    assert_eq!(
        aws.assignments_in(&instance, &instance.owner, &set).await.unwrap(),
        std::slice::from_ref(&assignment)
    );
    assert_eq!(
        aws.accounts_with(&instance, &set, false).await.unwrap(),
        std::slice::from_ref(&instance.owner)
    );

    aws.update_permission_set(&instance, &set, &fields("PT2H"))
        .await
        .unwrap();
    assert_eq!(
        aws.accounts_with(&instance, &set, true).await.unwrap(),
        std::slice::from_ref(&instance.owner)
    );
    let request = aws.provision(&instance, &set).await.unwrap();
    while aws.provisioning(&instance, &request).await.unwrap() == Progress::Running {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(aws.accounts_with(&instance, &set, true).await.unwrap().is_empty());

    let change = aws.delete_assignment(&instance, &assignment).await.unwrap().unwrap();
    assert_eq!(aws.deletion_under_way(&assignment), Some(change.request_id.clone()));
    assert_eq!(
        ends(&aws, &instance, Direction::Deletion, &change.request_id).await,
        Progress::Done
    );
    assert!(
        !aws.is_assigned(&instance, &assignment, By::Principal, Look::Fresh)
            .await
            .unwrap()
    );
    assert_eq!(aws.delete_assignment(&instance, &assignment).await.unwrap(), None);
    aws.delete_permission_set(&instance, &set).await.unwrap();
    aws.delete_user(&instance, &user).await.unwrap();
    assert_eq!(sim.verdict(), Vec::<String>::new());
}

#[tokio::test]
async fn users_groups_and_attributes_for_access_control_are_read_and_written() {
    let (sim, aws) = start(WORLD).await;
    let instance = the_instance(&aws).await;
    assert_eq!(
        aws.user_by_name(&instance, "NikkiWolf@example.org").await.unwrap(),
        None
    );
    let id = aws.create_user(&instance, &nikki()).await.unwrap();
    let taken = aws.create_user(&instance, &nikki()).await.unwrap_err();
    assert_eq!((taken.kind, taken.retry), (Kind::Conflict, Retry::LookFirst));
    let user = aws
        .user_by_name(&instance, "NikkiWolf@example.org")
        .await
        .unwrap()
        .unwrap();
    assert_eq!((user.id.as_str(), user.is_provisioned()), (id.as_str(), false));
    assert_eq!(
        aws.user_by_email(&instance, "nikki@example.org")
            .await
            .unwrap()
            .unwrap()
            .id,
        id
    );
    aws.update_user(
        &instance,
        &user,
        &[("name.familyName", "Wulf"), ("displayName", "N. Wulf")],
    )
    .await
    .unwrap();
    let user = aws.user(&instance, &id).await.unwrap().unwrap();
    assert_eq!(
        (user.family_name.as_str(), user.display_name.as_str()),
        ("Wulf", "N. Wulf")
    );
    assert!(aws.users(&instance).await.unwrap().len() > 100, "more than one page");
    assert_eq!(aws.delete_user(&instance, &id).await.unwrap(), Existed::Yes);
    assert_eq!(aws.user(&instance, &id).await.unwrap(), None);

    let group = aws.group_by_name(&instance, "Admins").await.unwrap().unwrap();
    assert_eq!(aws.group_members(&instance, &group).await.unwrap().len(), 1);
    assert_eq!(aws.group_by_name(&instance, "Nobody").await.unwrap(), None);

    assert_eq!(aws.access_control(&instance).await.unwrap(), None);
    let list = BTreeMap::from([("Department".to_owned(), "${path:enterprise.department}".to_owned())]);
    aws.create_access_control(&instance, &list).await.unwrap();
    let again = aws.create_access_control(&instance, &list).await.unwrap_err();
    assert_eq!((again.kind, again.retry), (Kind::Conflict, Retry::LookFirst));
    let mut on = aws.access_control(&instance).await.unwrap().unwrap();
    while on.progress == Progress::Running {
        tokio::time::sleep(Duration::from_millis(20)).await;
        on = aws.access_control(&instance).await.unwrap().unwrap();
    }
    assert_eq!(on.attributes, list);
    aws.update_access_control(&instance, &BTreeMap::new()).await.unwrap();
    assert!(
        aws.access_control(&instance)
            .await
            .unwrap()
            .unwrap()
            .attributes
            .is_empty()
    );
    assert_eq!(aws.delete_access_control(&instance).await.unwrap(), Existed::Yes);
    assert_eq!(aws.delete_access_control(&instance).await.unwrap(), Existed::No);
    only_doubles(&sim, 2);
}

#[tokio::test]
async fn permission_sets_can_be_switched_on() {
    let (sim, aws) = start("title = \"\"\nabout = \"\"\n[[aws]]\npermission_sets_enabled = false\n").await;
    let instance = the_instance(&aws).await;
    assert_eq!(instance.permission_sets, Some(false));
    aws.enable_permission_sets(&instance).await.unwrap();
    assert_eq!(the_instance(&aws).await.permission_sets, Some(true));
    assert_eq!(sim.verdict(), Vec::<String>::new());
}

#[tokio::test]
async fn a_create_whose_answer_is_lost_is_not_sent_again_even_with_the_sdks_retries_on() {
    for sdk_retries in [SdkRetries::Off, SdkRetries::Standard] {
        let (sim, quiet) = start(WORLD).await;
        let instance = the_instance(&quiet).await;
        let access = sim.aws_access().remove(0);
        let keys = (access.access_key.as_str(), access.secret_key.as_str());
        let aws = client(&sim.addresses().aws, "us-east-1", keys, sdk_retries);
        sim.set_weather(Weather {
            drop_answers: Odds {
                rate: 1.0,
                ..Odds::default()
            },
            ..Weather::default()
        });
        let before = sim.requests();
        let lost = aws
            .create_permission_set(&instance, "Ops", &fields("PT1H"), &BTreeMap::new())
            .await
            .unwrap_err();
        assert_eq!(lost.retry, Retry::LookFirst, "{lost}");
        assert_eq!(sim.requests(), before + 1, "one request and no other");
    }
}
