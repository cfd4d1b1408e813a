//! The simulated Entra, driven by plain HTTP. Every exchange with Graph is checked against the vendor's contract.

mod application;
mod job;
mod login;
mod requests;

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
