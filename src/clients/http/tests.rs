use std::{io::Write, time::Duration};

use ::http::{HeaderName, Method};
use secrecy::SecretString;
use serde_json::json;
use url::Url;

use super::*;
use crate::clients::testing::{Reply, Server, bench, bench_on};

fn get(url: Url) -> Call {
    Call::get(Service::Graph, url)
}

fn post(url: Url) -> Call {
    Call::new(Service::Graph, Method::POST, url)
        .json(&json!({ "name": "x" }))
        .unwrap()
}

#[tokio::test]
async fn throttling_waits_as_long_as_it_is_told() {
    let server = Server::start(|_, number| match number {
        0 => Reply::empty(429).with("retry-after", "2.128"),
        1 => Reply::empty(429).with("retry-after", "7"),
        _ => Reply::json(200, json!({ "fine": true })),
    })
    .await;
    let bench = bench();
    // A create too: a throttled request was not carried out.
    let answer = bench.http.send(post(server.url.clone())).await.unwrap();
    assert_eq!(answer.status, 200);
    let slept = bench.clock.slept();
    assert_eq!(slept.len(), 2);
    assert!((2.128..2.7).contains(&slept[0].as_secs_f64()), "{slept:?}");
    assert!((7.0..7.6).contains(&slept[1].as_secs_f64()), "{slept:?}");
    let attempts: Vec<u32> = bench
        .watching
        .0
        .lock()
        .unwrap()
        .iter()
        .map(|seen| seen.attempt)
        .collect();
    assert_eq!(attempts, [1, 2, 3]);
}

#[tokio::test]
async fn a_date_is_a_retry_after_too() {
    let server = Server::start(|_, number| match number {
        // The skipping clock begins at 2027-01-15T08:00:00Z.
        0 => Reply::empty(503).with("retry-after", "Fri, 15 Jan 2027 08:00:30 GMT"),
        _ => Reply::empty(200),
    })
    .await;
    let bench = bench();
    bench.http.send(get(server.url.clone())).await.unwrap();
    let slept = bench.clock.slept();
    assert!((30.0..31.0).contains(&slept[0].as_secs_f64()), "{slept:?}");
}

#[tokio::test]
async fn a_vendor_who_wants_more_patience_than_the_policy_has_is_not_hurried() {
    let server = Server::start(|_, _| Reply::empty(429).with("retry-after", "600")).await;
    let bench = bench();
    let answer = bench.http.send(get(server.url.clone())).await.unwrap();
    assert_eq!(answer.status, 429);
    assert_eq!(answer.retry, Retry::After(Duration::from_secs(600)));
    assert!(bench.clock.slept().is_empty());
}

#[tokio::test]
async fn attempts_are_bounded_and_pauses_grow_with_jitter() {
    let server = Server::start(|_, _| Reply::empty(503)).await;
    let bench = bench();
    let answer = bench.http.send(get(server.url.clone())).await.unwrap();
    assert_eq!((answer.status, answer.retry), (503, Retry::Backoff));
    assert_eq!(server.seen().len(), 6);
    let slept = bench.clock.slept();
    for (number, pause) in slept.iter().enumerate() {
        assert!(*pause <= Duration::from_millis(500 << number), "{slept:?}");
    }
    assert!(slept.windows(2).any(|pair| pair[0] != pair[1]), "jitter: {slept:?}");
}

#[tokio::test]
async fn a_lost_answer_of_a_create_is_looked_for_and_never_sent_twice() {
    let server = Server::start(|_, _| Reply::HangUp).await;
    let bench = bench();
    let fault = bench.http.send(post(server.url.clone())).await.unwrap_err();
    assert_eq!(fault.retry, Retry::LookFirst);
    assert_eq!(server.seen().len(), 1);
    assert!(fault.what.contains("broke off"), "{fault:?}");
}

