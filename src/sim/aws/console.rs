//! The IAM Identity Center console: the clicks that have no API.

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use super::{
    cloudtrail::{self, Event},
    organization::{Instance, Organization, Provisioning, Remembered, ScimToken, Source},
    saml, seed,
};
use crate::sim::{
    admin::{Clicked, Refused},
    world::World,
};

/// The actions of this console.
pub const ACTIONS: &[&str] = &[
    "aws.enable-instance",
    "aws.other-way-in",
    "aws.enable-permission-sets",
    "aws.show-sp-metadata",
    "aws.change-identity-source",
    "aws.revert-identity-source",
    "aws.restore-identity-source",
    "aws.import-certificate",
    "aws.delete-certificate",
    "aws.enable-provisioning",
    "aws.generate-token",
    "aws.delete-token",
    "aws.age-tokens",
    "aws.disable-provisioning",
    "aws.restore-provisioning",
    "aws.disable-user",
    "aws.enable-user",
];

/// A directory has two tokens at most.
const MOST_TOKENS: usize = 2;

/// One click. `target` names the organization; the first, if it is not given.
pub fn click(world: &mut World, action: &str, args: &Map<String, Value>) -> Clicked {
    let text = |name: &str| args.get(name).and_then(Value::as_str);
    let target = text("target");
    let n = match target {
        None => (!world.aws.is_empty()).then_some(0),
        Some(name) => world.aws.iter().position(|org| org.name == name),
    };
    let n = n.ok_or_else(|| Refused::missing(format!("there is no AWS target {}", target.unwrap_or(""))))?;
    if action == "aws.enable-instance" {
        return enable_instance(world, n);
    }
    if !ACTIONS.contains(&action) {
        return Err(Refused::missing(format!("there is no console action {action}")));
    }
    if world.aws[n].instance.is_none() {
        return Err(Refused::conflict("IAM Identity Center is not enabled"));
    }
    match action {
        "aws.enable-permission-sets" => {
            instance(world, n).permission_sets_enabled = true;
            event(world, n, "UpdateInstance", "sso.amazonaws.com", false);
            Ok(json!({}))
        }
        // Nothing is clicked: whoever is asked thinks of the root user.
        "aws.other-way-in" => Ok(json!({ "way_in": "the root user of the management account, with its MFA device" })),
        "aws.show-sp-metadata" => show_metadata(world, n, text("idp_metadata")),
        "aws.change-identity-source" => change_source(world, n, text("idp_metadata")),
        "aws.revert-identity-source" => revert_source(world, n),
        "aws.restore-identity-source" => restore_source(world, n, text("idp_metadata")),
        "aws.delete-certificate" => delete_certificate(world, n, text("thumbprint")),
        "aws.import-certificate" => import_certificate(world, n, text("certificate")),
        "aws.enable-provisioning" => enable_provisioning(world, n),
        "aws.generate-token" => generate_token(world, n, text("keep")),
        "aws.delete-token" => match text("created") {
            Some(created) => delete_token_of(world, n, created),
            None => delete_token(world, n, text("which").unwrap_or("oldest")),
        },
        "aws.age-tokens" => age_tokens(world, n, args.get("days").and_then(Value::as_i64).unwrap_or(366)),
        "aws.disable-provisioning" => disable_provisioning(world, n),
        "aws.restore-provisioning" => restore_provisioning(world, n),
        _ => switch_user(world, n, text("user_name"), action == "aws.enable-user"),
    }
}

fn instance(world: &mut World, n: usize) -> &mut Instance {
    world.aws[n].instance.as_mut().expect("seen before")
}

fn event(world: &mut World, n: usize, name: &str, source: &str, read_only: bool) {
    let management = world.aws[n].management.clone();
    let mut record = Map::new();
    record.insert(
        "userIdentity".into(),
        json!({"type": "IAMUser", "accountId": management, "userName": "console"}),
    );
    record.insert("eventType".into(), json!("AwsConsoleAction"));
    let event = Event {
        name: name.into(),
        source: source.into(),
        username: Some("console".into()),
        read_only,
        record,
        access_key: None,
    };
    cloudtrail::write(world, n, event);
}

const DIRECTORY: &str = "sso-directory.amazonaws.com";

