//! Organizations: accounts, units, delegated administrators, trusted services.

use serde_json::{Map, Value, json};

use super::{
    organization::{Account, Organization},
    wire::{AwsError, Call, Given, epoch},
};

/// A page of Organizations holds twenty at most.
const MOST: usize = 20;

/// One operation.
pub fn operate(call: &mut Call<'_>) -> Given {
    match call.operation {
        "DescribeOrganization" => return Ok(describe(call.org())),
        "ListAccounts"
        | "ListRoots"
        | "ListParents"
        | "ListAccountsForParent"
        | "ListOrganizationalUnitsForParent"
        | "ListDelegatedAdministrators"
        | "ListDelegatedServicesForAccount"
        | "ListAWSServiceAccessForOrganization"
        | "ListTagsForResource"
        | "DescribeAccount"
            if call.org().administers(&call.caller.account) => {}
        "RegisterDelegatedAdministrator" | "DeregisterDelegatedAdministrator" | "EnableAWSServiceAccess"
            if call.caller.account == call.org().management => {}
        _ => return Err(AwsError::denied("You don't have permissions to access this resource.")),
    }
    let org = call.org();
    let list: Vec<(String, Value)> = match call.operation {
        "DescribeAccount" => {
            let shown = org
                .accounts
                .get(&call.need("AccountId"))
                .map(|account| shown(org, account));
            return shown
                .map(|account| json!({ "Account": account }))
                .ok_or_else(|| unknown("AccountNotFoundException", "account"));
        }
        "ListAccounts" => org
            .accounts
            .values()
            .map(|account| (account.id.clone(), shown(org, account)))
            .collect(),
        "ListAccountsForParent" => {
            let parent = parent(call)?;
            let inside = org.accounts.values().filter(|account| account.parent == parent);
            inside
                .map(|account| (account.id.clone(), shown(org, account)))
                .collect()
        }
        "ListOrganizationalUnitsForParent" => {
            let parent = parent(call)?;
            let inside = org.units.iter().filter(|(_, unit)| unit.parent == parent);
            inside
                .map(|(id, unit)| {
                    let arn = format!(
                        "arn:{}:organizations::{}:ou/{}/{id}",
                        org.partition, org.management, org.id
                    );
                    (
                        id.clone(),
                        json!({"Id": id, "Arn": arn, "Name": unit.name, "Path": path(org, id)}),
                    )
                })
                .collect()
        }
        "ListRoots" => {
            let arn = format!(
                "arn:{}:organizations::{}:root/{}/{}",
                org.partition, org.management, org.id, org.root
            );
            vec![(
                org.root.clone(),
                json!({"Id": org.root, "Arn": arn, "Name": "Root", "PolicyTypes": []}),
            )]
        }
        "ListParents" => {
            let child = call.need("ChildId");
            let parent = org
                .accounts
                .get(&child)
                .map(|a| &a.parent)
                .or_else(|| org.units.get(&child).map(|u| &u.parent));
            let parent = parent.ok_or_else(|| unknown("ChildNotFoundException", "child"))?;
            let kind = if *parent == org.root {
                "ROOT"
            } else {
                "ORGANIZATIONAL_UNIT"
            };
            vec![(parent.clone(), json!({"Id": parent, "Type": kind}))]
        }
        "ListDelegatedAdministrators" => {
            let service = call.text("ServicePrincipal");
            let delegates = org
                .delegates
                .iter()
                .filter(|(principal, _)| service.is_none_or(|wanted| wanted == principal));
            delegates
                .filter_map(|(_, id)| org.accounts.get(id))
                .map(|account| {
                    let mut entry = shown(org, account);
                    if let Some(members) = entry.as_object_mut() {
                        members.remove("Paths");
                        members.insert("DelegationEnabledDate".into(), epoch(account.joined));
                    }
                    (account.id.clone(), entry)
                })
                .collect()
        }
        "ListTagsForResource" => {
            let account = org.accounts.get(&call.need("ResourceId"));
            let account = account.ok_or_else(|| unknown("TargetNotFoundException", "target"))?;
            let tags = account.tags.iter();
            tags.map(|(key, value)| (key.clone(), json!({"Key": key, "Value": value})))
                .collect()
        }
        "ListDelegatedServicesForAccount" => {
            let account = call.need("AccountId");
            let services = org.delegates.iter().filter(|(_, id)| *id == account);
            services
                .map(|(service, _)| (service.clone(), json!({"ServicePrincipal": service, "DelegationEnabledDate": epoch(org.accounts[&org.management].joined)})))
                .collect()
        }
        "ListAWSServiceAccessForOrganization" => {
            let since = epoch(org.accounts[&org.management].joined);
            org.trusted
                .iter()
                .map(|service| {
                    (
                        service.clone(),
                        json!({"ServicePrincipal": service, "DateEnabled": since}),
                    )
                })
                .collect()
        }
        _ => return change(call),
    };
    let items = match call.operation {
        "ListRoots" => "Roots",
        "ListParents" => "Parents",
        "ListOrganizationalUnitsForParent" => "OrganizationalUnits",
        "ListDelegatedAdministrators" => "DelegatedAdministrators",
        "ListTagsForResource" => "Tags",
        "ListDelegatedServicesForAccount" => "DelegatedServices",
        "ListAWSServiceAccessForOrganization" => "EnabledServicePrincipals",
        _ => "Accounts",
    };
    call.paged(items, list, MOST)
}

