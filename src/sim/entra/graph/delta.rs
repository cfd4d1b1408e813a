//! Change tracking: which users have changed since a client last asked.
//!
//! Source: <https://learn.microsoft.com/graph/delta-query-overview>. A token is good for seven days:
//! <https://devblogs.microsoft.com/microsoft365dev/duration-of-change-tracking-tokens-for-identity-and-education-resources/>.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hash, Hasher},
};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    GraphError,
    cx::{Cx, Done, Reply},
    page::narrowed,
    users::{LISTING, public},
};

/// How long a token is good.
const LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What every object looked like at one time, by id.
type Picture = BTreeMap<String, u64>;

/// One time that a client asked what has changed.
#[derive(Debug, Clone)]
pub struct Round {
    asked: Timestamp,
    selected: Option<Vec<String>>,
    before: Picture,
    now: Picture,
}

/// GET /users/delta
pub fn users(cx: &mut Cx<'_>) -> Done {
    let query = |name: &str| cx.request.query(name).map(str::to_owned);
    let (token, next) = (query("$deltatoken"), query("$skiptoken"));
    if let Some(next) = next {
        let (number, after) = next
            .split_once('.')
            .ok_or_else(|| GraphError::bad("Invalid skip token."))?;
        let number = known(cx, number)?;
        let list = list_of(cx, number);
        cx.ledger().page_used(&format!("{list} {next}"));
        return page(cx, number, after);
    }
    let (selected, before) = match token.as_deref() {
        None | Some("latest") => (LISTING.selected(cx)?, Picture::new()),
        Some(token) => {
            let round = &cx.world.entra.rounds[known(cx, token)?];
            (round.selected.clone(), round.now.clone())
        }
    };
    let now = picture(cx, selected.as_deref());
    let before = if token.as_deref() == Some("latest") {
        now.clone()
    } else {
        before
    };
    let asked = cx.now();
    cx.tenant().rounds.push(Round {
        asked,
        selected,
        before,
        now,
    });
    page(cx, cx.world.entra.rounds.len() - 1, "")
}

fn known(cx: &Cx<'_>, token: &str) -> Result<usize, GraphError> {
    let number: Option<usize> = token.strip_prefix('r').and_then(|number| number.parse().ok());
    let round = number.and_then(|number| cx.world.entra.rounds.get(number));
    match (number, round) {
        (Some(number), Some(round)) if cx.now().duration_since(round.asked) < LIFE => Ok(number),
        _ => Err(GraphError::new(
            400,
            "syncStateNotFound",
            "The sync state generation is not found. The delta token is expired and data must be synchronized again.",
        )),
    }
}

fn picture(cx: &Cx<'_>, selected: Option<&[String]>) -> Picture {
    let users = cx.world.entra.users.iter().filter(|(_, user)| cx.sees(user));
    users
        .map(|(id, user)| {
            let mut hasher = DefaultHasher::new();
            narrowed(public(user), LISTING.of, selected)
                .to_string()
                .hash(&mut hasher);
            (id.clone(), hasher.finish())
        })
        .collect()
}

fn list_of(cx: &Cx<'_>, number: usize) -> String {
    format!("{} r{number} by {}", cx.request.path, cx.caller.client)
}

/// What has changed in this round, beginning after this id.
fn page(cx: &mut Cx<'_>, number: usize, after: &str) -> Done {
    let size = cx.world.entra.settings.page_size;
    let round = &cx.world.entra.rounds[number];
    let ids: BTreeSet<&String> = round.before.keys().chain(round.now.keys()).collect();
    let differs = |id: &&String| id.as_str() > after && round.before.get(*id) != round.now.get(*id);
    let mut shown: Vec<&String> = ids.into_iter().filter(differs).take(size + 1).collect();
    let more = shown.len() > size;
    shown.truncate(size);
    let value: Vec<Value> = shown
        .iter()
        .map(
            |id| match (round.now.contains_key(*id), cx.world.entra.users.get(*id)) {
                (true, Some(user)) => narrowed(public(user), LISTING.of, round.selected.as_deref()),
                _ => {
                    let reason = match cx.world.entra.deleted.contains_key(*id) {
                        true => "changed",
                        false => "deleted",
                    };
                    json!({ "id": id, "@removed": { "reason": reason } })
                }
            },
        )
        .collect();
    let link = format!("{}/users/delta", cx.base());
    let mut body = json!({
        "@odata.context": format!("{}/$metadata#users", cx.base()),
        "value": value,
    });
    let last = shown.last().filter(|_| more).map(|last| (*last).clone());
    match last {
        Some(last) => {
            let token = format!("r{number}.{last}");
            body["@odata.nextLink"] = format!("{link}?$skiptoken={token}").into();
            let list = list_of(cx, number);
            let connection = cx.request.connection;
            cx.ledger().page_given(&list, &format!("{list} {token}"), connection);
        }
        None => body["@odata.deltaLink"] = format!("{link}?$deltatoken=r{number}").into(),
    }
    Reply::json(200, &body)
}
