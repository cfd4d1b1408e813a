//! sso-admin, third part: account assignments and provisioning, all of it asynchronous.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{
    organization::{Assignment, Doing, Operation, Organization, PermissionSet},
    permission_sets::{enabled, refuse_delegate, set},
    wire::{AwsError, Call, Given, epoch},
};

/// How long an assignment or provisioning takes.
const TAKES: SignedDuration = SignedDuration::from_secs(3);

/// Outstanding asynchronous calls, a fixed limit of AWS.
const IN_FLIGHT: usize = 15;

/// Provisionings at a time.
const PROVISIONINGS: usize = 3;

/// One operation on assignments or provisioning; none if it is none of these.
pub fn operate(call: &mut Call<'_>) -> Option<Given> {
    let work: fn(&mut Call<'_>) -> Given = match call.operation {
        "CreateAccountAssignment" => |call| begin(call, Doing::Assign),
        "DeleteAccountAssignment" => |call| begin(call, Doing::Unassign),
        "ProvisionPermissionSet" => provision,
        "DescribeAccountAssignmentCreationStatus" => {
            |call| status(call, Doing::Assign, "AccountAssignmentCreationRequestId")
        }
        "DescribeAccountAssignmentDeletionStatus" => {
            |call| status(call, Doing::Unassign, "AccountAssignmentDeletionRequestId")
        }
        "DescribePermissionSetProvisioningStatus" => {
            |call| status(call, Doing::Provision, "ProvisionPermissionSetRequestId")
        }
        "ListAccountAssignmentCreationStatus" => {
            |call| statuses(call, Doing::Assign, "AccountAssignmentsCreationStatus")
        }
        "ListAccountAssignmentDeletionStatus" => {
            |call| statuses(call, Doing::Unassign, "AccountAssignmentsDeletionStatus")
        }
        "ListPermissionSetProvisioningStatus" => {
            |call| statuses(call, Doing::Provision, "PermissionSetsProvisioningStatus")
        }
        "ListAccountAssignments" => list,
        "ListAccountAssignmentsForPrincipal" => list_for_principal,
        "ListAccountsForProvisionedPermissionSet" => list_accounts,
        "ListPermissionSetsProvisionedToAccount" => list_sets,
        _ => return None,
    };
    Some(enabled(call).and_then(|()| work(call)))
}

fn begin(call: &mut Call<'_>, doing: Doing) -> Given {
    set(call)?;
    let on = Assignment {
        account: call.need("TargetId"),
        permission_set: call.need("PermissionSetArn"),
        principal_type: call.need("PrincipalType"),
        principal: call.need("PrincipalId"),
    };
    if !call.org().accounts.contains_key(&on.account) {
        return Err(AwsError::not_found(format!(
            "Account {} does not exist in the organization.",
            on.account
        )));
    }
    if on.account == call.org().management {
        refuse_delegate(call)?;
        if call.caller.account != on.account {
            return Err(AwsError::denied(
                "You cannot delete/modify/remove/assign access to permission sets provisioned in the management account",
            ));
        }
    }
    let directory = &call.instance()?.directory;
    let principal_is_there = match on.principal_type.as_str() {
        "USER" => directory.users.contains_key(&on.principal),
        _ => directory.groups.contains_key(&on.principal),
    };
    let stands = call.instance()?.assignments.contains(&on);
    match doing {
        Doing::Assign if !principal_is_there => {
            return Err(AwsError::not_found(format!(
                "{} with id {} does not exist.",
                on.principal_type, on.principal
            )));
        }
        // AWS does not refuse it, but nobody should ask.
        Doing::Assign if stands => call.violation("duplicate", format!("{on:?} was created a second time")),
        Doing::Unassign if !stands => {
            return Err(AwsError::not_found("The account assignment does not exist."));
        }
        _ => {}
    }
    room(call, &on)?;
    let failure = match doing {
        Doing::Assign => why_it_fails(call, &on),
        _ => None,
    };
    let operation = start(call, doing, on, failure)?;
    let name = if doing == Doing::Assign {
        "AccountAssignmentCreationStatus"
    } else {
        "AccountAssignmentDeletionStatus"
    };
    Ok(json!({ name: shown(&operation) }))
}

/// Refuses when too much is under way.
fn room(call: &mut Call<'_>, on: &Assignment) -> Result<(), AwsError> {
    let open: Vec<&Operation> = call
        .instance()?
        .operations
        .iter()
        .filter(|op| !op.over && op.doing != Doing::Provision)
        .collect();
    if open
        .iter()
        .any(|op| op.on.account == on.account && op.on.permission_set == on.permission_set)
    {
        return Err(AwsError::conflict(
            "There is a conflicting operation in process for this account and permission set. Please try again later.",
        ));
    }
    if open.len() >= IN_FLIGHT {
        call.violation("limit", format!("more than {IN_FLIGHT} account assignments under way"));
        return Err(AwsError::new(
            "ThrottlingException",
            "There are too many requests processing. Please try again later.",
        ));
    }
    Ok(())
}

