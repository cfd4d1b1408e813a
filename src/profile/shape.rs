//! What single values must look like. Each check says what is wrong, and what would be right.

use url::Url;

use super::{endpoints::is_loopback, sources, words::nearest};

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// What is wrong, short enough to stand under a caret.
    pub what: String,
    /// What would be right.
    pub help: String,
}

/// A check of one value.
pub type Check = fn(&str) -> Result<(), Wrong>;

fn wrong<T>(what: impl Into<String>, help: impl Into<String>) -> Result<T, Wrong> {
    Err(Wrong {
        what: what.into(),
        help: help.into(),
    })
}

/// Anything.
pub fn any(_: &str) -> Result<(), Wrong> {
    Ok(())
}

/// One line, not empty, no control characters, no blanks at its ends.
pub fn line(text: &str) -> Result<(), Wrong> {
    sized(text, 1, 1024)
}

fn sized(text: &str, least: usize, most: usize) -> Result<(), Wrong> {
    let length = text.chars().count();
    if length < least {
        return wrong("empty", "Give it a value, or leave the key out.");
    }
    if length > most {
        return wrong(
            format!("{length} characters"),
            format!("At most {most} characters are allowed."),
        );
    }
    if let Some(c) = text.chars().find(|c| c.is_control()) {
        return wrong(
            format!("holds the control character U+{:04X}", c as u32),
            "Write it without line breaks and control characters.",
        );
    }
    if text.trim() != text {
        return wrong(
            "begins or ends with a blank",
            "Take the blanks away: names are compared to the letter.",
        );
    }
    Ok(())
}

fn of(text: &str, most: usize, allowed: impl Fn(char) -> bool, help: &str) -> Result<(), Wrong> {
    if text.is_empty() {
        return wrong("empty", help);
    }
    let length = text.chars().count();
    if length > most {
        return wrong(format!("{length} characters, {most} are allowed"), help);
    }
    match text.chars().find(|&c| !allowed(c)) {
        Some(c) => wrong(format!("`{}` is not allowed", c.escape_default()), help),
        None => Ok(()),
    }
}

/// A federation's name.
pub fn federation(text: &str) -> Result<(), Wrong> {
    lower_name(text, 40)
}

/// An AWS target's name.
pub fn target(text: &str) -> Result<(), Wrong> {
    lower_name(text, 32)
}

fn lower_name(text: &str, most: usize) -> Result<(), Wrong> {
    let help = format!("Lower-case letters, digits and `-`, at most {most}, beginning with a letter or digit.");
    of(
        text,
        most,
        |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-',
        &help,
    )?;
    if text.starts_with('-') {
        wrong("begins with `-`", help)
    } else {
        Ok(())
    }
}

/// A tenant's domain or id.
pub fn tenant(text: &str) -> Result<(), Wrong> {
    let help = "A tenant is written as a domain (`contoso.onmicrosoft.com`) or as its id.";
    if ["common", "organizations", "consumers"].contains(&text) {
        return wrong(
            "stands for any tenant",
            "fedwiz changes one tenant and must know which. Write its domain or id.",
        );
    }
    if guid(text).is_ok() || is_domain(text) {
        Ok(())
    } else {
        wrong("neither a domain nor an id", help)
    }
}

fn is_domain(text: &str) -> bool {
    text.len() <= 253
        && text.contains('.')
        && text.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        })
}

/// An id of Entra.
pub fn guid(text: &str) -> Result<(), Wrong> {
    let good = text.len() == 36 && uuid::Uuid::try_parse(text).is_ok();
    if good {
        Ok(())
    } else {
        wrong("not an id", "An id looks like 00001111-aaaa-2222-bbbb-3333cccc4444.")
    }
}

/// The name of an environment variable.
pub fn variable(text: &str) -> Result<(), Wrong> {
    let help = "Name the variable, such as `FEDWIZ_CLIENT_SECRET`. A secret itself never stands in a profile.";
    of(text, 128, |c| c.is_ascii_alphanumeric() || c == '_', help)?;
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        wrong("begins with a digit", help)
    } else {
        Ok(())
    }
}

/// A file's path.
pub fn path(text: &str) -> Result<(), Wrong> {
    sized(text, 1, 4096)
}

/// A display name.
pub fn shown_name(text: &str) -> Result<(), Wrong> {
    sized(text, 1, 256)
}

/// A first or last name, or a department: Entra holds 64 characters.
pub fn short_name(text: &str) -> Result<(), Wrong> {
    sized(text, 1, 64)
}

