//! Filters: `attribute eq "value"`, joined by `and`. Nothing else.

/// One clause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Clause {
    pub(super) attribute: String,
    pub(super) value: String,
}

/// The clauses of a filter; nothing if it is not one.
pub(super) fn parse(text: &str) -> Option<Vec<Clause>> {
    let mut rest = text.trim();
    let mut clauses = Vec::new();
    loop {
        let (attribute, after) = rest.split_once(' ')?;
        let (operator, after) = after.trim_start().split_once(' ')?;
        if !operator.eq_ignore_ascii_case("eq") {
            return None;
        }
        let (value, after) = quoted(after.trim_start())?;
        clauses.push(Clause {
            attribute: attribute.to_owned(),
            value,
        });
        rest = after.trim_start();
        if rest.is_empty() {
            return Some(clauses);
        }
        let (and, after) = rest.split_once(' ')?;
        if !and.eq_ignore_ascii_case("and") {
            return None;
        }
        rest = after.trim_start();
    }
}

/// A JSON string at the beginning, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<String>();
    let value = values.next()?.ok()?;
    Some((value, &text[values.byte_offset()..]))
}

/// A path with a filter in it: `emails[type eq "work"].value` gives `emails`, the clause, `value`.
pub(super) fn path(text: &str) -> Option<(&str, Option<Clause>, Option<&str>)> {
    // The dots in a schema's urn are part of its name.
    let Some((attribute, rest)) = text.split_once('[') else {
        return Some((text, None, None));
    };
    let (inside, after) = rest.rsplit_once(']')?;
    let mut clauses = parse(inside)?;
    let part = if after.is_empty() {
        None
    } else {
        Some(after.strip_prefix('.')?)
    };
    (clauses.len() == 1).then(|| (attribute, clauses.pop(), part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eq_and_and_are_all_there_is() {
        let clauses = parse(r#"id eq "g-1" and members eq "u \"1\"""#).unwrap();
        assert_eq!(
            clauses[1],
            Clause {
                attribute: "members".into(),
                value: "u \"1\"".into()
            }
        );
        for bad in [
            "",
            "userName",
            r#"userName sw "a""#,
            r#"userName eq "a" or userName eq "b""#,
            "userName eq a",
            r#"not (a eq "b")"#,
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn paths_may_hold_one_clause() {
        let (attribute, clause, part) = path(r#"emails[type eq "work"].value"#).unwrap();
        assert_eq!(
            (attribute, clause.unwrap().value.as_str(), part),
            ("emails", "work", Some("value"))
        );
        assert_eq!(path("name.givenName").unwrap(), ("name.givenName", None, None));
    }
}
