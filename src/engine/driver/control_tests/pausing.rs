//! Pause, go on, look now, and stop.

use super::*;

#[tokio::test]
async fn a_pause_lets_work_come_to_its_end_and_begins_nothing() {
    let toy = Toy::new(CHAIN);
    let mut bench = Bench::new(&toy);
    let told = go(
        &mut bench,
        Intent::Up,
        [
            at(started(id("user")), [Order::Pause]),
            at(done(id("user")), [Order::Resume]),
        ],
    )
    .await;
    assert_eq!(told.outcome.end(), End::Done);
    let (paused, resumed) = (told.place(of_run(Signal::Paused)), told.place(of_run(Signal::Resumed)));
    let between = &told.notices[paused..resumed];
    assert!(between.iter().any(|notice| done(id("user"))(notice)));
    assert!(
        !between
            .iter()
            .any(|notice| started(id("set"))(notice) || started(id("grant"))(notice))
    );
}

#[tokio::test]
async fn a_pause_before_the_first_node_begins_none() {
    let toy = Toy::new(CHAIN);
    let mut bench = Bench::new(&toy);
    let told = go(
        &mut bench,
        Intent::Up,
        [
            first([Order::Pause, Order::Pause]),
            at(of_run(Signal::Paused), [Order::Resume, Order::Resume]),
        ],
    )
    .await;
    assert_eq!(told.outcome.end(), End::Done);
    let resumed = told.place(of_run(Signal::Resumed));
    let about_nodes = |notice: &Notice| match notice {
        Notice::Fact(event) => event.node.is_some(),
        Notice::Signal(event) => event.node.is_some(),
    };
    assert!(!told.notices[..resumed].iter().any(about_nodes));
    let count = |wanted: Signal| {
        told.notices
            .iter()
            .filter(|notice| of_run(wanted.clone())(notice))
            .count()
    };
    assert_eq!(
        (count(Signal::Paused), count(Signal::Resumed)),
        (1, 1),
        "said twice, told once"
    );
}

#[tokio::test]
async fn a_wait_goes_on_during_a_pause_and_the_run_ends_when_nothing_is_left() {
    let toy = Toy::new(CHAIN);
    arrives_after(&toy, 200);
    let mut bench = Bench::new(&toy);
    let told = go(&mut bench, Intent::Up, [at(waits(), [Order::Pause])]).await;
    assert_eq!(told.outcome.end(), End::Done);
    assert!(told.place(done(arrival())) > told.place(of_run(Signal::Paused)));
}

#[tokio::test]
async fn a_paused_run_stays_open_for_what_failed() {
    let toy = Toy::new(CHAIN);
    toy.mishaps("set", &[Mishap::Refused]);
    let mut bench = Bench::new(&toy);
    let told = go(
        &mut bench,
        Intent::Up,
        [
            at(started(id("set")), [Order::Pause]),
            at(failed(id("set")), [Order::Retry(id("set"))]),
            at(
                signal(id("grant"), |signal| *signal == Signal::Reopened),
                [Order::Resume],
            ),
        ],
    )
    .await;
    assert_eq!(told.outcome.end(), End::Done, "{:?}", told.outcome);
    assert!(told.outcome.failed.is_empty() && told.outcome.blocked.is_empty());
    assert_eq!(toy.contents().len(), 4);
    let set = told.signals(&id("set"));
    assert!(set.contains(&&Signal::Reopened));
    assert_eq!(bench.go(Intent::Down).await.unwrap().end(), End::Done);
    assert!(toy.cloud().violations.is_empty(), "{:?}", toy.cloud().violations);
}

