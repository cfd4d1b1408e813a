//! What people leave behind in AWS: users whom provisioning disabled and whom Entra has no more, and assignments that lead nowhere.

use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};

use super::{Session, health::told};
use crate::{
    clients::aws::{Assignment, Aws, Direction, Instance, Principal, Progress, User as AwsUser},
    doctor::{evidence::Evidence, examine::Examined, gather::gather},
    engine::run::Run,
    fault::{Fault, Kind},
    report::{
        findings::Blind,
        leavers::{Left, Rest},
    },
    steps::Target,
};

/// How long a look at an assignment that is being taken away lies from the next, and how long all of them last.
const LOOK: (Duration, u32) = (Duration::from_secs(2), 300);

/// What is left in one target, and what it takes to remove it.
#[derive(Debug)]
pub struct LeftIn<'s> {
    /// The AWS target.
    pub target: &'s Target,
    /// What is left.
    pub left: Left,
    /// What could not be looked at. Nothing is removed while there is any.
    pub blind: Vec<Blind>,
    instance: Option<Instance>,
    /// The users by id, each with the object id it came with.
    users: BTreeMap<String, Option<String>>,
    /// The assignments by the key they are shown under.
    assignments: BTreeMap<String, Assignment>,
}

impl Session {
    /// What is left in a target.
    pub async fn left<'s>(&'s self, target: &'s Target, progress: &(dyn Fn(&str) + Sync)) -> LeftIn<'s> {
        let known = self.recorder.with_run(Run::clone);
        let mut evidence = gather(&self.world, target, &known, self.clock.now(), progress).await;
        let unread = std::mem::take(&mut evidence.unread);
        let (_, mut blind) = told(&Examined {
            findings: Vec::new(),
            unread,
        });
        let mut found = LeftIn {
            target,
            left: Left::default(),
            blind: Vec::new(),
            instance: evidence.aws.instance.clone(),
            users: BTreeMap::new(),
            assignments: BTreeMap::new(),
        };
        let disabled: Vec<&AwsUser> = evidence
            .aws
            .users
            .iter()
            .filter(|user| user.enabled == Some(false) && user.is_provisioned())
            .collect();
        progress("who is disabled in AWS, in Entra");
        for user in disabled {
            match self.leaver(user, &evidence).await {
                Ok(rest) => {
                    found.users.insert(user.id.clone(), object_id(user).map(str::to_owned));
                    found.left.people.push(rest);
                }
                Err(fault) => blind.push(Blind {
                    target: target.name.clone(),
                    side: "entra",
                    object: user.user_name.clone(),
                    fault,
                }),
            }
        }
        for (key, assignment) in dangling(&evidence) {
            found.left.assignments.push(Rest {
                id: key.clone(),
                name: format!("{} in {}", assignment.permission_set, assignment.account),
                why: format!("its {} is gone", word(&assignment.principal)),
                held: 0,
                removable: true,
            });
            found.assignments.insert(key, assignment);
        }
        found.blind = blind;
        found
    }

    /// How a disabled user is in Entra.
    async fn leaver(&self, user: &AwsUser, evidence: &Evidence) -> Result<Rest, Fault> {
        let held = evidence.aws.assignments.iter();
        let held = held.filter(|assignment| assignment.principal.id() == user.id).count();
        let named = self.profile.user(&user.user_name).is_some();
        let (why, gone) = self.in_entra(object_id(user), &user.user_name).await?;
        Ok(Rest {
            id: user.id.clone(),
            name: user.user_name.clone(),
            why: if named {
                format!("{why}; the profile names this user")
            } else {
                why
            },
            held,
            removable: gone && !named,
        })
    }

    /// How somebody is in Entra, in words, and whether they are gone.
    async fn in_entra(&self, object: Option<&str>, name: &str) -> Result<(String, bool), Fault> {
        let entra = &self.world.entra;
        let by_id = match object {
            Some(id) => entra.user(id).await?,
            None => None,
        };
        // Not every federation sends the object id: whoever is there under the same name is not gone.
        let found = match by_id {
            Some(user) => Some(user),
            None => entra.user(name).await?,
        };
        Ok(match (found, object) {
            (Some(user), _) if user.account_enabled == Some(false) => ("is there in Entra, disabled".to_owned(), false),
            (Some(_), _) => ("is there in Entra, and out of scope".to_owned(), false),
            (None, Some(id)) if entra.is_in_recycle_bin(id).await? => (
                "is deleted in Entra, and can come back from its recycle bin".to_owned(),
                true,
            ),
            (None, _) => ("is gone from Entra".to_owned(), true),
        })
    }

