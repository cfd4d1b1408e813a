//! The command line as types: the commands, and what each of them takes.

mod adopt;
mod export;
mod rotate;
mod shared;

use std::{path::PathBuf, time::Duration};

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use jiff::SignedDuration;

pub use self::adopt::{Adopt, Apply, Override, Removals, Teardown};
pub use self::export::{
    Export, ExportReport, ExportTerraform, ExportWhat, ExportWorksheet, PageFormat, Place, ReportFormat,
};
pub use self::rotate::{Rotate, What};
pub use self::shared::{Look, OperatorKind, Part, TokenStore, Told, When, Which};
use super::init::Answers;

/// Connects Microsoft Entra ID with AWS IAM Identity Center, watches it, and takes it all back.
///
/// fedwiz walks the whole set-up as one graph of steps: what has an API it does, what has none it explains to a person and then
/// looks for the proof. It can be stopped at any moment and continues where it was, and it takes back only what it made.
#[derive(Debug, Parser)]
#[command(
    name = "fedwiz",
    version,
    max_term_width = 100,
    args_conflicts_with_subcommands = true,
    after_help = EXAMPLES
)]
pub struct Cli {
    /// What to do
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub wizard: Wizard,
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t = When::Auto, value_name = "WHEN")]
    pub color: When,
    /// Say more: every request, its status and its id
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
}

const EXAMPLES: &str = "\
Examples:
  fedwiz                             the screen: your federations, and a form for a new one
  fedwiz demo                        the screen on simulated clouds: no account, no network, no keyring
  fedwiz demo --headless --down      see the whole walk on simulated clouds: no account, no network
  fedwiz init                        write a profile for your own tenant
  fedwiz adopt                       take over a federation that was built by hand or by Terraform
  fedwiz plan                        what would happen; changes nothing
  fedwiz apply                       set up, or continue
  fedwiz check                       does all stand as recorded; --repair brings it back
  fedwiz doctor                      what is wrong, or soon will be
  fedwiz sync                        the provisioning job and what fails
  fedwiz rotate token                a new SCIM token, without a gap; or certificate
  fedwiz teardown                    take back what fedwiz made, and nothing else

