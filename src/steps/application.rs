//! The enterprise application, its sign-on mode, and the certificate it signs with.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    preflight_entra::{EntraRights, Rights},
    world::{Cx, World},
};
use crate::{
    clients::{
        Existed,
        entra::applications::{AWS_IDENTITY_CENTER, AWS_SINGLE_ACCOUNT, KeyCredential, ServicePrincipal},
    },
    engine::{
        needs::One,
        step::{About, Difference, Effect, Executor, Gone, Made, Probe, Scope, Step, StepId, Undone},
    },
    fault::{Fault, Kind, Retry},
    profile::AppKind,
};

/// The enterprise application: one for each AWS organization.
pub struct EnterpriseApp;

/// The ids of an application, kept apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppIds {
    /// The application's object id: to change and delete it.
    pub object: String,
    /// The app id: in metadata and job ids.
    pub app: String,
    /// The service principal's object id: for everything else.
    pub principal: String,
    /// Its display name.
    pub name: String,
    /// The role that people are assigned.
    pub user_role: String,
}

/// The service principal, or a fault that waits for it: it stood a moment ago.
pub(super) async fn principal_of(cx: &Cx, app: &AppIds) -> Result<ServicePrincipal, Fault> {
    cx.world()
        .entra
        .service_principal(&app.principal)
        .await?
        .ok_or_else(|| {
            Fault::new(
                Kind::NotFound,
                format!("The service principal of {} is not there", app.name),
            )
            .why("it was deleted, or was made a moment ago and is not known everywhere yet")
            .retry(Retry::Replication)
        })
}

impl EnterpriseApp {
    /// The template to make the application from.
    async fn template(cx: &Cx) -> Result<String, Fault> {
        let world = cx.world();
        if world.profile.entra.application.kind == AppKind::NonGallery {
            return Ok(world.entra.cloud().custom_template.to_owned());
        }
        if let Some(template) = world.entra.template(AWS_IDENTITY_CENTER).await? {
            return Ok(template.id);
        }
        cx.note("the gallery template is not there under its usual id; looking for it by name");
        let found = world.entra.templates_named("AWS IAM Identity Center").await?;
        let found = found.into_iter().find(|template| template.id != AWS_SINGLE_ACCOUNT);
        found.map(|template| template.id).ok_or_else(|| {
            Fault::new(
                Kind::NotFound,
                "The gallery of this cloud has no AWS IAM Identity Center",
            )
            .why("not every cloud has every gallery application")
            .hint("Set `kind = \"non-gallery\"` under [entra.application] in the profile: the walk is the same.")
        })
    }

    /// Whether a service principal that has our name is ours to use, or why it is in the way.
    fn judge(world: &World, found: &ServicePrincipal) -> Result<bool, Fault> {
        let name = found.display_name.as_deref().unwrap_or_default();
        let in_the_way = |what: String| {
            Fault::new(Kind::Conflict, what).hint(
                "Give the application another `name` under [entra.application] in the profile, or rename or delete that one.",
            )
        };
        match (
            found.application_template_id.as_deref(),
            world.profile.entra.application.kind,
        ) {
            (Some(AWS_SINGLE_ACCOUNT), _) => Err(in_the_way(format!(
                "{name} is an AWS Single-Account Access application, which cannot serve Identity Center"
            ))),
            (Some(template), AppKind::NonGallery) if template == world.entra.cloud().custom_template => Ok(true),
            (Some(AWS_IDENTITY_CENTER), AppKind::Gallery) => Ok(true),
            (Some(_), _) => Err(in_the_way(format!("{name} exists and was made from another template"))),
            (None, _) => Ok(false),
        }
    }

    async fn ids(cx: &Cx, principal: &ServicePrincipal) -> Result<Option<AppIds>, Fault> {
        let application = cx.world().entra.application_of(&principal.app_id).await?;
        Ok(application.map(|application| AppIds {
            object: application.id,
            app: principal.app_id.clone(),
            principal: principal.id.clone(),
            name: principal.display_name.clone().unwrap_or_default(),
            user_role: principal.user_role().to_owned(),
        }))
    }
}

impl Step<World> for EnterpriseApp {
    const ABOUT: About = About {
        id: StepId::new("entra.app"),
        title: "Create the enterprise application",
        why: "Entra needs an object that stands for AWS and says who may sign in.",
        executor: Executor::Graph,
        scope: Scope::Target,
        effect: Effect::Changes,
        proof: "GET the service principal and the application by their ids",
        undo: "Deletes the application; from the recycle bin too, when the profile says `purge`.",
        read_more: "https://learn.microsoft.com/graph/api/applicationtemplate-instantiate",
    };
    type Needs = (One<EntraRights>,);
    type Output = AppIds;

