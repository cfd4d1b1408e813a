//! Who does the steps that have no API: a person at the terminal, an answers file, or the simulator's console.

mod answers;
mod simulated;
mod terminal;

pub(super) use answers::AnswersFile;
pub(super) use simulated::SimulatedConsole;
pub(super) use terminal::{Aside, TerminalOperator, restore_echo};

use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use crate::{
    engine::guide::Entry,
    fault::{Fault, Kind},
    secrets::remember,
};

/// The largest file that is taken as an answer: AWS's metadata has a few kilobytes.
const LARGEST_FILE: u64 = 10 * 1024 * 1024;

/// The answer that is meant by what a person typed: of a file its text. A secret is from then on taken out of all that is told.
pub(super) fn brought(entry: Entry, typed: SecretString) -> Result<SecretString, Fault> {
    match entry {
        Entry::Line => Ok(typed),
        Entry::Secret => {
            remember(&typed);
            Ok(typed)
        }
        Entry::File => Ok(read_file(&path_of(typed.expose_secret()))?.into()),
    }
}

/// The path that a person typed: with or without quotes, and with `~` for the home folder.
fn path_of(typed: &str) -> PathBuf {
    let typed = typed.trim().trim_matches('"');
    let home = directories::BaseDirs::new();
    match (typed.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.home_dir().join(rest),
        _ => typed.into(),
    }
}

/// The text of a file that a person brings.
fn read_file(path: &Path) -> Result<String, Fault> {
    let cannot = |why: String| {
        Fault::new(Kind::Usage, format!("the file {} cannot be used", path.display()))
            .why(why)
            .hint("Give the path of a text file.")
    };
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

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::secrets::redact;

    #[test]
    fn a_secret_that_was_typed_is_told_no_more() {
        let typed = SecretString::from("plum-Garden-7731");
        brought(Entry::Secret, typed).unwrap();
        assert_eq!(redact("it was plum-Garden-7731"), "it was [redacted]");
    }

    #[test]
    fn of_a_file_the_text_is_taken_and_of_a_large_one_nothing() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        write!(file, "<EntityDescriptor/>").unwrap();
        let path = || SecretString::from(format!(" \"{}\" ", file.path().display()));
        let text = brought(Entry::File, path()).unwrap();
        assert_eq!(text.expose_secret(), "<EntityDescriptor/>");
        file.as_file().set_len(LARGEST_FILE + 1).unwrap();
        let fault = brought(Entry::File, path()).unwrap_err();
        assert!(fault.why.contains("at most"), "{fault:?}");
        assert!(brought(Entry::File, "no/such/file".into()).is_err());
    }
}
