//! Journals that are whole, torn, foreign, newer, locked.

use std::{fs, path::PathBuf, sync::Arc};

use tempfile::TempDir;

use super::Journal;
use crate::{
    clock::SystemClock,
    engine::{
        fact::{Event, Fact, Intent},
        recorder::Recorder,
        run::State,
        step::{How, Undone},
        toy::id,
    },
    fault::{Kind, Text},
};

fn place() -> (TempDir, PathBuf) {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("deep/er/journal.jsonl");
    (directory, path)
}

fn started() -> Fact {
    Fact::RunStarted {
        run: "r1".into(),
        intent: Intent::Up,
        profile: "p".into(),
        program: "0.1.0".into(),
        only: Vec::new(),
        removes: Vec::new(),
    }
}

fn done(name: &str) -> Fact {
    Fact::Done {
        how: How::Adopted,
        output: serde_json::json!({"name": name, "quote": "\"}\n"}).into(),
        proof: Text::Borrowed("seen ✔"),
        unproven: false,
    }
}

fn facts(path: &std::path::Path) -> Vec<Arc<Event>> {
    Journal::facts(path).unwrap().0
}

/// Writes a journal of four facts and returns what was heard of.
async fn write(path: &std::path::Path) -> Vec<Arc<Event>> {
    let mut events = facts(path);
    let (journal, recorded) = Journal::open(path, "0.1.0").unwrap();
    let recorder = Recorder::on(journal, recorded, Arc::new(SystemClock)).unwrap();
    let mut heard = recorder.subscribe();
    recorder.fact(None, started()).await.unwrap();
    for name in ["a", "b [x]", "c"] {
        recorder.fact(Some(&id(name)), done(name)).await.unwrap();
    }
    drop(recorder);
    while let Some(crate::engine::recorder::Notice::Fact(event)) = heard.try_next() {
        events.push(event);
    }
    events
}

#[tokio::test]
async fn what_was_heard_of_is_read_back() {
    let (_directory, path) = place();
    let events = write(&path).await;
    assert_eq!(events.len(), 4);
    assert_eq!(facts(&path), events);
    let events = write(&path).await;
    assert_eq!(
        events.iter().map(|event| event.seq).collect::<Vec<_>>(),
        (1..=8).collect::<Vec<_>>()
    );
    assert_eq!(facts(&path), events);
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_may_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_directory, path) = place();
    write(&path).await;
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    drop(Journal::open(&path, "0.1.0").unwrap());
    assert_eq!(mode(&path), 0o600);
}

#[tokio::test]
async fn a_journal_torn_at_any_byte_keeps_every_whole_line() {
    let (_directory, path) = place();
    let events = write(&path).await;
    let bytes = fs::read(&path).unwrap();
    for length in 0..bytes.len() {
        for filler in [&b""[..], &[0; 7]] {
            let torn = [&bytes[..length], filler].concat();
            fs::write(&path, &torn).unwrap();
            let whole = bytes[..length].iter().filter(|&&byte| byte == b'\n').count();
            let (journal, recorded) = Journal::open(&path, "0.1.0").unwrap();
            assert_eq!(recorded.run.seq(), whole.saturating_sub(1) as u64, "{length}");
            let clean = filler.is_empty() && (length == 0 || bytes[length - 1] == b'\n');
            assert_eq!(recorded.tail.warning().is_none(), clean, "{length}");
            drop(journal);
            // What is left is whole, and more can be written to it.
            let (again, tail) = Journal::facts(&path).unwrap();
            assert_eq!(again, events[..whole.saturating_sub(1)], "{length}");
            assert_eq!(tail.torn, 0, "{length}");
        }
    }
    write(&path).await;
}

#[tokio::test]
async fn any_changed_byte_in_the_middle_is_a_fault_and_nothing_is_touched() {
    let (_directory, path) = place();
    write(&path).await;
    let bytes = fs::read(&path).unwrap();
    let last = bytes[..bytes.len() - 1]
        .iter()
        .rposition(|&byte| byte == b'\n')
        .unwrap();
    for at in 0..last {
        let mut spoilt = bytes.clone();
        spoilt[at] ^= 1;
        fs::write(&path, &spoilt).unwrap();
        let fault = Journal::open(&path, "0.1.0").map(drop).unwrap_err();
        assert_eq!(fault.kind, Kind::Journal, "{at}: {fault}");
        assert!(!fault.hint.is_empty());
        assert_eq!(fs::read(&path).unwrap(), spoilt, "{at}");
    }
}

#[tokio::test]
async fn foreign_and_newer_journals_are_left_alone() {
    let (_directory, path) = place();
    write(&path).await;
    let text = fs::read_to_string(&path).unwrap();
    let newer = text.replacen("\"v\":1", "\"v\":2", 1);
    let added = format!("{text}{{\"seq\":5,\"note\":\"by hand\"}}\n");
    let gap: String = text
        .lines()
        .enumerate()
        .filter(|(at, _)| *at != 2)
        .map(|(_, line)| format!("{line}\n"))
        .collect();
    for (content, says) in [
        (newer, "newer"),
        (added, "line 6"),
        (gap, "line 3"),
        ("hello\nworld\n".to_owned(), "not a fedwiz journal"),
        ("hello".to_owned(), "line 1"),
        (
            "{\"format\":\"other\",\"v\":1,\"program\":\"x\"}\n".to_owned(),
            "not a fedwiz journal",
        ),
    ] {
        fs::write(&path, &content).unwrap();
        let fault = Journal::open(&path, "0.1.0").map(drop).unwrap_err();
        assert_eq!(fault.kind, Kind::Journal);
        assert!(fault.to_string().contains(says), "{fault} should say {says}");
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
    }
}

