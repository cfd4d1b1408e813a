//! Gallery templates, applications and their service principals, and signing certificates.
//!
//! Three ids are kept apart: the application's object id (to change and delete it), its app id (in tokens, metadata and
//! job ids), and the service principal's object id (everything else).

use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    client::{Entra, null_as_default},
    graph::{quoted, segment},
    signing::OwnCertificate,
};
use crate::{
    clients::Existed,
    fault::{Fault, Kind, Retry},
};

/// The gallery's AWS IAM Identity Center.
/// <https://learn.microsoft.com/graph/application-saml-sso-configure-api>
pub const AWS_IDENTITY_CENTER: &str = "21ed01d2-ec13-4e9e-86c1-cd546719ebc4";
/// The gallery's AWS Single-Account Access: it federates one account by IAM and is the wrong one here.
pub const AWS_SINGLE_ACCOUNT: &str = "8b1025e4-1dd2-430b-a150-2ef79cd700f5";
/// The role of applications that declare none.
pub const NO_ROLE: &str = "00000000-0000-0000-0000-000000000000";

const PRINCIPAL_FIELDS: &str = "id,appId,displayName,applicationTemplateId,preferredSingleSignOnMode,loginUrl,\
    notificationEmailAddresses,preferredTokenSigningKeyThumbprint,keyCredentials,passwordCredentials,appRoles,tags,\
    accountEnabled,appRoleAssignmentRequired,notes";
const APPLICATION_FIELDS: &str = "id,appId,displayName,identifierUris,web,applicationTemplateId";

/// A template of the gallery.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Template {
    /// Its id.
    pub id: String,
    /// Its name, which changes over the years.
    #[serde(default)]
    pub display_name: Option<String>,
}

/// An application.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Application {
    /// Its object id.
    pub id: String,
    /// Its app id.
    pub app_id: String,
    /// Its name.
    pub display_name: Option<String>,
    /// Its SAML identifiers.
    #[serde(deserialize_with = "null_as_default")]
    pub identifier_uris: Vec<String>,
    /// Where it lets itself be called.
    pub web: Option<Web>,
}

/// Where an application lets itself be called.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Web {
    /// Its reply URLs.
    #[serde(deserialize_with = "null_as_default")]
    pub redirect_uris: Vec<String>,
}

impl Application {
    /// Its reply URLs.
    pub fn reply_urls(&self) -> &[String] {
        self.web.as_ref().map_or(&[], |web| &web.redirect_uris)
    }
}

/// A service principal: what an application is in this tenant.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServicePrincipal {
    /// Its object id.
    pub id: String,
    /// The app id of its application.
    pub app_id: String,
    /// Its name.
    pub display_name: Option<String>,
    /// The template it was made from.
    pub application_template_id: Option<String>,
    /// How it signs people in: `saml`, or nothing yet.
    pub preferred_single_sign_on_mode: Option<String>,
    /// Where a sign-in that is started at My Apps begins.
    pub login_url: Option<String>,
    /// Who is told before the signing certificate expires.
    #[serde(deserialize_with = "null_as_default")]
    pub notification_email_addresses: Vec<String>,
    /// The thumbprint of the certificate that signs.
    pub preferred_token_signing_key_thumbprint: Option<String>,
    /// Its keys.
    #[serde(deserialize_with = "null_as_default")]
    pub key_credentials: Vec<KeyCredential>,
    /// Its passwords; those of signing keys among them. The service never gives their text.
    #[serde(deserialize_with = "null_as_default")]
    pub password_credentials: Vec<Value>,
    /// The roles people can be assigned in it.
    #[serde(deserialize_with = "null_as_default")]
    pub app_roles: Vec<AppRole>,
    /// Words that people and tools put on it.
    #[serde(deserialize_with = "null_as_default")]
    pub tags: Vec<String>,
    /// What people wrote about it.
    pub notes: Option<String>,
}

impl ServicePrincipal {
    /// The id of the role that people are assigned: `User`, else the first for people, else the default one.
    pub fn user_role(&self) -> &str {
        let for_people = |role: &&AppRole| role.allowed_member_types.iter().any(|kind| kind == "User");
        let named = |name: &str| {
            self.app_roles
                .iter()
                .find(|role| role.display_name.as_deref() == Some(name))
        };
        named("User")
            .or_else(|| self.app_roles.iter().find(for_people))
            .map_or(NO_ROLE, |role| role.id.as_str())
    }
}

/// A role of an application.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AppRole {
    /// Its id.
    pub id: String,
    /// Its name.
    pub display_name: Option<String>,
    /// Who can have it: `User`, `Application`.
    #[serde(deserialize_with = "null_as_default")]
    pub allowed_member_types: Vec<String>,
}

