//! What each side of SAML must know of the other: Entra's metadata, and AWS's service provider values.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;
use url::Url;

use super::{
    application::{AppIds, EnterpriseApp},
    by_hand::{Known, at_the_app, instance, value_if},
    certificate::{Active, ActiveCertificate, Certificate, SigningCertificate},
    preflight_aws::AwsInstance,
    preflight_entra::{EntraSession, Tenant, nothing_to_undo, only_looks},
    stood_before::{self, Before, Source, Switch},
    world::{Cx, World},
};
use crate::{
    clients::{
        aws::{Instance, Partition},
        saml::{self, Binding, IdpMetadata, ServiceProvider, SpMetadata},
    },
    engine::{
        guide::{Answer, Entry, Guide},
        known::ByHand,
        needs::{After, One},
        step::{About, Effect, Executor, Made, Probe, Scope, Step, StepId, Undone, Wait},
    },
    fault::{Fault, Kind},
};

/// Entra's side: the metadata that AWS must have.
pub struct EntraMetadata;

/// Entra's metadata for the application. Certificates are public.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdpFile {
    /// Who signs.
    pub entity_id: String,
    /// Where AWS sends people to sign in.
    pub sign_on: Option<String>,
    /// The signing certificates' SHA-1 thumbprints.
    pub thumbprints: Vec<String>,
    /// The thumbprint of the certificate that signs; empty in what earlier versions wrote down.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub signs_with: String,
    /// When the certificate in use ends.
    pub valid_until: Option<Timestamp>,
    /// The file itself.
    pub xml: String,
}

impl IdpFile {
    fn says_the_same_as(&self, other: &Self) -> bool {
        let says = |file: &Self| {
            let who = (file.entity_id.clone(), file.sign_on.clone());
            (who, file.thumbprints.clone(), file.signs_with.clone(), file.valid_until)
        };
        says(self) == says(other)
    }
}

type MetadataGot = (Tenant, AppIds, Certificate, Active);

impl Step<World> for EntraMetadata {
    const ABOUT: About = About {
        id: StepId::new("saml.idp-metadata"),
        title: "Fetch Entra's metadata",
        why: "AWS learns from it who signs people in, and with which certificate.",
        executor: Executor::Wait,
        scope: Scope::Target,
        effect: Effect::Observes,
        proof: "The federation metadata of the application holds the certificate that signs, and it is valid",
        undo: "Nothing to take back: it only looks.",
        read_more: "https://learn.microsoft.com/graph/application-saml-sso-configure-api",
    };
    type Needs = (
        One<EntraSession>,
        One<EnterpriseApp>,
        One<SigningCertificate>,
        One<ActiveCertificate>,
    );
    type Output = IdpFile;

    async fn probe(
        &self,
        cx: &Cx,
        (tenant, app, certificate, _): &MetadataGot,
        known: Option<&IdpFile>,
    ) -> Result<Probe<IdpFile>, Fault> {
        let text = cx.world().entra.federation_metadata(&tenant.id, &app.app).await?;
        let xml = text.trim_start_matches('\u{feff}').to_owned();
        let metadata = IdpMetadata::parse(xml.as_bytes())?;
        let Some(signing) = metadata.certificate(&certificate.thumbprint) else {
            // Entra serves the certificates it had a moment ago.
            return Ok(Probe::Pending(Wait {
                why: "Entra's metadata to hold the new certificate".into(),
                ends_when: format!("the metadata holds the thumbprint {}", certificate.thumbprint).into(),
                every: Duration::from_secs(5),
                limit: Duration::from_secs(15 * 60),
            }));
        };
        metadata.require_valid(cx.now())?;
        for finding in metadata.findings(cx.now()) {
            cx.note(finding.words());
        }
        let proof = format!(
            "{} signs with {}, valid until {:.0}",
            metadata.entity_id, signing.sha1, signing.not_after
        );
        let file = IdpFile {
            sign_on: metadata
                .sign_on_by(&Binding::HttpRedirect)
                .or_else(|| metadata.sign_on_by(&Binding::HttpPost))
                .map(Url::to_string),
            thumbprints: metadata
                .certificates
                .iter()
                .map(|certificate| certificate.sha1.clone())
                .collect(),
            signs_with: signing.sha1.clone(),
            valid_until: Some(signing.not_after),
            entity_id: metadata.entity_id,
            xml,
        };
        // The file is signed anew each time it is served; what it says is what counts.
        let file = match known {
            Some(known) if known.says_the_same_as(&file) => known.clone(),
            _ => file,
        };
        Ok(Probe::present(file, proof))
    }

