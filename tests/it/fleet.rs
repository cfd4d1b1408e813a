//! A company: two organizations in one run, national clouds, and access for many at the speed the limits allow.

use std::{collections::BTreeSet, time::Duration};

use fedwiz::{
    engine::{fact::Intent, outcome::Outcome, select::Selection, signal::What},
    fault::Kind,
    profile::{AppKind, Assignment, Group, PermissionSet, Principal, Profile},
    sim::{Moment, Options, Weather},
};
use serde_json::Value;

use crate::{
    harness::{SimProcess, fedwiz, run},
    loopback::{Loopback, only, walk},
};

fn target(name: &str) -> Selection {
    Selection {
        targets: vec![name.into()],
        ..Selection::default()
    }
}

// --- several targets ---------------------------------------------------------

#[test]
fn the_demo_sets_both_partitions_up_and_takes_them_back() {
    let args = [
        "demo",
        "--headless",
        "--scenario",
        "two-partitions",
        "--down",
        "--color",
        "never",
    ];
    let told = run(fedwiz().args(args)).expect_code(0);
    for name in ["commercial", "govcloud"] {
        assert!(told.stdout.contains(name), "{}", told.stdout);
    }
}

/// What belongs to the commercial partition alone.
const COMMERCIAL: &[&str] = &[
    "arn:aws:",
    "us-east-1",
    "signin.aws.amazon.com",
    "console.aws.amazon.com",
    "awsapps.com",
];

#[test]
fn the_plan_of_one_partition_holds_nothing_of_the_other() {
    let sim = SimProcess::start("two-partitions");
    let args = ["--json", "--token-store", "memory"];
    let up = ["--operator", "simulated", "--yes", "--token-store", "env"];
    for stage in ["before", "after"] {
        let plan = run(sim.command("plan").args(args)).stdout;
        let mut seen = 0;
        for line in plan.lines() {
            let event: Value = serde_json::from_str(line).expect("JSON");
            if event["target"] != "govcloud" {
                continue;
            }
            seen += 1;
            for word in COMMERCIAL {
                assert!(!line.contains(word), "{stage}: {word} in {line}");
            }
        }
        assert!(seen > 20, "{stage}: {plan}");
        if stage == "before" {
            // As far as no token is needed.
            run(sim
                .command("apply")
                .args(up)
                .args(["--only", "saml.endpoints", "--only", "aws.permission-set"]));
        }
    }
}

#[test]
fn what_fails_in_one_partition_does_not_hold_up_the_other() {
    walk(async {
        let loopback = Loopback::start("two-partitions").await;
        loopback.sim.set_weather(Weather {
            missing_rights: vec!["sso:CreatePermissionSet@govcloud".into()],
            ..Weather::default()
        });
        let outcome = loopback.run(Intent::Up).await;
        assert_eq!(outcome.exit_code(), 1);
        for (node, fault) in outcome.failed.iter().chain(&outcome.needs_person) {
            assert_eq!(node.target.as_deref(), Some("govcloud"), "{node}: {fault}");
        }
        let blocked = outcome.blocked.iter().map(|(node, _)| node);
        let held_up: Vec<_> = blocked
            .filter(|node| node.target.as_deref() != Some("govcloud"))
            .collect();
        assert!(held_up.is_empty(), "{held_up:?}");
        let half = loopback.run_on(Intent::Plan, target("commercial")).await;
        for (node, finding) in &half.findings {
            assert!(
                matches!(finding.what, What::Stands | What::WouldAdopt),
                "{node} {finding:?}"
            );
        }
        loopback.sim.set_weather(Weather::default());
        Loopback::must_end_well(&loopback.run(Intent::Up).await);
        Loopback::must_end_well(&loopback.run(Intent::Down).await);
        assert_eq!(loopback.changes(), Vec::<String>::new());
    });
}

