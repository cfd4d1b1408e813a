//! Assignments are read back in whichever of AWS's two lists costs fewer calls.

use fedwiz::{
    engine::{fact::Intent, select::Selection, signal::What},
    fault::Kind,
    profile::{Assignment, PermissionSet, Principal, Profile},
    sim::{Weather, aws::organization},
};

use crate::loopback::{Loopback, only, walk};

const WORLD: &str = r#"
title = "test"
about = "Many people who are in Identity Center already, and accounts."
[[aws]]
accounts = [{ name = "Management", management = true }]
generate = { accounts = 30, users = 2000, permission_sets = 2 }
"#;

/// The set that is given to people.
const SET: &str = "Shared";

/// So many people have the set in these accounts, and nobody has anything else.
fn give(profile: &mut Profile, people: usize, accounts: &[String]) {
    profile.permission_set.push(PermissionSet::named(SET.into()));
    let one = |number| Assignment {
        principal: Principal::User(format!("user{number:04}@contoso.onmicrosoft.com")),
        accounts: accounts.to_vec(),
        permission_sets: vec![SET.into()],
    };
    profile.assignment = (1..=people).map(one).collect();
}

/// Two thousand people with one set in one account.
fn crowd(profile: &mut Profile) {
    give(profile, 2_000, &["management".into()]);
}

/// The same with a hundred and twenty: two pages.
fn team(profile: &mut Profile) {
    give(profile, 120, &["management".into()]);
}

/// One of them leaves.
fn smaller_team(profile: &mut Profile) {
    team(profile);
    profile.assignment.remove(6);
}

/// Three people with one set in each of thirty accounts.
fn few(profile: &mut Profile) {
    let accounts: Vec<String> = (1..=30).map(|number| format!("Account {number:03}")).collect();
    give(profile, 3, &accounts);
}

/// How many calls there were to each of the lists, and how many of all those AWS refused.
#[derive(Debug, PartialEq, Eq)]
struct Lists {
    by_principal: usize,
    by_pair: usize,
    refused: usize,
}

impl Lists {
    fn by_principal(by_principal: usize) -> Self {
        Self {
            by_principal,
            by_pair: 0,
            refused: 0,
        }
    }

    fn by_pair(by_pair: usize) -> Self {
        Self {
            by_principal: 0,
            by_pair,
            refused: 0,
        }
    }
}

fn mixed(by_principal: usize, by_pair: usize) -> Lists {
    Lists {
        by_principal,
        by_pair,
        refused: 0,
    }
}

/// What the ledger says of the lists since this request.
fn lists_since(loopback: &Loopback, before: u64) -> Lists {
    loopback.sim.with(|world| {
        let asked = |operation: &str| {
            let since = world.ledger.entries().iter().filter(|entry| entry.seq > before);
            let calls = since.filter(|entry| entry.target.ends_with(operation));
            let answers: Vec<bool> = calls.map(|entry| entry.status == Some(200)).collect();
            (answers.len(), answers.iter().filter(|answered| !**answered).count())
        };
        let (by_principal, refused) = asked(".ListAccountAssignmentsForPrincipal");
        let (by_pair, refused_too) = asked(".ListAccountAssignments");
        Lists {
            by_principal,
            by_pair,
            refused: refused + refused_too,
        }
    })
}

/// One run over the assignments, which must end well, and its calls.
async fn lists_of(loopback: &Loopback, intent: Intent) -> Lists {
    let before = loopback.sim.requests();
    let outcome = loopback.run_on(intent, only("aws.assignment")).await;
    Loopback::must_end_well(&outcome);
    if intent == Intent::Check {
        let differ = outcome.findings.iter().filter(|(_, found)| found.what != What::Stands);
        assert_eq!(differ.count(), 0);
    }
    lists_since(loopback, before)
}

/// What a check of the assignments tells of others, and its calls.
async fn others(loopback: &Loopback) -> (Vec<String>, Lists) {
    let before = loopback.sim.requests();
    let session = loopback.look().await.expect("a session");
    let driver = session.watcher(only("aws.assignment"));
    let outcome = driver.run(Intent::Check).await.expect("a look");
    let outcome = session.with_others(outcome, &Selection::default()).await;
    assert!(outcome.failed.is_empty(), "{:?}", outcome.failed);
    let differ = outcome.findings.iter().filter(|(_, found)| found.what != What::Stands);
    let items = differ.map(|(node, _)| node.item.to_string()).collect();
    (items, lists_since(loopback, before))
}

