//! AWS's dialect of SCIM: `eq` and `and` only, cursors instead of indices, members that are never read back.

mod filter;
mod groups;
#[cfg(test)]
mod tests;
mod users;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use self::filter::Clause;
use super::{
    cloudtrail::{self, Event},
    organization::Organization,
    wire,
};
use crate::sim::{
    http::{Request, Response},
    weather::Refusal,
    world::{Outcome, World},
};

/// Writes a second, per API and store.
const WRITES: u32 = 25;

/// Reads a second, per API and store.
const READS: u32 = 40;

/// Results on a page, and membership changes in a request.
const MOST: usize = 100;

const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// An error answer.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ScimError {
    status: u16,
    detail: String,
}

impl ScimError {
    fn new(status: u16, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
        }
    }

    fn invalid(detail: impl Into<String>) -> Self {
        Self::new(400, detail)
    }

    /// What AWS says when it says nothing more exact.
    fn schema() -> Self {
        Self::invalid("Request is unparsable, syntactically incorrect, or violates schema.")
    }

    fn not_found(id: &str) -> Self {
        Self::new(404, format!("Resource {id} not found."))
    }

    fn code(&self) -> &'static str {
        match self.status {
            401 => "UnauthorizedException",
            403 => "AccessDeniedException",
            404 => "ResourceNotFoundException",
            409 => "ConflictException",
            429 => "ThrottlingException",
            500.. => "InternalServerException",
            _ => "ValidationException",
        }
    }

    /// AWS writes `schema`, not `schemas`.
    fn answer(&self) -> Response {
        let body = json!({
            "schema": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "detail": self.detail,
            "status": self.status.to_string(),
        });
        scim_json(self.status, &body)
    }
}

type Given = Result<Response, ScimError>;

fn scim_json(status: u16, body: &Value) -> Response {
    Response::text(status, "application/scim+json", body.to_string())
}

/// One request, past the door.
struct Scim<'a> {
    world: &'a mut World,
    request: &'a Request,
    organization: usize,
    tenant: String,
}

impl Scim<'_> {
    fn org(&self) -> &Organization {
        &self.world.aws[self.organization]
    }

    fn now(&self) -> Timestamp {
        self.world.now
    }

    /// The issuer of external ids and the name in records.
    fn issuer(&self) -> String {
        let org = self.org();
        let store = org
            .instance
            .as_ref()
            .map(|instance| org.store_arn(instance))
            .unwrap_or_default();
        format!("{store}/provisioningtenant/{}", self.tenant)
    }

    fn body(&self) -> Result<Map<String, Value>, ScimError> {
        match self.request.json() {
            Ok(Value::Object(body)) => Ok(body),
            _ => Err(ScimError::invalid("Invalid JSON from RequestBody")),
        }
    }

    /// The operations of a PATCH body.
    fn operations(&self) -> Result<Vec<Operation>, ScimError> {
        let body = self.body()?;
        if !body
            .get("schemas")
            .and_then(Value::as_array)
            .is_some_and(|schemas| schemas.iter().any(|s| s == PATCH))
        {
            return Err(ScimError::schema());
        }
        let list = body
            .get("Operations")
            .and_then(Value::as_array)
            .filter(|list| !list.is_empty());
        list.ok_or_else(ScimError::schema)?
            .iter()
            .map(Operation::read)
            .collect()
    }

    /// The clauses of the filter, each about a known attribute.
    fn filter(&self, known: &[&str]) -> Result<Vec<Clause>, ScimError> {
        let Some(text) = self.request.query("filter") else {
            return Ok(Vec::new());
        };
        let clauses = filter::parse(text).ok_or_else(|| ScimError::invalid("Invalid Filter format"))?;
        match clauses
            .iter()
            .find(|clause| !known.contains(&clause.attribute.as_str()))
        {
            Some(clause) => Err(ScimError::invalid(format!(
                "Filtering by {} is not supported",
                clause.attribute
            ))),
            None => Ok(clauses),
        }
    }

    /// A page of a list.
    fn list(&mut self, api: &str, items: Vec<(String, Value)>) -> Given {
        let size = match self.request.query("count") {
            None => MOST,
            Some(count) => count
                .parse()
                .ok()
                .filter(|count| (1..=MOST).contains(count))
                .ok_or_else(|| ScimError::invalid("count must be between 1 and 100"))?,
        };
        let Some(cursor) = self.request.query("cursor") else {
            let total = items.len();
            let page: Vec<Value> = items.into_iter().take(size).map(|(_, item)| item).collect();
            if page.len() < total && self.request.query("count").is_none() {
                let what = format!("{api} without a cursor: {total} results and no way to the rest");
                self.world.ledger.violation(self.request.at, "page-ignored", what);
            }
            let body = json!({"schemas": [LIST], "totalResults": total, "startIndex": 1, "itemsPerPage": page.len(), "Resources": page});
            return Ok(scim_json(200, &body));
        };
        let list = format!("{} {api} {:?}", self.tenant, self.request.query("filter"));
        let token = (!cursor.is_empty()).then_some(cursor);
        let page = self.world.page(self.request, &list, items, size, token, true);
        let (page, next) = page.map_err(|_| ScimError::invalid("The cursor is invalid or the request was changed."))?;
        let mut body = json!({"schemas": [LIST], "itemsPerPage": page.len(), "Resources": page});
        if let (Some(next), Some(members)) = (next, body.as_object_mut()) {
            members.insert("nextCursor".into(), json!(next));
        }
        Ok(scim_json(200, &body))
    }

    fn meta(kind: &str, created: Timestamp, updated: Timestamp) -> Value {
        json!({"resourceType": kind, "created": format!("{created:.0}"), "lastModified": format!("{updated:.0}")})
    }
}

