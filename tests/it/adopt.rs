//! Taking over what somebody else built: nothing is written to either cloud, nothing is left to do afterwards, and what was
//! adopted stays unless it is named.

use std::{path::Path, sync::Arc};

use async_trait::async_trait;
use fedwiz::{
    adopt::Draft,
    clients::entra::auth::{Prompt, Prompter},
    engine::{
        exit::Exit,
        fact::Intent,
        graph::NodeId,
        guide::{Answer, Guide, Nobody, Operator},
        outcome::Outcome,
        select::Selection,
        signal::What,
        step::How,
    },
    fault::{Fault, Kind},
    profile::{AbacVia, AppKind, Arrival, Filter, Profile},
    report::drift,
    secrets::MemoryStore,
    session::{
        Named, Session, Setup,
        adopt::{Discovery, Rehearsed},
        rehearsal,
    },
    sim::{Options, Sim, aws::organization::TrailEvent, scenario},
};
use tempfile::TempDir;

use crate::{
    harness::{SimProcess, run},
    loopback::Loopback,
};

/// Nobody reads codes here: an application signs in.
struct NobodyReads;

impl Prompter for NobodyReads {
    fn show(&self, _: &Prompt) {}
}

/// A world that somebody else built, and a machine that has never seen it.
struct Built {
    sim: Arc<Sim>,
    secrets: Arc<MemoryStore>,
    folder: TempDir,
}

impl Built {
    async fn of(scenario: &str) -> Self {
        let options = Options {
            scenario: scenario.into(),
            ..Options::default()
        };
        Self::on(Arc::new(Sim::start(options).await.expect("the simulator starts")))
    }

    async fn in_world(world: &str) -> Self {
        let scenario = scenario::parse("test", world).expect("a scenario");
        let sim = Sim::start_with(&scenario, Options::default()).await;
        Self::on(Arc::new(sim.expect("the simulator starts")))
    }

