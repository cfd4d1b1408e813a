//! What was read, once for all rules. An `Option` is empty where nothing is there; what could not be read stands in `unread`
//! besides, and no rule takes it for empty.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::finding::Unread;
use crate::{
    clients::{
        aws::{
            assignments::Assignment,
            cloudtrail::Event,
            identity_store::{Group as AwsGroup, User as AwsUser},
            instance::Instance,
            session::Caller,
        },
        entra::{applications::ServicePrincipal, policies::MappingPolicy, synchronization::Job, users::User},
    },
    steps::{people::Finding as PeopleFinding, preflight_entra::Lacking},
};

/// All that is known of one federation with one AWS organization.
#[derive(Debug, Default)]
pub struct Evidence {
    /// The AWS target.
    pub target: String,
    /// When it was read.
    pub now: Timestamp,
    /// So long before its end something is told.
    pub warn: Warn,
    /// The side of Entra.
    pub entra: Entra,
    /// The side of AWS.
    pub aws: Aws,
    /// What could not be read.
    pub unread: Vec<Unread>,
}

/// How long before its end something is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Warn(pub SignedDuration);

impl Default for Warn {
    fn default() -> Self {
        Self(SignedDuration::from_hours(30 * 24))
    }
}

/// The side of Entra.
#[derive(Debug, Default)]
pub struct Entra {
    /// The federation's application.
    pub application: Option<Application>,
    /// Applications of the single-account template.
    pub single_account: Vec<ServicePrincipal>,
    /// Rights that the sign-in lacks.
    pub lacking: Vec<Lacking>,
    /// The users in scope, each once; before there is an application, those the profile names.
    pub people: Vec<User>,
    /// What the profile's people who are not in the tenant yet will meet.
    pub planned: Vec<PeopleFinding>,
    /// The groups in scope.
    pub groups: Vec<Group>,
    /// Whether guests get another NameID than members.
    pub guests_have_own_name_id: bool,
    /// Who has access by the profile and should come by provisioning, by sign-in name or group name.
    pub expected: Vec<String>,
    /// Whether all who are in scope were read.
    pub scope_known: bool,
}

/// The federation's application.
#[derive(Debug, Default)]
pub struct Application {
    /// The service principal.
    pub principal: ServicePrincipal,
    /// The claims, where the application has a policy of its own.
    pub claims: Option<Value>,
    /// Claims mapping policies that are assigned to it and not meant to be.
    pub overriding: Vec<MappingPolicy>,
    /// The provisioning job.
    pub job: Option<Job>,
    /// Its schema.
    pub schema: Option<Value>,
    /// Whether it has a SCIM token.
    pub has_token: bool,
    /// The thumbprints of the certificates that AWS was given, as far as the journal knows.
    pub given_to_aws: Option<BTreeSet<String>>,
}

/// A group in scope.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Group {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// How many users directly belong to it.
    pub people: usize,
    /// The groups in it, by name.
    pub groups: Vec<String>,
}

/// The side of AWS.
#[derive(Debug, Default)]
pub struct Aws {
    /// Who asks.
    pub caller: Option<Caller>,
    /// The management account.
    pub management: Option<String>,
    /// Another way in that a person named.
    pub way_in: Option<String>,
    /// The instance.
    pub instance: Option<Instance>,
    /// The users.
    pub users: Vec<AwsUser>,
    /// The groups.
    pub groups: Option<Vec<AwsGroup>>,
    /// Whether all users were read.
    pub users_known: bool,
    /// All assignments.
    pub assignments: Vec<Assignment>,
    /// The accounts by id: name, and whether it is active.
    pub accounts: Option<BTreeMap<String, (String, bool)>>,
    /// The attributes for access control.
    pub abac: BTreeMap<String, String>,
    /// The IAM actions that are denied, each with the step that needs it.
    pub denied: Vec<(String, &'static str)>,
    /// Errors of the SCIM endpoint in the last hours.
    pub scim_errors: Vec<Event>,
    /// The last change of the identity source that CloudTrail knows.
    pub source_change: Option<Event>,
    /// When the SCIM token was made: whether there is one that is known of, and since when.
    pub token: Token,
}

/// What is known of the SCIM token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Token {
    /// None is known of.
    #[default]
    None,
    /// There is one, of unknown age.
    UnknownAge,
    /// It was made then.
    Since(Timestamp),
}
