//! What an assertion says: the NameID, and the session tags. Both live in one claims policy and are changed one by one.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    application::{AppIds, EnterpriseApp, SamlMode, SignOnMode, principal_of},
    aws_abac::AwsAbac,
    by_hand::{Known, at_the_app},
    certificate::ActiveCertificate,
    claims_policy::{self, Slot},
    world::{Cx, World},
};
use crate::{
    clients::entra::policies::MappingPolicy,
    engine::{
        declared::{Block, Declared, Term},
        known::ByHand,
        needs::{After, One},
        step::{About, Difference, Effect, Executor, Gone, Item, Made, Probe, Scope, Step, StepId, Undone},
    },
    fault::{Fault, Kind},
    profile::AbacVia,
};

/// What Entra names people by when nobody says otherwise.
const DEFAULT_SOURCE: &str = "userprincipalname";

/// Which of Entra's two kinds of claims policy is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// The service principal's own claims policy: beta, global cloud.
    Own,
    /// A claims mapping policy: v1.0, all clouds, no conditions.
    Mapping,
}

impl Way {
    fn of(world: &World) -> Self {
        if world.profile.entra.beta && world.entra.cloud().claims_policy {
            Self::Own
        } else {
            Self::Mapping
        }
    }
}

/// Whether the walk sets the NameID: always where conditions can be said; elsewhere only where it is not the default.
pub(super) fn is_wanted(world: &World) -> bool {
    Way::of(world) == Way::Own || !wants_default(world)
}

/// Whether the profile wants what Entra sends when no policy says anything.
fn wants_default(world: &World) -> bool {
    let wanted = &world.profile.name_id;
    wanted.guests.is_none() && claims_policy::source_id(&wanted.members).is_ok_and(|id| id == DEFAULT_SOURCE)
}

/// A claims mapping policy of somebody else's that decides over the application.
async fn foreign_policy(cx: &Cx, app: &AppIds) -> Result<Option<MappingPolicy>, Fault> {
    let name = policy_name(cx);
    let assigned = cx.world().entra.mapping_policies_of(&app.principal).await?;
    Ok(assigned
        .into_iter()
        .find(|policy| policy.display_name.as_deref() != Some(&name)))
}

/// No policy says anything of the NameID.
fn by_default() -> Probe<Claims> {
    Probe::present(
        Claims::default(),
        "no policy changes the NameID: Entra sends the user principal name by itself",
    )
}

/// A policy as it stands.
enum Policy {
    Own(Option<Value>),
    Mapping(Option<(String, Value)>),
}

impl Policy {
    /// The policy, where no other overrides it.
    async fn read(cx: &Cx, app: &AppIds) -> Result<Self, Fault> {
        let (policy, foreign) = Self::read_with_others(cx, app).await?;
        match foreign.first() {
            None => Ok(policy),
            Some(foreign) => Err(overridden(foreign)),
        }
    }

    /// The policy, and the claims mapping policies of others that override it. They are a fault, unless everything is held to
    /// what was recorded: then they came since.
    async fn read_as_recorded(cx: &Cx, app: &AppIds) -> Result<(Self, Vec<MappingPolicy>), Fault> {
        let (policy, foreign) = Self::read_with_others(cx, app).await?;
        match foreign.first() {
            Some(foreign) if cx.as_recorded::<Claims>().is_none() => Err(overridden(foreign)),
            _ => Ok((policy, foreign)),
        }
    }

