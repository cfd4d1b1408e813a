//! Groups and who belongs to them.

use std::{collections::BTreeSet, sync::Arc};

use serde::Deserialize;
use serde_json::json;

use super::{
    client::Entra,
    graph::{quoted, segment},
    users::{self, User},
};
use crate::{
    clients::{Existed, SoFar},
    fault::Fault,
};

const FIELDS: &str = "id,displayName,securityEnabled,mailNickname,groupTypes";

/// A group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Group {
    /// Its object id.
    pub id: String,
    /// Its name. Several groups of a tenant may share one.
    pub display_name: Option<String>,
    /// Whether it can say who may do what; provisioning takes no others.
    pub security_enabled: Option<bool>,
}

/// A member of a group, of whatever kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Member {
    /// Its object id.
    pub id: String,
    /// Its kind: `#microsoft.graph.user`.
    #[serde(rename = "@odata.type")]
    pub kind: Option<String>,
}

/// Who directly belongs to a group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Members {
    /// The users, with what is known of them.
    pub users: Vec<User>,
    /// The groups in it: their ids and names.
    pub groups: Vec<(String, String)>,
}

/// A member as it comes: a user with all fields, or something else.
#[derive(Deserialize)]
struct AnyMember {
    #[serde(rename = "@odata.type")]
    kind: Option<String>,
    #[serde(flatten)]
    user: User,
}

impl Entra {
    /// A group, by object id. Group.Read.All.
    pub async fn group(&self, id: &str) -> Result<Option<Group>, Fault> {
        let path = format!("/groups/{}", segment(id));
        self.graph.get_opt(&path, &[("$select", FIELDS)]).await
    }

    /// Groups of exactly this name.
    pub async fn groups_named(&self, name: &str) -> Result<Vec<Group>, Fault> {
        let filter = format!("displayName eq {}", quoted(name));
        self.graph
            .list("/groups", &[("$filter", &filter), ("$select", FIELDS)])
            .await
    }

    /// Makes a security group. Group.ReadWrite.All; role Groups Administrator.
    pub async fn create_group(&self, name: &str) -> Result<Group, Fault> {
        let body = json!({
            "displayName": name,
            "mailEnabled": false,
            "mailNickname": mail_nickname(name),
            "securityEnabled": true,
        });
        self.graph.post("/groups", &body).await
    }

    /// Deletes a group.
    pub async fn delete_group(&self, id: &str) -> Result<Existed, Fault> {
        self.graph.delete(&format!("/groups/{}", segment(id))).await
    }

    /// The direct members of a group, by object id, read once for all who ask at the same time. Only they get access and are
    /// provisioned.
    pub async fn members(&self, group: &str) -> Result<Arc<BTreeSet<String>>, Fault> {
        let path = members_path(group);
        // Who was added a moment ago wants to see it: one look for all of them, when the last one is answered.
        self.graph.quiet(&path).await;
        let read = || async {
            let found: Vec<Member> = self.graph.list(&path, &[("$select", "id"), ("$top", "999")]).await?;
            Ok(found.into_iter().map(|member| member.id).collect())
        };
        self.graph.shared(&path, read).await
    }

    /// Who directly belongs to a group, page by page, users with what is known of them.
    pub async fn members_in_full(&self, group: &str, so_far: SoFar<'_>) -> Result<Members, Fault> {
        let path = members_path(group);
        let found: Vec<AnyMember> = self
            .graph
            .list_told(&path, &[("$select", users::FIELDS), ("$top", "999")], so_far)
            .await?;
        let mut members = Members::default();
        for member in found {
            match member.kind.as_deref() {
                Some("#microsoft.graph.group") => {
                    let name = member.user.display_name.unwrap_or_else(|| member.user.id.clone());
                    members.groups.push((member.user.id, name));
                }
                Some("#microsoft.graph.user") | None => members.users.push(member.user),
                Some(_) => {}
            }
        }
        Ok(members)
    }

    /// Adds a member that the group does not have yet, in one request with others that are added at the same time.
    pub async fn add_member(&self, group: &str, member: &str) -> Result<(), Fault> {
        let reference = json!({ "@odata.id": self.object_link(member) });
        let path = format!("{}/$ref", members_path(group));
        self.graph.post_together(&path, reference).await
    }

    /// Takes a member out of a group, in one request with others that go at the same time.
    pub async fn remove_member(&self, group: &str, member: &str) -> Result<Existed, Fault> {
        let path = format!("{}/{}/$ref", members_path(group), segment(member));
        self.graph.delete_together(&path).await
    }
}

fn members_path(group: &str) -> String {
    format!("/groups/{}/members", segment(group))
}

/// A mail alias for a group that has no mail: Graph wants one, without blanks and most punctuation.
fn mail_nickname(name: &str) -> String {
    let kept: String = name
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        .take(60)
        .collect();
    if kept.is_empty() { "group".into() } else { kept }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_alias_holds_nothing_that_graph_refuses() {
        assert_eq!(mail_nickname("AWS: Admins (EU)"), "AWSAdminsEU");
        assert_eq!(mail_nickname("管理者"), "group");
    }
}
