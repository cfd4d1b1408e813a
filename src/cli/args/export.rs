//! What `fedwiz export` takes.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::Which;

/// Ways out.
#[derive(Debug, Clone, Args)]
pub struct Export {
    /// What to write
    #[command(subcommand)]
    pub what: ExportWhat,
}

/// What is written.
#[derive(Debug, Clone, Subcommand)]
pub enum ExportWhat {
    /// Who did what, when, and what proves it, under a hash chain
    #[command(
        after_help = "Examples:\n  fedwiz export report > report.md\n  fedwiz export report --format html --out report.html\n  \
                      fedwiz export report --json | jq -r '.entries[] | select(.unproven) | .node'\n  \
                      fedwiz export report --verify report.html\n\n\
                      Exit codes of --verify: 0 the chain holds, 4 it breaks, 2 the file cannot be read. The last line of the report \
                      is its seal:\nkept elsewhere, it proves that the whole report is the one that was written."
    )]
    Report(ExportReport),
    /// The walk as a document for people who do it by hand, with the values known so far
    #[command(
        after_help = "Examples:\n  fedwiz export worksheet > worksheet.md\n  fedwiz export worksheet --down --format html --out teardown.html"
    )]
    Worksheet(ExportWorksheet),
    /// What stands as Terraform, with import blocks, and a comment for each part that Terraform cannot express
    #[command(
        after_help = "Examples:\n  fedwiz export terraform --out terraform && cd terraform && terraform init && terraform plan\n  \
                      fedwiz export terraform | less\n  \
                      fedwiz export terraform | grep -A4 'Not in Terraform'\n\n\
                      What fedwiz made becomes a resource with an import block, what was there before a data source. Secrets are \
                      variables:\n`terraform plan` asks for them, or TF_VAR_… holds them. No value of a secret is written."
    )]
    Terraform(ExportTerraform),
}

/// Terraform.
#[derive(Debug, Clone, Args)]
pub struct ExportTerraform {
    #[command(flatten)]
    pub which: Which,
    /// Write the files into this folder; without one, all to stdout
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Replace files that are there
    #[arg(long, requires = "out")]
    pub force: bool,
}

/// The report.
#[derive(Debug, Clone, Args)]
pub struct ExportReport {
    #[command(flatten)]
    pub which: Which,
    #[command(flatten)]
    pub place: Place,
    /// The format
    #[arg(long, value_enum, default_value_t = ReportFormat::Md, value_name = "FORMAT")]
    pub format: ReportFormat,
    /// The same as `--format json`
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    /// Look whether the chain of this report holds, in whichever format it is, and write none
    #[arg(long, value_name = "FILE", conflicts_with_all = ["out", "format", "json", "profile", "federation"])]
    pub verify: Option<PathBuf>,
}

/// The worksheet.
#[derive(Debug, Clone, Args)]
pub struct ExportWorksheet {
    #[command(flatten)]
    pub which: Which,
    #[command(flatten)]
    pub place: Place,
    /// The format
    #[arg(long, value_enum, default_value_t = PageFormat::Md, value_name = "FORMAT")]
    pub format: PageFormat,
    /// Only the way back
    #[arg(long)]
    pub down: bool,
}

/// Where it goes.
#[derive(Debug, Clone, Args)]
pub struct Place {
    /// Write it there; without one, to stdout
    #[arg(long, value_name = "PATH")]
    pub out: Option<PathBuf>,
    /// Replace what is there
    #[arg(long, requires = "out")]
    pub force: bool,
}

/// The formats of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// Markdown
    Md,
    /// One HTML page that needs nothing else
    Html,
    /// One object, with one entry a line
    Json,
}

/// The formats of a document for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PageFormat {
    /// Markdown
    Md,
    /// One HTML page that needs nothing else
    Html,
}