Exit codes: 0 done, 1 a step failed, 2 usage or profile, 3 a person is needed, 4 drift or findings, 5 journal locked or unreadable,
130 stopped. Whatever the end, the last line on stderr is the command that continues.";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Walk up, and down again, on the bundled simulated clouds
    #[cfg(feature = "demo")]
    #[command(
        after_help = "Examples:\n  fedwiz demo\n  fedwiz demo --headless --down\n  fedwiz demo --headless --scenario throttled --seed 7 --json"
    )]
    Demo(Demo),
    /// Write a profile, asked for or from flags
    #[command(
        after_help = "Examples:\n  fedwiz init\n  fedwiz init --tenant contoso.onmicrosoft.com --aws-profile aws-commercial\n  \
                      fedwiz init --tenant contoso.onmicrosoft.com --bare --profile contoso.toml"
    )]
    Init(Init),
    /// Take over a federation that was built by hand or by Terraform; write nothing to either cloud
    #[command(after_help = adopt::EXAMPLES)]
    Adopt(Box<Adopt>),
    /// Say what would happen: step, executor, proof, differences; change nothing
    #[command(after_help = "Examples:\n  fedwiz plan\n  fedwiz plan --down\n  fedwiz plan --only scim --json")]
    Plan(Plan),
    /// Set up, or continue
    #[command(
        after_help = "Examples:\n  fedwiz apply\n  fedwiz apply --answers answers.toml --json\n  fedwiz apply --only aws.permission-set\n  \
                      fedwiz apply --only aws.assignment --yes    take away what the profile names no more, without a question\n  \
                      fedwiz apply --also 'aws.assignment[group:Auditors · management · Ops]'    and what others made, as `fedwiz check` names it\n\n\
                      An answers file holds one table for each human step:\n  [\"saml.sp-values\"]\n  metadata = \"aws-metadata.xml\"      # a file\n  \
                      [\"scim.token\"]\n  endpoint = \"https://scim.eu-west-1.amazonaws.com/…/scim/v2\"\n  token = { env = \"SCIM_TOKEN\" }       \
                      # or { stdin = true }; never the token itself"
    )]
    Apply(Apply),
    /// Take back what fedwiz made, and nothing else
    #[command(
        after_help = "Examples:\n  fedwiz plan --down\n  fedwiz teardown\n  fedwiz teardown --yes --answers answers.toml\n  \
                      fedwiz teardown --also 'aws.permission-set[Ops]'    what was there before stays, but for this"
    )]
    Teardown(Teardown),
    /// Look whether everything stands as recorded; exit code 4 when it does not
    #[command(
        after_help = "Examples:\n  fedwiz check\n  fedwiz check --only scim --json\n  fedwiz check --repair\n  \
                      fedwiz check --repair --yes --answers answers.toml\n\n\
                      One line for each difference, on stdout; nothing when all stands. What others added since counts, too: \
                      `fedwiz apply`\ntakes it up as it is, `--repair` takes it out again. An assignment that others made is told \
                      and stays: write it into\nthe profile and apply, take it away with `fedwiz apply --also NAME`, or leave it out with \
                      --ignore-others.\nWhat the profile names no more and is still there is told as left over: `fedwiz apply` takes it away.\n\n\
                      Exit codes: 0 all stands, 4 something differs, 1 something could not be looked at or repaired."
    )]
    Check(Check),
    /// Check again and again, and tell only what has changed since
    #[command(
        after_help = "Examples:\n  fedwiz watch\n  fedwiz watch --every 10m --bell\n  fedwiz watch --json --exec 'notify-send \"$FEDWIZ_TEXT\"'\n  \
                      fedwiz watch --exec 'curl -s --data-binary @- https://chat.example/hook'\n\n\
                      The command of --exec gets the change as one JSON line on stdin, and as FEDWIZ_CHANGE, FEDWIZ_TARGET, \
                      FEDWIZ_STEP,\nFEDWIZ_ITEM, FEDWIZ_FIELD and FEDWIZ_TEXT. It has 30 seconds.\n\n\
                      Ctrl-C ends it with exit code 0: that is how a watch ends. With --times it ends by itself, with 4 when \
                      something differs\nthen, and 1 when something could not be looked at."
    )]
    Watch(Watch),
    /// Find what is wrong, or soon will be, and what mends it; change nothing
    #[command(
        after_help = "Examples:\n  fedwiz doctor\n  fedwiz doctor --rule missing-name --rule duplicate-mail\n  \
                      fedwiz doctor --json | jq -r 'select(.kind == \"finding\") | \"\\(.object): \\(.detail)\"'\n\n\
                      Exit codes: 0 nothing found, 4 something found, 1 something could not be looked at."
    )]
    Doctor(Doctor),
    /// Show what stands, and how token, certificates and provisioning are
    #[command(
        after_help = "Examples:\n  fedwiz status\n  fedwiz status --access\n  fedwiz status --check token,cert,job --warn-days 60\n  \
                      fedwiz status --check job --json | jq -r 'select(.kind == \"finding\") | .detail + \" | \" + .fix'\n\n\
                      With --check only that is looked at, which is quick enough for cron: nothing is told when all is well.\n\
                      Exit codes: 0 all is well, 4 something is wrong or ends soon, 1 something could not be looked at."
    )]
    Status(Status),
    /// Show the provisioning job and its log, start, pause and restart it, provision somebody now, find leavers
    #[command(
        after_help = "Examples:\n  fedwiz sync                                      the job, its next cycle, and what fails now\n  \
                      fedwiz sync --log --filter 'result=failure roe'  the log of two days, filtered\n  \
                      fedwiz sync --follow --json | jq .name           entries as they come\n  \
                      fedwiz sync --since 168h --export week.csv       a week for a spreadsheet\n  \
                      fedwiz sync restart --scope escrows,quarantine   try again what failed\n  \
                      fedwiz sync on-demand RichardRoe@contoso.com     provision one person now, step by step\n  \
                      fedwiz sync person RichardRoe@contoso.com        what happened to one person, on both sides\n  \
                      fedwiz sync leavers                              who is left in AWS and gone from Entra\n\n\
                      Exit codes: 0 all is well, 4 something fails or is left, 1 something could not be looked at or done."
    )]
    Sync(Box<Sync>),
    /// Write a report, a worksheet, or what stands as Terraform; offline
    #[command(
        after_help = "Examples:\n  fedwiz export report --format html --out report.html\n  fedwiz export worksheet > worksheet.md\n  fedwiz export terraform --out terraform\n\n\
                      All is made from the profile and the journal: no account, no network, no keyring. The same journal gives the \
                      same bytes."
    )]
    Export(Export),
    /// Put a new SCIM token or signing certificate in place of the old one, without a gap
    #[command(after_help = rotate::EXAMPLES)]
    Rotate(Rotate),
    /// Show a past run from its journal
    #[command(
        after_help = "Examples:\n  fedwiz replay ~/.local/state/fedwiz/contoso/journal.jsonl\n  fedwiz replay journal.jsonl --json"
    )]
    Replay(Replay),
    /// Serve the simulated clouds on loopback, for fedwiz or any other client
    #[cfg(feature = "demo")]
    #[command(
        after_help = "Examples:\n  fedwiz sim --write /tmp/sim &\n  fedwiz apply --profile /tmp/sim/profile.toml --operator simulated\n\n\
                      It prints one JSON line when it listens, and ends with Ctrl-C or POST /shutdown on its admin address."
    )]
    Sim(Sim),
    /// Print a completion script
    #[command(after_help = "Example:\n  fedwiz completions bash > ~/.local/share/bash-completion/completions/fedwiz")]
    Completions(Completions),
    /// Print the manual page
    #[command(after_help = "Example:\n  fedwiz man > fedwiz.1 && man ./fedwiz.1")]
    Man,
}

