//! A federation that is open: the driver, the journal's view and the graph behind the screen.

use std::{
    any::Any,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use jiff::Timestamp;
use tokio::task::JoinHandle;

use super::upkeep::Keeper;
#[cfg(feature = "demo")]
use crate::cli::operator::SimulatedConsole;
use crate::{
    engine::{
        driver::Leftovers,
        fact::Intent,
        guide::Operator,
        outcome::Outcome,
        recorder::{Notice, Subscription},
        select::Selection,
    },
    fault::Fault,
    report::view::View,
    session::{Named, Session, Setup},
    tui::{
        dag::map::Map,
        host::{Federation, Running},
        upkeep::Upkeep,
    },
};

/// A federation that is open.
pub(super) struct Opened {
    pub(super) session: Session,
    /// What has happened until now.
    since: Mutex<Since>,
    console: Option<Arc<dyn Operator>>,
    /// The flags that lead to it on the command line.
    flags: String,
    /// What a demo lives in.
    _world: Option<Box<dyn Any + Send + Sync>>,
}

/// The facts, those of the past and of this process, heard in order and folded: a fleet's facts themselves would take more
/// memory than all the rest.
struct Since {
    notices: Subscription,
    view: View,
}

impl Since {
    fn the_opening_of(session: &Session) -> Result<Mutex<Self>, Fault> {
        let notices = session.recorder.subscribe();
        let view = session.recall()?;
        Ok(Mutex::new(Self { notices, view }))
    }

    fn catch_up(&mut self) {
        while let Some(notice) = self.notices.try_next() {
            if let Notice::Fact(_) = notice {
                self.view.see(&notice);
            }
        }
    }
}

impl Opened {
    /// Opens it, and its journal. What it lives in goes when it goes.
    pub(super) async fn open(
        setup: Setup,
        flags: String,
        world: Option<Box<dyn Any + Send + Sync>>,
    ) -> Result<Arc<dyn Federation>, Fault> {
        let console = console_of(&setup);
        let session = Session::open(setup).await?;
        Ok(Arc::new(Self {
            since: Since::the_opening_of(&session)?,
            session,
            console,
            flags,
            _world: world,
        }))
    }
}

/// A task that ends with whoever waits for it.
struct Ending(JoinHandle<Result<Outcome, Fault>>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Future for Ending {
    type Output = Result<Outcome, Fault>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0)
            .poll(cx)
            .map(|joined| joined.unwrap_or_else(|_| Err(Fault::internal("the run broke off"))))
    }
}

impl Federation for Opened {
    fn name(&self) -> String {
        self.session.profile.federation.clone()
    }

    fn leads(&self) -> String {
        let profile = &self.session.profile;
        let targets: Vec<String> = profile
            .aws
            .iter()
            .map(|target| match &target.region {
                Some(region) => format!("{} ({region})", target.name),
                None => target.name.clone(),
            })
            .collect();
        format!("{} ⇄ {}", profile.entra.tenant, targets.join(", "))
    }

    fn view(&self) -> View {
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        since.catch_up();
        since.view.clone()
    }

    fn map(&self) -> Map {
        Map::of(&self.session.graph)
    }

    fn needs(&self, node: usize) -> Vec<usize> {
        let graph = &self.session.graph;
        let Some(ix) = graph.indices().nth(node) else {
            return Vec::new();
        };
        let mut all: Vec<usize> = graph
            .needs(ix)
            .flat_map(|(_, picked)| picked.iter().map(|ix| ix.index()))
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    fn needed_by(&self, node: usize) -> Vec<usize> {
        let graph = &self.session.graph;
        let dependents = graph.indices().nth(node).map(|ix| graph.dependents(ix));
        dependents.into_iter().flatten().map(|ix| ix.index()).collect()
    }

    fn now(&self) -> Timestamp {
        // Asked for with every picture, so that what is heard does not pile up.
        self.since.lock().unwrap_or_else(PoisonError::into_inner).catch_up();
        self.session.clock().now()
    }

    fn warning(&self) -> Option<String> {
        self.session.warning.clone()
    }

    fn start(&self, intent: Intent, agreed: bool, operator: Arc<dyn Operator>) -> Running {
        let notices = self.session.recorder.subscribe();
        let left = match intent {
            Intent::Plan => self.session.leftovers(&Selection::default(), &[]),
            Intent::Up if agreed => self.session.leftovers(&Selection::default(), &[]),
            _ => Ok(Leftovers::default()),
        };
        let (removes, unclear) = match left {
            Ok(left) => (left.goes, None),
            Err(fault) => (Vec::new(), Some(fault)),
        };
        let named = Named {
            removes,
            ..Named::default()
        };
        let driver = self.session.driver_naming(operator, Selection::default(), named);
        let control = driver.control();
        let rotates = self.session.no_rotation_is_open().err().filter(|_| intent.changes());
        let refused = unclear.or(rotates);
        Running {
            control,
            notices,
            ended: match refused {
                Some(fault) => Box::pin(std::future::ready(Err(fault))),
                None => Box::pin(Ending(tokio::spawn(driver.run(intent)))),
            },
        }
    }

    fn console(&self) -> Option<Arc<dyn Operator>> {
        self.console.clone()
    }

    fn upkeep(self: Arc<Self>) -> Arc<dyn Upkeep> {
        Arc::new(Keeper(self))
    }

    fn command(&self, intent: Intent) -> String {
        let command = match intent {
            Intent::Down => "teardown",
            _ => "apply",
        };
        format!("fedwiz {command} {}", self.flags).trim_end().to_owned()
    }
}

/// The simulated console of a federation that stands on a simulator.
fn console_of(setup: &Setup) -> Option<Arc<dyn Operator>> {
    #[cfg(feature = "demo")]
    if let Ok(console) = SimulatedConsole::of(&setup.profile, Arc::clone(&setup.clock)) {
        return Some(Arc::new(console));
    }
    let _ = setup;
    None
}
