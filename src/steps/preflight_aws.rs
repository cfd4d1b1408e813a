//! Before anything is changed: who calls AWS, whether Identity Center is there, what the caller may do, and whether there
//! is a way back in should the new sign-in fail.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Cx, World,
    by_hand::{Known, in_identity_center, instance, value_if},
    rights,
};
use crate::{
    clients::aws::{Caller, EventQuery, Instance, Look, is_about_key},
    engine::{
        declared::{Block, Declared, Term},
        guide::{Entry, Guide},
        known::ByHand,
        needs::One,
        step::{About, Difference, Effect, Evidence, Executor, Made, Probe, Scope, Step, StepId, Undone, Wait},
    },
    fault::{Fault, Kind, Retry, Text},
};

const ACTIVE: &str = "ACTIVE";

/// Who calls AWS.
#[derive(Debug)]
pub struct AwsSession;

impl Step<World> for AwsSession {
    const ABOUT: About = About {
        id: StepId::new("aws.session"),
        title: "Sign in to AWS",
        why: "Shows which account and partition everything on the AWS side happens in.",
        executor: Executor::Aws,
        scope: Scope::Target,
        effect: Effect::Observes,
        proof: "sts:GetCallerIdentity names account and caller",
        undo: "Nothing to take back",
        read_more: "https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html",
    };
    type Needs = ();
    type Output = Caller;

    async fn probe(&self, cx: &Cx, (): &(), known: Option<&Caller>) -> Result<Probe<Caller>, Fault> {
        let caller = cx.world().target(cx.target())?.aws.caller().await?;
        if let Some(known) = known.filter(|known| known.account != caller.account) {
            let difference = Difference::new("Account", caller.account.clone(), known.account.clone());
            return Ok(Probe::Drifted {
                found: caller,
                differences: vec![difference],
            });
        }
        let proof = format!(
            "account {}, {}, as {}",
            caller.account,
            caller.partition,
            caller.short_name()
        );
        Ok(Probe::present(caller, proof))
    }

    async fn apply(&self, cx: &Cx, (): &(), _: Option<&Caller>) -> Result<Caller, Fault> {
        cx.world().target(cx.target())?.aws.caller().await
    }

    async fn undo(&self, _: &Cx, (): &(), _: &Made<Caller>) -> Result<Undone, Fault> {
        Ok(Undone::Kept(Text::Borrowed("it only looks")))
    }

    fn evidence(&self, caller: &Caller) -> Evidence {
        Evidence {
            acts_as: Some(caller.arn.clone()),
            ..Evidence::default()
        }
    }

    fn by_hand(&self, known: &Known<'_>) -> ByHand {
        let caller = known.one::<Self>();
        let guide = Guide::new("Sign in to the AWS console").say(
            "Sign in to the organization's management account, or to the delegated administrator of Identity Center.",
        );
        ByHand::up(value_if(guide, "Account", caller.map(|caller| caller.account)))
    }
}

/// The organization instance of Identity Center.
#[derive(Debug)]
pub struct AwsInstance;

impl Step<World> for AwsInstance {
    const ABOUT: About = About {
        id: StepId::new("aws.instance"),
        title: "Find the Identity Center instance",
        why: "Access to AWS accounts needs the organization's own instance, active and with permission sets switched on.",
        executor: Executor::Aws,
        scope: Scope::Target,
        effect: Effect::Changes,
        proof: "sso:ListInstances and sso:DescribeInstance show it ACTIVE, owned by the management account",
        undo: "Nothing: an instance is never removed, also one that was switched on for this",
        read_more: "https://docs.aws.amazon.com/singlesignon/latest/userguide/enable-identity-center.html",
    };
    type Needs = (One<AwsSession>,);
    type Output = Instance;

