//! The switch: AWS lets Entra sign people in. A person does it, CloudTrail proves it.

use std::{path::PathBuf, time::Duration};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    by_hand::{Known, instance},
    preflight_aws::{AwsInstance, BreakGlass},
    rotate_certificate::{AtAws, CertificateImported, OldAtAws},
    saml_endpoints::{Endpoints, SamlEndpoints},
    saml_values::{EntraMetadata, IdpFile, ProviderValues, SpValues, idp_file},
    scim_token::{keep_token, token_fields},
    source_evidence,
    stood_before::{Judged, SOURCE, Source, judge, read_source},
    world::{Cx, World},
};
use crate::{
    clients::aws::{Event, EventQuery, Instance},
    engine::{
        declared::Declared,
        guide::{Entry, Guide},
        known::ByHand,
        needs::{After, All, One},
        step::{About, Difference, Effect, Evidence, Executor, Gone, Made, Probe, Scope, Step, StepId, Undone, Wait},
    },
    fault::{Fault, Kind, Text},
};

/// What CloudTrail shows when an external identity provider is switched on.
pub(super) const ENABLED: &str = "EnableExternalIdPConfigurationForDirectory";
/// What CloudTrail shows when it is switched off.
pub(super) const DISABLED: &str = "DisableExternalIdPConfigurationForDirectory";

/// What CloudTrail shows when Active Directory is connected.
const CONNECTED: &str = "AssociateDirectory";
/// A switch to an external provider may show that event, too, in the same visit.
const SAME_VISIT: SignedDuration = SignedDuration::from_mins(5);

/// Events come minutes after the action.
pub(super) fn waiting_for(event: &'static str) -> Wait {
    Wait {
        why: "CloudTrail to show it; events come some minutes late".into(),
        ends_when: Text::Owned(format!("CloudTrail shows {event}")),
        every: Duration::from_secs(15),
        limit: Duration::from_secs(30 * 60),
    }
}

/// The newest good event of this name since a moment. CloudTrail counts in whole seconds.
pub(super) async fn newest(cx: &Cx, instance: &Instance, name: &str, since: Timestamp) -> Result<Option<Event>, Fault> {
    let since = Timestamp::from_second(since.as_second()).unwrap_or(since);
    let events = cx
        .world()
        .target(cx.target())?
        .aws
        .lookup_events(&instance.region, EventQuery::Named(name), since)
        .await?;
    Ok(events.into_iter().find(|event| event.error_code().is_none()))
}

/// Entra as the identity source of Identity Center.
pub struct IdentitySource;

/// The switch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switched {
    /// When it was done; until CloudTrail tells, when it was asked for.
    pub at: Timestamp,
    /// The event that proves it.
    pub event: Option<String>,
    /// The identity source before; none when nobody knows, as in what earlier versions wrote down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Source>,
    /// Whether automatic provisioning was on before; none when nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provisioning_before: Option<bool>,
    /// The thumbprints of the certificates that AWS was given; none in what earlier versions wrote down.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub given: Vec<String>,
    /// It stood before fedwiz, and no event tells of it any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub as_found: bool,
}

impl Switched {
    pub(super) fn new(at: Timestamp, event: Option<String>, judged: Judged, given: Vec<String>) -> Self {
        Self {
            given,
            at,
            event,
            before: judged.source,
            provisioning_before: judged.provisioning,
            as_found: false,
        }
    }

    /// Whether AWS was given the certificate that signs, as far as anybody knows.
    pub(super) fn knows(&self, file: &IdpFile) -> bool {
        let signs = |known: &String| known.eq_ignore_ascii_case(&file.signs_with);
        self.given.is_empty() || file.signs_with.is_empty() || self.given.iter().any(signs)
    }

    /// The same switch, with the certificates that AWS has got to know and has forgotten since.
    fn since(&self, imported: &[(String, AtAws)], forgotten: &[(String, AtAws)]) -> Self {
        let mut given = self.given.clone();
        for (_, new) in imported {
            if !given.iter().any(|known| known.eq_ignore_ascii_case(&new.thumbprint)) {
                given.push(new.thumbprint.clone());
            }
        }
        given.retain(|known| {
            !forgotten
                .iter()
                .any(|(_, old)| old.thumbprint.eq_ignore_ascii_case(known))
        });
        Self { given, ..self.clone() }
    }

