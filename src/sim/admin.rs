//! The admin port: state, ledger, console, weather, reset, shutdown.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{
    aws, entra,
    http::{Request, Response},
    hub::Hub,
    scenario,
    server::Gates,
    weather::{Skies, Weather},
    world::World,
};

/// A console action that cannot be done, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Refused {
    /// The status of the answer: 400 for arguments, 404 for unknown things, 409 for a state that forbids it.
    pub status: u16,
    /// Why.
    pub reason: String,
}

impl Refused {
    /// The state of the world forbids it.
    pub fn conflict(reason: impl Into<String>) -> Self {
        Self {
            status: 409,
            reason: reason.into(),
        }
    }

    /// The arguments make no sense.
    pub fn bad(reason: impl Into<String>) -> Self {
        Self {
            status: 400,
            reason: reason.into(),
        }
    }

    /// There is no such thing.
    pub fn missing(reason: impl Into<String>) -> Self {
        Self {
            status: 404,
            reason: reason.into(),
        }
    }
}

/// What one click gives: an object whose keys are the fields of the form a person would fill from it.
pub type Clicked = Result<Value, Refused>;

/// Clicks in one of the consoles.
pub fn click(world: &mut World, action: &str, args: &Map<String, Value>) -> Clicked {
    match action.split_once('.') {
        Some(("aws", _)) => aws::click(world, action, args),
        Some(("entra", _)) => entra::click(world, action, args),
        _ => Err(Refused::missing(format!("there is no console action {action}"))),
    }
}

/// All live objects of both clouds, canonical and sorted, without secrets. What Entra keeps in its recycle bin is not
/// part of it: see [`deleted`].
pub fn state(world: &World) -> Value {
    let aws: Map<String, Value> = world
        .aws
        .iter()
        .map(|org| (org.name.clone(), aws::state(org, world.now)))
        .collect();
    json!({ "aws": aws, "entra": entra::state(&world.entra) })
}

/// What lies in recycle bins.
pub fn deleted(world: &World) -> Value {
    json!({ "entra": entra::deleted(&world.entra) })
}

/// Requests and violations.
pub fn ledger(world: &World) -> Value {
    json!({
        "requests": world.ledger.entries(),
        "violations": world.ledger.violations(),
        "verdict": world.ledger.verdict(),
    })
}

pub(super) async fn handle(hub: &Hub, gates: &Gates, request: &Request) -> Response {
    let segments = request.segments();
    let path: Vec<&str> = segments.iter().map(String::as_str).collect();
    match (request.method.as_str(), path.as_slice()) {
        ("GET", ["state"]) => hub.with(|world| {
            let mut all = state(world);
            if request.query("deleted").is_some_and(|value| value != "false") {
                all["deleted"] = deleted(world);
            }
            Response::json(200, &all)
        }),
        ("GET", ["deleted"]) => hub.with(|world| Response::json(200, &deleted(world))),
        ("GET", ["ledger"]) => hub.with(|world| Response::json(200, &ledger(world))),
        ("GET", ["clock"]) => Response::json(200, &json!({ "now": hub.clock().now() })),
        ("GET", ["console"]) => hub.with(|world| Response::json(200, &console(world))),
        ("GET", ["weather"]) => hub.with(|world| Response::json(200, &json!(world.weather))),
        ("POST", ["console", action]) => click_over_http(hub, action, request),
        ("POST", ["weather"]) => match serde_json::from_slice::<Weather>(&request.body) {
            Ok(weather) => {
                set_weather(hub, gates, weather);
                Response::json(200, &json!({}))
            }
            Err(error) => refused(&Refused::bad(format!("this is no weather: {error}"))),
        },
        ("POST", ["reset"]) => reset(hub, gates, request).await,
        ("POST", ["shutdown"]) => {
            let ending = hub.clone();
            // After the answer is out.
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(50)).await;
                ending.stop();
            });
            Response::json(200, &json!({ "stopping": true }))
        }
        _ => refused(&Refused::missing(format!(
            "{} {} is not part of the admin port",
            request.method, request.path
        ))),
    }
}

fn refused(refused: &Refused) -> Response {
    Response::json(refused.status, &json!({ "error": refused.reason }))
}

fn console(world: &World) -> Value {
    json!({
        "actions": ([aws::ACTIONS, entra::ACTIONS].concat()),
        "aws": world.aws.iter().map(|org| (org.name.clone(), aws::console_view(org))).collect::<Map<_, _>>(),
    })
}

fn click_over_http(hub: &Hub, action: &str, request: &Request) -> Response {
    let args = match request.body.is_empty() {
        true => Ok(Map::new()),
        false => serde_json::from_slice(&request.body),
    };
    let Ok(args) = args else {
        return refused(&Refused::bad("the arguments are not a JSON object"));
    };
    match hub.with(|world| click(world, action, &args)) {
        Ok(fields) => Response::json(200, &fields),
        Err(reason) => refused(&reason),
    }
}

/// Changes the weather; outages are set going.
pub(super) fn set_weather(hub: &Hub, gates: &Gates, weather: Weather) {
    let gates = gates.clone();
    hub.with(move |world| {
        world.skies = Skies::seeded(world.seed);
        world.weather = weather;
        world.weather_changes += 1;
        // Whatever the old weather had shut.
        let shut = gates.clone();
        world.spawn(move |_| async move {
            for gate in &shut {
                gate.set(true).await;
            }
        });
        plan_outages(world, &gates);
    });
}

/// Sets the outages of the present weather going.
pub(super) fn plan_outages(world: &mut World, gates: &Gates) {
    for (port, after, lasts) in world.weather.outage_plan() {
        let gate = gates[port as usize].clone();
        let planned = world.weather_changes;
        world.spawn(move |hub| async move {
            hub.clock().nap(after).await;
            let still = hub.with(|world| {
                world.ledger.forgive_pages();
                world.weather_changes == planned
            });
            if !still {
                return;
            }
            gate.set(false).await;
            hub.clock().nap(lasts).await;
            gate.set(true).await;
        });
    }
}

async fn reset(hub: &Hub, gates: &Gates, request: &Request) -> Response {
    #[derive(Default, serde::Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Ask {
        scenario: Option<String>,
        seed: Option<u64>,
    }
    let ask = if request.body.is_empty() {
        Ok(Ask::default())
    } else {
        serde_json::from_slice(&request.body)
    };
    let Ok(Ask { scenario: name, seed }) = ask else {
        return refused(&Refused::bad("`reset` takes `scenario` and `seed`"));
    };
    let (old_name, old_seed) = hub.with(|world| (world.scenario.clone(), world.seed));
    let now = hub.clock().now();
    let made = scenario::load(&name.unwrap_or(old_name)).and_then(|s| s.build(seed.unwrap_or(old_seed), now));
    match made {
        Ok(world) => {
            hub.replace(world);
            // An outage that was under way has ended with its job.
            for gate in gates {
                gate.set(true).await;
            }
            hub.with(|world| {
                plan_outages(world, gates);
                entra::begin(world);
            });
            Response::json(200, &json!({}))
        }
        Err(reason) => refused(&Refused::bad(reason.to_string())),
    }
}
