//! What each step has to be allowed, as a table: the smallest that is enough. It is held against the caller before the first
//! change, and what is missing is named with the steps that need it.
//!
//! Sources: <https://learn.microsoft.com/graph/permissions-reference> and
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsiamidentitycenter.html>.

use super::{PHASES, World};
use crate::{
    engine::{any::AnyStep, step::Scope},
    profile::{AbacVia, Profile},
};

/// Whether a profile leads to it.
pub type When = fn(&Profile) -> bool;

/// What one step has to be allowed.
#[derive(Debug)]
pub struct Rights {
    /// The step.
    pub step: &'static str,
    /// Where it goes in Graph, by a path of each area; whether it changes something there; and when.
    pub graph: &'static [(&'static str, bool, When)],
    /// The IAM actions it looks with.
    pub reads: &'static [&'static str],
    /// The IAM actions it changes things with, there and back.
    pub changes: &'static [(&'static str, When)],
    /// The IAM actions that it needs only where it finds something to be otherwise.
    pub sometimes: &'static [&'static str],
    /// Why it needs nothing of all this, if it does not, or who else needs a right.
    pub instead: &'static str,
}

const NONE: Rights = Rights {
    step: "",
    graph: &[],
    reads: &[],
    changes: &[],
    sometimes: &[],
    instead: "",
};

const ALWAYS: When = |_| true;
const MAKES_USERS: When = |profile| profile.people.user.iter().any(|user| user.create);
const KEEPS_USERS: When = |profile| !MAKES_USERS(profile);
const MAKES_GROUPS: When = |profile| profile.people.group.iter().any(|group| group.create);
const KEEPS_GROUPS: When = |profile| !MAKES_GROUPS(profile);
const INLINE: When = |profile| profile.permission_set.iter().any(|set| set.inline_policy.is_some());
const MANAGED: When = |profile| {
    profile
        .permission_set
        .iter()
        .any(|set| !set.managed_policies.is_empty())
};
const CUSTOMER: When = |profile| {
    profile
        .permission_set
        .iter()
        .any(|set| !set.customer_managed.is_empty())
};
const BOUNDARY: When = |profile| profile.permission_set.iter().any(|set| set.boundary.is_some());
const OWN_TAGS: When = |profile| profile.abac.as_ref().is_some_and(|abac| abac.via != AbacVia::Saml);

