//! The expression language of attribute mappings: `[attribute]`, `"constant"`, `Function(a, , b)`.

use serde_json::{Value, json};

/// A parsed expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// An attribute of the source object.
    Attribute(String),
    /// A constant text.
    Constant(String),
    /// A function; a left-out parameter is `None`.
    Call(&'static Function, Vec<Option<Expression>>),
}

/// A function of the language.
#[derive(Debug, PartialEq)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// Its parameters; the last one may be given again and again if `repeats`.
    pub parameters: &'static [&'static str],
    /// The last parameter repeats.
    pub repeats: bool,
}

/// The functions that are known here.
pub static FUNCTIONS: &[Function] = &[
    Function {
        name: "Append",
        parameters: &["source", "suffix"],
        repeats: false,
    },
    Function {
        name: "Coalesce",
        parameters: &["source"],
        repeats: true,
    },
    Function {
        name: "IIF",
        parameters: &["condition", "valueIfTrue", "valueIfFalse"],
        repeats: false,
    },
    Function {
        name: "Join",
        parameters: &["separator", "source"],
        repeats: true,
    },
    Function {
        name: "Mid",
        parameters: &["source", "start", "length"],
        repeats: false,
    },
    Function {
        name: "Not",
        parameters: &["source"],
        repeats: false,
    },
    Function {
        name: "StripSpaces",
        parameters: &["source"],
        repeats: false,
    },
    Function {
        name: "Switch",
        parameters: &["source", "defaultValue", "keyValue"],
        repeats: true,
    },
    Function {
        name: "ToLower",
        parameters: &["source", "culture"],
        repeats: false,
    },
    Function {
        name: "ToUpper",
        parameters: &["source", "culture"],
        repeats: false,
    },
];

