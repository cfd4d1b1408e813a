//! What is done to the job: start, pause, restart, and provisioning on demand.

use std::process::ExitCode;

use super::cannot;
use crate::{
    cli::{
        Stop,
        args::{OnDemand, Restart, SyncAction},
        consent, out,
        tell::Manner,
    },
    engine::exit::Exit,
    fault::{Fault, Kind},
    report::{
        job::{self, Change},
        json::Json,
        sync::{Entry, json_entries, write_entries, write_steps},
    },
    session::Session,
    steps::Target,
};

/// Does one of them.
pub(super) async fn act(
    session: &Session,
    target: &Target,
    action: &SyncAction,
    manner: &Manner,
) -> Result<ExitCode, Stop> {
    match action {
        SyncAction::Start => tell_done(session, target, &Change::Start).await?,
        SyncAction::Pause => tell_done(session, target, &Change::Pause).await?,
        SyncAction::Restart(asked) => restart(session, target, asked).await?,
        SyncAction::OnDemand(asked) => return on_demand(session, target, asked, manner).await,
        SyncAction::Person(_) | SyncAction::Leavers(_) => {}
    }
    Ok(ExitCode::SUCCESS)
}

async fn tell_done(session: &Session, target: &Target, change: &Change) -> Result<(), Fault> {
    out::note(session.change_job(target, change).await?);
    Ok(())
}

async fn restart(session: &Session, target: &Target, asked: &Restart) -> Result<(), Fault> {
    let mut chosen = Vec::new();
    for word in &asked.scope {
        let found = job::scope(word).ok_or_else(|| {
            let names: Vec<&str> = job::SCOPES.iter().map(|scope| scope.name).collect();
            Fault::new(Kind::Usage, format!("there is no scope `{word}`"))
                .hint(format!("The scopes are: {}.", names.join(", ")))
        })?;
        chosen.push(found);
    }
    let change = Change::Restart(chosen);
    for line in change.consequences() {
        out::note(&line);
    }
    if !asked.yes {
        let nobody = Fault::new(Kind::NeedsPerson, "nobody confirmed it: nothing was done")
            .hint(format!("Run `{} --yes`.", crate::cli::again()));
        consent::yes("Restart it?", nobody)?;
    }
    tell_done(session, target, &change).await
}

async fn on_demand(session: &Session, target: &Target, asked: &OnDemand, manner: &Manner) -> Result<ExitCode, Stop> {
    let at = session.job_at(target).await?;
    let whom = session.find(&asked.who, &asked.members, asked.all_members).await?;
    let view = session.recall()?;
    let mut failed = false;
    let tell = |entry: Entry| {
        failed |= !matches!(entry.result.as_str(), "success" | "in step");
        let told = if manner.json {
            json_entries(
                &mut Json::new(manner.stdout()),
                &view,
                &target.name,
                std::slice::from_ref(&entry),
            )
        } else {
            write_entries(manner.stdout(), manner.style, std::slice::from_ref(&entry))
                .and_then(|()| write_steps(manner.stdout(), manner.style, &entry))
        };
        told.map_err(|error| cannot(&error))
    };
    session.provision_now(&at, &whom, tell).await?;
    let exit = if failed { Exit::Failed } else { Exit::Done };
    if failed {
        out::continue_with(&crate::cli::again());
    }
    Ok(ExitCode::from(exit.code()))
}
