//! sso-admin, first part: instances, Regions, attributes for access control, tags.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    organization::{Instance, Organization},
    wire::{AwsError, Call, Given, epoch},
};

/// No content.
pub(super) fn nothing() -> Given {
    Ok(Value::Object(Map::new()))
}

/// One operation on instances, Regions, attributes or tags; none if it is none of these.
pub fn operate(call: &mut Call<'_>) -> Option<Given> {
    Some(match call.operation {
        "ListInstances" => list(call),
        "DescribeInstance" => call.instance().map(|instance| describe(call.org(), instance)),
        "UpdateInstance" => update(call),
        "CreateInstance" => Err(AwsError::conflict(
            "An instance already exists, or this is the management account.",
        )),
        "DeleteInstance" => Err(AwsError::denied(
            "The organization instance cannot be deleted through this API.",
        )),
        "ListRegions" => regions(call),
        "DescribeRegion" => describe_region(call),
        "CreateInstanceAccessControlAttributeConfiguration" => create_abac(call),
        "DescribeInstanceAccessControlAttributeConfiguration" => describe_abac(call),
        "UpdateInstanceAccessControlAttributeConfiguration" => update_abac(call),
        "DeleteInstanceAccessControlAttributeConfiguration" => delete_abac(call),
        "TagResource" => tag(call),
        "UntagResource" => untag(call),
        "ListTagsForResource" => list_tags(call),
        _ => return None,
    })
}

fn list(call: &mut Call<'_>) -> Given {
    let everywhere = call.text("RegionScope") == Some("ALL_REGIONS");
    let org = call.org();
    let here = everywhere || call.caller.region == org.region;
    let list = org
        .instance
        .iter()
        .filter(|_| here)
        .map(|instance| {
            let mut shown = describe(org, instance);
            if let Some(members) = shown.as_object_mut() {
                members.remove("PermissionSetsEnabled");
                members.remove("EncryptionConfigurationDetails");
            }
            (instance.arn.clone(), shown)
        })
        .collect();
    call.paged("Instances", list, 100)
}

fn describe(org: &Organization, instance: &Instance) -> Value {
    let mut shown = json!({
        "InstanceArn": instance.arn,
        "IdentityStoreId": instance.store_id,
        "IdentityStoreArn": org.store_arn(instance),
        "OwnerAccountId": org.management,
        "CreatedDate": epoch(instance.created),
        "Status": "ACTIVE",
        "PrimaryRegion": org.region,
        "Regions": [region(org, instance)],
        "EncryptionConfigurationDetails": match &instance.key {
            None => json!({"KeyType": "AWS_OWNED_KMS_KEY", "EncryptionStatus": "ENABLED"}),
            Some(key) => json!({"KeyType": "CUSTOMER_MANAGED_KEY", "KmsKeyArn": key.arn, "EncryptionStatus": "ENABLED"}),
        },
        "PermissionSetsEnabled": instance.permission_sets_enabled,
    });
    if let (Some(name), Some(members)) = (&instance.display_name, shown.as_object_mut()) {
        members.insert("Name".into(), json!(name));
    }
    shown
}

fn region(org: &Organization, instance: &Instance) -> Value {
    json!({"RegionName": org.region, "Status": "ACTIVE", "AddedDate": epoch(instance.created), "IsPrimaryRegion": true})
}

fn update(call: &mut Call<'_>) -> Given {
    call.instance()?;
    let given = |name: &str| call.body.get(name).is_some_and(|value| !value.is_null());
    let settings = [
        "EncryptionConfiguration",
        "PermissionSetsEnabled",
        "NetworkConfiguration",
    ];
    if settings.iter().filter(|name| given(name)).count() > 1 {
        return Err(AwsError::invalid(
            "Only one of EncryptionConfiguration, PermissionSetsEnabled and NetworkConfiguration can be given.",
        ));
    }
    let enable = call.body.get("PermissionSetsEnabled").and_then(Value::as_bool);
    let name = call.text("Name").map(str::to_owned);
    let instance = call.instance_mut()?;
    match enable {
        Some(true) => instance.permission_sets_enabled = true,
        Some(false) => return Err(AwsError::invalid("Multi-account permissions cannot be disabled.")),
        None => {}
    }
    if name.is_some() {
        instance.display_name = name;
    }
    nothing()
}

fn regions(call: &mut Call<'_>) -> Given {
    let instance = call.instance()?;
    let list = vec![(call.org().region.clone(), region(call.org(), instance))];
    call.paged("Regions", list, 100)
}

fn describe_region(call: &mut Call<'_>) -> Given {
    let instance = call.instance()?;
    match call.need("RegionName") == call.org().region {
        true => Ok(region(call.org(), instance)),
        false => Err(AwsError::not_found("The instance is not replicated to this Region.")),
    }
}

