//! `aws.abac`: lets attributes of a user reach policies as session tags.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use super::{
    Cx, World,
    by_hand::{Known, in_identity_center, instance_arn, stood_before},
    preflight_aws::{AwsInstance, AwsRights},
};
use crate::{
    clients::{
        Existed,
        aws::{AccessControl, Instance, Progress},
    },
    engine::{
        declared::{Block, Declared, Member, Term},
        known::ByHand,
        needs::{After, One},
        step::{About, Difference, Effect, Executor, Gone, How, Item, Made, Probe, Scope, Step, StepId, Undone, Wait},
    },
    fault::{Fault, Kind, Text},
    profile::{Abac, AbacVia, sources},
};

/// Attributes for access control.
#[derive(Debug)]
pub struct AwsAbac;

/// The list as it was set, and what others have put into it since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tagging {
    /// What was set, on top of what was there then.
    #[serde(flatten)]
    pub set: AccessControl,
    /// What others added since and a later set-up took up. It is theirs, and is never taken back.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub others: BTreeMap<String, String>,
}

impl Tagging {
    fn new(set: AccessControl) -> Self {
        Self {
            set,
            others: BTreeMap::new(),
        }
    }

    /// The whole list as it was last seen.
    fn list(&self) -> BTreeMap<String, String> {
        let mut list = self.set.attributes.clone();
        list.extend(self.others.clone());
        list
    }

    /// What was set, with all else of this list as what others added.
    fn beside(&self, list: &BTreeMap<String, String>) -> Self {
        let theirs = |(key, source): &(&String, &String)| self.set.attributes.get(*key) != Some(source);
        let others = list.iter().filter(theirs);
        Self {
            set: self.set.clone(),
            others: others.map(|(key, source)| (key.clone(), source.clone())).collect(),
        }
    }
}

impl Step<World> for AwsAbac {
    const ABOUT: About = About {
        id: StepId::new("aws.abac"),
        title: "Enable attributes for access control",
        why: "Without it no attribute reaches policies, whether Entra sends it with the sign-in or provisioning brought it.",
        executor: Executor::Aws,
        scope: Scope::Target,
        effect: Effect::Changes,
        proof: "sso:DescribeInstanceAccessControlAttributeConfiguration says ENABLED, with the attributes of the profile",
        undo: "Switched off again, or the list put back as it was",
        read_more: "https://docs.aws.amazon.com/singlesignon/latest/userguide/attributesforaccesscontrol.html",
    };
    type Needs = (One<AwsInstance>, After<AwsRights>);
    type Output = Tagging;

    fn items(&self, world: &World, _: Option<&str>) -> Vec<Item> {
        world.profile.abac.iter().map(|_| Item::only()).collect()
    }

    async fn probe(
        &self,
        cx: &Cx,
        (instance, ()): &(Instance, ()),
        known: Option<&Tagging>,
    ) -> Result<Probe<Tagging>, Fault> {
        let Some(found) = cx.world().target(cx.target())?.aws.access_control(instance).await? else {
            return Ok(Probe::Absent);
        };
        match &found.progress {
            Progress::Running => return Ok(Probe::Pending(switching_on())),
            Progress::Failed(reason) => {
                return Err(Fault::new(Kind::Rights, "Attributes for access control cannot be enabled")
                    .why(reason.clone())
                    .hint("Allow iam:UpdateAssumeRolePolicy for the caller on the roles below /aws-reserved/sso.amazonaws.com/."));
            }
            Progress::Done => {}
        }
        let recorded = cx.as_recorded::<Tagging>().map(|recorded| recorded.list());
        let wanted = wanted(cx, recorded.as_ref().unwrap_or(&found.attributes))?;
        let differences = differences(&found.attributes, &wanted);
        if differences.is_empty() {
            let proof = format!("ENABLED, {}", shown(&found.attributes));
            // What we set is what is taken back, not what others added since.
            let output = match known {
                Some(known) => known.beside(&found.attributes),
                None => Tagging::new(found),
            };
            return Ok(Probe::present(output, proof));
        }
        Ok(Probe::Drifted {
            found: Tagging::new(found),
            differences,
        })
    }

    async fn apply(&self, cx: &Cx, (instance, ()): &(Instance, ()), found: Option<&Tagging>) -> Result<Tagging, Fault> {
        let aws = &cx.world().target(cx.target())?.aws;
        let recorded = cx.as_recorded::<Tagging>();
        let there = recorded.as_ref().or(found).map(Tagging::list).unwrap_or_default();
        let attributes = wanted(cx, &there)?;
        match found {
            None => aws.create_access_control(instance, &attributes).await?,
            Some(_) => aws.update_access_control(instance, &attributes).await?,
        }
        let set = AccessControl {
            progress: Progress::Done,
            attributes: attributes.clone(),
        };
        Ok(match recorded {
            // Brought back: what is whose stays as it was written down.
            Some(recorded) => recorded.beside(&attributes),
            None => Tagging::new(set),
        })
    }

