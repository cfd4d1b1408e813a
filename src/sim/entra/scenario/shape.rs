//! The `[entra]` table as it is written.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::super::{
    state::{Cloud, Domain, Settings},
    tokens::Client,
};

const TENANT: &str = "2f6a1d0b-6d0c-4e3b-8a7c-53af575f6d0c";

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Plan {
    pub(super) tenant_id: String,
    pub(super) name: String,
    pub(super) cloud: Cloud,
    pub(super) domain: Vec<Domain>,
    pub(super) settings: Settings,
    pub(super) client: Vec<Client>,
    pub(super) user: Vec<User>,
    pub(super) many: Vec<Many>,
    pub(super) group: Vec<Group>,
    pub(super) app: Vec<App>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            tenant_id: TENANT.into(),
            name: "Contoso".into(),
            cloud: Cloud::Global,
            domain: Vec::new(),
            settings: Settings::default(),
            client: Vec::new(),
            user: Vec::new(),
            many: Vec::new(),
            group: Vec::new(),
            app: Vec::new(),
        }
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct User {
    pub(super) upn: String,
    /// Its object id; from the seed, if none is given.
    pub(super) id: Option<String>,
    pub(super) given_name: Option<String>,
    pub(super) family_name: Option<String>,
    pub(super) display_name: Option<String>,
    pub(super) department: Option<String>,
    pub(super) mail: Option<String>,
    pub(super) guest: bool,
    pub(super) disabled: bool,
    pub(super) deleted: bool,
    pub(super) manager: Option<String>,
    pub(super) roles: Vec<String>,
    /// Further properties as Graph spells them.
    pub(super) properties: Map<String, Value>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Many {
    pub(super) count: u32,
    pub(super) upn: String,
    #[serde(default)]
    pub(super) department: Option<String>,
    /// Put into this group.
    #[serde(default)]
    pub(super) group: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Group {
    pub(super) name: String,
    #[serde(default)]
    pub(super) members: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct App {
    pub(super) name: String,
    /// `aws`, `aws-single-account`, `custom`.
    #[serde(default = "aws")]
    pub(super) template: String,
    #[serde(default)]
    pub(super) saml: bool,
    /// The AWS target it is connected with: identifier, reply addresses and sign-on address are that organization's.
    #[serde(default)]
    pub(super) target: Option<String>,
    /// The certificate AWS knows: `active`, the one in use, or `another`.
    #[serde(default = "active")]
    pub(super) aws_knows: String,
    #[serde(default)]
    pub(super) notes: Option<String>,
    /// Words that a tool put on it, besides those of its template.
    #[serde(default)]
    pub(super) tags: Vec<String>,
    /// User principal names and group names.
    #[serde(default)]
    pub(super) assigned: Vec<String>,
    #[serde(default)]
    pub(super) certificate: Option<SigningCertificate>,
    /// The customClaimsPolicy, as Graph takes it.
    #[serde(default)]
    pub(super) claims: Option<Map<String, Value>>,
    /// A claimsMappingPolicy assigned to it: its definition.
    #[serde(default)]
    pub(super) mapping_policy: Option<String>,
    #[serde(default)]
    pub(super) provisioning: Option<Provisioning>,
}

fn aws() -> String {
    "aws".into()
}

fn active() -> String {
    "active".into()
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SigningCertificate {
    /// Days it is still valid; below zero it has ended.
    pub(super) days_left: i64,
    /// Made, but not the one in use.
    #[serde(default)]
    pub(super) inactive: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Provisioning {
    /// `disabled`, `active`, `paused`.
    #[serde(default)]
    pub(super) state: String,
    /// `target` for what the AWS organization has, `wrong` for a token it does not know, `none`.
    #[serde(default)]
    pub(super) credentials: String,
    #[serde(default)]
    pub(super) all: bool,
    /// Overrides the mappings of the settings.
    #[serde(default)]
    pub(super) mappings: Option<String>,
    #[serde(default)]
    pub(super) notify: Option<String>,
    /// In quarantine for so many hours.
    #[serde(default)]
    pub(super) quarantine_hours: Option<i64>,
    /// The first cycle is long over.
    #[serde(default)]
    pub(super) settled: bool,
    /// The last cycle ended so many hours ago, and none has begun since.
    #[serde(default)]
    pub(super) stalled_hours: Option<i64>,
    /// So many objects failed in that cycle, and wait to be tried again.
    #[serde(default)]
    pub(super) escrowed: u64,
    /// Further mappings of users: attribute in the target, and what goes there.
    #[serde(default)]
    pub(super) also: Vec<(String, String)>,
}