/// The screen on the federations of this machine.
#[derive(Debug, Clone, Args)]
pub struct Wizard {
    #[command(flatten)]
    pub which: Which,
    #[command(flatten)]
    pub look: Look,
    /// Where secrets are kept
    #[arg(long, value_enum, default_value_t = TokenStore::Keyring, value_name = "STORE", env = "FEDWIZ_TOKEN_STORE", hide_env_values = true)]
    pub token_store: TokenStore,
}

/// Set up or take back.
#[derive(Debug, Clone, Args)]
pub struct Walk {
    #[command(flatten)]
    pub which: Which,
    #[command(flatten)]
    pub part: Part,
    #[command(flatten)]
    pub told: Told,
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

/// What would happen.
#[derive(Debug, Clone, Args)]
pub struct Plan {
    #[command(flatten)]
    pub which: Which,
    #[command(flatten)]
    pub part: Part,
    #[command(flatten)]
    pub told: Told,
    /// What teardown would do
    #[arg(long, conflicts_with = "keep")]
    pub down: bool,
    #[command(flatten)]
    pub removals: Removals,
    /// Where secrets are kept
    #[arg(long, value_enum, default_value_t = TokenStore::Keyring, value_name = "STORE", env = "FEDWIZ_TOKEN_STORE", hide_env_values = true)]
    pub token_store: TokenStore,
}

/// Whether all stands.
#[derive(Debug, Clone, Args)]
pub struct Check {
    #[command(flatten)]
    pub which: Which,
    #[command(flatten)]
    pub part: Part,
    #[command(flatten)]
    pub told: Told,
    /// Bring back what differs, after showing it and asking
    #[arg(long)]
    pub repair: bool,
    /// Do not ask whether to repair
    #[arg(long, requires = "repair")]
    pub yes: bool,
    #[command(flatten)]
    pub named: Override,
    /// The answers to the steps a person would do in a repair
    #[arg(long, value_name = "FILE", requires = "repair")]
    pub answers: Option<PathBuf>,
    /// Who does the steps that have no API in a repair
    #[arg(long, value_enum, default_value_t = OperatorKind::Terminal, value_name = "WHO")]
    pub operator: OperatorKind,
    /// Leave out assignments that others made
    #[arg(long)]
    pub ignore_others: bool,
    /// Where secrets are kept
    #[arg(long, value_enum, default_value_t = TokenStore::Keyring, value_name = "STORE", env = "FEDWIZ_TOKEN_STORE", hide_env_values = true)]
    pub token_store: TokenStore,
}

/// Check again and again.
#[derive(Debug, Clone, Args)]
pub struct Watch {
    #[command(flatten)]
    pub which: Which,
    #[command(flatten)]
    pub part: Part,
    #[command(flatten)]
    pub told: Told,
    /// How long from one look to the next, give or take a tenth: 30s, 10m, 2h
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = a_while)]
    pub every: Duration,
    /// End after so many looks
    #[arg(long, value_name = "N")]
    pub times: Option<u32>,
    /// Ring the terminal's bell at each change
    #[arg(long)]
    pub bell: bool,
    /// Leave out assignments that others made
    #[arg(long)]
    pub ignore_others: bool,
    /// Run this command at each change
    #[arg(long, value_name = "COMMAND")]
    pub exec: Option<String>,
    /// Where secrets are kept
    #[arg(long, value_enum, default_value_t = TokenStore::Keyring, value_name = "STORE", env = "FEDWIZ_TOKEN_STORE", hide_env_values = true)]
    pub token_store: TokenStore,
}

