//! The catalogue of steps: what we want in either cloud, one file per subject. [`PHASES`] is its contents page.

pub mod accounts;
pub mod app_assignment;
pub mod application;
pub mod arrival;
pub mod assignment;
pub mod aws_abac;
pub mod aws_user;
mod by_hand;
pub mod certificate;
pub mod claims_policy;
pub mod directory;
pub mod identity_source;
pub mod membership;
pub mod name_id;
pub mod owners;
pub mod people;
pub mod permission_set;
pub mod preflight_aws;
pub mod preflight_entra;
pub mod read_back;
pub mod rights;
pub mod rotate_certificate;
pub mod rotate_token;
pub mod rotation;
pub mod saml_endpoints;
pub mod saml_values;
pub mod schema;
pub mod scim_job;
pub mod scim_mappings;
pub mod scim_run;
pub mod scim_token;
pub mod sign_in;
mod source_evidence;
pub mod stood_before;
#[cfg(test)]
mod tests;
pub mod world;

pub use world::{Cx, Target, World};

use crate::engine::any::Phase;

/// The walk, told phase by phase. What runs when is decided by the steps' needs alone.
pub static PHASES: &[&Phase<World>] = &[
    &Phase {
        title: "Preflight",
        aim: "Both clouds answer, the rights suffice, and nobody will be locked out.",
        steps: &[
            &preflight_entra::EntraSession,
            &preflight_entra::EntraRights,
            &preflight_aws::AwsSession,
            &preflight_aws::AwsInstance,
            &preflight_aws::AwsRights,
            &preflight_entra::PeopleLint,
            &preflight_aws::BreakGlass,
        ],
    },
    &Phase {
        title: "Prepare the tenant",
        aim: "An application in your tenant that stands for AWS, with a certificate, and people assigned to it.",
        steps: &[
            &application::EnterpriseApp,
            &application::SamlMode,
            &certificate::SigningCertificate,
            &certificate::ActiveCertificate,
            &directory::EntraUser,
            &directory::EntraGroup,
            &membership::GroupMember,
            &app_assignment::SignInBefore,
            &app_assignment::AppAssignment,
        ],
    },
    &Phase {
        title: "Prepare AWS",
        aim: "Permission sets, and the users that provisioning does not bring, with their access.",
        steps: &[
            &permission_set::PermissionSet,
            &aws_user::AwsUser,
            &assignment::AccountAssignment,
        ],
    },
    &Phase {
        title: "SAML sign-in",
        aim: "People sign in to AWS with their Entra account.",
        steps: &[
            &saml_values::EntraMetadata,
            &saml_values::ProviderValues,
            &saml_endpoints::SamlEndpoints,
            &name_id::NameIdClaim,
            &identity_source::IdentitySource,
            &sign_in::SamlSignIn,
        ],
    },
    &Phase {
        title: "SCIM provisioning",
        aim: "Entra keeps users and groups in AWS in step by itself.",
        steps: &[
            &scim_token::ProvisioningToken,
            &scim_job::ProvisioningJob,
            &scim_job::ProvisioningCredentials,
            &scim_mappings::Mappings,
            &scim_mappings::ProvisioningScope,
            &arrival::OnDemand,
            &arrival::Arrived,
            &scim_run::ProvisioningRun,
        ],
    },
    &Phase {
        title: "ABAC: attribute-based access",
        aim: "Policies in AWS can decide by attributes from Entra.",
        steps: &[&aws_abac::AwsAbac, &name_id::TagClaims],
    },
    &Phase {
        title: "Assignments",
        aim: "Everybody has the access that the profile gives, and can sign in to use it.",
        steps: &[&app_assignment::AppAccess],
    },
];
