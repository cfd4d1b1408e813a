//! What a SAML assertion says: NameID and attributes, from whichever claims policy wins.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::state::{Entity, Tenant};

/// Sources `user` has for claims. Cost centre, division, employee type and manager are not among them.
pub const USER_SOURCES: &[&str] = &[
    "surname",
    "givenname",
    "displayname",
    "objectid",
    "mail",
    "userprincipalname",
    "department",
    "companyname",
    "streetaddress",
    "postalcode",
    "city",
    "state",
    "country",
    "jobtitle",
    "employeeid",
    "mailnickname",
    "preferredlanguage",
    "extensionattribute1",
    "extensionattribute2",
    "extensionattribute3",
    "extensionattribute4",
    "extensionattribute5",
    "extensionattribute6",
    "extensionattribute7",
    "extensionattribute8",
    "extensionattribute9",
    "extensionattribute10",
    "extensionattribute11",
    "extensionattribute12",
    "extensionattribute13",
    "extensionattribute14",
    "extensionattribute15",
    "othermail",
    "mobilephone",
    "telephonenumber",
    "facsimiletelephonenumber",
    "officelocation",
    "usertype",
    "proxyaddresses",
    "onpremisessamaccountname",
    "onpremisessecurityidentifier",
    "onpremisesdomainname",
    "onpremisesimmutableid",
    "onpremisesuserprincipalname",
    "createddatetime",
    "assignedroles",
    "accountenabled",
    "localuserprincipalname",
];

/// Sources NameID can have.
pub const NAME_ID_SOURCES: &[&str] = &[
    "mail",
    "userprincipalname",
    "onpremisessamaccountname",
    "employeeid",
    "telephonenumber",
    "objectid",
    "extensionattribute1",
    "extensionattribute2",
    "extensionattribute3",
    "extensionattribute4",
    "extensionattribute5",
    "extensionattribute6",
    "extensionattribute7",
    "extensionattribute8",
    "extensionattribute9",
    "extensionattribute10",
    "extensionattribute11",
    "extensionattribute12",
    "extensionattribute13",
    "extensionattribute14",
    "extensionattribute15",
];

const NAME_ID: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier";
const BASIC: &[(&str, &str)] = &[
    (
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
        "mail",
    ),
    (
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname",
        "givenname",
    ),
    (
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
        "userprincipalname",
    ),
    (
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname",
        "surname",
    ),
];

/// What an assertion says about its subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// NameID; nothing where its source is empty.
    pub name_id: Option<String>,
    /// Its format.
    pub format: String,
    /// Attributes by full name.
    pub attributes: BTreeMap<String, String>,
}

/// The claims an application has before anybody touches them.
pub fn default_policy(id: &str) -> Value {
    let sourced = |attribute: &str| {
        json!([{ "condition": null, "transformations": [], "attribute": {
            "@odata.type": "#microsoft.graph.sourcedAttribute", "id": attribute, "source": "user", "isExtensionAttribute": false } }])
    };
    json!({
        "id": id,
        "includeBasicClaimSet": true,
        "includeApplicationIdInIssuer": false,
        "audienceOverride": null,
        "groupFilter": null,
        "claims": [{
            "@odata.type": "#microsoft.graph.samlNameIdClaim", "nameIdFormat": "emailAddress",
            "serviceProviderNameQualifier": null, "configurations": sourced("userprincipalname"),
        }],
    })
}

