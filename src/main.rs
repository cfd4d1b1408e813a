//! The `fedwiz` command.

// A whole walk is one deep future.
#![recursion_limit = "256"]

fn main() -> std::process::ExitCode {
    fedwiz::cli::run()
}
