//! The Entra part of a scenario.
//!
//! ```toml
//! [entra]
//! tenant_id = "…"; name = "Contoso"; cloud = "global"
//! [[entra.domain]]    # name, default, authentication, verified; the first is the initial one
//! [entra.settings]    # see `state::Settings`
//! [[entra.client]]    # app registrations to sign in with; see `tokens::Client`
//! [[entra.user]]      # upn, given_name, family_name, display_name, department, mail, guest, enabled, manager, roles, properties
//! [[entra.many]]      # count, upn = "person{n}", and the like: for large worlds
//! [[entra.group]]     # name, members = [upn or group name], security
//! [[entra.app]]       # name, template, saml, target, assigned, certificate, claims, provisioning
//! ```
//! Without any of it there is Contoso with its administrator and one app registration that may do all that is needed.

mod joined;
mod people;
mod shape;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use joined::TARGET;
pub use joined::{connect, settle};
use people::{id_of, people};
use shape::{App, Plan, Provisioning};

use super::{
    graph::{applications, assignments, schema, service_principals},
    provisioning::{
        job::{Execution, Job, Schedule},
        templates::{
            AWS_IDENTITY_CENTER, AWS_SINGLE_ACCOUNT, CUSTOM, CUSTOM_CHINA, CUSTOM_US_GOV, map_also, template_of,
        },
    },
    state::{Cloud, Tenant},
    tokens::Client,
};
use crate::sim::world::Ids;

/// Everything the tool may need, as application permissions.
const PERMISSIONS: &[&str] = &[
    "Application.ReadWrite.All",
    "AppRoleAssignment.ReadWrite.All",
    "Synchronization.ReadWrite.All",
    "Policy.Read.All",
    "Policy.ReadWrite.ApplicationConfiguration",
    "User.ReadWrite.All",
    "User.DeleteRestore.All",
    "Group.ReadWrite.All",
    "AuditLog.Read.All",
    "Organization.Read.All",
];
const CLIENT: &str = "5f6d0c0e-3b7a-4c53-9f57-2f1f6a1d0b11";
/// Where a secret stands for "made from the seed".
const SEEDED: &str = "seeded";

/// Builds the tenant.
pub fn build(table: &toml::Table, ids: &mut Ids, now: Timestamp) -> Result<Tenant, String> {
    let plan: Plan = table
        .clone()
        .try_into()
        .map_err(|e: toml::de::Error| format!("[entra]: {e}"))?;
    let seed = u64::from_be_bytes(ids.bytes(8).try_into().expect("eight bytes were asked for"));
    let domain = plan
        .domain
        .first()
        .map_or("contoso.onmicrosoft.com", |d| d.name.as_str());
    let mut tenant = Tenant::new(&plan.tenant_id, &plan.name, domain, seed, now);
    if !plan.domain.is_empty() {
        tenant.domains.clone_from(&plan.domain);
    }
    tenant.cloud = plan.cloud;
    tenant.settings = plan.settings.clone();
    let old = now - SignedDuration::from_hours(24 * 200);
    people(&mut tenant, &plan, old)?;
    clients(&mut tenant, &plan);
    for app in &plan.app {
        application(&mut tenant, app, now)?;
    }
    Ok(tenant)
}

fn clients(tenant: &mut Tenant, plan: &Plan) {
    let person = format!("admin@{}", tenant.domains[0].name);
    let all = || PERMISSIONS.iter().map(|p| (*p).to_owned()).collect::<Vec<_>>();
    let mut scopes = all();
    scopes.push("User.Read".into());
    let own = Client {
        id: CLIENT.into(),
        name: "fedwiz".into(),
        secret: Some(SEEDED.into()),
        certificate: None,
        federated: false,
        public: true,
        permissions: all(),
        scopes,
        person: Some(person),
    };
    let list = if plan.client.is_empty() {
        vec![own]
    } else {
        plan.client.clone()
    };
    for mut client in list {
        if client.secret.as_deref() == Some(SEEDED) {
            client.secret = Some(format!("sim8Q~{}", tenant.ids.opaque("client-secret", &client.id)));
        }
        let login = tenant.login.clone();
        login.books().clients.insert(client.id.clone(), client);
    }
}

