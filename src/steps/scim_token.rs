//! The SCIM endpoint and its token: a person brings them, the endpoint itself proves them.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;

use super::{
    application::EnterpriseApp,
    by_hand::{Known, instance},
    identity_source::{IdentitySource, Switched},
    preflight_aws::AwsInstance,
    world::{Cx, World},
};
use crate::{
    clients::{
        aws::Instance,
        scim::{Scim, check_endpoint},
    },
    engine::{
        declared::Declared,
        guide::{Answer, Entry, Guide},
        known::ByHand,
        needs::One,
        step::{About, Difference, Effect, Executor, Gone, Made, Probe, Scope, Step, StepId, Undone},
    },
    fault::{Fault, Kind, Retry},
    secrets::{ScimToken, SecretRef, remember},
};

/// How long a token lives.
/// <https://docs.aws.amazon.com/singlesignon/latest/userguide/provision-automatically.html>
pub const TOKEN_LIFE: SignedDuration = SignedDuration::from_hours(365 * 24);

/// AWS's SCIM endpoint with a token for it.
pub struct ProvisioningToken;

/// What may be known of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// The SCIM endpoint.
    pub endpoint: Url,
    /// Where the token is kept.
    pub kept_as: SecretRef,
    /// When it was made; it lives one year.
    pub created: Option<Timestamp>,
    /// Whether automatic provisioning was on before; none when nobody knows, as in what earlier versions wrote down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provisioning_before: Option<bool>,
    /// A look a moment ago found that AWS refuses it. What stands has not got this.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub refused: bool,
}

impl Token {
    /// Whether automatic provisioning is ours to disable, with all its tokens.
    pub(super) fn brought_provisioning(&self) -> bool {
        self.provisioning_before == Some(false)
    }
}

/// The token of a target, if one is kept.
pub(super) async fn kept_token(cx: &Cx) -> Result<Option<ScimToken>, Fault> {
    read_token(cx, &cx.world().scim_token(cx.target())).await
}

/// The token that is kept under this name, if there is one.
pub(super) async fn read_token(cx: &Cx, name: &SecretRef) -> Result<Option<ScimToken>, Fault> {
    let kept = cx.world().secrets.get(name).await?;
    kept.as_ref().map(ScimToken::from_secret).transpose()
}

/// The token of a target, which a step needs that stands on it.
pub(super) async fn token_at_hand(cx: &Cx) -> Result<ScimToken, Fault> {
    kept_token(cx).await?.ok_or_else(|| {
        Fault::new(
            Kind::Secrets,
            format!("The SCIM token is not in {}", cx.world().secrets.place()),
        )
        .why("Entra never gives it back, and each change of the provisioning settings must send it again")
        .hint("Continue where the token is kept, or make a new one in AWS's console and bring it to `scim.token`.")
    })
}

/// Whether a token is good for its endpoint.
pub(super) async fn is_accepted(cx: &Cx, token: &ScimToken) -> Result<bool, Fault> {
    let http = cx.world().entra.graph().http().clone();
    match Scim::new(http, token.endpoint.clone(), token.token.clone())
        .service_provider_config()
        .await
    {
        Ok(_) => Ok(true),
        Err(fault) if fault.kind == Kind::SignIn => Ok(false),
        Err(fault) => Err(fault),
    }
}

/// Asks for endpoint and token.
pub(super) fn token_fields(guide: Guide, may_be_left_out: bool) -> Guide {
    let (endpoint, token) = (
        (
            "endpoint",
            "SCIM endpoint",
            "https://scim.<region>.amazonaws.com/<tenant id>/scim/v2",
        ),
        ("token", "Access token", "shown once, behind Show token"),
    );
    if may_be_left_out {
        guide
            .optional(endpoint.0, endpoint.1, endpoint.2, Entry::Line)
            .optional(token.0, token.1, token.2, Entry::Secret)
    } else {
        guide
            .field(endpoint.0, endpoint.1, endpoint.2, Entry::Line)
            .field(token.0, token.1, token.2, Entry::Secret)
    }
}

