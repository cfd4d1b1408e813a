//! Orders to a driver at work, at the usual moments and at odd ones.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use jiff::SignedDuration;

use super::{Driver, Order};
use crate::engine::{
    fact::{End, Event, Fact, Intent},
    graph::NodeId,
    outcome::Outcome,
    recorder::Notice,
    run::State,
    select::Selection,
    signal::Signal,
    step::How,
    toy::{Bench, Mishap, Person, Slow, Stepped, Toy, chore, id},
};

const CHAIN: &[(&str, &[&str])] = &[
    ("app", &[]),
    ("user", &[]),
    ("set", &["app"]),
    ("grant", &["user", "set"]),
];

/// Whether the moment has come.
type Moment = Box<dyn Fn(&Notice) -> bool>;

/// A moment, and what the operator says then.
struct Cue {
    /// None for a moment before the run begins.
    at: Option<Moment>,
    say: Vec<Order>,
}

fn at(moment: impl Fn(&Notice) -> bool + 'static, say: impl IntoIterator<Item = Order>) -> Cue {
    Cue {
        at: Some(Box::new(moment)),
        say: say.into_iter().collect(),
    }
}

fn first(say: impl IntoIterator<Item = Order>) -> Cue {
    Cue {
        at: None,
        say: say.into_iter().collect(),
    }
}

fn signal(node: NodeId, test: fn(&Signal) -> bool) -> impl Fn(&Notice) -> bool {
    move |notice| matches!(notice, Notice::Signal(event) if event.node.as_ref() == Some(&node) && test(&event.signal))
}

fn of_run(wanted: Signal) -> impl Fn(&Notice) -> bool {
    move |notice| matches!(notice, Notice::Signal(event) if event.node.is_none() && event.signal == wanted)
}

fn fact(node: NodeId, test: fn(&Fact) -> bool) -> impl Fn(&Notice) -> bool {
    move |notice| matches!(notice, Notice::Fact(event) if event.node.as_ref() == Some(&node) && test(&event.fact))
}

fn failed(node: NodeId) -> impl Fn(&Notice) -> bool {
    fact(node, |fact| matches!(fact, Fact::Failed { .. }))
}

fn done(node: NodeId) -> impl Fn(&Notice) -> bool {
    fact(node, |fact| matches!(fact, Fact::Done { .. }))
}

fn started(node: NodeId) -> impl Fn(&Notice) -> bool {
    fact(node, |fact| matches!(fact, Fact::Started { .. }))
}

fn declined(node: NodeId) -> impl Fn(&Notice) -> bool {
    signal(node, |signal| matches!(signal, Signal::Declined { .. }))
}

fn arrival() -> NodeId {
    NodeId {
        step: "toy.arrival".into(),
        ..id("")
    }
}

fn waits() -> impl Fn(&Notice) -> bool {
    signal(arrival(), |signal| matches!(signal, Signal::StillWaiting { .. }))
}

/// What a run said, from its start to its end.
struct Told {
    notices: Vec<Notice>,
    outcome: Outcome,
}

impl Told {
    /// Where the first such notice stands.
    fn place(&self, moment: impl Fn(&Notice) -> bool) -> usize {
        self.notices.iter().position(moment).expect("it was told")
    }

    /// Why orders were not followed, with the node if they were about one.
    fn declined(&self) -> Vec<(String, String)> {
        let each = self.notices.iter().filter_map(|notice| match notice {
            Notice::Signal(event) => match &event.signal {
                Signal::Declined { why } => Some((
                    event.node.as_ref().map(ToString::to_string).unwrap_or_default(),
                    why.to_string(),
                )),
                _ => None,
            },
            Notice::Fact(_) => None,
        });
        each.collect()
    }

    fn signals(&self, node: &NodeId) -> Vec<&Signal> {
        let each = self.notices.iter().filter_map(|notice| match notice {
            Notice::Signal(event) if event.node.as_ref() == Some(node) => Some(&event.signal),
            _ => None,
        });
        each.collect()
    }
}

/// How often the operator looks, in the toy world's time: less than a call takes.
const GLANCE: Duration = Duration::from_millis(10);

/// After so many, a run that has not come to its end never will.
const GLANCES: u32 = 100_000;

/// Runs to the end, and gives each order at its moment, one cue after the other.
async fn go(bench: &mut Bench, intent: Intent, cues: impl IntoIterator<Item = Cue>) -> Told {
    let (driver, mut heard) = bench.driver();
    let (control, clock) = (driver.control(), Arc::clone(&bench.toy.clock));
    let mut cues: VecDeque<Cue> = cues.into_iter().collect();
    let mut notices = Vec::new();
    let mut hear = |notice: Notice, cues: &mut VecDeque<Cue>| {
        if let Some(cue) = cues.pop_front_if(|cue| cue.at.as_ref().is_some_and(|at| at(&notice))) {
            cue.say.into_iter().for_each(|order| control.tell(order));
        }
        notices.push(notice);
    };
    let busy = clock.busy();
    if let Some(cue) = cues.pop_front_if(|cue| cue.at.is_none()) {
        cue.say.into_iter().for_each(|order| control.tell(order));
    }
    let mut run = Box::pin(Driver::run(driver, intent));
    let mut glances = 0;
    let outcome = loop {
        glances += 1;
        assert!(glances < GLANCES, "it never ends");
        tokio::select! {
            biased;
            outcome = &mut run => break outcome.expect("the run begins"),
            // Time also stands still while somebody has a guide in front of them.
            Some(notice) = heard.next() => hear(notice, &mut cues),
            () = clock.sleep(GLANCE) => {}
        }
        // Time stands still until all that was told is heard, and all that is said is in the driver's hands.
        while let Some(notice) = heard.try_next() {
            hear(notice, &mut cues);
        }
        // Whoever was woken has its turn before time goes on.
        tokio::task::yield_now().await;
    };
    drop(busy);
    while let Some(notice) = heard.try_next() {
        notices.push(notice);
    }
    assert!(cues.is_empty(), "{} moments never came: {outcome:#?}", cues.len());
    let facts = notices.iter().filter_map(|notice| match notice {
        Notice::Fact(event) => Some(Event::clone(event)),
        Notice::Signal(_) => None,
    });
    bench.events.extend(facts);
    // Orders to a driver that is done go nowhere.
    control.tell(Order::StopNow);
    Told { notices, outcome }
}

fn arrives_after(toy: &Toy, seconds: i64) {
    *toy.arrives_at.lock().unwrap() = Some(toy.clock.now() + SignedDuration::from_secs(seconds));
}

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
