//! From HTTP exchanges to signals: whoever shows a run sees each request at the step that made it.

use std::sync::Arc;

use crate::{
    clients::http::{Exchange, Observer},
    engine::{
        cx::current_node,
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
        let shown = signal::Exchange {
            method: exchange.operation.clone().unwrap_or_else(|| exchange.method.clone()),
            url: redact(&exchange.url),
            status: exchange.status,
            request_id: exchange.request_id.clone(),
            millis: u64::try_from(exchange.elapsed.as_millis()).unwrap_or(u64::MAX),
            attempt: exchange.attempt,
            note: exchange.note.as_deref().map(redact).unwrap_or_default(),
        };
        self.recorder.signal(current_node().as_ref(), Signal::Exchange(shown));
    }
}
