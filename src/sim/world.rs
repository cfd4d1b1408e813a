//! The world: both clouds, and what keeps them honest, in one value behind one lock.
//!
//! Services are synchronous functions over `&mut World`, so that a request is done wholly or not at all. Work that takes
//! longer (a provisioning cycle, a call from one cloud to the other) is handed to [`World::spawn`] or answered
//! [`Outcome::Later`].

use std::{collections::VecDeque, fmt, future::Future, pin::Pin, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{
    aws::Organization,
    entra::Tenant,
    http::{Port, Response},
    hub::{Addresses, Hub},
    ledger::Ledger,
    pages::Pages,
    weather::{Skies, Weather},
};

/// Work that goes on after the answer.
pub type Job = Box<dyn FnOnce(Hub) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// An answer that needs calls of its own first.
pub type Later = Box<dyn FnOnce(Hub) -> Pin<Box<dyn Future<Output = Response> + Send>> + Send>;

/// What a service makes of a request.
pub enum Outcome {
    /// The answer.
    Answer(Response),
    /// The answer comes after asynchronous work, such as calling the SCIM endpoint to check its token.
    Later(Later),
}

impl From<Response> for Outcome {
    fn from(response: Response) -> Self {
        Self::Answer(response)
    }
}

impl Outcome {
    /// An answer that needs asynchronous work first.
    pub fn later<F>(work: impl FnOnce(Hub) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Response> + Send + 'static,
    {
        Self::Later(Box::new(move |hub| Box::pin(work(hub))))
    }
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer(response) => f.debug_tuple("Answer").field(response).finish(),
            Self::Later(_) => f.write_str("Later"),
        }
    }
}

/// Makes ids and secrets that depend on nothing but the seed and the order of asking.
#[derive(Debug, Clone)]
pub struct Ids(fastrand::Rng);

impl Ids {
    /// Begins with this seed.
    pub fn new(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed ^ 0x6665_6477_697a_0001))
    }

    /// A random UUID.
    pub fn uuid(&mut self) -> Uuid {
        let mut bytes = [0; 16];
        self.0.fill(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    /// So many lower-case hexadecimal digits.
    pub fn hex(&mut self, digits: usize) -> String {
        self.pick(b"0123456789abcdef", digits)
    }

    /// So many decimal digits, the first not zero.
    pub fn digits(&mut self, digits: usize) -> String {
        let first = self.pick(b"123456789", digits.min(1));
        first + &self.pick(b"0123456789", digits.saturating_sub(1))
    }

    /// So many letters and digits.
    pub fn alphanumeric(&mut self, length: usize) -> String {
        self.pick(
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
            length,
        )
    }

    /// So many random bytes.
    pub fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.0.fill(&mut bytes);
        bytes
    }

    fn pick(&mut self, from: &[u8], length: usize) -> String {
        (0..length)
            .map(|_| char::from(from[self.0.usize(..from.len())]))
            .collect()
    }
}

/// Both clouds and their keepers.
pub struct World {
    /// The seed it grew from.
    pub seed: u64,
    /// The scenario it grew from.
    pub scenario: String,
    /// The time of the request being served.
    pub now: Timestamp,
    /// The maker of ids and secrets.
    pub ids: Ids,
    /// The Entra tenant.
    pub entra: Tenant,
    /// The AWS organizations, one for each target.
    pub aws: Vec<Organization>,
    /// Requests and violations.
    pub ledger: Ledger,
    /// The weather.
    pub weather: Weather,
    /// How often the weather has been changed since the world began.
    pub(super) weather_changes: u64,
    /// Where the services listen, for links in answers.
    pub addresses: Addresses,
    /// The replication lag the current request meets, if any. Reads of Graph and of the Identity Store are shown the past by
    /// the server; a service may also refuse writes that name an object younger than this.
    pub lag: Option<SignedDuration>,
    /// Every secret handed out (tokens, passwords): none may ever appear in an address.
    secrets: Vec<String>,
    pub(super) skies: Skies,
    pub(super) pages: Pages,
    pub(super) jobs: Vec<Job>,
    past: VecDeque<Past>,
}

/// How the clouds looked from a moment on.
#[derive(Debug, Clone)]
struct Past {
    from: Timestamp,
    entra: Arc<Tenant>,
    aws: Arc<Vec<Organization>>,
}

impl World {
    /// A world with these clouds in it.
    pub fn new(seed: u64, ids: Ids, entra: Tenant, aws: Vec<Organization>, weather: Weather, now: Timestamp) -> Self {
        Self {
            seed,
            scenario: String::new(),
            now,
            ids,
            entra,
            aws,
            ledger: Ledger::default(),
            weather,
            weather_changes: 0,
            skies: Skies::seeded(seed),
            addresses: Addresses::default(),
            lag: None,
            secrets: Vec::new(),
            pages: Pages::default(),
            jobs: Vec::new(),
            past: VecDeque::new(),
        }
    }

