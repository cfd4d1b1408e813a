//! Claims policies: the beta `claimsPolicy` of a service principal, and the v1.0 `claimsMappingPolicy` that overrides it.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    client::{Entra, null_as_default},
    graph::{Version, segment},
};
use crate::{clients::Existed, fault::Fault};

/// A claims mapping policy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MappingPolicy {
    /// Its id.
    pub id: String,
    /// Its name.
    pub display_name: Option<String>,
    /// What it says: JSON, as text, as a list of one.
    #[serde(deserialize_with = "null_as_default")]
    pub definition: Vec<String>,
}

impl MappingPolicy {
    /// What it says, as JSON.
    pub fn read(&self) -> Option<Value> {
        serde_json::from_str(self.definition.first()?).ok()
    }
}

impl Entra {
    /// The claims policy of a service principal, as it came. None where there never was one.
    /// Policy.ReadWrite.ApplicationConfiguration; role Application Administrator. Beta, global cloud only.
    pub async fn claims_policy(&self, principal: &str) -> Result<Option<Value>, Fault> {
        let found: Option<Value> = self.beta().get_opt(&claims_policy_path(principal), &[]).await?;
        Ok(found.filter(|policy| policy["claims"].is_array() || policy["includeBasicClaimSet"].is_boolean()))
    }

    /// Replaces the whole claims policy of a service principal.
    pub async fn put_claims_policy(&self, principal: &str, policy: &Value) -> Result<(), Fault> {
        self.beta().put(&claims_policy_path(principal), policy).await
    }

    /// The claims mapping policies assigned to a service principal. Each overrides its claims policy.
    pub async fn mapping_policies_of(&self, principal: &str) -> Result<Vec<MappingPolicy>, Fault> {
        let path = mapping_policies_path(principal);
        let found = self.graph.shared(&path, || self.graph.list(&path, &[])).await?;
        Ok(Vec::clone(&found))
    }

    /// All claims mapping policies of the tenant.
    pub async fn mapping_policies(&self) -> Result<Vec<MappingPolicy>, Fault> {
        self.graph.list("/policies/claimsMappingPolicies", &[]).await
    }

    /// Makes a claims mapping policy. Policy.ReadWrite.ApplicationConfiguration.
    pub async fn create_mapping_policy(&self, name: &str, definition: &Value) -> Result<MappingPolicy, Fault> {
        let body =
            json!({ "definition": [definition.to_string()], "displayName": name, "isOrganizationDefault": false });
        self.graph.post("/policies/claimsMappingPolicies", &body).await
    }

    /// Changes what a claims mapping policy says.
    pub async fn patch_mapping_policy(&self, id: &str, definition: &Value) -> Result<(), Fault> {
        let path = format!("/policies/claimsMappingPolicies/{}", segment(id));
        self.graph
            .patch(&path, &json!({ "definition": [definition.to_string()] }))
            .await
    }

    /// Assigns a claims mapping policy to a service principal.
    pub async fn assign_mapping_policy(&self, principal: &str, id: &str) -> Result<(), Fault> {
        let link = format!(
            "{}/v1.0/policies/claimsMappingPolicies/{id}",
            self.base.as_str().trim_end_matches('/')
        );
        let path = format!("{}/$ref", mapping_policies_path(principal));
        self.graph.post(&path, &json!({ "@odata.id": link })).await
    }

    /// Takes a claims mapping policy from a service principal.
    pub async fn unassign_mapping_policy(&self, principal: &str, id: &str) -> Result<Existed, Fault> {
        self.graph
            .delete(&format!("{}/{}/$ref", mapping_policies_path(principal), segment(id)))
            .await
    }

    /// Deletes a claims mapping policy.
    pub async fn delete_mapping_policy(&self, id: &str) -> Result<Existed, Fault> {
        self.graph
            .delete(&format!("/policies/claimsMappingPolicies/{}", segment(id)))
            .await
    }

    fn beta(&self) -> super::graph::Graph {
        self.graph.version(Version::Beta)
    }
}

fn claims_policy_path(principal: &str) -> String {
    format!("/servicePrincipals/{}/claimsPolicy", segment(principal))
}

fn mapping_policies_path(principal: &str) -> String {
    format!("/servicePrincipals/{}/claimsMappingPolicies", segment(principal))
}
