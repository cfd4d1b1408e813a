//! The field table: every key a profile may hold, what it may be, what it is when it is left out, and what it means.
//!
//! Reading, the questions and flags of `init`, the comments in a written profile, and `docs/profile.md` come from here.

use super::shape;

/// What a value may be.
#[derive(Debug, Clone, Copy)]
pub enum Value {
    /// A text that passes a check.
    Text(shape::Check),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// `true` or `false`.
    Bool,
    /// A list of texts that each pass a check; no text twice.
    List(shape::Check),
    /// A table from free keys to texts; keys and values pass a check.
    Map(shape::Check, shape::Check),
}

/// What stands in for a key that is left out.
#[derive(Debug, Clone, Copy)]
pub enum Absent {
    /// Nothing does: the key must be there.
    Required,
    /// Nothing needs to.
    Nothing,
    /// This value, as TOML.
    Default(&'static str),
}

/// One key of a profile.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Where it stands: `entra.tenant`, `people.user[].upn`.
    pub path: &'static str,
    /// What it may be.
    pub value: Value,
    /// What stands in for it when it is left out.
    pub absent: Absent,
    /// The flag of `init` that sets it, without dashes. `init` asks for the required ones at a terminal.
    pub flag: Option<&'static str>,
    /// An example, as TOML.
    pub example: &'static str,
    /// What it means: one sentence or two.
    pub help: &'static str,
}

impl Field {
    /// The path of the table it stands in; empty at the top.
    pub fn table(&self) -> &'static str {
        split(self.path).0
    }

    /// Its key.
    pub fn key(&self) -> &'static str {
        split(self.path).1
    }
}

/// One table of a profile, or one list of tables when its path ends with `[]`.
#[derive(Debug, Clone, Copy)]
pub struct Section {
    /// Where it stands: `entra`, `people.user[]`.
    pub path: &'static str,
    /// Whether leaving it out means that there is none, instead of one full of defaults.
    pub optional: bool,
    /// What it is for.
    pub help: &'static str,
}

impl Section {
    /// The path of the table around it; empty at the top.
    pub fn table(&self) -> &'static str {
        split(self.path).0
    }

    /// Its key, without `[]`.
    pub fn key(&self) -> &'static str {
        split(self.path).1.trim_end_matches("[]")
    }

    /// Whether it is a list of tables.
    pub fn is_list(&self) -> bool {
        self.path.ends_with("[]")
    }
}

fn split(path: &'static str) -> (&'static str, &'static str) {
    path.rsplit_once('.').unwrap_or(("", path))
}

/// The sections, in the order they are written and documented.
#[rustfmt::skip]
pub const SECTIONS: &[Section] = &[
    section("entra", "The identity provider: a Microsoft Entra tenant."),
    section("entra.application", "The enterprise application that stands for AWS in the tenant."),
    section("aws[]", "The AWS organizations to connect, one section each. Without any, one called `aws` that signs in the way the AWS SDK does by itself."),
    section("provisioning", "Automatic provisioning (SCIM): Entra keeps the people in Identity Center up to date."),
    section("provisioning.filter[]", "Conditions that a user must meet, all of them, to be provisioned."),
    section("name_id", "What a person is called at sign-in. It must equal the user name in Identity Center, to the letter."),
    section("people", "Who takes part."),
    section("people.user[]", "The users."),
    section("people.group[]", "The groups. Their direct members are provisioned; nested groups are not, by Entra's own rule."),
    section("permission_set[]", "What people may do: permission sets in Identity Center."),
    section("permission_set[].customer_managed[]", "Policies of your own. They must exist under the same name and path in each account."),
    optional("permission_set[].boundary", "The permissions boundary: either an AWS managed policy or one of your own."),
    optional("permission_set[].boundary.customer_managed", "A policy of your own as boundary."),
    section("assignment[]", "Who may do what where."),
    optional("abac", "Attribute-based access control: attributes of people become session tags. Leave the section out if you do not want it."),
    section("teaching", "Human steps that are there to see it work."),
    section("endpoints", "Other addresses than the vendors' own: only for simulators and proxies. `AWS_ENDPOINT_URL` and its relatives are honoured too."),
];

const fn section(path: &'static str, help: &'static str) -> Section {
    Section {
        path,
        optional: false,
        help,
    }
}

const fn optional(path: &'static str, help: &'static str) -> Section {
    Section {
        path,
        optional: true,
        help,
    }
}

use Absent::{Default, Nothing, Required};
use Value::{Bool, Choice, List, Map, Text};

