//! What stood in AWS before us: the identity source, and whether automatic provisioning was on. No public call tells, so a
//! person says what the console shows, before anything is switched there, and CloudTrail is held against it.
//!
//! It decides what a teardown may take back. What nobody said counts as not ours.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    identity_source::{DISABLED, ENABLED},
    world::Cx,
};
use crate::{
    clients::aws::{Event, EventQuery, Instance},
    engine::guide::{Answer, Entry, Guide},
    fault::{Fault, Kind},
};

/// How long CloudTrail keeps events.
/// <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html>
pub(super) const EVENTS_ARE_KEPT: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// The key of the answer that names the identity source.
pub(super) const SOURCE: &str = "source_before";
/// The key of the answer that says whether automatic provisioning was on.
const PROVISIONING: &str = "provisioning_before";

/// An identity source, as the console's settings page shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// Identity Center's own directory.
    IdentityCenter,
    /// This very application of Entra.
    ThisApplication,
    /// Another external identity provider, or another application of Entra.
    AnotherProvider,
}

/// What a person saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// When.
    pub at: Timestamp,
    /// The identity source; none when nobody said.
    #[serde(default)]
    pub source: Option<Source>,
    /// Whether automatic provisioning was on; none when nobody said.
    #[serde(default)]
    pub provisioning: Option<bool>,
}

/// What stood when the switch was made, as far as it is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Judged {
    pub source: Option<Source>,
    pub provisioning: Option<bool>,
}

/// The latest switch of the identity source that CloudTrail still shows.
#[derive(Debug, Clone)]
pub(super) struct Switch {
    /// Whether an external identity provider was switched on; otherwise it was switched off.
    on: bool,
    event: Event,
}

impl Switch {
    /// The latest one before a moment.
    pub(super) async fn latest(cx: &Cx, instance: &Instance, until: Timestamp) -> Result<Option<Self>, Fault> {
        let aws = &cx.world().target(cx.target())?.aws;
        let since = earlier(until, EVENTS_ARE_KEPT);
        let mut latest: Option<Self> = None;
        for (on, name) in [(true, ENABLED), (false, DISABLED)] {
            let events = aws
                .lookup_events(&instance.region, EventQuery::Named(name), since)
                .await?;
            let mut good = events.into_iter().filter(|event| event.error_code().is_none());
            let found = good.find(|event| event.at.as_second() < until.as_second());
            // In one second, going from one provider to another ends with the one that is switched on.
            if let Some(event) = found.filter(|event| latest.as_ref().is_none_or(|known| event.at > known.event.at)) {
                latest = Some(Self { on, event });
            }
        }
        Ok(latest)
    }

    fn words(&self) -> String {
        format!(
            "{} at {:.0} by {}",
            self.event.name,
            self.event.at,
            self.event.who().unwrap_or("somebody")
        )
    }
}

/// Asks what stands, and shows what CloudTrail knows of it.
pub(super) fn ask(guide: Guide, seen: Option<&Switch>) -> Guide {
    let guide = match seen {
        Some(switch) => guide.value("Latest switch in CloudTrail", switch.words()),
        None => guide,
    };
    guide
        .optional(
            SOURCE,
            "Identity source now",
            "identity-center (the Identity Center directory), this-application (an external identity provider that is \
             this application already), another-provider (any other external identity provider) or active-directory; \
             what is left out is not taken back without asking",
            Entry::Line,
        )
        .optional(
            PROVISIONING,
            "Automatic provisioning now",
            "on or off; off too where no box Automatic provisioning is shown",
            Entry::Line,
        )
}

/// Reads what a person saw. `holds` says whether the application has this instance's addresses already.
pub(super) fn read(answer: &Answer, seen: Option<&Switch>, holds: bool, at: Timestamp) -> Result<Before, Fault> {
    let source = read_source(answer)?;
    match (source, seen) {
        (Some(Source::IdentityCenter), Some(switch)) if switch.on => {
            return Err(Fault::new(
                Kind::Conflict,
                format!("`{SOURCE}` says identity-center, and CloudTrail shows an external identity provider"),
            )
            .why(format!("{}, and no switch back since", switch.words()))
            .hint(
                "Look again at Settings > Identity source. Was it switched back a moment ago, continue in a quarter of an \
                 hour: events come late.",
            ));
        }
        (Some(Source::ThisApplication), _) if !holds => {
            return Err(Fault::new(
                Kind::Conflict,
                format!("`{SOURCE}` says this-application, and the application does not know this instance yet"),
            )
            .why("its identifier is not the instance's, so nobody can have signed in through it")
            .hint("Say another-provider, or correct the application's name in the profile."));
        }
        _ => {}
    }
    let source = source.or_else(|| seen.filter(|switch| !switch.on).map(|_| Source::IdentityCenter));
    let provisioning = match given(answer, PROVISIONING).as_deref() {
        None => None,
        Some("on") => Some(true),
        Some("off") => Some(false),
        Some(other) => {
            return Err(
                Fault::new(Kind::Usage, format!("`{other}` is no answer for `{PROVISIONING}`")).hint("Say on or off."),
            );
        }
    };
    Ok(Before {
        at,
        source,
        // AWS offers it with an external identity provider only.
        provisioning: provisioning.or_else(|| (source == Some(Source::IdentityCenter)).then_some(false)),
    })
}

