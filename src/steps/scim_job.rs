//! The provisioning job in Entra, and the credentials and settings it works with.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    application::{AppIds, EnterpriseApp},
    aws_user::AwsUser,
    by_hand::{Known, at_the_app, stood_before, value_if},
    scim_run::ProvisioningRun,
    scim_token::{ProvisioningToken, Token, kept_token, lend, token_at_hand},
    world::{Cx, World},
};
use crate::{
    clients::{
        Existed,
        entra::synchronization::{Setting, Settings},
    },
    engine::{
        declared::{Block, Declared, Member, Term},
        known::ByHand,
        needs::{After, One},
        step::{About, Difference, Effect, Executor, Gone, Made, Probe, Scope, Step, StepId, Undone},
    },
    fault::{Fault, Kind, Retry},
    profile,
    secrets::ScimToken,
};

/// The template of the gallery's AWS Single-Account Access: it only imports roles.
const SINGLE_ACCOUNT: &str = "aws";

/// The setting that says whether everybody is in scope.
const SYNC_ALL: &str = "SyncAll";

/// The provisioning job.
pub struct ProvisioningJob;

/// A job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobId {
    /// Its id.
    pub id: String,
    /// The template it was made from.
    pub template: String,
}

type JobGot = (AppIds, Token, ());

impl Step<World> for ProvisioningJob {
    const ABOUT: About = About {
        id: StepId::new("scim.job"),
        title: "Create the provisioning job",
        why: "The job is what carries users and groups from Entra to AWS, every forty minutes.",
        executor: Executor::Graph,
        scope: Scope::Target,
        effect: Effect::Changes,
        proof: "GET the job by its id",
        undo: "Deletes the job. Users it brought stay in AWS until their own step removes them.",
        read_more: "https://learn.microsoft.com/graph/api/synchronization-synchronization-post-jobs",
    };
    type Needs = (One<EnterpriseApp>, One<ProvisioningToken>, After<AwsUser>);
    type Output = JobId;

    async fn probe(&self, cx: &Cx, (app, ..): &JobGot, known: Option<&JobId>) -> Result<Probe<JobId>, Fault> {
        let entra = &cx.world().entra;
        let found = match known {
            Some(known) => entra.job(&app.principal, &known.id).await?,
            None => entra
                .jobs(&app.principal)
                .await?
                .into_iter()
                .find(|job| job.template_id.as_deref() != Some(SINGLE_ACCOUNT)),
        };
        Ok(match found {
            Some(job) => {
                let proof = format!("job {} answers, {}", job.id, job.code());
                let template = job.template_id.unwrap_or_default();
                Probe::present(JobId { id: job.id, template }, proof)
            }
            None => Probe::Absent,
        })
    }

    async fn apply(&self, cx: &Cx, (app, ..): &JobGot, _: Option<&JobId>) -> Result<JobId, Fault> {
        let entra = &cx.world().entra;
        let mut templates = entra.sync_templates(&app.principal).await?;
        templates.sort_by_key(|template| !template.is_default);
        let Some(template) = templates.into_iter().next() else {
            return Err(
                Fault::new(Kind::NotFound, format!("{} offers no provisioning", app.name))
                    .why("its connector is not in this cloud, or the application was made a moment ago")
                    .hint(
                        "In other clouds than the global one, set `kind = \"non-gallery\"` under [entra.application].",
                    )
                    .retry(Retry::Replication),
            );
        };
        if template.id == SINGLE_ACCOUNT {
            return Err(Fault::new(
                Kind::Conflict,
                "The application is an AWS Single-Account Access application",
            )
            .why("its provisioning only imports roles and brings nobody to Identity Center")
            .hint("Give the profile another application name, so that the right application is made."));
        }
        let made = entra.create_job(&app.principal, &template.id).await?;
        Ok(JobId {
            id: made.id,
            template: template.id,
        })
    }

    async fn undo(&self, cx: &Cx, (app, ..): &JobGot, made: &Made<JobId>) -> Result<Undone, Fault> {
        Ok(
            match cx.world().entra.delete_job(&app.principal, &made.output.id).await? {
                Existed::Yes => Undone::Removed,
                Existed::No => Undone::AlreadyGone,
            },
        )
    }