fn lacking(rights: &[&str]) -> Weather {
    Weather {
        missing_rights: rights.iter().map(|&right| right.to_owned()).collect(),
        ..Weather::default()
    }
}

fn assigned(loopback: &Loopback) -> usize {
    loopback.sim.with(|world| {
        let instance = world.aws[0].instance.as_ref().expect("an instance");
        instance.assignments.len()
    })
}

/// Everybody in the directory has the set in the management account, as if somebody had assigned it long ago.
fn assign_all(loopback: &Loopback) {
    loopback.sim.with(|world| {
        let management = world.aws[0].management.clone();
        let instance = world.aws[0].instance.as_mut().expect("an instance");
        let sets = instance.permission_sets.iter();
        let set = sets
            .filter(|(_, set)| set.name == SET)
            .map(|(arn, _)| arn.clone())
            .next();
        let set = set.expect("the set");
        instance.provisioned.insert((set.clone(), management.clone()), 1);
        let of = |user: &String| organization::Assignment {
            account: management.clone(),
            permission_set: set.clone(),
            principal_type: "USER".into(),
            principal: user.clone(),
        };
        instance.assignments.extend(instance.directory.users.keys().map(of));
    });
}

#[test]
fn two_thousand_people_with_the_same_access_are_read_back_in_twenty_calls() {
    walk(async {
        let loopback = Loopback::start_in(WORLD, crowd).await;
        Loopback::must_end_well(&loopback.run_on(Intent::Up, only("aws.permission-set")).await);
        assign_all(&loopback);
        let writes = loopback.sim.writes();
        // It takes more than two minutes to look up so many people, and what was read is told for one.
        let lists = lists_of(&loopback, Intent::Up).await;
        assert!(lists.by_principal == 0 && lists.by_pair <= 60, "{lists:?}");
        assert_eq!(lists_of(&loopback, Intent::Check).await, Lists::by_pair(20));
        assert_eq!(lists_of(&loopback, Intent::Plan).await, Lists::by_pair(20));
        assert_eq!(loopback.sim.writes(), writes);
        assert_eq!(loopback.sim.verdict(), Vec::<String>::new());
    });
}

#[test]
fn few_people_with_access_to_many_accounts_are_read_back_by_person() {
    walk(async {
        let loopback = Loopback::start_in(WORLD, few).await;
        assert_eq!(lists_of(&loopback, Intent::Up).await.by_pair, 0);
        assert_eq!(assigned(&loopback), 90);
        assert_eq!(lists_of(&loopback, Intent::Up).await, Lists::by_principal(3));
        assert_eq!(lists_of(&loopback, Intent::Check).await, Lists::by_principal(3));
        assert_eq!(lists_of(&loopback, Intent::Down).await.by_pair, 0);
        assert_eq!(assigned(&loopback), 0);
        assert_eq!(loopback.sim.verdict(), Vec::<String>::new());
    });
}

#[test]
fn people_with_the_same_access_are_made_seen_to_drift_and_taken_back_by_account_and_set() {
    walk(async {
        let mut loopback = Loopback::start_in(WORLD, team).await;
        assert_eq!(lists_of(&loopback, Intent::Up).await.by_principal, 0);
        assert_eq!(assigned(&loopback), 120);
        assert_eq!(lists_of(&loopback, Intent::Up).await, Lists::by_pair(2));

        // Somebody takes one away by hand.
        loopback.sim.with(|world| {
            let instance = world.aws[0].instance.as_mut().expect("an instance");
            instance.assignments.pop_first().expect("there are some");
        });
        let before = loopback.sim.requests();
        let outcome = loopback.run_on(Intent::Check, only("aws.assignment")).await;
        let missing = outcome.findings.iter().filter(|(_, found)| found.what == What::Missing);
        assert_eq!(missing.count(), 1, "{:?}", outcome.findings);
        assert_eq!(lists_since(&loopback, before).by_principal, 0);
        Loopback::must_end_well(&loopback.run_on(Intent::Up, only("aws.assignment")).await);
        assert_eq!(assigned(&loopback), 120);

        // The profile names one no more: it is found, too, and taken away.
        loopback.wants(smaller_team);
        let outcome = loopback.agreeing(Intent::Up, only("aws.assignment"), &[]).await;
        Loopback::must_end_well(&outcome.expect("a run"));
        assert_eq!(assigned(&loopback), 119);

        let down = lists_of(&loopback, Intent::Down).await;
        assert!(down.by_principal == 0 && down.by_pair < 30, "{down:?} for 119");
        assert_eq!(assigned(&loopback), 0);
        assert_eq!(loopback.sim.verdict(), Vec::<String>::new());
    });
}

