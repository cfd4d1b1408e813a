//! The ways out: report, worksheet and Terraform, made from the journals of real walks.

use fedwiz::{
    engine::{fact::Intent, run::Run},
    export::{
        Format, chain,
        report::Report,
        worksheet::{self, Way},
    },
    profile::Profile,
    steps::PHASES,
};
use serde_json::Value;

use crate::{
    harness::{SimProcess, run},
    loopback::Loopback,
};

/// The report on what a loopback's journal says.
async fn report(loopback: &Loopback) -> Report {
    let session = loopback.session().await.expect("a session");
    Report::of(&session.profile, PHASES, &loopback.facts())
}

/// A walk up, or up and down. Somebody signs in before anything is assigned, of which there is no proof.
async fn walked(down: bool) -> Loopback {
    let loopback = Loopback::start_with("fresh", |profile| profile.teaching.sign_in_before = true).await;
    Loopback::must_end_well(&loopback.run(Intent::Up).await);
    if down {
        Loopback::must_end_well(&loopback.run(Intent::Down).await);
    }
    loopback
}

fn all_formats(report: &Report) -> [(&'static str, String); 3] {
    [
        ("md", report.write(Format::Markdown)),
        ("html", report.write(Format::Html)),
        ("json", report.json()),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_says_who_did_what_and_what_proves_it() {
    let loopback = walked(false).await;
    let report = report(&loopback).await;
    // Where the simulator listens differs, and with it each link after.
    insta::with_settings!({ filters => [
        (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
        (r"(Link|Seal): `[0-9a-f]{64}`", "$1: `HASH`"),
    ] }, {
        insta::assert_snapshot!("report", report.write(Format::Markdown));
    });
    let whole: Value = serde_json::from_str(&report.json()).expect("one JSON object");
    let entries = whole["entries"].as_array().expect("entries");
    let of = |node: &str| {
        let mut of_node = entries
            .iter()
            .filter(|entry| entry["node"] == node && entry["changes"][0].is_object());
        of_node.next_back().unwrap_or_else(|| panic!("nothing of {node}"))
    };
    let app = of("entra.app");
    assert!(app["who"].is_string(), "{app}");
    let calls = app["calls"].as_array().expect("calls");
    assert!(
        calls
            .iter()
            .any(|call| call["what"].as_str().is_some_and(|what| what.contains("instantiate"))),
        "{app}"
    );
    assert!(calls.iter().all(|call| call["request"].is_string()), "{app}");
    assert_eq!(of("aws.session")["who"], of("aws.session")["changes"][1]["after"]);
    assert_eq!(
        of("saml.identity-source")["cloudtrail"].as_array().map(Vec::len),
        Some(1)
    );
    let before = of("entra.sign-in-before[NikkiWolf@contoso.onmicrosoft.com]");
    assert_eq!(
        (&before["unproven"], &before["human"]),
        (&Value::Bool(true), &Value::Bool(true)),
        "{before}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_holds_until_one_byte_is_changed() {
    let loopback = walked(true).await;
    let report = report(&loopback).await;
    for (name, text) in all_formats(&report) {
        let holds = chain::verify(text.as_bytes()).unwrap_or_else(|breaks| panic!("{name}: {breaks:?}"));
        assert!(holds.links > 100, "{name} has {} links", holds.links);
        let mut bytes = text.clone().into_bytes();
        // Each byte would take minutes: a prime distance meets every kind of place.
        for at in (0..bytes.len()).step_by(bytes.len() / 293) {
            bytes[at] ^= 1;
            assert!(
                chain::verify(&bytes).is_err(),
                "{name}: byte {at} was changed and nobody noticed"
            );
            bytes[at] ^= 1;
        }
        assert!(chain::verify(&bytes[..bytes.len() - 1]).is_err());
        assert!(chain::verify(&[&bytes[..], b"\n"].concat()).is_err());
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let without = [&lines[..lines.len() / 2], &lines[lines.len() / 2 + 1..]]
            .concat()
            .concat();
        assert!(
            chain::verify(without.as_bytes()).is_err(),
            "{name}: a line was taken out"
        );
    }
    let again = fedwiz::export::report::Report::of(
        &loopback.session().await.expect("a session").profile,
        PHASES,
        &loopback.facts(),
    );
    assert_eq!(
        all_formats(&again),
        all_formats(&report),
        "the same journal gives another report"
    );
}

/// Names that mean something to a shell, to HCL, to HTML and to Markdown.
const HOSTILE: &str =
    r#"AWS ${file("/etc/passwd")} %{ if true } "q" <script>alert(1)</script> `id` [x](http://evil) | \"#;

fn hostile(profile: &mut Profile) {
    profile.entra.application.name = HOSTILE.into();
    for user in &mut profile.people.user {
        user.department = Some(HOSTILE.into());
    }
}

/// What of a line of Markdown stands in no code span.
fn outside_code(line: &str) -> String {
    let (mut out, mut rest) = (String::new(), line);
    while let Some(c) = rest.chars().next() {
        if c == '\\' {
            let two: String = rest.chars().take(2).collect();
            out.push('.');
            rest = &rest[two.len()..];
            continue;
        }
        let fence = rest.len() - rest.trim_start_matches('`').len();
        let closes = |text: &str| {
            let runs = text.match_indices('`').map(|(at, _)| at);
            let mut starts = runs.filter(|at| !text[..*at].ends_with('`'));
            starts.find(|at| text[*at..].len() - text[*at..].trim_start_matches('`').len() == fence)
        };
        match closes(&rest[fence..]).filter(|_| fence > 0) {
            Some(at) => rest = &rest[fence + at + fence..],
            None => {
                out.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    out
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_from_outside_becomes_markup() {
    let loopback = Loopback::start_with("fresh", hostile).await;
    loopback.run(Intent::Up).await;
    let report = report(&loopback).await;
    let html = report.write(Format::Html);
    assert!(html.contains("alert(1)") && !html.contains("<script"));
    assert!(!html.contains("href=\"http://evil"));
    let markdown = report.write(Format::Markdown);
    assert!(markdown.contains("alert(1)"));
    for (number, line) in markdown.lines().enumerate() {
        let outside = outside_code(line);
        assert!(
            !outside.contains("<script") && !outside.contains("[x]("),
            "line {}: {line}",
            number + 1
        );
    }
    serde_json::from_str::<Value>(&report.json()).expect("JSON");
    for (name, text) in all_formats(&report) {
        assert!(chain::verify(text.as_bytes()).is_ok(), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_in_any_report() {
    let loopback = walked(false).await;
    let secrets = loopback.sim.secrets();
    assert!(!secrets.is_empty());
    for (name, text) in all_formats(&report(&loopback).await) {
        for secret in &secrets {
            assert!(!text.contains(secret.as_str()), "{name} holds {secret}");
        }
    }
}

async fn sheet(loopback: &Loopback, way: Way, format: Format) -> String {
    let session = loopback.session().await.expect("a session");
    session
        .recorder
        .with_run(|run| worksheet::write(&session.profile, &session.graph, &session.world, run, way, format))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worksheet_has_the_whole_walk_before_anything_is_done_and_the_values_afterwards() {
    let loopback = Loopback::start("fresh").await;
    let before = sheet(&loopback, Way::Both, Format::Markdown).await;
    insta::assert_snapshot!("worksheet", before);
    Loopback::must_end_well(&loopback.run(Intent::Up).await);
    let after = sheet(&loopback, Way::Both, Format::Markdown).await;
    let session = loopback.session().await.expect("a session");
    for node in session.graph.nodes() {
        assert!(after.contains(node.about.title), "{} is missing", node.id);
    }
    let app = session.recorder.with_run(|run| {
        let (_, app) = run
            .nodes()
            .into_iter()
            .find(|(id, _)| id.step == "entra.app")
            .expect("the application");
        app.standing.as_ref().expect("it stands").output.value()["app"]
            .as_str()
            .expect("an id")
            .to_owned()
    });
    assert!(after.contains(&app) && !before.contains(&app));
    drop(session);
    let secrets = loopback.sim.secrets();
    for way in [Way::Both, Way::Down] {
        for format in [Format::Markdown, Format::Html] {
            let text = sheet(&loopback, way, format).await;
            assert!(secrets.iter().all(|secret| !text.contains(secret.as_str())));
        }
    }
    Loopback::must_end_well(&loopback.run(Intent::Down).await);
    let gone = sheet(&loopback, Way::Down, Format::Markdown).await;
    assert!(gone.contains("There is nothing to take back."), "{gone}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_step_that_changes_something_says_how_people_do_it_both_ways() {
    use fedwiz::engine::{known::Known, step::Effect};
    let loopback = Loopback::start("fresh").await;
    let session = loopback.session().await.expect("a session");
    let nothing = Run::default();
    for node in session.graph.nodes() {
        let target = node.target.as_deref().unwrap_or_default();
        let by_hand = node
            .step
            .by_hand(&Known::new(&session.world, &nothing, &node.id, target));
        assert!(!by_hand.up.is_empty(), "{} says nothing", node.id);
        let adopts = node.id.step == "entra.user" && by_hand.down.is_empty();
        let stays = node.about.undo.starts_with("Nothing");
        if node.about.effect == Effect::Changes && !adopts && !stays {
            assert!(
                !by_hand.down.is_empty(),
                "{} does not say how it is taken back",
                node.id
            );
        }
        for guide in by_hand.up.iter().chain(&by_hand.down) {
            assert!(!guide.say.is_empty(), "{}: {}", node.id, guide.title);
        }
    }
}

#[test]
fn the_command_writes_offline_and_verifies() {
    let sim = SimProcess::start("fresh");
    let with = |name: &str, args: &[&str]| run(sim.command(name).args(["--token-store", "memory"]).args(args));
    with("apply", &["--operator", "simulated", "--only", "aws.permission-set"]).expect_code(0);
    // The address of nothing: an export that called anybody would fail.
    let export = |args: &[&str]| {
        let mut command = crate::harness::fedwiz();
        command.arg("export").args(args);
        command.env("FEDWIZ_STATE_DIR", sim.dir().join("state"));
        command
    };
    let profile = sim.dir().join("profile.toml");
    let profile = profile.to_str().expect("a path");
    let file = sim.dir().join("report.html");
    let file = file.to_str().expect("a path");
    let requests = sim.requests();
    run(&mut export(&[
        "report",
        "--profile",
        profile,
        "--format",
        "html",
        "--out",
        file,
    ]))
    .expect_code(0);
    let twice = run(&mut export(&["report", "--profile", profile, "--out", file])).expect_code(2);
    assert!(twice.stderr.contains("--force"), "{}", twice.stderr);
    let holds = run(&mut export(&["report", "--verify", file])).expect_code(0);
    assert!(holds.stdout.starts_with("The chain holds: "), "{}", holds.stdout);
    let mut text = std::fs::read_to_string(file).expect("a report");
    text = text.replacen("Made.", "Seen.", 1);
    std::fs::write(file, text).expect("written");
    let breaks = run(&mut export(&["report", "--verify", file])).expect_code(4);
    assert!(
        breaks.stdout.starts_with("The chain breaks at line "),
        "{}",
        breaks.stdout
    );
    run(&mut export(&["report", "--verify", "none"])).expect_code(2);
    let json = run(&mut export(&["report", "--profile", profile, "--json"])).expect_code(0);
    assert_eq!(
        serde_json::from_str::<Value>(&json.stdout).expect("JSON")["format"],
        "fedwiz-report"
    );
    let sheet = run(&mut export(&["worksheet", "--profile", profile, "--down"])).expect_code(0);
    assert!(
        sheet.stdout.contains("Choose the set below, then Delete"),
        "{}",
        sheet.stdout
    );
    let folder = sim.dir().join("terraform");
    let folder = folder.to_str().expect("a path");
    run(&mut export(&["terraform", "--profile", profile, "--out", folder])).expect_code(0);
    let twice = run(&mut export(&["terraform", "--profile", profile, "--out", folder])).expect_code(2);
    assert!(twice.stderr.contains("is there already"), "{}", twice.stderr);
    run(&mut export(&[
        "terraform",
        "--profile",
        profile,
        "--out",
        folder,
        "--force",
    ]))
    .expect_code(0);
    let told = run(&mut export(&["terraform", "--profile", profile])).expect_code(0);
    assert!(
        told.stdout
            .contains("resource \"aws_ssoadmin_permission_set\" \"regionaladmin\""),
        "{}",
        told.stdout
    );
    assert_eq!(sim.requests(), requests, "an export asked a cloud");
}
