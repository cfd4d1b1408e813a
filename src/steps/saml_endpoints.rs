//! Entra's half of the SAML connection: AWS's identifier, reply URLs and sign-on URL, and who is told of expiry.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    application::{AppIds, EnterpriseApp, SamlMode, SignOnMode, principal_of},
    by_hand::{Known, at_the_app, stood_before},
    saml_values::{ProviderValues, SpValues},
    world::{Cx, World},
};
use crate::{
    engine::{
        declared::{Block, Declared, Term},
        known::ByHand,
        needs::One,
        step::{About, Difference, Effect, Executor, Gone, Made, Probe, Scope, Step, StepId, Undone},
    },
    fault::{Fault, Kind, Retry},
};

/// Entra mails at most so many people before a signing certificate ends.
/// <https://learn.microsoft.com/entra/identity/enterprise-apps/tutorial-manage-certificates-for-federated-single-sign-on>
const MOST_NOTIFIED: usize = 5;

/// AWS's addresses in the application.
pub struct SamlEndpoints;

/// The addresses an application has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoints {
    /// Its identifiers (entity ids).
    pub identifiers: Vec<String>,
    /// Its reply URLs.
    pub replies: Vec<String>,
    /// Where a sign-in from My Apps begins.
    pub login: Option<String>,
    /// Who is told before the signing certificate ends.
    pub notified: Vec<String>,
}

impl Endpoints {
    /// What should be there: ours first, and all that was there.
    fn wanted(&self, values: &SpValues, notify: Option<&str>) -> Self {
        let mut notified = self.notified.clone();
        if let Some(notify) = notify
            && !notified.iter().any(|known| known.eq_ignore_ascii_case(notify))
            && notified.len() < MOST_NOTIFIED
        {
            notified.push(notify.to_owned());
        }
        Self {
            identifiers: with_first(std::slice::from_ref(&values.issuer), &self.identifiers),
            replies: with_first(&values.replies, &self.replies),
            login: Some(values.portal.clone()),
            notified,
        }
    }

    /// What is left when ours are taken out again.
    fn without(&self, ours: &Self, before: &Self) -> Self {
        let left = |now: &[String], ours: &[String], before: &[String]| -> Vec<String> {
            now.iter()
                .filter(|it| before.contains(it) || !ours.contains(it))
                .cloned()
                .collect()
        };
        Self {
            identifiers: left(&self.identifiers, &ours.identifiers, &before.identifiers),
            replies: left(&self.replies, &ours.replies, &before.replies),
            login: if self.login == ours.login {
                before.login.clone()
            } else {
                self.login.clone()
            },
            notified: left(&self.notified, &ours.notified, &before.notified),
        }
    }

    fn differences(&self, wanted: &Self) -> Vec<Difference> {
        let one = |text: &Option<String>| text.iter().cloned().collect::<Vec<String>>();
        let (login, wanted_login) = (one(&self.login), one(&wanted.login));
        [
            ("identifierUris", &self.identifiers, &wanted.identifiers),
            ("web.redirectUris", &self.replies, &wanted.replies),
            ("loginUrl", &login, &wanted_login),
            ("notificationEmailAddresses", &self.notified, &wanted.notified),
        ]
        .into_iter()
        .filter(|(_, found, wanted)| !same_set(found, wanted))
        .map(|(field, found, wanted)| Difference::new(field, listed(found), listed(wanted)))
        .collect()
    }

    /// What should be there in the end: what the profile says, on top of what was recorded where everything is held to
    /// that, else on top of what is there.
    fn goal(&self, cx: &Cx, values: &SpValues) -> Self {
        let base = cx.as_recorded::<Self>();
        let notify = cx.world().profile.provisioning.notify.as_deref();
        base.as_ref().unwrap_or(self).wanted(values, notify)
    }

    /// True when it already says what is wanted, in whatever order.
    fn covers(&self, wanted: &Self) -> bool {
        let has = |now: &[String], wanted: &[String]| wanted.iter().all(|it| now.contains(it));
        has(&self.identifiers, &wanted.identifiers)
            && has(&self.replies, &wanted.replies)
            && self.login == wanted.login
            && has(&self.notified, &wanted.notified)
    }

    async fn read(cx: &Cx, app: &AppIds) -> Result<Self, Fault> {
        let application = cx.world().entra.application(&app.object).await?.ok_or_else(|| {
            Fault::new(Kind::NotFound, format!("The application {} is not there", app.name)).retry(Retry::Replication)
        })?;
        let principal = principal_of(cx, app).await?;
        Ok(Self {
            replies: application.reply_urls().to_vec(),
            identifiers: application.identifier_uris,
            login: principal.login_url.filter(|url| !url.is_empty()),
            notified: principal.notification_email_addresses,
        })
    }