/// The fields, in the order they are written and documented.
#[rustfmt::skip]
pub const FIELDS: &[Field] = &[
    field("federation", Text(shape::federation), Nothing, Some("name"), "\"contoso\"",
        "The federation's name: its journal and its secrets are kept under it, and what fedwiz makes is marked with it. Without one, the first part of the tenant's domain."),
    field("policy_folder", Text(shape::path), Nothing, None, "\"policies\"",
        "A folder of JSON policies, relative to the profile. Each file is the inline policy of the permission set that has its name: `ReadLogs.json` of `ReadLogs`, which needs no section of its own."),

    field("entra.tenant", Text(shape::tenant), Required, Some("tenant"), "\"contoso.onmicrosoft.com\"",
        "The tenant: its domain or its id."),
    field("entra.cloud", Choice(&["global", "us-gov-l4", "us-gov-l5", "china"]), Default("\"global\""), Some("cloud"), "\"global\"",
        "The Microsoft cloud the tenant lives in."),
    field("entra.auth", Choice(&["device-code", "browser", "azure-cli", "client-secret", "client-certificate", "managed-identity", "workload-identity", "chain"]),
        Default("\"device-code\""), Some("auth"), "\"device-code\"",
        "How fedwiz signs in. `chain` takes the first of workload identity, managed identity and Azure CLI that answers. The Azure CLI's own token lacks rights for provisioning in most tenants; fedwiz checks before it begins."),
    field("entra.client_id", Text(shape::guid), Nothing, Some("client-id"), "\"00001111-aaaa-2222-bbbb-3333cccc4444\"",
        "The application registration to sign in with. Needed for a client secret or certificate."),
    field("entra.client_secret_env", Text(shape::variable), Default("\"FEDWIZ_CLIENT_SECRET\""), None, "\"FEDWIZ_CLIENT_SECRET\"",
        "The environment variable that holds the client secret. The secret itself never stands in a profile."),
    field("entra.client_certificate", Text(shape::path), Nothing, None, "\"fedwiz.pem\"",
        "A PEM file with certificate and private key, relative to the profile. From a PFX: `openssl pkcs12 -in fedwiz.pfx -nodes -out fedwiz.pem`."),
    field("entra.federated_token_file", Text(shape::path), Nothing, None, "\"/var/run/secrets/azure/tokens/azure-identity-token\"",
        "The file with the federated token for `workload-identity`. Without one, `AZURE_FEDERATED_TOKEN_FILE` names it."),
    field("entra.beta", Bool, Default("true"), None, "true",
        "Whether calls that Microsoft marks as beta may be made where nothing else does the job: different NameIDs for members and guests need one."),
    field("entra.purge", Bool, Default("false"), None, "false",
        "Whether teardown also empties what it deleted from the recycle bin. Otherwise Entra keeps it for 30 days."),
    field("entra.application.name", Text(shape::shown_name), Default("\"AWS IAM Identity Center\""), Some("application"), "\"AWS IAM Identity Center\"",
        "The display name of the enterprise application."),
    field("entra.application.kind", Choice(&["gallery", "non-gallery"]), Default("\"gallery\""), Some("kind"), "\"gallery\"",
        "`gallery` takes Microsoft's own entry for AWS IAM Identity Center. `non-gallery` is the way where the gallery entry lacks provisioning, as in the government clouds."),

    field("aws[].name", Text(shape::target), Default("\"aws\""), None, "\"commercial\"",
        "The target's name in plans, journals and `--target`."),
    field("aws[].profile", Text(shape::line), Nothing, Some("aws-profile"), "\"aws-commercial\"",
        "The profile of your AWS configuration to sign in with: any credential source of the AWS SDK. Without one, the SDK's own order decides."),
    field("aws[].region", Text(shape::region), Nothing, Some("region"), "\"eu-west-1\"",
        "The Region in which to ask for the Identity Center instance first. Its primary Region is found from there."),
    field("aws[].fips", Bool, Nothing, None, "true",
        "Whether to call the FIPS endpoints. Without an answer: in AWS GovCloud (US) only."),

    field("provisioning.scope", Choice(&["assigned", "all"]), Default("\"assigned\""), Some("scope"), "\"assigned\"",
        "Who is provisioned: those assigned to the application, or all users and groups of the tenant."),
    field("provisioning.notify", Text(shape::mail), Nothing, Some("notify"), "\"idm@contoso.com\"",
        "Who is told by e-mail when provisioning fails."),
    field("provisioning.on_demand", List(shape::upn), Default("[]"), None, "[\"RichardRoe@contoso.onmicrosoft.com\"]",
        "Users to provision at once instead of with the next cycle, which may be 40 minutes away."),
    field("provisioning.filter[].attribute", Text(shape::filter_attribute), Required, None, "\"department\"",
        "The user's attribute, in the provisioning service's name."),
    field("provisioning.filter[].operator", Text(shape::line), Required, None, "\"EQUALS\"",
        "The provisioning service's operator. fedwiz asks the service which ones it knows."),
    field("provisioning.filter[].value", Text(shape::any), Default("\"\""), None, "\"Sales\"",
        "What the attribute is compared with."),

    field("name_id.members", Text(shape::name_id), Default("\"user.userprincipalname\""), None, "\"user.userprincipalname\"",
        "The source for members of the tenant."),
    field("name_id.guests", Text(shape::name_id), Nothing, None, "\"user.mail\"",
        "The source for all guests, as their sign-in name holds `#EXT#`, which Identity Center never sees. Without one, guests are treated like members."),

    field("people.user[].upn", Text(shape::upn), Required, None, "\"NikkiWolf@contoso.onmicrosoft.com\"",
        "The sign-in name in Entra (user principal name)."),
    field("people.user[].given_name", Text(shape::short_name), Nothing, None, "\"Nikki\"",
        "The first name. Identity Center takes nobody without one."),
    field("people.user[].family_name", Text(shape::short_name), Nothing, None, "\"Wolf\"",
        "The last name. Identity Center takes nobody without one."),
    field("people.user[].display_name", Text(shape::shown_name), Nothing, None, "\"Nikki Wolf\"",
        "The display name. Without one, first and last name."),
    field("people.user[].department", Text(shape::short_name), Nothing, None, "\"Sales\"",
        "The department."),
    field("people.user[].mail", Text(shape::mail), Nothing, None, "\"nikki.wolf@contoso.com\"",
        "The e-mail address."),
    field("people.user[].create", Bool, Default("false"), None, "true",
        "Whether fedwiz makes the user in Entra, and removes the user at teardown. Otherwise the user must exist, and is only used."),
    field("people.user[].aws", Choice(&["scim", "manual"]), Default("\"scim\""), None, "\"scim\"",
        "How the user comes to Identity Center: with provisioning, or made there by fedwiz before provisioning is on."),
    field("people.group[].name", Text(shape::shown_name), Required, None, "\"AWS Administrators\"",
        "The group's display name in Entra, and its name in Identity Center."),
    field("people.group[].create", Bool, Default("false"), None, "false",
        "Whether fedwiz makes the group in Entra, and removes it at teardown."),
    field("people.group[].members", List(shape::upn), Default("[]"), None, "[\"NikkiWolf@contoso.onmicrosoft.com\"]",
        "The members by sign-in name, only for a group that fedwiz makes."),

    field("permission_set[].name", Text(shape::set_name), Required, None, "\"RegionalAdmin\"",
        "The permission set's name: up to 32 letters, digits and `+=,.@-_`."),
    field("permission_set[].description", Text(shape::description), Nothing, None, "\"Manages the Regions of an account\"",
        "What it is for: up to 700 characters of Latin-1."),
    field("permission_set[].session_duration", Text(shape::duration), Default("\"PT1H\""), None, "\"PT1H\"",
        "How long a session lasts, from one to twelve hours, as an ISO 8601 duration."),
    field("permission_set[].relay_state", Text(shape::relay_state), Nothing, None, "\"https://console.aws.amazon.com/billing/\"",
        "The page a session starts on."),
    field("permission_set[].inline_policy", Text(shape::any), Nothing, None, "\"regional-admin.json\"",
        "The inline policy: a file, relative to the profile, or the JSON itself."),
    field("permission_set[].managed_policies", List(shape::managed_policy), Default("[]"), None, "[\"AdministratorAccess\"]",
        "AWS managed policies by name, with their path if they have one (`job-function/Billing`), or by ARN."),
    field("permission_set[].tags", Map(shape::tag_key, shape::tag_value), Default("{}"), None, "{ team = \"identity\" }",
        "Tags of the permission set."),
    field("permission_set[].customer_managed[].name", Text(shape::policy_name), Required, None, "\"TeamPolicy\"",
        "The policy's name."),
    field("permission_set[].customer_managed[].path", Text(shape::policy_path), Default("\"/\""), None, "\"/\"",
        "The policy's path."),
    field("permission_set[].boundary.managed_policy", Text(shape::managed_policy), Nothing, None, "\"PowerUserAccess\"",
        "An AWS managed policy as boundary."),
    field("permission_set[].boundary.customer_managed.name", Text(shape::policy_name), Required, None, "\"TeamBoundary\"",
        "The policy's name."),
    field("permission_set[].boundary.customer_managed.path", Text(shape::policy_path), Default("\"/\""), None, "\"/\"",
        "The policy's path."),

    field("assignment[].principal", Text(shape::principal), Required, None, "\"user:NikkiWolf@contoso.onmicrosoft.com\"",
        "Who: `user:SIGN-IN-NAME` or `group:NAME`, from the people of this profile."),
    field("assignment[].accounts", List(shape::account), Required, None, "[\"management\"]",
        "Where: account ids, account names, `management`, `all`, paths of organizational units such as `/Workloads`, or tags such as `tag:stage=test`. `!` before any of them leaves those out, wherever it stands."),
    field("assignment[].permission_sets", List(shape::set_name), Required, None, "[\"RegionalAdmin\"]",
        "What: permission sets of this profile, by name."),

    field("abac.attributes", Map(shape::abac_key, shape::any), Required, None, "{ Department = \"user.department\" }",
        "Session tag key to attribute. Policies read it as `aws:PrincipalTag/Department`."),
    field("abac.via", Choice(&["saml", "identity-center", "both"]), Default("\"saml\""), None, "\"saml\"",
        "How attributes travel: with each sign-in, from what provisioning brought, or both ways. For one key, Identity Center's own wins."),

    field("teaching.sign_in_before", Bool, Default("false"), None, "false",
        "The first user signs in before anything is assigned, and sees no application."),
    field("teaching.sign_in", Bool, Default("true"), None, "true",
        "The first user signs in over SAML, from My Apps and from the access portal, and sees the account and role."),

    field("endpoints.login", Text(shape::endpoint), Nothing, None, "\"http://127.0.0.1:4001\"", "Entra's login service."),
    field("endpoints.graph", Text(shape::endpoint), Nothing, None, "\"http://127.0.0.1:4002\"", "Microsoft Graph."),
    field("endpoints.aws", Text(shape::endpoint), Nothing, None, "\"http://127.0.0.1:4003\"", "All AWS services."),
    field("endpoints.scim", Text(shape::endpoint), Nothing, None, "\"http://127.0.0.1:4004\"",
        "The one host besides AWS's own to which a SCIM token may be sent."),
    field("endpoints.portal", Text(shape::endpoint), Nothing, None, "\"http://127.0.0.1:4005\"", "The AWS access portal."),
    field("endpoints.admin", Text(shape::endpoint), Nothing, None, "\"http://127.0.0.1:4006\"",
        "The simulator's admin address, for `--operator simulated`."),
];

