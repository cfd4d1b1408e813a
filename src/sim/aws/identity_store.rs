//! The Identity Store API: users, groups, memberships.

use std::ops::Bound;

use serde_json::{Map, Value, json};

use super::{
    directory::{Directory, ExternalId, Group, Record, User},
    instances::nothing,
    model::upper_first,
    update,
    wire::{AwsError, Call, Given, epoch},
};

/// The one extension there is.
pub(super) const ENTERPRISE: &str = "aws:identitystore:enterprise";

/// Names AWS keeps for itself.
const RESERVED: &[&str] = &["Administrator", "AWSAdministrators"];

/// One operation.
pub fn operate(call: &mut Call<'_>) -> Given {
    if call.operation == "ListIdentityStores" {
        return list_stores(call);
    }
    store(call)?;
    match call.operation {
        "CreateUser" => create_user(call),
        "DescribeUser" => describe_user(call),
        "ListUsers" => list_users(call),
        "UpdateUser" => update_user(call),
        "DeleteUser" => delete_user(call),
        "GetUserId" => get_user_id(call),
        "CreateGroup" => create_group(call),
        "DescribeGroup" => describe_group(call),
        "ListGroups" => list_groups(call),
        "UpdateGroup" => update_group(call),
        "DeleteGroup" => delete_group(call),
        "GetGroupId" => get_group_id(call),
        "CreateGroupMembership" => create_membership(call),
        "DescribeGroupMembership" => describe_membership(call),
        "DeleteGroupMembership" => delete_membership(call),
        "GetGroupMembershipId" => get_membership_id(call),
        "ListGroupMemberships" => list_memberships(call, true),
        "ListGroupMembershipsForMember" => list_memberships(call, false),
        "IsMemberInGroups" => is_member(call),
        "DescribeIdentityStore" => describe_store(call),
        "UpdateIdentityStore" => {
            let id = store_id(call);
            Ok(json!({"IdentityStoreId": id, "IdentityStoreArn": store_arn(call)}))
        }
        _ => Err(AwsError::new("UnknownOperationException", "")),
    }
}

fn missing(kind: &str, id: &str) -> AwsError {
    let error = AwsError::not_found(format!("{kind} not found."))
        .status(404)
        .with("ResourceType", kind);
    // A store's id is not of the form the model wants here.
    if id.is_empty() || id.starts_with("d-") {
        error
    } else {
        error.with("ResourceId", id)
    }
}

fn taken(what: &str) -> AwsError {
    AwsError::conflict(format!("Duplicate {what}"))
        .status(409)
        .with("Reason", "UNIQUENESS_CONSTRAINT_VIOLATION")
}

/// The store the input names, by id or ARN, must be the caller's.
fn store(call: &Call<'_>) -> Result<(), AwsError> {
    let named = call.need("IdentityStoreId");
    let id = named.rsplit('/').next().unwrap_or_default();
    let org = call.org();
    match &org.instance {
        Some(instance) if instance.store_id == id && call.caller.region == org.region => Ok(()),
        _ => Err(missing("IDENTITY_STORE", id)),
    }
}

fn store_id(call: &Call<'_>) -> String {
    call.org()
        .instance
        .as_ref()
        .map(|instance| instance.store_id.clone())
        .unwrap_or_default()
}

fn store_arn(call: &Call<'_>) -> String {
    call.org()
        .instance
        .as_ref()
        .map(|instance| call.org().store_arn(instance))
        .unwrap_or_default()
}

fn directory<'a>(call: &'a Call<'_>) -> &'a Directory {
    &call.org().instance.as_ref().expect("the store was seen").directory
}

fn directory_mut<'a>(call: &'a mut Call<'_>) -> &'a mut Directory {
    &mut call.org_mut().instance.as_mut().expect("the store was seen").directory
}

/// The bare id in a member that may hold an ARN.
fn bare(call: &Call<'_>, name: &str) -> String {
    call.need(name).rsplit('/').next().unwrap_or_default().to_owned()
}

fn member(call: &Call<'_>) -> String {
    call.body["MemberId"]["UserId"]
        .as_str()
        .unwrap_or_default()
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .to_owned()
}

fn arn(call: &Call<'_>, kind: &str, id: &str) -> String {
    format!("arn:{}:identitystore:::{kind}/{id}", call.org().partition)
}