    async fn probe(&self, cx: &Cx, (caller,): &(Caller,), known: Option<&Instance>) -> Result<Probe<Instance>, Fault> {
        let aws = &cx.world().target(cx.target())?.aws;
        let candidate = match known {
            Some(known) => Some(known.clone()),
            None => find_instance(cx, caller).await?,
        };
        let Some(candidate) = candidate else {
            return Ok(Probe::Absent);
        };
        let Some(instance) = aws.instance(&candidate).await? else {
            return Ok(Probe::Absent);
        };
        if instance.status.ends_with("IN_PROGRESS") {
            return Ok(Probe::Pending(Wait {
                why: format!("the instance to become active (now {})", instance.status).into(),
                ends_when: Text::Borrowed("DescribeInstance says ACTIVE"),
                every: std::time::Duration::from_secs(10),
                limit: std::time::Duration::from_secs(30 * 60),
            }));
        }
        if instance.status != ACTIVE {
            return Err(Fault::new(Kind::Conflict, "The Identity Center instance is not active")
                .why(format!("its status is {}", instance.status))
                .hint("Open Identity Center in the AWS console; it says what is wrong with the instance."));
        }
        if instance.permission_sets == Some(false) {
            let difference = Difference::new("PermissionSetsEnabled", "false", "true");
            return Ok(Probe::Drifted {
                found: instance,
                differences: vec![difference],
            });
        }
        let proof = format!("{} is ACTIVE in {}", instance.arn, instance.region);
        Ok(Probe::present(instance, proof))
    }

    async fn apply(&self, cx: &Cx, (caller,): &(Caller,), found: Option<&Instance>) -> Result<Instance, Fault> {
        let aws = &cx.world().target(cx.target())?.aws;
        if let Some(found) = found {
            let answer = cx.ask(guide_to_permission_sets(cx.target(), found)).await?;
            let consents = answer
                .optional("confirm")
                .is_some_and(|word| word.trim().eq_ignore_ascii_case("enable"));
            if consents {
                aws.enable_permission_sets(found).await?;
            }
            return Ok(found.clone());
        }
        cx.ask(guide_to_enable(cx.target(), &aws.region().await?)).await?;
        find_instance(cx, caller).await?.ok_or_else(|| {
            Fault::new(
                Kind::NotFound,
                "There is still no organization instance of Identity Center",
            )
            .hint("Enable it in the management account, and choose the organization instance.")
            .retry(Retry::LookFirst)
        })
    }

    async fn undo(&self, _: &Cx, _: &(Caller,), _: &Made<Instance>) -> Result<Undone, Fault> {
        Ok(Undone::Kept(Text::Borrowed(
            "an instance holds more than this federation, and permission sets cannot be switched off",
        )))
    }

    fn by_hand(&self, known: &Known<'_>) -> ByHand {
        let instance = instance(known);
        let guide = in_identity_center(known, "Find the instance", "settings", "Settings")
            .say("See that it is an organization instance, and that its Region is the primary one. Note ARN and identity store.")
            .say("If there is none: choose Enable with the management account, and the organization instance. The Region stays for ever.");
        let guide = match known.one::<Self>() {
            Some(_) => guide
                .value("Instance ARN", &instance.arn)
                .value("Identity store", &instance.store),
            None => guide,
        };
        ByHand::up(guide.value("Region", &instance.region))
    }

    fn declared(&self, known: &Known<'_>) -> Declared {
        let Some(instance) = known.one::<Self>() else {
            return Declared::Nothing;
        };
        let target = known.world().profile.target(known.target());
        let provider = Block::provider("aws")
            .says("region", &instance.region)
            .says_if("profile", target.and_then(|target| target.profile.as_deref()));
        let provider = match target.and_then(|target| target.fips) {
            Some(true) => provider.is("use_fips_endpoint", Term::Flag(true)),
            _ => provider,
        };
        Declared::As(vec![provider, Block::data("aws_ssoadmin_instances", known.target())])
    }
}