    async fn undo(&self, cx: &Cx, (instance, ()): &(Instance, ()), made: &Made<Tagging>) -> Result<Undone, Fault> {
        let aws = &cx.world().target(cx.target())?.aws;
        let Some(now) = aws.access_control(instance).await? else {
            return Ok(Undone::AlreadyGone);
        };
        let back = put_back(made, &now.attributes);
        if made.how == How::Changed {
            if back != now.attributes {
                aws.update_access_control(instance, &back).await?;
            }
            return Ok(Undone::Restored);
        }
        if !back.is_empty() {
            aws.update_access_control(instance, &back).await?;
            return Ok(Undone::Kept(format!("others use it: {}", shown(&back)).into()));
        }
        Ok(match aws.delete_access_control(instance).await? {
            Existed::Yes => Undone::Removed,
            Existed::No => Undone::AlreadyGone,
        })
    }

    async fn gone(&self, cx: &Cx, (instance, ()): &(Instance, ()), made: &Made<Tagging>) -> Result<Gone, Fault> {
        let aws = &cx.world().target(cx.target())?.aws;
        let Some(now) = aws.access_control(instance).await? else {
            return Ok(Gone::Yes(Text::Borrowed("attributes for access control are off")));
        };
        if now.progress == Progress::Running {
            return Ok(Gone::Pending(switching_on()));
        }
        if made.how == How::Changed && put_back(made, &now.attributes) == now.attributes {
            return Ok(Gone::Yes(
                format!("the list is as it was: {}", shown(&now.attributes)).into(),
            ));
        }
        Ok(Gone::No)
    }

    fn by_hand(&self, known: &Known<'_>) -> ByHand {
        let up = in_identity_center(known, "Enable attributes for access control", "settings", "Settings > Attributes for access control > Enable")
            .say("Attributes that Entra sends with the sign-in need no row in the list: a row of the same key would win over them.");
        let abac = known.world().profile.abac.as_ref();
        let here = abac.filter(|abac| abac.via != AbacVia::Saml);
        let up = here
            .into_iter()
            .flat_map(|abac| &abac.attributes)
            .fold(up, |up, (key, source)| {
                let path = sources::find(source)
                    .and_then(|source| source.identity_center)
                    .unwrap_or("…");
                up.value(format!("Attribute {key}"), path)
            });
        let down = in_identity_center(
            known,
            "Switch attributes for access control off",
            "settings",
            "Settings > Attributes for access control",
        )
        .say("Take out what was added. Where nothing was there before: Disable.");
        ByHand::up(up).down(down)
    }

    fn declared(&self, known: &Known<'_>) -> Declared {
        let (Some(instance), Some(access)) = (known.one::<AwsInstance>(), known.one::<Self>()) else {
            return Declared::Nothing;
        };
        if !known.is_made::<Self>("") {
            return stood_before();
        }
        if access.set.attributes.is_empty() {
            return Declared::Not(
                "it is switched on with an empty list, since the attributes come with the sign-in, and the aws provider requires an \
                 attribute"
                    .into(),
            );
        }
        let block = Block::resource(
            "aws_ssoadmin_instance_access_control_attributes",
            known.target(),
            &instance.arn,
        )
        .is("instance_arn", instance_arn(known, &instance));
        Declared::As(vec![access.set.attributes.iter().fold(
            block,
            |block, (key, source)| {
                let source = vec![Member::Is("source", Term::List(vec![Term::text(source)]))];
                block.has(
                    "attribute",
                    vec![Member::Is("key", Term::text(key)), Member::Has("value", source)],
                )
            },
        )])
    }
}

fn switching_on() -> Wait {
    Wait {
        why: Text::Borrowed("attributes for access control to be switched on"),
        ends_when: Text::Borrowed("the status is ENABLED"),
        every: Duration::from_secs(2),
        limit: Duration::from_secs(5 * 60),
    }
}

