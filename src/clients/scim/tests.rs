use serde_json::json;

use super::*;
use crate::clients::{
    aws::partition::Partition,
    testing::{Reply, Seen, Server, bench},
};

const TOKEN: &str = "scim-token-of-the-test";

fn scim(server: &Server) -> Scim {
    Scim::new(bench().http, server.at("/abc/scim/v2"), SecretString::from(TOKEN))
}

fn query(seen: &Seen, name: &str) -> Option<String> {
    let url = Url::parse("http://localhost").unwrap().join(&seen.target).unwrap();
    url.query_pairs()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

#[tokio::test]
async fn a_user_is_found_by_an_exact_filter_and_the_token_travels_in_the_header_alone() {
    let server = Server::start(|_, _| {
        Reply::json(
            200,
            json!({ "totalResults": 1, "Resources": [{ "id": "u-1", "userName": "o\"x@contoso.com", "active": true,
                "emails": [{ "value": "x" }] }] }),
        )
    })
    .await;
    let user = scim(&server).user_by_name("o\"x@contoso.com").await.unwrap().unwrap();
    assert_eq!((user.id.as_str(), user.active), ("u-1", Some(true)));
    assert!(user.other.contains_key("emails"));
    let seen = &server.seen()[0];
    assert_eq!(query(seen, "filter").unwrap(), "userName eq \"o\\\"x@contoso.com\"");
    assert!(seen.target.starts_with("/abc/scim/v2/Users?"));
    assert_eq!(seen.bearer(), Some(TOKEN));
    assert!(!seen.target.contains(TOKEN));
}

#[tokio::test]
async fn lists_are_read_by_cursor_to_their_end() {
    let server = Server::start(|seen, _| {
        let page = |ids: &[&str], next: Option<&str>| {
            let users: Vec<_> = ids.iter().map(|id| json!({ "id": id, "userName": id })).collect();
            Reply::json(
                200,
                json!({ "Resources": users, "itemsPerPage": users.len(), "nextCursor": next }),
            )
        };
        match query(seen, "cursor").as_deref() {
            Some("") => page(&["a", "b"], Some("two")),
            Some("two") => page(&[], Some("three")),
            Some("three") => page(&["c"], None),
            other => panic!("cursor {other:?}"),
        }
    })
    .await;
    let ids: Vec<String> = scim(&server)
        .users()
        .await
        .unwrap()
        .into_iter()
        .map(|user| user.id)
        .collect();
    assert_eq!(ids, ["a", "b", "c"]);
}

#[tokio::test]
async fn a_list_that_turns_in_circles_is_an_error() {
    let server = Server::start(|_, _| Reply::json(200, json!({ "Resources": [], "nextCursor": "again" }))).await;
    assert_eq!(scim(&server).groups().await.unwrap_err().kind, Kind::Answer);
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_refused_token_says_what_may_be_the_matter() {
    let server = Server::start(|_, _| {
        Reply::json(
            401,
            json!({ "schema": ["urn:ietf:params:scim:api:messages:2.0:Error"], "detail": "Invalid\u{1b}[31m token",
                "status": "401" }),
        )
        .with("x-amzn-requestid", "r-9")
    })
    .await;
    let fault = scim(&server).service_provider_config().await.unwrap_err();
    assert_eq!((fault.kind, fault.request_id.as_deref()), (Kind::SignIn, Some("r-9")));
    for word in ["expired", "deleted", "another tenant", "Invalid"] {
        assert!(fault.why.contains(word), "{fault:?}");
    }
    assert!(!fault.why.contains('\u{1b}'));
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn members_are_asked_for_one_by_one_and_unknown_ones_are_none() {
    let server = Server::start(|_, number| match number {
        0 => Reply::json(
            200,
            json!({ "Resources": [{ "id": "g", "displayName": "G", "members": [] }] }),
        ),
        _ => Reply::json(404, json!({ "schemas": [], "detail": "no such member" })),
    })
    .await;
    let scim = scim(&server);
    assert!(scim.is_member("g", "u").await.unwrap());
    assert!(!scim.is_member("g", "nobody").await.unwrap());
    assert_eq!(
        query(&server.seen()[0], "filter").unwrap(),
        "id eq \"g\" and members eq \"u\""
    );
}

#[tokio::test]
async fn deleting_twice_is_not_an_error() {
    let server = Server::start(|_, number| Reply::empty(if number == 0 { 204 } else { 404 })).await;
    let scim = scim(&server);
    assert_eq!(scim.delete_user("u-1").await.unwrap(), Existed::Yes);
    assert_eq!(scim.delete_user("u-1").await.unwrap(), Existed::No);
}

#[tokio::test]
async fn a_user_is_disabled_with_a_patch_operation() {
    let server = Server::start(|_, _| Reply::json(200, json!({}))).await;
    scim(&server).set_active("u-1", false).await.unwrap();
    let seen = &server.seen()[0];
    assert_eq!(
        (seen.method.as_str(), seen.headers["content-type"].as_str()),
        ("PATCH", MEDIA)
    );
    assert!(seen.body.contains("PatchOp") && seen.body.contains("\"value\":false"));
}

#[test]
fn only_awss_own_host_or_a_named_one_is_given_the_token() {
    let aws = Partition::named("aws").unwrap();
    let good = "https://scim.eu-west-1.amazonaws.com/kE3abc/scim/v2";
    let check = |endpoint: &str, allowed: Option<&Url>| check_endpoint(endpoint, aws, "eu-west-1", allowed);
    assert_eq!(check(&format!(" {good}/\n"), None).unwrap().as_str(), good);
    check("https://scim.eu-west-1.api.aws/kE3abc/scim/v2", None).unwrap();
    for (endpoint, words) in [
        ("not an address", "is no address"),
        ("http://scim.eu-west-1.amazonaws.com/a/scim/v2", "not https"),
        ("https://scim.us-east-1.amazonaws.com/a/scim/v2", "Region us-east-1"),
        (
            "https://scim.eu-west-1.amazonaws.com.evil.example/a/scim/v2",
            "foreign host",
        ),
        ("https://scim.eu-west-1.amazonaws.com:8443/a/scim/v2", "foreign host"),
        (
            "https://evil.example/scim.eu-west-1.amazonaws.com/scim/v2",
            "foreign host",
        ),
        (
            "https://user@scim.eu-west-1.amazonaws.com/a/scim/v2",
            "more than an address",
        ),
        (
            "https://scim.eu-west-1.amazonaws.com/a/scim/v2?token=x",
            "more than an address",
        ),
        ("https://scim.eu-west-1.amazonaws.com/scim/v2", "not complete"),
        ("http://127.0.0.1:9/a/scim/v2", "not https"),
    ] {
        let fault = check(endpoint, None).unwrap_err();
        assert_eq!(fault.kind, Kind::Usage);
        assert!(fault.to_string().contains(words), "{endpoint}: {fault}");
    }
    let local = Url::parse("http://127.0.0.1:1234").unwrap();
    check("http://127.0.0.1:4321/a/scim/v2", Some(&local)).unwrap();
    let named = Url::parse("https://gateway.corp.example/aws").unwrap();
    check("https://gateway.corp.example/aws/a/scim/v2", Some(&named)).unwrap();
    assert!(check("https://other.corp.example/a/scim/v2", Some(&named)).is_err());
    let china = Partition::named("aws-cn").unwrap();
    check_endpoint(
        "https://scim.cn-north-1.amazonaws.com.cn/a/scim/v2",
        china,
        "cn-north-1",
        None,
    )
    .unwrap();
    assert!(check_endpoint(good, china, "cn-north-1", None).is_err());
}
