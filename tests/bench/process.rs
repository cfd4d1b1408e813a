//! The real program in a real pseudo-terminal: from its start to the first picture, from a key to the screen, at rest, and how
//! much memory it took.

use std::{fs, time::Duration};

use crate::{
    Wish,
    fleet::{ACCOUNTS, GROUPS},
    harness::{SimProcess, fedwiz, run},
    journal,
    machine::{median, millis, percentile, time},
    table::{Table, Unit},
    terminal::{
        Start, Terminal,
        keys::{ENTER, ESC},
    },
};

/// Columns and rows.
pub const SIZE: (u16, u16) = (200, 60);
const FIRST_PICTURE: f64 = 50.0;
const KEY: f64 = 16.0;
const IDLE: f64 = 0.3;
const MEMORY: f64 = 120.0;
/// The keys that move through the graph, so that each changes the screen.
const MOVES: [&str; 4] = ["\x1b[C", "\x1b[B", "\x1b[D", "\x1b[A"];

/// What a person feels.
pub fn screen(wish: &Wish, table: &mut Table) {
    let starts = if wish.quick { 1 } else { 15 };
    let first = median(starts, || first_picture(|| Start::fedwiz(&["demo"])));
    table.row(
        "screen: first picture after exec, demo",
        Unit::Millis,
        first,
        FIRST_PICTURE,
        "",
    );
    let facts = if wish.quick { 2_000 } else { 100_000 };
    let (folder, profile) = with_a_past(facts);
    let first = median(starts, || {
        first_picture(|| {
            Start::fedwiz(&["--profile", &profile, "--token-store", "memory"])
                .env("FEDWIZ_STATE_DIR", &folder.path().join("state").display().to_string())
        })
    });
    table.row(
        format!("screen: first picture after exec, a journal of {facts} facts"),
        Unit::Millis,
        first,
        FIRST_PICTURE,
        "",
    );
    let mut terminal = Start::fedwiz(&["demo"]).size(SIZE.0, SIZE.1).open();
    terminal.wait_text("▸ Show");
    terminal.send(ESC);
    terminal.wait_for("the walk", |seen| !seen.text().contains("▸ Show"));
    let key = median(wish.rounds(), || keys(&mut terminal, wish));
    table.row("screen: key to changed screen p99, demo", Unit::Millis, key, KEY, "");
    let (busy, bytes) = at_rest(&terminal, wish);
    table.row("screen: processor while nothing changes", Unit::Percent, busy, IDLE, "");
    table.row("screen: written while nothing changes", Unit::Bytes, bytes, 0.0, "");
}

/// Ten thousand boxes.
pub fn memory(wish: &Wish, table: &mut Table) {
    let sets = if wish.quick { 1 } else { 10 };
    let nodes = sets * GROUPS * ACCOUNTS;
    let sim = SimProcess::start("large");
    let profile = sim.dir().join("fleet.toml");
    let tutorial = fs::read_to_string(sim.dir().join("profile.toml")).unwrap();
    fs::write(&profile, tutorial + &given(sets)).unwrap();
    let command = sim.command("plan");
    let profile = profile.display().to_string();
    let mut terminal = Start::fedwiz(&["--profile", &profile, "--token-store", "memory"])
        .env_of(&command)
        .size(SIZE.0, SIZE.1)
        .open();
    terminal.wait_text("▸ Show");
    terminal.send(ESC);
    terminal.wait_for("the walk", |seen| !seen.text().contains("▸ Show"));
    open_one_of(&mut terminal, "aws.assignment Team Fleet01");
    let mut slowest = Duration::ZERO;
    for _ in 0..4 {
        slowest = slowest.max(time(|| press(&mut terminal, "z")).0);
    }
    let key = median(wish.rounds(), || keys(&mut terminal, wish));
    table.row(
        format!("screen: key to changed screen p99, {nodes} boxes"),
        Unit::Millis,
        key,
        KEY,
        "",
    );
    table.note(
        format!("screen: key that lays {nodes} boxes out anew, to the picture"),
        Unit::Millis,
        millis(slowest),
        "",
    );
    table.row(
        format!("memory: most that was taken, {nodes} boxes"),
        Unit::Mebibytes,
        peak(&terminal),
        MEMORY,
        "",
    );
}

