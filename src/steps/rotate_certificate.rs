//! A new signing certificate in place of the old one, in the order in which every sign-in works: AWS knows the new one before
//! Entra signs with it, and the old one goes only after somebody has signed in with the new one.
//!
//! A new certificate signs nothing until it is the preferred one, with one exception that the guide names: where the old one
//! has ended already, Entra takes the new one at once.
//! <https://learn.microsoft.com/entra/identity/enterprise-apps/tutorial-manage-certificates-for-federated-single-sign-on>

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    application::{AppIds, EnterpriseApp, principal_of},
    certificate::{Active, ActiveCertificate, Certificate, SigningCertificate, add_certificate, without_certificate},
    identity_source::{IdentitySource, Switched, newest, waiting_for},
    preflight_aws::AwsInstance,
    preflight_entra::{nothing_to_undo, only_looks},
    rotation::{self, Rotation},
    saml_values::{EntraMetadata, IdpFile, ProviderValues, SpValues},
    sign_in::{SignIn, ask_to_sign_in, seen_since, who_signs_in},
    world::{Cx, World},
};
use crate::{
    clients::{
        aws::Instance,
        entra::applications::{KeyCredential, ServicePrincipal},
    },
    engine::{
        any::Phase,
        guide::Guide,
        needs::One,
        step::{About, Difference, Effect, Executor, Gone, Item, Made, Probe, Scope, Step, StepId, Undone},
    },
    fault::{Fault, Kind},
};

/// The step that makes the new certificate.
pub(super) const NEW: StepId = StepId::new("rotate.certificate-new");
/// The step that takes the old certificate from Entra.
pub(super) const OLD: StepId = StepId::new("rotate.certificate-old");
/// The step that has the old certificate deleted at AWS.
pub(super) const OLD_AT_AWS: StepId = StepId::new("rotate.certificate-old-aws");
/// The step that closes the round.
pub(super) const RECORDED: StepId = StepId::new("rotate.certificate-recorded");

/// What CloudTrail shows when AWS gets to know a certificate.
const IMPORTED: &str = "ImportExternalIdPCertificate";
/// What CloudTrail shows when AWS forgets one.
const DELETED: &str = "DeleteExternalIdPCertificate";

/// How far Entra's clock and this one may differ.
const SLACK: SignedDuration = SignedDuration::from_mins(10);

/// The rotation: its own steps, then what closes it.
pub(super) static PHASES: &[&Phase<World>] = &[&TURN, &CLOSE];

static TURN: Phase<World> = Phase {
    title: "A new signing certificate",
    aim: "Entra signs with a new certificate that AWS knows, and the old one is gone on both sides.",
    steps: &[
        &NewCertificate,
        &CertificateImported,
        &NewActive,
        &NewSignIn,
        &OldCertificate,
        &OldAtAws,
    ],
};

static CLOSE: Phase<World> = Phase {
    title: "The new certificate on record",
    aim: "What the set-up recorded names the new certificate.",
    steps: &[&CertificateRecorded],
};

const READ_MORE: &str = "https://docs.aws.amazon.com/singlesignon/latest/userguide/managesamlcerts.html";

fn items(world: &World, target: Option<&str>) -> Vec<Item> {
    rotation::item(Rotation::Certificate, world, target)
}

fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

fn is(key: &KeyCredential, thumbprint: &str) -> bool {
    key.thumbprint().is_some_and(|found| same(&found, thumbprint))
}

fn has(principal: &ServicePrincipal, thumbprint: &str) -> bool {
    principal.key_credentials.iter().any(|key| is(key, thumbprint))
}

fn prefers(principal: &ServicePrincipal, thumbprint: &str) -> bool {
    let preferred = principal.preferred_token_signing_key_thumbprint.as_deref();
    preferred.is_some_and(|preferred| same(preferred, thumbprint))
}

/// A new certificate beside the one that signs.
pub struct NewCertificate;

/// The new certificate, and the one whose place it takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Successor {
    /// Its SHA-1 thumbprint, upper-case hexadecimal.
    pub thumbprint: String,
    /// When it ends.
    pub not_after: Option<Timestamp>,
    /// The thumbprint of the one that signs until then.
    pub replaces: String,
}

