//! Maps and views made by hand, for tests.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use ratatui::{buffer::Buffer, layout::Rect};
use serde_json::json;

use super::{
    Dag, Look, Mode,
    map::{Map, Stop},
};
use crate::{
    engine::{
        fact::{During, Event, Fact, Intent},
        graph::NodeId,
        recorder::Notice,
        signal::{Signal, SignalEvent},
        step::{How, Undone},
    },
    fault::{Fault, Kind},
    report::{clean, outline::Outline, view::View},
    tui::theme::{Palette, Theme},
};

pub(super) const PHASES: [&str; 7] = [
    "Preflight",
    "Prepare the tenant",
    "Prepare AWS",
    "SAML sign-in",
    "SCIM provisioning",
    "ABAC: attribute-based access",
    "Assignments",
];

const NIKKI: &str = "NikkiWolf@contoso.onmicrosoft.com";
const RICHARD: &str = "RichardRoe@contoso.onmicrosoft.com";

/// The walk of the tutorial: phase, step, item, how slow it is, and what it needs; `step*` means all of its nodes at once.
const TUTORIAL: &[(usize, &str, &str, u64, &str)] = &[
    (0, "entra.session", "", 1, ""),
    (0, "entra.rights", "", 1, "entra.session"),
    (0, "aws.session", "", 1, ""),
    (0, "aws.instance", "", 1, "aws.session"),
    (0, "aws.rights", "", 1, "aws.instance"),
    (0, "people.lint", "", 1, "entra.session"),
    (0, "safety.break-glass", "", 1, "aws.session"),
    (1, "entra.app", "", 1, "entra.rights"),
    (1, "entra.saml-mode", "", 1, "entra.app"),
    (1, "entra.certificate", "", 1, "entra.app entra.saml-mode"),
    (1, "entra.certificate-active", "", 1, "entra.app entra.certificate"),
    (1, "entra.user", "N", 1, "entra.rights people.lint"),
    (1, "entra.user", "R", 1, "entra.rights people.lint"),
    (1, "entra.assign", "user:N", 1, "entra.app entra.user[N]"),
    (1, "entra.assign", "user:R", 1, "entra.app entra.user[R]"),
    (2, "aws.permission-set", "RegionalAdmin", 1, "aws.instance aws.rights"),
    (2, "aws.user", "N", 1, "aws.instance aws.rights"),
    (
        2,
        "aws.assignment",
        "N · management · RegionalAdmin",
        1,
        "aws.instance aws.permission-set[RegionalAdmin] aws.user[N]",
    ),
    (
        3,
        "saml.idp-metadata",
        "",
        60,
        "entra.session entra.app entra.certificate entra.certificate-active",
    ),
    (
        3,
        "saml.sp-values",
        "",
        60,
        "aws.instance entra.app entra.certificate-active saml.idp-metadata",
    ),
    (
        3,
        "entra.saml-endpoints",
        "",
        1,
        "entra.app entra.saml-mode saml.sp-values",
    ),
    (
        3,
        "entra.name-id",
        "",
        1,
        "entra.app entra.saml-mode entra.certificate-active",
    ),
    (
        3,
        "saml.identity-source",
        "",
        60,
        "aws.instance saml.idp-metadata saml.sp-values entra.saml-endpoints safety.break-glass entra.name-id",
    ),
    (
        3,
        "saml.sign-in",
        "",
        60,
        "aws.instance saml.sp-values saml.identity-source entra.assign* entra.name-id aws.user[N] aws.assignment[N · management · RegionalAdmin]",
    ),
    (4, "scim.token", "", 60, "aws.instance saml.identity-source"),
    (4, "scim.job", "", 1, "entra.app scim.token aws.user[N]"),
    (4, "scim.credentials", "", 1, "entra.app scim.job scim.token"),
    (4, "scim.mappings", "", 1, "entra.app scim.job scim.credentials"),
    (
        4,
        "scim.scope",
        "",
        1,
        "entra.app scim.job scim.credentials scim.mappings",
    ),
    (
        4,
        "scim.on-demand",
        "R",
        1,
        "entra.app scim.job aws.instance scim.mappings scim.scope entra.user[R] entra.assign[user:R]",
    ),
    (
        4,
        "scim.arrived",
        "R",
        60,
        "aws.instance scim.on-demand[R] entra.user[R]",
    ),
    (
        4,
        "scim.start",
        "",
        1,
        "entra.app scim.job scim.mappings scim.scope scim.arrived[R] entra.assign*",
    ),
    (5, "aws.abac", "", 1, "aws.instance aws.rights"),
    (
        5,
        "entra.claims",
        "",
        1,
        "entra.app entra.saml-mode entra.name-id aws.abac",
    ),
    (
        6,
        "aws.permission-set",
        "AdministratorAccess",
        1,
        "aws.instance aws.rights",
    ),
    (
        6,
        "aws.assignment",
        "R · management · AdministratorAccess",
        1,
        "aws.instance aws.permission-set[AdministratorAccess] scim.arrived[R]",
    ),
    (6, "entra.access", "user:N", 1, "entra.app entra.assign[user:N]"),
    (6, "entra.access", "user:R", 1, "entra.app entra.assign[user:R]"),
];

