//! Whole walks, up and down.

use super::*;

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