    /// The same world once more. Work that goes on in it is not part of it.
    pub(super) fn copy(&self) -> Self {
        Self {
            seed: self.seed,
            scenario: self.scenario.clone(),
            now: self.now,
            ids: self.ids.clone(),
            entra: self.entra.clone(),
            aws: self.aws.clone(),
            ledger: self.ledger.clone(),
            weather: self.weather.clone(),
            weather_changes: self.weather_changes,
            addresses: self.addresses.clone(),
            lag: self.lag,
            secrets: self.secrets.clone(),
            skies: self.skies.clone(),
            pages: self.pages.clone(),
            jobs: Vec::new(),
            past: self.past.clone(),
        }
    }

    /// Remembers a secret, so that it can be recognised where it must not be.
    pub fn keep_secret(&mut self, secret: impl Into<String>) {
        let secret = secret.into();
        // Very short ones would be found everywhere.
        if secret.len() >= 8 {
            self.secrets.push(secret);
        }
    }

    /// Every secret handed out so far, for canaries in tests.
    pub fn secrets(&self) -> &[String] {
        &self.secrets
    }

    /// True if a secret stands in this text.
    pub fn holds_secret(&self, text: &str) -> bool {
        self.secrets.iter().any(|secret| text.contains(secret.as_str()))
    }

    /// Lets work go on after the answer. It is lined up on the clock and at work while it runs; long waits in it use
    /// [`super::clock::SimClock::nap`].
    pub fn spawn<F>(&mut self, work: impl FnOnce(Hub) -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.jobs.push(Box::new(move |hub| Box::pin(work(hub))));
    }

    /// The organization a target name means: the first, if no name is given.
    pub fn organization(&mut self, name: Option<&str>) -> Option<&mut Organization> {
        match name {
            None => self.aws.first_mut(),
            Some(name) => self.aws.iter_mut().find(|org| org.name == name),
        }
    }

    /// Called before each write, without a port, and after it: keeps what lagging reads will see.
    ///
    /// What changes without a request (a provisioning cycle) is kept with the next write only, and so is seen early at
    /// times, but never hidden for good.
    pub(super) fn remember(&mut self, port: Option<Port>) {
        let lag = SignedDuration::try_from_secs_f64(self.weather.lag_s).unwrap_or(SignedDuration::ZERO);
        if lag.is_zero() {
            self.past.clear();
            return;
        }
        let horizon = self.now - lag;
        let fresh = self.past.back().is_none_or(|newest| newest.from <= horizon);
        if port.is_none() && fresh {
            // Everything written so far can be seen by all: begin again from here.
            self.past.clear();
            let (entra, aws) = (Arc::new(self.entra.clone()), Arc::new(self.aws.clone()));
            self.past.push_back(Past {
                from: Timestamp::MIN,
                entra,
                aws,
            });
        }
        let (Some(port), Some(old)) = (port, self.past.back().cloned()) else {
            return;
        };
        let from = self.now;
        self.past.push_back(match port {
            Port::Graph | Port::Login => Past {
                from,
                entra: Arc::new(self.entra.clone()),
                aws: old.aws,
            },
            _ => Past {
                from,
                entra: old.entra,
                aws: Arc::new(self.aws.clone()),
            },
        });
    }

    /// Runs a read against the clouds as they were `lag` ago.
    pub(super) fn in_the_past<T>(&mut self, lag: SignedDuration, read: impl FnOnce(&mut Self) -> T) -> T {
        let horizon = self.now - lag;
        if self.past.back().is_none_or(|newest| newest.from <= horizon) {
            return read(self);
        }
        let Some(past) = self.past.iter().rev().find(|past| past.from <= horizon).cloned() else {
            return read(self);
        };
        let entra = std::mem::replace(&mut self.entra, (*past.entra).clone());
        let aws = std::mem::replace(&mut self.aws, (*past.aws).clone());
        let seen = read(self);
        self.entra = entra;
        self.aws = aws;
        seen
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("seed", &self.seed)
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lagging_read_misses_writes_but_not_what_happened_by_itself_long_ago() {
        let now = Timestamp::UNIX_EPOCH;
        let mut world = crate::sim::scenario::load("fresh")
            .and_then(|s| s.build(1, now))
            .unwrap();
        world.weather.lag_s = 6.0;
        let lag = SignedDuration::from_secs(6);
        let name = |world: &mut World| world.in_the_past(lag, |world| world.aws[0].name.clone());
        let write = |world: &mut World, name: &str| {
            world.remember(None);
            world.aws[0].name = name.into();
            world.remember(Some(Port::Aws));
        };
        write(&mut world, "first");
        assert_eq!(name(&mut world), "aws");
        world.now = now + SignedDuration::from_secs(6);
        assert_eq!(name(&mut world), "first");
        // Changed by the world itself, then by a request.
        world.aws[0].name = "by itself".into();
        assert_eq!(name(&mut world), "by itself");
        write(&mut world, "second");
        assert_eq!(name(&mut world), "by itself");
        assert_eq!(world.aws[0].name, "second");
    }

    #[test]
    fn the_same_seed_makes_the_same_ids() {
        let make = |seed| {
            let mut ids = Ids::new(seed);
            (ids.uuid(), ids.hex(16), ids.digits(12), ids.alphanumeric(40))
        };
        assert_eq!(make(7), make(7));
        assert_ne!(make(7), make(8));
        assert_eq!(make(7).0.get_version_num(), 4);
        assert!(!make(7).2.starts_with('0'));
    }
}
