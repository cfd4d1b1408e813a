//! sso-admin, second part: permission sets and their policies.

use serde_json::{Value, json};

use super::{
    instances::{nothing, read_tags},
    organization::{Instance, PermissionSet},
    wire::{AwsError, Call, Given, epoch},
};

/// A quota of AWS, adjustable only down to a lower number of roles.
const MOST_SETS: usize = 3500;

/// One operation on permission sets; none if it is none of these.
pub fn operate(call: &mut Call<'_>) -> Option<Given> {
    let work: fn(&mut Call<'_>) -> Given = match call.operation {
        "CreatePermissionSet" => create,
        "DescribePermissionSet" => describe,
        "UpdatePermissionSet" => update,
        "DeletePermissionSet" => delete,
        "ListPermissionSets" => list,
        "PutInlinePolicyToPermissionSet" => put_inline,
        "GetInlinePolicyForPermissionSet" => get_inline,
        "DeleteInlinePolicyFromPermissionSet" => delete_inline,
        "AttachManagedPolicyToPermissionSet" => attach_managed,
        "DetachManagedPolicyFromPermissionSet" => detach_managed,
        "ListManagedPoliciesInPermissionSet" => list_managed,
        "AttachCustomerManagedPolicyReferenceToPermissionSet" => attach_customer,
        "DetachCustomerManagedPolicyReferenceFromPermissionSet" => detach_customer,
        "ListCustomerManagedPolicyReferencesInPermissionSet" => list_customer,
        "PutPermissionsBoundaryToPermissionSet" => put_boundary,
        "GetPermissionsBoundaryForPermissionSet" => get_boundary,
        "DeletePermissionsBoundaryFromPermissionSet" => delete_boundary,
        _ => return None,
    };
    Some(enabled(call).and_then(|()| work(call)))
}

/// Multi-account permissions must be on.
pub(super) fn enabled(call: &Call<'_>) -> Result<(), AwsError> {
    match call.instance()?.permission_sets_enabled {
        true => Ok(()),
        false => Err(AwsError::invalid(
            "Multi-account permissions are not enabled for this IAM Identity Center instance.",
        )),
    }
}

/// The permission set the input names.
pub(super) fn set<'a>(call: &'a Call<'_>) -> Result<&'a PermissionSet, AwsError> {
    let arn = call.need("PermissionSetArn");
    call.instance()?.permission_sets.get(&arn).ok_or_else(|| unknown(&arn))
}

fn unknown(arn: &str) -> AwsError {
    AwsError::not_found(format!("PermissionSet with ARN {arn} does not exist."))
}

/// Changes the permission set the input names. What accounts must be told of makes a new version.
fn change(call: &mut Call<'_>, act: impl FnOnce(&mut PermissionSet) -> Result<(), AwsError>) -> Given {
    set(call)?;
    refuse_delegate(call)?;
    let arn = call.need("PermissionSetArn");
    let set = call
        .instance_mut()?
        .permission_sets
        .get_mut(&arn)
        .ok_or_else(|| unknown(&arn))?;
    act(set)?;
    set.version += 1;
    nothing()
}

/// The delegated administrator may not touch sets that stand in the management account.
pub(super) fn refuse_delegate(call: &Call<'_>) -> Result<(), AwsError> {
    let management = &call.org().management;
    let there = (call.need("PermissionSetArn"), management.clone());
    if call.caller.account != *management && call.instance()?.provisioned.contains_key(&there) {
        return Err(AwsError::denied(
            "You cannot delete/modify/remove/assign access to permission sets provisioned in the management account",
        ));
    }
    Ok(())
}

fn create(call: &mut Call<'_>) -> Given {
    let name = call.need("Name");
    if call.instance()?.set_named(&name).is_some() {
        call.violation("duplicate", format!("permission set {name} was created a second time"));
        return Err(AwsError::conflict(format!(
            "PermissionSet with name {name} already exists."
        )));
    }
    if call.instance()?.permission_sets.len() >= MOST_SETS {
        return Err(AwsError::new(
            "ServiceQuotaExceededException",
            "You have exceeded the number of permission sets.",
        ));
    }
    let set = PermissionSet {
        session_duration: session(call)?.unwrap_or_else(|| "PT1H".into()),
        tags: read_tags(&call.body["Tags"])?,
        description: call.text("Description").map(str::to_owned),
        relay_state: call.text("RelayState").map(str::to_owned),
        created: call.now(),
        version: 1,
        name,
        ..PermissionSet::default()
    };
    let short = call.world.ids.hex(16);
    let instance = call.instance()?;
    let arn = format!(
        "arn:{}:sso:::permissionSet/ssoins-{}/ps-{short}",
        call.org().partition,
        instance.short_id
    );
    let shown = shown(&arn, &set);
    call.instance_mut()?.permission_sets.insert(arn, set);
    Ok(json!({ "PermissionSet": shown }))
}

