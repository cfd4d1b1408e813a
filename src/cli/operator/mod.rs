//! Who does the steps that have no API: a person at the terminal, an answers file, or the simulator's console.

mod answers;
mod simulated;
mod terminal;

pub(super) use answers::AnswersFile;
pub(super) use simulated::SimulatedConsole;
pub(super) use terminal::{Aside, TerminalOperator, restore_echo};

use crate::fault::{Fault, Kind};

/// The largest file that is taken as an answer: AWS's metadata has a few kilobytes.
const LARGEST_FILE: u64 = 10 * 1024 * 1024;

/// The text of a file that a person brings.
fn read_file(path: &std::path::Path) -> Result<String, Fault> {
    let cannot = |why: String| Fault::new(Kind::Usage, format!("the file {} cannot be used", path.display())).why(why);
    let size = std::fs::metadata(path)
        .map_err(|error| cannot(error.to_string()))?
        .len();
    if size > LARGEST_FILE {
        return Err(cannot(format!(
            "it has {size} bytes, and at most {LARGEST_FILE} are read"
        )));
    }
    std::fs::read_to_string(path).map_err(|error| cannot(error.to_string()))
}
