//! Before anything is changed: which tenant this is, what the sign-in may do, and whether AWS will accept the people.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    by_hand::{Known, in_entra},
    people::{self, Finding, Severity},
    rights,
    world::{Cx, World},
};
use crate::{
    clients::entra::error::{Area, area},
    engine::{
        declared::{Block, Declared},
        known::ByHand,
        needs::One,
        step::{About, Effect, Evidence, Executor, Made, Probe, Scope, Step, StepId, Undone},
    },
    fault::{Fault, Kind},
    profile::Cloud,
};

/// What a step that only looks answers when it is told to act: the engine never does.
pub(super) fn only_looks<T>(step: StepId) -> Result<T, Fault> {
    Err(Fault::internal(format!("{step} only looks and was told to act")))
}

/// What a step that only looks says of its undo.
pub(super) fn nothing_to_undo() -> Result<Undone, Fault> {
    Ok(Undone::Kept("it only looks".into()))
}

/// The sign-in to Entra, and the tenant it is for.
pub struct EntraSession;

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenant {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The domain new users get, if the caller may see it.
    pub default_domain: Option<String>,
}

impl Step<World> for EntraSession {
    const ABOUT: About = About {
        id: StepId::new("entra.session"),
        title: "Sign in to Entra",
        why: "Everything on Microsoft's side is done in one tenant, and it must be the one you mean.",
        executor: Executor::Graph,
        scope: Scope::Tenant,
        effect: Effect::Observes,
        proof: "GET /organization answers with the tenant that the profile names",
        undo: "Nothing to take back: it only looks.",
        read_more: "https://learn.microsoft.com/graph/api/organization-list",
    };
    type Needs = ();
    type Output = Tenant;

    async fn probe(&self, cx: &Cx, (): &(), _: Option<&Tenant>) -> Result<Probe<Tenant>, Fault> {
        let world = cx.world();
        let found = world.entra.organization().await?;
        let wanted = &world.profile.entra.tenant;
        // A caller with few rights is not shown the domains; the tenant that was signed in to is then the wanted one.
        if !found.is_called(wanted) && !found.verified_domains.is_empty() {
            let name = found.default_domain().unwrap_or(&found.id).to_owned();
            return Err(Fault::new(
                Kind::SignIn,
                format!("The sign-in is for the tenant {name}, not for {wanted}"),
            )
            .why("the profile's `tenant` is neither this tenant's id nor one of its domains")
            .hint("Sign in to the right tenant, or correct `tenant` in the profile."));
        }
        let default_domain = found.default_domain().map(str::to_owned);
        let name = found
            .display_name
            .clone()
            .or_else(|| default_domain.clone())
            .unwrap_or_else(|| found.id.clone());
        let proof = format!("GET /organization answers: {name}, {}", world.entra.cloud().name);
        Ok(Probe::present(
            Tenant {
                id: found.id,
                name,
                default_domain,
            },
            proof,
        ))
    }

    async fn apply(&self, _: &Cx, (): &(), _: Option<&Tenant>) -> Result<Tenant, Fault> {
        only_looks(Self::ABOUT.id)
    }

    async fn undo(&self, _: &Cx, (): &(), _: &Made<Tenant>) -> Result<Undone, Fault> {
        nothing_to_undo()
    }

    fn by_hand(&self, known: &Known<'_>) -> ByHand {
        let tenant = known
            .one::<Self>()
            .map_or_else(|| known.world().profile.entra.tenant.clone(), |tenant| tenant.id);
        ByHand::up(
            in_entra(known, "Sign in to the tenant", "Entra ID > Overview")
                .say("See that the tenant is the one named below.")
                .value("Tenant", tenant),
        )
    }

    fn declared(&self, known: &Known<'_>) -> Declared {
        let Some(tenant) = known.one::<Self>() else {
            return Declared::Nothing;
        };
        let environment = match known.world().profile.entra.cloud {
            Cloud::Global => "global",
            Cloud::UsGovL4 => "usgovernmentl4",
            Cloud::UsGovL5 => "usgovernmentl5",
            Cloud::China => "china",
        };
        Declared::As(vec![
            Block::provider("azuread")
                .remark("It signs in as its documentation says: Azure CLI, a certificate, or a secret in ARM_CLIENT_SECRET.")
                .says("environment", environment)
                .says("tenant_id", tenant.id),
        ])
    }
}

/// What the sign-in may do, held against what the walk will do.
pub struct EntraRights;

