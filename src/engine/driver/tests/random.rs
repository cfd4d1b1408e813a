//! Random graphs, mishaps and crashes.

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
