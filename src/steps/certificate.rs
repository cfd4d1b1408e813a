//! The certificate that assertions are signed with: making it, and having it sign.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    application::{AppIds, EnterpriseApp, SamlMode, SignOnMode, principal_of},
    by_hand::{Known, at_the_app, stood_before, value_if, with_the_app},
    world::{Cx, World},
};
use crate::{
    clients::entra::applications::{KeyCredential, ServicePrincipal},
    engine::{
        declared::{Block, Declared, Term},
        known::ByHand,
        needs::One,
        step::{About, Difference, Effect, Executor, Gone, Made, Probe, Scope, Step, StepId, Undone},
    },
    fault::{Fault, Kind, Retry},
};

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
    /// The name that certificates of this federation bear.
    pub(super) fn name(world: &World) -> String {
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
        let name = Self::name(world);
        let preferred = principal
            .preferred_token_signing_key_thumbprint
            .as_deref()
            .and_then(by_thumbprint);
        if let Some(known) = known {
            // Where it is gone and another one of this federation signs, that one took its place in a rotation.
            let successor = || preferred.filter(|key| key.display_name.as_deref() == Some(&name));
            return by_thumbprint(&known.thumbprint).or_else(successor).and_then(Self::of);
        }
        let ours = || {
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
        add_certificate(cx, app).await
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

    fn by_hand(&self, known: &Known<'_>) -> ByHand {
        let made = known.one::<Self>();
        let up = at_the_app(
            known,
            "Create the signing certificate",
            "Single sign-on > SAML Certificates > Edit",
        )
        .say("Choose New Certificate, keep three years and SHA-256, then Save.");
        let up = value_if(up, "Thumbprint", made.as_ref().map(|made| made.thumbprint.as_str()));
        let up = value_if(
            up,
            "Valid until",
            made.and_then(|made| made.not_after).map(|end| end.to_string()),
        );
        let down = at_the_app(known, "Delete the signing certificate", "Single sign-on > SAML Certificates > Edit")
            .say("Make another certificate active first, then choose Delete Certificate. It goes with the application anyway.");
        ByHand::up(up).down(down)
    }

    fn declared(&self, known: &Known<'_>) -> Declared {
        let (Some(app), Some(made)) = (known.one::<EnterpriseApp>(), known.one::<Self>()) else {
            return Declared::Nothing;
        };
        if !known.is_made::<Self>("") {
            return stood_before();
        }
        let name = known.target();
        let key = format!("{name} certificate key id");
        let about = format!(
            "The key id of the certificate {}: az ad sp show --id {} --query \"keyCredentials[?usage=='Verify'].{{id:keyId, \
             name:displayName, end:endDateTime}}\"",
            made.thumbprint, app.app
        );
        let mut block = Block::fresh("azuread_service_principal_token_signing_certificate", name)
            .remark("A new one signs nobody in until AWS has its metadata too, which is a step of its own: change it with fedwiz.")
            .is(
                "service_principal_id",
                Term::of("azuread_service_principal", name, "id", format!("/servicePrincipals/{}", app.principal)),
            )
            .says("display_name", Self::name(known.world()))
            .leaves(&["display_name", "end_date"]);
        block.import = Some(Term::Joined(vec![
            Term::text(format!("{}/tokenSigningCertificate/", app.principal)),
            Term::Variable(key.clone()),
        ]));
        Declared::As(vec![Block::variable(key, about, false), block])
    }
}

/// Makes a certificate of this federation. It signs nothing until it is preferred.
pub(super) async fn add_certificate(cx: &Cx, app: &AppIds) -> Result<Certificate, Fault> {
    let world = cx.world();
    let made = world
        .entra
        .add_signing_certificate(&app.principal, &SigningCertificate::name(world))
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

/// The keys and passwords that are left without one certificate: its two keys and its password share one identifier, and
/// Graph takes whole lists only. None when it is not there.
pub(super) fn without_certificate(principal: &ServicePrincipal, thumbprint: &str) -> Option<Value> {
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

    fn by_hand(&self, known: &Known<'_>) -> ByHand {
        let place = "Single sign-on > SAML Certificates > Edit";
        ByHand::up(
            at_the_app(known, "Make the certificate active", place)
                .say("In the menu of the new certificate choose Make certificate active."),
        )
        .down(
            at_the_app(known, "Make the old certificate active", place)
                .say("In the menu of the certificate that signed before choose Make certificate active."),
        )
    }

    fn declared(&self, known: &Known<'_>) -> Declared {
        let why = Declared::Not(
            "azuread has no argument for the certificate that signs (preferredTokenSigningKeyThumbprint)".into(),
        );
        with_the_app(known, why)
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
