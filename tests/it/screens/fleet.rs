//! A company's access on film: fourteen accounts, nine permission sets, four groups. What happens is written by hand, so that it
//! is the same each time: some of it stands, some failed, some is under way, and the rest is to go.

use std::{borrow::Cow, sync::Arc};

use fedwiz::{
    engine::{
        fact::{During, Event, Fact, Intent},
        graph::NodeId,
        outcome::Outcome,
        recorder::Notice,
        signal::{Exchange, Signal, SignalEvent},
        step::How,
    },
    fault::{Fault, Kind},
    profile::{Assignment, Group, PermissionSet, Principal, Profile},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::film::{Film, Take};
use crate::loopback::Loopback;

const SETS: [&str; 9] = [
    "ReadOnlyAccess",
    "Billing",
    "PowerUserAccess",
    "SecurityAudit",
    "NetworkOperations",
    "DatabaseOperationsPrimary",
    "DatabaseOperationsReplica",
    "Support",
    "BreakGlass",
];

pub fn company(profile: &mut Profile) {
    sets(profile);
    let accounts = |from: usize, to: usize| (from..=to).map(|number| format!("Account {number:03}")).collect();
    for (team, (from, to), sets) in [
        ("Team 01", (1, 14), &SETS[..]),
        ("Team 02", (1, 14), &SETS[..5]),
        ("Team 03", (3, 12), &SETS[2..8]),
        ("Team 04", (1, 9), &SETS[..2]),
    ] {
        profile.people.group.push(Group {
            name: team.into(),
            create: false,
            members: Vec::new(),
        });
        profile.assignment.push(Assignment {
            principal: Principal::Group(team.into()),
            accounts: accounts(from, to),
            permission_sets: sets.iter().map(|name| (*name).to_owned()).collect(),
        });
    }
}

fn sets(profile: &mut Profile) {
    let template = profile.permission_set[1].clone();
    profile.permission_set.extend(SETS.map(|name| PermissionSet {
        name: name.into(),
        ..template.clone()
    }));
}

/// Three teams with all permission sets in the one account of each organization.
pub fn teams(profile: &mut Profile) {
    sets(profile);
    for team in ["Team 01", "Team 02", "Team 03"] {
        profile.people.group.push(Group {
            name: team.into(),
            create: true,
            members: Vec::new(),
        });
        profile.assignment.push(Assignment {
            principal: Principal::Group(team.into()),
            accounts: vec!["management".into()],
            permission_sets: SETS.map(str::to_owned).to_vec(),
        });
    }
}

/// A run that is under way when the film ends.
pub async fn shot(scenario: &str, change: fn(&mut Profile)) -> Film {
    let world = Loopback::start_with(scenario, change).await;
    let session = world.session().await.unwrap();
    let mut film = Film::of(&session);
    let nodes: Vec<NodeId> = session.graph.nodes().iter().map(|node| node.id.clone()).collect();
    film.takes = vec![Take {
        intent: Intent::Up,
        notices: Story::of(&nodes),
        outcome: Outcome {
            intent: Intent::Up,
            changed: 0,
            unchanged: 0,
            failed: Vec::new(),
            needs_person: Vec::new(),
            blocked: Vec::new(),
            findings: Vec::new(),
            stopped: true,
            fatal: None,
        },
    }];
    film
}

struct Story {
    notices: Vec<Notice>,
    at: Timestamp,
    seq: u64,
}

impl Story {
    fn of(nodes: &[NodeId]) -> Vec<Notice> {
        let mut story = Self {
            notices: Vec::new(),
            at: "2026-01-05T09:00:00Z".parse().unwrap(),
            seq: 0,
        };
        let is_assignment = |node: &&NodeId| node.step == "aws.assignment" && node.item.starts_with("group:");
        story.fact(
            None,
            Fact::RunStarted {
                run: "0197f2b4-1c1e-7000-8000-000000000000".into(),
                intent: Intent::Up,
                profile: "9f86d081884c7d65".into(),
                program: "fedwiz".into(),
                only: Vec::new(),
                removes: Vec::new(),
            },
        );
        for node in nodes.iter().filter(|node| !is_assignment(node)) {
            story.done(node, "it is there");
        }
        let assignments: Vec<&NodeId> = nodes.iter().filter(is_assignment).collect();
        let through = assignments.len() * 3 / 5;
        for (at, node) in assignments[..through].iter().enumerate() {
            story.begins(node);
            story.at += SignedDuration::from_millis(210);
            match at % 29 {
                17 => story.fails(node),
                _ => story.done(node, "creation request 5d6e-77 is SUCCEEDED"),
            }
        }
        for (at, node) in assignments[through..through + 15].iter().enumerate() {
            story.begins(node);
            if at % 5 != 4 {
                story.waits(node);
            }
        }
        story.notices
    }

    fn fact(&mut self, node: Option<&NodeId>, fact: Fact) {
        self.seq += 1;
        self.notices.push(Notice::Fact(Arc::new(Event {
            seq: self.seq,
            at: self.at,
            node: node.cloned(),
            fact,
            calls: Vec::new(),
        })));
    }

    fn begins(&mut self, node: &NodeId) {
        self.fact(
            Some(node),
            Fact::Started {
                before: None,
                refs: Vec::new(),
            },
        );
        let exchange = Exchange {
            method: "CreateAccountAssignment".into(),
            url: "https://sso.us-east-1.amazonaws.com/".into(),
            status: Some(200),
            request_id: Some("6d3f8c1a-0c3b-4a5e-9d53-2f8b1b8f2a11".into()),
            millis: 48,
            attempt: 1,
            note: String::new(),
        };
        self.notices.push(Notice::Signal(Arc::new(SignalEvent {
            seq: self.seq,
            at: self.at,
            node: Some(node.clone()),
            signal: Signal::Exchange(exchange),
        })));
    }

    fn waits(&mut self, node: &NodeId) {
        let until = self.at + SignedDuration::from_mins(10);
        let fact = Fact::Waiting {
            why: Cow::Borrowed("AWS to make the role in the account"),
            ends_when: Cow::Borrowed("the status of the request is SUCCEEDED or FAILED"),
            until,
        };
        self.fact(Some(node), fact);
    }

    fn done(&mut self, node: &NodeId, proof: &'static str) {
        let fact = Fact::Done {
            how: How::Made,
            output: json!({}).into(),
            proof: Cow::Borrowed(proof),
            unproven: false,
        };
        self.fact(Some(node), fact);
    }

    fn fails(&mut self, node: &NodeId) {
        let what = format!("AWS cannot make the assignment {}", node.item);
        let fault = Fault::new(Kind::Refused, what)
            .why("Received a 409 status error: Cannot exceed quota for RolesPerAccount: 1000")
            .hint("Raise the quota of IAM roles or of policies per role in that account.");
        let fact = Fact::Failed {
            fault,
            during: During::Proof,
            untouched: true,
        };
        self.fact(Some(node), fact);
    }
}
