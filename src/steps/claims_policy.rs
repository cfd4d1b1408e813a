//! What stands in a claims policy, in both of Entra's forms, and how one claim of it is changed without the others.
//!
//! The `customClaimsPolicy` (beta, global cloud) is what the portal's *Attributes & Claims* shows; it knows conditions.
//! The `claimsMappingPolicy` (v1.0, all clouds) overrides it, locks that page, and knows none. Two steps share one
//! policy: each changes its own claims only, so the order of their undoing does not matter.

use serde_json::{Value, json};

use crate::{
    fault::{Fault, Kind},
    profile::{NameId, sources},
};

/// Where Identity Center looks for session tags in an assertion.
/// <https://docs.aws.amazon.com/singlesignon/latest/userguide/attributesforaccesscontrol.html>
pub const AWS_NAMESPACE: &str = "https://aws.amazon.com/SAML/Attributes";
/// What a session tag's claim is called before its key.
pub const ACCESS_CONTROL: &str = "AccessControl:";
/// The claim type of the NameID in a claims mapping policy.
pub const NAME_ID_TYPE: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier";

const CUSTOM_CLAIM: &str = "#microsoft.graph.customClaim";
const NAME_ID_CLAIM: &str = "#microsoft.graph.samlNameIdClaim";

/// The source's id as Entra writes it: `user.userPrincipalName` is `userprincipalname`.
pub fn source_id(written: &str) -> Result<&'static str, Fault> {
    sources::find(written)
        .filter(|source| source.claim)
        .map(|source| source.id)
        .ok_or_else(|| {
            Fault::new(Kind::Usage, format!("`{written}` cannot be the source of a claim"))
                .hint("Name a user attribute that Entra can put into a SAML claim, such as `user.department`.")
        })
}

/// A `customClaimsPolicy` that changes nothing of what Entra sends by itself.
pub fn empty_policy() -> Value {
    json!({
        "includeBasicClaimSet": true,
        "includeApplicationIdInIssuer": false,
        "audienceOverride": null,
        "groupFilter": null,
        "claims": [],
    })
}

/// The policy's own fields, without what an answer adds to them.
pub fn bare(mut policy: Value) -> Value {
    if let Some(fields) = policy.as_object_mut() {
        fields.retain(|name, _| !name.starts_with('@') && name != "id");
    }
    policy
}

/// The NameID claim: members first, all guests last, since the last condition that fits wins.
///
/// `allGuests` and not `externalGuests`: the latter leaves out guests whose home is another Entra tenant.
/// <https://learn.microsoft.com/entra/identity-platform/saml-claims-customization>
pub fn name_id_claim(wanted: &NameId) -> Result<Value, Fault> {
    let members = source_id(&wanted.members)?;
    let configurations = match &wanted.guests {
        None => vec![configuration(None, members)],
        Some(guests) => vec![
            configuration(Some("members"), members),
            configuration(Some("allGuests"), source_id(guests)?),
        ],
    };
    Ok(json!({
        "@odata.type": NAME_ID_CLAIM,
        "nameIdFormat": "emailAddress",
        "serviceProviderNameQualifier": null,
        "configurations": configurations,
    }))
}

/// The claim that carries a session tag.
pub fn tag_claim(key: &str, source: &str) -> Result<Value, Fault> {
    Ok(json!({
        "@odata.type": CUSTOM_CLAIM,
        "name": format!("{ACCESS_CONTROL}{key}"),
        "namespace": AWS_NAMESPACE,
        "tokenFormat": ["saml"],
        "samlAttributeNameFormat": null,
        "configurations": [configuration(None, source_id(source)?)],
    }))
}

fn configuration(user_type: Option<&str>, source: &str) -> Value {
    json!({
        "condition": user_type.map(|user_type| json!({
            "@odata.type": "#microsoft.graph.customClaimCondition",
            "userType": user_type,
            "memberOf": [],
        })),
        "attribute": {
            "@odata.type": "#microsoft.graph.sourcedAttribute",
            "id": source,
            "source": "user",
            "isExtensionAttribute": false,
        },
        "transformations": [],
    })
}

