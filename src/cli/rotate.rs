//! `fedwiz rotate`: something new in place of something that ends, without a gap.

use std::{process::ExitCode, sync::Arc};

use super::{
    Stop,
    args::{self, OperatorKind, TokenStore},
    consent,
    operator::{AnswersFile, SimulatedConsole},
    out::{self, Colour},
    place,
    tell::{Manner, Teller},
    vault,
    walk::{clock, drive, drive_on, finish, how_to_go_on, setup, who_answers},
};
use crate::{
    engine::{fact::Intent, guide::Operator, outcome::Outcome},
    fault::{Fault, Kind},
    session::{Session, rotation::Part},
    steps::rotation::Rotation,
};

pub(super) async fn run(args: args::Rotate, colour: Colour, verbose: u8) -> Result<ExitCode, Stop> {
    let rotation = match args.what {
        args::What::Token => Rotation::Token,
        args::What::Certificate => Rotation::Certificate,
    };
    let (_, profile) = place::profile(&args.which)?;
    let simulated = match args.operator {
        OperatorKind::Simulated => Some(SimulatedConsole::of(&profile, clock(&profile))?),
        OperatorKind::Terminal => None,
    };
    let answers = args.answers.as_deref().map(AnswersFile::read).transpose()?;
    if !args.yes && simulated.is_none() {
        confirm(rotation, args.cancel)?;
    }
    let secrets = vault::open(args.token_store).await?;
    let setup = setup(profile, secrets)?;
    let session = if args.cancel {
        Session::unrotate(setup, rotation, &args.target).await?
    } else {
        Session::rotate(setup, rotation, &args.target).await?
    };
    if let Some(warning) = &session.warning {
        out::note(&format!("note: {warning}."));
    }
    let intent = if args.cancel { Intent::Down } else { Intent::Up };
    let manner = Manner::new(&args.told, colour, verbose);
    let mut teller = Teller::new(&session, intent, &manner)?;
    let operator = who_answers(simulated, answers, &teller, &manner);
    let outcome = if args.cancel {
        let driver = session.rotating(rotation, Part::Turn, operator);
        drive(&session, intent, driver, &mut teller).await?
    } else {
        turn(&session, rotation, operator, &mut teller).await?
    };
    if args.token_store == TokenStore::Memory && rotation == Rotation::Token {
        out::note("note: secrets were kept in memory and are gone now; Entra has the token that it was given.");
    }
    finish(&outcome, &manner)
}

/// Both parts, told as one.
async fn turn(
    session: &Session,
    rotation: Rotation,
    operator: Arc<dyn Operator>,
    teller: &mut Teller,
) -> Result<Outcome, Fault> {
    let mut outcome = None;
    for part in Part::ALL {
        let driver = session.rotating(rotation, part, Arc::clone(&operator));
        let ended = drive_on(session, Intent::Up, driver, teller).await?;
        let goes_on = ended.exit_code() == 0;
        outcome = Some(ended);
        if !goes_on {
            break;
        }
    }
    let outcome = outcome.expect("a rotation has parts");
    teller.end(&outcome, how_to_go_on(&outcome))?;
    Ok(outcome)
}

/// Says what will happen, and asks whether it may.
fn confirm(rotation: Rotation, cancel: bool) -> Result<(), Fault> {
    let nobody = Fault::new(
        Kind::NeedsPerson,
        format!("nobody confirmed the rotation of the {}", rotation.what()),
    )
    .hint(format!("Run `{} --yes`.", super::again()));
    let says = if cancel {
        "This takes back the rotation that was begun"
    } else {
        rotation.announced()
    };
    consent::yes(&format!("{says}.\nGo on?"), nobody)
}
