//! The sign-in port: tokens, device codes, browser sign-in, and federation metadata.

use aws_lc_rs::{digest, signature};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use x509_cert::der::{DecodePem as _, Encode as _};

use super::{
    metadata,
    state::{Tenant, span},
    tokens::{AuthCode, Client, DeviceCode, Refresh, Token},
};
use crate::sim::{
    http::{Request, Response},
    world::World,
};

const DEVICE_CODE_S: i64 = 900;
const POLL_S: i64 = 5;
const GRAPH: &str = "00000003-0000-0000-c000-000000000000";

/// An error of the token endpoint: status, OAuth error, AADSTS number, sentence.
struct Refused(u16, &'static str, u32, String);

type Done = Result<Response, Refused>;

/// Answers a request to the sign-in port.
pub fn handle(world: &mut World, request: &Request) -> Response {
    let segments = request.segments();
    let path: Vec<&str> = segments.iter().map(String::as_str).collect();
    let done = match (request.method.as_str(), path.as_slice()) {
        ("POST", [tenant, "oauth2", "v2.0", "token"]) => known(world, tenant).and_then(|()| token(world, request)),
        ("POST", [tenant, "oauth2", "v2.0", "devicecode"]) => {
            known(world, tenant).and_then(|()| device_code(world, request))
        }
        ("GET", [tenant, "oauth2", "v2.0", "authorize"]) => {
            known(world, tenant).and_then(|()| authorize(world, request))
        }
        ("GET", [tenant, "v2.0", ".well-known", "openid-configuration"]) => {
            known(world, tenant).map(|()| configuration(world, tenant))
        }
        ("GET", ["common", "discovery", "instance"]) => Ok(instances(request)),
        ("GET", [tenant, "federationmetadata", "2007-06", "federationmetadata.xml"]) => {
            known(world, tenant).and_then(|()| federation(world, request))
        }
        _ => return Response::empty(404),
    };
    done.unwrap_or_else(|refused| error(world, request, &refused))
}

/// How the sign-in port turns a request away in bad weather.
pub fn unavailable(status: u16, retry_after: Option<u64>) -> Response {
    let body = json!({ "error": "temporarily_unavailable", "error_description": "AADSTS90033: A transient error has occurred. Please try again.", "error_codes": [90033] });
    let response = Response::json(status, &body);
    match retry_after {
        Some(seconds) => response.header("retry-after", seconds.to_string()),
        None => response,
    }
}

fn error(world: &World, request: &Request, Refused(status, error, number, text): &Refused) -> Response {
    let mut ids = super::ids::Ids::new(world.seed);
    let (trace, correlation) = (
        ids.guid("trace", &request.seq.to_string()),
        ids.guid("correlation", &request.seq.to_string()),
    );
    let stamp = world.now.strftime("%Y-%m-%d %H:%M:%SZ").to_string();
    let description = match number {
        0 => text.clone(),
        _ => format!("AADSTS{number}: {text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}"),
    };
    let body = json!({
        "error": error,
        "error_description": description,
        "error_codes": [number],
        "timestamp": stamp,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": format!("https://login.microsoftonline.com/error?code={number}"),
    });
    Response::json(*status, &body).header("x-ms-request-id", trace)
}

fn known(world: &World, tenant: &str) -> Result<(), Refused> {
    if world.entra.answers_to(tenant) || matches!(tenant, "common" | "organizations") {
        return Ok(());
    }
    let text = format!(
        "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant."
    );
    Err(Refused(400, "invalid_request", 90002, text))
}

/// A form or query by name.
struct Form(Vec<(String, String)>);

impl Form {
    fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(k, v)| k == name && !v.is_empty())
            .map(|(_, v)| v.as_str())
    }

    fn need(&self, name: &str) -> Result<&str, Refused> {
        let text = format!("The request body must contain the following parameter: '{name}'.");
        self.get(name).ok_or(Refused(400, "invalid_request", 900_144, text))
    }
}

fn client(world: &World, form: &Form) -> Result<Client, Refused> {
    let id = form.need("client_id")?;
    world.entra.login.client(id).ok_or_else(|| {
        let text = format!("Application with identifier '{id}' was not found in the directory '{}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant.", world.entra.name);
        Refused(400, "unauthorized_client", 700_016, text)
    })
}

