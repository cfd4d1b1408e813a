//! Application templates and application objects.

use serde_json::{Value, json};
use url::Url;

use super::{
    GraphError,
    cx::{Cx, Done, Reply},
    page::{Listing, plain},
};
use crate::sim::entra::{
    provisioning::templates::{AWS_IDENTITY_CENTER, AWS_SINGLE_ACCOUNT, CUSTOM, CUSTOM_CHINA, CUSTOM_US_GOV},
    state::{Cloud, Entity, Kind, Props, Tenant},
};

static LISTING: Listing = Listing {
    of: "application",
    filter: &[
        "appId",
        "displayName",
        "identifierUris",
        "createdDateTime",
        "publisherDomain",
        "signInAudience",
        "tags",
        "uniqueName",
    ],
    contains: false,
    shown: &[],
    paged: true,
    exact: false,
};

static TEMPLATES: Listing = Listing {
    of: "applicationTemplate",
    filter: &["displayName", "categories"],
    contains: true,
    shown: &[],
    paged: false,
    exact: false,
};

/// The role every SAML gallery application has; it stands for nothing.
const MSIAM_ACCESS: &str = "e7f1a7f3-9eda-48e0-9963-bd67bf531afd";
/// The role people are assigned with.
const USER_ROLE: &str = "8774f594-1d59-4279-b9d9-59ef09a23530";

const IDENTIFIER_URIS_MOST: usize = 50;

fn gallery(tenant: &Tenant) -> Vec<Value> {
    let custom = match tenant.cloud {
        Cloud::Global => CUSTOM,
        Cloud::UsGovL4 | Cloud::UsGovL5 => CUSTOM_US_GOV,
        Cloud::China => CUSTOM_CHINA,
    };
    let template = |id: &str, name: &str, publisher: &str, page: &str, sync: bool, modes: &[&str]| {
        json!({
            "id": id,
            "displayName": name,
            "publisher": publisher,
            "homePageUrl": page,
            "supportedSingleSignOnModes": modes,
            "supportedProvisioningTypes": if sync { vec!["sync"] } else { vec![] },
            "categories": ["developerServices", "itInfrastructure", "security", "New"],
            "logoUrl": null,
            "description": null,
        })
    };
    let amazon = "Amazon Web Services, Inc.";
    let all = [
        template(
            AWS_IDENTITY_CENTER,
            "AWS IAM Identity Center (successor to AWS Single Sign-On)",
            amazon,
            "https://aws.amazon.com/",
            true,
            &["saml", "external"],
        ),
        template(
            AWS_SINGLE_ACCOUNT,
            "AWS Single-Account Access",
            amazon,
            "https://aws.amazon.com/",
            true,
            &["saml", "external"],
        ),
        template(
            "b9c5a0a5-9b1e-4c0e-9a1b-5a4a4f7d1c02",
            "AWS ClientVPN",
            amazon,
            "https://aws.amazon.com/vpn/",
            false,
            &["saml"],
        ),
        template(
            custom,
            "Custom",
            "",
            "",
            true,
            &["saml", "password", "notSupported", "external"],
        ),
    ];
    let there = |t: &Value| {
        !tenant
            .settings
            .withdrawn_templates
            .iter()
            .any(|w| t["id"] == w.as_str())
    };
    all.into_iter().filter(there).collect()
}

/// GET /applicationTemplates
pub fn templates(cx: &mut Cx<'_>) -> Done {
    let gallery = gallery(cx.tenant());
    TEMPLATES.answer(cx, gallery)
}

/// GET /applicationTemplates/{id}
pub fn template(cx: &mut Cx<'_>) -> Done {
    let id = cx.param(0);
    let found = gallery(cx.tenant()).into_iter().find(|t| t["id"] == id.as_str());
    plain("applicationTemplate").one(cx, found.ok_or_else(|| GraphError::not_found(&id))?)
}