fn change(call: &mut Call<'_>) -> Given {
    let service = call.need("ServicePrincipal");
    let account = call.need("AccountId");
    let operation = call.operation;
    let org = call.org_mut();
    match operation {
        "EnableAWSServiceAccess" => {
            org.trusted.insert(service);
        }
        "RegisterDelegatedAdministrator" => {
            if !org.accounts.contains_key(&account) {
                return Err(unknown("AccountNotFoundException", "account"));
            }
            if !org.delegates.insert((service, account)) {
                return Err(AwsError::new(
                    "AccountAlreadyRegisteredException",
                    "The account is already a delegated administrator.",
                ));
            }
        }
        "DeregisterDelegatedAdministrator" => {
            if !org.delegates.remove(&(service, account)) {
                return Err(AwsError::new(
                    "AccountNotRegisteredException",
                    "The account is not a delegated administrator.",
                ));
            }
        }
        _ => return Err(AwsError::new("UnknownOperationException", "")),
    }
    Ok(Value::Object(Map::new()))
}

fn unknown(code: &'static str, what: &str) -> AwsError {
    AwsError::new(code, format!("You specified an {what} that doesn't exist."))
}

fn describe(org: &Organization) -> Value {
    json!({ "Organization": {
        "Id": org.id,
        "Arn": format!("arn:{}:organizations::{}:organization/{}", org.partition, org.management, org.id),
        "FeatureSet": "ALL",
        "MasterAccountArn": org.account_arn(&org.management),
        "MasterAccountId": org.management,
        "MasterAccountEmail": org.accounts[&org.management].email,
        "AvailablePolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}],
    }})
}

fn parent(call: &Call<'_>) -> Result<String, AwsError> {
    let parent = call.need("ParentId");
    let org = call.org();
    if parent == org.root || org.units.contains_key(&parent) {
        Ok(parent)
    } else {
        Err(unknown("ParentNotFoundException", "root or OU"))
    }
}

/// `o-…/r-…/ou-…/` of a root or unit.
fn path(org: &Organization, id: &str) -> String {
    let mut pieces = vec![id.to_owned()];
    let mut at = id;
    while let Some(unit) = org.units.get(at) {
        pieces.push(unit.parent.clone());
        at = &unit.parent;
    }
    pieces.push(org.id.clone());
    pieces.reverse();
    pieces.join("/") + "/"
}

fn shown(org: &Organization, account: &Account) -> Value {
    // `Status` is retired since September 2026; `State` is what counts.
    json!({
        "Id": account.id,
        "Arn": org.account_arn(&account.id),
        "Email": account.email,
        "Name": account.name,
        "State": account.state,
        "Paths": [format!("{}{}/", path(org, &account.parent), account.id)],
        "JoinedMethod": if account.id == org.management { "INVITED" } else { "CREATED" },
        "JoinedTimestamp": epoch(account.joined),
    })
}
