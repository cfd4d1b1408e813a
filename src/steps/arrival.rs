//! Arrivals: each person and group is provisioned on demand and then looked for in AWS, so that a mistake shows early.
//!
//! The order matters on the way back, too: the job is paused first, and only then are the users it brought removed from
//! AWS, so that nothing makes them anew.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    app_assignment::{AppAssignment, Assigned},
    application::{AppIds, EnterpriseApp},
    by_hand::{Known, at_the_app, in_identity_center, store_id, value_if, with_the_app},
    directory::{EntraGroup, EntraUser, Group, Person},
    membership::{self, GroupMember, Membership},
    preflight_aws::AwsInstance,
    preflight_entra::nothing_to_undo,
    schema,
    scim_job::{JobId, ProvisioningJob},
    scim_mappings::{Mapped, Mappings, ProvisioningScope, Scoped},
    world::{Cx, World},
};
use crate::{
    clients::{
        Existed,
        aws::{Instance, User},
        entra::synchronization::{OnDemand as Outcome, Subject},
    },
    engine::{
        declared::{Block, Declared},
        known::ByHand,
        needs::{Each, One, Same},
        step::{About, Difference, Effect, Executor, Gone, Item, Made, Probe, Scope, Step, StepId, Undone, Wait},
    },
    fault::{Fault, Kind, Retry},
    profile::{Arrival, Principal},
};

/// A group is provisioned on demand with so many of its members at most.
/// <https://learn.microsoft.com/entra/identity/app-provisioning/provision-on-demand>
const MEMBERS_ON_DEMAND: usize = 5;

/// The people and groups that provisioning brings: their keys, and whom they need.
fn arriving(world: &World) -> impl Iterator<Item = Item> {
    let profile = &world.profile;
    let users = profile.people.user.iter().filter(|user| {
        user.aws == Arrival::Scim
            || profile
                .provisioning
                .on_demand
                .iter()
                .any(|upn| upn.eq_ignore_ascii_case(&user.upn))
    });
    let users = users.map(|user| {
        let key = Principal::User(user.upn.clone()).to_string();
        Item::new(&user.upn)
            .with(EntraUser::ABOUT.id, &user.upn)
            .with(AppAssignment::ABOUT.id, key)
    });
    let groups = profile.people.group.iter().map(|group| {
        let key = Principal::Group(group.name.clone()).to_string();
        let item = Item::new(&key)
            .with(EntraGroup::ABOUT.id, &group.name)
            .with(AppAssignment::ABOUT.id, key.clone());
        let members = membership::keys(world, group).take(MEMBERS_ON_DEMAND);
        members.fold(item, |item, (member, _)| item.with(membership::ID, member))
    });
    users.chain(groups)
}

/// What stands in AWS for a user or group: its id and, for a user, its values.
enum Standing {
    User(Box<User>),
    Group(String),
}

impl Standing {
    async fn look(cx: &Cx, instance: &Instance, name: &Name<'_>) -> Result<Option<Self>, Fault> {
        let aws = &cx.world().target(cx.target())?.aws;
        Ok(match name {
            Name::User(name) => aws
                .user_by_name(instance, name)
                .await?
                .map(|user| Self::User(Box::new(user))),
            Name::Group(name) => aws.group_by_name(instance, name).await?.map(Self::Group),
        })
    }

    /// What AWS has not got of the person's values. Of a group only the name is looked at.
    fn differences(&self, people: &[(String, Person)]) -> Vec<Difference> {
        match (self, people.first()) {
            (Self::User(user), Some((_, person))) => compare(person, user),
            _ => Vec::new(),
        }
    }

    fn id(&self) -> &str {
        match self {
            Self::User(user) => &user.id,
            Self::Group(id) => id,
        }
    }
}

/// What somebody is called in AWS.
enum Name<'a> {
    User(String),
    Group(&'a str),
}

impl Name<'_> {
    fn text(&self) -> &str {
        match self {
            Self::User(name) => name,
            Self::Group(name) => name,
        }
    }
}

