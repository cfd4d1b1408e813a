//! The tenant itself, and who asks.

use serde_json::{Value, json};

use super::{
    GraphError,
    cx::{Cx, Done, Reply},
    page::plain,
    users,
};
use crate::sim::entra::roles;

/// GET /organization
pub fn organization(cx: &mut Cx<'_>) -> Done {
    let tenant = cx.tenant();
    let domains: Vec<Value> = tenant
        .domains
        .iter()
        .enumerate()
        .filter(|(_, domain)| domain.verified)
        .map(|(n, domain)| {
            json!({
                "name": domain.name,
                "isDefault": domain.default,
                "isInitial": n == 0,
                "type": domain.authentication,
                "capabilities": "Email, OfficeCommunicationsOnline",
            })
        })
        .collect();
    let plan = |service: &str, id: &str| json!({ "assignedDateTime": "2025-01-01T00:00:00Z", "capabilityStatus": "Enabled", "service": service, "servicePlanId": id });
    let mut plans = vec![plan("exchange", "9aaf7827-d63c-4b61-89c3-182f06f82e5c")];
    if tenant.premium() {
        plans.push(plan("AADPremiumService", "41781fb2-bc02-4b7c-bd55-b576c07bb09d"));
    }
    let object = json!({
        "id": tenant.id,
        "deletedDateTime": null,
        "displayName": tenant.name,
        "verifiedDomains": domains,
        "assignedPlans": plans,
        "countryLetterCode": "DE",
        "createdDateTime": "2020-01-01T00:00:00Z",
        "preferredLanguage": "en",
        "tenantType": "AAD",
        "technicalNotificationMails": [],
        "onPremisesSyncEnabled": null,
    });
    plain("organization").answer(cx, vec![object])
}

/// GET /domains
pub fn domains(cx: &mut Cx<'_>) -> Done {
    let domains = cx.tenant().domains.iter().enumerate().map(|(n, domain)| {
        json!({
            "id": domain.name,
            "authenticationType": domain.authentication,
            "isAdminManaged": true,
            "isDefault": domain.default,
            "isInitial": n == 0,
            "isRoot": true,
            "isVerified": domain.verified,
            "supportedServices": ["Email"],
        })
    });
    let domains = domains.collect();
    plain("domain").answer(cx, domains)
}

/// GET /me
pub fn me(cx: &mut Cx<'_>) -> Done {
    let id = caller(cx)?;
    let user = cx
        .tenant()
        .users
        .get(&id)
        .ok_or_else(|| GraphError::not_found(&id))?
        .value();
    users::LISTING.one(cx, user)
}

/// GET /me/transitiveMemberOf/microsoft.graph.directoryRole
pub fn my_roles(cx: &mut Cx<'_>) -> Done {
    caller(cx)?;
    let held = cx.caller.roles.clone();
    let roles = held.iter().map(|template| {
        json!({
            "@odata.type": "#microsoft.graph.directoryRole",
            // One role object for each template; its id is not the template's.
            "id": format!("d1{}", &template[2..]),
            "deletedDateTime": null,
            "displayName": roles::name(template),
            "description": null,
            "roleTemplateId": template,
        })
    });
    let roles = roles.collect();
    plain("directoryRole").answer(cx, roles)
}

fn caller(cx: &Cx<'_>) -> Result<String, GraphError> {
    let message = "/me request is only valid with delegated authentication flow.";
    cx.caller
        .user
        .clone()
        .ok_or_else(|| GraphError::new(400, "BadRequest", message))
}

/// GET /subscribedSkus
pub fn skus(cx: &mut Cx<'_>) -> Done {
    let tenant = cx.tenant();
    let mut skus = vec![];
    if tenant.premium() {
        skus.push(json!({
            "id": format!("{}_{}", tenant.id, "078d2b04-f1bd-4111-bbd6-b4b1b354cef4"),
            "accountName": tenant.name,
            "appliesTo": "User",
            "capabilityStatus": "Enabled",
            "consumedUnits": 12,
            "prepaidUnits": { "enabled": 100, "lockedOut": 0, "suspended": 0, "warning": 0 },
            "servicePlans": [{
                "appliesTo": "User",
                "provisioningStatus": "Success",
                "servicePlanId": "41781fb2-bc02-4b7c-bd55-b576c07bb09d",
                "servicePlanName": "AAD_PREMIUM",
            }],
            "skuId": "078d2b04-f1bd-4111-bbd6-b4b1b354cef4",
            "skuPartNumber": "AAD_PREMIUM",
            "subscriptionIds": [],
        }));
    }
    plain("subscribedSku").answer(cx, skus)
}

/// GET /policies/defaultAppManagementPolicy
pub fn app_management_policy(cx: &mut Cx<'_>) -> Done {
    let strict = cx.tenant().settings.identifier_policy;
    let restriction = json!({
        "state": if strict { "enabled" } else { "disabled" },
        "restrictForAppsCreatedAfterDateTime": null,
        "excludeAppsReceivingV2Tokens": true,
        "excludeSaml": !strict,
        "isStateSetByMicrosoft": false,
    });
    let policy = json!({
        "id": "00000000-0000-0000-0000-000000000000",
        "displayName": "Default app management tenant policy",
        "description": "Default tenant policy that enforces app management restrictions on applications and service principals.",
        "isEnabled": strict,
        "applicationRestrictions": {
            "passwordCredentials": [],
            "keyCredentials": [],
            "identifierUris": { "nonDefaultUriAddition": restriction },
        },
        "servicePrincipalRestrictions": { "passwordCredentials": [], "keyCredentials": [] },
    });
    Reply::json(200, &policy)
}
