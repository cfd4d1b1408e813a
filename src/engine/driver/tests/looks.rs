//! Plans, checks, waits, and parts of a walk.

use super::*;

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
async fn a_part_alone_rests_on_what_is_recorded_and_touches_nothing_else() {
    let toy = Toy::new(CHAIN);
    let mut bench = Bench::new(&toy);
    let alone = Options {
        selection: Selection {
            only: vec!["toy.thing[set]".into()],
            ..Selection::default()
        },
        alone: true,
        ..bench.options.clone()
    };
    let all = std::mem::replace(&mut bench.options, alone.clone());
    let outcome = bench.go(Intent::Up).await.unwrap();
    assert_eq!(outcome.failed[0].1.kind, Kind::Journal, "nothing is recorded yet");
    assert!(toy.contents().is_empty());
    bench.options = all;
    bench.go(Intent::Up).await.unwrap();
    toy.cloud().objects.get_mut("app").unwrap().value = "meddled".into();
    toy.cloud().objects.remove("set");
    bench.options = alone;
    bench.go(Intent::Up).await.unwrap();
    assert!(toy.cloud().objects.contains_key("set"), "it is made again");
    assert_eq!(
        toy.cloud().objects["app"].value,
        "meddled",
        "what it needs is left alone"
    );
    toy.cloud().account = "222".into();
    toy.cloud().objects.remove("set");
    let outcome = bench.go(Intent::Up).await.unwrap();
    assert!(
        outcome.exit_code() != 0 && !toy.cloud().objects.contains_key("set"),
        "another account is touched"
    );
    bench.options.selection.only = vec!["toy.thing[app]".into()];
    toy.cloud().account = "111".into();
    bench.go(Intent::Down).await.unwrap();
    assert!(
        toy.cloud().objects.contains_key("user"),
        "what needs it is left alone, too"
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
