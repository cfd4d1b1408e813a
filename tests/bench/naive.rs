//! A client as one writes it in an afternoon: one request after the other, each object asked about by itself. It stands beside
//! what fedwiz does, on the same simulated clouds and their clock.

use std::time::Duration;

use fedwiz::sim::{Sim, aws::organization::Assignment};
use reqwest::Method;
use serde_json::{Value, json};

/// How often it asks whether a change is done.
const EVERY: Duration = Duration::from_secs(1);

/// Long enough for every copy of the directory to know of a change.
const LATER: Duration = Duration::from_secs(3600);

/// What some work took.
#[derive(Debug, Clone, Copy)]
pub struct Took {
    /// How many requests.
    pub requests: usize,
    /// How long, on the clouds' clock.
    pub seconds: f64,
}

impl Took {
    /// The same for so many times as much.
    pub fn times(self, factor: usize) -> Self {
        Self {
            requests: self.requests * factor,
            seconds: self.seconds * factor as f64,
        }
    }
}

/// The client.
pub struct Naive<'a> {
    sim: &'a Sim,
    http: reqwest::Client,
    token: String,
    requests: usize,
}

impl<'a> Naive<'a> {
    /// On these clouds.
    pub fn on(sim: &'a Sim) -> Self {
        Self {
            sim,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            token: String::new(),
            requests: 0,
        }
    }

    /// Makes assignments: begins one, asks about it until it is done, goes on to the next.
    pub async fn assign(&mut self, all: &[Assignment]) -> Took {
        self.change(all, "Creation", "Create").await
    }

    /// Takes assignments away in the same way.
    pub async fn take_away(&mut self, all: &[Assignment]) -> Took {
        self.change(all, "Deletion", "Delete").await
    }

    async fn change(&mut self, all: &[Assignment], direction: &str, verb: &str) -> Took {
        let clock = self.sim.clock();
        let _busy = clock.busy();
        let (began, before) = (clock.now(), self.requests);
        let instance = self.instance();
        let (status, asked) = (
            format!("AccountAssignment{direction}Status"),
            format!("AccountAssignment{direction}RequestId"),
        );
        for one in all {
            let body = json!({
                "InstanceArn": instance, "TargetType": "AWS_ACCOUNT", "TargetId": one.account,
                "PermissionSetArn": one.permission_set, "PrincipalType": one.principal_type, "PrincipalId": one.principal,
            });
            let mut answer = self.aws(&format!("{verb}AccountAssignment"), &body).await;
            let request = answer[&status]["RequestId"].clone();
            while answer[&status]["Status"] == "IN_PROGRESS" {
                clock.sleep(EVERY).await;
                let body = json!({ "InstanceArn": instance, &asked: request });
                answer = self
                    .aws(&format!("DescribeAccountAssignment{direction}Status"), &body)
                    .await;
            }
            assert_eq!(answer[&status]["Status"], "SUCCEEDED", "{answer}");
        }
        self.since(before, began)
    }

    /// Reads assignments back as the API's reference suggests: account by account, permission set by permission set. Also
    /// gives how many it found.
    pub async fn read_back(&mut self, accounts: &[String], sets: &[String]) -> (Took, usize) {
        let clock = self.sim.clock();
        let _busy = clock.busy();
        let (began, before) = (clock.now(), self.requests);
        let instance = self.instance();
        let mut found = 0;
        for account in accounts {
            for set in sets {
                let body = json!({ "InstanceArn": instance, "AccountId": account, "PermissionSetArn": set });
                let answer = self.aws("ListAccountAssignments", &body).await;
                found += answer["AccountAssignments"].as_array().map_or(0, Vec::len);
            }
        }
        (self.since(before, began), found)
    }

    /// Assigns users to the application, and takes that back.
    pub async fn people(&mut self, application: &str, upns: &[String]) -> [Took; 2] {
        let clock = self.sim.clock();
        let _busy = clock.busy();
        self.sign_in().await;
        let filter = format!("servicePrincipals?$filter=displayName eq '{application}'");
        let found = self.graph(Method::GET, &filter, None).await;
        let app = &found["value"][0];
        let (id, role) = (app["id"].as_str().unwrap(), role(app));
        let (began, before) = (clock.now(), self.requests);
        let mut made = Vec::new();
        for upn in upns {
            let user = self.graph(Method::GET, &format!("users/{upn}?$select=id"), None).await;
            let body = json!({ "principalId": user["id"], "resourceId": id, "appRoleId": role });
            let path = format!("servicePrincipals/{id}/appRoleAssignedTo");
            let answer = self.graph(Method::POST, &path, Some(&body)).await;
            made.push(answer["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned());
        }
        let up = self.since(before, began);
        // What was made a moment ago is not yet everywhere.
        clock.sleep(LATER).await;
        let (began, before) = (clock.now(), self.requests);
        for one in &made {
            let path = format!("servicePrincipals/{id}/appRoleAssignedTo/{one}");
            self.graph(Method::DELETE, &path, None).await;
        }
        [up, self.since(before, began)]
    }

    fn since(&self, before: usize, began: jiff::Timestamp) -> Took {
        Took {
            requests: self.requests - before,
            seconds: self.sim.clock().now().duration_since(began).as_secs_f64(),
        }
    }

    fn instance(&self) -> String {
        self.sim
            .with(|world| world.aws[0].instance.as_ref().unwrap().arn.clone())
    }

    /// One call of the administration API. The simulator looks at the form of a signature, not at its value.
    async fn aws(&mut self, operation: &str, body: &Value) -> Value {
        self.requests += 1;
        let access = self.sim.aws_access().remove(0);
        let region = self.sim.with(|world| world.aws[0].region.clone());
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}/20260105/{region}/sso/aws4_request, SignedHeaders=host;x-amz-date, Signature={}",
            access.access_key,
            "0".repeat(64)
        );
        let mut request = self
            .http
            .post(format!("{}/", self.sim.addresses().aws))
            .header("authorization", authorization)
            .header("x-amz-date", "20260105T090000Z")
            .header("x-amz-target", format!("SWBExternalService.{operation}"))
            .header("content-type", "application/x-amz-json-1.1");
        if let Some(session) = access.session_token {
            request = request.header("x-amz-security-token", session);
        }
        let answer = request.body(body.to_string()).send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{operation}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    async fn sign_in(&mut self) {
        let env = self.sim.env();
        let get = |name: &str| env.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", get("AZURE_CLIENT_ID").unwrap()),
            ("client_secret", get("AZURE_CLIENT_SECRET").unwrap()),
            ("scope", "https://graph.microsoft.com/.default"),
        ];
        let url = format!(
            "{}/{}/oauth2/v2.0/token",
            self.sim.addresses().login,
            get("AZURE_TENANT_ID").unwrap()
        );
        let answer = self.http.post(url).form(&form).send().await.unwrap();
        let answer: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        self.token = answer["access_token"]
            .as_str()
            .unwrap_or_else(|| panic!("{answer}"))
            .to_owned();
    }

    async fn graph(&mut self, method: Method, path: &str, body: Option<&Value>) -> Value {
        self.requests += 1;
        let url = format!("{}/v1.0/{path}", self.sim.addresses().graph);
        let mut request = self.http.request(method, url).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }
}

/// The application's role for people; the one that stands for none, where it has none.
fn role(app: &Value) -> String {
    let roles = app["appRoles"].as_array().map(Vec::as_slice).unwrap_or_default();
    let enabled = roles.iter().find(|role| role["isEnabled"] == true);
    enabled
        .and_then(|role| role["id"].as_str())
        .unwrap_or("00000000-0000-0000-0000-000000000000")
        .to_owned()
}
