//! Whatever fedwiz sends and the simulator answers on a whole walk keeps to the vendors' contracts.

use fedwiz::{
    engine::fact::Intent,
    sim::{
        http::Port,
        weather::{Odds, Weather},
        witness::Exchange,
    },
};
use serde_json::Value;

use crate::{
    contracts::{aws::AwsContract, graph::GraphContract},
    loopback::Loopback,
};

/// The members that `GetCallerIdentity` may answer, by the slice of STS.
fn sts(contract: &AwsContract, exchange: &Exchange) -> Vec<String> {
    let form: Vec<(String, String)> = url::form_urlencoded::parse(&exchange.body).into_owned().collect();
    let get = |name: &str| {
        form.iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    };
    let Some(action) = get("Action") else {
        return vec!["a request without a target or an action".into()];
    };
    let mut wrong = Vec::new();
    if get("Version") != Some("2011-06-15") {
        wrong.push(format!("{action}: wrong version {:?}", get("Version")));
    }
    let given = form.iter().filter(|(key, _)| key != "Action" && key != "Version");
    let body: serde_json::Map<String, Value> = given.map(|(key, value)| (key.clone(), value.as_str().into())).collect();
    wrong.extend(contract.request("sts", action, &Value::Object(body)));
    if exchange.status == 200 {
        let text = String::from_utf8_lossy(&exchange.answer);
        let inner = text
            .split_once(&format!("<{action}Result>"))
            .and_then(|(_, rest)| rest.split_once(&format!("</{action}Result>")));
        match inner {
            None => wrong.push(format!("{action} answers without its result: {text}")),
            Some((members, _)) => {
                let mut body = serde_json::Map::new();
                for member in members
                    .split("</")
                    .filter_map(|part| part.rsplit_once('<').map(|(_, last)| last))
                {
                    if let Some((name, value)) = member.split_once('>') {
                        body.insert(name.to_owned(), value.into());
                    }
                }
                wrong.extend(contract.answer("sts", action, &Value::Object(body)));
            }
        }
    }
    wrong
}

fn aws(contract: &AwsContract, exchange: &Exchange) -> Vec<String> {
    let Some(target) = &exchange.target else {
        return sts(contract, exchange);
    };
    let Some((service, operation)) = contract.operation(target) else {
        return vec![format!("{target} is not in the contracts")];
    };
    let body: Value = match serde_json::from_slice(&exchange.body) {
        Ok(body) => body,
        Err(error) => return vec![format!("{target}: the request is not JSON: {error}")],
    };
    let answer: Value = if exchange.answer.is_empty() {
        Value::Object(Default::default())
    } else {
        match serde_json::from_slice(&exchange.answer) {
            Ok(answer) => answer,
            Err(error) => return vec![format!("{target}: the answer is not JSON: {error}")],
        }
    };
    let mut wrong = contract.request(&service, &operation, &body);
    wrong.extend(match exchange.status {
        200 => contract.answer(&service, &operation, &answer),
        _ => contract.error(&service, &operation, &answer),
    });
    wrong.into_iter().map(|why| format!("{target}: {why}")).collect()
}

fn graph(contract: &GraphContract, exchange: &Exchange) -> Vec<String> {
    let json = |bytes: &[u8]| (!bytes.is_empty()).then(|| serde_json::from_slice::<Value>(bytes).expect("JSON"));
    let path = decoded(&exchange.path);
    let (body, answer) = (json(&exchange.body), json(&exchange.answer));
    let mut wrong = contract.request(&exchange.method, &path, &exchange.query, body.as_ref());
    wrong.extend(contract.answer(&exchange.method, &path, exchange.status, answer.as_ref()));
    if path.ends_with("/$batch") {
        let (Some(body), Some(answer)) = (body, answer) else {
            return wrong;
        };
        let version = path
            .trim_start_matches('/')
            .split('/')
            .next()
            .unwrap_or("v1.0")
            .to_owned();
        for request in body["requests"].as_array().into_iter().flatten() {
            let url = format!("/{version}{}", request["url"].as_str().expect("a url"));
            let (inner, query) = url.split_once('?').unwrap_or((&url, ""));
            let query: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
            let method = request["method"].as_str().expect("a method");
            let inner = decoded(inner);
            wrong.extend(contract.request(method, &inner, &query, request.get("body")));
            let answers = answer["responses"].as_array().into_iter().flatten();
            for response in answers.filter(|response| response["id"] == request["id"]) {
                let status = u16::try_from(response["status"].as_u64().expect("a status")).expect("a status");
                wrong.extend(contract.answer(
                    method,
                    &inner,
                    status,
                    response.get("body").filter(|body| !body.is_null()),
                ));
            }
        }
    }
    wrong
}

fn decoded(path: &str) -> String {
    // Percent-decoding of a path is that of a form, but for the plus sign.
    let form = path.replace('+', "%2B");
    url::form_urlencoded::parse(format!("p={form}").as_bytes())
        .next()
        .map_or_else(String::new, |(_, value)| value.into_owned())
}

/// Checks all exchanges of a walk up and down in this weather. How many were checked, and what is wrong.
async fn walk(scenario: &str, weather: Weather) -> Option<(usize, Vec<String>)> {
    let (aws_contract, graph_contract) = (AwsContract::load()?, GraphContract::load()?);
    let loopback = Loopback::start(scenario).await;
    loopback.sim.record();
    if weather != Weather::default() {
        loopback.sim.set_weather(weather);
    }
    let up = loopback.run(Intent::Up).await;
    let down = loopback.run(Intent::Down).await;
    eprintln!("{scenario}: up {}, down {}", up.exit_code(), down.exit_code());
    let exchanges = loopback.sim.exchanges();
    let mut wrong: Vec<String> = Vec::new();
    for exchange in &exchanges {
        let found = match exchange.port {
            Port::Aws => aws(&aws_contract, exchange),
            Port::Graph => graph(&graph_contract, exchange),
            _ => Vec::new(),
        };
        wrong.extend(found);
    }
    wrong.sort();
    wrong.dedup();
    Some((exchanges.len(), wrong))
}

fn check(scenario: &str, weather: Weather) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let Some((count, wrong)) = runtime.block_on(walk(scenario, weather)) else {
        return;
    };
    assert!(count > 20, "only {count} exchanges were seen");
    assert!(
        wrong.is_empty(),
        "{} breaches in {count} exchanges:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(30)].join("\n")
    );
}

#[test]
fn a_walk_keeps_to_the_contracts_of_both_vendors() {
    check("fresh", Weather::default());
}

#[test]
fn a_walk_over_what_is_there_keeps_to_the_contracts() {
    check("half-done", Weather::default());
}

#[test]
fn refusals_keep_to_the_contracts_too() {
    let every = |every| Odds {
        every,
        ..Odds::default()
    };
    check(
        "fresh",
        Weather {
            throttle: every(7),
            retry_after_s: 1,
            ..Weather::default()
        },
    );
    check("no-rights", Weather::default());
}
