//! `aws.permission-set[…]`: what somebody may do in an account.

use std::{collections::BTreeMap, time::Duration};

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::{
    Cx, World, assignment,
    by_hand::{Known, in_identity_center, instance_arn, value_if},
    owners,
    preflight_aws::{AwsInstance, AwsRights},
};
use crate::{
    clients::{
        Existed,
        aws::{Aws, Boundary, CustomerPolicy, Fields, Instance, Look, PermissionSet as Found, Progress},
    },
    engine::{
        declared::{Block, Declared, Member, Term},
        known::ByHand,
        needs::{After, One},
        step::{About, Difference, Effect, Executor, Gone, How, Item, Made, Probe, Scope, Step, StepId, Undone, Wait},
    },
    fault::{Fault, Kind, Retry, Text},
    profile,
};

/// The tag that says who made a permission set.
pub const MARKER_TAG: &str = "fedwiz:managed-by";
/// Phases of the walk in which a set may be shown, counted from 0.
const ABAC_PHASE: usize = 5;
const ASSIGNMENT_PHASE: usize = 6;

/// What tells that accounts have an older version of a set.
const STALE: &str = "ProvisioningStatus";

/// How long a set may take to reach the accounts it stands in before nobody waits for it while it is taken back.
const REACHES_ACCOUNTS_WITHIN: SignedDuration = SignedDuration::from_mins(3);

/// A permission set, and what is under way with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The set.
    #[serde(flatten)]
    pub set: Found,
    /// The request that brings a change to the accounts it stands in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provisioning: Option<String>,
}

/// One permission set.
#[derive(Debug)]
pub struct PermissionSet;

/// The step's name.
pub const ID: StepId = StepId::new("aws.permission-set");

impl Step<World> for PermissionSet {
    const ABOUT: About = About {
        id: ID,
        title: "Create the permission set",
        why: "Says what somebody may do in an AWS account; Identity Center turns it into a role in each account it is \
              assigned in.",
        executor: Executor::Aws,
        scope: Scope::Target,
        effect: Effect::Changes,
        proof: "sso:DescribePermissionSet and its policies, boundary and tags are as wanted",
        undo: "sso:DeletePermissionSet, once it stands in no account; a changed one gets its old content back",
        read_more: "https://docs.aws.amazon.com/singlesignon/latest/userguide/howtocreatepermissionset.html",
    };
    type Needs = (One<AwsInstance>, After<AwsRights>);
    type Output = Standing;

    fn items(&self, world: &World, target: Option<&str>) -> Vec<Item> {
        let item = |set: &profile::PermissionSet| {
            let item = Item::new(&set.name);
            let tells_by_tag = set
                .inline_policy
                .as_deref()
                .is_some_and(|text| text.contains("aws:PrincipalTag"));
            match assignment::is_early(world, target, &set.name) {
                _ if tells_by_tag => item.in_phase(ABAC_PHASE),
                Some(false) => item.in_phase(ASSIGNMENT_PHASE),
                _ => item,
            }
        };
        world.profile.permission_set.iter().map(item).collect()
    }

    async fn probe(
        &self,
        cx: &Cx,
        (instance, ()): &(Instance, ()),
        known: Option<&Standing>,
    ) -> Result<Probe<Standing>, Fault> {
        let aws = &cx.world().target(cx.target())?.aws;
        let wanted = match cx.world().profile.permission_set(cx.item()) {
            Some(_) => Some(Wanted::of(cx, instance)?),
            // Taken back without being named any more: whatever it is like.
            None => None,
        };
        let arn = match known {
            Some(known) => Some(known.set.arn.clone()),
            None => {
                let look = if cx.started_at().is_some() {
                    Look::Fresh
                } else {
                    Look::Shared
                };
                aws.find_permission_set(instance, cx.item(), look).await?
            }
        };
        let Some(arn) = arn else { return Ok(Probe::Absent) };
        let Some(set) = aws.permission_set(instance, &arn).await? else {
            return Ok(Probe::Absent);
        };

        let provisioning = known.and_then(|known| known.provisioning.clone());
        if let Some(request) = &provisioning
            && let Some(wait) = provisioning_wait(aws, instance, request).await?
        {
            return Ok(Probe::Pending(wait));
        }
        let mut differences = wanted
            .as_ref()
            .map(|wanted| wanted.differences(&set))
            .unwrap_or_default();
        if differences.is_empty() && wanted.is_some() {
            let stale = aws.accounts_with(instance, &arn, true).await?;
            if !stale.is_empty() {
                let found = format!("an older version in {}", stale.join(", "));
                differences.push(Difference::new(STALE, found, "the latest everywhere"));
            }
        }
        let standing = Standing {
            set,
            provisioning: None,
        };
        if differences.is_empty() {
            let proof = format!("{arn} has the fields, policies and tags of the profile");
            return Ok(Probe::present(standing, proof));
        }
        Ok(Probe::Drifted {
            found: standing,
            differences,
        })
    }