fn extensions_wanted(call: &Call<'_>) -> Result<bool, AwsError> {
    let names = call
        .body
        .get("Extensions")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    match names.iter().find(|name| *name != ENTERPRISE) {
        Some(unknown) => Err(AwsError::invalid(format!("Unknown extension {unknown}."))),
        None => Ok(!names.is_empty()),
    }
}

fn record(shown: &mut Map<String, Value>, record: &Record) {
    shown.insert("CreatedAt".into(), epoch(record.created));
    shown.insert("CreatedBy".into(), json!(record.created_by));
    shown.insert("UpdatedAt".into(), epoch(record.updated));
    shown.insert("UpdatedBy".into(), json!(record.updated_by));
    shown.insert("Revision".into(), json!(record.revision.to_string()));
}

fn external(shown: &mut Map<String, Value>, external: Option<&ExternalId>) {
    if let Some(external) = external {
        shown.insert(
            "ExternalIds".into(),
            json!([{"Issuer": external.issuer, "Id": external.id}]),
        );
    }
}

fn shown_user(call: &Call<'_>, id: &str, user: &User, extensions: bool) -> Value {
    let mut shown = user.attributes.clone();
    shown.insert("IdentityStoreId".into(), json!(store_id(call)));
    shown.insert("UserId".into(), json!(id));
    shown.insert("UserArn".into(), json!(arn(call, "user", id)));
    shown.insert(
        "UserStatus".into(),
        json!(if user.active { "ENABLED" } else { "DISABLED" }),
    );
    external(&mut shown, user.external_id.as_ref());
    record(&mut shown, &user.record);
    if extensions && !user.enterprise.is_empty() {
        shown.insert("Extensions".into(), json!({ ENTERPRISE: user.enterprise }));
    }
    Value::Object(shown)
}

fn shown_group(call: &Call<'_>, id: &str, group: &Group) -> Value {
    let mut shown = Map::new();
    shown.insert("IdentityStoreId".into(), json!(store_id(call)));
    shown.insert("GroupId".into(), json!(id));
    shown.insert("GroupArn".into(), json!(arn(call, "group", id)));
    shown.insert("DisplayName".into(), json!(group.display_name));
    if let Some(description) = &group.description {
        shown.insert("Description".into(), json!(description));
    }
    external(&mut shown, group.external_id.as_ref());
    record(&mut shown, &group.record);
    Value::Object(shown)
}

/// The attributes of the input, without nulls, with ids and extensions taken out.
fn attributes(call: &Call<'_>) -> (Map<String, Value>, Map<String, Value>) {
    let mut attributes = call.body.as_object().cloned().unwrap_or_default();
    attributes.retain(|name, value| !value.is_null() && name != "IdentityStoreId");
    let extensions = attributes.remove("Extensions");
    let enterprise = extensions.and_then(|all| all.get(ENTERPRISE).and_then(Value::as_object).cloned());
    (attributes, enterprise.unwrap_or_default())
}

fn create_user(call: &mut Call<'_>) -> Given {
    let (attributes, enterprise) = attributes(call);
    for needed in ["UserName", "DisplayName", "Name"] {
        if !attributes.contains_key(needed) {
            return Err(AwsError::invalid(format!("{needed} is required.")));
        }
    }
    for part in ["GivenName", "FamilyName"] {
        if attributes["Name"].get(part).is_none() {
            return Err(AwsError::invalid(format!("Name.{part} is required.")));
        }
    }
    let record = Record::new(call.now(), &call.caller.arn);
    let user = User {
        attributes,
        enterprise,
        external_id: None,
        active: true,
        record,
    };
    if RESERVED.contains(&user.user_name()) {
        return Err(AwsError::invalid(format!("{} is a reserved name.", user.user_name())));
    }
    if let Some(what) = directory(call).taken(&user, None) {
        if what == "userName" {
            call.violation(
                "duplicate",
                format!("user {} was created a second time", user.user_name()),
            );
        }
        return Err(taken(what));
    }
    let store = store_id(call);
    let id = Directory::new_id(&store, call.world.ids.uuid());
    directory_mut(call).users.insert(id.clone(), user);
    Ok(json!({"IdentityStoreId": store, "UserId": id, "UserArn": arn(call, "user", &id), "Revision": "1"}))
}

fn describe_user(call: &mut Call<'_>) -> Given {
    let extensions = extensions_wanted(call)?;
    let id = bare(call, "UserId");
    let user = directory(call).users.get(&id).ok_or_else(|| missing("USER", &id))?;
    Ok(shown_user(call, &id, user, extensions))
}

