//! Who is assigned to the application: those may sign in, and are provisioned.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    application::{AppIds, EnterpriseApp},
    by_hand::{Known, at_the_app, stood_before},
    directory::{EntraGroup, EntraUser, Group, Person, TOGETHER, about_password},
    preflight_entra::nothing_to_undo,
    world::{Cx, World},
};
use crate::{
    clients::Existed,
    engine::{
        declared::{Block, Declared, Term},
        guide::Guide,
        known::ByHand,
        needs::{After, Each, One, Same},
        step::{About, Effect, Executor, Gone, Item, Made, Probe, Scope, Step, StepId, Undone, Wait},
    },
    fault::{Fault, Kind},
    profile::Principal,
};

/// The first user signs in before anything is assigned, and sees no application. There to learn from.
pub struct SignInBefore;

/// Who signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    /// The sign-in name.
    pub upn: String,
}

impl Step<World> for SignInBefore {
    const ABOUT: About = About {
        id: StepId::new("entra.sign-in-before"),
        title: "Sign in before anything is assigned",
        why: "It shows the difference that the assignment makes: My Apps is still empty.",
        executor: Executor::Human,
        scope: Scope::Tenant,
        effect: Effect::Observes,
        proof: "Your word: no log that fedwiz may read tells of it in time",
        undo: "Nothing to take back: it only looks.",
        read_more: "https://docs.aws.amazon.com/singlesignon/latest/userguide/idp-microsoft-entra.html",
    };
    type Needs = (Each<EntraUser>,);
    type Output = SignedIn;

    fn items(&self, world: &World, _: Option<&str>) -> Vec<Item> {
        let first = world
            .profile
            .people
            .user
            .first()
            .filter(|_| world.profile.teaching.sign_in_before);
        first
            .map(|user| Item::new(&user.upn).with(EntraUser::ABOUT.id, &user.upn))
            .into_iter()
            .collect()
    }

    async fn probe(
        &self,
        _: &Cx,
        _: &(Vec<(String, Person)>,),
        _: Option<&SignedIn>,
    ) -> Result<Probe<SignedIn>, Fault> {
        Ok(Probe::CannotTell("only the person at the screen sees it".into()))
    }

    async fn apply(&self, cx: &Cx, _: &(Vec<(String, Person)>,), _: Option<&SignedIn>) -> Result<SignedIn, Fault> {
        let upn = cx.item().to_owned();
        let world = cx.world();
        let password = about_password(cx, &upn).await;
        let guide = Guide::new(format!("Sign in as {upn} and see that no application is there"))
            .open(world.entra.cloud().my_apps)
            .say(format!(
                "Open My Apps in a private browser window and sign in as {upn}. {password}"
            ))
            .say("If you are asked for a new password, choose one. At Action Required choose Ask later.")
            .say("See that AWS is not among the apps, then sign out.")
            .value("User", &upn)
            .click("entra.sign-in", json!({ "upn": upn, "from": "account" }));
        cx.ask(guide).await?;
        cx.take_word();
        Ok(SignedIn { upn })
    }

    async fn undo(&self, _: &Cx, _: &(Vec<(String, Person)>,), _: &Made<SignedIn>) -> Result<Undone, Fault> {
        nothing_to_undo()
    }

    fn by_hand(&self, known: &Known<'_>) -> ByHand {
        ByHand::up(
            Guide::new("Sign in and see that no application is there")
                .open(known.world().entra.cloud().my_apps)
                .say("Open My Apps in a private browser window and sign in as the user below.")
                .say("If you are asked for a new password, choose one. At Action Required choose Ask later.")
                .say("See that AWS is not among the apps, then sign out.")
                .value("User", known.item()),
        )
    }
}

/// A user or group assigned to the application.
pub struct AppAssignment;

/// An assignment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assigned {
    /// Its id; empty when the service has not told it yet.
    pub id: String,
    /// The user's or group's object id.
    pub principal: String,
}

type AssignGot = (AppIds, Vec<(String, Person)>, Vec<(String, Group)>, ());

/// The node of a user or group: its key, and the user or group it needs.
fn item_of(world: &World, who: &Principal) -> Option<Item> {
    Some(match who {
        Principal::User(upn) => {
            let upn = &world.profile.user(upn)?.upn;
            Item::new(Principal::User(upn.clone()).to_string()).with(EntraUser::ABOUT.id, upn)
        }
        Principal::Group(name) => {
            let name = &world.profile.group(name)?.name;
            Item::new(Principal::Group(name.clone()).to_string()).with(EntraGroup::ABOUT.id, name)
        }
    })
}