/// The session duration of the input: one to twelve hours.
fn session(call: &Call<'_>) -> Result<Option<String>, AwsError> {
    let Some(text) = call.text("SessionDuration") else {
        return Ok(None);
    };
    let wrong = || AwsError::invalid("Session duration must be between 1 and 12 hours, as PT1H.");
    let span: jiff::Span = text.parse().map_err(|_| wrong())?;
    let seconds = span
        .total((jiff::Unit::Second, jiff::SpanRelativeTo::days_are_24_hours()))
        .map_err(|_| wrong())?;
    if (3600.0..=43_200.0).contains(&seconds) {
        Ok(Some(text.to_owned()))
    } else {
        Err(wrong())
    }
}

fn shown(arn: &str, set: &PermissionSet) -> Value {
    let mut shown = json!({
        "PermissionSetArn": arn,
        "Name": set.name,
        "CreatedDate": epoch(set.created),
        "SessionDuration": set.session_duration,
    });
    for (name, value) in [("Description", &set.description), ("RelayState", &set.relay_state)] {
        if let (Some(value), Some(members)) = (value, shown.as_object_mut()) {
            members.insert(name.into(), json!(value));
        }
    }
    shown
}

fn describe(call: &mut Call<'_>) -> Given {
    Ok(json!({ "PermissionSet": shown(&call.need("PermissionSetArn"), set(call)?) }))
}

fn update(call: &mut Call<'_>) -> Given {
    let duration = session(call)?;
    let description = call.text("Description").map(str::to_owned);
    let relay_state = call.text("RelayState").map(str::to_owned);
    change(call, |set| {
        if let Some(duration) = duration {
            set.session_duration = duration;
        }
        if description.is_some() {
            set.description = description;
        }
        // Whoever does not send the relay state again loses it.
        set.relay_state = relay_state;
        Ok(())
    })
}

/// What still holds a permission set.
fn held(instance: &Instance, arn: &str) -> Option<&'static str> {
    if instance
        .operations
        .iter()
        .any(|op| !op.over && op.on.permission_set == arn)
    {
        Some("work on it is under way")
    } else if instance.assignments.iter().any(|a| a.permission_set == arn) {
        Some("it is assigned")
    } else if instance.provisioned.keys().any(|(set, _)| set == arn) {
        Some("it is provisioned")
    } else {
        None
    }
}

fn delete(call: &mut Call<'_>) -> Given {
    let name = set(call)?.name.clone();
    refuse_delegate(call)?;
    let arn = call.need("PermissionSetArn");
    if let Some(why) = held(call.instance()?, &arn) {
        call.violation("deleted-while-referenced", format!("permission set {name}: {why}"));
        return Err(AwsError::conflict(
            "Could not delete because PermissionSet has ApplicationProfile associated with it",
        ));
    }
    call.instance_mut()?.permission_sets.remove(&arn);
    nothing()
}

fn list(call: &mut Call<'_>) -> Given {
    let list = call
        .instance()?
        .permission_sets
        .keys()
        .map(|arn| (arn.clone(), json!(arn)))
        .collect();
    call.paged("PermissionSets", list, 100)
}

fn put_inline(call: &mut Call<'_>) -> Given {
    let policy = call.need("InlinePolicy");
    let parsed: Result<Value, _> = serde_json::from_str(&policy);
    let statements = parsed.ok().and_then(|policy| policy.get("Statement").cloned());
    if !statements.is_some_and(|s| s.is_object() || s.as_array().is_some_and(|list| !list.is_empty())) {
        return Err(AwsError::invalid(
            "The inline policy is malformed: it must be a JSON object with a Statement.",
        ));
    }
    if policy.chars().filter(|c| !c.is_whitespace()).count() > 10_240 {
        return Err(AwsError::new(
            "ServiceQuotaExceededException",
            "The inline policy has more than 10240 characters.",
        ));
    }
    change(call, |set| {
        set.inline_policy = Some(policy);
        Ok(())
    })
}