    fn may_stay(&self, difference: &Difference) -> bool {
        difference.field == STALE
    }

    fn owner(&self, _: &(Instance, ()), found: &Standing) -> Option<String> {
        owners::of_set(&found.set.name, &found.set.tags)
    }

    async fn apply(
        &self,
        cx: &Cx,
        (instance, ()): &(Instance, ()),
        found: Option<&Standing>,
    ) -> Result<Standing, Fault> {
        let aws = &cx.world().target(cx.target())?.aws;
        let wanted = Wanted::of(cx, instance)?;
        let Some(found) = found else {
            let mut tags = wanted.tags.clone();
            tags.insert(MARKER_TAG.into(), cx.world().profile.marker());
            let arn = aws
                .create_permission_set(instance, cx.item(), &wanted.fields, &tags)
                .await?;
            let mut bare = wanted.bare(cx.item(), arn);
            bare.tags = tags;
            bring(aws, instance, &bare, &wanted).await?;
            return Ok(Standing {
                set: wanted.onto(bare),
                provisioning: None,
            });
        };
        bring(aws, instance, &found.set, &wanted).await?;
        let provisioning = provision_if_used(aws, instance, &found.set.arn).await?;
        Ok(Standing {
            set: wanted.onto(found.set.clone()),
            provisioning,
        })
    }

    async fn undo(&self, cx: &Cx, (instance, ()): &(Instance, ()), made: &Made<Standing>) -> Result<Undone, Fault> {
        let aws = &cx.world().target(cx.target())?.aws;
        let arn = &made.output.set.arn;
        if let (How::Changed, Some(before)) = (made.how, &made.before) {
            let Some(now) = aws.permission_set(instance, arn).await? else {
                return Ok(Undone::AlreadyGone);
            };
            bring(aws, instance, &now, &Wanted::restoring(&before.set)).await?;
            // What the profile names no more is told by what was recorded.
            let ours = match cx.world().profile.permission_set(cx.item()) {
                Some(set) => set.tags.clone(),
                None => made.output.set.tags.clone(),
            };
            let added: Vec<String> = ours
                .into_keys()
                .filter(|key| now.tags.contains_key(key) && !before.set.tags.contains_key(key))
                .collect();
            if !added.is_empty() {
                aws.untag_permission_set(instance, arn, added).await?;
            }
            provision_if_used(aws, instance, arn).await?;
            return Ok(Undone::Restored);
        }
        if let Some(others) = assigned_elsewhere(aws, instance, arn).await? {
            return Ok(Undone::Kept(others));
        }
        let accounts = aws.accounts_with(instance, arn, false).await?;
        if !accounts.is_empty() {
            return Err(
                Fault::new(Kind::Conflict, "The permission set still stands in accounts")
                    .why(format!("AWS is taking it out of {}", accounts.join(", ")))
                    .hint("Run the same command again in a few minutes.")
                    .retry(Retry::Backoff),
            );
        }
        Ok(match aws.delete_permission_set(instance, arn).await? {
            Existed::Yes => Undone::Removed,
            Existed::No => Undone::AlreadyGone,
        })
    }

