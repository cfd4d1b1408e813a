//! Organizations as data: the `[[aws]]` tables of a scenario.
//!
//! ```toml
//! [[aws]]
//! name = "aws"                        # the target's name
//! partition = "aws"                   # aws, aws-us-gov, aws-cn
//! region = "us-east-1"
//! instance = true                     # false: IAM Identity Center is not enabled yet
//! permission_sets_enabled = true
//! source = "identity-center"          # or "active-directory", or "external" (the Entra side fills in the provider)
//! token_ages_days = [350]             # provisioning is enabled, with tokens of these ages
//! caller = "user/operator"            # or "assumed-role/AWSReservedSSO_AdministratorAccess_0123456789abcdef/nikki"
//! caller_account = "Identity"         # the account of the caller; the management account, if none is named
//! key_expires_s = 900                 # the access key ends after so long
//! kms_key = "denied"                  # or "usable": the instance has a customer managed key
//! abac = { Department = "${path:enterprise.department}" }
//! accounts = [{ name = "Management", management = true }, { name = "Sandbox", unit = "Teams", policies = ["/ReadLogs"] }]
//! users = [{ user_name = "NikkiWolf@contoso.com", given_name = "Nikki", family_name = "Wolf" }]
//! groups = [{ display_name = "Admins", members = ["NikkiWolf@contoso.com"] }]
//! permission_sets = [{ name = "RegionalAdmin", inline_policy = "…", managed = ["AdministratorAccess"] }]
//! assignments = [{ permission_set = "RegionalAdmin", account = "Management", user = "NikkiWolf@contoso.com" }]
//! events = [{ name = "AssociateDirectory", source = "sso.amazonaws.com", minutes_ago = 40000 }]
//! [aws.generate]                      # numbered extras for large worlds
//! accounts = 100
//! ```

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    directory::{Directory, ExternalId, Group, Record, User},
    organization::{
        AccessKey, Account, Assignment, IdentityProvider, Instance, Key, Organization, PermissionSet, Provisioning,
        ScimToken, Source, TrailEvent, Unit,
    },
};
use crate::sim::world::Ids;

/// What a scenario says about an organization.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Seed {
    /// The target's name.
    pub name: String,
    /// The partition.
    pub partition: String,
    /// The primary Region.
    pub region: String,
    /// Whether Identity Center is enabled.
    pub instance: bool,
    /// Whether multi-account permissions are on.
    pub permission_sets_enabled: bool,
    /// Where identities come from.
    pub source: String,
    /// Provisioning is enabled, with tokens of these ages.
    pub token_ages_days: Vec<i64>,
    /// The end of the caller's ARN.
    pub caller: String,
    /// The name of the caller's account; the management account, if none is given.
    pub caller_account: Option<String>,
    /// A customer managed key of the instance: `usable`, or `denied` to the caller. None, if nothing is said.
    pub kms_key: Option<String>,
    /// The access key ends after so many seconds.
    pub key_expires_s: Option<i64>,
    /// Attributes for access control.
    pub abac: Option<BTreeMap<String, String>>,
    /// Accounts; three, if none are given.
    pub accounts: Vec<SeedAccount>,
    /// Users.
    pub users: Vec<SeedUser>,
    /// Groups.
    pub groups: Vec<SeedGroup>,
    /// Permission sets.
    pub permission_sets: Vec<SeedSet>,
    /// Assignments.
    pub assignments: Vec<SeedAssignment>,
    /// What CloudTrail knows already.
    pub events: Vec<SeedEvent>,
    /// Numbered extras.
    pub generate: Generate,
}

impl Default for Seed {
    fn default() -> Self {
        Self {
            name: "aws".into(),
            partition: "aws".into(),
            region: "us-east-1".into(),
            instance: true,
            permission_sets_enabled: true,
            source: "identity-center".into(),
            token_ages_days: Vec::new(),
            caller: "user/operator".into(),
            caller_account: None,
            kms_key: None,
            key_expires_s: None,
            abac: None,
            accounts: Vec::new(),
            users: Vec::new(),
            groups: Vec::new(),
            permission_sets: Vec::new(),
            assignments: Vec::new(),
            events: Vec::new(),
            generate: Generate::default(),
        }
    }
}

