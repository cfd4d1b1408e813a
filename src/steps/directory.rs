//! People and groups in Entra: made where the profile says so, else found and used.

use aws_lc_rs::rand;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::{
    by_hand::{Known, in_entra, value_if},
    preflight_entra::{EntraRights, Lint, PeopleLint, Rights},
    world::{Cx, World},
};
use crate::{
    clients::{
        Existed,
        entra::users::{NewUser, User},
    },
    engine::{
        declared::{Block, Declared, Term},
        known::ByHand,
        needs::One,
        step::{About, Effect, Executor, Gone, Item, Made, Probe, Scope, Step, StepId, Undone},
    },
    fault::{Fault, Kind},
    profile,
    secrets::{SecretRef, remember},
};

/// How many users are looked at or assigned at once, twenty in a request: bounds what waits for its proof, no more.
pub const TOGETHER: usize = 1000;

/// A user in Entra.
pub struct EntraUser;

/// A user as later steps know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The object id.
    pub id: String,
    /// The sign-in name.
    pub upn: String,
    /// The display name.
    pub display_name: String,
    /// The department, if there is one.
    pub department: Option<String>,
    /// The e-mail address, if there is one.
    pub mail: Option<String>,
    /// Whether the user comes from elsewhere.
    pub guest: bool,
}

impl From<User> for Person {
    fn from(user: User) -> Self {
        Self {
            guest: user.is_guest(),
            id: user.id,
            upn: user.user_principal_name,
            display_name: user.display_name.unwrap_or_default(),
            department: user.department,
            mail: user.mail,
        }
    }
}

impl EntraUser {
    fn wanted<'w>(world: &'w World, item: &str) -> Result<&'w profile::User, Fault> {
        world.profile.user(item).ok_or_else(|| {
            Fault::internal(format!(
                "a step asks for the user {item}, whom the profile does not name"
            ))
        })
    }

    fn password(world: &World, upn: &str) -> SecretRef {
        SecretRef::user_password(&world.profile.federation, upn)
    }
}

/// Where a person finds the password of a user, for a guide that has them sign in.
pub(super) async fn about_password(cx: &Cx, upn: &str) -> String {
    let world = cx.world();
    let kept_as = EntraUser::password(world, upn);
    let can_be_read = world.secrets.opens_to_its_owner() && matches!(world.secrets.get(&kept_as).await, Ok(Some(_)));
    if can_be_read {
        let place = world.secrets.place();
        format!("The first password is in {place}, at fedwiz, as {kept_as}; Entra has it changed at once.")
    } else {
        "If nobody knows the password, reset it in the Entra admin center: Users, the user, Reset password.".to_owned()
    }
}

/// A password that every password policy of Entra takes: 24 characters of four kinds.
fn new_password() -> Result<SecretString, Fault> {
    const KINDS: [&[u8]; 4] = [
        b"ABCDEFGHJKLMNPQRSTUVWXYZ",
        b"abcdefghijkmnopqrstuvwxyz",
        b"23456789",
        b"!#$%*+-=?@_",
    ];
    let mut bytes = [0_u8; 24];
    rand::fill(&mut bytes).map_err(|_| Fault::internal("the system gives no random bytes"))?;
    let password: String = bytes
        .iter()
        .enumerate()
        .map(|(at, byte)| {
            let kind = KINDS[at % KINDS.len()];
            char::from(kind[usize::from(*byte) % kind.len()])
        })
        .collect();
    let password = SecretString::from(password);
    remember(&password);
    Ok(password)
}

impl Step<World> for EntraUser {
    const ABOUT: About = About {
        id: StepId::new("entra.user"),
        title: "Create the user in Entra",
        why: "People sign in with their Entra account; a test user shows that it works without risking anyone.",
        executor: Executor::Graph,
        scope: Scope::Tenant,
        effect: Effect::Changes,
        proof: "GET the user by object id",
        undo: "Deletes a user that fedwiz made, and forgets the first password. Others are never removed.",
        read_more: "https://learn.microsoft.com/graph/api/user-post-users",
    };
    const AT_ONCE: usize = TOGETHER;
    const TOGETHER: bool = true;
    const SHARED: bool = true;
    type Needs = (One<EntraRights>, One<PeopleLint>);
    type Output = Person;

