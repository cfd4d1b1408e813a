//! Somebody changes one thing by hand: a check shows exactly one line for it, a repair brings it back, a second check is empty.

use std::time::Duration;

use fedwiz::{
    engine::fact::Intent,
    profile::Profile,
    sim::{
        aws::{
            directory::{Directory, Group, Record},
            organization::{Assignment, Instance, TrailEvent},
        },
        entra::state::Entity,
        world::World,
    },
};
use serde_json::{Value, json};

use crate::loopback::Loopback;

/// Nikki's name in both clouds.
const NIKKI: &str = "NikkiWolf@contoso.onmicrosoft.com";

/// What is changed by hand, the step whose line it is, and what the line says.
struct Hand {
    what: &'static str,
    change: fn(&mut World),
    line: &'static str,
}

fn app(world: &mut World) -> (String, &mut Entity) {
    let found = world.entra.service_principals.iter_mut();
    let mut ours = found.filter(|(_, entity)| entity.text("displayName").starts_with("AWS IAM"));
    let (id, entity) = ours.next().expect("the application");
    (id.clone(), entity)
}

fn application(world: &mut World) -> &mut Entity {
    let sp = app(world).0;
    let id = world.entra.application_of(&sp).expect("the application").0.clone();
    world.entra.applications.get_mut(&id).expect("the application")
}

fn job(world: &mut World) -> &mut fedwiz::sim::entra::provisioning::job::Job {
    let sp = app(world).0;
    &mut world.entra.jobs.get_mut(&sp).expect("jobs")[0]
}

fn instance(world: &mut World) -> &mut Instance {
    world.aws[0].instance.as_mut().expect("an instance")
}

fn set<'w>(world: &'w mut World, name: &str) -> &'w mut fedwiz::sim::aws::organization::PermissionSet {
    let sets = instance(world).permission_sets.values_mut();
    let mut named = sets.filter(|set| set.name == name);
    named.next().expect("the permission set")
}

/// A permission set whose accounts have to be told of the change.
fn content<'w>(world: &'w mut World, name: &str) -> &'w mut fedwiz::sim::aws::organization::PermissionSet {
    let set = set(world, name);
    set.version += 1;
    set
}

/// The attribute mappings of users.
fn mappings<'w>(world: &'w mut World, object: &str) -> &'w mut Vec<Value> {
    let rule = &mut job(world).schema["synchronizationRules"][0];
    let objects = rule["objectMappings"].as_array_mut().expect("mappings");
    let mut of = objects
        .iter_mut()
        .filter(|mapping| mapping["sourceObjectName"] == object);
    let found = of.next().expect("the object");
    found["attributeMappings"].as_array_mut().expect("attributes")
}

fn source(world: &mut World, target: &str, now: &str) {
    let mapping = mappings(world, "User")
        .iter_mut()
        .find(|mapping| mapping["targetAttributeName"] == target);
    mapping.expect("a mapping")["source"] =
        json!({ "expression": format!("[{now}]"), "name": now, "type": "Attribute", "parameters": [] });
}

fn secret(world: &mut World, key: &str, value: Option<&str>) {
    let sp = app(world).0;
    let secrets = world.entra.secrets.get_mut(&sp).expect("settings");
    secrets.retain(|(known, _)| known != key);
    secrets.extend(value.map(|value| (key.to_owned(), value.to_owned())));
}

fn claims(world: &mut World) -> &mut Vec<Value> {
    let sp = app(world).0;
    let policy = world.entra.claims.get_mut(&sp).expect("a claims policy");
    policy["claims"].as_array_mut().expect("claims")
}

