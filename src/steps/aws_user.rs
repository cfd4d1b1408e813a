//! `aws.user[…]`: the counterpart in Identity Center of a user who signs in before provisioning is on.

use super::{
    Cx, World,
    by_hand::{Known, in_identity_center, store_id, value_if},
    preflight_aws::{AwsInstance, AwsRights},
};
use crate::{
    clients::{
        Existed,
        aws::{Instance, NewUser, User as Found},
    },
    engine::{
        declared::{Block, Declared, Member, Term},
        known::ByHand,
        needs::{After, One},
        step::{About, Difference, Effect, Executor, Gone, How, Item, Made, Probe, Scope, Step, StepId, Undone},
    },
    fault::{Fault, Kind, Text},
    profile::{Arrival, Profile, User},
};

/// One user made by hand in Identity Center.
#[derive(Debug)]
pub struct AwsUser;

/// The step's name.
pub const ID: StepId = StepId::new("aws.user");

/// What a user is called in Identity Center: exactly what Entra sends as NameID.
pub fn user_name<'p>(profile: &'p Profile, user: &'p User) -> &'p str {
    let is_guest = user.upn.contains("#EXT#");
    let source = match &profile.name_id.guests {
        Some(guests) if is_guest => guests,
        _ => &profile.name_id.members,
    };
    match &user.mail {
        Some(mail) if source.eq_ignore_ascii_case("user.mail") => mail,
        _ => &user.upn,
    }
}

impl Step<World> for AwsUser {
    const ABOUT: About = About {
        id: ID,
        title: "Create the user in Identity Center",
        why: "Sign-in makes no users: whoever signs in before provisioning is on has to be there already, and the user name \
              has to be the NameID to the letter.",
        executor: Executor::Aws,
        scope: Scope::Target,
        effect: Effect::Changes,
        proof: "identitystore:GetUserId and DescribeUser find the user name",
        undo: "identitystore:DeleteUser",
        read_more: "https://docs.aws.amazon.com/singlesignon/latest/userguide/idp-microsoft-entra.html",
    };
    const SHARED: bool = true;
    type Needs = (One<AwsInstance>, After<AwsRights>);
    type Output = Found;

    fn items(&self, world: &World, _: Option<&str>) -> Vec<Item> {
        let by_hand = world
            .profile
            .people
            .user
            .iter()
            .filter(|user| user.aws == Arrival::Manual);
        by_hand.map(|user| Item::new(&user.upn)).collect()
    }

    async fn probe(
        &self,
        cx: &Cx,
        (instance, ()): &(Instance, ()),
        known: Option<&Found>,
    ) -> Result<Probe<Found>, Fault> {
        let aws = &cx.world().target(cx.target())?.aws;
        let wanted = wanted(cx)?;
        let mut found = match known {
            Some(known) => aws.user(instance, &known.id).await?,
            None => aws.user_by_name(instance, &wanted.user_name).await?,
        };
        if found.is_none() && known.is_none() {
            found = in_other_letters(cx, instance, &wanted).await?;
        }
        let Some(found) = found else { return Ok(Probe::Absent) };
        let differences = differences(&wanted, &found);
        if differences.is_empty() {
            let proof = format!("user {} is named {}", found.id, found.user_name);
            // What provisioning adds later is no change of ours.
            let output = known
                .filter(|known| known.user_name == found.user_name)
                .cloned()
                .unwrap_or(found);
            return Ok(Probe::present(output, proof));
        }
        Ok(Probe::Drifted { found, differences })
    }

    async fn apply(&self, cx: &Cx, (instance, ()): &(Instance, ()), found: Option<&Found>) -> Result<Found, Fault> {
        let aws = &cx.world().target(cx.target())?.aws;
        let wanted = wanted(cx)?;
        if let Some(found) = found {
            aws.update_user(instance, found, &changes(&wanted, found)).await?;
            return Ok(found.clone());
        }
        let id = aws.create_user(instance, &wanted).await?;
        Ok(Found {
            id,
            revision: String::new(),
            user_name: wanted.user_name,
            given_name: wanted.given_name,
            family_name: wanted.family_name,
            display_name: wanted.display_name,
            emails: wanted.email.into_iter().collect(),
            title: String::new(),
            external_ids: Vec::new(),
            enabled: None,
            enterprise: Default::default(),
        })
    }