    fn items(&self, world: &World, _: Option<&str>) -> Vec<Item> {
        world
            .profile
            .people
            .user
            .iter()
            .map(|user| Item::new(&user.upn))
            .collect()
    }

    async fn probe(&self, cx: &Cx, _: &(Rights, Lint), known: Option<&Person>) -> Result<Probe<Person>, Fault> {
        let name = known.map_or(cx.item(), |known| &known.id);
        Ok(match cx.world().entra.user(name).await? {
            Some(user) => {
                let proof = format!("GET /users answers, object id {}", user.id);
                Probe::present(user.into(), proof)
            }
            None => Probe::Absent,
        })
    }

    async fn apply(&self, cx: &Cx, _: &(Rights, Lint), _: Option<&Person>) -> Result<Person, Fault> {
        let world = cx.world();
        let user = Self::wanted(world, cx.item())?;
        if !user.create {
            return Err(Fault::new(Kind::NotFound, format!("{} is not in the tenant", user.upn))
                .hint("Correct the name, or say `create = true` in the profile to have the user made."));
        }
        // Kept before the user exists: a password that nobody has would lock the user out for good.
        let kept_as = Self::password(world, &user.upn);
        let password = match world.secrets.get(&kept_as).await? {
            Some(password) => password,
            None => {
                let password = new_password()?;
                world.secrets.set(&kept_as, &password).await?;
                password
            }
        };
        let display_name = user.shown_name();
        let new = NewUser {
            upn: &user.upn,
            alias: user.alias(),
            display_name: &display_name,
            given_name: user.given_name.as_deref(),
            family_name: user.family_name.as_deref(),
            mail: user.mail.as_deref(),
            department: user.department.as_deref(),
            password: &password,
        };
        Ok(Person {
            // The answer to a create leaves fields out.
            department: user.department.clone(),
            mail: user.mail.clone(),
            ..Person::from(world.entra.create_user(&new).await?)
        })
    }

    async fn undo(&self, cx: &Cx, _: &(Rights, Lint), made: &Made<Person>) -> Result<Undone, Fault> {
        let world = cx.world();
        let mut existed = world.entra.delete_user(&made.output.id).await?;
        if world.profile.entra.purge && world.entra.purge(&made.output.id).await? == Existed::Yes {
            existed = Existed::Yes;
        }
        world.secrets.delete(&Self::password(world, cx.item())).await?;
        Ok(match existed {
            Existed::Yes => Undone::Removed,
            Existed::No => Undone::AlreadyGone,
        })
    }

    async fn gone(&self, cx: &Cx, _: &(Rights, Lint), made: &Made<Person>) -> Result<Gone, Fault> {
        let world = cx.world();
        let there = world.entra.user(&made.output.id).await?.is_some()
            || (world.profile.entra.purge && world.entra.is_in_recycle_bin(&made.output.id).await?)
            || world.secrets.get(&Self::password(world, cx.item())).await?.is_some();
        Ok(if there {
            Gone::No
        } else {
            Gone::Yes("GET /users answers 404, the password is forgotten".into())
        })
    }

    fn object(&self, person: &Person) -> Option<String> {
        Some(person.id.clone())
    }

    fn by_hand(&self, known: &Known<'_>) -> ByHand {
        let user = known.world().profile.user(known.item());
        if user.is_none_or(|user| !user.create) {
            let guide = in_entra(known, "Find the user", "Entra ID > Users > All users")
                .say("Search for the user below, who is to be there already.")
                .value("User principal name", known.item());
            return ByHand::up(value_if(
                guide,
                "Object ID",
                known.of::<Self>(known.item()).map(|person| person.id),
            ));
        }
        let up = in_entra(
            known,
            "Create the user",
            "Entra ID > Users > New user > Create new user",
        )
        .say("Fill in the values below. Let the password be generated and hand it over on another way than this sheet.")
        .value("User principal name", known.item());
        let up = value_if(up, "Display name", user.map(profile::User::shown_name));
        let up = value_if(up, "First name", user.and_then(|user| user.given_name.as_deref()));
        let up = value_if(up, "Last name", user.and_then(|user| user.family_name.as_deref()));
        let up = value_if(up, "Department", user.and_then(|user| user.department.as_deref()));
        let up = value_if(up, "Email", user.and_then(|user| user.mail.as_deref()));
        let up = value_if(up, "Object ID", known.of::<Self>(known.item()).map(|person| person.id));
        let down = in_entra(known, "Delete the user", "Entra ID > Users > All users")
            .say("Choose the user below, then Delete. Only who was made for this goes.")
            .value("User principal name", known.item());
        ByHand::up(up).down(down)
    }

