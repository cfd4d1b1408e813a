//! The simulator's console: it does what a person would do, through the admin address. Never outside this machine.

use std::sync::Arc;

use async_trait::async_trait;
use http::Method;
use serde_json::{Value, json};
use url::Url;

use crate::{
    clients::http::{Call, Http, Network, Service, Silent},
    clock::SharedClock,
    engine::{
        graph::NodeId,
        guide::{Answer, Entry, Guide, Operator},
    },
    fault::{Fault, Kind},
    profile::Profile,
    secrets::{redact, remember},
};

/// The console's answer when something is not in the state that the action wants.
const CONFLICT: u16 = 409;

/// Actions that take something away. A person who finds it gone already says so; the proof decides.
const TAKES_AWAY: &[&str] = &[
    "aws.delete-token",
    "aws.delete-certificate",
    "aws.disable-provisioning",
    "aws.revert-identity-source",
    "aws.restore-identity-source",
    "aws.restore-provisioning",
];

/// The simulator's console.
pub(in crate::cli) struct SimulatedConsole {
    http: Http,
    admin: Url,
    /// The target's name goes along only where the simulator has several.
    several: bool,
}

impl SimulatedConsole {
    /// The console behind a profile's admin address. Refused unless all endpoints are on this machine.
    pub(in crate::cli) fn of(profile: &Profile, clock: SharedClock) -> Result<Self, Fault> {
        let endpoints = &profile.endpoints;
        let (true, Some(admin)) = (endpoints.is_loopback(), &endpoints.admin) else {
            return Err(
                Fault::new(Kind::Usage, "`--operator simulated` works on a simulator only")
                    .why("the profile's endpoints are not all on this machine, or `admin` is not among them")
                    .hint("Start one with `fedwiz sim --write DIR`, and use `--profile DIR/profile.toml`."),
            );
        };
        Ok(Self {
            http: Http::new(&Network::default(), clock, Arc::new(Silent), 0)?,
            admin: admin.clone(),
            several: profile.aws.len() > 1,
        })
    }

    async fn click(&self, action: &str, args: &Value) -> Result<Value, Fault> {
        let url = self
            .admin
            .join(&format!("/console/{action}"))
            .map_err(|error| Fault::internal("a console action makes no address").why(error.to_string()))?;
        let answer = self
            .http
            .send(Call::new(Service::Login, Method::POST, url).json(args)?)
            .await?;
        if answer.is_success() {
            return answer.json();
        }
        if answer.status == CONFLICT && TAKES_AWAY.contains(&action) {
            return Ok(json!({}));
        }
        Err(Fault::new(Kind::Refused, format!("the simulated console refuses `{action}`")).why(redact(&answer.text())))
    }
}

#[async_trait]
impl Operator for SimulatedConsole {
    async fn ask(&self, node: &NodeId, guide: &Guide) -> Result<Answer, Fault> {
        let Some(click) = &guide.click else {
            return Err(Fault::new(
                Kind::NeedsPerson,
                format!("{node} has nothing that the simulated console could click"),
            ));
        };
        let mut args = if click.args.is_null() {
            json!({})
        } else {
            click.args.clone()
        };
        if let (true, Some(target), Some(args)) = (self.several, &node.target, args.as_object_mut()) {
            args.entry("target").or_insert_with(|| Value::String(target.clone()));
        }
        let got = self.click(click.action, &args).await?;
        let mut answer = Answer::done();
        for field in &guide.fields {
            let value = match &got[&field.key] {
                Value::Null => continue,
                Value::String(text) => text.clone(),
                Value::Array(items) => {
                    let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
                    texts.join("\n")
                }
                other => other.to_string(),
            };
            let value = value.into();
            if field.entry == Entry::Secret {
                remember(&value);
            }
            answer.insert(field.key.clone(), value);
        }
        Ok(answer)
    }
}
