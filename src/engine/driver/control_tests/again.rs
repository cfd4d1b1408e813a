//! Trying again, and what may be at work side by side.

use super::*;

#[tokio::test]
async fn what_two_hold_up_stays_held_up_by_the_other() {
    let toy = Toy::new(CHAIN);
    toy.mishaps("set", &[Mishap::Refused]);
    toy.mishaps("user", &[Mishap::Refused]);
    let mut bench = Bench::new(&toy);
    let told = go(
        &mut bench,
        Intent::Up,
        [
            at(started(id("set")), [Order::Pause]),
            at(failed(id("set")), [Order::Retry(id("user")), Order::Resume]),
        ],
    )
    .await;
    assert_eq!(told.outcome.end(), End::Failed);
    assert_eq!(told.outcome.blocked, [(id("grant"), id("set"))]);
    let grant = told.signals(&id("grant"));
    let by = |node| Signal::Blocked { by: node };
    assert_eq!(grant, [&by(id("user")), &by(id("set"))]);
    assert_eq!(toy.contents().len(), 2);
}

#[tokio::test]
async fn only_what_failed_goes_again() {
    let toy = Toy::new(CHAIN);
    toy.mishaps("set", &[Mishap::Refused]);
    let mut bench = Bench::new(&toy);
    let told = go(
        &mut bench,
        Intent::Up,
        [
            first([Order::Retry(id("app")), Order::Retry(id("nothing"))]),
            at(started(id("app")), [Order::Retry(id("app")), Order::Retry(id("set"))]),
            at(started(id("set")), [Order::Pause]),
            at(
                failed(id("set")),
                [Order::Retry(id("app")), Order::Retry(id("grant")), Order::Resume],
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
            ("toy.thing[app]", "its turn comes by itself"),
            ("", "there is no toy.thing[nothing] in this walk"),
            ("toy.thing[set]", "its turn comes by itself"),
            ("toy.thing[app]", "it has not failed"),
            ("toy.thing[grant]", "toy.thing[set] holds it up: let that go again"),
        ]
    );
    assert_eq!(toy.contents().len(), 2);
}

#[tokio::test]
async fn a_person_who_was_not_there_can_be_asked_again() {
    let toy = Toy::new(&[("switch!", &[]), ("after", &["switch"])]);
    let mut bench = Bench::new(&toy);
    bench.operator = Arc::new(Person::not_at_first());
    let needs = || fact(chore("switch"), |fact| matches!(fact, Fact::NeedsPerson { .. }));
    let told = go(
        &mut bench,
        Intent::Up,
        [
            at(
                signal(chore("switch"), |signal| *signal == Signal::Looking),
                [Order::Pause],
            ),
            at(needs(), [Order::Retry(chore("switch")), Order::Resume]),
        ],
    )
    .await;
    assert_eq!(told.outcome.end(), End::Done, "{:?}", told.outcome);
    assert_eq!(toy.cloud().asked, 2);
}

#[tokio::test]
async fn what_pauses_before_it_tries_again_tries_now() {
    let toy = Toy::new(&[("app", &[])]);
    toy.mishaps("app", &[Mishap::Throttled]);
    let begun = toy.clock.now();
    let mut bench = Bench::new(&toy);
    let pauses = signal(id("app"), |signal| matches!(signal, Signal::Retrying { .. }));
    let told = go(&mut bench, Intent::Up, [at(pauses, [Order::Retry(id("app"))])]).await;
    assert_eq!(told.outcome.end(), End::Done);
    assert!(
        toy.clock.now().duration_since(begun).as_secs() < 3,
        "it was to be 7 seconds"
    );
}

#[tokio::test]
async fn what_failed_to_go_away_goes_again() {
    let toy = Toy::new(CHAIN);
    let mut bench = Bench::new(&toy);
    bench.go(Intent::Up).await.unwrap();
    toy.mishaps("set", &[Mishap::Refused]);
    let told = go(
        &mut bench,
        Intent::Down,
        [at(
            failed(id("set")),
            [Order::Pause, Order::Retry(id("set")), Order::Resume],
        )],
    )
    .await;
    assert_eq!(told.outcome.end(), End::Done, "{:?}", told.outcome);
    assert!(toy.contents().is_empty());
}

#[tokio::test]
async fn two_of_one_lane_are_never_at_work_at_once() {
    let names: Vec<String> = (0..12).map(|n| format!("t{n}@{}", ["a", "b", "c"][n % 3])).collect();
    let specs: Vec<(&str, &[&str])> = names.iter().map(|name| (name.as_str(), &[][..])).collect();
    let toy = Toy::new(&specs);
    let mut bench = Bench::new(&toy);
    let outcome = bench.go(Intent::Up).await.unwrap();
    assert_eq!(outcome.end(), End::Done);
    assert!(toy.cloud().violations.is_empty(), "{:?}", toy.cloud().violations);
    assert_eq!(toy.cloud().most_at_once, 3, "one of each lane");
}

#[tokio::test]
async fn what_fails_in_a_lane_lets_the_next_one_go_and_goes_again_after_it() {
    let toy = Toy::new(&[("a@lane", &[]), ("b@lane", &[]), ("c@lane", &[])]);
    toy.mishaps("a", &[Mishap::Refused]);
    let mut bench = Bench::new(&toy);
    let told = go(&mut bench, Intent::Up, [at(failed(id("a")), [Order::Retry(id("a"))])]).await;
    assert_eq!(told.outcome.end(), End::Done, "{:?}", told.outcome);
    assert!(toy.cloud().violations.is_empty(), "{:?}", toy.cloud().violations);
    assert_eq!(toy.contents().len(), 3);
}

#[tokio::test]
async fn no_more_are_at_work_than_the_policy_says() {
    let names: Vec<String> = (0..9).map(|n| format!("t{n}")).collect();
    let specs: Vec<(&str, &[&str])> = names.iter().map(|name| (name.as_str(), &[][..])).collect();
    let toy = Toy::new(&specs);
    let mut bench = Bench::new(&toy);
    bench.options.policy.parallel = 2;
    assert_eq!(bench.go(Intent::Up).await.unwrap().end(), End::Done);
    assert_eq!(toy.cloud().most_at_once, 2);
}
