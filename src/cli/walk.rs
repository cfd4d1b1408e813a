//! `plan`, `apply` and `teardown`: one walk each, told as it goes.

use std::{io::IsTerminal, process::ExitCode, sync::Arc, time::Duration};

use super::{
    Stop, args,
    args::{OperatorKind, Part, TokenStore},
    consent,
    operator::{AnswersFile, SimulatedConsole, TerminalOperator, restore_echo},
    out::{self, Colour},
    place,
    prompter::OnStderr,
    removal,
    signals::Interrupts,
    tell::{Manner, Teller},
    vault,
};
#[cfg(feature = "demo")]
use crate::session::{CLOCK, SimulatedTime};
use crate::{
    clients::http::Network,
    clock::{SharedClock, SystemClock},
    engine::{
        driver::{Driver, Order},
        exit::Exit,
        fact::Intent,
        guide::{Nobody, Operator},
        outcome::Outcome,
        select::Selection,
    },
    fault::{Fault, Kind},
    profile::Profile,
    secrets::SharedSecrets,
    session::{Named, Session, Setup, Variables, adopt::NEVER_TAKEN_BACK, never_taken_back},
    steps::World,
};

/// How often a progress bar is drawn when nothing happens.
const BEAT: Duration = Duration::from_millis(250);

/// `plan`, with or without `--down`.
pub(super) async fn plan(args: args::Plan, colour: Colour, verbose: u8) -> Result<ExitCode, Stop> {
    let (_, profile) = place::profile(&args.which)?;
    let secrets = vault::open_to_look(args.token_store).await?;
    let session = Session::look(setup(profile, secrets)?).await?;
    let part = selection(&args.part);
    let (session, named, intent) = if args.down {
        (session, releasing(args.removals.also)?, Intent::PlanDown)
    } else {
        let session = session.listing(&args.removals.also)?;
        let removes = removal::agreed(&session, &part, &args.removals)?;
        let named = Named {
            removes,
            ..Named::default()
        };
        (session, named, Intent::Plan)
    };
    let manner = Manner::new(&args.told, colour, verbose);
    let mut teller = Teller::new(&session, intent, &manner)?;
    let driver = session.driver_naming(Arc::new(Nobody), part, named);
    let outcome = drive(&session, intent, driver, &mut teller).await?;
    finish(&outcome, &manner)
}

/// What is changed although somebody else looks after it.
pub(super) fn overriding(named: args::Override) -> Named {
    Named {
        overrides: named.overrides,
        ..Named::default()
    }
}

/// What is taken back although it was there before. People and groups of the tenant never are.
pub(super) fn releasing(also: Vec<String>) -> Result<Named, Fault> {
    let step = |name: &str| {
        let name = name.split('[').next().unwrap_or(name);
        name.rsplit('/').next().unwrap_or(name).to_owned()
    };
    if let Some(name) = also.iter().find(|name| NEVER_TAKEN_BACK.contains(&step(name).as_str())) {
        return Err(never_taken_back(name));
    }
    Ok(Named {
        also,
        ..Named::default()
    })
}

/// `apply`.
pub(super) async fn apply(args: args::Apply, colour: Colour, verbose: u8) -> Result<ExitCode, Stop> {
    let named = overriding(args.named);
    change(args.walk, named, Some(args.removals), Intent::Up, colour, verbose).await
}

/// `teardown`.
pub(super) async fn teardown(args: args::Teardown, colour: Colour, verbose: u8) -> Result<ExitCode, Stop> {
    let named = releasing(args.named.also)?;
    change(args.walk, named, None, Intent::Down, colour, verbose).await
}

async fn change(
    args: args::Walk,
    mut named: Named,
    removals: Option<args::Removals>,
    intent: Intent,
    colour: Colour,
    verbose: u8,
) -> Result<ExitCode, Stop> {
    let (_, profile) = place::profile(&args.which)?;
    let clock = clock(&profile);
    let simulated = match args.operator {
        OperatorKind::Simulated => Some(SimulatedConsole::of(&profile, Arc::clone(&clock))?),
        OperatorKind::Terminal => None,
    };
    let answers = args.answers.as_deref().map(AnswersFile::read).transpose()?;
    if intent == Intent::Down && !args.yes && simulated.is_none() {
        confirm(&profile.federation, &named.also)?;
    }
    let secrets = vault::open(args.token_store).await?;
    let session = Session::open(setup(profile, secrets)?).await?;
    session.no_rotation_is_open()?;
    if let Some(warning) = &session.warning {
        out::note(&format!("note: {warning}."));
    }
    let session = match removals {
        None => session,
        Some(removals) => {
            let session = session.listing(&removals.also)?;
            named.removes = removal::agreed(&session, &selection(&args.part), &removals)?;
            if !args.yes && simulated.is_none() {
                removal::confirm(&session, &named.removes)?;
            }
            session
        }
    };
    let manner = Manner::new(&args.told, colour, verbose);
    let mut teller = Teller::new(&session, intent, &manner)?;
    let operator = who_answers(simulated, answers, &teller, &manner);
    let driver = session.driver_naming(operator, selection(&args.part), named);
    let outcome = drive(&session, intent, driver, &mut teller).await?;
    if args.token_store == TokenStore::Memory && intent == Intent::Up {
        out::note(
            "note: secrets were kept in memory and are gone now: the SCIM token must be made anew to be of use again.",
        );
    }
    finish(&outcome, &manner)
}

