//! What `rotate` takes.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{OperatorKind, TokenStore, Told, Which};

/// Shown below the help.
pub(super) const EXAMPLES: &str = "\
Examples:
  fedwiz rotate token                          a second token, proved and given to Entra; then the old one goes
  fedwiz rotate certificate                    a second certificate, imported at AWS before Entra signs with it
  fedwiz rotate token --yes --answers rotate.toml --json
  fedwiz rotate token --cancel                 take an unfinished rotation back

AWS keeps two tokens, so there is never a moment without a good one in Entra. A person makes the new one and deletes the old one;
the answers file has them as:
  [\"rotate.token-new\"]
  endpoint = \"https://scim.eu-west-1.amazonaws.com/…/scim/v2\"
  token = { env = \"NEW_SCIM_TOKEN\" }       # or { stdin = true }; never the token itself
  [\"rotate.token-old\"]

AWS believes every certificate that it was given, so every sign-in works on the way. A person imports the new one, signs in, and deletes
the old one (`rotate.certificate-import`, `rotate.certificate-sign-in`, `rotate.certificate-old-aws`); CloudTrail proves each.

It can be stopped at any moment: the same command goes on. Until it is over, `apply` and `teardown` wait for it.";

/// What is rotated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum What {
    /// The SCIM token, which lives one year
    Token,
    /// The certificate that Entra signs with, which lives three years
    Certificate,
}

/// A rotation.
#[derive(Debug, Clone, Args)]
pub struct Rotate {
    /// What to rotate
    #[arg(value_enum, value_name = "WHAT")]
    pub what: What,
    #[command(flatten)]
    pub which: Which,
    /// Only this AWS target; may be repeated
    #[arg(long, value_name = "NAME")]
    pub target: Vec<String>,
    #[command(flatten)]
    pub told: Told,
    /// Take the rotation that was begun back, as long as the old one is still there
    #[arg(long)]
    pub cancel: bool,
    /// Do not ask whether to begin
    #[arg(long)]
    pub yes: bool,
    /// The answers to the steps a person would do
    #[arg(long, value_name = "FILE")]
    pub answers: Option<PathBuf>,
    /// Who does the steps that have no API
    #[arg(long, value_enum, default_value_t = OperatorKind::Terminal, value_name = "WHO")]
    pub operator: OperatorKind,
    /// Where secrets are kept
    #[arg(long, value_enum, default_value_t = TokenStore::Keyring, value_name = "STORE", env = "FEDWIZ_TOKEN_STORE", hide_env_values = true)]
    pub token_store: TokenStore,
}
