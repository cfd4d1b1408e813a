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

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    graph::{applications, assignments, groups, schema, service_principals, users},
    provisioning::{
        job::{Job, Link, Schedule},
        resource, source,
        templates::{AWS_IDENTITY_CENTER, AWS_SINGLE_ACCOUNT, CUSTOM, CUSTOM_CHINA, CUSTOM_US_GOV, template_of},
    },
    roles,
    state::{Cloud, Domain, Settings, Tenant},
    tokens::Client,
};
use crate::sim::{
    aws::{console, directory::Directory, organization::Source},
    world::{Ids, World},
};

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
const TENANT: &str = "2f6a1d0b-6d0c-4e3b-8a7c-53af575f6d0c";
/// Where a secret stands for "made from the seed".
const SEEDED: &str = "seeded";

#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Plan {
    tenant_id: String,
    name: String,
    cloud: Cloud,
    domain: Vec<Domain>,
    settings: Settings,
    client: Vec<Client>,
    user: Vec<User>,
    many: Vec<Many>,
    group: Vec<Group>,
    app: Vec<App>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            tenant_id: TENANT.into(),
            name: "Contoso".into(),
            cloud: Cloud::Global,
            domain: Vec::new(),
            settings: Settings::default(),
            client: Vec::new(),
            user: Vec::new(),
            many: Vec::new(),
            group: Vec::new(),
            app: Vec::new(),
        }
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct User {
    upn: String,
    /// Its object id; from the seed, if none is given.
    id: Option<String>,
    given_name: Option<String>,
    family_name: Option<String>,
    display_name: Option<String>,
    department: Option<String>,
    mail: Option<String>,
    guest: bool,
    disabled: bool,
    deleted: bool,
    manager: Option<String>,
    roles: Vec<String>,
    /// Further properties as Graph spells them.
    properties: Map<String, Value>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Many {
    count: u32,
    upn: String,
    #[serde(default)]
    department: Option<String>,
    /// Put into this group.
    #[serde(default)]
    group: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    name: String,
    #[serde(default)]
    members: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct App {
    name: String,
    /// `aws`, `aws-single-account`, `custom`.
    #[serde(default = "aws")]
    template: String,
    #[serde(default)]
    saml: bool,
    /// The AWS target it is connected with: identifier, reply addresses and sign-on address are that organization's.
    #[serde(default)]
    target: Option<String>,
    /// The certificate AWS knows: `active`, the one in use, or `another`.
    #[serde(default = "active")]
    aws_knows: String,
    #[serde(default)]
    notes: Option<String>,
    /// User principal names and group names.
    #[serde(default)]
    assigned: Vec<String>,
    #[serde(default)]
    certificate: Option<SigningCertificate>,
    /// The customClaimsPolicy, as Graph takes it.
    #[serde(default)]
    claims: Option<Map<String, Value>>,
    /// A claimsMappingPolicy assigned to it: its definition.
    #[serde(default)]
    mapping_policy: Option<String>,
    #[serde(default)]
    provisioning: Option<Provisioning>,
}

fn aws() -> String {
    "aws".into()
}

fn active() -> String {
    "active".into()
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct SigningCertificate {
    /// Days it is still valid; below zero it has ended.
    days_left: i64,
    /// Made, but not the one in use.
    #[serde(default)]
    inactive: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Provisioning {
    /// `disabled`, `active`, `paused`.
    #[serde(default)]
    state: String,
    /// `target` for what the AWS organization has, `wrong` for a token it does not know, `none`.
    #[serde(default)]
    credentials: String,
    #[serde(default)]
    all: bool,
    /// Overrides the mappings of the settings.
    #[serde(default)]
    mappings: Option<String>,
    #[serde(default)]
    notify: Option<String>,
    /// In quarantine for so many hours.
    #[serde(default)]
    quarantine_hours: Option<i64>,
    /// The first cycle is long over.
    #[serde(default)]
    settled: bool,
}

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

fn people(tenant: &mut Tenant, plan: &Plan, old: Timestamp) -> Result<(), String> {
    let domain = tenant.domains[0].name.clone();
    let admin = User {
        upn: format!("admin@{domain}"),
        given_name: Some("Alex".into()),
        family_name: Some("Admin".into()),
        display_name: Some("Alex Admin".into()),
        roles: [
            "Application Administrator",
            "Cloud Application Administrator",
            "User Administrator",
            "Groups Administrator",
            "Reports Reader",
        ]
        .map(str::to_owned)
        .to_vec(),
        ..User::default()
    };
    for user in std::iter::once(&admin).chain(&plan.user) {
        if tenant.user(&user.upn).is_some() {
            return Err(format!("the user {} stands twice", user.upn));
        }
        person(tenant, user, old)?;
    }
    for user in plan.user.iter().filter(|u| u.manager.is_some()) {
        let manager = user.manager.as_deref().unwrap_or_default();
        let (user, manager) = (id_of(tenant, &user.upn)?, id_of(tenant, manager)?);
        tenant.managers.insert(user, manager);
    }
    for group in &plan.group {
        add_group(tenant, &group.name, old);
    }
    for many in &plan.many {
        for n in 1..=many.count {
            let upn = format!("{}@{domain}", many.upn.replace("{n}", &format!("{n:04}")));
            let user = User {
                given_name: Some(format!("Person {n:04}")),
                family_name: Some("Example".into()),
                department: many.department.clone(),
                upn,
                ..User::default()
            };
            let id = person(tenant, &user, old)?;
            if let Some(name) = &many.group {
                let group = group_id(tenant, name).unwrap_or_else(|| add_group(tenant, name, old));
                tenant.members.entry(group).or_default().push(id);
            }
        }
    }
    for group in &plan.group {
        let id = group_id(tenant, &group.name).expect("added above");
        for member in &group.members {
            let member = id_of(tenant, member)?;
            tenant.members.entry(id.clone()).or_default().push(member);
        }
    }
    // Only now: a deleted user is in nobody's list any more.
    for user in plan.user.iter().filter(|u| u.deleted) {
        let id = id_of(tenant, &user.upn)?;
        let mut entity = tenant.users.remove(&id).expect("found above");
        entity.set("deletedDateTime", old.to_string());
        entity.set("userPrincipalName", format!("{}{}", id.replace('-', ""), user.upn));
        tenant.deleted.insert(
            id,
            super::state::Deleted {
                kind: super::state::Kind::User,
                entity,
            },
        );
    }
    Ok(())
}

fn person(tenant: &mut Tenant, user: &User, old: Timestamp) -> Result<String, String> {
    let (given, family) = (user.given_name.clone(), user.family_name.clone());
    let full = match (&given, &family) {
        (Some(given), Some(family)) => Some(format!("{given} {family}")),
        _ => None,
    };
    let local: String = user
        .upn
        .split(['@', '#'])
        .next()
        .unwrap_or_default()
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect();
    let value = json!({
        "userPrincipalName": user.upn, "givenName": given, "surname": family,
        "displayName": user.display_name.clone().or(full), "department": user.department, "mail": user.mail,
        "mailNickname": local, "accountEnabled": !user.disabled, "userType": if user.guest { "Guest" } else { "Member" },
        "creationType": if user.guest { json!("Invitation") } else { Value::Null },
        "externalUserState": if user.guest { json!("Accepted") } else { Value::Null },
    });
    let Value::Object(mut props) = value else {
        unreachable!("made as an object")
    };
    props.extend(user.properties.clone());
    super::shapes::check("user", &props).map_err(|e| format!("user {}: {e}", user.upn))?;
    let id = match &user.id {
        Some(id) => users::add_as(tenant, id.clone(), props, old),
        None => users::add(tenant, props, old),
    };
    let held = user.roles.iter().map(|name| {
        roles::template(name)
            .map(str::to_owned)
            .ok_or_else(|| format!("user {}: there is no role {name}", user.upn))
    });
    let held = held.collect::<Result<Vec<_>, _>>()?;
    tenant.roles.insert(id.clone(), held);
    Ok(id)
}

fn add_group(tenant: &mut Tenant, name: &str, old: Timestamp) -> String {
    let nickname: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let value = json!({ "displayName": name, "mailNickname": nickname });
    let Value::Object(props) = value else {
        unreachable!("made as an object")
    };
    groups::add(tenant, props, old)
}

fn group_id(tenant: &Tenant, name: &str) -> Option<String> {
    tenant
        .groups
        .iter()
        .find(|(_, g)| g.text("displayName") == name)
        .map(|(id, _)| id.clone())
}

fn id_of(tenant: &Tenant, name: &str) -> Result<String, String> {
    let user = tenant.user(name).map(|(id, _)| id.clone());
    user.or_else(|| group_id(tenant, name))
        .ok_or_else(|| format!("there is no user or group {name}"))
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

/// Stands for an address that is not known yet.
const TARGET: &str = "target:";

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
    let (entity, url) = (super::metadata::entity_id(tenant), super::metadata::sign_on_url(tenant));
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
