//! `fedwiz status`: what the journal knows, what a look finds now, and how token, certificates and provisioning job are.

use std::process::ExitCode;

use jiff::{SignedDuration, Timestamp};

use super::{
    Stop, args,
    args::Clockwork,
    doctor::{Telling, exit_of, targets},
    out::{self, Colour},
    place,
    tell::{Manner, Teller},
    vault,
    walk::{clock, drive, setup},
};
use crate::{
    engine::{
        exit::Exit,
        fact::Intent,
        journal::Journal,
        outcome::Outcome,
        run::{Run, Standing},
        select::Selection,
    },
    fault::{Fault, Kind},
    report::{
        access,
        findings::{self, Blind, Row},
        health::{self, Health},
        json::Json,
        outline::Outline,
        replay::recall,
        table,
        view::View,
        words::State,
    },
    secrets::{ScimToken, SecretRef, SharedSecrets},
    session::{JOURNAL, Session},
    steps::{PHASES, scim_token::TOKEN_LIFE},
};

pub(super) async fn run(args: args::Status, colour: Colour, verbose: u8) -> Result<ExitCode, Stop> {
    let (_, profile) = place::profile(&args.which)?;
    let federation = profile.federation.clone();
    let journal = place::state_dir(&federation)?.join(JOURNAL);
    let recorded = Journal::read(&journal)?;
    let manner = Manner::new(&args.told, colour, verbose);
    out::note(&format!("Federation {federation}, journal {}", journal.display()));
    if recorded.is_empty() {
        out::note("Nothing was set up from here yet.");
        if args.check.is_empty() {
            out::continue_with(&super::instead("apply"));
            return Ok(ExitCode::from(Exit::Done.code()));
        }
    }
    let secrets = vault::open_to_look(args.token_store).await?;
    let known = recorded.run;
    vault::say_what_is_forgotten(args.token_store, &known);
    if args.access && args.offline {
        let view = recall(Outline::new(PHASES), &journal, |_| true)?;
        return access(&manner, &view, &args.target);
    }
    if args.offline {
        let now = clock(&profile).now();
        if args.check.is_empty() {
            let view = recall(Outline::new(PHASES), &journal, |_| true)?;
            let told = if manner.json {
                table::json_status(&mut Json::new(manner.stdout()), &view)
            } else {
                table::write_status(manner.stdout(), manner.style, &view)
            };
            told.map_err(|error| cannot(&error))?;
        }
        return offline(&args, &manner, &clocks(&known, &secrets).await, now);
    }
    let session = Session::look(setup(profile, secrets)?).await?;
    if args.access {
        targets(&session.world.targets, &args.target)?;
        let view = session.recall()?;
        return access(&manner, &view, &args.target);
    }
    let mut exit = Exit::Done;
    if args.check.is_empty() {
        exit = look(&session, &manner).await?.exit();
    }
    let told = care(&session, &args, &manner).await?;
    if exit == Exit::Done {
        exit = told;
    }
    if exit != Exit::Done {
        out::continue_with(&super::instead(if told == Exit::Done { "check" } else { "doctor" }));
    }
    Ok(ExitCode::from(exit.code()))
}

/// Who may use what, as far as it is recorded. What failed is a finding.
fn access(manner: &Manner, view: &View, targets: &[String]) -> Result<ExitCode, Stop> {
    let grids = access::of_targets(view, targets);
    let told = if manner.json {
        access::json(&mut Json::new(manner.stdout()), view, &grids)
    } else {
        access::write(manner.stdout(), manner.style, view, &grids)
    };
    told.map_err(|error| cannot(&error))?;
    let failed = grids.iter().any(|grid| grid.tally.count(State::has_failed) > 0);
    let exit = if failed { Exit::Findings } else { Exit::Done };
    if failed {
        out::continue_with(&super::instead("apply"));
    }
    Ok(ExitCode::from(exit.code()))
}

async fn look(session: &Session, manner: &Manner) -> Result<Outcome, Stop> {
    let mut teller = Teller::new(session, Intent::Check, manner)?;
    let driver = session.checker(Selection::default());
    Ok(drive(session, Intent::Check, driver, &mut teller).await?)
}

