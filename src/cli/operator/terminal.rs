//! A person at the terminal: the guide as numbered instructions, then the questions, one guide at a time.

use std::{
    io::{BufRead, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use secrecy::SecretString;

use super::brought;
use crate::{
    engine::{
        graph::NodeId,
        guide::{Answer, Entry, Field, Guide, Operator},
    },
    fault::{Fault, Kind},
    report::{guide::guide_text, paper::Style},
};

/// True while the terminal hides what is typed.
static HIDDEN: AtomicBool = AtomicBool::new(false);

/// Shows again what is typed, if this process ends while a secret is being asked for.
pub(in crate::cli) fn restore_echo() {
    if HIDDEN.swap(false, Ordering::SeqCst) {
        #[cfg(unix)]
        if let Ok(terminal) = std::fs::File::open("/dev/tty") {
            let _ = std::process::Command::new("stty").arg("echo").stdin(terminal).status();
        }
    }
}

/// What is shown while a person is asked: progress bars are put aside.
pub(in crate::cli) type Aside = dyn Fn(&mut dyn FnMut()) + Send + Sync;

/// A person at the terminal.
pub(in crate::cli) struct TerminalOperator {
    turn: tokio::sync::Mutex<()>,
    aside: Arc<Aside>,
    style: Style,
}

impl TerminalOperator {
    /// A person at the terminal that stdin and stderr are.
    pub(in crate::cli) fn new(aside: Arc<Aside>, style: Style) -> Self {
        Self {
            turn: tokio::sync::Mutex::new(()),
            aside,
            style,
        }
    }
}

#[async_trait]
impl Operator for TerminalOperator {
    async fn ask(&self, node: &NodeId, guide: &Guide) -> Result<Answer, Fault> {
        // Several steps may need a person at once; a person reads one after the other.
        let _turn = self.turn.lock().await;
        let (node, guide, aside, style) = (node.clone(), guide.clone(), Arc::clone(&self.aside), self.style);
        let asked = tokio::task::spawn_blocking(move || {
            let mut answer = None;
            aside(&mut || answer = Some(converse(&node, &guide, style)));
            answer.unwrap_or_else(|| Err(Fault::internal("nobody was asked")))
        });
        asked
            .await
            .map_err(|_| Fault::internal("the question ended in a panic"))?
    }
}

fn converse(node: &NodeId, guide: &Guide, style: Style) -> Result<Answer, Fault> {
    show(&format!("\n{node}\n{}\n", guide_text(guide, style)));
    let mut answer = Answer::done();
    for field in &guide.fields {
        if let Some(value) = ask_field(field)? {
            answer.insert(field.key.clone(), value);
        }
    }
    if guide.fields.is_empty() {
        let typed = line(
            "Press Enter when it is done; fedwiz then looks for the proof. If it is done and no proof can come, type `unproven`: ",
        )?;
        answer.unproven = typed.trim() == "unproven";
    }
    Ok(answer)
}

fn ask_field(field: &Field) -> Result<Option<SecretString>, Fault> {
    let optional = if field.optional { ", Enter to leave it out" } else { "" };
    let hint = if field.hint.is_empty() {
        String::new()
    } else {
        format!(" ({}{optional})", field.hint)
    };
    loop {
        let question = match field.entry {
            Entry::File => format!("{}, path of the file{hint}: ", field.label),
            Entry::Line | Entry::Secret => format!("{}{hint}: ", field.label),
        };
        let value = match field.entry {
            Entry::Secret => secret(&question)?,
            Entry::Line | Entry::File => line(&question)?,
        };
        let value = value.trim().trim_matches('"').to_owned();
        if value.is_empty() {
            if field.optional {
                return Ok(None);
            }
            continue;
        }
        match brought(field.entry, value.into()) {
            Ok(value) => return Ok(Some(value)),
            Err(fault) => show(&format!("{fault}: {}\n", fault.why)),
        }
    }
}

fn show(text: &str) {
    let mut err = std::io::stderr().lock();
    let _ = err.write_all(text.as_bytes());
    let _ = err.flush();
}

fn line(question: &str) -> Result<String, Fault> {
    show(question);
    let mut line = String::new();
    match std::io::stdin().lock().read_line(&mut line) {
        Ok(1..) => Ok(line),
        _ => Err(unanswered()),
    }
}

fn secret(question: &str) -> Result<String, Fault> {
    HIDDEN.store(true, Ordering::SeqCst);
    let typed = rpassword::prompt_password(question);
    HIDDEN.store(false, Ordering::SeqCst);
    typed.map_err(|_| unanswered())
}

fn unanswered() -> Fault {
    Fault::new(Kind::NeedsPerson, "the question was not answered").hint("Run the same command again to go on.")
}
