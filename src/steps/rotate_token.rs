//! A new SCIM token in place of the old one. AWS keeps two, so there is never a moment without a good one in Entra.
//!
//! The new token lies beside the old one in the secret store until the old one is seen to be refused; only then it takes its
//! place. So a crash at any moment leaves both where they can be found.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    application::{AppIds, EnterpriseApp},
    preflight_aws::AwsInstance,
    preflight_entra::{nothing_to_undo, only_looks},
    rotation::{self, Rotation},
    scim_job::{Configured, JobId, ProvisioningCredentials, ProvisioningJob, saved_settings_work, send_settings_with},
    scim_token::{ProvisioningToken, Token, day, ends, is_accepted, kept_token, read_token, token_fields},
    world::{Cx, World},
};
use crate::{
    clients::{aws::Instance, scim::check_endpoint},
    engine::{
        any::Phase,
        guide::Guide,
        needs::One,
        step::{About, Difference, Effect, Executor, Gone, Item, Made, Probe, Scope, Step, StepId, Undone, Wait},
    },
    fault::{Fault, Kind},
    secrets::{ScimToken, remember},
};

/// The step that makes the new token.
pub(super) const NEW: StepId = StepId::new("rotate.token-new");
/// The step that has the old token deleted.
pub(super) const OLD: StepId = StepId::new("rotate.token-old");
/// The step that keeps the new token in the old one's place.
pub(super) const KEEP: StepId = StepId::new("rotate.token-keep");
/// The step that closes the round.
pub(super) const RECORDED: StepId = StepId::new("rotate.token-recorded");

/// The rotation: its own steps, then what closes it.
pub(super) static PHASES: &[&Phase<World>] = &[&TURN, &CLOSE];

static TURN: Phase<World> = Phase {
    title: "A new SCIM token",
    aim: "Entra provisions with a new token, and the old one is refused.",
    steps: &[&NewToken, &TokenGiven, &GoodCycle, &OldToken, &TokenKept],
};

static CLOSE: Phase<World> = Phase {
    title: "The new token on record",
    aim: "What the set-up recorded names the new token.",
    steps: &[&TokenRecorded],
};

const READ_MORE: &str = "https://docs.aws.amazon.com/singlesignon/latest/userguide/rotate-token.html";

fn items(world: &World, target: Option<&str>) -> Vec<Item> {
    rotation::item(Rotation::Token, world, target)
}

/// The new token while it lies beside the old one.
async fn waiting_token(cx: &Cx) -> Result<Option<ScimToken>, Fault> {
    let next = read_token(cx, &cx.world().next_scim_token(cx.target())).await?;
    Ok(next.filter(|token| !token.refused))
}

/// The new token: beside the old one, or in its place already.
async fn new_token(cx: &Cx, new: &Fresh) -> Result<ScimToken, Fault> {
    let is_it = |token: &ScimToken| token.created == Some(new.created);
    if let Some(token) = waiting_token(cx).await?.filter(is_it) {
        return Ok(token);
    }
    kept_token(cx).await?.filter(is_it).ok_or_else(|| {
        Fault::new(
            Kind::Secrets,
            format!("The new SCIM token is not in {}", cx.world().secrets.place()),
        )
        .why("it was removed there, or this rotation was begun where secrets are kept elsewhere")
        .hint("Continue where it is kept, or take this rotation back with `fedwiz rotate token --cancel` and begin again.")
    })
}

/// Whether the new token has taken the old one's place in the secret store.
async fn is_handed_over(cx: &Cx, new: &Fresh) -> Result<bool, Fault> {
    let kept = kept_token(cx).await?;
    Ok(kept.is_some_and(|kept| kept.created == Some(new.created)))
}

/// A second token beside the one in use.
pub struct NewToken;

/// What may be known of the new token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fresh {
    /// When it was made: this tells it from the old one.
    pub created: Timestamp,
    /// When the old one was made, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<Timestamp>,
}

type NewGot = (Instance, Token);