    async fn apply(&self, _: &Cx, _: &MetadataGot, _: Option<&IdpFile>) -> Result<IdpFile, Fault> {
        only_looks(Self::ABOUT.id)
    }

    async fn undo(&self, _: &Cx, _: &MetadataGot, _: &Made<IdpFile>) -> Result<Undone, Fault> {
        nothing_to_undo()
    }

    fn by_hand(&self, known: &Known<'_>) -> ByHand {
        let guide = at_the_app(known, "Download Entra's metadata", "Single sign-on > SAML Certificates")
            .say("At Federation Metadata XML choose Download. Do it again after each change of the certificate.");
        let file = known.one::<Self>();
        ByHand::up(value_if(guide, "IdP issuer", file.map(|file| file.entity_id)))
    }
}

/// AWS's side: the values that Entra must have.
pub struct ProviderValues;

/// AWS's service provider values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpValues {
    /// The identifier: "Issuer URL" in AWS's console.
    pub issuer: String,
    /// The reply URLs: "ACS URL" in AWS's console, the default first.
    pub replies: Vec<String>,
    /// The access portal, where a sign-in begins.
    pub portal: String,
    /// What stood in AWS when somebody looked; none in what earlier versions wrote down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Before>,
}

impl SpValues {
    /// Checks that the values belong to the instance.
    fn check(&self, instance: &Instance) -> Result<(), Fault> {
        let consumers = self
            .replies
            .iter()
            .map(|text| address(text, "The reply (ACS) URL"))
            .collect::<Result<_, _>>()?;
        let values = ServiceProvider {
            issuer: self.issuer.clone(),
            consumers,
        };
        let portal = address(&self.portal, "The access portal's address")?;
        if portal.scheme() != "https" && !crate::profile::endpoints::is_loopback(&portal) {
            return Err(Fault::new(Kind::Usage, "The access portal's address is not https").why(self.portal.clone()));
        }
        saml::check_service_provider(
            &values,
            &saml::Instance {
                partition: instance.partition()?,
                region: &instance.region,
                more_regions: &instance.regions,
                identity_store_id: &instance.store,
            },
        )
    }

    /// The values of an application that was set up for this instance before.
    async fn held(cx: &Cx, app: &AppIds, instance: &Instance) -> Result<Option<Self>, Fault> {
        let entra = &cx.world().entra;
        let (application, principal) = (
            entra.application(&app.object).await?,
            entra.service_principal(&app.principal).await?,
        );
        let (Some(application), Some(principal)) = (application, principal) else {
            return Ok(None);
        };
        let ours = format!("/platform/saml/{}", instance.store);
        let issuer = application.identifier_uris.iter().find(|uri| uri.ends_with(&ours));
        let replies = application
            .reply_urls()
            .iter()
            .filter(|url| url.contains("/platform/saml/acs/"));
        let portal = Partition::of_arn(&instance.arn)?.portal_url(&instance.region, &instance.store);
        let values = Self {
            replies: replies.cloned().collect(),
            portal: principal.login_url.filter(|url| !url.is_empty()).unwrap_or(portal),
            issuer: issuer.cloned().unwrap_or_default(),
            before: None,
        };
        Ok((issuer.is_some() && values.check(instance).is_ok()).then_some(values))
    }