/// The organization's instance, and a fault where the caller sits in the wrong account for it.
async fn find_instance(cx: &Cx, caller: &Caller) -> Result<Option<Instance>, Fault> {
    let aws = &cx.world().target(cx.target())?.aws;
    let Some(organization) = aws.organization().await? else {
        cx.note("The account belongs to no organization yet; enabling Identity Center makes one.");
        return Ok(None);
    };
    let instances = aws.instances().await?;
    let of_organization = instances
        .into_iter()
        .find(|instance| instance.owner == organization.management);
    if caller.account != organization.management {
        let delegates = aws.delegated_administrators().await?.unwrap_or_default();
        if !delegates.contains(&caller.account) {
            return Err(Fault::new(Kind::Usage, "The AWS caller is in a member account of the organization")
                .why(format!(
                    "the caller is in {}, Identity Center is managed from {}",
                    caller.account, organization.management
                ))
                .hint("Name an AWS profile of the management account, or of the delegated administrator, for this target."));
        }
        cx.note(
            "The caller is the delegated administrator: what stands in the management account is out of its reach.",
        );
    }
    Ok(of_organization)
}

fn guide_to_enable(target: &str, region: &str) -> Guide {
    let console = crate::clients::aws::Partition::of_region(region).console_page(region, "", "");
    Guide::new("Enable IAM Identity Center")
        .consequences(
            "Identity Center is switched on for the whole organization, in the Region you choose; the Region cannot be \
             changed later. On an account without an organization this makes one, which ends free tier credits.",
        )
        .open(console)
        .say("Sign in to the AWS console with the organization's management account.")
        .say("Choose the Region that is to be the primary one, top right.")
        .say("Open IAM Identity Center and choose Enable; choose the organization instance.")
        .say("Leave multi-account permissions switched on.")
        .click("aws.enable-instance", json!({ "target": target }))
}

fn guide_to_permission_sets(target: &str, instance: &Instance) -> Guide {
    Guide::new("Switch multi-account permissions on")
        .consequences("Permission sets can be used from then on. They cannot be switched off again.")
        .open(instance.console_page("settings"))
        .say("Either type ENABLE below and fedwiz switches permission sets on (sso:UpdateInstance),")
        .say("or open Settings > Management in the Identity Center console and enable multi-account permissions there.")
        .optional(
            "confirm",
            "Type ENABLE",
            "empty when you did it in the console",
            Entry::Line,
        )
        .click("aws.enable-permission-sets", json!({ "target": target }))
}

/// What is known of the caller's rights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rights {
    /// IAM actions that were tried, and are allowed.
    pub allowed: Vec<String>,
    /// IAM actions that the walk needs and that nobody can know before they are used.
    pub unknown: Vec<String>,
}

/// What the caller may do.
#[derive(Debug)]
pub struct AwsRights;

impl Step<World> for AwsRights {
    const ABOUT: About = About {
        id: StepId::new("aws.rights"),
        title: "Check the caller's rights in AWS",
        why: "A right that is missing should be found before the first change, not in the middle.",
        executor: Executor::Aws,
        scope: Scope::Target,
        effect: Effect::Observes,
        proof: "Each kind of read that the walk makes is tried once; changes cannot be tried without making them",
        undo: "Nothing to take back",
        read_more: "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsiamidentitycenter.html",
    };
    type Needs = (One<AwsInstance>,);
    type Output = Rights;

    async fn probe(&self, cx: &Cx, (instance,): &(Instance,), _: Option<&Rights>) -> Result<Probe<Rights>, Fault> {
        let rights = look_at_rights(cx, instance).await?;
        let proof = format!(
            "{} reads allowed; not knowable before use: {}",
            rights.allowed.len(),
            rights.unknown.join(", ")
        );
        Ok(Probe::present(rights, proof))
    }

    async fn apply(&self, cx: &Cx, (instance,): &(Instance,), _: Option<&Rights>) -> Result<Rights, Fault> {
        look_at_rights(cx, instance).await
    }

