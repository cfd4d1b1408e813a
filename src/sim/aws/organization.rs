//! What an AWS organization with IAM Identity Center is made of.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::directory::Directory;

/// An AWS organization, its Identity Center instance, and its event history.
#[derive(Debug, Clone)]
pub struct Organization {
    /// The target's name.
    pub name: String,
    /// `aws`, `aws-us-gov`, `aws-cn`.
    pub partition: String,
    /// The primary Region of the instance.
    pub region: String,
    /// The organization's id, `o-…`.
    pub id: String,
    /// The root's id, `r-…`.
    pub root: String,
    /// The management account.
    pub management: String,
    /// All accounts by id.
    pub accounts: BTreeMap<String, Account>,
    /// Organizational units by id.
    pub units: BTreeMap<String, Unit>,
    /// Delegated administrators: service principal and account.
    pub delegates: BTreeSet<(String, String)>,
    /// Services with trusted access.
    pub trusted: BTreeSet<String>,
    /// Access keys by id.
    pub keys: BTreeMap<String, AccessKey>,
    /// Identity Center, if it is enabled.
    pub instance: Option<Instance>,
    /// CloudTrail's history, oldest first.
    pub trail: Vec<TrailEvent>,
}

/// An account.
#[derive(Debug, Clone)]
pub struct Account {
    /// Twelve digits.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The root user's e-mail address.
    pub email: String,
    /// The root or unit it is in.
    pub parent: String,
    /// `ACTIVE`, `SUSPENDED` and so on.
    pub state: String,
    /// Customer managed policies in it, as path and name (`/team/ReadLogs`).
    pub policies: BTreeSet<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// When it joined.
    pub joined: Timestamp,
}

/// An organizational unit.
#[derive(Debug, Clone)]
pub struct Unit {
    /// Its name.
    pub name: String,
    /// The root or unit it is in.
    pub parent: String,
}

/// A fake access key and who it is.
#[derive(Debug, Clone)]
pub struct AccessKey {
    /// The secret half.
    pub secret: String,
    /// For temporary ones.
    pub session_token: Option<String>,
    /// The caller's ARN.
    pub arn: String,
    /// The caller's unique id.
    pub user_id: String,
    /// The caller's account.
    pub account: String,
    /// When it ends, if it does.
    pub expires: Option<Timestamp>,
}

/// An Identity Center organization instance.
#[derive(Debug, Clone)]
pub struct Instance {
    /// Its ARN.
    pub arn: String,
    /// The sixteen characters after `ssoins-`.
    pub short_id: String,
    /// The identity store's id, `d-…`.
    pub store_id: String,
    /// Its name.
    pub display_name: Option<String>,
    /// When it was enabled.
    pub created: Timestamp,
    /// Whether multi-account permissions are on.
    pub permission_sets_enabled: bool,
    /// Tags of the instance itself.
    pub tags: BTreeMap<String, String>,
    /// Attributes for access control by key, if the feature is on.
    pub abac: Option<BTreeMap<String, String>>,
    /// Permission sets by ARN.
    pub permission_sets: BTreeMap<String, PermissionSet>,
    /// Who may use what where.
    pub assignments: BTreeSet<Assignment>,
    /// Permission set and account, and the version of the set that is there.
    pub provisioned: BTreeMap<(String, String), u64>,
    /// Asynchronous work, under way and done.
    pub operations: Vec<Operation>,
    /// Users and groups.
    pub directory: Directory,
    /// Where identities come from.
    pub source: Source,
    /// The tenant id in the assertion consumer service addresses.
    pub acs_tenant: String,
    /// Whether the instance is old enough to have the `signin.aws.amazon.com` address too.
    pub old_acs: bool,
    /// Automatic provisioning, if it is enabled.
    pub provisioning: Option<Provisioning>,
    /// What whoever clicks in the console remembers of the time before the first change there. Nobody's API tells it.
    pub remembered: Option<Remembered>,
    /// The customer managed key that everything in it is encrypted with, if there is one.
    pub key: Option<Key>,
}

/// A customer managed key of AWS KMS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its ARN.
    pub arn: String,
    /// Whether the caller may use it.
    pub usable: bool,
}