    async fn gone(&self, cx: &Cx, (instance, ()): &(Instance, ()), made: &Made<Standing>) -> Result<Gone, Fault> {
        let aws = &cx.world().target(cx.target())?.aws;
        let arn = &made.output.set.arn;
        let Some(set) = aws.permission_set(instance, arn).await? else {
            return Ok(Gone::Yes(Text::Borrowed("sso:DescribePermissionSet does not find it")));
        };
        if let (How::Changed, Some(before)) = (made.how, &made.before) {
            if !Wanted::restoring(&before.set).differences(&set).is_empty() {
                return Ok(Gone::No);
            }
            let stale = aws.accounts_with(instance, arn, true).await?;
            if stale.is_empty() {
                return Ok(Gone::Yes(Text::Borrowed("it has its old content, in all its accounts")));
            }
            let stale = stale.join(", ");
            // An account may be unable to take it, for instance without a policy that the set refers to.
            let in_vain = cx
                .started_at()
                .is_some_and(|since| cx.now().duration_since(since) >= REACHES_ACCOUNTS_WITHIN);
            return Ok(if in_vain {
                Gone::Yes(format!("it has its old content, which {stale} has not taken").into())
            } else {
                Gone::Pending(Wait {
                    why: format!("the old content to reach {stale}").into(),
                    ends_when: Text::Borrowed("ListAccountsForProvisionedPermissionSet names no older version"),
                    every: Duration::from_secs(2),
                    limit: Duration::from_secs(10 * 60),
                })
            });
        }
        let accounts = aws.accounts_with(instance, arn, false).await?;
        if accounts.is_empty() || assigned_elsewhere(aws, instance, arn).await?.is_some() {
            return Ok(Gone::No);
        }
        Ok(Gone::Pending(Wait {
            why: format!("the set to leave {}", accounts.join(", ")).into(),
            ends_when: Text::Borrowed("ListAccountsForProvisionedPermissionSet is empty"),
            every: Duration::from_secs(5),
            limit: Duration::from_secs(15 * 60),
        }))
    }

    fn object(&self, standing: &Standing) -> Option<String> {
        Some(standing.set.arn.clone())
    }

    fn by_hand(&self, known: &Known<'_>) -> ByHand {
        let up = in_identity_center(
            known,
            "Create the permission set",
            "",
            "Multi-account permissions > Permission sets > Create permission set",
        )
        .say("Choose Custom permission set, then Next. Add the policies below, then Next.")
        .say("Fill in name, session duration and relay state, then Next, then Create.")
        .value("Name", known.item());
        let list = |items: Vec<String>| Some(items.join(", ")).filter(|text| !text.is_empty());
        let named = |policy: &profile::CustomerManaged| format!("{}{}", policy.path, policy.name);
        let up = match known.world().profile.permission_set(known.item()) {
            Some(set) => {
                let up = up.value("Session duration", &set.session_duration);
                let up = value_if(up, "Description", set.description.as_deref());
                let up = value_if(up, "Relay state", set.relay_state.as_deref());
                let up = value_if(up, "AWS managed policies", list(set.managed_policies.clone()));
                let up = value_if(
                    up,
                    "Customer managed policies",
                    list(set.customer_managed.iter().map(named).collect()),
                );
                let boundary = set.boundary.as_ref();
                let up = value_if(
                    up,
                    "Permissions boundary",
                    boundary.and_then(|boundary| {
                        boundary
                            .managed_policy
                            .clone()
                            .or_else(|| boundary.customer_managed.as_ref().map(named))
                    }),
                );
                value_if(up, "Inline policy", set.inline_policy.as_deref())
            }
            None => up,
        };
        let up = value_if(
            up,
            "ARN",
            known.of::<Self>(known.item()).map(|standing| standing.set.arn),
        );
        let down = in_identity_center(
            known,
            "Delete the permission set",
            "",
            "Multi-account permissions > Permission sets",
        )
        .say("Choose the set below, then Delete. AWS allows it only when no account has it any more.")
        .value("Name", known.item());
        ByHand::up(up).down(down)
    }

