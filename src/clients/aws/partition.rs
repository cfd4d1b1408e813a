//! `Partition`: the separate worlds of AWS as data. What differs between them stands in this one table.
//!
//! Sources: the SDKs' partition data (Region patterns, host suffixes), the Identity Center user guide's pages
//! `multi-region-workforce-access` and `idp-microsoft-entra` (SAML and SCIM addresses), and the GovCloud user guide's page
//! `govcloud-sso`. Where AWS documents no form, the table holds none and nothing is derived.

use crate::fault::{Fault, Kind};

/// One partition of AWS.
#[derive(Debug, PartialEq, Eq)]
pub struct Partition {
    /// Its name, as in the second field of an ARN.
    pub id: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// The Region to start from when nobody named one.
    pub first_region: &'static str,
    /// Regions in which an instance may live, for partitions that cannot be asked about all at once.
    pub regions: &'static [&'static str],
    /// The Identity Center console; `{region}` stands for the Region.
    pub console: &'static str,
    /// What the SAML identifier ("Issuer URL") looks like; `{region}` and `{store}` stand for Region and identity store.
    pub issuer: Option<&'static str>,
    /// Hosts of assertion consumer service URLs; `{region}` stands for the Region.
    pub acs_hosts: &'static [&'static str],
    /// Hosts of the SCIM endpoint; `{region}` stands for the Region.
    pub scim_hosts: &'static [&'static str],
    /// The access portal's address while it has no alias; `{store}` stands for the identity store.
    pub portal: &'static str,
    /// Whether the FIPS endpoints are the ones AWS asks people to use.
    pub fips: bool,
}

/// All partitions in which Identity Center is known to exist.
pub const PARTITIONS: &[Partition] = &[
    Partition {
        id: "aws",
        title: "AWS",
        first_region: "us-east-1",
        regions: &[
            "us-east-1",
            "us-east-2",
            "us-west-1",
            "us-west-2",
            "eu-west-1",
            "eu-central-1",
            "eu-west-2",
            "eu-west-3",
            "eu-north-1",
            "eu-south-1",
            "ca-central-1",
            "ap-southeast-1",
            "ap-southeast-2",
            "ap-northeast-1",
            "ap-northeast-2",
            "ap-northeast-3",
            "ap-south-1",
            "ap-east-1",
            "sa-east-1",
            "me-south-1",
            "me-central-1",
            "af-south-1",
            "il-central-1",
        ],
        console: "https://{region}.console.aws.amazon.com/singlesignon/home?region={region}",
        issuer: Some("https://{region}.signin.aws.amazon.com/platform/saml/{store}"),
        acs_hosts: &[
            "{region}.signin.aws",
            "{region}.sso.signin.aws",
            "{region}.signin.aws.amazon.com",
        ],
        scim_hosts: &["scim.{region}.amazonaws.com", "scim.{region}.api.aws"],
        portal: "https://{store}.awsapps.com/start",
        fips: false,
    },
    Partition {
        id: "aws-us-gov",
        title: "AWS GovCloud (US)",
        first_region: "us-gov-west-1",
        regions: &["us-gov-west-1", "us-gov-east-1"],
        console: "https://console.amazonaws-us-gov.com/singlesignon/home?region={region}",
        issuer: None,
        acs_hosts: &[
            "{region}.signin.amazonaws-us-gov.com",
            "{region}.signin-fips.amazonaws-us-gov.com",
            "{region}.sso.signin.amazonaws-us-gov.com",
            "{region}.sso.signin-fips.amazonaws-us-gov.com",
        ],
        scim_hosts: &["scim.{region}.amazonaws.com", "scim.{region}.api.aws"],
        portal: "https://start.us-gov-home.awsapps.com/directory/{store}",
        fips: true,
    },
    Partition {
        id: "aws-cn",
        title: "AWS China",
        first_region: "cn-north-1",
        regions: &["cn-north-1", "cn-northwest-1"],
        console: "https://console.amazonaws.cn/singlesignon/home?region={region}",
        issuer: None,
        acs_hosts: &[],
        scim_hosts: &[
            "scim.{region}.amazonaws.com.cn",
            "scim.{region}.api.amazonwebservices.com.cn",
        ],
        portal: "https://start.{region}.home.awsapps.cn/directory/{store}",
        fips: false,
    },
    Partition {
        id: "aws-eusc",
        title: "AWS European Sovereign Cloud",
        first_region: "eusc-de-east-1",
        regions: &["eusc-de-east-1"],
        console: "https://{region}.console.amazonaws.eu/singlesignon/home?region={region}",
        issuer: None,
        acs_hosts: &[],
        scim_hosts: &["scim.{region}.amazonaws.eu", "scim.{region}.api.amazonwebservices.eu"],
        portal: "https://start.{region}.home.awsapps.eu/directory/{store}",
        fips: false,
    },
];

