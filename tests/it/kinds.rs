//! One walk for each kind of profile: up, up again without a change, and down to where it began.

use fedwiz::{
    engine::fact::Intent,
    profile::{AbacVia, AppKind, Arrival, Assignment, Filter, Group, Principal, Profile, Scope, User},
};
use serde_json::Value;

use crate::loopback::Loopback;

const RICHARD: &str = "RichardRoe@contoso.onmicrosoft.com";
const NIKKI: &str = "NikkiWolf@contoso.onmicrosoft.com";
const JANE: &str = "jane_fabrikam.com#EXT#@contoso.onmicrosoft.com";

const PEOPLE: &str = r##"
title = "People"
about = "Somebody who works here, and a guest."

[[entra.user]]
upn = "RichardRoe@contoso.onmicrosoft.com"
given_name = "Richard"
family_name = "Roe"
display_name = "RichardRoe"
department = "Billing"

[[entra.user]]
upn = "jane_fabrikam.com#EXT#@contoso.onmicrosoft.com"
given_name = "Jane"
family_name = "Guest"
display_name = "Jane Guest"
mail = "jane@fabrikam.com"
guest = true

[[entra.group]]
name = "AWS operators"
"##;

/// Walks with such a profile; `seen` looks at what stands in between. Nothing is left.
fn walk(world: Option<&str>, change: fn(&mut Profile), seen: fn(&Value)) {
    walk_leaving(world, change, seen, |_| false);
}

/// Walks, and leaves nothing but what `stays` knows by its line.
fn walk_leaving(world: Option<&str>, change: fn(&mut Profile), seen: fn(&Value), stays: fn(&str) -> bool) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let loopback = match world {
            Some(world) => Loopback::start_in(world, change).await,
            None => Loopback::start_with("fresh", change).await,
        };
        Loopback::must_end_well(&loopback.run(Intent::Up).await);
        seen(&loopback.sim.state_json());
        let writes = loopback.sim.writes();
        Loopback::must_end_well(&loopback.run(Intent::Up).await);
        assert_eq!(loopback.sim.writes(), writes, "a second apply wrote something");
        Loopback::must_end_well(&loopback.run(Intent::Down).await);
        let left: Vec<String> = loopback.changes().into_iter().filter(|line| !stays(line)).collect();
        assert_eq!(left, Vec::<String>::new());
        assert_eq!(loopback.sim.verdict(), Vec::<String>::new());
    });
}

fn instance(state: &Value) -> &Value {
    &state["aws"]["aws"]["instance"]
}

fn group(profile: &mut Profile, name: &str, create: bool) {
    profile.people.group.push(Group {
        name: name.into(),
        create,
        members: vec![RICHARD.into()],
    });
    profile
        .assignment
        .retain(|given| given.principal != Principal::User(RICHARD.into()));
    profile.assignment.push(Assignment {
        principal: Principal::Group(name.into()),
        accounts: vec!["Sandbox".into()],
        permission_sets: vec!["AdministratorAccess".into()],
    });
}

#[track_caller]
fn group_has_access(state: &Value, name: &str) {
    let groups = &instance(state)["directory"]["groups"];
    assert_eq!(groups[name]["Members"], serde_json::json!([RICHARD]), "{groups}");
    let assignments = instance(state)["assignments"].to_string();
    assert!(
        assignments.contains(&format!("AdministratorAccess group:{name}")),
        "{assignments}"
    );
}

#[test]
fn a_group_that_is_made_arrives_with_its_members() {
    walk(
        None,
        |profile| group(profile, "AWS admins", true),
        |state| group_has_access(state, "AWS admins"),
    );
}

#[test]
fn a_group_that_exists_gets_members_for_the_time_being() {
    walk(
        Some(PEOPLE),
        |profile| group(profile, "AWS operators", false),
        |state| group_has_access(state, "AWS operators"),
    );
}

fn guest(arrival: Arrival) -> User {
    User {
        upn: JANE.into(),
        given_name: Some("Jane".into()),
        family_name: Some("Guest".into()),
        display_name: Some("Jane Guest".into()),
        department: None,
        mail: Some("jane@fabrikam.com".into()),
        create: false,
        aws: arrival,
    }
}