/// A step that goes only to Graph.
const fn graph(step: &'static str, graph: &'static [(&'static str, bool, When)]) -> Rights {
    Rights { step, graph, ..NONE }
}

/// A step that needs no right of the caller's.
const fn none(step: &'static str, instead: &'static str) -> Rights {
    Rights { step, instead, ..NONE }
}

const APPLICATIONS: &[(&str, bool, When)] = &[("/applications", true, ALWAYS)];
const ASSIGNED: &[(&str, bool, When)] = &[("/servicePrincipals/x/appRoleAssignedTo", true, ALWAYS)];
const PROVISIONING: &[(&str, bool, When)] = &[("/servicePrincipals/x/synchronization/jobs", true, ALWAYS)];
const CLAIMS: &[(&str, bool, When)] = &[("/servicePrincipals/x/claimsPolicy", true, ALWAYS)];

/// All steps.
pub static RIGHTS: &[Rights] = &[
    none("entra.session", "Whoever is signed in may ask which tenant this is."),
    none("entra.rights", "It reads the token that is at hand."),
    graph("entra.app", APPLICATIONS),
    graph("entra.saml-mode", APPLICATIONS),
    graph("entra.certificate", APPLICATIONS),
    graph("entra.certificate-active", APPLICATIONS),
    graph("saml.idp-metadata", &[("/servicePrincipals", false, ALWAYS)]),
    graph("entra.saml-endpoints", APPLICATIONS),
    none(
        "entra.sign-in-before",
        "A person signs in as the user; nothing is read.",
    ),
    graph("entra.assign", ASSIGNED),
    graph("entra.access", ASSIGNED),
    graph("scim.job", PROVISIONING),
    graph("scim.credentials", PROVISIONING),
    graph("scim.mappings", PROVISIONING),
    graph("scim.scope", PROVISIONING),
    graph("scim.start", PROVISIONING),
    Rights {
        reads: &[
            "identitystore:DescribeUser",
            "identitystore:GetGroupId",
            "identitystore:GetUserId",
        ],
        ..graph("scim.on-demand", PROVISIONING)
    },
    graph("people.lint", &[("/users", false, KEEPS_USERS)]),
    graph(
        "entra.user",
        &[("/users", true, MAKES_USERS), ("/users", false, KEEPS_USERS)],
    ),
    graph(
        "entra.group",
        &[("/groups", true, MAKES_GROUPS), ("/groups", false, KEEPS_GROUPS)],
    ),
    graph("entra.member", &[("/groups", true, ALWAYS)]),
    graph("entra.name-id", CLAIMS),
    graph("entra.claims", CLAIMS),
    none("aws.session", "sts:GetCallerIdentity needs no right."),
    Rights {
        step: "aws.instance",
        reads: &[
            "organizations:DescribeOrganization",
            "organizations:ListDelegatedAdministrators",
            "sso:DescribeInstance",
            "sso:ListInstances",
        ],
        sometimes: &["sso:UpdateInstance"],
        ..NONE
    },
    none("aws.rights", "It tries what the other steps look with."),
    none("safety.break-glass", "It looks at the caller's own name."),
    Rights {
        step: "aws.permission-set",
        reads: &[
            "sso:DescribePermissionSet",
            "sso:DescribePermissionSetProvisioningStatus",
            "sso:GetInlinePolicyForPermissionSet",
            "sso:GetPermissionsBoundaryForPermissionSet",
            "sso:ListAccountAssignments",
            "sso:ListAccountsForProvisionedPermissionSet",
            "sso:ListCustomerManagedPolicyReferencesInPermissionSet",
            "sso:ListManagedPoliciesInPermissionSet",
            "sso:ListPermissionSets",
            "sso:ListTagsForResource",
        ],
        changes: &[
            ("sso:CreatePermissionSet", ALWAYS),
            ("sso:DeletePermissionSet", ALWAYS),
            ("sso:TagResource", ALWAYS),
            ("sso:UpdatePermissionSet", ALWAYS),
            ("sso:PutInlinePolicyToPermissionSet", INLINE),
            ("sso:AttachManagedPolicyToPermissionSet", MANAGED),
            ("sso:AttachCustomerManagedPolicyReferenceToPermissionSet", CUSTOMER),
            ("sso:PutPermissionsBoundaryToPermissionSet", BOUNDARY),
        ],
        sometimes: &[
            "sso:DeleteInlinePolicyFromPermissionSet",
            "sso:DeletePermissionsBoundaryFromPermissionSet",
            "sso:DetachCustomerManagedPolicyReferenceFromPermissionSet",
            "sso:DetachManagedPolicyFromPermissionSet",
            "sso:ProvisionPermissionSet",
            "sso:UntagResource",
        ],
        ..NONE
    },
    Rights {
        step: "aws.user",
        reads: &[
            "identitystore:DescribeUser",
            "identitystore:GetUserId",
            "identitystore:ListUsers",
        ],
        changes: &[
            ("identitystore:CreateUser", ALWAYS),
            ("identitystore:DeleteUser", ALWAYS),
        ],
        sometimes: &["identitystore:UpdateUser"],
        ..NONE
    },
    Rights {
        step: "aws.assignment",
        reads: &[
            "identitystore:GetGroupId",
            "identitystore:GetUserId",
            "organizations:ListAccounts",
            "organizations:ListAccountsForParent",
            "organizations:ListOrganizationalUnitsForParent",
            "organizations:ListRoots",
            "organizations:ListTagsForResource",
            "sso:DescribeAccountAssignmentCreationStatus",
            "sso:DescribeAccountAssignmentDeletionStatus",
            "sso:ListAccountAssignmentCreationStatus",
            "sso:ListAccountAssignmentDeletionStatus",
            "sso:ListAccountAssignments",
            "sso:ListAccountAssignmentsForPrincipal",
        ],
        // In the management account Identity Center makes roles with the caller's rights.
        changes: &[
            ("iam:AttachRolePolicy", ALWAYS),
            ("iam:CreateRole", ALWAYS),
            ("iam:PutRolePolicy", ALWAYS),
            ("sso:CreateAccountAssignment", ALWAYS),
            ("sso:DeleteAccountAssignment", ALWAYS),
        ],
        ..NONE
    },
    Rights {
        step: "saml.sp-values",
        reads: &["cloudtrail:LookupEvents"],
        instead: "Whoever opens the console reads the values there: AWSSSODirectoryAdministrator is enough.",
        ..NONE
    },
    Rights {
        step: "saml.identity-source",
        reads: &["cloudtrail:LookupEvents"],
        instead: "Whoever changes it in the console needs sso-directory:* and sso:UpdateSSOConfiguration.",
        ..NONE
    },
    Rights {
        step: "saml.sign-in",
        reads: &[
            "cloudtrail:LookupEvents",
            "identitystore:DescribeUser",
            "identitystore:GetUserId",
        ],
        ..NONE
    },
    none(
        "scim.token",
        "The token itself opens the SCIM endpoint; whoever makes it in the console needs sso-directory:*.",
    ),
    Rights {
        step: "scim.arrived",
        reads: &[
            "identitystore:DescribeUser",
            "identitystore:GetGroupId",
            "identitystore:GetUserId",
            "identitystore:ListGroupMemberships",
        ],
        sometimes: &["identitystore:DeleteGroup", "identitystore:DeleteUser"],
        ..NONE
    },
    Rights {
        step: "aws.abac",
        reads: &["sso:DescribeInstanceAccessControlAttributeConfiguration"],
        changes: &[
            ("iam:UpdateAssumeRolePolicy", ALWAYS),
            ("sso:CreateInstanceAccessControlAttributeConfiguration", ALWAYS),
            ("sso:UpdateInstanceAccessControlAttributeConfiguration", OWN_TAGS),
        ],
        sometimes: &["sso:DeleteInstanceAccessControlAttributeConfiguration"],
        ..NONE
    },
];

/// The rows of the steps that this profile leads to.
pub fn planned(world: &World) -> impl Iterator<Item = &'static Rights> {
    RIGHTS.iter().filter(|rights| is_planned(world, rights.step))
}

fn is_planned(world: &World, id: &str) -> bool {
    let mut steps = PHASES.iter().flat_map(|phase| phase.steps);
    let Some(step) = steps.find(|step| step.about().id.as_str() == id) else {
        return false;
    };
    let is_there = |target| !AnyStep::items(*step, world, target).is_empty();
    match step.about().scope {
        Scope::Tenant => is_there(None),
        Scope::Target => world.targets.iter().any(|target| is_there(Some(target.name.as_str()))),
    }
}