/// The attributes of the input by key.
fn attributes(call: &Call<'_>) -> Result<BTreeMap<String, String>, AwsError> {
    let list = call.body["InstanceAccessControlAttributeConfiguration"]["AccessControlAttributes"]
        .as_array()
        .cloned();
    let mut attributes = BTreeMap::new();
    for entry in list.unwrap_or_default() {
        let key = entry["Key"].as_str().unwrap_or_default().to_owned();
        let source = entry["Value"]["Source"][0].as_str().unwrap_or_default();
        if !source.starts_with("${path:") || !source.ends_with('}') {
            return Err(AwsError::invalid(format!(
                "The source of attribute {key} is not an attribute of an external identity provider's user."
            )));
        }
        if attributes.insert(key.clone(), source.to_owned()).is_some() {
            return Err(AwsError::invalid(format!("Attribute {key} is given twice.")));
        }
    }
    Ok(attributes)
}

fn not_enabled() -> AwsError {
    AwsError::not_found("Attributes for access control are not enabled for this instance.")
}

fn create_abac(call: &mut Call<'_>) -> Given {
    call.instance()?;
    let attributes = attributes(call)?;
    if call.instance()?.abac.is_some() {
        call.violation("duplicate", "attributes for access control were enabled a second time");
        return Err(AwsError::conflict(
            "Attributes for access control are already enabled for this instance.",
        ));
    }
    call.instance_mut()?.abac = Some(attributes);
    nothing()
}

fn describe_abac(call: &mut Call<'_>) -> Given {
    let abac = call.instance()?.abac.as_ref().ok_or_else(not_enabled)?;
    let attributes: Vec<Value> = abac
        .iter()
        .map(|(key, source)| json!({"Key": key, "Value": {"Source": [source]}}))
        .collect();
    Ok(json!({
        "Status": "ENABLED",
        "InstanceAccessControlAttributeConfiguration": {"AccessControlAttributes": attributes},
    }))
}

fn update_abac(call: &mut Call<'_>) -> Given {
    call.instance()?.abac.as_ref().ok_or_else(not_enabled)?;
    let attributes = attributes(call)?;
    call.instance_mut()?.abac = Some(attributes);
    nothing()
}

fn delete_abac(call: &mut Call<'_>) -> Given {
    call.instance_mut()?.abac.take().ok_or_else(not_enabled)?;
    nothing()
}

/// The tags of the instance or permission set the input names.
fn tags<'a>(call: &'a mut Call<'_>) -> Result<&'a mut BTreeMap<String, String>, AwsError> {
    let resource = call.need("ResourceArn");
    let unknown = AwsError::not_found(format!("Resource {resource} does not exist."));
    let Some(instance) = call.org_mut().instance.as_mut() else {
        return Err(unknown);
    };
    if resource == instance.arn {
        return Ok(&mut instance.tags);
    }
    instance
        .permission_sets
        .get_mut(&resource)
        .map(|set| &mut set.tags)
        .ok_or(unknown)
}

/// Reads a list of tags: reserved keys and doubles are refused.
pub(super) fn read_tags(list: &Value) -> Result<BTreeMap<String, String>, AwsError> {
    let mut tags = BTreeMap::new();
    for tag in list.as_array().into_iter().flatten() {
        let key = tag["Key"].as_str().unwrap_or_default().to_owned();
        if key.to_lowercase().starts_with("aws:") {
            return Err(AwsError::invalid("Tag keys that begin with aws: are reserved."));
        }
        if tags
            .insert(key, tag["Value"].as_str().unwrap_or_default().to_owned())
            .is_some()
        {
            return Err(AwsError::invalid("A tag key is given twice."));
        }
    }
    Ok(tags)
}

/// What a resource may have at most, as the guide says; the model says 75.
const MOST_TAGS: usize = 50;

fn tag(call: &mut Call<'_>) -> Given {
    let given = read_tags(&call.body["Tags"])?;
    let tags = tags(call)?;
    let mut all = tags.clone();
    all.extend(given);
    if all.len() > MOST_TAGS {
        return Err(AwsError::new(
            "ServiceQuotaExceededException",
            "You have exceeded the number of tags of a resource.",
        ));
    }
    *tags = all;
    nothing()
}

fn untag(call: &mut Call<'_>) -> Given {
    let keys: Vec<String> = call.body["TagKeys"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|key| key.as_str().map(str::to_owned))
        .collect();
    let tags = tags(call)?;
    for key in keys {
        tags.remove(&key);
    }
    nothing()
}

fn list_tags(call: &mut Call<'_>) -> Given {
    let list = tags(call)?
        .iter()
        .map(|(key, value)| (key.clone(), json!({"Key": key, "Value": value})))
        .collect();
    call.paged("Tags", list, 50)
}
