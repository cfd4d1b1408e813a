//! `fedwiz init`: writes a profile. Its flags and questions come from the profile's field table.

use std::{
    collections::BTreeMap,
    io::{BufRead, IsTerminal, Write},
    path::Path,
};

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};
use toml::{Table, Value as Toml};

use super::{args, out, place};
use crate::{
    fault::{Fault, Kind},
    profile::{
        Profile,
        fields::{self, Absent, Field, Value},
        tutorial::{for_one, minimal, tutorial},
        write,
    },
};

/// The flags that set a field, by path.
#[derive(Debug, Clone, Default)]
pub struct Answers(BTreeMap<&'static str, String>);

pub(super) fn flags() -> impl Iterator<Item = (&'static Field, &'static str)> {
    fields::FIELDS.iter().filter_map(|field| Some((field, field.flag?)))
}

/// The flags that say how to sign in, and where; nothing of what is set up.
#[derive(Debug, Clone, Default)]
pub struct WayIn(BTreeMap<&'static str, String>);

impl WayIn {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Asks for what is missing, and puts all into a table.
    pub(super) fn put_into(mut self, table: &mut Table, command: &str) -> Result<(), Fault> {
        let known = table.get("entra").and_then(|entra| entra.get("tenant")).is_some();
        if !known {
            ask_for_missing(&mut self.0, command)?;
        }
        for (path, value) in &self.0 {
            put(table, path, value);
        }
        Ok(())
    }
}

fn ways_in() -> impl Iterator<Item = (&'static Field, &'static str)> {
    flags().filter(|(field, _)| {
        let table = field.table();
        table == "entra" || table == "aws[]" || field.path == "federation"
    })
}

fn taken(
    matches: &ArgMatches,
    flags: impl Iterator<Item = (&'static Field, &'static str)>,
) -> BTreeMap<&'static str, String> {
    let given = flags.filter_map(|(field, flag)| Some((field.path, matches.get_one::<String>(flag)?.clone())));
    given.collect()
}

fn augmented(command: Command, flags: impl Iterator<Item = (&'static Field, &'static str)>) -> Command {
    flags.fold(command, |command, (field, flag)| {
        let mut arg = Arg::new(flag).long(flag).help(field.help.trim_end_matches('.'));
        arg = match field.value {
            Value::Choice(words) => arg.value_parser(clap::builder::PossibleValuesParser::new(words)),
            Value::Text(check) => arg.value_parser(move |text: &str| {
                check(text)
                    .map(|()| text.to_owned())
                    .map_err(|wrong| format!("{}. {}", wrong.what, wrong.help))
            }),
            Value::Bool | Value::List(_) | Value::Map(..) => arg,
        };
        command.arg(arg.value_name(flag.rsplit('-').next().unwrap_or(flag).to_uppercase()))
    })
}

impl FromArgMatches for Answers {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(Self(taken(matches, flags())))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0.extend(taken(matches, flags()));
        Ok(())
    }
}

