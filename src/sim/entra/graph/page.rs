//! Lists: `$filter`, `$orderby`, `$select`, `$top`, and pages that are small on purpose.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{
    GraphError,
    cx::{Cx, Done, Reply},
};
use crate::sim::entra::{
    filter::{Filter, Op},
    shapes::{self, Ty},
};

/// How a collection may be asked.
#[derive(Debug, Clone, Copy)]
pub struct Listing {
    /// The type of its objects.
    pub of: &'static str,
    /// Properties `$filter` knows, besides `id`.
    pub filter: &'static [&'static str],
    /// `contains` is understood.
    pub contains: bool,
    /// What is shown when nothing is selected; everything if empty.
    pub shown: &'static [&'static str],
    /// Comes in pages.
    pub paged: bool,
    /// `$filter` distinguishes upper and lower case.
    pub exact: bool,
}

/// A plain collection: no filter, no pages.
pub const fn plain(of: &'static str) -> Listing {
    Listing {
        of,
        filter: &[],
        contains: false,
        shown: &[],
        paged: false,
        exact: false,
    }
}

impl Listing {
    /// The properties to show.
    ///
    /// # Errors
    /// If `$select` names an unknown one.
    pub fn selected(&self, cx: &Cx<'_>) -> Result<Option<Vec<String>>, GraphError> {
        let Some(select) = cx.request.query("$select") else {
            return Ok((!self.shown.is_empty()).then(|| self.shown.iter().map(|&s| s.to_owned()).collect()));
        };
        let shape = shapes::shape(self.of);
        let mut names: Vec<String> = select.split(',').map(|n| n.trim().to_owned()).collect();
        if let Some(unknown) = names.iter().find(|n| !shape.contains_key(n.as_str()) && *n != "*") {
            let message = format!(
                "Parsing OData Select and Expand failed: Could not find a property named '{unknown}' on type 'microsoft.graph.{}'.",
                self.of
            );
            return Err(GraphError::bad(message));
        }
        if names.iter().any(|n| n == "*") {
            return Ok(None);
        }
        if !names.iter().any(|n| n == "id") && shape.contains_key("id") {
            names.push("id".into());
        }
        Ok(Some(names))
    }

    /// One object of this type, as selected.
    ///
    /// # Errors
    /// If `$select` names an unknown property.
    pub fn one(&self, cx: &Cx<'_>, object: Value) -> Done {
        let selected = self.selected(cx)?;
        let mut shown = narrowed(object, self.of, selected.as_deref());
        let host = "https://graph.microsoft.com/v1.0";
        shown["@odata.context"] = format!("{host}/$metadata#{}s/$entity", self.of).into();
        Reply::json(200, &shown)
    }