    async fn read_with_others(cx: &Cx, app: &AppIds) -> Result<(Self, Vec<MappingPolicy>), Fault> {
        let entra = &cx.world().entra;
        let assigned = entra.mapping_policies_of(&app.principal).await?;
        let name = policy_name(cx);
        let is_ours = |policy: &MappingPolicy| policy.display_name.as_deref() == Some(&name);
        let (ours, foreign): (Vec<_>, Vec<_>) = assigned.into_iter().partition(is_ours);
        let policy = match Way::of(cx.world()) {
            Way::Own if ours.is_empty() => Self::Own(entra.claims_policy(&app.principal).await?),
            _ => {
                let read = |policy: MappingPolicy| {
                    let definition = policy.read().unwrap_or_else(claims_policy::empty_mapping);
                    (policy.id, definition)
                };
                Self::Mapping(ours.into_iter().next().map(read))
            }
        };
        Ok((policy, foreign))
    }

    fn claim(&self, slot: &Slot) -> Option<Value> {
        match self {
            Self::Own(policy) => slot.of(policy.as_ref()?),
            Self::Mapping(policy) => slot.of_mapping(&policy.as_ref()?.1),
        }
    }

    /// The claim that is wanted, in the words of this kind of policy.
    fn wanted(&self, world: &World, slot: &Slot) -> Result<Value, Fault> {
        match (self, slot) {
            (Self::Own(_), Slot::NameId) => claims_policy::name_id_claim(&world.profile.name_id),
            (Self::Own(_), Slot::Tag(key)) => claims_policy::tag_claim(key, tag_source(world, key)?),
            (Self::Mapping(_), Slot::NameId) if world.profile.name_id.guests.is_some() => Err(Fault::new(
                Kind::Usage,
                "Members and guests cannot have different NameIDs here",
            )
            .why("only the beta claims policy knows conditions, and it exists in the global cloud only")
            .hint("Leave out `guests` under [name_id], or set `beta = true` under [entra] in the global cloud.")),
            (Self::Mapping(_), Slot::NameId) => slot.mapping_entry(&world.profile.name_id.members),
            (Self::Mapping(_), Slot::Tag(key)) => slot.mapping_entry(tag_source(world, key)?),
        }
    }

    fn same(&self, one: &Value, other: &Value) -> bool {
        match self {
            Self::Own(_) => claims_policy::same_claim(one, other),
            Self::Mapping(_) => {
                let text = |value: &Value| value["ID"].as_str().unwrap_or("").to_ascii_lowercase();
                text(one) == text(other)
            }
        }
    }

    /// Puts claims into their slots, or empties them, and sends the policy.
    async fn write(self, cx: &Cx, app: &AppIds, claims: &[(Slot, Option<Value>)]) -> Result<(), Fault> {
        let entra = &cx.world().entra;
        match self {
            Self::Own(policy) => {
                let mut policy = policy.map_or_else(claims_policy::empty_policy, claims_policy::bare);
                for (slot, claim) in claims {
                    slot.put(&mut policy, claim.clone());
                }
                entra.put_claims_policy(&app.principal, &policy).await
            }
            Self::Mapping(policy) => {
                let change = |mut definition: Value| {
                    for (slot, claim) in claims {
                        slot.put_mapping(&mut definition, claim.clone());
                    }
                    definition
                };
                if let Some((id, definition)) = policy {
                    let definition = change(definition);
                    if claims_policy::is_empty_mapping(&definition) {
                        entra.unassign_mapping_policy(&app.principal, &id).await?;
                        return entra.delete_mapping_policy(&id).await.map(drop);
                    }
                    return entra.patch_mapping_policy(&id, &definition).await;
                }
                let definition = change(claims_policy::empty_mapping());
                // One that was made before a crash and not assigned any more is taken up.
                let name = policy_name(cx);
                let made = entra
                    .mapping_policies()
                    .await?
                    .into_iter()
                    .find(|policy| policy.display_name.as_deref() == Some(&name));
                let id = match made {
                    Some(made) => {
                        entra.patch_mapping_policy(&made.id, &definition).await?;
                        made.id
                    }
                    None => entra.create_mapping_policy(&name, &definition).await?.id,
                };
                entra.assign_mapping_policy(&app.principal, &id).await
            }
        }
    }
}

