//! What the profile names no more is taken away by a set-up, after all else; and nothing but that.

use std::time::Duration;

use fedwiz::{
    engine::{
        fact::Intent,
        outcome::Outcome,
        select::Selection,
        signal::{Finding, What},
    },
    fault::Kind,
    profile::{Assignment, Group, Principal, Profile},
    sim::{Moment, Weather},
};
use serde_json::Value;

use crate::{
    crash::{all, each, runtime},
    harness::{SimProcess, run},
    loopback::{Kept, Loopback},
};

const NIKKI: &str = "aws.assignment[NikkiWolf@contoso.onmicrosoft.com · management · RegionalAdmin]";
const ADMINS: &str = "aws.assignment[group:Cloud Admins · management · Ops]";

fn everything() -> Selection {
    Selection::default()
}

/// The tutorial, with a group that is made and may use a set of its own.
fn company(profile: &mut Profile) {
    profile.people.group.push(Group {
        name: "Cloud Admins".into(),
        create: true,
        members: vec![profile.people.user[1].upn.clone()],
    });
    let mut ops = profile.permission_set[1].clone();
    ops.name = "Ops".into();
    profile.permission_set.push(ops);
    profile.assignment.push(Assignment {
        principal: Principal::Group("Cloud Admins".into()),
        accounts: vec!["management".into()],
        permission_sets: vec!["Ops".into()],
    });
}

/// The company without Nikki's access.
fn without_access(profile: &mut Profile) {
    company(profile);
    profile.assignment.remove(0);
}

/// The company without the group, its set and its access.
fn without_the_group(profile: &mut Profile) {
    company(profile);
    profile.people.group.clear();
    profile.permission_set.pop();
    profile.assignment.pop();
}

/// Nikki's access moves to another set, which is new.
fn moved(profile: &mut Profile) {
    company(profile);
    let mut set = profile.permission_set[0].clone();
    set.name = "RegionalOperator".into();
    profile.permission_set[0] = set;
    profile.assignment[0].permission_sets = vec!["RegionalOperator".into()];
}

/// Processes that follow each other do not know of each other's looks at CloudTrail: a person takes a moment.
async fn a_moment_later(loopback: &Loopback) {
    let clock = loopback.sim.clock();
    let _busy = clock.busy();
    clock.sleep(Duration::from_secs(5)).await;
}

async fn agree(loopback: &Loopback) -> Outcome {
    a_moment_later(loopback).await;
    loopback.agreeing(Intent::Up, everything(), &[]).await.expect("a run")
}

/// What a plan would take away.
async fn goes(loopback: &Loopback) -> Vec<String> {
    a_moment_later(loopback).await;
    let plan = loopback.agreeing(Intent::Plan, everything(), &[]).await.expect("a run");
    named(&plan, |finding| {
        matches!(finding.what, What::WouldRemove | What::WouldRestore)
    })
}

fn named(outcome: &Outcome, which: impl Fn(&Finding) -> bool) -> Vec<String> {
    let found = outcome.findings.iter().filter(|(_, finding)| which(finding));
    found.map(|(node, _)| node.to_string()).collect()
}

/// The names of what stands on the AWS side, by kind.
fn count(loopback: &Loopback, kind: &str) -> usize {
    let instance = &loopback.sim.state_json()["aws"]["aws"]["instance"];
    match &instance[kind] {
        Value::Array(items) => items.len(),
        Value::Object(members) => members.len(),
        other => panic!("{kind}: {other}"),
    }
}

async fn nothing_more_to_do(loopback: &Loopback) {
    let writes = loopback.sim.writes();
    Loopback::must_end_well(&agree(loopback).await);
    assert_eq!(loopback.sim.writes(), writes, "a second apply wrote something");
    assert_eq!(goes(loopback).await, Vec::<String>::new());
}

