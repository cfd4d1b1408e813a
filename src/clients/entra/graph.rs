//! `Graph`: how Microsoft Graph talks. Paging, versions, batches, throttling and refused tokens are settled here, so
//! that a call elsewhere is one line.

mod batch;
mod delta;
mod together;

use std::{any::Any, collections::HashSet, fmt, future::Future, sync::Arc};

use ::http::{HeaderName, HeaderValue, Method};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use url::Url;

pub use batch::{BatchAnswer, BatchItem};
pub use delta::Since;
use together::Together;

use super::{auth::Tokens, error::graph_fault};
use crate::{
    clients::{
        SoFar,
        http::{Answer, Call, Existed, Http, Service},
        limits,
        pace::Pace,
        seen::Seen,
    },
    fault::{Fault, Kind},
};

const CONSISTENCY_LEVEL: HeaderName = HeaderName::from_static("consistencylevel");
/// More pages than this are not read: a link that never ends is an error, not a directory.
const MOST_PAGES: usize = 20_000;

/// Which of Graph's versions to talk to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Version {
    /// What is promised to stay.
    #[default]
    V1,
    /// What is not, used only where v1.0 has no way.
    Beta,
}

impl Version {
    fn path(self) -> &'static str {
        match self {
            Self::V1 => "v1.0",
            Self::Beta => "beta",
        }
    }
}

/// Microsoft Graph of one tenant. Cheap to clone; clones share token and limits.
#[derive(Clone)]
pub struct Graph {
    http: Http,
    tokens: Tokens,
    base: Url,
    paces: Arc<Paces>,
    together: Arc<Together>,
    seen: Arc<Seen>,
    version: Version,
    eventual: bool,
}

struct Paces {
    writes: Arc<Pace>,
    reports: Arc<Pace>,
    on_demand: Arc<Pace>,
}

/// One page of a list.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Where the next one is; opaque, for [`Graph::next_page`].
    pub next: Option<Url>,
}

#[derive(Deserialize)]
struct RawPage<T> {
    value: Vec<T>,
    #[serde(rename = "@odata.nextLink")]
    next: Option<String>,
}

impl Graph {
    /// Graph at this address (without the version).
    pub fn new(http: Http, tokens: Tokens, base: Url) -> Self {
        let pace = |limit| http.pace(limit);
        let paces = Paces {
            writes: pace(limits::GRAPH_WRITES),
            reports: pace(limits::GRAPH_REPORTS),
            on_demand: pace(limits::PROVISION_ON_DEMAND),
        };
        let clock = http.clock().clone();
        Self {
            http,
            tokens,
            base,
            paces: Arc::new(paces),
            together: Arc::new(Together::new(clock.clone())),
            seen: Arc::new(Seen::new(clock)),
            version: Version::V1,
            eventual: false,
        }
    }

    /// The same Graph, of this version.
    #[must_use]
    pub fn version(&self, version: Version) -> Self {
        Self {
            version,
            ..self.clone()
        }
    }

    /// The same Graph, asking its index: needed for advanced queries (`ne`, `endsWith`, `$search`, `$count`; all but
    /// `$search` want `$count=true` too). The index lags, so never ask it right after a write.
    #[must_use]
    pub fn eventual(&self) -> Self {
        Self {
            eventual: true,
            ..self.clone()
        }
    }

    /// The tokens it signs in with.
    pub fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// The HTTP client it uses.
    pub fn http(&self) -> &Http {
        &self.http
    }

    /// Reads one thing.
    pub async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> Result<T, Fault> {
        let answer = self.read(self.call(Method::GET, path, query)?, path).await?;
        self.good(answer, &Method::GET, path)?.json()
    }

    /// Reads one thing that may not be there.
    pub async fn get_opt<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> Result<Option<T>, Fault> {
        let answer = self.read(self.call(Method::GET, path, query)?, path).await?;
        match answer.status {
            404 => Ok(None),
            _ => self.good(answer, &Method::GET, path)?.json().map(Some),
        }
    }

    /// What `read` makes of several requests, read once for all who want it at the same time. Only those that differ by
    /// name differ; what is changed by any of them meanwhile is read again.
    pub(super) async fn shared<T, F>(&self, name: &str, read: impl FnOnce() -> F) -> Result<Arc<T>, Fault>
    where
        T: Any + Send + Sync,
        F: Future<Output = Result<T, Fault>>,
    {
        let found = self.seen.get(name, || async { read().await.map(Some) }).await?;
        found.ok_or_else(|| Fault::internal(format!("{name} was read, and is not there")))
    }

    /// Reads a list to its end, page by page.
    pub async fn list<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> Result<Vec<T>, Fault> {
        self.list_told(path, query, &|_| {}).await
    }