/// Longest expression the service takes.
const LONGEST: usize = 10_000;

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// A sentence saying what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(format!("The expression is longer than {LONGEST} characters."));
        }
        let mut reader = Reader { text, at: 0 };
        let expression = reader.expression()?.ok_or("The expression is empty.")?;
        reader.blanks();
        if reader.at < text.len() {
            return Err(format!(
                "Unexpected text at position {}: {:?}.",
                reader.at,
                &text[reader.at..]
            ));
        }
        Ok(expression)
    }

    /// The expression a mapping's source stands for.
    ///
    /// # Errors
    /// A sentence saying what is wrong.
    pub fn of_source(source: &Value) -> Result<Self, String> {
        let expression = source["expression"].as_str().unwrap_or_default();
        let name = source["name"].as_str().unwrap_or_default();
        match source["type"].as_str() {
            Some("Attribute") if !name.is_empty() => Ok(Self::Attribute(name.to_owned())),
            Some("Constant") if !expression.starts_with('"') => {
                let value = if expression.is_empty() { name } else { expression };
                Ok(Self::Constant(value.to_owned()))
            }
            Some(_) => Self::parse(expression),
            None => Err("The source of a mapping has no type.".into()),
        }
    }

    /// Its value; nothing where the source has none.
    pub fn eval(&self, attribute: &dyn Fn(&str) -> Option<String>) -> Option<String> {
        let (function, arguments) = match self {
            Self::Attribute(name) => return attribute(name),
            Self::Constant(text) => return Some(text.clone()),
            Self::Call(function, arguments) => (function, arguments),
        };
        let arg = |n: usize| {
            arguments
                .get(n)
                .and_then(Option::as_ref)
                .and_then(|a| a.eval(attribute))
        };
        match function.name {
            "Append" => Some(arg(0)? + &arg(1).unwrap_or_default()),
            "Coalesce" => (0..arguments.len()).find_map(arg),
            "IIF" => {
                if arg(0)?.eq_ignore_ascii_case("true") {
                    arg(1)
                } else {
                    arg(2)
                }
            }
            "Join" => {
                let parts: Vec<String> = (1..arguments.len()).filter_map(arg).collect();
                (!parts.is_empty()).then(|| parts.join(&arg(0).unwrap_or_default()))
            }
            "Mid" => {
                let start = arg(1)?.parse::<usize>().ok()?.saturating_sub(1);
                let length = arg(2)?.parse::<usize>().ok()?;
                Some(arg(0)?.chars().skip(start).take(length).collect())
            }
            "Not" => Some(
                if arg(0)?.eq_ignore_ascii_case("true") {
                    "False"
                } else {
                    "True"
                }
                .into(),
            ),
            "StripSpaces" => Some(arg(0)?.replace(' ', "")),
            "Switch" => {
                let source = arg(0).unwrap_or_default();
                let pairs = (2..arguments.len().saturating_sub(1)).step_by(2);
                let hit = pairs
                    .into_iter()
                    .find(|&n| arg(n).unwrap_or_default().eq_ignore_ascii_case(&source));
                hit.map_or_else(|| arg(1), |n| arg(n + 1))
            }
            "ToLower" => Some(arg(0)?.to_lowercase()),
            "ToUpper" => Some(arg(0)?.to_uppercase()),
            other => unreachable!("{other} is in the table and has no meaning"),
        }
        .filter(|value| !value.is_empty())
    }

    /// The attributes it reads.
    pub fn attributes(&self) -> Vec<&str> {
        match self {
            Self::Attribute(name) => vec![name],
            Self::Constant(_) => vec![],
            Self::Call(_, arguments) => arguments.iter().flatten().flat_map(Self::attributes).collect(),
        }
    }

    /// As it is written.
    pub fn text(&self) -> String {
        match self {
            Self::Attribute(name) => format!("[{name}]"),
            Self::Constant(text) => format!("\"{text}\""),
            Self::Call(function, arguments) => {
                let arguments: Vec<String> = arguments
                    .iter()
                    .map(|a| a.as_ref().map_or_else(String::new, Self::text))
                    .collect();
                format!("{}({})", function.name, arguments.join(", "))
            }
        }
    }

    /// As Graph's attributeMappingSource.
    pub fn source(&self) -> Value {
        let (kind, name, parameters) = match self {
            Self::Attribute(name) => ("Attribute", name.as_str(), vec![]),
            Self::Constant(text) => ("Constant", text.as_str(), vec![]),
            Self::Call(function, arguments) => {
                let last = function.parameters.len() - 1;
                let pairs = arguments.iter().enumerate().map(|(n, argument)| {
                    json!({
                        "key": function.parameters[n.min(last)],
                        "value": argument.as_ref().map_or_else(|| Self::Constant(String::new()).source(), Self::source),
                    })
                });
                ("Function", function.name, pairs.collect())
            }
        };
        json!({ "expression": self.text(), "name": name, "parameters": parameters, "type": kind })
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn until(&mut self, end: char) -> Result<String, String> {
        let start = self.at + 1;
        let found = self.text[start..]
            .find(end)
            .ok_or(format!("{end:?} is missing after position {start}."))?;
        self.at = start + found + 1;
        Ok(self.text[start..start + found].to_owned())
    }

    /// One expression, or nothing where a parameter is left out.
    fn expression(&mut self) -> Result<Option<Expression>, String> {
        self.blanks();
        match self.rest().chars().next() {
            None | Some(',' | ')') => Ok(None),
            Some('[') => self.until(']').map(|name| Some(Expression::Attribute(name))),
            Some('"') => self.until('"').map(|text| Some(Expression::Constant(text))),
            Some(c) if c.is_ascii_digit() => {
                let length = self
                    .rest()
                    .find(|c: char| !c.is_ascii_digit())
                    .unwrap_or(self.rest().len());
                let number = self.rest()[..length].to_owned();
                self.at += length;
                Ok(Some(Expression::Constant(number)))
            }
            Some(_) => self.call().map(Some),
        }
    }

    fn call(&mut self) -> Result<Expression, String> {
        let open = self
            .rest()
            .find('(')
            .ok_or_else(|| format!("Unknown word {:?}.", self.rest()))?;
        let name = self.rest()[..open].trim().to_owned();
        let function = FUNCTIONS
            .iter()
            .find(|f| f.name == name)
            .ok_or_else(|| format!("Function '{name}' is not known."))?;
        self.at += open + 1;
        let mut arguments = Vec::new();
        loop {
            arguments.push(self.expression()?);
            self.blanks();
            match self.rest().chars().next() {
                Some(',') => self.at += 1,
                Some(')') => break self.at += 1,
                _ => return Err(format!("',' or ')' expected at position {}.", self.at)),
            }
        }
        if arguments.len() > function.parameters.len() && !function.repeats {
            return Err(format!(
                "Function '{name}' takes {} parameters.",
                function.parameters.len()
            ));
        }
        Ok(Expression::Call(function, arguments))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(expression: &str) -> Option<String> {
        Expression::parse(expression).unwrap().eval(&|name| match name {
            "IsSoftDeleted" => Some("False".into()),
            "givenName" => Some("Nikki".into()),
            "surname" => Some("Wolf".into()),
            _ => None,
        })
    }

    #[test]
    fn the_usual_expressions_have_their_usual_values() {
        assert_eq!(
            value(r#"Switch([IsSoftDeleted], , "False", "True", "True", "False")"#).as_deref(),
            Some("True")
        );
        assert_eq!(
            value(r#"Join(" ", [givenName], [surname])"#).as_deref(),
            Some("Nikki Wolf")
        );
        assert_eq!(value("Mid([givenName], 1, 3)").as_deref(), Some("Nik"));
        assert_eq!(value("Coalesce([mail], [surname])").as_deref(), Some("Wolf"));
        assert_eq!(value("[mail]"), None);
        assert_eq!(value(r#"Append([mail], "x")"#), None);
    }

    #[test]
    fn an_expression_survives_its_source_form() {
        for text in [
            r#"Switch([IsSoftDeleted], , "False", "True", "True", "False")"#,
            "[objectId]",
            r#""1""#,
        ] {
            let expression = Expression::parse(text).unwrap();
            assert_eq!(expression.text(), text);
            assert_eq!(Expression::of_source(&expression.source()), Ok(expression));
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, words) in [
            ("", "empty"),
            ("Upper([x])", "not known"),
            ("Mid([x]", "expected"),
            ("[x", "missing"),
            ("[x] y", "Unexpected"),
            ("Not([a], [b])", "takes 1"),
        ] {
            let error = Expression::parse(text).unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
