//! What the walk as a whole must keep: it can be built, it asks people for little, and it comes apart in the right order.

use std::{collections::HashSet, sync::Arc};

use url::Url;

use super::{
    PHASES, Target, World,
    accounts::AccountBook,
    rights::{self, RIGHTS, Rights},
};
use crate::{
    clients::{
        aws::{Aws, SdkRetries, Settings},
        entra::{
            Entra,
            auth::{Prompt, Prompter, SignIn, Way},
            clouds::Cloud,
            error::area,
            graph::Graph,
        },
        http::{Http, Network, Silent},
    },
    clock::{SharedClock, SystemClock},
    engine::{
        graph::{Graph as Walk, NodeIx},
        step::Executor,
    },
    profile::{Profile, default_profile},
    secrets::MemoryStore,
};

/// Nobody signs in: the walk is only built here.
struct NobodyThere;

impl Prompter for NobodyThere {
    fn show(&self, _: &Prompt) {}
}

fn world(profile: Profile) -> World {
    let clock: SharedClock = Arc::new(SystemClock);
    let http = Http::new(&Network::default(), clock, Arc::new(Silent), 1).unwrap();
    let nowhere = Url::parse("http://127.0.0.1:9/").unwrap();
    let sign_in = SignIn {
        http: http.clone(),
        login: nowhere.clone(),
        tenant: "contoso.onmicrosoft.com".into(),
        client_id: Some("x".into()),
        prompter: Arc::new(NobodyThere),
    };
    let tokens = sign_in.tokens(&Way::ClientSecret("x".to_owned().into()), "x").unwrap();
    let graph = Graph::new(http.clone(), tokens, nowhere.clone());
    let targets = profile.aws.iter().map(|target| Target {
        name: target.name.clone(),
        aws: Aws::new(
            http.clone(),
            Settings {
                name: target.name.clone(),
                profile: None,
                region: None,
                fips: None,
                endpoint: Some(nowhere.clone()),
                keys: None,
                sdk_retries: SdkRetries::Off,
            },
        ),
        accounts: AccountBook::default(),
        read_back: Default::default(),
    });
    World {
        targets: targets.collect(),
        entra: Entra::new(graph, Cloud::find("global").unwrap(), nowhere.clone(), nowhere),
        secrets: Arc::new(MemoryStore::default()),
        handouts: std::path::PathBuf::from("handouts"),
        rounds: crate::steps::rotation::Rounds::default(),
        profile: Arc::new(profile),
    }
}

fn tutorial() -> Profile {
    default_profile("contoso.onmicrosoft.com", "contoso.onmicrosoft.com")
}

fn built(profile: Profile) -> Walk<World> {
    Walk::build(PHASES, &world(profile)).unwrap_or_else(|fault| panic!("{fault}"))
}

fn named(walk: &Walk<World>, name: &str) -> NodeIx {
    walk.indices()
        .find(|&ix| walk.node(ix).id.to_string().starts_with(name))
        .unwrap_or_else(|| panic!("there is no {name}"))
}

/// Whether `first` is set up before `then`, whatever else happens; so it is taken back after it.
fn comes_before(walk: &Walk<World>, first: &str, then: &str) -> bool {
    let (first, then) = (named(walk, first), named(walk, then));
    let (mut open, mut seen) = (vec![then], HashSet::new());
    while let Some(ix) = open.pop() {
        if ix == first {
            return true;
        }
        if seen.insert(ix) {
            open.extend(walk.needs(ix).flat_map(|(_, picked)| picked.iter().copied()));
        }
    }
    false
}

#[test]
fn the_tutorial_makes_a_graph_and_asks_people_four_times() {
    let walk = built(tutorial());
    let human: Vec<String> = walk
        .nodes()
        .iter()
        .filter(|node| node.about.executor == Executor::Human)
        .map(|node| node.id.to_string())
        .collect();
    assert_eq!(
        human,
        ["saml.sp-values", "saml.identity-source", "saml.sign-in", "scim.token"]
    );
}

#[test]
fn the_visit_to_the_console_comes_after_application_and_certificate() {
    let walk = built(tutorial());
    for (first, then) in [
        ("entra.app", "saml.sp-values"),
        ("entra.certificate-active", "saml.sp-values"),
        ("saml.idp-metadata", "saml.sp-values"),
        ("saml.sp-values", "saml.identity-source"),
        ("saml.identity-source", "scim.token"),
        ("safety.break-glass", "saml.identity-source"),
    ] {
        assert!(comes_before(&walk, first, then), "{first} before {then}");
    }
    // Nobody waits for a sign-in or for provisioning in the middle of the visit.
    assert!(!comes_before(&walk, "saml.sign-in", "scim.token"));
    assert!(!comes_before(&walk, "scim.job", "saml.identity-source"));
}

