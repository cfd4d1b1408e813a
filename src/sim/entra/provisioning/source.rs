//! What the engine reads from the directory, and what it means to write.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{expression::Expression, filters, job::Job};
use crate::sim::entra::state::{Entity, Kind, Tenant};

/// A user in the directory or its recycle bin, as the engine sees it.
pub struct Source<'t> {
    tenant: &'t Tenant,
    id: &'t str,
    entity: &'t Entity,
    gone: bool,
}

impl<'t> Source<'t> {
    /// The user of this id; `out` says that it is out of scope.
    pub fn user(tenant: &'t Tenant, id: &'t str, out: bool) -> Option<Self> {
        if let Some(entity) = tenant.users.get(id) {
            let disabled = entity.props.get("accountEnabled") == Some(&Value::Bool(false));
            return Some(Self {
                tenant,
                id,
                entity,
                gone: out || disabled,
            });
        }
        let deleted = tenant.deleted.get(id).filter(|d| d.kind == Kind::User)?;
        Some(Self {
            tenant,
            id,
            entity: &deleted.entity,
            gone: true,
        })
    }

    /// The group of this id.
    pub fn group(tenant: &'t Tenant, id: &'t str) -> Option<Self> {
        tenant.groups.get(id).map(|entity| Self {
            tenant,
            id,
            entity,
            gone: false,
        })
    }

    /// What to call it.
    pub fn name(&self) -> String {
        let upn = self.entity.text("userPrincipalName");
        if upn.is_empty() {
            self.entity.text("displayName").to_owned()
        } else {
            upn.to_owned()
        }
    }

    /// An attribute by the engine's name for it.
    pub fn attribute(&self, name: &str) -> Option<String> {
        let text = |name: &str| match self.entity.props.get(name) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Bool(flag)) => Some(if *flag { "True" } else { "False" }.to_owned()),
            Some(Value::Array(list)) => list.first().and_then(Value::as_str).map(str::to_owned),
            _ => None,
        };
        let value = match name {
            "objectId" => Some(self.id.to_owned()),
            "IsSoftDeleted" => Some(if self.gone { "True" } else { "False" }.to_owned()),
            "userPrincipalName" => text(name).map(|upn| without_ext(&upn)),
            "originalUserPrincipalName" => text("userPrincipalName"),
            "mobile" => text("mobilePhone"),
            "telephoneNumber" => text("businessPhones"),
            "facsimileTelephoneNumber" => text("faxNumber"),
            "physicalDeliveryOfficeName" => text("officeLocation"),
            "immutableId" => text("onPremisesImmutableId"),
            "manager" => self.tenant.managers.get(self.id).cloned(),
            _ => match name.split_once('.') {
                Some((outer, inner)) => self.entity.props.get(outer)?[inner].as_str().map(str::to_owned),
                None if name.starts_with("extensionAttribute") => {
                    self.entity.props.get("onPremisesExtensionAttributes")?[name]
                        .as_str()
                        .map(str::to_owned)
                }
                None => text(name),
            },
        };
        value.filter(|v| !v.is_empty())
    }
}

/// A guest's name is read without the part that marks it.
fn without_ext(upn: &str) -> String {
    match upn.split_once("#EXT#") {
        Some((stem, _)) => match stem.rsplit_once('_') {
            Some((alias, domain)) => format!("{alias}@{domain}"),
            None => stem.to_owned(),
        },
        None => upn.to_owned(),
    }
}

/// The object mapping for users or groups, if it is switched on.
pub fn mapping(job: &Job, source: &str) -> Option<Value> {
    let rules = job.schema["synchronizationRules"].as_array()?;
    let mut all = rules
        .iter()
        .flat_map(|rule| rule["objectMappings"].as_array().into_iter().flatten());
    all.find(|m| m["sourceObjectName"] == source && m["enabled"] != false)
        .cloned()
}

/// What a mapping makes of a source: target attribute and value, in the order of the mapping. Empty values are left out:
/// the engine never sends them, so what was cleared in the directory stays as it was in the target.
pub fn desired(mapping: &Value, source: &Source<'_>) -> Vec<(String, String)> {
    let list = mapping["attributeMappings"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    list.iter()
        .filter(|m| m["targetAttributeName"] != "members")
        .filter_map(|m| {
            let value = Expression::of_source(&m["source"])
                .ok()?
                .eval(&|name| source.attribute(name));
            let value = value.or_else(|| m["defaultValue"].as_str().filter(|d| !d.is_empty()).map(str::to_owned))?;
            Some((m["targetAttributeName"].as_str()?.to_owned(), value))
        })
        .collect()
}

/// The target attribute a mapping matches on.
pub fn matching_attribute(mapping: &Value) -> Option<String> {
    let list = mapping["attributeMappings"].as_array()?;
    let priority = |m: &&Value| m["matchingPriority"].as_i64().filter(|p| *p > 0);
    let first = list
        .iter()
        .filter(|m| priority(m).is_some())
        .min_by_key(|m| priority(m))?;
    first["targetAttributeName"].as_str().map(str::to_owned)
}

/// Who is in scope: users and groups by id, with the mapping's filters applied. `None` if the filters leave one out.
pub fn in_scope(tenant: &Tenant, sp: &str, job: &Job) -> (BTreeMap<String, bool>, BTreeMap<String, bool>) {
    let all = tenant
        .secret(sp, "SyncAll")
        .is_some_and(|v| v.eq_ignore_ascii_case("true"));
    let (mut users, mut groups) = (BTreeMap::new(), BTreeMap::new());
    if all {
        users.extend(tenant.users.keys().map(|id| (id.clone(), true)));
        let secure = |e: &Entity| e.props.get("securityEnabled") == Some(&Value::Bool(true));
        groups.extend(
            tenant
                .groups
                .iter()
                .filter(|(_, e)| secure(e))
                .map(|(id, _)| (id.clone(), true)),
        );
    } else {
        for (principal, _) in tenant.assigned_to(sp) {
            if tenant.users.contains_key(principal) {
                users.insert(principal.to_owned(), true);
            } else if tenant.groups.contains_key(principal) {
                groups.insert(principal.to_owned(), true);
                // Direct members only.
                let members = tenant
                    .members_of(principal)
                    .iter()
                    .filter(|m| tenant.users.contains_key(*m));
                users.extend(members.map(|m| (m.clone(), true)));
            }
        }
    }
    let scope = |kind: &str| mapping(job, kind).map(|m| m["scope"].clone());
    let (user_scope, group_scope) = (scope("User"), scope("Group"));
    for (id, ok) in &mut users {
        let source = Source::user(tenant, id, false);
        *ok = user_scope
            .as_ref()
            .zip(source)
            .is_some_and(|(s, source)| filters::lets_through(s, &|n| source.attribute(n)));
    }
    for (id, ok) in &mut groups {
        let source = Source::group(tenant, id);
        *ok = group_scope
            .as_ref()
            .zip(source)
            .is_some_and(|(s, source)| filters::lets_through(s, &|n| source.attribute(n)));
    }
    (users, groups)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guests_name_is_read_without_its_mark() {
        assert_eq!(
            without_ext("jane_doe_fabrikam.com#EXT#@contoso.onmicrosoft.com"),
            "jane_doe@fabrikam.com"
        );
        assert_eq!(without_ext("nikki@contoso.com"), "nikki@contoso.com");
    }
}
