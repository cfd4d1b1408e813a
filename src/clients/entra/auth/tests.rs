use std::{
    collections::HashMap,
    io::{Read, Write},
    sync::{Arc, Mutex},
    time::Duration,
};

use aws_lc_rs::signature::RSA_PSS_2048_8192_SHA256;
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use url::Url;

use super::*;
use crate::{
    clients::testing::{Bench, Reply, Seen, Server, bench},
    fault::{Fault, Kind},
};

const TENANT: &str = "11111111-2222-3333-4444-555555555555";
const SCOPE: &str = "https://graph.microsoft.com/.default";

/// Notes what it is told to show. Instead of opening a browser it goes there itself, the way `answer` says.
#[derive(Default)]
struct Person {
    shown: Mutex<Vec<Prompt>>,
    ended: Mutex<Vec<bool>>,
    answer: Option<Answering>,
}

/// Makes the redirect's query from what the authorization address asked.
type Answering = fn(&HashMap<String, String>) -> String;

impl Prompter for Person {
    fn show(&self, prompt: &Prompt) {
        self.shown.lock().unwrap().push(prompt.clone());
    }

    fn done(&self, signed_in: bool) {
        self.ended.lock().unwrap().push(signed_in);
    }

    fn open(&self, url: &Url) -> bool {
        let Some(answer) = self.answer else { return false };
        let asked: HashMap<String, String> = url.query_pairs().into_owned().collect();
        std::thread::spawn(move || {
            let redirect = Url::parse(&asked["redirect_uri"]).unwrap();
            // A browser asks for more than it should, and others knock too.
            for query in ["favicon.ico", "?code=stolen&state=guessed", &answer(&asked)] {
                let mut stream = std::net::TcpStream::connect(("127.0.0.1", redirect.port().unwrap())).unwrap();
                write!(stream, "GET /{query} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
                let mut page = String::new();
                stream.read_to_string(&mut page).unwrap();
            }
        });
        true
    }
}

struct Desk {
    bench: Bench,
    person: Arc<Person>,
    sign_in: SignIn,
}

fn desk(server: &Server, person: Person) -> Desk {
    let bench = bench();
    let person = Arc::new(person);
    let sign_in = SignIn {
        http: bench.http.clone(),
        login: server.url.clone(),
        tenant: TENANT.to_owned(),
        client_id: Some("the-client".to_owned()),
        prompter: person.clone(),
    };
    Desk { bench, person, sign_in }
}

async fn token(desk: &Desk, way: &Way) -> Result<String, Fault> {
    let tokens = desk.sign_in.tokens(way, SCOPE)?;
    Ok(tokens.bearer().await?.expose_secret().to_owned())
}

fn granted(token: &str) -> Reply {
    Reply::json(
        200,
        json!({ "token_type": "Bearer", "access_token": token, "expires_in": 3600, "refresh_token": format!("{token}-refresh") }),
    )
}

fn refused(error: &str, description: &str) -> Reply {
    Reply::json(
        400,
        json!({ "error": error, "error_description": description, "error_codes": [1], "trace_id": "t", "correlation_id": "c" }),
    )
}

fn device_code() -> Reply {
    Reply::json(
        200,
        json!({ "device_code": "long-device-code", "user_code": "F7K-9QX", "verification_uri": "https://microsoft.com/devicelogin",
            "expires_in": 900, "interval": 5, "message": "To sign in, …" }),
    )
}

/// A sign-in service that answers the polls in turn.
async fn polled(answers: fn(usize) -> Reply) -> Server {
    Server::start(move |seen, number| match seen.target.rsplit('/').next() {
        Some("devicecode") => device_code(),
        _ => answers(number - 1),
    })
    .await
}

#[tokio::test]
async fn a_device_code_is_shown_and_polled_at_the_vendors_pace() {
    let server = polled(|poll| match poll {
        0 => refused("authorization_pending", "AADSTS70016: pending"),
        1 => refused("slow_down", ""),
        2 => Reply::HangUp,
        3 => refused("authorization_pending", "AADSTS70016: pending"),
        _ => granted("device-token"),
    })
    .await;
    let desk = desk(&server, Person::default());
    assert_eq!(token(&desk, &Way::DeviceCode).await.unwrap(), "device-token");
    let shown = desk.person.shown.lock().unwrap().clone();
    assert!(
        matches!(&shown[..], [Prompt::DeviceCode { code, url, .. }] if code == "F7K-9QX" && url.contains("devicelogin"))
    );
    assert_eq!(*desk.person.ended.lock().unwrap(), [true]);
    let seen = server.seen();
    assert_eq!(seen[0].target, format!("/{TENANT}/oauth2/v2.0/devicecode"));
    assert_eq!(seen[0].form("scope").unwrap(), format!("{SCOPE} offline_access"));
    assert_eq!(seen[1].form("device_code").unwrap(), "long-device-code");
    let pauses: Vec<u64> = desk
        .bench
        .clock
        .slept()
        .iter()
        .map(Duration::as_secs)
        .filter(|pause| *pause >= 5)
        .collect();
    assert_eq!(
        pauses,
        [5, 5, 10, 10],
        "the interval, again, and five more after slow_down"
    );
}

#[tokio::test]
async fn a_declined_and_an_expired_code_are_told_apart() {
    let declined = polled(|_| refused("authorization_declined", "AADSTS70019: declined")).await;
    let at = desk(&declined, Person::default());
    let fault = token(&at, &Way::DeviceCode).await.unwrap_err();
    assert!(
        fault.kind == Kind::SignIn && fault.why.contains("declined"),
        "{fault:?}"
    );
    assert_eq!(*at.person.ended.lock().unwrap(), [false]);

    let expired = polled(|_| refused("expired_token", "AADSTS70020: expired")).await;
    let fault = token(&desk(&expired, Person::default()), &Way::DeviceCode)
        .await
        .unwrap_err();
    assert!(
        fault.why.contains("expired") && fault.hint.contains("again"),
        "{fault:?}"
    );

    // Nobody ever types it and the service never says so.
    let silent = polled(|_| refused("authorization_pending", "")).await;
    let fault = token(&desk(&silent, Person::default()), &Way::DeviceCode)
        .await
        .unwrap_err();
    assert!(fault.why.contains("expired"), "{fault:?}");
    assert!(silent.seen().len() < 200);

    let blocked = polled(|_| {
        refused(
            "access_denied",
            "AADSTS53003: Access has been blocked by Conditional Access",
        )
    })
    .await;
    let fault = token(&desk(&blocked, Person::default()), &Way::DeviceCode)
        .await
        .unwrap_err();
    assert_eq!(fault.kind, Kind::SignIn);
}

#[tokio::test]
async fn a_person_is_asked_once_and_the_refresh_token_does_the_rest() {
    let server = Server::start(|seen, _| match seen.form("grant_type").as_deref() {
        None => device_code(),
        Some("refresh_token") if seen.form("refresh_token").unwrap() == "first-refresh" => granted("second"),
        Some("refresh_token") => refused("invalid_grant", "AADSTS700082: The refresh token has expired"),
        Some(_) => granted("first"),
    })
    .await;
    let desk = desk(&server, Person::default());
    let tokens = desk.sign_in.tokens(&Way::DeviceCode, SCOPE).unwrap();
    assert_eq!(tokens.bearer().await.unwrap().expose_secret(), "first");
    desk.bench.clock.advance(Duration::from_secs(3500));
    assert_eq!(tokens.bearer().await.unwrap().expose_secret(), "second");
    assert_eq!(desk.person.shown.lock().unwrap().len(), 1);
    // A refresh token that has ended brings the person back.
    tokens.refused(&SecretString::from("second"));
    assert_eq!(tokens.bearer().await.unwrap().expose_secret(), "first");
    assert_eq!(desk.person.shown.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn the_browser_brings_a_code_that_only_we_can_redeem() {
    static ASKED: Mutex<Option<HashMap<String, String>>> = Mutex::new(None);
    let server = Server::start(|seen, _| match seen.form("code").as_deref() {
        Some("the-code") => granted("browser-token"),
        other => panic!("code {other:?}"),
    })
    .await;
    let person = Person {
        answer: Some(|asked| {
            *ASKED.lock().unwrap() = Some(asked.clone());
            format!("?code=the-code&state={}", asked["state"])
        }),
        ..Person::default()
    };
    let desk = desk_on_system_clock(&server, person);
    assert_eq!(token(&desk, &Way::Browser).await.unwrap(), "browser-token");
    let asked = ASKED.lock().unwrap().clone().unwrap();
    let redeemed: Seen = server.seen()[0].clone();
    let verifier = redeemed.form("code_verifier").unwrap();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes());
    assert_eq!(asked["code_challenge"], BASE64_URL_SAFE_NO_PAD.encode(digest));
    assert_eq!(asked["code_challenge_method"], "S256");
    assert_eq!(redeemed.form("redirect_uri").unwrap(), asked["redirect_uri"]);
    assert!(asked["redirect_uri"].starts_with("http://localhost:"));
    assert!(matches!(
        desk.person.shown.lock().unwrap()[0],
        Prompt::Browser { opened: true, .. }
    ));
}

#[tokio::test]
async fn what_the_browser_brings_back_as_an_error_is_explained() {
    let server = Server::start(|_, _| panic!("nothing to redeem")).await;
    let person = Person {
        answer: Some(|asked| {
            format!(
                "?error=access_denied&error_description=AADSTS65004%3A+no+consent&state={}",
                asked["state"]
            )
        }),
        ..Person::default()
    };
    let fault = token(&desk_on_system_clock(&server, person), &Way::Browser)
        .await
        .unwrap_err();
    assert_eq!(fault.code.as_deref(), Some("AADSTS65004"));
}

/// Waiting for a real browser must not be skipped.
fn desk_on_system_clock(server: &Server, person: Person) -> Desk {
    let mut desk = desk(server, person);
    let clock = Arc::new(crate::clock::SystemClock);
    desk.sign_in.http = crate::clients::http::Http::new(
        &crate::clients::http::Network::default(),
        clock,
        Arc::new(crate::clients::http::Silent),
        1,
    )
    .unwrap();
    desk
}

#[tokio::test]
async fn a_client_secret_goes_to_the_simulators_plain_address() {
    let server = Server::start(|_, _| granted("app-token")).await;
    let desk = desk(&server, Person::default());
    let way = Way::ClientSecret(SecretString::from("the-client-secret"));
    assert_eq!(token(&desk, &way).await.unwrap(), "app-token");
    let seen = &server.seen()[0];
    assert_eq!(seen.target, format!("/{TENANT}/oauth2/v2.0/token"));
    assert_eq!(seen.form("grant_type").unwrap(), "client_credentials");
    assert_eq!(seen.form("client_secret").unwrap(), "the-client-secret");
    assert_eq!(seen.form("scope").unwrap(), SCOPE);
    let watched = format!("{:?}", desk.bench.watching.0.lock().unwrap());
    assert!(
        !watched.contains("the-client-secret") && watched.contains("oauth2"),
        "{watched}"
    );
}

#[tokio::test]
async fn a_refused_secret_is_explained_and_not_repeated() {
    let server = Server::start(|_, _| {
        Reply::json(
            401,
            json!({ "error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided. Trace ID: x",
                "error_codes": [7000215], "timestamp": "2026-11-21 00:00:00Z", "trace_id": "x", "correlation_id": "y" }),
        )
    })
    .await;
    let way = Way::ClientSecret(SecretString::from("the-client-secret"));
    let fault = token(&desk(&server, Person::default()), &way).await.unwrap_err();
    assert_eq!(
        (fault.kind, fault.code.as_deref()),
        (Kind::SignIn, Some("AADSTS7000215"))
    );
    assert!(fault.hint.contains("value, not its id"), "{fault:?}");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_failing_sign_in_service_is_retried_by_our_policy_alone() {
    let server = Server::start(|_, number| {
        if number < 2 {
            Reply::empty(503)
        } else {
            granted("app-token")
        }
    })
    .await;
    let way = Way::ClientSecret(SecretString::from("the-client-secret"));
    let desk = desk(&server, Person::default());
    assert_eq!(token(&desk, &way).await.unwrap(), "app-token");
    assert_eq!((server.seen().len(), desk.bench.clock.slept().len()), (3, 2));
    let down = Server::start(|_, _| Reply::empty(503)).await;
    token(&self::desk(&down, Person::default()), &way).await.unwrap_err();
    assert_eq!(down.seen().len(), 6);
}

#[tokio::test]
async fn a_refused_token_is_replaced_by_a_really_new_one() {
    let server = Server::start(|_, number| granted(&format!("app-token-{number}"))).await;
    let desk = desk(&server, Person::default());
    let tokens = desk
        .sign_in
        .tokens(&Way::ClientSecret(SecretString::from("the-client-secret")), SCOPE)
        .unwrap();
    let first = tokens.bearer().await.unwrap();
    assert_eq!(tokens.bearer().await.unwrap().expose_secret(), first.expose_secret());
    tokens.refused(&first);
    assert_eq!(tokens.bearer().await.unwrap().expose_secret(), "app-token-1");
}

fn pem(label: &str, der: &[u8]) -> String {
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        BASE64_STANDARD.encode(der)
    )
}

/// A self-signed RSA certificate with its key, made once: keys take long.
fn rsa() -> &'static (String, Vec<u8>) {
    static MADE: std::sync::LazyLock<(String, Vec<u8>)> = std::sync::LazyLock::new(|| {
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
        let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        params.not_after = rcgen::date_time_ymd(2030, 1, 1);
        let der = params.self_signed(&key).unwrap().der().to_vec();
        (format!("{}{}", key.serialize_pem(), pem("CERTIFICATE", &der)), der)
    });
    &MADE
}

#[tokio::test]
async fn a_certificate_signs_an_assertion_that_its_public_key_verifies() {
    let (text, der) = rsa();
    let server = Server::start(|_, _| granted("certified")).await;
    let way = Way::ClientCertificate(SecretString::from(text.clone()));
    assert_eq!(
        token(&desk(&server, Person::default()), &way).await.unwrap(),
        "certified"
    );
    let assertion = server.seen()[0].form("client_assertion").unwrap();
    let (message, signature) = assertion.rsplit_once('.').unwrap();
    let (header, claims) = message.split_once('.').unwrap();
    let read = |part: &str| serde_json::from_slice::<Value>(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    let (header, claims) = (read(header), read(claims));
    let thumbprint = BASE64_URL_SAFE_NO_PAD.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, der));
    assert_eq!(
        (&header["alg"], &header["x5t#S256"]),
        (&json!("PS256"), &json!(thumbprint))
    );
    assert_eq!(
        (&claims["iss"], &claims["sub"]),
        (&json!("the-client"), &json!("the-client"))
    );
    assert_eq!(claims["aud"], format!("{}{TENANT}/oauth2/v2.0/token", server.url));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["nbf"].as_i64().unwrap(), 600);
    let parsed = <x509_cert::Certificate as x509_cert::der::Decode>::from_der(der).unwrap();
    let public = parsed
        .tbs_certificate()
        .subject_public_key_info()
        .subject_public_key
        .raw_bytes();
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
    aws_lc_rs::signature::UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, public)
        .verify(message.as_bytes(), &signature)
        .unwrap();
}