    /// Reads what a person brought back: a metadata file, or values pasted one by one. What is left out is taken from what
    /// the application holds.
    fn read(answer: &Answer, instance: &Instance, held: Option<&Self>) -> Result<Self, Fault> {
        let given = |key: &str| {
            answer
                .optional(key)
                .map(|text| text.trim().to_owned())
                .filter(|text| !text.is_empty())
        };
        let provider = match given("metadata") {
            Some(xml) => {
                let provider = ServiceProvider::from(SpMetadata::parse(xml.as_bytes())?);
                (provider.issuer, provider.consumers.iter().map(Url::to_string).collect())
            }
            None if held.is_some() && given("acs_urls").is_none() && given("issuer_url").is_none() => {
                let held = held.expect("looked at a moment ago");
                (held.issuer.clone(), held.replies.clone())
            }
            None => {
                let replies = answer.text("acs_urls")?;
                let replies = replies
                    .split([',', ' ', '\n', '\t'])
                    .map(str::trim)
                    .filter(|url| !url.is_empty());
                (
                    answer.text("issuer_url")?.trim().to_owned(),
                    replies.map(str::to_owned).collect::<Vec<_>>(),
                )
            }
        };
        let portal = match (given("portal_url"), held) {
            (Some(url), _) => url,
            (None, Some(held)) => held.portal.clone(),
            (None, None) => Partition::of_arn(&instance.arn)?.portal_url(&instance.region, &instance.store),
        };
        Ok(Self {
            issuer: provider.0,
            replies: provider.1,
            portal,
            before: None,
        })
    }
}

fn address(text: &str, what: &str) -> Result<Url, Fault> {
    Url::parse(text)
        .map_err(|error| Fault::new(Kind::Usage, format!("{what} is no address")).why(format!("{text}: {error}")))
}

type ValuesGot = (Instance, AppIds, IdpFile, ());

impl Step<World> for ProviderValues {
    const ABOUT: About = About {
        id: StepId::new("saml.sp-values"),
        title: "Copy AWS's values",
        why: "Only AWS's console shows the reply URLs that Entra must send people back to, and what stands there now.",
        executor: Executor::Human,
        scope: Scope::Target,
        effect: Effect::Observes,
        proof: "The Issuer URL is the one derived from Region and identity store, the reply URLs are AWS's in its Regions",
        undo: "Nothing to take back: the values are only copied.",
        read_more: "https://docs.aws.amazon.com/singlesignon/latest/userguide/idp-microsoft-entra.html",
    };
    type Needs = (
        One<AwsInstance>,
        One<EnterpriseApp>,
        One<EntraMetadata>,
        After<ActiveCertificate>,
    );
    type Output = SpValues;

    async fn probe(
        &self,
        _: &Cx,
        (instance, ..): &ValuesGot,
        known: Option<&SpValues>,
    ) -> Result<Probe<SpValues>, Fault> {
        let Some(known) = known else {
            return Ok(Probe::CannotTell("only AWS's console shows the reply URLs".into()));
        };
        known.check(instance)?;
        let proof = format!(
            "{} is this instance's, {} reply URLs are AWS's",
            known.issuer,
            known.replies.len()
        );
        Ok(Probe::present(known.clone(), proof))
    }

    /// The values that the application holds are this instance's, and people sign in with them.
    async fn adopt(&self, cx: &Cx, (instance, app, ..): &ValuesGot) -> Result<Probe<SpValues>, Fault> {
        let Some(held) = SpValues::held(cx, app, instance).await? else {
            return Ok(Probe::Absent);
        };
        let jobs = cx.world().entra.jobs(&app.principal).await?;
        let proof = format!(
            "the application holds {} and {} reply URLs of AWS",
            held.issuer,
            held.replies.len()
        );
        let before = Before {
            at: cx.now(),
            source: Some(Source::ThisApplication),
            provisioning: Some(!jobs.is_empty()),
        };
        Ok(Probe::present(
            SpValues {
                before: Some(before),
                ..held
            },
            proof,
        ))
    }

