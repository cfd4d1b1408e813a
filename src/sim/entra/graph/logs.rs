//! Provisioning and audit logs: late, five calls in ten seconds, and particular about upper and lower case.

use jiff::SignedDuration;
use serde_json::Value;

use super::{
    GraphError,
    cx::{Cx, Done},
    page::{Listing, plain},
};
use crate::sim::entra::state::Logged;

const CALLS: usize = 5;
const WINDOW: SignedDuration = SignedDuration::from_secs(10);

/// GET /auditLogs/provisioning
pub fn provisioning(cx: &mut Cx<'_>) -> Done {
    if !cx.tenant().premium() {
        let message = "Neither tenant is B2C or tenant doesn't have premium license";
        return Err(GraphError::new(
            403,
            "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
            message,
        ));
    }
    let entries = cx.tenant().provisioning_log.clone();
    let filter = &[
        "jobId",
        "cycleId",
        "changeId",
        "provisioningAction",
        "activityDateTime",
        "servicePrincipal/id",
        "servicePrincipal/displayName",
        "provisioningStatusInfo/status",
        "sourceIdentity/id",
        "sourceIdentity/displayName",
        "targetIdentity/id",
        "targetIdentity/displayName",
        "tenantId",
    ];
    answer(
        cx,
        Listing {
            filter,
            ..plain("provisioningObjectSummary")
        },
        entries,
    )
}

/// GET /auditLogs/directoryAudits
pub fn directory_audits(cx: &mut Cx<'_>) -> Done {
    let entries = cx.tenant().audits.clone();
    let filter = &[
        "activityDateTime",
        "activityDisplayName",
        "category",
        "loggedByService",
        "correlationId",
        "result",
        "initiatedBy/user/id",
    ];
    answer(
        cx,
        Listing {
            filter,
            ..plain("directoryAudit")
        },
        entries,
    )
}

fn answer(cx: &mut Cx<'_>, listing: Listing, entries: Vec<Logged>) -> Done {
    let (now, client) = (cx.now(), cx.caller.client.clone());
    if !cx
        .ledger()
        .within_window(&format!("auditLogs of {client}"), CALLS, WINDOW, now)
    {
        return Err(GraphError::throttled(10));
    }
    // The newest first.
    let values: Vec<Value> = entries
        .into_iter()
        .rev()
        .filter(|e| e.shows <= now)
        .map(|e| e.value)
        .collect();
    Listing {
        paged: true,
        exact: true,
        contains: true,
        ..listing
    }
    .answer(cx, values)
}