impl Step<World> for NewToken {
    const ABOUT: About = About {
        id: NEW,
        title: "Make a second token",
        why: "AWS keeps two tokens: the new one is made and proved while the old one still works.",
        executor: Executor::Human,
        scope: Scope::Target,
        effect: Effect::Changes,
        proof: "GET ServiceProviderConfig with the new token answers 200",
        undo: "A person deletes the new token; it then answers 401 and is forgotten.",
        read_more: READ_MORE,
    };
    type Needs = (One<AwsInstance>, One<ProvisioningToken>);
    type Output = Fresh;

    fn items(&self, world: &World, target: Option<&str>) -> Vec<Item> {
        items(world, target)
    }

    async fn probe(&self, cx: &Cx, (_, old): &NewGot, known: Option<&Fresh>) -> Result<Probe<Fresh>, Fault> {
        if let Some(known) = known
            && is_handed_over(cx, known).await?
        {
            return Ok(Probe::present(known.clone(), "it is the federation's token by now"));
        }
        let Some(token) = waiting_token(cx).await? else {
            return Ok(Probe::Absent);
        };
        let found = Fresh {
            created: token.created.unwrap_or_else(|| cx.now()),
            replaces: known.map_or(old.created, |known| known.replaces),
        };
        if is_accepted(cx, &token).await? {
            return Ok(Probe::present(found, "GET ServiceProviderConfig answers 200"));
        }
        Ok(Probe::Drifted {
            found,
            differences: vec![Difference::new("new token", "refused with 401", "accepted")],
        })
    }

    async fn apply(&self, cx: &Cx, (instance, old): &NewGot, _: Option<&Fresh>) -> Result<Fresh, Fault> {
        let world = cx.world();
        if !world.secrets.is_writable() {
            return Err(Fault::new(
                Kind::Secrets,
                format!("{} cannot keep a new token", world.secrets.place()),
            )
            .why("a rotation has two tokens for a while, and both must survive an interruption")
            .hint("Run it where a keyring answers (`--token-store keyring`)."));
        }
        let replaces = kept_token(cx).await?.map_or(old.created, |kept| kept.created);
        let answer = cx.ask(new_guide(cx.target(), instance, old, replaces)).await?;
        let secret = answer.secret("token")?;
        remember(&secret);
        let allowed = world.profile.endpoints.scim.as_ref();
        let endpoint = check_endpoint(
            &answer.text("endpoint")?,
            instance.partition()?,
            &instance.region,
            allowed,
        )?;
        if endpoint.as_str().trim_end_matches('/') != old.endpoint.as_str().trim_end_matches('/') {
            return Err(Fault::new(Kind::Usage, "The new token is for another SCIM endpoint")
                .why(format!("it is for {endpoint}, and Entra writes to {}", old.endpoint))
                .hint("Generate the token under Manage provisioning of the instance that this federation uses."));
        }
        // Kept first and proved then: it is shown this once only.
        let token = ScimToken::new(&secret, endpoint, cx.now());
        let name = world.next_scim_token(cx.target());
        world.secrets.set(&name, &token.to_secret()).await?;
        if !is_accepted(cx, &token).await? {
            return Err(Fault::new(
                Kind::SignIn,
                "AWS does not accept the new token for this SCIM endpoint (401)",
            )
            .why("the token is not complete, or was deleted again")
            .hint("Delete it in AWS and generate another one. The old token is still in use: nothing is broken."));
        }
        Ok(Fresh {
            created: token.created.unwrap_or_else(|| cx.now()),
            replaces,
        })
    }

    async fn undo(&self, cx: &Cx, (instance, _): &NewGot, made: &Made<Fresh>) -> Result<Undone, Fault> {
        let name = cx.world().next_scim_token(cx.target());
        let guide = delete_guide(cx.target(), instance, "new", Some(made.output.created));
        let Some(token) = read_token(cx, &name).await? else {
            cx.ask(guide).await?;
            return Ok(Undone::Kept(
                "the new token is not kept here any more, so nobody can see AWS refuse it; the console's Manage provisioning shows whether it is deleted"
                    .into(),
            ));
        };
        if is_accepted(cx, &token).await? {
            cx.ask(guide).await?;
            if is_accepted(cx, &token).await? {
                return Err(still_accepted("new"));
            }
        }
        // It is forgotten once it is written down that it is refused.
        let refused = ScimToken { refused: true, ..token };
        cx.world().secrets.set(&name, &refused.to_secret()).await?;
        Ok(Undone::Removed)
    }

