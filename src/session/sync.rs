//! Provisioning at work: the job of a target, what its log says, provisioning on demand, and one person's time line.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::Session;
use crate::{
    clients::{
        aws::{Event as TrailEvent, EventQuery, Instance, User as AwsUser},
        entra::{
            applications::ServicePrincipal,
            logs::{Audit, ProvisioningEntry},
            synchronization::{Job, OnDemand, Subject},
            users::User,
        },
    },
    doctor::{
        advice::advise,
        gather::{SCIM, application_of, instance_of},
    },
    engine::run::Run,
    fault::{Fault, Kind},
    report::sync::{Entry, Event, Person, Seen, Step, latencies},
    steps::{Target, schema},
};

/// Entra provisions a group with at most so many of its members on demand.
/// <https://learn.microsoft.com/entra/identity/app-provisioning/provision-on-demand>
pub const MEMBERS_ON_DEMAND: usize = 5;

/// A target's provisioning job.
#[derive(Debug)]
pub struct JobAt<'s> {
    /// The AWS target.
    pub target: &'s Target,
    /// The application it belongs to.
    pub principal: ServicePrincipal,
    /// The job.
    pub job: Job,
}

/// Whom to provision on demand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// A user: object id and name.
    User(String, String),
    /// A group: object id, name, and the members to bring along.
    Group(String, String, Vec<String>),
}

impl Session {
    /// The provisioning job of a target.
    pub async fn job_at<'s>(&'s self, target: &'s Target) -> Result<JobAt<'s>, Fault> {
        let known = self.recorder.with_run(Run::clone);
        let none = |what: &str| {
            Fault::new(Kind::NotFound, format!("There is no {what} for {}", target.name))
                .hint("`fedwiz apply` makes it, and `fedwiz plan` shows what is there.")
        };
        let principal = application_of(&self.world, target, &known, self.clock.now())
            .await?
            .ok_or_else(|| none("application"))?;
        let jobs = self.world.entra.jobs(&principal.id).await?;
        let job = jobs.into_iter().next().ok_or_else(|| none("provisioning job"))?;
        Ok(JobAt { target, principal, job })
    }

    /// What the provisioning log says since a moment, the oldest first.
    pub async fn log(&self, at: &JobAt<'_>, since: Timestamp) -> Result<Vec<Entry>, Fault> {
        let mut entries: Vec<Entry> = self
            .world
            .entra
            .provisioning_log(&at.job.id, since)
            .await?
            .iter()
            .map(entry)
            .collect();
        entries.sort_by_key(|entry| (entry.when, entry.id.clone()));
        Ok(entries)
    }

    /// Finds a user by sign-in name or object id, or a group by name or object id; `user:` and `group:` before it say which.
    pub async fn find(&self, who: &str, members: &[String], all: bool) -> Result<Whom, Fault> {
        let entra = &self.world.entra;
        let (kind, name) = match who.split_once(':') {
            Some((kind @ ("user" | "group"), name)) => (Some(kind), name),
            _ => (None, who),
        };
        if kind != Some("group")
            && let Some(user) = entra.user(name).await?
        {
            return Ok(Whom::User(user.id, user.user_principal_name));
        }
        let mut groups = if kind == Some("user") {
            Vec::new()
        } else {
            entra.groups_named(name).await?
        };
        if groups.is_empty() && kind != Some("user") && name.len() == 36 {
            groups.extend(entra.group(name).await?);
        }
        let group = match (groups.pop(), groups.is_empty()) {
            (Some(group), true) => group,
            (None, _) => {
                return Err(Fault::new(
                    Kind::NotFound,
                    format!("There is no user or group `{name}` in the tenant"),
                )
                .hint("Name a user by sign-in name, a group by its exact name, or either by object id."));
            }
            (Some(_), false) => {
                return Err(Fault::new(Kind::Conflict, format!("Several groups are named `{name}`"))
                    .hint("Name the group by its object id: `group:ID`."));
            }
        };
        let mut chosen = Vec::new();
        let direct = entra.members_in_full(&group.id, &|_| {}).await?;
        for member in members {
            let fits = |user: &&User| {
                user.user_principal_name.eq_ignore_ascii_case(member) || user.id.eq_ignore_ascii_case(member)
            };
            let found = direct.users.iter().find(fits).ok_or_else(|| {
                Fault::new(Kind::NotFound, format!("{member} does not directly belong to {name}"))
                    .why("only direct members of a group are provisioned")
            })?;
            chosen.push(found.id.clone());
        }
        if members.is_empty() {
            let many = if all { usize::MAX } else { MEMBERS_ON_DEMAND };
            chosen.extend(direct.users.into_iter().take(many).map(|user| user.id));
        }
        Ok(Whom::Group(
            group.id,
            group.display_name.unwrap_or_else(|| name.to_owned()),
            chosen,
        ))
    }

