//! The server: five listeners, and the one way a request takes through the simulation.
//!
//! It arrives and is written into the ledger; the weather decides its fate; it takes its time; it is done wholly or not at
//! all; the weather may lose its answer; it is answered.

use std::{
    convert::Infallible,
    sync::{Arc, atomic::AtomicU64},
};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, State},
};
use futures_util::stream;
use jiff::SignedDuration;
use tokio::{net::TcpListener, task::JoinSet};

use super::{
    admin, aws,
    door::{Connection, Door, Gate},
    entra,
    fuse::{Burn, Moment},
    http::{Port, Request, Response},
    hub::{Addresses, Hub, INSIDE},
    ledger::Entry,
    weather::Fate,
    world::{Outcome, World},
};

/// The largest body taken.
const MOST_BYTES: usize = 8 << 20;

/// The gates of the five ports, in the order of [`Port::ALL`].
pub(super) type Gates = [Arc<Gate>; 5];

/// Five listeners on loopback, not yet serving.
pub(super) async fn bind() -> std::io::Result<(Vec<TcpListener>, Addresses)> {
    let mut listeners = Vec::new();
    let mut bases = Vec::new();
    for _ in Port::ALL {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        bases.push(format!("http://{}", listener.local_addr()?));
        listeners.push(listener);
    }
    let [login, graph, aws, scim, admin] = <[String; 5]>::try_from(bases).expect("one for each of five ports");
    Ok((
        listeners,
        Addresses {
            login,
            graph,
            aws,
            scim,
            admin,
        },
    ))
}

/// Serves until the tasks are dropped.
pub(super) fn serve(listeners: Vec<TcpListener>, hub: &Hub, gates: &Gates) -> std::io::Result<JoinSet<()>> {
    let mut tasks = JoinSet::new();
    let numbers = Arc::new(AtomicU64::new(0));
    for ((listener, port), gate) in listeners.into_iter().zip(Port::ALL).zip(gates) {
        let door = Door::new(listener, gate.clone(), hub.clone(), numbers.clone())?;
        let app = Router::new()
            .fallback(take)
            .with_state((hub.clone(), port, gates.clone()));
        let service = app.into_make_service_with_connect_info::<Connection>();
        tasks.spawn(async move {
            // Never ends by itself.
            let _ = axum::serve(door, service).await;
        });
    }
    Ok(tasks)
}

async fn take(
    State((hub, port, gates)): State<(Hub, Port, Gates)>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: axum::extract::Request,
) -> axum::response::Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, MOST_BYTES).await else {
        return answer(Response::empty(413), None);
    };
    let request = Request {
        port,
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: url::form_urlencoded::parse(parts.uri.query().unwrap_or("").as_bytes())
            .into_owned()
            .collect(),
        inside: hub.is_inside(parts.headers.get(INSIDE).and_then(|key| key.to_str().ok())),
        headers: parts.headers,
        body,
        seq: 0,
        connection: connection.number,
        at: hub.clock().now(),
    };
    if port == Port::Admin {
        return answer(admin::handle(&hub, &gates, &request).await, None);
    }
    walk(hub, connection, request).await
}

