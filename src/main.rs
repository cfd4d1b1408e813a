//! The `fedwiz` command.

fn main() {}