/// One operation of a PATCH.
#[derive(Debug, Clone)]
struct Operation {
    verb: Verb,
    path: Option<String>,
    value: Option<Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Add,
    Replace,
    Remove,
}

impl Operation {
    fn read(value: &Value) -> Result<Self, ScimError> {
        let verb = match value["op"].as_str().map(str::to_ascii_lowercase).as_deref() {
            Some("add") => Verb::Add,
            Some("replace") => Verb::Replace,
            Some("remove") => Verb::Remove,
            _ => return Err(ScimError::schema()),
        };
        let path = value["path"]
            .as_str()
            .filter(|path| !path.is_empty())
            .map(str::to_owned);
        if verb == Verb::Remove && path.is_none() {
            return Err(ScimError::invalid("Missing path in PATCH request"));
        }
        Ok(Self {
            verb,
            path,
            value: value.get("value").cloned(),
        })
    }
}

/// One request to the SCIM port.
pub fn handle(world: &mut World, request: &Request) -> Outcome {
    let segments = request.segments();
    let pieces: Vec<&str> = segments.iter().map(String::as_str).collect();
    let [tenant, "scim", "v2", rest @ ..] = pieces.as_slice() else {
        return ScimError::new(404, "Not found").answer().into();
    };
    let Some(organization) = enter(world, request, tenant) else {
        return ScimError::new(401, "The bearer token or the tenant is not valid.")
            .answer()
            .into();
    };
    let now = world.now;
    world.aws[organization].settle(now);
    let api = api_name(request, rest);
    let (rate, kind) = if request.is_get() {
        (READS, "reads")
    } else {
        (WRITES, "writes")
    };
    let within = world.ledger.within_rate(
        &format!("SCIM {kind} {} {api}", world.aws[organization].name),
        rate,
        request.at,
    );
    let mut scim = Scim {
        world,
        request,
        organization,
        tenant: (*tenant).to_owned(),
    };
    let given = if within {
        route(&mut scim, rest)
    } else {
        Err(ScimError::new(429, "Rate exceeded"))
    };
    let given = match (given, scim.world.weather.lacks(&format!("identitystore-scim:{api}"))) {
        (Ok(_), true) => Err(ScimError::new(
            403,
            "Access denied by a network rule of the identity store.",
        )),
        (given, _) => given,
    };
    note(&mut scim, &api, &given);
    given.unwrap_or_else(|error| error.answer()).into()
}

/// How the SCIM endpoint turns a request away in bad weather.
pub fn refusal(refusal: Refusal) -> Response {
    match refusal {
        Refusal::Throttled(_) => ScimError::new(429, "Rate exceeded").answer(),
        Refusal::Failed(status) => ScimError::new(status, "Internal server error").answer(),
    }
}

/// The organization whose tenant this is, if the token is one of its own and has not expired.
fn enter(world: &World, request: &Request, tenant: &str) -> Option<usize> {
    let token = request.bearer()?;
    world.aws.iter().position(|org| {
        let provisioning = org
            .instance
            .as_ref()
            .and_then(|instance| instance.provisioning.as_ref());
        provisioning.is_some_and(|p| {
            p.tenant == tenant
                && p.tokens
                    .iter()
                    .any(|known| known.secret == token && known.expires() > world.now)
        })
    })
}