/// The list as it should be: what others put there stays.
fn wanted(cx: &Cx, there: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Fault> {
    let abac = cx.world().profile.abac.as_ref().ok_or_else(|| {
        Fault::new(
            Kind::Usage,
            "The profile wants no attributes for access control any more",
        )
    })?;
    list(abac, there)
}

fn list(abac: &Abac, there: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Fault> {
    let mut list = there.clone();
    for (key, source) in &abac.attributes {
        if abac.via == AbacVia::Saml {
            // The list's own value would win over the one that Entra sends.
            list.remove(key);
            continue;
        }
        let path = sources::find(source)
            .and_then(|source| source.identity_center)
            .ok_or_else(|| {
                Fault::new(Kind::Usage, format!("`{source}` does not arrive in Identity Center"))
                    .why(format!("so it cannot become the session tag `{key}` there"))
                    .hint("Let Entra send it with the sign-in: `via = \"saml\"` in the profile's `[abac]`.")
            })?;
        list.insert(key.clone(), path.to_owned());
    }
    Ok(list)
}

/// The list without what we did to it. What others changed in the meantime stays.
fn put_back(made: &Made<Tagging>, now: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let ours = &made.output.set.attributes;
    let before = made.before.as_ref().map(Tagging::list).unwrap_or_default();
    let mut back = now.clone();
    for (key, source) in ours {
        if before.get(key) != Some(source) && back.get(key) == Some(source) {
            back.remove(key);
        }
    }
    for (key, source) in before {
        if ours.get(&key) != Some(&source) && !back.contains_key(&key) {
            back.insert(key, source);
        }
    }
    back
}

fn differences(found: &BTreeMap<String, String>, wanted: &BTreeMap<String, String>) -> Vec<Difference> {
    let keys: std::collections::BTreeSet<&String> = found.keys().chain(wanted.keys()).collect();
    let text = |list: &BTreeMap<String, String>, key: &String| list.get(key).cloned().unwrap_or_else(|| "none".into());
    keys.into_iter()
        .filter(|key| found.get(*key) != wanted.get(*key))
        .map(|key| Difference::new(format!("attribute {key}"), text(found, key), text(wanted, key)))
        .collect()
}

fn shown(list: &BTreeMap<String, String>) -> String {
    if list.is_empty() {
        return "no attribute of its own".into();
    }
    let parts: Vec<String> = list.iter().map(|(key, source)| format!("{key} = {source}")).collect();
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    fn abac(via: AbacVia) -> Abac {
        Abac {
            attributes: map(&[("Department", "user.department")]),
            via,
        }
    }

    fn standing(attributes: BTreeMap<String, String>) -> Tagging {
        Tagging::new(AccessControl {
            progress: Progress::Done,
            attributes,
        })
    }

    #[test]
    fn what_entra_sends_is_not_shadowed_and_what_others_set_stays() {
        let there = map(&[
            ("CostCenter", "${path:enterprise.costCenter}"),
            ("Department", "${path:title}"),
        ]);
        let saml = list(&abac(AbacVia::Saml), &there).unwrap();
        assert_eq!(saml, map(&[("CostCenter", "${path:enterprise.costCenter}")]));
        let own = list(&abac(AbacVia::IdentityCenter), &there).unwrap();
        assert_eq!(own["Department"], "${path:enterprise.department}");
        assert_eq!(own["CostCenter"], "${path:enterprise.costCenter}");
    }

    #[test]
    fn the_list_is_put_back_as_it_was_but_for_what_others_did_since() {
        let before = map(&[("Department", "${path:title}"), ("CostCenter", "a")]);
        let made = Made {
            output: standing(map(&[("CostCenter", "a")])),
            how: How::Changed,
            before: Some(standing(before.clone())),
        };
        assert_eq!(put_back(&made, &map(&[("CostCenter", "a")])), before);
        let since = map(&[("CostCenter", "a"), ("Team", "t")]);
        let mut expected = before;
        expected.insert("Team".into(), "t".into());
        assert_eq!(put_back(&made, &since), expected);
    }

    #[test]
    fn what_others_added_is_written_down_beside_and_is_not_taken_back() {
        let ours = standing(map(&[("Department", "d")]));
        let now = map(&[("CostCenter", "c"), ("Department", "d")]);
        let taken_up = ours.beside(&now);
        assert_eq!((&taken_up.set, &taken_up.list()), (&ours.set, &now));
        assert_eq!(taken_up.beside(&now), taken_up);
        let made = Made {
            output: taken_up,
            how: How::Made,
            before: None,
        };
        assert_eq!(put_back(&made, &now), map(&[("CostCenter", "c")]));
    }

    #[test]
    fn a_list_that_an_earlier_version_wrote_down_is_read() {
        let written = serde_json::json!({ "progress": Progress::Done, "attributes": { "Department": "d" } });
        let read: Tagging = serde_json::from_value(written.clone()).unwrap();
        assert_eq!(read, standing(map(&[("Department", "d")])));
        assert_eq!(serde_json::to_value(&read).unwrap(), written);
    }

    #[test]
    fn an_attribute_that_does_not_arrive_is_refused() {
        let mut abac = abac(AbacVia::Both);
        abac.attributes.insert("Office".into(), "user.officelocation".into());
        assert_eq!(list(&abac, &BTreeMap::new()).unwrap_err().kind, Kind::Usage);
    }
}