#[test]
fn spoilt_certificate_files_say_what_is_wrong() {
    let (text, der) = rsa();
    let other = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let certificate = pem("CERTIFICATE", der);
    let key_only = text.replace(&certificate, "");
    for (file, why) in [
        (String::new(), "no CERTIFICATE"),
        (certificate.clone(), "no PRIVATE KEY"),
        (key_only, "no CERTIFICATE"),
        (format!("{}{certificate}", other.serialize_pem()), "does not belong"),
        (
            format!("{}{certificate}", pem("ENCRYPTED PRIVATE KEY", b"x")),
            "encrypted",
        ),
        (format!("{}{certificate}", pem("EC PRIVATE KEY", b"x")), "RSA only"),
        (
            format!("{}{certificate}", pem("PRIVATE KEY", b"x")),
            "not a usable RSA key",
        ),
        ("-----BEGIN CERTIFICATE-----\nAAAA".to_owned(), "no end"),
        (
            "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----".to_owned(),
            "not base64",
        ),
    ] {
        let fault = SigningKey::from_pem(&SecretString::from(file)).unwrap_err();
        assert!(fault.why.contains(why), "{why}: {fault:?}");
        assert!(!fault.hint.is_empty());
    }
}

#[tokio::test]
async fn a_chain_tries_in_order_tells_each_reason_and_stays_with_what_worked() {
    let server = Server::start(|seen, _| match seen.form("client_secret").as_deref() {
        Some("right") => granted("chained"),
        _ => refused("invalid_client", "AADSTS7000215: Invalid client secret provided."),
    })
    .await;
    let wrong = Way::ClientSecret(SecretString::from("wrong"));
    let right = Way::ClientSecret(SecretString::from("right"));
    let broken = Way::ClientCertificate(SecretString::from("nothing"));
    let desk = desk(&server, Person::default());
    let chain = Way::Chain(vec![broken.clone(), wrong.clone(), right]);
    let tokens = desk.sign_in.tokens(&chain, SCOPE).unwrap();
    let first = tokens.bearer().await.unwrap();
    assert_eq!(first.expose_secret(), "chained");
    tokens.refused(&first);
    tokens.bearer().await.unwrap();
    assert_eq!(server.seen().len(), 3, "wrong, right, right");

    let fault = token(&desk, &Way::Chain(vec![broken, wrong])).await.unwrap_err();
    for reason in ["client-certificate:", "CERTIFICATE", "client-secret:", "AADSTS7000215"] {
        assert!(fault.why.contains(reason), "{fault:?}");
    }
}