const fn field(
    path: &'static str,
    value: Value,
    absent: Absent,
    flag: Option<&'static str>,
    example: &'static str,
    help: &'static str,
) -> Field {
    Field {
        path,
        value,
        absent,
        flag,
        example,
        help,
    }
}

/// The fields of one table.
pub fn of_table(table: &str) -> impl Iterator<Item = &'static Field> {
    FIELDS.iter().filter(move |field| field.table() == table)
}

/// The sections inside one table.
pub fn sections_of(table: &str) -> impl Iterator<Item = &'static Section> {
    SECTIONS.iter().filter(move |section| section.table() == table)
}

/// The field at a path.
pub fn find(path: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.path == path)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_field_stands_in_a_section_and_no_path_is_there_twice() {
        let mut seen = BTreeSet::new();
        for field in FIELDS {
            assert!(seen.insert(field.path), "{} is there twice", field.path);
            let table = field.table();
            assert!(
                table.is_empty() || SECTIONS.iter().any(|section| section.path == table),
                "{}",
                field.path
            );
            assert!(field.help.ends_with('.'), "{}", field.path);
        }
    }

    #[test]
    fn examples_and_defaults_pass_their_own_check() {
        for field in FIELDS {
            let default = match field.absent {
                Default(default) => Some(default),
                Required | Nothing => None,
            };
            for literal in std::iter::once(field.example).chain(default) {
                let table: toml::Table = toml::from_str(&format!("x = {literal}")).unwrap();
                match (field.value, &table["x"]) {
                    (Text(check), toml::Value::String(text)) => assert!(check(text).is_ok(), "{}", field.path),
                    (Choice(words), toml::Value::String(text)) => assert!(words.contains(&text.as_str())),
                    (Bool, toml::Value::Boolean(_)) => {}
                    (List(check), toml::Value::Array(texts)) => {
                        assert!(
                            texts.iter().all(|text| check(text.as_str().unwrap()).is_ok()),
                            "{}",
                            field.path
                        );
                    }
                    (Map(key, value), toml::Value::Table(map)) => {
                        assert!(
                            map.iter()
                                .all(|(k, v)| key(k).is_ok() && value(v.as_str().unwrap()).is_ok())
                        );
                    }
                    (_, other) => panic!("{}: {other:?}", field.path),
                }
            }
        }
    }
}