    async fn gone(&self, cx: &Cx, (app, ..): &JobGot, made: &Made<JobId>) -> Result<Gone, Fault> {
        Ok(match cx.world().entra.job(&app.principal, &made.output.id).await? {
            Some(_) => Gone::No,
            None => Gone::Yes("GET the job answers 404".into()),
        })
    }

    fn by_hand(&self, known: &Known<'_>) -> ByHand {
        let up = at_the_app(
            known,
            "Begin the provisioning configuration",
            "Provisioning > New configuration",
        );
        let up = value_if(up, "Job ID", known.one::<Self>().map(|job| job.id));
        ByHand::up(up).down(
            at_the_app(known, "Delete the provisioning configuration", "Provisioning")
                .say("Choose Delete configuration where the page offers it. It goes with the application anyway."),
        )
    }

    fn declared(&self, known: &Known<'_>) -> Declared {
        let (Some(app), Some(job)) = (known.one::<EnterpriseApp>(), known.one::<Self>()) else {
            return Declared::Nothing;
        };
        if !known.is_made::<Self>("") {
            return stood_before();
        }
        let running = known.one::<ProvisioningRun>().is_some_and(|run| !run.paused);
        Declared::As(vec![
            Block::resource(
                "azuread_synchronization_job",
                known.target(),
                format!("/servicePrincipals/{}/synchronization/jobs/{}", app.principal, job.id),
            )
            .is("service_principal_id", principal_id(known, &app))
            .says("template_id", &job.template)
            .is("enabled", Term::Flag(running)),
        ])
    }
}

/// The service principal's id, as the provider spells it.
fn principal_id(known: &Known<'_>, app: &AppIds) -> Term {
    let id = format!("/servicePrincipals/{}", app.principal);
    Term::of("azuread_service_principal", known.target(), "id", id)
}

/// The job's credentials and settings.
pub struct ProvisioningCredentials;

/// The settings, without secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configured {
    /// The SCIM endpoint.
    pub address: String,
    /// Whether there is a token; it cannot be read back.
    pub token: bool,
    /// Whether everybody is in scope; none when that was never set.
    pub sync_all: Option<bool>,
    /// What the service is told about mails.
    pub notifications: Option<String>,
    /// All keys that have a value.
    pub keys: Vec<String>,
}

impl Configured {
    fn read(settings: &[Setting]) -> Self {
        let value = |key: &str| {
            let found = settings.iter().find(|setting| setting.key.as_deref() == Some(key));
            found
                .and_then(|setting| setting.value.clone())
                .filter(|value| !value.is_empty())
        };
        Self {
            address: value("BaseAddress").unwrap_or_default(),
            token: value("SecretToken").is_some(),
            sync_all: value("SyncAll").map(|value| value.eq_ignore_ascii_case("true")),
            notifications: value("SyncNotificationSettings"),
            keys: settings
                .iter()
                .filter(|setting| setting.value.as_deref().is_some_and(|value| !value.is_empty()))
                .filter_map(|setting| setting.key.clone())
                .collect(),
        }
    }

    fn is_empty(&self) -> bool {
        self.address.is_empty() && !self.token
    }

    /// Whether it is for this endpoint. A value that the service masks cannot be compared; trying the saved credentials
    /// settles it.
    fn is_for(&self, endpoint: &str) -> bool {
        is_masked(&self.address) || self.address.trim_end_matches('/') == endpoint.trim_end_matches('/')
    }

    fn differences(&self, world: &World, endpoint: &str) -> Vec<Difference> {
        let mut differences = Vec::new();
        if !self.is_for(endpoint) {
            differences.push(Difference::new("BaseAddress", self.address.clone(), endpoint));
        }
        if !self.token {
            differences.push(Difference::new("SecretToken", "none", "set"));
        }
        let all = sync_all(world);
        if self.sync_all.is_some_and(|found| found != all) || self.sync_all.is_none() {
            let found = self
                .sync_all
                .map_or_else(|| "not set".to_owned(), |found| found.to_string());
            differences.push(Difference::new(SYNC_ALL, found, all.to_string()));
        }
        if let Some(wanted) = &world.profile.provisioning.notify
            && !notified(self.notifications.as_deref()).is_some_and(|found| found.eq_ignore_ascii_case(wanted))
            && !self.notifications.as_deref().is_some_and(is_masked)
        {
            let found = self.notifications.clone().unwrap_or_else(|| "nobody".into());
            differences.push(Difference::new("SyncNotificationSettings", found, wanted.clone()));
        }
        differences
    }
}

