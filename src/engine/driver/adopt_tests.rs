//! Taking over, leaving to others, and letting go, in the toy world.

use std::sync::Arc;

use crate::{
    engine::{
        fact::{End, Intent},
        run::Run,
        signal::What,
        step::How,
        toy::{Bench, Toy, id},
    },
    fault::Kind,
};

const THINGS: &[(&str, &[&str])] = &[("app", &[]), ("set", &["app"]), ("grant", &["set"])];

fn built(values: [&str; 3]) -> Arc<Toy> {
    let toy = Toy::new(THINGS);
    for ((name, _), value) in THINGS.iter().zip(values) {
        if !value.is_empty() {
            toy.plant(name, value);
        }
    }
    toy
}

async fn adopted(toy: &Arc<Toy>) -> Bench {
    let mut bench = Bench::new(toy);
    bench.options.adopts = true;
    let outcome = bench.go(Intent::Up).await.unwrap();
    assert_eq!(outcome.end(), End::Done, "{outcome:?}");
    bench.options.adopts = false;
    assert_eq!(toy.cloud().writes, 0, "it wrote something");
    bench
}

fn how(run: &Run, name: &str) -> Option<How> {
    run.node(&id(name))?.standing.as_ref().map(|standing| standing.how)
}

async fn findings(bench: &mut Bench, intent: Intent) -> Vec<(String, What)> {
    let outcome = bench.go(intent).await.unwrap();
    let things = outcome.findings.into_iter().filter(|(node, _)| !node.item.is_empty());
    things.map(|(node, finding)| (node.item, finding.what)).collect()
}

#[tokio::test]
async fn what_is_there_is_taken_over_and_the_plan_is_empty() {
    let toy = built(["wanted", "quirk", "theirs"]);
    let mut bench = adopted(&toy).await;
    let run = bench.facts();
    for name in ["app", "set", "grant"] {
        assert_eq!(how(&run, name), Some(How::Adopted));
    }
    let plan = findings(&mut bench, Intent::Plan).await;
    assert!(plan.iter().all(|(_, what)| *what == What::Stands), "{plan:?}");
    let check = findings(&mut bench, Intent::Check).await;
    assert!(check.iter().all(|(_, what)| *what == What::Stands), "{check:?}");
    let outcome = bench.go(Intent::Up).await.unwrap();
    assert_eq!((outcome.changed, toy.cloud().writes), (0, 0), "{outcome:?}");
    bench.go(Intent::Down).await.unwrap();
    assert_eq!((toy.contents().len(), toy.cloud().writes), (3, 0));
}

#[tokio::test]
async fn what_is_not_there_or_not_right_is_found_and_not_adopted() {
    let toy = built(["wrong", "", ""]);
    let mut bench = Bench::new(&toy);
    bench.options.adopts = true;
    let outcome = bench.go(Intent::Up).await.unwrap();
    let what: Vec<What> = outcome.findings.iter().map(|(_, finding)| finding.what).collect();
    assert_eq!(what, [What::WouldChange, What::WouldMake, What::WouldMakeLater]);
    assert_eq!(toy.cloud().writes, 0);
    let run = bench.facts();
    assert!(["app", "set", "grant"].iter().all(|name| how(&run, name).is_none()));
}

#[tokio::test]
async fn a_later_change_of_what_may_stay_counts() {
    let toy = built(["wanted", "quirk", "wanted"]);
    let mut bench = adopted(&toy).await;
    toy.cloud().objects.get_mut("set").unwrap().value = "quirk of another kind".into();
    let check = findings(&mut bench, Intent::Check).await;
    assert!(check.contains(&("set".to_owned(), What::Drifted)), "{check:?}");
    bench.go(Intent::Up).await.unwrap();
    assert_eq!(how(&bench.facts(), "set"), Some(How::Changed));
}

#[tokio::test]
async fn what_belongs_to_somebody_is_left_unless_it_is_named() {
    let toy = built(["wanted", "theirs", "wanted"]);
    let mut bench = adopted(&toy).await;
    toy.cloud().objects.get_mut("set").unwrap().value = "theirs, another".into();
    let check = findings(&mut bench, Intent::Check).await;
    assert!(check.contains(&("set".to_owned(), What::Drifted)), "{check:?}");
    let plan = findings(&mut bench, Intent::Plan).await;
    assert!(plan.contains(&("set".to_owned(), What::WouldStay)), "{plan:?}");
    assert_eq!(bench.go(Intent::Up).await.unwrap().end(), End::Done);
    assert_eq!(toy.cloud().writes, 0);
    // Made anew it is not, either: it is somebody else's to make.
    toy.cloud().objects.remove("set");
    let outcome = bench.go(Intent::Up).await.unwrap();
    assert_eq!(outcome.failed[0].1.kind, Kind::Conflict, "{outcome:?}");
    toy.plant("set", "theirs, anew");
    bench.options.overrides = vec![id("set").to_string()];
    assert_eq!(bench.go(Intent::Up).await.unwrap().end(), End::Done);
    assert!(toy.contents().iter().all(|(_, value)| value == "wanted"));
}

#[tokio::test]
async fn a_set_up_does_not_change_what_it_finds_to_be_somebody_elses() {
    let toy = built(["wanted", "theirs", ""]);
    let mut bench = Bench::new(&toy);
    let outcome = bench.go(Intent::Up).await.unwrap();
    assert_eq!(
        (&outcome.failed[0].0, outcome.failed[0].1.kind),
        (&id("set"), Kind::Conflict)
    );
    assert_eq!(toy.cloud().writes, 0);
}

#[tokio::test]
async fn what_is_named_goes_with_a_teardown_and_nothing_else() {
    let toy = built(["wanted", "wanted", "wanted"]);
    let mut bench = adopted(&toy).await;
    for wrong in ["toy.thing", "toy.thing[nobody]"] {
        bench.options.also = vec![wrong.to_owned()];
        let (driver, _) = bench.driver();
        assert_eq!(driver.run(Intent::Down).await.unwrap_err().kind, Kind::Usage);
    }
    bench.options.also = vec![id("grant").to_string()];
    let plan = findings(&mut bench, Intent::PlanDown).await;
    assert!(plan.contains(&("grant".to_owned(), What::WouldRemove)), "{plan:?}");
    assert_eq!(bench.go(Intent::Down).await.unwrap().end(), End::Done);
    let left: Vec<String> = toy.contents().into_iter().map(|(name, _)| name).collect();
    assert_eq!(left, ["app", "set"]);
    // It is gone: it cannot be named again.
    let (driver, _) = bench.driver();
    assert_eq!(driver.run(Intent::Down).await.unwrap_err().kind, Kind::Usage);
}
