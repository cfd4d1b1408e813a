//! The enterprise application, and its sign-on mode.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    by_hand::{Known, at_the_app, in_entra, stood_before, with_the_app},
    owners,
    preflight_entra::{EntraRights, Rights},
    saml_endpoints::SamlEndpoints,
    world::{Cx, World},
};
use crate::{
    clients::{
        Existed,
        entra::applications::{AWS_IDENTITY_CENTER, AWS_SINGLE_ACCOUNT, ServicePrincipal},
    },
    engine::{
        declared::{Block, Declared, Term},
        known::ByHand,
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
    /// Who looks after it, if it bears somebody's mark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
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

    /// The application that has the profile's name and fits, if it is the only one.
    pub(super) async fn named(cx: &Cx) -> Result<Option<ServicePrincipal>, Fault> {
        let world = cx.world();
        let name = world.application_name(cx.target());
        let mut fitting = Vec::new();
        for found in world.entra.service_principals_named(&name).await? {
            if Self::judge(world, &found)? {
                fitting.push(found);
            }
        }
        match &fitting[..] {
            [_, _, ..] => Err(Fault::new(
                Kind::Conflict,
                format!("There are {} applications named {name}", fitting.len()),
            )
            .why("which of them to use is not ours to guess")
            .hint("Rename all but the one to use, or give the profile another application name.")),
            _ => Ok(fitting.pop()),
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
            owner: owners::of_application(&principal.tags, principal.notes.as_deref()),
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
        let Some(found) = Self::named(cx).await? else {
            return Ok(Probe::Absent);
        };
        Ok(match Self::ids(cx, &found).await? {
            Some(ids) => {
                let proof = format!("{name} is there, app id {}", ids.app);
                Probe::present(ids, proof)
            }
            None => Probe::CannotTell("the service principal is there and its application is not, or not yet".into()),
        })
    }

    fn owner(&self, _: &(Rights,), found: &AppIds) -> Option<String> {
        found.owner.clone()
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
            owner: None,
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

    fn by_hand(&self, known: &Known<'_>) -> ByHand {
        let world = known.world();
        let up = in_entra(
            known,
            "Create the enterprise application",
            "Entra ID > Enterprise apps > New application",
        );
        let up = match world.profile.entra.application.kind {
            AppKind::Gallery => up.say("Search for AWS IAM Identity Center. It is not AWS Single-Account Access."),
            AppKind::NonGallery => up.say("Choose Create your own application, then Integrate any other application you don't find in the gallery."),
        }
        .say("Give it the name below and choose Create.")
        .value("Name", world.application_name(known.target()));
        let up = match known.one::<Self>() {
            Some(ids) => up
                .value("Application (client) ID", ids.app)
                .value("Object ID of the application", ids.object)
                .value("Object ID of the service principal", ids.principal),
            None => up,
        };
        let down = at_the_app(known, "Delete the application", "Properties").say("Choose Delete, and confirm.");
        ByHand::up(up).down(down)
    }

    fn declared(&self, known: &Known<'_>) -> Declared {
        let Some(ids) = known.one::<Self>() else {
            return Declared::Nothing;
        };
        let name = known.target();
        let application = Block::data("azuread_application", name);
        if !known.is_made::<Self>("") {
            return Declared::As(vec![
                application.says("object_id", ids.object),
                Block::data("azuread_service_principal", name)
                    .remark("It was there before fedwiz came: it is read here, and never taken over.")
                    .says("object_id", ids.principal),
            ]);
        }
        let world = known.world();
        let template = match world.profile.entra.application.kind {
            AppKind::Gallery => AWS_IDENTITY_CENTER,
            AppKind::NonGallery => world.entra.cloud().custom_template,
        };
        let from_template = "azuread_application_from_template";
        let made = Block::resource(
            from_template,
            name,
            format!(
                "/applicationTemplates/{template}/instantiate/{}/{}",
                ids.object, ids.principal
            ),
        )
        .says("display_name", &ids.name)
        .says("template_id", template);
        let read = application.is(
            "object_id",
            Term::of(from_template, name, "application_object_id", &ids.object),
        );
        let principal = Block::resource(
            "azuread_service_principal",
            name,
            format!("/servicePrincipals/{}", ids.principal),
        )
        .is(
            "client_id",
            Term::of("azuread_application", name, "client_id", &ids.app),
        )
        .is("use_existing", Term::Flag(true));
        let mode = known.one::<SamlMode>().and_then(|mode| mode.mode);
        let principal = principal.says_if("preferred_single_sign_on_mode", mode.as_deref());
        let principal = match known.one::<SamlEndpoints>() {
            Some(endpoints) => {
                let principal = principal.says_if("login_url", endpoints.login.as_deref());
                if endpoints.notified.is_empty() {
                    principal
                } else {
                    principal.is("notification_email_addresses", Term::texts(&endpoints.notified))
                }
            }
            None => principal,
        };
        let principal = principal.leaves(&[
            "account_enabled",
            "alternative_names",
            "app_role_assignment_required",
            "description",
            "notes",
            "owners",
            "saml_single_sign_on",
        ]);
        Declared::As(vec![made, read, principal])
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

    fn owner(&self, (app,): &(AppIds,), _: &SignOnMode) -> Option<String> {
        app.owner.clone()
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

    fn by_hand(&self, known: &Known<'_>) -> ByHand {
        ByHand::up(at_the_app(known, "Choose SAML", "Single sign-on").say("Choose SAML.")).down(
            at_the_app(known, "Take SAML back", "Single sign-on")
                .say("Choose Change single sign-on modes, then Disabled. It goes with the application anyway."),
        )
    }

    fn declared(&self, known: &Known<'_>) -> Declared {
        let declared = if known.is_made::<EnterpriseApp>("") {
            Declared::Within(EnterpriseApp::ABOUT.id)
        } else {
            stood_before()
        };
        with_the_app(known, declared)
    }
}