/// What is known of the caller's rights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rights {
    /// Who signed in, as far as the token says.
    pub caller: Option<String>,
    /// The areas that were held against the token.
    pub checked: Vec<String>,
    /// What the token cannot settle.
    pub doubts: Vec<String>,
}

/// What a walk does in one area of Graph.
struct Planned {
    /// The area.
    area: &'static Area,
    /// Whether it changes something there.
    writes: bool,
    /// The steps that go there.
    steps: Vec<&'static str>,
}

/// Each area once, with the widest use that is made of it and the steps that make it.
fn planned(world: &World) -> Vec<Planned> {
    let mut all: Vec<Planned> = Vec::new();
    for rights in rights::planned(world) {
        let used = rights.graph.iter().filter(|(_, _, when)| when(&world.profile));
        for (area, writes) in used.filter_map(|(path, writes, _)| Some((area(path)?, *writes))) {
            match all.iter_mut().find(|known| known.area.name == area.name) {
                // Who only looks needs less than who changes something.
                Some(known) if known.writes && !writes => {}
                Some(known) if known.writes == writes => known.steps.push(rights.step),
                Some(known) => (known.writes, known.steps) = (true, vec![rights.step]),
                None => all.push(Planned {
                    area,
                    writes,
                    steps: vec![rights.step],
                }),
            }
        }
    }
    all
}

/// A right that planned steps need and the sign-in lacks: the least that will do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lacking {
    /// The permission or role.
    pub right: String,
    /// Whether it is a directory role.
    pub role: bool,
    /// What it is needed for: `change applications`.
    pub to: String,
    /// The steps that need it.
    pub steps: Vec<&'static str>,
}

impl fmt::Display for Lacking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let role = if self.role { "the role " } else { "" };
        write!(f, "{role}{} to {} ({})", self.right, self.to, self.steps.join(", "))
    }
}

/// What the token at hand covers of what the walk will do, and what it does not.
pub fn held(world: &World) -> (Rights, Vec<Lacking>) {
    let facts = world.entra.graph().tokens().facts_at_hand();
    let mut rights = Rights {
        caller: facts.upn.clone().or_else(|| facts.app_id.clone()),
        checked: Vec::new(),
        doubts: Vec::new(),
    };
    let mut missing = Vec::new();
    for planned in planned(world) {
        let (area, steps) = (planned.area, planned.steps);
        let need = if planned.writes { &area.write } else { &area.read };
        let to = format!("{} {}", if planned.writes { "change" } else { "read" }, area.name);
        rights.checked.push(area.name.to_owned());
        if let Some(permission) = need.missing_permission(&facts) {
            missing.push(Lacking {
                right: permission.to_owned(),
                role: false,
                to: to.clone(),
                steps: steps.clone(),
            });
        }
        if let Some(role) = need.missing_role(&facts) {
            // Microsoft's pages disagree on who may change claims; the call itself will tell.
            if area.name == "claims" {
                rights.doubts.push(format!("whether the roles held may {to}"));
            } else {
                missing.push(Lacking {
                    right: role.to_owned(),
                    role: true,
                    to,
                    steps,
                });
            }
        }
    }
    missing.dedup();
    (rights, missing)
}

impl Step<World> for EntraRights {
    const ABOUT: About = About {
        id: StepId::new("entra.rights"),
        title: "Check the rights in Entra",
        why: "A missing permission is better found now than half-way through.",
        executor: Executor::Graph,
        scope: Scope::Tenant,
        effect: Effect::Observes,
        proof: "The token names the permissions and roles that the planned steps need",
        undo: "Nothing to take back: it only looks.",
        read_more: "https://learn.microsoft.com/graph/permissions-reference",
    };
    type Needs = (One<EntraSession>,);
    type Output = Rights;

