//! How requests are judged, and how lists come.

use super::*;

#[tokio::test]
async fn requests_are_judged_strictly() {
    let graph = Graph::start().await;
    let (_, sp, _) = graph.app().await;
    let user = json!({ "accountEnabled": true, "displayName": "x", "mailNickname": "x", "userPrincipalName": "x@contoso.onmicrosoft.com",
        "passwordProfile": { "password": "short" } });
    for (method, path, body, status, code) in [
        ("GET", "/v1.0/nothing", None, 404, "BadRequest"),
        ("DELETE", "/v1.0/organization", None, 405, "Request_BadRequest"),
        ("GET", "/v1.0/users?$search=x", None, 400, "Request_UnsupportedQuery"),
        (
            "GET",
            "/v1.0/users?$select=displayname",
            None,
            400,
            "Request_BadRequest",
        ),
        (
            "GET",
            "/v1.0/users?$filter=displayName%20ne%20'x'",
            None,
            400,
            "Request_UnsupportedQuery",
        ),
        (
            "GET",
            "/v1.0/users?$filter=nothing%20eq%20'x'",
            None,
            400,
            "Request_UnsupportedQuery",
        ),
        ("GET", "/v1.0/users?$top=1000", None, 400, "Request_BadRequest"),
        ("GET", "/v1.0/servicePrincipals/x/claimsPolicy", None, 404, "BadRequest"),
        (
            "GET",
            &format!("/beta/servicePrincipals/{sp}/claimsPolicy"),
            None,
            404,
            "Request_ResourceNotFound",
        ),
        (
            "POST",
            "/v1.0/users",
            Some(json!({"displayName": "x"})),
            400,
            "Request_BadRequest",
        ),
        ("POST", "/v1.0/users", Some(user), 400, "Request_BadRequest"),
        (
            "PATCH",
            &format!("/v1.0/servicePrincipals/{sp}"),
            Some(json!({"loginURL": "x"})),
            400,
            "BadRequest",
        ),
        (
            "PATCH",
            &format!("/v1.0/servicePrincipals/{sp}"),
            Some(json!({"appId": "x"})),
            400,
            "Request_BadRequest",
        ),
        ("GET", "/v1.0/domains", None, 403, "Authorization_RequestDenied"),
        ("GET", "/v1.0/me", None, 400, "BadRequest"),
    ] {
        let (got, is, message) = graph.bad(method, path, body).await;
        assert_eq!((got, is.as_str()), (status, code), "{method} {path}: {message}");
    }
}

#[tokio::test]
async fn people_and_groups_come_in_pages_and_in_batches() {
    let graph = Graph::start().await;
    let group = graph.good("POST", "/v1.0/groups", json!({"displayName": "AWS people", "mailEnabled": false, "mailNickname": "awspeople", "securityEnabled": true})).await;
    let group = group["id"].as_str().unwrap().to_owned();
    graph.wait(5).await;
    let base = graph.sim.addresses().graph.clone();
    for n in 0..7 {
        let user = graph.user(&format!("u{n}")).await;
        let link = json!({"@odata.id": format!("{base}/v1.0/directoryObjects/{user}")});
        graph
            .good("POST", &format!("/v1.0/groups/{group}/members/$ref"), link.clone())
            .await;
        if n == 0 {
            assert!(
                graph
                    .bad("POST", &format!("/v1.0/groups/{group}/members/$ref"), Some(link))
                    .await
                    .2
                    .contains("already exist")
            );
        }
    }
    let first = graph.get(&format!("/v1.0/groups/{group}/members")).await;
    assert!(first["@odata.nextLink"].is_string());
    assert_eq!(
        graph
            .all(&format!("/v1.0/groups/{group}/members?$select=id"))
            .await
            .len(),
        7
    );
    // The page that was offered first and never fetched is seen.
    assert!(
        graph.sim.verdict().iter().any(|v| v.contains("page-ignored")),
        "{:?}",
        graph.sim.verdict()
    );
    let (status, twice) = graph.raw("POST", "/v1.0/users", Some(json!({
        "accountEnabled": true, "displayName": "x", "mailNickname": "x", "userPrincipalName": "U1@contoso.onmicrosoft.com",
        "passwordProfile": { "password": "Wolf-4711-x" }}))).await;
    assert_eq!(
        (status, &twice["error"]["details"][0]["code"]),
        (400, &json!("ObjectConflict"))
    );
    let batch = json!({"requests": [
        { "id": "1", "method": "GET", "url": "/users/u1@contoso.onmicrosoft.com?$select=displayName" },
        { "id": "2", "method": "GET", "url": "/users/nobody@contoso.onmicrosoft.com" },
        { "id": "3", "method": "GET", "url": "/organization", "dependsOn": ["2"] },
    ]});
    let answer = graph.good("POST", "/v1.0/$batch", batch).await;
    let statuses: Vec<&Value> = answer["responses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| &r["status"])
        .collect();
    assert_eq!(statuses, [&json!(200), &json!(404), &json!(424)]);
    assert_eq!(answer["responses"][0]["body"]["displayName"], "u1");
}