    async fn apply(
        &self,
        cx: &Cx,
        (instance, app, file, ()): &ValuesGot,
        _: Option<&SpValues>,
    ) -> Result<SpValues, Fault> {
        let held = SpValues::held(cx, app, instance).await?;
        let switch = Switch::latest(cx, instance, cx.now()).await?;
        let guide = values_guide(cx.target(), instance, file, held.is_some());
        let answer = cx.ask(stood_before::ask(guide, switch.as_ref())).await?;
        let before = stood_before::read(&answer, switch.as_ref(), held.is_some(), cx.now())?;
        let values = SpValues {
            before: Some(before),
            ..SpValues::read(&answer, instance, held.as_ref())?
        };
        values.check(instance)?;
        Ok(values)
    }

    async fn undo(&self, _: &Cx, _: &ValuesGot, _: &Made<SpValues>) -> Result<Undone, Fault> {
        nothing_to_undo()
    }

    fn by_hand(&self, known: &Known<'_>) -> ByHand {
        let guide = values_guide(known.target(), &instance(known), &idp_file(known), false);
        ByHand::up(match known.one::<Self>() {
            Some(values) => guide
                .value("Issuer URL", values.issuer)
                .value("ACS URLs", values.replies.join(", "))
                .value("AWS access portal sign-in URL", values.portal),
            None => guide,
        })
    }
}

/// How a person copies the values.
/// Entra's metadata as far as it is known without looking.
pub(super) fn idp_file(known: &Known<'_>) -> IdpFile {
    known.one::<EntraMetadata>().unwrap_or_else(|| IdpFile {
        entity_id: "in the file that you downloaded, at entityID".into(),
        sign_on: None,
        thumbprints: Vec::new(),
        signs_with: String::new(),
        valid_until: None,
        xml: String::new(),
    })
}

fn values_guide(target: &str, instance: &Instance, file: &IdpFile, held: bool) -> Guide {
    let hint = |text: &str| {
        if held {
            format!("{text}; empty means what the application holds already")
        } else {
            text.to_owned()
        }
    };
    Guide::new("Copy the service provider values from AWS")
        .consequences("Nothing changes yet: the page is only opened.")
        .open(instance.console_page("settings"))
        .say(format!(
            "In the IAM Identity Center console, Region {}, choose Settings, then the Identity source tab.",
            instance.region
        ))
        .say(
            "Note what stands there now: the Identity source, and whether Automatic provisioning is enabled. It decides what \
             a teardown takes back. If it is Active Directory, stop here and say so.",
        )
        .say("Choose Actions > Change identity source, then External identity provider, then Next.")
        .say(
            "Under Service provider metadata choose Download metadata file. If there is no such button, copy the \
              Issuer URL and each ACS URL (tabs Default IPv4 and Dual-stack) instead.",
        )
        .say("Copy the AWS access portal sign-in URL.")
        .say("Leave the page open: you come back to it in a moment.")
        .value("Region", &instance.region)
        .value("Identity store", &instance.store)
        .value("IdP issuer of this application", &file.entity_id)
        .optional(
            "metadata",
            "Metadata file",
            &hint("the downloaded XML file; then the next two stay empty"),
            Entry::File,
        )
        .optional(
            "issuer_url",
            "Issuer URL",
            &hint("https://….signin.aws.amazon.com/platform/saml/d-…"),
            Entry::Line,
        )
        .optional(
            "acs_urls",
            "ACS URLs",
            &hint("all of them, separated by commas"),
            Entry::Line,
        )
        .optional(
            "portal_url",
            "AWS access portal sign-in URL",
            "empty means the one that goes with the identity store",
            Entry::Line,
        )
        .click(
            "aws.show-sp-metadata",
            json!({ "target": target, "idp_metadata": file.xml }),
        )
}