/// Looks at token, certificates and job, and tells how they are. With `--check` only what is asked for, and in text only what
/// is wrong with it.
async fn care(session: &Session, args: &args::Status, manner: &Manner) -> Result<Exit, Stop> {
    let targets = targets(&session.world.targets, &args.target)?;
    let telling = Telling::new(manner);
    let warn = SignedDuration::from_hours(24 * i64::from(args.warn_days));
    let mut all = session.health(&targets, warn, &|what| telling.tell(what)).await;
    telling.end();
    let mut missing = false;
    if !args.check.is_empty() {
        for health in &mut all {
            missing |= keep_only(&args.check, health);
        }
    }
    let rows: Vec<Row> = all.iter().flat_map(|health| health.findings.clone()).collect();
    let blind: Vec<Blind> = all.iter().flat_map(|health| health.blind.clone()).collect();
    let written = if manner.json {
        let view = session.recall()?;
        let mut json = Json::new(manner.stdout());
        all.iter()
            .try_for_each(|health| health::json(&mut json, &view, health))
            .and_then(|()| findings::json(&mut json, &view, session.clock().now(), &rows, &blind))
    } else {
        let show = |health: &Health| tell_one(manner, health, all.len() > 1);
        let shown = if args.check.is_empty() {
            all.iter().try_for_each(show)
        } else {
            Ok(())
        };
        shown.and_then(|()| findings::write(manner.stdout(), manner.style, &rows, &blind))
    };
    written.map_err(|error| cannot(&error))?;
    let found = !rows.is_empty() && (!args.check.is_empty() || rows.iter().any(|row| row.severity != "notice"));
    Ok(exit_of(found || missing, !blind.is_empty()))
}

/// One target's clocks and job, under its name where there are several.
fn tell_one(manner: &Manner, health: &Health, several: bool) -> std::io::Result<()> {
    use std::io::Write;
    let mut out = manner.stdout();
    writeln!(out)?;
    if several {
        writeln!(out, "{}", health.target)?;
    }
    health::write_clocks(manner.stdout(), manner.style, health)?;
    health::write_job(manner.stdout(), manner.style, health)
}

/// Leaves only what is asked for. True, and said, where something of it is not there at all.
fn keep_only(asked: &[Clockwork], health: &mut Health) -> bool {
    let wanted = |what: Clockwork| asked.contains(&what);
    health.findings.retain(|row| wanted(Clockwork::of(row.rule)));
    if !wanted(Clockwork::Token) {
        health.token = None;
    }
    if !wanted(Clockwork::Cert) {
        health.certificates.clear();
    }
    if !wanted(Clockwork::Job) {
        health.job = None;
    }
    let there = |what: Clockwork| match what {
        Clockwork::Token => health.token.is_some(),
        Clockwork::Cert => !health.certificates.is_empty(),
        Clockwork::Job => health.job.is_some(),
    };
    let missing: Vec<Clockwork> = asked.iter().copied().filter(|what| !there(*what)).collect();
    for what in &missing {
        out::note(&format!("{} of {}: there is none.", what.word(), health.target));
    }
    !missing.is_empty()
}

impl Clockwork {
    fn word(self) -> &'static str {
        match self {
            Self::Token => "SCIM token",
            Self::Cert => "signing certificate",
            Self::Job => "provisioning job",
        }
    }

    /// What a rule is about.
    fn of(rule: &str) -> Self {
        if rule.starts_with("token-") {
            Self::Token
        } else if rule.starts_with("certificate-") {
            Self::Cert
        } else {
            Self::Job
        }
    }
}

/// What the journal and the secret store know, without asking the clouds.
fn offline(args: &args::Status, manner: &Manner, clocks: &[Clock], now: Timestamp) -> Result<ExitCode, Stop> {
    let mut exit = Exit::Done;
    for clock in clocks {
        let line = clock.told(now, args.warn_days);
        if manner.json {
            out::note(&line);
        } else {
            out::data(&format!("{line}\n"))?;
        }
    }
    for what in &args.check {
        let of_kind = || clocks.iter().filter(|clock| clock.what == *what);
        if *what == Clockwork::Job {
            out::note("The provisioning job: the journal does not know how it is; leave out `--offline`.");
        } else if of_kind().next().is_none() {
            out::note(&format!("{}: not set up.", what.word()));
        }
        if of_kind().next().is_none() || of_kind().any(|clock| !clock.is_good(now, args.warn_days)) {
            exit = Exit::Findings;
        }
    }
    if exit != Exit::Done {
        out::continue_with(&super::instead("status"));
    }
    Ok(ExitCode::from(exit.code()))
}