#[test]
fn taking_one_target_back_leaves_the_other_alone() {
    walk(async {
        let loopback = Loopback::start("two-partitions").await;
        Loopback::must_end_well(&loopback.run(Intent::Up).await);
        let before = loopback.sim.state_json();
        Loopback::must_end_well(&loopback.run_on(Intent::Down, target("govcloud")).await);
        let after = loopback.sim.state_json();
        assert_eq!(after["aws"]["commercial"], before["aws"]["commercial"]);
        assert_eq!(after["aws"]["govcloud"], loopback.before["aws"]["govcloud"]);
        assert_eq!(after["entra"]["users"], before["entra"]["users"], "people are shared");
        // The other still stands, without another change.
        let writes = loopback.sim.writes();
        Loopback::must_end_well(&loopback.run_on(Intent::Up, target("commercial")).await);
        assert_eq!(loopback.sim.writes(), writes);
        Loopback::must_end_well(&loopback.run(Intent::Down).await);
        assert_eq!(loopback.changes(), Vec::<String>::new());
        assert_eq!(loopback.sim.verdict(), Vec::<String>::new());
    });
}

#[test]
fn access_is_told_for_all_targets_or_for_one() {
    let sim = SimProcess::start("two-partitions");
    sim.post("/weather", &serde_json::json!({"failing_assignments": 1.0}));
    let up = ["--operator", "simulated", "--yes", "--token-store", "memory"];
    run(sim.command("apply").args(up)).expect_code(1);
    let access = |args: &[&str]| {
        let args = ["--access", "--token-store", "memory", "--color", "never"]
            .iter()
            .chain(args);
        run(sim.command("status").args(args))
    };
    let all = access(&[]).expect_code(4);
    for part in ["Access · commercial", "Access · govcloud", "failed", "RolesPerAccount"] {
        assert!(all.stdout.contains(part), "{part}\n{}", all.stdout);
    }
    assert!(all.stderr.contains("Continue with: "), "{}", all.stderr);
    let one = access(&["--target", "govcloud"]).expect_code(4);
    assert!(
        one.stdout.contains("govcloud") && !one.stdout.contains("commercial"),
        "{}",
        one.stdout
    );
    let events = access(&["--target", "govcloud", "--json"]).expect_code(4).stdout;
    for line in events.lines() {
        let event: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(
            (&event["kind"], &event["target"]),
            (&"access".into(), &"govcloud".into())
        );
    }
    access(&["--target", "nowhere"]).expect_code(2);
}

// --- national clouds ---------------------------------------------------------

fn national(profile: &mut Profile) {
    profile.entra.application.kind = AppKind::NonGallery;
}

#[test]
fn each_national_cloud_gets_a_certificate_that_is_made_here() {
    for (cloud, partition, region) in [
        ("us-gov-l4", "aws-us-gov", "us-gov-west-1"),
        ("us-gov-l5", "aws-us-gov", "us-gov-east-1"),
        ("china", "aws-cn", "cn-north-1"),
    ] {
        walk(async {
            let world = format!(
                "title = \"test\"\nabout = \"A national cloud.\"\n[entra]\ncloud = \"{cloud}\"\n[[aws]]\nname = \"aws\"\npartition = \"{partition}\"\nregion = \"{region}\"\n"
            );
            let loopback = Loopback::start_in(&world, national).await;
            loopback.sim.record();
            Loopback::must_end_well(&loopback.run(Intent::Up).await);
            let asked = loopback.sim.exchanges();
            assert!(
                !asked
                    .iter()
                    .any(|one| one.path.ends_with("/addTokenSigningCertificate"))
            );
            let bodies = asked
                .iter()
                .filter_map(|one| serde_json::from_slice::<Value>(&one.body).ok());
            let sent: Vec<Value> = bodies.filter(|body| body["passwordCredentials"].is_array()).collect();
            let [sent] = sent.as_slice() else {
                panic!("{cloud}: {} certificates", sent.len())
            };
            let journal = std::fs::read_to_string(loopback.folder().join("journal.jsonl")).unwrap();
            for secret in [
                &sent["passwordCredentials"][0]["secretText"],
                &sent["keyCredentials"][0]["key"],
            ] {
                let secret = secret.as_str().unwrap();
                assert!(
                    secret.len() > 40 && !journal.contains(&secret[..40]),
                    "{cloud}: a secret in the journal"
                );
            }
            let writes = loopback.sim.writes();
            Loopback::must_end_well(&loopback.run(Intent::Up).await);
            assert_eq!(loopback.sim.writes(), writes, "{cloud}");
            Loopback::must_end_well(&loopback.run(Intent::Down).await);
            assert_eq!(loopback.changes(), Vec::<String>::new(), "{cloud}");
            assert_eq!(loopback.sim.verdict(), Vec::<String>::new(), "{cloud}");
        });
    }
}

