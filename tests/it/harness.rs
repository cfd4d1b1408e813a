//! Real processes for the journeys: the simulator as a server, and `fedwiz` commands beside it.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

/// The binary under test, with an environment that holds nothing.
pub fn fedwiz() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fedwiz"));
    command.env_clear().stdin(Stdio::null());
    command
}

/// Runs a command to its end.
pub fn run(command: &mut Command) -> Finished {
    let output = command.output().expect("the binary starts");
    Finished::new(output)
}

/// A command that has ended.
#[derive(Debug)]
pub struct Finished {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Finished {
    fn new(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
        }
    }

    /// Fails the test with everything that was printed unless the exit code is this.
    #[track_caller]
    pub fn expect_code(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "stdout:\n{}\nstderr:\n{}",
            self.stdout,
            self.stderr
        );
        self
    }
}

/// `fedwiz sim` in a process of its own.
pub struct SimProcess {
    child: Child,
    ready: Value,
    dir: TempDir,
}

impl SimProcess {
    /// Starts a simulation that runs much faster than life, and waits until it listens.
    pub fn start(scenario: &str) -> Self {
        Self::start_at(scenario, 600)
    }

    /// Starts a simulation that runs so many times as fast as life, and waits until it listens.
    pub fn start_at(scenario: &str, speed: u32) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let mut child = fedwiz()
            .args([
                "sim",
                "--scenario",
                scenario,
                "--seed",
                "7",
                "--speed",
                &speed.to_string(),
                "--write",
            ])
            .arg(dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the simulator starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("stdout is piped"))
            .read_line(&mut line)
            .expect("a line");
        let ready = serde_json::from_str(&line).unwrap_or_else(|error| {
            let mut stderr = String::new();
            let _ = child
                .stderr
                .take()
                .expect("stderr is piped")
                .read_to_string(&mut stderr);
            panic!("no ready line ({error}): {line}\n{stderr}")
        });
        Self { child, ready, dir }
    }

    /// The folder that the profile and environment were written to; state goes below it too.
    pub fn dir(&self) -> PathBuf {
        self.dir.path().to_owned()
    }

    /// A `fedwiz` command on this simulation: its profile, its environment, a state folder of the test's own.
    ///
    /// Where the test has no Secret Service beside it, the caller names another token store.
    pub fn command(&self, name: &str) -> Command {
        let mut command = self.plain(name);
        command
            .arg("--profile")
            .arg(self.ready["profile"].as_str().expect("a path"));
        command
    }

    /// The same without a profile.
    pub fn plain(&self, name: &str) -> Command {
        let mut command = fedwiz();
        command.arg(name);
        let env = fs::read_to_string(self.ready["env"].as_str().expect("a path")).expect("the env file");
        for line in env.lines().filter(|line| !line.is_empty()) {
            let (key, value) = line.split_once('=').expect("KEY=VALUE");
            command.env(key, value);
        }
        command.env("FEDWIZ_STATE_DIR", self.dir.path().join("state"));
        // Where a test has a Secret Service beside it.
        for name in ["DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        command
    }

    /// All live objects of both clouds.
    pub fn state(&self) -> Value {
        self.get("/state")
    }

    /// Requests and violations.
    pub fn ledger(&self) -> Value {
        self.get("/ledger")
    }

    /// How many requests of clients have changed something so far.
    pub fn writes(&self) -> usize {
        let ledger = self.ledger();
        let requests = ledger["requests"].as_array().expect("requests");
        requests
            .iter()
            .filter(|r| r["wrote"] == true && r["inside"] != true)
            .count()
    }

    /// How many requests the clouds have seen so far.
    pub fn requests(&self) -> u64 {
        self.ledger()["requests"].as_array().expect("requests").len() as u64
    }

    /// Every broken rule.
    pub fn violations(&self) -> Vec<Value> {
        self.ledger()["violations"].as_array().expect("violations").clone()
    }

    /// A click in the simulated console, and what it brings.
    pub fn console(&self, action: &str, args: &str) -> Value {
        let admin = self.ready["admin"].as_str().expect("admin");
        let (status, body) = http("POST", admin, &format!("/console/{action}"), Some(args));
        assert_eq!(status, 200, "{action}: {body}");
        serde_json::from_str(&body).expect("JSON")
    }

    /// Something done on the admin address: a click, or other weather.
    pub fn post(&self, path: &str, body: &Value) -> Value {
        let admin = self.ready["admin"].as_str().expect("admin");
        let (status, body) = http("POST", admin, path, Some(&body.to_string()));
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).expect("JSON")
    }

    fn get(&self, path: &str) -> Value {
        let (status, body) = http("GET", self.ready["admin"].as_str().expect("admin"), path, None);
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).expect("JSON")
    }
}

impl Drop for SimProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One plain HTTP exchange with a server on loopback.
pub fn http(method: &str, base: &str, path: &str, body: Option<&str>) -> (u16, String) {
    let host = base.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = TcpStream::connect(host).expect("the server listens");
    let body = body.unwrap_or_default();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .expect("the request is sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    let answer = String::from_utf8(answer).expect("UTF-8");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|code| code.parse().ok())
        .expect("a status");
    let body = if head.to_lowercase().contains("transfer-encoding: chunked") {
        unchunked(body)
    } else {
        body.to_owned()
    };
    (status, body)
}

fn unchunked(mut rest: &str) -> String {
    let mut whole = String::new();
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).expect("a chunk size");
        if size == 0 {
            break;
        }
        whole.push_str(&after[..size]);
        rest = &after[size + 2..];
    }
    whole
}
