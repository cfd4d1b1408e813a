//! The token endpoint and device codes.

use super::*;

#[tokio::test]
async fn the_token_endpoint_speaks_aadsts() {
    let graph = Graph::start().await;
    let env: BTreeMap<String, String> = graph.sim.env().into_iter().collect();
    let id = env["AZURE_CLIENT_ID"].as_str();
    let scope = ("scope", "https://graph.microsoft.com/.default");
    let grant = ("grant_type", "client_credentials");
    for (form, status, number) in [
        (
            vec![grant, ("client_id", id), ("client_secret", "wrong"), scope],
            401,
            7_000_215,
        ),
        (
            vec![
                grant,
                ("client_id", "11111111-1111-1111-1111-111111111111"),
                ("client_secret", "x"),
                scope,
            ],
            400,
            700_016,
        ),
        (vec![grant, ("client_id", id), scope], 401, 7_000_218),
        (
            vec![grant, ("client_id", id), ("client_secret", "x"), ("scope", "User.Read")],
            400,
            1_002_012,
        ),
    ] {
        let (got, body) = graph.login(&form).await;
        assert_eq!((got, &body["error_codes"]), (status, &json!([number])), "{body}");
        assert!(
            body["error_description"]
                .as_str()
                .unwrap()
                .starts_with(&format!("AADSTS{number}:"))
        );
    }
    let url = format!("{}/nobody.example/oauth2/v2.0/token", graph.sim.addresses().login);
    let (status, body) = graph.form(&url, &[grant]).await;
    assert_eq!((status, &body["error_codes"]), (400, &json!([90002])));
}

#[tokio::test]
async fn a_device_code_is_pending_until_the_person_is_through() {
    let graph = Graph::start().await;
    let env: BTreeMap<String, String> = graph.sim.env().into_iter().collect();
    let id = env["AZURE_CLIENT_ID"].as_str();
    let url = format!(
        "{}/contoso.onmicrosoft.com/oauth2/v2.0/devicecode",
        graph.sim.addresses().login
    );
    let scope = "https://graph.microsoft.com/User.Read https://graph.microsoft.com/Policy.Read.All offline_access";
    let (status, asked) = graph.form(&url, &[("client_id", id), ("scope", scope)]).await;
    assert_eq!(status, 200, "{asked}");
    let code = asked["device_code"].as_str().unwrap();
    let poll = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("client_id", id),
        ("device_code", code),
    ];
    assert_eq!(graph.login(&poll).await.1["error"], "authorization_pending");
    assert_eq!(graph.login(&poll).await.1["error"], "slow_down");
    graph.wait(20).await;
    let (status, got) = graph.login(&poll).await;
    assert_eq!(status, 200, "{got}");
    let refresh = got["refresh_token"].as_str().unwrap();
    let other = graph;
    *other.token.lock().unwrap() = got["access_token"].as_str().unwrap().to_owned();
    assert_eq!(
        other.get("/v1.0/me").await["userPrincipalName"],
        "admin@contoso.onmicrosoft.com"
    );
    let roles = other
        .get("/v1.0/me/transitiveMemberOf/microsoft.graph.directoryRole")
        .await;
    assert!(
        roles["value"]
            .as_array()
            .unwrap()
            .iter()
            .any(|r| r["displayName"] == "Application Administrator")
    );
    // Scopes that were not asked for are not there.
    assert_eq!(
        other.bad("GET", "/v1.0/applications", None).await.1,
        "Authorization_RequestDenied"
    );
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", id),
        ("refresh_token", refresh),
    ];
    assert_eq!(other.login(&form).await.0, 200);
    // A token ends by the simulated clock.
    other.wait(4000).await;
    let (status, code, _) = other.bad("GET", "/v1.0/me", None).await;
    assert_eq!((status, code.as_str()), (401, "InvalidAuthenticationToken"));
}
