//! `entra.member[…]`: who belongs to a group. Each member is a thing of its own, so that exactly who was added is taken out again,
//! and whoever was in the group before stays.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::{
    by_hand::{Known, in_entra, stood_before},
    directory::{EntraGroup, EntraUser, Group, Person, TOGETHER},
    preflight_entra::{EntraRights, Rights},
    world::{Cx, World},
};
use crate::{
    clients::{Existed, entra::Entra},
    engine::{
        declared::{Block, Declared, Term},
        known::ByHand,
        needs::{After, Each, One},
        step::{About, Effect, Executor, Gone, Item, Made, Probe, Scope, Step, StepId, Undone},
    },
    fault::{Fault, Kind, Retry},
    profile::{self, User},
};

/// What stands between the parts of a key.
const BETWEEN: &str = " · ";

/// The step's name.
pub const ID: StepId = StepId::new("entra.member");

/// A direct member of a group.
pub struct GroupMember;

/// A membership.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// The group's object id.
    pub group: String,
    /// The user's object id.
    pub person: String,
}

/// The keys of a group's members, in the profile's order, each with the sign-in name. Who is no user of the profile is left out.
pub(super) fn keys<'w>(world: &'w World, group: &'w profile::Group) -> impl Iterator<Item = (String, &'w str)> {
    // By name, and not looked for one after the other: a large group has thousands of members.
    let users = &world.profile.people.user;
    let by_name: HashMap<String, &User> = users.iter().map(|user| (user.upn.to_ascii_lowercase(), user)).collect();
    let members = group.members.iter();
    let users = members.filter_map(move |upn| by_name.get(&upn.to_ascii_lowercase()).copied());
    users.map(|user| (format!("{}{BETWEEN}{}", group.name, user.upn), user.upn.as_str()))
}

/// The parts of a key: the group's name and the sign-in name.
fn read(key: &str) -> Option<(&str, &str)> {
    key.rsplit_once(BETWEEN)
}

/// The items that a member of this key refers to.
pub fn refs_of(key: &str) -> Vec<(String, String)> {
    let (group, upn) = read(key).unwrap_or_default();
    let refs = [(EntraGroup::ABOUT.id, group), (EntraUser::ABOUT.id, upn)];
    refs.map(|(step, item)| (step.to_string(), item.to_owned())).into()
}

type MemberGot = (Rights, Vec<(String, Group)>, Vec<(String, Person)>, ());

impl GroupMember {
    /// The group and the user of a node. A user who is only listed to be taken out may be no part of the walk.
    async fn wanted(cx: &Cx, (_, groups, people, ()): &MemberGot) -> Result<Option<Membership>, Fault> {
        let (Some((_, group)), Some((_, upn))) = (groups.first(), read(cx.item())) else {
            return Err(
                Fault::new(Kind::NotFound, format!("the profile names no group for {}", cx.item()))
                    .why("a member is named by a group of the profile and a sign-in name")
                    .hint("Write it as `entra.member[Operators · somebody@contoso.com]`."),
            );
        };
        let person = match people.first() {
            Some((_, person)) => Some(person.id.clone()),
            None => cx.world().entra.user(upn).await?.map(|user| user.id),
        };
        Ok(person.map(|person| Membership {
            group: group.id.clone(),
            person,
        }))
    }

    /// Whether the group has the member. A group that is gone has none.
    async fn is_in(entra: &Entra, membership: &Membership) -> Result<bool, Fault> {
        match entra.members(&membership.group).await {
            Ok(members) => Ok(members.contains(&membership.person)),
            Err(fault) if fault.kind == Kind::NotFound => match entra.group(&membership.group).await? {
                None => Ok(false),
                // It was made a moment ago.
                Some(_) => Err(fault.retry(Retry::Replication)),
            },
            Err(fault) => Err(fault),
        }
    }
}

impl Step<World> for GroupMember {
    const ABOUT: About = About {
        id: ID,
        title: "Add the member to the group",
        why: "Only direct members of a group get its access and are provisioned.",
        executor: Executor::Graph,
        scope: Scope::Tenant,
        effect: Effect::Changes,
        proof: "GET the group's direct members",
        undo: "Takes out of the group whom fedwiz added, and nobody else; user and group stay.",
        read_more: "https://learn.microsoft.com/graph/api/group-post-members",
    };
    /// The list of a group is read once for all who are added at the same time: of a large group, all.
    const AT_ONCE: usize = 10 * TOGETHER;
    const TOGETHER: bool = true;
    const PART_OF: Option<StepId> = Some(EntraGroup::ABOUT.id);
    /// After all users, so that they are added in full requests.
    type Needs = (One<EntraRights>, Each<EntraGroup>, Each<EntraUser>, After<EntraUser>);
    type Output = Membership;

