//! What may trouble people on their way to AWS: rules over plain values.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::{clients::entra::users, profile};

/// Characters that Microsoft's tutorial says AWS refuses in values.
/// <https://learn.microsoft.com/entra/identity/saas-apps/aws-single-sign-on-provisioning-tutorial>
const REFUSED: &[char] = &['<', '>', ';', ':', '%'];
/// The longest user name that the Identity Store takes.
/// <https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_CreateUser.html>
const LONGEST_USER_NAME: usize = 128;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// It may trouble somebody.
    Warning,
    /// It fails for certain.
    Error,
}

/// Something about somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule, by its stable name.
    pub rule: String,
    /// How much it matters.
    pub severity: Severity,
    /// Whom it is about.
    pub who: String,
    /// What it is.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.who, self.what)
    }
}

/// A person with the values that travel: from Entra when the person exists, else from the profile.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    upn: String,
    exists: bool,
    to_make: bool,
    enabled: bool,
    guest: bool,
    given_name: Option<String>,
    family_name: Option<String>,
    display_name: Option<String>,
    mail: Option<String>,
    phones: usize,
    other: Vec<(&'static str, String)>,
}

impl Person {
    /// The person that the profile names, as found in Entra.
    pub fn of(wanted: &profile::User, found: Option<&users::User>) -> Self {
        match found {
            None => Self {
                upn: wanted.upn.clone(),
                exists: false,
                to_make: wanted.create,
                enabled: true,
                guest: wanted.upn.contains("#EXT#"),
                given_name: wanted.given_name.clone(),
                family_name: wanted.family_name.clone(),
                display_name: Some(wanted.shown_name()),
                mail: wanted.mail.clone(),
                phones: 0,
                other: wanted
                    .department
                    .iter()
                    .map(|value| ("department", value.clone()))
                    .collect(),
            },
            Some(found) => Self {
                to_make: wanted.create,
                ..Self::found(found, phones_of(found).count())
            },
        }
    }

    /// Somebody who is in the tenant. `phones`: how many of the phone numbers travel.
    pub fn found(user: &users::User, phones: usize) -> Self {
        Self {
            upn: user.user_principal_name.clone(),
            exists: true,
            to_make: false,
            enabled: user.account_enabled.unwrap_or(true),
            guest: user.is_guest(),
            given_name: user.given_name.clone(),
            family_name: user.surname.clone(),
            display_name: user.display_name.clone(),
            mail: user.mail.clone(),
            phones,
            other: [
                ("department", &user.department),
                ("job title", &user.job_title),
                ("company", &user.company_name),
            ]
            .into_iter()
            .filter_map(|(name, value)| value.clone().map(|value| (name, value)))
            .collect(),
        }
    }

    fn values(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("first name", self.given_name.as_deref()),
            ("last name", self.family_name.as_deref()),
            ("display name", self.display_name.as_deref()),
        ]
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| (name, value)))
        .chain(self.other.iter().map(|(name, value)| (*name, value.as_str())))
    }
}

/// The phone numbers of a user, each with the name its source has in a provisioning schema.
pub fn phones_of(user: &users::User) -> impl Iterator<Item = (&'static str, &str)> {
    [
        ("mobile", user.mobile_phone.as_deref()),
        ("facsimileTelephoneNumber", user.fax_number.as_deref()),
    ]
    .into_iter()
    .filter_map(|(name, number)| number.map(|number| (name, number)))
    .chain(
        user.business_phones
            .iter()
            .map(|number| ("telephoneNumber", number.as_str())),
    )
    .filter(|(_, number)| !number.is_empty())
}

/// Holds all rules against these people. `guests_have_own_name_id`: whether guests are named by another source than members.
pub fn lint(people: &[Person], guests_have_own_name_id: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    for person in people {
        one(person, guests_have_own_name_id, &mut findings);
    }
    let mut by_mail: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for person in people {
        if let Some(mail) = person.mail.as_deref().filter(|mail| !mail.is_empty()) {
            by_mail.entry(mail.to_lowercase()).or_default().push(&person.upn);
        }
    }
    for (mail, who) in by_mail.into_iter().filter(|(_, who)| who.len() > 1) {
        findings.push(Finding {
            rule: "duplicate-mail".into(),
            severity: Severity::Error,
            who: who.join(", "),
            what: format!("share the e-mail address {mail}, which must be unique in Identity Center"),
        });
    }
    findings
}