    /// Sends what differs from `now`.
    async fn write(&self, cx: &Cx, app: &AppIds, now: &Self) -> Result<(), Fault> {
        let entra = &cx.world().entra;
        let mut application = Map::new();
        if self.identifiers != now.identifiers {
            application.insert("identifierUris".into(), json!(self.identifiers));
        }
        if self.replies != now.replies {
            application.insert("web".into(), json!({ "redirectUris": self.replies }));
        }
        if !application.is_empty() {
            entra
                .patch_application(&app.object, &Value::Object(application))
                .await?;
        }
        let mut principal = Map::new();
        if self.login != now.login {
            principal.insert("loginUrl".into(), json!(self.login));
        }
        if self.notified != now.notified {
            principal.insert("notificationEmailAddresses".into(), json!(self.notified));
        }
        if !principal.is_empty() {
            entra
                .patch_service_principal(&app.principal, &Value::Object(principal))
                .await?;
        }
        Ok(())
    }
}

/// Whether two lists hold the same, in whatever order.
fn same_set(one: &[String], other: &[String]) -> bool {
    one.iter().all(|it| other.contains(it)) && other.iter().all(|it| one.contains(it))
}

fn listed(list: &[String]) -> String {
    if list.is_empty() {
        "none".to_owned()
    } else {
        list.join(", ")
    }
}

/// All of `ours`, then what else is in `theirs`.
fn with_first(ours: &[String], theirs: &[String]) -> Vec<String> {
    let rest = theirs.iter().filter(|it| !ours.contains(it));
    ours.iter().chain(rest).cloned().collect()
}

type EndpointsGot = (AppIds, SignOnMode, SpValues);

impl Step<World> for SamlEndpoints {
    const ABOUT: About = About {
        id: StepId::new("entra.saml-endpoints"),
        title: "Tell Entra AWS's addresses",
        why: "Entra must know for whom it signs, where it sends people back to, and where a sign-in begins.",
        executor: Executor::Graph,
        scope: Scope::Target,
        effect: Effect::Changes,
        proof: "GET the application and the service principal: identifier, reply URLs and sign-on URL are AWS's",
        undo: "Takes AWS's addresses out again; what was there before stays.",
        read_more: "https://learn.microsoft.com/graph/application-saml-sso-configure-api",
    };
    type Needs = (One<EnterpriseApp>, One<SamlMode>, One<ProviderValues>);
    type Output = Endpoints;

    async fn probe(
        &self,
        cx: &Cx,
        (app, _, values): &EndpointsGot,
        _: Option<&Endpoints>,
    ) -> Result<Probe<Endpoints>, Fault> {
        let found = Endpoints::read(cx, app).await?;
        let wanted = found.goal(cx, values);
        let more = cx.as_recorded::<Endpoints>().is_some() && !wanted.covers(&found);
        if found.covers(&wanted) && !more {
            let proof = format!(
                "identifier {}, {} reply URLs, sign-on at {}",
                values.issuer,
                found.replies.len(),
                values.portal
            );
            return Ok(Probe::present(found, proof));
        }
        if found == Endpoints::default() {
            return Ok(Probe::Absent);
        }
        let differences = found.differences(&wanted);
        Ok(Probe::Drifted { found, differences })
    }

    /// Where a sign-in from My Apps begins, and who is told, are for whoever set it up to choose: AWS does not ask for them.
    fn may_stay(&self, difference: &Difference) -> bool {
        ["loginUrl", "notificationEmailAddresses"].contains(&difference.field.as_str())
    }

    fn owner(&self, (app, ..): &EndpointsGot, _: &Endpoints) -> Option<String> {
        app.owner.clone()
    }

    async fn apply(
        &self,
        cx: &Cx,
        (app, _, values): &EndpointsGot,
        found: Option<&Endpoints>,
    ) -> Result<Endpoints, Fault> {
        let now = found.cloned().unwrap_or_default();
        let wanted = now.goal(cx, values);
        wanted.write(cx, app, &now).await?;
        Ok(wanted)
    }

    async fn undo(&self, cx: &Cx, (app, ..): &EndpointsGot, made: &Made<Endpoints>) -> Result<Undone, Fault> {
        let now = Endpoints::read(cx, app).await?;
        let back = now.without(&made.output, &made.before.clone().unwrap_or_default());
        back.write(cx, app, &now).await?;
        Ok(Undone::Restored)
    }