type NewGot = (AppIds, Certificate, Active);

impl NewCertificate {
    /// The one that signs now.
    fn old(principal: &ServicePrincipal) -> Result<String, Fault> {
        let preferred = principal.preferred_token_signing_key_thumbprint.clone();
        preferred.filter(|found| !found.is_empty()).ok_or_else(|| {
            Fault::new(Kind::Conflict, "No certificate of the application is the active one")
                .why("what signs now is not known, so nothing can safely take its place")
                .hint("Run `fedwiz apply` first: it makes one active.")
        })
    }

    /// What a call of this step made, if its answer was lost: it bears our name, is young, and signs nothing.
    fn made_since<'p>(
        world: &World,
        principal: &'p ServicePrincipal,
        recorded: &Certificate,
        since: Timestamp,
    ) -> Option<&'p KeyCredential> {
        let name = SigningCertificate::name(world);
        let began =
            |key: &KeyCredential| -> Option<Timestamp> { key.rest.get("startDateTime")?.as_str()?.parse().ok() };
        let fits = |key: &&KeyCredential| {
            key.display_name.as_deref() == Some(&name)
                && began(key).is_some_and(|began| began >= since - SLACK)
                && !is(key, &recorded.thumbprint)
                && !key
                    .thumbprint()
                    .is_some_and(|thumbprint| prefers(principal, &thumbprint))
        };
        principal.key_credentials.iter().find(fits)
    }
}

impl Step<World> for NewCertificate {
    const ABOUT: About = About {
        id: NEW,
        title: "Make a new signing certificate",
        why: "It signs nothing yet: AWS gets to know it while the old one still signs.",
        executor: Executor::Graph,
        scope: Scope::Target,
        effect: Effect::Changes,
        proof: "GET the service principal: its keys hold the new thumbprint, and another one is preferred",
        undo: "Takes the new certificate's keys and password from the service principal.",
        read_more: "https://learn.microsoft.com/graph/api/serviceprincipal-addtokensigningcertificate",
    };
    type Needs = (One<EnterpriseApp>, One<SigningCertificate>, One<ActiveCertificate>);
    type Output = Successor;

    fn items(&self, world: &World, target: Option<&str>) -> Vec<Item> {
        items(world, target)
    }

    async fn probe(
        &self,
        cx: &Cx,
        (app, recorded, _): &NewGot,
        known: Option<&Successor>,
    ) -> Result<Probe<Successor>, Fault> {
        let principal = principal_of(cx, app).await?;
        let found = match (known, cx.started_at()) {
            (Some(known), _) => has(&principal, &known.thumbprint).then(|| known.clone()),
            (None, None) => None,
            (None, Some(since)) => match Self::made_since(cx.world(), &principal, recorded, since) {
                None => None,
                Some(key) => Some(Successor {
                    thumbprint: key.thumbprint().unwrap_or_default(),
                    not_after: key.end_date_time,
                    replaces: Self::old(&principal)?,
                }),
            },
        };
        Ok(found.map_or(Probe::Absent, |found| {
            let proof = format!("key {} is on the service principal", found.thumbprint);
            Probe::present(found, proof)
        }))
    }

    async fn apply(&self, cx: &Cx, (app, ..): &NewGot, _: Option<&Successor>) -> Result<Successor, Fault> {
        let principal = principal_of(cx, app).await?;
        let replaces = Self::old(&principal)?;
        let ended = |key: &&KeyCredential| is(key, &replaces) && key.end_date_time.is_some_and(|end| end <= cx.now());
        if principal.key_credentials.iter().any(|key| ended(&key)) {
            cx.note("the certificate that signs has ended: Entra takes the new one at once, and sign-ins fail until AWS has it");
        }
        let made = add_certificate(cx, app).await?;
        Ok(Successor {
            thumbprint: made.thumbprint,
            not_after: made.not_after,
            replaces,
        })
    }

