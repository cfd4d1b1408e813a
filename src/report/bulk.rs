//! Work on many items, told from time to time: how far it has come, how fast it goes, and how long the rest takes.

use std::{collections::BTreeMap, io};

use jiff::Timestamp;

use super::{
    json::Json,
    view::{Figures, Flow, View, millis},
    wire::Body,
};
use crate::engine::{fact::Fact, graph::NodeId, recorder::Notice};

/// Steps with fewer items have a line for each, and that is enough.
const MANY: u32 = 20;
/// How often it is told, in milliseconds.
const EVERY: u64 = 60_000;

/// When each flow was told last.
#[derive(Debug, Default)]
pub(super) struct Bulk {
    told: BTreeMap<usize, Timestamp>,
}

impl Bulk {
    /// How it goes with the step that a notice is about, if it is time to tell that.
    pub(super) fn due<'v>(
        &mut self,
        view: &'v View,
        notice: &Notice,
        node: Option<usize>,
    ) -> Option<(&'v Flow, Figures)> {
        let at = match notice {
            Notice::Fact(event) => {
                if matches!(event.fact, Fact::RunStarted { .. } | Fact::RunEnded { .. }) {
                    self.told.clear();
                }
                event.at
            }
            Notice::Signal(event) => event.at,
        };
        let number = view.flow_of(node?);
        let flow = &view.flows()[number];
        if flow.nodes() < MANY {
            return None;
        }
        let last = self.told.entry(number).or_insert(at);
        if millis(*last, at) < EVERY {
            return None;
        }
        *last = at;
        Some((flow, view.figures(flow, at)))
    }
}

/// The flow with the most items among those on which there is work, if there are many.
pub(super) fn largest(view: &View) -> Option<&Flow> {
    let flows = view.flows().iter();
    let large = flows.filter(|flow| flow.nodes() >= MANY && flow.is_under_way());
    large.max_by_key(|flow| flow.nodes())
}

/// The name of all items of a flow.
pub(super) fn name(flow: &Flow) -> NodeId {
    NodeId {
        target: flow.target.clone(),
        step: flow.step.clone(),
        item: String::new(),
    }
}

/// Tells it as an event.
pub(super) fn json<W: io::Write>(
    json: &mut Json<W>,
    view: &View,
    seq: u64,
    at: Timestamp,
    flow: &Flow,
    figures: &Figures,
) -> io::Result<()> {
    let body = Body::Progress {
        done: figures.done,
        total: figures.total,
        in_flight: figures.in_flight,
        at_once: figures.at_once,
        queued: figures.queued,
        failed: figures.failed,
        held_up: figures.held_up,
        per_second: figures.rate.map(|rate| (rate * 100.0).round() / 100.0),
        seconds_left: figures.left.map(|left| left / 1000),
    };
    json.line(view, seq, at, Some(&name(flow)), body)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use crate::{
        engine::{fact::Intent, step::How},
        report::{
            Reporter,
            json::Json,
            outline::Outline,
            plain::Plain,
            testing::{Script, node, telling},
            view::View,
        },
    };

    /// Forty of one kind, one every four seconds.
    fn forty() -> (View, Script) {
        let names: Vec<String> = (0..40).map(|number| format!("aws.assignment[{number}]")).collect();
        let nodes = names.iter().map(|name| (node(name), 0));
        let view = View::new(Outline::bare(&["Assignments"], nodes));
        let mut script = Script::begin("10:00:00", Intent::Up);
        for name in &names {
            script.starts(name).after(4_000).done(name, How::Made, "it is there");
        }
        (view, script)
    }

    fn play(reporter: &mut dyn Reporter) {
        let (mut view, script) = forty();
        for notice in &script.notices {
            let seen = view.see(notice);
            reporter.tell(&view, notice, seen).expect("memory takes everything");
        }
    }

    #[test]
    fn long_work_on_many_is_told_once_a_minute() {
        let mut out = Vec::new();
        play(&mut Json::new(&mut out));
        let text = String::from_utf8(out).expect("text");
        let lines = text
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        let told: Vec<Value> = lines.filter(|line| line["kind"] == "progress").collect();
        assert_eq!(told.len(), 2, "{told:#?}");
        assert_eq!(told[0]["step"], "aws.assignment");
        assert_eq!(told[0]["total"], 40);
        let done = told[1]["done"].as_u64().expect("a number");
        assert!(told[0]["done"].as_u64() < Some(done));
        let left = told[1]["seconds_left"].as_u64().expect("an estimate");
        assert!((4 * (40 - done)).abs_diff(left) <= 8, "{left} s for {}", 40 - done);

        let mut out = Vec::new();
        play(&mut Plain::new(&mut out, telling()));
        let text = String::from_utf8(out).expect("text");
        let told = text.lines().filter(|line| line.contains("progress"));
        assert_eq!(told.count(), 2, "{text}");
        assert!(text.contains("of 40"), "{text}");
    }
}
