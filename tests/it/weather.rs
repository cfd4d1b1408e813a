//! Bad days: the walk ends well, or stops with a clear fault and a journal that goes on, and never makes a second object.

use fedwiz::{
    engine::fact::Intent,
    sim::weather::{Odds, Outage, Weather},
};

use crate::loopback::Loopback;

fn every(every: u64) -> Odds {
    Odds {
        every,
        ..Odds::default()
    }
}

/// Walks up in this weather, goes on under a fine sky if it did not end well, and comes down. How many requests it took.
fn weather(weather: Weather) -> u64 {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let loopback = Loopback::start("fresh").await;
        loopback.sim.set_weather(weather);
        let up = loopback.run(Intent::Up).await;
        let took = loopback.sim.requests();
        if up.exit_code() != 0 {
            for (node, fault) in &up.failed {
                assert!(!fault.what.is_empty(), "{node} says nothing");
                assert!(
                    !fault.hint.is_empty() || !fault.why.is_empty(),
                    "{node} says neither why nor what to do: {fault:?}"
                );
            }
            loopback.sim.set_weather(Weather::default());
            Loopback::must_end_well(&loopback.run(Intent::Up).await);
        }
        loopback.sim.set_weather(Weather::default());
        Loopback::must_end_well(&loopback.run(Intent::Down).await);
        assert_eq!(
            loopback.sim.state_json(),
            loopback.before,
            "something is left:
{}",
            loopback.story("Richard")
        );
        assert_eq!(loopback.sim.verdict(), Vec::<String>::new());
        took
    })
}

#[test]
fn throttling_is_waited_out_without_a_storm() {
    let fine = weather(Weather::default());
    let throttled = weather(Weather {
        throttle: every(4),
        retry_after_s: 2,
        ..Weather::default()
    });
    assert!(
        throttled < fine * 2,
        "{throttled} requests where a fine day takes {fine}"
    );
}

#[test]
fn errors_are_waited_out_without_a_storm() {
    let fine = weather(Weather::default());
    let failing = weather(Weather {
        errors: every(6),
        ..Weather::default()
    });
    assert!(failing < fine * 3, "{failing} requests where a fine day takes {fine}");
}

#[test]
fn lag_between_writing_and_reading_makes_nothing_twice() {
    weather(Weather {
        lag_s: 8.0,
        ..Weather::default()
    });
    weather(Weather {
        lag_s: 30.0,
        lag_share: 0.5,
        ..Weather::default()
    });
}

#[test]
fn lost_answers_make_nothing_twice() {
    for n in [2, 3, 5] {
        weather(Weather {
            drop_answers: Odds {
                every: n,
                writes_only: true,
                ..Odds::default()
            },
            ..Weather::default()
        });
    }
    weather(Weather {
        drop_answers: every(9),
        ..Weather::default()
    });
}

#[test]
fn lost_answers_under_lag_make_nothing_twice() {
    let drop_answers = Odds {
        every: 3,
        writes_only: true,
        ..Odds::default()
    };
    weather(Weather {
        drop_answers,
        lag_s: 6.0,
        ..Weather::default()
    });
}

#[test]
fn an_outage_ends_well_or_stops_resumable() {
    for port in ["graph", "aws", "scim", "login"] {
        let outage = |for_s| Outage {
            port: port.into(),
            after_s: 1.0,
            for_s,
        };
        weather(Weather {
            outages: vec![outage(20.0)],
            ..Weather::default()
        });
        weather(Weather {
            outages: vec![outage(36_000.0)],
            ..Weather::default()
        });
    }
}

#[test]
fn a_sign_in_token_that_expires_on_the_way_is_renewed() {
    weather(Weather {
        token_life_s: 3,
        ..Weather::default()
    });
}

#[test]
fn a_slow_network_changes_nothing() {
    weather(Weather {
        slow: every(2),
        slow_ms: 4000,
        ..Weather::default()
    });
}