fn list_users(call: &mut Call<'_>) -> Given {
    let extensions = extensions_wanted(call)?;
    let filter = filter(call, "UserName")?;
    call.paged_in_order("Users", 100, |call, after, many| {
        let begin = after.map_or(Bound::Unbounded, Bound::Excluded);
        let users = directory(call).users.range::<str, _>((begin, Bound::Unbounded));
        users
            .filter(|(_, user)| filter.as_deref().is_none_or(|name| user.user_name() == name))
            .take(many)
            .map(|(id, user)| (id.clone(), shown_user(call, id, user, extensions)))
            .collect()
    })
}

/// The deprecated filter: one attribute, equal.
fn filter(call: &Call<'_>, path: &str) -> Result<Option<String>, AwsError> {
    let Some(filter) = call.body["Filters"].as_array().and_then(|filters| filters.first()) else {
        return Ok(None);
    };
    match filter["AttributePath"].as_str() {
        Some(given) if given == path => Ok(filter["AttributeValue"].as_str().map(str::to_owned)),
        _ => Err(AwsError::invalid("Filter attribute is not supported.")),
    }
}

/// A revision that is given must be the present one.
fn current(call: &Call<'_>, record: &Record) -> Result<(), AwsError> {
    match call.text("Revision") {
        Some(revision) if revision != record.revision.to_string() => {
            Err(AwsError::conflict("The resource was changed meanwhile.")
                .status(409)
                .with("Reason", "CONCURRENT_MODIFICATION"))
        }
        _ => Ok(()),
    }
}

fn update_user(call: &mut Call<'_>) -> Given {
    let id = bare(call, "UserId");
    let mut user = directory(call)
        .users
        .get(&id)
        .cloned()
        .ok_or_else(|| missing("USER", &id))?;
    current(call, &user.record)?;
    for operation in call.body["Operations"].as_array().into_iter().flatten() {
        let path = operation["AttributePath"].as_str().unwrap_or_default();
        update::user(&mut user, path, operation.get("AttributeValue")).map_err(AwsError::invalid)?;
    }
    update::check_user(&user).map_err(AwsError::invalid)?;
    if let Some(what) = directory(call).taken(&user, Some(&id)) {
        return Err(taken(what));
    }
    user.record.touch(call.now(), &call.caller.arn);
    let revision = user.record.revision.to_string();
    directory_mut(call).users.insert(id.clone(), user);
    Ok(
        json!({"IdentityStoreId": store_id(call), "UserId": id, "UserArn": arn(call, "user", &id), "Revision": revision}),
    )
}

/// Whoever is assigned something should not be deleted.
fn still_assigned(call: &mut Call<'_>, kind: &str, id: &str) {
    let assigned = |a: &super::organization::Assignment| a.principal_type == kind && a.principal == id;
    if call
        .org()
        .instance
        .as_ref()
        .is_some_and(|instance| instance.assignments.iter().any(assigned))
    {
        call.violation(
            "deleted-while-referenced",
            format!("{kind} {id} still has account assignments"),
        );
    }
}

fn delete_user(call: &mut Call<'_>) -> Given {
    let id = bare(call, "UserId");
    let user = directory(call).users.get(&id).ok_or_else(|| missing("USER", &id))?;
    current(call, &user.record)?;
    still_assigned(call, "USER", &id);
    directory_mut(call).remove_user(&id);
    nothing()
}