    /// Provisions somebody now; a group with more than five members in several calls, as fast as Entra takes them. Each answer
    /// is handed out as it comes.
    pub async fn provision_now(
        &self,
        at: &JobAt<'_>,
        whom: &Whom,
        mut tell: impl FnMut(Entry) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let entra = &self.world.entra;
        let schema = entra.schema(&at.principal.id, &at.job.id).await?;
        let kind = if matches!(whom, Whom::User(..)) {
            "User"
        } else {
            "Group"
        };
        let rule = schema::rule_for(&schema, kind)
            .ok_or_else(|| Fault::new(Kind::Answer, format!("The job's schema has no rule for a {kind}")))?;
        let calls: Vec<(Subject<'_>, &str)> = match whom {
            Whom::User(id, name) => vec![(Subject::User(id), name)],
            Whom::Group(id, name, members) if members.is_empty() => vec![(Subject::Group(id, &[]), name)],
            Whom::Group(id, name, members) => members
                .chunks(MEMBERS_ON_DEMAND)
                .map(|some| (Subject::Group(id, some), name.as_str()))
                .collect(),
        };
        for (subject, name) in calls {
            let answer = entra.provision(&at.principal.id, &at.job.id, rule, &subject).await?;
            tell(on_demand(&answer, whom, name, kind, self.clock.now()))?;
        }
        Ok(())
    }

    /// What happened to one person, across Entra, SCIM and AWS, since a moment. What could not be read is named.
    pub async fn person(&self, at: &JobAt<'_>, upn: &str, since: Timestamp) -> Result<Person, Fault> {
        let entra = &self.world.entra;
        let user = entra.user(upn).await?;
        let mut person = Person {
            upn: user.as_ref().map_or(upn, |user| &user.user_principal_name).to_owned(),
            in_entra: String::new(),
            in_aws: String::new(),
            events: Vec::new(),
            latencies: Vec::new(),
            missing: Vec::new(),
        };
        let mut missing = Vec::new();
        let mut note = |what: &str, fault: Fault| missing.push(format!("{what}: {fault}"));
        let subject = user.as_ref().map(|user| user.id.clone());
        let entries: Vec<Entry> = match self.log(at, since).await {
            Ok(entries) => entries,
            Err(fault) => {
                note("the provisioning log", fault);
                Vec::new()
            }
        };
        let ours = |entry: &&Entry| match &subject {
            Some(id) => entry.subject == *id,
            None => entry.name.eq_ignore_ascii_case(upn),
        };
        let entries: Vec<Entry> = entries.iter().filter(ours).cloned().collect();
        let audits = match &subject {
            None => Vec::new(),
            Some(id) => match entra.audits(since).await {
                Ok(audits) => audits.into_iter().filter(|audit| audit.is_about(id)).collect(),
                Err(fault) => {
                    note("Entra's audit log", fault);
                    Vec::new()
                }
            },
        };
        let assigned = match (&subject, entra.assigned(&at.principal.id).await) {
            (Some(id), Ok(rows)) => self.assigned_how(id, rows.all()).await.unwrap_or_else(|fault| {
                note("how the person is assigned", fault);
                String::new()
            }),
            (None, _) => String::new(),
            (_, Err(fault)) => {
                note("who is assigned to the application", fault);
                String::new()
            }
        };
        person.in_entra = match &user {
            None => "not there: deleted, or another name".to_owned(),
            Some(user) => {
                let state = if user.account_enabled == Some(false) {
                    "disabled"
                } else {
                    "enabled"
                };
                format!("{state}{assigned}, object id {}", user.id)
            }
        };
        let mut writes = Vec::new();
        let mut trail = Vec::new();
        match instance_of(&self.world, at.target, self.clock.now()).await {
            Err(fault) => note("the instance in AWS", fault),
            Ok(None) => person.in_aws = "there is no instance".to_owned(),
            Ok(Some(instance)) => {
                let names = in_aws_names(&person.upn, user.as_ref());
                match self.in_aws(at, &instance, &names).await {
                    Ok((text, id)) => {
                        person.in_aws = text;
                        let ids = entries.iter().map(|entry| entry.in_aws.clone()).chain(id);
                        let ids: BTreeSet<String> = ids.filter(|id| !id.is_empty()).collect();
                        match at
                            .target
                            .aws
                            .lookup_events(&instance.region, EventQuery::From(SCIM), since)
                            .await
                        {
                            Ok(events) => trail.extend(events.into_iter().filter(|event| is_about(event, &ids))),
                            Err(fault) => note("CloudTrail", fault),
                        }
                    }
                    Err(fault) => note("the user in AWS", fault),
                }
            }
        }
        for event in &trail {
            if event.error_code().is_none() && !is_read(event) {
                writes.push(event.at);
            }
        }
        let changes: Vec<Timestamp> = audits
            .iter()
            .filter(|audit| audit.changes())
            .filter_map(|audit| audit.at)
            .collect();
        person.latencies = latencies(&changes, &writes);
        person.events.extend(audits.iter().filter_map(audited));
        person.events.extend(entries.iter().map(provisioned));
        person.events.extend(trail.iter().map(trailed));
        person.events.sort_by_key(|event| (event.when, event.seen));
        person.missing = missing;
        Ok(person)
    }