/// Whom provisioning brought. Somebody whom the profile names no more may be gone from Entra: then as the journal knows it.
fn name_of_made<'a>(cx: &Cx, got: &'a OnDemandGot, made: &'a Made<Provisioned>) -> Name<'a> {
    let name = &made.output.name;
    name_of(&got.5, &got.6).unwrap_or_else(|_| match Principal::try_from(cx.item().to_owned()) {
        Ok(Principal::Group(_)) => Name::Group(name),
        Ok(Principal::User(_)) | Err(_) => Name::User(name.clone()),
    })
}

/// The name in AWS of whom a node is about.
fn name_of<'a>(people: &[(String, Person)], groups: &'a [(String, Group)]) -> Result<Name<'a>, Fault> {
    if let Some((_, person)) = people.first() {
        return Ok(Name::User(user_name(person)));
    }
    groups
        .first()
        .map(|(_, group)| Name::Group(&group.name))
        .ok_or_else(|| Fault::internal("a step of provisioning names nobody"))
}

/// The name that provisioning gives somebody in AWS: it strips a guest's `#EXT#` part.
pub fn name_in_aws(upn: &str) -> String {
    match upn.split_once("#EXT#") {
        Some((name, _)) => match name.rsplit_once('_') {
            Some((alias, domain)) => format!("{alias}@{domain}"),
            None => name.to_owned(),
        },
        None => upn.to_owned(),
    }
}

/// The user name that provisioning gives: a guest's sign-in name comes without its `#EXT#` part.
/// <https://learn.microsoft.com/entra/identity/app-provisioning/how-provisioning-works>
fn user_name(person: &Person) -> String {
    name_in_aws(&person.upn)
}

/// Provisions somebody at once.
pub struct OnDemand;

/// What provisioning on demand made of somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provisioned {
    /// The name in AWS.
    pub name: String,
    /// The id in AWS; empty until it is seen there.
    pub id: String,
}

type OnDemandGot = (
    AppIds,
    JobId,
    Instance,
    Mapped,
    Scoped,
    Vec<(String, Person)>,
    Vec<(String, Group)>,
    Vec<(String, Assigned)>,
    Vec<(String, Membership)>,
);

impl Step<World> for OnDemand {
    const ABOUT: About = About {
        id: StepId::new("scim.on-demand"),
        title: "Provision on demand",
        why: "It takes seconds and shows at once whether AWS accepts somebody; the job takes its forty minutes.",
        executor: Executor::Graph,
        scope: Scope::Target,
        effect: Effect::Changes,
        proof: "The Identity Store has the user or group",
        undo: "Removes from AWS what provisioning brought there; what was there before stays.",
        read_more: "https://learn.microsoft.com/graph/api/synchronization-synchronizationjob-provisionondemand",
    };
    type Needs = (
        One<EnterpriseApp>,
        One<ProvisioningJob>,
        One<AwsInstance>,
        One<Mappings>,
        One<ProvisioningScope>,
        Each<EntraUser>,
        Each<EntraGroup>,
        Each<AppAssignment>,
        Each<GroupMember>,
    );
    const SHARED: bool = true;
    type Output = Provisioned;

    fn items(&self, world: &World, _: Option<&str>) -> Vec<Item> {
        arriving(world).collect()
    }

    async fn probe(&self, cx: &Cx, got: &OnDemandGot, _: Option<&Provisioned>) -> Result<Probe<Provisioned>, Fault> {
        let name = name_of(&got.5, &got.6)?;
        let Some(found) = Standing::look(cx, &got.2, &name).await? else {
            return Ok(Probe::Absent);
        };
        let provisioned = Provisioned {
            name: name.text().to_owned(),
            id: found.id().to_owned(),
        };
        let differences = found.differences(&got.5);
        if !differences.is_empty() {
            return Ok(Probe::Drifted {
                found: provisioned,
                differences,
            });
        }
        let proof = format!("the Identity Store has {}, id {}", name.text(), found.id());
        Ok(Probe::present(provisioned, proof))
    }

