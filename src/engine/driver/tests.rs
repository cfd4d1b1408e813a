//! The driver in the toy world.

use std::{sync::Arc, time::Duration};

use crate::{
    engine::{
        fact::{End, Fact, Intent},
        guide::Nobody,
        run::State,
        select::Selection,
        signal::What,
        step::How,
        toy::{Bench, Crash, Mishap, Person, Stepped, Toy, chore, id},
    },
    fault::Kind,
};

use super::Order;

const CHAIN: &[(&str, &[&str])] = &[
    ("app", &[]),
    ("user", &[]),
    ("set", &["app"]),
    ("grant", &["user", "set"]),
];

fn kinds(bench: &Bench) -> Vec<String> {
    let name = |fact: &Fact| serde_json::to_value(fact).unwrap()["kind"].as_str().unwrap().to_owned();
    let node = |id: &Option<_>| id.as_ref().map(ToString::to_string).unwrap_or_default();
    bench
        .events
        .iter()
        .map(|event| format!("{} {}", name(&event.fact), node(&event.node)))
        .collect()
}

#[tokio::test]
async fn it_sets_up_and_takes_back() {
    let toy = Toy::new(CHAIN);
    let mut bench = Bench::new(&toy);
    let outcome = bench.go(Intent::Up).await.unwrap();
    assert_eq!(outcome.end(), End::Done, "{outcome:?}");
    assert_eq!(toy.contents().len(), 4);
    let outcome = bench.go(Intent::Down).await.unwrap();
    assert_eq!(outcome.end(), End::Done, "{outcome:?}");
    assert!(toy.contents().is_empty());
    assert!(toy.cloud().violations.is_empty(), "{:?}", toy.cloud().violations);
}

#[tokio::test]
async fn a_second_run_looks_once_at_each_and_leaves_no_facts() {
    let toy = Toy::new(CHAIN);
    let mut bench = Bench::new(&toy);
    bench.go(Intent::Up).await.unwrap();
    let (facts, writes, calls) = (bench.events.len(), toy.cloud().writes, toy.calls());
    let outcome = bench.go(Intent::Up).await.unwrap();
    assert_eq!((outcome.changed, outcome.unchanged), (0, 5));
    assert_eq!(bench.events.len(), facts + 2);
    assert_eq!(toy.cloud().writes, writes);
    assert_eq!(toy.calls(), calls + 5);
}

#[tokio::test]
async fn what_was_there_is_adopted_and_survives() {
    let toy = Toy::new(CHAIN);
    toy.plant("user", "wanted");
    toy.plant("app", "other");
    let mut bench = Bench::new(&toy);
    bench.go(Intent::Up).await.unwrap();
    let run = bench.facts();
    assert_eq!(
        run.node(&id("user")).unwrap().standing.as_ref().unwrap().how,
        How::Adopted
    );
    assert_eq!(
        run.node(&id("app")).unwrap().standing.as_ref().unwrap().how,
        How::Changed
    );
    let outcome = bench.go(Intent::Down).await.unwrap();
    assert_eq!(outcome.end(), End::Done);
    assert_eq!(
        toy.contents(),
        [("app".into(), "other".into()), ("user".into(), "wanted".into())]
    );
}

#[tokio::test]
async fn drift_is_repaired_and_a_change_keeps_its_first_before() {
    let toy = Toy::new(CHAIN);
    toy.plant("app", "first");
    let mut bench = Bench::new(&toy);
    bench.go(Intent::Up).await.unwrap();
    toy.cloud().objects.get_mut("app").unwrap().value = "meddled".into();
    toy.cloud().objects.get_mut("set").unwrap().value = "meddled".into();
    bench.go(Intent::Up).await.unwrap();
    assert!(toy.contents().iter().all(|(_, value)| value == "wanted"));
    assert_eq!(
        bench.facts().node(&id("set")).unwrap().standing.as_ref().unwrap().how,
        How::Made
    );
    bench.go(Intent::Down).await.unwrap();
    assert_eq!(toy.contents(), [("app".into(), "first".into())]);
}

