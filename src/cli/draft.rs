//! The answers of the form as a profile: the same table, checks and writing as `fedwiz init`.

use std::path::Path;

use toml::Table;

use super::{init, place};
use crate::{
    clients::aws::partition::PARTITIONS,
    fault::{Fault, Kind},
    profile::{
        Profile,
        fields::{self, Absent, Field, Value},
        tutorial::{for_one, minimal, tutorial},
        write,
    },
    tui::host::{Draft, LookUp, Question, Wrong},
};

/// What the form asks besides the fields of the profile.
const EXTRA: &str = "people";
const TUTORIAL: &str = "tutorial";
const ONE: &str = "person";
const BARE: &str = "none";
/// The account of whoever takes part, where nothing else is said.
const MANAGEMENT: &str = "management";

/// The field that names a profile of the AWS configuration.
const AWS_PROFILE: &str = "aws[].profile";
/// The field that names a Region.
const REGION: &str = "aws[].region";
/// The field that names the tenant.
pub(super) const TENANT: &str = "entra.tenant";
/// The field that names a person.
pub(super) const PERSON: &str = "people.user[].upn";
/// The field that names accounts.
pub(super) const ACCOUNT: &str = "assignment[].accounts";
/// The largest AWS configuration that is read for its names.
const LARGEST_CONFIG: u64 = 1024 * 1024;

/// This machine's AWS configuration; nothing is taken from it but the names of profiles and Regions.
fn aws_config() -> String {
    let named = std::env::var_os("AWS_CONFIG_FILE").map(std::path::PathBuf::from);
    let usual = || Some(directories::BaseDirs::new()?.home_dir().join(".aws").join("config"));
    let Some(file) = named.or_else(usual) else {
        return String::new();
    };
    let small = std::fs::metadata(&file).is_ok_and(|meta| meta.is_file() && meta.len() <= LARGEST_CONFIG);
    let text = small.then(|| std::fs::read_to_string(&file).ok()).flatten();
    text.unwrap_or_default()
}

/// The Regions: those of this machine's configuration first, then all in which Identity Center is known to exist.
fn regions(config: &str) -> Vec<String> {
    let named = config.lines().filter_map(|line| {
        let (key, value) = line.split_once('=')?;
        matches!(key.trim(), "region" | "sso_region").then(|| value.trim())
    });
    let all = PARTITIONS
        .iter()
        .flat_map(|partition| partition.regions.iter().copied());
    let mut regions: Vec<String> = Vec::new();
    for region in named.chain(all) {
        if !region.is_empty() && !regions.iter().any(|known| known == region) {
            regions.push(region.to_owned());
        }
    }
    regions
}

