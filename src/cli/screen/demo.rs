//! The simulated clouds of `fedwiz demo`.

use std::{path::Path, process::ExitCode, sync::Arc};

use async_trait::async_trait;
use secrecy::SecretString;
use tokio::sync::mpsc;

use super::{SignIns, leave, opened::Opened, options};
use crate::{
    cli::{Stop, args, files, operator, out::Colour, sim::start},
    engine::guide::Entry,
    fault::{Fault, Kind},
    secrets::MemoryStore,
    session::rehearsal,
    sim::{Mode, Options, Sim},
    tui::{
        self,
        host::{Draft, Federation, Folder, Host, Known, SignIn, Wrong},
    },
};

/// The simulated clouds of a demo.
struct Demo {
    sim: Arc<Sim>,
    folder: Arc<tempfile::TempDir>,
    seed: u64,
    sign_ins: SignIns,
    secrets: Arc<MemoryStore>,
    scenario: String,
}

/// The name that the demo has in the list.
const DEMO: &str = "demo";

/// Simulated seconds per real second, where nobody says otherwise: a minute of the clouds takes a second.
const DEMO_SPEED: f64 = 60.0;

/// Opens the screen on simulated clouds in this process.
pub(in crate::cli) async fn demo(args: args::Demo, colour: Colour) -> Result<ExitCode, Stop> {
    let options = options(&args.look, colour)?;
    let sim = start(Options {
        scenario: args.scenario.clone(),
        seed: args.seed,
        clock: Mode::Realtime {
            speed: args.speed.unwrap_or(DEMO_SPEED),
        },
        ..Options::default()
    })
    .await?;
    let folder = tempfile::Builder::new()
        .prefix("fedwiz-demo-")
        .tempdir()
        .map_err(|error| Fault::new(Kind::File, "no temporary folder can be made").why(error.to_string()))?;
    let host = Demo {
        sim: Arc::new(sim),
        folder: Arc::new(folder),
        seed: args.seed,
        sign_ins: SignIns::new(),
        secrets: Arc::new(MemoryStore::new()),
        scenario: args.scenario,
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
                self.scenario
            ),
        }]
    }

    async fn open(&self, _: &str) -> Result<Arc<dyn Federation>, Fault> {
        let setup = rehearsal::setup(
            &self.sim,
            self.folder.path(),
            self.secrets.clone(),
            Arc::clone(&self.sign_ins.prompter),
            self.seed,
        )?;
        let world = (Arc::clone(&self.sim), Arc::clone(&self.folder));
        Opened::open(setup, String::new(), Some(Box::new(world))).await
    }

    fn draft(&self) -> Draft {
        Draft::default()
    }

    fn preview(&self, _: &Draft) -> Result<String, Vec<Wrong>> {
        Err(Vec::new())
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
