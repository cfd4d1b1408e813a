//! Skipping a step.

use super::*;

#[tokio::test]
async fn an_open_guide_can_be_left_out_and_is_asked_anew_by_the_next_run() {
    let toy = Toy::new(&[("app", &[]), ("switch!", &["app"])]);
    let mut bench = Bench::new(&toy);
    bench.operator = Arc::new(Slow);
    let asked = signal(chore("switch"), |signal| matches!(signal, Signal::Asked { .. }));
    let told = go(&mut bench, Intent::Up, [at(asked, [Order::Skip(chore("switch"))])]).await;
    assert_eq!(told.outcome.end(), End::Done, "{:?}", told.outcome);
    assert!(matches!(bench.facts().state(&chore("switch")), State::Skipped(_)));
    assert_eq!(told.declined(), []);
    let before = toy.clock.now();
    bench.operator = Arc::new(Person::default());
    assert_eq!(bench.go(Intent::Up).await.unwrap().end(), End::Done);
    assert!(toy.clock.now().duration_since(before).as_secs() < 2);
    assert_eq!(bench.go(Intent::Down).await.unwrap().end(), End::Done);
    assert!(toy.contents().is_empty());
}

#[tokio::test]
async fn a_guide_that_was_left_out_leaves_nothing_to_take_back() {
    let toy = Toy::new(&[("switch!", &[])]);
    let mut bench = Bench::new(&toy);
    bench.operator = Arc::new(Slow);
    let asked = signal(chore("switch"), |signal| matches!(signal, Signal::Asked { .. }));
    go(&mut bench, Intent::Up, [at(asked, [Order::Skip(chore("switch"))])]).await;
    assert_eq!(bench.go(Intent::Down).await.unwrap().end(), End::Done);
    assert!(toy.contents().is_empty());
}

#[tokio::test]
async fn a_wait_that_nothing_was_begun_for_can_be_left_out() {
    let toy = Toy::new(CHAIN);
    arrives_after(&toy, 200);
    let begun = toy.clock.now();
    let mut bench = Bench::new(&toy);
    let told = go(&mut bench, Intent::Up, [at(waits(), [Order::Skip(arrival())])]).await;
    assert_eq!(told.outcome.end(), End::Done);
    assert!(toy.clock.now().duration_since(begun).as_secs() < 100);
    assert!(matches!(bench.facts().state(&arrival()), State::Skipped(_)));
}

#[tokio::test]
async fn what_was_begun_is_not_left_out() {
    let toy = Toy::with(
        Stepped::shared(),
        Duration::from_secs(100),
        &[("switch!", &[]), ("app", &[])],
    );
    let mut bench = Bench::new(&toy);
    let told = go(
        &mut bench,
        Intent::Up,
        [
            at(
                signal(chore("switch"), |signal| matches!(signal, Signal::Answered { .. })),
                [Order::Skip(chore("switch"))],
            ),
            at(started(id("app")), [Order::Skip(id("app"))]),
        ],
    )
    .await;
    assert_eq!(told.outcome.end(), End::Done);
    assert_eq!(toy.contents().len(), 2);
    let why = "it was begun: what became of it must be seen";
    let told: Vec<String> = told.declined().into_iter().map(|(_, why)| why).collect();
    assert_eq!(told, [why, why]);
}

#[tokio::test]
async fn what_others_need_is_not_left_out_and_the_order_names_them() {
    let toy = Toy::new(CHAIN);
    toy.mishaps("set", &[Mishap::Refused]);
    let mut bench = Bench::new(&toy);
    let told = go(
        &mut bench,
        Intent::Up,
        [
            first([Order::Skip(id("app")), Order::Skip(id("nothing"))]),
            at(started(id("set")), [Order::Pause]),
            at(
                failed(id("set")),
                [Order::Skip(id("set")), Order::Skip(id("app")), Order::Resume],
            ),
        ],
    )
    .await;
    assert_eq!(told.outcome.exit_code(), 1);
    let told = told.declined();
    let told: Vec<(&str, &str)> = told.iter().map(|(node, why)| (node.as_str(), why.as_str())).collect();
    assert_eq!(
        told,
        [
            ("toy.thing[app]", "toy.thing[set] needs what it makes"),
            ("", "there is no toy.thing[nothing] in this walk"),
            ("toy.thing[set]", "toy.thing[grant] needs what it makes"),
            ("toy.thing[app]", "it has come to its end"),
        ]
    );
}

#[tokio::test]
async fn what_failed_can_be_left_out_and_the_run_ends_well() {
    let toy = Toy::new(CHAIN);
    toy.mishaps("grant", &[Mishap::Refused]);
    let mut bench = Bench::new(&toy);
    let told = go(
        &mut bench,
        Intent::Up,
        [
            at(started(id("grant")), [Order::Pause]),
            at(failed(id("grant")), [Order::Skip(id("grant"))]),
        ],
    )
    .await;
    assert_eq!(
        told.outcome.end(),
        End::Done,
        "nothing is left, so a pause holds nothing"
    );
    assert!(matches!(bench.facts().state(&id("grant")), State::Skipped(_)));
    assert_eq!(toy.contents().len(), 3);
}

#[tokio::test]
async fn what_is_held_up_can_be_left_out() {
    let toy = Toy::new(CHAIN);
    toy.mishaps("set", &[Mishap::Refused]);
    let mut bench = Bench::new(&toy);
    let told = go(
        &mut bench,
        Intent::Up,
        [
            at(started(id("set")), [Order::Pause]),
            at(failed(id("set")), [Order::Skip(id("grant"))]),
            at(
                fact(id("grant"), |fact| matches!(fact, Fact::Skipped { .. })),
                [Order::Retry(id("set")), Order::Resume],
            ),
        ],
    )
    .await;
    assert_eq!(told.outcome.end(), End::Done, "{:?}", told.outcome);
    assert_eq!(toy.contents().len(), 3);
}

#[tokio::test]
async fn what_is_no_part_of_the_run_is_not_left_out() {
    let toy = Toy::new(CHAIN);
    let mut bench = Bench::new(&toy);
    bench.options.selection = Selection {
        only: vec!["toy.thing[set]".into()],
        ..Selection::default()
    };
    let told = go(
        &mut bench,
        Intent::Up,
        [first([Order::Skip(id("grant")), Order::Retry(id("grant"))])],
    )
    .await;
    assert_eq!(told.outcome.end(), End::Done);
    assert!(
        told.declined()
            .iter()
            .all(|(_, why)| why == "it is not part of this run")
    );
    assert!(bench.facts().node(&id("grant")).is_none());
}

#[tokio::test]
async fn taking_back_leaves_nothing_out() {
    let toy = Toy::new(CHAIN);
    let mut bench = Bench::new(&toy);
    bench.go(Intent::Up).await.unwrap();
    let told = go(&mut bench, Intent::Down, [first([Order::Skip(id("grant"))])]).await;
    assert_eq!(told.outcome.end(), End::Done);
    assert_eq!(told.declined()[0].1, "only setting up leaves steps out");
    assert!(toy.contents().is_empty());
}
