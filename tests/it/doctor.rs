//! `fedwiz doctor` on the bundled worlds: exactly what was planted, and nothing where nothing is the matter.

use std::collections::BTreeSet;

use fedwiz::{
    clients::entra::error::area,
    doctor::{examine, gather::gather, rules::RULES},
    engine::{fact::Intent, run::Run},
    sim::{entra::state::Entity, http::Port},
    steps::rights::RIGHTS,
};
use serde_json::{Value, json};

use crate::{
    harness::{SimProcess, run},
    loopback::Loopback,
};

/// The command. Where there are several organizations it finds the keys of each in the credentials file.
fn doctor(sim: &SimProcess) -> std::process::Command {
    let mut command = sim.command("doctor");
    let profile = std::fs::read_to_string(sim.dir().join("profile.toml")).unwrap();
    if profile.contains("\nprofile = ") {
        for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
            command.env_remove(name);
        }
    }
    command
}

fn lines(stdout: &str) -> Vec<Value> {
    stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Rule and object of each finding.
fn findings(lines: &[Value]) -> BTreeSet<(String, String)> {
    let text = |line: &Value, key: &str| line[key].as_str().unwrap().to_owned();
    lines
        .iter()
        .filter(|line| line["kind"] == "finding")
        .map(|line| (text(line, "rule"), text(line, "object")))
        .collect()
}

/// One world, and exactly what is wrong in it. `{…}` in an object stands for a name that the world decides.
#[derive(Default)]
struct Planted {
    /// The scenario.
    world: &'static str,
    /// What the profile says besides.
    profile: &'static str,
    /// The weather, where it is not the scenario's own.
    weather: Option<fn() -> Value>,
    /// Of which target the SCIM token is known, and how many days ago it was made.
    token: Option<(&'static str, i64)>,
    /// What cannot be read.
    unread: &'static [&'static str],
    /// Rule and object of each finding.
    found: &'static [(&'static str, &'static str)],
}

/// A world in which nothing is wrong.
fn well(world: &'static str) -> Planted {
    Planted {
        world,
        ..Planted::default()
    }
}

const APP: &str = "AWS IAM Identity Center (aws)";
const GUEST: &str = "jane_fabrikam.com#EXT#@contoso.onmicrosoft.com";
const LONG: &str = "somebody.with.a.very.long.name.who.works.in.a.department.with.an.even.longer.name_subsidiary.fabrikam.com#EXT#@contoso.onmicrosoft.com";
const TWINS: &str = "Twin@contoso.com, twin@contoso.com";

fn worlds() -> Vec<Planted> {
    vec![
        Planted {
            world: "planted-faults",
            found: &[
                ("active-directory", "{instance old}"),
                ("blank-in-user-name", "Blank Space@contoso.onmicrosoft.com"),
                ("certificate-ending", APP),
                ("certificate-not-preferred", "AWS IAM Identity Center (old)"),
                ("claim-not-carried", APP),
                ("control-character", "Hidden@contoso.onmicrosoft.com"),
                ("dangling-assignment", "{account aws Closed}"),
                ("dangling-assignment", "{gone aws}"),
                ("disabled", "Leaver@contoso.onmicrosoft.com"),
                ("duplicate-aws-mail", TWINS),
                ("duplicate-external-id", TWINS),
                ("duplicate-group", "AWS outer"),
                ("duplicate-group", "aws twins"),
                (
                    "duplicate-mail",
                    "NikkiWolf@contoso.onmicrosoft.com, nikkiwolf2@contoso.onmicrosoft.com",
                ),
                ("duplicate-user-name", TWINS),
                ("external-id", APP),
                ("guest-name", GUEST),
                ("guest-name", LONG),
                ("guest-without-mail", GUEST),
                ("iam-claims", APP),
                ("job-never-ran", "{job aws}"),
                ("job-paused", "{job aws}"),
                ("large-group", "Everybody"),
                ("leaver", "leaver@contoso.com"),
                ("long-user-name", LONG),
                ("mail-taken", "manual@contoso.onmicrosoft.com"),
                ("missing-name", "NoDisplayName@contoso.onmicrosoft.com"),
                ("missing-name", "NoGivenName@contoso.onmicrosoft.com"),
                ("missing-name", "NoSurname@contoso.onmicrosoft.com"),
                ("name-id", "before.renaming@contoso.onmicrosoft.com"),
                ("name-id", "nikkiwolf@contoso.onmicrosoft.com"),
                ("nested-group", "AWS outer"),
                ("no-break-glass", "{caller aws}"),
                ("overriding-policy", APP),
                ("permission-sets-off", "{instance old}"),
                ("quarantine", "{job old}"),
                ("refused-character", "OddCharacters@contoso.onmicrosoft.com"),
                ("scim-refused", "CreateUser"),
                ("scim-refused", "ListUsers"),
                ("scim-throttled", "UpdateUser"),
                ("several-phones", "ManyPhones@contoso.onmicrosoft.com"),
                ("shadowed-tag", "Department"),
                ("stale-attribute", "stale@contoso.onmicrosoft.com"),
                ("token-unknown-age", "SCIM token of aws"),
                ("unassigned", "RichardRoe@contoso.onmicrosoft.com"),
                ("wrong-app", "AWS Single-Account Access"),
            ],
            ..Planted::default()
        },
        Planted {
            world: "planted-faults-2",
            token: Some(("AWS", 370)),
            found: &[
                ("certificate-ended", "AWS IAM Identity Center"),
                ("dangling-assignment", "{gone aws}"),
                ("delegated-administrator", "arn:aws:iam::444455556666:user/operator"),
                ("entra-rights", "User.ReadWrite.All"),
                ("job-escrows", "{job}"),
                ("job-late", "{job}"),
                ("several-mails", "AWS IAM Identity Center"),
                ("token-ended", "SCIM token of aws"),
            ],
            ..Planted::default()
        },
        Planted {
            world: "no-key",
            unread: &[
                "attributes for access control",
                "groups",
                "permission sets",
                "rights",
                "users",
            ],
            found: &[("kms-key", "{key aws}")],
            ..Planted::default()
        },
        // These are seen only when they are used.
        well("no-rights"),
        Planted {
            world: "no-rights",
            weather: Some(
                || json!({ "missing_rights": ["sso:ListAccountAssignmentCreationStatus", "cloudtrail:LookupEvents"] }),
            ),
            found: &[
                ("aws-rights", "cloudtrail:LookupEvents"),
                ("aws-rights", "sso:ListAccountAssignmentCreationStatus"),
            ],
            ..Planted::default()
        },
        Planted {
            world: "fresh",
            profile: "[[people.user]]\nupn = \"Nobody@contoso.onmicrosoft.com\"\ngiven_name = \"No\"\nfamily_name = \"Body\"\n",
            found: &[("no-such-user", "Nobody@contoso.onmicrosoft.com")],
            ..Planted::default()
        },
        Planted {
            world: "permission-sets-off",
            found: &[("permission-sets-off", "{instance aws}")],
            ..Planted::default()
        },
        Planted {
            world: "ad-source",
            found: &[("active-directory", "{instance aws}")],
            ..Planted::default()
        },
        Planted {
            world: "quarantine",
            found: &[("quarantine", "{job}"), ("token-unknown-age", "SCIM token of aws")],
            ..Planted::default()
        },
        Planted {
            world: "certificate-expiring",
            token: Some(("AWS", 340)),
            found: &[
                ("certificate-ending", "AWS IAM Identity Center"),
                ("token-ending", "SCIM token of aws"),
            ],
            ..Planted::default()
        },
        Planted {
            world: "drifted",
            found: &[
                ("external-id", "AWS IAM Identity Center"),
                ("job-paused", "{job}"),
                ("leaver", "NikkiWolf@contoso.onmicrosoft.com"),
                ("token-unknown-age", "SCIM token of aws"),
                ("unassigned", "RichardRoe@contoso.onmicrosoft.com"),
            ],
            ..Planted::default()
        },
        Planted {
            world: "click-built",
            found: &[("token-unknown-age", "SCIM token of aws")],
            ..Planted::default()
        },
        Planted {
            world: "half-done",
            found: &[("unassigned", "RichardRoe@contoso.onmicrosoft.com")],
            ..Planted::default()
        },
        well("fresh"),
        well("throttled"),
        well("laggy"),
        well("expired-token"),
        well("two-partitions"),
        well("large"),
    ]
}

/// The object, with what the world decides put in.
fn named(object: &str, state: &Value) -> String {
    let Some(wanted) = object.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
        return object.to_owned();
    };
    let words: Vec<&str> = wanted.split(' ').collect();
    let aws = |target: &str| &state["aws"][target];
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("no {object}")).to_owned();
    match words[..] {
        ["instance", target] => text(&aws(target)["instance"]["arn"]),
        ["key", target] => text(&aws(target)["instance"]["key"]),
        ["caller", target] => format!(
            "arn:aws:sts::{}:assumed-role/AWSReservedSSO_AdministratorAccess_0123456789abcdef/nikki",
            text(&aws(target)["management"])
        ),
        ["account", target, name] => {
            let accounts = aws(target)["accounts"].as_object().expect("accounts");
            let found = accounts.iter().find(|(_, account)| account["name"] == name);
            found.expect("the account").0.clone()
        }
        ["gone", target] => {
            let rows = aws(target)["instance"]["assignments"].as_array().expect("assignments");
            let mut gone = rows.iter().filter_map(|row| row.as_str()?.split("gone:").nth(1));
            gone.next().expect("an assignment of somebody who is gone").to_owned()
        }
        ["job", ..] => {
            let app = words.get(1).map_or(String::new(), |target| format!(" ({target})"));
            let app = format!("AWS IAM Identity Center{app}");
            let apps = state["entra"]["servicePrincipals"].as_array().expect("applications");
            let found = apps.iter().find(|known| known["displayName"] == app.as_str());
            text(&found.expect("the application")["synchronization"]["jobs"][0]["id"])
        }
        _ => panic!("what is {object}?"),
    }
}