    async fn gone(&self, cx: &Cx, _: &NewGot, _: &Made<Fresh>) -> Result<Gone, Fault> {
        let next = read_token(cx, &cx.world().next_scim_token(cx.target())).await?;
        Ok(match next {
            Some(token) if token.refused => Gone::Yes("the endpoint answers 401".into()),
            _ => Gone::No,
        })
    }

    async fn forget(&self, cx: &Cx) -> Result<(), Fault> {
        forget_refused(cx).await
    }
}

/// Forgets a new token that was taken back.
pub(super) async fn forget_refused(cx: &Cx) -> Result<(), Fault> {
    let name = cx.world().next_scim_token(cx.target());
    if read_token(cx, &name).await?.is_some_and(|token| token.refused) {
        cx.world().secrets.delete(&name).await?;
    }
    Ok(())
}

fn still_accepted(which: &str) -> Fault {
    Fault::new(
        Kind::NeedsPerson,
        format!("The SCIM endpoint still accepts the {which} token"),
    )
    .why("it is not deleted, or was deleted a moment ago")
    .hint("Delete it under Actions > Manage provisioning, then run the same command again.")
    .retry(crate::fault::Retry::Backoff)
}

/// Entra works with the new token.
pub struct TokenGiven;

/// Which token Entra was given, and when. It cannot be read back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// When the token was made.
    pub created: Timestamp,
    /// When Entra had taken it.
    pub at: Timestamp,
}

type GivenGot = (AppIds, JobId, Fresh);

impl Step<World> for TokenGiven {
    const ABOUT: About = About {
        id: StepId::new("rotate.token-credentials"),
        title: "Give Entra the new token",
        why: "Address, token, scope and notification mail go in one message, so Entra has one token or the other, never none.",
        executor: Executor::Graph,
        scope: Scope::Target,
        effect: Effect::Changes,
        proof: "Entra signs in to AWS with the saved credentials",
        undo: "Gives Entra the old token again.",
        read_more: "https://learn.microsoft.com/graph/api/synchronization-serviceprincipal-put-synchronization",
    };
    type Needs = (One<EnterpriseApp>, One<ProvisioningJob>, One<NewToken>);
    type Output = Given;

    fn items(&self, world: &World, target: Option<&str>) -> Vec<Item> {
        items(world, target)
    }

    async fn probe(&self, cx: &Cx, (app, job, new): &GivenGot, known: Option<&Given>) -> Result<Probe<Given>, Fault> {
        let Some(known) = known.filter(|known| known.created == new.created) else {
            // Nobody can see which token Entra has. What may have been sent is sent again, or taken back.
            return Ok(cx.started_at().map_or(Probe::Absent, |at| Probe::Drifted {
                found: Given {
                    created: new.created,
                    at,
                },
                differences: vec![Difference::new("SecretToken", "the old or the new one", "the new one")],
            }));
        };
        if saved_settings_work(cx, app, job).await? {
            return Ok(Probe::present(
                known.clone(),
                "Entra signs in to AWS with what it was given",
            ));
        }
        Ok(Probe::Drifted {
            found: known.clone(),
            differences: vec![Difference::new("SecretToken", "AWS refuses it", "accepted")],
        })
    }

    async fn apply(&self, cx: &Cx, (app, job, new): &GivenGot, _: Option<&Given>) -> Result<Given, Fault> {
        let token = new_token(cx, new).await?;
        send_settings_with(cx, app, job, &token).await?;
        Ok(Given {
            created: new.created,
            at: cx.now(),
        })
    }

    async fn undo(&self, cx: &Cx, (app, job, new): &GivenGot, _: &Made<Given>) -> Result<Undone, Fault> {
        let old = kept_token(cx).await?.filter(|kept| kept.created != Some(new.created));
        let Some(old) = old else {
            return Err(Fault::new(
                Kind::Secrets,
                format!("The old SCIM token is not in {}", cx.world().secrets.place()),
            )
            .why("Entra cannot be given back what nobody has")
            .hint("Finish the rotation instead: `fedwiz rotate token`."));
        };
        send_settings_with(cx, app, job, &old).await?;
        Ok(Undone::Restored)
    }