    /// Removes one of the things that were found, after looking at it once more. True when it is gone; false when it is not
    /// what it was, and stays.
    pub async fn remove(&self, found: &LeftIn<'_>, id: &str) -> Result<bool, Fault> {
        let aws = &found.target.aws;
        let instance = found
            .instance
            .as_ref()
            .ok_or_else(|| Fault::internal("something is left where there is no instance"))?;
        if let Some(assignment) = found.assignments.get(id) {
            let there = match &assignment.principal {
                Principal::User(user) => aws.user(instance, user).await?.is_some(),
                Principal::Group(group) => aws.groups(instance).await?.iter().any(|known| known.id == *group),
            };
            if there {
                return Ok(false);
            }
            self.unassign(aws, instance, assignment).await?;
            return Ok(true);
        }
        let Some(object) = found.users.get(id) else {
            return Err(Fault::new(Kind::Usage, format!("`{id}` is not among what is left")));
        };
        let Some(user) = aws.user(instance, id).await? else {
            return Ok(true);
        };
        let (_, gone) = self.in_entra(object.as_deref(), &user.user_name).await?;
        if user.enabled != Some(false) || !gone {
            return Ok(false);
        }
        // What the user holds goes first: an assignment whose user is gone leads nowhere for ever.
        for assignment in aws.assignments_of(instance, &Principal::User(id.to_owned())).await? {
            if assignment.principal.id() == id {
                self.unassign(aws, instance, &assignment).await?;
            }
        }
        aws.delete_user(instance, id).await?;
        Ok(true)
    }

    async fn unassign(&self, aws: &Aws, instance: &Instance, assignment: &Assignment) -> Result<(), Fault> {
        let Some(change) = aws.delete_assignment(instance, assignment).await? else {
            return Ok(());
        };
        let mut progress = change.progress;
        for _ in 0..LOOK.1 {
            match progress {
                Progress::Done => return Ok(()),
                Progress::Failed(reason) => {
                    return Err(Fault::new(Kind::Refused, "AWS does not take the assignment away").why(reason));
                }
                Progress::Running => {
                    self.clock.sleep(LOOK.0).await;
                    progress = aws
                        .assignment_change(instance, Direction::Deletion, &change.request_id)
                        .await?;
                }
            }
        }
        Err(Fault::new(
            Kind::TimedOut,
            "AWS has not taken the assignment away within ten minutes",
        )
        .hint("Run the same command again: it looks before it does anything."))
    }
}

fn word(principal: &Principal) -> &'static str {
    match principal {
        Principal::User(_) => "user",
        Principal::Group(_) => "group",
    }
}

/// The object id in Entra that a user of AWS came with.
fn object_id(user: &AwsUser) -> Option<&str> {
    user.external_ids
        .iter()
        .map(|(_, id)| id.as_str())
        .find(|id| !id.is_empty())
}

/// The assignments whose user or group is gone, by a key that names all three parts. Only where all were read.
fn dangling(evidence: &Evidence) -> Vec<(String, Assignment)> {
    let users: HashSet<&str> = evidence.aws.users.iter().map(|user| user.id.as_str()).collect();
    let gone = |assignment: &&Assignment| match &assignment.principal {
        Principal::User(id) => evidence.aws.users_known && !users.contains(id.as_str()),
        Principal::Group(id) => {
            let groups = evidence.aws.groups.as_ref();
            groups.is_some_and(|groups| !groups.iter().any(|group| group.id == *id))
        }
    };
    let key = |assignment: &Assignment| {
        let set = assignment.permission_set.rsplit('/').next().unwrap_or_default();
        format!("{}/{set}/{}", assignment.account, assignment.principal.id())
    };
    let assignments = evidence.aws.assignments.iter().filter(gone);
    assignments
        .map(|assignment| (key(assignment), assignment.clone()))
        .collect()
}