/// What the program finds in this world must be what is planted there.
fn hold(planted: &Planted) {
    // Slowly enough that what happened a few minutes ago still counts on a busy machine.
    let sim = SimProcess::start_at(planted.world, 60);
    if let Some(weather) = planted.weather {
        sim.post("/weather", &weather());
    }
    let mut command = doctor(&sim);
    let profile = sim.dir().join("profile.toml");
    let written = std::fs::read_to_string(&profile).unwrap();
    std::fs::write(&profile, format!("{written}\n{}", planted.profile)).unwrap();
    match planted.token {
        None => drop(command.args(["--token-store", "memory"])),
        Some((target, days)) => {
            let made = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24 * days);
            let kept = json!({ "token": "kept", "endpoint": "https://scim.us-east-1.amazonaws.com/x/scim/v2", "created": made });
            command.env(format!("FEDWIZ_SCIM_TOKEN_{target}"), kept.to_string());
            command.args(["--token-store", "env"]);
        }
    }
    let end = run(command.arg("--json"));
    let (world, told) = (planted.world, lines(&end.stdout));
    let state = sim.state();
    let wanted: BTreeSet<(String, String)> = planted
        .found
        .iter()
        .map(|(rule, object)| ((*rule).to_owned(), named(object, &state)))
        .collect();
    let found = findings(&told);
    let missed: Vec<_> = wanted.difference(&found).collect();
    let too_many: Vec<_> = found.difference(&wanted).collect();
    assert!(
        missed.is_empty() && too_many.is_empty(),
        "{world}: missed: {missed:#?}\ntoo many: {too_many:#?}\n{}",
        end.stderr
    );
    let unread = told.iter().filter(|line| line["kind"] == "unread");
    let unread: BTreeSet<&str> = unread.filter_map(|line| line["object"].as_str()).collect();
    assert_eq!(
        unread,
        planted.unread.iter().copied().collect(),
        "{world}: {}",
        end.stderr
    );
    let code = match (unread.is_empty(), found.is_empty()) {
        (false, _) => 1,
        (true, false) => 4,
        (true, true) => 0,
    };
    assert_eq!(end.code, Some(code), "{world}: {}", end.stderr);
    assert_eq!(sim.writes(), 0, "{world}: it changes nothing");
    assert_eq!(sim.violations(), Vec::<Value>::new(), "{world}");
}