fn overridden(foreign: &MappingPolicy) -> Fault {
    let shown = foreign.display_name.clone().unwrap_or_else(|| foreign.id.clone());
    Fault::new(Kind::Conflict, format!("The claims mapping policy {shown} decides the application's claims"))
        .why("such a policy overrides every other setting of claims, and may serve other applications too")
        .hint("Take it from the application (Graph: DELETE claimsMappingPolicies/{id}/$ref), or add the claims to it yourself.")
}

/// A claims mapping policy in a line: its name, and the claims it decides.
fn shown_policy(policy: &MappingPolicy) -> String {
    let name = policy.display_name.as_deref().unwrap_or(&policy.id);
    match policy.read() {
        Some(definition) => format!("{name} ({})", claims_policy::shown_mapping(&definition)),
        None => format!("{name} (what it says cannot be read)"),
    }
}

/// The name of our claims mapping policy: it bears the marker.
fn policy_name(cx: &Cx) -> String {
    name_in(cx.world(), cx.target())
}

fn name_in(world: &World, target: &str) -> String {
    format!("{} {target}", world.profile.marker())
}

/// Both steps' claims, which are one policy. Only the kind that overrides the portal's has a resource.
fn claims_declared(known: &Known<'_>, asked: StepId) -> Declared {
    let Some(app) = known.one::<EnterpriseApp>() else {
        return Declared::Nothing;
    };
    if Way::of(known.world()) == Way::Own {
        return Declared::Not(
            "azuread has no resource for the claims policy that the portal shows (Attributes & Claims)".into(),
        );
    }
    if known.is_made::<NameIdClaim>("") && asked != NameIdClaim::ABOUT.id {
        return Declared::Within(NameIdClaim::ABOUT.id);
    }
    let parts = [known.one::<NameIdClaim>(), known.one::<TagClaims>()];
    let mut definition = claims_policy::empty_mapping();
    for (name, claim) in parts.into_iter().flatten().flat_map(|part| part.claims) {
        slot_of(&name).put_mapping(&mut definition, Some(claim));
    }
    let (name, variable) = (known.target(), format!("{} claims policy id", known.target()));
    let shown = name_in(known.world(), name);
    let id = || Term::Variable(variable.clone());
    let mut policy = Block::fresh("azuread_claims_mapping_policy", name)
        .says("display_name", &shown)
        .is("definition", Term::List(vec![Term::Json(definition)]));
    policy.import = Some(Term::Joined(vec![Term::text("/policies/claimsMappingPolicies/"), id()]));
    let mut assigned = Block::fresh("azuread_service_principal_claims_mapping_policy_assignment", name)
        .is(
            "service_principal_id",
            Term::of(
                "azuread_service_principal",
                name,
                "id",
                format!("/servicePrincipals/{}", app.principal),
            ),
        )
        .is(
            "claims_mapping_policy_id",
            Term::of("azuread_claims_mapping_policy", name, "id", ""),
        );
    assigned.import = Some(Term::Joined(vec![
        Term::text(format!("/servicePrincipals/{}/claimsMappingPolicies/", app.principal)),
        id(),
    ]));
    let about = format!("The id of the claims mapping policy {shown}: GET /policies/claimsMappingPolicies");
    Declared::As(vec![Block::variable(variable.clone(), about, false), policy, assigned])
}

fn tag_source<'w>(world: &'w World, key: &str) -> Result<&'w str, Fault> {
    let source = world.profile.abac.as_ref().and_then(|abac| abac.attributes.get(key));
    source
        .map(String::as_str)
        .ok_or_else(|| Fault::internal(format!("the profile has no source for the tag {key}")))
}

/// Claims of a policy by slot: what stands there.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Claims {
    /// Each claim by the name of its slot; empty slots are left out.
    pub claims: std::collections::BTreeMap<String, Value>,
    /// The claims mapping policy that decided when this was adopted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreign: Option<String>,
}

const NAME_ID: &str = "NameID";