    fn judged(&self) -> Judged {
        Judged {
            source: self.before,
            provisioning: self.provisioning_before,
        }
    }
}

type SourceGot = (
    Instance,
    IdpFile,
    SpValues,
    Endpoints,
    (),
    (),
    Vec<(String, AtAws)>,
    Vec<(String, AtAws)>,
);

impl IdentitySource {
    /// Writes the metadata to a file that a person can upload.
    async fn hand_out(cx: &Cx, file: &IdpFile) -> Result<PathBuf, Fault> {
        let world = cx.world();
        let path = world.handouts.join(format!(
            "entra-metadata-{}-{}.xml",
            world.profile.federation,
            cx.target()
        ));
        let write = async {
            tokio::fs::create_dir_all(&world.handouts).await?;
            tokio::fs::write(&path, &file.xml).await
        };
        write.await.map_err(|error| {
            Fault::new(Kind::File, format!("{} cannot be written", path.display())).why(error.to_string())
        })?;
        Ok(path)
    }
}

impl Step<World> for IdentitySource {
    const ABOUT: About = About {
        id: StepId::new("saml.identity-source"),
        title: "Make Entra the identity source",
        why: "From here on AWS sends everybody to Entra to sign in.",
        executor: Executor::Human,
        scope: Scope::Target,
        effect: Effect::Changes,
        proof: "CloudTrail shows EnableExternalIdPConfigurationForDirectory, newer than the step's start",
        undo: "A person changes the identity source back to what it was; CloudTrail proves it. This application stays if it \
               was it before.",
        read_more: "https://docs.aws.amazon.com/singlesignon/latest/userguide/manage-your-identity-source-change.html",
    };
    type Needs = (
        One<AwsInstance>,
        One<EntraMetadata>,
        One<ProviderValues>,
        One<SamlEndpoints>,
        After<BreakGlass>,
        After<super::name_id::NameIdClaim>,
        All<CertificateImported>,
        All<OldAtAws>,
    );
    type Output = Switched;

    async fn probe(
        &self,
        cx: &Cx,
        (instance, file, values, _, _, _, imported, forgotten): &SourceGot,
        known: Option<&Switched>,
    ) -> Result<Probe<Switched>, Fault> {
        let known = known.map(|known| known.since(imported, forgotten));
        let known = known.as_ref();
        let cannot_tell = Probe::CannotTell("no public AWS call shows the identity source".into());
        if let Some(known) = known.filter(|known| known.as_found) {
            return source_evidence::still_as_found(cx, instance, known).await;
        }
        // What the journal knows, or the visit that was asked for a moment ago.
        let Some(since) = known.map(|known| known.at).or(cx.started_at()) else {
            return Ok(cannot_tell);
        };
        if let Some(seen) = known.filter(|known| known.event.is_some()) {
            if let Some(other) = switched_since(cx, instance, seen).await? {
                let who = other.who().unwrap_or("somebody");
                let how = if other.name == CONNECTED {
                    "Active Directory, connected"
                } else {
                    "set anew"
                };
                let found = format!("{how} at {:.0} by {who}", other.at);
                let wanted = format!("as set at {:.0}", seen.at);
                return Ok(Probe::Drifted {
                    found: seen.clone(),
                    differences: vec![Difference::new("identity source", found, wanted)],
                });
            }
            let signs_unknown = |seen: &Switched| Probe::Drifted {
                found: seen.clone(),
                differences: vec![Difference::new(
                    "certificate",
                    seen.given.join(", "),
                    file.signs_with.clone(),
                )],
            };
            return Ok(match newest(cx, instance, DISABLED, seen.at).await? {
                Some(event) if event.at > seen.at => Probe::Absent,
                _ if !seen.knows(file) => signs_unknown(seen),
                _ => {
                    let proof = format!("CloudTrail shows no other switch since {:.0}", seen.at);
                    Probe::present(seen.clone(), proof)
                }
            });
        }
        if known.is_some() && !imported.is_empty() {
            // The switch rests on a person's word; a rotation is no reason to wait for its proof.
            return Ok(cannot_tell);
        }
        Ok(match newest(cx, instance, ENABLED, since).await? {
            Some(event) => {
                let proof = format!(
                    "CloudTrail shows {ENABLED} at {:.0} by {}",
                    event.at,
                    event.who().unwrap_or("somebody")
                );
                let judged = match known {
                    Some(known) => known.judged(),
                    None => judge(cx, instance, values.before.as_ref(), since).await?,
                };
                let given = known.map_or_else(|| file.thumbprints.clone(), |known| known.given.clone());
                let switched = Switched::new(event.at, Some(event.id), judged, given);
                Probe::present(switched, proof)
            }
            None if known.is_some() => Probe::Pending(waiting_for(ENABLED)),
            None => cannot_tell,
        })
    }