/// Keeps what a person brought back, if there is anything: straight into the secret store.
pub(super) async fn keep_token(cx: &Cx, instance: &Instance, answer: &Answer) -> Result<Option<ScimToken>, Fault> {
    let (Some(endpoint), Ok(token)) = (answer.optional("endpoint"), answer.secret("token")) else {
        return Ok(None);
    };
    if endpoint.trim().is_empty() {
        return Ok(None);
    }
    remember(&token);
    let world = cx.world();
    let allowed = world.profile.endpoints.scim.as_ref();
    let endpoint = check_endpoint(&endpoint, instance.partition()?, &instance.region, allowed)?;
    let token = ScimToken::new(&token, endpoint, cx.now());
    world
        .secrets
        .set(&world.scim_token(cx.target()), &token.to_secret())
        .await?;
    Ok(Some(token))
}

/// Remembers that a job that stood before goes on with the token. False where the store cannot be written to.
pub(super) async fn lend(cx: &Cx, token: &ScimToken) -> Result<bool, Fault> {
    let lent = ScimToken {
        lent: true,
        ..token.clone()
    };
    let world = cx.world();
    match world
        .secrets
        .set(&world.scim_token(cx.target()), &lent.to_secret())
        .await
    {
        Ok(()) => Ok(true),
        Err(fault) if fault.retry == Retry::Never => Ok(false),
        Err(fault) => Err(fault),
    }
}

/// The end of a token's year, in words.
pub(super) fn ends(created: Option<Timestamp>) -> String {
    let end = created.and_then(|made| made.checked_add(TOKEN_LIFE).ok());
    end.map_or_else(
        || "one year after it was made".to_owned(),
        |end| format!("on {}", day(end)),
    )
}

/// The day of a moment.
pub(super) fn day(time: Timestamp) -> String {
    format!("{time:.0}").chars().take(10).collect()
}

impl ProvisioningToken {
    fn output(cx: &Cx, token: &ScimToken, switched: &Switched) -> Token {
        Token {
            endpoint: token.endpoint.clone(),
            kept_as: cx.world().scim_token(cx.target()),
            created: token.created,
            provisioning_before: switched.provisioning_before,
            refused: false,
        }
    }

    /// Has a person delete the token, and where provisioning is ours, all others and provisioning itself.
    async fn hand_back(cx: &Cx, instance: &Instance, token: &Token) -> Result<(), Fault> {
        cx.ask(delete_guide(cx.target(), instance, token)).await.map(drop)
    }

    /// Has a person disable provisioning where it is ours, and where nobody knows, if it was off before.
    async fn close(cx: &Cx, instance: &Instance, token: &Token) -> Result<(), Fault> {
        match token.provisioning_before {
            Some(true) => {
                cx.note("automatic provisioning was on before fedwiz came: it stays on");
                Ok(())
            }
            Some(false) => cx.ask(disable_guide(cx.target(), instance)).await.map(drop),
            None => cx
                .ask(disable_if_it_was_off_guide(cx.target(), instance))
                .await
                .map(drop),
        }
    }
}

type TokenGot = (Instance, Switched);

impl Step<World> for ProvisioningToken {
    const ABOUT: About = About {
        id: StepId::new("scim.token"),
        title: "Enable automatic provisioning",
        why: "AWS's console shows the SCIM endpoint, and once only a token for it; Entra needs both.",
        executor: Executor::Human,
        scope: Scope::Target,
        effect: Effect::Changes,
        proof: "GET ServiceProviderConfig with the token answers 200",
        undo: "A person deletes the token and, if it was off before, disables automatic provisioning; the token then answers \
               401 and is forgotten.",
        read_more: "https://docs.aws.amazon.com/singlesignon/latest/userguide/how-to-with-scim.html",
    };
    type Needs = (One<AwsInstance>, One<IdentitySource>);
    type Output = Token;

