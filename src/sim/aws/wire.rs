//! AWS's wire: signatures, targets, errors, and the frame every operation runs in.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    model,
    organization::{Instance, Organization},
};
use crate::sim::{
    http::{Request, Response},
    weather::Refusal,
    world::World,
};

/// An error answer.
#[derive(Debug, Clone, PartialEq)]
pub struct AwsError {
    /// Its code, such as `ValidationException`.
    pub code: &'static str,
    /// The status.
    pub status: u16,
    /// The message.
    pub message: String,
    /// Further members.
    pub more: Map<String, Value>,
}

impl AwsError {
    /// An error with status 400.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            status: 400,
            message: message.into(),
            more: Map::new(),
        }
    }

    /// The request is malformed.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new("ValidationException", message)
    }

    /// Something named does not exist.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new("ResourceNotFoundException", message)
    }

    /// Something is in the way.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new("ConflictException", message)
    }

    /// The caller may not.
    pub fn denied(message: impl Into<String>) -> Self {
        Self::new("AccessDeniedException", message)
    }

    /// With another status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// With a further member.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }
}

/// The JSON services: target prefix, name of the model, IAM prefix, signing name.
const SERVICES: &[Service] = &[
    Service {
        target: "SWBExternalService",
        model: "sso-admin",
        iam: "sso",
        signing: "sso",
    },
    Service {
        target: "AWSIdentityStore",
        model: "identitystore",
        iam: "identitystore",
        signing: "identitystore",
    },
    Service {
        target: "AWSOrganizationsV20161128",
        model: "organizations",
        iam: "organizations",
        signing: "organizations",
    },
    Service {
        target: "CloudTrail_20131101",
        model: "cloudtrail",
        iam: "cloudtrail",
        signing: "cloudtrail",
    },
];

/// A JSON service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Service {
    target: &'static str,
    /// The name of its model.
    pub model: &'static str,
    /// Its prefix in IAM actions.
    pub iam: &'static str,
    /// Its name in signatures.
    pub signing: &'static str,
}

/// The service and operation of a request to a JSON service. CloudTrail's target is known with and without its package.
pub fn target(request: &Request) -> Option<(Service, &str)> {
    let (prefix, operation) = request.header("x-amz-target")?.rsplit_once('.')?;
    let short = prefix.rsplit('.').next().unwrap_or(prefix);
    let service = SERVICES.iter().find(|service| service.target == short)?;
    Some((*service, operation))
}

/// Whether an operation only reads.
pub fn reads(operation: &str) -> bool {
    ["Describe", "List", "Get", "Is", "Lookup"]
        .iter()
        .any(|verb| operation.starts_with(verb))
}

/// Who calls.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Which of the world's organizations.
    pub organization: usize,
    /// The account.
    pub account: String,
    /// The ARN.
    pub arn: String,
    /// The unique id.
    pub user_id: String,
    /// The key.
    pub access_key: String,
    /// The Region the request is signed for.
    pub region: String,
}

/// Checks the form of the signature and the key in it. The signature itself is not computed.
pub fn caller(world: &World, request: &Request, signing: &str) -> Result<Caller, AwsError> {
    let Some(authorization) = request.header("authorization") else {
        return Err(AwsError::new("MissingAuthenticationTokenException", "Missing Authentication Token").status(403));
    };
    let incomplete = |what: &str| {
        AwsError::new(
            "IncompleteSignatureException",
            format!("Authorization header requires {what}"),
        )
        .status(403)
    };
    let fields = authorization
        .strip_prefix("AWS4-HMAC-SHA256 ")
        .ok_or_else(|| incomplete("the AWS4-HMAC-SHA256 algorithm"))?;
    let field = |name: &str| {
        let mut parts = fields.split(',').map(str::trim);
        parts
            .find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
            .ok_or_else(|| incomplete(&format!("'{name}'")))
    };
    let credential = field("Credential")?;
    let signed = field("SignedHeaders")?;
    let signature = field("Signature")?;
    if request.header("x-amz-date").is_none() || !signed.split(';').any(|header| header == "host") {
        return Err(incomplete("a signed 'host' and an X-Amz-Date"));
    }
    if signature.len() != 64 || !signature.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(AwsError::new(
            "InvalidSignatureException",
            "The request signature does not conform to AWS standards.",
        )
        .status(403));
    }
    let scope: Vec<&str> = credential.split('/').collect();
    let [access_key, _date, region, service, "aws4_request"] = scope[..] else {
        return Err(incomplete("a full credential scope"));
    };
    if service != signing {
        let message = format!("Credential should be scoped to correct service: '{signing}'.");
        return Err(AwsError::new("InvalidSignatureException", message).status(403));
    }
    let unknown = AwsError::new(
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
    );
    let found = world
        .aws
        .iter()
        .enumerate()
        .find_map(|(n, org)| Some((n, org.keys.get(access_key)?)));
    let Some((organization, key)) = found else {
        return Err(unknown);
    };
    if key.session_token.as_deref() != request.header("x-amz-security-token") {
        return Err(unknown);
    }
    if key.expires.is_some_and(|expires| expires <= world.now) {
        return Err(AwsError::new(
            "ExpiredTokenException",
            "The security token included in the request is expired",
        ));
    }
    Ok(Caller {
        organization,
        account: key.account.clone(),
        arn: key.arn.clone(),
        user_id: key.user_id.clone(),
        access_key: access_key.to_owned(),
        region: region.to_owned(),
    })
}

