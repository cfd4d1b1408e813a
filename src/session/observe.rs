//! From HTTP exchanges to signals: whoever shows a run sees each request at the step that made it, and what changed something
//! is put down with the step's next fact.

use std::sync::Arc;

use url::Url;

use crate::{
    clients::http::{Exchange, Observer, Service},
    engine::{
        cx::current_node,
        fact::Call,
        recorder::Recorder,
        signal::{self, Signal},
    },
    secrets::redact,
};

/// Tells the recorder of every exchange.
pub(super) struct ToRecorder {
    recorder: Arc<Recorder>,
}

impl ToRecorder {
    pub(super) fn new(recorder: Arc<Recorder>) -> Self {
        Self { recorder }
    }
}

impl Observer for ToRecorder {
    fn exchange(&self, exchange: &Exchange) {
        let node = current_node();
        if let Some(node) = node.as_ref().filter(|_| changes(exchange)) {
            self.recorder.called(node, call(exchange));
        }
        let shown = signal::Exchange {
            method: exchange.operation.clone().unwrap_or_else(|| exchange.method.clone()),
            url: redact(&exchange.url),
            status: exchange.status,
            request_id: exchange.request_id.clone(),
            millis: u64::try_from(exchange.elapsed.as_millis()).unwrap_or(u64::MAX),
            attempt: exchange.attempt,
            note: exchange.note.as_deref().map(redact).unwrap_or_default(),
        };
        self.recorder.signal(node.as_ref(), Signal::Exchange(shown));
    }
}

/// What AWS's operations that only read begin with.
const READS: &[&str] = &["Describe", "Get", "List", "Lookup", "Is", "Search"];

/// Whether the exchange changed something, or was to. A sign-in does not.
fn changes(exchange: &Exchange) -> bool {
    match (exchange.service, &exchange.operation) {
        (Service::Login, _) => false,
        (_, Some(operation)) => {
            let name = operation.rsplit(':').next().unwrap_or(operation);
            !READS.iter().any(|reads| name.starts_with(reads))
        }
        (_, None) => !matches!(exchange.method.as_str(), "GET" | "HEAD"),
    }
}

fn call(exchange: &Exchange) -> Call {
    let what = match &exchange.operation {
        Some(operation) => operation.clone(),
        None => {
            let path = Url::parse(&exchange.url).map_or_else(|_| exchange.url.clone(), |url| url.path().to_owned());
            format!("{} {path}", exchange.method)
        }
    };
    Call {
        service: exchange.service.name().to_owned(),
        what: redact(&what),
        status: exchange.status,
        request: exchange.request_id.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn only_what_changes_something_is_put_down() {
        let exchange = |service, method: &str, operation: Option<&str>| Exchange {
            service,
            method: method.into(),
            url: "https://example.com/x".into(),
            operation: operation.map(str::to_owned),
            status: Some(200),
            request_id: None,
            elapsed: Duration::ZERO,
            attempt: 1,
            note: None,
        };
        for (service, method, operation, wanted) in [
            (Service::Login, "POST", None, false),
            (Service::Graph, "GET", None, false),
            (Service::Graph, "PATCH", None, true),
            (Service::Aws, "POST", Some("sso:ListPermissionSets"), false),
            (Service::Aws, "POST", Some("sso:CreatePermissionSet"), true),
            (Service::Scim, "DELETE", None, true),
        ] {
            assert_eq!(
                changes(&exchange(service, method, operation)),
                wanted,
                "{method} {operation:?}"
            );
        }
    }
}
