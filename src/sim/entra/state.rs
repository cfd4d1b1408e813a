//! One Entra tenant in memory.
//!
//! Directory objects are kept as the JSON that Graph shows, so that `$select`, PATCH and the shape check need no second
//! description. What Graph never shows (secrets, keys, when a copy catches up) stands beside it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    certificate::Certificate, graph::delta::Round, ids::Ids, provisioning::job::Job, sign_in::SignIn, tokens::Login,
};

/// The properties of a directory object.
pub type Props = Map<String, Value>;

/// Which cloud the tenant lives in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cloud {
    /// The worldwide cloud.
    #[default]
    Global,
    /// US Government L4.
    UsGovL4,
    /// US Government L5.
    UsGovL5,
    /// China, by 21Vianet.
    China,
}

/// A directory object.
#[derive(Debug, Clone)]
pub struct Entity {
    /// What Graph shows.
    pub props: Props,
    /// When it was made: copies that lag do not have it yet.
    pub made: Timestamp,
}

impl Entity {
    /// A text property.
    pub fn text(&self, name: &str) -> &str {
        self.props.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// The texts of a list property.
    pub fn texts(&self, name: &str) -> Vec<&str> {
        let items = self.props.get(name).and_then(Value::as_array);
        items
            .map(|items| items.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default()
    }

    /// The object as Graph shows it.
    pub fn value(&self) -> Value {
        Value::Object(self.props.clone())
    }

    /// Sets a property.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.props.insert(name.to_owned(), value.into());
    }
}

/// Objects of one kind by id.
pub type Directory = BTreeMap<String, Entity>;

/// The kinds that have a recycle bin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// microsoft.graph.application
    Application,
    /// microsoft.graph.servicePrincipal
    ServicePrincipal,
    /// microsoft.graph.user
    User,
    /// microsoft.graph.group
    Group,
}

impl Kind {
    /// The word in `@odata.type` and paths.
    pub fn word(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::ServicePrincipal => "servicePrincipal",
            Self::User => "user",
            Self::Group => "group",
        }
    }
}

/// Something in the recycle bin.
#[derive(Debug, Clone)]
pub struct Deleted {
    /// What it was.
    pub kind: Kind,
    /// The object, with `deletedDateTime`.
    pub entity: Entity,
}

/// A domain of the tenant.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Domain {
    /// Its name.
    pub name: String,
    /// New users get it by default.
    #[serde(default)]
    pub default: bool,
    /// `Managed` or `Federated`.
    #[serde(default = "managed")]
    pub authentication: String,
    /// Verified.
    #[serde(default = "yes")]
    pub verified: bool,
}

fn managed() -> String {
    "Managed".into()
}

fn yes() -> bool {
    true
}

/// What a scenario may turn. Numbers of seconds are simulated seconds.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// A new object is seen by reads after this long, on a fine day.
    pub lag_s: f64,
    /// Further: other objects may refer to it, and it may be changed, only after this long.
    pub write_lag_s: f64,
    /// Objects in a page where the client asks for no size.
    pub page_size: usize,
    /// The tenant has Microsoft Entra ID P1 or P2.
    pub premium: bool,
    /// What GET claimsPolicy answers before any was made: `not-found` or `default`.
    pub claims_policy_before: String,
    /// Deleted security groups go to the recycle bin.
    pub group_recycle_bin: bool,
    /// Default mappings of the gallery application: `modern` or `classic` (with the duplicates of old).
    pub mappings: String,
    /// What the first word of an on-demand answer is: `object` or `typed-array`.
    pub on_demand_form: String,
    /// Length of an initial provisioning cycle.
    pub initial_cycle_s: f64,
    /// Time between two provisioning cycles.
    pub cycle_s: f64,
    /// Provisioning on demand takes this long.
    pub on_demand_s: f64,
    /// Log entries show after this long.
    pub log_lag_s: f64,
    /// A new signing certificate is in the metadata after this long.
    pub metadata_lag_s: f64,
    /// Sign-in tokens live this long.
    pub token_life_s: f64,
    /// The person with the device code needs this long to sign in.
    pub device_code_s: f64,
    /// Conditional Access forbids the device code flow.
    pub device_code_blocked: bool,
    /// The tenant's app management policy also refuses foreign identifier URIs on SAML applications.
    pub identifier_policy: bool,
    /// The templates are not in this cloud's gallery.
    pub withdrawn_templates: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            lag_s: 1.0,
            write_lag_s: 3.0,
            page_size: 5,
            premium: true,
            claims_policy_before: "not-found".into(),
            group_recycle_bin: true,
            mappings: "modern".into(),
            on_demand_form: "object".into(),
            initial_cycle_s: 1200.0,
            cycle_s: 2400.0,
            on_demand_s: 6.0,
            log_lag_s: 20.0,
            metadata_lag_s: 5.0,
            token_life_s: 3900.0,
            device_code_s: 12.0,
            device_code_blocked: false,
            identifier_policy: false,
            withdrawn_templates: Vec::new(),
        }
    }
}

