//! The first real sign-in over SAML, from both ends.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    app_assignment::AppAssignment,
    assignment::{self, AccountAssignment},
    aws_user::{self, AwsUser},
    by_hand::{Known, value_if},
    directory::about_password,
    identity_source::{IdentitySource, Switched, waiting_for},
    name_id::NameIdClaim,
    preflight_aws::AwsInstance,
    preflight_entra::nothing_to_undo,
    saml_values::{ProviderValues, SpValues},
    source_evidence::kept_since,
    world::{Cx, World},
};
use crate::{
    clients::aws::{Event, EventQuery, Instance},
    engine::{
        guide::Guide,
        known::ByHand,
        needs::{After, Each, One},
        step::{About, Effect, Evidence, Executor, Item, Made, Probe, Scope, Step, StepId, Undone},
    },
    fault::{Fault, Kind},
    profile::{Arrival, User},
};

/// What CloudTrail shows of a sign-in that went well.
pub(super) const SIGNED_IN: &str = "UserAuthentication";
/// What CloudTrail shows of one that did not.
const REFUSED: &str = "ExternalIdPDirectoryLogin";

/// The test user signs in.
pub struct SamlSignIn;

/// A sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    /// Who signed in.
    pub upn: String,
    /// When; until CloudTrail tells, when it was asked for.
    pub at: Timestamp,
    /// The event that proves it.
    pub event: Option<String>,
    /// People signed in before fedwiz came, and no event tells of it any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub as_found: bool,
}

/// Whether an event tells of a good sign-in through an external identity provider.
pub(super) fn is_external_sign_in(event: &Event) -> bool {
    event.text("/additionalEventData/CredentialType") == Some("EXTERNAL_IDP")
        && event
            .text("/serviceEventDetails/UserAuthentication")
            .is_none_or(|end| end == "Success")
}

/// Who signs in: the first who is made by hand in Identity Center, since provisioning comes later.
fn tester(world: &World) -> Option<&User> {
    let users = &world.profile.people.user;
    users.iter().find(|user| user.aws == Arrival::Manual)
}

type SignInGot = (
    Instance,
    SpValues,
    Switched,
    (),
    (),
    (),
    Vec<(String, assignment::Standing)>,
);

impl Step<World> for SamlSignIn {
    const ABOUT: About = About {
        id: StepId::new("saml.sign-in"),
        title: "Sign in through Entra",
        why: "Only a real sign-in shows that both halves fit: from My Apps, and from the access portal.",
        executor: Executor::Human,
        scope: Scope::Target,
        effect: Effect::Observes,
        proof: "CloudTrail shows UserAuthentication with EXTERNAL_IDP, newer than the step's start",
        undo: "Nothing to take back: it only looks.",
        read_more: "https://docs.aws.amazon.com/singlesignon/latest/userguide/idp-microsoft-entra.html",
    };
    type Needs = (
        One<AwsInstance>,
        One<ProviderValues>,
        One<IdentitySource>,
        After<AppAssignment>,
        After<NameIdClaim>,
        After<AwsUser>,
        Each<AccountAssignment>,
    );
    type Output = SignIn;

    fn items(&self, world: &World, target: Option<&str>) -> Vec<Item> {
        let Some(user) = tester(world).filter(|_| world.profile.teaching.sign_in) else {
            return Vec::new();
        };
        let assigned = assignment::keys_of(world, target, &user.upn);
        vec![
            assigned
                .into_iter()
                .fold(Item::only(), |item, key| item.with(assignment::ID, key)),
        ]
    }

    async fn probe(&self, cx: &Cx, (instance, ..): &SignInGot, known: Option<&SignIn>) -> Result<Probe<SignIn>, Fault> {
        seen_since(cx, instance, known, &upn(cx)).await
    }

    /// Where people sign in every day, nobody is sent to try it.
    async fn adopt(&self, cx: &Cx, (instance, ..): &SignInGot) -> Result<Probe<SignIn>, Fault> {
        let aws = &cx.world().target(cx.target())?.aws;
        let events = aws
            .lookup_events(&instance.region, EventQuery::Named(SIGNED_IN), kept_since(cx))
            .await?;
        let found = events.into_iter().find(is_external_sign_in);
        if found.is_none() {
            cx.take_word();
        }
        let proof = match &found {
            Some(event) => format!("CloudTrail shows {SIGNED_IN} with EXTERNAL_IDP at {:.0}", event.at),
            None => "nobody saw it: CloudTrail shows no sign-in any more".to_owned(),
        };
        let sign_in = SignIn {
            upn: upn(cx),
            at: found.as_ref().map_or_else(|| cx.now(), |event| event.at),
            as_found: found.is_none(),
            event: found.map(|event| event.id),
        };
        Ok(Probe::present(sign_in, proof))
    }

