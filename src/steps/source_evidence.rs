//! What tells of an identity source that stood before fedwiz, and whether it still stands. No public call shows it; CloudTrail
//! shows the switch for ninety days, and what only works after it.

use jiff::{SignedDuration, Timestamp};

use super::{
    identity_source::{DISABLED, ENABLED, Switched, newest},
    saml_values::{IdpFile, SpValues},
    sign_in::{SIGNED_IN, is_external_sign_in},
    stood_before::{EVENTS_ARE_KEPT, Judged, Source},
    world::Cx,
};
use crate::{
    clients::{
        aws::{Event, EventQuery, Instance},
        saml::IdpMetadata,
    },
    engine::step::{Difference, Probe},
    fault::Fault,
};

/// Where SCIM calls appear in CloudTrail.
/// <https://docs.aws.amazon.com/singlesignon/latest/userguide/scim-logging-using-cloudtrail.html>
const SCIM_EVENTS: &str = "identitystore-scim.amazonaws.com";

/// Takes the identity source over as it is.
pub(super) async fn adopt(
    cx: &Cx,
    instance: &Instance,
    file: &IdpFile,
    values: &SpValues,
) -> Result<Probe<Switched>, Fault> {
    let Some(before) = &values.before else {
        return Ok(Probe::Absent);
    };
    let judged = Judged {
        source: Some(Source::ThisApplication),
        provisioning: before.provisioning,
    };
    let seen = Evidence::gather(cx, instance).await?;
    let given = seen.certificates(file);
    let as_found = |given| Switched {
        as_found: true,
        ..Switched::new(cx.now(), None, judged, given)
    };
    Ok(match seen {
        Evidence::Switched(event) => {
            let proof = format!(
                "CloudTrail shows {ENABLED} at {:.0} by {}, and no switch since; this application holds the instance's \
                 addresses",
                event.at,
                event.who().unwrap_or("somebody")
            );
            Probe::present(Switched::new(event.at, Some(event.id), judged, given), proof)
        }
        Evidence::SwitchedOff(at) => Probe::CannotTell(format!("CloudTrail shows {DISABLED} at {at:.0}").into()),
        Evidence::SignedIn(at) => {
            let proof = format!("CloudTrail shows a sign-in through an external provider at {at:.0}");
            Probe::present(as_found(given), proof)
        }
        Evidence::Provisioned(at) => {
            let proof = format!(
                "CloudTrail shows SCIM calls at {at:.0}, which AWS takes with an external provider only; this application \
                 holds the instance's addresses"
            );
            Probe::present(as_found(given), proof)
        }
        Evidence::None => {
            cx.take_word();
            let proof = "nobody saw it: this application holds the instance's addresses, and CloudTrail tells nothing \
                         any more";
            Probe::present(as_found(given), proof)
        }
    })
}

/// Since when CloudTrail has events.
pub(super) fn kept_since(cx: &Cx) -> Timestamp {
    let kept = SignedDuration::try_from(EVENTS_ARE_KEPT).unwrap_or(SignedDuration::MAX);
    cx.now().checked_sub(kept).unwrap_or(Timestamp::MIN)
}

/// What CloudTrail tells of an identity source that stood before fedwiz, the best of it.
enum Evidence {
    /// It was switched on, and not off since.
    Switched(Event),
    /// It was switched off, and not on since.
    SwitchedOff(Timestamp),
    /// Somebody signed in through it.
    SignedIn(Timestamp),
    /// Provisioning wrote something.
    Provisioned(Timestamp),
    /// Nothing.
    None,
}

impl Evidence {
    async fn gather(cx: &Cx, instance: &Instance) -> Result<Self, Fault> {
        let since = kept_since(cx);
        let (on, off) = (
            newest(cx, instance, ENABLED, since).await?,
            newest(cx, instance, DISABLED, since).await?,
        );
        match (on, off) {
            (Some(on), off) if off.as_ref().is_none_or(|off| on.at >= off.at) => return Ok(Self::Switched(on)),
            (_, Some(off)) => return Ok(Self::SwitchedOff(off.at)),
            _ => {}
        }
        let aws = &cx.world().target(cx.target())?.aws;
        let events = aws
            .lookup_events(&instance.region, EventQuery::Named(SIGNED_IN), since)
            .await?;
        if let Some(event) = events.iter().find(|event| is_external_sign_in(event)) {
            return Ok(Self::SignedIn(event.at));
        }
        let events = aws
            .lookup_events(&instance.region, EventQuery::From(SCIM_EVENTS), since)
            .await?;
        let good = events.iter().find(|event| event.error_code().is_none());
        Ok(good.map_or(Self::None, |event| Self::Provisioned(event.at)))
    }

    /// The certificates that AWS must know: with a sign-in later than the only certificate there is, that one.
    fn certificates(&self, file: &IdpFile) -> Vec<String> {
        let Self::SignedIn(at) = self else { return Vec::new() };
        let Ok(metadata) = IdpMetadata::parse(file.xml.as_bytes()) else {
            return Vec::new();
        };
        match &metadata.certificates[..] {
            [only] if only.not_before < *at => vec![only.sha1.clone()],
            _ => Vec::new(),
        }
    }
}

/// Whether what was found when it was adopted may still stand.
pub(super) async fn still_as_found(cx: &Cx, instance: &Instance, known: &Switched) -> Result<Probe<Switched>, Fault> {
    if let Some(event) = newest(cx, instance, DISABLED, known.at).await?
        && event.at > known.at
    {
        return Ok(Probe::Absent);
    }
    if let Some(event) = newest(cx, instance, ENABLED, known.at).await?
        && event.at > known.at
    {
        let who = event.who().unwrap_or("somebody");
        let found = format!("set anew at {:.0} by {who}", event.at);
        return Ok(Probe::Drifted {
            found: known.clone(),
            differences: vec![Difference::new("identity source", found, "as it was adopted")],
        });
    }
    Ok(Probe::CannotTell(
        "as it was adopted: no public AWS call shows the identity source, and CloudTrail no switch since".into(),
    ))
}