/// What only a journal can tell: the certificate that AWS was given.
fn of_a_finished_set_up() -> BTreeSet<String> {
    let life = tokio::runtime::Runtime::new().unwrap();
    life.block_on(async {
        let loopback = Loopback::start("fresh").await;
        Loopback::must_end_well(&loopback.run(Intent::Up).await);
        assert_eq!(examined(&loopback).await, Vec::<(&str, String)>::new());
        loopback.sim.with(|world| {
            let signs = |entity: &&mut Entity| entity.text("displayName").starts_with("AWS IAM");
            let app = world.entra.service_principals.values_mut().find(signs).unwrap();
            let another = "00112233445566778899AABBCCDDEEFF00112233";
            app.set("preferredTokenSigningKeyThumbprint", another);
        });
        let found = examined(&loopback).await;
        let app = "AWS IAM Identity Center".to_owned();
        let wanted = [
            ("certificate-unknown-to-aws", app.clone()),
            ("certificate-not-preferred", app),
        ];
        assert_eq!(found, wanted);
        found.into_iter().map(|(rule, _)| rule.to_owned()).collect()
    })
}

/// Rule and object of each finding, as the command finds them.
async fn examined(loopback: &Loopback) -> Vec<(&'static str, String)> {
    let session = loopback.session().await.unwrap();
    let known = session.recorder.with_run(Run::clone);
    let (target, now) = (&session.world.targets[0], session.clock().now());
    let evidence = gather(&session.world, target, &known, now, &|_| {}).await;
    let examined = examine(vec![evidence], &[]);
    assert!(examined.unread.is_empty(), "{:#?}", examined.unread);
    let findings = examined.findings.into_iter();
    findings.map(|finding| (finding.rule.id, finding.name)).collect()
}

