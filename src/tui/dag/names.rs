//! Short names: what the heading says already is left out, and so is what is the same for all.

use std::collections::{HashMap, HashSet};

use crate::report::clean::{clean, width};

use super::{
    map::{Crowd, Stop},
    text,
};

/// A longer name loses its area, even if the phase does not say it.
const LONG: usize = 14;

/// A short name: what it is, and which one of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Name {
    /// The step, without its area where the phase makes that plain.
    pub step: String,
    /// The item, as short as it stays different from all others of its step; empty if it is the only one in its phase.
    pub item: String,
}

impl Name {
    /// On one line.
    pub(super) fn line(&self) -> String {
        match self.item.is_empty() {
            true => self.step.clone(),
            false => format!("{} {}", self.step, self.item),
        }
    }

    /// On one line of at most so many columns. The area goes first, and something of the item stays: it is what tells one
    /// from the next.
    pub(super) fn fit(&self, columns: usize, ascii: bool) -> String {
        let whole = text::fit(&self.line(), usize::MAX, ascii);
        if width(&whole) <= columns || self.item.is_empty() {
            return text::fit(&whole, columns, ascii);
        }
        let bare = self.step.rsplit_once('.').map_or(self.step.as_str(), |(_, bare)| bare);
        let item = text::fit(&self.item, usize::MAX, ascii);
        let step = columns.saturating_sub(1 + width(&item).min(columns / 2));
        let step = text::fit(bare, step, ascii);
        let item = text::fit(&item, columns.saturating_sub(1 + width(&step)), ascii);
        text::fit(&format!("{step} {item}"), columns, ascii)
    }
}

/// The names of all nodes.
pub(super) fn of_nodes(stops: &[Stop], phases: usize) -> Vec<Name> {
    let steps = steps_by_phase(stops, phases);
    let items = items_by_step(stops);
    let mut alone: HashMap<(usize, &Option<String>, &str), usize> = HashMap::new();
    for stop in stops {
        *alone.entry((stop.phase, &stop.id.target, &stop.id.step)).or_default() += 1;
    }
    stops
        .iter()
        .map(|stop| {
            let step = &steps[&(stop.phase, stop.id.step.as_str())];
            let several = alone[&(stop.phase, &stop.id.target, stop.id.step.as_str())] > 1;
            Name {
                step: with_target(stop, step),
                item: match several && !stop.id.item.is_empty() {
                    true => items[&(stop.id.step.as_str(), stop.id.item.as_str())].clone(),
                    false => String::new(),
                },
            }
        })
        .collect()
}

/// The names of crowds: only the step.
pub(super) fn of_crowds(stops: &[Stop], crowds: &mut [Crowd]) {
    let phases = stops.iter().map(|stop| stop.phase + 1).max().unwrap_or(0);
    let steps = steps_by_phase(stops, phases);
    for crowd in crowds {
        let stop = &stops[crowd.nodes[0]];
        crowd.name.step = with_target(stop, &steps[&(stop.phase, stop.id.step.as_str())]);
    }
}

fn with_target(stop: &Stop, step: &str) -> String {
    match &stop.id.target {
        Some(target) => format!("{}/{step}", clean(target)),
        None => step.to_owned(),
    }
}

/// For each phase and step the step's name there: without the area if most steps of the phase have it, or the name is long;
/// with it if two would be called the same.
fn steps_by_phase(stops: &[Stop], phases: usize) -> HashMap<(usize, &str), String> {
    let mut by_phase: Vec<Vec<&str>> = vec![Vec::new(); phases];
    let mut seen = HashSet::new();
    for stop in stops {
        if seen.insert((stop.phase, stop.id.step.as_str())) {
            by_phase[stop.phase].push(&stop.id.step);
        }
    }
    let mut names = HashMap::new();
    for (phase, steps) in by_phase.iter().enumerate() {
        let mut areas: HashMap<&str, usize> = HashMap::new();
        let mut rests: HashMap<&str, usize> = HashMap::new();
        for (area, rest) in steps.iter().filter_map(|step| step.split_once('.')) {
            *areas.entry(area).or_default() += 1;
            *rests.entry(rest).or_default() += 1;
        }
        for step in steps {
            let short = step
                .split_once('.')
                .filter(|(area, rest)| rests[rest] == 1 && (areas[area] * 2 > steps.len() || width(step) > LONG));
            let name = short.map_or(*step, |(_, rest)| rest);
            names.insert((phase, *step), clean(name).into_owned());
        }
    }
    names
}

