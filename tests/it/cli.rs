//! The command line on the built program: help, exit codes, and the command that continues.

use std::path::Path;

use assert_cmd::Command;
use predicates::{prelude::PredicateBooleanExt, str::contains};

/// The program, with an empty home, no terminal, and nothing of this machine's environment.
fn fedwiz(home: &Path) -> Command {
    let mut command = Command::cargo_bin("fedwiz").unwrap();
    command
        .env_clear()
        .env("HOME", home)
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("FEDWIZ_STATE_DIR", home.join("state"))
        .env("FEDWIZ_CONFIG_DIR", home.join("config"))
        .env("XDG_RUNTIME_DIR", home.join("run"))
        .current_dir(home);
    command
}

fn home() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// All files below a folder, by their path in it.
fn files(folder: &Path) -> Vec<String> {
    fn walk(folder: &Path, base: &Path, into: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, base, into);
            } else {
                into.push(path.strip_prefix(base).unwrap().display().to_string());
            }
        }
    }
    let mut found = Vec::new();
    walk(folder, folder, &mut found);
    found.sort();
    found
}

#[test]
fn help_teaches() {
    let home = home();
    let mut told = String::new();
    for args in [
        &["--help"][..],
        &["help", "init"],
        &["help", "plan"],
        &["help", "apply"],
        &["help", "teardown"],
        &["help", "status"],
        &["help", "demo"],
        &["help", "sim"],
    ] {
        let output = fedwiz(home.path()).env("COLUMNS", "100").args(args).output().unwrap();
        assert!(output.status.success(), "{args:?}");
        told.push_str(&format!(
            "$ fedwiz {}\n{}\n",
            args.join(" "),
            String::from_utf8(output.stdout).unwrap()
        ));
    }
    insta::assert_snapshot!(told);
}

#[test]
fn usage_errors_exit_2() {
    let home = home();
    for args in [
        &[][..],
        &["conquer"],
        &["plan", "--profile"],
        &["demo", "--speed", "zero"],
        &["demo", "--scenario", "nowhere"],
    ] {
        fedwiz(home.path()).args(args).assert().code(2).stdout("");
    }
}

#[test]
fn init_writes_a_profile_once_and_plan_would_be_next() {
    let home = home();
    let mut init = fedwiz(home.path());
    init.args(["init", "--tenant", "contoso.onmicrosoft.com", "--region", "eu-west-1"]);
    init.assert()
        .success()
        .stderr(contains("Continue with: fedwiz plan --profile").and(contains("contoso.toml")));
    assert_eq!(files(home.path()), ["config/contoso.toml"]);
    init.assert()
        .code(2)
        .stderr(contains("is there already").and(contains("--force")));
    let mut wrong = fedwiz(home.path());
    wrong.args(["init", "--tenant", "common"]);
    wrong.assert().code(2).stderr(contains("stands for any tenant"));
    fedwiz(home.path())
        .arg("init")
        .assert()
        .code(2)
        .stderr(contains("`--tenant` is missing"));
}

#[test]
fn a_spoilt_profile_exits_2_with_its_line_and_the_command_that_continues() {
    let home = home();
    std::fs::write(home.path().join("fedwiz.toml"), "[entra]\ntennant = \"contoso.com\"\n").unwrap();
    for command in ["plan", "apply", "teardown", "check", "status"] {
        fedwiz(home.path()).arg(command).assert().code(2).stdout("").stderr(
            contains("fedwiz.toml:2:1")
                .and(contains("Did you mean `tenant`?"))
                .and(contains("Continue with: ")),
        );
    }
    assert_eq!(files(home.path()), ["fedwiz.toml"]);
}

#[test]
fn without_a_profile_the_way_to_one_is_shown() {
    let home = home();
    fedwiz(home.path())
        .arg("plan")
        .assert()
        .code(2)
        .stderr(contains("fedwiz init"));
    fedwiz(home.path())
        .args(["plan", "--federation", "x"])
        .assert()
        .code(2)
        .stderr(contains("there is no federation `x`"));
}