/// A Region of one of the four partitions.
pub fn region(text: &str) -> Result<(), Wrong> {
    let areas = [
        "us", "eu", "ap", "sa", "ca", "me", "af", "il", "mx", "us-gov", "cn", "eusc-de",
    ];
    let good = text.rsplit_once('-').is_some_and(|(front, number)| {
        let number_is_good = !number.is_empty() && number.len() <= 2 && number.chars().all(|c| c.is_ascii_digit());
        let front_is_good = front.rsplit_once('-').is_some_and(|(area, place)| {
            areas.contains(&area) && !place.is_empty() && place.chars().all(|c| c.is_ascii_lowercase())
        });
        number_is_good && front_is_good
    });
    if good {
        Ok(())
    } else {
        wrong(
            "not a Region",
            "A Region looks like `eu-west-1`, `us-gov-west-1` or `cn-north-1`.",
        )
    }
}

/// An e-mail address.
pub fn mail(text: &str) -> Result<(), Wrong> {
    sized(text, 1, 254)?;
    match text.split_once('@') {
        Some((local, domain)) if !local.is_empty() && !local.contains(char::is_whitespace) && is_domain(domain) => {
            Ok(())
        }
        _ => wrong("not an e-mail address", "Write it as `name@example.com`."),
    }
}

/// A user principal name.
pub fn upn(text: &str) -> Result<(), Wrong> {
    let help = "A sign-in name looks like `NikkiWolf@contoso.onmicrosoft.com`.";
    let Some((local, domain)) = text.rsplit_once('@') else {
        return wrong("lacks `@` and a domain", help);
    };
    if text.chars().count() > 113 {
        return wrong(
            "longer than 113 characters",
            "Entra allows 64 characters before the `@` and 48 after it.",
        );
    }
    of(
        local,
        64,
        |c| c.is_ascii_alphanumeric() || "'.-_!#^~".contains(c),
        "Before the `@`: letters, digits and `' . - _ ! # ^ ~`.",
    )?;
    if local.starts_with('.') || local.ends_with('.') {
        return wrong("begins or ends with a dot before the `@`", help);
    }
    if is_domain(domain) {
        Ok(())
    } else {
        wrong(format!("`{domain}` is not a domain"), help)
    }
}

/// An attribute that a scoping filter can look at.
pub fn filter_attribute(text: &str) -> Result<(), Wrong> {
    of(
        text,
        128,
        |c| c.is_ascii_alphanumeric() || "._".contains(c),
        "The provisioning service's name for it, such as `department`.",
    )?;
    let unsupported = ["userType", "manager", "appRoleAssignments"];
    if unsupported.iter().any(|name| name.eq_ignore_ascii_case(text)) {
        return wrong(
            "no filter can look at it",
            "The provisioning service does not support userType, manager and appRoleAssignments in filters.",
        );
    }
    Ok(())
}

/// A source that Entra takes as NameID.
pub fn name_id(text: &str) -> Result<(), Wrong> {
    let choices: Vec<String> = sources::SOURCES
        .iter()
        .filter(|source| source.name_id)
        .map(|source| format!("user.{}", source.id))
        .collect();
    match sources::find(text) {
        Some(source) if source.name_id => Ok(()),
        Some(_) => wrong(
            "Entra does not take it as NameID",
            "It takes user.userprincipalname, user.mail, user.employeeid, user.onpremisessamaccountname, user.telephonenumber and user.extensionattribute1 to 15.",
        ),
        None => wrong(
            "not a known source",
            nearest_or(
                text,
                choices.iter().map(String::as_str),
                "A source looks like `user.userprincipalname`.",
            ),
        ),
    }
}

/// A permission set's name: `[\w+=,.@-]{1,32}`.
pub fn set_name(text: &str) -> Result<(), Wrong> {
    of(
        text,
        32,
        is_policy_char,
        "At most 32 letters, digits and `+ = , . @ - _`; no blanks.",
    )
}

/// A policy's name: `[\w+=,.@-]{1,128}`.
pub fn policy_name(text: &str) -> Result<(), Wrong> {
    of(
        text,
        128,
        is_policy_char,
        "At most 128 letters, digits and `+ = , . @ - _`; the path stands in `path`.",
    )
}

fn is_policy_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_+=,.@-".contains(c)
}

/// A policy's path.
pub fn policy_path(text: &str) -> Result<(), Wrong> {
    let help = "A path begins and ends with `/`: `/` or `/team/`.";
    of(text, 512, |c| is_policy_char(c) || c == '/', help)?;
    let good = text.starts_with('/') && text.ends_with('/') && !text.contains("//");
    if good { Ok(()) } else { wrong("not a path", help) }
}