/// One claim of a policy, by what it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Slot {
    /// The NameID.
    NameId,
    /// The session tag of this key.
    Tag(String),
}

impl Slot {
    fn holds(&self, claim: &Value) -> bool {
        let kind = claim["@odata.type"].as_str().unwrap_or(CUSTOM_CLAIM);
        match self {
            Self::NameId => kind == NAME_ID_CLAIM,
            Self::Tag(key) => {
                let name = claim["name"].as_str().unwrap_or("");
                let full = match claim["namespace"].as_str() {
                    Some(namespace) if !namespace.is_empty() => format!("{}/{name}", namespace.trim_end_matches('/')),
                    _ => name.to_owned(),
                };
                kind != NAME_ID_CLAIM && full == format!("{AWS_NAMESPACE}/{ACCESS_CONTROL}{key}")
            }
        }
    }

    fn claim_type(&self) -> String {
        match self {
            Self::NameId => NAME_ID_TYPE.to_owned(),
            Self::Tag(key) => format!("{AWS_NAMESPACE}/{ACCESS_CONTROL}{key}"),
        }
    }

    /// The claim of this slot in a `customClaimsPolicy`.
    pub fn of(&self, policy: &Value) -> Option<Value> {
        policy["claims"]
            .as_array()?
            .iter()
            .find(|claim| self.holds(claim))
            .cloned()
    }

    /// Puts a claim into this slot of a `customClaimsPolicy`, or empties it.
    pub fn put(&self, policy: &mut Value, claim: Option<Value>) {
        if !policy["claims"].is_array() {
            policy["claims"] = json!([]);
        }
        let claims = policy["claims"].as_array_mut().expect("made an array above");
        put_at(claims, |found| self.holds(found), claim);
    }

    /// The entry of this slot in the definition of a `claimsMappingPolicy`.
    pub fn of_mapping(&self, definition: &Value) -> Option<Value> {
        definition["ClaimsMappingPolicy"]["ClaimsSchema"]
            .as_array()?
            .iter()
            .find(|entry| entry["SamlClaimType"].as_str() == Some(&self.claim_type()))
            .cloned()
    }

    /// Puts an entry into this slot of the definition of a `claimsMappingPolicy`, or empties it.
    pub fn put_mapping(&self, definition: &mut Value, entry: Option<Value>) {
        let schema = &mut definition["ClaimsMappingPolicy"]["ClaimsSchema"];
        if !schema.is_array() {
            *schema = json!([]);
        }
        let claim_type = self.claim_type();
        let entries = schema.as_array_mut().expect("made an array above");
        put_at(
            entries,
            |found| found["SamlClaimType"].as_str() == Some(&claim_type),
            entry,
        );
    }

    /// The entry of a `claimsMappingPolicy` that fills this slot from a source.
    pub fn mapping_entry(&self, source: &str) -> Result<Value, Fault> {
        Ok(json!({ "Source": "user", "ID": source_id(source)?, "SamlClaimType": self.claim_type() }))
    }
}

/// The first place that holds takes the new value, others that hold go; without a place it goes to the end.
fn put_at(list: &mut Vec<Value>, holds: impl Fn(&Value) -> bool, value: Option<Value>) {
    let place = list.iter().position(&holds);
    list.retain(|found| !holds(found));
    if let Some(value) = value {
        let place = place.unwrap_or(list.len()).min(list.len());
        list.insert(place, value);
    }
}

/// The definition of a `claimsMappingPolicy` that adds nothing yet.
pub fn empty_mapping() -> Value {
    json!({ "ClaimsMappingPolicy": { "Version": 1, "IncludeBasicClaimSet": "true", "ClaimsSchema": [] } })
}

/// True when a definition adds nothing.
pub fn is_empty_mapping(definition: &Value) -> bool {
    definition["ClaimsMappingPolicy"]["ClaimsSchema"]
        .as_array()
        .is_none_or(Vec::is_empty)
}

