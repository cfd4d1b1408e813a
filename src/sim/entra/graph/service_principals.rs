//! Service principals and their SAML signing certificates.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    GraphError,
    cx::{Cx, Done, Reply},
    page::Listing,
};
use crate::sim::entra::{
    certificate::Certificate,
    pfx,
    provisioning::job::Schedule,
    state::{Entity, Kind, Tenant, span},
};

static LISTING: Listing = Listing {
    of: "servicePrincipal",
    filter: &[
        "appId",
        "applicationTemplateId",
        "displayName",
        "accountEnabled",
        "appDisplayName",
        "appOwnerOrganizationId",
        "servicePrincipalNames",
        "servicePrincipalType",
        "tags",
        "createdByAppId",
    ],
    contains: false,
    shown: &[],
    paged: true,
    exact: false,
};

const MAILS_MOST: usize = 5;
const CERTIFICATE_YEARS: i64 = 3;
const READ_ONLY: &[&str] = &[
    "id",
    "appId",
    "appDisplayName",
    "applicationTemplateId",
    "appOwnerOrganizationId",
    "createdByAppId",
    "deletedDateTime",
    "replyUrls",
    "servicePrincipalType",
    "signInAudience",
];

/// GET /servicePrincipals
pub fn list(cx: &mut Cx<'_>) -> Done {
    let seen = cx
        .world
        .entra
        .service_principals
        .values()
        .filter(|e| cx.sees(e))
        .map(|e| public(e, false))
        .collect();
    LISTING.answer(cx, seen)
}

/// GET /servicePrincipals/{id}
pub fn get(cx: &mut Cx<'_>) -> Done {
    let id = cx.service_principal(0)?;
    // The bytes of keys come only when they are asked for by name.
    let keys = cx
        .request
        .query("$select")
        .is_some_and(|s| s.split(',').any(|n| n.trim() == "keyCredentials"));
    let object = public(&cx.tenant().service_principals[&id], keys);
    LISTING.one(cx, object)
}

fn public(entity: &Entity, keys: bool) -> Value {
    let mut value = entity.value();
    let list = |value: &mut Value, name: &str, hide: &str| {
        for entry in value[name].as_array_mut().into_iter().flatten() {
            entry[hide] = Value::Null;
        }
    };
    if !keys {
        list(&mut value, "keyCredentials", "key");
    }
    list(&mut value, "passwordCredentials", "secretText");
    value
}

/// PATCH /servicePrincipals/{id}
pub fn update(cx: &mut Cx<'_>) -> Done {
    let id = cx.service_principal(0)?;
    cx.refuse_read_only(READ_ONLY)?;
    let entity = cx.world.entra.service_principals[&id].clone();
    cx.mine(&entity)?;
    check(cx, &id)?;
    let now = cx.now();
    let mut body = cx.body.clone();
    let tenant = cx.tenant();
    let brought = brought(tenant, &id, &body, now)?;
    keep_credentials(tenant, &id, &body)?;
    if let Some(certificate) = brought {
        tenant.certificates.entry(id.clone()).or_default().push(certificate);
        // The private half is never given back.
        for key in body
            .get_mut("keyCredentials")
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            if key["usage"] == "Sign" {
                key["key"] = Value::Null;
            }
        }
    }
    let entity = tenant.service_principals.get_mut(&id).expect("found above");
    for (key, value) in body {
        match (key.as_str(), value) {
            (k, _) if k.contains('@') => {}
            // Lists are replaced whole; what is kept keeps its bytes.
            ("keyCredentials" | "passwordCredentials", Value::Array(kept)) => {
                let old = entity
                    .props
                    .get(&key)
                    .and_then(Value::as_array)
                    .cloned()
                    .unwrap_or_default();
                let same = |a: &Value, b: &Value| a["keyId"] == b["keyId"];
                let list = kept
                    .into_iter()
                    .map(|k| old.iter().find(|o| same(o, &k)).cloned().unwrap_or(k))
                    .collect();
                entity.props.insert(key, Value::Array(list));
            }
            (_, value) => {
                entity.props.insert(key, value);
            }
        }
    }
    let name = entity.text("displayName").to_owned();
    cx.audit("Update service principal", "ServicePrincipal", &id, &name);
    Reply::empty()
}