const HANDS: &[Hand] = &[
    Hand {
        what: "a reply URL goes",
        change: |world| {
            application(world).props["web"]["redirectUris"]
                .as_array_mut()
                .expect("reply URLs")
                .pop();
        },
        line: "entra.saml-endpoints web.redirectUris: ",
    },
    Hand {
        what: "a reply URL is added",
        change: |world| {
            let urls = application(world).props["web"]["redirectUris"].as_array_mut();
            urls.expect("reply URLs").push(json!("https://evil.example/acs"));
        },
        line: "entra.saml-endpoints web.redirectUris: ",
    },
    Hand {
        what: "the identifier goes",
        change: |world| application(world).set("identifierUris", json!([])),
        line: "entra.saml-endpoints identifierUris: none → ",
    },
    Hand {
        what: "the sign-on URL is another",
        change: |world| app(world).1.set("loginUrl", "https://elsewhere.example"),
        line: "entra.saml-endpoints loginUrl: https://elsewhere.example → ",
    },
    Hand {
        what: "nobody is told of the certificate",
        change: |world| app(world).1.set("notificationEmailAddresses", json!([])),
        line: "entra.saml-endpoints notificationEmailAddresses: none → idm@contoso.com",
    },
    Hand {
        what: "the sign-on mode is another",
        change: |world| app(world).1.set("preferredSingleSignOnMode", "password"),
        line: "entra.saml-mode preferredSingleSignOnMode: password → saml",
    },
    Hand {
        what: "no certificate is preferred",
        change: |world| app(world).1.set("preferredTokenSigningKeyThumbprint", Value::Null),
        line: "entra.certificate-active is not there any more",
    },
    Hand {
        what: "the certificate is deleted",
        change: |world| {
            let (sp, entity) = app(world);
            entity.set("keyCredentials", json!([]));
            entity.set("passwordCredentials", json!([]));
            entity.set("preferredTokenSigningKeyThumbprint", Value::Null);
            world.entra.certificates.remove(&sp);
        },
        line: "entra.certificate is not there any more",
    },
    Hand {
        what: "the token is taken out of Entra",
        change: |world| secret(world, "SecretToken", None),
        line: "scim.credentials SecretToken: none → set",
    },
    Hand {
        what: "the endpoint is another",
        change: |world| {
            secret(
                world,
                "BaseAddress",
                Some("https://scim.eu-west-1.amazonaws.com/x/scim/v2"),
            )
        },
        line: "scim.credentials BaseAddress: ",
    },
    Hand {
        what: "nobody is told of a quarantine",
        change: |world| secret(world, "SyncNotificationSettings", None),
        line: "scim.credentials SyncNotificationSettings: nobody → idm@contoso.com",
    },
    Hand {
        what: "everybody is in scope",
        change: |world| secret(world, "SyncAll", Some("true")),
        line: "scim.scope SyncAll: true → false",
    },
    Hand {
        what: "a scoping filter is set",
        change: |world| {
            let rule = &mut job(world).schema["synchronizationRules"][0];
            let objects = rule["objectMappings"].as_array_mut().expect("mappings");
            let user = objects.iter_mut().find(|mapping| mapping["sourceObjectName"] == "User");
            user.expect("users")["scope"] = json!({ "groups": [{ "name": "x", "clauses": [{
                "sourceOperandName": "department", "operatorName": "EQUALS", "targetOperand": { "values": ["Billing"] },
            }] }], "inputFilterGroups": [], "categoryFilterGroups": [] });
        },
        line: "scim.scope scope: department EQUALS Billing → no filter",
    },
    Hand {
        what: "a mapping has another source",
        change: |world| source(world, "displayName", "userPrincipalName"),
        line: "scim.mappings displayName: [userPrincipalName] → [displayName]",
    },
    Hand {
        what: "the external id is mapped as it was at first",
        change: |world| source(world, "externalId", "mailNickname"),
        line: "scim.mappings externalId: [mailNickname] → [objectId]",
    },
    Hand {
        what: "a mapping of groups goes",
        change: |world| mappings(world, "Group").retain(|mapping| mapping["targetAttributeName"] != "members"),
        line: "scim.mappings Group members: not mapped → [members]",
    },
    Hand {
        what: "the job is paused",
        change: |world| fedwiz::sim::entra::provisioning::pause(job(world)),
        line: "scim.start status: Paused → Active",
    },
    Hand {
        what: "the job is deleted",
        change: |world| {
            let sp = app(world).0;
            world.entra.jobs.remove(&sp);
        },
        line: "scim.job is not there any more",
    },
    Hand {
        what: "a policy is another",
        change: |world| {
            let policy = r#"{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
            content(world, "RegionalAdmin").inline_policy = Some(policy.into());
        },
        line: "aws.permission-set[RegionalAdmin] InlinePolicy: ",
    },
    Hand {
        what: "a managed policy is detached",
        change: |world| content(world, "AdministratorAccess").managed.clear(),
        line: "aws.permission-set[AdministratorAccess] ManagedPolicies: none → arn:aws:iam::aws:policy/AdministratorAccess",
    },
    Hand {
        what: "sessions last longer",
        change: |world| set(world, "RegionalAdmin").session_duration = "PT8H".into(),
        line: "aws.permission-set[RegionalAdmin] SessionDuration: PT8H → PT1H",
    },
    Hand {
        what: "a tag has another value",
        change: |world| drop(set(world, "RegionalAdmin").tags.insert("team".into(), "other".into())),
        line: "aws.permission-set[RegionalAdmin] tag team: other → cloud",
    },
    Hand {
        what: "our mark goes",
        change: |world| drop(set(world, "RegionalAdmin").tags.remove("fedwiz:managed-by")),
        line: "aws.permission-set[RegionalAdmin] tag fedwiz:managed-by: none → fedwiz:",
    },
    Hand {
        what: "a tag is added",
        change: |world| drop(set(world, "RegionalAdmin").tags.insert("by".into(), "hand".into())),
        line: "aws.permission-set[RegionalAdmin] tag by: hand → none",
    },
    Hand {
        what: "an assignment goes",
        change: |world| {
            instance(world).assignments.pop_first();
        },
        line: "aws.assignment[",
    },
    Hand {
        what: "somebody is taken out of the application",
        change: |world| {
            let nikki = world.entra.user(NIKKI).expect("Nikki").0.clone();
            let of_nikki = |entity: &Entity| entity.text("principalId") == nikki;
            world.entra.assignments.retain(|_, entity| !of_nikki(entity));
        },
        line: "entra.assign[user:NikkiWolf@contoso.onmicrosoft.com] is not there any more",
    },
    Hand {
        what: "a user of AWS has another name",
        change: |world| {
            let users = instance(world).directory.users.values_mut();
            let mut nikki = users.filter(|user| user.user_name() == NIKKI);
            nikki.next().expect("Nikki").attributes["UserName"] = json!("nikki");
        },
        line: "aws.user[NikkiWolf@contoso.onmicrosoft.com] userName: nikki → NikkiWolf@contoso.onmicrosoft.com",
    },
    Hand {
        what: "attributes for access control are off",
        change: |world| instance(world).abac = None,
        line: "aws.abac is not there any more",
    },
    Hand {
        what: "an attribute for access control is added",
        change: |world| {
            let list = instance(world).abac.as_mut().expect("a list");
            list.insert("CostCenter".into(), "${path:enterprise.costCenter}".into());
        },
        line: "aws.abac attribute CostCenter: ${path:enterprise.costCenter} → none",
    },
    Hand {
        what: "a claims mapping policy is assigned",
        change: |world| {
            let (sp, id, made) = (app(world).0, "by-hand".to_owned(), world.now);
            let definition = json!({ "ClaimsMappingPolicy": { "Version": 1, "IncludeBasicClaimSet": "true", "ClaimsSchema": [
                { "Source": "user", "ID": "mail", "SamlClaimType": "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier" },
            ] } });
            let policy = json!({ "id": id, "displayName": "By hand", "definition": [definition.to_string()] });
            let props = policy.as_object().expect("an object").clone();
            world.entra.mapping_policies.insert(id.clone(), Entity { props, made });
            world.entra.assigned_policies.entry(sp).or_default().push(id);
        },
        line: "entra.name-id claims mapping policy: By hand (nameidentifier from mail) → none",
    },
    Hand {
        what: "a session tag is sent no more",
        change: |world| claims(world).retain(|claim| claim["name"] != "AccessControl:Department"),
        line: "entra.claims is not there any more",
    },
    Hand {
        what: "a session tag comes from elsewhere",
        change: |world| {
            let mut tags = claims(world).iter_mut();
            let tag = tags.find(|claim| claim["name"] == "AccessControl:Department");
            tag.expect("the tag")["configurations"][0]["attribute"]["id"] = json!("jobtitle");
        },
        line: "entra.claims Department: ",
    },
];