    async fn apply(
        &self,
        cx: &Cx,
        (app, job, instance, _, _, people, groups, _, members): &OnDemandGot,
        found: Option<&Provisioned>,
    ) -> Result<Provisioned, Fault> {
        let entra = &cx.world().entra;
        let schema = entra.schema(&app.principal, &job.id).await?;
        let kind = if people.is_empty() { "Group" } else { "User" };
        let rule = schema::rule_for(&schema, kind)
            .ok_or_else(|| Fault::new(Kind::Answer, format!("The job's schema has no rule for a {kind}")))?;
        let name = name_of(people, groups)?;
        let members: Vec<String> = members.iter().map(|(_, member)| member.person.clone()).collect();
        let subject = match (people.first(), groups.first()) {
            (Some((_, person)), _) => Subject::User(&person.id),
            (None, Some((_, group))) => Subject::Group(&group.id, &members),
            (None, None) => return Err(Fault::internal("a step of provisioning names nobody")),
        };
        let outcome = entra.provision(&app.principal, &job.id, rule, &subject).await?;
        if !outcome.went_well() {
            return Err(refused(name.text(), &outcome));
        }
        if found.is_some()
            && outcome.is_redundant()
            && let Some(there) = Standing::look(cx, instance, &name).await?
        {
            let differences = there.differences(people);
            if !differences.is_empty() {
                return Err(out_of_step(name.text(), &differences));
            }
        }
        Ok(Provisioned {
            name: name.text().to_owned(),
            id: String::new(),
        })
    }

    async fn undo(&self, cx: &Cx, got: &OnDemandGot, made: &Made<Provisioned>) -> Result<Undone, Fault> {
        if made.before.is_some() {
            let why = "it was in AWS before; provisioning only brought its values up to date";
            return Ok(Undone::Kept(why.into()));
        }
        let aws = &cx.world().target(cx.target())?.aws;
        let name = name_of_made(cx, got, made);
        let Some(found) = Standing::look(cx, &got.2, &name).await? else {
            return Ok(Undone::AlreadyGone);
        };
        if !made.output.id.is_empty() && found.id() != made.output.id {
            return Ok(Undone::Kept(
                format!("{} in AWS is another one than provisioning brought", name.text()).into(),
            ));
        }
        let existed = match &found {
            Standing::User(user) => aws.delete_user(&got.2, &user.id).await?,
            Standing::Group(id) => aws.delete_group(&got.2, id).await?,
        };
        Ok(match existed {
            Existed::Yes => Undone::Removed,
            Existed::No => Undone::AlreadyGone,
        })
    }

    async fn gone(&self, cx: &Cx, got: &OnDemandGot, made: &Made<Provisioned>) -> Result<Gone, Fault> {
        let name = name_of_made(cx, got, made);
        Ok(match Standing::look(cx, &got.2, &name).await? {
            Some(found) if made.output.id.is_empty() || found.id() == made.output.id => Gone::No,
            _ => Gone::Yes("the Identity Store has it no more".into()),
        })
    }

    fn object(&self, made: &Provisioned) -> Option<String> {
        Some(made.id.clone()).filter(|id| !id.is_empty())
    }

    fn by_hand(&self, known: &Known<'_>) -> ByHand {
        let up = at_the_app(known, "Provision on demand", "Provisioning > Provision on demand")
            .say("Search for the user or group below, then Provision. For a group choose its members, at most five at once.")
            .value("User or group", known.item());
        let down = in_identity_center(known, "Remove from AWS", "users", "Users, or Groups")
            .say("After the teardown of provisioning: delete the user or group below, if provisioning brought it and nobody else needs it.")
            .value("User or group", known.item());
        ByHand::up(up).down(down)
    }

    fn declared(&self, known: &Known<'_>) -> Declared {
        let why = Declared::Not("it is an act and no thing: Entra's provisioning keeps who it brought".into());
        with_the_app(known, why)
    }
}

/// What to say of somebody whom Entra takes for in step, and who is not.
fn out_of_step(name: &str, differences: &[Difference]) -> Fault {
    let each = differences
        .iter()
        .map(|it| format!("{} is `{}`, wanted `{}`", it.field, it.found, it.wanted));
    Fault::new(
        Kind::Conflict,
        format!("Entra takes {name} for in step, and AWS has other values"),
    )
    .why(format!(
        "{}; somebody changed the user in AWS, and provisioning sends only what changes in Entra",
        each.collect::<Vec<_>>().join("; ")
    ))
    .hint(
        "Correct the values in Identity Center (identitystore UpdateUser), or change them in Entra and back again. Then run \
         the same command again.",
    )
}

