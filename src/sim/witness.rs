//! The witness: writes down whole exchanges, bodies included, when a test asks for it.
//!
//! The ledger holds nothing secret and is always kept. The witness holds everything and is kept only in memory, only for
//! whoever compares what went over the wire with the vendors' contracts.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

use super::http::{Port, Request, Response};

/// One request and its answer.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// Where it arrived.
    pub port: Port,
    /// The method.
    pub method: String,
    /// The path, still percent-encoded.
    pub path: String,
    /// The query, decoded, in order.
    pub query: Vec<(String, String)>,
    /// The `X-Amz-Target`, if there is one.
    pub target: Option<String>,
    /// The body of the request.
    pub body: Bytes,
    /// Sent by the simulation itself.
    pub inside: bool,
    /// The status of the answer.
    pub status: u16,
    /// The body of the answer.
    pub answer: Bytes,
}

/// Whole exchanges, while somebody wants them.
#[derive(Debug, Default)]
pub(super) struct Witness(Mutex<Option<Vec<Exchange>>>);

impl Witness {
    /// Begins to write down.
    pub(super) fn begin(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Vec::new());
    }

    /// What has been written down since it began.
    pub(super) fn exchanges(&self) -> Vec<Exchange> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
            .unwrap_or_default()
    }

    /// Writes down, if asked to.
    pub(super) fn saw(&self, request: &Request, response: &Response) {
        if let Some(exchanges) = self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            exchanges.push(Exchange {
                port: request.port,
                method: request.method.to_string(),
                path: request.path.clone(),
                query: request.query.clone(),
                target: request.header("x-amz-target").map(ToOwned::to_owned),
                body: request.body.clone(),
                inside: request.inside,
                status: response.status,
                answer: response.body.clone(),
            });
        }
    }
}