fn profile_names(config: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for line in config.lines() {
        let section = line.trim().strip_prefix('[').and_then(|line| line.split_once(']'));
        let name = match section.map(|(section, _)| section.trim()) {
            Some("default") => "default",
            Some(section) => match section.strip_prefix("profile") {
                Some(name) if name.starts_with([' ', '\t']) => name.trim().trim_matches('"'),
                _ => continue,
            },
            None => continue,
        };
        if !name.is_empty() && !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

fn label(field: &Field) -> String {
    let words = field
        .path
        .trim_end_matches("[]")
        .replace("[]", "")
        .replace(['.', '_'], " ")
        .replace("aws ", "AWS ");
    let mut letters = words.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

/// The questions: every field that `init` has a flag for, the required ones first.
pub(super) fn draft() -> Draft {
    let config = aws_config();
    let mut fields: Vec<&Field> = init::flags().map(|(field, _)| field).collect();
    fields.sort_by_key(|field| !matches!(field.absent, Absent::Required));
    let mut questions: Vec<Question> = fields
        .into_iter()
        .map(|field| Question {
            key: field.path.into(),
            label: label(field),
            hint: format!("{} For example {}.", field.help, field.example),
            choices: match field.value {
                Value::Choice(words) => words.iter().map(|word| (*word).to_owned()).collect(),
                Value::Bool => vec!["true".into(), "false".into()],
                _ if field.path == AWS_PROFILE => profile_names(&config),
                _ if field.path == REGION => regions(&config),
                _ => Vec::new(),
            },
            value: match field.absent {
                Absent::Default(value) if !matches!(field.value, Value::List(_) | Value::Map(..)) => {
                    value.trim_matches('"').to_owned()
                }
                _ => String::new(),
            },
            required: matches!(field.absent, Absent::Required),
            look_up: match field.path {
                TENANT => LookUp::Once,
                _ => LookUp::Nowhere,
            },
        })
        .collect();
    questions.push(Question {
        key: EXTRA.into(),
        label: "People and roles".into(),
        hint: "`tutorial` writes the people, permission sets and assignments of AWS's tutorial, to be edited; `person` gives \
               the person below all rights in the account below; `none` leaves them to you."
            .into(),
        choices: vec![TUTORIAL.into(), ONE.into(), BARE.into()],
        value: TUTORIAL.into(),
        required: true,
        look_up: LookUp::Nowhere,
    });
    questions.push(Question {
        key: PERSON.into(),
        label: "Person".into(),
        hint: "Only with `person` above: the sign-in name of somebody in the tenant. For example \
               NikkiWolf@contoso.onmicrosoft.com."
            .into(),
        look_up: LookUp::AsTyped,
        ..Question::default()
    });
    questions.push(Question {
        key: ACCOUNT.into(),
        label: "Account".into(),
        hint: "Only with `person` above: the account's id or name, or `management`.".into(),
        value: MANAGEMENT.into(),
        look_up: LookUp::Once,
        ..Question::default()
    });
    Draft { fields: questions }
}

/// The profile that these answers make, or what is wrong with which.
pub(super) fn preview(draft: &Draft) -> Result<String, Vec<Wrong>> {
    let value = |key: &str| {
        draft
            .fields
            .iter()
            .find(|question| question.key == key)
            .map_or("", |question| question.value.trim())
    };
    let mut wrong = Vec::new();
    for (field, _) in init::flags() {
        let text = value(field.path);
        if text.is_empty() {
            if matches!(field.absent, Absent::Required) {
                wrong.push(Wrong {
                    key: field.path.into(),
                    why: format!("{} is missing. {}", label(field), field.help),
                });
            }
            continue;
        }
        let said = match field.value {
            Value::Text(check) => check(text).err().map(|wrong| format!("{}. {}", wrong.what, wrong.help)),
            Value::Choice(words) if !words.contains(&text) => Some(format!("one of {}", words.join(", "))),
            _ => None,
        };
        wrong.extend(said.map(|why| Wrong {
            key: field.path.into(),
            why,
        }));
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let (tenant, person) = (value(TENANT), value(PERSON));
    if value(EXTRA) == ONE && person.is_empty() {
        return Err(vec![Wrong {
            key: PERSON.into(),
            why: "Who takes part is missing. Type the sign-in name, or press F5 to search in the tenant.".into(),
        }]);
    }
    if value(EXTRA) == TUTORIAL && !tenant.contains('.') {
        return Err(vec![Wrong {
            key: EXTRA.into(),
            why: "The tutorial's sign-in names need a domain, and the tenant is given by its id: name the tenant by its domain, or \
                  choose `none`. F5 at the tenant looks its domains up."
                .into(),
        }]);
    }
    let mut table = match (value(EXTRA), value(ACCOUNT)) {
        (ONE, "") => for_one(tenant, person, MANAGEMENT),
        (ONE, account) => for_one(tenant, person, account),
        (TUTORIAL, _) => tutorial(tenant, tenant),
        _ => minimal(tenant),
    };
    put_answers(&mut table, draft, |_| true);
    let text = write::render(&table);
    Profile::parse(&text, "the new profile", Path::new("")).map_err(|error| {
        vec![Wrong {
            key: String::new(),
            why: error.to_string(),
        }]
    })?;
    Ok(text)
}

/// Puts the answers to the questions of these fields into a profile, unless they are what it would be anyway.
fn put_answers(table: &mut Table, draft: &Draft, of: impl Fn(&Field) -> bool) {
    for (field, _) in init::flags().filter(|(field, _)| of(field)) {
        let question = draft.fields.iter().find(|question| question.key == field.path);
        let text = question.map_or("", |question| question.value.trim());
        let is_default = matches!(field.absent, Absent::Default(default) if default.trim_matches('"') == text);
        if !text.is_empty() && !is_default {
            init::put(table, field.path, text);
        }
    }
}

/// As much of the profile as it takes to sign in on both sides, to look things up.
pub(super) fn way_in(draft: &Draft) -> Result<Profile, Fault> {
    let question = draft.fields.iter().find(|question| question.key == TENANT);
    let tenant = question.map_or("", |question| question.value.trim());
    let not_yet = |why: String| {
        Fault::new(Kind::Usage, "the answers so far do not lead to a tenant")
            .why(why)
            .hint("Type the tenant first: one of its domains, or its id.")
    };
    let wrong = match fields::find(TENANT).map(|field| field.value) {
        Some(Value::Text(check)) => check(tenant).err(),
        _ => None,
    };
    if let Some(wrong) = wrong {
        return Err(not_yet(wrong.what));
    }
    let mut table = minimal(tenant);
    put_answers(&mut table, draft, |field| {
        field.path.starts_with("entra.") || field.path.starts_with("aws[].")
    });
    Profile::parse(&write::render(&table), "the answers so far", Path::new(""))
        .map_err(|error| not_yet(error.to_string()))
}

/// Writes the profile into the configuration folder and gives the federation's name.
pub(super) fn save(draft: &Draft) -> Result<String, Fault> {
    let text = preview(draft).map_err(|wrong| {
        let why: Vec<String> = wrong.into_iter().map(|wrong| wrong.why).collect();
        Fault::new(Kind::Usage, "the profile is not valid yet").why(why.join("; "))
    })?;
    let profile = Profile::parse(&text, "the new profile", Path::new(""))
        .map_err(|error| Fault::new(Kind::Usage, error.to_string()))?;
    init::save(&place::config_file(&profile.federation)?, &text, false)?;
    Ok(profile.federation)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(draft: &mut Draft, key: &str, value: &str) {
        let question = draft.fields.iter_mut().find(|question| question.key == key);
        question.expect("a question").value = value.into();
    }

    fn answered(tenant: &str) -> Draft {
        let mut draft = draft();
        answer(&mut draft, TENANT, tenant);
        draft
    }

    #[test]
    fn one_person_is_enough_for_a_profile() {
        let mut draft = answered("contoso.com");
        answer(&mut draft, EXTRA, ONE);
        assert_eq!(preview(&draft).unwrap_err()[0].key, PERSON);
        answer(&mut draft, PERSON, "nikki@contoso.com");
        let text = preview(&draft).expect("a valid profile");
        assert!(
            text.contains("user:nikki@contoso.com") && text.contains(MANAGEMENT),
            "{text}"
        );
    }

    #[test]
    fn the_way_in_needs_the_tenant_and_nothing_else() {
        assert!(way_in(&draft()).is_err());
        let mut draft = answered("contoso.com");
        // What is asked besides may still be wrong.
        answer(&mut draft, EXTRA, ONE);
        answer(&mut draft, REGION, "eu-west-1");
        let profile = way_in(&draft).expect("a way in");
        assert_eq!(profile.entra.tenant.to_string(), "contoso.com");
        assert_eq!(profile.aws[0].region.as_deref(), Some("eu-west-1"));
    }

    #[test]
    fn regions_of_this_machine_come_first_and_none_twice() {
        let regions =
            regions("[profile a]\nregion = eu-north-1\nsso_region=eu-west-1\n[profile b]\nregion = eu-north-1\n");
        assert_eq!(regions[..2], ["eu-north-1", "eu-west-1"]);
        assert_eq!(regions.iter().filter(|region| *region == "eu-west-1").count(), 1);
        assert!(regions.iter().any(|region| region == "us-gov-west-1"));
    }

    #[test]
    fn the_first_answers_make_a_profile_once_the_tenant_is_known() {
        assert!(preview(&draft()).is_err());
        let text = preview(&answered("contoso.onmicrosoft.com")).expect("a valid profile");
        assert!(text.contains("contoso.onmicrosoft.com"), "{text}");
    }

    #[test]
    fn of_the_aws_configuration_only_the_names_of_profiles_are_taken() {
        let config = "[default]\nregion = us-east-1\n[profile admin]\naws_secret_access_key = x\n[sso-session corp]\n\
                      [profile \"two words\"]\n[profile admin]\n[profiled]\n";
        assert_eq!(profile_names(config), ["default", "admin", "two words"]);
    }

    #[test]
    fn what_is_wrong_names_its_field() {
        let wrong = preview(&answered("not a tenant")).unwrap_err();
        assert_eq!(wrong[0].key, "entra.tenant");
    }
}
