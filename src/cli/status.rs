//! `fedwiz status`: what the journal knows, what a look finds now, and how long token and certificate will do.

use std::{process::ExitCode, sync::Arc};

use jiff::Timestamp;

use super::{
    Stop, args,
    args::Clockwork,
    out::{self, Colour},
    place,
    tell::{Manner, Teller},
    vault,
    walk::{clock, setup, walk},
};
use crate::{
    engine::{
        exit::Exit,
        fact::Intent,
        guide::Nobody,
        journal::Journal,
        outcome::Outcome,
        run::{Run, Standing},
        select::Selection,
    },
    fault::Fault,
    report::{json::Json, outline::Outline, replay::recall, table},
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
    if recorded.events.is_empty() {
        out::note("Nothing was set up from here yet.");
        out::continue_with(&super::instead("apply"));
        return Ok(ExitCode::from(if args.check.is_empty() {
            Exit::Done.code()
        } else {
            Exit::Findings.code()
        }));
    }
    let secrets = vault::open_to_look(args.token_store).await?;
    vault::say_what_is_forgotten(args.token_store, &Run::of(&recorded.events));
    let now = clock(&profile).now();
    let mut code = Exit::Done.code();
    if args.offline {
        let view = recall(Outline::new(PHASES), recorded.events.iter().cloned().map(Arc::new));
        let told = if manner.json {
            table::json_status(&mut Json::new(manner.stdout()), &view)
        } else {
            table::write_status(manner.stdout(), manner.style, &view)
        };
        told.map_err(|error| {
            Fault::new(crate::fault::Kind::File, "stdout cannot be written to").why(error.to_string())
        })?;
    } else {
        code = look(profile, Arc::clone(&secrets), &manner).await?.exit_code();
    }
    let clocks = clocks(&Run::of(&recorded.events), &secrets).await;

    for clock in &clocks {
        let line = clock.told(now, args.warn_days);
        if manner.json {
            out::note(&line)
        } else {
            out::data(&format!("{line}\n"))?
        }
    }
    for what in &args.check {
        let of_kind = || clocks.iter().filter(|clock| clock.what == *what);
        if of_kind().next().is_none() {
            out::note(&format!("{}: not set up.", what.word()));
        }
        if of_kind().next().is_none() || of_kind().any(|clock| !clock.is_good(now, args.warn_days)) {
            code = code.max(Exit::Findings.code());
        }
    }
    if code != Exit::Done.code() {
        out::continue_with(&super::instead("apply"));
    }
    Ok(ExitCode::from(code))
}

async fn look(profile: crate::profile::Profile, secrets: SharedSecrets, manner: &Manner) -> Result<Outcome, Stop> {
    let session = Session::look(setup(profile, secrets)?).await?;
    let mut teller = Teller::new(&session, Intent::Check, manner);
    Ok(walk(
        &session,
        Intent::Check,
        Arc::new(Nobody),
        Selection::default(),
        &mut teller,
    )
    .await?)
}

impl Clockwork {
    fn word(self) -> &'static str {
        match self {
            Self::Token => "SCIM token",
            Self::Cert => "signing certificate",
        }
    }
}

/// Something that ends by itself.
struct Clock {
    what: Clockwork,
    target: Option<String>,
    ends: Option<Timestamp>,
}

impl Clock {
    fn days_left(&self, now: Timestamp) -> Option<i64> {
        Some(self.ends?.duration_since(now).as_hours().div_euclid(24))
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
    let name: SecretRef = serde_json::from_value(standing.output.get("kept_as")?.clone()).ok()?;
    let kept = secrets.get(&name).await.ok()??;
    ScimToken::from_secret(&kept).ok()?.created
}

fn time(standing: &Standing, key: &str) -> Option<Timestamp> {
    standing.output.get(key)?.as_str()?.parse().ok()
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
}