/// The identity source that an answer names.
pub(super) fn read_source(answer: &Answer) -> Result<Option<Source>, Fault> {
    Ok(Some(match given(answer, SOURCE).as_deref() {
        None => return Ok(None),
        Some("identity-center") => Source::IdentityCenter,
        Some("this-application") => Source::ThisApplication,
        Some("another-provider") => Source::AnotherProvider,
        Some("active-directory") => {
            return Err(Fault::new(Kind::NeedsPerson, "The identity source is Active Directory")
                .why(
                    "leaving it deletes all users, groups and assignments of Identity Center, and changes the identity \
                     store and the portal's address; fedwiz does not do that",
                )
                .hint(
                    "Nothing was switched. Move to the Identity Center directory yourself, knowing what goes, and run the \
                     same command again; or `fedwiz teardown` takes back what was made so far.",
                ));
        }
        Some(other) => {
            return Err(
                Fault::new(Kind::Usage, format!("`{other}` is no answer for `{SOURCE}`"))
                    .hint("Say identity-center, this-application, another-provider or active-directory."),
            );
        }
    }))
}

fn given(answer: &Answer, key: &str) -> Option<String> {
    let text = answer.optional(key)?.trim().to_ascii_lowercase();
    (!text.is_empty()).then_some(text)
}

/// What stood when the switch was begun at `until`: what a person saw, unless CloudTrail shows a switch since.
pub(super) async fn judge(
    cx: &Cx,
    instance: &Instance,
    seen: Option<&Before>,
    until: Timestamp,
) -> Result<Judged, Fault> {
    let latest = Switch::latest(cx, instance, until).await?;
    let directory = Judged {
        source: Some(Source::IdentityCenter),
        provisioning: Some(false),
    };
    let fresh = seen.filter(|seen| seen.at > earlier(until, EVENTS_ARE_KEPT));
    Ok(match (fresh, latest) {
        (Some(seen), Some(switch)) if switch.event.at.as_second() >= seen.at.as_second() => {
            if switch.on {
                cx.note(format!(
                    "the identity source was switched after somebody looked: {}",
                    switch.words()
                ));
                Judged::default()
            } else {
                directory
            }
        }
        (Some(seen), _) => Judged {
            source: seen.source,
            provisioning: seen.provisioning,
        },
        (None, Some(switch)) if !switch.on => directory,
        (None, _) => Judged::default(),
    })
}

fn earlier(from: Timestamp, by: Duration) -> Timestamp {
    SignedDuration::try_from(by)
        .ok()
        .and_then(|by| from.checked_sub(by).ok())
        .unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(pairs: &[(&str, &str)]) -> Answer {
        let mut answer = Answer::done();
        for (key, value) in pairs {
            answer.insert(*key, (*value).to_owned().into());
        }
        answer
    }

    fn at() -> Timestamp {
        "2026-01-05T09:00:00Z".parse().unwrap()
    }

    fn switch(on: bool) -> Switch {
        Switch {
            on,
            event: Event {
                id: "1".into(),
                name: if on { ENABLED } else { DISABLED }.into(),
                source: "sso-directory.amazonaws.com".into(),
                at: at(),
                record: json!({ "userIdentity": { "userName": "ops" } }),
            },
        }
    }

    #[test]
    fn what_is_said_is_taken_and_what_follows_from_it() {
        let said = |pairs: &[(&str, &str)]| read(&answer(pairs), None, true, at()).unwrap();
        let directory = said(&[(SOURCE, " Identity-Center ")]);
        assert_eq!(
            (directory.source, directory.provisioning),
            (Some(Source::IdentityCenter), Some(false))
        );
        let provider = said(&[(SOURCE, "this-application"), (PROVISIONING, "on")]);
        assert_eq!(
            (provider.source, provider.provisioning),
            (Some(Source::ThisApplication), Some(true))
        );
        let silent = said(&[]);
        assert_eq!((silent.source, silent.provisioning), (None, None));
        assert_eq!(said(&[(SOURCE, "another-provider")]).provisioning, None);
    }

    #[test]
    fn a_bad_word_is_named() {
        for (key, word) in [(SOURCE, "okta"), (PROVISIONING, "maybe")] {
            let fault = read(&answer(&[(key, word)]), None, true, at()).unwrap_err();
            assert_eq!(fault.kind, Kind::Usage);
            assert!(
                fault.what.contains(word) && fault.what.contains(key) && !fault.hint.is_empty(),
                "{fault}"
            );
        }
    }

    #[test]
    fn active_directory_needs_a_person() {
        let fault = read(&answer(&[(SOURCE, "active-directory")]), None, true, at()).unwrap_err();
        assert_eq!(fault.kind, Kind::NeedsPerson);
        assert!(fault.why.contains("deletes all users"), "{fault}");
    }

    #[test]
    fn cloudtrail_is_held_against_the_answer() {
        let directory = answer(&[(SOURCE, "identity-center")]);
        let fault = read(&directory, Some(&switch(true)), true, at()).unwrap_err();
        assert!(fault.why.contains(ENABLED) && fault.why.contains("ops"), "{fault}");
        assert!(read(&directory, Some(&switch(false)), true, at()).is_ok());
        let silent = read(&answer(&[]), Some(&switch(false)), true, at()).unwrap();
        assert_eq!(silent.source, Some(Source::IdentityCenter));
        let silent = read(&answer(&[]), Some(&switch(true)), true, at()).unwrap();
        assert_eq!(silent.source, None, "which provider it was, nobody said");
    }

    #[test]
    fn an_application_that_was_never_connected_cannot_have_stood_there() {
        let ours = answer(&[(SOURCE, "this-application")]);
        assert_eq!(read(&ours, None, false, at()).unwrap_err().kind, Kind::Conflict);
        assert!(read(&ours, None, true, at()).is_ok());
    }

    #[test]
    fn a_record_of_an_earlier_version_says_nothing() {
        let before: Before = serde_json::from_value(json!({ "at": "2026-01-05T09:00:00Z" })).unwrap();
        assert_eq!((before.source, before.provisioning), (None, None));
    }
}