    fn declared(&self, known: &Known<'_>) -> Declared {
        let (Some(instance), Some(standing)) = (known.one::<AwsInstance>(), known.of::<Self>(known.item())) else {
            return Declared::Nothing;
        };
        let (set, name) = (standing.set, known.name_of::<Self>(known.item()));
        if !known.is_made::<Self>(known.item()) {
            return Declared::As(vec![
                Block::data("aws_ssoadmin_permission_set", name)
                    .remark("It was there before fedwiz came: it is read here, and never taken over.")
                    .is("instance_arn", instance_arn(known, &instance))
                    .says("arn", &set.arn),
            ]);
        }
        Declared::As(blocks(known, &instance, &set, &name))
    }
}

/// A set with all that belongs to it, each part by its own resource.
fn blocks(known: &Known<'_>, instance: &Instance, set: &Found, name: &str) -> Vec<Block> {
    let id = format!("{},{}", set.arn, instance.arn);
    let part = |of, name: String, import: String| {
        Block::resource(of, name, import)
            .is("instance_arn", instance_arn(known, instance))
            .is(
                "permission_set_arn",
                Term::of("aws_ssoadmin_permission_set", name_of(known), "arn", &set.arn),
            )
    };
    let reference = |policy: &CustomerPolicy| {
        vec![
            Member::Is("name", Term::text(&policy.name)),
            Member::Is("path", Term::text(&policy.path)),
        ]
    };
    let bare = Block::resource("aws_ssoadmin_permission_set", name, &id)
        .is("instance_arn", instance_arn(known, instance))
        .says("name", &set.name)
        .says_if("description", Some(&set.description))
        .says("session_duration", &set.session)
        .says_if("relay_state", Some(&set.relay_state));
    let tags = set.tags.iter().map(|(key, value)| (key.clone(), Term::text(value)));
    let mut blocks = vec![if set.tags.is_empty() {
        bare
    } else {
        bare.is("tags", Term::Map(tags.collect()))
    }];
    if let Some(inline) = &set.inline {
        let policy = serde_json::from_str(inline).map_or_else(|_| Term::text(inline), Term::Json);
        let of = "aws_ssoadmin_permission_set_inline_policy";
        blocks.push(part(of, name.to_owned(), id.clone()).is("inline_policy", policy));
    }
    for arn in &set.managed {
        let short = arn.rsplit('/').next().unwrap_or(arn);
        let of = "aws_ssoadmin_managed_policy_attachment";
        blocks.push(part(of, format!("{name} {short}"), format!("{arn},{id}")).says("managed_policy_arn", arn));
    }
    for policy in &set.customer {
        let of = "aws_ssoadmin_customer_managed_policy_attachment";
        blocks.push(
            part(
                of,
                format!("{name} {}", policy.name),
                format!("{},{},{id}", policy.name, policy.path),
            )
            .has("customer_managed_policy_reference", reference(policy)),
        );
    }
    if let Some(boundary) = &set.boundary {
        let inner = match boundary {
            Boundary::Managed(arn) => vec![Member::Is("managed_policy_arn", Term::text(arn))],
            Boundary::Customer(policy) => vec![Member::Has("customer_managed_policy_reference", reference(policy))],
        };
        let of = "aws_ssoadmin_permissions_boundary_attachment";
        blocks.push(part(of, name.to_owned(), id).has("permissions_boundary", inner));
    }
    blocks
}

fn name_of(known: &Known<'_>) -> String {
    known.name_of::<PermissionSet>(known.item())
}

/// Who still uses the set, if anybody does: it cannot go then.
async fn assigned_elsewhere(aws: &Aws, instance: &Instance, arn: &str) -> Result<Option<Text>, Fault> {
    for account in aws.accounts_with(instance, arn, false).await? {
        let assigned = aws.assignments_in(instance, &account, arn).await?;
        if !assigned.is_empty() {
            let why = format!(
                "{} assignments that are not ours use it in account {account}",
                assigned.len()
            );
            return Ok(Some(why.into()));
        }
    }
    Ok(None)
}

/// Brings a changed set to the accounts it stands in. AWS refuses to provision a set that stands nowhere.
async fn provision_if_used(aws: &Aws, instance: &Instance, arn: &str) -> Result<Option<String>, Fault> {
    if aws.accounts_with(instance, arn, false).await?.is_empty() {
        return Ok(None);
    }
    aws.provision(instance, arn).await.map(Some)
}

