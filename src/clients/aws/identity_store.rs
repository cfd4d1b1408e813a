//! The identity store: the users and groups that Identity Center knows.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicUsize, Ordering},
};

use aws_sdk_identitystore::{
    operation::describe_user::DescribeUserOutput,
    types::{AlternateIdentifier, AttributeOperation, Email, Name, UniqueAttribute, UserStatus},
};
use aws_smithy_types::{Document, Number};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Aws, Look,
    client::absent_is_none,
    error::{Op, Service},
    instance::Instance,
};
use crate::{
    clients::{Existed, SoFar},
    fault::Fault,
};

/// The extension that holds department, cost centre and the like; AWS sends it only when asked.
const ENTERPRISE: &str = "aws:identitystore:enterprise";

/// A user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// Its id.
    pub id: String,
    /// Its version, for changes and deletions that must not meet another change.
    #[serde(default)]
    pub revision: String,
    /// The user name: what NameID must equal to the letter.
    pub user_name: String,
    /// The first name.
    #[serde(default)]
    pub given_name: String,
    /// The last name.
    #[serde(default)]
    pub family_name: String,
    /// The display name.
    #[serde(default)]
    pub display_name: String,
    /// The e-mail addresses; one at most.
    #[serde(default)]
    pub emails: Vec<String>,
    /// The title.
    #[serde(default)]
    pub title: String,
    /// Ids given by whoever provisioned the user, with their issuers. A user made by hand has none.
    #[serde(default)]
    pub external_ids: Vec<(String, String)>,
    /// Whether the user may sign in; none where AWS does not say.
    #[serde(default)]
    pub enabled: Option<bool>,
    /// Attributes of the enterprise extension by name: `department`, `employeeNumber`.
    #[serde(default)]
    pub enterprise: BTreeMap<String, String>,
}

impl User {
    /// Whether provisioning brought the user, as far as AWS lets one see.
    pub fn is_provisioned(&self) -> bool {
        !self.external_ids.is_empty()
    }
}

/// A group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its id.
    pub id: String,
    /// Its name.
    pub display_name: String,
    /// Whether provisioning brought it, as far as AWS lets one see.
    pub provisioned: bool,
}

/// What a user made by hand needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUser {
    /// The user name.
    pub user_name: String,
    /// The first name.
    pub given_name: String,
    /// The last name.
    pub family_name: String,
    /// The display name.
    pub display_name: String,
    /// The e-mail address.
    pub email: Option<String>,
}

impl Aws {
    /// The user of this name. None when there is none.
    pub async fn user_by_name(&self, instance: &Instance, user_name: &str) -> Result<Option<User>, Fault> {
        self.user_by(instance, "userName", user_name).await
    }

    /// The user with this e-mail address. None when there is none.
    pub async fn user_by_email(&self, instance: &Instance, email: &str) -> Result<Option<User>, Fault> {
        self.user_by(instance, "emails.value", email).await
    }

    /// The users whose name or e-mail address is this one but for the case of letters. AWS finds exact values only, so all
    /// users are read, once for all who ask within a minute.
    pub async fn users_spelt_otherwise(
        &self,
        instance: &Instance,
        user_name: &str,
        email: Option<&str>,
    ) -> Result<Vec<User>, Fault> {
        let all = self
            .0
            .people
            .get(instance.store.clone(), Look::Shared, || self.users(instance))
            .await?;
        let same = |one: &str, other: &str| one.to_lowercase() == other.to_lowercase();
        let fits = |user: &&User| {
            same(&user.user_name, user_name)
                || email.is_some_and(|email| user.emails.iter().any(|known| same(known, email)))
        };
        Ok(all.iter().filter(fits).cloned().collect())
    }

    async fn user_by(&self, instance: &Instance, path: &str, value: &str) -> Result<Option<User>, Fault> {
        let store = &self.services(&instance.region).await?.identity_store;
        let request = store
            .get_user_id()
            .identity_store_id(&instance.store)
            .alternate_identifier(unique(path, value)?);
        let op = Op::reads(Service::IdentityStore, "GetUserId");
        let read = || async {
            let answer = self.call(op, &instance.region, || request.clone().send()).await;
            Ok(absent_is_none(answer)?.map(|answer| answer.user_id))
        };
        let name = format!("{path} {value} in {}", instance.store);
        match self.0.seen.get(&name, read).await? {
            Some(id) => self.user(instance, &id).await,
            None => Ok(None),
        }
    }

