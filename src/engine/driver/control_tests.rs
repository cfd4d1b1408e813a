//! Orders to a driver at work, at the usual moments and at odd ones.

mod again;
mod leaving_out;
mod pausing;
mod words;

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