async fn provisioning_wait(aws: &Aws, instance: &Instance, request: &str) -> Result<Option<Wait>, Fault> {
    match aws.provisioning(instance, request).await {
        Ok(Progress::Running) => Ok(Some(Wait {
            why: Text::Borrowed("the changed set to reach the accounts it stands in"),
            ends_when: Text::Borrowed("DescribePermissionSetProvisioningStatus says SUCCEEDED"),
            every: Duration::from_secs(2),
            limit: Duration::from_secs(10 * 60),
        })),
        Ok(Progress::Done) => Ok(None),
        Ok(Progress::Failed(reason)) => {
            Err(Fault::new(Kind::Refused, "The permission set cannot be brought to its accounts").why(reason))
        }
        // AWS forgets old requests; whether the accounts have the latest version is asked for anyway.
        Err(fault) if fault.kind == Kind::NotFound => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// What a set should be like.
struct Wanted {
    fields: Fields,
    /// Whether an empty description means that there shall be none, or that nobody cares.
    description_matters: bool,
    inline: Option<String>,
    managed: Vec<String>,
    customer: Vec<CustomerPolicy>,
    boundary: Option<Boundary>,
    /// Tags that have to be there; others may.
    tags: BTreeMap<String, String>,
    /// No others may, but those that are there now and were recorded.
    no_other_tags: bool,
}

impl Wanted {
    fn of(cx: &Cx, instance: &Instance) -> Result<Self, Fault> {
        let profile = &cx.world().profile;
        let set = profile.permission_set(cx.item()).ok_or_else(|| {
            Fault::new(
                Kind::Usage,
                format!("The profile describes no permission set `{}` any more", cx.item()),
            )
        })?;
        let partition = instance.partition()?;
        let recorded = cx.as_recorded::<Standing>();
        let boundary = set.boundary.as_ref().and_then(|boundary| {
            let managed = boundary
                .managed_policy
                .as_deref()
                .map(|policy| partition.managed_policy(policy));
            let own = boundary.customer_managed.as_ref().map(customer);
            managed.map(Boundary::Managed).or(own.map(Boundary::Customer))
        });
        Ok(Self {
            fields: Fields {
                description: set.description.clone().unwrap_or_default(),
                session: set.session_duration.clone(),
                relay_state: set.relay_state.clone().unwrap_or_default(),
            },
            description_matters: set.description.is_some(),
            inline: set.inline_policy.clone(),
            managed: set
                .managed_policies
                .iter()
                .map(|policy| partition.managed_policy(policy))
                .collect(),
            customer: set.customer_managed.iter().map(customer).collect(),
            boundary,
            no_other_tags: recorded.is_some(),
            tags: {
                let mut tags = recorded.map(|was| was.set.tags).unwrap_or_default();
                tags.extend(set.tags.clone());
                tags
            },
        })
    }

    /// What it takes to be like this set again.
    fn restoring(before: &Found) -> Self {
        Self {
            fields: Fields {
                description: before.description.clone(),
                session: before.session.clone(),
                relay_state: before.relay_state.clone(),
            },
            // AWS takes no empty description, so one that was added cannot be taken out again.
            description_matters: !before.description.is_empty(),
            inline: before.inline.clone(),
            managed: before.managed.iter().cloned().collect(),
            customer: before.customer.iter().cloned().collect(),
            boundary: before.boundary.clone(),
            tags: before.tags.clone(),
            no_other_tags: false,
        }
    }

    /// A set just made: the fields and nothing else.
    fn bare(&self, name: &str, arn: String) -> Found {
        Found {
            arn,
            name: name.to_owned(),
            description: self.fields.description.clone(),
            session: self.fields.session.clone(),
            relay_state: self.fields.relay_state.clone(),
            inline: None,
            managed: Default::default(),
            customer: Default::default(),
            boundary: None,
            tags: BTreeMap::new(),
        }
    }

    /// The set with all this.
    fn onto(&self, mut set: Found) -> Found {
        if self.description_matters {
            set.description.clone_from(&self.fields.description);
        }
        set.session.clone_from(&self.fields.session);
        set.relay_state.clone_from(&self.fields.relay_state);
        set.inline.clone_from(&self.inline);
        set.managed = self.managed.iter().cloned().collect();
        set.customer = self.customer.iter().cloned().collect();
        set.boundary.clone_from(&self.boundary);
        if self.no_other_tags {
            set.tags.clear();
        }
        set.tags.extend(self.tags.clone());
        set
    }

    fn fields_differ(&self, set: &Found) -> Vec<Difference> {
        let mut differences = Vec::new();
        let mut compare = |field: &str, found: &str, wanted: &str| {
            if found != wanted {
                differences.push(Difference::new(field, found, wanted));
            }
        };
        if self.description_matters {
            compare("Description", &set.description, &self.fields.description);
        }
        compare("SessionDuration", &set.session, &self.fields.session);
        compare("RelayState", &set.relay_state, &self.fields.relay_state);
        differences
    }

    fn too_many_tags<'s>(&self, set: &'s Found) -> Vec<&'s String> {
        let too_many = |key: &&String| self.no_other_tags && !self.tags.contains_key(*key);
        set.tags.keys().filter(too_many).collect()
    }

    fn inline_differs(&self, set: &Found) -> bool {
        !same_policy(self.inline.as_deref(), set.inline.as_deref())
    }

    fn differences(&self, set: &Found) -> Vec<Difference> {
        let mut differences = self.fields_differ(set);
        if self.inline_differs(set) {
            let shown = |policy: &Option<String>| policy.as_deref().map_or_else(|| "none".to_owned(), compact);
            differences.push(Difference::new("InlinePolicy", shown(&set.inline), shown(&self.inline)));
        }
        let list = |policies: Vec<String>| {
            if policies.is_empty() {
                "none".to_owned()
            } else {
                policies.join(", ")
            }
        };
        let found = list(set.managed.iter().cloned().collect());
        let wanted = list(sorted(self.managed.clone()));
        if found != wanted {
            differences.push(Difference::new("ManagedPolicies", found, wanted));
        }
        let path = |policy: &CustomerPolicy| format!("{}{}", policy.path, policy.name);
        let found = list(sorted(set.customer.iter().map(path).collect()));
        let wanted = list(sorted(self.customer.iter().map(path).collect()));
        if found != wanted {
            differences.push(Difference::new("CustomerManagedPolicies", found, wanted));
        }
        if set.boundary != self.boundary {
            let shown = |boundary: &Option<Boundary>| match boundary {
                None => "none".to_owned(),
                Some(Boundary::Managed(arn)) => arn.clone(),
                Some(Boundary::Customer(policy)) => path(policy),
            };
            differences.push(Difference::new(
                "PermissionsBoundary",
                shown(&set.boundary),
                shown(&self.boundary),
            ));
        }
        for (key, value) in &self.tags {
            let found = set.tags.get(key);
            if found != Some(value) {
                let found = found.map_or("none", String::as_str);
                differences.push(Difference::new(format!("tag {key}"), found, value.clone()));
            }
        }
        for key in self.too_many_tags(set) {
            differences.push(Difference::new(format!("tag {key}"), set.tags[key].clone(), "none"));
        }
        differences
    }
}