    fn declared(&self, known: &Known<'_>) -> Declared {
        let Some(person) = known.of::<Self>(known.item()) else {
            return Declared::Nothing;
        };
        let name = known.item();
        if !known.is_made::<Self>(name) {
            return Declared::As(vec![Block::data("azuread_user", name).says("object_id", person.id)]);
        }
        let user = known.world().profile.user(name);
        let variable = format!("{name} first password");
        let password = Block::variable(
            variable.clone(),
            format!("The first password of {name}. Needed only if the user has to be made again."),
            true,
        )
        .is("default", Term::Word("null"));
        let resource = Block::resource("azuread_user", name, format!("/users/{}", person.id))
            .says("user_principal_name", &person.upn)
            .says("display_name", &person.display_name)
            .says_if("given_name", user.and_then(|user| user.given_name.as_deref()))
            .says_if("surname", user.and_then(|user| user.family_name.as_deref()))
            .says_if("department", user.and_then(|user| user.department.as_deref()))
            .says_if("mail", user.and_then(|user| user.mail.as_deref()))
            .is("password", Term::Variable(variable))
            .leaves(&["password", "mail_nickname", "force_password_change"]);
        Declared::As(vec![password, resource])
    }
}

/// A group in Entra. Its members are things of their own: see [`super::membership`].
pub struct EntraGroup;

/// A group as later steps know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// The object id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Journals from before members were things of their own: those of the wanted members that it had, by object id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<String>,
}

impl Group {
    /// Of an old journal: who was added to a group that was there before.
    fn added<'a>(&'a self, before: &'a Self) -> impl Iterator<Item = &'a String> {
        self.members.iter().filter(|id| !before.members.contains(id))
    }
}

impl EntraGroup {
    fn wanted<'w>(world: &'w World, item: &str) -> Result<&'w profile::Group, Fault> {
        world.profile.group(item).ok_or_else(|| {
            Fault::internal(format!(
                "a step asks for the group {item}, which the profile does not name"
            ))
        })
    }
}

impl Step<World> for EntraGroup {
    const ABOUT: About = About {
        id: StepId::new("entra.group"),
        title: "Create the group in Entra",
        why: "Access is easier to give to a group than to each person. Only direct members count.",
        executor: Executor::Graph,
        scope: Scope::Tenant,
        effect: Effect::Changes,
        proof: "GET the group by object id",
        undo: "Deletes a group that fedwiz made. Others are never removed.",
        read_more: "https://learn.microsoft.com/graph/api/group-post-groups",
    };
    const SHARED: bool = true;
    type Needs = (One<EntraRights>,);
    type Output = Group;

    fn items(&self, world: &World, _: Option<&str>) -> Vec<Item> {
        let groups = world.profile.people.group.iter();
        groups.map(|group| Item::new(&group.name)).collect()
    }

    async fn probe(&self, cx: &Cx, _: &(Rights,), known: Option<&Group>) -> Result<Probe<Group>, Fault> {
        let entra = &cx.world().entra;
        let found = match known {
            Some(known) => entra.group(&known.id).await?,
            None => {
                let mut found = entra.groups_named(cx.item()).await?;
                if found.len() > 1 {
                    return Err(Fault::new(
                        Kind::Conflict,
                        format!("There are {} groups named {}", found.len(), cx.item()),
                    )
                    .why("Identity Center knows a group by its name, which must be unique there")
                    .hint("Rename all but the one to use."));
                }
                found.pop()
            }
        };
        let Some(found) = found else { return Ok(Probe::Absent) };
        if found.security_enabled == Some(false) {
            return Err(
                Fault::new(Kind::Refused, format!("{} is not a security group", cx.item()))
                    .why("Entra neither assigns nor provisions groups that are not security-enabled")
                    .hint("Use a security group."),
            );
        }
        let group = Group {
            id: found.id,
            name: found.display_name.unwrap_or_else(|| cx.item().to_owned()),
            members: known.map(|known| known.members.clone()).unwrap_or_default(),
        };
        let proof = format!("GET /groups answers, object id {}", group.id);
        Ok(Probe::present(group, proof))
    }