    /// What CloudTrail still tells of the switch, or of what only works after it. Where it tells nothing, the addresses that
    /// the application holds have to do, and the operator's word.
    async fn adopt(&self, cx: &Cx, (instance, file, values, ..): &SourceGot) -> Result<Probe<Switched>, Fault> {
        source_evidence::adopt(cx, instance, file, values).await
    }

    async fn apply(
        &self,
        cx: &Cx,
        (instance, file, values, ..): &SourceGot,
        _: Option<&Switched>,
    ) -> Result<Switched, Fault> {
        let path = Self::hand_out(cx, file).await?;
        let asked = cx.started_at().unwrap_or_else(|| cx.now());
        let judged = match cx.as_recorded::<Switched>() {
            Some(recorded) => recorded.judged(),
            None => judge(cx, instance, values.before.as_ref(), asked).await?,
        };
        let answer = cx
            .ask(switch_guide(
                cx.target(),
                instance,
                file,
                values,
                &path.display().to_string(),
                judged.source,
            ))
            .await?;
        // The same visit may bring the token along; it is asked for later if it does not.
        keep_token(cx, instance, &answer).await?;
        Ok(Switched::new(asked, None, judged, file.thumbprints.clone()))
    }

    async fn undo(&self, cx: &Cx, (instance, file, ..): &SourceGot, made: &Made<Switched>) -> Result<Undone, Fault> {
        // A person may have done it before an interruption.
        if is_back(cx, instance, &made.output).await?.is_some() {
            return Ok(Undone::Restored);
        }
        let target = cx.target();
        let stays = || {
            let why = "AWS signed people in through this application before fedwiz came: that stays as it was";
            Ok(Undone::Kept(why.into()))
        };
        match made.output.before {
            Some(Source::ThisApplication) => return stays(),
            Some(Source::IdentityCenter) => drop(cx.ask(revert_guide(target, instance)).await?),
            Some(Source::AnotherProvider) => drop(cx.ask(restore_guide(target, instance, file)).await?),
            None => {
                let answer = cx.ask(unknown_guide(target, instance, file)).await?;
                if read_source(&answer)? == Some(Source::ThisApplication) {
                    return stays();
                }
            }
        }
        Ok(Undone::Restored)
    }

    async fn gone(&self, cx: &Cx, (instance, ..): &SourceGot, made: &Made<Switched>) -> Result<Gone, Fault> {
        Ok(match (is_back(cx, instance, &made.output).await?, made.output.before) {
            (Some(event), _) => Gone::Yes(format!("CloudTrail shows {} at {:.0}", event.name, event.at).into()),
            (None, Some(Source::IdentityCenter)) => Gone::Pending(waiting_for(DISABLED)),
            (None, Some(Source::ThisApplication)) => Gone::No,
            (None, Some(Source::AnotherProvider) | None) => Gone::Pending(waiting_for(ENABLED)),
        })
    }

    fn evidence(&self, switched: &Switched) -> Evidence {
        Evidence {
            cloudtrail: switched.event.clone().into_iter().collect(),
            ..Evidence::default()
        }
    }