impl Partition {
    /// The partition of this name.
    pub fn named(id: &str) -> Result<&'static Self, Fault> {
        PARTITIONS.iter().find(|partition| partition.id == id).ok_or_else(|| {
            Fault::new(
                Kind::Answer,
                format!("AWS speaks of a partition that fedwiz does not know: {id}"),
            )
            .hint("A newer version of fedwiz may know it.")
        })
    }

    /// The partition an ARN lies in: its second field.
    pub fn of_arn(arn: &str) -> Result<&'static Self, Fault> {
        match arn.split(':').nth(1) {
            Some(id) if arn.starts_with("arn:") => Self::named(id),
            _ => Err(Fault::new(Kind::Answer, "AWS gives something that is not an ARN").why(arn.to_owned())),
        }
    }

    /// The partition a Region lies in, by the look of its name.
    pub fn of_region(region: &str) -> &'static Self {
        let id = match region.split('-').next() {
            _ if region.starts_with("us-gov-") => "aws-us-gov",
            Some("cn") => "aws-cn",
            Some("eusc") => "aws-eusc",
            _ => "aws",
        };
        PARTITIONS
            .iter()
            .find(|partition| partition.id == id)
            .expect("each name above is in the table")
    }

    /// The Identity Center console of an instance, on the page for this fragment: `settings`, `users`, or nothing.
    pub fn console_page(&self, region: &str, instance_arn: &str, page: &str) -> String {
        let home = self.console.replace("{region}", region);
        match instance_arn.rsplit_once("ins-") {
            Some((_, id)) if !page.is_empty() => format!("{home}#/instances/{id}/{page}"),
            _ => home,
        }
    }

    /// The SAML identifier of an instance, where its form is known.
    pub fn issuer_url(&self, region: &str, store: &str) -> Option<String> {
        self.issuer
            .map(|form| form.replace("{region}", region).replace("{store}", store))
    }

    /// The access portal of an instance that has no alias.
    pub fn portal_url(&self, region: &str, store: &str) -> String {
        self.portal.replace("{region}", region).replace("{store}", store)
    }

    /// Whether this host is one of AWS's for SCIM in this Region.
    pub fn is_scim_host(&self, region: &str, host: &str) -> bool {
        stands_in(self.scim_hosts, region, host)
    }

    /// Whether this host is one of AWS's for assertion consumer services in this Region. Where AWS documents none,
    /// nobody can tell.
    pub fn is_acs_host(&self, region: &str, host: &str) -> Option<bool> {
        (!self.acs_hosts.is_empty()).then(|| stands_in(self.acs_hosts, region, host))
    }

    /// The ARN of an AWS managed policy: from its name, with its path if it has one, or from an ARN of any partition.
    pub fn managed_policy(&self, written: &str) -> String {
        match written.split_once(":iam::aws:policy/") {
            Some((_, rest)) => format!("arn:{}:iam::aws:policy/{rest}", self.id),
            None => format!("arn:{}:iam::aws:policy/{}", self.id, written.trim_start_matches('/')),
        }
    }
}

fn stands_in(forms: &[&str], region: &str, host: &str) -> bool {
    forms
        .iter()
        .any(|form| form.replace("{region}", region).eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partition_is_known_by_an_arn_and_by_a_region() {
        assert_eq!(
            Partition::of_arn("arn:aws-us-gov:iam::1:user/x").unwrap().id,
            "aws-us-gov"
        );
        assert_eq!(Partition::of_region("eu-central-1").id, "aws");
        assert_eq!(Partition::of_region("us-gov-east-1").id, "aws-us-gov");
        assert_eq!(Partition::of_region("cn-north-1").id, "aws-cn");
        assert_eq!(Partition::of_region("eusc-de-east-1").id, "aws-eusc");
        assert_eq!(Partition::of_arn("nonsense").unwrap_err().kind, Kind::Answer);
        assert_eq!(Partition::of_arn("arn:aws-moon:x").unwrap_err().kind, Kind::Answer);
    }

    #[test]
    fn a_managed_policy_lies_in_the_partition_it_is_used_in() {
        let gov = Partition::named("aws-us-gov").unwrap();
        let arn = "arn:aws-us-gov:iam::aws:policy/AdministratorAccess";
        assert_eq!(gov.managed_policy("AdministratorAccess"), arn);
        assert_eq!(gov.managed_policy("arn:aws:iam::aws:policy/AdministratorAccess"), arn);
        assert_eq!(
            gov.managed_policy("job-function/Billing"),
            "arn:aws-us-gov:iam::aws:policy/job-function/Billing"
        );
    }

    #[test]
    fn a_token_host_of_another_region_or_owner_is_not_ours() {
        let aws = Partition::named("aws").unwrap();
        assert!(aws.is_scim_host("eu-west-1", "scim.eu-west-1.amazonaws.com"));
        assert!(aws.is_scim_host("eu-west-1", "SCIM.eu-west-1.api.aws"));
        assert!(!aws.is_scim_host("eu-west-1", "scim.us-east-1.amazonaws.com"));
        assert!(!aws.is_scim_host("eu-west-1", "scim.eu-west-1.amazonaws.com.evil.example"));
        assert_eq!(aws.is_acs_host("eu-west-1", "eu-west-1.signin.aws"), Some(true));
        assert_eq!(Partition::named("aws-cn").unwrap().is_acs_host("cn-north-1", "x"), None);
    }

    #[test]
    fn the_values_of_an_instance_are_derived() {
        let aws = Partition::named("aws").unwrap();
        assert_eq!(
            aws.issuer_url("eu-west-1", "d-1234567890").unwrap(),
            "https://eu-west-1.signin.aws.amazon.com/platform/saml/d-1234567890"
        );
        assert_eq!(
            aws.console_page(
                "eu-west-1",
                "arn:aws:sso:::instance/ssoins-1234567890abcdef",
                "settings"
            ),
            "https://eu-west-1.console.aws.amazon.com/singlesignon/home?region=eu-west-1#/instances/1234567890abcdef/settings"
        );
    }
}
