use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use azure_core::{
    credentials::{AccessToken, Secret, TokenCredential, TokenRequestOptions},
    time::{Duration as AzureDuration, OffsetDateTime},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::*;
use crate::{
    clients::testing::{Bench, Reply, Server, bench},
    clock::Clock,
    fault::Retry,
};

/// Gives out token 1, token 2, … with these claims.
#[derive(Debug)]
struct Counting {
    given: AtomicUsize,
    claims: Value,
    life: i64,
}

#[async_trait]
impl TokenCredential for Counting {
    async fn get_token(&self, _: &[&str], _: Option<TokenRequestOptions<'_>>) -> azure_core::Result<AccessToken> {
        let number = self.given.fetch_add(1, Ordering::SeqCst) + 1;
        let claims = BASE64_URL_SAFE_NO_PAD.encode(self.claims.to_string());
        let expires = OffsetDateTime::now_utc() + AzureDuration::seconds(self.life);
        Ok(AccessToken::new(
            Secret::new(format!("head.{claims}.number{number}")),
            expires,
        ))
    }
}

fn graph_with(server: &Server, bench: &Bench, claims: Value) -> Graph {
    let credential = Counting {
        given: AtomicUsize::new(0),
        claims,
        life: 3600,
    };
    let tokens = Tokens::new(bench.clock.clone(), Arc::new(credential), "scope");
    Graph::new(bench.http.clone(), tokens, server.url.clone())
}

fn graph(server: &Server) -> Graph {
    graph_with(server, &bench(), json!({ "scp": "User.Read" }))
}

fn error(status: u16, code: &str, message: &str) -> Reply {
    Reply::json(
        status,
        json!({ "error": { "code": code, "message": message, "innerError": { "request-id": "r-1" } } }),
    )
}

#[tokio::test]
async fn a_list_is_read_to_its_end_whole_links_and_all() {
    let base = Arc::new(Mutex::new(String::new()));
    let known = base.clone();
    let server = Server::start(move |seen, number| {
        let base = known.lock().unwrap();
        match number {
            0 => {
                assert_eq!(seen.target, "/v1.0/users?%24filter=a+eq+%27b%27");
                let next = format!("{base}v1.0/users?$skiptoken=opaque%20thing");
                Reply::json(200, json!({ "value": [1, 2], "@odata.nextLink": next }))
            }
            _ => {
                assert_eq!(seen.target, "/v1.0/users?$skiptoken=opaque%20thing");
                Reply::json(200, json!({ "value": [3] }))
            }
        }
    })
    .await;
    *base.lock().unwrap() = server.url.to_string();
    let all: Vec<u32> = graph(&server).list("/users", &[("$filter", "a eq 'b'")]).await.unwrap();
    assert_eq!(all, [1, 2, 3]);
}

#[tokio::test]
async fn a_next_page_on_another_host_is_not_followed() {
    let foreign = Server::start(|_, _| Reply::json(200, json!({ "value": [] }))).await;
    let next = foreign.at("/v1.0/users?page=2").to_string();
    let server = Server::start(move |_, _| Reply::json(200, json!({ "value": [1], "@odata.nextLink": next }))).await;
    let fault = graph(&server).list::<u32>("/users", &[]).await.unwrap_err();
    assert_eq!(fault.kind, Kind::Answer);
    assert!(foreign.seen().is_empty());
}

#[tokio::test]
async fn a_list_that_turns_in_circles_ends() {
    let base = Arc::new(Mutex::new(String::new()));
    let known = base.clone();
    let server = Server::start(move |_, _| {
        let next = format!("{}v1.0/users?page=1", known.lock().unwrap());
        Reply::json(200, json!({ "value": [1], "@odata.nextLink": next }))
    })
    .await;
    *base.lock().unwrap() = server.url.to_string();
    assert!(
        graph(&server)
            .list::<u32>("/users", &[])
            .await
            .unwrap_err()
            .what
            .contains("never ends")
    );
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_refused_token_is_renewed_once() {
    let server = Server::start(|seen, _| match seen.bearer() {
        Some(token) if token.ends_with("number2") => Reply::json(200, json!({ "id": "me" })),
        _ => error(
            401,
            "InvalidAuthenticationToken",
            "Lifetime validation failed, the token is expired.",
        ),
    })
    .await;
    let graph = graph(&server);
    let me: Value = graph.get("/me", &[]).await.unwrap();
    assert_eq!(me["id"], "me");
    assert_eq!(server.seen().len(), 2);
    // A create too: a refused request was not carried out.
    graph.post::<Value>("/users", &json!({})).await.unwrap();
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn a_token_refused_twice_is_a_sign_in_fault() {
    let server = Server::start(|_, _| error(401, "InvalidAuthenticationToken", "no")).await;
    let fault = graph(&server).get::<Value>("/me", &[]).await.unwrap_err();
    assert_eq!(
        (fault.kind, fault.code.as_deref()),
        (Kind::SignIn, Some("InvalidAuthenticationToken"))
    );
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_token_is_renewed_before_it_ends() {
    let server = Server::start(|_, _| Reply::json(200, json!({}))).await;
    let bench = bench();
    let graph = graph_with(&server, &bench, json!({}));
    for passed in [0, 3000, 290, 20] {
        bench.clock.advance(std::time::Duration::from_secs(passed));
        graph.get::<Value>("/me", &[]).await.unwrap();
    }
    let tokens: Vec<bool> = server
        .seen()
        .iter()
        .map(|seen| seen.bearer().unwrap().ends_with("number1"))
        .collect();
    assert_eq!(tokens, [true, true, true, false]);
}

#[tokio::test]
async fn what_is_not_there_is_none_and_deleting_it_is_no_error() {
    let server = Server::start(|_, _| error(404, "Request_ResourceNotFound", "Resource 'x' does not exist")).await;
    let graph = graph(&server);
    assert_eq!(graph.get_opt::<Value>("/users/x", &[]).await.unwrap(), None);
    assert_eq!(graph.delete("/users/x").await.unwrap(), Existed::No);
    let fault = graph.patch("/users/x", &json!({ "a": 1 })).await.unwrap_err();
    assert_eq!((fault.kind, fault.retry), (Kind::NotFound, Retry::Replication));
    assert_eq!(fault.request_id.as_deref(), Some("r-1"));
}

#[tokio::test]
async fn version_and_consistency_are_chosen_by_the_call() {
    let server = Server::start(|_, _| Reply::empty(204)).await;
    let graph = graph(&server);
    graph
        .version(Version::Beta)
        .eventual()
        .act::<()>("/policies", &json!({}))
        .await
        .unwrap();
    graph.act::<()>("/policies", &json!({})).await.unwrap();
    let seen = server.seen();
    assert_eq!(
        (seen[0].target.as_str(), seen[1].target.as_str()),
        ("/beta/policies", "/v1.0/policies")
    );
    assert_eq!(seen[0].headers["consistencylevel"], "eventual");
    assert!(!seen[1].headers.contains_key("consistencylevel"));
}

fn inner(seen: &crate::clients::testing::Seen) -> Vec<Value> {
    let body: Value = serde_json::from_str(&seen.body).unwrap();
    body["requests"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_batch_is_cut_into_twenties_and_answers_keep_their_places() {
    let server = Server::start(|seen, _| {
        let mut responses: Vec<Value> = inner(seen)
            .iter()
            .map(|it| json!({ "id": it["id"], "status": 200, "body": { "url": it["url"] } }))
            .collect();
        responses.reverse();
        Reply::json(200, json!({ "responses": responses }))
    })
    .await;
    let items: Vec<BatchItem> = (0..45)
        .map(|number| BatchItem::get(format!("/users/{number}")))
        .collect();
    let answers = graph(&server).batch(&items).await;
    for (number, answer) in answers.iter().enumerate() {
        assert_eq!(answer.as_ref().unwrap().body["url"], format!("/users/{number}"));
    }
    let sizes: Vec<usize> = server.seen().iter().map(|seen| inner(seen).len()).collect();
    assert_eq!(sizes, [20, 20, 5]);
}

#[tokio::test]
async fn throttled_items_of_a_batch_are_sent_again_alone() {
    let server = Server::start(|seen, number| {
        let responses: Vec<Value> = inner(seen)
            .iter()
            .map(|it| match (it["url"].as_str().unwrap(), number) {
                ("/b", 0) => json!({ "id": it["id"], "status": 429, "headers": { "Retry-After": "4" } }),
                ("/c", _) => {
                    json!({ "id": it["id"], "status": 404, "body": { "error": { "code": "Gone", "message": "m" } } })
                }
                ("/d", _) => json!({ "id": it["id"], "status": 503, "body": {} }),
                _ => json!({ "id": it["id"], "status": 201, "body": {} }),
            })
            .collect();
        Reply::json(200, json!({ "responses": responses }))
    })
    .await;
    let bench = bench();
    let items = [
        BatchItem::get("/a"),
        BatchItem::post("/b", json!({ "x": 1 })),
        BatchItem::get("/c"),
        BatchItem::post("/d", json!({ "x": 1 })),
    ];
    let answers = graph_with(&server, &bench, json!({})).batch(&items).await;
    assert_eq!(answers[0].as_ref().unwrap().status, 201);
    assert_eq!(answers[1].as_ref().unwrap().status, 201);
    assert_eq!(answers[2].as_ref().unwrap_err().kind, Kind::NotFound);
    assert_eq!(answers[3].as_ref().unwrap_err().retry, Retry::LookFirst);
    let seen = server.seen();
    assert_eq!(seen.len(), 2);
    let again = inner(&seen[1]);
    assert_eq!((again.len(), again[0]["url"].as_str()), (1, Some("/b")));
    assert_eq!(again[0]["headers"]["Content-Type"], "application/json");
    assert!(
        bench.clock.slept().iter().any(|pause| pause.as_secs() == 4),
        "{:?}",
        bench.clock.slept()
    );
}

#[tokio::test]
async fn a_lost_batch_with_a_create_in_it_is_looked_for() {
    let server = Server::start(|_, _| Reply::HangUp).await;
    let items = [
        BatchItem::post("/users", json!({})),
        BatchItem::patch("/users/1", json!({})),
    ];
    let answers = graph(&server).batch(&items).await;
    assert_eq!(server.seen().len(), 1);
    assert_eq!(answers[0].as_ref().unwrap_err().retry, Retry::LookFirst);
    assert_eq!(answers[1].as_ref().unwrap_err().retry, Retry::Backoff);
}

#[tokio::test]
async fn log_reads_keep_their_limit() {
    let server = Server::start(|_, _| Reply::json(200, json!({ "value": [] }))).await;
    let bench = bench();
    let graph = graph_with(&server, &bench, json!({}));
    let started = bench.clock.now();
    for _ in 0..11 {
        graph.list::<Value>("/auditLogs/provisioning", &[]).await.unwrap();
    }
    assert!(bench.clock.now().duration_since(started).as_secs_f64() >= 20.0);
}

#[test]
fn values_in_paths_and_filters_cannot_break_out() {
    assert_eq!(segment("a/../b?c#d e"), "a%2F..%2Fb%3Fc%23d%20e");
    assert_eq!(quoted("O'Brien"), "'O''Brien'");
}

/// Asks for several things at the same time, as nodes do.
async fn at_once(graph: &Graph, items: Vec<BatchItem>) -> Vec<Result<BatchAnswer, Fault>> {
    let asking = items.into_iter().map(|item| {
        let graph = graph.clone();
        tokio::spawn(async move { graph.together(item).await })
    });
    let asking: Vec<_> = asking.collect();
    let mut answers = Vec::new();
    for one in asking {
        answers.push(one.await.unwrap());
    }
    answers
}

#[tokio::test]
async fn what_is_asked_for_at_the_same_time_travels_together_and_each_gets_its_own_answer() {
    let server = Server::start(|seen, _| {
        assert_eq!(seen.target, "/v1.0/$batch");
        let body: Value = serde_json::from_str(&seen.body).unwrap();
        let requests = body["requests"].as_array().unwrap();
        assert!(requests.len() <= 20);
        let responses = requests.iter().map(|request| {
            let name = request["body"]["name"].as_str().unwrap();
            match name {
                "n7" => json!({ "id": request["id"], "status": 400, "body": { "error": { "code": "Bad", "message": "no" } } }),
                _ => json!({ "id": request["id"], "status": 201, "body": { "name": name } }),
            }
        });
        Reply::json(200, json!({ "responses": responses.collect::<Vec<_>>() }))
    })
    .await;
    let graph = graph(&server);
    let items = (0..45).map(|number| BatchItem::post("/things", json!({ "name": format!("n{number}") })));
    let answers = at_once(&graph, items.collect()).await;
    for (number, answer) in answers.iter().enumerate() {
        match answer {
            Ok(answer) => assert_eq!(answer.body["name"], format!("n{number}")),
            Err(fault) => assert_eq!((number, fault.retry), (7, Retry::Never)),
        }
    }
    assert!(answers[7].is_err());
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn one_that_nobody_joins_goes_as_a_request_of_its_own() {
    let server = Server::start(|seen, _| {
        assert_eq!(
            (seen.method.as_str(), seen.target.as_str()),
            ("DELETE", "/v1.0/things/1")
        );
        Reply::Answer(204, Vec::new(), String::new())
    })
    .await;
    let graph = graph(&server);
    assert_eq!(graph.delete_together("/things/1").await.unwrap(), Existed::Yes);
}
