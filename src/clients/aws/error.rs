//! What AWS answers when it does not do what was asked, and the one conversion to a [`Fault`].
//!
//! All services speak JSON 1.1 (STS: XML) with a code, a message, and for Identity Center a `Reason` and perhaps
//! `RetryAfterSeconds`. The code alone does not say enough: `ConflictException` means "the name is taken", "it is still in
//! use" or "something else is being changed, try again", and only the operation tells which.

use std::{error::Error, time::Duration};

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;
use serde::Deserialize;

use super::adapter;
use crate::{
    clients::retry::Trouble,
    fault::{Fault, Kind, Retry},
    secrets::redact,
};

/// An AWS service that fedwiz calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    Sts,
    Organizations,
    SsoAdmin,
    IdentityStore,
    CloudTrail,
}

impl Service {
    /// The service's prefix in IAM actions.
    fn iam(self) -> &'static str {
        match self {
            Self::Sts => "sts",
            Self::Organizations => "organizations",
            Self::SsoAdmin => "sso",
            Self::IdentityStore => "identitystore",
            Self::CloudTrail => "cloudtrail",
        }
    }
}

/// What doing an operation twice means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing: it only looks.
    Reads,
    /// The same as doing it once.
    Settles,
    /// A second object or a second job.
    Creates,
}

/// One operation of one service.
#[derive(Debug, Clone, Copy)]
pub(super) struct Op {
    pub(super) service: Service,
    pub(super) name: &'static str,
    pub(super) effect: Effect,
}

impl Op {
    pub(super) const fn reads(service: Service, name: &'static str) -> Self {
        Self {
            service,
            name,
            effect: Effect::Reads,
        }
    }

    pub(super) const fn settles(service: Service, name: &'static str) -> Self {
        Self {
            service,
            name,
            effect: Effect::Settles,
        }
    }

    pub(super) const fn creates(service: Service, name: &'static str) -> Self {
        Self {
            service,
            name,
            effect: Effect::Creates,
        }
    }

    /// Whether anything may be different after it.
    pub(super) fn changes(self) -> bool {
        self.effect != Effect::Reads
    }

    pub(super) fn repeatable(self) -> bool {
        self.effect != Effect::Creates
    }

    /// The IAM action that allows it.
    pub(super) fn action(self) -> String {
        format!("{}:{}", self.service.iam(), self.name)
    }

    /// What `ConflictException` means here.
    fn conflict(self) -> Conflict {
        match self.name {
            "CreatePermissionSet" | "CreateUser" | "CreateGroup" | "CreateGroupMembership" => Conflict::Taken,
            "AttachManagedPolicyToPermissionSet" | "AttachCustomerManagedPolicyReferenceToPermissionSet" => {
                Conflict::Taken
            }
            "CreateInstanceAccessControlAttributeConfiguration" => Conflict::Taken,
            "DeletePermissionSet" => Conflict::InUse,
            _ => Conflict::Busy,
        }
    }
}

enum Conflict {
    /// It exists already, or something holds its name.
    Taken,
    /// It cannot go while others use it.
    InUse,
    /// Another change is under way: AWS asks to try again.
    Busy,
}

/// What an error answer's body may hold beside code and message.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Details {
    reason: Option<String>,
    retry_after_seconds: Option<u64>,
    resource_type: Option<String>,
}

/// The fault, and what it means for another attempt.
pub(super) fn fault<E>(op: Op, error: &SdkError<E, HttpResponse>) -> (Fault, Trouble)
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let (mut fault, trouble) = match error {
        SdkError::ServiceError(service) => {
            let raw = service.raw();
            let details = raw
                .body()
                .bytes()
                .and_then(|body| serde_json::from_slice(body).ok())
                .unwrap_or_default();
            let meta = service.err().meta();
            refused(
                op,
                raw.status().as_u16(),
                meta.code(),
                meta.message().unwrap_or_default(),
                &details,
            )
        }
        SdkError::ResponseError(response) => {
            let what = format!("The answer to {} cannot be read", op.name);
            let status = response.raw().status().as_u16();
            (
                Fault::new(Kind::Answer, what).why(format!("HTTP {status}: {}", chain(error))),
                Trouble::Unclear(None),
            )
        }
        _ => lost(op, error),
    };
    if let Some(id) = error.request_id() {
        fault = fault.request_id(id.to_owned());
    }
    let retry = fault.retry;
    if retry == Retry::Never {
        fault = fault.retry(trouble.retry(op.repeatable()));
    }
    (fault, trouble)
}