    /// The user of this id. None when there is none.
    pub async fn user(&self, instance: &Instance, id: &str) -> Result<Option<User>, Fault> {
        let store = &self.services(&instance.region).await?.identity_store;
        let request = store
            .describe_user()
            .identity_store_id(&instance.store)
            .user_id(id)
            .extensions(ENTERPRISE);
        let op = Op::reads(Service::IdentityStore, "DescribeUser");
        let read = || async {
            let answer = self.call(op, &instance.region, || request.clone().send()).await;
            Ok(absent_is_none(answer)?.map(User::from))
        };
        let name = format!("user {id} in {}", instance.store);
        Ok(self.0.seen.get(&name, read).await?.map(|user| User::clone(&user)))
    }

    /// All users, without the enterprise attributes.
    pub async fn users(&self, instance: &Instance) -> Result<Vec<User>, Fault> {
        let store = &self.services(&instance.region).await?.identity_store;
        let request = store.list_users().identity_store_id(&instance.store).max_results(100);
        let users = self
            .pages(
                Op::reads(Service::IdentityStore, "ListUsers"),
                &instance.region,
                |token| request.clone().set_next_token(token).send(),
                |answer| (answer.users, answer.next_token),
            )
            .await?;
        Ok(users.into_iter().map(User::from).collect())
    }

    /// All users with the enterprise attributes, page by page.
    pub async fn people(&self, instance: &Instance, so_far: SoFar<'_>) -> Result<Vec<User>, Fault> {
        let store = &self.services(&instance.region).await?.identity_store;
        let request = store
            .list_users()
            .identity_store_id(&instance.store)
            .extensions(ENTERPRISE)
            .max_results(100);
        let read = AtomicUsize::new(0);
        self.pages(
            Op::reads(Service::IdentityStore, "ListUsers"),
            &instance.region,
            |token| request.clone().set_next_token(token).send(),
            |answer| {
                let users: Vec<User> = answer.users.into_iter().map(User::from).collect();
                so_far(read.fetch_add(users.len(), Ordering::Relaxed) + users.len());
                (users, answer.next_token)
            },
        )
        .await
    }

    /// All groups, page by page.
    pub async fn groups(&self, instance: &Instance) -> Result<Vec<Group>, Fault> {
        let store = &self.services(&instance.region).await?.identity_store;
        let request = store.list_groups().identity_store_id(&instance.store).max_results(100);
        let groups = self
            .pages(
                Op::reads(Service::IdentityStore, "ListGroups"),
                &instance.region,
                |token| request.clone().set_next_token(token).send(),
                |answer| (answer.groups, answer.next_token),
            )
            .await?;
        let read = |group: aws_sdk_identitystore::types::Group| Group {
            id: group.group_id,
            display_name: group.display_name.unwrap_or_default(),
            provisioned: group.external_ids.is_some_and(|ids| !ids.is_empty()),
        };
        Ok(groups.into_iter().map(read).collect())
    }