/// Makes the changes that lead from a set as it is to what is wanted, and no other.
async fn bring(aws: &Aws, instance: &Instance, now: &Found, wanted: &Wanted) -> Result<(), Fault> {
    let arn = &now.arn;
    if !wanted.fields_differ(now).is_empty() {
        let mut fields = wanted.fields.clone();
        if !wanted.description_matters {
            fields.description.clone_from(&now.description);
        }
        aws.update_permission_set(instance, arn, &fields).await?;
    }
    if wanted.inline_differs(now) {
        aws.set_inline_policy(instance, arn, wanted.inline.as_deref()).await?;
    }
    for policy in now.managed.iter().filter(|policy| !wanted.managed.contains(policy)) {
        aws.detach_managed_policy(instance, arn, policy).await?;
    }
    for policy in wanted.managed.iter().filter(|policy| !now.managed.contains(*policy)) {
        aws.attach_managed_policy(instance, arn, policy).await?;
    }
    for policy in now.customer.iter().filter(|policy| !wanted.customer.contains(policy)) {
        aws.detach_customer_policy(instance, arn, policy).await?;
    }
    for policy in wanted.customer.iter().filter(|policy| !now.customer.contains(*policy)) {
        aws.attach_customer_policy(instance, arn, policy).await?;
    }
    if now.boundary != wanted.boundary {
        aws.set_boundary(instance, arn, wanted.boundary.as_ref()).await?;
    }
    let missing: BTreeMap<String, String> = wanted
        .tags
        .iter()
        .filter(|(key, value)| now.tags.get(*key) != Some(value))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    if !missing.is_empty() {
        aws.tag_permission_set(instance, arn, &missing).await?;
    }
    let too_many: Vec<String> = wanted.too_many_tags(now).into_iter().cloned().collect();
    if !too_many.is_empty() {
        aws.untag_permission_set(instance, arn, too_many).await?;
    }
    Ok(())
}

