//! `adopt`: takes over what somebody else built. It looks, shows what it comes to, asks, and then writes a profile and a journal;
//! nothing is written to either cloud.

use std::{
    collections::BTreeMap,
    io::IsTerminal,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use toml::Table;

use super::{
    Stop, args, consent,
    doctor::Telling,
    init,
    operator::{AnswersFile, TerminalOperator},
    out::{self, Colour},
    place,
    tell::Manner,
    vault,
    walk::setup,
};
use crate::{
    adopt::Draft,
    engine::{
        exit::Exit,
        guide::{Nobody, Operator},
        journal::Journal,
    },
    fault::{Fault, Kind},
    profile::{Profile, write},
    report::{adopt as told, json::Json},
    secrets::SharedSecrets,
    session::{
        JOURNAL,
        adopt::{Discovery, Rehearsed},
    },
};

/// What of a profile says how to sign in, and where.
const WAY_IN: [&str; 4] = ["federation", "entra", "aws", "endpoints"];

/// Where the new profile and its policies are to lie.
struct Written {
    file: PathBuf,
    draft: Draft,
}

/// `adopt`.
pub(super) async fn run(args: args::Adopt, colour: Colour, verbose: u8) -> Result<ExitCode, Stop> {
    let manner = Manner::new(&args.told, colour, verbose);
    let answers = args.answers.as_deref().map(AnswersFile::read).transpose()?;
    let operator = who_answers(answers, &manner);
    let secrets = vault::open(args.token_store).await?;
    let telling = Telling::new(&manner);
    let (written, rehearsed) = match existing(&args)? {
        Some(file) => {
            let profile = Profile::load(&file)?;
            out::note(&format!("Bringing back the journal of {}.", file.display()));
            (None, Rehearsed::for_profile(setup(profile, secrets)?, operator).await)
        }
        None => {
            let (written, rehearsed) = discover(&args, secrets, operator, &telling).await?;
            (Some(written), rehearsed)
        }
    };
    telling.end();
    let rehearsed = rehearsed?;
    show(written.as_ref(), &rehearsed, &manner)?;
    if let Some((node, fault)) = rehearsed.outcome.failed.first() {
        let fault = fault.clone();
        let many = rehearsed.outcome.failed.len();
        out::note(&format!(
            "{node} could not be looked at ({many} in all): nothing was written."
        ));
        return Err(fault.into());
    }
    let empty = rehearsed.plan_is_empty();
    if !args.yes {
        confirm(written.as_ref())?;
    }
    let federation = rehearsed.session().profile.federation.clone();
    let mut plan = format!("fedwiz plan --federation {}", out::quoted(&federation));
    if let Some(written) = &written {
        write_all(written, args.force)?;
        out::note(&format!("Wrote {}.", written.file.display()));
    }
    if let Some(file) = written.map(|written| written.file).or_else(|| args.profile.clone()) {
        plan = format!("fedwiz plan --profile {}", out::quoted(&file.display().to_string()));
    }
    rehearsed.keep().await?;
    out::note("Everything is recorded as adopted: it stays at a teardown, unless `--also` names it.");
    out::continue_with(&plan);
    Ok(ExitCode::from(if empty { Exit::Done } else { Exit::Findings }.code()))
}

/// The profile whose journal is to come back; none when a profile is to be written.
fn existing(args: &args::Adopt) -> Result<Option<PathBuf>, Fault> {
    let says_where = !args.way_in.is_empty() || args.file.is_some() || args.app.is_some();
    if args.federation.is_some() {
        let which = args::Which {
            federation: args.federation.clone(),
            profile: None,
        };
        return place::profile_file(&which).map(Some);
    }
    match &args.profile {
        Some(file) if file.exists() && !args.force => {
            if says_where {
                return Err(
                    Fault::new(Kind::Usage, format!("{} is there already", file.display())).hint(
                        "Leave out how to sign in to bring back its journal, add `--force` to write over it, or name another file.",
                    ),
                );
            }
            Ok(Some(file.clone()))
        }
        _ => Ok(None),
    }
}

/// Reads both clouds, makes a profile of what is there, and rehearses it.
async fn discover(
    args: &args::Adopt,
    secrets: SharedSecrets,
    operator: Arc<dyn Operator>,
    telling: &Telling,
) -> Result<(Written, Result<Rehearsed, Fault>), Stop> {
    let mut base = match &args.file {
        Some(file) => way_in(file)?,
        None => Table::new(),
    };
    args.way_in.clone().put_into(&mut base, "adopt")?;
    let profile = Profile::parse(&write::render(&base), "the way in", Path::new(""))?;
    let file = match &args.profile {
        Some(file) => file.clone(),
        None => place::config_file(&profile.federation)?,
    };
    if file.exists() && !args.force {
        return Err(Fault::new(Kind::Usage, format!("{} is there already", file.display()))
            .hint("Add `--force` to write over it, `--profile FILE` to write elsewhere, or `--federation NAME` alone to bring back its journal.")
            .into());
    }
    let journal = place::state_dir(&profile.federation)?.join(JOURNAL);
    if !Journal::read(&journal)?.is_empty() && args.way_in.is_empty() {
        out::note(&format!("note: there is a journal already, {}.", journal.display()));
    }
    let at = setup(profile, Arc::clone(&secrets))?;
    let discovery = Discovery::of(&at)?;
    let found = discovery.find(args.app.as_deref(), &|what| telling.tell(what)).await?;
    let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or("policies");
    let draft = discovery.draft(&found, base, stem);
    let profile = draft.profile().map_err(|error| *error)?;
    telling.end();
    out::note("Looking at everything once more, step by step.");
    let rehearsed = discovery.rehearse(setup(profile, secrets)?, operator).await;
    Ok((Written { file, draft }, rehearsed))
}

/// What a file says of how to sign in.
fn way_in(file: &Path) -> Result<Table, Fault> {
    let cannot = |why: String| {
        Fault::new(Kind::Usage, format!("{} cannot be read", file.display()))
            .why(why)
            .hint("It holds [entra], [[aws]] and [endpoints] as a profile does.")
    };
    let text = std::fs::read_to_string(file).map_err(|error| cannot(error.to_string()))?;
    let mut table: Table = toml::from_str(&text).map_err(|error| cannot(error.message().to_owned()))?;
    table.retain(|key, _| WAY_IN.contains(&key));
    if let Some(entra) = table.get_mut("entra").and_then(toml::Value::as_table_mut) {
        entra.remove("application");
    }
    Ok(table)
}

fn who_answers(answers: Option<AnswersFile>, manner: &Manner) -> Arc<dyn Operator> {
    let operator: Arc<dyn Operator> = if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() {
        Arc::new(TerminalOperator::new(
            Arc::new(|act: &mut dyn FnMut()| act()),
            manner.style,
        ))
    } else {
        Arc::new(Nobody)
    };
    match answers {
        Some(answers) => Arc::new(answers.over(operator)),
        None => operator,
    }
}

/// Shows what it comes to, before anything is written.
fn show(written: Option<&Written>, rehearsed: &Rehearsed, manner: &Manner) -> Result<(), Fault> {
    let comes = rehearsed.comes(written.map(|written| &written.draft));
    let cannot = |error: std::io::Error| Fault::new(Kind::File, "stdout cannot be written to").why(error.to_string());
    let profile = written.map(|written| {
        let text = toml::to_string(&written.draft.table).unwrap_or_default();
        let policies: Vec<String> = written.draft.files.keys().cloned().collect();
        (written.file.display().to_string(), text, policies)
    });
    if manner.json {
        let session = rehearsed.session();
        let view = session.recall()?;
        let now = session.clock().now();
        let mut json = Json::new(manner.stdout());
        told::json(&mut json, &view, now, &comes).map_err(cannot)?;
        if let Some((file, text, policies)) = profile {
            told::json_profile(&mut json, &view, now, &file, &text, policies).map_err(cannot)?;
        }
        return Ok(());
    }
    told::write(manner.stdout(), manner.style, &comes).map_err(cannot)?;
    if let Some((file, text, policies)) = profile {
        told::write_profile(manner.stdout(), manner.style, &file, &text, &policies).map_err(cannot)?;
    }
    Ok(())
}

/// Asks whether to take over what was just shown.
fn confirm(written: Option<&Written>) -> Result<(), Fault> {
    let nobody = Fault::new(
        Kind::NeedsPerson,
        "nobody confirmed that it is to be taken over: nothing was written",
    )
    .hint(format!("Look at the lines above, then run `{} --yes`.", super::again()));
    let question = match written {
        Some(written) => format!("Write {} and record it as adopted?", written.file.display()),
        None => "Record it as adopted?".to_owned(),
    };
    consent::yes(&question, nobody)
}

/// Writes the policies, and then the profile that names them.
fn write_all(written: &Written, force: bool) -> Result<(), Fault> {
    let folder = written.file.parent().unwrap_or(Path::new(""));
    let files: BTreeMap<PathBuf, &String> = written
        .draft
        .files
        .iter()
        .map(|(name, text)| (folder.join(name), text))
        .collect();
    for (file, text) in &files {
        let same = std::fs::read_to_string(file).is_ok_and(|there| there == **text);
        if !same {
            init::save(file, text, force)?;
        }
    }
    init::save(&written.file, &written.draft.text(), force)
}