fn token(world: &mut World, request: &Request) -> Done {
    let form = Form(request.form());
    match form.need("grant_type")? {
        "client_credentials" => client_credentials(world, &form),
        "refresh_token" => refresh(world, &form),
        "urn:ietf:params:oauth:grant-type:device_code" => poll(world, &form),
        "authorization_code" => exchange(world, &form),
        other => Err(Refused(
            400,
            "unsupported_grant_type",
            70003,
            format!("The app requested an unsupported grant type '{other}'."),
        )),
    }
}

fn client_credentials(world: &mut World, form: &Form) -> Done {
    let client = client(world, form)?;
    let scope = form.need("scope")?;
    if !scope.ends_with("/.default") || scope.contains(' ') {
        let text = format!(
            "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI)."
        );
        return Err(Refused(400, "invalid_scope", 1_002_012, text));
    }
    authenticate_client(world, &client, form)?;
    let grants = client.permissions.clone();
    Ok(issue(world, &client, None, &grants, false))
}

fn authenticate_client(world: &World, client: &Client, form: &Form) -> Result<(), Refused> {
    if let Some(assertion) = form.get("client_assertion") {
        let kind = form.get("client_assertion_type");
        if kind != Some("urn:ietf:params:oauth:client-assertion-type:jwt-bearer") {
            return Err(Refused(
                400,
                "invalid_request",
                900_144,
                "The client_assertion_type is not supported.".into(),
            ));
        }
        return check_assertion(world, client, assertion);
    }
    let Some(secret) = form.get("client_secret") else {
        return Err(Refused(
            401,
            "invalid_client",
            7_000_218,
            "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.".into(),
        ));
    };
    if client.secret.as_deref() != Some(secret) {
        let text = format!(
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{}'.",
            client.id
        );
        return Err(Refused(401, "invalid_client", 7_000_215, text));
    }
    Ok(())
}

/// Shape, claims and, for a registered certificate, the signature of a client assertion.
fn check_assertion(world: &World, client: &Client, assertion: &str) -> Result<(), Refused> {
    let bad = |number: u32, text: &str| Err(Refused(401, "invalid_client", number, text.to_owned()));
    let parts: Vec<&str> = assertion.split('.').collect();
    let [head, claims, signed] = parts.as_slice() else {
        return bad(50027, "JWT token is invalid or malformed.");
    };
    let decode = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).ok();
    let json = |part: &str| decode(part).and_then(|b| serde_json::from_slice::<Value>(&b).ok());
    let (Some(head), Some(body), Some(signed)) = (json(head), json(claims), decode(signed)) else {
        return bad(50027, "JWT token is invalid or malformed.");
    };
    if client.federated {
        return match body["sub"].is_string() && body["aud"].is_string() {
            true => Ok(()),
            false => bad(
                700_211,
                "No matching federated identity record found for presented assertion.",
            ),
        };
    }
    let Some(pem) = &client.certificate else {
        return bad(
            700_027,
            "The certificate with identifier used to sign the client assertion is not registered on application.",
        );
    };
    let text = |name: &str| body[name].as_str().unwrap_or_default();
    if text("iss") != client.id || text("sub") != client.id {
        return bad(
            700_021,
            "Client assertion application identifier doesn't match 'client_id' parameter.",
        );
    }
    let audience = text("aud");
    let ours = audience.contains(&format!("/{}", world.entra.id))
        || world
            .entra
            .domains
            .iter()
            .any(|d| audience.contains(&format!("/{}", d.name)));
    if !ours || text("jti").is_empty() || !body["exp"].is_i64() {
        return bad(700_023, "Client assertion audience claim does not match realm issuer.");
    }
    let Ok(certificate) = x509_cert::Certificate::from_pem(pem) else {
        return bad(700_027, "The registered certificate cannot be read.");
    };
    let der = certificate.to_der().unwrap_or_default();
    let print = |algorithm| BASE64_URL_SAFE_NO_PAD.encode(digest::digest(algorithm, &der).as_ref());
    let named = head["x5t#S256"] == print(&digest::SHA256).as_str()
        || head["x5t"] == print(&digest::SHA1_FOR_LEGACY_USE_ONLY).as_str();
    if !named {
        return bad(
            700_027,
            "The certificate with identifier used to sign the client assertion is not registered on application.",
        );
    }
    let algorithm: &dyn signature::VerificationAlgorithm = match head["alg"].as_str() {
        Some("PS256") => &signature::RSA_PSS_2048_8192_SHA256,
        Some("RS256") => &signature::RSA_PKCS1_2048_8192_SHA256,
        _ => return bad(5_002_738, "The algorithm of the client assertion is not supported."),
    };
    let key = certificate
        .tbs_certificate()
        .subject_public_key_info()
        .subject_public_key
        .raw_bytes();
    let message = &assertion[..assertion.rfind('.').unwrap_or_default()];
    match signature::UnparsedPublicKey::new(algorithm, key).verify(message.as_bytes(), &signed) {
        Ok(()) => Ok(()),
        Err(_) => bad(700_027, "Client assertion contains an invalid signature."),
    }
}