fn enable_instance(world: &mut World, n: usize) -> Clicked {
    if world.aws[n].instance.is_some() {
        return Err(Refused::conflict("IAM Identity Center is enabled already"));
    }
    let (partition, now) = (world.aws[n].partition.clone(), world.now);
    let made = seed::new_instance(&partition, &mut world.ids, now);
    world.aws[n].instance = Some(made);
    world.aws[n].trusted.insert("sso.amazonaws.com".into());
    event(world, n, "StartSSO", "sso.amazonaws.com", false);
    Ok(json!({}))
}

/// The page on which an external identity provider is set up, and the settings page on the way there. With `idp_metadata`,
/// the person compares what stands there with that provider.
fn show_metadata(world: &mut World, n: usize, ours: Option<&str>) -> Clicked {
    event(world, n, "GetAWSSPConfigurationForDirectory", DIRECTORY, true);
    let org = &world.aws[n];
    let instance = org.instance.as_ref().expect("seen before");
    Ok(json!({
        "metadata": saml::sp_metadata(org, instance),
        "issuer_url": org.issuer_url(instance),
        "acs_urls": org.acs_urls(instance).join("\n"),
        "portal_url": org.portal_url(instance),
        "source_before": seen_source(&instance.source, ours),
        "provisioning_before": if instance.provisioning.is_some() { "on" } else { "off" },
    }))
}

/// The identity source in the words that a person is asked to use.
fn seen_source(source: &Source, ours: Option<&str>) -> &'static str {
    let ours = ours.and_then(|metadata| saml::read_provider(metadata).ok());
    match (source, ours) {
        (Source::IdentityCenter, _) => "identity-center",
        (Source::ActiveDirectory, _) => "active-directory",
        (Source::External(there), Some(ours))
            if there.entity_id == ours.entity_id
                && there.certificates.iter().any(|known| ours.certificates.contains(known)) =>
        {
            "this-application"
        }
        (Source::External(_), _) => "another-provider",
    }
}

/// Keeps in mind how the settings looked before the first change.
fn remember(instance: &mut Instance) {
    if instance.remembered.is_none() {
        instance.remembered = Some(Remembered {
            source: instance.source.clone(),
            provisioning: instance.provisioning.is_some(),
        });
    }
}

fn change_source(world: &mut World, n: usize, metadata: Option<&str>) -> Clicked {
    let metadata = metadata.ok_or_else(|| Refused::bad("`idp_metadata` is missing"))?;
    let provider = saml::read_provider(metadata).map_err(Refused::bad)?;
    let instance = instance(world, n);
    remember(instance);
    if instance.source == Source::ActiveDirectory {
        // Leaving Active Directory deletes users, groups and assignments.
        instance.directory = Default::default();
        instance.assignments.clear();
        instance.provisioned.clear();
    }
    instance.source = Source::External(provider);
    switched_on(world, n);
    Ok(json!({}))
}

fn switched_on(world: &mut World, n: usize) {
    for name in [
        "CreateExternalIdPConfigurationForDirectory",
        "EnableExternalIdPConfigurationForDirectory",
    ] {
        event(world, n, name, DIRECTORY, false);
    }
}

fn revert_source(world: &mut World, n: usize) -> Clicked {
    let instance = instance(world, n);
    if !matches!(instance.source, Source::External(_)) {
        return Err(Refused::conflict(
            "the identity source is not an external identity provider",
        ));
    }
    if instance.provisioning.is_some() {
        return Err(Refused::conflict("automatic provisioning is enabled; disable it first"));
    }
    instance.source = Source::IdentityCenter;
    for name in [
        "DisableExternalIdPConfigurationForDirectory",
        "DeleteExternalIdPConfigurationForDirectory",
    ] {
        event(world, n, name, DIRECTORY, false);
    }
    Ok(json!({}))
}

/// The person who did the first change knows what stood before it, puts that back, and says what it was. With
/// `idp_metadata`, that is compared with this provider.
fn restore_source(world: &mut World, n: usize, ours: Option<&str>) -> Clicked {
    let Some(Remembered { source, .. }) = instance(world, n).remembered.clone() else {
        return Err(Refused::conflict("nobody has changed anything here"));
    };
    let words = seen_source(&source, ours);
    match source {
        Source::IdentityCenter => drop(revert_source(world, n)?),
        Source::ActiveDirectory => {
            return Err(Refused::conflict(
                "what leaving Active Directory has deleted does not come back",
            ));
        }
        Source::External(_) if words == "this-application" => {}
        Source::External(_) => {
            instance(world, n).source = source;
            switched_on(world, n);
        }
    }
    Ok(json!({ "source_before": words }))
}