    async fn undo(&self, cx: &Cx, (instance, ()): &(Instance, ()), made: &Made<Found>) -> Result<Undone, Fault> {
        let aws = &cx.world().target(cx.target())?.aws;
        if let (How::Changed, Some(before)) = (made.how, &made.before) {
            let Some(now) = aws.user(instance, &made.output.id).await? else {
                return Ok(Undone::AlreadyGone);
            };
            let before = as_before(before);
            let back = changes(&before, &now);
            if !back.is_empty() {
                aws.update_user(instance, &now, &back).await?;
            }
            return Ok(Undone::Restored);
        }
        Ok(match aws.delete_user(instance, &made.output.id).await? {
            Existed::Yes => Undone::Removed,
            Existed::No => Undone::AlreadyGone,
        })
    }

    async fn gone(&self, cx: &Cx, (instance, ()): &(Instance, ()), made: &Made<Found>) -> Result<Gone, Fault> {
        let aws = &cx.world().target(cx.target())?.aws;
        let Some(now) = aws.user(instance, &made.output.id).await? else {
            return Ok(Gone::Yes(Text::Borrowed("identitystore:DescribeUser does not find it")));
        };
        match (made.how, &made.before) {
            (How::Changed, Some(before)) if changes(&as_before(before), &now).is_empty() => {
                Ok(Gone::Yes(Text::Borrowed("it has its old attributes")))
            }
            _ => Ok(Gone::No),
        }
    }

    fn object(&self, found: &Found) -> Option<String> {
        Some(found.id.clone())
    }

    fn by_hand(&self, known: &Known<'_>) -> ByHand {
        let profile = &known.world().profile;
        let up = in_identity_center(known, "Create the user", "users", "Users > Add user")
            .say("The user name must be what Entra sends as NameID, to the letter. No invitation is needed: nobody gets a password here.");
        let up = match profile.user(known.item()) {
            Some(user) => {
                let up = up
                    .value("User name", user_name(profile, user))
                    .value("Display name", user.shown_name());
                let up = value_if(up, "First name", user.given_name.as_deref());
                value_if(up, "Last name", user.family_name.as_deref())
            }
            None => up.value("User name", known.item()),
        };
        let up = value_if(up, "User ID", known.of::<Self>(known.item()).map(|found| found.id));
        let down = in_identity_center(known, "Delete the user", "users", "Users")
            .say("Choose the user below, then Delete user. Only who was made for this goes.")
            .value("User name", known.item());
        ByHand::up(up).down(down)
    }

    fn declared(&self, known: &Known<'_>) -> Declared {
        let (Some(instance), Some(found)) = (known.one::<AwsInstance>(), known.of::<Self>(known.item())) else {
            return Declared::Nothing;
        };
        let name = known.name_of::<Self>(known.item());
        if !known.is_made::<Self>(known.item()) {
            return Declared::As(vec![
                Block::data("aws_identitystore_user", name)
                    .is("identity_store_id", store_id(known, &instance))
                    .says("user_id", found.id),
            ]);
        }
        let user = Block::resource(
            "aws_identitystore_user",
            name,
            format!("{}/{}", instance.store, found.id),
        )
        .is("identity_store_id", store_id(known, &instance))
        .says("user_name", &found.user_name)
        .says("display_name", &found.display_name)
        .has(
            "name",
            vec![
                Member::Is("given_name", Term::text(&found.given_name)),
                Member::Is("family_name", Term::text(&found.family_name)),
            ],
        );
        let user = match found.emails.first() {
            Some(mail) => user.has("emails", vec![Member::Is("value", Term::text(mail))]),
            None => user,
        };
        Declared::As(vec![user.leaves(&["emails", "title"])])
    }
}

/// The user of this name in other letters: AWS would refuse a second one, and NameID must fit to the letter. Somebody else
/// with the e-mail address is in the way.
async fn in_other_letters(cx: &Cx, instance: &Instance, wanted: &NewUser) -> Result<Option<Found>, Fault> {
    let aws = &cx.world().target(cx.target())?.aws;
    let alike = aws
        .users_spelt_otherwise(instance, &wanted.user_name, wanted.email.as_deref())
        .await?;
    let same_name = |user: &&Found| user.user_name.to_lowercase() == wanted.user_name.to_lowercase();
    let (named, others): (Vec<&Found>, Vec<&Found>) = alike.iter().partition(same_name);
    if let [several, .., last] = &named[..] {
        return Err(Fault::new(
            Kind::Conflict,
            format!("Several users are named {} in different letters", wanted.user_name),
        )
        .why(format!("there are `{}` and `{}`", several.user_name, last.user_name))
        .hint("Rename or delete all but one in Identity Center."));
    }
    if let [named] = &named[..] {
        // The list leaves some attributes out, and may be a minute old.
        return aws.user(instance, &named.id).await;
    }
    if let ([other, ..], Some(email)) = (&others[..], &wanted.email) {
        return Err(
            Fault::new(Kind::Conflict, format!("Another user holds the e-mail address {email}"))
                .why(format!(
                    "it is `{}` ({}), and addresses are unique in Identity Center",
                    other.user_name, other.id
                ))
                .hint("Rename or delete that user in Identity Center, or correct `mail` in the profile."),
        );
    }
    Ok(None)
}