    async fn probe(&self, cx: &Cx, (_, switched): &TokenGot, known: Option<&Token>) -> Result<Probe<Token>, Fault> {
        // Without a record nothing is ours yet: a token that the visit before this one brought is taken up by `apply`.
        let Some(known) = known else { return Ok(Probe::Absent) };
        let Some(token) = kept_token(cx).await? else {
            return Ok(Probe::Drifted {
                found: known.clone(),
                differences: vec![Difference::new("token", NOT_KEPT, "kept")],
            });
        };
        if is_accepted(cx, &token).await? {
            let found = Self::output(cx, &token, switched);
            return Ok(Probe::present(found, "GET ServiceProviderConfig answers 200"));
        }
        Ok(Probe::Drifted {
            found: Token {
                refused: true,
                ..known.clone()
            },
            differences: vec![Difference::new("token", "refused with 401", "accepted")],
        })
    }

    /// Entra never gives a token back. Whoever has it at hand brings it; without, the endpoint that Entra has is enough to
    /// look at everything, and not to change the settings.
    async fn adopt(&self, cx: &Cx, (instance, switched): &TokenGot) -> Result<Probe<Token>, Fault> {
        if let Some(token) = kept_token(cx).await?
            && is_accepted(cx, &token).await?
        {
            let proof = "GET ServiceProviderConfig answers 200 to the token that was kept";
            return Ok(Probe::present(Self::output(cx, &token, switched), proof));
        }
        let Some(endpoint) = endpoint_in_use(cx, instance).await? else {
            return Ok(Probe::Absent);
        };
        match cx.ask(bring_guide(instance, &endpoint)).await {
            Ok(answer) => {
                if let Some(token) = keep_token(cx, instance, &answer).await? {
                    if is_accepted(cx, &token).await? {
                        let proof = "GET ServiceProviderConfig answers 200";
                        return Ok(Probe::present(Self::output(cx, &token, switched), proof));
                    }
                    return Err(Fault::new(
                        Kind::SignIn,
                        "AWS does not accept this token for this SCIM endpoint (401)",
                    )
                    .why("the token is not complete, is deleted, or belongs to another endpoint")
                    .hint("Leave it out, or make a new one with `fedwiz rotate token` afterwards."));
                }
            }
            Err(fault) if fault.kind == Kind::NeedsPerson => {}
            Err(fault) => return Err(fault),
        }
        cx.note("without the SCIM token its age is unknown, and provisioning settings cannot be changed");
        Ok(Probe::Drifted {
            found: Token {
                endpoint,
                kept_as: cx.world().scim_token(cx.target()),
                created: None,
                provisioning_before: Some(true),
                refused: false,
            },
            differences: vec![Difference::new("token", NOT_KEPT, "kept")],
        })
    }

    fn may_stay(&self, difference: &Difference) -> bool {
        difference.found == NOT_KEPT
    }

    async fn apply(&self, cx: &Cx, (instance, switched): &TokenGot, _: Option<&Token>) -> Result<Token, Fault> {
        if let Some(token) = kept_token(cx).await?
            && is_accepted(cx, &token).await?
        {
            cx.note("the token was brought along before");
            return Ok(Self::output(cx, &token, switched));
        }
        let answer = cx
            .ask(token_guide(cx.target(), instance, switched.provisioning_before))
            .await?;
        let token = keep_token(cx, instance, &answer).await?.ok_or_else(|| {
            Fault::new(Kind::NeedsPerson, "The SCIM endpoint or its token is missing")
                .hint("Bring both: the endpoint from the box Automatic provisioning, the token from behind Show token.")
        })?;
        if !is_accepted(cx, &token).await? {
            return Err(Fault::new(
                Kind::SignIn,
                "AWS does not accept this token for this SCIM endpoint (401)",
            )
            .why("the token is not complete, is deleted, or belongs to another endpoint")
            .hint("Make a new token: Settings > Identity source > Actions > Manage provisioning > Generate token."));
        }
        Ok(Self::output(cx, &token, switched))
    }