fn with_all_kinds(profile: &mut Profile) {
    profile.provisioning.notify = Some("idm@contoso.com".into());
    profile.permission_set[0].tags.insert("team".into(), "cloud".into());
}

/// The one line for a change, its repair, and nothing afterwards.
async fn one_line_and_back(loopback: &Loopback, what: &str, line: &str) {
    let (lines, found) = loopback.check().await;
    assert!(found.failed.is_empty(), "{what}: {:#?}", found.failed);
    assert_eq!(lines.len(), 1, "{what}: {lines:#?}\n{:#?}", found.blocked);
    assert!(lines[0].starts_with(line), "{what}: {lines:#?}");
    assert_eq!(found.exit_code(), 4, "{what}");
    let repaired = loopback.repair(&found).await;
    assert_eq!(
        repaired.exit_code(),
        0,
        "{what}: {:#?}\n{:#?}",
        repaired.failed,
        repaired.needs_person
    );
    let (lines, left) = loopback.check().await;
    assert_eq!((lines, left.exit_code()), (Vec::new(), 0), "{what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_change_by_hand_is_one_line_and_is_brought_back() {
    let mut loopback = Loopback::start_with("fresh", with_all_kinds).await;
    Loopback::must_end_well(&loopback.run(Intent::Up).await);
    assert_eq!(loopback.check().await.0, Vec::<String>::new());
    let kept = loopback.keep().await;
    for hand in HANDS {
        loopback.put_back(&kept).await;
        loopback.sim.with(hand.change);
        one_line_and_back(&loopback, hand.what, hand.line).await;
        assert_eq!(loopback.sim.verdict(), Vec::<String>::new(), "{}", hand.what);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_person_changes_in_the_console_is_one_line_and_a_person_brings_it_back() {
    let mut loopback = Loopback::start_with("fresh", with_all_kinds).await;
    Loopback::must_end_well(&loopback.run(Intent::Up).await);
    let kept = loopback.keep().await;
    loopback.click(
        "aws.change-identity-source",
        json!({ "idp_metadata": crate::sim_aws::provider_metadata() }),
    );
    later(&loopback, 20).await;
    one_line_and_back(
        &loopback,
        "another provider",
        "saml.identity-source identity source: set anew at ",
    )
    .await;
    loopback.put_back(&kept).await;
    loopback.click("aws.delete-token", json!({ "which": "all" }));
    one_line_and_back(
        &loopback,
        "the token is deleted",
        "scim.token token: refused with 401 → accepted",
    )
    .await;
}

/// Lets some minutes pass: events come late.
async fn later(loopback: &Loopback, minutes: u64) {
    let clock = loopback.sim.clock();
    let _busy = clock.busy();
    clock.sleep(Duration::from_secs(minutes * 60)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_added_is_taken_up_by_the_next_apply() {
    let loopback = Loopback::start_with("fresh", with_all_kinds).await;
    Loopback::must_end_well(&loopback.run(Intent::Up).await);
    let added = HANDS.iter().filter(|hand| hand.what.ends_with("is added"));
    for hand in added {
        loopback.sim.with(hand.change);
        assert_eq!(loopback.check().await.0.len(), 1, "{}", hand.what);
        let writes = loopback.sim.writes();
        Loopback::must_end_well(&loopback.run(Intent::Up).await);
        assert_eq!(loopback.sim.writes(), writes, "{}: it was taken out", hand.what);
        assert_eq!(loopback.check().await.0, Vec::<String>::new(), "{}", hand.what);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_changes_are_as_many_lines_and_one_repair_brings_all_back() {
    let loopback = Loopback::start("drifted").await;
    loopback.click("aws.enable-user", json!({ "user_name": NIKKI }));
    Loopback::must_end_well(&loopback.run(Intent::Up).await);
    assert_eq!(loopback.check().await.0, Vec::<String>::new());
    let of = |what: &str| HANDS.iter().find(|hand| hand.what == what).expect("a change");
    let several = [
        "the job is paused",
        "sessions last longer",
        "a mapping has another source",
        "an assignment goes",
    ];
    for what in several {
        loopback.sim.with(of(what).change);
    }
    let (lines, found) = loopback.check().await;
    assert_eq!(lines.len(), several.len(), "{lines:#?}");
    Loopback::must_end_well(&loopback.repair(&found).await);
    assert_eq!(loopback.check().await.0, Vec::<String>::new());
    Loopback::must_end_well(&loopback.run(Intent::Down).await);
    assert_eq!(loopback.sim.verdict(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_attribute_that_others_added_and_a_set_up_took_up_outlives_the_teardown() {
    let loopback = Loopback::start("fresh").await;
    Loopback::must_end_well(&loopback.run(Intent::Up).await);
    let mut added = HANDS
        .iter()
        .filter(|hand| hand.what == "an attribute for access control is added");
    loopback.sim.with(added.next().expect("a change").change);
    Loopback::must_end_well(&loopback.run(Intent::Up).await);
    Loopback::must_end_well(&loopback.run(Intent::Down).await);
    let list = &loopback.sim.state_json()["aws"]["aws"]["instance"]["abac"];
    assert_eq!(list, &json!({ "CostCenter": "${path:enterprise.costCenter}" }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_directory_that_is_the_identity_source_again_is_told_and_a_person_switches_back() {
    let loopback = Loopback::start_with("fresh", with_all_kinds).await;
    Loopback::must_end_well(&loopback.run(Intent::Up).await);
    later(&loopback, 20).await;
    loopback.click("aws.delete-token", json!({ "which": "all" }));
    loopback.click("aws.disable-provisioning", json!({}));
    loopback.click("aws.revert-identity-source", json!({}));
    later(&loopback, 20).await;
    let (lines, found) = loopback.check().await;
    // The console lets nobody switch back before the tokens are gone: that shows, too, and rests on the same change.
    assert_eq!(lines[0], "saml.identity-source is not there any more", "{lines:#?}");
    assert!(lines[1..].iter().all(|line| line.starts_with("scim.")), "{lines:#?}");
    assert_eq!(found.exit_code(), 4);
    Loopback::must_end_well(&loopback.repair(&found).await);
    assert_eq!(loopback.check().await.0, Vec::<String>::new());
    let source = &loopback.sim.state_json()["aws"]["aws"]["instance"]["identity_source"];
    assert!(source["external"].is_object(), "{source}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn active_directory_in_the_place_of_entra_is_one_line() {
    let loopback = Loopback::start_with("fresh", with_all_kinds).await;
    Loopback::must_end_well(&loopback.run(Intent::Up).await);
    later(&loopback, 20).await;
    loopback.sim.with(|world| {
        let at = world.now;
        let record =
            json!({ "eventName": "AssociateDirectory", "eventTime": format!("{at:.0}"), "eventID": "by-hand" });
        world.aws[0].trail.push(TrailEvent {
            id: "by-hand".into(),
            at,
            name: "AssociateDirectory".into(),
            source: "sso.amazonaws.com".into(),
            username: None,
            access_key: None,
            read_only: false,
            record: record.as_object().expect("an object").clone(),
        });
    });
    later(&loopback, 20).await;
    let (lines, found) = loopback.check().await;
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert!(
        lines[0].starts_with("saml.identity-source identity source: Active Directory, connected at "),
        "{lines:#?}"
    );
    assert_eq!(found.exit_code(), 4);
}

const RICHARD: &str = "RichardRoe@contoso.onmicrosoft.com";

/// Somebody else gives RegionalAdmin in the sandbox to Richard, and AdministratorAccess in the management account to a group.
pub fn assign_by_others(world: &mut World) {
    let org = &mut world.aws[0];
    let management = org.management.clone();
    let sandbox = org
        .accounts
        .values()
        .find(|account| account.name == "Sandbox")
        .expect("an account")
        .id
        .clone();
    let made = world.now;
    let instance = org.instance.as_mut().expect("an instance");
    let arn = |name: &str| instance.set_named(name).expect("a permission set").0.clone();
    let (regional, admin) = (arn("RegionalAdmin"), arn("AdministratorAccess"));
    let richard = instance.directory.user_named(RICHARD).expect("Richard").0.clone();
    let auditors = Directory::new_id(&instance.store_id, uuid::Uuid::from_u128(7));
    let group = Group {
        display_name: "Auditors".into(),
        description: None,
        external_id: None,
        record: Record::new(made, "somebody"),
    };
    instance.directory.groups.insert(auditors.clone(), group);
    for (set, account, kind, principal) in [
        (regional, sandbox, "USER", richard),
        (admin, management, "GROUP", auditors),
    ] {
        let version = instance.permission_sets[&set].version;
        instance.provisioned.insert((set.clone(), account.clone()), version);
        instance.assignments.insert(Assignment {
            account,
            permission_set: set,
            principal_type: kind.into(),
            principal,
        });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_assignment_that_others_made_is_one_line_stays_and_can_be_taken_up() {
    let mut loopback = Loopback::start("fresh").await;
    Loopback::must_end_well(&loopback.run(Intent::Up).await);
    let (lines, found) = loopback.check_with_others().await;
    assert_eq!((lines, found.exit_code()), (Vec::new(), 0));
    loopback.sim.with(assign_by_others);
    let writes = loopback.sim.writes();
    let (lines, found) = loopback.check_with_others().await;
    let sandbox = loopback.sim.with(|world| {
        let mut accounts = world.aws[0].accounts.values();
        accounts
            .find(|account| account.name == "Sandbox")
            .expect("an account")
            .id
            .clone()
    });
    let line = |item: String| format!("aws.assignment[{item}] assignment: made by others → not in the profile");
    let (richard, auditors) = (
        line(format!("{RICHARD} · {sandbox} · RegionalAdmin")),
        line("group:Auditors · management · AdministratorAccess".to_owned()),
    );
    let mut told = lines;
    told.sort();
    assert_eq!(told, [richard.clone(), auditors.clone()]);
    assert_eq!(found.exit_code(), 4);
    // It is told and left alone: a repair finds nothing of its own to mend.
    Loopback::must_end_well(&loopback.repair(&found).await);
    assert_eq!(loopback.sim.writes(), writes, "something of others was changed");
    assert_eq!(loopback.check_with_others().await.0.len(), 2);
    assert_eq!(loopback.check().await.0, Vec::<String>::new());
    // Once the profile names it, it is adopted, and never taken away.
    loopback.wants(|profile| {
        let mut more = profile.assignment[0].clone();
        more.principal = fedwiz::profile::Principal::User(RICHARD.into());
        more.accounts = vec!["Sandbox".into()];
        more.permission_sets = vec!["RegionalAdmin".into()];
        profile.assignment.push(more);
    });
    Loopback::must_end_well(&loopback.run(Intent::Up).await);
    assert_eq!(loopback.sim.writes(), writes, "what is there is not made again");
    assert_eq!(loopback.check_with_others().await.0, [auditors]);
    assert_eq!(loopback.sim.verdict(), Vec::<String>::new());
}
