//! A walk in this process, as the demo walks: the real engine, steps and clients against the simulator, on its clock.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use fedwiz::{
    clients::entra::auth::{Prompt, Prompter},
    engine::{
        fact::{Event, Intent},
        graph::NodeId,
        guide::{Answer, Guide, Nobody, Operator},
        journal::Journal,
        outcome::Outcome,
        select::Selection,
        step::How,
    },
    fault::{Fault, Kind},
    profile::Profile,
    report::drift,
    secrets::{MemoryStore, SharedSecrets},
    session::{JOURNAL, Named, Session, Setup, rehearsal},
    sim::{self, Moment, Options, Sim, scenario},
};
use serde_json::Value;
use tempfile::TempDir;

use crate::fused_store::FusedStore;

/// Runs a test on as many threads as the machine has cores.
pub fn walk<F: Future>(test: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(test)
}

/// This part of the walk alone.
pub fn only(step: &str) -> Selection {
    Selection {
        only: vec![step.into()],
        ..Selection::default()
    }
}

/// Nobody reads codes here: an application signs in.
struct NobodyReads;

impl Prompter for NobodyReads {
    fn show(&self, _: &Prompt) {}
}

/// Actions that take something away.
const TAKES_AWAY: &[&str] = &[
    "aws.delete-token",
    "aws.delete-certificate",
    "aws.disable-provisioning",
    "aws.revert-identity-source",
    "aws.restore-identity-source",
    "aws.restore-provisioning",
];

/// Clicks in the simulated consoles in a person's place.
struct Console(Arc<Sim>);

#[async_trait]
impl Operator for Console {
    async fn ask(&self, node: &NodeId, guide: &Guide) -> Result<Answer, Fault> {
        let click = guide
            .click
            .as_ref()
            .unwrap_or_else(|| panic!("{node} has nothing to click"));
        let args = click.args.as_object().cloned().unwrap_or_default();
        let got = match self.0.click(click.action, &args) {
            Ok(got) => got,
            // A person who finds it gone already says so; the proof decides.
            Err(refused) if refused.status == 409 && TAKES_AWAY.contains(&click.action) => Value::Null,
            Err(refused) => {
                return Err(Fault::new(
                    Kind::Refused,
                    format!("{} is refused: {refused:?}", click.action),
                ));
            }
        };
        let mut answer = Answer::done();
        for field in &guide.fields {
            match &got[&field.key] {
                Value::Null => {}
                Value::String(text) => answer.insert(field.key.clone(), text.clone().into()),
                Value::Array(items) => {
                    let lines: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
                    answer.insert(field.key.clone(), lines.join("\n").into());
                }
                other => answer.insert(field.key.clone(), other.to_string().into()),
            }
        }
        Ok(answer)
    }
}

/// Brings back something else for one step.
struct Spoilt {
    console: Console,
    step: &'static str,
    spoil: fn(&mut Answer),
}

#[async_trait]
impl Operator for Spoilt {
    async fn ask(&self, node: &NodeId, guide: &Guide) -> Result<Answer, Fault> {
        let mut answer = self.console.ask(node, guide).await?;
        if node.step == self.step {
            (self.spoil)(&mut answer);
        }
        Ok(answer)
    }
}

/// A simulation, and a journal and secrets that outlive the runs on it.
pub struct Loopback {
    pub sim: Arc<Sim>,
    pub before: Value,
    secrets: Arc<MemoryStore>,
    folder: TempDir,
    change: fn(&mut Profile),
}

/// How long a provisioning cycle may take, in seconds.
const CYCLE: u64 = 2 * 3600;

/// The clouds, the journal and the secrets at one moment.
pub struct Kept {
    world: sim::Kept,
    folder: TempDir,
    secrets: MemoryStore,
}

/// Copies all files below a folder.
fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a kind").is_dir() {
            std::fs::create_dir(&target).expect("a folder");
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

impl Loopback {
    /// A simulation of this scenario.
    pub async fn start(scenario: &str) -> Self {
        Self::start_with(scenario, |_| {}).await
    }

