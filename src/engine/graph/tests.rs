//! Graphs from needs: what is picked, what is refused, and in which order.

use std::collections::HashSet;

use crate::{
    engine::{
        any::{AnyStep, Phase},
        cx::Cx,
        graph::Graph,
        needs::{After, All, Each, Maybe, Need, Needs, One, Same},
        step::{About, Effect, Executor, Got, Item, Made, Probe, Scope, Step, StepId, Undone, World},
    },
    fault::{Fault, Kind},
};

/// A world with these targets, and items named by whoever asks.
struct Targets(&'static [&'static str], usize);

impl World for Targets {
    fn targets(&self) -> Vec<String> {
        self.0.iter().map(|name| (*name).to_owned()).collect()
    }
}

/// A step that does nothing: its name, scope, needs and items are all there is to it.
macro_rules! step {
    ($name:ident, $id:literal, $scope:ident, $needs:ty, $items:expr) => {
        struct $name;

        impl Step<Targets> for $name {
            const ABOUT: About = About {
                id: StepId::new($id),
                title: $id,
                why: "",
                executor: Executor::Graph,
                scope: Scope::$scope,
                effect: Effect::Changes,
                proof: "",
                undo: "",
                read_more: "",
            };
            type Needs = $needs;
            type Output = u64;

            fn items(&self, world: &Targets, _: Option<&str>) -> Vec<Item> {
                let items: fn(&Targets) -> Vec<Item> = $items;
                items(world)
            }

            async fn probe(
                &self,
                _: &Cx<Targets>,
                _: &Got<Self, Targets>,
                _: Option<&u64>,
            ) -> Result<Probe<u64>, Fault> {
                Ok(Probe::Absent)
            }

            async fn apply(&self, _: &Cx<Targets>, _: &Got<Self, Targets>, _: Option<&u64>) -> Result<u64, Fault> {
                Ok(0)
            }

            async fn undo(&self, _: &Cx<Targets>, _: &Got<Self, Targets>, _: &Made<u64>) -> Result<Undone, Fault> {
                Ok(Undone::Removed)
            }
        }
    };
}

const ONLY: fn(&Targets) -> Vec<Item> = |_| vec![Item::only()];

step!(Tenant, "t.session", Tenant, (), ONLY);
step!(User, "t.user", Tenant, (One<Tenant>,), |_| vec![
    Item::new("nikki"),
    Item::new("richard")
]);
step!(App, "t.app", Target, (One<Tenant>,), ONLY);
step!(Set, "t.set", Target, (One<App>,), |world| (0..world.1)
    .map(|n| Item::new(format!("s{n}")))
    .collect());
step!(Copy, "t.copy", Target, (Same<Set>, Maybe<Absent>), |world| (0..world.1)
    .map(|n| Item::new(format!("s{n}")))
    .collect());
step!(
    Grant,
    "t.grant",
    Target,
    (Each<Set>, Each<User>, After<Copy>),
    |world| {
        (0..world.1)
            .map(|n| {
                Item::new(format!("g{n}"))
                    .with(Set::ABOUT.id, format!("s{n}"))
                    .with(User::ABOUT.id, "nikki")
            })
            .collect()
    }
);
step!(Report, "t.report", Tenant, (All<Grant>,), ONLY);
step!(Absent, "t.absent", Tenant, (), |_| Vec::new());
step!(NeedsAbsent, "t.needs-absent", Tenant, (One<Absent>,), ONLY);
step!(NeedsUnlisted, "t.needs-unlisted", Tenant, (One<Ring>,), ONLY);
step!(NeedsMany, "t.needs-many", Tenant, (One<User>,), ONLY);
step!(BadRef, "t.bad-ref", Tenant, (Each<User>,), |_| vec![
    Item::only().with(User::ABOUT.id, "nobody")
]);
step!(LostRef, "t.lost-ref", Tenant, (), |_| vec![
    Item::only().with(User::ABOUT.id, "nikki")
]);
step!(Ring, "t.ring", Tenant, (One<RingBack>,), ONLY);
step!(RingBack, "t.ring-back", Tenant, (One<Ring>,), ONLY);

