//! The default profile: exactly what the AWS tutorial "Configure SAML and SCIM with Microsoft Entra ID and IAM Identity
//! Center" builds.

use std::path::Path;

use toml::{Table, Value};

use super::{Profile, write};

/// The tutorial's profile for a tenant, whose users get sign-in names in `domain`.
pub fn default_profile(tenant: &str, domain: &str) -> Profile {
    let text = write::render(&tutorial(tenant, domain));
    Profile::parse(&text, "tutorial", Path::new("")).expect("the tutorial's profile is valid for every valid tenant")
}

/// The tutorial's answers, as a table that `init` changes and writes.
pub fn tutorial(tenant: &str, domain: &str) -> Table {
    let text = TUTORIAL.replace("TENANT", tenant).replace("DOMAIN", domain);
    toml::from_str(&text).expect("the tutorial is TOML")
}

/// A profile with nobody in it: the application, sign-in and provisioning only.
pub fn minimal(tenant: &str) -> Table {
    toml::from_str(&format!("[entra]\ntenant = \"{tenant}\"\n")).expect("one key is TOML")
}

/// A profile for one person of the tenant, who may do anything in one account: a beginning to go on from.
pub fn for_one(tenant: &str, upn: &str, account: &str) -> Table {
    const SET: &str = "AdministratorAccess";
    let list = |text: &str| Value::Array(vec![text.into()]);
    let table = |entries: Vec<(&str, Value)>| -> Table {
        let entries = entries.into_iter().map(|(key, value)| (key.to_owned(), value));
        entries.collect()
    };
    let one = |entries: Vec<(&str, Value)>| Value::Array(vec![Value::Table(table(entries))]);
    let mut profile = minimal(tenant);
    profile.extend(table(vec![
        (
            "people",
            Value::Table(table(vec![("user", one(vec![("upn", upn.into())]))])),
        ),
        (
            "permission_set",
            one(vec![("name", SET.into()), ("managed_policies", list(SET))]),
        ),
        (
            "assignment",
            one(vec![
                ("principal", format!("user:{upn}").into()),
                ("accounts", list(account)),
                ("permission_sets", list(SET)),
            ]),
        ),
    ]));
    profile
}

/// Nikki exists on both sides before provisioning, to try the SAML connection with; Richard arrives by provisioning. The
/// policy is the tutorial's, to the letter.
const TUTORIAL: &str = r#"
[entra]
tenant = "TENANT"

[provisioning]
on_demand = ["RichardRoe@DOMAIN"]

[[people.user]]
upn = "NikkiWolf@DOMAIN"
given_name = "Nikki"
family_name = "Wolf"
display_name = "NikkiWolf"
create = true
aws = "manual"

[[people.user]]
upn = "RichardRoe@DOMAIN"
given_name = "Richard"
family_name = "Roe"
display_name = "RichardRoe"
department = "Billing"
create = true

[[permission_set]]
name = "RegionalAdmin"
description = "Manages the Regions of an account"
inline_policy = '''
{
  "Statement": [
    {
      "Sid": "Statement1",
      "Effect": "Allow",
      "Action": [
        "account:ListRegions",
        "account:DisableRegion",
        "account:EnableRegion",
        "account:GetRegionOptStatus"
      ],
      "Resource": [
        "*"
      ]
    }
  ]
}
'''

[[permission_set]]
name = "AdministratorAccess"
description = "Full access to AWS services and resources"
managed_policies = ["AdministratorAccess"]

[[assignment]]
principal = "user:NikkiWolf@DOMAIN"
accounts = ["management"]
permission_sets = ["RegionalAdmin"]

[[assignment]]
principal = "user:RichardRoe@DOMAIN"
accounts = ["management"]
permission_sets = ["AdministratorAccess"]

[abac]
attributes = { Department = "user.department" }
via = "saml"
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{AbacVia, Arrival, Principal};

    #[test]
    fn the_default_profile_is_the_tutorial() {
        let profile = default_profile("contoso.onmicrosoft.com", "contoso.onmicrosoft.com");
        assert_eq!(profile.federation, "contoso");
        assert_eq!(profile.marker(), "fedwiz:contoso");
        assert_eq!(profile.aws.len(), 1);
        assert_eq!(profile.aws[0].name, "aws");
        let nikki = profile.user("nikkiwolf@contoso.onmicrosoft.com").unwrap();
        assert!(nikki.create && nikki.aws == Arrival::Manual);
        let richard = profile.user("RichardRoe@contoso.onmicrosoft.com").unwrap();
        assert!(richard.create && richard.aws == Arrival::Scim && richard.department.is_some());
        assert!(
            profile
                .permission_set("RegionalAdmin")
                .unwrap()
                .inline_policy
                .as_ref()
                .unwrap()
                .contains("account:EnableRegion")
        );
        assert_eq!(profile.assignment[1].principal, Principal::User(richard.upn.clone()));
        assert_eq!(profile.abac.unwrap().via, AbacVia::Saml);
        assert!(profile.teaching.sign_in && !profile.teaching.sign_in_before);
        assert!(!profile.endpoints.is_loopback());
    }

    #[test]
    fn one_person_gets_one_account() {
        let table = for_one("contoso.com", "Nikki.O'Wolf@contoso.com", "111122223333");
        let profile = Profile::parse(&write::render(&table), "one", Path::new("")).unwrap();
        assert_eq!(profile.people.user.len(), 1);
        assert_eq!(
            profile.assignment[0].principal,
            Principal::User("Nikki.O'Wolf@contoso.com".into())
        );
        assert_eq!(profile.permission_set.len(), 1);
    }

    #[test]
    fn a_tenant_known_by_id_gives_a_name_too() {
        let profile = default_profile("00001111-aaaa-2222-bbbb-3333cccc4444", "contoso.com");
        assert_eq!(profile.federation, "tenant-00001111");
    }
}