fn api_name(request: &Request, rest: &[&str]) -> String {
    let kind = rest.first().copied().unwrap_or_default().trim_end_matches('s');
    match (request.method.as_str(), rest.len()) {
        ("GET", 1) if kind == "User" || kind == "Group" => format!("List{kind}s"),
        ("GET", _) => format!("Get{kind}"),
        ("POST", _) => format!("Create{kind}"),
        ("PUT", _) => format!("Put{kind}"),
        ("PATCH", _) => format!("Patch{kind}"),
        _ => format!("Delete{kind}"),
    }
}

fn route(scim: &mut Scim<'_>, rest: &[&str]) -> Given {
    match (scim.request.method.as_str(), rest) {
        ("GET", ["ServiceProviderConfig"]) => Ok(scim_json(200, &provider_config())),
        ("GET", ["ResourceTypes"]) => Ok(scim_json(200, &resource_types())),
        ("GET", ["Schemas"]) => Ok(scim_json(200, &schemas())),
        ("GET", ["Users"]) => users::list(scim),
        ("GET", ["Users", id]) => users::get(scim, id),
        ("POST", ["Users"]) => users::create(scim),
        ("PUT", ["Users", id]) => users::put(scim, id),
        ("PATCH", ["Users", id]) => users::patch(scim, id),
        ("DELETE", ["Users", id]) => users::delete(scim, id),
        ("GET", ["Groups"]) => groups::list(scim),
        ("GET", ["Groups", id]) => groups::get(scim, id),
        ("POST", ["Groups"]) => groups::create(scim),
        ("PATCH", ["Groups", id]) => groups::patch(scim, id),
        ("DELETE", ["Groups", id]) => groups::delete(scim, id),
        _ => Err(ScimError::new(404, "The endpoint or method is not supported.")),
    }
}

fn provider_config() -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "documentationUri": "https://docs.aws.amazon.com/singlesignon/latest/userguide/manage-your-identity-source-idp.html",
        "authenticationSchemes": [{"type": "oauthbearertoken", "name": "OAuth Bearer Token", "primary": true,
            "description": "Authentication scheme using the OAuth Bearer Token Standard",
            "specUri": "https://www.rfc-editor.org/info/rfc6750"}],
        "patch": {"supported": true},
        "bulk": {"supported": false, "maxOperations": 1, "maxPayloadSize": 1_048_576},
        "filter": {"supported": true, "maxResults": 50},
        "changePassword": {"supported": false},
        "sort": {"supported": false},
        "etag": {"supported": false},
    })
}

fn resource_types() -> Value {
    let kind = |name: &str, schema: &str| {
        json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"], "id": name, "name": name,
        "endpoint": format!("/{name}s"), "schema": schema})
    };
    let types = [kind("User", users::SCHEMA), kind("Group", groups::SCHEMA)];
    json!({"schemas": [LIST], "totalResults": types.len(), "Resources": types})
}

fn schemas() -> Value {
    let schema = |id: &str, name: &str| json!({"id": id, "name": name, "attributes": []});
    let all = [
        schema(users::SCHEMA, "User"),
        schema(groups::SCHEMA, "Group"),
        schema(super::update::SCIM_ENTERPRISE, "EnterpriseUser"),
    ];
    json!({"schemas": [LIST], "totalResults": all.len(), "Resources": all})
}

/// Every SCIM call is in CloudTrail, its values masked.
fn note(scim: &mut Scim<'_>, api: &str, given: &Given) {
    let mut record = Map::new();
    record.insert("userIdentity".into(), json!({"type": "WebIdentityUser"}));
    let parameters = json!({"tenantId": scim.tenant, "httpBody": "HIDDEN_DUE_TO_SECURITY_REASONS"});
    record.insert("requestParameters".into(), parameters);
    record.insert("requestID".into(), json!(wire::request_id(scim.world, scim.request)));
    match given {
        Ok(response) => {
            let id = serde_json::from_slice::<Value>(&response.body)
                .ok()
                .and_then(|body| body.get("id").cloned());
            record.insert("responseElements".into(), json!({ "id": id }));
        }
        Err(error) => {
            record.insert("errorCode".into(), json!(error.code()));
            record.insert("errorMessage".into(), json!(error.detail));
        }
    }
    let event = Event {
        name: api.to_owned(),
        source: "identitystore-scim.amazonaws.com".into(),
        read_only: scim.request.is_get(),
        record,
        ..Event::default()
    };
    cloudtrail::write(scim.world, scim.organization, event);
}