fn import_certificate(world: &mut World, n: usize, certificate: Option<&str>) -> Clicked {
    let der = saml::read_certificate(certificate.ok_or_else(|| Refused::bad("`certificate` is missing"))?)
        .map_err(Refused::bad)?;
    let Source::External(provider) = &mut instance(world, n).source else {
        return Err(Refused::conflict(
            "the identity source is not an external identity provider",
        ));
    };
    if !provider.certificates.contains(&der) {
        provider.certificates.push(der);
    }
    event(world, n, "ImportExternalIdPCertificate", DIRECTORY, false);
    Ok(json!({}))
}

fn delete_certificate(world: &mut World, n: usize, thumbprint: Option<&str>) -> Clicked {
    let thumbprint = thumbprint.ok_or_else(|| Refused::bad("`thumbprint` is missing"))?;
    let Source::External(provider) = &mut instance(world, n).source else {
        return Err(Refused::conflict(
            "the identity source is not an external identity provider",
        ));
    };
    let known = &mut provider.certificates;
    let found = known
        .iter()
        .position(|der| saml::thumbprint(der).eq_ignore_ascii_case(thumbprint))
        .ok_or_else(|| Refused::conflict("there is no such certificate"))?;
    if known.len() == 1 {
        return Err(Refused::conflict("at least one certificate must stay"));
    }
    known.remove(found);
    event(world, n, "DeleteExternalIdPCertificate", DIRECTORY, false);
    Ok(json!({}))
}

fn enable_provisioning(world: &mut World, n: usize) -> Clicked {
    let now = world.now;
    if !matches!(instance(world, n).source, Source::External(_)) {
        return Err(Refused::conflict(
            "automatic provisioning needs an external identity provider as identity source",
        ));
    }
    remember(instance(world, n));
    let fresh = instance(world, n).provisioning.is_none();
    if fresh {
        let tenant = format!("{}{}", world.ids.alphanumeric(3), world.ids.uuid());
        instance(world, n).provisioning = Some(Provisioning {
            tenant,
            tokens: Vec::new(),
        });
    }
    let token = new_token(world, now);
    let provisioning = instance(world, n).provisioning.as_mut().expect("made just above");
    if provisioning.tokens.len() >= MOST_TOKENS {
        return Err(Refused::conflict(
            "there are two access tokens already; delete one first",
        ));
    }
    let (tenant, secret) = (provisioning.tenant.clone(), token.secret.clone());
    provisioning.tokens.push(token);
    world.keep_secret(secret.clone());
    if fresh {
        event(world, n, "CreateProvisioningTenant", DIRECTORY, false);
    }
    event(world, n, "CreateBearerToken", DIRECTORY, false);
    Ok(json!({ "endpoint": endpoint(world, &tenant), "token": secret }))
}

/// A further token. Where there are two, whoever knows when the one in use was noted deletes the other one first.
fn generate_token(world: &mut World, n: usize, keep: Option<&str>) -> Clicked {
    let noted: Option<jiff::Timestamp> = keep
        .map(str::parse)
        .transpose()
        .map_err(|error| Refused::bad(format!("`keep` is no time: {error}")))?;
    let Some(provisioning) = instance(world, n).provisioning.as_mut() else {
        return Err(Refused::conflict("automatic provisioning is not enabled"));
    };
    let tokens = &mut provisioning.tokens;
    let in_use = noted.and_then(|noted| tokens.iter().rposition(|token| token.created <= noted));
    if let (true, Some(in_use)) = (tokens.len() >= MOST_TOKENS, in_use) {
        let kept = tokens.swap_remove(in_use);
        *tokens = vec![kept];
        event(world, n, "DeleteBearerToken", DIRECTORY, false);
    }
    enable_provisioning(world, n)
}

/// A token as long as AWS's.
fn new_token(world: &mut World, now: jiff::Timestamp) -> ScimToken {
    let id = world.ids.uuid().to_string();
    let secret = STANDARD.encode(world.ids.bytes(600));
    ScimToken {
        id,
        secret,
        created: now,
    }
}