fn customer(policy: &profile::CustomerManaged) -> CustomerPolicy {
    CustomerPolicy {
        name: policy.name.clone(),
        path: policy.path.clone(),
    }
}

fn sorted(mut list: Vec<String>) -> Vec<String> {
    list.sort();
    list
}

/// Two policies say the same when they are the same JSON, however it is spaced and ordered.
fn same_policy(one: Option<&str>, other: Option<&str>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => {
            let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
            one == other || json(one).is_some_and(|one| json(other) == Some(one))
        }
        _ => false,
    }
}

fn compact(policy: &str) -> String {
    serde_json::from_str::<serde_json::Value>(policy).map_or_else(|_| policy.to_owned(), |json| json.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set() -> Found {
        Found {
            arn: "arn:aws:sso:::permissionSet/ssoins-1/ps-1".into(),
            name: "RegionalAdmin".into(),
            description: "theirs".into(),
            session: "PT1H".into(),
            relay_state: String::new(),
            inline: Some("{\"b\": [1], \"a\": 1}".into()),
            managed: ["arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned()].into(),
            customer: Default::default(),
            boundary: None,
            tags: [("team".to_owned(), "cloud".to_owned())].into(),
        }
    }

    fn wanted() -> Wanted {
        Wanted {
            description_matters: false,
            ..Wanted::restoring(&set())
        }
    }

    #[test]
    fn a_policy_is_compared_as_json() {
        let mut wanted = wanted();
        wanted.inline = Some("{\"a\":1,\"b\":[1]}".into());
        assert!(wanted.differences(&set()).is_empty());
        wanted.inline = Some("{\"a\":1,\"b\":[2]}".into());
        assert_eq!(wanted.differences(&set())[0].field, "InlinePolicy");
        wanted.inline = None;
        assert_eq!(wanted.differences(&set())[0].wanted, "none");
    }

    #[test]
    fn a_description_nobody_asked_for_and_further_tags_are_left_alone() {
        let mut wanted = wanted();
        wanted.fields.description = String::new();
        wanted.tags.clear();
        assert!(wanted.differences(&set()).is_empty());
        assert_eq!(wanted.onto(set()), set());
    }

    #[test]
    fn each_field_that_differs_is_named() {
        let mut wanted = wanted();
        wanted.fields.session = "PT8H".into();
        wanted.fields.relay_state = "https://example.com".into();
        wanted.managed = Vec::new();
        wanted.customer = vec![CustomerPolicy {
            name: "p".into(),
            path: "/".into(),
        }];
        wanted.boundary = Some(Boundary::Managed("arn:aws:iam::aws:policy/PowerUserAccess".into()));
        wanted.tags = [("team".to_owned(), "other".to_owned())].into();
        let differences = wanted.differences(&set());
        let fields: Vec<&str> = differences.iter().map(|difference| difference.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "SessionDuration",
                "RelayState",
                "ManagedPolicies",
                "CustomerManagedPolicies",
                "PermissionsBoundary",
                "tag team"
            ]
        );
        assert!(wanted.differences(&wanted.onto(set())).is_empty());
    }
}
