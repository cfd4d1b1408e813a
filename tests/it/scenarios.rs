//! Up and down over every bundled world: what was there before is there afterwards, unchanged, and nothing else is. Where a
//! walk cannot finish, it says exactly why, and harms nothing.

use fedwiz::{
    engine::{fact::Intent, guide::Answer, outcome::Outcome, step::How},
    fault::{Fault, Kind},
};
use serde_json::json;

use crate::loopback::{Loopback, walk};

/// What may be different in the end: a part of the line, and why that is right.
type Left = (&'static str, &'static str);

/// Fails unless what is different from the beginning is exactly this.
#[track_caller]
fn only_this_is_different(loopback: &Loopback, left: &[Left]) {
    let changes = loopback.changes();
    let strange: Vec<&String> = changes
        .iter()
        .filter(|line| !left.iter().any(|(part, _)| line.contains(part)))
        .collect();
    assert!(strange.is_empty(), "{strange:#?}");
    for (part, why) in left {
        assert!(
            changes.iter().any(|line| line.contains(part)),
            "not different any more: {part} ({why}); there are {changes:#?}"
        );
    }
    assert_eq!(loopback.sim.verdict(), Vec::<String>::new());
}

/// Up, up again without a change, and down.
async fn up_and_down(loopback: &Loopback, left: &[Left]) {
    Loopback::must_end_well(&loopback.run(Intent::Up).await);
    let writes = loopback.sim.writes();
    Loopback::must_end_well(&loopback.run(Intent::Up).await);
    assert_eq!(loopback.sim.writes(), writes, "a second apply wrote something");
    Loopback::must_end_well(&loopback.run(Intent::Down).await);
    only_this_is_different(loopback, left);
}

fn comes_apart(scenario: &str, left: &[Left]) {
    walk(async {
        let loopback = Loopback::start(scenario).await;
        up_and_down(&loopback, left).await;
    });
}

/// The only fault of a run, which must be of this step and kind; its words.
#[track_caller]
fn only_fault<'o>(outcome: &'o Outcome, step: &str, kind: Kind) -> &'o Fault {
    let mut faults = outcome.failed.iter().chain(&outcome.needs_person);
    let (Some((node, fault)), None) = (faults.next(), faults.next()) else {
        panic!("{:#?}\n{:#?}", outcome.failed, outcome.needs_person);
    };
    assert_eq!(node.to_string(), step);
    assert_eq!(fault.kind, kind, "{fault}");
    assert!(!fault.hint.is_empty(), "no way on: {fault}");
    fault
}

const BROUGHT_BY_PROVISIONING: Left = (
    "users/NikkiWolf@contoso.onmicrosoft.com/ExternalId: nothing",
    "Entra's provisioning service takes over a user of that name, and puts its object id on it",
);
const FORMATTED_BY_PROVISIONING: Left = (
    "/Name/Formatted: nothing",
    "Entra's provisioning service sends the whole name as well",
);

#[test]
fn a_fresh_world_is_left_as_it_was() {
    comes_apart("fresh", &[]);
}

#[test]
fn a_world_with_an_expiring_sign_in_is_left_as_it_was() {
    comes_apart("expired-token", &[]);
}

#[test]
fn a_throttled_world_is_left_as_it_was() {
    comes_apart("throttled", &[]);
}

#[test]
fn a_lagging_world_is_left_as_it_was() {
    comes_apart("laggy", &[]);
}

#[test]
fn a_world_with_outages_is_left_as_it_was() {
    comes_apart("outage", &[]);
}

#[test]
fn both_partitions_are_left_as_they_were() {
    comes_apart("two-partitions", &[]);
}

#[test]
fn a_large_world_is_left_as_it_was() {
    comes_apart("large", &[]);
}

#[test]
fn a_world_that_is_half_done_keeps_what_it_had() {
    comes_apart("half-done", &[BROUGHT_BY_PROVISIONING, FORMATTED_BY_PROVISIONING]);
}

#[test]
fn permission_sets_that_were_switched_on_stay_on() {
    comes_apart(
        "permission-sets-off",
        &[(
            "/permission_sets_enabled: false -> true",
            "AWS knows no way to switch permission sets off again",
        )],
    );
}

#[test]
fn a_federation_that_was_clicked_together_stays_as_it_was() {
    comes_apart("click-built", &[]);
}

#[test]
fn a_federation_with_an_expiring_certificate_stays_as_it_was() {
    comes_apart("certificate-expiring", &[]);
}

#[test]
fn a_federation_in_quarantine_is_repaired_and_goes_on() {
    comes_apart(
        "quarantine",
        &[
            ("/quarantine:", "the job was started afresh with good credentials"),
            (
                "/provisioning/tokens: 1 -> 2",
                "the job goes on with our token: the one that it had was no good, and none can be read back",
            ),
        ],
    );
}

