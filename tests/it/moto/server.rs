//! moto's server, and what it holds.

use std::{
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};

use super::{ACCOUNT, ORGANIZATIONS, REGION, SSO};

/// moto's server, in a process of its own.
pub struct Moto {
    process: Child,
    pub address: String,
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Moto {
    /// Starts moto and makes the organization. None, and a word about it, when there is no moto here.
    pub async fn start() -> Option<Self> {
        let Some(python) = std::env::var_os("FEDWIZ_MOTO_PYTHON").map(PathBuf::from) else {
            assert!(
                std::env::var_os("FEDWIZ_REQUIRE_PEERS").is_none_or(|value| value != "1"),
                "FEDWIZ_MOTO_PYTHON names no Python that has moto, and FEDWIZ_REQUIRE_PEERS=1 wants one"
            );
            eprintln!("LEFT OUT: no moto here; set FEDWIZ_MOTO_PYTHON to a Python with tests/moto/requirements.txt");
            return None;
        };
        // It chooses its port itself and says which: one chosen here may be somebody else's before moto binds it.
        let mut process = Command::new(python)
            .args(["-m", "moto.server", "-H", "127.0.0.1", "-p", "0"])
            .env("MOTO_ACCOUNT_ID", ACCOUNT)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("moto starts");
        let mut said = BufReader::new(process.stderr.take().expect("stderr is piped")).lines();
        let address = said
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| Some(line.split_once("Running on ")?.1.trim().to_owned()))
            .expect("moto says where it listens");
        // What it says later is read and dropped, so that the pipe never fills.
        std::thread::spawn(move || said.for_each(drop));
        let moto = Self { process, address };
        moto.ask(ORGANIZATIONS, "CreateOrganization", json!({ "FeatureSet": "ALL" }))
            .await;
        Some(moto)
    }

    /// Asks moto directly, past our client.
    pub async fn ask(&self, prefix: &str, operation: &str, body: Value) -> Value {
        ask(&self.address, prefix, operation, &body).await
    }

    /// All permission sets by ARN, and all assignments, as moto holds them.
    pub async fn holds(&self) -> (Vec<(String, String)>, Vec<Value>) {
        holds(&self.address).await
    }
}

pub async fn ask(address: &str, prefix: &str, operation: &str, body: &Value) -> Value {
    let service = if prefix == SSO { "sso" } else { "organizations" };
    let scope = format!("AKIAIOSFODNN7EXAMPLE/20260105/{REGION}/{service}/aws4_request");
    let answer = reqwest::Client::new()
        .post(address)
        .header("x-amz-target", format!("{prefix}.{operation}"))
        .header("content-type", "application/x-amz-json-1.1")
        .header(
            "authorization",
            format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"),
        )
        .body(body.to_string())
        .send()
        .await
        .unwrap();
    serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or(Value::Null)
}

pub async fn holds(address: &str) -> (Vec<(String, String)>, Vec<Value>) {
    let instances = ask(address, SSO, "ListInstances", &json!({})).await;
    let instance = &instances["Instances"][0]["InstanceArn"];
    let listed = ask(address, SSO, "ListPermissionSets", &json!({ "InstanceArn": instance })).await;
    let mut sets = Vec::new();
    let mut assignments = Vec::new();
    for arn in listed["PermissionSets"].as_array().into_iter().flatten() {
        let which = json!({ "InstanceArn": instance, "PermissionSetArn": arn, "AccountId": ACCOUNT });
        let set = ask(address, SSO, "DescribePermissionSet", &which).await;
        sets.push((
            arn.as_str().unwrap().to_owned(),
            set["PermissionSet"]["Name"].as_str().unwrap().to_owned(),
        ));
        let there = ask(address, SSO, "ListAccountAssignments", &which).await;
        assignments.extend(there["AccountAssignments"].as_array().cloned().unwrap_or_default());
    }
    (sets, assignments)
}