    /// A simulation of this scenario, and a profile that differs from the tutorial's.
    pub async fn start_with(scenario: &str, change: fn(&mut Profile)) -> Self {
        let options = Options {
            scenario: scenario.into(),
            ..Options::default()
        };
        Self::start_as(options, change).await
    }

    /// A simulation of this kind, and a profile that differs from the tutorial's.
    pub async fn start_as(options: Options, change: fn(&mut Profile)) -> Self {
        let sim = Sim::start(options).await.expect("the simulator starts");
        Self::over(sim, change)
    }

    /// A simulation of a world that is no bundled scenario.
    pub async fn start_in(world: &str, change: fn(&mut Profile)) -> Self {
        let scenario = scenario::parse("test", world).expect("a scenario");
        let sim = Sim::start_with(&scenario, Options::default())
            .await
            .expect("the simulator starts");
        Self::over(sim, change)
    }

    fn over(sim: Sim, change: fn(&mut Profile)) -> Self {
        let sim = Arc::new(sim);
        let before = sim.state_json();
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self {
            sim,
            before,
            secrets: Arc::new(MemoryStore::new()),
            folder,
            change,
        }
    }

    /// Goes on to a moment at which everything can be kept, and keeps it: the clouds, the journal, and the secrets.
    pub async fn keep(&self) -> Kept {
        let _busy = self.sim.clock().busy();
        for _ in 0..CYCLE {
            if let Some(world) = self.sim.keep() {
                let folder = tempfile::tempdir().expect("a temporary folder");
                copy(self.folder.path(), folder.path());
                return Kept {
                    world,
                    folder,
                    secrets: self.secrets.copy(),
                };
            }
            self.sim.clock().sleep(Duration::from_secs(1)).await;
        }
        panic!("a provisioning cycle never ends");
    }

    /// Puts everything back as it was when it was kept.
    pub async fn put_back(&mut self, kept: &Kept) {
        self.sim.put_back(&kept.world).await;
        // At the same path: nothing may tell the difference.
        std::fs::remove_dir_all(self.folder.path()).expect("a folder");
        std::fs::create_dir(self.folder.path()).expect("a folder");
        copy(kept.folder.path(), self.folder.path());
        self.secrets = Arc::new(kept.secrets.copy());
    }

    /// How many secrets are kept.
    pub fn secrets_kept(&self) -> usize {
        self.secrets.len()
    }

    /// Where the journal lies.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What the journal on disk says.
    pub fn facts(&self) -> Vec<Arc<Event>> {
        Journal::facts(&self.folder().join(JOURNAL)).expect("a journal").0
    }

    /// Opens the journal and builds a session, as a new process would.
    pub async fn session(&self) -> Result<Session, Fault> {
        self.session_with(self.secrets.clone()).await
    }

    async fn session_with(&self, secrets: SharedSecrets) -> Result<Session, Fault> {
        Session::open(self.setup(secrets)?).await
    }

    /// The same for somebody who only looks.
    pub async fn look(&self) -> Result<Session, Fault> {
        Session::look(self.setup(self.secrets.clone())?).await
    }

    /// What a session is made of, with secrets kept there.
    pub fn setup(&self, secrets: SharedSecrets) -> Result<Setup, Fault> {
        let mut setup = rehearsal::setup(&self.sim, self.folder.path(), secrets, Arc::new(NobodyReads), 1)?;
        (self.change)(&mut setup.profile);
        Ok(setup)
    }

    /// The secrets that outlive the runs.
    pub fn secrets(&self) -> Arc<MemoryStore> {
        self.secrets.clone()
    }

    /// Clicks in the simulated consoles in a person's place.
    pub fn console(&self) -> Arc<dyn Operator> {
        Arc::new(Console(self.sim.clone()))
    }

    /// One run from start to end.
    pub async fn run(&self, intent: Intent) -> Outcome {
        self.run_with(intent, Arc::new(Console(self.sim.clone()))).await
    }

    /// One run over a part of the walk.
    pub async fn run_on(&self, intent: Intent, part: Selection) -> Outcome {
        let session = self.session().await.expect("a session");
        let driver = session.driver(Arc::new(Console(self.sim.clone())), part);
        driver.run(intent).await.expect("a run")
    }

