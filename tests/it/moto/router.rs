//! What stands between the client and moto: it sends each operation where it can be done, and loses answers.

use super::{server::holds, *};

/// What moto lacks and the simulator does in its place. Everything else goes to moto.
const LACKING: &[(&str, &str)] = &[
    ("DescribeInstance", "moto lists instances and cannot describe one"),
    (
        "DescribeInstanceAccessControlAttributeConfiguration",
        "no attributes for access control",
    ),
    (
        "CreateInstanceAccessControlAttributeConfiguration",
        "no attributes for access control",
    ),
    (
        "UpdateInstanceAccessControlAttributeConfiguration",
        "no attributes for access control",
    ),
    (
        "DeleteInstanceAccessControlAttributeConfiguration",
        "no attributes for access control",
    ),
    (
        "ListTagsForResource",
        "tags of a permission set are taken at its making and never shown",
    ),
    ("TagResource", "no tags after the making"),
    ("UntagResource", "no tags after the making"),
    ("GetPermissionsBoundaryForPermissionSet", "no boundaries"),
    ("PutPermissionsBoundaryToPermissionSet", "no boundaries"),
    ("DeletePermissionsBoundaryFromPermissionSet", "no boundaries"),
    ("ListAccountAssignmentCreationStatus", "no list of statuses"),
    ("ListAccountAssignmentDeletionStatus", "no list of statuses"),
    ("DescribePermissionSetProvisioningStatus", "no provisioning status"),
    ("UpdateUser", "users cannot be changed"),
    ("LookupEvents", "no event history"),
];

/// Sends each operation where it can be done, loses answers when told to, and watches moto for what must not be.
pub struct Router {
    moto: String,
    sim: String,
    state: Mutex<RouterState>,
}

#[derive(Default)]
pub struct RouterState {
    /// Operations whose next answer is lost after the change was made.
    pub lose: BTreeSet<String>,
    lost: Vec<String>,
    /// What moto calls something, and what the simulator calls it; the longest first.
    names: Vec<(String, String)>,
    sim_sets: BTreeMap<String, String>,
    /// Operations that reached each side.
    pub to_moto: BTreeSet<String>,
    pub to_sim: BTreeSet<String>,
    pub wrongs: Vec<String>,
}