    async fn gone(&self, cx: &Cx, (app, job, _): &GivenGot, _: &Made<Given>) -> Result<Gone, Fault> {
        // Before it is taken back nobody can see which token Entra has.
        if cx.started_at().is_none() || !saved_settings_work(cx, app, job).await? {
            return Ok(Gone::No);
        }
        Ok(Gone::Yes("Entra has the old token again, and signs in with it".into()))
    }
}

/// A cycle with the new token.
pub struct GoodCycle;

/// A cycle that went well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cycle {
    /// When it began.
    pub began: Timestamp,
}

type CycleGot = (AppIds, JobId, Given);

impl Step<World> for GoodCycle {
    const ABOUT: About = About {
        id: StepId::new("rotate.token-cycle"),
        title: "See a cycle with the new token",
        why: "Only a whole cycle shows that provisioning goes on; until then the old token is still there to go back to.",
        executor: Executor::Wait,
        scope: Scope::Target,
        effect: Effect::Changes,
        proof: "The job's last good cycle began after Entra was given the new token",
        undo: "Nothing is taken back: the job goes on.",
        read_more: "https://learn.microsoft.com/graph/api/resources/synchronization-synchronizationstatus",
    };
    type Needs = (One<EnterpriseApp>, One<ProvisioningJob>, One<TokenGiven>);
    type Output = Cycle;

    fn items(&self, world: &World, target: Option<&str>) -> Vec<Item> {
        items(world, target)
    }

    async fn probe(&self, cx: &Cx, (app, job, given): &CycleGot, _: Option<&Cycle>) -> Result<Probe<Cycle>, Fault> {
        let Some(found) = cx.world().entra.job(&app.principal, &job.id).await? else {
            return Err(Fault::new(Kind::NotFound, "The provisioning job is gone")
                .hint("Run `fedwiz check`, and `fedwiz apply` to make it again."));
        };
        if let Some(began) = found.last_good_run().filter(|began| *began > given.at) {
            return Ok(Probe::present(
                Cycle { began },
                format!("the cycle that began at {began:.0} went well"),
            ));
        }
        let quarantined = found.code().eq_ignore_ascii_case("Quarantine");
        if quarantined && cx.started_at().is_none() {
            // It stems from before: the old token may have ended.
            let differences = vec![Difference::new("status", "Quarantine", "Active")];
            return Ok(Probe::Drifted {
                found: Cycle { began: given.at },
                differences,
            });
        }
        if !quarantined && !found.is_on() {
            return Err(Fault::new(
                Kind::NeedsPerson,
                "The provisioning job is paused, so no cycle shows that the new token works",
            )
            .why("somebody has paused it")
            .hint("Start it with `fedwiz sync start`, then run the same command again. Both tokens work until then."));
        }
        Ok(Probe::Pending(Wait {
            why: "a provisioning cycle with the new token; one begins every forty minutes".into(),
            ends_when: "the job's last good cycle began after Entra was given the new token".into(),
            every: Duration::from_secs(60),
            limit: Duration::from_secs(6 * 60 * 60),
        }))
    }

    async fn apply(&self, cx: &Cx, (app, job, given): &CycleGot, _: Option<&Cycle>) -> Result<Cycle, Fault> {
        let entra = &cx.world().entra;
        entra
            .restart_job(&app.principal, &job.id, "Escrows, QuarantineState")
            .await?;
        Ok(Cycle { began: given.at })
    }

    async fn undo(&self, _: &Cx, _: &CycleGot, _: &Made<Cycle>) -> Result<Undone, Fault> {
        Ok(Undone::Kept("the job was only made to go on".into()))
    }
}

/// The old token is deleted.
pub struct OldToken;

/// The old token's end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// When it was made, where that is known.
    pub created: Option<Timestamp>,
}

type OldGot = (Instance, Fresh, Cycle);

