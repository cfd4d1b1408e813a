//! How the screen looks after a federation that is open: the same session that its walks use.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc;

use super::opened::Opened;
use crate::{
    cli::sync::export,
    fault::{Fault, Kind},
    report::{
        job::Change,
        overview::{Counted, Overview},
        sync::{Entry, Person},
    },
    session::{Session, sync::LOOK_BACK},
    steps::Target,
    tui::upkeep::{EVERY, Upkeep},
};

/// How long before its end a token or certificate is told of.
const WARN: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How far back it is measured how long changes take: that is a read of all that AWS's log has.
const MEASURED: SignedDuration = SignedDuration::from_hours(6);
/// How far back a person's time line goes.
const LINE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Where simulated time flies, looks are at least this far apart.
const APART: Duration = Duration::from_millis(500);

/// Looks after a federation that is open.
pub(super) struct Keeper(pub(super) Arc<Opened>);

impl Keeper {
    fn session(&self) -> &Session {
        &self.0.session
    }

    fn target(&self, name: &str) -> Result<&Target, Fault> {
        let mut targets = self.session().world.targets.iter();
        targets
            .find(|target| target.name == name)
            .ok_or_else(|| Fault::new(Kind::Usage, format!("there is no target `{name}`")))
    }
}

#[async_trait]
impl Upkeep for Keeper {
    fn targets(&self) -> Vec<String> {
        let targets = self.session().world.targets.iter();
        targets.map(|target| target.name.clone()).collect()
    }

    async fn look(&self, target: &str, since: Option<Timestamp>) -> Overview {
        let session = self.session();
        let target = self.target(target).expect("it is one of the targets");
        let since = since.unwrap_or(session.clock().now() - LOOK_BACK);
        session.overview(target, WARN, since).await
    }

    async fn count(&self, target: &str) -> Counted {
        let session = self.session();
        let target = self.target(target).expect("it is one of the targets");
        session.counted(target, session.clock().now() - MEASURED).await
    }

    async fn rest(&self) {
        let clock = self.session().clock();
        tokio::join!(clock.sleep(EVERY), tokio::time::sleep(APART));
    }

    async fn change(&self, target: &str, change: &Change) -> Result<String, Fault> {
        let done = self.session().change_job(self.target(target)?, change).await?;
        Ok(done.to_owned())
    }

    async fn provision(&self, target: &str, who: &str, tell: mpsc::UnboundedSender<Entry>) -> Result<(), Fault> {
        let session = self.session();
        let at = session.job_at(self.target(target)?).await?;
        let whom = session.find(who, &[], false).await?;
        let tell = |entry: Entry| {
            // Who does not listen any more has gone on.
            let _ = tell.send(entry);
            Ok(())
        };
        session.provision_now(&at, &whom, tell).await
    }

    async fn person(&self, target: &str, upn: &str) -> Result<Person, Fault> {
        let session = self.session();
        let at = session.job_at(self.target(target)?).await?;
        session.person(&at, upn, session.clock().now() - LINE).await
    }

    async fn export(&self, target: &str, entries: Vec<Entry>) -> Result<String, Fault> {
        let folder = &self.session().world.handouts;
        std::fs::create_dir_all(folder).map_err(|error| {
            Fault::new(Kind::File, format!("{} cannot be made", folder.display())).why(error.to_string())
        })?;
        let now = self.session().clock().now().strftime("%Y%m%d-%H%M%S").to_string();
        let file = folder.join(format!("provisioning-log-{now}.csv"));
        export(&file, &entries, self.session(), target)?;
        Ok(format!("{} entries are in {}.", entries.len(), file.display()))
    }
}