    fn by_hand(&self, known: &Known<'_>) -> ByHand {
        let (instance, file) = (instance(known), idp_file(known));
        let values = known.one::<ProviderValues>().unwrap_or_else(|| SpValues {
            issuer: String::new(),
            replies: Vec::new(),
            portal: "the one that you copied".into(),
            before: None,
        });
        let target = known.target();
        let switched = known.one::<Self>();
        let before = switched.as_ref().and_then(|switched| switched.before);
        let up = switch_guide(
            target,
            &instance,
            &file,
            &values,
            "the file that you downloaded from Entra",
            before,
        );
        let ask = switched.is_none();
        ByHand::up(Guide {
            fields: Vec::new(),
            ..up
        })
        .down(match before {
            Some(Source::IdentityCenter) => revert_guide(target, &instance),
            Some(Source::AnotherProvider) => restore_guide(target, &instance, &file),
            None if ask => revert_guide(target, &instance),
            Some(Source::ThisApplication) | None => unknown_guide(target, &instance, &file),
        })
    }

    fn declared(&self, _: &Known<'_>) -> Declared {
        Declared::Not("AWS has no API that changes the identity source: a person does it in the console".into())
    }
}

/// A later switch than the recorded one, to an external provider or to Active Directory, where everything is held to that:
/// which provider it is, no public call shows.
async fn switched_since(cx: &Cx, instance: &Instance, seen: &Switched) -> Result<Option<Event>, Fault> {
    if cx.as_recorded::<Switched>().is_none() {
        return Ok(None);
    }
    let later = newest(cx, instance, ENABLED, seen.at).await?;
    let later = later.filter(|event| event.at > seen.at && seen.event.as_ref() != Some(&event.id));
    let since = later.as_ref().map_or(seen.at, |later| later.at);
    let connected = newest(cx, instance, CONNECTED, since).await?;
    Ok(connected.filter(|event| event.at > since + SAME_VISIT).or(later))
}

/// The event that shows that what stood before the switch stands again: no external provider at all, or, where that may be
/// what stood, one that was switched on since taking back was begun.
async fn is_back(cx: &Cx, instance: &Instance, made: &Switched) -> Result<Option<Event>, Fault> {
    if let Some(event) = newest(cx, instance, DISABLED, made.at).await? {
        return Ok(Some(event));
    }
    match (made.before, cx.started_at()) {
        (Some(Source::AnotherProvider) | None, Some(since)) => newest(cx, instance, ENABLED, since).await,
        _ => Ok(None),
    }
}

/// How a person makes the switch.
fn switch_guide(
    target: &str,
    instance: &Instance,
    file: &IdpFile,
    values: &SpValues,
    path: &str,
    before: Option<Source>,
) -> Guide {
    let guide = Guide::new("Make Entra the identity source of IAM Identity Center")
        .consequences(
            "The moment you confirm, everybody signs in to AWS through Entra. Passwords and MFA devices of Identity Center \
             are asked for no more. Users, groups and assignments stay. Who is not assigned to the application in Entra \
             cannot sign in. Keep another way in open: an IAM user or role that does not come through Identity Center.",
        )
        .way_back(
            "Settings > Identity source > Actions > Change identity source > Identity Center directory, then ACCEPT. Users \
             and assignments stay; who has no Identity Center password needs a password reset.",
        )
        .open(instance.console_page("settings"))
        .say(format!(
            "Go back to the page Configure external identity provider that you left open (Region {}). If it is closed: \
             Settings > Identity source > Actions > Change identity source > External identity provider > Next.",
            instance.region
        ))
        .say("Under Identity provider metadata, at IdP SAML metadata, choose Choose file and take the file named below.")
        .say("Choose Next, read the disclaimer, type ACCEPT, and choose Change identity source.")
        .say(
            "While you are there you may do the next step, too: in the box Automatic provisioning choose Enable, and bring \
             back the SCIM endpoint and the Access token. The token is shown this once only.",
        )
        .value("IdP metadata file", path)
        .value("IdP issuer", &file.entity_id)
        .value("Access portal", &values.portal);
    let guide = match &file.sign_on {
        Some(url) => guide.value("IdP sign-in URL", url),
        None => guide,
    };
    let guide = match before {
        Some(Source::ThisApplication) => guide
            .consequences("AWS uses this application already: nothing changes for people.")
            .say("The file is taken all the same: only the change shows in CloudTrail, and proves it."),
        Some(Source::AnotherProvider) => guide
            .way_back(
                "Settings > Identity source > Actions > Change identity source > External identity provider, with the \
                 metadata file of the provider that is there now. Save that file before you change anything.",
            )
            .say("Before you confirm: have the metadata file of the present provider at hand. It is the way back."),
        Some(Source::IdentityCenter) | None => guide,
    };
    token_fields(guide, true).click(
        "aws.change-identity-source",
        json!({ "idp_metadata": file.xml, "target": target }),
    )
}

