//! Users as they were last read, kept up to date by what Graph says has changed: for whoever looks again and again.
//!
//! Only what was read is told, and only as long as Graph says, before each look, that it has not changed since. That
//! somebody is not there is never told from here. Once a day all is read anew.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::{
    Entra,
    graph::Since,
    users::{FIELDS, User},
};

/// After this long all is read anew, whatever Graph says.
const AFRESH: SignedDuration = SignedDuration::from_hours(24);

/// What is known of users. Nothing, until somebody follows them.
#[derive(Default)]
pub(super) struct Followed(Mutex<Option<Known>>);

struct Known {
    begun: Timestamp,
    since: Since,
    users: HashMap<String, User>,
    /// The ids, by sign-in name in lower case.
    ids: HashMap<String, String>,
}

/// A user who has changed or is gone.
#[derive(Deserialize)]
struct Changed {
    id: String,
}

impl Entra {
    /// Begins a look at users: forgets those that have changed since the look before. The first time, and whenever Graph does
    /// not tell, all are forgotten, and each is read when it is asked for. One request, and one more for each page of
    /// changes. User.Read.All.
    pub async fn follow_users(&self) {
        let now = self.graph.http().clock().now();
        let since = self.followed.since(now);
        if let Some(since) = since
            && let Ok((changed, since)) = self.graph.changes::<Changed>(&since).await
        {
            self.followed.go_on(&changed, since);
            return;
        }
        // What is changed while all are read anew is told the next time: the place in time comes first.
        let since = self.graph.from_now("/users", FIELDS).await.ok();
        *self.followed.lock() = since.map(|since| Known {
            begun: now,
            since,
            users: HashMap::new(),
            ids: HashMap::new(),
        });
    }
}

impl Followed {
    /// A user that has not changed since it was read, by object id or sign-in name.
    pub(super) fn user(&self, id_or_upn: &str) -> Option<User> {
        let known = self.lock();
        let known = known.as_ref()?;
        let id = known.ids.get(&id_or_upn.to_lowercase());
        known.users.get(id.map_or(id_or_upn, String::as_str)).cloned()
    }

    /// Keeps what was read.
    pub(super) fn keep(&self, user: &User) {
        if let Some(known) = self.lock().as_mut() {
            known.forget(&user.id);
            known
                .ids
                .insert(user.user_principal_name.to_lowercase(), user.id.clone());
            known.users.insert(user.id.clone(), user.clone());
        }
    }

    /// This user is about to be changed.
    pub(super) fn forget(&self, id: &str) {
        if let Some(known) = self.lock().as_mut() {
            known.forget(id);
        }
    }

    fn since(&self, now: Timestamp) -> Option<Since> {
        let known = self.lock();
        let known = known.as_ref()?;
        (now.duration_since(known.begun) < AFRESH).then(|| known.since.clone())
    }

    fn go_on(&self, changed: &[Changed], since: Since) {
        if let Some(known) = self.lock().as_mut() {
            for user in changed {
                known.forget(&user.id);
            }
            known.since = since;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn forget(&mut self, id: &str) {
        if let Some(user) = self.users.remove(id) {
            self.ids.remove(&user.user_principal_name.to_lowercase());
        }
    }
}
