//! STS: who the caller is, and roles to become.

use jiff::SignedDuration;

use super::{
    organization::AccessKey,
    wire::{self, AwsError, Caller},
};
use crate::sim::{
    http::{Request, Response},
    world::World,
};

/// A query-protocol call.
pub fn handle(world: &mut World, request: &Request) -> Response {
    let form = request.form();
    let field = |name: &str| {
        form.iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    };
    let Some(action) = field("Action") else {
        let error = AwsError::new("MissingAction", "The request must contain the parameter Action.");
        return wire::xml_error(world, request, &error);
    };
    let caller = match wire::caller(world, request, "sts") {
        Ok(caller) => caller,
        // STS has names of its own for what the JSON services call UnrecognizedClientException and so on.
        Err(mut error) => {
            error.status = 403;
            error.code = match error.code {
                "UnrecognizedClientException" => "InvalidClientTokenId",
                "ExpiredTokenException" => "ExpiredToken",
                "MissingAuthenticationTokenException" => "MissingAuthenticationToken",
                code => code,
            };
            return wire::xml_error(world, request, &error);
        }
    };
    if field("Version") != Some("2011-06-15") {
        let error = AwsError::new("NoSuchVersion", "The requested version is not valid.");
        return wire::xml_error(world, request, &error);
    }
    match action {
        "GetCallerIdentity" => {
            let inside = format!(
                "<Arn>{}</Arn><UserId>{}</UserId><Account>{}</Account>",
                caller.arn, caller.user_id, caller.account
            );
            wire::xml(world, request, action, &inside)
        }
        "AssumeRole" => match assume_role(
            world,
            &caller,
            field("RoleArn"),
            field("RoleSessionName"),
            field("DurationSeconds"),
        ) {
            Ok(inside) => wire::xml(world, request, action, &inside),
            Err(error) => wire::xml_error(world, request, &error),
        },
        other => {
            let error = AwsError::new(
                "InvalidAction",
                format!("Could not find operation {other} for version 2011-06-15"),
            );
            wire::xml_error(world, request, &error)
        }
    }
}

fn assume_role(
    world: &mut World,
    caller: &Caller,
    role: Option<&str>,
    session: Option<&str>,
    duration: Option<&str>,
) -> Result<String, AwsError> {
    let invalid = |what: &str| AwsError::new("ValidationError", format!("1 validation error detected: {what}"));
    let role = role.ok_or_else(|| invalid("Value null at 'roleArn' must not be null"))?;
    let session = session
        .filter(|name| (2..=64).contains(&name.len()))
        .ok_or_else(|| invalid("Value at 'roleSessionName'"))?;
    let seconds = duration
        .map_or(Some(3600), |text| text.parse().ok())
        .filter(|s| (900..=43_200).contains(s));
    let seconds = seconds.ok_or_else(|| invalid("Value at 'durationSeconds'"))?;
    let org = &world.aws[caller.organization];
    let parts: Vec<&str> = role.splitn(6, ':').collect();
    let (account, name) = match parts[..] {
        ["arn", partition, "iam", "", account, resource] if partition == org.partition => (
            account.to_owned(),
            resource.rsplit('/').next().unwrap_or_default().to_owned(),
        ),
        _ => return Err(invalid("Value at 'roleArn' is no role of this partition")),
    };
    if !org.accounts.contains_key(&account) || world.weather.lacks("sts:AssumeRole") {
        let message = format!(
            "User: {} is not authorized to perform: sts:AssumeRole on resource: {role}",
            caller.arn
        );
        return Err(AwsError::new("AccessDenied", message).status(403));
    }
    let id = format!("ASIA{}", world.ids.alphanumeric(16).to_uppercase());
    let (secret, token) = (world.ids.alphanumeric(40), world.ids.alphanumeric(356));
    let role_id = format!("AROA{}", world.ids.alphanumeric(17).to_uppercase());
    let expires = world.now + SignedDuration::from_secs(seconds);
    let org = &mut world.aws[caller.organization];
    let arn = format!("arn:{}:sts::{account}:assumed-role/{name}/{session}", org.partition);
    let user_id = format!("{role_id}:{session}");
    let inside = format!(
        "<Credentials><AccessKeyId>{id}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey><SessionToken>{token}</SessionToken>\
         <Expiration>{expires:.0}</Expiration></Credentials><AssumedRoleUser><AssumedRoleId>{user_id}</AssumedRoleId><Arn>{arn}</Arn></AssumedRoleUser>"
    );
    let key = AccessKey {
        secret,
        session_token: Some(token.clone()),
        arn,
        user_id,
        account,
        expires: Some(expires),
    };
    org.keys.insert(id, key);
    world.keep_secret(token);
    Ok(inside)
}