    /// The id after which the page that is asked for begins, and how many objects settle it, where nothing but the order of
    /// ids decides. Then no other objects have to be made.
    pub fn window(&self, cx: &Cx<'_>) -> Option<(String, usize)> {
        let decides = ["$filter", "$orderby", "$count"];
        if !self.paged || self.exact || decides.iter().any(|name| cx.request.query(name).is_some()) {
            return None;
        }
        let size = match cx.request.query("$top") {
            None => cx.world.entra.settings.page_size,
            Some(text) => text.parse().ok()?,
        };
        let after = match cx.request.query("$skiptoken") {
            None => String::new(),
            Some(token) => String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(token).ok()?)
                .ok()?
                .strip_prefix('k')?
                .to_owned(),
        };
        Some((after, size.checked_add(1)?))
    }

    /// The collection, as asked.
    ///
    /// # Errors
    /// If the query is not one this collection understands.
    pub fn answer(&self, cx: &mut Cx<'_>, mut objects: Vec<Value>) -> Done {
        let advanced = cx
            .request
            .header("consistencylevel")
            .is_some_and(|v| v.eq_ignore_ascii_case("eventual"));
        let counted = cx.request.query("$count") == Some("true");
        if counted && !advanced {
            return Err(GraphError::unsupported_query(
                "Request with $count query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'",
            ));
        }
        if cx.request.query("$search").is_some() || cx.request.query("$expand").is_some() {
            return Err(GraphError::unsupported_query(
                "$search and $expand are not supported here.",
            ));
        }
        if let Some(text) = cx.request.query("$filter") {
            let filter = Filter::parse(text).map_err(|m| GraphError::bad(format!("Invalid filter clause: {m}")))?;
            self.check_filter(&filter, advanced && counted)?;
            objects.retain(|object| filter.holds(object, self.exact));
        }
        if let Some(order) = cx.request.query("$orderby") {
            let (name, descending) = order
                .trim()
                .split_once(' ')
                .map_or((order, false), |(n, d)| (n, d.trim() == "desc"));
            if !shapes::shape(self.of).contains_key(name) {
                return Err(GraphError::bad(format!(
                    "Could not find a property named '{name}' on type 'microsoft.graph.{}'.",
                    self.of
                )));
            }
            objects.sort_by_key(|o| o[name].to_string());
            if descending {
                objects.reverse();
            }
        }
        let selected = self.selected(cx)?;
        let total = objects.len();
        let (page, next) = if self.paged {
            self.page(cx, objects)?
        } else {
            (objects, None)
        };
        let value: Vec<Value> = page
            .into_iter()
            .map(|object| narrowed(object, self.of, selected.as_deref()))
            .collect();
        let mut body = json!({
            "@odata.context": format!("https://graph.microsoft.com/v1.0/$metadata#{}s", self.of),
            "value": value,
        });
        if counted {
            body["@odata.count"] = total.into();
        }
        if let Some(next) = next {
            body["@odata.nextLink"] = next.into();
        }
        Reply::json(200, &body)
    }

    fn check_filter(&self, filter: &Filter, advanced: bool) -> Result<(), GraphError> {
        for (property, op, special) in filter.uses() {
            let known = property == "id" || self.filter.contains(&property);
            if !known || (op == Some(Op::Contains) && !self.contains) {
                let message = format!(
                    "Unsupported or invalid query filter clause specified for property '{property}' of resource '{}'.",
                    self.of
                );
                return Err(GraphError::unsupported_query(message));
            }
            if special && !advanced {
                return Err(GraphError::unsupported_query(
                    "This filter needs the header 'ConsistencyLevel: eventual' and $count=true.",
                ));
            }
        }
        Ok(())
    }

    /// Cuts a page out and says where the next one is.
    fn page(&self, cx: &mut Cx<'_>, mut objects: Vec<Value>) -> Result<(Vec<Value>, Option<String>), GraphError> {
        let size = match cx.request.query("$top") {
            None => cx.world.entra.settings.page_size,
            Some(text) => match text.parse() {
                Ok(n @ 1..=999) => n,
                _ => {
                    return Err(GraphError::bad(format!(
                        "Invalid page size specified: '{text}'. Must be between 1 and 999 inclusive."
                    )));
                }
            },
        };
        let ordered = cx.request.query("$orderby").is_some();
        let now = cx.now();
        let others: Vec<&(String, String)> = cx.request.query.iter().filter(|(k, _)| k != "$skiptoken").collect();
        let list = format!("{} {others:?} by {}", cx.request.path, cx.caller.client);
        match cx.request.query("$skiptoken").map(str::to_owned) {
            None => cx.ledger().list_started(&list, now),
            Some(token) => {
                cx.ledger().page_used(&format!("{list} {token}"));
                let after = BASE64_URL_SAFE_NO_PAD
                    .decode(&token)
                    .ok()
                    .and_then(|b| String::from_utf8(b).ok());
                let after = after.ok_or_else(|| GraphError::bad("Invalid skip token."))?;
                // Where the list has an order of its own, an object made or deleted between two pages moves nothing.
                match after.strip_prefix("n") {
                    Some(n) => {
                        let n: usize = n.parse().map_err(|_| GraphError::bad("Invalid skip token."))?;
                        objects.drain(..n.min(objects.len()));
                    }
                    None => objects.retain(|o| o["id"].as_str().is_some_and(|id| id > &after[1..])),
                }
            }
        }
        if objects.len() <= size {
            return Ok((objects, None));
        }
        objects.truncate(size);
        let before = cx
            .request
            .query("$skiptoken")
            .and_then(|t| BASE64_URL_SAFE_NO_PAD.decode(t).ok());
        let before = before
            .and_then(|b| String::from_utf8(b).ok())
            .and_then(|t| t.strip_prefix('n')?.parse().ok())
            .unwrap_or(0);
        let last = objects.last().and_then(|o| o["id"].as_str()).unwrap_or_default();
        let by_place = ordered || self.exact;
        let mark = if by_place {
            format!("n{}", before + size)
        } else {
            format!("k{last}")
        };
        let token = BASE64_URL_SAFE_NO_PAD.encode(mark);
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(others);
        query.append_pair("$skiptoken", &token);
        let version = if cx.beta { "beta" } else { "v1.0" };
        let base = cx.base();
        let path = cx
            .request
            .path
            .trim_start_matches('/')
            .trim_start_matches(version)
            .to_owned();
        let next = format!("{base}{path}?{}", query.finish());
        let connection = cx.request.connection;
        cx.ledger().page_given(&list, &format!("{list} {token}"), connection);
        Ok((objects, Some(next)))
    }
}

/// Keeps what is selected. What was never set is null, or an empty list.
pub(super) fn narrowed(object: Value, of: &str, selected: Option<&[String]>) -> Value {
    let (Some(names), Value::Object(mut map)) = (selected, object.clone()) else {
        return object;
    };
    let shape = shapes::shape(of);
    let mut kept: serde_json::Map<String, Value> = map
        .iter()
        .filter(|(k, _)| k.starts_with("@odata"))
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    for name in names {
        let nothing = match shape.get(name.as_str()) {
            Some(Ty::List(_)) => json!([]),
            Some(Ty::Bool) => json!(false),
            _ => Value::Null,
        };
        kept.insert(name.clone(), map.remove(name).unwrap_or(nothing));
    }
    Value::Object(kept)
}
