//! What a gallery application brings for provisioning: its template and its default mappings.

use serde_json::{Value, json};

use super::expression::Expression;

/// A synchronization template.
#[derive(Debug, PartialEq, Eq)]
pub struct Template {
    /// Id and factory tag.
    pub id: &'static str,
    /// The gallery template it belongs to.
    pub application: &'static str,
    /// The gallery key in its metadata.
    pub key: &'static str,
    /// Name of the target directory.
    pub directory: &'static str,
    /// It takes an address and a token.
    pub scim: bool,
}

/// Gallery template of AWS IAM Identity Center.
pub const AWS_IDENTITY_CENTER: &str = "21ed01d2-ec13-4e9e-86c1-cd546719ebc4";
/// Gallery template of the look-alike that federates one account.
pub const AWS_SINGLE_ACCOUNT: &str = "8b1025e4-1dd2-430b-a150-2ef79cd700f5";
/// Non-gallery template, worldwide.
pub const CUSTOM: &str = "8adf8e6e-67b2-4cf2-a259-e3dc5476c621";
/// Non-gallery template, US Government.
pub const CUSTOM_US_GOV: &str = "4602d0b4-76bb-404b-bca9-2652e1a39c6d";
/// Non-gallery template, China.
pub const CUSTOM_CHINA: &str = "5a532e38-1581-4918-9658-008dc27c1d68";

static TEMPLATES: [Template; 5] = [
    Template {
        id: "aWSSingleSignon",
        application: AWS_IDENTITY_CENTER,
        key: "awssinglesignon",
        directory: "AWSSingleSignon",
        scim: true,
    },
    Template {
        id: "aws",
        application: AWS_SINGLE_ACCOUNT,
        key: "aws",
        directory: "AmazonWebServices",
        scim: false,
    },
    Template {
        id: "customappsso",
        application: CUSTOM,
        key: "customappsso",
        directory: "customappsso",
        scim: true,
    },
    Template {
        id: "customappsso",
        application: CUSTOM_US_GOV,
        key: "customappsso",
        directory: "customappsso",
        scim: true,
    },
    Template {
        id: "customappsso",
        application: CUSTOM_CHINA,
        key: "customappsso",
        directory: "customappsso",
        scim: true,
    },
];

/// The one rule of the AWS template.
pub const AWS_RULE: &str = "03f7d90d-bf71-41b1-bda6-aaf0ddbee5d8";
const CUSTOM_RULE: &str = "3b6c1a5e-0f1d-4c55-9d0b-8a3f4f6f7c21";
/// The user object of SCIM, as the mappings name it.
pub const SCIM_USER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// The group object of SCIM, as the mappings name it.
pub const SCIM_GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// The template of an application made from this gallery template.
pub fn template_of(application: &str) -> Option<&'static Template> {
    TEMPLATES.iter().find(|t| t.application == application)
}

impl Template {
    /// As Graph's synchronizationTemplate.
    pub fn value(&self) -> Value {
        let fields = if self.scim {
            r#"[{"name":"baseaddress"},{"name":"secrettoken","secret":true}]"#
        } else {
            r#"[{"name":"clientsecret","secret":true},{"name":"secrettoken","secret":true}]"#
        };
        let entry = |key: &str, value: &str| json!({ "key": key, "value": value });
        json!({
            "id": self.id,
            "factoryTag": self.id,
            "applicationId": self.application,
            "default": true,
            "discoverable": true,
            "description": null,
            "metadata": [
                entry("galleryApplicationIdentifier", self.application),
                entry("galleryApplicationKey", self.key),
                entry("isOAuthEnabled", "False"),
                entry("isSynchronizationInPreview", "False"),
                entry("configurationFields", fields),
            ],
        })
    }

