//! The job as somebody looks after it: one look at everything about it, what is counted on both sides, and what is done to it.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::{Session, sync::JobAt};
use crate::{
    clients::{
        aws::{Event, Instance},
        retry,
    },
    doctor::{
        advice::advise,
        gather::{instance_of, setting},
    },
    fault::Fault,
    report::{
        job::Change,
        overview::{Counted, Overview, People, Refused},
    },
    steps::Target,
};

impl Session {
    /// One look at how a target is looked after, with its log since a moment. Who does not answer is named after seconds.
    pub async fn overview(&self, target: &Target, warn: SignedDuration, since: Timestamp) -> Overview {
        retry::under(retry::Policy::brief(), self.look_over(target, warn, since)).await
    }

    async fn look_over(&self, target: &Target, warn: SignedDuration, since: Timestamp) -> Overview {
        let evidence = self.evidence_of(target, warn, &|_| {}).await;
        let at = evidence.entra.application.as_ref().and_then(|app| {
            Some(JobAt {
                target,
                principal: app.principal.clone(),
                job: app.job.clone()?,
            })
        });
        let mut refused: Vec<Refused> = evidence.aws.scim_errors.iter().map(refusal).collect();
        refused.sort_by_key(|one| one.when);
        let health = super::health::of(evidence);
        let log = match &at {
            Some(at) => self.log(at, since).await,
            None => Ok(Vec::new()),
        };
        Overview { health, log, refused }
    }

    /// Counts people on both sides, and how long changes since a moment took. That is a read of everybody.
    pub async fn counted(&self, target: &Target, since: Timestamp) -> Counted {
        let mut counted = Counted {
            at: self.clock.now(),
            ..Counted::default()
        };
        let read = async {
            let at = self.job_at(target).await?;
            let instance = instance_of(&self.world, target, self.clock.now()).await?;
            if let Some(instance) = instance {
                counted.people = Some(self.people(&at, &instance).await?);
            }
            let entries = self.log(&at, since).await?;
            counted.latencies = self.latencies(&at, &entries, since).await?;
            Ok::<_, Fault>(())
        };
        let read: Result<(), Fault> = retry::under(retry::Policy::brief(), read).await;
        if let Err(fault) = read {
            counted.missing.push(fault.to_string());
        }
        counted
    }

    async fn people(&self, at: &JobAt<'_>, instance: &Instance) -> Result<People, Fault> {
        let entra = &self.world.entra;
        let settings = entra.settings(&at.principal.id).await?;
        let everybody = setting(&settings, "SyncAll").is_some_and(|all| all.eq_ignore_ascii_case("true"));
        let mut people: BTreeSet<String> = BTreeSet::new();
        let mut groups = 0;
        if everybody {
            people.extend(entra.all_users(&|_| {}).await?.into_iter().map(|user| user.id));
        }
        for row in entra.assigned(&at.principal.id).await?.all() {
            let Some(id) = &row.principal_id else { continue };
            if row.principal_type.as_deref() == Some("Group") {
                groups += 1;
                people.extend(
                    entra
                        .members_in_full(id, &|_| {})
                        .await?
                        .users
                        .into_iter()
                        .map(|user| user.id),
                );
            } else {
                people.insert(id.clone());
            }
        }
        let aws = &at.target.aws;
        let users = aws.people(instance, &|_| {}).await?;
        Ok(People {
            everybody,
            in_scope: people.len() as u64,
            groups_in_scope: groups,
            in_aws: users.len() as u64,
            disabled: users.iter().filter(|user| user.enabled == Some(false)).count() as u64,
            groups_in_aws: aws.groups(instance).await?.len() as u64,
        })
    }

    /// Starts, pauses or restarts a target's job, and says what was done.
    pub async fn change_job(&self, target: &Target, change: &Change) -> Result<&'static str, Fault> {
        let JobAt { principal, job, .. } = self.job_at(target).await?;
        let entra = &self.world.entra;
        match change {
            Change::Start => entra.start_job(&principal.id, &job.id).await?,
            Change::Pause => entra.pause_job(&principal.id, &job.id).await?,
            Change::Restart(scopes) => {
                let scope: Vec<&str> = scopes.iter().map(|scope| scope.graph).collect();
                entra.restart_job(&principal.id, &job.id, &scope.join(", ")).await?;
            }
        }
        Ok(change.done(job.is_on()))
    }
}

fn refusal(event: &Event) -> Refused {
    let code = event.error_code().unwrap_or_default().to_owned();
    let message = event.text("/errorMessage").unwrap_or_default().to_owned();
    let advice = advise(&code, &message);
    Refused {
        when: event.at,
        call: event.name.clone(),
        cause: advice.map(|advice| advice.cause.to_owned()).unwrap_or_default(),
        fix: advice.map(|advice| advice.fix.to_owned()).unwrap_or_default(),
        code,
        message,
    }
}
