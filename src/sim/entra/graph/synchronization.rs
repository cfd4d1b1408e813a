//! Provisioning: templates, jobs, secrets, credentials, on demand.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{
    GraphError,
    cx::{Cx, Done, Reply},
    page::plain,
    schema,
};
use crate::sim::entra::{
    provisioning::{
        self,
        job::{Job, Schedule, job_id},
        on_demand as demand,
        templates::{Template, template_of},
    },
    shapes,
    state::Cloud,
};

/// Calls of provisionOnDemand in ten seconds.
const ON_DEMAND: usize = 5;
/// US Government keeps no more than this for token and notification addresses together.
const SOVEREIGN_SECRETS: usize = 1024;
const HIDDEN: &[&str] = &[
    "SecretToken",
    "Password",
    "AppKey",
    "ClientSecret",
    "ConsumerSecret",
    "Oauth2AccessToken",
    "Oauth2RefreshToken",
    "Oauth2ClientSecret",
    "ConnectionString",
];

fn service_principal(cx: &Cx<'_>) -> Result<String, GraphError> {
    let sp = cx.service_principal(0)?;
    let entity = &cx.world.entra.service_principals[&sp];
    cx.mine(entity)?;
    // The service knows a new application a little later than the directory does.
    if !cx.settled(entity) {
        return Err(GraphError::not_found(&sp));
    }
    Ok(sp)
}

/// The service principal and the job the path names.
pub fn named_job(cx: &Cx<'_>) -> Result<(String, String), GraphError> {
    let sp = service_principal(cx)?;
    let id = cx.param(1);
    let found = cx
        .world
        .entra
        .jobs
        .get(&sp)
        .is_some_and(|jobs| jobs.iter().any(|job| job.id == id));
    match found {
        true => Ok((sp, id)),
        false => Err(GraphError::new(
            404,
            "ResourceNotFound",
            format!("Job '{id}' is not found."),
        )),
    }
}