#[test]
fn credentials_that_are_too_long_for_the_cloud_are_refused_before_the_call() {
    walk(async {
        let world = "title = \"test\"\nabout = \"A national cloud.\"\n[entra]\ncloud = \"us-gov-l4\"\n[[aws]]\nname = \"aws\"\npartition = \"aws-us-gov\"\nregion = \"us-gov-west-1\"\n";
        let loopback = Loopback::start_in(world, |profile| {
            national(profile);
            profile.provisioning.notify = Some(format!("{}@contoso.com", "n".repeat(1024)));
        })
        .await;
        loopback.sim.record();
        let outcome = loopback.run(Intent::Up).await;
        let (node, fault) = outcome.failed.first().expect("it is refused");
        assert_eq!(
            (node.step.as_str(), fault.kind),
            ("scim.credentials", Kind::Refused),
            "{fault}"
        );
        let exchanges = loopback.sim.exchanges();
        let sent = |part: &str| {
            exchanges
                .iter()
                .any(|one| one.path.ends_with(part) && one.method != "GET")
        };
        assert!(!sent("/secrets") && !sent("/validateCredentials"));
    });
}

// --- many people -------------------------------------------------------------

/// So many people of the tenant, who exist.
fn people(profile: &mut Profile, number: usize) {
    let template = profile.people.user[1].clone();
    let domain = template.upn.split('@').next_back().unwrap_or_default().to_owned();
    profile.people.user.extend((1..=number).map(|number| {
        let mut user = template.clone();
        user.upn = format!("user{number:04}@{domain}");
        user.create = false;
        user
    }));
}

#[test]
fn a_thousand_people_are_read_assigned_and_taken_back_in_few_requests() {
    walk(async {
        let options = Options {
            scenario: "large".into(),
            latency: Duration::from_millis(50),
            ..Options::default()
        };
        let loopback = Loopback::start_as(options, |profile| people(profile, 1_000)).await;
        loopback.sim.record();
        // Requests to Graph whose own or inner paths are of this kind.
        let asked = |part: &str| {
            let exchanges = loopback.sim.exchanges();
            let of_kind = exchanges.iter().filter(|one| {
                let batched = one.path.ends_with("/$batch") && String::from_utf8_lossy(&one.body).contains(part);
                !one.inside && (batched || one.path.contains(part))
            });
            of_kind.count()
        };
        Loopback::must_end_well(&loopback.run_on(Intent::Up, only("entra.user")).await);
        let read = asked("/users/");
        assert!(read <= 60, "{read} requests to read a thousand people");
        // An application that was just made cannot be referred to yet: that would be asked twice.
        Loopback::must_end_well(&loopback.run_on(Intent::Up, only("entra.app")).await);
        {
            let _busy = loopback.sim.clock().busy();
            loopback.sim.clock().sleep(Duration::from_secs(60)).await;
        }
        Loopback::must_end_well(&loopback.run_on(Intent::Up, only("entra.assign")).await);
        let assigned = asked("/appRoleAssignedTo");
        assert!(assigned <= 60, "{assigned} requests to assign them");
        Loopback::must_end_well(&loopback.run_on(Intent::Down, only("entra.assign")).await);
        let gone = asked("/appRoleAssignedTo") - assigned;
        assert!(gone <= 60, "{gone} requests to take them back");
        assert_eq!(
            loopback.sim.state_json()["entra"]["assignments"],
            loopback.before["entra"]["assignments"]
        );
        assert_eq!(loopback.sim.verdict(), Vec::<String>::new());
    });
}