/// The service answered with an error.
fn refused(op: Op, status: u16, code: Option<&str>, message: &str, details: &Details) -> (Fault, Trouble) {
    let code = code.unwrap_or("no code").rsplit('#').next().unwrap_or_default();
    let message = redact(message);
    let after = details
        .retry_after_seconds
        .filter(|seconds| *seconds > 0)
        .map(Duration::from_secs);
    let fault = |kind, what: String| Fault::new(kind, what).why(message.clone()).code(code.to_owned());
    let name = op.name;

    if let Some(reason) = details.reason.as_deref().filter(|reason| reason.starts_with("KMS")) {
        return kms(op, reason, &message, after);
    }
    match code {
        "ThrottlingException"
        | "Throttling"
        | "ThrottledException"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "SlowDown" => {
            let fault = fault(Kind::Throttled, format!("AWS asks to slow down at {name}"));
            (fault, Trouble::Throttled(after))
        }
        "AccessDeniedException" | "AccessDenied" | "UnauthorizedOperation" | "OperationNotPermittedException" => {
            (denied(op, code, &message), Trouble::Final)
        }
        "ExpiredTokenException" | "ExpiredToken" | "RequestExpired" => {
            let fault = fault(Kind::SignIn, "The AWS sign-in has expired".into())
                .hint("Sign in to AWS again (for example `aws sso login`), then continue the run.");
            (fault, Trouble::Final)
        }
        "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidAccessKeyId"
        | "SignatureDoesNotMatch"
        | "InvalidSignatureException"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "IncompleteSignature"
        | "AuthFailure" => {
            let fault = fault(Kind::SignIn, "AWS does not accept the credentials".into()).hint(
                "Check that profile and Region belong to the same partition (commercial, GovCloud, China), that the keys \
                 are still active, and that this machine's clock is right.",
            );
            (fault, Trouble::Final)
        }
        "ConflictException" | "ConcurrentModificationException" => conflict(op, code, &message, details),
        "AWSOrganizationsNotInUseException" => {
            let fault = fault(Kind::NotFound, "This AWS account belongs to no organization".into())
                .hint("Identity Center needs an organization for account access. Sign in to its management account.");
            (fault, Trouble::Final)
        }
        "ServiceQuotaExceededException" | "LimitExceededException" => {
            let fault = fault(Kind::Refused, format!("A quota of AWS stands in the way of {name}"))
                .hint("Ask for a higher quota in Service Quotas, or remove what is no longer needed.");
            (fault, Trouble::Final)
        }
        _ if code.contains("NotFound") => {
            let thing = details
                .resource_type
                .as_deref()
                .unwrap_or("what it names")
                .to_lowercase();
            let mut fault = fault(Kind::NotFound, format!("{name} does not find {thing}"));
            if op.effect != Effect::Reads {
                // Something made a moment ago is not known everywhere at once.
                fault = fault.retry(Retry::Replication);
            }
            (fault, Trouble::Final)
        }
        "InternalServerException" | "ServiceException" | "InternalFailure" | "ServiceUnavailable" => (
            fault(Kind::Unavailable, format!("AWS failed at {name}")),
            Trouble::Unclear(after),
        ),
        _ if status == 429 => (
            fault(Kind::Throttled, format!("AWS asks to slow down at {name}")),
            Trouble::Throttled(after),
        ),
        _ if status >= 500 => (
            fault(Kind::Unavailable, format!("AWS failed at {name}")),
            Trouble::Unclear(after),
        ),
        _ => {
            let fault = fault(Kind::Refused, format!("AWS refuses {name} as invalid"));
            (fault, Trouble::Final)
        }
    }
}

fn denied(op: Op, code: &str, message: &str) -> Fault {
    let fault = |what: String| {
        Fault::new(Kind::Rights, what)
            .why(message.to_owned())
            .code(code.to_owned())
    };
    if message.contains("provisioned in the management account") {
        return fault("Only the management account may change what stands in the management account".into()).hint(
            "The caller is the delegated administrator. Sign in to the management account, or leave that account out.",
        );
    }
    let action = message
        .split_once("not authorized to perform: ")
        .and_then(|(_, rest)| rest.split([' ', ',']).next())
        .filter(|action| action.contains(':'))
        .map_or_else(|| op.action(), str::to_owned);
    fault(format!("The AWS caller may not do {action}")).hint(format!(
        "Allow {action} for the caller, in its policy and in the organization's service control policies."
    ))
}