    async fn probe(&self, cx: &Cx, _: &(Tenant,), _: Option<&Rights>) -> Result<Probe<Rights>, Fault> {
        let world = cx.world();
        let (mut rights, missing) = held(world);
        if !missing.is_empty() {
            return Err(Fault::new(Kind::Rights, "The sign-in to Entra lacks rights that the walk needs")
                .why(missing.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
                .hint(
                    "Have exactly these granted, with admin consent, and sign in again: a grant is in force only in a \
                     new token. Global Administrator is not needed.",
                ));
        }
        if world.entra.graph().tokens().facts_at_hand().readable {
            let who = rights.caller.clone().unwrap_or_else(|| "the caller".into());
            let proof = format!("the token of {who} covers {}", rights.checked.join(", "));
            return Ok(Probe::present(rights, proof));
        }
        // An opaque token is no error: reading tells as much as can be told without changing anything.
        world
            .entra
            .service_principals_named(&world.profile.entra.application.name)
            .await?;
        if let Some(user) = world.profile.people.user.first() {
            world.entra.user(&user.upn).await?;
        }
        rights
            .doubts
            .push("the token cannot be read, so rights to change show at the first change".into());
        Ok(Probe::present(
            rights,
            "the token cannot be read; reading applications and users is allowed",
        ))
    }

    async fn apply(&self, _: &Cx, _: &(Tenant,), _: Option<&Rights>) -> Result<Rights, Fault> {
        only_looks(Self::ABOUT.id)
    }

    async fn undo(&self, _: &Cx, _: &(Tenant,), _: &Made<Rights>) -> Result<Undone, Fault> {
        nothing_to_undo()
    }

    fn evidence(&self, rights: &Rights) -> Evidence {
        Evidence {
            acts_as: rights.caller.clone(),
            ..Evidence::default()
        }
    }

    fn by_hand(&self, known: &Known<'_>) -> ByHand {
        ByHand::up(
            in_entra(known, "See your roles", "Entra ID > Roles & admins")
                .say("Cloud Application Administrator is needed, and User Administrator where users or groups are made. More is not."),
        )
    }
}

/// Whether AWS will accept the people as they are.
pub struct PeopleLint;

/// What was found about the people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lint {
    /// How many people were looked at.
    pub looked_at: usize,
    /// What may trouble them, none of it fatal.
    pub findings: Vec<Finding>,
}

impl Step<World> for PeopleLint {
    const ABOUT: About = About {
        id: StepId::new("people.lint"),
        title: "Look over the people",
        why: "Identity Center refuses users without a first, last or display name, and some values trouble it.",
        executor: Executor::Graph,
        scope: Scope::Tenant,
        effect: Effect::Observes,
        proof: "Each user of the profile has the names that Identity Center requires",
        undo: "Nothing to take back: it only looks.",
        read_more: "https://learn.microsoft.com/entra/identity/saas-apps/aws-single-sign-on-provisioning-tutorial",
    };
    type Needs = (One<EntraSession>,);
    type Output = Lint;

    async fn probe(&self, cx: &Cx, _: &(Tenant,), _: Option<&Lint>) -> Result<Probe<Lint>, Fault> {
        let world = cx.world();
        let upns: Vec<&str> = world.profile.people.user.iter().map(|user| user.upn.as_str()).collect();
        let found = world.entra.users(&upns).await?;
        let people: Vec<people::Person> = world
            .profile
            .people
            .user
            .iter()
            .zip(&found)
            .map(|(wanted, found)| people::Person::of(wanted, found.as_ref()))
            .collect();
        let findings = people::lint(&people, world.profile.name_id.guests.is_some());
        let (fatal, findings): (Vec<Finding>, Vec<Finding>) = findings
            .into_iter()
            .partition(|finding| finding.severity == Severity::Error);
        if !fatal.is_empty() {
            let why: Vec<String> = fatal.iter().map(ToString::to_string).collect();
            return Err(Fault::new(
                Kind::Refused,
                "Identity Center will not accept everybody in the profile",
            )
            .why(why.join("; "))
            .hint("Correct these users in Entra, or in the profile where fedwiz makes them."));
        }
        for finding in &findings {
            cx.note(finding.to_string());
        }
        let proof = format!(
            "{} people looked at, {} findings, none fatal",
            people.len(),
            findings.len()
        );
        Ok(Probe::present(
            Lint {
                looked_at: people.len(),
                findings,
            },
            proof,
        ))
    }

    async fn apply(&self, _: &Cx, _: &(Tenant,), _: Option<&Lint>) -> Result<Lint, Fault> {
        only_looks(Self::ABOUT.id)
    }

    async fn undo(&self, _: &Cx, _: &(Tenant,), _: &Made<Lint>) -> Result<Undone, Fault> {
        nothing_to_undo()
    }

    fn by_hand(&self, known: &Known<'_>) -> ByHand {
        ByHand::up(
            in_entra(known, "Look over the people", "Entra ID > Users > All users")
                .say("Everybody who is to be provisioned needs a first name, a last name and a display name."),
        )
    }
}