    fn on(sim: Arc<Sim>) -> Self {
        Self {
            sim,
            secrets: Arc::new(MemoryStore::new()),
            folder: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    fn setup(&self, change: impl FnOnce(&mut Setup)) -> Setup {
        let secrets = self.secrets.clone();
        let mut setup = rehearsal::setup(&self.sim, self.folder.path(), secrets, Arc::new(NobodyReads), 1).unwrap();
        change(&mut setup);
        setup
    }

    /// As much of a profile as it takes to sign in.
    fn way_in(&self) -> (toml::Table, Profile) {
        let base: toml::Table = toml::from_str(&self.sim.profile_toml()).unwrap();
        let text = fedwiz::profile::write::render(&base);
        let profile = Profile::parse(&text, "the way in", Path::new("")).unwrap_or_else(|error| panic!("{error}"));
        (base, profile)
    }

    async fn found(&self, wish: Option<&str>) -> Result<(Discovery, Draft), Fault> {
        let (base, profile) = self.way_in();
        let discovery = Discovery::of(&self.setup(|setup| setup.profile = profile))?;
        let found = discovery.find(wish, &|_| {}).await?;
        let draft = discovery.draft(&found, base, "contoso");
        Ok((discovery, draft))
    }

    async fn rehearse(&self, operator: Arc<dyn Operator>) -> (Draft, Rehearsed) {
        let (discovery, draft) = self.found(None).await.unwrap();
        let profile = draft.profile().unwrap_or_else(|error| panic!("{error}"));
        let setup = self.setup(|setup| setup.profile = profile);
        let rehearsed = discovery.rehearse(setup, operator).await.unwrap();
        (draft, rehearsed)
    }

    /// Takes it over, as the command does when nobody is asked.
    async fn adopt(&self) -> Draft {
        let (draft, rehearsed) = self.rehearse(Arc::new(Nobody)).await;
        assert!(rehearsed.plan_is_empty(), "{:#?}", rehearsed.plan);
        rehearsed.keep().await.unwrap();
        draft
    }

    async fn session(&self, profile: &Profile) -> Session {
        let profile = profile.clone();
        Session::open(self.setup(|setup| setup.profile = profile))
            .await
            .unwrap()
    }

    async fn run(&self, profile: &Profile, intent: Intent) -> Outcome {
        self.run_naming(profile, intent, Named::default()).await.unwrap()
    }

    async fn run_naming(&self, profile: &Profile, intent: Intent, named: Named) -> Result<Outcome, Fault> {
        let session = self.session(profile).await;
        let driver = session.driver_naming(Arc::new(Nobody), Selection::default(), named);
        driver.run(intent).await
    }

    /// The lines of a check.
    async fn check(&self, profile: &Profile) -> Vec<String> {
        let outcome = self.run(profile, Intent::Check).await;
        assert_eq!((&outcome.failed, &outcome.needs_person), (&vec![], &vec![]));
        let found = outcome.findings.iter();
        let lines = found.flat_map(|(node, finding)| {
            let drifts = drift::of_finding(node, None, finding);
            drifts.into_iter().map(move |drift| format!("{node} {}", drift.text()))
        });
        lines.collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_clicked_together_is_taken_over_with_no_write_and_nothing_left_to_do() {
    let built = Built::of("click-built").await;
    let before = built.sim.state_json();
    let (draft, rehearsed) = built.rehearse(Arc::new(Nobody)).await;
    let taken = rehearsed.taken();
    assert_eq!(rehearsed.outcome.exit(), Exit::Done, "{:#?}", rehearsed.outcome);
    assert!(rehearsed.plan_is_empty(), "{}\n{:#?}", draft.text(), rehearsed.plan);
    assert!(
        !built.folder.path().join("journal.jsonl").exists(),
        "a rehearsal leaves nothing"
    );
    rehearsed.keep().await.unwrap();
    let profile = draft.profile().unwrap();
    let plan = built.run(&profile, Intent::Plan).await;
    assert!(plan.failed.is_empty() && plan.needs_person.is_empty(), "{plan:#?}");
    assert_eq!(built.check(&profile).await, Vec::<String>::new());
    let again = built.run(&profile, Intent::Up).await;
    assert_eq!(again.exit(), Exit::Done, "{again:#?}");
    assert_eq!(built.sim.writes(), 0);
    assert_eq!(built.sim.state_json(), before);
    assert_eq!(built.sim.verdict(), Vec::<String>::new());
    assert!(
        taken.iter().all(|it| matches!(it.how, How::Adopted | How::Seen)),
        "{taken:#?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_kind_of_thing_is_found_and_put_into_the_profile() {
    let built = Built::of("click-built").await;
    let (draft, rehearsed) = built.rehearse(Arc::new(Nobody)).await;
    let profile = draft.profile().unwrap();
    let nikki = profile.user("NikkiWolf@contoso.onmicrosoft.com").expect("Nikki");
    assert_eq!(nikki.aws, Arrival::Manual, "made by hand in Identity Center");
    let richard = profile.user("RichardRoe@contoso.onmicrosoft.com").expect("Richard");
    assert_eq!(
        (richard.aws, richard.department.as_deref()),
        (Arrival::Scim, Some("Billing"))
    );
    assert!(profile.group("AWS Engineers").is_some_and(|group| !group.create));
    assert_eq!(profile.provisioning.notify.as_deref(), Some("idm@contoso.com"));
    assert!(
        !profile.teaching.sign_in,
        "nobody is asked to try what people use every day"
    );
    let platform = profile.permission_set("Platform").expect("Platform");
    assert_eq!(platform.session_duration, "PT4H");
    assert_eq!(
        platform.relay_state.as_deref(),
        Some("https://console.aws.amazon.com/cloudwatch/")
    );
    assert_eq!(platform.managed_policies, ["job-function/ViewOnlyAccess"]);
    let boundary = platform.boundary.as_ref().expect("a boundary");
    assert_eq!(boundary.managed_policy.as_deref(), Some("PowerUserAccess"));
    assert_eq!(platform.tags["team"], "platform");
    let engineers = profile
        .assignment
        .iter()
        .find(|it| it.principal.to_string() == "group:AWS Engineers")
        .expect("the group's assignments");
    assert_eq!(engineers.accounts.len(), 2, "{engineers:?}");
    assert!(
        draft.files["contoso/RegionalAdmin.json"].contains("account:ListRegions"),
        "{:?}",
        draft.files
    );
    assert!(
        draft.text().contains("inline_policy = \"contoso/RegionalAdmin.json\""),
        "{}",
        draft.text()
    );
    let owners: Vec<(&str, &str)> = draft
        .owned
        .iter()
        .map(|owned| (owned.object.as_str(), owned.owner.as_str()))
        .collect();
    assert_eq!(
        owners,
        [("AWSReadOnlyAccess", "AWS Control Tower"), ("Platform", "Terraform")]
    );
    // What is Identity Center's own, and no profile can say, is named.
    let auditors = draft.notes.iter().find(|note| note.object == "AWSSecurityAuditors");
    assert!(
        auditors.is_some_and(|note| note.text.contains("AWS Control Tower") && note.text.contains("AWSReadOnlyAccess")),
        "{:#?}",
        draft.notes
    );
    let taken = rehearsed.taken();
    let of = |step: &str| taken.iter().filter(|taken| taken.node.step == step).count();
    for (step, many) in [
        ("entra.app", 1),
        ("entra.saml-mode", 1),
        ("entra.certificate", 1),
        ("entra.certificate-active", 1),
        ("entra.user", 2),
        ("entra.group", 1),
        ("entra.assign", 3),
        ("aws.permission-set", 4),
        ("aws.user", 1),
        ("aws.assignment", 4),
        ("entra.saml-endpoints", 1),
        ("entra.name-id", 1),
        ("saml.identity-source", 1),
        ("scim.token", 1),
        ("scim.job", 1),
        ("scim.credentials", 1),
        ("scim.mappings", 1),
        ("scim.scope", 1),
        ("scim.on-demand", 2),
        ("scim.start", 1),
    ] {
        assert_eq!(of(step), many, "{step}: {taken:#?}");
    }
    let unproven: Vec<&str> = taken
        .iter()
        .filter(|taken| taken.unproven)
        .map(|taken| taken.node.step.as_str())
        .collect();
    assert_eq!(unproven, ["saml.identity-source"], "no event tells of it in this world");
    let endpoints = taken.iter().find(|taken| taken.node.step == "entra.saml-endpoints");
    assert_eq!(
        endpoints.expect("taken").stays[0].field,
        "notificationEmailAddresses",
        "Entra tells nobody of the certificate, and that stays so"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_teardown_removes_nothing_that_was_adopted_and_exactly_what_is_named() {
    let built = Built::of("click-built").await;
    let draft = built.adopt().await;
    let profile = draft.profile().unwrap();
    let before = built.sim.state_json();
    let down = built.run(&profile, Intent::Down).await;
    assert_eq!(down.exit(), Exit::Done, "{down:#?}");
    assert_eq!((built.sim.writes(), built.sim.state_json()), (0, before));
    let name = "aws.assignment[RichardRoe@contoso.onmicrosoft.com · management · AdministratorAccess]".to_owned();
    let also = |names: &[&str]| Named {
        also: names.iter().map(|name| (*name).to_owned()).collect(),
        ..Named::default()
    };
    let plan = built
        .run_naming(&profile, Intent::PlanDown, also(&[&name]))
        .await
        .unwrap();
    let goes: Vec<String> = plan
        .findings
        .iter()
        .filter(|(_, finding)| finding.what == What::WouldRemove)
        .map(|(node, _)| node.to_string())
        .collect();
    assert_eq!(goes, std::slice::from_ref(&name));
    let fault = built
        .run_naming(&profile, Intent::Down, also(&["aws.permission-set"]))
        .await
        .unwrap_err();
    assert_eq!(fault.kind, Kind::Usage, "named in full, or not at all: {fault}");
    let assignments = |built: &Built| {
        built.sim.with(|world| {
            let instance = world.aws[0].instance.as_ref().expect("an instance");
            instance.assignments.len()
        })
    };
    assert_eq!(assignments(&built), 5);
    let down = built.run_naming(&profile, Intent::Down, also(&[&name])).await.unwrap();
    assert_eq!(down.exit(), Exit::Done, "{down:#?}");
    assert_eq!((assignments(&built), built.sim.writes()), (4, 1));
    let journal = std::fs::read_to_string(built.folder.path().join("journal.jsonl")).unwrap();
    assert!(journal.contains("\"kind\":\"released\""), "it is on record");
    assert_eq!(built.sim.verdict(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_look_after_is_shown_and_left_alone_unless_it_is_named() {
    let built = Built::of("click-built").await;
    let profile = built.adopt().await.profile().unwrap();
    built.sim.with(|world| {
        let instance = world.aws[0].instance.as_mut().expect("an instance");
        let mut sets = instance.permission_sets.values_mut();
        let platform = sets.find(|set| set.name == "Platform").expect("Platform");
        platform.session_duration = "PT8H".into();
    });
    let line = "aws.permission-set[Platform] SessionDuration: PT8H → PT4H";
    assert_eq!(built.check(&profile).await, [line]);
    let found = built.run(&profile, Intent::Check).await;
    let session = built.session(&profile).await;
    let driver = session.repairer(Arc::new(Nobody), session.differing(&found));
    assert_eq!(driver.run(Intent::Up).await.unwrap().exit(), Exit::Done);
    drop(session);
    let up = built.run(&profile, Intent::Up).await;
    assert_eq!(up.exit(), Exit::Done, "{up:#?}");
    assert_eq!(built.sim.writes(), 0, "it fought Terraform");
    let plan = built.run(&profile, Intent::Plan).await;
    let platform = plan.findings.iter().find(|(node, _)| node.item == "Platform");
    let (_, finding) = platform.expect("a finding");
    assert_eq!(finding.what, What::WouldStay);
    assert!(finding.note.contains("Terraform"), "{finding:?}");
    let named = |name: &str| Named {
        overrides: vec![name.to_owned()],
        ..Named::default()
    };
    let fault = built
        .run_naming(&profile, Intent::Up, named("aws.permission-set[Platfrom]"))
        .await
        .unwrap_err();
    assert_eq!(fault.kind, Kind::Usage);
    let up = built
        .run_naming(&profile, Intent::Up, named("aws.permission-set[Platform]"))
        .await
        .unwrap();
    assert_eq!(up.exit(), Exit::Done, "{up:#?}");
    assert!(built.sim.writes() > 0);
    assert_eq!(built.check(&profile).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_made_is_not_changed_by_a_set_up_that_finds_it_either() {
    let built = Built::of("click-built").await;
    let mut profile = built.setup(|_| {}).profile;
    let set = profile
        .permission_set
        .iter_mut()
        .find(|set| set.name == "RegionalAdmin");
    let set = set.expect("the tutorial's");
    set.name = "Platform".into();
    for assignment in &mut profile.assignment {
        for name in &mut assignment.permission_sets {
            if name == "RegionalAdmin" {
                *name = "Platform".into();
            }
        }
    }
    let session = built.session(&profile).await;
    let only = Selection {
        only: vec!["aws.permission-set[Platform]".into()],
        ..Selection::default()
    };
    let outcome = session.driver(Arc::new(Nobody), only).run(Intent::Up).await.unwrap();
    let [(node, fault)] = &outcome.failed[..] else {
        panic!("{outcome:#?}")
    };
    assert_eq!((node.item.as_str(), fault.kind), ("Platform", Kind::Conflict));
    assert!(
        fault.what.contains("Terraform") && fault.hint.contains("--override"),
        "{fault}"
    );
    assert_eq!(built.sim.writes(), 0);
}

/// A world with these applications, and nobody in it.
fn with_applications(apps: &str) -> String {
    format!("title = \"t\"\nabout = \"a\"\n{apps}\n[[aws]]\nsource = \"external\"\ntoken_ages_days = [30]\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_applications_are_listed_and_one_is_chosen() {
    let two = "[[entra.app]]\nname = \"AWS one\"\nsaml = true\n[[entra.app]]\nname = \"AWS two\"\nsaml = true\n";
    let built = Built::in_world(&with_applications(two)).await;
    let fault = built.found(None).await.unwrap_err();
    assert_eq!(fault.kind, Kind::Usage);
    assert!(
        fault.why.contains("AWS one") && fault.why.contains("AWS two"),
        "{fault}"
    );
    assert!(fault.hint.contains("--app"), "{fault}");
    let fault = built.found(Some("AWS three")).await.unwrap_err();
    assert!(fault.why.contains("AWS one"), "{fault}");
    let (_, draft) = built.found(Some("AWS two")).await.unwrap();
    assert_eq!(draft.profile().unwrap().entra.application.name, "AWS two");
    // Of several, the one that holds the instance's identifier is meant.
    let connected = two.replace("name = \"AWS one\"", "name = \"AWS one\"\ntarget = \"aws\"");
    let built = Built::in_world(&with_applications(&connected)).await;
    let (_, draft) = built.found(None).await.unwrap();
    assert_eq!(draft.profile().unwrap().entra.application.name, "AWS one");
    assert_eq!(built.sim.writes(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_non_gallery_application_is_found_by_the_instances_identifier() {
    let app = "[[entra.app]]\nname = \"Cloud\"\ntemplate = \"custom\"\ntarget = \"aws\"\ncertificate = { days_left = 300 }\n\
               tags = [\"terraform\"]\n[entra.app.provisioning]\nstate = \"active\"\ncredentials = \"target\"\nsettled = true\n";
    let built = Built::in_world(&with_applications(app)).await;
    let (draft, rehearsed) = built.rehearse(Arc::new(Nobody)).await;
    let profile = draft.profile().unwrap();
    assert_eq!(profile.entra.application.kind, AppKind::NonGallery);
    assert_eq!(draft.owned[0].owner, "Terraform");
    assert!(rehearsed.plan_is_empty(), "{:#?}", rehearsed.plan);
    let owned: Vec<String> = rehearsed
        .taken()
        .into_iter()
        .filter(|taken| taken.owner.as_deref() == Some("Terraform"))
        .map(|taken| taken.node.step)
        .collect();
    assert_eq!(
        owned,
        ["entra.app", "entra.saml-mode", "entra.saml-endpoints", "entra.name-id"]
    );
    assert_eq!(built.sim.writes(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_an_application_or_the_rights_it_says_so_and_stops() {
    let built = Built::of("fresh").await;
    let fault = built.found(None).await.unwrap_err();
    assert_eq!(fault.kind, Kind::NotFound);
    assert!(fault.hint.contains("fedwiz init"), "{fault}");
    // What may not be read is not guessed.
    let built = Built::of("click-built").await;
    built.sim.with(|world| {
        let mut books = world.entra.login.books();
        for client in books.clients.values_mut() {
            client.permissions.retain(|right| !right.contains("Policy"));
        }
    });
    let fault = built.found(None).await.unwrap_err();
    assert_eq!(fault.kind, Kind::Rights, "{fault}");
    assert!(fault.hint.contains("Policy.Read.All"), "{fault}");
    assert_eq!(built.sim.writes(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_broken_is_not_taken_for_a_choice() {
    let built = Built::of("quarantine").await;
    let (_, rehearsed) = built.rehearse(Arc::new(Nobody)).await;
    assert!(!rehearsed.plan_is_empty());
    let open: Vec<String> = rehearsed
        .comes(None)
        .open
        .iter()
        .map(|(node, _)| node.step.clone())
        .collect();
    assert!(open.contains(&"scim.start".to_owned()), "{open:?}");
    assert_eq!(built.sim.writes(), 0);
}

/// The program takes over a world that somebody else built.
#[test]
fn the_program_shows_it_first_and_writes_it_when_told() {
    let sim = SimProcess::start("click-built");
    let folder = sim.dir();
    let profile = folder.join("taken.toml");
    let way_in = folder.join("profile.toml");
    let adopt = |more: &[&str]| {
        let mut command = sim.plain("adopt");
        command.args(["--token-store", "memory", "--way-in"]).arg(&way_in);
        run(command.arg("--profile").arg(&profile).args(more))
    };
    let shown = adopt(&[]).expect_code(3);
    assert!(
        shown.stdout.contains("Terraform") && shown.stdout.contains("AWSSecurityAuditors"),
        "{}",
        shown.stdout
    );
    assert!(shown.stderr.contains("--yes"), "{}", shown.stderr);
    assert!(!profile.exists() && !folder.join("state").exists(), "it only looked");
    let done = adopt(&["--yes", "--json"]).expect_code(0);
    let kinds: Vec<String> = done
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["kind"].to_string())
        .collect();
    for kind in ["\"taken\"", "\"remark\"", "\"profile\""] {
        assert!(kinds.iter().any(|known| known == kind), "{kind}: {kinds:?}");
    }
    assert!(folder.join("taken/RegionalAdmin.json").exists());
    let with = |name: &str, more: &[&str]| {
        let mut command = sim.plain(name);
        run(command
            .args(["--token-store", "memory", "--profile"])
            .arg(&profile)
            .args(more))
    };
    let plan = with("plan", &["--json"]).expect_code(0);
    for word in ["would-make", "would-change", "would-ask", "would-wait"] {
        assert!(!plan.stdout.contains(&format!("\"what\":\"{word}")), "{}", plan.stdout);
    }
    assert_eq!(with("check", &[]).expect_code(0).stdout, "");
    let again = adopt(&["--yes"]).expect_code(2);
    assert!(again.stderr.contains("is there already"), "{}", again.stderr);
    let people = with("teardown", &["--yes", "--also", "entra.group[AWS Engineers]"]).expect_code(2);
    assert!(people.stderr.contains("never taken back"), "{}", people.stderr);
    with("teardown", &["--yes"]).expect_code(0);
    assert_eq!(sim.writes(), 0);
    assert_eq!(sim.violations(), Vec::<serde_json::Value>::new());
}

#[test]
fn a_lost_journal_comes_back_and_what_fedwiz_made_stays_from_then_on() {
    let sim = SimProcess::start("fresh");
    run(sim
        .command("apply")
        .args(["--operator", "simulated", "--token-store", "memory", "--yes"]))
    .expect_code(0);
    let adopt = || {
        let mut command = sim.command("adopt");
        run(command.args(["--token-store", "memory", "--yes"]))
    };
    let known = adopt().expect_code(2);
    assert!(
        known.stderr.contains("knows this federation already"),
        "{}",
        known.stderr
    );
    std::fs::remove_dir_all(sim.dir().join("state")).expect("a journal");
    let writes = sim.writes();
    let back = adopt().expect_code(0);
    assert!(back.stderr.contains("stays at a teardown"), "{}", back.stderr);
    let more = ["--token-store", "memory"];
    assert_eq!(run(sim.command("check").args(more)).expect_code(0).stdout, "");
    run(sim.command("teardown").args(more).arg("--yes")).expect_code(0);
    assert_eq!(
        sim.writes(),
        writes,
        "adopting, looking and taking back wrote something"
    );
}

/// The world that was clicked together, in which CloudTrail still shows this.
fn with_events(events: &str) -> String {
    let (_, text) = scenario::BUNDLED
        .iter()
        .find(|(name, _)| *name == "click-built")
        .expect("it is bundled");
    text.replace(
        "source = \"external\"\n",
        &format!("source = \"external\"\nevents = [{events}]\n"),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cloudtrail_still_shows_proves_the_identity_source() {
    for (event, proof) in [
        (
            "{ name = \"EnableExternalIdPConfigurationForDirectory\", source = \"sso-directory.amazonaws.com\", minutes_ago = 40000 }",
            "no switch since",
        ),
        (
            "{ name = \"CreateUser\", source = \"identitystore-scim.amazonaws.com\", minutes_ago = 300 }",
            "SCIM calls",
        ),
    ] {
        let built = Built::in_world(&with_events(event)).await;
        let (_, rehearsed) = built.rehearse(Arc::new(Nobody)).await;
        let taken = rehearsed.taken();
        let source = taken.iter().find(|taken| taken.node.step == "saml.identity-source");
        let source = source.expect("taken over");
        assert!(!source.unproven && source.proof.contains(proof), "{source:?}");
        assert!(rehearsed.plan_is_empty(), "{:#?}", rehearsed.plan);
    }
    let off = "{ name = \"DisableExternalIdPConfigurationForDirectory\", source = \"sso-directory.amazonaws.com\", minutes_ago = 300 }";
    let built = Built::in_world(&with_events(off)).await;
    let (_, rehearsed) = built.rehearse(Arc::new(Nobody)).await;
    assert!(!rehearsed.plan_is_empty(), "it was switched off");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_switch_after_it_was_adopted_shows_in_a_check() {
    let built = Built::of("click-built").await;
    let profile = built.adopt().await.profile().unwrap();
    built.sim.clock().sleep(std::time::Duration::from_secs(3600)).await;
    built.sim.with(|world| {
        let (at, name) = (world.now, "DisableExternalIdPConfigurationForDirectory");
        let record = serde_json::json!({ "eventName": name, "eventTime": format!("{at:.0}"), "eventID": "e-1" });
        world.aws[0].trail.push(TrailEvent {
            id: "e-1".into(),
            at,
            name: name.into(),
            source: "sso-directory.amazonaws.com".into(),
            username: None,
            access_key: None,
            read_only: false,
            record: record.as_object().cloned().expect("an object"),
        });
    });
    built.sim.clock().sleep(std::time::Duration::from_secs(3600)).await;
    let lines = built.check(&profile).await;
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("saml.identity-source is not there")),
        "{lines:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_federation_that_fedwiz_built_comes_back_without_its_profile() {
    let loopback = Loopback::start_with("fresh", |profile| {
        profile.name_id.guests = Some("user.mail".into());
        profile.abac.as_mut().expect("the tutorial's").via = AbacVia::Both;
        profile.provisioning.filter.push(Filter {
            attribute: "department".into(),
            operator: "IS NOT NULL".into(),
            value: String::new(),
        });
    })
    .await;
    Loopback::must_end_well(&loopback.run(Intent::Up).await);
    let writes = loopback.sim.writes();
    let built = Built::on(Arc::clone(&loopback.sim));
    let (draft, rehearsed) = built.rehearse(Arc::new(Nobody)).await;
    let profile = draft.profile().unwrap();
    assert_eq!(profile.name_id.guests.as_deref(), Some("user.mail"));
    let abac = profile.abac.as_ref().expect("attributes");
    assert_eq!(
        (abac.via, abac.attributes["Department"].as_str()),
        (AbacVia::Both, "user.department")
    );
    assert_eq!(profile.provisioning.filter[0].operator, "IS NOT NULL");
    assert!(rehearsed.plan_is_empty(), "{}\n{:#?}", draft.text(), rehearsed.plan);
    assert!(draft.owned.is_empty(), "its own mark is nobody else's");
    assert_eq!(loopback.sim.writes(), writes);
}

/// Brings a SCIM token.
struct Brings(String, String);

#[async_trait]
impl Operator for Brings {
    async fn ask(&self, node: &NodeId, guide: &Guide) -> Result<Answer, Fault> {
        assert_eq!(node.step, "scim.token", "nothing else is asked for");
        assert!(guide.fields.iter().all(|field| field.optional), "it may be left out");
        let mut answer = Answer::done();
        answer.insert("endpoint", self.0.clone().into());
        answer.insert("token", self.1.clone().into());
        Ok(answer)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_brought_is_proved_and_kept_only_with_the_rest() {
    let built = Built::of("click-built").await;
    let made = built
        .sim
        .click("aws.enable-provisioning", &serde_json::Map::new())
        .expect("the console makes a token");
    let text = |key: &str| made[key].as_str().expect("text").to_owned();
    let (draft, rehearsed) = built.rehearse(Arc::new(Brings(text("endpoint"), text("token")))).await;
    let taken = rehearsed.taken();
    let token = taken
        .iter()
        .find(|taken| taken.node.step == "scim.token")
        .expect("taken over");
    assert!(token.stays.is_empty() && token.proof.contains("200"), "{token:?}");
    assert!(built.secrets.is_empty(), "it is kept before anybody said so");
    rehearsed.keep().await.unwrap();
    assert_eq!(built.secrets.len(), 1);
    let journal = std::fs::read_to_string(built.folder.path().join("journal.jsonl")).unwrap();
    assert!(!journal.contains(&text("token")), "a token is in the journal");
    assert_eq!(built.check(&draft.profile().unwrap()).await, Vec::<String>::new());
    assert_eq!(built.sim.writes(), 0);
}