    /// The schema a new job begins with. `mappings`: `modern`, `classic` (old duplicates) or `clean` (nothing to mend).
    /// The non-gallery application still brings the old ones.
    pub fn schema(&self, id: &str, mappings: &str) -> Value {
        let mappings = if self.id == "customappsso" { "classic" } else { mappings };
        let rule = if self.id == "customappsso" {
            CUSTOM_RULE
        } else {
            AWS_RULE
        };
        let mut objects = vec![];
        if self.scim {
            objects.push(object_mapping(
                "Provision Microsoft Entra ID Groups",
                "Group",
                SCIM_GROUP,
                group_mappings(),
            ));
            objects.push(object_mapping(
                "Provision Microsoft Entra ID Users",
                "User",
                SCIM_USER,
                user_mappings(mappings),
            ));
        }
        json!({
            "id": id,
            "version": "6.0",
            "synchronizationRules": [{
                "id": rule,
                "name": "USERGROUP_OUTBOUND_USERGROUP",
                "priority": 1,
                "editable": true,
                "sourceDirectoryName": "Azure Active Directory",
                "targetDirectoryName": self.directory,
                "containerFilter": { "includedContainers": [] },
                "groupFilter": { "includedGroups": [] },
                "metadata": [{ "key": "DefaultSourceObjectMappings", "value": "User, Group" }],
                "objectMappings": objects,
            }],
            "directories": [source_directory(), self.target_directory()],
        })
    }

    fn target_directory(&self) -> Value {
        let user: Vec<Value> = TARGET_USER
            .iter()
            .map(|name| attribute(name, *name == "userName", &[]))
            .collect();
        let group = vec![
            attribute("id", false, &[]),
            attribute("externalId", false, &[]),
            attribute("displayName", true, &[]),
            attribute("members", false, &[(SCIM_USER, "id")]),
        ];
        let objects = json!([object(SCIM_USER, user), object(SCIM_GROUP, group)]);
        json!({
            "id": format!("{}-directory", self.key),
            "name": self.directory,
            "discoverabilities": "None",
            "discoveryDateTime": null,
            "readOnly": false,
            "version": "6.0",
            "objects": if self.scim { objects } else { json!([]) },
        })
    }
}

/// Attributes of a user the engine can read. `userType` is not among them.
pub static SOURCE_USER: &[&str] = &[
    "accountEnabled",
    "alternativeSecurityId",
    "appRoleAssignments",
    "city",
    "companyName",
    "country",
    "department",
    "displayName",
    "employeeHireDate",
    "employeeId",
    "employeeOrgData.costCenter",
    "employeeOrgData.division",
    "employeeType",
    "extensionAttribute1",
    "extensionAttribute2",
    "extensionAttribute3",
    "extensionAttribute4",
    "extensionAttribute5",
    "extensionAttribute6",
    "extensionAttribute7",
    "extensionAttribute8",
    "extensionAttribute9",
    "extensionAttribute10",
    "extensionAttribute11",
    "extensionAttribute12",
    "extensionAttribute13",
    "extensionAttribute14",
    "extensionAttribute15",
    "facsimileTelephoneNumber",
    "givenName",
    "immutableId",
    "IsSoftDeleted",
    "jobTitle",
    "mail",
    "mailNickname",
    "manager",
    "mobile",
    "objectId",
    "onPremisesSecurityIdentifier",
    "originalUserPrincipalName",
    "otherMails",
    "passwordProfile.password",
    "physicalDeliveryOfficeName",
    "postalCode",
    "preferredLanguage",
    "proxyAddresses",
    "state",
    "streetAddress",
    "surname",
    "telephoneNumber",
    "usageLocation",
    "userPrincipalName",
];

/// Attributes of a group the engine can read.
pub static SOURCE_GROUP: &[&str] = &[
    "description",
    "displayName",
    "mail",
    "mailEnabled",
    "mailNickname",
    "members",
    "objectId",
    "owners",
    "securityEnabled",
];