#[tokio::test]
async fn what_was_adopted_and_vanished_is_made_and_then_ours() {
    let toy = Toy::new(CHAIN);
    toy.plant("user", "wanted");
    let mut bench = Bench::new(&toy);
    bench.go(Intent::Up).await.unwrap();
    toy.cloud().objects.remove("user");
    bench.go(Intent::Up).await.unwrap();
    assert_eq!(
        bench.facts().node(&id("user")).unwrap().standing.as_ref().unwrap().how,
        How::Made
    );
    bench.go(Intent::Down).await.unwrap();
    assert!(toy.contents().is_empty());
}

#[tokio::test]
async fn lost_answers_never_make_a_second_object() {
    for mishaps in [
        &[Mishap::LostAfter][..],
        &[Mishap::LostBefore],
        &[Mishap::LostBefore, Mishap::LostAfter],
        &[Mishap::Throttled, Mishap::Throttled, Mishap::NotYet, Mishap::LostBefore],
    ] {
        for lag in [0, 45] {
            let toy = Toy::with(Stepped::shared(), Duration::from_secs(lag), CHAIN);
            toy.mishaps("app", mishaps);
            toy.mishaps("grant", mishaps);
            let mut bench = Bench::new(&toy);
            let outcome = bench.go(Intent::Up).await.unwrap();
            assert_eq!(outcome.end(), End::Done, "{mishaps:?}: {outcome:?}");
            assert!(toy.cloud().violations.is_empty(), "{:?}", toy.cloud().violations);
            toy.mishaps("app", mishaps);
            bench.go(Intent::Down).await.unwrap();
            assert!(toy.contents().is_empty(), "{mishaps:?}");
        }
    }
}

#[tokio::test]
async fn a_refusal_blocks_what_follows_and_leaves_the_rest_done() {
    let toy = Toy::new(CHAIN);
    toy.mishaps("set", &[Mishap::Refused]);
    let mut bench = Bench::new(&toy);
    let outcome = bench.go(Intent::Up).await.unwrap();
    assert_eq!(outcome.exit_code(), 1);
    assert_eq!(outcome.failed[0].0, id("set"));
    assert_eq!(outcome.blocked, [(id("grant"), id("set"))]);
    assert_eq!(toy.contents().len(), 2);
    // A definite refusal leaves nothing behind, so what somebody makes in between is not ours.
    toy.plant("set", "wanted");
    assert_eq!(bench.go(Intent::Up).await.unwrap().end(), End::Done);
    assert_eq!(
        bench.facts().node(&id("set")).unwrap().standing.as_ref().unwrap().how,
        How::Adopted
    );
}

#[tokio::test]
async fn a_crash_at_any_call_ends_the_same() {
    for lag in [0, 20] {
        let calls = {
            let toy = Toy::with(Stepped::shared(), Duration::from_secs(lag), CHAIN);
            let mut bench = Bench::new(&toy);
            bench.go(Intent::Up).await.unwrap();
            bench.go(Intent::Down).await.unwrap();
            toy.calls()
        };
        for crash in (1..=calls).flat_map(|n| [Crash::BeforeCall(n), Crash::AfterEffect(n)]) {
            let toy = Toy::with(Stepped::shared(), Duration::from_secs(lag), CHAIN);
            toy.plant("user", "wanted");
            *toy.crash.lock().unwrap() = Some(crash);
            let mut bench = Bench::new(&toy);
            let outcome = bench.go_on(Intent::Up).await;
            assert_eq!(outcome.end(), End::Done, "{crash:?}: {outcome:?}");
            assert_eq!(toy.contents().len(), 4, "{crash:?}");
            let outcome = bench.go_on(Intent::Down).await;
            assert_eq!(outcome.end(), End::Done, "{crash:?}: {outcome:?}");
            assert_eq!(
                toy.contents(),
                [("user".into(), "wanted".into())],
                "{crash:?}: {:#?}",
                kinds(&bench)
            );
            assert!(
                toy.cloud().violations.is_empty(),
                "{crash:?}: {:?}",
                toy.cloud().violations
            );
        }
    }
}

