//! Tokens and passwords of both clouds appear nowhere but in memory and the secret store.

use std::{fs, path::Path};

use fedwiz::{engine::fact::Intent, sim::Sim};

use crate::{
    harness::{fedwiz, run},
    loopback::Loopback,
};

/// Every file below a folder, with its content.
fn files(dir: &Path, into: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(dir).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, into);
        } else {
            into.push((path.display().to_string(), fs::read(&path).expect("a file")));
        }
    }
}

fn holds(haystack: &[u8], needle: &str) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle.as_bytes())
}

/// The secrets of a world, after a walk up and down in it; the walk's files are searched on the way.
fn secrets_of_a_walk() -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let loopback = Loopback::start("fresh").await;
        Loopback::must_end_well(&loopback.run(Intent::Up).await);
        let check = |sim: &Sim, when: &str| {
            let secrets = sim.secrets();
            let mut found = Vec::new();
            files(loopback.folder(), &mut found);
            assert!(
                found.iter().any(|(name, _)| name.ends_with("journal.jsonl")),
                "no journal was searched"
            );
            for (name, content) in &found {
                for secret in &secrets {
                    assert!(!holds(content, secret), "{name} holds {secret} {when}");
                }
            }
            secrets
        };
        check(&loopback.sim, "after the set-up");
        Loopback::must_end_well(&loopback.run(Intent::Down).await);
        check(&loopback.sim, "after the teardown")
    })
}

#[test]
fn no_secret_reaches_a_file_a_line_or_an_event() {
    let secrets = secrets_of_a_walk();
    assert!(secrets.len() >= 5, "there is little to look for: {}", secrets.len());
    // The same seed makes the same secrets in the demo's process.
    for form in [&[][..], &["--json"], &["-vvv"], &["-vvv", "--json"]] {
        let end = run(fedwiz()
            .args(["demo", "--headless", "--down", "--seed", "1"])
            .args(form)
            .env("RUST_LOG", "trace"));
        for secret in &secrets {
            for (name, text) in [("stdout", &end.stdout), ("stderr", &end.stderr)] {
                assert!(!text.contains(secret.as_str()), "{name} of {form:?} holds {secret}");
            }
        }
    }
}