/// The map of the tutorial.
pub(super) fn tutorial() -> Map {
    let whole = |item: &str| match item.split_once(['N', 'R']) {
        _ if item.starts_with("Regional") => item.to_owned(),
        Some((kind, rest)) if kind.is_empty() || kind == "user:" => {
            let name = if item[kind.len()..].starts_with('N') {
                NIKKI
            } else {
                RICHARD
            };
            format!("{kind}{name}{rest}")
        }
        _ => item.to_owned(),
    };
    let mut stops: Vec<Stop> = TUTORIAL
        .iter()
        .map(|&(phase, step, item, weight, _)| stop(phase, step, &whole(item), weight))
        .collect();
    let (mut bundles, mut needs) = (Vec::new(), Vec::new());
    for (.., list) in TUTORIAL {
        let mut rest = *list;
        let mut own: Vec<usize> = Vec::new();
        while !rest.is_empty() {
            // An item may hold blanks.
            let end = match rest.find(['[', ' ']) {
                Some(at) if rest[at..].starts_with('[') => rest.find(']').unwrap() + 1,
                Some(at) => at,
                None => rest.len(),
            };
            let name = &rest[..end];
            rest = rest[end..].trim_start();
            let bundle: Vec<usize> = (0..stops.len())
                .filter(|&at| match (name.strip_suffix('*'), name.split_once('[')) {
                    (Some(step), _) => stops[at].id.step == step,
                    (_, Some((step, item))) => {
                        stops[at].id.step == step && stops[at].id.item == whole(item.trim_end_matches(']'))
                    }
                    _ => stops[at].id.step == name,
                })
                .collect();
            assert!(!bundle.is_empty(), "{name}");
            let known = bundles.iter().position(|known| *known == bundle);
            own.push(known.unwrap_or_else(|| {
                bundles.push(bundle);
                bundles.len() - 1
            }));
        }
        needs.push(own);
    }
    weigh(&mut stops, &bundles, &needs);
    Map::new(PHASES.map(str::to_owned).to_vec(), stops, bundles, needs)
}

/// Adds to each node's own weight the most of what comes after it.
pub(super) fn weigh(stops: &mut [Stop], bundles: &[Vec<usize>], needs: &[Vec<usize>]) {
    let mut after = vec![0; stops.len()];
    for node in (0..stops.len()).rev() {
        stops[node].weight += after[node];
        for &need in needs[node].iter().flat_map(|&bundle| &bundles[bundle]) {
            assert!(need < node, "each comes after those it needs");
            after[need] = after[need].max(stops[node].weight);
        }
    }
}

pub(super) fn stop(phase: usize, step: &str, item: &str, weight: u64) -> Stop {
    Stop {
        id: NodeId {
            target: None,
            step: step.to_owned(),
            item: item.to_owned(),
        },
        phase,
        weight,
    }
}

/// Where something happened, by the beginning of a node's name.
pub(super) struct Story {
    pub view: View,
    now: Timestamp,
    seq: u64,
}