#[tokio::test]
async fn a_crash_at_any_fact_ends_the_same() {
    for n in 1..40 {
        let toy = Toy::new(CHAIN);
        toy.plant("app", "other");
        let mut bench = Bench::new(&toy);
        let up = bench.go_until_fact(Intent::Up, n).await;
        if up.is_none() {
            assert_eq!(bench.go_on(Intent::Up).await.end(), End::Done, "{n}");
        }
        assert_eq!(toy.contents().len(), 4, "{n}");
        if bench.go_until_fact(Intent::Down, n).await.is_none() {
            assert_eq!(bench.go_on(Intent::Down).await.end(), End::Done, "{n}");
        }
        assert_eq!(
            toy.contents(),
            [("app".into(), "other".into())],
            "{n}: {:#?}",
            kinds(&bench)
        );
        assert!(toy.cloud().violations.is_empty(), "{n}: {:?}", toy.cloud().violations);
    }
}

#[tokio::test]
async fn a_teardown_right_after_a_crash_leaves_nothing() {
    for n in 1..20 {
        let toy = Toy::new(CHAIN);
        let mut bench = Bench::new(&toy);
        bench.go_until_fact(Intent::Up, n).await;
        let outcome = bench.go(Intent::Down).await.unwrap();
        assert_eq!(outcome.end(), End::Done, "{n}: {outcome:?}");
        assert!(toy.contents().is_empty(), "{n}: {:#?}", kinds(&bench));
    }
}

#[tokio::test]
async fn a_person_who_is_not_there_leaves_the_rest_done() {
    let toy = Toy::new(&[
        ("app", &[]),
        ("switch!", &["app"]),
        ("after", &["switch"]),
        ("other", &[]),
    ]);
    let mut bench = Bench::new(&toy);
    bench.operator = Arc::new(Nobody);
    let outcome = bench.go(Intent::Up).await.unwrap();
    assert_eq!(outcome.exit_code(), 3);
    assert_eq!(outcome.needs_person[0].0, chore("switch"));
    assert_eq!(outcome.blocked, [(id("after"), chore("switch"))]);
    assert_eq!(toy.contents().len(), 2);
    // The person makes it by hand in between: that is ours, for we asked.
    toy.plant("switch", "wanted");
    assert_eq!(bench.go(Intent::Up).await.unwrap().end(), End::Done);
    assert_eq!(toy.cloud().asked, 1);
    bench.operator = Arc::new(Person::default());
    assert_eq!(bench.go(Intent::Down).await.unwrap().end(), End::Done);
    assert!(toy.contents().is_empty());
}

#[tokio::test]
async fn a_person_is_asked_again_at_once() {
    let toy = Toy::new(&[("switch!", &[])]);
    let mut bench = Bench::new(&toy);
    bench.operator = Arc::new(Nobody);
    bench.go(Intent::Up).await.unwrap();
    let before = toy.clock.now();
    bench.operator = Arc::new(Person::default());
    assert_eq!(bench.go(Intent::Up).await.unwrap().end(), End::Done);
    assert!(toy.clock.now().duration_since(before).as_secs() < 2);
}

#[tokio::test]
async fn a_word_in_place_of_a_proof_is_recorded_as_unproven() {
    let toy = Toy::new(&[("blind!", &[])]);
    let mut bench = Bench::new(&toy);
    let outcome = bench.go(Intent::Up).await.unwrap();
    assert_eq!(outcome.exit_code(), 3, "nothing is green that nobody saw");
    bench.operator = Arc::new(Person {
        unproven: true,
        ..Person::default()
    });
    assert_eq!(bench.go(Intent::Up).await.unwrap().end(), End::Done);
    let unproven = State::Done {
        how: How::Made,
        unproven: true,
    };
    assert_eq!(bench.facts().state(&chore("blind")), unproven);
    bench.operator = Arc::new(Nobody);
    assert_eq!(
        bench.go(Intent::Up).await.unwrap().end(),
        End::Done,
        "what a person vouched for stays done"
    );
}