async fn all_is_taken_back(loopback: &Loopback) {
    a_moment_later(loopback).await;
    Loopback::must_end_well(&loopback.run(Intent::Down).await);
    assert_eq!(loopback.changes(), Vec::<String>::new());
    assert_eq!(loopback.sim.verdict(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn access_that_the_profile_drops_goes_and_nothing_else() {
    let mut loopback = Loopback::start_with("fresh", company).await;
    Loopback::must_end_well(&loopback.run(Intent::Up).await);
    let assignments = count(&loopback, "assignments");
    loopback.wants(without_access);
    let writes = loopback.sim.writes();
    assert_eq!(goes(&loopback).await, [NIKKI]);
    a_moment_later(&loopback).await;
    let (lines, found) = loopback.check().await;
    a_moment_later(&loopback).await;
    let line = format!("{NIKKI} left over: made by fedwiz → not in the profile any more");
    assert_eq!((lines, found.exit_code()), (vec![line], 4));
    // Whoever did not agree to it loses nothing.
    Loopback::must_end_well(&loopback.run(Intent::Up).await);
    assert_eq!(loopback.sim.writes(), writes);
    Loopback::must_end_well(&agree(&loopback).await);
    assert_eq!(loopback.sim.writes(), writes + 1, "one call takes it away");
    assert_eq!(count(&loopback, "assignments"), assignments - 1);
    nothing_more_to_do(&loopback).await;
    assert_eq!(loopback.check().await.0, Vec::<String>::new());
    all_is_taken_back(&loopback).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_loses_its_access_and_its_set_and_stays_until_it_is_listed() {
    let mut loopback = Loopback::start_with("fresh", company).await;
    Loopback::must_end_well(&loopback.run(Intent::Up).await);
    let groups = loopback.sim.state_json()["entra"]["groups"].clone();
    loopback.wants(without_the_group);
    let mut goes = goes(&loopback).await;
    goes.sort();
    let app = "entra.assign[group:Cloud Admins]";
    assert_eq!(goes, [ADMINS, "aws.permission-set[Ops]", app]);
    Loopback::must_end_well(&agree(&loopback).await);
    assert_eq!(count(&loopback, "permission_sets"), 2);
    assert_eq!(loopback.sim.state_json()["entra"]["groups"], groups, "groups stay");
    a_moment_later(&loopback).await;
    let plan = loopback.agreeing(Intent::Plan, everything(), &[]).await.expect("a run");
    a_moment_later(&loopback).await;
    let group = "entra.group[Cloud Admins]";
    let on_demand = "scim.on-demand[group:Cloud Admins]";
    assert_eq!(
        named(&plan, |finding| finding.what == What::WouldStay),
        [group, on_demand]
    );
    // It is told, and no drift.
    assert_eq!(loopback.check().await.1.exit_code(), 0);
    nothing_more_to_do(&loopback).await;
    a_moment_later(&loopback).await;
    let listed = loopback.agreeing(Intent::Up, everything(), &[group]).await;
    Loopback::must_end_well(&listed.expect("a run"));
    assert_ne!(loopback.sim.state_json()["entra"]["groups"], groups);
    all_is_taken_back(&loopback).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_teardown_takes_back_what_the_profile_names_no_more() {
    let mut loopback = Loopback::start_with("fresh", company).await;
    Loopback::must_end_well(&loopback.run(Intent::Up).await);
    loopback.wants(without_the_group);
    Loopback::must_end_well(&loopback.run(Intent::Up).await);
    all_is_taken_back(&loopback).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn access_that_moves_is_made_before_it_goes() {
    let mut loopback = Loopback::start_with("fresh", company).await;
    Loopback::must_end_well(&loopback.run(Intent::Up).await);
    loopback.wants(moved);
    loopback.sim.record();
    Loopback::must_end_well(&agree(&loopback).await);
    let exchanges = loopback.sim.exchanges();
    let order: Vec<&str> = exchanges
        .iter()
        .filter_map(|one| one.target.as_deref()?.split('.').next_back())
        .filter(|action| {
            [
                "CreateAccountAssignment",
                "DeleteAccountAssignment",
                "DeletePermissionSet",
            ]
            .contains(action)
        })
        .collect();
    assert_eq!(
        order,
        [
            "CreateAccountAssignment",
            "DeleteAccountAssignment",
            "DeletePermissionSet"
        ]
    );
    nothing_more_to_do(&loopback).await;
    all_is_taken_back(&loopback).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_goes_while_what_takes_its_place_could_not_be_made() {
    let mut loopback = Loopback::start_with("fresh", company).await;
    Loopback::must_end_well(&loopback.run(Intent::Up).await);
    loopback.wants(moved);
    loopback.sim.set_weather(Weather {
        missing_rights: vec!["sso:CreatePermissionSet".into()],
        ..Weather::default()
    });
    let assignments = count(&loopback, "assignments");
    let outcome = agree(&loopback).await;
    assert_eq!(outcome.exit_code(), 1);
    let held: Vec<String> = outcome.blocked.iter().map(|(node, _)| node.to_string()).collect();
    assert!(held.contains(&NIKKI.to_owned()), "{held:?}");
    assert_eq!(count(&loopback, "assignments"), assignments);
    loopback.sim.set_weather(Weather::default());
    Loopback::must_end_well(&agree(&loopback).await);
    assert_eq!(count(&loopback, "assignments"), assignments);
    nothing_more_to_do(&loopback).await;
    all_is_taken_back(&loopback).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_in_other_letters_is_the_same_name() {
    let mut loopback = Loopback::start_with("fresh", company).await;
    Loopback::must_end_well(&loopback.run(Intent::Up).await);
    loopback.wants(|profile| {
        company(profile);
        let upn = profile.people.user[1].upn.to_lowercase();
        profile.people.user[1].upn.clone_from(&upn);
        profile.people.group[0].members = vec![upn.clone()];
        profile.provisioning.on_demand = vec![upn.clone()];
        profile.assignment[1].principal = Principal::User(upn);
    });
    let (writes, assignments) = (loopback.sim.writes(), count(&loopback, "assignments"));
    assert_eq!(goes(&loopback).await, Vec::<String>::new());
    Loopback::must_end_well(&agree(&loopback).await);
    assert_eq!(loopback.sim.writes(), writes);
    assert_eq!(count(&loopback, "assignments"), assignments);
    all_is_taken_back(&loopback).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_called_by_another_name_stays() {
    let mut loopback = Loopback::start_with("fresh", company).await;
    Loopback::must_end_well(&loopback.run(Intent::Up).await);
    loopback.sim.with(|world| {
        let mut users = world.entra.users.values_mut();
        let upn = |user: &Value| user.as_str().is_some_and(|upn| upn.starts_with("RichardRoe"));
        let richard = users.find(|user| upn(&user.props["userPrincipalName"]));
        let name = &mut richard.expect("Richard").props["userPrincipalName"];
        *name = Value::from(name.as_str().expect("a name").replace("RichardRoe", "RichardPoe"));
    });
    loopback.wants(|profile| {
        company(profile);
        let upn = profile.people.user[1].upn.replace("RichardRoe", "RichardPoe");
        profile.people.user[1].upn.clone_from(&upn);
        profile.people.group[0].members = vec![upn.clone()];
        profile.provisioning.on_demand = vec![upn.clone()];
        profile.assignment[1].principal = Principal::User(upn);
    });
    let part = Selection {
        only: vec!["entra.assign".into()],
        ..Selection::default()
    };
    let assigned = loopback.sim.state_json()["entra"]["assignments"].clone();
    let plan = loopback.agreeing(Intent::Plan, part.clone(), &[]).await.expect("a run");
    assert_eq!(
        named(&plan, |finding| finding.what == What::WouldRemove),
        Vec::<String>::new()
    );
    Loopback::must_end_well(&loopback.agreeing(Intent::Up, part, &[]).await.expect("a run"));
    assert_eq!(loopback.sim.state_json()["entra"]["assignments"], assigned);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_made_goes_only_when_it_is_listed() {
    let mut loopback = Loopback::start_with("fresh", company).await;
    Loopback::must_end_well(&loopback.run(Intent::Up).await);
    loopback.sim.with(crate::drift::assign_by_others);
    let (lines, _) = loopback.check_with_others().await;
    assert_eq!(lines.len(), 2, "{lines:?}");
    loopback.wants(without_access);
    let assignments = count(&loopback, "assignments");
    Loopback::must_end_well(&agree(&loopback).await);
    assert_eq!(count(&loopback, "assignments"), assignments - 1);
    assert_eq!(loopback.check_with_others().await.0, lines, "what others made stays");
    let name = |line: &String| line.split_once(" assignment: ").expect("a name").0.to_owned();
    for (gone, line) in lines.iter().enumerate() {
        let listed = name(line);
        let plan = loopback.agreeing(Intent::Plan, everything(), &[&listed]).await;
        let plan = plan.expect("a plan");
        assert_eq!(
            named(&plan, |finding| finding.what == What::WouldRemove),
            std::slice::from_ref(&listed)
        );
        // Once, and once more: it stays gone.
        for _ in 0..2 {
            let outcome = loopback.agreeing(Intent::Up, everything(), &[&listed]).await;
            Loopback::must_end_well(&outcome.expect("a run"));
            assert_eq!(count(&loopback, "assignments"), assignments - 2 - gone);
        }
    }
    assert_eq!(loopback.check_with_others().await.0, Vec::<String>::new());
    for (listed, kind) in [
        (ADMINS, "the profile names it"),
        ("entra.user[somebody@contoso.com]", "people never go"),
        ("aws.permission-set[Nobody]", "nobody knows it"),
    ] {
        let refused = loopback.agreeing(Intent::Up, everything(), &[listed]).await;
        assert_eq!(refused.expect_err(kind).kind, Kind::Usage, "{kind}");
    }
    let nobody = "aws.assignment[group:Nobody · management · Ops]";
    let outcome = loopback.agreeing(Intent::Up, everything(), &[nobody]).await;
    assert_eq!(outcome.expect("a run").failed[0].1.kind, Kind::NotFound);
    assert_eq!(loopback.sim.verdict(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_of_the_walk_takes_away_its_own_part() {
    let mut loopback = Loopback::start_with("fresh", company).await;
    Loopback::must_end_well(&loopback.run(Intent::Up).await);
    loopback.wants(|profile| {
        without_the_group(profile);
        profile.assignment.remove(0);
    });
    let part = |word: &str| Selection {
        only: vec![word.into()],
        ..Selection::default()
    };
    let (sets, assignments) = (count(&loopback, "permission_sets"), count(&loopback, "assignments"));
    let one = loopback.agreeing(Intent::Up, part(NIKKI), &[]).await.expect("a run");
    Loopback::must_end_well(&one);
    assert_eq!(count(&loopback, "assignments"), assignments - 1);
    assert_eq!(goes(&loopback).await.len(), 3);
    // What rests on a set goes with it.
    let set = loopback
        .agreeing(Intent::Up, part("aws.permission-set[Ops]"), &[])
        .await;
    Loopback::must_end_well(&set.expect("a run"));
    assert_eq!(
        (count(&loopback, "permission_sets"), count(&loopback, "assignments")),
        (sets - 1, assignments - 2)
    );
    assert_eq!(goes(&loopback).await, ["entra.assign[group:Cloud Admins]"]);
    Loopback::must_end_well(&agree(&loopback).await);
    nothing_more_to_do(&loopback).await;
    all_is_taken_back(&loopback).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_goes_in_one_target_is_not_held_up_by_another() {
    let mut loopback = Loopback::start("two-partitions").await;
    Loopback::must_end_well(&loopback.run(Intent::Up).await);
    loopback.wants(|profile| {
        profile.assignment.remove(0);
        let mut set = profile.permission_set[0].clone();
        set.name = "New".into();
        profile.permission_set.push(set);
    });
    loopback.sim.set_weather(Weather {
        missing_rights: vec!["sso:CreatePermissionSet@govcloud".into()],
        ..Weather::default()
    });
    let before = loopback.sim.state_json();
    let all = |state: &Value, target: &str| state["aws"][target]["instance"]["assignments"].clone();
    assert_eq!(agree(&loopback).await.exit_code(), 1);
    let after = loopback.sim.state_json();
    assert_ne!(all(&after, "commercial"), all(&before, "commercial"));
    assert_eq!(
        all(&after, "govcloud"),
        all(&before, "govcloud"),
        "it waits for what is to be made"
    );
    loopback.sim.set_weather(Weather::default());
    let commercial = Selection {
        targets: vec!["commercial".into()],
        ..Selection::default()
    };
    let plan = loopback.agreeing(Intent::Plan, commercial, &[]).await.expect("a run");
    assert_eq!(
        named(&plan, |finding| finding.what == What::WouldRemove),
        Vec::<String>::new()
    );
    assert_eq!(goes(&loopback).await.len(), 1);
    Loopback::must_end_well(&agree(&loopback).await);
    nothing_more_to_do(&loopback).await;
    all_is_taken_back(&loopback).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_begun_and_is_named_no_more_is_taken_back_all_the_same() {
    let mut ends = Vec::new();
    for n in 1.. {
        let mut loopback = Loopback::start("fresh").await;
        if !loopback.run_and_die(Intent::Up, n * 12, Moment::AfterCommit).await {
            break;
        }
        loopback.wants(|profile| {
            profile.assignment.remove(0);
            profile.permission_set.remove(0);
        });
        Loopback::must_end_well(&agree(&loopback).await);
        ends.push((count(&loopback, "permission_sets"), count(&loopback, "assignments")));
        all_is_taken_back(&loopback).await;
    }
    assert!(ends.len() > 5 && ends.iter().all(|end| *end == (1, 1)), "{ends:?}");
}

// --- crashes -------------------------------------------------------------------

/// A company of which much is to go, kept at the moment before it does.
struct Dropping {
    loopback: Loopback,
    kept: Kept,
}

impl Dropping {
    async fn new() -> Self {
        let mut loopback = Loopback::start_with("fresh", company).await;
        Loopback::must_end_well(&loopback.run(Intent::Up).await);
        let kept = loopback.keep().await;
        loopback.wants(|profile| {
            without_the_group(profile);
            profile.assignment.remove(0);
        });
        Self { loopback, kept }
    }

    async fn die(&mut self, n: u64, moment: Moment, clean: &Clean) -> Result<(), String> {
        self.loopback.put_back(&self.kept).await;
        let loopback = &self.loopback;
        if !loopback.agree_and_die(n, moment).await {
            return Err("the walk ended before that request".into());
        }
        let outcome = agree(loopback).await;
        if outcome.exit_code() != 0 {
            return Err(format!("going on: {:?} {:?}", outcome.failed, outcome.needs_person));
        }
        let census = (count(loopback, "permission_sets"), count(loopback, "assignments"));
        if census != clean.census {
            return Err(format!("other objects: {census:?}"));
        }
        let left = goes(loopback).await;
        match (left.as_slice(), loopback.sim.verdict().as_slice()) {
            ([], []) => Ok(()),
            (left, verdict) => Err(format!("left: {left:?}, ledger: {verdict:?}")),
        }
    }
}

/// What one clean walk looks like.
struct Clean {
    /// How many requests there are before anything may go.
    looks: u64,
    requests: u64,
    census: (usize, usize),
}

#[test]
fn a_crash_at_any_request_while_something_goes_ends_the_same() {
    let clean = runtime().block_on(async {
        let mut dropping = Dropping::new().await;
        dropping.loopback.put_back(&dropping.kept).await;
        let before = dropping.loopback.sim.requests();
        Loopback::must_end_well(&dropping.loopback.run(Intent::Up).await);
        let looks = dropping.loopback.sim.requests() - before;
        dropping.loopback.put_back(&dropping.kept).await;
        let loopback = &dropping.loopback;
        let before = loopback.sim.requests();
        let clean = loopback.agreeing(Intent::Up, everything(), &[]).await;
        Loopback::must_end_well(&clean.expect("a run"));
        Clean {
            looks,
            requests: loopback.sim.requests() - before,
            census: (count(loopback, "permission_sets"), count(loopback, "assignments")),
        }
    });
    eprintln!("{} requests after {} looks", clean.requests, clean.looks);
    assert!(clean.requests > clean.looks + 5, "little goes");
    let mut crashes = each(clean.requests);
    crashes.retain(|(n, _)| *n + 2 > clean.looks);
    all(crashes, Dropping::new, async |dropping: &mut Dropping, (n, moment)| {
        dropping.die(n, moment, &clean).await
    });
}

// --- the command line -------------------------------------------------------------

#[test]
fn apply_asks_before_anything_goes_and_nobody_to_ask_is_an_end_of_its_own() {
    let sim = SimProcess::start("fresh");
    let up = ["--operator", "simulated", "--token-store", "env"];
    run(sim.command("apply").args(up).args(["--only", "aws.permission-set"])).expect_code(0);
    let file = sim.dir().join("profile.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let without = |text: &str| {
        let parts: Vec<&str> = text.split("\n[[").collect();
        let kept = parts.into_iter().filter(|part| !part.contains("AdministratorAccess"));
        kept.collect::<Vec<_>>().join("\n[[")
    };
    std::fs::write(&file, without(&text)).unwrap();
    let part = ["--only", "aws.permission-set", "--token-store", "env"];
    let plan = run(sim.command("plan").args(part)).expect_code(0);
    assert!(
        plan.stdout.contains("the profile names it no more, and fedwiz made it"),
        "{}",
        plan.stdout
    );
    assert!(plan.stdout.contains("− 1"), "{}", plan.stdout);
    let json = run(sim.command("plan").args(part).arg("--json")).expect_code(0);
    let planned = json
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let goes: Vec<Value> = planned.filter(|event| event["what"] == "would-remove").collect();
    assert_eq!(goes.len(), 1, "{}", json.stdout);
    assert_eq!(goes[0]["item"], "AdministratorAccess");

    let writes = sim.writes();
    let asked = run(sim.command("apply").args(part)).expect_code(3);
    assert!(
        asked.stderr.contains("--yes") && asked.stderr.contains("--keep"),
        "{}",
        asked.stderr
    );
    run(sim.command("apply").args(part).arg("--keep")).expect_code(0);
    assert_eq!(sim.writes(), writes, "something went without consent");
    let check = run(sim.command("check").args(part)).expect_code(4);
    assert!(check.stdout.contains("left over: made by fedwiz"), "{}", check.stdout);
    let told = run(sim.command("apply").args(part).arg("--yes")).expect_code(0);
    assert!(told.stdout.contains("removed"), "{}", told.stdout);
    assert_eq!(sim.writes(), writes + 1);
    run(sim.command("apply").args(part)).expect_code(0);
    run(sim.command("check").args(part)).expect_code(0);
}