    async fn undo(&self, cx: &Cx, (app, ..): &NewGot, made: &Made<Successor>) -> Result<Undone, Fault> {
        let Some(principal) = cx.world().entra.service_principal(&app.principal).await? else {
            return Ok(Undone::AlreadyGone);
        };
        let thumbprint = &made.output.thumbprint;
        if prefers(&principal, thumbprint) {
            return Ok(Undone::Kept(
                "Entra signs with it: it stays until another one is active".into(),
            ));
        }
        let Some(fields) = without_certificate(&principal, thumbprint) else {
            return Ok(Undone::AlreadyGone);
        };
        let entra = &cx.world().entra;
        entra.patch_service_principal(&app.principal, &fields).await?;
        Ok(Undone::Removed)
    }

    async fn gone(&self, cx: &Cx, (app, ..): &NewGot, made: &Made<Successor>) -> Result<Gone, Fault> {
        let found = cx.world().entra.service_principal(&app.principal).await?;
        Ok(match found {
            Some(principal) if has(&principal, &made.output.thumbprint) => Gone::No,
            _ => Gone::Yes("no key of the service principal has its thumbprint".into()),
        })
    }
}

/// AWS knows the new certificate.
pub struct CertificateImported;

/// A certificate that AWS got to know, or forgot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtAws {
    /// Its thumbprint.
    pub thumbprint: String,
    /// When; until CloudTrail tells, when it was asked for.
    pub at: Timestamp,
    /// The event that proves it.
    pub event: Option<String>,
}

/// Looks in CloudTrail for what a person was asked to do with a certificate.
async fn seen_at_aws(
    cx: &Cx,
    instance: &Instance,
    event: &'static str,
    thumbprint: &str,
    known: Option<&AtAws>,
) -> Result<Probe<AtAws>, Fault> {
    let known = known.filter(|known| same(&known.thumbprint, thumbprint));
    if let Some(known) = known.filter(|known| known.event.is_some()) {
        return Ok(Probe::present(
            known.clone(),
            format!("CloudTrail showed {event} at {:.0}", known.at),
        ));
    }
    let Some(since) = known.map(|known| known.at).or(cx.started_at()) else {
        return Ok(Probe::CannotTell(
            "no public AWS call shows the certificates that it knows".into(),
        ));
    };
    Ok(match newest(cx, instance, event, since).await? {
        Some(found) => {
            let proof = format!("CloudTrail shows {event} at {:.0}", found.at);
            let seen = AtAws {
                thumbprint: thumbprint.to_owned(),
                at: found.at,
                event: Some(found.id),
            };
            Probe::present(seen, proof)
        }
        None if known.is_some() => Probe::Pending(waiting_for(event)),
        // Somebody was asked, and may have done it: it is asked for again, or taken back.
        None => Probe::Drifted {
            found: AtAws {
                thumbprint: thumbprint.to_owned(),
                at: since,
                event: None,
            },
            differences: vec![Difference::new(event, "not seen", "seen in CloudTrail")],
        },
    })
}

type ImportedGot = (AppIds, Instance, Successor);

impl Step<World> for CertificateImported {
    const ABOUT: About = About {
        id: StepId::new("rotate.certificate-import"),
        title: "Let AWS know the new certificate",
        why: "AWS believes every certificate that it was given, so both work from here on.",
        executor: Executor::Human,
        scope: Scope::Target,
        effect: Effect::Changes,
        proof: "CloudTrail shows ImportExternalIdPCertificate, newer than the step's start",
        undo: "A person deletes the new certificate in AWS.",
        read_more: READ_MORE,
    };
    type Needs = (One<EnterpriseApp>, One<AwsInstance>, One<NewCertificate>);
    type Output = AtAws;

    fn items(&self, world: &World, target: Option<&str>) -> Vec<Item> {
        items(world, target)
    }

    async fn probe(
        &self,
        cx: &Cx,
        (_, instance, new): &ImportedGot,
        known: Option<&AtAws>,
    ) -> Result<Probe<AtAws>, Fault> {
        seen_at_aws(cx, instance, IMPORTED, &new.thumbprint, known).await
    }

