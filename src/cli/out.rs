//! What goes where: data to stdout, everything else to stderr. A reader that has gone away is no trouble of ours.

use std::io::{ErrorKind, IsTerminal, Write};

use super::args::When;
use crate::fault::{Fault, Kind};

/// Writes data to stdout, as it is.
pub(super) fn data(text: &str) -> Result<(), Fault> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Fault::new(Kind::File, "stdout cannot be written to").why(error.to_string())),
    }
}

/// Writes one line to stderr.
pub(super) fn note(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Writes the command that continues, the last line of every end.
pub(super) fn continue_with(command: &str) {
    note(&format!("Continue with: {command}"));
}

/// Says what went wrong and what to do.
pub(super) fn fault(fault: &Fault) {
    note(&format!("error: {}", crate::secrets::redact(&fault.to_string())));
    if !fault.hint.is_empty() {
        note(&format!("  help: {}", crate::secrets::redact(&fault.hint)));
    }
    if let Some(id) = &fault.request_id {
        note(&format!("  request id: {id}"));
    }
}

/// Whether to use colour on stderr and stdout.
#[derive(Debug, Clone, Copy)]
pub(super) struct Colour {
    pub(super) stdout: bool,
    pub(super) stderr: bool,
}

impl Colour {
    pub(super) fn of(when: When) -> Self {
        let wanted = |terminal: bool| match when {
            When::Always => true,
            When::Never => false,
            When::Auto => {
                let forbidden = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
                let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
                terminal && !forbidden && !dumb
            }
        };
        Self {
            stdout: wanted(std::io::stdout().is_terminal()),
            stderr: wanted(std::io::stderr().is_terminal()),
        }
    }
}

/// How wide the terminal is taken to be.
pub(super) fn width() -> usize {
    std::env::var("COLUMNS")
        .ok()
        .and_then(|columns| columns.parse().ok())
        .unwrap_or(100_usize)
        .clamp(40, 160)
}

/// A word the way a shell takes it.
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_the_shell_only_where_it_matters() {
        assert_eq!(quoted("--only"), "--only");
        assert_eq!(quoted("a file"), "'a file'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