/// One call of one operation.
pub struct Call<'a> {
    /// The world.
    pub world: &'a mut World,
    /// The request.
    pub request: &'a Request,
    /// Who calls.
    pub caller: Caller,
    /// Its service.
    pub service: Service,
    /// The operation's name.
    pub operation: &'a str,
    /// Its input, checked against the model.
    pub body: Value,
}

/// What an operation gives.
pub type Given = Result<Value, AwsError>;

impl Call<'_> {
    /// The caller's organization.
    pub fn org(&self) -> &Organization {
        &self.world.aws[self.caller.organization]
    }

    /// The caller's organization, to change.
    pub fn org_mut(&mut self) -> &mut Organization {
        &mut self.world.aws[self.caller.organization]
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        self.world.now
    }

    /// A text member of the input.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.body.get(name).and_then(Value::as_str)
    }

    /// A text member the model requires.
    pub fn need(&self, name: &str) -> String {
        self.text(name).unwrap_or_default().to_owned()
    }

    /// The instance the input names.
    pub fn instance(&self) -> Result<&Instance, AwsError> {
        let named = self.text("InstanceArn");
        let found = self
            .org()
            .instance
            .as_ref()
            .filter(|instance| named == Some(&instance.arn));
        match found {
            Some(instance) if self.caller.region == self.org().region => Ok(instance),
            _ => Err(AwsError::denied(format!(
                "User: {} is not authorized to perform: {}:{} on resource: {}",
                self.caller.arn,
                self.service.iam,
                self.operation,
                named.unwrap_or("*")
            ))),
        }
    }

    /// The instance, to change. Call [`Call::instance`] first.
    pub fn instance_mut(&mut self) -> Result<&mut Instance, AwsError> {
        self.instance()?;
        Ok(self.org_mut().instance.as_mut().expect("seen just above"))
    }

    /// One page of a list, put into an answer under `items`.
    pub fn paged(&mut self, items: &str, list: Vec<(String, Value)>, most: usize) -> Given {
        let (name, size, token) = self.paging(most);
        // A history is searched, not read to its end.
        let must_finish = self.operation != "LookupEvents";
        let page = self
            .world
            .page(self.request, &name, list, size, token.as_deref(), must_finish);
        let (page, next) = page.map_err(|_| self.bad_token())?;
        Ok(answer_page(items, page, next))
    }

    /// One page of a long list that is in order already: `show` gives that many items after that key, and no others are made.
    pub fn paged_in_order(
        &mut self,
        items: &str,
        most: usize,
        show: impl FnOnce(&Self, Option<&str>, usize) -> Vec<(String, Value)>,
    ) -> Given {
        let (name, size, token) = self.paging(most);
        let after = self.world.page_begins(self.request, &name, token.as_deref(), true);
        let after = after.map_err(|_| self.bad_token())?;
        let mut shown = show(self, after.as_deref(), size + 1);
        let more = shown.len() > size;
        shown.truncate(size);
        let last = shown.last().map(|(key, _)| key.clone()).filter(|_| more);
        let next = last.map(|last| self.world.page_ends(self.request, &name, last, true));
        Ok(answer_page(
            items,
            shown.into_iter().map(|(_, item)| item).collect(),
            next,
        ))
    }

    /// What a list is called from page to page, how much of it is asked for, and from where.
    fn paging(&self, most: usize) -> (String, usize, Option<String>) {
        let size = self
            .body
            .get("MaxResults")
            .and_then(Value::as_u64)
            .map_or(most, |size| usize::try_from(size).unwrap_or(most));
        let token = self.text("NextToken").map(str::to_owned);
        let mut same = self.body.clone();
        if let Some(members) = same.as_object_mut() {
            members.remove("NextToken");
            members.remove("MaxResults");
        }
        let name = format!("{} {} {same}", self.caller.account, self.operation);
        (name, size.min(most), token)
    }

    fn bad_token(&self) -> AwsError {
        match self.service.model {
            "organizations" => AwsError::new("InvalidInputException", "You specified an invalid next token.")
                .with("Reason", "INVALID_NEXT_TOKEN"),
            "cloudtrail" => AwsError::new("InvalidNextTokenException", ""),
            _ => AwsError::invalid("The pagination token is invalid."),
        }
    }

    /// Notes a broken rule.
    pub fn violation(&mut self, rule: &'static str, what: impl Into<String>) {
        let at = self.request.at;
        self.world.ledger.violation(at, rule, what);
    }

    /// Checks the input against the model.
    pub fn check(&self) -> Result<(), AwsError> {
        let model = model::model(self.service.model).expect("each service has a model");
        let wrong = model.check(self.operation, &self.body);
        if wrong.is_empty() {
            return Ok(());
        }
        let plural = if wrong.len() == 1 { "error" } else { "errors" };
        let message = format!("{} validation {plural} detected: {}", wrong.len(), wrong.join("; "));
        Err(match self.service.model {
            "organizations" => AwsError::new("InvalidInputException", message).with("Reason", "INVALID_PATTERN"),
            "cloudtrail" if wrong.iter().any(|w| w.contains("'maxResults'")) => {
                AwsError::new("InvalidMaxResultsException", message)
            }
            "cloudtrail" => AwsError::new("InvalidLookupAttributesException", message),
            _ => AwsError::invalid(message),
        })
    }
}

