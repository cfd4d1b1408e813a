//! The shape of a profile, after it has been read and checked.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use serde::Deserialize;

use super::endpoints::Endpoints;

/// Everything the operator decides about one federation.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Profile {
    /// The federation's name: of its journal, of its secrets, and in the marker of what it makes.
    #[serde(default)]
    pub federation: String,
    /// The identity provider.
    pub entra: Entra,
    /// The AWS organizations to connect. Never empty; names are unique.
    pub aws: Vec<AwsTarget>,
    /// Automatic provisioning.
    pub provisioning: Provisioning,
    /// What a person is called in a SAML assertion.
    pub name_id: NameId,
    /// Who takes part.
    pub people: People,
    /// The permission sets to make, those of the folder among them.
    pub permission_set: Vec<PermissionSet>,
    /// A folder of policies, each of which is a permission set.
    #[serde(default)]
    pub policy_folder: Option<PathBuf>,
    /// Who may do what where.
    pub assignment: Vec<Assignment>,
    /// Attribute-based access control, when it is wanted.
    #[serde(default)]
    pub abac: Option<Abac>,
    /// The human steps that are there to learn from.
    pub teaching: Teaching,
    /// Other addresses than the vendors' own.
    pub endpoints: Endpoints,
}

impl Profile {
    /// The mark left on what fedwiz makes, wherever the vendor has a place for one.
    pub fn marker(&self) -> String {
        format!("fedwiz:{}", self.federation)
    }

    /// The user with this sign-in name; names are compared without regard to case, as Entra does.
    pub fn user(&self, upn: &str) -> Option<&User> {
        self.people.user.iter().find(|user| user.upn.eq_ignore_ascii_case(upn))
    }

    /// The group with this name.
    pub fn group(&self, name: &str) -> Option<&Group> {
        self.people.group.iter().find(|group| group.name == name)
    }

    /// The permission set with this name.
    pub fn permission_set(&self, name: &str) -> Option<&PermissionSet> {
        self.permission_set.iter().find(|set| set.name == name)
    }

    /// The AWS target with this name.
    pub fn target(&self, name: &str) -> Option<&AwsTarget> {
        self.aws.iter().find(|target| target.name == name)
    }
}

/// The identity provider.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Entra {
    /// The tenant: its domain or its id.
    pub tenant: String,
    /// The Microsoft cloud the tenant lives in.
    pub cloud: Cloud,
    /// How fedwiz signs in.
    pub auth: Auth,
    /// The application registration to sign in with.
    #[serde(default)]
    pub client_id: Option<String>,
    /// The environment variable that holds the client secret, for `auth = "client-secret"`.
    pub client_secret_env: String,
    /// The PEM file with certificate and private key, for `auth = "client-certificate"`.
    #[serde(default)]
    pub client_certificate: Option<PathBuf>,
    /// The file with the federated token, for `auth = "workload-identity"`.
    #[serde(default)]
    pub federated_token_file: Option<PathBuf>,
    /// The enterprise application.
    pub application: Application,
    /// Whether calls that Microsoft marks as beta may be made where nothing else does the job.
    pub beta: bool,
    /// Whether teardown also empties what it deleted from the recycle bin.
    pub purge: bool,
}

/// A Microsoft cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cloud {
    /// Microsoft's public cloud.
    Global,
    /// US Government, GCC High.
    UsGovL4,
    /// US Government, DoD.
    UsGovL5,
    /// China, operated by 21Vianet.
    China,
}

/// How fedwiz signs in to Entra.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Auth {
    /// A code to type in at another device.
    DeviceCode,
    /// A browser on this machine.
    Browser,
    /// The account the Azure CLI is signed in with.
    AzureCli,
    /// An application with a client secret.
    ClientSecret,
    /// An application with a certificate.
    ClientCertificate,
    /// The identity of the Azure machine this runs on.
    ManagedIdentity,
    /// A token another identity provider gave this machine.
    WorkloadIdentity,
    /// The first of workload identity, managed identity and Azure CLI that answers.
    Chain,
}

/// The enterprise application.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Application {
    /// Its display name.
    pub name: String,
    /// What it is made from.
    pub kind: AppKind,
}

/// What the enterprise application is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AppKind {
    /// The gallery's AWS IAM Identity Center.
    Gallery,
    /// The template for applications that are in no gallery.
    NonGallery,
}

/// One AWS organization.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AwsTarget {
    /// Its name in plans, journals and `--target`.
    pub name: String,
    /// The profile of the AWS configuration to sign in with; without one, the SDK's own order decides.
    #[serde(default)]
    pub profile: Option<String>,
    /// A Region to start looking for the Identity Center instance in.
    #[serde(default)]
    pub region: Option<String>,
    /// Whether to call the FIPS endpoints; without an answer, in AWS GovCloud (US) only.
    #[serde(default)]
    pub fips: Option<bool>,
}

/// Automatic provisioning.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Provisioning {
    /// Who is provisioned.
    pub scope: Scope,
    /// Who is told when provisioning fails.
    #[serde(default)]
    pub notify: Option<String>,
    /// Conditions that a user must meet, all of them, to be provisioned.
    pub filter: Vec<Filter>,
    /// Users to provision at once instead of with the next cycle, by sign-in name.
    pub on_demand: Vec<String>,
}

/// Who is provisioned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Those assigned to the application.
    Assigned,
    /// All users and groups of the tenant.
    All,
}

/// One condition of a scoping filter.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Filter {
    /// The user's attribute, in the provisioning service's name: `department`.
    pub attribute: String,
    /// The provisioning service's operator: `EQUALS`.
    pub operator: String,
    /// What it is compared with; empty for operators that compare with nothing.
    pub value: String,
}

