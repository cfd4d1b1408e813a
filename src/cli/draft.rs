//! The answers of the form as a profile: the same table, checks and writing as `fedwiz init`.

use std::path::Path;

use super::{init, place};
use crate::{
    fault::{Fault, Kind},
    profile::{
        Profile,
        fields::{Absent, Field, Value},
        tutorial::{minimal, tutorial},
        write,
    },
    tui::host::{Draft, Question, Wrong},
};

/// What the form asks besides the fields of the profile.
const EXTRA: &str = "people";
const TUTORIAL: &str = "tutorial";
const BARE: &str = "none";

/// The field that names a profile of the AWS configuration.
const AWS_PROFILE: &str = "aws[].profile";
/// The largest AWS configuration that is read for its names.
const LARGEST_CONFIG: u64 = 1024 * 1024;

/// The names of the profiles in this machine's AWS configuration; nothing else of it is looked at.
fn aws_profiles() -> Vec<String> {
    let named = std::env::var_os("AWS_CONFIG_FILE").map(std::path::PathBuf::from);
    let usual = || Some(directories::BaseDirs::new()?.home_dir().join(".aws").join("config"));
    let Some(file) = named.or_else(usual) else {
        return Vec::new();
    };
    let small = std::fs::metadata(&file).is_ok_and(|meta| meta.is_file() && meta.len() <= LARGEST_CONFIG);
    let text = small.then(|| std::fs::read_to_string(&file).ok()).flatten();
    profile_names(&text.unwrap_or_default())
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
        .replace(['.', '_'], " ");
    let mut letters = words.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

/// The questions: every field that `init` has a flag for, the required ones first.
pub(super) fn draft() -> Draft {
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
                _ if field.path == AWS_PROFILE => aws_profiles(),
                _ => Vec::new(),
            },
            value: match field.absent {
                Absent::Default(value) if !matches!(field.value, Value::List(_) | Value::Map(..)) => {
                    value.trim_matches('"').to_owned()
                }
                _ => String::new(),
            },
            required: matches!(field.absent, Absent::Required),
        })
        .collect();
    questions.push(Question {
        key: EXTRA.into(),
        label: "People and roles".into(),
        hint: "`tutorial` writes the people, permission sets and assignments of AWS's tutorial, to be edited; `none` leaves \
               them to you."
            .into(),
        choices: vec![TUTORIAL.into(), BARE.into()],
        value: TUTORIAL.into(),
        required: true,
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
    let tenant = value("entra.tenant");
    let bare = value(EXTRA) == BARE;
    if !bare && !tenant.contains('.') {
        return Err(vec![Wrong {
            key: EXTRA.into(),
            why: "The tutorial's sign-in names need a domain, and the tenant is given by its id: name the tenant by its domain, or \
                  choose `none`."
                .into(),
        }]);
    }
    let mut table = if bare {
        minimal(tenant)
    } else {
        tutorial(tenant, tenant)
    };
    for (field, _) in init::flags() {
        let text = value(field.path);
        let is_default = matches!(field.absent, Absent::Default(default) if default.trim_matches('"') == text);
        if !text.is_empty() && !is_default {
            init::put(&mut table, field.path, text);
        }
    }
    let text = write::render(&table);
    Profile::parse(&text, "the new profile", Path::new("")).map_err(|error| {
        vec![Wrong {
            key: String::new(),
            why: error.to_string(),
        }]
    })?;
    Ok(text)
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

    fn answered(tenant: &str) -> Draft {
        let mut draft = draft();
        for question in &mut draft.fields {
            if question.key == "entra.tenant" {
                question.value = tenant.into();
            }
        }
        draft
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