    /// A set-up, or its plan, that the operator agreed to: what the profile names no more goes, and what is listed.
    pub async fn agreeing(&self, intent: Intent, part: Selection, listed: &[&str]) -> Result<Outcome, Fault> {
        let listed: Vec<String> = listed.iter().map(|&name| name.to_owned()).collect();
        let session = self.session().await?.listing(&listed)?;
        let removes = session.leftovers(&part, &listed)?.goes;
        let named = Named {
            removes,
            ..Named::default()
        };
        let driver = session.driver_naming(Arc::new(Console(self.sim.clone())), part, named);
        driver.run(intent).await
    }

    /// A set-up that the operator agreed to, killed at its `n`-th request. False when it ended before.
    pub async fn agree_and_die(&self, n: u64, moment: Moment) -> bool {
        self.agree_on_and_die(Selection::default(), n, moment).await
    }

    /// The same of a part of the walk.
    pub async fn agree_on_and_die(&self, part: Selection, n: u64, moment: Moment) -> bool {
        let fuse = self.sim.fuse(self.sim.requests() + n, moment);
        Self::live(self.agreeing(Intent::Up, part, &[]), fuse.blown());
        fuse.is_blown()
    }

    /// One run in which somebody else answers.
    pub async fn run_with(&self, intent: Intent, operator: Arc<dyn Operator>) -> Outcome {
        let session = self.session().await.expect("a session");
        let driver = session.driver(operator, Selection::default());
        driver.run(intent).await.expect("a run")
    }

    /// What the profile says from now on.
    pub fn wants(&mut self, change: fn(&mut Profile)) {
        self.change = change;
    }

    /// One look at everything that stands: a line for each difference, and how it ended.
    pub async fn check(&self) -> (Vec<String>, Outcome) {
        let session = self.session().await.expect("a session");
        let driver = session.driver(Arc::new(Nobody), Selection::default());
        let outcome = driver.run(Intent::Check).await.expect("a run");
        self.pass_a_second().await;
        Self::lines(outcome)
    }

    /// A look leaves no trace in the journal: who comes next knows how much was just asked by coming a second later.
    async fn pass_a_second(&self) {
        let _busy = self.sim.clock().busy();
        self.sim.clock().sleep(Duration::from_secs(1)).await;
    }

    /// The same look, and at what others made beside it.
    pub async fn check_with_others(&self) -> (Vec<String>, Outcome) {
        let session = self.session().await.expect("a session");
        let driver = session.driver(Arc::new(Nobody), Selection::default());
        let outcome = driver.run(Intent::Check).await.expect("a run");
        let outcome = session.with_others(outcome, &Selection::default()).await;
        self.pass_a_second().await;
        Self::lines(outcome)
    }

    fn lines(outcome: Outcome) -> (Vec<String>, Outcome) {
        let found = outcome.findings.iter();
        let lines = found.flat_map(|(node, finding)| {
            let drifts = drift::of_finding(node, None, finding);
            drifts.into_iter().map(move |drift| format!("{node} {}", drift.text()))
        });
        (lines.collect(), outcome)
    }

    /// Brings back what a check found to differ.
    pub async fn repair(&self, found: &Outcome) -> Outcome {
        let session = self.session().await.expect("a session");
        let driver = session.repairer(Arc::new(Console(self.sim.clone())), session.differing(found));
        driver.run(Intent::Up).await.expect("a run")
    }

    /// The simulated console, and `spoil` changes what it brings back for this step.
    pub fn spoilt(&self, step: &'static str, spoil: fn(&mut Answer)) -> Arc<dyn Operator> {
        Arc::new(Spoilt {
            console: Console(self.sim.clone()),
            step,
            spoil,
        })
    }

