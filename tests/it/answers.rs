//! What people bring back can be wrong: each gets its own clear fault, nothing is lost, and the next run goes on.

use fedwiz::{
    engine::{fact::Intent, guide::Answer},
    fault::Kind,
};

use crate::loopback::Loopback;

/// Walks up with one spoilt answer, and gives the kind and the words of the fault; then goes on with the right one.
fn spoilt(step: &'static str, spoil: fn(&mut Answer)) -> (Kind, String) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let loopback = Loopback::start("fresh").await;
        let outcome = loopback.run_with(Intent::Up, loopback.spoilt(step, spoil)).await;
        let troubles = outcome.failed.iter().chain(&outcome.needs_person);
        let (_, fault) = troubles
            .into_iter()
            .find(|(node, _)| node.step == step)
            .unwrap_or_else(|| panic!("{step} took it: {:?}", outcome.failed));
        let found = (fault.kind, format!("{} {} {}", fault.what, fault.why, fault.hint));
        assert!(!fault.hint.is_empty(), "no way on: {fault:?}");
        // Whatever the person made in the console meanwhile is in the way of nobody.
        let again = loopback.run(Intent::Up).await;
        Loopback::must_end_well(&again);
        Loopback::must_end_well(&loopback.run(Intent::Down).await);
        assert_eq!(loopback.sim.state_json(), loopback.before, "something is left");
        found
    })
}

#[test]
fn a_wrong_token_is_refused_by_the_endpoint() {
    let (kind, words) = spoilt("scim.token", |answer| {
        answer.insert("token", "not-the-token".to_owned().into())
    });
    assert!(matches!(kind, Kind::SignIn | Kind::NeedsPerson), "{kind:?}");
    assert!(words.to_lowercase().contains("token"), "{words}");
    assert!(!words.contains("not-the-token"), "the value is repeated: {words}");
}

#[test]
fn a_token_for_another_tenant_is_refused_by_the_endpoint() {
    let (_, words) = spoilt("scim.token", |answer| {
        let endpoint = answer.text("endpoint").expect("an endpoint");
        let (before, _) = endpoint.split_once("/scim/v2").expect("a SCIM address");
        let (base, _) = before.rsplit_once('/').expect("a tenant");
        answer.insert(
            "endpoint",
            format!("{base}/Hw50d6f1e2a-1111-4222-8333-444455556666/scim/v2").into(),
        );
    });
    assert!(words.contains("another endpoint"), "{words}");
}

#[test]
fn a_token_is_never_sent_to_a_foreign_host() {
    let (_, words) = spoilt("scim.token", |answer| {
        answer.insert("endpoint", "https://scim.example.com/x/scim/v2".to_owned().into());
    });
    assert!(words.contains("scim.example.com"), "the host is not named: {words}");
}

#[test]
fn metadata_of_another_instance_is_refused() {
    let (_, words) = spoilt("saml.sp-values", |answer| {
        let metadata = answer.text("metadata").expect("metadata");
        answer.insert("metadata", metadata.replace("us-east-1", "eu-west-1").into());
    });
    assert!(words.contains("eu-west-1"), "{words}");
}

#[test]
fn a_word_for_the_identity_source_that_nobody_knows_is_named() {
    let (kind, words) = spoilt("saml.sp-values", |answer| {
        answer.insert("source_before", "okta".to_owned().into())
    });
    assert_eq!(kind, Kind::Usage);
    assert!(
        words.contains("`okta`") && words.contains("another-provider"),
        "{words}"
    );
    let (kind, words) = spoilt("saml.sp-values", |answer| {
        answer.insert("provisioning_before", "perhaps".to_owned().into())
    });
    assert_eq!(kind, Kind::Usage);
    assert!(words.contains("`perhaps`"), "{words}");
}

#[test]
fn an_application_that_was_made_a_moment_ago_cannot_have_stood_there_before() {
    let (kind, words) = spoilt("saml.sp-values", |answer| {
        answer.insert("source_before", "this-application".to_owned().into())
    });
    assert_eq!(kind, Kind::Conflict);
    assert!(words.contains("does not know this instance yet"), "{words}");
}

#[test]
fn metadata_that_is_no_metadata_is_refused() {
    spoilt("saml.sp-values", |answer| {
        answer.insert("metadata", "not xml".to_owned().into())
    });
    spoilt("saml.sp-values", |answer| {
        answer.insert("metadata", "<html></html>".to_owned().into())
    });
    spoilt("saml.sp-values", |answer| {
        answer.insert("metadata", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>".to_owned().into());
    });
    spoilt("saml.sp-values", |answer| {
        answer.insert("metadata", "<a>".repeat(20_000_000).into())
    });
}