    async fn apply(&self, cx: &Cx, (instance, values, ..): &SignInGot, _: Option<&SignIn>) -> Result<SignIn, Fault> {
        let upn = upn(cx);
        require_enabled(cx, instance).await?;
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

    fn evidence(&self, sign_in: &SignIn) -> Evidence {
        Evidence {
            cloudtrail: sign_in.event.clone().into_iter().collect(),
            ..Evidence::default()
        }
    }

    fn by_hand(&self, known: &Known<'_>) -> ByHand {
        let world = known.world();
        let upn = tester(world).map(|user| user.upn.clone()).unwrap_or_default();
        let portal = known.one::<ProviderValues>().map(|values| values.portal);
        let apps = Guide::new("Sign in from My Apps")
            .open(world.entra.cloud().my_apps)
            .say("Open My Apps in a private browser window and sign in as the user below.")
            .say(format!("Choose the app {}.", world.application_name(known.target())))
            .say("The AWS access portal opens and shows the account and the role that were assigned.")
            .value("User", &upn);
        let other = Guide::new("Sign in from the access portal")
            .say("Sign out, or take another private browser window, and open the access portal.")
            .say("Entra asks who you are: sign in as the user below. You come back to the portal, signed in.")
            .value("User", &upn);
        ByHand::up(apps).and(value_if(other, "Access portal", portal))
    }
}

/// Looks for a good sign-in through Entra since the step was begun.
pub(super) async fn seen_since(
    cx: &Cx,
    instance: &Instance,
    known: Option<&SignIn>,
    upn: &str,
) -> Result<Probe<SignIn>, Fault> {
    let cannot_tell = Probe::CannotTell("nobody has signed in for this yet".into());
    if let Some(known) = known.filter(|known| known.event.is_some()) {
        let proof = format!("{} signed in at {:.0}", known.upn, known.at);
        return Ok(Probe::present(known.clone(), proof));
    }
    if let Some(known) = known.filter(|known| known.as_found) {
        return Ok(Probe::present(known.clone(), "people signed in before it was adopted"));
    }
    let Some(since) = known.map(|known| known.at).or(cx.started_at()) else {
        return Ok(cannot_tell);
    };
    let since = Timestamp::from_second(since.as_second()).unwrap_or(since);
    let aws = &cx.world().target(cx.target())?.aws;
    let events = aws
        .lookup_events(&instance.region, EventQuery::Named(SIGNED_IN), since)
        .await?;
    let external = events.into_iter().find(is_external_sign_in);
    if let Some(event) = external {
        let proof = format!("CloudTrail shows {SIGNED_IN} with EXTERNAL_IDP at {:.0}", event.at);
        let upn = known.map_or(upn, |known| &known.upn).to_owned();
        return Ok(Probe::present(
            SignIn {
                upn,
                at: event.at,
                event: Some(event.id),
                as_found: false,
            },
            proof,
        ));
    }
    let refused = aws
        .lookup_events(&instance.region, EventQuery::Named(REFUSED), since)
        .await?;
    if let Some(event) = refused.first() {
        cx.note(format!(
            "AWS refused a sign-in at {:.0}: {}",
            event.at,
            event.text("/errorMessage").unwrap_or("CloudTrail does not say why")
        ));
    }
    Ok(if known.is_some() {
        Probe::Pending(waiting_for(SIGNED_IN))
    } else {
        cannot_tell
    })
}

/// Who can show that a sign-in works: the test user, else the first of the profile, else anybody.
pub(super) fn who_signs_in(world: &World) -> String {
    let user = tester(world).or_else(|| world.profile.people.user.first());
    user.map(|user| user.upn.clone()).unwrap_or_default()
}

/// Has a person sign in from both ends.
pub(super) async fn ask_to_sign_in(cx: &Cx, upn: &str, values: &SpValues) -> Result<(), Fault> {
    cx.ask(from_my_apps(cx, upn, about_password(cx, upn).await)).await?;
    cx.ask(from_portal(cx, upn, values)).await.map(drop)
}

/// Nobody is sent to sign in who cannot: AWS lets no API enable a user, so a person has to.
async fn require_enabled(cx: &Cx, instance: &Instance) -> Result<(), Fault> {
    let world = cx.world();
    let Some(user) = tester(world) else { return Ok(()) };
    let name = aws_user::user_name(&world.profile, user);
    let needs = |what: String| Fault::new(Kind::NeedsPerson, what);
    match world.target(cx.target())?.aws.user_by_name(instance, name).await? {
        None => Err(needs(format!("No user of Identity Center is named {name}"))
            .why("AWS makes no users at sign-in, and the user name must be the NameID to the letter")
            .hint("Run `fedwiz apply` again: `aws.user` makes or renames the user.")),
        Some(found) if found.enabled == Some(false) => Err(needs(format!(
            "{} is disabled in Identity Center",
            found.user_name
        ))
        .why("somebody has disabled the user there, and no public call of AWS enables one")
        .hint(format!(
            "In the IAM Identity Center console choose Users, {name}, then Enable user access; or name another user \
                     in the profile. Then run the same command again."
        ))),
        Some(_) => Ok(()),
    }
}

fn upn(cx: &Cx) -> String {
    tester(cx.world()).map(|user| user.upn.clone()).unwrap_or_default()
}

fn from_my_apps(cx: &Cx, upn: &str, password: String) -> Guide {
    let world = cx.world();
    Guide::new(format!("Sign in to AWS as {upn}, from My Apps"))
        .open(world.entra.cloud().my_apps)
        .say(format!(
            "Open My Apps in a private browser window and sign in as {upn}."
        ))
        .say(password)
        .say(format!("Choose the app {}.", world.application_name(cx.target())))
        .say("The AWS access portal opens and shows the account and the role that were assigned.")
        .value("User", upn)
        .click(
            "entra.sign-in",
            json!({ "upn": upn, "from": "my-apps", "target": cx.target() }),
        )
}

fn from_portal(cx: &Cx, upn: &str, values: &SpValues) -> Guide {
    Guide::new(format!("Sign in to AWS as {upn}, from the access portal"))
        .open(&values.portal)
        .say("Sign out, or take another private browser window, and open the access portal.")
        .say(format!(
            "Entra asks who you are: sign in as {upn}. You come back to the portal, signed in."
        ))
        .value("Access portal", &values.portal)
        .value("User", upn)
        .click(
            "entra.sign-in",
            json!({ "upn": upn, "from": "portal", "target": cx.target() }),
        )
}
