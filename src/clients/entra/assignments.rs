//! Who is assigned to an application.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;

use super::{client::Entra, graph::segment};
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

/// Everybody assigned to an application.
#[derive(Debug, Default)]
pub struct AssignedTo(Vec<AppRoleAssignment>);

impl AssignedTo {
    fn of(mut all: Vec<AppRoleAssignment>) -> Self {
        all.sort_by(|a, b| (&a.principal_id, &a.id).cmp(&(&b.principal_id, &b.id)));
        Self(all)
    }

    /// An assignment of this user or group, in any role.
    pub fn of_principal(&self, who: &str) -> Option<&AppRoleAssignment> {
        let at = self.0.partition_point(|one| one.principal_id.as_deref() < Some(who));
        self.0.get(at).filter(|one| one.principal_id.as_deref() == Some(who))
    }

    /// Whether an assignment of this id is among them.
    pub fn holds(&self, id: &str) -> bool {
        self.0.iter().any(|one| one.id == id)
    }

    /// All of them.
    pub fn all(&self) -> &[AppRoleAssignment] {
        &self.0
    }
}

impl Entra {
    /// Everybody assigned to an application, read once for all who ask at the same time. Application.Read.All.
    pub async fn assigned(&self, principal: &str) -> Result<Arc<AssignedTo>, Fault> {
        let path = assigned_path(principal);
        // Who was assigned a moment ago wants to see it: one look for all of them, when the last one is answered.
        self.graph.quiet(&path).await;
        let read = || async { self.graph.list(&path, &[("$top", PAGE)]).await.map(AssignedTo::of) };
        self.graph.shared(&path, read).await
    }

    /// Assigns a user or group to an application, in one request with others that are assigned at the same time.
    /// AppRoleAssignment.ReadWrite.All and Application.Read.All.
    pub async fn assign(&self, principal: &str, role: &str, who: &str) -> Result<AppRoleAssignment, Fault> {
        let body = json!({ "principalId": who, "resourceId": principal, "appRoleId": role });
        self.graph.post_together(&assigned_path(principal), body).await
    }

    /// Takes an assignment away, in one request with others that go at the same time.
    pub async fn unassign(&self, principal: &str, assignment: &str) -> Result<Existed, Fault> {
        let path = format!("{}/{}", assigned_path(principal), segment(assignment));
        self.graph.delete_together(&path).await
    }
}

fn assigned_path(principal: &str) -> String {
    format!("/servicePrincipals/{}/appRoleAssignedTo", segment(principal))
}