    async fn undo(&self, cx: &Cx, (instance, _): &TokenGot, made: &Made<Token>) -> Result<Undone, Fault> {
        let world = cx.world();
        let ours = &made.output;
        let Some(token) = kept_token(cx).await? else {
            // The secret store has lost it: the person is asked all the same, but nobody can see AWS refuse it.
            Self::hand_back(cx, instance, ours).await?;
            Self::close(cx, instance, ours).await?;
            return Ok(Undone::Kept(
                format!(
                    "the token is not in {} any more, so nobody can see AWS refuse it; the console's Manage provisioning shows whether it is deleted",
                    world.secrets.place()
                )
                .into(),
            ));
        };
        if is_accepted(cx, &token).await? {
            if token.lent && !ours.brought_provisioning() {
                return Ok(Undone::Kept(
                    format!(
                        "Entra's provisioning job, which stood before fedwiz came, goes on with it until it ends {}; give the job another token, then delete this one in AWS",
                        ends(token.created)
                    )
                    .into(),
                ));
            }
            // A rotation that was cut off before its end may have put another one in its place.
            let created = token.created.or(ours.created);
            Self::hand_back(
                cx,
                instance,
                &Token {
                    created,
                    ..ours.clone()
                },
            )
            .await?;
            if is_accepted(cx, &token).await? {
                return Err(
                    Fault::new(Kind::NeedsPerson, "The SCIM endpoint still accepts the token")
                        .why("it is not deleted, or was deleted a moment ago")
                        .hint("Delete it under Actions > Manage provisioning, then continue.")
                        .retry(Retry::Backoff),
                );
            }
        }
        Self::close(cx, instance, ours).await?;
        if world.secrets.is_writable() {
            // Were it forgotten here, a crash would leave no evidence: it goes once it is written down that it is refused.
            let refused = ScimToken { refused: true, ..token };
            let name = world.scim_token(cx.target());
            world.secrets.set(&name, &refused.to_secret()).await?;
        }
        Ok(Undone::Removed)
    }

    async fn gone(&self, cx: &Cx, _: &TokenGot, _: &Made<Token>) -> Result<Gone, Fault> {
        const SEEN: &str = "the endpoint answers 401";
        let Some(token) = kept_token(cx).await? else {
            // It was lost here and never seen refused: that is not gone.
            return Ok(Gone::No);
        };
        Ok(if token.refused {
            Gone::Yes(SEEN.into())
        } else if cx.started_at().is_none() || cx.world().secrets.is_writable() || is_accepted(cx, &token).await? {
            // Refused or not: what else belongs to it is not seen to by looking.
            Gone::No
        } else {
            Gone::Yes(SEEN.into())
        })
    }

    async fn forget(&self, cx: &Cx) -> Result<(), Fault> {
        let world = cx.world();
        if kept_token(cx).await?.is_some_and(|token| token.refused) {
            world.secrets.delete(&world.scim_token(cx.target())).await?;
        }
        super::rotate_token::forget_refused(cx).await
    }

    fn by_hand(&self, known: &Known<'_>) -> ByHand {
        let (target, instance) = (known.target(), instance(known));
        let token = known.one::<Self>();
        let up = token_guide(
            target,
            &instance,
            token.as_ref().and_then(|token| token.provisioning_before),
        );
        let up = Guide {
            values: token
                .iter()
                .map(|token| ("SCIM endpoint".into(), token.endpoint.to_string()))
                .collect(),
            ..up
        }
        .say("Put the token where secrets are kept, never on this sheet. It lives one year.");
        let down = match &token {
            Some(token) => delete_guide(target, &instance, token),
            None => Guide::new("Delete the SCIM token in AWS")
                .open(instance.console_page("settings"))
                .say("Choose Settings > Identity source > Actions > Manage provisioning.")
                .say("Choose the access token that was made for this, then Delete, and type DELETE."),
        };
        let off = match token.and_then(|token| token.provisioning_before) {
            Some(true) => return ByHand::up(up).down(down),
            Some(false) => disable_guide(target, &instance),
            None => disable_if_it_was_off_guide(target, &instance),
        };
        ByHand::up(up).down(down).down(off)
    }

