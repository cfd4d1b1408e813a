//! Steps that need a person.

use super::*;

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