    async fn apply(&self, cx: &Cx, (app, instance, new): &ImportedGot, _: Option<&AtAws>) -> Result<AtAws, Fault> {
        let base64 = public_part(&principal_of(cx, app).await?, &new.thumbprint)?;
        let path = hand_out(cx, &base64).await?;
        let at = cx.started_at().unwrap_or_else(|| cx.now());
        let guide = import_guide(cx.target(), instance, new, &path.display().to_string(), &base64);
        cx.ask(guide).await?;
        Ok(AtAws {
            thumbprint: new.thumbprint.clone(),
            at,
            event: None,
        })
    }

    async fn undo(&self, cx: &Cx, (_, instance, new): &ImportedGot, made: &Made<AtAws>) -> Result<Undone, Fault> {
        cx.ask(delete_guide(cx.target(), instance, "new", &new.thumbprint))
            .await?;
        if made.output.event.is_none() {
            // Nobody saw it come, so nobody may see it go.
            cx.take_word();
        }
        Ok(Undone::Removed)
    }

    async fn gone(&self, cx: &Cx, (_, instance, _): &ImportedGot, _: &Made<AtAws>) -> Result<Gone, Fault> {
        gone_at_aws(cx, instance).await
    }
}

/// Whether a certificate was deleted at AWS since taking back was begun.
async fn gone_at_aws(cx: &Cx, instance: &Instance) -> Result<Gone, Fault> {
    let Some(since) = cx.started_at() else {
        return Ok(Gone::No);
    };
    Ok(match newest(cx, instance, DELETED, since).await? {
        Some(event) => Gone::Yes(format!("CloudTrail shows {DELETED} at {:.0}", event.at).into()),
        None => Gone::Pending(waiting_for(DELETED)),
    })
}

/// The public part of a certificate, DER in base64. Entra gives it only where it is asked for by name.
fn public_part(principal: &ServicePrincipal, thumbprint: &str) -> Result<String, Fault> {
    let keys = principal.key_credentials.iter().filter(|key| is(key, thumbprint));
    let mut texts = keys.filter_map(|key| key.rest.get("key")?.as_str());
    texts.find(|text| !text.is_empty()).map(str::to_owned).ok_or_else(|| {
        Fault::new(Kind::Answer, "Microsoft Graph does not give the new certificate")
            .why(format!("the key {thumbprint} has no public part"))
            .hint("Download it in the portal: Single sign-on > SAML certificates, and import it in AWS.")
    })
}

/// Writes the certificate to a file that a person can upload.
async fn hand_out(cx: &Cx, base64: &str) -> Result<PathBuf, Fault> {
    let world = cx.world();
    let name = format!("entra-certificate-{}-{}.pem", world.profile.federation, cx.target());
    let path = world.handouts.join(name);
    let lines: Vec<&str> = (0..base64.len())
        .step_by(64)
        .filter_map(|at| base64.get(at..base64.len().min(at + 64)))
        .collect();
    let pem = format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        lines.join("\n")
    );
    let write = async {
        tokio::fs::create_dir_all(&world.handouts).await?;
        tokio::fs::write(&path, pem).await
    };
    write.await.map_err(|error| {
        Fault::new(Kind::File, format!("{} cannot be written", path.display())).why(error.to_string())
    })?;
    Ok(path)
}

/// Entra signs with the new certificate.
pub struct NewActive;

type ActiveGot = (AppIds, Successor, AtAws);

impl Step<World> for NewActive {
    const ABOUT: About = About {
        id: StepId::new("rotate.certificate-active"),
        title: "Sign with the new certificate",
        why: "AWS knows both by now, so it makes no difference to anybody who signs in.",
        executor: Executor::Graph,
        scope: Scope::Target,
        effect: Effect::Changes,
        proof: "GET the service principal: preferredTokenSigningKeyThumbprint is the new one's",
        undo: "Signs with the old certificate again.",
        read_more: "https://learn.microsoft.com/graph/application-saml-sso-configure-api",
    };
    type Needs = (One<EnterpriseApp>, One<NewCertificate>, One<CertificateImported>);
    type Output = Active;

    fn items(&self, world: &World, target: Option<&str>) -> Vec<Item> {
        items(world, target)
    }

