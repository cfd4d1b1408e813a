//! `$filter`: the documented subset (`eq`, `gt`, `ge`, `lt`, `le`, `in`, `startsWith`, `contains`, `any`, `and`, `or`),
//! and what the vendor calls advanced (`ne`, `not`, `endsWith`).

use serde_json::Value;

/// A parsed condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// Both sides hold.
    And(Box<Filter>, Box<Filter>),
    /// One side holds.
    Or(Box<Filter>, Box<Filter>),
    /// It does not hold.
    Not(Box<Filter>),
    /// Property, operator, literal.
    Compare(String, Op, Value),
    /// The property is one of these.
    In(String, Vec<Value>),
    /// Any item of the list property satisfies the inner condition on `item`.
    Any(String, Box<Filter>),
}

/// What is compared how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// Equal.
    Eq,
    /// Not equal (advanced).
    Ne,
    /// Greater.
    Gt,
    /// Greater or equal.
    Ge,
    /// Less.
    Lt,
    /// Less or equal.
    Le,
    /// Begins with.
    StartsWith,
    /// Ends with (advanced).
    EndsWith,
    /// Has the text in it.
    Contains,
}

impl Filter {
    /// Reads a condition.
    ///
    /// # Errors
    /// A sentence saying where it is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parser = Parser {
            words: words(text)?,
            at: 0,
        };
        let filter = parser.or()?;
        match parser.peek() {
            None => Ok(filter),
            Some(word) => Err(format!("Syntax error: unexpected {word:?} in '{text}'.")),
        }
    }

    /// Whether an object satisfies it. Text is compared ignoring case unless `exact`.
    pub fn holds(&self, object: &Value, exact: bool) -> bool {
        match self {
            Self::And(a, b) => a.holds(object, exact) && b.holds(object, exact),
            Self::Or(a, b) => a.holds(object, exact) || b.holds(object, exact),
            Self::Not(a) => !a.holds(object, exact),
            Self::Compare(path, op, literal) => compare(lookup(object, path), *op, literal, exact),
            Self::In(path, list) => list.iter().any(|v| compare(lookup(object, path), Op::Eq, v, exact)),
            Self::Any(path, inner) => {
                let items = lookup(object, path).as_array();
                items.is_some_and(|items| items.iter().any(|i| inner.holds(&serde_json::json!({"": i}), exact)))
            }
        }
    }

    /// The properties it names, each with whether the operator is an advanced one.
    pub fn uses(&self) -> Vec<(&str, Option<Op>, bool)> {
        match self {
            Self::And(a, b) | Self::Or(a, b) => [a.uses(), b.uses()].concat(),
            Self::Not(a) => a.uses().into_iter().map(|(p, op, _)| (p, op, true)).collect(),
            Self::Compare(path, op, _) => vec![(path, Some(*op), matches!(op, Op::Ne | Op::EndsWith))],
            Self::In(path, _) | Self::Any(path, _) => vec![(path, None, false)],
        }
    }
}

fn lookup<'a>(object: &'a Value, path: &str) -> &'a Value {
    if path.is_empty() {
        return &object[""];
    }
    path.split('/').fold(object, |value, key| &value[key])
}