/// POST /applicationTemplates/{id}/instantiate
pub fn instantiate(cx: &mut Cx<'_>) -> Done {
    let id = cx.param(0);
    if !gallery(cx.tenant()).iter().any(|t| t["id"] == id.as_str()) {
        return Err(GraphError::not_found(&id));
    }
    let Some(name) = cx
        .text("displayName")
        .filter(|n| !n.trim().is_empty())
        .map(str::to_owned)
    else {
        return Err(GraphError::bad(
            "Invalid value specified for property 'displayName' of resource 'Application'.",
        ));
    };
    let (now, client) = (cx.now(), cx.caller.client.clone());
    let (application, principal) = make(cx.tenant(), &id, &name, &client, now);
    let tenant = cx.tenant();
    let body = json!({
        "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#microsoft.graph.applicationServicePrincipal",
        "application": tenant.applications[&application].value(),
        "servicePrincipal": tenant.service_principals[&principal].value(),
    });
    cx.audit("Add application", "Application", &application, &name);
    cx.audit("Add service principal", "ServicePrincipal", &principal, &name);
    Reply::json(201, &body)
}

/// Makes an application and its service principal from a template; gives their object ids.
pub fn make(tenant: &mut Tenant, template: &str, name: &str, client: &str, now: jiff::Timestamp) -> (String, String) {
    let application = tenant.ids.guid("application", name);
    let principal = tenant.ids.guid("servicePrincipal", name);
    let app_id = tenant.ids.guid("appId", name);
    let role = |id: &str, name: &str| {
        json!({
            "allowedMemberTypes": ["User"], "description": name, "displayName": name, "id": id, "isEnabled": true,
            "origin": "Application", "value": null,
        })
    };
    let roles = json!([role(USER_ROLE, "User"), role(MSIAM_ACCESS, "msiam_access")]);
    let homepage = match template {
        AWS_IDENTITY_CENTER => {
            json!("https://*.signin.aws.amazon.com/platform/saml/acs/*?metadata=awssinglesignon|ISV9.1|primary|z")
        }
        AWS_SINGLE_ACCOUNT => json!("https://signin.aws.amazon.com/saml?metadata=aws|ISV9.1|primary|z"),
        _ => json!(
            "https://account.activedirectory.windowsazure.com:444/applications/default.aspx?metadata=customappsso|ISV9.1|primary|z"
        ),
    };
    let info = json!({ "logoUrl": null, "marketingUrl": null, "privacyStatementUrl": null, "supportUrl": null, "termsOfServiceUrl": null });
    let domain = tenant
        .domains
        .iter()
        .find(|d| d.default)
        .or(tenant.domains.first())
        .map(|d| d.name.clone());
    let app = json!({
        "id": application, "deletedDateTime": null, "appId": app_id, "applicationTemplateId": template,
        "createdByAppId": client, "createdDateTime": now, "displayName": name, "description": null,
        "groupMembershipClaims": null, "identifierUris": [], "isFallbackPublicClient": false, "notes": null,
        "publisherDomain": domain, "serviceManagementReference": null, "signInAudience": "AzureADMyOrg", "tags": [],
        "tokenEncryptionKeyId": null, "samlMetadataUrl": null, "uniqueName": null, "defaultRedirectUri": null,
        "api": { "acceptMappedClaims": null, "knownClientApplications": [], "oauth2PermissionScopes": [],
                 "preAuthorizedApplications": [], "requestedAccessTokenVersion": null },
        "appRoles": roles, "info": info, "keyCredentials": [], "passwordCredentials": [],
        "publicClient": { "redirectUris": [] }, "requiredResourceAccess": [],
        "web": { "homePageUrl": homepage, "logoutUrl": null, "redirectUris": [], "redirectUriSettings": [],
                 "implicitGrantSettings": { "enableAccessTokenIssuance": false, "enableIdTokenIssuance": true } },
    });
    let sp = json!({
        "id": principal, "deletedDateTime": null, "accountEnabled": true, "alternativeNames": [], "appDisplayName": name,
        "appDescription": null, "appId": app_id, "applicationTemplateId": template, "appOwnerOrganizationId": tenant.id,
        "appRoleAssignmentRequired": true, "appRoles": roles, "createdByAppId": client, "description": null,
        "disabledByMicrosoftStatus": null, "displayName": name, "homepage": homepage, "info": info, "keyCredentials": [],
        "loginUrl": null, "logoutUrl": null, "notes": null, "notificationEmailAddresses": [],
        "oauth2PermissionScopes": [], "passwordCredentials": [], "preferredSingleSignOnMode": null,
        "preferredTokenSigningKeyThumbprint": null, "replyUrls": [], "samlSingleSignOnSettings": null,
        "servicePrincipalNames": [app_id], "servicePrincipalType": "Application", "signInAudience": "AzureADMyOrg",
        "tags": ["WindowsAzureActiveDirectoryIntegratedApp"], "tokenEncryptionKeyId": null,
    });
    let entity = |value: Value| match value {
        Value::Object(props) => Entity { props, made: now },
        _ => unreachable!("made as an object"),
    };
    tenant.applications.insert(application.clone(), entity(app));
    tenant.service_principals.insert(principal.clone(), entity(sp));
    (application, principal)
}