/// The shortest time from one look to the next.
const SHORTEST: Duration = Duration::from_secs(10);

/// A length of time: `30s`, `10m`, `1h 30m`.
fn a_while(text: &str) -> Result<Duration, String> {
    let time: SignedDuration = text.parse().map_err(|_| "write it as 30s, 10m or 2h".to_owned())?;
    let time = Duration::try_from(time).map_err(|_| "it lies ahead, so it is not negative".to_owned())?;
    if time < SHORTEST {
        return Err(format!("at least {} s: each look is many requests", SHORTEST.as_secs()));
    }
    Ok(time)
}

/// What is wrong.
#[derive(Debug, Clone, Args)]
pub struct Doctor {
    #[command(flatten)]
    pub which: Which,
    /// Only this AWS target; may be repeated
    #[arg(long, value_name = "NAME")]
    pub target: Vec<String>,
    /// Only findings of this rule; may be repeated
    #[arg(long, value_name = "ID")]
    pub rule: Vec<String>,
    #[command(flatten)]
    pub told: Told,
    /// Where secrets are kept
    #[arg(long, value_enum, default_value_t = TokenStore::Keyring, value_name = "STORE", env = "FEDWIZ_TOKEN_STORE", hide_env_values = true)]
    pub token_store: TokenStore,
}

/// What `status` checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Clockwork {
    /// The SCIM token, which lives one year
    Token,
    /// The signing certificates: which signs, what AWS was given, when each ends
    Cert,
    /// The provisioning job: quarantine, paused, never run, behind, slowed down
    Job,
}

/// How things are.
#[derive(Debug, Clone, Args)]
pub struct Status {
    #[command(flatten)]
    pub which: Which,
    #[command(flatten)]
    pub told: Told,
    /// What to check, with exit code 4 when something is wrong with it, it ends too soon, or its age is unknown
    #[arg(long, value_enum, value_delimiter = ',', value_name = "WHAT")]
    pub check: Vec<Clockwork>,
    /// Only this AWS target; may be repeated
    #[arg(long, value_name = "NAME")]
    pub target: Vec<String>,
    /// How many days before its end something is told
    #[arg(long, default_value_t = 30, value_name = "N")]
    pub warn_days: u16,
    /// Do not ask the clouds, only the journal
    #[arg(long)]
    pub offline: bool,
    /// Show what is recorded of access instead: a line for each account and permission set, with what failed and why
    #[arg(long, conflicts_with = "check")]
    pub access: bool,
    /// Where secrets are kept
    #[arg(long, value_enum, default_value_t = TokenStore::Keyring, value_name = "STORE", env = "FEDWIZ_TOKEN_STORE", hide_env_values = true)]
    pub token_store: TokenStore,
}

