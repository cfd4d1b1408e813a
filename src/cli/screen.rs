//! `fedwiz` and `fedwiz demo`: the screen, over the federations of this machine or over simulated clouds.

#[cfg(feature = "demo")]
mod demo;
mod machine;
mod opened;
mod upkeep;

use std::{
    io::IsTerminal,
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;
use tokio::sync::mpsc;

#[cfg(feature = "demo")]
pub(super) use self::demo::demo;
use self::machine::Machine;
use super::{
    Stop, args,
    out::{self, Colour},
    place,
    signals::Interrupts,
};
use crate::{
    clients::entra::auth::{Prompt, Prompter},
    fault::{Fault, Kind},
    tui::{
        self,
        host::SignIn,
        theme::{Palette, Theme},
    },
};

/// Opens the screen on the federations of this machine.
pub(super) async fn wizard(args: args::Wizard, colour: Colour) -> Result<ExitCode, Stop> {
    let options = options(&args.look, colour)?;
    let named = args.which.profile.is_some() || args.which.federation.is_some();
    let open = match place::profile(&args.which) {
        Ok((file, profile)) => Some((file, profile.federation)),
        // What was named and cannot be read is said before the screen opens.
        Err(stop) if named => return Err(stop),
        Err(_) => None,
    };
    let host = Machine {
        file: open.as_ref().map(|(file, _)| file.clone()),
        token_store: args.token_store,
        sign_ins: SignIns::new(),
        choices: Mutex::default(),
    };
    let options = tui::run::Options {
        open: open.filter(|_| named).map(|(_, name)| name),
        ..options
    };
    leave(tui::run::run(Arc::new(host), options).await?)
}

/// How the screen looks, from flags and environment. A fault where there is no terminal to show it on.
fn options(look: &args::Look, colour: Colour) -> Result<tui::run::Options, Fault> {
    if !(std::io::stdin().is_terminal() && std::io::stdout().is_terminal()) {
        return Err(
            Fault::new(Kind::Usage, "the screen needs a terminal, and there is none")
                .why("stdin or stdout is a pipe or a file")
                .hint("Use the commands without a screen: `fedwiz demo --headless`, `fedwiz plan`, `fedwiz apply`."),
        );
    }
    let palette = match (&look.theme, colour.stdout) {
        (Some(name), _) => Palette::named(name).ok_or_else(|| {
            Fault::new(Kind::Usage, format!("there is no theme `{name}`"))
                .hint(format!("Choose one of {}.", Palette::ALL.map(Palette::name).join(", ")))
        })?,
        (None, false) => Palette::None,
        (None, true) => Palette::default(),
    };
    let mut interrupts = Interrupts::of_a_terminal();
    Ok(tui::run::Options {
        theme: Theme {
            palette,
            ascii: look.ascii,
        },
        open: None,
        still: look.reduced_motion,
        no_mouse: look.no_mouse,
        bell: look.bell,
        notify: look.notify,
        wall: Timestamp::now,
        gone: Box::pin(async move { interrupts.next().await }),
        panic: std::env::var_os(PANIC).map(|when| match when.to_str() {
            Some("question") => tui::run::Panic::Question,
            _ => tui::run::Panic::Picture,
        }),
    })
}

/// Makes the screen panic once it is there, or at a `question`. For the test of what a panic leaves behind.
const PANIC: &str = "FEDWIZ_TEST_PANIC";

/// Says how to go on, where something is left to do.
fn leave(left: tui::run::Left) -> Result<ExitCode, Stop> {
    if let Some(command) = &left.go_on {
        out::continue_with(command);
    }
    Ok(ExitCode::from(left.code))
}

/// Codes and addresses for signing in, on their way to the screen.
struct SignIns {
    prompter: Arc<dyn Prompter>,
    heard: Mutex<Option<mpsc::UnboundedReceiver<Option<SignIn>>>>,
}

impl SignIns {
    fn new() -> Self {
        let (say, heard) = mpsc::unbounded_channel();
        Self {
            prompter: Arc::new(OnScreen(say)),
            heard: Mutex::new(Some(heard)),
        }
    }

    /// Where they come out, once.
    fn take(&self) -> Option<mpsc::UnboundedReceiver<Option<SignIn>>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Hands codes and addresses for signing in to the screen.
struct OnScreen(mpsc::UnboundedSender<Option<SignIn>>);

impl Prompter for OnScreen {
    fn show(&self, prompt: &Prompt) {
        let sign_in = match prompt {
            Prompt::DeviceCode { url, code, until } => SignIn {
                url: url.to_string(),
                code: Some(code.clone()),
                until: *until,
            },
            Prompt::Browser { url, until, .. } => SignIn {
                url: url.to_string(),
                code: None,
                until: *until,
            },
        };
        let _ = self.0.send(Some(sign_in));
    }

    fn done(&self, _: bool) {
        let _ = self.0.send(None);
    }
}