/// An account of a scenario.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SeedAccount {
    /// Its name.
    pub name: String,
    /// Its id; made up, if not given.
    pub id: Option<String>,
    /// Whether it is the management account; else the first is.
    pub management: bool,
    /// The unit it is in; made when first named.
    pub unit: Option<String>,
    /// `ACTIVE`, if not given.
    pub state: Option<String>,
    /// Customer managed policies in it, as path and name.
    pub policies: Vec<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Whether it is the delegated administrator of Identity Center.
    pub delegate: bool,
}

/// A user of a scenario.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SeedUser {
    /// The user name.
    pub user_name: String,
    /// First name.
    pub given_name: String,
    /// Last name.
    pub family_name: String,
    /// Display name; first and last, if not given.
    pub display_name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// The provider's id: the user came by SCIM.
    pub external_id: Option<String>,
    /// Disabled.
    pub disabled: bool,
    /// Department, in the enterprise extension.
    pub department: Option<String>,
}

/// A group of a scenario.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SeedGroup {
    /// Its name.
    pub display_name: String,
    /// The provider's id.
    pub external_id: Option<String>,
    /// User names.
    pub members: Vec<String>,
}

/// A permission set of a scenario.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SeedSet {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// One hour, if not given.
    pub session_duration: Option<String>,
    /// Where the console opens.
    pub relay_state: Option<String>,
    /// The inline policy.
    pub inline_policy: Option<String>,
    /// Names of AWS managed policies.
    pub managed: Vec<String>,
    /// Customer managed policies, as path and name.
    pub customer_managed: Vec<String>,
    /// The name of an AWS managed policy, as permissions boundary.
    pub boundary: Option<String>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
}

/// An assignment of a scenario. `group` or `user`; `dangling` for a principal that is gone.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SeedAssignment {
    /// The set's name.
    pub permission_set: String,
    /// The account's name.
    pub account: String,
    /// A user name.
    pub user: Option<String>,
    /// A group name.
    pub group: Option<String>,
    /// To a user who no longer exists; to a group, if one is named.
    pub dangling: bool,
}

/// An event that CloudTrail knows already.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SeedEvent {
    /// Its name.
    pub name: String,
    /// The service, such as `sso.amazonaws.com`.
    pub source: String,
    /// The error it ended with.
    pub error: Option<String>,
    /// The error's message.
    pub message: Option<String>,
    /// How long ago it happened.
    pub minutes_ago: i64,
}

/// Numbered extras.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Generate {
    /// `Account 001` and so on.
    pub accounts: usize,
    /// `user0001@contoso.onmicrosoft.com` and so on.
    pub users: usize,
    /// `Set01` and so on.
    pub permission_sets: usize,
}

/// An instance as the console makes it.
pub fn new_instance(partition: &str, ids: &mut Ids, now: Timestamp) -> Instance {
    let short_id = ids.hex(16);
    Instance {
        arn: format!("arn:{partition}:sso:::instance/ssoins-{short_id}"),
        store_id: format!("d-{}", ids.hex(10)),
        short_id,
        display_name: None,
        created: now,
        permission_sets_enabled: true,
        tags: BTreeMap::new(),
        abac: None,
        permission_sets: BTreeMap::new(),
        assignments: Default::default(),
        provisioned: BTreeMap::new(),
        operations: Vec::new(),
        directory: Directory::default(),
        source: Source::IdentityCenter,
        acs_tenant: ids.uuid().to_string(),
        old_acs: false,
        provisioning: None,
        remembered: None,
        key: None,
    }
}