/// How a person takes the switch back.
fn revert_guide(target: &str, instance: &Instance) -> Guide {
    Guide::new("Change the identity source back to the Identity Center directory")
        .consequences(
            "Everybody signs in with a password of Identity Center again. Who never had one needs a password reset by an \
             administrator. Users, groups and assignments stay; sessions that are open run on to their end.",
        )
        .way_back("Change the identity source to the external identity provider again, with Entra's metadata file.")
        .open(instance.console_page("settings"))
        .say(format!("In the IAM Identity Center console, Region {}, choose Settings, then the Identity source tab.", instance.region))
        .say("Choose Actions > Change identity source, then Identity Center directory, then Next.")
        .say("Read the disclaimer, type ACCEPT, and choose Change identity source.")
        .click("aws.revert-identity-source", json!({ "target": target }))
}

/// How a person gives AWS back to the provider that was there.
fn restore_guide(target: &str, instance: &Instance, file: &IdpFile) -> Guide {
    Guide::new("Change the identity source back to the provider that was there")
        .consequences(
            "Everybody signs in through the provider that was there before this set-up. Users, groups and assignments stay; \
             sessions that are open run on to their end.",
        )
        .way_back("Change the identity source to this application again, with Entra's metadata file.")
        .open(instance.console_page("settings"))
        .say(format!("In the IAM Identity Center console, Region {}, choose Settings, then the Identity source tab.", instance.region))
        .say("Choose Actions > Change identity source, then External identity provider, then Next.")
        .say("Under Identity provider metadata choose the metadata file of the provider that was there before, not Entra's.")
        .say("Choose Next, type ACCEPT, and choose Change identity source.")
        .click("aws.restore-identity-source", restoring(target, file))
}

/// How a person decides what goes back where nobody wrote down what was there.
fn unknown_guide(target: &str, instance: &Instance, file: &IdpFile) -> Guide {
    Guide::new("Change the identity source back to what it was before this set-up")
        .consequences(
            "Nobody wrote down what was there. Everybody will sign in the way you choose now; if this application goes and \
             AWS still points to it, nobody can sign in through Identity Center.",
        )
        .open(instance.console_page("settings"))
        .say(format!("In the IAM Identity Center console, Region {}, choose Settings, then the Identity source tab.", instance.region))
        .say("If the Identity Center directory was there: Actions > Change identity source > Identity Center directory, ACCEPT.")
        .say("If another external identity provider was there: change to it again, with its own metadata file.")
        .say("If AWS used this very application before: leave it.")
        .field(
            SOURCE,
            "Identity source before",
            "identity-center, another-provider or this-application",
            Entry::Line,
        )
        .click("aws.restore-identity-source", restoring(target, file))
}

fn restoring(target: &str, file: &IdpFile) -> serde_json::Value {
    json!({ "target": target, "idp_metadata": file.xml })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_that_an_earlier_version_wrote_down_says_nothing_of_before() {
        let written = json!({ "at": "2026-01-05T09:00:00Z", "event": "e-1" });
        let read: Switched = serde_json::from_value(written.clone()).unwrap();
        assert_eq!((read.before, read.provisioning_before), (None, None));
        assert_eq!(serde_json::to_value(&read).unwrap(), written);
    }

    #[test]
    fn what_stood_before_is_written_down() {
        let judged = Judged {
            source: Some(Source::AnotherProvider),
            provisioning: Some(true),
        };
        let switched = Switched::new("2026-01-05T09:00:00Z".parse().unwrap(), None, judged, Vec::new());
        let written = serde_json::to_value(&switched).unwrap();
        assert_eq!(written["before"], "another-provider");
        assert_eq!(serde_json::from_value::<Switched>(written).unwrap().judged(), judged);
    }
}