/// Something that ends by itself, as far as the journal knows.
struct Clock {
    what: Clockwork,
    target: Option<String>,
    ends: Option<Timestamp>,
}

impl Clock {
    fn days_left(&self, now: Timestamp) -> Option<i64> {
        Some(health::days_between(now, self.ends?))
    }

    fn is_good(&self, now: Timestamp, warn_days: u16) -> bool {
        self.days_left(now).is_some_and(|days| days >= i64::from(warn_days))
    }

    fn told(&self, now: Timestamp, warn_days: u16) -> String {
        let whose = self
            .target
            .as_deref()
            .map(|target| format!(" of {target}"))
            .unwrap_or_default();
        let when = match (self.ends, self.days_left(now)) {
            (Some(ends), Some(days)) if days < 0 => format!("ended on {}", ends.strftime("%Y-%m-%d")),
            (Some(ends), Some(days)) => format!("ends on {}, in {days} days", ends.strftime("%Y-%m-%d")),
            _ => "is of unknown age".into(),
        };
        let mark = if self.is_good(now, warn_days) { "" } else { ": renew it" };
        format!("The {}{whose} {when}{mark}.", self.what.word())
    }
}

/// Tokens and certificates that stand, by what the journal and the secret store know of them.
async fn clocks(run: &Run, secrets: &SharedSecrets) -> Vec<Clock> {
    let mut clocks = Vec::new();
    for (id, node) in run.nodes() {
        let Some(standing) = &node.standing else { continue };
        let (what, ends) = match id.step.as_str() {
            "scim.token" => {
                let created = match kept_since(standing, secrets).await {
                    Some(created) => Some(created),
                    None => time(standing, "created"),
                };
                (Clockwork::Token, created.map(|created| created + TOKEN_LIFE))
            }
            "entra.certificate" => (Clockwork::Cert, time(standing, "not_after")),
            _ => continue,
        };
        clocks.push(Clock {
            what,
            target: id.target.clone(),
            ends,
        });
    }
    clocks
}

/// When the token that is kept was made, as its own record says.
async fn kept_since(standing: &Standing, secrets: &SharedSecrets) -> Option<Timestamp> {
    let name: SecretRef = serde_json::from_value(standing.output.value().get("kept_as")?.clone()).ok()?;
    let kept = secrets.get(&name).await.ok()??;
    ScimToken::from_secret(&kept).ok()?.created
}

fn time(standing: &Standing, key: &str) -> Option<Timestamp> {
    standing.output.value().get(key)?.as_str()?.parse().ok()
}

fn cannot(error: &std::io::Error) -> Fault {
    Fault::new(Kind::File, "stdout cannot be written to").why(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_too_soon_or_at_an_unknown_time_is_not_good() {
        let now: Timestamp = "2026-06-01T00:00:00Z".parse().unwrap();
        let clock = |ends: Option<&str>| Clock {
            what: Clockwork::Token,
            target: None,
            ends: ends.map(|ends| ends.parse().unwrap()),
        };
        assert!(clock(Some("2026-08-01T00:00:00Z")).is_good(now, 30));
        assert!(!clock(Some("2026-06-10T00:00:00Z")).is_good(now, 30));
        assert!(!clock(None).is_good(now, 30));
        assert_eq!(
            clock(Some("2026-06-11T00:00:00Z")).told(now, 30),
            "The SCIM token ends on 2026-06-11, in 10 days: renew it."
        );
        assert_eq!(
            clock(Some("2026-05-11T00:00:00Z")).told(now, 0),
            "The SCIM token ended on 2026-05-11: renew it."
        );
        assert_eq!(clock(None).told(now, 30), "The SCIM token is of unknown age: renew it.");
    }

    #[test]
    fn each_rule_of_care_is_about_one_of_the_three() {
        assert_eq!(Clockwork::of("token-ended"), Clockwork::Token);
        assert_eq!(Clockwork::of("certificate-unknown-to-aws"), Clockwork::Cert);
        for rule in [
            "quarantine",
            "job-paused",
            "job-never-ran",
            "job-late",
            "scim-throttled",
        ] {
            assert_eq!(Clockwork::of(rule), Clockwork::Job);
        }
    }
}
