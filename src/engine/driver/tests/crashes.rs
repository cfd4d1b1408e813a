//! Crashes, lost answers and stops: what is made is made once, and taken back whole.

use super::*;

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
