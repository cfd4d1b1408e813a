//! `fedwiz doctor`: what is wrong, or soon will be, with what mends it. It changes nothing.

use std::{
    io::{IsTerminal, Write},
    process::ExitCode,
};

use super::{
    Stop, args,
    out::{self, Colour},
    place,
    tell::Manner,
    vault,
    walk::setup,
};
use crate::{
    doctor::{
        examine,
        gather::gather,
        rules::{self, Rule},
    },
    engine::{exit::Exit, run::Run},
    fault::{Fault, Kind},
    report::{
        clean::{clean, cut},
        findings,
        json::Json,
    },
    session::{Session, health::told},
    steps::Target,
};

pub(super) async fn run(args: args::Doctor, colour: Colour, verbose: u8) -> Result<ExitCode, Stop> {
    let only = args.rule.iter().map(|id| rule(id)).collect::<Result<Vec<_>, _>>()?;
    let (_, profile) = place::profile(&args.which)?;
    let secrets = vault::open_to_look(args.token_store).await?;
    let session = Session::look(setup(profile, secrets)?).await?;
    let manner = Manner::new(&args.told, colour, verbose);
    let targets = targets(&session.world.targets, &args.target)?;
    let known = session.recorder.with_run(Run::clone);
    let now = session.clock().now();
    let telling = Telling::new(&manner);
    let mut evidence = Vec::new();
    for target in targets {
        evidence.push(gather(&session.world, target, &known, now, &|what| telling.tell(what)).await);
    }
    telling.end();
    let people: usize = evidence.iter().map(|one| one.entra.people.len()).sum();
    let users: usize = evidence.iter().map(|one| one.aws.users.len()).sum();
    let examined = examine(evidence, &only);
    let (rows, blind) = told(&examined);
    let written = if manner.json {
        let view = session.recall()?;
        findings::json(&mut Json::new(manner.stdout()), &view, now, &rows, &blind)
    } else {
        findings::write(manner.stdout(), manner.style, &rows, &blind)
    };
    written.map_err(|error| Fault::new(Kind::File, "stdout cannot be written to").why(error.to_string()))?;
    out::note(&format!(
        "{} found, {} could not be looked at; {people} people in Entra and {users} users in AWS were looked over.",
        rows.len(),
        blind.len(),
    ));
    let exit = exit_of(!rows.is_empty(), !blind.is_empty());
    if exit != Exit::Done {
        out::continue_with(&super::again());
    }
    Ok(ExitCode::from(exit.code()))
}

/// How a look ends that found something, or could not look at something.
pub(super) fn exit_of(found: bool, blind: bool) -> Exit {
    match (blind, found) {
        (true, _) => Exit::Failed,
        (false, true) => Exit::Findings,
        (false, false) => Exit::Done,
    }
}

fn rule(id: &str) -> Result<&'static Rule, Fault> {
    rules::find(id).ok_or_else(|| {
        let ids: Vec<&str> = rules::RULES.iter().map(|rule| rule.id).collect();
        Fault::new(Kind::Usage, format!("there is no rule `{id}`")).hint(format!("The rules are: {}.", ids.join(", ")))
    })
}

pub(super) fn targets<'w>(all: &'w [Target], wanted: &[String]) -> Result<Vec<&'w Target>, Fault> {
    if let Some(unknown) = wanted
        .iter()
        .find(|name| !all.iter().any(|target| target.name == **name))
    {
        let names: Vec<&str> = all.iter().map(|target| target.name.as_str()).collect();
        return Err(Fault::new(Kind::Usage, format!("there is no AWS target `{unknown}`"))
            .hint(format!("The profile has: {}.", names.join(", "))));
    }
    let chosen = |target: &&Target| wanted.is_empty() || wanted.contains(&target.name);
    Ok(all.iter().filter(chosen).collect())
}

/// Says what is being read: on a terminal in one line that is written over, else only when asked for more words.
pub(super) struct Telling {
    line: bool,
    notes: bool,
}

impl Telling {
    pub(super) fn new(manner: &Manner) -> Self {
        Self {
            line: manner.bar && std::io::stderr().is_terminal(),
            notes: manner.verbose,
        }
    }

    pub(super) fn tell(&self, what: &str) {
        let text = clean(what);
        if self.line {
            let text = format!("Reading {text}");
            let _ = write!(std::io::stderr().lock(), "\r\x1b[2K{}", cut(&text, out::width(), false));
        } else if self.notes {
            out::note(&format!("Reading {text}"));
        }
    }

    pub(super) fn end(&self) {
        if self.line {
            let _ = write!(std::io::stderr().lock(), "\r\x1b[2K");
        }
    }
}