#[test]
fn a_federation_keeps_its_identity_source_and_its_tokens_while_we_are_there() {
    walk(async {
        let loopback = Loopback::start("click-built").await;
        Loopback::must_end_well(&loopback.run(Intent::Up).await);
        let tokens = |state: &serde_json::Value| state["aws"]["aws"]["instance"]["provisioning"]["tokens"].clone();
        assert_eq!(tokens(&loopback.sim.state_json()), json!(2), "ours and theirs");
        Loopback::must_end_well(&loopback.run(Intent::Down).await);
        assert_eq!(tokens(&loopback.sim.state_json()), json!(1));
        let kept = loopback.story("saml.identity-source");
        assert!(kept.contains("before fedwiz came"), "{kept}");
        // Theirs works: the job has not noticed anything.
        assert!(loopback.changes().is_empty(), "{:#?}", loopback.changes());
        // Taking it back a second time finds nothing to do, and asks nobody.
        let writes = loopback.sim.writes();
        Loopback::must_end_well(&loopback.run(Intent::Down).await);
        assert_eq!(loopback.sim.writes(), writes);
    });
}

#[test]
fn a_second_federation_after_a_teardown_comes_apart_as_well() {
    for scenario in ["fresh", "click-built"] {
        walk(async {
            let loopback = Loopback::start(scenario).await;
            up_and_down(&loopback, &[]).await;
            up_and_down(&loopback, &[]).await;
        });
    }
}

fn say_nothing(answer: &mut Answer) {
    answer.insert("source_before", String::new().into());
    answer.insert("provisioning_before", String::new().into());
}

#[test]
fn where_nobody_said_what_stood_there_a_person_is_asked_before_it_is_taken_back() {
    for (scenario, left) in [("fresh", &[][..]), ("click-built", &[][..])] {
        walk(async {
            let loopback = Loopback::start(scenario).await;
            let silent = loopback.spoilt("saml.sp-values", say_nothing);
            Loopback::must_end_well(&loopback.run_with(Intent::Up, silent).await);
            let asks_nobody = loopback
                .run_with(Intent::Down, std::sync::Arc::new(fedwiz::engine::guide::Nobody))
                .await;
            assert_eq!(asks_nobody.exit_code(), 3, "{:?}", asks_nobody.failed);
            let source = &loopback.sim.state_json()["aws"]["aws"]["instance"]["identity_source"];
            assert!(source["external"].is_object(), "it was taken back: {source}");
            // The person at the simulated console remembers.
            Loopback::must_end_well(&loopback.run(Intent::Down).await);
            only_this_is_different(&loopback, left);
        });
    }
}

#[test]
fn another_provider_gets_its_place_back() {
    walk(async {
        let mut loopback = Loopback::start("fresh").await;
        loopback.click(
            "aws.change-identity-source",
            json!({ "idp_metadata": crate::sim_aws::provider_metadata() }),
        );
        loopback.sim.with(|world| {
            for org in &mut world.aws {
                let instance = org.instance.as_mut().expect("an instance");
                instance.remembered = None;
            }
        });
        loopback.before = loopback.sim.state_json();
        Loopback::must_end_well(&loopback.run(Intent::Up).await);
        assert!(!loopback.changes().is_empty());
        Loopback::must_end_well(&loopback.run(Intent::Down).await);
        let source = &loopback.before["aws"]["aws"]["instance"]["identity_source"]["external"];
        assert_eq!(source["entity_id"], "https://sts.windows.net/t/");
        only_this_is_different(&loopback, &[]);
    });
}

#[test]
fn what_cloudtrail_shows_is_believed_before_what_is_said() {
    walk(async {
        let loopback = Loopback::start("fresh").await;
        loopback.click(
            "aws.change-identity-source",
            json!({ "idp_metadata": crate::sim_aws::provider_metadata() }),
        );
        // Events come late.
        let clock = loopback.sim.clock();
        let _busy = clock.busy();
        clock.sleep(std::time::Duration::from_secs(600)).await;
        drop(_busy);
        let wrong = loopback.spoilt("saml.sp-values", |answer| {
            answer.insert("source_before", "identity-center".to_owned().into());
        });
        let outcome = loopback.run_with(Intent::Up, wrong).await;
        let fault = only_fault(&outcome, "saml.sp-values", Kind::Conflict);
        assert!(
            fault.why.contains("EnableExternalIdPConfigurationForDirectory"),
            "{fault}"
        );
    });
}

