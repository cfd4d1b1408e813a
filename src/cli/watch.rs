//! `watch`: looks again and again, and tells only what has changed since.
//!
//! It ends with Ctrl-C, and that is a good end. A vendor that does not answer ends nothing: what could not be looked at is
//! said to be so, and is taken neither for gone nor for mended.

use std::{io::Write, process::ExitCode, process::Stdio, time::Duration};

use jiff::SignedDuration;
use tokio::io::AsyncWriteExt;

use super::{
    Stop, args,
    out::{self, Colour},
    place,
    signals::Interrupts,
    tell::{Manner, differences},
    vault,
    walk::{clock, selection, setup},
};
use crate::{
    clock::SharedClock,
    engine::{exit::Exit, fact::Intent, select::Selection},
    fault::{Fault, Kind, Retry},
    profile::Profile,
    report::{
        changes::{self, Change, Known, Look},
        json::Json,
    },
    secrets::SharedSecrets,
    session::Session,
    steps::Target,
};

/// Looks lie apart by the time that was asked for, give or take this share of it: many watches do not fall into step.
const JITTER: f64 = 0.1;
/// While nothing can be looked at, the time between looks doubles up to this, or up to what was asked for.
const LONGEST: Duration = Duration::from_secs(3600);
/// So long before its end a token or certificate is told of.
const WARN: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How long the command of `--exec` may take.
const HOOK: Duration = Duration::from_secs(30);

/// `watch`.
pub(super) async fn run(args: args::Watch, colour: Colour, verbose: u8) -> Result<ExitCode, Stop> {
    let (_, profile) = place::profile(&args.which)?;
    let secrets = vault::open_to_look(args.token_store).await?;
    let manner = Manner::new(&args.told, colour, verbose);
    let mut watch = Watch {
        clock: clock(&profile),
        hook: args.exec.map(|command| Hook::new(command, &profile)),
        every: args.every,
        bell: args.bell,
        ignore_others: args.ignore_others,
        selection: selection(&args.part),
        known: Known::default(),
        looks: 0,
        in_vain: 0,
        manner,
    };
    let mut interrupts = Interrupts::new();
    tokio::select! {
        biased;
        () = interrupts.next() => {}
        ended = watch.go(profile, secrets, args.times) => ended?,
    }
    let (open, unseen) = (watch.known.open(), watch.known.unseen());
    out::note(&format!(
        "Looked {} times; {open} open now, {unseen} could not be looked at.",
        watch.looks
    ));
    let exit = match (args.times, unseen, open) {
        (None, ..) | (_, 0, 0) => Exit::Done,
        (_, 0, _) => Exit::Findings,
        _ => Exit::Failed,
    };
    if exit != Exit::Done {
        out::continue_with(&super::instead("check"));
    }
    Ok(ExitCode::from(exit.code()))
}

/// A watch that goes on.
struct Watch {
    clock: SharedClock,
    hook: Option<Hook>,
    every: Duration,
    bell: bool,
    ignore_others: bool,
    selection: Selection,
    known: Known,
    looks: u32,
    /// How many looks in a row saw nothing at all.
    in_vain: u32,
    manner: Manner,
}

impl Watch {
    async fn go(&mut self, profile: Profile, secrets: SharedSecrets, times: Option<u32>) -> Result<(), Fault> {
        let mut session = self.begin(&profile, &secrets).await?;
        loop {
            session = session.renewed()?;
            let (look, seen) = self.look(&session).await?;
            let changes = self.known.take(look);
            self.tell(&session, &changes).await?;
            if self.looks == 0 && changes.is_empty() {
                out::note("All stands as recorded. Watching; Ctrl-C ends it.");
            }
            self.looks += 1;
            self.in_vain = if seen { 0 } else { self.in_vain + 1 };
            if times.is_some_and(|times| self.looks >= times) {
                return Ok(());
            }
            self.pause().await;
        }
    }

    /// Opens the session; a vendor that does not answer yet is waited for.
    async fn begin(&mut self, profile: &Profile, secrets: &SharedSecrets) -> Result<Session, Fault> {
        loop {
            match Session::look(setup(profile.clone(), SharedSecrets::clone(secrets))?).await {
                Ok(session) => {
                    self.in_vain = 0;
                    return Ok(session);
                }
                Err(fault) if fault.retry == Retry::Never => return Err(fault),
                Err(fault) => {
                    out::note(&format!("Could not look: {fault}. Looking again later."));
                    self.in_vain += 1;
                    self.pause().await;
                }
            }
        }
    }