/// A key of a service principal.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct KeyCredential {
    /// What the parts of one certificate share: its thumbprint in base64.
    pub custom_key_identifier: Option<String>,
    /// Its name: `CN=…`.
    pub display_name: Option<String>,
    /// When it ends.
    pub end_date_time: Option<Timestamp>,
    /// `Sign` or `Verify`.
    pub usage: Option<String>,
    /// All other fields, as they came.
    #[serde(flatten)]
    pub rest: serde_json::Map<String, Value>,
}

impl KeyCredential {
    /// The certificate's SHA-1 thumbprint in upper-case hexadecimal. Graph gives it in no other way.
    pub fn thumbprint(&self) -> Option<String> {
        let bytes = BASE64_STANDARD.decode(self.custom_key_identifier.as_deref()?).ok()?;
        (bytes.len() == 20).then(|| bytes.iter().map(|byte| format!("{byte:02X}")).collect())
    }
}

/// A signing certificate made a moment ago.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SigningCertificate {
    /// Its SHA-1 thumbprint.
    pub thumbprint: Option<String>,
    /// When it ends.
    pub end_date_time: Option<Timestamp>,
    /// What its parts share.
    pub custom_key_identifier: Option<String>,
}

/// What an instantiated template gives.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Instantiated {
    /// The application.
    pub application: Application,
    /// Its service principal.
    pub service_principal: ServicePrincipal,
}

impl Entra {
    /// The template of this id. `GET /applicationTemplates/{id}`; any valid token will do.
    pub async fn template(&self, id: &str) -> Result<Option<Template>, Fault> {
        self.graph
            .get_opt(&format!("/applicationTemplates/{}", segment(id)), &[])
            .await
    }

    /// Templates whose name holds this text.
    pub async fn templates_named(&self, text: &str) -> Result<Vec<Template>, Fault> {
        let filter = format!("contains(displayName,{})", quoted(text));
        self.graph.list("/applicationTemplates", &[("$filter", &filter)]).await
    }

    /// Makes an application from a template. `POST …/instantiate`; Application.ReadWrite.All, or OwnedBy for an
    /// application; role Cloud Application Administrator.
    pub async fn instantiate(&self, template: &str, name: &str) -> Result<Instantiated, Fault> {
        let path = format!("/applicationTemplates/{}/instantiate", segment(template));
        self.graph.post(&path, &json!({ "displayName": name })).await
    }

    /// Service principals of exactly this name.
    pub async fn service_principals_named(&self, name: &str) -> Result<Vec<ServicePrincipal>, Fault> {
        let filter = format!("displayName eq {}", quoted(name));
        self.graph
            .list(
                "/servicePrincipals",
                &[("$filter", &filter), ("$select", PRINCIPAL_FIELDS)],
            )
            .await
    }

    /// Service principals made from this template.
    pub async fn service_principals_from(&self, template: &str) -> Result<Vec<ServicePrincipal>, Fault> {
        let filter = format!("applicationTemplateId eq {}", quoted(template));
        self.graph
            .list(
                "/servicePrincipals",
                &[("$filter", &filter), ("$select", PRINCIPAL_FIELDS)],
            )
            .await
    }

    /// A service principal.
    pub async fn service_principal(&self, id: &str) -> Result<Option<ServicePrincipal>, Fault> {
        let path = format!("/servicePrincipals/{}", segment(id));
        self.graph.get_opt(&path, &[("$select", PRINCIPAL_FIELDS)]).await
    }

    /// Changes fields of a service principal.
    pub async fn patch_service_principal(&self, id: &str, fields: &Value) -> Result<(), Fault> {
        self.graph
            .patch(&format!("/servicePrincipals/{}", segment(id)), fields)
            .await
    }

    /// An application, by object id.
    pub async fn application(&self, id: &str) -> Result<Option<Application>, Fault> {
        let path = format!("/applications/{}", segment(id));
        self.graph.get_opt(&path, &[("$select", APPLICATION_FIELDS)]).await
    }

    /// An application, by app id.
    pub async fn application_of(&self, app_id: &str) -> Result<Option<Application>, Fault> {
        let filter = format!("appId eq {}", quoted(app_id));
        let query = [("$filter", filter.as_str()), ("$select", APPLICATION_FIELDS)];
        Ok(self.graph.list("/applications", &query).await?.into_iter().next())
    }

    /// Applications with this SAML identifier.
    pub async fn applications_identified(&self, identifier: &str) -> Result<Vec<Application>, Fault> {
        let filter = format!("identifierUris/any(uri:uri eq {})", quoted(identifier));
        let query = [("$filter", filter.as_str()), ("$select", APPLICATION_FIELDS)];
        self.graph.list("/applications", &query).await
    }