    async fn probe(&self, cx: &Cx, (app, new, _): &ActiveGot, _: Option<&Active>) -> Result<Probe<Active>, Fault> {
        let principal = principal_of(cx, app).await?;
        let found = Active {
            thumbprint: principal.preferred_token_signing_key_thumbprint.clone(),
        };
        if prefers(&principal, &new.thumbprint) {
            return Ok(Probe::present(found, format!("{} is preferred", new.thumbprint)));
        }
        let there = found.thumbprint.clone().unwrap_or_default();
        let differences = vec![Difference::new(
            "preferredTokenSigningKeyThumbprint",
            there,
            new.thumbprint.clone(),
        )];
        Ok(Probe::Drifted { found, differences })
    }

    async fn apply(&self, cx: &Cx, (app, new, _): &ActiveGot, _: Option<&Active>) -> Result<Active, Fault> {
        prefer(cx, app, &new.thumbprint).await
    }

    async fn undo(&self, cx: &Cx, (app, new, _): &ActiveGot, _: &Made<Active>) -> Result<Undone, Fault> {
        prefer(cx, app, &new.replaces).await?;
        Ok(Undone::Restored)
    }

    async fn gone(&self, cx: &Cx, (app, new, _): &ActiveGot, _: &Made<Active>) -> Result<Gone, Fault> {
        let principal = principal_of(cx, app).await?;
        Ok(if prefers(&principal, &new.thumbprint) {
            Gone::No
        } else {
            Gone::Yes("it is preferred no more".into())
        })
    }
}

async fn prefer(cx: &Cx, app: &AppIds, thumbprint: &str) -> Result<Active, Fault> {
    let fields = json!({ "preferredTokenSigningKeyThumbprint": thumbprint });
    let entra = &cx.world().entra;
    entra.patch_service_principal(&app.principal, &fields).await?;
    Ok(Active {
        thumbprint: Some(thumbprint.to_owned()),
    })
}

/// Somebody signs in with the new certificate.
pub struct NewSignIn;

type SignInGot = (Instance, SpValues, Active);

impl Step<World> for NewSignIn {
    const ABOUT: About = About {
        id: StepId::new("rotate.certificate-sign-in"),
        title: "Sign in with the new certificate",
        why: "Only a real sign-in shows that AWS believes the new certificate; until then the old one is there to go back to.",
        executor: Executor::Human,
        scope: Scope::Target,
        effect: Effect::Observes,
        proof: "CloudTrail shows UserAuthentication with EXTERNAL_IDP, newer than the step's start",
        undo: "Nothing to take back: it only looks.",
        read_more: "https://docs.aws.amazon.com/singlesignon/latest/userguide/rotatesamlcert.html",
    };
    type Needs = (One<AwsInstance>, One<ProviderValues>, One<NewActive>);
    type Output = SignIn;

    fn items(&self, world: &World, target: Option<&str>) -> Vec<Item> {
        items(world, target)
    }

    async fn probe(&self, cx: &Cx, (instance, ..): &SignInGot, known: Option<&SignIn>) -> Result<Probe<SignIn>, Fault> {
        seen_since(cx, instance, known, &who_signs_in(cx.world())).await
    }

    async fn apply(&self, cx: &Cx, (_, values, _): &SignInGot, _: Option<&SignIn>) -> Result<SignIn, Fault> {
        let upn = who_signs_in(cx.world());
        let at = cx.started_at().unwrap_or_else(|| cx.now());
        ask_to_sign_in(cx, &upn, values).await?;
        Ok(SignIn {
            upn,
            at,
            event: None,
            as_found: false,
        })
    }

    async fn undo(&self, _: &Cx, _: &SignInGot, _: &Made<SignIn>) -> Result<Undone, Fault> {
        nothing_to_undo()
    }
}

/// The old certificate leaves Entra.
pub struct OldCertificate;

type OldGot = (AppIds, Successor, SignIn);