/// Provisioning.
#[derive(Debug, Clone, Args)]
pub struct Sync {
    /// What to do; without it, the job is shown
    #[command(subcommand)]
    pub action: Option<SyncAction>,
    /// The federation whose profile lies in the configuration folder
    #[arg(long, value_name = "NAME", conflicts_with = "profile", global = true)]
    pub federation: Option<String>,
    /// The profile; without one, `fedwiz.toml` here, or the only one in the configuration folder
    #[arg(long, value_name = "FILE", global = true)]
    pub profile: Option<PathBuf>,
    /// Only this AWS target; may be repeated where several can be shown
    #[arg(long, value_name = "NAME", global = true)]
    pub target: Vec<String>,
    /// One JSON event a line on stdout
    #[arg(long, global = true)]
    pub json: bool,
    /// No progress line, plain lines only
    #[arg(long, global = true)]
    pub plain: bool,
    /// Where secrets are kept
    #[arg(long, value_enum, default_value_t = TokenStore::Keyring, value_name = "STORE", env = "FEDWIZ_TOKEN_STORE", hide_env_values = true, global = true)]
    pub token_store: TokenStore,
    /// Show the whole log, not only what fails now
    #[arg(long)]
    pub log: bool,
    /// Only entries in which all these words stand; `result=failure` and the like name the member
    #[arg(long, value_name = "WORDS")]
    pub filter: Option<String>,
    /// How far back the log is read: 2h, 168h; without it, two days
    #[arg(long, value_name = "TIME", value_parser = a_span)]
    pub since: Option<SignedDuration>,
    /// Show new entries as they come, until Ctrl-C
    #[arg(long)]
    pub follow: bool,
    /// Count people and groups on both sides, too: a read of everybody
    #[arg(long, conflicts_with = "follow")]
    pub people: bool,
    /// Write the entries to a new file: CSV when its name ends so, else one JSON object a line
    #[arg(long, value_name = "FILE", conflicts_with = "follow")]
    pub export: Option<PathBuf>,
}

impl Sync {
    /// Which federation.
    pub fn which(&self) -> Which {
        Which {
            federation: self.federation.clone(),
            profile: self.profile.clone(),
        }
    }

    /// How to tell it.
    pub fn told(&self) -> Told {
        Told {
            json: self.json,
            plain: self.plain,
        }
    }
}

/// What `sync` does.
#[derive(Debug, Clone, Subcommand)]
pub enum SyncAction {
    /// Start provisioning, or let it go on after a pause
    Start,
    /// Pause provisioning; a cycle that is running comes to its end
    Pause,
    /// Start provisioning afresh: what it forgets is explained and asked for
    #[command(
        after_help = "Examples:\n  fedwiz sync restart\n  fedwiz sync restart --scope escrows,quarantine --yes\n\n\
                            Scopes: watermark, escrows, quarantine, connector-data, full, force-deletes."
    )]
    Restart(Restart),
    /// Provision a user or a group now, and show each step
    #[command(after_help = "Examples:\n  fedwiz sync on-demand RichardRoe@contoso.com\n  \
                      fedwiz sync on-demand 'group:Cloud admins' --members RichardRoe@contoso.com,NikkiWolf@contoso.com\n\n\
                      Entra takes five members in a call and five calls in ten seconds: more take longer.")]
    OnDemand(OnDemand),
    /// Show what happened to one person across Entra, SCIM and AWS, and how long changes took
    #[command(after_help = "Example:\n  fedwiz sync person RichardRoe@contoso.com --since 48h")]
    Person(PersonArgs),
    /// Show who is disabled in AWS and gone from Entra, and assignments that lead nowhere; remove what you approve
    #[command(
        after_help = "Examples:\n  fedwiz sync leavers > leavers.txt                  then delete the lines that are to stay\n  \
                      fedwiz sync leavers --remove leavers.txt\n  \
                      fedwiz sync leavers --approve 906711-1234 --count 1   without a person at the terminal\n\n\
                      Nothing is removed by itself, nothing while anything could not be looked at, and each is looked at once more \
                      before it goes."
    )]
    Leavers(Leavers),
}

/// A restart of the provisioning job.
#[derive(Debug, Clone, Args)]
pub struct Restart {
    /// What the job forgets
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "SCOPE",
        default_value = "watermark,escrows,quarantine"
    )]
    pub scope: Vec<String>,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
}

/// Provisioning somebody now.
#[derive(Debug, Clone, Args)]
pub struct OnDemand {
    /// A sign-in name, a group's name, or an object id; `user:` or `group:` before it says which
    #[arg(value_name = "USER|GROUP")]
    pub who: String,
    /// Which direct members of the group to bring along; without it, the first five
    #[arg(long, value_delimiter = ',', value_name = "USER")]
    pub members: Vec<String>,
    /// All direct members of the group, five at a time
    #[arg(long, conflicts_with = "members")]
    pub all_members: bool,
}

