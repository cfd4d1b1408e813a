//! Asking the person at the terminal before something is changed, in one way for all commands.

use std::io::{BufRead, IsTerminal, Write};

use crate::fault::{Fault, Kind};

/// Asks, and gives the line that was typed without the blanks around it; this fault where there is no terminal to answer at.
pub(super) fn typed(question: &str, nobody: Fault) -> Result<String, Fault> {
    if !std::io::stdin().is_terminal() {
        return Err(nobody);
    }
    let mut err = std::io::stderr();
    let _ = write!(err, "{question}");
    let _ = err.flush();
    let mut line = String::new();
    // What cannot be read is no answer.
    let _ = std::io::stdin().lock().read_line(&mut line);
    Ok(line.trim().to_owned())
}

/// Asks for this word. Anything else stops the command before it has done something.
pub(super) fn word(question: &str, wanted: &str, nobody: Fault) -> Result<(), Fault> {
    if typed(question, nobody)? == wanted {
        Ok(())
    } else {
        Err(Fault::new(Kind::Stopped, "not confirmed: nothing was done"))
    }
}

/// Asks for a plain yes.
pub(super) fn yes(question: &str, nobody: Fault) -> Result<(), Fault> {
    word(&format!("{question} Type yes: "), "yes", nobody)
}