/// The SCIM endpoint of a tenant.
pub fn endpoint(world: &World, tenant: &str) -> String {
    format!("{}/{tenant}/scim/v2", world.addresses.scim)
}

fn delete_token(world: &mut World, n: usize, which: &str) -> Clicked {
    let tokens = instance(world, n)
        .provisioning
        .as_mut()
        .map(|provisioning| &mut provisioning.tokens);
    let Some(tokens) = tokens.filter(|tokens| !tokens.is_empty()) else {
        return Err(Refused::conflict("there is no access token"));
    };
    match which {
        "oldest" => drop(tokens.remove(0)),
        "newest" => drop(tokens.pop()),
        "all" => tokens.clear(),
        other => return Err(Refused::bad(format!("`which` is oldest, newest or all, not {other}"))),
    }
    event(world, n, "DeleteBearerToken", DIRECTORY, false);
    Ok(json!({}))
}

/// The token that was made last before this moment: whoever copied it noted the time a little later.
fn delete_token_of(world: &mut World, n: usize, created: &str) -> Clicked {
    let noted: jiff::Timestamp = created
        .parse()
        .map_err(|error| Refused::bad(format!("`created` is no time: {error}")))?;
    let provisioning = instance(world, n).provisioning.as_mut();
    let found = provisioning.and_then(|provisioning| {
        let place = provisioning.tokens.iter().rposition(|token| token.created <= noted)?;
        Some(provisioning.tokens.remove(place))
    });
    if found.is_none() {
        return Err(Refused::conflict("there is no access token of that time"));
    }
    event(world, n, "DeleteBearerToken", DIRECTORY, false);
    Ok(json!({}))
}

/// Provisioning is as it was before the first change: disabled, if it was and nobody else uses it.
fn restore_provisioning(world: &mut World, n: usize) -> Clicked {
    let was_on = instance(world, n)
        .remembered
        .as_ref()
        .is_some_and(|before| before.provisioning);
    if was_on {
        return Ok(json!({ "provisioning_before": "on" }));
    }
    disable_provisioning(world, n)?;
    Ok(json!({ "provisioning_before": "off" }))
}

fn disable_provisioning(world: &mut World, n: usize) -> Clicked {
    match &instance(world, n).provisioning {
        None => return Err(Refused::conflict("automatic provisioning is not enabled")),
        Some(provisioning) if !provisioning.tokens.is_empty() => {
            return Err(Refused::conflict("there are access tokens; delete them first"));
        }
        Some(_) => instance(world, n).provisioning = None,
    }
    event(world, n, "DeleteProvisioningTenant", DIRECTORY, false);
    Ok(json!({}))
}

/// Nobody can click that: it stands for so many days going by.
fn age_tokens(world: &mut World, n: usize, days: i64) -> Clicked {
    let Some(provisioning) = instance(world, n).provisioning.as_mut() else {
        return Err(Refused::conflict("automatic provisioning is not enabled"));
    };
    for token in &mut provisioning.tokens {
        token.created -= SignedDuration::from_hours(24 * days);
    }
    Ok(json!({}))
}

fn switch_user(world: &mut World, n: usize, name: Option<&str>, active: bool) -> Clicked {
    let directory = &mut instance(world, n).directory;
    let user = directory.users.values_mut().find(|user| Some(user.user_name()) == name);
    let user = user.ok_or_else(|| Refused::missing("there is no such user"))?;
    user.active = active;
    event(
        world,
        n,
        if active { "EnableUser" } else { "DisableUser" },
        DIRECTORY,
        false,
    );
    Ok(json!({}))
}

/// What the console's settings page shows. Tokens by their dates only.
pub fn view(org: &Organization) -> Value {
    let Some(instance) = &org.instance else {
        return json!({"instance": null});
    };
    let tokens = instance.provisioning.as_ref().map(|provisioning| {
        let shown = |token: &ScimToken| json!({"id": token.id, "created": token.created, "expires": token.expires()});
        provisioning.tokens.iter().map(shown).collect::<Vec<_>>()
    });
    json!({
        "instance": instance.arn,
        "identity_source": saml::shown_source(&instance.source),
        "issuer_url": org.issuer_url(instance),
        "acs_urls": org.acs_urls(instance),
        "portal_url": org.portal_url(instance),
        "permission_sets_enabled": instance.permission_sets_enabled,
        "provisioning_tokens": tokens,
    })
}