static TARGET_USER: &[&str] = &[
    "id",
    "userName",
    "active",
    "displayName",
    "title",
    "emails[type eq \"work\"].value",
    "preferredLanguage",
    "name.givenName",
    "name.familyName",
    "name.formatted",
    "addresses[type eq \"work\"].formatted",
    "addresses[type eq \"work\"].streetAddress",
    "addresses[type eq \"work\"].locality",
    "addresses[type eq \"work\"].region",
    "addresses[type eq \"work\"].postalCode",
    "addresses[type eq \"work\"].country",
    "phoneNumbers[type eq \"work\"].value",
    "phoneNumbers[type eq \"mobile\"].value",
    "phoneNumbers[type eq \"fax\"].value",
    "externalId",
    "locale",
    "timezone",
    "nickName",
    "userType",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:division",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:costCenter",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:organization",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager",
];

fn user_mappings(mappings: &str) -> Vec<Value> {
    let address = |part: &str| format!("addresses[type eq \"work\"].{part}");
    let phone = |kind: &str| format!("phoneNumbers[type eq \"{kind}\"].value");
    let enterprise = |name: &str| format!("{SCIM_USER}:{name}");
    let mut list = vec![
        mapping("userName", "[userPrincipalName]", 1),
        mapping(
            "active",
            r#"Switch([IsSoftDeleted], , "False", "True", "True", "False")"#,
            0,
        ),
        mapping("displayName", "[displayName]", 0),
        mapping("title", "[jobTitle]", 0),
        mapping("emails[type eq \"work\"].value", "[mail]", 0),
        mapping("preferredLanguage", "[preferredLanguage]", 0),
        mapping("name.givenName", "[givenName]", 0),
        mapping("name.familyName", "[surname]", 0),
        mapping("name.formatted", r#"Join(" ", [givenName], [surname])"#, 0),
        mapping(&address("formatted"), "[physicalDeliveryOfficeName]", 0),
        mapping(&address("streetAddress"), "[streetAddress]", 0),
        mapping(&address("locality"), "[city]", 0),
        mapping(&address("region"), "[state]", 0),
        mapping(&address("postalCode"), "[postalCode]", 0),
        mapping(&address("country"), "[country]", 0),
        mapping(&phone("work"), "[telephoneNumber]", 0),
    ];
    if mappings == "classic" {
        list.push(mapping(&phone("mobile"), "[mobile]", 0));
        list.push(mapping(&phone("fax"), "[facsimileTelephoneNumber]", 0));
    }
    list.push(mapping(
        "externalId",
        if mappings == "clean" {
            "[objectId]"
        } else {
            "[mailNickname]"
        },
        0,
    ));
    list.push(mapping(&enterprise("employeeNumber"), "[employeeId]", 0));
    list.push(mapping(&enterprise("department"), "[department]", 0));
    list.push(mapping(&enterprise("manager"), "[manager]", 0));
    list
}

/// Maps one more attribute of users, as a person does in the portal.
///
/// # Errors
/// If the expression cannot be read, or the schema has no users.
pub fn map_also(schema: &mut Value, target: &str, expression: &str) -> Result<(), String> {
    let source = Expression::parse(expression)?.source();
    let objects = schema["synchronizationRules"][0]["objectMappings"].as_array_mut();
    let users = objects
        .into_iter()
        .flatten()
        .find(|object| object["sourceObjectName"] == "User");
    let mappings = users.and_then(|users| users["attributeMappings"].as_array_mut());
    mappings.ok_or("no users are mapped")?.push(mapped(target, source, 0));
    Ok(())
}

fn group_mappings() -> Vec<Value> {
    vec![
        mapping("displayName", "[displayName]", 1),
        mapping("externalId", "[objectId]", 0),
        mapping("members", "[members]", 0),
    ]
}

fn mapping(target: &str, expression: &str, matching: i32) -> Value {
    let expression = Expression::parse(expression).expect("the default mappings are well formed");
    mapped(target, expression.source(), matching)
}

fn mapped(target: &str, source: Value, matching: i32) -> Value {
    json!({
        "targetAttributeName": target,
        "source": source,
        "matchingPriority": matching,
        "flowType": "Always",
        "flowBehavior": "FlowWhenChanged",
        "defaultValue": null,
        "exportMissingReferences": false,
    })
}

fn object_mapping(name: &str, source: &str, target: &str, mappings: Vec<Value>) -> Value {
    json!({
        "enabled": true,
        "name": name,
        "flowTypes": "Add, Update, Delete",
        "sourceObjectName": source,
        "targetObjectName": target,
        "scope": null,
        "metadata": [{ "key": "escrowBehavior", "value": "Default" }, { "key": "disableMonitoringForChanges", "value": "False" }],
        "attributeMappings": mappings,
    })
}

fn source_directory() -> Value {
    let user = SOURCE_USER.iter().map(|name| {
        attribute(
            name,
            *name == "objectId",
            if *name == "manager" {
                &[("User", "objectId")]
            } else {
                &[]
            },
        )
    });
    let group = SOURCE_GROUP.iter().map(|name| {
        attribute(
            name,
            *name == "objectId",
            if *name == "members" {
                &[("User", "objectId"), ("Group", "objectId")]
            } else {
                &[]
            },
        )
    });
    json!({
        "id": "66e4a8cc-1b7b-435e-95f8-f06cea133828",
        "name": "Azure Active Directory",
        "discoverabilities": "AttributeNames",
        "discoveryDateTime": null,
        "readOnly": false,
        "version": "6.0",
        "objects": [object("User", user.collect()), object("Group", group.collect())],
    })
}

fn object(name: &str, attributes: Vec<Value>) -> Value {
    json!({ "name": name, "attributes": attributes, "metadata": [], "supportedApis": [] })
}

fn attribute(name: &str, anchor: bool, references: &[(&str, &str)]) -> Value {
    let referenced: Vec<Value> = references
        .iter()
        .map(|(object, property)| json!({ "referencedObjectName": object, "referencedProperty": property }))
        .collect();
    json!({
        "name": name,
        "anchor": anchor,
        "apiExpressions": [],
        "caseExact": false,
        "defaultValue": null,
        "flowNullValues": false,
        "metadata": [],
        "multivalued": name == "members",
        "mutability": if name == "id" || name == "objectId" { "ReadOnly" } else { "ReadWrite" },
        "referencedObjects": referenced,
        "required": matches!(name, "userName" | "displayName"),
        "type": if references.is_empty() { "String" } else { "Reference" },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(mappings: &str) -> Vec<String> {
        let schema = template_of(AWS_IDENTITY_CENTER).unwrap().schema("x", mappings);
        let list = schema["synchronizationRules"][0]["objectMappings"][1]["attributeMappings"]
            .as_array()
            .unwrap()
            .clone();
        list.iter()
            .map(|m| {
                format!(
                    "{}<-{}",
                    m["targetAttributeName"].as_str().unwrap(),
                    m["source"]["name"].as_str().unwrap()
                )
            })
            .collect()
    }

    #[test]
    fn the_classic_mappings_hold_the_duplicates_and_the_modern_ones_do_not() {
        assert!(
            targets("classic")
                .iter()
                .any(|t| t.ends_with("<-facsimileTelephoneNumber"))
        );
        assert!(!targets("modern").iter().any(|t| t.ends_with("<-mobile")));
        assert!(targets("modern").contains(&"externalId<-mailNickname".into()));
        assert!(targets("clean").contains(&"externalId<-objectId".into()));
    }

    #[test]
    fn a_schema_has_the_shape_of_the_metadata() {
        for template in &TEMPLATES {
            let schema = template.schema("x", "modern");
            crate::sim::entra::shapes::check("synchronizationSchema", schema.as_object().unwrap()).unwrap();
            crate::sim::entra::shapes::check("synchronizationTemplate", template.value().as_object().unwrap()).unwrap();
        }
    }
}