    /// How long changes in Entra took to reach AWS, where both logs show them.
    pub async fn latencies(&self, at: &JobAt<'_>, entries: &[Entry], since: Timestamp) -> Result<Vec<u64>, Fault> {
        let audits = self.world.entra.audits(since).await?;
        let Some(instance) = instance_of(&self.world, at.target, self.clock.now()).await? else {
            return Ok(Vec::new());
        };
        let events = at
            .target
            .aws
            .lookup_events(&instance.region, EventQuery::From(SCIM), since)
            .await?;
        let mut found = Vec::new();
        let pairs: BTreeSet<(&str, &str)> = entries
            .iter()
            .filter(|entry| !entry.in_aws.is_empty())
            .map(|entry| (entry.subject.as_str(), entry.in_aws.as_str()))
            .collect();
        for (subject, id) in pairs {
            let ids = BTreeSet::from([id.to_owned()]);
            let changes = audits.iter().filter(|audit| audit.changes() && audit.is_about(subject));
            let changes: Vec<Timestamp> = changes.filter_map(|audit| audit.at).collect();
            let writes = events
                .iter()
                .filter(|event| is_about(event, &ids) && !is_read(event) && event.error_code().is_none());
            let writes: Vec<Timestamp> = writes.map(|event| event.at).collect();
            found.extend(latencies(&changes, &writes));
        }
        Ok(found)
    }

    async fn assigned_how(
        &self,
        id: &str,
        rows: &[crate::clients::entra::assignments::AppRoleAssignment],
    ) -> Result<String, Fault> {
        if rows.iter().any(|row| row.principal_id.as_deref() == Some(id)) {
            return Ok(", assigned to the application".to_owned());
        }
        for row in rows.iter().filter(|row| row.principal_type.as_deref() == Some("Group")) {
            let Some(group) = &row.principal_id else { continue };
            if self.world.entra.members(group).await?.contains(id) {
                let name = row.principal_display_name.as_deref().unwrap_or(group);
                return Ok(format!(", assigned to the application by the group {name}"));
            }
        }
        Ok(", not assigned to the application".to_owned())
    }

    /// How the user is in AWS, in words, and the id.
    async fn in_aws(
        &self,
        at: &JobAt<'_>,
        instance: &Instance,
        names: &[String],
    ) -> Result<(String, Option<String>), Fault> {
        let aws = &at.target.aws;
        for name in names {
            let Some(user) = aws.user_by_name(instance, name).await? else {
                continue;
            };
            let principal = crate::clients::aws::Principal::User(user.id.clone());
            let many = aws.assignments_of(instance, &principal).await?.len();
            let assigned = match many {
                0 => "no assignment".to_owned(),
                1 => "1 assignment".to_owned(),
                many => format!("{many} assignments"),
            };
            return Ok((
                format!("{}, {assigned}, id {}", state_of(&user), user.id),
                Some(user.id),
            ));
        }
        Ok((format!("not there as {}", names.join(" or ")), None))
    }
}

fn state_of(user: &AwsUser) -> &'static str {
    match user.enabled {
        Some(false) => "disabled",
        Some(true) => "enabled",
        None => "there",
    }
}

/// The names a person may have in AWS: the sign-in name, without a guest's `#EXT#` part, or the address.
fn in_aws_names(upn: &str, user: Option<&User>) -> Vec<String> {
    let mut names = vec![crate::steps::arrival::name_in_aws(upn)];
    let mail = user.and_then(|user| user.mail.clone());
    names.extend(mail.filter(|mail| !names[0].eq_ignore_ascii_case(mail)));
    names
}

/// Whether a SCIM event is about one of these users or groups of AWS.
fn is_about(event: &TrailEvent, ids: &BTreeSet<String>) -> bool {
    [
        "/responseElements/id",
        "/requestParameters/id",
        "/requestParameters/userId",
        "/requestParameters/groupId",
    ]
    .into_iter()
    .filter_map(|pointer| event.text(pointer))
    .any(|id| ids.contains(id))
}

fn is_read(event: &TrailEvent) -> bool {
    ["Get", "List", "Describe"]
        .iter()
        .any(|begin| event.name.starts_with(begin))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A member in either spelling: the service writes some with a capital.
fn either<'v>(value: &'v Value, name: &str) -> &'v Value {
    let mut letters = name.chars();
    let capital: String = letters
        .next()
        .map(|first| first.to_ascii_uppercase())
        .into_iter()
        .chain(letters)
        .collect();
    match &value[name] {
        Value::Null => &value[capital.as_str()],
        found => found,
    }
}

