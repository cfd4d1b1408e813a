//! Change tracking: what has changed in a collection since it was last asked.
//!
//! Source: <https://learn.microsoft.com/graph/delta-query-overview>.

use std::collections::HashSet;

use http::Method;
use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};
use url::Url;

use super::{Graph, MOST_PAGES};
use crate::{
    clients::http::{Call, Service},
    fault::{Fault, Kind},
};

/// A place in time from which Graph tells what has changed. Good for seven days.
#[derive(Debug, Clone)]
pub struct Since(Url);

#[derive(Deserialize)]
struct Turn<T> {
    value: Vec<T>,
    #[serde(rename = "@odata.nextLink")]
    next: Option<String>,
    #[serde(rename = "@odata.deltaLink")]
    since: Option<String>,
}

impl Graph {
    /// Now, as a place in time: what changes in the collection from here on. Reads nothing of what is there.
    pub async fn from_now(&self, collection: &str, select: &str) -> Result<Since, Fault> {
        let path = format!("{collection}/delta");
        let query = [("$select", select), ("$deltatoken", "latest")];
        let (_, since) = self.turns::<IgnoredAny>(self.url(&path, &query)?, &path).await?;
        Ok(since)
    }

    /// What has changed since then, and the place in time to ask from the next time. When Graph has forgotten the place, it
    /// answers `syncStateNotFound` (or 410): all is to be read anew. What was read before is told to nobody any more: a change
    /// is told only once.
    pub async fn changes<T: DeserializeOwned>(&self, since: &Since) -> Result<(Vec<T>, Since), Fault> {
        let changes = self.turns(since.0.clone(), since.0.path()).await;
        self.seen.changed();
        changes
    }

    async fn turns<T: DeserializeOwned>(&self, from: Url, path: &str) -> Result<(Vec<T>, Since), Fault> {
        let (mut items, mut seen, mut at) = (Vec::new(), HashSet::new(), from);
        loop {
            if !seen.insert(at.to_string()) || seen.len() > MOST_PAGES {
                return Err(Fault::new(Kind::Answer, format!("Graph's changes of {path} never end"))
                    .why("a next page that was read already is named again, or there are far too many"));
            }
            let answer = self.ask(Call::get(Service::Graph, at), &Method::GET, path).await?;
            let turn: Turn<T> = self.good(answer, &Method::GET, path)?.json()?;
            items.extend(turn.value);
            match (turn.next, turn.since) {
                (Some(next), _) => at = self.link(&next)?,
                (None, Some(since)) => return Ok((items, Since(self.link(&since)?))),
                (None, None) => {
                    return Err(Fault::new(
                        Kind::Answer,
                        format!("Graph tells changes of {path}, but not how to ask for the next ones"),
                    ));
                }
            }
        }
    }
}
