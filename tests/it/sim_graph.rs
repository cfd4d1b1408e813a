//! The simulated Entra, driven by plain HTTP. Every exchange with Graph is checked against the vendor's contract.

use std::{collections::BTreeMap, sync::Mutex, time::Duration};

use fedwiz::sim::{Options, Sim, SimBusy};
use serde_json::{Value, json};

use crate::contracts::graph::GraphContract;

const AWS_TEMPLATE: &str = "21ed01d2-ec13-4e9e-86c1-cd546719ebc4";

/// A simulation and a client of it that checks what it sends and gets.
pub struct Graph {
    pub sim: Sim,
    http: reqwest::Client,
    token: Mutex<String>,
    contract: Option<GraphContract>,
    _busy: SimBusy,
}

impl Graph {
    pub async fn start() -> Self {
        Self::of("fresh").await
    }

    pub async fn of(scenario: &str) -> Self {
        let sim = Sim::start(Options {
            scenario: scenario.into(),
            ..Options::default()
        })
        .await
        .unwrap();
        Self::on(sim).await
    }

    pub async fn on(sim: Sim) -> Self {
        let busy = sim.clock().busy();
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let graph = Self {
            sim,
            http,
            token: Mutex::default(),
            contract: GraphContract::load(),
            _busy: busy,
        };
        graph.sign_in().await;
        graph
    }

