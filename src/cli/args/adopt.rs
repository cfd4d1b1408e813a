//! `fedwiz adopt`, and what lets other commands touch what is not fedwiz's.

use std::path::PathBuf;

use clap::Args;

use super::{TokenStore, Told};
use crate::cli::init::WayIn;

/// The examples of `adopt`.
pub(super) const EXAMPLES: &str = "\
Examples:
  fedwiz adopt --tenant contoso.onmicrosoft.com --aws-profile aws-commercial
  fedwiz adopt --tenant contoso.onmicrosoft.com --app 'AWS (production)' --profile contoso.toml
  fedwiz adopt --way-in sign-in.toml --yes --json
  fedwiz adopt --profile contoso.toml           the profile is there, and its journal is lost

It reads both clouds and writes to neither: what is there becomes a profile, shown before it is written, and everything is
recorded as adopted. `fedwiz plan` then has nothing to do, and `fedwiz teardown` removes nothing unless --also names it.
What Terraform, Control Tower and the like look after is marked so, and never changed unless --override names it.

Exit codes: 0 taken over and nothing is left to do, 3 nobody confirmed, 4 taken over and a set-up would still do something,
1 something could not be looked at: nothing was written.";

/// Take over what is there.
#[derive(Debug, Clone, Args)]
pub struct Adopt {
    #[command(flatten)]
    pub way_in: WayIn,
    /// Take how to sign in, the AWS profile and endpoints from this file, and nothing else of it
    #[arg(long = "way-in", value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Which application, where several speak to AWS: its name or app id
    #[arg(long, value_name = "NAME|ID")]
    pub app: Option<String>,
    /// Where to write the profile; one that is there is used as it is, to bring back its journal. Without one, into the
    /// configuration folder under the federation's name
    #[arg(long, value_name = "FILE")]
    pub profile: Option<PathBuf>,
    /// Bring back the journal of this federation, whose profile lies in the configuration folder
    #[arg(long, value_name = "NAME", conflicts_with_all = ["profile", "file", "app"])]
    pub federation: Option<String>,
    #[command(flatten)]
    pub told: Told,
    /// Do not ask whether to take it over
    #[arg(long)]
    pub yes: bool,
    /// Write over a profile that is there
    #[arg(long)]
    pub force: bool,
    /// The answers to what cannot be read: the SCIM token
    #[arg(long, value_name = "FILE")]
    pub answers: Option<PathBuf>,
    /// Where secrets are kept
    #[arg(long, value_enum, default_value_t = TokenStore::Keyring, value_name = "STORE", env = "FEDWIZ_TOKEN_STORE", hide_env_values = true)]
    pub token_store: TokenStore,
}

/// What a set-up or a repair may change although somebody else looks after it.
#[derive(Debug, Clone, Default, Args)]
pub struct Override {
    /// Change this although somebody else looks after it: a step and its item, such as `aws.permission-set[Ops]`; may be repeated
    #[arg(long = "override", value_name = "STEP[ITEM]")]
    pub overrides: Vec<String>,
}

/// What a teardown takes back although it was there before.
#[derive(Debug, Clone, Default, Args)]
pub struct Also {
    /// Take this back although it was there before: a step and its item, such as `aws.permission-set[Ops]`; may be repeated
    #[arg(long, value_name = "STEP[ITEM]")]
    pub also: Vec<String>,
}

/// What becomes of what the profile does not name.
#[derive(Debug, Clone, Default, Args)]
pub struct Removals {
    /// Leave what fedwiz made and the profile names no more: it stays fedwiz's, and `fedwiz teardown` takes it back
    #[arg(long)]
    pub keep: bool,
    /// Take this away as well: what was there before, an assignment that others made, or a person or group that fedwiz made, by the
    /// full name of its step and item; may be repeated
    #[arg(long, value_name = "STEP[ITEM]")]
    pub also: Vec<String>,
}

/// Set up, or continue.
#[derive(Debug, Clone, Args)]
pub struct Apply {
    #[command(flatten)]
    pub walk: super::Walk,
    #[command(flatten)]
    pub removals: Removals,
    #[command(flatten)]
    pub named: Override,
}

/// Take back.
#[derive(Debug, Clone, Args)]
pub struct Teardown {
    #[command(flatten)]
    pub walk: super::Walk,
    #[command(flatten)]
    pub named: Also,
}