    async fn probe(&self, cx: &Cx, _: &(Rights,), known: Option<&AppIds>) -> Result<Probe<AppIds>, Fault> {
        let world = cx.world();
        if let Some(known) = known {
            let Some(principal) = world.entra.service_principal(&known.principal).await? else {
                return Ok(Probe::Absent);
            };
            if world.entra.application(&known.object).await?.is_none() {
                return Ok(Probe::Absent);
            }
            let seen = AppIds {
                name: principal.display_name.clone().unwrap_or_else(|| known.name.clone()),
                user_role: principal.user_role().to_owned(),
                ..known.clone()
            };
            let proof = format!(
                "application {} and service principal {} answer",
                known.object, known.principal
            );
            return Ok(Probe::present(seen, proof));
        }
        let name = world.application_name(cx.target());
        let mut fitting = Vec::new();
        for found in world.entra.service_principals_named(&name).await? {
            if Self::judge(world, &found)? {
                fitting.push(found);
            }
        }
        match &fitting[..] {
            [] => Ok(Probe::Absent),
            [one] => Ok(match Self::ids(cx, one).await? {
                Some(ids) => {
                    let proof = format!("{name} is there, app id {}", ids.app);
                    Probe::present(ids, proof)
                }
                None => {
                    Probe::CannotTell("the service principal is there and its application is not, or not yet".into())
                }
            }),
            several => Err(Fault::new(
                Kind::Conflict,
                format!("There are {} applications named {name}", several.len()),
            )
            .why("which of them to use is not ours to guess")
            .hint("Rename all but the one to use, or give the profile another application name.")),
        }
    }

    async fn apply(&self, cx: &Cx, _: &(Rights,), _: Option<&AppIds>) -> Result<AppIds, Fault> {
        let template = Self::template(cx).await?;
        let name = cx.world().application_name(cx.target());
        let made = cx.world().entra.instantiate(&template, &name).await?;
        Ok(AppIds {
            object: made.application.id,
            app: made.application.app_id,
            principal: made.service_principal.id.clone(),
            user_role: made.service_principal.user_role().to_owned(),
            name,
        })
    }

    async fn undo(&self, cx: &Cx, _: &(Rights,), made: &Made<AppIds>) -> Result<Undone, Fault> {
        let entra = &cx.world().entra;
        let mut existed = entra.delete_application(&made.output.object).await?;
        if cx.world().profile.entra.purge && entra.purge(&made.output.object).await? == Existed::Yes {
            existed = Existed::Yes;
        }
        Ok(match existed {
            Existed::Yes => Undone::Removed,
            Existed::No => Undone::AlreadyGone,
        })
    }

    async fn gone(&self, cx: &Cx, _: &(Rights,), made: &Made<AppIds>) -> Result<Gone, Fault> {
        let (entra, ids) = (&cx.world().entra, &made.output);
        let there = entra.application(&ids.object).await?.is_some()
            || entra.service_principal(&ids.principal).await?.is_some()
            || (cx.world().profile.entra.purge && entra.is_in_recycle_bin(&ids.object).await?);
        Ok(if there {
            Gone::No
        } else {
            Gone::Yes(format!("application {} and its service principal answer no more", ids.object).into())
        })
    }
}

/// The sign-on mode: SAML. Entra takes AWS's identifier only after this.
pub struct SamlMode;

/// A sign-on mode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignOnMode {
    /// `saml`, another, or none.
    pub mode: Option<String>,
}

impl SignOnMode {
    fn is_saml(&self) -> bool {
        self.mode
            .as_deref()
            .is_some_and(|mode| mode.eq_ignore_ascii_case("saml"))
    }

    fn is_none(&self) -> bool {
        self.mode
            .as_deref()
            .is_none_or(|mode| mode.is_empty() || mode.eq_ignore_ascii_case("notSupported"))
    }
}

impl Step<World> for SamlMode {
    const ABOUT: About = About {
        id: StepId::new("entra.saml-mode"),
        title: "Choose SAML for sign-on",
        why: "Entra takes AWS's identifier only for an application that signs people in with SAML.",
        executor: Executor::Graph,
        scope: Scope::Target,
        effect: Effect::Changes,
        proof: "GET the service principal: preferredSingleSignOnMode is saml",
        undo: "Sets the mode back to what it was.",
        read_more: "https://learn.microsoft.com/graph/application-saml-sso-configure-api",
    };
    type Needs = (One<EnterpriseApp>,);
    type Output = SignOnMode;

