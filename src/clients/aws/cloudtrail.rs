//! CloudTrail: who did what, for proofs. Events come minutes late, stay 90 days, and lie in the Region of the action.

use aws_sdk_cloudtrail::types::{Event as Raw, LookupAttribute, LookupAttributeKey};
use aws_smithy_types::DateTime;
use jiff::Timestamp;
use serde_json::Value;

use super::{
    Aws,
    error::{Op, Service},
};
use crate::fault::{Fault, Kind};

/// What to look for. CloudTrail takes one criterion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventQuery<'q> {
    /// Events of this name: `UserAuthentication`.
    Named(&'q str),
    /// Events from this source: `identitystore-scim.amazonaws.com`.
    From(&'q str),
}

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The service it comes from.
    pub source: String,
    /// When it happened.
    pub at: Timestamp,
    /// The whole record.
    pub record: Value,
}

impl Event {
    /// A text of the record, by JSON pointer: `/additionalEventData/CredentialType`.
    pub fn text(&self, pointer: &str) -> Option<&str> {
        self.record.pointer(pointer)?.as_str()
    }

    /// The error code, if the action failed.
    pub fn error_code(&self) -> Option<&str> {
        self.text("/errorCode")
    }

    /// Who did it, as far as the record says: an ARN, a user name, or a principal.
    pub fn who(&self) -> Option<&str> {
        [
            "/userIdentity/arn",
            "/userIdentity/userName",
            "/userIdentity/onBehalfOf/userId",
            "/userIdentity/principalId",
        ]
        .into_iter()
        .find_map(|pointer| self.text(pointer))
    }
}

impl Aws {
    /// Events of a Region since a moment, the newest first.
    pub async fn lookup_events(
        &self,
        region: &str,
        query: EventQuery<'_>,
        since: Timestamp,
    ) -> Result<Vec<Event>, Fault> {
        let cloudtrail = &self.services(region).await?.cloudtrail;
        let op = Op::reads(Service::CloudTrail, "LookupEvents");
        let (key, value) = match query {
            EventQuery::Named(name) => (LookupAttributeKey::EventName, name),
            EventQuery::From(source) => (LookupAttributeKey::EventSource, source),
        };
        let attribute = LookupAttribute::builder()
            .attribute_key(key)
            .attribute_value(value)
            .build()
            .map_err(|error| Fault::internal("A CloudTrail query is incomplete").why(error.to_string()))?;
        let request = cloudtrail
            .lookup_events()
            .lookup_attributes(attribute)
            .start_time(DateTime::from_secs(since.as_second()))
            .max_results(50);
        let mut events: Vec<Event> = self
            .pages(
                op,
                region,
                |token| request.clone().set_next_token(token).send(),
                |answer| (answer.events.unwrap_or_default(), answer.next_token),
            )
            .await?
            .into_iter()
            .map(read)
            .collect::<Result<_, _>>()?;
        // Event times come in whole seconds.
        events.retain(|event| event.at.as_second() >= since.as_second());
        events.sort_by_key(|event| std::cmp::Reverse(event.at));
        Ok(events)
    }
}

fn read(raw: Raw) -> Result<Event, Fault> {
    let unreadable = |why: String| Fault::new(Kind::Answer, "A CloudTrail event cannot be read").why(why);
    let text = raw.cloud_trail_event.unwrap_or_else(|| "{}".into());
    let record = serde_json::from_str(&text).map_err(|error| unreadable(error.to_string()))?;
    let time = raw.event_time.ok_or_else(|| unreadable("it has no time".into()))?;
    let nanos = i32::try_from(time.subsec_nanos()).unwrap_or_default();
    Ok(Event {
        id: raw.event_id.unwrap_or_default(),
        name: raw.event_name.unwrap_or_default(),
        source: raw.event_source.unwrap_or_default(),
        at: Timestamp::new(time.secs(), nanos).map_err(|error| unreadable(error.to_string()))?,
        record,
    })
}
