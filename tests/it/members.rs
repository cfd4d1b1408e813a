//! Members of groups are things of their own: who was added goes again, who was there before stays, and many travel together.

use std::time::Duration;

use fedwiz::{
    engine::{
        fact::Intent,
        outcome::Outcome,
        select::Selection,
        signal::{Finding, What},
        step::How,
    },
    fault::Kind,
    profile::{Group, Profile},
    sim::{Moment, Sim},
};

use crate::{
    crash::{all, each, runtime},
    loopback::{Kept, Loopback},
};

const NIKKI: &str = "NikkiWolf@contoso.onmicrosoft.com";
const RICHARD: &str = "RichardRoe@contoso.onmicrosoft.com";
const JANE: &str = "jane@contoso.onmicrosoft.com";
const TOM: &str = "tom@contoso.onmicrosoft.com";

const PEOPLE: &str = r#"
title = "Operators"
about = "A group of which Jane and Tom are members."

[[entra.user]]
upn = "jane@contoso.onmicrosoft.com"
given_name = "Jane"
family_name = "Doe"
display_name = "Jane Doe"

[[entra.user]]
upn = "tom@contoso.onmicrosoft.com"
given_name = "Tom"
family_name = "Doe"
display_name = "Tom Doe"

[[entra.group]]
name = "Operators"
members = ["jane@contoso.onmicrosoft.com", "tom@contoso.onmicrosoft.com"]
"#;

/// The profile's group has these members. Nikki and Richard are made.
fn operators(profile: &mut Profile, members: &[&str]) {
    let mut jane = profile.people.user[1].clone();
    jane.upn = JANE.into();
    jane.create = false;
    profile.people.user.push(jane);
    profile.people.group.push(Group {
        name: "Operators".into(),
        create: true,
        members: members.iter().map(|&upn| upn.to_owned()).collect(),
    });
}

fn three(profile: &mut Profile) {
    operators(profile, &[NIKKI, RICHARD, JANE]);
}

fn only_richard(profile: &mut Profile) {
    operators(profile, &[RICHARD]);
}

fn no_group(profile: &mut Profile) {
    operators(profile, &[]);
    profile.people.group.clear();
}

/// The part of the walk that is about groups and their members.
fn part() -> Selection {
    Selection {
        only: vec!["entra.group".into(), "entra.member".into()],
        ..Selection::default()
    }
}

fn member(upn: &str) -> String {
    format!("entra.member[Operators · {upn}]")
}