fn offered(cx: &Cx<'_>, sp: &str) -> Option<&'static Template> {
    let tenant = &cx.world.entra;
    let template = template_of(tenant.service_principals[sp].text("applicationTemplateId"))?;
    // Gallery connectors are often missing in the sovereign clouds.
    (tenant.cloud == Cloud::Global || template.id == "customappsso").then_some(template)
}

/// GET …/synchronization/templates
pub fn templates(cx: &mut Cx<'_>) -> Done {
    let sp = service_principal(cx)?;
    let list = offered(cx, &sp).map(Template::value).into_iter().collect();
    plain("synchronizationTemplate").answer(cx, list)
}

fn named_template(cx: &Cx<'_>) -> Result<(String, &'static Template), GraphError> {
    let sp = service_principal(cx)?;
    let id = cx.param(1);
    let found = offered(cx, &sp).filter(|t| t.id == id);
    Ok((
        sp,
        found.ok_or_else(|| GraphError::new(404, "ResourceNotFound", format!("Template '{id}' is not found.")))?,
    ))
}

/// GET …/synchronization/templates/{id}
pub fn template(cx: &mut Cx<'_>) -> Done {
    let (_, template) = named_template(cx)?;
    Reply::json(200, &template.value())
}

/// GET …/synchronization/templates/{id}/schema
pub fn template_schema(cx: &mut Cx<'_>) -> Done {
    let (_, template) = named_template(cx)?;
    let schema = template.schema(template.id, &cx.tenant().settings.mappings.clone());
    Reply::json(200, &schema)
}

/// GET …/synchronization/secrets
pub fn secrets(cx: &mut Cx<'_>) -> Done {
    let sp = service_principal(cx)?;
    let list = cx.tenant().secrets.get(&sp).cloned().unwrap_or_default();
    let value: Vec<Value> = list
        .iter()
        .map(|(key, value)| {
            let hide = HIDDEN.contains(&key.as_str()) && !value.is_empty();
            json!({ "key": key, "value": if hide { "*" } else { value.as_str() } })
        })
        .collect();
    Reply::json(200, &json!({ "value": value }))
}

/// PUT …/synchronization/secrets: replaces all.
pub fn put_secrets(cx: &mut Cx<'_>) -> Done {
    let sp = service_principal(cx)?;
    let pairs = pairs(cx.body.get("value"))?;
    let text = |key: &str| pairs.iter().find(|(k, _)| k == key).map_or("", |(_, v)| v.as_str());
    if let Some(settings) = Some(text("SyncNotificationSettings")).filter(|s| !s.is_empty())
        && !serde_json::from_str::<Value>(settings).is_ok_and(|v| v.is_object())
    {
        return Err(GraphError::new(
            400,
            "InvalidRequest",
            "The value of SyncNotificationSettings is not a JSON object.",
        ));
    }
    if !["", "true", "false"].contains(&text("SyncAll").to_lowercase().as_str()) {
        return Err(GraphError::new(
            400,
            "InvalidRequest",
            "The value of SyncAll is 'true' or 'false'.",
        ));
    }
    let long = text("SecretToken").len() + text("SyncNotificationSettings").len() > SOVEREIGN_SECRETS;
    if cx.tenant().cloud != Cloud::Global && long {
        return Err(GraphError::new(
            400,
            "InvalidRequest",
            "The credentials are longer than 1 KB.",
        ));
    }
    let masked = pairs
        .iter()
        .any(|(key, value)| HIDDEN.contains(&key.as_str()) && value == "*");
    if masked {
        let now = cx.now();
        cx.ledger()
            .violation(now, "masked-secret", "a masked secret was read and written back");
    }
    let token = text("SecretToken").to_owned();
    cx.world.keep_secret(token);
    cx.tenant().secrets.insert(sp.clone(), pairs);
    cx.audit(
        "Update provisioning setting or credentials",
        "ServicePrincipal",
        &sp,
        "",
    );
    Reply::empty()
}

/// Keys and values, checked.
fn pairs(value: Option<&Value>) -> Result<Vec<(String, String)>, GraphError> {
    let bad = |message: String| GraphError::new(400, "BadRequest", message);
    let mut out: Vec<(String, String)> = Vec::new();
    for pair in value.and_then(Value::as_array).into_iter().flatten() {
        let Some(pair) = pair.as_object() else {
            return Err(bad("A credential is an object.".into()));
        };
        shapes::check("synchronizationSecretKeyStringValuePair", pair).map_err(bad)?;
        let text = |name: &str| pair.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        if out.iter().any(|(key, _)| *key == text("key")) {
            return Err(bad(format!("The key '{}' stands twice.", text("key"))));
        }
        out.push((text("key"), text("value")));
    }
    Ok(out)
}

/// GET …/synchronization/jobs
pub fn jobs(cx: &mut Cx<'_>) -> Done {
    let sp = service_principal(cx)?;
    let now = cx.now();
    let tenant = cx.tenant();
    let configured = tenant.secret(&sp, "BaseAddress").is_some();
    let list = tenant
        .jobs
        .get(&sp)
        .into_iter()
        .flatten()
        .map(|job| job.value(configured, now))
        .collect();
    plain("synchronizationJob").answer(cx, list)
}

/// POST …/synchronization/jobs
pub fn create_job(cx: &mut Cx<'_>) -> Done {
    let sp = service_principal(cx)?;
    let wanted = cx.text("templateId").unwrap_or_default().to_owned();
    let Some(template) = offered(cx, &sp).filter(|t| t.id == wanted) else {
        return Err(GraphError::new(
            400,
            "InvalidTemplate",
            format!("The template '{wanted}' is not one of this application."),
        ));
    };
    let now = cx.now();
    let tenant = cx.tenant();
    let app_id = tenant.service_principals[&sp].text("appId").to_owned();
    let id = job_id(template.id, &tenant.id, &app_id);
    if tenant
        .jobs
        .get(&sp)
        .is_some_and(|jobs| jobs.iter().any(|job| job.id == id))
    {
        return Err(GraphError::new(
            409,
            "Conflict",
            format!("A job with the id '{id}' already exists."),
        ));
    }
    let schema = schema::default_of(tenant, &sp, &id).expect("the template is known");
    let job = Job::new(template.id, &tenant.id, &app_id, schema);
    let value = job.value(tenant.secret(&sp, "BaseAddress").is_some(), now);
    tenant.jobs.entry(sp.clone()).or_default().push(job);
    cx.audit("Create provisioning configuration", "ServicePrincipal", &sp, &id);
    Reply::json(201, &value)
}

/// GET …/synchronization/jobs/{id}
pub fn job(cx: &mut Cx<'_>) -> Done {
    let (sp, id) = named_job(cx)?;
    let now = cx.now();
    let tenant = cx.tenant();
    let configured = tenant.secret(&sp, "BaseAddress").is_some();
    let value = tenant.job_mut(&sp, &id).expect("named").value(configured, now);
    Reply::json(200, &value)
}

/// DELETE …/synchronization/jobs/{id}
pub fn delete_job(cx: &mut Cx<'_>) -> Done {
    let (sp, id) = named_job(cx)?;
    if let Some(list) = cx.tenant().jobs.get_mut(&sp) {
        list.retain(|job| job.id != id);
    }
    cx.audit("Delete provisioning configuration", "ServicePrincipal", &sp, &id);
    Reply::empty()
}

/// POST …/jobs/{id}/start
pub fn start(cx: &mut Cx<'_>) -> Done {
    let (sp, id) = named_job(cx)?;
    let job = cx.tenant().job_mut(&sp, &id).expect("named");
    if job.schedule != Schedule::Active {
        job.schedule = Schedule::Active;
        job.age += 1;
        provisioning::run(cx.world, &sp, &id);
    }
    cx.audit("Enable provisioning", "ServicePrincipal", &sp, &id);
    Reply::empty()
}

/// POST …/jobs/{id}/pause: a cycle under way is finished.
pub fn pause(cx: &mut Cx<'_>) -> Done {
    let (sp, id) = named_job(cx)?;
    provisioning::pause(cx.tenant().job_mut(&sp, &id).expect("named"));
    cx.audit("Disable provisioning", "ServicePrincipal", &sp, &id);
    Reply::empty()
}

/// POST …/jobs/{id}/restart
pub fn restart(cx: &mut Cx<'_>) -> Done {
    let (sp, id) = named_job(cx)?;
    let criteria = cx.body.get("criteria").cloned().unwrap_or_default();
    if let Some(criteria) = criteria.as_object() {
        shapes::check("synchronizationJobRestartCriteria", criteria)
            .map_err(|m| GraphError::new(400, "BadRequest", m))?;
    }
    let scope = criteria["resetScope"].as_str().unwrap_or("Full").to_owned();
    let scope: Vec<&str> = scope.split(',').map(str::trim).collect();
    let job = cx.tenant().job_mut(&sp, &id).expect("named");
    job.reset(&scope);
    job.age += 1;
    if job.schedule == Schedule::Active {
        provisioning::run(cx.world, &sp, &id);
    }
    cx.audit("Restart provisioning", "ServicePrincipal", &sp, &id);
    Reply::empty()
}

/// POST …/jobs/validateCredentials
pub fn validate_without_job(cx: &mut Cx<'_>) -> Done {
    let sp = service_principal(cx)?;
    credentials(cx, &sp)
}

/// POST …/jobs/{id}/validateCredentials
pub fn validate(cx: &mut Cx<'_>) -> Done {
    let (sp, _) = named_job(cx)?;
    credentials(cx, &sp)
}

fn credentials(cx: &mut Cx<'_>, sp: &str) -> Done {
    let given = pairs(cx.body.get("credentials"))?;
    let saved = cx.body.get("useSavedCredentials") == Some(&json!(true));
    let pairs = if saved {
        cx.tenant().secrets.get(sp).cloned().unwrap_or_default()
    } else {
        given
    };
    let text = |key: &str| {
        pairs
            .iter()
            .find(|(k, _)| k == key)
            .map_or_else(String::new, |(_, v)| v.clone())
    };
    let (address, token) = (text("BaseAddress"), text("SecretToken"));
    if !token.is_empty() {
        cx.world.keep_secret(token.clone());
    }
    let (seed, seq) = (cx.world.seed, cx.request.seq);
    Reply::later(move |hub| async move {
        match provisioning::validate(&hub, &address, &token).await {
            Ok(()) => crate::sim::http::Response::empty(204),
            Err((code, message)) => {
                let id = crate::sim::entra::ids::Ids::new(seed).guid("request", &seq.to_string());
                GraphError::new(400, code, message).response(hub.clock().now(), &id, &id)
            }
        }
    })
}

/// POST …/jobs/{id}/provisionOnDemand
pub fn on_demand(cx: &mut Cx<'_>) -> Done {
    let (sp, id) = named_job(cx)?;
    let now = cx.now();
    let name = format!("provisionOnDemand of {id}");
    if !cx
        .ledger()
        .within_window(&name, ON_DEMAND, SignedDuration::from_secs(10), now)
    {
        return Err(GraphError::throttled(10));
    }
    let bad = |message: &str| GraphError::new(400, "BadRequest", message);
    let parameters = cx.body["parameters"].as_array().cloned().unwrap_or_default();
    let [parameter] = parameters.as_slice() else {
        return Err(bad("Provisioning on demand takes one rule at a time."));
    };
    if let Some(map) = parameter.as_object() {
        shapes::check("synchronizationJobApplicationParameters", map).map_err(|m| bad(&m))?;
    }
    let subjects = parameter["subjects"].as_array().cloned().unwrap_or_default();
    let [subject] = subjects.as_slice() else {
        return Err(bad("Provisioning on demand takes one subject at a time."));
    };
    let rules = &cx.tenant().job_mut(&sp, &id).expect("named").schema["synchronizationRules"];
    let known = rules
        .as_array()
        .is_some_and(|rules| rules.iter().any(|r| r["id"] == parameter["ruleId"]));
    if !known {
        return Err(bad("The synchronization rule is not known."));
    }
    let group = match subject["objectTypeName"].as_str() {
        Some("User") => false,
        Some("Group") => true,
        _ => return Err(bad("The objectTypeName is 'User' or 'Group'.")),
    };
    let members = subject["links"]["members"].as_array().cloned().unwrap_or_default();
    if members.len() > 5 {
        return Err(bad("Provisioning a group on demand takes up to five members."));
    }
    let object = subject["objectId"].as_str().unwrap_or_default().to_owned();
    let members: Vec<String> = members
        .iter()
        .filter_map(|m| m["objectId"].as_str().map(str::to_owned))
        .collect();
    let tenant = cx.tenant();
    if !(tenant.users.contains_key(&object) || tenant.groups.contains_key(&object)) {
        return Err(GraphError::not_found(&object));
    }
    cx.audit("Provision on demand", "ServicePrincipal", &sp, &id);
    Reply::later(move |hub| async move { demand::run(&hub, &sp, &id, &object, group, &members).await })
}
