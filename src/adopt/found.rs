//! What is there: the application in Entra with its people and settings, and the instance in AWS with all that it holds.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::{
    clients::{
        aws::{
            AccessControl, Account, Assignment, Instance, Look, PermissionSet, User as AwsUser,
            identity_store::Group as AwsGroup,
        },
        entra::{
            applications::{AWS_IDENTITY_CENTER, AWS_SINGLE_ACCOUNT, Application, ServicePrincipal},
            groups::Group,
            policies::MappingPolicy,
            synchronization::{Job, Setting},
            users::User,
        },
    },
    fault::{Fault, Kind},
    steps::{Target, World},
};

/// Hears what is being read.
pub type Progress<'p> = &'p (dyn Fn(&str) + Sync);

/// Which application is meant, where there are several: by name, app id or object id.
pub type Wish<'w> = Option<&'w str>;

/// A federation as it stands.
#[derive(Debug)]
pub struct Found {
    /// The enterprise application.
    pub principal: ServicePrincipal,
    /// Its registration.
    pub application: Application,
    /// The people assigned to it directly.
    pub people: Vec<User>,
    /// The groups assigned to it, each with whether its name is the only one in the tenant.
    pub groups: Vec<(Group, bool)>,
    /// Assigned principals that are neither: their names.
    pub strangers: Vec<String>,
    /// Its own claims policy.
    pub claims: Option<Value>,
    /// Claims mapping policies that decide over it.
    pub mappings: Vec<MappingPolicy>,
    /// The provisioning job.
    pub job: Option<Job>,
    /// The job's schema.
    pub schema: Value,
    /// The job's settings; secrets are masked.
    pub settings: Vec<Setting>,
    /// The instance in AWS.
    pub instance: Instance,
    /// Its users.
    pub users: Vec<AwsUser>,
    /// Its groups.
    pub aws_groups: Vec<AwsGroup>,
    /// Its permission sets.
    pub sets: Vec<PermissionSet>,
    /// The account assignments.
    pub assignments: Vec<Assignment>,
    /// The accounts by id.
    pub accounts: BTreeMap<String, Account>,
    /// Attributes for access control.
    pub abac: Option<AccessControl>,
}

impl Found {
    /// The value of a provisioning setting.
    pub fn setting(&self, key: &str) -> Option<&str> {
        self.settings
            .iter()
            .find(|setting| setting.key.as_deref() == Some(key))
            .and_then(|setting| setting.value.as_deref())
            .filter(|value| !value.is_empty())
    }

    /// The name of the application.
    pub fn name(&self) -> &str {
        self.principal.display_name.as_deref().unwrap_or(&self.principal.app_id)
    }
}