fn answer_page(items: &str, page: Vec<Value>, next: Option<String>) -> Value {
    let mut answer = Map::new();
    answer.insert(items.to_owned(), page.into());
    if let Some(next) = next {
        answer.insert("NextToken".into(), next.into());
    }
    Value::Object(answer)
}

/// A request id: the same for the same request of the same seed.
pub fn request_id(world: &World, request: &Request) -> String {
    let mut rng = fastrand::Rng::with_seed(world.seed ^ request.seq.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut bytes = [0; 16];
    rng.fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// The answer of a JSON service.
pub fn answer(world: &World, request: &Request, given: &Given) -> Response {
    let id = request_id(world, request);
    let (status, body) = match given {
        Ok(body) => (200, body.clone()),
        Err(error) => {
            let mut body = error.more.clone();
            body.insert("__type".into(), error.code.into());
            let service = target(request).map(|(service, _)| service.model);
            // CloudTrail's errors have no members.
            if service != Some("cloudtrail") || !error.code.starts_with("Invalid") {
                body.insert("Message".into(), error.message.as_str().into());
            }
            let known = !matches!(
                error.code,
                "UnrecognizedClientException" | "MissingAuthenticationTokenException"
            );
            if service == Some("identitystore") && known {
                body.insert("RequestId".into(), id.as_str().into());
            }
            (error.status, Value::Object(body))
        }
    };
    Response::text(status, "application/x-amz-json-1.1", body.to_string()).header("x-amzn-requestid", id)
}

/// How the AWS APIs turn a request away in bad weather.
pub fn refusal(world: &World, request: &Request, refusal: Refusal) -> Response {
    let error = match refusal {
        Refusal::Throttled(after) => throttled(request, "Rate exceeded").with_retry(request, after),
        Refusal::Failed(status) => {
            AwsError::new("InternalServerException", "An internal error occurred.").status(status)
        }
    };
    if request.header("x-amz-target").is_some() {
        answer(world, request, &Err(error))
    } else {
        xml_error(world, request, &error)
    }
}

/// Too many requests, in the words of the service.
pub fn throttled(request: &Request, message: &str) -> AwsError {
    match target(request).map(|(service, _)| service.model) {
        Some("organizations") => AwsError::new("TooManyRequestsException", message),
        Some("identitystore") => AwsError::new("ThrottlingException", message).status(429),
        Some(_) => AwsError::new("ThrottlingException", message),
        None => AwsError::new("Throttling", message),
    }
}

impl AwsError {
    /// Only the Identity Store says when to come back.
    fn with_retry(self, request: &Request, seconds: u64) -> Self {
        match target(request).map(|(service, _)| service.model) {
            Some("identitystore") => self.with("RetryAfterSeconds", seconds),
            _ => self,
        }
    }
}

/// The XML answer of the query protocol.
pub fn xml(world: &World, request: &Request, operation: &str, inside: &str) -> Response {
    let id = request_id(world, request);
    let body = format!(
        "<{operation}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{operation}Result>{inside}\
         </{operation}Result><ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata></{operation}Response>"
    );
    Response::text(200, "text/xml", body).header("x-amzn-requestid", id)
}

/// An error of the query protocol.
pub fn xml_error(world: &World, request: &Request, error: &AwsError) -> Response {
    let id = request_id(world, request);
    let side = if error.status >= 500 { "Receiver" } else { "Sender" };
    let body = format!(
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>{side}</Type><Code>{}</Code>\
         <Message>{}</Message></Error><RequestId>{id}</RequestId></ErrorResponse>",
        error.code, error.message
    );
    Response::text(error.status, "text/xml", body).header("x-amzn-requestid", id)
}

/// A timestamp as JSON services write it.
pub fn epoch(at: Timestamp) -> Value {
    let millis = at.as_millisecond();
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds of this century fit into 53 bits"
    )]
    let seconds = millis as f64 / 1000.0;
    json!(seconds)
}