/// The members of the group of this name, in order.
fn members(sim: &Sim, group: &str) -> Vec<String> {
    sim.with(|world| {
        let tenant = &world.entra;
        let named = |value: &serde_json::Value| value["displayName"] == group;
        let groups = tenant.groups.iter().filter(|(_, entity)| named(&entity.value()));
        let upn = |id: &String| {
            tenant.users[id].props["userPrincipalName"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        let mut found: Vec<String> = groups.flat_map(|(id, _)| tenant.members_of(id)).map(upn).collect();
        found.sort();
        found
    })
}

/// Somebody puts this user into the group by hand.
fn put_in_by_hand(sim: &Sim, upn: &str) {
    sim.with(|world| {
        let tenant = &mut world.entra;
        let (group, _) = tenant.groups.iter().next().expect("a group");
        let mut users = tenant.users.iter();
        let (user, _) = users
            .find(|(_, user)| user.props["userPrincipalName"] == upn)
            .expect("a user");
        let (group, user) = (group.clone(), user.clone());
        tenant.members.entry(group).or_default().push(user);
    });
}

async fn agree(loopback: &Loopback, listed: &[&str]) -> Outcome {
    loopback.agreeing(Intent::Up, part(), listed).await.expect("a run")
}

async fn plan(loopback: &Loopback, listed: &[&str], which: What) -> Vec<String> {
    let plan = loopback.agreeing(Intent::Plan, part(), listed).await.expect("a run");
    let found = plan
        .findings
        .iter()
        .filter(|(_, finding): &&(_, Finding)| finding.what == which);
    found.map(|(node, _)| node.to_string()).collect()
}

async fn set_up(world: Option<&str>, change: fn(&mut Profile)) -> Loopback {
    let loopback = match world {
        Some(world) => Loopback::start_in(world, change).await,
        None => Loopback::start_with("fresh", change).await,
    };
    Loopback::must_end_well(&loopback.run_on(Intent::Up, part()).await);
    loopback
}

fn richard_and_nikki(profile: &mut Profile) {
    profile.people.group.push(Group {
        name: "Operators".into(),
        create: true,
        members: vec![RICHARD.into(), NIKKI.into()],
    });
}

fn richard_alone(profile: &mut Profile) {
    richard_and_nikki(profile);
    profile.people.group[0].members.pop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_whom_the_profile_drops_goes_out_of_the_group() {
    let mut loopback = Loopback::start_with("fresh", richard_and_nikki).await;
    Loopback::must_end_well(&loopback.run(Intent::Up).await);
    assert_eq!(members(&loopback.sim, "Operators"), [NIKKI, RICHARD]);
    loopback.wants(richard_alone);
    let writes = loopback.sim.writes();
    assert_eq!(plan(&loopback, &[], What::WouldRemove).await, [member(NIKKI)]);
    let (lines, found) = loopback.check().await;
    let line = format!(
        "{} left over: made by fedwiz → not in the profile any more",
        member(NIKKI)
    );
    assert_eq!((lines, found.exit_code()), (vec![line], 4));
    // Whoever did not agree to it takes nobody out.
    Loopback::must_end_well(&loopback.run(Intent::Up).await);
    assert_eq!(loopback.sim.writes(), writes);
    let agreed = loopback.agreeing(Intent::Up, Selection::default(), &[]).await;
    Loopback::must_end_well(&agreed.expect("a run"));
    assert_eq!(loopback.sim.writes(), writes + 1, "one call takes her out");
    assert_eq!(members(&loopback.sim, "Operators"), [RICHARD]);
    assert_eq!(plan(&loopback, &[], What::WouldRemove).await, Vec::<String>::new());
    assert_eq!(loopback.check().await.0, Vec::<String>::new());
    Loopback::must_end_well(&loopback.run(Intent::Down).await);
    assert_eq!(loopback.changes(), Vec::<String>::new());
    assert_eq!(loopback.sim.verdict(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_who_was_there_before_stays_until_listed() {
    let mut loopback = set_up(Some(PEOPLE), three).await;
    assert_eq!(members(&loopback.sim, "Operators"), [NIKKI, RICHARD, JANE, TOM]);
    let standing = loopback.standing().await;
    let how = |upn: &str| {
        standing
            .iter()
            .find(|(node, _)| *node == member(upn))
            .map(|(_, how)| *how)
    };
    assert_eq!((how(JANE), how(NIKKI)), (Some(How::Adopted), Some(How::Made)));
    loopback.wants(only_richard);
    assert_eq!(plan(&loopback, &[], What::WouldRemove).await, [member(NIKKI)]);
    Loopback::must_end_well(&agree(&loopback, &[]).await);
    assert_eq!(members(&loopback.sim, "Operators"), [RICHARD, JANE, TOM]);
    // Jane was in the profile once, Tom never.
    for (upn, left) in [(JANE, &[RICHARD, TOM][..]), (TOM, &[RICHARD])] {
        let listed = member(upn);
        assert_eq!(
            plan(&loopback, &[&listed], What::WouldRemove).await,
            std::slice::from_ref(&listed)
        );
        for _ in 0..2 {
            Loopback::must_end_well(&agree(&loopback, &[&listed]).await);
            assert_eq!(members(&loopback.sim, "Operators"), left);
        }
    }
    let stranger = member("stranger@contoso.onmicrosoft.com");
    let refused = agree(&loopback, &[&stranger]).await;
    assert_eq!(refused.failed[0].1.kind, Kind::NotFound);
    let named = loopback.agreeing(Intent::Up, part(), &[&member(RICHARD)]).await;
    assert_eq!(named.expect_err("the profile names him").kind, Kind::Usage);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_put_in_by_hand_before_the_profile_named_them_is_not_taken_out() {
    let mut loopback = Loopback::start_with("fresh", richard_alone).await;
    let people_too = Selection {
        only: vec!["entra.user".into(), "entra.member".into()],
        ..Selection::default()
    };
    Loopback::must_end_well(&loopback.run_on(Intent::Up, people_too).await);
    put_in_by_hand(&loopback.sim, NIKKI);
    loopback.wants(richard_and_nikki);
    Loopback::must_end_well(&agree(&loopback, &[]).await);
    loopback.wants(richard_alone);
    Loopback::must_end_well(&agree(&loopback, &[]).await);
    assert_eq!(members(&loopback.sim, "Operators"), [NIKKI, RICHARD]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_teardown_takes_out_who_was_added_and_leaves_the_others() {
    let loopback = set_up(Some(PEOPLE), three).await;
    Loopback::must_end_well(&loopback.run(Intent::Down).await);
    assert_eq!(members(&loopback.sim, "Operators"), [JANE, TOM]);
    assert_eq!(loopback.changes(), Vec::<String>::new());
    assert_eq!(loopback.sim.verdict(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_is_deleted_takes_its_members_along() {
    let loopback = set_up(None, richard_and_nikki).await;
    let down = loopback.run_on(Intent::PlanDown, Selection::default()).await;
    let goes = down
        .findings
        .iter()
        .filter(|(_, finding)| finding.what == What::WouldRemove);
    assert_eq!(goes.filter(|(node, _)| node.step == "entra.member").count(), 2);
    loopback.sim.record();
    Loopback::must_end_well(&loopback.run(Intent::Down).await);
    let exchanges = loopback.sim.exchanges();
    let about_members = exchanges.iter().filter(|one| one.path.contains("/members"));
    assert_eq!(about_members.count(), 0, "calls for what goes anyway");
    assert_eq!(loopback.changes(), Vec::<String>::new());
    let standing = loopback.standing().await;
    assert!(
        !standing.iter().any(|(node, _)| node.contains("entra.member")),
        "{standing:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_stay_with_a_group_that_the_profile_names_no_more() {
    let mut loopback = set_up(None, richard_and_nikki).await;
    loopback.wants(|profile| {
        richard_and_nikki(profile);
        profile.people.group.clear();
    });
    let group = "entra.group[Operators]";
    assert_eq!(plan(&loopback, &[], What::WouldRemove).await, Vec::<String>::new());
    assert_eq!(plan(&loopback, &[], What::WouldStay).await, [group], "told once");
    Loopback::must_end_well(&agree(&loopback, &[]).await);
    assert_eq!(members(&loopback.sim, "Operators"), [NIKKI, RICHARD]);
    let listed = plan(&loopback, &[group], What::WouldRemove).await;
    assert_eq!(listed.len(), 3, "{listed:?}");
    Loopback::must_end_well(&agree(&loopback, &[group]).await);
    assert_eq!(members(&loopback.sim, "Operators"), Vec::<String>::new());
    let standing = loopback.standing().await;
    assert!(
        !standing.iter().any(|(node, _)| node.contains("Operators")),
        "{standing:?}"
    );
    // Of a group that was there before, too.
    let mut loopback = set_up(Some(PEOPLE), three).await;
    loopback.wants(no_group);
    assert_eq!(plan(&loopback, &[], What::WouldRemove).await, Vec::<String>::new());
    let stay = plan(&loopback, &[], What::WouldStay).await;
    assert_eq!(stay, [member(NIKKI), member(RICHARD)]);
    Loopback::must_end_well(&agree(&loopback, &[&member(NIKKI)]).await);
    assert_eq!(members(&loopback.sim, "Operators"), [RICHARD, JANE, TOM]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_was_deleted_by_hand_is_made_and_filled_again() {
    let mut loopback = set_up(None, richard_and_nikki).await;
    loopback.sim.with(|world| {
        world.entra.groups.clear();
        world.entra.members.clear();
    });
    Loopback::must_end_well(&agree(&loopback, &[]).await);
    assert_eq!(members(&loopback.sim, "Operators"), [NIKKI, RICHARD]);
    loopback.wants(richard_alone);
    Loopback::must_end_well(&agree(&loopback, &[]).await);
    assert_eq!(members(&loopback.sim, "Operators"), [RICHARD]);
}

// --- many ---------------------------------------------------------------------

const MANY: usize = 120;

/// A group of many people who are there.
fn many(profile: &mut Profile) {
    let template = profile.people.user[1].clone();
    let upns: Vec<String> = (1..=MANY)
        .map(|n| format!("user{n:04}@contoso.onmicrosoft.com"))
        .collect();
    profile.people.user.extend(upns.iter().map(|upn| {
        let mut user = template.clone();
        user.upn.clone_from(upn);
        user.create = false;
        user
    }));
    profile.people.group.push(Group {
        name: "Operators".into(),
        create: true,
        members: upns,
    });
}

/// The same group without half of them.
fn half(profile: &mut Profile) {
    many(profile);
    profile.people.group[0].members.truncate(MANY / 2);
}

/// How many requests were about members; what was asked together is one. Then how many of them were looks.
fn about_members(loopback: &Loopback) -> (usize, usize) {
    let exchanges = loopback.sim.exchanges();
    let asked = exchanges.iter().filter(|one| !one.inside);
    let about = |text: &str| text.contains("/members");
    let all = asked.filter(|one| {
        about(&one.path) || (one.path.ends_with("/$batch") && about(&String::from_utf8_lossy(&one.body)))
    });
    let all: Vec<bool> = all.map(|one| one.method == "GET").collect();
    (all.len(), all.iter().filter(|look| **look).count())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_members_come_and_go_twenty_in_a_request() {
    let mut loopback = Loopback::start_with("large", many).await;
    // A group that was just made cannot be referred to yet: that would be asked twice.
    let group = Selection {
        only: vec!["entra.group".into()],
        ..Selection::default()
    };
    Loopback::must_end_well(&loopback.run_on(Intent::Up, group).await);
    {
        let clock = loopback.sim.clock();
        let _busy = clock.busy();
        clock.sleep(Duration::from_secs(3600)).await;
    }
    loopback.sim.record();
    Loopback::must_end_well(&loopback.run_on(Intent::Up, part()).await);
    assert_eq!(about_members(&loopback), (MANY / 20 + 2, 2));
    let writes = loopback.sim.writes();
    loopback.sim.record();
    Loopback::must_end_well(&agree(&loopback, &[]).await);
    assert_eq!(about_members(&loopback), (1, 1), "nothing to do");
    assert_eq!(loopback.sim.writes(), writes);
    loopback.wants(half);
    loopback.sim.record();
    Loopback::must_end_well(&agree(&loopback, &[]).await);
    assert_eq!(members(&loopback.sim, "Operators").len(), MANY / 2);
    let (requests, looks) = about_members(&loopback);
    // The first may have set out before the others came.
    assert!(requests - looks <= MANY / 2 / 20 + 1, "{} changes", requests - looks);
    assert!(looks <= 6, "{looks} looks");
    loopback.sim.record();
    Loopback::must_end_well(&loopback.run(Intent::Down).await);
    assert_eq!(about_members(&loopback), (0, 0), "they go with the group");
    assert_eq!(loopback.sim.verdict(), Vec::<String>::new());
}

// --- crashes -------------------------------------------------------------------

/// A group with members of its own, kept at one moment.
struct Lane {
    loopback: Loopback,
    kept: Kept,
}

impl Lane {
    /// Before anybody is added.
    async fn filling() -> Self {
        let loopback = Loopback::start_in(PEOPLE, three).await;
        Self::at(loopback).await
    }

    /// With all added, and a profile that names only Richard.
    async fn emptying() -> Self {
        let mut loopback = set_up(Some(PEOPLE), three).await;
        loopback.wants(only_richard);
        Self::at(loopback).await
    }

    async fn at(loopback: Loopback) -> Self {
        let kept = loopback.keep().await;
        Self { loopback, kept }
    }

    /// How many requests there are from here on.
    async fn requests(mut self) -> u64 {
        self.loopback.put_back(&self.kept).await;
        let before = self.loopback.sim.requests();
        Loopback::must_end_well(&agree(&self.loopback, &[]).await);
        self.loopback.sim.requests() - before
    }

    /// Dies at that request; then the profile names only `wanted`, and it goes on.
    async fn die(&mut self, n: u64, moment: Moment, wanted: fn(&mut Profile), left: &[&str]) -> Result<(), String> {
        self.loopback.put_back(&self.kept).await;
        if !self.loopback.agree_on_and_die(part(), n, moment).await {
            return Err("the walk ended before that request".into());
        }
        self.loopback.wants(wanted);
        let outcome = agree(&self.loopback, &[]).await;
        let found = members(&self.loopback.sim, "Operators");
        let verdict = self.loopback.sim.verdict();
        if outcome.exit_code() != 0 || found != left || !verdict.is_empty() {
            return Err(format!("{found:?}, {:?}, {verdict:?}", outcome.failed));
        }
        // Nothing of it is left in the journal either.
        Loopback::must_end_well(&self.loopback.run(Intent::Down).await);
        match self.loopback.changes().as_slice() {
            [] => Ok(()),
            changes => Err(format!("left: {changes:?}")),
        }
    }
}

#[test]
fn a_crash_at_any_request_while_members_are_added_takes_out_exactly_those() {
    let requests = runtime().block_on(async { Lane::filling().await.requests().await });
    assert!(requests > 4, "{requests} requests");
    all(each(requests), Lane::filling, async |lane: &mut Lane, (n, moment)| {
        let ended = lane.die(n, moment, only_richard, &[RICHARD, JANE, TOM]).await;
        lane.loopback.wants(three);
        ended
    });
}

#[test]
fn a_crash_at_any_request_while_members_are_taken_out_ends_the_same() {
    let requests = runtime().block_on(async { Lane::emptying().await.requests().await });
    assert!(requests > 4, "{requests} requests");
    all(each(requests), Lane::emptying, async |lane: &mut Lane, (n, moment)| {
        lane.die(n, moment, only_richard, &[RICHARD, JANE, TOM]).await
    });
}
