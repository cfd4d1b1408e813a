//! The simulated clouds of `fedwiz demo`.

use std::{path::Path, process::ExitCode, sync::Arc};

use async_trait::async_trait;
use secrecy::SecretString;
use tokio::sync::{OnceCell, mpsc};

use super::{SignIns, leave, opened::Opened, options};
use crate::{
    cli::{
        Stop, args, files, operator,
        out::Colour,
        sim::{check_scenario, start},
    },
    engine::guide::Entry,
    fault::{Fault, Kind},
    secrets::MemoryStore,
    session::rehearsal,
    sim::{Mode, Options, Sim},
    tui::{
        self,
        host::{Choice, Draft, Federation, Folder, Host, Known, SignIn, Wrong},
    },
};

/// The simulated clouds of a demo.
struct Demo {
    /// Started when it is opened, so that the first picture need not wait for it.
    sim: OnceCell<Arc<Sim>>,
    options: Options,
    folder: Arc<tempfile::TempDir>,
    sign_ins: SignIns,
    secrets: Arc<MemoryStore>,
}

/// The name that the demo has in the list.
const DEMO: &str = "demo";

/// Simulated seconds per real second, where nobody says otherwise: a minute of the clouds takes a second.
const DEMO_SPEED: f64 = 60.0;

/// Opens the screen on simulated clouds in this process.
pub(in crate::cli) async fn demo(args: args::Demo, colour: Colour) -> Result<ExitCode, Stop> {
    let options = options(&args.look, colour)?;
    let clouds = Options {
        scenario: args.scenario,
        seed: args.seed,
        clock: Mode::Realtime {
            speed: args.speed.unwrap_or(DEMO_SPEED),
        },
        ..Options::default()
    };
    check_scenario(&clouds.scenario)?;
    let folder = tempfile::Builder::new()
        .prefix("fedwiz-demo-")
        .tempdir()
        .map_err(|error| Fault::new(Kind::File, "no temporary folder can be made").why(error.to_string()))?;
    let host = Demo {
        sim: OnceCell::new(),
        options: clouds,
        folder: Arc::new(folder),
        sign_ins: SignIns::new(),
        secrets: Arc::new(MemoryStore::new()),
    };
    let options = tui::run::Options {
        open: Some(DEMO.into()),
        ..options
    };
    let left = tui::run::run(Arc::new(host), options).await?;
    // What was simulated is gone with this process: there is nothing to continue.
    leave(tui::run::Left { go_on: None, ..left })
}

#[async_trait]
impl Host for Demo {
    fn known(&self) -> Vec<Known> {
        vec![Known {
            name: DEMO.into(),
            state: format!(
                "simulated clouds, scenario {}: no account, no network, no keyring",
                self.options.scenario
            ),
        }]
    }

    async fn open(&self, _: &str) -> Result<Arc<dyn Federation>, Fault> {
        let begin = || async { start(self.options.clone()).await.map(Arc::new) };
        let sim = self.sim.get_or_try_init(begin).await?;
        let setup = rehearsal::setup(
            sim,
            self.folder.path(),
            self.secrets.clone(),
            Arc::clone(&self.sign_ins.prompter),
            self.options.seed,
        )?;
        let world = (Arc::clone(sim), Arc::clone(&self.folder));
        Opened::open(setup, String::new(), Some(Box::new(world))).await
    }

    fn draft(&self) -> Draft {
        Draft::default()
    }

    fn preview(&self, _: &Draft) -> Result<String, Vec<Wrong>> {
        Err(Vec::new())
    }

    async fn look_up(&self, _: &Draft, _: &str, _: &str) -> Result<Vec<Choice>, Fault> {
        Ok(Vec::new())
    }

    fn save(&self, _: &Draft) -> Result<String, Fault> {
        Err(Fault::new(Kind::Usage, "the demo writes no profile"))
    }

    fn bring(&self, entry: Entry, typed: SecretString) -> Result<SecretString, Fault> {
        operator::brought(entry, typed)
    }

    fn folder(&self, path: Option<&Path>) -> Result<Folder, Fault> {
        files::list(path)
    }

    fn prompts(&self) -> Option<mpsc::UnboundedReceiver<Option<SignIn>>> {
        self.sign_ins.take()
    }
}
