//! Who is assigned to an application.

use serde::Deserialize;
use serde_json::json;

use super::{
    client::Entra,
    graph::{BatchItem, segment},
};
use crate::{clients::Existed, fault::Fault};

/// The largest page Graph gives.
const PAGE: &str = "999";

/// One assignment to an application.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AppRoleAssignment {
    /// Its id.
    pub id: String,
    /// The role that is given.
    pub app_role_id: String,
    /// The user or group that has it.
    pub principal_id: Option<String>,
    /// The user's or group's name.
    pub principal_display_name: Option<String>,
    /// `User`, `Group` or `ServicePrincipal`.
    pub principal_type: Option<String>,
}

impl Entra {
    /// Everybody assigned to an application. Application.Read.All.
    pub async fn assigned(&self, principal: &str) -> Result<Vec<AppRoleAssignment>, Fault> {
        self.graph.list(&assigned_path(principal), &[("$top", PAGE)]).await
    }

    /// Assigns a user or group to an application. AppRoleAssignment.ReadWrite.All and Application.Read.All.
    pub async fn assign(&self, principal: &str, role: &str, who: &str) -> Result<AppRoleAssignment, Fault> {
        let body = json!({ "principalId": who, "resourceId": principal, "appRoleId": role });
        self.graph.post(&assigned_path(principal), &body).await
    }

    /// Takes an assignment away.
    pub async fn unassign(&self, principal: &str, assignment: &str) -> Result<Existed, Fault> {
        self.graph
            .delete(&format!("{}/{}", assigned_path(principal), segment(assignment)))
            .await
    }

    /// Assigns many users and groups, twenty in a request. Each outcome stands for itself.
    pub async fn assign_all(&self, principal: &str, role: &str, who: &[String]) -> Vec<Result<(), Fault>> {
        let items: Vec<BatchItem> = who
            .iter()
            .map(|who| {
                let body = json!({ "principalId": who, "resourceId": principal, "appRoleId": role });
                BatchItem::post(assigned_path(principal), body)
            })
            .collect();
        self.graph
            .batch(&items)
            .await
            .into_iter()
            .map(|answer| answer.map(drop))
            .collect()
    }
}

fn assigned_path(principal: &str) -> String {
    format!("/servicePrincipals/{}/appRoleAssignedTo", segment(principal))
}