    fn items(&self, world: &World, _: Option<&str>) -> Vec<Item> {
        let mut items: Vec<Item> = Vec::new();
        for group in &world.profile.people.group {
            let mut seen = HashSet::new();
            let of_group = keys(world, group).filter(|(_, upn)| seen.insert(*upn));
            items.extend(of_group.map(|(key, upn)| {
                Item::new(key)
                    .with(EntraGroup::ABOUT.id, &group.name)
                    .with(EntraUser::ABOUT.id, upn)
            }));
        }
        items
    }

    async fn probe(&self, cx: &Cx, got: &MemberGot, known: Option<&Membership>) -> Result<Probe<Membership>, Fault> {
        let Some(membership) = (match known {
            // What was made anew since is not what is known.
            Some(known) if !is_of(got, known) => None,
            Some(known) => Some(known.clone()),
            None => Self::wanted(cx, got).await?,
        }) else {
            return Ok(Probe::Absent);
        };
        Ok(match Self::is_in(&cx.world().entra, &membership).await? {
            true => {
                let proof = format!("GET /groups/{}/members lists {}", membership.group, membership.person);
                Probe::present(membership, proof)
            }
            false => Probe::Absent,
        })
    }

    async fn apply(&self, cx: &Cx, got: &MemberGot, _: Option<&Membership>) -> Result<Membership, Fault> {
        let wanted = Self::wanted(cx, got).await?;
        let membership = wanted.ok_or_else(|| Fault::new(Kind::NotFound, format!("Nobody to add: {}", cx.item())))?;
        let entra = &cx.world().entra;
        entra.add_member(&membership.group, &membership.person).await?;
        Ok(membership)
    }

    async fn undo(&self, cx: &Cx, _: &MemberGot, made: &Made<Membership>) -> Result<Undone, Fault> {
        let Membership { group, person } = &made.output;
        Ok(match cx.world().entra.remove_member(group, person).await? {
            Existed::Yes => Undone::Removed,
            Existed::No => Undone::AlreadyGone,
        })
    }

    async fn gone(&self, cx: &Cx, _: &MemberGot, made: &Made<Membership>) -> Result<Gone, Fault> {
        Ok(match Self::is_in(&cx.world().entra, &made.output).await? {
            true => Gone::No,
            false => Gone::Yes("GET the group's members lists it no more".into()),
        })
    }

    fn object(&self, Membership { group, person }: &Membership) -> Option<String> {
        Some(format!("{group} {person}"))
    }

    fn by_hand(&self, known: &Known<'_>) -> ByHand {
        let (group, upn) = read(known.item()).unwrap_or(("", known.item()));
        let place = "Entra ID > Groups > All groups > the group > Members";
        let up = in_entra(known, "Add the member to the group", place)
            .say("Choose Add members and the user below, then Select. Groups in the group do not count.")
            .value("Group", group)
            .value("User principal name", upn);
        let down = in_entra(known, "Take the member out of the group", place)
            .say("Tick the user below, then Remove. Whoever was in the group before stays.")
            .value("Group", group)
            .value("User principal name", upn);
        ByHand::up(up).down(down)
    }

    fn declared(&self, known: &Known<'_>) -> Declared {
        let Some(Membership { group, person }) = known.of::<Self>(known.item()) else {
            return Declared::Nothing;
        };
        if !known.is_made::<Self>(known.item()) {
            return stood_before();
        }
        let (name, upn) = read(known.item()).unwrap_or_default();
        let import = format!("{group}/member/{person}");
        Declared::As(vec![
            Block::resource("azuread_group_member", format!("{name} {upn}"), import)
                .is("group_object_id", Term::of("azuread_group", name, "object_id", group))
                .is("member_object_id", Term::of("azuread_user", upn, "object_id", person)),
        ])
    }
}

/// Whether this is a membership of the group and the user of a node, as far as they are part of the walk.
fn is_of((_, groups, people, ()): &MemberGot, known: &Membership) -> bool {
    groups.first().is_none_or(|(_, group)| group.id == known.group)
        && people.first().is_none_or(|(_, person)| person.id == known.person)
}