impl AppAssignment {
    fn who((_, people, groups, ()): &AssignGot) -> Result<&str, Fault> {
        let person = people.first().map(|(_, person)| person.id.as_str());
        let group = groups.first().map(|(_, group)| group.id.as_str());
        person
            .or(group)
            .ok_or_else(|| Fault::internal("an assignment to the application names nobody"))
    }

    async fn find(cx: &Cx, app: &AppIds, who: &str) -> Result<Option<Assigned>, Fault> {
        let all = cx.world().entra.assigned(&app.principal).await?;
        // Any role of the application lets people in and has them provisioned.
        Ok(all.of_principal(who).map(|found| Assigned {
            id: found.id.clone(),
            principal: who.to_owned(),
        }))
    }
}

impl Step<World> for AppAssignment {
    const ABOUT: About = About {
        id: StepId::new("entra.assign"),
        title: "Assign to the application",
        why: "Only who is assigned sees AWS in My Apps, can sign in, and is provisioned.",
        executor: Executor::Graph,
        scope: Scope::Target,
        effect: Effect::Changes,
        proof: "GET appRoleAssignedTo lists the user or group",
        undo: "Removes the assignment; the user or group stays.",
        read_more: "https://learn.microsoft.com/graph/api/serviceprincipal-post-approleassignedto",
    };
    const AT_ONCE: usize = TOGETHER;
    const TOGETHER: bool = true;
    type Needs = (
        One<EnterpriseApp>,
        Each<EntraUser>,
        Each<EntraGroup>,
        After<SignInBefore>,
    );
    type Output = Assigned;

    fn items(&self, world: &World, _: Option<&str>) -> Vec<Item> {
        let users = world
            .profile
            .people
            .user
            .iter()
            .map(|user| Principal::User(user.upn.clone()));
        let groups = world
            .profile
            .people
            .group
            .iter()
            .map(|group| Principal::Group(group.name.clone()));
        users.chain(groups).filter_map(|who| item_of(world, &who)).collect()
    }

    async fn probe(&self, cx: &Cx, got: &AssignGot, _: Option<&Assigned>) -> Result<Probe<Assigned>, Fault> {
        Ok(match Self::find(cx, &got.0, Self::who(got)?).await? {
            Some(found) => {
                let proof = format!("appRoleAssignedTo lists it, assignment {}", found.id);
                Probe::present(found, proof)
            }
            None => Probe::Absent,
        })
    }

    async fn apply(&self, cx: &Cx, got: &AssignGot, _: Option<&Assigned>) -> Result<Assigned, Fault> {
        let (app, who) = (&got.0, Self::who(got)?);
        let made = cx
            .world()
            .entra
            .assign(&app.principal, &app.user_role, who)
            .await
            .map_err(|fault| {
                if fault.why.to_ascii_lowercase().contains("not available for assignment") {
                    fault.hint("Assigning groups needs an Entra ID P1 licence: assign users, or get the licence.")
                } else {
                    fault
                }
            })?;
        Ok(Assigned {
            id: made.id,
            principal: who.to_owned(),
        })
    }

    async fn undo(&self, cx: &Cx, got: &AssignGot, made: &Made<Assigned>) -> Result<Undone, Fault> {
        Ok(
            match cx.world().entra.unassign(&got.0.principal, &made.output.id).await? {
                Existed::Yes => Undone::Removed,
                Existed::No => Undone::AlreadyGone,
            },
        )
    }

    async fn gone(&self, cx: &Cx, got: &AssignGot, made: &Made<Assigned>) -> Result<Gone, Fault> {
        let entra = &cx.world().entra;
        match entra.assigned(&got.0.principal).await {
            Ok(assigned) if assigned.holds(&made.output.id) => Ok(Gone::No),
            Ok(_) => Ok(Gone::Yes("appRoleAssignedTo lists it no more".into())),
            Err(fault) if fault.kind == Kind::NotFound => match entra.service_principal(&got.0.principal).await? {
                None => Ok(Gone::Yes("the service principal is gone".into())),
                Some(_) => Err(fault),
            },
            Err(fault) => Err(fault),
        }
    }

    fn object(&self, assigned: &Assigned) -> Option<String> {
        Some(assigned.principal.clone())
    }

