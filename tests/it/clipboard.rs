//! Copies in a real terminal: they go through the terminal itself, and through the program that the desktop has for it.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use tempfile::TempDir;

use crate::terminal::{
    Start, Terminal,
    keys::{F4, UP},
};

/// A folder with an `xclip` that does this.
fn desktop(does: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("xclip");
    let copied = folder.path().join("copied");
    let script = does.replace("COPIED", &copied.display().to_string());
    fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(program, Permissions::from_mode(0o755)).unwrap();
    folder
}

/// In the first guide, with the last of its values chosen.
fn at_a_value(desktop: &TempDir) -> Terminal {
    let mut screen = Start::fedwiz(&["demo", "--speed", "3000"])
        .env("PATH", &desktop.path().display().to_string())
        .env("DISPLAY", ":9")
        .open();
    screen.begin();
    screen.open_the_guide();
    screen.press(UP, "F4 copies");
    screen
}

#[test]
fn what_is_copied_reaches_the_terminal_and_the_desktop() {
    let desktop = desktop("echo \"$@\" > COPIED.args\nexec /bin/cat > COPIED");
    let mut screen = at_a_value(&desktop);
    screen.press(F4, "and with xclip");
    let copied = fs::read_to_string(desktop.path().join("copied")).unwrap();
    assert!(copied.starts_with("https://"), "{copied}");
    let args = fs::read_to_string(desktop.path().join("copied.args")).unwrap();
    assert_eq!(args.trim(), "-selection clipboard");
    let to_the_terminal = format!("\x1b]52;c;{}", BASE64_STANDARD.encode(&copied));
    let written = screen.seen().bytes.clone();
    assert!(String::from_utf8_lossy(&written).contains(&to_the_terminal));
}

#[test]
fn a_desktop_that_does_not_take_it_is_told() {
    let desktop = desktop("exit 1");
    let mut screen = at_a_value(&desktop);
    screen.press(F4, "but not with xclip");
}
