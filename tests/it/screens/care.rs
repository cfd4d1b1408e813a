//! How a federation is looked after, as looks at real troubles of a simulation found it.

use std::{collections::BTreeMap, time::Duration};

use fedwiz::{
    engine::fact::Intent,
    fault::Fault,
    report::{
        overview::{Counted, Overview},
        sync::{Entry, Person},
    },
    session::sync::Whom,
    sim::{
        aws::organization::TrailEvent,
        entra::provisioning::{self, job::Job},
        weather::{Odds, Weather},
        world::World,
    },
};
use jiff::SignedDuration;
use serde_json::{Map, json};

use super::odd;
use crate::loopback::Loopback;

/// What looks found, by the name of the trouble, and what was asked for besides.
#[derive(Clone)]
pub struct Care {
    pub looks: BTreeMap<&'static str, Overview>,
    pub counted: Counted,
    pub person: Person,
    pub failed: Entry,
    pub good: Entry,
}

fn job(world: &mut World) -> &mut Job {
    let mut jobs = world.entra.jobs.values_mut();
    jobs.next().and_then(|jobs| jobs.first_mut()).expect("a job")
}

type Trouble = (&'static str, fn(&mut World));

/// What can be the matter, put into the clouds behind everybody's back.
const TROUBLES: &[Trouble] = &[
    ("well", |_| {}),
    ("cycle", |world| {
        let now = world.now;
        job(world).running = Some(now);
    }),
    ("paused", |world| provisioning::pause(job(world))),
    ("never-ran", |world| {
        let job = job(world);
        (job.last, job.last_good, job.steady_first, job.running) = (None, None, None, None);
    }),
    ("late", |world| {
        let then = world.now - SignedDuration::from_hours(9);
        let job = job(world);
        job.running = None;
        job.last.as_mut().expect("a cycle").ended = then;
    }),
    ("quarantine", |world| {
        let now = world.now;
        let code = "SystemForCrossDomainIdentityManagementCredentialValidationFailure".to_owned();
        let text = "StatusCode: 401. Web Response: UnauthorizedException".to_owned();
        job(world).quarantine(now, "EncounteredQuarantineException", (code, text));
    }),
    ("throttled", |world| {
        let at = world.now - SignedDuration::from_mins(30);
        let record = [("errorCode", "ThrottlingException"), ("errorMessage", "Rate exceeded")];
        let record = record.map(|(name, text)| (name.to_owned(), json!(text)));
        world.aws[0].trail.push(TrailEvent {
            id: "1".into(),
            at,
            name: "CreateUser".into(),
            source: "identitystore-scim.amazonaws.com".into(),
            username: None,
            access_key: None,
            read_only: false,
            record: Map::from_iter(record),
        });
    }),
    ("no-job", |world| world.entra.jobs.clear()),
];

const RICHARD: &str = "RichardRoe@contoso.onmicrosoft.com";

/// Another display name for Richard, as if somebody had changed it in the portal.
fn rename(world: &mut World, name: &str) {
    let mut users = world.entra.users.values_mut();
    let richard = users.find(|user| user.text("userPrincipalName") == RICHARD);
    richard.expect("Richard").set("displayName", name);
}

impl Care {
    /// Looks at all of it.
    pub async fn shot() -> Self {
        let mut world = Loopback::start("fresh").await;
        Loopback::must_end_well(&world.run(Intent::Up).await);
        let kept = world.keep().await;
        let mut looks = BTreeMap::new();
        for (name, trouble) in TROUBLES {
            world.put_back(&kept).await;
            world.sim.with(*trouble);
            looks.insert(*name, look(&world).await);
        }
        world.put_back(&kept).await;
        world.sim.set_weather(Weather {
            errors: Odds {
                every: 1,
                ports: vec!["graph".into()],
                ..Odds::default()
            },
            ..Weather::default()
        });
        looks.insert("outage", look(&world).await);
        world.sim.set_weather(Weather::default());

        world.put_back(&kept).await;
        world.sim.with(|world| rename(world, "Richard\u{7}Roe"));
        let failed = now(&world).await;
        looks.insert("failed", look(&world).await);
        world.sim.with(|world| rename(world, "Richard Roe the Second"));
        let good = now(&world).await;
        looks.insert("recovered", look(&world).await);
        let session = world.session().await.expect("a session");
        let target = &session.world.targets[0];
        let since = session.clock().now() - SignedDuration::from_hours(48);
        let at = session.job_at(target).await.expect("a job");
        Self {
            looks,
            counted: session.counted(target, since).await,
            person: session.person(&at, RICHARD, since).await.expect("a time line"),
            failed,
            good,
        }
    }

    /// The same in texts in which no cut can hide.
    pub fn told(&self) -> Self {
        let mut care = self.clone();
        care.looks.values_mut().for_each(retell);
        retell_entry(&mut care.failed);
        retell_entry(&mut care.good);
        for event in &mut care.person.events {
            event.what = odd::long(&event.what);
            event.detail = odd::long(&event.detail);
        }
        let person = &mut care.person;
        for text in [&mut person.upn, &mut person.in_entra, &mut person.in_aws] {
            *text = odd::long(text);
        }
        care.counted.missing.push(odd::long("the audit log"));
        care
    }
}

async fn look(world: &Loopback) -> Overview {
    let session = world.session().await.expect("a session");
    let warn = SignedDuration::from_hours(30 * 24);
    let since = session.clock().now() - SignedDuration::from_hours(48);
    session.overview(&session.world.targets[0], warn, since).await
}

/// Provisions Richard, and waits until the log has it.
async fn now(world: &Loopback) -> Entry {
    let session = world.session().await.expect("a session");
    let at = session.job_at(&session.world.targets[0]).await.expect("a job");
    let whom: Whom = session.find(RICHARD, &[], false).await.expect("Richard");
    let mut answers = Vec::new();
    let tell = |entry: Entry| {
        answers.push(entry);
        Ok(())
    };
    session.provision_now(&at, &whom, tell).await.expect("an answer");
    session.clock().sleep(Duration::from_secs(60)).await;
    answers.remove(0)
}

fn retell_fault(fault: &mut Fault) {
    for text in [&mut fault.what, &mut fault.why, &mut fault.hint] {
        if !text.is_empty() {
            *text = odd::long(text).into();
        }
    }
}

fn retell_entry(entry: &mut Entry) {
    let texts = [
        &mut entry.name,
        &mut entry.subject,
        &mut entry.action,
        &mut entry.code,
        &mut entry.reason,
        &mut entry.cause,
        &mut entry.fix,
    ];
    for text in texts.into_iter().filter(|text| !text.is_empty()) {
        *text = odd::long(text);
    }
    for step in &mut entry.steps {
        step.text = odd::long(&step.text);
    }
    for (name, value) in &mut entry.written {
        (*name, *value) = (odd::long(name), odd::long(value));
    }
}

fn retell(look: &mut Overview) {
    for row in &mut look.health.findings {
        row.object = odd::long(&row.object);
        row.detail = odd::long(&row.detail);
    }
    for blind in &mut look.health.blind {
        blind.object = odd::long(&blind.object);
        retell_fault(&mut blind.fault);
    }
    for certificate in &mut look.health.certificates {
        certificate.thumbprint = odd::long(&certificate.thumbprint);
    }
    if let Some(why) = look.health.job.as_mut().and_then(|job| job.quarantine.as_mut()) {
        *why = odd::long(why);
    }
    look.log.iter_mut().flatten().for_each(retell_entry);
    for refused in &mut look.refused {
        for text in [&mut refused.call, &mut refused.code, &mut refused.message] {
            *text = odd::long(text);
        }
    }
}
