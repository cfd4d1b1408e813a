//! A person signs in: what Entra checks, and the assertion it sends to AWS.

use serde_json::{Map, Value, json};

use super::{
    claims,
    graph::service_principals::active_certificate,
    metadata,
    state::{Entity, Tenant},
};
use crate::sim::{
    admin::{Clicked, Refused},
    aws::{self, Assertion, organization::Source},
    world::World,
};

/// Where a sign-in begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// The tile in My Apps.
    MyApps,
    /// The AWS access portal.
    Portal,
    /// The person's account page, as the tutorial's first look: no application is asked for.
    Account,
}

/// A sign-in that happened.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// When.
    pub at: jiff::Timestamp,
    /// Who.
    pub upn: String,
    /// Why it failed, if it did.
    pub failure: Option<String>,
}

/// `entra.sign-in`
pub fn click(world: &mut World, args: &Map<String, Value>) -> Clicked {
    let text = |name: &str| args.get(name).and_then(Value::as_str);
    let Some(upn) = text("upn").map(str::to_owned) else {
        return Err(Refused::bad("`upn` is missing"));
    };
    let from = match text("from").unwrap_or("my-apps") {
        "my-apps" => From::MyApps,
        "portal" => From::Portal,
        "account" => From::Account,
        other => {
            return Err(Refused::bad(format!(
                "there is no place called {other}; there are my-apps, portal, account"
            )));
        }
    };
    let done = at_aws(world, &upn, from, text("target"));
    let failure = done.as_ref().err().map(|refused| refused.reason.clone());
    let at = world.now;
    world.entra.sign_ins.push(SignIn { at, upn, failure });
    done
}

/// The whole way: to the account page, or on to AWS.
fn at_aws(world: &mut World, upn: &str, from: From, target: Option<&str>) -> Clicked {
    let (user, _) = person(&world.entra, upn).map_err(Refused::conflict)?;
    if from == From::Account {
        return Ok(json!({ "applications": tiles(&world.entra, user) }));
    }
    let now = world.now;
    let org = match target {
        None => world.aws.first(),
        Some(name) => world.aws.iter().find(|org| org.name == name),
    };
    let org = org.ok_or_else(|| Refused::missing(format!("there is no AWS target {}", target.unwrap_or_default())))?;
    let Some(instance) = &org.instance else {
        return Err(Refused::conflict("IAM Identity Center is not enabled"));
    };
    // The portal sends people to Entra only when Entra is the identity source.
    if from == From::Portal && !matches!(instance.source, Source::External(_)) {
        return Err(Refused::conflict(
            "the access portal asks for a password: its identity source is not an external identity provider",
        ));
    }
    let (audience, replies) = (org.issuer_url(instance), org.acs_urls(instance));
    let assertion = assert(&world.entra, upn, from, &audience, &replies, now).map_err(Refused::conflict)?;
    let seen = aws::sign_in(world, &assertion).map_err(Refused::conflict)?;
    Ok(json!({ "target": seen.organization, "accounts": seen.accounts, "tags": seen.tags }))
}

/// The person, if Entra lets them in at all.
pub fn person<'t>(tenant: &'t Tenant, upn: &str) -> Result<(&'t String, &'t Entity), String> {
    let Some((id, user)) = tenant.user(upn) else {
        return Err(format!(
            "AADSTS50034: The user account {upn} does not exist in the {} directory.",
            tenant.name
        ));
    };
    if user.props.get("accountEnabled") == Some(&Value::Bool(false)) {
        return Err("AADSTS50057: The user account is disabled.".into());
    }
    Ok((id, user))
}

/// The applications a person sees in My Apps.
pub fn tiles(tenant: &Tenant, user: &str) -> Vec<String> {
    let sees = |sp: &&String| {
        !tenant.service_principals[*sp].props["appRoleAssignmentRequired"]
            .as_bool()
            .unwrap_or(true)
            || may_use(tenant, sp, user)
    };
    tenant
        .service_principals
        .keys()
        .filter(sees)
        .map(|sp| tenant.service_principals[sp].text("displayName").to_owned())
        .collect()
}

/// Assigned, or a direct member of an assigned group.
fn may_use(tenant: &Tenant, sp: &str, user: &str) -> bool {
    tenant
        .assigned_to(sp)
        .any(|(principal, _)| principal == user || tenant.members_of(principal).iter().any(|m| m == user))
}

/// What Entra sends to a service provider with this entity id and these reply addresses about a person; or why not.
///
/// # Errors
/// What the person would read.
pub fn assert(
    tenant: &Tenant,
    upn: &str,
    from: From,
    audience: &str,
    replies: &[String],
    now: jiff::Timestamp,
) -> Result<Assertion, String> {
    let (user, _) = person(tenant, upn)?;
    let app = tenant
        .applications
        .values()
        .find(|app| app.texts("identifierUris").contains(&audience));
    let Some(app) = app else {
        return Err(match from {
            From::Portal => format!(
                "AADSTS700016: Application with identifier '{audience}' was not found in the directory '{}'.",
                tenant.name
            ),
            _ => "My Apps shows no application that stands for AWS.".to_owned(),
        });
    };
    let app_id = app.text("appId");
    let Some((sp, principal)) = tenant.service_principal_of(app_id) else {
        return Err(format!(
            "AADSTS700016: Application with identifier '{audience}' has no service principal."
        ));
    };
    if principal.props.get("accountEnabled") == Some(&Value::Bool(false)) {
        return Err("AADSTS7000112: The application is disabled.".into());
    }
    if principal.text("preferredSingleSignOnMode") != "saml" {
        return Err("AADSTS75011: The application is not set up for SAML sign-on.".into());
    }
    if principal.props["appRoleAssignmentRequired"].as_bool().unwrap_or(true) && !may_use(tenant, sp, user) {
        return Err(format!(
            "AADSTS50105: The signed in user '{upn}' is not assigned to a role for the application '{app_id}'."
        ));
    }
    // Which address the request names is AWS's choice: any registered one of its addresses will do.
    let registered = principal.texts("replyUrls");
    let Some(destination) = replies.iter().find(|r| registered.contains(&r.as_str())) else {
        let reply = replies.first().map(String::as_str).unwrap_or_default();
        return Err(format!(
            "AADSTS50011: The reply URL '{reply}' specified in the request does not match the reply URLs configured for the application '{app_id}'."
        ));
    };
    let certificate = match active_certificate(tenant, sp, now) {
        Some(certificate) => certificate.der.clone(),
        None => tenant.certificate.der.clone(),
    };
    let subject = claims::subject(tenant, sp, user);
    let Some(name_id) = subject.name_id else {
        return Err("AADSTS90015: The source of the NameID claim is empty for this user.".into());
    };
    Ok(Assertion {
        issuer: metadata::entity_id(tenant),
        audience: audience.to_owned(),
        recipient: destination.clone(),
        name_id,
        name_id_format: subject.format,
        certificate,
        attributes: subject
            .attributes
            .into_iter()
            .map(|(name, value)| (name, vec![value]))
            .collect(),
    })
}
