use std::{sync::Arc, time::Instant};

use super::*;
use crate::{
    engine::{
        fact::End,
        recorder::Notice,
        signal::{Finding, Signal, What},
        step::{How, Undone},
    },
    report::testing::{self, Script, node, outline},
};

fn view(script: &Script) -> View {
    let mut view = View::new(outline());
    for notice in &script.notices {
        view.see(notice);
    }
    view
}

fn state(view: &View, name: &str) -> State {
    view.node(view.find(&node(name)).expect("it is known")).state
}

/// The tallies must always be those of the nodes.
fn check(view: &View) {
    for wanted in State::all() {
        let number = view.nodes().iter().filter(|node| node.state == wanted).count();
        assert_eq!(view.tally().of(wanted) as usize, number, "{wanted:?}");
        let by_chapter: u32 = view.chapters().iter().map(|chapter| chapter.tally.of(wanted)).sum();
        assert_eq!(by_chapter as usize, number, "{wanted:?}");
    }
    for wanted in State::all() {
        let by_flow: u32 = view.flows().iter().map(|flow| flow.tally.of(wanted)).sum();
        assert_eq!(by_flow, view.tally().of(wanted), "{wanted:?}");
    }
    let owned: u32 = view.flows().iter().map(|flow| flow.owned).sum();
    assert_eq!(owned, view.owned);
    let needs = view
        .nodes()
        .iter()
        .filter(|node| node.state == State::NeedsPerson)
        .count();
    assert_eq!(view.needs_person().count(), needs);
    assert_eq!(
        view.owned as usize,
        view.nodes().iter().filter(|node| node.ours).count()
    );
}

#[test]
fn the_counts_are_those_of_the_nodes_after_every_notice() {
    for script in [testing::up_and_down(), testing::trouble(), testing::every_kind()] {
        let mut view = View::new(outline());
        for notice in &script.notices {
            view.see(notice);
            check(&view);
        }
    }
}

#[test]
fn a_set_up_counts_what_stands() {
    let view = view(&testing::set_up());
    assert_eq!(view.progress(), Progress { done: 7, total: 7 });
    assert_eq!(state(&view, "entra.user[NikkiWolf]"), State::Adopted);
    assert_eq!(state(&view, "entra.user[RichardRoe]"), State::Changed);
    assert_eq!(state(&view, "saml.identity-source"), State::Unproven);
    assert_eq!(view.questions(), (1, 1));
    let requests = view.requests();
    assert_eq!((requests.sent, requests.again, requests.throttled), (3, 1, 1));
    assert_eq!(view.chapters()[1].progress(), Progress { done: 3, total: 3 });
    assert_eq!(view.run().and_then(|run| run.end), Some(End::Done));
}

#[test]
fn a_teardown_counts_what_is_ours() {
    let script = testing::up_and_down();
    let view = view(&script);
    assert_eq!(view.progress(), Progress { done: 3, total: 3 });
    assert_eq!(state(&view, "entra.app"), State::Removed);
    assert_eq!(state(&view, "entra.user[RichardRoe]"), State::Kept);
    assert_eq!(state(&view, "entra.user[NikkiWolf]"), State::Adopted);
}

#[test]
fn what_was_taken_back_is_to_go_in_the_next_set_up() {
    let mut script = testing::up_and_down();
    script.run(Intent::Up);
    let view = view(&script);
    assert_eq!(state(&view, "entra.app"), State::Open);
    assert_eq!(state(&view, "entra.user[RichardRoe]"), State::Changed);
    assert_eq!(state(&view, "entra.session"), State::Seen);
    check(&view);
}

#[test]
fn a_wait_says_since_when_until_when_and_what_ends_it() {
    let mut script = Script::begin("10:00:00", Intent::Up);
    let name = "scim.arrived[RichardRoe]";
    script
        .waits(name, "the next cycle")
        .after(30_000)
        .still_waits(name, "the next cycle");
    let fault = testing::fault();
    let next = script.at();
    script
        .after(1_000)
        .signal(
            name,
            Signal::Retrying {
                fault,
                attempt: 1,
                next,
            },
        )
        .after(1_000)
        .signal(name, Signal::Looking)
        .still_waits(name, "the next cycle");
    let mut view = view(&script);
    let number = view.find(&node(name)).expect("it is known");
    let wait = view.node(number).wait().expect("it waits").clone();
    assert_eq!(wait.since, testing::at("10:00:00"), "a failed look does not end a wait");
    assert_eq!(wait.next, Some(testing::at("10:01:02")));
    assert_eq!(wait.ends_when, "it is listed in Identity Store");
    assert_eq!(view.waits().number, 0);
    script.notices.clear();
    script.after(28_000).done(name, How::Seen, "there");
    view.see(&script.notices[0]);
    assert_eq!(view.waits().number, 1);
    assert_eq!(view.waits().longest[0].millis, 60_000);
    assert_eq!(view.waits().longest[0].why, "the next cycle");
    assert!(view.node(number).wait().is_none());
}

#[test]
fn who_is_needed_and_why_is_known_until_it_is_settled() {
    let mut view = view(&testing::trouble());
    let number = view.needs_person().next().expect("somebody is needed");
    assert_eq!(
        view.node(number).guide().map(|guide| guide.title.as_str()),
        Some("Make Entra ID the identity source")
    );
    assert!(
        view.node(number)
            .fault()
            .is_some_and(|fault| fault.hint.contains("--answers"))
    );
    assert_eq!(view.failures().count(), 1);
    let mut script = Script::new("11:00:00");
    script
        .run(Intent::Up)
        .made("saml.identity-source", "CloudTrail shows it");
    for notice in &script.notices {
        view.see(notice);
    }
    assert_eq!(view.needs_person().count(), 0);
    assert_eq!(
        view.failures().count(),
        0,
        "a new run begins without the failures of the last"
    );
    assert!(view.node(number).guide().is_none());
    check(&view);
}