/// The organization a scenario describes.
pub fn build(seed: &Seed, ids: &mut Ids, now: Timestamp) -> Result<Organization, String> {
    let since = now - SignedDuration::from_hours(24 * 200);
    let mut org = Organization {
        name: seed.name.clone(),
        partition: seed.partition.clone(),
        region: seed.region.clone(),
        id: format!("o-{}", ids.hex(10)),
        root: format!("r-{}", ids.hex(4)),
        management: String::new(),
        accounts: BTreeMap::new(),
        units: BTreeMap::new(),
        delegates: Default::default(),
        trusted: Default::default(),
        keys: BTreeMap::new(),
        instance: None,
        trail: Vec::new(),
    };
    accounts(seed, &mut org, ids, since);
    key(seed, &mut org, ids, now)?;
    if seed.instance {
        let mut instance = new_instance(&seed.partition, ids, since);
        // Made before February 2026, so it keeps its old address.
        instance.old_acs = true;
        org.trusted.insert("sso.amazonaws.com".into());
        fill(seed, &org, &mut instance, ids, since, now)?;
        org.instance = Some(instance);
    }
    for event in &seed.events {
        org.trail.push(past(event, &org, ids, now));
    }
    Ok(org)
}

fn past(event: &SeedEvent, org: &Organization, ids: &mut Ids, now: Timestamp) -> TrailEvent {
    let at = now - SignedDuration::from_mins(event.minutes_ago);
    let id = ids.uuid().to_string();
    let mut record = Map::new();
    for (name, value) in [
        ("eventTime", json!(format!("{at:.0}"))),
        ("eventSource", json!(event.source)),
        ("eventName", json!(event.name)),
        ("eventID", json!(id)),
        ("awsRegion", json!(org.region)),
        ("recipientAccountId", json!(org.management)),
    ] {
        record.insert(name.into(), value);
    }
    for (name, value) in [("errorCode", &event.error), ("errorMessage", &event.message)] {
        if let Some(value) = value {
            record.insert(name.into(), json!(value));
        }
    }
    TrailEvent {
        id,
        at,
        name: event.name.clone(),
        source: event.source.clone(),
        username: None,
        access_key: None,
        read_only: false,
        record,
    }
}

fn accounts(seed: &Seed, org: &mut Organization, ids: &mut Ids, since: Timestamp) {
    let named = |name: &str, management| SeedAccount {
        name: name.into(),
        management,
        ..SeedAccount::default()
    };
    let mut accounts = seed.accounts.clone();
    if accounts.is_empty() {
        accounts = vec![
            named("Management", true),
            named("Log archive", false),
            named("Sandbox", false),
        ];
    }
    accounts.extend((1..=seed.generate.accounts).map(|n| named(&format!("Account {n:03}"), false)));
    for account in accounts {
        let parent = match account.unit {
            None => org.root.clone(),
            Some(name) => match org.units.iter().find(|(_, unit)| unit.name == name) {
                Some((id, _)) => id.clone(),
                None => {
                    let id = format!("ou-{}-{}", org.root.trim_start_matches("r-"), ids.hex(8));
                    org.units.insert(
                        id.clone(),
                        Unit {
                            name,
                            parent: org.root.clone(),
                        },
                    );
                    id
                }
            },
        };
        let id = account.id.unwrap_or_else(|| ids.digits(12));
        let word: String = account
            .name
            .to_lowercase()
            .chars()
            .map(|c| if c.is_alphanumeric() { c } else { '-' })
            .collect();
        if account.management || org.management.is_empty() {
            org.management = id.clone();
        }
        if account.delegate {
            org.delegates.insert(("sso.amazonaws.com".into(), id.clone()));
        }
        let made = Account {
            id: id.clone(),
            name: account.name,
            email: format!("aws+{word}@contoso.com"),
            parent,
            state: account.state.unwrap_or_else(|| "ACTIVE".into()),
            policies: account.policies.into_iter().collect(),
            tags: account.tags,
            joined: since,
        };
        org.accounts.insert(id, made);
    }
}

fn key(seed: &Seed, org: &mut Organization, ids: &mut Ids, now: Timestamp) -> Result<(), String> {
    let account = match &seed.caller_account {
        None => org.management.clone(),
        Some(name) => account_named(org, name)?,
    };
    let temporary = seed.caller.starts_with("assumed-role/");
    let (kind, service) = if temporary { ("ASIA", "sts") } else { ("AKIA", "iam") };
    let id = format!("{kind}{}", ids.alphanumeric(16).to_uppercase());
    let prefix = if temporary { "AROA" } else { "AIDA" };
    let unique = format!("{prefix}{}", ids.alphanumeric(17).to_uppercase());
    let session = seed.caller.rsplit('/').next().unwrap_or_default();
    let key = AccessKey {
        secret: ids.alphanumeric(40),
        session_token: temporary.then(|| ids.alphanumeric(356)),
        arn: format!("arn:{}:{service}::{account}:{}", org.partition, seed.caller),
        user_id: if temporary {
            format!("{unique}:{session}")
        } else {
            unique
        },
        account,
        expires: seed
            .key_expires_s
            .map(|seconds| now + SignedDuration::from_secs(seconds)),
    };
    org.keys.insert(id, key);
    Ok(())
}