#[tokio::test]
async fn a_stop_ends_a_wait_and_the_next_run_goes_on() {
    let toy = Toy::new(CHAIN);
    arrives_after(&toy, 200);
    let begun = toy.clock.now();
    let mut bench = Bench::new(&toy);
    let told = go(
        &mut bench,
        Intent::Up,
        [at(
            waits(),
            [
                Order::Stop,
                Order::Stop,
                Order::Retry(id("app")),
                Order::Skip(arrival()),
            ],
        )],
    )
    .await;
    assert_eq!(told.outcome.exit_code(), 130);
    assert!(toy.clock.now().duration_since(begun).as_secs() < 100);
    let stopping = told.notices.iter().filter(|notice| of_run(Signal::Stopping)(notice));
    assert_eq!(stopping.count(), 1);
    assert!(told.declined().iter().all(|(_, why)| why == "the run is being stopped"));
    assert_eq!(told.declined().len(), 2);
    assert_eq!(bench.go(Intent::Up).await.unwrap().end(), End::Done);
}

#[tokio::test]
async fn a_stop_ends_a_pause() {
    let toy = Toy::new(CHAIN);
    let mut bench = Bench::new(&toy);
    let told = go(
        &mut bench,
        Intent::Up,
        [first([Order::Pause]), at(of_run(Signal::Paused), [Order::Stop])],
    )
    .await;
    assert_eq!(told.outcome.exit_code(), 130);
    assert!(toy.contents().is_empty());
    assert_eq!(bench.go(Intent::Up).await.unwrap().end(), End::Done);
}

#[tokio::test]
async fn a_stop_at_once_drops_what_is_at_work_and_the_next_run_looks() {
    for lag in [0, 20] {
        let toy = Toy::with(Stepped::shared(), Duration::from_secs(lag), CHAIN);
        let mut bench = Bench::new(&toy);
        let told = go(&mut bench, Intent::Up, [at(started(id("set")), [Order::StopNow])]).await;
        assert_eq!(told.outcome.exit_code(), 130);
        assert_eq!(bench.go(Intent::Up).await.unwrap().end(), End::Done);
        assert!(toy.cloud().violations.is_empty(), "{:?}", toy.cloud().violations);
        let told = go(
            &mut bench,
            Intent::Down,
            [at(
                fact(id("grant"), |fact| matches!(fact, Fact::UndoStarted {})),
                [Order::StopNow],
            )],
        )
        .await;
        assert_eq!(told.outcome.exit_code(), 130);
        assert_eq!(bench.go(Intent::Down).await.unwrap().end(), End::Done);
        assert!(toy.contents().is_empty());
    }
}

#[tokio::test]
async fn a_look_asked_for_comes_before_its_time() {
    let toy = Toy::new(CHAIN);
    let mut looks = Vec::new();
    for orders in [vec![], vec![Order::LookNow(arrival())]] {
        arrives_after(&toy, 200);
        let mut bench = Bench::new(&toy);
        let told = go(&mut bench, Intent::Up, [at(waits(), orders)]).await;
        assert_eq!(told.outcome.end(), End::Done);
        let count = told
            .signals(&arrival())
            .iter()
            .filter(|signal| ***signal == Signal::Looking)
            .count();
        looks.push(count);
        bench.go(Intent::Down).await.unwrap();
    }
    assert_eq!(looks[1], looks[0] + 1, "one look more");
}

#[tokio::test]
async fn who_is_not_at_work_neither_looks_nor_takes_a_word() {
    let toy = Toy::new(CHAIN);
    let mut bench = Bench::new(&toy);
    let told = go(
        &mut bench,
        Intent::Up,
        [
            first([Order::LookNow(id("grant")), Order::TakeMyWord(id("nothing"))]),
            at(done(id("app")), [Order::TakeMyWord(id("app"))]),
        ],
    )
    .await;
    assert_eq!(told.outcome.end(), End::Done);
    let why: Vec<String> = told.declined().into_iter().map(|(_, why)| why).collect();
    assert_eq!(
        why,
        [
            "it is not at work",
            "there is no toy.thing[nothing] in this walk",
            "it is not at work"
        ]
    );
    let all_seen = bench
        .facts()
        .nodes()
        .iter()
        .all(|(_, node)| node.standing.as_ref().is_some_and(|it| !it.unproven));
    assert!(all_seen);
}