/// Goes to the first step that is found by these words, and opens the box of its like.
pub fn open_one_of(terminal: &mut Terminal, words: &str) {
    terminal.send("/");
    terminal.send(words);
    terminal.wait_text(words);
    press(terminal, ENTER);
    press(terminal, " ");
}

fn first_picture(start: impl Fn() -> Start) -> f64 {
    let start = start();
    let (took, terminal) = time(|| {
        let terminal = start.size(SIZE.0, SIZE.1).open();
        terminal.wait_for("a picture", |seen| !seen.pictures.is_empty());
        terminal
    });
    drop(terminal);
    millis(took)
}

/// Types one key, and waits for the picture that follows: each key is drawn at once.
pub fn press(terminal: &mut Terminal, key: &str) {
    let count = terminal.seen().pictures.len();
    terminal.send(key);
    terminal.wait_for("a picture", |seen| seen.pictures.len() > count);
}

/// From each key to the picture that follows.
pub fn keys(terminal: &mut Terminal, wish: &Wish) -> f64 {
    let mut times: Vec<f64> = (0..if wish.quick { 8 } else { 200 })
        .map(|at| millis(time(|| press(terminal, MOVES[at % MOVES.len()])).0))
        .collect();
    percentile(&mut times, 99)
}

/// How much of one core is used, and how much is written, in some seconds without a key.
fn at_rest(terminal: &Terminal, wish: &Wish) -> (f64, f64) {
    let written = || terminal.seen().bytes.len();
    // The last picture may still be on its way.
    let mut before = usize::MAX;
    while before != written() {
        before = written();
        std::thread::sleep(Duration::from_millis(300));
    }
    let window = Duration::from_secs(if wish.quick { 1 } else { 5 });
    let used = on_a_core(terminal.pid());
    std::thread::sleep(window);
    let used = on_a_core(terminal.pid()) - used;
    (
        used.as_secs_f64() / window.as_secs_f64() * 100.0,
        (written() - before) as f64,
    )
}

/// How long all threads of a process have been on a core.
fn on_a_core(pid: u32) -> Duration {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let nanos = threads.filter_map(|thread| {
        let text = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanos.sum())
}

/// The most memory that a process has had, in mebibytes.
pub fn peak(terminal: &Terminal) -> f64 {
    let status = fs::read_to_string(format!("/proc/{}/status", terminal.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
}

/// A profile, and a journal of its federation.
fn with_a_past(facts: usize) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let profile = folder.path().join("contoso.toml");
    run(fedwiz()
        .args([
            "init",
            "--tenant",
            "contoso.onmicrosoft.com",
            "--aws-profile",
            "contoso",
            "--profile",
        ])
        .arg(&profile))
    .expect_code(0);
    let state = folder.path().join("state/contoso");
    fs::create_dir_all(&state).unwrap();
    journal::write(&state.join("journal.jsonl"), facts);
    let profile = profile.display().to_string();
    (folder, profile)
}

/// So many permission sets, each given to every group in each account, as a profile says it.
fn given(sets: usize) -> String {
    let names: Vec<String> = (1..=sets).map(|set| format!("Fleet{set:02}")).collect();
    let accounts: Vec<String> = (1..=ACCOUNTS).map(|number| format!("Account {number:03}")).collect();
    let mut text = String::new();
    for name in &names {
        text.push_str(&format!(
            "\n[[permission_set]]\nname = \"{name}\"\nmanaged_policies = [\"ReadOnlyAccess\"]\n"
        ));
    }
    for group in 1..=GROUPS {
        text.push_str(&format!(
            "\n[[people.group]]\nname = \"Team {group:02}\"\ncreate = true\n\n[[assignment]]\nprincipal = \"group:Team {group:02}\"\naccounts = {accounts:?}\npermission_sets = {names:?}\n"
        ));
    }
    text
}