#[test]
fn active_directory_stops_the_walk_before_anything_is_lost() {
    walk(async {
        let loopback = Loopback::start("ad-source").await;
        let outcome = loopback.run(Intent::Up).await;
        assert_eq!(outcome.exit_code(), 3);
        let fault = only_fault(&outcome, "saml.sp-values", Kind::NeedsPerson);
        assert!(
            fault.what.contains("Active Directory") && fault.why.contains("deletes all users"),
            "{fault}"
        );
        let state = loopback.sim.state_json();
        let instance = &state["aws"]["aws"]["instance"];
        assert_eq!(instance["identity_source"], "active-directory");
        assert!(instance["directory"]["users"]["nikki@corp.contoso.com"].is_object());
        Loopback::must_end_well(&loopback.run(Intent::Down).await);
        only_this_is_different(&loopback, &[]);
    });
}

#[test]
fn missing_rights_are_named_and_what_was_made_comes_away() {
    walk(async {
        let loopback = Loopback::start("no-rights").await;
        let outcome = loopback.run(Intent::Up).await;
        assert_eq!(outcome.exit_code(), 1);
        let mut failed: Vec<String> = outcome.failed.iter().map(|(node, _)| node.to_string()).collect();
        failed.sort();
        assert_eq!(
            failed,
            [
                "aws.permission-set[AdministratorAccess]",
                "aws.permission-set[RegionalAdmin]",
                "scim.job"
            ]
        );
        for (node, fault) in &outcome.failed {
            assert_eq!(fault.kind, Kind::Rights, "{node}: {fault}");
        }
        Loopback::must_end_well(&loopback.run(Intent::Down).await);
        only_this_is_different(&loopback, &[]);
    });
}

#[test]
fn a_drifted_federation_names_who_cannot_sign_in_and_is_repaired_once_a_person_has_enabled_them() {
    walk(async {
        let loopback = Loopback::start("drifted").await;
        let outcome = loopback.run(Intent::Up).await;
        assert_eq!(outcome.exit_code(), 3);
        let fault = only_fault(&outcome, "saml.sign-in", Kind::NeedsPerson);
        assert!(
            fault.what.contains("NikkiWolf@contoso.onmicrosoft.com is disabled")
                && fault.hint.contains("Enable user access"),
            "{fault}"
        );
        loopback.click(
            "aws.enable-user",
            json!({ "user_name": "NikkiWolf@contoso.onmicrosoft.com" }),
        );
        let enabled: Left = (
            "users/NikkiWolf@contoso.onmicrosoft.com/Active: false -> true",
            "a person enabled the user",
        );
        let richard = |what| ("/users/RichardRoe@contoso.onmicrosoft.com", what);
        up_and_down(
            &loopback,
            &[
                enabled,
                BROUGHT_BY_PROVISIONING,
                FORMATTED_BY_PROVISIONING,
                richard("provisioning brought the user's values up to date: Entra says what they are"),
            ],
        )
        .await;
        let job = &loopback.sim.state_json()["entra"]["servicePrincipals"][0]["synchronization"];
        assert_eq!(job["secrets"]["SecretToken"], "(set)", "{job}");
    });
}

#[test]
fn a_world_full_of_faults_is_not_made_worse() {
    walk(async {
        let loopback = Loopback::start("planted-faults").await;
        let outcome = loopback.run(Intent::Up).await;
        assert_eq!(outcome.exit_code(), 1);
        let faults: Vec<(String, Kind)> = outcome
            .failed
            .iter()
            .chain(&outcome.needs_person)
            .map(|(node, fault)| (node.to_string(), fault.kind))
            .collect();
        let expected = [
            ("aws/entra.name-id".to_owned(), Kind::Conflict),
            // The other organization has Active Directory as its identity source: nothing of it is touched.
            ("old/saml.sp-values".to_owned(), Kind::NeedsPerson),
        ];
        assert_eq!(faults, expected, "{:#?}", outcome.failed);
        assert!(outcome.failed[0].1.what.contains("claims mapping policy"));
        // Nikki is there in other letters: renamed, never made twice.
        let standing = loopback.standing().await;
        let nikki = standing.iter().find(|(node, _)| node.starts_with("aws/aws.user["));
        assert_eq!(nikki.map(|(_, how)| *how), Some(How::Changed), "{standing:#?}");
        let state = loopback.sim.state_json();
        let users = state["aws"]["aws"]["instance"]["directory"]["users"]
            .as_object()
            .expect("users");
        let alike: Vec<&String> = users
            .keys()
            .filter(|name| name.eq_ignore_ascii_case("nikkiwolf@contoso.onmicrosoft.com"))
            .collect();
        assert_eq!(alike, ["NikkiWolf@contoso.onmicrosoft.com"]);
        Loopback::must_end_well(&loopback.run(Intent::Down).await);
        only_this_is_different(
            &loopback,
            &[
                (
                    "/RegionalAdmin/description: null",
                    "AWS takes no empty description, so one that was added stays",
                ),
                (
                    "/aws/old/instance/permission_sets_enabled: false",
                    "AWS has no call that switches permission sets off again",
                ),
            ],
        );
    });
}