impl Router {
    pub async fn start(moto: &Moto, sim: &Sim) -> (Arc<Self>, String) {
        let mut state = RouterState::default();
        let theirs = moto.ask(SSO, "ListInstances", json!({})).await;
        let theirs = &theirs["Instances"][0];
        let access = &sim.aws_access()[0];
        let keys = (access.access_key.as_str(), access.secret_key.as_str());
        let aws = client(&sim.addresses().aws, REGION, keys, SdkRetries::Off);
        let ours = aws.instances().await.unwrap().remove(0);
        for name in ["RegionalAdmin", "AdministratorAccess"] {
            let arn = aws
                .find_permission_set(&ours, name, Look::Shared)
                .await
                .unwrap()
                .unwrap();
            state.sim_sets.insert(name.into(), arn);
        }
        state
            .names
            .push((theirs["InstanceArn"].as_str().unwrap().into(), ours.arn));
        state
            .names
            .push((theirs["IdentityStoreId"].as_str().unwrap().into(), ours.store));
        let router = Arc::new(Self {
            moto: moto.address.clone(),
            sim: sim.addresses().aws.clone(),
            state: Mutex::new(state),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let serving = Arc::clone(&router);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let router = Arc::clone(&serving);
                tokio::spawn(async move { router.serve(stream).await });
            }
        });
        (router, address)
    }

    pub fn with<T>(&self, act: impl FnOnce(&mut RouterState) -> T) -> T {
        act(&mut self.state.lock().unwrap())
    }

    /// One request on one connection: so that losing an answer is closing the connection.
    pub async fn serve(&self, mut stream: TcpStream) {
        let Some((headers, body)) = read_request(&mut stream).await else {
            return;
        };
        let operation = operation(&headers, &body);
        let to_sim = LACKING.iter().any(|(name, _)| *name == operation);
        self.with(|state| if to_sim { &mut state.to_sim } else { &mut state.to_moto }.insert(operation.clone()));
        if operation == "DeletePermissionSet" {
            self.check_unused(&body).await;
        }
        let body = if to_sim { self.translate(body, true) } else { body };
        let mut request = reqwest::Client::new()
            .post(if to_sim { &self.sim } else { &self.moto })
            .body(body);
        for (name, value) in headers
            .iter()
            .filter(|(name, _)| !["host", "content-length", "connection"].contains(&name.as_str()))
        {
            request = request.header(name, value);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let kind = answer
            .headers()
            .get("content-type")
            .map(|it| it.to_str().unwrap().to_owned())
            .unwrap_or_default();
        let code = answer
            .headers()
            .get("x-amzn-errortype")
            .map(|it| it.to_str().unwrap().to_owned());
        let mut text = answer.text().await.unwrap();
        if to_sim {
            text = self.translate(text, false);
        }
        if operation.starts_with("Create") {
            self.learn(&operation, &text);
            self.check_doubles().await;
        }
        let lost = self.with(|state| {
            let lost = status.is_success() && state.lose.remove(&operation);
            if lost {
                state.lost.push(operation.clone());
            }
            lost
        });
        if lost {
            return;
        }
        let code = code.map_or_else(String::new, |code| format!("x-amzn-errortype: {code}\r\n"));
        let head = format!(
            "HTTP/1.1 {} X\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n{code}connection: close\r\n\r\n",
            status.as_u16(),
            text.len()
        );
        let _ = stream.write_all(head.as_bytes()).await;
        let _ = stream.write_all(text.as_bytes()).await;
    }

    pub fn translate(&self, text: String, to_sim: bool) -> String {
        self.with(|state| {
            state.names.iter().fold(text, |text, (moto, sim)| {
                if to_sim {
                    text.replace(moto, sim)
                } else {
                    text.replace(sim, moto)
                }
            })
        })
    }

    /// A set that moto made answers to the ARN of the simulator's set of that name.
    pub fn learn(&self, operation: &str, answer: &str) {
        let answer: Value = serde_json::from_str(answer).unwrap_or_default();
        let set = &answer["PermissionSet"];
        if operation == "CreatePermissionSet"
            && let (Some(arn), Some(name)) = (set["PermissionSetArn"].as_str(), set["Name"].as_str())
        {
            self.with(|state| {
                if let Some(sim) = state.sim_sets.get(name).cloned() {
                    state.names.insert(0, (arn.to_owned(), sim));
                }
            });
        }
    }

    pub async fn check_doubles(&self) {
        let (sets, assignments) = holds(&self.moto).await;
        let names: BTreeSet<&String> = sets.iter().map(|(_, name)| name).collect();
        let keys: BTreeSet<String> = assignments.iter().map(Value::to_string).collect();
        self.with(|state| {
            if names.len() != sets.len() {
                state.wrongs.push(format!("two permission sets of one name: {sets:?}"));
            }
            if keys.len() != assignments.len() {
                state.wrongs.push(format!("one assignment twice: {assignments:?}"));
            }
        });
    }

    pub async fn check_unused(&self, body: &str) {
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        let (_, assignments) = holds(&self.moto).await;
        if assignments
            .iter()
            .any(|it| it["PermissionSetArn"] == body["PermissionSetArn"])
        {
            self.with(|state| {
                state
                    .wrongs
                    .push(format!("a permission set is deleted while assigned: {body}"))
            });
        }
    }
}

pub async fn read_request(stream: &mut TcpStream) -> Option<(Vec<(String, String)>, String)> {
    let mut bytes = Vec::new();
    let mut chunk = [0_u8; 8192];
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        match stream.read(&mut chunk).await {
            Ok(read) if read > 0 => bytes.extend_from_slice(&chunk[..read]),
            _ => return None,
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
    let headers: Vec<(String, String)> = head
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length: usize = headers
        .iter()
        .find(|(name, _)| name == "content-length")?
        .1
        .parse()
        .ok()?;
    while bytes.len() < end + 4 + length {
        match stream.read(&mut chunk).await {
            Ok(read) if read > 0 => bytes.extend_from_slice(&chunk[..read]),
            _ => return None,
        }
    }
    Some((headers, String::from_utf8(bytes[end + 4..].to_vec()).ok()?))
}

pub fn operation(headers: &[(String, String)], body: &str) -> String {
    match headers.iter().find(|(name, _)| name == "x-amz-target") {
        Some((_, target)) => target.rsplit('.').next().unwrap_or_default().to_owned(),
        None => body
            .split('&')
            .find_map(|pair| pair.strip_prefix("Action="))
            .unwrap_or_default()
            .to_owned(),
    }
}
