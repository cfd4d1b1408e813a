//! The `fedwiz` command.

fn main() -> std::process::ExitCode {
    fedwiz::cli::run()
}
