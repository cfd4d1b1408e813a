//! How long the tutorial's walk takes, and what it asks for when nothing is to be done.

use fedwiz::engine::fact::Intent;

use crate::{
    Wish,
    clouds::{self, Asked, an_hour_later, clouds, on_clouds, run},
    machine,
    table::{Table, Unit},
};

/// The tutorial, against the longest way through its graph.
pub fn walk(_: &Wish, table: &mut Table) {
    let (took, (up, again)) = machine::time(|| {
        on_clouds(async {
            let clouds = clouds("fresh", |_| {}).await;
            let up = run(&clouds, Intent::Up, &[]).await;
            an_hour_later(&clouds).await;
            (up, run(&clouds, Intent::Up, &[]).await)
        })
    });
    for (told, what) in [(&up, "set-up"), (&again, "set-up again, nothing to do")] {
        table.row(
            format!("walk: tutorial {what}, wall ÷ critical path"),
            Unit::Times,
            told.wall() / told.critical_path(),
            1.10,
            format!(
                "{:.1} s; one step after the other {:.1} s, {:.1} ×",
                told.wall(),
                told.in_a_row(),
                told.in_a_row() / told.wall(),
            ),
        );
    }
    table.note(
        "walk: both of these on this machine's clock",
        Unit::Millis,
        machine::millis(took),
        "",
    );
}

/// How many requests there may be for each different one.
const AGAIN: f64 = 1.05;

/// A second set-up, when everything stands.
pub fn again(_: &Wish, table: &mut Table) {
    let asked = on_clouds(async {
        let clouds = clouds("fresh", |_| {}).await;
        run(&clouds, Intent::Up, &[]).await;
        clouds::again(&clouds).await
    });
    rows_of(table, "again: ", &asked);
}

/// The rows about a set-up that had nothing to do.
pub fn rows_of(table: &mut Table, what: &str, asked: &Asked) {
    table.count(
        format!("{what}writes of a second set-up"),
        Unit::Calls,
        asked.writes as f64,
        0.0,
        "",
    );
    let ratio = asked.requests as f64 / asked.different as f64;
    if ratio > AGAIN {
        eprintln!("  asked again: {:#?}", asked.twice);
    }
    table.count(
        format!("{what}requests of a second set-up ÷ different ones"),
        Unit::Times,
        ratio,
        AGAIN,
        format!("{} requests, {} different", asked.requests, asked.different),
    );
}
