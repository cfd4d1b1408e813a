//! The dialect, request by request.

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{PATCH, groups, users};
use crate::sim::{
    http::{Port, Request, Response},
    scenario,
    world::{Outcome, World},
};

/// A world with provisioning enabled, and its token.
struct Bench {
    world: World,
    base: String,
    token: String,
    seq: u64,
}

impl Bench {
    fn new() -> Self {
        let text = "title = \"t\"\nabout = \"a\"\n[[aws]]\nsource = \"external\"\ntoken_ages_days = [10]\n";
        let world = scenario::parse("test", text)
            .unwrap()
            .build(1, Timestamp::UNIX_EPOCH)
            .unwrap();
        let provisioning = world.aws[0].instance.as_ref().unwrap().provisioning.clone().unwrap();
        let (base, token) = (
            format!("/{}/scim/v2", provisioning.tenant),
            provisioning.tokens[0].secret.clone(),
        );
        Self {
            world,
            base,
            token,
            seq: 0,
        }
    }

    fn send(&mut self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        self.seq += 1;
        self.world.now = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(self.seq.cast_signed());
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let mut headers = http::HeaderMap::new();
        headers.insert("authorization", format!("Bearer {}", self.token).parse().unwrap());
        let request = Request {
            port: Port::Scim,
            method: method.parse().unwrap(),
            path: format!("{}{path}", self.base),
            query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            headers,
            body: body.map_or(Bytes::new(), |body| body.to_string().into()),
            seq: self.seq,
            connection: 1,
            inside: true,
            at: self.world.now,
        };
        let Outcome::Answer(Response { status, body, .. }) = super::handle(&mut self.world, &request) else {
            unreachable!()
        };
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    fn create(&mut self, name: &str) -> String {
        let (status, body) = self.send("POST", "/Users", Some(user(name)));
        assert_eq!(status, 201, "{body}");
        body["id"].as_str().unwrap().to_owned()
    }

    fn patch(&mut self, path: &str, operations: Value) -> (u16, Value) {
        self.send(
            "PATCH",
            path,
            Some(json!({"schemas": [PATCH], "Operations": operations})),
        )
    }
}

fn user(name: &str) -> Value {
    json!({
        "schemas": [users::SCHEMA, super::super::update::SCIM_ENTERPRISE],
        "externalId": format!("x-{name}"),
        "userName": name,
        "name": {"givenName": "Richard", "familyName": "Roe"},
        "displayName": "RichardRoe",
        "active": true,
        "emails": [{"type": "work", "primary": true, "value": format!("{name}@contoso.com")}],
        super::super::update::SCIM_ENTERPRISE: {"department": "Billing", "manager": {"value": "m-1"}},
    })
}

fn without(name: &str) -> Value {
    let mut user = user("someone");
    user.as_object_mut().unwrap().remove(name);
    user
}

#[test]
fn the_errors_are_awss_own() {
    let mut bench = Bench::new();
    let (status, body) = bench.send("GET", "/Users/none", None);
    assert_eq!(
        (status, &body["schema"][0]),
        (404, &json!("urn:ietf:params:scim:api:messages:2.0:Error"))
    );
    assert!(body.get("schemas").is_none());
    bench.token = "wrong".into();
    assert_eq!(bench.send("GET", "/ServiceProviderConfig", None).0, 401);
    let mut bench = Bench::new();
    bench.base = bench.base.replace("/scim", "0/scim");
    assert_eq!(bench.send("GET", "/ServiceProviderConfig", None).0, 401);
}

#[test]
fn the_configuration_says_what_is_supported() {
    let mut bench = Bench::new();
    let (status, body) = bench.send("GET", "/ServiceProviderConfig", None);
    assert_eq!(
        (status, &body["patch"]["supported"], &body["bulk"]["supported"]),
        (200, &json!(true), &json!(false))
    );
    assert_eq!(bench.send("GET", "/Schemas", None).0, 200);
    assert_eq!(bench.send("GET", "/ResourceTypes", None).0, 200);
    assert_eq!(bench.send("POST", "/Bulk", Some(json!({}))).0, 404);
}

#[test]
fn a_user_needs_names_and_a_primary_address_and_single_values() {
    let mut bench = Bench::new();
    for needed in ["userName", "name", "displayName", "schemas"] {
        assert_eq!(bench.send("POST", "/Users", Some(without(needed))).0, 400, "{needed}");
    }
    let mut body = user("someone");
    body["emails"][0]["primary"] = json!(false);
    assert_eq!(bench.send("POST", "/Users", Some(body)).0, 400);
    let mut body = user("someone");
    body["emails"] = json!([{"value": "a@b.c", "primary": true}, {"value": "d@e.f", "primary": true}]);
    let (status, answer) = bench.send("POST", "/Users", Some(body));
    assert_eq!(
        (status, &answer["detail"]),
        (400, &json!("List attribute emails exceeds allowed limit of 1"))
    );
    let mut body = user("someone");
    body["name"]["familyName"] = json!("");
    let (_, answer) = bench.send("POST", "/Users", Some(body));
    let detail = answer["detail"].as_str().unwrap();
    assert!(detail.contains(
        "Value at 'name.familyName' failed to satisfy constraint: Member must have length greater than or equal to 1"
    ));
    let mut body = user("some one");
    body["emails"][0]["value"] = json!("a@b.c");
    assert!(
        bench.send("POST", "/Users", Some(body)).1["detail"]
            .as_str()
            .unwrap()
            .contains("regular expression pattern")
    );
    let mut body = user("someone");
    body["password"] = json!("hunter2hunter2");
    assert_eq!(bench.send("POST", "/Users", Some(body)).0, 400);
    let mut body = user("someone");
    body["displayName"] = json!("Bell\u{7}");
    assert_eq!(bench.send("POST", "/Users", Some(body)).0, 400);
}

#[test]
fn names_addresses_and_external_ids_are_unique() {
    let mut bench = Bench::new();
    bench.create("richard");
    assert_eq!(bench.send("POST", "/Users", Some(user("richard"))).0, 409);
    let mut other = user("other");
    other["externalId"] = json!("x-richard");
    assert_eq!(bench.send("POST", "/Users", Some(other)).0, 409);
    let mut other = user("other");
    other["emails"][0]["value"] = json!("Richard@contoso.com");
    assert_eq!(bench.send("POST", "/Users", Some(other)).0, 409);
}

#[test]
fn a_patch_changes_what_entra_changes() {
    let mut bench = Bench::new();
    let id = bench.create("richard");
    let path = format!("/Users/{id}");
    let operations = json!([
        {"op": "Replace", "path": "active", "value": "False"},
        {"op": "Add", "path": "emails[type eq \"work\"].value", "value": "new@contoso.com"},
        {"op": "Add", "path": "phoneNumbers[type eq \"work\"].value", "value": "+1 555 0100"},
        {"op": "Replace", "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "value": "Sales"},
        {"op": "replace", "value": {"title": "Boss", "name.givenName": "Rick"}},
    ]);
    let (status, body) = bench.patch(&path, operations);
    assert_eq!(status, 200, "{body}");
    assert_eq!(
        (&body["active"], &body["emails"][0]["value"]),
        (&json!(false), &json!("new@contoso.com"))
    );
    assert_eq!(
        (&body["title"], &body["name"]["givenName"]),
        (&json!("Boss"), &json!("Rick"))
    );
    assert_eq!(body["phoneNumbers"], json!([{"type": "work", "value": "+1 555 0100"}]));
    assert_eq!(body[super::super::update::SCIM_ENTERPRISE]["department"], "Sales");
    let (_, body) = bench.patch(
        &path,
        json!([{"op": "Remove", "path": "phoneNumbers[type eq \"work\"]"}]),
    );
    assert!(body.get("phoneNumbers").is_none());
    let (status, body) = bench.patch(&path, json!([{"op": "Remove"}]));
    assert_eq!(
        (status, &body["detail"]),
        (400, &json!("Missing path in PATCH request"))
    );
    assert_eq!(bench.patch(&path, json!([{"op": "remove", "path": "userName"}])).0, 400);
    let more = json!([{"op": "add", "path": "emails[type eq \"home\"].value", "value": "h@contoso.com"}]);
    assert_eq!(bench.patch(&path, more).0, 400);
}

#[test]
fn filters_know_eq_and_and_and_few_attributes() {
    let mut bench = Bench::new();
    let id = bench.create("richard");
    let found = |bench: &mut Bench, filter: &str| bench.send("GET", &format!("/Users?filter={filter}"), None);
    let (status, body) = found(&mut bench, "userName eq \"richard\"");
    assert_eq!(
        (status, &body["totalResults"], &body["Resources"][0]["id"]),
        (200, &json!(1), &json!(id))
    );
    assert_eq!(found(&mut bench, "externalId eq \"x-richard\"").1["totalResults"], 1);
    assert_eq!(
        found(&mut bench, &format!("id eq \"{id}\" and manager eq \"m-1\"")).1["totalResults"],
        1
    );
    assert_eq!(
        found(&mut bench, "userName sw \"r\"").1["detail"],
        "Invalid Filter format"
    );
    assert_eq!(found(&mut bench, "title eq \"Boss\"").0, 400);
}

#[test]
fn lists_go_on_by_cursor_only() {
    let mut bench = Bench::new();
    for n in 0..7 {
        bench.create(&format!("user{n}"));
    }
    let (_, first) = bench.send("GET", "/Users?cursor=&count=3", None);
    assert_eq!((&first["itemsPerPage"], first.get("totalResults")), (&json!(3), None));
    let cursor = first["nextCursor"].as_str().unwrap().to_owned();
    let changed = format!("/Users?cursor={cursor}&count=3&filter=userName eq \"user1\"");
    assert_eq!(bench.send("GET", &changed, None).0, 400);
    let (_, second) = bench.send("GET", &format!("/Users?cursor={cursor}&count=3"), None);
    let cursor = second["nextCursor"].as_str().unwrap().to_owned();
    let (_, third) = bench.send("GET", &format!("/Users?cursor={cursor}&count=3"), None);
    assert_eq!((&third["itemsPerPage"], third.get("nextCursor")), (&json!(1), None));
    assert_eq!(bench.send("GET", "/Users?count=101", None).0, 400);
    assert_eq!(bench.world.ledger.verdict(), Vec::<String>::new());
}

#[test]
fn members_are_taken_and_never_shown() {
    let mut bench = Bench::new();
    let (one, two) = (bench.create("one"), bench.create("two"));
    let group =
        json!({"schemas": [groups::SCHEMA], "displayName": "Admins", "externalId": "g-1", "members": [{"value": one}]});
    let (status, body) = bench.send("POST", "/Groups", Some(group.clone()));
    assert_eq!((status, &body["members"]), (201, &json!([])));
    let id = body["id"].as_str().unwrap().to_owned();
    let (status, body) = bench.send("POST", "/Groups", Some(group));
    assert_eq!((status, &body["detail"]), (409, &json!("Duplicate GroupDisplayName")));
    let path = format!("/Groups/{id}");
    assert_eq!(
        bench.patch(
            &path,
            json!([{"op": "Add", "path": "members", "value": [{"value": two}]}])
        ),
        (204, Value::Null)
    );
    let within = |bench: &mut Bench, user: &str| {
        bench
            .send(
                "GET",
                &format!("/Groups?filter=id eq \"{id}\" and members eq \"{user}\""),
                None,
            )
            .1["totalResults"]
            .clone()
    };
    assert_eq!(
        (within(&mut bench, &one), within(&mut bench, &two)),
        (json!(1), json!(1))
    );
    assert_eq!(
        bench
            .patch(
                &path,
                json!([{"op": "Remove", "path": format!("members[value eq \"{one}\"]")}])
            )
            .0,
        204
    );
    assert_eq!(within(&mut bench, &one), json!(0));
    assert_eq!(bench.patch(&path, json!([{"op": "Remove", "path": "members"}])).0, 400);
    assert_eq!(
        bench
            .patch(&path, json!([{"op": "Replace", "path": "members", "value": []}]))
            .0,
        400
    );
    assert_eq!(
        bench
            .patch(
                &path,
                json!([{"op": "Add", "path": "members", "value": [{"value": "nobody"}]}])
            )
            .0,
        404
    );
    let crowd: Vec<Value> = (0..101).map(|_| json!({"value": two})).collect();
    assert_eq!(
        bench
            .patch(&path, json!([{"op": "Add", "path": "members", "value": crowd}]))
            .0,
        400
    );
    assert_eq!(bench.send("DELETE", &path, None).0, 204);
    assert_eq!(bench.send("DELETE", &format!("/Users/{two}"), None).0, 204);
    assert_eq!(bench.send("GET", &format!("/Users/{two}"), None).0, 404);
}

#[test]
fn every_call_is_in_the_trail_without_its_values() {
    let mut bench = Bench::new();
    bench.create("richard");
    bench.send("POST", "/Users", Some(user("richard")));
    let trail = &bench.world.aws[0].trail;
    assert_eq!(
        trail.iter().map(|event| event.name.as_str()).collect::<Vec<_>>(),
        ["CreateUser", "CreateUser"]
    );
    assert_eq!(trail[1].record["errorCode"], "ConflictException");
    assert!(
        trail
            .iter()
            .all(|event| event.source == "identitystore-scim.amazonaws.com")
    );
    assert!(!format!("{trail:?}").contains("RichardRoe"));
}

#[test]
fn more_than_twenty_five_writes_a_second_are_too_many() {
    let mut bench = Bench::new();
    let statuses: Vec<u16> = (0..30)
        .map(|n| {
            // All within one second.
            bench.seq = 0;
            bench.send("POST", "/Users", Some(user(&format!("user{n}")))).0
        })
        .collect();
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 25);
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 5);
    assert!(bench.world.ledger.verdict()[0].contains("more than 25 a second"));
}