fn application(tenant: &mut Tenant, app: &App, now: Timestamp) -> Result<(), String> {
    let old = now - SignedDuration::from_hours(24 * 90);
    let custom = match tenant.cloud {
        Cloud::Global => CUSTOM,
        Cloud::UsGovL4 | Cloud::UsGovL5 => CUSTOM_US_GOV,
        Cloud::China => CUSTOM_CHINA,
    };
    let template = match app.template.as_str() {
        "aws" => AWS_IDENTITY_CENTER,
        "aws-single-account" => AWS_SINGLE_ACCOUNT,
        "custom" => custom,
        other => return Err(format!("app {}: there is no template {other}", app.name)),
    };
    let (_, sp) = applications::make(tenant, template, &app.name, "00000000-0000-0000-0000-000000000000", old);
    let principal = tenant.service_principals.get_mut(&sp).expect("just made");
    if app.saml || app.target.is_some() {
        principal.set("preferredSingleSignOnMode", "saml");
    }
    if let Some(notes) = &app.notes {
        principal.set("notes", notes.as_str());
    }
    if !app.tags.is_empty() {
        let mut tags = principal.texts("tags");
        tags.extend(app.tags.iter().map(String::as_str));
        let tags = json!(tags);
        principal.set("tags", tags);
    }
    if let Some(wanted) = &app.certificate {
        let ends = now + SignedDuration::from_hours(24 * wanted.days_left);
        let made = ends - SignedDuration::from_hours(24 * 365 * 3);
        let certificate =
            service_principals::issue(tenant, &sp, "CN=Microsoft Azure Federated SSO Certificate", made, ends);
        if !wanted.inactive {
            let principal = tenant.service_principals.get_mut(&sp).expect("just made");
            principal.set("preferredTokenSigningKeyThumbprint", certificate.thumbprint());
        }
    }
    for name in &app.assigned {
        let principal = id_of(tenant, name)?;
        let roles = tenant.service_principals[&sp].props["appRoles"].clone();
        let role = roles
            .as_array()
            .into_iter()
            .flatten()
            .find(|r| r["displayName"] == "User");
        let role = role.and_then(|r| r["id"].as_str()).unwrap_or_default().to_owned();
        assignments::assign(tenant, &sp, &principal, &role, old);
    }
    if let Some(claims) = &app.claims {
        let mut policy = super::claims::default_policy(&tenant.ids.guid("claims-policy", &sp));
        for (key, value) in claims {
            policy[key.as_str()] = value.clone();
        }
        tenant.claims.insert(sp.clone(), policy);
    }
    if let Some(definition) = &app.mapping_policy {
        let id = tenant.ids.guid("claims-mapping-policy", &app.name);
        let value = json!({ "id": id, "deletedDateTime": null, "definition": [definition], "displayName": app.name, "description": null, "isOrganizationDefault": false });
        let Value::Object(props) = value else {
            unreachable!("made as an object")
        };
        tenant
            .mapping_policies
            .insert(id.clone(), super::state::Entity { props, made: old });
        tenant.assigned_policies.insert(sp.clone(), vec![id]);
    }
    if let Some(provisioning) = &app.provisioning {
        job(tenant, &sp, app, provisioning, now)?;
    }
    Ok(())
}

fn job(tenant: &mut Tenant, sp: &str, app: &App, plan: &Provisioning, now: Timestamp) -> Result<(), String> {
    let principal = &tenant.service_principals[sp];
    let (template, app_id) = (
        template_of(principal.text("applicationTemplateId")),
        principal.text("appId").to_owned(),
    );
    let template = template.ok_or_else(|| format!("app {}: this template brings no provisioning", app.name))?;
    let mut job = Job::new(template.id, &tenant.id, &app_id, Value::Null);
    job.schema = match &plan.mappings {
        Some(mappings) => template.schema(&job.id, mappings),
        None => schema::default_of(tenant, sp, &job.id).expect("the template is known"),
    };
    job.schedule = match plan.state.as_str() {
        "" | "disabled" => Schedule::Disabled,
        "active" => Schedule::Active,
        "paused" => Schedule::Paused,
        other => return Err(format!("app {}: a job cannot be {other}", app.name)),
    };
    if plan.settled {
        let before = now - SignedDuration::from_hours(24 * 30);
        job.steady_first = Some(before);
        job.steady_last = Some(now - SignedDuration::from_mins(20));
    }
    for (attribute, expression) in &plan.also {
        map_also(&mut job.schema, attribute, expression).map_err(|e| format!("app {}: {e}", app.name))?;
    }
    if let Some(hours) = plan.stalled_hours {
        let ended = now - SignedDuration::from_hours(hours);
        let ran = Execution {
            state: if plan.escrowed == 0 {
                "Succeeded"
            } else {
                "EntryLevelErrors"
            },
            began: ended - SignedDuration::from_mins(2),
            ended,
            id: tenant.ids.guid("cycle", &job.id),
            imported: plan.escrowed,
            entitled: plan.escrowed,
            exported: 0,
            escrowed: plan.escrowed,
            error: None,
        };
        (job.stalled, job.last, job.last_good) = (true, Some(ran.clone()), Some(ran));
    }
    if let Some(hours) = plan.quarantine_hours {
        let began = now - SignedDuration::from_hours(hours);
        let error = (
            "SystemForCrossDomainIdentityManagementCredentialValidationFailure",
            "StatusCode: 401. Web Response: UnauthorizedException",
        );
        job.quarantine(
            began,
            "EncounteredQuarantineException",
            (error.0.into(), error.1.into()),
        );
        if let Some(q) = &mut job.quarantine {
            q.next = now + SignedDuration::from_hours(6);
        }
    }
    tenant.jobs.insert(sp.to_owned(), vec![job]);
    let mut secrets = vec![("SyncAll".to_owned(), plan.all.to_string())];
    match plan.credentials.as_str() {
        "" | "none" => secrets.clear(),
        // Filled in when the AWS side is there and listens.
        "target" | "wrong" => {
            let target = app.target.clone().unwrap_or_default();
            secrets.push(("BaseAddress".into(), format!("{TARGET}{target}")));
            let token = if plan.credentials == "wrong" {
                tenant.ids.opaque("wrong-token", sp)
            } else {
                String::new()
            };
            secrets.push(("SecretToken".into(), token));
        }
        other => {
            return Err(format!(
                "app {}: credentials are `target`, `wrong` or `none`, not {other}",
                app.name
            ));
        }
    }
    if let Some(mail) = &plan.notify {
        let settings = json!({ "Enabled": true, "DeleteThresholdEnabled": false, "Recipients": mail }).to_string();
        secrets.push(("SyncNotificationSettings".into(), settings));
    }
    if !secrets.is_empty() {
        tenant.secrets.insert(sp.to_owned(), secrets);
    }
    Ok(())
}
