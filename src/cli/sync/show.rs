//! What is shown of provisioning: the job, its log, and one person's time line.

use std::{collections::BTreeSet, fs::OpenOptions, process::ExitCode};

use jiff::{SignedDuration, Timestamp};

use super::{cannot, only};
use crate::{
    cli::{
        Stop,
        args::{PersonArgs, Sync},
        doctor::{Telling, exit_of},
        out,
        signals::Interrupts,
        tell::Manner,
    },
    engine::exit::Exit,
    fault::{Fault, Kind, Retry},
    report::{
        findings,
        health::{self, Health},
        json::Json,
        overview::{self, Counted, Overview, Refused},
        sync::{self, Entry, FOLLOW_EVERY, csv, failing_now, json_entries, write_entries},
        view::View,
    },
    session::{Session, sync::LOOK_BACK},
    steps::Target,
};

/// How long before its end a token or certificate is told of here: `status` is the place for that.
const WARN: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The job of each target, what is wrong with it, and what its log says.
pub(super) async fn show(
    session: &Session,
    chosen: &[&Target],
    args: &Sync,
    manner: &Manner,
) -> Result<ExitCode, Stop> {
    if args.follow {
        return follow(session, only(chosen)?, args, manner).await;
    }
    let telling = Telling::new(manner);
    let now = session.clock().now();
    let since = now - args.since.map_or(LOOK_BACK, |since| since);
    let view = session.recall()?;
    let mut exit = Exit::Done;
    let mut exported = Vec::new();
    for target in chosen {
        telling.tell("the provisioning job and its log");
        let Overview { health, log, refused } = session.overview(target, WARN, since).await;
        let mut health = health;
        (health.token, health.certificates) = (None, Vec::new());
        let mut counted = Counted {
            at: health.at,
            ..Counted::default()
        };
        if health.job.is_some() {
            if args.people {
                telling.tell("people on both sides");
                counted = session.counted(target, since).await;
            } else if let Ok(all) = &log {
                telling.tell("how long changes take");
                // A log that shows nobody's change is no trouble.
                let at = session.job_at(target).await?;
                counted.latencies = session.latencies(&at, all, since).await.unwrap_or_default();
            }
        }
        telling.end();
        let blind = log.as_ref().err().cloned();
        let entries = shown(log.unwrap_or_default(), args);
        let refused = if args.log { refused } else { Vec::new() };
        let seen = Seen {
            health: &health,
            counted: &counted,
            entries: &entries,
            refused: &refused,
        };
        tell(session, &view, target, &seen, manner).map_err(|error| cannot(&error))?;
        if let Some(fault) = &blind {
            out::note(&format!("The provisioning log could not be read: {fault}."));
            if !fault.hint.is_empty() {
                out::note(&format!("  help: {}", fault.hint));
            }
        }
        let wrong = health.findings.iter().any(|row| row.severity != "notice");
        let one = exit_of(wrong || entries.iter().any(Entry::failed), !health.blind.is_empty());
        if exit == Exit::Done || one == Exit::Failed {
            exit = one;
        }
        exported.extend(entries);
    }
    if let Some(file) = &args.export {
        export(
            file,
            &exported,
            session,
            chosen.first().map_or("", |target| &target.name),
        )?;
        out::note(&format!("{} entries are in {}.", exported.len(), file.display()));
    }
    if exit != Exit::Done {
        out::continue_with(&crate::cli::again());
    }
    Ok(ExitCode::from(exit.code()))
}

/// The entries to show: by default what failed last of each object, with `--log` everything.
fn shown(all: Vec<Entry>, args: &Sync) -> Vec<Entry> {
    let shown = if args.log || args.export.is_some() || args.filter.is_some() {
        all
    } else {
        failing_now(&all)
    };
    let filter = args.filter.as_deref().unwrap_or_default();
    shown.into_iter().filter(|entry| entry.fits(filter)).collect()
}

/// What is told of a target.
struct Seen<'s> {
    health: &'s Health,
    counted: &'s Counted,
    entries: &'s [Entry],
    refused: &'s [Refused],
}