/// Why an assignment that is accepted will fail all the same.
fn why_it_fails(call: &Call<'_>, on: &Assignment) -> Option<String> {
    let org = call.org();
    let set = org.instance.as_ref()?.permission_sets.get(&on.permission_set)?;
    if on.account == org.management
        && let Some(right) = call
            .world
            .weather
            .missing_rights
            .iter()
            .find(|right| right.starts_with("iam:"))
    {
        return Some(format!(
            "Received a 403 status error: User: {} is not authorized to perform: {right}",
            call.caller.arn
        ));
    }
    missing_policy(org, set, &on.account).or_else(|| full_account(call, on))
}

/// Some accounts have no room for another role.
fn full_account(call: &Call<'_>, on: &Assignment) -> Option<String> {
    let named = format!("{} {} {}", on.account, on.permission_set, on.principal);
    let drawn = named.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    // The upper bits are well mixed.
    let share = f64::from(u32::try_from(drawn >> 32).unwrap_or(u32::MAX)) / f64::from(u32::MAX);
    (share < call.world.weather.failing_assignments).then(|| {
        format!(
            "Received a 409 status error: Cannot exceed quota for RolesPerAccount: 1000 in account {}.",
            on.account
        )
    })
}

/// The first customer managed policy of the set that the account does not have.
fn missing_policy(org: &Organization, set: &PermissionSet, account: &str) -> Option<String> {
    let there = &org.accounts.get(account)?.policies;
    let boundary = set
        .boundary
        .as_ref()
        .and_then(|boundary| boundary.get("CustomerManagedPolicyReference"));
    let boundary = boundary.map(|policy| {
        format!(
            "{}{}",
            policy["Path"].as_str().unwrap_or("/"),
            policy["Name"].as_str().unwrap_or("")
        )
    });
    let attached = set.customer_managed.iter().map(|(path, name)| format!("{path}{name}"));
    let missing = attached.chain(boundary).find(|policy| !there.contains(policy))?;
    let arn = format!("arn:{}:iam::{account}:policy{missing}", org.partition);
    Some(format!("Received a 404 status error: Not supported policy {arn}."))
}

fn start(call: &mut Call<'_>, doing: Doing, on: Assignment, failure: Option<String>) -> Result<Operation, AwsError> {
    let now = call.now();
    let id = call.world.ids.uuid().to_string();
    let operation = Operation {
        id,
        doing,
        on,
        created: now,
        due: now + TAKES,
        failure,
        over: false,
    };
    call.instance_mut()?.operations.push(operation.clone());
    Ok(operation)
}

fn provision(call: &mut Call<'_>) -> Given {
    set(call)?;
    refuse_delegate(call)?;
    let arn = call.need("PermissionSetArn");
    let account = call.text("TargetId").unwrap_or_default().to_owned();
    match call.text("TargetType") {
        Some("AWS_ACCOUNT") if account.is_empty() => {
            return Err(AwsError::invalid("TargetId is required for AWS_ACCOUNT."));
        }
        Some("ALL_PROVISIONED_ACCOUNTS") if !account.is_empty() => {
            return Err(AwsError::invalid(
                "TargetId is not taken with ALL_PROVISIONED_ACCOUNTS.",
            ));
        }
        _ => {}
    }
    let instance = call.instance()?;
    if instance
        .operations
        .iter()
        .filter(|op| !op.over && op.doing == Doing::Provision)
        .count()
        >= PROVISIONINGS
    {
        call.violation(
            "limit",
            format!("more than {PROVISIONINGS} permission sets provisioned at a time"),
        );
        return Err(AwsError::new(
            "ThrottlingException",
            "There are too many requests processing. Please try again later.",
        ));
    }
    let places: Vec<String> = instance
        .provisioned
        .keys()
        .filter(|(set, place)| *set == arn && (account.is_empty() || *place == account))
        .map(|(_, place)| place.clone())
        .collect();
    let org = call.org();
    let failure = match places.is_empty() && !account.is_empty() {
        true => Some(format!(
            "Received a 404 status error: Permission set provision not found in AWS account {account}."
        )),
        false => {
            let set = org
                .instance
                .as_ref()
                .and_then(|instance| instance.permission_sets.get(&arn));
            places.iter().find_map(|place| missing_policy(org, set?, place))
        }
    };
    let on = Assignment {
        account,
        permission_set: arn,
        principal_type: String::new(),
        principal: String::new(),
    };
    let operation = start(call, Doing::Provision, on, failure)?;
    Ok(json!({ "PermissionSetProvisioningStatus": shown(&operation) }))
}

fn shown(operation: &Operation) -> Value {
    let mut shown = json!({
        "Status": operation.status(),
        "RequestId": operation.id,
        "PermissionSetArn": operation.on.permission_set,
        "CreatedDate": epoch(operation.created),
    });
    let Some(members) = shown.as_object_mut() else {
        return shown;
    };
    if let (true, Some(reason)) = (operation.over, &operation.failure) {
        members.insert("FailureReason".into(), json!(reason));
    }
    if operation.doing == Doing::Provision {
        if !operation.on.account.is_empty() {
            members.insert("AccountId".into(), json!(operation.on.account));
        }
    } else {
        members.insert("TargetId".into(), json!(operation.on.account));
        members.insert("TargetType".into(), json!("AWS_ACCOUNT"));
        members.insert("PrincipalType".into(), json!(operation.on.principal_type));
        members.insert("PrincipalId".into(), json!(operation.on.principal));
    }
    shown
}