#[tokio::test]
async fn a_wait_says_why_and_until_when() {
    let toy = Toy::new(CHAIN);
    *toy.arrives_at.lock().unwrap() = Some(toy.clock.now() + jiff::SignedDuration::from_secs(1000));
    let mut bench = Bench::new(&toy);
    assert_eq!(bench.go(Intent::Up).await.unwrap().end(), End::Done);
    let waits = bench
        .events
        .iter()
        .filter(|event| matches!(event.fact, Fact::Waiting { .. }))
        .count();
    assert_eq!(waits, 1);
    let toy = Toy::new(CHAIN);
    *toy.arrives_at.lock().unwrap() = Some(toy.clock.now() + jiff::SignedDuration::from_secs(10_000));
    let mut bench = Bench::new(&toy);
    let outcome = bench.go(Intent::Up).await.unwrap();
    assert_eq!(outcome.failed[0].1.kind, Kind::TimedOut);
}

#[tokio::test]
async fn the_wrong_account_is_not_torn_down() {
    let toy = Toy::new(CHAIN);
    let mut bench = Bench::new(&toy);
    bench.go(Intent::Up).await.unwrap();
    toy.cloud().account = "222".into();
    let outcome = bench.go(Intent::Down).await.unwrap();
    assert_eq!(outcome.exit_code(), 1);
    assert_eq!((outcome.failed.len(), outcome.blocked.len()), (1, 4));
    assert_eq!(toy.contents().len(), 4);
    toy.cloud().account = "111".into();
    assert_eq!(bench.go(Intent::Down).await.unwrap().end(), End::Done);
    assert!(toy.contents().is_empty());
}

#[tokio::test]
async fn what_the_profile_forgets_is_still_taken_back() {
    let toy = Toy::new(CHAIN);
    let mut bench = Bench::new(&toy);
    bench.go(Intent::Up).await.unwrap();
    toy.specs
        .lock()
        .unwrap()
        .retain(|spec| spec.name != "grant" && spec.name != "set");
    let plan = bench.go(Intent::Plan).await.unwrap();
    assert!(
        plan.findings
            .iter()
            .any(|(node, finding)| *node == id("set") && finding.what == What::WouldStay)
    );
    assert_eq!(bench.go(Intent::Down).await.unwrap().end(), End::Done);
    assert!(toy.contents().is_empty());
    assert!(toy.cloud().violations.is_empty(), "{:?}", toy.cloud().violations);
}

#[tokio::test]
async fn a_plan_changes_nothing_and_names_what_would_happen() {
    let toy = Toy::new(&[("app", &[]), ("user", &[]), ("late", &["app"]), ("switch!", &[])]);
    toy.plant("user", "other");
    let mut bench = Bench::new(&toy);
    let plan = bench.go(Intent::Plan).await.unwrap();
    let what = |node| plan.findings.iter().find(|(id, _)| *id == node).unwrap().1.what;
    assert_eq!(what(id("app")), What::WouldMake);
    assert_eq!(what(id("late")), What::WouldMakeLater);
    assert_eq!(what(id("user")), What::WouldChange);
    assert_eq!(what(chore("switch")), What::WouldAsk);
    assert_eq!((toy.cloud().writes, bench.events.len()), (0, 0));
    bench.go(Intent::Up).await.unwrap();
    let writes = toy.cloud().writes;
    let plan = bench.go(Intent::PlanDown).await.unwrap();
    let what = |node| plan.findings.iter().find(|(id, _)| *id == node).unwrap().1.what;
    assert_eq!(what(id("user")), What::WouldRestore);
    assert_eq!(what(id("app")), What::WouldRemove);
    assert_eq!(toy.cloud().writes, writes);
}

#[tokio::test]
async fn a_check_reports_drift_and_repairs_nothing() {
    let toy = Toy::new(CHAIN);
    let mut bench = Bench::new(&toy);
    bench.go(Intent::Up).await.unwrap();
    assert_eq!(bench.go(Intent::Check).await.unwrap().exit_code(), 0);
    toy.cloud().objects.get_mut("user").unwrap().value = "meddled".into();
    toy.cloud().objects.remove("grant");
    let (facts, writes) = (bench.events.len(), toy.cloud().writes);
    let outcome = bench.go(Intent::Check).await.unwrap();
    assert_eq!(outcome.exit_code(), 4);
    let odd = outcome
        .findings
        .iter()
        .filter(|(_, finding)| finding.what != What::Stands)
        .count();
    assert_eq!(odd, 2);
    assert_eq!((bench.events.len(), toy.cloud().writes), (facts, writes));
}