/// GET /applications
pub fn list(cx: &mut Cx<'_>) -> Done {
    let seen = cx
        .world
        .entra
        .applications
        .values()
        .filter(|e| cx.sees(e))
        .map(public)
        .collect();
    LISTING.answer(cx, seen)
}

/// GET /applications/{id}
pub fn get(cx: &mut Cx<'_>) -> Done {
    let id = cx.application(0)?;
    let object = public(&cx.tenant().applications[&id]);
    LISTING.one(cx, object)
}

fn public(entity: &Entity) -> Value {
    entity.value()
}

/// PATCH /applications/{id}
pub fn update(cx: &mut Cx<'_>) -> Done {
    let id = cx.application(0)?;
    cx.refuse_read_only(&[
        "id",
        "appId",
        "applicationTemplateId",
        "createdByAppId",
        "createdDateTime",
        "deletedDateTime",
        "publisherDomain",
    ])?;
    let entity = cx.world.entra.applications[&id].clone();
    cx.mine(&entity)?;
    if !cx.settled(&entity) {
        let message = "Conflict: the object was just created and is not ready to be changed. Retry the request.";
        return Err(GraphError::new(409, "Conflict", message));
    }
    if let Some(uris) = cx.body.get("identifierUris").cloned() {
        check_identifiers(cx, &id, &entity, &uris)?;
    }
    let body = cx.body.clone();
    let app_id = entity.text("appId").to_owned();
    let tenant = cx.tenant();
    let entity = tenant.applications.get_mut(&id).expect("found above");
    apply(&mut entity.props, body)?;
    // What the service principal shows of it.
    let replies = entity.props["web"]["redirectUris"].clone();
    let mut names = vec![json!(app_id)];
    names.extend(entity.texts("identifierUris").into_iter().map(|uri| json!(uri)));
    let name = entity.text("displayName").to_owned();
    if let Some(sp) = tenant
        .service_principals
        .values_mut()
        .find(|sp| sp.text("appId") == app_id)
    {
        sp.set("replyUrls", replies);
        sp.set("servicePrincipalNames", names);
        sp.set("appDisplayName", name.as_str());
    }
    cx.audit("Update application", "Application", &id, &name);
    Reply::empty()
}

/// Merges a PATCH: objects are merged property by property, everything else is replaced.
fn apply(props: &mut Props, body: Props) -> Result<(), GraphError> {
    for (key, value) in body {
        if key.contains('@') {
            continue;
        }
        match (props.get_mut(&key), value) {
            (Some(Value::Object(old)), Value::Object(mut new)) => {
                if key == "web" {
                    pair_redirects(&mut new)?;
                }
                old.extend(new);
            }
            (_, value) => {
                props.insert(key, value);
            }
        }
    }
    Ok(())
}