impl Args for Answers {
    fn augment_args(command: Command) -> Command {
        augmented(command, flags())
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for WayIn {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(Self(taken(matches, ways_in())))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0.extend(taken(matches, ways_in()));
        Ok(())
    }
}

impl Args for WayIn {
    fn augment_args(command: Command) -> Command {
        augmented(command, ways_in())
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

/// Writes a profile.
pub(super) fn run(args: args::Init) -> Result<(), Fault> {
    let mut answers = args.answers.0;
    ask_for_missing(&mut answers, "init")?;
    let tenant = answers.get("entra.tenant").cloned().unwrap_or_default();
    let domain = args.domain.clone().unwrap_or_else(|| tenant.clone());
    let mut table = if let Some(person) = &args.person {
        for_one(&tenant, person, &args.account)
    } else if args.bare {
        minimal(&tenant)
    } else if domain.contains('.') {
        tutorial(&tenant, &domain)
    } else {
        return Err(Fault::new(Kind::Usage, "the sign-in names need a domain")
            .why("the tenant is given by its id")
            .hint("Add `--domain contoso.onmicrosoft.com`, or `--bare` for a profile without people."));
    };
    for (path, value) in &answers {
        put(&mut table, path, value);
    }
    let text = write::render(&table);
    let profile = Profile::parse(&text, "the new profile", Path::new(""))
        .map_err(|error| Fault::new(Kind::Usage, error.to_string()))?;
    let stdout = Path::new("-");
    let file = match args.profile {
        Some(file) => file,
        None => place::config_file(&profile.federation)?,
    };
    if file == stdout {
        return out::data(&text);
    }
    save(&file, &text, args.force)?;
    out::note(&format!("Wrote {}.", file.display()));
    out::continue_with(&format!(
        "fedwiz plan --profile {}",
        out::quoted(&file.display().to_string())
    ));
    Ok(())
}

/// Asks for what must be there, at a terminal; elsewhere says which flag is missing.
fn ask_for_missing(answers: &mut BTreeMap<&'static str, String>, command: &str) -> Result<(), Fault> {
    for (field, flag) in flags() {
        if !matches!(field.absent, Absent::Required) || answers.contains_key(field.path) {
            continue;
        }
        if !std::io::stdin().is_terminal() {
            return Err(Fault::new(Kind::Usage, format!("`--{flag}` is missing"))
                .why(field.help)
                .hint(format!(
                    "For example: `fedwiz {command} --{flag} {}`.",
                    field.example.trim_matches('"')
                )));
        }
        answers.insert(field.path, ask(field)?);
    }
    Ok(())
}

fn ask(field: &Field) -> Result<String, Fault> {
    out::note(field.help);
    loop {
        let mut err = std::io::stderr();
        let _ = write!(err, "{} (such as {}): ", field.key(), field.example.trim_matches('"'));
        let _ = err.flush();
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line);
        if !matches!(read, Ok(1..)) {
            return Err(Fault::new(Kind::Usage, "the question was not answered"));
        }
        let text = line.trim().to_owned();
        match field.value {
            Value::Text(check) => match check(&text) {
                Ok(()) => return Ok(text),
                Err(wrong) => out::note(&format!("That is {}. {}", wrong.what, wrong.help)),
            },
            Value::Choice(words) if !words.contains(&text.as_str()) => {
                out::note(&format!("One of: {}.", words.join(", ")))
            }
            _ => return Ok(text),
        }
    }
}

/// Puts a text at a path of the field table; the first of a list of tables is made when there is none.
pub(super) fn put(table: &mut Table, path: &str, value: &str) {
    match path.split_once('.') {
        None => {
            table.insert(path.to_owned(), Toml::String(value.to_owned()));
        }
        Some((head, rest)) => {
            let key = head.trim_end_matches("[]");
            let new = if head.ends_with("[]") {
                Toml::Array(vec![Toml::Table(Table::new())])
            } else {
                Toml::Table(Table::new())
            };
            let inner = match table.entry(key.to_owned()).or_insert(new) {
                Toml::Table(inner) => Some(inner),
                Toml::Array(items) => items.first_mut().and_then(Toml::as_table_mut),
                _ => None,
            };
            if let Some(inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}

pub(super) fn save(file: &Path, text: &str, force: bool) -> Result<(), Fault> {
    let cannot = |error: &dyn std::fmt::Display| {
        Fault::new(Kind::File, format!("{} cannot be written", file.display())).why(error.to_string())
    };
    if file.exists() && !force {
        return Err(Fault::new(Kind::Usage, format!("{} is there already", file.display()))
            .hint("Add `--force` to write over it, or `--profile FILE` to write elsewhere."));
    }
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(|error| cannot(&error))?;
    let mut draft = tempfile::NamedTempFile::new_in(folder).map_err(|error| cannot(&error))?;
    draft
        .write_all(text.as_bytes())
        .and_then(|()| draft.as_file().sync_all())
        .map_err(|error| cannot(&error))?;
    draft.persist(file).map_err(|error| cannot(&error.error))?;
    Ok(())
}