    async fn undo(&self, _: &Cx, _: &(Instance,), _: &Made<Rights>) -> Result<Undone, Fault> {
        Ok(Undone::Kept(Text::Borrowed("it only looks")))
    }

    fn by_hand(&self, _: &Known<'_>) -> ByHand {
        ByHand::up(
            Guide::new("See your rights")
                .say("AWSSSOMasterAccountAdministrator and AWSSSODirectoryAdministrator suffice, with AWSCloudTrail_ReadOnlyAccess for the proofs."),
        )
    }
}

/// Tries each kind of read that the walk makes, once.
pub async fn try_reads(world: &World, target: &str, instance: &Instance, now: Timestamp) -> Result<Tried, Fault> {
    let profile = &world.profile;
    let aws = &world.target(target)?.aws;
    let mut tried = Tried::default();
    if !profile.permission_set.is_empty() {
        let read = aws.permission_set_arns(instance, Look::Shared).await;
        tried.note("sso:ListPermissionSets", "aws.permission-set", read)?;
    }
    if let Some(user) = profile.people.user.first() {
        let read = aws.user_by_name(instance, &user.upn).await;
        tried.note(
            "identitystore:GetUserId and identitystore:DescribeUser",
            "aws.user",
            read,
        )?;
    }
    if !profile.assignment.is_empty() {
        let read = aws.assignments_in_flight(instance).await;
        tried.note("sso:ListAccountAssignmentCreationStatus", "aws.assignment", read)?;
    }
    if profile.abac.is_some() {
        let read = aws.access_control(instance).await;
        tried.note(
            "sso:DescribeInstanceAccessControlAttributeConfiguration",
            "aws.abac",
            read,
        )?;
    }
    let read = aws
        .lookup_events(&instance.region, EventQuery::Named("StartSSO"), now)
        .await;
    tried.note("cloudtrail:LookupEvents", "saml.identity-source", read)?;
    Ok(tried)
}

async fn look_at_rights(cx: &Cx, instance: &Instance) -> Result<Rights, Fault> {
    let world = cx.world();
    let tried = try_reads(world, cx.target(), instance, cx.now()).await?;
    if !tried.missing.is_empty() {
        let lines: Vec<String> = tried
            .missing
            .iter()
            .map(|(action, step)| format!("{action} (for {step})"))
            .collect();
        return Err(Fault::new(Kind::Rights, "The AWS caller lacks rights that the walk needs")
            .why(lines.join(", "))
            .hint("Allow these actions for the caller, in its policy and in the organization's service control policies."));
    }
    Ok(Rights {
        allowed: tried.allowed,
        unknown: planned_changes(world),
    })
}

/// What came of trying.
#[derive(Debug, Default)]
pub struct Tried {
    /// IAM actions that are allowed.
    pub allowed: Vec<String>,
    /// IAM actions that are not, each with the step that needs it.
    pub missing: Vec<(String, &'static str)>,
}

impl Tried {
    fn note<T>(&mut self, action: &str, step: &'static str, read: Result<T, Fault>) -> Result<(), Fault> {
        match read {
            Ok(_) => self.allowed.push(action.to_owned()),
            // Whoever may not use the key lacks no right of Identity Center.
            Err(fault) if fault.kind == Kind::Rights && !is_about_key(&fault) => {
                self.missing.push((action.to_owned(), step))
            }
            Err(fault) => return Err(fault),
        }
        Ok(())
    }
}

/// The IAM actions of the changes that this profile leads to.
fn planned_changes(world: &World) -> Vec<String> {
    let changes = rights::planned(world).flat_map(|rights| rights.changes);
    let actions: BTreeSet<&str> = changes
        .filter(|(_, when)| when(&world.profile))
        .map(|(action, _)| *action)
        .collect();
    actions.into_iter().map(str::to_owned).collect()
}

/// The way back in, should nobody be able to sign in through Entra.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WayIn {
    /// What it is.
    pub way: String,
    /// Whether it was seen, or only named by a person.
    pub seen: bool,
}