    fn declared(&self, _: &Known<'_>) -> Declared {
        Declared::Not(
            "AWS has no API that switches automatic provisioning on or makes a token: a person does it in the console"
                .into(),
        )
    }
}

/// What is found of a token that only Entra and AWS have.
const NOT_KEPT: &str = "not in the secret store";

/// The SCIM endpoint that Entra provisions to, if it has one and a token for it.
async fn endpoint_in_use(cx: &Cx, instance: &Instance) -> Result<Option<Url>, Fault> {
    let Some(principal) = EnterpriseApp::named(cx).await? else {
        return Ok(None);
    };
    let settings = cx.world().entra.settings(&principal.id).await?;
    let value = |key: &str| {
        let found = settings.iter().find(|setting| setting.key.as_deref() == Some(key));
        found
            .and_then(|setting| setting.value.clone())
            .filter(|value| !value.is_empty())
    };
    let (Some(address), Some(_)) = (value("BaseAddress"), value("SecretToken")) else {
        return Ok(None);
    };
    // A masked address is compared with nothing; the host is the same for all instances of a Region.
    let host = || {
        let host = instance.partition().ok()?.scim_hosts.first()?;
        Url::parse(&format!("https://{}/", host.replace("{region}", &instance.region))).ok()
    };
    Ok(Url::parse(&address).ok().or_else(host))
}

/// How a person brings the token of a federation that stands, if it is at hand.
fn bring_guide(instance: &Instance, endpoint: &Url) -> Guide {
    let guide = Guide::new("Bring the SCIM token, if you have it")
        .consequences("Nothing changes: the token is only kept, and tried once with a reading call.")
        .open(instance.console_page("settings"))
        .say(
            "Entra and AWS never show a token again. If it is in your own vault, enter endpoint and token; otherwise leave both              empty.",
        )
        .say(
            "Without it everything can be looked at. Its age stays unknown, and the provisioning settings cannot be changed from              here, until `fedwiz rotate token` makes a new one.",
        )
        .value("SCIM endpoint in Entra", endpoint.as_str());
    token_fields(guide, true)
}

/// How a person brings a token.
fn token_guide(target: &str, instance: &Instance, was_on: Option<bool>) -> Guide {
    let guide = Guide::new("Enable automatic provisioning in AWS")
        .consequences("Nobody is changed yet: AWS only opens an address at which Entra may write users and groups.")
        .way_back("Actions > Manage provisioning: delete the token, then Disable.")
        .open(instance.console_page("settings"))
        .say(format!(
            "In the IAM Identity Center console, Region {}, choose Settings.",
            instance.region
        ));
    let guide = if was_on == Some(true) {
        guide
            .way_back("Actions > Manage provisioning: delete the token that you make now. The others are not ours.")
            .say(
                "Provisioning is on already: choose Identity source > Actions > Manage provisioning > Generate token. AWS \
                 keeps two: if there are two, delete one that nobody uses any more.",
            )
            .say("Copy the SCIM endpoint.")
            .say("Choose Show token and copy the Access token. This is the only time it is shown.")
    } else {
        guide
            .say("In the box Automatic provisioning choose Enable. The dialog Inbound automatic provisioning opens.")
            .say("Copy the SCIM endpoint.")
            .say("Choose Show token and copy the Access token. This is the only time it is shown.")
            .say("If provisioning is on already: Identity source > Actions > Manage provisioning > Generate token. AWS keeps two.")
    };
    token_fields(guide, false).click("aws.enable-provisioning", json!({ "target": target }))
}