/// The claims of a user for an application.
pub fn subject(tenant: &Tenant, sp: &str, user: &str) -> Subject {
    let entity = &tenant.users[user];
    let basic = || -> BTreeMap<String, String> {
        BASIC
            .iter()
            .filter_map(|(name, source)| Some(((*name).to_owned(), attribute(entity, source)?)))
            .collect()
    };
    let upn = attribute(entity, "userprincipalname");
    // An assigned claims mapping policy wins over everything else.
    let mapping = tenant
        .assigned_policies
        .get(sp)
        .and_then(|l| l.first())
        .and_then(|id| tenant.mapping_policies.get(id));
    if let Some(policy) = mapping {
        let parsed: Value = policy
            .texts("definition")
            .first()
            .and_then(|t| serde_json::from_str(t).ok())
            .unwrap_or_default();
        let policy = &parsed["ClaimsMappingPolicy"];
        let include = policy["IncludeBasicClaimSet"].as_str().is_none_or(|s| s == "true");
        let mut subject = Subject {
            name_id: upn,
            format: format_urn("emailAddress"),
            attributes: if include { basic() } else { BTreeMap::new() },
        };
        for entry in policy["ClaimsSchema"].as_array().into_iter().flatten() {
            let value = entry["Value"]
                .as_str()
                .map(str::to_owned)
                .or_else(|| attribute(entity, entry["ID"].as_str()?));
            match (entry["SamlClaimType"].as_str(), value) {
                (Some(NAME_ID), value) => subject.name_id = value,
                (Some(name), Some(value)) => drop(subject.attributes.insert(name.to_owned(), value)),
                _ => {}
            }
        }
        return subject;
    }
    let Some(policy) = tenant.claims.get(sp) else {
        return Subject {
            name_id: upn,
            format: format_urn("emailAddress"),
            attributes: basic(),
        };
    };
    let mut subject = Subject {
        name_id: upn,
        format: format_urn("emailAddress"),
        attributes: if policy["includeBasicClaimSet"] == false {
            BTreeMap::new()
        } else {
            basic()
        },
    };
    for claim in policy["claims"].as_array().into_iter().flatten() {
        let value = claim_value(tenant, user, entity, claim);
        if claim["@odata.type"] == "#microsoft.graph.samlNameIdClaim" {
            subject.name_id = value;
            subject.format = format_urn(claim["nameIdFormat"].as_str().unwrap_or("default"));
        } else if let Some(value) = value {
            let name = claim["name"].as_str().unwrap_or_default();
            let full = match claim["namespace"].as_str().filter(|n| !n.is_empty()) {
                Some(namespace) => format!("{namespace}/{name}"),
                None => name.to_owned(),
            };
            subject.attributes.insert(full, value);
        }
    }
    subject
}

/// The URN of a NameID format. The request of AWS asks for an e-mail address, which is what `default` gives.
fn format_urn(name: &str) -> String {
    match name {
        "unspecified" => "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
        "persistent" => "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
        "windowsDomainQualifiedName" => "urn:oasis:names:tc:SAML:1.1:nameid-format:WindowsDomainQualifiedName",
        _ => "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
    }
    .to_owned()
}