/// Whoever answers guides: the simulated console, a person at this terminal, or nobody; an answers file comes first.
pub(super) fn who_answers(
    simulated: Option<SimulatedConsole>,
    answers: Option<AnswersFile>,
    teller: &Teller,
    manner: &Manner,
) -> Arc<dyn Operator> {
    let operator: Arc<dyn Operator> = match simulated {
        Some(console) => Arc::new(console),
        None if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() => {
            Arc::new(TerminalOperator::new(teller.aside(), manner.style))
        }
        None => Arc::new(Nobody),
    };
    match answers {
        Some(answers) => Arc::new(answers.over(operator)),
        None => operator,
    }
}

/// Everything a session on this machine is made of.
pub(super) fn setup(profile: Profile, secrets: SharedSecrets) -> Result<Setup, Fault> {
    let variables = variables();
    Ok(Setup {
        folder: place::state_dir(&profile.federation)?,
        clock: clock(&profile),
        profile,
        secrets,
        network: Network::from_vars(|name| variables(name)),
        variables,
        prompter: Arc::new(OnStderr),
        keys: Vec::new(),
        seed: None,
    })
}

/// This machine's clock; on a simulator that was started on this machine, the simulator's.
pub(super) fn clock(profile: &Profile) -> SharedClock {
    #[cfg(feature = "demo")]
    if profile.endpoints.is_loopback()
        && let Some(time) = std::env::var(CLOCK).ok().as_deref().and_then(SimulatedTime::heard)
    {
        return Arc::new(time);
    }
    let _ = profile;
    Arc::new(SystemClock)
}

fn variables() -> Variables {
    Arc::new(|name| std::env::var(name).ok())
}

pub(super) fn selection(part: &Part) -> Selection {
    Selection {
        targets: part.target.clone(),
        only: part.only.clone(),
    }
}

/// Lets a driver run, tells, and listens for whoever wants it to stop.
pub(super) async fn drive(
    session: &Session,
    intent: Intent,
    driver: Driver<World>,
    teller: &mut Teller,
) -> Result<Outcome, Fault> {
    let outcome = drive_on(session, intent, driver, teller).await?;
    teller.end(&outcome, how_to_go_on(&outcome))?;
    Ok(outcome)
}

/// Lets a driver run as a part of what is told, and listens for whoever wants it to stop.
pub(super) async fn drive_on(
    session: &Session,
    intent: Intent,
    driver: Driver<World>,
    teller: &mut Teller,
) -> Result<Outcome, Fault> {
    let mut heard = session.recorder.subscribe();
    let control = driver.control();
    let mut run = std::pin::pin!(driver.run(intent));
    let mut interrupts = Interrupts::new();
    let mut stopping = false;
    let mut beat = tokio::time::interval(BEAT);
    let outcome = loop {
        tokio::select! {
            biased;
            () = interrupts.next() => {
                if stopping {
                    restore_echo();
                    out::note("Ended at once. What was at work is looked at when it goes on.");
                    out::continue_with(&super::again());
                    std::process::exit(Exit::Stopped.code().into());
                }
                stopping = true;
                out::note("Stopping when the calls at work have come back. Ctrl-C again ends at once.");
                control.tell(Order::Stop);
            }
            outcome = &mut run => break outcome?,
            Some(notice) = heard.next() => teller.notice(&notice)?,
            _ = beat.tick(), if teller.has_bar() => teller.tick(session.clock().now()),
        }
    };
    while let Some(notice) = heard.try_next() {
        teller.notice(&notice)?;
    }
    Ok(outcome)
}

/// The command that continues after this end.
pub(super) fn how_to_go_on(outcome: &Outcome) -> Option<String> {
    match outcome.exit() {
        Exit::Done => None,
        Exit::Findings => Some(format!("{} --repair", super::instead("check"))),
        _ => Some(super::again()),
    }
}

/// The exit code, after the line that says how to go on.
pub(super) fn finish(outcome: &Outcome, manner: &Manner) -> Result<ExitCode, Stop> {
    finish_with(outcome, manner, how_to_go_on(outcome))
}

/// The same where another command continues.
pub(super) fn finish_with(outcome: &Outcome, manner: &Manner, goes_on: Option<String>) -> Result<ExitCode, Stop> {
    if let Some(fault) = &outcome.fatal {
        out::fault(fault);
    }
    if let Some(command) = goes_on
        && !manner.says_how_to_go_on(outcome.intent)
    {
        out::continue_with(&command);
    }
    Ok(ExitCode::from(outcome.exit_code()))
}

/// Asks for the federation's name before anything is taken back.
fn confirm(federation: &str, also: &[String]) -> Result<(), Fault> {
    let nobody = Fault::new(
        Kind::NeedsPerson,
        format!("nobody confirmed that `{federation}` is to be taken back"),
    )
    .hint(format!(
        "Look at `fedwiz plan --down` first, then run `{} --yes`.",
        super::again()
    ));
    let also: String = also
        .iter()
        .map(|name| format!("It was there before, and goes as well: {name}\n"))
        .collect();
    let question = format!(
        "{also}This takes back everything that fedwiz made for `{federation}`; `fedwiz plan --down` lists it.\nType the federation's name to go on: "
    );
    consent::word(&question, federation, nobody)
}