    /// One look at everything; false when nothing at all could be seen.
    async fn look(&self, session: &Session) -> Result<(Look, bool), Fault> {
        session.follow_people().await;
        let driver = session.watcher(self.selection.clone());
        let mut outcome = driver.run(Intent::Check).await?;
        if !self.ignore_others {
            outcome = session.with_others(outcome, &self.selection).await;
        }
        let view = session.recall()?;
        let (drifts, unseen) = differences(&view, &outcome);
        let mut look = Look::default();
        look.add(&drifts, &unseen);
        if self.selection.only.is_empty() {
            for health in session.health(&self.targets(session), WARN, &|_| {}).await {
                look.add_health(&health);
            }
        }
        look.covered = outcome.blocked.iter().map(|(node, _)| node.clone()).collect();
        let seen = !outcome.findings.is_empty() || unseen.is_empty();
        Ok((look, seen))
    }

    fn targets<'s>(&self, session: &'s Session) -> Vec<&'s Target> {
        let wanted = &self.selection.targets;
        let chosen = |target: &&Target| wanted.is_empty() || wanted.contains(&target.name);
        session.world.targets.iter().filter(chosen).collect()
    }

    async fn tell(&self, session: &Session, changes: &[Change]) -> Result<(), Fault> {
        if changes.is_empty() {
            return Ok(());
        }
        let now = self.clock.now();
        let view = session.recall()?;
        let told = if self.manner.json {
            changes::json(&mut Json::new(self.manner.stdout()), &view, now, changes)
        } else {
            changes::write(self.manner.stdout(), self.manner.style, now, changes)
        };
        told.map_err(|error| Fault::new(Kind::File, "stdout cannot be written to").why(error.to_string()))?;
        if self.bell {
            let _ = std::io::stderr().lock().write_all(b"\x07");
        }
        for change in changes {
            if let Some(hook) = &self.hook {
                let mut line = Vec::new();
                let written = changes::json(&mut Json::new(&mut line), &view, now, std::slice::from_ref(change));
                if written.is_ok() {
                    hook.run(change, &line).await;
                }
            }
        }
        Ok(())
    }

    /// Waits for the next look: longer while nothing can be seen.
    async fn pause(&self) {
        let longest = LONGEST.max(self.every);
        let times = 1_u32.checked_shl(self.in_vain).unwrap_or(u32::MAX);
        let time = self.every.saturating_mul(times).min(longest);
        let share = 1.0 + JITTER * (2.0 * fastrand::f64() - 1.0);
        self.clock.sleep(time.mul_f64(share)).await;
    }
}

/// The command of `--exec`.
struct Hook {
    command: String,
    /// Variables that hold secrets and are none of its business.
    hidden: Vec<String>,
}

impl Hook {
    fn new(command: String, profile: &Profile) -> Self {
        let ours = std::env::vars_os()
            .filter_map(|(name, _)| name.into_string().ok())
            .filter(|name| name.starts_with("FEDWIZ_SCIM_"));
        let hidden = ours.chain([profile.entra.client_secret_env.clone()]).collect();
        Self { command, hidden }
    }

    /// Runs it once. What becomes of it is told, and changes nothing here.
    async fn run(&self, change: &Change, line: &[u8]) {
        let trouble = match tokio::time::timeout(HOOK, self.call(change, line)).await {
            Ok(Ok(status)) if status.success() => return,
            Ok(Ok(status)) => format!("ended with {status}"),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("took longer than {} s and was ended", HOOK.as_secs()),
        };
        out::note(&format!("note: the command of --exec: {trouble}."));
    }

    async fn call(&self, change: &Change, line: &[u8]) -> std::io::Result<std::process::ExitStatus> {
        let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
        let note = &change.note;
        let mut command = tokio::process::Command::new(shell);
        command
            .arg(flag)
            .arg(&self.command)
            .env("FEDWIZ_CHANGE", change.how.word())
            .env("FEDWIZ_TARGET", note.node.target.as_deref().unwrap_or_default())
            .env("FEDWIZ_STEP", &note.node.step)
            .env("FEDWIZ_ITEM", harmless(&note.node.item))
            .env("FEDWIZ_FIELD", harmless(&note.field))
            .env("FEDWIZ_TEXT", harmless(&note.text))
            .stdin(Stdio::piped())
            // Stdout is for the changes.
            .stdout(Stdio::null())
            .kill_on_drop(true);
        for name in &self.hidden {
            command.env_remove(name);
        }
        let mut child = command.spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            // A command that does not read is none the worse for it.
            let _ = stdin.write_all(line).await;
        }
        child.wait().await
    }
}

/// A value without what acts on a terminal, and without a zero byte, which no variable can hold.
fn harmless(text: &str) -> String {
    crate::report::clean::clean(text).replace('\0', "")
}