    async fn probe(&self, cx: &Cx, (app,): &(AppIds,), _: Option<&SignOnMode>) -> Result<Probe<SignOnMode>, Fault> {
        let found = SignOnMode {
            mode: principal_of(cx, app).await?.preferred_single_sign_on_mode,
        };
        Ok(if found.is_saml() {
            Probe::present(found, "preferredSingleSignOnMode is saml")
        } else if found.is_none() {
            Probe::Absent
        } else {
            let differences = vec![Difference::new(
                "preferredSingleSignOnMode",
                found.mode.clone().unwrap_or_default(),
                "saml",
            )];
            Probe::Drifted { found, differences }
        })
    }

    async fn apply(&self, cx: &Cx, (app,): &(AppIds,), _: Option<&SignOnMode>) -> Result<SignOnMode, Fault> {
        let fields = json!({ "preferredSingleSignOnMode": "saml" });
        cx.world()
            .entra
            .patch_service_principal(&app.principal, &fields)
            .await?;
        Ok(SignOnMode {
            mode: Some("saml".into()),
        })
    }

    async fn undo(&self, cx: &Cx, (app,): &(AppIds,), made: &Made<SignOnMode>) -> Result<Undone, Fault> {
        let before = made.before.as_ref().and_then(|before| before.mode.clone());
        let fields = json!({ "preferredSingleSignOnMode": before });
        cx.world()
            .entra
            .patch_service_principal(&app.principal, &fields)
            .await?;
        Ok(Undone::Restored)
    }

    async fn gone(&self, cx: &Cx, (app,): &(AppIds,), _: &Made<SignOnMode>) -> Result<Gone, Fault> {
        Ok(match cx.world().entra.service_principal(&app.principal).await? {
            None => Gone::Yes("the service principal is gone".into()),
            Some(principal) => {
                let now = SignOnMode {
                    mode: principal.preferred_single_sign_on_mode,
                };
                if now.is_saml() {
                    Gone::No
                } else {
                    Gone::Yes("preferredSingleSignOnMode is saml no more".into())
                }
            }
        })
    }
}

/// The certificate that assertions are signed with.
pub struct SigningCertificate;

/// A signing certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// Its SHA-1 thumbprint, upper-case hexadecimal.
    pub thumbprint: String,
    /// When it ends.
    pub not_after: Option<Timestamp>,
}

impl SigningCertificate {
    fn name(world: &World) -> String {
        format!("CN=fedwiz {}", world.profile.federation)
    }

    fn of(key: &KeyCredential) -> Option<Certificate> {
        Some(Certificate {
            thumbprint: key.thumbprint()?,
            not_after: key.end_date_time,
        })
    }

    /// The certificate to use: the one known, else the one that signs already, else the newest that bears our name.
    fn pick(
        world: &World,
        principal: &ServicePrincipal,
        known: Option<&Certificate>,
        now: Timestamp,
    ) -> Option<Certificate> {
        let valid = |key: &&KeyCredential| key.end_date_time.is_none_or(|end| end > now);
        let by_thumbprint = |wanted: &str| {
            principal
                .key_credentials
                .iter()
                .filter(valid)
                .find(|key| key.thumbprint().is_some_and(|found| found.eq_ignore_ascii_case(wanted)))
        };
        if let Some(known) = known {
            return by_thumbprint(&known.thumbprint).and_then(Self::of);
        }
        let preferred = principal
            .preferred_token_signing_key_thumbprint
            .as_deref()
            .and_then(by_thumbprint);
        let ours = || {
            let name = Self::name(world);
            let ours = principal.key_credentials.iter().filter(valid);
            ours.filter(|key| key.display_name.as_deref() == Some(&name))
                .max_by_key(|key| key.end_date_time)
        };
        preferred.or_else(ours).and_then(Self::of)
    }
}

impl Step<World> for SigningCertificate {
    const ABOUT: About = About {
        id: StepId::new("entra.certificate"),
        title: "Create the signing certificate",
        why: "AWS believes a sign-in only if it is signed with a certificate that it knows.",
        executor: Executor::Graph,
        scope: Scope::Target,
        effect: Effect::Changes,
        proof: "GET the service principal: its keys hold the certificate's thumbprint",
        undo: "Takes the certificate's keys and password from the service principal.",
        read_more: "https://learn.microsoft.com/graph/api/serviceprincipal-addtokensigningcertificate",
    };
    type Needs = (One<EnterpriseApp>, One<SamlMode>);
    type Output = Certificate;