/// Configurations with an attribute first, then those with a transformation; of those that apply and have a value, the last
/// one wins.
fn claim_value(tenant: &Tenant, id: &str, user: &Entity, claim: &Value) -> Option<String> {
    let list = claim["configurations"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let transforms = |c: &&Value| c["transformations"].as_array().is_some_and(|t| !t.is_empty());
    let (plain, transformed): (Vec<&Value>, Vec<&Value>) = list.iter().partition(|c| !transforms(c));
    let applies = |c: &&&Value| condition_holds(tenant, id, user, &c["condition"]);
    let value = |c: &&Value| match c["attribute"]["@odata.type"].as_str() {
        Some("#microsoft.graph.valueBasedAttribute") => c["attribute"]["value"].as_str().map(str::to_owned),
        _ => attribute(user, c["attribute"]["id"].as_str()?),
    };
    plain
        .iter()
        .chain(&transformed)
        .filter(applies)
        .filter_map(value)
        .next_back()
}

fn condition_holds(tenant: &Tenant, id: &str, user: &Entity, condition: &Value) -> bool {
    let guest = user.text("userType") == "Guest";
    let federated = user.text("creationType") == "Invitation" && user.text("externalUserState") == "Accepted";
    let kind = match condition["userType"].as_str() {
        None | Some("any") => true,
        Some("members") => !guest,
        Some("allGuests") => guest,
        // A guest whose own organisation uses Entra; the simulation knows it by `identities`.
        Some("aadGuests") => guest && federated && from_entra(user),
        Some("externalGuests") => guest && !from_entra(user),
        Some(_) => false,
    };
    let groups = condition["memberOf"].as_array().map(Vec::as_slice).unwrap_or_default();
    let member = |g: &Value| g.as_str().is_some_and(|g| tenant.members_of(g).iter().any(|m| m == id));
    kind && (groups.is_empty() || groups.iter().any(member))
}

fn from_entra(user: &Entity) -> bool {
    let identities = user.props.get("identities").and_then(Value::as_array);
    identities.is_some_and(|list| list.iter().any(|i| i["issuer"] == "ExternalAzureAD"))
}

/// A source of user claims.
fn attribute(user: &Entity, source: &str) -> Option<String> {
    let source = source.strip_prefix("user.").unwrap_or(source).to_lowercase();
    let of = |name: &str| match user.props.get(name) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Array(list)) => list.first().and_then(Value::as_str).map(str::to_owned),
        Some(Value::Bool(flag)) => Some(flag.to_string()),
        _ => None,
    };
    let value = match source.as_str() {
        "objectid" => of("id"),
        "telephonenumber" => of("businessPhones"),
        "facsimiletelephonenumber" => of("faxNumber"),
        "othermail" => of("otherMails"),
        name if name.starts_with("extensionattribute") => {
            let number = &name["extensionattribute".len()..];
            user.props.get("onPremisesExtensionAttributes")?[format!("extensionAttribute{number}")]
                .as_str()
                .map(str::to_owned)
        }
        name => user
            .props
            .keys()
            .find(|key| key.to_lowercase() == name)
            .and_then(|key| of(key)),
    };
    value.filter(|v| !v.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::entra::graph::users as people;

    const AWS: &str = "https://aws.amazon.com/SAML/Attributes";

    fn tenant() -> (Tenant, String, String) {
        let now = jiff::Timestamp::UNIX_EPOCH;
        let mut tenant = Tenant::new("11111111-1111-1111-1111-111111111111", "T", "t.onmicrosoft.com", 1, now);
        let props = |v: Value| v.as_object().unwrap().clone();
        let member = people::add(
            &mut tenant,
            props(json!({"userPrincipalName": "nikki@t.onmicrosoft.com", "mail": "n@t.com", "department": "Sales"})),
            now,
        );
        let guest = people::add(
            &mut tenant,
            props(
                json!({"userPrincipalName": "g_other.com#EXT#@t.onmicrosoft.com", "mail": "g@other.com", "userType": "Guest"}),
            ),
            now,
        );
        (tenant, member, guest)
    }

    fn sourced(id: &str, kind: Option<&str>) -> Value {
        json!({ "condition": kind.map(|k| json!({ "@odata.type": "#microsoft.graph.customClaimCondition", "userType": k })),
                "attribute": { "@odata.type": "#microsoft.graph.sourcedAttribute", "id": id, "source": "user" }, "transformations": [] })
    }

    #[test]
    fn guests_get_their_mail_and_members_their_name_and_the_last_match_wins() {
        let (mut tenant, member, guest) = tenant();
        assert_eq!(
            subject(&tenant, "sp", &guest).name_id.as_deref(),
            Some("g_other.com#EXT#@t.onmicrosoft.com")
        );
        tenant.claims.insert("sp".into(), json!({ "claims": [
            { "@odata.type": "#microsoft.graph.samlNameIdClaim", "configurations": [sourced("userprincipalname", None), sourced("mail", Some("allGuests"))] },
            { "@odata.type": "#microsoft.graph.customClaim", "name": "AccessControl:Department", "namespace": AWS, "configurations": [sourced("department", None)] },
        ]}));
        assert_eq!(subject(&tenant, "sp", &guest).name_id.as_deref(), Some("g@other.com"));
        let nikki = subject(&tenant, "sp", &member);
        assert_eq!(nikki.name_id.as_deref(), Some("nikki@t.onmicrosoft.com"));
        assert_eq!(nikki.attributes[&format!("{AWS}/AccessControl:Department")], "Sales");
        // A claim without a value is not sent.
        assert!(
            !subject(&tenant, "sp", &guest)
                .attributes
                .keys()
                .any(|k| k.contains("Department"))
        );
    }
}