#[test]
fn what_must_go_first_goes_first() {
    let walk = built(tutorial());
    // Taken back from right to left.
    for (last, first) in [
        ("scim.arrived", "scim.start"),
        ("scim.on-demand", "scim.start"),
        ("entra.assign", "scim.start"),
        ("aws.user", "scim.start"),
        ("scim.token", "scim.job"),
        ("scim.job", "scim.start"),
        ("saml.identity-source", "scim.token"),
        ("entra.app", "saml.identity-source"),
        ("entra.certificate", "saml.identity-source"),
        ("entra.saml-endpoints", "saml.identity-source"),
        ("entra.name-id", "entra.claims"),
        ("entra.user", "entra.assign"),
        ("scim.arrived[RichardRoe", "aws.assignment[RichardRoe"),
    ] {
        assert!(comes_before(&walk, last, first), "{first} goes before {last}");
    }
}

#[test]
fn each_target_has_its_own_and_the_tenant_is_shared() {
    let mut profile = tutorial();
    let mut second = profile.aws[0].clone();
    second.name = "govcloud".into();
    profile.aws.push(second);
    let world = world(profile);
    assert_ne!(world.application_name("aws"), world.application_name("govcloud"));
    let walk = Walk::build(PHASES, &world).unwrap_or_else(|fault| panic!("{fault}"));
    let count = |step: &str| walk.nodes().iter().filter(|node| node.id.step == step).count();
    for (step, nodes) in [
        ("entra.session", 1),
        ("entra.user", 2),
        ("entra.app", 2),
        ("entra.assign", 4),
        ("scim.token", 2),
    ] {
        assert_eq!(count(step), nodes, "{step}");
    }
}

#[test]
fn every_step_says_what_it_is() {
    for phase in PHASES {
        for step in phase.steps {
            let about = step.about();
            assert!(
                !about.title.ends_with('.') && about.title.len() < 50,
                "{}: {}",
                about.id,
                about.title
            );
            assert!(about.why.ends_with('.'), "{}: {}", about.id, about.why);
            assert!(!about.proof.is_empty() && !about.undo.is_empty(), "{}", about.id);
            assert!(about.read_more.starts_with("https://"), "{}", about.id);
        }
    }
}

#[test]
fn every_step_has_its_rights_in_the_table_and_no_more_than_it_needs() {
    let steps: Vec<&str> = PHASES
        .iter()
        .flat_map(|phase| phase.steps)
        .map(|step| step.about().id.as_str())
        .collect();
    for step in &steps {
        let rows: Vec<&Rights> = RIGHTS.iter().filter(|rights| rights.step == *step).collect();
        let [rights] = rows[..] else {
            panic!("{step} has {} rows of rights", rows.len())
        };
        let any = !rights.graph.is_empty() || !rights.reads.is_empty() || !rights.changes.is_empty();
        assert!(
            any || rights.instead.ends_with('.'),
            "{step} needs no right, and nobody says why"
        );
        for (path, writes, _) in rights.graph {
            let area = area(path).unwrap_or_else(|| panic!("{step}: {path} is in no area"));
            let need = if *writes { &area.write } else { &area.read };
            assert!(
                !need.scopes.is_empty() && !need.permissions.is_empty(),
                "{step}: {path}"
            );
            let global = need.roles.iter().any(|(role, _)| role.contains("Global"));
            assert!(!global, "{step} asks for Global Administrator");
        }
        let changes = rights.changes.iter().map(|(action, _)| action);
        for action in rights.reads.iter().chain(changes).chain(rights.sometimes) {
            let (service, name) = action.split_once(':').expect("a service");
            assert!(
                ["sso", "identitystore", "organizations", "cloudtrail", "iam"].contains(&service) && name != "*",
                "{step}: {action}"
            );
        }
        for read in rights.reads {
            let name = read.split_once(':').expect("a service").1;
            let looks = ["Describe", "Get", "List", "Lookup"]
                .iter()
                .any(|verb| name.starts_with(verb));
            assert!(looks, "{step}: {read} is no look");
        }
    }
    for rights in RIGHTS {
        assert!(steps.contains(&rights.step), "{} is no step", rights.step);
    }
}

#[test]
fn rights_are_asked_for_only_where_the_profile_leads_to_a_step_that_needs_them() {
    let planned = |profile: Profile| -> Vec<&'static str> {
        rights::planned(&world(profile)).map(|rights| rights.step).collect()
    };
    let all = planned(tutorial());
    assert!(all.contains(&"entra.claims") && all.contains(&"aws.abac") && !all.contains(&"entra.group"));
    let mut plain = tutorial();
    plain.abac = None;
    let fewer = planned(plain);
    assert!(!fewer.contains(&"entra.claims") && !fewer.contains(&"aws.abac"));
}