#[tokio::test]
async fn a_part_brings_along_what_it_needs() {
    let toy = Toy::new(CHAIN);
    let mut bench = Bench::new(&toy);
    bench.options.selection = Selection {
        only: vec!["toy.thing[set]".into()],
        ..Selection::default()
    };
    bench.go(Intent::Up).await.unwrap();
    assert_eq!(
        toy.contents().iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        ["app", "set"]
    );
    bench.options.selection = Selection::default();
    bench.go(Intent::Up).await.unwrap();
    bench.options.selection.only = vec!["toy.thing[set]".into()];
    bench.go(Intent::Down).await.unwrap();
    assert_eq!(
        toy.contents().iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        ["app", "user"]
    );
}

#[tokio::test]
async fn a_stop_ends_safely_and_the_next_run_continues() {
    let toy = Toy::new(CHAIN);
    *toy.arrives_at.lock().unwrap() = Some(toy.clock.now() + jiff::SignedDuration::from_secs(1000));
    let mut bench = Bench::new(&toy);
    let outcome = bench
        .go_with(Intent::Up, |control| {
            control.tell(Order::Stop);
            std::future::pending()
        })
        .await
        .unwrap();
    assert_eq!(outcome.exit_code(), 130);
    assert!(matches!(
        bench.events.last().unwrap().fact,
        Fact::RunEnded { end: End::Stopped, .. }
    ));
    assert_eq!(bench.go(Intent::Up).await.unwrap().end(), End::Done);
}