/// What a person is called in a SAML assertion. It must equal the user name in Identity Center, to the letter.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct NameId {
    /// The source for members: `user.userprincipalname`.
    pub members: String,
    /// The source for all guests; without one they are treated like members.
    #[serde(default)]
    pub guests: Option<String>,
}

/// Who takes part.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct People {
    /// The users.
    pub user: Vec<User>,
    /// The groups.
    pub group: Vec<Group>,
}

/// One user.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct User {
    /// The sign-in name in Entra.
    pub upn: String,
    /// The first name. Identity Center needs one.
    #[serde(default)]
    pub given_name: Option<String>,
    /// The last name. Identity Center needs one.
    #[serde(default)]
    pub family_name: Option<String>,
    /// The display name; without one, first and last name.
    #[serde(default)]
    pub display_name: Option<String>,
    /// The department.
    #[serde(default)]
    pub department: Option<String>,
    /// The e-mail address.
    #[serde(default)]
    pub mail: Option<String>,
    /// Whether fedwiz makes the user in Entra. Otherwise the user must exist and is only used.
    pub create: bool,
    /// How the user comes to Identity Center.
    pub aws: Arrival,
}

impl User {
    /// The display name, or the first and last name, or the part of the sign-in name before the `@`.
    pub fn shown_name(&self) -> String {
        if let Some(name) = &self.display_name {
            return name.clone();
        }
        let both: Vec<&str> = [&self.given_name, &self.family_name]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect();
        if both.is_empty() {
            self.alias().to_owned()
        } else {
            both.join(" ")
        }
    }

    /// The part of the sign-in name before the `@`.
    pub fn alias(&self) -> &str {
        self.upn.split('@').next().unwrap_or(&self.upn)
    }
}

/// How a user comes to Identity Center.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arrival {
    /// The provisioning service brings the user.
    Scim,
    /// fedwiz makes the user there, before provisioning is on.
    Manual,
}

/// One group. Groups come to Identity Center by provisioning.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Group {
    /// Its display name.
    pub name: String,
    /// Whether fedwiz makes the group in Entra.
    pub create: bool,
    /// Its members by sign-in name; only for a group that fedwiz makes.
    pub members: Vec<String>,
}

/// One permission set.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct PermissionSet {
    /// Its name.
    pub name: String,
    /// Its description.
    #[serde(default)]
    pub description: Option<String>,
    /// How long a session lasts, ISO 8601: `PT1H`.
    pub session_duration: String,
    /// The page a session starts on.
    #[serde(default)]
    pub relay_state: Option<String>,
    /// The inline policy as JSON text; a file named in the profile has been read.
    #[serde(default)]
    pub inline_policy: Option<String>,
    /// AWS managed policies, by name (`AdministratorAccess`, `job-function/Billing`) or ARN.
    pub managed_policies: Vec<String>,
    /// Customer managed policies, which must exist under this name and path in each account.
    pub customer_managed: Vec<CustomerManaged>,
    /// The permissions boundary.
    #[serde(default)]
    pub boundary: Option<Boundary>,
    /// Further tags.
    pub tags: BTreeMap<String, String>,
}

impl PermissionSet {
    /// One of this name, with nothing in it.
    pub fn named(name: String) -> Self {
        Self {
            name,
            description: None,
            session_duration: "PT1H".into(),
            relay_state: None,
            inline_policy: None,
            managed_policies: Vec::new(),
            customer_managed: Vec::new(),
            boundary: None,
            tags: BTreeMap::new(),
        }
    }
}

/// A customer managed policy, by name and path.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CustomerManaged {
    /// Its name.
    pub name: String,
    /// Its path: `/` or `/team/`.
    pub path: String,
}

/// A permissions boundary: exactly one of the two is there.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Boundary {
    /// An AWS managed policy, by name or ARN.
    #[serde(default)]
    pub managed_policy: Option<String>,
    /// A customer managed policy.
    #[serde(default)]
    pub customer_managed: Option<CustomerManaged>,
}

/// Who may do what where.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Assignment {
    /// The user or group.
    pub principal: Principal,
    /// The accounts: ids, names, `management`, `all`, or the path of an organizational unit.
    pub accounts: Vec<String>,
    /// The permission sets by name.
    pub permission_sets: Vec<String>,
}

/// A user by sign-in name, or a group by name; written `user:…` and `group:…`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub enum Principal {
    /// A user.
    User(String),
    /// A group.
    Group(String),
}

impl TryFrom<String> for Principal {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("user", upn)) if !upn.is_empty() => Ok(Self::User(upn.into())),
            Some(("group", name)) if !name.is_empty() => Ok(Self::Group(name.into())),
            _ => Err("a principal is written `user:SIGN-IN-NAME` or `group:NAME`".into()),
        }
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(upn) => write!(f, "user:{upn}"),
            Self::Group(name) => write!(f, "group:{name}"),
        }
    }
}

/// Attribute-based access control.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Abac {
    /// Session tag key to source: `Department` to `user.department`.
    pub attributes: BTreeMap<String, String>,
    /// Which way the attributes travel.
    pub via: AbacVia,
}

/// Which way attributes travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AbacVia {
    /// Entra sends them with each sign-in.
    Saml,
    /// Identity Center takes them from what provisioning brought.
    IdentityCenter,
    /// Both; for the same key Identity Center's own wins.
    Both,
}

/// The human steps that are there to learn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Teaching {
    /// The first user signs in before anything is assigned, and sees no application.
    pub sign_in_before: bool,
    /// The first user signs in over SAML, from My Apps and from the access portal.
    pub sign_in: bool,
}