/// What an alternate identifier names: an attribute's path and value, or an external id.
fn alternate(call: &Call<'_>) -> (String, String) {
    let given = &call.body["AlternateIdentifier"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match given.get("UniqueAttribute") {
        Some(unique) => (text(&unique["AttributePath"]), text(&unique["AttributeValue"])),
        None => (
            format!("external {}", text(&given["ExternalId"]["Issuer"])),
            text(&given["ExternalId"]["Id"]),
        ),
    }
}

fn is_external(external: Option<&ExternalId>, path: &str, value: &str) -> bool {
    external.is_some_and(|external| path == format!("external {}", external.issuer) && external.id == value)
}

fn get_user_id(call: &mut Call<'_>) -> Given {
    let (path, value) = alternate(call);
    if !path.starts_with("external ") && path != "userName" && path != "emails.value" {
        return Err(AwsError::invalid(format!("Attribute {path} cannot identify a user.")));
    }
    let found = directory(call).users.iter().find(|(_, user)| match path.as_str() {
        "userName" => user.user_name() == value,
        "emails.value" => user.email() == Some(&value),
        _ => is_external(user.external_id.as_ref(), &path, &value),
    });
    let id = found.map(|(id, _)| id.clone()).ok_or_else(|| missing("USER", ""))?;
    Ok(json!({"IdentityStoreId": store_id(call), "UserId": id, "UserArn": arn(call, "user", &id)}))
}

fn create_group(call: &mut Call<'_>) -> Given {
    let Some(display_name) = call.text("DisplayName").map(str::to_owned) else {
        return Err(AwsError::invalid("DisplayName is required."));
    };
    if RESERVED.contains(&display_name.as_str()) {
        return Err(AwsError::invalid(format!("{display_name} is a reserved name.")));
    }
    let description = call.text("Description").map(str::to_owned);
    let record = Record::new(call.now(), &call.caller.arn);
    let group = Group {
        display_name,
        description,
        external_id: None,
        record,
    };
    if let Some(what) = directory(call).group_taken(&group, None) {
        call.violation(
            "duplicate",
            format!("group {} was created a second time", group.display_name),
        );
        return Err(taken(what));
    }
    let store = store_id(call);
    let id = Directory::new_id(&store, call.world.ids.uuid());
    directory_mut(call).groups.insert(id.clone(), group);
    Ok(json!({"IdentityStoreId": store, "GroupId": id, "GroupArn": arn(call, "group", &id), "Revision": "1"}))
}

fn describe_group(call: &mut Call<'_>) -> Given {
    let id = bare(call, "GroupId");
    let group = directory(call).groups.get(&id).ok_or_else(|| missing("GROUP", &id))?;
    Ok(shown_group(call, &id, group))
}

fn list_groups(call: &mut Call<'_>) -> Given {
    let filter = filter(call, "DisplayName")?;
    let groups = directory(call)
        .groups
        .iter()
        .filter(|(_, group)| filter.as_deref().is_none_or(|name| group.display_name == name));
    let list = groups
        .map(|(id, group)| (id.clone(), shown_group(call, id, group)))
        .collect();
    call.paged("Groups", list, 100)
}

fn update_group(call: &mut Call<'_>) -> Given {
    let id = bare(call, "GroupId");
    let mut group = directory(call)
        .groups
        .get(&id)
        .cloned()
        .ok_or_else(|| missing("GROUP", &id))?;
    current(call, &group.record)?;
    for operation in call.body["Operations"].as_array().into_iter().flatten() {
        let path = upper_first(operation["AttributePath"].as_str().unwrap_or_default());
        let value = operation
            .get("AttributeValue")
            .and_then(Value::as_str)
            .map(str::to_owned);
        match (path.as_str(), value) {
            ("DisplayName", Some(name)) if !name.is_empty() => group.display_name = name,
            ("Description", value) => group.description = value.filter(|text| !text.is_empty()),
            _ => return Err(AwsError::invalid(format!("Attribute {path} cannot be set so."))),
        }
    }
    if let Some(what) = directory(call).group_taken(&group, Some(&id)) {
        return Err(taken(what));
    }
    group.record.touch(call.now(), &call.caller.arn);
    let revision = group.record.revision.to_string();
    directory_mut(call).groups.insert(id.clone(), group);
    Ok(
        json!({"IdentityStoreId": store_id(call), "GroupId": id, "GroupArn": arn(call, "group", &id), "Revision": revision}),
    )
}

fn delete_group(call: &mut Call<'_>) -> Given {
    let id = bare(call, "GroupId");
    let group = directory(call).groups.get(&id).ok_or_else(|| missing("GROUP", &id))?;
    current(call, &group.record)?;
    still_assigned(call, "GROUP", &id);
    directory_mut(call).remove_group(&id);
    nothing()
}

fn get_group_id(call: &mut Call<'_>) -> Given {
    let (path, value) = alternate(call);
    if !path.starts_with("external ") && path != "displayName" {
        return Err(AwsError::invalid(format!("Attribute {path} cannot identify a group.")));
    }
    let found = directory(call).groups.iter().find(|(_, group)| match path.as_str() {
        "displayName" => group.display_name == value,
        _ => is_external(group.external_id.as_ref(), &path, &value),
    });
    let id = found.map(|(id, _)| id.clone()).ok_or_else(|| missing("GROUP", ""))?;
    Ok(json!({"IdentityStoreId": store_id(call), "GroupId": id, "GroupArn": arn(call, "group", &id)}))
}

/// The group and user of the input, both there.
fn pair(call: &Call<'_>) -> Result<(String, String), AwsError> {
    let (group, user) = (bare(call, "GroupId"), member(call));
    if !directory(call).groups.contains_key(&group) {
        return Err(missing("GROUP", &group));
    }
    if !directory(call).users.contains_key(&user) {
        return Err(missing("USER", &user));
    }
    Ok((group, user))
}

fn create_membership(call: &mut Call<'_>) -> Given {
    let (group, user) = pair(call)?;
    if directory(call).membership(&group, &user).is_some() {
        call.violation(
            "duplicate",
            format!("user {user} was added to group {group} a second time"),
        );
        return Err(taken("membership"));
    }
    let store = store_id(call);
    let id = Directory::new_id(&store, call.world.ids.uuid());
    directory_mut(call).memberships.insert(id.clone(), (group, user));
    Ok(json!({"IdentityStoreId": store, "MembershipId": id, "MembershipArn": arn(call, "membership", &id)}))
}

fn shown_membership(call: &Call<'_>, id: &str, group: &str, user: &str) -> Value {
    json!({
        "IdentityStoreId": store_id(call),
        "MembershipId": id,
        "MembershipArn": arn(call, "membership", id),
        "GroupId": group,
        "MemberId": {"UserId": user},
    })
}

fn describe_membership(call: &mut Call<'_>) -> Given {
    let id = bare(call, "MembershipId");
    let (group, user) = directory(call)
        .memberships
        .get(&id)
        .ok_or_else(|| missing("GROUP_MEMBERSHIP", &id))?;
    Ok(shown_membership(call, &id, group, user))
}

fn delete_membership(call: &mut Call<'_>) -> Given {
    let id = bare(call, "MembershipId");
    let gone = directory_mut(call).memberships.remove(&id);
    gone.map_or_else(|| Err(missing("GROUP_MEMBERSHIP", &id)), |_| nothing())
}

fn get_membership_id(call: &mut Call<'_>) -> Given {
    let (group, user) = pair(call)?;
    let id = directory(call)
        .membership(&group, &user)
        .cloned()
        .ok_or_else(|| missing("GROUP_MEMBERSHIP", ""))?;
    Ok(json!({"IdentityStoreId": store_id(call), "MembershipId": id, "MembershipArn": arn(call, "membership", &id)}))
}

fn list_memberships(call: &mut Call<'_>, of_group: bool) -> Given {
    let wanted = if of_group { bare(call, "GroupId") } else { member(call) };
    let directory = directory(call);
    if of_group && !directory.groups.contains_key(&wanted) {
        return Err(missing("GROUP", &wanted));
    }
    if !of_group && !directory.users.contains_key(&wanted) {
        return Err(missing("USER", &wanted));
    }
    let theirs = directory
        .memberships
        .iter()
        .filter(|(_, (group, user))| if of_group { *group == wanted } else { *user == wanted });
    let list = theirs
        .map(|(id, (group, user))| (id.clone(), shown_membership(call, id, group, user)))
        .collect();
    call.paged("GroupMemberships", list, 100)
}

fn is_member(call: &mut Call<'_>) -> Given {
    let user = member(call);
    if !directory(call).users.contains_key(&user) {
        return Err(missing("USER", &user));
    }
    let asked = call.body["GroupIds"].as_array().cloned().unwrap_or_default();
    let results: Vec<Value> = asked
        .iter()
        .map(|group| {
            let id = group
                .as_str()
                .unwrap_or_default()
                .rsplit('/')
                .next()
                .unwrap_or_default();
            let there = directory(call).membership(id, &user).is_some();
            json!({"GroupId": id, "MemberId": {"UserId": user}, "MembershipExists": there})
        })
        .collect();
    Ok(json!({ "Results": results }))
}

fn list_stores(call: &mut Call<'_>) -> Given {
    let here = call.caller.region == call.org().region && call.org().instance.is_some();
    let list = here.then(|| {
        (
            store_id(call),
            json!({"IdentityStoreId": store_id(call), "IdentityStoreArn": store_arn(call)}),
        )
    });
    call.paged("IdentityStores", list.into_iter().collect(), 100)
}

fn describe_store(call: &mut Call<'_>) -> Given {
    Ok(json!({
        "IdentityStoreId": store_id(call),
        "IdentityStoreArn": store_arn(call),
        "NetworkConfiguration": {"VpceAccessRequired": false},
    }))
}
