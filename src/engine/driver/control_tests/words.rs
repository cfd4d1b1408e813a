//! A person's word in place of a proof.

use super::*;

#[tokio::test]
async fn a_word_counts_while_a_proof_is_awaited_and_not_before() {
    let toy = Toy::with(
        Stepped::shared(),
        Duration::from_secs(100),
        &[("switch!", &[]), ("after", &["switch"])],
    );
    let mut bench = Bench::new(&toy);
    let word = || Order::TakeMyWord(chore("switch"));
    let answered = signal(chore("switch"), |signal| matches!(signal, Signal::Answered { .. }));
    let told = go(
        &mut bench,
        Intent::Up,
        [at(answered, [word()]), at(declined(chore("switch")), [word()])],
    )
    .await;
    assert_eq!(told.outcome.end(), End::Done, "{:?}", told.outcome);
    assert_eq!(told.declined().len(), 1);
    let unproven = State::Done {
        how: How::Made,
        unproven: true,
    };
    assert_eq!(bench.facts().state(&chore("switch")), unproven);
    assert_eq!(toy.contents().len(), 2);
}

#[tokio::test]
async fn a_guide_that_asks_for_values_stays_open_until_they_are_brought() {
    let toy = Toy::new(&[("asks!", &[])]);
    let mut bench = Bench::new(&toy);
    bench.operator = Arc::new(Slow);
    let asked = signal(chore("asks"), |signal| matches!(signal, Signal::Asked { .. }));
    let told = go(
        &mut bench,
        Intent::Up,
        [
            at(asked, [Order::TakeMyWord(chore("asks"))]),
            at(declined(chore("asks")), [Order::LookNow(chore("asks"))]),
            at(declined(chore("asks")), [Order::Stop]),
        ],
    )
    .await;
    assert_eq!(told.outcome.exit_code(), 130);
    let why: Vec<String> = told.declined().into_iter().map(|(_, why)| why).collect();
    assert!(why.iter().all(|why| why.starts_with("its guide")), "{why:?}");
    assert!(toy.contents().is_empty());
    bench.operator = Arc::new(Person::default());
    assert_eq!(bench.go(Intent::Up).await.unwrap().end(), End::Done);
}

#[tokio::test]
async fn a_word_answers_a_guide_that_asks_for_nothing() {
    let toy = Toy::new(&[("blind!", &[])]);
    let mut bench = Bench::new(&toy);
    bench.operator = Arc::new(Slow);
    let asked = signal(chore("blind"), |signal| matches!(signal, Signal::Asked { .. }));
    let told = go(&mut bench, Intent::Up, [at(asked, [Order::TakeMyWord(chore("blind"))])]).await;
    assert_eq!(told.outcome.end(), End::Done, "{:?}", told.outcome);
    assert!(
        told.signals(&chore("blind"))
            .contains(&&Signal::Answered { unproven: true })
    );
    let unproven = matches!(bench.facts().state(&chore("blind")), State::Done { unproven: true, .. });
    assert!(unproven);
}

#[tokio::test]
async fn a_word_never_stands_for_a_lost_answer() {
    for mishap in [Mishap::LostAfter, Mishap::LostBefore] {
        let toy = Toy::with(Stepped::shared(), Duration::from_secs(45), &[("app", &[])]);
        toy.mishaps("app", &[mishap]);
        let mut bench = Bench::new(&toy);
        let lost = signal(id("app"), |signal| matches!(signal, Signal::Retrying { .. }));
        let told = go(&mut bench, Intent::Up, [at(lost, [Order::TakeMyWord(id("app"))])]).await;
        assert_eq!(told.outcome.end(), End::Done, "{mishap:?}: {:?}", told.outcome);
        assert!(
            toy.cloud().violations.is_empty(),
            "{mishap:?}: {:?}",
            toy.cloud().violations
        );
        let proven = State::Done {
            how: How::Made,
            unproven: false,
        };
        assert_eq!(bench.facts().state(&id("app")), proven, "{mishap:?}");
        assert_eq!(told.declined().len(), 1, "{mishap:?}");
    }
}

#[tokio::test]
async fn a_word_for_what_an_earlier_run_began_asks_the_person_again() {
    let toy = Toy::with(Stepped::shared(), Duration::from_secs(10_000), &[("switch!", &[])]);
    let mut bench = Bench::new(&toy);
    let answered = signal(chore("switch"), |signal| matches!(signal, Signal::Answered { .. }));
    go(&mut bench, Intent::Up, [at(answered, [Order::StopNow])]).await;
    bench.operator = Arc::new(Person {
        unproven: true,
        ..Person::default()
    });
    let looks = signal(chore("switch"), |signal| *signal == Signal::Looking);
    let begun = toy.clock.now();
    let told = go(
        &mut bench,
        Intent::Up,
        [at(looks, [Order::TakeMyWord(chore("switch"))])],
    )
    .await;
    assert_eq!(told.outcome.end(), End::Done, "{:?}", told.outcome);
    assert!(
        toy.clock.now().duration_since(begun).as_secs() < 30,
        "nobody waits after a word"
    );
    let unproven = matches!(
        bench.facts().state(&chore("switch")),
        State::Done { unproven: true, .. }
    );
    assert!(unproven);
}