fn check(cx: &Cx<'_>, id: &str) -> Result<(), GraphError> {
    let body = &cx.body;
    if let Some(mode) = body.get("preferredSingleSignOnMode").and_then(Value::as_str)
        && !["saml", "password", "oidc", "notSupported", "external"].contains(&mode)
    {
        return Err(GraphError::bad(
            "Invalid value specified for property 'preferredSingleSignOnMode' of resource 'ServicePrincipal'.",
        ));
    }
    if body
        .get("notificationEmailAddresses")
        .and_then(Value::as_array)
        .is_some_and(|m| m.len() > MAILS_MOST)
    {
        return Err(GraphError::bad(
            "The property notificationEmailAddresses holds more than 5 values.",
        ));
    }
    if let Some(thumbprint) = body.get("preferredTokenSigningKeyThumbprint").and_then(Value::as_str) {
        let own = cx.world.entra.certificates.get(id);
        let known = own
            .into_iter()
            .flatten()
            .any(|c| c.thumbprint().eq_ignore_ascii_case(thumbprint));
        if !known {
            return Err(GraphError::bad(
                "The thumbprint in preferredTokenSigningKeyThumbprint is not that of a signing certificate of this service principal.",
            ));
        }
    }
    Ok(())
}

/// The certificate whose three credentials are new in these lists, if there is one and it is whole.
fn brought(
    tenant: &Tenant,
    id: &str,
    body: &crate::sim::entra::state::Props,
    now: Timestamp,
) -> Result<Option<Certificate>, GraphError> {
    let bad = |why: &str| GraphError::bad(format!("Invalid value specified for property 'keyCredentials': {why}."));
    let entity = &tenant.service_principals[id];
    let new = |name: &str| -> Vec<&Value> {
        let old = |entry: &Value, list: &str| {
            let list = entity.props.get(list).and_then(Value::as_array);
            list.into_iter().flatten().any(|old| old["keyId"] == entry["keyId"])
        };
        let list = body.get(name).and_then(Value::as_array);
        list.into_iter().flatten().filter(|entry| !old(entry, name)).collect()
    };
    let (keys, passwords) = (new("keyCredentials"), new("passwordCredentials"));
    if keys.is_empty() && passwords.is_empty() {
        return Ok(None);
    }
    let of = |kind: &str, usage: &str| -> Vec<&Value> {
        let same = |key: &&Value| key["type"] == kind && key["usage"] == usage;
        keys.iter().copied().filter(same).collect()
    };
    let (signs, verifies) = (of("X509CertAndPassword", "Sign"), of("AsymmetricX509Cert", "Verify"));
    let ([sign], [verify], [password], 2) = (signs.as_slice(), verifies.as_slice(), passwords.as_slice(), keys.len())
    else {
        return Err(bad(
            "a signing certificate is one key that signs, one that verifies, and one password",
        ));
    };
    let text = |entry: &Value, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
    let guid = |entry: &Value| uuid::Uuid::parse_str(&text(entry, "keyId")).is_ok();
    if !guid(sign) || !guid(verify) || sign["keyId"] == verify["keyId"] || sign["keyId"] != password["keyId"] {
        return Err(bad(
            "the password has the keyId of the key that signs, and the other key its own",
        ));
    }
    let bytes = |entry: &Value| {
        BASE64_STANDARD
            .decode(text(entry, "key"))
            .ok()
            .filter(|key| !key.is_empty())
    };
    let (Some(file), Some(der)) = (bytes(sign), bytes(verify)) else {
        return Err(bad("a key is base64"));
    };
    let certificate = Certificate::brought(
        der,
        now + span(tenant.settings.metadata_lag_s),
        (text(sign, "keyId"), text(verify, "keyId")),
    )
    .ok_or_else(|| bad("the key that verifies is no certificate"))?;
    let ties = certificate.custom_key_identifier();
    if [sign, verify, password]
        .iter()
        .any(|entry| entry["customKeyIdentifier"] != ties.as_str())
    {
        return Err(bad(
            "all three share the certificate's thumbprint as customKeyIdentifier",
        ));
    }
    let at = |entry: &Value, name: &str| text(entry, name).parse::<Timestamp>().ok();
    let within = |entry: &&&Value| {
        at(entry, "startDateTime").is_some_and(|at| at >= certificate.starts)
            && at(entry, "endDateTime").is_some_and(|at| at <= certificate.ends && at > now)
    };
    if ![sign, verify, password].iter().all(within) {
        return Err(bad("the dates are not the certificate's"));
    }
    match pfx::trouble(&file, &text(password, "secretText"), &certificate.der) {
        Some(why) => Err(bad(why)),
        None => Ok(Some(certificate)),
    }
}

