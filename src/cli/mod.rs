//! The command line: commands, exit codes, and the one command that continues.

mod adopt;
mod args;
mod check;
mod consent;
#[cfg(feature = "demo")]
mod demo;
mod doctor;
mod draft;
mod export;
mod files;
mod init;
mod leavers;
mod operator;
mod out;
mod place;
mod prompter;
mod removal;
mod replay;
mod rotate;
mod screen;
mod signals;
#[cfg(feature = "demo")]
mod sim;
mod status;
mod sync;
mod tell;
mod vault;
mod walk;
mod watch;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use self::{
    args::{Cli, Command},
    out::Colour,
};
use crate::{engine::exit::Exit, fault::Fault, profile::ProfileError};

/// Runs the command that these arguments mean, the program's own name first.
pub fn run() -> ExitCode {
    hush_panics();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(Exit::Usage.code()));
        }
    };
    let colour = Colour::of(cli.color);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return Stop::from(Fault::internal("the runtime cannot start").why(error.to_string())).tell(colour);
        }
    };
    let result = runtime.block_on(dispatch(cli.command, cli.wizard, colour, cli.verbose));
    // A question that nobody will answer any more must not keep the process.
    operator::restore_echo();
    runtime.shutdown_background();
    result.unwrap_or_else(|stop| stop.tell(colour))
}

async fn dispatch(
    command: Option<Command>,
    wizard: args::Wizard,
    colour: Colour,
    verbose: u8,
) -> Result<ExitCode, Stop> {
    let Some(command) = command else {
        return screen::wizard(wizard, colour).await;
    };
    match command {
        #[cfg(feature = "demo")]
        Command::Demo(args) => return demo::run(args, colour, verbose).await,
        #[cfg(feature = "demo")]
        Command::Sim(args) => sim::run(args).await?,
        Command::Init(args) => init::run(args)?,
        Command::Plan(args) => return walk::plan(args, colour, verbose).await,
        Command::Adopt(args) => return adopt::run(*args, colour, verbose).await,
        Command::Apply(args) => return walk::apply(args, colour, verbose).await,
        Command::Teardown(args) => return walk::teardown(args, colour, verbose).await,
        Command::Check(args) => return check::run(args, colour, verbose).await,
        Command::Watch(args) => return watch::run(args, colour, verbose).await,
        Command::Completions(args) => {
            let mut script = Vec::new();
            clap_complete::generate(args.shell, &mut Cli::command(), "fedwiz", &mut script);
            out::data(&String::from_utf8_lossy(&script))?;
        }
        Command::Man => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Cli::command())
                .render(&mut page)
                .map_err(|error| Fault::internal("the manual page cannot be written").why(error.to_string()))?;
            out::data(&String::from_utf8_lossy(&page))?;
        }
        Command::Doctor(args) => return doctor::run(args, colour, verbose).await,
        Command::Sync(args) => return sync::run(*args, colour, verbose).await,
        Command::Status(args) => return status::run(args, colour, verbose).await,
        Command::Export(args) => return export::run(args),
        Command::Rotate(args) => return rotate::run(args, colour, verbose).await,
        Command::Replay(args) => replay::run(&args, colour)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Why a command ended before its time.
#[derive(Debug)]
enum Stop {
    Fault(Box<Fault>),
    Profile(Box<ProfileError>),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(Box::new(fault))
    }
}

impl From<ProfileError> for Stop {
    fn from(error: ProfileError) -> Self {
        Self::Profile(Box::new(error))
    }
}

impl Stop {
    /// Says it on stderr, with the command that continues, and gives the exit code.
    fn tell(self, colour: Colour) -> ExitCode {
        match self {
            Self::Profile(error) => {
                out::note(&error.render(colour.stderr, out::width()));
                let count = error.troubles.len();
                let many = if count == 1 {
                    "error".to_owned()
                } else {
                    format!("{count} errors")
                };
                out::note(&format!("\n{many} in {}: nothing was done.", error.file));
                out::continue_with(&again());
                ExitCode::from(Exit::Usage.code())
            }
            Self::Fault(fault) => {
                out::fault(&fault);
                out::continue_with(&again());
                ExitCode::from(Exit::of_fault(fault.kind).code())
            }
        }
    }
}

/// The same command again, ready to be pasted into a shell.
fn again() -> String {
    std::env::args()
        .map(|word| out::quoted(&word))
        .collect::<Vec<_>>()
        .join(" ")
}

/// Flags that mean the same to every command that walks, each with a value.
const SHARED_FLAGS: &[&str] = &["--profile", "--federation", "--token-store", "--target", "--only"];

/// Another command for the same federation and the same part of the walk.
fn instead(command: &str) -> String {
    let mut words: Vec<String> = std::env::args().take(1).map(|program| out::quoted(&program)).collect();
    words.push(command.to_owned());
    let given: Vec<String> = std::env::args().skip(1).collect();
    words.extend(shared_flags(&given).iter().map(|word| out::quoted(word)));
    words.join(" ")
}

fn shared_flags(given: &[String]) -> Vec<String> {
    let mut kept = Vec::new();
    let mut words = given.iter();
    while let Some(word) = words.next() {
        let name = word.split('=').next().unwrap_or(word);
        if !SHARED_FLAGS.contains(&name) {
            continue;
        }
        kept.push(word.clone());
        if name.len() == word.len() {
            kept.extend(words.next().cloned());
        }
    }
    kept
}

/// A panic says that it happened and where, and nothing of what the program held in its hands.
fn hush_panics() {
    std::panic::set_hook(Box::new(|info| {
        operator::restore_echo();
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let said = info.payload_as_str().unwrap_or("no message");
        out::note(&format!(
            "fedwiz has a defect and stopped at {place}: {}",
            crate::secrets::redact(said)
        ));
        out::note("What was done is in the journal. Run the same command again to go on, and please report this.");
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_command_keeps_what_says_where() {
        let given = [
            "status",
            "--profile",
            "a b.toml",
            "--check",
            "token",
            "--token-store=env",
            "--json",
        ]
        .map(str::to_owned);
        assert_eq!(shared_flags(&given), ["--profile", "a b.toml", "--token-store=env"]);
    }

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
