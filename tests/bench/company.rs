//! A company: a thousand people, and two thousand assignments in a hundred accounts. A naive client does the same beside it.

use fedwiz::{
    engine::{fact::Intent, graph::NodeId},
    profile::{Group, Principal, Profile},
    sim::aws::organization::Assignment,
};

use crate::{
    Wish, clouds,
    clouds::{an_hour_later, clouds, on_clouds, run},
    engine::rows_of,
    fleet::{ACCOUNTS, GROUPS, give},
    loopback::Loopback,
    naive::{Naive, Took},
    table::{Table, Unit},
};

/// How long the simulated AWS takes to make a role in an account.
const ROLE_TAKES_S: f64 = 3.0;
/// How many assignments AWS takes on at a time, how many for one account and permission set, and how many calls a second.
const IN_FLIGHT: usize = 15;
const IN_FLIGHT_PER_ROLE: usize = 1;
const CALLS_A_SECOND: f64 = 20.0;
/// The naive client does one part in so many, and what it takes is multiplied.
const PART: usize = 10;

/// What AWS's limits allow for so many assignments, so many of them for each account and permission set: the longest of what
/// fits in flight, what one account role takes one after the other, and one call for each.
fn allowed(number: usize, of_a_role: usize) -> f64 {
    let in_flight = (number as f64 / IN_FLIGHT as f64).ceil() * ROLE_TAKES_S;
    let one_role = (of_a_role as f64 / IN_FLIGHT_PER_ROLE as f64).ceil() * ROLE_TAKES_S;
    let calls = number as f64 / CALLS_A_SECOND;
    in_flight.max(one_role).max(calls)
}

/// People of the tenant, assigned to the application one by one.
fn thousand(profile: &mut Profile) {
    people(profile, 1_000);
}

fn fifty(profile: &mut Profile) {
    people(profile, 50);
}

fn people(profile: &mut Profile, number: usize) {
    let template = profile.people.user[1].clone();
    profile.people.user.extend(upns(profile, number).into_iter().map(|upn| {
        let mut user = template.clone();
        user.upn = upn;
        user.create = false;
        user
    }));
}

fn upns(profile: &Profile, number: usize) -> Vec<String> {
    let domain = profile.people.user[1].upn.split('@').next_back().unwrap_or_default();
    (1..=number).map(|number| format!("user{number:04}@{domain}")).collect()
}

/// A thousand people who get the application, and lose it.
pub fn people_assigned(wish: &Wish, table: &mut Table) {
    let (number, change): (_, fn(&mut Profile)) = if wish.quick { (50, fifty) } else { (1_000, thousand) };
    on_clouds(async {
        let clouds = clouds("large", change).await;
        // An application or person that was just made cannot be referred to yet: that would be asked twice.
        run(&clouds, Intent::Up, &["entra.app", "entra.user"]).await;
        an_hour_later(&clouds).await;
        let mut counts = Vec::new();
        for intent in [Intent::Up, Intent::Down] {
            clouds.sim.record();
            run(&clouds, intent, &["entra.assign"]).await;
            counts.push(about_assignments(&clouds));
        }
        let profile = clouds.setup(clouds.secrets()).unwrap().profile;
        let some = upns(&profile, number / PART);
        let beside = Naive::on(&clouds.sim)
            .people(&profile.entra.application.name, &some)
            .await;
        for ((way, requests), naive) in ["assigned", "taken back"].into_iter().zip(counts).zip(beside) {
            let naive = naive.times(PART);
            table.count(
                format!("people: {number} {way}, HTTP requests"),
                Unit::Calls,
                requests as f64,
                60.0,
                format!(
                    "one by one {}, {:.0} ×",
                    naive.requests,
                    naive.requests as f64 / requests as f64
                ),
            );
        }
    });
}

/// How many requests were about who is assigned to the application; what was asked together is one.
fn about_assignments(clouds: &Loopback) -> usize {
    let about = |text: &str| text.contains("/appRoleAssignedTo");
    let requests = clouds.sim.exchanges();
    let requests = requests.iter().filter(|one| !one.inside);
    let of_kind = requests.filter(|one| {
        about(&one.path) || (one.path.ends_with("/$batch") && about(&String::from_utf8_lossy(&one.body)))
    });
    of_kind.count()
}

/// Ten groups of the tenant, each with two permission sets of its own in each account: a hundred accounts and twenty sets.
fn apart(profile: &mut Profile) {
    groups(profile, 2);
}

fn apart_and_few(profile: &mut Profile) {
    groups(profile, 1);
}

