//! The summary that closes a run.

use std::{
    collections::{BTreeMap, HashMap},
    io,
};

use super::capital;
use crate::engine::fact::Intent;
use crate::report::{
    clean::clean,
    paper::Paper,
    summary::{Failure, Summary},
    wire::{Fault, Node},
    words::{self, State, Tone},
};

/// How many names of held-up steps are told.
const NAMES: usize = 20;

/// Prints a closing summary.
pub(super) fn closing<W: io::Write>(paper: &mut Paper<W>, summary: &Summary) -> io::Result<()> {
    let tone = if summary.exit == 0 { Tone::Good } else { Tone::Doubt };
    let head = format!(
        "{}: {}, after {}",
        capital(words::intent(summary.intent)),
        words::end(summary.end),
        words::span(summary.elapsed_millis)
    );
    paper.say(0, &head, Some(tone))?;
    for (label, text) in figures(summary) {
        paper.hang(2, &format!("{label:<10}"), &text, None)?;
    }
    failed(paper, &summary.failures)?;
    list(paper, "Needs a person", &summary.needs, |need| {
        let mut lines = vec![(String::new(), need.title.clone())];
        if !need.proof.is_empty() {
            lines.push(("done when ".into(), format!("this is seen: {}", need.proof)));
        }
        if !need.hint.is_empty() {
            lines.push((TO_DO.into(), need.hint.clone()));
        }
        (State::NeedsPerson, &need.node, lines)
    })?;
    held_up(paper, summary)?;
    list(
        paper,
        "Unproven: nobody saw it, a person gave their word",
        &summary.unproven,
        |node| (State::Unproven, node, Vec::new()),
    )?;
    list(paper, "Stays", &summary.stays, |stays| {
        (State::Kept, &stays.node, vec![(String::new(), stays.why.clone())])
    })?;
    if summary.exit != 0 {
        paper.blank()?;
        paper.say(0, &format!("Exit code {}: {}.", summary.exit, summary.meaning), None)?;
    }
    if let Some(command) = &summary.continue_with {
        paper.unbroken(&format!("Continue with: `{command}`"))?;
    }
    Ok(())
}

/// The figures of a summary, by label.
fn figures(summary: &Summary) -> Vec<(&'static str, String)> {
    let mut figures = Vec::new();
    let down = summary.intent == Intent::Down;
    let states: Vec<String> = State::all()
        .filter(|state| !(down && matches!(state, State::Open | State::Seen)))
        .filter_map(|state| {
            summary
                .states
                .get(state.word())
                .map(|number| format!("{number} {}", state.word()))
        })
        .collect();
    let mut steps = format!("{} in all: {}", summary.nodes, states.join(", "));
    if summary.unchanged > 0 && !down {
        steps = format!("{steps}; {} as before, nothing done", summary.unchanged);
    }
    figures.push(("steps", steps));
    if summary.asked > 0 {
        figures.push((
            "people",
            format!(
                "asked {}, answered {}",
                words::count(summary.asked.into(), "time", "times"),
                summary.answered
            ),
        ));
    }
    if let Some(longest) = summary.longest_waits.first() {
        figures.push((
            "waits",
            format!(
                "{}, {} in all; the longest {}: {} for {}",
                summary.waits,
                words::span(summary.waited_millis),
                words::span(longest.millis),
                name(&longest.node),
                longest.why
            ),
        ));
    }
    let mut requests = summary.requests.to_string();
    for (number, what) in [
        (summary.requests_again, "sent again"),
        (summary.throttled, "throttled"),
        (summary.unanswered, "without an answer"),
    ] {
        if number > 0 {
            requests = format!("{requests}, {number} {what}");
        }
    }
    figures.push(("requests", requests));
    figures
}