fn get_inline(call: &mut Call<'_>) -> Given {
    // Without a policy, the member is left out: an empty string breaks the model's pattern.
    match &set(call)?.inline_policy {
        Some(policy) => Ok(json!({ "InlinePolicy": policy })),
        None => nothing(),
    }
}

fn delete_inline(call: &mut Call<'_>) -> Given {
    change(call, |set| {
        let gone = set.inline_policy.take();
        gone.map(drop)
            .ok_or_else(|| AwsError::not_found("Inline policy does not exist in the permission set."))
    })
}

fn attach_managed(call: &mut Call<'_>) -> Given {
    let arn = call.need("ManagedPolicyArn");
    if !arn.starts_with(&format!("arn:{}:", call.org().partition)) {
        return Err(AwsError::invalid(format!("Policy {arn} is of another partition.")));
    }
    let name = arn.rsplit('/').next().unwrap_or_default().to_owned();
    if name.starts_with("NoSuch") {
        return Err(AwsError::not_found(format!(
            "Policy {arn} does not exist or is not attachable."
        )));
    }
    change(call, |set| {
        if set.managed.len() + set.customer_managed.len() >= 251 {
            return Err(AwsError::new(
                "ServiceQuotaExceededException",
                "The permission set has too many policies.",
            ));
        }
        match set.managed.insert(arn, name) {
            None => Ok(()),
            Some(name) => Err(AwsError::conflict(format!(
                "Policy {name} is already attached to the permission set."
            ))),
        }
    })
}

fn detach_managed(call: &mut Call<'_>) -> Given {
    let arn = call.need("ManagedPolicyArn");
    change(call, |set| {
        let gone = set.managed.remove(&arn);
        gone.map(drop)
            .ok_or_else(|| AwsError::not_found(format!("Policy {arn} is not attached to the permission set.")))
    })
}

fn list_managed(call: &mut Call<'_>) -> Given {
    let managed = &set(call)?.managed;
    let list = managed
        .iter()
        .map(|(arn, name)| (arn.clone(), json!({"Name": name, "Arn": arn})))
        .collect();
    call.paged("AttachedManagedPolicies", list, 100)
}

/// A reference of the input: path and name.
fn reference(value: &Value) -> (String, String) {
    let path = value["Path"].as_str().unwrap_or("/");
    (path.to_owned(), value["Name"].as_str().unwrap_or_default().to_owned())
}

fn attach_customer(call: &mut Call<'_>) -> Given {
    let policy = reference(&call.body["CustomerManagedPolicyReference"]);
    change(call, |set| match set.customer_managed.insert(policy) {
        true => Ok(()),
        false => Err(AwsError::conflict(
            "The policy is already attached to the permission set.",
        )),
    })
}

fn detach_customer(call: &mut Call<'_>) -> Given {
    let policy = reference(&call.body["CustomerManagedPolicyReference"]);
    change(call, |set| match set.customer_managed.remove(&policy) {
        true => Ok(()),
        false => Err(AwsError::not_found("The policy is not attached to the permission set.")),
    })
}

fn list_customer(call: &mut Call<'_>) -> Given {
    let policies = &set(call)?.customer_managed;
    let list = policies
        .iter()
        .map(|(path, name)| (format!("{path}{name}"), json!({"Name": name, "Path": path})))
        .collect();
    call.paged("CustomerManagedPolicyReferences", list, 100)
}

fn put_boundary(call: &mut Call<'_>) -> Given {
    let boundary = call.body["PermissionsBoundary"].clone();
    let given = boundary
        .as_object()
        .map_or(0, |members| members.values().filter(|value| !value.is_null()).count());
    if given != 1 {
        return Err(AwsError::invalid(
            "Exactly one of ManagedPolicyArn and CustomerManagedPolicyReference must be given.",
        ));
    }
    change(call, |set| {
        set.boundary = Some(boundary);
        Ok(())
    })
}

fn no_boundary() -> AwsError {
    AwsError::not_found("The permission set has no permissions boundary.")
}

fn get_boundary(call: &mut Call<'_>) -> Given {
    set(call)?
        .boundary
        .as_ref()
        .map(|boundary| json!({ "PermissionsBoundary": boundary }))
        .ok_or_else(no_boundary)
}

fn delete_boundary(call: &mut Call<'_>) -> Given {
    change(call, |set| set.boundary.take().map(drop).ok_or_else(no_boundary))
}