fn account_named(org: &Organization, name: &str) -> Result<String, String> {
    let mut accounts = org.accounts.values();
    let found = accounts.find(|account| account.name == name);
    found
        .map(|account| account.id.clone())
        .ok_or_else(|| format!("there is no account {name}"))
}

fn fill(
    seed: &Seed,
    org: &Organization,
    instance: &mut Instance,
    ids: &mut Ids,
    since: Timestamp,
    now: Timestamp,
) -> Result<(), String> {
    instance.permission_sets_enabled = seed.permission_sets_enabled;
    instance.abac = seed.abac.clone();
    instance.source = match seed.source.as_str() {
        "identity-center" => Source::IdentityCenter,
        "active-directory" => Source::ActiveDirectory,
        // Who it is and what it signs with is known to the other side.
        "external" => Source::External(IdentityProvider {
            entity_id: String::new(),
            sign_in_url: String::new(),
            certificates: Vec::new(),
        }),
        other => return Err(format!("there is no identity source {other}")),
    };
    if let Some(word) = &seed.kms_key {
        let usable = match word.as_str() {
            "usable" => true,
            "denied" => false,
            other => return Err(format!("kms_key is `usable` or `denied`, not {other}")),
        };
        let (partition, region, account) = (&org.partition, &org.region, &org.management);
        let arn = format!("arn:{partition}:kms:{region}:{account}:key/{}", ids.uuid());
        instance.key = Some(Key { arn, usable });
    }
    if !seed.token_ages_days.is_empty() {
        let tenant = format!("{}{}", ids.alphanumeric(3), ids.uuid());
        let token = |ids: &mut Ids, days: i64| ScimToken {
            id: ids.uuid().to_string(),
            secret: STANDARD.encode(ids.bytes(600)),
            created: now - SignedDuration::from_hours(days * 24),
        };
        let tokens = seed.token_ages_days.iter().map(|&days| token(ids, days)).collect();
        instance.provisioning = Some(Provisioning { tenant, tokens });
    }
    people(seed, org, instance, ids, since)?;
    sets(seed, org, instance, ids, since);
    for wanted in &seed.assignments {
        let assignment = assignment(wanted, org, instance, ids)?;
        let version = instance.permission_sets[&assignment.permission_set].version;
        instance
            .provisioned
            .insert((assignment.permission_set.clone(), assignment.account.clone()), version);
        instance.assignments.insert(assignment);
    }
    Ok(())
}