#[test]
fn without_a_keyring_the_cause_and_the_choices_are_shown_and_nothing_is_written() {
    let home = home();
    fedwiz(home.path())
        .args(["init", "--tenant", "contoso.onmicrosoft.com"])
        .assert()
        .success();
    fedwiz(home.path()).arg("apply").assert().code(2).stdout("").stderr(
        contains("the keyring cannot be used")
            .and(contains("--token-store env"))
            .and(contains("Continue with: ")),
    );
    assert_eq!(files(home.path()), ["config/contoso.toml"]);
}

#[test]
fn teardown_without_a_person_is_not_begun() {
    let home = home();
    fedwiz(home.path())
        .args(["init", "--tenant", "contoso.onmicrosoft.com"])
        .assert()
        .success();
    fedwiz(home.path())
        .arg("teardown")
        .assert()
        .code(3)
        .stderr(contains("--yes"));
    assert_eq!(files(home.path()), ["config/contoso.toml"]);
}

#[test]
fn the_simulated_operator_works_on_simulators_only() {
    let home = home();
    fedwiz(home.path())
        .args(["init", "--tenant", "contoso.onmicrosoft.com"])
        .assert()
        .success();
    fedwiz(home.path())
        .args(["apply", "--operator", "simulated"])
        .assert()
        .code(2)
        .stderr(contains("works on a simulator only"));
}

#[test]
fn a_secret_in_a_profile_is_not_repeated() {
    let home = home();
    let text = "[entra]\ntenant = \"contoso.com\"\nclient_secret = \"hunter2-canary\"\n";
    std::fs::write(home.path().join("fedwiz.toml"), text).unwrap();
    fedwiz(home.path())
        .arg("plan")
        .assert()
        .code(2)
        .stderr(contains("Secrets never stand").and(contains("hunter2").not()));
}

#[test]
fn completions_and_the_manual_go_to_stdout() {
    let home = home();
    fedwiz(home.path())
        .args(["completions", "bash"])
        .assert()
        .success()
        .stdout(contains("_fedwiz()"))
        .stderr("");
    fedwiz(home.path())
        .arg("man")
        .assert()
        .success()
        .stdout(contains(".TH fedwiz"))
        .stderr("");
}

#[test]
fn a_journal_that_is_missing_or_foreign_exits_5() {
    let home = home();
    fedwiz(home.path())
        .args(["replay", "none.jsonl"])
        .assert()
        .code(5)
        .stderr(contains("there is no journal"));
    std::fs::write(home.path().join("foreign.jsonl"), "{\"hello\":1}\n{\"more\":2}\n").unwrap();
    fedwiz(home.path()).args(["replay", "foreign.jsonl"]).assert().code(5);
}

#[test]
fn a_journal_that_another_process_holds_exits_5() {
    let home = home();
    fedwiz(home.path())
        .args(["init", "--tenant", "contoso.onmicrosoft.com"])
        .assert()
        .success();
    let journal = home.path().join("state/contoso/journal.jsonl");
    let (held, _) = fedwiz::engine::journal::Journal::open(&journal, "another").unwrap();
    let before = std::fs::read(&journal).unwrap();
    fedwiz(home.path())
        .args(["apply", "--token-store", "memory"])
        .assert()
        .code(5)
        .stdout("")
        .stderr(contains("Continue with: "));
    assert_eq!(std::fs::read(&journal).unwrap(), before);
    drop(held);
}

#[test]
fn a_spoilt_answers_file_exits_2_and_is_not_repeated() {
    let home = home();
    fedwiz(home.path())
        .args(["init", "--tenant", "contoso.onmicrosoft.com"])
        .assert()
        .success();
    std::fs::write(
        home.path().join("answers.toml"),
        "[\"scim.token\"]\ntoken = \"hunter2-canary\n",
    )
    .unwrap();
    fedwiz(home.path())
        .args(["apply", "--token-store", "memory", "--answers", "answers.toml"])
        .assert()
        .code(2)
        .stdout("")
        .stderr(contains("answers.toml:2").and(contains("hunter2").not()));
    assert_eq!(files(home.path()), ["answers.toml", "config/contoso.toml"]);
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_panic() {
    let home = home();
    let program = assert_cmd::cargo::cargo_bin("fedwiz");
    let output = std::process::Command::new("sh")
        .arg("-c")
        .arg("\"$0\" completions bash | head -1; exit 0")
        .arg(program)
        .current_dir(home.path())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}
