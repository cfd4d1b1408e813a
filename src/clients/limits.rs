//! Every vendor limit that fedwiz keeps, with its unit and its source.

use std::time::Duration;

use super::pace::Limit;

const SECOND: Duration = Duration::from_secs(1);

/// IAM Identity Center administration (`sso-admin`): calls a second, all operations together.
pub const SSO_ADMIN: Limit = Limit {
    what: "Identity Center calls",
    calls: 20,
    per: SECOND,
    source: "https://docs.aws.amazon.com/singlesignon/latest/userguide/limits.html",
};

/// Account assignments being created or deleted at one time.
/// Source: <https://docs.aws.amazon.com/singlesignon/latest/userguide/limits.html>
pub const ASSIGNMENTS_IN_FLIGHT: usize = 15;

/// Account assignments being created or deleted at one time for one account and permission set.
/// Source: <https://docs.aws.amazon.com/singlesignon/latest/userguide/limits.html>
pub const ASSIGNMENTS_IN_FLIGHT_PER_ACCOUNT_ROLE: usize = 1;

/// Items on one page of a list of `sso-admin`, at most.
/// Source: <https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_ListAccountAssignments.html>
pub const SSO_ADMIN_PAGE: u16 = 100;

/// Identity Store: calls a second for each operation.
pub const IDENTITY_STORE: Limit = Limit {
    what: "Identity Store calls of one kind",
    calls: 20,
    per: SECOND,
    source: "https://docs.aws.amazon.com/singlesignon/latest/userguide/limits.html",
};

/// CloudTrail `LookupEvents`: calls a second, per account and Region.
pub const CLOUDTRAIL_LOOKUP: Limit = Limit {
    what: "CloudTrail look-ups",
    calls: 2,
    per: SECOND,
    source: "https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html",
};

/// AWS's SCIM endpoint: writes a second, per store.
pub const SCIM_WRITES: Limit = Limit {
    what: "SCIM writes",
    calls: 25,
    per: SECOND,
    source: "https://docs.aws.amazon.com/singlesignon/latest/userguide/limits.html",
};

/// AWS's SCIM endpoint: reads a second, per store.
pub const SCIM_READS: Limit = Limit {
    what: "SCIM reads",
    calls: 40,
    per: SECOND,
    source: "https://docs.aws.amazon.com/singlesignon/latest/userguide/limits.html",
};

/// Entra on-demand provisioning: requests in ten seconds.
pub const PROVISION_ON_DEMAND: Limit = Limit {
    what: "on-demand provisioning requests",
    calls: 5,
    per: Duration::from_secs(10),
    source: "https://learn.microsoft.com/graph/api/synchronization-synchronizationjob-provisionondemand",
};

/// Entra reports and audit logs: requests in ten seconds, per app and tenant.
pub const GRAPH_REPORTS: Limit = Limit {
    what: "Entra log reads",
    calls: 5,
    per: Duration::from_secs(10),
    source: "https://learn.microsoft.com/graph/throttling-limits#identity-and-access-reports-service-limits",
};

/// Entra directory writes: requests in two and a half minutes, per app and tenant.
pub const GRAPH_WRITES: Limit = Limit {
    what: "Entra directory writes",
    calls: 3000,
    per: Duration::from_secs(150),
    source: "https://learn.microsoft.com/graph/throttling-limits#identity-and-access-service-limits",
};

/// Requests inside one Graph `$batch`.
/// Source: <https://learn.microsoft.com/graph/json-batching>
pub const GRAPH_BATCH: usize = 20;

/// Changes of membership in one SCIM `PATCH` of a group.
/// Source: <https://docs.aws.amazon.com/singlesignon/latest/developerguide/patchgroup.html>
pub const SCIM_MEMBERS_PER_PATCH: usize = 100;

/// Users or groups on one SCIM page.
/// Source: <https://docs.aws.amazon.com/singlesignon/latest/developerguide/listusers.html>
pub const SCIM_PAGE: usize = 100;