#[test]
fn a_second_apply_asks_for_nothing_twice() {
    walk(async {
        let loopback = Loopback::start("fresh").await;
        Loopback::must_end_well(&loopback.run(Intent::Up).await);
        let writes = loopback.sim.writes();
        loopback.sim.record();
        Loopback::must_end_well(&loopback.run(Intent::Up).await);
        assert_eq!(loopback.sim.writes(), writes);
        let exchanges = loopback.sim.exchanges();
        let asked: Vec<_> = exchanges
            .iter()
            .filter(|one| !one.inside)
            .map(|one| (&one.method, &one.path, &one.query, &one.target, &one.body))
            .collect();
        let different: BTreeSet<_> = asked.iter().collect();
        let mut twice: Vec<String> = different
            .iter()
            .filter_map(|one| {
                let times = asked.iter().filter(|other| *other == *one).count();
                (times > 1).then(|| format!("{times} × {} {} {:?} {:?}", one.0, one.1, one.2, one.3))
            })
            .collect();
        twice.sort();
        let (all, few) = (asked.len(), different.len());
        assert!(all * 100 <= few * 105, "{all} requests, {few} different: {twice:#?}");
    });
}

#[test]
fn a_look_after_the_first_reads_only_the_people_who_have_changed() {
    walk(async {
        let options = Options {
            scenario: "large".into(),
            ..Options::default()
        };
        let loopback = Loopback::start_as(options, |profile| people(profile, 500)).await;
        Loopback::must_end_well(&loopback.run_on(Intent::Up, only("entra.user")).await);
        let session = loopback.look().await.expect("a session");
        loopback.sim.record();
        let mut before = 0;
        // What a look found, and in how many requests it asked Graph for users.
        let mut look = async || {
            session.follow_people().await;
            let driver = session.watcher(only("entra.user"));
            let outcome = driver.run(Intent::Check).await.expect("a look");
            let differ = outcome
                .findings
                .iter()
                .filter(|(_, finding)| finding.what != What::Stands);
            let differ: Vec<(String, What)> = differ
                .map(|(node, finding)| (node.item.to_string(), finding.what))
                .collect();
            let exchanges = loopback.sim.exchanges();
            // Alone, or twenty in a request.
            let asks = exchanges.iter().filter(|one| {
                let batched = one.path.ends_with("/$batch") && String::from_utf8_lossy(&one.body).contains("/users/");
                batched || (one.path.contains("/users/") && !one.path.ends_with("/delta"))
            });
            let read = asks.count();
            (differ, read - std::mem::replace(&mut before, read))
        };
        let all_stand = Vec::<(String, What)>::new();
        let (differ, read) = look().await;
        assert_eq!(differ, all_stand);
        assert!(read >= 500 / 20, "500 people in {read} requests");
        assert_eq!(look().await, (all_stand.clone(), 0), "nobody has changed");

        let gone = loopback.sim.with(|world| {
            let (id, user) = world
                .entra
                .user("user0007@contoso.onmicrosoft.com")
                .expect("they are there");
            let (id, upn) = (id.clone(), user.text("userPrincipalName").to_owned());
            world.entra.users.remove(&id);
            upn
        });
        let (differ, read) = look().await;
        assert_eq!(differ, [(gone.clone(), What::Missing)]);
        // That somebody is gone is believed after several looks.
        assert!(read <= 5, "{read} requests because one has changed");

        // Graph forgets where it was after seven days, and fedwiz does not rely on it for so long.
        {
            let _busy = loopback.sim.clock().busy();
            loopback.sim.clock().sleep(Duration::from_secs(8 * 24 * 3600)).await;
        }
        let (differ, read) = look().await;
        assert_eq!(differ, [(gone, What::Missing)]);
        assert!(read >= 500 / 20, "all are read anew in {read} requests");
        assert_eq!(loopback.sim.verdict(), Vec::<String>::new());
    });
}

// --- which accounts ------------------------------------------------------------

const UNITS: &str = r#"
title = "test"
about = "Accounts in units, with tags."
[[aws]]
name = "aws"
accounts = [
    { name = "Management", management = true },
    { name = "Web", unit = "Workloads", tags = { stage = "prod" } },
    { name = "Batch", unit = "Workloads", tags = { stage = "test" } },
    { name = "Sandbox", tags = { stage = "test" } },
]
"#;