fn conflict(op: Op, code: &str, message: &str, details: &Details) -> (Fault, Trouble) {
    let fault = |what: String| {
        Fault::new(Kind::Conflict, what)
            .why(message.to_owned())
            .code(code.to_owned())
    };
    let busy = details.reason.as_deref() == Some("CONCURRENT_MODIFICATION");
    match op.conflict() {
        Conflict::Taken if !busy => {
            let fault = fault(format!("{} finds its name taken", op.name))
                .hint("It may have been made by an attempt whose answer was lost, or by somebody else just now.");
            (fault.retry(Retry::LookFirst), Trouble::Final)
        }
        Conflict::InUse => {
            let fault = fault(format!("{} has to wait: it is still in use", op.name));
            (fault.retry(Retry::Backoff), Trouble::Final)
        }
        _ => (
            fault(format!("AWS is at work on something that {} would change too", op.name)),
            Trouble::Throttled(None),
        ),
    }
}

/// Whether it is the customer managed key of the instance that stands in the way.
pub fn is_about_key(fault: &Fault) -> bool {
    fault.code.as_deref().is_some_and(|code| code.starts_with("KMS"))
}

/// Trouble with the customer managed key of the instance. The two services spell the reasons differently
/// (`KMS_AccessDeniedException`, `KMS_ACCESS_DENIED`).
fn kms(op: Op, reason: &str, message: &str, after: Option<Duration>) -> (Fault, Trouble) {
    let plain = reason.replace('_', "").to_ascii_lowercase();
    let fault = |kind, what: &str, hint: &'static str| {
        Fault::new(kind, format!("{what} ({})", op.name))
            .why(message.to_owned())
            .code(reason.to_owned())
            .hint(hint)
    };
    if plain.contains("throttling") {
        let fault = fault(Kind::Throttled, "The key of the instance is asked too often", "");
        return (fault, Trouble::Throttled(after));
    }
    let fault = if plain.contains("accessdenied") {
        fault(
            Kind::Rights,
            "The caller may not use the customer managed key of the instance",
            "Allow kms:Decrypt (for administrators also kms:Encrypt and kms:GenerateDataKeyWithoutPlaintext) on that key, \
             in its key policy too.",
        )
    } else if plain.contains("notfound") {
        fault(
            Kind::NotFound,
            "The customer managed key of the instance does not exist",
            "Restore the key, or change the encryption of the instance in the Identity Center settings.",
        )
    } else {
        fault(
            Kind::Refused,
            "The customer managed key of the instance cannot be used",
            "Enable the key in AWS KMS, and check that it is a symmetric encryption key.",
        )
    };
    (fault, Trouble::Final)
}

/// There is no answer: no credentials, no connection, or a connection that broke off.
fn lost<E>(op: Op, error: &SdkError<E, HttpResponse>) -> (Fault, Trouble)
where
    E: Error + 'static,
{
    if let Some(credentials) = cause::<CredentialsError>(error) {
        let fault = Fault::new(Kind::SignIn, "There are no usable AWS credentials")
            .why(redact(&chain(credentials)))
            .hint("Name the `profile` of this target, sign in (`aws sso login --profile NAME`), or set the AWS_* variables.");
        return (fault, Trouble::Final);
    }
    if let Some((fault, trouble)) = adapter::lost(error) {
        return (fault.clone().retry(Retry::Never), trouble);
    }
    let fault = Fault::new(Kind::Unavailable, format!("No answer to {}", op.name)).why(redact(&chain(error)));
    match error {
        SdkError::ConstructionFailure(_) => (fault, Trouble::Final),
        _ => (fault, Trouble::Unclear(None)),
    }
}

/// The first cause of this type.
fn cause<'e, C: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e C> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<C>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// The error and all its causes in one line: `dispatch failure` alone says nothing.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        let part = error.to_string();
        if !text.contains(&part) {
            text.push_str(": ");
            text.push_str(&part);
        }
        next = error.source();
    }
    text
}