impl Step<World> for OldCertificate {
    const ABOUT: About = About {
        id: OLD,
        title: "Take the old certificate from Entra",
        why: "A key that signs nothing any more is only of use to somebody who should not have it.",
        executor: Executor::Graph,
        scope: Scope::Target,
        effect: Effect::Changes,
        proof: "GET the service principal: no key has the old thumbprint",
        undo: "A certificate that is removed does not come back.",
        read_more: "https://learn.microsoft.com/graph/api/serviceprincipal-update",
    };
    type Needs = (One<EnterpriseApp>, One<NewCertificate>, One<NewSignIn>);
    type Output = Certificate;

    fn items(&self, world: &World, target: Option<&str>) -> Vec<Item> {
        items(world, target)
    }

    async fn probe(
        &self,
        cx: &Cx,
        (app, new, _): &OldGot,
        _: Option<&Certificate>,
    ) -> Result<Probe<Certificate>, Fault> {
        let principal = principal_of(cx, app).await?;
        let removed = Certificate {
            thumbprint: new.replaces.clone(),
            not_after: None,
        };
        Ok(if has(&principal, &new.replaces) {
            Probe::Absent
        } else {
            Probe::present(removed, format!("no key has the thumbprint {}", new.replaces))
        })
    }

    async fn apply(&self, cx: &Cx, (app, new, _): &OldGot, _: Option<&Certificate>) -> Result<Certificate, Fault> {
        let principal = principal_of(cx, app).await?;
        if !prefers(&principal, &new.thumbprint) {
            return Err(Fault::new(Kind::Conflict, "Entra does not sign with the new certificate any more")
                .why("somebody has made another one active meanwhile")
                .hint("Make the new one active again, or take the rotation back: `fedwiz rotate certificate --cancel`."));
        }
        if let Some(fields) = without_certificate(&principal, &new.replaces) {
            let entra = &cx.world().entra;
            entra.patch_service_principal(&app.principal, &fields).await?;
        }
        Ok(Certificate {
            thumbprint: new.replaces.clone(),
            not_after: None,
        })
    }

    async fn undo(&self, _: &Cx, _: &OldGot, _: &Made<Certificate>) -> Result<Undone, Fault> {
        Ok(Undone::Kept("a certificate that is removed does not come back".into()))
    }
}

/// AWS forgets the old certificate.
pub struct OldAtAws;

type OldAtAwsGot = (Instance, Successor, Certificate);

impl Step<World> for OldAtAws {
    const ABOUT: About = About {
        id: OLD_AT_AWS,
        title: "Have AWS forget the old certificate",
        why: "AWS believes every certificate that it was given until somebody deletes it there.",
        executor: Executor::Human,
        scope: Scope::Target,
        effect: Effect::Changes,
        proof: "CloudTrail shows DeleteExternalIdPCertificate, newer than the step's start",
        undo: "A certificate that is removed does not come back.",
        read_more: READ_MORE,
    };
    type Needs = (One<AwsInstance>, One<NewCertificate>, One<OldCertificate>);
    type Output = AtAws;

    fn items(&self, world: &World, target: Option<&str>) -> Vec<Item> {
        items(world, target)
    }

    async fn probe(
        &self,
        cx: &Cx,
        (instance, new, _): &OldAtAwsGot,
        known: Option<&AtAws>,
    ) -> Result<Probe<AtAws>, Fault> {
        seen_at_aws(cx, instance, DELETED, &new.replaces, known).await
    }

    async fn apply(&self, cx: &Cx, (instance, new, _): &OldAtAwsGot, _: Option<&AtAws>) -> Result<AtAws, Fault> {
        let at = cx.started_at().unwrap_or_else(|| cx.now());
        cx.ask(delete_guide(cx.target(), instance, "old", &new.replaces))
            .await?;
        Ok(AtAws {
            thumbprint: new.replaces.clone(),
            at,
            event: None,
        })
    }

    async fn undo(&self, _: &Cx, _: &OldAtAwsGot, _: &Made<AtAws>) -> Result<Undone, Fault> {
        Ok(Undone::Kept("a certificate that is removed does not come back".into()))
    }
}

/// The set-up's record names the new certificate.
pub struct CertificateRecorded;

type RecordedGot = (Successor, AtAws, Certificate, Active, IdpFile, Switched);

