//! What an operation has at hand: the world, the caller, the request taken apart.

use std::{future::Future, pin::Pin};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::{GraphError, routes::Route};
use crate::sim::{
    entra::{
        roles, shapes,
        state::{Deleted, Directory, Entity, Kind, Tenant, span},
        tokens::Token,
    },
    http::{Request, Response},
    hub::Hub,
    ledger::Ledger,
    world::World,
};

/// What an operation gives.
pub type Done = Result<Reply, GraphError>;

/// Work that needs calls of its own.
pub type Errand = Box<dyn FnOnce(Hub) -> Pin<Box<dyn Future<Output = Response> + Send>> + Send>;

/// An answer, or the errand that ends in one.
pub enum Reply {
    /// The answer.
    Now(Response),
    /// The errand.
    Later(Errand),
}

impl Reply {
    /// A JSON answer.
    pub fn json(status: u16, body: &Value) -> Done {
        let text = body.to_string();
        let media =
            "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8";
        Ok(Self::Now(Response::text(status, media, text)))
    }

    /// 204.
    pub fn empty() -> Done {
        Ok(Self::Now(Response::empty(204)))
    }

    /// An errand.
    pub fn later<F>(work: impl FnOnce(Hub) -> F + Send + 'static) -> Done
    where
        F: Future<Output = Response> + Send + 'static,
    {
        Ok(Self::Later(Box::new(move |hub| Box::pin(work(hub)))))
    }
}

/// The surroundings of one operation.
pub struct Cx<'a> {
    /// The world.
    pub world: &'a mut World,
    /// The request.
    pub request: &'a Request,
    /// Who asks.
    pub caller: Token,
    /// Asked under `/beta`.
    pub beta: bool,
    /// What stood for the `{}` in the path.
    pub params: Vec<String>,
    /// The body, checked.
    pub body: Map<String, Value>,
    /// The caller may change only applications it made itself.
    pub owned_only: bool,
}

impl<'a> Cx<'a> {
    pub(super) fn new(
        world: &'a mut World,
        request: &'a Request,
        caller: Token,
        beta: bool,
        params: Vec<String>,
    ) -> Self {
        Self {
            world,
            request,
            caller,
            beta,
            params,
            body: Map::new(),
            owned_only: false,
        }
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.world.now
    }

    /// The tenant.
    pub fn tenant(&mut self) -> &mut Tenant {
        &mut self.world.entra
    }

    /// The ledger.
    pub fn ledger(&mut self) -> &mut Ledger {
        &mut self.world.ledger
    }

    /// The nth variable part of the path.
    pub fn param(&self, n: usize) -> String {
        self.params.get(n).cloned().unwrap_or_default()
    }