fn groups(profile: &mut Profile, sets: usize) {
    for number in 1..=GROUPS {
        let name = format!("Team {number:02}");
        profile.people.group.push(Group {
            name: name.clone(),
            create: false,
            members: Vec::new(),
        });
        give(profile, &[Principal::Group(name)], &format!("Team{number:02}"), sets);
    }
}

/// Ten people made by hand who share two permission sets: in each account ten assignments wait for the same role.
fn crowded(profile: &mut Profile) {
    let template = profile.people.user[0].clone();
    let domain = template.upn.split('@').next_back().unwrap_or_default().to_owned();
    let mut principals = Vec::new();
    for number in 1..=GROUPS {
        let mut user = template.clone();
        user.upn = format!("Fleet{number:02}@{domain}");
        user.display_name = Some(format!("Fleet {number:02}"));
        principals.push(Principal::User(user.upn.clone()));
        profile.people.user.push(user);
    }
    give(profile, &principals, "Fleet", 2);
}

fn is_of_many(id: &NodeId) -> bool {
    id.step == "aws.assignment" && (id.item.starts_with("group:Team") || id.item.starts_with("Fleet"))
}

/// Access for many, as fast as AWS lets anybody.
pub fn assignments(wish: &Wish, table: &mut Table) {
    let (sets, change): (_, fn(&mut Profile)) = if wish.quick { (1, apart_and_few) } else { (2, apart) };
    let number = sets * GROUPS * ACCOUNTS;
    on_clouds(async {
        let clouds = clouds("large", change).await;
        let up = run(&clouds, Intent::Up, &[]).await;
        let (took, broken) = (up.span_of(is_of_many), clouds.sim.verdict());
        drop(up);
        an_hour_later(&clouds).await;
        let back = run(&clouds, Intent::Up, &["aws.assignment"]).await;
        let read = back.requests_of("aws.assignment");
        let asked = clouds::again(&clouds).await;
        let [making, reading] = beside(&clouds, number).await;
        speed(
            table,
            &format!("{number} in {ACCOUNTS} accounts with {} sets", sets * GROUPS),
            took,
            allowed(number, 1),
            making,
        );
        table.count("assignments: limits broken", Unit::Calls, broken.len() as f64, 0.0, "");
        table.count(
            format!("assignments: requests that read {number} back"),
            Unit::Calls,
            read as f64,
            40.0 * number as f64 / 2_000.0,
            format!(
                "one for each account and set {}, {:.0} ×",
                reading.requests,
                reading.requests as f64 / read as f64
            ),
        );
        rows_of(table, "assignments: ", &asked);
        if wish.quick {
            return;
        }
        let clouds = self::clouds("large", crowded).await;
        let up = run(&clouds, Intent::Up, &["aws.assignment"]).await;
        let took = up.span_of(is_of_many);
        speed(
            table,
            "2000, ten for each account and set",
            took,
            allowed(2_000, GROUPS),
            making,
        );
        let broken = clouds.sim.verdict().len();
        table.count("assignments: limits broken there", Unit::Calls, broken as f64, 0.0, "");
    });
}

fn speed(table: &mut Table, what: &str, took: f64, allowed: f64, naive: Took) {
    table.row(
        format!("assignments: {what}, wall ÷ what the limits allow"),
        Unit::Times,
        took / allowed,
        1.10,
        format!(
            "{took:.0} s of {allowed:.0} s; one after the other {:.0} s, {:.1} ×",
            naive.seconds,
            naive.seconds / took
        ),
    );
}

/// What a naive client takes to make a part of these assignments, and to read a part of them back, times as much.
async fn beside(clouds: &Loopback, number: usize) -> [Took; 2] {
    let many: Vec<Assignment> = clouds.sim.with(|world| {
        let instance = world.aws[0].instance.as_ref().unwrap();
        let of_groups = instance.assignments.iter().filter(|one| one.principal_type == "GROUP");
        of_groups.cloned().collect()
    });
    assert!(many.len() >= number, "{} of {number}", many.len());
    let each = |field: fn(&Assignment) -> &String| {
        let mut all: Vec<String> = many.iter().map(field).cloned().collect();
        all.sort();
        all.dedup();
        all
    };
    let (accounts, sets) = (each(|one| &one.account), each(|one| &one.permission_set));
    let mut naive = Naive::on(&clouds.sim);
    let (reading, found) = naive.read_back(&accounts[..accounts.len() / PART], &sets).await;
    assert_eq!(found, many.len() / PART);
    let part = &many[..number / PART];
    naive.take_away(part).await;
    let making = naive.assign(part).await;
    assert_eq!(clouds.sim.verdict(), Vec::<String>::new());
    [making.times(PART), reading.times(PART)]
}