/// The scopes of a person's sign-in that are consented to; `.default` stands for all of them.
fn consented(client: &Client, scope: &str) -> Result<Vec<String>, Refused> {
    let mut out = Vec::new();
    for wanted in scope.split_whitespace() {
        let short = wanted.rsplit('/').next().unwrap_or(wanted);
        match short {
            ".default" => out.extend(client.scopes.iter().cloned()),
            "offline_access" | "openid" | "profile" | "email" => out.push(short.to_owned()),
            _ if client.scopes.iter().any(|s| s == short) => out.push(short.to_owned()),
            _ => {
                let text = format!(
                    "The user or administrator has not consented to use the application with ID '{}' named '{}'. Send an interactive authorization request for this user and resource.",
                    client.id, client.name
                );
                return Err(Refused(400, "invalid_grant", 65001, text));
            }
        }
    }
    out.sort();
    out.dedup();
    Ok(out)
}

fn public(client: &Client) -> Result<(), Refused> {
    match client.public {
        true => Ok(()),
        false => Err(Refused(
            401,
            "invalid_client",
            7_000_218,
            "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.".into(),
        )),
    }
}

fn device_code(world: &mut World, request: &Request) -> Done {
    let form = Form(request.form());
    let client = client(world, &form)?;
    public(&client)?;
    let scopes = consented(&client, form.need("scope")?)?;
    let now = world.now;
    let tenant = &mut world.entra;
    let code = tenant.ids.opaque("device-code", &client.id);
    let bytes = tenant.ids.bytes("user-code", &client.id);
    let letters = b"BCDFGHJKLMNPQRSTVWXZ23456789";
    let user_code: String = bytes[..9]
        .iter()
        .map(|b| char::from(letters[usize::from(*b) % letters.len()]))
        .collect();
    let entry = DeviceCode {
        client: client.id.clone(),
        scopes,
        user_code: user_code.clone(),
        ready: now + span(tenant.settings.device_code_s),
        expires: now + SignedDuration::from_secs(DEVICE_CODE_S),
        polled: None,
        declined: false,
    };
    tenant.login.books().device_codes.insert(code.clone(), entry);
    let page = "https://microsoft.com/devicelogin";
    Ok(Response::json(
        200,
        &json!({
            "user_code": user_code,
            "device_code": code,
            "verification_uri": page,
            "expires_in": DEVICE_CODE_S,
            "interval": POLL_S,
            "message": format!("To sign in, use a web browser to open the page {page} and enter the code {user_code} to authenticate."),
        }),
    ))
}

fn poll(world: &mut World, form: &Form) -> Done {
    let client = client(world, form)?;
    public(&client)?;
    let code = form.need("device_code")?.to_owned();
    let (now, blocked) = (world.now, world.entra.settings.device_code_blocked);
    let entry = {
        let mut books = world.entra.login.books();
        let Some(entry) = books.device_codes.get_mut(&code).filter(|e| e.client == client.id) else {
            return Err(Refused(
                400,
                "bad_verification_code",
                0,
                "The device_code was not recognised.".into(),
            ));
        };
        let fast = entry
            .polled
            .is_some_and(|last| now.duration_since(last) < SignedDuration::from_secs(POLL_S));
        entry.polled = Some(now);
        if fast {
            return Err(Refused(400, "slow_down", 0, "The device is polling too fast.".into()));
        }
        entry.clone()
    };
    if entry.declined {
        return Err(Refused(400, "authorization_declined", 0, "The person declined.".into()));
    }
    if now >= entry.expires {
        return Err(Refused(
            400,
            "expired_token",
            70019,
            "Verification code expired.".into(),
        ));
    }
    if now < entry.ready {
        let text = "OAuth 2.0 device flow error. Authorization is pending. Continue polling.";
        return Err(Refused(400, "authorization_pending", 70016, text.into()));
    }
    if blocked {
        return Err(Refused(
            400,
            "invalid_grant",
            53003,
            "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance."
                .into(),
        ));
    }
    world.entra.login.books().device_codes.remove(&code);
    person_token(world, &client, &entry.scopes)
}