/// The way of one request.
async fn walk(hub: Hub, connection: Connection, mut request: Request) -> axum::response::Response {
    let burn = if request.inside { Burn::No } else { hub.fuses().count() };
    match burn {
        Burn::Dead => return std::future::pending().await,
        Burn::Now(Moment::BeforeSend) => {
            hub.with(|world| world.ledger.client_died());
            hub.fuses().blow();
            return std::future::pending().await;
        }
        _ => {}
    }
    let writes = is_write(&request);
    let fate = hub.with(|world| arrive(world, &mut request, writes));
    hub.clock().sleep(hub.latency() + fate.slower).await;
    let response = match fate.refused {
        Some(refusal) => hub.with(|world| {
            world.ledger.forgive_pages();
            match request.port {
                Port::Aws | Port::Scim => aws::refusal(world, &request, refusal),
                _ => entra::refusal(world, &request, refusal),
            }
        }),
        None => match hub.with(|world| dispatch(world, &request, fate, writes)) {
            Outcome::Answer(response) => response,
            Outcome::Later(work) => work(hub.clone()).await,
        },
    };
    hub.witness().saw(&request, &response);
    let lost = fate.dropped || matches!(burn, Burn::Now(Moment::AfterCommit));
    hub.with(|world| {
        if let Some(entry) = world.ledger.entry(request.seq) {
            entry.status = (!lost).then_some(response.status);
            entry.wrote = writes && response.is_good();
        }
        if lost {
            world.ledger.forgive_pages();
        }
    });
    match burn {
        Burn::Now(Moment::AfterCommit) => {
            hub.with(|world| world.ledger.client_died());
            hub.fuses().blow();
            std::future::pending().await
        }
        Burn::Now(Moment::AfterAnswer) => {
            let blow = Blow(hub.clone());
            hub.with(|world| world.ledger.client_died());
            answer(response, Some(blow))
        }
        _ => {
            if fate.dropped {
                connection.cut();
            }
            answer(response, None)
        }
    }
}

fn is_write(request: &Request) -> bool {
    match request.port {
        Port::Aws | Port::Scim => aws::is_write(request),
        _ => entra::is_write(request),
    }
}

/// Into the ledger; the weather decides.
fn arrive(world: &mut World, request: &mut Request, writes: bool) -> Fate {
    let fate = world.skies.fate(&world.weather, request, writes);
    let leaks = request.query.iter().any(|(_, value)| world.holds_secret(value)) || world.holds_secret(&request.path);
    let target = if leaks {
        "(holds a secret)".to_owned()
    } else {
        request.target().to_owned()
    };
    if leaks {
        let what = format!(
            "{} {}: the address holds a token or password",
            request.method, request.port
        );
        world.ledger.violation(request.at, "token-in-url", what);
    }
    request.seq = world.ledger.arrived(Entry {
        seq: 0,
        at: request.at,
        port: request.port,
        method: request.method.to_string(),
        target,
        status: None,
        wrote: false,
        inside: request.inside,
        weather: fate.word(),
    });
    fate
}

/// Does it.
fn dispatch(world: &mut World, request: &Request, fate: Fate, writes: bool) -> Outcome {
    let lag = fate
        .lagging
        .then(|| SignedDuration::try_from_secs_f64(world.weather.lag_s).unwrap_or_default());
    world.lag = lag;
    if writes {
        world.remember(None);
    }
    let lags = request.port == Port::Graph || (request.port == Port::Aws && aws::lags(request));
    let outcome = match lag {
        Some(lag) if !writes && lags => world.in_the_past(lag, |world| route(world, request)),
        _ => route(world, request),
    };
    if writes {
        world.remember(Some(request.port));
    }
    world.lag = None;
    outcome
}

fn route(world: &mut World, request: &Request) -> Outcome {
    match request.port {
        Port::Login => entra::login(world, request),
        Port::Graph => entra::graph(world, request),
        Port::Aws => aws::handle(world, request),
        Port::Scim => aws::scim(world, request),
        Port::Admin => Response::empty(404).into(),
    }
}

/// Blows the fuse when the answer has been handed to the network.
struct Blow(Hub);

impl Drop for Blow {
    fn drop(&mut self) {
        self.0.fuses().blow();
    }
}

fn answer(response: Response, blow: Option<Blow>) -> axum::response::Response {
    let mut builder = http::Response::builder().status(response.status);
    for (name, value) in &response.headers {
        builder = builder.header(name, value);
    }
    let body = match blow {
        None => Body::from(response.body),
        Some(blow) => {
            builder = builder.header("content-length", response.body.len());
            let bytes = response.body;
            Body::from_stream(stream::once(async move {
                let _blow = blow;
                Ok::<_, Infallible>(bytes)
            }))
        }
    };
    builder.body(body).expect("services set valid headers")
}