/// For each step and item a short name of the item: without its kind and its domain, if all stay different.
fn items_by_step(stops: &[Stop]) -> HashMap<(&str, &str), String> {
    let mut by_step: HashMap<&str, Vec<&str>> = HashMap::new();
    for stop in stops {
        by_step.entry(&stop.id.step).or_default().push(&stop.id.item);
    }
    let mut names = HashMap::new();
    for (step, items) in by_step {
        let distinct: HashSet<&str> = items.iter().copied().collect();
        let short: HashSet<String> = distinct.iter().map(|item| shorten(item)).collect();
        for item in distinct.iter().copied() {
            let name = match short.len() == distinct.len() {
                true => shorten(item),
                false => item.to_owned(),
            };
            names.insert((step, item), clean(&name).into_owned());
        }
    }
    names
}

/// `user:Nikki@contoso.com · management · Admin` becomes `Nikki · management · Admin`.
fn shorten(item: &str) -> String {
    let part = |part: &str| -> String {
        let bare = ["user:", "group:"].iter().find_map(|kind| part.strip_prefix(kind));
        let bare = bare.unwrap_or(part);
        match bare.split_once('@') {
            Some((name, _)) if !name.is_empty() => name.to_owned(),
            _ => bare.to_owned(),
        }
    };
    item.split(" · ").map(part).collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::graph::NodeId;

    fn stop(phase: usize, step: &str, item: &str) -> Stop {
        Stop {
            id: NodeId {
                target: None,
                step: step.to_owned(),
                item: item.to_owned(),
            },
            phase,
            weight: 0,
        }
    }

    fn lines(stops: &[Stop]) -> Vec<String> {
        of_nodes(stops, 3).iter().map(Name::line).collect()
    }

    #[test]
    fn the_area_is_left_out_where_the_phase_says_it() {
        let stops = [
            stop(0, "scim.job", ""),
            stop(0, "scim.token", ""),
            stop(0, "aws.user", ""),
        ];
        assert_eq!(lines(&stops), ["job", "token", "aws.user"]);
    }

    #[test]
    fn two_steps_of_a_phase_are_never_called_the_same() {
        let stops = [
            stop(0, "aws.session", ""),
            stop(0, "entra.session", ""),
            stop(0, "aws.rights", ""),
            stop(0, "safety.break-glass", ""),
        ];
        assert_eq!(
            lines(&stops),
            ["aws.session", "entra.session", "aws.rights", "break-glass"]
        );
    }

    #[test]
    fn a_long_name_is_cut_so_that_its_item_can_still_be_told() {
        let name = Name {
            step: "entra.access".into(),
            item: "NikkiWolf".into(),
        };
        assert_eq!(name.fit(22, false), "entra.access NikkiWolf");
        assert_eq!(name.fit(20, false), "access NikkiWolf");
        assert_eq!(name.fit(13, false), "access Nikki…");
        assert_eq!(name.fit(9, true), "acc~ Nik~");
        for columns in 0..24 {
            assert!(width(&name.fit(columns, false)) <= columns);
        }
    }

    #[test]
    fn items_are_named_when_there_are_several_and_stay_different() {
        let stops = [
            stop(0, "a.user", "Nikki@contoso.com"),
            stop(0, "a.user", "Richard@contoso.com"),
            stop(1, "a.user", "Zoë@contoso.com"),
            stop(2, "b.user", "user:Nikki@contoso.com"),
            stop(2, "b.user", "group:Nikki"),
        ];
        assert_eq!(
            lines(&stops),
            [
                "user Nikki",
                "user Richard",
                "user",
                "user user:Nikki@contoso.com",
                "user group:Nikki"
            ]
        );
    }
}