impl Step<World> for OldToken {
    const ABOUT: About = About {
        id: OLD,
        title: "Delete the old token",
        why: "A token that nobody needs any more is only of use to somebody who should not have it.",
        executor: Executor::Human,
        scope: Scope::Target,
        effect: Effect::Changes,
        proof: "GET ServiceProviderConfig with the old token answers 401, and with the new one 200",
        undo: "A deleted token does not come back.",
        read_more: READ_MORE,
    };
    type Needs = (One<AwsInstance>, One<NewToken>, One<GoodCycle>);
    type Output = Ended;

    fn items(&self, world: &World, target: Option<&str>) -> Vec<Item> {
        items(world, target)
    }

    async fn probe(&self, cx: &Cx, (_, new, _): &OldGot, _: Option<&Ended>) -> Result<Probe<Ended>, Fault> {
        let ended = Ended { created: new.replaces };
        let Some(old) = kept_token(cx).await? else {
            return Ok(Probe::CannotTell(
                "the old token is not kept here, so nobody can see AWS refuse it".into(),
            ));
        };
        if old.created == Some(new.created) {
            return Ok(Probe::present(
                ended,
                "it was seen to be refused before it was forgotten",
            ));
        }
        if is_accepted(cx, &old).await? {
            return Ok(Probe::Absent);
        }
        if !is_accepted(cx, &new_token(cx, new).await?).await? {
            return Err(Fault::new(Kind::NeedsPerson, "AWS refuses both tokens").why(
                "the new one was deleted, too: Entra cannot provision until it has another one",
            )
            .hint("Take this rotation back as far as it goes with `fedwiz rotate token --cancel`, then run `fedwiz apply`: it asks for a new token."));
        }
        Ok(Probe::present(ended, "GET ServiceProviderConfig answers 401"))
    }

    async fn apply(&self, cx: &Cx, (instance, new, _): &OldGot, _: Option<&Ended>) -> Result<Ended, Fault> {
        cx.ask(delete_guide(cx.target(), instance, "old", new.replaces)).await?;
        if let Some(old) = kept_token(cx).await?
            && is_accepted(cx, &old).await?
            && !is_accepted(cx, &new_token(cx, new).await?).await?
        {
            return Err(
                Fault::new(Kind::NeedsPerson, "The new token was deleted in place of the old one")
                    .why("AWS refuses the new one and still accepts the old one")
                    .hint("Run `fedwiz rotate token --cancel`: Entra gets the old token back. Then begin again."),
            );
        }
        Ok(Ended { created: new.replaces })
    }

    async fn undo(&self, _: &Cx, _: &OldGot, _: &Made<Ended>) -> Result<Undone, Fault> {
        Ok(Undone::Kept("a deleted token does not come back".into()))
    }
}

/// The new token takes the old one's place in the secret store.
pub struct TokenKept;

type KeptGot = (Fresh, Ended);

impl Step<World> for TokenKept {
    const ABOUT: About = About {
        id: KEEP,
        title: "Keep the new token in the old one's place",
        why: "From here on everything that needs the token finds the new one, and the old value is nowhere any more.",
        executor: Executor::Scim,
        scope: Scope::Target,
        effect: Effect::Changes,
        proof: "The secret store holds the new token only, and the endpoint accepts it",
        undo: "The old token is gone.",
        read_more: READ_MORE,
    };
    type Needs = (One<NewToken>, One<OldToken>);
    type Output = Fresh;

    fn items(&self, world: &World, target: Option<&str>) -> Vec<Item> {
        items(world, target)
    }

    async fn probe(&self, cx: &Cx, (new, _): &KeptGot, _: Option<&Fresh>) -> Result<Probe<Fresh>, Fault> {
        if waiting_token(cx).await?.is_some() {
            return Ok(Probe::Absent);
        }
        let token = new_token(cx, new).await?;
        Ok(if is_accepted(cx, &token).await? {
            Probe::present(new.clone(), "it is kept, and GET ServiceProviderConfig answers 200")
        } else {
            Probe::Drifted {
                found: new.clone(),
                differences: vec![Difference::new("token", "refused with 401", "accepted")],
            }
        })
    }