/// A permission set.
#[derive(Debug, Clone, Default)]
pub struct PermissionSet {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// ISO 8601.
    pub session_duration: String,
    /// Where the console opens.
    pub relay_state: Option<String>,
    /// The inline policy.
    pub inline_policy: Option<String>,
    /// AWS managed policies: ARN and name.
    pub managed: BTreeMap<String, String>,
    /// Customer managed policies: path and name.
    pub customer_managed: BTreeSet<(String, String)>,
    /// The permissions boundary, as the API takes it.
    pub boundary: Option<Value>,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// When it was made.
    pub created: Timestamp,
    /// Counts changes that accounts have to be told of.
    pub version: u64,
}

/// An account assignment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Assignment {
    /// The account.
    pub account: String,
    /// The permission set's ARN.
    pub permission_set: String,
    /// `USER` or `GROUP`.
    pub principal_type: String,
    /// The user's or group's id.
    pub principal: String,
}

/// Kinds of asynchronous work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// CreateAccountAssignment.
    Assign,
    /// DeleteAccountAssignment.
    Unassign,
    /// ProvisionPermissionSet.
    Provision,
}

/// Asynchronous work.
#[derive(Debug, Clone)]
pub struct Operation {
    /// The request id it is asked about by.
    pub id: String,
    /// What it does.
    pub doing: Doing,
    /// To what. A provisioning of all accounts has no account; one of a set has no principal.
    pub on: Assignment,
    /// When it began.
    pub created: Timestamp,
    /// When it ends.
    pub due: Timestamp,
    /// Why it fails, if it does.
    pub failure: Option<String>,
    /// Whether it has ended.
    pub over: bool,
}

impl Operation {
    /// `IN_PROGRESS`, `SUCCEEDED` or `FAILED`.
    pub fn status(&self) -> &'static str {
        match (self.over, &self.failure) {
            (false, _) => "IN_PROGRESS",
            (true, None) => "SUCCEEDED",
            (true, Some(_)) => "FAILED",
        }
    }
}

/// Where identities come from.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// The Identity Center directory.
    IdentityCenter,
    /// Active Directory.
    ActiveDirectory,
    /// An external identity provider.
    External(IdentityProvider),
}

/// What AWS knows of the external identity provider.
#[derive(Debug, Clone, PartialEq)]
pub struct IdentityProvider {
    /// Its entity id.
    pub entity_id: String,
    /// Where it signs people in.
    pub sign_in_url: String,
    /// Its signing certificates, DER.
    pub certificates: Vec<Vec<u8>>,
}

/// How the settings page looked before somebody changed something there.
#[derive(Debug, Clone, PartialEq)]
pub struct Remembered {
    /// The identity source.
    pub source: Source,
    /// Whether automatic provisioning was enabled.
    pub provisioning: bool,
}

/// Automatic provisioning.
#[derive(Debug, Clone)]
pub struct Provisioning {
    /// The tenant id in the endpoint.
    pub tenant: String,
    /// Its tokens, oldest first, two at most.
    pub tokens: Vec<ScimToken>,
}

/// A SCIM access token.
#[derive(Debug, Clone)]
pub struct ScimToken {
    /// A name that is no secret.
    pub id: String,
    /// The token.
    pub secret: String,
    /// When it was made.
    pub created: Timestamp,
}

impl ScimToken {
    /// Tokens live for a year.
    pub fn expires(&self) -> Timestamp {
        self.created + SignedDuration::from_hours(365 * 24)
    }
}

/// An event in CloudTrail's history.
#[derive(Debug, Clone)]
pub struct TrailEvent {
    /// Its id.
    pub id: String,
    /// When it happened.
    pub at: Timestamp,
    /// What.
    pub name: String,
    /// The service.
    pub source: String,
    /// Who, if known.
    pub username: Option<String>,
    /// The key used, if any.
    pub access_key: Option<String>,
    /// Whether it only read.
    pub read_only: bool,
    /// The record.
    pub record: Map<String, Value>,
}