/// The definition of a `claimsMappingPolicy` in a line: `nameidentifier from mail, Department from city`.
pub fn shown_mapping(definition: &Value) -> String {
    let entries = definition["ClaimsMappingPolicy"]["ClaimsSchema"].as_array();
    let shown: Vec<String> = entries
        .into_iter()
        .flatten()
        .map(|entry| {
            let claim = entry["SamlClaimType"].as_str().or(entry["JwtClaimType"].as_str());
            let claim = claim.and_then(|claim| claim.rsplit('/').next()).unwrap_or("a claim");
            let source = entry["ID"].as_str().or(entry["Value"].as_str());
            format!("{claim} from {}", source.unwrap_or("a transformation"))
        })
        .collect();
    if shown.is_empty() {
        "no claim of its own".into()
    } else {
        shown.join(", ")
    }
}

/// True when two claims say the same. Entra's answer may leave out what is empty and writes some names in other cases.
pub fn same_claim(one: &Value, other: &Value) -> bool {
    gist(one) == gist(other)
}

/// What decides in a claim: format and, for each configuration in order, condition, groups, source and transformations.
fn gist(claim: &Value) -> Vec<String> {
    let lower = |value: &Value| value.as_str().unwrap_or("").to_ascii_lowercase();
    let mut parts = vec![match lower(&claim["nameIdFormat"]).as_str() {
        "" | "default" => "emailaddress".to_owned(),
        other => other.to_owned(),
    }];
    for configuration in claim["configurations"].as_array().into_iter().flatten() {
        let condition = &configuration["condition"];
        let user_type = match lower(&condition["userType"]).as_str() {
            "" => "any".to_owned(),
            other => other.to_owned(),
        };
        let groups: Vec<String> = condition["memberOf"]
            .as_array()
            .into_iter()
            .flatten()
            .map(lower)
            .collect();
        let attribute = &configuration["attribute"];
        let transformations = configuration["transformations"].as_array().map_or(0, Vec::len);
        parts.push(format!(
            "{user_type} {} {}.{}{} {transformations}",
            groups.join(","),
            lower(&attribute["source"]),
            lower(&attribute["id"]),
            attribute["value"].as_str().unwrap_or(""),
        ));
    }
    parts
}