    /// What is different from the beginning, one line for each value: `path: before -> now`.
    pub fn changes(&self) -> Vec<String> {
        let (mut before, mut now) = (BTreeMap::new(), BTreeMap::new());
        leaves("", &self.before, &mut before);
        leaves("", &self.sim.state_json(), &mut now);
        let paths: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
        let none = "nothing".to_owned();
        let line = |path: &&String| {
            let (was, is) = (before.get(*path).unwrap_or(&none), now.get(*path).unwrap_or(&none));
            (was != is).then(|| format!("{path}: {was} -> {is}"))
        };
        paths.iter().filter_map(line).collect()
    }

    /// One click in the console, by a person.
    pub fn click(&self, action: &str, args: Value) -> Value {
        let args = args.as_object().cloned().unwrap_or_default();
        self.sim.click(action, &args).expect("the console does it")
    }

    /// What stands, and how it came to stand, of each node.
    pub async fn standing(&self) -> Vec<(String, How)> {
        let session = self.session().await.expect("a session");
        session.recorder.with_run(|run| {
            let nodes = run.nodes();
            let standing = nodes
                .iter()
                .filter_map(|(id, node)| Some((id.to_string(), node.standing.as_ref()?.how)));
            standing.collect()
        })
    }

    /// One run that must end well.
    #[track_caller]
    pub fn must_end_well(outcome: &Outcome) {
        assert_eq!(
            outcome.exit_code(),
            0,
            "{:#?}\n{:#?}",
            outcome.failed,
            outcome.needs_person
        );
    }

    /// A run that is killed at its `n`-th request. False when it ended before.
    pub async fn run_and_die(&self, intent: Intent, n: u64, moment: Moment) -> bool {
        let fuse = self.sim.fuse(self.sim.requests() + n, moment);
        self.live_until(intent, self.secrets.clone(), fuse.blown());
        fuse.is_blown()
    }

    /// A run that is killed at the `n`-th time it touches a secret, before or after that is done. False when it ended before.
    pub async fn run_and_die_at_a_secret(&self, intent: Intent, n: usize, after: bool) -> bool {
        let fused = Arc::new(FusedStore::new(self.secrets.clone(), n, after));
        self.live_until(intent, fused.clone(), fused.blown());
        fused.is_blown()
    }

    /// How often a whole run touches a secret.
    pub async fn secrets_touched(&self, intent: Intent) -> usize {
        let counting = Arc::new(FusedStore::new(self.secrets.clone(), usize::MAX, false));
        let session = self.session_with(counting.clone()).await.expect("a session");
        let driver = session.driver(Arc::new(Console(self.sim.clone())), Selection::default());
        Self::must_end_well(&driver.run(intent).await.expect("a run"));
        counting.touched()
    }

    /// A run that is killed when `killed` comes.
    fn live_until(&self, intent: Intent, secrets: SharedSecrets, killed: impl Future<Output = ()>) {
        Self::live(
            async {
                let session = self.session_with(secrets).await?;
                session
                    .driver(Arc::new(Console(self.sim.clone())), Selection::default())
                    .run(intent)
                    .await
            },
            killed,
        );
    }

    /// A life in a runtime of its own, which is torn down with everything in it when `killed` comes, as a process is.
    pub fn live<T>(life: impl Future<Output = T>, killed: impl Future<Output = ()>) {
        tokio::task::block_in_place(|| {
            let process = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            process.block_on(async {
                tokio::select! {
                    biased;
                    () = killed => {}
                    _ = life => {}
                }
            });
        });
    }
}

fn leaves(at: &str, state: &Value, into: &mut BTreeMap<String, String>) {
    match state {
        Value::Object(members) => members
            .iter()
            .for_each(|(name, value)| leaves(&format!("{at}/{name}"), value, into)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(n, value)| leaves(&format!("{at}/{n}"), value, into)),
        other => drop(into.insert(at.to_owned(), other.to_string())),
    }
}

impl Loopback {
    /// What the journal says of one step, for a failing test's message.
    pub fn story(&self, step: &str) -> String {
        let journal = std::fs::read_to_string(self.folder().join("journal.jsonl")).expect("a journal");
        journal
            .lines()
            .filter(|line| line.contains(step))
            .collect::<Vec<_>>()
            .join("\n")
    }
}