#[tokio::test]
async fn two_at_once_are_refused_and_reading_is_not() {
    let (_directory, path) = place();
    let (journal, _) = Journal::open(&path, "0.1.0").unwrap();
    let fault = Journal::open(&path, "0.1.0").map(drop).unwrap_err();
    assert_eq!(fault.kind, Kind::Journal);
    assert!(fault.to_string().contains("another fedwiz"));
    assert!(Journal::read(&path).is_ok());
    drop(journal);
    assert!(Journal::open(&path, "0.1.0").is_ok());
}

#[tokio::test]
async fn a_fact_that_does_not_follow_is_refused_and_not_written() {
    let (_directory, path) = place();
    let (journal, recorded) = Journal::open(&path, "0.1.0").unwrap();
    let recorder = Recorder::on(journal, recorded, Arc::new(SystemClock)).unwrap();
    assert!(
        recorder.fact(Some(&id("a")), done("a")).await.is_err(),
        "no run is open"
    );
    recorder.fact(None, started()).await.unwrap();
    for fact in [
        Fact::UndoStarted {},
        Fact::Done {
            how: How::Made,
            output: serde_json::Value::Null.into(),
            proof: Text::Borrowed("never begun"),
            unproven: false,
        },
    ] {
        let fault = recorder.fact(Some(&id("a")), fact).await.unwrap_err();
        assert_eq!(fault.kind, Kind::Internal);
    }
    drop(recorder);
    assert_eq!(facts(&path).len(), 1);
}

/// Samples of released formats stay readable for ever: never change the file, only add others.
#[test]
fn a_journal_of_version_1_is_read_for_ever() {
    let path = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/journals/v1.jsonl"));
    let events = facts(path);
    assert_eq!(events.len(), 20);
    let run = Journal::read(path).unwrap().run;
    let state = |step: &str| {
        let node = run.nodes().into_iter().find(|(id, _)| id.step == step).unwrap();
        run.state(node.0)
    };
    assert_eq!(state("entra.app"), State::Undone(Undone::Removed));
    assert_eq!(state("saml.identity-source"), State::Kept("others use it".into()));
    assert_eq!(
        state("entra.user"),
        State::Done {
            how: How::Adopted,
            unproven: false
        }
    );
    assert_eq!(state("aws.assignment"), State::Pending);
    let ours: Vec<String> = run.ours().iter().map(|node| node.id.to_string()).collect();
    assert_eq!(ours, ["main/saml.identity-source"]);
    // What is written again is what was read.
    let text = std::fs::read_to_string(path).unwrap();
    let again: String = events.iter().map(|event| super::line::write(event).unwrap()).collect();
    assert_eq!(again, text.split_once('\n').unwrap().1);
}

/// The text of a journal that is long enough for several threads, and its facts.
fn long() -> (String, Vec<Arc<Event>>) {
    let event = |seq| Event {
        seq,
        at: jiff::Timestamp::UNIX_EPOCH,
        node: Some(id(&format!("n{}", seq % 50))),
        fact: done("x"),
        calls: Vec::new(),
    };
    let facts: Vec<Arc<Event>> = (1..=8_000).map(event).map(Arc::new).collect();
    let lines = facts.iter().map(|event| super::line::write(event).unwrap());
    let text: String = [super::line::Header::new("0.1.0").line()]
        .into_iter()
        .chain(lines)
        .collect();
    assert!(text.len() > 4 * super::read::STRETCH);
    (text, facts)
}

#[test]
fn a_long_journal_is_told_in_order_by_several_threads() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.jsonl");
    let (text, written) = long();
    fs::write(&path, &text).unwrap();
    assert_eq!(facts(&path), written);
    let recorded = Journal::read(&path).unwrap();
    assert_eq!((recorded.run.seq(), recorded.tail.torn), (8_000, 0));
    // Another process has begun to write the next line.
    fs::write(&path, text.clone() + "{\"seq\":8001,").unwrap();
    let (heard, tail) = Journal::facts(&path).unwrap();
    assert_eq!((heard, tail.torn, tail.good), (written, 12, text.len() as u64));
}

#[test]
fn a_long_journal_that_is_spoilt_or_torn_is_found_out() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.jsonl");
    let (text, written) = long();
    fs::write(&path, &text.as_bytes()[..text.len() - 3]).unwrap();
    let (heard, tail) = Journal::facts(&path).unwrap();
    assert_eq!(heard, written[..7_999]);
    assert!(tail.torn > 0);
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    // In the first stretch, in one in the middle, and in what is left after the last whole one.
    for at in [3, 2_400, 5_000, 7_999] {
        let spoilt = text.replacen(lines[at], &lines[at].replacen("seen", "sees", 1), 1);
        let gap = text.replacen(lines[at], "", 1);
        let doubled = text.replacen(lines[at], &format!("{0}{0}", lines[at]), 1);
        for (text, number) in [(spoilt, at + 1), (gap, at + 1), (doubled, at + 2)] {
            fs::write(&path, text).unwrap();
            let fault = Journal::facts(&path).unwrap_err();
            assert!(fault.to_string().contains(&format!("line {number} ")), "{fault}");
        }
    }
}