fn is_masked(value: &str) -> bool {
    !value.is_empty() && value.chars().all(|c| c == '*')
}

/// Whether the profile wants everybody in scope.
pub(super) fn sync_all(world: &World) -> bool {
    world.profile.provisioning.scope == profile::Scope::All
}

/// Who is told, by what the service keeps as JSON in text.
fn notified(settings: Option<&str>) -> Option<String> {
    let settings: Value = serde_json::from_str(settings?).ok()?;
    settings["Recipients"].as_str().map(str::to_owned)
}

/// The whole of the settings, in one message: each sending replaces them all.
pub(super) async fn send_settings(cx: &Cx, app: &AppIds, job: &JobId, validate: bool) -> Result<(), Fault> {
    let token = token_at_hand(cx).await?;
    send(cx, app, job, &token, sync_all(cx.world()), None, validate).await
}

/// The settings as they are, but with this token, tried before they are sent.
pub(super) async fn send_settings_with(cx: &Cx, app: &AppIds, job: &JobId, token: &ScimToken) -> Result<(), Fault> {
    let world = cx.world();
    let found = Configured::read(&world.entra.settings(&app.principal).await?);
    let all = found.sync_all.unwrap_or_else(|| sync_all(world));
    let mails = found.notifications.filter(|value| !is_masked(value));
    send(cx, app, job, token, all, mails, true).await
}

/// Whether Entra can sign in to AWS with what it has saved.
pub(super) async fn saved_settings_work(cx: &Cx, app: &AppIds, job: &JobId) -> Result<bool, Fault> {
    match cx.world().entra.try_saved_credentials(&app.principal, &job.id).await {
        Ok(()) => Ok(true),
        Err(fault) if matches!(fault.kind, Kind::Refused | Kind::SignIn) => Ok(false),
        Err(fault) => Err(fault),
    }
}

async fn send(
    cx: &Cx,
    app: &AppIds,
    job: &JobId,
    token: &ScimToken,
    sync_all: bool,
    notifications: Option<String>,
    validate: bool,
) -> Result<(), Fault> {
    let world = cx.world();
    let as_wanted = || {
        let recipient = world.profile.provisioning.notify.as_ref()?;
        let mails = json!({ "Enabled": true, "Recipients": recipient, "DeleteThresholdEnabled": false });
        Some(mails.to_string())
    };
    let settings = Settings {
        base_address: token.endpoint.as_str(),
        secret_token: &token.token,
        sync_all,
        notifications: notifications.or_else(as_wanted),
    };
    if let Some(limit) = world.entra.cloud().secrets_limit
        && settings.size() > limit
    {
        return Err(Fault::new(
            Kind::Refused,
            "The SCIM token and the notification address are too long for this cloud",
        )
        .why(format!(
            "they have {} bytes together, and {limit} are allowed",
            settings.size()
        ))
        .hint("Leave out `notify` under [provisioning]."));
    }
    if validate {
        world
            .entra
            .try_credentials(&app.principal, &job.id, &settings)
            .await
            .map_err(|fault| match fault.kind {
                Kind::Refused => fault
                    .hint("Entra cannot reach AWS with this endpoint and token: check both, and network rules in AWS."),
                _ => fault,
            })?;
    }
    world.entra.put_settings(&app.principal, &settings).await
}

type CredentialsGot = (AppIds, JobId, Token);

impl Step<World> for ProvisioningCredentials {
    const ABOUT: About = About {
        id: StepId::new("scim.credentials"),
        title: "Give Entra endpoint and token",
        why: "Endpoint, token, scope and notification address go in one message: each replaces all that was there.",
        executor: Executor::Graph,
        scope: Scope::Target,
        effect: Effect::Changes,
        proof: "The settings are as sent, and Entra can sign in to AWS with the saved credentials",
        undo: "Empties the settings: Graph knows no way to delete them. Settings that were there come back; a token cannot \
               be read back, so a job that stood before goes on with ours.",
        read_more: "https://learn.microsoft.com/graph/api/synchronization-serviceprincipal-put-synchronization",
    };
    type Needs = (One<EnterpriseApp>, One<ProvisioningJob>, One<ProvisioningToken>);
    type Output = Configured;