    /// Makes a user. Gives its id.
    pub async fn create_user(&self, instance: &Instance, user: &NewUser) -> Result<String, Fault> {
        let store = &self.services(&instance.region).await?.identity_store_once;
        let name = Name::builder()
            .given_name(&user.given_name)
            .family_name(&user.family_name)
            .build();
        let email = |value: &String| vec![Email::builder().value(value).r#type("work").primary(true).build()];
        let request = store
            .create_user()
            .identity_store_id(&instance.store)
            .user_name(&user.user_name)
            .name(name)
            .display_name(&user.display_name)
            .set_emails(user.email.as_ref().map(email));
        let op = Op::creates(Service::IdentityStore, "CreateUser");
        Ok(self
            .call(op, &instance.region, || request.clone().send())
            .await?
            .user_id)
    }

    /// Sets attributes of a user, by path: `name.givenName`, `displayName`.
    pub async fn update_user(
        &self,
        instance: &Instance,
        user: &User,
        attributes: &[(&str, &str)],
    ) -> Result<(), Fault> {
        let store = &self.services(&instance.region).await?.identity_store;
        let operations = attributes
            .iter()
            .map(|(path, value)| {
                AttributeOperation::builder()
                    .attribute_path(*path)
                    .attribute_value(Document::from(*value))
                    .build()
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| Fault::internal("A change of a user is incomplete").why(error.to_string()))?;
        let request = store
            .update_user()
            .identity_store_id(&instance.store)
            .user_id(&user.id)
            .set_operations(Some(operations));
        let op = Op::settles(Service::IdentityStore, "UpdateUser");
        self.call(op, &instance.region, || request.clone().send())
            .await
            .map(drop)
    }

    /// Deletes a user.
    pub async fn delete_user(&self, instance: &Instance, id: &str) -> Result<Existed, Fault> {
        let store = &self.services(&instance.region).await?.identity_store;
        let request = store.delete_user().identity_store_id(&instance.store).user_id(id);
        let op = Op::settles(Service::IdentityStore, "DeleteUser");
        let answer = absent_is_none(self.call(op, &instance.region, || request.clone().send()).await)?;
        Ok(if answer.is_some() { Existed::Yes } else { Existed::No })
    }

    /// The id of the group of this name. None when there is none.
    pub async fn group_by_name(&self, instance: &Instance, display_name: &str) -> Result<Option<String>, Fault> {
        let store = &self.services(&instance.region).await?.identity_store;
        let request = store
            .get_group_id()
            .identity_store_id(&instance.store)
            .alternate_identifier(unique("displayName", display_name)?);
        let op = Op::reads(Service::IdentityStore, "GetGroupId");
        let read = || async {
            let answer = self.call(op, &instance.region, || request.clone().send()).await;
            Ok(absent_is_none(answer)?.map(|answer| answer.group_id))
        };
        let name = format!("GetGroupId {} {display_name}", instance.store);
        Ok(self.0.seen.get(&name, read).await?.map(|id| String::clone(&id)))
    }

    /// Deletes a group.
    pub async fn delete_group(&self, instance: &Instance, id: &str) -> Result<Existed, Fault> {
        let store = &self.services(&instance.region).await?.identity_store;
        let request = store.delete_group().identity_store_id(&instance.store).group_id(id);
        let op = Op::settles(Service::IdentityStore, "DeleteGroup");
        let answer = absent_is_none(self.call(op, &instance.region, || request.clone().send()).await)?;
        Ok(if answer.is_some() { Existed::Yes } else { Existed::No })
    }

    /// The ids of the users in a group.
    pub async fn group_members(&self, instance: &Instance, group: &str) -> Result<Vec<String>, Fault> {
        let store = &self.services(&instance.region).await?.identity_store;
        let request = store
            .list_group_memberships()
            .identity_store_id(&instance.store)
            .group_id(group)
            .max_results(100);
        let members = self
            .pages(
                Op::reads(Service::IdentityStore, "ListGroupMemberships"),
                &instance.region,
                |token| request.clone().set_next_token(token).send(),
                |answer| (answer.group_memberships, answer.next_token),
            )
            .await?;
        Ok(members
            .into_iter()
            .filter_map(|membership| membership.member_id?.as_user_id().ok().cloned())
            .collect())
    }
}

fn unique(path: &str, value: &str) -> Result<AlternateIdentifier, Fault> {
    UniqueAttribute::builder()
        .attribute_path(path)
        .attribute_value(Document::from(value))
        .build()
        .map(AlternateIdentifier::UniqueAttribute)
        .map_err(|error| Fault::internal("A search for a user is incomplete").why(error.to_string()))
}

macro_rules! read_user {
    ($user:ident) => {{
        let name = $user.name.unwrap_or_else(|| Name::builder().build());
        let enterprise = $user.extensions.as_ref().and_then(|all| all.get(ENTERPRISE)).map(json);
        User {
            id: $user.user_id,
            revision: $user.revision,
            user_name: $user.user_name.unwrap_or_default(),
            given_name: name.given_name.unwrap_or_default(),
            family_name: name.family_name.unwrap_or_default(),
            display_name: $user.display_name.unwrap_or_default(),
            emails: $user
                .emails
                .unwrap_or_default()
                .into_iter()
                .filter_map(|email| email.value)
                .collect(),
            title: $user.title.unwrap_or_default(),
            external_ids: $user
                .external_ids
                .unwrap_or_default()
                .into_iter()
                .map(|id| (id.issuer, id.id))
                .collect(),
            enabled: $user.user_status.map(|status| status == UserStatus::Enabled),
            enterprise: texts(enterprise),
        }
    }};
}

impl From<DescribeUserOutput> for User {
    fn from(user: DescribeUserOutput) -> Self {
        read_user!(user)
    }
}

impl From<aws_sdk_identitystore::types::User> for User {
    fn from(user: aws_sdk_identitystore::types::User) -> Self {
        read_user!(user)
    }
}

/// The texts of a JSON object.
fn texts(object: Option<Value>) -> BTreeMap<String, String> {
    let Some(Value::Object(fields)) = object else {
        return BTreeMap::new();
    };
    fields
        .into_iter()
        .filter_map(|(name, value)| match value {
            Value::String(text) => Some((name, text)),
            _ => None,
        })
        .collect()
}

fn json(document: &Document) -> Value {
    match document {
        Document::Null => Value::Null,
        Document::Bool(value) => Value::Bool(*value),
        Document::String(text) => Value::String(text.clone()),
        Document::Number(Number::PosInt(number)) => (*number).into(),
        Document::Number(Number::NegInt(number)) => (*number).into(),
        Document::Number(Number::Float(number)) => (*number).into(),
        Document::Array(items) => items.iter().map(json).collect(),
        Document::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), json(value))).collect(),
    }
}