/// Reads a federation from one AWS organization and the application in Entra that belongs to it. A read that fails ends it:
/// what is only half known is not taken over.
pub async fn find(world: &World, wish: Wish<'_>, progress: Progress<'_>) -> Result<Found, Fault> {
    let target = match &world.targets[..] {
        [one] => one,
        _ => {
            return Err(Fault::new(Kind::Usage, "one AWS organization is taken over at a time")
                .hint("Name one `--aws-profile`; each organization becomes a federation of its own."));
        }
    };
    check_tenant(world).await?;
    progress("the instance in AWS");
    let instance = instance(target).await?;
    progress("the application in Entra");
    let (principal, application) = choose(world, &instance, wish).await?;
    let entra = &world.entra;
    let id = principal.id.clone();
    progress("who is assigned to the application");
    let assigned = entra.assigned(&id).await?;
    let of = |kind: &str| -> BTreeSet<String> {
        let rows = assigned
            .all()
            .iter()
            .filter(|row| row.principal_type.as_deref() == Some(kind));
        rows.filter_map(|row| row.principal_id.clone()).collect()
    };
    let users = of("User");
    let ids: Vec<&str> = users.iter().map(String::as_str).collect();
    let people = if ids.is_empty() {
        Vec::new()
    } else {
        entra.users(&ids).await?.into_iter().flatten().collect()
    };
    let groups = groups(world, &of("Group"), progress).await?;
    let strangers = assigned
        .all()
        .iter()
        .filter(|row| !matches!(row.principal_type.as_deref(), Some("User" | "Group")))
        .filter_map(|row| row.principal_display_name.clone())
        .collect();
    progress("claims and provisioning");
    let own_policy = world.profile.entra.beta && entra.cloud().claims_policy;
    let claims = match own_policy {
        true => entra.claims_policy(&id).await?,
        false => None,
    };
    let mappings = entra.mapping_policies_of(&id).await?;
    let jobs = entra.jobs(&id).await?;
    let job = jobs.into_iter().next();
    let (schema, settings) = match &job {
        Some(job) => (entra.schema(&id, &job.id).await?, entra.settings(&id).await?),
        None => (Value::Null, Vec::new()),
    };
    let aws = &target.aws;
    progress("users and groups in AWS");
    let (users, aws_groups) = (aws.users(&instance).await?, aws.groups(&instance).await?);
    let accounts = aws.accounts().await?.into_iter();
    let accounts: BTreeMap<String, Account> = accounts.map(|account| (account.id.clone(), account)).collect();
    let (mut sets, mut assignments, mut abac) = (Vec::new(), Vec::new(), None);
    if instance.permission_sets != Some(false) {
        let arns = aws.permission_set_arns(&instance, Look::Shared).await?;
        for (number, arn) in arns.iter().enumerate() {
            progress(&format!("permission set {} of {}", number + 1, arns.len()));
            sets.extend(aws.permission_set(&instance, arn).await?);
            for account in aws.accounts_with(&instance, arn, false).await? {
                assignments.extend(aws.assignments_in(&instance, &account, arn).await?);
            }
        }
        abac = aws.access_control(&instance).await?;
    }
    sets.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(Found {
        principal,
        application,
        people,
        groups,
        strangers,
        claims,
        mappings,
        job,
        schema,
        settings,
        instance,
        users,
        aws_groups,
        sets,
        assignments,
        accounts,
        abac,
    })
}

/// The sign-in must be for the tenant that was named.
async fn check_tenant(world: &World) -> Result<(), Fault> {
    let found = world.entra.organization().await?;
    let wanted = &world.profile.entra.tenant;
    if found.is_called(wanted) || found.verified_domains.is_empty() {
        return Ok(());
    }
    let name = found.default_domain().unwrap_or(&found.id).to_owned();
    Err(Fault::new(
        Kind::SignIn,
        format!("The sign-in is for the tenant {name}, not for {wanted}"),
    )
    .hint("Sign in to the right tenant, or correct `--tenant`."))
}

async fn instance(target: &Target) -> Result<Instance, Fault> {
    let aws = &target.aws;
    let management = aws.organization().await?.map(|organization| organization.management);
    let candidates = aws.instances().await?;
    let ours = candidates
        .into_iter()
        .find(|instance| management.as_ref().is_none_or(|account| instance.owner == *account));
    let found = match ours {
        Some(found) => aws.instance(&found).await?,
        None => None,
    };
    found.ok_or_else(|| {
        Fault::new(
            Kind::NotFound,
            "There is no organization instance of IAM Identity Center",
        )
        .why("the AWS caller's organization has none, or the caller may not see it")
        .hint("Name an AWS profile of the management account, or of Identity Center's delegated administrator.")
    })
}

async fn groups(world: &World, ids: &BTreeSet<String>, progress: Progress<'_>) -> Result<Vec<(Group, bool)>, Fault> {
    let mut groups = Vec::new();
    for (number, id) in ids.iter().enumerate() {
        progress(&format!("group {} of {}", number + 1, ids.len()));
        let Some(group) = world.entra.group(id).await? else {
            continue;
        };
        let name = group.display_name.clone().unwrap_or_default();
        let alone = world.entra.groups_named(&name).await?.len() == 1;
        groups.push((group, alone));
    }
    Ok(groups)
}

/// An application that may be meant.
struct Candidate {
    principal: ServicePrincipal,
    application: Application,
    /// Whether it holds this instance's identifier.
    connected: bool,
}