    async fn probe(
        &self,
        cx: &Cx,
        (app, job, token): &CredentialsGot,
        known: Option<&Configured>,
    ) -> Result<Probe<Configured>, Fault> {
        let entra = &cx.world().entra;
        let found = Configured::read(&entra.settings(&app.principal).await?);
        if found.is_empty() {
            return Ok(Probe::Absent);
        }
        let mut differences = found.differences(cx.world(), token.endpoint.as_str());
        if known.is_some() && found.sync_all.is_some() {
            // What was set once and changed since is looked at, and mended, by `scim.scope`.
            differences.retain(|difference| difference.field != SYNC_ALL);
        }
        if differences.is_empty() && token.refused {
            let proof = format!(
                "{} is set; that AWS refuses the token is told at `scim.token`",
                found.address
            );
            return Ok(Probe::present(found, proof));
        }
        if differences.is_empty() {
            if saved_settings_work(cx, app, job).await? {
                let proof = format!("{} is set, and Entra signs in there", found.address);
                return Ok(Probe::present(found, proof));
            }
            differences.push(Difference::new("SecretToken", "AWS refuses it", "accepted"));
        }
        Ok(Probe::Drifted { found, differences })
    }

    /// What was never set means what the service does by itself.
    fn may_stay(&self, difference: &Difference) -> bool {
        [SYNC_ALL, "SyncNotificationSettings"].contains(&difference.field.as_str())
    }

    async fn apply(
        &self,
        cx: &Cx,
        (app, job, token): &CredentialsGot,
        _: Option<&Configured>,
    ) -> Result<Configured, Fault> {
        send_settings(cx, app, job, true).await?;
        Ok(Configured {
            address: token.endpoint.to_string(),
            token: true,
            sync_all: Some(sync_all(cx.world())),
            notifications: None,
            keys: Vec::new(),
        })
    }

    async fn undo(&self, cx: &Cx, (app, _, token): &CredentialsGot, made: &Made<Configured>) -> Result<Undone, Fault> {
        let entra = &cx.world().entra;
        let now = Configured::read(&entra.settings(&app.principal).await?);
        if now.keys.is_empty() {
            return Ok(Undone::AlreadyGone);
        }
        if let Some(before) = &made.before {
            return put_back(cx, app, token, before).await;
        }
        entra.clear_settings(&app.principal, &now.keys).await?;
        Ok(Undone::Removed)
    }

    async fn gone(&self, cx: &Cx, (app, ..): &CredentialsGot, _: &Made<Configured>) -> Result<Gone, Fault> {
        let entra = &cx.world().entra;
        if entra.service_principal(&app.principal).await?.is_none() {
            return Ok(Gone::Yes("the service principal is gone".into()));
        }
        let now = Configured::read(&entra.settings(&app.principal).await?);
        Ok(if now.is_empty() {
            Gone::Yes("endpoint and token are empty".into())
        } else {
            Gone::No
        })
    }

    fn by_hand(&self, known: &Known<'_>) -> ByHand {
        let world = known.world();
        let up = at_the_app(known, "Give Entra endpoint and token", "Provisioning > Connectivity (or Admin Credentials)")
            .say("Fill in Tenant URL with the SCIM endpoint, and Secret token with the token that you kept. Choose Test connection, then Save.");
        let up = value_if(
            up,
            "Tenant URL",
            known.one::<ProvisioningToken>().map(|token| token.endpoint.to_string()),
        );
        let up = match &world.profile.provisioning.notify {
            Some(notify) => up
                .say("Under Settings tick the mail about failures, with the address below.")
                .value("Notification email", notify),
            None => up,
        };
        let down = at_the_app(
            known,
            "Empty the credentials",
            "Provisioning > Connectivity (or Admin Credentials)",
        )
        .say("Empty Tenant URL and Secret token, then Save. They go with the application anyway.");
        ByHand::up(up).down(down)
    }

