//! `fedwiz doctor` on the bundled worlds: exactly what was planted, and nothing where nothing is the matter.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::harness::{SimProcess, run};

/// A command that finds each organization's own keys in the credentials file, and none in the environment.
fn doctor(sim: &SimProcess) -> std::process::Command {
    let mut command = sim.command("doctor");
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
        command.env_remove(name);
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

#[test]
fn every_planted_fault_is_found_and_nothing_else() {
    let sim = SimProcess::start("planted-faults");
    let before = sim.writes();
    let end = run(doctor(&sim).args(["--json", "--token-store", "memory"]));
    let lines = lines(&end.stdout);
    let unread: Vec<&Value> = lines.iter().filter(|line| line["kind"] == "unread").collect();
    assert!(unread.is_empty(), "{unread:#?}");
    let found = findings(&lines);
    let at = |name: &str| format!("{name}@contoso.onmicrosoft.com");
    let app = || "AWS IAM Identity Center (aws)".to_owned();
    let twins = || "Twin@contoso.com, twin@contoso.com".to_owned();
    let wanted: BTreeSet<(String, String)> = [
        ("missing-name", at("NoSurname")),
        ("control-character", at("Hidden")),
        ("refused-character", at("OddCharacters")),
        ("several-phones", at("ManyPhones")),
        ("external-id", app()),
        ("guest-name", "jane_fabrikam.com#EXT#@contoso.onmicrosoft.com".into()),
        (
            "guest-without-mail",
            "jane_fabrikam.com#EXT#@contoso.onmicrosoft.com".into(),
        ),
        ("disabled", at("Leaver")),
        ("duplicate-mail", format!("{}, {}", at("NikkiWolf"), at("nikkiwolf2"))),
        ("name-id", at("nikkiwolf")),
        ("mail-taken", at("manual")),
        ("duplicate-user-name", twins()),
        ("duplicate-aws-mail", twins()),
        ("duplicate-external-id", twins()),
        ("duplicate-group", "AWS outer".into()),
        ("nested-group", "AWS outer".into()),
        ("large-group", "Everybody".into()),
        ("unassigned", at("RichardRoe")),
        ("wrong-app", "AWS Single-Account Access".into()),
        ("iam-claims", app()),
        ("claim-not-carried", app()),
        ("shadowed-tag", "Department".into()),
        ("overriding-policy", app()),
        ("stale-attribute", at("stale")),
        ("token-unknown-age", "SCIM token of aws".into()),
        ("certificate-ending", app()),
        ("certificate-not-preferred", "AWS IAM Identity Center (old)".into()),
        ("job-paused", String::new()),
        ("job-never-ran", String::new()),
        ("quarantine", String::new()),
        ("scim-refused", "CreateUser".into()),
        ("permission-sets-off", String::new()),
        ("active-directory", String::new()),
        ("no-break-glass", String::new()),
        ("leaver", "leaver@contoso.com".into()),
        ("dangling-assignment", String::new()),
    ]
    .map(|(rule, object)| (rule.to_owned(), object))
    .into();
    // Objects whose names are ids that the seed decides.
    let by_seed: BTreeSet<&str> = [
        "job-paused",
        "job-never-ran",
        "quarantine",
        "permission-sets-off",
        "active-directory",
        "no-break-glass",
        "dangling-assignment",
    ]
    .into();
    let shown = found
        .iter()
        .map(|(rule, object)| {
            assert!(!object.is_empty(), "{rule} names its object");
            let object = if by_seed.contains(rule.as_str()) { "" } else { object };
            (rule.clone(), object.to_owned())
        })
        .collect::<BTreeSet<_>>();
    let missed: Vec<_> = wanted.difference(&shown).cloned().collect();
    let too_many: Vec<_> = shown.difference(&wanted).cloned().collect();
    assert!(
        missed.is_empty() && too_many.is_empty(),
        "missed: {missed:#?}\ntoo many: {too_many:#?}"
    );
    assert_eq!(end.code, Some(4), "{}", end.stderr);
    assert_eq!(sim.writes(), before, "it changes nothing");
    assert!(sim.violations().is_empty(), "{:#?}", sim.violations());
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
    assert_eq!(found.len(), 1, "{found:?}");
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
            &serde_json::json!({ "errors": { "every": 1, "only": refused }, "error_status": 503 }),
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
