//! What the two clouds of a scenario know of each other.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{
    super::{
        graph::service_principals,
        metadata,
        provisioning::{job::Link, resource, source},
        state::Tenant,
    },
    shape::{App, Plan},
};
use crate::sim::{
    aws::{console, directory::Directory, organization::Source},
    world::World,
};

/// Stands for an address that is not known yet.
pub(super) const TARGET: &str = "target:";

/// Finishes a scenario once the AWS side is there: what the two sides know of each other.
pub fn settle(world: &mut World, table: &toml::Table) -> Result<(), String> {
    let plan: Plan = table
        .clone()
        .try_into()
        .map_err(|e: toml::de::Error| format!("[entra]: {e}"))?;
    for app in plan.app.iter().filter(|app| app.target.is_some()) {
        join(world, app)?;
    }
    let mut secrets: Vec<String> = world
        .entra
        .login
        .books()
        .clients
        .values()
        .filter_map(|c| c.secret.clone())
        .collect();
    secrets.extend(
        world
            .entra
            .secrets
            .values()
            .flatten()
            .filter(|(k, _)| k == "SecretToken")
            .map(|(_, v)| v.clone()),
    );
    secrets.into_iter().for_each(|secret| world.keep_secret(secret));
    Ok(())
}

fn join(world: &mut World, app: &App) -> Result<(), String> {
    let target = app.target.as_deref().unwrap_or_default();
    let now = world.now;
    let World { entra: tenant, aws, .. } = world;
    let org = aws.iter_mut().find(|org| org.name == target);
    let org = org.ok_or_else(|| format!("app {}: there is no AWS target {target}", app.name))?;
    let instance = org
        .instance
        .as_ref()
        .ok_or_else(|| format!("app {}: {target} has no instance", app.name))?;
    let (issuer, replies, portal) = (
        org.issuer_url(instance),
        org.acs_urls(instance),
        org.portal_url(instance),
    );
    let sp = tenant
        .service_principals
        .iter()
        .find(|(_, sp)| sp.text("displayName") == app.name)
        .map(|(id, _)| id.clone());
    let sp = sp.ok_or("an application of the scenario is gone")?;
    let app_id = tenant.service_principals[&sp].text("appId").to_owned();
    for object in tenant.applications.values_mut().filter(|a| a.text("appId") == app_id) {
        object.set("identifierUris", json!([issuer]));
        if let Some(web) = object.props.get_mut("web") {
            web["redirectUris"] = json!(replies);
            web["redirectUriSettings"] = replies.iter().map(|uri| json!({ "uri": uri, "index": null })).collect();
        }
    }
    let principal = tenant.service_principals.get_mut(&sp).expect("found above");
    principal.set("replyUrls", json!(replies));
    principal.set("servicePrincipalNames", json!([app_id, issuer]));
    principal.set("loginUrl", portal);
    let token = instance
        .provisioning
        .as_ref()
        .and_then(|p| p.tokens.last())
        .map(|t| t.secret.clone());
    if let Some(secrets) = tenant.secrets.get_mut(&sp) {
        for (_, value) in secrets
            .iter_mut()
            .filter(|(key, value)| key == "SecretToken" && value.is_empty())
        {
            *value = token.clone().unwrap_or_default();
        }
    }
    let known: Vec<Vec<u8>> = match app.aws_knows.as_str() {
        "active" => service_principals::active_certificate(tenant, &sp, now)
            .map(|c| c.der.clone())
            .into_iter()
            .collect(),
        "another" => vec![tenant.certificate.der.clone()],
        other => {
            return Err(format!(
                "app {}: aws_knows is `active` or `another`, not {other}",
                app.name
            ));
        }
    };
    let (entity, url) = (metadata::entity_id(tenant), metadata::sign_on_url(tenant));
    link(tenant, &sp, &instance.directory);
    let instance = org.instance.as_mut().expect("found above");
    if let Source::External(provider) = &mut instance.source {
        provider.entity_id = entity;
        provider.sign_in_url = url;
        provider.certificates = known;
    }
    Ok(())
}

/// What a job whose first cycle is long over has brought already.
fn link(tenant: &mut Tenant, sp: &str, directory: &Directory) {
    let Some(job) = tenant
        .jobs
        .get(sp)
        .and_then(|jobs| jobs.first())
        .filter(|j| j.steady_first.is_some())
        .cloned()
    else {
        return;
    };
    let (users, groups) = source::in_scope(tenant, sp, &job);
    let mut links = BTreeMap::new();
    if let Some(mapping) = source::mapping(&job, "User") {
        for id in users.keys() {
            let Some(from) = source::Source::user(tenant, id, false) else {
                continue;
            };
            let sent = resource::values(&source::desired(&mapping, &from));
            let name = sent.get("userName").and_then(Value::as_str).unwrap_or_default();
            if let Some((target, user)) = directory.user_named(name) {
                let link = Link {
                    group: false,
                    target: target.clone(),
                    name: from.name(),
                    sent,
                    active: user.active,
                    members: BTreeSet::new(),
                };
                links.insert(id.clone(), link);
            }
        }
    }
    if let Some(mapping) = source::mapping(&job, "Group") {
        for id in groups.keys() {
            let Some(from) = source::Source::group(tenant, id) else {
                continue;
            };
            let sent = resource::values(&source::desired(&mapping, &from));
            let name = sent.get("displayName").and_then(Value::as_str).unwrap_or_default();
            if let Some((target, _)) = directory.group_named(name) {
                let there = |m: &&String| {
                    links.get(*m).is_some_and(|l| {
                        directory
                            .memberships
                            .values()
                            .any(|(g, u)| g == target && *u == l.target)
                    })
                };
                let members = tenant.members_of(id).iter().filter(there).cloned().collect();
                links.insert(
                    id.clone(),
                    Link {
                        group: true,
                        target: target.clone(),
                        name: from.name(),
                        sent,
                        active: true,
                        members,
                    },
                );
            }
        }
    }
    if let Some(job) = tenant.jobs.get_mut(sp).and_then(|jobs| jobs.first_mut()) {
        job.links = links;
        job.full = false;
    }
}

/// Fills in what is known only when the simulation listens: the addresses of SCIM endpoints.
pub fn connect(world: &mut World) {
    let addresses: Vec<(String, String)> = world
        .aws
        .iter()
        .filter_map(|org| {
            Some((
                org.name.clone(),
                org.instance.as_ref()?.provisioning.as_ref()?.tenant.clone(),
            ))
        })
        .map(|(name, tenant)| (format!("{TARGET}{name}"), console::endpoint(world, &tenant)))
        .collect();
    for (_, value) in world
        .entra
        .secrets
        .values_mut()
        .flatten()
        .filter(|(key, _)| key == "BaseAddress")
    {
        if let Some((_, address)) = addresses.iter().find(|(name, _)| name == value) {
            value.clone_from(address);
        }
    }
}