fn with_guest(profile: &mut Profile, guest: User) {
    profile.name_id.guests = Some("user.mail".into());
    profile.people.user.push(guest);
    profile.assignment.push(Assignment {
        principal: Principal::User(JANE.into()),
        accounts: vec!["management".into()],
        permission_sets: vec!["RegionalAdmin".into()],
    });
}

#[track_caller]
fn jane_is_there(state: &Value) {
    let users = &instance(state)["directory"]["users"];
    assert!(users["jane@fabrikam.com"].is_object(), "{users}");
}

#[test]
fn a_guest_is_provisioned_under_her_own_address() {
    walk(
        Some(PEOPLE),
        |profile| with_guest(profile, guest(Arrival::Scim)),
        jane_is_there,
    );
}

#[test]
fn a_guest_signs_in_with_her_mail_as_name_id() {
    walk(
        Some(PEOPLE),
        |profile| {
            profile.people.user.retain(|user| user.upn != NIKKI);
            profile
                .assignment
                .retain(|given| given.principal != Principal::User(NIKKI.into()));
            with_guest(profile, guest(Arrival::Manual));
        },
        jane_is_there,
    );
}

#[test]
fn a_scoping_filter_narrows_who_is_provisioned() {
    walk(
        None,
        |profile| {
            profile.provisioning.filter = vec![Filter {
                attribute: "department".into(),
                operator: "EQUALS".into(),
                value: "Billing".into(),
            }];
        },
        |state| {
            let users = &instance(state)["directory"]["users"];
            assert!(users[RICHARD]["ExternalId"].is_string(), "{users}");
            assert!(
                users[NIKKI]["ExternalId"].is_null(),
                "out of scope, and taken over all the same: {users}"
            );
        },
    );
}

#[test]
fn everybody_may_be_in_scope() {
    walk_leaving(
        None,
        |profile| profile.provisioning.scope = Scope::All,
        |state| {
            let users = &instance(state)["directory"]["users"];
            assert!(users[RICHARD].is_object(), "{users}");
            assert!(users["admin@contoso.onmicrosoft.com"].is_object(), "{users}");
        },
        // Whom the profile does not name, the provisioning service brought by itself; people are not deleted unasked.
        |line| line.contains("/users/admin@contoso.onmicrosoft.com/") && line.contains(": nothing -> "),
    );
}

fn abac(profile: &mut Profile, via: AbacVia) {
    profile.abac.as_mut().expect("the tutorial has it").via = via;
}

#[test]
fn attributes_can_come_from_identity_center() {
    walk(
        None,
        |profile| abac(profile, AbacVia::IdentityCenter),
        |state| assert_eq!(instance(state)["abac"]["Department"], "${path:enterprise.department}"),
    );
}

#[test]
fn attributes_can_come_both_ways() {
    walk(
        None,
        |profile| abac(profile, AbacVia::Both),
        |state| assert_eq!(instance(state)["abac"]["Department"], "${path:enterprise.department}"),
    );
}

#[test]
fn the_application_need_not_come_from_the_gallery() {
    walk(
        None,
        |profile| profile.entra.application.kind = AppKind::NonGallery,
        |_| {},
    );
}

#[test]
fn claims_can_be_set_without_beta_calls() {
    walk(None, |profile| profile.entra.beta = false, |_| {});
}

#[test]
fn somebody_who_exists_is_used_and_stays() {
    walk(
        Some(PEOPLE),
        |profile| {
            for user in profile.people.user.iter_mut().filter(|user| user.upn == RICHARD) {
                user.create = false;
            }
        },
        |_| {},
    );
}

#[test]
fn a_first_sign_in_may_come_before_anything_is_assigned() {
    walk(None, |profile| profile.teaching.sign_in_before = true, |_| {});
}

#[test]
fn nobody_has_to_be_made_by_hand() {
    walk(
        None,
        |profile| {
            for user in &mut profile.people.user {
                user.aws = Arrival::Scim;
            }
        },
        |state| {
            let users = &instance(state)["directory"]["users"];
            assert!(users[NIKKI]["ExternalId"].is_string(), "{users}");
        },
    );
}

#[test]
fn the_recycle_bin_can_be_emptied_too() {
    walk(None, |profile| profile.entra.purge = true, |_| {});
}