/// The plain list and the list with places are two views of one thing.
fn pair_redirects(web: &mut Props) -> Result<(), GraphError> {
    let absolute = |uri: &Value| uri.as_str().is_some_and(|u| Url::parse(u).is_ok_and(|u| u.has_host()));
    match (
        web.get("redirectUris").cloned(),
        web.get("redirectUriSettings").cloned(),
    ) {
        (Some(Value::Array(uris)), None) => {
            let settings = uris.iter().map(|uri| json!({ "uri": uri, "index": null })).collect();
            web.insert("redirectUriSettings".into(), Value::Array(settings));
        }
        (plain, Some(Value::Array(mut settings))) => {
            settings.sort_by_key(|s| s["index"].as_i64().unwrap_or(i64::MAX));
            let uris = Value::Array(settings.iter().map(|s| s["uri"].clone()).collect());
            let same = plain.as_ref().is_none_or(|plain| {
                let sorted = |v: &Value| {
                    let mut texts: Vec<String> = v.as_array().into_iter().flatten().map(Value::to_string).collect();
                    texts.sort();
                    texts
                };
                sorted(plain) == sorted(&uris)
            });
            if !same {
                return Err(GraphError::bad(
                    "redirectUris and redirectUriSettings do not hold the same values.",
                ));
            }
            web.insert("redirectUris".into(), uris);
        }
        _ => {}
    }
    let uris = web
        .get("redirectUris")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    match uris.iter().find(|uri| !absolute(uri)) {
        Some(uri) => Err(GraphError::bad(format!(
            "Redirect URI {uri} is not a valid absolute URI."
        ))),
        None => Ok(()),
    }
}

fn check_identifiers(cx: &Cx<'_>, id: &str, entity: &Entity, uris: &Value) -> Result<(), GraphError> {
    let uris: Vec<&str> = uris
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if uris.len() > IDENTIFIER_URIS_MOST {
        return Err(GraphError::bad(format!(
            "The property identifierUris holds more than {IDENTIFIER_URIS_MOST} values."
        )));
    }
    let tenant = &cx.world.entra;
    let app_id = entity.text("appId");
    let saml = tenant
        .service_principal_of(app_id)
        .is_some_and(|(_, sp)| sp.text("preferredSingleSignOnMode") == "saml");
    let had = entity.texts("identifierUris");
    for uri in uris.iter().filter(|uri| !had.contains(uri)) {
        let host = Url::parse(uri).ok().and_then(|u| u.host_str().map(str::to_lowercase));
        let ours = uri.starts_with(&format!("api://{app_id}"))
            || host.is_some_and(|host| {
                tenant
                    .domains
                    .iter()
                    .any(|d| d.verified && (host == d.name || host.ends_with(&format!(".{}", d.name))))
            });
        if !ours && (!saml || tenant.settings.identifier_policy) {
            let message = format!(
                "Values of identifierUris property must use a verified domain of the organization or its subdomain: '{uri}'"
            );
            return Err(GraphError::new(400, "HostNameNotOnVerifiedDomain", message));
        }
        let holds = |other: &Entity| other.texts("identifierUris").contains(uri);
        let live = tenant.applications.iter().any(|(other, e)| other != id && holds(e));
        let binned = tenant
            .deleted
            .values()
            .any(|d| d.kind == Kind::Application && holds(&d.entity));
        if live || binned {
            return Err(GraphError::same_value("identifierUris"));
        }
    }
    Ok(())
}

/// DELETE /applications/{id}
pub fn delete(cx: &mut Cx<'_>) -> Done {
    let id = cx.application(0)?;
    let entity = cx.world.entra.applications[&id].clone();
    cx.mine(&entity)?;
    let principal = cx
        .tenant()
        .service_principal_of(entity.text("appId"))
        .map(|(sp, _)| sp.clone());
    if let Some(sp) = principal {
        super::service_principals::remove(cx, &sp);
    }
    cx.tenant().applications.remove(&id);
    let name = entity.text("displayName").to_owned();
    cx.bin(Kind::Application, &id, entity);
    cx.audit("Delete application", "Application", &id, &name);
    Reply::empty()
}
