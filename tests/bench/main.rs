//! The numbers this program promises, measured: `cargo bench`. `docs/benches.md` says what each row means.
//!
//! Words after `--` choose rows by a part of their name, `--quick` runs each measure once and small, to see that it still works.

// A whole walk is one deep future.
#![recursion_limit = "256"]
#![expect(clippy::unwrap_used, reason = "a measure that cannot be taken ends the bench")]

mod clouds;
mod company;
#[cfg(target_os = "linux")]
mod crowd;
mod engine;
mod fleet;
mod frame;
#[path = "../it/fused_store.rs"]
mod fused_store;
#[cfg(target_os = "linux")]
#[expect(dead_code, reason = "the tests use all of it")]
#[path = "../it/harness.rs"]
mod harness;
mod journal;
mod layout;
#[expect(dead_code, reason = "the tests use all of it")]
#[path = "../it/loopback.rs"]
mod loopback;
mod machine;
mod naive;
#[cfg(target_os = "linux")]
mod process;
mod table;
#[cfg(target_os = "linux")]
#[expect(dead_code, reason = "the tests use all of it")]
#[path = "../it/terminal.rs"]
mod terminal;

use std::process::ExitCode;

use table::Table;

/// What to measure, and how thoroughly.
pub struct Wish {
    words: Vec<String>,
    /// Each measure once and small.
    pub quick: bool,
}

impl Wish {
    fn read() -> Self {
        let (flags, words) = std::env::args()
            .skip(1)
            .partition::<Vec<_>, _>(|word| word.starts_with("--"));
        Self {
            words,
            quick: flags.iter().any(|flag| flag == "--quick"),
        }
    }

    /// Whether a group of rows is wanted, by its name.
    fn wants(&self, group: &str) -> bool {
        self.words.is_empty() || self.words.iter().any(|word| group.contains(word.as_str()))
    }

    /// How often a measure is taken; the median is reported.
    pub fn rounds(&self) -> usize {
        if self.quick { 1 } else { 5 }
    }
}

/// Takes the rows of one group.
type Measure = fn(&Wish, &mut Table);

/// Each group of rows, by its name.
const GROUPS: &[(&str, Measure)] = &[
    // First, as in life: a program reads its journal before it has done anything else.
    ("resume", journal::measure),
    ("frame", frame::measure),
    ("layout", layout::measure),
    #[cfg(target_os = "linux")]
    ("screen", process::screen),
    #[cfg(target_os = "linux")]
    ("memory", process::memory),
    #[cfg(target_os = "linux")]
    ("memory of a fleet", crowd::measure),
    ("walk", engine::walk),
    ("again", engine::again),
    ("people", company::people_assigned),
    ("assignments", company::assignments),
];

fn main() -> ExitCode {
    let wish = Wish::read();
    let mut table = Table::begin();
    for (name, measure) in GROUPS.iter().filter(|(name, _)| wish.wants(name)) {
        table.group(name);
        measure(&wish, &mut table);
    }
    if table.end() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