    async fn probe(
        &self,
        cx: &Cx,
        (app, _): &(AppIds, SignOnMode),
        known: Option<&Certificate>,
    ) -> Result<Probe<Certificate>, Fault> {
        let principal = principal_of(cx, app).await?;
        Ok(match Self::pick(cx.world(), &principal, known, cx.now()) {
            Some(found) => {
                let until = found
                    .not_after
                    .map(|end| format!(", valid until {end:.0}"))
                    .unwrap_or_default();
                let proof = format!("key {} is on the service principal{until}", found.thumbprint);
                Probe::present(found, proof)
            }
            None => Probe::Absent,
        })
    }

    async fn apply(
        &self,
        cx: &Cx,
        (app, _): &(AppIds, SignOnMode),
        _: Option<&Certificate>,
    ) -> Result<Certificate, Fault> {
        let world = cx.world();
        let cloud = world.entra.cloud();
        if !cloud.add_token_signing_certificate {
            return Err(Fault::new(
                Kind::Refused,
                format!("{} has no call that makes a signing certificate", cloud.name),
            )
            .why("Graph's addTokenSigningCertificate exists in the global cloud only")
            .hint(
                "Make one in the portal, under Single sign-on > SAML certificates, make it active, and continue: it \
                     is then used as it is.",
            ));
        }
        let made = world
            .entra
            .add_signing_certificate(&app.principal, &Self::name(world))
            .await?;
        let key = KeyCredential {
            custom_key_identifier: made.custom_key_identifier,
            ..KeyCredential::default()
        };
        let thumbprint = made
            .thumbprint
            .filter(|text| !text.is_empty())
            .or_else(|| key.thumbprint())
            .ok_or_else(|| {
                // The certificate exists: a look will find it by its name.
                Fault::new(
                    Kind::Answer,
                    "Microsoft Graph made a certificate and does not name its thumbprint",
                )
                .retry(Retry::LookFirst)
            })?;
        Ok(Certificate {
            thumbprint: thumbprint.to_ascii_uppercase(),
            not_after: made.end_date_time,
        })
    }

    async fn undo(&self, cx: &Cx, (app, _): &(AppIds, SignOnMode), made: &Made<Certificate>) -> Result<Undone, Fault> {
        let Some(principal) = cx.world().entra.service_principal(&app.principal).await? else {
            return Ok(Undone::AlreadyGone);
        };
        let Some(fields) = without_certificate(&principal, &made.output.thumbprint) else {
            return Ok(Undone::AlreadyGone);
        };
        cx.world()
            .entra
            .patch_service_principal(&app.principal, &fields)
            .await?;
        Ok(Undone::Removed)
    }

    async fn gone(&self, cx: &Cx, (app, _): &(AppIds, SignOnMode), made: &Made<Certificate>) -> Result<Gone, Fault> {
        let found = cx.world().entra.service_principal(&app.principal).await?;
        let there = found.is_some_and(|principal| without_certificate(&principal, &made.output.thumbprint).is_some());
        Ok(if there {
            Gone::No
        } else {
            Gone::Yes("no key of the service principal has its thumbprint".into())
        })
    }
}

/// The keys and passwords that are left without one certificate: its two keys and its password share one identifier, and
/// Graph takes whole lists only. None when it is not there.
fn without_certificate(principal: &ServicePrincipal, thumbprint: &str) -> Option<Value> {
    let is_it = |key: &KeyCredential| {
        key.thumbprint()
            .is_some_and(|found| found.eq_ignore_ascii_case(thumbprint))
    };
    let (gone, kept): (Vec<&KeyCredential>, Vec<&KeyCredential>) =
        principal.key_credentials.iter().partition(|key| is_it(key));
    let text = |value: &Value, field: &str| value[field].as_str().map(str::to_owned);
    let identifiers: Vec<&String> = gone
        .iter()
        .filter_map(|key| key.custom_key_identifier.as_ref())
        .collect();
    let key_ids: Vec<&str> = gone.iter().filter_map(|key| key.rest.get("keyId")?.as_str()).collect();
    let passwords: Vec<&Value> = principal
        .password_credentials
        .iter()
        .filter(|password| {
            let shares = text(password, "customKeyIdentifier").is_some_and(|id| identifiers.contains(&&id));
            !shares && !text(password, "keyId").is_some_and(|id| key_ids.contains(&id.as_str()))
        })
        .collect();
    (!gone.is_empty()).then(|| json!({ "keyCredentials": kept, "passwordCredentials": passwords }))
}

/// Which certificate signs.
pub struct ActiveCertificate;

/// The thumbprint of the certificate that signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Active {
    /// None when none was chosen.
    pub thumbprint: Option<String>,
}

