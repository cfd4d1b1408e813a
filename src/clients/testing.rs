//! A server on loopback and a clock that does not wait, for the tests of this layer.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use jiff::Timestamp;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use url::Url;

use super::http::{Exchange, Http, Network, Observer};
use crate::clock::{Busy, Clock, LineUp, SharedClock, Sleep};

/// A clock on which sleeping takes no time and moves the hands.
#[derive(Debug, Default)]
pub(crate) struct Skipping {
    passed: Mutex<Duration>,
    slept: Mutex<Vec<Duration>>,
}

impl Skipping {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Every sleep so far.
    pub(crate) fn slept(&self) -> Vec<Duration> {
        self.slept.lock().unwrap().clone()
    }

    pub(crate) fn advance(&self, time: Duration) {
        *self.passed.lock().unwrap() += time;
    }
}

impl Clock for Skipping {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(1_800_000_000).unwrap() + *self.passed.lock().unwrap()
    }

    fn sleep(&self, time: Duration) -> Sleep {
        self.slept.lock().unwrap().push(time);
        self.advance(time);
        // Others get a chance to run, or a loop that only sleeps would never end.
        Box::pin(tokio::task::yield_now())
    }

    fn busy(&self) -> Busy {
        Busy::none()
    }

    fn line_up(&self) -> LineUp {
        Box::pin(std::future::ready(Busy::none()))
    }
}

/// Remembers what it saw.
#[derive(Debug, Default)]
pub(crate) struct Watching(pub(crate) Mutex<Vec<Exchange>>);

impl Observer for Watching {
    fn exchange(&self, exchange: &Exchange) {
        self.0.lock().unwrap().push(exchange.clone());
    }
}

/// A request as it arrived.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// As written in the request line.
    pub(crate) target: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn form(&self, name: &str) -> Option<String> {
        url::form_urlencoded::parse(self.body.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    pub(crate) fn bearer(&self) -> Option<&str> {
        self.headers.get("authorization")?.strip_prefix("Bearer ")
    }
}

/// What the server does.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    Answer(u16, Vec<(&'static str, String)>, String),
    /// Closes the connection without a word.
    HangUp,
}

impl Reply {
    pub(crate) fn json(status: u16, body: serde_json::Value) -> Self {
        Self::Answer(
            status,
            vec![("content-type", "application/json".to_owned())],
            body.to_string(),
        )
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self::Answer(status, Vec::new(), String::new())
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Self::Answer(_, headers, _) = &mut self {
            headers.push((name, value.to_owned()));
        }
        self
    }
}

type Handler = dyn Fn(&Seen, usize) -> Reply + Send + Sync;

/// A server on loopback. The handler gets each request and its number, from 0.
pub(crate) struct Server {
    pub(crate) url: Url,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(handler: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let handler: Arc<Handler> = Arc::new(handler);
        let log = seen.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, handler.clone(), log.clone()));
            }
        });
        Self { url, seen, task }
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn at(&self, path: &str) -> Url {
        self.url.join(path).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, handler: Arc<Handler>, log: Arc<Mutex<Vec<Seen>>>) {
    while let Some(request) = read(&mut stream).await {
        let reply = {
            let mut log = log.lock().unwrap();
            log.push(request.clone());
            handler(&request, log.len() - 1)
        };
        let Reply::Answer(status, headers, body) = reply else {
            return;
        };
        let mut head = format!("HTTP/1.1 {status} Whatever\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if status != 204 {
            head.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        if stream.write_all(head.as_bytes()).await.is_err() || stream.write_all(body.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|end| end == b"\r\n\r\n") {
            break at;
        }
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(length) => bytes.extend_from_slice(&chunk[..length]),
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.lines();
    let mut words = lines.next()?.split(' ');
    let mut seen = Seen {
        method: words.next()?.to_owned(),
        target: words.next()?.to_owned(),
        ..Seen::default()
    };
    for line in lines {
        let (name, value) = line.split_once(':')?;
        seen.headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length: usize = seen
        .headers
        .get("content-length")
        .and_then(|length| length.parse().ok())
        .unwrap_or(0);
    let mut body = bytes[end + 4..].to_vec();
    while body.len() < length {
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(length) => body.extend_from_slice(&chunk[..length]),
        }
    }
    seen.body = String::from_utf8_lossy(&body).into_owned();
    Some(seen)
}

/// A client on a skipping clock, and what it did.
pub(crate) struct Bench {
    pub(crate) http: Http,
    pub(crate) clock: Arc<Skipping>,
    pub(crate) watching: Arc<Watching>,
}

pub(crate) fn bench() -> Bench {
    bench_on(&Network::default())
}

pub(crate) fn bench_on(network: &Network) -> Bench {
    let clock = Skipping::new();
    let watching = Arc::new(Watching::default());
    let shared: SharedClock = clock.clone();
    let http = Http::new(network, shared, watching.clone(), 7).unwrap();
    Bench { http, clock, watching }
}