impl Step<World> for CertificateRecorded {
    const ABOUT: About = About {
        id: RECORDED,
        title: "Close the rotation",
        why: "What was set up is on record with its certificate: the record must speak of the new one.",
        executor: Executor::Wait,
        scope: Scope::Target,
        effect: Effect::Observes,
        proof: "The records of certificate, metadata and identity source have the new thumbprint",
        undo: "Nothing to take back: it only looks.",
        read_more: READ_MORE,
    };
    type Needs = (
        One<NewCertificate>,
        One<OldAtAws>,
        One<SigningCertificate>,
        One<ActiveCertificate>,
        One<EntraMetadata>,
        One<IdentitySource>,
    );
    type Output = Successor;

    fn items(&self, world: &World, target: Option<&str>) -> Vec<Item> {
        items(world, target)
    }

    async fn probe(
        &self,
        _: &Cx,
        (new, _, certificate, active, file, switched): &RecordedGot,
        _: Option<&Successor>,
    ) -> Result<Probe<Successor>, Fault> {
        let named = [
            ("entra.certificate", same(&certificate.thumbprint, &new.thumbprint)),
            (
                "entra.certificate-active",
                active
                    .thumbprint
                    .as_deref()
                    .is_some_and(|found| same(found, &new.thumbprint)),
            ),
            ("saml.idp-metadata", same(&file.signs_with, &new.thumbprint)),
            ("saml.identity-source", switched.event.is_none() || switched.knows(file)),
        ];
        Ok(match named.iter().find(|(_, named)| !named) {
            None => Probe::present(new.clone(), format!("{} is on record", new.thumbprint)),
            Some((step, _)) => {
                Probe::CannotTell(format!("the record of `{step}` speaks of another certificate").into())
            }
        })
    }

    async fn apply(&self, _: &Cx, _: &RecordedGot, _: Option<&Successor>) -> Result<Successor, Fault> {
        only_looks(Self::ABOUT.id)
    }

    async fn undo(&self, _: &Cx, _: &RecordedGot, _: &Made<Successor>) -> Result<Undone, Fault> {
        nothing_to_undo()
    }
}

/// The way to the certificates in AWS's console.
fn at_certificates(guide: Guide, instance: &Instance) -> Guide {
    guide
        .open(instance.console_page("settings"))
        .say(format!(
            "In the IAM Identity Center console, Region {}, choose Settings, then the Identity source tab.",
            instance.region
        ))
        .say("Choose Actions > Manage authentication.")
}

/// How a person lets AWS know a certificate.
fn import_guide(target: &str, instance: &Instance, new: &Successor, path: &str, base64: &str) -> Guide {
    let guide = Guide::new("Import the new certificate in AWS")
        .consequences("Nothing changes for anybody: AWS believes the old certificate and the new one from then on.")
        .way_back("Actions > Manage authentication: delete the new certificate, and leave the old one.");
    let guide = at_certificates(guide, instance)
        .say("Under Manage SAML 2.0 certificates choose Import certificate, and take the file named below.")
        .say("Do not delete the old certificate yet: Entra still signs with it.")
        .value("Certificate file", path)
        .value("Thumbprint (SHA-1)", &new.thumbprint);
    let guide = match new.not_after {
        Some(end) => guide.value("Valid until", format!("{end:.0}")),
        None => guide,
    };
    guide.click(
        "aws.import-certificate",
        json!({ "target": target, "certificate": base64 }),
    )
}

/// How a person has AWS forget a certificate.
fn delete_guide(target: &str, instance: &Instance, which: &str, thumbprint: &str) -> Guide {
    let guide = Guide::new(format!("Delete the {which} certificate in AWS")).consequences(format!(
        "Nothing changes for anybody: Entra does not sign with the {which} certificate."
    ));
    at_certificates(guide, instance)
        .say(format!(
            "Choose the {which} certificate, by the thumbprint or the dates below, then Delete. Leave the other one."
        ))
        .value("Thumbprint (SHA-1)", thumbprint)
        .click(
            "aws.delete-certificate",
            json!({ "target": target, "thumbprint": thumbprint }),
        )
}