#[tokio::test]
async fn a_federated_token_is_read_from_its_file_each_time() {
    use std::io::Write as _;

    let server = Server::start(|_, _| granted("federated")).await;
    let mut file = tempfile::NamedTempFile::new().unwrap();
    write!(file, "the-federated-token").unwrap();
    let desk = desk(&server, Person::default());
    let way = Way::WorkloadIdentity(Some(file.path().to_owned()));
    assert_eq!(token(&desk, &way).await.unwrap(), "federated");
    let seen = &server.seen()[0];
    assert_eq!(seen.form("client_assertion").unwrap(), "the-federated-token");
    assert_eq!(seen.form("client_id").unwrap(), "the-client");
    let gone = Way::WorkloadIdentity(Some("/no/such/file".into()));
    let fault = token(&desk, &gone).await.unwrap_err();
    assert!(fault.hint.contains("federated"), "{fault:?}");
}

#[test]
fn a_plain_address_elsewhere_is_refused_and_a_missing_client_is_named() {
    let bench = bench();
    let mut sign_in = SignIn {
        http: bench.http.clone(),
        login: Url::parse("http://login.example.com").unwrap(),
        tenant: TENANT.to_owned(),
        client_id: None,
        prompter: Arc::new(Person::default()),
    };
    assert!(sign_in.credential(&Way::AzureCli).unwrap_err().what.contains("https"));
    sign_in.login = Url::parse("https://login.example.com").unwrap();
    sign_in.credential(&Way::AzureCli).unwrap();
    for way in [
        Way::DeviceCode,
        Way::Browser,
        Way::ClientSecret(SecretString::from("x")),
    ] {
        assert!(
            sign_in.credential(&way).unwrap_err().hint.contains("client_id"),
            "{way:?}"
        );
    }
}

#[test]
fn a_token_is_read_and_an_unreadable_one_is_no_error() {
    let claims = json!({ "scp": "User.Read Application.ReadWrite.All", "wids": ["w-1"], "tid": "t", "upn": "a@b.c",
        "exp": 1_800_000_000, "oid": "o", "appid": "app" });
    let encoded = BASE64_URL_SAFE_NO_PAD.encode(claims.to_string());
    let facts = token::TokenFacts::read(&format!("h.{encoded}.s"));
    assert!(facts.allows("application.readwrite.all") && !facts.allows("Policy.Read.All"));
    assert_eq!(
        (facts.upn.as_deref(), facts.tenant.as_deref()),
        (Some("a@b.c"), Some("t"))
    );
    assert_eq!(facts.expires.unwrap().as_second(), 1_800_000_000);
    assert!(!facts.is_application());
    for opaque in ["", "opaque", "a.b.c", "a.!!.c", "a.e30"] {
        assert!(!token::TokenFacts::read(opaque).readable, "{opaque}");
    }
    let app = BASE64_URL_SAFE_NO_PAD.encode(json!({ "roles": ["User.Read.All"] }).to_string());
    assert!(token::TokenFacts::read(&format!("h.{app}.s")).is_application());
}