impl Step<World> for ActiveCertificate {
    const ABOUT: About = About {
        id: StepId::new("entra.certificate-active"),
        title: "Sign with that certificate",
        why: "A new certificate signs nothing until it is the preferred one.",
        executor: Executor::Graph,
        scope: Scope::Target,
        effect: Effect::Changes,
        proof: "GET the service principal: preferredTokenSigningKeyThumbprint is the certificate's",
        undo: "Prefers what was preferred before.",
        read_more: "https://learn.microsoft.com/graph/application-saml-sso-configure-api",
    };
    type Needs = (One<EnterpriseApp>, One<SigningCertificate>);
    type Output = Active;

    async fn probe(
        &self,
        cx: &Cx,
        (app, certificate): &(AppIds, Certificate),
        _: Option<&Active>,
    ) -> Result<Probe<Active>, Fault> {
        let thumbprint = principal_of(cx, app).await?.preferred_token_signing_key_thumbprint;
        Ok(match thumbprint.as_deref() {
            None | Some("") => Probe::Absent,
            Some(found) if found.eq_ignore_ascii_case(&certificate.thumbprint) => Probe::present(
                Active { thumbprint },
                format!("{} is preferred", certificate.thumbprint),
            ),
            Some(found) => {
                let wanted = certificate.thumbprint.clone();
                let differences = vec![Difference::new("preferredTokenSigningKeyThumbprint", found, wanted)];
                Probe::Drifted {
                    found: Active { thumbprint },
                    differences,
                }
            }
        })
    }

    async fn apply(
        &self,
        cx: &Cx,
        (app, certificate): &(AppIds, Certificate),
        _: Option<&Active>,
    ) -> Result<Active, Fault> {
        let fields = json!({ "preferredTokenSigningKeyThumbprint": certificate.thumbprint });
        cx.world()
            .entra
            .patch_service_principal(&app.principal, &fields)
            .await?;
        Ok(Active {
            thumbprint: Some(certificate.thumbprint.clone()),
        })
    }

    async fn undo(&self, cx: &Cx, (app, _): &(AppIds, Certificate), made: &Made<Active>) -> Result<Undone, Fault> {
        let before = made.before.as_ref().and_then(|before| before.thumbprint.clone());
        let fields = json!({ "preferredTokenSigningKeyThumbprint": before });
        cx.world()
            .entra
            .patch_service_principal(&app.principal, &fields)
            .await?;
        Ok(Undone::Restored)
    }

    async fn gone(&self, cx: &Cx, (app, _): &(AppIds, Certificate), made: &Made<Active>) -> Result<Gone, Fault> {
        let found = cx.world().entra.service_principal(&app.principal).await?;
        let now = found.and_then(|principal| principal.preferred_token_signing_key_thumbprint);
        let is_ours = match (&now, &made.output.thumbprint) {
            (Some(now), Some(ours)) => now.eq_ignore_ascii_case(ours),
            _ => false,
        };
        Ok(if is_ours {
            Gone::No
        } else {
            Gone::Yes("it is preferred no more".into())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_certificate_goes_with_both_keys_and_its_password_and_the_others_stay() {
        let key = |id: &str, usage: &str| json!({ "customKeyIdentifier": id, "usage": usage, "keyId": format!("{id}{usage}"), "type": "AsymmetricX509Cert" });
        // Twenty bytes each, as a SHA-1 thumbprint has.
        let (old, new) = ("AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "AQEBAQEBAQEBAQEBAQEBAQEBAQE=");
        let principal: ServicePrincipal = serde_json::from_value(json!({
            "id": "sp",
            "keyCredentials": [key(old, "Sign"), key(old, "Verify"), key(new, "Sign"), key(new, "Verify")],
            "passwordCredentials": [{ "customKeyIdentifier": old, "keyId": "x" }, { "customKeyIdentifier": null, "keyId": format!("{new}Sign") }],
        }))
        .unwrap();
        let left = without_certificate(&principal, &"01".repeat(20)).unwrap();
        assert_eq!(
            left["keyCredentials"],
            json!([key(old, "Sign"), key(old, "Verify")])
                .as_array()
                .map(|keys| keys
                    .iter()
                    .map(|key| {
                        let mut key = key.clone();
                        key["displayName"] = Value::Null;
                        key["endDateTime"] = Value::Null;
                        key
                    })
                    .collect::<Value>())
                .unwrap()
        );
        assert_eq!(
            left["passwordCredentials"],
            json!([{ "customKeyIdentifier": old, "keyId": "x" }])
        );
        assert!(without_certificate(&principal, &"02".repeat(20)).is_none());
    }
}