    async fn gone(&self, cx: &Cx, (app, ..): &EndpointsGot, made: &Made<Endpoints>) -> Result<Gone, Fault> {
        if cx.world().entra.application(&app.object).await?.is_none() {
            return Ok(Gone::Yes("the application is gone".into()));
        }
        let now = Endpoints::read(cx, app).await?;
        let back = now.without(&made.output, &made.before.clone().unwrap_or_default());
        Ok(if now == back {
            Gone::Yes("none of AWS's addresses is left".into())
        } else {
            Gone::No
        })
    }

    fn by_hand(&self, known: &Known<'_>) -> ByHand {
        let up = at_the_app(known, "Tell Entra AWS's addresses", "Single sign-on > Basic SAML Configuration > Edit")
            .say("Or choose Upload metadata file on the page before, and take the file from AWS.")
            .say("Fill in the values that you copied from AWS, the first reply URL as the default, then Save. At the question whether to test choose No.");
        let up = match known.one::<ProviderValues>() {
            Some(values) => values
                .replies
                .iter()
                .fold(up.value("Identifier (Entity ID)", &values.issuer), |up, reply| {
                    up.value("Reply URL", reply)
                })
                .value("Sign on URL", values.portal),
            None => up,
        };
        let down = at_the_app(
            known,
            "Take AWS's addresses out",
            "Single sign-on > Basic SAML Configuration > Edit",
        )
        .say("Take out identifier, reply URLs and sign-on URL of AWS. They go with the application anyway.");
        ByHand::up(up).down(down)
    }

    fn declared(&self, known: &Known<'_>) -> Declared {
        let (Some(app), Some(endpoints)) = (known.one::<EnterpriseApp>(), known.one::<Self>()) else {
            return Declared::Nothing;
        };
        if !known.is_made::<EnterpriseApp>("") {
            return stood_before();
        }
        let name = known.target();
        let of_app = || {
            Term::of(
                "azuread_application_from_template",
                name,
                "application_id",
                format!("/applications/{}", app.object),
            )
        };
        let identifiers = endpoints.identifiers.iter().map(|identifier| {
            let mut block = Block::fresh("azuread_application_identifier_uri", format!("{name} {identifier}"))
                .is("application_id", of_app())
                .says("identifier_uri", identifier);
            block.import = Some(Term::Joined(vec![
                Term::text(format!("/applications/{}/identifierUris/", app.object)),
                Term::Base64(identifier.clone()),
            ]));
            block
        });
        let replies = Block::resource(
            "azuread_application_redirect_uris",
            name,
            format!("/applications/{}/redirectUris/Web", app.object),
        )
        .is("application_id", of_app())
        .says("type", "Web")
        .is("redirect_uris", Term::texts(&endpoints.replies));
        Declared::As(
            identifiers
                .chain((!endpoints.replies.is_empty()).then_some(replies))
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> SpValues {
        SpValues {
            issuer: "https://eu-west-1.signin.aws.amazon.com/platform/saml/d-1".into(),
            replies: vec!["https://eu-west-1.signin.aws/platform/saml/acs/x".into()],
            portal: "https://d-1.awsapps.com/start".into(),
            before: None,
        }
    }

    #[test]
    fn what_was_there_stays_and_comes_back() {
        let before = Endpoints {
            identifiers: vec!["api://old".into()],
            replies: vec!["https://old.example/reply".into()],
            login: Some("https://old.example".into()),
            notified: vec!["old@example.com".into()],
        };
        let wanted = before.wanted(&values(), Some("idm@example.com"));
        assert_eq!(wanted.identifiers[0], values().issuer);
        assert_eq!(wanted.replies.len(), 2);
        assert!(wanted.covers(&wanted.wanted(&values(), Some("IDM@example.com"))));
        assert!(!before.covers(&wanted));
        assert_eq!(before.differences(&wanted).len(), 4);
        assert_eq!(wanted.without(&wanted, &before), before);
    }

    #[test]
    fn what_came_later_stays_too() {
        let wanted = Endpoints::default().wanted(&values(), None);
        let mut later = wanted.clone();
        later.replies.push("https://later.example/reply".into());
        let back = later.without(&wanted, &Endpoints::default());
        assert_eq!(back.replies, ["https://later.example/reply"]);
        assert_eq!(back.login, None);
        assert!(back.identifiers.is_empty());
    }
}