impl Candidate {
    fn words(&self) -> String {
        let name = self.principal.display_name.as_deref().unwrap_or_default();
        let connected = if self.connected {
            ", connected with this instance"
        } else {
            ""
        };
        format!("{name} (app id {}{connected})", self.principal.app_id)
    }

    fn is(&self, wish: &str) -> bool {
        let principal = &self.principal;
        [&principal.id, &principal.app_id, &self.application.id]
            .iter()
            .any(|id| id.eq_ignore_ascii_case(wish))
            || principal.display_name.as_deref() == Some(wish)
    }
}

/// The application that belongs to the instance: made from the gallery's template, or holding the instance's identifier.
async fn choose(world: &World, instance: &Instance, wish: Wish<'_>) -> Result<(ServicePrincipal, Application), Fault> {
    let mut candidates = candidates(world, instance).await?;
    if let Some(wish) = wish {
        let all: Vec<String> = candidates.iter().map(Candidate::words).collect();
        candidates.retain(|candidate| candidate.is(wish));
        if candidates.is_empty() {
            return Err(Fault::new(
                Kind::Usage,
                format!("`{wish}` is no application that speaks to AWS IAM Identity Center"),
            )
            .why(if all.is_empty() {
                "there is none in the tenant".to_owned()
            } else {
                format!("there are: {}", all.join("; "))
            })
            .hint("Name one of these with `--app`, by its name or app id."));
        }
    } else if candidates.iter().any(|candidate| candidate.connected) {
        candidates.retain(|candidate| candidate.connected);
    }
    let words: Vec<String> = candidates.iter().map(Candidate::words).collect();
    match candidates.pop() {
        None => Err(Fault::new(
            Kind::NotFound,
            "No application of the tenant speaks to AWS IAM Identity Center",
        )
        .why("none is made from the gallery's template, and none holds this instance's identifier")
        .hint("To set one up, use `fedwiz init` and `fedwiz apply`.")),
        Some(_) if !candidates.is_empty() => Err(Fault::new(
            Kind::Usage,
            format!("{} applications speak to AWS IAM Identity Center", words.len()),
        )
        .why(words.join("; "))
        .hint("Choose one with `--app`, by its name or app id.")),
        Some(one) => usable(world, one),
    }
}

/// What the walk can work with: it finds an application by its template.
fn usable(world: &World, one: Candidate) -> Result<(ServicePrincipal, Application), Fault> {
    let template = one.principal.application_template_id.as_deref();
    if template == Some(AWS_IDENTITY_CENTER) || template == Some(world.entra.cloud().custom_template) {
        return Ok((one.principal, one.application));
    }
    let cannot = |why: &str| {
        Err(
            Fault::new(Kind::Conflict, format!("{} cannot be taken over", one.words()))
                .why(why.to_owned())
                .hint("Build the federation anew beside it with `fedwiz init`, and move people over."),
        )
    };
    if template == Some(AWS_SINGLE_ACCOUNT) {
        return cannot("it is an AWS Single-Account Access application, which cannot serve Identity Center");
    }
    cannot("it was made from no template, so Entra offers it no provisioning")
}

async fn candidates(world: &World, instance: &Instance) -> Result<Vec<Candidate>, Fault> {
    let entra = &world.entra;
    let mut principals = entra.service_principals_from(AWS_IDENTITY_CENTER).await?;
    let issuer = instance.partition()?.issuer_url(&instance.region, &instance.store);
    if let Some(issuer) = &issuer {
        for application in entra.applications_identified(issuer).await? {
            if !principals.iter().any(|known| known.app_id == application.app_id) {
                principals.extend(entra.service_principal_of(&application.app_id).await?);
            }
        }
    }
    let ours = format!("/platform/saml/{}", instance.store);
    let mut candidates = Vec::new();
    for principal in principals {
        let Some(application) = entra.application_of(&principal.app_id).await? else {
            continue;
        };
        let connected = application.identifier_uris.iter().any(|uri| uri.ends_with(&ours));
        candidates.push(Candidate {
            principal,
            application,
            connected,
        });
    }
    Ok(candidates)
}