fn slot_of(name: &str) -> Slot {
    if name == NAME_ID {
        Slot::NameId
    } else {
        Slot::Tag(name.to_owned())
    }
}

async fn look(cx: &Cx, app: &AppIds, names: &[String]) -> Result<Probe<Claims>, Fault> {
    principal_of(cx, app).await?;
    let (policy, foreign) = Policy::read_as_recorded(cx, app).await?;
    let mut found = Claims::default();
    let mut differences = Vec::new();
    // Both steps share the policy: one of them tells.
    if names.iter().any(|name| name == NAME_ID) || !is_wanted(cx.world()) {
        let another = |policy| Difference::new("claims mapping policy", shown_policy(policy), "none");
        differences.extend(foreign.iter().map(another));
    }
    let overridden = !differences.is_empty();
    let mut seen = Vec::new();
    for name in names {
        let slot = slot_of(name);
        let wanted = policy.wanted(cx.world(), &slot)?;
        let shown = claims_policy::shown_claim(&wanted);
        match policy.claim(&slot) {
            Some(claim) => {
                if policy.same(&claim, &wanted) {
                    seen.push(format!("{name} {shown}"));
                } else {
                    differences.push(Difference::new(name.clone(), claims_policy::shown_claim(&claim), shown));
                }
                found.claims.insert(name.clone(), claim);
            }
            None => differences.push(Difference::new(name.clone(), "not set", shown)),
        }
    }
    Ok(if differences.is_empty() {
        Probe::present(found, seen.join("; "))
    } else if found.claims.is_empty() && !overridden {
        Probe::Absent
    } else {
        Probe::Drifted { found, differences }
    })
}

async fn set(cx: &Cx, app: &AppIds, names: &[String]) -> Result<Claims, Fault> {
    let (policy, foreign) = Policy::read_as_recorded(cx, app).await?;
    for other in foreign {
        // It is only taken from this application: it may serve others.
        cx.note(format!(
            "The claims mapping policy {} is taken from the application.",
            shown_policy(&other)
        ));
        cx.world()
            .entra
            .unassign_mapping_policy(&app.principal, &other.id)
            .await?;
    }
    let mut claims = Vec::new();
    let mut output = Claims::default();
    for name in names {
        let slot = slot_of(name);
        let wanted = policy.wanted(cx.world(), &slot)?;
        output.claims.insert(name.clone(), wanted.clone());
        claims.push((slot, Some(wanted)));
    }
    policy.write(cx, app, &claims).await?;
    Ok(output)
}

/// What each slot held before: nothing, or another claim.
fn before<'m>(made: &'m Made<Claims>) -> impl Iterator<Item = (Slot, Option<Value>)> + 'm {
    made.output.claims.keys().map(|name| {
        let before = made.before.as_ref().and_then(|before| before.claims.get(name).cloned());
        (slot_of(name), before)
    })
}

async fn take_back(cx: &Cx, app: &AppIds, made: &Made<Claims>) -> Result<Undone, Fault> {
    if cx.world().entra.service_principal(&app.principal).await?.is_none() {
        return Ok(Undone::AlreadyGone);
    }
    let claims: Vec<_> = before(made).collect();
    Policy::read(cx, app).await?.write(cx, app, &claims).await?;
    Ok(Undone::Restored)
}

async fn is_back(cx: &Cx, app: &AppIds, made: &Made<Claims>) -> Result<Gone, Fault> {
    if cx.world().entra.service_principal(&app.principal).await?.is_none() {
        return Ok(Gone::Yes(
            "the service principal is gone, and its claims with it".into(),
        ));
    }
    let policy = Policy::read(cx, app).await?;
    let back = before(made).all(|(slot, before)| match (policy.claim(&slot), before) {
        (None, None) => true,
        (Some(now), Some(before)) => policy.same(&now, &before),
        _ => false,
    });
    Ok(if back {
        Gone::Yes("the claims are as they were".into())
    } else {
        Gone::No
    })
}

