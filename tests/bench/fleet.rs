//! A company with a hundred accounts: the graph of its walk, and what happens on it.

use std::sync::Arc;

use fedwiz::{
    clients::entra::auth::{Prompt, Prompter},
    engine::{
        fact::{Event, Fact, Intent},
        graph::NodeId,
        recorder::Notice,
        signal::{Exchange, Signal, SignalEvent},
        step::How,
    },
    fault::Text,
    profile::{Assignment, Group, PermissionSet, Principal, Profile},
    report::{outline::Outline, view::View},
    secrets::MemoryStore,
    session::{Session, rehearsal},
    sim::{Options, Sim},
    steps::PHASES,
    tui::dag::map::Map,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

/// How many accounts there are, and how many groups have access.
pub const ACCOUNTS: usize = 100;
pub const GROUPS: usize = 10;

/// Nobody reads codes here: an application signs in.
struct NobodyReads;

impl Prompter for NobodyReads {
    fn show(&self, _: &Prompt) {}
}

/// So many further permission sets, whose names begin so, each given to every principal in each account.
pub fn give(profile: &mut Profile, principals: &[Principal], begin: &str, sets: usize) {
    let template = profile.permission_set[1].clone();
    let names: Vec<String> = (1..=sets).map(|number| format!("{begin}{number:02}")).collect();
    profile.permission_set.extend(names.iter().map(|name| PermissionSet {
        name: name.clone(),
        ..template.clone()
    }));
    let accounts: Vec<String> = (1..=ACCOUNTS).map(|number| format!("Account {number:03}")).collect();
    profile.assignment.extend(principals.iter().map(|principal| Assignment {
        principal: principal.clone(),
        accounts: accounts.clone(),
        permission_sets: names.clone(),
    }));
}

/// Groups that have access, in the profile.
fn groups(profile: &mut Profile) -> Vec<Principal> {
    let names: Vec<String> = (1..=GROUPS).map(|number| format!("Team {number:02}")).collect();
    profile.people.group.extend(names.iter().map(|name| Group {
        name: name.clone(),
        create: true,
        members: Vec::new(),
    }));
    names.into_iter().map(Principal::Group).collect()
}

/// The graph of such a walk, for drawing, and that nothing has happened on it.
pub struct Fleet {
    pub map: Map,
    pub empty: View,
    pub ids: Vec<NodeId>,
}

impl Fleet {
    /// With about so many nodes: a thousand for each permission set.
    pub fn of(nodes: usize) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let options = Options {
                scenario: "large".into(),
                ..Options::default()
            };
            let sim = Sim::start(options).await.unwrap();
            let folder = tempfile::tempdir().unwrap();
            let secrets = Arc::new(MemoryStore::new());
            let mut setup = rehearsal::setup(&sim, folder.path(), secrets, Arc::new(NobodyReads), 1).unwrap();
            let groups = groups(&mut setup.profile);
            give(&mut setup.profile, &groups, "Fleet", nodes / (ACCOUNTS * GROUPS));
            let session = Session::look(setup).await.unwrap();
            let graph = &session.graph;
            Self {
                map: Map::of(graph),
                empty: View::new(Outline::of(PHASES, graph)),
                ids: graph.nodes().iter().map(|node| node.id.clone()).collect(),
            }
        })
    }

    /// One of the many.
    pub fn one_of_many(&self) -> usize {
        self.ids
            .iter()
            .position(|id| id.step == "aws.assignment" && id.item.starts_with("group:"))
            .unwrap()
    }
}

/// What happens on a walk, without end: each node is looked at, begun, waited for, and done.
pub struct Story {
    ids: Vec<NodeId>,
    at: Timestamp,
    seq: u64,
    told: usize,
}

/// How many notices there are about one node.
const ACTS: usize = 7;
/// How many nodes are at work at a time.
const SIDE_BY_SIDE: usize = 16;

impl Story {
    /// From the beginning.
    pub fn of(ids: &[NodeId]) -> Self {
        Self {
            ids: ids.to_vec(),
            at: "2026-01-05T09:00:00Z".parse().unwrap(),
            seq: 0,
            told: 0,
        }
    }

    /// The run begins.
    pub fn begins(&mut self) -> Notice {
        self.fact(
            None,
            Fact::RunStarted {
                run: "0197f2b4-1c1e-7000-8000-000000000000".into(),
                intent: Intent::Up,
                profile: "9f86d081884c7d65".into(),
                program: "fedwiz".into(),
                only: Vec::new(),
                removes: Vec::new(),
            },
        )
    }

    /// What happens next.
    pub fn next(&mut self) -> Notice {
        // A handful of nodes go side by side, act by act.
        let (round, rest) = (self.told / (ACTS * SIDE_BY_SIDE), self.told % (ACTS * SIDE_BY_SIDE));
        let node = (round * SIDE_BY_SIDE + rest % SIDE_BY_SIDE) % self.ids.len();
        self.told += 1;
        self.at += SignedDuration::from_millis(5);
        let id = self.ids[node].clone();
        match rest / SIDE_BY_SIDE {
            0 => self.signal(id, Signal::Looking),
            1 => self.exchange(id, "ListAccountAssignmentsForPrincipal"),
            2 => self.fact(
                Some(id),
                Fact::Started {
                    before: None,
                    refs: Vec::new(),
                },
            ),
            3 => self.signal(id, Signal::Acting),
            4 => self.exchange(id, "CreateAccountAssignment"),
            5 => {
                let until = self.at + SignedDuration::from_secs(600);
                self.fact(
                    Some(id),
                    Fact::Waiting {
                        why: Text::Borrowed("AWS to make the role in the account"),
                        ends_when: Text::Borrowed("the status of the request is SUCCEEDED or FAILED"),
                        until,
                    },
                )
            }
            _ => self.fact(
                Some(id),
                Fact::Done {
                    how: How::Made,
                    output: json!({ "account": "111122223333", "permission_set": "arn:aws:sso:::permissionSet/ssoins-7223/ps-1", "principal": { "group": "90676f8a-1" } }).into(),
                    proof: Text::Borrowed("creation request 5d6e-77 is SUCCEEDED"),
                    unproven: false,
                },
            ),
        }
    }

    fn exchange(&mut self, id: NodeId, operation: &str) -> Notice {
        let exchange = Exchange {
            method: operation.into(),
            url: "https://sso.eu-west-1.amazonaws.com/".into(),
            status: Some(200),
            request_id: Some("6d3f8c1a-0c3b-4a5e-9d53-2f8b1b8f2a11".into()),
            millis: 48,
            attempt: 1,
            note: String::new(),
        };
        self.signal(id, Signal::Exchange(exchange))
    }

    fn signal(&mut self, id: NodeId, signal: Signal) -> Notice {
        Notice::Signal(Arc::new(SignalEvent {
            seq: self.seq,
            at: self.at,
            node: Some(id),
            signal,
        }))
    }

    fn fact(&mut self, node: Option<NodeId>, fact: Fact) -> Notice {
        self.seq += 1;
        Notice::Fact(Arc::new(Event {
            seq: self.seq,
            at: self.at,
            node,
            fact,
            calls: Vec::new(),
        }))
    }
}