impl Story {
    pub(super) fn of(map: &Map, phases: &[&'static str], intent: Intent) -> Self {
        let nodes = map.stops.iter().map(|stop| (stop.id.clone(), stop.phase));
        let mut story = Self {
            view: View::new(Outline::bare(phases, nodes)),
            now: "2025-11-21T22:40:31Z".parse().unwrap(),
            seq: 0,
        };
        story.run(intent);
        story
    }

    pub(super) fn run(&mut self, intent: Intent) {
        self.fact(
            None,
            Fact::RunStarted {
                run: "1".into(),
                intent,
                profile: String::new(),
                program: String::new(),
                only: Vec::new(),
                removes: Vec::new(),
            },
        );
    }

    fn find(&self, name: &str) -> NodeId {
        let nodes = self.view.nodes();
        let exact = nodes.iter().find(|node| node.id.to_string() == name);
        let found = exact.or_else(|| nodes.iter().find(|node| node.id.to_string().starts_with(name)));
        found.unwrap_or_else(|| panic!("there is no {name}")).id.clone()
    }

    fn fact(&mut self, node: Option<NodeId>, fact: Fact) {
        self.seq += 1;
        self.now += SignedDuration::from_secs(1);
        self.view.see(&Notice::Fact(Arc::new(Event {
            seq: self.seq,
            at: self.now,
            node,
            fact,
            calls: Vec::new(),
        })));
    }

    pub(super) fn done(&mut self, name: &str, how: How) -> &mut Self {
        let fact = Fact::Done {
            how,
            output: json!({}).into(),
            proof: "seen".into(),
            unproven: false,
        };
        self.fact(Some(self.find(name)), fact);
        self
    }

    pub(super) fn starts(&mut self, name: &str) -> &mut Self {
        let fact = Fact::Started {
            before: None,
            refs: Vec::new(),
        };
        self.fact(Some(self.find(name)), fact);
        self
    }

    pub(super) fn fails(&mut self, name: &str) -> &mut Self {
        let fact = Fact::Failed {
            fault: Fault::new(Kind::Rights, "it is refused"),
            during: During::Apply,
            untouched: false,
        };
        self.fact(Some(self.find(name)), fact);
        self
    }

    pub(super) fn undone(&mut self, name: &str) -> &mut Self {
        let fact = Fact::Undone {
            what: Undone::Removed,
            proof: "gone".into(),
            unproven: false,
        };
        self.fact(Some(self.find(name)), fact);
        self
    }

    pub(super) fn asks(&mut self, name: &str) -> &mut Self {
        let guide = Box::new(crate::engine::guide::Guide::new("Do it"));
        self.view.see(&Notice::Signal(Arc::new(SignalEvent {
            seq: self.seq,
            at: self.now,
            node: Some(self.find(name)),
            signal: Signal::Asked { guide },
        })));
        self
    }
}

/// The tutorial on its way: the identity source needs a person.
pub(super) fn under_way(map: &Map) -> View {
    let mut story = Story::of(map, &PHASES, Intent::Up);
    for stop in map.stops.iter().filter(|stop| stop.phase < 3) {
        let how = match stop.phase {
            0 => How::Seen,
            _ => How::Made,
        };
        story.done(&stop.id.to_string(), how);
    }
    story
        .done("saml.idp-metadata", How::Seen)
        .done("saml.sp-values", How::Seen)
        .done("entra.saml-endpoints", How::Changed)
        .done("entra.name-id", How::Made)
        .starts("saml.identity-source")
        .asks("saml.identity-source")
        .done("aws.abac", How::Adopted)
        .starts("aws.permission-set[AdministratorAccess]")
        .done("entra.access[user:N", How::Seen);
    story.view
}

/// What is seen in an area.
pub(super) fn draw(
    dag: &mut Dag,
    view: &View,
    size: (u16, u16),
    mode: Option<Mode>,
    look: &Look,
    ascii: bool,
) -> String {
    let area = Rect::new(0, 0, size.0, size.1);
    let mut buf = Buffer::empty(area);
    let theme = Theme {
        ascii,
        ..Theme::new(Palette::None)
    };
    dag.arrange(area, mode);
    dag.draw(area, &mut buf, view, look, &theme);
    show(&buf)
}

/// The characters of a buffer. A wide one stands in its first cell only.
pub(super) fn show(buf: &Buffer) -> String {
    let mut out = String::new();
    for y in buf.area.top()..buf.area.bottom() {
        let mut line = String::new();
        let mut skip = 0;
        for x in buf.area.left()..buf.area.right() {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            let symbol = buf[(x, y)].symbol();
            skip = clean::width(symbol).saturating_sub(1);
            line.push_str(symbol);
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}