    async fn apply(&self, cx: &Cx, (new, _): &KeptGot, _: Option<&Fresh>) -> Result<Fresh, Fault> {
        let (world, target) = (cx.world(), cx.target());
        let token = new_token(cx, new).await?;
        world.secrets.set(&world.scim_token(target), &token.to_secret()).await?;
        world.secrets.delete(&world.next_scim_token(target)).await?;
        Ok(new.clone())
    }

    async fn undo(&self, _: &Cx, _: &KeptGot, _: &Made<Fresh>) -> Result<Undone, Fault> {
        Ok(Undone::Kept("the old token is deleted".into()))
    }
}

/// The set-up's record names the new token.
pub struct TokenRecorded;

type RecordedGot = (Fresh, Token, Configured);

impl Step<World> for TokenRecorded {
    const ABOUT: About = About {
        id: RECORDED,
        title: "Close the rotation",
        why: "What was set up is on record with its token's age: the record must speak of the new one.",
        executor: Executor::Wait,
        scope: Scope::Target,
        effect: Effect::Observes,
        proof: "The record of `scim.token` has the new token's time",
        undo: "Nothing to take back: it only looks.",
        read_more: READ_MORE,
    };
    type Needs = (One<TokenKept>, One<ProvisioningToken>, One<ProvisioningCredentials>);
    type Output = Fresh;

    fn items(&self, world: &World, target: Option<&str>) -> Vec<Item> {
        items(world, target)
    }

    async fn probe(&self, _: &Cx, (new, token, _): &RecordedGot, _: Option<&Fresh>) -> Result<Probe<Fresh>, Fault> {
        Ok(if token.created == Some(new.created) {
            Probe::present(new.clone(), format!("the token was made at {:.0}", new.created))
        } else {
            Probe::CannotTell("the record of `scim.token` speaks of another token".into())
        })
    }

    async fn apply(&self, _: &Cx, _: &RecordedGot, _: Option<&Fresh>) -> Result<Fresh, Fault> {
        only_looks(Self::ABOUT.id)
    }

    async fn undo(&self, _: &Cx, _: &RecordedGot, _: &Made<Fresh>) -> Result<Undone, Fault> {
        nothing_to_undo()
    }
}

/// How a person makes a second token.
fn new_guide(target: &str, instance: &Instance, old: &Token, created: Option<Timestamp>) -> Guide {
    let which = created.map_or_else(
        || "the one that Entra uses now".to_owned(),
        |created| {
            format!(
                "the one that was created on {} and ends {}",
                day(created),
                ends(Some(created))
            )
        },
    );
    let guide = Guide::new("Generate a second SCIM token in AWS")
        .consequences("Nothing changes yet: the token in use goes on working beside the new one.")
        .way_back("Actions > Manage provisioning: delete the token that you make now, and leave the other one.")
        .open(instance.console_page("settings"))
        .say(format!(
            "In the IAM Identity Center console, Region {}, choose Settings, then the Identity source tab.",
            instance.region
        ))
        .say("Choose Actions > Manage provisioning.")
        .say(format!(
            "AWS keeps two tokens. If two are listed already, {which} is in use. Delete the other one only if nobody uses \
             it, as when an earlier rotation was interrupted; if something else does, stop here."
        ))
        .say("Choose Generate token, then Show token, and copy it. This is the only time it is shown.")
        .value("SCIM endpoint", old.endpoint.as_str());
    token_fields(guide, false).click(
        "aws.generate-token",
        json!({ "target": target, "keep": created.map(|created| created.to_string()) }),
    )
}

/// How a person deletes one of the two tokens.
fn delete_guide(target: &str, instance: &Instance, which: &str, created: Option<Timestamp>) -> Guide {
    let guide = Guide::new(format!("Delete the {which} SCIM token in AWS"))
        .consequences(format!(
            "Only the {which} token is refused from then on. The other one is in use: leave it."
        ))
        .open(instance.console_page("settings"))
        .say(format!(
            "In the IAM Identity Center console, Region {}, choose Settings, then the Identity source tab.",
            instance.region
        ))
        .say("Choose Actions > Manage provisioning.");
    match created {
        Some(created) => guide
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
            .say("Choose the access token that was created first, then Delete, and type DELETE.")
            .click("aws.delete-token", json!({ "which": "oldest", "target": target })),
    }
}
