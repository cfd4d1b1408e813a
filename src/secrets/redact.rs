//! Redaction: what takes secrets out of text before anyone sees it.
//!
//! Secrets this process has seen are taken out exactly. What a vendor's text may hold besides is found by its name
//! (`client_secret=…`, `"SecretToken": "…"`) or by its looks (JSON Web Tokens, bearer headers, AWS key ids, long random
//! strings). It is a second line of defence: nothing is printed in the hope that this catches it.

use std::sync::{PoisonError, RwLock};

use secrecy::{ExposeSecret, SecretString};

/// What stands in a secret's place.
const REDACTED: &str = "[redacted]";

/// Values shorter than this are not taken out exactly: they would tear holes into ordinary words.
const SHORTEST: usize = 8;

/// Runs of letters and digits from this length on are taken for keys. The longest public id here, that of an app role
/// assignment, has 43 characters; a SCIM token has hundreds.
const LONG_RUN: usize = 56;

/// Names whose values are secret, in JSON, in forms, in XML, and in AWS configuration files. Lower case.
const NAMES: &[&str] = &[
    "access_token",
    "refresh_token",
    "id_token",
    "client_secret",
    "client_assertion",
    "device_code",
    "code_verifier",
    "assertion",
    "password",
    "secrettext",
    "secrettoken",
    "secretaccesskey",
    "aws_secret_access_key",
    "sessiontoken",
    "aws_session_token",
    "x-amz-security-token",
    "fedwiz_scim_token",
    "fedwiz_client_secret",
];

/// The secrets this process has seen.
static SEEN: RwLock<Vec<SecretString>> = RwLock::new(Vec::new());

/// Remembers a secret, so that [`redact`] takes it out of any text exactly, whatever it looks like.
pub fn remember(secret: &SecretString) {
    let value = secret.expose_secret();
    if value.len() < SHORTEST {
        return;
    }
    let mut seen = SEEN.write().unwrap_or_else(PoisonError::into_inner);
    if !seen.iter().any(|known| known.expose_secret() == value) {
        seen.push(secret.clone());
        // The longest first: a secret may hold another.
        seen.sort_by_key(|known| std::cmp::Reverse(known.expose_secret().len()));
    }
}

/// The text without secrets.
pub fn redact(text: &str) -> String {
    let mut text = text.to_owned();
    for secret in SEEN.read().unwrap_or_else(PoisonError::into_inner).iter() {
        let secret = secret.expose_secret();
        if text.contains(secret) {
            text = text.replace(secret, REDACTED);
        }
    }
    by_looks(&by_name(&text))
}

/// Takes out the values of [`NAMES`].
fn by_name(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let (start, end) = NAMES
            .iter()
            .filter_map(|name| {
                lower[at..]
                    .find(name)
                    .map(|found| (at + found, at + found + name.len()))
            })
            .min_by_key(|(start, end)| (*start, std::cmp::Reverse(*end)))
            .unwrap_or((text.len(), text.len()));
        out.push_str(&text[at..end]);
        at = end;
        let inside_a_word = text[..start].chars().next_back().is_some_and(is_word);
        if inside_a_word {
            continue;
        }
        if let Some((value, stop)) = value_after(text, end) {
            out.push_str(&text[at..value]);
            out.push_str(REDACTED);
            at = stop;
        }
    }
    out
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

/// Where the value begins and ends that belongs to a name ending at `end`: `="…"`, `=…`, `": "…"`, `>…<`, and Graph's
/// `"key": "NAME", "value": "…"`.
fn value_after(text: &str, end: usize) -> Option<(usize, usize)> {
    let mut rest = Cursor { text, at: end };
    let quoted_name = rest.quote().is_some();
    rest.blanks();
    if quoted_name && rest.eat(",") {
        rest.blanks();
        rest.quote()?;
        if !rest.eat("value") {
            return None;
        }
        rest.quote()?;
        rest.blanks();
    }
    if rest.eat(">") {
        return Some((rest.at, rest.until(|c| c == '<'))).filter(|(from, to)| from < to);
    }
    let equals = rest.eat("=");
    if !equals && !rest.eat(":") {
        return None;
    }
    rest.blanks();
    match rest.quote() {
        Some(mark) => {
            let from = rest.at;
            let to = text[from..].find(mark).map_or(text.len(), |found| from + found);
            Some((from, to))
        }
        // `password: must be long` is a sentence, `password=abc` is not.
        None if equals => Some((rest.at, rest.until(|c| c.is_whitespace() || "&,;<>\"'}".contains(c)))),
        None => None,
    }
    .filter(|(from, to)| from < to)
}

struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl Cursor<'_> {
    fn eat(&mut self, what: &str) -> bool {
        let there = self.text[self.at..].starts_with(what);
        if there {
            self.at += what.len();
        }
        there
    }

    fn blanks(&mut self) {
        self.at = self.until(|c| !c.is_whitespace());
    }

    /// Eats a quotation mark, also one that is escaped because this JSON stands in another.
    fn quote(&mut self) -> Option<&'static str> {
        ["\\\"", "\"", "'"].into_iter().find(|mark| self.eat(mark))
    }

    fn until(&self, stop: impl Fn(char) -> bool) -> usize {
        self.text[self.at..]
            .find(stop)
            .map_or(self.text.len(), |found| self.at + found)
    }
}