/// Words for accounts, and the accounts they stand for.
const WORDS: &[(&[&str], &[&str])] = &[
    (&["all"], &["Batch", "Management", "Sandbox", "Web"]),
    (&["all", "!management"], &["Batch", "Sandbox", "Web"]),
    (&["/Workloads"], &["Batch", "Web"]),
    (&["/Workloads", "!Batch"], &["Web"]),
    (&["tag:stage=test"], &["Batch", "Sandbox"]),
    (
        &["!/Workloads", "tag:stage=test", "management"],
        &["Management", "Sandbox"],
    ),
    (
        &["Sandbox", "all", "!tag:stage=prod"],
        &["Batch", "Management", "Sandbox"],
    ),
    (&["tag:stage=none"], &[]),
];

#[test]
fn accounts_are_chosen_by_name_unit_tag_and_what_is_left_out() {
    walk(async {
        let loopback = Loopback::start_in(UNITS, |profile| {
            let template = profile.assignment[0].clone();
            profile.assignment.clear();
            for (number, (words, _)) in WORDS.iter().enumerate() {
                let name = format!("Row{number}");
                profile.permission_set.push(PermissionSet::named(name.clone()));
                profile.assignment.push(Assignment {
                    accounts: words.iter().map(|word| (*word).to_owned()).collect(),
                    permission_sets: vec![name],
                    ..template.clone()
                });
            }
        })
        .await;
        let names: Vec<(String, String)> = loopback.sim.with(|world| {
            let accounts = world.aws[0].accounts.values();
            accounts
                .map(|account| (account.id.clone(), account.name.clone()))
                .collect()
        });
        let session = loopback.session().await.expect("a session");
        let items: Vec<&str> = session
            .graph
            .nodes()
            .iter()
            .filter(|node| node.id.step == "aws.assignment")
            .map(|node| node.id.item.as_str())
            .collect();
        for (number, (words, wanted)) in WORDS.iter().enumerate() {
            let of_row = items
                .iter()
                .filter_map(|item| item.strip_suffix(&format!(" · Row{number}")));
            let mut found: Vec<&str> = of_row
                .filter_map(|item| item.rsplit(" · ").next())
                .map(|account| match names.iter().find(|(id, _)| id == account) {
                    Some((_, name)) => name.as_str(),
                    None if account == "management" => "Management",
                    None => account,
                })
                .collect();
            found.sort_unstable();
            assert_eq!(found, *wanted, "{words:?}");
        }
    });
}

#[test]
fn each_policy_of_a_folder_is_a_permission_set() {
    let folder = tempfile::tempdir().expect("a folder");
    let policies = folder.path().join("policies");
    std::fs::create_dir(&policies).unwrap();
    let policy =
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}]}"#;
    for name in ["ReadLogs.json", "Operators.json"] {
        std::fs::write(policies.join(name), policy).unwrap();
    }
    std::fs::write(policies.join("notes.txt"), "no policy").unwrap();
    let read = |more: &str| {
        let text = format!(
            "policy_folder = \"policies\"\n[entra]\ntenant = \"contoso.onmicrosoft.com\"\n[[people.user]]\nupn = \"a@contoso.onmicrosoft.com\"\n{more}"
        );
        Profile::parse(&text, "test", folder.path())
    };
    let profile = read(
        "[[permission_set]]\nname = \"Operators\"\nsession_duration = \"PT4H\"\n[[assignment]]\nprincipal = \"user:a@contoso.onmicrosoft.com\"\naccounts = [\"all\"]\npermission_sets = [\"ReadLogs\", \"Operators\"]\n",
    )
    .unwrap_or_else(|error| panic!("{error}"));
    let sets: Vec<(&str, &str)> = profile
        .permission_set
        .iter()
        .map(|set| (set.name.as_str(), set.session_duration.as_str()))
        .collect();
    assert_eq!(sets, [("Operators", "PT4H"), ("ReadLogs", "PT1H")]);
    assert!(
        profile
            .permission_set
            .iter()
            .all(|set| set.inline_policy.as_deref() == Some(policy))
    );
    // A file that holds no policy is a mistake with its name.
    std::fs::write(policies.join("Broken.json"), "{").unwrap();
    let told = read("").unwrap_err().to_string();
    assert!(told.contains("Broken.json"), "{told}");
}