/// Certificates whose credentials are left out of the lists are gone. All entries of one certificate go together.
fn keep_credentials(tenant: &mut Tenant, id: &str, body: &crate::sim::entra::state::Props) -> Result<(), GraphError> {
    let (keys, passwords) = (body.get("keyCredentials"), body.get("passwordCredentials"));
    if keys.is_none() && passwords.is_none() {
        return Ok(());
    }
    let entity = &tenant.service_principals[id];
    let ids = |list: Option<&Value>, name: &str| -> Vec<String> {
        let list = list.or(entity.props.get(name)).and_then(Value::as_array);
        list.into_iter()
            .flatten()
            .filter_map(|c| c["customKeyIdentifier"].as_str().map(str::to_owned))
            .collect()
    };
    let (keys, passwords) = (ids(keys, "keyCredentials"), ids(passwords, "passwordCredentials"));
    for certificate in tenant.certificates.get(id).into_iter().flatten() {
        let custom = certificate.custom_key_identifier();
        let left = keys.iter().filter(|k| **k == custom).count() + passwords.iter().filter(|k| **k == custom).count();
        if left != 0 && left != 3 {
            return Err(GraphError::bad(
                "The key credentials and the password credential of one signing certificate must be removed together.",
            ));
        }
    }
    if let Some(list) = tenant.certificates.get_mut(id) {
        list.retain(|certificate| keys.contains(&certificate.custom_key_identifier()));
    }
    Ok(())
}

/// DELETE /servicePrincipals/{id}
pub fn delete(cx: &mut Cx<'_>) -> Done {
    let id = cx.service_principal(0)?;
    let entity = cx.world.entra.service_principals[&id].clone();
    cx.mine(&entity)?;
    remove(cx, &id);
    cx.audit(
        "Remove service principal",
        "ServicePrincipal",
        &id,
        entity.text("displayName"),
    );
    Reply::empty()
}

/// Moves a service principal into the recycle bin with all that hangs on it.
pub fn remove(cx: &mut Cx<'_>, id: &str) {
    let now = cx.now();
    let running = cx
        .tenant()
        .jobs
        .get(id)
        .is_some_and(|jobs| jobs.iter().any(|j| j.schedule == Schedule::Active));
    if running {
        cx.ledger().violation(
            now,
            "deleted-while-referenced",
            format!("service principal {id} was deleted while its provisioning job runs"),
        );
    }
    if cx
        .tenant()
        .assigned_policies
        .get(id)
        .is_some_and(|list| !list.is_empty())
    {
        cx.ledger().violation(
            now,
            "deleted-while-referenced",
            format!("service principal {id} was deleted with a claims mapping policy assigned"),
        );
    }
    let tenant = cx.tenant();
    tenant.assignments.retain(|_, a| a.text("resourceId") != id);
    tenant.jobs.remove(id);
    tenant.secrets.remove(id);
    tenant.assigned_policies.remove(id);
    if let Some(entity) = tenant.service_principals.remove(id) {
        cx.bin(Kind::ServicePrincipal, id, entity);
    }
}

