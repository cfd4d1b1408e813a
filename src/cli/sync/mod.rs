//! `fedwiz sync`: the provisioning job and what it does: shown, started, paused, restarted, and made to provision somebody now.

mod act;
mod show;

pub(super) use self::show::export;

use std::process::ExitCode;

use super::{Stop, args, doctor::targets, leavers, out::Colour, place, tell::Manner, vault, walk::setup};
use crate::{
    fault::{Fault, Kind},
    session::Session,
    steps::Target,
};

/// `sync` with all it can do.
pub(super) async fn run(args: args::Sync, colour: Colour, verbose: u8) -> Result<ExitCode, Stop> {
    let (_, profile) = place::profile(&args.which())?;
    let secrets = vault::open_to_look(args.token_store).await?;
    let session = Session::look(setup(profile, secrets)?).await?;
    let manner = Manner::new(&args.told(), colour, verbose);
    let chosen = targets(&session.world.targets, &args.target)?;
    match &args.action {
        None => show::show(&session, &chosen, &args, &manner).await,
        Some(args::SyncAction::Person(who)) => show::person(&session, &chosen, who, &manner).await,
        Some(args::SyncAction::Leavers(asked)) => leavers::run(&session, &chosen, asked, &manner).await,
        Some(action) => act::act(&session, only(&chosen)?, action, &manner).await,
    }
}

/// The one target that something is done to.
fn only<'t>(chosen: &[&'t Target]) -> Result<&'t Target, Fault> {
    match chosen {
        [one] => Ok(one),
        several => {
            let names: Vec<&str> = several.iter().map(|target| target.name.as_str()).collect();
            Err(Fault::new(Kind::Usage, "there are several AWS targets")
                .hint(format!("Choose one with `--target`: {}.", names.join(", "))))
        }
    }
}

fn cannot(error: &std::io::Error) -> Fault {
    Fault::new(Kind::File, "stdout cannot be written to").why(error.to_string())
}
