//! What several commands take: which federation, which part of it, how it is told, and how the screen looks.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// How the screen looks.
#[derive(Debug, Clone, Default, Args)]
pub struct Look {
    /// The colours of the screen: dark, light, high-contrast, none
    #[arg(long, value_name = "NAME", env = "FEDWIZ_THEME", hide_env_values = true)]
    pub theme: Option<String>,
    /// Only characters that every terminal has
    #[arg(long, env = "FEDWIZ_ASCII", hide_env_values = true)]
    pub ascii: bool,
    /// Clocks tick every ten seconds, and the walk follows what is at work only if asked to (f)
    #[arg(long, env = "FEDWIZ_REDUCED_MOTION", hide_env_values = true)]
    pub reduced_motion: bool,
    /// Leave the mouse to the terminal
    #[arg(long, env = "FEDWIZ_NO_MOUSE", hide_env_values = true)]
    pub no_mouse: bool,
    /// Ring the bell when a person is needed or a run ends
    #[arg(long, env = "FEDWIZ_BELL", hide_env_values = true)]
    pub bell: bool,
    /// Show a desktop notice when a person is needed or a run ends, if the terminal can
    #[arg(long, env = "FEDWIZ_NOTIFY", hide_env_values = true)]
    pub notify: bool,
}

/// Which federation.
#[derive(Debug, Clone, Default, Args)]
pub struct Which {
    /// The federation whose profile lies in the configuration folder
    #[arg(long, value_name = "NAME", conflicts_with = "profile")]
    pub federation: Option<String>,
    /// The profile; without one, `fedwiz.toml` here, or the only one in the configuration folder
    #[arg(long, value_name = "FILE")]
    pub profile: Option<PathBuf>,
}

/// Which part of the walk.
#[derive(Debug, Clone, Default, Args)]
pub struct Part {
    /// Only this AWS target; may be repeated
    #[arg(long, value_name = "NAME")]
    pub target: Vec<String>,
    /// Only this phase or step, and what it needs; may be repeated
    #[arg(long, value_name = "PHASE|STEP")]
    pub only: Vec<String>,
}

/// How to tell it.
#[derive(Debug, Clone, Default, Args)]
pub struct Told {
    /// One JSON event a line on stdout
    #[arg(long)]
    pub json: bool,
    /// No progress bar, plain lines only
    #[arg(long)]
    pub plain: bool,
}

/// Where secrets are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TokenStore {
    /// The operating system's keyring
    Keyring,
    /// The environment: FEDWIZ_SCIM_TOKEN and FEDWIZ_SCIM_ENDPOINT, with _TARGET after them for one of several
    Env,
    /// Memory: gone when the run ends
    Memory,
}

/// Who does the steps that have no API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OperatorKind {
    /// A person at this terminal, if there is one
    Terminal,
    /// The simulator's console; only where all endpoints are on this machine
    Simulated,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal that does not forbid it with NO_COLOR
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}