#[tokio::test]
async fn a_failing_service_leaves_a_create_unclear() {
    let server = Server::start(|_, _| Reply::empty(502)).await;
    let answer = bench().http.send(post(server.url.clone())).await.unwrap();
    assert_eq!(answer.retry, Retry::LookFirst);
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_dropped_connection_does_not_stop_a_read() {
    let server = Server::start(|_, number| match number {
        0 | 1 => Reply::HangUp,
        _ => Reply::json(200, json!({ "fine": true })),
    })
    .await;
    let answer = bench().http.send(get(server.url.clone())).await.unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn a_repeatable_change_is_repeated() {
    let server = Server::start(|_, number| if number == 0 { Reply::HangUp } else { Reply::empty(204) }).await;
    let call = Call::new(Service::Graph, Method::PATCH, server.url.clone()).repeatable();
    assert_eq!(bench().http.send(call).await.unwrap().status, 204);
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_create_that_found_nobody_is_tried_again_and_says_so() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    drop(listener);
    let bench = bench();
    let fault = bench.http.send(post(url)).await.unwrap_err();
    assert_eq!((fault.kind, fault.retry), (Kind::Unavailable, Retry::Backoff));
    assert!(fault.what.contains("refuses the connection"), "{fault:?}");
    assert_eq!(bench.watching.0.lock().unwrap().len(), 6);
}

#[tokio::test]
async fn an_unknown_name_is_explained() {
    let bench = bench();
    let url = Url::parse("https://no-such-host.invalid/").unwrap();
    let fault = bench.http.send(get(url)).await.unwrap_err();
    assert!(fault.what.contains("no-such-host.invalid"), "{fault:?}");
    assert!(fault.hint.contains("HTTPS_PROXY"), "{fault:?}");
    assert_eq!(fault.retry, Retry::Backoff);
}

#[tokio::test]
async fn redirects_are_answers() {
    let server = Server::start(|seen, _| match seen.target.as_str() {
        "/elsewhere" => Reply::empty(200),
        _ => Reply::empty(302).with("location", "/elsewhere"),
    })
    .await;
    let call = get(server.url.clone()).bearer(SecretString::from("secret-token"));
    assert_eq!(bench().http.send(call).await.unwrap().status, 302);
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn long_answers_are_not_read_to_their_end() {
    let server = Server::start(|_, _| Reply::Answer(200, Vec::new(), "x".repeat(2000))).await;
    let fault = bench()
        .http
        .send(get(server.url.clone()).limit(1000))
        .await
        .unwrap_err();
    assert_eq!((fault.kind, fault.retry), (Kind::Answer, Retry::Never));
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_token_is_never_sent_in_the_clear() {
    let url = Url::parse("http://graph.example.com/").unwrap();
    let bench = bench();
    let fault = bench
        .http
        .send(get(url).bearer(SecretString::from("secret-token")))
        .await
        .unwrap_err();
    assert_eq!(fault.kind, Kind::Usage);
    assert!(bench.watching.0.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_proxy_is_used_for_the_world_and_not_for_this_machine() {
    let proxy = Server::start(|_, _| Reply::json(200, json!({ "through": "proxy" }))).await;
    let direct = Server::start(|_, _| Reply::json(200, json!({ "through": "nothing" }))).await;
    let address = proxy.url.to_string();
    let network = Network::from_vars(|name| match name {
        "http_proxy" => Some(address.clone()),
        "NO_PROXY" => Some("intranet.example".to_owned()),
        _ => None,
    });
    let bench = bench_on(&network);
    let call = get(Url::parse("http://far.example.com/path").unwrap());
    assert!(bench.http.send(call).await.unwrap().text().contains("proxy"));
    assert_eq!(proxy.seen()[0].target, "http://far.example.com/path");
    assert!(
        bench
            .http
            .send(get(direct.url.clone()))
            .await
            .unwrap()
            .text()
            .contains("nothing")
    );
    assert_eq!(proxy.seen().len(), 1);
}

#[tokio::test]
async fn a_proxy_that_refuses_is_named() {
    let proxy = Server::start(|_, _| Reply::empty(407)).await;
    let network = Network {
        https_proxy: Some(proxy.url.to_string()),
        ..Network::default()
    };
    let call = get(Url::parse("https://far.example.com/").unwrap());
    let fault = bench_on(&network).http.send(call).await.unwrap_err();
    assert!(fault.what.contains("proxy"), "{fault:?}");
    assert_eq!(proxy.seen()[0].method, "CONNECT");
}

#[test]
fn a_broken_certificate_file_is_named_with_its_setting() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "not a certificate").unwrap();
    let path = file.path().to_str().unwrap().to_owned();
    let network = Network::from_vars(|name| (name == "AWS_CA_BUNDLE").then(|| path.clone()));
    let clock: SharedClock = crate::clients::testing::Skipping::new();
    let fault = Http::new(&network, clock, Arc::new(Silent), 0).unwrap_err();
    assert_eq!(fault.kind, Kind::File);
    assert!(fault.hint.contains("AWS_CA_BUNDLE"), "{fault:?}");
}

#[tokio::test]
async fn each_exchange_is_observed_without_secrets() {
    let server = Server::start(|_, _| Reply::empty(200).with("request-id", "r-1")).await;
    let bench = bench();
    let call = get(server.at("/v1.0/users?$top=5&code=hush")).bearer(SecretString::from("secret-token"));
    bench.http.send(call).await.unwrap();
    let seen = bench.watching.0.lock().unwrap().clone();
    assert_eq!(seen.len(), 1);
    assert_eq!(
        (seen[0].status, seen[0].request_id.as_deref()),
        (Some(200), Some("r-1"))
    );
    assert!(!format!("{seen:?}").contains("hush") && !format!("{seen:?}").contains("secret-token"));
    let request = &server.seen()[0];
    assert_eq!(request.bearer(), Some("secret-token"));
    assert!(request.headers["user-agent"].starts_with("fedwiz/"));
    assert_eq!(request.headers["client-request-id"].len(), 36);
}

#[tokio::test]
async fn the_same_seed_asks_with_the_same_request_ids() {
    let server = Server::start(|_, _| Reply::empty(200)).await;
    for _ in 0..2 {
        bench().http.send(get(server.url.clone())).await.unwrap();
    }
    let ids: Vec<String> = server
        .seen()
        .iter()
        .map(|seen| seen.headers["client-request-id"].clone())
        .collect();
    assert_eq!(ids[0], ids[1]);
}

#[test]
fn a_header_is_kept_and_an_address_is_shown_without_its_password() {
    let url = Url::parse("https://user:pass@example.com/a?state=1&b=2").unwrap();
    assert_eq!(shown_url(&url), "https://example.com/a?state=hidden&b=2");
    let call = get(url).header(HeaderName::from_static("prefer"), HeaderValue::from_static("x"));
    assert!(!format!("{call:?}").contains("pass@"));
}