fn person_token(world: &mut World, client: &Client, scopes: &[String]) -> Done {
    let person = client.person.clone().unwrap_or_default();
    let Some((id, _)) = world.entra.user(&person) else {
        return Err(Refused(
            400,
            "invalid_grant",
            50034,
            format!("The user account {person} does not exist in the directory."),
        ));
    };
    let id = id.clone();
    Ok(issue(
        world,
        client,
        Some(id),
        scopes,
        scopes.iter().any(|s| s == "offline_access"),
    ))
}

fn authorize(world: &mut World, request: &Request) -> Done {
    let form = Form(request.query.clone());
    let client = client(world, &form)?;
    let (redirect, state) = (
        form.need("redirect_uri")?.to_owned(),
        form.get("state").unwrap_or_default().to_owned(),
    );
    if form.get("code_challenge_method") != Some("S256") {
        return Err(Refused(
            400,
            "invalid_request",
            9_002_325,
            "Proof Key for Code Exchange is required for cross-origin authorization code redemption.".into(),
        ));
    }
    let scopes = consented(&client, form.need("scope")?)?;
    let code = world.entra.ids.opaque("code", &client.id);
    let entry = AuthCode {
        client: client.id,
        scopes,
        redirect: redirect.clone(),
        challenge: form.need("code_challenge")?.to_owned(),
        expires: world.now + SignedDuration::from_secs(600),
    };
    world.entra.login.books().auth_codes.insert(code.clone(), entry);
    let mut target = url::Url::parse(&redirect)
        .map_err(|_| Refused(400, "invalid_request", 50011, "The redirect URI is not valid.".into()))?;
    target
        .query_pairs_mut()
        .append_pair("code", &code)
        .append_pair("state", &state);
    Ok(Response::empty(302).header("location", target.to_string()))
}

fn exchange(world: &mut World, form: &Form) -> Done {
    let client = client(world, form)?;
    let code = form.need("code")?.to_owned();
    let bad = |number: u32, text: &str| Refused(400, "invalid_grant", number, text.to_owned());
    let Some(entry) = world.entra.login.books().auth_codes.remove(&code) else {
        return Err(bad(
            70000,
            "The provided authorization code is invalid or has been redeemed.",
        ));
    };
    let verifier = form.need("code_verifier")?;
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()).as_ref());
    if entry.client != client.id || form.get("redirect_uri") != Some(entry.redirect.as_str()) {
        return Err(bad(
            500_112,
            "The reply address does not match the reply address provided when requesting the authorization code.",
        ));
    }
    if challenge != entry.challenge {
        return Err(bad(
            501_481,
            "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
        ));
    }
    if entry.expires <= world.now {
        return Err(bad(
            70008,
            "The provided authorization code or refresh token has expired due to inactivity.",
        ));
    }
    person_token(world, &client, &entry.scopes)
}

fn refresh(world: &mut World, form: &Form) -> Done {
    let client = client(world, form)?;
    let token = form.need("refresh_token")?;
    let entry = world.entra.login.books().refresh.get(token).cloned();
    let Some(entry) = entry.filter(|e| e.client == client.id && world.entra.users.contains_key(&e.user)) else {
        return Err(Refused(
            400,
            "invalid_grant",
            70000,
            "The provided value for the input parameter 'refresh_token' is not valid.".into(),
        ));
    };
    Ok(issue(world, &client, Some(entry.user), &entry.scopes, true))
}

