//! What is shown of provisioning: the job, its log, and one person's time line.

use std::{collections::BTreeSet, fs::OpenOptions, process::ExitCode};

use jiff::{SignedDuration, Timestamp};

use super::{cannot, only, view};
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
        sync::{self, Entry, FOLLOW_EVERY, csv, json_entries, latency_words, write_entries},
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
    let all = session.health(chosen, WARN, &|what| telling.tell(what)).await;
    let now = session.clock().now();
    let since = now - args.since.map_or(LOOK_BACK, |since| since);
    let mut exit = Exit::Done;
    let mut exported = Vec::new();
    for (target, health) in chosen.iter().zip(all) {
        let mut job_only = health;
        (job_only.token, job_only.certificates) = (None, Vec::new());
        let mut entries = Vec::new();
        let mut latency = None;
        let mut blind = None;
        if job_only.job.is_some() {
            telling.tell("the provisioning log");
            match read(session, target, since, args).await {
                Ok((shown, all)) => {
                    // A log that shows nobody's change is no trouble.
                    let at = session.job_at(target).await?;
                    let measured = session.latencies(&at, &all, since).await.unwrap_or_default();
                    latency = latency_words(&measured);
                    entries = shown;
                }
                Err(fault) => blind = Some(fault),
            }
        }
        telling.end();
        tell(session, target, &job_only, &entries, latency.as_deref(), manner).map_err(|error| cannot(&error))?;
        if let Some(fault) = &blind {
            out::note(&format!("The provisioning log could not be read: {fault}."));
            if !fault.hint.is_empty() {
                out::note(&format!("  help: {}", fault.hint));
            }
        }
        let wrong = job_only.findings.iter().any(|row| row.severity != "notice");
        let one = exit_of(wrong || entries.iter().any(Entry::failed), !job_only.blind.is_empty());
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
    }
    if exit != Exit::Done {
        out::continue_with(&crate::cli::again());
    }
    Ok(ExitCode::from(exit.code()))
}

/// The entries to show, and all: by default what failed last of each object, with `--log` everything.
async fn read(
    session: &Session,
    target: &Target,
    since: Timestamp,
    args: &Sync,
) -> Result<(Vec<Entry>, Vec<Entry>), Fault> {
    let at = session.job_at(target).await?;
    let all = session.log(&at, since).await?;
    let shown = if args.log || args.export.is_some() || args.filter.is_some() {
        all.clone()
    } else {
        failing_now(&all)
    };
    let filter = args.filter.as_deref().unwrap_or_default();
    Ok((shown.into_iter().filter(|entry| entry.fits(filter)).collect(), all))
}

/// The last entry of each object, where that is a failure.
fn failing_now(entries: &[Entry]) -> Vec<Entry> {
    let mut seen = BTreeSet::new();
    let mut last: Vec<Entry> = entries
        .iter()
        .rev()
        .filter(|entry| seen.insert((entry.subject.clone(), entry.name.clone())))
        .filter(|entry| entry.failed())
        .cloned()
        .collect();
    last.reverse();
    last
}

fn tell(
    session: &Session,
    target: &Target,
    health: &Health,
    entries: &[Entry],
    latency: Option<&str>,
    manner: &Manner,
) -> std::io::Result<()> {
    let view = view(session);
    if manner.json {
        let mut json = Json::new(manner.stdout());
        health::json(&mut json, &view, health)?;
        findings::json(&mut json, &view, health.at, &health.findings, &health.blind)?;
        return json_entries(&mut json, &view, &target.name, entries);
    }
    if session.world.targets.len() > 1 {
        use std::io::Write;
        writeln!(manner.stdout(), "{}", target.name)?;
    }
    health::write_job(manner.stdout(), manner.style, health)?;
    if let Some(latency) = latency {
        use std::io::Write;
        writeln!(manner.stdout(), "  {:<18}{latency}", "latency")?;
    }
    findings::write(manner.stdout(), manner.style, &health.findings, &health.blind)?;
    if !entries.is_empty() {
        use std::io::Write;
        writeln!(manner.stdout())?;
    }
    write_entries(manner.stdout(), manner.style, entries)
}

/// Writes the entries to a file that is not there yet: CSV by its name, else one JSON object a line.
fn export(file: &std::path::Path, entries: &[Entry], session: &Session, target: &str) -> Result<(), Fault> {
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
        json_entries(&mut Json::new(out), &view(session), target, entries).map_err(cannot)?;
    }
    out::note(&format!("{} entries are in {}.", entries.len(), file.display()));
    Ok(())
}

/// Shows new entries as they come, until Ctrl-C.
async fn follow(session: &Session, target: &Target, args: &Sync, manner: &Manner) -> Result<ExitCode, Stop> {
    let mut interrupts = Interrupts::new();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut since = session.clock().now() - args.since.unwrap_or(SignedDuration::from_mins(10));
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
                    json_entries(&mut Json::new(manner.stdout()), &view(session), &target.name, &shown)
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
    let view = view(session);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(subject: &str, result: &str, when: &str) -> Entry {
        Entry {
            id: format!("{subject}{when}"),
            when: when.parse().unwrap(),
            subject: subject.into(),
            name: subject.into(),
            object: "User".into(),
            in_aws: String::new(),
            action: "create".into(),
            result: result.into(),
            code: String::new(),
            reason: String::new(),
            cause: String::new(),
            fix: String::new(),
            steps: Vec::new(),
            written: Vec::new(),
        }
    }

    #[test]
    fn what_failed_and_went_well_later_is_over() {
        let entries = [
            entry("a", "failure", "2026-06-01T10:00:00Z"),
            entry("b", "failure", "2026-06-01T10:00:01Z"),
            entry("a", "success", "2026-06-01T11:00:00Z"),
            entry("b", "failure", "2026-06-01T11:00:01Z"),
        ];
        let now: Vec<String> = failing_now(&entries).into_iter().map(|entry| entry.id).collect();
        assert_eq!(now, ["b2026-06-01T11:00:01Z"]);
    }
}
