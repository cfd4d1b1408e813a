//! CloudTrail: what happened, some time later.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::{
    organization::TrailEvent,
    wire::{AwsError, Call, Given, epoch},
};
use crate::sim::world::World;

/// How long an event takes to be found.
pub const DELAY: SignedDuration = SignedDuration::from_secs(45);

/// How long an event can be found.
const KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);

/// A page holds fifty at most.
const MOST: usize = 50;

/// An event to be written.
#[derive(Debug, Clone, Default)]
pub struct Event {
    /// Its name.
    pub name: String,
    /// The service, such as `sso.amazonaws.com`.
    pub source: String,
    /// Who, if known.
    pub username: Option<String>,
    /// The key used, if any.
    pub access_key: Option<String>,
    /// Whether it only read.
    pub read_only: bool,
    /// Further members of the record: `userIdentity`, `requestParameters`, `errorCode` and so on.
    pub record: Map<String, Value>,
}

/// Writes an event into the history of an organization.
pub fn write(world: &mut World, organization: usize, event: Event) {
    // Event times come in whole seconds.
    let at = Timestamp::from_second(world.now.as_second()).unwrap_or(world.now);
    let id = world.ids.uuid();
    let org = &mut world.aws[organization];
    let mut record = event.record;
    let common = json!({
        "eventVersion": "1.11",
        "eventTime": format!("{at:.0}"),
        "eventSource": event.source,
        "eventName": event.name,
        "awsRegion": org.region,
        "sourceIPAddress": "127.0.0.1",
        "eventID": id,
        "readOnly": event.read_only,
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "recipientAccountId": org.management,
        "eventCategory": "Management",
    });
    if let Value::Object(common) = common {
        for (name, value) in common {
            record.entry(name).or_insert(value);
        }
    }
    org.trail.push(TrailEvent {
        id: id.to_string(),
        at,
        name: event.name,
        source: event.source,
        username: event.username,
        access_key: event.access_key,
        read_only: event.read_only,
        record,
    });
}

/// LookupEvents.
pub fn operate(call: &mut Call<'_>) -> Given {
    let attributes = call
        .body
        .get("LookupAttributes")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    if attributes.len() > 1 {
        return Err(AwsError::new(
            "InvalidLookupAttributesException",
            "Only one lookup attribute can be specified.",
        ));
    }
    let seconds = |name: &str| {
        let value = call.body.get(name).and_then(Value::as_f64)?;
        let passed = SignedDuration::try_from_secs_f64(value).ok()?;
        Timestamp::from_duration(passed).ok()
    };
    let (start, end) = (seconds("StartTime"), seconds("EndTime"));
    if let (Some(start), Some(end)) = (start, end)
        && start > end
    {
        return Err(AwsError::new(
            "InvalidTimeRangeException",
            "The start time is after the end time.",
        ));
    }
    if call.body.get("EventCategory").is_some() {
        return call.paged("Events", Vec::new(), MOST);
    }
    let now = call.now();
    let org = call.org();
    // Events lie in the Region of the action.
    let here = call.caller.region == org.region && call.caller.account == org.management;
    let found = org.trail.iter().enumerate().rev().filter(|(_, event)| {
        here && event.at + DELAY <= now
            && event.at + KEPT > now
            && start.is_none_or(|start| event.at >= start)
            && end.is_none_or(|end| event.at <= end)
            && attributes.iter().all(|wanted| matches(event, wanted))
    });
    // Newest first, in a stable order.
    let list = found
        .map(|(n, event)| (format!("{:010}", 9_999_999_999 - n), shown(event)))
        .collect();
    call.paged("Events", list, MOST)
}

fn matches(event: &TrailEvent, wanted: &Value) -> bool {
    let value = wanted["AttributeValue"].as_str().unwrap_or_default();
    match wanted["AttributeKey"].as_str() {
        Some("EventId") => event.id == value,
        Some("EventName") => event.name == value,
        Some("ReadOnly") => event.read_only.to_string() == value,
        Some("Username") => event.username.as_deref() == Some(value),
        Some("EventSource") => event.source == value,
        Some("AccessKeyId") => event.access_key.as_deref() == Some(value),
        // No resources are named here.
        _ => false,
    }
}

fn shown(event: &TrailEvent) -> Value {
    let mut shown = json!({
        "EventId": event.id,
        "EventName": event.name,
        "ReadOnly": event.read_only.to_string(),
        "EventTime": epoch(event.at),
        "EventSource": event.source,
        "Resources": [],
        "CloudTrailEvent": Value::Object(event.record.clone()).to_string(),
    });
    for (name, value) in [("Username", &event.username), ("AccessKeyId", &event.access_key)] {
        if let (Some(value), Some(members)) = (value, shown.as_object_mut()) {
            members.insert(name.into(), json!(value));
        }
    }
    shown
}

/// Notes an API call that changed something, or failed to.
pub fn note_call(call: &mut Call<'_>, given: &Given) {
    let source = match call.service.model {
        "sso-admin" => "sso.amazonaws.com",
        "identitystore" => "identitystore.amazonaws.com",
        _ => "organizations.amazonaws.com",
    };
    let mut record = Map::new();
    let name = call.caller.arn.rsplit('/').next().unwrap_or_default().to_owned();
    record.insert(
        "userIdentity".into(),
        json!({"type": "IAMUser", "principalId": call.caller.user_id, "arn": call.caller.arn, "accountId": call.caller.account,
            "accessKeyId": call.caller.access_key, "userName": name}),
    );
    // What people are called is masked.
    let parameters = match call.service.model {
        "identitystore" => json!({"identityStoreId": call.text("IdentityStoreId")}),
        _ => call.body.clone(),
    };
    record.insert("requestParameters".into(), parameters);
    match given {
        Ok(answer) => {
            let elements = match call.service.model {
                "identitystore" => json!({"userId": answer.get("UserId"), "groupId": answer.get("GroupId")}),
                _ => answer.clone(),
            };
            record.insert("responseElements".into(), elements);
        }
        Err(error) => {
            record.insert("errorCode".into(), error.code.into());
            record.insert("errorMessage".into(), error.message.as_str().into());
        }
    }
    let event = Event {
        name: call.operation.to_owned(),
        source: source.into(),
        username: Some(name),
        access_key: Some(call.caller.access_key.clone()),
        read_only: false,
        record,
    };
    write(call.world, call.caller.organization, event);
}
