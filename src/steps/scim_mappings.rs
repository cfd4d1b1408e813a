//! What is sent to AWS, and about whom: the live schema's mappings and scoping filter.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    application::{AppIds, EnterpriseApp},
    by_hand::{Known, at_the_app, with_the_app},
    schema::{self, Edit, Mapping},
    scim_job::{Configured, JobId, ProvisioningCredentials, ProvisioningJob, send_settings, sync_all},
    world::{Cx, World},
};
use crate::{
    engine::{
        declared::Declared,
        known::ByHand,
        needs::One,
        step::{About, Difference, Effect, Executor, Gone, Made, Probe, Scope, Step, StepId, Undone},
    },
    fault::{Fault, Kind},
    profile,
    profile::Filter,
};

/// The mappings of user attributes.
pub struct Mappings;

/// What was changed in the mappings.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Mapped {
    /// The edits, each with what it took away.
    pub edits: Vec<Edit>,
    /// When they were made; none when nothing had to be.
    pub changed: Option<Timestamp>,
    /// All mappings as they stood when that was seen to be right.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub standing: Vec<Mapping>,
}

impl Mappings {
    /// What differs from what was recorded, where everything is held to that.
    fn strayed(cx: &Cx, schema: &Value) -> Vec<Difference> {
        let recorded = cx.as_recorded::<Mapped>().unwrap_or_default();
        schema::mapping_differences(&recorded.standing, schema)
    }
}

type MappingsGot = (AppIds, JobId, Configured);

impl Step<World> for Mappings {
    const ABOUT: About = About {
        id: StepId::new("scim.mappings"),
        title: "Correct the attribute mappings",
        why: "AWS takes one phone number only, and a user should be known by an id that never changes.",
        executor: Executor::Graph,
        scope: Scope::Target,
        effect: Effect::Changes,
        proof: "GET the job's schema: nothing in the user mapping is left to change",
        undo: "Puts the mappings back that were changed or dropped.",
        read_more: "https://learn.microsoft.com/graph/api/synchronization-synchronizationschema-update",
    };
    type Needs = (One<EnterpriseApp>, One<ProvisioningJob>, One<ProvisioningCredentials>);
    type Output = Mapped;

    async fn probe(
        &self,
        cx: &Cx,
        (app, job, _): &MappingsGot,
        known: Option<&Mapped>,
    ) -> Result<Probe<Mapped>, Fault> {
        let schema = cx.world().entra.schema(&app.principal, &job.id).await?;
        let edits = schema::wanted_edits(&schema);
        let mut differences: Vec<Difference> = edits.iter().map(Edit::difference).collect();
        for strayed in Self::strayed(cx, &schema) {
            if !differences.iter().any(|known| known.field == strayed.field) {
                differences.push(strayed);
            }
        }
        if differences.is_empty() {
            let mapped = Mapped {
                standing: schema::mappings(&schema),
                ..known.cloned().unwrap_or_default()
            };
            return Ok(Probe::present(
                mapped,
                "externalId and phone numbers are mapped as AWS wants them",
            ));
        }
        Ok(Probe::Drifted {
            differences,
            found: Mapped {
                edits,
                changed: None,
                standing: schema::mappings(&schema),
            },
        })
    }

    /// Other mappings work as well, for whoever chose them.
    fn may_stay(&self, _: &Difference) -> bool {
        true
    }

    async fn apply(&self, cx: &Cx, (app, job, _): &MappingsGot, _: Option<&Mapped>) -> Result<Mapped, Fault> {
        let entra = &cx.world().entra;
        let mut schema = entra.schema(&app.principal, &job.id).await?;
        let before = schema.clone();
        let recorded = cx.as_recorded::<Mapped>().unwrap_or_default();
        schema::put_mappings(&mut schema, &recorded.standing);
        let mut edits = schema::wanted_edits(&schema);
        schema::make(&mut schema, &edits);
        let standing = schema::mappings(&schema);
        if schema != before {
            entra.put_schema(&app.principal, &job.id, &writable(schema)).await?;
        }
        // What the first change took away is still what is to come back.
        edits.splice(0..0, recorded.edits);
        Ok(Mapped {
            edits,
            changed: Some(cx.now()),
            standing,
        })
    }

    async fn undo(&self, cx: &Cx, (app, job, _): &MappingsGot, made: &Made<Mapped>) -> Result<Undone, Fault> {
        let entra = &cx.world().entra;
        if entra.job(&app.principal, &job.id).await?.is_none() {
            return Ok(Undone::AlreadyGone);
        }
        let mut schema = entra.schema(&app.principal, &job.id).await?;
        schema::take_back(&mut schema, edits_of(made));
        entra.put_schema(&app.principal, &job.id, &writable(schema)).await?;
        Ok(Undone::Restored)
    }