fn tell(session: &Session, view: &View, target: &Target, seen: &Seen<'_>, manner: &Manner) -> std::io::Result<()> {
    let health = seen.health;
    if manner.json {
        let mut json = Json::new(manner.stdout());
        health::json(&mut json, view, health)?;
        overview::json_counted(&mut json, view, &target.name, seen.counted)?;
        findings::json(&mut json, view, health.at, &health.findings, &health.blind)?;
        json_entries(&mut json, view, &target.name, seen.entries)?;
        return overview::json_refused(&mut json, view, &target.name, seen.refused);
    }
    if session.world.targets.len() > 1 {
        use std::io::Write;
        writeln!(manner.stdout(), "{}", target.name)?;
    }
    health::write_job(manner.stdout(), manner.style, health)?;
    overview::write_counted(manner.stdout(), manner.style, seen.counted)?;
    findings::write(manner.stdout(), manner.style, &health.findings, &health.blind)?;
    if !(seen.entries.is_empty() && seen.refused.is_empty()) {
        use std::io::Write;
        writeln!(manner.stdout())?;
    }
    write_entries(manner.stdout(), manner.style, seen.entries)?;
    overview::write_refused(manner.stdout(), manner.style, seen.refused)
}

/// Writes the entries to a file that is not there yet: CSV by its name, else one JSON object a line.
pub(in crate::cli) fn export(
    file: &std::path::Path,
    entries: &[Entry],
    session: &Session,
    target: &str,
) -> Result<(), Fault> {
    let cannot = |error: std::io::Error| {
        Fault::new(Kind::File, format!("{} cannot be written", file.display()))
            .why(error.to_string())
            .hint("A file that is there is not written over: name another.")
    };
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let out = options.open(file).map_err(cannot)?;
    if file
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("csv"))
    {
        csv(out, entries).map_err(cannot)?;
    } else {
        json_entries(&mut Json::new(out), &session.recall()?, target, entries).map_err(cannot)?;
    }
    Ok(())
}

/// Shows new entries as they come, until Ctrl-C.
async fn follow(session: &Session, target: &Target, args: &Sync, manner: &Manner) -> Result<ExitCode, Stop> {
    let mut interrupts = Interrupts::new();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut since = session.clock().now() - args.since.unwrap_or(SignedDuration::from_mins(10));
    let view = session.recall()?;
    out::note("Following the provisioning log; it is some minutes behind. Ctrl-C ends it.");
    loop {
        let read = tokio::select! {
            biased;
            () = interrupts.next() => return Ok(ExitCode::SUCCESS),
            read = latest(session, target, since) => read,
        };
        match read {
            Ok(entries) => {
                let filter = args.filter.as_deref().unwrap_or_default();
                let new: Vec<Entry> = entries
                    .into_iter()
                    .filter(|entry| seen.insert(entry.id.clone()))
                    .collect();
                // The log comes late and not in order: the last hour is read again each time.
                let newest = new.last().map(|entry| entry.when);
                let shown: Vec<Entry> = new.into_iter().filter(|entry| entry.fits(filter)).collect();
                let told = if manner.json {
                    json_entries(&mut Json::new(manner.stdout()), &view, &target.name, &shown)
                } else {
                    write_entries(manner.stdout(), manner.style, &shown)
                };
                told.map_err(|error| cannot(&error))?;
                since = newest.map_or(since, |newest| since.max(newest - SignedDuration::from_hours(1)));
            }
            Err(fault) if fault.retry == Retry::Never => return Err(fault.into()),
            Err(fault) => out::note(&format!("Could not look: {fault}. Looking again.")),
        }
        tokio::select! {
            biased;
            () = interrupts.next() => return Ok(ExitCode::SUCCESS),
            () = session.clock().sleep(FOLLOW_EVERY) => {}
        }
    }
}

async fn latest(session: &Session, target: &Target, since: Timestamp) -> Result<Vec<Entry>, Fault> {
    let at = session.job_at(target).await?;
    session.log(&at, since).await
}

/// One person's time line.
pub(super) async fn person(
    session: &Session,
    chosen: &[&Target],
    asked: &PersonArgs,
    manner: &Manner,
) -> Result<ExitCode, Stop> {
    let now = session.clock().now();
    let since = now - asked.since.map_or(SignedDuration::from_hours(7 * 24), |since| since);
    let view = session.recall()?;
    let mut blind = false;
    for target in chosen {
        let at = session.job_at(target).await?;
        let person = session.person(&at, &asked.upn, since).await?;
        blind |= !person.missing.is_empty();
        let told = if manner.json {
            sync::json_person(&mut Json::new(manner.stdout()), &view, now, &target.name, &person)
        } else {
            sync::write_person(manner.stdout(), manner.style, &person)
        };
        told.map_err(|error| cannot(&error))?;
    }
    Ok(ExitCode::from(exit_of(false, blind).code()))
}
