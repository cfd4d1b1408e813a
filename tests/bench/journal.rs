//! How long it takes to go on from a journal: read, checked line by line, and folded into what stands.

use std::{fs, path::Path, sync::Arc};

use fedwiz::{
    clock::SystemClock,
    engine::{
        fact::{End, Fact, Intent},
        graph::NodeId,
        journal::Journal,
        recorder::Recorder,
        step::{How, Undone},
    },
    fault::Text,
    report::{outline::Outline, replay::recall, words},
    steps::PHASES,
};
use futures_util::future::join_all;
use serde_json::json;

use crate::{
    Wish,
    machine::{median, millis, time},
    table::{Table, Unit},
};

const TARGET: f64 = 150.0;
/// How many facts are written at a time: so many nodes are never at work at once, but the disk is not what is measured.
const AT_A_TIME: usize = 2_000;

pub fn measure(wish: &Wish, table: &mut Table) {
    let facts = if wish.quick { 2_000 } else { 100_000 };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    write(&path, facts);
    let parsed = median(wish.rounds(), || {
        let (took, lines) = time(|| {
            let bytes = fs::read(&path).unwrap();
            let lines = bytes.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
            lines
                .filter(|line| serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok())
                .count()
        });
        assert!(lines > facts);
        millis(took)
    });
    let resumed = median(wish.rounds(), || {
        let (took, recorder) = time(|| {
            let (journal, recorded) = Journal::open(&path, "fedwiz").unwrap();
            assert!(recorded.run.seq() >= facts as u64);
            Recorder::on(journal, recorded, Arc::new(SystemClock)).unwrap()
        });
        drop(recorder);
        millis(took)
    });
    table.row(
        format!("resume: {facts} facts, read, checked and folded"),
        Unit::Millis,
        resumed,
        TARGET,
        format!("{:.1} × their JSON merely scanned", resumed / parsed),
    );
    let shown = median(wish.rounds(), || {
        let (took, view) = time(|| recall(Outline::new(PHASES), &path, |_| true).unwrap());
        assert!(view.tally().count(words::State::stands) > 0);
        millis(took)
    });
    table.note(
        format!("resume: the same {facts} facts, read again and told to the screen"),
        Unit::Millis,
        shown,
        "",
    );
}

/// Writes a journal of at least so many facts: ten thousand nodes, up and down and up again.
pub fn write(path: &Path, facts: usize) {
    let nodes: Vec<NodeId> = (0..facts / 10).map(node).collect();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let (journal, recorded) = Journal::open(path, "fedwiz").unwrap();
        let recorder = Recorder::on(journal, recorded, Arc::new(SystemClock)).unwrap();
        for (number, intent) in [Intent::Up, Intent::Down, Intent::Up, Intent::Down, Intent::Up]
            .iter()
            .enumerate()
        {
            let run = format!("0197f2b4-1c1e-7000-8000-00000000000{number}");
            recorder.fact(None, begins(&run, *intent)).await.unwrap();
            for nodes in nodes.chunks(AT_A_TIME) {
                for act in if intent.takes_back() {
                    [undo, undone]
                } else {
                    [start, done]
                } {
                    let written = join_all(nodes.iter().map(|node| recorder.fact(Some(node), act()))).await;
                    written.into_iter().for_each(Result::unwrap);
                }
            }
            let end = Fact::RunEnded { run, end: End::Done };
            recorder.fact(None, end).await.unwrap();
        }
    });
}

fn node(number: usize) -> NodeId {
    let (account, rest) = (number % 100, number / 100);
    NodeId {
        target: None,
        step: "aws.assignment".into(),
        item: format!(
            "group:Team {:02} · Account {account:03} · Fleet{:02}",
            rest % 10,
            rest / 10
        ),
    }
}

fn begins(run: &str, intent: Intent) -> Fact {
    Fact::RunStarted {
        run: run.into(),
        intent,
        profile: "9f86d081884c7d65".into(),
        program: "fedwiz".into(),
        only: Vec::new(),
        removes: Vec::new(),
    }
}

fn start() -> Fact {
    Fact::Started {
        before: None,
        refs: vec![("aws.permission-set".into(), "Fleet01".into())],
    }
}

fn done() -> Fact {
    let output = json!({
        "account": "111122223333",
        "permission_set": "arn:aws:sso:::permissionSet/ssoins-7223f3c1a2b4d5e6/ps-1a2b3c4d5e6f7a8b",
        "principal": { "group": "90676f8a9c-0f6d1c4b-5a3e-4f7a-8b2d-6e9f0a1b2c3d" },
    });
    Fact::Done {
        how: How::Made,
        output: output.into(),
        proof: Text::Borrowed("creation request 5d6e7f80-1a2b-4c3d-9e8f-7a6b5c4d3e2f is SUCCEEDED"),
        unproven: false,
    }
}

fn undo() -> Fact {
    Fact::UndoStarted {}
}

fn undone() -> Fact {
    Fact::Undone {
        what: Undone::Removed,
        proof: Text::Borrowed("the deletion status is SUCCEEDED"),
        unproven: false,
    }
}