fn people(
    seed: &Seed,
    org: &Organization,
    instance: &mut Instance,
    ids: &mut Ids,
    since: Timestamp,
) -> Result<(), String> {
    let issuer = format!("{}/provisioningtenant/earlier", org.store_arn(instance));
    let external = |id: &Option<String>| {
        id.as_ref().map(|id| ExternalId {
            issuer: issuer.clone(),
            id: id.clone(),
        })
    };
    let generated = (1..=seed.generate.users).map(|n| SeedUser {
        user_name: format!("user{n:04}@contoso.onmicrosoft.com"),
        given_name: "User".into(),
        family_name: format!("{n:04}"),
        ..SeedUser::default()
    });
    for user in seed.users.iter().cloned().chain(generated) {
        let display = user
            .display_name
            .unwrap_or_else(|| format!("{} {}", user.given_name, user.family_name));
        let mut attributes: Map<String, Value> = Map::new();
        attributes.insert("UserName".into(), json!(user.user_name));
        attributes.insert("DisplayName".into(), json!(display));
        attributes.insert(
            "Name".into(),
            json!({"GivenName": user.given_name, "FamilyName": user.family_name}),
        );
        if let Some(email) = user.email {
            attributes.insert(
                "Emails".into(),
                json!([{"Value": email, "Type": "work", "Primary": true}]),
            );
        }
        let enterprise = user
            .department
            .map(|department| ("department".to_owned(), json!(department)))
            .into_iter()
            .collect();
        let record = Record::new(since, "console");
        let made = User {
            attributes,
            enterprise,
            external_id: external(&user.external_id),
            active: !user.disabled,
            record,
        };
        instance
            .directory
            .users
            .insert(Directory::new_id(&instance.store_id, ids.uuid()), made);
    }
    for group in &seed.groups {
        let id = Directory::new_id(&instance.store_id, ids.uuid());
        for member in &group.members {
            let user = instance.directory.user_named(member).map(|(id, _)| id.clone());
            let user = user.ok_or_else(|| format!("group {} has an unknown member {member}", group.display_name))?;
            instance
                .directory
                .memberships
                .insert(Directory::new_id(&instance.store_id, ids.uuid()), (id.clone(), user));
        }
        let record = Record::new(since, "console");
        let made = Group {
            display_name: group.display_name.clone(),
            description: None,
            external_id: external(&group.external_id),
            record,
        };
        instance.directory.groups.insert(id, made);
    }
    Ok(())
}

fn sets(seed: &Seed, org: &Organization, instance: &mut Instance, ids: &mut Ids, since: Timestamp) {
    let generated = (1..=seed.generate.permission_sets).map(|n| SeedSet {
        name: format!("Set{n:02}"),
        ..SeedSet::default()
    });
    for set in seed.permission_sets.iter().cloned().chain(generated) {
        let arn = format!(
            "arn:{}:sso:::permissionSet/ssoins-{}/ps-{}",
            org.partition,
            instance.short_id,
            ids.hex(16)
        );
        let policy = |name: String| {
            (
                format!("arn:{}:iam::aws:policy/{name}", org.partition),
                name.rsplit('/').next().unwrap_or_default().to_owned(),
            )
        };
        let path = |policy: String| {
            policy
                .rsplit_once('/')
                .map_or(("/".to_owned(), policy.clone()), |(path, name)| {
                    (format!("{path}/"), name.to_owned())
                })
        };
        let made = PermissionSet {
            name: set.name,
            description: set.description,
            session_duration: set.session_duration.unwrap_or_else(|| "PT1H".into()),
            relay_state: set.relay_state,
            inline_policy: set.inline_policy,
            managed: set.managed.into_iter().map(policy).collect(),
            customer_managed: set.customer_managed.into_iter().map(path).collect(),
            boundary: set
                .boundary
                .map(|name| json!({ "ManagedPolicyArn": format!("arn:{}:iam::aws:policy/{name}", org.partition) })),
            tags: set.tags,
            created: since,
            version: 1,
        };
        instance.permission_sets.insert(arn, made);
    }
}

fn assignment(
    wanted: &SeedAssignment,
    org: &Organization,
    instance: &Instance,
    ids: &mut Ids,
) -> Result<Assignment, String> {
    let set = instance.set_named(&wanted.permission_set).map(|(arn, _)| arn.clone());
    let permission_set = set.ok_or_else(|| format!("there is no permission set {}", wanted.permission_set))?;
    let account = account_named(org, &wanted.account)?;
    let gone = |ids: &mut Ids| Some(Directory::new_id(&instance.store_id, ids.uuid()));
    let (kind, principal) = match (&wanted.user, &wanted.group) {
        (_, Some(_)) if wanted.dangling => ("GROUP", gone(ids)),
        _ if wanted.dangling => ("USER", gone(ids)),
        (Some(user), None) => ("USER", instance.directory.user_named(user).map(|(id, _)| id.clone())),
        (None, Some(group)) => ("GROUP", instance.directory.group_named(group).map(|(id, _)| id.clone())),
        _ => return Err("an assignment needs a user or a group".into()),
    };
    let principal = principal.ok_or_else(|| format!("there is no such {kind} for {}", wanted.permission_set))?;
    Ok(Assignment {
        account,
        permission_set,
        principal_type: kind.into(),
        principal,
    })
}