    async fn apply(&self, cx: &Cx, _: &(Rights,), _: Option<&Group>) -> Result<Group, Fault> {
        let wanted = Self::wanted(cx.world(), cx.item())?;
        if !wanted.create {
            return Err(Fault::new(
                Kind::NotFound,
                format!("There is no group named {} in the tenant", wanted.name),
            )
            .hint("Correct the name, or say `create = true` in the profile to have the group made."));
        }
        Ok(Group {
            id: cx.world().entra.create_group(&wanted.name).await?.id,
            name: wanted.name.clone(),
            members: Vec::new(),
        })
    }

    async fn undo(&self, cx: &Cx, _: &(Rights,), made: &Made<Group>) -> Result<Undone, Fault> {
        let entra = &cx.world().entra;
        if let Some(before) = &made.before {
            for member in made.output.added(before) {
                entra.remove_member(&before.id, member).await?;
            }
            return Ok(Undone::Restored);
        }
        let mut existed = entra.delete_group(&made.output.id).await?;
        // Whether a security group goes to the recycle bin first differs from tenant to tenant.
        if cx.world().profile.entra.purge && entra.purge(&made.output.id).await? == Existed::Yes {
            existed = Existed::Yes;
        }
        Ok(match existed {
            Existed::Yes => Undone::Removed,
            Existed::No => Undone::AlreadyGone,
        })
    }

    async fn gone(&self, cx: &Cx, _: &(Rights,), made: &Made<Group>) -> Result<Gone, Fault> {
        let entra = &cx.world().entra;
        if let Some(before) = &made.before {
            let members = entra.members(&before.id).await?;
            let left = made.output.added(before).any(|id| members.contains(id));
            return Ok(match left {
                true => Gone::No,
                false => Gone::Yes("the added members are out of the group".into()),
            });
        }
        let there = entra.group(&made.output.id).await?.is_some()
            || (cx.world().profile.entra.purge && entra.is_in_recycle_bin(&made.output.id).await?);
        Ok(if there {
            Gone::No
        } else {
            Gone::Yes("GET /groups answers 404".into())
        })
    }

    fn object(&self, group: &Group) -> Option<String> {
        Some(group.id.clone())
    }

    fn by_hand(&self, known: &Known<'_>) -> ByHand {
        let up = in_entra(known, "Create or find the group", "Entra ID > Groups > All groups")
            .say("Where it is to be made: New group, type Security, with the name below.")
            .value("Name", known.item());
        let up = value_if(up, "Object ID", known.of::<Self>(known.item()).map(|group| group.id));
        let down = in_entra(known, "Delete the group", "Entra ID > Groups > All groups")
            .say("Choose the group below, then Delete. Only what was made for this goes.")
            .value("Name", known.item());
        ByHand::up(up).down(down)
    }

    fn declared(&self, known: &Known<'_>) -> Declared {
        let Some(group) = known.of::<Self>(known.item()) else {
            return Declared::Nothing;
        };
        let name = known.item();
        Declared::As(vec![if known.is_made::<Self>(name) {
            Block::resource("azuread_group", name, format!("/groups/{}", group.id))
                .says("display_name", &group.name)
                .is("security_enabled", Term::Flag(true))
                .leaves(&["description", "members", "owners"])
        } else {
            Block::data("azuread_group", name).says("object_id", &group.id)
        }])
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_new_password_has_all_four_kinds_and_is_never_twice_the_same() {
        let (one, two) = (new_password().unwrap(), new_password().unwrap());
        let text = one.expose_secret();
        assert_eq!(text.chars().count(), 24);
        assert!(text.chars().any(|c| c.is_ascii_uppercase()));
        assert!(text.chars().any(|c| c.is_ascii_lowercase()));
        assert!(text.chars().any(|c| c.is_ascii_digit()));
        assert!(text.chars().any(|c| !c.is_ascii_alphanumeric()));
        assert_ne!(text, two.expose_secret());
    }
}