#[test]
fn each_world_gives_exactly_the_findings_that_are_planted_in_it_and_no_rule_is_left_out() {
    let worlds = worlds();
    let mut seen = of_a_finished_set_up();
    std::thread::scope(|scope| {
        let halves = [0, 1].map(|half| {
            let worlds = &worlds;
            scope.spawn(move || worlds.iter().skip(half).step_by(2).for_each(hold))
        });
        for half in halves {
            half.join().expect("each world is as planted");
        }
    });
    seen.extend(
        worlds
            .iter()
            .flat_map(|world| world.found)
            .map(|(rule, _)| (*rule).to_owned()),
    );
    let never: Vec<&str> = RULES
        .iter()
        .map(|rule| rule.id)
        .filter(|id| !seen.contains(*id))
        .collect();
    assert!(never.is_empty(), "nobody planted what these rules find: {never:?}");
}

#[test]
fn a_tenant_before_set_up_and_a_federation_after_it_give_no_finding() {
    let sim = SimProcess::start("fresh");
    run(sim.command("doctor").args(["--token-store", "memory"])).expect_code(0);
    run(sim
        .command("apply")
        .args(["--operator", "simulated", "--token-store", "memory", "--yes"]))
    .expect_code(0);
    let end = run(sim.command("doctor").args(["--token-store", "memory"])).expect_code(0);
    assert_eq!(end.stdout, "");
}

#[test]
fn one_rule_can_be_asked_for_and_an_unknown_one_lists_them() {
    let sim = SimProcess::start("planted-faults");
    let end = run(sim
        .command("doctor")
        .args(["--rule", "missing-name", "--json", "--token-store", "memory"]));
    let found = findings(&lines(&end.expect_code(4).stdout));
    let rules: BTreeSet<&str> = found.iter().map(|(rule, _)| rule.as_str()).collect();
    assert_eq!((rules, found.len()), (["missing-name"].into(), 3), "{found:?}");
    let end = run(sim
        .command("doctor")
        .args(["--rule", "bad-luck", "--token-store", "memory"]))
    .expect_code(2);
    assert!(end.stderr.contains("missing-name"), "{}", end.stderr);
}

#[test]
fn what_could_not_be_looked_at_is_named_with_its_reason_and_ends_with_1() {
    let sim = SimProcess::start("planted-faults");
    let before = sim.writes();
    for (refused, side, object) in [
        ("ListGroups", "aws", "groups"),
        ("/groups/", "entra", "the members of Everybody"),
    ] {
        sim.post(
            "/weather",
            &json!({ "errors": { "every": 1, "only": refused }, "error_status": 503 }),
        );
        let end = run(doctor(&sim).args(["--json", "--token-store", "memory", "--target", "aws"]));
        let told = lines(&end.stdout);
        let unread: Vec<&Value> = told.iter().filter(|line| line["kind"] == "unread").collect();
        let named = unread.iter().find(|line| line["object"] == object);
        let named = named.unwrap_or_else(|| panic!("{object} is not named: {unread:#?}"));
        assert_eq!(named["side"], side);
        assert!(
            named["fault"]["what"].as_str().is_some_and(|what| !what.is_empty()),
            "{named}"
        );
        assert_eq!(end.code, Some(1), "{}", end.stderr);
        assert!(end.stderr.contains("could not be looked at"), "{}", end.stderr);
        let text = run(doctor(&sim).args(["--token-store", "memory", "--target", "aws"]));
        assert!(
            text.stdout
                .contains(&format!("could not be looked at: {object} ({side})")),
            "{}",
            text.stdout
        );
        // What was not read is taken for neither empty nor well.
        let found = findings(&told);
        assert!(
            found.iter().any(|(rule, _)| rule == "missing-name"),
            "the other reads go on: {found:?}"
        );
        let nobody = found
            .iter()
            .find(|(rule, object)| rule == "dangling-assignment" && object.contains("group"));
        assert_eq!(nobody, None);
    }
    assert_eq!(sim.writes(), before);
}

