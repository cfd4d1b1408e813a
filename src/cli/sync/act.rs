//! What is done to the job: start, pause, restart, and provisioning on demand.

use std::{
    io::{BufRead, IsTerminal, Write},
    process::ExitCode,
};

use super::{cannot, view};
use crate::{
    cli::{
        Stop,
        args::{OnDemand, Restart, SyncAction},
        out,
        tell::Manner,
    },
    engine::exit::Exit,
    fault::{Fault, Kind},
    report::{
        json::Json,
        sync::{Entry, json_entries, write_entries, write_steps},
    },
    session::{Session, sync::JobAt},
    steps::Target,
};

/// What a restart may forget, and what comes of it.
const SCOPES: &[(&str, &str, &str)] = &[
    (
        "watermark",
        "Watermark",
        "how far it has read: the next cycle goes through everybody in scope anew. It takes from twenty minutes to some hours",
    ),
    (
        "escrows",
        "Escrows",
        "what failed so far: all of it is tried again at once, with nothing counted against it",
    ),
    (
        "quarantine",
        "QuarantineState",
        "that it is in quarantine: it runs every forty minutes again, and goes back if the cause is still there",
    ),
    (
        "connector-data",
        "ConnectorDataStore",
        "who in AWS belongs to whom in Entra: everybody is matched anew by user name. Who was renamed on one side only is made anew",
    ),
    (
        "full",
        "Full",
        "all of it: watermark, escrows, quarantine and matching. The next cycle is like the first",
    ),
    (
        "force-deletes",
        "ForceDeletes",
        "to hold back deletions: those that the threshold stopped go through in the next cycle",
    ),
];

/// Does one of them.
pub(super) async fn act(
    session: &Session,
    target: &Target,
    action: &SyncAction,
    manner: &Manner,
) -> Result<ExitCode, Stop> {
    let at = session.job_at(target).await?;
    let entra = &session.world.entra;
    match action {
        SyncAction::Start => {
            entra.start_job(&at.principal.id, &at.job.id).await?;
            out::note("Provisioning is started. The next cycle begins within some minutes.");
        }
        SyncAction::Pause => {
            entra.pause_job(&at.principal.id, &at.job.id).await?;
            out::note(
                "Provisioning is paused; a cycle that is running comes to its end. Until `fedwiz sync start` nobody new \
                 arrives in AWS, and nobody who leaves is disabled there.",
            );
        }
        SyncAction::Restart(asked) => restart(session, &at, asked).await?,
        SyncAction::OnDemand(asked) => return on_demand(session, &at, asked, manner).await,
        SyncAction::Person(_) | SyncAction::Leavers(_) => {}
    }
    Ok(ExitCode::SUCCESS)
}

async fn restart(session: &Session, at: &JobAt<'_>, asked: &Restart) -> Result<(), Fault> {
    let mut chosen = Vec::new();
    for word in &asked.scope {
        let found = SCOPES.iter().find(|(name, ..)| name == word).ok_or_else(|| {
            let names: Vec<&str> = SCOPES.iter().map(|(name, ..)| *name).collect();
            Fault::new(Kind::Usage, format!("there is no scope `{word}`"))
                .hint(format!("The scopes are: {}.", names.join(", ")))
        })?;
        chosen.push(found);
    }
    out::note("The provisioning job forgets:");
    for (name, _, what) in &chosen {
        out::note(&format!("  {name:<15} {what}."));
    }
    if !asked.yes {
        confirm("Restart it? Type yes: ")?;
    }
    let scope: Vec<&str> = chosen.iter().map(|(_, scope, _)| *scope).collect();
    session
        .world
        .entra
        .restart_job(&at.principal.id, &at.job.id, &scope.join(", "))
        .await?;
    let state = if at.job.is_on() {
        "It begins within some minutes; `fedwiz sync` shows how far it is."
    } else {
        "It is paused, and begins with `fedwiz sync start`."
    };
    out::note(&format!("Provisioning is restarted. {state}"));
    Ok(())
}

/// Asks for a plain yes.
pub(in crate::cli) fn confirm(question: &str) -> Result<(), Fault> {
    if !std::io::stdin().is_terminal() {
        return Err(Fault::new(Kind::NeedsPerson, "nobody confirmed it: nothing was done")
            .hint(format!("Run `{} --yes`.", crate::cli::again())));
    }
    let mut err = std::io::stderr();
    let _ = write!(err, "{question}");
    let _ = err.flush();
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    if read.is_ok() && line.trim() == "yes" {
        Ok(())
    } else {
        Err(Fault::new(Kind::Stopped, "not confirmed: nothing was done"))
    }
}

async fn on_demand(session: &Session, at: &JobAt<'_>, asked: &OnDemand, manner: &Manner) -> Result<ExitCode, Stop> {
    let whom = session.find(&asked.who, &asked.members, asked.all_members).await?;
    let view = view(session);
    let mut failed = false;
    let tell = |entry: Entry| {
        failed |= !matches!(entry.result.as_str(), "success" | "in step");
        let told = if manner.json {
            json_entries(
                &mut Json::new(manner.stdout()),
                &view,
                &at.target.name,
                std::slice::from_ref(&entry),
            )
        } else {
            write_entries(manner.stdout(), manner.style, std::slice::from_ref(&entry))
                .and_then(|()| write_steps(manner.stdout(), manner.style, &entry))
        };
        told.map_err(|error| cannot(&error))
    };
    session.provision_now(at, &whom, tell).await?;
    let exit = if failed { Exit::Failed } else { Exit::Done };
    if failed {
        out::continue_with(&crate::cli::again());
    }
    Ok(ExitCode::from(exit.code()))
}
