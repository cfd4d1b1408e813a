//! The tenant itself and whoever is signed in.

use serde::{Deserialize, Serialize};

use super::client::Entra;
use crate::fault::{Fault, Kind};

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Organization {
    /// The tenant's id.
    pub id: String,
    /// Its name.
    #[serde(default)]
    pub display_name: Option<String>,
    /// Its domains. Empty when the caller may not see them.
    #[serde(default)]
    pub verified_domains: Vec<VerifiedDomain>,
}

/// A domain of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifiedDomain {
    /// The domain.
    #[serde(default)]
    pub name: String,
    /// Whether new users get it unless told otherwise.
    #[serde(default)]
    pub is_default: bool,
    /// Whether it is the one Microsoft gave the tenant.
    #[serde(default)]
    pub is_initial: bool,
}

impl Organization {
    /// The domain new users get.
    pub fn default_domain(&self) -> Option<&str> {
        self.verified_domains
            .iter()
            .find(|domain| domain.is_default)
            .map(|domain| domain.name.as_str())
    }

    /// Whether the tenant goes by this id or domain.
    pub fn is_called(&self, name: &str) -> bool {
        self.id.eq_ignore_ascii_case(name)
            || self
                .verified_domains
                .iter()
                .any(|domain| domain.name.eq_ignore_ascii_case(name))
    }
}

impl Entra {
    /// The tenant the token is for. `GET /organization`, with `User.Read` at least.
    pub async fn organization(&self) -> Result<Organization, Fault> {
        let query = [("$select", "id,displayName,verifiedDomains")];
        let found: Vec<Organization> = self.graph.list("/organization", &query).await?;
        found
            .into_iter()
            .next()
            .ok_or_else(|| Fault::new(Kind::Answer, "Microsoft Graph names no tenant for this sign-in"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_goes_by_its_id_and_each_of_its_domains() {
        let tenant: Organization = serde_json::from_value(serde_json::json!({
            "id": "6f4e", "displayName": "Contoso", "futureField": { "a": 1 },
            "verifiedDomains": [
                { "name": "contoso.onmicrosoft.com", "isInitial": true, "isDefault": false, "type": "Managed" },
                { "name": "contoso.com", "isDefault": true },
            ],
        }))
        .unwrap();
        assert_eq!(tenant.default_domain(), Some("contoso.com"));
        assert!(tenant.is_called("Contoso.OnMicrosoft.com"));
        assert!(tenant.is_called("6F4E"));
        assert!(!tenant.is_called("fabrikam.com"));
    }
}