/// An AWS managed policy by name or ARN.
pub fn managed_policy(text: &str) -> Result<(), Wrong> {
    let help = "Write an AWS managed policy by name (`AdministratorAccess`, `job-function/Billing`) or by ARN (`arn:aws:iam::aws:policy/AdministratorAccess`).";
    let Some(arn) = text.strip_prefix("arn:") else {
        return of(text, 512, |c| is_policy_char(c) || c == '/', help);
    };
    let parts: Vec<&str> = arn.splitn(5, ':').collect();
    match parts.as_slice() {
        [_, "iam", "", account, rest] if rest.starts_with("policy/") && *account != "aws" => wrong(
            "a policy of your own, not of AWS",
            "Name it in a `[[permission_set.customer_managed]]` section.",
        ),
        [partition, "iam", "", "aws", rest]
            if partition.starts_with("aws") && rest.len() > "policy/".len() && rest.starts_with("policy/") =>
        {
            Ok(())
        }
        _ => wrong("not the ARN of an AWS managed policy", help),
    }
}

/// A description: 1 to 700 characters of Latin-1.
pub fn description(text: &str) -> Result<(), Wrong> {
    let length = text.chars().count();
    if !(1..=700).contains(&length) {
        return wrong(format!("{length} characters"), "AWS takes 1 to 700 characters.");
    }
    match text.chars().find(|&c| !is_latin(c)) {
        Some(c) => wrong(
            format!("`{c}` (U+{:04X}) is not Latin-1", c as u32),
            "AWS takes Latin-1 only: write it without typographic quotes, dashes and other scripts.",
        ),
        None => Ok(()),
    }
}

fn is_latin(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{7e}' | '\u{a1}'..='\u{ff}')
}

/// A session duration between one hour and twelve.
pub fn duration(text: &str) -> Result<(), Wrong> {
    let help = "Between one hour and twelve: `PT1H`, `PT90M`, `PT4H`, `PT12H`.";
    match seconds(text) {
        None => wrong("not an ISO 8601 duration", help),
        Some(seconds) if (3600..=12 * 3600).contains(&seconds) => Ok(()),
        Some(_) => wrong("out of range", help),
    }
}

/// The seconds of `PT…H…M…S`; days and longer never fit into twelve hours.
fn seconds(text: &str) -> Option<u64> {
    let mut rest = text.strip_prefix("PT")?;
    let mut total = 0_u64;
    for (unit, factor) in [('H', 3600), ('M', 60), ('S', 1)] {
        if let Some((number, tail)) = rest.split_once(unit) {
            total = total.checked_add(number.parse::<u32>().ok().map(u64::from)?.checked_mul(factor)?)?;
            rest = tail;
        }
    }
    (rest.is_empty() && text.len() > 2).then_some(total)
}

/// A relay state.
pub fn relay_state(text: &str) -> Result<(), Wrong> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "&$@#\\/%?=~-_'\"|!:,.;*+[] (){}".contains(c);
    of(
        text,
        240,
        allowed,
        "The address of a console page, at most 240 characters.",
    )
}

fn is_tag(c: char) -> bool {
    c.is_alphanumeric() || c.is_whitespace() && !c.is_control() || "_.:/=+-@".contains(c)
}

/// A tag's key.
pub fn tag_key(text: &str) -> Result<(), Wrong> {
    of(
        text,
        128,
        is_tag,
        "At most 128 letters, digits, blanks and `_ . : / = + - @`.",
    )?;
    for reserved in ["aws:", "fedwiz:"] {
        if text.to_ascii_lowercase().starts_with(reserved) {
            return wrong(format!("`{reserved}` is reserved"), "Choose another key.");
        }
    }
    Ok(())
}

/// A tag's value.
pub fn tag_value(text: &str) -> Result<(), Wrong> {
    if text.is_empty() {
        return Ok(());
    }
    of(
        text,
        256,
        is_tag,
        "At most 256 letters, digits, blanks and `_ . : / = + - @`.",
    )
}

/// A principal's form; whether it exists is checked later.
pub fn principal(text: &str) -> Result<(), Wrong> {
    match super::Principal::try_from(text.to_owned()) {
        Ok(_) => Ok(()),
        Err(_) => wrong(
            "neither a user nor a group",
            "Write `user:NikkiWolf@contoso.onmicrosoft.com` or `group:AWS Administrators`.",
        ),
    }
}

/// An account: id, name, `management`, `all`, or an organizational unit.
pub fn account(text: &str) -> Result<(), Wrong> {
    sized(text, 1, 450)?;
    let text = match text.strip_prefix('!') {
        Some("") => {
            return wrong(
                "nothing to leave out",
                "Write what is left out after the `!`: `!Sandbox`.",
            );
        }
        Some(rest) => rest,
        None => text,
    };
    if let Some(tag) = text.strip_prefix("tag:") {
        return match tag.split_once('=') {
            Some((key, _)) if !key.is_empty() => Ok(()),
            _ => wrong("not a tag", "Write key and value: `tag:stage=test`."),
        };
    }
    let digits = text.chars().all(|c| c.is_ascii_digit() || c == '-') && text.contains(|c: char| c.is_ascii_digit());
    if digits && !(text.len() == 12 && text.chars().all(|c| c.is_ascii_digit())) {
        return wrong(
            "not an account id",
            "An account id has twelve digits, without dashes; quote it as a text.",
        );
    }
    for word in ["management", "all"] {
        if text != word && text.eq_ignore_ascii_case(word) {
            return wrong("upper case", format!("Write `{word}` in lower case."));
        }
    }
    Ok(())
}

