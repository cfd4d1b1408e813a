//! A real Secret Service: gnome-keyring under a D-Bus session of its own stores, shows and forgets the token.
//!
//! Where its programs are missing the test is left out and says so, unless `FEDWIZ_REQUIRE_PEERS=1` demands it.

use std::{
    path::Path,
    process::{Command, Output},
};

use fedwiz::secrets::{KeyringStore, ScimToken, SecretRef, SecretStore};
use secrecy::ExposeSecret;

const TOOLS: &[&str] = &["dbus-run-session", "gnome-keyring-daemon"];

/// Longer than any real token, so that no store's limit surprises us.
fn token() -> ScimToken {
    ScimToken {
        token: "Ab0-".repeat(385).into(),
        endpoint: "https://scim.eu-west-1.amazonaws.com/Hw5test/scim/v2".parse().unwrap(),
        created: Some("2026-01-05T09:00:00Z".parse().unwrap()),
        lent: false,
        refused: false,
    }
}

pub fn tools_are_there() -> bool {
    let missing: Vec<&&str> = TOOLS
        .iter()
        .filter(|tool| {
            !std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).any(|dir| dir.join(tool).is_file())
        })
        .collect();
    if missing.is_empty() {
        return true;
    }
    let required = std::env::var("FEDWIZ_REQUIRE_PEERS").is_ok_and(|value| value == "1");
    assert!(!required, "FEDWIZ_REQUIRE_PEERS=1, and {missing:?} are not installed");
    eprintln!("LEFT OUT: no real Secret Service is tried, as {missing:?} are not installed");
    false
}

/// Unlocks a keyring that is made on the spot, then runs what it is given.
const UNLOCKED: &str =
    "printf testpass | gnome-keyring-daemon --unlock --components=secrets --daemonize >/dev/null; sleep 1; \"$@\"";

/// Runs an ignored test inside a D-Bus session with an unlocked keyring; it must pass.
pub fn with_a_keyring(inner: &str) {
    assert_ok(&in_session(UNLOCKED, inner));
}

/// Runs one of the ignored tests inside a D-Bus session with a home of its own.
fn in_session(script: &str, inner: &str) -> Output {
    let home = tempfile::tempdir().unwrap();
    let runtime = home.path().join("run");
    std::fs::create_dir(&runtime).unwrap();
    let me = std::env::current_exe().unwrap();
    let output = Command::new("dbus-run-session")
        .args(["--", "bash", "-c", script, "session"])
        .arg(&me)
        .args(["--ignored", "--exact", "--nocapture", inner])
        .env("HOME", home.path())
        .env("XDG_RUNTIME_DIR", &runtime)
        .env("XDG_DATA_HOME", home.path().join("data"))
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("DBUS_SESSION_BUS_ADDRESS")
        .output()
        .unwrap();
    assert_nothing_plain(home.path());
    output
}

fn assert_ok(output: &Output) {
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success() && out.contains("1 passed"), "{out}\n{err}");
    assert!(
        !out.contains("Ab0-Ab0-") && !err.contains("Ab0-Ab0-"),
        "the token was printed"
    );
}

/// No file that the session left holds the token in the clear.
fn assert_nothing_plain(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            assert_nothing_plain(&path);
        } else if kind.is_file() {
            let bytes = std::fs::read(&path).unwrap_or_default();
            assert!(
                !bytes.windows(8).any(|window| window == b"Ab0-Ab0-"),
                "{} holds the token",
                path.display()
            );
        }
    }
}

#[test]
fn an_unlocked_keyring_stores_reads_and_forgets_the_token() {
    if tools_are_there() {
        with_a_keyring("secret_service::inside_an_unlocked_keyring");
    }
}

#[test]
fn a_keyring_that_was_never_created_is_told_apart() {
    if tools_are_there() {
        assert_ok(&in_session("\"$@\"", "secret_service::inside_without_a_keyring"));
    }
}

#[tokio::test]
#[ignore = "run by the test above, inside a D-Bus session"]
async fn inside_an_unlocked_keyring() {
    let name = SecretRef::scim_token("contoso", "aws");
    let keyring = KeyringStore::open().await.unwrap();
    assert!(keyring.get(&name).await.unwrap().is_none());
    keyring.set(&name, &token().to_secret()).await.unwrap();
    drop(keyring);
    let again = KeyringStore::open().await.unwrap();
    let read = ScimToken::from_secret(&again.get(&name).await.unwrap().unwrap()).unwrap();
    assert_eq!(read.token.expose_secret(), token().token.expose_secret());
    assert_eq!(read.created, token().created);
    assert!(again.delete(&name).await.unwrap());
    assert!(again.get(&name).await.unwrap().is_none());
    assert!(!again.delete(&name).await.unwrap());
}

#[tokio::test]
#[ignore = "run by the test above, inside a D-Bus session"]
async fn inside_without_a_keyring() {
    let fault = KeyringStore::open().await.unwrap_err();
    let code = fault.code.as_deref().unwrap_or_default();
    assert!(
        ["keyring-no-provider", "keyring-never-created", "keyring-locked"].contains(&code),
        "{fault:?}"
    );
    assert!(fault.hint.contains("--token-store"), "{fault:?}");
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_machine_without_a_bus_is_told_apart() {
    // Each test of this binary may run in the same process, so this one asks a child whose environment has no bus.
    let me = std::env::current_exe().unwrap();
    let output = Command::new(me)
        .args([
            "--ignored",
            "--exact",
            "--nocapture",
            "secret_service::inside_without_a_bus",
        ])
        .env_remove("DBUS_SESSION_BUS_ADDRESS")
        .env("XDG_RUNTIME_DIR", "/nonexistent")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
#[ignore = "run by the test above, in a process without a bus"]
async fn inside_without_a_bus() {
    let fault = KeyringStore::open().await.unwrap_err();
    assert_eq!(fault.code.as_deref(), Some("keyring-no-bus"), "{fault:?}");
}