/// What to say of somebody who was not provisioned.
fn refused(name: &str, outcome: &Outcome) -> Fault {
    let said: Vec<&str> = [
        Some(outcome.result.as_str()),
        outcome.code.as_deref(),
        outcome.message.as_deref(),
    ]
    .into_iter()
    .flatten()
    .filter(|text| !text.is_empty())
    .collect();
    let said = said.join(": ");
    let fault = Fault::new(Kind::Refused, format!("Entra does not provision {name}")).why(said.clone());
    let lower = said.to_ascii_lowercase();
    if [
        "not assigned",
        "not effectively entitled",
        "notentitled",
        "not in scope",
    ]
    .iter()
    .any(|words| lower.contains(words))
    {
        // An assignment takes some minutes until the provisioning service knows it.
        return fault
            .hint("Check that the user is assigned to the application and meets the scoping filter.")
            .retry(Retry::Replication);
    }
    if [
        "mandatory",
        "missing",
        "unparsable",
        "constraint",
        "violates schema",
        "allowed limit",
    ]
    .iter()
    .any(|words| lower.contains(words))
    {
        return fault
            .hint("Look at the user's values: names missing, several phone numbers, or characters that AWS refuses.");
    }
    // The service may have lost the answer to its own request: what it calls a failure or a duplicate may be there.
    fault
        .hint("Somebody else in Identity Center may have this user name, e-mail address or group name.")
        .retry(Retry::LookFirst)
}

/// Somebody has arrived in AWS, with all values.
pub struct Arrived;

/// Somebody in AWS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The name in AWS.
    pub name: String,
    /// The id in AWS.
    pub id: String,
}

type ArrivedGot = (Instance, Provisioned, Vec<(String, Person)>, Vec<(String, Group)>);

impl Step<World> for Arrived {
    const ABOUT: About = About {
        id: StepId::new("scim.arrived"),
        title: "See the arrival in AWS",
        why: "Only what stands in Identity Center, with all its values, has really arrived.",
        executor: Executor::Wait,
        scope: Scope::Target,
        effect: Effect::Observes,
        proof: "The Identity Store's values equal Entra's, and the external id is the object id",
        undo: "Nothing to take back: it only looks.",
        read_more: "https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_DescribeUser.html",
    };
    type Needs = (One<AwsInstance>, Same<OnDemand>, Each<EntraUser>, Each<EntraGroup>);
    type Output = Seen;

    fn items(&self, world: &World, _: Option<&str>) -> Vec<Item> {
        arriving(world)
            .map(|mut item| {
                item.refs
                    .retain(|(step, _)| ![AppAssignment::ABOUT.id, membership::ID].contains(step));
                item
            })
            .collect()
    }

    async fn probe(
        &self,
        cx: &Cx,
        (instance, _, people, groups): &ArrivedGot,
        _: Option<&Seen>,
    ) -> Result<Probe<Seen>, Fault> {
        let name = name_of(people, groups)?;
        let wait = |what: String| {
            Probe::Pending(Wait {
                why: what.into(),
                ends_when: "the Identity Store shows it".into(),
                every: Duration::from_secs(10),
                limit: Duration::from_secs(60 * 60),
            })
        };
        let Some(found) = Standing::look(cx, instance, &name).await? else {
            return Ok(wait(format!("{} to arrive in AWS", name.text())));
        };
        let arrived = Seen {
            name: name.text().to_owned(),
            id: found.id().to_owned(),
        };
        let (Standing::User(user), Some((_, person))) = (&found, people.first()) else {
            return Ok(Probe::present(
                arrived,
                format!("the Identity Store has the group, id {}", found.id()),
            ));
        };
        let differences = compare(person, user);
        if !differences.is_empty() {
            let fields: Vec<String> = differences.iter().map(|difference| difference.field.clone()).collect();
            return Ok(wait(format!("{} to arrive with {}", name.text(), fields.join(", "))));
        }
        let external: Vec<&str> = user.external_ids.iter().map(|(_, id)| id.as_str()).collect();
        let known_by = if external.contains(&person.id.as_str()) {
            ", external id = object id"
        } else {
            ""
        };
        let department = user
            .enterprise
            .get("department")
            .map(|value| format!(", department {value}"))
            .unwrap_or_default();
        let proof = format!(
            "{} \"{}\"{department}{known_by}, id {}",
            user.user_name, user.display_name, user.id
        );
        Ok(Probe::present(arrived, proof))
    }