fn status(call: &mut Call<'_>, doing: Doing, named: &str) -> Given {
    let id = call.need(named);
    let found = call
        .instance()?
        .operations
        .iter()
        .find(|op| op.doing == doing && op.id == id);
    let shown = found
        .map(shown)
        .ok_or_else(|| AwsError::not_found(format!("Request {id} does not exist.")))?;
    let name = match doing {
        Doing::Assign => "AccountAssignmentCreationStatus",
        Doing::Unassign => "AccountAssignmentDeletionStatus",
        Doing::Provision => "PermissionSetProvisioningStatus",
    };
    Ok(json!({ name: shown }))
}

fn statuses(call: &mut Call<'_>, doing: Doing, items: &str) -> Given {
    let wanted = call.body["Filter"]["Status"].as_str().map(str::to_owned);
    let operations = call.instance()?.operations.iter().enumerate();
    let list = operations
        .rev()
        .filter(|(_, op)| op.doing == doing && wanted.as_deref().is_none_or(|wanted| wanted == op.status()))
        .map(|(n, op)| {
            let shown = json!({"Status": op.status(), "RequestId": op.id, "CreatedDate": epoch(op.created)});
            (format!("{:010}", 9_999_999_999 - n), shown)
        })
        .collect();
    call.paged(items, list, 100)
}

fn key(assignment: &Assignment) -> String {
    let Assignment {
        account,
        permission_set,
        principal_type,
        principal,
    } = assignment;
    format!("{account} {permission_set} {principal_type} {principal}")
}

fn assignment(assignment: &Assignment) -> Value {
    json!({
        "AccountId": assignment.account,
        "PermissionSetArn": assignment.permission_set,
        "PrincipalType": assignment.principal_type,
        "PrincipalId": assignment.principal,
    })
}

fn list(call: &mut Call<'_>) -> Given {
    set(call)?;
    let (account, arn) = (call.need("AccountId"), call.need("PermissionSetArn"));
    if !call.org().accounts.contains_key(&account) {
        return Err(AwsError::not_found(format!(
            "Account {account} does not exist in the organization."
        )));
    }
    if !call
        .instance()?
        .provisioned
        .contains_key(&(arn.clone(), account.clone()))
    {
        return Err(AwsError::not_found(format!(
            "The permission set is not provisioned in account {account}."
        )));
    }
    let here = call
        .instance()?
        .assignments
        .iter()
        .filter(|a| a.account == account && a.permission_set == arn);
    let list = here.map(|a| (key(a), assignment(a))).collect();
    call.paged("AccountAssignments", list, 100)
}

fn list_for_principal(call: &mut Call<'_>) -> Given {
    let (kind, id) = (call.need("PrincipalType"), call.need("PrincipalId"));
    let account = call.body["Filter"]["AccountId"].as_str().map(str::to_owned);
    let instance = call.instance()?;
    let groups = if kind == "USER" {
        instance.directory.groups_of(&id)
    } else {
        Vec::new()
    };
    let theirs = instance.assignments.iter().filter(|a| {
        let own = a.principal_type == kind && a.principal == id;
        let through_group = a.principal_type == "GROUP" && groups.contains(&a.principal);
        (own || through_group) && account.as_deref().is_none_or(|wanted| wanted == a.account)
    });
    let list = theirs.map(|a| (key(a), assignment(a))).collect();
    call.paged("AccountAssignments", list, 100)
}

/// Whether a provisioned copy is of the version the filter asks for.
fn of_version(call: &Call<'_>, arn: &str, version: u64) -> bool {
    let latest = call
        .org()
        .instance
        .as_ref()
        .and_then(|i| i.permission_sets.get(arn))
        .map(|set| set.version);
    match call.text("ProvisioningStatus") {
        Some("LATEST_PERMISSION_SET_PROVISIONED") => latest == Some(version),
        Some("LATEST_PERMISSION_SET_NOT_PROVISIONED") => latest != Some(version),
        _ => true,
    }
}

fn list_accounts(call: &mut Call<'_>) -> Given {
    set(call)?;
    let arn = call.need("PermissionSetArn");
    let there = call
        .instance()?
        .provisioned
        .iter()
        .filter(|((set, _), version)| *set == arn && of_version(call, set, **version));
    let list = there
        .map(|((_, account), _)| (account.clone(), json!(account)))
        .collect();
    call.paged("AccountIds", list, 100)
}

fn list_sets(call: &mut Call<'_>) -> Given {
    let account = call.need("AccountId");
    let there = call
        .instance()?
        .provisioned
        .iter()
        .filter(|((set, place), version)| *place == account && of_version(call, set, **version));
    let list: Vec<(String, Value)> = there.map(|((set, _), _)| (set.clone(), json!(set))).collect();
    call.paged("PermissionSets", list, 100)
}