/// A claim as a line: `members from userprincipalname, allGuests from mail`.
pub fn shown_claim(claim: &Value) -> String {
    if let Some(id) = claim["ID"].as_str() {
        return format!("from {id}");
    }
    let parts: Vec<String> = claim["configurations"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|configuration| {
            let attribute = &configuration["attribute"];
            let source = attribute["id"]
                .as_str()
                .or(attribute["value"].as_str())
                .unwrap_or("a transformation");
            match configuration["condition"]["userType"].as_str() {
                None | Some("any") => format!("from {source}"),
                Some(user_type) => format!("{user_type} from {source}"),
            }
        })
        .collect();
    if parts.is_empty() {
        "empty".into()
    } else {
        parts.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guests() -> NameId {
        NameId {
            members: "user.userPrincipalName".into(),
            guests: Some("user.mail".into()),
        }
    }

    #[test]
    fn guests_come_last_and_are_all_guests() {
        let claim = name_id_claim(&guests()).unwrap();
        let configurations = claim["configurations"].as_array().unwrap();
        assert_eq!(configurations[0]["condition"]["userType"], "members");
        assert_eq!(configurations[0]["attribute"]["id"], "userprincipalname");
        assert_eq!(configurations[1]["condition"]["userType"], "allGuests");
        assert_eq!(configurations[1]["attribute"]["id"], "mail");
        assert_eq!(
            shown_claim(&claim),
            "members from userprincipalname, allGuests from mail"
        );
    }

    #[test]
    fn without_guests_there_is_no_condition() {
        let claim = name_id_claim(&NameId {
            members: "user.mail".into(),
            guests: None,
        })
        .unwrap();
        assert_eq!(claim["configurations"].as_array().unwrap().len(), 1);
        assert!(claim["configurations"][0]["condition"].is_null());
    }

    #[test]
    fn each_claim_is_changed_without_the_others() {
        let mut policy = empty_policy();
        let foreign = json!({ "@odata.type": CUSTOM_CLAIM, "name": "emailaddress", "namespace": "http://x", "configurations": [] });
        policy["claims"] = json!([foreign]);
        let (name_id, tag) = (Slot::NameId, Slot::Tag("Department".into()));
        name_id.put(&mut policy, Some(name_id_claim(&guests()).unwrap()));
        tag.put(&mut policy, Some(tag_claim("Department", "user.department").unwrap()));
        assert_eq!(policy["claims"].as_array().unwrap().len(), 3);
        let again = tag.of(&policy).unwrap();
        tag.put(&mut policy, Some(again));
        assert_eq!(policy["claims"].as_array().unwrap().len(), 3);
        name_id.put(&mut policy, None);
        assert!(name_id.of(&policy).is_none());
        assert!(tag.of(&policy).is_some());
        tag.put(&mut policy, None);
        assert_eq!(policy["claims"], json!([foreign]));
    }

    #[test]
    fn a_tag_is_found_however_name_and_namespace_are_cut() {
        let tag = Slot::Tag("Department".into());
        for claim in [
            json!({ "name": "AccessControl:Department", "namespace": "https://aws.amazon.com/SAML/Attributes/" }),
            json!({ "name": "https://aws.amazon.com/SAML/Attributes/AccessControl:Department", "namespace": null }),
        ] {
            assert!(tag.of(&json!({ "claims": [claim] })).is_some());
        }
        assert!(
            tag.of(&json!({ "claims": [{ "name": "AccessControl:City", "namespace": AWS_NAMESPACE }] }))
                .is_none()
        );
    }

    #[test]
    fn an_answer_that_leaves_out_what_is_empty_says_the_same() {
        let wanted = name_id_claim(&guests()).unwrap();
        let answered = json!({
            "@odata.type": NAME_ID_CLAIM, "nameIdFormat": "emailAddress",
            "configurations": [
                { "condition": { "userType": "Members" }, "attribute": { "id": "userPrincipalName", "source": "User" } },
                { "condition": { "userType": "allGuests" }, "attribute": { "id": "mail", "source": "user" } },
            ],
        });
        assert!(same_claim(&wanted, &answered));
        let mut turned = answered.clone();
        turned["configurations"].as_array_mut().unwrap().reverse();
        assert!(!same_claim(&wanted, &turned), "order decides");
        let mut narrow = answered;
        narrow["configurations"][1]["condition"]["userType"] = json!("externalGuests");
        assert!(!same_claim(&wanted, &narrow));
    }

    #[test]
    fn a_mapping_policy_holds_full_claim_types() {
        let mut definition = empty_mapping();
        let tag = Slot::Tag("Department".into());
        let entry = tag.mapping_entry("user.department").unwrap();
        tag.put_mapping(&mut definition, Some(entry.clone()));
        assert_eq!(tag.of_mapping(&definition), Some(entry));
        assert_eq!(
            definition["ClaimsMappingPolicy"]["ClaimsSchema"][0],
            json!({
                "Source": "user", "ID": "department",
                "SamlClaimType": "https://aws.amazon.com/SAML/Attributes/AccessControl:Department",
            })
        );
        assert!(!is_empty_mapping(&definition));
        tag.put_mapping(&mut definition, None);
        assert!(is_empty_mapping(&definition));
    }

    #[test]
    fn a_source_that_cannot_travel_is_refused_by_name() {
        assert!(
            tag_claim("CostCenter", "user.costCenter")
                .unwrap_err()
                .to_string()
                .contains("user.costCenter")
        );
    }

    #[test]
    fn what_an_answer_adds_is_not_sent_back() {
        let policy = bare(json!({ "@odata.context": "x", "id": "1", "claims": [] }));
        assert_eq!(policy, json!({ "claims": [] }));
    }
}