/// A session tag's key.
pub fn abac_key(text: &str) -> Result<(), Wrong> {
    of(
        text,
        128,
        is_tag,
        "At most 128 letters, digits, blanks and `_ . : / = + - @`.",
    )?;
    if text.starts_with("AccessControl:") {
        return wrong(
            "the prefix is added by itself",
            "Write the bare key, such as `Department`.",
        );
    }
    Ok(())
}

/// A base address.
pub fn endpoint(text: &str) -> Result<(), Wrong> {
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(error) => {
            return wrong(
                "not an address",
                format!("An address looks like `http://127.0.0.1:4002` ({error})."),
            );
        }
    };
    if !matches!(url.scheme(), "http" | "https") {
        return wrong(
            format!("`{}` addresses are not supported", url.scheme()),
            "Use http or https.",
        );
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        return wrong(
            "would send tokens in the clear",
            "Use https for hosts other than this machine.",
        );
    }
    if !url.username().is_empty() || url.password().is_some() {
        return wrong("holds a user name or password", "Secrets never stand in a profile.");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return wrong(
            "holds more than a base address",
            "Leave out what begins with `?` or `#`.",
        );
    }
    Ok(())
}

/// A hint that names the nearest choice, or else the given hint.
pub fn nearest_or<'a>(text: &str, choices: impl IntoIterator<Item = &'a str>, otherwise: &str) -> String {
    nearest(text, choices).map_or_else(|| otherwise.to_owned(), |near| format!("Did you mean `{near}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_and_bad_values_are_told_apart() {
        let cases: &[(Check, &[&str], &[&str])] = &[
            (
                tenant,
                &["contoso.com", "00001111-aaaa-2222-bbbb-3333cccc4444"],
                &["contoso", "common", "a..b", "-a.com"],
            ),
            (
                region,
                &[
                    "eu-west-1",
                    "us-gov-west-1",
                    "cn-north-1",
                    "ap-southeast-12",
                    "eusc-de-east-1",
                ],
                &["eu-west", "west-1", "EU-WEST-1", "us-gov--1"],
            ),
            (
                upn,
                &["a@b.co", "x_y#EXT#@t.onmicrosoft.com"],
                &["a", "a b@c.de", ".a@b.co", "a@b", "a@"],
            ),
            (mail, &["a@b.co"], &["a@b", "@b.co", "a b@c.de"]),
            (
                duration,
                &["PT1H", "PT90M", "PT12H", "PT3600S", "PT1H30M"],
                &["1h", "PT13H", "PT59M", "PT", "P1D", "PT1M1H", "PTH"],
            ),
            (
                set_name,
                &["RegionalAdmin", "a+b=c,d.e@f-g_h"],
                &["", "with blank", "x234567890123456789012345678901234"],
            ),
            (policy_path, &["/", "/team/", "/a/b/"], &["", "team/", "/team", "//"]),
            (
                managed_policy,
                &[
                    "AdministratorAccess",
                    "job-function/Billing",
                    "arn:aws-us-gov:iam::aws:policy/AdministratorAccess",
                ],
                &["arn:aws:iam::123456789012:policy/Mine", "arn:aws:s3:::x", "a b"],
            ),
            (description, &["Für alle ¡sí!"], &["", "naïve – dash", "日本"]),
            (
                account,
                &[
                    "123456789012",
                    "management",
                    "all",
                    "Root/Workloads",
                    "My Account",
                    "ou-ab12-cdef3456",
                ],
                &["12345", "1234-5678-9012", "Management", "ALL", ""],
            ),
            (
                endpoint,
                &["http://127.0.0.1:1", "https://proxy.example.com/base"],
                &[
                    "ftp://x",
                    "127.0.0.1:1",
                    "http://example.com",
                    "https://a:b@c",
                    "https://x?y",
                ],
            ),
            (tag_key, &["team"], &["aws:x", "fedwiz:run", ""]),
            (
                name_id,
                &["user.userprincipalname", "user.Mail", "user.extensionattribute15"],
                &["user.department", "mail", "user.extensionattribute16"],
            ),
            (variable, &["A_B1"], &["1A", "secret value", ""]),
            (federation, &["contoso-1"], &["Contoso", "-x", ""]),
        ];
        for (check, good, bad) in cases {
            for text in *good {
                assert_eq!(check(text), Ok(()), "{text}");
            }
            for text in *bad {
                assert!(check(text).is_err(), "{text}");
            }
        }
    }
}
