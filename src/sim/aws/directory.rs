//! The identity store: users, groups, memberships, and what must be unique among them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// Users, groups, memberships.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    /// Users by id.
    pub users: BTreeMap<String, User>,
    /// Groups by id.
    pub groups: BTreeMap<String, Group>,
    /// Group and user by membership id.
    pub memberships: BTreeMap<String, (String, String)>,
}

/// A user.
#[derive(Debug, Clone, Default)]
pub struct User {
    /// Everything the Identity Store API shows, spelt as it spells it (`UserName`, `Name`, `Emails`, …), but ids.
    pub attributes: Map<String, Value>,
    /// The enterprise extension, spelt as SCIM spells it.
    pub enterprise: Map<String, Value>,
    /// The id the provider gave it.
    pub external_id: Option<ExternalId>,
    /// False when disabled.
    pub active: bool,
    /// When and by whom.
    pub record: Record,
}

/// A group.
#[derive(Debug, Clone, Default)]
pub struct Group {
    /// Its name.
    pub display_name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The id the provider gave it.
    pub external_id: Option<ExternalId>,
    /// When and by whom.
    pub record: Record,
}

/// An id given by a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalId {
    /// Who gave it.
    pub issuer: String,
    /// The id.
    pub id: String,
}

/// When and by whom something was made and changed.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// Made.
    pub created: Timestamp,
    /// By whom.
    pub created_by: String,
    /// Last changed.
    pub updated: Timestamp,
    /// By whom.
    pub updated_by: String,
    /// Goes up with each change.
    pub revision: u64,
}

impl Record {
    /// Made now by this caller.
    pub fn new(now: Timestamp, by: &str) -> Self {
        Self {
            created: now,
            created_by: by.to_owned(),
            updated: now,
            updated_by: by.to_owned(),
            revision: 1,
        }
    }

    /// Changed now by this caller.
    pub fn touch(&mut self, now: Timestamp, by: &str) {
        self.updated = now;
        self.updated_by = by.to_owned();
        self.revision += 1;
    }
}

impl User {
    /// The user name.
    pub fn user_name(&self) -> &str {
        self.attributes.get("UserName").and_then(Value::as_str).unwrap_or("")
    }

    /// The e-mail address, if there is one.
    pub fn email(&self) -> Option<&str> {
        self.attributes
            .get("Emails")?
            .as_array()?
            .first()?
            .get("Value")?
            .as_str()
    }
}

impl Directory {
    /// A new id: the store's ten digits and a UUID.
    pub fn new_id(store_id: &str, uuid: Uuid) -> String {
        format!("{}-{uuid}", store_id.trim_start_matches("d-"))
    }

    /// The user of exactly this name.
    pub fn user_named(&self, name: &str) -> Option<(&String, &User)> {
        self.users.iter().find(|(_, user)| user.user_name() == name)
    }

    /// The group of exactly this name.
    pub fn group_named(&self, name: &str) -> Option<(&String, &Group)> {
        self.groups.iter().find(|(_, group)| group.display_name == name)
    }

    /// What of this user is taken by another: a member's path. Names and addresses are compared without case, as people
    /// read them.
    pub fn taken(&self, user: &User, but: Option<&str>) -> Option<&'static str> {
        let same = |a: &str, b: &str| !a.is_empty() && a.to_lowercase() == b.to_lowercase();
        for (id, other) in &self.users {
            if Some(id.as_str()) == but {
                continue;
            }
            if same(other.user_name(), user.user_name()) {
                return Some("userName");
            }
            if let (Some(theirs), Some(ours)) = (other.email(), user.email())
                && same(theirs, ours)
            {
                return Some("emails.value");
            }
            if other.external_id.is_some() && other.external_id == user.external_id {
                return Some("externalId");
            }
        }
        None
    }

    /// What of this group is taken by another.
    pub fn group_taken(&self, group: &Group, but: Option<&str>) -> Option<&'static str> {
        for (id, other) in &self.groups {
            if Some(id.as_str()) == but {
                continue;
            }
            if other.display_name.to_lowercase() == group.display_name.to_lowercase() {
                return Some("displayName");
            }
            if other.external_id.is_some() && other.external_id == group.external_id {
                return Some("externalId");
            }
        }
        None
    }

    /// The membership of this user in this group.
    pub fn membership(&self, group: &str, user: &str) -> Option<&String> {
        self.memberships
            .iter()
            .find(|(_, (g, u))| g == group && u == user)
            .map(|(id, _)| id)
    }

    /// The groups this user is in.
    pub fn groups_of(&self, user: &str) -> Vec<String> {
        self.memberships
            .values()
            .filter(|(_, u)| u == user)
            .map(|(g, _)| g.clone())
            .collect()
    }

    /// Removes a user and its memberships.
    pub fn remove_user(&mut self, id: &str) -> bool {
        self.memberships.retain(|_, (_, user)| user != id);
        self.users.remove(id).is_some()
    }

    /// Removes a group and its memberships.
    pub fn remove_group(&mut self, id: &str) -> bool {
        self.memberships.retain(|_, (group, _)| group != id);
        self.groups.remove(id).is_some()
    }

    /// Everything, canonical, without ids of memberships and without times.
    pub fn state(&self) -> Value {
        let users: BTreeMap<&str, Value> = self
            .users
            .iter()
            .map(|(id, user)| {
                let mut shown = user.attributes.clone();
                shown.insert("UserId".into(), json!(id));
                shown.insert("Active".into(), json!(user.active));
                if !user.enterprise.is_empty() {
                    shown.insert("Enterprise".into(), Value::Object(user.enterprise.clone()));
                }
                if let Some(external) = &user.external_id {
                    shown.insert("ExternalId".into(), json!(external.id));
                }
                (user.user_name(), Value::Object(shown))
            })
            .collect();
        let groups: BTreeMap<&str, Value> = self
            .groups
            .iter()
            .map(|(id, group)| {
                let mut members: Vec<&str> = self
                    .memberships
                    .values()
                    .filter(|(g, _)| g == id)
                    .filter_map(|(_, u)| self.users.get(u))
                    .map(User::user_name)
                    .collect();
                members.sort_unstable();
                let external = group.external_id.as_ref().map(|external| &external.id);
                let shown = json!({"GroupId": id, "Description": group.description, "ExternalId": external, "Members": members});
                (group.display_name.as_str(), shown)
            })
            .collect();
        json!({ "groups": groups, "users": users })
    }
}