impl Organization {
    /// The suffix of AWS hosts in this partition.
    pub fn suffix(&self) -> &'static str {
        match self.partition.as_str() {
            "aws-cn" => "amazonaws.com.cn",
            _ => "amazonaws.com",
        }
    }

    /// An account's ARN in the organization.
    pub fn account_arn(&self, account: &str) -> String {
        format!(
            "arn:{}:organizations::{}:account/{}/{account}",
            self.partition, self.management, self.id
        )
    }

    /// The identity store's ARN.
    pub fn store_arn(&self, instance: &Instance) -> String {
        format!(
            "arn:{}:identitystore::{}:identitystore/{}",
            self.partition, self.management, instance.store_id
        )
    }

    /// The address of the access portal.
    pub fn portal_url(&self, instance: &Instance) -> String {
        match self.partition.as_str() {
            "aws-us-gov" => format!("https://start.us-gov-home.awsapps.com/directory/{}", instance.store_id),
            "aws-cn" => format!(
                "https://start.{}.home.awsapps.cn/directory/{}",
                self.region, instance.store_id
            ),
            _ => format!("https://{}.awsapps.com/start", instance.store_id),
        }
    }

    /// The service provider's entity id, called Issuer URL in the console.
    pub fn issuer_url(&self, instance: &Instance) -> String {
        let host = match self.partition.as_str() {
            "aws-us-gov" => format!("{}.signin.amazonaws-us-gov.com", self.region),
            "aws-cn" => format!("{}.signin.amazonaws.cn", self.region),
            _ => format!("{}.signin.aws.amazon.com", self.region),
        };
        format!("https://{host}/platform/saml/{}", instance.store_id)
    }

    /// The assertion consumer service addresses: IPv4, dual stack, and the old form where the instance is old.
    pub fn acs_urls(&self, instance: &Instance) -> Vec<String> {
        let region = &self.region;
        let mut hosts = match self.partition.as_str() {
            "aws-us-gov" => vec![
                format!("{region}.signin-fips.amazonaws-us-gov.com"),
                format!("{region}.sso.signin-fips.amazonaws-us-gov.com"),
            ],
            "aws-cn" => vec![format!("{region}.signin.amazonaws.cn")],
            _ => vec![format!("{region}.signin.aws"), format!("{region}.sso.signin.aws")],
        };
        if instance.old_acs && self.partition == "aws" {
            hosts.insert(0, format!("{region}.signin.aws.amazon.com"));
        }
        hosts
            .iter()
            .map(|host| format!("https://{host}/platform/saml/acs/{}", instance.acs_tenant))
            .collect()
    }

    /// Whether this account may do what only the management account and the delegated administrator may.
    pub fn administers(&self, account: &str) -> bool {
        account == self.management
            || self
                .delegates
                .contains(&("sso.amazonaws.com".to_owned(), account.to_owned()))
    }

    /// Ends what is due.
    pub fn settle(&mut self, now: Timestamp) {
        if let Some(instance) = &mut self.instance {
            instance.settle(now);
        }
    }
}

impl Instance {
    /// Ends the asynchronous work that is due, in the order in which it is.
    pub fn settle(&mut self, now: Timestamp) {
        let mut due: Vec<usize> = (0..self.operations.len())
            .filter(|&n| !self.operations[n].over && self.operations[n].due <= now)
            .collect();
        due.sort_by_key(|&n| self.operations[n].due);
        for n in due {
            self.operations[n].over = true;
            if self.operations[n].failure.is_none() {
                let (doing, on) = (self.operations[n].doing, self.operations[n].on.clone());
                self.take_effect(doing, on);
            }
        }
    }

    fn take_effect(&mut self, doing: Doing, on: Assignment) {
        let version = self
            .permission_sets
            .get(&on.permission_set)
            .map_or(0, |set| set.version);
        let place = (on.permission_set.clone(), on.account.clone());
        match doing {
            Doing::Assign => {
                self.provisioned.insert(place, version);
                self.assignments.insert(on);
            }
            Doing::Unassign => {
                self.assignments.remove(&on);
                if !self
                    .assignments
                    .iter()
                    .any(|a| (&a.permission_set, &a.account) == (&place.0, &place.1))
                {
                    self.provisioned.remove(&place);
                }
            }
            Doing::Provision => {
                for ((set, account), there) in &mut self.provisioned {
                    if *set == on.permission_set && (on.account.is_empty() || *account == on.account) {
                        *there = version;
                    }
                }
            }
        }
    }

    /// The permission set of this name.
    pub fn set_named(&self, name: &str) -> Option<(&String, &PermissionSet)> {
        self.permission_sets.iter().find(|(_, set)| set.name == name)
    }
}