    async fn apply(&self, cx: &Cx, (_, provisioned, ..): &ArrivedGot, _: Option<&Seen>) -> Result<Seen, Fault> {
        cx.note("waiting for the arrival");
        Ok(Seen {
            name: provisioned.name.clone(),
            id: provisioned.id.clone(),
        })
    }

    async fn undo(&self, _: &Cx, _: &ArrivedGot, _: &Made<Seen>) -> Result<Undone, Fault> {
        nothing_to_undo()
    }

    fn by_hand(&self, known: &Known<'_>) -> ByHand {
        let guide = in_identity_center(known, "See the arrival in AWS", "users", "Users, or Groups")
            .say("See that the user or group below is there, with all its values, created by SCIM.")
            .value("User or group", known.item());
        ByHand::up(value_if(
            guide,
            "ID in AWS",
            known.of::<Self>(known.item()).map(|seen| seen.id),
        ))
    }

    fn declared(&self, known: &Known<'_>) -> Declared {
        let (Some(instance), Some(seen)) = (known.one::<AwsInstance>(), known.of::<Self>(known.item())) else {
            return Declared::Nothing;
        };
        let is_group = matches!(Principal::try_from(known.item().to_owned()), Ok(Principal::Group(_)));
        let (of, id) = if is_group {
            ("aws_identitystore_group", "group_id")
        } else {
            ("aws_identitystore_user", "user_id")
        };
        Declared::As(vec![
            Block::data(of, known.name_of::<Self>(known.item()))
                .is("identity_store_id", store_id(known, &instance))
                .says(id, seen.id),
        ])
    }
}

/// What AWS has not got of a person's values, or not yet. What Entra does not send is not missed.
fn compare(person: &Person, user: &User) -> Vec<Difference> {
    let mut differences = Vec::new();
    let mut hold = |field: &str, wanted: Option<&str>, found: &str| {
        if let Some(wanted) = wanted.filter(|wanted| !wanted.is_empty() && *wanted != found) {
            differences.push(Difference::new(field, found, wanted));
        }
    };
    hold("displayName", Some(&person.display_name), &user.display_name);
    // Where AWS shows no enterprise attributes at all, nothing can be said of them.
    if !user.enterprise.is_empty() {
        let found = user.enterprise.get("department").map_or("", String::as_str);
        hold("department", person.department.as_deref(), found);
    }
    differences
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(upn: &str) -> Person {
        Person {
            id: "1".into(),
            upn: upn.into(),
            display_name: "Richard Roe".into(),
            department: Some("Legal".into()),
            mail: None,
            guest: upn.contains("#EXT#"),
        }
    }

    #[test]
    fn a_guest_arrives_without_the_ext_part() {
        assert_eq!(
            user_name(&person("r_roe_fabrikam.com#EXT#@contoso.com")),
            "r_roe@fabrikam.com"
        );
        assert_eq!(user_name(&person("roe@contoso.com")), "roe@contoso.com");
    }

    #[test]
    fn who_is_not_assigned_yet_is_waited_for_and_a_conflict_is_looked_into() {
        let outcome = |message: &str| Outcome {
            result: "Skipped".into(),
            code: None,
            message: Some(message.into()),
            ..Outcome::default()
        };
        assert_eq!(
            refused("x", &outcome("User is not effectively entitled")).retry,
            Retry::Replication
        );
        assert_eq!(refused("x", &outcome("EntryConflict")).retry, Retry::LookFirst);
        assert_eq!(refused("x", &outcome("MissingValues")).retry, Retry::Never);
    }
}