    async fn sign_in(&self) {
        let env: BTreeMap<String, String> = self.sim.env().into_iter().collect();
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", env["AZURE_CLIENT_ID"].as_str()),
            ("client_secret", env["AZURE_CLIENT_SECRET"].as_str()),
            ("scope", "https://graph.microsoft.com/.default"),
        ];
        let (status, body) = self.login(&form).await;
        assert_eq!(status, 200, "{body}");
        *self.token.lock().unwrap() = body["access_token"].as_str().unwrap().to_owned();
    }

    /// Lets a provisioning cycle pass; the token has ended by then.
    pub async fn wait_for_a_cycle(&self) {
        self.wait(3000).await;
        self.sign_in().await;
    }

    pub async fn login(&self, form: &[(&str, &str)]) -> (u16, Value) {
        let url = format!(
            "{}/contoso.onmicrosoft.com/oauth2/v2.0/token",
            self.sim.addresses().login
        );
        self.form(&url, form).await
    }

    pub async fn form(&self, url: &str, form: &[(&str, &str)]) -> (u16, Value) {
        let answer = self.http.post(url).form(form).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }

    /// Sends a request that the contract allows and checks the answer.
    pub async fn call(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let plain = path.split('?').next().unwrap();
        let query: Vec<(String, String)> = path.split_once('?').map_or_else(Vec::new, |(_, query)| {
            url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
        });
        if let Some(contract) = &self.contract {
            assert_eq!(
                contract.request(method, plain, &query, body.as_ref()),
                Vec::<String>::new(),
                "{method} {path}"
            );
        }
        let (status, answer) = self.raw(method, path, body).await;
        if let Some(contract) = &self.contract {
            let shown = (!answer.is_null()).then_some(&answer);
            assert_eq!(
                contract.answer(method, plain, status, shown),
                Vec::<String>::new(),
                "{method} {path}: {answer}"
            );
        }
        (status, answer)
    }

    /// Sends whatever it is told to.
    pub async fn raw(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let url = if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("{}{path}", self.sim.addresses().graph)
        };
        let mut request = self
            .http
            .request(method.parse().unwrap(), url)
            .bearer_auth(self.token.lock().unwrap().as_str());
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        assert!(answer.headers().contains_key("request-id"));
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }

    pub async fn get(&self, path: &str) -> Value {
        let (status, body) = self.call("GET", path, None).await;
        assert_eq!(status, 200, "GET {path}: {body}");
        body
    }

    pub async fn good(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.call(method, path, Some(body)).await;
        assert!(status < 300, "{method} {path}: {status} {answer}");
        answer
    }

    pub async fn bad(&self, method: &str, path: &str, body: Option<Value>) -> (u16, String, String) {
        let (status, answer) = self.raw(method, path, body).await;
        let text = |name: &str| answer["error"][name].as_str().unwrap_or_default().to_owned();
        (status, text("code"), text("message"))
    }

    pub async fn wait(&self, seconds: u64) {
        self.sim.clock().sleep(Duration::from_secs(seconds)).await;
    }

    /// The AWS application: object id, service principal, app id.
    pub async fn app(&self) -> (String, String, String) {
        let made = self
            .good(
                "POST",
                &format!("/v1.0/applicationTemplates/{AWS_TEMPLATE}/instantiate"),
                json!({"displayName": "AWS"}),
            )
            .await;
        self.wait(5).await;
        let text = |a: &str, b: &str| made[a][b].as_str().unwrap().to_owned();
        (
            text("application", "id"),
            text("servicePrincipal", "id"),
            text("application", "appId"),
        )
    }

    pub async fn user(&self, name: &str) -> String {
        let user = json!({
            "accountEnabled": true, "displayName": name, "givenName": name, "surname": "Test", "mailNickname": name,
            "userPrincipalName": format!("{name}@contoso.onmicrosoft.com"),
            "passwordProfile": { "password": "Wolf-4711-x", "forceChangePasswordNextSignIn": true },
        });
        let made = self.good("POST", "/v1.0/users", user).await;
        self.wait(5).await;
        made["id"].as_str().unwrap().to_owned()
    }

    pub async fn all(&self, path: &str) -> Vec<Value> {
        let mut page = self.get(path).await;
        let mut out = page["value"].as_array().unwrap().clone();
        while let Some(next) = page["@odata.nextLink"].as_str() {
            page = self.raw("GET", next, None).await.1;
            out.extend(page["value"].as_array().unwrap().clone());
        }
        out
    }
}

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
async fn an_application_is_set_up_for_saml_and_taken_away_again() {
    let graph = Graph::start().await;
    let before = graph.sim.state_json();
    assert_eq!(
        graph.get(&format!("/v1.0/applicationTemplates/{AWS_TEMPLATE}")).await["publisher"],
        "Amazon Web Services, Inc."
    );
    let made = graph
        .good(
            "POST",
            &format!("/v1.0/applicationTemplates/{AWS_TEMPLATE}/instantiate"),
            json!({"displayName": "AWS"}),
        )
        .await;
    let (app, sp) = (
        made["application"]["id"].as_str().unwrap(),
        made["servicePrincipal"]["id"].as_str().unwrap(),
    );
    let app_id = made["application"]["appId"].as_str().unwrap();
    assert_eq!(made["servicePrincipal"]["appRoleAssignmentRequired"], true);
    // Not everywhere at once.
    assert_eq!(
        graph
            .call("GET", &format!("/v1.0/servicePrincipals/{sp}"), None)
            .await
            .0,
        404
    );
    graph.wait(2).await;
    graph.get(&format!("/v1.0/servicePrincipals/{sp}")).await;
    let found = graph
        .all(&format!(
            "/v1.0/servicePrincipals?$filter=applicationTemplateId%20eq%20'{AWS_TEMPLATE}'"
        ))
        .await;
    assert_eq!(found.len(), 1);
    let uri = json!({"identifierUris": ["https://us-east-1.signin.aws.amazon.com/platform/saml/d-1234567890"]});
    assert_eq!(
        graph
            .bad("PATCH", &format!("/v1.0/applications/{app}"), Some(uri.clone()))
            .await
            .0,
        409
    );
    graph.wait(5).await;
    assert_eq!(
        graph
            .bad("PATCH", &format!("/v1.0/applications/{app}"), Some(uri.clone()))
            .await
            .1,
        "HostNameNotOnVerifiedDomain"
    );
    graph
        .good(
            "PATCH",
            &format!("/v1.0/servicePrincipals/{sp}"),
            json!({"preferredSingleSignOnMode": "saml"}),
        )
        .await;
    graph
        .good("PATCH", &format!("/v1.0/applications/{app}"), uri.clone())
        .await;
    graph
        .good(
            "PATCH",
            &format!("/v1.0/applications/{app}"),
            json!({"web": {"redirectUris": ["https://a.example/acs/1", "https://b.example/acs/2"]}}),
        )
        .await;
    let shown = graph
        .get(&format!(
            "/v1.0/servicePrincipals/{sp}?$select=replyUrls,servicePrincipalNames"
        ))
        .await;
    assert_eq!(shown["replyUrls"].as_array().unwrap().len(), 2);
    // Three credentials of one certificate, one identifier.
    let certificate = graph
        .good(
            "POST",
            &format!("/v1.0/servicePrincipals/{sp}/addTokenSigningCertificate"),
            json!({"displayName": "CN=fedwiz"}),
        )
        .await;
    let print = certificate["thumbprint"].as_str().unwrap();
    graph
        .good(
            "PATCH",
            &format!("/v1.0/servicePrincipals/{sp}"),
            json!({"preferredTokenSigningKeyThumbprint": print}),
        )
        .await;
    let keys = graph
        .get(&format!(
            "/v1.0/servicePrincipals/{sp}?$select=keyCredentials,passwordCredentials"
        ))
        .await;
    let all = [
        keys["keyCredentials"].as_array().unwrap().clone(),
        keys["passwordCredentials"].as_array().unwrap().clone(),
    ]
    .concat();
    assert_eq!(all.len(), 3);
    assert!(
        all.iter()
            .all(|k| k["customKeyIdentifier"] == certificate["customKeyIdentifier"])
    );
    let url = format!(
        "{}/contoso.onmicrosoft.com/federationmetadata/2007-06/federationmetadata.xml?appid={app_id}",
        graph.sim.addresses().login
    );
    let key = certificate["key"].as_str().unwrap();
    assert!(!reqwest::get(&url).await.unwrap().text().await.unwrap().contains(key));
    graph.wait(10).await;
    let xml = reqwest::get(&url).await.unwrap().bytes().await.unwrap();
    assert!(xml.starts_with("\u{feff}".as_bytes()) && String::from_utf8_lossy(&xml).contains(key));
    // Assigned once, and only once.
    let user = graph.user("nikki").await;
    let role = "8774f594-1d59-4279-b9d9-59ef09a23530";
    let assignment = json!({"principalId": user, "resourceId": sp, "appRoleId": role});
    let path = format!("/v1.0/servicePrincipals/{sp}/appRoleAssignedTo");
    graph.good("POST", &path, assignment.clone()).await;
    assert!(
        graph
            .bad("POST", &path, Some(assignment.clone()))
            .await
            .2
            .contains("already exists")
    );
    // Away: the identifier stays taken until the recycle bin is emptied.
    assert_eq!(
        graph.call("DELETE", &format!("/v1.0/applications/{app}"), None).await.0,
        204
    );
    assert_eq!(
        graph
            .call("GET", &format!("/v1.0/servicePrincipals/{sp}"), None)
            .await
            .0,
        404
    );
    let (second, second_sp, _) = graph.app().await;
    graph
        .good(
            "PATCH",
            &format!("/v1.0/servicePrincipals/{second_sp}"),
            json!({"preferredSingleSignOnMode": "saml"}),
        )
        .await;
    assert!(
        graph
            .bad("PATCH", &format!("/v1.0/applications/{second}"), Some(uri.clone()))
            .await
            .2
            .contains("same value")
    );
    assert_eq!(
        graph
            .call("DELETE", &format!("/v1.0/directory/deletedItems/{app}"), None)
            .await
            .0,
        204
    );
    graph.good("PATCH", &format!("/v1.0/applications/{second}"), uri).await;
    assert_eq!(
        graph
            .call("DELETE", &format!("/v1.0/applications/{second}"), None)
            .await
            .0,
        204
    );
    assert_eq!(graph.call("DELETE", &format!("/v1.0/users/{user}"), None).await.0, 204);
    assert_eq!(graph.sim.state_json(), before);
    assert_eq!(graph.sim.verdict(), Vec::<String>::new());
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

#[tokio::test]
async fn claims_are_checked_and_kept() {
    let graph = Graph::start().await;
    let (_, sp, _) = graph.app().await;
    let path = format!("/beta/servicePrincipals/{sp}/claimsPolicy");
    let sourced = |id: &str, kind: Option<&str>| {
        json!({ "condition": kind.map(|k| json!({"@odata.type": "#microsoft.graph.customClaimCondition", "userType": k, "memberOf": []})),
            "attribute": {"@odata.type": "#microsoft.graph.sourcedAttribute", "id": id, "source": "user", "isExtensionAttribute": false}, "transformations": [] })
    };
    let policy = |name: Value, source: Value| {
        json!({ "includeBasicClaimSet": true, "includeApplicationIdInIssuer": false, "audienceOverride": null, "groupFilter": null, "claims": [
            {"@odata.type": "#microsoft.graph.samlNameIdClaim", "nameIdFormat": "emailAddress", "serviceProviderNameQualifier": null, "configurations": name},
            {"@odata.type": "#microsoft.graph.customClaim", "name": "AccessControl:Department", "namespace": "https://aws.amazon.com/SAML/Attributes",
             "tokenFormat": ["saml"], "samlAttributeNameFormat": "unspecified", "configurations": source} ]})
    };
    let names = json!([sourced("userprincipalname", None), sourced("mail", Some("allGuests"))]);
    graph
        .good(
            "PUT",
            &path,
            policy(names.clone(), json!([sourced("department", None)])),
        )
        .await;
    assert_eq!(graph.get(&path).await["claims"].as_array().unwrap().len(), 2);
    // Sources that claims cannot have.
    assert_eq!(
        graph
            .bad("PUT", &path, Some(policy(names, json!([sourced("costcenter", None)]))))
            .await
            .0,
        400
    );
    assert_eq!(
        graph
            .bad(
                "PUT",
                &path,
                Some(policy(
                    json!([sourced("department", None)]),
                    json!([sourced("department", None)])
                ))
            )
            .await
            .0,
        400
    );
    assert_eq!(graph.bad("DELETE", &path, None).await.0, 405);
    let definition = r#"{"ClaimsMappingPolicy":{"Version":1,"IncludeBasicClaimSet":"true","ClaimsSchema":[{"Source":"user","ID":"department","SamlClaimType":"https://aws.amazon.com/SAML/Attributes/AccessControl:Department"}]}}"#;
    let made = graph
        .good(
            "POST",
            "/v1.0/policies/claimsMappingPolicies",
            json!({"definition": [definition], "displayName": "x"}),
        )
        .await;
    graph.wait(5).await;
    let id = made["id"].as_str().unwrap();
    let link = json!({"@odata.id": format!("https://graph.microsoft.com/v1.0/policies/claimsMappingPolicies/{id}")});
    graph
        .good(
            "POST",
            &format!("/v1.0/servicePrincipals/{sp}/claimsMappingPolicies/$ref"),
            link.clone(),
        )
        .await;
    assert_eq!(
        graph
            .bad(
                "POST",
                &format!("/v1.0/servicePrincipals/{sp}/claimsMappingPolicies/$ref"),
                Some(link)
            )
            .await
            .0,
        400
    );
    assert_eq!(
        graph
            .get(&format!("/v1.0/servicePrincipals/{sp}/claimsMappingPolicies"))
            .await["value"][0]["id"],
        id
    );
    assert_eq!(
        graph
            .get(&format!("/v1.0/policies/claimsMappingPolicies/{id}/appliesTo"))
            .await["value"][0]["id"],
        sp.as_str()
    );
    assert_eq!(
        graph
            .call(
                "DELETE",
                &format!("/v1.0/servicePrincipals/{sp}/claimsMappingPolicies/{id}/$ref"),
                None
            )
            .await
            .0,
        204
    );
    assert_eq!(
        graph
            .call("DELETE", &format!("/v1.0/policies/claimsMappingPolicies/{id}"), None)
            .await
            .0,
        204
    );
}

#[tokio::test]
async fn a_job_has_a_schema_secrets_and_a_life() {
    let graph = Graph::start().await;
    let (_, sp, app_id) = graph.app().await;
    let base = format!("/v1.0/servicePrincipals/{sp}/synchronization");
    assert_eq!(
        graph.get(&format!("{base}/templates")).await["value"][0]["id"],
        "aWSSingleSignon"
    );
    graph.get(&format!("{base}/templates/aWSSingleSignon/schema")).await;
    let job = graph
        .good(
            "POST",
            &format!("{base}/jobs"),
            json!({"templateId": "aWSSingleSignon"}),
        )
        .await;
    let id = job["id"].as_str().unwrap().to_owned();
    assert!(id.starts_with("aWSSingleSignon.") && id.ends_with(&app_id));
    assert_eq!(
        graph
            .bad(
                "POST",
                &format!("{base}/jobs"),
                Some(json!({"templateId": "aWSSingleSignon"}))
            )
            .await
            .0,
        409
    );
    let secrets = json!({"value": [
        {"key": "BaseAddress", "value": "http://127.0.0.1:9/x/scim/v2"}, {"key": "SecretToken", "value": "a-long-secret-token"},
        {"key": "SyncAll", "value": "false"}, {"key": "SyncNotificationSettings", "value": "{\"Enabled\":true}"}]});
    graph.good("PUT", &format!("{base}/secrets"), secrets).await;
    let shown = graph.get(&format!("{base}/secrets")).await;
    assert_eq!(shown["value"][1], json!({"key": "SecretToken", "value": "*"}));
    assert_eq!(
        graph
            .bad(
                "PUT",
                &format!("{base}/secrets"),
                Some(json!({"value": [{"key": "Nothing", "value": "x"}]}))
            )
            .await
            .0,
        400
    );
    // Nobody listens there.
    let (status, code, _) = graph
        .bad(
            "POST",
            &format!("{base}/jobs/{id}/validateCredentials"),
            Some(json!({"useSavedCredentials": true})),
        )
        .await;
    assert_eq!(
        (status, code.as_str()),
        (
            400,
            "SystemForCrossDomainIdentityManagementCredentialValidationUnavailable"
        )
    );
    let path = format!("{base}/jobs/{id}/schema");
    let mut schema = graph.get(&path).await;
    let list = schema["synchronizationRules"][0]["objectMappings"][1]["attributeMappings"]
        .as_array_mut()
        .unwrap();
    let external = list
        .iter_mut()
        .find(|m| m["targetAttributeName"] == "externalId")
        .unwrap();
    assert_eq!(external["source"]["name"], "mailNickname");
    external["source"] = json!({"expression": "[objectId]", "name": "objectId", "type": "Attribute", "parameters": []});
    graph.good("PUT", &path, schema.clone()).await;
    assert_eq!(graph.get(&path).await, schema);
    let mut broken = schema.clone();
    broken["synchronizationRules"][0]["objectMappings"][1]["attributeMappings"][0]["targetAttributeName"] =
        "nothing".into();
    assert_eq!(graph.bad("PUT", &path, Some(broken)).await.0, 400);
    let expression = json!({"expression": "Append([mail], \"x\")"});
    assert_eq!(
        graph
            .good("POST", &format!("{path}/parseExpression"), expression.clone())
            .await["parsingSucceeded"],
        true
    );
    // The contract leaves out the value of a test input, because its type is open.
    let mut tested = expression;
    tested["testInputObject"] = json!({"properties": [{"key": "mail", "value": "m"}]});
    let (_, parsed) = graph
        .raw("POST", &format!("{path}/parseExpression"), Some(tested))
        .await;
    assert_eq!(
        (&parsed["parsingSucceeded"], &parsed["evaluationResult"]),
        (&json!(true), &json!(["mx"]))
    );
    assert!(
        !graph.get(&format!("{path}/filterOperators()")).await["value"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    assert!(
        !graph.get(&format!("{path}/functions()")).await["value"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    assert_eq!(graph.call("DELETE", &path, None).await.0, 204);
    // With nobody listening the first cycle ends in quarantine.
    assert_eq!(
        graph.call("POST", &format!("{base}/jobs/{id}/start"), None).await.0,
        204
    );
    assert_eq!(
        graph.get(&format!("{base}/jobs/{id}")).await["status"]["code"],
        "NotRun"
    );
    graph.wait(300).await;
    let job = graph.get(&format!("{base}/jobs/{id}")).await;
    assert_eq!(
        job["status"]["quarantine"]["reason"], "EncounteredQuarantineException",
        "{job}"
    );
    assert_eq!(
        graph.call("POST", &format!("{base}/jobs/{id}/pause"), None).await.0,
        204
    );
    graph
        .good(
            "POST",
            &format!("{base}/jobs/{id}/restart"),
            json!({"criteria": {"resetScope": "Escrows, QuarantineState"}}),
        )
        .await;
    assert_eq!(
        graph.get(&format!("{base}/jobs/{id}")).await["status"]["code"],
        "Paused"
    );
    assert_eq!(graph.call("DELETE", &format!("{base}/jobs/{id}"), None).await.0, 204);
    graph.get("/v1.0/auditLogs/directoryAudits").await;
}
