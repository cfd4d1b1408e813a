//! Whose something is: the marks that other tools leave on what they look after. What bears one is used and never changed
//! without being named.

use std::collections::BTreeMap;

use super::permission_set::MARKER_TAG;

/// The permission sets that AWS Control Tower makes in each landing zone. They bear no tag, only their names.
/// <https://docs.aws.amazon.com/controltower/latest/userguide/sso-groups.html>
const CONTROL_TOWER_SETS: [&str; 6] = [
    "AWSAdministratorAccess",
    "AWSOrganizationsFullAccess",
    "AWSPowerUserAccess",
    "AWSReadOnlyAccess",
    "AWSServiceCatalogAdminFullAccess",
    "AWSServiceCatalogEndUserAccess",
];
/// The groups that AWS Control Tower makes in Identity Center's own directory. Same source.
const CONTROL_TOWER_GROUPS: [&str; 8] = [
    "AWSAccountFactory",
    "AWSAuditAccountAdmins",
    "AWSControlTowerAdmins",
    "AWSLogArchiveAdmins",
    "AWSLogArchiveViewers",
    "AWSSecurityAuditPowerUsers",
    "AWSSecurityAuditors",
    "AWSServiceCatalogAdmins",
];
/// The tag of what a CloudFormation stack made, the AWS CDK's included.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html>
const STACK_NAME: &str = "aws:cloudformation:stack-name";
/// The tag of what Landing Zone Accelerator made; its value is the accelerator's prefix.
/// <https://github.com/awslabs/landing-zone-accelerator-on-aws>
const ACCELERATOR: &str = "accelerator";
/// How the stacks of Landing Zone Accelerator are named, unless somebody chose another prefix. Same source.
const ACCELERATOR_STACK: &str = "AWSAccelerator-";
/// Tags by which people say what looks after something: usual, and written by no vendor.
const MANAGED_BY: [&str; 7] = [
    "managedby",
    "createdby",
    "provisionedby",
    "provisioner",
    "iac",
    "automation",
    "deployedby",
];
/// Tools, as tags name them, and what they are called. `AFT` is what Account Factory for Terraform tags with:
/// <https://github.com/aws-ia/terraform-aws-control_tower_account_factory/blob/main/providers.tf>
const TOOLS: [(&str, &str); 11] = [
    ("terraform", "Terraform"),
    ("opentofu", "OpenTofu"),
    ("terragrunt", "Terragrunt"),
    ("pulumi", "Pulumi"),
    ("crossplane", "Crossplane"),
    ("ansible", "Ansible"),
    ("cloudformation", "CloudFormation"),
    ("cdk", "the AWS CDK"),
    ("controltower", "AWS Control Tower"),
    ("bicep", "Bicep"),
    ("aft", "Account Factory for Terraform"),
];

/// Letters and digits only, in lower case: `Managed-By`, `managed_by` and `ManagedBy` are one key.
fn plain(text: &str) -> String {
    let letters = text.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|letter| letter.to_ascii_lowercase()).collect()
}

/// The tool that a text names.
fn tool(text: &str) -> Option<&'static str> {
    let text = plain(text);
    let named = |(word, _): &&(&str, &str)| match word.len() {
        // Short names stand alone: `aft` is in `draft`.
        ..=3 => text == *word,
        _ => text.contains(word),
    };
    TOOLS.iter().find(named).map(|(_, name)| *name)
}

/// Whose something with these tags is.
pub fn of_tags(tags: &BTreeMap<String, String>) -> Option<String> {
    if tags.contains_key(MARKER_TAG) {
        return None;
    }
    if let Some(stack) = tags.get(STACK_NAME) {
        return Some(if stack.starts_with(ACCELERATOR_STACK) {
            "Landing Zone Accelerator".to_owned()
        } else {
            format!("the CloudFormation stack {stack}")
        });
    }
    tags.iter().find_map(|(key, value)| {
        let key = plain(key);
        let says_no = matches!(plain(value).as_str(), "false" | "no" | "none" | "");
        if key == ACCELERATOR && !says_no {
            return Some("Landing Zone Accelerator".to_owned());
        }
        if MANAGED_BY.contains(&key.as_str()) {
            return tool(value).map(str::to_owned);
        }
        tool(&key).filter(|_| !says_no).map(str::to_owned)
    })
}