#[tokio::test]
async fn an_optional_node_may_be_left_out_and_a_needed_one_may_not() {
    let toy = Toy::new(&[("app", &[]), ("extra", &["app"])]);
    let mut bench = Bench::new(&toy);
    let outcome = bench
        .go_with(Intent::Up, |control| {
            control.tell(Order::Skip(id("app")));
            control.tell(Order::Skip(id("extra")));
            std::future::pending()
        })
        .await
        .unwrap();
    assert_eq!(outcome.end(), End::Done);
    assert_eq!(toy.contents().len(), 1);
    assert!(matches!(bench.facts().state(&id("extra")), State::Skipped(_)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_parallel_runs_tell_the_same_story() {
    let names: Vec<String> = (0..24).map(|n| format!("t{n}")).collect();
    let refs: Vec<Vec<&str>> = (0..24_usize)
        .map(|n| {
            let earlier = [n.checked_sub(8), (n >= 8).then_some(n / 3)];
            let earlier = earlier.into_iter().flatten().collect::<std::collections::BTreeSet<_>>();
            earlier.into_iter().map(|at| names[at].as_str()).collect()
        })
        .collect();
    let specs: Vec<(&str, &[&str])> = names
        .iter()
        .zip(&refs)
        .map(|(name, refs)| (name.as_str(), refs.as_slice()))
        .collect();
    let mut stories = std::collections::BTreeSet::new();
    for _ in 0..50 {
        let toy = Toy::with(Stepped::shared(), Duration::from_secs(3), &specs);
        toy.mishaps("t9", &[Mishap::LostAfter]);
        toy.mishaps("t3", &[Mishap::Throttled]);
        let mut bench = Bench::new(&toy);
        assert_eq!(bench.go(Intent::Up).await.unwrap().end(), End::Done);
        assert_eq!(bench.go(Intent::Down).await.unwrap().end(), End::Done);
        stories.insert(format!("{:#?}", bench.events));
    }
    assert_eq!(stories.len(), 1);
}

mod random {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    struct Case {
        refs: Vec<Vec<usize>>,
        human: Vec<bool>,
        mishaps: Vec<Vec<Mishap>>,
        planted: Vec<Option<bool>>,
        crashes: Vec<u64>,
        lag: u64,
    }

    fn mishap() -> impl Strategy<Value = Mishap> {
        prop_oneof![
            Just(Mishap::LostBefore),
            Just(Mishap::LostAfter),
            Just(Mishap::Throttled),
            Just(Mishap::NotYet),
            Just(Mishap::Refused),
        ]
    }

    fn case() -> impl Strategy<Value = Case> {
        (1_usize..10).prop_flat_map(|size| {
            (
                proptest::collection::vec(proptest::collection::vec(any::<prop::sample::Index>(), 0..3), size),
                proptest::collection::vec(proptest::bool::weighted(0.2), size),
                proptest::collection::vec(proptest::collection::vec(mishap(), 0..3), size),
                proptest::collection::vec(proptest::option::weighted(0.2, any::<bool>()), size),
                proptest::collection::vec(1_u64..80, 0..4),
                prop_oneof![Just(0_u64), Just(30)],
            )
                .prop_map(|(refs, human, mishaps, planted, crashes, lag)| Case {
                    refs: refs
                        .into_iter()
                        .enumerate()
                        .map(|(at, refs)| {
                            let earlier = refs.into_iter().filter(|_| at > 0).map(|index| index.index(at));
                            earlier.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
                        })
                        .collect(),
                    human,
                    mishaps,
                    planted,
                    crashes,
                    lag,
                })
        })
    }

    async fn hold(case: Case) {
        let names: Vec<String> = case
            .human
            .iter()
            .enumerate()
            .map(|(at, human)| format!("n{at}{}", if *human { "!" } else { "" }))
            .collect();
        let bare: Vec<String> = names.iter().map(|name| name.trim_end_matches('!').to_owned()).collect();
        let refs: Vec<Vec<&str>> = case
            .refs
            .iter()
            .map(|refs| refs.iter().map(|&at| bare[at].as_str()).collect())
            .collect();
        let specs: Vec<(&str, &[&str])> = names
            .iter()
            .zip(&refs)
            .map(|(name, refs)| (name.as_str(), refs.as_slice()))
            .collect();
        let toy = Toy::with(Stepped::shared(), Duration::from_secs(case.lag), &specs);
        for (name, planted) in bare.iter().zip(&case.planted) {
            if let Some(wanted) = planted {
                toy.plant(name, if *wanted { "wanted" } else { "other" });
            }
        }
        let before = toy.contents();
        for (name, mishaps) in bare.iter().zip(&case.mishaps) {
            toy.mishaps(name, mishaps);
        }
        let mut bench = Bench::new(&toy);
        for crash in &case.crashes {
            *toy.crash.lock().unwrap() = Some(Crash::AfterEffect(toy.calls() + crash));
            bench.go(Intent::Up).await;
        }
        *toy.crash.lock().unwrap() = None;
        // Refusals come to an end as each is met once.
        let mut outcome = bench.go(Intent::Up).await.unwrap();
        for _ in 0..20 {
            if outcome.end() == End::Done {
                break;
            }
            outcome = bench.go(Intent::Up).await.unwrap();
        }
        assert_eq!(outcome.end(), End::Done, "{outcome:#?}");
        assert!(toy.contents().iter().all(|(_, value)| value == "wanted"));
        assert_eq!(toy.contents().len(), bare.len());
        for (name, mishaps) in bare.iter().zip(&case.mishaps) {
            toy.mishaps(name, mishaps);
        }
        for crash in &case.crashes {
            *toy.crash.lock().unwrap() = Some(Crash::BeforeCall(toy.calls() + crash));
            bench.go(Intent::Down).await;
        }
        *toy.crash.lock().unwrap() = None;
        let mut outcome = bench.go(Intent::Down).await.unwrap();
        for _ in 0..20 {
            if outcome.end() == End::Done {
                break;
            }
            outcome = bench.go(Intent::Down).await.unwrap();
        }
        assert_eq!(outcome.end(), End::Done, "{outcome:#?}");
        assert_eq!(toy.contents(), before, "{:#?}", kinds(&bench));
        assert!(toy.cloud().violations.is_empty(), "{:?}", toy.cloud().violations);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_graph_with_any_mishaps_comes_to_stand_and_goes_away(case in case()) {
            tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(hold(case));
        }
    }
}