fn steps(list: &[Value]) -> Vec<Step> {
    list.iter()
        .map(|step| Step {
            kind: text(either(step, "provisioningStepType")).to_lowercase(),
            status: text(either(step, "status")).to_lowercase(),
            text: text(either(step, "description")),
        })
        .collect()
}

fn written(list: &[Value]) -> Vec<(String, String)> {
    list.iter()
        .map(|one| {
            let value = either(one, "newValue");
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            (text(either(one, "displayName")), value)
        })
        .collect()
}

fn entry(raw: &ProvisioningEntry) -> Entry {
    let source = raw.source_identity.clone().unwrap_or_default();
    let target = raw.target_identity.clone().unwrap_or_default();
    let info = raw.provisioning_status_info.clone().unwrap_or_default();
    let error = info.error_information.unwrap_or_default();
    let result = info.status.unwrap_or_default().to_lowercase();
    let (code, reason) = (error.error_code.unwrap_or_default(), error.reason.unwrap_or_default());
    let advice = (result != "success").then(|| advise(&code, &reason)).flatten();
    let recommended = error.recommended_action.unwrap_or_default();
    Entry {
        id: raw.id.clone(),
        when: raw.activity_date_time.unwrap_or_default(),
        subject: text(&source["id"]),
        name: text(&source["displayName"]),
        object: text(&source["identityType"]),
        in_aws: text(&target["id"]),
        action: raw.provisioning_action.clone().unwrap_or_default(),
        result,
        cause: advice.map(|advice| advice.cause.to_owned()).unwrap_or_default(),
        fix: advice.map_or(recommended, |advice| advice.fix.to_owned()),
        code,
        reason,
        steps: steps(&raw.provisioning_steps),
        written: written(&raw.modified_properties),
    }
}

fn on_demand(answer: &OnDemand, whom: &Whom, name: &str, kind: &str, now: Timestamp) -> Entry {
    let (Whom::User(subject, _) | Whom::Group(subject, ..)) = whom;
    let (code, reason) = (
        answer.code.clone().unwrap_or_default(),
        answer.message.clone().unwrap_or_default(),
    );
    let good = answer.went_well();
    let advice = (!good).then(|| advise(&code, &reason)).flatten();
    let result = match (answer.is_redundant(), good) {
        (true, _) => "in step".to_owned(),
        (false, true) => "success".to_owned(),
        (false, false) => answer.result.to_lowercase(),
    };
    Entry {
        id: String::new(),
        when: now,
        subject: subject.clone(),
        name: name.to_owned(),
        object: kind.to_owned(),
        in_aws: text(&answer.details["targetIdentity"]["id"]),
        action: text(&answer.details["provisioningAction"]),
        result,
        cause: advice.map(|advice| advice.cause.to_owned()).unwrap_or_default(),
        fix: advice.map(|advice| advice.fix.to_owned()).unwrap_or_default(),
        code,
        reason,
        steps: steps(
            answer.details["provisioningSteps"]
                .as_array()
                .map_or(&[], Vec::as_slice),
        ),
        written: written(
            answer.details["modifiedProperties"]
                .as_array()
                .map_or(&[], Vec::as_slice),
        ),
    }
}

fn audited(audit: &Audit) -> Option<Event> {
    Some(Event {
        when: audit.at?,
        seen: Seen::Entra,
        what: audit.activity.clone(),
        result: audit.result.clone(),
        detail: audit.by.as_ref().map(|by| format!("by {by}")).unwrap_or_default(),
    })
}

fn provisioned(entry: &Entry) -> Event {
    let wrote: Vec<String> = entry.written.iter().map(|(name, _)| name.clone()).collect();
    let detail = match (entry.code.is_empty(), wrote.is_empty()) {
        (false, _) => format!("{}: {}", entry.code, entry.reason),
        (true, false) => format!("wrote {}", wrote.join(", ")),
        (true, true) => String::new(),
    };
    Event {
        when: entry.when,
        seen: Seen::Provisioning,
        what: entry.action.clone(),
        result: entry.result.clone(),
        detail,
    }
}

fn trailed(event: &TrailEvent) -> Event {
    Event {
        when: event.at,
        seen: Seen::Aws,
        what: event.name.clone(),
        result: event.error_code().unwrap_or("success").to_owned(),
        detail: event.text("/errorMessage").unwrap_or_default().to_owned(),
    }
}

/// So long ago a look at the log begins, when nothing else is said: two days of forty-minute cycles.
pub const LOOK_BACK: SignedDuration = SignedDuration::from_hours(48);