/// Whose a permission set is.
pub fn of_set(name: &str, tags: &BTreeMap<String, String>) -> Option<String> {
    if tags.contains_key(MARKER_TAG) {
        return None;
    }
    of_tags(tags).or_else(|| {
        CONTROL_TOWER_SETS
            .contains(&name)
            .then(|| "AWS Control Tower".to_owned())
    })
}

/// Whose a group of Identity Center's own directory is.
pub fn of_group(name: &str) -> Option<&'static str> {
    CONTROL_TOWER_GROUPS.contains(&name).then_some("AWS Control Tower")
}

/// Whose an application of Entra is. Its tags are words without a key; its notes are what people wrote.
pub fn of_application(tags: &[String], notes: Option<&str>) -> Option<String> {
    let tags = tags.iter().find_map(|tag| tool(tag));
    let says = |notes: &str| {
        let text = notes.to_ascii_lowercase();
        ["managed by", "managed-by", "managedby", "created by"]
            .iter()
            .find_map(|words| text.split_once(words))
            .and_then(|(_, after)| tool(after.lines().next()?))
    };
    tags.or_else(|| says(notes?)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn a_mark_is_known_however_it_is_spelt() {
        for (pairs, owner) in [
            (&[("ManagedBy", "Terraform")][..], Some("Terraform")),
            (&[("managed-by", "terraform-cloud")], Some("Terraform")),
            (&[("terraform", "true")], Some("Terraform")),
            (&[("managed_by", "AFT")], Some("Account Factory for Terraform")),
            (&[("iac", "pulumi")], Some("Pulumi")),
            (&[("Accelerator", "AWSAccelerator")], Some("Landing Zone Accelerator")),
            (
                &[("aws:cloudformation:stack-name", "AWSAccelerator-IdentityCenterStack")],
                Some("Landing Zone Accelerator"),
            ),
            (
                &[("aws:cloudformation:stack-name", "sso")],
                Some("the CloudFormation stack sso"),
            ),
            (&[("terraform", "false")], None),
            (&[("team", "identity"), ("managed-by", "the identity team")], None),
            (&[("draft", "yes")], None),
        ] {
            assert_eq!(of_tags(&tags(pairs)).as_deref(), owner, "{pairs:?}");
        }
    }

    #[test]
    fn what_fedwiz_made_is_nobody_elses() {
        let ours = tags(&[(MARKER_TAG, "fedwiz:contoso"), ("ManagedBy", "Terraform")]);
        assert_eq!(of_set("AWSReadOnlyAccess", &ours), None);
        assert_eq!(
            of_set("AWSReadOnlyAccess", &tags(&[])).as_deref(),
            Some("AWS Control Tower")
        );
        assert_eq!(of_set("ReadOnly", &tags(&[])), None);
        assert_eq!(of_group("AWSControlTowerAdmins"), Some("AWS Control Tower"));
    }

    #[test]
    fn an_application_says_it_in_its_tags_or_notes() {
        let usual = ["WindowsAzureActiveDirectoryIntegratedApp".to_owned()];
        assert_eq!(of_application(&usual, None), None);
        assert_eq!(
            of_application(&["terraform".to_owned()], None).as_deref(),
            Some("Terraform")
        );
        assert_eq!(
            of_application(&usual, Some("Managed by Terraform, ask the platform team.")).as_deref(),
            Some("Terraform")
        );
        assert_eq!(of_application(&usual, Some("We would like to use Terraform.")), None);
    }
}