// --- many assignments --------------------------------------------------------

/// Ten groups of the tenant, each with two permission sets of its own in each of the hundred accounts.
fn company(profile: &mut Profile) {
    let template = profile.permission_set[1].clone();
    let accounts: Vec<String> = (1..=100).map(|number| format!("Account {number:03}")).collect();
    for team in 1..=10 {
        let name = format!("Team {team:02}");
        let sets: Vec<String> = ["Reads", "Works"]
            .iter()
            .map(|what| format!("{what}{team:02}"))
            .collect();
        profile.people.group.push(Group {
            name: name.clone(),
            create: false,
            members: Vec::new(),
        });
        profile.permission_set.extend(sets.iter().map(|name| PermissionSet {
            name: name.clone(),
            ..template.clone()
        }));
        profile.assignment.push(Assignment {
            principal: Principal::Group(name),
            accounts: accounts.clone(),
            permission_sets: sets,
        });
    }
}

fn assignments(loopback: &Loopback) -> usize {
    let state = loopback.sim.state_json();
    let all = state["aws"]["aws"]["instance"]["assignments"].clone();
    all.as_array().map_or(0, Vec::len)
}

fn failed_of(outcome: &Outcome, step: &str) -> usize {
    outcome.failed.iter().filter(|(node, _)| node.step == step).count()
}

#[test]
fn two_thousand_assignments_survive_five_crashes_without_a_duplicate() {
    walk(async {
        let loopback = Loopback::start_with("large", company).await;
        let moments = Moment::ALL;
        for crash in 0..5_u64 {
            let moment = moments[crash as usize % moments.len()];
            assert!(
                loopback.run_and_die(Intent::Up, 350 + crash * 90, moment).await,
                "it ended before"
            );
        }
        Loopback::must_end_well(&loopback.run(Intent::Up).await);
        assert!(assignments(&loopback) >= 2_000, "{}", assignments(&loopback));
        assert_eq!(loopback.sim.verdict(), Vec::<String>::new());

        let writes = loopback.sim.writes();
        loopback.sim.record();
        Loopback::must_end_well(&loopback.run_on(Intent::Up, only("aws.assignment")).await);
        assert_eq!(loopback.sim.writes(), writes, "a second apply wrote something");
        let lists = loopback.sim.exchanges().into_iter().filter(|one| {
            let operation = one.target.as_deref().unwrap_or_default();
            operation.contains(".ListAccountAssignment")
        });
        let lists = lists.count();
        assert!(lists <= 40, "{lists} calls to read them back");
    });
}

#[test]
fn assignments_that_fail_afterwards_are_told_with_their_reason_and_are_all_that_is_left_to_do() {
    walk(async {
        let loopback = Loopback::start_with("large", company).await;
        loopback.sim.set_weather(Weather {
            failing_assignments: 0.03,
            ..Weather::default()
        });
        let outcome = loopback.run_on(Intent::Up, only("aws.assignment")).await;
        assert_eq!(outcome.exit_code(), 1);
        let failed = failed_of(&outcome, "aws.assignment");
        assert!((30..=100).contains(&failed), "{failed} of 2,000 failed");
        assert_eq!(failed, outcome.failed.len(), "{:?}", outcome.failed.first());
        for (node, fault) in &outcome.failed {
            assert!(
                fault.why.contains("Cannot exceed quota for RolesPerAccount"),
                "{node}: {fault}"
            );
        }
        loopback.sim.set_weather(Weather::default());
        loopback.sim.record();
        Loopback::must_end_well(&loopback.run_on(Intent::Up, only("aws.assignment")).await);
        let exchanges = loopback.sim.exchanges();
        let made = exchanges.iter().filter(|one| {
            let target = one.target.as_deref().unwrap_or_default();
            target.ends_with(".CreateAccountAssignment")
        });
        assert_eq!(made.count(), failed);
        assert_eq!(loopback.sim.verdict(), Vec::<String>::new());
    });
}
