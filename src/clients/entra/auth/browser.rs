//! Signing in in the browser: authorization code with PKCE, handed back on a loopback port.

use std::time::Duration;

use oauth2::{AuthorizationCode, CsrfToken, PkceCodeChallenge, RedirectUrl, Scope, basic::BasicTokenResponse};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use url::Url;

use super::{
    interactive::{Client, OauthCarrier, Prompt, token_fault},
    sign_in::SignIn,
};
use crate::{
    clients::entra::error::login_fault,
    fault::{Fault, Kind},
};

/// How long a person may take.
const PATIENCE: Duration = Duration::from_secs(10 * 60);
/// How long a browser may take to say what it wants, in real time.
const REQUEST: Duration = Duration::from_secs(10);
/// A request line is no longer.
const LONGEST: usize = 16 * 1024;

/// Signs a person in in the browser.
pub(super) async fn sign_in(
    sign_in: &SignIn,
    client: &Client,
    scopes: Vec<Scope>,
) -> Result<BasicTokenResponse, Fault> {
    let cannot = |error: std::io::Error| {
        Fault::new(Kind::SignIn, "No local port can be opened for the browser's answer")
            .why(error.to_string())
            .hint("Use `auth = \"device-code\"` or `\"azure-cli\"`.")
    };
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(cannot)?;
    let port = listener.local_addr().map_err(cannot)?.port();
    let redirect = RedirectUrl::new(format!("http://localhost:{port}"))
        .map_err(|error| Fault::internal("The redirect address cannot be made").why(error.to_string()))?;
    let client = client.clone().set_redirect_uri(redirect);
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (url, state) = client
        .authorize_url(CsrfToken::new_random)
        .add_scopes(scopes)
        .set_pkce_challenge(challenge)
        .add_extra_param("prompt", "select_account")
        .url();
    let clock = sign_in.http.clock();
    let opened = sign_in.prompter.open(&url);
    sign_in.prompter.show(&Prompt::Browser {
        url,
        opened,
        until: clock.now() + PATIENCE,
    });
    let code = tokio::select! {
        code = answer(&listener, state.secret()) => code?,
        () = clock.sleep(PATIENCE) => {
            return Err(Fault::new(Kind::SignIn, "Nobody has signed in in the browser")
                .why(format!("{} minutes have passed", PATIENCE.as_secs() / 60))
                .hint("Run the same command again."));
        }
    };
    let carrier = OauthCarrier(sign_in.http.clone());
    client
        .exchange_code(code)
        .set_pkce_verifier(verifier)
        .request_async(&carrier)
        .await
        .map_err(token_fault)
}

/// Waits for the browser to come back with the code that belongs to this `state`.
async fn answer(listener: &TcpListener, state: &str) -> Result<AuthorizationCode, Fault> {
    loop {
        let Ok((mut stream, _)) = listener.accept().await else {
            continue;
        };
        let Some(url) = requested(&mut stream).await else {
            continue;
        };
        let value = |name: &str| {
            url.query_pairs()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
        };
        // Browsers ask for icons, scanners for anything: only the answer to our own question counts.
        if value("state").as_deref() != Some(state) {
            reply(&mut stream, "404 Not Found", "Nothing is here.").await;
            continue;
        }
        if let Some(code) = value("code") {
            reply(
                &mut stream,
                "200 OK",
                "You are signed in. Close this page and go back to fedwiz.",
            )
            .await;
            return Ok(AuthorizationCode::new(code));
        }
        reply(
            &mut stream,
            "200 OK",
            "You are not signed in. Go back to fedwiz: it says why.",
        )
        .await;
        let description = value("error_description").unwrap_or_default();
        return Err(match value("error").as_deref() {
            Some("access_denied") if description.is_empty() => {
                Fault::new(Kind::SignIn, "The sign-in was declined in the browser").hint("Run the same command again.")
            }
            error => login_fault(error.unwrap_or_default(), &description),
        });
    }
}

/// The address a browser asks for.
async fn requested(stream: &mut TcpStream) -> Option<Url> {
    let mut head = Vec::new();
    let read = async {
        let mut chunk = [0; 1024];
        while !head.windows(4).any(|end| end == b"\r\n\r\n") && head.len() < LONGEST {
            match stream.read(&mut chunk).await {
                Ok(0) | Err(_) => break,
                Ok(length) => head.extend_from_slice(&chunk[..length]),
            }
        }
    };
    // A connection that says nothing must not keep the next one waiting.
    tokio::time::timeout(REQUEST, read).await.ok()?;
    let line = String::from_utf8_lossy(&head);
    let mut words = line.lines().next()?.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    if method != "GET" {
        return None;
    }
    Url::parse("http://localhost").ok()?.join(target).ok()
}

async fn reply(stream: &mut TcpStream, status: &str, text: &str) {
    let page = format!("<!doctype html><meta charset=utf-8><title>fedwiz</title><p>{text}</p>");
    let response = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\
         Cache-Control: no-store\r\n\r\n{page}",
        page.len()
    );
    // The browser may have gone; the answer has been heard all the same.
    let _ = stream.write_all(response.as_bytes()).await;
    let _ = stream.shutdown().await;
}