const fn phase(title: &'static str, steps: &'static [&'static dyn AnyStep<Targets>]) -> Phase<Targets> {
    Phase { title, aim: "", steps }
}

static LATE: Phase<Targets> = phase("Late", &[&Report, &Grant, &Copy]);
static EARLY: Phase<Targets> = phase("Early", &[&Set, &App, &User, &Tenant, &Absent]);

fn whole(world: &Targets) -> Graph<Targets> {
    Graph::build(&[&EARLY, &LATE], world).unwrap()
}

static PEOPLE: Phase<Targets> = phase("People", &[&Tenant, &User, &Absent]);

fn refused(unmet: &'static Phase<Targets>) -> Fault {
    Graph::build(&[&PEOPLE, unmet], &Targets(&["a"], 1))
        .map(drop)
        .unwrap_err()
}

#[test]
fn the_canonical_order_is_topological_and_near_the_tables() {
    let graph = whole(&Targets(&["a"], 2));
    let names: Vec<String> = graph.nodes().iter().map(|node| node.id.to_string()).collect();
    assert_eq!(
        names,
        [
            "t.session",
            "t.app",
            "t.set[s0]",
            "t.set[s1]",
            "t.user[nikki]",
            "t.user[richard]",
            "t.copy[s0]",
            "t.copy[s1]",
            "t.grant[g0]",
            "t.grant[g1]",
            "t.report",
        ]
    );
    for ix in graph.indices() {
        for (_, picked) in graph.needs(ix) {
            assert!(picked.iter().all(|&need| need < ix));
            assert!(picked.iter().all(|&need| graph.node(need).layer < graph.node(ix).layer));
            assert!(
                picked
                    .iter()
                    .all(|&need| graph.node(need).weight > graph.node(ix).weight)
            );
        }
    }
    assert_eq!(
        graph.chapters().iter().map(|chapter| chapter.nodes).collect::<Vec<_>>(),
        [6, 5]
    );
}

#[test]
fn each_target_has_its_own_nodes_and_the_tenant_sees_all() {
    let graph = whole(&Targets(&["a", "b"], 2));
    let find = |name: &str| {
        graph
            .indices()
            .find(|&ix| graph.node(ix).id.to_string() == name)
            .unwrap()
    };
    let picked = |name: &str, need: usize| -> Vec<String> {
        let (_, picked) = graph.needs(find(name)).nth(need).unwrap();
        picked.iter().map(|&ix| graph.node(ix).id.to_string()).collect()
    };
    assert_eq!(picked("b/t.grant[g1]", 0), ["b/t.set[s1]"]);
    assert_eq!(picked("b/t.grant[g1]", 1), ["t.user[nikki]"]);
    assert_eq!(picked("a/t.copy[s1]", 0), ["a/t.set[s1]"]);
    assert_eq!(picked("a/t.copy[s1]", 1), Vec::<String>::new());
    assert_eq!(picked("t.report", 0).len(), 4);
    let keys: Vec<String> = {
        let (_, all) = graph.needs(find("t.report")).next().unwrap();
        all.iter().map(|&ix| graph.input_key(find("t.report"), 0, ix)).collect()
    };
    assert_eq!(keys, ["a/g0", "a/g1", "b/g0", "b/g1"]);
    assert_eq!(graph.node(find("b/t.set[s1]")).target.as_deref(), Some("b"));
    assert_eq!(graph.insists_on(find("t.report")), None);
    assert!(graph.insists_on(find("b/t.set[s1]")).is_some());
    assert_eq!(graph.insists_on(find("b/t.grant[g1]")), None);
    assert!(graph.dependents(find("a/t.copy[s0]")).len() == 2);
}

#[test]
fn a_need_that_nothing_meets_is_refused_by_name() {
    static ABSENT: Phase<Targets> = phase("x", &[&NeedsAbsent]);
    static UNLISTED: Phase<Targets> = phase("x", &[&NeedsUnlisted]);
    static MANY: Phase<Targets> = phase("x", &[&NeedsMany]);
    static REF: Phase<Targets> = phase("x", &[&BadRef]);
    static LOST: Phase<Targets> = phase("x", &[&LostRef]);
    static TWICE: Phase<Targets> = phase("x", &[&User]);
    for (phase, names) in [
        (&ABSENT, ["t.needs-absent", "t.absent"]),
        (&UNLISTED, ["t.needs-unlisted", "t.ring"]),
        (&MANY, ["t.needs-many", "t.user"]),
        (&REF, ["t.bad-ref", "t.user[nobody]"]),
        (&LOST, ["t.lost-ref", "t.user[nikki]"]),
        (&TWICE, ["t.user", "two phases"]),
    ] {
        let fault = refused(phase);
        assert!(names.iter().all(|name| fault.what.contains(name)), "{fault}");
    }
    assert_eq!(refused(&REF).kind, Kind::Usage);
}

#[test]
fn a_circle_is_refused_and_named() {
    static CIRCLE: Phase<Targets> = phase("x", &[&Ring, &RingBack]);
    let fault = refused(&CIRCLE);
    assert!(fault.what.contains("t.ring needs t.ring-back needs t.ring"), "{fault}");
}

#[test]
fn thousands_of_nodes_have_few_edges() {
    let graph = whole(&Targets(&["a", "b"], 2000));
    let (nodes, vertices) = graph.vertices();
    assert_eq!(nodes, 2 * 6001 + 4);
    let edges: usize = (0..vertices).map(|vertex| graph.after(vertex).len()).sum();
    assert!(edges < 12 * nodes, "{edges} edges between {nodes} nodes");
    let names: HashSet<_> = graph.nodes().iter().map(|node| &node.id).collect();
    assert_eq!(names.len(), nodes);
}

#[test]
fn needs_know_their_edges() {
    let edges = <(One<App>, Each<Set>) as Needs<Targets>>::edges();
    assert_eq!(
        edges,
        [
            <One<App> as Need<Targets>>::edge(),
            <Each<Set> as Need<Targets>>::edge()
        ]
    );
    assert!(edges.iter().all(|edge| edge.pick.insists()));
}