/// Takes out what looks like a secret: word by word, where a word is a run of characters that tokens are made of.
fn by_looks(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut after_bearer = false;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c| !is_token(c)).unwrap_or(rest.len());
        if end == 0 {
            out.push(first);
            rest = &rest[first.len_utf8()..];
            after_bearer = after_bearer && first == ' ';
            continue;
        }
        let (word, tail) = rest.split_at(end);
        if (after_bearer && word.len() >= SHORTEST) || is_jwt(word) || is_aws_key_id(word) {
            out.push_str(REDACTED);
        } else {
            push_without_long_runs(&mut out, word);
        }
        after_bearer = word.eq_ignore_ascii_case("bearer");
        rest = tail;
    }
    out
}

fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_.~+/=".contains(c)
}

fn is_jwt(word: &str) -> bool {
    word.starts_with("eyJ") && word.len() > 20 && word.matches('.').count() >= 1
}

fn is_aws_key_id(word: &str) -> bool {
    word.len() == 20
        && (word.starts_with("AKIA") || word.starts_with("ASIA"))
        && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
}

/// Long runs between slashes and dots are keys when they mix cases and digits; hexadecimal thumbprints are not.
fn push_without_long_runs(out: &mut String, word: &str) {
    for piece in word.split_inclusive(['/', '.']) {
        let run = piece.trim_end_matches(['/', '.', '=']);
        let mixed = run.chars().any(|c| c.is_ascii_uppercase())
            && run.chars().any(|c| c.is_ascii_lowercase())
            && run.chars().any(|c| c.is_ascii_digit());
        if run.len() >= LONG_RUN && mixed {
            out.push_str(REDACTED);
            out.push_str(&piece[run.len()..]);
        } else {
            out.push_str(piece);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remembered_secret_is_taken_out_wherever_it_stands() {
        remember(&"oak-Tree-99".into());
        assert_eq!(redact("in xoak-Tree-99x"), "in x[redacted]x");
        remember(&"short".into());
        assert_eq!(redact("a short story"), "a short story");
    }

    #[test]
    fn secrets_are_known_by_name() {
        for (text, want) in [
            ("client_secret=a.b~c&scope=x", "client_secret=[redacted]&scope=x"),
            (
                r#"{"access_token": "abc", "expires_in": 3}"#,
                r#"{"access_token": "[redacted]", "expires_in": 3}"#,
            ),
            (
                r#"{"key":"SecretToken","value":"abc"}"#,
                r#"{"key":"SecretToken","value":"[redacted]"}"#,
            ),
            (
                r#"{"key": "SecretToken", "value": "a c"}"#,
                r#"{"key": "SecretToken", "value": "[redacted]"}"#,
            ),
            (r#"{\"password\":\"pass word\"}"#, r#"{\"password\":\"[redacted]\"}"#),
            (
                "<SessionToken>FwoG</SessionToken>",
                "<SessionToken>[redacted]</SessionToken>",
            ),
            (
                "aws_secret_access_key = wJalr/bPx",
                "aws_secret_access_key = [redacted]",
            ),
            ("password: must be long", "password: must be long"),
            ("no_password=fine", "no_password=fine"),
        ] {
            assert_eq!(redact(text), want);
        }
    }

    #[test]
    fn secrets_are_known_by_their_looks() {
        let long = "Zx9".repeat(30);
        for (text, want) in [
            (
                "Authorization: Bearer abcdefgh.ijk, then".into(),
                "Authorization: Bearer [redacted], then",
            ),
            (
                "got eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln!".into(),
                "got [redacted]!",
            ),
            ("key AKIAIOSFODNN7EXAMPLE".into(), "key [redacted]"),
            (format!("token {long}=="), "token [redacted]=="),
        ] as [(String, &str); 4]
        {
            assert_eq!(redact(&text), want);
        }
    }

    #[test]
    fn ids_and_addresses_stay() {
        for text in [
            "GET https://graph.microsoft.com/v1.0/servicePrincipals/8774f594-0000-4000-8000-abcdefabcdef/appRoleAssignedTo/0f1Xz-3kq0mYl2Zb6p8Q1r7sT9uVwXyZaBcDeFgHiJk",
            "arn:aws:sso:::permissionSet/ssoins-1234567890abcdef/ps-1234567890abcdef",
            "thumbprint 5A0E1C2B3D4F5A0E1C2B3D4F5A0E1C2B3D4F5A0E1C2B3D4F5A0E1C2B3D4F5A0E",
            "bearer of bad news",
            "ünïcode «password» stays",
        ] {
            assert_eq!(redact(text), text);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_survives_without_panic(text in ".*") {
            let _ = redact(&text);
        }

        #[test]
        fn a_bearer_token_never_stays(token in "[A-Za-z0-9._~+/-]{12,80}") {
            let shown = redact(&format!("Authorization: Bearer {token}\n"));
            proptest::prop_assert!(!shown.contains(&token), "{}", shown);
        }
    }
}