/// Seconds of a scenario as a span.
pub fn span(seconds: f64) -> SignedDuration {
    SignedDuration::try_from_secs_f64(seconds).unwrap_or(SignedDuration::ZERO)
}

/// A log line and when it can be read.
#[derive(Debug, Clone)]
pub struct Logged {
    /// When it shows.
    pub shows: Timestamp,
    /// What Graph shows.
    pub value: Value,
}

/// The tenant.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// Tenant id.
    pub id: String,
    /// Display name.
    pub name: String,
    /// Which cloud.
    pub cloud: Cloud,
    /// Verified and other domains; the first is the initial one.
    pub domains: Vec<Domain>,
    /// What the scenario turned.
    pub settings: Settings,
    /// Where ids come from.
    pub ids: Ids,
    /// Users.
    pub users: Directory,
    /// Manager of a user.
    pub managers: BTreeMap<String, String>,
    /// Template ids of the directory roles of a user.
    pub roles: BTreeMap<String, Vec<String>>,
    /// Groups.
    pub groups: Directory,
    /// Direct members (users and groups) by group, in the order they were added.
    pub members: BTreeMap<String, Vec<String>>,
    /// Application objects.
    pub applications: Directory,
    /// Service principals.
    pub service_principals: Directory,
    /// App role assignments.
    pub assignments: Directory,
    /// SAML signing certificates by service principal.
    pub certificates: BTreeMap<String, Vec<Certificate>>,
    /// The tenant's own signing certificate.
    pub certificate: Certificate,
    /// customClaimsPolicy by service principal.
    pub claims: BTreeMap<String, Value>,
    /// claimsMappingPolicies.
    pub mapping_policies: Directory,
    /// Those assigned, by service principal.
    pub assigned_policies: BTreeMap<String, Vec<String>>,
    /// The recycle bin.
    pub deleted: BTreeMap<String, Deleted>,
    /// Synchronization jobs by service principal.
    pub jobs: BTreeMap<String, Vec<Job>>,
    /// Synchronization secrets by service principal, in the order they were put.
    pub secrets: BTreeMap<String, Vec<(String, String)>>,
    /// Users deleted for good, with their provisioning still to be undone.
    pub purged: Vec<String>,
    /// Provisioning log, oldest first.
    pub provisioning_log: Vec<Logged>,
    /// Directory audits, oldest first.
    pub audits: Vec<Logged>,
    /// SAML sign-ins, oldest first.
    pub sign_ins: Vec<SignIn>,
    /// The times that clients asked what has changed.
    pub rounds: Vec<Round>,
    /// Clients, tokens and codes.
    pub login: Login,
}