    async fn gone(&self, cx: &Cx, (app, job, _): &MappingsGot, made: &Made<Mapped>) -> Result<Gone, Fault> {
        let entra = &cx.world().entra;
        if entra.job(&app.principal, &job.id).await?.is_none() {
            return Ok(Gone::Yes("the job is gone, and its schema with it".into()));
        }
        let schema = entra.schema(&app.principal, &job.id).await?;
        Ok(if schema::is_taken_back(&schema, edits_of(made)) {
            Gone::Yes("the mappings are as they were".into())
        } else {
            Gone::No
        })
    }

    fn by_hand(&self, known: &Known<'_>) -> ByHand {
        let place = "Provisioning > Attribute mapping > Provision Microsoft Entra ID Users";
        ByHand::up(
            at_the_app(known, "Correct the attribute mappings", place)
                .say("Let externalId come from objectId. If it comes from mailNickname: edit that row.")
                .say("Delete the rows that come from facsimileTelephoneNumber and from mobile: AWS takes one phone number only.")
                .say("Choose Save, then Yes."),
        )
        .down(at_the_app(known, "Put the mappings back", place).say("Tick Restore default mappings under Provisioning, or put the rows back that were changed."))
    }

    fn declared(&self, known: &Known<'_>) -> Declared {
        let why =
            Declared::Not("azuread has no resource for the schema of a job, and so none for attribute mappings".into());
        with_the_app(known, why)
    }
}

/// The edits to take back: those that were recorded before the change survive a crash after it.
fn edits_of(made: &Made<Mapped>) -> &[Edit] {
    match &made.before {
        Some(before) if made.output.edits.is_empty() => &before.edits,
        _ => &made.output.edits,
    }
}

/// A schema as it may be sent: without what an answer adds at the top.
fn writable(mut schema: Value) -> Value {
    if let Some(fields) = schema.as_object_mut() {
        fields.retain(|name, _| !name.starts_with("@odata.") && !name.starts_with("directories@"));
    }
    schema
}

/// Who is provisioned: everybody or those assigned, and the scoping filter.
pub struct ProvisioningScope;

/// The scope of a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scoped {
    /// Whether everybody is in scope.
    pub sync_all: bool,
    /// The user mapping's scoping filter.
    pub filter: Value,
    /// When it was changed; none when nothing had to be.
    pub changed: Option<Timestamp>,
}

impl ProvisioningScope {
    /// The profile's conditions, with operators spelt as the service spells them.
    async fn filters(cx: &Cx, app: &AppIds, job: &JobId) -> Result<Vec<Filter>, Fault> {
        let wanted = &cx.world().profile.provisioning.filter;
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let known = cx.world().entra.filter_operators(&app.principal, &job.id).await?;
        let plain = |name: &str| name.to_ascii_lowercase().replace([' ', '_', '-'], "");
        wanted
            .iter()
            .map(|filter| {
                let operator = known.iter().find(|name| plain(name) == plain(&filter.operator));
                let operator = operator.ok_or_else(|| {
                    Fault::new(
                        Kind::Usage,
                        format!("`{}` is no operator of scoping filters", filter.operator),
                    )
                    .hint(format!("Entra offers: {}.", known.join(", ")))
                })?;
                Ok(Filter {
                    operator: operator.clone(),
                    ..filter.clone()
                })
            })
            .collect()
    }

    /// The scoping filter that should be there: the profile's, else the recorded one where everything is held to that.
    async fn goal(cx: &Cx, app: &AppIds, job: &JobId) -> Result<Option<Value>, Fault> {
        let filters = Self::filters(cx, app, job).await?;
        Ok(if filters.is_empty() {
            cx.as_recorded::<Scoped>().map(|recorded| recorded.filter)
        } else {
            Some(schema::scope_of(&cx.world().profile.marker(), &filters))
        })
    }

    async fn read(cx: &Cx, app: &AppIds, job: &JobId) -> Result<Scoped, Fault> {
        let entra = &cx.world().entra;
        let schema = entra.schema(&app.principal, &job.id).await?;
        let settings = entra.settings(&app.principal).await?;
        let sync_all = settings.iter().any(|setting| {
            setting.key.as_deref() == Some("SyncAll")
                && setting
                    .value
                    .as_deref()
                    .is_some_and(|value| value.eq_ignore_ascii_case("true"))
        });
        Ok(Scoped {
            sync_all,
            filter: schema::user_scope(&schema),
            changed: None,
        })
    }

    async fn write_filter(cx: &Cx, app: &AppIds, job: &JobId, filter: &Value) -> Result<(), Fault> {
        let entra = &cx.world().entra;
        let mut schema = entra.schema(&app.principal, &job.id).await?;
        schema::set_user_scope(&mut schema, filter);
        entra.put_schema(&app.principal, &job.id, &writable(schema)).await
    }
}

type ScopeGot = (AppIds, JobId, Configured, Mapped);