fn delete_guide(target: &str, instance: &Instance, token: &Token) -> Guide {
    let guide = Guide::new("Delete the SCIM token in AWS")
        .open(instance.console_page("settings"))
        .say(format!(
            "In the IAM Identity Center console, Region {}, choose Settings, then the Identity source tab.",
            instance.region
        ))
        .say("Choose Actions > Manage provisioning.")
        .value("SCIM endpoint", token.endpoint.as_str());
    match token.created {
        _ if token.brought_provisioning() => guide
            .consequences("Whoever still provisions with a token of this endpoint is refused from then on.")
            .say("Choose each access token, then Delete, and type DELETE.")
            .click("aws.delete-token", json!({ "which": "all", "target": target })),
        Some(created) => guide
            .consequences("Only this token is refused from then on. The other one was not made for fedwiz: leave it.")
            .say(format!(
                "Choose the access token that was created on {}, a little before {:.0}, and ends {}; then Delete, and type \
                 DELETE.",
                day(created),
                created,
                ends(Some(created))
            ))
            .value("Token noted at", format!("{created:.0}"))
            .click(
                "aws.delete-token",
                json!({ "created": created.to_string(), "target": target }),
            ),
        None => guide
            .consequences("Only this token is refused from then on. The other one was not made for fedwiz: leave it.")
            .say(
                "When it was made is not known: choose the access token that fedwiz was given, not another one, then Delete, \
                 and type DELETE.",
            )
            .click("aws.delete-token", json!({ "which": "newest", "target": target })),
    }
}

fn disable_guide(target: &str, instance: &Instance) -> Guide {
    Guide::new("Disable automatic provisioning in AWS")
        .consequences("Users and groups stay as they are; nobody can write them through SCIM any more.")
        .open(instance.console_page("settings"))
        .say("On the same page, Manage provisioning, choose Disable and type DISABLE. AWS allows it only without tokens.")
        .click("aws.disable-provisioning", json!({ "target": target }))
}

fn disable_if_it_was_off_guide(target: &str, instance: &Instance) -> Guide {
    Guide::new("Disable automatic provisioning in AWS, if it was off before this set-up")
        .consequences(
            "Nobody wrote down whether it was on. If something else provisions through it, it must stay on; users and groups \
             stay in either case.",
        )
        .open(instance.console_page("settings"))
        .say("If it was on before, or another token is listed that is in use: leave it.")
        .say("Else choose Disable on the same page, Manage provisioning, and type DISABLE. AWS allows it only without tokens.")
        .click("aws.restore-provisioning", json!({ "target": target }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance() -> Instance {
        serde_json::from_value(json!({
            "arn": "arn:aws:sso:::instance/ssoins-0123456789abcdef", "store": "d-0123456789", "owner": "111122223333",
            "region": "eu-west-1", "status": "ACTIVE",
        }))
        .unwrap()
    }

    fn token(provisioning_before: Option<bool>) -> Token {
        Token {
            endpoint: "https://scim.eu-west-1.amazonaws.com/Hw5/scim/v2".parse().unwrap(),
            kept_as: SecretRef::scim_token("contoso", "aws"),
            created: Some("2026-01-05T09:00:00Z".parse().unwrap()),
            provisioning_before,
            refused: false,
        }
    }

    #[test]
    fn only_our_own_token_goes_unless_provisioning_is_ours() {
        let click = |before| delete_guide("aws", &instance(), &token(before)).click.unwrap().args;
        assert_eq!(click(Some(false))["which"], "all");
        for before in [Some(true), None] {
            assert_eq!(click(before)["created"], "2026-01-05T09:00:00Z");
            let said = delete_guide("aws", &instance(), &token(before)).say.join(" ");
            assert!(
                said.contains("created on 2026-01-05") && said.contains("ends on 2027-01-05"),
                "{said}"
            );
        }
    }

    #[test]
    fn a_token_that_an_earlier_version_wrote_down_says_nothing_of_before() {
        let mut written = serde_json::to_value(token(None)).unwrap();
        assert!(written.get("provisioning_before").is_none());
        written["created"] = serde_json::Value::Null;
        let read: Token = serde_json::from_value(written).unwrap();
        assert!(!read.brought_provisioning());
        let click = delete_guide("aws", &instance(), &read).click.unwrap().args;
        assert_eq!(click["which"], "newest", "never all");
    }
}