/// Somebody gives a set that is not ours to two people, one of ours and one who is none of ours.
fn assign_by_others(loopback: &Loopback) {
    loopback.sim.with(|world| {
        let accounts = &world.aws[0].accounts;
        let account = accounts.values().find(|account| account.name == "Account 007");
        let account = account.expect("an account").id.clone();
        let instance = world.aws[0].instance.as_mut().expect("an instance");
        let set = instance.permission_sets.iter().find(|(_, set)| set.name == "Set01");
        let set = set.expect("a set").0.clone();
        instance.provisioned.insert((set.clone(), account.clone()), 1);
        for name in ["user0001", "user1999"] {
            let user = instance
                .directory
                .user_named(&format!("{name}@contoso.onmicrosoft.com"));
            instance.assignments.insert(organization::Assignment {
                account: account.clone(),
                permission_set: set.clone(),
                principal_type: "USER".into(),
                principal: user.expect("a user").0.clone(),
            });
        }
    });
}

#[test]
fn what_others_gave_our_people_is_found_with_few_calls_in_either_way() {
    walk(async {
        for (change, nothing, something) in [
            // Our one set is read for the check already; then those of others.
            (team as fn(&mut Profile), Lists::by_pair(2), Lists::by_pair(3)),
            // The three people are read for the check already; our set is looked at in each account.
            (few, mixed(3, 30), mixed(3, 30)),
        ] {
            let loopback = Loopback::start_in(WORLD, change).await;
            Loopback::must_end_well(&loopback.run_on(Intent::Up, only("aws.assignment")).await);
            assert_eq!(others(&loopback).await, (Vec::new(), nothing));
            assign_by_others(&loopback);
            let (found, lists) = others(&loopback).await;
            assert!(
                matches!(&found[..], [one] if one.starts_with("user0001") && one.ends_with("Set01")),
                "{found:?}"
            );
            assert_eq!(lists, something);
            assert_eq!(loopback.sim.verdict(), Vec::<String>::new());
        }
    });
}

#[test]
fn where_one_list_is_refused_once_the_other_one_is_read() {
    walk(async {
        for (change, right, wanted) in [
            (
                few as fn(&mut Profile),
                "sso:ListAccountAssignmentsForPrincipal",
                Lists {
                    by_principal: 1,
                    by_pair: 30,
                    refused: 1,
                },
            ),
            (
                team,
                "sso:ListAccountAssignments",
                Lists {
                    by_principal: 120,
                    by_pair: 1,
                    refused: 1,
                },
            ),
        ] {
            let loopback = Loopback::start_in(WORLD, change).await;
            Loopback::must_end_well(&loopback.run_on(Intent::Up, only("aws.assignment")).await);
            loopback.sim.set_weather(lacking(&[right]));
            assert_eq!(lists_of(&loopback, Intent::Check).await, wanted, "{right}");
            assert_eq!(loopback.sim.verdict(), Vec::<String>::new());
        }
    });
}

#[test]
fn where_both_lists_are_refused_it_is_told_and_both_are_asked_again_once_they_are_allowed() {
    walk(async {
        let loopback = Loopback::start_in(WORLD, few).await;
        Loopback::must_end_well(&loopback.run_on(Intent::Up, only("aws.assignment")).await);
        loopback.sim.set_weather(lacking(&[
            "sso:ListAccountAssignments",
            "sso:ListAccountAssignmentsForPrincipal",
        ]));
        // One process from here on.
        let session = loopback.look().await.expect("a session");
        let look = async || {
            let driver = session.watcher(only("aws.assignment"));
            driver.run(Intent::Check).await.expect("a look")
        };
        let outcome = look().await;
        let of_assignments = outcome.failed.iter().filter(|(node, _)| node.step == "aws.assignment");
        let faults: Vec<_> = of_assignments.map(|(_, fault)| fault.kind).collect();
        assert!(
            !faults.is_empty() && faults.iter().all(|kind| *kind == Kind::Rights),
            "{faults:?}"
        );
        loopback.sim.set_weather(Weather::default());
        let outcome = look().await;
        Loopback::must_end_well(&outcome);
        let stand = outcome
            .findings
            .iter()
            .filter(|(node, _)| node.step == "aws.assignment");
        assert!(stand.count() == 90);
    });
}