    fn declared(&self, known: &Known<'_>) -> Declared {
        let (Some(app), Some(configured)) = (known.one::<EnterpriseApp>(), known.one::<Self>()) else {
            return Declared::Nothing;
        };
        if !known.is_made::<Self>("") {
            return stood_before();
        }
        let variable = format!("{} scim token", known.target());
        let token = Block::variable(
            variable.clone(),
            "The SCIM token that AWS showed once. It lives one year, and ends up in the state: keep that as you keep secrets.",
            true,
        );
        let pair = |key: &str, value: Term| vec![Member::Is("key", Term::text(key)), Member::Is("value", value)];
        let address = match known.one::<ProvisioningToken>() {
            Some(token) => token.endpoint.to_string(),
            None => configured.address,
        };
        let settings = Block::fresh("azuread_synchronization_secret", known.target())
            .remark("It cannot be taken over: the first apply sends the same settings once more, all at once.")
            .is("service_principal_id", principal_id(known, &app))
            .has("credential", pair("BaseAddress", Term::text(address)))
            .has("credential", pair("SecretToken", Term::Variable(variable)));
        let settings = match configured.sync_all {
            Some(all) => settings.has(
                "credential",
                pair(SYNC_ALL, Term::text(if all { "true" } else { "false" })),
            ),
            None => settings,
        };
        let settings = match configured.notifications {
            Some(kept) if !is_masked(&kept) => {
                settings.has("credential", pair("SyncNotificationSettings", Term::text(kept)))
            }
            _ => settings,
        };
        Declared::As(vec![token, settings])
    }
}

/// Puts back what was there before, as far as it can be read. A token cannot: where ours is good for the same endpoint, and
/// provisioning in AWS stays on, the job goes on with it.
async fn put_back(cx: &Cx, app: &AppIds, token: &Token, before: &Configured) -> Result<Undone, Fault> {
    let lent = match kept_token(cx).await? {
        Some(kept) if !token.brought_provisioning() && before.is_for(kept.endpoint.as_str()) => {
            lend(cx, &kept).await?.then_some(kept)
        }
        _ => None,
    };
    let (nothing, shown) = (SecretString::from(""), |value: &str| !is_masked(value));
    let settings = Settings {
        base_address: match &lent {
            Some(kept) => kept.endpoint.as_str(),
            None if shown(&before.address) => &before.address,
            None => "",
        },
        secret_token: lent.as_ref().map_or(&nothing, |kept| &kept.token),
        sync_all: before.sync_all.unwrap_or_default(),
        notifications: before.notifications.clone().filter(|value| shown(value)),
    };
    cx.world().entra.put_settings(&app.principal, &settings).await?;
    let why = if lent.is_some() {
        "the settings are as they were, but for the token: the one that was there cannot be read back, so provisioning goes \
         on with the one that fedwiz brought"
    } else {
        "the token that was there cannot be read back: the job has none and stands still until a person enters one under \
         Provisioning > Admin Credentials"
    };
    Ok(Undone::Kept(why.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(key: &str, value: &str) -> Setting {
        Setting {
            key: Some(key.into()),
            value: Some(value.into()),
        }
    }

    #[test]
    fn what_is_empty_counts_as_not_there() {
        let found = Configured::read(&[
            setting("BaseAddress", ""),
            setting("SecretToken", ""),
            setting("SyncAll", ""),
        ]);
        assert!(found.is_empty() && found.keys.is_empty());
        assert_eq!(found.sync_all, None);
    }

    #[test]
    fn a_masked_token_counts_as_there() {
        let found = Configured::read(&[
            setting("BaseAddress", "https://x/"),
            setting("SecretToken", "*"),
            setting("SyncAll", "False"),
        ]);
        assert!(found.token && !found.is_empty());
        assert_eq!(found.sync_all, Some(false));
        assert!(is_masked("***") && !is_masked("https://x"));
    }

    #[test]
    fn the_recipient_is_read_from_what_the_service_keeps() {
        let kept = "{\"Enabled\":true,\"Recipients\":\"idm@contoso.com\"}";
        assert_eq!(notified(Some(kept)).as_deref(), Some("idm@contoso.com"));
        assert_eq!(notified(Some("{}")), None);
        assert_eq!(notified(None), None);
    }
}