impl Step<World> for ProvisioningScope {
    const ABOUT: About = About {
        id: StepId::new("scim.scope"),
        title: "Choose who is provisioned",
        why: "Those assigned to the application, or everybody; a filter narrows it further.",
        executor: Executor::Graph,
        scope: Scope::Target,
        effect: Effect::Changes,
        proof: "SyncAll and the user mapping's scoping filter are as the profile says",
        undo: "Puts the scoping filter back that was there.",
        read_more: "https://learn.microsoft.com/entra/identity/app-provisioning/define-conditional-rules-for-provisioning-user-accounts",
    };
    type Needs = (
        One<EnterpriseApp>,
        One<ProvisioningJob>,
        One<ProvisioningCredentials>,
        One<Mappings>,
    );
    type Output = Scoped;

    async fn probe(&self, cx: &Cx, (app, job, ..): &ScopeGot, known: Option<&Scoped>) -> Result<Probe<Scoped>, Fault> {
        let world = cx.world();
        let mut found = Self::read(cx, app, job).await?;
        let mut differences = Vec::new();
        if found.sync_all != sync_all(world) {
            differences.push(Difference::new(
                "SyncAll",
                found.sync_all.to_string(),
                sync_all(world).to_string(),
            ));
        }
        if let Some(wanted) = Self::goal(cx, app, job).await? {
            let wanted = schema::shown_scope(&wanted);
            let shown = schema::shown_scope(&found.filter);
            if shown != wanted {
                differences.push(Difference::new("scope", shown, wanted));
            }
        }
        if !differences.is_empty() {
            return Ok(Probe::Drifted { found, differences });
        }
        let who = if found.sync_all { "everybody" } else { "those assigned" };
        let proof = format!("{who}, {}", schema::shown_scope(&found.filter));
        found.changed = known.and_then(|known| known.changed);
        Ok(Probe::present(found, proof))
    }

    async fn apply(&self, cx: &Cx, (app, job, ..): &ScopeGot, found: Option<&Scoped>) -> Result<Scoped, Fault> {
        let world = cx.world();
        let now = match found {
            Some(found) => found.clone(),
            None => Self::read(cx, app, job).await?,
        };
        if now.sync_all != sync_all(world) {
            send_settings(cx, app, job, false).await?;
        }
        let mut filter = now.filter.clone();
        if let Some(wanted) = Self::goal(cx, app, job).await?
            && schema::shown_scope(&wanted) != schema::shown_scope(&filter)
        {
            filter = wanted;
            Self::write_filter(cx, app, job, &filter).await?;
        }
        Ok(Scoped {
            sync_all: sync_all(world),
            filter,
            changed: Some(cx.now()),
        })
    }

    async fn undo(&self, cx: &Cx, (app, job, ..): &ScopeGot, made: &Made<Scoped>) -> Result<Undone, Fault> {
        if cx.world().entra.job(&app.principal, &job.id).await?.is_none() {
            return Ok(Undone::AlreadyGone);
        }
        let before = made.before.as_ref().map_or(Value::Null, |before| before.filter.clone());
        Self::write_filter(cx, app, job, &before).await?;
        Ok(Undone::Restored)
    }

    async fn gone(&self, cx: &Cx, (app, job, ..): &ScopeGot, made: &Made<Scoped>) -> Result<Gone, Fault> {
        let entra = &cx.world().entra;
        if entra.job(&app.principal, &job.id).await?.is_none() {
            return Ok(Gone::Yes("the job is gone, and its scope with it".into()));
        }
        let now = schema::user_scope(&entra.schema(&app.principal, &job.id).await?);
        let before = made.before.as_ref().map_or(Value::Null, |before| before.filter.clone());
        Ok(if schema::shown_scope(&now) == schema::shown_scope(&before) {
            Gone::Yes("the scoping filter is as it was".into())
        } else {
            Gone::No
        })
    }

    fn by_hand(&self, known: &Known<'_>) -> ByHand {
        let provisioning = &known.world().profile.provisioning;
        let scope = match provisioning.scope {
            profile::Scope::All => "Sync all users and groups",
            profile::Scope::Assigned => "Sync only assigned users and groups",
        };
        let up = at_the_app(known, "Choose who is provisioned", "Provisioning > Settings")
            .say("Set the scope below, then Save.")
            .value("Scope", scope);
        let up = provisioning.filter.iter().fold(up, |up, filter| {
            up.value(
                "Scoping filter of users",
                format!("{} {} {}", filter.attribute, filter.operator, filter.value),
            )
        });
        ByHand::up(up).down(
            at_the_app(known, "Put the scope back", "Provisioning > Settings")
                .say("Set the scope and the filters that were there before."),
        )
    }

    fn declared(&self, known: &Known<'_>) -> Declared {
        let why = Declared::Not(
            "azuread has no resource for scoping filters; whether everybody is in scope goes with the settings".into(),
        );
        with_the_app(known, why)
    }
}