    fn by_hand(&self, known: &Known<'_>) -> ByHand {
        let up = at_the_app(known, "Assign to the application", "Users and groups > Add user/group")
            .say("Choose the user or group below, then Assign. Groups need a P1 licence, and only their direct members count.")
            .value("User or group", known.item());
        let down = at_the_app(known, "Remove the assignment", "Users and groups")
            .say("Tick the user or group below, then Remove assignment. Who is provisioned is disabled in AWS at the next cycle.")
            .value("User or group", known.item());
        ByHand::up(up).down(down)
    }

    fn declared(&self, known: &Known<'_>) -> Declared {
        let (Some(app), Some(assigned)) = (known.one::<EnterpriseApp>(), known.of::<Self>(known.item())) else {
            return Declared::Nothing;
        };
        if !known.is_made::<Self>(known.item()) {
            return stood_before();
        }
        if assigned.id.is_empty() {
            return Declared::Not("the journal does not know its id yet, without which it would be made twice".into());
        }
        let who = match Principal::try_from(known.item().to_owned()) {
            Ok(Principal::User(upn)) => Term::of("azuread_user", upn, "object_id", &assigned.principal),
            Ok(Principal::Group(name)) => Term::of("azuread_group", name, "object_id", &assigned.principal),
            Err(_) => Term::text(&assigned.principal),
        };
        Declared::As(vec![
            Block::resource(
                "azuread_app_role_assignment",
                known.name_of::<Self>(known.item()),
                format!("/servicePrincipals/{}/appRoleAssignedTo/{}", app.principal, assigned.id),
            )
            .says("app_role_id", &app.user_role)
            .is("principal_object_id", who)
            .is(
                "resource_object_id",
                Term::of("azuread_service_principal", known.target(), "object_id", &app.principal),
            ),
        ])
    }
}

/// Whoever has access to accounts must also be able to sign in: assigned to the application, too.
pub struct AppAccess;

/// How long a copy of the directory may be behind: as long as the driver waits for what was just made.
const REPLICATION: Duration = Duration::from_secs(300);

impl Step<World> for AppAccess {
    const ABOUT: About = About {
        id: StepId::new("entra.access"),
        title: "Confirm the assignment to the application",
        why: "Access to an account is worth nothing to somebody who cannot sign in.",
        executor: Executor::Graph,
        scope: Scope::Target,
        effect: Effect::Observes,
        proof: "GET appRoleAssignedTo lists everybody who has access to an account",
        undo: "Nothing to take back: it only looks.",
        read_more: "https://docs.aws.amazon.com/singlesignon/latest/userguide/idp-microsoft-entra.html",
    };
    const AT_ONCE: usize = TOGETHER;
    const TOGETHER: bool = true;
    type Needs = (One<EnterpriseApp>, Same<AppAssignment>);
    type Output = Assigned;

    fn items(&self, world: &World, _: Option<&str>) -> Vec<Item> {
        let mut items: Vec<Item> = Vec::new();
        for item in world
            .profile
            .assignment
            .iter()
            .filter_map(|assignment| item_of(world, &assignment.principal))
        {
            if !items.iter().any(|known| known.key == item.key) {
                items.push(Item::new(item.key));
            }
        }
        items
    }

    async fn probe(
        &self,
        cx: &Cx,
        (app, assigned): &(AppIds, Assigned),
        _: Option<&Assigned>,
    ) -> Result<Probe<Assigned>, Fault> {
        Ok(match AppAssignment::find(cx, app, &assigned.principal).await? {
            Some(found) => Probe::present(found, format!("assigned to {} and may sign in", app.name)),
            // `entra.assign` has seen it a moment ago: this copy of the directory is behind.
            None => Probe::Pending(Wait {
                why: "the assignment to show in every copy of the directory".into(),
                ends_when: "appRoleAssignedTo lists it".into(),
                every: Duration::from_secs(5),
                limit: REPLICATION,
            }),
        })
    }

    async fn apply(&self, cx: &Cx, (app, _): &(AppIds, Assigned), _: Option<&Assigned>) -> Result<Assigned, Fault> {
        Err(Fault::new(
            Kind::NotFound,
            format!("{} is assigned to {} no more", cx.item(), app.name),
        )
        .why("somebody took the assignment away")
        .hint("Run `fedwiz apply` again: `entra.assign` makes it anew."))
    }

    async fn undo(&self, _: &Cx, _: &(AppIds, Assigned), _: &Made<Assigned>) -> Result<Undone, Fault> {
        nothing_to_undo()
    }

    fn by_hand(&self, known: &Known<'_>) -> ByHand {
        ByHand::up(
            at_the_app(known, "See the assignment", "Users and groups")
                .say("See that everybody who has access to an account is listed.")
                .value("User or group", known.item()),
        )
    }
}