impl Tenant {
    /// An empty tenant.
    pub fn new(id: &str, name: &str, initial_domain: &str, seed: u64, now: Timestamp) -> Self {
        let mut ids = Ids::new(seed);
        let certificate = Certificate::tenant_wide(&mut ids, now);
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            cloud: Cloud::Global,
            domains: vec![Domain {
                name: initial_domain.to_owned(),
                default: true,
                authentication: managed(),
                verified: true,
            }],
            settings: Settings::default(),
            ids,
            users: Directory::new(),
            managers: BTreeMap::new(),
            roles: BTreeMap::new(),
            groups: Directory::new(),
            members: BTreeMap::new(),
            applications: Directory::new(),
            service_principals: Directory::new(),
            assignments: Directory::new(),
            certificates: BTreeMap::new(),
            certificate,
            claims: BTreeMap::new(),
            mapping_policies: Directory::new(),
            assigned_policies: BTreeMap::new(),
            deleted: BTreeMap::new(),
            jobs: BTreeMap::new(),
            secrets: BTreeMap::new(),
            purged: Vec::new(),
            provisioning_log: Vec::new(),
            audits: Vec::new(),
            sign_ins: Vec::new(),
            rounds: Vec::new(),
            login: Login::default(),
        }
    }

    /// Whether it has Microsoft Entra ID P1 or P2.
    pub fn premium(&self) -> bool {
        self.settings.premium
    }

    /// Whether this is the tenant's id or one of its verified domains.
    pub fn answers_to(&self, name: &str) -> bool {
        self.id.eq_ignore_ascii_case(name)
            || self
                .domains
                .iter()
                .any(|d| d.verified && d.name.eq_ignore_ascii_case(name))
    }

    /// The user with this id or user principal name.
    pub fn user(&self, id_or_upn: &str) -> Option<(&String, &Entity)> {
        self.users.get_key_value(id_or_upn).or_else(|| {
            self.users
                .iter()
                .find(|(_, user)| user.text("userPrincipalName").eq_ignore_ascii_case(id_or_upn))
        })
    }

    /// The application object behind a service principal.
    pub fn application_of(&self, sp: &str) -> Option<(&String, &Entity)> {
        let app_id = self.service_principals.get(sp)?.text("appId");
        self.applications.iter().find(|(_, app)| app.text("appId") == app_id)
    }

    /// The service principal of an application.
    pub fn service_principal_of(&self, app_id: &str) -> Option<(&String, &Entity)> {
        self.service_principals
            .iter()
            .find(|(_, sp)| sp.text("appId") == app_id)
    }

    /// Direct members of a group.
    pub fn members_of(&self, group: &str) -> &[String] {
        self.members.get(group).map(Vec::as_slice).unwrap_or_default()
    }

    /// The groups someone is a direct member of.
    pub fn groups_of(&self, member: &str) -> impl Iterator<Item = &String> {
        self.members
            .iter()
            .filter(move |(_, list)| list.iter().any(|m| m == member))
            .map(|(group, _)| group)
    }

    /// Who is assigned to a service principal: principal id to role ids.
    pub fn assigned_to<'a>(&'a self, sp: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let mine = self.assignments.values().filter(move |a| a.text("resourceId") == sp);
        mine.map(|a| (a.text("principalId"), a.text("appRoleId")))
    }

    /// The secrets of a service principal by key.
    pub fn secret(&self, sp: &str, key: &str) -> Option<&str> {
        let list = self.secrets.get(sp)?;
        list.iter()
            .find(|(k, v)| k == key && !v.is_empty())
            .map(|(_, v)| v.as_str())
    }

    /// A job by service principal and id.
    pub fn job_mut(&mut self, sp: &str, id: &str) -> Option<&mut Job> {
        self.jobs.get_mut(sp)?.iter_mut().find(|job| job.id == id)
    }

    /// Writes a directory audit.
    pub fn audit(&mut self, now: Timestamp, activity: &str, by: &Value, target: Value) {
        let id = self.ids.guid("audit", activity);
        let value = json!({
            "id": id,
            "activityDateTime": now,
            "activityDisplayName": activity,
            "additionalDetails": [],
            "category": "ApplicationManagement",
            "correlationId": self.ids.guid("correlation", activity),
            "initiatedBy": by,
            "loggedByService": "Core Directory",
            "operationType": "Update",
            "result": "success",
            "resultReason": "",
            "targetResources": [target],
        });
        self.audits.push(Logged {
            shows: now + span(self.settings.log_lag_s),
            value,
        });
    }
}
