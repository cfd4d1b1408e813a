//! Journals that are whole, torn, foreign, newer, locked.

use std::{fs, path::PathBuf, sync::Arc};

use tempfile::TempDir;

use super::Journal;
use crate::{
    clock::SystemClock,
    engine::{
        fact::{Event, Fact, Intent},
        recorder::Recorder,
        run::{Run, State},
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

/// Writes a journal of four facts and returns what was heard of.
async fn write(path: &std::path::Path) -> Vec<Event> {
    let (journal, recorded) = Journal::open(path, "0.1.0").unwrap();
    let recorder = Recorder::on(journal, &recorded, Arc::new(SystemClock)).unwrap();
    let mut heard = recorder.subscribe();
    recorder.fact(None, started()).await.unwrap();
    for name in ["a", "b [x]", "c"] {
        recorder.fact(Some(&id(name)), done(name)).await.unwrap();
    }
    drop(recorder);
    let mut events = recorded.events;
    while let Some(crate::engine::recorder::Notice::Fact(event)) = heard.try_next() {
        events.push(Event::clone(&event));
    }
    events
}

#[tokio::test]
async fn what_was_heard_of_is_read_back() {
    let (_directory, path) = place();
    let events = write(&path).await;
    assert_eq!(events.len(), 4);
    assert_eq!(Journal::read(&path).unwrap().events, events);
    let events = write(&path).await;
    assert_eq!(
        events.iter().map(|event| event.seq).collect::<Vec<_>>(),
        (1..=8).collect::<Vec<_>>()
    );
    assert_eq!(Journal::read(&path).unwrap().events, events);
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
            assert_eq!(recorded.events, events[..whole.saturating_sub(1)], "{length}");
            let clean = filler.is_empty() && (length == 0 || bytes[length - 1] == b'\n');
            assert_eq!(recorded.warning().is_none(), clean, "{length}");
            drop(journal);
            // What is left is whole, and more can be written to it.
            let again = Journal::read(&path).unwrap();
            assert_eq!(
                (again.torn, again.events.len()),
                (0, whole.saturating_sub(1)),
                "{length}"
            );
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
    let recorder = Recorder::on(journal, &recorded, Arc::new(SystemClock)).unwrap();
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
    assert_eq!(Journal::read(&path).unwrap().events.len(), 1);
}

/// Samples of released formats stay readable for ever: never change the file, only add others.
#[test]
fn a_journal_of_version_1_is_read_for_ever() {
    let path = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/journals/v1.jsonl"));
    let events = Journal::read(path).unwrap().events;
    assert_eq!(events.len(), 20);
    let run = Run::of(&events);
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

/// The text of a journal that is long enough for several threads.
fn long() -> String {
    let mut text = super::line::Header::new("0.1.0").line();
    for seq in 1..=2_000 {
        let event = Event {
            seq,
            at: jiff::Timestamp::UNIX_EPOCH,
            node: Some(id(&format!("n{}", seq % 50))),
            fact: done("x"),
            calls: Vec::new(),
        };
        text.push_str(&super::line::write(&event).unwrap());
    }
    assert!(text.len() > super::LONG);
    text
}

#[test]
fn a_long_journal_says_the_same_on_several_threads() {
    let (_directory, path) = place();
    let text = long();
    let several = super::side_by_side(&path, text.as_bytes()).unwrap();
    let one = super::one_by_one(&path, text.as_bytes()).unwrap();
    assert_eq!(several, one.events);
    assert_eq!((one.good, one.torn), (text.len() as u64, 0));
    for parts in 1..9 {
        let cut = super::cut(text.as_bytes(), parts);
        assert!(
            cut.len() <= parts && cut.iter().all(|part| part.ends_with(b"\n")),
            "{parts}"
        );
        assert_eq!(cut.concat(), text.as_bytes(), "{parts}");
    }
}

#[test]
fn a_long_journal_that_is_spoilt_or_torn_is_found_out() {
    let (_directory, path) = place();
    let text = long();
    let torn = super::parse(&path, &text.as_bytes()[..text.len() - 3]).unwrap();
    assert_eq!(torn.events.len(), 1_999);
    assert!(torn.torn > 0);
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let spoilt = text.replacen(lines[1_200], &lines[1_200].replacen("seen", "sees", 1), 1);
    let gap = text.replacen(lines[1_200], "", 1);
    for text in [spoilt, gap] {
        let fault = super::parse(&path, text.as_bytes()).unwrap_err();
        assert!(fault.to_string().contains("line 1201"), "{fault}");
    }
}