    /// A text in the body.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.body.get(name).and_then(Value::as_str)
    }

    /// `https://host/v1.0`, as the client sees it.
    pub fn base(&self) -> String {
        let host = self.request.header("host").unwrap_or("graph.microsoft.com");
        format!("http://{host}/{}", if self.beta { "beta" } else { "v1.0" })
    }

    /// `initiatedBy` for audits.
    pub fn initiator(&mut self) -> Value {
        let caller = self.caller.clone();
        let tenant = self.tenant();
        match caller
            .user
            .as_ref()
            .and_then(|id| tenant.users.get(id).map(|user| (id, user)))
        {
            Some((id, user)) => json!({ "user": {
                "id": id,
                "displayName": user.text("displayName"),
                "userPrincipalName": user.text("userPrincipalName"),
                "ipAddress": "127.0.0.1",
            }, "app": null }),
            None => json!({ "app": { "appId": caller.client, "displayName": null }, "user": null }),
        }
    }

    /// Writes a directory audit about an object.
    pub fn audit(&mut self, activity: &str, kind: &str, id: &str, name: &str) {
        let by = self.initiator();
        let now = self.now();
        let target = json!({ "id": id, "displayName": name, "type": kind, "modifiedProperties": [] });
        self.tenant().audit(now, activity, &by, target);
    }

    /// Whether reads see an object already.
    pub fn sees(&self, entity: &Entity) -> bool {
        self.age(entity) >= span(self.world.entra.settings.lag_s)
    }

    /// Whether writes may refer to an object already.
    pub fn settled(&self, entity: &Entity) -> bool {
        let lag = self.world.lag.unwrap_or(SignedDuration::ZERO);
        self.age(entity) >= lag.max(span(self.world.entra.settings.write_lag_s))
    }

    fn age(&self, entity: &Entity) -> SignedDuration {
        self.now().duration_since(entity.made)
    }

    /// An object that reads see, or 404.
    pub fn seen<'e>(&self, directory: &'e Directory, id: &str) -> Result<&'e Entity, GraphError> {
        directory
            .get(id)
            .filter(|e| self.sees(e))
            .ok_or_else(|| GraphError::not_found(id))
    }

    /// The id of the service principal the path names, if reads see it: by object id or `appId='…'`.
    pub fn service_principal(&self, param: usize) -> Result<String, GraphError> {
        self.by_id_or_app_id(&self.world.entra.service_principals, param)
    }

    /// The id of the application the path names, if reads see it.
    pub fn application(&self, param: usize) -> Result<String, GraphError> {
        self.by_id_or_app_id(&self.world.entra.applications, param)
    }

    fn by_id_or_app_id(&self, directory: &Directory, param: usize) -> Result<String, GraphError> {
        let name = self.param(param);
        let found = match name.strip_prefix("appId='").and_then(|n| n.strip_suffix('\'')) {
            Some(app_id) => directory.iter().find(|(_, e)| e.text("appId") == app_id),
            None => directory.get_key_value(&name),
        };
        found
            .filter(|(_, e)| self.sees(e))
            .map(|(id, _)| id.clone())
            .ok_or_else(|| GraphError::not_found(&name))
    }

    /// Refuses to change an application of someone else where only one's own may be changed.
    pub fn mine(&self, entity: &Entity) -> Result<(), GraphError> {
        if self.owned_only && entity.text("createdByAppId") != self.caller.client {
            return Err(GraphError::denied());
        }
        Ok(())
    }

    /// Puts an object into the recycle bin.
    pub fn bin(&mut self, kind: Kind, id: &str, mut entity: Entity) {
        let now = self.now();
        entity.set("deletedDateTime", now.to_string());
        self.tenant().deleted.insert(id.to_owned(), Deleted { kind, entity });
    }

    /// Checks what the caller may do.
    pub(super) fn permit(&mut self, route: &Route) -> Result<(), GraphError> {
        self.owned_only = false;
        let refused = || match route.sync {
            // Missing permission on synchronization shows as 401.
            true => GraphError::new(401, "Unauthorized", "Access is denied due to invalid credentials."),
            false => GraphError::denied(),
        };
        for any in route.needs {
            self.need(any, route.roles).map_err(|_| refused())?;
        }
        if route.needs.is_empty() && !route.roles.is_empty() {
            self.need_role(route.roles).map_err(|_| refused())?;
        }
        Ok(())
    }

    /// Checks that the caller holds one of these permissions, and as a person one of these roles.
    pub fn need(&mut self, any: &[&str], roles: &[&str]) -> Result<(), GraphError> {
        let app_only = self.caller.user.is_none();
        let held = |name: &&&str| {
            let owned = name.ends_with(".OwnedBy");
            self.caller.grants.iter().any(|g| g == **name) && !self.world.weather.lacks(name) && (app_only || !owned)
        };
        let full = any
            .iter()
            .find(|name| !name.ends_with(".OwnedBy") && held(name))
            .is_some();
        let owned = any
            .iter()
            .find(|name| name.ends_with(".OwnedBy") && held(name))
            .is_some();
        if !full && !owned {
            return Err(GraphError::denied());
        }
        self.owned_only |= !full;
        self.need_role(roles)
    }

    fn need_role(&self, any: &[&str]) -> Result<(), GraphError> {
        let held = |name: &&&str| {
            let template = roles::template(name).expect("routes name known roles");
            self.caller.roles.iter().any(|r| r == template) && !self.world.weather.lacks(name)
        };
        match any.is_empty() || self.caller.user.is_none() || any.iter().any(|name| held(&name)) {
            true => Ok(()),
            false => Err(GraphError::denied()),
        }
    }

    /// Refuses query options the operation does not know.
    pub(super) fn check_query(&self, route: &Route) -> Result<(), GraphError> {
        for (key, _) in &self.request.query {
            let Some(option) = key.strip_prefix('$') else { continue };
            if !route.query.contains(&option) {
                let message = format!("The query option '${option}' is not supported by this operation.");
                return Err(GraphError::unsupported_query(message));
            }
        }
        Ok(())
    }

    /// Reads and checks the body.
    pub(super) fn read_body(&mut self, route: &Route) -> Result<(), GraphError> {
        let Some(shape) = &route.body else { return Ok(()) };
        if self.request.body.is_empty() && !shape.required {
            return Ok(());
        }
        if !self
            .request
            .header("content-type")
            .is_some_and(|t| t.starts_with("application/json"))
        {
            return Err(GraphError::new(
                400,
                "BadRequest",
                "Write requests (excluding DELETE) must contain the Content-Type header declaration.",
            ));
        }
        let Ok(Value::Object(body)) = self.request.json() else {
            return Err(GraphError::new(
                400,
                "BadRequest",
                "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.",
            ));
        };
        if let Some(known) = shape.only
            && let Some(key) = body.keys().find(|k| !k.contains('@') && !known.contains(&k.as_str()))
        {
            return Err(GraphError::new(
                400,
                "BadRequest",
                format!("The parameter '{key}' in the request payload is not a valid parameter for the operation."),
            ));
        }
        if let Some(name) = shape.of {
            shapes::check(name, &body).map_err(|m| GraphError::new(400, "BadRequest", m))?;
        }
        if let Some(missing) = shape.must.iter().find(|key| body.get(**key).is_none_or(Value::is_null)) {
            return Err(GraphError::bad(format!(
                "A value is required for property '{missing}' of resource."
            )));
        }
        self.body = body;
        Ok(())
    }

    /// Refuses properties the service sets itself.
    pub fn refuse_read_only(&self, names: &[&str]) -> Result<(), GraphError> {
        match names.iter().find(|name| self.body.contains_key(**name)) {
            Some(name) => Err(GraphError::bad(format!(
                "Property '{name}' is read-only and cannot be set."
            ))),
            None => Ok(()),
        }
    }
}