    /// The service principal of an app id.
    pub async fn service_principal_of(&self, app_id: &str) -> Result<Option<ServicePrincipal>, Fault> {
        let filter = format!("appId eq {}", quoted(app_id));
        let query = [("$filter", filter.as_str()), ("$select", PRINCIPAL_FIELDS)];
        Ok(self.graph.list("/servicePrincipals", &query).await?.into_iter().next())
    }

    /// Changes fields of an application.
    pub async fn patch_application(&self, id: &str, fields: &Value) -> Result<(), Fault> {
        self.graph
            .patch(&format!("/applications/{}", segment(id)), fields)
            .await
    }

    /// Deletes an application and its service principal; for 30 days they can be restored.
    pub async fn delete_application(&self, id: &str) -> Result<Existed, Fault> {
        self.graph.delete(&format!("/applications/{}", segment(id))).await
    }

    /// Makes a self-signed signing certificate that lasts three years. It signs nothing until it is preferred.
    /// The name must begin with `CN=`. Where the cloud's Graph makes none, it is made here.
    pub async fn add_signing_certificate(&self, principal: &str, name: &str) -> Result<SigningCertificate, Fault> {
        if !self.cloud().add_token_signing_certificate {
            return self.add_own_certificate(principal, name).await;
        }
        let path = format!("/servicePrincipals/{}/addTokenSigningCertificate", segment(principal));
        self.graph.post(&path, &json!({ "displayName": name })).await
    }

    /// Makes the certificate on this machine, and adds its credentials to those that are there: Graph takes whole lists only.
    async fn add_own_certificate(&self, principal: &str, name: &str) -> Result<SigningCertificate, Fault> {
        let path = format!("/servicePrincipals/{}", segment(principal));
        let found = self.service_principal(principal).await?.ok_or_else(|| {
            Fault::new(
                Kind::NotFound,
                "The service principal that gets the certificate is not there",
            )
            .retry(Retry::Replication)
        })?;
        let made = OwnCertificate::make(name, self.graph.http().clock().now())?;
        let mut keys: Vec<Value> = found.key_credentials.iter().map(|key| json!(key)).collect();
        keys.extend(made.keys());
        let mut passwords = found.password_credentials;
        passwords.push(made.password());
        let body = json!({ "keyCredentials": keys, "passwordCredentials": passwords });
        // Sent once: when the answer is lost, a look tells whether it is there.
        self.graph.patch_once(&path, &body).await?;
        Ok(SigningCertificate {
            custom_key_identifier: Some(made.custom_key_identifier()),
            thumbprint: Some(made.thumbprint()),
            end_date_time: Some(made.ends()),
        })
    }

    /// Whether a deleted object is in the recycle bin.
    pub async fn is_in_recycle_bin(&self, id: &str) -> Result<bool, Fault> {
        let path = format!("/directory/deletedItems/{}", segment(id));
        Ok(self.graph.read_together(&path).await?.is_some())
    }

    /// Deletes an object from the recycle bin, for good.
    pub async fn purge(&self, id: &str) -> Result<Existed, Fault> {
        self.graph
            .delete_together(&format!("/directory/deletedItems/{}", segment(id)))
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thumbprint_is_read_from_the_key_identifier() {
        // A sample of learn.microsoft.com/graph/api/serviceprincipal-addtokensigningcertificate.
        let key = KeyCredential {
            custom_key_identifier: Some("p9PEYmuKhP2oaMzGfSdNQC/9ChA=".into()),
            ..KeyCredential::default()
        };
        let thumbprint = key.thumbprint().unwrap();
        assert!(
            thumbprint.starts_with("A7D3C462") && thumbprint.ends_with("0A10"),
            "{thumbprint}"
        );
        assert_eq!(KeyCredential::default().thumbprint(), None);
    }

    #[test]
    fn people_get_the_role_user_whatever_its_id() {
        let principal: ServicePrincipal = serde_json::from_value(json!({
            "id": "sp", "appId": "app",
            "appRoles": [
                { "id": "e7f1", "displayName": "msiam_access", "allowedMemberTypes": ["User"], "value": null },
                { "id": "8774", "displayName": "User", "allowedMemberTypes": ["User"], "value": null },
            ],
            "loginUrl": null, "notificationEmailAddresses": [],
        }))
        .unwrap();
        assert_eq!(principal.user_role(), "8774");
        assert_eq!(ServicePrincipal::default().user_role(), NO_ROLE);
    }

    #[test]
    fn a_key_is_sent_back_as_it_came() {
        let came = json!({
            "customKeyIdentifier": "AA==", "displayName": "CN=x", "endDateTime": "2028-01-01T00:00:00Z",
            "keyId": "k", "startDateTime": "2025-01-01T00:00:00Z", "type": "AsymmetricX509Cert", "usage": "Verify", "key": null,
        });
        let key: KeyCredential = serde_json::from_value(came.clone()).unwrap();
        assert_eq!(serde_json::to_value(&key).unwrap(), came);
    }
}