/// One person's time line.
#[derive(Debug, Clone, Args)]
pub struct PersonArgs {
    /// The sign-in name
    #[arg(value_name = "UPN")]
    pub upn: String,
    /// How far back: 2h, 168h; without it, a week
    #[arg(long, value_name = "TIME", value_parser = a_span)]
    pub since: Option<SignedDuration>,
}

/// What people left behind.
#[derive(Debug, Clone, Args)]
pub struct Leavers {
    /// Remove what this file lists: each line begins with an id
    #[arg(long, value_name = "FILE")]
    pub remove: Option<PathBuf>,
    /// Remove this; may be repeated
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub approve: Vec<String>,
    /// At most so many in one run
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub limit: usize,
    /// How many are to go, in place of typing it
    #[arg(long, value_name = "N")]
    pub count: Option<usize>,
}

/// A span of time that lies behind: `2h`, `30m`, `168h`.
fn a_span(text: &str) -> Result<SignedDuration, String> {
    let time: SignedDuration = text.parse().map_err(|_| "write it as 30m, 2h or 168h".to_owned())?;
    if time <= SignedDuration::ZERO {
        return Err("it lies behind, so it is more than nothing".to_owned());
    }
    Ok(time)
}

/// A past run.
#[derive(Debug, Clone, Args)]
pub struct Replay {
    /// The journal
    #[arg(value_name = "JOURNAL")]
    pub journal: PathBuf,
    #[command(flatten)]
    pub told: Told,
}

/// A new profile.
#[derive(Debug, Clone, Args)]
pub struct Init {
    #[command(flatten)]
    pub answers: Answers,
    /// Where to write it; without one, into the configuration folder under the federation's name. `-` is stdout
    #[arg(long, value_name = "FILE")]
    pub profile: Option<PathBuf>,
    /// The domain of the sign-in names, when it is not the tenant's
    #[arg(long, value_name = "DOMAIN")]
    pub domain: Option<String>,
    /// Without the tutorial's people, permission sets and assignments
    #[arg(long)]
    pub bare: bool,
    /// Instead of the tutorial's people, this one of the tenant, with all rights in one account
    #[arg(long, value_name = "UPN", conflicts_with_all = ["bare", "domain"])]
    pub person: Option<String>,
    /// The account of that person: its id or name
    #[arg(long, value_name = "ACCOUNT", default_value = "management", requires = "person")]
    pub account: String,
    /// Write over a profile that is there
    #[arg(long)]
    pub force: bool,
}

/// The demonstration.
#[cfg(feature = "demo")]
#[derive(Debug, Clone, Args)]
pub struct Demo {
    /// Without the screen: one line for each step
    #[arg(long)]
    pub headless: bool,
    /// Set up, then take everything back
    #[arg(long)]
    pub down: bool,
    /// The world to walk in
    #[arg(long, default_value = "fresh", value_name = "NAME")]
    pub scenario: String,
    /// Ids, secrets and weather come from it
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// Simulated seconds per real second; without one, 60 on the screen, and headless waiting takes no time at all
    #[arg(long, value_name = "X")]
    pub speed: Option<f64>,
    #[command(flatten)]
    pub told: Told,
    #[command(flatten)]
    pub look: Look,
}

/// The simulated clouds as a server.
#[cfg(feature = "demo")]
#[derive(Debug, Clone, Args)]
pub struct Sim {
    /// The world to serve: a bundled one by name, or a TOML file of your own
    #[arg(long, default_value = "fresh", value_name = "NAME")]
    pub scenario: String,
    /// Ids, secrets and weather come from it
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// Simulated seconds per real second
    #[arg(long, default_value_t = 1.0, value_name = "X")]
    pub speed: f64,
    /// Write `profile.toml`, `env` and `aws-credentials` into this folder
    #[arg(long, value_name = "DIR")]
    pub write: Option<PathBuf>,
}

/// A completion script.
#[derive(Debug, Clone, Args)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}