#[test]
fn a_run_that_is_cut_off_leaves_what_was_begun_as_begun() {
    let mut script = Script::begin("10:00:00", Intent::Up);
    script.starts("entra.app").waits("scim.job", "a job");
    let mut view = view(&script);
    view.break_off(testing::at("10:00:01"));
    assert_eq!(state(&view, "entra.app"), State::Begun);
    assert_eq!(state(&view, "scim.job"), State::Open);
    assert_eq!(view.active().count(), 0);
    check(&view);
}

#[test]
fn a_plan_leaves_states_alone_and_counts_what_was_looked_at() {
    let mut view = View::new(outline());
    view.begin(Intent::Plan, testing::at("10:00:00"));
    let mut script = Script::new("10:00:01");
    script.signal("entra.app", Signal::Looking).signal(
        "entra.app",
        Signal::Found(Finding {
            what: What::WouldMake,
            differences: Vec::new(),
            note: "".into(),
        }),
    );
    for notice in &script.notices {
        view.see(notice);
    }
    assert_eq!(state(&view, "entra.app"), State::Open);
    assert_eq!(view.progress(), Progress { done: 1, total: 7 });
}

#[test]
fn steps_and_nodes_nobody_knew_of_are_shown_too() {
    let mut script = Script::begin("10:00:00", Intent::Down);
    script
        .undone("entra.user[Forgotten]", Undone::AlreadyGone, "404")
        .undone("future.step", Undone::AlreadyGone, "404")
        .undone("future.other", Undone::AlreadyGone, "404");
    let view = view(&script);
    assert_eq!(view.nodes().len(), 10);
    assert_eq!(view.chapters().len(), 5);
    let number = view.find(&node("future.step")).expect("it is known");
    assert_eq!(view.chapters()[view.node(number).chapter].heading.title, "Other steps");
    assert!(view.about(number).is_none());
    check(&view);
}

#[test]
fn only_the_last_exchanges_of_a_node_are_kept() {
    let mut script = Script::begin("10:00:00", Intent::Up);
    for attempt in 1..=9 {
        script.exchange("entra.app", Some(500), attempt);
    }
    let view = view(&script);
    let app = view.node(view.find(&node("entra.app")).expect("it is known"));
    assert_eq!(app.requests, 9);
    assert_eq!(
        app.exchanges().map(|exchange| exchange.attempt).collect::<Vec<_>>(),
        [6, 7, 8, 9]
    );
}

#[test]
fn facts_alone_tell_the_same_end_as_the_live_run() {
    let script = testing::up_and_down();
    let facts = script.notices.iter().filter_map(|notice| match notice {
        Notice::Fact(event) => Some(Arc::clone(event)),
        Notice::Signal(_) => None,
    });
    let mut replayed = View::new(outline());
    for event in facts {
        replayed.see(&Notice::Fact(event));
    }
    let live = view(&script);
    for (live, replayed) in live.nodes().iter().zip(replayed.nodes()) {
        assert_eq!((&live.id, live.state), (&replayed.id, replayed.state));
    }
}

#[test]
fn ten_thousand_nodes_cost_no_more_per_event() {
    let time = |nodes: usize| {
        let mut view = View::new(outline());
        let mut script = Script::begin("10:00:00", Intent::Up);
        for number in 0..nodes {
            script.made(&format!("entra.user[{number}]"), "GET answers");
        }
        let started = Instant::now();
        for notice in &script.notices {
            view.see(notice);
        }
        started.elapsed() / u32::try_from(nodes).expect("few")
    };
    time(100);
    let (few, many) = (time(1_000), time(20_000));
    assert!(
        many < few * 8 + std::time::Duration::from_micros(20),
        "{few:?} each for few, {many:?} each for many"
    );
}

#[test]
fn a_pause_shows_until_the_run_goes_on_or_ends() {
    let mut script = Script::begin("10:00:00", Intent::Up);
    assert!(!view(&script).is_paused());
    script.signal_of_run(Signal::Paused);
    assert!(view(&script).is_paused());
    script.signal_of_run(Signal::Resumed);
    assert!(!view(&script).is_paused());
    script.signal_of_run(Signal::Paused).signal_of_run(Signal::Stopping);
    assert!(view(&script).is_stopping());
    script.ends(End::Stopped);
    assert!(!view(&script).is_paused() && !view(&script).is_stopping());
}

#[test]
fn what_goes_again_is_to_go_and_so_is_what_it_held_up() {
    let mut script = testing::trouble();
    script
        .signal("entra.app", Signal::Reopened)
        .signal("scim.job", Signal::Reopened);
    let view = view(&script);
    assert_eq!(state(&view, "scim.job"), State::Open);
    let app = view.node(view.find(&node("entra.app")).expect("it is known"));
    assert!(matches!(app.state, State::Open | State::Begun), "{:?}", app.state);
    assert!(app.fault().is_none());
    assert_eq!(view.failures().count(), 0);
}

#[test]
fn an_order_that_is_not_followed_says_why() {
    let why = |script: &Script| view(script).declined().map(|declined| declined.why.clone());
    let mut script = Script::begin("10:00:00", Intent::Up);
    assert_eq!(why(&script), None);
    script.signal(
        "entra.app",
        Signal::Declined {
            why: "it has not\u{1b} failed".into(),
        },
    );
    assert_eq!(why(&script).as_deref(), Some("it has not‹1B› failed"));
    script.ends(End::Done).run(Intent::Up);
    assert_eq!(why(&script), None);
}