fn issue(world: &mut World, client: &Client, user: Option<String>, grants: &[String], refresh: bool) -> Response {
    let now = world.now;
    let weather = world.weather.token_life_s;
    let tenant = &mut world.entra;
    let life = if weather > 0 {
        weather
    } else {
        tenant.settings.token_life_s.max(1.0) as u64
    };
    let expires = now + SignedDuration::from_secs(life.cast_signed());
    let roles = user
        .as_ref()
        .and_then(|id| tenant.roles.get(id))
        .cloned()
        .unwrap_or_default();
    let text = jwt(tenant, client, user.as_deref(), grants, &roles, now, expires);
    let token = Token {
        client: client.id.clone(),
        user: user.clone(),
        grants: grants.to_vec(),
        roles,
        expires,
    };
    tenant.login.books().tokens.insert(text.clone(), token);
    let mut body = json!({ "token_type": "Bearer", "expires_in": life, "ext_expires_in": life, "access_token": text });
    let mut secrets = vec![text];
    if let Some(user) = user {
        body["scope"] = grants.join(" ").into();
        if refresh {
            let token = tenant.ids.opaque("refresh-token", &client.id);
            let entry = Refresh {
                client: client.id.clone(),
                user,
                scopes: grants.to_vec(),
            };
            tenant.login.books().refresh.insert(token.clone(), entry);
            body["refresh_token"] = token.as_str().into();
            secrets.push(token);
        }
    }
    secrets.into_iter().for_each(|secret| world.keep_secret(secret));
    Response::json(200, &body).header("cache-control", "no-store, no-cache")
}

/// A token in the form of a JWT. Its signature is random: only the simulated Graph knows what it is worth.
fn jwt(
    tenant: &mut Tenant,
    client: &Client,
    user: Option<&str>,
    grants: &[String],
    roles: &[String],
    now: Timestamp,
    expires: Timestamp,
) -> String {
    let head = json!({ "typ": "JWT", "alg": "RS256", "kid": "simulated" });
    let mut claims = json!({
        "aud": GRAPH,
        "iss": metadata::entity_id(tenant),
        "iat": now.as_second(),
        "nbf": now.as_second(),
        "exp": expires.as_second(),
        "appid": client.id,
        "app_displayname": client.name,
        "tid": tenant.id,
        "ver": "1.0",
        "uti": tenant.ids.guid("uti", &client.id),
    });
    match user.and_then(|id| tenant.users.get(id).map(|u| (id, u))) {
        Some((id, entity)) => {
            let scopes: Vec<&str> = grants
                .iter()
                .map(String::as_str)
                .filter(|s| *s != "offline_access")
                .collect();
            claims["idtyp"] = "user".into();
            claims["oid"] = id.into();
            claims["scp"] = scopes.join(" ").into();
            claims["wids"] = json!(roles);
            claims["upn"] = entity.text("userPrincipalName").into();
            claims["name"] = entity.text("displayName").into();
        }
        None => {
            claims["idtyp"] = "app".into();
            claims["oid"] = tenant.ids.clone().guid("client-principal", &client.id).into();
            claims["roles"] = json!(grants);
        }
    }
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    format!(
        "{}.{}.{}",
        part(&head),
        part(&claims),
        tenant.ids.opaque("token", &client.id)
    )
}

fn configuration(world: &World, tenant: &str) -> Response {
    let base = format!("{}/{tenant}", world.addresses.login);
    Response::json(
        200,
        &json!({
            "issuer": format!("https://login.microsoftonline.com/{}/v2.0", world.entra.id),
            "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
            "token_endpoint": format!("{base}/oauth2/v2.0/token"),
            "device_authorization_endpoint": format!("{base}/oauth2/v2.0/devicecode"),
            "jwks_uri": format!("{base}/discovery/v2.0/keys"),
            "response_types_supported": ["code"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        }),
    )
}

fn instances(request: &Request) -> Response {
    let host = request.header("host").unwrap_or("login.microsoftonline.com");
    Response::json(
        200,
        &json!({
            "tenant_discovery_endpoint": format!("http://{host}/common/v2.0/.well-known/openid-configuration"),
            "api-version": "1.1",
            "metadata": [],
        }),
    )
}

fn federation(world: &World, request: &Request) -> Done {
    let tenant = &world.entra;
    let sp = match request.query("appid") {
        None => None,
        Some(app_id) => {
            let lag = span(tenant.settings.lag_s);
            let found = tenant
                .service_principal_of(app_id)
                .filter(|(_, sp)| world.now.duration_since(sp.made) >= lag);
            let Some((id, _)) = found else {
                return Err(Refused(
                    400,
                    "invalid_request",
                    700_016,
                    format!("Application with identifier '{app_id}' was not found in the directory."),
                ));
            };
            Some(id.clone())
        }
    };
    let text = metadata::document(tenant, sp.as_deref(), world.now);
    Ok(Response::text(200, "application/samlmetadata+xml", text))
}