    /// Reads a list to its end, and tells after each page how many items were read so far.
    pub async fn list_told<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
        so_far: SoFar<'_>,
    ) -> Result<Vec<T>, Fault> {
        let mut page = self.page(path, query).await?;
        let mut items = std::mem::take(&mut page.items);
        so_far(items.len());
        let mut seen = HashSet::new();
        while let Some(next) = page.next.take() {
            if !seen.insert(next.to_string()) || seen.len() > MOST_PAGES {
                return Err(Fault::new(Kind::Answer, format!("Graph's list {path} never ends"))
                    .why("a next page that was read already is named again, or there are far too many"));
            }
            page = self.next_page(&next).await?;
            items.append(&mut page.items);
            so_far(items.len());
        }
        Ok(items)
    }

    /// Reads the first page of a list.
    pub async fn page<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> Result<Page<T>, Fault> {
        let call = self.call(Method::GET, path, query)?;
        let answer = self.ask(call, &Method::GET, path).await?;
        let raw = self.good(answer, &Method::GET, path)?.json()?;
        self.turn(raw)
    }

    /// Reads the page a page before named.
    pub async fn next_page<T: DeserializeOwned>(&self, next: &Url) -> Result<Page<T>, Fault> {
        self.same_host(next)?;
        let call = self.prepared(Call::get(Service::Graph, next.clone()), next.path());
        let answer = self.ask(call, &Method::GET, next.path()).await?;
        let raw = self.good(answer, &Method::GET, next.path())?.json()?;
        self.turn(raw)
    }

    /// Makes something. Never repeated unless Graph surely did nothing; a lost answer is a fault that says to look.
    /// What Graph answers without a body reads as `()`.
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &(impl Serialize + ?Sized)) -> Result<T, Fault> {
        let call = self.call(Method::POST, path, &[])?.json(body)?;
        self.finish(call, &Method::POST, path).await
    }

    /// Calls an action that may be repeated: started twice is started. What Graph answers without a body reads as `()`.
    pub async fn act<T: DeserializeOwned>(&self, path: &str, body: &(impl Serialize + ?Sized)) -> Result<T, Fault> {
        let call = self.call(Method::POST, path, &[])?.json(body)?.repeatable();
        self.finish(call, &Method::POST, path).await
    }

    /// Calls an action that changes nothing: it tries something out. What Graph answers without a body reads as `()`.
    pub async fn try_out<T: DeserializeOwned>(&self, path: &str, body: &(impl Serialize + ?Sized)) -> Result<T, Fault> {
        let call = self.call(Method::POST, path, &[])?.json(body)?.repeatable();
        let answer = self.ask(call, &Method::POST, path).await?;
        self.good(answer, &Method::POST, path)?.json()
    }

    /// Changes something: the members given replace those there.
    pub async fn patch(&self, path: &str, body: &(impl Serialize + ?Sized)) -> Result<(), Fault> {
        let call = self.call(Method::PATCH, path, &[])?.json(body)?.repeatable();
        self.done(call, &Method::PATCH, path).await
    }

    /// Changes something by what would be something else the next time. Never repeated unless Graph surely did nothing; a lost
    /// answer is a fault that says to look.
    pub async fn patch_once(&self, path: &str, body: &(impl Serialize + ?Sized)) -> Result<(), Fault> {
        let call = self.call(Method::PATCH, path, &[])?.json(body)?;
        self.done(call, &Method::PATCH, path).await
    }

    /// Replaces something.
    pub async fn put(&self, path: &str, body: &(impl Serialize + ?Sized)) -> Result<(), Fault> {
        let call = self.call(Method::PUT, path, &[])?.json(body)?;
        self.done(call, &Method::PUT, path).await
    }

    /// Removes something, or finds that it is not there.
    pub async fn delete(&self, path: &str) -> Result<Existed, Fault> {
        let call = self.call(Method::DELETE, path, &[])?;
        let answer = self.send(call, &Method::DELETE, path).await?;
        match answer.status {
            404 => Ok(Existed::No),
            _ => self.good(answer, &Method::DELETE, path).map(|_| Existed::Yes),
        }
    }

    /// Reads one thing that others may want at the same time.
    async fn read(&self, call: Call, path: &str) -> Result<Answer, Fault> {
        let mut refused = None;
        let name = format!("{} {}", if self.eventual { "index" } else { "" }, call.url());
        let read = || async {
            let answer = self.ask(call, &Method::GET, path).await?;
            match answer.is_success() {
                true => Ok(Some(answer)),
                // Only what is there is told to others.
                false => {
                    refused = Some(answer);
                    Ok(None)
                }
            }
        };
        match self.seen.get(&name, read).await? {
            Some(answer) => Ok(Answer::clone(&answer)),
            None => refused.ok_or_else(|| Fault::internal(format!("{path} was read, and has no answer"))),
        }
    }

    async fn finish<T: DeserializeOwned>(&self, call: Call, method: &Method, path: &str) -> Result<T, Fault> {
        let answer = self.send(call, method, path).await?;
        self.good(answer, method, path)?.json()
    }

    async fn done(&self, call: Call, method: &Method, path: &str) -> Result<(), Fault> {
        let answer = self.send(call, method, path).await?;
        self.good(answer, method, path).map(|_| ())
    }

    fn good(&self, answer: Answer, method: &Method, path: &str) -> Result<Answer, Fault> {
        if answer.is_success() {
            return Ok(answer);
        }
        Err(graph_fault(method, path, &answer, &self.tokens.facts_at_hand()))
    }

    fn call(&self, method: Method, path: &str, query: &[(&str, &str)]) -> Result<Call, Fault> {
        let url = self.url(path, query)?;
        Ok(self.prepared(Call::new(Service::Graph, method, url), path))
    }

    /// A batch with so many changes in it. Graph counts each of them.
    fn batched(&self, changes: usize) -> Result<Call, Fault> {
        let url = self.url("/$batch", &[])?;
        let mut call = Call::new(Service::Graph, Method::POST, url);
        for _ in 0..changes {
            call = call.paced(self.paces.writes.clone());
        }
        Ok(call)
    }

    /// What every call carries: the consistency level and the limits that apply.
    fn prepared(&self, mut call: Call, path: &str) -> Call {
        if self.eventual {
            call = call.header(CONSISTENCY_LEVEL, HeaderValue::from_static("eventual"));
        }
        if path.contains("/auditLogs/") || path.starts_with("auditLogs/") {
            call = call.paced(self.paces.reports.clone());
        }
        if path.ends_with("/provisionOnDemand") {
            call = call.paced(self.paces.on_demand.clone());
        }
        if !call.is_read() {
            call = call.paced(self.paces.writes.clone());
        }
        call
    }

    fn url(&self, path: &str, query: &[(&str, &str)]) -> Result<Url, Fault> {
        let text = format!(
            "{}/{}{path}",
            self.base.as_str().trim_end_matches('/'),
            self.version.path()
        );
        let mut url = Url::parse(&text).map_err(|error| {
            Fault::internal(format!("The Graph path {path} makes no address")).why(error.to_string())
        })?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    /// Sends what changes something. What was read before is told to nobody from now on.
    async fn send(&self, call: Call, method: &Method, path: &str) -> Result<Answer, Fault> {
        self.seen.changed();
        let answer = self.ask(call, method, path).await;
        self.seen.changed();
        answer
    }

    /// Sends with a token; with a new one if the first is refused.
    async fn ask(&self, call: Call, method: &Method, path: &str) -> Result<Answer, Fault> {
        let token = self.tokens.bearer().await?;
        let answer = self.http.send(call.clone().bearer(token.clone())).await?;
        if answer.status != 401 {
            return Ok(answer);
        }
        self.tokens.refused(&token);
        let renewed = self.tokens.bearer().await.map_err(|fault| {
            let refusal = graph_fault(method, path, &answer, &self.tokens.facts_at_hand());
            match fault.why.is_empty() {
                true => fault.why(refusal.to_string()),
                false => fault,
            }
        })?;
        self.http.send(call.bearer(renewed)).await
    }

    fn turn<T>(&self, raw: RawPage<T>) -> Result<Page<T>, Fault> {
        let next = raw.next.map(|link| self.link(&link)).transpose()?;
        Ok(Page { items: raw.value, next })
    }

    /// An address that Graph names.
    fn link(&self, link: &str) -> Result<Url, Fault> {
        let link = Url::parse(link).map_err(|error| {
            Fault::new(Kind::Answer, "Graph names a next page that is no address").why(error.to_string())
        })?;
        self.same_host(&link)?;
        Ok(link)
    }

    /// A token goes only to the host it was got for.
    fn same_host(&self, next: &Url) -> Result<(), Fault> {
        if next.origin() == self.base.origin() {
            return Ok(());
        }
        let host = next.host_str().unwrap_or("nowhere");
        Err(
            Fault::new(Kind::Answer, format!("Graph names a next page on another host, {host}"))
                .why("the token is for Graph alone and is not sent there")
                .hint("A proxy or gateway rewrites the links in answers; have Graph exempted from it."),
        )
    }
}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Graph")
            .field("base", &self.base.as_str())
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// A value inside a path: `/users/{}`. Everything that would end or split the segment is escaped.
pub fn segment(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'@' => out.push(char::from(byte)),
            _ => {
                use fmt::Write;
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

/// A text inside an OData filter, in its quotes: `'O''Brien'`.
pub fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

#[cfg(test)]
mod tests;