/// POST /servicePrincipals/{id}/addTokenSigningCertificate
pub fn add_certificate(cx: &mut Cx<'_>) -> Done {
    let id = cx.service_principal(0)?;
    cx.mine(&cx.world.entra.service_principals[&id])?;
    if cx.tenant().cloud != crate::sim::entra::state::Cloud::Global {
        return Err(GraphError::new(
            400,
            "BadRequest",
            "Resource not found for the segment 'addTokenSigningCertificate'.",
        ));
    }
    let now = cx.now();
    let subject = cx.text("displayName").unwrap_or_default().to_owned();
    if !subject.starts_with("CN=") || subject.len() < 4 {
        return Err(GraphError::bad(
            "The displayName of a token signing certificate must start with 'CN='.",
        ));
    }
    let longest = now + SignedDuration::from_hours(24 * 366 * CERTIFICATE_YEARS);
    let ends = match cx.text("endDateTime") {
        None => now + SignedDuration::from_hours(24 * 365 * CERTIFICATE_YEARS),
        Some(text) => match text.parse::<Timestamp>() {
            Ok(ends) if ends > now && ends <= longest => ends,
            _ => {
                return Err(GraphError::bad(
                    "The endDateTime must be a date-time in the future, at most three years ahead.",
                ));
            }
        },
    };
    let certificate = issue(cx.tenant(), &id, &subject, now, ends);
    let (thumbprint, subject) = (certificate.thumbprint(), certificate.subject.clone());
    let body = json!({
        "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#microsoft.graph.selfSignedCertificate",
        "customKeyIdentifier": certificate.custom_key_identifier(),
        "displayName": subject,
        "endDateTime": certificate.ends,
        "key": certificate.base64(),
        // In practice this is the signing key's id, not the verifying key's.
        "keyId": certificate.sign_key,
        "startDateTime": certificate.starts,
        "thumbprint": thumbprint,
        "type": "AsymmetricX509Cert",
        "usage": "Verify",
    });
    cx.audit("Update service principal", "ServicePrincipal", &id, &subject);
    Reply::json(200, &body)
}

/// Makes a certificate and the three credentials that share its customKeyIdentifier.
pub fn issue(tenant: &mut Tenant, sp: &str, subject: &str, now: Timestamp, ends: Timestamp) -> Certificate {
    let published = now + span(tenant.settings.metadata_lag_s);
    let second = now - SignedDuration::from_nanos(now.subsec_nanosecond().into());
    let certificate = Certificate::new(&mut tenant.ids, subject, second, ends, published);
    let password = tenant.ids.opaque("pfx-password", subject);
    let entry = |id: &str, kind: &str, usage: &str, key: Value| {
        json!({
            "customKeyIdentifier": certificate.custom_key_identifier(), "displayName": subject, "keyId": id,
            "startDateTime": certificate.starts, "endDateTime": certificate.ends, "type": kind, "usage": usage, "key": key,
        })
    };
    let keys = [
        entry(&certificate.sign_key, "X509CertAndPassword", "Sign", Value::Null),
        entry(
            &certificate.verify_key,
            "AsymmetricX509Cert",
            "Verify",
            certificate.base64().into(),
        ),
    ];
    let secret = json!({
        "customKeyIdentifier": certificate.custom_key_identifier(), "displayName": subject, "keyId": certificate.sign_key,
        "startDateTime": certificate.starts, "endDateTime": certificate.ends, "hint": null, "secretText": password,
    });
    let entity = tenant.service_principals.get_mut(sp).expect("the caller found it");
    for (list, entries) in [("keyCredentials", keys.to_vec()), ("passwordCredentials", vec![secret])] {
        if let Some(Value::Array(old)) = entity.props.get_mut(list) {
            old.extend(entries);
        }
    }
    tenant
        .certificates
        .entry(sp.to_owned())
        .or_default()
        .push(certificate.clone());
    certificate
}

/// The certificate that signs for an application: the preferred one, or a valid one when that has expired.
pub fn active_certificate<'t>(tenant: &'t Tenant, sp: &str, now: Timestamp) -> Option<&'t Certificate> {
    let preferred = tenant
        .service_principals
        .get(sp)?
        .text("preferredTokenSigningKeyThumbprint");
    let own = tenant.certificates.get(sp)?;
    let named = own.iter().find(|c| c.thumbprint().eq_ignore_ascii_case(preferred));
    named
        .filter(|c| c.ends > now)
        .or_else(|| own.iter().rev().find(|c| c.ends > now && named.is_some()))
        .or(named)
}
