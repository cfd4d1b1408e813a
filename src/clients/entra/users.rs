//! Users.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{
    client::{Entra, null_as_default},
    graph::{BatchAnswer, quoted, segment},
};
use crate::{
    clients::{Existed, SoFar},
    fault::{Fault, Kind},
};

pub(super) const FIELDS: &str = "id,userPrincipalName,displayName,givenName,surname,mail,mailNickname,userType,accountEnabled,\
    department,jobTitle,companyName,mobilePhone,businessPhones,faxNumber,otherMails,proxyAddresses";

/// A user, with what matters to AWS.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct User {
    /// The object id.
    pub id: String,
    /// The sign-in name.
    #[serde(deserialize_with = "null_as_default")]
    pub user_principal_name: String,
    /// The display name.
    pub display_name: Option<String>,
    /// The first name.
    pub given_name: Option<String>,
    /// The last name.
    pub surname: Option<String>,
    /// The e-mail address.
    pub mail: Option<String>,
    /// The mail alias.
    pub mail_nickname: Option<String>,
    /// `Member` or `Guest`.
    pub user_type: Option<String>,
    /// Whether the user may sign in.
    pub account_enabled: Option<bool>,
    /// The department.
    pub department: Option<String>,
    /// The job title.
    pub job_title: Option<String>,
    /// The company.
    pub company_name: Option<String>,
    /// The mobile number.
    pub mobile_phone: Option<String>,
    /// The numbers at work; Graph allows one.
    #[serde(deserialize_with = "null_as_default")]
    pub business_phones: Vec<String>,
    /// The fax number.
    pub fax_number: Option<String>,
    /// Further e-mail addresses.
    #[serde(deserialize_with = "null_as_default")]
    pub other_mails: Vec<String>,
}

impl User {
    /// Whether the user comes from elsewhere.
    pub fn is_guest(&self) -> bool {
        self.user_type
            .as_deref()
            .is_some_and(|kind| kind.eq_ignore_ascii_case("Guest"))
            || self.user_principal_name.contains("#EXT#")
    }
}

/// A user to be made.
#[derive(Debug)]
pub struct NewUser<'a> {
    /// The sign-in name.
    pub upn: &'a str,
    /// The mail alias.
    pub alias: &'a str,
    /// The display name.
    pub display_name: &'a str,
    /// The first name.
    pub given_name: Option<&'a str>,
    /// The last name.
    pub family_name: Option<&'a str>,
    /// The e-mail address.
    pub mail: Option<&'a str>,
    /// The department.
    pub department: Option<&'a str>,
    /// The first password; to be changed at the first sign-in.
    pub password: &'a SecretString,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    account_enabled: bool,
    user_principal_name: &'a str,
    mail_nickname: &'a str,
    display_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    given_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    surname: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mail: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    department: Option<&'a str>,
    password_profile: PasswordProfile<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PasswordProfile<'a> {
    password: &'a str,
    force_change_password_next_sign_in: bool,
}

impl Entra {
    /// A user, by object id or sign-in name, in one request with others who are looked for at the same time. User.Read.All.
    pub async fn user(&self, id_or_upn: &str) -> Result<Option<User>, Fault> {
        if let Some(user) = self.followed.user(id_or_upn) {
            return Ok(Some(user));
        }
        let answer = self.graph.read_together(&user_path(id_or_upn)).await?;
        answer.map(|answer| self.kept(&answer)).transpose()
    }

    fn kept(&self, answer: &BatchAnswer) -> Result<User, Fault> {
        let user = read_user(answer)?;
        self.followed.keep(&user);
        Ok(user)
    }

    /// Users by sign-in name, each in its place; twenty in a request when there are several.
    pub async fn users(&self, upns: &[&str]) -> Result<Vec<Option<User>>, Fault> {
        if let [one] = upns {
            return Ok(vec![self.user(one).await?]);
        }
        let known: Vec<Option<User>> = upns.iter().map(|upn| self.followed.user(upn)).collect();
        let unknown = upns.iter().zip(&known).filter(|(_, known)| known.is_none());
        let paths: Vec<String> = unknown.map(|(upn, _)| user_path(upn)).collect();
        let mut answers = self.graph.read_all(&paths).await.into_iter();
        let mut next = || match answers.next() {
            Some(Ok(answer)) => self.kept(&answer).map(Some),
            Some(Err(fault)) if fault.kind == Kind::NotFound => Ok(None),
            Some(Err(fault)) => Err(fault),
            None => Err(Fault::internal("A batch of users has too few answers")),
        };
        known
            .into_iter()
            .map(|known| known.map_or_else(&mut next, |user| Ok(Some(user))))
            .collect()
    }

    /// All users of the tenant, page by page.
    pub async fn all_users(&self, so_far: SoFar<'_>) -> Result<Vec<User>, Fault> {
        let query = [("$select", FIELDS), ("$top", "999")];
        self.graph.list_told("/users", &query, so_far).await
    }

    /// Up to 25 users whose name or address begins with this, for choosing one. User.Read.All.
    pub async fn users_like(&self, text: &str) -> Result<Vec<User>, Fault> {
        let begins = quoted(text);
        let filter = ["displayName", "givenName", "surname", "userPrincipalName", "mail"]
            .map(|property| format!("startswith({property},{begins})"))
            .join(" or ");
        let mut query = vec![("$select", FIELDS), ("$top", "25")];
        if !text.is_empty() {
            query.push(("$filter", &filter));
        }
        Ok(self.graph.page("/users", &query).await?.items)
    }

    /// Makes a user, in one request with others who are made at the same time. User.ReadWrite.All; role User Administrator.
    pub async fn create_user(&self, new: &NewUser<'_>) -> Result<User, Fault> {
        let body = Body {
            account_enabled: true,
            user_principal_name: new.upn,
            mail_nickname: new.alias,
            display_name: new.display_name,
            given_name: new.given_name,
            surname: new.family_name,
            mail: new.mail,
            department: new.department,
            password_profile: PasswordProfile {
                password: new.password.expose_secret(),
                force_change_password_next_sign_in: true,
            },
        };
        let body = serde_json::to_value(body)
            .map_err(|error| Fault::internal("A user cannot be written as JSON").why(error.to_string()))?;
        self.graph.post_together("/users", body).await
    }

    /// Deletes a user; for 30 days the user can be restored.
    pub async fn delete_user(&self, id: &str) -> Result<Existed, Fault> {
        self.followed.forget(id);
        self.graph.delete_together(&format!("/users/{}", segment(id))).await
    }
}

fn user_path(id_or_upn: &str) -> String {
    format!("/users/{}?$select={FIELDS}", segment(id_or_upn))
}

fn read_user(answer: &BatchAnswer) -> Result<User, Fault> {
    User::deserialize(&answer.body).map_err(|error| {
        Fault::new(Kind::Answer, "Microsoft Graph's answer about a user cannot be read").why(error.to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_is_known_by_kind_or_by_name() {
        let user = |kind: Option<&str>, upn: &str| User {
            user_type: kind.map(Into::into),
            user_principal_name: upn.into(),
            ..User::default()
        };
        assert!(user(Some("Guest"), "a@b").is_guest());
        assert!(user(None, "a_x.com#EXT#@b").is_guest());
        assert!(!user(Some("Member"), "a@b").is_guest());
    }

    #[test]
    fn an_answer_with_nulls_is_read() {
        let user: User = serde_json::from_value(
            serde_json::json!({ "id": "1", "userPrincipalName": "a@b", "businessPhones": null }),
        )
        .unwrap();
        assert!(user.business_phones.is_empty());
    }
}
