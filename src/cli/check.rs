//! `check`: one look at everything that stands, one line for each difference; with `--repair`, the steps' own way back.

use std::process::ExitCode;

use super::{
    Stop, args, consent,
    operator::{AnswersFile, SimulatedConsole},
    out::{self, Colour},
    place,
    tell::{Manner, Teller, differences},
    vault,
    walk::{clock, drive, drive_on, finish, finish_with, how_to_go_on, overriding, selection, setup, who_answers},
};
use crate::{
    engine::{exit::Exit, fact::Intent, outcome::Outcome, select::Selection, signal::What},
    fault::{Fault, Kind},
    report::drift::Drift,
    session::{Named, Session},
};

/// `check`.
pub(super) async fn run(args: args::Check, colour: Colour, verbose: u8) -> Result<ExitCode, Stop> {
    let (_, profile) = place::profile(&args.which)?;
    let manner = Manner::new(&args.told, colour, verbose);
    if args.repair {
        return repair(args, profile, &manner).await;
    }
    let secrets = vault::open_to_look(args.token_store).await?;
    let session = Session::look(setup(profile, secrets)?).await?;
    session
        .recorder
        .with_run(|run| vault::say_what_is_forgotten(args.token_store, run));
    let selection = selection(&args.part);
    let mut teller = Teller::new(&session, Intent::Check, &manner)?.in_lines();
    let driver = session.checker(selection.clone());
    let mut outcome = drive_on(&session, Intent::Check, driver, &mut teller).await?;
    let (left, others) = drifted(&session, &outcome);
    let mut goes_on = match (left, others) {
        (1.., 0) if outcome.exit() == Exit::Findings => Some(super::instead("apply")),
        _ => how_to_go_on(&outcome),
    };
    let recorded = outcome.findings.len();
    if !args.ignore_others {
        outcome = session.with_others(outcome, &selection).await;
    }
    let others = outcome.findings.len() - recorded;
    if goes_on.is_none() && outcome.exit() != Exit::Done {
        // A repair mends nothing that others made.
        goes_on = Some(super::again());
    }
    teller.end(&outcome, goes_on.clone())?;
    if left > 0 {
        out::note("What is left over goes with `fedwiz apply`, which asks first; a repair leaves it as it is.");
    }
    if others > 0 {
        out::note(
            "What others made stays as it is, also in a repair. To take it up, write it into the profile and run \
             `fedwiz apply`; to take it away, `fedwiz apply --also` with its name; to leave it out, add --ignore-others.",
        );
    }
    finish_with(&outcome, &manner, goes_on)
}

/// How many nodes are not as recorded: those that the profile names no more, and the others.
fn drifted(session: &Session, outcome: &Outcome) -> (usize, usize) {
    let drifted = |what| matches!(what, What::Missing | What::Drifted | What::CannotTell);
    let found = outcome.findings.iter().filter(|(_, finding)| drifted(finding.what));
    let (left, others): (Vec<_>, Vec<_>) = found.partition(|(node, _)| session.is_left_over(node));
    (left.len(), others.len())
}

/// One look at what was recorded, told by its differences, and those of them that a repair can mend.
async fn look(session: &Session, selection: Selection, manner: &Manner) -> Result<(Outcome, Vec<Drift>), Fault> {
    let mut teller = Teller::new(session, Intent::Check, manner)?.in_lines();
    let driver = session.checker(selection);
    let outcome = drive(session, Intent::Check, driver, &mut teller).await?;
    let (mut drifts, _) = differences(teller.view(), &outcome);
    drifts.retain(|drift| !session.is_left_over(&drift.node));
    Ok((outcome, drifts))
}

/// Looks, asks, brings back what differs, and looks again.
async fn repair(args: args::Check, profile: crate::profile::Profile, manner: &Manner) -> Result<ExitCode, Stop> {
    let simulated = match args.operator {
        args::OperatorKind::Simulated => Some(SimulatedConsole::of(&profile, clock(&profile))?),
        args::OperatorKind::Terminal => None,
    };
    let answers = args.answers.as_deref().map(AnswersFile::read).transpose()?;
    let secrets = vault::open(args.token_store).await?;
    let session = Session::open(setup(profile, secrets)?).await?;
    session.no_rotation_is_open()?;
    if let Some(warning) = &session.warning {
        out::note(&format!("note: {warning}."));
    }
    let (found, drifts) = look(&session, selection(&args.part), manner).await?;
    if drifts.is_empty() {
        return finish(&found, manner);
    }
    if !args.yes {
        confirm(&drifts)?;
    }
    let mut teller = Teller::new(&session, Intent::Up, manner)?;
    let operator = who_answers(simulated, answers, &teller, manner);
    let named = Named {
        exact: true,
        ..overriding(args.named)
    };
    let driver = session.driver_naming(operator, session.differing(&found), named);
    let repaired = drive(&session, Intent::Up, driver, &mut teller).await?;
    if matches!(repaired.exit(), Exit::Stopped | Exit::Journal) {
        return finish(&repaired, manner);
    }
    out::note("After the repair:");
    let session = session.renewed()?;
    let (left, _) = look(&session, selection(&args.part), manner).await?;
    match repaired.exit() {
        Exit::Done => finish(&left, manner),
        _ => finish(&repaired, manner),
    }
}

/// Asks whether to repair what was just shown.
fn confirm(drifts: &[Drift]) -> Result<(), Fault> {
    let asking = drifts.iter().filter(|drift| drift.asks).count();
    let people = match asking {
        0 => String::new(),
        1 => "; 1 of them needs a person".to_owned(),
        many => format!("; {many} of them need a person"),
    };
    let many = match drifts.len() {
        1 => "this difference".to_owned(),
        many => format!("these {many} differences"),
    };
    let nobody = Fault::new(Kind::NeedsPerson, format!("nobody confirmed that {many} be repaired"))
        .hint(format!("Look at the lines above, then run `{} --yes`.", super::again()));
    consent::yes(&format!("Bring back {many}{people}?"), nobody)
}