/// What failed. Of those that failed for the same reason, the reason is told once, after the last of them.
pub(super) fn failed<W: io::Write>(paper: &mut Paper<W>, all: &[Failure]) -> io::Result<()> {
    let mut alike: Vec<Vec<&Failure>> = Vec::new();
    let mut by_reason: HashMap<_, usize> = HashMap::new();
    for failure in all {
        let Fault { code, why, hint, .. } = &failure.fault;
        // Where no reason is known, it is nobody else's.
        let known = by_reason.get(&(code, why, hint)).filter(|_| !why.is_empty());
        match known {
            Some(&at) => alike[at].push(failure),
            None => {
                by_reason.insert((code, why, hint), alike.len());
                alike.push(vec![failure]);
            }
        }
    }
    heading(paper, "Failed", all.len())?;
    for group in alike {
        let [others @ .., last] = group.as_slice() else {
            continue;
        };
        let lines = fault_lines(&last.fault);
        if others.is_empty() {
            one(paper, State::Failed, &last.node, &lines)?;
            continue;
        }
        // Whom to ask about it in a support case differs.
        for failure in &group {
            let request = failure.fault.request_id.as_ref();
            let request = request.map(|id| (String::new(), format!("request {id}")));
            one(paper, State::Failed, &failure.node, request.as_slice())?;
        }
        // What happened often names what it happened to, and that stands there already.
        let same = others.iter().all(|other| other.fault.what == last.fault.what);
        for (label, text) in &lines {
            if label == WHY || label == TO_DO || (label == WHAT && same) {
                paper.hang(4, label, text, None)?;
            }
        }
    }
    Ok(())
}

fn held_up<W: io::Write>(paper: &mut Paper<W>, summary: &Summary) -> io::Result<()> {
    let mut roots: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for held in &summary.held_up {
        roots.entry(&held.by).or_default().push(name(&held.node));
    }
    if roots.is_empty() {
        return Ok(());
    }
    paper.blank()?;
    paper.say(0, &format!("Held up ({})", summary.held_up.len()), None)?;
    let mark = format!("{} ", paper.style.glyph(State::Blocked.look()));
    for (root, nodes) in roots {
        let more = match nodes.len().saturating_sub(NAMES) {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        let nodes = nodes[..nodes.len().min(NAMES)].join(", ");
        paper.hang(2, &mark, &format!("by {root}: {nodes}{more}"), None)?;
    }
    Ok(())
}

type Lines = Vec<(String, String)>;

fn list<W: io::Write, T>(
    paper: &mut Paper<W>,
    title: &str,
    all: &[T],
    tell: impl Fn(&T) -> (State, &Node, Lines),
) -> io::Result<()> {
    heading(paper, title, all.len())?;
    for item in all {
        let (state, node, lines) = tell(item);
        one(paper, state, node, &lines)?;
    }
    Ok(())
}

fn heading<W: io::Write>(paper: &mut Paper<W>, title: &str, number: usize) -> io::Result<()> {
    if number == 0 {
        return Ok(());
    }
    paper.blank()?;
    paper.say(0, &format!("{title} ({number})"), None)
}

fn one<W: io::Write>(paper: &mut Paper<W>, state: State, node: &Node, lines: &[(String, String)]) -> io::Result<()> {
    let mark = format!("{} ", paper.style.glyph(state.look()));
    match lines {
        [(label, text)] if label.is_empty() => paper.hang(2, &mark, &format!("{}: {text}", name(node)), None),
        lines => {
            paper.hang(2, &mark, &name(node), None)?;
            lines
                .iter()
                .try_for_each(|(label, text)| paper.hang(4, label, text, None))
        }
    }
}

const WHAT: &str = "what      ";
const WHY: &str = "why       ";
const TO_DO: &str = "to do     ";

fn fault_lines(fault: &Fault) -> Lines {
    let what = match &fault.code {
        Some(code) => format!("{} [{code}]", fault.what),
        None => fault.what.clone(),
    };
    let mut lines = vec![(WHAT.to_owned(), what)];
    let more = [
        (WHY, Some(&fault.why)),
        (TO_DO, Some(&fault.hint)),
        ("request   ", fault.request_id.as_ref()),
    ];
    for (label, text) in more {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            lines.push((label.to_owned(), text.clone()));
        }
    }
    lines
}

/// The name of a node as in its `Display`.
fn name(node: &Node) -> String {
    let target = node
        .target
        .as_ref()
        .map(|target| format!("{target}/"))
        .unwrap_or_default();
    let item = node.item.as_ref().map(|item| format!("[{item}]")).unwrap_or_default();
    clean(&format!("{target}{}{item}", node.step)).into_owned()
}