/// Makes sure that the switch of the identity source locks nobody out for good.
#[derive(Debug)]
pub struct BreakGlass;

impl Step<World> for BreakGlass {
    const ABOUT: About = About {
        id: StepId::new("safety.break-glass"),
        title: "Make sure there is another way in",
        why: "From the switch of the identity source on, a mistake in the SAML set-up locks every Identity Center user out, \
              also the one who would repair it.",
        executor: Executor::Aws,
        scope: Scope::Target,
        effect: Effect::Observes,
        proof: "The caller's ARN is no Identity Center role, or the operator names another way in",
        undo: "Nothing to take back",
        read_more: "https://docs.aws.amazon.com/singlesignon/latest/userguide/emergency-access.html",
    };
    type Needs = (One<AwsSession>,);
    type Output = WayIn;

    async fn probe(&self, _: &Cx, (caller,): &(Caller,), known: Option<&WayIn>) -> Result<Probe<WayIn>, Fault> {
        if !caller.is_identity_center_role() {
            let way = WayIn {
                way: caller.arn.clone(),
                seen: true,
            };
            return Ok(Probe::present(
                way,
                format!("{} does not come through Identity Center", caller.short_name()),
            ));
        }
        Ok(match known {
            Some(named) => Probe::present(
                named.clone(),
                format!("named by the operator, not checked: {}", named.way),
            ),
            None => Probe::Absent,
        })
    }

    /// Where the switch was made long ago, taking it over locks nobody out.
    async fn adopt(&self, cx: &Cx, needs: &(Caller,)) -> Result<Probe<WayIn>, Fault> {
        match self.probe(cx, needs, None).await? {
            Probe::Absent => {
                cx.take_word();
                let way = WayIn {
                    way: "not asked for: nothing is switched".into(),
                    seen: false,
                };
                Ok(Probe::present(way, "nothing is switched, so nobody is locked out"))
            }
            seen => Ok(seen),
        }
    }

    async fn apply(&self, cx: &Cx, (caller,): &(Caller,), _: Option<&WayIn>) -> Result<WayIn, Fault> {
        let guide = Guide::new("Name another way into the management account")
            .consequences(format!(
                "You are signed in as {}, a role of Identity Center. If sign-in through Entra fails after the switch, \
                 this very way in is closed too.",
                caller.short_name()
            ))
            .say("Make sure that you can sign in to the management account without Identity Center: the root user with its MFA device at hand, or an IAM user or role for emergencies.")
            .say("Better still: stop here, and run fedwiz with the credentials of that user or role.")
            .field("way_in", "The other way in", "for example: IAM user emergency-admin, tried today", Entry::Line)
            .click("aws.other-way-in", json!({ "target": cx.target() }));
        let answer = cx.ask(guide).await?;
        let way = answer.text("way_in").or_else(|fault| {
            if answer.unproven {
                Ok("the operator's word".to_owned())
            } else {
                Err(fault)
            }
        })?;
        if way.trim().is_empty() {
            return Err(Fault::new(Kind::NeedsPerson, "No other way in is named")
                .hint("Name one, or run fedwiz with credentials that do not come from Identity Center."));
        }
        Ok(WayIn {
            way: way.trim().to_owned(),
            seen: false,
        })
    }

    async fn undo(&self, _: &Cx, _: &(Caller,), _: &Made<WayIn>) -> Result<Undone, Fault> {
        Ok(Undone::Kept(Text::Borrowed("it only looks")))
    }

    fn by_hand(&self, _: &Known<'_>) -> ByHand {
        ByHand::up(
            Guide::new("Keep another way in")
                .consequences("If sign-in through Entra fails after the switch, everybody who comes through Identity Center is locked out.")
                .say("Try today that you can sign in to the management account without Identity Center: as an IAM user or role for emergencies, or as root with its MFA device."),
        )
    }
}