fn compare(found: &Value, op: Op, literal: &Value, exact: bool) -> bool {
    let fold = |s: &str| if exact { s.to_owned() } else { s.to_lowercase() };
    if let (Value::String(a), Value::String(b)) = (found, literal) {
        let ordering = match (a.parse::<jiff::Timestamp>(), b.parse::<jiff::Timestamp>()) {
            (Ok(a), Ok(b)) => a.cmp(&b),
            _ => fold(a).cmp(&fold(b)),
        };
        return match op {
            Op::Eq => ordering.is_eq(),
            Op::Ne => ordering.is_ne(),
            Op::Gt => ordering.is_gt(),
            Op::Ge => ordering.is_ge(),
            Op::Lt => ordering.is_lt(),
            Op::Le => ordering.is_le(),
            Op::StartsWith => fold(a).starts_with(&fold(b)),
            Op::EndsWith => fold(a).ends_with(&fold(b)),
            Op::Contains => fold(a).contains(&fold(b)),
        };
    }
    match op {
        Op::Eq => found == literal,
        Op::Ne => found != literal,
        _ => false,
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Word {
    Name(String),
    Text(String),
    Sign(char),
}

fn words(text: &str) -> Result<Vec<Word>, String> {
    let mut out = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(&c) = chars.peek() {
        match c {
            ' ' | '\t' => {
                chars.next();
            }
            '(' | ')' | ',' => {
                chars.next();
                out.push(Word::Sign(c));
            }
            '\'' => {
                chars.next();
                let mut value = String::new();
                loop {
                    match chars.next() {
                        Some('\'') if chars.peek() == Some(&'\'') => {
                            chars.next();
                            value.push('\'');
                        }
                        Some('\'') => break,
                        Some(c) => value.push(c),
                        None => return Err(format!("There is an unterminated string literal in '{text}'.")),
                    }
                }
                out.push(Word::Text(value));
            }
            _ => {
                let mut name = String::new();
                while let Some(&c) = chars.peek()
                    && !" \t(),'".contains(c)
                {
                    name.push(c);
                    chars.next();
                }
                out.push(Word::Name(name));
            }
        }
    }
    Ok(out)
}

struct Parser {
    words: Vec<Word>,
    at: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Word> {
        self.words.get(self.at)
    }

    fn next(&mut self) -> Option<Word> {
        self.at += 1;
        self.words.get(self.at - 1).cloned()
    }

    fn takes(&mut self, word: &str) -> bool {
        let hit = matches!(self.peek(), Some(Word::Name(name)) if name == word);
        self.at += usize::from(hit);
        hit
    }

    fn sign(&mut self, sign: char) -> Result<(), String> {
        match self.next() {
            Some(Word::Sign(c)) if c == sign => Ok(()),
            other => Err(format!("Syntax error: '{sign}' expected, found {other:?}.")),
        }
    }

    fn or(&mut self) -> Result<Filter, String> {
        let mut left = self.and()?;
        while self.takes("or") {
            left = Filter::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Filter, String> {
        let mut left = self.term()?;
        while self.takes("and") {
            left = Filter::And(Box::new(left), Box::new(self.term()?));
        }
        Ok(left)
    }

    fn term(&mut self) -> Result<Filter, String> {
        if self.takes("not") {
            return Ok(Filter::Not(Box::new(self.term()?)));
        }
        match self.next() {
            Some(Word::Sign('(')) => {
                let inner = self.or()?;
                self.sign(')')?;
                Ok(inner)
            }
            Some(Word::Name(name)) => self.after_name(name),
            other => Err(format!("Syntax error: a condition expected, found {other:?}.")),
        }
    }

    fn after_name(&mut self, name: String) -> Result<Filter, String> {
        let function = match name.to_lowercase().as_str() {
            "startswith" => Some(Op::StartsWith),
            "endswith" => Some(Op::EndsWith),
            "contains" => Some(Op::Contains),
            _ => None,
        };
        if let (Some(op), Some(Word::Sign('('))) = (function, self.peek()) {
            self.sign('(')?;
            let Some(Word::Name(path)) = self.next() else {
                return Err("Syntax error: a property expected.".into());
            };
            self.sign(',')?;
            let literal = self.literal()?;
            self.sign(')')?;
            if self.takes("eq") && !self.takes("true") {
                return Err("Only `eq true` may follow a function.".into());
            }
            return Ok(Filter::Compare(path, op, literal));
        }
        if let Some(list) = name.strip_suffix("/any") {
            self.sign('(')?;
            let Some(Word::Name(variable)) = self.next() else {
                return Err("Syntax error in any().".into());
            };
            // `x:x eq '…'` is read as the words `x:x`, `eq`, `'…'`.
            let Some((var, path)) = variable.split_once(':') else {
                return Err("Syntax error in any().".into());
            };
            let path = path
                .strip_prefix(var)
                .unwrap_or(path)
                .trim_start_matches('/')
                .to_owned();
            let inner = self.after_name(path)?;
            self.sign(')')?;
            return Ok(Filter::Any(list.to_owned(), Box::new(inner)));
        }
        let op = match self.next() {
            Some(Word::Name(op)) => op,
            other => {
                return Err(format!(
                    "Syntax error: an operator expected after '{name}', found {other:?}."
                ));
            }
        };
        let op = match op.as_str() {
            "eq" => Op::Eq,
            "ne" => Op::Ne,
            "gt" => Op::Gt,
            "ge" => Op::Ge,
            "lt" => Op::Lt,
            "le" => Op::Le,
            "in" => {
                self.sign('(')?;
                let mut list = vec![self.literal()?];
                while self.peek() == Some(&Word::Sign(',')) {
                    self.sign(',')?;
                    list.push(self.literal()?);
                }
                self.sign(')')?;
                return Ok(Filter::In(name, list));
            }
            other => return Err(format!("Unrecognized operator '{other}'.")),
        };
        Ok(Filter::Compare(name, op, self.literal()?))
    }

    fn literal(&mut self) -> Result<Value, String> {
        Ok(match self.next() {
            Some(Word::Text(text)) => Value::String(text),
            Some(Word::Name(name)) => match name.as_str() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                "null" => Value::Null,
                number => match number.parse::<i64>() {
                    Ok(n) => n.into(),
                    // Dates and GUIDs stand without quotes.
                    Err(_) => Value::String(name),
                },
            },
            other => return Err(format!("Syntax error: a value expected, found {other:?}.")),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn holds(filter: &str, object: Value) -> bool {
        Filter::parse(filter).unwrap().holds(&object, false)
    }

    #[test]
    fn the_documented_subset_is_understood() {
        assert!(holds("displayName eq 'o''neill'", json!({"displayName": "O'Neill"})));
        assert!(holds(
            "startsWith(displayName,'AWS') and accountEnabled eq true",
            json!({"displayName": "AWS x", "accountEnabled": true})
        ));
        assert!(!holds(
            "contains(displayName,'AWS') and x eq null",
            json!({"displayName": "aw"})
        ));
        assert!(holds("id in ('a', 'b')", json!({"id": "b"})));
        assert!(holds(
            "identifierUris/any(x:x eq 'https://a')",
            json!({"identifierUris": ["https://a"]})
        ));
        assert!(holds(
            "servicePrincipal/id eq 'x'",
            json!({"servicePrincipal": {"id": "x"}})
        ));
        assert!(holds(
            "at gt 2026-01-05T09:00:00Z",
            json!({"at": "2026-01-05T09:00:00.5Z"})
        ));
        assert!(holds("not (id eq 'a') or id eq 'a'", json!({"id": "a"})));
        assert!(Filter::parse("displayName like 'x'").is_err());
        assert!(Filter::parse("displayName eq 'x").is_err());
        assert!(Filter::parse("").is_err());
    }

    #[test]
    fn advanced_operators_are_known() {
        let uses = |f: &str| Filter::parse(f).unwrap().uses().iter().any(|u| u.2);
        assert!(uses("a ne 'b'") && uses("not (a eq 'b')") && uses("endsWith(a,'b')"));
        assert!(!uses("a eq 'b' and startsWith(a,'b')"));
    }

    #[test]
    fn logs_are_compared_by_case() {
        let filter = Filter::parse("status eq 'Success'").unwrap();
        assert!(!filter.holds(&json!({"status": "success"}), true));
    }
}