/// The IAM action of a call, from its target: `SWBExternalService.ListInstances`.
fn action(target: &str) -> Option<String> {
    let (service, operation) = target.rsplit_once('.')?;
    let services = [
        ("SWBExternalService", "sso"),
        ("AWSIdentityStore", "identitystore"),
        ("AWSOrganizationsV20161128", "organizations"),
        ("CloudTrail_20131101", "cloudtrail"),
    ];
    let (_, prefix) = services.iter().find(|(name, _)| service.ends_with(name))?;
    Some(format!("{prefix}:{operation}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_walk_calls_is_in_the_table_of_rights() {
    let loopback = Loopback::start("fresh").await;
    Loopback::must_end_well(&loopback.run(Intent::Up).await);
    Loopback::must_end_well(&loopback.run(Intent::Down).await);
    let listed: BTreeSet<&str> = RIGHTS
        .iter()
        .flat_map(|rights| {
            let changes = rights.changes.iter().map(|(action, _)| action);
            rights.reads.iter().chain(changes).chain(rights.sometimes)
        })
        .copied()
        .collect();
    let entries = loopback.sim.with(|world| world.ledger.entries().to_vec());
    let mut seen = 0;
    for entry in entries.iter().filter(|entry| !entry.inside) {
        match entry.port {
            Port::Aws => {
                let Some(action) = action(&entry.target) else { continue };
                assert!(listed.contains(action.as_str()), "no step says that it needs {action}");
                seen += 1;
            }
            Port::Graph if !entry.target.ends_with("/$batch") => {
                assert!(
                    area(&entry.target).is_some(),
                    "{} is in no area of rights",
                    entry.target
                );
                seen += 1;
            }
            _ => {}
        }
    }
    assert!(seen > 100, "{seen} calls were looked at");
}

/// The most memory that a process has had while it ran, in mebibytes.
#[cfg(target_os = "linux")]
fn peak(child: &mut std::process::Child) -> f64 {
    let file = format!("/proc/{}/status", child.id());
    let mut most = 0.0_f64;
    while child.try_wait().expect("a state").is_none() {
        let status = std::fs::read_to_string(&file).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kibibytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
        most = most.max(kibibytes.unwrap_or_default() / 1024.0);
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    most
}

#[cfg(target_os = "linux")]
#[test]
fn fifty_thousand_people_are_linted_in_one_pass_by_page_in_little_memory() {
    const MANY: usize = 50_000;
    let world = format!(
        r#"
title = "Many"
about = "As many people as an organization may have."
[entra.settings]
page_size = 999
[[entra.many]]
count = {MANY}
upn = "user{{n}}"
group = "Everybody"
[[entra.app]]
name = "AWS IAM Identity Center"
saml = true
target = "aws"
assigned = ["Everybody"]
certificate = {{ days_left = 800 }}
[[aws]]
source = "external"
[aws.generate]
users = {MANY}
"#
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("many.toml");
    std::fs::write(&file, world).unwrap();
    let sim = SimProcess::start(file.to_str().unwrap());
    let mut child = doctor(&sim)
        .args(["--json", "--token-store", "memory"])
        .stdout(std::fs::File::create(folder.path().join("out")).unwrap())
        .stderr(std::fs::File::create(folder.path().join("err")).unwrap())
        .spawn()
        .unwrap();
    let most = peak(&mut child);
    let said = std::fs::read_to_string(folder.path().join("err")).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(4), "{said}");
    assert!(
        said.contains(&format!("{MANY} people in Entra and {MANY} users in AWS")),
        "{said}"
    );
    let out = std::fs::read_to_string(folder.path().join("out")).unwrap();
    assert!(
        findings(&lines(&out)).contains(&("large-group".into(), "Everybody".into())),
        "{out}"
    );
    // By page: never one request for each.
    assert!(sim.requests() < 1_000, "{} requests", sim.requests());
    assert!(most > 10.0 && most < 200.0, "{most} MiB");
    println!("{MANY} people: {most:.0} MiB at most, {} requests", sim.requests());
}
