//! `fedwiz export`: documents made from profile and journal. Nothing is looked at and nothing is changed.

use std::{
    fs::OpenOptions,
    io::{ErrorKind, Write},
    path::Path,
    process::ExitCode,
    sync::Arc,
};

use super::{
    Stop,
    args::{self, ExportWhat, PageFormat, ReportFormat, Which},
    out, place,
    walk::setup,
};
use crate::{
    engine::{exit::Exit, fact::Event, journal::Journal},
    export::{
        Format, chain,
        report::Report,
        terraform,
        worksheet::{self, Way},
    },
    fault::{Fault, Kind},
    profile::Profile,
    secrets::MemoryStore,
    session::{JOURNAL, Session},
    steps::PHASES,
};

pub(super) fn run(args: args::Export) -> Result<ExitCode, Stop> {
    match args.what {
        ExportWhat::Report(args) => match &args.verify {
            Some(file) => verify(file),
            None => report(&args),
        },
        ExportWhat::Worksheet(args) => worksheet(&args),
        ExportWhat::Terraform(args) => terraform(&args),
    }
}

fn report(args: &args::ExportReport) -> Result<ExitCode, Stop> {
    let (profile, events) = known(&args.which)?;
    let report = Report::of(&profile, PHASES, &events);
    let format = if args.json { ReportFormat::Json } else { args.format };
    let text = match format {
        ReportFormat::Md => report.write(Format::Markdown),
        ReportFormat::Html => report.write(Format::Html),
        ReportFormat::Json => report.json(),
    };
    write(&args.place, &text)?;
    Ok(ExitCode::from(Exit::Done.code()))
}

fn verify(file: &Path) -> Result<ExitCode, Stop> {
    let bytes = std::fs::read(file).map_err(|error| {
        Fault::new(Kind::Usage, format!("the report {} cannot be read", file.display())).why(error.to_string())
    })?;
    Ok(ExitCode::from(match chain::verify(&bytes) {
        Ok(holds) => {
            out::data(&format!(
                "The chain holds: {} links, seal {}\n",
                holds.links, holds.seal
            ))?;
            Exit::Done.code()
        }
        Err(breaks) => {
            out::data(&format!("The chain breaks at line {}: {}\n", breaks.line, breaks.why))?;
            out::note(
                "The report is not the one that was written. Write it anew from the journal: `fedwiz export report`.",
            );
            Exit::Findings.code()
        }
    }))
}

fn worksheet(args: &args::ExportWorksheet) -> Result<ExitCode, Stop> {
    let session = on_paper(&args.which)?;
    let way = if args.down { Way::Down } else { Way::Both };
    let format = match args.format {
        PageFormat::Md => Format::Markdown,
        PageFormat::Html => Format::Html,
    };
    let text = session
        .recorder
        .with_run(|run| worksheet::write(&session.profile, &session.graph, &session.world, run, way, format));
    write(&args.place, &text)?;
    Ok(ExitCode::from(Exit::Done.code()))
}

fn terraform(args: &args::ExportTerraform) -> Result<ExitCode, Stop> {
    let session = on_paper(&args.which)?;
    let files = session
        .recorder
        .with_run(|run| terraform::files(&session.profile, PHASES, &session.world, run));
    match &args.out {
        None => {
            for file in &files {
                out::data(&format!("# ---- {}\n{}\n", file.name, file.text))?;
            }
        }
        Some(folder) => {
            std::fs::create_dir_all(folder).map_err(|error| {
                Fault::new(Kind::File, format!("the folder {} cannot be made", folder.display())).why(error.to_string())
            })?;
            // All or none: what is there is found before anything is written.
            let taken = files
                .iter()
                .map(|file| folder.join(&file.name))
                .find(|path| path.exists());
            if let Some(path) = taken.filter(|_| !args.force) {
                return Err(there_already(&path).into());
            }
            for file in &files {
                write_file(&folder.join(&file.name), &file.text, args.force)?;
            }
            let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
            out::note(&format!("Written to {}: {}", folder.display(), names.join(", ")));
        }
    }
    Ok(ExitCode::from(Exit::Done.code()))
}

/// The federation that these flags mean, as profile and journal know it. Nobody signs in.
fn on_paper(which: &Which) -> Result<Session, Stop> {
    let (_, profile) = place::profile(which)?;
    let session = Session::on_paper(setup(profile, Arc::new(MemoryStore::new()))?)?;
    if let Some(warning) = &session.warning {
        out::note(&format!("note: {warning}."));
    }
    Ok(session)
}

/// The profile that these flags mean, and what its journal says.
fn known(which: &Which) -> Result<(Profile, Vec<Arc<Event>>), Stop> {
    let (_, profile) = place::profile(which)?;
    let journal = place::state_dir(&profile.federation)?.join(JOURNAL);
    let (facts, tail) = Journal::facts(&journal)?;
    if let Some(warning) = tail.warning() {
        out::note(&format!("note: {warning}."));
    }
    if facts.is_empty() {
        out::note(&format!(
            "note: nothing was set up from here yet; there are no facts in {}.",
            journal.display()
        ));
    }
    Ok((profile, facts))
}

/// Writes a document where it is to go. What is there already stays, unless it is to be replaced.
fn write(place: &args::Place, text: &str) -> Result<(), Fault> {
    match &place.out {
        None => out::data(text),
        Some(file) => {
            write_file(file, text, place.force)?;
            out::note(&format!("Written: {}", file.display()));
            Ok(())
        }
    }
}

fn write_file(file: &Path, text: &str, force: bool) -> Result<(), Fault> {
    let mut options = OpenOptions::new();
    options.write(true);
    if force {
        options.create(true).truncate(true);
    } else {
        options.create_new(true);
    }
    let written = options.open(file).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| {
        if error.kind() == ErrorKind::AlreadyExists {
            there_already(file)
        } else {
            Fault::new(Kind::File, format!("{} cannot be written", file.display())).why(error.to_string())
        }
    })
}

fn there_already(file: &Path) -> Fault {
    Fault::new(Kind::Usage, format!("{} is there already", file.display()))
        .hint("Name another place with `--out`, or replace it with `--force`.")
}