fn wanted(cx: &Cx) -> Result<NewUser, Fault> {
    let profile = &cx.world().profile;
    let user = profile.user(cx.item()).ok_or_else(|| {
        Fault::new(
            Kind::Usage,
            format!("The profile names no user `{}` any more", cx.item()),
        )
    })?;
    let lacks = |what: &str| {
        Fault::new(Kind::Usage, format!("{} has no {what} in the profile", user.upn))
            .why("Identity Center refuses users without first, last and display name")
            .hint("Add `given_name` and `family_name` to the user in the profile.")
    };
    Ok(NewUser {
        user_name: user_name(profile, user).to_owned(),
        given_name: user.given_name.clone().ok_or_else(|| lacks("first name"))?,
        family_name: user.family_name.clone().ok_or_else(|| lacks("last name"))?,
        display_name: user.shown_name(),
        email: user.mail.clone(),
    })
}

fn as_before(before: &Found) -> NewUser {
    NewUser {
        user_name: before.user_name.clone(),
        given_name: before.given_name.clone(),
        family_name: before.family_name.clone(),
        display_name: before.display_name.clone(),
        email: None,
    }
}

/// Attributes that are not as wanted: path and wanted value.
fn changes<'w>(wanted: &'w NewUser, found: &Found) -> Vec<(&'static str, &'w str)> {
    let all = [
        ("userName", &found.user_name, &wanted.user_name),
        ("name.givenName", &found.given_name, &wanted.given_name),
        ("name.familyName", &found.family_name, &wanted.family_name),
        ("displayName", &found.display_name, &wanted.display_name),
    ];
    all.into_iter()
        .filter(|(_, found, wanted)| found != wanted)
        .map(|(path, _, wanted)| (path, wanted.as_str()))
        .collect()
}

/// Once provisioning has taken the user over, Entra decides about everything but the user name.
fn differences(wanted: &NewUser, found: &Found) -> Vec<Difference> {
    let value = |path: &str| match path {
        "userName" => &found.user_name,
        "name.givenName" => &found.given_name,
        "name.familyName" => &found.family_name,
        _ => &found.display_name,
    };
    changes(wanted, found)
        .into_iter()
        .filter(|(path, _)| !found.is_provisioned() || *path == "userName")
        .map(|(path, wanted)| Difference::new(path, value(path).clone(), wanted))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found() -> Found {
        Found {
            id: "1".into(),
            revision: String::new(),
            user_name: "nikkiwolf@example.org".into(),
            given_name: "Nikki".into(),
            family_name: "Wulf".into(),
            display_name: "Nikki Wolf".into(),
            emails: Vec::new(),
            title: String::new(),
            external_ids: Vec::new(),
            enabled: None,
            enterprise: Default::default(),
        }
    }

    fn wanted() -> NewUser {
        NewUser {
            user_name: "NikkiWolf@example.org".into(),
            given_name: "Nikki".into(),
            family_name: "Wolf".into(),
            display_name: "Nikki Wolf".into(),
            email: None,
        }
    }

    #[test]
    fn a_user_name_is_compared_to_the_letter() {
        let fields: Vec<String> = differences(&wanted(), &found())
            .into_iter()
            .map(|it| it.field)
            .collect();
        assert_eq!(fields, ["userName", "name.familyName"]);
    }

    #[test]
    fn what_provisioning_brings_is_left_to_entra() {
        let mut found = found();
        found.external_ids.push(("issuer".into(), "id".into()));
        let fields: Vec<String> = differences(&wanted(), &found).into_iter().map(|it| it.field).collect();
        assert_eq!(fields, ["userName"]);
    }
}