/// The NameID: what AWS knows a person by.
pub struct NameIdClaim;

type NameIdGot = (AppIds, SignOnMode, ());

impl Step<World> for NameIdClaim {
    const ABOUT: About = About {
        id: StepId::new("entra.name-id"),
        title: "Set the NameID",
        why: "AWS matches the NameID to the user name, to the letter; a guest's sign-in name would never match.",
        executor: Executor::Graph,
        scope: Scope::Target,
        effect: Effect::Changes,
        proof: "GET the claims policy: members by their source, all guests by theirs, guests last",
        undo: "Puts the NameID claim back as it was; the other claims stay.",
        read_more: "https://learn.microsoft.com/entra/identity-platform/saml-claims-customization",
    };
    type Needs = (One<EnterpriseApp>, One<SamlMode>, After<ActiveCertificate>);
    type Output = Claims;

    fn items(&self, world: &World, _: Option<&str>) -> Vec<Item> {
        is_wanted(world).then(Item::only).into_iter().collect()
    }

    async fn probe(&self, cx: &Cx, (app, ..): &NameIdGot, known: Option<&Claims>) -> Result<Probe<Claims>, Fault> {
        if let Some(policy) = known.and_then(|known| known.foreign.as_ref()) {
            let found = known.cloned().unwrap_or_default();
            return Ok(match foreign_policy(cx, app).await? {
                Some(there) if there.id == *policy => {
                    Probe::present(found, "the claims mapping policy decides that did when it was adopted")
                }
                there => {
                    let now = there.map_or_else(|| "none".to_owned(), |there| there.id);
                    let differences = vec![Difference::new("claimsMappingPolicy", now, policy.clone())];
                    Probe::Drifted { found, differences }
                }
            });
        }
        let seen = look(cx, app, &[NAME_ID.to_owned()]).await?;
        // Where nothing was said when it was adopted, what Entra does by itself is as wanted.
        let by_itself = known.is_some_and(|known| known.claims.is_empty()) && wants_default(cx.world());
        Ok(match seen {
            Probe::Absent if by_itself => by_default(),
            seen => seen,
        })
    }

    async fn adopt(&self, cx: &Cx, (app, ..): &NameIdGot) -> Result<Probe<Claims>, Fault> {
        if let Some(policy) = foreign_policy(cx, app).await? {
            let name = policy.display_name.clone().unwrap_or_else(|| policy.id.clone());
            let found = Claims {
                foreign: Some(policy.id),
                ..Claims::default()
            };
            return Ok(Probe::present(
                found,
                format!("the claims mapping policy {name} decides"),
            ));
        }
        Ok(match look(cx, app, &[NAME_ID.to_owned()]).await? {
            Probe::Absent if wants_default(cx.world()) => by_default(),
            seen => seen,
        })
    }

    /// Whoever set it up may have other reasons to name people otherwise.
    fn may_stay(&self, _: &Difference) -> bool {
        true
    }

    fn owner(&self, (app, ..): &NameIdGot, _: &Claims) -> Option<String> {
        app.owner.clone()
    }

    async fn apply(&self, cx: &Cx, (app, ..): &NameIdGot, _: Option<&Claims>) -> Result<Claims, Fault> {
        set(cx, app, &[NAME_ID.to_owned()]).await
    }

    async fn undo(&self, cx: &Cx, (app, ..): &NameIdGot, made: &Made<Claims>) -> Result<Undone, Fault> {
        take_back(cx, app, made).await
    }

    async fn gone(&self, cx: &Cx, (app, ..): &NameIdGot, made: &Made<Claims>) -> Result<Gone, Fault> {
        is_back(cx, app, made).await
    }