/// Who sends this?
pub(super) fn authenticate(world: &World, request: &Request) -> Result<Token, GraphError> {
    let Some(text) = request.bearer().filter(|t| !t.is_empty()) else {
        return Err(GraphError::token("Access token is empty."));
    };
    let books = world.entra.login.books();
    let Some(token) = books.tokens.get(text) else {
        return Err(GraphError::token(
            "IDX14100: JWT is not well formed, there are no dots (.) or the signature is not ours.",
        ));
    };
    if token.expires <= world.now {
        return Err(GraphError::token("Lifetime validation failed, the token is expired."));
    }
    Ok(token.clone())
}

/// Splits the version off the path, and keys off `applications(appId='…')`.
pub(super) fn version(request: &Request) -> Result<(bool, Vec<String>), GraphError> {
    let mut segments = request.segments().into_iter();
    let beta = match segments.next().as_deref() {
        Some("v1.0") => false,
        Some("beta") => true,
        other => {
            let message = format!("Invalid version: {}.", other.unwrap_or_default());
            return Err(GraphError::new(400, "BadRequest", message));
        }
    };
    let pieces = segments.flat_map(|piece| match piece.split_once('(') {
        Some((name, key)) if key.contains('=') && key.ends_with(')') => {
            vec![name.to_owned(), key.trim_end_matches(')').to_owned()]
        }
        _ => vec![piece],
    });
    Ok((beta, pieces.collect()))
}