fn one(person: &Person, guests_have_own_name_id: bool, findings: &mut Vec<Finding>) {
    let mut find = |rule: &str, severity, what: String| {
        findings.push(Finding {
            rule: rule.into(),
            severity,
            who: person.upn.clone(),
            what,
        });
    };
    if !person.exists && !person.to_make {
        find(
            "no-such-user",
            Severity::Error,
            "is not in the tenant, and the profile does not say `create = true`".into(),
        );
        return;
    }
    let names = [
        ("first name", &person.given_name),
        ("last name", &person.family_name),
        ("display name", &person.display_name),
    ];
    let missing: Vec<&str> = names
        .into_iter()
        .filter(|(_, value)| value.as_deref().is_none_or(|value| value.trim().is_empty()))
        .map(|(name, _)| name)
        .collect();
    if !missing.is_empty() {
        find(
            "missing-name",
            Severity::Error,
            format!("has no {}, which Identity Center requires", missing.join(" and no ")),
        );
    }
    for (name, value) in person.values() {
        if value.chars().any(char::is_control) {
            find(
                "control-character",
                Severity::Warning,
                format!("has a control character in the {name}; provisioning will fail"),
            );
        } else if let Some(bad) = value.chars().find(|c| REFUSED.contains(c)) {
            find(
                "refused-character",
                Severity::Warning,
                format!("has `{bad}` in the {name}, which AWS may refuse"),
            );
        }
    }
    if person.upn.chars().count() > LONGEST_USER_NAME {
        find(
            "long-user-name",
            Severity::Error,
            format!("has a user name of more than {LONGEST_USER_NAME} characters"),
        );
    }
    if person.upn.contains(char::is_whitespace) {
        find(
            "blank-in-user-name",
            Severity::Error,
            "has a blank in the user name, which Identity Center refuses".into(),
        );
    }
    if person.phones > 1 {
        let what = format!(
            "has {} phone numbers; AWS takes one, so no more than one may be mapped",
            person.phones
        );
        find("several-phones", Severity::Warning, what);
    }
    if person.guest && !guests_have_own_name_id {
        let what =
            "is a guest: the NameID would be the `#EXT#` name and not the user name; set `guests` under [name_id]";
        find("guest-name", Severity::Warning, what.into());
    }
    if person.guest && person.mail.as_deref().is_none_or(str::is_empty) {
        find(
            "guest-without-mail",
            Severity::Warning,
            "is a guest without an e-mail address, so without a NameID".into(),
        );
    }
    if !person.enabled {
        find(
            "disabled",
            Severity::Warning,
            "is disabled in Entra and will be disabled in AWS".into(),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person() -> Person {
        Person {
            upn: "nikki@contoso.com".into(),
            exists: true,
            enabled: true,
            given_name: Some("Nikki".into()),
            family_name: Some("Wolf".into()),
            display_name: Some("Nikki Wolf".into()),
            ..Person::default()
        }
    }

    fn rules(people: &[Person]) -> Vec<String> {
        lint(people, false).into_iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn a_plain_person_gives_no_finding() {
        assert!(rules(&[person()]).is_empty());
    }

    #[test]
    fn a_missing_name_is_fatal_and_a_strange_character_is_not() {
        let nameless = Person {
            family_name: Some(" ".into()),
            ..person()
        };
        assert!(matches!(
            &lint(&[nameless], false)[..],
            [Finding {
                severity: Severity::Error,
                ..
            }]
        ));
        let strange = Person {
            display_name: Some("Nikki <Wolf>".into()),
            ..person()
        };
        assert!(matches!(
            &lint(&[strange], false)[..],
            [Finding {
                severity: Severity::Warning,
                ..
            }]
        ));
        let invisible = Person {
            given_name: Some("Nik\u{2}ki".into()),
            ..person()
        };
        assert_eq!(rules(&[invisible]), ["control-character"]);
    }

    #[test]
    fn guests_phones_and_duplicates_are_found() {
        let guest = Person {
            upn: "g_x.com#EXT#@contoso.com".into(),
            guest: true,
            mail: Some("g@x.com".into()),
            ..person()
        };
        assert_eq!(rules(std::slice::from_ref(&guest)), ["guest-name"]);
        assert!(lint(&[guest], true).is_empty());
        assert_eq!(rules(&[Person { phones: 2, ..person() }]), ["several-phones"]);
        let (one, two) = (
            Person {
                mail: Some("A@x.com".into()),
                ..person()
            },
            Person {
                mail: Some("a@x.com".into()),
                ..person()
            },
        );
        assert_eq!(rules(&[one, two]), ["duplicate-mail"]);
    }

    #[test]
    fn who_is_nowhere_and_not_to_be_made_is_fatal() {
        assert_eq!(
            rules(&[Person {
                exists: false,
                to_make: false,
                ..person()
            }]),
            ["no-such-user"]
        );
        assert!(
            rules(&[Person {
                exists: false,
                to_make: true,
                ..person()
            }])
            .is_empty()
        );
    }
}