    fn by_hand(&self, known: &Known<'_>) -> ByHand {
        let wanted = &known.world().profile.name_id;
        let place = "Single sign-on > Attributes & Claims > Edit";
        let up = at_the_app(known, "Set the NameID", place)
            .say("Choose Unique User Identifier (Name ID), set the source below and the format Email address, then Save.")
            .value("Source attribute of members", &wanted.members);
        let up = match &wanted.guests {
            Some(guests) => up
                .say("Under Claim conditions add External guests with their own source, below the members.")
                .value("Source attribute of guests", guests),
            None => up,
        };
        let down = at_the_app(known, "Put the NameID back", place).say("Set the source that was there before.");
        ByHand::up(up).down(down)
    }

    fn declared(&self, known: &Known<'_>) -> Declared {
        claims_declared(known, Self::ABOUT.id)
    }
}

/// The session tags that Entra sends with each sign-in.
pub struct TagClaims;

type TagsGot = (AppIds, SignOnMode, (), ());

fn tags(world: &World) -> Vec<String> {
    let abac = world
        .profile
        .abac
        .as_ref()
        .filter(|abac| abac.via != AbacVia::IdentityCenter);
    abac.map(|abac| abac.attributes.keys().cloned().collect())
        .unwrap_or_default()
}

impl Step<World> for TagClaims {
    const ABOUT: About = About {
        id: StepId::new("entra.claims"),
        title: "Send attributes as session tags",
        why: "A policy in AWS can then say: only who has the same department as the thing.",
        executor: Executor::Graph,
        scope: Scope::Target,
        effect: Effect::Changes,
        proof: "GET the claims policy: one AccessControl claim for each attribute",
        undo: "Takes these claims out again; the other claims stay.",
        read_more: "https://docs.aws.amazon.com/singlesignon/latest/userguide/attributesforaccesscontrol.html",
    };
    type Needs = (One<EnterpriseApp>, One<SamlMode>, After<NameIdClaim>, After<AwsAbac>);
    type Output = Claims;

    fn items(&self, world: &World, _: Option<&str>) -> Vec<Item> {
        (!tags(world).is_empty()).then(Item::only).into_iter().collect()
    }

    async fn probe(&self, cx: &Cx, (app, ..): &TagsGot, _: Option<&Claims>) -> Result<Probe<Claims>, Fault> {
        look(cx, app, &tags(cx.world())).await
    }

    fn owner(&self, (app, ..): &TagsGot, _: &Claims) -> Option<String> {
        app.owner.clone()
    }

    async fn apply(&self, cx: &Cx, (app, ..): &TagsGot, _: Option<&Claims>) -> Result<Claims, Fault> {
        set(cx, app, &tags(cx.world())).await
    }

    async fn undo(&self, cx: &Cx, (app, ..): &TagsGot, made: &Made<Claims>) -> Result<Undone, Fault> {
        take_back(cx, app, made).await
    }

    async fn gone(&self, cx: &Cx, (app, ..): &TagsGot, made: &Made<Claims>) -> Result<Gone, Fault> {
        is_back(cx, app, made).await
    }

    fn by_hand(&self, known: &Known<'_>) -> ByHand {
        let place = "Single sign-on > Attributes & Claims > Edit";
        let up = at_the_app(known, "Send attributes as session tags", place)
            .say("For each attribute choose Add new claim, fill in name, namespace and source attribute, then Save.")
            .value("Namespace", claims_policy::AWS_NAMESPACE);
        let abac = known.world().profile.abac.as_ref();
        let up = abac
            .into_iter()
            .flat_map(|abac| &abac.attributes)
            .fold(up, |up, (key, source)| {
                up.value(format!("Name AccessControl:{key}, source attribute"), source)
            });
        let down = at_the_app(known, "Take the session tags out", place)
            .say("Delete the claims whose names begin with AccessControl: that were added.");
        ByHand::up(up).down(down)
    }

    fn declared(&self, known: &Known<'_>) -> Declared {
        claims_declared(known, Self::ABOUT.id)
    }
}
